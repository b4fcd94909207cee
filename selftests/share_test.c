// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that share memory without being threads, and what else clone() lets
 * them share
 */
#include "threads.h"
#include "refusal.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>

CKPT_SUITE(share);
CKPT_SUITE_V1(share);

#define PAGE		4096UL
#define STACK		(64 << 10)
#define MAX_PROCESSES	8

static char stacks[MAX_PROCESSES][STACK] __attribute__((aligned(16)));
static int nr_stacks;

/* A process that shares what @flags say; they have the C library in common. */
static pid_t make(int (*fn)(void *), int flags, void *arg)
{
	char *stack = stacks[__atomic_fetch_add(&nr_stacks, 1, __ATOMIC_SEQ_CST)];

	return clone(fn, stack + STACK, flags, arg);
}

/* For one process, or with -1 for any */
static int wait_for_status(pid_t pid, int expected)
{
	int status = -1;
	pid_t found;

	found = waitpid(pid, &status, __WALL);
	CHECK(found > 0 && (pid < 0 || found == pid));
	CHECK(WIFEXITED(status));
	CHECK_EQ(expected, WEXITSTATUS(status));
	return 0;
}

/* Like wait_in_thread(), for those that look at it as processes */
static void wait_in_process(void)
{
	ready++;
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void release_processes(void)
{
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

/* ---- Memory ---- */

static volatile int value;
static char *volatile mapped;

static int write_and_map(void *arg)
{
	wait_in_process();
	CHECK_EQ(1, value);
	value = 2;
	mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mapped != MAP_FAILED);
	*mapped = 'm';
	return 3;
}

static int memory_with(int flags)
{
	char *pages = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(pages != MAP_FAILED);
	pattern_fill(pages, 64 * PAGE, 7);
	pid = make(write_and_map, flags | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(1);
	value = 1;
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 3));
	CHECK_EQ(2, value);
	CHECK_EQ('m', *mapped);
	CHECK_EQ(0, pattern_check(pages, 64 * PAGE, 7));
	return 0;
}

CKPT_TEST(share, memory)
{
	return memory_with(CLONE_VM);
}

CKPT_TEST(share, memory_and_dispositions)
{
	return memory_with(CLONE_VM | CLONE_SIGHAND);
}

/* What was called threads once */
CKPT_TEST(share, all_but_the_process)
{
	return memory_with(CLONE_VM | CLONE_SIGHAND | CLONE_FS | CLONE_FILES);
}

static int ignore_usr1(void *arg)
{
	wait_in_process();
	CHECK_EQ(0, signal(SIGUSR1, SIG_IGN) != SIG_DFL);
	return 0;
}

/* A change by one of them is one for all who share them, and no others. */
CKPT_TEST(share, dispositions_that_change)
{
	struct sigaction sa;
	pid_t with, without, pid;

	SPAWN(pid, (ckpt_announce("own", "go.0"), sigaction(SIGUSR1, NULL, &sa),
		    ckpt_wait_for("changed"), sigaction(SIGUSR1, NULL, &sa),
		    sa.sa_handler != SIG_DFL));
	ckpt_wait_for("own");
	with = make(ignore_usr1, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	CHECK_OK(with);
	without = make(ignore_usr1, CLONE_VM | SIGCHLD, NULL);
	CHECK_OK(without);
	wait_ready(2);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(with, 0));
	CHECK_EQ(0, wait_for_status(without, 0));
	CHECK_OK(sigaction(SIGUSR1, NULL, &sa));
	CHECK(sa.sa_handler == SIG_IGN);
	ckpt_set("changed");
	return ckpt_reap(pid);
}

/* Signals are for the one process, whoever handles them. */
static volatile sig_atomic_t handled_by;

static void note_pid(int sig)
{
	handled_by = getpid();
}

static int signal_oneself(void *arg)
{
	wait_in_process();
	CHECK_OK(kill(getpid(), SIGUSR2));
	CHECK_EQ(getpid(), handled_by);
	return 0;
}

CKPT_TEST(share, handlers)
{
	pid_t pid;

	signal(SIGUSR2, note_pid);
	pid = make(signal_oneself, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(1);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 0));
	CHECK_OK(raise(SIGUSR2));
	CHECK_EQ(getpid(), handled_by);
	return 0;
}

/* ---- In all places of the tree ---- */

static int wait_and_return(void *arg)
{
	wait_in_process();
	value++;
	return (long)arg;
}

static int make_another(void *arg)
{
	pid_t pid = make(wait_and_return, CLONE_VM | SIGCHLD, (void *)4);

	CHECK_OK(pid);
	wait_in_process();
	return wait_for_status(pid, 4);
}

