// SPDX-License-Identifier: LGPL-2.1-only
/* The image reader: sections in their order, and what the caller sees */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "reader.h"

int reader_fail(struct ckpt_reader *r, const char *format, ...)
{
	va_list args;
	int used;

	used = snprintf(r->error, sizeof(r->error), "byte %llu: ",
			(unsigned long long)r->at);
	va_start(args, format);
	vsnprintf(r->error + used, sizeof(r->error) - used, format, args);
	va_end(args);
	r->state = READ_FAILED;
	return -1;
}

static struct ckpt_reader *new_reader(int fd, bool context)
{
	struct ckpt_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->fd = fd;
	r->context = context;
	r->heads = XXH64_createState();
	if (!r->heads) {
		free(r);
		errno = ENOMEM;
		return NULL;
	}
	XXH64_reset(r->heads, 0);
	return r;
}

struct ckpt_reader *ckpt_reader_new(int fd)
{
	return new_reader(fd, false);
}

struct ckpt_reader *ckpt_reader_new_context(int fd)
{
	return new_reader(fd, true);
}

void ckpt_reader_free(struct ckpt_reader *r)
{
	int i;

	if (!r)
		return;
	tools_free(r);
	free(r->meta);
	free(r->objects);
	for (i = 0; i < PID_BLOCKS; i++)
		free(r->pids[i]);
	free(r->data);
	XXH64_freeState(r->heads);
	free(r);
}

void ckpt_reader_set_tap(struct ckpt_reader *r,
			 void (*tap)(void *arg, const void *bytes, size_t len),
			 void *arg)
{
	r->tap = tap;
	r->tap_arg = arg;
}

const char *ckpt_reader_error(const struct ckpt_reader *r)
{
	return r->error;
}

uint64_t ckpt_reader_offset(const struct ckpt_reader *r)
{
	return r->offset;
}

/* Reads a section header and insists on its type and, if not 0, its length. */
static int expect(struct ckpt_reader *r, uint32_t type, uint64_t length,
		  const char *name)
{
	if (stream_section(r) < 0)
		return -1;
	if (r->section.type != type)
		return reader_fail(r, "a section of type %u where the %s section should be",
				   r->section.type, name);
	if (length && r->section.length != length)
		return reader_fail(r, "the %s section has %llu bytes instead of %llu",
				   name,
				   (unsigned long long)r->section.length,
				   (unsigned long long)length);
	return 0;
}

static int skip_tool_section(struct ckpt_reader *r, struct ckpt_item *item)
{
	uint64_t checksum;

	if (stream_skip(r, r->section.length, &checksum) < 0)
		return -1;
	if (checksum != r->section.checksum)
		return reader_fail(r, "wrong checksum of section %#x: the image is damaged",
				   r->section.type);
	item->type = CKPT_ITEM_TOOL;
	item->section = &r->section;
	return 1;
}

static int read_tool_section(struct ckpt_reader *r, struct ckpt_item *item)
{
	if (r->section.type != CKPT_SECTION_TOOL_RECORDS)
		return skip_tool_section(r, item);
	if (tools_begin(r) < 0)
		return -1;
	r->state = READ_TOOLS;
	return 0;
}

static int read_tool_record(struct ckpt_reader *r, struct ckpt_item *item)
{
	int ret = tools_next(r, &item->record);

	if (ret < 0)
		return -1;
	item->offset = r->at;
	if (ret) {
		item->type = CKPT_ITEM_TOOL_RECORD;
		return 1;
	}
	item->type = CKPT_ITEM_TOOL;
	item->section = &r->section;
	r->state = READ_HEADER;
	return 1;
}

/* 1: a tool's section was skipped, 0: the header follows, or a tool's records */
static int read_section_header(struct ckpt_reader *r, struct ckpt_item *item)
{
	if (stream_section(r) < 0)
		return -1;
	item->offset = r->at;
	if (r->section.type >= CKPT_SECTION_TOOL)
		return read_tool_section(r, item);
	if (r->section.type != CKPT_SECTION_HEADER)
		return reader_fail(r, "a section of type %u where the header section should be",
				   r->section.type);
	if (r->section.length != sizeof(r->header))
		return reader_fail(r, "the header section has %llu bytes instead of %zu: another version of the format",
				   (unsigned long long)r->section.length,
				   sizeof(r->header));
	return tools_end(r);
}

