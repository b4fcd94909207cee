/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mount namespaces that are made: mounts_all.c has all of them made, mounts.c one of
 * them, make_mounts.c its mounts
 */
#ifndef RESTART_REBUILD_H
#define RESTART_REBUILD_H

#include <checkpoint/tool_image.h>
#include "../common/mounttable.h"
#include "restart.h"

/**
 * struct mount - a mount on its way to its place
 * @saved: as in the image
 * @id: its record's
 * @root: what of its file system is mounted
 * @point: where
 * @fs: record of the file system
 * @fd: descriptor of the mount, or -1
 * @base: of the first one of a file system that is not external: a mount of all
 *	of it, or -1
 * @is_late: it is made when there is the new root
 * @put_late: then it is put in its place
 * @grouped: it shares as it did
 * @flags: those of @saved, if they are not set at once
 * @found: it came with another one that was copied, and has been found there
 */
struct mount {
	struct ckpt_mount saved;
	uint32_t id;
	const char *root;
	const char *point;
	const struct ckpt_record *fs;
	int fd;
	int base;
	bool is_late;
	bool put_late;
	bool grouped;
	uint32_t flags;
	bool found;
};

/**
 * struct rebuild - a namespace that is made
 * @r: the restart
 * @first: the first one of all, which are made one after the other
 * @inode: the inode number that it had
 * @fd: a descriptor of it
 * @ns: its record
 * @body: of that
 * @mount: the mounts, each behind the one on which it is
 * @nr: their number
 * @here: the mounts of this machine
 * @adopted: mounts that lie on the old root for a while
 */
struct rebuild {
	const struct restart *r;
	const struct rebuild *first;
	uint64_t inode;
	int fd;
	const struct ckpt_record *ns;
	struct ckpt_mount_ns body;
	struct mount *mount;
	size_t nr;
	struct mount_table here;
	size_t adopted;
};

/* mounts_saved.c: of this inode number, or of the root task's for 0; NULL if none */
const struct ckpt_record *mounts_record(const struct state *state, uint64_t inode);

/* mounts.c: logs the mount, what was tried, and errno if that is set; -1 */
__attribute__((format(printf, 3, 4)))
int rebuild_fail(const struct rebuild *b, const struct mount *m,
		 const char *format, ...);

/*
 * outside.c: makes an external mount by what is outside now. What is mounted over
 * that here is in the way, and goes; so these are made when all others are: 1 if
 * M has to wait for that. 0, or -1 and logged.
 */
int outside_clone(const struct rebuild *b, struct mount *m, bool may_wait);

/* Whether a mount of ours shows what M did, at the same place. */
bool outside_is_like(const struct mnt *here, const struct mount *m);

/*
 * propagation.c: when all mounts of all NR namespaces are in their places, in IN; 0,
 * or -1 and logged. It comes back in any of the namespaces.
 */
int propagation_set(struct rebuild *all, size_t nr, const struct rebuild *in);

/*
 * mounts.c: in a namespace that is a copy of ours: makes it the saved one with this
 * inode number. The process may have another cgroup namespace then. 0, or -1 and
 * logged.
 */
int rebuild_begin(struct rebuild *b);
/* The beginning of that, and no more: takes the records, and looks at this machine. */
int rebuild_take(struct rebuild *b);
/*
 * Puts those that are not late on their parents, the deeper ones first: so no mount is
 * in the way of another one.
 */
int rebuild_put(const struct rebuild *b);
/* The old root lies on the new one for a moment. */
int rebuild_change_root(const struct rebuild *b);
/* The one on which it is */
struct mount *mount_parent(const struct rebuild *b, const struct mount *m);
/* Puts it on that. 0, or -1 and logged, as what follows. */
int mount_put(const struct rebuild *b, const struct mount *m);
/* Takes away the layers that lie on the root, at PATH: 0, or -1 and errno. */
int rebuild_drop_layers(const struct rebuild *b, const char *path);
/* Of the root task's, when it is complete: 0, or -1 and logged. */
int rebuild_enter_root(const struct rebuild *b);
/* When there is no use for its mounts any more. */
void rebuild_end(struct rebuild *b);

/*
 * make_mounts.c: makes all that are not late; those that MAY_WAIT may not be made.
 * 0, or -1 and logged.
 */
int mounts_make(struct rebuild *b, bool may_wait);
/* One of them: likewise. */
int mount_make(struct rebuild *b, struct mount *m, bool may_wait);
int mount_set_attributes(const struct rebuild *b, const struct mount *m);
/* Whether its layers are found in the namespace. */
bool mount_is_inside(const struct mount *m);
/* A path from a directory, by neither links nor other mounts: -1 and errno. */
int mount_open_below(int dir, const char *path);

/*
 * mounts_all.c: waits for one of the processes that make mounts, which has logged why it
 * failed: 0, or -1 and logged.
 */
int rebuild_wait(const struct restart *r, pid_t pid);

/*
 * mounts_copy.c: what a user namespace has got from outside stays together: nothing of
 * it can be taken away or put elsewhere. So the copy is kept, and the rest comes on
 * top. 0, or -1 and logged.
 */
int rebuild_on_copy(struct rebuild *b);

/*
 * inner_mounts.c: for those that belong to a user namespace inside: keeps a mount
 * namespace with the mounts of the calling process. A descriptor, or -1 and logged.
 */
int inner_mounts_machine(const struct restart *r);
/* Makes one, when all others are made. 0, or -1 and logged. */
int inner_mounts_rebuild(struct rebuild *b, int machine);

#endif /* RESTART_REBUILD_H */
