// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs that are attached to a control group, which an image does not have */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/util.h"
#include "bpf.h"
#include "cgroups.h"

/* Of an enum, which older headers end before these */
#define UNIX_CONNECT		49
#define UNIX_SENDMSG		50
#define UNIX_RECVMSG		51
#define UNIX_GETPEERNAME	52
#define UNIX_GETSOCKNAME	53

static const struct {
	uint32_t type;
	const char *name;
} attach_types[] = {
	{ BPF_CGROUP_INET_INGRESS, "cgroup_inet_ingress" },
	{ BPF_CGROUP_INET_EGRESS, "cgroup_inet_egress" },
	{ BPF_CGROUP_INET_SOCK_CREATE, "cgroup_inet_sock_create" },
	{ BPF_CGROUP_INET_SOCK_RELEASE, "cgroup_inet_sock_release" },
	{ BPF_CGROUP_SOCK_OPS, "cgroup_sock_ops" },
	{ BPF_CGROUP_DEVICE, "cgroup_device" },
	{ BPF_CGROUP_INET4_BIND, "cgroup_inet4_bind" },
	{ BPF_CGROUP_INET6_BIND, "cgroup_inet6_bind" },
	{ BPF_CGROUP_INET4_POST_BIND, "cgroup_inet4_post_bind" },
	{ BPF_CGROUP_INET6_POST_BIND, "cgroup_inet6_post_bind" },
	{ BPF_CGROUP_INET4_CONNECT, "cgroup_inet4_connect" },
	{ BPF_CGROUP_INET6_CONNECT, "cgroup_inet6_connect" },
	{ UNIX_CONNECT, "cgroup_unix_connect" },
	{ BPF_CGROUP_INET4_GETPEERNAME, "cgroup_inet4_getpeername" },
	{ BPF_CGROUP_INET6_GETPEERNAME, "cgroup_inet6_getpeername" },
	{ UNIX_GETPEERNAME, "cgroup_unix_getpeername" },
	{ BPF_CGROUP_INET4_GETSOCKNAME, "cgroup_inet4_getsockname" },
	{ BPF_CGROUP_INET6_GETSOCKNAME, "cgroup_inet6_getsockname" },
	{ UNIX_GETSOCKNAME, "cgroup_unix_getsockname" },
	{ BPF_CGROUP_UDP4_SENDMSG, "cgroup_udp4_sendmsg" },
	{ BPF_CGROUP_UDP6_SENDMSG, "cgroup_udp6_sendmsg" },
	{ UNIX_SENDMSG, "cgroup_unix_sendmsg" },
	{ BPF_CGROUP_UDP4_RECVMSG, "cgroup_udp4_recvmsg" },
	{ BPF_CGROUP_UDP6_RECVMSG, "cgroup_udp6_recvmsg" },
	{ UNIX_RECVMSG, "cgroup_unix_recvmsg" },
	{ BPF_CGROUP_SYSCTL, "cgroup_sysctl" },
	{ BPF_CGROUP_GETSOCKOPT, "cgroup_getsockopt" },
	{ BPF_CGROUP_SETSOCKOPT, "cgroup_setsockopt" },
	{ BPF_LSM_CGROUP, "lsm_cgroup" },
};

static void check_type(struct cgroups *c, const struct group *g, int dir,
		       size_t i)
{
	int nr = bpf_count_programs(dir, attach_types[i].type);

	if (!nr)
		return;
	if (nr < 0)
		log_add(c->log, "control group %s: cannot tell whether BPF programs (%s) are attached to it: %s",
			g->cg.path, attach_types[i].name, strerror(errno));
	else
		log_add(c->log, "control group %s: a BPF program (%s) is attached to it: not supported (detach it, and attach it again after the restart)",
			g->cg.path, attach_types[i].name);
	c->refused = true;
}

void group_check_bpf(struct cgroups *c, const struct group *g)
{
	int dir = g->cg.version == CGROUP_V2 ?
		  open(g->cg.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	size_t i;

	/* Only those of version 2 can have any. */
	if (dir < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(attach_types); i++)
		check_type(c, g, dir, i);
	close(dir);
}
