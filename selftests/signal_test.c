// SPDX-License-Identifier: GPL-2.0
/*
 * Signal dispositions, masks, the alternate stack, temporary masks
 */
#include "test.h"

#include <poll.h>
#include <sys/select.h>
#include <time.h>

#ifndef SA_RESTORER
#define SA_RESTORER	0x04000000	/* added by the C library */
#endif

CKPT_SUITE(signals);
CKPT_SUITE_V1(signals);

static volatile sig_atomic_t count[65];
static siginfo_t info;
static uintptr_t handler_stack;

static void on_signal(int sig)
{
	count[sig]++;
}

static void on_signal_info(int sig, siginfo_t *si, void *uc)
{
	count[sig]++;
	info = *si;
	handler_stack = (uintptr_t)__builtin_frame_address(0);
}

CKPT_TEST(signals, handlers_are_kept)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33)
			continue;
		CHECK_OK(sigaction(sig, &sa, NULL));
	}
	ckpt_here();
	for (sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33)
			continue;
		CHECK_OK(raise(sig));
		CHECK_EQ(1, count[sig]);
	}
	return 0;
}

CKPT_TEST(signals, flags_and_masks_of_dispositions)
{
	struct sigaction sa = { .sa_sigaction = on_signal_info }, out;

	sa.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK;
	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGTERM);
	sigaddset(&sa.sa_mask, 64);
	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	sa.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NOCLDSTOP | SA_NOCLDWAIT;
	CHECK_OK(sigaction(SIGUSR2, &sa, NULL));
	ckpt_here();
	CHECK_OK(sigaction(SIGUSR1, NULL, &out));
	CHECK_EQ(SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK,
		 out.sa_flags & ~SA_RESTORER);
	CHECK(out.sa_sigaction == on_signal_info);
	CHECK(sigismember(&out.sa_mask, SIGTERM));
	CHECK(sigismember(&out.sa_mask, 64));
	CHECK(!sigismember(&out.sa_mask, SIGINT));
	CHECK_OK(sigaction(SIGUSR2, NULL, &out));
	CHECK((out.sa_flags & ~SA_RESTORER) ==
	      (int)(SA_SIGINFO | SA_RESETHAND | SA_NOCLDSTOP | SA_NOCLDWAIT));
	CHECK_OK(raise(SIGUSR2));
	CHECK_EQ(1, count[SIGUSR2]);
	CHECK_EQ(SI_TKILL, info.si_code);
	CHECK_OK(sigaction(SIGUSR2, NULL, &out));
	CHECK(out.sa_handler == SIG_DFL);
	return 0;
}

CKPT_TEST(signals, ignored_signals_stay_ignored)
{
	struct sigaction out;

	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	ckpt_here();
	CHECK_OK(raise(SIGTERM));
	CHECK_OK(sigaction(SIGCHLD, NULL, &out));
	CHECK(out.sa_handler == SIG_IGN);
	CHECK_OK(sigaction(SIGINT, NULL, &out));
	CHECK(out.sa_handler == SIG_DFL);
	return 0;
}

CKPT_TEST(signals, blocked_signals_stay_blocked)
{
	sigset_t set, pending;

	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, 64);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	ckpt_here();
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(0, count[SIGUSR1]);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1));
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, &pending));
	CHECK(sigismember(&pending, 64));
	CHECK(!sigismember(&pending, SIGUSR2));
	CHECK_EQ(1, count[SIGUSR1]);
	return 0;
}

/* As many programs give it, and where no memory is: nobody looks before it is used. */
CKPT_TEST(signals, alternate_stack_that_is_on)
{
	stack_t ss = { .ss_sp = (void *)-65536L, .ss_size = 1 << 20, .ss_flags = SS_ONSTACK };
	stack_t out;

	CHECK_OK(sigaltstack(&ss, NULL));
	ckpt_here();
	CHECK_OK(sigaltstack(NULL, &out));
	CHECK(out.ss_sp == ss.ss_sp);
	CHECK_EQ(ss.ss_size, out.ss_size);
	return 0;
}

CKPT_TEST(signals, alternate_stack)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, out;
	struct sigaction sa = { .sa_sigaction = on_signal_info };

	sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
	CHECK_OK(sigaltstack(&ss, NULL));
	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	ckpt_here();
	CHECK_OK(sigaltstack(NULL, &out));
	CHECK(out.ss_sp == stack);
	CHECK_EQ(sizeof(stack), out.ss_size);
	CHECK_EQ(0, out.ss_flags);
	CHECK_OK(raise(SIGUSR1));
	CHECK(handler_stack >= (uintptr_t)stack &&
	      handler_stack < (uintptr_t)stack + sizeof(stack));
	return 0;
}

