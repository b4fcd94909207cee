// SPDX-License-Identifier: GPL-2.0
/*
 * What the fields of an image mean, for tests that forge them
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define FIELD(rec, struct_, field, kind_, arg_)				\
	{ CKPT_REC_##rec, FIELD_##kind_, offsetof(struct struct_, field), \
	  sizeof(((struct struct_ *)0)->field), arg_, #rec "." #field }

#define ARCH_FIELD(rec, arch, struct_, field, kind_, arg_)		\
	{ TYPE_OF_ARCH(CKPT_REC_##rec, CKPT_ARCH_##arch), FIELD_##kind_, \
	  offsetof(struct struct_, field),				\
	  sizeof(((struct struct_ *)0)->field), arg_, #rec "." #field }
#define UM_TASK(field, kind, arg)					\
	ARCH_FIELD(ARCH_TASK, UM_X86_64, ckpt_um_task, field, kind, arg)
#define X86_TASK(field, kind, arg)					\
	ARCH_FIELD(ARCH_TASK, X86_64, ckpt_x86_task, field, kind, arg)
#define X86_MM(field, kind, arg)					\
	ARCH_FIELD(ARCH_MM, X86_64, ckpt_x86_mm, field, kind, arg)
#define X86_TLS(nr)							\
	X86_TASK(tls[nr].number, NUMBER, 0),				\
	X86_TASK(tls[nr].base, ADDRESS, 0),				\
	X86_TASK(tls[nr].limit, NUMBER, 0),				\
	X86_TASK(tls[nr].flags, NUMBER, 0)

/* Status flags of files that survive open(); all others are refused. */
#define FILE_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | \
			 O_DIRECT | O_NOATIME | O_DIRECTORY |	\
			 O_NOFOLLOW | 0100000 /* O_LARGEFILE */)

