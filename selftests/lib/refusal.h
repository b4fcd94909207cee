/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a good refusal; suites whose tests may be, or must be, refused
 */
#ifndef CKPT_TEST_REFUSAL_H
#define CKPT_TEST_REFUSAL_H

#include "test.h"

#include <regex.h>

/* Each line of the log names a task, something of it, and a reason. */
static __maybe_unused bool lines_are_complete(const char *log)
{
	regex_t re;
	bool ok = *log;
	char text[APP_LOG_LEN], *line, *save = NULL;

	if (regcomp(&re, "^pid [0-9]+ \\([^)]*\\).*: [^:]*[a-z]", REG_EXTENDED | REG_NOSUB))
		return false;
	snprintf(text, sizeof(text), "%s", log);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		ok = ok && !regexec(&re, line, 0, NULL, 0);
	regfree(&re);
	return ok;
}

static __maybe_unused bool matches(const char *log, const char *pattern)
{
	char full[300];
	regex_t re;
	bool ok;

	snprintf(full, sizeof(full), "^pid [0-9]+ \\([^)]*\\).*(%s)", pattern);
	if (regcomp(&re, full, REG_EXTENDED | REG_NOSUB | REG_ICASE | REG_NEWLINE))
		return false;
	ok = !regexec(&re, log, 0, NULL, 0);
	regfree(&re);
	return ok;
}

static __maybe_unused void check_refusal(struct __test_metadata *_metadata, struct app *app,
			  int ret, const char *pattern)
{
	struct stat st;

	EXPECT_EQ(-EOPNOTSUPP, ret) {
		app_show(app);
	}
	EXPECT_EQ(true, lines_are_complete(app->log)) {
		TH_LOG("no task, object and reason: \"%s\"", app->log);
	}
	EXPECT_EQ(true, matches(app->log, pattern)) {
		TH_LOG("nothing of \"%s\" in \"%s\"", pattern, app->log);
	}
	ASSERT_EQ(0, fstat(app->image, &st));
	EXPECT_EQ(0, st.st_size);
}

/*
 * It must be refused, and go on as if nothing had been. A dry run finds more, and
 * may have other words.
 */
static __maybe_unused void refused_and_dry(struct __test_metadata *_metadata,
					   struct app *app, const char *body,
					   const char *pattern, const char *dry)
{
	int ret;

	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	if (!app_plain()) {
		ASSERT_EQ(0, app_freeze(app));
		ret = app_checkpoint(app, 0);
		check_refusal(_metadata, app, ret, pattern);
		ret = app_checkpoint(app, CHECKPOINT_DRYRUN);
		check_refusal(_metadata, app, ret, dry);
		ASSERT_EQ(0, app_thaw(app));
	}
	ASSERT_EQ(0, app_finish(app));
}

static __maybe_unused void refused(struct __test_metadata *_metadata,
				   struct app *app, const char *body,
				   const char *pattern)
{
	refused_and_dry(_metadata, app, body, pattern, pattern);
}

/*
 * It is refused, or the state is there after a restart, or restart() refuses
 * the image: but nothing is lost in silence.
 */
static __maybe_unused void never_lost(struct __test_metadata *_metadata,
				      struct app *app, const char *body)
{
	struct oracle before, after;
	int ret;

	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	if (app_plain())
		goto out;
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, oracle_record(&before, app->pid));
	ret = app_checkpoint(app, 0);
	if (ret) {
		check_refusal(_metadata, app, ret, ".");
		ASSERT_EQ(0, app_thaw(app));
		goto out;
	}
	ASSERT_EQ(0, app_kill(app));
	if (app_restart(app)) {
		EXPECT_EQ(true, lines_are_complete(app->log)) {
			TH_LOG("no task, object and reason: \"%s\"", app->log);
		}
		return;
	}
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, oracle_record(&after, app->pid));
	EXPECT_EQ(0, oracle_diff(&before, &after, stderr));
	ASSERT_EQ(0, app_thaw(app));
out:
	ASSERT_EQ(0, app_finish(app));
}

#define CKPT_REFUSED(suite, name, pattern)				\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		refused(_metadata, &self->app, #suite "_" #name, pattern); \
	}								\
	CKPT_BODY(suite##_##name)

#define CKPT_NEVER_LOST(suite, name)					\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		never_lost(_metadata, &self->app, #suite "_" #name);	\
	}								\
	CKPT_BODY(suite##_##name)

#endif /* CKPT_TEST_REFUSAL_H */
