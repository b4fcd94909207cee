// SPDX-License-Identifier: GPL-2.0
/*
 * The state oracle notices what it is there to notice
 *
 * No checkpoint is made here: each body changes one thing between two points,
 * and the recordings must differ in the named key; as a control, those of a
 * body that waits must not differ at all.
 */
#include "test.h"

#include <grp.h>
#include <limits.h>
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/time.h>

FIXTURE(oracle) { struct app app; };

FIXTURE_SETUP(oracle)
{
	setenv("CKPT_TEST_PLAIN", "1", 1);
	ASSERT_EQ(0, app_init(&self->app, FREEZER_V2));
}

FIXTURE_TEARDOWN(oracle)
{
	app_cleanup(&self->app);
}

/*
 * An application that polls is now asleep and now running. The control group says
 * "frozen" before its last task sleeps.
 */
static int record_frozen(struct app *app, struct oracle *o)
{
	return app_freeze(app) ?: app_wait_asleep(app) ?:
	       oracle_record(o, app->pid) ?: app_thaw(app);
}

static void notices(struct __test_metadata *_metadata, struct app *app,
		    const char *body, const char *key)
{
	struct oracle before, after;
	char *text = NULL;
	size_t len;
	unsigned int n, tries = 0;
	FILE *f;

	int ret = app_start(app, body);

	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, app_wait_asleep(app));
	ASSERT_EQ(0, record_frozen(app, &before));
	if (key) {
		app_go(app);
		app->point++;
		ASSERT_EQ(0, app_wait_ready(app));
		ASSERT_EQ(0, app_wait_asleep(app));
	} else {
		sleep_ms(50);
	}
	/* A frozen task may be awake for a moment; it falls asleep again. */
	do {
		if (tries)
			oracle_free(&after);
		free(text);
		ASSERT_EQ(0, record_frozen(app, &after));
		f = open_memstream(&text, &len);
		n = oracle_diff(&before, &after, f);
		fclose(f);
	} while (!key && n && ++tries < 10);
	if (key) {
		EXPECT_NE(NULL, strstr(text, key)) {
			TH_LOG("no %s in: %s", key, text);
		}
		EXPECT_LT(0, n);
	} else {
		EXPECT_EQ(0, n) {
			TH_LOG("%s", text);
		}
	}
	oracle_free(&before);
	oracle_free(&after);
	ASSERT_EQ(0, app_finish(app));
}

