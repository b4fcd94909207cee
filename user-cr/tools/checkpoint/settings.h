/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is set in the network and IPC namespaces of the tree
 *
 * Their sysctls are compared with those of a new namespace, in which they are then
 * set until it is the same: what it took is saved. Of a network, anything else that
 * a new one does not have is refused.
 */
#ifndef CHECKPOINT_SETTINGS_H
#define CHECKPOINT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mounts.h"
#include "sections.h"

/**
 * struct ns_settings - a namespace
 * @kind: enum ckpt_ns_kind
 * @inode: its inode number
 * @pid: a process that is in it, or holds it
 * @comm: its name
 * @bytes: what has to be set: names and values, each with its NUL
 * @len: their length
 */
struct ns_settings {
	uint32_t kind;
	uint64_t inode;
	pid_t pid;
	char comm[64];
	char *bytes;
	size_t len;
};

/**
 * struct settings - all of them
 * @log: for reasons
 * @refused: there were some
 * @own: inode numbers of our own network and IPC namespace, which are not saved
 * @ns: the namespaces
 * @nr: their number
 */
struct settings {
	int log;
	bool refused;
	uint64_t own[2];
	struct ns_settings *ns;
	size_t nr;
};

/*
 * Looks at the tree below ROOT, which stands still and has these mounts. 0; or -1,
 * and all that stands in the way is logged.
 */
int settings_collect(struct settings *s, const struct mounts *m, pid_t root,
		     int log);
/* Whether there is anything to write. */
bool settings_any(const struct settings *s);
void settings_write(const struct settings *s, struct sections *sections);
void settings_free(struct settings *s);

/*
 * network.c: what the network namespace of the calling process has that a new one
 * has not, but sysctls; NULL if there is nothing. To be freed.
 */
char *network_extras(void);

#endif /* CHECKPOINT_SETTINGS_H */
