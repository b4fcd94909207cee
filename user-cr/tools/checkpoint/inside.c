// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/util.h"
#include "checkpoint.h"
#include "inside.h"

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(2, format, args);
	va_end(args);
	_exit(EXIT_FAILED);
}

void tell(const char *string)
{
	if (write_all(1, string, strlen(string) + 1) < 0)
		_exit(EXIT_FAILED);
}

static bool is_ours(int fd)
{
	struct stat st, own;

	return !fstat(fd, &st) && !stat("/proc/self/ns/user", &own) &&
	       st.st_ino == own.st_ino;
}

/* Capabilities there, and for a new one that is as this one. */
void enter_owner(int ns)
{
	int owner = ioctl(ns, NS_GET_USERNS);

	if (owner < 0)
		give_up("cannot tell to whom it belongs: %s", strerror(errno));
	if (!is_ours(owner) && setns(owner, CLONE_NEWUSER) < 0)
		give_up("cannot enter the user namespace that it belongs to: %s",
			strerror(errno));
	close(owner);
}

/* All that comes from a pipe, or did until a signal wants us to end; to be freed. */
static char *read_all(int fd, size_t *len)
{
	char *bytes = NULL;
	size_t room = 0;
	ssize_t n;

	*len = 0;
	do {
		if (*len + 1 >= room) {
			room = 2 * room + 4096;
			bytes = xrealloc(bytes, room, 1);
		}
		n = interrupted() ? 0 : read(fd, bytes + *len, room - *len - 1);
		*len += n > 0 ? n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	bytes[*len] = '\0';
	return bytes;
}

/* Its status. Who is stuck in the kernel ends when it can: that is not waited for. */
static int status_of(pid_t pid)
{
	int status = -1;

	while (!interrupted())
		if (waitpid(pid, &status, 0) >= 0 || errno != EINTR)
			return status;
	kill(pid, SIGKILL);
	return -1;
}

/* Who gives up says why, unless somebody ends him. */
static char *why_none(int status)
{
	if (interrupted())
		return xstrdup("cannot look at it: interrupted");
	if (WIFSIGNALED(status))
		return xasprintf("cannot look at it: who did was ended by signal %d",
				 WTERMSIG(status));
	return xstrdup("cannot look at it");
}

static int take_answer(pid_t pid, int out, int err, struct answer *answer)
{
	size_t len;
	char *why;
	int status;

	answer->bytes = read_all(out, &answer->len);
	why = read_all(err, &len);
	status = status_of(pid);
	if (!status) {
		free(why);
		return 0;
	}
	answer->why = len ? why : why_none(status);
	if (!len)
		free(why);
	return -1;
}

static pid_t start(const struct look *look, int ns, int out, int err)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(out, 1);
	dup2(err, 2);
	look->run(ns, look->arg);
	_exit(0);
}

static int look_at(const struct look *look, int ns, struct answer *answer)
{
	int out[2], err[2], ret = -1;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return -1;
	}
	pid = start(look, ns, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	if (pid > 0)
		ret = take_answer(pid, out[0], err[0], answer);
	close(out[0]);
	close(err[0]);
	return ret;
}

int look_inside(const struct look *look, const char *path,
		struct answer *answer)
{
	int ns = open(path, O_RDONLY | O_CLOEXEC), ret = -1;

	*answer = (struct answer){ 0 };
	if (ns >= 0 && !interrupted())
		ret = look_at(look, ns, answer);
	if (interrupted())
		errno = EINTR;
	if (ret < 0 && !answer->why)
		answer->why = xstrdup(strerror(errno));
	if (ns >= 0)
		close(ns);
	return ret;
}
