// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that fork() has left shared until somebody writes: saved once, and
 * shared again after the restart
 */
#include "test.h"

#include "proc.h"

CKPT_SUITE(cow);

#define PAGE	4096UL
#define MB	(1UL << 20)
#define SIZE	(8 * MB)
#define HUGE	(2 * MB)

/*
 * Huge pages fit into it, as they do anyway where there are addresses enough.
 * Where one is in part shared the kernel might make it private in the
 * background.
 */
static char *map_anon(size_t len)
{
	char *p = mmap(NULL, len + HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = -(uintptr_t)p % HUGE;

	if (p == MAP_FAILED)
		return NULL;
	if (before)
		munmap(p, before);
	munmap(p + before + len, HUGE - before);
	return p + before;
}

/*
 * The mapping's share of what it uses, in kB: of pages that n have, one nth.
 * Huge pages are let alone, as they are counted in one piece.
 */
static long share(const char *p)
{
	return smaps_number(p, "Pss");
}

static int near_kb(long expected, long seen)
{
	if (seen >= expected - expected / 16 - 16 && seen <= expected + expected / 16 + 16)
		return 1;
	ckpt_note("%ld kB instead of about %ld", seen, expected);
	return 0;
}

static int quiet_child(const char *flag, const char *p, uint64_t seed)
{
	ckpt_announce(flag, "go.0");
	CHECK(!pattern_check(p, SIZE, seed));
	ckpt_announce("done", "end");
	return 0;
}

static int fork_three(pid_t *pid, const char *p)
{
	char name[8];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		SPAWN(pid[i], quiet_child(name, p, 1));
		ckpt_wait_for(name);
	}
	return 0;
}

static int end_three(pid_t *pid)
{
	int i;

	ckpt_set("end");
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

CKPT_TEST(cow, pages_are_shared_again)
{
	char *p = map_anon(SIZE);
	pid_t pid[3];

	pattern_fill(p, SIZE, 1);
	CHECK(!fork_three(pid, p));
	CHECK(near_kb(SIZE / 1024 / 4, share(p)));
	ckpt_here();
	CHECK(near_kb(SIZE / 1024 / 4, share(p)));
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	CHECK(!pattern_check(p, SIZE, 1));
	return end_three(pid);
}

static int zeros_child(const char *flag, const char *p)
{
	ckpt_announce(flag, "end");
	CHECK(!p[0] && !memcmp(p, p + 1, SIZE - 1));
	return 0;
}

CKPT_TEST(cow, zeros_are_shared_again)
{
	char *p = map_anon(SIZE);
	pid_t pid[3];
	int i;

	memset(p, 0, SIZE);
	for (i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "z%d", i);
		SPAWN(pid[i], zeros_child(name, p));
		ckpt_wait_for(name);
	}
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	ckpt_here();
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	CHECK(near_kb(SIZE / 1024 / 4, share(p)));
	return end_three(pid);
}

CKPT_BODY(cow_family)
{
	char *p = map_anon(SIZE);
	pid_t pid[3];

	pattern_fill(p, SIZE, 1);
	CHECK(!fork_three(pid, p));
	ckpt_here();
	return end_three(pid);
}

CKPT_BODY(cow_single)
{
	char *p = map_anon(SIZE);

	pattern_fill(p, SIZE, 1);
	ckpt_here();
	return 0;
}

static off_t image_size(struct __test_metadata *_metadata, const char *body)
{
	struct app app;
	struct stat st = { 0 };

	ASSERT_EQ(0, app_init(&app, FREEZER_V2));
	ASSERT_EQ(0, app_capture(&app, body));
	ASSERT_EQ(0, fstat(app.image, &st));
	app_cleanup(&app);
	return st.st_size;
}

CKPT_TEST_F(cow, pages_are_saved_once)
{
	off_t single, family;

	if (app_plain())
		SKIP(return, "there is no image");
	single = image_size(_metadata, "cow_single");
	family = image_size(_metadata, "cow_family");
	EXPECT_LT(SIZE, single);
	/* Four have the memory; each has some pages of its own, too. */
	EXPECT_LT(family, single + SIZE) {
		TH_LOG("%ld bytes for one, %ld for four", (long)single, (long)family);
	}
}

/* After the restart whoever writes gets pages of his own. */
CKPT_TEST(cow, writing_parts_them_again)
{
	char *p = map_anon(SIZE);
	pid_t pid[3];

	pattern_fill(p, SIZE, 1);
	CHECK(!fork_three(pid, p));
	ckpt_here();
	pattern_fill(p, SIZE / 2, 2);
	CHECK(!pattern_check(p, SIZE / 2, 2));
	CHECK(near_kb(SIZE / 1024 / 2 + SIZE / 1024 / 2 / 4, share(p)));
	/* The children check that theirs is as it was. */
	return end_three(pid);
}

