// SPDX-License-Identifier: GPL-2.0
/*
 * Interval timers, processor time and what else a process has used, and when
 * it began
 */
#include "test.h"

#include <limits.h>
#include <sys/acct.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "proc.h"

CKPT_SUITE(timers);

static volatile sig_atomic_t count[65];
static void on_signal(int sig)
{
	count[sig]++;
}

static double seconds(struct timeval tv)
{
	return tv.tv_sec + tv.tv_usec / 1e6;
}

static double clock_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static struct itimerval interval(double first, double then)
{
	struct itimerval it = {
		.it_value = { first, (first - (long)first) * 1e6 },
		.it_interval = { then, (then - (long)then) * 1e6 },
	};

	return it;
}

/* A moment of user time: on some machines asking for the time takes longer. */
static void spin(void)
{
	volatile int i;

	for (i = 0; i < 300000; i++)
		;
}

/* Uses @sec seconds of processor time. */
static void burn(double sec)
{
	double end = clock_of(CLOCK_PROCESS_CPUTIME_ID) + sec;

	while (clock_of(CLOCK_PROCESS_CPUTIME_ID) < end)
		spin();
}

#define NEAR(a, b, tolerance)						\
do {									\
	double __a = (a), __b = (b);					\
									\
	if (__a - __b > (tolerance) || __b - __a > (tolerance)) {	\
		ckpt_note("%s:%d: %s is %f, not about %f", __FILE__,	\
			  __LINE__, #b, __b, __a);			\
		return 1;						\
	}								\
} while (0)

/* One of a value that was seen sometime between two others */
#define BETWEEN(low, high, b, tolerance)				\
do {									\
	double __low = (low), __high = (high), __b = (b);		\
									\
	if (__b < __low - (tolerance) || __b > __high + (tolerance)) {	\
		ckpt_note("%s:%d: %s is %f, not from %f to %f",		\
			  __FILE__, __LINE__, #b, __b, __low, __high);	\
		return 1;						\
	}								\
} while (0)

/* ---- Interval timers ---- */

/* The clock does not go on between checkpoint and restart, nor does the timer. */
CKPT_TEST(timers, itimer_real_keeps_the_time_left)
{
	struct itimerval it = interval(1000, 5.25);
	double start[2], now[2];

	start[0] = now_monotonic();
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	start[1] = now_monotonic();
	/* Longer than the restart takes, during which the clock is on already. */
	usleep(600000 * ckpt_scale());
	ckpt_here();
	now[0] = now_monotonic();
	CHECK_OK(getitimer(ITIMER_REAL, &it));
	now[1] = now_monotonic();
	BETWEEN(1000 - (now[1] - start[0]),
		1000 - (now[0] - start[1]) + ckpt_restart_took(),
		seconds(it.it_value), 0.2 * ckpt_scale());
	CHECK_EQ(5250000, it.it_interval.tv_sec * 1000000 + it.it_interval.tv_usec);
	return 0;
}

CKPT_TEST_STILL(timers, itimer_real_goes_off_again_and_again, 0.4)
{
	struct itimerval it = interval(20, 0.1);
	double start, end;

	signal(SIGALRM, on_signal);
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	it = interval(0.4 * ckpt_scale(), 0.1);
	start = now_monotonic();
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	ckpt_here();
	end = now_monotonic() + 60 * ckpt_scale();
	while (count[SIGALRM] < 3 && now_monotonic() < end)
		usleep(1000);
	CHECK(count[SIGALRM] >= 3);
	CHECK(now_monotonic() - start >= 0.4 * ckpt_scale() + 0.2 - 0.02);
	return 0;
}

CKPT_TEST_STILL(timers, itimer_real_goes_off_once, 0.4)
{
	struct itimerval it = interval(0.4 * ckpt_scale(), 0);
	double end;

	signal(SIGALRM, on_signal);
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	ckpt_here();
	end = now_monotonic() + 60 * ckpt_scale();
	while (!count[SIGALRM] && now_monotonic() < end)
		usleep(1000);
	usleep(100000);
	CHECK_EQ(1, count[SIGALRM]);
	CHECK_OK(getitimer(ITIMER_REAL, &it));
	CHECK(!it.it_value.tv_sec && !it.it_value.tv_usec);
	return 0;
}

CKPT_TEST(timers, alarm_is_kept)
{
	alarm(1000);
	ckpt_here();
	CHECK(alarm(0) > 900);
	return 0;
}

/* It went off, the signal is blocked: pending, and the timer waits. */
CKPT_TEST(timers, itimer_real_whose_signal_is_pending)
{
	struct itimerval it = interval(0.01, 1000);
	sigset_t set, pending;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	do {
		usleep(1000);
		CHECK_OK(sigpending(&pending));
	} while (!sigismember(&pending, SIGALRM));
	ckpt_here();
	CHECK_EQ(SIGALRM, sigwaitinfo(&set, &si));
	CHECK_EQ(SI_KERNEL, si.si_code);
	CHECK_OK(getitimer(ITIMER_REAL, &it));
	CHECK_EQ(1000, it.it_interval.tv_sec);
	CHECK(it.it_value.tv_sec >= 900);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGALRM));
	return 0;
}

