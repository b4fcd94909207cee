/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that is in nobody's way */
#ifndef COMMON_FORK_H
#define COMMON_FORK_H

#include <sys/types.h>

/*
 * A fork with a pid from the upper end: the next ones may be those of the
 * processes that are to be restarted, in particular after a reboot.
 */
pid_t fork_out_of_the_way(void);

#endif /* COMMON_FORK_H */
