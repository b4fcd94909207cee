// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"
#include "waiting.h"

static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH,
};

int shell_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t wait_child(pid_t pid, int *status, int flags)
{
	pid_t ret;

	do {
		ret = waitpid(pid, status, flags | __WALL);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

/* Who has them ignored, as nohup(1) does, does not want them passed on. */
static void forwarded_set(sigset_t *set)
{
	struct sigaction action;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(forwarded); i++)
		if (!sigaction(forwarded[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(set, forwarded[i]);
}

void forward_block(void)
{
	sigset_t set;

	forwarded_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* A descriptor from which the signals can be read; they are blocked then. */
static int open_signals(void)
{
	sigset_t set;

	forward_block();
	forwarded_set(&set);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void forward(int fd, pid_t target)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_code == SI_KERNEL && getpgid(target) == getpgrp())
		return;
	kill(target, info.ssi_signo);
}

int wait_and_forward(pid_t pid, pid_t target)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int status;

	p[0].fd = syscall(SYS_pidfd_open, pid, 0);
	p[1].fd = open_signals();
	if (p[0].fd < 0 || p[1].fd < 0) {
		complain_errno("cannot wait for pid %d", pid);
		return -1;
	}
	while (!p[0].revents)
		if (poll(p, 2, -1) > 0 && p[1].revents)
			forward(p[1].fd, target);
	close(p[0].fd);
	close(p[1].fd);
	if (wait_child(pid, &status, 0) == pid)
		return shell_status(status);
	complain_errno("cannot wait for pid %d", pid);
	return -1;
}
