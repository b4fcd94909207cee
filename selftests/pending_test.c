// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that are pending at the checkpoint, with all that came with them
 */
#include "test.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/utsname.h>

CKPT_SUITE(pending);
CKPT_SUITE_V1(pending);

static volatile sig_atomic_t count[65];
static void on_signal(int sig)
{
	count[sig]++;
}

/* The C library would leave out the two signals that it keeps for itself. */
static int block_all(void)
{
	uint64_t set = ~0ULL;

	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
}

/* Takes a pending signal of @sig; 0 or -1 if there is none. */
static int take(int sig, siginfo_t *si)
{
	uint64_t set = 1ULL << (sig - 1);
	struct timespec now = { 0 };

	memset(si, 0, sizeof(*si));
	return syscall(SYS_rt_sigtimedwait, &set, si, &now, 8) == sig ? 0 : -1;
}

static int queue_info(siginfo_t *si)
{
	return syscall(SYS_rt_sigqueueinfo, getpid(), si->si_signo, si);
}

static int queue_info_to_thread(siginfo_t *si)
{
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid),
		       si->si_signo, si);
}

static siginfo_t value_info(int sig, int value)
{
	siginfo_t si = { .si_signo = sig, .si_code = SI_QUEUE };

	si.si_pid = getpid();
	si.si_uid = 12345;
	si.si_value.sival_int = value;
	return si;
}

CKPT_TEST(pending, signal_of_kill)
{
	siginfo_t si;

	CHECK_OK(block_all());
	CHECK_OK(kill(getpid(), SIGUSR1));
	ckpt_here();
	CHECK_OK(take(SIGUSR1, &si));
	CHECK_EQ(SI_USER, si.si_code);
	CHECK_EQ(getpid(), si.si_pid);
	CHECK_EQ(0, si.si_uid);
	CHECK(take(SIGUSR1, &si) < 0);
	return 0;
}

CKPT_TEST(pending, signal_runs_its_handler_when_it_is_unblocked)
{
	sigset_t set;

	CHECK_OK(block_all());
	signal(SIGUSR2, on_signal);
	CHECK_OK(raise(SIGUSR2));
	ckpt_here();
	CHECK_EQ(0, count[SIGUSR2]);
	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	CHECK_EQ(1, count[SIGUSR2]);
	return 0;
}

/* A thread's own signals are taken first, whoever came first. */
CKPT_TEST(pending, private_and_shared_signals)
{
	siginfo_t si;

	CHECK_OK(block_all());
	si = value_info(SIGUSR1, 1);
	CHECK_OK(queue_info(&si));
	si = value_info(SIGUSR1, 2);
	CHECK_OK(queue_info_to_thread(&si));
	ckpt_here();
	CHECK_OK(take(SIGUSR1, &si));
	CHECK_EQ(2, si.si_value.sival_int);
	CHECK_OK(take(SIGUSR1, &si));
	CHECK_EQ(1, si.si_value.sival_int);
	CHECK_EQ(12345, si.si_uid);
	CHECK(take(SIGUSR1, &si) < 0);
	return 0;
}

CKPT_TEST(pending, realtime_signals_stay_in_order)
{
	int sig[2] = { SIGRTMIN, SIGRTMAX }, i, k;
	siginfo_t si;

	CHECK_OK(block_all());
	for (i = 0; i < 50; i++) {
		for (k = 0; k < 2; k++) {
			si = value_info(sig[k], 1000 * k + i);
			CHECK_OK(i % 5 ? queue_info(&si) : queue_info_to_thread(&si));
		}
	}
	ckpt_here();
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 50; i += 5) {
			CHECK_OK(take(sig[k], &si));
			CHECK_EQ(1000 * k + i, si.si_value.sival_int);
		}
		for (i = 0; i < 50; i++) {
			if (i % 5 == 0)
				continue;
			CHECK_OK(take(sig[k], &si));
			CHECK_EQ(1000 * k + i, si.si_value.sival_int);
		}
		CHECK(take(sig[k], &si) < 0);
	}
	return 0;
}

/* Of different signals the order in the queue does not matter. */
CKPT_TEST(pending, every_signal_at_once)
{
	siginfo_t si;
	int sig;

	CHECK_OK(block_all());
	for (sig = 64; sig > 0; sig--) {
		/* SIGCONT and the stop signals take each other away. */
		if (sig == SIGKILL || sig == SIGSTOP || sig == SIGCONT)
			continue;
		si = value_info(sig, 100 + sig);
		CHECK_OK(sig % 2 ? queue_info(&si) : queue_info_to_thread(&si));
	}
	ckpt_here();
	for (sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP || sig == SIGCONT)
			continue;
		CHECK_OK(take(sig, &si));
		CHECK_EQ(100 + sig, si.si_value.sival_int);
	}
	return 0;
}

