/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that tells a pid */
#ifndef COMMON_PIDFILE_H
#define COMMON_PIDFILE_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct pid_file - the file
 * @path: its name, or NULL if there is none
 * @fd: to write to, or -1
 * @temp: its name until the pid is in it, or NULL: who waits for it sees no empty
 *	file
 * @made: it was not there before
 */
struct pid_file {
	const char *path;
	int fd;
	char *temp;
	bool made;
};

/*
 * Makes sure that it can be written, before there is any process; PATH may be
 * NULL. What is in an older one stays. 0, or -1 after a complaint.
 */
int pid_file_open(struct pid_file *f, const char *path);

/* Writes "PID\n" to it; 0, or -1 after a complaint. */
int pid_file_write(struct pid_file *f, pid_t pid);

/* Closes it, and unless it is to be kept removes it if we have made it. */
void pid_file_close(struct pid_file *f, bool keep);

#endif /* COMMON_PIDFILE_H */
