// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes: their content, their size and mode, and who holds which end
 */
#include "test.h"
#include "calls.h"
#include "refusal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

CKPT_SUITE(pipes);

static int check_read(int fd, const void *data, size_t len)
{
	char buf[8192];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n == (ssize_t)len && !memcmp(buf, data, len))
		return 0;
	ckpt_note("%zd bytes instead of %zu, or others", n, len);
	return 1;
}

/* Reads until @len bytes are there or an end. */
static ssize_t read_all(int fd, char *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buf + done, len - done);
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

static int bytes_in(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -1 : n;
}

static bool would_block(ssize_t ret)
{
	return ret < 0 && errno == EAGAIN;
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

CKPT_TEST(pipes, content)
{
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(11, write(fd[1], "hello world", 11));
	ckpt_here();
	CHECK_EQ(11, bytes_in(fd[0]));
	CHECK(!check_read(fd[0], "hello world", 11));
	CHECK_EQ(3, write(fd[1], "abc", 3));
	CHECK(!check_read(fd[0], "abc", 3));
	return 0;
}

CKPT_TEST(pipes, empty_pipe)
{
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	ckpt_here();
	CHECK(would_block(read(fd[0], fd, 1)));
	CHECK_EQ(O_RDONLY | O_NONBLOCK, fcntl(fd[0], F_GETFL));
	CHECK_EQ(O_WRONLY | O_NONBLOCK, fcntl(fd[1], F_GETFL));
	CHECK_EQ(3, write(fd[1], "abc", 3));
	CHECK(!check_read(fd[0], "abc", 3));
	return 0;
}

/* A part of the first buffer is read already. */
CKPT_TEST(pipes, partly_read_content)
{
	char buf[16];
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(10, write(fd[1], "0123456789", 10));
	CHECK_EQ(4, read(fd[0], buf, 4));
	ckpt_here();
	CHECK_EQ(6, bytes_in(fd[0]));
	CHECK(!check_read(fd[0], "456789", 6));
	return 0;
}

CKPT_TEST(pipes, full_pipe)
{
	static char data[65536], back[65536];
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	pattern_fill(data, sizeof(data), 1);
	CHECK_EQ(65536, write(fd[1], data, 65536));
	CHECK(would_block(write(fd[1], "x", 1)));
	ckpt_here();
	CHECK(would_block(write(fd[1], "x", 1)));
	CHECK_EQ(65536, bytes_in(fd[0]));
	CHECK_EQ(65536, read_all(fd[0], back, 65536));
	CHECK(!memcmp(data, back, 65536));
	CHECK_EQ(65536, write(fd[1], data, 65536));
	return 0;
}

/* In a pipe of one page, what is written next goes into the same page. */
CKPT_TEST(pipes, room_in_the_last_page)
{
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	CHECK_EQ(4096, fcntl(fd[1], F_SETPIPE_SZ, 4096));
	CHECK_EQ(6, write(fd[1], "before", 6));
	ckpt_here();
	CHECK_EQ(5, write(fd[1], "after", 5));
	CHECK(!check_read(fd[0], "beforeafter", 11));
	return 0;
}

/* Full of small pieces: a writer finds as little room as before. */
CKPT_TEST(pipes, full_of_small_packets)
{
	int fd[2], n = 0, i;
	char c;

	CHECK_OK(pipe2(fd, O_NONBLOCK | O_DIRECT));
	while (write(fd[1], &"abcdefghij"[n % 10], 1) == 1)
		n++;
	CHECK(n >= 16 && errno == EAGAIN);
	ckpt_here();
	CHECK(would_block(write(fd[1], "x", 1)));
	for (i = 0; i < n; i++) {
		CHECK_EQ(1, read(fd[0], &c, 1));
		CHECK_EQ('a' + i % 10, c);
	}
	CHECK(would_block(read(fd[0], &c, 1)));
	return 0;
}

/* What was written while the pipe was in packet mode stays in packets. */
CKPT_TEST(pipes, packets)
{
	char buf[100];
	int fd[2];

	CHECK_OK(pipe2(fd, O_DIRECT));
	CHECK_EQ(5, write(fd[1], "first", 5));
	CHECK_EQ(6, write(fd[1], "second", 6));
	CHECK_EQ(5, write(fd[1], "third", 5));
	ckpt_here();
	CHECK_EQ(O_WRONLY | O_DIRECT, fcntl(fd[1], F_GETFL));
	CHECK(!check_read(fd[0], "first", 5));
	/* A read that is too short loses the rest of the packet. */
	CHECK_EQ(2, read(fd[0], buf, 2));
	CHECK(!check_read(fd[0], "third", 5));
	CHECK_EQ(1, write(fd[1], "a", 1));
	CHECK_EQ(1, write(fd[1], "b", 1));
	CHECK(!check_read(fd[0], "a", 1));
	CHECK(!check_read(fd[0], "b", 1));
	return 0;
}

CKPT_TEST(pipes, packets_and_streams_in_one_pipe)
{
	int fd[2];

	CHECK_OK(pipe2(fd, O_DIRECT));
	CHECK_EQ(2, write(fd[1], "p1", 2));
	CHECK_OK(fcntl(fd[1], F_SETFL, 0));
	CHECK_EQ(2, write(fd[1], "s1", 2));
	CHECK_EQ(2, write(fd[1], "s2", 2));
	ckpt_here();
	CHECK(!check_read(fd[0], "p1", 2));
	CHECK(!check_read(fd[0], "s1s2", 4));
	return 0;
}

static int sized(int size)
{
	static char data[1 << 20], back[1 << 20];
	int fd[2], real, n;

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	real = fcntl(fd[1], F_SETPIPE_SZ, size);
	CHECK(real >= size);
	pattern_fill(data, sizeof(data), 2);
	n = write(fd[1], data, sizeof(data));
	CHECK_EQ(real, n);
	ckpt_here();
	CHECK_EQ(real, fcntl(fd[0], F_GETPIPE_SZ));
	CHECK_EQ(n, read_all(fd[0], back, sizeof(back)));
	CHECK(!memcmp(data, back, n));
	CHECK_EQ(n, write(fd[1], data, sizeof(data)));
	return 0;
}

CKPT_TEST(pipes, small_size)	{ return sized(4096); }
CKPT_TEST(pipes, large_size)	{ return sized(1 << 20); }

/* Beyond what a plain user may have. */
CKPT_TEST(pipes, size_that_only_root_can_set)
{
	int fd[2], real;

	CHECK_OK(pipe(fd));
	real = fcntl(fd[1], F_SETPIPE_SZ, 4 << 20);
	NEED(real);
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresuid(1000, 1000, 1000));
	ckpt_here();
	CHECK_EQ(real, fcntl(fd[0], F_GETPIPE_SZ));
	return 0;
}

