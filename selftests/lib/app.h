/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An application in a container, taken through freeze, checkpoint and restart
 *
 * A test consists of a *body*, which runs in the container, and of what is
 * done to it from outside. The body prepares some state, calls ckpt_here(),
 * finds itself restarted when that returns, looks at its state again and
 * returns 0 or, by CHECK(), -1. Both sides talk through files in the
 * application's own directory only, so that nothing leads out of the tree.
 */
#ifndef CKPT_TEST_APP_H
#define CKPT_TEST_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/checkpoint.h>
#include <linux/checkpoint_image.h>

#ifndef __NR_checkpoint
#define __NR_checkpoint	472
#define __NR_restart	473
#define __NR_clone2	474
#endif

/*
 * The plain names are of calls with times of 32 bits and ids of 16, as no library
 * has now.
 */
#ifdef __i386__
#undef SYS_futex
#define SYS_futex		SYS_futex_time64
#undef SYS_ppoll
#define SYS_ppoll		SYS_ppoll_time64
#undef SYS_rt_sigtimedwait
#define SYS_rt_sigtimedwait	SYS_rt_sigtimedwait_time64
#undef SYS_timer_settime
#define SYS_timer_settime	SYS_timer_settime64
#undef SYS_timer_gettime
#define SYS_timer_gettime	SYS_timer_gettime64
#undef SYS_setgroups
#define SYS_setgroups		SYS_setgroups32
#undef SYS_setresuid
#define SYS_setresuid		SYS_setresuid32
#undef SYS_setresgid
#define SYS_setresgid		SYS_setresgid32
#undef SYS_getgroups
#define SYS_getgroups		SYS_getgroups32
#undef SYS_getresuid
#define SYS_getresuid		SYS_getresuid32
#undef SYS_getresgid
#define SYS_getresgid		SYS_getresgid32
#endif

static inline int sys_checkpoint(pid_t pid, int fd, unsigned long flags,
				 int logfd)
{
	return syscall(__NR_checkpoint, pid, fd, flags, logfd);
}

static inline int sys_restart(pid_t pid, int fd, unsigned long flags, int logfd)
{
	return syscall(__NR_restart, pid, fd, flags, logfd);
}

static inline int sys_clone2(struct clone_struct *cs, pid_t *pids)
{
	return syscall(__NR_clone2, cs, pids);
}

/* What is mapped into the user namespace of a container with one */
#define APP_UID_MAP	"0 0 1000\n5000 7000 10\n"
#define APP_GID_MAP	"0 0 2000\n"

/* ------------------------------------------------------------------------
 * Inside: for bodies
 */

struct ckpt_body {
	const char *name;
	int (*fn)(void);
};

#define CKPT_BODY(bname)						\
	static int body_##bname(void);					\
	static const struct ckpt_body body_desc_##bname = {		\
		.name = #bname, .fn = body_##bname,			\
	};								\
	static const struct ckpt_body *const body_ptr_##bname		\
		__attribute__((used, section("ckpt_bodies"))) =		\
		&body_desc_##bname;					\
	static int body_##bname(void)

/* Ready to be checkpointed; returns when told to go on. */
void ckpt_here(void);

/* The same with a number, for bodies that are checkpointed more than once. */
void ckpt_point(int nr);

/* Ready, without waiting: the next system call is the one to interrupt. */
void ckpt_ready(void);

/* Flag files, relative to the application's directory unless absolute. */
void ckpt_set(const char *flag);
void ckpt_wait_for(const char *flag);

/* ckpt_set() and ckpt_wait_for() in one: nothing happens in between. */
void ckpt_announce(const char *ready, const char *flag);

/* The application's directory, an absolute path. */
const char *ckpt_dir(void);

int ckpt_fail(const char *file, int line, const char *what);
int ckpt_fail_eq(const char *file, int line, const char *what,
		 long long expected, long long seen);
int ckpt_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ckpt_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Where the kernel writes on which processor the process is, a struct rseq: no
 * matter to the oracle, which finds it through the environment. That of the C
 * library is known.
 */
#define CKPT_RSEQ_VARIABLE	"CKPT_TEST_RSEQ"
void ckpt_rseq_area(const void *area);

/* Multiplies every time limit; above 1 on slow (debugging) kernels. */
double ckpt_scale(void);

/*
 * Seconds that the last restart took, after the body was told to go on; 0 without
 * one. So much CLOCK_MONOTONIC may be ahead of what had time left.
 */
double ckpt_restart_took(void);

/* The file that tells it */
#define CKPT_TOOK	"restart.took"

/*
 * For a child that has it saved while another process is in a loop without system
 * calls, or in one that waits. How long the way there takes, nobody knows.
 */
int ckpt_wait_spins(pid_t pid);
int ckpt_wait_sleeps(pid_t pid);

#define CHECK(cond) do {						\
	if (!(cond))							\
		return ckpt_fail(__FILE__, __LINE__, #cond);		\
} while (0)

#define CHECK_EQ(expected, seen) do {					\
	long long __e = (long long)(expected), __s = (long long)(seen);	\
	if (__e != __s)							\
		return ckpt_fail_eq(__FILE__, __LINE__,			\
				    #expected " == " #seen, __e, __s);	\
} while (0)

#define CHECK_OK(call) CHECK((call) >= 0)

