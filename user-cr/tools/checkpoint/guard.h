/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that freezes the tree, and thaws it when we are done or dead */
#ifndef CHECKPOINT_GUARD_H
#define CHECKPOINT_GUARD_H

#include "../common/guard.h"
#include "../common/output.h"
#include "freeze.h"

/**
 * struct freezing - how to freeze
 * @root: the tree
 * @version: kind of cgroup
 * @seconds: how long to wait
 * @quiet: do not tell what is lost
 * @verbose: tell what is done
 */
struct freezing {
	pid_t root;
	enum cgroup_version version;
	int seconds;
	bool quiet;
	bool verbose;
};

/*
 * Returns 0 when the tree is frozen; -1 after a complaint, or when STOP() says
 * so after a signal, and then all is as before; so it is after guard_end(). If we
 * die, OUT is discarded.
 */
int guard_start(struct guard *g, const struct freezing *how,
		struct output *out, bool (*stop)(void));

#endif /* CHECKPOINT_GUARD_H */
