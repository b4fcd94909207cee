// SPDX-License-Identifier: GPL-2.0
/*
 * What threads have used that are gone, what the program before has, and what
 * was read from disks and written to them; the rest is in timers_test.c
 */
#include "test.h"

#include <linux/falloc.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include "proc.h"

CKPT_SUITE(usage);

#define PAGE		4096UL
#define MB		(1UL << 20)

/* ---- A disk of one's own, in a file ---- */

#define DISK_PARTS	4	/* 1 MB each, for who has not read it yet */
#define DISK_PAGES	64UL	/* read, and as many written */

static char disk[32];

static int make_disk(void)
{
	int file, ctl, dev, nr;

	file = open("disk", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_OK(ftruncate(file, DISK_PARTS * MB));
	ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	NEED(ctl);
	nr = ioctl(ctl, LOOP_CTL_GET_FREE);
	NEED(nr);
	snprintf(disk, sizeof(disk), "/dev/loop%d", nr);
	dev = open(disk, O_RDWR | O_CLOEXEC);
	NEED(dev);
	CHECK_OK(ioctl(dev, LOOP_SET_FD, file));
	close(dev);
	close(ctl);
	close(file);
	return 0;
}

static int remove_disk(void)
{
	int dev = open(disk, O_RDWR | O_CLOEXEC);

	CHECK_OK(ioctl(dev, LOOP_CLR_FD));
	close(dev);
	return 0;
}

/* Reads pages that nobody has read, writes some, and takes half of it back. */
static int use_disk(unsigned int part)
{
	int dev = open(disk, O_RDWR | O_CLOEXEC);
	off_t there = part * MB + MB / 2;
	char *p, buf[PAGE];
	unsigned int i;

	CHECK_OK(dev);
	p = mmap(NULL, DISK_PAGES * PAGE, PROT_READ, MAP_SHARED, dev, part * MB);
	CHECK(p != MAP_FAILED);
	CHECK_OK(madvise(p, DISK_PAGES * PAGE, MADV_RANDOM));
	memset(buf, 'x', sizeof(buf));
	for (i = 0; i < DISK_PAGES; i++) {
		(void)*(volatile char *)(p + i * PAGE);
		CHECK_EQ(PAGE, pwrite(dev, buf, PAGE, there + i * PAGE));
	}
	munmap(p, DISK_PAGES * PAGE);
	fallocate(dev, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, there,
		  DISK_PAGES / 2 * PAGE);
	close(dev);
	return 0;
}

static const char *const of_disks[] = {
	"read_bytes", "write_bytes", "cancelled_write_bytes",
};

static int bytes_of_disks(long long *bytes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(of_disks); i++)
		bytes[i] = proc_number("io", of_disks[i], 10);
	return 0;
}

static int bytes_are_still(const long long *before, unsigned int users)
{
	long long now[3];
	unsigned int i;

	bytes_of_disks(now);
	for (i = 0; i < ARRAY_SIZE(of_disks); i++) {
		CHECK(before[i] >= (long long)(users * DISK_PAGES / 2 * PAGE));
		CHECK(now[i] >= before[i]);
	}
	return 0;
}

CKPT_TEST(usage, of_disks)
{
	struct rusage before, now;
	long long bytes[3];
	int ret;

	ret = make_disk() ?: use_disk(0) ?: remove_disk();
	if (ret)
		return ret;
	CHECK(!bytes_of_disks(bytes));
	CHECK_OK(getrusage(RUSAGE_SELF, &before));
	CHECK(before.ru_majflt >= (long)DISK_PAGES);
	ckpt_here();
	CHECK(!bytes_are_still(bytes, 1));
	CHECK_OK(getrusage(RUSAGE_SELF, &now));
	CHECK(now.ru_inblock >= before.ru_inblock);
	CHECK(now.ru_oublock >= before.ru_oublock);
	CHECK(now.ru_majflt >= before.ru_majflt);
	return 0;
}

CKPT_TEST(usage, of_disks_by_children_that_are_gone)
{
	struct rusage before, now;
	long long bytes[3];
	pid_t pid;
	int ret;

	ret = make_disk();
	if (ret)
		return ret;
	SPAWN(pid, use_disk(0));
	CHECK(!ckpt_reap(pid));
	CHECK(!remove_disk());
	CHECK(!bytes_of_disks(bytes));
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &before));
	CHECK(before.ru_inblock > 0 && before.ru_oublock > 0);
	ckpt_here();
	CHECK(!bytes_are_still(bytes, 1));
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &now));
	CHECK_EQ(before.ru_inblock, now.ru_inblock);
	CHECK_EQ(before.ru_oublock, now.ru_oublock);
	return 0;
}

/* ---- Threads ---- */

#define NR_THREADS	2

enum cpu_clock { CLOCK_PROF, CLOCK_VIRT, CLOCK_SCHED };

