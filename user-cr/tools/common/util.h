/* SPDX-License-Identifier: GPL-2.0-only */
/* What all tools need: messages, small files, numbers */
#ifndef COMMON_UTIL_H
#define COMMON_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses that all tools share; the manual pages tell them. */
#define EXIT_FAILED	1
#define EXIT_USAGE	2

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Call first: the program's name, and descriptors 0, 1, 2 all open. */
void util_init(const char *name);
const char *util_name(void);

/* One line on stderr: "NAME: ..."; the second kind adds the error's text. */
__attribute__((format(printf, 1, 2)))
void complain(const char *format, ...);
__attribute__((format(printf, 1, 2)))
void complain_errno(const char *format, ...);

/* The same, and the end. */
__attribute__((format(printf, 1, 2), noreturn))
void usage_error(const char *format, ...);

/* Does not return NULL. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
__attribute__((format(printf, 1, 2)))
char *xasprintf(const char *format, ...);

/* A whole small file with a NUL behind it, to be freed; NULL and errno. */
char *read_small_file(const char *path);

/* All of it, in as many calls as it takes; 0, or -1 and errno. */
int write_all(int fd, const void *bytes, size_t len);

/*
 * A pipe for much data, with as much room as may be had: fewer switches between
 * the processes at its ends. 0, or -1 after a complaint.
 */
int make_wide_pipe(int *ends);

/* Writes TEXT in one call; 0, or -1 and errno. */
int write_small_file(const char *path, const char *text);

/* Writes "PID\n" to a new file; 0, or -1 after a complaint. */
int write_pid_file(const char *path, pid_t pid);

/* A decimal number from MIN to MAX, or a usage error that names WHAT. */
long parse_number(const char *text, long min, long max, const char *what);

/* A size for people, in a buffer that lasts for a few calls. */
const char *size_text(uint64_t bytes);

/* A clock that only goes forward, in seconds. */
double seconds_now(void);

/* Prints to stdout the usual line of --version. */
void print_version(void);

/* Flushes stdout; EXIT_FAILED with a message if it could not be written. */
int finish_stdout(int status);

#endif /* COMMON_UTIL_H */