const struct field fields[] = {
	FIELD(TASK, ckpt_task, pid, PID, 0),
	FIELD(TASK, ckpt_task, tgid, PID, 0),
	FIELD(TASK, ckpt_task, ppid, PID, 0),
	FIELD(TASK, ckpt_task, pgid, PID, 0),
	FIELD(TASK, ckpt_task, sid, PID, 0),
	FIELD(TASK, ckpt_task, exit_signal, ENUM, 64),
	FIELD(TASK, ckpt_task, parent_tid, PID, 0),
	FIELD(TASK, ckpt_task, flags, FLAGS,
	      CKPT_TREE_THREAD_FLAGS | CKPT_TREE_PROCESS_FLAGS),
	FIELD(TASK, ckpt_task, io_with, NUMBER, 0),
	FIELD(TASK, ckpt_task, undo_with, NUMBER, 0),
	FIELD(EXIT, ckpt_exit, status, NUMBER, 0),
	FIELD(EXIT, ckpt_exit, cred_id, ID, CKPT_REC_CRED),
	FIELD(EXIT, ckpt_exit, sighand_id, ID, CKPT_REC_SIGHAND),
	FIELD(EXIT, ckpt_exit, user_ns_id, ID, CKPT_REC_NS),
	FIELD(EXIT, ckpt_exit, sigmask, NUMBER, 0),
	FIELD(EXIT, ckpt_exit, pending_private, NUMBER, 0),
	FIELD(EXIT, ckpt_exit, pending_shared, NUMBER, 0),
	FIELD(STOP, ckpt_stop, flags, FLAGS, CKPT_STOP_FLAGS),
	FIELD(STOP, ckpt_stop, signal, ENUM, 64),
	FIELD(STOP, ckpt_stop, status, ENUM, 64),
	FIELD(STOP, ckpt_stop, reserved, RESERVED, 0),
	FIELD(VFORK, ckpt_vfork, child, NUMBER, 0),
	FIELD(VFORK, ckpt_vfork, reserved, RESERVED, 0),

	FIELD(TASK_STATE, ckpt_task_state, mm_id, ID, CKPT_REC_MM),
	FIELD(TASK_STATE, ckpt_task_state, fd_table_id, ID, CKPT_REC_FD_TABLE),
	FIELD(TASK_STATE, ckpt_task_state, fs_id, ID, CKPT_REC_FS),
	FIELD(TASK_STATE, ckpt_task_state, sighand_id, ID, CKPT_REC_SIGHAND),
	FIELD(TASK_STATE, ckpt_task_state, cred_id, ID, CKPT_REC_CRED),
	FIELD(TASK_STATE, ckpt_task_state, uts_id, ID, CKPT_REC_UTS),
	FIELD(TASK_STATE, ckpt_task_state, flags, FLAGS, CKPT_TASK_FLAGS),
	FIELD(TASK_STATE, ckpt_task_state, ns_slot, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, sigmask, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, saved_sigmask, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, altstack_sp, ADDRESS, 0),
	FIELD(TASK_STATE, ckpt_task_state, altstack_size, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, altstack_flags, FLAGS, 0x80000003),
	FIELD(TASK_STATE, ckpt_task_state, personality, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, clear_child_tid, ADDRESS, 0),
	FIELD(TASK_STATE, ckpt_task_state, robust_list, ADDRESS, 0),
	FIELD(TASK_STATE, ckpt_task_state, time_ns_for_children_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, ipc_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, mnt_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, net_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, cgroup_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, time_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, pid_ns_for_children, NUMBER, 0),
	FIELD(TASK_STATE, ckpt_task_state, user_ns_id, ID, CKPT_REC_NS),
	FIELD(TASK_STATE, ckpt_task_state, pid_user_ns_id, ID, CKPT_REC_NS),

	FIELD(NS, ckpt_ns, kind, ENUM, CKPT_NS_USER),
	FIELD(NS, ckpt_ns, flags, FLAGS, CKPT_NS_FLAGS),
	FIELD(NS, ckpt_ns, inode, NUMBER, 0),
	FIELD(NS, ckpt_ns, monotonic_ns, NUMBER, 0),
	FIELD(NS, ckpt_ns, boottime_ns, NUMBER, 0),
	FIELD(NS, ckpt_ns, owner_uid, NUMBER, 0),
	FIELD(NS, ckpt_ns, owner_gid, NUMBER, 0),
	FIELD(NS, ckpt_ns, nr_uids, COUNT, sizeof(struct ckpt_id_extent)),
	FIELD(NS, ckpt_ns, nr_gids, COUNT, sizeof(struct ckpt_id_extent)),
	FIELD(NS, ckpt_ns, nr_projids, COUNT, sizeof(struct ckpt_id_extent)),
	FIELD(NS, ckpt_ns, user_ns_id, ID, CKPT_REC_NS),

	FIELD(UTS, ckpt_uts, user_ns_id, ID, CKPT_REC_NS),
	FIELD(UTS, ckpt_uts, inode, NUMBER, 0),

	FIELD(CRED, ckpt_cred, uid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, euid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, suid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, fsuid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, gid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, egid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, sgid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, fsgid, NUMBER, 0),
	FIELD(CRED, ckpt_cred, cap_inheritable, NUMBER, 0),
	FIELD(CRED, ckpt_cred, cap_permitted, NUMBER, 0),
	FIELD(CRED, ckpt_cred, cap_effective, NUMBER, 0),
	FIELD(CRED, ckpt_cred, cap_bset, NUMBER, 0),
	FIELD(CRED, ckpt_cred, cap_ambient, NUMBER, 0),
	FIELD(CRED, ckpt_cred, securebits, FLAGS, 0xfff),
	FIELD(CRED, ckpt_cred, nr_groups, COUNT, 4),

	FIELD(FILE, ckpt_file, kind, ENUM, CKPT_FILE_NS_PATH),
	FIELD(FILE, ckpt_file, flags, FLAGS, FILE_FLAGS),
	FIELD(FILE, ckpt_file, mode, NUMBER, 0),
	FIELD(FILE, ckpt_file, slot, NUMBER, 0),
	FIELD(FILE, ckpt_file, pos, NUMBER, 0),
	FIELD(FILE, ckpt_file, size, NUMBER, 0),
	FIELD(FILE, ckpt_file, rdev_major, NUMBER, 0),
	FIELD(FILE, ckpt_file, rdev_minor, NUMBER, 0),
	FIELD(FILE, ckpt_file, reserved, RESERVED, 0),
	FIELD(FILE, ckpt_file, cred_id, ID, CKPT_REC_CRED),
	FIELD(FILE, ckpt_file, object_id, ID, CKPT_REC_PIPE),
	FIELD(FILE, ckpt_file, advice, FLAGS, CKPT_FILE_ADVICE),
	FIELD(FILE, ckpt_file, reserved2, RESERVED, 0),
	FIELD(FILE, ckpt_file, owner.type, ENUM, CKPT_OWNER_GROUP),
	FIELD(FILE, ckpt_file, owner.pid, PID, 0),
	FIELD(FILE, ckpt_file, owner.uid, NUMBER, 0),
	FIELD(FILE, ckpt_file, owner.euid, NUMBER, 0),
	FIELD(FILE, ckpt_file, owner.signum, ENUM, 64),
	FIELD(FILE, ckpt_file, owner.flags, FLAGS, CKPT_OWNER_FLAGS),
	FIELD(FILE, ckpt_file, owner.async_fd, NUMBER, 0),
	FIELD(FILE, ckpt_file, owner.reserved, RESERVED, 0),

	FIELD(PIPE, ckpt_pipe, capacity, NUMBER, 0),
	FIELD(PIPE, ckpt_pipe, nr_bufs, COUNT, sizeof(struct ckpt_pipe_buf)),
	FIELD(PIPE, ckpt_pipe, path_len, COUNT, 1),
	FIELD(PIPE, ckpt_pipe, cred_id, ID, CKPT_REC_CRED),

	FIELD(FD_TABLE, ckpt_fd_table, nr_fds, COUNT, sizeof(struct ckpt_fd)),
	FIELD(FD_TABLE, ckpt_fd_table, reserved, RESERVED, 0),

	FIELD(FS, ckpt_fs, umask, FLAGS, 0777),
	FIELD(FS, ckpt_fs, root_len, COUNT, 1),
	FIELD(FS, ckpt_fs, cwd_len, COUNT, 1),
	FIELD(FS, ckpt_fs, reserved, RESERVED, 0),

	FIELD(MM, ckpt_mm, exe_id, ID, CKPT_REC_FILE),
	FIELD(MM, ckpt_mm, flags, FLAGS, CKPT_MM_FLAGS),
	FIELD(MM, ckpt_mm, peak_rss, NUMBER, 0),
	FIELD(MM, ckpt_mm, peak_vm, NUMBER, 0),
	FIELD(MM, ckpt_mm, user_ns_id, ID, CKPT_REC_NS),
	FIELD(MM, ckpt_mm, coredump_filter, NUMBER, 0),
	FIELD(MM, ckpt_mm, mmap_base, ADDRESS, 0),
	FIELD(MM, ckpt_mm, start_code, ADDRESS, 0),
	FIELD(MM, ckpt_mm, end_code, ADDRESS, 0),
	FIELD(MM, ckpt_mm, start_data, ADDRESS, 0),
	FIELD(MM, ckpt_mm, end_data, ADDRESS, 0),
	FIELD(MM, ckpt_mm, start_brk, ADDRESS, 0),
	FIELD(MM, ckpt_mm, brk, ADDRESS, 0),
	FIELD(MM, ckpt_mm, start_stack, ADDRESS, 0),
	FIELD(MM, ckpt_mm, arg_start, ADDRESS, 0),
	FIELD(MM, ckpt_mm, arg_end, ADDRESS, 0),
	FIELD(MM, ckpt_mm, env_start, ADDRESS, 0),
	FIELD(MM, ckpt_mm, env_end, ADDRESS, 0),
	FIELD(MM, ckpt_mm, nr_vmas, COUNT, 0),
	FIELD(MM, ckpt_mm, auxv_len, COUNT, 1),

	FIELD(VMA, ckpt_vma, mm_id, ID, CKPT_REC_MM),
	FIELD(VMA, ckpt_vma, kind, ENUM, CKPT_VMA_SHMEM),
	FIELD(VMA, ckpt_vma, start, ADDRESS, 0),
	FIELD(VMA, ckpt_vma, end, ADDRESS, 0),
	FIELD(VMA, ckpt_vma, flags, FLAGS, CKPT_VMA_FLAGS),
	FIELD(VMA, ckpt_vma, file_id, ID, CKPT_REC_FILE),
	FIELD(VMA, ckpt_vma, offset, NUMBER, 0),
	FIELD(VMA, ckpt_vma, family, NUMBER, 0),
	FIELD(VMA, ckpt_vma, pkey, ENUM, 15),

	FIELD(VDSO, ckpt_vdso, abi, ENUM, 64),
	FIELD(VDSO, ckpt_vdso, nr_symbols, COUNT, sizeof(struct ckpt_vdso_symbol)),
	FIELD(VDSO, ckpt_vdso, hash, NUMBER, 0),
	FIELD(VDSO, ckpt_vdso, code_len, COUNT, 1),
	FIELD(VDSO, ckpt_vdso, data_len, COUNT, 1),
	FIELD(VDSO, ckpt_vdso, data_span, NUMBER, 0),
	FIELD(VDSO, ckpt_vdso, reserved, RESERVED, 0),

	FIELD(SIGHAND, ckpt_sighand, nr_actions, COUNT, sizeof(struct ckpt_sigaction)),
	FIELD(SIGHAND, ckpt_sighand, reserved, RESERVED, 0),

	FIELD(PENDING, ckpt_pending, nr_private, COUNT, CKPT_SIGINFO_SIZE),
	FIELD(PENDING, ckpt_pending, nr_shared, COUNT, CKPT_SIGINFO_SIZE),

	FIELD(ITIMERS, ckpt_itimers, flags, FLAGS, CKPT_ITIMER_FLAGS),
	FIELD(ITIMERS, ckpt_itimers, reserved, RESERVED, 0),
	FIELD(SECCOMP_FILTER, ckpt_seccomp_filter, prev_id, ID, CKPT_REC_SECCOMP_FILTER),
	FIELD(SECCOMP_FILTER, ckpt_seccomp_filter, nr_insns, COUNT,
	      sizeof(struct sock_filter)),
	FIELD(SECCOMP_FILTER, ckpt_seccomp_filter, flags, FLAGS, CKPT_SECCOMP_FLAGS),
	FIELD(SECCOMP_FILTER, ckpt_seccomp_filter, reserved, RESERVED, 0),
	FIELD(SECCOMP, ckpt_seccomp, mode, ENUM, 2),
	FIELD(SECCOMP, ckpt_seccomp, filter_id, ID, CKPT_REC_SECCOMP_FILTER),
	FIELD(TIMERS, ckpt_timers, nr, COUNT, sizeof(struct ckpt_timer)),
	FIELD(TIMERS, ckpt_timers, next_id, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, real_ns, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, real_interval_ns, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, virtual_ns, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, virtual_interval_ns, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, prof_ns, NUMBER, 0),
	FIELD(ITIMERS, ckpt_itimers, prof_interval_ns, NUMBER, 0),

	FIELD(TIMES, ckpt_times, start_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, age_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, task.utime_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, task.stime_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, task.runtime_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, threads.shown_utime_ns, NUMBER, 0),
	FIELD(TIMES, ckpt_times, children.maxrss, NUMBER, 0),

	FIELD(SCHED, ckpt_sched, policy, ENUM, 7),
	FIELD(SCHED, ckpt_sched, flags, FLAGS, CKPT_SCHED_FLAGS),
	FIELD(SCHED, ckpt_sched, nice, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, priority, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, runtime_ns, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, ioprio, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, oom_score_adj, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, oom_score_adj_min, NUMBER, 0),
	FIELD(SCHED, ckpt_sched, timer_slack_ns, NUMBER, 0),

	FIELD(TASK_POLICY, ckpt_task_policy, mode, FLAGS, 0xffff),
	FIELD(TASK_POLICY, ckpt_task_policy, last_node, NUMBER, 0),
	FIELD(TASK_POLICY, ckpt_task_policy, weight, NUMBER, 0),
	FIELD(TASK_POLICY, ckpt_task_policy, reserved, RESERVED, 0),

	FIELD(VMA_POLICY, ckpt_range_policy, object_id, ID, CKPT_REC_MM),
	FIELD(VMA_POLICY, ckpt_range_policy, mode, FLAGS, 0xffff),
	FIELD(VMA_POLICY, ckpt_range_policy, start, ADDRESS, 0),
	FIELD(VMA_POLICY, ckpt_range_policy, end, ADDRESS, 0),
	FIELD(VMA_POLICY, ckpt_range_policy, home_node, NUMBER, 0),
	FIELD(VMA_POLICY, ckpt_range_policy, reserved, RESERVED, 0),

	FIELD(SHMEM_POLICY, ckpt_range_policy, object_id, ID, CKPT_REC_SHMEM),
	FIELD(SHMEM_POLICY, ckpt_range_policy, mode, FLAGS, 0xffff),
	FIELD(SHMEM_POLICY, ckpt_range_policy, start, NUMBER, 0),
	FIELD(SHMEM_POLICY, ckpt_range_policy, end, NUMBER, 0),
	FIELD(SHMEM_POLICY, ckpt_range_policy, home_node, NUMBER, 0),
	FIELD(SHMEM_POLICY, ckpt_range_policy, reserved, RESERVED, 0),

	FIELD(PRCTLS, ckpt_prctls, nr, COUNT, sizeof(struct ckpt_prctl)),
	FIELD(PRCTLS, ckpt_prctls, reserved, RESERVED, 0),

	FIELD(RSEQ, ckpt_rseq, addr, NUMBER, 0),
	FIELD(RSEQ, ckpt_rseq, len, NUMBER, 0),
	FIELD(RSEQ, ckpt_rseq, signature, NUMBER, 0),
	FIELD(RSEQ, ckpt_rseq, flags, FLAGS, CKPT_RSEQ_FLAGS),
	FIELD(RSEQ, ckpt_rseq, reserved, RESERVED, 0),

	FIELD(DISPATCH, ckpt_dispatch, mode, ENUM, 2),
	FIELD(DISPATCH, ckpt_dispatch, reserved, RESERVED, 0),
	FIELD(DISPATCH, ckpt_dispatch, offset, ADDRESS, 0),
	FIELD(DISPATCH, ckpt_dispatch, len, NUMBER, 0),
	FIELD(DISPATCH, ckpt_dispatch, selector, ADDRESS, 0),

	FIELD(REGSET, ckpt_regset, note, NUMBER, 0),
	FIELD(REGSET, ckpt_regset, size, COUNT, 1),

	FIELD(RESTART_BLOCK, ckpt_restart_block, kind, ENUM, CKPT_RESTART_POLL),
	FIELD(RESTART_BLOCK, ckpt_restart_block, reserved, RESERVED, 0),
	FIELD(RESTART_BLOCK, ckpt_restart_block, expires_ns, NUMBER, 0),
	FIELD(RESTART_BLOCK, ckpt_restart_block, arg[0], ADDRESS, 0),
	FIELD(RESTART_BLOCK, ckpt_restart_block, arg[1], NUMBER, 0),
	FIELD(RESTART_BLOCK, ckpt_restart_block, arg[2], NUMBER, 0),
	FIELD(RESTART_BLOCK, ckpt_restart_block, arg[3], NUMBER, 0),

	UM_TASK(syscall, NUMBER, 0),
	UM_TASK(cr2, ADDRESS, 0),
	UM_TASK(trap_nr, NUMBER, 0),
	UM_TASK(error_code, NUMBER, 0),

	X86_TASK(flags, FLAGS, CKPT_X86_TASK_FLAGS),
	X86_TASK(robust_list, ADDRESS, 0),
	X86_TASK(vdso, ADDRESS, 0),
	X86_TASK(vdso_id, ID, CKPT_REC_VDSO),
	X86_TASK(reserved, RESERVED, 0),
	X86_TLS(0), X86_TLS(1), X86_TLS(2),
	X86_TASK(cr2, ADDRESS, 0),
	X86_TASK(trap_nr, NUMBER, 0),
	X86_TASK(error_code, NUMBER, 0),

	X86_MM(mm_id, ID, CKPT_REC_MM),
	X86_MM(pkeys, FLAGS, 0xffff),
	X86_MM(exec_pkey, NUMBER, 0),
	X86_MM(nr_segments, COUNT, sizeof(struct ckpt_x86_segment)),
	X86_MM(legacy_base, ADDRESS, 0),
	X86_MM(compat_base, ADDRESS, 0),
	X86_MM(compat_legacy_base, ADDRESS, 0),
};

