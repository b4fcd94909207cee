// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of the machine that vm/run boots.
 *
 * Makes the machine's file systems (the host's root, read-only, under a tmpfs
 * overlay), runs one command, carries its input and output, and powers off.
 * Linked statically: at its start nothing but the control directory is mounted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

#define MAX_KEEP 8
#define MAX_DISKS 3
#define LEAKS "/sys/kernel/debug/kmemleak"

/* What the host asked for. */
static struct {
	char **argv, **envp;
	char *cwd, *state;
	char *keep[MAX_KEEP];
	char *disk[MAX_DISKS];
	int nkeep, ndisks;
	bool over, tty, merge, split, leaks;
	struct winsize ws;
} job;

/* A stream on its way out: bytes from the command's pipe to a serial line. */
struct out {
	int from, to;
	uint64_t written;
	size_t len, pos;
	char buf[4096];
};

static bool pc;				/* in qemu, else User-Mode Linux */
static int ctl_dir, ctl_line;
static int child_in = -1;		/* write end: the command's input */
static int child_pid;
static struct out out[2];
static bool taken;			/* the host has all output */

/* Input that waits for the command to take it. */
static struct {
	char *buf;
	size_t len, pos;
} in;

static void say(const char *fmt, ...)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char line[512];
	va_list ap;
	int n;

	n = snprintf(line, sizeof(line), "vm: ");
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	if (fd >= 0) {
		if (write(fd, line, strlen(line)) < 0)
			perror(line);
		close(fd);
	}
}

/* Nothing can be told to the caller yet: leave a message and no status. */
static void __attribute__((noreturn)) die(const char *what)
{
	say("cannot %s: %s", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void *need(void *p)
{
	if (!p)
		die("allocate memory");
	return p;
}

/* ---- the job ---- */

static char *read_file(int dir, const char *name, size_t *len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t have = 0;
	ssize_t n;
	char *buf;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	buf = need(malloc(st.st_size + 1));
	while (have < (size_t)st.st_size) {
		n = read(fd, buf + have, st.st_size - have);
		if (n <= 0)
			break;
		have += n;
	}
	close(fd);
	buf[have] = '\0';
	*len = have;
	return buf;
}

/* The last value given to a variable counts. */
static void add_env(char *setting)
{
	size_t name = strcspn(setting, "=") + 1;
	char **e = job.envp;

	while (*e && strncmp(*e, setting, name))
		e++;
	*e = setting;
}

static void read_job(void)
{
	size_t len, argc = 0, records = 0;
	char *p, *end, *buf = read_file(ctl_dir, CTL_JOB, &len);

	if (!buf)
		die("read the job");
	end = buf + len;
	for (p = buf; p < end; p++)
		records += !*p;
	job.argv = need(calloc(records + 1, sizeof(*job.argv)));
	job.envp = need(calloc(records + 1, sizeof(*job.envp)));

	for (p = buf; p < end; p += strlen(p) + 1) {
		switch ((enum job_type)*p) {
		case JOB_ARG:
			job.argv[argc++] = p + 1;
			break;
		case JOB_ENV:
			add_env(p + 1);
			break;
		case JOB_CWD:
			job.cwd = p + 1;
			break;
		case JOB_KEEP:
			if (job.nkeep < MAX_KEEP)
				job.keep[job.nkeep++] = p + 1;
			break;
		case JOB_OVER:
			job.over = true;
			break;
		case JOB_STATE:
			job.state = p + 1;
			break;
		case JOB_DISK:
			if (job.ndisks < MAX_DISKS)
				job.disk[job.ndisks++] = p + 1;
			break;
		case JOB_TTY:
			job.tty = true;
			if (sscanf(p + 1, "%hu %hu", &job.ws.ws_row,
				   &job.ws.ws_col) != 2)
				job.ws = (struct winsize){ 24, 80, 0, 0 };
			break;
		case JOB_MERGE:
			job.merge = true;
			break;
		case JOB_SPLIT:
			job.split = true;
			break;
		case JOB_LEAKS:
			job.leaks = true;
			break;
		}
	}
	if (!argc)
		die("find the command");
}

/* ---- file systems ---- */

static void mount_on(const char *type, const char *dir, unsigned long flags,
		     const char *data)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, flags, data))
		say("cannot mount %s on %s: %s", type, dir, strerror(errno));
}

