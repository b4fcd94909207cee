/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a good refusal
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

#endif /* CKPT_TEST_REFUSAL_H */
