/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fields of an image mean, for tests that forge them
 */
#ifndef CKPT_TEST_FORMAT_H
#define CKPT_TEST_FORMAT_H

#include "image.h"

enum field_kind {
	FIELD_ID,	/* of an object of the type in @arg, or 0 */
	FIELD_COUNT,	/* of something in the tail, or of records */
	FIELD_FLAGS,	/* the known ones are in @arg */
	FIELD_ENUM,	/* values up to @arg */
	FIELD_ADDRESS,
	FIELD_PID,	/* of a task of the image, or 0 */
	FIELD_NUMBER,
	FIELD_RESERVED,	/* must be zero */
};

/*
 * A type of records whose body is another one on each architecture, as
 * image_record() finds it in images of @arch only
 */
#define TYPE_OF_ARCH(type, arch)	((type) | (arch) << 16)

struct field {
	uint32_t type;		/* of record, maybe TYPE_OF_ARCH() */
	enum field_kind kind;
	size_t off;		/* in the body */
	size_t size;
	uint64_t arg;
	const char *name;
};

extern const struct field fields[];
extern const unsigned int nr_fields;

/* The @nr-th record of @type, or NULL. @type may be TYPE_OF_ARCH(). */
struct ckpt_record *image_record(const struct image *img, uint32_t type,
				 unsigned int nr);

static inline void *record_body(struct ckpt_record *rec)
{
	return rec + 1;
}

static inline void *record_tail(struct ckpt_record *rec)
{
	return (uint8_t *)(rec + 1) + rec->body_len;
}

uint64_t field_get(const struct ckpt_record *rec, const struct field *f);
void field_set(struct ckpt_record *rec, const struct field *f, uint64_t value);

/* The @nr-th run of @type, or of any type if that is 0; or NULL. */
struct ckpt_run *image_run_of(struct image *img, uint32_t type, unsigned int nr);

/* The @nr-th run of data, or NULL. */
static inline struct ckpt_run *image_run(struct image *img, unsigned int nr)
{
	return image_run_of(img, CKPT_RUN_DATA, nr);
}

/* The run of @type that begins at @offset of the object @source, or NULL. */
struct ckpt_run *image_run_at(struct image *img, uint32_t type, uint32_t source,
			      uint64_t offset);

/*
 * Makes room for @len more bytes in the tail of @rec, or less, from the padding
 * at the end of the metadata. 0, or -1 when there is not enough of it.
 */
int image_resize_tail(struct image *img, struct ckpt_record *rec, int len);

/* Takes a record out. 0 or -1. */
int image_remove_record(struct image *img, struct ckpt_record *rec);

/* Puts the same record behind it, if there is enough padding: the copy, or NULL. */
struct ckpt_record *image_repeat_record(struct image *img, struct ckpt_record *rec);

/* More padding, a multiple of CKPT_BULK_ALIGN. All records move. 0 or -1. */
int image_add_padding(struct image *img, size_t len);

#endif /* CKPT_TEST_FORMAT_H */
