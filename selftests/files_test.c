// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: regular files, directories, devices, what leads outside
 */
#include "test.h"

#include <dirent.h>
#include <linux/btrfs.h>
#include <mntent.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>

CKPT_SUITE(files);

static int make_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	CHECK_OK(fd);
	CHECK_EQ(strlen(text), write(fd, text, strlen(text)));
	CHECK_OK(close(fd));
	return 0;
}

/* The file holds exactly @text. */
static int check_file(const char *name, const char *text)
{
	char buf[4096];
	ssize_t n = read_file(name, buf, sizeof(buf));

	if (n == (ssize_t)strlen(text) && !strcmp(buf, text))
		return 0;
	ckpt_note("%s holds \"%s\" instead of \"%s\"", name, n < 0 ? "" : buf,
		  text);
	return 1;
}

CKPT_TEST(files, reading_goes_on_at_the_offset)
{
	char buf[8] = "";
	int fd;

	CHECK(!make_file("f", "0123456789"));
	fd = open("f", O_RDONLY);
	CHECK_EQ(4, read(fd, buf, 4));
	ckpt_here();
	CHECK_EQ(3, read(fd, buf, 3));
	CHECK(!memcmp(buf, "456", 3));
	CHECK_EQ(7, lseek(fd, 0, SEEK_CUR));
	CHECK(write(fd, "x", 1) < 0 && errno == EBADF);
	return 0;
}

CKPT_TEST(files, writing_goes_on_at_the_offset)
{
	int fd;

	CHECK(!make_file("f", "0123456789"));
	fd = open("f", O_WRONLY);
	CHECK_EQ(2, write(fd, "ab", 2));
	ckpt_here();
	CHECK_EQ(2, write(fd, "cd", 2));
	CHECK(!check_file("f", "abcd456789"));
	CHECK(read(fd, &fd, 1) < 0 && errno == EBADF);
	return 0;
}

CKPT_TEST(files, appending_goes_on_at_the_end)
{
	int fd = open("f", O_RDWR | O_CREAT | O_APPEND, 0644);

	CHECK_OK(fd);
	CHECK_EQ(3, write(fd, "one", 3));
	CHECK_EQ(1, lseek(fd, 1, SEEK_SET));
	ckpt_here();
	CHECK_EQ(1, lseek(fd, 0, SEEK_CUR));
	CHECK(fcntl(fd, F_GETFL) & O_APPEND);
	CHECK_EQ(3, write(fd, "two", 3));
	CHECK(!check_file("f", "onetwo"));
	return 0;
}

CKPT_TEST(files, file_is_not_truncated_or_created_anew)
{
	int fd = open("f", O_RDWR | O_CREAT | O_EXCL | O_TRUNC, 0600);
	struct stat before, after;

	CHECK_OK(fd);
	CHECK_EQ(4, write(fd, "data", 4));
	CHECK_OK(fstat(fd, &before));
	ckpt_here();
	CHECK_OK(fstat(fd, &after));
	CHECK_EQ(before.st_ino, after.st_ino);
	CHECK_EQ(before.st_size, after.st_size);
	CHECK_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	CHECK_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	CHECK_EQ(before.st_ctim.tv_sec, after.st_ctim.tv_sec);
	CHECK(!check_file("f", "data"));
	return 0;
}

CKPT_TEST(files, status_flags_are_kept)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_APPEND,
		O_RDWR | O_NONBLOCK, O_RDWR | O_SYNC, O_RDWR | O_DSYNC,
		O_RDONLY | O_NOATIME, O_RDONLY | O_NOFOLLOW,
		O_ACCMODE,	/* for nothing but ioctl() */
	};
	int fd[10], before[10], i;

	CHECK(!make_file("f", "data"));
	for (i = 0; i < 10; i++) {
		fd[i] = open("f", flags[i]);
		CHECK_OK(fd[i]);
		before[i] = fcntl(fd[i], F_GETFL);
	}
	ckpt_here();
	for (i = 0; i < 10; i++)
		CHECK_EQ(before[i], fcntl(fd[i], F_GETFL));
	return 0;
}

