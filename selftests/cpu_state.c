// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints processes with other parts of the floating point state in use
 *
 * cpu_state save DIR writes the images DIR/NAME, of processes that use what the
 * name says, as far as this CPU has it. Restarted on a machine where WAIT is not,
 * a process sees whether its registers are what they were, and exits with 0 if
 * so. cpu_state open IMAGE tells whether restart() takes it, making nothing.
 * scripts/check-cpu restarts them on other CPUs.
 *
 * What is in use when a process is checkpointed goes on in the C library, whose
 * functions are those for the CPU that it was started on. So from there to its
 * end the process calls none of them.
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "x86.h"

#if !defined(__x86_64__) && !defined(__i386__)
int main(void)
{
	fprintf(stderr, "cpu_state: written for x86 only\n");
	return 2;
}
#else

#include <cpuid.h>

#define WAIT		"/tmp/cpu_state.wait"
#define MADE		"/tmp/cpu_state.made"
#define READY		"/tmp/cpu_state.ready"

/* What a process uses */
#define USE_X87		1
#define USE_SSE		2
#define USE_AVX		4
#define USE_KEYS	8

static const struct state {
	const char *name;
	int used;
} states[] = {
	{ "none", 0 },
	{ "x87", USE_X87 },
	{ "sse", USE_SSE },
	{ "avx", USE_AVX },
	{ "keys", USE_KEYS },
	{ "all", USE_X87 | USE_SSE | USE_AVX | USE_KEYS },
};

/* Bytes of what fxsave writes */
#define X87_STATUS_END	5	/* control, status, tags */
#define MXCSR		24
#define X87		32
#define X87_SIZE	10
#define SSE		160

/* Which rights a process has that has set none, and some others */
#define INITIAL_RIGHTS	0x55555554
#define SOME_RIGHTS	0xb6db6d90

#ifdef __x86_64__
#define REGISTERS	16
#define ALL_REGISTERS	"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"
#define BASE		"(%rax)"
#define FXSAVE		"fxsave64"
#else
#define REGISTERS	8
#define ALL_REGISTERS	"0, 1, 2, 3, 4, 5, 6, 7"
#define BASE		"(%eax)"
#define FXSAVE		"fxsave"
#endif

static int used __attribute__((used));
static unsigned char clear_avx __attribute__((used));

static const char wait_path[] __attribute__((used)) = WAIT;
static const char made_path[] __attribute__((used)) = MADE;
static const char ready_path[] __attribute__((used)) = READY;

static const uint16_t x87_control __attribute__((used)) = 0x0c7f;
static const uint32_t mxcsr_loaded __attribute__((used)) = 0x7fa5;
static const uint32_t mxcsr_default __attribute__((used)) = 0x1f80;
static unsigned char vectors[32 * REGISTERS] __attribute__((used, aligned(32)));
static unsigned char before[512] __attribute__((used, aligned(16)));
static unsigned char after[512] __attribute__((used, aligned(16)));
static unsigned char upper[16 * REGISTERS] __attribute__((used, aligned(16)));

