// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image in, an image of the current version out
 *
 * It is verified on its way. One of the current version is copied byte by byte; of
 * an older one the records are converted, version by version, and what is around
 * them is written again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../common/input.h"
#include "../common/util.h"
#include "convert.h"

/* What makes the records of the next version of those of version [i]. */
static void (*const steps[])(struct records *r,
			     const struct ckpt_image_header *h) = {
	[1] = v1_convert,
};

_Static_assert(ARRAY_SIZE(steps) == CKPT_FORMAT_VERSION,
	       "there must be a step for each version of the format");

/* No more than this is held back. */
#define HEADER_LEN	(sizeof(struct ckpt_section) + \
			 sizeof(struct ckpt_image_header))

/* What becomes of the bytes of the old image. */
enum way {
	HOLD_BACK,	/* until it is known what they are */
	COPY,
	LEAVE_OUT,	/* we write what stands for them */
};

/**
 * struct convert - a conversion
 * @reader: of the old image
 * @fd: where the new one goes
 * @error: errno of a write that failed, else 0
 * @written: bytes of the new image
 * @way: what becomes of bytes that are read
 * @of_tool: of the section that is read, all is copied
 * @held: its first bytes
 * @nr_held: their number
 * @header: the header, once it was there
 * @records: the records, if they are converted
 * @in_bulk: they are written, chunks follow
 */
struct convert {
	struct ckpt_reader *reader;
	int fd;
	int error;
	uint64_t written;
	enum way way;
	bool of_tool;
	unsigned char held[HEADER_LEN];
	size_t nr_held;
	const struct ckpt_image_header *header;
	struct records records;
	bool in_bulk;
};

static void put(struct convert *c, const void *bytes, size_t len)
{
	if (!c->error && write_all(c->fd, bytes, len) < 0)
		c->error = errno;
	c->written += len;
}

static void put_section(struct convert *c, uint32_t type, const void *bytes,
			size_t len)
{
	struct ckpt_section section = {
		.magic = CKPT_SECTION_MAGIC, .type = type, .length = len,
		.checksum = XXH64(bytes, len, 0),
	};

	put(c, &section, sizeof(section));
	put(c, bytes, len);
}

static void put_held(struct convert *c)
{
	put(c, c->held, c->nr_held);
	c->nr_held = 0;
}

/* A section that is longer than the header's is a tool's. */
static void hold_back(struct convert *c, const void *bytes, size_t len)
{
	if (!c->of_tool && len <= sizeof(c->held) - c->nr_held) {
		memcpy(c->held + c->nr_held, bytes, len);
		c->nr_held += len;
		return;
	}
	c->of_tool = true;
	put_held(c);
	put(c, bytes, len);
}

static void see(void *arg, const void *bytes, size_t len)
{
	struct convert *c = arg;

	if (c->way == HOLD_BACK)
		hold_back(c, bytes, len);
	else if (c->way == COPY)
		put(c, bytes, len);
}

static void take_header(struct convert *c, const struct ckpt_image_header *h)
{
	struct ckpt_image_header header = *h;

	c->header = h;
	if (h->version == CKPT_FORMAT_VERSION) {
		put_held(c);
		c->way = COPY;
		return;
	}
	c->way = LEAVE_OUT;
	header.version = CKPT_FORMAT_VERSION;
	put_section(c, CKPT_SECTION_HEADER, &header, sizeof(header));
}

static size_t sum_of_lengths(const struct records *r)
{
	size_t i, sum = 0;

	for (i = 0; i < r->nr; i++)
		sum += r->record[i]->len;
	return sum;
}

/* As the kernel does: the first chunk is at a multiple of CKPT_BULK_ALIGN. */
static size_t padding_behind(const struct convert *c, size_t len)
{
	len += c->written + 2 * sizeof(struct ckpt_section) +
	       sizeof(struct ckpt_record);
	return -len % CKPT_BULK_ALIGN;
}

