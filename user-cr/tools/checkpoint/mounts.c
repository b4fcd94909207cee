// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/content.h"
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "checkpoint.h"
#include "mounts.h"

void mounts_refuse(struct mounts *m, const struct mount_ns *ns,
		   const struct mnt *mnt, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_add(m->log, "pid %d (%s): mount %s (%s): %s", ns->pid, ns->comm,
		*mnt->point ? mnt->point : "without a path", mnt->type, why);
	m->refused = true;
}

static const struct {
	uint64_t attr;
	uint32_t flag;
} attributes[] = {
	{ MOUNT_ATTR_RDONLY, CKPT_MOUNT_RDONLY },
	{ MOUNT_ATTR_NOSUID, CKPT_MOUNT_NOSUID },
	{ MOUNT_ATTR_NODEV, CKPT_MOUNT_NODEV },
	{ MOUNT_ATTR_NOEXEC, CKPT_MOUNT_NOEXEC },
	{ MOUNT_ATTR_NOATIME, CKPT_MOUNT_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, CKPT_MOUNT_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, CKPT_MOUNT_NODIRATIME },
	{ ATTR_NOSYMFOLLOW, CKPT_MOUNT_NOSYMFOLLOW },
};

uint64_t mount_flags(const struct mnt *mnt, uint32_t *flags)
{
	uint64_t left = mnt->attr;
	size_t i;

	*flags = 0;
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (!(mnt->attr & attributes[i].attr))
			continue;
		left &= ~attributes[i].attr;
		*flags |= attributes[i].flag;
	}
	if (mnt->propagation & MS_UNBINDABLE)
		*flags |= CKPT_MOUNT_UNBINDABLE;
	return left;
}

static bool is_deleted(const char *path)
{
	size_t len = strlen(path);

	return len >= 9 && !strcmp(path + len - 9, "//deleted");
}

static bool in_group(const struct mount_table *t, uint64_t group)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->mnt[i].peer_group == group)
			return true;
	return false;
}

static bool in_any_group(const struct mounts *m, uint64_t group)
{
	size_t i;

	for (i = 0; i < m->nr_ns; i++)
		if (in_group(&m->ns[i].table, group))
			return true;
	return false;
}

/* What is mounted outside would appear inside, or the other way around. */
static const char *check_propagation(const struct mounts *m,
				     const struct mnt *mnt)
{
	if (mnt->peer_group && in_group(&m->host, mnt->peer_group))
		return "shares with a mount outside: not supported (unshare --mount --propagation private makes it private)";
	if (mnt->master && in_group(&m->host, mnt->master))
		return "receives mounts from outside: not supported (unshare --mount --propagation private makes it private)";
	if (mnt->master && !in_any_group(m, mnt->master))
		return "receives mounts from a mount that is in none of its namespaces: not supported";
	return NULL;
}

/*
 * A mount namespace can be mounted only in those that are older, and that of the
 * root is made first; a cgroup namespace is the last that it enters.
 */
static bool is_late(const struct mounts *m, const struct mnt *mnt)
{
	char path[64], target[64];
	ssize_t len;

	if (strncmp(mnt->root, "mnt:", 4) && strncmp(mnt->root, "cgroup:", 7))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/%.*s", m->root,
		 (int)strcspn(mnt->root, ":"), mnt->root);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return !strcmp(target, mnt->root);
}

static void check_mount(struct mounts *m, const struct mount_ns *ns,
			const struct mnt *mnt)
{
	const char *why = check_propagation(m, mnt);
	uint64_t unknown;
	uint32_t flags;

	if (why)
		mounts_refuse(m, ns, mnt, "%s", why);
	if (!*mnt->point || is_deleted(mnt->point))
		mounts_refuse(m, ns, mnt, "no path leads to it: not supported");
	if (is_deleted(mnt->root))
		mounts_refuse(m, ns, mnt, "what is mounted there was removed: not supported");
	unknown = mount_flags(mnt, &flags);
	if (unknown & ATTR_IDMAP)
		mounts_refuse(m, ns, mnt, "ids are mapped: not supported");
	else if (unknown)
		mounts_refuse(m, ns, mnt, "attributes %#llx: not supported",
			      (unsigned long long)unknown);
	if (mount_of_namespace(mnt) && is_late(m, mnt))
		mounts_refuse(m, ns, mnt, "holds the namespace %s of the root task: not supported",
			      mnt->root);
	if (mnt->secured)
		mounts_refuse(m, ns, mnt, "options of a security module: not supported");
}

size_t mount_index(const struct mount_table *t, uint64_t id)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->mnt[i].id == id)
			break;
	return i;
}

/* Mounts can be moved: the older one is not always below. */
static void sort(struct mounts *m, struct mount_ns *ns)
{
	const struct mount_table *t = &ns->table;
	bool *done = xcalloc(t->nr + 1, sizeof(*done));
	size_t i, parent, nr = 0, before;

	ns->order = xcalloc(t->nr, sizeof(*ns->order));
	do {
		before = nr;
		for (i = 0; i < t->nr; i++) {
			parent = mount_index(t, t->mnt[i].parent);
			if (done[i] || (parent < t->nr ? !done[parent] : nr))
				continue;
			done[i] = true;
			ns->order[nr++] = i;
		}
	} while (nr > before);
	for (i = 0; i < t->nr; i++)
		if (!done[i])
			mounts_refuse(m, ns, &t->mnt[i], "it is not below the root: not supported");
	free(done);
}

static char *root_of(pid_t pid)
{
	char path[40], *target = xcalloc(1, 4096);
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	len = readlink(path, target, 4095);
	if (len > 0 && *target == '/' && !is_deleted(target))
		return target;
	free(target);
	return NULL;
}

