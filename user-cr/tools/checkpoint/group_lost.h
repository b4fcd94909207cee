/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups that processes of the tree are in, and that are not saved */
#ifndef CHECKPOINT_GROUP_LOST_H
#define CHECKPOINT_GROUP_LOST_H

#include <stddef.h>
#include <sys/types.h>

/**
 * struct group_lost - the groups
 * @name: their paths, each once
 * @nr: their number
 */
struct group_lost {
	char **name;
	size_t nr;
};

void group_lost_add(struct group_lost *lost, const char *name);

/* Names them and WHY, if there are several: one has nothing to tell apart. */
void group_lost_tell(const struct group_lost *lost, pid_t root, const char *why);
void group_lost_free(struct group_lost *lost);

#endif /* CHECKPOINT_GROUP_LOST_H */
