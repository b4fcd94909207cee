/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ckpt-convert: an image on its way from one version of the format to another
 *
 * Its records are collected, and one step after the other makes those of the
 * next version of them (v1.c, and so on), as convert.c has it. What is before and behind them goes
 * through: sections of the tools, chunks, trailer.
 */
#ifndef CKPT_CONVERT_CONVERT_H
#define CKPT_CONVERT_CONVERT_H

#include <stdbool.h>

#include <checkpoint/image.h>

/**
 * struct records - the records of an image
 * @record: they, in their order; without PAD
 * @nr: their number
 * @made: those that are not the reader's, to be freed
 * @nr_made: their number
 */
struct records {
	const struct ckpt_record **record;
	size_t nr;
	struct ckpt_record **made;
	size_t nr_made;
};

void records_add(struct records *r, const struct ckpt_record *record);

/*
 * A new record like OLD with another body and without a tail; it is not in the
 * list yet.
 */
const struct ckpt_record *records_make(struct records *r,
				       const struct ckpt_record *old,
				       const void *body, uint32_t body_len);
void records_free(struct records *r);

/* v1.c: makes version 2 of version 1. */
void v1_convert(struct records *r, const struct ckpt_image_header *h);

/*
 * convert.c: from one descriptor to the other, with a message of what was done unless
 * QUIET; 0, or -1 after a complaint that names the image NAME.
 */
int convert_image(const char *name, int from, int to, bool quiet);

#endif /* CKPT_CONVERT_CONVERT_H */
