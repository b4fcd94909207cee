// SPDX-License-Identifier: GPL-2.0
/*
 * Timers of timer_create(): all clocks, what they do when they expire, and
 * those that have expired
 */
#include "test.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>

CKPT_NO_RSEQ

CKPT_SUITE(posix_timers);
CKPT_SUITE_V1(posix_timers);

#define sigev_tid _sigev_un._tid

static double seconds(struct timespec t)
{
	return t.tv_sec + t.tv_nsec / 1e9;
}

static struct itimerspec in(double value, double interval)
{
	return (struct itimerspec){
		.it_value = { value, (value - (long)value) * 1e9 },
		.it_interval = { interval, (interval - (long)interval) * 1e9 },
	};
}

/* The kernel's ids, and calls: the library has ids of its own. */
static int make(clockid_t clock, struct sigevent *event)
{
	int id = -1;

	return syscall(SYS_timer_create, clock, event, &id) ? -1 : id;
}

static int set(int id, int flags, struct itimerspec spec)
{
	return syscall(SYS_timer_settime, id, flags, &spec, NULL);
}

static struct itimerspec get(int id)
{
	struct itimerspec spec = {};

	syscall(SYS_timer_gettime, id, &spec);
	return spec;
}

static int make_signal(clockid_t clock, int sig, long value)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig,
		.sigev_value.sival_ptr = (void *)value,
	};

	return make(clock, &event);
}

static void block(int sig)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, sig);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
}

static int take(int sig, siginfo_t *info, double limit)
{
	struct timespec t = in(limit, 0).it_value;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, sig);
	return sigtimedwait(&mask, info, &t);
}

/* Until it has sent its signal, which is blocked */
static int wait_sent(int sig)
{
	sigset_t pending;

	do {
		sleep_ms(1);
		CHECK_OK(sigpending(&pending));
	} while (!sigismember(&pending, sig));
	return 0;
}

/* Likewise, when there may be other signals like it: it is over. */
static void wait_over(int id)
{
	struct itimerspec now;

	do {
		sleep_ms(1);
		now = get(id);
	} while (now.it_value.tv_sec || now.it_value.tv_nsec);
}

/* ---- Each clock ---- */

static int one_clock(clockid_t clock)
{
	struct itimerspec before, after;
	struct timespec now;
	int id, other;

	id = make_signal(clock, SIGUSR1, 1);
	NEED(id);
	other = make_signal(clock, SIGUSR1, 2);
	CHECK_OK(set(id, 0, in(1000, 7)));
	CHECK_OK(set(other, 0, in(2000, 0)));
	before = get(id);
	ckpt_here();
	after = get(id);
	CHECK(seconds(after.it_value) <= seconds(before.it_value));
	CHECK(seconds(after.it_value) > 900);
	CHECK_EQ(7, after.it_interval.tv_sec);
	after = get(other);
	CHECK(seconds(after.it_value) > 1900);
	CHECK_EQ(0, after.it_interval.tv_sec);
	clock_gettime(clock, &now);
	/* The ids go on, too. */
	CHECK_EQ(other + 1, make_signal(clock, SIGUSR1, 3));
	return 0;
}

CKPT_TEST(posix_timers, monotonic)
{
	return one_clock(CLOCK_MONOTONIC);
}

CKPT_TEST(posix_timers, boottime)
{
	return one_clock(CLOCK_BOOTTIME);
}

CKPT_TEST(posix_timers, realtime)
{
	return one_clock(CLOCK_REALTIME);
}

CKPT_TEST(posix_timers, tai)
{
	return one_clock(CLOCK_TAI);
}

CKPT_TEST(posix_timers, time_of_the_process)
{
	return one_clock(CLOCK_PROCESS_CPUTIME_ID);
}

CKPT_TEST(posix_timers, time_of_the_thread)
{
	return one_clock(CLOCK_THREAD_CPUTIME_ID);
}

CKPT_TEST(posix_timers, time_of_another_process)
{
	clockid_t clock;
	pid_t pid;
	int ret;

	SPAWN(pid, (pause(), 0));
	CHECK_EQ(0, clock_getcpuclockid(pid, &clock));
	ret = one_clock(clock);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	return ret;
}

