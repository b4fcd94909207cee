// SPDX-License-Identifier: LGPL-2.1-only
/* The metadata section: framing of records, ids, and the table of types */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/**
 * struct record_type - what the reader knows of a type
 * @name: for messages
 * @body: bytes of the body that are known
 * @object: its records have an id
 * @owned: its records belong to a task
 * @tail: its records may have a tail
 * @check: verifies the content
 */
struct record_type {
	const char *name;
	uint32_t body;
	bool object;
	bool owned;
	bool tail;
	int (*check)(struct ckpt_reader *r, const struct ckpt_record *rec);
};

static const struct record_type types[] = {
	[CKPT_REC_PAD] = { .name = "PAD", .tail = true },
	[CKPT_REC_TASK] = {
		.name = "TASK", .body = sizeof(struct ckpt_task),
		.object = true, .check = check_task,
	},
	[CKPT_REC_TASK_STATE] = {
		.name = "TASK_STATE", .body = sizeof(struct ckpt_task_state),
		.owned = true, .check = check_task_state,
	},
	[CKPT_REC_UTS] = {
		.name = "UTS", .body = sizeof(struct ckpt_uts),
		.object = true, .check = check_uts,
	},
	[CKPT_REC_CRED] = {
		.name = "CRED", .body = sizeof(struct ckpt_cred),
		.object = true, .owned = true, .tail = true,
		.check = check_cred,
	},
	[CKPT_REC_FILE] = {
		.name = "FILE", .body = sizeof(struct ckpt_file),
		.object = true, .owned = true, .tail = true,
		.check = check_file,
	},
	[CKPT_REC_FD_TABLE] = {
		.name = "FD_TABLE", .body = sizeof(struct ckpt_fd_table),
		.object = true, .owned = true, .tail = true,
		.check = check_fd_table,
	},
	[CKPT_REC_FS] = {
		.name = "FS", .body = sizeof(struct ckpt_fs),
		.object = true, .owned = true, .tail = true,
		.check = check_fs,
	},
	[CKPT_REC_MM] = {
		.name = "MM", .body = sizeof(struct ckpt_mm),
		.object = true, .owned = true, .tail = true,
		.check = check_mm,
	},
	[CKPT_REC_VMA] = {
		.name = "VMA", .body = sizeof(struct ckpt_vma),
		.owned = true, .check = check_vma,
	},
	[CKPT_REC_SIGHAND] = {
		.name = "SIGHAND", .body = sizeof(struct ckpt_sighand),
		.object = true, .owned = true, .tail = true,
		.check = check_sighand,
	},
	[CKPT_REC_RLIMITS] = {
		.name = "RLIMITS", .body = sizeof(struct ckpt_rlimits),
		.owned = true,
	},
	[CKPT_REC_REGSET] = {
		.name = "REGSET", .body = sizeof(struct ckpt_regset),
		.owned = true, .tail = true, .check = check_regset,
	},
	[CKPT_REC_RESTART_BLOCK] = {
		.name = "RESTART_BLOCK",
		.body = sizeof(struct ckpt_restart_block),
		.owned = true, .check = check_restart_block,
	},
	/* Belongs to the architecture: passed on as it is. */
	[CKPT_REC_ARCH_TASK] = {
		.name = "ARCH_TASK", .body = UINT32_MAX,
		.owned = true, .tail = true,
	},
};

#define NR_TYPES	(sizeof(types) / sizeof(types[0]))

const char *ckpt_record_name(uint32_t type)
{
	return type < NR_TYPES ? types[type].name : NULL;
}

const char *ckpt_arch_name(uint32_t arch)
{
	switch (arch) {
	case CKPT_ARCH_UM_X86_64:
		return "um-x86_64";
	case CKPT_ARCH_X86_64:
		return "x86_64";
	}
	return NULL;
}

void ckpt_record_body(const struct ckpt_record *rec, void *body, size_t size)
{
	size_t have = rec->body_len < size ? rec->body_len : size;

	memcpy(body, rec + 1, have);
	memset((char *)body + have, 0, size - have);
}

const void *ckpt_record_tail(const struct ckpt_record *rec)
{
	return (const char *)(rec + 1) + rec->body_len;
}

bool is_object(const struct ckpt_reader *r, uint32_t id, uint32_t type)
{
	return id && id <= r->header.nr_objects && r->objects[id].type == type;
}

int records_begin(struct ckpt_reader *r)
{
	const struct ckpt_image_header *h = &r->header;

	if (h->tree_len > r->meta_len)
		return reader_fail(r, "the task tree has %llu bytes, all metadata only %zu",
				   (unsigned long long)h->tree_len, r->meta_len);
	if (h->nr_objects > r->meta_len / sizeof(struct ckpt_record))
		return reader_fail(r, "%u objects cannot be in %zu bytes of metadata",
				   h->nr_objects, r->meta_len);
	r->objects = calloc((size_t)h->nr_objects + 1, sizeof(*r->objects));
	if (!r->objects)
		return reader_fail(r, "no memory for %u objects",
				   h->nr_objects);
	return 0;
}

