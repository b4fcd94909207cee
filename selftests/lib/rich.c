// SPDX-License-Identifier: GPL-2.0
/*
 * A body that has some of everything, and much of it, for tests that go through
 * all that the kernel does: processes that share descriptors, directories, pipes
 * and memory, that are in system calls, and those of lib/odd.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "odd.h"

#define PAGE		4096UL
#define PAGES		64
#define LONG_TIME	3600
#define QUEUED		20
#define GENERATIONS	3

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static char *private, *shared, *of_file;

static char *map(size_t pages, int flags, int fd)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* Neighbours that differ, so that each is a mapping of its own */
static int many_kinds_of_memory(void)
{
	char *p = map(16, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 16 * PAGE, 3);
	CHECK_OK(mprotect(p, PAGE, PROT_READ));
	CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_EXEC));
	CHECK_OK(madvise(p + 4 * PAGE, PAGE, MADV_DONTDUMP));
	CHECK_OK(madvise(p + 6 * PAGE, PAGE, MADV_DONTFORK));
	CHECK_OK(madvise(p + 8 * PAGE, PAGE, MADV_WIPEONFORK));
	CHECK_OK(mlock(p + 10 * PAGE, PAGE));
	madvise(p + 12 * PAGE, PAGE, MADV_GUARD_INSTALL);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + 14 * PAGE, PAGE, "rich");
	return 0;
}

static int queue_signals(void)
{
	union sigval value;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGUSR2);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	for (i = 0; i < QUEUED; i++) {
		value.sival_int = i;
		CHECK_OK(sigqueue(getpid(), SIGRTMIN, value));
	}
	return raise(SIGUSR2);
}

static int take_signals(void)
{
	siginfo_t si;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	for (i = 0; i < QUEUED; i++) {
		CHECK_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
		CHECK_EQ(i, si.si_value.sival_int);
	}
	CHECK_OK(sigpending(&set));
	CHECK(sigismember(&set, SIGUSR2));
	return 0;
}

static int set_timers(void)
{
	struct itimerval it = { .it_value = { LONG_TIME, 0 }, .it_interval = { 7, 0 } };

	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	CHECK_OK(setitimer(ITIMER_VIRTUAL, &it, NULL));
	return setitimer(ITIMER_PROF, &it, NULL);
}

static int timers_run(void)
{
	struct itimerval it;
	int i;

	for (i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
		CHECK_OK(getitimer(i, &it));
		CHECK(it.it_value.tv_sec > LONG_TIME / 2 && it.it_interval.tv_sec == 7);
	}
	return 0;
}

/* Other credentials, limits and settings, in a session and directory of its own */
static int stranger(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	gid_t groups[40], seen[40];
	struct rlimit rl;
	uid_t r, e, s;
	int i, own;

	CHECK_OK(setsid());
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(chdir("d"));
	own = open("own", O_RDWR | O_CREAT | O_APPEND, 0600);
	CHECK_EQ(3, write(own, "own", 3));
	umask(077);
	for (i = 0; i < 40; i++)
		groups[i] = 1000 + i;
	CHECK_OK(setgroups(40, groups));
	CHECK_OK(setresuid(-1, -1, 1000));
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_cur = 200;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 5));
	CHECK_OK(prctl(PR_SET_NAME, "stranger"));
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
	CHECK_OK(prctl(PR_SET_TIMERSLACK, 77777));
	CHECK_OK(sigaltstack(&ss, NULL));
	ckpt_announce("stranger", "go.0");
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK_EQ(1000, s);
	CHECK_EQ(40, getgroups(40, seen));
	CHECK(!memcmp(groups, seen, sizeof(seen)));
	CHECK_EQ(5, getpriority(PRIO_PROCESS, 0));
	CHECK_EQ(3, lseek(own, 0, SEEK_END));
	return access("own", F_OK);
}

/* Changes some of the pages, or changes them back. */
static void touch(unsigned int generation)
{
	unsigned int i;

	for (i = generation; i < PAGES; i += 8)
		private[i * PAGE] ^= generation;
}

/* Shares memory with its parent, and that with its own; some pages are its own. */
static int heir(unsigned int generation)
{
	char name[16];
	pid_t pid = 0;
	unsigned int i;

	touch(generation);
	shared[generation * PAGE] = generation;
	if (generation < GENERATIONS) {
		SPAWN(pid, heir(generation + 1));
		snprintf(name, sizeof(name), "heir.%u", generation + 1);
		ckpt_wait_for(name);
	}
	snprintf(name, sizeof(name), "heir.%u", generation);
	ckpt_announce(name, "go.0");
	for (i = 1; i <= generation; i++) {
		touch(i);
		CHECK_EQ(i, shared[i * PAGE]);
	}
	CHECK(!pattern_check(private, PAGES * PAGE, 1));
	return pid ? ckpt_reap(pid) : 0;
}

