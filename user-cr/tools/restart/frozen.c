// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree that stays frozen after its restart
 *
 * The processes are frozen when they have joined: then they are in the kernel,
 * and on their way out, before the first instruction of the saved program, they
 * stop. Frozen before, they would not join.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "restart.h"

#define JOIN_SECONDS	10
#define FREEZE_SECONDS	10
#define NAME_TRIES	20

/* A process gives up the context descriptor when it has joined. */
static bool has_joined(const struct restart *r, pid_t pid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, r->context);
	return access(path, F_OK) < 0;
}

/* Returns 1 or 0; -1 when there is no root any more. */
static int all_joined(const struct restart *r)
{
	struct proc *list;
	int n = proc_tree(r->root, &list);
	int i, ret = n >= r->image.tree.nr_processes;

	for (i = 0; i < n && ret > 0; i++)
		ret = has_joined(r, list[i].pid);
	if (n < 1 || list[0].state == 'Z')
		ret = -1;
	free(list);
	return ret;
}

static int wait_joined(const struct restart *r)
{
	double end = seconds_now() + JOIN_SECONDS;
	int joined;

	while ((joined = all_joined(r)) <= 0) {
		if (joined < 0 || seconds_now() > end) {
			log_add(r->log, "the processes do not join, so they cannot be frozen");
			return -1;
		}
		usleep(1000);
	}
	return 0;
}

/* One that is left from an earlier restart may have the name. */
static int make_below(struct restart *r, const struct cgroup *home)
{
	char name[40];
	int i;

	for (i = 0; i < NAME_TRIES; i++) {
		snprintf(name, sizeof(name), i ? "restart.%d.%d" : "restart.%d",
			 r->root, i);
		if (cgroup_below(home, name, &r->cgroup) < 0)
			return -1;
		guard_takes(r, &r->cgroup);
		if (!cgroup_make(&r->cgroup))
			return 0;
		guard_forgets(r);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/* Version 2 if it is mounted, below the cgroup in which we are. */
static int make_cgroup(struct restart *r)
{
	enum cgroup_version version;
	int error = ENOENT;	/* as long as none is mounted */
	struct cgroup home;

	for (version = CGROUP_V2; version >= CGROUP_V1; version--) {
		if (!cgroup_of(getpid(), version, &home) &&
		    !make_below(r, &home))
			return 0;
		if (error == ENOENT)
			error = errno;
	}
	r->cgroup.path[0] = '\0';
	log_add(r->log, "--frozen: no cgroup can be made: %s: %s",
		strerror(error), cgroup_advice(error));
	return -1;
}

static int move_tree(struct restart *r)
{
	struct proc *list;
	int n = proc_tree(r->root, &list);
	int i, ret = 0;

	for (i = 0; i < n && !ret; i++)
		ret = cgroup_attach(&r->cgroup, list[i].pid);
	if (ret < 0)
		log_add(r->log, "cannot move pid %d into %s: %s",
			list[i - 1].pid, r->cgroup.path, strerror(errno));
	free(list);
	return ret;
}

/* They are in a group of their own already, or get one. */
static int find_cgroup(struct restart *r)
{
	r->cgroup_saved = cgroups_freezer(r, &r->cgroup);
	return r->cgroup_saved ? 0 : make_cgroup(r);
}

int frozen_begin(struct restart *r)
{
	if (wait_joined(r) < 0 || find_cgroup(r) < 0)
		return -1;
	if (!r->cgroup_saved && move_tree(r) < 0)
		return -1;
	if (!cgroup_freeze(&r->cgroup, true))
		return 0;
	log_add(r->log, "cannot freeze %s: %s", r->cgroup.path,
		strerror(errno));
	return -1;
}

int frozen_wait(struct restart *r)
{
	double end = seconds_now() + FREEZE_SECONDS;

	while (cgroup_is_frozen(&r->cgroup) != 1) {
		if (seconds_now() > end) {
			complain("%s is not frozen after %d s",
				 r->cgroup.path, FREEZE_SECONDS);
			return -1;
		}
		usleep(1000);
		/* The v1 freezer has passed over who was about to stop. */
		cgroup_freeze(&r->cgroup, true);
	}
	if (!r->o.quiet)
		complain("pid %d is frozen; to have it go on: echo %s >%s/%s",
			 r->root, r->cgroup.version == CGROUP_V2 ? "0" :
			 "THAWED", r->cgroup.path,
			 r->cgroup.version == CGROUP_V2 ? "cgroup.freeze" :
			 "freezer.state");
	return 0;
}

void frozen_abort(struct restart *r)
{
	if (r->cgroup.path[0])
		cgroup_freeze(&r->cgroup, false);
}

void frozen_end(struct restart *r)
{
	if (r->cgroup.path[0] && !r->cgroup_saved &&
	    cgroup_remove(&r->cgroup) < 0)
		complain_errno("cannot remove %s", r->cgroup.path);
}
