// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/proctree.h"
#include "../common/util.h"
#include "freeze.h"
#include "group_lost.h"

/* Processes may be born while we move their parents: look again, not forever. */
#define MOVE_ROUNDS	100

/* Of a cgroup that is ours begins so, then come the pid and a number. */
#define OWN_NAME	"checkpoint."

static bool wanted(enum cgroup_version version, enum cgroup_version candidate)
{
	return version == CGROUP_ANY || version == candidate;
}

static int group_of(pid_t pid, enum cgroup_version version, struct cgroup *cg)
{
	return cgroup_of(proc_living_thread(pid), version, cg);
}

static bool frozen_already(pid_t root, struct cgroup *cg)
{
	enum cgroup_version version;

	for (version = CGROUP_V1; version <= CGROUP_V2; version++)
		if (!group_of(root, version, cg) && cgroup_can_freeze(cg) &&
		    cgroup_is_frozen(cg) == 1)
			return true;
	return false;
}

/*
 * From the group of the root to the smallest one that holds the whole tree: who runs
 * services in a container has the first process in a group beside theirs.
 */
static int widen(struct cgroup *cg, pid_t root)
{
	struct cgroup other;
	struct proc *list;
	int i, n;

	n = proc_tree(root, &list);
	for (i = 0; i < n; i++) {
		/* What a zombie tells is not where it was, with version 1. */
		if (proc_has_ended(&list[i]) ||
		    cgroup_of(list[i].alive, cg->version, &other) < 0)
			continue;
		while (!cgroup_contains(cg, &other))
			*strrchr(cg->path, '/') = '\0';
	}
	free(list);
	return n > 0 ? 0 : -1;
}

/* Whether it is of the tree, or has just ended. */
static bool is_below(pid_t pid, pid_t root)
{
	struct proc proc;
	pid_t at = pid;
	int looks = 0;

	/* If one in between has ended, it has another parent by now; or it is hidden. */
	while (at && at != root) {
		if (!proc_read(at, &proc))
			at = proc.ppid;
		else if (at == pid)
			return true;
		else if (++looks == MOVE_ROUNDS)
			return false;
		else
			at = pid;
	}
	return at;
}

/* Whether nobody else is in CG, and in those below it. */
static bool holds_only(const struct cgroup *cg, pid_t root, bool outermost)
{
	struct cgroup below;
	char **names;
	pid_t *list;
	int n = cgroup_procs(cg, &list);
	bool only = true;

	/* Of a threaded one, they are named further up. */
	if (n < 0 && (outermost || errno != EOPNOTSUPP))
		return false;
	while (only && n-- > 0)
		only = is_below(list[n], root);
	free(list);
	n = cgroup_children(cg, &names);
	while (n-- > 0) {
		only = only && !cgroup_below(cg, names[n], &below) &&
		       holds_only(&below, root, false);
		free(names[n]);
	}
	free(names);
	return only;
}

static bool holds_us(const struct cgroup *cg)
{
	struct cgroup here;

	return !cgroup_of(getpid(), cg->version, &here) &&
	       cgroup_contains(cg, &here);
}

/*
 * The group where the root task is may stand still with all that is in it. One around
 * it may be that of the whole system: it has to be the tree's alone.
 */
static bool find_own(struct freeze *f, pid_t root, enum cgroup_version version)
{
	struct cgroup of_root;

	/* If this one holds us, so does any that is wider. */
	if (group_of(root, version, &of_root) < 0 || holds_us(&of_root))
		return false;
	f->cg = of_root;
	if (widen(&f->cg, root) < 0 || !cgroup_can_freeze(&f->cg) ||
	    holds_us(&f->cg))
		return false;
	return !strcmp(of_root.path, f->cg.path) ||
	       holds_only(&f->cg, root, true);
}

bool freeze_made(const char *path)
{
	const char *name = strrchr(path, '/');
	int length = 0;

	return name && sscanf(name + 1, OWN_NAME "%*d.%*d%n", &length) == 0 &&
	       length && !name[1 + length];
}

