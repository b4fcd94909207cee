// SPDX-License-Identifier: GPL-2.0
/*
 * Recordings of the oracle: compared, written to files and read from there
 */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

/*
 * Differences that are no loss, each with the reason. Keys are
 * PID/source/item; patterns are those of fnmatch().
 */
static const struct {
	const char *key;
	const char *why;
} allowed[] = {
	{ "*/status/VmRSS", "pages of files are read again when they are touched" },
	{ "*/status/RssAnon", "pages that were equal to the file's or zero come back as holes" },
	{ "*/status/RssFile", "pages of files are read again when they are touched" },
	{ "*/status/RssShmem", "likewise" },
	{ "*/status/VmPTE", "size of page tables, follows residence" },
	{ "*/status/VmSwap", "what was swapped out comes back resident" },
	{ "*/status/FDSize", "capacity of the table, no limit of anything" },
	{ "*/status/SigQ", "counts the signals of all processes of the user" },
	{ "*/fdinfo/*/mnt_id", "number of a mount; the mount namespace is a new one" },
	{ "*/timens_offsets/*", "what makes CLOCK_MONOTONIC and CLOCK_BOOTTIME go on from their values" },
	{ "*/ns/time", "for the same reason there is a time namespace where there was none" },
	{ "*/ns/time_for_children", "likewise" },
};

/*
 * Counters: they go on from where they were, as the process runs a little
 * before it can be recorded again. Less than before is a loss.
 */
static const char *const growing[] = {
	"*/status/voluntary_ctxt_switches", "*/status/nonvoluntary_ctxt_switches",
	"*/status/VmHWM", "*/stat/utime", "*/stat/stime", "*/stat/minflt",
	"*/stat/majflt", "*/io/*",
};

/* A tick more or less: it is made of two clocks that are rounded. */
#define START_TIME	"*/stat/starttime"

void oracle_add(struct oracle *o, const char *value, const char *fmt, ...)
{
	struct oracle_entry *e;
	va_list ap;

	if (o->nr == o->room) {
		o->room = o->room ? 2 * o->room : 256;
		o->entry = realloc(o->entry, o->room * sizeof(*o->entry));
		if (!o->entry)
			abort();
	}
	e = &o->entry[o->nr++];
	va_start(ap, fmt);
	if (vasprintf(&e->key, fmt, ap) < 0)
		abort();
	va_end(ap);
	e->value = strdup(value);
	if (!e->value)
		abort();
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct oracle_entry *)a)->key,
		      ((const struct oracle_entry *)b)->key);
}

void oracle_sort(struct oracle *o)
{
	qsort(o->entry, o->nr, sizeof(*o->entry), compare_entries);
}

void oracle_free(struct oracle *o)
{
	size_t i;

	for (i = 0; i < o->nr; i++) {
		free(o->entry[i].key);
		free(o->entry[i].value);
	}
	free(o->entry);
	memset(o, 0, sizeof(*o));
}

const char *oracle_get(const struct oracle *o, const char *key)
{
	size_t i;

	for (i = 0; i < o->nr; i++)
		if (!strcmp(o->entry[i].key, key))
			return o->entry[i].value;
	return NULL;
}

static bool is_allowed(const char *key)
{
	unsigned int i;

	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (!fnmatch(allowed[i].key, key, 0))
			return true;
	return false;
}

static bool goes_on(const char *key, const char *a, const char *b)
{
	long long before = a ? atoll(a) : 0, after = b ? atoll(b) : -1;
	unsigned int i;

	if (!fnmatch(START_TIME, key, 0))
		return after >= before - 1 && after <= before + 1;
	for (i = 0; i < sizeof(growing) / sizeof(*growing); i++)
		if (!fnmatch(growing[i], key, 0))
			return after >= before;
	return false;
}

void oracle_allowed(FILE *f)
{
	unsigned int i;

	for (i = 0; i < sizeof(growing) / sizeof(*growing); i++)
		fprintf(f, "%-40s a counter that goes on\n", growing[i]);
	fprintf(f, "%-40s rounded to ticks, one more or less\n", START_TIME);

	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		fprintf(f, "%-40s %s\n", allowed[i].key, allowed[i].why);
}

static unsigned int differ(const char *key, const char *a, const char *b,
			   FILE *f)
{
	if (is_allowed(key) || goes_on(key, a, b))
		return 0;
	if (f)
		fprintf(f, "# oracle: %s: before: %s; after: %s\n", key,
			a ? a : "(not there)", b ? b : "(not there)");
	return 1;
}

unsigned int oracle_diff(const struct oracle *a, const struct oracle *b,
			 FILE *f)
{
	size_t i = 0, k = 0;
	unsigned int n = 0;
	int c;

	while (i < a->nr || k < b->nr) {
		if (i == a->nr)
			c = 1;
		else if (k == b->nr)
			c = -1;
		else
			c = strcmp(a->entry[i].key, b->entry[k].key);
		if (c < 0) {
			n += differ(a->entry[i].key, a->entry[i].value, NULL, f);
			i++;
		} else if (c > 0) {
			n += differ(b->entry[k].key, NULL, b->entry[k].value, f);
			k++;
		} else {
			if (strcmp(a->entry[i].value, b->entry[k].value))
				n += differ(a->entry[i].key, a->entry[i].value,
					    b->entry[k].value, f);
			i++;
			k++;
		}
	}
	return n;
}

static void write_string(const char *s, FILE *f)
{
	putc('"', f);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

/* One object, one member a line, in order: also fit for diff(1). */
int oracle_write(const struct oracle *o, FILE *f)
{
	size_t i;

	fprintf(f, "{\n");
	for (i = 0; i < o->nr; i++) {
		write_string(o->entry[i].key, f);
		fprintf(f, ": ");
		write_string(o->entry[i].value, f);
		fprintf(f, i + 1 < o->nr ? ",\n" : "\n");
	}
	fprintf(f, "}\n");
	return fflush(f) ? -1 : 0;
}

static char *read_string(char **s)
{
	char *p = strchr(*s, '"'), *d, *start;
	unsigned int c;

	if (!p)
		return NULL;
	start = d = ++p;
	while (*p && *p != '"') {
		if (*p != '\\') {
			*d++ = *p++;
		} else if (p[1] == 'u' && sscanf(p + 2, "%4x", &c) == 1) {
			*d++ = c;
			p += 6;
		} else {
			*d++ = p[1];
			p += 2;
		}
	}
	if (!*p)
		return NULL;
	*s = p + 1;
	*d = '\0';
	return start;
}

int oracle_read(struct oracle *o, FILE *f)
{
	char *line = NULL, *p, *key, *value;
	size_t room = 0;

	memset(o, 0, sizeof(*o));
	while (getline(&line, &room, f) > 0) {
		if (line[0] != '"')
			continue;
		p = line;
		key = read_string(&p);
		value = key ? read_string(&p) : NULL;
		if (!value) {
			free(line);
			return -1;
		}
		oracle_add(o, value, "%s", key);
	}
	free(line);
	oracle_sort(o);
	return o->nr ? 0 : -1;
}
