// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that were in progress: they go on with the time that was left
 */
#include "interrupt.h"
#include "state.h"

#include <linux/futex.h>
#include <linux/time_types.h>
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

static double now_by(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return -1e9;
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*
 * After the restart a signal ends it; the remaining time must be right, by @reference,
 * which stands still in between.
 */
static int tells_the_remaining_time(clockid_t clock, clockid_t reference)
{
	struct timespec ts = to_timespec(1000), left = { 0 };
	double start = now_by(reference), t;
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t parent = getpid(), pid;

	sigaction(SIGUSR1, &sa, NULL);
	/*
	 * Long enough for the parent to be in the call again, and longer than it may be
	 * wrong: else what was left when it was frozen would do.
	 */
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(600000 * ckpt_scale()),
		    kill(parent, SIGUSR1)));
	ckpt_ready();
	CHECK_EQ(EINTR, clock_nanosleep(clock, 0, &ts, &left));
	t = now_by(reference) - start;
	t += left.tv_sec + left.tv_nsec / 1e9;
	if (t < 999.9 || t > 1000 + 0.4 * ckpt_scale()) {
		ckpt_note("clock %d: %.3f s slept and left, %ld.%09ld s of it left",
			  clock, t, (long)left.tv_sec, left.tv_nsec);
		return t < 1000 ? 1 : CKPT_LATE;
	}
	return ckpt_reap(pid);
}

INTERRUPTED_WRITING(nanosleep_tells_the_remaining_time)
{
	return tells_the_remaining_time(CLOCK_MONOTONIC, CLOCK_MONOTONIC);
}

INTERRUPTED_WRITING(clock_nanosleep_by_tai_tells_the_remaining_time)
{
	return tells_the_remaining_time(CLOCK_TAI, CLOCK_MONOTONIC);
}

INTERRUPTED_WRITING(clock_nanosleep_by_cpu_time_tells_the_remaining_time)
{
	return tells_the_remaining_time(CLOCK_PROCESS_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID);
}

/* Without a clock that runs while the machine sleeps there are none. */
static int tells_by_alarm_clock(clockid_t clock)
{
	const struct timespec none = { 0 };
	int ret = clock_nanosleep(clock, 0, &none, NULL);

	if (ret)
		return ckpt_skip("clock_nanosleep(%d): %s", clock, strerror(ret));
	return tells_the_remaining_time(clock, CLOCK_MONOTONIC);
}

INTERRUPTED_WRITING(clock_nanosleep_by_alarm_clock_tells_the_remaining_time)
{
	return tells_by_alarm_clock(CLOCK_BOOTTIME_ALARM);
}

INTERRUPTED_WRITING(clock_nanosleep_by_alarm_of_the_day_tells_the_remaining_time)
{
	return tells_by_alarm_clock(CLOCK_REALTIME_ALARM);
}

static int burn_after_the_restart(void)
{
	ckpt_wait_for("go.0");
	burn(CLOCK_PROCESS_CPUTIME_ID, 3000 * span());
	return 0;
}

