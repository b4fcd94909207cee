// SPDX-License-Identifier: GPL-2.0
/*
 * What is not carried is refused
 *
 * checkpoint() must fail with EOPNOTSUPP, the log must name the task,
 * the object and the reason, a dry run must tell the same, no byte of an image
 * is written, and the application goes on unharmed.
 */
#include "refusal.h"

#include <grp.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE	4096UL

CKPT_SUITE(refuse);

#define REFUSED(name, pattern)	CKPT_REFUSED(refuse, name, pattern)

/* ---- Tasks ---- */

static int traced(void)
{
	CHECK_OK(ptrace(PTRACE_TRACEME));
	raise(SIGSTOP);
	return 0;
}

REFUSED(ptrace, "trace")
{
	int status;
	pid_t pid;

	SPAWN(pid, traced());
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	ckpt_here();
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, 0));
	return ckpt_reap(pid);
}

/* Traces @pid from outside of the tree until it is killed. */
static pid_t trace_from_outside(struct __test_metadata *_metadata, pid_t pid)
{
	pid_t tracer;
	char byte;
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	tracer = fork();
	ASSERT_LE(0, tracer);
	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) || write(fd[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fd[1]);
	ASSERT_EQ(1, read(fd[0], &byte, 1));
	close(fd[0]);
	return tracer;
}

/* Refused, until the tracer has gone */
static void refused_with_tracer(struct __test_metadata *_metadata, struct app *app,
				pid_t tracer)
{
	static const char words[] = "is traced";

	ASSERT_EQ(0, app_freeze(app));
	check_refusal(_metadata, app, app_checkpoint(app, 0), words);
	check_refusal(_metadata, app, app_checkpoint(app, CHECKPOINT_DRYRUN), words);
	kill(tracer, SIGKILL);
	ASSERT_EQ(tracer, waitpid(tracer, NULL, 0));
	EXPECT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(of_a_tracee)
{
	ckpt_here();
	return 0;
}

CKPT_TEST_F(refuse, tracer_outside)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_start(app, "of_a_tracee"));
	refused_with_tracer(_metadata, app, trace_from_outside(_metadata, app->pid));
}

/* It has ended, and is its tracer's to wait for, and then its parent's. */
CKPT_BODY(parent_of_a_tracee)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_wait_for("end"), 5));
	ckpt_here();
	CHECK_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(5 << 8, status);
	return 0;
}

static bool has_ended(pid_t pid)
{
	char path[64], text[512], *p;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (i = 0; i < 30000; i++, sleep_ms(2)) {
		p = read_file(path, text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
		if (p && p[1] && p[2] == 'Z')
			return true;
	}
	return false;
}

CKPT_TEST_F(refuse, traced_zombie)
{
	char path[APP_DIR_LEN + 8];
	struct app *app = &self->app;
	pid_t pid, tracer;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_start(app, "parent_of_a_tracee"));
	pid = app_pid_of(app, 2);
	ASSERT_LT(0, pid);
	tracer = trace_from_outside(_metadata, pid);
	snprintf(path, sizeof(path), "%s/end", app->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	ASSERT_EQ(true, has_ended(pid));
	refused_with_tracer(_metadata, app, tracer);
}

REFUSED(reaped_by_itself, "CLONE_AUTOREAP")
{
	struct { uint64_t arg[11]; } args = { { 1ULL << 34 } };
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	NEED(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(0);
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(-1, waitpid(pid, NULL, 0));
	return 0;
}

/* Two processors of one core run either what has the same cookie or nothing. */
static uint64_t core_cookie(void)
{
	uint64_t cookie = 0;

	prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD, &cookie);
	return cookie;
}

/* ENODEV: each processor is a core of its own. */
static int take_core_cookie(void)
{
	return prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD, 0);
}

REFUSED(core_scheduling, "has a core scheduling cookie")
{
	uint64_t cookie;

	NEED(take_core_cookie());
	cookie = core_cookie();
	CHECK(cookie);
	ckpt_here();
	CHECK_EQ(cookie, core_cookie());
	return 0;
}

/* At its end, those that were in its foreground get a signal. */
REFUSED(terminal_that_has_hung_up, "controlling terminal")
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	pid_t pid;

	NEED(master);
	CHECK_OK(grantpt(master));
	CHECK_OK(unlockpt(master));
	SPAWN(pid, (signal(SIGHUP, SIG_IGN), setsid(),
		    slave = open(ptsname(master), O_RDWR), close(slave), close(master),
		    ckpt_announce("led", "go.0"), 0));
	ckpt_wait_for("led");
	close(master);
	ckpt_here();
	return ckpt_reap(pid);
}

