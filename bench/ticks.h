/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a program tells when it stood still, without a tool's help
 *
 * It sleeps for a moment, over and over, and whenever it slept for much longer
 * it writes when that began and ended. The times are CLOCK_REALTIME, the one
 * clock that no tool sets back, and the file keeps its size.
 */
#ifndef BENCH_TICKS_H
#define BENCH_TICKS_H

#include <stdint.h>
#include <time.h>

#define TICK_NS		500000
#define GAP_NS		1500000

/* The first gap of a ticker is an empty one: it is there. */
#define MAX_GAPS	512
/* One in the first process or thread, one in the last. */
#define MAX_TICKERS	2

struct gap {
	int64_t begin;
	int64_t end;
};

struct ticks {
	struct gap gap[MAX_TICKERS][MAX_GAPS];
};

static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

#endif
