// SPDX-License-Identifier: GPL-2.0
/*
 * What parents know of their children: zombies, job control, and ids of groups
 * and sessions whose leaders are gone
 */
#include "threads.h"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "state.h"

CKPT_SUITE(jobs);
CKPT_SUITE_V1(jobs);

static volatile sig_atomic_t nr_chld;
static siginfo_t chld;

static void on_chld(int sig, siginfo_t *info, void *uc)
{
	nr_chld++;
	chld = *info;
}

static int catch_chld(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_chld, .sa_flags = SA_SIGINFO,
	};

	return sigaction(SIGCHLD, &sa, NULL);
}

/* A stop can be waited for before the signal that tells it is sent. */
static int wait_chld(int code)
{
	int i;

	for (i = 0; i < 60000 * ckpt_scale() && !nr_chld; i++)
		sleep_ms(1);
	CHECK_EQ(1, nr_chld);
	CHECK_EQ(code, chld.si_code);
	return 0;
}

/* A child that is in pause() by then: what it does before would be seen. */
#define SPAWN_SLEEPER(pid) do {						\
	SPAWN(pid, (pause(), 0));					\
	CHECK_OK(wait_state(pid, 'S'));					\
} while (0)

/* The end of a child that would not end by itself */
static int kill_and_reap(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	return 0;
}

/* ---- Zombies ---- */

static int use_and_exit(int status)
{
	burn(CLOCK_PROCESS_CPUTIME_ID, 200);
	return status;
}

CKPT_TEST(jobs, zombie_with_its_status_and_usage)
{
	siginfo_t before = {}, info = {};
	struct rusage usage;
	int status = -1;
	pid_t pid;

	CHECK_OK(catch_chld());
	SPAWN(pid, use_and_exit(42));
	CHECK_OK(waitid(P_PID, pid, &before, WEXITED | WNOWAIT));
	CHECK_EQ(1, nr_chld);
	ckpt_here();
	CHECK_EQ('Z', state_of(pid));
	CHECK_EQ(1, nr_chld);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(CLD_EXITED, info.si_code);
	CHECK_EQ(42, info.si_status);
	CHECK_EQ(before.si_uid, info.si_uid);
	CHECK_EQ(pid, wait4(pid, &status, 0, &usage));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	/* User-Mode Linux counts it as system time. */
	CHECK((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 200000);
	CHECK(wait4(pid, &status, 0, NULL) < 0 && errno == ECHILD);
	return 0;
}

CKPT_TEST(jobs, zombie_that_a_signal_has_killed)
{
	siginfo_t info;
	int status;
	pid_t pid;

	SPAWN(pid, pause());
	kill(pid, SIGTERM);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return 0;
}

CKPT_TEST(jobs, zombie_with_another_exit_signal)
{
	pid_t pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
	siginfo_t info;
	int status;

	CHECK_OK(pid);
	if (!pid)
		_exit(7);
	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WCLONE));
	ckpt_here();
	CHECK(waitpid(pid, &status, WNOHANG) < 0);
	CHECK_EQ(pid, waitpid(pid, &status, __WCLONE));
	CHECK_EQ(7, WEXITSTATUS(status));
	return 0;
}

CKPT_TEST(jobs, zombie_with_no_exit_signal)
{
	pid_t pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	siginfo_t info;
	int status;

	CHECK_OK(pid);
	if (!pid)
		_exit(8);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL));
	ckpt_here();
	CHECK(waitpid(pid, &status, WNOHANG) < 0);
	CHECK_EQ(pid, waitpid(pid, &status, __WALL));
	CHECK_EQ(8, WEXITSTATUS(status));
	return 0;
}

/* Of who it was, the user is left. */
CKPT_TEST(jobs, zombie_of_another_user)
{
	siginfo_t info;
	pid_t pid;

	SPAWN(pid, (syscall(SYS_setresuid, 1000, 1000, 1000), 1));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(1000, info.si_uid);
	ckpt_here();
	memset(&info, 0, sizeof(info));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED));
	CHECK_EQ(1000, info.si_uid);
	CHECK_EQ(1, info.si_status);
	return 0;
}

static int dump_core(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_CORE, &limit);
	return raise(SIGQUIT);
}

