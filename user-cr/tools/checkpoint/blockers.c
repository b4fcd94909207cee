// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's reasons taken apart: "pid 12 (bash) fd 7: pipe: not supported" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/json.h"
#include "../common/log.h"
#include "checkpoint.h"

#define COMM_MAX	15

/**
 * struct blocker - a reason
 * @pid: of the task that it is about, or 0
 * @comm: its name
 * @comm_len: length of that
 * @fd: descriptor that it is about, or -1
 * @reason: the rest of the line
 */
struct blocker {
	long pid;
	const char *comm;
	size_t comm_len;
	long fd;
	const char *reason;
};

/* What follows the name: ": ..." or " fd 7: ...". */
static bool parse_object(const char *s, struct blocker *b)
{
	char *end;

	b->fd = -1;
	if (!strncmp(s, " fd ", 4)) {
		b->fd = strtol(s + 4, &end, 10);
		s = end;
	}
	if (strncmp(s, ": ", 2))
		return false;
	b->reason = s + 2;
	return true;
}

/* A name may hold anything, but not more than COMM_MAX bytes. */
static struct blocker parse(const char *line)
{
	struct blocker b = { .fd = -1, .reason = line };
	char *end;

	if (strncmp(line, "pid ", 4))
		return b;
	b.pid = strtol(line + 4, &end, 10);
	if (strncmp(end, " (", 2)) {
		b.pid = 0;
		return b;
	}
	b.comm = end + 2;
	for (b.comm_len = strnlen(b.comm, COMM_MAX + 1); b.comm_len--; )
		if (b.comm[b.comm_len] == ')' &&
		    parse_object(b.comm + b.comm_len + 1, &b))
			return b;
	return (struct blocker){ .fd = -1, .reason = line };
}

static void show(void *arg, char *line)
{
	struct blocker b = parse(line);
	struct json *j = arg;

	json_open(j, NULL, '{');
	if (b.pid) {
		json_number(j, "pid", b.pid);
		json_text(j, "comm", b.comm, b.comm_len);
	}
	if (b.fd >= 0)
		json_number(j, "fd", b.fd);
	json_text(j, "reason", b.reason, SIZE_MAX);
	json_close(j, '{');
}

void show_blockers(const struct options *o, int log, const char *error)
{
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_number(&j, "pid", o->pid);
	if (error)
		json_text(&j, "error", error, SIZE_MAX);
	json_open(&j, "blockers", '[');
	log_each(log, show, &j);
	json_close(&j, '[');
	json_close(&j, '{');
}