/* They count for the user whose they are. */
CKPT_TEST(posix_timers, of_a_user)
{
	char before[4096], after[4096], *p, *q;
	int i;

	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresuid(1234, 1234, 1234));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	for (i = 0; i < 3; i++)
		CHECK_OK(make_signal(CLOCK_MONOTONIC, SIGUSR1, i));
	CHECK(read_file("/proc/self/status", before, sizeof(before)) > 0);
	ckpt_here();
	CHECK(read_file("/proc/self/status", after, sizeof(after)) > 0);
	p = strstr(before, "SigQ:");
	q = strstr(after, "SigQ:");
	CHECK(p && q);
	CHECK_EQ(3, atoi(p + 6));
	CHECK_EQ(3, atoi(q + 6));
	return 0;
}

static void on_usr1(int sig)
{
}

/* Who was interrupted may have a clock in mind that is nobody's any more. */
CKPT_TEST(posix_timers, sleep_by_a_clock_that_was)
{
	const struct timespec hour = { 3600, 0 };
	struct sigaction sa = { .sa_handler = on_usr1 };
	pid_t pid, sender, self = getpid();
	clockid_t clock;

	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	SPAWN(pid, (pause(), 0));
	/* Again and again, as the first one may come before the sleep */
	SPAWN(sender, ({
		while (!usleep(100000) && !kill(self, SIGUSR1))
			;
		1;
	}));
	CHECK_EQ(0, clock_getcpuclockid(pid, &clock));
	CHECK_EQ(EINTR, clock_nanosleep(clock, 0, &hour, NULL));
	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	CHECK_OK(kill(sender, SIGKILL));
	CHECK_EQ(sender, waitpid(sender, NULL, 0));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	ckpt_here();
	return 0;
}

/* A time of day stays the same. */
CKPT_TEST(posix_timers, absolute_time_of_day)
{
	struct timespec now, then;
	struct itimerspec at, left;
	int id = make_signal(CLOCK_REALTIME, SIGUSR1, 1);

	CHECK_OK(id);
	clock_gettime(CLOCK_REALTIME, &now);
	at = in(0, 0);
	at.it_value.tv_sec = now.tv_sec + 1000;
	CHECK_OK(set(id, TIMER_ABSTIME, at));
	ckpt_here();
	clock_gettime(CLOCK_REALTIME, &now);
	left = get(id);
	clock_gettime(CLOCK_REALTIME, &then);
	CHECK(seconds(left.it_value) + seconds(then) > at.it_value.tv_sec - 0.5);
	CHECK(seconds(left.it_value) + seconds(now) < at.it_value.tv_sec + 0.5);
	return 0;
}

/* ---- What happens ---- */

CKPT_TEST_STILL(posix_timers, expires_after_the_restart, 3)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 0x1234567);
	siginfo_t info = {};

	block(SIGUSR1);
	CHECK_OK(set(id, 0, in(3 * ckpt_scale(), 0)));
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60 * ckpt_scale()));
	CHECK_EQ(SI_TIMER, info.si_code);
	CHECK_EQ(0x1234567, (long)info.si_ptr);
	CHECK_EQ(id, info.si_timerid);
	CHECK(take(SIGUSR1, &info, 0) < 0);
	return 0;
}

CKPT_TEST_STILL(posix_timers, interval_goes_on, 1)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 5), i;
	siginfo_t info = {};

	block(SIGUSR1);
	CHECK_OK(set(id, 0, in(100, 0.05)));
	CHECK_OK(set(id, 0, in(0.05, ckpt_scale())));
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60));
	ckpt_here();
	for (i = 0; i < 2; i++)
		CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60));
	CHECK_EQ(5, (long)info.si_ptr);
	return 0;
}

CKPT_TEST(posix_timers, signal_that_is_pending)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7);
	siginfo_t info = {};
	sigset_t pending;

	block(SIGUSR1);
	CHECK_OK(set(id, 0, in(0.001, 0)));
	do {
		sigpending(&pending);
	} while (!sigismember(&pending, SIGUSR1));
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 0));
	CHECK_EQ(7, (long)info.si_ptr);
	CHECK_EQ(id, info.si_timerid);
	CHECK(take(SIGUSR1, &info, 0) < 0);
	return 0;
}