/*
 * From where a process is to where it belongs: a checkpoint that was killed may have
 * made the group, which is about to be emptied and removed.
 */
static void leave_made(struct cgroup *cg)
{
	while (freeze_made(cg->path))
		*strrchr(cg->path, '/') = '\0';
}

static void add_moved(struct freeze *f, pid_t pid, const struct cgroup *home)
{
	struct moved moved = { .pid = pid, .home = *home };

	f->moved = xgrow(f->moved, f->nr_moved, sizeof(*f->moved));
	f->moved[f->nr_moved++] = moved;
}

static int move(struct freeze *f, const struct proc *proc)
{
	struct cgroup home;

	if (cgroup_of(proc->alive, f->cg.version, &home) < 0 ||
	    cgroup_contains(&f->cg, &home))
		return 0;
	leave_made(&home);
	if (cgroup_attach(&f->cg, proc->pid) < 0) {
		if (errno == ESRCH)	/* it has just ended */
			return 0;
		complain_errno("cannot move pid %d into %s", proc->pid,
			       f->cg.path);
		return -1;
	}
	add_moved(f, proc->pid, &home);
	return 1;
}

static int compare_pids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* Processes that are in the group already, in order; returns their number. */
static size_t list_there(const struct freeze *f, pid_t **there)
{
	int n = cgroup_procs(&f->cg, there);

	if (n > 0)
		qsort(*there, n, sizeof(**there), compare_pids);
	return n > 0 ? n : 0;
}

/* One look at the tree: how many processes had to be moved. */
static int move_round(struct freeze *f, pid_t root)
{
	struct proc *list;
	int n = proc_tree(root, &list);
	int i, ret = 0, moved = 0;
	pid_t *there;
	size_t nr = list_there(f, &there);

	for (i = 0; i < n && ret >= 0; i++) {
		/* A zombie stays where it has ended. */
		if (proc_has_ended(&list[i]) ||
		    (nr && bsearch(&list[i].pid, there, nr, sizeof(*there),
				   compare_pids)))
			continue;
		ret = move(f, &list[i]);
		moved += ret;
	}
	free(list);
	free(there);
	return ret < 0 ? -1 : moved;
}

static int move_tree(struct freeze *f, pid_t root)
{
	int round, moved, quiet = 0;

	/* Who gets another parent while we look may not be seen: we look twice. */
	for (round = 0; round < MOVE_ROUNDS; round++) {
		moved = move_round(f, root);
		quiet = moved ? 0 : quiet + 1;
		if (moved < 0 || quiet == 2)
			return moved;
	}
	complain("pid %d makes new processes faster than they can be frozen",
		 root);
	return -1;
}

/* A cgroup for the tree, below the one where its root is. */
static bool make_own(struct freeze *f, pid_t root, enum cgroup_version version)
{
	struct cgroup home;
	char name[40];
	int i;

	if (group_of(root, version, &home) < 0)
		return false;
	leave_made(&home);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), OWN_NAME "%d.%d", root, i);
		if (cgroup_below(&home, name, &f->cg) < 0)
			return false;
		if (!cgroup_make(&f->cg)) {
			f->made = true;
			return true;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

static int choose(struct freeze *f, pid_t root, enum cgroup_version version)
{
	static const enum cgroup_version order[] = { CGROUP_V2, CGROUP_V1 };
	int error = ENOENT;	/* as long as none is mounted */
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (wanted(version, order[i]) && find_own(f, root, order[i]))
			return 0;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!wanted(version, order[i]))
			continue;
		if (make_own(f, root, order[i]))
			return move_tree(f, root);
		if (error == ENOENT)
			error = errno;
	}
	complain("no cgroup can freeze pid %d, and none can be made: %s: %s, or freeze the tree yourself",
		 root, strerror(error), cgroup_advice(error));
	return -1;
}