CKPT_TEST(share, memory_of_three_generations)
{
	pid_t pid = make(make_another, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);

	CHECK_OK(pid);
	wait_ready(2);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 0));
	CHECK_EQ(1, value);
	return 0;
}

/* The one in the middle has run another program. */
static int make_another_and_exec(void *arg)
{
	char *argv[] = { "sh", "-c", ": >shell; while ! [ -e go.1 ]; do sleep 0.01; done; exit 6", NULL };

	CHECK_OK(make(wait_and_return, CLONE_VM | SIGCHLD, (void *)4));
	return execv("/bin/sh", argv);
}

/* What the shell is about just now is never the same twice. */
CKPT_TEST_RUNNING(share, memory_across_a_process_with_its_own, 2)
{
	pid_t pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid = make(make_another_and_exec, CLONE_VM | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(1);
	ckpt_wait_for("shell");
	ckpt_ready();
	ckpt_wait_for("go.0");
	/* First the shell, which would wait for its child. */
	ckpt_set("go.1");
	CHECK_EQ(0, wait_for_status(pid, 6));
	release_processes();
	CHECK_EQ(0, wait_for_status(-1, 4));
	CHECK_EQ(1, value);
	return 0;
}

static int make_sibling(void *arg)
{
	pid_t *pid = arg;

	*pid = make(wait_and_return, CLONE_VM | CLONE_SIGHAND | CLONE_PARENT, (void *)5);
	CHECK_OK(*pid);
	wait_in_process();
	/* It is our parent's. */
	CHECK_EQ(-1, waitpid(*pid, NULL, WNOHANG | __WALL));
	CHECK_EQ(ECHILD, errno);
	return 7;
}

CKPT_TEST(share, memory_of_a_sibling)
{
	static pid_t sibling;
	pid_t pid = make(make_sibling, CLONE_VM | CLONE_SIGHAND | SIGCHLD, &sibling);

	CHECK_OK(pid);
	wait_ready(2);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 7));
	CHECK_EQ(0, wait_for_status(sibling, 5));
	return 0;
}

/* With a child by fork(), whose pages are still those of its parent */
static int make_with_parent(void *arg)
{
	pid_t *pid = arg;

	*pid = make(wait_and_return, CLONE_VM | CLONE_SIGHAND | CLONE_PARENT, (void *)5);
	return *pid > 0 ? 7 : 1;
}

static int family_of_its_own(void)
{
	static pid_t sibling;
	siginfo_t info;
	pid_t pid;

	pid = make(make_with_parent, CLONE_VM | CLONE_SIGHAND | SIGCHLD, &sibling);
	CHECK_OK(pid);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	wait_ready(1);
	ckpt_announce("family", "go.0");
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 7));
	return wait_for_status(sibling, 5);
}

/* The first to have had the dispositions after the parent is a zombie. */
CKPT_TEST(share, dispositions_of_a_zombie)
{
	pid_t pid;

	SPAWN(pid, family_of_its_own());
	ckpt_wait_for("family");
	ckpt_here();
	return ckpt_reap(pid);
}

static int exec_away(void *arg)
{
	char *argv[] = { "cat", "fifo", NULL };

	CHECK_OK(mkfifo("fifo", 0600));
	CHECK_OK(make(wait_and_return, CLONE_VM | CLONE_SIGHAND | SIGCHLD, (void *)4));
	while (ready < 1)
		sleep_ms(1);
	return execv("/bin/cat", argv);
}

