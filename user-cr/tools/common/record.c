// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "record.h"
#include "util.h"

const char *record_string(const struct ckpt_record *record, int i)
{
	const char *s = ckpt_record_tail(record);
	const char *end = s + record->tail_len;

	while (i-- && s < end)
		s += strlen(s) + 1;
	return s < end ? s : "";
}

struct ckpt_record *record_copy(const struct ckpt_record *record)
{
	struct ckpt_record *copy = xcalloc(1, record->len);

	memcpy(copy, record, record->len);
	return copy;
}
