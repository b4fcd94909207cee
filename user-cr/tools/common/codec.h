/* SPDX-License-Identifier: GPL-2.0-only */
/* Compressed images: the frames of zstd and lz4, as their programs write them */
#ifndef COMMON_CODEC_H
#define COMMON_CODEC_H

#include <stddef.h>
#include <stdint.h>

enum codec {
	CODEC_NONE,
	CODEC_ZSTD,
	CODEC_LZ4,
};

#define CODEC_MAGIC_LEN	4

/**
 * struct transfer - what goes through a codec
 * @from: descriptor to read until its end
 * @from_name: for messages
 * @to: descriptor to write to
 * @to_name: for messages; NULL if nobody needs to know that @to was closed, when
 *	that is the end, too, unless it comes in the midst of a frame
 * @bytes: plain bytes so far
 * @step: called when there are more of them, or NULL
 * @arg: for @step
 */
struct transfer {
	int from;
	const char *from_name;
	int to;
	const char *to_name;
	uint64_t bytes;
	void (*step)(void *arg, uint64_t bytes);
	void *arg;
};

/* "zstd", "lz4" or "none", or a usage error. */
enum codec codec_parse(const char *name);

/* What begins with these bytes. */
enum codec codec_detect(const unsigned char *bytes, size_t len);

/*
 * Copy everything. 0, or -1 after a complaint. Nothing at all becomes nothing.
 */
int codec_compress(enum codec codec, struct transfer *t);
int codec_decompress(enum codec codec, struct transfer *t);

/* For the codecs: one buffer in, one out; 0 or more, or -1 after a complaint. */
long transfer_read(struct transfer *t, void *buf, size_t len);
int transfer_write(struct transfer *t, const void *buf, size_t len);
/*
 * Reads to the end, SIZE bytes at a time into BUF, and gives them to DECODE,
 * which returns what is still wanted: 0 between frames; -1 after a complaint.
 */
int transfer_decode(struct transfer *t, void *buf, size_t size,
		    long (*decode)(struct transfer *t, void *state,
				   const void *bytes, size_t len),
		    void *state);
/* Counts plain bytes. */
void transfer_count(struct transfer *t, size_t len);

int zstd_compress(struct transfer *t);
int zstd_decompress(struct transfer *t);
int lz4_compress(struct transfer *t);
int lz4_decompress(struct transfer *t);

#endif /* COMMON_CODEC_H */
