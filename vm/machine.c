// SPDX-License-Identifier: GPL-2.0
/*
 * Host side of vm/run: boots a machine, carries input, output and the exit
 * status of one command, and sees to it that nothing stays behind.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "wire.h"

#define PREFIX		"ckpt-vm."
#define DEFAULT_MEM	512
#define MIN_MEM		64
#define MAX_CPUS	8
#define DEFAULT_CPUS	2
#define GRACE_DUMP	1	/* seconds for the list of blocked tasks */
#define GRACE_QUIT	10	/* seconds to power off when asked to */
#define TAIL_LINES	40
#define LOG_MAX		(64 << 20)	/* of a kernel that complains for ever */
#define LOG_PIPE	(1 << 20)	/* of it that waits for us */
#define WRITE_MAX	4096	/* never blocks on a pipe that polls writable */

static const char usage[] =
"Usage: vm/run [OPTION...] -- CMD [ARG...]\n"
"Boot a built kernel and run CMD as root in it: User-Mode Linux, as an ordinary\n"
"process, or x86_64 or i386 in qemu.\n"
"\n"
"The machine:\n"
"  -a, --arch=NAME      kernel to boot: um (default), um-debug, x86_64,\n"
"                       x86_64-debug or i386\n"
"  -k, --kernel=FILE    boot FILE instead of build/NAME/linux or .../vmlinux\n"
"  -A, --accel=NAME     how qemu runs a PC: kvm or tcg, which emulates\n"
"                       (default: kvm where it works)\n"
"  -C, --cpu=MODEL      processors of a PC, as qemu's -cpu takes them, for\n"
"                       example qemu64 or max,-avx (default " DEFAULT_CPU ")\n"
"  -m, --memory=SIZE    memory, in MiB or with a suffix M or G (default 512M)\n"
"  -c, --cpus=N         virtual processors, 1 to 8 (default 2); of a PC, two of\n"
"                       each core if N is even\n"
"  -x, --append=ARG     add to the kernel's command line; may be repeated\n"
"  -s, --state=DIR      share DIR read-write as /state; it survives\n"
"  -d, --disk=FS        with a disk of 512 MiB on /mnt/FS, FS is ext4, btrfs or xfs;\n"
"                       may be repeated. It is made anew and gone afterwards; with\n"
"                       --state it is DIR/FS.disk, which is used again\n"
"\n"
"The command:\n"
"  -e, --env=VAR=VALUE  add to its environment; may be repeated\n"
"  -t, --timeout=SECS   end the machine after SECS (default 300, 0: never)\n"
"  -l, --log=FILE       keep the kernel's log in FILE\n"
"\n"
"  -h, --help           print this text\n"
"  -V, --version        print the version\n"
"\n"
"CMD sees the host's root file system, on i386 with the 32-bit programs of\n"
"scripts/i386-root in place of its own; what it changes is gone afterwards. It\n"
"starts in the caller's directory if the machine has it, and gets a terminal if\n"
"the caller has one. /tmp, /run and /dev/shm are empty and the machine's own. The\n"
"v1 freezer is mounted on /cgroups, cgroup v2 on /sys/fs/cgroup.\n"
"Input is read even if CMD does not want it: in a loop, add </dev/null.\n"
"In a terminal, Ctrl-] three times ends the machine.\n"
"\n"
"Exit status: that of CMD, 128+N if signal N ended it, 126 or 127 if it cannot\n"
"be run, 124 after a time-out, 125 if the kernel or vm/run itself failed: an\n"
"oops, a warning, or a report of KASAN, UBSAN, lockdep or kmemleak, which is\n"
"printed to stderr.\n";

static const struct arch {
	const char *name, *kernel;
	bool pc, debug;
	bool narrow;	/* runs 32-bit programs only */
} archs[] = {
	{ "um", "linux" },
	{ "um-debug", "linux", .debug = true },
	{ "x86_64", "vmlinux", .pc = true },
	{ "x86_64-debug", "vmlinux", .pc = true, .debug = true },
	{ "i386", "vmlinux", .pc = true, .narrow = true },
};

/* One output of the machine on its way to a file descriptor of the caller. */
struct out {
	int from, to;
	uint64_t taken;		/* bytes that came, and */
	uint64_t written;	/* how many there are once all is written */
	bool deaf;		/* the caller reads no more: drop the rest */
	size_t len, pos;
	char buf[65536];
};

