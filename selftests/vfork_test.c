// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that wait in vfork() until their child has ended or runs another program
 */
#include "threads.h"
#include "refusal.h"

#include <spawn.h>
#include <sys/prctl.h>

CKPT_SUITE(vfork);
CKPT_SUITE_V1(vfork);

static char stacks[4][65536] __attribute__((aligned(16)));
static volatile int value;

static int announce_and_end(void *arg)
{
	value = 1;
	ckpt_announce(arg, "go.0");
	value = 2;
	return 5;
}

/* As vfork(), but that the child has a stack of its own and calls a function */
static pid_t vfork_into(int nr, int (*fn)(void *), int flags, void *arg)
{
	return clone(fn, stacks[nr] + sizeof(stacks[nr]), CLONE_VFORK | flags, arg);
}

static int check_child(pid_t pid, int expected)
{
	int status;

	CHECK(pid > 0);
	CHECK_EQ(pid, waitpid(pid, &status, __WALL));
	CHECK(WIFEXITED(status));
	CHECK_EQ(expected, WEXITSTATUS(status));
	return 0;
}

static int wait_for_the_end(void)
{
	pid_t pid = vfork_into(0, announce_and_end, CLONE_VM | SIGCHLD, "child");

	/* It has ended: what it has written is here. */
	CHECK_EQ(2, value);
	return check_child(pid, 5);
}

CKPT_TEST(vfork, child_that_ends)
{
	pid_t pid;

	SPAWN(pid, wait_for_the_end());
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

/* The system call itself, where both are on one stack */
static int wait_for_plain_vfork(void)
{
	pid_t pid = vfork();

	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(6);
	}
	return check_child(pid, 6);
}

