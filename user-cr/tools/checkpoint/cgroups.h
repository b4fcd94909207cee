/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control groups of the tree: in each hierarchy the one that holds it and
 * nobody else, and those below
 */
#ifndef CHECKPOINT_CGROUPS_H
#define CHECKPOINT_CGROUPS_H

#include "../common/cgroup.h"
#include "../common/proctree.h"
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
 * struct group - a control group
 * @cg: its directory
 * @parent: index of the one in which it is, or -1
 * @depth: how many of the container's it is in, with itself
 * @hierarchy: its controllers
 * @setting: its settings, in the order in which they are written
 * @nr_settings: their number
 * @pid: the processes in it, as the root task sees them
 * @nr_pids: their number
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
};

/**
 * struct cgroups - all of them
 * @log: for reasons
 * @refused: there were some
 * @tree: the processes
 * @nr_procs: their number
 * @depth: pid namespaces between us and the root task
 * @group: the groups, parents before their children
 * @nr: their number
 */
struct cgroups {
	int log;
	bool refused;
	struct proc *tree;
	int nr_procs;
	int depth;
	struct group *group;
	size_t nr;
};

/* 0; or -1, and all that stands in the way is logged. */
int cgroups_collect(struct cgroups *c, pid_t root, int log);
void cgroups_write(const struct cgroups *c, struct sections *s);
void cgroups_free(struct cgroups *c);

/* group_files.c: the settings of a group */
void group_read_files(struct cgroups *c, struct group *g);

#endif /* CHECKPOINT_CGROUPS_H */
