/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For bodies with threads: how they are made, wait for the checkpoint, and end
 */
#ifndef CKPT_TEST_THREADS_H
#define CKPT_TEST_THREADS_H

#include "test.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

CKPT_NO_RSEQ

/* Threads that are ready, and the word to go on */
static atomic_int ready, go;

static __maybe_unused pid_t gettid_now(void)
{
	return syscall(SYS_gettid);
}

static __maybe_unused void futex_wait(atomic_int *word, int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* In a thread: ready, and wait until all shall go on. */
static __maybe_unused void wait_in_thread(void)
{
	ready++;
	while (!go)
		futex_wait(&go, 0);
}

static __maybe_unused void wait_ready(int nr)
{
	while (ready < nr)
		sleep_ms(1);
	/* From there into the futex it is not far. */
	sleep_ms(20);
}

static __maybe_unused void release(void)
{
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

static __maybe_unused int start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	return pthread_create(thread, &attr, fn, arg);
}

/* What a thread returns: 0, or 1 if it is not content */
static __maybe_unused int join(pthread_t thread)
{
	void *ret = (void *)-1;

	CHECK_EQ(0, pthread_join(thread, &ret));
	return (long)ret;
}

/* What a thread does: returns 0, or 1 by CHECK() */
#define CKPT_THREAD(name)						\
	static int name##_body(void *arg);				\
	static void *name(void *arg)					\
	{								\
		return (void *)(long)name##_body(arg);			\
	}								\
	static int name##_body(void *arg)

/*
 * For bodies that do not stand still: what the oracle sees of them is never the
 * same twice. They are taken through @rounds of checkpoint and restart.
 */
static __maybe_unused void ckpt_running(struct __test_metadata *_metadata,
					struct app *app, const char *body,
					int rounds)
{
	int ret, round;
	double end;

	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	for (round = 0; round < rounds; round++) {
		if (app_plain() && !app->cgroup[0])
			break;
		sleep_ms(20 + 7 * round % 10);
		/* A thread that ends is a moment in which one must try again. */
		for (end = now_monotonic() + 60 * ckpt_scale();;) {
			ASSERT_EQ(0, app_freeze(app));
			ret = app_checkpoint(app, 0);
			if (ret != -EAGAIN || now_monotonic() > end)
				break;
			ASSERT_EQ(0, app_thaw(app));
			sleep_ms(5);
		}
		ASSERT_EQ(0, ret) {
			app_show(app);
		}
		ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
		ASSERT_EQ(0, app_restart(app)) {
			TH_LOG("in round %d", round);
			app_show(app);
		}
	}
	ASSERT_EQ(0, app_finish(app));
}

#define CKPT_TEST_RUNNING(suite, name, rounds)				\
	static int body_##suite##_##name(void);				\
	CKPT_TEST_F(suite, name)					\
	{								\
		ckpt_running(_metadata, &self->app, #suite "_" #name, rounds); \
	}								\
	CKPT_BODY(suite##_##name)

#endif /* CKPT_TEST_THREADS_H */
