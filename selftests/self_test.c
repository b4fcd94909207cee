// SPDX-License-Identifier: GPL-2.0
/*
 * A process that checkpoints itself
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

CKPT_SUITE(self);

/* Writes an image of us; what checkpoint() has returned, in both of us. */
static int save_myself(unsigned long flags)
{
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC, 0600), log, ret;

	CHECK_OK(fd);
	log = open("log", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK_OK(log);
	ret = sys_checkpoint(0, fd, CHECKPOINT_LOG | flags, log);
	if (ret > 0) {
		close(fd);
		close(log);
	} else if (!ret) {
		/* They were there for the checkpoint only. */
		CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
		CHECK(fcntl(log, F_GETFD) < 0 && errno == EBADF);
	}
	return ret;
}

CKPT_BODY(alone)
{
	volatile double x = 1.5;
	int ret;

	ckpt_ready();
	ret = save_myself(0);
	if (ret > 0) {
		x = 2.5;
		ckpt_announce("saved", "never");
	}
	CHECK_EQ(0, ret);
	CHECK(x == 1.5);
	CHECK(access("saved", F_OK) == 0);
	return 0;
}

/* From the image that the application has written */
static void restart_it(struct __test_metadata *_metadata, struct app *app)
{
	char path[APP_DIR_LEN + 16];

	snprintf(path, sizeof(path), "%s/image", app->dir);
	ASSERT_EQ(0, app_kill(app));
	app->image = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, app->image);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
}

static void wait_saved(struct __test_metadata *_metadata, struct app *app)
{
	char path[APP_DIR_LEN + 16];
	int i;

	snprintf(path, sizeof(path), "%s/saved", app->dir);
	for (i = 0; i < 10000 && access(path, F_OK); i++)
		sleep_ms(1);
	ASSERT_EQ(0, access(path, F_OK)) {
		app_show(app);
	}
}

CKPT_TEST_F(self, returns_twice)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "alone"));
	wait_saved(_metadata, app);
	restart_it(_metadata, app);
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

/*
 * Only the two descriptors are left out, not what else is open on the file of the
 * log: on a terminal that is standard output, too.
 */
CKPT_BODY(log_beside_others)
{
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int out = open("out", O_RDWR | O_CREAT, 0600), log = dup(out), ret;

	CHECK_OK(fd);
	CHECK_OK(log);
	ckpt_ready();
	ret = sys_checkpoint(0, fd, CHECKPOINT_LOG, log);
	if (ret > 0)
		ckpt_announce("saved", "never");
	CHECK_EQ(0, ret);
	CHECK(fcntl(log, F_GETFD) < 0 && errno == EBADF);
	CHECK_EQ(5, write(out, "after", 5));
	return 0;
}

CKPT_TEST_F(self, log_that_is_open_elsewhere)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "log_beside_others"));
	wait_saved(_metadata, app);
	restart_it(_metadata, app);
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

/* Who runs beside the caller, and is not frozen, is named. */
static atomic_int stop;

static void *run(void *arg)
{
	while (!stop)
		sleep_ms(1);
	return NULL;
}

CKPT_BODY(with_a_thread)
{
	char text[256] = "";
	pthread_t thread;

	ckpt_ready();
	CHECK_EQ(0, pthread_create(&thread, NULL, run, NULL));
	CHECK(save_myself(0) < 0);
	CHECK_EQ(EBUSY, errno);
	CHECK(read_file("log", text, sizeof(text)) > 0);
	CHECK(strstr(text, "not frozen"));
	stop = 1;
	pthread_join(thread, NULL);
	return 0;
}

CKPT_TEST_F(self, another_thread_must_be_frozen)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "with_a_thread"));
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

TEST_HARNESS_MAIN
