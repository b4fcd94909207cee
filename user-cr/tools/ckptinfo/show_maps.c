// SPDX-License-Identifier: GPL-2.0-only
/* Mappings, much like /proc/PID/maps */
#include <inttypes.h>
#include <stdio.h>

#include "../common/util.h"
#include "info.h"

static void print_name(const struct info *info, const struct vma *vma,
		       const struct ckpt_mm *mm)
{
	const struct ckpt_vma *v = &vma->saved;

	if (vma->name[0]) {
		printf("[anon:");
		print_text(vma->name);
		printf("]");
	} else if (v->kind == CKPT_VMA_SHMEM) {
		printf("[shared memory %u]", v->file_id);
	} else if (v->kind == CKPT_VMA_FILE) {
		print_file_name(info, info_object(info, v->file_id,
						  CKPT_REC_FILE));
	} else if (v->kind == CKPT_VMA_VDSO) {
		printf("[vdso]");
	} else if (v->kind == CKPT_VMA_VVAR) {
		printf("[vvar]");
	} else if (v->start <= mm->brk && v->end > mm->start_brk) {
		printf("[heap]");
	} else if (v->start <= mm->start_stack && v->end > mm->start_stack) {
		printf("[stack]");
	}
}

static void print_vma(const struct info *info, const struct vma *vma,
		      const struct ckpt_mm *mm)
{
	const struct ckpt_vma *v = &vma->saved;

	printf("  %012" PRIx64 "-%012" PRIx64 " %c%c%c%c %9" PRIx64 " %10s %10s  ",
	       (uint64_t)v->start, (uint64_t)v->end,
	       v->flags & CKPT_VMA_READ ? 'r' : '-',
	       v->flags & CKPT_VMA_WRITE ? 'w' : '-',
	       v->flags & CKPT_VMA_EXEC ? 'x' : '-',
	       v->flags & CKPT_VMA_SHARED ? 's' : 'p',
	       v->kind == CKPT_VMA_FILE ? (uint64_t)v->offset : 0,
	       size_text(v->end - v->start), size_text(vma->bytes));
	print_name(info, vma, mm);
	if (v->pkey)
		printf("  key %u", v->pkey);
	putchar('\n');
}

static void print_users(const struct info *info, uint32_t mm_id)
{
	struct ckpt_task_state state;
	const char *before = "";
	int i;

	for (i = 0; i < info->tree.nr; i++) {
		if (task_is_thread(&info->tree.task[i]) ||
		    !info_state(info, i, &state) || state.mm_id != mm_id)
			continue;
		printf("%spid %u (", before, info->tree.task[i].saved.pid);
		print_text(info->tree.task[i].saved.comm);
		printf(")");
		before = ", ";
	}
	putchar('\n');
}

static size_t show_space(const struct info *info, size_t first)
{
	uint32_t mm_id = info->vma[first].saved.mm_id;
	struct ckpt_mm mm;
	size_t i;

	ckpt_record_body(info_object(info, mm_id, CKPT_REC_MM), &mm,
			 sizeof(mm));
	print_users(info, mm_id);
	printf("  %-25s %4s %9s %10s %10s  %s\n", "ADDRESSES", "MODE", "OFFSET",
	       "SIZE", "SAVED", "WHAT");
	for (i = first; i < info->nr_vmas; i++) {
		if (info->vma[i].saved.mm_id != mm_id)
			break;
		print_vma(info, &info->vma[i], &mm);
	}
	return i;
}

void show_maps(const struct info *info)
{
	size_t i = 0;

	while (i < info->nr_vmas)
		i = show_space(info, i);
}
