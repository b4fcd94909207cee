/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of new namespaces */
#ifndef COMMON_CONTAINER_H
#define COMMON_CONTAINER_H

/*
 * For the first process in a new mount namespace: no mount gets in or out any
 * more. 0, or -1 and errno.
 */
int container_private_mounts(void);

/* For the first process in new mount and pid namespaces: its own /proc. */
int container_mount_proc(void);

/* For the first process in a new network namespace: the loopback device. */
int container_loopback_up(void);

/* Of the user namespace of a process: 0, or -1 and errno. */
int container_map_user(pid_t pid);

#endif /* COMMON_CONTAINER_H */
