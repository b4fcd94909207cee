// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks of one tree in different namespaces of a kind. The tool makes them.
 */
#include "refusal.h"

#include <grp.h>
#include <net/if.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

CKPT_NO_RSEQ

CKPT_SUITE(ns);
CKPT_SUITE_V1(ns);

/* A test that is nothing but its body */
#define NS_TEST(name)	CKPT_TEST_BY_TOOL(ns, name)

#define NS_LEN	64

/* Two tasks that show the same here are in the same namespace. */
static const char *ns_of(pid_t pid, const char *kind)
{
	static char text[4][NS_LEN];
	static unsigned int next;
	char path[NS_LEN], *to = text[next++ % 4];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	n = readlink(path, to, NS_LEN - 1);
	to[n > 0 ? n : 0] = '\0';
	return to;
}

static bool same_ns(pid_t a, pid_t b, const char *kind)
{
	return *ns_of(a, kind) && !strcmp(ns_of(a, kind), ns_of(b, kind));
}

/* ---- One kind after the other: left, and shared with a child ---- */

static int member(const char *kind, bool same)
{
	ckpt_announce("member", "end");
	CHECK_EQ(same, same_ns(getpid(), getppid(), kind));
	return 0;
}

static int leaver(int flag, const char *kind, int (*prepare)(void),
		  int (*check)(void))
{
	pid_t pid;

	CHECK_OK(unshare(flag));
	if (prepare)
		CHECK_EQ(0, prepare());
	SPAWN(pid, member(kind, true));
	ckpt_wait_for("member");
	ckpt_announce("left", "end");
	if (check)
		CHECK_EQ(0, check());
	return ckpt_reap(pid);
}

static int leave(int flag, const char *kind, int (*prepare)(void),
		 int (*check)(void))
{
	pid_t pid;

	SPAWN(pid, leaver(flag, kind, prepare, check));
	ckpt_wait_for("left");
	CHECK(!same_ns(getpid(), pid, kind));
	ckpt_here();
	CHECK(!same_ns(getpid(), pid, kind));
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int name_it(void)
{
	return sethostname("inner", 5) || setdomainname("domain", 6);
}

static int is_named(void)
{
	char name[NS_LEN];

	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "inner"));
	CHECK_OK(getdomainname(name, sizeof(name)));
	CHECK(!strcmp(name, "domain"));
	return 0;
}

NS_TEST(uts_namespace)
{
	char name[NS_LEN];

	CHECK_OK(sethostname("outer", 5));
	CHECK_EQ(0, leave(CLONE_NEWUTS, "uts", name_it, is_named));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "outer"));
	return 0;
}

NS_TEST(ipc_namespace)
{
	return leave(CLONE_NEWIPC, "ipc", NULL, NULL);
}

static int loopback_flags(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret = ioctl(fd, SIOCGIFFLAGS, &request);

	close(fd);
	return ret < 0 ? -1 : request.ifr_flags & IFF_UP;
}

static int set_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret = ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return ret;
}

static int loopback_is_up(void)
{
	CHECK_EQ(IFF_UP, loopback_flags());
	return 0;
}

static int loopback_is_down(void)
{
	CHECK_EQ(0, loopback_flags());
	return 0;
}

NS_TEST(network_namespace)
{
	return leave(CLONE_NEWNET, "net", set_loopback_up, loopback_is_up);
}

NS_TEST(network_namespace_without_loopback)
{
	return leave(CLONE_NEWNET, "net", NULL, loopback_is_down);
}

NS_TEST(cgroup_namespace)
{
	return leave(CLONE_NEWCGROUP, "cgroup", NULL, NULL);
}

/*
 * What is mounted in it is the tools' to save, see mounts_test.sh; here it is a
 * copy of the machine's. What comes later is seen inside only.
 */
static int mounts_later(void)
{
	CHECK_OK(unshare(CLONE_NEWNS));
	ckpt_announce("apart", "go.0");
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount("m", "m", "tmpfs", 0, NULL));
	CHECK_OK(creat("m/inside", 0600));
	ckpt_announce("mounted", "end");
	return 0;
}

CKPT_BODY(own_mounts)
{
	pid_t pid;

	SPAWN(pid, mounts_later());
	ckpt_wait_for("apart");
	ckpt_here();
	ckpt_wait_for("mounted");
	CHECK(access("m/inside", F_OK) < 0 && errno == ENOENT);
	ckpt_set("end");
	return ckpt_reap(pid);
}