CKPT_TEST(posix_timers, pending_with_overruns)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7);
	siginfo_t info = {};

	block(SIGUSR1);
	/* So slow that those since the restart are few. */
	CHECK_OK(set(id, 0, in(0.1, 0.1)));
	sleep_ms(2000);
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 0));
	CHECK(info.si_overrun >= 18);
	CHECK_EQ(info.si_overrun, syscall(SYS_timer_getoverrun, id));
	/* And it goes on. */
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60));
	return 0;
}

/* It has expired once, and will not again for long: not one overrun. */
CKPT_TEST(posix_timers, pending_without_overruns)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7);
	siginfo_t info = { .si_overrun = 77 };

	block(SIGUSR1);
	CHECK_OK(set(id, 0, in(0.001, 3600)));
	CHECK_EQ(0, wait_sent(SIGUSR1));
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 0));
	CHECK_EQ(0, info.si_overrun);
	CHECK_EQ(0, syscall(SYS_timer_getoverrun, id));
	return 0;
}

/* Those of the last signal can be asked for until the next one. */
CKPT_TEST(posix_timers, overruns_of_the_last_signal)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7);
	siginfo_t info = {};

	block(SIGUSR1);
	CHECK_OK(set(id, 0, in(0.001, 0.001)));
	CHECK_EQ(0, wait_sent(SIGUSR1));
	sleep_ms(50);
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 0));
	CHECK(info.si_overrun > 0);
	CHECK_EQ(info.si_overrun, syscall(SYS_timer_getoverrun, id));
	ckpt_here();
	CHECK_EQ(info.si_overrun, syscall(SYS_timer_getoverrun, id));
	return 0;
}

/*
 * What a timer had sent before it was set again or deleted is not delivered any more.
 * Another signal of the same number is behind it, so that it shows as pending.
 */
static int stale_signal(int sig, int *id)
{
	*id = make_signal(CLOCK_MONOTONIC, sig, 7);
	block(sig);
	CHECK_OK(set(*id, 0, in(0.001, 0)));
	CHECK_EQ(0, wait_sent(sig));
	return sigqueue(getpid(), sig, (union sigval){ .sival_int = 3 });
}

static int only_the_other(int sig)
{
	siginfo_t info = {};

	CHECK_EQ(sig, take(sig, &info, 0));
	CHECK_EQ(SI_QUEUE, info.si_code);
	CHECK_EQ(3, info.si_int);
	CHECK(take(sig, &info, 0) < 0);
	return 0;
}

CKPT_TEST(posix_timers, set_again_while_its_signal_is_pending)
{
	int sig = SIGRTMIN + 1, id;
	siginfo_t info = {};

	CHECK_OK(stale_signal(sig, &id));
	CHECK_OK(set(id, 0, in(3600, 0)));
	ckpt_here();
	CHECK_OK(only_the_other(sig));
	CHECK(seconds(get(id).it_value) > 3000);
	CHECK_OK(set(id, 0, in(0.001, 0)));
	CHECK_EQ(sig, take(sig, &info, 60));
	CHECK_EQ(7, (long)info.si_ptr);
	return 0;
}

CKPT_TEST(posix_timers, deleted_while_its_signal_is_pending)
{
	int sig = SIGRTMIN + 1, id;

	CHECK_OK(stale_signal(sig, &id));
	CHECK_OK(syscall(SYS_timer_delete, id));
	ckpt_here();
	return only_the_other(sig);
}

/* A program may say so of its own signals, and no timer has to do with it. */
CKPT_TEST(posix_timers, signal_that_claims_to_be_of_a_timer)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7);
	siginfo_t own = { .si_code = SI_TIMER, .si_timerid = id }, info = {};

	block(SIGUSR1);
	block(SIGUSR2);
	CHECK_OK(set(id, 0, in(3600, 0)));
	own.si_ptr = (void *)5;
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &own));
	own.si_timerid = 99;
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, &own));
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 0));
	CHECK_EQ(SI_TIMER, info.si_code);
	CHECK_EQ(5, (long)info.si_ptr);
	CHECK_EQ(SIGUSR2, take(SIGUSR2, &info, 0));
	CHECK_EQ(99, info.si_timerid);
	CHECK(seconds(get(id).it_value) > 3000);
	return 0;
}

