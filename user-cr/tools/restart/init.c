// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init of a new pid namespace for an image whose root has another pid
 *
 * It reaps what is left to it and ends with the root; the kernel ends all else
 * in the namespace then.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/waiting.h"
#include "restart.h"

/* Reaps without waiting, or until the root has ended. */
static void reap(pid_t root, int flags)
{
	int status;
	pid_t pid;

	while ((pid = wait_child(-1, &status, flags)) > 0)
		if (pid == root)
			_exit(shell_status(status));
	if (pid < 0)
		_exit(EXIT_NO_RESTART);
}

static int open_sigchld(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until success, the end of the coordinator is our end. */
static void wait_for_success(int alive, pid_t root)
{
	struct signalfd_siginfo info;
	struct pollfd p[2] = {
		{ .fd = alive, .events = POLLIN },
		{ .fd = open_sigchld(), .events = POLLIN },
	};
	char byte;

	for (;;) {
		reap(root, WNOHANG);
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			_exit(EXIT_NO_RESTART);
		if (p[0].revents) {
			if (read(alive, &byte, 1) != 1)
				_exit(EXIT_NO_RESTART);
			break;
		}
		if (p[1].revents)
			while (read(p[1].fd, &info, sizeof(info)) > 0)
				;
	}
	close(p[1].fd);
}

void init_run(struct restart *r, pid_t root)
{
	descriptors_close_all_but(r->alive[0]);
	wait_for_success(r->alive[0], root);
	close(r->alive[0]);
	for (;;)
		reap(root, 0);
}
