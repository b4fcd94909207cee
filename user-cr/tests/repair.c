// SPDX-License-Identifier: GPL-2.0-only
/* Checksums made right, in whatever still looks like an image */
#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "image.h"

/**
 * struct repair - a walk through the bytes
 * @at: where we are
 * @left: bytes from there on
 * @heads: over the checksums of the chunks
 * @totals: as the trailer should tell them
 */
struct repair {
	unsigned char *at;
	size_t left;
	XXH64_state_t heads;
	struct ckpt_trailer totals;
};

static void skip(struct repair *r, uint64_t len)
{
	if (len > r->left)
		len = r->left;
	r->at += len;
	r->left -= len;
}

static uint64_t data_length(const struct repair *r, const struct ckpt_chunk *c)
{
	size_t room = r->left - sizeof(*c);

	return c->length < room ? c->length : room;
}

/* Returns false behind the last chunk. */
static bool repair_chunk(struct repair *r)
{
	struct ckpt_chunk *c = (void *)r->at;
	uint64_t len;
	bool last;

	if (r->left < sizeof(*c))
		return false;
	len = data_length(r, c);
	c->data_checksum = XXH64(c + 1, len, 0);
	c->head_checksum = 0;
	c->head_checksum = XXH64(c, sizeof(*c), 0);
	XXH64_update(&r->heads, &c->head_checksum, sizeof(c->head_checksum));
	r->totals.nr_chunks++;
	r->totals.nr_runs += c->nr_runs;
	r->totals.nr_bytes += c->length;
	last = !c->nr_runs;
	skip(r, sizeof(*c) + (len + CKPT_BULK_ALIGN - 1) / CKPT_BULK_ALIGN *
	     CKPT_BULK_ALIGN);
	return !last;
}

static void repair_trailer(struct repair *r, bool totals)
{
	struct ckpt_trailer *t = (void *)r->at;

	if (r->left < sizeof(*t))
		return;
	r->totals.chunks_checksum = XXH64_digest(&r->heads);
	if (totals)
		*t = r->totals;
	t->chunks_checksum = r->totals.chunks_checksum;
}

static void note_image_id(struct repair *r)
{
	const struct ckpt_image_header *h = (void *)r->at;

	if (r->left >= sizeof(*h))
		memcpy(r->totals.image_id, h->image_id, sizeof(h->image_id));
}

static void repair_section(struct repair *r, struct ckpt_section *s,
			   bool totals)
{
	uint64_t len = s->length < r->left ? s->length : r->left;

	if (s->type == CKPT_SECTION_BULK) {
		while (repair_chunk(r))
			;
		return;
	}
	if (s->type == CKPT_SECTION_HEADER)
		note_image_id(r);
	if (s->type == CKPT_SECTION_TRAILER)
		repair_trailer(r, totals);
	s->checksum = XXH64(r->at, len, 0);
	skip(r, len);
}

void repair_image(void *bytes, size_t len, bool totals)
{
	struct repair r = { .at = bytes, .left = len };
	struct ckpt_section *s;

	XXH64_reset(&r.heads, 0);
	while (r.left >= sizeof(*s)) {
		s = (void *)r.at;
		/* Where all lengths are multiples of 8, so are all places. */
		if (s->magic != CKPT_SECTION_MAGIC ||
		    (s->length % 8 && s->length != CKPT_LENGTH_UNKNOWN))
			return;
		skip(&r, sizeof(*s));
		repair_section(&r, s, totals);
	}
}
