// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of mounts that share what is mounted on them, and their slaves
 *
 * The first member of a group is made one; others join it. A slave is made of a
 * member of its master's group. Which number a group has is the kernel's choice.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "rebuild.h"

#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP	0x00000100
#endif

static int set_propagation(const struct rebuild *b, const struct mount *m,
			   uint64_t how)
{
	struct mount_attr attr = { .propagation = how };

	if (!mount_setattr(m->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return rebuild_fail(b, m, "cannot set how it propagates");
}

static bool same_filesystem_as(const struct mount *a, const struct mount *b)
{
	struct ckpt_filesystem x, y;

	ckpt_record_body(a->fs, &x, sizeof(x));
	ckpt_record_body(b->fs, &y, sizeof(y));
	return x.dev_major == y.dev_major && x.dev_minor == y.dev_minor;
}

/* A member of a group that is there already, and shows all that M does. */
static const struct mount *find_member(const struct rebuild *b, uint32_t group,
				       const struct mount *m)
{
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->mount[i].grouped &&
		    same_filesystem_as(&b->mount[i], m) &&
		    b->mount[i].saved.peer_group == group &&
		    path_below(m->root, b->mount[i].root))
			return &b->mount[i];
	return NULL;
}

static int join_group(const struct rebuild *b, const struct mount *m,
		      const struct mount *member)
{
	if (!move_mount(member->fd, "", m->fd, "", MOVE_MOUNT_F_EMPTY_PATH |
			MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_SET_GROUP))
		return 0;
	return rebuild_fail(b, m, "cannot share with the mount %s", member->point);
}

static bool group_exists(const struct rebuild *b, uint32_t group)
{
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->mount[i].grouped && b->mount[i].saved.peer_group == group)
			return true;
	return false;
}

/* Of a group, the member that shows most comes first. */
static bool is_widest(const struct rebuild *b, const struct mount *m)
{
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->mount[i].saved.peer_group == m->saved.peer_group &&
		    strlen(b->mount[i].root) < strlen(m->root))
			return false;
	return true;
}

/* 1: it shares now as it did, 0: others have to come before, -1: failed */
static int set_group(const struct rebuild *b, const struct mount *m)
{
	const struct mount *member;
	uint32_t peers = m->saved.peer_group, master = m->saved.master;

	member = peers ? find_member(b, peers, m) : NULL;
	if (member)
		return join_group(b, m, member) < 0 ? -1 : 1;
	if (peers && (group_exists(b, peers) || !is_widest(b, m)))
		return 0;
	if (master) {
		member = find_member(b, master, m);
		if (!member)
			return 0;
		if (join_group(b, m, member) < 0 ||
		    set_propagation(b, m, MS_SLAVE) < 0)
			return -1;
	}
	if (peers && set_propagation(b, m, MS_SHARED) < 0)
		return -1;
	return 1;
}

int propagation_set(const struct rebuild *b)
{
	bool again = true;
	struct mount *m;
	int ret;

	while (again) {
		again = false;
		for (m = b->mount; m < b->mount + b->nr; m++) {
			ret = m->grouped ? 0 : set_group(b, m);
			if (ret < 0)
				return -1;
			m->grouped |= ret;
			again |= ret;
		}
	}
	errno = 0;
	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (!m->grouped)
			return rebuild_fail(b, m, "cannot share as it did: no other mount of its group shows as much");
		if (m->saved.flags & CKPT_MOUNT_UNBINDABLE &&
		    set_propagation(b, m, MS_UNBINDABLE) < 0)
			return -1;
	}
	return 0;
}