#define NOTICES(name, key, prepare, change)				\
	CKPT_TEST_F(oracle, name)					\
	{								\
		notices(_metadata, &self->app, #name, key);		\
	}								\
	CKPT_BODY(name)							\
	{								\
		prepare;						\
		ckpt_point(0);						\
		change;							\
		ckpt_point(1);						\
		return 0;						\
	}

static char block[8192] = { 1 };
static int ends[2];

static char *map_once(char **p, int flags)
{
	if (!*p)
		*p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	return *p;
}

static char *guarded(void)
{
	static char *p;

	return map_once(&p, MAP_PRIVATE);
}

static char *shared(void)
{
	static char *p;

	return map_once(&p, MAP_SHARED);
}

NOTICES(umask_value, "1/status/Umask", umask(022), umask(027))
NOTICES(name_of_the_task, "1/comm", , prctl(PR_SET_NAME, "other"))
NOTICES(signal_mask, "1/status/SigBlk", ,
	({ sigset_t s; sigfillset(&s); sigprocmask(SIG_BLOCK, &s, NULL); }))
NOTICES(ignored_signal, "1/status/SigIgn", , signal(SIGUSR1, SIG_IGN))
NOTICES(pending_signal, "1/status/S",
	({ sigset_t s; sigfillset(&s); sigprocmask(SIG_BLOCK, &s, NULL); }),
	raise(SIGUSR1))
NOTICES(working_directory, "1/cwd", , CHECK_OK(chdir("/")))
NOTICES(open_file, "1/fd/3", , CHECK_EQ(3, open("/dev/null", O_RDONLY)))
NOTICES(file_offset, "1/fdinfo/3/pos",
	CHECK_EQ(3, open("/etc/passwd", O_RDONLY)),
	CHECK_EQ(5, lseek(3, 5, SEEK_SET)))
NOTICES(file_flags, "1/fdinfo/3/flags",
	CHECK_EQ(3, open("/etc/passwd", O_RDONLY)),
	CHECK_OK(fcntl(3, F_SETFD, FD_CLOEXEC)))
NOTICES(shared_description, "1/kcmp/fd/4",
	({ CHECK_EQ(3, open("/etc/passwd", O_RDONLY)); CHECK_EQ(4, dup(3)); }),
	({ close(4); CHECK_EQ(4, open("/etc/passwd", O_RDONLY)); }))
NOTICES(byte_of_memory, "1/memory/", block[5000] = 1, block[5000] = 2)
NOTICES(mapping, "1/maps/", ,
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
NOTICES(protection, "1/maps/", ,
	mprotect((void *)((uintptr_t)&block[4095] & ~4095UL), 4096, PROT_READ))
NOTICES(resource_limit, "1/limits", ,
	({ struct rlimit r = { 1, 2 }; setrlimit(RLIMIT_CORE, &r); }))
NOTICES(nice_value, "1/stat/nice", , setpriority(PRIO_PROCESS, 0, 9))
NOTICES(session, "2/stat/session",
	({ pid_t p; SPAWN(p, ({ ckpt_announce("c", "go.0"); setsid();
			       ckpt_announce("d", "go.1"); 0; }));
	   ckpt_wait_for("c"); }),
	ckpt_wait_for("d"))
NOTICES(new_child, "2/status/Pid", ,
	({ pid_t p; SPAWN(p, ({ ckpt_announce("c", "go.1"); 0; }));
	   ckpt_wait_for("c"); }))
NOTICES(command_line, "1/cmdline", ,
	({ extern char **environ; char *p = environ[0];
	   while (p[-1] == 0) p--; p[-1] ^= 1; }))
NOTICES(timer_slack, "1/timerslack_ns", , prctl(PR_SET_TIMERSLACK, 777777))
NOTICES(oom_score, "1/oom_score_adj", ,
	CHECK_EQ(0, write_file("/proc/self/oom_score_adj", "5")))
NOTICES(processor_affinity, "1/sched/affinity",
	({ if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return ckpt_skip("there is one processor only"); }),
	({ cpu_set_t s; CPU_ZERO(&s); CPU_SET(0, &s);
	   sched_setaffinity(0, sizeof(s), &s); }))
NOTICES(namespace_of_its_own, "1/ns/cgroup", , CHECK_OK(unshare(CLONE_NEWCGROUP)))

NOTICES(guard_page, "1/guards/",
	guarded()[0] = 1,
	NEED(madvise(guarded(), 4096, 102 /* MADV_GUARD_INSTALL */)))
NOTICES(locked_page, "/flags", guarded()[0] = 1, CHECK_OK(mlock(guarded(), 4096)))
NOTICES(shared_memory, "1/memory/", shared()[9000] = 1, shared()[9000] = 2)
NOTICES(owner_of_a_file, "1/fd/3/owner", CHECK_EQ(3, open("/dev/null", O_RDONLY)),
	CHECK_OK(fcntl(3, F_SETOWN, 1)))
NOTICES(signal_of_a_file, "1/fd/3/signal", CHECK_EQ(3, open("/dev/null", O_RDONLY)),
	CHECK_OK(fcntl(3, F_SETSIG, SIGRTMIN)))
NOTICES(bytes_in_a_pipe, "1/fd/3/pipe", CHECK_OK(pipe(ends)),
	CHECK_EQ(1, write(ends[1], "x", 1)))
NOTICES(size_of_a_pipe, "1/fd/3/pipe", CHECK_OK(pipe(ends)),
	CHECK_OK(fcntl(3, F_SETPIPE_SZ, 4096)))
NOTICES(system_v_object, "sysvipc/shm/000", , CHECK_OK(shmget(1, 4096, IPC_CREAT)))
NOTICES(scheduling, "1/sched/attributes", ,
	({ struct sched_param p = { 0 }; sched_setscheduler(0, SCHED_BATCH, &p); }))
NOTICES(io_priority, "1/ioprio", , CHECK_OK(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6)))

/* ---- What no call of this process alone changes, or not by one argument ---- */

static int lose_capability(bool effective, bool permitted, bool inheritable)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const uint32_t one = 1U << CAP_SYS_PACCT;

	CHECK_OK(syscall(SYS_capget, &head, data));
	data[0].effective &= ~(effective ? one : 0);
	data[0].permitted &= ~(permitted ? one : 0);
	data[0].inheritable ^= inheritable ? one : 0;
	return syscall(SYS_capset, &head, data);
}

static int have_ambient_capability(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_PACCT, 0, 0);
}

static int filter_nothing(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &all };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int have_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	return timer_create(CLOCK_MONOTONIC, &event, &timer);
}

/* All of it is one entry, which names no program that there could be. */
static int have_other_auxv(void)
{
	unsigned long vector[] = { AT_EXECFN, 1, AT_NULL, 0 };

	return prctl(PR_SET_MM, PR_SET_MM_AUXV, vector, sizeof(vector), 0);
}

