// SPDX-License-Identifier: GPL-2.0
/*
 * What mappings are beside their content: advice, names, locks, guards, seals
 *
 * The flags of every mapping are in smaps, where the oracle compares them. The
 * bodies check what follows from them.
 */
#include "test.h"

#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "proc.h"

CKPT_SUITE(vma);

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#endif

#define PAGE		4096UL
#define ADV_GUARD_INSTALL	102
#define ADV_GUARD_REMOVE	103
#define NR_MSEAL		462

static char *map_anon(size_t len, int prot)
{
	char *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int file_of(size_t len)
{
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0600);
	static char page[PAGE];
	size_t i;

	for (i = 0; i < len / PAGE; i++) {
		pattern_fill(page, PAGE, 1000 + i);
		if (write(fd, page, PAGE) != PAGE)
			return -1;
	}
	return fd;
}

static sigjmp_buf after_fault;
static volatile sig_atomic_t fault;

static void on_fault(int sig)
{
	fault = sig;
	siglongjmp(after_fault, 1);
}

/* The signal that reading a byte gives, or 0. */
static int fault_of(const char *mem)
{
	fault = 0;
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	if (!sigsetjmp(after_fault, 1))
		(void)*(volatile const char *)mem;
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return fault;
}

/* ---- Advice ---- */

static int advised(char *p, int advice, const char *flag)
{
	CHECK(p);
	if (madvise(p, 4 * PAGE, advice))
		return ckpt_skip("madvise(%d): %s", advice, strerror(errno));
	/* And one that is not advised, which must not be so afterwards. */
	CHECK(smaps_flag(p, flag));
	CHECK(!smaps_flag(p + 4 * PAGE, flag));
	ckpt_here();
	CHECK(smaps_flag(p, flag));
	CHECK(smaps_flag(p + 3 * PAGE, flag));
	CHECK(!smaps_flag(p + 4 * PAGE, flag));
	return 0;
}

static char *anon_mapping(void)
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);

	pattern_fill(p, 8 * PAGE, 1);
	return p;
}

static int advised_anon(int advice, const char *flag)
{
	char *p = anon_mapping();
	int ret = advised(p, advice, flag);

	return ret ?: !!pattern_check(p, 8 * PAGE, 1);
}

static int advised_file(int advice, const char *flag)
{
	int fd = file_of(8 * PAGE);
	char *p = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	close(fd);
	return advised(p, advice, flag);
}

CKPT_TEST(vma, dontdump)	{ return advised_anon(MADV_DONTDUMP, "dd"); }
CKPT_TEST(vma, mergeable)	{ return advised_anon(MADV_MERGEABLE, "mg"); }

/* By UFFDIO_ZEROPAGE, as KSM does: in the place of what the file has there */
CKPT_TEST(vma, zero_page_over_a_file)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = { 0 };
	int fd, uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char page[PAGE], *p;

	NEED(uffd);
	memset(page, 'x', sizeof(page));
	fd = open("/dev/shm/ckpt.zero", O_RDWR | O_CREAT | O_TRUNC, 0600);
	NEED(fd);
	CHECK_EQ(PAGE, pwrite(fd, page, PAGE, 0));
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	NEED(ioctl(uffd, UFFDIO_API, &api));
	reg.range.start = zero.range.start = (unsigned long)p;
	reg.range.len = zero.range.len = PAGE;
	NEED(ioctl(uffd, UFFDIO_REGISTER, &reg));
	NEED(ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	close(uffd);
	CHECK_EQ(0, *p);
	ckpt_here();
	CHECK_EQ(0, *p);
	return 0;
}

/* All of it is mergeable, but not this. */
CKPT_TEST(vma, mergeable_all_but_some)
{
	char *p = anon_mapping();

	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		return ckpt_skip("PR_SET_MEMORY_MERGE: %s", strerror(errno));
	CHECK_OK(madvise(p, 4 * PAGE, MADV_UNMERGEABLE));
	CHECK(!smaps_flag(p, "mg"));
	ckpt_here();
	CHECK(!smaps_flag(p, "mg"));
	CHECK(smaps_flag(p + 4 * PAGE, "mg"));
	return !!pattern_check(p, 8 * PAGE, 1);
}

CKPT_TEST(vma, hugepage)	{ return advised_anon(MADV_HUGEPAGE, "hg"); }
CKPT_TEST(vma, nohugepage)	{ return advised_anon(MADV_NOHUGEPAGE, "nh"); }
CKPT_TEST(vma, random)		{ return advised_anon(MADV_RANDOM, "rr"); }
CKPT_TEST(vma, sequential)	{ return advised_anon(MADV_SEQUENTIAL, "sr"); }

