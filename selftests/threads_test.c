// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: what they share, what ties them together, and what they are about
 * when they are frozen. What each of them has of its own is in
 * thread_state_test.c.
 */
#include "threads.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sem.h>

CKPT_SUITE(threads);
CKPT_SUITE_V1(threads);

#define MANY	1000

/* ---- Many ---- */

static atomic_int sum;

static void *add(void *arg)
{
	char name[16], seen[16] = "";

	snprintf(name, sizeof(name), "t%ld", (long)arg);
	prctl(PR_SET_NAME, name);
	wait_in_thread();
	prctl(PR_GET_NAME, seen);
	sum += (long)arg;
	return (void *)(long)!!strcmp(name, seen);
}

CKPT_TEST(threads, a_thousand)
{
	static pthread_t thread[MANY];
	long i;

	for (i = 0; i < MANY; i++)
		CHECK_EQ(0, start(&thread[i], add, (void *)i));
	wait_ready(MANY);
	ckpt_here();
	release();
	for (i = 0; i < MANY; i++)
		CHECK_EQ(0, join(thread[i]));
	CHECK_EQ(MANY * (MANY - 1) / 2, sum);
	return 0;
}

static bool is_told(const char *flag)
{
	char path[APP_DIR_LEN + 32];

	snprintf(path, sizeof(path), "%s/%s", ckpt_dir(), flag);
	return !access(path, F_OK);
}

static void *end_at_once(void *arg)
{
	sum++;
	return arg;
}

/* They come and go all the while, and none is lost. */
CKPT_TEST_RUNNING(threads, that_begin_and_end, 20)
{
	pthread_t thread[8];
	int made = 0;
	long i;

	ckpt_ready();
	while (!is_told("go.0")) {
		for (i = 0; i < 8; i++)
			CHECK_EQ(0, start(&thread[i], end_at_once, (void *)0));
		for (i = 0; i < 8; i++)
			CHECK_EQ(0, join(thread[i]));
		made += 8;
		CHECK_EQ(made, sum);
	}
	return 0;
}

CKPT_THREAD(fork_and_wait)
{
	int status, i;
	pid_t pid;

	for (i = 0; !go; i++) {
		SPAWN(pid, i & 63);
		CHECK_EQ(pid, waitpid(pid, &status, 0));
		CHECK_EQ((i & 63) << 8, status);
	}
	return 0;
}

/* Threads that make processes, and wait for them */
CKPT_TEST_RUNNING(threads, whose_children_begin_and_end, 10)
{
	pthread_t thread[3];
	int i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(0, start(&thread[i], fork_and_wait, NULL));
	ckpt_ready();
	ckpt_wait_for("go.0");
	go = 1;
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, join(thread[i]));
	return 0;
}

/* ---- In user mode ---- */

#define STEPS	200000
#define NR_SEEDS	4

static double expected_sum[NR_SEEDS];
static uint64_t expected_mix[NR_SEEDS];
static __thread long in_round;

/* Some arithmetic of all kinds, without a system call */
static __attribute__((noinline)) void compute(long seed, double *sum_out, uint64_t *mix_out)
{
	uint64_t mixed = seed + 1;
	long double slow = seed;
	double total = 0;
	long i;

	for (i = 1; i <= STEPS; i++) {
		mixed ^= mixed << 13;
		mixed ^= mixed >> 7;
		mixed ^= mixed << 17;
		total += (double)(mixed & 0xffff) / i;
		slow = slow * 0.999L + total;
		in_round = i;
	}
	*sum_out = total + (double)slow;
	*mix_out = mixed;
}

static void *compute_all_the_time(void *arg)
{
	long seed = (long)arg;
	uint64_t mixed;
	double total;

	in_round = seed;
	while (!go) {
		ready += !in_round;
		compute(seed, &total, &mixed);
		if (total != expected_sum[seed] || mixed != expected_mix[seed] ||
		    in_round != STEPS)
			return (void *)1;
		sum++;
	}
	return NULL;
}

