// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that were in progress: they go on with the time that was left
 */
#include "interrupt.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

CKPT_SUITE(syscalls);
CKPT_SUITE_V1(syscalls);

#define INTERRUPTED_(name, compare)					\
	static int body_syscalls_##name(void);				\
	CKPT_TEST_F(syscalls, name)					\
	{								\
		interrupt(_metadata, &self->app, "syscalls_" #name, compare); \
	}								\
	CKPT_BODY(syscalls_##name)

#define INTERRUPTED(name)	INTERRUPTED_(name, true)

/* The kernel writes the time that is left to memory at every interruption. */
#define INTERRUPTED_WRITING(name)	INTERRUPTED_(name, false)

/* In 32-bit programs the C library asks for it, in one of 32 bits. */
#define INTERRUPTED_SLEEPING(name)	INTERRUPTED_(name, !app_narrow())

INTERRUPTED_SLEEPING(nanosleep_with_the_time_left)
{
	struct timespec ts = to_timespec(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, nanosleep(&ts, NULL));
	return check_span(start);
}

static volatile int alarms;
static void on_alarm(int sig)
{
	alarms++;
}

/* After the restart a signal ends it; the remaining time must be right. */
INTERRUPTED_WRITING(nanosleep_tells_the_remaining_time)
{
	struct timespec ts = to_timespec(1000), left = { 0 };
	double start = now_monotonic(), t;
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t parent = getpid(), pid;

	sigaction(SIGUSR1, &sa, NULL);
	/* Long enough for the parent to be in the call again */
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(200000 * ckpt_scale()),
		    kill(parent, SIGUSR1)));
	ckpt_ready();
	CHECK_EQ(-1, nanosleep(&ts, &left));
	CHECK_EQ(EINTR, errno);
	t = now_monotonic() - start;
	t += left.tv_sec + left.tv_nsec / 1e9;
	if (t < 999.9 || t > 1000 + 0.4 * ckpt_scale()) {
		ckpt_note("%.3f s slept and left, %ld.%09ld s of it left", t,
			  (long)left.tv_sec, left.tv_nsec);
		return 1;
	}
	return ckpt_reap(pid);
}

INTERRUPTED_SLEEPING(clock_nanosleep_relative)
{
	struct timespec ts = to_timespec(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL));
	return check_span(start);
}

INTERRUPTED_SLEEPING(clock_nanosleep_until_a_monotonic_time)
{
	struct timespec ts;
	double start = now_monotonic();

	ts = to_timespec(start + span());
	ckpt_ready();
	CHECK_EQ(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
	return check_span(start);
}

INTERRUPTED_SLEEPING(clock_nanosleep_on_boottime)
{
	struct timespec ts = to_timespec(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, clock_nanosleep(CLOCK_BOOTTIME, 0, &ts, NULL));
	return check_span(start);
}

/* The present is the time of day: an absolute time in it stays what it is. */
INTERRUPTED_SLEEPING(clock_nanosleep_until_a_time_of_day)
{
	struct timespec ts, now;
	double end, t;

	clock_gettime(CLOCK_REALTIME, &ts);
	end = ts.tv_sec + ts.tv_nsec / 1e9 + 2 * span();
	ts = to_timespec(end);
	ckpt_ready();
	CHECK_EQ(0, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL));
	clock_gettime(CLOCK_REALTIME, &now);
	t = now.tv_sec + now.tv_nsec / 1e9;
	CHECK(t >= end - 0.001 && t < end + 0.5 * span());
	return 0;
}

INTERRUPTED(poll_times_out)
{
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, poll(NULL, 0, span() * 1000));
	return check_span(start);
}

INTERRUPTED(poll_without_time_out_wakes_up_for_a_signal)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t parent = getpid(), pid;

	sigaction(SIGUSR1, &sa, NULL);
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(10000), kill(parent, SIGUSR1)));
	ckpt_ready();
	CHECK_EQ(-1, poll(NULL, 0, -1));
	CHECK_EQ(EINTR, errno);
	CHECK_EQ(1, alarms);
	return ckpt_reap(pid);
}

/* ppoll() and select() write the time that is left back, and start again. */
INTERRUPTED_WRITING(ppoll_times_out)
{
	struct timespec ts = to_timespec(span());
	double start = now_monotonic();
	int ret;

	ckpt_ready();
	ret = syscall(SYS_ppoll, NULL, 0, &ts, NULL, 8);
	CHECK_EQ(0, ret);
	return check_span(start);
}

