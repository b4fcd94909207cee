// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/checkpoint_image.h>
#include "codec.h"
#include "fork.h"
#include "input.h"
#include "util.h"
#include "waiting.h"

#define PEEK_US		500
#define FINISH_MS	5000	/* for the end of a frame that is on its way */

const char *input_name(const char *name)
{
	return name && strcmp(name, "-") ? name : "the standard input";
}

/* A pipe keeps what is only duplicated. */
static ssize_t peek_pipe(int fd, void *bytes, size_t len)
{
	int copy[2];
	ssize_t got;

	if (pipe2(copy, O_CLOEXEC) < 0)
		return -1;
	got = tee(fd, copy[1], len, 0);
	if (got > 0)
		got = read(copy[0], bytes, got);
	close(copy[0]);
	close(copy[1]);
	return got;
}

static bool is_stream(int fd)
{
	struct stat st;

	return !fstat(fd, &st) &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* The first bytes, which stay there; 0 where that is not possible. */
static ssize_t peek(int fd, void *bytes, size_t len)
{
	struct stat st;
	ssize_t got = 0;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		got = pread(fd, bytes, len, lseek(fd, 0, SEEK_CUR));
	else if (S_ISFIFO(st.st_mode))
		got = peek_pipe(fd, bytes, len);
	else if (S_ISSOCK(st.st_mode))
		got = recv(fd, bytes, len, MSG_PEEK);
	return got < 0 ? 0 : got;
}

/* No more will come into a pipe or socket. */
static bool is_at_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLRDHUP);
}

/* A writer may not have written all of it yet. */
static bool peek_all(int fd, void *bytes, size_t len)
{
	bool end;

	do {
		end = is_at_end(fd);
		if (peek(fd, bytes, len) == (ssize_t)len)
			return true;
	} while (!end && is_stream(fd) && !usleep(PEEK_US));
	return false;
}

static __attribute__((noreturn))
void decompress(enum codec codec, int from, const char *name, const int *p)
{
	struct transfer t = {
		.from = from, .from_name = input_name(name), .to = p[1],
	};

	close(p[0]);
	ignore_write_signals();
	_exit(codec_decompress(codec, &t) < 0);
}

static int start_decompressing(struct input *in, enum codec codec,
			       const char *name)
{
	int p[2];

	if (make_wide_pipe(p) < 0)
		return -1;
	in->pid = fork_out_of_the_way();
	if (!in->pid)
		decompress(codec, in->fd, name, p);
	close(p[1]);
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	in->fd = p[0];
	if (in->pid > 0)
		return 0;
	complain_errno("cannot create a process to decompress %s",
		       input_name(name));
	close(in->fd);
	return -1;
}

static int open_named(const char *name)
{
	int fd;

	if (name && strcmp(name, "-")) {
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			complain_errno("cannot open %s", name);
		return fd;
	}
	if (!isatty(STDIN_FILENO))
		return STDIN_FILENO;
	complain("an image does not come from a terminal: name a file, or redirect the input");
	return -1;
}

/* From other devices we read through a pipe. */
static bool can_peek(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode);
}

int input_open(struct input *in, const char *name)
{
	unsigned char bytes[CODEC_MAGIC_LEN];
	enum codec codec;

	*in = (struct input){ .fd = open_named(name) };
	if (in->fd < 0)
		return -1;
	codec = codec_detect(bytes, peek(in->fd, bytes, sizeof(bytes)));
	if (codec == CODEC_NONE && can_peek(in->fd))
		return 0;
	return start_decompressing(in, codec, name);
}

uint32_t input_version(const struct input *in)
{
	struct {
		struct ckpt_section section;
		uint32_t version;	/* first in the header */
	} head;

	if (!peek_all(in->fd, &head, sizeof(head)) ||
	    head.section.magic != CKPT_SECTION_MAGIC ||
	    head.section.type != CKPT_SECTION_HEADER)
		return 0;
	return head.version;
}

bool input_section(const struct input *in, struct ckpt_section *section)
{
	return peek_all(in->fd, section, sizeof(*section));
}

int input_ended(int fd, const char *name, uint64_t size)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		return 0;
	complain("%s: byte %llu: the image ends here, but more follows", name,
		 (unsigned long long)size);
	return -1;
}

/* Whether a child has ended, or does so in time. */
static bool ends_in_time(pid_t pid)
{
	struct pollfd p = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int ret = p.fd < 0 ? 1 : poll(&p, 1, FINISH_MS);

	if (p.fd >= 0)
		close(p.fd);
	return ret > 0;
}

int input_finish(struct input *in)
{
	if (in->pid <= 0 || ends_in_time(in->pid))
		return input_close(in);
	input_abandon(in);
	return 0;
}

void input_abandon(struct input *in)
{
	/* It may wait for whoever writes the image. */
	if (in->pid > 0)
		kill(in->pid, SIGKILL);
	input_close(in);
}

int input_close(struct input *in)
{
	int status = 0;

	if (in->fd > STDIN_FILENO)
		close(in->fd);
	if (in->pid > 0 && wait_child(in->pid, &status, 0) < 0)
		return 0;
	*in = (struct input){ .fd = -1 };
	return status ? -1 : 0;
}