CKPT_TEST(jobs, zombie_that_has_left_a_core)
{
	siginfo_t before = {}, info = {};
	pid_t pid;

	SPAWN(pid, dump_core());
	CHECK_OK(waitid(P_PID, pid, &before, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED));
	CHECK_EQ(before.si_code, info.si_code);
	CHECK_EQ(SIGQUIT, info.si_status);
	return 0;
}

static int have_child_that_uses_more(void)
{
	char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	SPAWN(pid, (memset(p, 1, 16 << 20), use_and_exit(0)));
	CHECK_EQ(0, ckpt_reap(pid));
	burn(CLOCK_PROCESS_CPUTIME_ID, 100);
	return 3;
}

/* As the kernel has it, in 32-bit programs with other times than the library */
struct usage {
	long utime[2], stime[2];
	long maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock;
	long msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};

static int usage_of(pid_t pid, struct usage *usage, int options)
{
	siginfo_t info;

	memset(usage, 0, sizeof(*usage));
	return syscall(SYS_waitid, P_PID, pid, &info, WEXITED | options, usage);
}

static void note_usage(const struct usage *u)
{
	ckpt_note("utime %ld.%06ld stime %ld.%06ld maxrss %ld faults %ld %ld blocks %ld %ld switches %ld %ld",
		  u->utime[0], u->utime[1], u->stime[0], u->stime[1], u->maxrss,
		  u->minflt, u->majflt, u->inblock, u->oublock, u->nvcsw, u->nivcsw);
}

/* To the last count: a zombie uses nothing any more. */
CKPT_TEST(jobs, zombie_with_the_usage_of_its_children)
{
	struct usage before, after;
	struct rusage children;
	int same = 0;
	pid_t pid;

	SPAWN(pid, have_child_that_uses_more());
	CHECK_OK(usage_of(pid, &before, WNOWAIT));
	/*
	 * The last that it does is to give the processor away, which counts; and it can
	 * be waited for before it has done that. So until it stays the same.
	 */
	while (same < 5) {
		sleep_ms(50);
		CHECK_OK(usage_of(pid, &after, WNOWAIT));
		same = memcmp(&before, &after, sizeof(before)) ? 0 : same + 1;
		before = after;
	}
	CHECK(before.maxrss >= 16 << 10);
	ckpt_here();
	CHECK_OK(usage_of(pid, &after, 0));
	if (memcmp(&before, &after, sizeof(before))) {
		note_usage(&before);
		note_usage(&after);
		return 1;
	}
	getrusage(RUSAGE_CHILDREN, &children);
	CHECK_EQ(before.maxrss, children.ru_maxrss);
	CHECK_EQ(before.stime[0], children.ru_stime.tv_sec);
	CHECK_EQ(before.minflt, children.ru_minflt);
	return 0;
}

CKPT_TEST(jobs, several_zombies_in_their_order)
{
	pid_t pid[5];
	siginfo_t info;
	int i, status;

	for (i = 0; i < 5; i++)
		SPAWN(pid[i], 10 + i);
	for (i = 4; i >= 0; i--)
		CHECK_OK(waitid(P_PID, pid[i], &info, WEXITED | WNOWAIT));
	ckpt_here();
	for (i = 0; i < 5; i++) {
		CHECK_EQ(pid[i], waitpid(-1, &status, 0));
		CHECK_EQ(10 + i, WEXITSTATUS(status));
	}
	CHECK(waitpid(-1, &status, 0) < 0 && errno == ECHILD);
	return 0;
}

/* Who ignores its end from now on still has it. */
CKPT_TEST(jobs, zombie_from_before_the_signal_was_ignored)
{
	siginfo_t info;
	int status;
	pid_t pid;

	SPAWN(pid, 4);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	signal(SIGCHLD, SIG_IGN);
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(4, WEXITSTATUS(status));
	SPAWN(pid, 4);
	CHECK(waitpid(pid, &status, 0) < 0 && errno == ECHILD);
	return 0;
}

CKPT_TEST(jobs, pending_signal_of_a_zombie)
{
	siginfo_t info = {}, told = {};
	struct timespec now = {};
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	SPAWN(pid, 12);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(SIGCHLD, sigtimedwait(&set, &told, &now));
	CHECK_EQ(pid, told.si_pid);
	CHECK_EQ(CLD_EXITED, told.si_code);
	CHECK_EQ(12, told.si_status);
	CHECK_EQ(-1, sigtimedwait(&set, &told, &now));
	CHECK_EQ(12 << 8, ({ int st; waitpid(pid, &st, 0); st; }));
	return 0;
}

