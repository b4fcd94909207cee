// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that are no plain processes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "odd.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

#define THREAD_SIGNAL	(SIGRTMIN + 1)
#define TIMER_SIGNAL	(SIGRTMIN + 2)

static const struct timespec hour = { 3600, 0 };

static atomic_int ready, go;

static int take(int sig, siginfo_t *info)
{
	const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, info, &now);
}

/* Filters that let everything through; none where the kernel has none */
static void add_filters(int nr)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ~0U, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	while (nr--)
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* On, but everything is let through. Not every architecture has it. */
static void dispatch_calls(void)
{
	static char selector;

	prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &selector);
}

static void bind_memory(int flags)
{
	unsigned long nodes = 1;
	void *p = mmap(NULL, ODD_BOUND, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	syscall(SYS_mbind, p, ODD_BOUND, MPOL_BIND, &nodes, 8 * sizeof(nodes), 0);
}

/* Not every kernel has them. */
static void set_policies(void)
{
	unsigned long nodes = 1;

	syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 8 * sizeof(nodes));
	bind_memory(MAP_PRIVATE);
	bind_memory(MAP_SHARED);
}

static int sleeper(void)
{
	set_policies();
	add_filters(ODD_FILTERS - 1);
	dispatch_calls();
	ckpt_set("sleeper");
	return nanosleep(&hour, NULL);
}

static int make_timer(clockid_t clock, int sig, pid_t tid, double first, double then)
{
	struct itimerspec spec = {
		.it_value = { first, (first - (long)first) * 1e9 },
		.it_interval = { then, (then - (long)then) * 1e9 },
	};
	struct sigevent event = {
		.sigev_notify = !sig ? SIGEV_NONE : tid ? SIGEV_THREAD_ID : SIGEV_SIGNAL,
		.sigev_signo = sig,
		.sigev_value.sival_int = 99,
	};
	timer_t timer;

	if (tid)
		event.sigev_notify_thread_id = tid;
	return timer_create(clock, &event, &timer) ?: timer_settime(timer, 0, &spec, NULL);
}

/* The first one has expired, and its signal is pending; of the second it is ignored. */
static int make_timers(pid_t tid)
{
	sigset_t pending;

	CHECK_OK(make_timer(CLOCK_MONOTONIC, TIMER_SIGNAL, 0, 0.001, 0));
	CHECK_OK(make_timer(CLOCK_MONOTONIC, SIGUSR1, 0, 0.001, 0.001));
	CHECK_OK(make_timer(CLOCK_REALTIME, TIMER_SIGNAL, 0, 1000, 7));
	CHECK_OK(make_timer(CLOCK_MONOTONIC, TIMER_SIGNAL, tid, 1000, 0));
	CHECK_OK(make_timer(CLOCK_BOOTTIME, 0, 0, 1000, 0));
	CHECK_OK(make_timer(CLOCK_PROCESS_CPUTIME_ID, TIMER_SIGNAL, 0, 1000, 0));
	do {
		CHECK_OK(sigpending(&pending));
	} while (!sigismember(&pending, TIMER_SIGNAL));
	return 0;
}

static int wait_for_end(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
}

static pid_t tids[2];

/* With credentials, descriptors, a directory and a timer of its own, and a child */
static int own_thread(void)
{
	siginfo_t info;
	pid_t pid;

	tids[0] = syscall(SYS_gettid);
	CHECK_OK(syscall(SYS_setresuid, -1, -1, 1000));
	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	CHECK_OK(make_timer(CLOCK_THREAD_CPUTIME_ID, TIMER_SIGNAL, 0, 1000, 0));
	while (ready < 1)
		sched_yield();
	SPAWN(pid, 8);
	CHECK_OK(wait_for_end(pid));
	ready++;
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	CHECK_EQ(THREAD_SIGNAL, take(THREAD_SIGNAL, &info));
	CHECK_EQ(pid, waitpid(pid, NULL, __WNOTHREAD));
	return 0;
}

static void *own_thread_main(void *arg)
{
	return (void *)(long)own_thread();
}

static void *plain_thread_main(void *arg)
{
	tids[1] = syscall(SYS_gettid);
	ready++;
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static int start_threads(pthread_t *thread)
{
	CHECK_EQ(0, pthread_create(&thread[0], NULL, own_thread_main, NULL));
	while (!__atomic_load_n(&tids[0], __ATOMIC_SEQ_CST))
		sched_yield();
	CHECK_EQ(0, pthread_create(&thread[1], NULL, plain_thread_main, NULL));
	while (ready < 2)
		sched_yield();
	return pthread_kill(thread[0], THREAD_SIGNAL);
}

static int end_threads(const pthread_t *thread)
{
	void *ret;
	int i;

	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, pthread_join(thread[i], &ret));
		CHECK(!ret);
	}
	return 0;
}

static int start_children(struct odd_tasks *c)
{
	siginfo_t info;
	pid_t leader;

	SPAWN(c->ended, 3);
	CHECK_OK(wait_for_end(c->ended));
	SPAWN(leader, pause());
	CHECK_OK(setpgid(leader, leader));
	SPAWN(c->stopped, pause());
	CHECK_OK(setpgid(c->stopped, leader));
	CHECK_OK(kill(leader, SIGKILL));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	CHECK_OK(kill(c->stopped, SIGSTOP));
	CHECK_OK(waitid(P_PID, c->stopped, &info, WSTOPPED | WNOWAIT));
	SPAWN(c->asleep, sleeper());
	ckpt_wait_for("sleeper");
	return 0;
}

static int end_children(const struct odd_tasks *c)
{
	int status;

	CHECK_EQ(c->ended, waitpid(c->ended, &status, 0));
	CHECK_EQ(3 << 8, status);
	CHECK_EQ(c->stopped, waitpid(c->stopped, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	CHECK_OK(kill(c->stopped, SIGKILL));
	CHECK_EQ(c->stopped, waitpid(c->stopped, &status, 0));
	return kill(c->asleep, SIGKILL);
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, THREAD_SIGNAL);
	sigaddset(&set, TIMER_SIGNAL);
	signal(SIGUSR1, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

int odd_tasks_start(struct odd_tasks *odd)
{
	CHECK_OK(block_signals());
	add_filters(1);
	CHECK(!start_children(odd));
	CHECK(!start_threads(odd->thread));
	return make_timers(tids[1]);
}

int odd_tasks_end(const struct odd_tasks *odd)
{
	siginfo_t info;

	CHECK_EQ(TIMER_SIGNAL, take(TIMER_SIGNAL, &info));
	CHECK_EQ(SI_TIMER, info.si_code);
	CHECK_EQ(99, info.si_value.sival_int);
	return end_children(odd) || end_threads(odd->thread);
}
