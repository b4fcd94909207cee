// SPDX-License-Identifier: GPL-2.0
/*
 * Registers: general purpose, flags, floating point and vectors, TLS, vDSO
 *
 * The process waits inside of the assembly, so that every register that is
 * compared was live while it was checkpointed. The kernel may change rax, rcx
 * and r11 in a system call; all_registers_in_user_mode covers these.
 */
#include "test.h"

#ifndef __x86_64__
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for x86_64 registers only\n");
}
#else

#include <asm/prctl.h>
#include <cpuid.h>
#include <limits.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

CKPT_SUITE(regs);
CKPT_SUITE_V1(regs);

static char go_path[PATH_MAX] __attribute__((used));
static struct timespec pause_time __attribute__((used)) = { .tv_nsec = 2000000 };

/* Where the waiting loop finds its arguments, without a register of its own. */
static void set_paths(void)
{
	snprintf(go_path, sizeof(go_path), "%s/go.0", ckpt_dir());
}

/*
 * access(go_path) and nanosleep() in turn until the file is there. Uses rax,
 * rdi, rsi, rcx, r11 only.
 */
#define WAIT_FOR_GO						\
	"1:	mov $21, %%eax\n"				\
	"	lea go_path(%%rip), %%rdi\n"			\
	"	xor %%esi, %%esi\n"				\
	"	syscall\n"					\
	"	test %%rax, %%rax\n"				\
	"	jz 2f\n"					\
	"	mov $35, %%eax\n"				\
	"	lea pause_time(%%rip), %%rdi\n"			\
	"	xor %%esi, %%esi\n"				\
	"	syscall\n"					\
	"	jmp 1b\n"					\
	"2:\n"

CKPT_TEST(regs, general_registers)
{
	static uint64_t in[9] = {
		0x1111111111111111, 0x2222222222222222, 0x3333333333333333,
		0x4444444444444444, 0x5555555555555555, 0x6666666666666666,
		0x7777777777777777, 0x8888888888888888, 0x9999999999999999,
	};
	static uint64_t out[9];
	int i;

	set_paths();
	ckpt_ready();
	asm volatile(
		"push %%rbp\n"
		"mov %[in], %%rax\n"
		"mov 0(%%rax), %%rbx\n mov 8(%%rax), %%rdx\n"
		"mov 16(%%rax), %%rbp\n mov 24(%%rax), %%r8\n"
		"mov 32(%%rax), %%r9\n mov 40(%%rax), %%r10\n"
		"mov 48(%%rax), %%r12\n mov 56(%%rax), %%r13\n"
		"mov 64(%%rax), %%r14\n"
		WAIT_FOR_GO
		"lea %[out], %%rax\n"
		"mov %%rbx, 0(%%rax)\n mov %%rdx, 8(%%rax)\n"
		"mov %%rbp, 16(%%rax)\n mov %%r8, 24(%%rax)\n"
		"mov %%r9, 32(%%rax)\n mov %%r10, 40(%%rax)\n"
		"mov %%r12, 48(%%rax)\n mov %%r13, 56(%%rax)\n"
		"mov %%r14, 64(%%rax)\n"
		"pop %%rbp\n"
		: [out] "=m" (out)
		: [in] "r" (&in[0]), "m" (in), "m" (go_path), "m" (pause_time)
		: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
		  "r11", "r12", "r13", "r14", "memory");
	for (i = 0; i < 9; i++)
		CHECK_EQ(in[i], out[i]);
	return 0;
}

/* All sixteen, among them those that a system call changes. */
static volatile uint64_t um_out[16] __attribute__((used));
static volatile unsigned char um_stop __attribute__((used));

/*
 * The process is never in a system call here: it counts in rax, everything
 * else must stay. A child makes the ready file, polls for the go file, and
 * ends; its SIGCHLD handler ends the loop.
 */
static void stop_loop(int sig)
{
	um_stop = 1;
}