CKPT_TEST_RUNNING(threads, that_compute, 10)
{
	pthread_t thread[NR_SEEDS];
	int before;
	long i;

	for (i = 0; i < NR_SEEDS; i++)
		compute(i, &expected_sum[i], &expected_mix[i]);
	for (i = 0; i < NR_SEEDS; i++)
		CHECK_EQ(0, start(&thread[i], compute_all_the_time, (void *)i));
	ckpt_ready();
	ckpt_wait_for("go.0");
	before = sum;
	while (sum < before + NR_SEEDS)
		sleep_ms(1);
	go = 1;
	for (i = 0; i < NR_SEEDS; i++)
		CHECK_EQ(0, join(thread[i]));
	return 0;
}

/* ---- In system calls ---- */

static double span(void)
{
	return 4 * ckpt_scale();
}

static struct timespec to_timespec(double s)
{
	return (struct timespec) { (time_t)s, (long)((s - (time_t)s) * 1e9) };
}

static int in_time(double begin)
{
	double t = now_monotonic() - begin;

	if (t >= span() * 0.999 && t < span() + 2 * ckpt_scale())
		return 0;
	ckpt_note("it took %.3f s instead of %.3f s", t, span());
	return t < span() ? 1 : CKPT_LATE;
}

static int pipe_ends[2], silent[2];

static long wait_futex(void)
{
	futex_wait(&go, 0);
	return go != 1;
}

static long wait_futex_some_time(void)
{
	struct timespec ts = to_timespec(span());
	double begin = now_monotonic();
	static int word;

	CHECK_EQ(-1, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0));
	CHECK_EQ(ETIMEDOUT, errno);
	return in_time(begin);
}

static long sleep_some_time(void)
{
	struct timespec ts = to_timespec(span());
	double begin = now_monotonic();

#ifdef SYS_clock_nanosleep_time64
	/* glibc would have it told how much is left, whenever the thread is frozen. */
	CHECK_OK(syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &ts, NULL));
#else
	CHECK_OK(nanosleep(&ts, NULL));
#endif
	return in_time(begin);
}

static long poll_some_time(void)
{
	struct pollfd p = { .fd = silent[0], .events = POLLIN };
	double begin = now_monotonic();

	CHECK_EQ(0, poll(&p, 1, span() * 1000));
	return in_time(begin);
}

static long read_pipe(void)
{
	char c = 0;

	CHECK_EQ(1, read(pipe_ends[0], &c, 1));
	CHECK_EQ('x', c);
	return 0;
}

static long (*const calls[])(void) = {
	wait_futex, wait_futex_some_time, sleep_some_time, poll_some_time, read_pipe,
};

#define NR_CALLS	((long)(sizeof(calls) / sizeof(calls[0])))

static void *call(void *arg)
{
	ready++;
	return (void *)calls[(long)arg]();
}

/* The time-outs are four seconds away. */
CKPT_TEST_STILL(threads, in_system_calls, 4)
{
	pthread_t thread[NR_CALLS];
	long i, ret;

	CHECK_OK(pipe(pipe_ends));
	CHECK_OK(pipe(silent));
	for (i = 0; i < NR_CALLS; i++)
		CHECK_EQ(0, start(&thread[i], call, (void *)i));
	wait_ready(NR_CALLS);
	sleep_ms(100 * ckpt_scale());
	ckpt_here();
	release();
	CHECK_EQ(1, write(pipe_ends[1], "x", 1));
	for (i = 0; i < NR_CALLS; i++) {
		ret = join(thread[i]);
		if (ret) {
			ckpt_note("call %ld", i);
			return ret;
		}
	}
	return 0;
}

/* The call ends early when it is frozen, as by SIGSTOP. */
CKPT_THREAD(wait_signal)
{
	siginfo_t si = { 0 };
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ready++;
	do {
		sig = sigwaitinfo(&set, &si);
	} while (sig < 0 && errno == EINTR);
	CHECK_EQ(SIGRTMIN, sig);
	CHECK_EQ(77, si.si_value.sival_int);
	return 0;
}

CKPT_TEST_RUNNING(threads, that_wait_for_a_signal, 3)
{
	union sigval value = { .sival_int = 77 };
	pthread_t thread;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK_EQ(0, start(&thread, wait_signal, NULL));
	wait_ready(1);
	ckpt_here();
	CHECK_EQ(0, pthread_sigqueue(thread, SIGRTMIN, value));
	return join(thread);
}

