// SPDX-License-Identifier: GPL-2.0
/*
 * checkpoint() and restart() themselves: arguments, permissions, protocol
 */
#include "calls.h"

#include <dirent.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/time.h>

#define PIDFD_OF_THREAD	O_EXCL	/* PIDFD_THREAD, which not all headers have */

CKPT_SUITE(api);

CKPT_BODY(plain)
{
	ckpt_here();
	return 0;
}

CKPT_BODY(status_42)
{
	ckpt_here();
	return 42;
}

CKPT_BODY(with_child)
{
	pid_t pid;

	SPAWN(pid, (ckpt_announce("child", "go.0"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

static void start_frozen(struct __test_metadata *_metadata, struct app *app,
			 const char *body)
{
	ASSERT_EQ(0, app_start(app, body));
	ASSERT_EQ(0, app_freeze(app));
}

static void end_thawed(struct __test_metadata *_metadata, struct app *app)
{
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

/* ---- checkpoint() ---- */

CKPT_TEST_F(api, checkpoint_refuses_unknown_flags)
{
	struct app *app = &self->app;
	int i, fd;

	NOT_PLAIN();
	fd = memfd_create("m", MFD_CLOEXEC);
	start_frozen(_metadata, app, "plain");
	for (i = 5; i < 8 * sizeof(long); i++) {
		EXPECT_EQ(EINVAL, errno_of(sys_checkpoint(app->pid, fd, 1UL << i, -1))) {
			TH_LOG("bit %d", i);
		}
	}
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, checkpoint_refuses_bad_descriptors)
{
	struct app *app = &self->app;
	int fd;

	NOT_PLAIN();
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, -1, 0, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, 999, 0, -1)));
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	close(fd);
	fd = open("/tmp", O_PATH | O_CLOEXEC);
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	close(fd);
	fd = memfd_create("m", MFD_CLOEXEC);
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, fd, CHECKPOINT_LOG, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(app->pid, fd, CHECKPOINT_LOG, 999)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	/* Without the flag the fourth argument means nothing. */
	EXPECT_EQ(0, errno_of(sys_checkpoint(app->pid, fd, 0, 999)));
	EXPECT_LT(0, lseek(fd, 0, SEEK_END));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, checkpoint_refuses_bad_pids)
{
	int fd = memfd_create("m", MFD_CLOEXEC), err;
	pid_t pid;

	NOT_PLAIN();
	err = errno_of(sys_checkpoint(-5, fd, 0, -1));
	EXPECT_TRUE(err == EINVAL || err == ESRCH);
	EXPECT_EQ(ESRCH, errno_of(sys_checkpoint(4000000, fd, 0, -1)));
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(ESRCH, errno_of(sys_checkpoint(pid, fd, 0, -1)));
	/* A kernel thread */
	EXPECT_NE(0, errno_of(sys_checkpoint(2, fd, CHECKPOINT_SUBTREE, -1)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
}

CKPT_TEST_F(api, checkpoint_refuses_a_running_tree)
{
	struct app *app = &self->app;
	int ret;

	NOT_PLAIN();
	ASSERT_EQ(0, app_start(app, "plain"));
	ret = app_checkpoint(app, 0);
	EXPECT_TRUE(ret == -EBUSY || ret == -EAGAIN || ret == -EINVAL) {
		TH_LOG("%d", ret);
	}
	EXPECT_NE(NULL, strstr(app->log, "pid "));
	EXPECT_NE(NULL, strstr(app->log, "frozen")) {
		TH_LOG("the log does not say what is missing: \"%s\"", app->log);
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(api, checkpoint_refuses_a_tree_with_one_running_task)
{
	struct app *app = &self->app;
	char path[300], text[32];
	pid_t child;
	int ret;

	NOT_PLAIN();
	ASSERT_EQ(0, app_start(app, "with_child"));
	child = app_pid_of(app, 2);
	ASSERT_LT(0, child);
	/* To the top of the hierarchy */
	snprintf(path, sizeof(path), "%s/../cgroup.procs", app->cgroup);
	snprintf(text, sizeof(text), "%d", child);
	ASSERT_EQ(0, write_file(path, text));
	ASSERT_EQ(0, app_freeze(app));
	ret = app_checkpoint(app, 0);
	EXPECT_TRUE(ret == -EBUSY || ret == -EAGAIN || ret == -EINVAL) {
		TH_LOG("%d", ret);
	}
	EXPECT_NE(NULL, strstr(app->log, "frozen"));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, checkpoint_of_a_part_needs_the_subtree_flag)
{
	struct app *app = &self->app;
	int fd = memfd_create("m", MFD_CLOEXEC);
	pid_t child;

	NOT_PLAIN();
	start_frozen(_metadata, app, "with_child");
	child = app_pid_of(app, 2);
	EXPECT_EQ(EINVAL, errno_of(sys_checkpoint(child, fd, 0, -1)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(0, errno_of(sys_checkpoint(child, fd, CHECKPOINT_SUBTREE, -1)));
	EXPECT_LT(0, lseek(fd, 0, SEEK_END));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, checkpoint_takes_a_pidfd)
{
	struct app *app = &self->app;
	int fd = memfd_create("m", MFD_CLOEXEC), pidfd, dead;
	pid_t pid;

	NOT_PLAIN();
	start_frozen(_metadata, app, "plain");
	pidfd = pidfd_open(app->pid, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(0, errno_of(sys_checkpoint(pidfd, fd, CHECKPOINT_PIDFD, -1)));
	EXPECT_LT(0, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(-1, fd, CHECKPOINT_PIDFD, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_checkpoint(fd, fd, CHECKPOINT_PIDFD, -1)));
	pid = fork();
	if (pid == 0)
		_exit(0);
	dead = pidfd_open(pid, 0);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(ESRCH, errno_of(sys_checkpoint(dead, fd, CHECKPOINT_PIDFD, -1)));
	end_thawed(_metadata, app);
}

static void *stand_still(void *arg)
{
	while (1)
		pause();
	return NULL;
}

CKPT_BODY(with_thread)
{
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, stand_still, NULL));
	ckpt_here();
	return 0;
}

/* One of a process that is not its first, as seen from here; or 0 */
static pid_t other_thread_of(pid_t pid)
{
	struct dirent *entry;
	char path[32];
	pid_t tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (atoi(entry->d_name) != pid)
			tid = atoi(entry->d_name) ?: tid;
	}
	if (dir)
		closedir(dir);
	return tid;
}

/* A thread that is not the first one of a process is nothing that can be saved. */
CKPT_TEST_F(api, checkpoint_takes_a_pidfd_of_the_first_thread)
{
	unsigned long flags = CHECKPOINT_PIDFD | CHECKPOINT_DRYRUN;
	struct app *app = &self->app;
	int first, other;
	pid_t tid;

	NOT_PLAIN();
	start_frozen(_metadata, app, "with_thread");
	tid = other_thread_of(app->pid);
	ASSERT_LT(0, tid);
	first = pidfd_open(app->pid, PIDFD_OF_THREAD);
	other = pidfd_open(tid, PIDFD_OF_THREAD);
	if (first < 0 || other < 0)
		SKIP(return, "no pidfds of threads: %s", strerror(errno));
	EXPECT_EQ(0, errno_of(sys_checkpoint(first, -1, flags, -1)));
	EXPECT_EQ(ESRCH, errno_of(sys_checkpoint(other, -1, flags, -1)));
	close(first);
	close(other);
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, dry_run_needs_no_image)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(0, errno_of(sys_checkpoint(app->pid, -1, CHECKPOINT_DRYRUN, -1)));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, full_disk_is_reported_and_harmless)
{
	struct app *app = &self->app;
	char path[APP_DIR_LEN + 16];
	int fd;

	NOT_PLAIN();
	snprintf(path, sizeof(path), "%s/small", app->dir);
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, mount("none", path, "tmpfs", 0, "size=16k"));
	snprintf(path, sizeof(path), "%s/small/image", app->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(ENOSPC, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	end_thawed(_metadata, app);
	close(fd);
	snprintf(path, sizeof(path), "%s/small", app->dir);
	EXPECT_EQ(0, umount2(path, MNT_DETACH));
}

CKPT_TEST_F(api, broken_pipe_is_reported_and_harmless)
{
	struct app *app = &self->app;
	int fd[2];

	NOT_PLAIN();
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	close(fd[0]);
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(EPIPE, errno_of(sys_checkpoint(app->pid, fd[1], 0, -1)));
	end_thawed(_metadata, app);
}

/* What says EAGAIN in the middle leaves half an image. */
CKPT_TEST_F(api, pipe_that_does_not_wait_is_refused)
{
	int fd[2], log = memfd_create("log", MFD_CLOEXEC);
	struct app *app = &self->app;
	char text[512] = "";

	NOT_PLAIN();
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC | O_NONBLOCK));
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(EINVAL, errno_of(sys_checkpoint(app->pid, fd[1], CHECKPOINT_LOG, log)));
	EXPECT_EQ(EINVAL, errno_of(sys_restart(0, fd[0], RESTART_OPEN | RESTART_LOG, log)));
	EXPECT_LT(0, pread(log, text, sizeof(text) - 1, 0));
	EXPECT_NE(NULL, strstr(text, "which may be full"));
	EXPECT_NE(NULL, strstr(text, "which may be empty"));
	end_thawed(_metadata, app);
	close(fd[0]);
	close(fd[1]);
	close(log);
}

/* What would not be where it belongs */
CKPT_TEST_F(api, file_that_is_appended_to_is_refused)
{
	struct app *app = &self->app;
	char path[APP_DIR_LEN + 16], text[512] = "";
	int fd, log = memfd_create("log", MFD_CLOEXEC);

	NOT_PLAIN();
	snprintf(path, sizeof(path), "%s/appended", app->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	start_frozen(_metadata, app, "plain");
	EXPECT_EQ(0, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	EXPECT_EQ(EINVAL, errno_of(sys_checkpoint(app->pid, fd, CHECKPOINT_LOG, log)));
	EXPECT_LT(0, pread(log, text, sizeof(text) - 1, 0));
	EXPECT_NE(NULL, strstr(text, "O_APPEND"));
	end_thawed(_metadata, app);
	close(fd);
	close(log);
}

#define MANY_REASONS	1500

CKPT_BODY(many_reasons)
{
	struct rlimit rl = { MANY_REASONS + 100, MANY_REASONS + 100 };
	int i;

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	for (i = 0; i < MANY_REASONS; i++)
		CHECK_OK(eventfd(0, 0));
	ckpt_here();
	return 0;
}

/* Nobody takes it that he was told of all that is in the way. */
CKPT_TEST_F(api, log_says_that_it_is_full)
{
	int log = memfd_create("log", MFD_CLOEXEC);
	struct app *app = &self->app;
	char end[80] = "";
	off_t len;

	NOT_PLAIN();
	start_frozen(_metadata, app, "many_reasons");
	EXPECT_EQ(EOPNOTSUPP, errno_of(sys_checkpoint(app->pid, -1, CHECKPOINT_DRYRUN |
						      CHECKPOINT_LOG, log)));
	len = lseek(log, 0, SEEK_END);
	EXPECT_LT(60000, len);
	EXPECT_LT(0, pread(log, end, sizeof(end) - 1, len - 60));
	EXPECT_NE(NULL, strstr(end, "no room"));
	end_thawed(_metadata, app);
	close(log);
}

static volatile int alarms;
static void on_alarm(int sig)
{
	alarms++;
}

/* Each second, as the first alarm may come before the call that it shall interrupt */
static void set_alarms(int seconds)
{
	struct itimerval it = {
		.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds,
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

/* Nobody reads the pipe: the call must not hang beyond a signal. */
CKPT_TEST_F(api, stuck_pipe_can_be_interrupted)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct app *app = &self->app;
	int fd[2], err;

	NOT_PLAIN();
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	start_frozen(_metadata, app, "plain");
	sigaction(SIGALRM, &sa, NULL);
	set_alarms(1);
	err = errno_of(sys_checkpoint(app->pid, fd[1], 0, -1));
	set_alarms(0);
	EXPECT_TRUE(err == EINTR || err == ERESTART) {
		TH_LOG("errno %d", err);
	}
	EXPECT_LE(1, alarms);
	end_thawed(_metadata, app);
}

/* The image must not be one of the application's own files. */
CKPT_BODY(holds_a_file)
{
	int fd = open("image", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(3, fd);
	ckpt_here();
	return 0;
}

CKPT_TEST_F(api, image_file_inside_of_the_tree_is_refused)
{
	struct app *app = &self->app;
	char path[64];
	int fd;

	NOT_PLAIN();
	start_frozen(_metadata, app, "holds_a_file");
	snprintf(path, sizeof(path), "/proc/%d/fd", app->pid);
	fd = syscall(SYS_pidfd_getfd, pidfd_open(app->pid, 0), 3, 0);
	ASSERT_LE(0, fd);
	EXPECT_NE(0, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	close(fd);
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, nobody_may_not_checkpoint_roots_processes)
{
	struct app *app = &self->app;
	int fd = memfd_create("m", MFD_CLOEXEC), err;

	NOT_PLAIN();
	start_frozen(_metadata, app, "plain");
	err = AS_NOBODY(errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	EXPECT_TRUE(err == EPERM || err == EACCES) {
		TH_LOG("errno %d", err);
	}
	err = AS_NOBODY(errno_of(sys_checkpoint(app->pid, fd, CHECKPOINT_DRYRUN, -1)));
	EXPECT_TRUE(err == EPERM || err == EACCES);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	end_thawed(_metadata, app);
}

CKPT_TEST_F(api, two_checkpoints_of_a_frozen_tree_both_restart)
{
	struct app *app = &self->app;
	int first, round;

	NOT_PLAIN();
	start_frozen(_metadata, app, "with_child");
	ASSERT_EQ(0, app_checkpoint(app, 0));
	first = app->image;
	app->image = -1;
	ASSERT_EQ(0, app_checkpoint(app, 0));
	ASSERT_EQ(0, app_kill(app));
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		if (round == 0) {
			ASSERT_EQ(0, app_freeze(app));
			ASSERT_EQ(0, app_kill(app));
			close(app->image);
			app->image = first;
		}
	}
	ASSERT_EQ(0, app_finish(app));
}

/* ---- restart() ---- */

CKPT_TEST_F(api, restart_refuses_unknown_flags)
{
	int i, fd = memfd_create("m", MFD_CLOEXEC);

	NOT_PLAIN();
	for (i = 3; i < 8 * sizeof(long); i++) {
		EXPECT_EQ(EINVAL, errno_of(sys_restart(0, fd, 1UL << i, -1))) {
			TH_LOG("bit %d", i);
		}
	}
	EXPECT_EQ(EINVAL, errno_of(sys_restart(0, fd, RESTART_OPEN | RESTART_JOIN, -1)));
}

CKPT_TEST_F(api, restart_refuses_bad_descriptors)
{
	int fd = memfd_create("m", MFD_CLOEXEC), null;

	NOT_PLAIN();
	EXPECT_EQ(EBADF, errno_of(sys_restart(0, -1, RESTART_OPEN, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_restart(1, -1, RESTART_JOIN, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_restart(1, -1, 0, -1)));
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	EXPECT_EQ(EBADF, errno_of(sys_restart(0, null, RESTART_OPEN, -1)));
	EXPECT_EQ(EBADF, errno_of(sys_restart(0, fd, RESTART_OPEN | RESTART_LOG, -1)));
	/* A file that is no context */
	EXPECT_EQ(EINVAL, errno_of(sys_restart(1, fd, RESTART_JOIN, -1)));
}

CKPT_TEST_F(api, what_is_no_image_is_refused)
{
	struct app *app = &self->app;
	char garbage[8192];

	NOT_PLAIN();
	app->image = memfd_create("m", MFD_CLOEXEC);
	EXPECT_GT(0, app_restart(app));
	EXPECT_STRNE("", app->log);
	memset(garbage, 'x', sizeof(garbage));
	ASSERT_EQ(8192, write(app->image, garbage, 8192));
	EXPECT_GT(0, app_restart(app));
	EXPECT_STRNE("", app->log);
	memset(garbage, 0, sizeof(garbage));
	ASSERT_EQ(8192, pwrite(app->image, garbage, 8192, 0));
	EXPECT_GT(0, app_restart(app));
	EXPECT_STRNE("", app->log);
}

static int open_context(struct app *app)
{
	lseek(app->image, 0, SEEK_SET);
	return sys_restart(0, app->image, RESTART_OPEN, -1);
}

CKPT_TEST_F(api, context_tells_the_task_tree)
{
	struct app *app = &self->app;
	struct ckpt_image_header h;
	struct ckpt_record rec;
	void *volatile nowhere = (void *)8;
	struct ckpt_task task;
	int ctx;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	ctx = open_context(app);
	ASSERT_LE(0, ctx);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ctx, F_GETFD));
	ASSERT_EQ(sizeof(h), read(ctx, &h, sizeof(h)));
	EXPECT_EQ(CKPT_FORMAT_VERSION, h.version);
	EXPECT_EQ(CKPT_ENDIAN, h.endian);
	EXPECT_EQ(2, h.nr_tasks);
	EXPECT_EQ(1, h.root_pid);
	EXPECT_EQ(CKPT_IMAGE_CONTAINER, h.flags);
	ASSERT_EQ(sizeof(rec), read(ctx, &rec, sizeof(rec)));
	EXPECT_EQ(CKPT_REC_TASK, rec.type);
	ASSERT_EQ(sizeof(task), read(ctx, &task, sizeof(task)));
	EXPECT_EQ(1, task.pid);
	EXPECT_EQ(0, task.ppid);
	EXPECT_STREQ("api_test", task.comm);
	EXPECT_EQ(-1, write(ctx, "x", 1));
	EXPECT_EQ(-1, pread(ctx, nowhere, 8, 0));
	EXPECT_EQ(-1, read(ctx, nowhere, 8));
	EXPECT_EQ(EFAULT, errno);
	close(ctx);
}

CKPT_TEST_F(api, join_wants_the_right_pid)
{
	struct app *app = &self->app;
	int ctx;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "plain"));
	ctx = open_context(app);
	ASSERT_LE(0, ctx);
	/* There is a task 1 in the image, but the caller is not number 1. */
	EXPECT_NE(0, errno_of(sys_restart(1, ctx, RESTART_JOIN, -1)));
	EXPECT_NE(0, errno_of(sys_restart(getpid(), ctx, RESTART_JOIN, -1)));
	EXPECT_NE(0, errno_of(sys_restart(0, ctx, RESTART_JOIN, -1)));
	EXPECT_NE(0, errno_of(sys_restart(-1, ctx, RESTART_JOIN, -1)));
}

/* A container whose init joins @ctx as task 1, and is about to when this returns. */
static pid_t join_as_init(int ctx)
{
	double end = now_monotonic() + 60 * ckpt_scale();
	volatile int *ready;
	pid_t pid;

	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ready == MAP_FAILED)
		return -1;
	pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
		      CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("proc", "/proc", "proc", 0, NULL))
			_exit(99);
		*ready = 1;
		sys_restart(1, ctx, RESTART_JOIN, -1);
		_exit(errno);
	}
	while (pid > 0 && !*ready && now_monotonic() < end)
		sleep_ms(1);
	munmap((void *)ready, 4096);
	return pid;
}

/* In a new context, which is not complete: the child of the image never joins. */
static pid_t open_and_join(struct __test_metadata *_metadata, struct app *app, int *ctx)
{
	pid_t pid;

	*ctx = open_context(app);
	ASSERT_LE(0, *ctx);
	pid = join_as_init(*ctx);
	ASSERT_LT(0, pid);
	return pid;
}

/* A process that waits until all have joined. */
static pid_t coordinate(pid_t root, int ctx)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(errno_of(sys_restart(root, ctx, 0, -1)));
	return pid;
}

/* Waits for the end of @pid; its status, or -1 if it does not end. */
static int ends(pid_t pid)
{
	int i, status;

	for (i = 0; i < 30000 * ckpt_scale(); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		sleep_ms(2);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

CKPT_TEST_F(api, closing_the_context_kills_who_joined)
{
	struct app *app = &self->app;
	struct leftovers before;
	pid_t pid;
	int ctx;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	leftovers_get(&before);
	pid = open_and_join(_metadata, app, &ctx);
	ASSERT_EQ(true, waits(pid));
	ASSERT_EQ(0, waitpid(pid, NULL, WNOHANG));
	close(ctx);
	EXPECT_EQ(SIGKILL, ends(pid));
	EXPECT_EQ(NULL, leftovers_check(&before));
}

CKPT_TEST_F(api, death_of_a_joined_task_ends_the_restart)
{
	struct app *app = &self->app;
	struct leftovers before;
	pid_t pid, coordinator;
	int ctx, status;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	leftovers_get(&before);
	pid = open_and_join(_metadata, app, &ctx);
	coordinator = coordinate(pid, ctx);
	close(ctx);
	ASSERT_EQ(true, waits(pid));
	ASSERT_EQ(true, waits(coordinator));
	ASSERT_EQ(0, waitpid(coordinator, NULL, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, ends(pid));
	status = ends(coordinator);
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		TH_LOG("status of the coordinator: %d", status);
	}
	EXPECT_EQ(NULL, leftovers_check(&before));
}

CKPT_TEST_F(api, death_of_the_coordinator_kills_who_joined)
{
	struct app *app = &self->app;
	struct leftovers before;
	pid_t pid, coordinator;
	int ctx;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	leftovers_get(&before);
	pid = open_and_join(_metadata, app, &ctx);
	coordinator = coordinate(pid, ctx);
	close(ctx);
	ASSERT_EQ(true, waits(pid));
	ASSERT_EQ(true, waits(coordinator));
	kill(coordinator, SIGKILL);
	EXPECT_EQ(SIGKILL, ends(coordinator));
	EXPECT_EQ(SIGKILL, ends(pid));
	EXPECT_EQ(NULL, leftovers_check(&before));
}

CKPT_TEST_F(api, coordinator_can_be_interrupted)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct app *app = &self->app;
	pid_t pid;
	int ctx;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	pid = open_and_join(_metadata, app, &ctx);
	sigaction(SIGALRM, &sa, NULL);
	set_alarms(1);
	EXPECT_EQ(EINTR, errno_of(sys_restart(pid, ctx, 0, -1)));
	set_alarms(0);
	EXPECT_EQ(SIGKILL, ends(pid));
}

CKPT_TEST_F(api, two_cannot_join_as_the_same_task)
{
	struct app *app = &self->app;
	pid_t a, b;
	int ctx, status;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "with_child"));
	ctx = open_context(app);
	ASSERT_LE(0, ctx);
	a = join_as_init(ctx);
	ASSERT_EQ(true, waits(a));
	b = join_as_init(ctx);
	status = ends(b);
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		TH_LOG("status %#x", status);
	}
	/* Whether the failure ends the restart or not: nobody goes on. */
	close(ctx);
	EXPECT_EQ(SIGKILL, ends(a));
}

CKPT_TEST_F(api, image_travels_through_pipes)
{
	struct app *app = &self->app;
	pid_t copier;
	int fd[2], status;
	char buf[65536];
	ssize_t n;

	NOT_PLAIN();
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	start_frozen(_metadata, app, "with_child");
	app->image = memfd_create("m", MFD_CLOEXEC);
	copier = fork();
	if (copier == 0) {
		close(fd[1]);
		while ((n = read(fd[0], buf, sizeof(buf))) > 0)
			if (write(app->image, buf, n) != n)
				_exit(1);
		_exit(n < 0);
	}
	close(fd[0]);
	ASSERT_EQ(0, errno_of(sys_checkpoint(app->pid, fd[1], 0, -1)));
	close(fd[1]);
	ASSERT_EQ(copier, waitpid(copier, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, app_kill(app));

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	lseek(app->image, 0, SEEK_SET);
	copier = fork();
	if (copier == 0) {
		close(fd[0]);
		while ((n = read(app->image, buf, 7777)) > 0)
			if (write(fd[1], buf, n) != n)
				_exit(1);
		_exit(n < 0);
	}
	close(fd[1]);
	close(app->image);
	app->image = fd[0];
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(copier, waitpid(copier, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(api, exit_status_reaches_the_parent)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "status_42"));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	app_go(app);
	ASSERT_EQ(app->pid, waitpid(app->pid, &app->status, 0));
	app->pid = 0;
	EXPECT_EQ(42 << 8, app->status);
}

CKPT_TEST_F(api, nobody_may_not_restart)
{
	struct app *app = &self->app;
	int err;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "plain"));
	lseek(app->image, 0, SEEK_SET);
	err = AS_NOBODY(errno_of(sys_restart(0, app->image, RESTART_OPEN, -1)));
	EXPECT_EQ(EPERM, err);
}

CKPT_TEST_F(api, nothing_is_left_behind_by_a_whole_life)
{
	struct app *app = &self->app;
	struct leftovers before;

	NOT_PLAIN();
	leftovers_get(&before);
	ASSERT_EQ(0, app_capture(app, "with_child"));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
	close(app->image);
	app->image = -1;
	EXPECT_EQ(NULL, leftovers_check(&before));
}

TEST_HARNESS_MAIN
