// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints a program at the instructions of the vDSO's functions
 *
 * vdso_step save DIR [FUNCTION ...] writes the images DIR/FUNCTION.N, for the
 * instructions N that a call of the function comes to in the vDSO. Each is of a
 * process that finishes the call, sees whether the result is right, calls the
 * function a few times more, and exits with 0 if all was well and its vDSO is the
 * old one: this kernel's is elsewhere then. scripts/check-vdso restarts them on a
 * kernel whose vDSO is another.
 * vdso_step symbols prints where the functions are, to see that it is.
 *
 * The process is taken there by single steps, frozen where it stands, and then
 * let off: it goes from the tracer into the freezer without another step.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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

/* ---- The functions of the vDSO ---- */

static const char *vdso(void)
{
	return (const char *)getauxval(AT_SYSINFO_EHDR);
}

static const ElfW(Shdr) *dynamic_symbols(void)
{
	const ElfW(Ehdr) *header = (const void *)vdso();
	const ElfW(Shdr) *section;
	int i;

	if (!header) {
		errno = ENOENT;
		die("vDSO");
	}
	section = (const void *)(vdso() + header->e_shoff);
	for (i = 0; i < header->e_shnum; i++) {
		if (section[i].sh_type == SHT_DYNSYM)
			return &section[i];
	}
	errno = EINVAL;
	die("vDSO");
	return NULL;
}

/* Calls @each with all of them until it returns false. */
static void each_symbol(bool (*each)(const char *name, unsigned long offset))
{
	const ElfW(Ehdr) *header = (const void *)vdso();
	const ElfW(Shdr) *section = dynamic_symbols(), *strings;
	const ElfW(Sym) *symbol = (const void *)(vdso() + section->sh_offset);
	size_t i;

	strings = (const ElfW(Shdr) *)(vdso() + header->e_shoff) + section->sh_link;
	for (i = 0; i < section->sh_size / sizeof(*symbol); i++) {
		if ((symbol[i].st_info & 15) == STT_FUNC &&
		    !each(vdso() + strings->sh_offset + symbol[i].st_name,
			  symbol[i].st_value))
			return;
	}
}

static bool print_symbol(const char *name, unsigned long offset)
{
	printf("%s %#lx\n", name, offset);
	return true;
}

static const char *wanted_name;
static void *wanted;

static bool is_wanted(const char *name, unsigned long offset)
{
	if (strcmp(name, wanted_name))
		return true;
	wanted = (void *)(vdso() + offset);
	return false;
}

/* NULL if there is none. */
static void *vdso_symbol(const char *name)
{
	wanted_name = name;
	wanted = NULL;
	each_symbol(is_wanted);
	return wanted;
}

/* ---- What is called, in the traced process ---- */

