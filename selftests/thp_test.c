// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages of anonymous memory stay huge, and their content is what it was,
 * whatever has been cut out of them
 */
#include "test.h"

#include <setjmp.h>

#include "proc.h"

CKPT_SUITE(thp);

#define PAGE		4096UL
#define NR		4		/* huge pages of a mapping */

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define SETTINGS	"/sys/kernel/mm/transparent_hugepage/"

static size_t huge;			/* bytes of a huge page, once known */

/* NULL, or why there are none. */
static const char *without_huge_pages(void)
{
	static char text[256];

	if (read_file(SETTINGS "hpage_pmd_size", text, sizeof(text)) <= 0)
		return "no " SETTINGS "hpage_pmd_size";
	huge = strtoul(text, NULL, 10);
	if (read_file(SETTINGS "enabled", text, sizeof(text)) <= 0)
		return "no " SETTINGS "enabled";
	if (strstr(text, "[never]"))
		return SETTINGS "enabled is \"never\"";
	return NULL;
}

#define NEED_HUGE_PAGES()						\
do {									\
	const char *__why = without_huge_pages();			\
									\
	if (__why)							\
		return ckpt_skip("%s", __why);				\
} while (0)

/*
 * Aligned memory for @nr huge pages, with nothing beside it that it could be
 * merged with.
 */
static char *map_aligned(size_t nr)
{
	char *p = mmap(NULL, (nr + 2) * huge, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p += huge - (uintptr_t)p % huge;
	return mprotect(p, nr * huge, PROT_READ | PROT_WRITE) ? NULL : p;
}

static size_t huge_kb(const char *p)
{
	return smaps_number(p, "AnonHugePages");
}

/* Huge pages with content, or NULL. */
static char *huge_pages(size_t nr, uint64_t seed)
{
	char *p = map_aligned(nr);

	if (!p || madvise(p, nr * huge, MADV_HUGEPAGE))
		return NULL;
	pattern_fill(p, nr * huge, seed);
	return p;
}

/* The machine's memory may be in too small pieces for any. */
#define NEED_HUGE(p, nr)						\
do {									\
	CHECK(p);							\
	if (huge_kb(p) != (nr) * huge / 1024)				\
		return ckpt_skip("%zu of %zu kB are huge",		\
				 huge_kb(p), (nr) * huge / 1024);	\
} while (0)

/* NR of them, with the first pattern */
#define MAP_HUGE(p)							\
do {									\
	NEED_HUGE_PAGES();						\
	p = huge_pages(NR, 1);						\
	NEED_HUGE(p, NR);						\
} while (0)

static sigjmp_buf after_fault;
static void on_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

/* Whether a byte can be read, or written to what it is. */
static int accessible(volatile char *byte, int write)
{
	volatile int ret = 0;

	signal(SIGSEGV, on_fault);
	if (!sigsetjmp(after_fault, 1)) {
		char c = *byte;

		if (write)
			*byte = c;
		ret = 1;
	}
	signal(SIGSEGV, SIG_DFL);
	return ret;
}

/* The pattern of a mapping, from some byte of it on. */
static int part_check(const char *p, size_t from, size_t to, uint64_t seed)
{
	static char *whole;
	static uint64_t of;

	if (!whole || of != seed) {
		whole = whole ?: malloc(NR * huge);
		CHECK(whole);
		pattern_fill(whole, NR * huge, seed);
		of = seed;
	}
	if (!memcmp(p + from, whole + from, to - from))
		return 0;
	ckpt_note("bytes %#zx to %#zx differ", from, to);
	return -1;
}

/* ---- One process ---- */

CKPT_TEST(thp, huge_pages_stay_huge)
{
	char *p;

	MAP_HUGE(p);
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(p));
	CHECK_EQ(NR * huge / 1024, smaps_number(p, "Rss"));
	CHECK(!pattern_check(p, NR * huge, 1));
	return 0;
}

