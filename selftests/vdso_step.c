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
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
/* It has loops. */
#define RANDOM_STEPS	1500

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
	unsigned int max;	/* instructions, if not MAX_STEPS */
	bool thread;		/* called in one that is not the first */
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

/* ---- Random numbers, which not every libc gets there ---- */

struct opaque_params {
	uint32_t size, prot, flags, reserved[13];
};

static ssize_t (*vdso_getrandom)(void *buf, size_t len, unsigned int flags,
				 void *state, size_t state_len);
static void *random_state;
static size_t random_len;

/* False if this vDSO has no getrandom(), as that of 32-bit programs. */
static bool prepare_random(void)
{
#ifdef __x86_64__
	void *vdso = dlopen("linux-vdso.so.1", RTLD_NOLOAD | RTLD_LAZY);
	struct opaque_params params = { 0 };

	if (vdso)
		vdso_getrandom = dlsym(vdso, "__vdso_getrandom");
	if (!vdso_getrandom || vdso_getrandom(NULL, 0, 0, &params, ~0UL))
		return false;
	random_len = params.size;
	random_state = mmap(NULL, 4096, params.prot, params.flags, -1, 0);
	return random_state != MAP_FAILED;
#else
	return false;
#endif
}

/* What ChaCha20 begins with, and goes on with, if the key is zero */
static bool is_guessable(const uint64_t *numbers)
{
	static const unsigned char zero_key[2][8] = {
		{ 0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90 },
		{ 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d },
	};
	int i;

	for (i = 0; i < 4; i++) {
		if (!numbers[i] || !memcmp(&numbers[i], zero_key[0], 8) ||
		    !memcmp(&numbers[i], zero_key[1], 8))
			return true;
	}
	return false;
}

/* Not a time: any, if the numbers are random */
static long long random_numbers(void)
{
	uint64_t numbers[4] = { 0 };

	if (vdso_getrandom(numbers, sizeof(numbers), 0, random_state, random_len) !=
	    sizeof(numbers) || is_guessable(numbers))
		return -1;
	return read_clock(CLOCK_MONOTONIC);
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
	{ "realtime_in_a_thread", realtime, CLOCK_REALTIME, .thread = true },
	{ "getrandom", random_numbers, CLOCK_MONOTONIC, .max = RANDOM_STEPS },
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

/* Shared with the tracer */
static volatile pid_t *traced_tid;

static void *call_and_exit(void *arg)
{
	const struct call *call = arg;
	int i;

	ptrace(PTRACE_TRACEME, 0, 0, 0);
	*traced_tid = syscall(SYS_gettid);
	munmap((void *)traced_tid, 4096);
	raise(SIGTRAP);		/* stops this thread, and no other one */
	if (!call_is_right(call))
		_exit(2);
	for (i = 0; i < MORE_CALLS; i++) {
		if (!call_is_right(call))
			_exit(3);
	}
	_exit(0);
}

static void traced(const struct call *call)
{
	int i, fd = open("/dev/null", O_RDWR);
	pthread_t thread;

	setsid();
	for (i = 0; i < 3; i++)
		dup2(fd, i);
	for (i = 3; i < 64; i++)
		close(i);
	/* So that there is a key, and a part of what was made with it. */
	if (call->fn == random_numbers)
		random_numbers();
	if (!call->thread)
		call_and_exit((void *)call);
	pthread_create(&thread, NULL, call_and_exit, (void *)call);
	pthread_join(thread, NULL);
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

	if (ptrace(request, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid)
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

static void save(pid_t pid, pid_t tid, const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	cgroup_write("cgroup.freeze", "1");
	if (ptrace(PTRACE_DETACH, tid, 0, 0))
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
	pid_t pid, tid;
	bool found;

	*traced_tid = 0;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		traced(call);
	while (!*traced_tid)
		sched_yield();
	tid = *traced_tid;
	if (waitpid(tid, NULL, __WALL) != tid)
		die("waitpid");
	snprintf(text, sizeof(text), "%d", pid);
	cgroup_write("cgroup.procs", text);
	found = go_to(tid, n);
	if (found) {
		snprintf(path, sizeof(path), "%s/%s.%u", dir, call->name, n);
		save(pid, tid, path);
	}
	kill(pid, SIGKILL);
	cgroup_write("cgroup.freeze", "0");
	waitpid(pid, NULL, 0);
	return found;
}

/* All of the first instructions, where a jump is afterwards, and some of the rest */
static unsigned int save_call(const char *dir, const struct call *call)
{
	unsigned int max = call->max ?: MAX_STEPS, n;

	for (n = 0; n < max && save_at(dir, call, n); n += n < 8 ? 1 : max / 30)
		;
	return n;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 2) {
		fprintf(stderr, "usage: vdso_step DIR\n");
		return 2;
	}
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/vdso.%d", getpid());
	if (mkdir(cgroup, 0755))
		die(cgroup);
	traced_tid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (traced_tid == MAP_FAILED)
		die("mmap");
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].fn == random_numbers && !prepare_random())
			continue;
		printf("%s: %u instructions\n", calls[i].name,
		       save_call(argv[1], &calls[i]));
		fflush(stdout);
	}
	rmdir(cgroup);
	return 0;
}
