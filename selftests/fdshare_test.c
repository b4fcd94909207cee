// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors: tables and directories that processes share, owners of files,
 * advice, and numbers beyond the limit
 */
#include "test.h"

#include <sys/mount.h>
#include <sys/resource.h>

CKPT_SUITE(fdshare);

static volatile sig_atomic_t count[65];
static siginfo_t info;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	count[sig]++;
	info = *si;
}

static int catch(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	return sigaction(sig, &sa, NULL);
}

static pid_t share(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

/* ---- Shared tables ---- */

static int opens(int fd)
{
	ckpt_announce("child", "go.0");
	CHECK_EQ(fd, dup2(0, fd));
	return 0;
}

CKPT_TEST(fdshare, table_of_two_processes)
{
	pid_t pid;

	CHECK_EQ(30, dup2(0, 30));
	pid = share(CLONE_FILES);
	CHECK_OK(pid);
	if (!pid)
		_exit(opens(50));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_OK(fcntl(30, F_GETFD));
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_OK(fcntl(50, F_GETFD));
	return 0;
}

CKPT_TEST(fdshare, closed_in_one_is_closed_in_both)
{
	int file = open("f", O_RDWR | O_CREAT, 0600);
	pid_t pid;

	CHECK_OK(file);
	pid = share(CLONE_FILES);
	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(!!close(file));
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(fcntl(file, F_GETFD) < 0 && errno == EBADF);
	return 0;
}

/* Two of four share; the other two have tables of their own. */
static int member(const char *flag, int slot, bool other)
{
	char done[16];

	ckpt_announce(flag, "go.0");
	dup2(0, slot);
	snprintf(done, sizeof(done), "%s.done", flag);
	ckpt_announce(done, "look");
	CHECK_EQ(other, fcntl(slot == 60 ? 61 : 60, F_GETFD) >= 0);
	return 0;
}

CKPT_TEST(fdshare, groups_of_tables)
{
	pid_t a, b, c;

	a = share(0);
	CHECK_OK(a);
	if (!a) {
		b = share(CLONE_FILES);
		if (!b)
			_exit(member("b", 61, true));
		ckpt_wait_for("b");
		_exit(member("a", 60, true) || ckpt_reap(b));
	}
	c = share(0);
	CHECK_OK(c);
	if (!c)
		_exit(member("c", 60, false));
	ckpt_wait_for("a");
	ckpt_wait_for("c");
	ckpt_here();
	ckpt_wait_for("a.done");
	ckpt_wait_for("b.done");
	ckpt_wait_for("c.done");
	CHECK(fcntl(60, F_GETFD) < 0 && fcntl(61, F_GETFD) < 0);
	ckpt_set("look");
	return ckpt_reap(a) || ckpt_reap(c);
}

CKPT_TEST(fdshare, table_that_is_unshared_afterwards)
{
	pid_t pid = share(CLONE_FILES);

	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(unshare(CLONE_FILES) || dup2(0, 50) != 50);
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(fcntl(50, F_GETFD) < 0);
	return 0;
}

CKPT_TEST(fdshare, directories_of_two_processes)
{
	char cwd[256];
	pid_t pid;

	CHECK_OK(mkdir("d", 0700));
	umask(022);
	pid = share(CLONE_FS);
	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		umask(0321);
		_exit(!!chdir("d"));
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(0321, umask(0));
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(strrchr(cwd, '/'), "/d"));
	return 0;
}

CKPT_TEST(fdshare, table_and_directories_of_a_family)
{
	pid_t pid[3];
	char name[8];
	int i;

	for (i = 0; i < 3; i++) {
		pid[i] = share(CLONE_FILES | CLONE_FS);
		CHECK_OK(pid[i]);
		snprintf(name, sizeof(name), "c%d", i);
		if (!pid[i]) {
			ckpt_announce(name, "go.0");
			_exit(dup2(0, 50 + i) != 50 + i);
		}
		ckpt_wait_for(name);
	}
	umask(0);
	ckpt_here();
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	for (i = 0; i < 3; i++)
		CHECK_OK(fcntl(50 + i, F_GETFD));
	return 0;
}

