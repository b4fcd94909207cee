// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proctree.h"
#include "progress.h"
#include "util.h"

#define FIRST	0.5		/* seconds: what is faster needs no line */
#define PERIOD	0.2

/* Private and shared memory that no file holds, in KiB. */
static uint64_t memory_of(pid_t pid)
{
	static const char *const names[] = { "\nRssAnon:", "\nRssShmem:" };
	char path[40];
	const char *line;
	uint64_t sum = 0;
	char *text;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = read_small_file(path);
	for (i = 0; text && i < ARRAY_SIZE(names); i++) {
		line = strstr(text, names[i]);
		if (line)
			sum += strtoull(line + strlen(names[i]), NULL, 10);
	}
	free(text);
	return sum;
}

uint64_t progress_estimate(pid_t root)
{
	struct proc *list;
	int n = proc_tree(root, &list);
	uint64_t sum = 0;
	int i;

	for (i = 0; i < n; i++)
		sum += memory_of(list[i].pid) * 1024;
	free(list);
	return sum;
}

void progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){ .total = total, .begin = seconds_now() };
}

static void print_left(const struct progress *p, uint64_t bytes, double rate)
{
	unsigned int left;

	if (bytes >= p->total || rate < 1)
		return;
	left = (p->total - bytes) / rate + 1;
	dprintf(STDERR_FILENO, ", %u:%02u left", left / 60, left % 60);
}

void progress_step(void *arg, uint64_t bytes)
{
	struct progress *p = arg;
	double now = seconds_now();
	double rate;

	if (now - p->begin < FIRST || now - p->last < PERIOD)
		return;
	rate = bytes / (now - p->begin);
	dprintf(STDERR_FILENO, "\r%s: %s", util_name(), size_text(bytes));
	if (bytes < p->total)
		dprintf(STDERR_FILENO, " of about %s (%u%%)",
			size_text(p->total),
			(unsigned int)(100.0 * bytes / p->total));
	dprintf(STDERR_FILENO, ", %s/s", size_text(rate));
	print_left(p, bytes, rate);
	dprintf(STDERR_FILENO, "\033[K");
	p->last = now;
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		dprintf(STDERR_FILENO, "\r\033[K");
	p->shown = false;
}
