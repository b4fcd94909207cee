// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"

int bpf_count_programs(int target, uint32_t type)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = target;
	attr.query.attach_type = type;
	/* Older kernels do not take what newer headers have at the end. */
	if (!syscall(SYS_bpf, BPF_PROG_QUERY, &attr,
		     offsetof(union bpf_attr, query.prog_cnt) +
		     sizeof(attr.query.prog_cnt)))
		return attr.query.prog_cnt;
	return errno == ENOSYS || errno == EINVAL || errno == EPERM ? 0 : -1;
}