/* As many bytes as the kernel has of it: less on one of 32 bits. */
static size_t info_size(void)
{
	struct utsname name;

	uname(&name);
	return strcmp(name.machine, "i686") ? 48 : 32;
}

/* One pending signal of each kind of information that there is. */
static int fill_info(siginfo_t *si, int nr)
{
	memset(si, 0, sizeof(*si));
	switch (nr) {
	case 0:
		si->si_signo = SIGSEGV;
		si->si_code = SEGV_MAPERR;
		si->si_addr = (void *)0x123456789000;
		return 1;
	case 1:
		si->si_signo = SIGBUS;
		si->si_code = BUS_MCEERR_AO;
		si->si_addr = (void *)0x7000;
		si->si_addr_lsb = 12;
		return 1;
	case 2:
		si->si_signo = SIGPOLL;
		si->si_code = POLL_IN;
		si->si_band = 0x41;
		si->si_fd = 17;
		return 1;
	case 3:
		si->si_signo = SIGSYS;
		si->si_code = 1;	/* SYS_SECCOMP */
		si->si_call_addr = (void *)0x401000;
		si->si_syscall = 39;
		si->si_arch = 0xc000003e;
		return 1;
	case 4:
		si->si_signo = SIGCHLD;
		si->si_code = CLD_DUMPED;
		si->si_pid = 4711;
		si->si_uid = 815;
		si->si_status = 11;
		si->si_utime = 7;
		si->si_stime = 8;
		return 1;
	case 5:
		si->si_signo = SIGRTMIN;
		si->si_code = SI_MESGQ;
		si->si_pid = 5;
		si->si_uid = 6;
		si->si_value.sival_ptr = (void *)0xdeadbeefcafe;
		return 1;
	case 6:
		si->si_signo = SIGRTMIN + 1;
		si->si_code = SI_ASYNCIO;
		si->si_pid = 5;
		si->si_uid = 6;
		si->si_value.sival_ptr = (void *)0xfeedface;
		return 1;
	case 7:
		si->si_signo = SIGILL;
		si->si_code = ILL_ILLOPC;
		si->si_addr = (void *)0x400123;
		return 1;
	case 8:		/* of a code that nobody knows, all bytes count */
		memset(si, 0x5a, info_size());
		si->si_signo = SIGRTMIN + 2;
		si->si_errno = 22;
		si->si_code = -77;
		return 1;
	}
	return 0;
}

CKPT_TEST(pending, every_kind_of_information)
{
	siginfo_t sent[16], got, si;
	int nr, i;

	CHECK_OK(block_all());
	/* As the kernel hands it out without a checkpoint. */
	for (nr = 0; fill_info(&si, nr); nr++) {
		CHECK_OK(queue_info(&si));
		CHECK_OK(take(si.si_signo, &sent[nr]));
		CHECK_OK(queue_info(&si));
	}
	CHECK_EQ(9, nr);
	ckpt_here();
	for (i = 0; i < nr; i++) {
		CHECK_OK(take(sent[i].si_signo, &got));
		if (memcmp(&sent[i], &got, sizeof(got))) {
			ckpt_note("kind %d: code %d instead of %d", i,
				  got.si_code, sent[i].si_code);
			return 1;
		}
	}
	return 0;
}

CKPT_TEST(pending, sigchld_tells_of_the_child)
{
	siginfo_t before, si;
	pid_t pid;

	CHECK_OK(block_all());
	SPAWN(pid, 7);
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	CHECK_OK(take(SIGCHLD, &before));
	SPAWN(pid, 7);
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	ckpt_here();
	CHECK_OK(take(SIGCHLD, &si));
	CHECK_EQ(CLD_EXITED, si.si_code);
	CHECK_EQ(7, si.si_status);
	CHECK_EQ(pid, si.si_pid);
	CHECK_EQ(0, si.si_uid);
	return 0;
}