CKPT_TEST(vma, random_access_of_a_file)	{ return advised_file(MADV_RANDOM, "rr"); }
CKPT_TEST(vma, sequential_access_of_a_file) { return advised_file(MADV_SEQUENTIAL, "sr"); }
CKPT_TEST(vma, file_that_is_not_inherited) { return advised_file(MADV_DONTFORK, "dc"); }

CKPT_TEST(vma, dontfork)
{
	char *p = anon_mapping();
	pid_t pid;

	CHECK_EQ(0, advised(p, MADV_DONTFORK, "dc"));
	SPAWN(pid, fault_of(p) != SIGSEGV || fault_of(p + 4 * PAGE));
	CHECK(!pattern_check(p, 8 * PAGE, 1));
	return ckpt_reap(pid);
}

CKPT_TEST(vma, wipeonfork)
{
	char *p = anon_mapping();
	pid_t pid;

	CHECK_EQ(0, advised(p, MADV_WIPEONFORK, "wf"));
	CHECK(p[100]);
	SPAWN(pid, p[100] || !p[4 * PAGE + 100]);
	CHECK(!pattern_check(p, 8 * PAGE, 1));
	return ckpt_reap(pid);
}

/* Pages that the kernel may drop are still there, as nothing was short. */
CKPT_TEST(vma, lazily_freed_pages)
{
	char *p = anon_mapping();
	int i;

	NEED(madvise(p, 8 * PAGE, MADV_FREE));
	pattern_fill(p + 2 * PAGE, PAGE, 2);	/* in use again */
	ckpt_here();
	CHECK(!pattern_check(p + 2 * PAGE, PAGE, 2));
	for (i = 0; i < 8; i++)
		CHECK(i == 2 || !p[i * PAGE] ||
		      !memcmp(p + i * PAGE, anon_mapping() + i * PAGE, PAGE));
	return 0;
}

/* ---- Locks ---- */

CKPT_TEST(vma, locked_memory)
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);

	NEED(mlock(p, 4 * PAGE));
	pattern_fill(p, 8 * PAGE, 3);
	CHECK_EQ(16, proc_number("status", "VmLck", 10));
	ckpt_here();
	CHECK_EQ(16, proc_number("status", "VmLck", 10));
	CHECK(smaps_flag(p, "lo"));
	CHECK(!smaps_flag(p + 4 * PAGE, "lo"));
	CHECK_EQ(4, pages_present(p, 4 * PAGE));
	CHECK(!pattern_check(p, 8 * PAGE, 3));
	CHECK_OK(munlock(p, 4 * PAGE));
	CHECK_EQ(0, proc_number("status", "VmLck", 10));
	return 0;
}

/* Locked are those pages that somebody touches, and they only. */
CKPT_TEST(vma, locked_on_fault)
{
	char *p = map_anon(64 * PAGE, PROT_READ | PROT_WRITE);

	NEED(mlock2(p, 64 * PAGE, MLOCK_ONFAULT));
	p[5 * PAGE] = 5;
	CHECK_EQ(1, pages_present(p, 64 * PAGE));
	ckpt_here();
	CHECK_EQ(1, pages_present(p, 64 * PAGE));
	CHECK_EQ(256, proc_number("status", "VmLck", 10));
	CHECK(smaps_flag(p, "lo"));
	CHECK_EQ(5, p[5 * PAGE]);
	return 0;
}

CKPT_TEST(vma, locked_file)
{
	int fd = file_of(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	NEED(mlock(p, 4 * PAGE));
	ckpt_here();
	CHECK(smaps_flag(p, "lo"));
	CHECK(!pattern_check(p + PAGE, PAGE, 1001));
	return 0;
}

static int locked_for_the_future(int flags)
{
	char *p;

	NEED(mlockall(flags));
	ckpt_here();
	p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	CHECK(smaps_flag(p, "lo"));
	CHECK_EQ(flags & MCL_ONFAULT ? 0 : 4, pages_present(p, 4 * PAGE));
	CHECK_OK(munlockall());
	p = map_anon(PAGE, PROT_READ | PROT_WRITE);
	CHECK(!smaps_flag(p, "lo"));
	return 0;
}

CKPT_TEST(vma, everything_locked)
{
	return locked_for_the_future(MCL_CURRENT | MCL_FUTURE);
}

CKPT_TEST(vma, everything_locked_on_fault)
{
	return locked_for_the_future(MCL_FUTURE | MCL_ONFAULT);
}

/* The limit came after the lock. */
CKPT_TEST(vma, locked_beyond_the_limit)
{
	struct rlimit rl = { PAGE, PAGE };
	char *p = map_anon(64 * PAGE, PROT_READ | PROT_WRITE);

	NEED(mlock(p, 64 * PAGE));
	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &rl));
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresuid(1000, 1000, 1000));
	ckpt_here();
	CHECK(smaps_flag(p, "lo"));
	CHECK(mlock(map_anon(2 * PAGE, PROT_READ), 2 * PAGE) < 0);
	return 0;
}

