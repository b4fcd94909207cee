// SPDX-License-Identifier: GPL-2.0
/*
 * First threads that have ended, in processes that have not, as pthread_exit()
 * in main() leaves them
 */
#include "threads.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "state.h"

CKPT_SUITE(leader);
CKPT_SUITE_V1(leader);

/* The first thread ends, and leaves the process to @fn. */
static int leave_to(void *(*fn)(void *))
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, fn, NULL));
	syscall(SYS_exit, 77);
	return 1;
}

/* In one of the threads that are left: wait until the first has ended. */
static int wait_alone(const char *flag)
{
	CHECK_OK(wait_state(getpid(), 'Z'));
	ckpt_announce(flag, "go.0");
	CHECK_EQ('Z', state_of(getpid()));
	return 0;
}

/* What is done in the thread that is left, and what the process exits with then */
#define HEIR(name)							\
	static int name##_body(void);					\
	static void *name(void *arg)					\
	{								\
		_exit(name##_body());					\
	}								\
	static int name##_body(void)

/* A process whose first thread has ended when @flag is there */
#define SPAWN_LED(pid, fn, flag) do {					\
	SPAWN(pid, leave_to(fn));					\
	ckpt_wait_for(flag);						\
} while (0)

HEIR(end_with_seven)
{
	return wait_alone("alone") ?: 7;
}

CKPT_TEST(leader, that_has_ended)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN_LED(pid, end_with_seven, "alone");
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	CHECK_EQ(0, info.si_pid);
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}

/* What its first thread has returned counts if it is the last to end, too. */
static void *end_as_a_thread(void *arg)
{
	syscall(SYS_exit, wait_alone("alone") ?: 9);
	return NULL;
}

CKPT_TEST(leader, whose_other_thread_ends_as_one)
{
	int status;
	pid_t pid;

	SPAWN_LED(pid, end_as_a_thread, "alone");
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status));
	CHECK_EQ(9, WEXITSTATUS(status));
	return 0;
}

CKPT_TEST(leader, of_a_process_that_is_killed)
{
	int status;
	pid_t pid;

	SPAWN_LED(pid, end_with_seven, "alone");
	ckpt_here();
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
	return 0;
}

/* ---- With several other threads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t main_thread;
static int counter;

static int count_and_join(const char *name)
{
	CHECK_EQ(0, wait_alone(name));
	CHECK_EQ(0, pthread_mutex_lock(&lock));
	counter++;
	CHECK_EQ(0, pthread_mutex_unlock(&lock));
	if (!strcmp(name, "a"))
		CHECK_EQ(0, pthread_join(main_thread, NULL));
	while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < 3)
		sleep_ms(1);
	return 0;
}

static void *count_and_join_main(void *arg)
{
	if (count_and_join(arg))
		_exit(1);
	return NULL;
}

static int leave_to_three(void)
{
	static const char * const name[] = { "a", "b", "c" };
	pthread_t thread;
	int i;

	main_thread = pthread_self();
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, start(&thread, count_and_join_main, (void *)name[i]));
	syscall(SYS_exit, 0);
	return 1;
}

/* It can be joined as any thread that has ended. */
CKPT_TEST(leader, that_has_left_three)
{
	pid_t pid;

	SPAWN(pid, leave_to_three());
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	ckpt_wait_for("c");
	ckpt_here();
	return ckpt_reap(pid);
}

