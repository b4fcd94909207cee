// SPDX-License-Identifier: GPL-2.0
/*
 * Random trees of processes
 *
 * From a seed a forest is made: processes below each other, in sessions and
 * groups, with threads, also where the first one has ended, with children that have
 * ended, that are stopped, that share their parent's memory, or that have lost their
 * parents, in namespaces of their own or of others, and with files, pipes, memory,
 * signals, timers and filters that are shared or not. What the oracle sees of it
 * before and after must be the same, and each process finds what it had, and its
 * clocks go on.
 *
 * CKPT_TEST_TREES=N	number of trees, 10
 * CKPT_TEST_FIRST=N	the seed of the first of them, 1
 */
#include "threads.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

CKPT_SUITE(random);

#define SEED_VARIABLE	"CKPT_TEST_TREE"
#define MAX_NODES	16
#define MAX_THREADS	3
#define NR_PIPES	4
#define PAGE		4096
#define ENDED_WITH	100	/* and its number, a process that ends early */

static uint64_t random_state;

static unsigned int rnd(unsigned int below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % below;
}

static bool one_in(unsigned int n)
{
	return !rnd(n);
}

static uint64_t state_of_seed(unsigned int seed)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL;
}

/* ---- The plan, which is the same in all processes ---- */

enum kind {
	LIVES,
	STOPS,
	ENDS,	/* and nobody waits for it */
	GONE,	/* waited for; it may have left children */
};

static struct node {
	enum kind kind;
	int parent;
	int threads;
	bool first_ends;	/* its first thread, when all is made */
	uint64_t random;	/* for what it does itself */
} node[MAX_NODES];

static int nr_nodes;

static void plan(unsigned int seed)
{
	static const enum kind kinds[] = {
		LIVES, LIVES, LIVES, LIVES, LIVES, STOPS, STOPS, ENDS, ENDS, GONE,
	};
	int i;

	random_state = state_of_seed(seed);
	nr_nodes = 2 + rnd(MAX_NODES - 1);
	for (i = 0; i < nr_nodes; i++) {
		node[i].parent = i ? (int)rnd(i) : -1;
		node[i].kind = i ? kinds[rnd(ARRAY_SIZE(kinds))] : LIVES;
		node[i].threads = one_in(3) ? 1 + rnd(MAX_THREADS) : 0;
		node[i].first_ends = node[i].kind == LIVES && i && one_in(5);
		node[i].random = state_of_seed(rnd(1U << 30));
	}
}

/* ---- What is shared by all ---- */

static struct shared {
	atomic_long written[NR_PIPES];
	atomic_long sum[NR_PIPES];
	atomic_long of_node[MAX_NODES];
	pid_t init[MAX_NODES];		/* if it begins a pid namespace, as /proc knows it */
	atomic_int inside[MAX_NODES];	/* others whose parents have entered that */
} *shared;

static int pipes[NR_PIPES][2];

static int make_shared(void)
{
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	for (i = 0; i < NR_PIPES; i++)
		CHECK_OK(pipe2(pipes[i], O_NONBLOCK | (one_in(3) ? O_CLOEXEC : 0)));
	return 0;
}

static void write_pipe(int i)
{
	unsigned char c[64];
	ssize_t n, k;

	for (k = 0; k < (ssize_t)sizeof(c); k++)
		c[k] = rnd(256);
	n = write(pipes[i][1], c, 1 + rnd(sizeof(c)));
	if (n <= 0)
		return;
	shared->written[i] += n;
	for (k = 0; k < n; k++)
		shared->sum[i] += c[k];
}

/* By the root, which keeps all ends, when all others are gone */
static int check_shared(void)
{
	unsigned char c;
	long n, sum;
	int i;

	for (i = 0; i < NR_PIPES; i++) {
		sum = 0;
		for (n = 0; read(pipes[i][0], &c, 1) == 1; n++)
			sum += c;
		CHECK_EQ(shared->written[i], n);
		CHECK_EQ(shared->sum[i], sum);
	}
	return 0;
}

/* ---- What each process has ---- */

static char *memory;
static size_t pages;
static char alt_stack[65536];

static void on_signal(int sig)
{
}