/* Lengths: after this, body and tail are known to be inside the section. */
static int check_frame(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	size_t left = r->meta_len - r->meta_pos;
	uint64_t need;

	if (left < sizeof(*rec))
		return reader_fail(r, "%zu bytes are too few for a record",
				   left);
	if (rec->len < sizeof(*rec) || rec->len % CKPT_RECORD_ALIGN ||
	    rec->len > left)
		return reader_fail(r, "a record of %u bytes, with %zu bytes left",
				   rec->len, left);
	need = ((uint64_t)rec->tail_len + 7) / 8 * 8;
	need += sizeof(*rec) + (uint64_t)rec->body_len;
	if (rec->body_len % CKPT_RECORD_ALIGN || need != rec->len)
		return reader_fail(r, "a record of %u bytes cannot have a body of %u and a tail of %u",
				   rec->len, rec->body_len, rec->tail_len);
	return 0;
}

/* Type and zero bytes. */
static int check_form(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const char *body = (const char *)(rec + 1);
	const char *tail = ckpt_record_tail(rec);
	const struct record_type *type;

	if (!ckpt_record_name(rec->type))
		return reader_fail(r, "a record of the unknown type %u",
				   rec->type);
	type = &types[rec->type];
	if (rec->body_len > type->body &&
	    !all_zero(body + type->body, rec->body_len - type->body))
		return reader_fail(r, "%s: fields that this program does not know",
				   type->name);
	if (rec->tail_len && !type->tail)
		return reader_fail(r, "%s: a tail where there should be none",
				   type->name);
	if (rec->type == CKPT_REC_PAD && !all_zero(tail, rec->tail_len))
		return reader_fail(r, "PAD: not zero");
	if (!all_zero(tail + rec->tail_len, -rec->tail_len % 8))
		return reader_fail(r, "%s: padding is not zero", type->name);
	return 0;
}

static int check_ids(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct record_type *type = &types[rec->type];

	if (type->object != (rec->id != 0))
		return reader_fail(r, "%s: id %u", type->name, rec->id);
	if (rec->id > r->header.nr_objects)
		return reader_fail(r, "%s: id %u is above the highest, %u",
				   type->name, rec->id, r->header.nr_objects);
	if (rec->id && r->objects[rec->id].type)
		return reader_fail(r, "%s: id %u belongs to a %s already",
				   type->name, rec->id,
				   types[r->objects[rec->id].type].name);
	if (rec->type == CKPT_REC_TASK) {
		if (rec->owner != rec->id)
			return reader_fail(r, "TASK: owner %u of task %u",
					   rec->owner, rec->id);
	} else if (rec->owner ? !is_object(r, rec->owner, CKPT_REC_TASK) :
		   type->owned) {
		return reader_fail(r, "%s: owner %u is not a task", type->name,
				   rec->owner);
	}
	return 0;
}

/* The task records stand first, and there are as many as the header says. */
static int check_place(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_image_header *h = &r->header;
	bool in_tree = r->meta_pos < h->tree_len;

	if (in_tree != (rec->type == CKPT_REC_TASK))
		return reader_fail(r, "%s: %s the task tree",
				   types[rec->type].name,
				   in_tree ? "inside" : "behind");
	if (in_tree && r->meta_pos + rec->len > h->tree_len)
		return reader_fail(r, "TASK: longer than the task tree");
	return 0;
}

int records_next(struct ckpt_reader *r, const struct ckpt_record **record)
{
	const struct ckpt_record *rec = (void *)(r->meta + r->meta_pos);
	int (*check)(struct ckpt_reader *r, const struct ckpt_record *rec);

	r->at = r->meta_offset + r->meta_pos;
	if (r->meta_pos == r->meta_len)
		return 0;
	if (check_frame(r, rec) < 0 || check_form(r, rec) < 0 ||
	    check_place(r, rec) < 0 || check_ids(r, rec) < 0)
		return -1;
	check = types[rec->type].check;
	if (check && check(r, rec) < 0)
		return -1;
	if (rec->id)
		r->objects[rec->id].type = rec->type;
	r->meta_pos += rec->len;
	*record = rec;
	return 1;
}

static int check_object(struct ckpt_reader *r, uint32_t id)
{
	const struct object *o = &r->objects[id];

	if (o->vmas_left)
		return reader_fail(r, "MM %u: %u mappings are missing", id,
				   o->vmas_left);
	if (o->type != CKPT_REC_TASK)
		return 0;
	if (!o->has_state)
		return reader_fail(r, "TASK %u: its state is missing", id);
	return 0;
}

int records_end(struct ckpt_reader *r)
{
	uint32_t id;

	if (r->nr_tasks != r->header.nr_tasks)
		return reader_fail(r, "%u tasks instead of %u", r->nr_tasks,
				   r->header.nr_tasks);
	for (id = 1; id <= r->header.nr_objects; id++)
		if (check_object(r, id) < 0)
			return -1;
	return 0;
}
