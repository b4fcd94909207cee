// SPDX-License-Identifier: GPL-2.0
/*
 * What the program that restarts has set for itself, the application does not get
 */
#include "calls.h"

#include <linux/filter.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH	59
#define PR_SYS_DISPATCH_ON		1
#endif

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#define PR_GET_MEMORY_MERGE	68
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS	77
#define PR_TIMER_CREATE_RESTORE_IDS_ON	1
#define PR_TIMER_CREATE_RESTORE_IDS_GET	2
#endif

#define FLAG_KEEP_ALL		0x18
#define FLAG_UTIL_CLAMP_MIN	0x20

CKPT_SUITE(tool);

/* Whether the restart of @body by who has called @set first is as it is to be */
static int restart_by(struct __test_metadata *_metadata, struct app *app,
		      const char *body, void (*set)(void))
{
	int ret = app_capture(app, body);

	if (ret == APP_SKIPPED)
		return ret;
	EXPECT_EQ(0, ret);
	app->joining = set;
	ret = app_restart(app);
	app->joining = NULL;
	return ret;
}

static void gets_nothing(struct __test_metadata *_metadata, struct app *app,
			 const char *body, void (*set)(void))
{
	int ret;

	NOT_PLAIN();
	ret = restart_by(_metadata, app, body, set);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

#define GETS_NOTHING(name, set)						\
	static int body_tool_##name(void);				\
	CKPT_TEST_F(tool, name)						\
	{								\
		gets_nothing(_metadata, &self->app, "tool_" #name, set); \
	}								\
	CKPT_BODY(tool_##name)

/* ---- What can be taken back ---- */

static void be_on_first_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

GETS_NOTHING(affinity, be_on_first_processor)
{
	cpu_set_t before, after;

	CHECK_OK(sched_getaffinity(0, sizeof(before), &before));
	if (CPU_COUNT(&before) < 2)
		return ckpt_skip("only one processor");
	ckpt_here();
	CHECK_OK(sched_getaffinity(0, sizeof(after), &after));
	CHECK(CPU_EQUAL(&before, &after));
	return 0;
}

static void have_policy(void)
{
	unsigned long node = 1;

	syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node));
}

GETS_NOTHING(memory_policy, have_policy)
{
	int mode = -1;

	NEED(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0));
	CHECK_EQ(MPOL_DEFAULT, mode);
	ckpt_here();
	CHECK_OK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0));
	CHECK_EQ(MPOL_DEFAULT, mode);
	return 0;
}

/* The C library has one of its own, or none. */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

static int clamp(uint32_t min)
{
	struct attr attr = {
		.size = sizeof(attr),
		.flags = FLAG_KEEP_ALL | FLAG_UTIL_CLAMP_MIN,
		.util_min = min,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0);
}

static void be_clamped(void)
{
	clamp(600);
}

GETS_NOTHING(limit_of_utilization, be_clamped)
{
	struct attr before, after;

	NEED(clamp(-1));
	CHECK_OK(syscall(SYS_sched_getattr, 0, &before, sizeof(before), 0));
	ckpt_here();
	CHECK_OK(syscall(SYS_sched_getattr, 0, &after, sizeof(after), 0));
	CHECK_EQ(before.util_min, after.util_min);
	return 0;
}

static const int options[][2] = {
	{ PR_SET_THP_DISABLE, PR_GET_THP_DISABLE },
	{ PR_SET_MEMORY_MERGE, PR_GET_MEMORY_MERGE },
};

static void have_options(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		prctl(options[i][0], 1, 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_ON, 0, 0, 0);
}

GETS_NOTHING(options, have_options)
{
	int subreaper = -1;
	unsigned int i;

	ckpt_here();
	/* Where the kernel has them */
	for (i = 0; i < ARRAY_SIZE(options); i++)
		CHECK(prctl(options[i][1], 0, 0, 0, 0) <= 0);
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &subreaper));
	CHECK_EQ(0, subreaper);
	CHECK(prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET, 0, 0, 0) <= 0);
	return 0;
}