/* The intervals are counted from when it went off, not from the restart. */
CKPT_TEST(timers, itimer_real_that_went_off_keeps_its_rhythm)
{
	struct itimerval it = interval(0.01, 1000);
	sigset_t set, pending;
	siginfo_t si;
	double start[2], now[2];

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	start[0] = now_monotonic() + 0.01;
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	start[1] = now_monotonic() + 0.01;
	/* Longer than the restart takes */
	usleep(1000000 * ckpt_scale());
	do
		CHECK_OK(sigpending(&pending));
	while (!sigismember(&pending, SIGALRM));
	ckpt_here();
	/* What takes the signal starts the timer again. */
	CHECK_EQ(SIGALRM, sigwaitinfo(&set, &si));
	now[0] = now_monotonic();
	CHECK_OK(getitimer(ITIMER_REAL, &it));
	now[1] = now_monotonic();
	BETWEEN(1000 - (now[1] - start[0]),
		1000 - (now[0] - start[1]) + ckpt_restart_took(),
		seconds(it.it_value), 0.3 * ckpt_scale());
	return 0;
}

/*
 * ITIMER_VIRTUAL counts user time, ITIMER_PROF that of the kernel, too: in ticks.
 * These are the clocks that they go by. getrusage() tells more, when a machine has
 * waited for its host and then got one tick for many.
 */
static double used(int which)
{
	return clock_of((clockid_t)(~0U << 3 | (which == ITIMER_PROF ? 0 : 1)));
}

/*
 * Timers and limits of processor time count ticks. An emulated processor on a
 * busy host misses many, so that less is counted than used, and never more.
 */
static bool misses_ticks(void)
{
	return ckpt_scale() > 1;
}

/* What is left of @which, as before: no new start, no less than what was used */
static int time_left_is_kept(int which, double before, double used_before)
{
	struct itimerval it;

	CHECK_OK(getitimer(which, &it));
	CHECK(seconds(it.it_value) <= before);
	CHECK(before - seconds(it.it_value) <= used(which) - used_before + 0.1);
	return 0;
}

static int processor_timer(int which)
{
	struct itimerval it = interval(1000, 7.5);
	double start, left, then;

	burn(0.1);
	start = used(which);
	CHECK_OK(setitimer(which, &it, NULL));
	burn(0.2);
	then = used(which);
	CHECK_OK(getitimer(which, &it));
	left = seconds(it.it_value);
	ckpt_here();
	CHECK(used(which) >= then);
	CHECK(!time_left_is_kept(which, left, then));
	CHECK_OK(getitimer(which, &it));
	if (!misses_ticks())
		NEAR(1000 - (used(which) - start), seconds(it.it_value), 0.1);
	CHECK_EQ(7500000, it.it_interval.tv_sec * 1000000 + it.it_interval.tv_usec);
	return 0;
}

CKPT_TEST(timers, itimer_virtual_keeps_the_time_left)
{
	return processor_timer(ITIMER_VIRTUAL);
}