/* ---- Names ---- */

static bool has_name(const char *p, const char *name)
{
	char line[512], want[128], start[32];
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "re");

	snprintf(want, sizeof(want), "[anon:%s]\n", name);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
	while (f && fgets(line, sizeof(line), f))
		found |= !strncmp(line, start, strlen(start)) && strstr(line, want);
	if (f)
		fclose(f);
	return found;
}

CKPT_TEST(vma, named_memory)
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);
	char longest[80];

	memset(longest, 'n', sizeof(longest));
	longest[79] = '\0';
	NEED(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 2 * PAGE, "a name"));
	CHECK_OK(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + 4 * PAGE, 2 * PAGE, longest));
	CHECK(has_name(p, "a name"));
	ckpt_here();
	CHECK(has_name(p, "a name"));
	CHECK(has_name(p + 4 * PAGE, longest));
	CHECK(!has_name(p + 2 * PAGE, "a name"));
	return 0;
}

CKPT_TEST(vma, name_without_a_letter)
{
	char *p = map_anon(2 * PAGE, PROT_READ);

	NEED(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, PAGE, ""));
	ckpt_here();
	CHECK(has_name(p, ""));
	return 0;
}

/* ---- Guards ---- */

CKPT_TEST(vma, guard_pages)
{
	char *p = anon_mapping();
	int i;

	NEED(madvise(p + 2 * PAGE, 2 * PAGE, ADV_GUARD_INSTALL));
	NEED(madvise(p + 6 * PAGE, PAGE, ADV_GUARD_INSTALL));
	CHECK_EQ(SIGSEGV, fault_of(p + 2 * PAGE));
	ckpt_here();
	for (i = 0; i < 8; i++) {
		bool guard = i == 2 || i == 3 || i == 6;

		CHECK_EQ(guard ? SIGSEGV : 0, fault_of(p + i * PAGE));
	}
	CHECK(!pattern_check(p, 2 * PAGE, 1));
	/* What comes instead of a guard is empty. */
	CHECK_OK(madvise(p, 8 * PAGE, ADV_GUARD_REMOVE));
	CHECK_EQ(0, fault_of(p + 2 * PAGE));
	CHECK_EQ(0, p[2 * PAGE]);
	CHECK_EQ(0, p[6 * PAGE + 8]);
	return 0;
}

CKPT_TEST(vma, guard_pages_where_nothing_was)
{
	char *p = map_anon(512 * PAGE, PROT_READ | PROT_WRITE);

	NEED(madvise(p + 100 * PAGE, 300 * PAGE, ADV_GUARD_INSTALL));
	ckpt_here();
	CHECK_EQ(0, fault_of(p + 99 * PAGE));
	CHECK_EQ(SIGSEGV, fault_of(p + 100 * PAGE));
	CHECK_EQ(SIGSEGV, fault_of(p + 250 * PAGE));
	CHECK_EQ(SIGSEGV, fault_of(p + 399 * PAGE));
	CHECK_EQ(0, fault_of(p + 400 * PAGE));
	return 0;
}

