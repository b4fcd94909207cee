// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user namespace of a container
 *
 * It comes about with the first process, and owns all other namespaces of the
 * container; so those are made inside of it, too, by that process. The
 * coordinator, which is outside, writes what is mapped to what.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../common/container.h"
#include "../common/log.h"
#include "../common/util.h"
#include "restart.h"

bool userns_wanted(const struct restart *r)
{
	return r->o.namespaces & CLONE_NEWUSER;
}

int userns_prepare(struct restart *r)
{
	int fd[2], i;

	if (!userns_wanted(r))
		return 0;
	if (pipe(fd) < 0) {
		log_add(r->log, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	for (i = 0; i < 2; i++)
		r->mapped[i] = descriptors_keep(r, fd[i]);
	return r->mapped[0] < 0 || r->mapped[1] < 0 ? -1 : 0;
}

static int write_file_of(pid_t pid, const char *name, const char *text)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return write_small_file(path, text);
}

static int write_map(pid_t pid, const char *name,
		     const struct ckpt_id_extent *extents, uint32_t nr)
{
	char *text = xstrdup(""), *longer;
	uint32_t i;
	int ret;

	for (i = 0; i < nr; i++) {
		longer = xasprintf("%s%u %u %u\n", text, extents[i].first,
				   extents[i].outer_first, extents[i].count);
		free(text);
		text = longer;
	}
	ret = nr ? write_file_of(pid, name, text) : 0;
	free(text);
	return ret;
}

static int write_maps(pid_t pid, const struct ckpt_record *record)
{
	const struct ckpt_id_extent *extents = ckpt_record_tail(record);
	struct ckpt_ns ns;

	ckpt_record_body(record, &ns, sizeof(ns));
	if (ns.flags & CKPT_NS_NO_SETGROUPS &&
	    write_file_of(pid, "setgroups", "deny") < 0)
		return -1;
	if (write_map(pid, "uid_map", extents, ns.nr_uids) < 0)
		return -1;
	extents += ns.nr_uids;
	if (write_map(pid, "gid_map", extents, ns.nr_gids) < 0)
		return -1;
	extents += ns.nr_gids;
	return write_map(pid, "projid_map", extents, ns.nr_projids);
}

/* It belongs to whoever makes it. */
static int check_owner(const struct restart *r, const struct ckpt_record *record)
{
	struct ckpt_ns ns;

	ckpt_record_body(record, &ns, sizeof(ns));
	if (ns.owner_uid == geteuid() && ns.owner_gid == getegid())
		return 0;
	log_add(r->log, "the user namespace of the container belongs to uid %u and gid %u: restart it as that user",
		ns.owner_uid, ns.owner_gid);
	return -1;
}

int userns_map(struct restart *r, pid_t pid)
{
	uint32_t id = r->image.tree.task[0].state.user_ns_id;
	const struct ckpt_record *record = namespaces_record(r, id);
	int ret;

	if (record && check_owner(r, record) < 0)
		return -1;
	ret = record ? write_maps(pid, record) : container_map_user(pid);
	if (!ret && write(r->mapped[1], "m", 1) == 1)
		return 0;
	log_add(r->log, "cannot map user and group ids into the container: %s",
		strerror(errno));
	return -1;
}

int userns_enter(struct restart *r)
{
	char byte;

	close(r->mapped[1]);
	if (read(r->mapped[0], &byte, 1) != 1)
		return -1;
	close(r->mapped[0]);
	/* There may be no root in it; then we have its rights all the same. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		errno = 0;
	/* So that our files in /proc stay ours */
	return prctl(PR_SET_DUMPABLE, 1);
}
