// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "../common/util.h"
#include "../common/waiting.h"
#include "guard.h"

/* In the guard: the pipe from the one for whom it works. */
static int control;

static bool must_stop(void)
{
	struct pollfd p = { .fd = control };

	return poll(&p, 1, 0) > 0;
}

/* Neither the terminal nor a service manager ends us before our work is done. */
static void stay_alive(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE,
	};
	size_t i;

	setsid();
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
}

static __attribute__((noreturn))
void run(const struct freezing *how, struct output *out, int ready)
{
	struct freeze f;
	char byte;

	stay_alive();
	if (freeze_tree(&f, how->root, how->version, how->seconds,
			must_stop) < 0)
		_exit(EXIT_FAILED);
	if (how->verbose && f.active)
		complain("frozen by %s", f.cg.path);
	if (write(ready, "f", 1) != 1 || read(control, &byte, 1) != 1)
		output_discard(out);
	freeze_undo(&f);
	_exit(0);
}

/* Until the tree is frozen; a signal ends the wait. */
static int wait_ready(struct guard *g, int ready, bool (*stop)(void))
{
	char byte;
	ssize_t got;

	do {
		got = read(ready, &byte, 1);
	} while (got < 0 && errno == EINTR && !stop());
	if (got == 1 && !stop())
		return 0;
	guard_end(g);
	return -1;
}

int guard_start(struct guard *g, const struct freezing *how,
		struct output *out, bool (*stop)(void))
{
	int down[2], up[2], ret;

	if (pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0) {
		complain_errno("cannot make a pipe");
		return -1;
	}
	g->control = down[1];
	g->pid = fork();
	if (!g->pid) {
		control = down[0];
		close(down[1]);
		close(up[0]);
		run(how, out, up[1]);
	}
	close(down[0]);
	close(up[1]);
	if (g->pid < 0) {
		complain_errno("cannot create a process");
		return -1;
	}
	ret = wait_ready(g, up[0], stop);
	close(up[0]);
	return ret;
}

void guard_end(struct guard *g)
{
	if (!g->pid)
		return;
	/* If it has ended already, then it has complained. */
	if (write(g->control, "e", 1) != 1 && errno != EPIPE)
		complain_errno("cannot reach the process that freezes");
	close(g->control);
	wait_child(g->pid, &(int){ 0 }, 0);
	g->pid = 0;
}
