// SPDX-License-Identifier: LGPL-2.1-only
/* Bytes from the image's descriptor */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"

/* Like read(), but also counts, and does not return early for a signal. */
static ssize_t read_some(struct ckpt_reader *r, void *buf, size_t len)
{
	ssize_t got;

	do {
		got = read(r->fd, buf, len);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		r->at = r->offset;
		return reader_fail(r, "cannot read: %s", strerror(errno));
	}
	if (r->tap)
		r->tap(r->tap_arg, buf, got);
	r->offset += got;
	return got;
}

int stream_read(struct ckpt_reader *r, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t got;

	while (done < len) {
		got = read_some(r, (char *)buf + done, len - done);
		if (got < 0)
			return -1;
		if (!got) {
			r->at = r->offset;
			return reader_fail(r, "the image ends here, incomplete: at least %zu bytes are missing",
					   len - done);
		}
		done += got;
	}
	return 0;
}

int stream_skip(struct ckpt_reader *r, uint64_t len, uint64_t *checksum)
{
	unsigned char buf[16384];
	XXH64_state_t state;
	size_t step;

	XXH64_reset(&state, 0);
	while (len) {
		step = len < sizeof(buf) ? len : sizeof(buf);
		if (stream_read(r, buf, step) < 0)
			return -1;
		XXH64_update(&state, buf, step);
		len -= step;
	}
	*checksum = XXH64_digest(&state);
	return 0;
}

int stream_section(struct ckpt_reader *r)
{
	struct ckpt_section *s = &r->section;

	r->at = r->offset;
	if (stream_read(r, s, sizeof(*s)) < 0)
		return -1;
	if (s->magic == __builtin_bswap32(CKPT_SECTION_MAGIC))
		return reader_fail(r, "written by a machine of the other byte order");
	if (s->magic != CKPT_SECTION_MAGIC)
		return reader_fail(r, r->at ? "no section begins here: the image is damaged" :
				   "this is not a checkpoint image");
	if (s->reserved)
		return reader_fail(r, "a reserved field of the section is not zero");
	if (s->length == CKPT_LENGTH_UNKNOWN) {
		if (s->type != CKPT_SECTION_BULK)
			return reader_fail(r, "section %#x has no length",
					   s->type);
	} else if (s->length % 8) {
		return reader_fail(r, "the section's length %llu is not a multiple of 8",
				   (unsigned long long)s->length);
	}
	return 0;
}

/* Makes room for more metadata; what a length promises is not yet believed. */
static int grow(struct ckpt_reader *r, size_t *room, size_t limit)
{
	size_t more = *room ? *room * 2 : 65536;
	unsigned char *meta;

	if (more > limit)
		more = limit;
	meta = realloc(r->meta, more ? more : 1);
	if (!meta) {
		r->at = r->offset;
		return reader_fail(r, "no memory for %zu bytes of metadata",
				   more);
	}
	r->meta = meta;
	*room = more;
	return 0;
}

int stream_metadata(struct ckpt_reader *r, uint64_t len)
{
	size_t room = 0;

	if (len > CKPT_METADATA_MAX)
		return reader_fail(r, "%llu bytes of metadata: more than %u are not accepted",
				   (unsigned long long)len, CKPT_METADATA_MAX);
	do {
		if (grow(r, &room, len) < 0 ||
		    stream_read(r, r->meta + r->meta_len,
				room - r->meta_len) < 0)
			return -1;
		r->meta_len = room;
	} while (room < len);
	return 0;
}

int stream_rest(struct ckpt_reader *r)
{
	size_t room = 0;
	ssize_t got;

	do {
		if (r->meta_len == room) {
			if (room == CKPT_METADATA_MAX) {
				r->at = r->offset;
				return reader_fail(r, "more than %u bytes of metadata are not accepted",
						   CKPT_METADATA_MAX);
			}
			if (grow(r, &room, CKPT_METADATA_MAX) < 0)
				return -1;
		}
		got = read_some(r, r->meta + r->meta_len, room - r->meta_len);
		if (got < 0)
			return -1;
		r->meta_len += got;
	} while (got);
	return 0;
}
