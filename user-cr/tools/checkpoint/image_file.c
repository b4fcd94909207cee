// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the tree has the file open that the image goes to
 *
 * The kernel refuses that, too, but sees no more than the file that it writes to
 * itself. That is another one where a process of ours writes in between, or where the
 * image takes the place of an older file in the end.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../common/proctree.h"
#include "../common/util.h"
#include "checkpoint.h"

/* False if it is one that everybody may have open, as /dev/null, or there is none. */
static bool find_image(const struct output *out, struct stat *image)
{
	if (out->path ? stat(out->path, image) < 0 : fstat(out->fd, image) < 0)
		return false;
	return !S_ISCHR(image->st_mode) || major(image->st_rdev) != MEM_MAJOR;
}

/* Whoever serves its file system may stand still: he is not asked. */
static bool is_image(const struct stat *image, int dir, const char *fd)
{
	struct statx st;

	return !statx(dir, fd, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == image->st_dev &&
	       st.stx_ino == image->st_ino;
}

/* A descriptor of a thread for the image, or -1 */
static int find_fd(const struct stat *image, pid_t pid, pid_t tid)
{
	struct dirent *entry;
	char path[60];
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", pid, tid);
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    is_image(image, dirfd(dir), entry->d_name))
			fd = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return fd;
}

static bool have_same_files(pid_t a, pid_t b)
{
	return a && !syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);
}

static int find_in_process(const struct stat *image, pid_t pid)
{
	struct dirent *entry;
	pid_t tid, last = 0;
	char path[40];
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (tid && !have_same_files(last, tid))
			fd = find_fd(image, pid, tid);
		last = tid;
	}
	if (dir)
		closedir(dir);
	return fd;
}

static const char *what_it_is(const struct output *out, const struct stat *image)
{
	if (S_ISFIFO(image->st_mode) || S_ISSOCK(image->st_mode))
		return "is the pipe or socket that the image is written to: nobody may be left to read it";
	if (out->nameless || out->temp)
		return "is the file whose place the image takes: it would be missing at restart";
	return "is the file that the image is written to: it would change behind its back";
}

int image_file_check(const struct options *o, const struct output *out)
{
	struct stat image;
	struct proc *list;
	int n, i, fd = -1;

	if (!find_image(out, &image))
		return 0;
	n = proc_tree(o->pid, &list);
	for (i = 0; i < n && fd < 0; i++)
		if (list[i].pid != getpid())
			fd = find_in_process(&image, list[i].pid);
	if (fd >= 0) {
		complain("pid %d (%s) fd %d: %s", list[i - 1].pid,
			 list[i - 1].comm, fd, what_it_is(out, &image));
		complain("pid %d was not saved (%s)", o->pid, OTHER_FILE);
	}
	free(list);
	return fd < 0 ? 0 : -1;
}
