// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which namespace a file system shows: that of who has mounted it
 *
 * It is made anew by a process that is in those of the root task, so those that show
 * others are refused, and so are those of which it cannot be told.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
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
#include "inside.h"
#include "mounts.h"

static uint64_t pid_ns_inode(pid_t pid)
{
	struct stat st;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* The pid namespace of the first process that a proc shows; 0 and errno, ENOENT if none */
static uint64_t shown_at(int fd)
{
	struct stat st;

	return fstatat(fd, "1/ns/pid", &st, 0) < 0 ? 0 : st.st_ino;
}

static const char *why_not(void)
{
	return errno == ENOENT ? "it shows no process 1: its pid namespace may have ended" :
	       strerror(errno);
}

static bool is_whole(const struct mnt *mnt)
{
	return !strcmp(mnt->root, "/") && *mnt->point;
}

/* EBUSY if something else is mounted over it */
static uint64_t shown_by(const struct mount_ns *ns, const struct mnt *mnt)
{
	int fd = open_within(ns, mnt->point, O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	uint64_t id, inode = 0;

	errno = EBUSY;
	if (fd < 0)
		return 0;
	if (!mount_id_of(fd, &id) && id == mnt->id)
		inode = shown_at(fd);
	close(fd);
	return inode;
}

/*
 * In a process of its own, which has a copy of the mounts: takes away what is over a
 * proc. Mounts have other ids there.
 */
static void look_below(int fd, const void *arg)
{
	const struct mnt *wanted = arg, *mnt;
	struct mount_table t;
	uint64_t inode;
	char text[24];
	int dir;

	enter_owner(fd);
	if (setns(fd, CLONE_NEWNS) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    container_private_mounts() < 0 || mount_table_read(&t, 0) < 0)
		give_up("cannot look below what is mounted over it: %s", strerror(errno));
	for (mnt = t.mnt; mnt < t.mnt + t.nr; mnt++) {
		if (!same_filesystem(mnt, wanted) || !is_whole(mnt) || !mount_uncover(&t, mnt))
			continue;
		dir = open(mnt->point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		inode = dir < 0 ? 0 : shown_at(dir);
		if (!inode)
			give_up("%s", why_not());
		snprintf(text, sizeof(text), "%llu", (unsigned long long)inode);
		return tell(text);
	}
	give_up("something is mounted over it");
}

/* 0 and why */
static uint64_t shown_below(const struct mount_ns *ns, const struct mnt *mnt, char **why)
{
	const struct look look = { .run = look_below, .arg = mnt };
	struct answer answer;
	uint64_t inode = 0;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", ns->seen_by);
	if (!look_inside(&look, path, &answer))
		inode = strtoull(answer.bytes, NULL, 10);
	*why = answer.why;
	free(answer.bytes);
	return inode;
}

/* By one of its mounts: 0 and why */
static uint64_t shown_by_any(const struct mount_ns *ns, const struct mnt *mnt, char **why)
{
	uint64_t inode = shown_by(ns, mnt);
	bool covered = errno == EBUSY;

	free(*why);
	*why = inode ? NULL : xstrdup(why_not());
	if (inode || !covered)
		return inode;
	free(*why);
	return shown_below(ns, mnt, why);
}

static uint64_t pid_ns_of(const struct mounts *m, size_t fs, char **why)
{
	const struct mount_ns *ns;
	uint64_t inode = 0;
	size_t i;

	*why = xstrdup("only a part of it is mounted");
	for (ns = m->ns; ns < m->ns + m->nr_ns && !inode; ns++)
		for (i = 0; i < ns->table.nr && !inode; i++)
			if (ns->fs[i] == fs && is_whole(&ns->table.mnt[i]))
				inode = shown_by_any(ns, &ns->table.mnt[i], why);
	return inode;
}

static void check_proc(struct mounts *m, size_t i)
{
	const struct filesystem *fs = &m->fs[i];
	char *why;
	uint64_t inode = pid_ns_of(m, i, &why);

	if (!inode)
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "cannot tell which pid namespace it shows (%s): not supported (unmount it)",
			      why);
	else if (inode != pid_ns_inode(m->root))
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "shows another pid namespace than that of the root task: not supported (unmount it)");
	free(why);
}

/* Types of which each namespace has one file system, however often it is mounted */
static const struct kind {
	const char *type;
	const char *ns;
	const char *text;
} kinds[] = {
	{ "sysfs", "net", "network" },
	{ "mqueue", "ipc", "IPC" },
};

/**
 * struct mounting - one of them, to be mounted
 * @kind: which
 * @root: the root task
 */
struct mounting {
	const struct kind *kind;
	pid_t root;
};

/* Who has rights in the user namespace of the container only can mount in its mounts only. */
static void enter_as_owner(int fd, pid_t root)
{
	char path[40];
	int mounts;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", root);
	mounts = open(path, O_RDONLY | O_CLOEXEC);
	enter_owner(fd);
	if (mounts < 0 || setns(mounts, CLONE_NEWNS) < 0 || setns(fd, 0) < 0)
		give_up("cannot enter that: %s", strerror(errno));
	close(mounts);
}

/* As who is in the namespace gets it: its device */
static void mount_one(int fd, const void *arg)
{
	const struct mounting *m = arg;
	int context, mounted = -1;
	struct stat st;
	char text[32];

	if (setns(fd, 0) < 0)
		enter_as_owner(fd, m->root);
	context = fsopen(m->kind->type, FSOPEN_CLOEXEC);
	if (context >= 0 && !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mounted < 0 || fstat(mounted, &st) < 0)
		give_up("cannot mount one to compare: %s", strerror(errno));
	snprintf(text, sizeof(text), "%u:%u", major(st.st_dev), minor(st.st_dev));
	tell(text);
}

static void check_by_device(struct mounts *m, const struct filesystem *fs,
			    const struct kind *kind)
{
	const struct mounting mounting = { .kind = kind, .root = m->root };
	const struct look look = { .run = mount_one, .arg = &mounting };
	struct answer answer;
	char text[40];

	snprintf(text, sizeof(text), "/proc/%d/ns/%s", m->root, kind->ns);
	if (look_inside(&look, text, &answer) < 0)
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "cannot tell whether it shows the %s namespace of the root task (%s): not supported (unmount it)",
			      kind->text, answer.why);
	snprintf(text, sizeof(text), "%u:%u", fs->mnt->major, fs->mnt->minor);
	if (!answer.why && strcmp(answer.bytes, text))
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "shows another %s namespace than that of the root task: not supported (unmount it)",
			      kind->text);
	free(answer.bytes);
	free(answer.why);
}

void shown_check(struct mounts *m)
{
	const struct kind *kind;
	size_t i;

	for (i = 0; i < m->nr_fs; i++) {
		if (m->fs[i].kind != CKPT_FILESYSTEM_NEW)
			continue;
		if (!strcmp(m->fs[i].mnt->type, "proc"))
			check_proc(m, i);
		for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++)
			if (!strcmp(m->fs[i].mnt->type, kind->type))
				check_by_device(m, &m->fs[i], kind);
	}
}
