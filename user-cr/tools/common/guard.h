/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that cleans up when we are dead
 *
 * Nobody can catch SIGKILL, and what we have made or changed must not stay so
 * because somebody killed us.
 */
#ifndef COMMON_GUARD_H
#define COMMON_GUARD_H

#include <sys/types.h>

/**
 * struct guard - the process
 * @pid: its pid, 0 if there is none
 * @control: pipe to it: its end is ours; a byte GUARD_END in it is our ordinary
 *	end, others are the tool's
 */
struct guard {
	pid_t pid;
	int control;
};

#define GUARD_END	'e'

/*
 * Like fork(), but complains. The guard is in a session of its own, not disturbed
 * by signals, and gets the pipe in *CONTROL.
 */
pid_t guard_fork(struct guard *g, int *control);

/* Lets the guard know that we end, and waits for it. */
void guard_end(struct guard *g);

#endif /* COMMON_GUARD_H */
