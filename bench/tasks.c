// SPDX-License-Identifier: GPL-2.0
/*
 * How the times grow with the number of tasks
 *
 * Runs in the machine, in a directory on tmpfs that holds the workload and the
 * tools. Beside them stands how long the workload itself needs to make its tasks:
 * what grows there, the machine is to blame for. It ends with 1 if anything grows
 * faster than that.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"

#define MAX_ROUNDS	32
/* Beyond it something is looked for among all tasks for each of them. */
#define LINEAR		1.5

/* Nothing is in any cache yet, so it does not count. */
static const struct workload warm_up = { "warm-up", "pipes", "3", 2, 0 };

/* Three of each, the middle one is what the last is compared with. */
static const struct workload workloads[][3] = {
	{
		{ "tree-10", "pipes", "10", 2, 0 },
		{ "tree-100", "pipes", "100", 2, 0 },
		{ "tree-1000", "pipes", "1000", 2, 0 },
	}, {
		{ "threads-10", "threads", "10", 2, 0 },
		{ "threads-100", "threads", "100", 2, 0 },
		{ "threads-1000", "threads", "1000", 2, 0 },
	},
};

enum { START, FROZEN, CHECKPOINT, RESTART, NR_TIMES };

static const char *const time_names[] = {
	"start", "frozen", "checkpoint", "restart"
};

/**
 * struct sample - what one round took, in milliseconds
 * @time: until the workload has made its last task; from the first task that
 *	stood still until the last went on; the run of checkpoint(1); from the
 *	start of restart(1) until the last task went on
 */
struct sample {
	double time[NR_TIMES];
};

static void __attribute__((noreturn))
fail(const struct workload *w, const char *what)
{
	char text[4096];
	FILE *f = fopen(LOG, "r");
	size_t len = f ? fread(text, 1, sizeof(text), f) : 0;

	fprintf(stderr, "tasks: %s: %s\n%.*s", w->name, what, (int)len, text);
	exit(1);
}

static struct sample measure(const struct workload *w)
{
	int64_t begin = now_ns(), first, last;
	pid_t pid = start(w);
	struct sample s;
	struct run r;
	char text[16];

	s.time[START] = ms(started(w) - begin);
	snprintf(text, sizeof(text), "%d", pid);
	if (!our_dump(text, &r))
		fail(w, "checkpoint");
	/* The gap is noted when it is over. */
	usleep(100000);
	s.time[CHECKPOINT] = ms(r.end - r.begin);
	s.time[FROZEN] = frozen_ms(w, &r);
	stop(pid, SIGKILL);

	forget_gaps();
	if (!our_restore(&r))
		fail(w, "restart");
	if (!went_on(w, &r, &first, &last))
		fail(w, "it does not go on");
	if (!stop(pid, SIGTERM))
		fail(w, "it is not what it was");
	s.time[RESTART] = ms(last - r.begin);
	unlink(IMAGE);
	return s;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct sample medians(const struct workload *w, unsigned int rounds)
{
	double value[NR_TIMES][MAX_ROUNDS];
	struct sample s;
	unsigned int round, i;

	for (round = 0; round < rounds; round++) {
		s = measure(w);
		for (i = 0; i < NR_TIMES; i++)
			value[i][round] = s.time[i];
	}
	for (i = 0; i < NR_TIMES; i++) {
		qsort(value[i], rounds, sizeof(**value), compare);
		s.time[i] = value[i][rounds / 2];
	}
	return s;
}

static void report(const struct workload *w, const struct sample *s)
{
	unsigned int i;

	printf("%-12s", w->name);
	for (i = 0; i < NR_TIMES; i++)
		printf(" %10.2f", s->time[i]);
	for (i = 0; i < NR_TIMES; i++)
		printf(" %10.3f", s->time[i] / atoi(w->count));
	puts("");
	fflush(stdout);
}

/* How much more time each of 1,000 tasks takes than each of 100 */
static double growth(const struct sample *s, unsigned int time)
{
	return s[2].time[time] / s[1].time[time] / 10;
}

/* Whether it grows no faster */
static bool verdict(const struct workload *w, const struct sample *s)
{
	double allowed = LINEAR;
	unsigned int i;
	bool steep = false;

	if (growth(s, START) > 1)
		allowed *= growth(s, START);
	printf("%s takes, of the time per task of %s:", w[2].name, w[1].name);
	for (i = 0; i < NR_TIMES; i++) {
		printf("%s %s %.2f", i ? "," : "", time_names[i], growth(s, i));
		steep |= growth(s, i) > allowed;
	}
	puts(steep ? ": MORE THAN LINEAR" : ": linear");
	return !steep;
}

static void print_heading(void)
{
	unsigned int i;

	printf("%-12s", "ms");
	for (i = 0; i < NR_TIMES; i++)
		printf(" %10s", time_names[i]);
	puts("        ... per task");
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 3, i, j;
	struct sample s[3];
	bool linear = true;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: tasks [ROUNDS]\n");
		return 2;
	}
	sample_init();
	measure(&warm_up);
	print_heading();
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		for (j = 0; j < 3; j++) {
			s[j] = medians(&workloads[i][j], rounds);
			report(&workloads[i][j], &s[j]);
		}
		linear &= verdict(workloads[i], s);
	}
	return linear ? 0 : 1;
}
