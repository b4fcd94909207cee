// SPDX-License-Identifier: LGPL-2.1-only
/* The metadata section: framing of records, ids, and the table of types */
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "reader.h"

/**
 * struct record_type - what the reader knows of a type
 * @layout: its name, fields and tail; a body without a layout belongs to the
 *	architecture and is passed on as it is
 * @object: its records have an id
 * @owned: its records belong to a task
 * @check: verifies the content
 */
struct record_type {
	struct ckpt_record_layout layout;
	bool object;
	bool owned;
	int (*check)(struct ckpt_reader *r, const struct ckpt_record *rec);
};

#define LAYOUT(n, s)	.layout.name = n, .layout.body = &layout_of_ckpt_##s
#define TAIL(...)	.layout.tail = { __VA_ARGS__ }

/* Parts of a tail: to its end, or as many as a field says */
#define REST(k, n)	{ CKPT_TAIL_##k, n, NULL, CKPT_TAIL_REST }
#define REST_OF(s, n)	{ CKPT_TAIL_STRUCTS, n, &layout_of_##s, CKPT_TAIL_REST }
#define SOME(k, n, s, f) \
	{ CKPT_TAIL_##k, n, NULL, offsetof(struct ckpt_##s, f) }
#define SOME_OF(o, n, s, f) \
	{ CKPT_TAIL_STRUCTS, n, &layout_of_##o, offsetof(struct ckpt_##s, f) }

static const struct record_type types[] = {
	[CKPT_REC_PAD] = { .layout.name = "PAD", TAIL(REST(BYTES, "padding")) },
	[CKPT_REC_TASK] = {
		LAYOUT("TASK", task), TAIL(REST_OF(ckpt_pid, "nested")),
		.object = true, .check = check_task,
	},
	[CKPT_REC_TASK_STATE] = {
		LAYOUT("TASK_STATE", task_state), .owned = true,
		.check = check_task_state,
	},
	[CKPT_REC_EXIT] = {
		LAYOUT("EXIT", exit), .owned = true, .check = check_exit,
	},
	[CKPT_REC_STOP] = {
		LAYOUT("STOP", stop), .owned = true, .check = check_stop,
	},
	[CKPT_REC_VFORK] = {
		LAYOUT("VFORK", vfork), .owned = true, .check = check_vfork,
	},
	[CKPT_REC_UTS] = {
		LAYOUT("UTS", uts), .object = true, .check = check_uts,
	},
	[CKPT_REC_NS] = {
		LAYOUT("NS", ns), TAIL(REST_OF(ckpt_id_extent, "ids")),
		.object = true, .check = check_ns,
	},
	[CKPT_REC_CRED] = {
		LAYOUT("CRED", cred), TAIL(REST(WORDS32, "groups")),
		.object = true, .owned = true, .check = check_cred,
	},
	[CKPT_REC_FILE] = {
		LAYOUT("FILE", file), TAIL(REST(STRINGS, "name")),
		.object = true, .owned = true, .check = check_file,
	},
	[CKPT_REC_PIPE] = {
		LAYOUT("PIPE", pipe),
		TAIL(SOME_OF(ckpt_pipe_buf, "bufs", pipe, nr_bufs),
		     REST(STRINGS, "path")),
		.object = true, .owned = true, .check = check_pipe,
	},
	[CKPT_REC_FD_TABLE] = {
		LAYOUT("FD_TABLE", fd_table), TAIL(REST_OF(ckpt_fd, "fds")),
		.object = true, .owned = true, .check = check_fd_table,
	},
	[CKPT_REC_FS] = {
		LAYOUT("FS", fs), TAIL(REST(STRINGS, "paths")),
		.object = true, .owned = true, .check = check_fs,
	},
	[CKPT_REC_MM] = {
		LAYOUT("MM", mm), TAIL(REST(WORDS64, "auxv")),
		.object = true, .owned = true, .check = check_mm,
	},
	[CKPT_REC_VMA] = {
		LAYOUT("VMA", vma), TAIL(REST(STRINGS, "name")), .owned = true,
		.check = check_vma,
	},
	[CKPT_REC_SHMEM] = {
		LAYOUT("SHMEM", shmem), .object = true, .owned = true,
		.check = check_shmem,
	},
	[CKPT_REC_VMA_POLICY] = {
		LAYOUT("VMA_POLICY", range_policy), TAIL(REST(WORDS64, "nodes")),
		.owned = true, .check = check_range_policy,
	},
	[CKPT_REC_SHMEM_POLICY] = {
		LAYOUT("SHMEM_POLICY", range_policy), TAIL(REST(WORDS64, "nodes")),
		.owned = true, .check = check_range_policy,
	},
	[CKPT_REC_VDSO] = {
		LAYOUT("VDSO", vdso),
		TAIL(SOME_OF(ckpt_vdso_symbol, "symbols", vdso, nr_symbols),
		     SOME(BYTES, "code", vdso, code_len),
		     REST(BYTES, "data")),
		.object = true, .owned = true, .check = check_vdso,
	},
	[CKPT_REC_SIGHAND] = {
		LAYOUT("SIGHAND", sighand), TAIL(REST_OF(ckpt_sigaction, "actions")),
		.object = true, .owned = true, .check = check_sighand,
	},
	[CKPT_REC_PENDING] = {
		LAYOUT("PENDING", pending), TAIL(REST(BYTES, "siginfo")),
		.owned = true, .check = check_pending,
	},
	[CKPT_REC_ITIMERS] = {
		LAYOUT("ITIMERS", itimers), .owned = true,
		.check = check_itimers,
	},
	[CKPT_REC_TIMERS] = {
		LAYOUT("TIMERS", timers), TAIL(REST_OF(ckpt_timer, "timers")),
		.owned = true, .check = check_timers,
	},
	[CKPT_REC_TIMES] = { LAYOUT("TIMES", times), .owned = true },
	[CKPT_REC_SCHED] = {
		LAYOUT("SCHED", sched), TAIL(REST(WORDS64, "cpus")), .owned = true,
		.check = check_sched,
	},
	[CKPT_REC_TASK_POLICY] = {
		LAYOUT("TASK_POLICY", task_policy), TAIL(REST(WORDS64, "nodes")),
		.owned = true, .check = check_task_policy,
	},
	[CKPT_REC_PRCTLS] = {
		LAYOUT("PRCTLS", prctls), TAIL(REST_OF(ckpt_prctl, "calls")),
		.owned = true, .check = check_prctls,
	},
	[CKPT_REC_RSEQ] = {
		LAYOUT("RSEQ", rseq), .owned = true, .check = check_rseq,
	},
	[CKPT_REC_DISPATCH] = {
		LAYOUT("DISPATCH", dispatch), .owned = true,
		.check = check_dispatch,
	},
	[CKPT_REC_SECCOMP_FILTER] = {
		LAYOUT("SECCOMP_FILTER", seccomp_filter), TAIL(REST(BYTES, "program")),
		.object = true, .owned = true, .check = check_seccomp_filter,
	},
	[CKPT_REC_SECCOMP] = {
		LAYOUT("SECCOMP", seccomp), .owned = true, .check = check_seccomp,
	},
	[CKPT_REC_RLIMITS] = { LAYOUT("RLIMITS", rlimits), .owned = true },
	[CKPT_REC_REGSET] = {
		LAYOUT("REGSET", regset),
		TAIL(SOME(BYTES, "registers", regset, size),
		     REST_OF(x86_xfeat_component, "layout")),
		.owned = true, .check = check_regset,
	},
	[CKPT_REC_RESTART_BLOCK] = {
		LAYOUT("RESTART_BLOCK", restart_block), .owned = true,
		.check = check_restart_block,
	},
	[CKPT_REC_ARCH_TASK] = {
		.layout.name = "ARCH_TASK", TAIL(REST(BYTES, "state")),
		.owned = true, .check = check_arch_task,
	},
	[CKPT_REC_ARCH_MM] = {
		.layout.name = "ARCH_MM", TAIL(REST(BYTES, "state")),
		.owned = true, .check = check_arch_mm,
	},
};

/* What these consist of, by architecture. */
static const struct ckpt_record_layout arch_tasks[] = {
	[CKPT_ARCH_UM_X86_64] = {
		.name = "ARCH_TASK", .body = &layout_of_ckpt_um_task,
		.tail = { REST(BYTES, "state") },
	},
	[CKPT_ARCH_X86_64] = {
		.name = "ARCH_TASK", .body = &layout_of_ckpt_x86_task,
		.tail = { REST(BYTES, "state") },
	},
	[CKPT_ARCH_I386] = {
		.name = "ARCH_TASK", .body = &layout_of_ckpt_x86_task,
		.tail = { REST(BYTES, "state") },
	},
};

static const struct ckpt_record_layout arch_mms[] = {
	[CKPT_ARCH_X86_64] = {
		.name = "ARCH_MM", .body = &layout_of_ckpt_x86_mm,
		.tail = { REST_OF(ckpt_x86_segment, "segments") },
	},
	[CKPT_ARCH_I386] = {
		.name = "ARCH_MM", .body = &layout_of_ckpt_x86_mm,
		.tail = { REST_OF(ckpt_x86_segment, "segments") },
	},
};

/* The compiler wants a case for each type of the format: see to the table. */
static const struct record_type *find_type(uint32_t type)
{
	switch ((enum ckpt_record_type)type) {
	case CKPT_REC_PAD:
	case CKPT_REC_TASK:
	case CKPT_REC_TASK_STATE:
	case CKPT_REC_EXIT:
	case CKPT_REC_STOP:
	case CKPT_REC_VFORK:
	case CKPT_REC_UTS:
	case CKPT_REC_NS:
	case CKPT_REC_CRED:
	case CKPT_REC_FILE:
	case CKPT_REC_PIPE:
	case CKPT_REC_FD_TABLE:
	case CKPT_REC_FS:
	case CKPT_REC_MM:
	case CKPT_REC_VMA:
	case CKPT_REC_SHMEM:
	case CKPT_REC_VDSO:
	case CKPT_REC_VMA_POLICY:
	case CKPT_REC_SHMEM_POLICY:
	case CKPT_REC_SIGHAND:
	case CKPT_REC_PENDING:
	case CKPT_REC_ITIMERS:
	case CKPT_REC_TIMERS:
	case CKPT_REC_RLIMITS:
	case CKPT_REC_TIMES:
	case CKPT_REC_SCHED:
	case CKPT_REC_PRCTLS:
	case CKPT_REC_RSEQ:
	case CKPT_REC_DISPATCH:
	case CKPT_REC_SECCOMP_FILTER:
	case CKPT_REC_SECCOMP:
	case CKPT_REC_TASK_POLICY:
	case CKPT_REC_REGSET:
	case CKPT_REC_RESTART_BLOCK:
	case CKPT_REC_ARCH_TASK:
	case CKPT_REC_ARCH_MM:
		return &types[type];
	}
	return NULL;
}

#define OF_ARCH(array, arch) \
	((arch) < sizeof(array) / sizeof((array)[0]) && (array)[arch].name ? \
	 &(array)[arch] : NULL)

const struct ckpt_record_layout *ckpt_record_layout(uint32_t type,
						    uint32_t arch)
{
	const struct record_type *known = find_type(type);
	const struct ckpt_record_layout *own = tool_layout(type);

	if (type == CKPT_REC_ARCH_TASK)
		own = OF_ARCH(arch_tasks, arch);
	else if (type == CKPT_REC_ARCH_MM)
		own = OF_ARCH(arch_mms, arch);
	if (own)
		return own;
	return known ? &known->layout : NULL;
}

const char *ckpt_record_name(uint32_t type)
{
	const struct ckpt_record_layout *layout = ckpt_record_layout(type, 0);

	return layout ? layout->name : NULL;
}

/* All kernels for x86 write the same records. */
bool is_x86(uint32_t arch)
{
	return arch == CKPT_ARCH_X86_64 || arch == CKPT_ARCH_I386;
}

const char *ckpt_arch_name(uint32_t arch)
{
	switch (arch) {
	case CKPT_ARCH_UM_X86_64:
		return "um-x86_64";
	case CKPT_ARCH_X86_64:
		return "x86_64";
	case CKPT_ARCH_I386:
		return "i386";
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

/* What the record says, or what there is. */
static uint32_t part_len(const struct ckpt_record *rec,
			 const struct ckpt_tail *part, uint32_t left)
{
	uint32_t one = part->one ? part->one->size : 1;
	uint32_t nr, most = left / one;

	if (part->kind == CKPT_TAIL_NONE)
		return 0;
	if (part->nr == CKPT_TAIL_REST)
		return most * one;
	/* A body of an older version may end before. */
	if (part->nr + sizeof(nr) > rec->body_len)
		return 0;
	nr = *(const uint32_t *)((const char *)(rec + 1) + part->nr);
	return (nr < most ? nr : most) * one;
}

const void *ckpt_record_part(const struct ckpt_record *rec,
			     const struct ckpt_record_layout *layout,
			     unsigned int part, uint32_t *len)
{
	const char *tail = ckpt_record_tail(rec);
	uint32_t at = 0;
	unsigned int i;

	for (i = 0; i <= part; i++) {
		*len = part_len(rec, &layout->tail[i], rec->tail_len - at);
		if (i < part)
			at += *len;
	}
	return tail + at;
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

int record_frame(struct ckpt_reader *r, const struct ckpt_record *rec,
		 size_t left)
{
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

static int check_body(struct ckpt_reader *r, const struct ckpt_record *rec,
		      const struct ckpt_record_layout *layout)
{
	const char *body = (const char *)(rec + 1);
	size_t known = layout->body ? layout->body->size : 0;

	/* Of an architecture that we do not know, any body will do. */
	if (rec->body_len > known &&
	    (layout->body || rec->type < CKPT_REC_ARCH_TASK) &&
	    !all_zero(body + known, rec->body_len - known))
		return reader_fail(r, "%s: fields that this program does not know",
				   layout->name);
	return 0;
}

static bool reserved_zero(const struct ckpt_layout *layout, const char *at,
			  size_t len)
{
	const struct ckpt_field *f;
	size_t i;

	for (i = 0; i < layout->nr_fields; i++) {
		f = &layout->field[i];
		if (f->format == CKPT_FIELD_RESERVED &&
		    f->offset + f->size * f->count <= len &&
		    !all_zero(at + f->offset, f->size * f->count))
			return false;
	}
	return true;
}

static bool part_reserved_zero(const struct ckpt_record *rec,
			       const struct ckpt_record_layout *layout,
			       unsigned int part)
{
	const struct ckpt_layout *one = layout->tail[part].one;
	uint32_t len, at;
	const char *from = ckpt_record_part(rec, layout, part, &len);
	bool zero = true;

	if (!one)
		return true;
	for (at = 0; at < len; at += one->size)
		zero &= reserved_zero(one, from + at, one->size);
	return zero;
}

int record_reserved(struct ckpt_reader *r, const struct ckpt_record *rec,
		    const struct ckpt_record_layout *layout)
{
	unsigned int i;
	bool zero = true;

	if (layout->body)
		zero = reserved_zero(layout->body, (const char *)(rec + 1),
				     rec->body_len);
	for (i = 0; layout->tail[i].kind != CKPT_TAIL_NONE; i++)
		zero &= part_reserved_zero(rec, layout, i);
	if (zero)
		return 0;
	return reader_fail(r, "%s: a reserved field is not zero", layout->name);
}

static int check_tail(struct ckpt_reader *r, const struct ckpt_record *rec,
		      const struct ckpt_record_layout *layout)
{
	const char *tail = ckpt_record_tail(rec);

	if (rec->tail_len && layout->tail[0].kind == CKPT_TAIL_NONE)
		return reader_fail(r, "%s: a tail where there should be none",
				   layout->name);
	if (rec->type == CKPT_REC_PAD && !all_zero(tail, rec->tail_len))
		return reader_fail(r, "PAD: not zero");
	if (!all_zero(tail + rec->tail_len, -rec->tail_len % 8))
		return reader_fail(r, "%s: padding is not zero", layout->name);
	return 0;
}

int record_form(struct ckpt_reader *r, const struct ckpt_record *rec,
		const struct ckpt_record_layout *layout)
{
	if (check_body(r, rec, layout) < 0)
		return -1;
	return check_tail(r, rec, layout);
}

/* Some came with version 2, and of these only one architecture has all. */
static bool may_be_there(const struct ckpt_reader *r, uint32_t type)
{
	switch (type) {
	case CKPT_REC_DISPATCH:
		return r->header.version >= 2;
	case CKPT_REC_VDSO:
	case CKPT_REC_ARCH_MM:
		return r->header.version >= 2 && is_x86(r->header.arch);
	default:
		return true;
	}
}

/* Type and zero bytes. */
static int check_form(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_record_layout *layout;

	layout = ckpt_record_layout(rec->type, r->header.arch);
	if (!layout || !find_type(rec->type) || !may_be_there(r, rec->type))
		return reader_fail(r, "a record of the unknown type %u",
				   rec->type);
	return record_form(r, rec, layout);
}

/* Of a process that has ended little is left, of a ghost nothing. */
static bool may_have(const struct object *owner, uint32_t type)
{
	if (owner->tree_flags & CKPT_TREE_GHOST)
		return false;
	if (!(owner->tree_flags & CKPT_TREE_ZOMBIE))
		return true;
	switch (type) {
	case CKPT_REC_EXIT:
	case CKPT_REC_CRED:
	case CKPT_REC_NS:
	case CKPT_REC_SIGHAND:
	case CKPT_REC_PENDING:
	case CKPT_REC_SCHED:
	case CKPT_REC_TIMES:
	case CKPT_REC_RLIMITS:
		return true;
	default:
		return false;
	}
}

static int check_ids(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct record_type *type = &types[rec->type];
	const char *name = type->layout.name;

	if (type->object != (rec->id != 0))
		return reader_fail(r, "%s: id %u", name, rec->id);
	if (rec->id > r->header.nr_objects)
		return reader_fail(r, "%s: id %u is above the highest, %u",
				   name, rec->id, r->header.nr_objects);
	if (rec->id && r->objects[rec->id].type)
		return reader_fail(r, "%s: id %u belongs to a %s already",
				   name, rec->id,
				   ckpt_record_name(r->objects[rec->id].type));
	if (rec->type == CKPT_REC_TASK) {
		if (rec->owner != rec->id)
			return reader_fail(r, "TASK: owner %u of task %u",
					   rec->owner, rec->id);
	} else if (rec->owner ? !is_object(r, rec->owner, CKPT_REC_TASK) :
		   type->owned) {
		return reader_fail(r, "%s: owner %u is not a task", name,
				   rec->owner);
	} else if (!may_have(&r->objects[rec->owner], rec->type)) {
		return reader_fail(r, "%s: task %u has ended", name,
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
				   ckpt_record_name(rec->type),
				   in_tree ? "inside" : "behind");
	if (in_tree && r->meta_pos + rec->len > h->tree_len)
		return reader_fail(r, "TASK: longer than the task tree");
	return 0;
}

int records_next(struct ckpt_reader *r, const struct ckpt_record **record)
{
	const struct ckpt_record *rec = (void *)(r->meta + r->meta_pos);
	int (*check)(struct ckpt_reader *r, const struct ckpt_record *rec);
	const struct ckpt_record_layout *layout;

	r->at = r->meta_offset + r->meta_pos;
	if (r->meta_pos == r->meta_len)
		return 0;
	if (record_frame(r, rec, r->meta_len - r->meta_pos) < 0 ||
	    check_form(r, rec) < 0 || check_place(r, rec) < 0 ||
	    check_ids(r, rec) < 0)
		return -1;
	layout = ckpt_record_layout(rec->type, r->header.arch);
	if (record_reserved(r, rec, layout) < 0)
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
	if (o->tree_flags & CKPT_TREE_FIRST_ENDED && !o->has_exit)
		return reader_fail(r, "TASK %u: how it has ended is missing", id);
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
