/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the tools, on their way into the image before the kernel's part */
#ifndef CHECKPOINT_SECTIONS_H
#define CHECKPOINT_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct sections - sections that are written
 * @fd: to where; -1 to see whether there is room for them, but for content
 * @bytes: records of the section that is being filled
 * @len: their length
 * @written: bytes of the image so far
 * @kept: bytes of records but content, of which readers take so many only
 * @last_id: of the objects
 * @error: errno of a write that failed; then nothing more is written
 * @why: or why it cannot be, to be freed
 */
struct sections {
	int fd;
	char *bytes;
	size_t len;
	uint64_t written;
	uint64_t kept;
	uint32_t last_id;
	int error;
	char *why;
};

/**
 * struct strings - the tail of a record
 * @bytes: strings, each with its NUL
 * @len: their length
 */
struct strings {
	char *bytes;
	size_t len;
};

void strings_add(struct strings *s, const char *string);
void strings_add_all(struct strings *s, const char *bytes, size_t len);

/* Adds a record; for objects, returns their id. */
void sections_add(struct sections *s, uint32_t type, const void *body,
		  size_t body_len, const void *tail, size_t tail_len);
uint32_t sections_add_object(struct sections *s, uint32_t type,
			     const void *body, size_t body_len,
			     struct strings *tail);

/*
 * Ends the last section. 0, or -1 and errno, and maybe @why; if there was none, nothing
 * is.
 */
int sections_end(struct sections *s);

#endif /* CHECKPOINT_SECTIONS_H */
