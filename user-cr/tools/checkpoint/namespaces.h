/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The namespaces of the tree that are not ours, and of which the tools save
 * something: those that processes are in, and of a container those that only an
 * open file or a mount holds
 */
#ifndef CHECKPOINT_NAMESPACES_H
#define CHECKPOINT_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mounts.h"

/**
 * struct ns_kind - a kind of namespaces
 * @kind: enum ckpt_ns_kind, or CKPT_SYSCTLS_PID
 * @flag: CLONE_NEW*
 * @name: of the links in /proc/PID/ns
 * @text: for messages
 */
struct ns_kind {
	uint32_t kind;
	int flag;
	const char *name;
	const char *text;
};

/**
 * struct ns - a namespace
 * @kind: its kind
 * @inode: its inode number
 * @path: of a file that is it
 * @pid: a process that is in it, or holds it
 * @comm: its name
 * @init: of a pid namespace, its first process as the root task sees it
 */
struct ns {
	const struct ns_kind *kind;
	uint64_t inode;
	char *path;
	pid_t pid;
	char comm[64];
	pid_t init;
};

/**
 * struct namespaces - all of them
 * @ns: they
 * @nr: their number
 */
struct namespaces {
	struct ns *ns;
	size_t nr;
};

/* Looks at the tree below ROOT, which stands still and has these mounts. */
void namespaces_collect(struct namespaces *n, const struct mounts *m,
			pid_t root);
void namespaces_free(struct namespaces *n);

#endif /* CHECKPOINT_NAMESPACES_H */
