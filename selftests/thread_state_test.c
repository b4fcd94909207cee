// SPDX-License-Identifier: GPL-2.0
/*
 * What each thread has of its own
 *
 * In each test one thread has something that the others have not. After the
 * restart it still has it, and the others still have not: the first thread of
 * the process, and a bystander.
 */
#include "threads.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

CKPT_SUITE(thread_state);
CKPT_SUITE_V1(thread_state);

struct own_test {
	int (*prepare)(void);	/* in the thread, before the checkpoint */
	int (*check)(void);	/* after it, in the thread */
	int (*others)(void);	/* and in the others */
};

static const struct own_test *test;
static bool gets_signals;	/* between ready and the checkpoint */
static pthread_t worker, bystander;
static char record_before[2][65536], record_after[2][65536];

/* One after the other, because it changes the umask and changes it back. */
static void record_inside(char *text, size_t size)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&one);
	inside_record(text, size);
	pthread_mutex_unlock(&one);
}

/* With all else that can be seen from inside */
static long run_worker(void)
{
	int ret = test->prepare();

	if (ret)
		return ret;
	record_inside(record_before[0], sizeof(record_before[0]));
	wait_in_thread();
	record_inside(record_after[0], sizeof(record_after[0]));
	CHECK_EQ(0, gets_signals ? 0 : inside_diff(record_before[0], record_after[0]));
	return test->check();
}

static long run_bystander(void)
{
	record_inside(record_before[1], sizeof(record_before[1]));
	wait_in_thread();
	record_inside(record_after[1], sizeof(record_after[1]));
	CHECK_EQ(0, gets_signals ? 0 : inside_diff(record_before[1], record_after[1]));
	return test->others();
}

static void *worker_main(void *arg)
{
	return (void *)run_worker();
}

static void *bystander_main(void *arg)
{
	return (void *)run_bystander();
}

static int run_own_test(const struct own_test *t, int (*ready_now)(void))
{
	test = t;
	CHECK_EQ(0, start(&bystander, bystander_main, NULL));
	CHECK_EQ(0, start(&worker, worker_main, NULL));
	while (ready < 2) {
		void *ret;

		/* It has skipped the test, or failed. */
		if (!pthread_tryjoin_np(worker, &ret))
			return (long)ret;
		sleep_ms(1);
	}
	sleep_ms(20);
	CHECK_EQ(0, ready_now ? ready_now() : 0);
	ckpt_here();
	release();
	CHECK_EQ(0, join(worker));
	CHECK_EQ(0, join(bystander));
	return t->others();
}

#define OWN(tname, prepare_code, check_code, others_code)		\
	static int prepare_##tname(void) { prepare_code; return 0; }	\
	static int check_##tname(void) { check_code; return 0; }	\
	static int others_##tname(void) { others_code; return 0; }	\
	static const struct own_test own_##tname = {			\
		prepare_##tname, check_##tname, others_##tname,		\
	};								\
	CKPT_TEST(thread_state, tname)					\
	{								\
		return run_own_test(&own_##tname, NULL);		\
	}

static int nothing(void)
{
	return 0;
}

/* ---- Names and numbers ---- */

static __thread pid_t local = 5;

OWN(id_and_thread_local_variable,
    local = gettid_now(),
    CHECK_EQ(gettid_now(), local); CHECK(local != getpid()),
    CHECK_EQ(5, local))

static int has_name(const char *name)
{
	char seen[16] = "";

	prctl(PR_GET_NAME, seen);
	return !strcmp(seen, name);
}

OWN(name,
    CHECK_OK(prctl(PR_SET_NAME, "worker")),
    CHECK(has_name("worker")),
    CHECK(!has_name("worker")))

OWN(personality,
    CHECK_OK(personality(personality(-1) | ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS)),
    CHECK(personality(-1) & STICKY_TIMEOUTS),
    CHECK(!(personality(-1) & STICKY_TIMEOUTS)))

/* ---- Signals ---- */

static bool blocks(int sig)
{
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	return sigismember(&mask, sig);
}

static int block(int sig)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, sig);
	return pthread_sigmask(SIG_BLOCK, &mask, NULL);
}

OWN(signal_mask,
    CHECK_EQ(0, block(SIGUSR1)),
    CHECK(blocks(SIGUSR1) && !blocks(SIGUSR2)),
    CHECK(!blocks(SIGUSR1)))

static char alt_stack[65536];

static int set_alt_stack(void)
{
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };

	return sigaltstack(&ss, NULL);
}

