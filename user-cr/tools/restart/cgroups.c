// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups: made before there is any process, which gets into its own before
 * it is what it was; they have their settings then
 *
 * So what a process is charged for while it is restored is charged to its group,
 * and no limit is passed for a moment.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/cgroup_files.h"
#include "../common/log.h"
#include "../common/util.h"
#include "pids.h"

#define NAME_TRIES	100

/* What to do where we have no right to them */
static const char *advice(int error)
{
	if (error == EACCES || error == EPERM || error == EROFS)
		return " (name a group that is yours with --cgroup, or use --no-cgroups)";
	if (error == EEXIST)
		return " (remove those that nobody needs)";
	return "";
}

/* Complains about a group; returns -1. */
static int fail(const struct restart *r, const char *group, const char *what)
{
	int error = errno;

	log_add(r->log, "control group %s: %s: %s%s", group, what,
		strerror(error), advice(error));
	return -1;
}

static int compare_ids(const void *a, const void *b)
{
	const struct made_group *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* They were made in the order of their ids. */
static struct made_group *find_group(const struct restart *r, uint32_t id)
{
	const struct made_group key = { .id = id };

	return bsearch(&key, r->group, r->nr_groups, sizeof(key), compare_ids);
}

static int find_home(const struct restart *r, const char *controllers,
		     struct cgroup *home)
{
	char *path = r->o.cgroup ? xstrdup(r->o.cgroup) :
		cgroup_path_of(getpid(), controllers);
	int ret = path ? cgroup_find(controllers, path, home) : -1;

	if (!ret && access(home->path, F_OK) < 0)
		ret = -1;
	if (ret < 0)
		log_add(r->log, "cannot find the control group %s of the hierarchy %s, below which the saved ones belong: %s (mount it, or use --no-cgroups)",
			path ? path : "in which we are",
			*controllers ? controllers : "of version 2",
			strerror(errno));
	free(path);
	return ret;
}

/* None that is there already is touched, even if nobody is in it: it is not ours. */
static int make_group(const struct restart *r, struct made_group *g,
		      const struct cgroup *home, const char *name)
{
	if (cgroup_below(home, name, &g->cg) < 0)
		return -1;
	guard_takes(r, &g->cg);
	if (!cgroup_make(&g->cg))
		return 0;
	guard_forgets(r);
	return -1;
}

/* Somebody may have a group by its name: then it gets another one. */
static int make_outermost(struct restart *r, struct made_group *g,
			  const struct cgroup *home, const char *name)
{
	char *other;
	int i, ret = make_group(r, g, home, name);

	for (i = 1; ret < 0 && errno == EEXIST && i < NAME_TRIES; i++) {
		other = xasprintf("%s.%d", name, i);
		ret = make_group(r, g, home, other);
		if (!ret && !r->o.quiet)
			complain("the control group %s is there already: %s takes its place",
				 name, other);
		free(other);
	}
	return ret;
}

static int take_group(struct restart *r, const struct ckpt_record *record)
{
	const char *name = record_string(record, 0);
	const struct made_group *parent;
	struct made_group *g;
	struct ckpt_cgroup cg;
	struct cgroup home;
	int ret;

	ckpt_record_body(record, &cg, sizeof(cg));
	parent = find_group(r, cg.parent_id);
	if (parent)
		home = parent->cg;
	else if (find_home(r, record_string(record, 1), &home) < 0)
		return -1;
	g = &r->group[r->nr_groups];
	*g = (struct made_group){
		.id = record->id, .outermost = !parent,
		.controllers = parent ? parent->controllers :
			       record_string(record, 1),
		.top = parent ? parent->top : r->nr_groups,
	};
	ret = parent ? make_group(r, g, &home, name) :
		make_outermost(r, g, &home, name);
	if (ret < 0)
		return fail(r, g->cg.path, "cannot make it");
	r->nr_groups++;
	return 0;
}

/*
 * One controller, and no words behind it: the group above is not the image's, and
 * must lose nothing.
 */
static bool is_controller(const char *name, size_t len)
{
	return len && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") >= len;
}

/* Its files come with the controller, which the group above gives. */
static void enable_controller(const struct made_group *g, const char *file,
			      const char *value)
{
	const char *from = strcmp(file, "cgroup.subtree_control") ? file :
		value + strspn(value, "+");
	size_t len = strcspn(from, ".");
	struct cgroup parent = g->cg;
	char *text;

	if (g->cg.version != CGROUP_V2 || !g->outermost ||
	    !is_controller(from, len))
		return;
	*strrchr(parent.path, '/') = '\0';
	text = xasprintf("+%.*s", (int)len, from);
	cgroup_write(&parent, "cgroup.subtree_control", text);
	free(text);
}

static bool is_set(const struct made_group *g, const char *file,
		   const char *value)
{
	char *text = cgroup_read(&g->cg, file);
	bool set = text && !strncmp(text, value, strlen(value)) &&
		   text[strlen(value)] == '\n';

	free(text);
	return set;
}

static int set_value(const struct made_group *g, const char *file,
		     const char *value)
{
	if (is_set(g, file, value) || !cgroup_write(&g->cg, file, value))
		return 0;
	if (errno != ENOENT)
		return -1;
	enable_controller(g, file, value);
	return cgroup_write(&g->cg, file, value);
}

/* The reader has seen to it that it is no path; some files do something else. */
static bool is_setting(const struct made_group *g, const char *file)
{
	int rank;

	switch (cgroup_file_kind(g->cg.version == CGROUP_V2 ? 2 : 1, file,
				 &rank)) {
	case CGROUP_FILE_SETTING:
	case CGROUP_FILE_LINES:
	case CGROUP_FILE_ENABLED:
	case CGROUP_FILE_FLAG:
	case CGROUP_FILE_DEVICES:
	case CGROUP_FILE_UNKNOWN:
		return true;
	default:
		return false;
	}
}

static int take_setting(const struct restart *r, const struct made_group *g,
			const struct ckpt_record *record)
{
	const char *file = record_string(record, 0);
	const char *end = (const char *)ckpt_record_tail(record) +
			  record->tail_len;
	const char *value;
	char *what;

	errno = EINVAL;
	if (!is_setting(g, file))
		return fail(r, g->cg.path, file);
	for (value = file + strlen(file) + 1; value < end;
	     value += strlen(value) + 1) {
		if (!set_value(g, file, value))
			continue;
		what = xasprintf("cannot write '%s' to %s%s", value, file,
				 errno == ENOENT ? " (is its controller enabled in the group above?)" : "");
		fail(r, g->cg.path, what);
		free(what);
		return -1;
	}
	return 0;
}

bool cgroups_wanted(const struct restart *r)
{
	size_t i;

	for (i = 0; i < r->state.nr && !r->o.no_cgroups; i++)
		if (r->state.record[i]->type == CKPT_REC_CGROUP)
			return true;
	return false;
}

/* Of a record that is one, or stands behind one, of which it tells */
static const struct made_group *group_of(const struct restart *r, size_t i)
{
	const struct state *state = &r->state;

	while (state->record[i]->type != CKPT_REC_CGROUP)
		i--;
	return find_group(r, state->record[i]->id);
}

static bool is_of_group(uint32_t type)
{
	return type == CKPT_REC_CGROUP || type == CKPT_REC_CGROUP_FILE ||
	       type == CKPT_REC_CGROUP_XATTR;
}

/* When they are set up: then they may be somebody else's. */
static int give_all(const struct restart *r)
{
	const struct state *state = &r->state;
	size_t i;

	for (i = 0; i < state->nr; i++)
		if (is_of_group(state->record[i]->type) &&
		    cgroup_owners_set(r, &group_of(r, i)->cg, state->record[i]) < 0)
			return -1;
	return 0;
}

static const struct made_group *group_of_setting(const struct restart *r,
						 const struct ckpt_record *record)
{
	struct ckpt_cgroup_setting setting;

	ckpt_record_body(record, &setting, sizeof(setting));
	return find_group(r, setting.cgroup_id);
}

/* Those of one version */
static int set_all(const struct restart *r, enum cgroup_version version)
{
	const struct state *state = &r->state;
	const struct made_group *g;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_CGROUP_SETTING)
			continue;
		g = group_of_setting(r, state->record[i]);
		if (g->cg.version == version &&
		    take_setting(r, g, state->record[i]) < 0)
			return -1;
	}
	return 0;
}