CKPT_TEST_F(ns, mount_namespace)
{
	struct app *app = &self->app;

	app->tool = true;
	ASSERT_EQ(0, app_start(app, "own_mounts"));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ckpt_replace(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

/* ---- Who is in which ---- */

static int in_ns_of_another(const char *flag, const char *until)
{
	ckpt_announce(flag, until);
	return 0;
}

/* One is left for the root's again, which only a parent's child can see. */
static int returns_to_root(void)
{
	int fd = open("/proc/1/ns/uts", O_RDONLY);
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWUTS));
	SPAWN(pid, setns(fd, CLONE_NEWUTS) || close(fd) ||
	      in_ns_of_another("returned", "end") ||
	      !same_ns(getpid(), 1, "uts"));
	close(fd);
	ckpt_wait_for("returned");
	ckpt_announce("left", "end");
	CHECK(!same_ns(getpid(), 1, "uts"));
	return ckpt_reap(pid);
}

NS_TEST(grandchild_in_the_namespace_of_the_root)
{
	pid_t pid;

	SPAWN(pid, returns_to_root());
	ckpt_wait_for("left");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* That of another process or thread */
static int enter_other(pid_t other, const char *kind)
{
	char path[NS_LEN];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", other, kind);
	fd = open(path, O_RDONLY);
	CHECK_OK(setns(fd, 0));
	close(fd);
	return 0;
}

static int enters(pid_t other)
{
	CHECK_EQ(0, enter_other(other, "ipc"));
	ckpt_announce("entered", "end");
	CHECK(!same_ns(getpid(), 1, "ipc"));
	return 0;
}

/* Siblings: neither has it from its parent. */
NS_TEST(namespace_shared_by_siblings)
{
	pid_t a, b, c;

	SPAWN(a, unshare(CLONE_NEWIPC) || in_ns_of_another("a", "end"));
	ckpt_wait_for("a");
	SPAWN(b, enters(a));
	ckpt_wait_for("entered");
	SPAWN(c, unshare(CLONE_NEWIPC) || in_ns_of_another("c", "end"));
	ckpt_wait_for("c");
	ckpt_here();
	CHECK(same_ns(a, b, "ipc"));
	CHECK(!same_ns(a, c, "ipc"));
	ckpt_set("end");
	return ckpt_reap(a) || ckpt_reap(b) || ckpt_reap(c);
}

/* ---- Threads that have left the namespaces of their process ---- */

static const char *const thread_kinds[] = { "uts", "ipc", "net", "cgroup" };

/* In how many of its kinds two threads differ */
static int kinds_apart(pid_t a, pid_t b)
{
	size_t i;
	int n = 0;

	for (i = 0; i < sizeof(thread_kinds) / sizeof(*thread_kinds); i++)
		n += !same_ns(a, b, thread_kinds[i]);
	return n;
}

/* A thread that gets somewhere else, waits, and checks what is in sight there. */
struct leaver {
	int (*leave)(struct leaver *self);
	int (*check)(void);
	pid_t tid, other;
	int result;
	pthread_t thread;
	sem_t left, go;
};

static void *leaver_main(void *arg)
{
	struct leaver *self = arg;

	self->tid = gettid();
	self->result = self->leave(self);
	sem_post(&self->left);
	while (sem_wait(&self->go))
		;
	if (!self->result && self->check)
		self->result = self->check();
	return NULL;
}

static int begin_leaver(struct leaver *self)
{
	CHECK_OK(sem_init(&self->left, 0, 0));
	CHECK_OK(sem_init(&self->go, 0, 0));
	CHECK_EQ(0, pthread_create(&self->thread, NULL, leaver_main, self));
	while (sem_wait(&self->left))
		;
	CHECK_EQ(0, self->result);
	return 0;
}

static int end_leaver(struct leaver *self)
{
	sem_post(&self->go);
	CHECK_EQ(0, pthread_join(self->thread, NULL));
	return self->result;
}

static int leave_all(struct leaver *self)
{
	CHECK_OK(unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP));
	CHECK_EQ(0, name_it());
	return set_loopback_up();
}

static int all_is_there(void)
{
	return loopback_is_up() || is_named();
}

/* Has the network of the other one, and a host name of its own. */
static int join_network(struct leaver *self)
{
	CHECK_EQ(0, enter_other(self->other, "net"));
	CHECK_OK(unshare(CLONE_NEWUTS));
	return sethostname("second", 6);
}

static int is_second(void)
{
	char name[NS_LEN];

	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "second"));
	return loopback_is_up();
}

static int threads_apart(void)
{
	struct leaver all = { leave_all, all_is_there };
	struct leaver network = { join_network, is_second };
	char name[NS_LEN];
	pid_t self = getpid();

	CHECK_OK(sethostname("process", 7));
	CHECK_EQ(0, begin_leaver(&all));
	network.other = all.tid;
	CHECK_EQ(0, begin_leaver(&network));
	ckpt_here();
	CHECK_EQ(4, kinds_apart(self, all.tid));
	CHECK_EQ(2, kinds_apart(self, network.tid));
	CHECK_EQ(3, kinds_apart(all.tid, network.tid));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "process"));
	CHECK_EQ(0, loopback_is_down());
	return end_leaver(&all) || end_leaver(&network);
}

