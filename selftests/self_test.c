// SPDX-License-Identifier: GPL-2.0
/*
 * A process that checkpoints itself
 */
#include "test.h"

#include <mntent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

CKPT_SUITE(self);
CKPT_SUITE_V1(self);

/* Writes an image of us; what checkpoint() has returned, in both of us. */
static int save_myself(unsigned long flags)
{
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC, 0600), log, ret;

	CHECK_OK(fd);
	log = open("log", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK_OK(log);
	ret = sys_checkpoint(0, fd, CHECKPOINT_LOG | flags, log);
	if (ret > 0) {
		close(fd);
		close(log);
	} else if (!ret) {
		/* They were there for the checkpoint only. */
		CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
		CHECK(fcntl(log, F_GETFD) < 0 && errno == EBADF);
	}
	return ret;
}

CKPT_BODY(alone)
{
	volatile double x = 1.5;
	int ret;

	ckpt_ready();
	ret = save_myself(0);
	if (ret > 0) {
		x = 2.5;
		ckpt_announce("saved", "never");
	}
	CHECK_EQ(0, ret);
	CHECK(x == 1.5);
	CHECK(access("saved", F_OK) == 0);
	return 0;
}

/* From the image that the application has written */
static void restart_it(struct __test_metadata *_metadata, struct app *app)
{
	char path[APP_DIR_LEN + 16];

	snprintf(path, sizeof(path), "%s/image", app->dir);
	ASSERT_EQ(0, app_kill(app));
	app->image = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, app->image);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
}

static void wait_saved(struct __test_metadata *_metadata, struct app *app)
{
	char path[APP_DIR_LEN + 16];
	int i;

	snprintf(path, sizeof(path), "%s/saved", app->dir);
	for (i = 0; i < 60000 && access(path, F_OK); i++)
		sleep_ms(1);
	ASSERT_EQ(0, access(path, F_OK)) {
		app_show(app);
	}
}

CKPT_TEST_F(self, returns_twice)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "alone"));
	wait_saved(_metadata, app);
	restart_it(_metadata, app);
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

/*
 * Only the two descriptors are left out, not what else is open on the file of the
 * log: on a terminal that is standard output, too.
 */
CKPT_BODY(log_beside_others)
{
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int out = open("out", O_RDWR | O_CREAT, 0600), log = dup(out), ret;

	CHECK_OK(fd);
	CHECK_OK(log);
	ckpt_ready();
	ret = sys_checkpoint(0, fd, CHECKPOINT_LOG, log);
	if (ret > 0)
		ckpt_announce("saved", "never");
	CHECK_EQ(0, ret);
	CHECK(fcntl(log, F_GETFD) < 0 && errno == EBADF);
	CHECK_EQ(5, write(out, "after", 5));
	return 0;
}

CKPT_TEST_F(self, log_that_is_open_elsewhere)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "log_beside_others"));
	wait_saved(_metadata, app);
	restart_it(_metadata, app);
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

/* Who runs beside the caller, and is not frozen, is named. */
static atomic_int stop;

static void *run(void *arg)
{
	while (!stop)
		sleep_ms(1);
	return NULL;
}

CKPT_BODY(with_a_thread)
{
	char text[256] = "";
	pthread_t thread;

	ckpt_ready();
	CHECK_EQ(0, pthread_create(&thread, NULL, run, NULL));
	CHECK(save_myself(0) < 0);
	CHECK_EQ(EBUSY, errno);
	CHECK(read_file("log", text, sizeof(text)) > 0);
	CHECK(strstr(text, "not frozen"));
	stop = 1;
	pthread_join(thread, NULL);
	return 0;
}

CKPT_TEST_F(self, another_thread_must_be_frozen)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "with_a_thread"));
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

/* ---- Others stand still for it, in a group below that of the application ---- */

static char group[300];
static bool is_v1;