/* Real-time signals come in the order in which they were sent. */
CKPT_TEST(posix_timers, order_among_pending_signals)
{
	int sig = SIGRTMIN + 1, id = make_signal(CLOCK_MONOTONIC, sig, 2);
	siginfo_t info = {};

	block(sig);
	sigqueue(getpid(), sig, (union sigval){ .sival_int = 1 });
	CHECK_OK(set(id, 0, in(0.001, 0)));
	wait_over(id);
	sigqueue(getpid(), sig, (union sigval){ .sival_int = 3 });
	ckpt_here();
	CHECK_EQ(sig, take(sig, &info, 0));
	CHECK_EQ(1, info.si_int);
	CHECK_EQ(sig, take(sig, &info, 0));
	CHECK_EQ(2, (long)info.si_ptr);
	CHECK_EQ(sig, take(sig, &info, 0));
	CHECK_EQ(3, info.si_int);
	return 0;
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught++;
}

/* What was ignored while it expired comes when it is not ignored any more. */
CKPT_TEST(posix_timers, ignored_interval)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7), i;

	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(set(id, 0, in(0.01, 0.01)));
	sleep_ms(100);
	ckpt_here();
	CHECK_EQ(0, caught);
	signal(SIGUSR1, on_signal);
	for (i = 0; i < 6000 && caught < 3; i++)
		sleep_ms(10);
	CHECK(caught >= 3);
	return 0;
}

/* Though it does not expire again for long. */
CKPT_TEST(posix_timers, ignored_once)
{
	int id = make_signal(CLOCK_MONOTONIC, SIGUSR1, 7), i;

	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(set(id, 0, in(0.001, 3600)));
	sleep_ms(50);
	ckpt_here();
	CHECK_EQ(0, caught);
	signal(SIGUSR1, on_signal);
	for (i = 0; i < 6000 && !caught; i++)
		sleep_ms(10);
	CHECK_EQ(1, caught);
	CHECK(seconds(get(id).it_value) > 3000);
	return 0;
}

CKPT_TEST(posix_timers, none)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	int id = make(CLOCK_MONOTONIC, &event);

	CHECK_OK(id);
	CHECK_OK(set(id, 0, in(1000, 0)));
	ckpt_here();
	CHECK(seconds(get(id).it_value) > 900);
	CHECK(seconds(get(id).it_value) <= 1000);
	return 0;
}

CKPT_TEST(posix_timers, disarmed_and_ids_between)
{
	int a = make_signal(CLOCK_MONOTONIC, SIGUSR1, 1);
	int b = make_signal(CLOCK_MONOTONIC, SIGUSR1, 2);
	int c = make_signal(CLOCK_MONOTONIC, SIGUSR1, 3);

	CHECK_OK(syscall(SYS_timer_delete, b));
	ckpt_here();
	CHECK_EQ(0, get(a).it_value.tv_sec);
	CHECK_OK(syscall(SYS_timer_delete, c));
	CHECK(syscall(SYS_timer_delete, b) < 0);
	block(SIGUSR1);
	CHECK_OK(set(a, 0, in(0.01, 0)));
	CHECK_EQ(SIGUSR1, take(SIGUSR1, NULL, 60));
	return 0;
}

/* ---- Threads ---- */

static atomic_int ready, go, got;
static int timer_id;
static int thread_tid;

