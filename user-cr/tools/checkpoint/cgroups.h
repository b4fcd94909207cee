/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control groups of the tree: in each hierarchy the one that holds it and
 * nobody else, and those below
 */
#ifndef CHECKPOINT_CGROUPS_H
#define CHECKPOINT_CGROUPS_H

#include "../common/cgroup.h"
#include "../common/proctree.h"
#include "namespaces.h"
#include "sections.h"

/**
 * struct setting - what a file of a control group holds
 * @rank: its place among those of the group
 * @strings: the name of the file, then what has to be written to it
 */
struct setting {
	int rank;
	struct strings strings;
};

/**
 * struct file_owner - to whom a file of a control group belongs
 * @file: its name
 * @uid: its owner
 * @gid: its group
 * @mode: its mode, without the type
 */
struct file_owner {
	char *file;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/**
 * struct group - a control group
 * @cg: its directory
 * @parent: index of the one in which it is, or -1
 * @depth: how many of the container's it is in, with itself
 * @hierarchy: its controllers
 * @setting: its settings, in the order in which they are written
 * @nr_settings: their number
 * @pid: the processes in it, as the root task sees them
 * @nr_pids: their number
 * @uid: owner of its directory
 * @gid: group of that
 * @mode: mode of that
 * @owner: files that do not belong to us, or have an unusual mode
 * @nr_owners: their number
 * @note: extended attributes, as in the tail of their record
 * @nr_notes: their number
 */
struct group {
	struct cgroup cg;
	int parent;
	int depth;
	char *hierarchy;
	struct setting *setting;
	size_t nr_settings;
	uint32_t *pid;
	size_t nr_pids;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	struct file_owner *owner;
	size_t nr_owners;
	struct strings *note;
	size_t nr_notes;
};

/**
 * struct group_root - where a cgroup namespace begins in a hierarchy
 * @inode: inode number of the namespace
 * @group: index of the group that is its root, or of the outermost one if that is
 *	below it
 * @path: of this group in the namespace
 */
struct group_root {
	uint64_t inode;
	size_t group;
	char *path;
};

/**
 * struct cgroups - all of them
 * @log: for reasons
 * @refused: there were some
 * @tree: the processes
 * @text: /proc/PID/cgroup of each, NULL if it has ended
 * @depth: pid namespaces between us and the root task
 * @group: the groups, parents before their children
 * @nr: their number
 * @root: where namespaces begin, for each of them and each hierarchy
 * @nr_roots: their number
 */
struct cgroups {
	int log;
	bool refused;
	const struct proc_list *tree;
	char **text;
	int depth;
	struct group *group;
	size_t nr;
	struct group_root *root;
	size_t nr_roots;
};

/*
 * 0; or -1, and all that stands in the way is logged. What does not, but is lost, is
 * told on stderr if it is not to be QUIET.
 */
int cgroups_collect(struct cgroups *c, const struct proc_list *tree, pid_t root,
		    bool quiet, int log);
/* cgroup_roots.c: then, likewise, of the namespaces of the tree */
int cgroups_collect_roots(struct cgroups *c, const struct namespaces *n);
void cgroups_write(const struct cgroups *c, struct sections *s);
void cgroups_free(struct cgroups *c);

/* group_files.c: the settings of a group */
void group_read_files(struct cgroups *c, struct group *g);

/* group_owners.c: to whom it and its files belong, and their attributes */
void group_read_owners(struct cgroups *c, struct group *g);
void group_write_owners(const struct group *g, uint32_t id, struct sections *s);
void group_free_owners(struct group *g);

/* group_bpf.c: refuses programs that are attached to it */
void group_check_bpf(struct cgroups *c, const struct group *g);

#endif /* CHECKPOINT_CGROUPS_H */
