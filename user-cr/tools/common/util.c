// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "util.h"

#define WIDE_PIPE	(1 << 20)

static const char *program = "checkpoint";
static bool no_stdout;
static int failure = EXIT_FAILED;

void util_init(const char *name)
{
	int fd;

	program = name;
	no_stdout = fcntl(STDOUT_FILENO, F_GETFD) < 0;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	/* If it were ignored, we would get no exit status of our children. */
	signal(SIGCHLD, SIG_DFL);
}

void util_set_failure(int status)
{
	failure = status;
}

bool stdout_is_closed(void)
{
	return no_stdout;
}

const char *util_name(void)
{
	return program;
}

/*
 * File and command names come from anywhere: no terminal commands. Those above
 * 127 are two bytes in UTF-8.
 */
static void defuse(char *line)
{
	unsigned char *c = (unsigned char *)line;

	for (; *c; c++) {
		if (iscntrl(*c))
			*c = '?';
		else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

/* One write for the whole line: several processes may be complaining. */
static void message(int error, const char *format, va_list args)
{
	char line[1024];
	size_t used;

	used = snprintf(line, sizeof(line), "%s: ", program);
	vsnprintf(line + used, sizeof(line) - used, format, args);
	used = strlen(line);
	if (error)
		snprintf(line + used, sizeof(line) - used, ": %s",
			 strerror(error));
	defuse(line);
	dprintf(STDERR_FILENO, "%s\n", line);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(0, format, args);
	va_end(args);
}

void complain_errno(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	message(error, format, args);
	va_end(args);
	errno = error;
}

void usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(0, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "Try '%s --help'.\n", program);
	exit(EXIT_USAGE);
}

static void *must(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(failure);
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size));
}

void *xrealloc(void *old, size_t count, size_t size)
{
	return must(reallocarray(old, count ? count : 1, size));
}

void *xgrow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	return xrealloc(array, nr ? 2 * nr : 1, size);
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int ret;

	va_start(args, format);
	ret = vasprintf(&text, format, args);
	va_end(args);
	return must(ret < 0 ? NULL : text);
}

static char *read_all(int fd)
{
	size_t room = 4096, used = 0;
	char *text = xcalloc(1, room);
	ssize_t got;

	while ((got = read(fd, text + used, room - used - 1)) > 0) {
		used += got;
		if (used == room - 1) {
			room *= 2;
			text = xrealloc(text, room, 1);
		}
	}
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

char *read_small_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	int error;

	if (fd < 0)
		return NULL;
	text = read_all(fd);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t done;

	while (len) {
		done = write(fd, at, len);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			at += done;
			len -= done;
		}
	}
	return 0;
}

int make_wide_pipe(int *ends)
{
	if (pipe2(ends, O_CLOEXEC) < 0) {
		complain_errno("cannot make a pipe");
		return -1;
	}
	/* What it has will do if that is not allowed. */
	fcntl(ends[1], F_SETPIPE_SZ, WIDE_PIPE);
	return 0;
}

int write_small_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t done;
	int error;

	if (fd < 0)
		return -1;
	done = write(fd, text, len);
	error = done < 0 ? errno : EIO;
	close(fd);
	if (done == (ssize_t)len)
		return 0;
	errno = error;
	return -1;
}

int write_proc_file(pid_t pid, const char *name, const char *text)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return write_small_file(path, text);
}

void ignore_write_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

const char *write_advice(int error)
{
	return error == EFBIG ?
		" (see ulimit -f, or use another file system)" : "";
}

long parse_number(const char *text, long min, long max, const char *what)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < min || number > max)
		usage_error("'%s' is not a %s", text, what);
	return number;
}

const char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	static char text[8][24];
	static unsigned int next;
	char *to = text[next++ % 8];
	double size = bytes;
	int unit = -1;

	while (size >= 1024 && unit < 4) {
		size /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(to, sizeof(text[0]), "%u B", (unsigned int)bytes);
	else
		snprintf(to, sizeof(text[0]), "%.1f %s", size, units[unit]);
	return to;
}

double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void print_version(void)
{
	printf("%s %s\n", program, ckpt_version());
}

int finish_stdout(int status)
{
	if (no_stdout) {
		complain("the standard output is closed");
		return EXIT_FAILED;
	}
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	complain_errno("cannot write to the standard output");
	return EXIT_FAILED;
}
