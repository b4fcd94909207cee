/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutation testing: what if a field were not saved?
 */
#ifndef CKPT_TEST_DROP_H
#define CKPT_TEST_DROP_H

#define DROP_VARIABLE	"CKPT_TEST_DROP"

/*
 * If the environment names a field, "TYPE.field" or "TYPE.field:BIT", a copy of
 * the image without it: zero in all records, or where an image is refused then,
 * what the field would be if nobody had saved it. Otherwise, or if no record has
 * anything there, a copy as it is. A descriptor, or a negative errno.
 */
int drop_field(int image);

/*
 * Names of all fields to drop, a line each: those with bits of their own bit by
 * bit. What only refers or counts is left out: without it an image is refused,
 * which other tests see to.
 */
void print_fields_to_drop(void);

#endif /* CKPT_TEST_DROP_H */