REFUSED(accounting, "acct")
{
	close(open("accounts", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	NEED(acct("accounts"));
	ckpt_here();
	CHECK_OK(acct(NULL));
	return 0;
}

REFUSED(landlock, "Landlock")
{
	struct { uint64_t handled_access_fs; } attr = { 1 };	/* to execute */
	int fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	NEED(fd);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_OK(syscall(SYS_landlock_restrict_self, fd, 0));
	close(fd);
	ckpt_here();
	return 0;
}

REFUSED(seccomp_listener, "seccomp")
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { .len = 1, .filter = &allow };
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			 SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);

	NEED(fd);
	ckpt_here();
	close(fd);
	return 0;
}

static int in_namespace(int flag)
{
	if (unshare(flag)) {
		ckpt_set("failed");
		ckpt_set("inside");
		return 0;
	}
	ckpt_announce("inside", "go.0");
	return 0;
}

static int with_namespace(int flag)
{
	pid_t pid;

	SPAWN(pid, in_namespace(flag));
	ckpt_wait_for("inside");
	if (!access("failed", F_OK))
		return ckpt_skip("unshare(%#x) does not work here", flag);
	ckpt_here();
	return ckpt_reap(pid);
}

REFUSED(user_namespace, "user namespace")
{
	return with_namespace(CLONE_NEWUSER);
}

/* One whose first process is still to come */
REFUSED(prepared_pid_namespace, "pid namespace for its children whose init")
{
	return with_namespace(CLONE_NEWPID);
}

/* One whose first process has come and gone */
REFUSED(ended_pid_namespace, "pid namespace for its children whose init")
{
	pid_t pid;

	NEED(unshare(CLONE_NEWPID));
	SPAWN(pid, 0);
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_here();
	return 0;
}

static void *leave_process(void *arg)
{
	*(int *)arg = unshare(CLONE_NEWNS);
	ckpt_announce("thread", "go.0");
	return NULL;
}

REFUSED(namespace_of_a_thread, "first thread of its process")
{
	pthread_t thread;
	int ret = 0;

	CHECK_EQ(0, pthread_create(&thread, NULL, leave_process, &ret));
	ckpt_wait_for("thread");
	CHECK_EQ(0, ret);
	ckpt_here();
	CHECK_EQ(0, pthread_join(thread, NULL));
	return 0;
}

REFUSED(network_device, "device (ckpt|peer)0")
{
	pid_t pid;

	SPAWN(pid, unshare(CLONE_NEWNET) ||
	      system("ip link add ckpt0 type veth peer name peer0 >&2") ||
	      (ckpt_announce("inside", "go.0"), 0));
	ckpt_wait_for("inside");
	ckpt_here();
	return ckpt_reap(pid);
}

/* ---- SysV IPC and message queues ---- */

REFUSED(sysv_shared_memory, "shm|shared memory")
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	int *p;

	NEED(id);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	*p = 42;
	ckpt_here();
	CHECK_EQ(42, *p);
	return 0;
}

REFUSED(sysv_shared_memory_that_is_not_attached, "shm|shared memory")
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);

	NEED(id);
	ckpt_here();
	CHECK_OK(shmctl(id, IPC_RMID, NULL));
	return 0;
}

REFUSED(sysv_semaphore, "sem")
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	NEED(id);
	CHECK_OK(semctl(id, 0, SETVAL, 5));
	ckpt_here();
	CHECK_EQ(5, semctl(id, 0, GETVAL));
	return 0;
}

REFUSED(sysv_semaphore_undo, "sem")
{
	struct sembuf op = { .sem_op = 3, .sem_flg = SEM_UNDO };
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	NEED(id);
	CHECK_OK(semop(id, &op, 1));
	ckpt_here();
	CHECK_EQ(3, semctl(id, 0, GETVAL));
	return 0;
}

REFUSED(sysv_message_queue, "msg|message")
{
	struct { long type; char text[4]; } m = { 1, "abc" };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	NEED(id);
	CHECK_OK(msgsnd(id, &m, 4, 0));
	ckpt_here();
	CHECK_EQ(4, msgrcv(id, &m, 4, 0, IPC_NOWAIT));
	return 0;
}

