/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that forge an image of lib/model.c in one place after the other
 */
#ifndef CKPT_TEST_FORGED_H
#define CKPT_TEST_FORGED_H

#include "test.h"

#include "format.h"
#include "hostile.h"

static struct image img, bad;
static struct leftovers before;

static __maybe_unused void prepare_body(struct __test_metadata *_metadata,
					struct app *app, const char *body)
{
	ASSERT_EQ(0, hostile_capture(app, &img, body));
	leftovers_get(&before);
}

static __maybe_unused void prepare(struct __test_metadata *_metadata, struct app *app)
{
	prepare_body(_metadata, app, "model");
}

static __maybe_unused void finish(struct __test_metadata *_metadata, struct app *app)
{
	ckpt_nothing_left(_metadata, &before);
	/* The model itself is as good as before. */
	EXPECT_EQ(RESTARTED, hostile_try(app, &img, img.len));
	EXPECT_STREQ("status 0\n", app->log);
	image_free(&img);
}

/*
 * Most of it is refused by the verifier; what is not, must be later. What the
 * kernel says is left in app->log.
 */
static __maybe_unused enum outcome attempt(struct app *app, struct image *i)
{
	int fd, logfd;
	bool refused;
	ssize_t n;

	image_fix(i);
	fd = image_fd(i, i->len);
	logfd = memfd_create("log", MFD_CLOEXEC);
	refused = hostile_unopened(fd, logfd);
	n = pread(logfd, app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
	close(fd);
	close(logfd);
	return refused ? REFUSED : hostile_try(app, i, i->len);
}

#define FORGED(expected, change, fmt, ...) do {				\
	enum outcome __o;						\
									\
	ASSERT_EQ(0, image_copy(&bad, &img));				\
	change;								\
	__o = attempt(app, &bad);					\
	EXPECT_TRUE(__o == REFUSED || (!(expected) && __o == RESTARTED)) { \
		TH_LOG(fmt ": %s: %s", __VA_ARGS__, outcome_name[__o], app->log); \
	}								\
	free(bad.data);							\
} while (0)

#define MUST_REFUSE	1
#define MAY_RESTART	0

/*
 * For a rule of its own: without it something else may well refuse the image,
 * but not with these words.
 */
#define REFUSED_WITH(words, change) do {				\
	enum outcome __o;						\
									\
	ASSERT_EQ(0, image_copy(&bad, &img));				\
	change;								\
	__o = attempt(app, &bad);					\
	EXPECT_TRUE(__o == REFUSED && strstr(app->log, words)) {	\
		TH_LOG("%s: %s instead of \"%s\": %s", #change,		\
		       outcome_name[__o], words, app->log);		\
	}								\
	free(bad.data);							\
} while (0)

/*
 * What shows that an image is refused for nothing else: with all the changes but
 * the one that is wrong it restarts, and ends with these words.
 */
#define RESTARTS_WITH(words, change) do {				\
	enum outcome __o;						\
									\
	ASSERT_EQ(0, image_copy(&bad, &img));				\
	change;								\
	__o = attempt(app, &bad);					\
	EXPECT_TRUE(__o == RESTARTED && !strcmp(app->log, words)) {	\
		TH_LOG("%s: %s: %s", #change, outcome_name[__o], app->log); \
	}								\
	free(bad.data);							\
} while (0)

#define MUST_RESTART(change)	RESTARTS_WITH("status 0\n", change)

#endif /* CKPT_TEST_FORGED_H */
