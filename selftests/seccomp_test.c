// SPDX-License-Identifier: GPL-2.0
/*
 * Seccomp: strict mode, and filters that tasks have for themselves or share
 */
#include "test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "proc.h"

CKPT_NO_RSEQ

CKPT_SUITE(seccomp);

/* Has the system call @nr fail with @error. */
static int forbid_with(int nr, int error, unsigned int flags)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int forbid(int nr, int error)
{
	return forbid_with(nr, error, 0);
}

static int error_of(long ret)
{
	return ret < 0 ? errno : 0;
}

CKPT_TEST(seccomp, filter)
{
	NEED(forbid(SYS_getppid, EXDEV));
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	ckpt_here();
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	CHECK_EQ(0, error_of(syscall(SYS_getpid)));
	CHECK_EQ(SECCOMP_MODE_FILTER, prctl(PR_GET_SECCOMP));
	return 0;
}

/* The other way round: what is not forbidden does not jump. */
CKPT_TEST(seccomp, filter_that_jumps_if_equal)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	NEED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
	ckpt_here();
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	CHECK_EQ(0, error_of(syscall(SYS_getpid)));
	return 0;
}

CKPT_TEST(seccomp, chain_of_filters)
{
	NEED(forbid(SYS_getppid, EXDEV));
	CHECK_OK(forbid_with(SYS_getpgid, ENOANO, SECCOMP_FILTER_FLAG_LOG));
	/* Of two answers the first filter's counts if they are equal. */
	CHECK_OK(forbid(SYS_getsid, EBADSLT));
	ckpt_here();
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	CHECK_EQ(ENOANO, error_of(syscall(SYS_getpgid, 0)));
	CHECK_EQ(EBADSLT, error_of(syscall(SYS_getsid, 0)));
	CHECK_OK(forbid(SYS_getuid, EXDEV));
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getuid)));
	return 0;
}

/* As many as the rules of a service add up to in time: one after the other */
#define MANY	1000

static int allow_all(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

CKPT_TEST(seccomp, thousand_filters)
{
	int i;

	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	NEED(forbid(SYS_getppid, EXDEV));
	for (i = 1; i < MANY; i++)
		CHECK_OK(allow_all());
	CHECK_EQ(MANY, proc_number("status", "Seccomp_filters", 10));
	ckpt_here();
	CHECK_EQ(MANY, proc_number("status", "Seccomp_filters", 10));
	/* The one that was first is still there. */
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	return 0;
}

/* Flags of the filter that was installed first, as who traces it is told them */
static int flags_of(pid_t pid)
{
	struct {
		uint64_t filter;	/* 0 is the first one */
		uint64_t flags;
	} meta = {};

	CHECK_OK(ptrace(PTRACE_SEIZE, pid, 0, 0));
	CHECK_OK(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CHECK_EQ(pid, waitpid(pid, NULL, __WALL));
	CHECK_OK(ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof(meta), &meta));
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
	return meta.flags;
}

static int logged(unsigned int flags, const char *ready)
{
	if (forbid_with(SYS_getpgid, ENOANO, flags) < 0)
		return 1;
	ckpt_announce(ready, "end");
	return 0;
}

CKPT_TEST(seccomp, filters_whose_actions_are_logged)
{
	pid_t with, without;

	SPAWN(with, logged(SECCOMP_FILTER_FLAG_LOG, "with"));
	SPAWN(without, logged(0, "without"));
	ckpt_wait_for("with");
	ckpt_wait_for("without");
	ckpt_here();
	CHECK_EQ(SECCOMP_FILTER_FLAG_LOG, flags_of(with));
	CHECK_EQ(0, flags_of(without));
	ckpt_set("end");
	return ckpt_reap(with) || ckpt_reap(without);
}

/* As somebody without privileges, who gets there by no_new_privs only */
CKPT_TEST(seccomp, of_a_plain_user)
{
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(syscall(SYS_setresgid, 1000, 1000, 1000));
	CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
	CHECK(forbid(SYS_getppid, EXDEV) < 0);
	CHECK_EQ(EACCES, errno);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	NEED(forbid(SYS_getppid, EXDEV));
	ckpt_here();
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	return 0;
}

static atomic_int go;

static void *child_of_filter(void *arg)
{
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return (void *)(long)error_of(syscall(SYS_getppid));
}

/*
 * A filter for all threads can only be installed if they have the same ones,
 * not only equal ones.
 */
CKPT_TEST(seccomp, shared_by_threads)
{
	pthread_t thread;
	void *error;

	NEED(forbid(SYS_getpgid, ENOANO));
	CHECK_EQ(0, pthread_create(&thread, NULL, child_of_filter, NULL));
	sleep_ms(100);
	ckpt_here();
	CHECK_EQ(ENOANO, error_of(syscall(SYS_getpgid, 0)));
	CHECK_EQ(0, forbid_with(SYS_getppid, EXDEV, SECCOMP_FILTER_FLAG_TSYNC));
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	CHECK_EQ(0, pthread_join(thread, &error));
	CHECK_EQ(EXDEV, (long)error);
	return 0;
}

static int inherits(void)
{
	ckpt_announce("child", "go.0");
	return error_of(syscall(SYS_getppid)) != EXDEV ||
	       error_of(syscall(SYS_getpgid, 0)) != ENOANO;
}

CKPT_TEST(seccomp, inherited_with_one_more)
{
	pid_t pid;

	NEED(forbid(SYS_getppid, EXDEV));
	SPAWN(pid, forbid(SYS_getpgid, ENOANO) || inherits());
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(EXDEV, error_of(syscall(SYS_getppid)));
	CHECK_EQ(0, error_of(syscall(SYS_getpgid, 0)));
	return ckpt_reap(pid);
}

/* Only read() and write() are left to it, and _exit(). */
static int strict(int in, int out)
{
	char c;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		syscall(SYS_exit, 2);
	if (write(out, "r", 1) != 1 || read(in, &c, 1) != 1)
		syscall(SYS_exit, 3);
	if (c == 'k')
		syscall(SYS_getpid);
	syscall(SYS_exit, 0);
	return 0;
}

static int strict_child(char what)
{
	int in[2], out[2], status;
	pid_t pid;
	char c;

	CHECK(!pipe(in) && !pipe(out));
	SPAWN(pid, strict(in[0], out[1]));
	CHECK_EQ(1, read(out[0], &c, 1));
	ckpt_here();
	CHECK_EQ(1, write(in[1], &what, 1));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	return status;
}

CKPT_TEST(seccomp, strict_mode_may_write_and_exit)
{
	CHECK_EQ(0, strict_child('x'));
	return 0;
}

CKPT_TEST(seccomp, strict_mode_kills)
{
	int status = strict_child('k');

	CHECK(WIFSIGNALED(status));
	CHECK_EQ(SIGKILL, WTERMSIG(status));
	return 0;
}

TEST_HARNESS_MAIN