NS_TEST(threads_in_namespaces_of_their_own)
{
	/* A network without lo, also where the tests run in the machine's. */
	CHECK_OK(unshare(CLONE_NEWNET));
	return threads_apart();
}

/* The descriptors by which they come are between others, or behind all. */
NS_TEST(threads_apart_among_many_files)
{
	int fd, high;

	CHECK_OK(unshare(CLONE_NEWNET));
	do {
		fd = open("/dev/null", O_RDONLY);
		CHECK_OK(fd);
	} while (fd < 60);
	close(50);
	close(51);
	high = fcntl(fd, F_DUPFD, 63);
	CHECK_EQ(63, high);
	CHECK_EQ(0, threads_apart());
	CHECK_OK(fcntl(high, F_GETFD));
	return 0;
}

static int enter_of_child(struct leaver *self)
{
	return enter_other(self->other, "net");
}

NS_TEST(thread_in_the_namespace_of_a_child)
{
	struct leaver thread = { enter_of_child };
	pid_t child;

	SPAWN(child, unshare(CLONE_NEWNET) || (ckpt_announce("child", "end"), 0));
	ckpt_wait_for("child");
	thread.other = child;
	CHECK_EQ(0, begin_leaver(&thread));
	ckpt_here();
	CHECK_EQ(1, kinds_apart(getpid(), thread.tid));
	CHECK(same_ns(child, thread.tid, "net"));
	ckpt_set("end");
	return end_leaver(&thread) || ckpt_reap(child);
}

static int stay(struct leaver *self)
{
	return 0;
}

/* Its children begin where their process is now. */
static int first_thread_leaves(void)
{
	struct leaver thread = { stay };

	CHECK_EQ(0, begin_leaver(&thread));
	CHECK_OK(unshare(CLONE_NEWUTS | CLONE_NEWNET));
	CHECK_OK(sethostname("inner", 5));
	ckpt_announce("left", "end");
	CHECK_EQ(2, kinds_apart(getpid(), thread.tid));
	CHECK(same_ns(getppid(), thread.tid, "net"));
	CHECK(same_ns(getppid(), thread.tid, "uts"));
	return end_leaver(&thread);
}

NS_TEST(thread_that_has_stayed)
{
	pid_t child;

	SPAWN(child, first_thread_leaves());
	ckpt_wait_for("left");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(child);
}

/* ---- Clocks ---- */

static long long clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

#define HOUR_MS	3600000LL

static int in_other_time(long long ours)
{
	CHECK(clock_ms(CLOCK_MONOTONIC) - ours >= HOUR_MS);
	ours = clock_ms(CLOCK_MONOTONIC);
	ckpt_announce("hour", "end");
	CHECK(clock_ms(CLOCK_MONOTONIC) >= ours);
	CHECK(clock_ms(CLOCK_MONOTONIC) - ours < 60000 * ckpt_scale());
	CHECK(clock_ms(CLOCK_BOOTTIME) >= 2 * HOUR_MS);
	return 0;
}

/* For the children, as long as there is none */
static int hours_later(void)
{
	return write_file("/proc/self/timens_offsets",
			  "monotonic 3600 0\nboottime 7200 0\n");
}

NS_TEST(time_namespace)
{
	long long now = clock_ms(CLOCK_MONOTONIC);
	int own = open("/proc/self/ns/time", O_RDONLY);
	pid_t pid;

	NEED(unshare(CLONE_NEWTIME));
	CHECK_EQ(0, hours_later());
	SPAWN(pid, close(own) || in_other_time(now));
	CHECK_OK(setns(own, CLONE_NEWTIME));
	close(own);
	ckpt_wait_for("hour");
	ckpt_here();
	CHECK(!same_ns(1, pid, "time"));
	ckpt_set("end");
	CHECK(clock_ms(CLOCK_MONOTONIC) - now < HOUR_MS);
	return ckpt_reap(pid);
}

static int at_own_time(long long ours)
{
	ckpt_announce("now", "end");
	CHECK(clock_ms(CLOCK_MONOTONIC) - ours < HOUR_MS);
	return 0;
}

static int parent_in_other_time(long long ours)
{
	pid_t pid;

	SPAWN(pid, in_other_time(ours));
	ckpt_wait_for("hour");
	ckpt_announce("parent", "end");
	CHECK(clock_ms(CLOCK_MONOTONIC) - ours >= HOUR_MS);
	return ckpt_reap(pid);
}