CKPT_TEST(vma, guard_pages_in_a_file)
{
	int fd = file_of(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	if (madvise(p + PAGE, PAGE, ADV_GUARD_INSTALL))
		return ckpt_skip("no guards in files: %s", strerror(errno));
	ckpt_here();
	CHECK_EQ(SIGSEGV, fault_of(p + PAGE));
	CHECK(!pattern_check(p + 2 * PAGE, PAGE, 1002));
	CHECK_OK(madvise(p + PAGE, PAGE, ADV_GUARD_REMOVE));
	CHECK(!pattern_check(p + PAGE, PAGE, 1001));
	return 0;
}

/* Memory with guards cannot be locked; it can be locked and then protected. */
CKPT_TEST(vma, guard_pages_in_protected_memory)
{
	char *p = anon_mapping();

	NEED(madvise(p + 2 * PAGE, PAGE, ADV_GUARD_INSTALL));
	CHECK_OK(mprotect(p, 8 * PAGE, PROT_READ));
	ckpt_here();
	CHECK_EQ(SIGSEGV, fault_of(p + 2 * PAGE));
	CHECK(!pattern_check(p, 2 * PAGE, 1));
	return 0;
}

CKPT_TEST(vma, child_inherits_guards_after_the_restart)
{
	char *p = anon_mapping();
	pid_t pid;

	NEED(madvise(p + 2 * PAGE, PAGE, ADV_GUARD_INSTALL));
	ckpt_here();
	SPAWN(pid, fault_of(p + 2 * PAGE) != SIGSEGV);
	return ckpt_reap(pid);
}

/* ---- Seals ---- */

CKPT_TEST(vma, sealed_memory)
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);

	pattern_fill(p, 8 * PAGE, 4);
	NEED(syscall(NR_MSEAL, p, 4 * PAGE, 0));
	ckpt_here();
	CHECK(!pattern_check(p, 8 * PAGE, 4));
	CHECK(munmap(p, PAGE) < 0 && errno == EPERM);
	CHECK(mprotect(p, PAGE, PROT_READ) < 0 && errno == EPERM);
	p[0] = 1;
	CHECK_OK(munmap(p + 4 * PAGE, 4 * PAGE));
	return 0;
}

CKPT_TEST(vma, sealed_read_only_memory)
{
	char *p = anon_mapping();

	CHECK_OK(mprotect(p, 8 * PAGE, PROT_READ));
	NEED(syscall(NR_MSEAL, p, 8 * PAGE, 0));
	ckpt_here();
	CHECK(!pattern_check(p, 8 * PAGE, 1));
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) < 0 && errno == EPERM);
	CHECK(madvise(p, PAGE, MADV_DONTNEED) < 0 && errno == EPERM);
	return 0;
}

CKPT_TEST(vma, sealed_file)
{
	int fd = file_of(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	NEED(syscall(NR_MSEAL, p, 4 * PAGE, 0));
	ckpt_here();
	CHECK(!pattern_check(p + 3 * PAGE, PAGE, 1003));
	CHECK(munmap(p, PAGE) < 0 && errno == EPERM);
	return 0;
}

/* Everything at once, in the order that is the hardest to get right. */
CKPT_TEST(vma, sealed_locked_named_and_advised)
{
	char *p = anon_mapping();

	NEED(madvise(p, 8 * PAGE, MADV_DONTFORK));
	NEED(madvise(p, 8 * PAGE, MADV_DONTDUMP));
	NEED(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 8 * PAGE, "all of it"));
	NEED(madvise(p + PAGE, PAGE, ADV_GUARD_INSTALL));
	CHECK_OK(mprotect(p, 8 * PAGE, PROT_READ));
	NEED(mlock(p + 2 * PAGE, 6 * PAGE));
	NEED(syscall(NR_MSEAL, p, 8 * PAGE, 0));
	ckpt_here();
	CHECK_EQ(SIGSEGV, fault_of(p + PAGE));
	CHECK(has_name(p, "all of it"));
	CHECK(smaps_flag(p, "dc") && smaps_flag(p, "dd"));
	CHECK(!smaps_flag(p, "lo") && smaps_flag(p + 2 * PAGE, "lo"));
	CHECK(munmap(p, 8 * PAGE) < 0 && errno == EPERM);
	CHECK(!pattern_check(p, PAGE, 1));
	return 0;
}

/* ---- Kinds of mappings ---- */

CKPT_TEST(vma, droppable_memory)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		       0x08 /* MAP_DROPPABLE */ | MAP_ANONYMOUS, -1, 0);
	char before[PAGE];

	if (p == MAP_FAILED)
		return ckpt_skip("MAP_DROPPABLE: %s", strerror(errno));
	pattern_fill(p, PAGE, 5);
	memcpy(before, p, PAGE);
	ckpt_here();
	CHECK(smaps_flag(p, "dp"));
	/* All of a page, or nothing of it. */
	CHECK(!p[0] || !memcmp(p, before, PAGE));
	return 0;
}

