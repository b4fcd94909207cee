// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "../common/util.h"
#include "guard.h"

/* In the guard: the pipe from the one for whom it works. */
static int control;

static bool must_stop(void)
{
	struct pollfd p = { .fd = control };

	return poll(&p, 1, 0) > 0;
}

static __attribute__((noreturn))
void run(const struct freezing *how, struct output *out, int ready)
{
	struct freeze f;
	char byte;

	if (freeze_tree(&f, how->root, how->version, how->seconds,
			must_stop) < 0)
		_exit(EXIT_FAILED);
	if (!how->quiet)
		freeze_tell_lost(&f, how->root);
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
	int up[2], ret;
	pid_t pid;

	if (pipe2(up, O_CLOEXEC) < 0) {
		complain_errno("cannot make a pipe");
		return -1;
	}
	pid = guard_fork(g, &control);
	if (!pid) {
		close(up[0]);
		run(how, out, up[1]);
	}
	close(up[1]);
	ret = pid < 0 ? -1 : wait_ready(g, up[0], stop);
	close(up[0]);
	return ret;
}