REFUSED(watched_directory, "F_NOTIFY")
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	CHECK_OK(fd);
	NEED(fcntl(fd, F_NOTIFY, DN_DELETE | DN_MULTISHOT));
	signal(SIGIO, SIG_IGN);
	ckpt_here();
	return 0;
}

REFUSED(posix_message_queue, "fd [0-9]+.*mqueue|message queue")
{
	mqd_t q = mq_open("/ckpt", O_RDWR | O_CREAT, 0600, NULL);

	NEED(q);
	ckpt_here();
	CHECK_OK(mq_send(q, "x", 1, 0));
	mq_unlink("/ckpt");
	return 0;
}

/* ---- Sockets ---- */

REFUSED(unix_socket_pair, "fd 3.*AF_UNIX.*socket|fd 3.*unix socket")
{
	char buf[5] = "";
	int fd[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CHECK_EQ(4, write(fd[1], "data", 4));
	ckpt_here();
	CHECK_EQ(4, read(fd[0], buf, 4));
	return 0;
}

static int unix_listener(int type)
{
	struct sockaddr_un un = { AF_UNIX, "socket" };
	int fd = socket(AF_UNIX, type, 0);

	CHECK_EQ(3, fd);
	CHECK_OK(bind(fd, (void *)&un, sizeof(un)));
	if (type == SOCK_STREAM)
		CHECK_OK(listen(fd, 5));
	ckpt_here();
	return 0;
}

REFUSED(unix_listening_socket, "fd 3.*unix.*socket")
{
	return unix_listener(SOCK_STREAM);
}

REFUSED(unix_datagram_socket, "fd 3.*unix.*socket")
{
	return unix_listener(SOCK_DGRAM);
}

static int inet_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		return ckpt_skip("socket(%d, %d, %d): %s", family, type,
				 protocol, strerror(errno));
	CHECK_EQ(3, fd);
	ckpt_here();
	CHECK_EQ(0, fcntl(fd, F_GETFD));
	return 0;
}

REFUSED(tcp_socket, "fd 3.*inet.*socket")
{
	return inet_socket(AF_INET, SOCK_STREAM, 0);
}

REFUSED(udp_socket, "fd 3.*inet.*socket")
{
	return inet_socket(AF_INET, SOCK_DGRAM, 0);
}

REFUSED(tcp6_socket, "fd 3.*inet6.*socket")
{
	return inet_socket(AF_INET6, SOCK_STREAM, 0);
}

REFUSED(raw_socket, "fd 3.*socket")
{
	return inet_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

REFUSED(packet_socket, "fd 3.*packet.*socket")
{
	return inet_socket(AF_PACKET, SOCK_RAW, 0);
}

REFUSED(netlink_socket, "fd 3.*netlink.*socket")
{
	return inet_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

REFUSED(tcp_connection, "fd [0-9]+.*inet.*socket")
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int l, a, b;
	char c;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l = socket(AF_INET, SOCK_STREAM, 0);
	NEED(l);
	CHECK_OK(bind(l, (void *)&in, sizeof(in)));
	CHECK_OK(listen(l, 1));
	CHECK_OK(getsockname(l, (void *)&in, &len));
	a = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(connect(a, (void *)&in, sizeof(in)));
	b = accept(l, NULL, NULL);
	CHECK_OK(b);
	ckpt_here();
	CHECK_EQ(1, write(a, "x", 1));
	CHECK_EQ(1, read(b, &c, 1));
	return 0;
}

/* ---- Descriptors without a file ---- */

REFUSED(epoll, "fd 3.*(epoll|eventpoll)")
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	CHECK_EQ(3, fd);
	ckpt_here();
	CHECK_EQ(0, epoll_wait(fd, &ev, 1, 0));
	return 0;
}

REFUSED(inotify, "fd 3.*inotify")
{
	int fd = inotify_init1(0);

	CHECK_EQ(3, fd);
	CHECK_OK(inotify_add_watch(fd, ".", IN_CREATE));
	ckpt_here();
	return 0;
}

REFUSED(fanotify, "fd 3.*fanotify")
{
	NEED(fanotify_init(FAN_CLASS_NOTIF, O_RDONLY));
	ckpt_here();
	return 0;
}

REFUSED(eventfd, "fd 3.*eventfd")
{
	int fd = eventfd(7, 0);
	eventfd_t value;

	CHECK_EQ(3, fd);
	ckpt_here();
	CHECK_EQ(0, eventfd_read(fd, &value));
	CHECK_EQ(7, value);
	return 0;
}