/* Loads what is in use, says so, waits until WAIT is gone. */
void hold_state(void);
asm(".pushsection .text\n"
    "hold_state:\n"
#ifdef __i386__
    "	push %ebx\n"
#endif
    "	fninit\n"
    "	ldmxcsr " VAR(mxcsr_default) "\n"
    "	cmpb $0, " VAR(clear_avx) "\n"
    "	je 1f\n"
    "	vzeroall\n"
    "1:	testl $1, " VAR(used) "\n"
    "	jz 1f\n"
    "	fldcw " VAR(x87_control) "\n"
    "	fldpi\n"
    "	fldl2e\n"
    "	fldl2t\n"
    "	fldlg2\n"
    "	fld1\n"
    "	fldz\n"
    "	fdivrp\n"
    "	fldln2\n"
    "1:	testl $2, " VAR(used) "\n"
    "	jz 1f\n"
    "	ldmxcsr " VAR(mxcsr_loaded) "\n"
    ADDRESS(vectors, "ax")
    ".irp i, " ALL_REGISTERS "\n	movaps 32*\\i" BASE ", %xmm\\i\n.endr\n"
    "1:	testl $4, " VAR(used) "\n"
    "	jz 1f\n"
    ADDRESS(vectors, "ax")
    ".irp i, " ALL_REGISTERS "\n	vmovaps 32*\\i" BASE ", %ymm\\i\n.endr\n"
    "1:	testl $8, " VAR(used) "\n"
    "	jz 1f\n"
    "	mov $0xb6db6d90, %eax\n"
    "	xor %ecx, %ecx\n"
    "	xor %edx, %edx\n"
    "	.byte 0x0f, 0x01, 0xef\n"	/* wrpkru */
    "1:	" FXSAVE " " VAR(before) "\n"
#ifdef __x86_64__
    "	mov $82, %eax\n"		/* rename() */
    "	lea made_path(%rip), %rdi\n"
    "	lea ready_path(%rip), %rsi\n"
    "	syscall\n"
    "1:	mov $24, %eax\n"		/* sched_yield() */
    "	syscall\n"
    "	mov $21, %eax\n"		/* access() */
    "	lea wait_path(%rip), %rdi\n"
    "	xor %esi, %esi\n"
    "	syscall\n"
#else
    "	mov $38, %eax\n"
    "	mov $made_path, %ebx\n"
    "	mov $ready_path, %ecx\n"
    "	int $0x80\n"
    "1:	mov $158, %eax\n"
    "	int $0x80\n"
    "	mov $33, %eax\n"
    "	mov $wait_path, %ebx\n"
    "	xor %ecx, %ecx\n"
    "	int $0x80\n"
#endif
    "	test %eax, %eax\n"
    "	jz 1b\n"
    "	" FXSAVE " " VAR(after) "\n"
    "	fninit\n"
    "	ldmxcsr " VAR(mxcsr_default) "\n"
#ifdef __i386__
    "	pop %ebx\n"
#endif
    "	ret\n"
    ".popsection\n");

/* What of the vectors is AVX; instructions of SSE leave that alone. */
void save_upper(void);
asm(".pushsection .text\n"
    "save_upper:\n"
    ADDRESS(upper, "ax")
    ".irp i, " ALL_REGISTERS "\n	vextractf128 $1, %ymm\\i, 16*\\i" BASE "\n.endr\n"
    "	vzeroupper\n"
    "	ret\n"
    ".popsection\n");

static bool has_avx(void)
{
	unsigned int a, b, c, d;

	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE) || !(c & bit_AVX))
		return false;
	asm volatile("xgetbv" : "=a" (a), "=d" (d) : "c" (0));
	return a & 4;
}

static bool has_keys(void)
{
	unsigned int a, b, c, d;

	__cpuid(0, a, b, c, d);
	if (a < 7)
		return false;
	__cpuid_count(7, 0, a, b, c, d);
	return c & 1 << 4;	/* and the kernel uses it */
}

static unsigned int rights(void)
{
	unsigned int pkru, d;

	asm volatile(".byte 0x0f, 0x01, 0xee"	/* rdpkru */
		     : "=a" (pkru), "=d" (d) : "c" (0));
	return pkru;
}

/* ---- The process ---- */

static void __attribute__((noreturn)) leave(int status)
{
	for (;;) {
#ifdef __x86_64__
		asm volatile("syscall" : : "a" (231), "D" (status)
			     : "rcx", "r11", "memory");
#else
		asm volatile("int $0x80" : : "a" (252), "b" (status) : "memory");
#endif
	}
}

