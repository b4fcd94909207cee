// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of mounts that share what is mounted on them, and their slaves
 *
 * The first member of a group is made one; others join it, also from other
 * namespaces. A slave is made of a member of its master's group. Which number a
 * group has is the kernel's choice.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "rebuild.h"

#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP	0x00000100
#endif

/**
 * struct groups - the groups of all namespaces
 * @all: the namespaces
 * @nr: their number
 * @in: the one that we are in
 */
struct groups {
	struct rebuild *all;
	size_t nr;
	const struct rebuild *in;
};

/* What is done to a mount itself is done in its namespace. */
static int set_propagation(struct groups *g, const struct rebuild *b,
			   const struct mount *m, uint64_t how)
{
	struct mount_attr attr = { .propagation = how };

	if (g->in != b && setns(b->fd, CLONE_NEWNS) < 0)
		return rebuild_fail(b, m, "cannot enter its namespace");
	g->in = b;
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

/* The next mount in any of the namespaces; start with NULL. */
static struct mount *next_mount(const struct groups *g, struct rebuild **b,
				struct mount *m)
{
	if (!m)
		*b = g->all;
	else if (m + 1 < (*b)->mount + (*b)->nr)
		return m + 1;
	else
		++*b;
	return *b < g->all + g->nr ? (*b)->mount : NULL;
}

/* A member of a group that is there already, and shows all that M does. */
static const struct mount *find_member(const struct groups *g, uint32_t group,
				       const struct mount *m)
{
	struct mount *other = NULL;
	struct rebuild *b;

	while ((other = next_mount(g, &b, other)))
		if (other->grouped && same_filesystem_as(other, m) &&
		    other->saved.peer_group == group &&
		    path_below(m->root, other->root))
			break;
	return other;
}

static int join_group(const struct rebuild *b, const struct mount *m,
		      const struct mount *member)
{
	if (!move_mount(member->fd, "", m->fd, "", MOVE_MOUNT_F_EMPTY_PATH |
			MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_SET_GROUP))
		return 0;
	return rebuild_fail(b, m, "cannot share with the mount %s", member->point);
}

static bool group_exists(const struct groups *g, uint32_t group)
{
	struct mount *m = NULL;
	struct rebuild *b;

	while ((m = next_mount(g, &b, m)))
		if (m->grouped && m->saved.peer_group == group)
			return true;
	return false;
}

/* Of a group, the member that shows most comes first. */
static bool is_widest(const struct groups *g, const struct mount *m)
{
	struct mount *other = NULL;
	struct rebuild *b;

	while ((other = next_mount(g, &b, other)))
		if (other->saved.peer_group == m->saved.peer_group &&
		    strlen(other->root) < strlen(m->root))
			return false;
	return true;
}

/* 1: it shares now as it did, 0: others have to come before, -1: failed */
static int set_group(struct groups *g, const struct rebuild *b,
		     const struct mount *m)
{
	const struct mount *member;
	uint32_t peers = m->saved.peer_group, master = m->saved.master;

	member = peers ? find_member(g, peers, m) : NULL;
	if (member)
		return join_group(b, m, member) < 0 ? -1 : 1;
	if (peers && (group_exists(g, peers) || !is_widest(g, m)))
		return 0;
	if (master) {
		member = find_member(g, master, m);
		if (!member)
			return 0;
		if (join_group(b, m, member) < 0 ||
		    set_propagation(g, b, m, MS_SLAVE) < 0)
			return -1;
	}
	if (peers && set_propagation(g, b, m, MS_SHARED) < 0)
		return -1;
	return 1;
}

static int set_groups(struct groups *g)
{
	bool again = true;
	struct rebuild *b;
	struct mount *m;
	int ret;

	while (again) {
		again = false;
		for (m = NULL; (m = next_mount(g, &b, m));) {
			ret = m->grouped ? 0 : set_group(g, b, m);
			if (ret < 0)
				return -1;
			m->grouped |= ret;
			again |= ret;
		}
	}
	return 0;
}

int propagation_set(struct rebuild *all, size_t nr, const struct rebuild *in)
{
	struct groups g = { .all = all, .nr = nr, .in = in };
	struct mount *m = NULL;
	struct rebuild *b;

	if (set_groups(&g) < 0)
		return -1;
	errno = 0;
	while ((m = next_mount(&g, &b, m))) {
		if (!m->grouped)
			return rebuild_fail(b, m, "cannot share as it did: no other mount of its group shows as much");
		if (m->saved.flags & CKPT_MOUNT_UNBINDABLE &&
		    set_propagation(&g, b, m, MS_UNBINDABLE) < 0)
			return -1;
	}
	return 0;
}
