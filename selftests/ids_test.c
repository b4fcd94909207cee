// SPDX-License-Identifier: GPL-2.0
/*
 * Process tree, ids, names, and what /proc tells of a process
 */
#include "test.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/personality.h>
#include <time.h>

CKPT_SUITE(ids);
CKPT_SUITE_V1(ids);

CKPT_TEST(ids, own_ids)
{
	pid_t pid = getpid(), ppid = getppid(), sid = getsid(0), pgid = getpgid(0);

	CHECK_EQ(1, pid);
	ckpt_here();
	CHECK_EQ(pid, getpid());
	CHECK_EQ(pid, syscall(SYS_getpid));
	CHECK_EQ(pid, syscall(SYS_gettid));
	CHECK_EQ(ppid, getppid());
	CHECK_EQ(sid, getsid(0));
	CHECK_EQ(pgid, getpgid(0));
	return 0;
}

CKPT_TEST_F(ids, process_below_an_init)
{
	self->app.below_init = true;
	ckpt_roundtrip(_metadata, &self->app, "below_init", 1);
}

CKPT_BODY(below_init)
{
	CHECK_EQ(2, getpid());
	ckpt_here();
	CHECK_EQ(2, getpid());
	CHECK_EQ(1, getppid());
	CHECK_EQ(2, getpgid(0));
	CHECK_EQ(1, getsid(0));
	return 0;
}

