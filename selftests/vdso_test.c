// SPDX-License-Identifier: GPL-2.0
/*
 * A vDSO that is not as exec() has mapped it
 *
 * A restart maps it as a whole, with its data, and with the usual protection.
 * What is another is refused. On User-Mode Linux it is one page, and has no data.
 */
#include "refusal.h"

#include <time.h>

#ifndef __NR_mseal
#define __NR_mseal	462
#endif

CKPT_SUITE(vdso);

#define REFUSED(name, pattern)	CKPT_REFUSED(vdso, name, pattern)

struct range {
	char *start;
	size_t len;
};

/* The mapping of this name; without a start if there is none */
static struct range find(const char *name)
{
	FILE *f = fopen("/proc/self/maps", "re");
	struct range found = {};
	unsigned long start, end;
	char line[512];

	while (f && !found.start && fgets(line, sizeof(line), f)) {
		if (!strstr(line, name) || sscanf(line, "%lx-%lx ", &start, &end) != 2)
			continue;
		found.start = (char *)start;
		found.len = end - start;
	}
	if (f)
		fclose(f);
	return found;
}

#define NEED_MAPPING(range, name) do {					\
	range = find(name);						\
	if (!range.start)						\
		return ckpt_skip("there is no " name);			\
} while (0)

/* The part of its data that only guests of KVM and Hyper-V read, and these not always */
#define CLOCKS		"[vvar_vclock]"

#define USUAL		(PROT_READ | PROT_EXEC)

static int clock_works(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t);
}

/* ---- Protection ---- */

REFUSED(that_may_be_written_to, "the vDSO with another protection")
{
	struct range vdso;

	NEED_MAPPING(vdso, "[vdso]");
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL | PROT_WRITE));
	ckpt_here();
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL));
	return clock_works();
}

CKPT_BODY(usual_again)
{
	struct range vdso;

	NEED_MAPPING(vdso, "[vdso]");
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL | PROT_WRITE));
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL));
	ckpt_here();
	return clock_works();
}

/*
 * It was nothing but the protection. That it counts as memory that can be asked
 * for stays with a mapping, and does not come back: the oracle would see that.
 */
CKPT_TEST_F(vdso, whose_protection_is_again_as_it_was)
{
	struct app *app = &self->app;
	int ret = app_capture(app, "usual_again");

	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	if (app_plain())
		app_thaw(app);
	ASSERT_EQ(0, app_finish(app));
}

/* With 32 bits there is no other way into the kernel for the C library. */
#ifndef __i386__
REFUSED(that_cannot_be_executed, "the vDSO with another protection")
{
	struct range vdso;

	NEED_MAPPING(vdso, "[vdso]");
	CHECK_OK(mprotect(vdso.start, vdso.len, PROT_READ));
	ckpt_here();
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL));
	return clock_works();
}
#endif

REFUSED(whose_data_cannot_be_read, "the vDSO with another protection")
{
	struct range clocks;

	NEED_MAPPING(clocks, CLOCKS);
	CHECK_OK(mprotect(clocks.start, clocks.len, PROT_NONE));
	ckpt_here();
	CHECK_OK(mprotect(clocks.start, clocks.len, PROT_READ));
	return clock_works();
}

REFUSED(that_is_sealed, "the vDSO with another protection, or sealed")
{
	struct range vdso;

	NEED_MAPPING(vdso, "[vdso]");
	NEED(syscall(__NR_mseal, vdso.start, vdso.len, 0));
	ckpt_here();
	CHECK(mprotect(vdso.start, vdso.len, PROT_READ) < 0 && errno == EPERM);
	return clock_works();
}

/* As a debugger does it: the byte is the same, but the page is a copy. */
REFUSED(that_was_written_to, "the vDSO is modified")
{
	struct range vdso;
	volatile char *byte;

	NEED_MAPPING(vdso, "[vdso]");
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL | PROT_WRITE));
	byte = vdso.start;
	*byte = *byte;
	CHECK_OK(mprotect(vdso.start, vdso.len, USUAL));
	ckpt_here();
	return clock_works();
}

/* ---- Not all of it: the kernel unmaps or moves each mapping as a whole only ---- */

#define NOT_WHOLE	"vDSO: is not there as a whole"

REFUSED(without_some_of_its_data, NOT_WHOLE)
{
	struct range clocks;

	NEED_MAPPING(clocks, CLOCKS);
	CHECK_OK(munmap(clocks.start, clocks.len));
	ckpt_here();
	CHECK(!find(CLOCKS).start);
	return clock_works();
}

#ifndef __i386__
/* What has no data is carried as it is. */
static void whole_or_refused(struct __test_metadata *_metadata, struct app *app,
			     const char *body)
{
	if (find("[vvar").start)
		refused(_metadata, app, body, NOT_WHOLE);
	else
		ckpt_roundtrip(_metadata, app, body, 1);
}

static void unmap(const char *name)
{
	struct range range = find(name);

	if (range.start)
		munmap(range.start, range.len);
}

CKPT_BODY(gone)
{
	struct range vdso;

	NEED_MAPPING(vdso, "[vdso]");
	CHECK_OK(munmap(vdso.start, vdso.len));
	unmap("[vvar]");
	unmap(CLOCKS);
	ckpt_here();
	CHECK(!find("[vdso]").start);
	CHECK(!find("[vvar").start);
	return 0;
}

/* Where programs begin with one there is none afterwards, either. */
CKPT_TEST_F(vdso, that_is_gone)
{
	whole_or_refused(_metadata, &self->app, "gone");
}

/* The same number of pages that are free, with as many behind them */
static char *room_for(size_t len)
{
	char *p = mmap(NULL, 2 * len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || munmap(p, 2 * len) ? NULL : p;
}

static int move(const struct range *range, char *to)
{
	return mremap(range->start, range->len, range->len,
		      MREMAP_MAYMOVE | MREMAP_FIXED, to) == to ? 0 : -1;
}

CKPT_BODY(away)
{
	struct range vdso, now;

	NEED_MAPPING(vdso, "[vdso]");
	now.start = room_for(vdso.len);
	now.len = vdso.len;
	CHECK(now.start);
	CHECK_OK(move(&vdso, now.start));
	ckpt_here();
	CHECK(find("[vdso]").start == now.start);
	CHECK(!memcmp(now.start, "\177ELF", 4));
	CHECK_OK(move(&now, vdso.start));
	return clock_works();
}

CKPT_TEST_F(vdso, that_is_away_from_its_data)
{
	whole_or_refused(_metadata, &self->app, "away");
}

static int move_by(const char *name, long distance)
{
	struct range range = find(name);

	return move(&range, range.start + distance);
}

/* As tools do that put a program into the memory of another */
CKPT_TEST(vdso, that_was_moved_with_its_data)
{
	struct range vdso, data;
	long distance;
	char *room;

	NEED_MAPPING(data, "[vvar]");
	NEED_MAPPING(vdso, "[vdso]");
	room = room_for(vdso.start + vdso.len - data.start);
	CHECK(room);
	distance = room - data.start;
	CHECK_OK(move_by("[vvar]", distance));
	CHECK_OK(move_by(CLOCKS, distance));
	CHECK_OK(move_by("[vdso]", distance));
	ckpt_here();
	CHECK(find("[vvar]").start == room);
	CHECK(find("[vdso]").start == vdso.start + distance);
	CHECK_OK(move_by("[vvar]", -distance));
	CHECK_OK(move_by(CLOCKS, -distance));
	CHECK_OK(move_by("[vdso]", -distance));
	return clock_works();
}
#endif

TEST_HARNESS_MAIN
