/* SPDX-License-Identifier: GPL-2.0-only */
/* The task tree of an image */
#ifndef COMMON_TREE_H
#define COMMON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <checkpoint/image.h>

#define TREE_NONE	(-1)

/**
 * struct task - a task of the tree
 * @saved: as in the image
 * @id: its object id
 * @nested: its ids in pid namespaces below that of the root, from the outermost
 * @nr_nested: their number
 * @state: rest of it; of what has ended, only the ids of its credentials and of its
 *	user namespace
 * @parent: index of its parent, which is lower, or TREE_NONE for the
 *	root and for mere threads
 * @child: index of its first child process, or TREE_NONE
 * @next: index of the next child of its parent, or TREE_NONE
 */
struct task {
	struct ckpt_task saved;
	uint32_t id;
	const struct ckpt_pid *nested;
	int nr_nested;
	struct ckpt_task_state state;
	int parent;
	int child;
	int next;
};

/**
 * struct tree - all tasks of an image, the root first
 * @task: an array of them, parents before their children
 * @nr: their number
 * @shared: bytes of the mapping in which they are; 0 if they are in the heap
 * @nr_processes: number of those that are no mere threads, with those that have
 *	ended
 */
struct tree {
	struct task *task;
	int nr;
	size_t shared;
	int nr_processes;
};

static inline bool task_is_thread(const struct task *task)
{
	return task->saved.pid != task->saved.tgid;
}

/* A zombie or a ghost */
static inline bool task_is_dead(const struct task *task)
{
	return task->saved.flags & CKPT_TREE_DEAD_FLAGS;
}

/* Number of the pid namespace that it lives in; 0 is that of the root */
static inline uint32_t task_pid_ns(const struct task *task)
{
	return task->nr_nested ? task->nested[task->nr_nested - 1].ns : 0;
}

/* Whether it is the first process of a pid namespace below that of the root */
static inline bool task_is_init(const struct task *task)
{
	return task->nr_nested && task->nested[task->nr_nested - 1].nr == 1;
}

/* Whether who made it had entered its pid namespace, with setns() or unshare() */
static inline bool task_is_entered(const struct task *task, const struct task *parent)
{
	return task_pid_ns(task) != task_pid_ns(parent) && !task_is_init(task);
}

/* Adds the task of a CKPT_REC_TASK record, which must stay. */
void tree_add(struct tree *tree, const struct ckpt_record *record);

/* Adds what a CKPT_REC_TASK_STATE record says of its owner. */
void tree_add_state(struct tree *tree, const struct ckpt_record *record);

/* Likewise a CKPT_REC_EXIT record. */
void tree_add_exit(struct tree *tree, const struct ckpt_record *record);

/* The highest pid that there is in it, in any pid namespace */
uint32_t tree_highest_pid(const struct tree *tree);

/* How many pid namespaces deep its tasks are below that of the root, at most */
int tree_depth(const struct tree *tree);

/* Ties the tasks together when all are there. */
void tree_link(struct tree *tree);

/*
 * Moves all to memory that fork() does not copy, so that no process is the slower
 * made the more of them there are. Nothing points to any record any more, and
 * nothing can be added. 0, or -1 and errno.
 */
int tree_share(struct tree *tree);

void tree_free(struct tree *tree);

#endif /* COMMON_TREE_H */
