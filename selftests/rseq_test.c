// SPDX-License-Identifier: GPL-2.0
/*
 * Restartable sequences: the registration, by the C library or one's own, and
 * critical sections that are aborted, as after any other interruption
 */
#include "test.h"

#include <stddef.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/time.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

CKPT_SUITE(rseq);
CKPT_SUITE_V1(rseq);

#ifndef RSEQ_SIG
#define RSEQ_SIG	0x53053053
#endif
#define OTHER_SIG	0x12345678
#define UNREGISTER	1
#define UNINITIALIZED	(-1U)

#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE	27
#endif

#ifndef PR_RSEQ_SLICE_EXTENSION
#define PR_RSEQ_SLICE_EXTENSION		79
#define PR_RSEQ_SLICE_EXTENSION_GET	1
#define PR_RSEQ_SLICE_EXTENSION_SET	2
#define PR_RSEQ_SLICE_EXT_ENABLE	1
#endif

/* As in linux/rseq.h, which may be older. */
struct area {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
	uint64_t cs;
	uint32_t flags;
	uint32_t node_id;
	uint32_t mm_cid;
	char more[228];
} __attribute__((aligned(256)));

#define FIRST_LEN	32U	/* of the first version */
#define LONG_LEN	((unsigned int)sizeof(struct area))

static struct area own;

static int rseq(volatile struct area *area, unsigned int len, int flags,
		uint32_t sig)
{
	return syscall(SYS_rseq, area, len, flags, sig);
}

static int errno_of(int ret)
{
	return ret < 0 ? errno : 0;
}

#define NEED_RSEQ()							\
do {									\
	if (errno_of(rseq(NULL, 0, 0, 0)) == ENOSYS)			\
		return ckpt_skip("no rseq(): %s", strerror(ENOSYS));	\
} while (0)

/* What the C library has registered, and its length; NULL if it has not. */
static struct area *library_area(unsigned int *len)
{
#if __has_include(<sys/rseq.h>)
	struct area *area;

	if (!__rseq_size)
		return NULL;
	area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	/* The registered length may be more than what is in use of it. */
	for (*len = 4; *len <= 4096; *len += 4)
		if (errno_of(rseq(area, *len, 0, RSEQ_SIG)) == EBUSY)
			return area;
#endif
	return NULL;
}

/* Makes way for our own. */
static int unregister_library(void)
{
	unsigned int len;
	struct area *area = library_area(&len);

	ckpt_rseq_area(&own);
	return area ? rseq(area, len, UNREGISTER, RSEQ_SIG) : 0;
}

/* The kernel knows it as what it is. */
static int is_registered(volatile struct area *area, unsigned int len,
			 uint32_t sig)
{
	CHECK_EQ(EBUSY, errno_of(rseq(area, len, 0, sig)));
	CHECK_EQ(EPERM, errno_of(rseq(area, len, 0, sig + 1)));
	CHECK_EQ(EINVAL, errno_of(rseq(area + 1, len, 0, sig)));
	CHECK_EQ(EINVAL, errno_of(rseq(area, len + 32, 0, sig)));
	return 0;
}

/* Each processor that it moves to can be read from memory. */
static int is_updated(volatile struct area *area)
{
	unsigned int cpu, now, node;
	cpu_set_t all, one;

	CHECK_OK(sched_getaffinity(0, sizeof(all), &all));
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
		CHECK_OK(syscall(SYS_getcpu, &now, &node, NULL));
		CHECK_EQ(cpu, now);
		CHECK_EQ(cpu, area->cpu_id);
		CHECK_EQ(cpu, area->cpu_id_start);
	}
	CHECK_OK(sched_setaffinity(0, sizeof(all), &all));
	return 0;
}

static int checks(volatile struct area *area, unsigned int len, uint32_t sig)
{
	CHECK(!is_registered(area, len, sig));
	return is_updated(area);
}

/* ---- Registrations ---- */

CKPT_TEST(rseq, registered_by_the_library)
{
	struct area *area;
	unsigned int len;

	NEED_RSEQ();
	area = library_area(&len);
	if (!area)
		return ckpt_skip("the C library has registered nothing");
	CHECK(!checks(area, len, RSEQ_SIG));
	ckpt_here();
	CHECK(!checks(area, len, RSEQ_SIG));
	CHECK_EQ(area->cpu_id, sched_getcpu());
	return 0;
}