CKPT_TEST(files, close_on_exec_is_kept)
{
	int a, b;

	CHECK(!make_file("f", "data"));
	a = open("f", O_RDONLY | O_CLOEXEC);
	b = fcntl(a, F_DUPFD, 0);
	ckpt_here();
	CHECK_EQ(FD_CLOEXEC, fcntl(a, F_GETFD));
	CHECK_EQ(0, fcntl(b, F_GETFD));
	return 0;
}

CKPT_TEST(files, duplicates_share_the_offset)
{
	char buf[4];
	int a, b, c;

	CHECK(!make_file("f", "0123456789"));
	a = open("f", O_RDONLY);
	b = dup(a);
	c = open("f", O_RDONLY);
	CHECK_EQ(2, read(a, buf, 2));
	ckpt_here();
	CHECK_EQ(2, lseek(b, 0, SEEK_CUR));
	CHECK_EQ(0, lseek(c, 0, SEEK_CUR));
	CHECK_EQ(2, read(a, buf, 2));
	CHECK_EQ(4, lseek(b, 0, SEEK_CUR));
	CHECK_EQ(0, lseek(c, 0, SEEK_CUR));
	CHECK_OK(fcntl(b, F_SETFL, O_NONBLOCK));
	CHECK(fcntl(a, F_GETFL) & O_NONBLOCK);
	CHECK(!(fcntl(c, F_GETFL) & O_NONBLOCK));
	return 0;
}

CKPT_TEST(files, parent_and_child_share_the_offset)
{
	char buf[4];
	pid_t pid;
	int fd;

	CHECK(!make_file("f", "0123456789"));
	fd = open("f", O_RDONLY);
	SPAWN(pid, (ckpt_announce("child", "go.0"),
		    read(fd, buf, 3) != 3));
	ckpt_wait_for("child");
	CHECK_EQ(2, read(fd, buf, 2));
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(5, lseek(fd, 0, SEEK_CUR));
	return 0;
}

CKPT_TEST(files, descriptor_numbers_are_kept)
{
	int fd, i;

	CHECK(!make_file("f", "0123456789"));
	fd = open("f", O_RDONLY);
	CHECK_EQ(700, dup2(fd, 700));
	CHECK_EQ(1000, dup2(fd, 1000));
	close(fd);
	ckpt_here();
	for (i = 3; i < 1024; i++)
		CHECK_EQ(i == 700 || i == 1000, fcntl(i, F_GETFD) >= 0);
	/* The lowest free one is next. */
	CHECK_EQ(3, open("f", O_RDONLY));
	return 0;
}

CKPT_TEST(files, many_descriptors)
{
	struct rlimit rl;
	char name[32];
	int i, fd;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	if (rl.rlim_cur < 1000)
		return ckpt_skip("only %d descriptors allowed", (int)rl.rlim_cur);
	for (i = 3; i < 900; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fd = open(name, O_RDWR | O_CREAT, 0600);
		CHECK_EQ(i, fd);
		CHECK_EQ(i % 7, write(fd, "0123456", i % 7));
	}
	ckpt_here();
	for (i = 3; i < 900; i++)
		CHECK_EQ(i % 7, lseek(i, 0, SEEK_CUR));
	return 0;
}

CKPT_TEST(files, closed_standard_descriptors_stay_closed)
{
	close(0);
	close(2);
	ckpt_here();
	CHECK(fcntl(0, F_GETFD) < 0);
	CHECK(fcntl(1, F_GETFD) >= 0);
	CHECK(fcntl(2, F_GETFD) < 0);
	return 0;
}

CKPT_TEST(files, directory_is_read_on)
{
	char name[32];
	bool seen[50] = { 0 };
	struct dirent *d;
	int i, n = 0;
	DIR *dir;

	CHECK_OK(mkdir("d", 0755));
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		CHECK(!make_file(name, ""));
	}
	dir = opendir("d");
	CHECK(dir);
	for (i = 0; i < 20; i++)
		CHECK(readdir(dir));
	/* What the C library has read ahead must not hide the kernel's part. */
	seekdir(dir, telldir(dir));
	ckpt_here();
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		i = atoi(d->d_name);
		CHECK(!seen[i]);
		seen[i] = true;
		n++;
	}
	CHECK(n >= 30 && n <= 32);
	return 0;
}

