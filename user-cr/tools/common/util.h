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

/*
 * Call first: the program's name, descriptors 0, 1, 2 all open, and exit statuses
 * of children.
 */
void util_init(const char *name);
const char *util_name(void);

/* What the program ends with when there is no memory: EXIT_FAILED unless set. */
void util_set_failure(int status);

/* Whether stdout was not open at first: then nobody gets what is written there. */
bool stdout_is_closed(void);

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
/* Room for one more in an array of NR, which doubles when it is full. */
void *xgrow(void *array, size_t nr, size_t size);
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
/* The same with /proc/PID/NAME. */
int write_proc_file(pid_t pid, const char *name, const char *text);

/*
 * Has write() fail where a reader has gone or a file becomes too large, so that
 * there is a message, and not just an end.
 */
void ignore_write_signals(void);

/* What may be done about an errno of writing, to be put behind its name; or "". */
const char *write_advice(int error);

/* A decimal number from MIN to MAX, or a usage error that names WHAT. */
long parse_number(const char *text, long min, long max, const char *what);

/* A size for people, in a buffer that lasts for a few calls. */
const char *size_text(uint64_t bytes);

/* A clock that only goes forward, in seconds. */
double seconds_now(void);

/* Prints to stdout the usual line of --version. */
void print_version(void);

/*
 * To be called by who has written to stdout, which is flushed: STATUS, or
 * EXIT_FAILED with a message if that cannot be done.
 */
int finish_stdout(int status);

#endif /* COMMON_UTIL_H */
