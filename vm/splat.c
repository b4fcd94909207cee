// SPDX-License-Identifier: GPL-2.0
/* Finding in a kernel's log what must not be there. */
#define _GNU_SOURCE
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* Lines of a report to print at most; the first report tells the most. */
#define REPORT_LINES	160

/*
 * Beginnings of reports, as extended regular expressions, matched against a
 * line without its time stamp.
 */
static const char pattern[] =
	"^(BUG|WARNING|Oops|UBSAN|INFO: task .* blocked|INFO: lockdep is turned off)"
	"|BUG:|BUG at |KASAN:|UBSAN:|ODEBUG:|kmemleak: [0-9]+ new suspected"
	"|WARNING: (CPU|possible|suspicious|inconsistent|bad|lock|held|nested|Nested|workqueue|kernel stack|at)"
	"|possible (circular|recursive|irq lock)|suspicious RCU"
	"|rcu: INFO:|rcu_(sched|preempt).*detected stall"
	"|Kernel panic|Kernel mode fault|Segfault with no mm"
	"|Bad (page|rss-counter)|bad page|double free|refcount_t:"
	"|(list_add|list_del) corruption|corrupted stack end"
	"|scheduling while atomic|sleeping function called"
	"|soft lockup|hard LOCKUP|^(Oops: )?general protection fault"
	"|unable to handle (kernel|page)|VFS: Busy inodes|still has locks held"
	"|[Dd]ebug_?objects: .*ERROR|stack-protector|kernel stack overflow"
	"|wait_stub_done";

/*
 * Skip "[   12.345678]", with CONFIG_PRINTK_CALLER "[   T12]", and the "<4>" in
 * what a panic brings out.
 */
static const char *message(const char *line)
{
	const char *end;

	while (*line && strchr("[< ", *line)) {
		end = *line == ' ' ? line :
		      strchr(line, *line == '[' ? ']' : '>');
		if (!end)
			break;
		line = end + 1;
	}
	return line;
}

bool report_splats(const char *log, FILE *to)
{
	FILE *f = fopen(log, "re");
	char *line = NULL;
	int printed = 0;
	size_t size = 0;
	regex_t re;

	if (!f)
		return false;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		fail("cannot compile the patterns of kernel reports");
	while (getline(&line, &size, f) > 0) {
		if (!printed && regexec(&re, message(line), 0, NULL, 0))
			continue;
		/* what merely lies on the stack, between the frames */
		if (strstr(line, ">] ? "))
			continue;
		if (!printed)
			fputs("---- kernel report ----\n", to);
		if (printed++ < REPORT_LINES)
			fputs(line, to);
	}
	if (printed > REPORT_LINES)
		fprintf(to, "(%d more lines)\n", printed - REPORT_LINES);
	regfree(&re);
	free(line);
	fclose(f);
	return printed;
}

void print_tail(const char *log, int lines, FILE *to)
{
	FILE *f = fopen(log, "re");
	char *ring[64] = { 0 };
	const int n = sizeof(ring) / sizeof(*ring);
	char *line = NULL;
	size_t size = 0;
	long seen = 0, i;

	if (!f)
		return;
	if (lines > n)
		lines = n;
	while (getline(&line, &size, f) > 0) {
		/* how the kernel came up tells nothing about its end */
		if (strstr(line, "Run /init as init process"))
			seen = 0;
		free(ring[seen % n]);
		ring[seen++ % n] = line;
		line = NULL;
	}
	fputs("---- end of the kernel's log ----\n", to);
	for (i = seen > lines ? seen - lines : 0; i < seen; i++)
		fputs(ring[i % n], to);
	for (i = 0; i < n; i++)
		free(ring[i]);
	free(line);
	fclose(f);
}
