// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening file systems that are mounted only inside
 *
 * A copy of the mount shows what is in the file system, under its mount points,
 * too. Something may be mounted over it: then it is looked for in a copy of the
 * namespace, from which that is taken away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/container.h"
#include "../common/log.h"
#include "../common/util.h"
#include "mounts.h"

/**
 * struct home - where we come from
 * @ns: our mount namespace
 * @root: our root directory
 * @cwd: our working directory
 */
struct home {
	int ns;
	int root;
	int cwd;
};

static int leave_home(struct home *home)
{
	*home = (struct home){
		.ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
		.root = open("/", O_PATH | O_CLOEXEC),
		.cwd = open(".", O_PATH | O_CLOEXEC),
	};
	return home->ns < 0 || home->root < 0 || home->cwd < 0 ? -1 : 0;
}

/* What follows is written where the user wants it, or not at all. */
static void go_home(const struct home *home)
{
	if (setns(home->ns, CLONE_NEWNS) < 0 || fchdir(home->root) < 0 ||
	    chroot(".") < 0 || fchdir(home->cwd) < 0) {
		complain_errno("cannot come back from a mount namespace");
		exit(EXIT_FAILED);
	}
}

static void forget_home(const struct home *home)
{
	close(home->ns);
	close(home->root);
	close(home->cwd);
}

static int enter(const struct mount_ns *ns)
{
	char path[40];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", ns->seen_by);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = setns(fd, CLONE_NEWNS);
	close(fd);
	return ret;
}

static void uncover(const struct mount_table *t, const struct mnt *mnt)
{
	if (!unshare(CLONE_NEWNS) && !container_private_mounts())
		mount_uncover(t, mnt);
}

/*
 * Nothing changes by our looking at it, not even the times, as nothing is written. A
 * copy of what belongs to a user namespace must keep how it deals with times itself.
 */
static int open_copy(const struct mnt *mnt)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = open_tree(AT_FDCWD, mnt->point, OPEN_TREE_CLONE |
			   OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (fd < 0)
		return -1;
	if (!mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return fd;
	close(fd);
	return -1;
}

static bool wants_look(const struct filesystem *fs)
{
	return fs->kind == CKPT_FILESYSTEM_CONTENT ||
	       !strcmp(fs->mnt->type, "mqueue");
}

/* In the namespace of its mount. One that cannot be bound can be in the copy. */
static int open_seen(const struct mount_ns *ns, const struct filesystem *fs)
{
	if (!mount_is_seen(fs->mnt) || fs->mnt->propagation & MS_UNBINDABLE)
		uncover(&ns->table, fs->mnt);
	if (mount_is_seen(fs->mnt))
		return open_copy(fs->mnt);
	errno = ENOENT;
	return -1;
}

/* We come back only if we were away: that, too, is not for everybody. */
static int open_layer(const struct mounts *m, const struct filesystem *fs,
		      const struct home *home)
{
	const struct mount_ns *ns = &m->ns[fs->ns];
	int dir, error;

	if (enter(ns) < 0)
		return -1;
	dir = open_seen(ns, fs);
	error = errno;
	go_home(home);
	errno = error;
	return dir;
}

/* Queues are not ours to save; one that nobody uses is a loss, too. */
static void check_queues(struct mounts *m, struct filesystem *fs)
{
	int fd = openat(fs->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			mounts_refuse(m, &m->ns[fs->ns], fs->mnt,
				      "message queue %s: not supported",
				      entry->d_name);
	if (!dir)
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt,
			      "cannot tell whether it has message queues: %s",
			      strerror(errno));
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	close(fs->dir);
	fs->dir = -1;
}

/* What belongs to a user namespace cannot be taken apart in our copy of it. */
static const char *hint(const struct mnt *mnt, int error)
{
	if (error == EPERM)
		return " (it needs CAP_SYS_ADMIN outside of the container: unmount it, or have root start and save the container)";
	if (error == ENOENT)
		return " (what is mounted over it cannot be taken away in a copy of a user namespace's mounts: unmount that)";
	if (error == EINVAL && mnt->propagation & MS_UNBINDABLE)
		return " (what is mounted in it cannot be taken away in a copy of a user namespace's mounts, and it is unbindable: use mount --make-private)";
	return "";
}

static void open_all(struct mounts *m, const struct home *home)
{
	struct filesystem *fs;
	size_t i;

	for (i = 0; i < m->nr_fs; i++) {
		fs = &m->fs[i];
		if (fs->kind == CKPT_FILESYSTEM_EXTERNAL || !wants_look(fs))
			continue;
		fs->dir = open_layer(m, fs, home);
		if (fs->dir < 0)
			mounts_refuse(m, &m->ns[fs->ns], fs->mnt,
				      "cannot look into it: %s%s",
				      strerror(errno), hint(fs->mnt, errno));
		else if (fs->kind != CKPT_FILESYSTEM_CONTENT)
			check_queues(m, fs);
	}
}

void layers_open(struct mounts *m)
{
	struct home home;

	if (leave_home(&home) < 0) {
		log_add(m->log, "cannot remember where we are: %s", strerror(errno));
		m->refused = true;
	} else {
		open_all(m, &home);
	}
	forget_home(&home);
}
