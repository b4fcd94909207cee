/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libcheckpoint: the system calls checkpoint(), restart() and clone2()
 *
 * The flags and struct clone_struct are described in <linux/checkpoint.h>.
 * All functions return -1 and set errno on error, ENOSYS if the running
 * kernel does not have the call.
 */
#ifndef CHECKPOINT_CHECKPOINT_H
#define CHECKPOINT_CHECKPOINT_H

#include <sys/types.h>
#include <linux/checkpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ckpt_checkpoint - write an image of a process tree
 * @pid: its root, or 0: the caller saves itself, as in examples/self.c and, with
 *	other threads, examples/self_threads.c
 * @fd: where to write
 * @flags: CHECKPOINT_*
 * @logfd: where the reasons of a failure go, with %CHECKPOINT_LOG
 *
 * Return: 0; when @pid is 0, a positive id, or 0 in the restarted process; or
 * -1 and errno.
 */
long ckpt_checkpoint(pid_t pid, int fd, unsigned long flags, int logfd);

/**
 * ckpt_restart - open an image, join a restart, or complete it
 * @pid: depends on @flags
 * @fd: the image with %RESTART_OPEN, else the context descriptor
 * @flags: RESTART_*
 * @logfd: where the reasons of a failure go, with %RESTART_LOG
 *
 * Return: the context descriptor with %RESTART_OPEN, else 0; or -1 and errno.
 */
long ckpt_restart(pid_t pid, int fd, unsigned long flags, int logfd);

/**
 * ckpt_clone2 - create a process with chosen pids
 * @args: how
 * @pids: its pids, the outermost pid namespace first
 *
 * It returns twice, as fork() does; a stack, or CLONE_VM, in @args is refused, as the
 * child could not return. The C library does not know of it: no atfork handlers run, and the child must not use what
 * depends on its thread id (raise(), abort(), robust or recursive mutexes)
 * before it calls exec().
 *
 * Return: the pid as the caller sees it, 0 in the child; or -1 and errno.
 */
pid_t ckpt_clone2(struct clone_struct *args, pid_t *pids);

/**
 * ckpt_version - tell the version of the library
 *
 * Return: a string such as "1.0.0".
 */
const char *ckpt_version(void);

#ifdef __cplusplus
}
#endif

#endif /* CHECKPOINT_CHECKPOINT_H */
