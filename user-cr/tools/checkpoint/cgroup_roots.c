// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the cgroup namespaces of the tree begin
 *
 * The kernel does not say. But what a process that is below such a root has in
 * /proc/PID/cgroup is longer here than it is in the namespace, by the path of the
 * root.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/util.h"
#include "cgroups.h"
#include "inside.h"

static void refuse(struct cgroups *c, const struct ns *ns, const char *why)
{
	log_add(c->log, "pid %d (%s): its cgroup namespace: %s", ns->pid,
		ns->comm, why);
	c->refused = true;
}

/* In the namespace: tells who is below its root there, and how it is seen. */
static void tell_hierarchy(const struct cgroups *c, const char *hierarchy)
{
	char number[16], *path;
	int i;

	for (i = 0; i < c->tree->nr; i++) {
		if (proc_has_ended(&c->tree->proc[i]))
			continue;
		path = cgroup_path_of(c->tree->proc[i].alive, hierarchy);
		if (path && cgroup_is_inside(path)) {
			snprintf(number, sizeof(number), "%d", c->tree->proc[i].alive);
			tell(number);
			tell(path);
			free(path);
			return;
		}
		free(path);
	}
	give_up("it begins at a control group %s%s%s where none of the processes is, nor below: not supported (leave one there, or begin it where they are)",
		*hierarchy ? "of the hierarchy '" : "of version 2",
		hierarchy, *hierarchy ? "'" : "");
}

static void tell_paths(int fd, const void *arg)
{
	const struct cgroups *c = arg;
	size_t i;

	enter_owner(fd);
	if (setns(fd, CLONE_NEWCGROUP) < 0)
		give_up("cannot enter it: %s", strerror(errno));
	for (i = 0; i < c->nr; i++)
		if (c->group[i].parent < 0)
			tell_hierarchy(c, c->group[i].hierarchy);
}

/* Cuts from the end of a directory the path that is below a root there. */
static bool cut_to_root(char *dir, const char *path)
{
	size_t len = strlen(dir), end = strcmp(path, "/") ? strlen(path) : 0;

	if (end >= len || strcmp(dir + len - end, end ? path : ""))
		return false;
	dir[len - end] = '\0';
	return true;
}

/* Of the groups in the hierarchy whose outermost one this is */
static size_t find_group(const struct cgroups *c, size_t outermost,
			 const char *dir)
{
	size_t i;

	for (i = outermost; i < c->nr; i++) {
		if (i > outermost && c->group[i].parent < 0)
			break;
		if (!strcmp(c->group[i].cg.path, dir))
			return i;
	}
	return outermost;
}

static void add_root(struct cgroups *c, const struct ns *ns, size_t group,
		     const char *path)
{
	c->root = xgrow(c->root, c->nr_roots, sizeof(*c->root));
	c->root[c->nr_roots++] = (struct group_root){
		.inode = ns->inode, .group = group, .path = xstrdup(path),
	};
}

/* The directory of the root, as PATH is what the namespace has of a process */
static int find_root(const char *hierarchy, pid_t pid, const char *path,
		     struct cgroup *cg)
{
	char *here = cgroup_path_of(pid, hierarchy);
	int ret = here ? cgroup_find(hierarchy, here, cg) : -1;

	free(here);
	return !ret && cut_to_root(cg->path, path) ? 0 : -1;
}

static void take_root(struct cgroups *c, const struct ns *ns, size_t outermost,
		      pid_t pid, const char *path)
{
	const struct group *g = &c->group[outermost];
	struct cgroup cg;
	size_t len;

	if (find_root(g->hierarchy, pid, path, &cg) < 0) {
		refuse(c, ns, "it begins at a control group that is not mounted here: not supported");
		return;
	}
	/* The process is in one of ours: so the root is one, too, or around them. */
	len = strlen(cg.path);
	if (cgroup_contains(&cg, &g->cg) && g->cg.path[len])
		add_root(c, ns, outermost, g->cg.path + len);
	else
		add_root(c, ns, find_group(c, outermost, cg.path), "/");
}

/* A pid and a path for each hierarchy of which there are groups */
static void take_answer(struct cgroups *c, const struct ns *ns, const char *answer)
{
	pid_t pid;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		if (c->group[i].parent >= 0)
			continue;
		pid = atoi(answer);
		answer += strlen(answer) + 1;
		take_root(c, ns, i, pid, answer);
		answer += strlen(answer) + 1;
	}
}

static void look_at(struct cgroups *c, const struct ns *ns)
{
	const struct look look = { .run = tell_paths, .arg = c };
	struct answer answer;

	if (!look_inside(&look, ns->path, &answer))
		take_answer(c, ns, answer.bytes);
	else
		refuse(c, ns, answer.why);
	free(answer.bytes);
	free(answer.why);
}

int cgroups_collect_roots(struct cgroups *c, const struct namespaces *n)
{
	size_t i;

	for (i = 0; c->nr && i < n->nr; i++)
		if (n->ns[i].kind->kind == CKPT_NS_CGROUP)
			look_at(c, &n->ns[i]);
	return c->refused ? -1 : 0;
}
