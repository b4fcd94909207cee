/* SPDX-License-Identifier: GPL-2.0-only */
/* Standing in for a child process */
#ifndef COMMON_WAITING_H
#define COMMON_WAITING_H

#include <sys/types.h>

/*
 * Blocks the signals that wait_and_forward() passes on, so that none is lost
 * before; those that are ignored stay so.
 */
void forward_block(void);

/*
 * Waits for the end of the child PID and passes the signals that we get on to
 * TARGET, except those that the terminal has sent to both of us. Returns the
 * child's exit status, 128+N if signal N ended it, -1 after a complaint.
 */
int wait_and_forward(pid_t pid, pid_t target);

/* An exit status as the shell makes it of what waitpid() returned. */
int shell_status(int status);

/* waitpid() for any kind of child, not disturbed by signals. */
pid_t wait_child(pid_t pid, int *status, int flags);

#endif /* COMMON_WAITING_H */