/* What may be dropped is not saved, but that nobody may touch it is. */
static int guards_in_droppable(size_t touched)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		       0x08 /* MAP_DROPPABLE */ | MAP_ANONYMOUS, -1, 0);
	int i;

	if (p == MAP_FAILED)
		return ckpt_skip("MAP_DROPPABLE: %s", strerror(errno));
	pattern_fill(p, touched, 5);
	NEED(madvise(p + 2 * PAGE, 2 * PAGE, ADV_GUARD_INSTALL));
	NEED(madvise(p + 7 * PAGE, PAGE, ADV_GUARD_INSTALL));
	ckpt_here();
	CHECK(smaps_flag(p, "dp"));
	for (i = 0; i < 8; i++) {
		bool guard = i == 2 || i == 3 || i == 7;

		CHECK_EQ(guard ? SIGSEGV : 0, fault_of(p + i * PAGE));
	}
	CHECK_OK(madvise(p, 8 * PAGE, ADV_GUARD_REMOVE));
	CHECK_EQ(0, fault_of(p + 2 * PAGE));
	CHECK_EQ(0, p[2 * PAGE]);
	return 0;
}

CKPT_TEST(vma, guard_pages_in_droppable_memory)
{
	return guards_in_droppable(8 * PAGE);
}

CKPT_TEST(vma, guard_pages_in_droppable_memory_where_nothing_was)
{
	return guards_in_droppable(0);
}

CKPT_TEST(vma, growing_stack_of_ones_own)
{
	char *room = map_anon(2048 * PAGE, PROT_NONE), *p;

	munmap(room, 2048 * PAGE);
	p = mmap(room + 2040 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(p != MAP_FAILED);
	pattern_fill(p, 4 * PAGE, 6);
	CHECK(smaps_flag(p, "gd"));
	ckpt_here();
	CHECK(smaps_flag(p, "gd"));
	CHECK(!pattern_check(p, 4 * PAGE, 6));
	return 0;
}

/* More than there is memory */
#define BIG	(1UL << (sizeof(long) == 8 ? 32 : 30))

CKPT_TEST(vma, memory_without_a_reservation)
{
	char *p = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	/* one page is one page, also where there are huge ones */
	madvise(p, BIG, MADV_NOHUGEPAGE);
	pattern_fill(p + BIG / 2, PAGE, 7);
	CHECK(smaps_flag(p, "nr"));
	ckpt_here();
	CHECK(smaps_flag(p, "nr"));
	CHECK(!pattern_check(p + BIG / 2, PAGE, 7));
	CHECK_EQ(1, pages_present(p + BIG / 2 - 64 * PAGE, 128 * PAGE));
	return 0;
}

/* Pages of which only the zero page was ever seen take no memory. */
CKPT_TEST(vma, pages_that_were_only_read)
{
	/* Between others of another kind, so that it is not one with a neighbour. */
	char *p = map_anon(66 * PAGE, PROT_NONE) + PAGE;
	int i;

	CHECK_OK(mprotect(p, 64 * PAGE, PROT_READ | PROT_WRITE));
	for (i = 0; i < 64; i++)
		CHECK_EQ(0, p[i * PAGE]);
	CHECK_EQ(0, smaps_number(p, "Anonymous"));
	ckpt_here();
	CHECK_EQ(0, smaps_number(p, "Anonymous"));
	for (i = 0; i < 64; i++)
		CHECK_EQ(0, p[i * PAGE]);
	return 0;
}

/* Written pages may become holes when they are all zero, not the others. */
CKPT_TEST(vma, written_pages_that_are_empty)
{
	char *p = map_anon(64 * PAGE, PROT_READ | PROT_WRITE);
	int i;

	memset(p, 0, 64 * PAGE);
	p[10 * PAGE + PAGE - 1] = 1;
	ckpt_here();
	for (i = 0; i < 64 * PAGE; i++)
		CHECK_EQ(i == 11 * PAGE - 1, p[i]);
	return 0;
}

CKPT_TEST(vma, many_flags_beside_each_other)
{
	static const int advice[] = {
		MADV_DONTFORK, MADV_DONTDUMP, MADV_WIPEONFORK, MADV_RANDOM,
		MADV_SEQUENTIAL,
	};
	char *p = map_anon(500 * PAGE, PROT_READ | PROT_WRITE);
	int i;

	pattern_fill(p, 500 * PAGE, 9);
	for (i = 0; i < 500; i += 2)
		CHECK_OK(madvise(p + i * PAGE, PAGE, advice[i / 2 % 5]));
	ckpt_here();
	CHECK(!pattern_check(p, 500 * PAGE, 9));
	return 0;
}

TEST_HARNESS_MAIN