/* Ours has the name of our directory; it is in the hierarchy that freezes us. */
static int make_group(void)
{
	const char *name = strrchr(ckpt_dir(), '/');
	struct mntent *m;
	FILE *f = setmntent("/proc/self/mounts", "r");

	CHECK(f);
	while ((m = getmntent(f))) {
		if (strncmp(m->mnt_type, "cgroup", 6))
			continue;
		snprintf(group, sizeof(group), "%s%s", m->mnt_dir, name);
		is_v1 = !strcmp(m->mnt_type, "cgroup");
		if (!access(group, F_OK))
			break;
	}
	endmntent(f);
	CHECK(m);
	strcat(group, "/others");
	CHECK_OK(mkdir(group, 0755));
	return 0;
}

static int put(const char *file, const char *format, ...)
{
	char path[350], text[32];
	va_list args;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return write_file(path, text);
}

static bool is_frozen(void)
{
	char path[350], text[256] = "";

	snprintf(path, sizeof(path), "%s/%s", group, is_v1 ? "freezer.state" : "cgroup.events");
	read_file(path, text, sizeof(text));
	return strstr(text, is_v1 ? "FROZEN" : "frozen 1");
}

static int freeze(bool on)
{
	int i;

	CHECK_EQ(0, is_v1 ? put("freezer.state", on ? "FROZEN" : "THAWED") :
			    put("cgroup.freeze", "%d", on));
	for (i = 0; i < 60000 && is_frozen() != on; i++)
		sleep_ms(1);
	CHECK_EQ(on, is_frozen());
	return 0;
}

static int move_process(pid_t pid)
{
	return put("cgroup.procs", "%d", pid);
}

static int move_thread(pid_t tid)
{
	return put(is_v1 ? "tasks" : "cgroup.threads", "%d", tid);
}

/* All others are in the group. Only who was restarted comes back. */
static int save_beside_frozen(void)
{
	int ret;

	CHECK_EQ(0, freeze(true));
	ret = save_myself(0);
	if (ret > 0) {
		CHECK_EQ(0, freeze(false));
		ckpt_announce("saved", "never");
	}
	CHECK_EQ(0, ret);
	return 0;
}

static void saved_and_restarted(struct __test_metadata *_metadata, struct app *app,
				const char *body)
{
	char path[300];

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, body));
	wait_saved(_metadata, app);
	restart_it(_metadata, app);
	EXPECT_EQ(0, app_wait(app)) {
		app_show(app);
	}
	snprintf(path, sizeof(path), "%s/others", app->cgroup);
	EXPECT_EQ(0, rmdir(path));
}

/* The first thread and another one wait while a third one saves them all. */
static atomic_int words[2];

static void *stand_still(void *arg)
{
	atomic_int *word = arg;

	*word = syscall(SYS_gettid);
	while (*word != -1)
		sleep_ms(1);
	return NULL;
}

static int save_from_thread(void)
{
	pid_t tid = syscall(SYS_gettid);

	CHECK_EQ(0, make_group());
	if (!is_v1)
		CHECK_EQ(0, put("cgroup.type", "threaded"));
	while (!words[1])
		sleep_ms(1);
	CHECK_EQ(0, move_thread(getpid()));
	CHECK_EQ(0, move_thread(words[1]));
	CHECK_EQ(0, save_beside_frozen());
	CHECK_EQ(tid, syscall(SYS_gettid));
	CHECK(tid != getpid());
	words[1] = -1;
	return 0;
}

static void *saver(void *arg)
{
	return (void *)(long)save_from_thread();
}

CKPT_BODY(by_another_thread)
{
	pthread_t thread, other;
	void *ret = (void *)-1;

	ckpt_ready();
	CHECK_EQ(0, pthread_create(&other, NULL, stand_still, &words[1]));
	CHECK_EQ(0, pthread_create(&thread, NULL, saver, NULL));
	CHECK_EQ(0, pthread_join(thread, &ret));
	CHECK_EQ(0, (long)ret);
	CHECK_EQ(0, pthread_join(other, NULL));
	return 0;
}

