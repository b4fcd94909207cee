/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A workload, the tools that are run on it, and how long it stands still
 *
 * The working directory holds the workload and the tools.
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ticks.h"

#define LOG		"log"
#define IMAGE		"image"

/**
 * struct workload - a program to save and restart
 * @name: of the row
 * @mode: of the workload
 * @count: how many, or how much
 * @tickers: how many of its threads or processes tell when they stood still
 * @mib: how much memory it has, if that matters
 */
struct workload {
	const char *name;
	const char *mode;
	const char *count;
	unsigned int tickers;
	unsigned int mib;
};

/**
 * struct run - one run of a tool
 * @begin: before it is created
 * @end: when it is known to have ended
 * @rss_kib: the peak of the largest of its processes
 */
struct run {
	int64_t begin;
	int64_t end;
	long rss_kib;
};

void __attribute__((noreturn)) die(const char *what);
double ms(int64_t ns);

/* Before all else: makes the file of ticks, and us the parent of orphans. */
void sample_init(void);

/* True if it ended with 0; what it said is in the file LOG. */
bool run(const char *const *argv, struct run *r);

/* The same for our own tools; restart is done when the last one has joined. */
bool our_dump(const char *pid, struct run *r);
bool our_restore(struct run *r);

/* Starts it, and waits until it is at rest. */
pid_t start(const struct workload *w);

/* When the last of its tickers began. */
int64_t started(const struct workload *w);

/* Forgets all gaps so far: a restart is to be the only one. */
void forget_gaps(void);

/* True if it has all that it had. */
bool stop(pid_t pid, int sig);

/* From the first that stood still until the last went on. */
double frozen_ms(const struct workload *w, const struct run *r);

/* When the first and the last ticker went on; false if one does not. */
bool went_on(const struct workload *w, const struct run *r, int64_t *first,
	     int64_t *last);

#endif
