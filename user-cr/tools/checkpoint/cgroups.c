// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/mounttable.h"
#include "../common/nspid.h"
#include "../common/util.h"
#include "cgroups.h"
#include "freeze.h"
#include "group_lost.h"

__attribute__((format(printf, 3, 4)))
static void refuse(struct cgroups *c, const struct proc *proc,
		   const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_add(c->log, "pid %d (%s): %s", proc->pid, proc->comm, why);
	c->refused = true;
}

/*
 * A thread would have to be moved when it is there, but before it runs. The first one
 * is nowhere any more when it has ended before the others.
 */
static void check_threads(struct cgroups *c, const struct proc *proc)
{
	char *path = xasprintf("/proc/%d/task/%d/cgroup", proc->pid, proc->alive);
	char *of_process = read_small_file(path), *of_thread;
	struct dirent *entry;
	DIR *dir;

	free(path);
	path = xasprintf("/proc/%d/task", proc->pid);
	dir = opendir(path);
	free(path);
	while (of_process && dir && (entry = readdir(dir))) {
		if (proc->alive != proc->pid && atoi(entry->d_name) == proc->pid)
			continue;
		path = xasprintf("/proc/%d/task/%s/cgroup", proc->pid,
				 entry->d_name);
		of_thread = entry->d_name[0] == '.' ? NULL :
			read_small_file(path);
		if (of_thread && strcmp(of_process, of_thread))
			refuse(c, proc, "thread %s is in other control groups: not supported",
			       entry->d_name);
		free(of_thread);
		free(path);
	}
	if (dir)
		closedir(dir);
	free(of_process);
}

/* Cuts OUTER to what it has in common with INNER. */
static void cut_to_common(char *outer, const char *inner)
{
	while (!path_below(inner, outer)) {
		*strrchr(outer, '/') = '\0';
		if (!*outer)
			strcpy(outer, "/");
	}
}

/* The smallest group of all processes in a hierarchy; NULL if one has none. */
static char *common_group(const struct cgroups *c, const char *controllers)
{
	char *common = NULL, *path;
	int i;

	for (i = 0; i < c->tree->nr; i++) {
		if (!c->text[i])
			continue;
		path = cgroup_path_in(c->text[i], controllers);
		/* One beside our own namespace of control groups is not seen. */
		if (!path || !cgroup_is_inside(path)) {
			free(common);
			free(path);
			return NULL;
		}
		if (common)
			cut_to_common(common, path);
		else
			common = xstrdup(path);
		if (common != path)
			free(path);
	}
	return common;
}

static bool is_frozen_itself(const struct cgroup *cg)
{
	char *text = cgroup_read(cg, cg->version == CGROUP_V2 ?
				 "cgroup.freeze" : "freezer.self_freezing");
	bool frozen = text && *text == '1';

	free(text);
	return frozen;
}

/* Whoever has frozen the tree has frozen the container's. */
static void widen_to_frozen(const char *controllers, char *path)
{
	char *outer = xstrdup(path), *end;
	struct cgroup cg;

	while ((end = strrchr(outer, '/')) && end > outer) {
		if (!cgroup_find(controllers, outer, &cg) &&
		    is_frozen_itself(&cg))
			strcpy(path, outer);
		*end = '\0';
	}
	free(outer);
}

static bool in_tree(const struct cgroups *c, pid_t pid)
{
	int i;

	for (i = 0; i < c->tree->nr; i++)
		if (c->tree->proc[i].pid == pid)
			return true;
	return false;
}

/* Whether nobody else is in the group. */
static bool holds_only_tree(const struct cgroups *c, const struct cgroup *cg)
{
	pid_t *list;
	int n = cgroup_procs(cg, &list);
	bool only = true;

	/* Of a threaded one, they are named further up. */
	if (n < 0)
		return errno == EOPNOTSUPP;
	while (n-- > 0)
		only &= in_tree(c, list[n]);
	free(list);
	return only;
}

