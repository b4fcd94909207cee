// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: regular files, directories, devices, what leads outside
 */
#include "test.h"

#include <dirent.h>
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
	};
	int fd[9], before[9], i;

	CHECK(!make_file("f", "data"));
	for (i = 0; i < 9; i++) {
		fd[i] = open("f", flags[i]);
		CHECK_OK(fd[i]);
		before[i] = fcntl(fd[i], F_GETFL);
	}
	ckpt_here();
	for (i = 0; i < 9; i++)
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