CKPT_TEST(files, directory_descriptor_is_a_base)
{
	int fd, f;

	CHECK_OK(mkdir("d", 0755));
	CHECK(!make_file("d/f", "data"));
	fd = open("d", O_RDONLY | O_DIRECTORY);
	CHECK_OK(fd);
	ckpt_here();
	f = openat(fd, "f", O_RDONLY);
	CHECK_OK(f);
	return 0;
}

CKPT_TEST(files, devices)
{
	static const char *const name[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom",
	};
	unsigned char buf[64], zero[64] = { 0 };
	struct stat st;
	int fd[5], i;

	for (i = 0; i < 5; i++) {
		fd[i] = open(name[i], O_RDWR);
		CHECK_OK(fd[i]);
	}
	ckpt_here();
	for (i = 0; i < 5; i++) {
		CHECK_OK(fstat(fd[i], &st));
		CHECK(S_ISCHR(st.st_mode));
	}
	CHECK_EQ(0, read(fd[0], buf, 64));
	CHECK_EQ(64, write(fd[0], buf, 64));
	memset(buf, 1, 64);
	CHECK_EQ(64, read(fd[1], buf, 64));
	CHECK(!memcmp(buf, zero, 64));
	CHECK(write(fd[2], buf, 64) < 0 && errno == ENOSPC);
	CHECK_EQ(64, read(fd[3], buf, 64));
	CHECK(memcmp(buf, zero, 64));
	memset(buf, 0, 64);
	CHECK_EQ(64, read(fd[4], buf, 64));
	CHECK(memcmp(buf, zero, 64));
	return 0;
}

CKPT_TEST(files, renamed_file_is_found)
{
	char buf[4] = "";
	int fd;

	CHECK(!make_file("f", "0123"));
	fd = open("f", O_RDONLY);
	CHECK_OK(rename("f", "g"));
	ckpt_here();
	CHECK_EQ(4, read(fd, buf, 4));
	CHECK(!memcmp(buf, "0123", 4));
	return 0;
}

CKPT_TEST(files, names_with_odd_characters)
{
	static const char name[] = " \n\t\"\\(deleted) \303\244\377%s//";
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)sizeof(name) - 3, name);
	CHECK(!make_file(path, "0123"));
	fd = open(path, O_RDONLY);
	CHECK_OK(fd);
	CHECK_EQ(1, lseek(fd, 1, SEEK_SET));
	ckpt_here();
	CHECK_EQ(1, lseek(fd, 0, SEEK_CUR));
	return 0;
}

CKPT_TEST(files, large_offset)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_OK(fd);
	CHECK_EQ(1LL << 40, lseek(fd, 1LL << 40, SEEK_SET));
	ckpt_here();
	CHECK_EQ(1LL << 40, lseek(fd, 0, SEEK_CUR));
	return 0;
}

/* ---- File systems on disks, which vm/run --disk makes ---- */

#define DISK_PAGE	4096

/* The device on /mnt/@fs; 0 if there is one */
static int find_disk(const char *fs, char *dev, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	char dir[64];
	int ret = -1;

	snprintf(dir, sizeof(dir), "/mnt/%s", fs);
	while (f && (m = getmntent(f))) {
		if (strcmp(m->mnt_dir, dir) || strcmp(m->mnt_type, fs))
			continue;
		snprintf(dev, size, "%s", m->mnt_fsname);
		ret = 0;
	}
	if (f)
		endmntent(f);
	return ret;
}

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	static char buf[1 << 20];
	ssize_t n;

	CHECK_OK(in);
	CHECK_OK(out);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		CHECK_EQ(n, write(out, buf, n));
	CHECK_EQ(0, n);
	close(in);
	close(out);
	return 0;
}