static void check_depth(struct cgroups *c, const struct group *g)
{
	if (g->depth <= CKPT_CGROUP_DEPTH_MAX)
		return;
	log_add(c->log, "control group %s: more than %d groups in each other: not supported",
		g->cg.path, CKPT_CGROUP_DEPTH_MAX);
	c->refused = true;
}

/* All below, too; false if somebody else is there. */
static bool add_groups(struct cgroups *c, const struct cgroup *cg, int parent,
		       const char *controllers)
{
	int index = c->nr, n, i;
	bool ours = holds_only_tree(c, cg);
	struct cgroup below;
	char **names;

	c->group = xrealloc(c->group, c->nr + 1, sizeof(*c->group));
	c->group[c->nr++] = (struct group){
		.cg = *cg, .parent = parent,
		.depth = parent < 0 ? 1 : c->group[parent].depth + 1,
		.hierarchy = xstrdup(controllers),
	};
	n = cgroup_children(cg, &names);
	for (i = 0; i < n; i++) {
		if (ours && !cgroup_below(cg, names[i], &below))
			ours = add_groups(c, &below, index, controllers);
		free(names[i]);
	}
	free(names);
	return ours;
}

static void free_group(struct group *g)
{
	size_t i;

	for (i = 0; i < g->nr_settings; i++)
		free(g->setting[i].strings.bytes);
	group_free_owners(g);
	free(g->setting);
	free(g->hierarchy);
	free(g->pid);
}

/* A group that others are in, too, is not the container's. */
static bool take_group(struct cgroups *c, const char *controllers,
		       const char *path)
{
	size_t before = c->nr;
	struct cgroup cg;

	if (!strcmp(path, "/") || freeze_made(path) ||
	    cgroup_find(controllers, path, &cg) < 0)
		return false;
	if (add_groups(c, &cg, -1, controllers))
		return true;
	while (c->nr > before)
		free_group(&c->group[--c->nr]);
	return false;
}

/* More than the container may be frozen. */
static bool take_hierarchy(struct cgroups *c, const char *controllers)
{
	char *path = common_group(c, controllers);
	char *frozen;
	bool taken;

	if (!path)
		return false;
	frozen = xstrdup(path);
	widen_to_frozen(controllers, frozen);
	taken = take_group(c, controllers, frozen) ||
		(strcmp(frozen, path) && take_group(c, controllers, path));
	free(frozen);
	free(path);
	return taken;
}

static void tell_lost(const struct cgroups *c, const char *controllers, pid_t root)
{
	struct group_lost lost = { 0 };
	struct cgroup cg;
	char *path;
	int i;

	for (i = 0; i < c->tree->nr; i++) {
		path = c->text[i] ? cgroup_path_in(c->text[i], controllers) : NULL;
		if (path)
			group_lost_add(&lost, cgroup_is_inside(path) &&
				       !cgroup_find(controllers, path, &cg) ?
				       cg.path : path);
		free(path);
	}
	group_lost_tell(&lost, root, "no group is seen here that holds the tree and nobody else");
	group_lost_free(&lost);
}