static bool all_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* All but the last byte of one are zero, too. */
CKPT_TEST(thp, huge_pages_of_zeros)
{
	char *p;

	NEED_HUGE_PAGES();
	p = huge_pages(NR, 1);
	memset(p, 0, (NR - 1) * huge);
	p[(NR - 1) * huge - 1] = 1;
	NEED_HUGE(p, NR);
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(p));
	CHECK_EQ(NR * huge / 1024, smaps_number(p, "Rss"));
	CHECK(all_zero(p, (NR - 1) * huge - 1));
	CHECK_EQ(1, p[(NR - 1) * huge - 1]);
	CHECK(!part_check(p, (NR - 1) * huge, NR * huge, 1));
	return 0;
}

/* They can be written, split, shared, moved and given back as any others. */
CKPT_TEST(thp, they_are_of_use_afterwards)
{
	char *p, *to;
	pid_t pid;

	MAP_HUGE(p);
	to = map_aligned(NR);
	CHECK(to);
	ckpt_here();
	SPAWN(pid, ({
		int bad = pattern_check(p, NR * huge, 1);

		pattern_fill(p, NR * huge, 2);
		bad || pattern_check(p, NR * huge, 2);
	}));
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(!pattern_check(p, NR * huge, 1));
	/* Split by a hole, by another protection, by a part that is dropped */
	CHECK_OK(munmap(p + PAGE, PAGE));
	CHECK_OK(mprotect(p + huge + PAGE, PAGE, PROT_READ));
	CHECK_OK(madvise(p + 2 * huge + PAGE, PAGE, MADV_DONTNEED));
	CHECK(!part_check(p, 2 * PAGE, 2 * huge + PAGE, 1));
	CHECK(!part_check(p, 2 * huge + 2 * PAGE, NR * huge, 1));
	CHECK_EQ(0, p[2 * huge + PAGE]);
	CHECK(mremap(p + 3 * huge, huge, huge, MREMAP_MAYMOVE | MREMAP_FIXED,
		     to + 3 * huge) == to + 3 * huge);
	CHECK(!part_check(to, 3 * huge, 4 * huge, 1));
	CHECK_OK(munmap(p, 3 * huge));
	CHECK_OK(munmap(to, NR * huge));
	return 0;
}

CKPT_TEST(thp, small_pages_stay_small)
{
	char *p;

	NEED_HUGE_PAGES();
	p = map_aligned(NR);
	CHECK(p);
	CHECK_OK(madvise(p, NR * huge, MADV_NOHUGEPAGE));
	pattern_fill(p, NR * huge, 1);
	CHECK_EQ(0, huge_kb(p));
	ckpt_here();
	CHECK_EQ(0, huge_kb(p));
	CHECK(smaps_flag(p, "nh"));
	CHECK(!pattern_check(p, NR * huge, 1));
	return 0;
}

/* With it at 0 khugepaged fills no holes, which it may do at any time. */
#define HOLES	SETTINGS "khugepaged/max_ptes_none"

static void with_holes(struct __test_metadata *_metadata, struct app *app, const char *body)
{
	char was[16] = "";

	if (read_file(HOLES, was, sizeof(was)) > 0)
		ASSERT_EQ(0, write_file(HOLES, "0"));
	ckpt_roundtrip(_metadata, app, body, 1);
	if (*was)
		write_file(HOLES, was);
}

CKPT_TEST_F(thp, sparse_memory_does_not_grow)
{
	with_holes(_metadata, &self->app, "thp_sparse");
}

/* Where nothing was touched, and around single small pages, nothing is there. */
CKPT_BODY(thp_sparse)
{
	char *p;
	int i;

	NEED_HUGE_PAGES();
	p = map_aligned(NR);
	CHECK(p);
	CHECK_OK(madvise(p, NR * huge, MADV_NOHUGEPAGE));
	for (i = 0; i < NR; i++)
		pattern_fill(p + i * huge + PAGE, PAGE, i);
	/* From now on any fault would get a huge page. */
	CHECK_OK(madvise(p, NR * huge, MADV_HUGEPAGE));
	CHECK_EQ(NR, pages_present(p, NR * huge));
	ckpt_here();
	CHECK_EQ(NR, pages_present(p, NR * huge));
	CHECK_EQ(0, huge_kb(p));
	for (i = 0; i < NR; i++)
		CHECK(!pattern_check(p + i * huge + PAGE, PAGE, i));
	return 0;
}

