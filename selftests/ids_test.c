// SPDX-License-Identifier: GPL-2.0
/*
 * Process tree, ids, names, and what /proc tells of a process
 */
#include "test.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/personality.h>

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

TEST_HARNESS_MAIN