struct call {
	const char *name;
	long long (*fn)(void);	/* what time it is, in nanoseconds */
	clockid_t clock;	/* by which it is compared */
	long long coarse;	/* by how much it may be behind */
	unsigned int max;	/* instructions, if not MAX_STEPS */
	bool thread;		/* called in one that is not the first */
	void (*prepare)(void);	/* called before it, and not stepped through */
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

/* What not every libc calls there. */
static int (*vdso_getcpu)(unsigned int *cpu, unsigned int *node, void *unused);
static int (*vdso_getres)(clockid_t clock, long *res);
#ifdef __i386__
static int (*vdso_getres_time64)(clockid_t clock, long long *res);
#endif

static void find_functions(void)
{
	vdso_getcpu = vdso_symbol("__vdso_getcpu");
	vdso_getres = vdso_symbol("__vdso_clock_getres");
	errno = ENOENT;
	if (!vdso_getcpu || !vdso_getres)
		die("functions of the vDSO");
#ifdef __i386__
	vdso_getres_time64 = vdso_symbol("__vdso_clock_getres_time64");
	if (!vdso_getres_time64)
		die("functions of the vDSO");
#endif
}

/* Not a time: any, if the processor is one that there is */
static long long processor(void)
{
	unsigned int cpu = UINT_MAX, node;

	vdso_getcpu(&cpu, &node, NULL);
	return cpu < 1024 ? read_clock(CLOCK_MONOTONIC) : -1;
}

/* Likewise any, if it is the resolution that the system call has */
static long long resolution(void)
{
	long seen[2] = { 0 }, res[2] = { 1, 1 };

	if (vdso_getres(CLOCK_REALTIME_COARSE, seen) ||
	    syscall(SYS_clock_getres, CLOCK_REALTIME_COARSE, res) ||
	    memcmp(seen, res, sizeof(seen)))
		return -1;
	return read_clock(CLOCK_MONOTONIC);
}

#ifdef __i386__
static long long resolution_of_64_bits(void)
{
	long long seen[2] = { 0 }, res[2] = { 1, 1 };

	if (vdso_getres_time64(CLOCK_REALTIME_COARSE, seen) ||
	    syscall(SYS_clock_getres_time64, CLOCK_REALTIME_COARSE, res) ||
	    memcmp(seen, res, sizeof(seen)))
		return -1;
	return read_clock(CLOCK_MONOTONIC);
}

/* ---- Returns of signal handlers: the vDSO's addresses are in their frames ---- */

static volatile bool handler_reads;
static volatile int handled;

static void on_overflow(int sig)
{
	if (handler_reads)
		read_clock(CLOCK_MONOTONIC);
	handled++;
}

/* As the kernel has it: without a restorer. The old one has a mask of 32 signals. */
static void prepare_old(void)
{
	struct {
		void *handler;
		unsigned long mask, flags;
		void *restorer;
	} sa = { .handler = on_overflow };

	if (syscall(SYS_sigaction, SIGSEGV, &sa, NULL))
		_exit(6);
}

static void prepare_rt(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} sa = { .handler = on_overflow, .flags = SA_SIGINFO };

	if (syscall(SYS_rt_sigaction, SIGSEGV, &sa, NULL, 8))
		_exit(6);
}

static void prepare_old_and_read(void)
{
	prepare_old();
	handler_reads = true;
}

static void prepare_rt_and_read(void)
{
	prepare_rt();
	handler_reads = true;
}

/* The signal comes of an overflow: there is no system call in between. */
static long long handled_overflow(void)
{
	int before = handled;

	asm volatile("mov $0x7fffffff, %%eax\n inc %%eax\n into"
		     : : : "eax", "cc", "memory");
	return handled == before + 1 ? read_clock(CLOCK_MONOTONIC) : -1;
}
#endif

/* ---- Random numbers, which not every libc gets there ---- */

#ifdef __x86_64__
struct opaque_params {
	uint32_t size, prot, flags, reserved[13];
};

static ssize_t (*vdso_getrandom)(void *buf, size_t len, unsigned int flags,
				 void *state, size_t state_len);
static void *random_state;
static size_t random_len;

