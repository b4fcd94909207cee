// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mounts of all mount namespaces
 *
 * One process makes them, one namespace after the other: they share file systems,
 * and what is mounted in one may appear in others. That of the root is its own,
 * and comes last; but for those of user namespaces inside, see inner_mounts.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/util.h"
#include "rebuild.h"

#define NS_OF_CGROUP	_IO(0xff, 1)

/**
 * struct home - where the process was
 * @mounts: its mount namespace
 * @cgroups: its cgroup namespace
 * @root: its root directory
 * @cwd: its working directory
 */
struct home {
	int mounts;
	int cgroups;
	int root;
	int cwd;
};

/**
 * struct plan - the namespaces to make
 * @r: the restart
 * @all: they; the last one of the first @nr is that of the root, if it has one
 * @nr: number of those that belong to the user namespace of the root task
 * @total: with those behind them, which belong to others inside of that
 * @machine: a copy of this machine's mounts for these, or -1
 */
struct plan {
	const struct restart *r;
	struct rebuild *all;
	size_t nr;
	size_t total;
	int machine;
};

static int leave_home(struct home *home)
{
	*home = (struct home){
		.mounts = namespaces_open(getpid(), NS_OF_MOUNTS),
		.cgroups = namespaces_open(getpid(), NS_OF_CGROUP),
		.root = open("/", O_PATH | O_CLOEXEC),
		.cwd = open(".", O_PATH | O_CLOEXEC),
	};
	/* There may be no control groups. */
	return home->mounts < 0 || home->root < 0 || home->cwd < 0 ? -1 : 0;
}

static bool is_same(int fd, int other)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstat(other, &b) && a.st_ino == b.st_ino;
}

/* A mount of control groups may have needed another one. */
static int leave_cgroup_ns(const struct home *home)
{
	int fd = namespaces_open(getpid(), NS_OF_CGROUP), ret = 0;

	if (fd < 0)
		return 0;
	if (!is_same(fd, home->cgroups))
		ret = setns(home->cgroups, CLONE_NEWCGROUP);
	close(fd);
	return ret;
}

static int go_home(const struct home *home)
{
	return leave_cgroup_ns(home) < 0 ||
	       setns(home->mounts, CLONE_NEWNS) < 0 ||
	       fchdir(home->root) < 0 || chroot(".") < 0 ||
	       fchdir(home->cwd) < 0 ? -1 : 0;
}

static void forget(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void forget_home(const struct home *home)
{
	forget(home->mounts);
	forget(home->cgroups);
	forget(home->root);
	forget(home->cwd);
}

static int fail(const struct restart *r, const char *what)
{
	log_add(r->log, "%s: %s", what, strerror(errno));
	return -1;
}

int rebuild_wait(const struct restart *r, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return fail(r, "cannot wait for a process that makes mounts");
	if (WIFSIGNALED(status))
		log_add(r->log, "a process that makes mounts was ended by signal %d",
			WTERMSIG(status));
	return status ? -1 : 0;
}

static struct rebuild *add(const struct restart *r, struct rebuild *all,
			   size_t *nr, int fd, uint64_t inode)
{
	if (!mounts_are_saved(r, inode))
		return all;
	all = xgrow(all, *nr, sizeof(*all));
	all[(*nr)++] = (struct rebuild){ .r = r, .fd = fd, .inode = inode };
	return all;
}

/* Those that belong to user namespaces inside, or the others */
static struct rebuild *list(const struct restart *r, struct rebuild *all,
			    size_t *nr, bool inner)
{
	uint64_t inode;
	int at = 0, fd;

	while ((fd = mount_ns_next(r, &at, &inode)) >= 0)
		if (!mounts_owner(r, inode) == !inner)
			all = add(r, all, nr, fd, inode);
	return all;
}

static int rebuild_others(const struct restart *r, struct rebuild *all, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (setns(all[i].fd, CLONE_NEWNS) < 0)
			return fail(r, "cannot enter a new mount namespace");
		if (rebuild_begin(&all[i]) < 0)
			return -1;
	}
	return 0;
}

