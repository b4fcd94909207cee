// SPDX-License-Identifier: LGPL-2.1-only
/* Tables of all fields, for whoever shows or compares images */
#include <stddef.h>

#include <checkpoint/tool_image.h>
#include "fields.h"
#include "layout.h"

#define SIZE(s, f)		sizeof(((struct s *)0)->f)
#define ADD_SIZE(s, f, fmt)	+ SIZE(s, f)
#define SCALAR(s, f, fmt) \
	{ #f, offsetof(struct s, f), SIZE(s, f), 1, CKPT_FIELD_##fmt },
#define ARRAY(s, f, fmt) \
	{ #f, offsetof(struct s, f), SIZE(s, f[0]), \
	  SIZE(s, f) / SIZE(s, f[0]), CKPT_FIELD_##fmt },

#define DESCRIBE(s) \
	static const struct ckpt_field s##_fields[] = { \
		FIELDS_OF_##s(SCALAR, ARRAY, s) \
	}; \
	const struct ckpt_layout layout_of_##s = { \
		.name = #s, \
		.size = sizeof(struct s), \
		.field = s##_fields, \
		.nr_fields = sizeof(s##_fields) / sizeof(s##_fields[0]), \
	}; \
	_Static_assert(0 FIELDS_OF_##s(ADD_SIZE, ADD_SIZE, s) == \
		       sizeof(struct s), \
		       "struct " #s " has fields that are not in fields.h")

DESCRIBE(ckpt_image_header);
DESCRIBE(ckpt_task);
DESCRIBE(ckpt_task_state);
DESCRIBE(ckpt_pid);
DESCRIBE(ckpt_ns);
DESCRIBE(ckpt_id_extent);
DESCRIBE(ckpt_exit);
DESCRIBE(ckpt_stop);
DESCRIBE(ckpt_vfork);
DESCRIBE(ckpt_timer);
DESCRIBE(ckpt_timers);
DESCRIBE(ckpt_seccomp_filter);
DESCRIBE(ckpt_seccomp);
DESCRIBE(ckpt_uts);
DESCRIBE(ckpt_cred);
DESCRIBE(ckpt_file);
DESCRIBE(ckpt_pipe);
DESCRIBE(ckpt_pipe_buf);
DESCRIBE(ckpt_fd_table);
DESCRIBE(ckpt_fd);
DESCRIBE(ckpt_fs);
DESCRIBE(ckpt_mm);
DESCRIBE(ckpt_vma);
DESCRIBE(ckpt_shmem);
DESCRIBE(ckpt_range_policy);
DESCRIBE(ckpt_sighand);
DESCRIBE(ckpt_sigaction);
DESCRIBE(ckpt_pending);
DESCRIBE(ckpt_itimers);
DESCRIBE(ckpt_rlimits);
DESCRIBE(ckpt_times);
DESCRIBE(ckpt_sched);
DESCRIBE(ckpt_task_policy);
DESCRIBE(ckpt_prctls);
DESCRIBE(ckpt_prctl);
DESCRIBE(ckpt_rseq);
DESCRIBE(ckpt_dispatch);
DESCRIBE(ckpt_regset);
DESCRIBE(ckpt_restart_block);
DESCRIBE(ckpt_um_task);
DESCRIBE(ckpt_x86_segment);
DESCRIBE(ckpt_x86_task);
DESCRIBE(ckpt_x86_mm);
DESCRIBE(ckpt_vdso);
DESCRIBE(ckpt_vdso_symbol);
DESCRIBE(x86_xfeat_component);
DESCRIBE(ckpt_run);
DESCRIBE(ckpt_trailer);
DESCRIBE(ckpt_mount_ns);
DESCRIBE(ckpt_filesystem);
DESCRIBE(ckpt_content);
DESCRIBE(ckpt_mount);
DESCRIBE(ckpt_cgroup);
DESCRIBE(ckpt_cgroup_setting);
DESCRIBE(ckpt_cgroup_members);
DESCRIBE(ckpt_cgroup_file);
DESCRIBE(ckpt_cgroup_xattr);
DESCRIBE(ckpt_cgroup_root);
DESCRIBE(ckpt_sysctl);

const struct ckpt_layout *ckpt_header_layout(void)
{
	return &layout_of_ckpt_image_header;
}

const struct ckpt_layout *ckpt_run_layout(void)
{
	return &layout_of_ckpt_run;
}

const struct ckpt_layout *ckpt_trailer_layout(void)
{
	return &layout_of_ckpt_trailer;
}
