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
	return 1;
}

/* With @compare, the oracle looks at it before and after. */
static __maybe_unused void interrupt(struct __test_metadata *_metadata,
				     struct app *app, const char *body,
				     bool compare)
{
	struct oracle before, after;
	int ret;

	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, app_wait_blocked(app));
	if (!app_plain() || app->cgroup[0]) {
		sleep_ms(600 * ckpt_scale());
		ASSERT_EQ(0, app_freeze(app));
		ASSERT_EQ(0, oracle_record(&before, app->pid));
		ASSERT_EQ(0, app_checkpoint(app, 0)) {
			app_show(app);
		}
		ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
		if (!app_plain())
			sleep_ms(600 * ckpt_scale());
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		/* Back in the call: on the way there the state is another. */
		ASSERT_EQ(0, app_wait_blocked(app));
		ASSERT_EQ(0, app_freeze(app));
		ASSERT_EQ(0, oracle_record(&after, app->pid));
		if (compare)
			EXPECT_EQ(0, oracle_diff(&before, &after, stderr));
		ASSERT_EQ(0, app_thaw(app));
		oracle_free(&before);
		oracle_free(&after);
	}
	ASSERT_EQ(0, app_finish(app));
}

#endif /* CKPT_TEST_INTERRUPT_H */
