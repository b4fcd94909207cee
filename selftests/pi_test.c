// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes that hand on priorities, and robust ones, that are held and waited for
 *
 * A freezer ends the wait for such a mutex, and with it what the kernel knows of
 * it. The word says who holds it, and that there are waiters, which ask for it
 * again.
 */
#include "threads.h"

#include <pthread.h>

CKPT_SUITE(pi);
CKPT_SUITE_V1(pi);

#define ROBUST		1
#define SHARED		2
#define NR_WAITERS	3
#define NR_PLAYERS	4

/* In memory that processes share */
static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_barrier_t barrier;
	atomic_int ready;
	atomic_int go;
	int value;
	int rounds;
	bool over;
} *all;

static int make_shared(int flags)
{
	pthread_condattr_t cond;
	pthread_mutexattr_t attr;
	int ret;

	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(all != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (flags & ROBUST)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_condattr_init(&cond);
	if (flags & SHARED) {
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	}
	CHECK_EQ(0, pthread_mutex_init(&all->mutex, &attr));
	CHECK_EQ(0, pthread_cond_init(&all->changed, &cond));
	ret = pthread_mutex_lock(&all->mutex);
	if (ret)
		return ckpt_skip("no such mutexes: %s", strerror(ret));
	return pthread_mutex_unlock(&all->mutex);
}

static void wait_for_ready(int nr)
{
	while (all->ready < nr)
		sleep_ms(1);
	/* From there into the kernel it is not far. */
	sleep_ms(50);
}

/* ---- Held, and waited for ---- */

CKPT_THREAD(take_turn)
{
	all->ready++;
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	all->value++;
	CHECK_EQ(0, pthread_mutex_unlock(&all->mutex));
	return 0;
}

static int held_with(int flags)
{
	pthread_t thread[NR_WAITERS];
	int i, ret = make_shared(flags);

	if (ret)
		return ret;
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	for (i = 0; i < NR_WAITERS; i++)
		CHECK_EQ(0, start(&thread[i], take_turn, NULL));
	wait_for_ready(NR_WAITERS);
	ckpt_here();
	/* It takes its time to wait again, which must not help. */
	sleep_ms(50);
	CHECK_EQ(0, all->value);
	CHECK_EQ(0, pthread_mutex_unlock(&all->mutex));
	for (i = 0; i < NR_WAITERS; i++)
		CHECK_EQ(0, join(thread[i]));
	CHECK_EQ(NR_WAITERS, all->value);
	return 0;
}

CKPT_TEST(pi, held_and_waited_for)
{
	return held_with(0);
}

CKPT_TEST(pi, robust_held_and_waited_for)
{
	return held_with(ROBUST);
}

/* Its owner ends with it after the restart: the next one hears of that. */
CKPT_THREAD(hold_and_end)
{
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	all->ready++;
	wait_in_thread();
	return 0;
}

CKPT_THREAD(inherit)
{
	all->ready++;
	CHECK_EQ(EOWNERDEAD, pthread_mutex_lock(&all->mutex));
	CHECK_EQ(0, pthread_mutex_consistent(&all->mutex));
	CHECK_EQ(0, pthread_mutex_unlock(&all->mutex));
	return 0;
}

CKPT_TEST(pi, robust_whose_owner_ends)
{
	pthread_t owner, heir;
	int ret = make_shared(ROBUST);

	if (ret)
		return ret;
	CHECK_EQ(0, start(&owner, hold_and_end, NULL));
	wait_for_ready(1);
	CHECK_EQ(0, start(&heir, inherit, NULL));
	wait_for_ready(2);
	ckpt_here();
	release();
	CHECK_EQ(0, join(owner));
	return join(heir);
}

static int hold_and_die(void)
{
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	all->ready++;
	return pause();
}

static int inherit_in_process(void)
{
	return inherit(NULL) != NULL;
}

CKPT_TEST(pi, robust_of_a_process_that_is_killed)
{
	int status, ret = make_shared(ROBUST | SHARED);
	pid_t owner, heir;

	if (ret)
		return ret;
	SPAWN(owner, hold_and_die());
	wait_for_ready(1);
	SPAWN(heir, inherit_in_process());
	wait_for_ready(2);
	ckpt_here();
	CHECK_EQ(0, waitpid(heir, &status, WNOHANG));
	CHECK_OK(kill(owner, SIGKILL));
	CHECK_EQ(owner, waitpid(owner, &status, 0));
	return ckpt_reap(heir);
}

/* ---- With time-outs, and by the system calls alone ---- */

CKPT_THREAD(try_for_some_time)
{
	struct timespec until;

	all->ready++;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	CHECK_EQ(ETIMEDOUT, pthread_mutex_timedlock(&all->mutex, &until));
	return 0;
}

CKPT_TEST_STILL(pi, waited_for_some_time, 5 / ckpt_scale())
{
	pthread_t thread;
	int ret = make_shared(0);

	if (ret)
		return ret;
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	CHECK_EQ(0, start(&thread, try_for_some_time, NULL));
	wait_for_ready(1);
	ckpt_here();
	CHECK_EQ(0, join(thread));
	return pthread_mutex_unlock(&all->mutex);
}

static int condition, lock;

/* It is woken for the condition, and gets the lock with it. */
CKPT_THREAD(wait_for_condition)
{
	long ret;

	ready++;
	do {
		ret = syscall(SYS_futex, &condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE,
			      0, NULL, &lock, 0);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN) && !condition);
	if (!ret) {
		CHECK_EQ(gettid_now(), lock & FUTEX_TID_MASK);
		CHECK_EQ(0, syscall(SYS_futex, &lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	}
	return 0;
}

CKPT_TEST(pi, condition_with_a_lock)
{
	pthread_t thread;
	long ret;
	int i;

	CHECK_EQ(0, start(&thread, wait_for_condition, NULL));
	wait_ready(1);
	ckpt_here();
	sleep_ms(50);
	condition = 1;
	for (i = 0; i < 60000; i++) {
		ret = syscall(SYS_futex, &condition, FUTEX_CMP_REQUEUE_PI_PRIVATE,
			      1, (void *)0, &lock, 1);
		if (ret)
			break;
		sleep_ms(1);
		if (pthread_tryjoin_np(thread, NULL) == 0)
			return 0;
	}
	CHECK(ret >= 0);
	return join(thread);
}

/* ---- Fought for all the time ---- */

static int play(int who)
{
	int i;

	for (i = 0; i < 10; i++) {
		CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
		all->value++;
		sched_yield();
		CHECK_EQ(0, pthread_mutex_unlock(&all->mutex));
	}
	/* One after the other */
	CHECK_EQ(0, pthread_mutex_lock(&all->mutex));
	while (all->rounds % NR_PLAYERS != who)
		CHECK_EQ(0, pthread_cond_wait(&all->changed, &all->mutex));
	all->rounds++;
	CHECK_EQ(0, pthread_cond_broadcast(&all->changed));
	CHECK_EQ(0, pthread_mutex_unlock(&all->mutex));
	return 0;
}

static int play_to_the_end(int who)
{
	bool over;

	do {
		pthread_barrier_wait(&all->barrier);
		if (!who)
			all->over = all->go;
		pthread_barrier_wait(&all->barrier);
		over = all->over;
		CHECK_EQ(0, play(who));
	} while (!over);
	return 0;
}

CKPT_THREAD(player)
{
	return play_to_the_end((long)arg);
}

static int make_players_barrier(int shared)
{
	pthread_barrierattr_t attr;

	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, shared);
	return pthread_barrier_init(&all->barrier, &attr, NR_PLAYERS);
}

static int check_play(void)
{
	CHECK_EQ(0, all->rounds % NR_PLAYERS);
	CHECK_EQ(all->rounds * 10, all->value);
	return 0;
}

static int played_by_threads(int flags)
{
	pthread_t thread[NR_PLAYERS];
	int ret = make_shared(flags);
	long i;

	if (ret)
		return ret;
	CHECK_EQ(0, make_players_barrier(PTHREAD_PROCESS_PRIVATE));
	for (i = 0; i < NR_PLAYERS; i++)
		CHECK_EQ(0, start(&thread[i], player, (void *)i));
	ckpt_ready();
	ckpt_wait_for("go.0");
	all->go = 1;
	for (i = 0; i < NR_PLAYERS; i++)
		CHECK_EQ(0, join(thread[i]));
	return check_play();
}

CKPT_TEST_RUNNING(pi, threads_that_fight_for_it, 10)
{
	return played_by_threads(0);
}

CKPT_TEST_RUNNING(pi, threads_that_fight_for_a_robust_one, 10)
{
	return played_by_threads(ROBUST);
}

CKPT_TEST_RUNNING(pi, processes_that_fight_for_it, 10)
{
	int i, ret = make_shared(ROBUST | SHARED);
	pid_t pid[NR_PLAYERS];

	if (ret)
		return ret;
	CHECK_EQ(0, make_players_barrier(PTHREAD_PROCESS_SHARED));
	for (i = 0; i < NR_PLAYERS; i++)
		SPAWN(pid[i], play_to_the_end(i));
	ckpt_ready();
	ckpt_wait_for("go.0");
	all->go = 1;
	for (i = 0; i < NR_PLAYERS; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return check_play();
}

TEST_HARNESS_MAIN
