/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libcheckpoint: reading checkpoint images
 *
 * A reader walks through an image once, from front to back, and verifies all
 * that it passes: framing, checksums, records and the references between
 * them, totals. It never seeks, so pipes and sockets will do. Nothing in an
 * image is trusted; the memory it can make a reader take is bounded by twice
 * CKPT_METADATA_MAX and a few megabytes.
 *
 *	struct ckpt_reader *reader = ckpt_reader_new(fd);
 *	struct ckpt_item item;
 *	int ret;
 *
 *	while ((ret = ckpt_reader_next(reader, &item)) > 0)
 *		if (item.type == CKPT_ITEM_RECORD)
 *			look_at(item.record);
 *	if (ret < 0)
 *		puts(ckpt_reader_error(reader));
 *	ckpt_reader_free(reader);
 */
#ifndef CHECKPOINT_IMAGE_H
#define CHECKPOINT_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/checkpoint_image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An image with more metadata than this is refused. */
#define CKPT_METADATA_MAX	(256U << 20)

struct ckpt_reader;

/*
 * What ckpt_reader_next() found. CKPT_ITEM_TOOL is a section of the tools,
 * which is skipped; CKPT_ITEM_CHUNK never is the empty one at the end.
 */
enum ckpt_item_type {
	CKPT_ITEM_TOOL,
	CKPT_ITEM_HEADER,
	CKPT_ITEM_RECORD,
	CKPT_ITEM_CHUNK,
	CKPT_ITEM_TRAILER,
};

/*
 * A piece of an image. OFFSET is where it begins, from the start of the image.
 * Only the members that belong to TYPE are set. Header and records stay valid
 * until ckpt_reader_free(), all else until the next ckpt_reader_next().
 */
struct ckpt_item {
	enum ckpt_item_type type;
	uint64_t offset;
	const struct ckpt_section *section;	/* CKPT_ITEM_TOOL */
	const struct ckpt_image_header *header;	/* CKPT_ITEM_HEADER */
	const struct ckpt_record *record;	/* CKPT_ITEM_RECORD */
	const struct ckpt_chunk *chunk;		/* CKPT_ITEM_CHUNK */
	const void *data;			/* its chunk->length bytes */
	const struct ckpt_trailer *trailer;	/* CKPT_ITEM_TRAILER */
};

/*
 * Makes a reader of the image that begins at FD's position. FD stays the
 * caller's and must be open as long as the reader is used. NULL and errno
 * when memory is short.
 */
struct ckpt_reader *ckpt_reader_new(int fd);

/*
 * The same for the context descriptor of a restart, which yields header and
 * records alone.
 */
struct ckpt_reader *ckpt_reader_new_context(int fd);

void ckpt_reader_free(struct ckpt_reader *reader);

/*
 * Fetches the next piece. Returns 1; 0 after the last one; -1 when the image
 * is damaged or cannot be read, and then again and again.
 */
int ckpt_reader_next(struct ckpt_reader *reader, struct ckpt_item *item);

/* One line that says what is wrong, with the offset in the image, or "". */
const char *ckpt_reader_error(const struct ckpt_reader *reader);

/* Number of bytes read so far. */
uint64_t ckpt_reader_offset(const struct ckpt_reader *reader);

/*
 * Copies the body of RECORD into a struct of SIZE bytes; fields that an older
 * writer did not know become zero.
 */
void ckpt_record_body(const struct ckpt_record *record, void *body,
		      size_t size);

/* The tail of RECORD, record->tail_len bytes. */
const void *ckpt_record_tail(const struct ckpt_record *record);

/* Name of a record type, such as "VMA", or NULL. */
const char *ckpt_record_name(uint32_t type);

/* Name of an architecture as uname -m has it, or NULL. */
const char *ckpt_arch_name(uint32_t arch);

#ifdef __cplusplus
}
#endif

#endif /* CHECKPOINT_IMAGE_H */