static void wait_in_handler(int sig)
{
	stack_t out;

	ckpt_here();
	sigaltstack(NULL, &out);
	count[sig] += out.ss_flags == SS_ONSTACK;
}

CKPT_TEST(signals, alternate_stack_that_disarms_itself)
{
	static char stack[65536];
	stack_t ss = {
		.ss_sp = stack,
		.ss_size = sizeof(stack),
		.ss_flags = 1U << 31,	/* SS_AUTODISARM */
	}, out;

	CHECK_OK(sigaltstack(&ss, NULL));
	ckpt_here();
	CHECK_OK(sigaltstack(NULL, &out));
	CHECK(out.ss_sp == stack);
	CHECK_EQ(ss.ss_flags, out.ss_flags);
	return 0;
}

CKPT_TEST(signals, running_on_the_alternate_stack)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, out;
	struct sigaction sa = { .sa_handler = wait_in_handler };
	sigset_t set;

	sa.sa_flags = SA_ONSTACK;
	CHECK_OK(sigaltstack(&ss, NULL));
	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(1, count[SIGUSR1]);
	CHECK_OK(sigaltstack(NULL, &out));
	CHECK_EQ(0, out.ss_flags);
	/* What the handler had blocked is free again. */
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(!sigismember(&set, SIGUSR1));
	return 0;
}

/*
 * Calls with a temporary mask: the signal gets through to the call, and the
 * mask of before is back afterwards. The flag file comes after the restart.
 */
static int start_killer(int sig)
{
	pid_t parent = getpid(), pid;

	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(20000), kill(parent, sig)));
	return 0;
}

static int check_temporary_mask(int ret)
{
	sigset_t set;

	CHECK_EQ(-1, ret);
	CHECK_EQ(EINTR, errno);
	CHECK_EQ(1, count[SIGUSR1]);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(sigismember(&set, SIGUSR1));
	CHECK(sigismember(&set, SIGHUP));
	CHECK(!sigismember(&set, SIGUSR2));
	return 0;
}

static int block_two(sigset_t *without)
{
	sigset_t set;

	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	sigemptyset(without);
	sigaddset(without, SIGUSR2);
	CHECK(!start_killer(SIGUSR1));
	ckpt_ready();
	return 0;
}

CKPT_TEST_IN_CALL(signals, temporary_mask_of_sigsuspend)
{
	sigset_t without;

	CHECK(!block_two(&without));
	return check_temporary_mask(sigsuspend(&without));
}

CKPT_TEST_IN_CALL(signals, temporary_mask_of_ppoll)
{
	sigset_t without;

	CHECK(!block_two(&without));
	return check_temporary_mask(ppoll(NULL, 0, NULL, &without));
}

CKPT_TEST_IN_CALL(signals, temporary_mask_of_pselect)
{
	sigset_t without;

	CHECK(!block_two(&without));
	return check_temporary_mask(pselect(0, NULL, NULL, NULL, NULL, &without));
}

/* A handler with SA_RESTART after the restart: the call goes on. */
CKPT_TEST_IN_CALL(signals, interrupted_call_is_restarted_by_sa_restart)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pid_t pid, parent = getpid();
	int status;

	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(10000), kill(parent, SIGUSR1),
		    usleep(10000), 3));
	ckpt_ready();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK_EQ(1, count[SIGUSR1]);
	return 0;
}

CKPT_TEST(signals, signals_reach_restarted_processes)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_set("child"), pause()));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_OK(kill(pid, SIGTERM));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return 0;
}

CKPT_TEST(signals, stop_and_continue_after_the_restart)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_announce("child", "end"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(pid, waitpid(pid, &status, WCONTINUED));
	CHECK(WIFCONTINUED(status));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Nobody gets a signal that he would not have got without the checkpoint. */
CKPT_TEST(signals, no_signal_from_the_restart)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pid_t pid;
	int sig;

	for (sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			CHECK_OK(sigaction(sig, &sa, NULL));
	SPAWN(pid, (ckpt_announce("child", "go.0"), ckpt_announce("on", "end"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("on");
	for (sig = 1; sig < 32; sig++)
		CHECK_EQ(0, count[sig]);
	/* From here on there is one. */
	signal(SIGCHLD, SIG_DFL);
	ckpt_set("end");
	return ckpt_reap(pid);
}

TEST_HARNESS_MAIN