/* What unshare(1) is between its two children, with --time --fork */
NS_TEST(time_namespace_for_children)
{
	long long now = clock_ms(CLOCK_MONOTONIC);
	pid_t before, after;

	SPAWN(before, at_own_time(now));
	ckpt_wait_for("now");
	NEED(unshare(CLONE_NEWTIME));
	CHECK_EQ(0, hours_later());
	SPAWN(after, parent_in_other_time(now));
	ckpt_wait_for("parent");
	ckpt_here();
	CHECK(same_ns(getpid(), before, "time"));
	CHECK(!same_ns(getpid(), after, "time"));
	CHECK(clock_ms(CLOCK_MONOTONIC) - now < HOUR_MS);
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(before));
	CHECK_EQ(0, ckpt_reap(after));
	/* The next one is there, too. */
	SPAWN(after, clock_ms(CLOCK_MONOTONIC) - now < HOUR_MS);
	return ckpt_reap(after);
}

static int leaves_one_in(long long ours)
{
	pid_t pid;

	SPAWN(pid, at_own_time(ours));
	ckpt_wait_for("now");
	return 0;
}

/* It is in an own one already, which its parent has for its children. */
static int adopts_after(void)
{
	long long now = clock_ms(CLOCK_MONOTONIC);
	pid_t maker, later;
	sem_t *sem = mmap(NULL, sizeof(*sem), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(sem != MAP_FAILED);
	CHECK_OK(sem_init(sem, 1, 0));
	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(maker, leaves_one_in(now) || sem_wait(sem));
	ckpt_wait_for("now");
	CHECK_OK(unshare(CLONE_NEWTIME));
	CHECK_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 7200 0\n"));
	SPAWN(later, in_other_time(now));
	ckpt_wait_for("hour");
	CHECK_OK(sem_post(sem));
	CHECK_EQ(0, ckpt_reap(maker));
	CHECK_OK(munmap(sem, sizeof(*sem)));
	ckpt_announce("adopted", "end");
	CHECK_EQ(0, ckpt_reap(later));
	CHECK(wait(NULL) > 0);
	return 0;
}

NS_TEST(time_namespace_that_an_elder_is_not_in)
{
	pid_t pid;

	NEED(unshare(CLONE_NEWTIME));
	CHECK_EQ(0, hours_later());
	SPAWN(pid, adopts_after());
	ckpt_wait_for("adopted");
	ckpt_here();
	CHECK(!same_ns(getpid(), pid, "time"));
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int is_one_hour_later(long long ours)
{
	return clock_ms(CLOCK_MONOTONIC) - ours < HOUR_MS ||
	       clock_ms(CLOCK_MONOTONIC) - ours > 2 * HOUR_MS;
}

NS_TEST(time_namespace_without_children)
{
	long long now = clock_ms(CLOCK_MONOTONIC);
	pid_t pid;

	NEED(unshare(CLONE_NEWTIME));
	CHECK_EQ(0, hours_later());
	ckpt_here();
	CHECK(clock_ms(CLOCK_MONOTONIC) - now < HOUR_MS);
	SPAWN(pid, is_one_hour_later(now));
	return ckpt_reap(pid);
}

/* Nobody is in it, and its clocks may still be set. */
NS_TEST(time_namespace_that_can_be_set)
{
	long long now = clock_ms(CLOCK_MONOTONIC);
	pid_t pid;

	NEED(unshare(CLONE_NEWTIME));
	ckpt_here();
	CHECK_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 7200 0\n"));
	SPAWN(pid, clock_ms(CLOCK_MONOTONIC) - now < HOUR_MS);
	return ckpt_reap(pid);
}

static int waits_for_the_end(void *unused)
{
	ckpt_wait_for("end");
	return 0;
}

/* Who shares memory with its parent does not enter it, but has it, too. */
CKPT_REFUSED(ns, time_for_children_of_two,
	     "shares a time namespace for its children with another process")
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWTIME));
	pid = clone(waits_for_the_end, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		    NULL);
	CHECK_OK(pid);
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int leaves_an_orphan(void)
{
	pid_t pid;

	SPAWN(pid, (ckpt_announce("orphan", "end"), 0));
	ckpt_wait_for("orphan");
	return 0;
}

static int has_had_a_child(void)
{
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWTIME));
	SPAWN(pid, leaves_an_orphan());
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_announce("maker", "end");
	return 0;
}

CKPT_REFUSED(ns, time_of_an_orphan,
	     "has a time namespace for its children that others are in, too")
{
	pid_t pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(pid, has_had_a_child());
	ckpt_wait_for("maker");
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(waitpid(-1, NULL, 0) > 0);
	return 0;
}

CKPT_REFUSED(ns, time_for_children_that_is_open,
	     "the time namespace that a process has for its children")
{
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWTIME));
	SPAWN(pid, (ckpt_announce("child", "end"), 0));
	ckpt_wait_for("child");
	CHECK_OK(open("/proc/self/ns/time_for_children", O_RDONLY));
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Pid namespaces ---- */

static pid_t fork_into(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

#define SPAWN_IN_PID_NS(pid, expr) do {					\
	pid = fork_into(CLONE_NEWPID);					\
	CHECK_OK(pid);							\
	if (pid == 0)							\
		_exit(expr);						\
} while (0)