bool mounts_know(const struct mounts *m, uint64_t inode)
{
	size_t i;

	for (i = 0; i < m->nr_ns; i++)
		if (m->ns[i].inode == inode)
			return true;
	return inode == m->own;
}

int mounts_add_namespace(struct mounts *m, const struct proc *proc,
			 pid_t holder, uint64_t inode)
{
	pid_t seen_by = holder ?: proc->alive;
	struct mount_ns *ns;

	m->ns = xrealloc(m->ns, m->nr_ns + 1, sizeof(*m->ns));
	ns = &m->ns[m->nr_ns];
	*ns = (struct mount_ns){
		.inode = inode, .pid = proc->pid, .holder = holder,
		.seen_by = seen_by, .root = root_of(seen_by),
		.of_root = !holder && proc->pid == m->root,
	};
	snprintf(ns->comm, sizeof(ns->comm), "%s", proc->comm);
	m->nr_ns++;
	if (!ns->root)
		errno = ENOENT;
	if (ns->root && !mount_table_read(&ns->table, seen_by))
		return 0;
	log_add(m->log, "pid %d (%s): cannot read its mounts: %s%s", proc->pid,
		proc->comm, strerror(errno),
		errno == EPERM ? " (it needs CAP_SYS_ADMIN)" : "");
	m->refused = true;
	return -1;
}

/* Those that tasks are in */
static int find_namespaces(struct mounts *m)
{
	const struct proc *proc = m->tree->proc;
	uint64_t inode;
	int i, ret = 0;

	for (i = 0; i < m->tree->nr && !ret; i++) {
		inode = mount_ns_inode(proc[i].alive);
		if (inode && !mounts_know(m, inode))
			ret = mounts_add_namespace(m, &proc[i], 0, inode);
	}
	return ret;
}

static void look_at(struct mounts *m, size_t n)
{
	struct mount_ns *ns = &m->ns[n];
	size_t i;

	sort(m, ns);
	ns->fs = xcalloc(ns->table.nr, sizeof(*ns->fs));
	for (i = 0; i < ns->table.nr; i++) {
		check_mount(m, ns, &ns->table.mnt[i]);
		ns->fs[i] = filesystem_of(m, n, &ns->table.mnt[i]);
	}
}

/* Whose the user namespace of the root task is: false if that is ours. */
static bool foreign_owner(pid_t root, uid_t *owner)
{
	char path[40];
	struct stat ours, its;
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", root);
	if (stat("/proc/self/ns/user", &ours) < 0 || stat(path, &its) < 0 ||
	    ours.st_ino == its.st_ino)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = ioctl(fd, NS_GET_OWNER_UID, owner);
	close(fd);
	return !ret && *owner != geteuid();
}

/*
 * A user namespace belongs to who makes it, so this user would have to restart
 * the container; but he may mount nothing before he is in it.
 */
static void check_owner(struct mounts *m)
{
	const struct filesystem *fs;
	uid_t owner;

	if (!foreign_owner(m->root, &owner))
		return;
	for (fs = m->fs; fs < m->fs + m->nr_fs; fs++)
		if (fs->kind == CKPT_FILESYSTEM_CONTENT)
			mounts_refuse(m, &m->ns[fs->ns], fs->mnt,
				      "its content cannot be restored by uid %u, whose user namespace the container is in: not supported (unmount it, or start the container as uid %u)",
				      owner, geteuid());
}

/*
 * One that a process of the tree may serve, which is frozen: whoever looks for
 * something below it waits for ever.
 */
static bool has_unknown_filesystem(const struct mounts *m)
{
	size_t i;

	for (i = 0; i < m->nr_fs; i++)
		if (!m->fs[i].kind)
			return true;
	return false;
}

static void check_content(struct mounts *m, const struct filesystem *fs)
{
	struct content content = { .dir = fs->dir };

	if (fs->dir >= 0 && content_save(&content) < 0)
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "%s", content.error);
}

int mounts_collect(struct mounts *m, const struct proc_list *tree,
		   const struct namespaces *open, pid_t root, int log)
{
	size_t i;

	*m = (struct mounts){
		.log = log, .root = root, .tree = tree,
		.own = mount_ns_inode(getpid()),
	};
	if (find_namespaces(m) < 0 || held_mounts_find_open(m, open) < 0)
		return -1;
	if (!m->nr_ns)
		return 0;
	if (mount_table_read(&m->host, 0) < 0) {
		log_add(log, "cannot read our own mounts: %s", strerror(errno));
		return -1;
	}
	if (held_mounts_find_mounted(m) < 0 || cgroup_mounts_find(m) < 0)
		return -1;
	for (i = 0; i < m->nr_ns; i++)
		look_at(m, i);
	check_owner(m);
	if (!has_unknown_filesystem(m)) {
		shown_check(m);
		inner_mounts_look(m);
	}
	if (!m->refused)
		layers_open(m);
	for (i = 0; i < m->nr_fs; i++)
		check_content(m, &m->fs[i]);
	return m->refused ? -1 : 0;
}

void mounts_free(struct mounts *m)
{
	size_t i;

	for (i = 0; i < m->nr_fs; i++) {
		free(m->fs[i].outside);
		if (m->fs[i].dir >= 0)
			close(m->fs[i].dir);
	}
	for (i = 0; i < m->nr_ns; i++) {
		mount_table_free(&m->ns[i].table);
		free(m->ns[i].root);
		free(m->ns[i].order);
		free(m->ns[i].fs);
		free(m->ns[i].locks);
	}
	mount_table_free(&m->host);
	free(m->ns);
	free(m->fs);
}