/* A directory of our own there, to work in */
static int go_to_disk(const char *fs)
{
	char dev[256], dir[] = "files.XXXXXX";

	if (find_disk(fs, dev, sizeof(dev)))
		return ckpt_skip("there is no disk with %s: vm/run --disk=%s", fs, fs);
	CHECK_OK(chdir("/mnt"));
	CHECK_OK(chdir(fs));
	CHECK(mkdtemp(dir));
	CHECK_OK(chdir(dir));
	return 0;
}

/* Without a struct rseq, which the oracle would not know to change by itself */
static int run_program(int in)
{
	static char *const env[] = { "GLIBC_TUNABLES=glibc.pthread.rseq=0", NULL };

	CHECK_EQ(0, dup2(in, 0));
	CHECK_OK(execle("./program", "program", NULL, env));
	return 1;
}

/* Until it sleeps, and not for a file system, which is another letter */
static int wait_for_program(pid_t pid)
{
	char path[64], text[512];
	int seen = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (seen < 5) {
		CHECK(read_file(path, text, sizeof(text)) > 0);
		seen = strstr(text, "(program) S") ? seen + 1 : 0;
		sleep_ms(2);
	}
	return 0;
}

/* Each way in which a process can have a file, with what is not written back */
static int use_files(void)
{
	char cwd[256], now[512], exe[256], buf[8] = "", *shared, *private;
	int in, out, more, direct, map, stdin_of[2], i, n = 0;
	struct stat before, after;
	struct dirent *d;
	DIR *dir, *done;
	pid_t pid;

	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!make_file("in", "0123456789"));
	in = open("in", O_RDONLY);
	CHECK_EQ(4, read(in, buf, 4));
	CHECK_OK(fstat(in, &before));
	out = open("out", O_WRONLY | O_CREAT, 0600);
	CHECK_EQ(3, write(out, "one", 3));
	more = open("more", O_RDWR | O_CREAT | O_APPEND, 0600);
	CHECK_EQ(1, write(more, "a", 1));
	direct = open("in", O_RDONLY | O_DIRECT);
	CHECK_OK(direct);

	map = open("map", O_RDWR | O_CREAT, 0600);
	CHECK_OK(ftruncate(map, 3 * DISK_PAGE));
	shared = mmap(NULL, 3 * DISK_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	private = mmap(NULL, 3 * DISK_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, map, 0);
	CHECK(shared != MAP_FAILED && private != MAP_FAILED);
	pattern_fill(shared, 2 * DISK_PAGE, 1);
	pattern_fill(private + DISK_PAGE, DISK_PAGE, 2);

	CHECK(!mkdir("d", 0700));
	for (i = 0; i < 50; i++) {
		snprintf(now, sizeof(now), "d/%d", i);
		CHECK(!make_file(now, ""));
	}
	dir = opendir("d");
	CHECK(dir);
	for (i = 0; i < 20; i++)
		CHECK(readdir(dir));
	seekdir(dir, telldir(dir));
	done = opendir("d");
	while (readdir(done))
		;

	CHECK(!copy_file("/bin/cat", "program"));
	CHECK_OK(pipe(stdin_of));
	SPAWN(pid, run_program(stdin_of[0]));
	CHECK(!wait_for_program(pid));
	ckpt_here();

	CHECK(getcwd(now, sizeof(now)) && !strcmp(cwd, now));
	CHECK_EQ(3, read(in, buf, 3));
	CHECK(!memcmp(buf, "456", 3));
	CHECK_OK(fstat(in, &after));
	CHECK_EQ(before.st_ino, after.st_ino);
	CHECK_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	CHECK(fcntl(direct, F_GETFL) & O_DIRECT);
	CHECK_EQ(3, write(out, "two", 3));
	CHECK(!check_file("out", "onetwo"));
	CHECK_EQ(1, write(more, "b", 1));
	CHECK(!check_file("more", "ab"));

	CHECK(!pattern_check(shared, 2 * DISK_PAGE, 1));
	CHECK(!pattern_check(private, DISK_PAGE, 1));
	CHECK(!pattern_check(private + DISK_PAGE, DISK_PAGE, 2));
	CHECK_EQ(0, shared[2 * DISK_PAGE] | private[2 * DISK_PAGE]);
	/* Still the same file */
	shared[2 * DISK_PAGE] = 7;
	CHECK_EQ(7, private[2 * DISK_PAGE]);
	CHECK_EQ(1, pread(map, buf, 1, 2 * DISK_PAGE));
	CHECK_EQ(7, buf[0]);

	while ((d = readdir(dir)))
		n += d->d_name[0] != '.';
	CHECK(n >= 30 && n <= 32);
	CHECK(!readdir(done));

	snprintf(now, sizeof(now), "/proc/%d/exe", pid);
	n = readlink(now, exe, sizeof(exe) - 1);
	CHECK(n > 0);
	exe[n] = '\0';
	snprintf(now, sizeof(now), "%s/program", cwd);
	CHECK(!strcmp(now, exe));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	return 0;
}