/* The init of a namespace in which 1 and numbers not in a row are used */
static int nested(int depth, const char *flag)
{
	char below[24], own[24];
	pid_t a, b, deeper = 0;

	CHECK_EQ(1, getpid());
	CHECK_EQ(0, getppid());
	SPAWN(a, 0);
	CHECK_EQ(0, ckpt_reap(a));
	snprintf(own, sizeof(own), "own.%d", depth);
	SPAWN(b, in_ns_of_another(own, "end") || getpid() != 3 ||
	      getppid() != 1);
	ckpt_wait_for(own);
	CHECK_EQ(3, b);
	if (depth) {
		snprintf(below, sizeof(below), "below.%d", depth);
		SPAWN_IN_PID_NS(deeper, nested(depth - 1, below));
		ckpt_wait_for(below);
	}
	ckpt_announce(flag, "end");
	CHECK_EQ(1, getpid());
	CHECK_EQ(0, getppid());
	CHECK_EQ(0, ckpt_reap(b));
	SPAWN(a, 0);
	CHECK(a > 1);
	CHECK_EQ(0, ckpt_reap(a));
	return deeper ? ckpt_reap(deeper) : 0;
}

NS_TEST(pid_namespace)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, nested(0, "nested"));
	ckpt_wait_for("nested");
	ckpt_here();
	CHECK(!same_ns(1, pid, "pid"));
	ckpt_set("end");
	return ckpt_reap(pid);
}

NS_TEST(pid_namespaces_three_levels_deep)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, nested(2, "nested"));
	ckpt_wait_for("nested");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

NS_TEST(two_pid_namespaces_side_by_side)
{
	pid_t a, b;

	SPAWN_IN_PID_NS(a, in_ns_of_another("a", "end") || getpid() != 1);
	SPAWN_IN_PID_NS(b, in_ns_of_another("c", "end") || getpid() != 1);
	ckpt_wait_for("a");
	ckpt_wait_for("c");
	ckpt_here();
	CHECK(!same_ns(a, b, "pid"));
	ckpt_set("end");
	return ckpt_reap(a) || ckpt_reap(b);
}

/* A parent whose children have all been in another one since unshare() */
static int outside_of_its_children(void)
{
	pid_t before, first, second;

	SPAWN(before, in_ns_of_another("before", "end"));
	ckpt_wait_for("before");
	CHECK_OK(unshare(CLONE_NEWPID));
	SPAWN(first, in_ns_of_another("first", "last") || getpid() != 1);
	ckpt_wait_for("first");
	SPAWN(second, in_ns_of_another("second", "end") || getpid() != 2);
	ckpt_wait_for("second");
	ckpt_announce("outside", "end");
	CHECK(!same_ns(getpid(), first, "pid"));
	CHECK(same_ns(first, second, "pid"));
	CHECK(same_ns(getpid(), before, "pid"));
	CHECK_EQ(0, ckpt_reap(second));
	/* The next one is there, too. */
	SPAWN(second, getpid() == 1 || getppid());
	CHECK_EQ(0, ckpt_reap(second));
	ckpt_set("last");
	return ckpt_reap(first) || ckpt_reap(before);
}