/* ---- Whose it is: who opens it anew by /proc is asked ---- */

CKPT_TEST(pipes, mode)
{
	struct stat st;
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(fchmod(fd[1], 0462));
	ckpt_here();
	CHECK_OK(fstat(fd[0], &st));
	CHECK_EQ(S_IFIFO | 0462, st.st_mode);
	return 0;
}

CKPT_TEST(pipes, owner)
{
	struct stat st;
	int fd[2];

	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresgid(1001, 1001, 1001));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(pipe(fd));
	ckpt_here();
	CHECK_OK(fstat(fd[0], &st));
	CHECK_EQ(1000, st.st_uid);
	CHECK_EQ(1001, st.st_gid);
	CHECK_OK(open("/proc/self/fd/3", O_RDONLY));
	return 0;
}

CKPT_REFUSED(pipes, owner_that_was_changed, "pipe: has another owner")
{
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(fchown(fd[0], 1000, -1));
	ckpt_here();
	return 0;
}

/* ---- Nobody is told what has not happened ---- */

static volatile int told;

static void tell(int sig)
{
	told++;
}

CKPT_TEST(pipes, no_signal_that_an_end_was_closed)
{
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(close(fd[1]));
	signal(SIGIO, tell);
	CHECK_OK(fcntl(fd[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd[0], F_SETFL, O_ASYNC));
	ckpt_here();
	CHECK_EQ(0, told);
	return 0;
}

/* ---- Ends ---- */

CKPT_TEST(pipes, nobody_writes_any_more)
{
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	CHECK_EQ(3, write(fd[1], "abc", 3));
	close(fd[1]);
	ckpt_here();
	CHECK(!check_read(fd[0], "abc", 3));
	CHECK_EQ(0, read(fd[0], &c, 1));
	return 0;
}

CKPT_TEST(pipes, nobody_reads_any_more)
{
	struct pollfd pfd = { .events = POLLOUT };
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(pipe(fd));
	CHECK_EQ(3, write(fd[1], "abc", 3));
	close(fd[0]);
	ckpt_here();
	CHECK(write(fd[1], "x", 1) < 0 && errno == EPIPE);
	pfd.fd = fd[1];
	CHECK_EQ(1, poll(&pfd, 1, 0));
	CHECK(pfd.revents & POLLERR);
	return 0;
}

static int pass_on(int from, int to, const char *flag)
{
	char buf[16];
	ssize_t n;

	ckpt_announce(flag, "go.0");
	while ((n = read(from, buf, sizeof(buf))) > 0)
		CHECK_EQ(n, write(to, buf, n));
	return n < 0;
}

CKPT_TEST(pipes, both_ends_in_different_processes)
{
	int fd[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(fd));
	SPAWN(pid, (close(fd[0]), ckpt_announce("child", "go.0"),
		    write(fd[1], "cd", 2) != 2));
	close(fd[1]);
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(1, read(fd[0], &c, 1));
	CHECK_EQ('c', c);
	CHECK_EQ(1, read(fd[0], &c, 1));
	/* The child's end was the last one. */
	CHECK_EQ(0, read(fd[0], &c, 1));
	return ckpt_reap(pid);
}

/* Parent writes, through three processes, back to itself. */
CKPT_TEST(pipes, chain_of_processes)
{
	int fd[4][2], i, k;
	char name[16], buf[64];
	pid_t pid[3];

	for (i = 0; i < 4; i++)
		CHECK_OK(pipe(fd[i]));
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		SPAWN(pid[i], ({
			for (k = 0; k < 4; k++) {
				if (k != i)
					close(fd[k][0]);
				if (k != i + 1)
					close(fd[k][1]);
			}
			pass_on(fd[i][0], fd[i + 1][1], name);
		}));
	}
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		ckpt_wait_for(name);
		close(fd[i][0]);
		close(fd[i + 1][1]);
	}
	CHECK_EQ(20, write(fd[0][1], "through three others", 20));
	ckpt_here();
	CHECK_EQ(4, write(fd[0][1], " end", 4));
	close(fd[0][1]);
	CHECK_EQ(24, read_all(fd[3][0], buf, sizeof(buf)));
	CHECK(!memcmp(buf, "through three others end", 24));
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