static int put_records(struct convert *c)
{
	const struct records *r = &c->records;
	size_t len = sum_of_lengths(r);
	size_t padding = padding_behind(c, len), i;
	struct ckpt_record pad = {
		.type = CKPT_REC_PAD, .len = sizeof(pad) + padding,
		.tail_len = padding,
	};
	char *metadata, *at;

	if (len + pad.len > CKPT_METADATA_MAX) {
		complain("the new image would have %zu bytes of metadata: more than %u are not accepted",
			 len + pad.len, CKPT_METADATA_MAX);
		return -1;
	}
	at = metadata = xcalloc(1, len + pad.len);
	for (i = 0; i < r->nr; i++) {
		memcpy(at, r->record[i], r->record[i]->len);
		at += r->record[i]->len;
	}
	memcpy(at, &pad, sizeof(pad));
	put_section(c, CKPT_SECTION_METADATA, metadata, len + pad.len);
	free(metadata);
	return 0;
}

/* When all records are there: they, and the start of the bulk section. */
static int begin_bulk(struct convert *c)
{
	struct ckpt_section bulk = {
		.magic = CKPT_SECTION_MAGIC, .type = CKPT_SECTION_BULK,
		.length = CKPT_LENGTH_UNKNOWN,
	};
	uint32_t version;

	if (c->in_bulk)
		return 0;
	c->in_bulk = true;
	for (version = c->header->version; version < CKPT_FORMAT_VERSION;
	     version++)
		steps[version](&c->records, c->header);
	if (put_records(c) < 0)
		return -1;
	put(c, &bulk, sizeof(bulk));
	return 0;
}

static void put_chunk(struct convert *c, const struct ckpt_chunk *chunk,
		      const void *data)
{
	static const char padding[CKPT_BULK_ALIGN];

	put(c, chunk, sizeof(*chunk));
	put(c, data, chunk->length);
	put(c, padding, -chunk->length % CKPT_BULK_ALIGN);
}

/* The one without runs, which the reader keeps to itself. */
static void put_last_chunk(struct convert *c)
{
	struct ckpt_chunk last = {
		.magic = CKPT_CHUNK_MAGIC, .data_checksum = XXH64("", 0, 0),
	};

	last.head_checksum = XXH64(&last, sizeof(last), 0);
	put_chunk(c, &last, "");
}

/* A piece of an image that is not only copied; 0, or -1 after a complaint. */
static int take(struct convert *c, const struct ckpt_item *item)
{
	switch (item->type) {
	case CKPT_ITEM_RECORD:
		if (item->record->type != CKPT_REC_PAD)
			records_add(&c->records, item->record);
		break;
	case CKPT_ITEM_CHUNK:
		if (begin_bulk(c) < 0)
			return -1;
		put_chunk(c, item->chunk, item->data);
		break;
	case CKPT_ITEM_TRAILER:
		if (begin_bulk(c) < 0)
			return -1;
		put_last_chunk(c);
		put_section(c, CKPT_SECTION_TRAILER, item->trailer,
			    sizeof(*item->trailer));
		break;
	default:
		break;
	}
	return 0;
}

/* 0, or -1 after a complaint. */
static int convert_all(struct convert *c, const char *name)
{
	struct ckpt_item item;
	int ret;

	while ((ret = ckpt_reader_next(c->reader, &item)) > 0 && !c->error) {
		if (item.type == CKPT_ITEM_TOOL) {
			put_held(c);
			c->of_tool = false;
		} else if (item.type == CKPT_ITEM_HEADER) {
			take_header(c, item.header);
		} else if (c->way == LEAVE_OUT && take(c, &item) < 0) {
			return -1;
		}
	}
	if (ret < 0)
		complain("%s: %s", name, ckpt_reader_error(c->reader));
	else if (c->error)
		complain("cannot write the new image: %s%s", strerror(c->error),
			 write_advice(c->error));
	return ret < 0 || c->error ? -1 : 0;
}

static void tell(const struct ckpt_image_header *h, const char *name)
{
	if (h->version == CKPT_FORMAT_VERSION)
		complain("%s: format version %u already: copied", name,
			 h->version);
	else
		complain("%s: converted from format version %u to %u", name,
			 h->version, CKPT_FORMAT_VERSION);
}

int convert_image(const char *name, int from, int to, bool quiet)
{
	struct convert c = { .reader = ckpt_reader_new(from), .fd = to };
	int ret;

	if (!c.reader) {
		complain_errno("cannot read %s", name);
		return -1;
	}
	ckpt_reader_set_tap(c.reader, see, &c);
	ret = convert_all(&c, name) ?:
	      input_ended(from, name, ckpt_reader_offset(c.reader));
	if (!ret && !quiet)
		tell(c.header, name);
	records_free(&c.records);
	ckpt_reader_free(c.reader);
	return ret;
}
