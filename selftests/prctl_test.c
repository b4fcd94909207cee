// SPDX-License-Identifier: GPL-2.0
/*
 * What prctl(), personality(), membarrier() and others set for a process
 */
#include "calls.h"

#include <linux/membarrier.h>
#include <setjmp.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#include "proc.h"

CKPT_SUITE(prctl);

#ifndef PR_SET_MDWE
#define PR_SET_MDWE		65
#define PR_GET_MDWE		66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#define MDWE_NO_INHERIT		2
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#define PR_GET_MEMORY_MERGE	68
#endif
#define GET_REGISTRATIONS	(1 << 9)

static volatile sig_atomic_t count[65];
static void on_signal(int sig)
{
	count[sig]++;
}

/* ---- Parents and children ---- */

static int mourner(void)
{
	int sig = 0;

	signal(SIGUSR1, on_signal);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	ckpt_announce("mourner", "go.0");
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
	CHECK_EQ(SIGUSR1, sig);
	ckpt_set("checked");
	while (!count[SIGUSR1])
		usleep(1000);
	ckpt_set("mourned");
	return 0;
}

CKPT_TEST(prctl, parent_death_signal)
{
	pid_t parent;

	SPAWN(parent, ({
		pid_t child;

		SPAWN(child, mourner());
		ckpt_announce("parent", "checked");
		0;
	}));
	ckpt_wait_for("mourner");
	ckpt_wait_for("parent");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(parent));
	ckpt_wait_for("mourned");
	CHECK(wait(NULL) > 0);
	return 0;
}

static int orphan(pid_t reaper)
{
	ckpt_announce("orphan", "parent-is-gone");
	while (getppid() != reaper)
		usleep(1000);
	return 33;
}

/* Orphans go to the subreaper, not to the container's init. */
static int subreaper(void)
{
	int status, value = 0;
	pid_t parent, me = getpid();

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(parent, ({
		pid_t child;

		SPAWN(child, orphan(me));
		ckpt_announce("parent", "go.0");
		0;
	}));
	ckpt_wait_for("orphan");
	ckpt_wait_for("parent");
	ckpt_announce("subreaper", "go.0");
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
	CHECK_EQ(1, value);
	CHECK_EQ(0, ckpt_reap(parent));
	ckpt_set("parent-is-gone");
	CHECK(wait(&status) > 0);
	CHECK_EQ(33 << 8, status);
	return 0;
}

CKPT_TEST(prctl, child_subreaper)
{
	int value = 1;
	pid_t pid;

	SPAWN(pid, subreaper());
	ckpt_wait_for("subreaper");
	ckpt_here();
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
	CHECK_EQ(0, value);
	return ckpt_reap(pid);
}

/* ---- Memory ---- */