/* A tree three levels deep, with numbers that are not in a row. */
static int leaf(int level, int width)
{
	pid_t pid[4] = { 0 }, me = getpid(), parent = getppid(), skip;
	char name[32];
	int i;

	for (i = 0; level && i < width; i++) {
		SPAWN(skip, 0);
		CHECK_EQ(0, ckpt_reap(skip));
		SPAWN(pid[i], leaf(level - 1, width));
	}
	if (me == 1) {
		for (i = 0; i < width; i++) {
			snprintf(name, sizeof(name), "up.%d", pid[i]);
			ckpt_wait_for(name);
		}
		ckpt_here();
	} else {
		for (i = 0; level && i < width; i++) {
			snprintf(name, sizeof(name), "up.%d", pid[i]);
			ckpt_wait_for(name);
		}
		snprintf(name, sizeof(name), "up.%d", me);
		ckpt_announce(name, "go.0");
	}
	CHECK_EQ(me, getpid());
	if (me != 1)
		CHECK_EQ(parent, getppid());
	for (i = 0; level && i < width; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

CKPT_TEST(ids, tree_of_processes)
{
	return leaf(3, 2);
}

CKPT_TEST(ids, broad_tree_of_processes)
{
	pid_t pid[60];
	char name[32];
	int i;

	for (i = 0; i < 60; i++)
		SPAWN(pid[i], (snprintf(name, sizeof(name), "up.%d", i),
			       ckpt_announce(name, "go.0"), 0));
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "up.%d", i);
		ckpt_wait_for(name);
	}
	ckpt_here();
	for (i = 0; i < 60; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

CKPT_TEST(ids, new_children_get_free_numbers)
{
	pid_t pid, next;

	SPAWN(pid, (ckpt_announce("child", "end"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	SPAWN(next, 0);
	CHECK(next != pid && next > 1);
	CHECK_EQ(0, ckpt_reap(next));
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	return 0;
}

static int session_child(void)
{
	pid_t me = getpid();

	CHECK_EQ(me, setsid());
	ckpt_announce("session", "go.0");
	CHECK_EQ(me, getsid(0));
	CHECK_EQ(me, getpgid(0));
	return 0;
}

CKPT_TEST(ids, session_of_a_child)
{
	pid_t pid;

	SPAWN(pid, session_child());
	ckpt_wait_for("session");
	ckpt_here();
	CHECK_EQ(pid, getsid(pid));
	CHECK_EQ(1, getsid(0));
	return ckpt_reap(pid);
}

/* A child that stayed in the session that its parent left. */
static int old_session(pid_t sid)
{
	ckpt_announce("old", "go.0");
	CHECK_EQ(sid, getsid(0));
	return 0;
}

static int leaves_session(pid_t sid)
{
	pid_t stay, go;

	SPAWN(stay, old_session(sid));
	ckpt_wait_for("old");
	CHECK_EQ(getpid(), setsid());
	SPAWN(go, (ckpt_announce("new", "go.0"), getsid(0) != getppid()));
	ckpt_wait_for("new");
	ckpt_announce("left", "go.0");
	CHECK_EQ(0, ckpt_reap(stay));
	CHECK_EQ(0, ckpt_reap(go));
	return 0;
}

CKPT_TEST(ids, child_in_the_session_that_its_parent_left)
{
	pid_t pid;

	SPAWN(pid, leaves_session(getsid(0)));
	ckpt_wait_for("left");
	ckpt_here();
	return ckpt_reap(pid);
}

static int member(const char *flag, pid_t group)
{
	ckpt_announce(flag, "go.0");
	CHECK_EQ(group ? group : getpid(), getpgid(0));
	return 0;
}

CKPT_TEST(ids, process_groups)
{
	pid_t a, b, c;

	SPAWN(a, (setpgid(0, 0), member("a", 0)));
	ckpt_wait_for("a");
	SPAWN(b, (setpgid(0, a), member("b", a)));
	SPAWN(c, member("c", getpgid(0)));
	ckpt_wait_for("b");
	ckpt_wait_for("c");
	ckpt_here();
	CHECK_EQ(a, getpgid(a));
	CHECK_EQ(a, getpgid(b));
	CHECK_EQ(1, getpgid(c));
	return ckpt_reap(a) || ckpt_reap(b) || ckpt_reap(c);
}

/* The group's leader may be younger than its members. */
CKPT_TEST(ids, group_whose_leader_came_later)
{
	pid_t a, b;

	SPAWN(a, (ckpt_announce("a", "go.0"), 0));
	ckpt_wait_for("a");
	SPAWN(b, (setpgid(0, 0), member("b", 0)));
	ckpt_wait_for("b");
	CHECK_OK(setpgid(a, b));
	ckpt_here();
	CHECK_EQ(b, getpgid(a));
	CHECK_EQ(b, getpgid(b));
	return ckpt_reap(a) || ckpt_reap(b);
}

CKPT_TEST(ids, exit_status_and_sigchld_of_children)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_announce("child", "go.0"), 57));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(pid, waitpid(-1, &status, 0));
	CHECK(WIFEXITED(status));
	CHECK_EQ(57, WEXITSTATUS(status));
	return 0;
}

CKPT_TEST(ids, orphans_go_to_the_containers_init)
{
	pid_t pid;
	int status;

	SPAWN(pid, ({
		pid_t grandchild = fork();

		if (!grandchild) {
			ckpt_announce("grandchild", "orphan");
			while (getppid() != 1)
				usleep(1000);
			_exit(33);
		}
		ckpt_wait_for("go.0");
		0;
	}));
	ckpt_wait_for("grandchild");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("orphan");
	CHECK(wait(&status) > 0);
	CHECK_EQ(33 << 8, status);
	return 0;
}

CKPT_TEST(ids, name_of_the_task)
{
	char name[17] = "";

	CHECK_OK(prctl(PR_SET_NAME, "odd) (name \n"));
	ckpt_here();
	CHECK_OK(prctl(PR_GET_NAME, name));
	CHECK(!strcmp(name, "odd) (name \n"));
	return 0;
}

static int read_proc(const char *name, char *buf, size_t size)
{
	char path[64];

	memset(buf, 0, size);
	snprintf(path, sizeof(path), "/proc/self/%s", name);
	return read_file(path, buf, size);
}

CKPT_TEST(ids, proc_shows_program_arguments_and_environment)
{
	static char cmdline[2][4096], environ_[2][65536], auxv[2][1024];
	char exe[2][4096] = { "", "" };

	CHECK(readlink("/proc/self/exe", exe[0], 4095) > 0);
	read_proc("cmdline", cmdline[0], sizeof(cmdline[0]));
	read_proc("environ", environ_[0], sizeof(environ_[0]));
	read_proc("auxv", auxv[0], sizeof(auxv[0]));
	ckpt_here();
	CHECK(readlink("/proc/self/exe", exe[1], 4095) > 0);
	read_proc("cmdline", cmdline[1], sizeof(cmdline[1]));
	read_proc("environ", environ_[1], sizeof(environ_[1]));
	read_proc("auxv", auxv[1], sizeof(auxv[1]));
	CHECK(!strcmp(exe[0], exe[1]));
	CHECK(!memcmp(cmdline[0], cmdline[1], sizeof(cmdline[0])));
	CHECK(!memcmp(environ_[0], environ_[1], sizeof(environ_[0])));
	CHECK(!memcmp(auxv[0], auxv[1], sizeof(auxv[0])));
	return 0;
}

CKPT_TEST(ids, changed_command_line)
{
	char buf[4096];
	FILE *f;
	unsigned long start, end;
	int i;

	f = fopen("/proc/self/stat", "r");
	CHECK(f);
	CHECK(fgets(buf, sizeof(buf), f));
	fclose(f);
	/* Fields 48 and 49 behind the name. */
	char *p = strrchr(buf, ')') + 2;

	for (i = 3; i < 48; i++)
		p = strchr(p, ' ') + 1;
	CHECK_EQ(2, sscanf(p, "%lu %lu", &start, &end));
	memset((void *)start, 'y', end - start - 1);
	ckpt_here();
	CHECK_EQ(end - start, read_proc("cmdline", buf, sizeof(buf)));
	CHECK_EQ('y', buf[0]);
	CHECK_EQ('y', buf[end - start - 2]);
	return 0;
}

CKPT_TEST(ids, what_only_the_process_itself_sees)
{
	static char before[16384], after[16384];

	inside_record(before, sizeof(before));
	ckpt_here();
	inside_record(after, sizeof(after));
	CHECK_EQ(0, inside_diff(before, after));
	return 0;
}

/* The same with values that are nobody's default. */
CKPT_TEST(ids, settings_of_the_process)
{
	static char before[16384], after[16384];
	struct rlimit rl = { 123, 456 };

	CHECK_OK(setrlimit(RLIMIT_NPROC, &rl));
	rl = (struct rlimit) { 1 << 20, 2 << 20 };
	CHECK_OK(setrlimit(RLIMIT_CORE, &rl));
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 7));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	CHECK_OK(personality(ADDR_NO_RANDOMIZE));
	CHECK_OK(sethostname("restarted.example", 17));
	CHECK_OK(setdomainname("nis.example", 11));
	umask(035);
	inside_record(before, sizeof(before));
	ckpt_here();
	inside_record(after, sizeof(after));
	CHECK_EQ(0, inside_diff(before, after));
	return 0;
}

