/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The namespaces of the tree that are not ours, and of which the tools save
 * something: those that processes are in, and of a container those that only an
 * open file or a mount holds, and the user namespaces to which any of them belong
 */
#ifndef CHECKPOINT_NAMESPACES_H
#define CHECKPOINT_NAMESPACES_H

#include <stdbool.h>
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
 * @fd: that file, if it is only mounted or around others, or -1
 * @pid: a process that is in it, or holds it, or one that it is around
 * @comm: its name
 * @init: of a pid namespace, its first process as the root task sees it
 */
struct ns {
	const struct ns_kind *kind;
	uint64_t inode;
	char *path;
	int fd;
	pid_t pid;
	char comm[64];
	pid_t init;
};

#define NR_NS_KINDS	8

/**
 * struct namespaces - all of them
 * @own: inode numbers of ours, by kind
 * @ns: they; of mount namespaces only those that are open
 * @nr: their number
 * @in_container: the root task may be in one
 */
struct namespaces {
	uint64_t own[NR_NS_KINDS];
	struct ns *ns;
	size_t nr;
	bool in_container;
};

/*
 * Looks at the tree below ROOT, which stands still: what its processes are in, and
 * have open, and, if that is wanted, what each of their threads is in.
 */
void namespaces_collect(struct namespaces *n, const struct proc_list *tree,
			pid_t root, bool threads);
/* And at what is mounted there, and around all these. 0, or -1 and what cannot be had is refused. */
int namespaces_add_mounted(struct namespaces *n, struct mounts *m);
void namespaces_free(struct namespaces *n);

#endif /* CHECKPOINT_NAMESPACES_H */
