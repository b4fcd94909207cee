/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that freezes the tree, and thaws it when we are done or dead
 *
 * Nobody can catch SIGKILL, and an application must not stay frozen because
 * somebody killed the program that saved it.
 */
#ifndef CHECKPOINT_GUARD_H
#define CHECKPOINT_GUARD_H

#include "../common/output.h"
#include "freeze.h"

/**
 * struct guard - the process
 * @pid: its pid, 0 if there is none
 * @control: a byte in this pipe is our ordinary end
 */
struct guard {
	pid_t pid;
	int control;
};

/**
 * struct freezing - how to freeze
 * @root: the tree
 * @version: kind of cgroup
 * @seconds: how long to wait
 * @verbose: tell what is done
 */
struct freezing {
	pid_t root;
	enum cgroup_version version;
	int seconds;
	bool verbose;
};

/*
 * Returns 0 when the tree is frozen; -1 after a complaint, or when STOP() says
 * so after a signal, and then all is as before. If we die, OUT is discarded.
 */
int guard_start(struct guard *g, const struct freezing *how,
		struct output *out, bool (*stop)(void));

/* Has everything made as it was. */
void guard_end(struct guard *g);

#endif /* CHECKPOINT_GUARD_H */