static void set_signals(void)
{
	static const int sigs[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGIO, SIGPIPE };
	struct sigaction sa = { 0 };
	unsigned int i;

	/* An orphaned group with stopped processes gets it. */
	signal(SIGHUP, SIG_IGN);
	for (i = 0; i < ARRAY_SIZE(sigs); i++) {
		sa.sa_handler = one_in(2) ? SIG_DFL : one_in(2) ? SIG_IGN : on_signal;
		sa.sa_flags = one_in(2) ? SA_RESTART : SA_ONSTACK;
		sigemptyset(&sa.sa_mask);
		sigaddset(&sa.sa_mask, 1 + rnd(31));
		sigaction(sigs[i], &sa, NULL);
	}
}

/* Blocked, and so many of them are pending. */
static void queue_signals(void)
{
	int sig = SIGRTMIN + rnd(8), nr = rnd(4);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (one_in(2))
		sigaddset(&set, SIGRTMIN + 9);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (nr--)
		sigqueue(getpid(), sig, (union sigval){ .sival_int = rnd(1000) });
	if (one_in(2))
		pthread_kill(pthread_self(), sig);
}

static int set_timers(void)
{
	static const clockid_t clocks[] = {
		CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID,
	};
	struct itimerval it = { .it_value = { 5000 + rnd(1000), 0 } };
	struct itimerspec spec = { .it_value = { 5000, 0 }, .it_interval = { 7, 0 } };
	struct sigevent event = { .sigev_signo = SIGRTMIN + 9 };
	timer_t timer;
	int i;

	if (one_in(3))
		setitimer(ITIMER_REAL, &it, NULL);
	if (one_in(4))
		setitimer(ITIMER_PROF, &it, NULL);
	for (i = one_in(3) ? rnd(4) : 0; i > 0; i--) {
		event.sigev_notify = one_in(4) ? SIGEV_NONE : SIGEV_SIGNAL;
		event.sigev_value.sival_int = rnd(1000);
		CHECK_OK(timer_create(clocks[rnd(ARRAY_SIZE(clocks))], &event, &timer));
		if (!one_in(4))
			CHECK_OK(timer_settime(timer, 0, &spec, NULL));
	}
	return 0;
}

static bool has_ended_below(int nr)
{
	int i, above;

	for (i = nr; i < nr_nodes; i++) {
		for (above = i; above > nr; above = node[above].parent)
			;
		if (above == nr && (node[i].kind == ENDS || node[i].first_ends))
			return true;
	}
	return false;
}

/*
 * For itself and those below it: everything is let through. Of those that have
 * ended /proc would tell still how many filters they had, and that is not carried.
 */
