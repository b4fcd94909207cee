// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths in the mount namespaces of the tree
 *
 * Who is in there decides what they lead to: it may be a FIFO, to which nobody will
 * write while all stand still, or a symbolic link, which we would follow in our own
 * root directory. So nothing is opened before it is known what it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../common/util.h"
#include "mounts.h"

static bool is_elsewhere(int a, int b)
{
	struct stat one, other;
	uint64_t id, other_id;

	if (fstat(a, &one) < 0 || fstat(b, &other) < 0 ||
	    mount_id_of(a, &id) < 0 || mount_id_of(b, &other_id) < 0)
		return false;
	return id != other_id || one.st_ino != other.st_ino;
}

/*
 * The root directory of the namespace, from where mount points are told: that of
 * the task may be another one. Above it there is nothing.
 */
static int open_root(pid_t pid)
{
	char path[40];
	bool above = true;
	int fd, up;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && above) {
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		above = up >= 0 && is_elsewhere(fd, up);
		close(fd);
		fd = up;
	}
	return fd;
}

int open_within(const struct mount_ns *ns, const char *path, uint64_t flags,
		uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int root = open_root(ns->seen_by), fd, error;

	if (root < 0)
		return -1;
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	error = errno;
	close(root);
	errno = error;
	return fd;
}

/* The root of such a mount is "KIND:[INODE]". */
uint64_t mounted_ns_inode(const struct mnt *mnt)
{
	const char *number = strchr(mnt->root, '[');

	return number ? strtoull(number + 1, NULL, 10) : 0;
}

static bool is_namespace(int fd, uint64_t inode)
{
	struct statfs fs;
	struct stat st;

	return !fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC &&
	       !fstat(fd, &st) && st.st_ino == inode;
}

/* What only has a place becomes a file that can be used. */
static int open_place(int place)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_seen(const struct mount_ns *ns, const struct mnt *mnt)
{
	int place = open_within(ns, mnt->point, 0, RESOLVE_NO_SYMLINKS);
	int fd = -1, error;

	if (place < 0)
		return -1;
	errno = ENOENT;
	if (is_namespace(place, mounted_ns_inode(mnt)))
		fd = open_place(place);
	error = errno;
	close(place);
	errno = error;
	return fd;
}

int mounted_ns_open(struct mounts *m, const struct mount_ns *ns,
		    const struct mnt *mnt)
{
	int fd = open_seen(ns, mnt);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		mounts_refuse(m, ns, mnt, "something is mounted over the namespace %s, which nothing else leads to: not supported (unmount that, or have a process in the namespace)",
			      mnt->root);
	else
		mounts_refuse(m, ns, mnt, "cannot open the namespace %s: %s",
			      mnt->root, strerror(errno));
	return -1;
}
