// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where cgroup namespaces begin
 *
 * A cgroup namespace begins at the groups in which whoever makes it is: so that
 * process goes into those that were the roots, and then back. It may be in a user
 * namespace by then, where it has no right to them: so they are open before. And it
 * is done before the groups give controllers to those in them, which only groups
 * without a process may do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/util.h"
#include "restart.h"

/* Complains about a group; returns -1. */
static int fail(const struct restart *r, const struct cgroup *cg, const char *why)
{
	log_add(r->log, "control group %s: cannot begin a cgroup namespace there: %s",
		cg->path, why);
	return -1;
}

static const char *reason(int error)
{
	if (error == EBUSY)
		return "it gives controllers to the groups in it, so that no process can be there (name another group with --cgroup, or use --no-cgroups)";
	return strerror(error);
}

/* Takes the last name off both; false if they are not the same. */
static bool cut_name(char *dir, char *path)
{
	char *end = strrchr(dir, '/'), *name = strrchr(path, '/');
	bool same = end && !strcmp(end, name);

	if (end)
		*end = '\0';
	*name = '\0';
	return same;
}

/*
 * Goes from a group to the root in which it is at PATH. Its own name may have become
 * another one, those between are not ours to choose.
 */
static bool go_to_root(struct cgroup *cg, const char *path)
{
	char *left = xstrdup(strcmp(path, "/") ? path : "");
	bool same = true;

	if (*left)
		cut_name(cg->path, left);
	while (*left && same)
		same = cut_name(cg->path, left);
	free(left);
	return same;
}

static int open_procs(const struct restart *r, const struct cgroup *cg)
{
	char *path = xasprintf("%s/cgroup.procs", cg->path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	free(path);
	return fd < 0 ? -1 : descriptors_keep(r, fd);
}

static int open_root(struct restart *r, const struct made_group *g,
		     const char *path, struct cgroup_root *root)
{
	struct cgroup own;

	root->cg = g->cg;
	if (!go_to_root(&root->cg, path)) {
		log_add(r->log, "control group %s: the image has it at %s in a cgroup namespace, which cannot be made so here: name a group with --cgroup that ends likewise, or use --no-cgroups",
			g->cg.path, path);
		return -1;
	}
	root->there = open_procs(r, &root->cg);
	if (root->there < 0)
		return fail(r, &root->cg, strerror(errno));
	root->back = cgroup_of_any(getpid(), g->controllers, &own) < 0 ? -1 :
		     open_procs(r, &own);
	if (root->back < 0)
		return fail(r, &root->cg, "the group that we are in cannot be opened");
	return 0;
}

int cgroup_roots_open(struct restart *r, const struct ckpt_record *record,
		      const struct made_group *g)
{
	struct ckpt_cgroup_root saved;
	struct cgroup_root *root;

	ckpt_record_body(record, &saved, sizeof(saved));
	r->cgroup_root = xgrow(r->cgroup_root, r->nr_cgroup_roots,
			       sizeof(*r->cgroup_root));
	root = &r->cgroup_root[r->nr_cgroup_roots++];
	*root = (struct cgroup_root){
		.inode = saved.inode, .there = -1, .back = -1,
	};
	return open_root(r, g, record_string(record, 0), root);
}

static int go_there(const struct restart *r, uint64_t inode)
{
	const struct cgroup_root *root;
	size_t i;

	for (i = 0; i < r->nr_cgroup_roots; i++) {
		root = &r->cgroup_root[i];
		if (root->inode == inode && write(root->there, "0", 1) != 1)
			return fail(r, &root->cg, reason(errno));
	}
	return 0;
}

static int go_back(const struct restart *r, uint64_t inode)
{
	const struct cgroup_root *root;
	size_t i;

	for (i = 0; i < r->nr_cgroup_roots; i++) {
		root = &r->cgroup_root[i];
		if (root->inode == inode && write(root->back, "0", 1) != 1)
			return fail(r, &root->cg, "the process that was there for it cannot leave it");
	}
	return 0;
}

int cgroup_roots_unshare(const struct restart *r, uint64_t inode)
{
	if (go_there(r, inode) < 0)
		return -1;
	if (unshare(CLONE_NEWCGROUP) < 0) {
		log_add(r->log, "cannot make a cgroup namespace: %s",
			strerror(errno));
		return -1;
	}
	return go_back(r, inode);
}

void cgroup_roots_close(struct restart *r)
{
	while (r->nr_cgroup_roots) {
		r->nr_cgroup_roots--;
		close(r->cgroup_root[r->nr_cgroup_roots].there);
		close(r->cgroup_root[r->nr_cgroup_roots].back);
	}
	free(r->cgroup_root);
	r->cgroup_root = NULL;
}
