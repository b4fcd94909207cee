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

/*
 * Writes an image of the process tree below PID to FD. LOGFD is used only
 * with CHECKPOINT_LOG. Returns 0; when PID is 0 (the caller saves itself) a
 * positive id, or 0 in the restarted process.
 */
long ckpt_checkpoint(pid_t pid, int fd, unsigned long flags, int logfd);

/*
 * Opens an image, joins a restart, or completes it, as FLAGS say. LOGFD is
 * used only with RESTART_LOG. RESTART_OPEN returns the context descriptor.
 */
long ckpt_restart(pid_t pid, int fd, unsigned long flags, int logfd);

/*
 * Creates a process with chosen pids. Without a stack in ARGS it returns
 * twice, as fork() does; but the C library does not know of it: no atfork
 * handlers run, and the child must not use what depends on its thread id
 * (raise(), abort(), robust or recursive mutexes) before it calls exec().
 */
pid_t ckpt_clone2(struct clone_struct *args, pid_t *pids);

/* Version of the library, such as "1.0.0". */
const char *ckpt_version(void);

#ifdef __cplusplus
}
#endif

#endif /* CHECKPOINT_CHECKPOINT_H */