static int leave_a_family(void)
{
	pid_t pid;

	pid = make(exec_away, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	CHECK_OK(pid);
	while (ready < 1)
		sleep_ms(1);
	_exit(0);
}

/* No thread of whoever had it first is left. */
CKPT_TEST(share, memory_whose_first_owner_is_gone)
{
	int status, i;
	pid_t pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(pid, leave_a_family());
	CHECK_EQ(0, ckpt_reap(pid));
	sleep_ms(200 * ckpt_scale());
	ckpt_here();
	for (i = 0; i < 2; i++) {
		CHECK_OK(kill(-1, SIGKILL));
		CHECK(waitpid(-1, &status, __WALL) > 0);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	return 0;
}

/* ---- Both with threads ---- */

static void *wait_as_thread(void *arg)
{
	wait_in_process();
	value++;
	return NULL;
}

static int wait_raw(void *arg)
{
	wait_in_process();
	__atomic_fetch_add(&value, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* The C library knows nothing of it: its threads are made without. */
static int have_thread(void *arg)
{
	CHECK_OK(make(wait_raw, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				CLONE_THREAD, NULL));
	wait_in_process();
	/* It adds its one before it ends; both of them end. */
	while (value < 1)
		sleep_ms(1);
	return 0;
}

CKPT_TEST(share, memory_of_processes_with_threads)
{
	pthread_t thread;
	pid_t pid;

	CHECK_EQ(0, start(&thread, wait_as_thread, NULL));
	pid = make(have_thread, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(3);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, join(thread));
	CHECK_EQ(0, wait_for_status(pid, 0));
	return 0;
}

/* ---- What goes with the memory ---- */

static int look_at_dumpable(void *arg)
{
	wait_in_process();
	CHECK_EQ(0, prctl(PR_GET_DUMPABLE));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	return 0;
}

CKPT_TEST(share, whether_they_may_be_dumped)
{
	pid_t pid;

	pid = make(look_at_dumpable, CLONE_VM | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(1);
	CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 0));
	CHECK_EQ(1, prctl(PR_GET_DUMPABLE));
	return 0;
}

CKPT_TEST(share, what_is_set_for_the_oom_killer)
{
	char path[40], text[16];
	pid_t pid;

	pid = make(wait_and_return, CLONE_VM | SIGCHLD, (void *)0);
	CHECK_OK(pid);
	wait_ready(1);
	ckpt_here();
	CHECK_OK(write_file("/proc/self/oom_score_adj", "77"));
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	CHECK(read_file(path, text, sizeof(text)) > 0);
	CHECK_EQ(77, atoi(text));
	release_processes();
	return wait_for_status(pid, 0);
}

static atomic_int private_word;

static int wait_private(void *arg)
{
	ready++;
	while (!private_word)
		futex_wait(&private_word, 0);
	return 0;
}

/* Who shares memory shares private futexes. */
CKPT_TEST(share, private_futex)
{
	pid_t pid = make(wait_private, CLONE_VM | SIGCHLD, NULL);
	int i, woken = 0;

	CHECK_OK(pid);
	wait_ready(1);
	ckpt_here();
	/* It takes its time to be in it again, which must not help. */
	sleep_ms(100 * ckpt_scale());
	/* Woken without a reason it goes there again. */
	for (i = 0; i < 60000 && !woken; i++, sleep_ms(1))
		woken = syscall(SYS_futex, &private_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	CHECK_EQ(1, woken);
	private_word = 1;
	CHECK_OK(syscall(SYS_futex, &private_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	return wait_for_status(pid, 0);
}

/* ---- What the parent is told ---- */

/* The signal is for who it was when it made the child. */
static int told(pid_t pid, int expected)
{
	struct timespec minute = { .tv_sec = 60 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	ckpt_here();
	CHECK_EQ(expected, sigtimedwait(&set, NULL, &minute));
	return wait_for_status(pid, 0);
}

static pid_t make_one_with_a_signal(void)
{
	pid_t pid = syscall(SYS_clone, SIGUSR1, NULL, NULL, NULL, NULL);

	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(0);
	}
	ckpt_wait_for("child");
	return pid;
}

CKPT_TEST(share, exit_signal)
{
	return told(make_one_with_a_signal(), SIGUSR1);
}

CKPT_BODY(another_program)
{
	return told(-1, SIGCHLD);
}

CKPT_TEST(share, exit_signal_for_another_program)
{
	char exe[] = "/proc/self/exe", option[] = "--body", body[] = "another_program";
	char dir[APP_DIR_LEN], *argv[] = { exe, option, body, dir, NULL };

	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	CHECK_OK(make_one_with_a_signal());
	CHECK_OK(execv(exe, argv));
	return 0;
}

/* ---- What else it can see ---- */

CKPT_TEST(share, child_that_has_executed_a_program)
{
	char exe[] = "/proc/self/exe", option[] = "--body", body[] = "idle";
	char dir[APP_DIR_LEN], *argv[] = { exe, option, body, dir, NULL };
	pid_t forked, executed;

	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	SPAWN(forked, (ckpt_announce("forked", "go.0"), 0));
	SPAWN(executed, execv(exe, argv));
	ckpt_wait_for("forked");
	ckpt_wait_for("idle");
	ckpt_here();
	CHECK(setpgid(executed, 0) < 0 && errno == EACCES);
	return ckpt_reap(forked) || ckpt_reap(executed);
}

CKPT_BODY(idle)
{
	ckpt_announce("idle", "go.0");
	return 0;
}

CKPT_TEST(share, child_that_has_not)
{
	pid_t pid;

	SPAWN(pid, (ckpt_announce("forked", "go.0"), sleep_ms(200 * ckpt_scale()), 0));
	ckpt_wait_for("forked");
	ckpt_here();
	CHECK_OK(setpgid(pid, 0));
	return ckpt_reap(pid);
}

/* ---- What else clone() shares ---- */

static int semaphore;

static int raise_semaphore(void *arg)
{
	struct sembuf op = { .sem_op = 3, .sem_flg = SEM_UNDO };

	wait_in_process();
	return semop(semaphore, &op, 1);
}

/* What it has done to semaphores is undone when nobody shares the list any more. */
static int undone_with(int flags, int expected)
{
	pid_t pid = make(raise_semaphore, CLONE_VM | flags | SIGCHLD, NULL);

	CHECK_OK(pid);
	wait_ready(1);
	ckpt_here();
	semaphore = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	NEED(semaphore);
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 0));
	CHECK_EQ(expected, semctl(semaphore, 0, GETVAL));
	return semctl(semaphore, 0, IPC_RMID);
}

CKPT_TEST(share, semaphores_that_are_undone_with_the_last)
{
	return undone_with(CLONE_SYSVSEM, 3);
}

CKPT_TEST(share, semaphores_that_each_undoes)
{
	return undone_with(0, 0);
}

#define IOPRIO(n)	(2 << 13 | (n))

static int set_io_priority(void *arg)
{
	wait_in_process();
	return syscall(SYS_ioprio_set, 1, 0, IOPRIO(5));
}

static int io_priority_with(int flags, int expected)
{
	pid_t pid;

	CHECK_OK(syscall(SYS_ioprio_set, 1, 0, IOPRIO(6)));
	pid = make(set_io_priority, CLONE_VM | flags | SIGCHLD, NULL);
	CHECK_OK(pid);
	wait_ready(1);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 0));
	CHECK_EQ(expected, syscall(SYS_ioprio_get, 1, 0));
	return 0;
}

CKPT_TEST(share, io_context)
{
	return io_priority_with(CLONE_IO, IOPRIO(5));
}

CKPT_TEST(share, io_priority_of_its_own)
{
	return io_priority_with(0, IOPRIO(6));
}

#define RAW_THREAD	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

static int make_thread_with_all(void *arg)
{
	CHECK_OK(make(wait_raw, RAW_THREAD | CLONE_SYSVSEM | CLONE_IO, NULL));
	return wait_raw(NULL);
}

/*
 * Two threads share what the first one has not; a process shares it, too. The
 * oracle sees who has what.
 */
CKPT_TEST(share, contexts_of_threads_that_are_not_the_first)
{
	pid_t pid;

	CHECK_OK(syscall(SYS_ioprio_set, 1, 0, IOPRIO(6)));
	CHECK_OK(make(make_thread_with_all, RAW_THREAD, NULL));
	pid = make(wait_and_return, CLONE_VM | CLONE_SYSVSEM | CLONE_IO | SIGCHLD, (void *)2);
	CHECK_OK(pid);
	wait_ready(3);
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 2));
	/* Both threads and the process */
	while (value < 3)
		sleep_ms(1);
	return 0;
}