static int exit_with_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	return 2;
}

/* What it has not taken shows in /proc, where the oracle sees it. */
CKPT_TEST(jobs, zombie_with_pending_signals)
{
	siginfo_t info;
	pid_t pid;

	SPAWN(pid, exit_with_signals());
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(2 << 8, ({ int st; waitpid(pid, &st, 0); st; }));
	return 0;
}

static void *wait_with_a_child(void *arg)
{
	ready++;
	pause();
	return arg;
}

static int with_thread_exit(int status)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, wait_with_a_child, NULL));
	wait_ready(1);
	return status;
}

CKPT_TEST(jobs, zombie_that_had_threads)
{
	siginfo_t info;
	int status;
	pid_t pid;

	SPAWN(pid, with_thread_exit(5));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(5, WEXITSTATUS(status));
	return 0;
}

/* ---- Job control ---- */

CKPT_TEST(jobs, stopped_and_waited_for)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	CHECK_OK(catch_chld());
	SPAWN_SLEEPER(pid);
	/* An orphaned group, as that of an init, does not stop by it. */
	CHECK_OK(setpgid(pid, pid));
	kill(pid, SIGTSTP);
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK_EQ(SIGTSTP, WSTOPSIG(status));
	CHECK_OK(wait_chld(CLD_STOPPED));
	nr_chld = 0;
	ckpt_here();
	CHECK_OK(wait_state(pid, 'T'));
	CHECK_EQ(0, nr_chld);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG));
	CHECK_EQ(0, info.si_pid);
	kill(pid, SIGCONT);
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED));
	CHECK_EQ(CLD_CONTINUED, info.si_code);
	CHECK_OK(wait_state(pid, 'S'));
	return kill_and_reap(pid);
}

CKPT_TEST(jobs, stopped_and_not_waited_for)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN_SLEEPER(pid);
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK_EQ(SIGSTOP, WSTOPSIG(status));
	kill(pid, SIGKILL);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status));
	return 0;
}

CKPT_TEST(jobs, stopped_and_told_to_stop_again)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN(pid, (pause(), 0));
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	/* It is pending until the process goes on, or is taken back by that. */
	kill(pid, SIGSTOP);
	ckpt_here();
	CHECK_OK(wait_state(pid, 'T'));
	kill(pid, SIGCONT);
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK_OK(wait_state(pid, 'S'));
	return kill_and_reap(pid);
}

/* A child, of which nobody has taken yet that it goes on */
static int stop_and_continue(pid_t *child)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN_SLEEPER(pid);
	kill(pid, SIGSTOP);
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	kill(pid, SIGCONT);
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED | WNOWAIT));
	*child = pid;
	return 0;
}

CKPT_TEST(jobs, continued_and_not_waited_for)
{
	int status;
	pid_t pid;

	CHECK_EQ(0, stop_and_continue(&pid));
	CHECK_OK(wait_state(pid, 'S'));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(WIFCONTINUED(status));
	return kill_and_reap(pid);
}

CKPT_TEST(jobs, stopped_before_it_was_waited_for_that_it_continued)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	CHECK_EQ(0, stop_and_continue(&pid));
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	ckpt_here();
	CHECK_OK(wait_state(pid, 'T'));
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED | WCONTINUED));
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_EQ(0, waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG));
	return kill_and_reap(pid);
}

/* It could not tell its parent, as it did not run. */
CKPT_TEST_F(jobs, continued_while_it_was_frozen)
{
	struct app *app = &self->app;
	double end = now_monotonic() + 60 * ckpt_scale();
	int ret;

	ASSERT_EQ(0, app_start(app, "jobs_continued_while_it_was_frozen"));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, kill(app_pid_of(app, 2), SIGCONT));
	/* It goes from the one standstill into the other. */
	for (;;) {
		ret = app_checkpoint(app, 0);
		if (ret != -EAGAIN || now_monotonic() > end)
			break;
		sleep_ms(10);
	}
	ASSERT_EQ(0, ret) {
		app_show(app);
	}
	ckpt_replace(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(jobs_continued_while_it_was_frozen)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	CHECK_OK(catch_chld());
	SPAWN_SLEEPER(pid);
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	CHECK_OK(wait_chld(CLD_STOPPED));
	nr_chld = 0;
	ckpt_here();
	CHECK_OK(wait_chld(CLD_CONTINUED));
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(WIFCONTINUED(status));
	return kill_and_reap(pid);
}