static int writer(char *p)
{
	pattern_fill(p, SIZE / 4, 2);
	ckpt_announce("writer", "go.0");
	CHECK(!pattern_check(p, SIZE / 4, 2));
	CHECK(near_kb(SIZE / 1024 / 4 + SIZE / 1024 * 3 / 4 / 2, share(p)));
	ckpt_announce("checked", "end");
	return 0;
}

CKPT_TEST(cow, some_pages_were_written)
{
	char *p = map_anon(SIZE);
	pid_t pid;

	pattern_fill(p, SIZE, 1);
	SPAWN(pid, writer(p));
	ckpt_wait_for("writer");
	ckpt_here();
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_wait_for("checked");
	CHECK(near_kb(SIZE / 1024 / 4 + SIZE / 1024 * 3 / 4 / 2, share(p)));
	CHECK_EQ(SIZE / PAGE * 3 / 4, pages_shared(p, SIZE));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/*
 * Each of @users has it, and nobody a copy; not looked at if it is 0. Of a huge page
 * that only one has, 32-bit kernels shift the share out of the word.
 */
static int checks_share(const char *flag, char *p, int users)
{
	char name[32];

	ckpt_announce(flag, "go.0");
	CHECK(!pattern_check(p, SIZE, 1));
	if (users == 1)
		CHECK_EQ(0, pages_shared(p, SIZE));
	else if (users)
		CHECK(near_kb(SIZE / 1024 / users, share(p)));
	snprintf(name, sizeof(name), "%s.checked", flag);
	ckpt_announce(name, "end");
	return 0;
}

/* The children share what their parent no longer has. */
CKPT_TEST(cow, parent_has_unmapped_it)
{
	char *p = map_anon(SIZE);
	pid_t a, b;

	pattern_fill(p, SIZE, 1);
	SPAWN(a, checks_share("a", p, 2));
	SPAWN(b, checks_share("b", p, 2));
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	munmap(p, SIZE);
	ckpt_here();
	ckpt_wait_for("a.checked");
	ckpt_wait_for("b.checked");
	ckpt_set("end");
	return ckpt_reap(a) || ckpt_reap(b);
}

CKPT_TEST(cow, grandchildren_share_it)
{
	char *p = map_anon(SIZE);
	pid_t pid;

	pattern_fill(p, SIZE, 1);
	SPAWN(pid, ({
		pid_t below;

		SPAWN(below, checks_share("below", p, 3));
		checks_share("above", p, 3) || ckpt_reap(below);
	}));
	ckpt_wait_for("below");
	ckpt_wait_for("above");
	ckpt_here();
	ckpt_wait_for("below.checked");
	ckpt_wait_for("above.checked");
	CHECK(near_kb(SIZE / 1024 / 3, share(p)));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Where only one has moved them, the pages need not be shared again. */
CKPT_TEST(cow, moved_and_protected_differently)
{
	char *p = map_anon(SIZE), *to = map_anon(SIZE);
	pid_t pid;

	pattern_fill(p, SIZE, 1);
	SPAWN(pid, ({
		char *q = mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

		mprotect(q, SIZE, PROT_READ);
		q != to || checks_share("moved", q, 0);
	}));
	ckpt_wait_for("moved");
	ckpt_here();
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_wait_for("moved.checked");
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	pattern_fill(p, SIZE, 3);
	CHECK(!pattern_check(p, SIZE, 3));
	return 0;
}

/* Pages of a private file mapping that were written before the fork. */
CKPT_TEST(cow, private_pages_of_a_file)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	pid_t pid;
	char *p;

	CHECK_OK(ftruncate(fd, SIZE));
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	pattern_fill(p, SIZE, 1);
	SPAWN(pid, checks_share("child", p, 2));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("child.checked");
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* A page that only one has does not become a shared one. */
CKPT_TEST(cow, private_pages_stay_private)
{
	char *p = map_anon(SIZE);
	pid_t pid;

	SPAWN(pid, (pattern_fill(p, SIZE, 1), checks_share("child", p, 1)));
	pattern_fill(p, SIZE, 1);	/* the same bytes, other pages */
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, pages_shared(p, SIZE));
	ckpt_wait_for("child.checked");
	ckpt_set("end");
	return ckpt_reap(pid);
}

TEST_HARNESS_MAIN