CKPT_TEST(pipes, several_readers_and_writers)
{
	int fd[2];
	char buf[8];
	pid_t a, b;

	CHECK_OK(pipe(fd));
	SPAWN(a, (ckpt_announce("a", "go.0"), close(fd[0]), write(fd[1], "aa", 2) != 2));
	SPAWN(b, (ckpt_announce("b", "go.0"), close(fd[0]), write(fd[1], "bb", 2) != 2));
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(a) || ckpt_reap(b));
	CHECK_EQ(4, read_all(fd[0], buf, 4));
	CHECK(!memcmp(buf, "aabb", 4) || !memcmp(buf, "bbaa", 4));
	close(fd[1]);
	CHECK_EQ(0, read(fd[0], buf, 1));
	return 0;
}

/* Another open file description of the same end, by way of /proc. */
CKPT_TEST(pipes, opened_a_second_time)
{
	char path[32];
	int fd[2], again, both;

	CHECK_OK(pipe(fd));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	again = open(path, O_RDONLY | O_NONBLOCK);
	both = open(path, O_RDWR);
	CHECK_OK(again);
	CHECK_OK(both);
	CHECK_EQ(4, write(both, "data", 4));
	ckpt_here();
	CHECK_EQ(O_RDONLY, fcntl(fd[0], F_GETFL));
	CHECK_EQ(O_RDONLY | O_NONBLOCK, fcntl(again, F_GETFL) & ~0100000 /* O_LARGEFILE */);
	CHECK_EQ(O_RDWR, fcntl(both, F_GETFL) & ~0100000);
	CHECK(!check_read(again, "data", 4));
	CHECK(would_block(read(again, path, 1)));
	CHECK_EQ(1, write(fd[1], "x", 1));
	CHECK(!check_read(both, "x", 1));
	return 0;
}

