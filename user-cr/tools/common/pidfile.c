// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pidfile.h"
#include "util.h"

static int open_file(struct pid_file *f)
{
	f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
	if (f->fd >= 0 || errno != ENOENT)
		return f->fd;
	f->temp = xasprintf("%s.%d", f->path, getpid());
	f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f->made = f->fd >= 0;
	return f->fd;
}

int pid_file_open(struct pid_file *f, const char *path)
{
	*f = (struct pid_file){ .path = path, .fd = -1 };
	if (!path || open_file(f) >= 0)
		return 0;
	complain_errno("cannot write %s", path);
	pid_file_close(f, false);
	return -1;
}

static int write_file(struct pid_file *f, pid_t pid)
{
	/* A pipe or a device has no length. */
	if ((ftruncate(f->fd, 0) < 0 && errno != EINVAL) ||
	    dprintf(f->fd, "%d\n", pid) < 0)
		return -1;
	if (!f->temp)
		return 0;
	if (rename(f->temp, f->path) < 0)
		return -1;
	free(f->temp);
	f->temp = NULL;
	return 0;
}

int pid_file_write(struct pid_file *f, pid_t pid)
{
	if (!f->path || !write_file(f, pid))
		return 0;
	complain_errno("cannot write %s", f->path);
	return -1;
}

void pid_file_close(struct pid_file *f, bool keep)
{
	const char *name = f->temp ? f->temp : f->path;

	if (f->fd >= 0)
		close(f->fd);
	if (f->made && !keep && unlink(name) < 0)
		complain_errno("cannot remove %s", name);
	free(f->temp);
	*f = (struct pid_file){ .fd = -1 };
}