static void mkdir_p(const char *path)
{
	char part[PATH_MAX];
	size_t i;

	for (i = 1; path[i - 1]; i++) {
		if ((path[i] != '/' && path[i]) || i >= sizeof(part))
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0755);
	}
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (!ok)
		say("cannot write %s to %s: %s", text, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * The machine has a /tmp, /run and /dev/shm of its own. A build tree or a
 * working directory of the caller that lies there would be hidden: hold on to
 * it and put it back in its place afterwards.
 */
static void hold(int *fd)
{
	char path[PATH_MAX];
	int i;

	for (i = 0; i < job.nkeep; i++) {
		snprintf(path, sizeof(path), "/new%s", job.keep[i]);
		fd[i] = syscall(SYS_open_tree, AT_FDCWD, path,
				OPEN_TREE_CLONE | O_CLOEXEC);
	}
}

static void put_back(int *fd)
{
	int i;

	for (i = 0; i < job.nkeep; i++) {
		if (fd[i] < 0)
			continue;
		mkdir_p(job.keep[i]);
		if (syscall(SYS_move_mount, fd[i], "", AT_FDCWD, job.keep[i],
			    MOVE_MOUNT_F_EMPTY_PATH))
			say("cannot keep %s: %s", job.keep[i], strerror(errno));
		close(fd[i]);
	}
}

/*
 * Of the host: its root, which is expected not to change meanwhile, and the
 * shared directory, where a file may be mapped for writing.
 */
static int mount_shared(const char *tag, const char *host, const char *dir,
			unsigned long flags)
{
	if (!pc)
		return mount("none", dir, "hostfs", flags, host);
	return mount(tag, dir, "9p", flags, flags & MS_RDONLY ?
		     WIRE_9P ",cache=loose" : WIRE_9P ",cache=mmap");
}

static void mount_root(void)
{
	const char *layers = "lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work";

	if (mount_shared(WIRE_TAG_ROOT, "/", "/host", MS_RDONLY))
		die("mount the host's root");
	if (job.over) {
		if (mount_shared(WIRE_TAG_OVER, NULL, "/over", MS_RDONLY))
			die("mount what lies over the host's root");
		layers = "lowerdir=/over:/host,upperdir=/rw/upper,workdir=/rw/work";
	}
	if (mount("none", "/rw", "tmpfs", 0, "mode=755"))
		die("mount tmpfs");
	if (mkdir("/rw/upper", 0755) || mkdir("/rw/work", 0755))
		die("make the upper directory");
	if (mount("root", "/new", "overlay", 0, layers))
		die("mount the overlay");
}

static void mount_rest(void)
{
	const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	mount_on("proc", "/proc", safe, NULL);
	mount_on("sysfs", "/sys", safe, NULL);
	mount_on("devtmpfs", "/dev", MS_NOSUID, NULL);
	mount_on("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
		 "gid=5,mode=620,ptmxmode=666");
	mount_on("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_on("mqueue", "/dev/mqueue", safe, NULL);
	mount_on("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755");
	mount_on("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
	mkdir("/run/lock", 01777);
	mount_on("cgroup2", "/sys/fs/cgroup", safe, NULL);
	mount_on("cgroup", "/cgroups", safe, "freezer");
	mount_on("debugfs", "/sys/kernel/debug", safe, NULL);
	mount_on("securityfs", "/sys/kernel/security", safe, NULL);

	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		say("cannot make /dev/fd: %s", strerror(errno));

	if (job.state) {
		mkdir("/state", 0755);
		if (mount_shared(WIRE_TAG_STATE, job.state, "/state", 0))
			die("mount /state");
	}
}

/* They come in the order in which they were asked for. */
static void mount_disks(void)
{
	char dev[32], dir[64], what[128];
	int i;

	for (i = 0; i < job.ndisks; i++) {
		snprintf(dev, sizeof(dev), "/dev/%s%c", pc ? "vd" : "ubd", 'a' + i);
		snprintf(dir, sizeof(dir), "/mnt/%s", job.disk[i]);
		snprintf(what, sizeof(what), "mount %s on %s", dev, dir);
		mkdir_p(dir);
		if (mount(dev, dir, job.disk[i], 0, NULL))
			die(what);
	}
}

/* A login shell sets PATH anew; bring it back to what the host asked for. */
static void keep_path(void)
{
	FILE *f = fopen("/etc/profile.d/zz-vm.sh", "we");
	const char *c;
	char **env;

	if (!f)
		return;
	for (env = job.envp; *env; env++) {
		if (strncmp(*env, "PATH=", 5))
			continue;
		fputs("export PATH='", f);
		for (c = *env + 5; *c; c++)
			fputs(*c == '\'' ? "'\\''" : (char[]){ *c, '\0' }, f);
		fputs("'\n", f);
	}
	fclose(f);
}

static void make_machine(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int held[MAX_KEEP], s;

	mount_root();
	hold(held);
	if (chdir("/new") || syscall(SYS_pivot_root, ".", ".") ||
	    umount2(".", MNT_DETACH) || chdir("/"))
		die("change to the new root");
	mount_rest();
	mount_disks();
	put_back(held);

	if (sethostname("vm", 2))
		say("cannot set the host name: %s", strerror(errno));
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &lo))
		say("cannot bring up lo: %s", strerror(errno));
	close(s);
	/* Cores go where the program runs, not to a helper of the host's. */
	write_to("/proc/sys/kernel/core_pattern", "core");
	keep_path();
}

/* ---- lines ---- */

/* The ports of a virtio console appear some time after the console. */
static int open_port(int n)
{
	const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	char name[32];
	int fd, tries;

	snprintf(name, sizeof(name), "/dev/vport0p%d", n);
	for (tries = 0; tries < 1000; tries++) {
		fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		nanosleep(&tick, NULL);
	}
	die("open a port");
}

static int open_line(int n)
{
	struct termios raw;
	char name[32];
	int fd;

	if (pc)
		return open_port(n);
	snprintf(name, sizeof(name), "/dev/ttyS%d", n);
	fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &raw))
		die("open a serial line");
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL;
	if (tcsetattr(fd, TCSANOW, &raw))
		die("set a serial line to raw mode");
	return fd;
}