CKPT_TEST(pipes, duplicated_ends)
{
	int fd[2], copy;
	char c;

	CHECK_OK(pipe(fd));
	copy = dup(fd[1]);
	close(fd[1]);
	CHECK_OK(fcntl(copy, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(900, dup2(copy, 900));
	ckpt_here();
	CHECK_EQ(FD_CLOEXEC, fcntl(copy, F_GETFD));
	CHECK_EQ(0, fcntl(900, F_GETFD));
	CHECK_OK(set_nonblock(900));
	CHECK(fcntl(copy, F_GETFL) & O_NONBLOCK);
	close(copy);
	CHECK_EQ(1, write(900, "x", 1));
	close(900);
	CHECK_EQ(1, read(fd[0], &c, 1));
	CHECK_EQ(0, read(fd[0], &c, 1));
	return 0;
}

CKPT_TEST(pipes, standard_input_and_output)
{
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	CHECK_EQ(1, dup2(fd[1], 1));
	CHECK_EQ(0, dup2(fd[0], 0));
	close(fd[0]);
	close(fd[1]);
	CHECK_EQ(1, write(1, "y", 1));
	ckpt_here();
	CHECK_EQ(1, read(0, &c, 1));
	CHECK_EQ('y', c);
	CHECK_EQ(1, write(1, "x", 1));
	CHECK_EQ(1, read(0, &c, 1));
	return 0;
}

CKPT_TEST(pipes, many_pipes)
{
	int fd[200][2], i;
	char c;

	for (i = 0; i < 200; i++) {
		CHECK_OK(pipe(fd[i]));
		c = i;
		CHECK_EQ(1, write(fd[i][1], &c, 1));
	}
	ckpt_here();
	for (i = 0; i < 200; i++) {
		CHECK_EQ(1, read(fd[i][0], &c, 1));
		CHECK_EQ((char)i, c);
	}
	return 0;
}

/* ---- Pipes with a name ---- */

CKPT_TEST(pipes, fifo)
{
	int fd, again;

	CHECK_OK(mkfifo("fifo", 0600));
	fd = open("fifo", O_RDWR);
	CHECK_EQ(8, write(fd, "in there", 8));
	ckpt_here();
	CHECK(!check_read(fd, "in there", 8));
	/* Who opens it by its name has the same one. */
	again = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK_EQ(5, write(fd, "again", 5));
	CHECK(!check_read(again, "again", 5));
	return 0;
}

/* Nobody else must see what is not filled yet. */
CKPT_TEST_F(pipes, fifo_that_is_open_elsewhere)
{
	struct app *app = &self->app;
	char path[100];
	int fd;

	if (app_plain())
		SKIP(return, "nothing is restarted");
	ASSERT_EQ(0, app_start(app, "pipes_fifo_that_is_open_elsewhere"));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_kill(app));
	snprintf(path, sizeof(path), "%s/fifo", app->dir);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBUSY, app_restart(app)) {
		app_show(app);
	}
	close(fd);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(pipes_fifo_that_is_open_elsewhere)
{
	char text[4] = "";
	int fd;

	CHECK_OK(mkfifo("fifo", 0600));
	fd = open("fifo", O_RDWR);
	CHECK_OK(fd);
	CHECK_EQ(3, write(fd, "abc", 3));
	ckpt_here();
	CHECK_EQ(3, read(fd, text, 3));
	CHECK_EQ(0, strcmp(text, "abc"));
	return 0;
}

/* It is opened by who has opened it, not by the tool. */
CKPT_TEST_F(pipes, fifo_that_may_not_be_opened_any_more)
{
	struct app *app = &self->app;
	char path[APP_DIR_LEN + 16];

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "fifo_of_another_user")) {
		app_show(app);
	}
	snprintf(path, sizeof(path), "%s/fifo", app->dir);
	ASSERT_EQ(0, chmod(path, 0600));
	EXPECT_EQ(-EACCES, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, chmod(path, 0640));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_EQ(0, app_finish(app));
}

