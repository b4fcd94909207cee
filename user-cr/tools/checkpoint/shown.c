// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pid namespace a proc shows: that of who has mounted it
 *
 * It is made anew before there is another one than that of the root task, so others are
 * refused.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "mounts.h"

static uint64_t pid_ns_inode(pid_t pid)
{
	struct stat st;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* The pid namespace of the first process that a proc shows; 0 if that cannot be seen. */
static uint64_t shown_by(const struct mount_ns *ns, const struct mnt *mnt)
{
	struct stat st = { 0 };
	uint64_t id;
	int fd;

	if (strcmp(mnt->root, "/") || !*mnt->point)
		return 0;
	fd = open_within(ns, mnt->point, O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return 0;
	/* Something else may be mounted over it. */
	if (mount_id_of(fd, &id) < 0 || id != mnt->id ||
	    fstatat(fd, "1/ns/pid", &st, 0) < 0)
		st.st_ino = 0;
	close(fd);
	return st.st_ino;
}

/* By any of its mounts */
static uint64_t pid_ns_of(const struct mounts *m, size_t fs)
{
	const struct mount_ns *ns;
	uint64_t inode = 0;
	size_t i;

	for (ns = m->ns; ns < m->ns + m->nr_ns && !inode; ns++)
		for (i = 0; i < ns->table.nr && !inode; i++)
			if (ns->fs[i] == fs)
				inode = shown_by(ns, &ns->table.mnt[i]);
	return inode;
}

static void check_proc(struct mounts *m, size_t i)
{
	const struct filesystem *fs = &m->fs[i];
	uint64_t inode = pid_ns_of(m, i);

	if (inode && inode != pid_ns_inode(m->root))
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "shows another pid namespace than that of the root task: not supported (unmount it)");
}

void shown_check(struct mounts *m)
{
	size_t i;

	for (i = 0; i < m->nr_fs; i++)
		if (m->fs[i].kind == CKPT_FILESYSTEM_NEW &&
		    !strcmp(m->fs[i].mnt->type, "proc"))
			check_proc(m, i);
}
