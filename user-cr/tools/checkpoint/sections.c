// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <checkpoint/image.h>
#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "sections.h"

/* Room for the padding at the end must be left. */
#define ROOM	CKPT_TOOL_SECTION_MAX
#define FULL	(ROOM - CKPT_BULK_ALIGN - sizeof(struct ckpt_record))

void strings_add_all(struct strings *s, const char *bytes, size_t len)
{
	s->bytes = xrealloc(s->bytes, s->len + len, 1);
	if (len)
		memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

void strings_add(struct strings *s, const char *string)
{
	strings_add_all(s, string, strlen(string) + 1);
}

static void put(struct sections *s, const void *bytes, size_t len)
{
	if (s->fd >= 0 && !s->error && write_all(s->fd, bytes, len) < 0)
		s->error = errno;
	s->written += len;
}

static void flush(struct sections *s)
{
	struct ckpt_section section = {
		.magic = CKPT_SECTION_MAGIC, .type = CKPT_SECTION_TOOL_RECORDS,
		.length = s->len, .checksum = XXH64(s->bytes, s->len, 0),
	};

	put(s, &section, sizeof(section));
	put(s, s->bytes, s->len);
	s->len = 0;
}

static void append(struct sections *s, const void *bytes, size_t len)
{
	if (len)
		memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static const char *subject_of(uint32_t type)
{
	switch (type) {
	case CKPT_REC_FILESYSTEM:
	case CKPT_REC_CONTENT:
	case CKPT_REC_MOUNT_NS:
	case CKPT_REC_MOUNT:
		return "a mount";
	case CKPT_REC_SYSCTL:
		return "a setting of a namespace";
	}
	return "a control group";
}

/* Readers insist on these bounds: no image is better than one that nobody takes. */
static char *too_much(const struct sections *s, const struct ckpt_record *record)
{
	if (record->len > FULL)
		return xasprintf("%s: %llu bytes are to be said of it, more than %zu are not supported: have fewer processes or options there",
				 subject_of(record->type),
				 (unsigned long long)record->len, FULL);
	if (s->kept > CKPT_METADATA_MAX)
		return xasprintf("mounts, control groups and settings of namespaces: more than %u MiB are to be said of them, which is not supported: remove what nobody needs",
				 CKPT_METADATA_MAX >> 20);
	if (s->last_id > CKPT_TOOL_OBJECTS_MAX)
		return xasprintf("mounts and control groups: there are more than %u, which is not supported: remove what nobody needs",
				 CKPT_TOOL_OBJECTS_MAX);
	return NULL;
}

static void add(struct sections *s, struct ckpt_record *record,
		const void *body, const void *tail)
{
	size_t padding = -record->tail_len % CKPT_RECORD_ALIGN;

	record->len = sizeof(*record) + record->body_len + record->tail_len +
		      padding;
	if (record->type != CKPT_REC_CONTENT)
		s->kept += record->len;
	if (!s->error)
		s->why = too_much(s, record);
	if (s->why) {
		s->error = EFBIG;
		return;
	}
	if (s->len + record->len > FULL)
		flush(s);
	if (!s->bytes)
		s->bytes = xcalloc(1, ROOM);
	append(s, record, sizeof(*record));
	append(s, body, record->body_len);
	append(s, tail, record->tail_len);
	append(s, (char[CKPT_RECORD_ALIGN]){ 0 }, padding);
}

void sections_add(struct sections *s, uint32_t type, const void *body,
		  size_t body_len, const void *tail, size_t tail_len)
{
	struct ckpt_record record = {
		.type = type, .body_len = body_len, .tail_len = tail_len,
	};

	add(s, &record, body, tail);
}

uint32_t sections_add_object(struct sections *s, uint32_t type,
			     const void *body, size_t body_len,
			     struct strings *tail)
{
	struct ckpt_record record = {
		.type = type, .body_len = body_len, .tail_len = tail->len,
		.id = ++s->last_id,
	};

	add(s, &record, body, tail->bytes);
	free(tail->bytes);
	*tail = (struct strings){ 0 };
	return record.id;
}

/* The kernel's part begins at a multiple of CKPT_BULK_ALIGN. */
static void pad(struct sections *s)
{
	static const char zeros[CKPT_BULK_ALIGN];
	struct ckpt_record record = { .type = CKPT_REC_PAD };
	uint64_t end = s->written + sizeof(struct ckpt_section) + s->len +
		       sizeof(record);

	record.tail_len = -end % CKPT_BULK_ALIGN;
	record.len = sizeof(record) + record.tail_len;
	append(s, &record, sizeof(record));
	append(s, zeros, record.tail_len);
}

int sections_end(struct sections *s)
{
	if (s->len) {
		pad(s);
		flush(s);
	}
	free(s->bytes);
	s->bytes = NULL;
	errno = s->error;
	return s->error ? -1 : 0;
}