CKPT_TEST(timers, itimer_prof_keeps_the_time_left)
{
	return processor_timer(ITIMER_PROF);
}

static int processor_timer_goes_off(int which, int sig)
{
	struct itimerval it = interval(0.5, 0.2);
	double start = used(which), end;

	burn(0.2);
	if (used(which) == start)
		return ckpt_skip("this machine counts all time as the system's");
	signal(sig, on_signal);
	CHECK_OK(setitimer(which, &it, NULL));
	start = used(which);
	burn(0.1);
	CHECK_EQ(0, count[sig]);
	ckpt_here();
	end = now_monotonic() + 120 * ckpt_scale();
	while (count[sig] < 2 && now_monotonic() < end)
		spin();
	CHECK(count[sig] >= 2);
	/* Neither before its time, nor from a new start. */
	CHECK(used(which) - start > 0.7 - 0.15);
	if (!misses_ticks())
		NEAR(0.7, used(which) - start, 0.15);
	return 0;
}

CKPT_TEST(timers, itimer_virtual_goes_off)
{
	return processor_timer_goes_off(ITIMER_VIRTUAL, SIGVTALRM);
}

CKPT_TEST(timers, itimer_prof_goes_off)
{
	return processor_timer_goes_off(ITIMER_PROF, SIGPROF);
}

CKPT_TEST(timers, no_timer_out_of_nothing)
{
	struct itimerval it;
	int which;

	ckpt_here();
	for (which = 0; which < 3; which++) {
		CHECK_OK(getitimer(which, &it));
		CHECK(!it.it_value.tv_sec && !it.it_value.tv_usec);
		CHECK(!it.it_interval.tv_sec && !it.it_interval.tv_usec);
	}
	return 0;
}

CKPT_TEST(timers, each_process_has_its_own)
{
	struct itimerval it = interval(1000, 0), mine = interval(2000, 0);
	pid_t pid;

	SPAWN(pid, (setitimer(ITIMER_REAL, &it, NULL),
		    ckpt_announce("child", "go.0"),
		    getitimer(ITIMER_REAL, &it) || it.it_value.tv_sec > 1000 ||
		    it.it_value.tv_sec < 900));
	ckpt_wait_for("child");
	CHECK_OK(setitimer(ITIMER_REAL, &mine, NULL));
	ckpt_here();
	CHECK_OK(getitimer(ITIMER_REAL, &mine));
	CHECK(mine.it_value.tv_sec > 1900);
	return ckpt_reap(pid);
}

CKPT_TEST(timers, limit_of_processor_time_goes_on)
{
	struct rlimit rl = { 1, RLIM_INFINITY };
	double end;

	signal(SIGXCPU, on_signal);
	burn(0.6);
	CHECK_OK(setrlimit(RLIMIT_CPU, &rl));
	ckpt_here();
	CHECK_EQ(0, count[SIGXCPU]);
	end = now_monotonic() + 120 * ckpt_scale();
	while (!count[SIGXCPU] && now_monotonic() < end)
		spin();
	CHECK_EQ(1, count[SIGXCPU]);
	CHECK(clock_of(CLOCK_PROCESS_CPUTIME_ID) > 1 - 0.2);
	if (!misses_ticks())
		NEAR(1, used(ITIMER_PROF), 0.2);
	return 0;
}

/* ---- Times ---- */

/*
 * The time that the checkpoint itself takes is not more than this; but to a process
 * is counted, too, what a machine has waited for its host meanwhile.
 */
static double a_while(double since)
{
	double elapsed = now_monotonic() - since + 0.05;

	return elapsed > 0.3 * ckpt_scale() ? elapsed : 0.3 * ckpt_scale();
}

CKPT_TEST(timers, processor_clocks_go_on)
{
	double process, thread, since, more[2];

	burn(0.8);
	since = now_monotonic();
	process = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	thread = clock_of(CLOCK_THREAD_CPUTIME_ID);
	ckpt_here();
	more[0] = clock_of(CLOCK_PROCESS_CPUTIME_ID) - process;
	more[1] = clock_of(CLOCK_THREAD_CPUTIME_ID) - thread;
	CHECK(more[0] >= 0 && more[1] >= 0);
	CHECK(more[0] < a_while(since));
	CHECK(more[1] < a_while(since));
	return 0;
}

