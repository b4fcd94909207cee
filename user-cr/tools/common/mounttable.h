/* SPDX-License-Identifier: GPL-2.0-only */
/* The mounts of a mount namespace, as the kernel tells them */
#ifndef COMMON_MOUNTTABLE_H
#define COMMON_MOUNTTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* Not in every C library's headers */
#define ATTR_ATIME		0x00000070U
#define ATTR_IDMAP		0x00100000U
#define ATTR_NOSYMFOLLOW	0x00200000U

/**
 * struct mnt - a mount
 * @id: unique as long as the machine runs
 * @parent: on which it is; not in the table for the root
 * @major: of the device of its file system
 * @minor: likewise
 * @sb_flags: MS_* of the file system
 * @attr: MOUNT_ATTR_* of the mount
 * @propagation: MS_SHARED, MS_SLAVE, MS_UNBINDABLE
 * @peer_group: with which it shares, or 0
 * @master: group of which it is a slave, or 0
 * @type: of the file system
 * @source: of it
 * @root: what of it is mounted
 * @point: where, from the root of the namespace; "" if that does not lead there
 * @options: of the file system, each with its NUL
 * @options_len: length of these
 * @secured: it has options of a security module
 * @cgroup_ns: inode number of a cgroup namespace, if its root is told from where
 *	that begins, in which it was made
 */
struct mnt {
	uint64_t id;
	uint64_t parent;
	uint32_t major;
	uint32_t minor;
	uint32_t sb_flags;
	uint64_t attr;
	uint64_t propagation;
	uint64_t peer_group;
	uint64_t master;
	char *type;
	char *source;
	char *root;
	char *point;
	char *options;
	size_t options_len;
	bool secured;
	uint64_t cgroup_ns;
};

/**
 * struct mount_table - all mounts of a namespace, the older ones first
 * @mnt: they
 * @nr: their number
 */
struct mount_table {
	struct mnt *mnt;
	size_t nr;
};

/* The mount namespace of a process: its inode number, 0 if it has none. */
uint64_t mount_ns_inode(pid_t pid);

/* The table of that of a process; of our own for 0. 0, or -1 and errno. */
int mount_table_read(struct mount_table *t, pid_t pid);
void mount_table_free(struct mount_table *t);

/* One mount of our namespace, to be freed; 0, or -1 and errno. */
int mount_read(uint64_t id, struct mnt *m);
void mount_free(struct mnt *m);

/* The mount that an open file is on. */
int mount_id_of(int fd, uint64_t *id);

/* All namespaces are in one file system, but have nothing to do with each other. */
static inline bool mount_of_namespace(const struct mnt *mnt)
{
	return !strcmp(mnt->type, "nsfs");
}

static inline bool same_filesystem(const struct mnt *a, const struct mnt *b)
{
	return a->major == b->major && a->minor == b->minor &&
	       (!mount_of_namespace(a) || !strcmp(a->root, b->root));
}

/* Whether its path leads to it, and not to something that is mounted over it. */
bool mount_is_seen(const struct mnt *mnt);

/*
 * In a mount namespace that will not be used any more, whose table this is:
 * takes away what hides a mount. True if it is seen now.
 */
bool mount_uncover(const struct mount_table *t, const struct mnt *mnt);

/*
 * What follows in PATH behind DIR, without a slash at its start; "" if they are
 * the same, NULL if PATH is not below.
 */
const char *path_below(const char *path, const char *dir);

/* "DIR/NAME", without a second slash; to be freed. */
char *path_join(const char *dir, const char *name);

#endif /* COMMON_MOUNTTABLE_H */
