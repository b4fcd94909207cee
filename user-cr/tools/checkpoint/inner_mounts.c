// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces of user namespaces inside of the container
 *
 * Such a one begins with a copy of the mounts around it, and these are locked in it:
 * nothing may be taken away from what they hide, nor any of their flags that protect
 * something. No file tells what is locked. So a process of ours goes there and tries:
 * to unmount what it has open, which is refused for one reason or another; and to
 * change the flags of a copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/util.h"
#include "inside.h"
#include "mounts.h"

/* What the process tells if it cannot try: something is mounted over it. */
#define COVERED		(1U << 31)

static const struct {
	uint64_t attr;
	uint32_t flag;
} locks[] = {
	{ MOUNT_ATTR_RDONLY, CKPT_MOUNT_LOCK_RDONLY },
	{ MOUNT_ATTR_NOSUID, CKPT_MOUNT_LOCK_NOSUID },
	{ MOUNT_ATTR_NODEV, CKPT_MOUNT_LOCK_NODEV },
	{ MOUNT_ATTR_NOEXEC, CKPT_MOUNT_LOCK_NOEXEC },
};

/* As the kernel locks a mount that comes from outside */
static uint32_t all_locks(const struct mnt *mnt)
{
	uint32_t flags = CKPT_MOUNT_LOCK_ATIME;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(locks); i++)
		if (mnt->attr & locks[i].attr)
			flags |= locks[i].flag;
	return flags;
}

