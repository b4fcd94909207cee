// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces that the root is not in
 *
 * One can be mounted only in those that are older. So the first process of the
 * tree makes them when it has its own, those that hold others first, and all as
 * copies of this machine's; then mounts_all.c gives each its mounts.
 */
#include "../common/log.h"
#include "restart.h"

/* Whether a record is of one; and what it says. */
static bool is_mount_ns(const struct ckpt_record *record, struct ckpt_ns *ns)
{
	if (record->type != CKPT_REC_NS)
		return false;
	ckpt_record_body(record, ns, sizeof(*ns));
	return ns->kind == CKPT_NS_MNT;
}

static int make(struct restart *r, const struct ckpt_record *record, int depth);

static int make_holders(struct restart *r, const struct ckpt_ns *held, int depth)
{
	const struct ckpt_record *record;
	struct ckpt_ns ns;
	int i;

	for (i = 0; i < r->image.nr_objects; i++) {
		record = r->image.object[i];
		if (is_mount_ns(record, &ns) &&
		    mounts_hold(r, ns.inode, held->inode) &&
		    make(r, record, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int make(struct restart *r, const struct ckpt_record *record, int depth)
{
	struct ckpt_ns ns;

	if (record->id == r->image.tree.task[0].state.mnt_ns_id ||
	    namespaces_mount(r, record->id) >= 0)
		return 0;
	if (depth > r->image.nr_objects) {
		log_add(r->log, "mount namespaces are mounted in each other");
		return -1;
	}
	ckpt_record_body(record, &ns, sizeof(ns));
	return make_holders(r, &ns, depth) ?: namespaces_add_mount(r, record->id);
}

int mount_ns_make(struct restart *r)
{
	struct ckpt_ns ns;
	int i;

	for (i = 0; i < r->image.nr_objects; i++)
		if (is_mount_ns(r->image.object[i], &ns) &&
		    make(r, r->image.object[i], 0) < 0)
			return -1;
	return 0;
}

int mount_ns_next(const struct restart *r, int *at, uint64_t *inode)
{
	const struct ckpt_record *record;
	struct ckpt_ns ns;
	int fd;

	while (*at < r->image.nr_objects) {
		record = r->image.object[(*at)++];
		fd = is_mount_ns(record, &ns) ? namespaces_mount(r, record->id) : -1;
		if (fd < 0)
			continue;
		*inode = ns.inode;
		return fd;
	}
	return -1;
}