REFUSED(timerfd, "fd 3.*timerfd")
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	CHECK_EQ(3, fd);
	ckpt_here();
	return 0;
}

REFUSED(signalfd, "fd 3.*signalfd")
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_EQ(3, signalfd(-1, &set, 0));
	ckpt_here();
	return 0;
}

REFUSED(userfaultfd, "userfaultfd")
{
	NEED(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY | O_CLOEXEC));
	ckpt_here();
	return 0;
}

REFUSED(pidfd, "fd 3.*pidfd")
{
	CHECK_EQ(3, syscall(SYS_pidfd_open, getpid(), 0));
	ckpt_here();
	return 0;
}

REFUSED(memfd, "fd 3.*(memfd|unlinked|deleted)")
{
	int fd = memfd_create("m", 0);

	CHECK_EQ(3, fd);
	CHECK_EQ(4, write(fd, "data", 4));
	ckpt_here();
	CHECK_EQ(4, lseek(fd, 0, SEEK_CUR));
	return 0;
}

REFUSED(io_uring, "io_uring")
{
	struct io_uring_params params = { 0 };

	NEED(syscall(SYS_io_uring_setup, 4, &params));
	ckpt_here();
	return 0;
}

/* Without a descriptor it is still in the task. */
REFUSED(io_uring_that_is_only_registered, "io_uring")
{
	struct io_uring_params params = { 0 };
	struct io_uring_rsrc_update reg = { .offset = -1U };
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	NEED(fd);
	reg.data = fd;
	NEED(syscall(SYS_io_uring_register, fd, 20 /* REGISTER_RING_FDS */, &reg, 1));
	close(fd);
	ckpt_here();
	return 0;
}

/* Whoever is restricted has no ring, or not yet. */
REFUSED(io_uring_restrictions, "io_uring")
{
	struct {
		__u16 flags, nr;
		__u32 resv[3];
		struct io_uring_restriction restriction;
	} restrictions = { .nr = 1, .restriction.opcode = IORING_RESTRICTION_SQE_OP };

	NEED(syscall(SYS_io_uring_register, -1, IORING_REGISTER_RESTRICTIONS,
		     &restrictions, 1));
	ckpt_here();
	return 0;
}

REFUSED(aio_context, "aio|asynchronous I/O")
{
	aio_context_t ctx = 0;

	NEED(syscall(SYS_io_setup, 8, &ctx));
	ckpt_here();
	CHECK_OK(syscall(SYS_io_destroy, ctx));
	return 0;
}

REFUSED(bpf_map, "fd 3.*bpf")
{
	struct {
		uint32_t type, key, value, max, flags;
		uint32_t rest[24];
	} attr = { 2, 4, 8, 1 };

	NEED(syscall(SYS_bpf, 0, &attr, sizeof(attr)));
	ckpt_here();
	return 0;
}

REFUSED(perf_event, "perf events")
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};
	uint64_t before, after;
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	NEED(fd);
	CHECK_EQ(8, read(fd, &before, sizeof(before)));
	ckpt_here();
	CHECK_EQ(8, read(fd, &after, sizeof(after)));
	CHECK(after > before);
	return 0;
}

REFUSED(mount_context, "fd 3.*(fscontext|mount|fs context)")
{
	NEED(syscall(SYS_fsopen, "tmpfs", 0));
	ckpt_here();
	return 0;
}

/* ---- Terminals ---- */

REFUSED(pseudo_terminal, "fd 3.*(pty|tty|terminal|pt)")
{
	NEED(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	ckpt_here();
	return 0;
}

/* The descriptor that keeps it up is refused, too, but for itself. */
REFUSED(controlling_terminal, "session leader with a controlling terminal")
{
	int m = posix_openpt(O_RDWR | O_NOCTTY), s;

	NEED(m);
	CHECK_OK(grantpt(m));
	CHECK_OK(unlockpt(m));
	s = open(ptsname(m), O_RDWR);
	NEED(s);
	close(s);
	ckpt_here();
	return 0;
}

REFUSED(unknown_device, "fd 3.*(device|/dev/kmsg)")
{
	NEED(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
	ckpt_here();
	return 0;
}

/* ---- Files ---- */

REFUSED(unlinked_file, "fd 3.*(unlinked|deleted|removed)")
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(3, fd);
	CHECK_EQ(4, write(fd, "data", 4));
	CHECK_OK(unlink("f"));
	ckpt_here();
	CHECK_EQ(4, lseek(fd, 0, SEEK_CUR));
	return 0;
}

REFUSED(temporary_file_without_a_name, "fd 3.*(unlinked|deleted|removed|no name)")
{
	NEED(open(".", O_RDWR | O_TMPFILE, 0600));
	ckpt_here();
	return 0;
}

/* Another file has the name now. */
REFUSED(replaced_file, "fd 3.*(unlinked|deleted|removed)")
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(3, fd);
	CHECK_OK(unlink("f"));
	close(open("f", O_RDWR | O_CREAT, 0600));
	ckpt_here();
	return 0;
}