INTERRUPTED_WRITING(select_times_out)
{
	struct timeval tv = { (time_t)span(), 0 };
	double start = now_monotonic();

	tv.tv_usec = (span() - tv.tv_sec) * 1e6;
	ckpt_ready();
	CHECK_EQ(0, select(0, NULL, NULL, NULL, &tv));
	return check_span(start);
}

INTERRUPTED(futex_wait_times_out)
{
	static int word = 5;
	struct timespec ts = to_timespec(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(-1, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &ts, NULL, 0));
	CHECK_EQ(ETIMEDOUT, errno);
	return check_span(start);
}

INTERRUPTED(futex_wait_until_a_monotonic_time)
{
	static int word = 5;
	double start = now_monotonic();
	struct timespec ts = to_timespec(start + span());

	ckpt_ready();
	CHECK_EQ(-1, syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 5,
			     &ts, NULL, 1));
	CHECK_EQ(ETIMEDOUT, errno);
	return check_span(start);
}

INTERRUPTED(pause_goes_on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t parent = getpid(), pid;

	sigaction(SIGUSR1, &sa, NULL);
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(10000), kill(parent, SIGUSR1)));
	ckpt_ready();
	CHECK_EQ(-1, pause());
	CHECK_EQ(EINTR, errno);
	CHECK_EQ(1, alarms);
	return ckpt_reap(pid);
}

INTERRUPTED(waitpid_goes_on)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_wait_for("go.0"), 42));
	ckpt_ready();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	return 0;
}

/* SIGKILL, SIGSTOP apart nothing ends it, and it tells nobody of the restart. */
INTERRUPTED(sigsuspend_goes_on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t parent = getpid(), pid;
	sigset_t set, old;

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(10000), kill(parent, SIGUSR1)));
	ckpt_ready();
	sigemptyset(&set);
	CHECK_EQ(-1, sigsuspend(&set));
	CHECK_EQ(EINTR, errno);
	CHECK_EQ(1, alarms);
	/* The mask of before the call is back. */
	sigprocmask(SIG_BLOCK, NULL, &old);
	CHECK(sigismember(&old, SIGUSR1));
	CHECK(sigismember(&old, SIGUSR2));
	return ckpt_reap(pid);
}

/* A read that waits for input from outside of the container. */
CKPT_BODY(read_from_outside)
{
	char c = 0;

	ckpt_ready();
	CHECK_EQ(1, read(0, &c, 1));
	CHECK_EQ('x', c);
	return 0;
}

CKPT_TEST_F(syscalls, read_from_outside_goes_on)
{
	struct app *app = &self->app;
	int pipe_fd[2];

	ASSERT_EQ(0, pipe2(pipe_fd, O_CLOEXEC));
	app->stdio[0] = pipe_fd[0];
	ASSERT_EQ(0, app_start(app, "read_from_outside"));
	ASSERT_EQ(0, app_wait_blocked(app));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(1, write(pipe_fd[1], "x", 1));
	ASSERT_EQ(0, app_finish(app));
}

/* Time does not stand still for the processes' clocks, nor does it jump. */
CKPT_BODY(clocks)
{
	static const clockid_t clock[] = {
		CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE,
		CLOCK_MONOTONIC_RAW,
	};
	struct timespec before[4], after, real[2];
	double d;
	int i;

	clock_gettime(CLOCK_REALTIME, &real[0]);
	for (i = 0; i < 4; i++)
		clock_gettime(clock[i], &before[i]);
	ckpt_here();
	clock_gettime(CLOCK_REALTIME, &real[1]);
	for (i = 0; i < 4; i++) {
		clock_gettime(clock[i], &after);
		d = (after.tv_sec - before[i].tv_sec) +
		    (after.tv_nsec - before[i].tv_nsec) / 1e9;
		/* Dead for two seconds; the restart itself is faster than that. */
		if (d >= 0 && d < 2 * ckpt_scale())
			continue;
		ckpt_note("clock %d advanced by %.3f s", clock[i], d);
		return 1;
	}
	d = (real[1].tv_sec - real[0].tv_sec) +
	    (real[1].tv_nsec - real[0].tv_nsec) / 1e9;
	CHECK(d >= 2 * ckpt_scale());
	return 0;
}

CKPT_TEST_F(syscalls, clocks_go_on_from_their_values)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_capture(app, "clocks"));
	sleep_ms(2000 * ckpt_scale());
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
