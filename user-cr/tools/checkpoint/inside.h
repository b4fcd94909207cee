/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look into a namespace
 *
 * A process of its own enters it. It tells on its standard output what there is,
 * or on its standard error why it cannot be told.
 */
#ifndef CHECKPOINT_INSIDE_H
#define CHECKPOINT_INSIDE_H

#include <stddef.h>

/**
 * struct look - what such a process does
 * @run: it; @ns is the open file of the namespace
 * @arg: for it
 */
struct look {
	void (*run)(int ns, const void *arg);
	const void *arg;
};

/**
 * struct answer - what it has told
 * @bytes: all of it, with a NUL behind it, to be freed
 * @len: without that
 * @why: NULL; or why there is nothing, to be freed
 */
struct answer {
	char *bytes;
	size_t len;
	char *why;
};

/* Has a process look at the namespace with this file. 0, or -1 and a reason. */
int look_inside(const struct look *look, const char *path,
		struct answer *answer);

/* In that process: tells a string; ends it with a reason. */
void tell(const char *string);
__attribute__((noreturn, format(printf, 1, 2)))
void give_up(const char *format, ...);

/* Likewise: enters the user namespace to which one belongs. */
void enter_owner(int ns);

#endif /* CHECKPOINT_INSIDE_H */