CKPT_TEST(fdshare, lowest_number_is_next_in_a_shared_table)
{
	pid_t pid;
	int fd;

	CHECK_EQ(7, dup2(0, 7));
	pid = share(CLONE_FILES);
	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(dup(0) != 3);
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	fd = dup(0);
	CHECK_EQ(4, fd);
	return 0;
}

/* ---- Descriptions ---- */

CKPT_TEST(fdshare, description_shared_by_strangers)
{
	char buf[8];
	pid_t a, b;
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(8, write(fd, "01234567", 8));
	CHECK_EQ(0, lseek(fd, 0, SEEK_SET));
	/* The parent closes its own: only the children share it. */
	SPAWN(a, (ckpt_announce("a", "go.0"), read(fd, buf, 3) != 3 ||
		  (ckpt_set("a.read"), 0)));
	SPAWN(b, (ckpt_announce("b", "go.0"), ckpt_wait_for("a.read"),
		  read(fd, buf, 3) != 3 || memcmp(buf, "345", 3)));
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	close(fd);
	ckpt_here();
	return ckpt_reap(a) || ckpt_reap(b);
}

CKPT_TEST(fdshare, same_description_under_other_numbers)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	pid_t pid;

	CHECK_EQ(8, write(fd, "01234567", 8));
	SPAWN(pid, (dup2(fd, 40) != 40 || close(fd) || (ckpt_announce("child", "go.0"), 0) ||
		    lseek(40, 2, SEEK_SET) != 2));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(2, lseek(fd, 0, SEEK_CUR));
	return 0;
}

/* ---- Owners and signals ---- */

CKPT_TEST(fdshare, owner_of_a_file)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd, F_SETSIG, SIGRTMIN));
	ckpt_here();
	CHECK_EQ(getpid(), fcntl(fd, F_GETOWN));
	CHECK_EQ(SIGRTMIN, fcntl(fd, F_GETSIG));
	return 0;
}

CKPT_TEST(fdshare, owner_that_is_a_group_or_a_thread)
{
	int a = open("a", O_RDWR | O_CREAT, 0600);
	int b = open("b", O_RDWR | O_CREAT, 0600);
	struct f_owner_ex ex = { F_OWNER_TID, getpid() };

	CHECK_OK(fcntl(a, F_SETOWN, -getpgrp()));
	CHECK_OK(fcntl(b, F_SETOWN_EX, &ex));
	ckpt_here();
	CHECK_OK(fcntl(a, F_GETOWN_EX, &ex));
	CHECK_EQ(F_OWNER_PGRP, ex.type);
	CHECK_EQ(getpgrp(), ex.pid);
	CHECK_OK(fcntl(b, F_GETOWN_EX, &ex));
	CHECK_EQ(F_OWNER_TID, ex.type);
	CHECK_EQ(getpid(), ex.pid);
	return 0;
}

CKPT_TEST(fdshare, owner_that_is_another_process)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	pid_t pid;

	SPAWN(pid, (ckpt_announce("child", "go.0"), 0));
	ckpt_wait_for("child");
	CHECK_OK(fcntl(fd, F_SETOWN, pid));
	ckpt_here();
	CHECK_EQ(pid, fcntl(fd, F_GETOWN));
	return ckpt_reap(pid);
}