CKPT_TEST(regs, all_registers_in_user_mode)
{
	pid_t pid;
	int i;

	signal(SIGCHLD, stop_loop);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), 0));
	asm volatile(
		"push %%rbp\n"
		"mov $0x0101010101010101, %%rbx\n"
		"lea 0x101(%%rbx), %%rcx\n lea 0x202(%%rbx), %%rdx\n"
		"lea 0x303(%%rbx), %%rsi\n lea 0x404(%%rbx), %%rdi\n"
		"lea 0x505(%%rbx), %%rbp\n lea 0x606(%%rbx), %%r8\n"
		"lea 0x707(%%rbx), %%r9\n lea 0x808(%%rbx), %%r10\n"
		"lea 0x909(%%rbx), %%r11\n lea 0xa0a(%%rbx), %%r12\n"
		"lea 0xb0b(%%rbx), %%r13\n lea 0xc0c(%%rbx), %%r14\n"
		"lea 0xd0d(%%rbx), %%r15\n"
		"xor %%eax, %%eax\n"
		"1: inc %%rax\n"
		"cmpb $0, um_stop(%%rip)\n"
		"je 1b\n"
		"mov %%rax, um_out+0(%%rip)\n mov %%rbx, um_out+8(%%rip)\n"
		"mov %%rcx, um_out+16(%%rip)\n mov %%rdx, um_out+24(%%rip)\n"
		"mov %%rsi, um_out+32(%%rip)\n mov %%rdi, um_out+40(%%rip)\n"
		"mov %%rbp, um_out+48(%%rip)\n mov %%r8, um_out+56(%%rip)\n"
		"mov %%r9, um_out+64(%%rip)\n mov %%r10, um_out+72(%%rip)\n"
		"mov %%r11, um_out+80(%%rip)\n mov %%r12, um_out+88(%%rip)\n"
		"mov %%r13, um_out+96(%%rip)\n mov %%r14, um_out+104(%%rip)\n"
		"mov %%r15, um_out+112(%%rip)\n"
		"pop %%rbp\n"
		:
		:
		: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
		  "r11", "r12", "r13", "r14", "r15", "memory");
	for (i = 1; i < 15; i++)
		CHECK_EQ(0x0101010101010101ULL + (i - 1) * 0x101ULL, um_out[i]);
	CHECK_EQ(0, ckpt_reap(pid));
	return 0;
}