CKPT_BODY(fifo_of_another_user)
{
	int fd;

	CHECK_OK(chmod(".", 0711));
	CHECK_OK(mkfifo("fifo", 0600));
	CHECK_OK(chmod("fifo", 0640));
	CHECK_OK(seteuid(1000));
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK_OK(fd);
	CHECK_OK(seteuid(0));
	ckpt_here();
	CHECK_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	return 0;
}

CKPT_TEST(pipes, fifo_between_processes)
{
	pid_t pid;
	char c;
	int fd;

	CHECK_OK(mkfifo("fifo", 0600));
	SPAWN(pid, ({
		fd = open("fifo", O_WRONLY);
		ckpt_announce("child", "go.0");
		write(fd, "x", 1) != 1;
	}));
	fd = open("fifo", O_RDONLY);
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(1, read(fd, &c, 1));
	CHECK_EQ('x', c);
	CHECK_EQ(0, read(fd, &c, 1));
	return ckpt_reap(pid);
}

static int events_of(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK_OK(poll(&p, 1, 0));
	return p.revents;
}

/* Only a writer that has been there can be missed. */
CKPT_TEST(pipes, fifo_without_a_writer_yet)
{
	int fd, writer;

	CHECK_OK(mkfifo("fifo", 0600));
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK_OK(fd);
	CHECK_EQ(0, events_of(fd));
	ckpt_here();
	CHECK_EQ(0, events_of(fd));
	writer = open("fifo", O_WRONLY);
	CHECK_OK(writer);
	CHECK_EQ(1, write(writer, "x", 1));
	CHECK_EQ(POLLIN, events_of(fd));
	CHECK_OK(close(writer));
	CHECK_EQ(POLLIN | POLLHUP, events_of(fd));
	return 0;
}

CKPT_TEST(pipes, fifo_whose_writer_is_gone)
{
	int fd;

	CHECK_OK(mkfifo("fifo", 0600));
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK_OK(fd);
	CHECK_OK(close(open("fifo", O_WRONLY)));
	CHECK_EQ(POLLHUP, events_of(fd));
	ckpt_here();
	CHECK_EQ(POLLHUP, events_of(fd));
	return 0;
}

/* ---- Pages that the pipe has from elsewhere ---- */

CKPT_TEST(pipes, pages_of_a_file)
{
	int file = open("f", O_RDWR | O_CREAT, 0600), fd[2];
	static char data[8192];
	loff_t off = 1000;

	pattern_fill(data, sizeof(data), 3);
	CHECK_EQ(8192, write(file, data, 8192));
	CHECK_OK(pipe(fd));
	CHECK_EQ(5000, splice(file, &off, fd[1], NULL, 5000, 0));
	ckpt_here();
	CHECK(!check_read(fd[0], data + 1000, 5000));
	return 0;
}

CKPT_TEST(pipes, pages_of_another_pipe)
{
	int a[2], b[2];

	CHECK_OK(pipe(a));
	CHECK_OK(pipe(b));
	CHECK_EQ(6, write(a[1], "abcdef", 6));
	CHECK_EQ(4, tee(a[0], b[1], 4, 0));
	ckpt_here();
	CHECK(!check_read(b[0], "abcd", 4));
	CHECK(!check_read(a[0], "abcdef", 6));
	CHECK_EQ(2, write(b[1], "xy", 2));
	CHECK(!check_read(b[0], "xy", 2));
	return 0;
}

