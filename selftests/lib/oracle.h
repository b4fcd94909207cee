/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state oracle: all that can be observed of a task tree, in a form in
 * which two recordings can be compared
 *
 * A recording is a sorted list of keys and values. Task numbers in it are
 * those of the tree's own pid namespace, so it does not depend on where the
 * tree runs. What may differ stands in a table in oracle_diff.c with the reason.
 */
#ifndef CKPT_TEST_ORACLE_H
#define CKPT_TEST_ORACLE_H

#include <stdio.h>
#include <sys/types.h>

struct oracle_entry {
	char *key;
	char *value;
};

struct oracle {
	struct oracle_entry *entry;
	size_t nr;
	size_t room;
};

/* Records the tree below @root, which should be frozen. 0 or -1. */
int oracle_record(struct oracle *o, pid_t root);

/* Prints the differences that matter to @f and returns their number. */
unsigned int oracle_diff(const struct oracle *a, const struct oracle *b,
			 FILE *f);

int oracle_write(const struct oracle *o, FILE *f);	/* as JSON */
int oracle_read(struct oracle *o, FILE *f);
void oracle_free(struct oracle *o);
const char *oracle_get(const struct oracle *o, const char *key);
void oracle_allowed(FILE *f);

void oracle_add(struct oracle *o, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void oracle_sort(struct oracle *o);

/* What a process can only see from inside, as text, one item a line. */
void inside_record(char *text, size_t size);

/* Prints the lines that differ with ckpt_note() and returns their number. */
unsigned int inside_diff(const char *before, const char *after);

#endif /* CKPT_TEST_ORACLE_H */