CKPT_TEST(prctl, no_huge_pages)
{
	NEED(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	return 0;
}

CKPT_TEST(prctl, no_huge_pages_except_where_advised)
{
	NEED(prctl(PR_SET_THP_DISABLE, 1, 2 /* EXCEPT_ADVISED */, 0, 0));
	ckpt_here();
	CHECK_EQ(1 | 2, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	return 0;
}

static int deny_write_execute(int bits)
{
	/* What was mapped before stays as it is. */
	char *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;
	pid_t pid;

	CHECK(both != MAP_FAILED);
	NEED(prctl(PR_SET_MDWE, bits, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(bits, prctl(PR_GET_MDWE, 0, 0, 0, 0));
	*both = 'x';
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK(mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 && errno == EACCES);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	SPAWN(pid, prctl(PR_GET_MDWE, 0, 0, 0, 0) !=
	      (bits & MDWE_NO_INHERIT ? 0 : bits));
	return ckpt_reap(pid);
}

CKPT_TEST(prctl, memory_deny_write_execute)
{
	return deny_write_execute(PR_MDWE_REFUSE_EXEC_GAIN);
}

CKPT_TEST(prctl, memory_deny_write_execute_not_inherited)
{
	return deny_write_execute(PR_MDWE_REFUSE_EXEC_GAIN | MDWE_NO_INHERIT);
}

CKPT_TEST(prctl, merging_of_all_memory)
{
	char *p;

	NEED(prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0));
	/* New mappings, too. */
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	*p = 1;
	CHECK(smaps_flag(p, "mg"));
	return 0;
}

static int coredump_filter(const char *value)
{
	char text[16];

	CHECK_EQ(0, write_file("/proc/self/coredump_filter", value));
	ckpt_here();
	CHECK(read_file("/proc/self/coredump_filter", text, sizeof(text)) > 0);
	CHECK_EQ(strtol(value, NULL, 16), strtol(text, NULL, 16));
	return 0;
}

CKPT_TEST(prctl, core_dump_filter)		{ return coredump_filter("0x21"); }
CKPT_TEST(prctl, core_dump_filter_of_all)	{ return coredump_filter("0x1ff"); }
CKPT_TEST(prctl, core_dump_filter_of_nothing)	{ return coredump_filter("0"); }

/* ---- Scheduling and faults ---- */

CKPT_TEST(prctl, timer_slack_without_end)
{
	char path[64], before[32] = "", after[32] = "";
	pid_t pid;

	/* Whoever has it never ends a sleep. */
	SPAWN(pid, (prctl(PR_SET_TIMERSLACK, ~0UL), ckpt_set("child"), pause()));
	ckpt_wait_for("child");
	snprintf(path, sizeof(path), "/proc/%d/timerslack_ns", pid);
	CHECK(read_file(path, before, sizeof(before)) > 0);
	CHECK(strtoull(before, NULL, 0) == ~0UL);
	ckpt_here();
	CHECK(read_file(path, after, sizeof(after)) > 0);
	CHECK_EQ(0, strcmp(before, after));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	return 0;
}

CKPT_TEST(prctl, timer_slack)
{
	pid_t pid;

	CHECK_OK(prctl(PR_SET_TIMERSLACK, 123456));
	/* The creator's value is the child's default. */
	SPAWN(pid, (prctl(PR_SET_TIMERSLACK, 777), ckpt_announce("child", "go.0"),
		    prctl(PR_GET_TIMERSLACK) != 777 || prctl(PR_SET_TIMERSLACK, 0) ||
		    prctl(PR_GET_TIMERSLACK) != 123456));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(123456, prctl(PR_GET_TIMERSLACK));
	CHECK_OK(prctl(PR_SET_TIMERSLACK, 0));
	CHECK_EQ(50000, prctl(PR_GET_TIMERSLACK));
	return ckpt_reap(pid);
}

CKPT_TEST(prctl, io_flusher)
{
	NEED(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	return 0;
}

#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS	77
#endif

/* Who makes timers chooses their ids: 1 is on, 2 asks. */
CKPT_TEST(prctl, ids_of_timers_are_chosen)
{
	NEED(prctl(PR_TIMER_CREATE_RESTORE_IDS, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_TIMER_CREATE_RESTORE_IDS, 2, 0, 0, 0));
	return 0;
}

static int machine_check(int policy)
{
	NEED(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, policy, 0, 0));
	ckpt_here();
	CHECK_EQ(policy, prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	return 0;
}

CKPT_TEST(prctl, killed_early_by_broken_memory)
{
	return machine_check(PR_MCE_KILL_EARLY);
}

CKPT_TEST(prctl, killed_late_by_broken_memory)
{
	return machine_check(PR_MCE_KILL_LATE);
}

static int membarrier(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

CKPT_TEST(prctl, membarrier_registrations)
{
	int all;

	CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0 && errno == EPERM);
	NEED(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED));
	NEED(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED));
	all = membarrier(GET_REGISTRATIONS);
	ckpt_here();
	CHECK_EQ(0, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
	if (all >= 0)
		CHECK_EQ(all, membarrier(GET_REGISTRATIONS));
	return 0;
}

static int membarrier_of(int registration, int cmd)
{
	int all;

	CHECK(membarrier(cmd) < 0);
	if (membarrier(registration))
		return ckpt_skip("membarrier %#x: %s", registration, strerror(errno));
	CHECK_EQ(0, membarrier(cmd));
	CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0 && errno == EPERM);
	all = membarrier(GET_REGISTRATIONS);
	ckpt_here();
	CHECK_EQ(0, membarrier(cmd));
	CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0 && errno == EPERM);
	if (all >= 0)
		CHECK_EQ(all, membarrier(GET_REGISTRATIONS));
	return 0;
}

CKPT_TEST(prctl, membarrier_registration_for_other_code)
{
	return membarrier_of(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
			     MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
}

CKPT_TEST(prctl, membarrier_registration_for_restartable_sequences)
{
	return membarrier_of(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ,
			     MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
}

CKPT_TEST(prctl, membarrier_is_not_registered_by_the_restart)
{
	CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0 && errno == EPERM);
	ckpt_here();
	CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0 && errno == EPERM);
	return 0;
}

/* ---- The size of the private futex hash ---- */

#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH			78
#define PR_FUTEX_HASH_SET_SLOTS		1
#define PR_FUTEX_HASH_GET_SLOTS		2
#endif

static int futex_hash(int slots)
{
	if (prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_SET_SLOTS, slots, 0, 0))
		return ckpt_skip("PR_FUTEX_HASH: %s", strerror(errno));
	ckpt_here();
	CHECK_EQ(slots, prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_GET_SLOTS, 0, 0, 0));
	return 0;
}