static bool has_alt_stack(void)
{
	stack_t ss;

	sigaltstack(NULL, &ss);
	return ss.ss_sp == alt_stack && ss.ss_size == sizeof(alt_stack);
}

static volatile bool on_alt_stack;

static void look_at_stack(int sig)
{
	char here;

	on_alt_stack = &here >= alt_stack && &here < alt_stack + sizeof(alt_stack);
}

static int take_on_alt_stack(void)
{
	CHECK(has_alt_stack());
	raise(SIGUSR2);
	CHECK(on_alt_stack);
	return 0;
}

static int no_alt_stack(void)
{
	CHECK(!has_alt_stack());
	return 0;
}

CKPT_TEST(thread_state, alternate_stack)
{
	static const struct own_test t = {
		set_alt_stack, take_on_alt_stack, no_alt_stack,
	};
	struct sigaction sa = { .sa_handler = look_at_stack, .sa_flags = SA_ONSTACK };

	CHECK_OK(sigaction(SIGUSR2, &sa, NULL));
	return run_own_test(&t, NULL);
}

#define QUEUED	5

/* Some for the thread alone, then some for any */
static int send_signals(void)
{
	union sigval value;
	int i;

	for (i = 0; i < QUEUED; i++) {
		value.sival_int = 100 + i;
		CHECK_OK(sigqueue(getpid(), SIGRTMIN, value));
		value.sival_int = i;
		CHECK_EQ(0, pthread_sigqueue(worker, SIGRTMIN, value));
	}
	return pthread_kill(worker, SIGUSR1);
}

static int take_signal(int sig, int value)
{
	struct timespec now = { 0 };
	siginfo_t si = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK_EQ(sig, sigtimedwait(&set, &si, &now));
	CHECK_EQ(value, si.si_value.sival_int);
	CHECK_EQ(getpid(), si.si_pid);
	return 0;
}

static atomic_int taken;

static int take_all(void)
{
	int i;

	for (i = 0; i < QUEUED; i++)
		CHECK_EQ(0, take_signal(SIGRTMIN, i));
	for (i = 0; i < QUEUED; i++)
		CHECK_EQ(0, take_signal(SIGRTMIN, 100 + i));
	CHECK_EQ(0, take_signal(SIGUSR1, 0));
	taken = 1;
	return 0;
}

static bool is_pending(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig);
}

static int none_for_me(void)
{
	CHECK(!is_pending(SIGUSR1));
	while (!taken)
		sleep_ms(1);
	CHECK(!is_pending(SIGRTMIN));
	return 0;
}

CKPT_TEST(thread_state, pending_signals)
{
	static const struct own_test t = { nothing, take_all, none_for_me };

	/* All threads inherit it. */
	CHECK_EQ(0, block(SIGRTMIN) || block(SIGUSR1));
	gets_signals = true;
	return run_own_test(&t, send_signals);
}

/* ---- Scheduling ---- */

OWN(timer_slack,
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 12345)),
    CHECK_EQ(12345, prctl(PR_GET_TIMERSLACK)),
    CHECK(prctl(PR_GET_TIMERSLACK) != 12345))

OWN(nice_value,
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 7)),
    CHECK_EQ(7, getpriority(PRIO_PROCESS, 0)),
    CHECK_EQ(0, getpriority(PRIO_PROCESS, 0)))

static int set_policy(int policy, int priority)
{
	struct sched_param p = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &p);
}

static int priority_now(void)
{
	struct sched_param p = { 0 };

	sched_getparam(0, &p);
	return p.sched_priority;
}

OWN(policy_batch,
    CHECK_OK(set_policy(SCHED_BATCH, 0)),
    CHECK_EQ(SCHED_BATCH, sched_getscheduler(0)),
    CHECK_EQ(SCHED_OTHER, sched_getscheduler(0)))

OWN(policy_idle,
    CHECK_OK(set_policy(SCHED_IDLE, 0)),
    CHECK_EQ(SCHED_IDLE, sched_getscheduler(0)),
    CHECK_EQ(SCHED_OTHER, sched_getscheduler(0)))

OWN(policy_fifo,
    NEED(set_policy(SCHED_FIFO, 3)),
    CHECK_EQ(SCHED_FIFO, sched_getscheduler(0)); CHECK_EQ(3, priority_now()),
    CHECK_EQ(SCHED_OTHER, sched_getscheduler(0)))