/* When the queue is full, a signal is pending and nothing is known of it. */
CKPT_TEST(pending, signal_without_information)
{
	struct rlimit none = { 0, 1000 };
	siginfo_t si, shared;

	CHECK_OK(block_all());
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &none));
	shared = value_info(SIGUSR2, 5);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(take(SIGUSR1, &si));
	CHECK_EQ(SI_USER, si.si_code);	/* so it is without a checkpoint */
	CHECK_EQ(0, si.si_pid);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(queue_info(&shared));
	ckpt_here();
	CHECK_OK(take(SIGUSR1, &si));
	CHECK_EQ(SI_USER, si.si_code);
	CHECK_EQ(0, si.si_pid);
	CHECK_EQ(0, si.si_uid);
	CHECK_OK(take(SIGUSR2, &si));
	CHECK_EQ(SI_USER, si.si_code);
	CHECK_EQ(0, si.si_value.sival_int);
	return 0;
}

CKPT_TEST(pending, more_than_the_limit_allows_now)
{
	struct rlimit few = { 3, 3 };
	siginfo_t si;
	int i;

	CHECK_OK(block_all());
	for (i = 0; i < 40; i++) {
		si = value_info(SIGRTMIN + 3, i);
		CHECK_OK(queue_info(&si));
	}
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &few));
	ckpt_here();
	for (i = 0; i < 40; i++) {
		CHECK_OK(take(SIGRTMIN + 3, &si));
		CHECK_EQ(i, si.si_value.sival_int);
	}
	CHECK(take(SIGRTMIN + 3, &si) < 0);
	return 0;
}

/* Blocked signals are kept even when they are ignored. */
CKPT_TEST(pending, ignored_signal_that_is_blocked)
{
	siginfo_t si;

	signal(SIGTERM, SIG_IGN);
	CHECK_OK(block_all());
	CHECK_OK(kill(getpid(), SIGTERM));
	CHECK_OK(kill(getpid(), SIGWINCH));
	ckpt_here();
	CHECK_OK(take(SIGTERM, &si));
	CHECK_OK(take(SIGWINCH, &si));
	return 0;
}

CKPT_TEST(pending, stop_signal_that_is_blocked)
{
	siginfo_t si;

	CHECK_OK(block_all());
	CHECK_OK(kill(getpid(), SIGTSTP));
	ckpt_here();
	CHECK_OK(take(SIGTSTP, &si));
	CHECK_OK(kill(getpid(), SIGTSTP));
	CHECK_OK(kill(getpid(), SIGCONT));
	CHECK(take(SIGTSTP, &si) < 0);
	CHECK_OK(take(SIGCONT, &si));
	return 0;
}

CKPT_TEST(pending, each_process_has_its_own)
{
	siginfo_t si;
	pid_t pid;

	CHECK_OK(block_all());
	SPAWN(pid, (ckpt_announce("child", "go.0"),
		    take(SIGUSR1, &si) || !take(SIGUSR2, &si) ||
		    si.si_pid == 2));
	ckpt_wait_for("child");
	CHECK_OK(kill(pid, SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR2));
	ckpt_here();
	CHECK_OK(take(SIGUSR2, &si));
	CHECK(take(SIGUSR1, &si) < 0);
	return ckpt_reap(pid);
}

/* ---- Signals that arrive while the application is frozen ---- */

/* Up to two signals for @pid, between the freezer and the checkpoint. */
static void through_a_cycle(struct __test_metadata *_metadata, struct app *app,
			    pid_t pid, const int *sig)
{
	ASSERT_EQ(0, app_freeze(app));
	for (; sig && *sig; sig++)
		ASSERT_EQ(0, kill(pid, *sig));
	/* By the v2 freezer it wakes up for them, and is frozen again a moment later. */
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ckpt_replace(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(shot_while_frozen)
{
	siginfo_t si;
	sigset_t set;

	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	ckpt_here();
	CHECK_EQ(1, count[SIGUSR1]);
	CHECK_OK(take(SIGUSR2, &si));
	CHECK_EQ(SI_USER, si.si_code);
	CHECK_EQ(0, si.si_pid);		/* from outside of the tree */
	return 0;
}

CKPT_TEST_F(pending, signals_to_the_frozen_application)
{
	static const int two[] = { SIGUSR1, SIGUSR2, 0 };
	struct app *app = &self->app;

	ASSERT_EQ(0, app_start(app, "shot_while_frozen"));
	through_a_cycle(_metadata, app, app->pid, two);
}

/*
 * With the v2 freezer it dies at once, with v1 when it is thawed. Either the
 * checkpoint says that it cannot be, or all goes on as it would have.
 */
CKPT_TEST_F(pending, deadly_signal_to_the_frozen_application)
{
	struct app *app = &self->app;
	pid_t pid;
	int ret;

	ASSERT_EQ(0, app_start(app, "pending_dies"));
	ASSERT_EQ(0, app_freeze(app));
	pid = app_pid_of(app, 2);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kill(pid, SIGTERM));
	ASSERT_EQ(0, app_freeze(app));
	ret = app_checkpoint(app, 0);
	if (ret || app_plain()) {
		EXPECT_TRUE(app_plain() || strstr(app->log, "pid "));
		ASSERT_EQ(0, app_thaw(app));
	} else {
		ASSERT_EQ(0, app_kill(app));
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(pending_dies)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_set("child"), pause()));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(SIGTERM, WTERMSIG(status));
	return 0;
}