const unsigned int nr_fields = sizeof(fields) / sizeof(fields[0]);

/* That of the records: all kernels for x86 write the same ones. */
static uint32_t arch_of(const struct image *img)
{
	const struct ckpt_section *section = (void *)(img->data + img->header);
	uint32_t arch = ((const struct ckpt_image_header *)(section + 1))->arch;

	return arch == CKPT_ARCH_I386 ? CKPT_ARCH_X86_64 : arch;
}

struct ckpt_record *image_record(const struct image *img, uint32_t type,
				 unsigned int nr)
{
	uint32_t arch = type >> 16;
	struct ckpt_record *rec;
	unsigned int i;

	if (arch && arch != arch_of(img))
		return NULL;
	type &= 0xffff;
	for (i = 0; i < img->nr; i++) {
		if (img->part[i].kind != PART_RECORD)
			continue;
		rec = (struct ckpt_record *)(img->data + img->part[i].off);
		if (rec->type == type && nr-- == 0)
			return rec;
	}
	return NULL;
}

uint64_t field_get(const struct ckpt_record *rec, const struct field *f)
{
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)(rec + 1) + f->off, f->size);
	return value;
}

void field_set(struct ckpt_record *rec, const struct field *f, uint64_t value)
{
	memcpy((uint8_t *)(rec + 1) + f->off, &value, f->size);
}