/* Frames to the host are few and tiny: wait for room. */
static void send_data(enum wire_type type, const void *data, size_t len)
{
	struct wire_head head = { .type = type, .len = len };
	struct pollfd p = { .fd = ctl_line, .events = POLLOUT };
	char b[sizeof(head) + WIRE_REPLY];
	size_t done = 0;
	ssize_t n;

	memcpy(b, &head, sizeof(head));
	if (len)
		memcpy(b + sizeof(head), data, len);
	len += sizeof(head);
	while (done < len) {
		n = write(ctl_line, b + done, len - done);
		if (n > 0)
			done += n;
		else if (errno == EAGAIN)
			poll(&p, 1, -1);
		else if (errno != EINTR)
			return;
	}
}

static void send_frame(enum wire_type type)
{
	send_data(type, NULL, 0);
}

/* ---- input ---- */

static void close_input(void)
{
	if (child_in >= 0 && !job.tty)
		close(child_in);
	child_in = -1;
	in.len = 0;
}

static void feed(void)
{
	ssize_t n;

	while (in.pos < in.len) {
		n = write(child_in, in.buf + in.pos, in.len - in.pos);
		if (n > 0) {
			in.pos += n;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n < 0 && errno != EINTR) {
			close_input();
			send_frame(WIRE_CLOSED);
			return;
		}
	}
	in.len = 0;
	in.pos = 0;
	send_frame(WIRE_ACK);
}

static void take_input(char *buf, size_t len)
{
	if (child_in < 0) {
		free(buf);
		send_frame(WIRE_CLOSED);
		return;
	}
	free(in.buf);
	in.buf = buf;
	in.len = len;
	in.pos = 0;
	feed();
}

/* The caller reads no more: let the command know by SIGPIPE or a hangup. */
static void stop_out(struct out *o)
{
	o->len = 0;
	o->pos = 0;
	if (o->from < 0)
		return;
	if (child_in == o->from)
		child_in = -1;
	close(o->from);
	o->from = -1;
}

static void take_frame(const struct wire_head *head, const char *data)
{
	size_t len;
	char *buf;

	switch ((enum wire_type)head->type) {
	case WIRE_DATA:
		buf = need(malloc(head->len));
		memcpy(buf, data, head->len);
		take_input(buf, head->len);
		break;
	case WIRE_FILE:
		buf = read_file(ctl_dir, CTL_IN, &len);
		if (!buf)
			die("read the input");
		unlinkat(ctl_dir, CTL_IN, 0);
		take_input(buf, len);
		break;
	case WIRE_EOF:
		close_input();
		break;
	case WIRE_WINSIZE:
		if (job.tty && out[0].from >= 0 &&
		    head->len == sizeof(struct winsize))
			ioctl(out[0].from, TIOCSWINSZ, data);
		break;
	case WIRE_STOP:
		if (head->len == 1 && *data < 2)
			stop_out(&out[(int)*data]);
		break;
	case WIRE_QUIT:
		/* whoever asks does not wait for that */
		job.leaks = false;
		kill(-1, SIGTERM);
		kill(-1, SIGHUP);
		kill(-1, SIGCONT);
		break;
	case WIRE_TAKEN:
		taken = true;
		break;
	case WIRE_DUMP:
		write_to("/proc/sysrq-trigger", "w");
		break;
	default:
		say("unknown frame %u", head->type);
	}
}