CKPT_TEST(timers, user_and_system_time_go_on)
{
	struct rusage before, after;
	double end, since;
	struct tms tms;
	clock_t ticks;
	int i;

	burn(0.4);
	end = clock_of(CLOCK_PROCESS_CPUTIME_ID) + 0.4;
	while (clock_of(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (i = 0; i < 100; i++)
			syscall(SYS_getppid);
	since = now_monotonic();
	CHECK_OK(getrusage(RUSAGE_SELF, &before));
	times(&tms);
	ticks = tms.tms_utime + tms.tms_stime;
	ckpt_here();
	CHECK_OK(getrusage(RUSAGE_SELF, &after));
	CHECK(seconds(after.ru_utime) >= seconds(before.ru_utime));
	CHECK(seconds(after.ru_stime) >= seconds(before.ru_stime));
	CHECK(seconds(after.ru_utime) < seconds(before.ru_utime) + a_while(since));
	CHECK(seconds(after.ru_stime) < seconds(before.ru_stime) + a_while(since));
	times(&tms);
	CHECK(tms.tms_utime + tms.tms_stime >= ticks);
	return 0;
}

/*
 * The kernel knows how long a process has run, and at each tick what it was
 * doing. What it has once told from that, user or system time, never gets less,
 * even if the ticks since then say that it was too much.
 */
struct shown {
	struct rusage process;
	struct rusage thread;
};

static void get_shown(struct shown *s)
{
	getrusage(RUSAGE_SELF, &s->process);
	getrusage(RUSAGE_THREAD, &s->thread);
}

/* Uses @sec seconds of system time. */
static void burn_system(double sec)
{
	double end = clock_of(CLOCK_PROCESS_CPUTIME_ID) + sec;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	static char buf[1 << 18];

	while (clock_of(CLOCK_PROCESS_CPUTIME_ID) < end)
		if (read(fd, buf, sizeof(buf)) != sizeof(buf))
			break;
	close(fd);
}

static int not_less(struct timeval before, struct timeval now)
{
	if (seconds(now) >= seconds(before))
		return 1;
	ckpt_note("%f seconds before, %f now", seconds(before), seconds(now));
	return 0;
}

#define TOO_LITTLE	42

/* What was told of it stays, while the other one has grown. */
static int is_overstated(int system, const struct rusage *told,
			 const struct rusage *now)
{
	if (system)
		return seconds(told->ru_stime) > 0 &&
		       seconds(told->ru_stime) == seconds(now->ru_stime);
	return seconds(told->ru_utime) > 0 &&
	       seconds(told->ru_utime) == seconds(now->ru_utime);
}

/*
 * Tells too much of one kind, then uses the other one. All is user time until
 * the first tick, and then all is system time if that was.
 */
static int overstated(int system)
{
	struct shown told, before, after;

	if (system)
		burn_system(0.03);
	do
		get_shown(&told);
	while (!seconds(told.process.ru_utime) && !seconds(told.process.ru_stime));
	if (system)
		burn(0.15);
	else
		burn_system(0.15);
	get_shown(&before);
	if (!is_overstated(system, &told.process, &before.process) ||
	    !is_overstated(system, &told.thread, &before.thread))
		return TOO_LITTLE;
	ckpt_announce("overstated", "go.0");
	get_shown(&after);
	CHECK(not_less(before.process.ru_utime, after.process.ru_utime));
	CHECK(not_less(before.process.ru_stime, after.process.ru_stime));
	CHECK(not_less(before.thread.ru_utime, after.thread.ru_utime));
	CHECK(not_less(before.thread.ru_stime, after.thread.ru_stime));
	return 0;
}

/* Where ticks are the clock, too, only the second processor comes too late. */
static void choose_processor(int nr)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(nr % 2, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* It takes luck: where the ticks fall. */
static int never_goes_back(int system)
{
	int i, status = 0;
	pid_t pid;

	for (i = 0; i < 10; i++) {
		SPAWN(pid, (choose_processor(i), overstated(system)));
		while (access("overstated", F_OK) &&
		       waitpid(pid, &status, WNOHANG) != pid)
			usleep(1000);
		if (!access("overstated", F_OK))
			break;
		CHECK_EQ(TOO_LITTLE << 8, status);
	}
	if (i == 10)
		return ckpt_skip("this machine counts too well");
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_TEST(timers, user_time_that_was_shown_never_goes_back)
{
	return never_goes_back(0);
}

CKPT_TEST(timers, system_time_that_was_shown_never_goes_back)
{
	return never_goes_back(1);
}

CKPT_TEST(timers, counters_of_usage_go_on)
{
	struct rusage before, after;
	char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(p != MAP_FAILED);
	/* one fault for each page, also where there are huge ones */
	madvise(p, 4 << 20, MADV_NOHUGEPAGE);
	memset(p, 1, 4 << 20);
	munmap(p, 4 << 20);
	/* A time that is over before it has slept is none to sleep. */
	i = 0;
	do {
		usleep(1000);
		CHECK_OK(getrusage(RUSAGE_SELF, &before));
	} while (before.ru_nvcsw <= 50 && ++i < 10000);
	CHECK(before.ru_minflt > 1000);
	CHECK(before.ru_nvcsw > 50);
	ckpt_here();
	CHECK_OK(getrusage(RUSAGE_SELF, &after));
	CHECK(after.ru_minflt >= before.ru_minflt);
	CHECK(after.ru_majflt >= before.ru_majflt);
	CHECK(after.ru_nvcsw >= before.ru_nvcsw);
	CHECK(after.ru_nivcsw >= before.ru_nivcsw);
	CHECK(after.ru_inblock >= before.ru_inblock);
	CHECK(after.ru_oublock >= before.ru_oublock);
	CHECK(after.ru_maxrss >= before.ru_maxrss);
	return 0;
}

/* Touches pages of a file that are in no cache. */
static int fault_from_a_disk(void)
{
	static const char *const files[] = {
		"/usr/bin/perl", "/bin/bash", "/bin/busybox",
	};
	struct stat st;
	unsigned int i;
	off_t off;
	char *p;
	int fd;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		fd = open(files[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)) {
			p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
			CHECK(p != MAP_FAILED);
			for (off = 0; off < st.st_size; off += 65536)
				(void)*(volatile char *)(p + off);
			munmap(p, st.st_size);
		}
		close(fd);
	}
	return 0;
}

static long major_faults(int who)
{
	struct rusage ru;

	getrusage(who, &ru);
	return ru.ru_majflt;
}

CKPT_TEST(timers, faults_that_took_a_disk)
{
	long mine, of_children;
	pid_t pid;

	SPAWN(pid, fault_from_a_disk());
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(0, fault_from_a_disk());
	mine = major_faults(RUSAGE_SELF);
	of_children = major_faults(RUSAGE_CHILDREN);
	if (mine < 10 || of_children < 10)
		return ckpt_skip("%ld and %ld of a child only", mine, of_children);
	ckpt_here();
	CHECK(major_faults(RUSAGE_SELF) >= mine);
	CHECK_EQ(of_children, major_faults(RUSAGE_CHILDREN));
	return 0;
}

static int copy_much(void)
{
	int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY), i;
	static char buf[1 << 20];

	for (i = 0; i < 8; i++) {
		CHECK_EQ(sizeof(buf), read(in, buf, sizeof(buf)));
		CHECK_EQ(sizeof(buf), write(out, buf, sizeof(buf)));
	}
	return 0;
}

/* A process takes over the account of children that it has waited for. */
CKPT_TEST(timers, reading_and_writing_of_children_that_are_gone)
{
	static const char *const what[] = { "rchar", "wchar", "syscr", "syscw" };
	long long before[4];
	unsigned int i;
	pid_t pid;

	SPAWN(pid, copy_much());
	CHECK_EQ(0, ckpt_reap(pid));
	for (i = 0; i < 4; i++)
		before[i] = proc_number("io", what[i], 10);
	if (before[0] < 0)
		return ckpt_skip("no /proc/self/io");
	CHECK(before[0] >= 8 << 20 && before[1] >= 8 << 20);
	ckpt_here();
	for (i = 0; i < 4; i++)
		CHECK(proc_number("io", what[i], 10) >= before[i]);
	return 0;
}

static int use_something(void)
{
	char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, 8 << 20, MADV_NOHUGEPAGE);
	memset(p, 1, 8 << 20);
	burn(0.2);
	usleep(1000);
	return 0;
}

CKPT_TEST(timers, usage_of_children_that_are_gone)
{
	struct rusage before, after;
	struct tms tms, now;
	pid_t pid;

	SPAWN(pid, use_something());
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &before));
	CHECK(before.ru_minflt >= 2048);
	CHECK(before.ru_maxrss >= 8192);
	CHECK(seconds(before.ru_utime) + seconds(before.ru_stime) > 0.1);
	times(&tms);
	ckpt_here();
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &after));
	CHECK_EQ(before.ru_minflt, after.ru_minflt);
	CHECK_EQ(before.ru_majflt, after.ru_majflt);
	CHECK_EQ(before.ru_nvcsw, after.ru_nvcsw);
	CHECK_EQ(before.ru_nivcsw, after.ru_nivcsw);
	CHECK_EQ(before.ru_maxrss, after.ru_maxrss);
	CHECK_EQ(before.ru_utime.tv_sec * 1000000 + before.ru_utime.tv_usec,
		 after.ru_utime.tv_sec * 1000000 + after.ru_utime.tv_usec);
	CHECK_EQ(before.ru_stime.tv_sec * 1000000 + before.ru_stime.tv_usec,
		 after.ru_stime.tv_sec * 1000000 + after.ru_stime.tv_usec);
	times(&now);
	CHECK_EQ(tms.tms_cutime, now.tms_cutime);
	CHECK_EQ(tms.tms_cstime, now.tms_cstime);
	return 0;
}