static void add_filter(int nr)
{
	struct sock_filter insns[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog prog = { ARRAY_SIZE(insns), insns };

	if (one_in(4) && !has_ended_below(nr))
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* With its parent. Who is in other mounts could not find what is opened there. */
static bool shares_files;

/* A file system of its own, in which it may be from then on */
static int mount_something(int nr)
{
	char name[16];

	snprintf(name, sizeof(name), "mount.%d", nr);
	CHECK_OK(mkdir(name, 0755));
	CHECK_OK(mount(name, name, "tmpfs", one_in(2) ? MS_NOSUID : 0, NULL));
	return one_in(2) ? chdir(name) : 0;
}

/* Whether it has a mount namespace of its own, or those have that it comes from */
static bool own_mounts;

/* Whether it is in a user namespace other than that of the root of the tree */
static bool in_user_ns;

/* With the ids that it has; only those outside can say so. */
static int map_ids(const char *pid, const char *file)
{
	unsigned int first, nr;
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	if (read_file(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u %*u %u", &first, &nr) != 2)
		return -1;
	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	snprintf(text, sizeof(text), "%u %u %u\n", first, first, nr);
	return write_file(path, text);
}

/*
 * What it has open stays where it was opened. There the root of the tree is, with
 * the same mounts, or whoever comes from here.
 */
static int leave_user_ns(void)
{
	char self[16] = "", byte;
	pid_t writer;
	int fd[2];

	/* As that /proc knows it, which may be of another pid namespace. */
	CHECK_OK(readlink("/proc/self", self, sizeof(self) - 1));
	CHECK_OK(pipe2(fd, O_CLOEXEC));
	writer = fork();
	CHECK_OK(writer);
	if (!writer) {
		close(fd[1]);
		_exit(read(fd[0], &byte, 1) || map_ids(self, "uid_map") ||
		      map_ids(self, "gid_map"));
	}
	CHECK_OK(unshare(CLONE_NEWUSER));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	close(fd[0]);
	close(fd[1]);
	in_user_ns = true;
	return ckpt_reap(writer);
}

/* From now on, with all that it makes */
static int leave_namespaces(int nr)
{
	static const int flags[] = { CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP };
	char name[16];
	unsigned int i;

	if (one_in(8) && !in_user_ns && !own_mounts && !(shares_files && node[nr].kind >= ENDS))
		CHECK(!leave_user_ns());
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (one_in(8))
			CHECK_OK(unshare(flags[i]));
	}
	/* What those have opened who are gone can be found no further away. */
	if (one_in(8) && !shares_files && !in_user_ns && !own_mounts) {
		CHECK_OK(unshare(CLONE_NEWNS));
		own_mounts = true;
		CHECK(!mount_something(nr));
	}
	/* The kernel takes long to end them. */
	if (one_in(20))
		CHECK_OK(unshare(CLONE_NEWNET));
	/* In that of its parent, as far as it may, or its own */
	snprintf(name, sizeof(name), "host%d", nr);
	if (one_in(10) && sethostname(name, strlen(name)))
		CHECK(in_user_ns);
	return 0;
}

static void set_attributes(int nr)
{
	struct rlimit limit = { 100 + rnd(200), 1024 };
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
	char text[32];

	snprintf(text, sizeof(text), "node %d", nr);
	prctl(PR_SET_NAME, text);
	if (one_in(4))
		umask(rnd(0100));
	if (one_in(4))
		setpriority(PRIO_PROCESS, 0, rnd(10));
	if (one_in(4))
		setrlimit(RLIMIT_NOFILE, &limit);
	if (one_in(4))
		sigaltstack(&ss, NULL);
	if (one_in(4))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (one_in(5))
		syscall(SYS_setresuid, -1, -1, 1000 + nr);
	snprintf(text, sizeof(text), "dir.%d", nr);
	if (one_in(4) && !mkdir(text, 0755) && chdir(text))
		abort();
}

static int make_files(int nr)
{
	int i, fd, flags;
	char name[16];

	for (i = rnd(4); i > 0; i--) {
		snprintf(name, sizeof(name), "f.%d.%d", nr, i);
		flags = (one_in(3) ? O_APPEND : 0) | (one_in(3) ? O_CLOEXEC : 0);
		fd = open(name, O_RDWR | O_CREAT | flags, 0600);
		CHECK_OK(fd);
		CHECK_EQ(2, write(fd, "ab", 2));
		CHECK_OK(lseek(fd, rnd(5000), SEEK_SET));
		if (one_in(3))
			CHECK_OK(dup(fd));
		if (one_in(4))
			CHECK_OK(close(fd));
	}
	return 0;
}

static int use_pipes(void)
{
	int i;

	for (i = 0; i < NR_PIPES; i++) {
		if (one_in(2))
			write_pipe(i);
	}
	return 0;
}

static int make_memory(int nr)
{
	pages = 1 + rnd(8);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	pattern_fill(memory, pages * PAGE, nr);
	if (one_in(2))
		CHECK_OK(mprotect(memory, PAGE, PROT_READ));
	shared->of_node[nr] = node[nr].random & 0xffffff;
	return 0;
}

/* By the clocks of its time namespace, when it is ready */
static const clockid_t own_clocks[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME };
static struct timespec ready_at[2];

static void look_at_clocks(void)
{
	int i;

	for (i = 0; i < 2; i++)
		clock_gettime(own_clocks[i], &ready_at[i]);
}

/* They go on: an offset would be of thousands of seconds. */
static int check_clocks(void)
{
	struct timespec now;
	long seconds;
	int i;

	for (i = 0; i < 2; i++) {
		clock_gettime(own_clocks[i], &now);
		seconds = now.tv_sec - ready_at[i].tv_sec;
		if (seconds >= 0 && seconds < 300 * ckpt_scale())
			continue;
		ckpt_note("clock %d has gone on by %ld s", own_clocks[i], seconds);
		return 1;
	}
	return 0;
}

static int check_own(int nr)
{
	CHECK(!check_clocks());
	CHECK(!pattern_check(memory, pages * PAGE, nr));
	CHECK_EQ(node[nr].random & 0xffffff, shared->of_node[nr]);
	return 0;
}

/* ---- Threads ---- */

struct thread {
	pthread_t thread;
	uint64_t random;
};

static struct thread threads[MAX_THREADS];

static void *thread_main(void *arg)
{
	const struct thread *t = arg;
	unsigned int r = t->random >> 16;
	sigset_t set;

	prctl(PR_SET_NAME, r & 1 ? "odd" : "even");
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 10 + (r & 3));
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r & 4)
		pthread_kill(pthread_self(), SIGRTMIN + 10 + (r & 3));
	if (r & 8)
		setpriority(PRIO_PROCESS, gettid_now(), 11);
	wait_in_thread();
	return NULL;
}

static int start_threads(int nr)
{
	int i;

	ready = 0;
	for (i = 0; i < node[nr].threads; i++) {
		threads[i].random = node[nr].random * (i + 3);
		CHECK_EQ(0, start(&threads[i].thread, thread_main, &threads[i]));
	}
	wait_ready(node[nr].threads);
	return 0;
}

static int end_threads(int nr)
{
	int i;

	release();
	for (i = 0; i < node[nr].threads; i++)
		CHECK_EQ(0, join(threads[i].thread));
	return 0;
}

/* ---- Processes ---- */

static pid_t last_group;	/* that a child of this process has made, or 0 */

/* What it may not do, it does not. */
static void choose_group(void)
{
	switch (rnd(6)) {
	case 0:
		setsid();
		break;
	case 1:
	case 2:
		setpgid(0, 0);
		break;
	case 3:
		if (last_group)
			setpgid(0, last_group);
		break;
	default:
		break;
	}
	last_group = 0;
}

static int node_main(int nr);

/*
 * The next child begins in a time namespace of its own. The descriptor is for
 * coming back from it, or -1.
 */
static int leave_time(void)
{
	int own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
	char text[64];

	/* That of a container with a user namespace is not its own. */
	if (own >= 0 && (setns(own, CLONE_NEWTIME) || unshare(CLONE_NEWTIME))) {
		close(own);
		return -1;
	}
	snprintf(text, sizeof(text), "monotonic %u 0\nboottime %u 0\n",
		 rnd(10000), 10000 + rnd(10000));
	write_file("/proc/self/timens_offsets", text);
	return own;
}

static int return_to_time(int own)
{
	if (own < 0)
		return 0;
	CHECK_OK(setns(own, CLONE_NEWTIME));
	return close(own);
}

/*
 * What it shares with its parent: descriptors, directories, or nothing; and the
 * namespaces that it can only begin in. When the first one of a pid namespace
 * ends, all that it has made does.
 */
static unsigned long clone_flags(int nr)
{
	unsigned long flags = 0;

	if (one_in(6))
		flags = one_in(2) ? CLONE_FILES : CLONE_FS;
	/* Of one whose first thread has ended, checkpoint() does not see that it began it. */
	if (one_in(6) && node[nr].kind < ENDS)
		flags |= CLONE_NEWPID;
	return flags;
}

/* ---- A child in the memory of its parent, as after vfork() ---- */

static atomic_int vm_go;
static char vm_stack[16384] __attribute__((aligned(16)));

static int vm_child_main(void *arg)
{
	while (!vm_go)
		futex_wait(&vm_go, 0);
	_exit(0);
}

/* When all others are there: they have memory of their own. */
static int make_vm_child(void)
{
	unsigned long flags = CLONE_VM | SIGCHLD | (one_in(2) ? CLONE_FILES : 0);

	vm_go = 0;
	if (one_in(5))
		CHECK_OK(clone(vm_child_main, vm_stack + sizeof(vm_stack), flags, NULL));
	return 0;
}

static void end_vm_child(void)
{
	vm_go = 1;
	syscall(SYS_futex, &vm_go, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* ---- A child in the pid namespace that another one has begun ---- */

static struct {
	pid_t pid;
	int in;
} entered[MAX_NODES];

static int nr_entered;

static int enter_pid_ns(const char *pid)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -1 : setns(fd, CLONE_NEWPID);
	close(fd);
	return ret;
}

/*
 * Has child NR begin in one that is below its parent's. Who begins that must outlive
 * it, so it must be there still, and its parent will have to tell when it has ended.
 * Returns who, or -1.
 */
static int enter_for(int nr)
{
	unsigned int chance = node[nr].random >> 40, i;
	char pid[16];

	if (chance % 4 || in_user_ns || node[nr].kind >= ENDS ||
	    node[node[nr].parent].kind >= ENDS)
		return -1;
	for (i = 0; i < (unsigned int)nr_nodes; i++) {
		int in = (chance / 4 + i) % nr_nodes;

		snprintf(pid, sizeof(pid), "%d", shared->init[in]);
		if (shared->init[in] && !enter_pid_ns(pid))
			return in;
	}
	return -1;
}

static void note_entered(pid_t pid, int in)
{
	entered[nr_entered].pid = pid;
	entered[nr_entered++].in = in;
	shared->inside[in]++;
}

static void note_end_of(pid_t pid)
{
	int i;

	for (i = 0; i < nr_entered; i++)
		if (entered[i].pid == pid)
			shared->inside[entered[i].in]--;
}

static void begin_as(int nr, unsigned long flags)
{
	char self[16] = "";

	nr_entered = 0;
	shares_files = flags & CLONE_FILES;
	if (flags & CLONE_NEWPID && readlink("/proc/self", self, sizeof(self) - 1) > 0)
		shared->init[nr] = atoi(self);
	_exit(node_main(nr));
}

static pid_t make_child(int nr)
{
	unsigned long flags = clone_flags(nr);
	int in = enter_for(nr), own = -1;
	pid_t pid;

	if (in >= 0)
		flags &= ~CLONE_NEWPID;
	/* Who has threads cannot come back. */
	if (one_in(8) && !node[node[nr].parent].threads && !(flags & CLONE_FILES))
		own = leave_time();
	pid = flags ? syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0) : fork();
	if (!pid) {
		close(own);
		begin_as(nr, flags);
	}
	if (in >= 0) {
		note_entered(pid, in);
		if (enter_pid_ns("self"))
			return -1;
	}
	return return_to_time(own) ? -1 : pid;
}

static int stop_child(pid_t pid)
{
	siginfo_t info;

	/* Others do not stop who is in an orphaned group. */
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | (one_in(2) ? WNOWAIT : 0)));
	return 0;
}