CKPT_TEST(prctl, futex_hash_of_its_own)
{
	return futex_hash(64);
}

/* Which cannot be left again */
CKPT_TEST(prctl, futex_hash_of_all)
{
	int ret = futex_hash(0);

	if (ret)
		return ret;
	CHECK(prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_SET_SLOTS, 64, 0, 0) < 0);
	return 0;
}

static int persona(unsigned long value)
{
	CHECK_OK(personality(value));
	ckpt_here();
	CHECK_EQ(value, personality(0xffffffff));
	return 0;
}

CKPT_TEST(prctl, personality_of_old_programs)
{
	return persona(ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS | MMAP_PAGE_ZERO |
		       WHOLE_SECONDS | ADDR_COMPAT_LAYOUT);
}

/* It makes readable mappings executable, but only new ones. */
CKPT_TEST(prctl, personality_read_implies_exec)
{
	char *old = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *new;

	CHECK(old != MAP_FAILED);
	CHECK_OK(personality(READ_IMPLIES_EXEC));
	ckpt_here();
	CHECK_EQ(READ_IMPLIES_EXEC, personality(0xffffffff));
	CHECK(!smaps_flag(old, "ex"));
	new = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(new != MAP_FAILED);
	CHECK(smaps_flag(new, "ex"));
	return 0;
}

/* ---- The processor ---- */

#if defined(__x86_64__) || defined(__i386__)

static sigjmp_buf after_fault;
static void on_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

/* Whether the time stamp counter can be read. */
static int reads_counter(void)
{
	unsigned int low, high;
	volatile int ret = 0;

	signal(SIGSEGV, on_fault);
	if (!sigsetjmp(after_fault, 1)) {
		asm volatile("rdtsc" : "=a" (low), "=d" (high));
		ret = 1;
	}
	signal(SIGSEGV, SIG_DFL);
	return ret;
}

static int counter_mode(void)
{
	int mode = -1;

	prctl(PR_GET_TSC, &mode);
	return mode;
}

CKPT_TEST(prctl, time_stamp_counter_that_faults)
{
	pid_t pid;

	NEED(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	SPAWN(pid, (prctl(PR_SET_TSC, PR_TSC_ENABLE), ckpt_announce("child", "go.0"),
		    counter_mode() != PR_TSC_ENABLE || !reads_counter()));
	ckpt_wait_for("child");
	CHECK(!reads_counter());
	ckpt_here();
	CHECK_EQ(PR_TSC_SIGSEGV, counter_mode());
	CHECK(!reads_counter());
	CHECK_OK(prctl(PR_SET_TSC, PR_TSC_ENABLE));
	CHECK(reads_counter());
	return ckpt_reap(pid);
}

#endif

static int speculation(int which)
{
	return prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
}

static int set_speculation(int which, int value)
{
	return prctl(PR_SET_SPECULATION_CTRL, which, value, 0, 0);
}

/* A child has it as it is without prctl(). */
static int controlled(int which, int value)
{
	int usual = speculation(which), now;
	pid_t pid;

	if (usual < 0)
		return ckpt_skip("control %d: %s", which, strerror(errno));
	if (!(usual & PR_SPEC_PRCTL))
		return ckpt_skip("control %d: %#x: not by prctl()", which, usual);
	SPAWN(pid, (ckpt_announce("child", "go.0"), speculation(which) != usual));
	ckpt_wait_for("child");
	NEED(set_speculation(which, value));
	now = speculation(which);
	CHECK_EQ(PR_SPEC_PRCTL | value, now);
	CHECK(now != usual);
	ckpt_here();
	CHECK_EQ(now, speculation(which));
	/* What is forced cannot be taken back. */
	if (value == PR_SPEC_FORCE_DISABLE)
		CHECK(set_speculation(which, PR_SPEC_ENABLE) < 0 && errno == EPERM);
	return ckpt_reap(pid);
}

#ifndef PR_SPEC_L1D_FLUSH
#define PR_SPEC_L1D_FLUSH	2
#endif

CKPT_TEST(prctl, store_bypass_disabled)
{
	return controlled(PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE);
}

CKPT_TEST(prctl, store_bypass_disabled_for_good)
{
	return controlled(PR_SPEC_STORE_BYPASS, PR_SPEC_FORCE_DISABLE);
}

CKPT_TEST(prctl, store_bypass_disabled_until_exec)
{
	return controlled(PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE_NOEXEC);
}

CKPT_TEST(prctl, indirect_branches_disabled)
{
	return controlled(PR_SPEC_INDIRECT_BRANCH, PR_SPEC_DISABLE);
}

CKPT_TEST(prctl, indirect_branches_disabled_for_good)
{
	return controlled(PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE);
}

CKPT_TEST(prctl, cache_is_flushed)
{
	return controlled(PR_SPEC_L1D_FLUSH, PR_SPEC_ENABLE);
}

/* ---- Addresses that the kernel was told ---- */

CKPT_TEST(prctl, robust_list)
{
	static struct { void *next; long off; void *pending; } head;
	struct { void *next; long off; void *pending; } *now;
	size_t len;

	head.next = &head;
	CHECK_OK(syscall(SYS_set_robust_list, &head, sizeof(head)));
	ckpt_here();
	CHECK_OK(syscall(SYS_get_robust_list, 0, &now, &len));
	CHECK((void *)now == (void *)&head);
	CHECK_EQ(sizeof(head), len);
	return 0;
}

CKPT_TEST(prctl, clear_child_tid)
{
	static int tid;
	int *now = NULL;

	syscall(SYS_set_tid_address, &tid);
	ckpt_here();
	CHECK_OK(prctl(PR_GET_TID_ADDRESS, &now));
	CHECK(now == &tid);
	return 0;
}

CKPT_TEST(prctl, all_that_can_be_asked_for)
{
	static char before[16384], after[16384];

	prctl(PR_SET_TIMERSLACK, 4711);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	prctl(PR_SET_KEEPCAPS, 1);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "set by prctl");
	inside_record(before, sizeof(before));
	ckpt_here();
	inside_record(after, sizeof(after));
	CHECK_EQ(0, inside_diff(before, after));
	return 0;
}

