// SPDX-License-Identifier: GPL-2.0
/*
 * What a container shares with processes outside of it is no part of it
 */
#include "refusal.h"

#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

CKPT_SUITE(leaks);

CKPT_BODY(leaks_idle)
{
	ckpt_here();
	return 0;
}

/* The test has it open, too: a position that both of us move. */
CKPT_TEST_F(leaks, open_file)
{
	char name[APP_DIR_LEN + 8];

	snprintf(name, sizeof(name), "%s/shared", self->app.dir);
	self->app.stdio[1] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->app.stdio[1]);
	refused(_metadata, &self->app, "leaks_idle",
		"fd 1: it is shared with pid [0-9]+ \\(leaks_test\\)");
	close(self->app.stdio[1]);
}

/* Sends a descriptor to a socket that nobody reads. */
static int put_in_socket(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "", byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0);
}

/* No process outside has it as a descriptor, but one may get it. */
CKPT_TEST_F(leaks, file_on_its_way_through_a_socket)
{
	char name[APP_DIR_LEN + 8];
	int sockets[2];

	snprintf(name, sizeof(name), "%s/shared", self->app.dir);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets));
	self->app.stdio[1] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->app.stdio[1]);
	ASSERT_EQ(1, put_in_socket(sockets[0], self->app.stdio[1]));
	ASSERT_EQ(0, app_start(&self->app, "leaks_idle"));
	close(self->app.stdio[1]);
	if (app_plain())
		goto out;
	ASSERT_EQ(0, app_freeze(&self->app));
	check_refusal(_metadata, &self->app, app_checkpoint(&self->app, 0),
		      "fd 1: it is held outside of the container, by no descriptor");
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_EQ(0, app_checkpoint(&self->app, 0)) {
		app_show(&self->app);
	}
	ASSERT_EQ(0, app_thaw(&self->app));
out:
	ASSERT_EQ(0, app_finish(&self->app));
}

/* ---- Beside what is refused ---- */

/* The only other one who has it is a socket of the container, which is refused. */
CKPT_BODY(leaks_own_socket)
{
	int fd = open("own", O_RDWR | O_CREAT, 0600), sockets[2];

	CHECK_OK(fd);
	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	CHECK_OK(put_in_socket(sockets[0], fd));
	ckpt_point(0);
	close(sockets[0]);
	close(sockets[1]);
	ckpt_point(1);
	close(fd);
	return 0;
}

/* A dry run says all that stands in the way, and does not look into a socket. */
static void dry_run_beside_a_socket(struct __test_metadata *_metadata, struct app *app,
				    const char *leak)
{
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, CHECKPOINT_DRYRUN), "socket");
	if (leak) {
		EXPECT_EQ(true, matches(app->log, leak)) {
			app_show(app);
		}
	}
	EXPECT_EQ(NULL, strstr(app->log, "by no descriptor")) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
	/* Without the socket nothing is wrong with the file. */
	app_go(app);
	app->point = 1;
	ASSERT_EQ(0, app_wait_ready(app));
	ASSERT_EQ(0, app_freeze(app));
	if (!leak) {
		EXPECT_EQ(0, app_checkpoint(app, CHECKPOINT_DRYRUN)) {
			app_show(app);
		}
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(leaks, file_in_a_socket_that_is_refused)
{
	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	ASSERT_EQ(0, app_start(&self->app, "leaks_own_socket"));
	dry_run_beside_a_socket(_metadata, &self->app, NULL);
}

/* Who is found to have it outside is named nevertheless. */
CKPT_TEST_F(leaks, open_file_beside_a_socket_that_is_refused)
{
	char name[APP_DIR_LEN + 8];

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	snprintf(name, sizeof(name), "%s/shared", self->app.dir);
	self->app.stdio[1] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->app.stdio[1]);
	ASSERT_EQ(0, app_start(&self->app, "leaks_own_socket"));
	dry_run_beside_a_socket(_metadata, &self->app,
				"fd 1: it is shared with pid [0-9]+ \\(leaks_test\\)");
	close(self->app.stdio[1]);
}

/* ---- What is no leak ---- */

/* The same file, but not the same open one */
CKPT_TEST_F(leaks, file_that_is_open_twice)
{
	char name[APP_DIR_LEN + 8];
	int other;

	snprintf(name, sizeof(name), "%s/shared", self->app.dir);
	self->app.stdio[1] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	other = open(name, O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, app_start(&self->app, "leaks_idle"));
	close(self->app.stdio[1]);
	ckpt_cycle(_metadata, &self->app);
	EXPECT_EQ(0, app_finish(&self->app));
	close(other);
}

