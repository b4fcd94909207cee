// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling: nice value, policies, affinity, priorities; and the score of the
 * out-of-memory killer
 */
#include "test.h"

#include <sys/prctl.h>
#include <sys/resource.h>

CKPT_SUITE(sched);

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE		6
#endif
#define FLAG_RECLAIM		0x02
#define FLAG_DL_OVERRUN		0x04
#define FLAG_KEEP_ALL		0x18	/* policy and parameters */
#define FLAG_UTIL_MIN		0x20
#define FLAG_UTIL_MAX		0x40

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK	0x40000000
#endif
#define IOPRIO(class, level)	((class) << 13 | (level))

/* <linux/sched/types.h> and the C library both define struct sched_param. */
struct sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
	uint32_t sched_util_min;
	uint32_t sched_util_max;
};

static int get_attr(struct sched_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	return syscall(SYS_sched_getattr, 0, attr, sizeof(*attr), 0);
}

static int nice_of(int value)
{
	CHECK_OK(setpriority(PRIO_PROCESS, 0, value));
	ckpt_here();
	errno = 0;
	CHECK_EQ(value, getpriority(PRIO_PROCESS, 0));
	CHECK_EQ(0, errno);
	return 0;
}

CKPT_TEST(sched, nice_value)			{ return nice_of(7); }
CKPT_TEST(sched, lowest_nice_value)		{ return nice_of(19); }
CKPT_TEST(sched, negative_nice_value)		{ return nice_of(-15); }

static int policy_of(int policy, int priority)
{
	struct sched_param param = { priority };

	NEED(sched_setscheduler(0, policy, &param));
	ckpt_here();
	CHECK_EQ(policy, sched_getscheduler(0));
	CHECK_OK(sched_getparam(0, &param));
	CHECK_EQ(priority, param.sched_priority);
	return 0;
}

CKPT_TEST(sched, policy_batch)		{ return policy_of(SCHED_BATCH, 0); }
CKPT_TEST(sched, policy_idle)		{ return policy_of(SCHED_IDLE, 0); }
CKPT_TEST(sched, policy_fifo)		{ return policy_of(SCHED_FIFO, 5); }
CKPT_TEST(sched, policy_round_robin)	{ return policy_of(SCHED_RR, 42); }

CKPT_TEST(sched, nice_value_behind_a_realtime_policy)
{
	struct sched_param param = { 3 }, none = { 0 };

	CHECK_OK(setpriority(PRIO_PROCESS, 0, 11));
	NEED(sched_setscheduler(0, SCHED_FIFO, &param));
	ckpt_here();
	CHECK_OK(sched_setscheduler(0, SCHED_OTHER, &none));
	CHECK_EQ(11, getpriority(PRIO_PROCESS, 0));
	return 0;
}