static int change_environment(void)
{
	extern char **environ;

	environ[0][0] ^= 1;
	return 0;
}

NOTICES(environment, "1/environ", , change_environment())
NOTICES(personality, "1/personality", , CHECK_OK(personality(ADDR_NO_RANDOMIZE)))
NOTICES(coredump_filter, "1/coredump_filter", ,
	CHECK_EQ(0, write_file("/proc/self/coredump_filter", "1")))
NOTICES(auxiliary_vector, "1/auxv/", , CHECK_OK(have_other_auxv()))
NOTICES(posix_timer, "1/timers/", , CHECK_OK(have_timer()))
NOTICES(effective_capability, "1/status/CapEff", , CHECK_OK(lose_capability(true, false, false)))
NOTICES(permitted_capability, "1/status/CapPrm", , CHECK_OK(lose_capability(true, true, false)))
NOTICES(inheritable_capability, "1/status/CapInh", ,
	CHECK_OK(lose_capability(false, false, true)))
NOTICES(ambient_capability, "1/status/CapAmb", CHECK_OK(lose_capability(false, false, true)),
	CHECK_OK(have_ambient_capability()))
NOTICES(capability_bounding_set, "1/status/CapBnd", ,
	CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_SYS_PACCT)))
NOTICES(no_new_privileges, "1/status/NoNewPrivs", ,
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
NOTICES(seccomp_mode, "1/status/Seccomp:", , NEED(filter_nothing()))
NOTICES(seccomp_filters, "1/status/Seccomp_filters", NEED(filter_nothing()),
	CHECK_OK(filter_nothing()))

/* Its parent ends, and the one that gets it is told of its end in the usual way. */
static int have_child_that_signals(void)
{
	pid_t pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);

	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("c", "go.1");
		_exit(0);
	}
	ckpt_wait_for("go.0");
	return 0;
}

NOTICES(exit_signal, "3/stat/exit_signal",
	({ pid_t p; SPAWN(p, have_child_that_signals()); ckpt_wait_for("c"); }),
	CHECK_EQ(0, ckpt_reap(2)))

/* The body once more, as another program */
CKPT_BODY(program)
{
	char self[PATH_MAX], dir[APP_DIR_LEN];
	char *argv[] = { (char *)"./copy", (char *)"--body", (char *)"program", dir, NULL };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK_OK(len);
	self[len] = '\0';
	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	if (access("copy", F_OK)) {
		char command[PATH_MAX + 16];

		ckpt_point(0);
		snprintf(command, sizeof(command), "cp '%s' copy", self);
		CHECK_EQ(0, system(command));
		execv(argv[0], argv);
		return ckpt_fail(__FILE__, __LINE__, "execv");
	}
	ckpt_point(1);
	return 0;
}

CKPT_TEST_F(oracle, program)
{
	notices(_metadata, &self->app, "program", "1/exe");
}

/* The same of a thread, which has the id 2 */
static void (*volatile work)(void);
static volatile int thread_state;

static void *worker(void *arg)
{
	thread_state = 1;
	while (!work)
		usleep(1000);
	work();
	thread_state = 2;
	pause();
	return arg;
}

static int in_thread(int state, void (*fn)(void))
{
	pthread_t thread;

	if (!fn)
		CHECK_EQ(0, pthread_create(&thread, NULL, worker, NULL));
	work = fn;
	while (thread_state != state)
		usleep(1000);
	return 0;
}

