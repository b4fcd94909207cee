// SPDX-License-Identifier: GPL-2.0
/*
 * clone2(): processes with chosen pids
 */
#include "calls.h"

CKPT_SUITE(clone2);

static volatile int signals;
static void on_signal(int sig)
{
	signals++;
}

static int clone2_status(struct clone_struct *cs, pid_t *pids, int want)
{
	int status;
	long pid;

	pid = sys_clone2(cs, pids);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(!want || getpid() == want ? 0 : 1);
	if (waitpid(pid, &status, __WALL) != pid)
		return -errno;
	return status;
}

/* A number that no task has. */
static pid_t free_pid(void)
{
	pid_t pid = 20000 + getpid() % 1000;

	while (!kill(pid, 0) || errno != ESRCH)
		pid++;
	return pid;
}

CKPT_TEST_F(clone2, without_pids_is_a_fork)
{
	struct clone_struct cs = { .exit_signal = SIGCHLD };

	NOT_PLAIN();
	EXPECT_EQ(0, clone2_status(&cs, NULL, 0));
}

CKPT_TEST_F(clone2, chooses_the_pid)
{
	struct clone_struct cs = { .exit_signal = SIGCHLD, .nr_pids = 1 };
	pid_t pid = free_pid();

	NOT_PLAIN();
	EXPECT_EQ(0, clone2_status(&cs, &pid, pid));
	/* And again, now that it is free again. */
	EXPECT_EQ(0, clone2_status(&cs, &pid, pid));
	pid = getpid();
	EXPECT_EQ(-EEXIST, clone2_status(&cs, &pid, 0));
}

CKPT_TEST_F(clone2, lets_the_kernel_choose_for_zero)
{
	struct clone_struct cs = { .exit_signal = SIGCHLD, .nr_pids = 1 };
	pid_t pid = 0;

	NOT_PLAIN();
	EXPECT_EQ(0, clone2_status(&cs, &pid, 0));
}

/* Runs in a pid namespace of its own; exits with the line that failed. */
static int clone2_nested(pid_t outer)
{
	struct clone_struct cs = { .exit_signal = SIGCHLD, .nr_pids = 2 };
	pid_t pids[3];
	int status;

	/* Outermost first: number @outer outside, 77 inside. */
	pids[0] = outer;
	pids[1] = 77;
	status = clone2_status(&cs, pids, 77);
	if (status)
		return __LINE__ & 0xff;
	/* Fewer than levels: they count from the innermost. */
	cs.nr_pids = 1;
	pids[0] = 78;
	if (clone2_status(&cs, pids, 78))
		return __LINE__ & 0xff;
	/* The kernel chooses outside, the caller inside. */
	cs.nr_pids = 2;
	pids[0] = 0;
	pids[1] = 79;
	if (clone2_status(&cs, pids, 79))
		return __LINE__ & 0xff;
	/* Not the other way round. */
	pids[0] = outer;
	pids[1] = 0;
	if (clone2_status(&cs, pids, 0) != -EINVAL)
		return __LINE__ & 0xff;
	/* More than levels. */
	cs.nr_pids = 33;
	if (clone2_status(&cs, pids, 0) != -EINVAL)
		return __LINE__ & 0xff;
	return 0;
}

CKPT_TEST_F(clone2, chooses_pids_on_every_level)
{
	pid_t outer = free_pid();
	int status;
	pid_t pid;

	NOT_PLAIN();
	pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (pid == 0)
		_exit(clone2_nested(outer));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status) {
		TH_LOG("line ...%d (mod 256)", WEXITSTATUS(status));
	}
}

/* The number outside is the one that was asked for. */
CKPT_TEST_F(clone2, pid_outside_is_the_first_one)
{
	pid_t outer = free_pid(), pid;
	int status, found = 0, i;

	NOT_PLAIN();
	pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (pid == 0) {
		struct clone_struct cs = { .exit_signal = SIGCHLD, .nr_pids = 2 };
		pid_t pids[2] = { outer, 55 };

		if (sys_clone2(&cs, pids) == 0)
			pause();
		wait(NULL);
		_exit(0);
	}
	for (i = 0; i < 30000 && !found; i++) {
		found = !kill(outer, 0);
		sleep_ms(2);
	}
	EXPECT_EQ(1, found);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

CKPT_TEST_F(clone2, refuses_bad_arguments)
{
	struct clone_struct good = { .exit_signal = SIGCHLD }, cs;
	pid_t pid = free_pid();

	NOT_PLAIN();
	EXPECT_EQ(-EFAULT, clone2_status(NULL, NULL, 0));
	EXPECT_EQ(-EFAULT, clone2_status((void *)8, NULL, 0));
	cs = good;
	cs.nr_pids = 1;
	EXPECT_EQ(-EFAULT, clone2_status(&cs, (void *)8, 0));
	cs = good;
	cs.reserved[0] = 1;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.reserved[1] = 1;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.clone_flags = SIGCHLD;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.clone_flags = 1ULL << 63;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.clone_flags = CLONE_THREAD;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.exit_signal = 65;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.exit_signal = SIGCHLD | 1U << 31;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.child_stack_size = 4096;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, NULL, 0));
	cs = good;
	cs.nr_pids = ~0U;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, &pid, 0));
	cs = good;
	cs.nr_pids = 1;
	pid = -1;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, &pid, 0));
	pid = 0x7fffffff;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, &pid, 0));
	/* The first process of a pid namespace is number 1. */
	cs.clone_flags = CLONE_NEWPID;
	pid = 5;
	EXPECT_EQ(-EINVAL, clone2_status(&cs, &pid, 0));
	pid = 1;
	EXPECT_EQ(0, clone2_status(&cs, &pid, 1));
}

CKPT_TEST_F(clone2, stores_the_ids)
{
	static pid_t parent_tid;
	pid_t *child_tid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct clone_struct cs = {
		.clone_flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
		.exit_signal = SIGCHLD,
		.nr_pids = 1,
	};
	pid_t pid = free_pid();

	NOT_PLAIN();
	cs.parent_tid = (uintptr_t)&parent_tid;
	cs.child_tid = (uintptr_t)child_tid;
	EXPECT_EQ(0, clone2_status(&cs, &pid, pid));
	EXPECT_EQ(pid, parent_tid);
	EXPECT_EQ(pid, *child_tid);
}

CKPT_TEST_F(clone2, exit_signal)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct clone_struct cs = { .exit_signal = SIGUSR1 };

	NOT_PLAIN();
	signals = 0;
	sigaction(SIGUSR1, &sa, NULL);
	EXPECT_EQ(0, clone2_status(&cs, NULL, 0));
	EXPECT_EQ(1, signals);
}

CKPT_TEST_F(clone2, lets_nobody_choose_pids)
{
	struct clone_struct cs = { .exit_signal = SIGCHLD, .nr_pids = 1 };
	pid_t pid = free_pid();

	NOT_PLAIN();
	EXPECT_EQ(EPERM, AS_NOBODY(-clone2_status(&cs, &pid, 0)));
	cs.nr_pids = 0;
	EXPECT_EQ(0, AS_NOBODY(clone2_status(&cs, NULL, 0)));
}

TEST_HARNESS_MAIN