/* ---- Their ends ---- */

static int run_shell(void *arg)
{
	char *argv[] = { "sh", "-c", "exit 9", NULL };

	wait_in_process();
	return execv("/bin/sh", argv);
}

/* Whose memory stays with the other */
CKPT_TEST(share, memory_until_one_runs_another_program)
{
	pid_t pid = make(run_shell, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);

	CHECK_OK(pid);
	wait_ready(1);
	signal(SIGUSR1, SIG_IGN);
	value = 8;
	ckpt_here();
	release_processes();
	CHECK_EQ(0, wait_for_status(pid, 9));
	CHECK_EQ(8, value);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	return 0;
}

static int outlive(void *arg)
{
	wait_in_process();
	ckpt_wait_for("alone");
	CHECK_EQ(8, value);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, 0));
	_exit(0);
}

static int own_it_first(void)
{
	CHECK_OK(make(outlive, CLONE_VM | SIGCHLD, NULL));
	while (ready < 1)
		sleep_ms(1);
	value = 8;
	ckpt_announce("owner", "go.0");
	release_processes();
	_exit(0);
}

/* The one that has restored it ends first. */
CKPT_TEST(share, memory_that_outlives_its_owner)
{
	pid_t pid;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(pid, own_it_first());
	ckpt_wait_for("owner");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("alone");
	return wait_for_status(-1, 0);
}

/* ---- Refused ---- */

CKPT_TEST_F(share, memory_with_who_is_not_in_the_tree)
{
	struct app *app = &self->app;
	pid_t root;
	int ret;

	ret = app_start(app, "share_memory");
	ASSERT_EQ(0, ret);
	if (!app_plain()) {
		root = app->pid;
		ASSERT_EQ(0, app_freeze(app));
		app->pid = app_pid_of(app, 2);
		ret = app_checkpoint(app, CHECKPOINT_SUBTREE);
		app->pid = root;
		check_refusal(_metadata, app, ret, "memory with a process outside");
		ASSERT_EQ(0, app_thaw(app));
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
