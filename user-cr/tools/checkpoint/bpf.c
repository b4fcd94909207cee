// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"

/* Older kernels do not take what newer headers have at the end. */
#define END_OF(member) \
	(offsetof(union bpf_attr, member) + sizeof(((union bpf_attr *)0)->member))

static int bpf(int command, union bpf_attr *attr, size_t size)
{
	return syscall(SYS_bpf, command, attr, size);
}

/* There is no such call, or what is asked for is not known, or we must not ask. */
static bool means_none(void)
{
	return errno == ENOSYS || errno == EINVAL || errno == EPERM;
}

int bpf_count_programs(int target, uint32_t type)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = target;
	attr.query.attach_type = type;
	if (!bpf(BPF_PROG_QUERY, &attr, END_OF(query.prog_cnt)))
		return attr.query.prog_cnt;
	return means_none() ? 0 : -1;
}

/* The type of a link; -1 and errno */
static int link_type(uint32_t id)
{
	struct bpf_link_info info;
	union bpf_attr attr;
	int fd, ret;

	memset(&attr, 0, sizeof(attr));
	attr.link_id = id;
	fd = bpf(BPF_LINK_GET_FD_BY_ID, &attr, END_OF(link_id));
	if (fd < 0)
		return -1;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info.type);
	attr.info.info = (uintptr_t)&info;
	ret = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, END_OF(info.info));
	close(fd);
	return ret < 0 ? -1 : (int)info.type;
}

int bpf_has_links(uint32_t type)
{
	union bpf_attr attr;
	uint32_t id = 0;
	int found;

	for (;;) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (bpf(BPF_LINK_GET_NEXT_ID, &attr, END_OF(next_id)) < 0)
			return errno == ENOENT || means_none() ? 0 : -1;
		id = attr.next_id;
		found = link_type(id);
		if (found == (int)type)
			return 1;
		/* It may have gone away. */
		if (found < 0 && errno != ENOENT)
			return means_none() ? 0 : -1;
	}
}