CKPT_TEST(ids, host_name)
{
	struct utsname uts;

	CHECK_OK(sethostname("moved", 5));
	CHECK_OK(setdomainname("somewhere", 9));
	ckpt_here();
	CHECK_OK(uname(&uts));
	CHECK(!strcmp(uts.nodename, "moved"));
	CHECK(!strcmp(uts.domainname, "somewhere"));
	CHECK_OK(sethostname("again", 5));
	CHECK_OK(uname(&uts));
	CHECK(!strcmp(uts.nodename, "again"));
	return 0;
}

CKPT_TEST(ids, resource_limits)
{
	struct rlimit rl[RLIM_NLIMITS], now;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		CHECK_OK(getrlimit(i, &rl[i]));
		if (rl[i].rlim_max == RLIM_INFINITY) {
			rl[i].rlim_max = (1ULL << 40) + i;
			rl[i].rlim_cur = (1ULL << 39) + i;
		}
		if (rl[i].rlim_cur > 1024)
			rl[i].rlim_cur -= 1;
		CHECK_OK(setrlimit(i, &rl[i]));
		/* A 32-bit kernel takes such limits for none. */
		CHECK_OK(getrlimit(i, &rl[i]));
	}
	ckpt_here();
	for (i = 0; i < RLIM_NLIMITS; i++) {
		CHECK_OK(getrlimit(i, &now));
		CHECK_EQ(rl[i].rlim_cur, now.rlim_cur);
		CHECK_EQ(rl[i].rlim_max, now.rlim_max);
	}
	return 0;
}

