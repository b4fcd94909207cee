// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the structure of an image and writes its checksums
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

/* What a copy has room for, so that it can be changed in place */
#define SPARE	65536

/* As much is not inserted at once. */
#define MORE_MAX	(1UL << 20)

#define P1	0x9e3779b185ebca87ULL
#define P2	0xc2b2ae3d27d4eb4fULL
#define P3	0x165667b19e3779f9ULL
#define P4	0x85ebca77c2b2ae63ULL
#define P5	0x27d4eb2f165667c5ULL

static uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static uint64_t lane(uint64_t acc, uint64_t v)
{
	return rotl(acc + v * P2, 31) * P1;
}

uint64_t xxh64(const void *data, size_t len)
{
	const uint8_t *p = data, *end = p + len;
	uint64_t h, v[4] = { P1 + P2, P2, 0, -P1 };
	uint32_t w;
	int i;

	if (len >= 32) {
		for (; end - p >= 32; p += 32)
			for (i = 0; i < 4; i++)
				v[i] = lane(v[i], load64(p + 8 * i));
		h = rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18);
		for (i = 0; i < 4; i++)
			h = (h ^ lane(0, v[i])) * P1 + P4;
	} else {
		h = P5;
	}
	h += len;
	for (; end - p >= 8; p += 8)
		h = rotl(h ^ lane(0, load64(p)), 27) * P1 + P4;
	if (end - p >= 4) {
		memcpy(&w, p, 4);
		h = rotl(h ^ w * P1, 23) * P2 + P3;
		p += 4;
	}
	for (; p < end; p++)
		h = rotl(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}

static int bad(const char *what, size_t off)
{
	fprintf(stderr, "# image: %s at %#zx\n", what, off);
	return -1;
}

static int add(struct image *img, enum part_kind kind, size_t off, size_t len)
{
	if (off > img->len || len > img->len - off)
		return bad("part beyond the end", off);
	if (img->nr == IMAGE_MAX_PARTS)
		return bad("too many parts", off);
	img->part[img->nr++] = (struct part) { kind, off, len };
	return 0;
}

static int parse_records(struct image *img, size_t off, size_t end)
{
	struct ckpt_record rec;

	while (off < end) {
		if (end - off < sizeof(rec))
			return bad("torn record", off);
		memcpy(&rec, img->data + off, sizeof(rec));
		if (rec.len < sizeof(rec) || rec.len > end - off)
			return bad("record length", off);
		if (add(img, PART_RECORD, off, rec.len))
			return -1;
		off += rec.len;
	}
	return 0;
}

static size_t padded(uint64_t len)
{
	return (len + CKPT_BULK_ALIGN - 1) / CKPT_BULK_ALIGN * CKPT_BULK_ALIGN;
}

static int parse_chunks(struct image *img, size_t *off)
{
	struct ckpt_chunk *c;

	do {
		if (add(img, PART_CHUNK, *off, sizeof(*c)))
			return -1;
		c = (struct ckpt_chunk *)(img->data + *off);
		if (c->magic != CKPT_CHUNK_MAGIC)
			return bad("chunk magic", *off);
		*off += sizeof(*c);
		if (c->length) {
			if (add(img, PART_DATA, *off, padded(c->length)))
				return -1;
			*off += padded(c->length);
		}
	} while (c->nr_runs);
	return 0;
}

int image_parse(struct image *img)
{
	struct ckpt_section *s;
	size_t off = 0;

	img->nr = 0;
	while (off < img->len) {
		if (add(img, PART_SECTION, off, sizeof(*s)))
			return -1;
		s = (struct ckpt_section *)(img->data + off);
		if (s->magic != CKPT_SECTION_MAGIC)
			return bad("section magic", off);
		switch (s->type) {
		case CKPT_SECTION_HEADER:
			img->header = off;
			if (add(img, PART_HEADER, off + sizeof(*s), s->length))
				return -1;
			break;
		case CKPT_SECTION_METADATA:
			img->metadata = off;
			if (s->length > img->len - off - sizeof(*s) ||
			    parse_records(img, off + sizeof(*s),
					  off + sizeof(*s) + s->length))
				return bad("metadata", off);
			break;
		case CKPT_SECTION_BULK:
			img->bulk = off;
			off += sizeof(*s);
			if (parse_chunks(img, &off))
				return -1;
			continue;
		case CKPT_SECTION_TRAILER:
			img->trailer = off;
			if (add(img, PART_TRAILER, off + sizeof(*s), s->length))
				return -1;
			break;
		default:
			return bad("section type", off);
		}
		off += sizeof(*s) + s->length;
	}
	return img->trailer ? 0 : bad("no trailer", off);
}

/* What the tools have put before it is not the kernel's business. */
static void drop_tool_sections(struct image *img)
{
	struct ckpt_section s;
	size_t off = 0;

	while (img->len - off >= sizeof(s)) {
		memcpy(&s, img->data + off, sizeof(s));
		if (s.magic != CKPT_SECTION_MAGIC || s.type < CKPT_SECTION_TOOL ||
		    s.length > img->len - off - sizeof(s))
			break;
		off += sizeof(s) + s.length;
	}
	img->len -= off;
	memmove(img->data, img->data + off, img->len);
}

