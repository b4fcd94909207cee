// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "output.h"
#include "pass_fd.h"
#include "util.h"

/*
 * Where others append, too, the kernel could not write where it has to. The same
 * file once more has an offset of its own.
 */
static int open_at_end(struct output *out)
{
	int fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) >= 0) {
		out->fd = fd;
		return 0;
	}
	complain_errno("cannot append to the standard output: use -o FILE");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_stdout(struct output *out)
{
	struct stat st;

	out->path = NULL;
	out->fd = STDOUT_FILENO;
	if (stdout_is_closed()) {
		complain("the standard output is closed: use -o FILE");
		return -1;
	}
	if (isatty(out->fd)) {
		complain("an image is not for a terminal: use -o FILE, or redirect the output");
		return -1;
	}
	if (fstat(out->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (fcntl(out->fd, F_GETFL) & O_APPEND && open_at_end(out) < 0)
		return -1;
	/* Only what we appended ourselves may be cut off again. */
	if (lseek(out->fd, 0, SEEK_CUR) == st.st_size)
		out->start = st.st_size;
	return 0;
}

/* Pipes, devices and the like are written to directly. */
static int open_special(struct output *out)
{
	out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0) {
		complain_errno("cannot open %s", out->path);
		return -1;
	}
	if (isatty(out->fd)) {
		complain("%s is a terminal", out->path);
		return -1;
	}
	return 0;
}

const char *output_name(const struct output *out)
{
	return out->path ? out->path : "the standard output";
}

/* Nothing is left of a file without a name, whatever becomes of us. */
static int open_nameless(struct output *out)
{
	char *copy = xstrdup(out->path);

	out->fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	out->nameless = out->fd >= 0;
	free(copy);
	return out->fd < 0 ? -1 : 0;
}

#define SUFFIX_LEN	6

static char *suffix(const struct output *out)
{
	return out->temp + strlen(out->temp) - SUFFIX_LEN;
}

/*
 * A file with a name stays when we are killed: another process makes it, and removes
 * it then. It tells how the name ends, and passes the file on itself: others may be
 * able to write to the directory, and have another file with that name by now.
 */
static __attribute__((noreturn))
void keep_temp(const struct output *out, int up, int control)
{
	int fd = mkostemp(out->temp, O_CLOEXEC);
	char byte;

	if (fd < 0) {
		complain_errno("cannot create %s", out->temp);
		_exit(EXIT_FAILED);
	}
	if (write(up, suffix(out), SUFFIX_LEN) != SUFFIX_LEN ||
	    pass_fd(up, fd) < 0) {
		unlink(out->temp);
		_exit(EXIT_FAILED);
	}
	/* A disk that is full has room again when we have removed it. */
	close(fd);
	close(up);
	if (read(control, &byte, 1) != 1)
		unlink(out->temp);
	_exit(0);
}

static int make_temp(struct output *out)
{
	int up[2], control;
	ssize_t got;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, up) < 0) {
		complain_errno("cannot have a socket");
		return -1;
	}
	pid = guard_fork(&out->guard, &control);
	if (!pid) {
		close(up[0]);
		keep_temp(out, up[1], control);
	}
	close(up[1]);
	do {
		got = read(up[0], suffix(out), SUFFIX_LEN);
	} while (got < 0 && errno == EINTR);
	if (pid > 0 && got == SUFFIX_LEN) {
		out->fd = take_fd(up[0], 0);
		if (out->fd < 0) {
			complain_errno("cannot open %s", out->temp);
			unlink(out->temp);
		}
	}
	close(up[0]);
	return out->fd < 0 ? -1 : 0;
}

static int open_temp(struct output *out)
{
	out->start = 0;
	out->owner = getpid();
	if (!open_nameless(out))
		return 0;
	/* Not on every file system. */
	out->temp = xasprintf("%s.XXXXXX", out->path);
	if (!make_temp(out))
		return 0;
	guard_end(&out->guard);
	free(out->temp);
	out->temp = NULL;
	return -1;
}

/* By a name like /dev/stdout */
static bool is_stdout(const struct stat *file)
{
	struct stat st;

	return !fstat(STDOUT_FILENO, &st) && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
}