/* Advised otherwise since: whatever they become, their content stays. */
CKPT_TEST(thp, huge_pages_that_are_no_longer_wanted)
{
	char *p;

	MAP_HUGE(p);
	CHECK_OK(madvise(p, NR * huge, MADV_NOHUGEPAGE));
	ckpt_here();
	CHECK(!pattern_check(p, NR * huge, 1));
	CHECK(smaps_flag(p, "nh"));
	return 0;
}

/* The mapping begins and ends in the middle of a huge page's place. */
CKPT_TEST(thp, mapping_that_is_not_aligned)
{
	size_t first = 3 * PAGE, len;
	char *p;

	NEED_HUGE_PAGES();
	p = map_aligned(NR);
	CHECK(p);
	len = NR * huge - first - 5 * PAGE;
	CHECK_OK(mprotect(p, first, PROT_NONE));
	CHECK_OK(mprotect(p + first + len, 5 * PAGE, PROT_NONE));
	CHECK_OK(madvise(p + first, len, MADV_HUGEPAGE));
	pattern_fill(p + first, len, 1);
	NEED_HUGE(p + first, NR - 2);
	ckpt_here();
	CHECK_EQ((NR - 2) * huge / 1024, huge_kb(p + first));
	CHECK_EQ(len / 1024, smaps_number(p + first, "Rss"));
	CHECK(!pattern_check(p + first, len, 1));
	CHECK(!accessible(p + first - 1, 0));
	CHECK(!accessible(p + first + len, 0));
	return 0;
}

CKPT_TEST(thp, read_only_huge_pages)
{
	char *p;

	MAP_HUGE(p);
	CHECK_OK(mprotect(p, NR * huge, PROT_READ));
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(p));
	CHECK(!pattern_check(p, NR * huge, 1));
	CHECK(!accessible(p + huge, 1));
	CHECK_OK(mprotect(p, NR * huge, PROT_READ | PROT_WRITE));
	CHECK(accessible(p + huge, 1));
	CHECK(!pattern_check(p, NR * huge, 1));
	return 0;
}

CKPT_TEST(thp, huge_pages_that_nobody_can_access)
{
	char *p;

	MAP_HUGE(p);
	CHECK_OK(mprotect(p, NR * huge, PROT_NONE));
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(p));
	CHECK(!accessible(p, 0));
	CHECK_OK(mprotect(p, NR * huge, PROT_READ));
	CHECK(!pattern_check(p, NR * huge, 1));
	return 0;
}

/* 32-bit kernels shift what smaps says of it out of the word. */
CKPT_TEST(thp, locked_huge_pages)
{
	char *p;

	MAP_HUGE(p);
	NEED(mlock(p, NR * huge));
	CHECK_EQ(NR * huge / PAGE, pages_locked(p, NR * huge));
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(p));
	CHECK_EQ(NR * huge / PAGE, pages_locked(p, NR * huge));
	CHECK(!pattern_check(p, NR * huge, 1));
	CHECK_OK(munlock(p, NR * huge));
	return 0;
}

/* mremap() takes them along as they are, to another place in the file order. */
CKPT_TEST(thp, moved_huge_pages)
{
	char *p, *to;

	MAP_HUGE(p);
	to = map_aligned(NR);
	CHECK(to);
	CHECK(mremap(p, NR * huge, NR * huge, MREMAP_MAYMOVE | MREMAP_FIXED,
		     to) == to);
	NEED_HUGE(to, NR);
	ckpt_here();
	CHECK_EQ(NR * huge / 1024, huge_kb(to));
	CHECK(!pattern_check(to, NR * huge, 1));
	CHECK(!accessible(p, 0));
	return 0;
}