/* What a child used before the checkpoint is in the account of the parent. */
CKPT_TEST(timers, usage_of_a_child_that_ends_afterwards)
{
	struct rusage ru;
	pid_t pid;

	SPAWN(pid, (use_something(), ckpt_announce("child", "go.0"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &ru));
	CHECK(seconds(ru.ru_utime) + seconds(ru.ru_stime) > 0.15);
	CHECK(ru.ru_minflt >= 2048);
	return 0;
}

/* In ticks of the clock that goes on. */
CKPT_TEST(timers, start_time)
{
	long long start = proc_stat(22), now;

	CHECK(start >= 0);
	/* So long ago that a start at the restart is another number. */
	usleep(50000);
	ckpt_here();
	now = proc_stat(22);
	if (now != start && now != start + 1 && now != start - 1)
		CHECK_EQ(start, now);
	return 0;
}

CKPT_TEST(timers, start_times_of_a_tree)
{
	long long start[2];
	pid_t pid;

	usleep(100000);
	SPAWN(pid, ({
		long long mine = proc_stat(22), now;

		ckpt_announce("child", "go.0");
		now = proc_stat(22);
		now < mine - 1 || now > mine + 1;
	}));
	ckpt_wait_for("child");
	start[0] = proc_stat(22);
	ckpt_here();
	start[1] = proc_stat(22);
	CHECK(start[1] - start[0] >= -1 && start[1] - start[0] <= 1);
	return ckpt_reap(pid);
}

/* A number with three bits of an exponent to base 8 */
static double from_comp(comp_t c)
{
	return (double)(c & 0x1fff) * (1 << 3 * (c >> 13));
}

/* What the first record tells of a process, in seconds */
struct account {
	double elapsed, user, system;
};

static int read_account(const char *path, struct account *a)
{
	union {
		struct acct v2;
		struct acct_v3 v3;
	} rec = { 0 };
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_OK(fd);
	n = read(fd, &rec, sizeof(rec));
	close(fd);
	CHECK(n >= (ssize_t)sizeof(rec.v3));
	if ((rec.v3.ac_version & 0x0f) == 3)
		*a = (struct account) {
			.elapsed = rec.v3.ac_etime / AHZ,
			.user = from_comp(rec.v3.ac_utime) / AHZ,
			.system = from_comp(rec.v3.ac_stime) / AHZ,
		};
	else
		*a = (struct account) {
			.elapsed = from_comp(rec.v2.ac_etime) / AHZ,
			.user = from_comp(rec.v2.ac_utime) / AHZ,
			.system = from_comp(rec.v2.ac_stime) / AHZ,
		};
	return 0;
}

static int account_to(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CHECK_OK(fd);
	close(fd);
	return acct(path);
}

/* Process accounting is where the age shows: by a clock that one cannot set. */
CKPT_TEST(timers, age_in_the_process_accounting)
{
	double start[2], end[2];
	struct account a;
	pid_t pid;

	NEED(account_to("probe"));
	CHECK_OK(acct(NULL));
	start[0] = now_monotonic();
	SPAWN(pid, (ckpt_announce("child", "end"), 0));
	ckpt_wait_for("child");
	start[1] = now_monotonic();
	/* Longer than the restart takes */
	usleep(1000000 * ckpt_scale());
	ckpt_here();
	CHECK_OK(account_to("acct"));
	end[0] = now_monotonic();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	end[1] = now_monotonic();
	CHECK_OK(acct(NULL));
	CHECK_EQ(0, read_account("acct", &a));
	BETWEEN(end[0] - start[1] - ckpt_restart_took(), end[1] - start[0],
		a.elapsed, 0.3 * ckpt_scale());
	return 0;
}

/* What the ticks have counted of @which since its timer was set to 1,000 seconds */
static double counted(int which)
{
	struct itimerval it;

	getitimer(which, &it);
	return 1000 - seconds(it.it_value);
}

/* User time, unless the machine counts all as the system's, and system time */
static int use_both_and_end(volatile double *user, volatile double *system)
{
	const struct itimerval it = interval(1000, 0);

	CHECK_OK(setitimer(ITIMER_VIRTUAL, &it, NULL));
	CHECK_OK(setitimer(ITIMER_PROF, &it, NULL));
	do
		burn(0.1);
	while (counted(ITIMER_PROF) < 0.5);
	do
		burn_system(0.1);
	while (counted(ITIMER_PROF) < 1);
	*user = counted(ITIMER_VIRTUAL);
	*system = counted(ITIMER_PROF) - *user;
	ckpt_announce("child", "end");
	return 0;
}

/* What is shown elsewhere is made of these two and of what has been shown. */
CKPT_TEST(timers, both_times_in_the_process_accounting)
{
	volatile double *used = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct account a;
	double since;
	pid_t pid;

	CHECK(used != MAP_FAILED);
	NEED(account_to("probe"));
	CHECK_OK(acct(NULL));
	SPAWN(pid, use_both_and_end(&used[0], &used[1]));
	ckpt_wait_for("child");
	since = now_monotonic();
	ckpt_here();
	CHECK_OK(account_to("acct"));
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_OK(acct(NULL));
	CHECK_EQ(0, read_account("acct", &a));
	BETWEEN(used[0], used[0] + a_while(since), a.user, 0.05);
	BETWEEN(used[1], used[1] + a_while(since), a.system, 0.05);
	return 0;
}

/* With the current tick it ends behind the last time that there is. */
CKPT_TEST(timers, profiling_timer_at_never)
{
	struct itimerval never = { .it_value.tv_sec = LONG_MAX }, now;

	CHECK_OK(setitimer(ITIMER_PROF, &never, NULL));
	CHECK_OK(setitimer(ITIMER_VIRTUAL, &never, NULL));
	ckpt_here();
	/*
	 * Until a tick is over, the kernel itself takes it for a time that was. Of
	 * user time none may be counted.
	 */
	burn(0.05);
	CHECK_OK(getitimer(ITIMER_PROF, &now));
	CHECK(now.it_value.tv_sec > 2000000000);
	return 0;
}

TEST_HARNESS_MAIN
