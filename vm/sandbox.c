// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a User-Mode Linux kernel so that it can neither change the host nor
 * leave anything behind.
 *
 * Root in the machine can mount hostfs wherever it likes, so a read-only mount
 * inside is a courtesy, not a barrier. The barrier is out here: the kernel runs
 * in a mount namespace where everything is read-only but its control directory
 * and the shared one, and in a pid namespace, whose end is the end of all its
 * processes. Where the host allows neither, the machine runs all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "wire.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define ATTR_RDONLY 1ULL

/* struct mount_attr of linux/mount.h, which clashes with sys/mount.h. */
struct attr {
	unsigned long long set, clear, propagation, userns_fd;
};

static int set_readonly(const char *path, bool readonly, unsigned int flags)
{
	struct attr a = { .set = readonly ? ATTR_RDONLY : 0,
			  .clear = readonly ? 0 : ATTR_RDONLY };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &a, sizeof(a));
}

static int write_file(const char *path, const char *fmt, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), n;
	va_list ap;

	if (fd < 0)
		return -1;
	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return close(fd) || n < 0 ? -1 : 0;
}

static int bind_writable(const char *dir)
{
	return mount(dir, dir, NULL, MS_BIND, NULL);
}

/* Disks may be outside of what can be written otherwise. */
static int free_disks(const struct machine *m)
{
	int i;

	for (i = 0; i < m->ndisks; i++)
		if (set_readonly(m->disks[i].file, false, 0))
			return -1;
	return 0;
}

static int bind_disks(const struct machine *m)
{
	int i;

	for (i = 0; i < m->ndisks; i++)
		if (bind_writable(m->disks[i].file))
			return -1;
	return 0;
}

/* In the new namespaces: everything read-only, three places and disks excepted. */
static int confine(const struct machine *m, const char *mem)
{
	char size[64];

	snprintf(size, sizeof(size), "mode=700,size=%luM", m->mem + 64);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    bind_writable(m->boot) ||
	    (m->state && bind_writable(m->state)) || bind_disks(m) ||
	    mount("vm", mem, "tmpfs", MS_NOSUID | MS_NODEV, size) ||
	    set_readonly("/", true, AT_RECURSIVE) ||
	    set_readonly(m->boot, false, 0) ||
	    (m->state && set_readonly(m->state, false, 0)) || free_disks(m) ||
	    set_readonly(mem, false, 0))
		return -1;
	return 0;
}

/* Keep the caller's ids in a user namespace, which gives the right to mount. */
static int map_ids(uid_t uid, gid_t gid)
{
	return write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", "%u %u 1", uid, uid) ||
	       write_file("/proc/self/gid_map", "%u %u 1", gid, gid) ? -1 : 0;
}

/*
 * The machine's memory is a file. On a disk it would be written back all the
 * time; a small /dev/shm would kill the kernel with SIGBUS once it is full.
 */
static const char *memory_dir(const struct machine *m)
{
	struct statvfs st;

	if (!statvfs("/dev/shm", &st) && !(st.f_flag & ST_NOEXEC) &&
	    (unsigned long long)st.f_bavail * st.f_frsize >> 20 > m->mem)
		return "/dev/shm";
	return m->dir;
}

static void __attribute__((noreturn))
run_kernel(const struct machine *m, const char *mem, const struct lines *lines)
{
	struct rlimit files, none = { 0, 0 };
	char *argv[32 + m->nappend], *envp[8], *a;
	int i, n = 0, null = open("/dev/null", O_RDONLY);
	int fds[] = { null, lines->log, lines->log,
		      lines->ctl, lines->out, lines->err };
	const int count = sizeof(fds) / sizeof(*fds);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	/* hostfs keeps a file of the host open for every inode in use */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* the kernel would set this itself and start over */
	personality(PER_LINUX | ADDR_NO_RANDOMIZE);

	for (i = 0; i < count; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, count);
	for (i = 0; i < count; i++)
		if (dup2(fds[i], i) < 0)
			_exit(EXIT_MACHINE);
	closefrom(count);

#define ARG(...) do {						\
		if (asprintf(&a, __VA_ARGS__) < 0)		\
			_exit(EXIT_MACHINE);			\
		argv[n++] = a;					\
	} while (0)
	ARG("linux");
	ARG("mem=%luM", m->mem);
	ARG("ncpus=%u", m->cpus);
	ARG("seccomp=on");
	ARG("umid=vm%d-%ld", (int)getpid(), random());
	ARG("uml_dir=%s/", m->contained ? mem : m->dir);
	ARG("con=null");
	ARG("con0=null,fd:1");
	ARG("ssl=null");
	ARG("ssl%d=fd:3", WIRE_LINE_CTL);
	ARG("ssl%d=fd:4", WIRE_LINE_OUT);
	ARG("ssl%d=fd:5", WIRE_LINE_ERR);
	for (i = 0; i < m->ndisks; i++)
		ARG("ubd%d=%s", i, m->disks[i].file);
	ARG("root=/dev/root");
	ARG("rootfstype=hostfs");
	ARG("rootflags=%s", m->boot);
	ARG("rw");
	ARG("init=/init");
	if (m->debug)
		ARG(LEAK_ARGS);
	for (i = 0; i < m->nappend; i++)
		argv[n++] = m->append[i];
	argv[n] = NULL;

	n = 0;
	if (asprintf(&envp[n++], "TMPDIR=%s", mem) < 0 ||
	    asprintf(&envp[n++], "HOME=%s", mem) < 0)
		_exit(EXIT_MACHINE);
	envp[n++] = (char *)"PATH=/usr/bin:/bin";
	envp[n] = NULL;
	execve(m->kernel, argv, envp);
	dprintf(1, "cannot execute %s: %s\n", m->kernel, strerror(errno));
	_exit(EXIT_MACHINE);
}

