/* SPDX-License-Identifier: GPL-2.0-only */
/* Records, which the reader does not keep */
#ifndef COMMON_RECORD_H
#define COMMON_RECORD_H

#include <checkpoint/image.h>

/* String number I of the tail, or "" behind the last one. */
const char *record_string(const struct ckpt_record *record, int i);

/* A copy, to be freed. */
struct ckpt_record *record_copy(const struct ckpt_record *record);

#endif /* COMMON_RECORD_H */
