/* SPDX-License-Identifier: GPL-2.0-only */
/* How far it is, on a terminal */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct progress - a line on the terminal
 * @total: expected bytes
 * @begin: when it began
 * @last: when the line was written
 * @shown: there is a line
 */
struct progress {
	uint64_t total;
	double begin;
	double last;
	bool shown;
};

/* About so many bytes of memory there are to save below ROOT. */
uint64_t progress_estimate(pid_t root);

void progress_begin(struct progress *p, uint64_t total);

/* To be called often; writes seldom. ARG is the struct progress. */
void progress_step(void *arg, uint64_t bytes);

/* Takes the line away. */
void progress_end(struct progress *p);

#endif /* COMMON_PROGRESS_H */