static void take_hierarchies(struct cgroups *c, pid_t root, bool quiet)
{
	char *name = xasprintf("/proc/%d/cgroup", root);
	char *text = read_small_file(name), *rest = text, *line, *controllers;

	free(name);
	while (text && (line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		strsep(&line, ":");
		controllers = strsep(&line, ":");
		if (!take_hierarchy(c, controllers) && !quiet)
			tell_lost(c, controllers, root);
	}
	free(text);
}

static bool is_path_of(const struct group *g, const char *path)
{
	struct cgroup cg;

	return !cgroup_find(g->hierarchy, path, &cg) && !strcmp(cg.path, g->cg.path);
}

/* By what each process says: a threaded group does not tell. */
static void take_members(struct cgroups *c, struct group *g)
{
	char *path = NULL, *last = NULL;
	bool is_member = false;
	int i;

	g->pid = xcalloc(c->tree->nr, sizeof(*g->pid));
	for (i = 0; i < c->tree->nr; i++) {
		path = c->text[i] ? cgroup_path_in(c->text[i], g->hierarchy) : NULL;
		if (!path)
			continue;
		/* To find a path takes long, and most are in the same one. */
		if (!last || strcmp(path, last))
			is_member = is_path_of(g, path);
		free(last);
		last = path;
		if (is_member)
			g->pid[g->nr_pids++] = pid_at_depth(c->tree->proc[i].pid,
							    c->depth);
	}
	free(last);
}

static void take_texts(struct cgroups *c)
{
	int i;

	c->text = xcalloc(c->tree->nr + 1, sizeof(*c->text));
	for (i = 0; i < c->tree->nr; i++)
		if (!proc_has_ended(&c->tree->proc[i]))
			c->text[i] = cgroup_text_of(c->tree->proc[i].alive);
}

int cgroups_collect(struct cgroups *c, const struct proc_list *tree, pid_t root,
		    bool quiet, int log)
{
	size_t i;
	int k;

	*c = (struct cgroups){
		.log = log, .tree = tree, .depth = pid_depth(root),
	};
	take_texts(c);
	take_hierarchies(c, root, quiet);
	for (k = 0; c->nr && k < c->tree->nr; k++)
		if (c->tree->proc[k].threads > 1)
			check_threads(c, &c->tree->proc[k]);
	for (i = 0; i < c->nr; i++) {
		check_depth(c, &c->group[i]);
		group_check_bpf(c, &c->group[i]);
		group_read_files(c, &c->group[i]);
		group_read_owners(c, &c->group[i]);
		take_members(c, &c->group[i]);
	}
	return c->refused ? -1 : 0;
}

static void write_group(const struct group *g, uint32_t parent, uint32_t *id,
			struct sections *s)
{
	struct ckpt_cgroup body = {
		.version = g->cg.version == CGROUP_V2 ? 2 : 1,
		.parent_id = parent,
		.uid = g->uid, .gid = g->gid, .mode = g->mode,
	};
	struct ckpt_cgroup_setting setting = { 0 };
	struct ckpt_cgroup_members members = { 0 };
	struct strings tail = { 0 };
	size_t i;

	strings_add(&tail, strrchr(g->cg.path, '/') + 1);
	strings_add(&tail, g->parent < 0 ? g->hierarchy : "");
	*id = sections_add_object(s, CKPT_REC_CGROUP, &body, sizeof(body),
				  &tail);
	setting.cgroup_id = members.cgroup_id = *id;
	for (i = 0; i < g->nr_settings; i++)
		sections_add(s, CKPT_REC_CGROUP_SETTING, &setting,
			     sizeof(setting), g->setting[i].strings.bytes,
			     g->setting[i].strings.len);
	group_write_owners(g, *id, s);
	if (g->nr_pids)
		sections_add(s, CKPT_REC_CGROUP_MEMBERS, &members,
			     sizeof(members), g->pid,
			     g->nr_pids * sizeof(*g->pid));
}

static void write_root(const struct group_root *root, const uint32_t *ids,
		       struct sections *s)
{
	struct ckpt_cgroup_root body = {
		.cgroup_id = ids[root->group], .inode = root->inode,
	};

	sections_add(s, CKPT_REC_CGROUP_ROOT, &body, sizeof(body), root->path,
		     strlen(root->path) + 1);
}

void cgroups_write(const struct cgroups *c, struct sections *s)
{
	uint32_t *ids = xcalloc(c->nr, sizeof(*ids));
	size_t i;

	for (i = 0; i < c->nr; i++)
		write_group(&c->group[i], c->group[i].parent < 0 ? 0 :
			    ids[c->group[i].parent], &ids[i], s);
	for (i = 0; i < c->nr_roots; i++)
		write_root(&c->root[i], ids, s);
	free(ids);
}

void cgroups_free(struct cgroups *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		free_group(&c->group[i]);
	for (i = 0; i < c->nr_roots; i++)
		free(c->root[i].path);
	for (i = 0; c->text && i < (size_t)c->tree->nr; i++)
		free(c->text[i]);
	free(c->text);
	free(c->group);
	free(c->root);
}
