// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mounts of all mount namespaces
 *
 * One process makes them, one namespace after the other: they share file systems,
 * and what is mounted in one may appear in others. That of the root is its own,
 * and comes last.
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
#define NS_OF_MOUNTS	_IO(0xff, 3)

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

static struct rebuild *add(const struct restart *r, struct rebuild *all,
			   size_t *nr, int fd, uint64_t inode)
{
	if (!mounts_are_saved(r, inode))
		return all;
	all = xgrow(all, *nr, sizeof(*all));
	all[(*nr)++] = (struct rebuild){ .r = r, .fd = fd, .inode = inode };
	return all;
}

static struct rebuild *list_all(const struct restart *r, size_t *nr)
{
	struct rebuild *all = NULL;
	uint64_t inode;
	int at = 0, fd;

	*nr = 0;
	while ((fd = mount_ns_next(r, &at, &inode)) >= 0)
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

/* Who ends need not come back, and may not be able to. */
static int rebuild_in_child(const struct restart *r, struct rebuild *all, size_t nr)
{
	pid_t pid = nr ? fork() : 0;
	int status;

	if (!nr)
		return 0;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (rebuild_others(r, all, nr) < 0 ||
		    (!userns_wanted(r) && propagation_set(all, nr, NULL) < 0))
			_exit(EXIT_NO_RESTART);
		_exit(0);
	}
	if (pid < 0)
		return fail(r, "cannot create a process");
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

/* In a user namespace nothing propagates, and control groups keep us from home. */
static int rebuild_in_user_ns(const struct restart *r, struct rebuild *all,
			      size_t nr)
{
	if (rebuild_in_child(r, all, nr - 1) < 0 || rebuild_begin(&all[nr - 1]) < 0)
		return -1;
	return rebuild_enter_root(&all[nr - 1]);
}

/* The last one is that of the root, which we are in. */
static int rebuild_root(const struct restart *r, struct rebuild *all, size_t nr,
			const struct home *home)
{
	struct rebuild *root = &all[nr - 1];

	if (userns_wanted(r))
		return rebuild_in_user_ns(r, all, nr);
	if (rebuild_others(r, all, nr - 1) < 0)
		return -1;
	if (nr > 1 && go_home(home) < 0)
		return fail(r, "cannot come back from a mount namespace");
	if (rebuild_begin(root) < 0 || propagation_set(all, nr, root) < 0)
		return -1;
	if (nr > 1 && setns(root->fd, CLONE_NEWNS) < 0)
		return fail(r, "cannot come back from a mount namespace");
	return rebuild_enter_root(root);
}

static int rebuild_list(const struct restart *r, struct rebuild *all, size_t nr,
			bool has_root, const struct home *home)
{
	size_t i;
	int ret;

	for (i = 0; i < nr; i++)
		all[i].first = all;
	ret = has_root ? rebuild_root(r, all, nr, home) :
			 rebuild_in_child(r, all, nr);
	for (i = 0; i < nr; i++)
		rebuild_end(&all[i]);
	return ret;
}

int mounts_rebuild(const struct restart *r)
{
	uint64_t root = mounts_root_ns(r);
	struct rebuild *all;
	struct home home;
	size_t nr;
	int ret;

	all = list_all(r, &nr);
	if (!nr && !root)
		return 0;
	if (leave_home(&home) < 0) {
		ret = fail(r, "cannot remember the mount namespace");
	} else {
		if (root)
			all = add(r, all, &nr, home.mounts, root);
		ret = rebuild_list(r, all, nr, root, &home);
	}
	free(all);
	forget_home(&home);
	return ret;
}