/* Until it is where it shall be at the checkpoint */
static int wait_for_child(int nr, pid_t pid)
{
	siginfo_t info;
	char name[24];
	int status;

	switch (node[nr].kind) {
	case ENDS:
		return waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	case GONE:
		CHECK_EQ(pid, waitpid(pid, &status, 0));
		CHECK_EQ((ENDED_WITH + nr) << 8, status);
		return 0;
	default:
		break;
	}
	snprintf(name, sizeof(name), "node.%d", nr);
	ckpt_wait_for(name);
	return node[nr].kind == STOPS ? stop_child(pid) : 0;
}

static int make_children(int nr)
{
	pid_t pid;
	int i;

	for (i = nr + 1; i < nr_nodes; i++) {
		if (node[i].parent != nr)
			continue;
		pid = make_child(i);
		CHECK_OK(pid);
		CHECK(!wait_for_child(i, pid));
		if (getpgid(pid) == pid)
			last_group = pid;
	}
	return 0;
}

static bool was_planned(int status)
{
	int nr = WEXITSTATUS(status) - ENDED_WITH;

	return !status || (WIFEXITED(status) && nr > 0 && nr < nr_nodes &&
			   node[nr].kind >= ENDS);
}

/* Its own ones, and those who have lost their parents */
static int reap_children(void)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) > 0) {
		note_end_of(pid);
		if (!was_planned(status)) {
			ckpt_note("process %d ended with status %#x", pid, status);
			return 1;
		}
	}
	return errno != ECHILD;
}

