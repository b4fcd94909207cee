/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bodies of trees in which a 32-bit program is the child of a 64-bit one, or
 * the other way round: both compat_test and compat_app have all of them, and
 * each runs OTHER_PROGRAM, which is beside it, for the next generation.
 */
#ifndef CKPT_TEST_MIXED_H
#define CKPT_TEST_MIXED_H

#include "test.h"

#include <limits.h>
#include <linux/futex.h>

#define MIXED_FD	10

/* In a child: becomes the other program and runs @body of it. */
static int run_other(const char *body)
{
	char dir[APP_DIR_LEN], exe[2 * PATH_MAX], self[PATH_MAX];
	char *argv[] = { exe, (char *)"--body", (char *)body, dir, NULL };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK_OK(len);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(exe, sizeof(exe), "%s/" OTHER_PROGRAM, self);
	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	execv(exe, argv);
	return ckpt_fail(__FILE__, __LINE__, "execv");
}

/* Something of its own to keep: memory, a static variable, a descriptor. */
static int mixed_keeps(const char *name)
{
	static char memory[65536];
	static long kept;

	kept = sizeof(long) * 1000;
	pattern_fill(memory, sizeof(memory), sizeof(long));
	ckpt_announce(name, "go.0");
	CHECK(!pattern_check(memory, sizeof(memory), sizeof(long)));
	CHECK_EQ(sizeof(long) * 1000, kept);
	return 0;
}

CKPT_BODY(mixed_leaf)
{
	return mixed_keeps("leaf");
}

CKPT_BODY(mixed_middle)
{
	pid_t pid;

	SPAWN(pid, run_other("mixed_leaf"));
	ckpt_wait_for("leaf");
	return mixed_keeps("middle") || ckpt_reap(pid);
}

/* Three generations, each of the other kind than the one before */
CKPT_BODY(mixed_generations)
{
	pid_t pid;

	SPAWN(pid, run_other("mixed_middle"));
	ckpt_wait_for("middle");
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_BODY(mixed_writer)
{
	CHECK_EQ(5, write(MIXED_FD, "first", 5));
	ckpt_announce("writer", "go.0");
	CHECK_EQ(6, write(MIXED_FD, "second", 6));
	return 0;
}

CKPT_BODY(mixed_pipe)
{
	char text[16] = "";
	pid_t pid;
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(dup2(fd[1], MIXED_FD));
	CHECK_OK(close(fd[1]));
	SPAWN(pid, run_other("mixed_writer"));
	ckpt_wait_for("writer");
	ckpt_here();
	CHECK(!ckpt_reap(pid));
	CHECK_EQ(11, read(fd[0], text, sizeof(text)));
	CHECK(!strcmp(text, "firstsecond"));
	return 0;
}

static int *map_shared_word(void)
{
	int fd = open("word", O_RDWR | O_CREAT, 0600);
	void *p;

	if (ftruncate(fd, 4096))
		return NULL;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* In a system call that the other one ends */
CKPT_BODY(mixed_waiter)
{
	volatile int *word = map_shared_word();

	CHECK(word);
	ckpt_set("waiter");
	while (!*word)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	CHECK_EQ(42, *word);
	return 0;
}

CKPT_BODY(mixed_futex)
{
	int *word = map_shared_word();
	pid_t pid;

	CHECK(word);
	SPAWN(pid, run_other("mixed_waiter"));
	ckpt_wait_for("waiter");
	usleep(100000);
	ckpt_here();
	*word = 42;
	CHECK_OK(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0));
	return ckpt_reap(pid);
}

static int mixed_block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGRTMIN + 3);
	return sigprocmask(SIG_BLOCK, set, NULL);
}

CKPT_BODY(mixed_receiver)
{
	struct timespec now = { 0 };
	siginfo_t si;
	sigset_t set;

	CHECK_OK(mixed_block(&set));
	CHECK_OK(sigqueue(getppid(), SIGRTMIN + 3, (union sigval) { .sival_int = -2 }));
	ckpt_announce("receiver", "go.0");
	CHECK_EQ(SIGRTMIN + 3, sigtimedwait(&set, &si, &now));
	CHECK_EQ(-1, si.si_value.sival_int);
	CHECK_EQ(getppid(), si.si_pid);
	return 0;
}

/* Each has sent the other a signal, in the layout of its own kind. */
CKPT_BODY(mixed_signals)
{
	struct timespec now = { 0 };
	siginfo_t si;
	sigset_t set;
	pid_t pid;

	CHECK_OK(mixed_block(&set));
	SPAWN(pid, run_other("mixed_receiver"));
	ckpt_wait_for("receiver");
	CHECK_OK(sigqueue(pid, SIGRTMIN + 3, (union sigval) { .sival_int = -1 }));
	ckpt_here();
	CHECK_EQ(SIGRTMIN + 3, sigtimedwait(&set, &si, &now));
	CHECK_EQ(-2, si.si_value.sival_int);
	CHECK_EQ(pid, si.si_pid);
	return ckpt_reap(pid);
}

/* Checkpointed again from the restart */
CKPT_BODY(mixed_cycles)
{
	pid_t pid;
	int i;

	SPAWN(pid, run_other("mixed_waiter"));
	ckpt_wait_for("waiter");
	for (i = 0; i < 5; i++)
		ckpt_point(i);
	*map_shared_word() = 42;
	CHECK_OK(kill(pid, 0));
	CHECK_OK(syscall(SYS_futex, map_shared_word(), FUTEX_WAKE, 1, NULL, NULL, 0));
	return ckpt_reap(pid);
}

#endif /* CKPT_TEST_MIXED_H */