/* A thread of a process that is frozen alone, in a control group of the v1 freezer */
struct alone {
	char group[300];
	pid_t tid;
};

static int group_write(const struct alone *a, const char *file, const char *text)
{
	char path[340];

	snprintf(path, sizeof(path), "%s/%s", a->group, file);
	return write_file(path, text);
}

/* The second thread of @pid */
static pid_t thread_of(pid_t pid)
{
	char path[300];
	struct dirent *d;
	pid_t tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] != '.' && atoi(d->d_name) != pid)
			tid = atoi(d->d_name);
	}
	if (dir)
		closedir(dir);
	return tid;
}

static int freeze_alone(struct alone *a, const struct app *app, pid_t pid)
{
	char text[16], path[340];
	int i;

	a->tid = thread_of(pid);
	snprintf(a->group, sizeof(a->group), "%s/alone", app->cgroup);
	snprintf(text, sizeof(text), "%d", a->tid);
	if (!a->tid || mkdir(a->group, 0755) || group_write(a, "tasks", text) ||
	    group_write(a, "freezer.state", "FROZEN"))
		return -1;
	snprintf(path, sizeof(path), "%s/freezer.state", a->group);
	for (i = 0; i < 60000 * ckpt_scale(); i++) {
		if (read_file(path, text, sizeof(text)) > 0 && !strcmp(text, "FROZEN\n"))
			return 0;
		sleep_ms(1);
	}
	return -1;
}

/* The group that it is in is frozen as a whole now. */
static int no_longer_alone(const struct alone *a)
{
	return group_write(a, "freezer.state", "THAWED");
}

static void remove_group(const struct alone *a)
{
	int i;

	for (i = 0; i < 5000 && rmdir(a->group) && errno == EBUSY; i++)
		sleep_ms(2);
}

/*
 * It was about to stop, but for one thread, when it was continued. By the v2
 * freezer it tells its parent before it is frozen again.
 */
CKPT_TEST_F(jobs, continued_before_it_had_stopped)
{
	struct app *app = &self->app;
	struct alone alone;
	pid_t pid;

	if (app->freezer == FREEZER_V2 || app_plain())
		SKIP(return, "there is no such moment");
	ASSERT_EQ(0, app_start(app, "jobs_continued_before_it_had_stopped"));
	pid = app_pid_of(app, 2);
	ASSERT_EQ(0, freeze_alone(&alone, app, pid));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(0, wait_state(pid, 'T'));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, no_longer_alone(&alone));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_kill(app));
	remove_group(&alone);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

static int with_thread_stay(void)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, wait_with_a_child, NULL));
	wait_ready(1);
	ckpt_set("child");
	return pause();
}

CKPT_BODY(jobs_continued_before_it_had_stopped)
{
	int status;
	pid_t pid;

	SPAWN(pid, with_thread_stay());
	CHECK_OK(catch_chld());
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_OK(wait_chld(CLD_STOPPED));
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(WIFCONTINUED(status));
	return kill_and_reap(pid);
}

static int tell_stops(bool tell)
{
	struct sigaction sa = {
		.sa_sigaction = on_chld,
		.sa_flags = SA_SIGINFO | (tell ? 0 : SA_NOCLDSTOP),
	};

	return sigaction(SIGCHLD, &sa, NULL);
}

/* Whether the parent gets a signal is a thing of the parent. */
CKPT_TEST(jobs, stops_that_are_not_told)
{
	siginfo_t info;
	pid_t pid;

	CHECK_OK(tell_stops(false));
	SPAWN_SLEEPER(pid);
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	ckpt_here();
	CHECK_OK(wait_state(pid, 'T'));
	kill(pid, SIGCONT);
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED));
	/* It tells when it runs, which is after that. */
	CHECK_OK(wait_state(pid, 'S'));
	CHECK_EQ(0, nr_chld);
	CHECK_OK(tell_stops(true));
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	CHECK_OK(wait_chld(CLD_STOPPED));
	return kill_and_reap(pid);
}