static struct {
	const char *top, *arch, *log;
	char **argv, **env;
	int argc, nenv;
	unsigned long timeout;
	struct machine m;
} opt;

static struct {
	int timer, sigs;
	int log_file;
	struct lines host;	/* our ends */
	struct out out[2];
	bool tty, merge;
	bool ready;		/* init listens */
	bool want_input;	/* it waits for more */
	bool in_eof, asked_quit, timed_out;
	bool all_written;	/* the machine waits for us to have it all */
	int caller_in;
	int signal;		/* that ended us, or 0 */
	int escapes;
	size_t logged;
	struct termios saved;
	char log_path[PATH_MAX];
} run = { .caller_in = 0 };

static int lock_fd = -1;

void note(const char *fmt, ...)
{
	va_list ap;

	fputs("vm/run: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(run.tty ? "\r\n" : "\n", stderr);
}

/* ---- the control directory ---- */

static void remove_tree(const char *path)
{
	char sub[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (!unlink(path) || errno == ENOENT)
		return;
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if ((size_t)snprintf(sub, sizeof(sub), "%s/%s", path,
				     e->d_name) < sizeof(sub))
			remove_tree(sub);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static void cleanup(void)
{
	if (run.tty)
		tcsetattr(0, TCSADRAIN, &run.saved);
	run.tty = false;
	if (opt.m.pid > 0) {
		kill(opt.m.pid, SIGKILL);
		waitpid(opt.m.pid, NULL, 0);
	}
	opt.m.pid = 0;
	if (opt.m.dir)
		remove_tree(opt.m.dir);
	opt.m.dir = NULL;
}

void fail(const char *fmt, ...)
{
	va_list ap;

	cleanup();
	fputs("vm/run: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_MACHINE);
}

char *format(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		fail("out of memory");
	va_end(ap);
	return s;
}

/* Directories of machines whose vm/run was killed: nobody holds their lock. */
static void remove_stale(const char *tmp)
{
	char path[PATH_MAX], lock[PATH_MAX + 8];
	struct dirent *e;
	DIR *d = opendir(tmp);
	int fd;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", tmp, e->d_name);
		snprintf(lock, sizeof(lock), "%s/lock", path);
		fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		if (!flock(fd, LOCK_EX | LOCK_NB))
			remove_tree(path);
		close(fd);
	}
	if (d)
		closedir(d);
}

/* The kernel takes the path from its command line: no blanks, no quotes. */
static bool plain_path(const char *path)
{
	return path[0] == '/' && strlen(path) < 60 &&
	       !path[strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ/._+-")];
}

static void make_control_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *lock;

	if (!tmp || !plain_path(tmp) || access(tmp, W_OK | X_OK))
		tmp = "/tmp";
	remove_stale(tmp);
	opt.m.dir = format("%s/" PREFIX "XXXXXX", tmp);
	if (!mkdtemp(opt.m.dir)) {
		opt.m.dir = NULL;
		fail("cannot make a directory in %s: %s", tmp, strerror(errno));
	}
	lock = format("%s/lock", opt.m.dir);
	/* made under another name: a lock that exists is a lock that is held */
	opt.m.boot = format("%s/new", opt.m.dir);
	lock_fd = open(opt.m.boot, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock_fd < 0 || flock(lock_fd, LOCK_EX | LOCK_NB) ||
	    rename(opt.m.boot, lock))
		fail("cannot lock %s: %s", opt.m.dir, strerror(errno));
	free(lock);
	free(opt.m.boot);
	opt.m.boot = format("%s/boot", opt.m.dir);
	snprintf(run.log_path, sizeof(run.log_path), "%s/log", opt.m.dir);
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		fail("cannot copy %s: %s", from, strerror(errno));
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			fail("cannot write %s: %s", to, strerror(errno));
	close(in);
	if (close(out))
		fail("cannot write %s: %s", to, strerror(errno));
}

/* ---- the job ---- */

static void put(FILE *f, enum job_type type, const char *fmt, ...)
{
	va_list ap;

	fputc(type, f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\0', f);
}

static void put_env(FILE *f, const char *var, const char *otherwise)
{
	const char *value = getenv(var);

	if (!value)
		value = otherwise;
	if (value)
		put(f, JOB_ENV, "%s=%s", var, value);
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* Places that the machine covers with file systems of its own. */
static void put_keep(FILE *f, const char *path)
{
	static const char *const own[] = { "/tmp/", "/run/", "/dev/shm/" };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!strncmp(path, own[i], strlen(own[i])))
			put(f, JOB_KEEP, "%s", path);
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static void write_job(void)
{
	char cwd[PATH_MAX], *path = format("%s/" CTL_JOB, opt.m.boot);
	FILE *f = fopen(path, "we");
	struct winsize ws = { 0 };
	int i;

	if (!f)
		fail("cannot write %s: %s", path, strerror(errno));
	for (i = 0; i < opt.argc; i++)
		put(f, JOB_ARG, "%s", opt.argv[i]);

	put(f, JOB_ENV, "PATH=%s/build/user-cr%s/bin:%s/build/selftests:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	    opt.top, opt.m.over ? "/32" : "", opt.top);
	put(f, JOB_ENV, "HOME=/root");
	put(f, JOB_ENV, "USER=root");
	put(f, JOB_ENV, "LOGNAME=root");
	put(f, JOB_ENV, "SHELL=/bin/bash");
	put_env(f, "TERM", "dumb");
	put_env(f, "LANG", "C.UTF-8");
	put_env(f, "LC_ALL", NULL);
	for (i = 0; i < opt.nenv; i++)
		put(f, JOB_ENV, "%s", opt.env[i]);

	put_keep(f, opt.top);
	if (getcwd(cwd, sizeof(cwd))) {
		put(f, JOB_CWD, "%s", cwd);
		if (!is_below(cwd, opt.top))
			put_keep(f, cwd);
	}
	if (opt.m.over)
		put(f, JOB_OVER, "");
	if (opt.m.state)
		put(f, JOB_STATE, "%s", opt.m.state);
	for (i = 0; i < opt.m.ndisks; i++)
		put(f, JOB_DISK, "%s", opt.m.disks[i].fs);
	if (run.tty) {
		ioctl(0, TIOCGWINSZ, &ws);
		put(f, JOB_TTY, "%u %u", ws.ws_row, ws.ws_col);
		if (!isatty(2))
			put(f, JOB_SPLIT, "");
	}
	if (run.merge)
		put(f, JOB_MERGE, "");
	if (opt.m.debug)
		put(f, JOB_LEAKS, "");
	if (fclose(f))
		fail("cannot write %s: %s", path, strerror(errno));
	free(path);
}

static void fill_control_dir(void)
{
	static const char *const dirs[] = { "", "/dev", "/host", "/over", "/rw", "/new" };
	char *from, *to;
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		to = format("%s%s", opt.m.boot, dirs[i]);
		if (mkdir(to, 0755))
			fail("cannot make %s: %s", to, strerror(errno));
		free(to);
	}
	from = format("%s/build/vm/init%s", opt.top, opt.m.over ? "32" : "");
	to = format("%s/init", opt.m.boot);
	copy_file(from, to);
	free(from);
	free(to);
	write_job();
}

/* ---- options ---- */

static unsigned long number(const char *what, const char *s, unsigned long min,
			    unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (errno || end == s || *end || *s == '-' || n < min || n > max)
		fail("%s: not a number from %lu to %lu: %s", what, min, max, s);
	return n;
}

static unsigned long megabytes(const char *s)
{
	char *digits = format("%s", s);
	size_t len = strlen(s);
	unsigned long unit = 1;

	if (len && strchr("gG", s[len - 1]))
		unit = 1024;
	if (len && strchr("mMgG", s[len - 1]))
		digits[len - 1] = '\0';
	unit *= number("memory", digits, 1, 1 << 20);
	free(digits);
	if (unit < MIN_MEM)
		fail("memory: at least %d MiB are needed", MIN_MEM);
	return unit;
}

static void check_memory(void)
{
	unsigned long have = host_memory("MemAvailable");

	if (have && opt.m.mem > have) {
		note("the host has %lu MiB to give, not %lu", have, opt.m.mem);
		opt.m.mem = have;
	}
}

static const struct arch *find_arch(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (!strcmp(archs[i].name, name))
			return &archs[i];
	fail("unknown arch %s; see --help", name);
}

/* A kernel that does not run the host's programs needs others. */
static void find_over(void)
{
	char *init = format("%s/build/vm/init32", opt.top);

	opt.m.over = format("%s/build/i386/root", opt.top);
	if (access(opt.m.over, R_OK | X_OK))
		fail("no programs in %s; fetch them: scripts/i386-root",
		     opt.m.over);
	if (access(init, R_OK))
		fail("no %s; its compiler is missing: scripts/deps qemu", init);
	free(init);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "arch", required_argument, NULL, 'a' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "accel", required_argument, NULL, 'A' },
		{ "cpu", required_argument, NULL, 'C' },
		{ "memory", required_argument, NULL, 'm' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "append", required_argument, NULL, 'x' },
		{ "state", required_argument, NULL, 's' },
		{ "disk", required_argument, NULL, 'd' },
		{ "env", required_argument, NULL, 'e' },
		{ "timeout", required_argument, NULL, 't' },
		{ "log", required_argument, NULL, 'l' },
		{ "top", required_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	const struct arch *arch;
	const char *state = NULL;
	int c;

	opt.arch = "um";
	opt.m.mem = DEFAULT_MEM;
	opt.timeout = 300;
	opt.env = calloc(argc, sizeof(*opt.env));
	opt.m.append = calloc(argc, sizeof(*opt.m.append));
	if (!opt.env || !opt.m.append)
		fail("out of memory");
	while ((c = getopt_long(argc, argv, "+a:k:A:C:m:c:x:s:d:e:t:l:hV", longs,
				NULL)) != -1) {
		switch (c) {
		case 'a':
			opt.arch = optarg;
			break;
		case 'k':
			opt.m.kernel = optarg;
			break;
		case 'A':
			if (strcmp(optarg, "kvm") && strcmp(optarg, "tcg"))
				fail("accel: neither kvm nor tcg: %s", optarg);
			opt.m.accel = optarg;
			break;
		case 'C':
			opt.m.cpu = optarg;
			break;
		case 'm':
			opt.m.mem = megabytes(optarg);
			break;
		case 'c':
			opt.m.cpus = number("cpus", optarg, 1, MAX_CPUS);
			break;
		case 'x':
			opt.m.append[opt.m.nappend++] = optarg;
			break;
		case 's':
			state = optarg;
			break;
		case 'd':
			add_disk(&opt.m, optarg);
			break;
		case 'e':
			if (!strchr(optarg, '=') || *optarg == '=')
				fail("env: not VAR=VALUE: %s", optarg);
			opt.env[opt.nenv++] = optarg;
			break;
		case 't':
			opt.timeout = number("timeout", optarg, 0, INT_MAX);
			break;
		case 'l':
			opt.log = optarg;
			break;
		case 'T':
			opt.top = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("vm/run " VERSION);
			exit(0);
		default:
			fputs("Try 'vm/run --help'.\n", stderr);
			exit(EXIT_MACHINE);
		}
	}
	opt.argv = argv + optind;
	opt.argc = argc - optind;
	if (!opt.argc)
		fail("no command; try --help");
	arch = find_arch(opt.arch);
	if (!opt.m.cpus)
		opt.m.cpus = DEFAULT_CPUS;
	opt.m.pc = arch->pc;
	opt.m.nodes = arch->pc && !arch->narrow ? 2 : 0;
	opt.m.debug = arch->debug;
	if (opt.m.cpu && !arch->pc)
		fail("cpu: %s runs on the host's processor; only a PC has a model",
		     arch->name);
	if (!opt.m.cpu)
		opt.m.cpu = DEFAULT_CPU;
	if (!opt.m.kernel)
		opt.m.kernel = format("%s/build/%s/%s", opt.top, arch->name,
				      arch->kernel);
	if (arch->pc && !qemu_is_there())
		fail("there is no " QEMU "; install it: scripts/deps qemu");
	if (access(opt.m.kernel, arch->pc ? R_OK : X_OK))
		fail("no kernel at %s; build it: scripts/build-kernel %s",
		     opt.m.kernel, opt.arch);
	opt.m.kernel = realpath(opt.m.kernel, NULL);
	if (arch->narrow)
		find_over();
	if (state) {
		if (mkdir(state, 0777) && errno != EEXIST)
			fail("cannot make %s: %s", state, strerror(errno));
		opt.m.state = realpath(state, NULL);
		if (!opt.m.state || access(opt.m.state, R_OK | W_OK | X_OK))
			fail("cannot use %s: %s", state, strerror(errno));
	}
}

/* ---- input ---- */

static void send_frame(enum wire_type type, const void *data, size_t len)
{
	char frame[WIRE_MAX];
	struct wire_head head = { .type = type, .len = len };
	size_t done = 0;
	ssize_t n;

	memcpy(frame, &head, sizeof(head));
	if (len)
		memcpy(frame + sizeof(head), data, len);
	len += sizeof(head);
	while (done < len) {
		n = send(run.host.ctl, frame + done, len - done, MSG_NOSIGNAL);
		if (n > 0)
			done += n;
		else if (errno != EINTR)
			return;
	}
}

/* The file is complete before it has its name: the machine may look any time. */
static void send_file(const char *buf, size_t len)
{
	char *name = format("%s/" CTL_IN, opt.m.boot);
	char *tmp = format("%s.tmp", name);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, buf, len) != (ssize_t)len || close(fd) ||
	    rename(tmp, name))
		fail("cannot write %s: %s", tmp, strerror(errno));
	free(tmp);
	free(name);
	send_frame(WIRE_FILE, NULL, 0);
}

static void close_input(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	run.in_eof = true;
	run.want_input = false;
	/* whoever writes to our input learns that nobody reads it */
	if (!run.tty && null >= 0)
		dup2(null, 0);
	close(null);
}

static bool escaped(const char *buf, ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++)
		run.escapes = buf[i] == 0x1d ? run.escapes + 1 : 0;
	return run.escapes >= 3;
}

static void read_input(void)
{
	static char buf[WIRE_CHUNK];
	ssize_t n = read(0, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		send_frame(WIRE_EOF, NULL, 0);
		close_input();
		return;
	}
	if (run.tty && escaped(buf, n)) {
		kill(getpid(), SIGTERM);
		return;
	}
	run.want_input = false;
	if (n <= WIRE_INLINE)
		send_frame(WIRE_DATA, buf, n);
	else
		send_file(buf, n);
}

static void read_control(void)
{
	static char buf[64];
	static size_t have;
	uint64_t written[2] = { 0 };
	struct wire_head head;
	size_t pos = 0;
	ssize_t n = recv(run.host.ctl, buf + have, sizeof(buf) - have,
			 MSG_DONTWAIT);

	if (n <= 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		close(run.host.ctl);
		run.host.ctl = -1;
		run.ready = false;
		return;
	}
	for (have += n; have - pos >= sizeof(head);
	     pos += sizeof(head) + head.len) {
		memcpy(&head, buf + pos, sizeof(head));
		if (head.len > WIRE_REPLY)
			fail("cannot understand the machine");
		if (have - pos < sizeof(head) + head.len)
			break;
		switch ((enum wire_type)head.type) {
		case WIRE_READY:
			run.ready = true;
			run.want_input = !run.in_eof;
			break;
		case WIRE_ACK:
			run.want_input = !run.in_eof;
			break;
		case WIRE_CLOSED:
			close_input();
			break;
		case WIRE_WRITTEN:
			if (head.len == sizeof(written))
				memcpy(written, buf + pos + sizeof(head),
				       sizeof(written));
			run.out[0].written = written[0];
			run.out[1].written = written[1];
			run.all_written = true;
			break;
		default:
			break;
		}
	}
	have -= pos;
	memmove(buf, buf + pos, have);
}

/* ---- output ---- */

static void read_log(void)
{
	char buf[65536];
	ssize_t n = read(run.host.log, buf, sizeof(buf));

	if (n > 0) {
		run.logged += n;
		if (run.logged < LOG_MAX && write(run.log_file, buf, n) != n)
			note("cannot write the log: %s", strerror(errno));
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(run.host.log);
		run.host.log = -1;
	}
}

static void stop_out(struct out *o)
{
	if (o->from >= 0)
		close(o->from);
	o->from = -1;
	o->len = 0;
	o->pos = 0;
}

/* Closing the line would upset its driver: the machine is told instead. */
static void go_deaf(struct out *o)
{
	uint8_t which = o == &run.out[1];

	o->deaf = true;
	o->len = 0;
	o->pos = 0;
	if (run.ready)
		send_frame(WIRE_STOP, &which, sizeof(which));
}

static void read_out(struct out *o)
{
	ssize_t n = read(o->from, o->buf, sizeof(o->buf));

	o->pos = 0;
	o->len = n > 0 && !o->deaf ? n : 0;
	o->taken += n > 0 ? n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		stop_out(o);
}

static bool has_all(const struct out *o)
{
	return o->from < 0 || o->taken >= o->written;
}

static void write_out(struct out *o)
{
	size_t len = o->len - o->pos;
	ssize_t n;

	n = write(o->to, o->buf + o->pos, len < WRITE_MAX ? len : WRITE_MAX);
	if (n > 0) {
		o->pos += n;
		if (o->pos == o->len)
			o->pos = o->len = 0;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		if (errno != EPIPE)
			note("cannot write the command's output: %s",
			     strerror(errno));
		go_deaf(o);
	}
}

/* ---- ending ---- */

static void set_timer(unsigned long seconds)
{
	struct itimerspec t = { .it_value.tv_sec = seconds };

	timerfd_settime(run.timer, 0, &t, NULL);
}

static void kill_machine(void)
{
	if (opt.m.pid > 0)
		kill(opt.m.pid, SIGKILL);
}

/* First a look at what it hangs on, then the end. */
static void on_timer(void)
{
	uint64_t ticks;

	if (read(run.timer, &ticks, sizeof(ticks)) < 0)
		return;
	if (run.asked_quit || run.timed_out || !run.ready) {
		run.timed_out = !run.asked_quit;
		kill_machine();
		return;
	}
	run.timed_out = true;
	send_frame(WIRE_DUMP, NULL, 0);
	set_timer(GRACE_DUMP);
}

static void on_stop(int sig)
{
	if (run.asked_quit || !run.ready) {
		run.signal = run.signal ? run.signal : sig;
		run.asked_quit = true;
		kill_machine();
		return;
	}
	run.signal = sig;
	run.asked_quit = true;
	send_frame(WIRE_QUIT, NULL, 0);
	set_timer(GRACE_QUIT);
}

static void send_winsize(void)
{
	struct winsize ws;

	if (run.tty && run.ready && !ioctl(0, TIOCGWINSZ, &ws))
		send_frame(WIRE_WINSIZE, &ws, sizeof(ws));
}

/* True once the machine is gone. */
static bool on_signals(void)
{
	struct signalfd_siginfo si;
	bool gone = false;

	while (read(run.sigs, &si, sizeof(si)) > 0) {
		switch (si.ssi_signo) {
		case SIGCHLD:
			if (waitpid(opt.m.pid, NULL, WNOHANG) == opt.m.pid) {
				opt.m.pid = 0;
				gone = true;
			}
			break;
		case SIGWINCH:
			send_winsize();
			break;
		default:
			on_stop(si.ssi_signo);
		}
	}
	return gone;
}

static void serve(void)
{
	struct pollfd p[9];
	bool gone = false;
	struct out *o;
	int i, n;

	while (!gone || run.host.log >= 0 || run.out[0].from >= 0 ||
	       run.out[1].from >= 0 || run.out[0].len || run.out[1].len) {
		n = 0;
		p[n++] = (struct pollfd){ run.sigs, POLLIN, 0 };
		p[n++] = (struct pollfd){ gone ? -1 : run.timer, POLLIN, 0 };
		p[n++] = (struct pollfd){ run.host.log, POLLIN, 0 };
		p[n++] = (struct pollfd){ run.host.ctl, POLLIN, 0 };
		p[n++] = (struct pollfd){ run.ready && run.want_input ?
					  run.caller_in : -1, POLLIN, 0 };
		for (i = 0; i < 2; i++) {
			o = &run.out[i];
			p[n++] = (struct pollfd){ o->len ? -1 : o->from,
						  POLLIN, 0 };
			p[n++] = (struct pollfd){ o->len ? o->to : -1,
						  POLLOUT, 0 };
		}
		if (poll(p, n, -1) < 0 && errno != EINTR)
			fail("poll: %s", strerror(errno));
		if (p[1].revents)
			on_timer();
		if (p[2].revents)
			read_log();
		if (p[3].revents)
			read_control();
		if (p[4].revents && run.want_input)
			read_input();
		for (i = 0; i < 2; i++) {
			if (p[5 + 2 * i].revents)
				read_out(&run.out[i]);
			if (p[6 + 2 * i].revents && run.out[i].len)
				write_out(&run.out[i]);
		}
		if (p[0].revents && on_signals())
			gone = true;
		if (run.all_written && has_all(&run.out[0]) &&
		    has_all(&run.out[1])) {
			run.all_written = false;
			send_frame(WIRE_TAKEN, NULL, 0);
		}
		/* killed on purpose: what nobody takes any more is dropped */
		if (gone && run.signal) {
			stop_out(&run.out[0]);
			stop_out(&run.out[1]);
		}
	}
}

/* ---- verdict ---- */

static int read_status(void)
{
	char *path = format("%s/" CTL_STATUS, opt.m.boot);
	FILE *f = fopen(path, "re");
	int status = -1;

	if (f && fscanf(f, "%d", &status) != 1)
		status = -1;
	if (f)
		fclose(f);
	free(path);
	return status;
}

static bool report_leaks(void)
{
	char *path = format("%s/" CTL_KMEMLEAK, opt.m.boot);
	FILE *f = fopen(path, "re");
	bool found = false;
	int c;

	free(path);
	while (f && (c = getc(f)) != EOF) {
		if (!found)
			fputs("---- kmemleak report ----\n", stderr);
		found = true;
		putc(c, stderr);
	}
	if (f)
		fclose(f);
	return found;
}

static int verdict(void)
{
	bool splat, leaks;
	int status = read_status();

	splat = report_splats(run.log_path, stderr);
	leaks = report_leaks();
	if (run.signal && !splat)
		return 128 + run.signal;
	if (run.timed_out) {
		note("timed out after %lu seconds", opt.timeout);
		if (!splat)
			print_tail(run.log_path, TAIL_LINES, stderr);
		return EXIT_TIMEOUT;
	}
	if (status < 0) {
		note("the machine died before the command ended");
		if (!splat)
			print_tail(run.log_path, TAIL_LINES, stderr);
		return EXIT_MACHINE;
	}
	if (splat || leaks) {
		note("the kernel complained; the command's status was %d",
		     status);
		return EXIT_MACHINE;
	}
	return status;
}

/* ---- setting up ---- */

static void catch_signals(void)
{
	static const int caught[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP,
				      SIGQUIT, SIGWINCH };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
		sigaddset(&set, caught[i]);
		/* an ignored signal, as nohup leaves it, stays ignored */
		if (caught[i] == SIGCHLD)
			signal(SIGCHLD, SIG_DFL);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* in the background of a terminal there is no input: EIO, not a stop */
	signal(SIGTTIN, SIG_IGN);
	run.sigs = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	run.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (run.sigs < 0 || run.timer < 0)
		fail("cannot watch signals: %s", strerror(errno));
}

static void make_line(int *host, int *machine)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail("cannot make a socket pair: %s", strerror(errno));
	*host = pair[0];
	*machine = pair[1];
}

static void make_pipe(int *host, int *machine)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		fail("cannot make a pipe: %s", strerror(errno));
	fcntl(fds[1], F_SETPIPE_SZ, LOG_PIPE);
	*host = fds[0];
	*machine = fds[1];
}