static void prepare_random(void)
{
	struct opaque_params params = { 0 };

	vdso_getrandom = vdso_symbol("__vdso_getrandom");
	if (!vdso_getrandom || vdso_getrandom(NULL, 0, 0, &params, ~0UL))
		die("getrandom() of the vDSO");
	random_len = params.size;
	random_state = mmap(NULL, 4096, params.prot, params.flags, -1, 0);
	if (random_state == MAP_FAILED)
		die("mmap");
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

static void make_key(void)
{
	random_numbers();
}
#endif

static const struct call calls[] = {
	{ "realtime", realtime, CLOCK_REALTIME },
	{ "monotonic", monotonic, CLOCK_MONOTONIC },
	{ "boottime", boottime, CLOCK_BOOTTIME },
	{ "realtime_coarse", realtime_coarse, CLOCK_REALTIME, COARSE },
	{ "monotonic_coarse", monotonic_coarse, CLOCK_MONOTONIC, COARSE },
	{ "gettimeofday", time_of_day, CLOCK_REALTIME, 1000 },
	{ "time", seconds, CLOCK_REALTIME, 1000 * MS + COARSE },
	{ "getcpu", processor, CLOCK_MONOTONIC },
	{ "clock_getres", resolution, CLOCK_MONOTONIC, .max = 20 },
#ifdef __i386__
	{ "clock_getres_time64", resolution_of_64_bits, CLOCK_MONOTONIC, .max = 20 },
	{ "sigreturn", handled_overflow, CLOCK_MONOTONIC, .max = 3,
	  .prepare = prepare_old },
	{ "rt_sigreturn", handled_overflow, CLOCK_MONOTONIC, .max = 2,
	  .prepare = prepare_rt },
	/* Of handlers that are in the vDSO themselves */
	{ "sigreturn_after_a_call", handled_overflow, CLOCK_MONOTONIC,
	  .prepare = prepare_old_and_read },
	{ "rt_sigreturn_after_a_call", handled_overflow, CLOCK_MONOTONIC,
	  .prepare = prepare_rt_and_read },
#endif
	{ "realtime_in_a_thread", realtime, CLOCK_REALTIME, .thread = true },
#ifdef __x86_64__
	/* So that there is a key, and a part of what was made with it */
	{ "getrandom", random_numbers, CLOCK_MONOTONIC, .max = RANDOM_STEPS,
	  .prepare = make_key },
#endif
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

static void find_vdso(const char *maps, unsigned long *start, unsigned long *end);

/* What was left in the middle goes on as it was; this kernel's own is elsewhere. */
static bool has_old_vdso(void)
{
	unsigned long start, end;

	find_vdso("/proc/self/maps", &start, &end);
	return start != (unsigned long)vdso();
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
	if (!has_old_vdso())
		_exit(4);
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
	if (call->prepare)
		call->prepare();
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

/* True while it goes on. It gets its own signals. */
static bool step(int request, pid_t pid)
{
	static long sig;
	int status;

	if (ptrace(request, pid, 0, sig) || waitpid(pid, &status, __WALL) != pid)
		die("ptrace");
	sig = 0;
	if (!WIFSTOPPED(status))
		return false;
	if (WSTOPSIG(status) != SIGTRAP)
		sig = WSTOPSIG(status);
	return true;
}

static void find_vdso(const char *maps, unsigned long *start, unsigned long *end)
{
	char line[256];
	FILE *f;

	f = fopen(maps, "r");
	if (!f)
		die(maps);
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
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	find_vdso(path, &start, &end);
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

	for (n = 0; n < max && save_at(dir, call, n); n += n < 8 || max < 30 ? 1 : max / 30)
		;
	return n;
}

/* All, or those that are named */
static bool is_named(const struct call *call, char **names)
{
	bool named = !*names;

	for (; *names; names++)
		named = named || !strcmp(call->name, *names);
	return named;
}

int main(int argc, char **argv)
{
	unsigned int i, n;

	if (argc == 2 && !strcmp(argv[1], "symbols")) {
		each_symbol(print_symbol);
		return 0;
	}
	if (argc < 3 || strcmp(argv[1], "save")) {
		fprintf(stderr, "usage: vdso_step save DIR [FUNCTION ...] | vdso_step symbols\n");
		return 2;
	}
	find_functions();
#ifdef __x86_64__
	prepare_random();
#endif
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/vdso.%d", getpid());
	if (mkdir(cgroup, 0755))
		die(cgroup);
	traced_tid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (traced_tid == MAP_FAILED)
		die("mmap");
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!is_named(&calls[i], argv + 3))
			continue;
		n = save_call(argv[2], &calls[i]);
		printf("%s: %u instructions\n", calls[i].name, n);
		fflush(stdout);
		if (!n) {
			errno = ENOENT;
			die("instructions in the vDSO");
		}
	}
	rmdir(cgroup);
	return 0;
}
