// SPDX-License-Identifier: GPL-2.0
/*
 * User namespaces inside of the container, and what belongs to them. The tool
 * makes them.
 */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "refusal.h"

CKPT_NO_RSEQ

CKPT_SUITE(userns);
CKPT_SUITE_V1(userns);

/* A test that is nothing but its body */
#define USERNS_TEST(name)	CKPT_TEST_BY_TOOL(userns, name)

#define TEXT	256

static char *read_text(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, TEXT - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool same_ns(pid_t a, pid_t b, const char *kind)
{
	char path[2][TEXT], text[2][TEXT] = { "", "" };
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path[i], TEXT, "/proc/%d/ns/%s", i ? a : b, kind);
		if (readlink(path[i], text[i], TEXT - 1) < 0)
			return false;
	}
	return !strcmp(text[0], text[1]);
}

static int write_to(pid_t pid, const char *name, const char *text)
{
	char path[TEXT];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY);
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

/* What is mapped, and whether groups may be chosen */
struct map {
	const char *uids;
	const char *gids;
	const char *projids;
	bool no_groups;
};

static int write_maps(pid_t pid, const struct map *map)
{
	return (map->no_groups && write_to(pid, "setgroups", "deny")) ||
	       write_to(pid, "uid_map", map->uids) ||
	       write_to(pid, "gid_map", map->gids) ||
	       (map->projids && write_to(pid, "projid_map", map->projids));
}

/* Into a new user namespace, and new ones of other kinds that belong to it */
static int enter(int kinds, const struct map *map)
{
	pid_t self = getpid(), writer;
	int fd[2], status;
	char byte;

	CHECK_OK(pipe(fd));
	writer = fork();
	CHECK_OK(writer);
	if (!writer) {
		close(fd[1]);
		/* Its end says that the namespace is there. */
		if (read(fd[0], &byte, 1))
			_exit(1);
		_exit(!!write_maps(self, map));
	}
	CHECK_OK(unshare(CLONE_NEWUSER | kinds));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	close(fd[0]);
	close(fd[1]);
	CHECK_OK(waitpid(writer, &status, 0));
	CHECK_EQ(0, status);
	return 0;
}

static const struct map some = {
	.uids = "0 100 10\n1000 500 5\n", .gids = "0 200 10\n70 300 1\n",
};

static const struct map all = {
	.uids = "0 100 10\n1000 500 5\n", .gids = "0 200 10\n70 300 1\n",
	.projids = "3 4 5\n",
};

static const struct map few = { .uids = "0 0 1\n", .gids = "0 0 1\n" };

/* ---- One, with a map of its own ---- */

/* Columns are padded. */
static int map_is(const char *path, const char *expected)
{
	unsigned int seen[6] = { 0 }, wanted[6] = { 0 };
	char text[TEXT];

	sscanf(read_text(path, text), "%u %u %u %u %u %u", &seen[0], &seen[1],
	       &seen[2], &seen[3], &seen[4], &seen[5]);
	sscanf(expected, "%u %u %u %u %u %u", &wanted[0], &wanted[1],
	       &wanted[2], &wanted[3], &wanted[4], &wanted[5]);
	CHECK(!memcmp(seen, wanted, sizeof(seen)));
	return 0;
}

static int is_in(const struct map *map)
{
	char text[TEXT];

	CHECK(!same_ns(getpid(), getppid(), "user"));
	CHECK_EQ(0, map_is("/proc/self/uid_map", map->uids));
	CHECK_EQ(0, map_is("/proc/self/projid_map", map->projids ?: ""));
	if (!map->no_groups)
		CHECK_EQ(0, map_is("/proc/self/gid_map", map->gids));
	CHECK(!strcmp(read_text("/proc/self/setgroups", text),
		      map->no_groups ? "deny\n" : "allow\n"));
	return 0;
}

static int as_somebody(void)
{
	gid_t groups[3] = { 1, 5 };

	CHECK_EQ(0, enter(0, &all));
	CHECK_OK(setgroups(2, groups));
	CHECK_OK(setresgid(3, 3, 3));
	CHECK_OK(setresuid(1004, 1004, 1004));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	ckpt_announce("in", "end");
	CHECK_EQ(0, is_in(&all));
	CHECK_EQ(1004, getuid());
	CHECK_EQ(3, getgid());
	CHECK_EQ(2, getgroups(3, groups));
	CHECK_EQ(1, groups[0]);
	CHECK_EQ(5, groups[1]);
	return 0;
}