/* What the machine may lack: without it the test is skipped. */
#define NEED(call) do {							\
	if ((call) < 0)							\
		return ckpt_skip(#call ": %s", strerror(errno));	\
} while (0)

/* Forks a process that runs @expr and exits with its value; 0 on success. */
#define SPAWN(pid, expr) do {						\
	pid = fork();							\
	CHECK(pid >= 0);						\
	if (pid == 0)							\
		_exit(expr);						\
} while (0)

/*
 * What a body returns instead of 1 if something was over too late, which may be
 * because of the machine: the test is made again with more time. What is wrong is
 * so each time.
 */
#define CKPT_LATE	5

/* Waits for a child; 0 when it exited with 0. */
int ckpt_reap(pid_t pid);

/* Deterministic bytes that differ from page to page and seed to seed. */
void pattern_fill(void *mem, size_t len, uint64_t seed);
int pattern_check(const void *mem, size_t len, uint64_t seed);

double now_monotonic(void);

/* ------------------------------------------------------------------------
 * Outside
 */

enum ckpt_freezer { FREEZER_V2, FREEZER_V1 };

#define APP_DIR_LEN	64
#define APP_LOG_LEN	16384
#define APP_SKIPPED	1000

struct app {
	enum ckpt_freezer freezer;
	bool below_init;	/* the body is a child of the container's init */
	bool net;		/* the container has a network of its own */
	bool user;		/* and a user namespace, with APP_UID_MAP */
	bool no_setgroups;	/* in which setgroups() is denied */
	bool tool;		/* restart(1) restarts it, not we */
	bool saving_tool;	/* and checkpoint(1) saves it, with its mounts */
	bool time_now;		/* restart(1) does so with --time=now */
	bool in_call;		/* it is checkpointed in a call that goes on */
	bool in_vdso;		/* it may be checkpointed in the vDSO, and has a copy then */
	double still_for;	/* what it has set goes off so many seconds after its start */
	const char *exe;	/* the program with the body, beside the test's own */
	int stdio[3];		/* descriptors 0 to 2 of the body, or -1 */
	char dir[APP_DIR_LEN];
	char cgroup[256];
	pid_t pid;		/* of the container's init, as seen from here */
	int image;
	int point;		/* of ckpt_point() */
	double started;		/* when it was, on the test's clock */
	double patience;	/* seconds for app_wait_blocked(), or 0 for the usual */
	unsigned int fail_open;	/* which allocation fails: when it is opened, */
	unsigned int fail_join;	/* in each task that joins, */
	pid_t fail_pid;		/* or only in the one with this id, if not 0, */
	unsigned int fail_rest;	/* and while the coordinator completes it */
	void (*joining)(void);	/* runs in each process before it joins a restart */
	int status;		/* as of waitpid() */
	char reason[256];	/* why it was skipped */
	char log[APP_LOG_LEN];	/* lines of the last checkpoint() or restart() */
};

/* All return 0, or a negative errno, unless noted. */
int app_init(struct app *app, enum ckpt_freezer freezer);
int app_start(struct app *app, const char *body);	/* or APP_SKIPPED */
int app_freeze(struct app *app);
int app_thaw(struct app *app);
int app_checkpoint(struct app *app, unsigned long flags);
int app_kill(struct app *app);
int app_restart(struct app *app);
int app_wait_ready(struct app *app);
int app_wait_blocked(struct app *app);
int app_wait_asleep(struct app *app);
void app_wait_settled(struct app *app);
void app_go(struct app *app);
int app_finish(struct app *app);	/* go, and 0 if the body is content */
int app_wait(struct app *app);		/* the same without the go */
void app_show(struct app *app);		/* the body's and the kernel's words */
void app_cleanup(struct app *app);

/* Whether it ended with CKPT_LATE */
bool app_late(const struct app *app);

/* For another try: as it was before app_start(), with so many times the time. */
int app_again(struct app *app, double times);

/* Seconds since app_start() */
double app_age(const struct app *app);

/* The whole way: start, freeze, checkpoint, kill. */
int app_capture(struct app *app, const char *body);

/* Pid of the body (below_init) or of pid @nr of the container, seen from here. */
pid_t app_pid_of(struct app *app, pid_t nr);

/* True when the tests are run without the system calls, to check themselves. */
bool app_plain(void);

/* True when the applications are 32-bit programs. */
bool app_narrow(void);

/* True when the kernel has the system calls. */
bool app_supported(void);

/* Tasks, mounts, IPC objects, descriptors and control groups there are: to compare. */
struct leftovers {
	unsigned int tasks;
	unsigned int mounts;
	unsigned int ipc;
	unsigned int fds;
	unsigned int cgroups;
};

void leftovers_get(struct leftovers *l);

/* Waits some time for a state with nothing more than in @l; 0, or words. */
const char *leftovers_check(const struct leftovers *l);

int write_file(const char *path, const char *text);
ssize_t read_file(const char *path, char *buf, size_t size);
void sleep_ms(unsigned int ms);

/* restart.c */
int restart_image(struct app *app, int image, int logfd);

/*
 * The @nr-th allocation of the calling task fails; 0 takes it back and yields
 * how many were to come still: 0 when it has failed. Or a negative errno.
 */
int fail_nth(unsigned int nr);

#endif /* CKPT_TEST_APP_H */