/* ---- What ties them together ---- */

#define NR_PLAYERS	4

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t robust, turn_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, robust_counter, turn, written[2], rounds;
static bool over;

static int play(long who)
{
	CHECK_EQ(0, pthread_mutex_lock(&mutex));
	counter++;
	CHECK_EQ(0, pthread_mutex_unlock(&mutex));

	CHECK_EQ(0, pthread_mutex_lock(&robust));
	robust_counter++;
	CHECK_EQ(0, pthread_mutex_unlock(&robust));

	CHECK_EQ(0, pthread_mutex_lock(&turn_mutex));
	while (turn % NR_PLAYERS != who)
		CHECK_EQ(0, pthread_cond_wait(&turn_changed, &turn_mutex));
	turn++;
	CHECK_EQ(0, pthread_cond_broadcast(&turn_changed));
	CHECK_EQ(0, pthread_mutex_unlock(&turn_mutex));

	CHECK_EQ(0, pthread_rwlock_rdlock(&rwlock));
	CHECK_EQ(written[0], written[1]);
	CHECK_EQ(0, pthread_rwlock_unlock(&rwlock));
	CHECK_EQ(0, pthread_rwlock_wrlock(&rwlock));
	written[0]++;
	sched_yield();
	written[1]++;
	CHECK_EQ(0, pthread_rwlock_unlock(&rwlock));
	return 0;
}

/* All play the same number of rounds: one of them tells when it is over. */
static void *player(void *arg)
{
	long who = (long)arg;
	bool end;

	do {
		pthread_barrier_wait(&barrier);
		if (!who) {
			over = go;
			rounds++;
		}
		pthread_barrier_wait(&barrier);
		end = over;
		if (play(who))
			return (void *)1;
	} while (!end);
	return NULL;
}

static void make_mutex(pthread_mutex_t *m, int is_robust, int protocol)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (is_robust)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(m, &attr);
}

CKPT_TEST_RUNNING(threads, that_wait_for_each_other, 10)
{
	pthread_t thread[NR_PLAYERS];
	long i;

	make_mutex(&robust, 1, PTHREAD_PRIO_NONE);
	pthread_barrier_init(&barrier, NULL, NR_PLAYERS);
	for (i = 0; i < NR_PLAYERS; i++)
		CHECK_EQ(0, start(&thread[i], player, (void *)i));
	ckpt_ready();
	ckpt_wait_for("go.0");
	go = 1;
	for (i = 0; i < NR_PLAYERS; i++)
		CHECK_EQ(0, join(thread[i]));
	CHECK_EQ(rounds * NR_PLAYERS, written[0]);
	CHECK_EQ(rounds * NR_PLAYERS, turn);
	CHECK_EQ(rounds * NR_PLAYERS, counter);
	CHECK_EQ(rounds * NR_PLAYERS, robust_counter);
	return 0;
}

static pthread_mutex_t inherits;

static void *hold_it(void *arg)
{
	pthread_mutex_lock(&inherits);
	wait_in_thread();
	return (void *)(long)pthread_mutex_unlock(&inherits);
}

/* Held at the checkpoint, wanted afterwards only */
CKPT_TEST(threads, mutex_with_inherited_priority)
{
	pthread_t thread;
	int ret;

	make_mutex(&inherits, 0, PTHREAD_PRIO_INHERIT);
	ret = pthread_mutex_lock(&inherits);
	if (ret)
		return ckpt_skip("no such mutexes: %s", strerror(ret));
	CHECK_EQ(0, pthread_mutex_unlock(&inherits));
	CHECK_EQ(0, start(&thread, hold_it, NULL));
	wait_ready(1);
	ckpt_here();
	CHECK_EQ(EBUSY, pthread_mutex_trylock(&inherits));
	release();
	CHECK_EQ(0, pthread_mutex_lock(&inherits));
	CHECK_EQ(0, pthread_mutex_unlock(&inherits));
	return join(thread);
}

/* ---- Their children ---- */

static pid_t child;

static int child_main(const char *flag)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ckpt_announce(flag, "never");
	return 0;
}

CKPT_THREAD(have_child)
{
	SPAWN(child, child_main("child"));
	ckpt_wait_for("child");
	wait_in_thread();
	return 0;
}

