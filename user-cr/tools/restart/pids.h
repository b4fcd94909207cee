/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process is which, when all are there */
#ifndef RESTART_PIDS_H
#define RESTART_PIDS_H

#include "restart.h"

/**
 * struct process - one of the tree
 * @inside: its pid as the root task sees it, which is that in the image
 * @outside: as we see it
 */
struct process {
	pid_t inside;
	pid_t outside;
};

/**
 * struct pids - all of them
 * @process: they, by their pids inside
 * @nr: their number
 */
struct pids {
	struct process *process;
	int nr;
};

void pids_read(struct pids *p, const struct restart *r);
/* The pid of a process as we see it, or 0 */
pid_t pids_find(const struct pids *p, pid_t inside);
void pids_free(struct pids *p);

#endif /* RESTART_PIDS_H */