struct ckpt_run *image_run_of(struct image *img, uint32_t type, unsigned int nr)
{
	struct ckpt_chunk *c;
	unsigned int i, k;

	for (i = 0; i < img->nr; i++) {
		if (img->part[i].kind != PART_CHUNK)
			continue;
		c = (struct ckpt_chunk *)(img->data + img->part[i].off);
		for (k = 0; k < c->nr_runs && k < CKPT_CHUNK_RUNS; k++)
			if ((!type || c->run[k].type == type) && nr-- == 0)
				return &c->run[k];
	}
	return NULL;
}

struct ckpt_run *image_run_at(struct image *img, uint32_t type, uint32_t source,
			      uint64_t offset)
{
	struct ckpt_run *run;
	unsigned int i;

	for (i = 0; (run = image_run_of(img, type, i)); i++) {
		if (run->source == source && run->offset == offset)
			return run;
	}
	return NULL;
}

/* The one that aligns the bulk section, behind all other records */
static struct ckpt_record *padding(const struct image *img)
{
	return image_record(img, CKPT_REC_PAD, 0);
}

/*
 * Moves all that is behind @at, up to the padding, by @by bytes, which the padding
 * gives or takes. 0, or -1 if it has not as many.
 */
static int move_records(struct image *img, size_t at, int by)
{
	struct ckpt_record *pad = padding(img);
	uint8_t *from = img->data + at, *end;
	uint32_t len;

	if (!pad || (uint8_t *)pad < from || (int)pad->len < by + (int)sizeof(*pad))
		return -1;
	end = (uint8_t *)pad;
	len = pad->len - by;
	memmove(from + by, from, end - from);
	pad = (struct ckpt_record *)(end + by);
	memset(pad, 0, len);
	pad->type = CKPT_REC_PAD;
	pad->len = len;
	pad->tail_len = len - sizeof(*pad);
	return 0;
}