#define THREAD_NOTICES(name, key, change)				\
	static void change_##name(void) { change; }			\
	NOTICES(name, key, CHECK_EQ(0, in_thread(1, NULL)),		\
		CHECK_EQ(0, in_thread(2, change_##name)))

static void have_child(void)
{
	if (!fork()) {
		ckpt_announce("c", "go.1");
		_exit(0);
	}
	ckpt_wait_for("c");
}

static void block_a_signal(void)
{
	sigset_t s;

	sigfillset(&s);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
}

static void be_batch(void)
{
	struct sched_param p = { 0 };

	sched_setscheduler(0, SCHED_BATCH, &p);
}

NOTICES(new_thread, "2/status/Tgid", , CHECK_EQ(0, in_thread(1, NULL)))
THREAD_NOTICES(name_of_a_thread, "2/comm", prctl(PR_SET_NAME, "other"))
THREAD_NOTICES(timer_slack_of_a_thread, "2/timerslack_ns", prctl(PR_SET_TIMERSLACK, 777777))
THREAD_NOTICES(signal_mask_of_a_thread, "2/status/SigBlk", block_a_signal())
THREAD_NOTICES(user_of_a_thread, "2/status/Uid", syscall(SYS_setresuid, -1, 5, -1))
THREAD_NOTICES(nice_value_of_a_thread, "2/own/stat/nice", setpriority(PRIO_PROCESS, 0, 9))
THREAD_NOTICES(policy_of_a_thread, "2/sched/attributes", be_batch())
THREAD_NOTICES(descriptors_of_a_thread, "2/kcmp/files", unshare(CLONE_FILES))
THREAD_NOTICES(descriptor_of_a_thread, "2/fd/3", (unshare(CLONE_FILES), open("/", O_RDONLY)))
THREAD_NOTICES(directory_of_a_thread, "2/cwd", (unshare(CLONE_FS), chdir("/")))
THREAD_NOTICES(namespace_of_a_thread, "2/ns/uts", unshare(CLONE_NEWUTS))
THREAD_NOTICES(child_of_a_thread, "2/children", have_child())
NOTICES(zombie, "2/status/State",
	({ pid_t p; SPAWN(p, ({ ckpt_announce("c", "go.0"); 0; }));
	   ckpt_wait_for("c"); }),
	({ siginfo_t i; waitid(P_ALL, 0, &i, WEXITED | WNOWAIT); }))

/* ---- What a process finds out about itself (lib/inside.c) ---- */

static void nothing_to_do(int sig)
{
}

static int change_mask(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static int change_altstack(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	return sigaltstack(&ss, NULL);
}

static int change_itimer(void)
{
	struct itimerval it = { .it_value = { 1000, 0 } };

	return setitimer(ITIMER_REAL, &it, NULL);
}

static int change_rlimit(void)
{
	struct rlimit rl = { 1, 2 };

	return setrlimit(RLIMIT_CORE, &rl);
}

static int change_groups(void)
{
	gid_t group[] = { 12, 13 };

	return setgroups(2, group);
}

static int change_policy(void)
{
	struct sched_param param = { 0 };

	return sched_setscheduler(0, SCHED_BATCH, &param);
}

#if defined(__x86_64__) || defined(__i386__)
static int change_rounding(void)
{
	unsigned short control;

	asm volatile("fnstcw %0" : "=m" (control));
	control ^= 0xc00;
	asm volatile("fldcw %0" : : "m" (control));
	return 0;
}
#endif

static int change_tid_address(void)
{
	static int word;

	return syscall(SYS_set_tid_address, &word) < 0;
}

/* How the line begins that must be another one, and what changes it */
#define INSIDE(X)							\
	X(action, "sigaction 10:", CHECK(signal(SIGUSR1, nothing_to_do) != SIG_ERR)) \
	X(mask, "sigmask:", CHECK_OK(change_mask()))			\
	X(pending, "sigpending:", (change_mask(), raise(SIGUSR1)))	\
	X(altstack, "altstack:", CHECK_OK(change_altstack()))		\
	X(dumpable, "prctl 3:", CHECK_OK(prctl(PR_SET_DUMPABLE, 0)))	\
	X(death_signal, "prctl 2:", CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1))) \
	X(keep_caps, "prctl 7:", CHECK_OK(prctl(PR_SET_KEEPCAPS, 1)))	\
	X(no_new_privs, "prctl 39:", CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))) \
	X(subreaper, "prctl 37:", CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1))) \
	X(timer_slack, "prctl 30:", CHECK_OK(prctl(PR_SET_TIMERSLACK, 777777))) \
	X(name, "name:", CHECK_OK(prctl(PR_SET_NAME, "other")))		\
	X(tid_address, "tid address:", CHECK_OK(change_tid_address()))	\
	X(bounding_set, "capability 20: bounding 0", CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_SYS_PACCT))) \
	X(capabilities, "capabilities 0:", CHECK_OK(lose_capability(true, true, false))) \
	X(itimer, "itimer 0:", CHECK_OK(change_itimer()))		\
	X(rlimit, "rlimit 4:", CHECK_OK(change_rlimit()))		\
	X(session, "pid ", CHECK_OK(setsid()))				\
	X(uids, "uids:", CHECK_OK(syscall(SYS_setresuid, -1, -1, 77)))	\
	X(gids, "gids:", CHECK_OK(syscall(SYS_setresgid, -1, -1, 77)))	\
	X(ids_for_files, "ids for files:", setfsuid(77))		\
	X(groups, "group 1:", CHECK_OK(change_groups()))		\
	X(host, "host:", CHECK_OK(sethostname("other", 5)))		\
	X(cwd, "cwd:", CHECK_OK(chdir("/")))				\
	X(umask, "umask:", umask(0123))					\
	X(personality, "personality:", CHECK_OK(personality(ADDR_NO_RANDOMIZE))) \
	X(nice, "nice:", CHECK_OK(setpriority(PRIO_PROCESS, 0, 9)))	\
	X(policy, "policy:", CHECK_OK(change_policy()))			\
	X(io_priority, "io priority:", CHECK_OK(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6))) \
	X(brk, "brk:", CHECK(sbrk(4096) != (void *)-1))			\
	INSIDE_X86(X)

