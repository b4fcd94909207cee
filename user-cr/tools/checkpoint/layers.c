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
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/container.h"
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

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", ns->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = setns(fd, CLONE_NEWNS);
	close(fd);
	return ret;
}

static bool shows(const char *path, const struct mnt *mnt)
{
	struct stat st;

	return !lstat(path, &st) && major(st.st_dev) == mnt->major &&
	       minor(st.st_dev) == mnt->minor;
}

/* On the way to a mount: the last one that it is on and that PATH leads to. */
static const struct mnt *way_to(const struct mount_table *t,
				const struct mnt *mnt, const char *path)
{
	size_t i;

	while (!path_below(path, mnt->point)) {
		for (i = 0; i < t->nr && t->mnt[i].id != mnt->parent; i++)
			;
		if (i == t->nr)
			return NULL;
		mnt = &t->mnt[i];
	}
	return mnt;
}

/* Takes one mount away that hides MNT; false if there is none. */
static bool uncover(const struct mount_table *t, const struct mnt *mnt)
{
	char *path = xstrdup(mnt->point), *end = path;
	const struct mnt *way;
	bool done = false;

	while (end && !done) {
		end = strchr(end + 1, '/');
		if (end)
			*end = '\0';
		way = way_to(t, mnt, path);
		if (way && !shows(path, way)) {
			done = !umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
			break;
		}
		if (end)
			*end = '/';
	}
	free(path);
	return done;
}

static void uncover_all(const struct mount_table *t, const struct mnt *mnt)
{
	size_t i;

	if (unshare(CLONE_NEWNS) < 0 || container_private_mounts() < 0)
		return;
	for (i = 0; i < t->nr && !shows(mnt->point, mnt); i++)
		if (!uncover(t, mnt))
			break;
}

/* Nothing changes by our looking at it, not even the times. */
static int open_copy(const struct mnt *mnt)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOATIME | MOUNT_ATTR_RDONLY,
		.attr_clr = ATTR_ATIME,
	};
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

/* In the namespace of its mount. */
static int open_layer(const struct mounts *m, const struct filesystem *fs)
{
	const struct mount_ns *ns = &m->ns[fs->ns];

	if (enter(ns) < 0)
		return -1;
	if (!shows(fs->mnt->point, fs->mnt))
		uncover_all(&ns->table, fs->mnt);
	if (shows(fs->mnt->point, fs->mnt))
		return open_copy(fs->mnt);
	errno = ENOENT;
	return -1;
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
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	close(fs->dir);
	fs->dir = -1;
}

static void open_all(struct mounts *m, const struct home *home)
{
	struct filesystem *fs;
	int error;
	size_t i;

	for (i = 0; i < m->nr_fs; i++) {
		fs = &m->fs[i];
		if (fs->kind == CKPT_FILESYSTEM_EXTERNAL || !wants_look(fs))
			continue;
		fs->dir = open_layer(m, fs);
		error = errno;
		go_home(home);
		if (fs->dir < 0)
			mounts_refuse(m, &m->ns[fs->ns], fs->mnt,
				      "cannot look into it: %s",
				      strerror(error));
		else if (fs->kind != CKPT_FILESYSTEM_CONTENT)
			check_queues(m, fs);
	}
}

void layers_open(struct mounts *m)
{
	struct home home;

	if (leave_home(&home) < 0)
		complain_errno("cannot remember where we are");
	else
		open_all(m, &home);
	forget_home(&home);
}