/* Without a pid namespace: end what the kernel has left to its reaper. */
static void end_orphans(void)
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	do {
		f = fopen(path, "re");
		while (f && fscanf(f, "%d", &pid) == 1)
			kill(pid, SIGKILL);
		if (f)
			fclose(f);
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* First process of the pid namespace, or a subreaper: lives for its child. */
static void __attribute__((noreturn))
keep(const struct machine *m, const char *mem, const struct lines *lines)
{
	sigset_t none;
	pid_t pid, got;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid)
		run_kernel(m, mem, lines);
	/* a terminal's keys are for the machine, not for its keeper */
	setsid();
	/* only the machine's processes hold its lines: their end is seen */
	closefrom(3);
	do {
		got = wait(NULL);
	} while (got != pid && (got > 0 || errno == EINTR));
	if (!m->contained)
		end_orphans();
	_exit(0);
}

/* fork() into new namespaces; errno as of clone() where that is not allowed. */
static pid_t fork_into(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t try_contained(struct machine *m, const struct lines *lines,
			   unsigned long flags)
{
	char mem[PATH_MAX], ok = 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int ready[2];
	pid_t pid;

	snprintf(mem, sizeof(mem), "%s/mem", m->dir);
	if ((mkdir(mem, 0700) && errno != EEXIST) || pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork_into(flags);
	if (!pid) {
		m->contained = true;
		if ((flags & CLONE_NEWUSER) && map_ids(uid, gid))
			_exit(EXIT_MACHINE);
		if (confine(m, mem))
			_exit(EXIT_MACHINE);
		if (write(ready[1], "y", 1) != 1)
			_exit(EXIT_MACHINE);
		keep(m, mem, lines);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &ok, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	m->contained = pid > 0;
	return pid;
}

int um_start(struct machine *m, const struct lines *lines)
{
	const unsigned long ns = CLONE_NEWNS | CLONE_NEWPID;

	srandom(getpid());
	m->pid = try_contained(m, lines, ns);
	if (m->pid < 0)
		m->pid = try_contained(m, lines, ns | CLONE_NEWUSER);
	if (m->pid < 0) {
		m->pid = fork();
		if (!m->pid)
			keep(m, memory_dir(m), lines);
	}
	return m->pid < 0 ? -1 : 0;
}

/* A field of /proc/meminfo in MiB. */
unsigned long host_memory(const char *field)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char name[64];
	unsigned long kb, mib = 0;

	while (f && fscanf(f, "%63[^:]: %lu%*[^\n]\n", name, &kb) == 2)
		if (!strcmp(name, field))
			mib = kb >> 10;
	if (f)
		fclose(f);
	return mib;
}

/*
 * Every page that a program in the machine uses may become a mapping of its
 * own in the host process that runs it. At the limit the kernel does not fail,
 * it retries without end.
 */
void raise_map_count(unsigned long mem)
{
	static const char file[] = "/proc/sys/vm/max_map_count";
	unsigned long have = 0, want = 65536 + (mem << 8);
	FILE *f = fopen(file, "re");

	if (!f || fscanf(f, "%lu", &have) != 1)
		have = 65530;
	if (f)
		fclose(f);
	if (have >= want || !write_file(file, "%lu", want))
		return;
	note("vm.max_map_count is %lu and may not be raised: a program that uses more than some %lu MB in the machine will hang; as root: sysctl vm.max_map_count=%lu",
	     have, have / 256 * 9 / 10, want);
}