OWN(policy_round_robin_not_for_children,
    NEED(set_policy(SCHED_RR | SCHED_RESET_ON_FORK, 4)),
    CHECK_EQ(SCHED_RR | SCHED_RESET_ON_FORK, sched_getscheduler(0)); CHECK_EQ(4, priority_now()),
    CHECK_EQ(SCHED_OTHER, sched_getscheduler(0)))

static int bind_to(int cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return ckpt_skip("there is one processor only");
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int nr_cpus_allowed(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? -1 : CPU_COUNT(&set);
}

OWN(affinity,
    return bind_to(1),
    CHECK_EQ(1, nr_cpus_allowed()); CHECK_EQ(1, sched_getcpu()),
    CHECK(nr_cpus_allowed() > 1))

#define IOPRIO	(2 << 13 | 6)

OWN(io_priority,
    CHECK_OK(syscall(SYS_ioprio_set, 1, 0, IOPRIO)),
    CHECK_EQ(IOPRIO, syscall(SYS_ioprio_get, 1, 0)),
    CHECK(syscall(SYS_ioprio_get, 1, 0) != IOPRIO))

/* ---- Credentials: the C library would give them to all threads. ---- */

static int become(uid_t uid, gid_t gid)
{
	gid_t groups[] = { 11, 22, 33 };

	CHECK_OK(syscall(SYS_setgroups, 3, groups));
	CHECK_OK(syscall(SYS_setresgid, gid, gid + 1, gid + 2));
	CHECK_OK(syscall(SYS_setresuid, uid, uid + 1, uid + 2));
	/* That of the process, which another thread may have seen before. */
	return prctl(PR_SET_DUMPABLE, 1);
}

static int am(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t groups[8];

	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == uid && e == uid + 1 && s == uid + 2);
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK(r == gid && e == gid + 1 && s == gid + 2);
	CHECK_EQ(3, getgroups(8, groups));
	CHECK_EQ(22, groups[1]);
	return 0;
}

OWN(credentials,
    CHECK_EQ(0, become(1000, 2000)),
    CHECK_EQ(0, am(1000, 2000)),
    CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0))

OWN(no_new_privileges,
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)),
    CHECK_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)),
    CHECK_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)))

OWN(keep_capabilities,
    CHECK_OK(prctl(PR_SET_KEEPCAPS, 1)),
    CHECK_EQ(1, prctl(PR_GET_KEEPCAPS)),
    CHECK_EQ(0, prctl(PR_GET_KEEPCAPS)))

/* ---- What becomes of system calls ---- */

static int forbid_uname(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

static bool may_call_uname(void)
{
	struct utsname name;

	return !uname(&name) || errno != EXDEV;
}

OWN(seccomp_filter,
    CHECK_OK(forbid_uname()),
    CHECK(!may_call_uname()),
    CHECK(may_call_uname()))

static __thread volatile char selector;
static __thread int dispatched;

static void on_dispatch(int sig)
{
	selector = 0 /* SYSCALL_DISPATCH_FILTER_ALLOW */;
	dispatched++;
}

static int dispatch_calls(void)
{
	if (prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &selector))
		return ckpt_skip("this kernel does not dispatch system calls");
	return 0;
}

static int calls_dispatched(void)
{
	selector = 1 /* SYSCALL_DISPATCH_FILTER_BLOCK */;
	syscall(SYS_getppid);
	selector = 0;
	return dispatched;
}

static int are_dispatched(void)
{
	CHECK_EQ(1, calls_dispatched());
	return 0;
}

static int are_not_dispatched(void)
{
	CHECK_EQ(0, calls_dispatched());
	return 0;
}

CKPT_TEST(thread_state, syscall_user_dispatch)
{
	static const struct own_test own = {
		dispatch_calls, are_dispatched, are_not_dispatched,
	};

	/* All threads have the same handler, and see it from the beginning. */
	signal(SIGSYS, on_dispatch);
	return run_own_test(&own, NULL);
}

static int parent_death_signal(void)
{
	int sig = -1;

	prctl(PR_GET_PDEATHSIG, &sig);
	return sig;
}

OWN(parent_death_signal,
    CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGWINCH)),
    CHECK_EQ(SIGWINCH, parent_death_signal()),
    CHECK_EQ(0, parent_death_signal()))

/* ---- Descriptors and directories ---- */

static char start_dir[4096];

static int have_file(const char *name, off_t pos, int as)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	CHECK_OK(fd);
	CHECK_OK(ftruncate(fd, 1000));
	CHECK_EQ(pos, lseek(fd, pos, SEEK_SET));
	if (fd != as) {
		CHECK_EQ(as, dup2(fd, as));
		close(fd);
	}
	return 0;
}