USERNS_TEST(with_ids_of_its_own)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, as_somebody());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int enter_as_root(int kinds, const struct map *map)
{
	CHECK_EQ(0, enter(kinds, map));
	CHECK_OK(setresgid(0, 0, 0));
	CHECK_OK(setresuid(0, 0, 0));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	return 0;
}

/* Who is root in it has all rights there, and none here. */
static int as_root(void)
{
	CHECK_EQ(0, enter_as_root(0, &some));
	ckpt_announce("in", "end");
	CHECK_EQ(0, is_in(&some));
	CHECK(sethostname("x", 1) < 0 && errno == EPERM);
	CHECK_OK(setresuid(1001, 1001, 1001));
	return 0;
}

USERNS_TEST(with_a_root_of_its_own)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, as_root());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Groups that nobody has a name for in there ---- */

static const struct map alone = {
	.uids = "0 0 1\n", .gids = "0 0 1\n", .no_groups = true,
};

static int with_groups(void)
{
	gid_t groups[4] = { 40, 50, 60 };

	CHECK_OK(setgroups(3, groups));
	CHECK_EQ(0, enter(0, &alone));
	ckpt_announce("in", "end");
	CHECK_EQ(0, is_in(&alone));
	CHECK_EQ(3, getgroups(4, groups));
	CHECK(setgroups(0, NULL) < 0 && errno == EPERM);
	/* They count all the same. */
	CHECK_EQ(0, access("for.50", R_OK));
	CHECK(access("for.70", R_OK) < 0 && errno == EACCES);
	return 0;
}

static int make_for(const char *name, gid_t group)
{
	int fd = open(name, O_CREAT | O_RDWR, 0600);

	CHECK_OK(fchown(fd, 1, group));
	CHECK_OK(fchmod(fd, 0040));
	close(fd);
	return 0;
}

USERNS_TEST(with_groups_from_outside)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	CHECK_EQ(0, make_for("for.50", 50));
	CHECK_EQ(0, make_for("for.70", 70));
	SPAWN(pid, with_groups());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- One in the other, made by somebody else than root ---- */

static int innermost(void)
{
	static const struct map inner = { .uids = "0 1002 1\n", .gids = "0 7 1\n" };

	CHECK_OK(setresgid(7, 7, 7));
	CHECK_OK(setresuid(1002, 1002, 1002));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	CHECK_OK(unshare(CLONE_NEWUSER));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	CHECK_OK(write_to(getpid(), "setgroups", "deny"));
	CHECK_OK(write_to(getpid(), "uid_map", inner.uids));
	CHECK_OK(write_to(getpid(), "gid_map", inner.gids));
	ckpt_announce("innermost", "end");
	CHECK_EQ(0, map_is("/proc/self/uid_map", inner.uids));
	CHECK_EQ(0, getuid());
	CHECK_EQ(0, getgid());
	CHECK(!same_ns(getpid(), getppid(), "user"));
	return 0;
}

static int ns_fd(pid_t pid, const char *kind)
{
	char path[TEXT];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return open(path, O_RDONLY);
}

static int owner_uid_of(pid_t pid)
{
	int fd = ns_fd(pid, "user");
	uid_t uid = -1;

	ioctl(fd, NS_GET_OWNER_UID, &uid);
	close(fd);
	return uid;
}

static int between(void)
{
	pid_t pid;

	CHECK_EQ(0, enter_as_root(0, &some));
	SPAWN(pid, innermost());
	ckpt_wait_for("innermost");
	ckpt_announce("in", "end.0");
	CHECK_EQ(0, is_in(&some));
	CHECK_EQ(1002, owner_uid_of(pid));
	ckpt_set("end");
	return ckpt_reap(pid);
}

USERNS_TEST(one_in_the_other)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, between());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end.0");
	return ckpt_reap(pid);
}

/* Nobody is left in the one between. */
static int through(void)
{
	CHECK_EQ(0, enter(0, &some));
	return innermost();
}

USERNS_TEST(one_in_an_empty_one)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, through());
	ckpt_wait_for("innermost");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Namespaces that belong to it ---- */