/* It has another name, but not the one that it was opened by. */
REFUSED(unlinked_file_with_another_link, "fd 3.*(unlinked|deleted|removed)")
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(3, fd);
	CHECK_OK(link("f", "g"));
	CHECK_OK(unlink("f"));
	ckpt_here();
	return 0;
}

REFUSED(covered_file, "fd 3.*(mount|reach|path|hidden|cover|same|found)")
{
	CHECK_OK(mkdir("d", 0700));
	CHECK_EQ(3, open("d/f", O_RDWR | O_CREAT, 0600));
	CHECK_OK(mount("none", "d", "tmpfs", 0, NULL));
	ckpt_here();
	return 0;
}

REFUSED(unlinked_working_directory, "(directory|/d).*(unlinked|deleted|removed)")
{
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(chdir("d"));
	CHECK_OK(rmdir("../d"));
	ckpt_here();
	return 0;
}

REFUSED(proc_file, "fd 3.*proc")
{
	char buf[4];
	int fd = open("/proc/meminfo", O_RDONLY);

	CHECK_EQ(3, fd);
	CHECK_EQ(4, read(fd, buf, 4));
	ckpt_here();
	CHECK_EQ(4, read(fd, buf, 4));
	return 0;
}

REFUSED(sys_file, "fd 3.*(sysfs|/sys)")
{
	NEED(open("/sys/kernel/uevent_seqnum", O_RDONLY));
	ckpt_here();
	return 0;
}

REFUSED(path_descriptor, "fd 3.*O_PATH")
{
	CHECK_EQ(3, open("/tmp", O_PATH));
	ckpt_here();
	return 0;
}

/* ---- Memory ---- */

static int shared_memory(int flags, int fd)
{
	int *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	pid_t pid;

	CHECK(p != MAP_FAILED);
	if (fd >= 0)
		close(fd);
	*p = 42;
	SPAWN(pid, (ckpt_announce("child", "go.0"), *p = 43, 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(43, *p);
	return 0;
}

REFUSED(mapped_memfd, "memfd|unlinked|deleted|shared|shmem")
{
	int fd = memfd_create("m", 0);

	CHECK_OK(ftruncate(fd, PAGE));
	return shared_memory(MAP_SHARED, fd);
}

REFUSED(private_mapping_of_an_unlinked_file, "unlinked|deleted|removed")
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	char *p;

	CHECK_EQ(4, write(fd, "data", 4));
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	unlink("f");
	ckpt_here();
	CHECK(!memcmp(p, "data", 4));
	return 0;
}

/* Reserves nothing, so that no such page need be there. */
static int huge_pages(int flags)
{
	char *p = mmap(NULL, 64UL << 20, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return ckpt_skip("MAP_HUGETLB: %s", strerror(errno));
	ckpt_here();
	CHECK_OK(munmap(p, 64UL << 20));
	return 0;
}

REFUSED(huge_pages, "mapping [0-9a-f]+-[0-9a-f]+: huge pages")
{
	return huge_pages(MAP_PRIVATE);
}

REFUSED(shared_huge_pages, "mapping [0-9a-f]+-[0-9a-f]+: huge pages")
{
	return huge_pages(MAP_SHARED);
}

/* Memory that not even the kernel maps, and nobody else may read. */
static int secret_memory(char **p)
{
	int fd = syscall(447 /* memfd_secret */, 0);

	if (fd < 0)
		return ckpt_skip("memfd_secret(): %s", strerror(errno));
	CHECK_EQ(3, fd);
	CHECK_OK(ftruncate(fd, PAGE));
	*p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(*p != MAP_FAILED);
	**p = 's';
	return 0;
}

REFUSED(secret_memory, "file [^ ]*secretmem")
{
	char *p;
	int ret = secret_memory(&p);

	if (ret)
		return ret;
	close(3);
	ckpt_here();
	CHECK_EQ('s', *p);
	return 0;
}

REFUSED(secret_memory_that_is_not_mapped, "fd 3.*secretmem")
{
	char *p;
	int ret = secret_memory(&p);

	if (ret)
		return ret;
	CHECK_OK(munmap(p, PAGE));
	ckpt_here();
	return 0;
}

/* ---- Programs ---- */

/* A copy of this program, which is removed while it runs. */
REFUSED(program_that_was_removed, "file [^ ]*/program.*(unlinked|deleted|removed)")
{
	char *argv[] = {
		(char *)"program", (char *)"--body",
		(char *)"refuse_program_that_was_removed", (char *)ckpt_dir(), NULL,
	};
	char exe[PATH_MAX] = "";

	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	if (!strstr(exe, "/program")) {
		CHECK_EQ(0, system("cp /proc/$PPID/exe program"));
		execv("program", argv);
		return ckpt_fail(__FILE__, __LINE__, "execv");
	}
	CHECK_OK(unlink("program"));
	ckpt_here();
	return 0;
}

/* ---- Timers ---- */

/* That of a thread which is gone: nobody could make it again. */
static void *make_timer(void *id)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1,
	};

	ev._sigev_un._tid = syscall(SYS_gettid);
	return (void *)syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, id);
}

