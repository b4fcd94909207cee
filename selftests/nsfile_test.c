// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces that are open as files, those of tasks and those that nobody is in.
 * The tool makes them.
 */
#include "test.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "refusal.h"

CKPT_SUITE(nsfile);
CKPT_SUITE_V1(nsfile);

/* A test that is nothing but its body */
#define NSFILE_TEST(name)	CKPT_TEST_BY_TOOL(nsfile, name)

static int open_of(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return open(path, O_RDONLY);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Whether a descriptor is of the namespace that a process is in */
static bool is_of(int fd, pid_t pid, const char *kind)
{
	int other = open_of(pid, kind);
	bool same = inode_of(fd) && inode_of(fd) == inode_of(other);

	close(other);
	return same;
}

/* ---- Those that the process is in itself ---- */

NSFILE_TEST(own_ones)
{
	static const char *const kinds[] = {
		"uts", "ipc", "net", "mnt", "cgroup", "time", "user", "pid",
	};
	int fd[8];
	size_t i;

	for (i = 0; i < 8; i++) {
		fd[i] = open_of(getpid(), kinds[i]);
		CHECK_OK(fd[i]);
	}
	ckpt_here();
	for (i = 0; i < 8; i++)
		CHECK(is_of(fd[i], getpid(), kinds[i]));
	/* It is no other kind of file, and may be entered. */
	CHECK_OK(setns(fd[0], CLONE_NEWUTS));
	CHECK(setns(fd[0], CLONE_NEWIPC) < 0 && errno == EINVAL);
	CHECK_EQ(O_RDONLY, fcntl(fd[0], F_GETFL) & O_ACCMODE);
	return 0;
}

/* ---- Those of another process ---- */

static int apart(void)
{
	CHECK_OK(unshare(CLONE_NEWNET | CLONE_NEWUTS));
	ckpt_announce("apart", "end");
	return 0;
}

NSFILE_TEST(of_a_child)
{
	int net, uts, copy;
	pid_t pid;

	SPAWN(pid, apart());
	ckpt_wait_for("apart");
	net = open_of(pid, "net");
	uts = open_of(pid, "uts");
	copy = dup(net);
	ckpt_here();
	CHECK(is_of(net, pid, "net"));
	CHECK(is_of(uts, pid, "uts"));
	CHECK(is_of(copy, pid, "net"));
	CHECK(!is_of(net, getpid(), "net"));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Those that only a file keeps ---- */

static int set_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret = ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return ret;
}

static int is_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret = ioctl(fd, SIOCGIFFLAGS, &request);

	close(fd);
	return ret < 0 ? 0 : !!(request.ifr_flags & IFF_UP);
}

/* Its child has what it is to open, and ends. */
static int leave_open(int flags, int (*prepare)(void), const char *const *kinds,
		      int *fd, size_t nr)
{
	pid_t pid;
	size_t i;

	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		if (unshare(flags) || (prepare && prepare()))
			_exit(1);
		ckpt_announce("made", "opened");
		_exit(0);
	}
	ckpt_wait_for("made");
	for (i = 0; i < nr; i++) {
		fd[i] = open_of(pid, kinds[i]);
		CHECK_OK(fd[i]);
	}
	ckpt_set("opened");
	CHECK_EQ(0, ckpt_reap(pid));
	unlink("made");
	unlink("opened");
	return 0;
}

static int name_and_up(void)
{
	return sethostname("nobody", 6) || set_loopback_up();
}

NSFILE_TEST(that_nobody_is_in)
{
	static const char *const kinds[] = { "uts", "net", "ipc", "cgroup" };
	char name[64] = "";
	int fd[4], i;

	CHECK_EQ(0, leave_open(CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC |
			       CLONE_NEWCGROUP, name_and_up, kinds, fd, 4));
	ckpt_here();
	for (i = 0; i < 4; i++)
		CHECK(!is_of(fd[i], getpid(), kinds[i]));
	CHECK_OK(setns(fd[0], CLONE_NEWUTS));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "nobody"));
	CHECK_OK(setns(fd[1], CLONE_NEWNET));
	CHECK_EQ(1, is_loopback_up());
	CHECK_OK(setns(fd[2], CLONE_NEWIPC));
	CHECK_OK(setns(fd[3], CLONE_NEWCGROUP));
	return 0;
}