static int build(int nr)
{
	random_state = node[nr].random;
	if (nr)
		choose_group();
	set_signals();
	if (nr)
		CHECK(!leave_namespaces(nr));
	set_attributes(nr);
	CHECK(!make_files(nr));
	CHECK(!use_pipes());
	CHECK(!make_memory(nr));
	CHECK(!set_timers());
	add_filter(nr);
	/* Threads must have them blocked, too. */
	queue_signals();
	CHECK(!start_threads(nr));
	return make_children(nr);
}

static int take_down(int nr)
{
	int i;

	CHECK(!check_own(nr));
	CHECK(!end_threads(nr));
	end_vm_child();
	/* Those that are stopped go on with what they wait for. */
	for (i = 0; !nr && i < nr_nodes; i++)
		kill(-1, SIGCONT);
	CHECK(!reap_children());
	/* With it, all would end that are in its pid namespace. */
	while (shared->inside[nr])
		sleep_ms(1);
	return 0;
}

/* What it does when all is made */
static int stay(int nr)
{
	char name[24];

	look_at_clocks();
	snprintf(name, sizeof(name), "node.%d", nr);
	ckpt_announce(name, "go.0");
	return take_down(nr);
}

static void *stay_alone(void *nr)
{
	/* The first thread needs no longer to end. */
	sleep_ms(100);
	_exit(stay((long)nr));
}

