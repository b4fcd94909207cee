/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every *_test.c includes: the kselftest harness, and suites whose tests
 * are bodies taken through a checkpoint and a restart
 */
#ifndef CKPT_TEST_TEST_H
#define CKPT_TEST_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "app.h"
#include "oracle.h"

#define CKPT_TIMEOUT	600	/* slow kernels; the library's own waits are short */

/*
 * The C library registers a struct rseq for each thread, where the kernel writes
 * what the oracle cannot know to change by itself. Not in programs with this.
 */
#define CKPT_NO_RSEQ							\
	static __attribute__((constructor)) void without_rseq(void)	\
	{								\
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);	\
	}

/* A suite: every test of it gets an application, frozen by the v2 freezer. */
#define CKPT_SUITE(suite)						\
	FIXTURE(suite) { struct app app; };				\
	FIXTURE_VARIANT(suite) { enum ckpt_freezer freezer; };		\
	FIXTURE_VARIANT_ADD(suite, v2) { .freezer = FREEZER_V2 };	\
	FIXTURE_SETUP(suite)						\
	{								\
		if (!app_plain() && !app_supported())			\
			SKIP(return, "this kernel has no checkpoint()"); \
		ASSERT_EQ(0, app_init(&self->app, variant->freezer));	\
	}								\
	FIXTURE_TEARDOWN(suite)						\
	{								\
		app_cleanup(&self->app);				\
	}

/* All its tests once more with the v1 freezer. */
#define CKPT_SUITE_V1(suite)						\
	FIXTURE_VARIANT_ADD(suite, v1) { .freezer = FREEZER_V1 }

#define CKPT_TEST_F(suite, name)					\
	TEST_F_TIMEOUT(suite, name, CKPT_TIMEOUT)

/*
 * A test that is nothing but its body, a function that calls ckpt_here().
 * Between checkpoint and restart the application is killed; what the oracle
 * sees of it before and after must be the same.
 */
#define CKPT_TEST(suite, name)						\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		ckpt_roundtrip(_metadata, &self->app, #suite "_" #name, 1); \
	}								\
	CKPT_BODY(suite##_##name)

/* There is no more of anything than there was before. */
static __maybe_unused void ckpt_nothing_left(struct __test_metadata *_metadata,
					     const struct leftovers *before)
{
	EXPECT_EQ(NULL, leftovers_check(before)) {
		TH_LOG("%s", leftovers_check(before));
	}
}

/* What is frozen and saved goes on: after a kill, if the kernel has the calls. */
static __maybe_unused void ckpt_replace(struct __test_metadata *_metadata,
					struct app *app)
{
	ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
}

static __maybe_unused void ckpt_cycle(struct __test_metadata *_metadata,
				      struct app *app)
{
	struct oracle before, after;
	int ret, tries;

	if (app_plain() && !app->cgroup[0])
		return;
	app_wait_settled(app);
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, oracle_record(&before, app->pid));
	ret = app_checkpoint(app, 0);
	/* What goes off in the middle of it may wake somebody up. */
	for (tries = 0; ret == -EAGAIN && app->still_for && tries < 10; tries++) {
		ASSERT_EQ(0, app_freeze(app));
		ret = app_checkpoint(app, 0);
	}
	ASSERT_EQ(0, ret) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	ckpt_replace(_metadata, app);
	EXPECT_STREQ("", app->log);
	/* On the way back into the call the state is another. */
	if (app->in_call)
		ASSERT_EQ(0, app_wait_blocked(app));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, oracle_record(&after, app->pid)) {
		app_show(app);
	}
	/* On a slow machine something may have gone off in between. */
	if (!app->in_vdso &&
	    (!app->still_for || app_age(app) < app->still_for))
		EXPECT_EQ(0, oracle_diff(&before, &after, stderr));
	ASSERT_EQ(0, app_thaw(app));
	oracle_free(&before);
	oracle_free(&after);
}

/* After what came too late, perhaps because of the machine: whether there is another try */
static __maybe_unused bool ckpt_try_again(struct __test_metadata *_metadata,
					  struct app *app, unsigned int *tries)
{
	if (++*tries > 3)
		return false;
	TH_LOG("too late, perhaps because of the machine: again with twice the time");
	ASSERT_EQ(0, app_again(app, 2));
	return true;
}

static __maybe_unused void ckpt_roundtrip(struct __test_metadata *_metadata,
					  struct app *app, const char *body,
					  int points)
{
	unsigned int tries = 0;
	int ret;

	do {
		ret = app_start(app, body);
		if (ret == APP_SKIPPED)
			SKIP(return, "%s", app->reason);
		ASSERT_EQ(0, ret);
		for (;;) {
			ckpt_cycle(_metadata, app);
			if (app->point + 1 == points)
				break;
			app_go(app);
			app->point++;
			ASSERT_EQ(0, app_wait_ready(app));
		}
		ret = app_finish(app);
	} while (ret && app_late(app) && ckpt_try_again(_metadata, app, &tries));
	ASSERT_EQ(0, ret);
}

/*
 * As CKPT_TEST(), of what stands still for so many seconds only, as it has set a
 * timer, say: if it takes longer, nothing is compared.
 */
#define CKPT_TEST_STILL(suite, name, seconds)				\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		self->app.still_for = (seconds) * ckpt_scale();		\
		ckpt_roundtrip(_metadata, &self->app, #suite "_" #name, 1); \
	}								\
	CKPT_BODY(suite##_##name)

/* As CKPT_TEST(), but restart(1) restarts it, with its namespaces. */
#define CKPT_TEST_BY_TOOL(suite, name)					\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		self->app.tool = true;					\
		ckpt_roundtrip(_metadata, &self->app, #suite "_" #name, 1); \
	}								\
	CKPT_BODY(suite##_##name)

/*
 * As ckpt_roundtrip(), but the body is in a system call when it is
 * checkpointed, and goes on with that: it calls ckpt_ready(), then the system
 * call.
 */
static __maybe_unused void ckpt_in_call(struct __test_metadata *_metadata,
					struct app *app, const char *body)
{
	int ret;

	app->in_call = true;
	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, app_wait_blocked(app));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

#define CKPT_TEST_IN_CALL(suite, name)					\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		ckpt_in_call(_metadata, &self->app, #suite "_" #name);	\
	}								\
	CKPT_BODY(suite##_##name)

#endif /* CKPT_TEST_TEST_H */
