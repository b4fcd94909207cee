// SPDX-License-Identifier: GPL-2.0-only
/* The task tree */
#include <stdio.h>
#include <stdlib.h>

#include "../common/util.h"
#include "info.h"

static void print_task(const struct task *task, int depth)
{
	const struct ckpt_task *t = &task->saved;

	printf("%7u %7u %7u %7u  %*s", t->pid, t->ppid, t->pgid, t->sid,
	       2 * depth, "");
	if (task_is_thread(task))
		printf("{");
	print_text(t->comm);
	printf("%s\n", task_is_thread(task) ? "}" : "");
}

/* Threads follow their process in the image: all from INDEX on. */
static void print_threads(const struct tree *tree, int index, int depth)
{
	uint32_t tgid = tree->task[index].saved.tgid;
	int i;

	for (i = index + 1; i < tree->nr && task_is_thread(&tree->task[i]); i++)
		if (tree->task[i].saved.tgid == tgid)
			print_task(&tree->task[i], depth + 1);
}

/* Without recursion: an image may tell of a very deep tree. */
void show_tree(const struct info *info)
{
	const struct tree *tree = &info->tree;
	int *way = xcalloc(tree->nr + 1, sizeof(*way));
	int depth = 0;

	printf("%7s %7s %7s %7s  %s\n", "PID", "PPID", "PGID", "SID",
	       "COMMAND");
	way[0] = 0;
	while (depth >= 0) {
		const struct task *task = &tree->task[way[depth]];

		print_task(task, depth);
		print_threads(tree, way[depth], depth);
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