static int read_header(struct ckpt_reader *r, struct ckpt_item *item)
{
	int ret;

	if (!r->context) {
		ret = read_section_header(r, item);
		if (ret || r->state == READ_TOOLS)
			return ret;
	}
	r->at = item->offset = r->offset;
	if (stream_read(r, &r->header, sizeof(r->header)) < 0)
		return -1;
	if (!r->context &&
	    XXH64(&r->header, sizeof(r->header), 0) != r->section.checksum)
		return reader_fail(r, "wrong checksum of the header: the image is damaged");
	if (header_verify(r) < 0)
		return -1;
	item->type = CKPT_ITEM_HEADER;
	item->header = &r->header;
	r->state = READ_METADATA;
	return 1;
}

static int read_metadata(struct ckpt_reader *r)
{
	r->meta_offset = r->offset;
	if (r->context) {
		if (stream_rest(r) < 0)
			return -1;
	} else {
		if (expect(r, CKPT_SECTION_METADATA, 0, "metadata") < 0)
			return -1;
		r->meta_offset = r->offset;
		if (stream_metadata(r, r->section.length) < 0)
			return -1;
		if (XXH64(r->meta, r->meta_len, 0) != r->section.checksum)
			return reader_fail(r, "wrong checksum of the metadata: the image is damaged");
	}
	if (records_begin(r) < 0)
		return -1;
	r->state = READ_RECORDS;
	return 0;
}

static int read_record(struct ckpt_reader *r, struct ckpt_item *item)
{
	int ret = records_next(r, &item->record);

	if (ret < 0)
		return -1;
	if (ret) {
		item->type = CKPT_ITEM_RECORD;
		item->offset = r->at;
		return 1;
	}
	if (records_end(r) < 0)
		return -1;
	r->state = r->context ? READ_END : READ_BULK;
	return 0;
}

static int read_bulk(struct ckpt_reader *r)
{
	if (expect(r, CKPT_SECTION_BULK, CKPT_LENGTH_UNKNOWN, "bulk") < 0)
		return -1;
	if (r->section.checksum)
		return reader_fail(r, "the bulk section has a checksum");
	if (chunks_begin(r) < 0)
		return -1;
	r->state = READ_CHUNKS;
	return 0;
}

static int read_chunk(struct ckpt_reader *r, struct ckpt_item *item)
{
	int ret = chunks_next(r);

	if (ret < 0)
		return -1;
	if (!ret) {
		r->state = READ_TRAILER;
		return 0;
	}
	item->type = CKPT_ITEM_CHUNK;
	item->offset = r->at;
	item->chunk = &r->chunk;
	item->data = r->data;
	return 1;
}

static int read_trailer(struct ckpt_reader *r, struct ckpt_item *item)
{
	if (expect(r, CKPT_SECTION_TRAILER, sizeof(r->trailer), "trailer") < 0)
		return -1;
	r->at = item->offset = r->offset;
	if (stream_read(r, &r->trailer, sizeof(r->trailer)) < 0)
		return -1;
	if (XXH64(&r->trailer, sizeof(r->trailer), 0) != r->section.checksum)
		return reader_fail(r, "wrong checksum of the trailer: the image is damaged");
	if (chunks_trailer(r) < 0)
		return -1;
	item->type = CKPT_ITEM_TRAILER;
	item->trailer = &r->trailer;
	r->state = READ_END;
	return 1;
}

int ckpt_reader_next(struct ckpt_reader *r, struct ckpt_item *item)
{
	int ret = 0;

	while (!ret) {
		memset(item, 0, sizeof(*item));
		switch (r->state) {
		case READ_HEADER:
			ret = read_header(r, item);
			break;
		case READ_TOOLS:
			ret = read_tool_record(r, item);
			break;
		case READ_METADATA:
			ret = read_metadata(r);
			break;
		case READ_RECORDS:
			ret = read_record(r, item);
			break;
		case READ_BULK:
			ret = read_bulk(r);
			break;
		case READ_CHUNKS:
			ret = read_chunk(r, item);
			break;
		case READ_TRAILER:
			ret = read_trailer(r, item);
			break;
		case READ_END:
			return 0;
		case READ_FAILED:
			return -1;
		}
	}
	return ret;
}
