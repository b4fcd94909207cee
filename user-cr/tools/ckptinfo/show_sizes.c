// SPDX-License-Identifier: GPL-2.0-only
/* What takes how much room, and the list of all records */
#include <inttypes.h>
#include <stdio.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "info.h"

#define MAX_TYPES	256	/* of the kernel, and of the tools from the first one */

static void show_record_sizes(const struct info *info)
{
	uint64_t count[MAX_TYPES] = { 0 }, bytes[MAX_TYPES] = { 0 };
	uint32_t type;
	size_t i;

	for (i = 0; i < info->nr_entries; i++) {
		type = info->entry[i].record->type % MAX_TYPES;
		count[type]++;
		bytes[type] += info->entry[i].record->len;
	}
	printf("%-15s %10s %12s\n", "RECORDS", "NUMBER", "BYTES");
	for (type = 0; type < MAX_TYPES; type++)
		if (count[type])
			printf("%-15s %10" PRIu64 " %12" PRIu64 "\n",
			       ckpt_record_name(type), count[type],
			       bytes[type]);
}

static void show_tool_sizes(const struct info *info)
{
	uint64_t count[MAX_TYPES] = { 0 }, bytes[MAX_TYPES] = { 0 };
	uint32_t type;
	size_t i;

	for (i = 0; i < info->nr_tools; i++) {
		type = info->tool[i].record->type - CKPT_REC_MOUNT_NS;
		count[type]++;
		bytes[type] += info->tool[i].len;
	}
	for (type = 0; type < MAX_TYPES; type++)
		if (count[type])
			printf("%-15s %10" PRIu64 " %12" PRIu64 "\n",
			       ckpt_record_name(type + CKPT_REC_MOUNT_NS),
			       count[type], bytes[type]);
}

static void show_content_sizes(const struct info *info)
{
	const struct space *s;
	size_t i;

	printf("\n%-20s %10s %12s %12s %12s %12s %12s\n", "MEMORY", "RUNS", "DATA",
	       "ZEROS", "HOLES", "SHARED", "UNCHANGED");
	for (i = 0; i < info->nr_spaces; i++) {
		s = &info->space[i];
		printf("%-5s of pid %-7u %10" PRIu64 " %12s %12s %12s %12s %12s\n",
		       ckpt_record_name(info->object[s->id].record->type),
		       info_owner_pid(info, info->object[s->id].record),
		       s->runs[CKPT_RUN_DATA] + s->runs[CKPT_RUN_ZERO] +
		       s->runs[CKPT_RUN_HOLE] + s->runs[CKPT_RUN_MARKER] +
		       s->runs[CKPT_RUN_SAME] + s->runs[CKPT_RUN_PARENT],
		       size_text(s->bytes[CKPT_RUN_DATA]),
		       size_text(s->bytes[CKPT_RUN_ZERO]),
		       size_text(s->bytes[CKPT_RUN_HOLE]),
		       size_text(s->bytes[CKPT_RUN_SAME]),
		       size_text(s->bytes[CKPT_RUN_PARENT]));
	}
}

static void line(const char *name, uint64_t bytes)
{
	printf("%-26s %12" PRIu64 "  %10s\n", name, bytes, size_text(bytes));
}

void show_sizes(const struct info *info)
{
	show_record_sizes(info);
	show_tool_sizes(info);
	show_content_sizes(info);
	printf("\n%-26s %12s\n", "IMAGE", "BYTES");
	if (info->tool_bytes)
		line("sections of tools", info->tool_bytes);
	line("header and metadata", info->bulk_offset - info->tool_bytes);
	line("content of memory", info->trailer.nr_bytes);
	line("chunks, padding, trailer", info->size - info->bulk_offset -
	     info->trailer.nr_bytes);
	line("all", info->size);
}

static void show_record(uint64_t offset, const struct ckpt_record *r,
			uint32_t len)
{
	printf("%10" PRIu64 "  %-15s %8u %8u %8u %8u %8u\n", offset,
	       ckpt_record_name(r->type), r->id, r->owner, len, r->body_len,
	       r->tail_len);
}

void show_records(const struct info *info)
{
	size_t i;

	printf("%10s  %-15s %8s %8s %8s %8s %8s\n", "OFFSET", "TYPE", "ID",
	       "OWNER", "BYTES", "BODY", "TAIL");
	for (i = 0; i < info->nr_tools; i++)
		show_record(info->tool[i].offset, info->tool[i].record,
			    info->tool[i].len);
	for (i = 0; i < info->nr_entries; i++)
		show_record(info->entry[i].offset, info->entry[i].record,
			    info->entry[i].record->len);
}