static int own_registration(unsigned int len)
{
	NEED_RSEQ();
	CHECK_OK(unregister_library());
	NEED(rseq(&own, len, 0, OTHER_SIG));
	CHECK(!checks(&own, len, OTHER_SIG));
	ckpt_here();
	CHECK(!checks(&own, len, OTHER_SIG));
	CHECK_EQ(0, rseq(&own, len, UNREGISTER, OTHER_SIG));
	CHECK_EQ(UNINITIALIZED, *(volatile uint32_t *)&own.cpu_id);
	return 0;
}

CKPT_TEST(rseq, registered_by_oneself)
{
	return own_registration(FIRST_LEN);
}

/* With all that newer kernels have in it */
CKPT_TEST(rseq, registered_with_a_longer_area)
{
	if (getauxval(AT_RSEQ_FEATURE_SIZE) > LONG_LEN)
		return ckpt_skip("it is longer than %u bytes", LONG_LEN);
	return own_registration(LONG_LEN);
}

CKPT_TEST(rseq, unregistered_stays_unregistered)
{
	NEED_RSEQ();
	CHECK_OK(unregister_library());
	own.cpu_id = 4711;
	ckpt_here();
	CHECK_EQ(4711, *(volatile uint32_t *)&own.cpu_id);
	/* This succeeds only where nothing is registered. */
	CHECK_EQ(0, rseq(&own, FIRST_LEN, 0, OTHER_SIG));
	return is_updated(&own);
}

/* fork() hands it down; each may have another one then. */
CKPT_TEST(rseq, each_process_has_its_own)
{
	pid_t same, other, none;

	NEED_RSEQ();
	CHECK_OK(unregister_library());
	NEED(rseq(&own, FIRST_LEN, 0, OTHER_SIG));
	SPAWN(same, (ckpt_announce("same", "go.0"),
		     checks(&own, FIRST_LEN, OTHER_SIG)));
	SPAWN(other, ({
		rseq(&own, FIRST_LEN, UNREGISTER, OTHER_SIG) ||
			rseq(&own, FIRST_LEN, 0, RSEQ_SIG) ||
			(ckpt_announce("other", "go.0"),
			 checks(&own, FIRST_LEN, RSEQ_SIG));
	}));
	SPAWN(none, ({
		rseq(&own, FIRST_LEN, UNREGISTER, OTHER_SIG) ||
			(ckpt_announce("none", "go.0"),
			 rseq(&own, FIRST_LEN, 0, RSEQ_SIG));
	}));
	ckpt_wait_for("same");
	ckpt_wait_for("other");
	ckpt_wait_for("none");
	ckpt_here();
	CHECK(!checks(&own, FIRST_LEN, OTHER_SIG));
	return ckpt_reap(same) || ckpt_reap(other) || ckpt_reap(none);
}

static int slice_extension(int value)
{
	return prctl(PR_RSEQ_SLICE_EXTENSION, PR_RSEQ_SLICE_EXTENSION_SET,
		     value, 0, 0);
}

static int slice_state(void)
{
	return prctl(PR_RSEQ_SLICE_EXTENSION, PR_RSEQ_SLICE_EXTENSION_GET, 0, 0, 0);
}

