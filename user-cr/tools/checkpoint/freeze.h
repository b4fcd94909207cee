/* SPDX-License-Identifier: GPL-2.0-only */
/* Freezing a process tree for the time of a checkpoint */
#ifndef CHECKPOINT_FREEZE_H
#define CHECKPOINT_FREEZE_H

#include "../common/cgroup.h"

/**
 * struct moved - a process that changed its cgroup for us
 * @pid: the process
 * @home: where it belongs
 */
struct moved {
	pid_t pid;
	struct cgroup home;
};

/**
 * struct freeze - what was done, and how it was before
 * @cg: the cgroup that freezes the tree
 * @active: we froze it
 * @made: we made it
 * @moved: the processes that we moved into it
 * @nr_moved: their number
 */
struct freeze {
	struct cgroup cg;
	bool active;
	bool made;
	struct moved *moved;
	int nr_moved;
};

/*
 * Freezes the tree below ROOT by a cgroup of its own or by one made for it,
 * and waits for at most SECONDS. STOP() may end the wait. Returns 0, or -1
 * after a complaint, and then all is as before.
 */
int freeze_tree(struct freeze *f, pid_t root, enum cgroup_version version,
		int seconds, bool (*stop)(void));

/* Names the groups that the processes were moved out of, if they were in several. */
void freeze_tell_lost(const struct freeze *f, pid_t root);

/* Whether a cgroup with this path was made by freeze_tree(). */
bool freeze_made(const char *path);

/* Makes everything as it was; to be called in any case. */
void freeze_undo(struct freeze *f);

#endif /* CHECKPOINT_FREEZE_H */