NS_TEST(pid_namespace_for_children)
{
	pid_t pid;

	SPAWN(pid, outside_of_its_children());
	ckpt_wait_for("outside");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Pid namespaces that somebody has entered ---- */

static int init_until(const char *flag, const char *until)
{
	ckpt_announce(flag, until);
	CHECK_EQ(1, getpid());
	return 0;
}

/* In a namespace in which it does not see who made it */
static int inside(const char *flag)
{
	pid_t self = getpid();

	CHECK_EQ(0, getppid());
	ckpt_announce(flag, "end");
	CHECK_EQ(self, getpid());
	CHECK_EQ(0, getppid());
	return 0;
}

/* As nsenter does: it waits outside, and may make more of them. */
static int enters_for_children(pid_t init)
{
	pid_t pid;

	CHECK_EQ(0, enter_other(init, "pid"));
	SPAWN(pid, inside("inside"));
	ckpt_wait_for("inside");
	ckpt_announce("entered", "end");
	CHECK(same_ns(pid, init, "pid"));
	CHECK(!same_ns(getpid(), init, "pid"));
	CHECK_EQ(0, ckpt_reap(pid));
	SPAWN(pid, getpid() < 2 || getppid());
	CHECK_EQ(0, ckpt_reap(pid));
	return 0;
}

/* A namespace, and a process that enters it until it has told so by FLAG */
static int beside_init(int (*enter)(pid_t init), const char *flag)
{
	pid_t init, pid;

	SPAWN_IN_PID_NS(init, init_until("init", "last"));
	ckpt_wait_for("init");
	SPAWN(pid, enter(init));
	ckpt_wait_for(flag);
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("last");
	return ckpt_reap(init);
}

NS_TEST(pid_namespace_entered)
{
	return beside_init(enters_for_children, "entered");
}

static int enters_and_ends(pid_t init)
{
	pid_t pid;

	CHECK_EQ(0, enter_other(init, "pid"));
	SPAWN(pid, inside("inside"));
	ckpt_wait_for("inside");
	return 0;
}

/* As of docker exec: who has entered is gone, and what it made has been adopted. */
NS_TEST(pid_namespace_entered_by_one_that_has_ended)
{
	pid_t init, pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN_IN_PID_NS(init, init_until("init", "last"));
	ckpt_wait_for("init");
	SPAWN(pid, enters_and_ends(init));
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_here();
	ckpt_set("end");
	CHECK(wait(NULL) > 0);
	ckpt_set("last");
	return ckpt_reap(init);
}

/* A zombie, and a process that begins in its own again */
static int enters_and_returns(pid_t init)
{
	pid_t pid, zombie, own;
	siginfo_t info;

	CHECK_EQ(0, enter_other(init, "pid"));
	SPAWN(pid, inside("inside"));
	ckpt_wait_for("inside");
	SPAWN(zombie, 0);
	CHECK_OK(waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
	CHECK_EQ(0, enter_other(getpid(), "pid"));
	SPAWN(own, in_ns_of_another("own", "end") || getppid() == 0);
	ckpt_wait_for("own");
	ckpt_announce("returned", "end");
	CHECK(same_ns(own, getpid(), "pid"));
	return ckpt_reap(zombie) || ckpt_reap(pid) || ckpt_reap(own);
}

NS_TEST(pid_namespace_entered_and_left)
{
	return beside_init(enters_and_returns, "returned");
}

/* A thread makes it, which is in a namespace of its process for that time. */
static void *enters_by_thread(void *init)
{
	pid_t pid;

	if (enter_other(*(pid_t *)init, "pid"))
		return NULL;
	pid = fork();
	if (!pid)
		_exit(inside("inside"));
	if (enter_other(getpid(), "pid"))
		return NULL;
	ckpt_announce("thread", "end");
	return init;
}

static int enters_apart(pid_t init)
{
	pthread_t thread;
	void *ret;

	CHECK_EQ(0, pthread_create(&thread, NULL, enters_by_thread, &init));
	ckpt_wait_for("inside");
	ckpt_wait_for("thread");
	ckpt_announce("entered", "end");
	CHECK_EQ(0, pthread_join(thread, &ret));
	CHECK(ret);
	CHECK(wait(NULL) > 0);
	return 0;
}

NS_TEST(pid_namespace_entered_by_a_thread)
{
	return beside_init(enters_apart, "entered");
}

static int makes_sibling(void)
{
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWPID));
	pid = fork_into(CLONE_PARENT);
	if (!pid)
		_exit(inside("lower"));
	return pid < 0;
}

/* The init is two levels below its parent, which did not make it. */
static int begins_below(pid_t upper)
{
	pid_t pid;

	CHECK_EQ(0, enter_other(upper, "pid"));
	SPAWN(pid, makes_sibling());
	ckpt_wait_for("lower");
	CHECK(wait(NULL) > 0);
	CHECK_EQ(0, enter_other(getpid(), "pid"));
	ckpt_announce("below", "end");
	CHECK(wait(NULL) > 0);
	return 0;
}

CKPT_REFUSED(ns, init_that_its_parent_cannot_make,
	     "begins a pid namespace that its parent cannot make")
{
	return beside_init(begins_below, "below");
}

/* Processes know each other by what they are outside. */
static pid_t outer_pid(void)
{
	char text[16] = "";

	return readlink("/proc/self", text, sizeof(text) - 1) > 0 ? atoi(text) : 0;
}

static int init_known_as(pid_t *pid, const char *flag, const char *until)
{
	*pid = outer_pid();
	return init_until(flag, until);
}

static int begins_upper(pid_t *init)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, init_known_as(init, "upper", "last"));
	return ckpt_reap(pid);
}

static int has_upper_below(pid_t *init)
{
	pid_t pid;

	SPAWN(pid, begins_upper(init));
	return ckpt_reap(pid);
}

static int counts_on(void)
{
	pid_t lower, next;

	SPAWN_IN_PID_NS(lower, init_until("lower", "end"));
	ckpt_wait_for("lower");
	ckpt_announce("counted", "end");
	CHECK_EQ(0, ckpt_reap(lower));
	SPAWN(next, 0);
	CHECK_EQ(lower + 1, next);
	return ckpt_reap(next);
}