/* ---- Masks that a call has set for a while ---- */

/* Of before the call, to which SIGUSR1 comes */
static int set_mask(void)
{
	sigset_t set;

	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	return sigprocmask(SIG_SETMASK, &set, NULL);
}

static int mask_is_back(void)
{
	sigset_t set;

	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(sigismember(&set, SIGUSR1));
	CHECK(sigismember(&set, SIGHUP));
	CHECK(!sigismember(&set, SIGUSR2));
	return 0;
}

static int close_and_tell(int fd)
{
	/* Its only call that takes long */
	CHECK_EQ(0, ckpt_wait_sleeps(getppid()));
	close(fd);
	ckpt_ready();
	return 0;
}

/*
 * A child that shares the table of descriptors closes the epoll descriptor
 * under the call, so that only the call is left of it. The freezer ends the
 * call, as SIGSTOP would; the mask of before must be back then.
 */
CKPT_BODY(in_epoll_pwait)
{
	struct epoll_event ev;
	sigset_t set;
	int fd, ret;

	signal(SIGCHLD, SIG_IGN);
	CHECK_OK(set_mask());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	fd = epoll_create1(0);
	CHECK_OK(fd);
	ret = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(ret);
	if (!ret)
		_exit(close_and_tell(fd));
	ret = epoll_pwait(fd, &ev, 1, app_plain() ? 2000 : -1, &set);
	if (!app_plain()) {
		CHECK_EQ(-1, ret);
		CHECK_EQ(EINTR, errno);
	}
	ckpt_wait_for("go.0");
	return mask_is_back();
}

CKPT_TEST_F(pending, temporary_mask_of_epoll_pwait)
{
	struct app *app = &self->app;
	char status[64], text[4096];

	ASSERT_EQ(0, app_start(app, "in_epoll_pwait"));
	ASSERT_EQ(0, app_wait_blocked(app));
	/* It is in the call: the mask is that of the call, SIGUSR2. */
	snprintf(status, sizeof(status), "/proc/%d/status", app->pid);
	ASSERT_LT(0, read_file(status, text, sizeof(text)));
	ASSERT_NE(NULL, strstr(text, "SigBlk:\t0000000000000800"));
	through_a_cycle(_metadata, app, 0, NULL);
}

/* The signal came while the call with the temporary mask was frozen. */
CKPT_BODY(shot_in_sigsuspend)
{
	sigset_t set;

	CHECK_OK(set_mask());
	sigemptyset(&set);
	ckpt_ready();
	CHECK_EQ(-1, sigsuspend(&set));
	CHECK_EQ(EINTR, errno);
	CHECK_EQ(1, count[SIGUSR1]);
	return mask_is_back();
}

CKPT_TEST_F(pending, signal_to_a_frozen_sigsuspend)
{
	static const int one[] = { SIGUSR1, 0 };
	struct app *app = &self->app;

	ASSERT_EQ(0, app_start(app, "shot_in_sigsuspend"));
	ASSERT_EQ(0, app_wait_blocked(app));
	through_a_cycle(_metadata, app, app->pid, one);
}

/* ---- The alternate stack ---- */

#ifndef SS_AUTODISARM
#define SS_AUTODISARM	(1U << 31)
#endif

CKPT_TEST(pending, alternate_stack_that_disarms_itself)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, out;

	ss.ss_flags = SS_AUTODISARM;
	CHECK_OK(sigaltstack(&ss, NULL));
	ckpt_here();
	CHECK_OK(sigaltstack(NULL, &out));
	CHECK(out.ss_sp == stack);
	CHECK_EQ(SS_AUTODISARM, (unsigned int)out.ss_flags);
	return 0;
}

TEST_HARNESS_MAIN
