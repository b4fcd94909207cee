/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An image in memory: where its parts are, and how to make its checksums right
 * again after it was changed
 */
#ifndef CKPT_TEST_IMAGE_H
#define CKPT_TEST_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/checkpoint_image.h>

#define IMAGE_MAX_PARTS	4096

enum part_kind {
	PART_SECTION,	/* struct ckpt_section */
	PART_HEADER,	/* struct ckpt_image_header */
	PART_RECORD,	/* struct ckpt_record, body and tail */
	PART_CHUNK,	/* struct ckpt_chunk */
	PART_DATA,	/* of a chunk, with padding */
	PART_TRAILER,	/* struct ckpt_trailer */
};

struct part {
	enum part_kind kind;
	size_t off;
	size_t len;
};

struct image {
	uint8_t *data;
	size_t len;
	struct part part[IMAGE_MAX_PARTS];
	unsigned int nr;
	size_t header;		/* offsets of the sections */
	size_t metadata;
	size_t bulk;
	size_t trailer;
};

uint64_t xxh64(const void *data, size_t len);

/* 0, or -1 with the reason on stderr. */
int image_load(struct image *img, int fd);
int image_parse(struct image *img);
int image_copy(struct image *to, const struct image *from);
void image_free(struct image *img);

/* Recomputes every checksum that a change of the bytes made wrong. */
void image_fix(struct image *img);

/*
 * Makes @run one of another type. What comes to have data gets zeros, what does
 * not have any more loses them: the rest of the image moves, and the counts
 * follow. The run in its new place, or NULL.
 */
struct ckpt_run *image_set_run_type(struct image *img, struct ckpt_run *run,
				    uint32_t type);

/* A memfd with the first @len bytes. */
int image_fd(const struct image *img, size_t len);

#endif /* CKPT_TEST_IMAGE_H */
