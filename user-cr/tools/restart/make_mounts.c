// SPDX-License-Identifier: GPL-2.0-only
/* Saved mounts, made as mounts that are nowhere yet */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "rebuild.h"

#define ALL_ATTRIBUTES	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | \
			 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | ATTR_ATIME | \
			 MOUNT_ATTR_NODIRATIME | ATTR_NOSYMFOLLOW)

bool mount_is_inside(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.flags & CKPT_FILESYSTEM_INSIDE;
}

int mount_open_below(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};

	return syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
}

static int clone_of(int dir, const char *path)
{
	int fd = mount_open_below(dir, path), clone, error;

	if (fd < 0)
		return -1;
	clone = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE |
			  OPEN_TREE_CLOEXEC);
	error = errno;
	close(fd);
	errno = error;
	return clone;
}

static int layer_of(const struct rebuild *b, const struct mount *m)
{
	const struct state *state = &b->r->state;
	size_t i;

	for (i = 0; i < state->nr_layers; i++)
		if (state->layer[i].ns_id == b->ns->id &&
		    state->layer[i].filesystem_id == m->fs->id)
			return state->layer[i].fd;
	errno = ENOENT;
	return -1;
}

/* A mount from elsewhere can be copied only when it is in our namespace. */
static int adopt_layer(struct rebuild *b, const struct mount *m)
{
	int fd = layer_of(b, m);

	if (fd < 0 || move_mount(fd, "", AT_FDCWD, "/",
				 MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return rebuild_fail(b, m, "cannot take its content");
	b->adopted++;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int new_base(struct rebuild *b, const struct mount *m)
{
	struct ckpt_filesystem fs;
	const char *what;
	int fd;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_CONTENT)
		return adopt_layer(b, m);
	/* What there is outside was looked at before: it looks otherwise from there. */
	if (fs.cgroup_ns && cgroup_roots_unshare(b->r, fs.cgroup_ns) < 0)
		return -1;
	fd = layer_create(m->fs, &what);
	if (fd >= 0 && !layer_seal(m->fs, fd))
		return fd;
	rebuild_fail(b, m, "cannot make it anew: %s", what);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Of the same namespace, or of one that was made before */
static int find_base(const struct rebuild *b, const struct mount *m)
{
	const struct rebuild *other;
	struct ckpt_filesystem fs;
	size_t i;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	for (other = b->first; other <= b; other++)
		for (i = 0; i < other->nr; i++)
			if (other->mount[i].fs == m->fs &&
			    other->mount[i].base >= 0 &&
			    (other == b || fs.kind == CKPT_FILESYSTEM_NEW))
				return other->mount[i].base;
	return -1;
}

/* Of all mounts of a file system, the first one makes it. */
static int clone_new(struct rebuild *b, struct mount *m)
{
	int base = find_base(b, m), fd;

	if (base < 0)
		base = m->base = new_base(b, m);
	if (base < 0)
		return -1;
	fd = clone_of(base, m->root + 1);
	return fd < 0 ? rebuild_fail(b, m, "cannot mount %s of it", m->root) : fd;
}

static int clone_namespace(const struct rebuild *b, const struct mount *m)
{
	int fd = namespaces_of_mount(b->r, m->root);
	int clone = fd < 0 ? -1 : open_tree(fd, "", AT_EMPTY_PATH |
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return clone < 0 ?
		rebuild_fail(b, m, "cannot mount the namespace %s", m->root) :
		clone;
}

int mount_set_attributes(const struct rebuild *b, const struct mount *m)
{
	static const struct {
		uint32_t flag;
		uint64_t attr;
	} attributes[] = {
		{ CKPT_MOUNT_RDONLY, MOUNT_ATTR_RDONLY },
		{ CKPT_MOUNT_NOSUID, MOUNT_ATTR_NOSUID },
		{ CKPT_MOUNT_NODEV, MOUNT_ATTR_NODEV },
		{ CKPT_MOUNT_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ CKPT_MOUNT_NOATIME, MOUNT_ATTR_NOATIME },
		{ CKPT_MOUNT_STRICTATIME, MOUNT_ATTR_STRICTATIME },
		{ CKPT_MOUNT_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ CKPT_MOUNT_NOSYMFOLLOW, ATTR_NOSYMFOLLOW },
	};
	struct mount_attr attr = { .attr_clr = ALL_ATTRIBUTES };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		if (m->saved.flags & attributes[i].flag)
			attr.attr_set |= attributes[i].attr;
	if (!mount_setattr(m->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return rebuild_fail(b, m, "cannot set its flags");
}

int mount_make(struct rebuild *b, struct mount *m, bool may_wait)
{
	struct ckpt_filesystem fs;
	int ret = 0;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_EXTERNAL)
		ret = outside_clone(b, m, may_wait);
	else if (fs.kind == CKPT_FILESYSTEM_NAMESPACE)
		m->fd = clone_namespace(b, m);
	else
		m->fd = clone_new(b, m);
	if (ret > 0)
		return 0;
	return ret < 0 || m->fd < 0 ? -1 : mount_set_attributes(b, m);
}

int mounts_make(struct rebuild *b, bool may_wait)
{
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->mount[i].fd < 0 && !b->mount[i].is_late &&
		    mount_make(b, &b->mount[i], may_wait) < 0)
			return -1;
	return 0;
}