/* What was read only is no page of its own, and stays none. */
CKPT_TEST(thp, huge_zero_page)
{
	volatile char *p;
	long present;

	NEED_HUGE_PAGES();
	p = map_aligned(NR);
	CHECK(p);
	CHECK_OK(madvise((char *)p, NR * huge, MADV_HUGEPAGE));
	CHECK_EQ(0, p[huge / 2]);
	CHECK_EQ(0, p[3 * huge / 2]);
	if (huge_kb((char *)p))
		return ckpt_skip("there is no huge zero page");
	ckpt_here();
	CHECK_EQ(0, huge_kb((char *)p));
	present = smaps_number((char *)p, "Anonymous");
	CHECK_EQ(0, present);
	CHECK_EQ(0, p[huge / 2]);
	p[huge] = 1;
	CHECK_EQ(1, p[huge]);
	CHECK_EQ(0, p[huge / 2]);
	return 0;
}

/* ---- Of the second of NR, something is cut out ---- */

#define CUT		(huge + 16 * PAGE)
#define CUT_LEN		(3 * PAGE)

/* The cut has made mappings of their own of what is before and behind it. */
static int all_but_the_second_are_huge(const char *p)
{
	CHECK_EQ(huge / 1024, huge_kb(p));
	CHECK_EQ(2 * huge / 1024, huge_kb(p + 3 * huge));
	return 0;
}

/* All but the cut has its content. */
static int check_around(const char *p)
{
	CHECK(!part_check(p, 0, CUT, 1));
	CHECK(!part_check(p, CUT + CUT_LEN, NR * huge, 1));
	return 0;
}

CKPT_TEST(thp, partly_unmapped)
{
	char *p;

	MAP_HUGE(p);
	CHECK_OK(munmap(p + CUT, CUT_LEN));
	CHECK(!all_but_the_second_are_huge(p));
	ckpt_here();
	CHECK(!all_but_the_second_are_huge(p));
	CHECK(!accessible(p + CUT, 0));
	CHECK(!accessible(p + CUT + CUT_LEN - 1, 0));
	return check_around(p);
}

CKPT_TEST(thp, partly_protected)
{
	char *p;

	MAP_HUGE(p);
	CHECK_OK(mprotect(p + CUT, CUT_LEN, PROT_READ));
	ckpt_here();
	CHECK(!all_but_the_second_are_huge(p));
	CHECK(!accessible(p + CUT, 1));
	CHECK(accessible(p + CUT - 1, 1));
	CHECK(accessible(p + CUT + CUT_LEN, 1));
	CHECK(!pattern_check(p, NR * huge, 1));
	return 0;
}

CKPT_TEST_F(thp, partly_given_back)
{
	with_holes(_metadata, &self->app, "thp_partly_given_back");
}

/* One mapping still, which has a hole. */
CKPT_BODY(thp_partly_given_back)
{
	char *p;
	size_t i;

	MAP_HUGE(p);
	CHECK_OK(madvise(p + CUT, CUT_LEN, MADV_DONTNEED));
	CHECK_EQ((NR - 1) * huge / 1024, huge_kb(p));
	CHECK_EQ(0, pages_present(p + CUT, CUT_LEN));
	ckpt_here();
	CHECK_EQ((NR - 1) * huge / 1024, huge_kb(p));
	CHECK_EQ(0, pages_present(p + CUT, CUT_LEN));
	CHECK(!check_around(p));
	for (i = 0; i < CUT_LEN; i += PAGE)
		CHECK_EQ(0, p[CUT + i]);
	return 0;
}

CKPT_TEST(thp, guard_in_the_middle)
{
	char *p;

	MAP_HUGE(p);
	NEED(madvise(p + CUT, CUT_LEN, MADV_GUARD_INSTALL));
	CHECK(!accessible(p + CUT, 0));
	ckpt_here();
	CHECK_EQ((NR - 1) * huge / 1024, huge_kb(p));
	CHECK(!accessible(p + CUT, 0));
	CHECK(!accessible(p + CUT + CUT_LEN - 1, 0));
	CHECK(accessible(p + CUT - 1, 1));
	CHECK(accessible(p + CUT + CUT_LEN, 1));
	return check_around(p);
}

/* ---- Shared copy-on-write ---- */

#define SIZE	(NR * huge)

