// SPDX-License-Identifier: GPL-2.0-only
/* Bounds of what the tools save, of which no test has enough */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/image.h>
#include <checkpoint/tool_image.h>
#include "../tools/checkpoint/sections.h"
#include "ok.h"

#define MIB	(1 << 20)

/* How it ends, and the reason as the tool would tell it; no image has that. */
static bool ends_with(struct sections *s, int error, const char *why)
{
	int ret = sections_end(s);
	bool good = ret < 0 && errno == error && s->why && strstr(s->why, why);

	free(s->why);
	return good;
}

static void one_record(int fd, const void *bytes)
{
	struct sections s = { .fd = fd };

	sections_add(&s, CKPT_REC_CGROUP_MEMBERS, NULL, 0, bytes, 3 * MIB);
	ok("a record that is too long",
	   ends_with(&s, EFBIG, "a control group: 31457"));
	s = (struct sections){ .fd = fd };
	sections_add(&s, CKPT_REC_SYSCTL, NULL, 0, bytes, 3 * MIB);
	sections_add(&s, CKPT_REC_MOUNT, NULL, 0, bytes, 4 * MIB);
	ok("... of which the first one is told",
	   ends_with(&s, EFBIG, "a setting of a namespace: 31"));
}

static void all_records(int fd, const void *bytes)
{
	struct sections s = { .fd = fd };
	size_t i;

	for (i = 0; i < 2 * CKPT_METADATA_MAX / MIB; i++)
		sections_add(&s, CKPT_REC_CONTENT, NULL, 0, bytes, MIB);
	ok("content, of which there may be any amount", !sections_end(&s) && !s.why);
	s = (struct sections){ .fd = fd };
	for (i = 0; i < CKPT_METADATA_MAX / MIB; i++)
		sections_add(&s, CKPT_REC_CGROUP_XATTR, NULL, 0, bytes, MIB);
	ok("records that are too long together",
	   ends_with(&s, EFBIG, "more than 256 MiB are to be said"));
}

static void objects(int fd, uint32_t nr)
{
	struct sections s = { .fd = fd };
	struct strings none = { 0 };
	bool many = nr > CKPT_TOOL_OBJECTS_MAX;

	while (nr--)
		sections_add_object(&s, CKPT_REC_MOUNT, NULL, 0, &none);
	if (many)
		ok("too many objects", ends_with(&s, EFBIG, "there are more than 1048576"));
	else
		ok("as many objects as there may be", !sections_end(&s) && !s.why);
}

static void not_written(const void *bytes)
{
	struct sections s = { .fd = open("/dev/full", O_WRONLY) };

	sections_add(&s, CKPT_REC_MOUNT, NULL, 0, bytes, MIB);
	ok("a full disk", sections_end(&s) < 0 && errno == ENOSPC && !s.why);
	close(s.fd);
}

/* The same whether it is written, or only looked at as in a dry run */
static void bounds(int fd, const void *bytes)
{
	one_record(fd, bytes);
	all_records(fd, bytes);
	objects(fd, CKPT_TOOL_OBJECTS_MAX);
	objects(fd, CKPT_TOOL_OBJECTS_MAX + 1);
}

int main(void)
{
	char *bytes = calloc(4, MIB);
	int null = open("/dev/null", O_WRONLY);

	bounds(null, bytes);
	bounds(-1, bytes);
	not_written(bytes);
	free(bytes);
	close(null);
	return summary();
}