/* @make makes one, and tells its id. */
static int timer_of_ended_thread(void *(*make)(void *id))
{
	pthread_t thread;
	void *ret;
	int id;

	CHECK_EQ(0, pthread_create(&thread, NULL, make, &id));
	CHECK_EQ(0, pthread_join(thread, &ret));
	CHECK(!ret);
	ckpt_here();
	CHECK_OK(syscall(SYS_timer_delete, id));
	return 0;
}

REFUSED(timer_for_a_thread_that_has_ended, "timer")
{
	return timer_of_ended_thread(make_timer);
}

static void *make_timer_of_its_time(void *id)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };

	return (void *)syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &ev, id);
}

REFUSED(timer_of_the_time_of_a_thread_that_has_ended,
	"a timer of the CPU time of what has ended")
{
	return timer_of_ended_thread(make_timer_of_its_time);
}

REFUSED(timer_of_the_time_of_a_process_that_has_ended,
	"a timer of the CPU time of what has ended")
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	clockid_t clock;
	timer_t timer;
	siginfo_t info;
	pid_t pid;

	SPAWN(pid, 0);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(0, clock_getcpuclockid(pid, &clock));
	CHECK_OK(timer_create(clock, &event, &timer));
	ckpt_here();
	CHECK_OK(timer_delete(timer));
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	return 0;
}

/* ---- A dry run names everything, not the first thing ---- */

CKPT_BODY(three_blockers)
{
	int fd[2];

	CHECK_EQ(3, epoll_create1(0));
	CHECK_EQ(4, eventfd(1, 0));
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	ckpt_here();
	return 0;
}

CKPT_TEST_F(refuse, dry_run_names_all_blockers)
{
	struct app *app = &self->app;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_start(app, "three_blockers"));
	ASSERT_EQ(0, app_freeze(app));
	EXPECT_EQ(-EOPNOTSUPP, app_checkpoint(app, CHECKPOINT_DRYRUN));
	EXPECT_EQ(true, lines_are_complete(app->log));
	EXPECT_EQ(true, matches(app->log, "fd 3.*(epoll|eventpoll)"));
	EXPECT_EQ(true, matches(app->log, "fd 4.*eventfd"));
	EXPECT_EQ(true, matches(app->log, "fd 5.*unix"));
	EXPECT_EQ(true, matches(app->log, "fd 6.*unix")) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

CKPT_BODY(no_blocker)
{
	ckpt_here();
	return 0;
}

CKPT_TEST_F(refuse, dry_run_finds_nothing_in_a_plain_process)
{
	struct app *app = &self->app;
	struct stat st;

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_start(app, "no_blocker"));
	ASSERT_EQ(0, app_freeze(app));
	EXPECT_EQ(0, app_checkpoint(app, CHECKPOINT_DRYRUN)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	ASSERT_EQ(0, fstat(app->image, &st));
	EXPECT_EQ(0, st.st_size);
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