#define KINDS	(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

static int owner_of_all(void)
{
	char name[TEXT];

	CHECK_EQ(0, enter_as_root(KINDS, &some));
	CHECK_OK(sethostname("inside", 6));
	ckpt_announce("in", "end");
	CHECK_EQ(0, is_in(&some));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, "inside"));
	CHECK_OK(sethostname("still", 5));
	CHECK(!same_ns(getpid(), getppid(), "net"));
	return 0;
}

USERNS_TEST(that_owns_others)
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, owner_of_all());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- Pid namespaces that belong to it ---- */

/* Whether the pid namespace of a process belongs to our user namespace */
static int is_ours(pid_t pid)
{
	struct stat owner, own;
	int fd = ns_fd(pid, "pid"), of = ioctl(fd, NS_GET_USERNS);

	CHECK_OK(fstat(of, &owner));
	CHECK_OK(stat("/proc/self/ns/user", &own));
	CHECK_EQ(own.st_ino, owner.st_ino);
	close(of);
	close(fd);
	return 0;
}

static int with_a_child_in_it(int (*child)(void))
{
	pid_t pid;

	SPAWN(pid, child());
	ckpt_wait_for("child");
	ckpt_announce("in", "end.0");
	CHECK_EQ(0, is_in(&few));
	CHECK_EQ(0, is_ours(pid));
	ckpt_set("end");
	return ckpt_reap(pid);
}

static int grandchild(void)
{
	ckpt_announce("grandchild", "end");
	CHECK_EQ(2, getpid());
	return 0;
}

static int first_one(void)
{
	pid_t pid;

	SPAWN(pid, grandchild());
	CHECK_EQ(2, pid);
	ckpt_wait_for("grandchild");
	ckpt_announce("child", "end");
	CHECK_EQ(1, getpid());
	return ckpt_reap(pid);
}

/* The first process of the namespace may kill, and names, all others in it. */
static int with_pids(void)
{
	CHECK_EQ(0, enter(CLONE_NEWPID, &few));
	return with_a_child_in_it(first_one);
}

USERNS_TEST(that_owns_a_pid_namespace)
{
	pid_t pid;

	SPAWN(pid, with_pids());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end.0");
	return ckpt_reap(pid);
}

/* Both at once, by clone(): the parent's children begin in its own again. */
static int cloned(void)
{
	/* Who maps its ids is told by its pid in there. */
	ckpt_announce("cloned", "mapped");
	return first_one();
}

USERNS_TEST(cloned_with_a_pid_namespace)
{
	struct clone_struct args = {
		.clone_flags = CLONE_NEWUSER | CLONE_NEWPID,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone2(&args, NULL), other;

	CHECK_OK(pid);
	if (!pid)
		_exit(cloned());
	ckpt_wait_for("cloned");
	CHECK_EQ(0, write_maps(pid, &few));
	ckpt_set("mapped");
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!same_ns(pid, getpid(), "user"));
	CHECK(!same_ns(pid, getpid(), "pid"));
	SPAWN(other, !same_ns(getpid(), getppid(), "pid"));
	CHECK_EQ(0, ckpt_reap(other));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- A zombie, who has been somebody there ---- */

static int die_as_somebody(void)
{
	CHECK_EQ(0, enter(0, &some));
	CHECK_OK(setresgid(3, 3, 3));
	CHECK_OK(setresuid(1004, 1004, 1004));
	return 7;
}

static int uid_of(pid_t pid)
{
	char path[TEXT], text[16 * TEXT], *at;
	int fd, uid = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nUid:");
	sscanf(at ? at : "", "\nUid: %d", &uid);
	return uid;
}

USERNS_TEST(zombie)
{
	siginfo_t info = {};
	pid_t pid;
	int status;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, die_as_somebody());
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(504, uid_of(pid));
	ckpt_here();
	CHECK_EQ(504, uid_of(pid));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(7, WEXITSTATUS(status));
	return 0;
}

/* ---- Who may trace a process is decided where it has begun ---- */

static int trace_parent(bool possible)
{
	long ret;

	ckpt_announce("tracer", "end");
	ret = ptrace(PTRACE_SEIZE, getppid(), 0, 0);
	CHECK(possible ? !ret : ret < 0 && errno == EPERM);
	return 0;
}