/* After a checkpoint that is not followed by a kill, all goes on as well. */
CKPT_TEST_F(ids, application_goes_on_after_a_checkpoint)
{
	struct app *app = &self->app;

	ASSERT_EQ(0, app_start(app, "ids_tree_of_processes"));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

/* ---- A hundred processes in three levels, which talk through pipes ---- */

#define NR_MIDDLE	9
#define NR_LEAVES	10	/* below each of those */

struct answer {
	uint16_t leaf;
	uint16_t number;
};

/* For each number that is told: an answer. 0, which ends it, has none. */
static int hundredth(int in, int out, int nr)
{
	struct answer answer = { .leaf = nr };
	pid_t pid = getpid(), parent = getppid();

	while (read(in, &answer.number, sizeof(answer.number)) == sizeof(answer.number)) {
		if (!answer.number)
			return 7;
		CHECK_EQ(pid, getpid());
		CHECK_EQ(parent, getppid());
		CHECK_EQ(sizeof(answer), write(out, &answer, sizeof(answer)));
	}
	return 1;
}

static int middle(int in, int out, int nr)
{
	pid_t pid[NR_LEAVES], me = getpid();
	int below[NR_LEAVES][2], i, status;
	uint16_t number;

	for (i = 0; i < NR_LEAVES; i++) {
		CHECK_OK(pipe(below[i]));
		SPAWN(pid[i], hundredth(below[i][0], out, nr * NR_LEAVES + i));
		close(below[i][0]);
	}
	do {
		CHECK_EQ(sizeof(number), read(in, &number, sizeof(number)));
		for (i = 0; i < NR_LEAVES; i++)
			CHECK_EQ(sizeof(number), write(below[i][1], &number, sizeof(number)));
	} while (number);
	CHECK_EQ(me, getpid());
	for (i = 0; i < NR_LEAVES; i++) {
		CHECK_EQ(pid[i], waitpid(pid[i], &status, 0));
		CHECK_EQ(7 << 8, status);
	}
	return 0;
}

static int tell_all(int below[NR_MIDDLE][2], uint16_t number)
{
	int i;

	for (i = 0; i < NR_MIDDLE; i++)
		CHECK_EQ(sizeof(number), write(below[i][1], &number, sizeof(number)));
	return 0;
}

/* One of each leaf, in any order */
static int take_answers(int fd, int number)
{
	bool seen[NR_MIDDLE * NR_LEAVES] = {};
	struct answer answer;
	int i;

	for (i = 0; i < NR_MIDDLE * NR_LEAVES; i++) {
		CHECK_EQ(sizeof(answer), read(fd, &answer, sizeof(answer)));
		CHECK(answer.leaf < NR_MIDDLE * NR_LEAVES);
		CHECK_EQ(number, answer.number);
		CHECK(!seen[answer.leaf]);
		seen[answer.leaf] = true;
	}
	CHECK_OK(ioctl(fd, FIONREAD, &i));
	CHECK_EQ(0, i);
	return 0;
}

/* At the checkpoint all answers to the first number are in the pipe. */
CKPT_TEST(ids, hundred_processes_with_pipes)
{
	int below[NR_MIDDLE][2], answers[2], i, waiting;
	pid_t pid[NR_MIDDLE];

	CHECK_OK(pipe(answers));
	for (i = 0; i < NR_MIDDLE; i++) {
		CHECK_OK(pipe(below[i]));
		SPAWN(pid[i], middle(below[i][0], answers[1], i));
		close(below[i][0]);
	}
	CHECK_EQ(0, tell_all(below, 1));
	do {
		sleep_ms(5);
		CHECK_OK(ioctl(answers[0], FIONREAD, &waiting));
	} while (waiting < NR_MIDDLE * NR_LEAVES * sizeof(struct answer));
	ckpt_here();
	CHECK_EQ(0, take_answers(answers[0], 1));
	for (i = 2; i < 5; i++) {
		CHECK_EQ(0, tell_all(below, i));
		CHECK_EQ(0, take_answers(answers[0], i));
	}
	CHECK_EQ(0, tell_all(below, 0));
	for (i = 0; i < NR_MIDDLE; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

/* ---- restart --no-pids: what refers to a process refers to the new one ---- */

static struct {
	volatile pid_t tid;	/* of the thread */
	volatile int go;
	volatile int got;
} other;

static void *other_thread(void *arg)
{
	struct timespec limit = { .tv_sec = 60 };
	siginfo_t info = {};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	other.tid = syscall(SYS_gettid);
	while (!other.go)
		sleep_ms(1);
	other.tid = syscall(SYS_gettid);
	other.got = sigtimedwait(&mask, &info, &limit) == SIGUSR1 &&
		    info.si_code == SI_TIMER;
	return NULL;
}

static int set_timer(int id, time_t sec, long nsec)
{
	struct itimerspec spec = { .it_value = { sec, nsec } };

	return syscall(SYS_timer_settime, id, 0, &spec, NULL);
}

/* One for the other thread, in a while */
static int timer_for(pid_t tid)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	int id = -1;

	event._sigev_un._tid = tid;
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	CHECK_OK(set_timer(id, 1000, 0));
	return id;
}

/* What /proc says of the caller's threads: how many, and whether one has this id */
static int threads_with(pid_t tid, bool *found)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int nr = 0;

	*found = false;
	while (dir && (entry = readdir(dir))) {
		nr += entry->d_name[0] != '.';
		*found |= atoi(entry->d_name) == tid;
	}
	if (dir)
		closedir(dir);
	return nr;
}

/* In a process group of its own */
static int grouped_child(volatile pid_t *parent)
{
	CHECK_OK(setpgid(0, 0));
	parent[1] = getpid();
	while (!parent[0])
		sleep_ms(1);
	CHECK_EQ(parent[0], getppid());
	CHECK_EQ(getpid(), getpgrp());
	CHECK_EQ(parent[0], getsid(0));
	CHECK(parent[1] != getpid());
	parent[1] = getpid();
	return 9;
}

static struct f_owner_ex owner_of(int fd)
{
	struct f_owner_ex owner = { .type = -1 };

	fcntl(fd, F_GETOWN_EX, &owner);
	return owner;
}

static int set_owner(int fd, int type, pid_t pid)
{
	struct f_owner_ex owner = { .type = type, .pid = pid };

	return fcntl(fd, F_SETOWN_EX, &owner);
}

#define CHECK_OWNER(fd, expected_type, expected_pid)			\
do {									\
	CHECK_EQ(expected_type, owner_of(fd).type);			\
	CHECK_EQ(expected_pid, owner_of(fd).pid);			\
} while (0)

CKPT_BODY(ids_with_any_pids)
{
	pid_t zombie, child, old = getpid(), old_tid;
	int pipes[2][2], timer, status;
	volatile pid_t *shared;
	siginfo_t info = {};
	pthread_t thread;
	sigset_t mask;
	bool found;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK_EQ(0, pthread_create(&thread, NULL, other_thread, NULL));
	while (!other.tid)
		sleep_ms(1);
	old_tid = other.tid;
	SPAWN(zombie, 5);
	CHECK_EQ(0, waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
	SPAWN(child, grouped_child(shared));
	while (!shared[1])
		sleep_ms(1);
	timer = timer_for(old_tid);
	CHECK_OK(timer);
	CHECK(!pipe(pipes[0]) && !pipe(pipes[1]));
	CHECK_OK(set_owner(pipes[0][0], F_OWNER_PID, old));
	CHECK_OK(set_owner(pipes[0][1], F_OWNER_TID, old_tid));
	CHECK_OK(set_owner(pipes[1][0], F_OWNER_PGRP, child));
	ckpt_here();

	CHECK(old != getpid());
	CHECK_EQ(getpid(), syscall(SYS_gettid));
	CHECK_EQ(getpid(), getpgrp());
	CHECK_EQ(getpid(), getsid(0));

	other.go = 1;
	while (other.tid == old_tid)
		sleep_ms(1);
	CHECK_EQ(2, threads_with(other.tid, &found));
	CHECK(found && other.tid != getpid());
	CHECK_OWNER(pipes[0][0], F_OWNER_PID, getpid());
	CHECK_OWNER(pipes[0][1], F_OWNER_TID, other.tid);
	CHECK_OK(set_timer(timer, 0, 100000000));
	CHECK_EQ(0, pthread_join(thread, NULL));
	CHECK(other.got);

	shared[0] = getpid();
	while (shared[1] == child)
		sleep_ms(1);
	CHECK_OWNER(pipes[1][0], F_OWNER_PGRP, shared[1]);
	CHECK_EQ(shared[1], waitpid(shared[1], &status, 0));
	CHECK_EQ(9 << 8, status);
	CHECK(waitpid(-1, &status, WNOHANG) > 0);
	CHECK_EQ(5 << 8, status);
	return 0;
}

/* With descriptors 0 to 2, and nothing else of ours */
static pid_t start_outside(struct app *app, const char *body)
{
	char exe[64] = "/proc/self/exe";
	char *argv[] = { exe, (char *)"--body", (char *)body, app->dir, NULL };
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	setsid();
	for (i = 0; i < 3; i++)
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), i);
	close_range(3, ~0U, 0);
	if (!chdir(app->dir))
		execv(exe, argv);
	_exit(104);
}