static int near_kb(long expected, long seen)
{
	if (seen >= expected - 16 && seen <= expected + 16)
		return 1;
	ckpt_note("%ld kB instead of about %ld", seen, expected);
	return 0;
}

/* Each of @users has the whole, as huge pages, and nobody a copy. */
static int is_shared(const char *p, int users)
{
	CHECK_EQ(SIZE / 1024, huge_kb(p));
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	CHECK(near_kb(SIZE / 1024 / users, smaps_number(p, "Pss")));
	return 0;
}

static int sharing_child(const char *name, const char *p, int users)
{
	char checked[32];

	ckpt_announce(name, "go.0");
	CHECK(!is_shared(p, users));
	CHECK(!pattern_check(p, SIZE, 1));
	snprintf(checked, sizeof(checked), "%s.checked", name);
	ckpt_announce(checked, "end");
	/* The others' writing is not seen. */
	CHECK(!pattern_check(p, SIZE, 1));
	return 0;
}

static int fork_one(pid_t *pid, const char *name, const char *p, int users)
{
	SPAWN(*pid, sharing_child(name, p, users));
	ckpt_wait_for(name);
	return 0;
}

CKPT_TEST(thp, shared_again_after_a_fork)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	CHECK(!fork_one(&pid, "child", p, 2));
	CHECK(!is_shared(p, 2));
	ckpt_here();
	CHECK(!is_shared(p, 2));
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_wait_for("child.checked");
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int child_with_zeros(const char *p)
{
	ckpt_announce("child", "end");
	CHECK(!is_shared(p, 2));
	CHECK(all_zero(p, SIZE));
	return 0;
}

CKPT_TEST(thp, zeros_are_shared_again)
{
	pid_t pid;
	char *p;

	NEED_HUGE_PAGES();
	p = huge_pages(NR, 1);
	memset(p, 0, SIZE);
	NEED_HUGE(p, NR);
	SPAWN(pid, child_with_zeros(p));
	ckpt_wait_for("child");
	CHECK(!is_shared(p, 2));
	ckpt_here();
	CHECK(!is_shared(p, 2));
	CHECK(all_zero(p, SIZE));
	ckpt_set("end");
	return ckpt_reap(pid);
}

CKPT_TEST(thp, shared_again_by_three_generations)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	SPAWN(pid, ({
		pid_t below;

		fork_one(&below, "below", p, 3) ||
			sharing_child("above", p, 3) || ckpt_reap(below);
	}));
	ckpt_wait_for("above");
	ckpt_here();
	ckpt_wait_for("below.checked");
	ckpt_wait_for("above.checked");
	CHECK(!is_shared(p, 3));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Two children have it, but no longer their parent. */
CKPT_TEST(thp, parent_has_unmapped_it)
{
	pid_t a, b;
	char *p;

	MAP_HUGE(p);
	CHECK(!fork_one(&a, "a", p, 2));
	CHECK(!fork_one(&b, "b", p, 2));
	CHECK_OK(munmap(p, SIZE));
	ckpt_here();
	ckpt_wait_for("a.checked");
	ckpt_wait_for("b.checked");
	ckpt_set("end");
	return ckpt_reap(a) || ckpt_reap(b);
}

/* One byte of the first, and all of the second, which are no longer shared */
static int write_own(char *p)
{
	p[0] ^= 1;
	pattern_fill(p + huge, huge, 2);
	CHECK_EQ(SIZE / PAGE - 1 - huge / PAGE, pages_shared(p, SIZE));
	return 0;
}

/* What is not the writer's own is as it was. */
static int check_own(char *p)
{
	p[0] ^= 1;
	CHECK(!part_check(p, 0, huge, 1));
	CHECK(!pattern_check(p + huge, huge, 2));
	CHECK(!part_check(p, 2 * huge, SIZE, 1));
	return 0;
}

