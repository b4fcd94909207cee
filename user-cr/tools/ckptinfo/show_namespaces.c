// SPDX-License-Identifier: GPL-2.0-only
/* The namespaces, and who is in them */
#include <inttypes.h>
#include <stdio.h>

#include "../common/util.h"
#include "info.h"

#define NSEC_PER_SEC	1000000000

static const char *const kind_names[] = {
	[CKPT_NS_IPC] = "ipc",
	[CKPT_NS_MNT] = "mnt",
	[CKPT_NS_NET] = "net",
	[CKPT_NS_CGROUP] = "cgroup",
	[CKPT_NS_TIME] = "time",
	[CKPT_NS_USER] = "user",
	[CKPT_NS_UTS] = "uts",
	[CKPT_NS_PID] = "pid",
};

const char *ns_kind_name(uint32_t kind)
{
	return kind < ARRAY_SIZE(kind_names) && kind_names[kind] ?
	       kind_names[kind] : "?";
}

static bool is_in(const struct ckpt_task_state *s, uint32_t id)
{
	const uint32_t ids[] = {
		s->uts_id, s->ipc_ns_id, s->mnt_ns_id, s->net_ns_id,
		s->cgroup_ns_id, s->time_ns_id, s->user_ns_id,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Each process, and threads that are elsewhere than the first one of theirs */
static void show_inmates(const struct info *info, uint32_t id)
{
	const struct task *task = info->tree.task;
	struct ckpt_task_state state;
	bool first_is = false, is;
	int i;

	printf("  %-12s", "tasks");
	for (i = 0; i < info->tree.nr; i++) {
		is = info_state(info, i, &state) && is_in(&state, id);
		if (is && !(task_is_thread(&task[i]) && first_is))
			printf(" %u", task[i].saved.pid);
		if (!task_is_thread(&task[i]))
			first_is = is;
	}
	putchar('\n');
}

static void show_parent(const struct info *info, int index)
{
	printf("  %-12s %u\n", "children of", info->tree.task[index].saved.pid);
}

/* Who has a time namespace only for his children */
static void show_parents(const struct info *info, uint32_t id)
{
	struct ckpt_task_state state;
	int i;

	for (i = 0; i < info->tree.nr; i++)
		if (!task_is_thread(&info->tree.task[i]) &&
		    info_state(info, i, &state) &&
		    state.time_ns_for_children_id == id)
			show_parent(info, i);
}

static void show_uts(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_uts uts;

	ckpt_record_body(record, &uts, sizeof(uts));
	printf("uts host ");
	print_text(uts.nodename);
	printf(", domain ");
	print_text(uts.domainname);
	putchar('\n');
	show_inmates(info, record->id);
}

static void print_clock(const char *name, uint64_t ns)
{
	printf(", %s %" PRIu64 ".%09" PRIu64 " s", name,
	       (uint64_t)ns / NSEC_PER_SEC, (uint64_t)ns % NSEC_PER_SEC);
}

static const struct ckpt_id_extent *
show_ids(const char *what, const struct ckpt_id_extent *extent, uint32_t nr)
{
	for (; nr; nr--, extent++)
		printf("  %-12s %u, %u outside, %u of them\n", what,
		       extent->first, extent->outer_first, extent->count);
	return extent;
}

static void show_maps_of_ids(const struct ckpt_record *record,
			     const struct ckpt_ns *ns)
{
	const struct ckpt_id_extent *extent = ckpt_record_tail(record);

	extent = show_ids("user ids", extent, ns->nr_uids);
	extent = show_ids("group ids", extent, ns->nr_gids);
	show_ids("project ids", extent, ns->nr_projids);
}

static void show_ns(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_ns ns;

	ckpt_record_body(record, &ns, sizeof(ns));
	printf("%s %" PRIu64, ns_kind_name(ns.kind), (uint64_t)ns.inode);
	if (ns.kind == CKPT_NS_NET && ns.flags & CKPT_NS_LO_UP)
		printf(", loopback up");
	if (ns.kind == CKPT_NS_TIME) {
		print_clock("monotonic", ns.monotonic_ns);
		print_clock("boottime", ns.boottime_ns);
	}
	if (ns.kind == CKPT_NS_USER)
		printf(", made by %u:%u%s", ns.owner_uid, ns.owner_gid,
		       ns.flags & CKPT_NS_NO_SETGROUPS ? ", no setgroups" : "");
	putchar('\n');
	if (ns.kind == CKPT_NS_USER)
		show_maps_of_ids(record, &ns);
	show_inmates(info, record->id);
	show_parents(info, record->id);
}

/* The task's id in a pid namespace below that of the root; 0 if it has none */
static uint32_t id_in(const struct task *task, uint32_t ns)
{
	int i;

	for (i = 0; i < task->nr_nested; i++)
		if (task->nested[i].ns == ns)
			return task->nested[i].nr;
	return 0;
}

/* They are numbered as they appear; each has an init. */
static bool show_pid_ns(const struct info *info, uint32_t ns)
{
	struct ckpt_task_state state;
	const struct task *task;
	bool found = false;
	int i;

	for (i = 0; i < info->tree.nr; i++) {
		task = &info->tree.task[i];
		if (task_is_thread(task) || !id_in(task, ns))
			continue;
		if (!found)
			printf("pid number %u\n  %-12s", ns, "tasks");
		found = true;
		printf(" %u=%u", task->saved.pid, id_in(task, ns));
	}
	if (!found)
		return false;
	putchar('\n');
	for (i = 0; i < info->tree.nr; i++)
		if (info_state(info, i, &state) &&
		    state.pid_ns_for_children == ns)
			show_parent(info, i);
	return true;
}

void show_namespaces(const struct info *info)
{
	const struct ckpt_record *record;
	uint32_t ns = 1;
	size_t i;

	for (i = 0; i < info->nr_entries; i++) {
		record = info->entry[i].record;
		if (record->type == CKPT_REC_UTS)
			show_uts(info, record);
		if (record->type == CKPT_REC_NS)
			show_ns(info, record);
	}
	while (show_pid_ns(info, ns))
		ns++;
}
