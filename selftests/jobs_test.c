// SPDX-License-Identifier: GPL-2.0
/*
 * What parents know of their children: zombies, job control, and ids of groups
 * and sessions whose leaders are gone
 */
#include "test.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

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

static char state_of(pid_t pid)
{
	char path[32], text[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* Restarted tasks take their time to get there. */
static int wait_state(pid_t pid, char state)
{
	int i;

	for (i = 0; i < 2000 * ckpt_scale() && state_of(pid) != state; i++)
		sleep_ms(1);
	return state_of(pid) == state ? 0 : -1;
}

/* ---- Zombies ---- */

static void burn(int ms)
{
	struct timespec now;
	volatile int i;

	do {
		for (i = 0; i < 100000; i++)
			;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	} while (now.tv_nsec / 1000000 + now.tv_sec * 1000 < ms);
}

static int use_and_exit(int status)
{
	burn(200);
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
	CHECK(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 200000);
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

/* ---- Job control ---- */

CKPT_TEST(jobs, stopped_and_waited_for)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	CHECK_OK(catch_chld());
	SPAWN(pid, (pause(), 0));
	/* An orphaned group, as that of an init, does not stop by it. */
	CHECK_OK(setpgid(pid, pid));
	kill(pid, SIGTSTP);
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK_EQ(SIGTSTP, WSTOPSIG(status));
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
	kill(pid, SIGKILL);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	return 0;
}

CKPT_TEST(jobs, stopped_and_not_waited_for)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN(pid, (pause(), 0));
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

CKPT_TEST(jobs, continued_and_not_waited_for)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN(pid, (pause(), 0));
	kill(pid, SIGSTOP);
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	kill(pid, SIGCONT);
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(WIFCONTINUED(status));
	kill(pid, SIGKILL);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	return 0;
}

/* ---- Ids without processes ---- */

static int stay(const char *flag)
{
	ckpt_announce(flag, "go.0");
	return 0;
}

/* A group whose leader is dead, with a member. */
CKPT_TEST(jobs, group_without_its_leader)
{
	pid_t leader, member;

	SPAWN(leader, (pause(), 0));
	CHECK_OK(setpgid(leader, leader));
	SPAWN(member, (setpgid(0, leader), stay("member")));
	ckpt_wait_for("member");
	kill(leader, SIGKILL);
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

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(leader, leader_of_session());
	CHECK_EQ(0, ckpt_reap(leader));
	ckpt_here();
	member = waitpid(-1, NULL, WNOHANG | WNOWAIT);
	(void)member;
	CHECK_OK(kill(-leader, 0));
	CHECK_EQ(leader, waitpid(-leader, NULL, 0) > 0 ? leader : 0);
	return 0;
}

TEST_HARNESS_MAIN
