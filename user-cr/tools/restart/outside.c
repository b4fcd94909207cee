// SPDX-License-Identifier: GPL-2.0-only
/* What is mounted outside, too, found there again */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rebuild.h"

static bool was_readonly(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.flags & CKPT_FILESYSTEM_RDONLY;
}

/* Devices get their names anew with each boot. */
static bool same_source(const char *here, const char *saved)
{
	return !strcmp(here, saved) ||
	       (!strncmp(here, "/dev/", 5) && !strncmp(saved, "/dev/", 5));
}

/* And so do namespaces their numbers. */
static bool same_root(const char *type, const char *here, const char *saved)
{
	size_t len = strcspn(saved, ":");

	if (strcmp(type, CKPT_FILESYSTEM_NSFS))
		return !strcmp(here, saved);
	return !strncmp(here, saved, len + 1);
}

bool outside_is_like(const struct mnt *here, const struct mount *m)
{
	const char *below = path_below(record_string(m->fs, 3), here->point);
	char *root;
	bool like;

	if (!below || !*here->point)
		return false;
	root = path_join(here->root, below);
	like = same_root(here->type, root, m->root) &&
	       !strcmp(here->type, record_string(m->fs, 0)) &&
	       same_source(here->source, record_string(m->fs, 1)) &&
	       !(here->sb_flags & MS_RDONLY) == !was_readonly(m);
	free(root);
	return like;
}

/* The mount that FD is on; NULL and errno. */
static const struct mnt *mount_at(const struct rebuild *b, int fd)
{
	uint64_t id;
	size_t i;

	if (mount_id_of(fd, &id) < 0)
		return NULL;
	for (i = 0; i < b->here.nr; i++)
		if (b->here.mnt[i].id == id)
			return &b->here.mnt[i];
	errno = ENOENT;
	return NULL;
}

/* What is at the place where it should be. */
static int explain_outside(const struct rebuild *b, const struct mount *m)
{
	const char *outside = record_string(m->fs, 3);
	int fd = open(outside, O_PATH | O_CLOEXEC);
	const struct mnt *here;

	if (fd < 0)
		return rebuild_fail(b, m, "%s outside, which it showed", outside);
	here = mount_at(b, fd);
	if (!here) {
		rebuild_fail(b, m, "cannot tell what %s outside is", outside);
	} else {
		errno = 0;
		rebuild_fail(b, m, "%s outside is on %s, which shows %s of %s (%s, %s), but it was %s of %s (%s, %s)",
		     outside, here->point, here->root, here->source, here->type,
		     here->sb_flags & MS_RDONLY ? "ro" : "rw", m->root,
		     record_string(m->fs, 1), record_string(m->fs, 0),
		     was_readonly(m) ? "ro" : "rw");
	}
	close(fd);
	return -1;
}

/* The youngest one, if there are several. */
static const struct mnt *find_outside(const struct rebuild *b,
				      const struct mount *m)
{
	size_t i;

	for (i = b->here.nr; i > 0; i--)
		if (outside_is_like(&b->here.mnt[i - 1], m))
			return &b->here.mnt[i - 1];
	return NULL;
}

static int bind(const struct rebuild *b, const struct mount *m, int dir,
		const char *path, unsigned int flags)
{
	int fd = open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			   flags);

	return fd < 0 ? rebuild_fail(b, m, "cannot bind %s",
				     *path ? path : record_string(m->fs, 3)) : fd;
}

/* Somebody outside who may write to a directory on the way must not lead us. */
static int open_outside(const struct rebuild *b, const struct mount *m)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS,
	};
	const char *path = record_string(m->fs, 3);
	int fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? rebuild_fail(b, m, "cannot open %s outside%s", path,
				     errno == ELOOP ? " (the path must not lead through symbolic links)" : "") :
		fd;
}

/* What FD is may lie on the mount that was found, and not be of it. */
static bool is_outside(const struct rebuild *b, int fd, const struct mount *m)
{
	const struct mnt *here = mount_at(b, fd);

	return here && outside_is_like(here, m);
}

static int bind_outside(const struct rebuild *b, const struct mount *m)
{
	int fd = open_outside(b, m), clone;

	if (fd < 0)
		return -1;
	clone = is_outside(b, fd, m) ? bind(b, m, fd, "", AT_EMPTY_PATH) :
		explain_outside(b, m);
	close(fd);
	return clone;
}

/* The root may come from another place: that is the user's wish. */
static bool is_moved(const struct rebuild *b, const struct mount *m)
{
	return b->r->o.root && m == b->mount &&
	       b->body.flags & CKPT_MOUNT_NS_ROOT;
}

int outside_clone(const struct rebuild *b, struct mount *m, bool may_wait)
{
	const struct mnt *here;

	if (is_moved(b, m)) {
		m->fd = bind(b, m, AT_FDCWD, b->r->o.root, 0);
		return m->fd < 0 ? -1 : 0;
	}
	here = find_outside(b, m);
	if (!here)
		return explain_outside(b, m);
	if (!mount_is_seen(here) && may_wait)
		return 1;
	errno = 0;
	if (!mount_is_seen(here) && !mount_uncover(&b->here, here))
		return rebuild_fail(b, m, "what is mounted over it outside cannot be taken away");
	m->fd = bind_outside(b, m);
	return m->fd < 0 ? -1 : 0;
}
