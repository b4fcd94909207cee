/* SPDX-License-Identifier: GPL-2.0-only */
/* Pids as another process sees them */
#ifndef COMMON_NSPID_H
#define COMMON_NSPID_H

#include <stdbool.h>
#include <sys/types.h>

/* How many pid namespaces deep a process is below ours; -1 if there is none. */
int pid_depth(pid_t pid);

/* Whether it is the first one of the namespace that it is in. */
bool pid_is_init(pid_t pid);

/* Its pid in the namespace at that depth; 0 if it has none. */
pid_t pid_at_depth(pid_t pid, int depth);

#endif /* COMMON_NSPID_H */
