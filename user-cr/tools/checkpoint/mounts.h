/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mounts of the tree's own mount namespaces
 *
 * A file system that is mounted outside of them, too, is found there again at
 * restart; others are made anew, tmpfs with what is in it. What is neither is
 * refused. mounts.c looks at all of this, write_mounts.c writes it, filesystems.c tells
 * where a file system comes from, layers.c opens those with content.
 */
#ifndef CHECKPOINT_MOUNTS_H
#define CHECKPOINT_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/mounttable.h"
#include "../common/proctree.h"
#include "sections.h"

/**
 * struct mount_ns - a mount namespace of the tree
 * @inode: its inode number
 * @pid: the first task in it, or who holds it
 * @comm: its name
 * @holder: a process of ours that is in it, or 0
 * @seen_by: that, or a task that is in it
 * @root: the root directory of that
 * @of_root: it is the root task
 * @owner: inode number of the user namespace to which it belongs, if that is ours or
 *	inside of ours; otherwise 0
 * @table: all mounts
 * @order: their indices, each behind that of the mount on which it is
 * @fs: the file system of each, an index
 * @locks: what is locked of each, CKPT_MOUNT_LOCK*, if it belongs to a user namespace
 *	inside of that of the root task; otherwise NULL
 * @id: its record's, once it is written
 */
struct mount_ns {
	uint64_t inode;
	pid_t pid;
	char comm[64];
	pid_t holder;
	pid_t seen_by;
	char *root;
	bool of_root;
	uint64_t owner;
	struct mount_table table;
	size_t *order;
	size_t *fs;
	uint32_t *locks;
	uint32_t id;
};

/**
 * struct filesystem - a file system that is mounted in them
 * @kind: enum ckpt_filesystem_kind
 * @mnt: one of its mounts: that which shows most of it
 * @ns: index of the namespace of that
 * @outside: where it is found outside, or NULL
 * @inside: its layers are found in the namespace
 * @dir: descriptor of its content, or -1
 * @id: its record's, once it is written
 */
struct filesystem {
	uint32_t kind;
	const struct mnt *mnt;
	size_t ns;
	char *outside;
	bool inside;
	int dir;
	uint32_t id;
};

/**
 * struct mounts - all of them
 * @log: for reasons
 * @root: the root task
 * @tree: it and all below it
 * @own: inode number of our own namespace
 * @refused: there were some
 * @host: the mounts of our own namespace
 * @ns: those of the tree
 * @nr_ns: their number
 * @fs: the file systems in them
 * @nr_fs: their number
 */
struct mounts {
	int log;
	pid_t root;
	const struct proc_list *tree;
	uint64_t own;
	bool refused;
	struct mount_table host;
	struct mount_ns *ns;
	size_t nr_ns;
	struct filesystem *fs;
	size_t nr_fs;
};

struct namespaces;

/*
 * Looks at the tree below ROOT, which stands still and has these namespaces open.
 * 0; or -1, and all that stands in the way is logged.
 */
int mounts_collect(struct mounts *m, const struct proc_list *tree,
		   const struct namespaces *open, pid_t root, int log);
/* write_mounts.c: 0, or -1 and logged; what cannot be written is the sections' error. */
int mounts_write(struct mounts *m, struct sections *s);
void mounts_free(struct mounts *m);

/* Whether a namespace is in the list, or ours. */
bool mounts_know(const struct mounts *m, uint64_t inode);
/* One that PROC is in, or has a HOLDER of ours in: 0, or -1 and logged. */
int mounts_add_namespace(struct mounts *m, const struct proc *proc,
			 pid_t holder, uint64_t inode);

/* Logs why a mount cannot be saved. */
__attribute__((format(printf, 4, 5)))
void mounts_refuse(struct mounts *m, const struct mount_ns *ns,
		   const struct mnt *mnt, const char *format, ...);

/* The flags of its record; returns the attributes for which there are none. */
uint64_t mount_flags(const struct mnt *mnt, uint32_t *flags);
/* By its id, which need not be there: then it is the number of all. */
size_t mount_index(const struct mount_table *t, uint64_t id);

/* filesystems.c: whether the file system is mounted outside, too. */
bool mounts_host_has(const struct mounts *m, const struct mnt *mnt);
/* Finds or adds it; returns its index. */
size_t filesystem_of(struct mounts *m, size_t ns, const struct mnt *mnt);

/*
 * overlay.c: whether its layers are found in the namespace; if not, they are outside,
 * or it is refused.
 */
bool overlay_check(struct mounts *m, const struct mount_ns *ns,
		   const struct mnt *mnt);

/*
 * cgroup_mounts.c: finds those of control groups that were made in a cgroup namespace
 * of the tree. 0, or -1 and logged.
 */
int cgroup_mounts_find(struct mounts *m);

/*
 * held_mounts.c: adds those that no task is in, but that are open; and those that are
 * mounted in one of the tree, but not outside. 0, or -1 and logged.
 */
int held_mounts_find_open(struct mounts *m, const struct namespaces *open);
int held_mounts_find_mounted(struct mounts *m);
/* When all is seen, and before the kernel looks: nobody else is in them. */
void held_mounts_release(struct mounts *m);

/*
 * paths.c: what a path leads to in a namespace, from the root of that: a descriptor
 * that tells what it is, and no more; O_* and RESOLVE_* as for openat2(). -1 and
 * errno.
 */
int open_within(const struct mount_ns *ns, const char *path, uint64_t flags,
		uint64_t resolve);
/* The inode number of the namespace that a mount holds. */
uint64_t mounted_ns_inode(const struct mnt *mnt);
/* That namespace, open; or -1, and it is refused. */
int mounted_ns_open(struct mounts *m, const struct mount_ns *ns,
		    const struct mnt *mnt);

/*
 * inner_mounts.c: when all file systems are known: finds those that belong to user
 * namespaces inside, and what is locked in them; what cannot be carried is refused.
 */
void inner_mounts_look(struct mounts *m);

/*
 * shown.c: refuses a proc, sysfs or mqueue that does not show the namespace of the root
 * task, or of which that cannot be told.
 */
void shown_check(struct mounts *m);

/* layers.c: opens what has content; what cannot be had is refused. */
void layers_open(struct mounts *m);

#endif /* CHECKPOINT_MOUNTS_H */
