// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

#define LOG_LIMIT	(1 << 20)	/* nobody reads more than that */

static off_t printed;

int log_open(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0)
		fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0) {
		complain_errno("cannot make a log in memory or in /tmp");
		return -1;
	}
	return fd;
}

void log_add(int fd, const char *format, ...)
{
	char line[1024];
	va_list args;
	size_t len;
	char *c;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	len = strlen(line);
	/* Names may have any characters, and must not look like another line. */
	for (c = line; (c = strchr(c, '\n')); )
		*c = '?';
	line[len++] = '\n';
	if (write(fd, line, len) < 0)
		complain("%.*s", (int)len - 1, line);
}

static char *read_new(int fd)
{
	struct stat st;
	ssize_t got;
	size_t len;
	char *text;

	if (fstat(fd, &st) < 0 || st.st_size <= printed)
		return NULL;
	len = st.st_size - printed;
	if (len > LOG_LIMIT)
		len = LOG_LIMIT;
	text = xcalloc(1, len + 1);
	got = pread(fd, text, len, printed);
	printed = st.st_size;
	if (got > 0)
		return text;
	free(text);
	return NULL;
}

int log_each(int fd, void (*take)(void *arg, char *line), void *arg)
{
	char *text = read_new(fd);
	char *rest = text;
	int lines = 0;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		take(arg, line);
		lines++;
	}
	free(text);
	return lines;
}

static void print_line(void *arg, char *line)
{
	(void)arg;
	complain("%s", line);
}

int log_print(int fd)
{
	return log_each(fd, print_line, NULL);
}
