/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that look at the state of processes, and use up their time
 */
#ifndef CKPT_TEST_STATE_H
#define CKPT_TEST_STATE_H

#include "test.h"

#include <time.h>

/* The letter of /proc/@pid/stat, or 0 */
static __maybe_unused char state_of(pid_t pid)
{
	char path[32], text[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* Restarted tasks take their time to get there. */
static __maybe_unused int wait_state(pid_t pid, char state)
{
	int i;

	for (i = 0; i < 60000 * ckpt_scale() && state_of(pid) != state; i++)
		sleep_ms(1);
	return state_of(pid) == state ? 0 : -1;
}

/* Computes until @clock, one of CPU time, is at @ms. */
static __maybe_unused void burn(clockid_t clock, int ms)
{
	struct timespec now;
	volatile int i;

	do {
		for (i = 0; i < 100000; i++)
			;
		clock_gettime(clock, &now);
	} while (now.tv_nsec / 1000000 + now.tv_sec * 1000 < ms);
}

#endif /* CKPT_TEST_STATE_H */
