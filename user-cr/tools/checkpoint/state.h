/* SPDX-License-Identifier: GPL-2.0-only */
/* What user space can read and set by itself: saved by us, before the kernel */
#ifndef CHECKPOINT_STATE_H
#define CHECKPOINT_STATE_H

#include "cgroups.h"
#include "checkpoint.h"
#include "mounts.h"
#include "settings.h"

/**
 * struct state - what there is to save
 * @tree: the processes
 * @mounts: mount namespaces
 * @cgroups: control groups
 * @settings: of network, IPC, user and pid namespaces
 */
struct state {
	struct proc_list tree;
	struct mounts mounts;
	struct cgroups cgroups;
	struct settings settings;
};

/* While the tree stands still. 0, or -1 and the reasons are logged. */
int state_collect(struct state *state, const struct options *o, int log);

/* Writes it to the image. 0, or -1 after a complaint, or a line in the log. */
int state_write(struct state *state, const struct options *o,
		struct output *out, int log);

/* Whether there is room for it in an image: 0, or -1 and a line in the log. */
int state_has_room(struct state *state, int log);

void state_free(struct state *state);

#endif /* CHECKPOINT_STATE_H */