/* Volatile: the compiler would take memcmp() from the library. */
static bool same(const volatile unsigned char *a, const volatile unsigned char *b,
		 unsigned int start, unsigned int end)
{
	unsigned int i;

	for (i = start; i < end; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

static bool upper_is_right(void)
{
	const volatile unsigned char *v = vectors, *u = upper;
	unsigned int i;

	for (i = 0; i < 16 * REGISTERS; i++) {
		if (u[i] != (used & USE_AVX ? v[i / 16 * 32 + 16 + i % 16] : 0))
			return false;
	}
	return true;
}

/* Each status but 0 tells what is wrong. */
static int check_state(void)
{
	int i;

	if (has_avx()) {
		save_upper();
		if (!upper_is_right())
			return 10;
	}
	if (has_keys() &&
	    rights() != (used & USE_KEYS ? SOME_RIGHTS : INITIAL_RIGHTS))
		return 11;
	if (!same(before, after, 0, X87_STATUS_END))
		return 12;
	for (i = 0; i < 8; i++) {
		if (!same(before, after, X87 + 16 * i, X87 + 16 * i + X87_SIZE))
			return 13;
	}
	if (!same(before, after, MXCSR, MXCSR + 4))
		return 14;
	if (!same(before, after, SSE, SSE + 16 * REGISTERS))
		return 15;
	return 0;
}

static void process(const struct state *state)
{
	int i, fd = open("/dev/null", O_RDWR);

	setsid();
	for (i = 0; i < 3; i++)
		dup2(fd, i);
	for (i = 3; i < 64; i++)
		close(i);
	for (i = 0; i < sizeof(vectors); i++)
		vectors[i] = i * 37 + i / 32 + 1;
	used = state->used;
	clear_avx = has_avx();
	hold_state();
	leave(check_state());
}

/* ---- Whoever saves it ---- */

static void die(const char *what)
{
	fprintf(stderr, "cpu_state: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	close(fd);
}

static char cgroup[128];

static void cgroup_write(const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	if (write_file(path, text))
		die(path);
}

static void freeze(void)
{
	char path[256], text[256];

	cgroup_write("cgroup.freeze", "1");
	snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
	do {
		if (read_file(path, text, sizeof(text)) < 0)
			die(path);
	} while (!strstr(text, "frozen 1"));
}

static void save(const char *dir, const struct state *state)
{
	char path[PATH_MAX], text[16];
	int status;
	pid_t pid;
	int fd;

	touch(MADE);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		process(state);
	while (access(READY, F_OK)) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			fprintf(stderr, "cpu_state: %s ended with status %#x\n",
				state->name, status);
			exit(1);
		}
		sleep_ms(2);
	}
	unlink(READY);
	snprintf(text, sizeof(text), "%d", pid);
	cgroup_write("cgroup.procs", text);
	freeze();

	snprintf(path, sizeof(path), "%s/%s", dir, state->name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	if (sys_checkpoint(pid, fd, CHECKPOINT_SUBTREE | CHECKPOINT_LOG,
			   STDERR_FILENO))
		die(path);
	close(fd);
	kill(pid, SIGKILL);
	cgroup_write("cgroup.freeze", "0");
	waitpid(pid, NULL, 0);
	printf("%s\n", state->name);
}

static int save_all(const char *dir)
{
	int there = USE_X87 | USE_SSE, i;

	if (has_avx())
		there |= USE_AVX;
	if (has_keys())
		there |= USE_KEYS;
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/cpu_state.%d", getpid());
	if (mkdir(cgroup, 0755))
		die(cgroup);
	touch(WAIT);
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!(states[i].used & ~there))
			save(dir, &states[i]);
	}
	rmdir(cgroup);
	return 0;
}

static int open_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return sys_restart(0, fd, RESTART_OPEN | RESTART_LOG, STDERR_FILENO) < 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "save"))
		return save_all(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "open"))
		return open_image(argv[2]);
	fprintf(stderr, "usage: cpu_state save DIR | cpu_state open IMAGE\n");
	return 2;
}

#endif
