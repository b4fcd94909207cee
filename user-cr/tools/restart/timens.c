// SPDX-License-Identifier: GPL-2.0-only
/* A time namespace in which the clocks go on from the checkpoint */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/util.h"
#include "restart.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

#define OFFSETS		"/proc/self/timens_offsets"
#define NSEC		1000000000LL

static long long clock_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* A new namespace begins with the offset of ours: 0 if we are in none. */
static long long current_offset(const char *offsets, const char *name)
{
	const char *line = strstr(offsets, name);
	long long sec;
	long nsec;

	if (!line || sscanf(line + strlen(name), "%lld %ld", &sec, &nsec) != 2)
		return 0;
	return sec * NSEC + nsec;
}

/* A line of the offsets file: its nanoseconds are never negative. */
static char *format_offset(const char *name, long long ns)
{
	long long sec = ns / NSEC;
	long long nsec = ns % NSEC;

	if (nsec < 0) {
		nsec += NSEC;
		sec--;
	}
	return xasprintf("%s %lld %lld\n", name, sec, nsec);
}

/*
 * The line with which a clock shows @to when it would show @from, to be freed; NULL and
 * errno where no clock can, as the image may claim anything.
 */
static char *offset_line(const char *old, const char *name, uint64_t from,
			 uint64_t to)
{
	long long offset;

	if (from <= LLONG_MAX && to <= LLONG_MAX &&
	    !__builtin_add_overflow((long long)to - (long long)from,
				    current_offset(old, name), &offset))
		return format_offset(name, offset);
	errno = ERANGE;
	return NULL;
}

static int write_offsets(const char *mono, const char *boot)
{
	char *both;
	int ret;

	if (!mono || !boot)
		return -1;
	both = xasprintf("%s%s", mono, boot);
	ret = write_small_file(OFFSETS, both);
	free(both);
	return ret;
}

struct clocks {
	uint64_t monotonic;
	uint64_t boottime;
};

static struct clocks clocks_now(void)
{
	return (struct clocks){
		.monotonic = clock_now(CLOCK_MONOTONIC),
		.boottime = clock_now(CLOCK_BOOTTIME),
	};
}

/* Has the clocks of a new namespace show @to when ours show @from. */
static int set(struct clocks from, struct clocks to)
{
	char *old = read_small_file(OFFSETS);
	char *mono, *boot;
	int ret, error;

	if (!old)
		return -1;
	mono = offset_line(old, "monotonic", from.monotonic, to.monotonic);
	boot = offset_line(old, "boottime", from.boottime, to.boottime);
	ret = write_offsets(mono, boot);
	error = errno;
	free(old);
	free(mono);
	free(boot);
	errno = error;
	return ret;
}

/* What they showed at the checkpoint */
static struct clocks clocks_of_root(const struct restart *r)
{
	return (struct clocks){
		.monotonic = r->image.header.monotonic_ns,
		.boottime = r->image.header.boottime_ns,
	};
}

static struct clocks clocks_of(const struct restart *r, uint32_t id)
{
	struct ckpt_ns ns;

	ckpt_record_body(image_object(&r->image, CKPT_REC_NS, id), &ns, sizeof(ns));
	return (struct clocks){
		.monotonic = ns.monotonic_ns, .boottime = ns.boottime_ns,
	};
}

int timens_set(const struct restart *r, uint32_t id, uint32_t from)
{
	struct clocks then = clocks_now();

	/* Now differs a little each time: what they differ by stays the same. */
	if (r->clocks_go_on) {
		if (from == r->image.tree.task[0].state.time_ns_id)
			then = clocks_of_root(r);
		else if (from)
			then = clocks_of(r, from);
	}
	return set(then, clocks_of(r, id));
}

static void tell_why_not(const struct restart *r)
{
	if (!r->o.quiet)
		complain("the clocks do not go on from the checkpoint, they show this machine's time: no time namespace: %s%s",
			 strerror(errno), errno == ENOSPC ?
			 " (see /proc/sys/user/max_time_namespaces)" : "");
}

/* For children; whether there is a new one. If the clocks do not go on, that is told. */
static bool begin_new(struct restart *r)
{
	if (unshare(CLONE_NEWTIME) < 0) {
		tell_why_not(r);
		return false;
	}
	r->clocks_go_on = !set(clocks_now(), clocks_of_root(r));
	if (!r->clocks_go_on)
		tell_why_not(r);
	return true;
}

void timens_continue(struct restart *r)
{
	begin_new(r);
}

/* All must be in the same one, which its children are in any case. */
int timens_continue_here(struct restart *r)
{
	int fd, ret;

	if (!begin_new(r))
		return 0;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = setns(fd, CLONE_NEWTIME);
	close(fd);
	return ret;
}
