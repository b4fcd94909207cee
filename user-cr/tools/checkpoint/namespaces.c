// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/nspid.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "namespaces.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

static const struct ns_kind kinds[NR_NS_KINDS] = {
	{ CKPT_NS_NET, CLONE_NEWNET, "net", "network" },
	{ CKPT_NS_IPC, CLONE_NEWIPC, "ipc", "IPC" },
	{ CKPT_NS_CGROUP, CLONE_NEWCGROUP, "cgroup", "cgroup" },
	{ CKPT_NS_USER, CLONE_NEWUSER, "user", "user" },
	{ CKPT_SYSCTLS_PID, CLONE_NEWPID, "pid", "pid" },
	{ CKPT_NS_MNT, CLONE_NEWNS, "mnt", "mount" },
	{ CKPT_NS_UTS, CLONE_NEWUTS, "uts", "UTS" },
	{ CKPT_NS_TIME, CLONE_NEWTIME, "time", "time" },
};

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static uint64_t own_inode(const struct namespaces *n, const struct ns_kind *kind)
{
	return n->own[kind - kinds];
}

static void take_own(struct namespaces *n)
{
	char path[32];
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[k].name);
		n->own[k] = inode_of(path);
	}
}

static bool is_known(const struct namespaces *n, uint64_t inode)
{
	size_t i;

	for (i = 0; i < n->nr; i++)
		if (n->ns[i].inode == inode)
			return true;
	return false;
}

/* Ours, those that are known, and what is none, are not looked at. */
static bool is_new(const struct namespaces *n, const struct ns_kind *kind,
		   uint64_t inode)
{
	return inode && inode != own_inode(n, kind) && !is_known(n, inode);
}

static struct ns *add_new(struct namespaces *n, const struct ns_kind *kind,
			  const struct proc *proc, uint64_t inode)
{
	struct ns *ns;

	n->ns = xgrow(n->ns, n->nr, sizeof(*n->ns));
	ns = &n->ns[n->nr++];
	*ns = (struct ns){
		.kind = kind, .inode = inode, .fd = -1, .pid = proc->pid,
	};
	snprintf(ns->comm, sizeof(ns->comm), "%s", proc->comm);
	return ns;
}

/* A file of a namespace */
static void add(struct namespaces *n, const struct ns_kind *kind,
		const struct proc *proc, const char *path)
{
	uint64_t inode = inode_of(path);

	if (is_new(n, kind, inode))
		add_new(n, kind, proc, inode)->path = xstrdup(path);
}

/* Pid namespaces are known by the process that they begin with. */
static void take_init(struct namespaces *n, size_t before,
		      const struct proc *proc, int depth)
{
	for (; before < n->nr; before++)
		if (n->ns[before].kind->flag == CLONE_NEWPID)
			n->ns[before].init = pid_at_depth(proc->pid, depth);
}

/* Those that it is in; DEPTH is that of the root task. */
static void add_own(struct namespaces *n, const struct proc *proc, int depth)
{
	bool is_init = pid_is_init(proc->pid);
	size_t before = n->nr, k;
	char path[40];

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		/* mounts.c knows the mount namespaces that tasks are in. */
		if (kinds[k].flag == CLONE_NEWNS ||
		    (kinds[k].flag == CLONE_NEWPID && !is_init))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", proc->alive,
			 kinds[k].name);
		add(n, &kinds[k], proc, path);
	}
	take_init(n, before, proc, depth);
}

/* Those that a thread may have by itself; in others it is refused. */
static bool may_be_of_thread(const struct ns_kind *kind)
{
	return kind->flag & (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWCGROUP |
			     CLONE_NEWUTS);
}

static void add_of_thread(struct namespaces *n, const struct proc *proc,
			  const char *thread)
{
	char path[300];
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (!may_be_of_thread(&kinds[k]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/ns/%s", proc->pid,
			 thread, kinds[k].name);
		add(n, &kinds[k], proc, path);
	}
}

/* Those that only threads are in */
static void add_of_threads(struct namespaces *n, const struct proc *proc)
{
	struct dirent *entry;
	char path[40];
	DIR *dir;

	if (proc->threads <= 1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task", proc->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_of_thread(n, proc, entry->d_name);
	if (dir)
		closedir(dir);
}

/* The kernel refuses those of pid namespaces. */
static const struct ns_kind *kind_of_link(const char *target)
{
	size_t len = strcspn(target, ":"), k;

	for (k = 0; k < ARRAY_SIZE(kinds) && target[len]; k++)
		if (kinds[k].flag != CLONE_NEWPID &&
		    !strncmp(kinds[k].name, target, len) && !kinds[k].name[len])
			return &kinds[k];
	return NULL;
}

/* Those that it has open */
static void add_open(struct namespaces *n, const struct proc *proc)
{
	char path[300], target[64];
	const struct ns_kind *kind;
	struct dirent *entry;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", proc->alive);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", proc->alive,
			 entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		kind = kind_of_link(target);
		if (kind)
			add(n, kind, proc, path);
	}
	if (dir)
		closedir(dir);
}