static int rebuild_inner(const struct plan *p)
{
	size_t i;

	for (i = p->nr; i < p->total; i++)
		if (inner_mounts_rebuild(&p->all[i], p->machine) < 0)
			return -1;
	return 0;
}

/* All but the root's, or all that there are */
static int rebuild_without(const struct plan *p, size_t nr)
{
	if (rebuild_others(p->r, p->all, nr) < 0)
		return -1;
	/* In a user namespace nothing propagates. */
	if (nr && !userns_wanted(p->r) && propagation_set(p->all, nr, NULL) < 0)
		return -1;
	return rebuild_inner(p);
}

/* Who ends need not come back, and may not be able to. */
static int rebuild_in_child(const struct plan *p, size_t nr)
{
	pid_t pid;

	if (!nr && p->nr == p->total)
		return 0;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(rebuild_without(p, nr) < 0 ? EXIT_NO_RESTART : 0);
	}
	if (pid < 0)
		return fail(p->r, "cannot create a process");
	return rebuild_wait(p->r, pid);
}

/* There are none inside; and control groups keep us from home. */
static int rebuild_in_user_ns(const struct plan *p)
{
	struct rebuild *root = &p->all[p->nr - 1];

	if (rebuild_in_child(p, p->nr - 1) < 0 || rebuild_begin(root) < 0)
		return -1;
	return rebuild_enter_root(root);
}

/* We are in the root's. */
static int rebuild_root(const struct plan *p, const struct home *home)
{
	struct rebuild *root = &p->all[p->nr - 1];

	if (userns_wanted(p->r))
		return rebuild_in_user_ns(p);
	if (rebuild_others(p->r, p->all, p->nr - 1) < 0)
		return -1;
	if (p->nr > 1 && go_home(home) < 0)
		return fail(p->r, "cannot come back from a mount namespace");
	if (rebuild_begin(root) < 0 || propagation_set(p->all, p->nr, root) < 0)
		return -1;
	if (p->nr > 1 && setns(root->fd, CLONE_NEWNS) < 0)
		return fail(p->r, "cannot come back from a mount namespace");
	return rebuild_inner(p) < 0 ? -1 : rebuild_enter_root(root);
}

static int rebuild_all(struct plan *p, bool has_root, const struct home *home)
{
	size_t i;
	int ret;

	for (i = 0; i < p->total; i++)
		p->all[i].first = p->all;
	ret = has_root ? rebuild_root(p, home) : rebuild_in_child(p, p->nr);
	for (i = 0; i < p->total; i++)
		rebuild_end(&p->all[i]);
	return ret;
}

static int keep_machine(struct plan *p)
{
	if (p->nr == p->total)
		return 0;
	if (userns_wanted(p->r)) {
		log_add(p->r->log, "a mount namespace belongs to a user namespace inside of that of the container: not supported");
		return -1;
	}
	p->machine = inner_mounts_machine(p->r);
	return p->machine < 0 ? -1 : 0;
}

static int rebuild_from(struct plan *p, const struct home *home)
{
	uint64_t root = mounts_root_ns(p->r);
	int ret;

	if (root)
		p->all = add(p->r, p->all, &p->nr, home->mounts, root);
	p->total = p->nr;
	p->all = list(p->r, p->all, &p->total, true);
	ret = keep_machine(p) < 0 ? -1 : rebuild_all(p, root, home);
	forget(p->machine);
	return ret;
}

int mounts_rebuild(const struct restart *r)
{
	struct plan p = { .r = r, .machine = -1 };
	struct home home;
	int ret;

	if (!mounts_root_ns(r) && !r->nr_namespaces)
		return 0;
	p.all = list(r, NULL, &p.nr, false);
	if (leave_home(&home) < 0)
		ret = fail(r, "cannot remember the mount namespace");
	else
		ret = rebuild_from(&p, &home);
	free(p.all);
	forget_home(&home);
	return ret;
}