CKPT_TEST(sched, children_start_anew)
{
	struct sched_param param = { 3 };
	pid_t pid;

	NEED(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
	ckpt_here();
	CHECK_EQ(SCHED_FIFO | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	SPAWN(pid, sched_getscheduler(0) != SCHED_OTHER);
	return ckpt_reap(pid);
}

CKPT_TEST(sched, own_time_slice)
{
	struct sched_attr attr, now;

	CHECK_OK(get_attr(&attr));
	attr.sched_runtime = 5000000;
	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		return ckpt_skip("sched_setattr: %s", strerror(errno));
	CHECK_OK(get_attr(&attr));
	if (attr.sched_runtime != 5000000)
		return ckpt_skip("this kernel has no slices of one's own");
	ckpt_here();
	CHECK_OK(get_attr(&now));
	CHECK_EQ(attr.sched_runtime, now.sched_runtime);
	return 0;
}

static int set_attr(struct sched_attr *attr)
{
	attr->size = sizeof(*attr);
	return syscall(SYS_sched_setattr, 0, attr, 0);
}

static int deadline(uint64_t flags)
{
	struct sched_attr attr = {
		.sched_policy = SCHED_DEADLINE,
		.sched_flags = flags,
		.sched_runtime = 21000000,
		.sched_deadline = 52000000,
		.sched_period = 73000000,
	}, now;

	/* It may come if the machine is busy. */
	signal(SIGXCPU, SIG_IGN);
	NEED(set_attr(&attr));
	ckpt_here();
	CHECK_OK(get_attr(&now));
	CHECK_EQ(SCHED_DEADLINE, now.sched_policy);
	CHECK_EQ(flags, now.sched_flags);
	CHECK_EQ(attr.sched_runtime, now.sched_runtime);
	CHECK_EQ(attr.sched_deadline, now.sched_deadline);
	CHECK_EQ(attr.sched_period, now.sched_period);
	return 0;
}

CKPT_TEST(sched, policy_deadline)	{ return deadline(0); }

CKPT_TEST(sched, policy_deadline_that_reclaims_time)
{
	return deadline(FLAG_RECLAIM);
}

CKPT_TEST(sched, policy_deadline_with_a_signal)
{
	return deadline(FLAG_DL_OVERRUN);
}

/*
 * Which of the two were set shows in what sched_getattr() says by itself: the
 * other one follows the machine's.
 */
static int clamped(uint64_t flag, unsigned int min, unsigned int max)
{
	struct sched_attr attr = {
		.sched_flags = FLAG_KEEP_ALL | flag,
		.sched_util_min = min,
		.sched_util_max = max,
	}, before, now;

	NEED(set_attr(&attr));
	CHECK_OK(get_attr(&before));
	ckpt_here();
	CHECK_OK(get_attr(&now));
	CHECK_EQ(before.sched_util_min, now.sched_util_min);
	CHECK_EQ(before.sched_util_max, now.sched_util_max);
	if (flag & FLAG_UTIL_MIN)
		CHECK_EQ(min, now.sched_util_min);
	if (flag & FLAG_UTIL_MAX)
		CHECK_EQ(max, now.sched_util_max);
	return 0;
}

CKPT_TEST(sched, least_utilization)	{ return clamped(FLAG_UTIL_MIN, 123, 0); }
CKPT_TEST(sched, most_utilization)	{ return clamped(FLAG_UTIL_MAX, 0, 456); }

CKPT_TEST(sched, each_process_has_its_own)
{
	struct sched_param param = { 0 };
	pid_t pid;

	SPAWN(pid, (sched_setscheduler(0, SCHED_BATCH, &param) ||
		    setpriority(PRIO_PROCESS, 0, 4) ||
		    (ckpt_announce("child", "go.0"), 0) ||
		    sched_getscheduler(0) != SCHED_BATCH ||
		    getpriority(PRIO_PROCESS, 0) != 4));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(SCHED_OTHER, sched_getscheduler(0));
	CHECK_EQ(0, getpriority(PRIO_PROCESS, 0));
	return ckpt_reap(pid);
}

/* On one processor a mask shows nothing. */
static int on_processor(int nr)
{
	cpu_set_t set;

	CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
	if (CPU_COUNT(&set) < 2)
		return ckpt_skip("there is one processor only");
	CPU_ZERO(&set);
	CPU_SET(nr, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	ckpt_here();
	CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
	CHECK_EQ(1, CPU_COUNT(&set));
	CHECK(CPU_ISSET(nr, &set));
	CHECK_EQ(nr, sched_getcpu());
	return 0;
}

CKPT_TEST(sched, first_processor_only)		{ return on_processor(0); }
CKPT_TEST(sched, second_processor_only)		{ return on_processor(1); }

static int io_priority(int value)
{
	NEED(syscall(SYS_ioprio_set, 1, 0, value));
	ckpt_here();
	CHECK_EQ(value, syscall(SYS_ioprio_get, 1, 0));
	return 0;
}

CKPT_TEST(sched, io_priority_best_effort)	{ return io_priority(IOPRIO(2, 6)); }
CKPT_TEST(sched, io_priority_realtime)		{ return io_priority(IOPRIO(1, 3)); }
CKPT_TEST(sched, io_priority_idle)		{ return io_priority(IOPRIO(3, 0)); }

static int oom_score(const char *value)
{
	char text[16];

	if (write_file("/proc/self/oom_score_adj", value))
		return ckpt_skip("oom_score_adj cannot be set to %s", value);
	ckpt_here();
	CHECK(read_file("/proc/self/oom_score_adj", text, sizeof(text)) > 0);
	CHECK_EQ(atoi(value), atoi(text));
	return 0;
}

CKPT_TEST(sched, oom_score)			{ return oom_score("321"); }
CKPT_TEST(sched, oom_score_of_the_untouchable)	{ return oom_score("-1000"); }

/* Without a capability it can only be lowered to what root had set. */
CKPT_TEST(sched, oom_score_that_a_user_can_go_back_to)
{
	if (write_file("/proc/self/oom_score_adj", "-200"))
		return ckpt_skip("oom_score_adj cannot be lowered");
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	CHECK_EQ(0, write_file("/proc/self/oom_score_adj", "300"));
	ckpt_here();
	CHECK_EQ(-EACCES, write_file("/proc/self/oom_score_adj", "-201"));
	CHECK_EQ(0, write_file("/proc/self/oom_score_adj", "-200"));
	return 0;
}

CKPT_TEST(sched, limits_of_priorities)
{
	struct rlimit nice = { 7, 13 }, priority = { 5, 9 }, now;

	CHECK_OK(setrlimit(RLIMIT_NICE, &nice));
	CHECK_OK(setrlimit(RLIMIT_RTPRIO, &priority));
	ckpt_here();
	CHECK_OK(getrlimit(RLIMIT_NICE, &now));
	CHECK_EQ(nice.rlim_cur, now.rlim_cur);
	CHECK_EQ(nice.rlim_max, now.rlim_max);
	CHECK_OK(getrlimit(RLIMIT_RTPRIO, &now));
	CHECK_EQ(priority.rlim_cur, now.rlim_cur);
	CHECK_EQ(priority.rlim_max, now.rlim_max);
	return 0;
}

/* A limit that would not let the restored value be set. */
CKPT_TEST(sched, priorities_beyond_the_limits)
{
	struct rlimit none = { 0, 0 };
	struct sched_param param = { 9 };

	CHECK_OK(chmod(".", 0777));
	CHECK_OK(setpriority(PRIO_PROCESS, 0, -10));
	NEED(sched_setscheduler(0, SCHED_RR, &param));
	CHECK_OK(setrlimit(RLIMIT_RTPRIO, &none));
	CHECK_OK(setrlimit(RLIMIT_NICE, &none));
	CHECK_OK(setrlimit(RLIMIT_NPROC, &none));
	CHECK_OK(setresuid(1000, 1000, 1000));
	ckpt_here();
	CHECK_EQ(SCHED_RR, sched_getscheduler(0));
	CHECK_OK(sched_getparam(0, &param));
	CHECK_EQ(9, param.sched_priority);
	CHECK_EQ(-10, getpriority(PRIO_PROCESS, 0));
	CHECK(fork() < 0 && errno == EAGAIN);
	return 0;
}

TEST_HARNESS_MAIN