/* After the restart, a write is the writer's own affair. */
CKPT_TEST(thp, parent_writes_after_the_restart)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	CHECK(!fork_one(&pid, "child", p, 2));
	ckpt_here();
	ckpt_wait_for("child.checked");
	CHECK(!write_own(p));
	CHECK(!check_own(p));
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int writing_child(char *p)
{
	ckpt_announce("child", "go.0");
	CHECK(!is_shared(p, 2));
	CHECK(!write_own(p));
	ckpt_announce("child.written", "end");
	CHECK(!check_own(p));
	return 0;
}

CKPT_TEST(thp, child_writes_after_the_restart)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	SPAWN(pid, writing_child(p));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("child.written");
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* One page in the second of them was written before, and only that. */
static int check_written(const char *p)
{
	CHECK(!part_check(p, 0, CUT, 1));
	CHECK(!pattern_check(p + CUT, PAGE, 2));
	CHECK(!part_check(p, CUT + PAGE, SIZE, 1));
	return 0;
}

static int child_that_has_written(char *p)
{
	pattern_fill(p + CUT, PAGE, 2);
	ckpt_announce("child", "go.0");
	CHECK_EQ(SIZE / PAGE - 1, pages_shared(p, SIZE));
	CHECK(!check_written(p));
	ckpt_announce("child.checked", "end");
	return 0;
}

/* For one of them it is in pieces, for the other one it is not. */
CKPT_TEST(thp, child_has_written_before)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	SPAWN(pid, child_that_has_written(p));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_wait_for("child.checked");
	CHECK(pages_shared(p, SIZE) >= (long)(SIZE / PAGE - huge / PAGE));
	ckpt_set("end");
	return ckpt_reap(pid);
}

CKPT_TEST(thp, parent_has_written_before)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	SPAWN(pid, ({
		ckpt_announce("child", "go.0");
		pattern_check(p, SIZE, 1);
	}));
	ckpt_wait_for("child");
	pattern_fill(p + CUT, PAGE, 2);
	ckpt_here();
	CHECK(!check_written(p));
	return ckpt_reap(pid);
}

/* ---- In the image ---- */

CKPT_BODY(thp_family)
{
	pid_t pid;
	char *p;

	MAP_HUGE(p);
	SPAWN(pid, (ckpt_announce("child", "go.0"), pattern_check(p, SIZE, 1)));
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_BODY(thp_single)
{
	char *p;

	MAP_HUGE(p);
	ckpt_here();
	return 0;
}

CKPT_BODY(thp_zero)
{
	volatile char *p;
	size_t i;

	NEED_HUGE_PAGES();
	p = map_aligned(NR);
	CHECK(p);
	CHECK_OK(madvise((char *)p, SIZE, MADV_HUGEPAGE));
	for (i = 0; i < NR; i++)
		CHECK_EQ(0, p[i * huge]);
	if (huge_kb((char *)p))
		return ckpt_skip("there is no huge zero page");
	ckpt_here();
	return 0;
}

/* Its bytes, or 0 if it was skipped. */
static off_t image_size(struct __test_metadata *_metadata, struct app *test,
			const char *body)
{
	struct app app;
	struct stat st = { 0 };
	int ret;

	ASSERT_EQ(0, app_init(&app, FREEZER_V2));
	ret = app_capture(&app, body);
	if (ret == APP_SKIPPED) {
		strcpy(test->reason, app.reason);
	} else {
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, fstat(app.image, &st));
	}
	app_cleanup(&app);
	return st.st_size;
}

CKPT_TEST_F(thp, the_image_has_them_once)
{
	off_t single, family, zero, all;

	if (app_plain())
		SKIP(return, "there is no image");
	single = image_size(_metadata, &self->app, "thp_single");
	family = image_size(_metadata, &self->app, "thp_family");
	zero = image_size(_metadata, &self->app, "thp_zero");
	if (!single || !family || !zero)
		SKIP(return, "%s", self->app.reason);
	without_huge_pages();
	all = NR * huge;
	EXPECT_LT(all, single);
	EXPECT_LT(zero, single - all + all / 4);
	/* Both have some small pages of their own, too. */
	EXPECT_LT(family, single + all / 2) {
		TH_LOG("%ld bytes for one, %ld for two", (long)single, (long)family);
	}
}

TEST_HARNESS_MAIN