CKPT_TEST(vfork, on_one_stack)
{
	pid_t pid;

	SPAWN(pid, wait_for_plain_vfork());
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

static int wait_without_memory(void)
{
	pid_t pid = vfork_into(0, announce_and_end, SIGCHLD, "child");

	CHECK_EQ(0, value);
	return check_child(pid, 5);
}

CKPT_TEST(vfork, child_with_memory_of_its_own)
{
	pid_t pid;

	SPAWN(pid, wait_without_memory());
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

/* It must go on when the child runs something else, not when that ends. */
static int announce_and_exec(void *arg)
{
	char *argv[] = { "sh", "-c", "while ! [ -e parent ]; do sleep 0.01; done; exit 9", NULL };

	ckpt_announce(arg, "go.0");
	return execv("/bin/sh", argv);
}

static int wait_for_exec(void)
{
	pid_t pid = vfork_into(0, announce_and_exec, CLONE_VM | SIGCHLD, "child");

	ckpt_set("parent");
	return check_child(pid, 9);
}

CKPT_TEST(vfork, child_that_runs_another_program)
{
	pid_t pid;

	SPAWN(pid, wait_for_exec());
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

/* As the C library does: the child opens a file that nobody writes to yet. */
static int spawn_with_fifo(void)
{
	char *argv[] = { "sh", "-c", "read word && [ $word = hello ] && exit 3", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "fifo", O_RDONLY, 0);
	ckpt_set("spawning");
	CHECK_EQ(0, posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ));
	return check_child(pid, 3);
}

CKPT_TEST(vfork, posix_spawn_that_opens_a_fifo)
{
	pid_t pid;
	int fd;

	CHECK_OK(mkfifo("fifo", 0600));
	SPAWN(pid, spawn_with_fifo());
	ckpt_wait_for("spawning");
	sleep_ms(100 * ckpt_scale());
	ckpt_here();
	fd = open("fifo", O_WRONLY);
	CHECK_OK(fd);
	CHECK_EQ(6, write(fd, "hello\n", 6));
	close(fd);
	return ckpt_reap(pid);
}

static int vfork_again(void *arg)
{
	pid_t pid = vfork_into(1, announce_and_end, CLONE_VM | SIGCHLD, arg);

	return check_child(pid, 5) ?: 8;
}

static int wait_for_two(void)
{
	pid_t pid = vfork_into(0, vfork_again, CLONE_VM | SIGCHLD, "child");

	return check_child(pid, 8);
}

CKPT_TEST(vfork, child_that_waits_itself)
{
	pid_t pid;

	SPAWN(pid, wait_for_two());
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

/* The child is its sibling: it waits for one that is not its child. */
static int wait_for_sibling(void)
{
	pid_t pid = vfork_into(0, announce_and_end, CLONE_VM | CLONE_PARENT, "child");

	CHECK(pid > 0);
	CHECK_EQ(2, value);
	CHECK_EQ(-1, waitpid(pid, NULL, __WALL));
	return 0;
}

CKPT_TEST(vfork, child_of_ones_parent)
{
	int status, nr;
	pid_t pid;

	SPAWN(pid, wait_for_sibling());
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	nr = waitpid(-1, &status, __WALL);
	CHECK(nr > 0);
	CHECK_EQ(5, WEXITSTATUS(status));
	return 0;
}

CKPT_THREAD(wait_in_a_thread)
{
	pid_t pid;

	ready++;
	pid = vfork_into(0, announce_and_end, CLONE_VM | SIGCHLD, "child");
	return check_child(pid, 5);
}

/* The others run on. */
CKPT_TEST(vfork, by_a_thread)
{
	pthread_t thread;

	CHECK_EQ(0, start(&thread, wait_in_a_thread, NULL));
	wait_ready(1);
	ckpt_wait_for("child");
	CHECK_EQ(1, value);
	ckpt_here();
	return join(thread);
}

static volatile sig_atomic_t handled;

static void on_usr1(int sig)
{
	handled = value;
}

static int wait_with_a_signal(void)
{
	pid_t pid;

	signal(SIGUSR1, on_usr1);
	pid = vfork_into(0, announce_and_end, CLONE_VM | SIGCHLD, "child");
	/* Not before the wait was over */
	CHECK_EQ(2, handled);
	return check_child(pid, 5);
}

CKPT_TEST(vfork, with_a_pending_signal)
{
	pid_t pid;

	SPAWN(pid, wait_with_a_signal());
	ckpt_wait_for("child");
	CHECK_OK(kill(pid, SIGUSR1));
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_TEST(vfork, by_one_that_is_killed)
{
	int status;
	pid_t pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(pid, wait_for_the_end());
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
	/* The child outlives it, and the end of that finds nobody who waits. */
	CHECK(waitpid(-1, &status, 0) > 0 || errno == ECHILD);
	return 0;
}

static int end_after_two(void *arg)
{
	ckpt_announce(arg, "go.1");
	return 5;
}

static int wait_for_two_restarts(void)
{
	return check_child(vfork_into(0, end_after_two, CLONE_VM | SIGCHLD, "child"), 5);
}

/* Who waits since a restart waits elsewhere in the kernel. */
CKPT_TEST_F(vfork, twice)
{
	ckpt_roundtrip(_metadata, &self->app, "vfork_twice", 2);
}

CKPT_BODY(vfork_twice)
{
	pid_t pid;

	SPAWN(pid, wait_for_two_restarts());
	ckpt_wait_for("child");
	ckpt_point(0);
	ckpt_point(1);
	return ckpt_reap(pid);
}

/* They come and go all the while. */
static int run_true(void)
{
	char *argv[] = { "true", NULL };
	pid_t pid;

	CHECK_EQ(0, posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ));
	return check_child(pid, 0);
}

CKPT_TEST_RUNNING(vfork, that_begins_and_ends, 20)
{
	ckpt_ready();
	while (access("go.0", F_OK))
		CHECK_EQ(0, run_true());
	return 0;
}

/* ---- Refused ---- */

CKPT_TEST_F(vfork, child_alone)
{
	struct app *app = &self->app;
	pid_t root;

	ASSERT_EQ(0, app_start(app, "vfork_child_with_memory_of_its_own"));
	if (!app_plain()) {
		root = app->pid;
		ASSERT_EQ(0, app_freeze(app));
		app->pid = app_pid_of(app, 3);
		check_refusal(_metadata, app, app_checkpoint(app, CHECKPOINT_SUBTREE),
			      "child of vfork");
		app->pid = root;
		ASSERT_EQ(0, app_thaw(app));
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