/* The one that is around the other begins further down in the tree. */
CKPT_BODY(next_pid_around_another)
{
	pid_t *init = mmap(NULL, sizeof(*init), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t above, pid;

	CHECK(init != MAP_FAILED);
	SPAWN(above, has_upper_below(init));
	ckpt_wait_for("upper");
	CHECK_EQ(0, enter_other(*init, "pid"));
	SPAWN(pid, counts_on());
	ckpt_wait_for("counted");
	CHECK_EQ(0, enter_other(getpid(), "pid"));
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("last");
	return ckpt_reap(above);
}

CKPT_TEST_F(ns, next_pid_of_a_namespace_around_another)
{
	self->app.tool = true;
	self->app.saving_tool = true;
	ckpt_roundtrip(_metadata, &self->app, "next_pid_around_another", 1);
}

static int enters_first(const pid_t *init, const char *flag)
{
	ckpt_wait_for(flag);
	return enters_for_children(*init);
}

static int begins_lower(pid_t *init)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, init_known_as(init, "lower", "end.lower"));
	return ckpt_reap(pid);
}

static int enters_second(const pid_t *upper, pid_t *lower)
{
	pid_t pid;

	ckpt_wait_for("upper");
	CHECK_EQ(0, enter_other(*upper, "pid"));
	SPAWN(pid, begins_lower(lower));
	return ckpt_reap(pid);
}

/*
 * The eldest is in a namespace whose init is a child of somebody that has entered
 * another one, and that one's init is the youngest.
 */
NS_TEST(pid_namespaces_entered_by_elders)
{
	pid_t *init = mmap(NULL, 2 * sizeof(*init), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t first, second, youngest;

	CHECK(init != MAP_FAILED);
	SPAWN(first, enters_first(&init[1], "lower"));
	SPAWN(second, enters_second(&init[0], &init[1]));
	SPAWN_IN_PID_NS(youngest, init_known_as(&init[0], "upper", "end.upper"));
	ckpt_wait_for("entered");
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(first));
	ckpt_set("end.lower");
	CHECK_EQ(0, ckpt_reap(second));
	ckpt_set("end.upper");
	return ckpt_reap(youngest);
}

static void *thread_in_ns(void *arg)
{
	*(pid_t *)arg = gettid();
	ckpt_announce("thread", "end");
	return (void *)(long)(*(pid_t *)arg != gettid());
}

static int with_thread(void)
{
	pthread_t thread;
	pid_t tid = 0;
	void *ret;

	CHECK_EQ(0, pthread_create(&thread, NULL, thread_in_ns, &tid));
	ckpt_wait_for("thread");
	CHECK_EQ(2, tid);
	ckpt_announce("threads", "end");
	CHECK_EQ(0, pthread_join(thread, &ret));
	CHECK(!ret);
	return 0;
}

NS_TEST(thread_in_a_pid_namespace)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, with_thread());
	ckpt_wait_for("threads");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* A zombie, and a session whose leader is no more */
static int with_dead(void)
{
	pid_t leader, left, zombie;
	siginfo_t info;

	SPAWN(zombie, 7);
	CHECK_OK(waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
	SPAWN(leader, ({
		setsid();
		if (!fork())
			_exit(in_ns_of_another("orphan", "end") ||
			      getsid(0) != 3 || getppid() != 1);
		ckpt_wait_for("orphan");
		0;
	}));
	CHECK_EQ(3, leader);
	CHECK_EQ(0, ckpt_reap(leader));
	ckpt_announce("dead", "end");
	CHECK_EQ(zombie, waitpid(zombie, NULL, 0));
	left = wait(NULL);
	CHECK_EQ(4, left);
	return 0;
}

NS_TEST(dead_processes_of_a_pid_namespace)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, with_dead());
	ckpt_wait_for("dead");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Numbers that a task knows of others are those of its own namespace. */
static int with_timer(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1,
		._sigev_un._tid = gettid(),
	};
	struct itimerspec value = { .it_value.tv_sec = 1000 };
	siginfo_t info;
	sigset_t set;
	pid_t child;
	int id;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &value, NULL));
	SPAWN(child, kill(1, SIGUSR2) ||
	      in_ns_of_another("killer", "end") || getpid() != 2);
	ckpt_wait_for("killer");
	ckpt_announce("timer", "end");
	CHECK_EQ(SIGUSR2, sigwaitinfo(&set, &info));
	CHECK_EQ(2, info.si_pid);
	value.it_value = (struct timespec){ .tv_nsec = 1 };
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &value, NULL));
	CHECK_EQ(SIGUSR1, sigwaitinfo(&set, &info));
	return ckpt_reap(child);
}

/*
 * The init was the leader of a group, in which its parent still is, and has been
 * waited for.
 */
static int in_group_of_init(void)
{
	pid_t init;

	SPAWN_IN_PID_NS(init, (ckpt_announce("leader", "led"), 0));
	ckpt_wait_for("leader");
	CHECK_OK(setpgid(init, init));
	CHECK_OK(setpgid(0, init));
	ckpt_set("led");
	CHECK_EQ(0, ckpt_reap(init));
	ckpt_announce("group", "end");
	CHECK_EQ(init, getpgrp());
	return 0;
}

