// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pid namespaces that belong to a user namespace inside of the container
 *
 * A process in such a user namespace cannot choose the ids that its children have
 * outside. So a helper goes there, makes the pid namespace and ends; the parent,
 * which stays where it is, puts its next child into it. The helper has a pid for
 * that time, one that no task of the image has.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/log.h"
#include "restart.h"

/* How often it is tried if others have the pids beyond those of the image */
#define TRIES	100

/* Processes that do the same at the same time have other numbers. */
static pid_t create_helper(const struct restart *r, int index)
{
	const struct tree *tree = &r->image.tree;
	int i, k, levels = r->o.no_pids ? 0 : tree->task[index].nr_nested + 1;
	struct clone_struct args = { .exit_signal = SIGCHLD, .nr_pids = levels };
	pid_t pids[levels + 1], pid = -1;

	for (i = 0; i < TRIES; i++) {
		for (k = 0; k < levels; k++)
			pids[k] = tree_highest_pid(tree) + 1 + index + i * tree->nr;
		pid = ckpt_clone2(&args, pids);
		if (pid >= 0 || errno != EEXIST)
			break;
	}
	return pid;
}

static __attribute__((noreturn))
void help(const struct restart *r, uint32_t owner, int ready)
{
	if (namespaces_enter_user(r, owner) < 0 || unshare(CLONE_NEWPID) < 0) {
		log_add(r->log, "cannot make a pid namespace in a user namespace: %s",
			strerror(errno));
		_exit(EXIT_NO_RESTART);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready, "r", 1) == 1)
		pause();
	_exit(EXIT_NO_RESTART);
}

static int make(const struct restart *r, int index, uint32_t owner)
{
	int ready[2], fd = -1;
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	/* The helper logs why it fails. */
	errno = 0;
	pid = create_helper(r, index);
	if (!pid) {
		close(ready[0]);	/* It ends if there is nobody to be told. */
		help(r, owner, ready[1]);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1)
		fd = namespaces_open(pid, NS_OF_PID_FOR_CHILDREN);
	close(ready[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}

static int begin_in(int fd)
{
	int ret;

	if (fd < 0)
		return -1;
	ret = setns(fd, CLONE_NEWPID);
	close(fd);
	return ret;
}

int pidns_enter_new(const struct restart *r, int index, uint32_t owner)
{
	return begin_in(make(r, index, owner));
}

int pidns_enter(const struct restart *r, uint32_t ns)
{
	return begin_in(pidns_files_open(r, ns));
}

int pidns_leave(void)
{
	return begin_in(namespaces_open(getpid(), NS_OF_PID));
}