static bool is_file(int fd, const char *name, off_t pos)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(name, &b) && a.st_ino == b.st_ino &&
	       lseek(fd, 0, SEEK_CUR) == pos;
}

OWN(descriptors,
    CHECK_EQ(0, have_file("shared", 5, 50));
    CHECK_OK(unshare(CLONE_FILES));
    CHECK_EQ(0, have_file("own", 7, 50) || have_file("own", 9, 51)),
    CHECK(is_file(50, "own", 7) && is_file(51, "own", 9)),
    CHECK(is_file(50, "shared", 5)); CHECK(fcntl(51, F_GETFD) < 0))

/* The first one may be the only one that has another table. */
CKPT_TEST(thread_state, descriptors_of_the_first_thread)
{
	static const struct own_test t = {
		nothing, others_descriptors, others_descriptors,
	};

	test = &t;
	CHECK_EQ(0, have_file("shared", 5, 50));
	CHECK_EQ(0, start(&worker, worker_main, NULL));
	wait_ready(1);
	CHECK_EQ(0, prepare_descriptors());
	ckpt_here();
	CHECK_EQ(0, check_descriptors());
	release();
	return join(worker);
}

/* In a process that shares them with no thread of its parent but that one */
static pid_t partner;

static int share_with_child(void)
{
	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	CHECK_EQ(0, have_file("own", 7, 50));
	partner = syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(partner);
	if (!partner) {
		ckpt_announce("child", "look");
		_exit(!is_file(50, "own", 7) || dup2(50, 51) != 51 || chdir("/"));
	}
	ckpt_wait_for("child");
	return 0;
}

OWN(descriptors_shared_with_a_child,
    CHECK_EQ(0, share_with_child()),
    ckpt_set("look"); CHECK_EQ(0, ckpt_reap(partner)); CHECK_EQ(9, write(51, "something", 9));
    CHECK_EQ(16, lseek(50, 0, SEEK_CUR)); CHECK_EQ(0, access("bin", F_OK)),
    CHECK(fcntl(50, F_GETFD) < 0); CHECK_EQ(-1, access("bin", F_OK)))

static bool is_in(const char *dir)
{
	char cwd[4096];

	return getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, dir);
}

OWN(directories,
    CHECK(getcwd(start_dir, sizeof(start_dir)));
    CHECK_OK(unshare(CLONE_FS)); CHECK_OK(chdir("/")); umask(077),
    CHECK(is_in("/")); CHECK_EQ(077, umask(077)),
    CHECK(is_in(start_dir)); CHECK_EQ(022, umask(022)))

static pid_t owner_tid;

static int own_file(void)
{
	struct f_owner_ex owner = { F_OWNER_TID, gettid_now() };

	owner_tid = owner.pid;
	CHECK_EQ(0, have_file("file", 0, 50));
	return fcntl(50, F_SETOWN_EX, &owner);
}

static int owner_of(int fd)
{
	struct f_owner_ex owner = { 0 };

	CHECK_OK(fcntl(fd, F_GETOWN_EX, &owner));
	CHECK_EQ(F_OWNER_TID, owner.type);
	CHECK_EQ(owner_tid, owner.pid);
	return 0;
}

OWN(ownership_of_a_file,
    CHECK_OK(own_file()),
    CHECK_EQ(gettid_now(), owner_tid); CHECK_EQ(0, owner_of(50)),
    CHECK(gettid_now() != owner_tid))

/* ---- What the kernel does when it ends ---- */

static pthread_mutex_t robust;

static int make_robust(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	return pthread_mutex_lock(&robust);
}

CKPT_TEST(thread_state, robust_mutex_whose_owner_dies)
{
	static const struct own_test t = { make_robust, nothing, nothing };

	test = &t;
	CHECK_EQ(0, start(&worker, worker_main, NULL));
	wait_ready(1);
	CHECK_EQ(EBUSY, pthread_mutex_trylock(&robust));
	ckpt_here();
	CHECK_EQ(EBUSY, pthread_mutex_trylock(&robust));
	release();
	CHECK_EQ(EOWNERDEAD, pthread_mutex_lock(&robust));
	CHECK_EQ(0, pthread_mutex_consistent(&robust));
	CHECK_EQ(0, pthread_mutex_unlock(&robust));
	return join(worker);
}