/* Two of a kind, of which one is open twice, by two processes. */
static int has_same(int fd, int other)
{
	ckpt_announce("child", "end");
	CHECK_EQ(inode_of(fd), inode_of(other));
	return 0;
}

NSFILE_TEST(two_of_a_kind)
{
	static const char *const kinds[] = { "net", "net" };
	int a[2], b[2];
	pid_t pid;

	CHECK_EQ(0, leave_open(CLONE_NEWNET, set_loopback_up, kinds, a, 2));
	CHECK_EQ(0, leave_open(CLONE_NEWNET, NULL, kinds, b, 1));
	SPAWN(pid, has_same(a[0], a[1]));
	ckpt_wait_for("child");
	CHECK(inode_of(a[0]) != inode_of(b[0]));
	ckpt_here();
	CHECK_EQ(inode_of(a[0]), inode_of(a[1]));
	CHECK(inode_of(a[0]) != inode_of(b[0]));
	CHECK_OK(setns(b[0], CLONE_NEWNET));
	CHECK_EQ(0, is_loopback_up());
	CHECK_OK(setns(a[1], CLONE_NEWNET));
	CHECK_EQ(1, is_loopback_up());
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* A user namespace, and one that belongs to it */
static int map_self(void)
{
	int fd = open("/proc/self/uid_map", O_WRONLY);

	CHECK_EQ(6, write(fd, "0 0 1\n", 6));
	close(fd);
	return 0;
}

NSFILE_TEST(with_a_user_namespace)
{
	static const char *const kinds[] = { "user", "uts" };
	struct stat st;
	int fd[2], of;

	CHECK_EQ(0, leave_open(CLONE_NEWUSER | CLONE_NEWUTS, map_self, kinds, fd, 2));
	ckpt_here();
	of = ioctl(fd[1], _IO(0xb7, 1));	/* NS_GET_USERNS */
	CHECK_OK(fstat(of, &st));
	CHECK_EQ(inode_of(fd[0]), st.st_ino);
	CHECK(!is_of(fd[0], getpid(), "user"));
	return 0;
}

/* ---- Its clocks go on. ---- */

static int shift_clock(void)
{
	int fd = open("/proc/self/timens_offsets", O_WRONLY);
	pid_t pid;

	CHECK_EQ(18, write(fd, "monotonic 100000 0", 18));
	close(fd);
	/* The first one in it settles its clocks. */
	SPAWN(pid, 0);
	return ckpt_reap(pid);
}

static time_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int is_later(int fd, time_t than)
{
	CHECK_OK(setns(fd, CLONE_NEWTIME));
	CHECK(monotonic() > than && monotonic() < than + 3600);
	return 0;
}

NSFILE_TEST(with_another_clock)
{
	static const char *const kinds[] = { "time_for_children" };
	time_t now = monotonic();
	pid_t pid;
	int fd;

	CHECK_EQ(0, leave_open(CLONE_NEWTIME, shift_clock, kinds, &fd, 1));
	ckpt_here();
	SPAWN(pid, is_later(fd, now + 99900));
	return ckpt_reap(pid);
}

CKPT_TEST_F(nsfile, in_a_user_namespace)
{
	self->app.user = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "nsfile_that_nobody_is_in", 1);
}

/* ---- Pid namespaces, which their init passes on ---- */

/* Whether a pid namespace is the one around another */
static bool is_around(int outer, int inner)
{
	int fd = ioctl(inner, NS_GET_PARENT);
	bool ret = fd >= 0 && inode_of(fd) == inode_of(outer);

	close(fd);
	return ret;
}