#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY	(1024 + 4)
#endif

CKPT_TEST(files, created_by_open)
{
	int made = open("made", O_RDWR | O_CREAT, 0600);
	int found = open("made", O_RDWR | O_CREAT, 0600);

	CHECK(made >= 0 && found >= 0);
	if (fcntl(made, F_CREATED_QUERY) != 1)
		return ckpt_skip("the kernel does not tell who has created a file");
	ckpt_here();
	CHECK_EQ(1, fcntl(made, F_CREATED_QUERY));
	CHECK_EQ(0, fcntl(found, F_CREATED_QUERY));
	return 0;
}

static int files_on(const char *fs)
{
	return go_to_disk(fs) ?: use_files();
}

CKPT_TEST(files, on_ext4)
{
	return files_on("ext4");
}

CKPT_TEST(files, on_btrfs)
{
	return files_on("btrfs");
}

CKPT_TEST(files, on_xfs)
{
	return files_on("xfs");
}

/* Each subvolume has a device number of its own. */
CKPT_TEST(files, in_a_subvolume)
{
	struct btrfs_ioctl_vol_args args = { .name = "subvolume" };
	int fd, ret = go_to_disk("btrfs");

	if (ret)
		return ret;
	fd = open(".", O_RDONLY);
	CHECK_OK(ioctl(fd, BTRFS_IOC_SUBVOL_CREATE, &args));
	close(fd);
	CHECK_OK(chdir(args.name));
	return use_files();
}

/* As after a reboot: nothing of the file system is in memory. */
static void mount_anew(struct __test_metadata *_metadata, const char *fs)
{
	char dev[256], dir[64];
	int fd, i;

	snprintf(dir, sizeof(dir), "/mnt/%s", fs);
	ASSERT_EQ(0, find_disk(fs, dev, sizeof(dev)));
	ASSERT_EQ(0, umount(dir));
	/* The application had mounts of its own, which go with it. */
	for (i = 0; i < 2000; i++) {
		fd = open(dev, O_RDONLY | O_EXCL);
		if (fd >= 0)
			break;
		sleep_ms(5);
	}
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, mount(dev, dir, fs, 0, NULL));
}