static bool may_change(int clone, uint64_t clear, uint64_t set)
{
	struct mount_attr attr = { .attr_clr = clear, .attr_set = set };

	if (!mount_setattr(clone, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return true;
	if (errno != EPERM)
		give_up("cannot tell which flags are locked: %s", strerror(errno));
	return false;
}

static uint32_t try_flags(const struct mnt *mnt, int clone)
{
	uint64_t other = (mnt->attr & ATTR_ATIME) == MOUNT_ATTR_NOATIME ?
			 MOUNT_ATTR_STRICTATIME : MOUNT_ATTR_NOATIME;
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(locks); i++)
		if (mnt->attr & locks[i].attr && !may_change(clone, locks[i].attr, 0))
			flags |= locks[i].flag;
	if (!may_change(clone, ATTR_ATIME, other))
		flags |= CKPT_MOUNT_LOCK_ATIME;
	return flags;
}

/* We have it open: so it is busy, and stays, if it is not locked. */
static bool is_locked(const struct mnt *mnt)
{
	if (umount2(mnt->point, MNT_EXPIRE | UMOUNT_NOFOLLOW) < 0 && errno == EBUSY)
		return false;
	if (errno == EINVAL)
		return true;
	give_up("cannot tell whether %s is locked: %s", mnt->point, strerror(errno));
}

static uint32_t try_mount(const struct mnt *mnt, bool is_root)
{
	int fd, clone;
	uint32_t flags;

	if (!mount_is_seen(mnt))
		return COVERED;
	fd = open(mnt->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		give_up("cannot open %s: %s", mnt->point, strerror(errno));
	flags = !is_root && is_locked(mnt) ? CKPT_MOUNT_LOCKED : 0;
	clone = open_tree(fd, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE |
			  OPEN_TREE_CLOEXEC);
	if (clone < 0)
		give_up("cannot tell which flags of %s are locked: %s", mnt->point,
			strerror(errno));
	flags |= try_flags(mnt, clone);
	close(clone);
	close(fd);
	return flags;
}

static void try_all(int ns, const void *arg)
{
	const struct mount_ns *of = arg;
	const struct mount_table *t = &of->table;
	uint32_t flags;
	size_t i;

	if (setns(ns, CLONE_NEWNS) < 0)
		give_up("cannot enter it: %s%s", strerror(errno),
			errno == EPERM ? " (it needs CAP_SYS_ADMIN)" : "");
	for (i = 0; i < t->nr; i++) {
		flags = try_mount(&t->mnt[i], i == of->order[0]);
		if (write_all(1, &flags, sizeof(flags)) < 0)
			_exit(EXIT_FAILED);
	}
}

static uint64_t inode_of_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* The user namespace that it belongs to; -1 and errno, EPERM if that is outside of ours. */
static int open_owner(const struct mount_ns *ns)
{
	char path[40];
	int fd, owner;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", ns->seen_by);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	owner = ioctl(fd, NS_GET_USERNS);
	close(fd);
	return owner;
}

/* Whether the user namespace of OUTER is around that of NS. */
static bool is_around(const struct mount_ns *outer, const struct mount_ns *ns)
{
	int fd = open_owner(ns), up;
	bool found = !outer->owner;

	while (fd >= 0 && !found) {
		up = ioctl(fd, NS_GET_PARENT);
		close(fd);
		fd = up;
		found = fd >= 0 && inode_of_file(fd) == outer->owner;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* How many mounts show the same at the same place; if FOUND is there, of those that are locked */
static size_t count_like(const struct mount_table *t, const uint32_t *found,
			 const struct mnt *mnt)
{
	size_t i, nr = 0;

	for (i = 0; i < t->nr; i++)
		nr += same_filesystem(&t->mnt[i], mnt) &&
		      !strcmp(t->mnt[i].root, mnt->root) &&
		      !strcmp(t->mnt[i].point, mnt->point) &&
		      (!found || found[i] & (COVERED | CKPT_MOUNT_LOCKED));
	return nr;
}

/*
 * Whether it came from a namespace around this one, with all that are like it: of
 * several, nobody can tell which one was mounted inside.
 */
static bool is_copy(const struct mounts *m, const struct mount_ns *ns,
		    const struct mnt *mnt)
{
	size_t nr = count_like(&ns->table, ns->locks, mnt);
	const struct mount_ns *outer;

	if (mount_ns_inode(m->root) == m->own && count_like(&m->host, NULL, mnt) >= nr)
		return true;
	for (outer = m->ns; outer < m->ns + m->nr_ns; outer++)
		if (count_like(&outer->table, NULL, mnt) >= nr && is_around(outer, ns))
			return true;
	return false;
}

/* Of an unbindable one there can be no copy. */
static bool are_private(struct mounts *m, const struct mount_ns *ns)
{
	const struct mnt *mnt;
	bool ok = true;

	for (mnt = ns->table.mnt; mnt < ns->table.mnt + ns->table.nr; mnt++) {
		if (mnt->peer_group || mnt->master)
			mounts_refuse(m, ns, mnt, "shares with others, in a user namespace inside: not supported (use mount --make-private)");
		else if (mnt->propagation & MS_UNBINDABLE)
			mounts_refuse(m, ns, mnt, "is unbindable, in a user namespace inside: not supported (use mount --make-private)");
		else
			continue;
		ok = false;
	}
	return ok;
}

static void take_locks(struct mounts *m, struct mount_ns *ns)
{
	const struct mnt *mnt;
	size_t i;

	for (i = 0; i < ns->table.nr; i++) {
		mnt = &ns->table.mnt[i];
		if (ns->locks[i] != COVERED)
			continue;
		ns->locks[i] = CKPT_MOUNT_LOCKED | all_locks(mnt);
		if (i == ns->order[0] || !is_copy(m, ns, mnt))
			mounts_refuse(m, ns, mnt, "something is mounted over it, in a user namespace inside: not supported (unmount that)");
	}
}

/* What is locked came with what it is on, so that has locks as well. */
static void check_locks(struct mounts *m, const struct mount_ns *ns)
{
	const struct mount_table *t = &ns->table;
	size_t i, parent;

	for (i = 0; i < t->nr; i++) {
		parent = mount_index(t, t->mnt[i].parent);
		if (ns->locks[i] & CKPT_MOUNT_LOCKED && parent < t->nr &&
		    !(ns->locks[i] & ns->locks[parent] & CKPT_MOUNT_LOCK_ATIME))
			mounts_refuse(m, ns, &t->mnt[i], "is locked on a mount that is not: not supported");
	}
}

static void refuse(struct mounts *m, const struct mount_ns *ns, const char *why)
{
	log_add(m->log, "pid %d (%s): its mount namespace belongs to a user namespace inside: %s",
		ns->pid, ns->comm, why);
	m->refused = true;
}

static void look(struct mounts *m, struct mount_ns *ns)
{
	const struct look look = { .run = try_all, .arg = ns };
	struct answer answer;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", ns->seen_by);
	if (look_inside(&look, path, &answer) < 0) {
		refuse(m, ns, answer.why);
	} else if (answer.len != ns->table.nr * sizeof(*ns->locks)) {
		refuse(m, ns, "cannot look at it");
	} else {
		memcpy(ns->locks, answer.bytes, answer.len);
		take_locks(m, ns);
		check_locks(m, ns);
	}
	free(answer.bytes);
	free(answer.why);
}

static uint64_t inode_of(pid_t pid, const char *kind)
{
	struct stat st;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* 0 for a user namespace outside of ours. False if it cannot be told, which is refused. */
static bool take_owner(struct mounts *m, struct mount_ns *ns)
{
	int fd = open_owner(ns);

	if (fd < 0 && errno == EPERM)
		return true;
	if (fd >= 0)
		ns->owner = inode_of_file(fd);
	if (ns->owner) {
		close(fd);
		return true;
	}
	log_add(m->log, "pid %d (%s): cannot tell to which user namespace its mount namespace belongs: %s",
		ns->pid, ns->comm, strerror(errno));
	m->refused = true;
	if (fd >= 0)
		close(fd);
	return false;
}

/**
 * struct places - where a file system is mounted
 * @nr: in how many namespaces
 * @others: some of these are not inner
 * @copied: in one, it came from around that
 */
struct places {
	size_t nr;
	bool others;
	bool copied;
};

static void add_places(struct places *p, const struct mount_ns *ns, size_t fs)
{
	bool found = false;
	size_t i;

	for (i = 0; i < ns->table.nr; i++) {
		if (ns->fs[i] != fs)
			continue;
		found = true;
		p->copied |= ns->locks && ns->locks[i] & CKPT_MOUNT_LOCK_ATIME;
	}
	p->nr += found;
	p->others |= found && !ns->locks;
}

static void check_filesystem(struct mounts *m, size_t i)
{
	const struct filesystem *fs = &m->fs[i];
	const struct mount_ns *ns = &m->ns[fs->ns];
	struct places places = { 0 };
	size_t n;

	for (n = 0; n < m->nr_ns; n++)
		add_places(&places, &m->ns[n], i);
	if (fs->kind != CKPT_FILESYSTEM_NEW || places.others)
		return;
	/* Others show a namespace, which belongs there, too; or have rights. */
	if (strcmp(fs->mnt->type, "devpts"))
		mounts_refuse(m, ns, fs->mnt, "was mounted in a user namespace inside: not supported");
	else if (places.nr > 1)
		mounts_refuse(m, ns, fs->mnt, "was mounted in a user namespace inside, and is in several mount namespaces: not supported");
	else if (places.copied)
		mounts_refuse(m, ns, fs->mnt, "was mounted in a mount namespace around this one that is gone: not supported");
}

static void check_held(struct mounts *m, const struct mount_ns *ns)
{
	const struct mnt *mnt;
	size_t n, i;

	for (n = 0; n < m->nr_ns; n++)
		for (i = 0; i < m->ns[n].table.nr; i++) {
			mnt = &m->ns[n].table.mnt[i];
			if (mount_of_namespace(mnt) && !strncmp(mnt->root, "mnt:", 4) &&
			    mounted_ns_inode(mnt) == ns->inode)
				mounts_refuse(m, &m->ns[n], mnt, "holds the mount namespace %s of a user namespace inside: not supported",
					      mnt->root);
		}
}

static void look_into(struct mounts *m, struct mount_ns *ns, bool in_ours)
{
	check_held(m, ns);
	if (!in_ours)
		refuse(m, ns, "not supported in a container that is in a user namespace, too");
	else if (ns->of_root)
		refuse(m, ns, "not supported for the root task (have it leave that)");
	else if (are_private(m, ns))
		look(m, ns);
}

void inner_mounts_look(struct mounts *m)
{
	uint64_t root = inode_of(m->root, "user"), ours = inode_of(getpid(), "user");
	bool any = false, known = true;
	struct mount_ns *ns;
	size_t i;

	for (ns = m->ns; ns < m->ns + m->nr_ns; ns++) {
		known &= take_owner(m, ns);
		if (!ns->owner || ns->owner == root || ns->owner == ours)
			continue;
		any = true;
		ns->locks = xcalloc(ns->table.nr, sizeof(*ns->locks));
	}
	for (ns = m->ns; known && ns < m->ns + m->nr_ns; ns++)
		if (ns->locks)
			look_into(m, ns, root == ours);
	for (i = 0; known && any && i < m->nr_fs; i++)
		check_filesystem(m, i);
}