int image_resize_tail(struct image *img, struct ckpt_record *rec, int len)
{
	uint32_t head = sizeof(*rec) + rec->body_len, new;
	uint8_t *tail = record_tail(rec);

	if ((int)rec->tail_len + len < 0)
		return -1;
	new = head + (rec->tail_len + len + 7) / 8 * 8;
	if (move_records(img, (uint8_t *)rec + rec->len - img->data,
			 (int)(new - rec->len)))
		return -1;
	rec->len = new;
	rec->tail_len += len;
	if (len > 0)
		memset(tail + rec->tail_len - len, 0, len);
	memset(tail + rec->tail_len, 0, new - head - rec->tail_len);
	return image_parse(img);
}

int image_remove_record(struct image *img, struct ckpt_record *rec)
{
	if (rec == padding(img) ||
	    move_records(img, (uint8_t *)rec + rec->len - img->data, -(int)rec->len))
		return -1;
	return image_parse(img);
}

struct ckpt_record *image_repeat_record(struct image *img, struct ckpt_record *rec)
{
	struct ckpt_record *copy = (void *)((uint8_t *)rec + rec->len);

	if (rec == padding(img) ||
	    move_records(img, (uint8_t *)copy - img->data, rec->len))
		return NULL;
	memcpy(copy, rec, rec->len);
	return image_parse(img) ? NULL : copy;
}

int image_add_padding(struct image *img, size_t len)
{
	struct ckpt_section *meta;
	struct ckpt_record *pad;
	uint8_t *data;
	size_t at;

	data = realloc(img->data, img->len + len);
	if (!data)
		return -1;
	img->data = data;
	pad = padding(img);
	if (!pad)
		return -1;
	at = (uint8_t *)pad + pad->len - data;
	memmove(data + at + len, data + at, img->len - at);
	memset(data + at, 0, len);
	pad->len += len;
	pad->tail_len += len;
	img->len += len;
	meta = (struct ckpt_section *)(data + img->metadata);
	meta->length += len;
	return image_parse(img);
}
