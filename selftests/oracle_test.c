// SPDX-License-Identifier: GPL-2.0
/*
 * The state oracle notices what it is there to notice
 *
 * No checkpoint is made here: each body changes one thing between two points,
 * and the recordings must differ in the named key; as a control, those of a
 * body that waits must not differ at all.
 */
#include "test.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>

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

/* An application that polls is now asleep and now running. */
/* The control group says "frozen" before its last task sleeps. */
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
	} while (!key && n && ++tries < 3);
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
