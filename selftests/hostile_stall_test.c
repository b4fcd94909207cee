// SPDX-License-Identifier: GPL-2.0
/*
 * Images that stop: a pipe from which nothing more comes, or into which nothing
 * more fits
 *
 * Whoever waits there holds nothing that others need, least of all the lock of an
 * address space, and can be ended.
 */
#include "calls.h"

#include <sys/ioctl.h>

#include "forged.h"

CKPT_SUITE(hostile_stall);

#define MB	(1UL << 20)

/* Memory that is in more than one chunk, in two processes */
CKPT_BODY(with_bulk)
{
	char *p = mmap(NULL, 8 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 8 * MB, 1);
	SPAWN(pid, (ckpt_announce("child", "go.0"), !!pattern_check(p, 8 * MB, 1)));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p, 8 * MB, 1));
	return ckpt_reap(pid);
}

/* In a process of its own, which is ended when it takes too long. */
#define IN_TIME(expr) ({						\
	pid_t __pid = fork();						\
	int __status = -1;						\
									\
	if (!__pid)							\
		_exit(!(expr));						\
	ends_in_time(__pid, &__status) && !__status;			\
})

static bool ends_in_time(pid_t pid, int *status)
{
	unsigned int i;

	for (i = 0; i < 30000 * ckpt_scale(); i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		sleep_ms(2);
	}
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return false;
}

static bool goes_in_time(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < 30000 * ckpt_scale(); i++) {
		if (kill(pid, 0))
			return true;
		sleep_ms(2);
	}
	return false;
}

static bool can_read(pid_t pid, const char *name)
{
	static char text[1 << 20];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_file(path, text, sizeof(text)) > 0;
}

/* With "5" it forgets the most memory that there was, and is a writer for that. */
static bool can_write(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	return !write_file(path, "5");
}

/* Nobody holds the lock of its address space, neither to read nor to write. */
static void nothing_is_held(struct __test_metadata *_metadata, pid_t pid)
{
	EXPECT_TRUE(IN_TIME(can_read(pid, "maps")));
	EXPECT_TRUE(IN_TIME(can_read(pid, "smaps")));
	EXPECT_TRUE(IN_TIME(can_write(pid)));
	EXPECT_TRUE(IN_TIME(can_read(pid, "status")));
}

/* Those in the application's control group. Returns their number. */
static unsigned int members(const struct app *app, pid_t *pid, unsigned int max)
{
	char path[300], text[4096], *p = text, *end;
	unsigned int n = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", app->cgroup);
	if (read_file(path, text, sizeof(text)) < 0)
		return 0;
	while (n < max && (pid[n] = strtol(p, &end, 10)) > 0) {
		p = end;
		n++;
	}
	return n;
}

/* Nothing has moved in the pipe for a while, and nobody is there who could. */
static bool stalls(int fd, int bytes, pid_t pid)
{
	unsigned int i, same = 0;
	int now, last = -1;

	for (i = 0; i < 30000 * ckpt_scale() && same < 100; i++) {
		if (waitpid(pid, NULL, WNOHANG) || ioctl(fd, FIONREAD, &now))
			return false;
		same = now == last && (bytes ? now >= bytes : !now) ? same + 1 : 0;
		last = now;
		sleep_ms(2);
	}
	return same == 100;
}

/* ---- Restart ---- */

/* Into the data of the chunk that has the most */
static size_t in_the_middle(const struct image *i)
{
	size_t most = 0, at = 0;
	unsigned int n;

	for (n = 0; n < i->nr; n++) {
		if (i->part[n].kind != PART_DATA || i->part[n].len <= most)
			continue;
		most = i->part[n].len;
		at = i->part[n].off + most / 2 + 100;
	}
	return at;
}

static pid_t feed(const int *fd, size_t len)
{
	pid_t pid = fork();
	size_t done = 0;
	ssize_t n;

	if (pid)
		return pid;
	close(fd[0]);
	while (done < len) {
		n = write(fd[1], img.data + done, len - done);
		if (n <= 0)
			_exit(1);
		done += n;
	}
	/* It keeps the pipe open. */
	for (;;)
		pause();
}

static pid_t restart_from(const struct app *app, const int *fd)
{
	struct app copy = *app;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(fd[1]);
	copy.image = fd[0];
	_exit(app_restart(&copy) ? 1 : 0);
}

CKPT_TEST_F(hostile_stall, restart_from_a_pipe_that_stops_in_memory)
{
	struct app *app = &self->app;
	pid_t writer, reader, task[8];
	unsigned int i, nr;
	int fd[2], status;
	size_t len;

	NOT_PLAIN();
	prepare_body(_metadata, app, "with_bulk");
	len = in_the_middle(&img);
	ASSERT_LT(img.bulk, len);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	writer = feed(fd, len);
	reader = restart_from(app, fd);
	ASSERT_TRUE(stalls(fd[0], 0, reader));
	nr = members(app, task, ARRAY_SIZE(task));
	EXPECT_EQ(2, nr);
	for (i = 0; i < nr; i++)
		nothing_is_held(_metadata, task[i]);
	nothing_is_held(_metadata, reader);

	ASSERT_EQ(0, kill(reader, SIGKILL));
	EXPECT_TRUE(ends_in_time(reader, &status));
	for (i = 0; i < nr; i++)
		EXPECT_TRUE(goes_in_time(task[i]));
	/* Until now the pipe has been open. */
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(NULL, leftovers_check(&before)) {
		TH_LOG("%s", leftovers_check(&before));
	}
	MUST_RESTART((void)bad);
	image_free(&img);
}

/* ---- Checkpoint ---- */

CKPT_TEST_F(hostile_stall, checkpoint_into_a_pipe_that_is_full)
{
	struct app *app = &self->app;
	struct leftovers before_it;
	pid_t writer, child;
	int fd[2], status;

	NOT_PLAIN();
	ASSERT_EQ(0, app_start(app, "with_bulk"));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	leftovers_get(&before_it);
	writer = fork();
	if (!writer)
		_exit(errno_of(sys_checkpoint(app->pid, fd[1], 0, -1)));
	ASSERT_TRUE(stalls(fd[0], 1, writer));
	child = app_pid_of(app, 2);
	nothing_is_held(_metadata, app->pid);
	nothing_is_held(_metadata, child);
	nothing_is_held(_metadata, writer);

	ASSERT_EQ(0, kill(writer, SIGKILL));
	EXPECT_TRUE(ends_in_time(writer, &status));
	EXPECT_EQ(SIGKILL, status);
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(NULL, leftovers_check(&before_it)) {
		TH_LOG("%s", leftovers_check(&before_it));
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