/* It does not look again and again: what is on its stack would not stay. */
static void wait_to_go(void)
{
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void let_go(void)
{
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *receiver(void *arg)
{
	siginfo_t info = {};

	thread_tid = syscall(SYS_gettid);
	ready = 1;
	wait_to_go();
	if (take(SIGUSR2, &info, 100) == SIGUSR2 && info.si_timerid == timer_id)
		got = 1;
	return NULL;
}

/* Nobody gets the id of a timer that somebody may still speak of. */
CKPT_TEST(posix_timers, ids_are_not_used_again)
{
	int first = make_signal(CLOCK_MONOTONIC, SIGUSR1, 1), last;

	CHECK_OK(first);
	last = make_signal(CLOCK_MONOTONIC, SIGUSR1, 1);
	CHECK_EQ(first + 1, last);
	CHECK_OK(syscall(SYS_timer_delete, last));
	ckpt_here();
	CHECK_EQ(last + 1, make_signal(CLOCK_MONOTONIC, SIGUSR1, 1));
	return 0;
}

CKPT_TEST(posix_timers, directed_to_a_thread)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2,
	};
	pthread_t thread;

	block(SIGUSR2);
	CHECK_EQ(0, pthread_create(&thread, NULL, receiver, NULL));
	while (!ready)
		sleep_ms(1);
	event.sigev_tid = thread_tid;
	/* Into the futex it is not far. */
	sleep_ms(50);
	timer_id = make(CLOCK_MONOTONIC, &event);
	CHECK_OK(timer_id);
	CHECK_OK(set(timer_id, 0, in(1000, 0)));
	ckpt_here();
	CHECK(seconds(get(timer_id).it_value) > 900);
	CHECK_OK(set(timer_id, 0, in(0.2, 0)));
	let_go();
	pthread_join(thread, NULL);
	CHECK(got);
	CHECK(take(SIGUSR2, NULL, 0) < 0);
	return 0;
}

static void *burner(void *arg)
{
	timer_id = make_signal(CLOCK_THREAD_CPUTIME_ID, SIGUSR1, 9);
	set(timer_id, 0, in(0.3, 0));
	ready = 1;
	/* Nothing is written, as the oracle would see that. */
	while (!got)
		;
	return NULL;
}

/* So much the thread uses at the least until it has the time over. */
CKPT_TEST_STILL(posix_timers, time_of_another_thread, 0.3 / ckpt_scale())
{
	siginfo_t info = {};
	pthread_t thread;

	block(SIGUSR1);
	CHECK_EQ(0, pthread_create(&thread, NULL, burner, NULL));
	while (!ready)
		sleep_ms(1);
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60 * ckpt_scale()));
	CHECK_EQ(9, (long)info.si_ptr);
	got = 1;
	pthread_join(thread, NULL);
	return 0;
}

/* What the other threads have used is part of it, whoever restores the timer first. */
static void *burn_two_seconds(void *arg)
{
	struct timespec now;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while (seconds(now) < 2);
	ready = 1;
	wait_to_go();
	return NULL;
}

CKPT_TEST(posix_timers, fired_by_the_time_of_all_threads)
{
	struct timespec begin, end;
	siginfo_t info = {};
	pthread_t thread;
	sigset_t pending;
	int id;

	block(SIGUSR1);
	CHECK_EQ(0, pthread_create(&thread, NULL, burn_two_seconds, NULL));
	while (!ready)
		sleep_ms(1);
	id = make_signal(CLOCK_PROCESS_CPUTIME_ID, SIGUSR1, 9);
	CHECK_OK(id);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	CHECK_OK(set(id, 0, in(0.001, 0.02)));
	do
		sigpending(&pending);
	while (!sigismember(&pending, SIGUSR1));
	ckpt_here();
	CHECK_EQ(SIGUSR1, take(SIGUSR1, &info, 60 * ckpt_scale()));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	/* The two seconds would be 100, beside what was used since it was set. */
	CHECK(info.si_overrun < 60 + (seconds(end) - seconds(begin)) / 0.02);
	let_go();
	pthread_join(thread, NULL);
	return 0;
}

/* Set to a time that does not come */
CKPT_TEST(posix_timers, never)
{
	int id = make_signal(CLOCK_REALTIME, SIGUSR1, 1);
	struct itimerspec spec = { .it_value.tv_sec = LONG_MAX };

	CHECK_OK(id);
	CHECK_OK(set(id, TIMER_ABSTIME, spec));
	ckpt_here();
	CHECK(get(id).it_value.tv_sec > 1000000);
	return 0;
}

TEST_HARNESS_MAIN
