// SPDX-License-Identifier: GPL-2.0-only
/*
 * From version 1 to version 2
 *
 * What the architecture has of a task stands before its registers, as it says
 * what these are of. On x86_64 it has a body: version 1 knew neither 32-bit
 * programs nor what else is in there, and refused who had any of it, so all of
 * it is zero. All else that is new may be missing: where the vDSO is in no
 * record the header has its hash, and the kernel must have the same one.
 */
#include <stdlib.h>

#include "../common/util.h"
#include "convert.h"

#define FIRST_TLS	12	/* GDT_ENTRY_TLS_MIN of x86_64 */

static const struct ckpt_record *x86_task(struct records *r,
					  const struct ckpt_record *old)
{
	struct ckpt_x86_task body = { 0 };
	uint32_t i;

	for (i = 0; i < CKPT_X86_NR_TLS; i++)
		body.tls[i].number = FIRST_TLS + i;
	return records_make(r, old, &body, sizeof(body));
}

/* Records ARCH_TASK by the task's id, as they will be. */
static const struct ckpt_record **find_arch_tasks(struct records *r,
						  const struct ckpt_image_header *h)
{
	const struct ckpt_record **of, *record;
	size_t i;

	of = xcalloc((size_t)h->nr_objects + 1, sizeof(*of));
	for (i = 0; i < r->nr; i++) {
		record = r->record[i];
		if (record->type != CKPT_REC_ARCH_TASK)
			continue;
		of[record->owner] = h->arch == CKPT_ARCH_X86_64 ?
				    x86_task(r, record) : record;
	}
	return of;
}

void v1_convert(struct records *r, const struct ckpt_image_header *h)
{
	const struct ckpt_record **of = find_arch_tasks(r, h), *record;
	struct records new = { .made = r->made, .nr_made = r->nr_made };
	size_t i;

	for (i = 0; i < r->nr; i++) {
		record = r->record[i];
		if ((record->type == CKPT_REC_ARCH_TASK ||
		     record->type == CKPT_REC_REGSET) && of[record->owner]) {
			records_add(&new, of[record->owner]);
			of[record->owner] = NULL;
		}
		if (record->type != CKPT_REC_ARCH_TASK)
			records_add(&new, record);
	}
	free(of);
	free(r->record);
	*r = new;
}