NS_TEST(group_of_the_init_of_a_pid_namespace)
{
	pid_t pid;

	SPAWN(pid, in_group_of_init());
	ckpt_wait_for("group");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

NS_TEST(timers_and_signals_in_a_pid_namespace)
{
	pid_t pid;

	SPAWN_IN_PID_NS(pid, with_timer());
	ckpt_wait_for("timer");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- All at once ---- */

static int has_left_all(void)
{
	ckpt_announce("all", "end");
	CHECK_EQ(1, getpid());
	CHECK_EQ(0, is_named());
	CHECK_EQ(0, loopback_is_up());
	return 0;
}

NS_TEST(container_in_the_container)
{
	pid_t pid;

	pid = fork_into(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			CLONE_NEWNET | CLONE_NEWCGROUP);
	CHECK_OK(pid);
	if (!pid)
		_exit(name_it() || set_loopback_up() || has_left_all());
	ckpt_wait_for("all");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* A container with a network of its own, and the tool's --container */
CKPT_BODY(own_network)
{
	int before = loopback_flags();

	ckpt_here();
	CHECK_EQ(before, loopback_flags());
	CHECK_EQ(0, before);
	return 0;
}

CKPT_TEST_F(ns, network_namespace_of_the_container)
{
	self->app.net = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "own_network", 1);
}

/* ---- A container with a user namespace of its own ---- */

static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, size - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -1;
}

/* uid_map has its columns padded. */
static int map_is(const char *path, unsigned int line, unsigned int first,
		  unsigned int outer, unsigned int count)
{
	unsigned int a = 0, b = 0, c = 0;
	char text[256], *p = text;

	CHECK_EQ(0, read_text(path, text, sizeof(text)));
	while (line-- && p)
		p = strchr(p, '\n') + 1;
	CHECK_EQ(3, sscanf(p, "%u %u %u", &a, &b, &c));
	CHECK_EQ(first, a);
	CHECK_EQ(outer, b);
	CHECK_EQ(count, c);
	return 0;
}

static int in_user_ns(void)
{
	CHECK_EQ(0, map_is("/proc/self/uid_map", 0, 0, 0, 1000));
	CHECK_EQ(0, map_is("/proc/self/uid_map", 1, 5000, 7000, 10));
	CHECK_EQ(0, map_is("/proc/self/gid_map", 0, 0, 0, 2000));
	return 0;
}

static int other_user(void)
{
	gid_t group = 1500;

	CHECK_OK(setgroups(1, &group));
	CHECK_OK(setresgid(1400, 1400, 1400));
	CHECK_OK(setresuid(5003, 5003, 5003));
	ckpt_announce("user", "end");
	CHECK_EQ(5003, getuid());
	CHECK_EQ(1400, getgid());
	CHECK_EQ(1, getgroups(1, &group));
	CHECK_EQ(1500, group);
	CHECK(setuid(0) < 0 && errno == EPERM);
	return in_user_ns();
}

CKPT_BODY(own_user_ns)
{
	pid_t pid, apart;
	struct stat st;
	int fd;

	CHECK_EQ(0, in_user_ns());
	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, other_user());
	ckpt_wait_for("user");
	SPAWN(apart, unshare(CLONE_NEWIPC) || in_ns_of_another("apart", "end"));
	ckpt_wait_for("apart");
	fd = open("owned", O_RDWR | O_CREAT, 0600);
	CHECK_OK(fchown(fd, 5003, 1400));
	ckpt_here();
	CHECK_EQ(0, in_user_ns());
	CHECK_EQ(0, getuid());
	CHECK(!same_ns(getpid(), apart, "ipc"));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(5003, st.st_uid);
	/* Its namespaces are its own still. */
	CHECK_OK(sethostname("mine", 4));
	CHECK(chroot("/") == 0);
	CHECK(setuid(1000) < 0 && errno == EINVAL);
	ckpt_set("end");
	return ckpt_reap(pid) || ckpt_reap(apart);
}

CKPT_TEST_F(ns, user_namespace)
{
	self->app.user = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "own_user_ns", 1);
}

CKPT_BODY(no_setgroups)
{
	gid_t group = 5;

	CHECK(setgroups(1, &group) < 0 && errno == EPERM);
	ckpt_here();
	CHECK(setgroups(1, &group) < 0 && errno == EPERM);
	return 0;
}

CKPT_TEST_F(ns, user_namespace_without_setgroups)
{
	self->app.user = true;
	self->app.no_setgroups = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "no_setgroups", 1);
}

CKPT_TEST_F(ns, user_and_network_namespace_twice)
{
	int i;

	self->app.user = true;
	self->app.net = true;
	self->app.tool = true;
	ASSERT_EQ(0, app_start(&self->app, "own_network"));
	for (i = 0; i < 2; i++)
		ckpt_cycle(_metadata, &self->app);
	ASSERT_EQ(0, app_finish(&self->app));
}

TEST_HARNESS_MAIN
