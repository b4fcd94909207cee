// SPDX-License-Identifier: LGPL-2.1-only
/* Records of what only an architecture has */
#include "layout.h"
#include "reader.h"

#define XSTATE_NOTE	0x202	/* NT_X86_XSTATE */
#define MAX_PKEYS	16
#define MAX_FEATURES	64

static int check_x86_task(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_x86_task t;

	/* Version 1 knew of nothing that is in no register set. */
	if (r->header.version < 2 ? rec->body_len :
	    rec->body_len < offsetof(struct ckpt_x86_task, cr2))
		return reader_fail(r, "ARCH_TASK: a body of %u bytes",
				   rec->body_len);
	ckpt_record_body(rec, &t, sizeof(t));
	if (t.flags & ~CKPT_X86_TASK_FLAGS)
		return reader_fail(r, "ARCH_TASK: unknown flags %#x", t.flags);
	if (t.vdso_id && !is_object(r, t.vdso_id, CKPT_REC_VDSO))
		return reader_fail(r, "ARCH_TASK: object %u is no vDSO before it",
				   t.vdso_id);
	return 0;
}

int check_arch_task(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct object *task = &r->objects[rec->owner];

	if (task->has_arch)
		return reader_fail(r, "ARCH_TASK: task %u has one already",
				   rec->owner);
	if (task->has_regs && r->header.version >= 2)
		return reader_fail(r, "ARCH_TASK: behind the registers of task %u",
				   rec->owner);
	if (rec->tail_len)
		return reader_fail(r, "ARCH_TASK: a tail where there should be none");
	task->has_arch = true;
	if (is_x86(r->header.arch))
		return check_x86_task(r, rec);
	return 0;
}

static int check_keys(struct ckpt_reader *r, const struct ckpt_x86_mm *m)
{
	if (m->pkeys >> MAX_PKEYS || m->exec_pkey < -1 ||
	    m->exec_pkey >= MAX_PKEYS)
		return reader_fail(r, "ARCH_MM: the impossible protection keys %#x, %d of them for code",
				   m->pkeys, m->exec_pkey);
	return 0;
}

int check_arch_mm(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_x86_mm m;
	struct object *mm;

	ckpt_record_body(rec, &m, sizeof(m));
	if (!is_object(r, m.mm_id, CKPT_REC_MM))
		return reader_fail(r, "ARCH_MM: object %u is no address space before it",
				   m.mm_id);
	mm = &r->objects[m.mm_id];
	if (mm->has_arch || mm->vma_end)
		return reader_fail(r, "ARCH_MM: %s of address space %u",
				   mm->has_arch ? "the second" :
				   "behind mappings", m.mm_id);
	if ((uint64_t)m.nr_segments * sizeof(struct ckpt_x86_segment) !=
	    rec->tail_len)
		return reader_fail(r, "ARCH_MM: %u segments in %u bytes",
				   m.nr_segments, rec->tail_len);
	mm->has_arch = true;
	return check_keys(r, &m);
}

static int check_symbols(struct ckpt_reader *r, const struct ckpt_vdso *v,
			 const struct ckpt_vdso_symbol *symbol)
{
	uint32_t i;

	for (i = 0; i < v->nr_symbols; i++, symbol++) {
		if (symbol->offset >= v->code_len ||
		    symbol->size > v->code_len - symbol->offset)
			return reader_fail(r, "VDSO: a function of %u bytes at %#x",
					   symbol->size, symbol->offset);
		if (!padded_string(symbol->name, sizeof(symbol->name)))
			return reader_fail(r, "VDSO: the name of a function is not a string");
	}
	return 0;
}

int check_vdso(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_vdso_symbol *symbol = ckpt_record_tail(rec);
	struct ckpt_vdso v;
	uint64_t symbols;

	ckpt_record_body(rec, &v, sizeof(v));
	symbols = (uint64_t)v.nr_symbols * sizeof(*symbol);
	if (symbols + v.code_len + v.data_len != rec->tail_len)
		return reader_fail(r, "VDSO: %u functions, %u bytes of code and %u of data in %u bytes",
				   v.nr_symbols, v.code_len, v.data_len,
				   rec->tail_len);
	if (v.abi != 32 && v.abi != 64)
		return reader_fail(r, "VDSO: for %u-bit programs", v.abi);
	if (v.data_len > v.data_span)
		return reader_fail(r, "VDSO: %u bytes of data, where %u have room",
				   v.data_len, v.data_span);
	if (XXH64((const char *)symbol + symbols, v.code_len, 0) != v.hash)
		return reader_fail(r, "VDSO: wrong hash of its code");
	return check_symbols(r, &v, symbol);
}

int check_regset_rest(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct x86_xfeat_component *c;
	struct ckpt_regset s;
	uint32_t i, len;

	ckpt_record_body(rec, &s, sizeof(s));
	len = rec->tail_len - s.size;
	if (r->header.version < 2 || !is_x86(r->header.arch) ||
	    s.note != XSTATE_NOTE || s.size % 8 || len % sizeof(*c))
		return reader_fail(r, "REGSET: %u bytes of registers in %u bytes",
				   s.size, rec->tail_len);
	c = (const void *)((const char *)ckpt_record_tail(rec) + s.size);
	for (i = 0; i < len / sizeof(*c); i++)
		if (c[i].type >= MAX_FEATURES || c[i].offset > s.size ||
		    c[i].size > s.size - c[i].offset)
			return reader_fail(r, "REGSET: feature %u with %u bytes at %u of %u",
					   c[i].type, c[i].size, c[i].offset,
					   s.size);
	return 0;
}