int image_load(struct image *img, int fd)
{
	struct stat st;

	memset(img, 0, sizeof(*img));
	if (fstat(fd, &st))
		return -1;
	img->len = st.st_size;
	img->data = malloc(img->len + 8);
	if (!img->data || pread(fd, img->data, img->len, 0) != (ssize_t)img->len)
		return bad("cannot be read", 0);
	drop_tool_sections(img);
	return image_parse(img);
}

int image_copy(struct image *to, const struct image *from)
{
	*to = *from;
	to->data = malloc(from->len + SPARE);
	if (!to->data)
		return -1;
	memcpy(to->data, from->data, from->len);
	return 0;
}

void image_free(struct image *img)
{
	free(img->data);
	memset(img, 0, sizeof(*img));
}

static void fix_section(struct image *img, size_t off)
{
	struct ckpt_section *s = (struct ckpt_section *)(img->data + off);

	if (off && off + sizeof(*s) > img->len)
		return;
	if (s->length <= img->len - off - sizeof(*s))
		s->checksum = xxh64(s + 1, s->length);
}

void image_fix(struct image *img)
{
	struct ckpt_trailer *t;
	uint64_t *heads, nr = 0, len;
	unsigned int i;

	heads = calloc(img->nr + 1, 8);
	if (!heads)
		abort();
	for (i = 0; i < img->nr; i++) {
		struct ckpt_chunk *c;

		if (img->part[i].kind != PART_CHUNK)
			continue;
		c = (struct ckpt_chunk *)(img->data + img->part[i].off);
		len = c->length;
		if (len <= img->len - img->part[i].off - sizeof(*c))
			c->data_checksum = xxh64(c + 1, len);
		c->head_checksum = 0;
		c->head_checksum = xxh64(c, sizeof(*c));
		heads[nr++] = c->head_checksum;
	}
	t = (struct ckpt_trailer *)(img->data + img->trailer +
				    sizeof(struct ckpt_section));
	t->chunks_checksum = xxh64(heads, nr * 8);
	free(heads);
	fix_section(img, img->header);
	fix_section(img, img->metadata);
	fix_section(img, img->trailer);
}

/* The chunk of @run, and in @at where its data are, or would be; or NULL. */
static struct ckpt_chunk *find_chunk(const struct image *img,
				     const struct ckpt_run *run, size_t *at)
{
	const struct ckpt_run *r;
	struct ckpt_chunk *c;
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		c = (struct ckpt_chunk *)(img->data + img->part[i].off);
		if (img->part[i].kind != PART_CHUNK || run < c->run ||
		    run >= c->run + CKPT_CHUNK_RUNS)
			continue;
		*at = img->part[i].off + sizeof(*c);
		for (r = c->run; r < run; r++) {
			if (r->type == CKPT_RUN_DATA)
				*at += r->length;
		}
		return c;
	}
	return NULL;
}

/* Of the chunk at @chunk the data at @at become more or less by @by bytes. */
static int move_data(struct image *img, size_t chunk, size_t at, long by)
{
	struct ckpt_chunk *c = (struct ckpt_chunk *)(img->data + chunk);
	size_t start = chunk + sizeof(*c), end = start + c->length;
	size_t old = start + padded(c->length);
	size_t new = start + padded(c->length + by);
	size_t from = at + (by < 0 ? -by : 0), to = at + (by > 0 ? by : 0);
	struct ckpt_trailer *t;
	uint8_t *data;

	if (by > (long)MORE_MAX || from > end || at > end || old > img->len)
		return -1;
	data = calloc(1, img->len + new - old + SPARE);
	if (!data)
		return -1;
	memcpy(data, img->data, at);
	memcpy(data + to, img->data + from, end - from);
	memcpy(data + new, img->data + old, img->len - old);
	free(img->data);
	img->data = data;
	img->len += new - old;
	c = (struct ckpt_chunk *)(data + chunk);
	c->length += by;
	if (image_parse(img))
		return -1;
	t = (struct ckpt_trailer *)(data + img->trailer +
				    sizeof(struct ckpt_section));
	t->nr_bytes += by;
	return 0;
}

struct ckpt_run *image_set_run_type(struct image *img, struct ckpt_run *run,
				    uint32_t type)
{
	bool had = run->type == CKPT_RUN_DATA, has = type == CKPT_RUN_DATA;
	size_t at, chunk, length = run->length;
	struct ckpt_chunk *c;
	unsigned int index;

	c = find_chunk(img, run, &at);
	if (!c || (had != has && length > img->len + MORE_MAX))
		return NULL;
	run->type = type;
	if (had == has)
		return run;
	index = run - c->run;
	chunk = (uint8_t *)c - img->data;
	if (move_data(img, chunk, at, has ? (long)length : -(long)length))
		return NULL;
	c = (struct ckpt_chunk *)(img->data + chunk);
	return &c->run[index];
}

int image_fd(const struct image *img, size_t len)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, img->data, len) != (ssize_t)len) {
		close(fd);
		return -1;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}
