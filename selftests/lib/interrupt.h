/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of system calls that were in progress
 *
 * Each body says "ready" and makes the call. The checkpoint comes when 3/5 of
 * the time-out are over, then the application is dead for as long again. A call
 * that lost time, or began anew, ends too early or too late by its own clock.
 */
#ifndef CKPT_TEST_INTERRUPT_H
#define CKPT_TEST_INTERRUPT_H

#include "test.h"

#include <time.h>

/* Length of a time-out in seconds; on slow kernels longer. */
static inline double span(void)
{
	return 1.0 * ckpt_scale();
}

static inline struct timespec to_timespec(double s)
{
	return (struct timespec) { (time_t)s, (long)((s - (time_t)s) * 1e9) };
}

/* The time-out ended when it had to. */
static inline int check_span(double start)
{
	double t = now_monotonic() - start;

	if (t >= span() * 0.999 && t < span() * 1.45)
		return 0;
	ckpt_note("it took %.3f s instead of %.3f s", t, span());
	return t < span() ? 1 : CKPT_LATE;
}

/*
 * It must be found in its call when it is saved, and when it is back: that it is
 * not is nothing wrong if the machine was so slow that the time-out is over, when
 * @used seconds have passed for it.
 */
static inline bool slow_machine(double used)
{
	return used > span();
}

/* Returns whether it shall be tried again. */
static __maybe_unused bool interrupt_once(struct __test_metadata *_metadata,
					  struct app *app, bool compare)
{
	struct oracle before, after;
	unsigned int differ;
	double used, begun;
	bool late;
	int ret;

	app->patience = 20 * span();
	ret = app_wait_blocked(app);
	if (ret && slow_machine(app_age(app)))
		return true;
	ASSERT_EQ(0, ret);
	if (!app_plain() || app->cgroup[0]) {
		sleep_ms(600 * ckpt_scale());
		ASSERT_EQ(0, app_freeze(app));
		used = app_age(app);
		ASSERT_EQ(0, oracle_record(&before, app->pid));
		ASSERT_EQ(0, app_checkpoint(app, 0)) {
			app_show(app);
		}
		ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
		if (!app_plain())
			sleep_ms(600 * ckpt_scale());
		begun = now_monotonic();
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		/* Back in the call: on the way there the state is another. */
		ret = app_wait_blocked(app);
		if (ret && slow_machine(used + now_monotonic() - begun))
			return true;
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, app_freeze(app));
		late = slow_machine(used + now_monotonic() - begun);
		ASSERT_EQ(0, oracle_record(&after, app->pid));
		differ = compare ? oracle_diff(&before, &after, stderr) : 0;
		oracle_free(&before);
		oracle_free(&after);
		if (differ && late)
			return true;
		EXPECT_EQ(0, differ);
		ASSERT_EQ(0, app_thaw(app));
	}
	ret = app_finish(app);
	if (ret && app_late(app))
		return true;
	ASSERT_EQ(0, ret);
	return false;
}

/* With @compare, the oracle looks at it before and after. */
static __maybe_unused void interrupt(struct __test_metadata *_metadata,
				     struct app *app, const char *body,
				     bool compare)
{
	unsigned int tries = 0;
	int ret;

	do {
		ret = app_start(app, body);
		if (ret == APP_SKIPPED)
			SKIP(return, "%s", app->reason);
		ASSERT_EQ(0, ret);
		if (!interrupt_once(_metadata, app, compare))
			return;
	} while (ckpt_try_again(_metadata, app, &tries));
	ASSERT_GT(4, tries) {
		TH_LOG("however much time it has, it is too late");
	}
}

#endif /* CKPT_TEST_INTERRUPT_H */