/* Runs a tool in the directory of the application, with its words in its log. */
static pid_t run_tool(struct app *app, char *const argv[])
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	if (!chdir(app->dir) &&
	    dup2(open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), 2) == 2)
		execvp(argv[0], argv);
	_exit(102);
}

CKPT_TEST_F(ids, any_pids)
{
	char pid[16];
	char *save[] = { (char *)"checkpoint", (char *)"--subtree", (char *)"--freeze",
			 (char *)"--kill", (char *)"-p", pid, (char *)"-o",
			 (char *)"image", NULL };
	char *restart[] = { (char *)"restart", (char *)"--no-pids", (char *)"--no-cgroups",
			    (char *)"--wait", (char *)"-i", (char *)"image", NULL };
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "needs the system calls");
	app->pid = start_outside(app, "ids_with_any_pids");
	ASSERT_LT(0, app->pid);
	ASSERT_EQ(0, app_wait_ready(app)) {
		app_show(app);
	}
	snprintf(pid, sizeof(pid), "%d", app->pid);
	ASSERT_EQ(0, ckpt_reap(run_tool(app, save))) {
		app_show(app);
	}
	ASSERT_EQ(app->pid, waitpid(app->pid, NULL, 0));
	app->pid = run_tool(app, restart);
	ASSERT_LT(0, app->pid);
	app_go(app);
	ASSERT_EQ(0, app_wait(app)) {
		app_show(app);
	}
}

TEST_HARNESS_MAIN
