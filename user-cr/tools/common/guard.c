// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fork.h"
#include "guard.h"
#include "util.h"
#include "waiting.h"

/* Neither the terminal nor a service manager ends us before our work is done. */
static void stay_alive(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	setsid();
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	ignore_write_signals();
}

pid_t guard_fork(struct guard *g, int *control)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0) {
		complain_errno("cannot make a pipe");
		return -1;
	}
	g->pid = fork_out_of_the_way();
	if (!g->pid) {
		close(p[1]);
		stay_alive();
		*control = p[0];
		return 0;
	}
	close(p[0]);
	g->control = p[1];
	if (g->pid > 0)
		return g->pid;
	complain_errno("cannot create a process");
	close(p[1]);
	g->pid = 0;
	return -1;
}

void guard_end(struct guard *g)
{
	if (!g->pid)
		return;
	/* If it has ended already, then it has complained. */
	if (write(g->control, (char[]){ GUARD_END }, 1) != 1 && errno != EPIPE)
		complain_errno("cannot reach a process of ours");
	close(g->control);
	wait_child(g->pid, &(int){ 0 }, 0);
	g->pid = 0;
}
