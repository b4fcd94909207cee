// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mounts of control groups show
 *
 * One that was made in a cgroup namespace shows what is below the root of that, and
 * has to be made in such a namespace again. The kernel tells of a mount what it
 * shows from the root of who asks: so it is asked in the namespace.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/cgroup.h"
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "inside.h"
#include "mounts.h"

static bool is_of_cgroups(const struct mnt *mnt)
{
	return !strcmp(mnt->type, "cgroup") || !strcmp(mnt->type, "cgroup2");
}

static bool has_any(const struct mounts *m)
{
	size_t n, i;

	for (n = 0; n < m->nr_ns; n++)
		for (i = 0; i < m->ns[n].table.nr; i++)
			if (is_of_cgroups(&m->ns[n].table.mnt[i]))
				return true;
	return false;
}

static void tell_roots(const struct mount_table *t)
{
	char number[24];
	size_t i;

	for (i = 0; i < t->nr; i++) {
		if (!is_of_cgroups(&t->mnt[i]))
			continue;
		snprintf(number, sizeof(number), "%" PRIu64, t->mnt[i].id);
		tell(number);
		tell(t->mnt[i].root);
	}
}

/* In the namespace: the number of each mount, and what it shows from there */
static void tell_all(int fd, const void *arg)
{
	const struct mounts *m = arg;
	struct mount_table t;
	size_t n;

	enter_owner(fd);
	if (setns(fd, CLONE_NEWCGROUP) < 0)
		give_up("cannot enter it: %s", strerror(errno));
	for (n = 0; n < m->nr_ns; n++) {
		/* One that is not to be read from there has none that is from there. */
		if (mount_table_read(&t, m->ns[n].seen_by) < 0)
			continue;
		tell_roots(&t);
		mount_table_free(&t);
	}
}

static struct mnt *find_mount(const struct mounts *m, uint64_t id)
{
	size_t n, i;

	for (n = 0; n < m->nr_ns; n++)
		for (i = 0; i < m->ns[n].table.nr; i++)
			if (m->ns[n].table.mnt[i].id == id)
				return &m->ns[n].table.mnt[i];
	return NULL;
}

/*
 * What is beside the root of the namespace, or around it, is of another one; what
 * has the same path in ours may as well be ours.
 */
static void take_root(const struct mounts *m, uint64_t cgroup_ns, uint64_t id,
		      const char *root)
{
	struct mnt *mnt = find_mount(m, id);

	if (!mnt || mnt->cgroup_ns || !cgroup_is_inside(root) ||
	    !strcmp(root, mnt->root))
		return;
	free(mnt->root);
	mnt->root = xstrdup(root);
	mnt->cgroup_ns = cgroup_ns;
}

static void take_all(const struct mounts *m, uint64_t cgroup_ns,
		     const struct answer *answer)
{
	const char *at = answer->bytes, *root;

	while (at < answer->bytes + answer->len) {
		root = at + strlen(at) + 1;
		take_root(m, cgroup_ns, strtoull(at, NULL, 10), root);
		at = root + strlen(root) + 1;
	}
}

static int look_from(struct mounts *m, const struct proc *proc,
		     const char *path, uint64_t cgroup_ns)
{
	const struct look look = { .run = tell_all, .arg = m };
	struct answer answer;
	int ret = look_inside(&look, path, &answer);

	if (!ret) {
		take_all(m, cgroup_ns, &answer);
	} else {
		log_add(m->log, "pid %d (%s): its cgroup namespace: %s",
			proc->pid, proc->comm, answer.why);
		m->refused = true;
	}
	free(answer.bytes);
	free(answer.why);
	return ret;
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Processes that follow one another mostly are in the same one. */
int cgroup_mounts_find(struct mounts *m)
{
	uint64_t own = inode_of("/proc/self/ns/cgroup"), last = own, inode;
	const struct proc *proc = m->tree->proc;
	char path[40];
	int n = has_any(m) ? m->tree->nr : 0, i, ret = 0;

	for (i = 0; i < n && !ret; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/cgroup", proc[i].alive);
		inode = inode_of(path);
		if (inode && inode != own && inode != last)
			ret = look_from(m, &proc[i], path, inode);
		last = inode;
	}
	return ret;
}