static void read_control(void)
{
	static char buf[WIRE_MAX];
	static size_t have;
	struct wire_head head;
	ssize_t n;

	while ((n = read(ctl_line, buf + have, sizeof(buf) - have)) > 0) {
		have += n;
		while (have >= sizeof(head)) {
			memcpy(&head, buf, sizeof(head));
			if (head.len > WIRE_INLINE)
				die("understand the host");
			if (have < sizeof(head) + head.len)
				break;
			take_frame(&head, buf + sizeof(head));
			have -= sizeof(head) + head.len;
			memmove(buf, buf + sizeof(head) + head.len, have);
		}
	}
}

/* ---- output ---- */

/* True while there may be more to read at once. */
static bool pump(struct out *o)
{
	ssize_t n;

	if (o->len == o->pos) {
		if (o->from < 0)
			return false;
		n = read(o->from, o->buf, sizeof(o->buf));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return errno == EINTR;
		if (n <= 0) {
			stop_out(o);
			return false;
		}
		o->len = n;
		o->pos = 0;
	}
	n = write(o->to, o->buf + o->pos, o->len - o->pos);
	if (n > 0) {
		o->pos += n;
		o->written += n;
	} else if (errno == EAGAIN) {
		return false;
	} else if (errno != EINTR) {
		stop_out(o);
		return false;
	}
	return true;
}

/* The command is gone: bring out what it has written, and no more. */
static void drain(struct out *o)
{
	struct pollfd p = { .fd = o->to, .events = POLLOUT };

	if (o->to < 0)
		return;
	do {
		while (pump(o))
			;
		if (o->len != o->pos)
			poll(&p, 1, -1);
	} while (o->len != o->pos);
	tcdrain(o->to);
}

/* Until the host has it all; see wire.h. */
static void hand_over(void)
{
	const uint64_t written[] = { out[0].written, out[1].written };
	struct pollfd p = { .fd = ctl_line, .events = POLLIN };

	_Static_assert(sizeof(written) <= WIRE_REPLY, "size of a frame");
	if (!pc)
		return;
	send_data(WIRE_WRITTEN, written, sizeof(written));
	while (!taken) {
		poll(&p, 1, -1);
		read_control();
	}
}

/* ---- the command ---- */

static void pipe_to_child(int fd[2], int end)
{
	if (pipe2(fd, O_CLOEXEC))
		die("make a pipe");
	/* Ours is the end that the command does not get. */
	if (fcntl(fd[!end], F_SETFL, O_NONBLOCK))
		die("set up a pipe");
}

static int open_pty(int *master)
{
	char name[64];
	int slave;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0 || unlockpt(*master) ||
	    ptsname_r(*master, name, sizeof(name)))
		die("open a terminal");
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSWINSZ, &job.ws))
		die("open a terminal");
	return slave;
}

static void __attribute__((noreturn)) run_child(int stdio[3])
{
	sigset_t none;
	int i;

	setsid();
	if (job.tty)
		ioctl(stdio[0], TIOCSCTTY, 0);
	for (i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			_exit(125);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (job.cwd && chdir(job.cwd) && chdir("/"))
		_exit(125);

	environ = job.envp;
	execvp(job.argv[0], job.argv);
	i = errno == ENOENT ? 127 : 126;
	dprintf(2, "vm/run: %s: %s\n", job.argv[0], strerror(errno));
	_exit(i);
}

static void start_child(void)
{
	int stdio[3], p[2];

	if (job.tty) {
		stdio[0] = open_pty(&out[0].from);
		stdio[1] = stdio[0];
		stdio[2] = stdio[0];
		child_in = out[0].from;
	} else {
		pipe_to_child(p, 0);
		stdio[0] = p[0];
		child_in = p[1];
		pipe_to_child(p, 1);
		stdio[1] = p[1];
		stdio[2] = p[1];
		out[0].from = p[0];
	}
	out[1].from = -1;
	if (job.tty ? job.split : !job.merge) {
		pipe_to_child(p, 1);
		stdio[2] = p[1];
		out[1].from = p[0];
	}

	send_frame(WIRE_READY);
	child_pid = fork();
	if (child_pid < 0)
		die("fork");
	if (!child_pid)
		run_child(stdio);
	close(stdio[0]);
	if (stdio[1] != stdio[0])
		close(stdio[1]);
	if (stdio[2] != stdio[1])
		close(stdio[2]);
}

/* The status of the command once it has ended, -1 before. */
static int reap(void)
{
	int status, result = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == child_pid)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				 WEXITSTATUS(status);
	return result;
}