/* What is counted, not what is shown: in ticks but for the last one */
static long long cpu_ns(enum cpu_clock which, bool thread)
{
	struct timespec ts = { 0 };

	clock_gettime((clockid_t)(~0U << 3 | thread << 2 | which), &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Of the process, but not of the thread that is left */
struct gone {
	long long cpu[3];
	struct rusage ru;
};

static void read_gone(struct gone *gone)
{
	long long before, meanwhile;
	struct rusage mine;
	int i;

	for (i = 0; i < 3; i++) {
		/* Between two looks a machine may have waited for its host. */
		do {
			before = cpu_ns(i, true);
			gone->cpu[i] = cpu_ns(i, false) - before;
			meanwhile = cpu_ns(i, true) - before;
		} while (meanwhile > (i == CLOCK_SCHED ? 10000000 : 0));
	}
	getrusage(RUSAGE_SELF, &gone->ru);
	getrusage(RUSAGE_THREAD, &mine);
	gone->ru.ru_nvcsw -= mine.ru_nvcsw;
	gone->ru.ru_nivcsw -= mine.ru_nivcsw;
	gone->ru.ru_minflt -= mine.ru_minflt;
	gone->ru.ru_majflt -= mine.ru_majflt;
	gone->ru.ru_inblock -= mine.ru_inblock;
	gone->ru.ru_oublock -= mine.ru_oublock;
}

static int failed_threads;

/* On one processor, on which they are in each other's way */
static int use_all(void *arg)
{
	long long end = cpu_ns(CLOCK_SCHED, true) + 200000000;
	unsigned int part = (uintptr_t)arg;
	struct rusage ru;
	cpu_set_t cpu;
	int i;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	if (use_disk(part))
		__atomic_add_fetch(&failed_threads, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 20; i++)
		usleep(1000);
	/* So long, and so many ticks; and until they have been in each other's way. */
	do {
		for (i = 0; i < 100000; i++)
			asm volatile("");
		getrusage(RUSAGE_THREAD, &ru);
	} while (cpu_ns(CLOCK_SCHED, true) < end || cpu_ns(CLOCK_PROF, true) < 50000000 ||
		 (!ru.ru_nivcsw && cpu_ns(CLOCK_SCHED, true) < end + 2000000000LL));
	return 0;
}

/* Without a list of semaphores to undo, which those of the C library leave. */
static int run_threads(void)
{
	static char stack[NR_THREADS][16 * PAGE] __attribute__((aligned(16)));
	uintptr_t i;

	for (i = 0; i < NR_THREADS; i++)
		CHECK_OK(clone(use_all, stack[i + 1], CLONE_VM | CLONE_FS | CLONE_FILES |
			       CLONE_SIGHAND | CLONE_THREAD, (void *)i));
	/* They are in the account when they are no more to be seen. */
	while (proc_number("status", "Threads", 10) > 1)
		usleep(1000);
	CHECK_EQ(0, failed_threads);
	return 0;
}

#define NEAR(a, b, ns)	CHECK((a) - (b) < (ns) && (b) - (a) < (ns))

CKPT_TEST(usage, of_threads_that_are_gone)
{
	struct gone before, now;
	long long bytes[3];
	int i, ret;

	ret = make_disk();
	if (ret)
		return ret;
	ret = run_threads() ?: remove_disk();
	if (ret)
		return ret;
	read_gone(&before);
	bytes_of_disks(bytes);
	CHECK(before.cpu[CLOCK_SCHED] > 300000000);
	CHECK(before.cpu[CLOCK_PROF] > 50000000);
	CHECK(before.ru.ru_nvcsw >= 40 && before.ru.ru_nivcsw > 0);
	CHECK(before.ru.ru_minflt > 0);
	CHECK(before.ru.ru_majflt >= NR_THREADS * (long)DISK_PAGES);
	CHECK(before.ru.ru_inblock > 0 && before.ru.ru_oublock > 0);
	ckpt_here();
	read_gone(&now);
	for (i = 0; i < 3; i++)
		NEAR(before.cpu[i], now.cpu[i], 50000000LL * ckpt_scale());
	CHECK_EQ(before.cpu[CLOCK_VIRT], now.cpu[CLOCK_VIRT]);
	CHECK_EQ(before.cpu[CLOCK_PROF], now.cpu[CLOCK_PROF]);
	CHECK_EQ(before.ru.ru_nvcsw, now.ru.ru_nvcsw);
	CHECK_EQ(before.ru.ru_nivcsw, now.ru.ru_nivcsw);
	CHECK_EQ(before.ru.ru_minflt, now.ru.ru_minflt);
	CHECK_EQ(before.ru.ru_majflt, now.ru.ru_majflt);
	CHECK_EQ(before.ru.ru_inblock, now.ru.ru_inblock);
	CHECK_EQ(before.ru.ru_oublock, now.ru.ru_oublock);
	return bytes_are_still(bytes, NR_THREADS);
}

/* ---- The program before ---- */

CKPT_BODY(usage_of_a_small_program)
{
	struct rusage before, now;

	CHECK_OK(getrusage(RUSAGE_SELF, &before));
	CHECK(before.ru_maxrss >= 32 << 10);
	ckpt_here();
	CHECK_OK(getrusage(RUSAGE_SELF, &now));
	CHECK_EQ(before.ru_maxrss, now.ru_maxrss);
	return 0;
}

CKPT_TEST(usage, of_memory_by_the_program_before)
{
	char *argv[] = {
		(char *)"usage", (char *)"--body",
		(char *)"usage_of_a_small_program", (char *)ckpt_dir(), NULL,
	};
	char *p = mmap(NULL, 32 * MB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	memset(p, 'x', 32 * MB);
	execv("/proc/self/exe", argv);
	return ckpt_fail(__FILE__, __LINE__, "execv");
}

TEST_HARNESS_MAIN
