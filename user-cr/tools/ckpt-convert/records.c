// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "../common/util.h"
#include "convert.h"

void records_add(struct records *r, const struct ckpt_record *record)
{
	r->record = xgrow(r->record, r->nr, sizeof(*r->record));
	r->record[r->nr++] = record;
}

const struct ckpt_record *records_make(struct records *r,
				       const struct ckpt_record *old,
				       const void *body, uint32_t body_len)
{
	struct ckpt_record *record = xcalloc(1, sizeof(*record) + body_len);

	*record = (struct ckpt_record){
		.type = old->type, .len = sizeof(*record) + body_len,
		.body_len = body_len, .id = old->id, .owner = old->owner,
	};
	memcpy(record + 1, body, body_len);
	r->made = xgrow(r->made, r->nr_made, sizeof(*r->made));
	r->made[r->nr_made++] = record;
	return record;
}

void records_free(struct records *r)
{
	size_t i;

	for (i = 0; i < r->nr_made; i++)
		free(r->made[i]);
	free(r->made);
	free(r->record);
}
