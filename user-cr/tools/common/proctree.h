/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes below one, as /proc shows them */
#ifndef COMMON_PROCTREE_H
#define COMMON_PROCTREE_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct proc - a process
 * @pid: its id
 * @alive: a thread of which /proc shows what all share: not @pid if that one has ended
 *	before others
 * @ppid: its parent
 * @state: of its first thread, a letter
 * @threads: how many it has
 * @comm: its name
 */
struct proc {
	pid_t pid;
	pid_t alive;
	pid_t ppid;
	char state;
	int threads;
	char comm[64];
};

/* All of it, not only its first thread */
static inline bool proc_has_ended(const struct proc *proc)
{
	return proc->state == 'Z' && proc->threads <= 1;
}

/**
 * struct proc_list - processes
 * @proc: they
 * @nr: their number
 */
struct proc_list {
	struct proc *proc;
	int nr;
};

/*
 * ROOT and all its descendants, parents before their children, in *LIST (to
 * be freed). Returns their number: 0 when there is no ROOT, -1 without /proc.
 */
int proc_tree(pid_t root, struct proc **list);

/* Reads one process; 0, or -1 if there is none. */
int proc_read(pid_t pid, struct proc *proc);

/* What @alive is of a process, or PID if there is none. */
pid_t proc_living_thread(pid_t pid);

#endif /* COMMON_PROCTREE_H */
