// SPDX-License-Identifier: GPL-2.0
/*
 * The application whose images are forged: a tree with a bit of everything that
 * an image can hold, but small, as it is restarted very often
 *
 * Processes:	1	the root, with two more threads
 *		2	has ended
 *		3	has ended and was waited for: the group of
 *		4	which is stopped
 *		5	sleeps, with seccomp filters of its own
 *		8	has ended; a child of the first of the threads, 6 and 7
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "hostile.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

#define PRIVATE_SIGNAL	(SIGRTMIN + 1)
#define TIMER_SIGNAL	(SIGRTMIN + 2)

static const struct timespec hour = { 3600, 0 };

static atomic_int ready, go;
static sigset_t blocked;

static int queue_value(int sig, int value)
{
	union sigval v = { .sival_int = value };

	return sigqueue(getpid(), sig, v);
}

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

static int sleeper(void)
{
	add_filters(MODEL_FILTERS - 1);
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
	CHECK_EQ(PRIVATE_SIGNAL, take(PRIVATE_SIGNAL, &info));
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
	return pthread_kill(thread[0], PRIVATE_SIGNAL);
}

static int end_threads(pthread_t *thread)
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

struct children {
	pid_t ended, stopped, asleep;
};

static int start_children(struct children *c)
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

static int end_children(const struct children *c)
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
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	sigaddset(&blocked, PRIVATE_SIGNAL);
	sigaddset(&blocked, TIMER_SIGNAL);
	return sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static int take_signals(void)
{
	siginfo_t info;

	CHECK_EQ(SIGRTMIN, take(SIGRTMIN, &info));
	CHECK_EQ(1, info.si_value.sival_int);
	CHECK_EQ(TIMER_SIGNAL, take(TIMER_SIGNAL, &info));
	CHECK_EQ(SI_TIMER, info.si_code);
	CHECK_EQ(99, info.si_value.sival_int);
	return 0;
}

CKPT_BODY(model)
{
	struct itimerval it = { .it_value = { 1000, 0 }, .it_interval = { 5, 0 } };
	int fd, dir, null, ends[2];
	struct children children = { 0 };
	pthread_t threads[2];
	char *p, *shared, *q, buf[8];

	fd = open("data", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(4096, ftruncate(fd, 8192) ? -1 : lseek(fd, 4096, SEEK_SET));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(dir > 0 && null > 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	*p = 'x';
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	shared[4096] = 's';
	q = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED);
	memset(q, 'q', 16384);
	madvise(q + 4096, 4096, 102 /* MADV_GUARD_INSTALL */);
	madvise(q, 16384, MADV_DONTDUMP);
	CHECK_OK(pipe2(ends, O_DIRECT));
	CHECK_EQ(2, write(ends[1], "ab", 2));
	CHECK_EQ(3, write(ends[1], "cde", 3));
	CHECK_OK(fcntl(ends[0], F_SETOWN, getpid()));
	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(block_signals());
	CHECK_OK(queue_value(SIGRTMIN, 1));
	CHECK_OK(queue_value(SIGRTMIN, 2));
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	add_filters(1);
	CHECK(!start_children(&children));
	CHECK(!start_threads(threads));
	CHECK(!make_timers(tids[1]));
	ckpt_here();
	CHECK_EQ('x', *p);
	CHECK_EQ('s', shared[4096]);
	CHECK_EQ('q', q[16383]);
	CHECK_EQ(4096, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(2, read(ends[0], buf, sizeof(buf)));
	CHECK(!take_signals());
	CHECK(!end_children(&children));
	return end_threads(threads);
}