static int take_root(struct restart *r, const struct ckpt_record *record)
{
	struct ckpt_cgroup_root root;

	ckpt_record_body(record, &root, sizeof(root));
	return cgroup_roots_open(r, record, find_group(r, root.cgroup_id));
}

int cgroups_make(struct restart *r)
{
	const struct state *state = &r->state;
	size_t i;
	int ret = 0;

	if (!cgroups_wanted(r))
		return 0;
	r->group = xcalloc(state->nr, sizeof(*r->group));
	for (i = 0; i < state->nr && !ret; i++) {
		if (state->record[i]->type == CKPT_REC_CGROUP)
			ret = take_group(r, state->record[i]);
		else if (state->record[i]->type == CKPT_REC_CGROUP_ROOT)
			ret = take_root(r, state->record[i]);
	}
	/* In some of them nobody can be before. */
	return ret ?: set_all(r, CGROUP_V1);
}

/* In some of them nobody can be afterwards, and namespaces have begun. */
int cgroups_set(const struct restart *r)
{
	if (!r->nr_groups)
		return 0;
	return set_all(r, CGROUP_V2) ?: give_all(r);
}

static int attach(const struct restart *r, const struct made_group *g,
		  pid_t pid)
{
	char *what;

	if (!cgroup_attach(&g->cg, pid))
		return 0;
	what = xasprintf("cannot move pid %d into it", pid);
	fail(r, g->cg.path, what);
	free(what);
	return -1;
}