/* A child that is to die with its parent: that is a thread. */
CKPT_TEST(threads, child_that_dies_with_its_thread)
{
	pthread_t thread;
	int status;
	pid_t own;

	SPAWN(own, child_main("own"));
	CHECK_EQ(0, start(&thread, have_child, NULL));
	wait_ready(1);
	ckpt_wait_for("own");
	ckpt_here();
	CHECK_EQ(0, waitpid(child, &status, WNOHANG));
	release();
	CHECK_EQ(0, join(thread));
	CHECK_EQ(child, waitpid(child, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(0, waitpid(own, &status, WNOHANG));
	CHECK_OK(kill(own, SIGKILL));
	CHECK_EQ(own, waitpid(own, &status, 0));
	return 0;
}

static void *also_waits(void *arg)
{
	ckpt_announce("also", "go.0");
	return NULL;
}

static int child_with_threads(void)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, also_waits, NULL));
	ckpt_wait_for("also");
	ckpt_announce("child", "go.0");
	return join(thread) ?: 7;
}

CKPT_THREAD(have_child_with_threads)
{
	SPAWN(child, child_with_threads());
	ckpt_wait_for("child");
	wait_in_thread();
	return 0;
}

/* When its parent, a thread, has ended, all of the child has another one. */
CKPT_TEST(threads, child_with_threads_of_a_thread)
{
	pthread_t thread;
	int status;

	CHECK_EQ(0, start(&thread, have_child_with_threads, NULL));
	wait_ready(1);
	ckpt_here();
	release();
	CHECK_EQ(0, join(thread));
	CHECK_EQ(child, waitpid(child, &status, 0));
	CHECK_EQ(7, WEXITSTATUS(status));
	return 0;
}

CKPT_THREAD(wait_for_own)
{
	int status;

	SPAWN(child, (ckpt_announce("child", "go.0"), 5));
	ckpt_wait_for("child");
	wait_in_thread();
	CHECK_EQ(child, waitpid(child, &status, __WNOTHREAD));
	CHECK_EQ(5, WEXITSTATUS(status));
	return 0;
}

CKPT_TEST(threads, child_that_only_one_thread_waits_for)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, wait_for_own, NULL));
	wait_ready(1);
	CHECK_EQ(-1, waitpid(child, NULL, WNOHANG | __WNOTHREAD));
	ckpt_here();
	CHECK_EQ(-1, waitpid(child, NULL, WNOHANG | __WNOTHREAD));
	CHECK_EQ(ECHILD, errno);
	release();
	return join(thread);
}

CKPT_THREAD(have_zombie)
{
	siginfo_t info;
	int status;

	SPAWN(child, 6);
	CHECK_OK(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	wait_in_thread();
	CHECK_EQ(child, waitpid(child, &status, __WNOTHREAD));
	CHECK_EQ(6, WEXITSTATUS(status));
	return 0;
}

CKPT_TEST(threads, zombie_of_a_thread)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, have_zombie, NULL));
	wait_ready(1);
	ckpt_here();
	CHECK_EQ(-1, waitpid(child, NULL, WNOHANG | __WNOTHREAD));
	release();
	return join(thread);
}

/* In the order of their ids they belong to the one and the other. */
CKPT_THREAD(have_two)
{
	pid_t pid[2];
	int i;

	for (i = 0; i < 2; i++) {
		SPAWN(pid[i], (ckpt_wait_for("go.0"), 0));
		ready++;
		while (ready < 2 * (i + 1))
			usleep(100);
	}
	wait_in_thread();
	return ckpt_reap(pid[0]) || ckpt_reap(pid[1]);
}

CKPT_TEST(threads, children_of_two_threads_in_turn)
{
	pthread_t thread[2];

	CHECK_EQ(0, start(&thread[0], have_two, NULL));
	CHECK_EQ(0, start(&thread[1], have_two, NULL));
	wait_ready(6);
	ckpt_here();
	release();
	return join(thread[0]) || join(thread[1]);
}

/* ---- Ends of processes with threads ---- */

static void *run_program(void *arg)
{
	char *argv[] = { "sh", "-c", "exit 9", NULL };

	wait_in_thread();
	execv("/bin/sh", argv);
	return NULL;
}