/* ---- What restart has been started with ---- */

CKPT_BODY(without_options)
{
	ckpt_here();
	CHECK_EQ(0, prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	CHECK_EQ(PR_MCE_KILL_DEFAULT, prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	CHECK_EQ(0, prctl(PR_GET_MDWE, 0, 0, 0, 0));
	CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) <= 0);
	CHECK(prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) <= 0);
	return 0;
}

CKPT_TEST_F(prctl, options_of_who_restarts)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "without_options"));
	ASSERT_EQ(0, prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
	/* There may be none of these. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

/* It cannot be given up, and must not be escaped from. */
CKPT_TEST_F(prctl, who_restarts_may_not_make_memory_executable)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "without_options"));
	ASSERT_EQ(0, prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0));
	ASSERT_NE(0, app_restart(app));
	EXPECT_NE(NULL, strstr(app->log, "restart runs with PR_SET_MDWE")) {
		TH_LOG("%s", app->log);
	}
}

#define IS_RANDOM	0x00400000UL	/* PF_RANDOMIZE in /proc/PID/stat */

/* -1 if it cannot be told */
static long is_random(void)
{
	unsigned long flags = 0;
	FILE *f = fopen("/proc/self/stat", "re");
	int n;

	if (!f)
		return -1;
	n = fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %lu", &flags);
	fclose(f);
	return n == 1 ? !!(flags & IS_RANDOM) : -1;
}

CKPT_TEST(prctl, mappings_go_to_random_places)
{
	CHECK_EQ(1, is_random());
	ckpt_here();
	CHECK_EQ(1, is_random());
	return 0;
}

CKPT_BODY(not_random)
{
	CHECK_EQ(0, is_random());
	ckpt_here();
	CHECK_EQ(0, is_random());
	return 0;
}

/* Not by the oracle: memory behind the program and the heap come back as one mapping. */
CKPT_TEST_F(prctl, mappings_do_not_go_to_random_places)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "begins_not_random"));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_EQ(0, app_finish(app));
}

CKPT_BODY(begins_not_random)
{
	char exe[] = "/proc/self/exe", option[] = "--body", body[] = "not_random";
	char dir[APP_DIR_LEN], *argv[] = { exe, option, body, dir, NULL };

	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	CHECK_OK(personality(ADDR_NO_RANDOMIZE));
	CHECK_OK(execv(exe, argv));
	return 0;
}

TEST_HARNESS_MAIN