static const struct made_group *group_of_members(const struct restart *r,
						 const struct ckpt_record *record)
{
	struct ckpt_cgroup_members members;

	ckpt_record_body(record, &members, sizeof(members));
	return find_group(r, members.cgroup_id);
}

static int place_members(const struct restart *r, const struct pids *p,
			 const struct ckpt_record *record)
{
	const uint32_t *pid = ckpt_record_tail(record);
	const struct made_group *g = group_of_members(r, record);
	pid_t found;
	uint32_t i;

	for (i = 0; i < record->tail_len / sizeof(*pid); i++) {
		found = pids_find(p, pid[i]);
		if (!found) {
			log_add(r->log, "control group %s: pid %u, which was in it, is not in the image",
				g->cg.path, pid[i]);
			return -1;
		}
		if (attach(r, g, found) < 0)
			return -1;
	}
	return 0;
}

/* Whether the processes of one hierarchy were in several groups. */
static bool is_divided(const struct restart *r)
{
	const struct state *state = &r->state;
	const struct made_group *g;
	bool *seen = xcalloc(r->nr_groups, sizeof(*seen));
	bool divided = false;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_CGROUP_MEMBERS)
			continue;
		g = group_of_members(r, state->record[i]);
		divided |= seen[g->top];
		seen[g->top] = true;
	}
	free(seen);
	return divided;
}

/* Which process is which is told by the pids: without them all are equal. */
static int place_all(const struct restart *r, const struct pids *p)
{
	const struct state *state = &r->state;
	size_t i;
	int k;

	if (is_divided(r)) {
		log_add(r->log, "--no-pids: it cannot be told which process belongs to which control group: use --no-cgroups");
		return -1;
	}
	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_CGROUP_MEMBERS)
			continue;
		for (k = 0; k < p->nr; k++)
			if (attach(r, group_of_members(r, state->record[i]),
				   p->process[k].outside) < 0)
				return -1;
	}
	return 0;
}

int cgroups_place(const struct restart *r)
{
	struct pids p;
	const struct state *state = &r->state;
	size_t i;
	int ret = 0;

	if (!r->nr_groups)
		return 0;
	pids_read(&p, r);
	if (r->o.no_pids)
		ret = place_all(r, &p);
	for (i = 0; i < state->nr && !ret && !r->o.no_pids; i++)
		if (state->record[i]->type == CKPT_REC_CGROUP_MEMBERS)
			ret = place_members(r, &p, state->record[i]);
	pids_free(&p);
	return ret;
}

bool cgroups_freezer(const struct restart *r, struct cgroup *cg)
{
	size_t i;

	for (i = 0; i < r->nr_groups; i++) {
		if (!r->group[i].outermost || !cgroup_can_freeze(&r->group[i].cg))
			continue;
		*cg = r->group[i].cg;
		return true;
	}
	return false;
}

void cgroups_remove(struct restart *r)
{
	bool busy = false;

	/* Those around one that stays will not go, either, and that takes its time. */
	while (r->nr_groups) {
		r->nr_groups--;
		if (busy)
			rmdir(r->group[r->nr_groups].cg.path);
		else
			busy = cgroup_remove(&r->group[r->nr_groups].cg) < 0;
	}
	free(r->group);
	r->group = NULL;
}