static int serve(int sigs)
{
	struct signalfd_siginfo si;
	struct pollfd p[7];
	int i, n, status;

	for (;;) {
		n = 0;
		p[n++] = (struct pollfd){ .fd = sigs, .events = POLLIN };
		p[n++] = (struct pollfd){ .fd = ctl_line, .events = POLLIN };
		p[n++] = (struct pollfd){ .fd = in.len ? child_in : -1,
					  .events = POLLOUT };
		for (i = 0; i < 2; i++) {
			bool full = out[i].len != out[i].pos;

			p[n++] = (struct pollfd){ .fd = full ? -1 : out[i].from,
						  .events = POLLIN };
			p[n++] = (struct pollfd){ .fd = full ? out[i].to : -1,
						  .events = POLLOUT };
		}
		if (poll(p, n, -1) < 0 && errno != EINTR)
			die("poll");
		if (p[1].revents)
			read_control();
		if (p[2].revents && in.len)
			feed();
		for (i = 0; i < 2; i++)
			if (p[3 + 2 * i].revents || p[4 + 2 * i].revents)
				pump(&out[i]);
		if (p[0].revents) {
			while (read(sigs, &si, sizeof(si)) > 0)
				;
			status = reap();
			if (status >= 0)
				return status;
		}
	}
}

/* ---- the end ---- */

static void end_all(void)
{
	const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	int i;

	if (kill(-1, SIGTERM) == 0) {
		for (i = 0; i < 10; i++) {
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
			if (kill(-1, 0))
				break;
			nanosleep(&tick, NULL);
		}
		kill(-1, SIGKILL);
	}
}

/*
 * An object counts as leaked when two scans in a row find no pointer to it and
 * it is older than five seconds, so that a list that is just being changed does
 * not look like a leak.
 */
static void find_leaks(void)
{
	const struct timespec age = { .tv_sec = 5, .tv_nsec = 200000000 };
	char buf[4096];
	ssize_t n;
	int from, to;

	to = openat(ctl_dir, CTL_KMEMLEAK, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	nanosleep(&age, NULL);
	/* kmemleak turns itself off when it runs out of memory */
	if (!write_to(LEAKS, "scan") || !write_to(LEAKS, "scan")) {
		dprintf(to, "kmemleak does not work: %s\n", strerror(errno));
		close(to);
		return;
	}
	from = open(LEAKS, O_RDONLY | O_CLOEXEC);
	while (from >= 0 && (n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			break;
	close(from);
	close(to);
}

/* Whatever still lies there or is mounted elsewhere: what is written counts. */
static void unmount_disks(void)
{
	char dir[64];
	int i;

	for (i = 0; i < job.ndisks; i++) {
		snprintf(dir, sizeof(dir), "/mnt/%s", job.disk[i]);
		umount2(dir, MNT_DETACH);
	}
}

static void leave_status(int status)
{
	int fd = openat(ctl_dir, CTL_STATUS, O_WRONLY | O_CREAT | O_CLOEXEC,
			0600);

	if (fd < 0 || dprintf(fd, "%d\n", status) < 0 || close(fd))
		die("leave the status");
}

int main(void)
{
	struct statfs fs;
	sigset_t chld;
	int sigs, status;

	ctl_dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ctl_dir < 0 || fstatfs(ctl_dir, &fs))
		die("open the control directory");
	/* what the control directory lies on tells one machine from the other */
	pc = fs.f_type != HOSTFS_SUPER_MAGIC;
	read_job();
	ctl_line = open_line(WIRE_LINE_CTL);
	out[0].to = open_line(WIRE_LINE_OUT);
	out[1].to = open_line(WIRE_LINE_ERR);

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigs = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sigs < 0)
		die("make a signalfd");

	make_machine();
	start_child();
	status = serve(sigs);
	drain(&out[0]);
	drain(&out[1]);
	hand_over();

	end_all();
	if (job.leaks)
		find_leaks();
	leave_status(status);
	sync();
	unmount_disks();
	if (job.state)
		umount2("/state", MNT_DETACH);
	reboot(RB_POWER_OFF);
	return 1;
}
