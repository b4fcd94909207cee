// SPDX-License-Identifier: GPL-2.0-only
/* Mount namespaces of a user namespace that has a copy of this machine's mounts */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include <checkpoint/tool_image.h>
#include "rebuild.h"

static bool is_external(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.kind == CKPT_FILESYSTEM_EXTERNAL;
}

/* The copy was made private, with all that this took from it. */
static int keep_unbindable(const struct rebuild *b, const struct mount *m)
{
	struct mount_attr attr = { .propagation = MS_UNBINDABLE };

	if (m->fd < 0 || !(m->saved.flags & CKPT_MOUNT_UNBINDABLE) ||
	    !mount_setattr(m->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return rebuild_fail(b, m, "cannot make it unbindable");
}

/* It has to be where it is outside, and gets its attributes there. */
static int keep_mount(const struct rebuild *b, struct mount *m)
{
	const struct mnt *here = NULL;
	size_t i;

	for (i = 0; i < b->here.nr && !here; i++)
		if (outside_is_like(&b->here.mnt[i], m) &&
		    !strcmp(b->here.mnt[i].point, m->point))
			here = &b->here.mnt[i];
	errno = 0;
	if (!here)
		return rebuild_fail(b, m, "it is not there outside, and cannot be put there in a user namespace");
	if (!mount_is_seen(here))
		return 0;
	m->fd = open(m->point, O_PATH | O_CLOEXEC);
	return m->fd < 0 ? rebuild_fail(b, m, "cannot open it") : mount_set_attributes(b, m);
}

static int add_mount(struct rebuild *b, struct mount *m)
{
	if (mount_make(b, m, false) < 0)
		return -1;
	if (move_mount(m->fd, "", AT_FDCWD, m->point, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return rebuild_fail(b, m, "cannot put it there");
	return 0;
}

int rebuild_on_copy(struct rebuild *b)
{
	size_t i, external = 0;

	for (i = 0; i < b->nr; i++) {
		if (!is_external(&b->mount[i]))
			continue;
		external++;
		if (keep_mount(b, &b->mount[i]) < 0)
			return -1;
	}
	errno = 0;
	if (external != b->here.nr)
		return rebuild_fail(b, b->mount, "this machine has %zu mounts, of which there were %zu in the user namespace, and none can be taken away",
			    b->here.nr, external);
	for (i = 0; i < b->nr; i++) {
		if (b->mount[i].saved.peer_group || b->mount[i].saved.master)
			return rebuild_fail(b, &b->mount[i], "it shared with others: not supported in a user namespace");
		if (!is_external(&b->mount[i]) && add_mount(b, &b->mount[i]) < 0)
			return -1;
		if (keep_unbindable(b, &b->mount[i]) < 0)
			return -1;
	}
	/* They would be the root of who enters by setns(). */
	if (rebuild_drop_layers(b, "/") < 0)
		return rebuild_fail(b, b->mount, "cannot take away what lies on it");
	return 0;
}