#define NR_THREADS	3

static atomic_long *counts;

static void *count(void *arg)
{
	for (;;) {
		counts[(long)arg]++;
		sched_yield();
	}
	return NULL;
}

static int count_in_threads(void)
{
	pthread_t thread;
	long i;

	for (i = 0; i < NR_THREADS; i++)
		CHECK_EQ(0, start(&thread, count, (void *)i));
	return pause();
}

static bool all_in_state(pid_t pid, char state)
{
	char path[300];
	struct dirent *d;
	bool all = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] != '.')
			all = all && state_of(atoi(d->d_name)) == state;
	}
	if (dir)
		closedir(dir);
	return dir && all;
}

static bool all_count(void)
{
	long seen[NR_THREADS];
	int i, k;

	for (i = 0; i < NR_THREADS; i++)
		seen[i] = counts[i];
	for (i = 0; i < NR_THREADS; i++) {
		for (k = 0; k < 60000 && counts[i] == seen[i]; k++)
			sleep_ms(1);
		if (counts[i] == seen[i])
			return false;
	}
	return true;
}

CKPT_TEST(jobs, stopped_with_threads)
{
	long seen[NR_THREADS];
	siginfo_t info;
	int i, status;
	pid_t pid;

	counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counts != MAP_FAILED);
	SPAWN(pid, count_in_threads());
	CHECK(all_count());
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	CHECK(all_in_state(pid, 'T'));
	for (i = 0; i < NR_THREADS; i++)
		seen[i] = counts[i];
	ckpt_here();
	for (i = 0; i < 60000 && !all_in_state(pid, 'T'); i++)
		sleep_ms(1);
	CHECK(all_in_state(pid, 'T'));
	for (i = 0; i < NR_THREADS; i++)
		CHECK_EQ(seen[i], counts[i]);
	CHECK_EQ(0, waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(all_count());
	return kill_and_reap(pid);
}

#define JOB	4

/* A pipeline is stopped and goes on as a whole. */
CKPT_TEST(jobs, job_of_several_processes)
{
	int i, status;
	pid_t pid[JOB];
	char name[16];

	for (i = 0; i < JOB; i++) {
		snprintf(name, sizeof(name), "job.%d", i);
		SPAWN(pid[i], (setpgid(0, i ? pid[0] : 0), ckpt_announce(name, "go.0"), 0));
		ckpt_wait_for(name);
	}
	CHECK_OK(kill(-pid[0], SIGTSTP));
	for (i = 0; i < JOB; i++)
		CHECK_EQ(pid[i], waitpid(pid[i], &status, WUNTRACED));
	ckpt_here();
	for (i = 0; i < JOB; i++)
		CHECK_OK(wait_state(pid[i], 'T'));
	CHECK_EQ(0, waitpid(-pid[0], &status, WUNTRACED | WNOHANG));
	CHECK_OK(kill(-pid[0], SIGCONT));
	for (i = 0; i < JOB; i++) {
		CHECK(waitpid(-pid[0], &status, 0) > 0);
		CHECK_EQ(0, status);
	}
	CHECK(waitpid(-pid[0], &status, 0) < 0 && errno == ECHILD);
	return 0;
}

/* ---- Ids without processes ---- */

static int stay(const char *flag)
{
	ckpt_announce(flag, "go.0");
	return 0;
}

/* A group of a leader that is killed, and one member */
static int kill_leader_of_group(pid_t *group, pid_t *member)
{
	pid_t leader;

	SPAWN_SLEEPER(leader);
	CHECK_OK(setpgid(leader, leader));
	SPAWN(*member, (setpgid(0, leader), stay("member")));
	ckpt_wait_for("member");
	*group = leader;
	return kill(leader, SIGKILL);
}

/* A group whose leader is dead, with a member. */
CKPT_TEST(jobs, group_without_its_leader)
{
	pid_t leader, member;

	CHECK_EQ(0, kill_leader_of_group(&leader, &member));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	CHECK_EQ(leader, getpgid(member));
	ckpt_here();
	CHECK_EQ(leader, getpgid(member));
	CHECK(kill(leader, 0) < 0 && errno == ESRCH);
	CHECK_OK(kill(-leader, 0));
	CHECK_EQ(0, ckpt_reap(member));
	CHECK(kill(-leader, 0) < 0 && errno == ESRCH);
	return 0;
}