/* One who is on the way into pthread_join() when it is frozen */
static void *join_other(void *arg)
{
	pthread_t *other = arg;

	ready++;
	return (void *)(long)join(*other);
}

CKPT_TEST(thread_state, joined_by_another_thread)
{
	static const struct own_test t = { nothing, nothing, nothing };
	pthread_t joiner;

	test = &t;
	CHECK_EQ(0, start(&worker, worker_main, NULL));
	CHECK_EQ(0, start(&joiner, join_other, &worker));
	wait_ready(2);
	ckpt_here();
	release();
	return join(joiner);
}

#if __has_include(<sys/rseq.h>)
static int check_rseq(void)
{
	struct rseq *area;
	unsigned int cpu;

	if (!__rseq_size)
		return 0;
	area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	cpu = area->cpu_id;
	CHECK((int)cpu >= 0 && cpu < sysconf(_SC_NPROCESSORS_CONF));
	/* There is one, and it is this. */
	CHECK_EQ(-1, syscall(SYS_rseq, area, 32, 0, RSEQ_SIG));
	CHECK_EQ(EBUSY, errno);
	/* Whoever has moved sees the kernel write there. */
	area->cpu_id = 0x7777;
	sleep_ms(1);
	sched_yield();
	CHECK(sched_getcpu() < sysconf(_SC_NPROCESSORS_CONF));
	area->cpu_id = cpu;
	return 0;
}
#else
static int check_rseq(void)
{
	return 0;
}
#endif

OWN(restartable_sequences,
    CHECK_EQ(0, check_rseq()), CHECK_EQ(0, check_rseq()), CHECK_EQ(0, check_rseq()))

/* ---- Times ---- */

static double cpu_seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double usage_seconds(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void burn(double seconds)
{
	double end = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + seconds;
	volatile int i;

	while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < end)
		for (i = 0; i < 10000; i++)
			;
}

/* What a thread has used, by clock and by getrusage(), and a little more */
static __thread double used, used_by_usage, used_until;
static double used_by_all;

#define A_LITTLE	0.5

/*
 * What is counted since @then, as a little at the most: also that a machine has
 * waited for its host meanwhile.
 */
static double a_little(double then)
{
	double elapsed = now_monotonic() - then + 0.05;

	return elapsed > A_LITTLE ? elapsed : A_LITTLE;
}

static int note_time(void)
{
	used_until = now_monotonic();
	used = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
	used_by_usage = usage_seconds(RUSAGE_THREAD);
	used_by_all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	return 0;
}

static int burn_and_note_time(void)
{
	burn(1);
	return note_time();
}

static int check_time(void)
{
	double now = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
	double usage = usage_seconds(RUSAGE_THREAD);
	double little = a_little(used_until);

	if (now < used || now > used + little)
		ckpt_note("clock: %.3f s before, %.3f s after", used, now);
	CHECK(now >= used && now < used + little);
	CHECK(usage >= used_by_usage && usage < used_by_usage + little);
	return 0;
}

CKPT_TEST(thread_state, processor_time)
{
	static const struct own_test t = { burn_and_note_time, check_time, nothing };
	double by_all;

	test = &t;
	CHECK_EQ(0, start(&worker, worker_main, NULL));
	/* Without much use of the processor itself */
	while (!ready)
		sleep_ms(100);
	sleep_ms(20);
	note_time();
	CHECK(used_by_all >= 1);
	ckpt_here();
	CHECK_EQ(0, check_time());
	by_all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(by_all >= used_by_all);
	CHECK(by_all < used_by_all + 2 * a_little(used_until));
	release();
	return join(worker);
}

static void *burn_and_end(void *arg)
{
	burn(1);
	return NULL;
}

CKPT_TEST(thread_state, processor_time_of_ended_threads)
{
	double before, after, own, own_usage;
	pthread_t thread;

	CHECK_EQ(0, start(&thread, burn_and_end, NULL));
	CHECK_EQ(0, join(thread));
	note_time();
	before = used_by_all;
	CHECK(before >= 1);
	ckpt_here();
	after = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
	own_usage = usage_seconds(RUSAGE_THREAD);
	CHECK(after >= before);
	CHECK(after < before + a_little(used_until));
	/* The time of the other one is not that of this one. */
	CHECK(own < used + a_little(used_until));
	CHECK(own_usage < used_by_usage + a_little(used_until));
	CHECK(usage_seconds(RUSAGE_SELF) >= 0.9);
	return 0;
}

TEST_HARNESS_MAIN