/* In its parent's descriptors and directories */
static int partner(int fd)
{
	ckpt_announce("partner", "go.0");
	CHECK_EQ(60, dup2(fd, 60));
	return chdir("d");
}

static int sleeper(void)
{
	struct timespec ts = { LONG_TIME, 0 };

	ckpt_set("asleep");
	return nanosleep(&ts, NULL);
}

static int waiter(void)
{
	struct timespec ts = { LONG_TIME, 0 };

	ckpt_set("waiter");
	while (!__atomic_load_n((int *)shared, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, shared, FUTEX_WAIT, 0, &ts, NULL, 0);
	return 0;
}

static int poller(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ckpt_set("poller");
	CHECK_EQ(1, poll(&p, 1, LONG_TIME * 1000));
	return 0;
}

CKPT_BODY(rich_tree)
{
	int file, dir, null, packets[2], bytes[2], bell[2], i;
	char buf[16384];
	struct odd_tasks odd = { 0 };
	pid_t child[5], asleep;

	file = open("data", O_RDWR | O_CREAT, 0600);
	CHECK_OK(ftruncate(file, PAGES * PAGE));
	CHECK_EQ(77, lseek(file, 77, SEEK_SET));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(dir > 0 && null > 0);
	CHECK_OK(mkfifo("fifo", 0600));
	CHECK_OK(open("fifo", O_RDWR | O_NONBLOCK));
	for (i = 0; i < 30; i++)
		CHECK_OK(dup(i % 2 ? file : dir));
	CHECK_OK(pipe2(packets, O_DIRECT));
	CHECK_OK(pipe2(bytes, O_CLOEXEC));
	CHECK_OK(pipe(bell));
	for (i = 0; i < 8; i++)
		CHECK_EQ(100, write(packets[1], buf, 100));
	pattern_fill(buf, sizeof(buf), 4);
	CHECK_EQ(sizeof(buf), write(bytes[1], buf, sizeof(buf)));
	CHECK_OK(fcntl(bell[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(bell[0], F_SETSIG, SIGRTMIN + 1));

	private = map(PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	shared = map(PAGES, MAP_SHARED | MAP_ANONYMOUS, -1);
	of_file = map(PAGES, MAP_PRIVATE, file);
	CHECK(private != MAP_FAILED && shared != MAP_FAILED && of_file != MAP_FAILED);
	CHECK(map(PAGES, MAP_SHARED, file) != MAP_FAILED);
	pattern_fill(private, PAGES * PAGE, 1);
	pattern_fill(shared + 8 * PAGE, (PAGES - 8) * PAGE, 2);
	for (i = 0; i < PAGES; i += 3)
		of_file[i * PAGE] = i + 1;
	CHECK(!many_kinds_of_memory());
	CHECK(!queue_signals());
	CHECK(!set_timers());

	SPAWN(child[0], stranger());
	ckpt_wait_for("stranger");
	SPAWN(child[1], heir(1));
	ckpt_wait_for("heir.1");
	child[2] = syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(child[2]);
	if (!child[2])
		_exit(!!partner(file));
	ckpt_wait_for("partner");
	SPAWN(child[3], waiter());
	SPAWN(child[4], poller(bell[0]));
	SPAWN(asleep, sleeper());
	ckpt_wait_for("waiter");
	ckpt_wait_for("poller");
	ckpt_wait_for("asleep");
	CHECK(!odd_tasks_start(&odd));
	ckpt_here();

	CHECK(!pattern_check(private, PAGES * PAGE, 1));
	CHECK(!pattern_check(shared + 8 * PAGE, (PAGES - 8) * PAGE, 2));
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(i % 3 ? 0 : i + 1, of_file[i * PAGE]);
	CHECK(!take_signals());
	CHECK(!timers_run());
	CHECK(!odd_tasks_end(&odd));
	CHECK_EQ(100, read(packets[0], buf, sizeof(buf)));
	CHECK_EQ(sizeof(buf), read(bytes[0], buf, sizeof(buf)));
	CHECK(!pattern_check(buf, sizeof(buf), 4));
	__atomic_store_n((int *)shared, 1, __ATOMIC_SEQ_CST);
	CHECK_OK(syscall(SYS_futex, shared, FUTEX_WAKE, 1, NULL, NULL, 0));
	CHECK_EQ(1, write(bell[1], "!", 1));
	CHECK_OK(kill(asleep, SIGKILL));
	CHECK_EQ(asleep, waitpid(asleep, NULL, 0));
	for (i = 0; i < 5; i++)
		CHECK(!ckpt_reap(child[i]));
	CHECK_EQ(77, lseek(60, 0, SEEK_CUR));
	CHECK_OK(access("own", F_OK));
	return 0;
}
