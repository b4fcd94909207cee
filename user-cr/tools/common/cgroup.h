/* SPDX-License-Identifier: GPL-2.0-only */
/* Control groups that freeze: version 2, and the freezer of version 1 */
#ifndef COMMON_CGROUP_H
#define COMMON_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum cgroup_version {
	CGROUP_ANY,
	CGROUP_V1,
	CGROUP_V2,
};

struct cgroup {
	enum cgroup_version version;
	char path[PATH_MAX];		/* its directory */
};

/* "auto", "v1" or "v2", or a usage error. */
enum cgroup_version cgroup_parse_version(const char *text);

/* The top of a mounted hierarchy; 0, or -1 and errno. */
int cgroup_top(enum cgroup_version version, struct cgroup *cg);

/*
 * The cgroup of a process; 0, or -1 and errno. One of its threads that have not ended
 * tells it: with version 2 the first one stays where it has ended when the others are
 * moved, with version 1 it is in the root.
 */
int cgroup_of(pid_t thread, enum cgroup_version version, struct cgroup *cg);

/*
 * The same for any hierarchy, which some of its CONTROLLERS name, as in
 * /proc/PID/cgroup, with commas; "" is version 2. Paths are as there.
 */
int cgroup_find(const char *controllers, const char *path, struct cgroup *cg);
/* Likewise that of a process. */
int cgroup_of_any(pid_t thread, const char *controllers, struct cgroup *cg);
/* To be freed; NULL and errno. */
char *cgroup_path_of(pid_t thread, const char *controllers);
/* The same in two steps, for who has more questions. */
char *cgroup_text_of(pid_t thread);
char *cgroup_path_in(const char *text, const char *controllers);

/* Whether such a path is below the root: beside or around it, ".." lead there. */
bool cgroup_is_inside(const char *path);

/* The cgroup NAME below PARENT. */
int cgroup_below(const struct cgroup *parent, const char *name,
		 struct cgroup *cg);

/* Whether INNER is OUTER or below it. */
bool cgroup_contains(const struct cgroup *outer, const struct cgroup *inner);

/* Whether this one can be frozen at all: the top cannot. */
bool cgroup_can_freeze(const struct cgroup *cg);

/* Starts to freeze, or thaws; 0, or -1 and errno. */
int cgroup_freeze(const struct cgroup *cg, bool freeze);

/* Whether all its tasks are frozen now: 1, 0, or -1 and errno. */
int cgroup_is_frozen(const struct cgroup *cg);

/* Moves a process into it; 0, or -1 and errno. */
int cgroup_attach(const struct cgroup *cg, pid_t pid);

/* The processes in it; returns their number, or -1 and errno. */
int cgroup_procs(const struct cgroup *cg, pid_t **list);

/* What a file of it holds, to be freed, or NULL; and writes one. */
char *cgroup_read(const struct cgroup *cg, const char *name);
int cgroup_write(const struct cgroup *cg, const char *name, const char *value);

/* The names of those in it, sorted, each to be freed; returns their number. */
int cgroup_children(const struct cgroup *cg, char ***names);

/* Makes, removes; 0, or -1 and errno. Removing waits for the last to end. */
int cgroup_make(const struct cgroup *cg);
/* What to do where none can be made, for messages. */
const char *cgroup_advice(int error);

/* Whether a thread is in it or below, be its process in no list; true if not known. */
bool cgroup_is_populated(const struct cgroup *cg);

int cgroup_remove(const struct cgroup *cg);

#endif /* COMMON_CGROUP_H */
