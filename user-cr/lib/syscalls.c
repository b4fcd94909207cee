// SPDX-License-Identifier: LGPL-2.1-only
/* The system calls */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "syscall_nr.h"

long ckpt_checkpoint(pid_t pid, int fd, unsigned long flags, int logfd)
{
	return syscall(__NR_checkpoint, pid, fd, flags, logfd);
}

long ckpt_restart(pid_t pid, int fd, unsigned long flags, int logfd)
{
	return syscall(__NR_restart, pid, fd, flags, logfd);
}

pid_t ckpt_clone2(struct clone_struct *args, pid_t *pids)
{
	/* The child could not return from here. */
	if (args && (args->child_stack || args->clone_flags & CLONE_VM)) {
		errno = EINVAL;
		return -1;
	}
	return syscall(__NR_clone2, args, pids);
}
