// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: what each of them has of its own, what they share, and what ties
 * them together
 */
#include "test.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

CKPT_SUITE(threads);
CKPT_SUITE_V1(threads);

#define MANY	1000

/* Threads that are ready, and the word to go on */
static atomic_int ready, go;

static pid_t gettid_now(void)
{
	return syscall(SYS_gettid);
}

static void futex_wait(atomic_int *word, int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* In a thread: ready, and wait until all shall go on. */
static void wait_in_thread(void)
{
	ready++;
	while (!go)
		futex_wait(&go, 0);
}

static void wait_ready(int nr)
{
	while (ready < nr)
		sleep_ms(1);
	/* From there into the futex it is not far. */
	sleep_ms(20);
}

static void release(void)
{
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

static int start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	return pthread_create(thread, &attr, fn, arg);
}

/* What a thread returns: 0, or 1 if it is not content */
static int join(pthread_t thread)
{
	void *ret = (void *)-1;

	CHECK_EQ(0, pthread_join(thread, &ret));
	return (long)ret != 0;
}

/* ---- One ---- */

static __thread int local = 5;

static long check_own(void)
{
	pid_t tid = gettid_now();
	char name[16] = "";
	sigset_t mask;
	stack_t stack;

	local = tid;
	wait_in_thread();
	CHECK_EQ(tid, gettid_now());
	CHECK_EQ(tid, local);
	prctl(PR_GET_NAME, name);
	CHECK(!strcmp(name, "worker"));
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	CHECK(sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGUSR2));
	sigaltstack(NULL, &stack);
	CHECK_EQ(4 * SIGSTKSZ, stack.ss_size);
	CHECK_EQ(12345, prctl(PR_GET_TIMERSLACK));
	return 0;
}

static void *own(void *arg)
{
	stack_t stack = { .ss_sp = malloc(4 * SIGSTKSZ), .ss_size = 4 * SIGSTKSZ };
	sigset_t mask;

	prctl(PR_SET_NAME, "worker");
	prctl(PR_SET_TIMERSLACK, 12345);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	sigaltstack(&stack, NULL);
	return (void *)check_own();
}

CKPT_TEST(threads, what_a_thread_has_of_its_own)
{
	pthread_t thread;
	sigset_t mask;

	CHECK_EQ(0, start(&thread, own, NULL));
	wait_ready(1);
	ckpt_here();
	CHECK_EQ(5, local);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGUSR1));
	release();
	return join(thread);
}

/* ---- Many ---- */

static atomic_int sum;

static void *add(void *arg)
{
	char name[16], seen[16] = "";

	snprintf(name, sizeof(name), "t%ld", (long)arg);
	prctl(PR_SET_NAME, name);
	wait_in_thread();
	prctl(PR_GET_NAME, seen);
	sum += (long)arg;
	return (void *)(long)!!strcmp(name, seen);
}

CKPT_TEST(threads, a_thousand)
{
	static pthread_t thread[MANY];
	long i;

	for (i = 0; i < MANY; i++)
		CHECK_EQ(0, start(&thread[i], add, (void *)i));
	wait_ready(MANY);
	ckpt_here();
	release();
	for (i = 0; i < MANY; i++)
		CHECK_EQ(0, join(thread[i]));
	CHECK_EQ(MANY * (MANY - 1) / 2, sum);
	return 0;
}

TEST_HARNESS_MAIN