int output_open(struct output *out, const char *path)
{
	struct stat st;

	*out = (struct output){ .fd = -1, .path = path, .start = -1 };
	if (!path)
		return open_stdout(out);
	if (stat(path, &st) < 0)
		return open_temp(out);
	if (is_stdout(&st))
		return open_stdout(out);
	if (!S_ISREG(st.st_mode))
		return open_special(out);
	/* A link stays; what it leads to is replaced. */
	if (realpath(path, out->resolved))
		out->path = out->resolved;
	return open_temp(out);
}

void output_note(struct output *out)
{
	struct stat st;

	if (out->start >= 0 && !fstat(out->fd, &st))
		out->noted = st.st_size - out->start;
}

bool output_untouched(const struct output *out)
{
	struct stat st;

	return out->start < 0 || (!fstat(out->fd, &st) &&
				  st.st_size == out->start + out->noted);
}

/* Makes the new name last, too. */
static int sync_directory(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	free(copy);
	if (fd < 0)
		return -1;
	ret = fsync(fd);
	if (ret < 0 && errno == EINVAL)	/* not for this file system */
		ret = 0;
	close(fd);
	return ret;
}

/* Where a file without a name gets its first one, if there is an older file. */
static char *first_name(const struct output *out)
{
	return xasprintf("%s.%d", out->path, out->owner);
}

static int link_to(const struct output *out, const char *name)
{
	char *self = xasprintf("/proc/self/fd/%d", out->fd);
	int ret = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);

	free(self);
	return ret;
}

/* A signal handler may look at it any time: see output_abandon(). */
static void forget_temp(struct output *out)
{
	char *temp = out->temp;

	out->temp = NULL;
	__asm__ volatile("" ::: "memory");
	free(temp);
}

/* It takes another name to replace an older file in one step. */
static int name_it(struct output *out)
{
	if (!link_to(out, out->path))
		return 0;
	if (errno == EEXIST) {
		out->temp = first_name(out);
		if (!link_to(out, out->temp))
			return 0;
		forget_temp(out);
	}
	complain_errno("cannot create %s", out->path);
	return -1;
}

/* Whether a name leads to what we have written. */
static bool is_ours(const struct output *out, const char *name)
{
	struct stat ours, found;

	return !fstat(out->fd, &ours) && !lstat(name, &found) &&
	       ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

static int rename_temp(struct output *out)
{
	if (out->temp && !is_ours(out, out->temp)) {
		complain("%s is not the file that it was: somebody else can write to this directory",
			 out->temp);
		return -1;
	}
	if (out->temp && rename(out->temp, out->path) < 0) {
		complain_errno("cannot rename %s to %s", out->temp, out->path);
		return -1;
	}
	forget_temp(out);
	if (!sync_directory(out->path))
		return 0;
	complain_errno("%s is complete, but it cannot be made sure that it is on the disk",
		       out->path);
	return -1;
}

int output_commit(struct output *out)
{
	int ret;

	/* Pipes and sockets cannot: EINVAL. */
	if (fsync(out->fd) < 0 && errno != EINVAL && errno != EROFS) {
		complain_errno("cannot write %s", output_name(out));
		return -1;
	}
	if (out->nameless && name_it(out) < 0)
		return -1;
	out->start = -1;
	ret = out->temp || out->nameless ? rename_temp(out) : 0;
	if (!out->temp)
		guard_end(&out->guard);
	return ret;
}

/* Somebody may have died between its first and its last name. */
static void discard_nameless(struct output *out)
{
	char *name = first_name(out);

	if (is_ours(out, name))
		unlink(name);
	free(name);
}

void output_abandon(const struct output *out)
{
	if (out->temp)
		unlink(out->temp);
	else if (out->start >= 0 && !out->nameless &&
		 ftruncate(out->fd, out->start) < 0)
		return;
}

void output_discard(struct output *out)
{
	if (out->temp) {
		unlink(out->temp);
		free(out->temp);
		out->temp = NULL;
		/* Somebody else's is not ours to wait for. */
		if (out->owner == getpid())
			guard_end(&out->guard);
	} else if (out->nameless) {
		discard_nameless(out);
	} else if (out->start >= 0 &&
		   (out->noted || !output_untouched(out))) {
		if (ftruncate(out->fd, out->start) < 0)
			complain_errno("an incomplete image is left in the standard output");
	}
}
