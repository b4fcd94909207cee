/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is set in the network, IPC, user and pid namespaces of the tree
 *
 * Sysctls of the first two are compared with those of a new namespace, in which they
 * are then set until it is the same: what it took is saved. Of a network, anything
 * else that a new one does not have is refused, on its lo, too.
 */
#ifndef CHECKPOINT_SETTINGS_H
#define CHECKPOINT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "namespaces.h"
#include "sections.h"

/**
 * struct ns_settings - a namespace
 * @kind: enum ckpt_ns_kind, or CKPT_SYSCTLS_PID
 * @init: of a pid namespace, its first process as the root task sees it
 * @inode: its inode number
 * @bytes: what has to be set: names and values, each with its NUL
 * @len: their length
 */
struct ns_settings {
	uint32_t kind;
	uint32_t init;
	uint64_t inode;
	char *bytes;
	size_t len;
};

/**
 * struct settings - all of them
 * @log: for reasons
 * @refused: there were some
 * @ns: the namespaces
 * @nr: their number
 */
struct settings {
	int log;
	bool refused;
	struct ns_settings *ns;
	size_t nr;
};

/* 0; or -1, and all that stands in the way is logged. */
int settings_collect(struct settings *s, const struct namespaces *n, int log);
/* Whether there is anything to write. */
bool settings_any(const struct settings *s);
void settings_write(const struct settings *s, struct sections *sections);
void settings_free(struct settings *s);

/* settings_ids.c: tells those of a struct ns, see struct look */
void tell_user_sysctls(int fd, const void *ns);
void tell_pid_sysctls(int fd, const void *ns);

#endif /* CHECKPOINT_SETTINGS_H */