static pid_t fork_into_pid_ns(unsigned long flags)
{
	return syscall(SYS_clone, flags | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
}

/* An init below another, which finds here what it opens. */
static int deeper_init(int *fd)
{
	*fd = open("/proc/self/ns/pid", O_RDONLY);
	CHECK_OK(*fd);
	ckpt_announce("deeper", "end");
	return getpid() != 1;
}

static int short_lived_init(void)
{
	ckpt_wait_for("opened");
	return getpid() != 1;
}

/* Its init ends as soon as the namespace is open. */
static int open_of_short_lived(pid_t *init, int *fd)
{
	*init = fork_into_pid_ns(0);
	CHECK_OK(*init);
	if (!*init)
		_exit(short_lived_init());
	*fd = open_of(*init, "pid");
	CHECK_OK(*fd);
	ckpt_set("opened");
	return 0;
}

static int upper_init(void)
{
	int own = open("/proc/self/ns/pid", O_RDONLY);
	int *deeper = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK_OK(own);
	CHECK(deeper != MAP_FAILED);
	pid = fork_into_pid_ns(CLONE_FILES);
	CHECK_OK(pid);
	if (!pid)
		_exit(deeper_init(deeper));
	ckpt_wait_for("deeper");
	CHECK(is_around(own, *deeper));
	ckpt_announce("upper", "end");
	CHECK(is_around(own, *deeper));
	return ckpt_reap(pid);
}

/* From inside it cannot be asked what is around it. */
static bool has_open(pid_t pid, int fd)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return !stat(path, &st) && st.st_ino == inode_of(fd);
}

static int neighbour(int fd, pid_t pid)
{
	ckpt_announce("neighbour", "end");
	return !is_of(fd, pid, "pid");
}

NSFILE_TEST(pid_namespaces)
{
	int own = open_of(getpid(), "pid"), theirs;
	pid_t init, other, pid;

	CHECK_OK(own);
	init = fork_into_pid_ns(0);
	CHECK_OK(init);
	if (!init)
		_exit(upper_init());
	ckpt_wait_for("upper");
	theirs = open_of(init, "pid");
	CHECK_OK(theirs);
	SPAWN(other, neighbour(theirs, init));
	ckpt_wait_for("neighbour");
	ckpt_here();
	CHECK(is_of(own, getpid(), "pid"));
	CHECK(is_of(theirs, init, "pid"));
	CHECK(is_around(own, theirs));
	CHECK(has_open(init, own));
	CHECK_OK(setns(theirs, CLONE_NEWPID));
	SPAWN(pid, getpid() == 1 || getppid());
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("end");
	return ckpt_reap(other) || ckpt_reap(init);
}

/* Its init has ended, and was not waited for. */
NSFILE_TEST(pid_namespace_of_a_zombie)
{
	siginfo_t info;
	pid_t init;
	int fd;

	CHECK_EQ(0, open_of_short_lived(&init, &fd));
	CHECK_EQ(0, waitid(P_PID, init, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK(inode_of(fd));
	CHECK(!is_of(fd, getpid(), "pid"));
	CHECK_OK(setns(fd, CLONE_NEWPID));
	CHECK(fork() < 0 && errno == ENOMEM);
	return ckpt_reap(init);
}

/* What is mounted there is the tools', see mounts_test.sh and settings_test.sh. */
NSFILE_TEST(mount_namespace_without_tasks)
{
	static const char *const kinds[] = { "mnt" };
	int fd;

	CHECK_EQ(0, leave_open(CLONE_NEWNS, NULL, kinds, &fd, 1));
	ckpt_here();
	CHECK(inode_of(fd));
	CHECK(!is_of(fd, getpid(), "mnt"));
	CHECK_OK(setns(fd, CLONE_NEWNS));
	return 0;
}

/* ---- Not carried ---- */

CKPT_REFUSED(nsfile, pid_namespace_that_has_ended, "whose init is not in the tree")
{
	pid_t init;
	int fd;

	CHECK_EQ(0, open_of_short_lived(&init, &fd));
	CHECK_EQ(0, ckpt_reap(init));
	ckpt_here();
	close(fd);
	return 0;
}

TEST_HARNESS_MAIN