static int undumpable(bool traceable)
{
	pid_t pid;

	CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
	SPAWN(pid, trace_parent(traceable));
	ckpt_wait_for("tracer");
	ckpt_announce("in", "end.later");
	return ckpt_reap(pid);
}

static int undumpable_from_before(void)
{
	CHECK_EQ(0, enter(0, &few));
	return undumpable(false);
}

/* Nobody reads its memory who could not read what it has brought along. */
USERNS_TEST(who_may_not_trace)
{
	pid_t pid;

	SPAWN(pid, undumpable_from_before());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	ckpt_set("end.later");
	return ckpt_reap(pid);
}

CKPT_BODY(userns_begun_inside)
{
	return undumpable(true);
}

static int begin_inside(void)
{
	CHECK_EQ(0, enter(0, &few));
	execl("/proc/self/exe", "test", "--body", "userns_begun_inside",
	      ckpt_dir(), NULL);
	return 1;
}

USERNS_TEST(who_may_trace)
{
	pid_t pid;

	SPAWN(pid, begin_inside());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	ckpt_set("end.later");
	return ckpt_reap(pid);
}

/* ---- Mounts ---- */

static int with_mounts(void)
{
	CHECK_EQ(0, enter(CLONE_NEWNS, &few));
	ckpt_announce("in", "end");
	return 0;
}