CKPT_TEST(rseq, extensions_of_the_time_slice)
{
	uint32_t flags;
	pid_t pid;

	NEED_RSEQ();
	CHECK_OK(unregister_library());
	NEED(rseq(&own, LONG_LEN, 0, OTHER_SIG));
	NEED(slice_extension(PR_RSEQ_SLICE_EXT_ENABLE));
	flags = own.flags;
	SPAWN(pid, (slice_extension(0), ckpt_announce("child", "go.0"),
		    slice_state() != 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(PR_RSEQ_SLICE_EXT_ENABLE, slice_state());
	CHECK_EQ(flags, own.flags);
	return ckpt_reap(pid);
}

/* ---- Critical sections ---- */

#if defined(__x86_64__) || defined(__i386__)

static volatile uint64_t spins;		/* since it was entered */

/* Where it was when it was aborted, the last times */
#define NR_ABORTS	4096
static uint64_t aborted_at[NR_ABORTS];

/* Its description, as the kernel reads it */
extern const char section[] __attribute__((visibility("hidden")));

/*
 * Enters a critical section that has no end, and returns when it was aborted.
 * The pointer to its description is what enters it.
 */
static __attribute__((noinline)) void spin_until_aborted(void)
{
	asm goto(
		".pushsection .data.rseq_cs, \"aw\"\n"
		".balign 32\n"
		"section:\n"
		"	.long 0, 0\n"
#ifdef __x86_64__
		"	.quad 1f, 2f - 1f, 3f\n"
		".popsection\n"
		"	lea section(%%rip), %%rax\n"
		"	mov %%rax, %[cs]\n"
		"1:	incq %[spins]\n"
#else
		"	.long 1f, 0, 2f - 1f, 0, 3f, 0\n"
		".popsection\n"
		"	lea section, %%eax\n"
		"	mov %%eax, %[cs]\n"
		"1:	incl %[spins]\n"
#endif
		"	jmp 1b\n"
		"2:\n"
		".pushsection .text.rseq_abort, \"ax\"\n"
		"	.byte 0x0f, 0xb9, 0x3d\n"	/* no valid instruction */
		"	.long %c[sig]\n"
		"3:	jmp %l[aborted]\n"
		".popsection\n"
		:
		: [cs] "m" (own.cs), [spins] "m" (spins), [sig] "i" (RSEQ_SIG)
		: "eax", "cc", "memory"
		: aborted);
	__builtin_unreachable();
aborted:
	return;
}

static void on_alarm(int sig)
{
}

/*
 * A signal aborts it, too, so that it can see whether it is over. The number
 * from outside is what the section had come to when it was frozen. Had it gone
 * on after the restart, if only by one round, it would never have been aborted
 * there.
 */
CKPT_BODY(rseq_critical_section)
{
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	unsigned int nr = 0, i;
	uint64_t frozen_at;
	char text[32];
	FILE *f;

	NEED_RSEQ();
	CHECK_OK(unregister_library());
	CHECK_OK(rseq(&own, FIRST_LEN, 0, RSEQ_SIG));
	signal(SIGALRM, on_alarm);
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	f = fopen("where", "we");
	CHECK(f);
	fprintf(f, "%p\n", (void *)&spins);
	CHECK_EQ(0, fclose(f));
	ckpt_ready();
	while (access("go.0", F_OK)) {
		spins = 0;
		spin_until_aborted();
		aborted_at[nr++ % NR_ABORTS] = spins;
	}
	CHECK(read_file("frozen_at", text, sizeof(text)) > 0);
	frozen_at = strtoull(text, NULL, 10);
	for (i = 0; i < NR_ABORTS; i++)
		if (aborted_at[i] == frozen_at)
			return 0;
	ckpt_note("it went on after round %llu", (unsigned long long)frozen_at);
	return 1;
}

/* How far the frozen body is in its critical section; 0 if it is in none. */
static uint64_t rounds(struct app *app)
{
	char path[APP_DIR_LEN + 32], text[32];
	uint64_t value = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/where", app->dir);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", app->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &value, sizeof(value), strtoull(text, NULL, 0)) != sizeof(value))
		value = 0;
	close(fd);
	return value;
}

static int tell(struct app *app, uint64_t value)
{
	char path[APP_DIR_LEN + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/frozen_at", app->dir);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	fprintf(f, "%llu\n", (unsigned long long)value);
	return fclose(f) ? -errno : 0;
}

CKPT_TEST_F(rseq, critical_section_is_aborted)
{
	struct app *app = &self->app;
	uint64_t frozen_at;
	int ret, tries;

	if (!app->cgroup[0])
		SKIP(return, "needs the freezer");
	ret = app_start(app, "rseq_critical_section");
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	for (tries = 0; tries < 100; tries++) {
		sleep_ms(3 + tries);
		ASSERT_EQ(0, app_freeze(app));
		frozen_at = rounds(app);
		if (frozen_at)
			break;
		ASSERT_EQ(0, app_thaw(app));
	}
	ASSERT_NE(0, frozen_at);
	ASSERT_EQ(0, tell(app, frozen_at));
	/* Its timer may expire while it is saved, once. */
	ret = app_checkpoint(app, 0);
	if (ret == -EAGAIN)
		ret = app_checkpoint(app, 0);
	ASSERT_EQ(0, ret) {
		app_show(app);
	}
	ckpt_replace(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

/* The pointer may stay when the section is left: it is cleared later. */
CKPT_TEST(rseq, pointer_to_a_section_that_was_left)
{
	NEED_RSEQ();
	CHECK_OK(unregister_library());
	CHECK_OK(rseq(&own, FIRST_LEN, 0, RSEQ_SIG));
	*(volatile uint64_t *)&own.cs = (uintptr_t)section;
	ckpt_here();
	/* Moving from one processor to another shows it to the kernel. */
	return checks(&own, FIRST_LEN, RSEQ_SIG);
}

#endif /* x86 */

TEST_HARNESS_MAIN