CKPT_TEST(regs, flags)
{
	uint64_t flags;

	set_paths();
	ckpt_ready();
	/* Direction flag, and CF, which WAIT_FOR_GO leaves to test and syscall. */
	asm volatile(
		"std\n"
		WAIT_FOR_GO
		"pushfq\n pop %[flags]\n"
		"cld\n"
		: [flags] "=r" (flags)
		: "m" (go_path), "m" (pause_time)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory", "cc");
	CHECK(flags & 0x400);
	return 0;
}

CKPT_TEST(regs, sse_registers)
{
	static uint64_t in[32] __attribute__((aligned(16)));
	static uint64_t out[32] __attribute__((aligned(16)));
	int i;

	for (i = 0; i < 32; i++)
		in[i] = 0x0123456789abcdefULL * (i + 1);
	set_paths();
	ckpt_ready();
	asm volatile(
		"movaps 0(%[in]), %%xmm0\n movaps 16(%[in]), %%xmm1\n"
		"movaps 32(%[in]), %%xmm2\n movaps 48(%[in]), %%xmm3\n"
		"movaps 64(%[in]), %%xmm4\n movaps 80(%[in]), %%xmm5\n"
		"movaps 96(%[in]), %%xmm6\n movaps 112(%[in]), %%xmm7\n"
		"movaps 128(%[in]), %%xmm8\n movaps 144(%[in]), %%xmm9\n"
		"movaps 160(%[in]), %%xmm10\n movaps 176(%[in]), %%xmm11\n"
		"movaps 192(%[in]), %%xmm12\n movaps 208(%[in]), %%xmm13\n"
		"movaps 224(%[in]), %%xmm14\n movaps 240(%[in]), %%xmm15\n"
		WAIT_FOR_GO
		"movaps %%xmm0, 0(%[out])\n movaps %%xmm1, 16(%[out])\n"
		"movaps %%xmm2, 32(%[out])\n movaps %%xmm3, 48(%[out])\n"
		"movaps %%xmm4, 64(%[out])\n movaps %%xmm5, 80(%[out])\n"
		"movaps %%xmm6, 96(%[out])\n movaps %%xmm7, 112(%[out])\n"
		"movaps %%xmm8, 128(%[out])\n movaps %%xmm9, 144(%[out])\n"
		"movaps %%xmm10, 160(%[out])\n movaps %%xmm11, 176(%[out])\n"
		"movaps %%xmm12, 192(%[out])\n movaps %%xmm13, 208(%[out])\n"
		"movaps %%xmm14, 224(%[out])\n movaps %%xmm15, 240(%[out])\n"
		:
		: [in] "r" (in), [out] "r" (out)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
		  "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
		  "xmm14", "xmm15");
	CHECK(!memcmp(in, out, sizeof(in)));
	return 0;
}

__attribute__((target("avx"), noinline))
static int check_avx(void)
{
	static uint64_t in[16] __attribute__((aligned(32)));
	static uint64_t out[16] __attribute__((aligned(32)));
	int i;

	for (i = 0; i < 16; i++)
		in[i] = 0xfedcba9876543210ULL + i;
	set_paths();
	ckpt_ready();
	asm volatile(
		"vmovaps 0(%[in]), %%ymm0\n vmovaps 32(%[in]), %%ymm5\n"
		"vmovaps 64(%[in]), %%ymm10\n vmovaps 96(%[in]), %%ymm15\n"
		WAIT_FOR_GO
		"vmovaps %%ymm0, 0(%[out])\n vmovaps %%ymm5, 32(%[out])\n"
		"vmovaps %%ymm10, 64(%[out])\n vmovaps %%ymm15, 96(%[out])\n"
		"vzeroupper\n"
		:
		: [in] "r" (in), [out] "r" (out)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory",
		  "xmm0", "xmm5", "xmm10", "xmm15");
	CHECK(!memcmp(in, out, sizeof(in)));
	return 0;
}

CKPT_TEST(regs, avx_registers)
{
	if (!__builtin_cpu_supports("avx"))
		return ckpt_skip("this processor has no AVX");
	return check_avx();
}

__attribute__((target("avx512f"), noinline))
static int check_avx512(void)
{
	static uint64_t in[24] __attribute__((aligned(64)));
	static uint64_t out[24] __attribute__((aligned(64)));
	uint64_t k = 0;
	int i;

	for (i = 0; i < 24; i++)
		in[i] = 0xa5a5a5a500000000ULL + i;
	set_paths();
	ckpt_ready();
	asm volatile(
		"vmovaps 0(%[in]), %%zmm1\n vmovaps 64(%[in]), %%zmm17\n"
		"vmovaps 128(%[in]), %%zmm31\n"
		"mov $0x1234, %%eax\n kmovw %%eax, %%k3\n"
		WAIT_FOR_GO
		"vmovaps %%zmm1, 0(%[out])\n vmovaps %%zmm17, 64(%[out])\n"
		"vmovaps %%zmm31, 128(%[out])\n"
		"kmovw %%k3, %%eax\n mov %%rax, %[k]\n"
		"vzeroupper\n"
		: [k] "=m" (k)
		: [in] "r" (in), [out] "r" (out)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory", "xmm1");
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK_EQ(0x1234, k);
	return 0;
}

CKPT_TEST(regs, avx512_registers)
{
	if (!__builtin_cpu_supports("avx512f"))
		return ckpt_skip("this processor has no AVX-512");
	return check_avx512();
}

CKPT_TEST(regs, x87_stack_and_control_words)
{
	uint16_t cw = 0x0c7f, cw_out = 0;	/* round towards zero, extended off */
	uint32_t mxcsr = 0x7f80, mxcsr_out = 0;
	double a = 0, b = 0, one = 1;

	set_paths();
	ckpt_ready();
	asm volatile(
		"fninit\n fldcw %[cw]\n ldmxcsr %[mxcsr]\n"
		"fldpi\n fldl %[one]\n"
		WAIT_FOR_GO
		"fnstcw %[cw_out]\n stmxcsr %[mxcsr_out]\n"
		"fstpl %[a]\n fstpl %[b]\n fninit\n"
		: [cw_out] "=m" (cw_out), [mxcsr_out] "=m" (mxcsr_out),
		  [a] "=m" (a), [b] "=m" (b)
		: [cw] "m" (cw), [mxcsr] "m" (mxcsr), [one] "m" (one)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory");
	mxcsr = 0x1f80;
	asm volatile("ldmxcsr %0" : : "m" (mxcsr));
	CHECK_EQ(0x0c7f, cw_out);
	CHECK_EQ(0x7f80, mxcsr_out);
	CHECK(a == 1.0);
	CHECK(b > 3.14159265358979 && b < 3.1415926535898);
	return 0;
}

/* As fnstenv stores it */
struct environment {
	uint32_t control;
	uint32_t status;
	uint32_t tags;
	uint32_t instruction;
	uint16_t selector;
	uint16_t opcode;
	uint32_t operand;
	uint32_t operand_selector;
};

#define DIVIDED_BY_ZERO	(1U << 2)	/* among the flags, and among what is masked */
#define IS_RAISED	(1U << 7 | 1U << 15)

/*
 * Of the last instruction of the x87: some processors know it only while it has
 * raised what is not masked, and the next one has not told that yet.
 */
CKPT_TEST(regs, x87_instruction_that_failed)
{
	static struct environment in, kept, out;

	asm volatile("fninit\n fnstenv %[in]\n fninit" : [in] "=m" (in));
	in.control &= ~DIVIDED_BY_ZERO;
	in.status |= DIVIDED_BY_ZERO | IS_RAISED;
	in.instruction = 0x12345678;
	in.opcode = 0x123;
	in.operand = 0x7654321;
	asm volatile("fldenv %[in]" : : [in] "m" (in));
	sleep_ms(20);
	asm volatile("fnstenv %[kept]\n fninit" : [kept] "=m" (kept));
	if (!kept.instruction || !kept.opcode || !kept.operand)
		return ckpt_skip("this processor does not know its last x87 instruction");
	set_paths();
	ckpt_ready();
	asm volatile(
		"fldenv %[in]\n"
		WAIT_FOR_GO
		"fnstenv %[out]\n fninit\n"
		: [out] "=m" (out)
		: [in] "m" (in)
		: "rax", "rcx", "rsi", "rdi", "r11", "memory");
	CHECK_EQ(kept.status, out.status);
	CHECK(out.status & DIVIDED_BY_ZERO);
	CHECK_EQ(kept.instruction, out.instruction);
	CHECK_EQ(kept.opcode, out.opcode);
	CHECK_EQ(kept.operand, out.operand);
	return 0;
}

static __thread int tls_value = 1;

CKPT_TEST(regs, thread_local_storage)
{
	unsigned long before = 0, after = 1;

	tls_value = 77;
	CHECK_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &before));
	errno = ENOTTY;
	ckpt_here();
	CHECK_EQ(ENOTTY, errno);
	CHECK_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &after));
	CHECK_EQ(before, after);
	CHECK_EQ(77, tls_value);
	return 0;
}

