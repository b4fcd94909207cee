/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting a command in new namespaces */
#ifndef NS_EXEC_SPAWN_H
#define NS_EXEC_SPAWN_H

#include "../common/cgroup.h"

/* Exit statuses, as with env(1) and its like. */
#define EXIT_SETUP		125
#define EXIT_CANNOT_EXEC	126
#define EXIT_NOT_FOUND		127

/**
 * struct spawn - what to start
 * @flags: CLONE_NEW*
 * @argv: the command
 * @pid_file: where to write its pid, or NULL
 * @cgroup: name of the cgroup to put it into, or NULL
 * @freezer: which kind of cgroup
 * @in_child: in a child process
 * @new_session: setsid()
 * @detach: no terminal
 */
struct spawn {
	unsigned long flags;
	char **argv;
	const char *pid_file;
	const char *cgroup;
	enum cgroup_version freezer;
	bool in_child;
	bool new_session;
	bool detach;
};

/* In a child process. Returns the exit status for us. */
int spawn_child(const struct spawn *s);

/* In our own place. Returns an exit status on error only. */
int spawn_here(const struct spawn *s);

#endif /* NS_EXEC_SPAWN_H */
