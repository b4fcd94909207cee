// SPDX-License-Identifier: GPL-2.0-only
/* The task tree */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../common/util.h"
#include "info.h"

static bool is_stopped(const struct info *info, int index,
		       struct ckpt_stop *stop)
{
	if (!info->stop[index])
		return false;
	ckpt_record_body(info->stop[index], stop, sizeof(*stop));
	return stop->flags & CKPT_STOP_STOPPED;
}

/* As ps(1) has it; a ghost is known to nobody else. */
static char state_of(const struct info *info, int index)
{
	uint32_t flags = info->tree.task[index].saved.flags;
	struct ckpt_stop stop;

	if (task_is_thread(&info->tree.task[index]))
		return '-';
	if (flags & CKPT_TREE_GHOST)
		return 'G';
	if (flags & (CKPT_TREE_ZOMBIE | CKPT_TREE_FIRST_ENDED))
		return 'Z';
	return is_stopped(info, index, &stop) ? 'T' : '-';
}

static void print_exit(const struct ckpt_record *record)
{
	struct ckpt_exit e;

	ckpt_record_body(record, &e, sizeof(e));
	if (WIFEXITED(e.status))
		printf("  exit status %u", WEXITSTATUS(e.status));
	else
		printf("  killed by signal %u%s", WTERMSIG(e.status),
		       WCOREDUMP(e.status) ? ", with a core" : "");
}

static void print_vfork(const struct ckpt_record *record)
{
	struct ckpt_vfork v;

	ckpt_record_body(record, &v, sizeof(v));
	printf("  waits in vfork for %u", v.child);
}

/* What there is to say of its state */
static void print_end(const struct info *info, int index)
{
	const struct task *task = &info->tree.task[index];
	struct ckpt_stop stop;

	if (task->saved.flags & CKPT_TREE_GHOST)
		printf("no process, only its id");
	else if (task->saved.flags & CKPT_TREE_ZOMBIE)
		print_exit(info->exit[index]);
	else if (task->saved.flags & CKPT_TREE_FIRST_ENDED)
		printf("  ended before its threads");
	else if (is_stopped(info, index, &stop))
		printf("  stopped by signal %u", stop.signal);
	if (info->vfork[index])
		print_vfork(info->vfork[index]);
	if (task->saved.parent_tid && !task_is_thread(task))
		printf("  of thread %u", task->saved.parent_tid);
	putchar('\n');
}

static void print_task(const struct info *info, int index, int depth)
{
	const struct task *task = &info->tree.task[index];
	const struct ckpt_task *t = &task->saved;
	bool is_thread = task_is_thread(task);

	printf("%7u %7u %7u %7u %c  %*s", t->pid, t->ppid, t->pgid, t->sid,
	       state_of(info, index), 2 * depth, "");
	if (is_thread)
		printf("{");
	print_text(t->comm);
	if (is_thread)
		printf("}");
	print_end(info, index);
}

/* Threads follow their process, the one at INDEX, in the image. */
static void print_threads(const struct info *info, int index, int depth)
{
	const struct tree *tree = &info->tree;
	int i;

	for (i = index + 1; i < tree->nr && task_is_thread(&tree->task[i]); i++)
		print_task(info, i, depth + 1);
}

/* Without recursion: an image may tell of a very deep tree. */
void show_tree(const struct info *info)
{
	const struct tree *tree = &info->tree;
	int *way = xcalloc(tree->nr + 1, sizeof(*way));
	int depth = 0;

	printf("%7s %7s %7s %7s %s  %s\n", "PID", "PPID", "PGID", "SID", "S",
	       "COMMAND");
	way[0] = 0;
	while (depth >= 0) {
		const struct task *task = &tree->task[way[depth]];

		print_task(info, way[depth], depth);
		print_threads(info, way[depth], depth);
		if (task->child != TREE_NONE) {
			way[++depth] = task->child;
			continue;
		}
		while (depth >= 0) {
			way[depth] = tree->task[way[depth]].next;
			if (way[depth] != TREE_NONE)
				break;
			depth--;
		}
	}
	free(way);
}
