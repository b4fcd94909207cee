/* SPDX-License-Identifier: LGPL-2.1-only */
/* The tables that fields.c makes of fields.h */
#ifndef LIB_LAYOUT_H
#define LIB_LAYOUT_H

#include <checkpoint/image.h>

/* From <asm/elf.h>, which C libraries may not have yet, and not for each arch. */
struct x86_xfeat_component {
	uint32_t type;
	uint32_t size;
	uint32_t offset;
	uint32_t flags;
};

extern const struct ckpt_layout layout_of_ckpt_image_header;
extern const struct ckpt_layout layout_of_ckpt_task;
extern const struct ckpt_layout layout_of_ckpt_task_state;
extern const struct ckpt_layout layout_of_ckpt_pid;
extern const struct ckpt_layout layout_of_ckpt_ns;
extern const struct ckpt_layout layout_of_ckpt_id_extent;
extern const struct ckpt_layout layout_of_ckpt_exit;
extern const struct ckpt_layout layout_of_ckpt_stop;
extern const struct ckpt_layout layout_of_ckpt_vfork;
extern const struct ckpt_layout layout_of_ckpt_timer;
extern const struct ckpt_layout layout_of_ckpt_timers;
extern const struct ckpt_layout layout_of_ckpt_seccomp_filter;
extern const struct ckpt_layout layout_of_ckpt_seccomp;
extern const struct ckpt_layout layout_of_ckpt_uts;
extern const struct ckpt_layout layout_of_ckpt_cred;
extern const struct ckpt_layout layout_of_ckpt_file;
extern const struct ckpt_layout layout_of_ckpt_pipe;
extern const struct ckpt_layout layout_of_ckpt_pipe_buf;
extern const struct ckpt_layout layout_of_ckpt_fd_table;
extern const struct ckpt_layout layout_of_ckpt_fd;
extern const struct ckpt_layout layout_of_ckpt_fs;
extern const struct ckpt_layout layout_of_ckpt_mm;
extern const struct ckpt_layout layout_of_ckpt_vma;
extern const struct ckpt_layout layout_of_ckpt_shmem;
extern const struct ckpt_layout layout_of_ckpt_range_policy;
extern const struct ckpt_layout layout_of_ckpt_sighand;
extern const struct ckpt_layout layout_of_ckpt_sigaction;
extern const struct ckpt_layout layout_of_ckpt_pending;
extern const struct ckpt_layout layout_of_ckpt_itimers;
extern const struct ckpt_layout layout_of_ckpt_rlimits;
extern const struct ckpt_layout layout_of_ckpt_times;
extern const struct ckpt_layout layout_of_ckpt_sched;
extern const struct ckpt_layout layout_of_ckpt_task_policy;
extern const struct ckpt_layout layout_of_ckpt_prctls;
extern const struct ckpt_layout layout_of_ckpt_prctl;
extern const struct ckpt_layout layout_of_ckpt_rseq;
extern const struct ckpt_layout layout_of_ckpt_dispatch;
extern const struct ckpt_layout layout_of_ckpt_regset;
extern const struct ckpt_layout layout_of_ckpt_restart_block;
extern const struct ckpt_layout layout_of_ckpt_um_task;
extern const struct ckpt_layout layout_of_ckpt_x86_segment;
extern const struct ckpt_layout layout_of_ckpt_x86_task;
extern const struct ckpt_layout layout_of_ckpt_x86_mm;
extern const struct ckpt_layout layout_of_ckpt_vdso;
extern const struct ckpt_layout layout_of_ckpt_vdso_symbol;
extern const struct ckpt_layout layout_of_x86_xfeat_component;
extern const struct ckpt_layout layout_of_ckpt_run;
extern const struct ckpt_layout layout_of_ckpt_trailer;
extern const struct ckpt_layout layout_of_ckpt_mount_ns;
extern const struct ckpt_layout layout_of_ckpt_filesystem;
extern const struct ckpt_layout layout_of_ckpt_content;
extern const struct ckpt_layout layout_of_ckpt_mount;
extern const struct ckpt_layout layout_of_ckpt_cgroup;
extern const struct ckpt_layout layout_of_ckpt_cgroup_setting;
extern const struct ckpt_layout layout_of_ckpt_cgroup_members;
extern const struct ckpt_layout layout_of_ckpt_cgroup_file;
extern const struct ckpt_layout layout_of_ckpt_cgroup_xattr;
extern const struct ckpt_layout layout_of_ckpt_cgroup_root;
extern const struct ckpt_layout layout_of_ckpt_sysctl;

#endif /* LIB_LAYOUT_H */
