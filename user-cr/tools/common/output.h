/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an image goes: a file appears only when it is complete */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "guard.h"

/**
 * struct output - the file, pipe or socket that is written to
 * @fd: to write to
 * @path: name of the file, NULL for the standard output
 * @resolved: room for where that leads to, if it is a link
 * @temp: name of the file until it is complete, or NULL
 * @guard: removes that file if we are killed
 * @nameless: the file has no name until it is complete
 * @owner: pid of the one who writes the file
 * @start: end of the regular file to which we append, else -1
 * @noted: bytes behind @start that are written already
 */
struct output {
	int fd;
	const char *path;
	char resolved[PATH_MAX];
	char *temp;
	struct guard guard;
	bool nameless;
	pid_t owner;
	off_t start;
	off_t noted;
};

/* 0, or -1 after a complaint. PATH may be NULL. */
int output_open(struct output *out, const char *path);

/* What to call it in messages. */
const char *output_name(const struct output *out);

/* What was written so far stays, whatever becomes of what follows. */
void output_note(struct output *out);

/* Whether nothing was written since, as far as one can tell. */
bool output_untouched(const struct output *out);

/* Makes it last, and gives it its name; 0, or -1 after a complaint. */
int output_commit(struct output *out);

/* In a signal handler that ends us: removes what was written. */
void output_abandon(const struct output *out);

/* Removes what was written; to be called by others if the writer died. */
void output_discard(struct output *out);

#endif /* COMMON_OUTPUT_H */
