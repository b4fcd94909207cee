// SPDX-License-Identifier: GPL-2.0-only
/* File descriptors: those for the saved tasks, and ours out of their way */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/util.h"
#include "restart.h"

/* The terminal, if there is one to speak on, otherwise nothing. */
int descriptors_replace_stdin(void)
{
	int fd = -1;

	if (isatty(STDERR_FILENO) || isatty(STDOUT_FILENO))
		fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) {
		complain_errno("cannot replace the standard input");
		return -1;
	}
	close(fd);
	return 0;
}

/* A duplicate above LOWEST. */
static int dup_up(int fd, int lowest)
{
	int new = fcntl(fd, F_DUPFD_CLOEXEC, lowest);

	if (new < 0)
		complain_errno("cannot have a descriptor above %d, as the image needs it (raise ulimit -n)",
			       lowest);
	return new;
}

static int move_up(int *fd, int lowest)
{
	int new = dup_up(*fd, lowest);

	if (new < 0)
		return -1;
	close(*fd);
	*fd = new;
	return 0;
}

static int highest_slot(const struct restart *r)
{
	int i, highest = STDERR_FILENO;

	for (i = 0; i < r->image.nr_externals; i++)
		if ((int)r->image.external[i].slot > highest)
			highest = r->image.external[i].slot;
	return highest;
}

int descriptors_keep(const struct restart *r, int fd)
{
	move_up(&fd, highest_slot(r) + 1);
	return fd;
}

/* The processes get the limits of the image. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* All that we still need goes out of the way of the slots. */
int descriptors_prepare(struct restart *r)
{
	int *ours[] = {
		&r->context, &r->log, &r->ready[0], &r->ready[1],
		&r->alive[0], &r->alive[1], &r->pid_file.fd,
	};
	int lowest = highest_slot(r) + 1;
	struct external *e;
	size_t i;

	raise_limit();
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (*ours[i] >= 0 && move_up(ours[i], lowest) < 0)
			return -1;
	for (i = 0; i < r->state.nr_layers; i++)
		if (move_up(&r->state.layer[i].fd, lowest) < 0)
			return -1;
	for (i = 0; i < (size_t)r->image.nr_externals; i++) {
		e = &r->image.external[i];
		if (!e->key || e->fd == (int)e->slot)
			continue;
		e->fd = dup_up(e->fd, lowest);
		if (e->fd < 0)
			return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static int close_gap(unsigned int first, unsigned int end)
{
	return first < end ? syscall(SYS_close_range, first, end - 1, 0) : 0;
}

/* All from FIRST on but these, which are sorted by that. */
static int close_but(unsigned int first, unsigned int *keep, int nr)
{
	int i;

	if (nr)
		qsort(keep, nr, sizeof(keep[0]), compare);
	for (i = 0; i < nr; i++) {
		if (close_gap(first, keep[i]) < 0)
			return -1;
		if (keep[i] >= first)
			first = keep[i] + 1;
	}
	return close_gap(first, ~0U);
}

/* All but the standard ones, the slots of this task, and what join() needs. */
int descriptors_close_others(const struct restart *r, uint32_t owner)
{
	unsigned int keep[r->image.nr_externals + 3];
	int i, n = 0;

	for (i = 0; i < r->image.nr_externals; i++)
		if (r->image.external[i].owner == owner)
			keep[n++] = r->image.external[i].slot;
	keep[n++] = r->context;
	keep[n++] = r->log;
	keep[n++] = r->ready[1];
	return close_but(STDERR_FILENO + 1, keep, n);
}

void descriptors_close_all_but(int fd)
{
	unsigned int keep = fd;

	close_but(STDIN_FILENO, &keep, 1);
}

/* Messages still go somewhere. */
void descriptors_let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	close_but(STDERR_FILENO + 1, NULL, 0);
}