/*
 * Those that are mounted in a mount namespace of the tree, with what can be set. What
 * is mounted outside, too, comes from there.
 */
static const struct ns_kind *kind_of_mount(const struct mounts *m,
					   const struct mnt *mnt)
{
	const struct ns_kind *kind =
		mount_of_namespace(mnt) ? kind_of_link(mnt->root) : NULL;

	if (!kind || kind->flag == CLONE_NEWNS || mounts_host_has(m, mnt))
		return NULL;
	return kind;
}

static void add_mounted(struct namespaces *n, struct mounts *m,
			const struct mount_ns *ns)
{
	struct proc proc = { .pid = ns->pid };
	const struct ns_kind *kind;
	const struct mnt *mnt;
	struct ns *new;
	size_t i;
	int fd;

	memcpy(proc.comm, ns->comm, sizeof(proc.comm));
	for (i = 0; i < ns->table.nr; i++) {
		mnt = &ns->table.mnt[i];
		kind = kind_of_mount(m, mnt);
		if (!kind || !is_new(n, kind, mounted_ns_inode(mnt)))
			continue;
		fd = mounted_ns_open(m, ns, mnt);
		if (fd < 0)
			continue;
		new = add_new(n, kind, &proc, mounted_ns_inode(mnt));
		new->fd = fd;
		new->path = xasprintf("/proc/self/fd/%d", fd);
	}
}

static const struct ns_kind *kind_of_flag(int flag)
{
	size_t k = 0;

	while (kinds[k].flag != flag)
		k++;
	return &kinds[k];
}

/* The user namespace that one belongs to, or that is around it: none if outside ours */
static int open_owner(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), owner;

	if (fd < 0)
		return -1;
	owner = ioctl(fd, NS_GET_USERNS);
	close(fd);
	return owner;
}

static void add_owner(struct namespaces *n, const struct ns *ns)
{
	const struct ns_kind *kind = kind_of_flag(CLONE_NEWUSER);
	struct proc proc = { .pid = ns->pid };
	int fd = open_owner(ns->path);
	struct ns *new;
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || !is_new(n, kind, st.st_ino)) {
		close(fd);
		return;
	}
	memcpy(proc.comm, ns->comm, sizeof(proc.comm));
	new = add_new(n, kind, &proc, st.st_ino);
	new->fd = fd;
	new->path = xasprintf("/proc/self/fd/%d", fd);
}

/* Of the mount namespaces that tasks are in, and of those that are held */
static void add_owners_of_mounts(struct namespaces *n, const struct mounts *m)
{
	const struct mount_ns *of;
	struct ns ns;

	for (of = m->ns; of < m->ns + m->nr_ns; of++) {
		ns = (struct ns){
			.pid = of->pid, .path = xasprintf("/proc/%d/ns/mnt", of->seen_by),
		};
		memcpy(ns.comm, of->comm, sizeof(ns.comm));
		add_owner(n, &ns);
		free(ns.path);
	}
}

/* Nobody need be in them, nor have them open. Each that is found may have one, too. */
static void add_owners(struct namespaces *n, const struct mounts *m)
{
	struct ns ns;
	size_t i;

	if (!n->in_container)
		return;
	add_owners_of_mounts(n, m);
	for (i = 0; i < n->nr; i++) {
		/* It may move when there are more. */
		ns = n->ns[i];
		add_owner(n, &ns);
	}
}

/* Who is in a pid namespace below ours may be in a container. */
static bool may_be_inside(const struct namespaces *n, pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return inode_of(path) != own_inode(n, kind_of_flag(CLONE_NEWPID));
}

void namespaces_collect(struct namespaces *n, const struct proc_list *tree,
			pid_t root, bool threads)
{
	int depth = pid_depth(root), i;

	*n = (struct namespaces){ 0 };
	take_own(n);
	n->in_container = may_be_inside(n, root);
	for (i = 0; i < tree->nr; i++) {
		add_own(n, &tree->proc[i], depth);
		if (threads)
			add_of_threads(n, &tree->proc[i]);
		/* Only a container may have those that no process is in. */
		if (n->in_container)
			add_open(n, &tree->proc[i]);
	}
}

int namespaces_add_mounted(struct namespaces *n, struct mounts *m)
{
	size_t k;

	for (k = 0; n->in_container && k < m->nr_ns; k++)
		add_mounted(n, m, &m->ns[k]);
	add_owners(n, m);
	return m->refused ? -1 : 0;
}

void namespaces_free(struct namespaces *n)
{
	size_t i;

	for (i = 0; i < n->nr; i++) {
		free(n->ns[i].path);
		if (n->ns[i].fd >= 0)
			close(n->ns[i].fd);
	}
	free(n->ns);
}