static int leave_to_thread(int nr)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, stay_alone, (void *)(long)nr));
	syscall(SYS_exit, 0);
	return 1;
}

static int node_main(int nr)
{
	go = 0;
	if (build(nr))
		return 1;
	if (node[nr].kind >= ENDS)
		return ENDED_WITH + nr;
	if (make_vm_child())
		return 1;
	return node[nr].first_ends ? leave_to_thread(nr) : stay(nr);
}

CKPT_BODY(random_tree)
{
	const char *seed = getenv(SEED_VARIABLE);

	plan(seed ? strtoul(seed, NULL, 0) : 1);
	CHECK(!make_shared());
	CHECK(!build(0));
	look_at_clocks();
	ckpt_here();
	CHECK(!take_down(0));
	return check_shared();
}

/* ---- Outside ---- */

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

static void roundtrip(struct __test_metadata *_metadata, unsigned int seed)
{
	enum ckpt_freezer freezer = seed % 2 ? FREEZER_V2 : FREEZER_V1;
	struct app app;
	char text[16];

	snprintf(text, sizeof(text), "%u", seed);
	setenv(SEED_VARIABLE, text, 1);
	ASSERT_EQ(0, app_init(&app, freezer));
	app.tool = true;
	app.saving_tool = true;
	app.user = seed % 4 == 3;
	app.net = seed % 8 == 2;
	ckpt_roundtrip(_metadata, &app, "random_tree", 1);
	app_cleanup(&app);
}

/* Each in a process of its own: one that fails does not end the others. */
static int status_of_tree(struct __test_metadata *_metadata, unsigned int seed)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* Shared, and not about those before it */
		_metadata->exit_code = KSFT_PASS;
		roundtrip(_metadata, seed);
		_exit(_metadata->exit_code != KSFT_PASS);
	}
	waitpid(pid, &status, 0);
	return status;
}

#define TREES_TIMEOUT	3600

TEST_F_TIMEOUT(random, trees, TREES_TIMEOUT)
{
	unsigned int first = number("CKPT_TEST_FIRST", 1), seed;
	unsigned int nr = number("CKPT_TEST_TREES", 10), failed = 0;

	for (seed = first; seed < first + nr; seed++) {
		int status = status_of_tree(_metadata, seed);

		EXPECT_EQ(0, status) {
			TH_LOG("seed %u: CKPT_TEST_FIRST=%u CKPT_TEST_TREES=1 makes it again",
			       seed, seed);
		}
		failed += !!status;
	}
	TH_LOG("%u trees, %u failed", nr, failed);
	ASSERT_EQ(0, failed);
}

TEST_HARNESS_MAIN