CKPT_TEST(regs, gs_base)
{
	unsigned long after = 0;
	static char area[64];

	if (syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)area))
		return ckpt_skip("ARCH_SET_GS: %s", strerror(errno));
	ckpt_here();
	CHECK_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &after));
	CHECK_EQ((unsigned long)area, after);
	return 0;
}

CKPT_TEST(regs, vdso_works)
{
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	struct timespec a, b;

	CHECK_EQ(0, clock_gettime(CLOCK_MONOTONIC, &a));
	ckpt_here();
	CHECK_EQ(vdso, getauxval(AT_SYSINFO_EHDR));
	if (vdso)
		CHECK(!memcmp((void *)vdso, "\177ELF", 4));
	CHECK_EQ(0, clock_gettime(CLOCK_MONOTONIC, &b));
	CHECK(b.tv_sec >= a.tv_sec);
	CHECK(b.tv_sec - a.tv_sec < 60 * ckpt_scale());
	CHECK(time(NULL) > 1000000000);
	return 0;
}

/* A signal frame on the stack, returned from after the restart. */
static volatile int handled;
static void slow_handler(int sig)
{
	ckpt_here();
	handled++;
}

CKPT_TEST(regs, return_from_a_signal_handler)
{
	double x = 1.5, y = 2.25;
	volatile double z;

	signal(SIGUSR1, slow_handler);
	raise(SIGUSR1);
	z = x * y;
	CHECK_EQ(1, handled);
	CHECK(z == 3.375);
	return 0;
}

/* What the handlers have been told of the last fault */
static volatile greg_t told[3];
static sigjmp_buf behind_the_fault;

static void keep_what_is_told(int sig, siginfo_t *si, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	told[0] = regs[REG_TRAPNO];
	told[1] = regs[REG_ERR];
	told[2] = regs[REG_CR2];
	if (sig == SIGSEGV)
		siglongjmp(behind_the_fault, 1);
}

/* Every signal frame tells of the last fault that led to a signal. */
CKPT_TEST(regs, last_fault)
{
	struct sigaction sa = {
		.sa_sigaction = keep_what_is_told, .sa_flags = SA_SIGINFO,
	};
	char *hole;

	hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(hole != MAP_FAILED);
	CHECK_OK(sigaction(SIGSEGV, &sa, NULL));
	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	if (!sigsetjmp(behind_the_fault, 1))
		*(volatile char *)(hole + 0x123) = 1;
	CHECK_EQ(14, told[0]);
	CHECK_EQ((greg_t)(hole + 0x123), told[2]);
	ckpt_here();
	told[1] = 0;
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(14, told[0]);
	/* A program's write: of a page that is there, or is not */
	CHECK_EQ(6, told[1] & ~1);
	CHECK_EQ((greg_t)(hole + 0x123), told[2]);
	return 0;
}

TEST_HARNESS_MAIN
#endif
