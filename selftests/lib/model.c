// SPDX-License-Identifier: GPL-2.0
/*
 * The application whose images are forged: a tree with a bit of everything that
 * an image can hold, but small, as it is restarted very often
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "hostile.h"
#include "odd.h"

static int queue_value(int sig, int value)
{
	union sigval v = { .sival_int = value };

	return sigqueue(getpid(), sig, v);
}

CKPT_BODY(model)
{
	struct itimerval it = { .it_value = { 1000, 0 }, .it_interval = { 5, 0 } };
	int fd, dir, null, ends[2];
	struct odd_tasks odd = { 0 };
	char *p, *shared, *q, buf[8];
	siginfo_t si;
	sigset_t set;

	fd = open("data", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(4096, ftruncate(fd, 8192) ? -1 : lseek(fd, 4096, SEEK_SET));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(dir > 0 && null > 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	*p = 'x';
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	shared[4096] = 's';
	q = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED);
	memset(q, 'q', 16384);
	memset(q + 8192, 0, 4096);
	madvise(q + 4096, 4096, 102 /* MADV_GUARD_INSTALL */);
	madvise(q, 16384, MADV_DONTDUMP);
	CHECK_OK(pipe2(ends, O_DIRECT));
	CHECK_EQ(2, write(ends[1], "ab", 2));
	CHECK_EQ(3, write(ends[1], "cde", 3));
	CHECK_OK(fcntl(ends[0], F_SETOWN, getpid()));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(queue_value(SIGRTMIN, 1));
	CHECK_OK(queue_value(SIGRTMIN, 2));
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	CHECK(!odd_tasks_start(&odd));
	ckpt_here();
	CHECK_EQ('x', *p);
	CHECK_EQ('s', shared[4096]);
	CHECK_EQ('q', q[16383]);
	CHECK_EQ(0, q[8192]);
	CHECK_EQ(4096, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(2, read(ends[0], buf, sizeof(buf)));
	CHECK_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
	CHECK_EQ(1, si.si_value.sival_int);
	return odd_tasks_end(&odd);
}