/* Who leads a group may leave it to the others. */
CKPT_TEST(jobs, group_whose_leader_is_in_another_one)
{
	pid_t leader, member;

	SPAWN(leader, (setpgid(0, 0), stay("leader")));
	ckpt_wait_for("leader");
	SPAWN(member, (setpgid(0, leader), stay("member")));
	ckpt_wait_for("member");
	CHECK_OK(setpgid(leader, getpgrp()));
	ckpt_here();
	CHECK_EQ(getpgrp(), getpgid(leader));
	CHECK_EQ(leader, getpgid(member));
	CHECK_OK(kill(-leader, 0));
	return ckpt_reap(leader) || ckpt_reap(member);
}

/* The same, but that the leader is a zombie */
CKPT_TEST(jobs, group_with_a_dead_leader)
{
	pid_t leader, member;
	siginfo_t info;

	CHECK_EQ(0, kill_leader_of_group(&leader, &member));
	CHECK_OK(waitid(P_PID, leader, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(leader, getpgid(leader));
	CHECK_EQ(leader, getpgid(member));
	CHECK_OK(kill(leader, 0));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	CHECK_OK(kill(-leader, 0));
	CHECK_EQ(member, waitpid(-leader, NULL, 0));
	CHECK(kill(-leader, 0) < 0 && errno == ESRCH);
	return 0;
}

static int session_with_group(void)
{
	pid_t leader, member;

	CHECK_OK(setsid());
	CHECK_EQ(0, kill_leader_of_group(&leader, &member));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	ckpt_announce("session", "go.0");
	CHECK_EQ(leader, getpgid(member));
	CHECK_EQ(getpid(), getsid(member));
	CHECK_EQ(member, waitpid(-leader, NULL, 0));
	/* The id is free for a process that joins no group any more. */
	CHECK(kill(-leader, 0) < 0 && errno == ESRCH);
	return 0;
}

CKPT_TEST(jobs, group_without_its_leader_in_another_session)
{
	pid_t pid;

	SPAWN(pid, session_with_group());
	ckpt_wait_for("session");
	ckpt_here();
	return ckpt_reap(pid);
}

static int leader_of_session(void)
{
	pid_t member;

	setsid();
	SPAWN(member, stay("member"));
	ckpt_wait_for("member");
	return 0;
}

/* Orphans come to us; their session has lost its leader. */
CKPT_TEST(jobs, session_without_its_leader)
{
	pid_t leader, member;
	siginfo_t info = {};

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(leader, leader_of_session());
	CHECK_EQ(0, ckpt_reap(leader));
	ckpt_here();
	CHECK_OK(kill(-leader, 0));
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
	member = info.si_pid;
	CHECK_EQ(leader, getsid(member));
	CHECK_EQ(leader, getpgid(member));
	CHECK_EQ(member, waitpid(-leader, NULL, 0));
	CHECK(kill(-leader, 0) < 0 && errno == ESRCH);
	return 0;
}

static int member_of_an_orphaned_group(void)
{
	ckpt_announce("member", "go.0");
	/* It has no effect, as nobody would continue it. */
	raise(SIGTSTP);
	raise(SIGTTIN);
	return 0;
}

static int leader_of_group(void)
{
	pid_t member;

	setpgid(0, 0);
	SPAWN(member, member_of_an_orphaned_group());
	ckpt_wait_for("member");
	setpgid(member, member);
	return 0;
}

CKPT_TEST(jobs, orphaned_group)
{
	pid_t leader, pid;
	int status;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(leader, leader_of_group());
	CHECK_EQ(0, ckpt_reap(leader));
	ckpt_here();
	pid = waitpid(-1, &status, WUNTRACED);
	CHECK(pid > 0);
	/* Its parent is in another group of the same session: not an orphan. */
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK_EQ(0, status);
	return 0;
}

static int lone_session(void)
{
	CHECK_OK(setsid());
	return member_of_an_orphaned_group();
}

CKPT_TEST(jobs, group_that_is_an_orphan_does_not_stop)
{
	pid_t pid;
	int status;

	SPAWN(pid, lone_session());
	ckpt_wait_for("member");
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK_EQ(0, status);
	return 0;
}

TEST_HARNESS_MAIN