static void restarted_on_new_mount(struct __test_metadata *_metadata,
				   struct app *app, const char *body,
				   const char *fs)
{
	int ret;

	if (app_plain())
		SKIP(return, "it is in use without a checkpoint");
	ret = app_capture(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	mount_anew(_metadata, fs);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(files, on_ext4_mounted_anew)
{
	restarted_on_new_mount(_metadata, &self->app, "files_on_ext4", "ext4");
}

CKPT_TEST_F(files, on_btrfs_mounted_anew)
{
	restarted_on_new_mount(_metadata, &self->app, "files_on_btrfs", "btrfs");
}

CKPT_TEST_F(files, on_xfs_mounted_anew)
{
	restarted_on_new_mount(_metadata, &self->app, "files_on_xfs", "xfs");
}

CKPT_TEST_F(files, in_a_subvolume_mounted_anew)
{
	restarted_on_new_mount(_metadata, &self->app, "files_in_a_subvolume", "btrfs");
}

/* ---- What leads outside: pipes of whoever started the container ---- */

CKPT_BODY(talk_to_the_outside)
{
	CHECK_EQ(7, write(1, "before\n", 7));
	ckpt_here();
	CHECK_EQ(6, write(1, "after\n", 6));
	CHECK_EQ(4, write(2, "err\n", 4));
	return 0;
}

CKPT_TEST_F(files, standard_output_to_the_outside_is_attached_again)
{
	struct app *app = &self->app;
	int out[2], again[2];
	char buf[64] = "";

	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(again, O_CLOEXEC));
	app->stdio[1] = out[1];
	app->stdio[2] = out[1];
	ASSERT_EQ(0, app_start(app, "talk_to_the_outside"));
	ASSERT_EQ(7, read(out[0], buf, 64));
	if (!app_plain()) {
		ASSERT_EQ(0, app_freeze(app));
		ASSERT_EQ(0, app_checkpoint(app, 0)) {
			app_show(app);
		}
		ASSERT_EQ(0, app_kill(app));
		/* Another pipe takes the place of the former one. */
		app->stdio[1] = again[1];
		app->stdio[2] = again[1];
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		out[0] = again[0];
	}
	ASSERT_EQ(0, app_finish(app));
	ASSERT_EQ(10, read(out[0], buf, 64));
	ASSERT_EQ(0, memcmp(buf, "after\nerr\n", 10));
}

CKPT_BODY(hear_from_the_outside)
{
	ckpt_here();
	return 0;
}

/* It would hold itself for ever. */
CKPT_TEST_F(files, restart_as_a_file_of_a_restart)
{
	struct app *app = &self->app;
	int in[2];

	if (app_plain())
		SKIP(return, "nothing is restarted");
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	app->stdio[0] = in[0];
	ASSERT_EQ(0, app_capture(app, "hear_from_the_outside"));
	ASSERT_EQ(0, lseek(app->image, 0, SEEK_SET));
	app->stdio[0] = sys_restart(0, app->image, RESTART_OPEN, -1);
	ASSERT_LE(0, app->stdio[0]);
	EXPECT_EQ(-EBADF, app_restart(app));
	EXPECT_NE(NULL, strstr(app->log, "is that of a restart")) {
		app_show(app);
	}
	close(app->stdio[0]);
}

/* ---- Files that are not what they were ---- */

CKPT_BODY(hold_a_file)
{
	CHECK(!make_file("f", "0123456789"));
	CHECK_OK(open("f", O_RDONLY));
	ckpt_here();
	return 0;
}

static void refused_after(struct __test_metadata *_metadata, struct app *app,
			  const char *change)
{
	char command[200];

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_capture(app, "hold_a_file"));
	snprintf(command, sizeof(command), "cd %s && %s", app->dir, change);
	ASSERT_EQ(0, system(command));
	EXPECT_GT(0, app_restart(app)) {
		TH_LOG("restart() takes the changed file: %s", change);
	}
	/* The file is named. */
	EXPECT_NE(NULL, strstr(app->log, "/f")) {
		TH_LOG("the log does not name the file: \"%s\"", app->log);
	}
	EXPECT_EQ(0, app->pid);
}

CKPT_TEST_F(files, file_that_shrank_is_refused)
{
	refused_after(_metadata, &self->app, "truncate -s 5 f");
}

CKPT_TEST_F(files, file_that_grew_is_refused)
{
	refused_after(_metadata, &self->app, "echo more >> f");
}

CKPT_TEST_F(files, file_with_other_content_is_refused)
{
	refused_after(_metadata, &self->app, "sleep 0.02; printf abcdefghij > f");
}

CKPT_TEST_F(files, missing_file_is_refused)
{
	refused_after(_metadata, &self->app, "mv f g");
}

CKPT_TEST_F(files, directory_in_place_of_the_file_is_refused)
{
	refused_after(_metadata, &self->app, "rm f; mkdir f");
}

CKPT_TEST_F(files, device_in_place_of_the_file_is_refused)
{
	refused_after(_metadata, &self->app, "rm f; mknod f c 1 3");
}

CKPT_TEST_F(files, fifo_in_place_of_the_file_is_refused)
{
	refused_after(_metadata, &self->app, "rm f; mkfifo f");
}

TEST_HARNESS_MAIN