CKPT_TEST_F(self, called_by_another_thread)
{
	saved_and_restarted(_metadata, &self->app, "by_another_thread");
}

/* By what stands for itself among pidfds: of the thread, and of the process */
#define OWN_THREAD	-10000	/* PIDFD_SELF_THREAD */
#define OWN_PROCESS	-10001	/* PIDFD_SELF_THREAD_GROUP */

static int try_by_pidfd(int pidfd)
{
	return sys_checkpoint(pidfd, -1, CHECKPOINT_PIDFD | CHECKPOINT_DRYRUN, -1);
}

static int try_from_thread(void)
{
	CHECK_EQ(0, make_group());
	if (!is_v1)
		CHECK_EQ(0, put("cgroup.type", "threaded"));
	CHECK_EQ(0, move_thread(getpid()));
	CHECK(try_by_pidfd(OWN_THREAD) < 0);
	CHECK_EQ(EBUSY, errno);
	CHECK_EQ(0, freeze(true));
	CHECK_EQ(0, try_by_pidfd(OWN_PROCESS));
	CHECK_EQ(0, try_by_pidfd(OWN_THREAD));
	return freeze(false);
}

static void *tries(void *arg)
{
	return (void *)(long)try_from_thread();
}

CKPT_BODY(dry_run_by_another_thread)
{
	pthread_t thread;
	void *ret = (void *)-1;

	ckpt_ready();
	CHECK_EQ(0, pthread_create(&thread, NULL, tries, NULL));
	CHECK_EQ(0, pthread_join(thread, &ret));
	return (long)ret;
}

CKPT_TEST_F(self, another_thread_names_itself)
{
	struct app *app = &self->app;
	char path[300];

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "dry_run_by_another_thread"));
	EXPECT_EQ(0, app_wait(app)) {
		app_show(app);
	}
	snprintf(path, sizeof(path), "%s/others", app->cgroup);
	EXPECT_EQ(0, rmdir(path));
}

/* A child and its child, which tell what they are told */
static int echo(int in, int out)
{
	char byte;

	if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
		return 1;
	return 7;
}

static int with_a_child(int in, int between[2], int out, pid_t *below)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		return echo(between[0], out);
	*below = pid;
	if (echo(in, between[1]) != 7 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

CKPT_BODY(with_descendants)
{
	int in[2], between[2], out[2], status;
	pid_t pid, *below;
	char byte = 'x';

	below = mmap(NULL, sizeof(*below), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(below != MAP_FAILED);
	CHECK(!pipe(in) && !pipe(between) && !pipe(out));
	ckpt_ready();
	SPAWN(pid, with_a_child(in[0], between, out[1], below));
	while (!*(volatile pid_t *)below)
		sleep_ms(1);
	CHECK_EQ(0, make_group());
	CHECK_EQ(0, move_process(pid));
	CHECK_EQ(0, move_process(*below));
	CHECK_EQ(0, save_beside_frozen());
	CHECK_EQ(1, write(in[1], "y", 1));
	CHECK_EQ(1, read(out[0], &byte, 1));
	CHECK_EQ('y', byte);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(7 << 8, status);
	return 0;
}

CKPT_TEST_F(self, descendants_are_frozen)
{
	saved_and_restarted(_metadata, &self->app, "with_descendants");
}

/* One of them runs: it is named. */
CKPT_BODY(with_a_running_child)
{
	char text[256] = "", name[32];
	pid_t pid;

	ckpt_ready();
	SPAWN(pid, (pause(), 0));
	CHECK(save_myself(0) < 0);
	CHECK_EQ(EBUSY, errno);
	CHECK(read_file("log", text, sizeof(text)) > 0);
	snprintf(name, sizeof(name), "pid %d ", pid);
	CHECK(strstr(text, name) && strstr(text, "not frozen"));
	return kill(pid, SIGKILL);
}

CKPT_TEST_F(self, descendants_must_be_frozen)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "with_a_running_child"));
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

TEST_HARNESS_MAIN