/* A pipe that leads out is external, whoever else has our end of it. */
CKPT_TEST_F(leaks, pipe_to_the_outside)
{
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	self->app.stdio[1] = fd[1];
	ASSERT_EQ(0, app_start(&self->app, "leaks_idle"));
	ASSERT_EQ(0, app_freeze(&self->app));
	EXPECT_EQ(0, app_checkpoint(&self->app, 0)) {
		app_show(&self->app);
	}
	ASSERT_EQ(0, app_thaw(&self->app));
	EXPECT_EQ(0, app_finish(&self->app));
	close(fd[0]);
	close(fd[1]);
}

/* ---- A process that came into a namespace of the container ---- */

/* In those of @pid that its kinds say, until it is killed; its pid */
static pid_t enter_ns_of(struct __test_metadata *_metadata, pid_t pid,
			 const char *kind)
{
	char path[64], byte;
	int fd[2], ns;
	pid_t guest;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	guest = fork();
	ASSERT_LE(0, guest);
	if (!guest) {
		if (setns(ns, 0) || close(ns) || write(fd[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ns);
	close(fd[1]);
	ASSERT_EQ(1, read(fd[0], &byte, 1));
	close(fd[0]);
	return guest;
}

/* It is refused as long as @guest is there, who is one of us. */
static void refused_with(struct __test_metadata *_metadata, struct app *app,
			 pid_t guest, const char *pattern)
{
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0), pattern);
	kill(guest, SIGKILL);
	ASSERT_EQ(guest, waitpid(guest, NULL, 0));
	EXPECT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
}

static void with_guest(struct __test_metadata *_metadata, struct app *app,
		       const char *body, const char *kind, const char *pattern)
{
	int ret = app_start(app, body);

	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	if (!app_plain())
		refused_with(_metadata, app, enter_ns_of(_metadata, app->pid, kind),
			     pattern);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(leaks_with_cgroup_namespace)
{
	NEED(unshare(CLONE_NEWCGROUP));
	ckpt_here();
	return 0;
}

CKPT_TEST_F(leaks, uts_namespace)
{
	with_guest(_metadata, &self->app, "leaks_idle", "uts",
		   "UTS namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

CKPT_TEST_F(leaks, ipc_namespace)
{
	with_guest(_metadata, &self->app, "leaks_idle", "ipc",
		   "IPC namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

CKPT_TEST_F(leaks, mount_namespace)
{
	with_guest(_metadata, &self->app, "leaks_idle", "mnt",
		   "mount namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

CKPT_TEST_F(leaks, cgroup_namespace)
{
	with_guest(_metadata, &self->app, "leaks_with_cgroup_namespace", "cgroup",
		   "cgroup namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

CKPT_TEST_F(leaks, network_namespace)
{
	self->app.net = true;
	with_guest(_metadata, &self->app, "leaks_idle", "net",
		   "network namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

CKPT_TEST_F(leaks, user_namespace)
{
	self->app.user = true;
	with_guest(_metadata, &self->app, "leaks_idle", "user",
		   "user namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
}

/* A restart gives it one in which its clocks go on. */
static void restart_in_time_namespace(struct __test_metadata *_metadata,
				      struct app *app)
{
	/* Were it us who restart it, our children would be in that, too. */
	app->tool = true;
	ASSERT_EQ(0, app_capture(app, "leaks_idle"));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
}

CKPT_TEST_F(leaks, time_namespace)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "this kernel has no time namespaces");
	restart_in_time_namespace(_metadata, app);
	refused_with(_metadata, app, enter_ns_of(_metadata, app->pid, "time"),
		     "time namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside");
	ASSERT_EQ(0, app_finish(app));
}

/* Its child is in the namespace, and in the tree of somebody else; both wait. */
static pid_t fork_into_pid_ns(struct __test_metadata *_metadata, pid_t pid)
{
	char path[64], byte;
	pid_t guest;
	int fd[2];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	guest = fork();
	ASSERT_LE(0, guest);
	if (!guest) {
		int ns = open(path, O_RDONLY | O_CLOEXEC);

		if (setns(ns, CLONE_NEWPID))
			_exit(1);
		close(ns);
		/* It ends when the one that is killed has ended. */
		if (!fork() && (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
				write(fd[1], "r", 1) != 1))
			_exit(1);
		for (;;)
			pause();
	}
	close(fd[1]);
	ASSERT_EQ(1, read(fd[0], &byte, 1));
	close(fd[0]);
	return guest;
}

CKPT_TEST_F(leaks, process_in_the_pid_namespace)
{
	struct app *app = &self->app;
	pid_t guest;
	int i;

	ASSERT_EQ(0, app_start(app, "leaks_idle"));
	if (app_plain())
		goto out;
	guest = fork_into_pid_ns(_metadata, app->pid);
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0), "in its pid namespace");
	kill(guest, SIGKILL);
	ASSERT_EQ(guest, waitpid(guest, NULL, 0));
	/* Its child, whom we have not made, ends a moment later. */
	for (i = 0; i < 3000 && app_checkpoint(app, 0); i++)
		sleep_ms(20);
	EXPECT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
out:
	ASSERT_EQ(0, app_finish(app));
}

/* ---- Memory of the container that somebody outside maps ---- */

#define SHARED_SIZE	16384

CKPT_BODY(leaks_shared_memory)
{
	char *mem = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("where", O_WRONLY | O_CREAT, 0600);

	CHECK(mem != MAP_FAILED);
	strcpy(mem, "from inside");
	CHECK(dprintf(fd, "%lx-%lx", (long)mem, (long)mem + SHARED_SIZE) > 0);
	CHECK_OK(close(fd));
	ckpt_here();
	CHECK_EQ(0, strcmp(mem, "from inside"));
	return 0;
}

static void *map_from_outside(struct __test_metadata *_metadata, struct app *app)
{
	char path[128], where[64];
	void *mem;
	int fd;

	snprintf(path, sizeof(path), "%s/where", app->dir);
	ASSERT_LT(0, read_file(path, where, sizeof(where)));
	snprintf(path, sizeof(path), "/proc/%d/map_files/%s", app->pid, where);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	mem = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_STREQ("from inside", mem);
	return mem;
}

CKPT_TEST_F(leaks, shared_anonymous_memory)
{
	struct app *app = &self->app;
	void *mem;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	ASSERT_EQ(0, app_start(app, "leaks_shared_memory"));
	mem = map_from_outside(_metadata, app);
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0), "shared anonymous memory: pid [0-9]+ \\(leaks_test\\) outside of the tree maps it, too");
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, munmap(mem, SHARED_SIZE));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

/* ---- A namespace of the container that somebody outside keeps ---- */

static void check_kept(struct __test_metadata *_metadata, struct app *app,
		       const char *pattern)
{
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0), pattern);
	ASSERT_EQ(0, app_thaw(app));
}

static pid_t open_in_another(struct __test_metadata *_metadata, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (;;)
			pause();
	}
	close(fd);
	return pid;
}

static void kept_open_by(struct __test_metadata *_metadata, struct app *app,
			 const char *kind, const char *pattern)
{
	char path[64];
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", app->pid, kind);
	pid = open_in_another(_metadata, path);
	check_kept(_metadata, app, pattern);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

static void kept_open(struct __test_metadata *_metadata, struct app *app,
		      const char *body, const char *kind, const char *pattern)
{
	int ret;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	kept_open_by(_metadata, app, kind, pattern);
}

CKPT_TEST_F(leaks, network_namespace_that_is_open_outside)
{
	self->app.net = true;
	kept_open(_metadata, &self->app, "leaks_idle", "net",
		  "network namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, pid_namespace_that_is_open_outside)
{
	kept_open(_metadata, &self->app, "leaks_idle", "pid",
		  "pid namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, uts_namespace_that_is_open_outside)
{
	kept_open(_metadata, &self->app, "leaks_idle", "uts",
		  "UTS namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, ipc_namespace_that_is_open_outside)
{
	kept_open(_metadata, &self->app, "leaks_idle", "ipc",
		  "IPC namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, mount_namespace_that_is_open_outside)
{
	kept_open(_metadata, &self->app, "leaks_idle", "mnt",
		  "mount namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, cgroup_namespace_that_is_open_outside)
{
	self->app.tool = true;
	kept_open(_metadata, &self->app, "leaks_with_cgroup_namespace", "cgroup",
		  "cgroup namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, user_namespace_that_is_open_outside)
{
	self->app.user = true;
	self->app.tool = true;
	kept_open(_metadata, &self->app, "leaks_idle", "user",
		  "user namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, time_namespace_that_is_open_outside)
{
	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "this kernel has no time namespaces");
	restart_in_time_namespace(_metadata, &self->app);
	kept_open_by(_metadata, &self->app, "time",
		     "time namespace of the tree: pid [0-9]+ \\(leaks_test\\) outside of the container has it open");
}

CKPT_TEST_F(leaks, namespace_that_is_mounted_outside)
{
	struct app *app = &self->app;
	char path[64], name[APP_DIR_LEN + 8];
	int fd;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	app->net = true;
	ASSERT_EQ(0, app_start(app, "leaks_idle"));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", app->pid);
	snprintf(name, sizeof(name), "%s/net", app->dir);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, mount(path, name, NULL, MS_BIND, NULL));
	check_kept(_metadata, app,
		   "network namespace of the tree: is mounted outside of the container");
	ASSERT_EQ(0, umount(name));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

/* ---- A container whose init shares more with the one who made it ---- */

static int sleep_on(void *arg)
{
	for (;;)
		syscall(SYS_pause);
	return 0;
}

#define STACK	65536

/* What it has a thread has then, and the first one nothing. */
static int leave_to_thread(void *stack)
{
	int ret = clone(sleep_on, (char *)stack + STACK,
			CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			CLONE_SYSVSEM | CLONE_THREAD, NULL);

	return syscall(SYS_exit, ret < 0);
}

static pid_t sharing_init(unsigned long flags, bool led)
{
	static char stack[2 * STACK] __attribute__((aligned(16)));
	char path[32], text[512], *p = NULL;
	unsigned int i;
	pid_t pid;

	pid = clone(led ? leave_to_thread : sleep_on, stack + sizeof(stack),
		    flags | CLONE_NEWPID | SIGCHLD, stack);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (i = 0; led && pid > 0 && i < 12000 && !(p && p[2] == 'Z'); i++) {
		sleep_ms(5);
		p = read_file(path, text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
	}
	return pid;
}

static void shared_by(struct __test_metadata *_metadata, struct app *app,
		      unsigned long flags, bool led, const char *pattern)
{
	char path[300];
	pid_t pid;
	FILE *f;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	pid = sharing_init(flags, led);
	ASSERT_LE(0, pid);
	snprintf(path, sizeof(path), "%s/cgroup.procs", app->cgroup);
	f = fopen(path, "w");
	ASSERT_NE(NULL, f);
	fprintf(f, "%d\n", pid);
	ASSERT_EQ(0, fclose(f));
	app->pid = pid;
	ASSERT_EQ(0, app_freeze(app));
	EXPECT_GT(0, app_checkpoint(app, CHECKPOINT_DRYRUN));
	EXPECT_EQ(true, matches(app->log, pattern)) {
		app_show(app);
	}
	/* Not a whole container: then it is nobody's business. */
	app_checkpoint(app, CHECKPOINT_DRYRUN | CHECKPOINT_SUBTREE);
	ASSERT_EQ(0, app_kill(app));
}

static void shared_with_parent(struct __test_metadata *_metadata,
			       struct app *app, unsigned long flags,
			       const char *pattern)
{
	shared_by(_metadata, app, flags, false, pattern);
}

static void led_with_parent(struct __test_metadata *_metadata,
			    struct app *app, unsigned long flags,
			    const char *pattern)
{
	shared_by(_metadata, app, flags, true, pattern);
}

CKPT_TEST_F(leaks, table_of_descriptors_when_the_first_thread_has_ended)
{
	led_with_parent(_metadata, &self->app, CLONE_FILES,
			"its table of descriptors is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, working_directory_when_the_first_thread_has_ended)
{
	led_with_parent(_metadata, &self->app, CLONE_FS,
			"its working directory is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, memory_when_the_first_thread_has_ended)
{
	led_with_parent(_metadata, &self->app, CLONE_VM,
			"its memory is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, table_of_descriptors)
{
	shared_with_parent(_metadata, &self->app, CLONE_FILES,
			   "its table of descriptors is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, working_directory)
{
	shared_with_parent(_metadata, &self->app, CLONE_FS,
			   "its working directory is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, memory)
{
	shared_with_parent(_metadata, &self->app, CLONE_VM,
			   "its memory is shared with pid [0-9]+ \\(leaks_test\\)");
}

/* Who has a priority for input and output has a context for it. */
#define IOPRIO_BE_3	(2 << 13 | 3)

CKPT_TEST_F(leaks, io_context)
{
	ASSERT_EQ(0, syscall(SYS_ioprio_set, 1 /* process */, 0, IOPRIO_BE_3));
	shared_with_parent(_metadata, &self->app, CLONE_IO,
			   "its I/O context is shared with pid [0-9]+ \\(leaks_test\\)");
}

CKPT_TEST_F(leaks, semaphore_operations_to_undo)
{
	shared_with_parent(_metadata, &self->app, CLONE_SYSVSEM,
			   "its list of semaphore operations to undo is shared with pid [0-9]+ \\(leaks_test\\)");
}

/* ---- A process in its pid namespace that is none of its descendants ---- */

CKPT_TEST_F(leaks, stranger_in_the_pid_namespace)
{
	struct app *app = &self->app;
	char path[64];
	pid_t pid;
	int fd;

	if (app_plain())
		SKIP(return, "nothing to do without checkpoint()");
	ASSERT_EQ(0, app_start(app, "leaks_idle"));
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", app->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, setns(fd, CLONE_NEWPID));
	close(fd);
	pid = fork();
	if (!pid)
		sleep_on(NULL);
	ASSERT_LT(0, pid);
	fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, setns(fd, CLONE_NEWPID));
	close(fd);
	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0),
		      "1 processes in its pid namespace are not its descendants, one is pid [0-9]+ \\(leaks_test\\)");
	ASSERT_EQ(0, app_thaw(app));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ckpt_cycle(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