CKPT_BODY(with_own_mounts)
{
	pid_t pid;

	SPAWN(pid, with_mounts());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* As a sandbox has its standard input */
static int with_mounts_and_file(void)
{
	int fd = open("before", O_CREAT | O_RDWR, 0600);
	char text[6] = "";

	CHECK_OK(fd);
	CHECK_EQ(5, write(fd, "12345", 5));
	CHECK_EQ(0, enter(CLONE_NEWNS, &few));
	ckpt_announce("in", "end");
	CHECK_EQ(5, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(5, pread(fd, text, 5, 0));
	CHECK_EQ(0, strcmp(text, "12345"));
	return 0;
}

CKPT_BODY(with_own_mounts_and_file)
{
	pid_t pid;

	SPAWN(pid, with_mounts_and_file());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* What is mounted is the tools' to save, see inner_mounts_test.sh. */
static void with_mounts_of_its_own(struct __test_metadata *_metadata,
				   struct app *app, const char *body)
{
	app->tool = true;
	ASSERT_EQ(0, app_start(app, body));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ckpt_replace(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(userns, mounts_of_its_own)
{
	with_mounts_of_its_own(_metadata, &self->app, "with_own_mounts");
}

CKPT_TEST_F(userns, mounts_of_its_own_and_a_file_from_before)
{
	with_mounts_of_its_own(_metadata, &self->app, "with_own_mounts_and_file");
}

/* ---- Files from before ---- */

/* They stay in the user namespace in which they were opened. */
static int with_files(int *ends)
{
	int fd = open("before", O_CREAT | O_RDWR, 0600);
	char *p, byte = 0;

	CHECK_OK(fd);
	close(ends[2]);
	CHECK_EQ(5, write(fd, "12345", 5));
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(0, enter(0, &few));
	ckpt_announce("in", "end");
	CHECK_EQ(0, memcmp(p, "12345", 5));
	CHECK_EQ(5, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(3, write(fd, "678", 3));
	CHECK_EQ(1, pread(fd, &byte, 1, 6));
	CHECK_EQ('7', byte);
	/* A pipe that it has alone, and one to its parent */
	CHECK_EQ(1, read(ends[0], &byte, 1));
	CHECK_EQ('a', byte);
	CHECK_EQ(1, write(ends[3], "b", 1));
	return 0;
}

USERNS_TEST(files_from_before)
{
	int ends[4];
	char byte = 0;
	pid_t pid;

	CHECK_OK(pipe(ends));
	CHECK_OK(pipe(ends + 2));
	CHECK_EQ(1, write(ends[1], "a", 1));
	SPAWN(pid, with_files(ends));
	close(ends[0]);
	close(ends[1]);
	close(ends[3]);
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(1, read(ends[2], &byte, 1));
	CHECK_EQ('b', byte);
	return ckpt_reap(pid);
}

/* Their ids are of a pid namespace over which it has no rights. */
static void *waits(void *end)
{
	ckpt_announce("in", "end");
	return NULL;
}

static int with_thread(void)
{
	pthread_t thread;

	CHECK_EQ(0, enter(0, &few));
	CHECK_EQ(0, pthread_create(&thread, NULL, waits, NULL));
	CHECK_EQ(0, pthread_join(thread, NULL));
	return 0;
}

USERNS_TEST(threads)
{
	pid_t pid;

	SPAWN(pid, with_thread());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Who has another network than the first thread of its process */
static void *waits_elsewhere(void *result)
{
	*(int *)result = unshare(CLONE_NEWNET);
	ckpt_announce("in", "end");
	return NULL;
}

static int with_thread_elsewhere(void)
{
	pthread_t thread;
	int ret = -1;

	CHECK_EQ(0, enter(0, &few));
	CHECK_EQ(0, pthread_create(&thread, NULL, waits_elsewhere, &ret));
	CHECK_EQ(0, pthread_join(thread, NULL));
	return ret;
}

/* The thread stays in a network over which it has no rights any more. */
static int thread_stays(void)
{
	pthread_t thread;

	CHECK_EQ(0, enter(0, &few));
	CHECK_EQ(0, pthread_create(&thread, NULL, waits, NULL));
	ckpt_wait_for("in");
	CHECK_OK(unshare(CLONE_NEWNET));
	ckpt_announce("left", "end");
	CHECK_EQ(0, pthread_join(thread, NULL));
	return 0;
}

/* The thread of a process that is not its first one, or -1 */
static pid_t thread_of(pid_t pid)
{
	struct dirent *entry;
	pid_t tid = -1;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) && atoi(entry->d_name) != pid)
			tid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

/* Whether a thread is in the network where we are; -1 if it cannot be told */
static int has_our_network(pid_t pid, pid_t tid)
{
	char path[64];
	struct stat own, its;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/net", pid, tid);
	if (stat("/proc/self/ns/net", &own) || stat(path, &its))
		return -1;
	return own.st_ino == its.st_ino;
}

USERNS_TEST(thread_with_a_network_of_its_own)
{
	pid_t pid;

	SPAWN(pid, with_thread_elsewhere());
	ckpt_wait_for("in");
	ckpt_here();
	CHECK_EQ(1, has_our_network(pid, pid));
	CHECK_EQ(0, has_our_network(pid, thread_of(pid)));
	ckpt_set("end");
	return ckpt_reap(pid);
}

USERNS_TEST(thread_in_a_network_of_others)
{
	pid_t pid;

	SPAWN(pid, thread_stays());
	ckpt_wait_for("left");
	CHECK_EQ(1, has_our_network(pid, thread_of(pid)));
	ckpt_here();
	CHECK_EQ(0, has_our_network(pid, pid));
	CHECK_EQ(1, has_our_network(pid, thread_of(pid)));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* From one into the next one, and nobody stays where the file was opened. */
static int with_file_between(void)
{
	int fd;

	CHECK_EQ(0, enter(0, &few));
	fd = open("between", O_CREAT | O_RDWR, 0666);
	CHECK_OK(fd);
	CHECK_EQ(0, enter(0, &few));
	ckpt_announce("in", "end");
	close(fd);
	return 0;
}

CKPT_REFUSED(userns, file_from_where_nobody_is, "a file that was opened in another one")
{
	pid_t pid;

	CHECK_OK(chmod(".", 0777));
	SPAWN(pid, with_file_between());
	ckpt_wait_for("in");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* ---- In a container that has one of its own ---- */

CKPT_TEST_F(userns, in_that_of_the_container)
{
	self->app.user = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "userns_one_in_the_other", 1);
}

CKPT_TEST_F(userns, with_pids_in_that_of_the_container)
{
	self->app.user = true;
	self->app.tool = true;
	ckpt_roundtrip(_metadata, &self->app, "userns_that_owns_a_pid_namespace", 1);
}

CKPT_TEST_F(userns, twice)
{
	int i;

	self->app.tool = true;
	ASSERT_EQ(0, app_start(&self->app, "userns_that_owns_a_pid_namespace"));
	for (i = 0; i < 2; i++)
		ckpt_cycle(_metadata, &self->app);
	ASSERT_EQ(0, app_finish(&self->app));
}

TEST_HARNESS_MAIN