static void *end_process(void *arg)
{
	wait_in_thread();
	_exit(9);
}

static void *wait_for_ever(void *arg)
{
	ready++;
	while (!arg)
		pause();
	return NULL;
}

/* A process with three threads, one of which runs @fn. */
static int process_with(void *(*fn)(void *), const char *flag)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, wait_for_ever, NULL));
	CHECK_EQ(0, start(&thread, fn, NULL));
	wait_ready(2);
	ckpt_announce(flag, "go.0");
	release();
	return pause();
}

CKPT_TEST(threads, processes_that_one_thread_ends)
{
	pid_t exec, end, killed;
	int status;

	SPAWN(exec, process_with(run_program, "exec"));
	SPAWN(end, process_with(end_process, "end"));
	SPAWN(killed, process_with(wait_for_ever, "killed"));
	ckpt_wait_for("exec");
	ckpt_wait_for("end");
	ckpt_wait_for("killed");
	ckpt_here();
	CHECK_EQ(exec, waitpid(exec, &status, 0));
	CHECK_EQ(9, WEXITSTATUS(status));
	CHECK_EQ(end, waitpid(end, &status, 0));
	CHECK_EQ(9, WEXITSTATUS(status));
	CHECK_OK(kill(killed, SIGTERM));
	CHECK_EQ(killed, waitpid(killed, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return 0;
}

/* ---- Made in another way ---- */

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
			 CLONE_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID)

static char raw_stack[65536] __attribute__((aligned(16)));
static pid_t raw_tid;

/* They have the C library's variables in common with the first thread. */
static int start_raw(int (*fn)(void *), int flags)
{
	CHECK_OK(clone(fn, raw_stack + sizeof(raw_stack), THREAD_FLAGS | flags, NULL,
		       &raw_tid, NULL, &raw_tid));
	while (!ready)
		sleep_ms(1);
	sleep_ms(20);
	return 0;
}

static void join_raw(void)
{
	pid_t tid;

	while ((tid = __atomic_load_n(&raw_tid, __ATOMIC_SEQ_CST)))
		syscall(SYS_futex, &raw_tid, FUTEX_WAIT, tid, NULL, NULL, 0);
}

static int semaphore;

static int raise_semaphore(void *arg)
{
	struct sembuf op = { .sem_op = 3, .sem_flg = SEM_UNDO };

	wait_in_thread();
	semop(semaphore, &op, 1);
	return 0;
}

/* What it has done to semaphores is undone at its end, or at the process'. */
static int undo_at_the_end_of(int flags, int expected)
{
	int i;

	CHECK_EQ(0, start_raw(raise_semaphore, flags));
	ckpt_here();
	semaphore = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	NEED(semaphore);
	release();
	join_raw();
	/* Its id is gone before its end is complete. */
	for (i = 0; i < 60000 && semctl(semaphore, 0, GETVAL) != expected; i++)
		sleep_ms(1);
	CHECK_EQ(expected, semctl(semaphore, 0, GETVAL));
	return semctl(semaphore, 0, IPC_RMID);
}

CKPT_TEST(threads, semaphores_undone_with_the_thread)
{
	return undo_at_the_end_of(0, 0);
}

CKPT_TEST(threads, semaphores_undone_with_the_process)
{
	return undo_at_the_end_of(CLONE_SYSVSEM, 3);
}

#define IOPRIO(n)	(2 << 13 | (n))

static int set_io_priority(void *arg)
{
	wait_in_thread();
	syscall(SYS_ioprio_set, 1, 0, IOPRIO(5));
	return 0;
}

static int io_priority_after(int flags, int expected)
{
	CHECK_OK(syscall(SYS_ioprio_set, 1, 0, IOPRIO(6)));
	CHECK_EQ(0, start_raw(set_io_priority, flags));
	ckpt_here();
	release();
	join_raw();
	CHECK_EQ(expected, syscall(SYS_ioprio_get, 1, 0));
	return 0;
}

CKPT_TEST(threads, io_context_of_its_own)
{
	return io_priority_after(0, IOPRIO(6));
}

CKPT_TEST(threads, io_context_of_all)
{
	return io_priority_after(CLONE_IO, IOPRIO(5));
}

TEST_HARNESS_MAIN