#define LARGE	(256UL << 20)

static void have_little_room(void)
{
	struct rlimit rl = { LARGE / 4, RLIM_INFINITY };

	setrlimit(RLIMIT_AS, &rl);
}

/* Its own limit is what counts. */
GETS_NOTHING(limit_of_memory, have_little_room)
{
	struct rlimit rl;

	CHECK(mmap(NULL, LARGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0) != MAP_FAILED);
	ckpt_here();
	CHECK_OK(getrlimit(RLIMIT_AS, &rl));
	CHECK_EQ(RLIM_INFINITY, rl.rlim_cur);
	return 0;
}

/* It goes off all the time until it is joined. */
static void have_alarm(void)
{
	struct itimerval it = { { 0, 1000 }, { 0, 1000 } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

GETS_NOTHING(alarm, have_alarm)
{
	struct itimerval it;
	sigset_t set;

	ckpt_here();
	CHECK_OK(getitimer(ITIMER_REAL, &it));
	CHECK_EQ(0, it.it_value.tv_sec);
	CHECK_EQ(0, it.it_value.tv_usec);
	CHECK_OK(sigpending(&set));
	CHECK(!sigismember(&set, SIGALRM));
	return 0;
}

static void have_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value = { 0, 300000000 } };
	sigset_t set;
	int id;

	/* Whoever has not joined yet must not end by it. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
	syscall(SYS_timer_settime, id, 0, &soon, NULL);
}

/* It would have the same id, and send a signal that nobody expects. */
GETS_NOTHING(timer, have_timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct itimerspec value;
	int id;

	NEED(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	CHECK_EQ(0, id);
	ckpt_here();
	CHECK_OK(syscall(SYS_timer_gettime, id, &value));
	CHECK_EQ(0, value.it_value.tv_nsec);
	sleep_ms(500);
	return 0;
}

static char dispatched;

static void dispatch_calls(void)
{
	dispatched = 0;
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &dispatched);
}

/* It would be asked here, too, whether a system call is one. */
GETS_NOTHING(dispatch_of_system_calls, dispatch_calls)
{
	dispatched = 1;
	ckpt_here();
	CHECK(getppid() >= 0);
	return 0;
}

static void have_few_signals(void)
{
	struct rlimit few = { 10, 10 };

	setrlimit(RLIMIT_SIGPENDING, &few);
}

#define TIMERS	100

GETS_NOTHING(limit_of_timers, have_few_signals)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct itimerspec value;
	int id[TIMERS], i;

	for (i = 0; i < TIMERS; i++)
		NEED(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id[i]));
	ckpt_here();
	for (i = 0; i < TIMERS; i++)
		CHECK_OK(syscall(SYS_timer_gettime, id[i], &value));
	return 0;
}

/* ---- What cannot ---- */

CKPT_BODY(tool_idle)
{
	ckpt_here();
	return 0;
}

static void refused_to(struct __test_metadata *_metadata, struct app *app,
		       void (*set)(void), const char *words)
{
	NOT_PLAIN();
	ASSERT_EQ(-EPERM, restart_by(_metadata, app, "tool_idle", set)) {
		app_show(app);
	}
	EXPECT_NE(NULL, strstr(app->log, words)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_restart(app));
	ASSERT_EQ(0, app_finish(app));
}

static void get_no_privileges(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

CKPT_TEST_F(tool, no_new_privileges)
{
	refused_to(_metadata, &self->app, get_no_privileges,
		   "restart runs with PR_SET_NO_NEW_PRIVS, and the process did not");
}

static void be_filtered(void)
{
	struct sock_filter insns[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog prog = { 1, insns };

	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

CKPT_TEST_F(tool, seccomp)
{
	refused_to(_metadata, &self->app, be_filtered,
		   "restart runs under seccomp, and the process did not");
}

TEST_HARNESS_MAIN
