// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints a program at the instructions of the vDSO's functions
 *
 * vdso_step DIR writes the images DIR/FUNCTION.N, for instructions N that a call
 * of the function comes to in the vDSO. Each is of a process that finishes the
 * call, sees whether the result is right, calls the function a few times more,
 * and exits with 0 if all was well. scripts/check-vdso restarts them on a kernel
 * whose vDSO is another.
 *
 * The process is taken there by single steps, frozen where it stands, and then
 * let off: it goes from the tracer into the freezer without another step.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app.h"

#define MS		1000000LL
/* A coarse clock is behind by a tick, which may be late on an emulated CPU. */
#define COARSE		(60 * MS)
#define MORE_CALLS	3
/* Stepping is slow enough for the clock to change, and the reading to begin again. */
#define MAX_STEPS	90

static void die(const char *what)
{
	fprintf(stderr, "vdso_step: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- What is called, in the traced process ---- */

struct call {
	const char *name;
	long long (*fn)(void);	/* what time it is, in nanoseconds */
	clockid_t clock;	/* by which it is compared */
	long long coarse;	/* by how much it may be behind */
};

static long long ns(long long sec, long long nsec)
{
	return sec * 1000000000LL + nsec;
}

static long long read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return ns(t.tv_sec, t.tv_nsec);
}

static long long realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}

static long long monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static long long boottime(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

static long long realtime_coarse(void)
{
	return read_clock(CLOCK_REALTIME_COARSE);
}

static long long monotonic_coarse(void)
{
	return read_clock(CLOCK_MONOTONIC_COARSE);
}

static long long time_of_day(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return ns(t.tv_sec, t.tv_usec * 1000);
}

static long long seconds(void)
{
	return ns(time(NULL), 0);
}

/* Not a time: any, if the processor is one that there is */
static long long processor(void)
{
	unsigned int cpu = UINT_MAX, node;

	getcpu(&cpu, &node);
	return cpu < 1024 ? read_clock(CLOCK_MONOTONIC) : -1;
}

static const struct call calls[] = {
	{ "realtime", realtime, CLOCK_REALTIME },
	{ "monotonic", monotonic, CLOCK_MONOTONIC },
	{ "boottime", boottime, CLOCK_BOOTTIME },
	{ "realtime_coarse", realtime_coarse, CLOCK_REALTIME, COARSE },
	{ "monotonic_coarse", monotonic_coarse, CLOCK_MONOTONIC, COARSE },
	{ "gettimeofday", time_of_day, CLOCK_REALTIME, 1000 },
	{ "time", seconds, CLOCK_REALTIME, 1000 * MS + COARSE },
	{ "getcpu", processor, CLOCK_MONOTONIC },
};

/* By a system call, which knows nothing of the vDSO */
static long long true_time(clockid_t clock)
{
	long long t[2];

#ifdef __i386__
	syscall(SYS_clock_gettime64, clock, t);
#else
	syscall(SYS_clock_gettime, clock, t);
#endif
	return ns(t[0], t[1]);
}

static bool call_is_right(const struct call *call)
{
	long long before = true_time(call->clock), seen, after;

	syscall(SYS_getppid);	/* the tracer looks for this */
	seen = call->fn();
	after = true_time(call->clock);
	return seen >= before - call->coarse && seen <= after;
}

static void traced(const struct call *call)
{
	int i, fd = open("/dev/null", O_RDWR);

	setsid();
	for (i = 0; i < 3; i++)
		dup2(fd, i);
	for (i = 3; i < 64; i++)
		close(i);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	if (!call_is_right(call))
		_exit(2);
	for (i = 0; i < MORE_CALLS; i++) {
		if (!call_is_right(call))
			_exit(3);
	}
	_exit(0);
}

/* ---- The tracer ---- */

static char cgroup[128];

static void cgroup_write(const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	if (write_file(path, text))
		die(path);
}

static void cgroup_wait(const char *what)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
	do {
		if (read_file(path, text, sizeof(text)) < 0)
			die(path);
	} while (!strstr(text, what));
}

static unsigned long ip_of(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		die("PTRACE_GETREGS");
#ifdef __i386__
	return regs.eip;
#else
	return regs.rip;
#endif
}

static long syscall_of(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		die("PTRACE_GETREGS");
#ifdef __i386__
	return regs.orig_eax;
#else
	return regs.orig_rax;
#endif
}

/* True while it goes on. */
static bool step(int request, pid_t pid)
{
	int status;

	if (ptrace(request, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
		die("ptrace");
	return WIFSTOPPED(status);
}

static void find_vdso(pid_t pid, unsigned long *start, unsigned long *end)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		die(path);
	*start = *end = 0;
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "[vdso]"))
			sscanf(line, "%lx-%lx", start, end);
	}
	fclose(f);
	if (!*start)
		die("there is no vDSO");
}

/* Leaves it in front of its instruction @n in the vDSO; false if it has fewer. */
static bool go_to(pid_t pid, unsigned int n)
{
	unsigned long start, end, ip;

	find_vdso(pid, &start, &end);
	/* In and out */
	while (syscall_of(pid) != SYS_getppid) {
		if (!step(PTRACE_SYSCALL, pid))
			return false;
	}
	if (!step(PTRACE_SYSCALL, pid))
		return false;
	for (;;) {
		if (!step(PTRACE_SINGLESTEP, pid))
			return false;
		ip = ip_of(pid);
		if (ip >= start && ip < end && !n--)
			return true;
		/* The system call after it: the call is over. */
		if (syscall_of(pid) >= 0 && syscall_of(pid) != SYS_getppid)
			return false;
	}
}

static void save(pid_t pid, const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	cgroup_write("cgroup.freeze", "1");
	if (ptrace(PTRACE_DETACH, pid, 0, 0))
		die("PTRACE_DETACH");
	cgroup_wait("frozen 1");
	if (sys_checkpoint(pid, fd, CHECKPOINT_SUBTREE | CHECKPOINT_LOG,
			   STDERR_FILENO))
		die(path);
	close(fd);
}

/* False if the call has no instruction @n. */
static bool save_at(const char *dir, const struct call *call, unsigned int n)
{
	char path[PATH_MAX], text[16];
	bool found;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		traced(call);
	if (waitpid(pid, NULL, __WALL) != pid)
		die("waitpid");
	snprintf(text, sizeof(text), "%d", pid);
	cgroup_write("cgroup.procs", text);
	found = go_to(pid, n);
	if (found) {
		snprintf(path, sizeof(path), "%s/%s.%u", dir, call->name, n);
		save(pid, path);
	}
	kill(pid, SIGKILL);
	cgroup_write("cgroup.freeze", "0");
	waitpid(pid, NULL, 0);
	return found;
}

int main(int argc, char **argv)
{
	unsigned int i, n;

	if (argc != 2) {
		fprintf(stderr, "usage: vdso_step DIR\n");
		return 2;
	}
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/vdso.%d", getpid());
	if (mkdir(cgroup, 0755))
		die(cgroup);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		/* All of the first ones, where a jump is afterwards */
		for (n = 0; n < MAX_STEPS && save_at(argv[1], &calls[i], n);
		     n += n < 8 ? 1 : 3)
			;
		printf("%s: %u instructions\n", calls[i].name, n);
		fflush(stdout);
	}
	rmdir(cgroup);
	return 0;
}