CKPT_TEST(pipes, pages_of_the_process)
{
	static char data[8192] __attribute__((aligned(4096)));
	struct iovec iov = { data, 8192 };
	int fd[2];

	pattern_fill(data, 8192, 4);
	CHECK_OK(pipe(fd));
	CHECK_EQ(8192, vmsplice(fd[1], &iov, 1, 0));
	ckpt_here();
	CHECK(!check_read(fd[0], data, 8192));
	CHECK(!pattern_check(data, 8192, 4));
	return 0;
}

/* A pipe with data that came as far as it could in pieces of more than a page */
static int data_of_a_socket(int fd[2], char *data, size_t len)
{
	int sock[2], size = 4 * len;
	size_t done = 0;
	ssize_t n;

	CHECK_OK(pipe(fd));
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	CHECK_OK(setsockopt(sock[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)));
	pattern_fill(data, len, 5);
	CHECK_EQ(len, send(sock[0], data, len, 0));
	for (; done < len; done += n) {
		n = splice(sock[1], NULL, fd[1], NULL, len - done, 0);
		CHECK(n > 0);
	}
	close(sock[0]);
	close(sock[1]);
	return 0;
}

CKPT_TEST(pipes, data_of_a_socket)
{
	static char data[50000];
	int fd[2];

	CHECK(!data_of_a_socket(fd, data, sizeof(data)));
	ckpt_here();
	CHECK_EQ(sizeof(data), read_all(fd[0], data, sizeof(data)));
	CHECK(!pattern_check(data, sizeof(data), 5));
	CHECK_EQ(2, write(fd[1], "xy", 2));
	CHECK(!check_read(fd[0], "xy", 2));
	return 0;
}

/* As much as it has room for only in such pieces */
CKPT_REFUSED(pipes, more_data_of_a_socket, "fd 3.*pipe: splice")
{
	static char data[100000];
	int fd[2];

	CHECK(!data_of_a_socket(fd, data, sizeof(data)));
	CHECK_EQ(3, fd[0]);
	ckpt_here();
	CHECK_EQ(sizeof(data), read_all(fd[0], data, sizeof(data)));
	return 0;
}

/* ---- Calls that wait ---- */

CKPT_TEST_IN_CALL(pipes, waiting_reader)
{
	int fd[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(fd));
	SPAWN(pid, (ckpt_wait_for("go.0"), write(fd[1], "r", 1) != 1));
	ckpt_ready();
	CHECK_EQ(1, read(fd[0], &c, 1));
	CHECK_EQ('r', c);
	return ckpt_reap(pid);
}

static int drains(int fd, const char *data)
{
	static char back[65536 + 1];

	ckpt_wait_for("go.0");
	CHECK_EQ(65537, read_all(fd, back, 65537));
	CHECK(!memcmp(back, data, 65536));
	CHECK_EQ('w', back[65536]);
	return 0;
}

CKPT_TEST_IN_CALL(pipes, waiting_writer)
{
	static char data[65536];
	int fd[2];
	pid_t pid;

	CHECK_OK(pipe(fd));
	pattern_fill(data, sizeof(data), 5);
	CHECK_EQ(65536, write(fd[1], data, 65536));
	SPAWN(pid, drains(fd[0], data));
	ckpt_ready();
	CHECK_EQ(1, write(fd[1], "w", 1));
	return ckpt_reap(pid);
}

CKPT_TEST_IN_CALL(pipes, waiting_for_an_event)
{
	struct pollfd pfd = { .events = POLLIN };
	int fd[2];
	pid_t pid;

	CHECK_OK(pipe(fd));
	pfd.fd = fd[0];
	SPAWN(pid, (ckpt_wait_for("go.0"), write(fd[1], "p", 1) != 1));
	ckpt_ready();
	CHECK_EQ(1, poll(&pfd, 1, -1));
	CHECK_EQ(POLLIN, pfd.revents);
	return ckpt_reap(pid);
}

TEST_HARNESS_MAIN
