// SPDX-License-Identifier: LGPL-2.1-only
/* The bulk section and the trailer */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

int chunks_begin(struct ckpt_reader *r)
{
	if (r->offset % CKPT_BULK_ALIGN)
		return reader_fail(r, "the first chunk is at byte %llu, not at a multiple of %u",
				   (unsigned long long)r->offset,
				   CKPT_BULK_ALIGN);
	return 0;
}

static bool is_source(const struct ckpt_reader *r, uint32_t id)
{
	return is_object(r, id, CKPT_REC_MM) ||
	       is_object(r, id, CKPT_REC_SHMEM) ||
	       is_object(r, id, CKPT_REC_PIPE);
}

static int check_run(struct ckpt_reader *r, const struct ckpt_run *run)
{
	bool same = run->type == CKPT_RUN_SAME;

	if (run->type < CKPT_RUN_DATA || run->type > CKPT_RUN_ZERO)
		return reader_fail(r, "run of the unknown type %u", run->type);
	if (!is_source(r, run->source) ||
	    (same ? !is_source(r, run->from_source) : run->from_source))
		return reader_fail(r, "run of objects %u and %u, which have no content",
				   run->source, run->from_source);
	if (!run->length || run->offset + run->length < run->offset ||
	    run->from_offset + run->length < run->from_offset)
		return reader_fail(r, "run of %llu bytes at %#llx",
				   (unsigned long long)run->length,
				   (unsigned long long)run->offset);
	if (run->reserved || (!same && run->from_offset))
		return reader_fail(r, "an unused field of a run is not zero");
	if (run->type == CKPT_RUN_PARENT &&
	    all_zero(r->header.base_id, sizeof(r->header.base_id)))
		return reader_fail(r, "run of a base image, but there is none");
	return 0;
}

static int check_runs(struct ckpt_reader *r)
{
	const struct ckpt_chunk *c = &r->chunk;
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < c->nr_runs; i++) {
		if (check_run(r, &c->run[i]) < 0)
			return -1;
		if (c->run[i].type != CKPT_RUN_DATA)
			continue;
		if (c->run[i].length > c->length - bytes)
			return reader_fail(r, "runs with more data than the %llu bytes of their chunk",
					   (unsigned long long)c->length);
		bytes += c->run[i].length;
	}
	if (bytes != c->length)
		return reader_fail(r, "%llu bytes of data in runs, %llu in their chunk",
				   (unsigned long long)bytes,
				   (unsigned long long)c->length);
	if (!all_zero(&c->run[i], (CKPT_CHUNK_RUNS - i) * sizeof(c->run[0])) ||
	    !all_zero(c->reserved, sizeof(c->reserved)))
		return reader_fail(r, "an unused field of a chunk is not zero");
	return 0;
}

static int check_head(struct ckpt_reader *r)
{
	struct ckpt_chunk *c = &r->chunk;
	uint64_t checksum = c->head_checksum;
	bool right;

	if (c->magic != CKPT_CHUNK_MAGIC)
		return reader_fail(r, "no chunk begins here: the image is damaged");
	c->head_checksum = 0;
	right = XXH64(c, sizeof(*c), 0) == checksum;
	c->head_checksum = checksum;
	if (!right)
		return reader_fail(r, "wrong checksum of a chunk's runs: the image is damaged");
	if (c->nr_runs > CKPT_CHUNK_RUNS || c->length > CKPT_CHUNK_MAX)
		return reader_fail(r, "chunk of %u runs and %llu bytes",
				   c->nr_runs, (unsigned long long)c->length);
	return check_runs(r);
}

static int make_room(struct ckpt_reader *r, size_t len)
{
	if (len <= r->data_room)
		return 0;
	free(r->data);
	r->data = malloc(len);
	r->data_room = r->data ? len : 0;
	return r->data ? 0 : reader_fail(r, "no memory for a chunk");
}

static int read_data(struct ckpt_reader *r)
{
	size_t len = r->chunk.length;
	size_t padding = -len % CKPT_BULK_ALIGN;
	unsigned char rest[CKPT_BULK_ALIGN];

	if (make_room(r, len) < 0 || stream_read(r, r->data, len) < 0 ||
	    stream_read(r, rest, padding) < 0)
		return -1;
	if (XXH64(r->data, len, 0) != r->chunk.data_checksum)
		return reader_fail(r, "wrong checksum of a chunk's data: the image is damaged");
	if (!all_zero(rest, padding))
		return reader_fail(r, "padding of a chunk is not zero");
	return 0;
}

int chunks_next(struct ckpt_reader *r)
{
	struct ckpt_chunk *c = &r->chunk;

	r->at = r->offset;
	if (stream_read(r, c, sizeof(*c)) < 0 || check_head(r) < 0 ||
	    read_data(r) < 0)
		return -1;
	XXH64_update(r->heads, &c->head_checksum, sizeof(c->head_checksum));
	r->totals.nr_chunks++;
	r->totals.nr_runs += c->nr_runs;
	r->totals.nr_bytes += c->length;
	return c->nr_runs != 0;
}

int chunks_trailer(struct ckpt_reader *r)
{
	struct ckpt_trailer *totals = &r->totals;

	totals->chunks_checksum = XXH64_digest(r->heads);
	memcpy(totals->image_id, r->header.image_id, sizeof(totals->image_id));
	if (memcmp(totals->image_id, r->trailer.image_id,
		   sizeof(totals->image_id)))
		return reader_fail(r, "the trailer belongs to another image");
	if (memcmp(totals, &r->trailer, sizeof(*totals)))
		return reader_fail(r, "the trailer tells of %llu chunks, %llu runs and %llu bytes; there are %llu, %llu and %llu, or a chunk was exchanged",
				   (unsigned long long)r->trailer.nr_chunks,
				   (unsigned long long)r->trailer.nr_runs,
				   (unsigned long long)r->trailer.nr_bytes,
				   (unsigned long long)totals->nr_chunks,
				   (unsigned long long)totals->nr_runs,
				   (unsigned long long)totals->nr_bytes);
	return 0;
}