/* A closed 0, 1 or 2 would be taken by a file of ours. */
static void fill_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	close(fd);
}

static void raw_terminal(void)
{
	struct termios raw;

	if (tcgetattr(0, &run.saved))
		return;
	raw = run.saved;
	cfmakeraw(&raw);
	tcsetattr(0, TCSADRAIN, &raw);
}

int main(int argc, char **argv)
{
	struct lines lines;
	int status;

	fill_stdio();
	parse_options(argc, argv);
	check_memory();
	if (!opt.m.pc)
		raise_map_count(opt.m.mem);
	run.tty = isatty(0) && isatty(1) && tcgetpgrp(0) == getpgrp();
	run.merge = !run.tty && same_file(1, 2);

	catch_signals();
	make_control_dir();
	make_disks(&opt.m);
	fill_control_dir();
	run.log_file = open(run.log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (opt.m.pc)
		make_pipe(&run.host.log, &lines.log);
	else
		make_line(&run.host.log, &lines.log);
	make_line(&run.host.ctl, &lines.ctl);
	make_line(&run.host.out, &lines.out);
	make_line(&run.host.err, &lines.err);
	run.out[0] = (struct out){ .from = run.host.out, .to = 1 };
	run.out[1] = (struct out){ .from = run.host.err, .to = 2 };

	if (opt.m.pc ? qemu_start(&opt.m, &lines) : um_start(&opt.m, &lines))
		fail("cannot start a process: %s", strerror(errno));
	close(lines.log);
	close(lines.ctl);
	close(lines.out);
	close(lines.err);
	if (run.tty)
		raw_terminal();
	if (opt.timeout)
		set_timer(opt.timeout);

	serve();
	if (run.tty)
		tcsetattr(0, TCSADRAIN, &run.saved);
	run.tty = false;
	if (opt.log)
		copy_file(run.log_path, opt.log);
	status = verdict();
	cleanup();
	return status;
}