INTERRUPTED_WRITING(clock_nanosleep_by_the_cpu_time_of_another)
{
	struct timespec ts = to_timespec(span());
	clockid_t clock;
	double start, t;
	pid_t pid;

	SPAWN(pid, burn_after_the_restart());
	CHECK_EQ(0, clock_getcpuclockid(pid, &clock));
	start = now_by(clock);
	ckpt_ready();
	CHECK_EQ(0, clock_nanosleep(clock, 0, &ts, NULL));
	t = now_by(clock) - start;
	if (t < span() || t > 2 * span()) {
		ckpt_note("%.3f s of its time slept", t);
		return t < span() ? 1 : CKPT_LATE;
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
	CHECK(t >= end - 0.001);
	if (t < end + 0.5 * span())
		return 0;
	ckpt_note("it ended %.3f s too late", t - end);
	return CKPT_LATE;
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
	struct timespec before[4], after[4];
	double d, real;
	int i;

	real = now_by(CLOCK_REALTIME);
	for (i = 0; i < 4; i++)
		clock_gettime(clock[i], &before[i]);
	ckpt_here();
	for (i = 0; i < 4; i++)
		clock_gettime(clock[i], &after[i]);
	real = now_by(CLOCK_REALTIME) - real;
	CHECK(real >= 2 * ckpt_scale());
	for (i = 0; i < 4; i++) {
		d = (after[i].tv_sec - before[i].tv_sec) +
		    (after[i].tv_nsec - before[i].tv_nsec) / 1e9;
		/* Dead for two seconds; the coarse clock may be some ticks behind. */
		if (d >= 0 && d < real - 2 * ckpt_scale() + 0.1)
			continue;
		ckpt_note("clock %d advanced by %.3f s of %.3f s", clock[i], d, real);
		return 1;
	}
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

/* ---- restart --time=: the table of restart(1), line by line ---- */

CKPT_SUITE(policy);

/* Seconds: how long they wait, are dead in between, and have when it begins again */
#define WAIT	(3 * ckpt_scale())
#define DEAD	(5 * ckpt_scale())

enum end { TIME_LEFT, AT_ONCE };

/* What a child does: 0 when the time is over, 1 if the machine has no such thing */
struct waiter {
	const char *name;
	int (*wait)(clockid_t clock, int flags);
	clockid_t clock;
	int flags;
	enum end end[2];	/* with --time=continue, and =now */
};

/* In a while, or then */
static struct timespec time_of(clockid_t clock, int flags)
{
	struct timespec now = {};

	if (flags & TIMER_ABSTIME)
		clock_gettime(clock, &now);
	return to_timespec(now.tv_sec + now.tv_nsec / 1e9 + WAIT);
}

static int wait_for_alarm(void)
{
	while (!alarms)
		pause();
	return 0;
}

static int wait_itimer(clockid_t clock, int flags)
{
	struct itimerval it = { .it_value = { WAIT, 0 } };

	signal(SIGALRM, on_alarm);
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	return wait_for_alarm();
}

#define NO_ALARM_CLOCK	77

static int wait_timer(clockid_t clock, int flags)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec spec = { .it_value = time_of(clock, flags) };
	timer_t timer;

	signal(SIGALRM, on_alarm);
	if (timer_create(clock, &event, &timer))
		return NO_ALARM_CLOCK;
	CHECK_OK(timer_settime(timer, flags, &spec, NULL));
	return wait_for_alarm();
}

static int wait_sleep(clockid_t clock, int flags)
{
	struct timespec ts = time_of(clock, flags);

	CHECK_EQ(0, clock_nanosleep(clock, flags, &ts, NULL));
	return 0;
}

static int wait_poll(clockid_t clock, int flags)
{
	CHECK_EQ(0, poll(NULL, 0, WAIT * 1000));
	return 0;
}

static int wait_futex(clockid_t clock, int flags)
{
	static int word = 5;
	struct timespec ts = time_of(clock, flags);
	int op = flags ? FUTEX_WAIT_BITSET : FUTEX_WAIT;

	if (clock == CLOCK_REALTIME)
		op |= FUTEX_CLOCK_REALTIME;
	CHECK_EQ(-1, syscall(SYS_futex, &word, op, 5, &ts, NULL, 1));
	CHECK_EQ(ETIMEDOUT, errno);
	return 0;
}

static int wait_futexes(clockid_t clock, int flags)
{
	static uint32_t word = 5;
	struct futex_waitv waiter = { .val = 5, .uaddr = (uintptr_t)&word, .flags = FUTEX_32 };
	struct timespec ts = time_of(clock, flags);
	struct __kernel_timespec end = { ts.tv_sec, ts.tv_nsec };

	CHECK_EQ(-1, syscall(SYS_futex_waitv, &waiter, 1, 0, &end, clock));
	CHECK_EQ(ETIMEDOUT, errno);
	return 0;
}

static const struct waiter waiters[] = {
	{ "ITIMER_REAL", wait_itimer, 0, 0, { TIME_LEFT, TIME_LEFT } },
	{ "timer, MONOTONIC", wait_timer, CLOCK_MONOTONIC, 0, { TIME_LEFT, TIME_LEFT } },
	{ "timer, until MONOTONIC", wait_timer, CLOCK_MONOTONIC, TIMER_ABSTIME,
	  { TIME_LEFT, TIME_LEFT } },
	{ "timer, BOOTTIME", wait_timer, CLOCK_BOOTTIME, 0, { TIME_LEFT, TIME_LEFT } },
	{ "timer, until BOOTTIME", wait_timer, CLOCK_BOOTTIME, TIMER_ABSTIME,
	  { TIME_LEFT, TIME_LEFT } },
	{ "timer, BOOTTIME_ALARM", wait_timer, CLOCK_BOOTTIME_ALARM, 0,
	  { TIME_LEFT, TIME_LEFT } },
	{ "timer, REALTIME", wait_timer, CLOCK_REALTIME, 0, { TIME_LEFT, TIME_LEFT } },
	/* In the kernel there is no other kind of these. */
	{ "timer, TAI", wait_timer, CLOCK_TAI, 0, { AT_ONCE, AT_ONCE } },
	{ "timer, until REALTIME", wait_timer, CLOCK_REALTIME, TIMER_ABSTIME,
	  { AT_ONCE, AT_ONCE } },
	{ "timer, until TAI", wait_timer, CLOCK_TAI, TIMER_ABSTIME, { AT_ONCE, AT_ONCE } },
	{ "timer, REALTIME_ALARM", wait_timer, CLOCK_REALTIME_ALARM, 0, { AT_ONCE, AT_ONCE } },
	{ "timer, until REALTIME_ALARM", wait_timer, CLOCK_REALTIME_ALARM, TIMER_ABSTIME,
	  { AT_ONCE, AT_ONCE } },
	{ "sleep", wait_sleep, CLOCK_MONOTONIC, 0, { TIME_LEFT, TIME_LEFT } },
	{ "sleep, BOOTTIME", wait_sleep, CLOCK_BOOTTIME, 0, { TIME_LEFT, TIME_LEFT } },
	{ "sleep, REALTIME", wait_sleep, CLOCK_REALTIME, 0, { TIME_LEFT, TIME_LEFT } },
	{ "sleep, until MONOTONIC", wait_sleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
	  { TIME_LEFT, AT_ONCE } },
	{ "sleep, until BOOTTIME", wait_sleep, CLOCK_BOOTTIME, TIMER_ABSTIME,
	  { TIME_LEFT, AT_ONCE } },
	{ "sleep, until REALTIME", wait_sleep, CLOCK_REALTIME, TIMER_ABSTIME,
	  { AT_ONCE, AT_ONCE } },
	{ "sleep, until TAI", wait_sleep, CLOCK_TAI, TIMER_ABSTIME, { AT_ONCE, AT_ONCE } },
	{ "poll", wait_poll, 0, 0, { TIME_LEFT, TIME_LEFT } },
	{ "futex", wait_futex, CLOCK_MONOTONIC, 0, { TIME_LEFT, TIME_LEFT } },
	/* Interrupted, it goes on for what was left: its arguments are not read again. */
	{ "futex, until MONOTONIC", wait_futex, CLOCK_MONOTONIC, TIMER_ABSTIME,
	  { TIME_LEFT, TIME_LEFT } },
	{ "futex, until REALTIME", wait_futex, CLOCK_REALTIME, TIMER_ABSTIME,
	  { AT_ONCE, AT_ONCE } },
	{ "futexes, until MONOTONIC", wait_futexes, CLOCK_MONOTONIC, TIMER_ABSTIME,
	  { TIME_LEFT, AT_ONCE } },
	{ "futexes, until REALTIME", wait_futexes, CLOCK_REALTIME, TIMER_ABSTIME,
	  { AT_ONCE, AT_ONCE } },
};

#define NR_WAITERS	(sizeof(waiters) / sizeof(waiters[0]))

/* When it began and ended, by the time of day: there is but one of it. */
struct seen {
	double start, end;
};

static double time_of_day(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int wait_and_tell(const struct waiter *w, struct seen *seen)
{
	int ret;

	seen->start = time_of_day();
	ret = w->wait(w->clock, w->flags);
	seen->end = time_of_day();
	return ret;
}

static const char *const end_text[] = { "the time that was left", "at once" };

/*
 * When it was saved, when its restart began, and when that was over: the time goes on
 * somewhere between the last two.
 */
struct moments {
	double saved, begun, done;
};

static int check_end(const struct waiter *w, const struct seen *seen,
		     const struct moments *at, int policy)
{
	double left = w->end[policy] == AT_ONCE ? 0 : WAIT - (at->saved - seen->start);
	double took = seen->end - at->begun;

	if (took > left - 0.5 * ckpt_scale() &&
	    took < left + (at->done - at->begun) + 1.2 * ckpt_scale())
		return 0;
	ckpt_note("%s: took %.2f s from the restart, not %s (%.2f s)", w->name, took,
		  end_text[w->end[policy]], left);
	return 1;
}

static int policy_body(int policy)
{
	pid_t pid[NR_WAITERS];
	struct moments at;
	struct seen *seen;
	int bad = 0, i, ret;
	char text[32];

	seen = mmap(NULL, sizeof(*seen) * NR_WAITERS, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(seen != MAP_FAILED);
	for (i = 0; i < NR_WAITERS; i++)
		SPAWN(pid[i], wait_and_tell(&waiters[i], &seen[i]));
	for (i = 0; i < NR_WAITERS; i++)
		while (!seen[i].start)
			sleep_ms(1);
	/* Into the calls it is not far. */
	sleep_ms(300);
	at.saved = time_of_day();
	ckpt_here();
	at.done = time_of_day();
	CHECK(read_file("begun", text, sizeof(text)) > 0);
	at.begun = atof(text);
	for (i = 0; i < NR_WAITERS; i++) {
		CHECK_EQ(pid[i], waitpid(pid[i], &ret, 0));
		if (WIFEXITED(ret) && WEXITSTATUS(ret) == NO_ALARM_CLOCK &&
		    strstr(waiters[i].name, "ALARM")) {
			ckpt_note("%s: the machine has no alarm clock", waiters[i].name);
			continue;
		}
		CHECK_EQ(0, ret);
		bad += check_end(&waiters[i], &seen[i], &at, policy);
	}
	/* Too early, too, if it was saved much later than it was ready for that. */
	return bad ? CKPT_LATE : 0;
}

CKPT_BODY(policy_continue)
{
	return policy_body(0);
}

CKPT_BODY(policy_now)
{
	return policy_body(1);
}

static void restart_later(struct __test_metadata *_metadata, struct app *app,
			  const char *body)
{
	char path[APP_DIR_LEN + 8];
	unsigned int tries = 0;
	FILE *f;
	int ret;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	app->tool = true;
	do {
		ASSERT_EQ(0, app_capture(app, body));
		sleep_ms(DEAD * 1000);
		snprintf(path, sizeof(path), "%s/begun", app->dir);
		f = fopen(path, "w");
		ASSERT_NE(NULL, f);
		fprintf(f, "%.3f", time_of_day());
		ASSERT_EQ(0, fclose(f));
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		ret = app_finish(app);
	} while (ret && app_late(app) && ckpt_try_again(_metadata, app, &tries));
	ASSERT_EQ(0, ret);
}

CKPT_TEST_F(policy, time_goes_on)
{
	restart_later(_metadata, &self->app, "policy_continue");
}

CKPT_TEST_F(policy, time_is_now)
{
	self->app.time_now = true;
	restart_later(_metadata, &self->app, "policy_now");
}

TEST_HARNESS_MAIN