#if defined(__x86_64__) || defined(__i386__)
#define INSIDE_X86(X)							\
	X(rounding, "fpu:", CHECK_OK(change_rounding()))
#else
#define INSIDE_X86(X)
#endif

#define INSIDE_FUNCTION(name, line, change)				\
	static int inside_##name(void)					\
	{								\
		change;							\
		return 0;						\
	}
INSIDE(INSIDE_FUNCTION)

#define INSIDE_ENTRY(name, line, change)	{ line, inside_##name },
static const struct {
	const char *line;
	int (*change)(void);
} inside[] = { INSIDE(INSIDE_ENTRY) };

/* The lines of @text that begin with @with, in @lines */
static void lines_with(const char *text, const char *with, char *lines, size_t size)
{
	size_t len;

	*lines = '\0';
	for (; *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		if (!strncmp(text, with, strlen(with)))
			snprintf(lines + strlen(lines), size - strlen(lines), "%.*s\n",
				 (int)len, text);
	}
}

static int inside_notices(unsigned int nr)
{
	static char before[65536], after[65536], lines[2][1024];

	inside_record(before, sizeof(before));
	inside_record(after, sizeof(after));
	CHECK_EQ(0, inside_diff(before, after));
	CHECK(!inside[nr].change());
	inside_record(after, sizeof(after));
	lines_with(before, inside[nr].line, lines[0], sizeof(lines[0]));
	lines_with(after, inside[nr].line, lines[1], sizeof(lines[1]));
	if (!strcmp(lines[0], lines[1]) || !lines[1][0]) {
		ckpt_note("\"%s\" does not change", inside[nr].line);
		return 1;
	}
	CHECK(inside_diff(before, after) > 0);
	return 0;
}

CKPT_BODY(look_inside)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		SPAWN(pid, inside_notices(i));
		CHECK_EQ(0, ckpt_reap(pid));
	}
	ckpt_here();
	return 0;
}

CKPT_TEST_F(oracle, notices_what_only_a_process_itself_can_see)
{
	ASSERT_EQ(0, app_start(&self->app, "look_inside"));
	ASSERT_EQ(0, app_finish(&self->app));
}

/* Counters only grow; when one does not, that is found. */
CKPT_TEST_F(oracle, counters_may_grow_but_not_fall)
{
	struct oracle a = { 0 }, b = { 0 };

	oracle_add(&a, "100", "1/stat/utime");
	oracle_add(&b, "105", "1/stat/utime");
	EXPECT_EQ(0, oracle_diff(&a, &b, NULL));
	EXPECT_EQ(1, oracle_diff(&b, &a, NULL));
	oracle_add(&a, "1000", "1/stat/starttime");
	oracle_add(&b, "1001", "1/stat/starttime");
	EXPECT_EQ(0, oracle_diff(&a, &b, NULL));
	oracle_add(&a, "1000", "2/stat/starttime");
	oracle_add(&b, "1002", "2/stat/starttime");
	EXPECT_EQ(1, oracle_diff(&a, &b, NULL));
	oracle_free(&a);
	oracle_free(&b);
}

CKPT_TEST_F(oracle, reports_nothing_if_nothing_changed)
{
	notices(_metadata, &self->app, "nothing", NULL);
}

CKPT_BODY(nothing)
{
	ckpt_here();
	return 0;
}

CKPT_TEST_F(oracle, recordings_survive_a_file)
{
	struct oracle a, b;
	FILE *f = tmpfile();

	ASSERT_EQ(0, oracle_record(&a, getpid()));
	ASSERT_NE(NULL, f);
	ASSERT_EQ(0, oracle_write(&a, f));
	rewind(f);
	ASSERT_EQ(0, oracle_read(&b, f));
	EXPECT_EQ(a.nr, b.nr);
	EXPECT_EQ(0, oracle_diff(&a, &b, stderr));
	free(b.entry[b.nr / 2].value);
	b.entry[b.nr / 2].value = strdup("something else");
	EXPECT_EQ(1, oracle_diff(&a, &b, NULL));
}

TEST_HARNESS_MAIN
