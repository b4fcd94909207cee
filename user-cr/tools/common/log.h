/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: kernel and processes of a tool write reasons to it, line by line.
 *
 * It is a file in memory, so nobody has to read while others write, and it is
 * printed only when something went wrong.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

/* A descriptor, or -1 after a complaint. */
int log_open(void);

/* Adds "TEXT\n". */
__attribute__((format(printf, 2, 3)))
void log_add(int fd, const char *format, ...);

/* Calls TAKE for each line that is new since the last call. */
int log_each(int fd, void (*take)(void *arg, char *line), void *arg);

/*
 * Prints the lines that are new since the last call to stderr, each as a
 * message of the program. Returns their number.
 */
int log_print(int fd);

#endif /* COMMON_LOG_H */