static int wait_frozen(struct freeze *f, int seconds, bool (*stop)(void))
{
	double end = seconds_now() + seconds;
	int delay = 500;
	int frozen;

	while (!(frozen = cgroup_is_frozen(&f->cg))) {
		if (stop())
			return -1;
		if (seconds_now() > end) {
			complain("%s is not frozen after %d s: one of its tasks may be stuck in the kernel (state D)",
				 f->cg.path, seconds);
			return -1;
		}
		usleep(delay);
		if (delay < 20000)
			delay *= 2;
		/* The v1 freezer has passed over who was about to stop. */
		cgroup_freeze(&f->cg, true);
	}
	if (frozen < 0)
		complain_errno("cannot read the state of %s", f->cg.path);
	return frozen < 0 ? -1 : 0;
}

static int start(struct freeze *f, pid_t root, enum cgroup_version version,
		 int seconds, bool (*stop)(void))
{
	if (choose(f, root, version) < 0)
		return -1;
	f->active = true;
	if (cgroup_freeze(&f->cg, true) < 0) {
		complain_errno("cannot freeze %s", f->cg.path);
		return -1;
	}
	return wait_frozen(f, seconds, stop);
}

/* We would stand still ourselves. */
static bool are_inside(pid_t root)
{
	if (!is_below(getpid(), root))
		return false;
	complain("cannot freeze pid %d, because this program belongs to it: start it from outside",
		 root);
	return true;
}

int freeze_tree(struct freeze *f, pid_t root, enum cgroup_version version,
		int seconds, bool (*stop)(void))
{
	*f = (struct freeze){ 0 };
	if (are_inside(root))
		return -1;
	if (frozen_already(root, &f->cg))
		return 0;
	if (!start(f, root, version, seconds, stop))
		return 0;
	freeze_undo(f);
	return -1;
}

void freeze_tell_lost(const struct freeze *f, pid_t root)
{
	struct group_lost lost = { 0 };
	int i;

	for (i = 0; i < f->nr_moved; i++)
		group_lost_add(&lost, f->moved[i].home.path);
	group_lost_tell(&lost, root, "no group can be frozen that holds the tree and nobody else, and another one is made for that");
	group_lost_free(&lost);
}

static const struct moved *find_moved(const struct freeze *f, pid_t pid)
{
	int i;

	for (i = f->nr_moved - 1; i >= 0; i--)
		if (f->moved[i].pid == pid)
			return &f->moved[i];
	return NULL;
}

/* One that was born in our group belongs where its parent does. */
static void add_newborn(struct freeze *f, pid_t pid)
{
	const struct moved *from = find_moved(f, pid);
	struct proc proc = { .ppid = pid };

	if (from)
		return;
	while (!from && !proc_read(proc.ppid, &proc))
		from = find_moved(f, proc.ppid);
	add_moved(f, pid, from ? &from->home : &f->moved[0].home);
}

static void move_back(struct freeze *f)
{
	int round, i, n = 1;
	pid_t *list;

	for (round = 0; round < MOVE_ROUNDS && n > 0; round++) {
		n = cgroup_procs(&f->cg, &list);
		for (i = 0; i < n; i++)
			add_newborn(f, list[i]);
		for (i = 0; i < n; i++)
			cgroup_attach(&find_moved(f, list[i])->home, list[i]);
		free(list);
	}
	/* One whose first thread has ended elsewhere is not in the list. */
	for (i = 0; i < f->nr_moved && cgroup_is_populated(&f->cg); i++) {
		struct cgroup now;
		pid_t pid = f->moved[i].pid;

		if (!group_of(pid, f->cg.version, &now) &&
		    cgroup_contains(&f->cg, &now))
			cgroup_attach(&f->moved[i].home, pid);
	}
}

/*
 * To be moved out of the group is enough for a process to go on, but takes its time for
 * each of many, while the others would stand still.
 */
void freeze_undo(struct freeze *f)
{
	if (f->active && cgroup_freeze(&f->cg, false) < 0)
		complain_errno("cannot thaw %s: do it by hand", f->cg.path);
	if (f->nr_moved)
		move_back(f);
	if (f->made && cgroup_remove(&f->cg) < 0)
		complain_errno("cannot remove %s", f->cg.path);
	free(f->moved);
	*f = (struct freeze){ 0 };
}
