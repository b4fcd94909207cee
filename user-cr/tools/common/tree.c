// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tree.h"
#include "util.h"

void tree_add(struct tree *tree, const struct ckpt_record *record)
{
	struct task *task;

	/* Room for a power of two, whenever that is full. */
	if (!(tree->nr & (tree->nr - 1)))
		tree->task = xrealloc(tree->task, tree->nr ? 2 * tree->nr : 1,
				      sizeof(*tree->task));
	task = &tree->task[tree->nr++];
	memset(task, 0, sizeof(*task));
	ckpt_record_body(record, &task->saved, sizeof(task->saved));
	task->id = record->id;
	task->nested = ckpt_record_tail(record);
	task->nr_nested = record->tail_len / sizeof(*task->nested);
	task->parent = TREE_NONE;
	task->child = TREE_NONE;
	task->next = TREE_NONE;
	if (!task_is_thread(task))
		tree->nr_processes++;
}

void tree_add_state(struct tree *tree, const struct ckpt_record *record)
{
	/* Their records come first, and ids are given in order. */
	struct task *task = &tree->task[record->owner - tree->task[0].id];

	ckpt_record_body(record, &task->state, sizeof(task->state));
}

void tree_add_exit(struct tree *tree, const struct ckpt_record *record)
{
	struct task *task = &tree->task[record->owner - tree->task[0].id];
	struct ckpt_exit end;

	ckpt_record_body(record, &end, sizeof(end));
	task->state.cred_id = end.cred_id;
	task->state.user_ns_id = end.user_ns_id;
}

uint32_t tree_highest_pid(const struct tree *tree)
{
	const struct task *task;
	uint32_t highest = 0;
	int i, k;

	for (i = 0; i < tree->nr; i++) {
		task = &tree->task[i];
		if (task->saved.pid > highest)
			highest = task->saved.pid;
		for (k = 0; k < task->nr_nested; k++)
			if (task->nested[k].nr > highest)
				highest = task->nested[k].nr;
	}
	return highest;
}

int tree_depth(const struct tree *tree)
{
	int i, depth = 0;

	for (i = 0; i < tree->nr; i++)
		if (tree->task[i].nr_nested > depth)
			depth = tree->task[i].nr_nested;
	return depth;
}

void tree_link(struct tree *tree)
{
	int *by_pid = xcalloc((size_t)tree_highest_pid(tree) + 1, sizeof(*by_pid));
	struct task *task, *parent;
	int i;

	for (i = 0; i < tree->nr; i++)
		by_pid[tree->task[i].saved.pid] = i;
	/* From the end, so that each list begins with the eldest. */
	for (i = tree->nr - 1; i > 0; i--) {
		task = &tree->task[i];
		if (task_is_thread(task))
			continue;
		task->parent = by_pid[task->saved.ppid];
		parent = &tree->task[task->parent];
		task->next = parent->child;
		parent->child = i;
	}
	free(by_pid);
}

static size_t nested_size(const struct task *task)
{
	return task->nr_nested * sizeof(*task->nested);
}

int tree_share(struct tree *tree)
{
	size_t size = tree->nr * sizeof(*tree->task), at = size;
	char *memory;
	int i;

	for (i = 0; i < tree->nr; i++)
		size += nested_size(&tree->task[i]);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	for (i = 0; i < tree->nr; i++) {
		struct task *task = &tree->task[i];

		memcpy(memory + at, task->nested, nested_size(task));
		task->nested = (const struct ckpt_pid *)(memory + at);
		at += nested_size(task);
	}
	memcpy(memory, tree->task, tree->nr * sizeof(*tree->task));
	free(tree->task);
	tree->task = (struct task *)memory;
	tree->shared = size;
	return 0;
}

void tree_free(struct tree *tree)
{
	if (tree->shared)
		munmap(tree->task, tree->shared);
	else
		free(tree->task);
}
