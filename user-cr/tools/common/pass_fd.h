/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors that go from one process to another through a socket */
#ifndef COMMON_PASS_FD_H
#define COMMON_PASS_FD_H

/* Puts a copy of FD into the socket; 0, or -1 and errno. */
int pass_fd(int socket, int fd);

/*
 * Waits for one, which is closed by exec(); with MSG_PEEK in FLAGS it stays for others
 * as well. -1 and errno; ESRCH if nobody is left who could send one.
 */
int take_fd(int socket, int flags);

#endif /* COMMON_PASS_FD_H */
