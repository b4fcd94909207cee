/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For bodies: tasks that are no plain processes
 *
 * These are, in the order of their ids, beside the process that makes them:
 *
 *	a process that has ended
 *	one that has ended and was waited for: the group of the next one
 *	a process that is stopped
 *	one that sleeps, with seccomp filters and memory policies of its own
 *	a thread with credentials, tables and a timer of its own
 *	a thread without
 *	a child of the former thread, which has ended
 *
 * The process itself has timers of all kinds, and a seccomp filter.
 */
#ifndef CKPT_TEST_ODD_H
#define CKPT_TEST_ODD_H

#include <pthread.h>

#include "app.h"

/* Of the sleeping process, a chain */
#define ODD_FILTERS	9

/* Likewise, bytes of two mappings with memory policies, a private and a shared one */
#define ODD_BOUND	(64UL << 10)

struct odd_tasks {
	pid_t ended, stopped, asleep;
	pthread_t thread[2];
};

/* Makes them; and sees whether all is as it was, and ends them. 0 or 1. */
int odd_tasks_start(struct odd_tasks *odd);
int odd_tasks_end(const struct odd_tasks *odd);

#endif /* CKPT_TEST_ODD_H */