CKPT_TEST(fdshare, input_raises_sigio)
{
	double end;
	int fd[2];

	CHECK_OK(catch(SIGIO));
	CHECK_OK(pipe(fd));
	CHECK_OK(fcntl(fd[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	ckpt_here();
	CHECK_EQ(0, count[SIGIO]);
	CHECK(fcntl(fd[0], F_GETFL) & O_ASYNC);
	CHECK_EQ(1, write(fd[1], "x", 1));
	end = now_monotonic() + 60 * ckpt_scale();
	while (!count[SIGIO] && now_monotonic() < end)
		usleep(1000);
	CHECK_EQ(1, count[SIGIO]);
	return 0;
}

CKPT_TEST(fdshare, input_raises_the_chosen_signal)
{
	double end;
	int fd[2];

	CHECK_OK(catch(SIGRTMIN + 1));
	CHECK_OK(pipe(fd));
	CHECK_OK(fcntl(fd[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd[0], F_SETSIG, SIGRTMIN + 1));
	CHECK_OK(fcntl(fd[0], F_SETFL, O_ASYNC));
	ckpt_here();
	CHECK_EQ(1, write(fd[1], "x", 1));
	end = now_monotonic() + 60 * ckpt_scale();
	while (!count[SIGRTMIN + 1] && now_monotonic() < end)
		usleep(1000);
	CHECK_EQ(1, count[SIGRTMIN + 1]);
	CHECK_EQ(fd[0], info.si_fd);
	CHECK_EQ(POLL_IN, info.si_code);
	return 0;
}

/* A signal is sent with the ids of who set the owner, not of who writes. */
CKPT_TEST(fdshare, owner_keeps_the_rights_of_who_set_it)
{
	int fd[2], status;
	pid_t victim;

	CHECK_OK(chmod(".", 0777));
	/* Root's process, set as the owner by a plain user: nothing comes. */
	SPAWN(victim, (ckpt_announce("victim", "end"), 0));
	ckpt_wait_for("victim");
	CHECK_OK(pipe(fd));
	CHECK_OK(seteuid(1000));
	CHECK_OK(setresuid(1000, 1000, 0));
	CHECK_OK(fcntl(fd[0], F_SETOWN, victim));
	CHECK_OK(setresuid(0, 0, 0));
	CHECK_OK(fcntl(fd[0], F_SETSIG, SIGTERM));
	CHECK_OK(fcntl(fd[0], F_SETFL, O_ASYNC));
	ckpt_here();
	CHECK_EQ(1, write(fd[1], "x", 1));
	usleep(100000);
	CHECK_EQ(0, waitpid(victim, &status, WNOHANG));
	ckpt_set("end");
	return ckpt_reap(victim);
}

/* ---- Numbers beyond the limit ---- */

CKPT_TEST(fdshare, numbers_beyond_the_limit)
{
	struct rlimit rl;
	int fd = open("f", O_RDWR | O_CREAT, 0600), high;

	CHECK_EQ(4, write(fd, "data", 4));
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	high = rl.rlim_max < 4000 ? rl.rlim_max - 1 : 4000;
	rl.rlim_cur = rl.rlim_max;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	CHECK_EQ(high, dup2(fd, high));
	CHECK_EQ(500, dup2(fd, 500));
	rl = (struct rlimit) { 10, 64 };
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	ckpt_here();
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	CHECK_EQ(10, rl.rlim_cur);
	CHECK_EQ(64, rl.rlim_max);
	CHECK_EQ(4, lseek(high, 0, SEEK_CUR));
	CHECK_EQ(4, lseek(500, 0, SEEK_CUR));
	CHECK(dup2(fd, 11) < 0 && errno == EBADF);
	return 0;
}

CKPT_TEST(fdshare, numbers_beyond_the_limit_of_a_plain_user)
{
	struct rlimit rl = { 8, 8 };
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(4, write(fd, "data", 4));
	CHECK_EQ(700, dup2(fd, 700));
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresuid(1000, 1000, 1000));
	ckpt_here();
	CHECK_EQ(4, lseek(700, 0, SEEK_CUR));
	return 0;
}

/* ---- Advice ---- */

static int pages_in_cache(int fd, int nr)
{
	unsigned char vec[64] = { 0 };
	void *p = mmap(NULL, nr * 4096, PROT_READ, MAP_SHARED, fd, 0);
	int i, n = 0;

	if (p == MAP_FAILED || mincore(p, nr * 4096, vec))
		return -1;
	for (i = 0; i < nr; i++)
		n += vec[i] & 1;
	munmap(p, nr * 4096);
	return n;
}

/* Takes all out of it, also what a disk is about to read. */
static int drop_from_cache(int fd)
{
	int i;

	for (i = 0; i < 6000; i++, usleep(10000)) {
		if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
			return -1;
		if (!pages_in_cache(fd, 64))
			return 0;
	}
	return -1;
}

/* When the disk has read them all: none came for a while. */
static int pages_read(int fd)
{
	int i, same = 0, n, last = -1;

	for (i = 0; i < 6000 && same < 10; i++, usleep(10000)) {
		n = pages_in_cache(fd, 64);
		same = n == last ? same + 1 : 0;
		last = n;
	}
	return last;
}

/*
 * Whether reading a byte reads ahead is the only thing to see of the advice;
 * it needs a file on a disk.
 */
static int advised(int advice, bool ahead)
{
	int fd = open("disk/f", O_RDONLY);
	char c;

	NEED(fd);
	CHECK_EQ(0, posix_fadvise(fd, 0, 0, advice));
	ckpt_here();
	CHECK_EQ(0, drop_from_cache(fd));
	CHECK_EQ(1, pread(fd, &c, 1, 0));
	CHECK_EQ(ahead, pages_read(fd) > 1);
	return 0;
}

CKPT_BODY(advised_normal)	{ return advised(POSIX_FADV_NORMAL, true); }
CKPT_BODY(advised_random)	{ return advised(POSIX_FADV_RANDOM, false); }

/* Pages that are there after two were read. */
static int reads_ahead(int fd)
{
	char buf[2 * 4096];

	if (drop_from_cache(fd) || pread(fd, buf, sizeof(buf), 0) != sizeof(buf))
		return -1;
	return pages_read(fd);
}

/* It reads more ahead than without advice. */
CKPT_BODY(advised_sequential)
{
	int fd = open("disk/f", O_RDONLY), other, normal, more;

	NEED(fd);
	normal = reads_ahead(fd);
	CHECK_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	more = reads_ahead(fd);
	if (more <= normal)
		return ckpt_skip("%d pages, and %d with the advice", normal, more);
	ckpt_here();
	CHECK_EQ(more, reads_ahead(fd));
	other = open("disk/f", O_RDONLY);
	CHECK_OK(other);
	CHECK_EQ(normal, reads_ahead(other));
	return 0;
}

static void on_a_disk(struct __test_metadata *_metadata, struct app *app,
		      const char *body)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cd %s && truncate -s 16M img && mkfs.ext4 -q img >/dev/null 2>&1 && "
		 "mkdir disk && dev=$(losetup -f --show img) && "
		 "{ mount $dev disk || ! losetup -d $dev; } && losetup -d $dev && "
		 "head -c 262144 /dev/zero >disk/f && sync", app->dir);
	if (system(command))
		SKIP(return, "no file system on a loop device here");
	ckpt_roundtrip(_metadata, app, body, 1);
	snprintf(command, sizeof(command), "%s/disk", app->dir);
	EXPECT_EQ(0, umount2(command, MNT_DETACH));
}

CKPT_TEST_F(fdshare, file_without_advice_reads_ahead)
{
	on_a_disk(_metadata, &self->app, "advised_normal");
}

CKPT_TEST_F(fdshare, file_that_is_read_sequentially_reads_more_ahead)
{
	on_a_disk(_metadata, &self->app, "advised_sequential");
}

CKPT_TEST_F(fdshare, file_of_random_access_does_not_read_ahead)
{
	on_a_disk(_metadata, &self->app, "advised_random");
}

TEST_HARNESS_MAIN
