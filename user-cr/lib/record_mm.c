// SPDX-License-Identifier: LGPL-2.1-only
/* Records of address spaces and their mappings */
#include "reader.h"

#define MAX_PKEY	31	/* of all architectures */

int check_mm(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_mm m;

	ckpt_record_body(rec, &m, sizeof(m));
	if (m.flags & ~CKPT_MM_FLAGS)
		return reader_fail(r, "MM: unknown flags %#x", m.flags);
	if (m.auxv_len != rec->tail_len)
		return reader_fail(r, "MM: an auxiliary vector of %u bytes in %u bytes",
				   m.auxv_len, rec->tail_len);
	if (m.exe_id && !is_object(r, m.exe_id, CKPT_REC_FILE))
		return reader_fail(r, "MM: the executable is object %u, which is no file before it",
				   m.exe_id);
	r->objects[rec->id].vmas_left = m.nr_vmas;
	return 0;
}

static int check_range(struct ckpt_reader *r, const struct ckpt_vma *v)
{
	const struct object *mm = &r->objects[v->mm_id];
	uint64_t mask = r->header.page_size - 1;

	if (v->start >= v->end || v->end > r->header.task_size ||
	    (v->start | v->end) & mask)
		return reader_fail(r, "VMA: %#llx-%#llx is no range of pages",
				   (unsigned long long)v->start,
				   (unsigned long long)v->end);
	if (v->start < mm->vma_end)
		return reader_fail(r, "VMA: %#llx-%#llx is not behind the mapping before it",
				   (unsigned long long)v->start,
				   (unsigned long long)v->end);
	return 0;
}

static bool backed_rightly(const struct ckpt_reader *r,
			   const struct ckpt_vma *v)
{
	switch (v->kind) {
	case CKPT_VMA_FILE:
		return is_object(r, v->file_id, CKPT_REC_FILE);
	case CKPT_VMA_SHMEM:
		return is_object(r, v->file_id, CKPT_REC_SHMEM);
	case CKPT_VMA_VDSO:
		/* Where another one cannot take its place, it is in no record. */
		return !v->file_id || is_object(r, v->file_id, CKPT_REC_VDSO);
	default:
		return !v->file_id;
	}
}

static int check_kind(struct ckpt_reader *r, const struct ckpt_vma *v,
		      const struct ckpt_record *rec)
{
	if (v->kind < CKPT_VMA_ANON || v->kind > CKPT_VMA_SHMEM)
		return reader_fail(r, "VMA: unknown kind %u", v->kind);
	if (v->flags & ~CKPT_VMA_FLAGS)
		return reader_fail(r, "VMA: unknown flags %#x", v->flags);
	if (!backed_rightly(r, v))
		return reader_fail(r, "VMA: mapping of kind %u with the file %u",
				   v->kind, v->file_id);
	if (v->family && !is_object(r, v->family, CKPT_REC_MM))
		return reader_fail(r, "VMA: a family with object %u, which is no address space before it",
				   v->family);
	if (v->pkey > MAX_PKEY)
		return reader_fail(r, "VMA: the impossible protection key %u",
				   v->pkey);
	if (v->pkey && r->header.version < 2)
		return reader_fail(r, "VMA: a reserved field is not zero");
	if (rec->tail_len && (rec->tail_len > CKPT_VMA_NAME_LEN ||
			      !is_string(ckpt_record_tail(rec), rec->tail_len)))
		return reader_fail(r, "VMA: its name is not a string of less than %u bytes",
				   CKPT_VMA_NAME_LEN);
	return 0;
}

int check_vma(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_vma v;
	struct object *mm;

	ckpt_record_body(rec, &v, sizeof(v));
	if (!is_object(r, v.mm_id, CKPT_REC_MM))
		return reader_fail(r, "VMA: object %u is no address space before it",
				   v.mm_id);
	mm = &r->objects[v.mm_id];
	if (!mm->vmas_left)
		return reader_fail(r, "VMA: more mappings than address space %u has",
				   v.mm_id);
	if (check_range(r, &v) < 0 || check_kind(r, &v, rec) < 0)
		return -1;
	mm->vmas_left--;
	mm->vma_end = v.end;
	return 0;
}

int check_shmem(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_shmem s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (s.flags & ~CKPT_SHMEM_FLAGS)
		return reader_fail(r, "SHMEM: unknown flags %#x", s.flags);
	if (s.size > INT64_MAX)
		return reader_fail(r, "SHMEM: impossible size");
	return 0;
}

int check_range_policy(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	bool shared = rec->type == CKPT_REC_SHMEM_POLICY;
	struct ckpt_range_policy p;

	ckpt_record_body(rec, &p, sizeof(p));
	if (!is_object(r, p.object_id, shared ? CKPT_REC_SHMEM : CKPT_REC_MM))
		return reader_fail(r, "%s_POLICY: object %u is no memory before it",
				   shared ? "SHMEM" : "VMA", p.object_id);
	if (p.start >= p.end)
		return reader_fail(r, "%s_POLICY: no range",
				   shared ? "SHMEM" : "VMA");
	if (rec->tail_len % 8)
		return reader_fail(r, "%s_POLICY: a node mask of %u bytes",
				   shared ? "SHMEM" : "VMA", rec->tail_len);
	return 0;
}