HEIR(be_the_body)
{
	int status;
	pid_t pid;

	CHECK_OK(wait_state(getpid(), 'Z'));
	SPAWN(pid, (ckpt_announce("child", "never"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ('Z', state_of(getpid()));
	CHECK_OK(kill(pid, SIGTERM));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return 0;
}

/* It is the first process of a container, and this is all there is of it. */
CKPT_TEST(leader, of_the_container)
{
	return leave_to(be_the_body);
}

HEIR(run_program)
{
	char *argv[] = { "sh", "-c", "exit 9", NULL };

	CHECK_EQ(0, wait_alone("alone"));
	return execv("/bin/sh", argv);
}

/* The thread becomes the first one, with its id. */
CKPT_TEST(leader, whose_process_runs_another_program)
{
	int status;
	pid_t pid;

	SPAWN_LED(pid, run_program, "alone");
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(9, WEXITSTATUS(status));
	return 0;
}

HEIR(fork_again)
{
	pid_t pid;

	CHECK_EQ(0, wait_alone("alone"));
	CHECK(getpid() != gettid_now());
	SPAWN(pid, 0);
	return ckpt_reap(pid);
}

CKPT_TEST(leader, whose_process_has_children_again)
{
	pid_t pid;

	SPAWN_LED(pid, fork_again, "alone");
	ckpt_here();
	return ckpt_reap(pid);
}

/* ---- Its children ---- */

static pid_t left[2];

HEIR(wait_for_those_left)
{
	int status;

	CHECK_EQ(0, wait_alone("alone"));
	CHECK_EQ(left[0], waitpid(left[0], &status, 0));
	CHECK_EQ(4, WEXITSTATUS(status));
	CHECK_EQ(left[1], waitpid(left[1], &status, __WNOTHREAD));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	return 0;
}

/* It is not to hear of its parent's end again, which was before. */
static int be_left(void)
{
	ckpt_wait_for("alone");
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	ckpt_announce("left", "go.1");
	return raise(SIGUSR1);
}

static int leave_children(void)
{
	siginfo_t info;

	SPAWN(left[0], 4);
	CHECK_OK(waitid(P_PID, left[0], &info, WEXITED | WNOWAIT));
	SPAWN(left[1], be_left());
	return leave_to(wait_for_those_left);
}

CKPT_TEST(leader, that_has_left_children)
{
	pid_t pid;

	SPAWN(pid, leave_children());
	ckpt_wait_for("left");
	ckpt_here();
	ckpt_set("go.1");
	return ckpt_reap(pid);
}

HEIR(wait_for_ever)
{
	CHECK_EQ(0, wait_alone("alone"));
	return pause();
}

static int leave_with_a_wish(void)
{
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	return leave_to(wait_for_ever);
}

static int have_child_with_a_wish(void)
{
	pid_t pid;

	SPAWN(pid, leave_with_a_wish());
	ckpt_wait_for("alone");
	ckpt_announce("parent", "go.0");
	return 0;
}

/* What it wanted to get when its parent dies, its process gets. */
CKPT_TEST(leader, that_wants_to_know_of_its_parents_death)
{
	pid_t parent;
	int status;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(parent, have_child_with_a_wish());
	ckpt_wait_for("parent");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(parent));
	CHECK(waitpid(-1, &status, 0) > 0);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(SIGUSR1, WTERMSIG(status));
	return 0;
}

/* ---- Signals, timers, limits: what a process has ---- */

HEIR(find_what_is_the_process)
{
	struct timespec minute = { .tv_sec = 60 };
	struct rlimit limit;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	/* The other one is pending for the first thread, and lost with it. */
	CHECK_EQ(0, wait_alone("alone"));
	CHECK_EQ(SIGUSR1, sigtimedwait(&set, &info, &minute));
	CHECK_EQ(5, info.si_value.sival_int);
	/* That of the timer may be there by now. */
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(-1, sigtimedwait(&set, &info, &(struct timespec) { 0 }));
	sigaddset(&set, SIGALRM);
	CHECK_EQ(SIGALRM, sigtimedwait(&set, &info, &minute));
	CHECK_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(123, limit.rlim_cur);
	return 0;
}

static int leave_signals(void)
{
	struct itimerval alarm = { .it_value.tv_sec = 3 };
	struct rlimit limit = { 123, 200 };
	union sigval value = { .sival_int = 5 };
	sigset_t set;

	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_OK(setitimer(ITIMER_REAL, &alarm, NULL));
	CHECK_OK(sigqueue(getpid(), SIGUSR1, value));
	CHECK_OK(syscall(SYS_tgkill, getpid(), gettid_now(), SIGUSR2));
	return leave_to(find_what_is_the_process);
}

CKPT_TEST_STILL(leader, whose_process_has_signals_and_timers, 3 / ckpt_scale())
{
	pid_t pid;

	SPAWN(pid, leave_signals());
	ckpt_wait_for("alone");
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_TEST(leader, of_a_stopped_process)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN_LED(pid, end_with_seven, "alone");
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(7, WEXITSTATUS(status));
	return 0;
}

/* ---- Times ---- */

static int burn_and_leave(void)
{
	burn(CLOCK_THREAD_CPUTIME_ID, 300);
	return leave_to(end_with_seven);
}

/* What it has used is the process' still. */
CKPT_TEST(leader, that_has_used_much)
{
	struct rusage usage;
	int status;
	pid_t pid;

	SPAWN(pid, burn_and_leave());
	ckpt_wait_for("alone");
	ckpt_here();
	CHECK_EQ(pid, wait4(pid, &status, 0, &usage));
	CHECK(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec ||
	      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 300000);
	return 0;
}

/* ---- Again and again ---- */

HEIR(wait_for_the_last_word)
{
	ckpt_ready();
	ckpt_wait_for("go.0");
	return 0;
}

CKPT_TEST_RUNNING(leader, again_and_again, 4)
{
	return leave_to(wait_for_the_last_word);
}

TEST_HARNESS_MAIN
