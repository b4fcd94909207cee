// SPDX-License-Identifier: GPL-2.0-only
/* What the image says of mount namespaces */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "rebuild.h"

bool mounts_wanted(const struct restart *r)
{
	return r->o.namespaces & CLONE_NEWNS && !r->o.host_mounts;
}

const struct ckpt_record *mounts_record(const struct state *state, uint64_t inode)
{
	struct ckpt_mount_ns body;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_MOUNT_NS)
			continue;
		ckpt_record_body(state->record[i], &body, sizeof(body));
		if (inode ? body.inode == inode :
		    body.flags & CKPT_MOUNT_NS_ROOT)
			return state->record[i];
	}
	return NULL;
}

bool mounts_are_saved(const struct restart *r, uint64_t ns_inode)
{
	return !r->o.host_mounts && mounts_record(&r->state, ns_inode);
}

/* Whether a mount is one of the mount namespace with this inode number. */
static bool is_mount_of(const struct restart *r, const struct ckpt_mount *mount,
			uint64_t held)
{
	const struct ckpt_record *record = state_object(&r->state,
							mount->filesystem_id);
	const char *root = record_string(record, 2);
	struct ckpt_filesystem fs;

	ckpt_record_body(record, &fs, sizeof(fs));
	return fs.kind == CKPT_FILESYSTEM_NAMESPACE &&
	       !strncmp(root, "mnt:[", 5) && strtoull(root + 5, NULL, 10) == held;
}

bool mounts_hold(const struct restart *r, uint64_t ns_inode, uint64_t held)
{
	const struct ckpt_record *ns = r->o.host_mounts ? NULL :
		mounts_record(&r->state, ns_inode);
	struct ckpt_mount mount;
	size_t i;

	for (i = 0; ns && i < r->state.nr; i++) {
		if (r->state.record[i]->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(r->state.record[i], &mount, sizeof(mount));
		if (mount.ns_id == ns->id && is_mount_of(r, &mount, held))
			return true;
	}
	return false;
}

uint32_t mounts_owner(const struct restart *r, uint64_t ns_inode)
{
	struct ckpt_ns ns;
	int i;

	for (i = 0; i < r->image.nr_objects; i++) {
		if (r->image.object[i]->type != CKPT_REC_NS)
			continue;
		ckpt_record_body(r->image.object[i], &ns, sizeof(ns));
		if (ns.kind == CKPT_NS_MNT && ns.inode == ns_inode)
			return ns.user_ns_id == r->image.tree.task[0].state.user_ns_id ?
			       0 : ns.user_ns_id;
	}
	return 0;
}

uint64_t mounts_root_ns(const struct restart *r)
{
	const struct ckpt_record *ns = mounts_record(&r->state, 0);
	struct ckpt_mount_ns body;

	if (!ns || !mounts_wanted(r))
		return 0;
	ckpt_record_body(ns, &body, sizeof(body));
	return body.inode;
}

void mounts_close(struct restart *r)
{
	size_t i;

	for (i = 0; i < r->state.nr_layers; i++)
		close(r->state.layer[i].fd);
	r->state.nr_layers = 0;
}
