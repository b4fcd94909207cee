// SPDX-License-Identifier: GPL-2.0
/*
 * Registers under load: processes that count in every register that they have,
 * compare all of them in each round, and are checkpointed at any moment
 *
 * The assembly below keeps the counts in registers only, for as long as the
 * process lives. All functions are compiled with guards of the stack.
 */
#include "x86.h"

#ifndef __x86_64__
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for 64-bit programs only\n");
}
#else

#include <cpuid.h>
#include <stdbool.h>
#include <sys/time.h>

#define PAGE		4096UL
#define WORKERS		3

CKPT_SUITE_X86(x86_load);

/* Shared with all workers; the assembly finds it without a register. */
static volatile char load_stop[4096] __attribute__((used, aligned(4096)));

static const uint64_t vector_one[8] __attribute__((used, aligned(64))) = {
	1, 1, 1, 1, 1, 1, 1, 1,
};
static const float x87_one __attribute__((used)) = 1;
static const uint64_t x87_zero __attribute__((used));

static unsigned char use_avx2 __attribute__((used));
static unsigned char use_masks __attribute__((used));

/*
 * Counts in r8 to r15, rbp, rbx, rcx, rdx, rsi and rdi, in the eight registers
 * of the x87, in vectors and masks, from 0, until load_stop is set. Returns the
 * number of rounds, or 0 if two registers have not been the same after one.
 * Each 256th round is a system call: it leaves all as it is but rcx and r11.
 */
uint64_t count_in_registers(void);

#define OTHER_GENERAL	"rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15"
#define OTHER_VECTORS	"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14"

asm(".pushsection .text\n"
    "count_in_registers:\n"
    "	push %rbx\n	push %rbp\n	push %r12\n"
    "	push %r13\n	push %r14\n	push %r15\n"
    "	xor %ebx, %ebx\n"
    ".irp r, " OTHER_GENERAL "\n	xor %\\r, %\\r\n.endr\n"
    "	cmpb $0, use_masks(%rip)\n"
    "	je 1f\n"
    ".irp i, 1, 2, 3, 4, 5, 6, 7\n	kxorw %k\\i, %k\\i, %k\\i\n.endr\n"
    "	mov $1, %eax\n"
    "	kmovw %eax, %k0\n"
    "1:	cmpb $0, use_avx2(%rip)\n"
    "	je 1f\n"
    ".irp i, 0, " OTHER_VECTORS "\n	vpxor %ymm\\i, %ymm\\i, %ymm\\i\n.endr\n"
    "	jmp 2f\n"
    "1:\n"
    ".irp i, 0, " OTHER_VECTORS "\n	pxor %xmm\\i, %xmm\\i\n.endr\n"
    "2:	fninit\n"
    "	fildll x87_zero(%rip)\n"
    ".rept 7\n	fld %st(0)\n.endr\n"

    "load_round:\n"
    "	inc %rbx\n"
    ".irp r, " OTHER_GENERAL "\n	inc %\\r\n.endr\n"
    ".irp r, " OTHER_GENERAL "\n	cmp %rbx, %\\r\n	jne load_bad\n.endr\n"

    ".rept 8\n	fadds x87_one(%rip)\n	fincstp\n.endr\n"
    ".rept 8\n	fucomi %st(1)\n	jne load_bad\n	jp load_bad\n	fincstp\n.endr\n"

    "	cmpb $0, use_avx2(%rip)\n"
    "	je 1f\n"
    ".irp i, 0, " OTHER_VECTORS "\n"
    "	vpaddq vector_one(%rip), %ymm\\i, %ymm\\i\n"
    ".endr\n"
    ".irp i, " OTHER_VECTORS "\n"
    "	vpcmpeqq %ymm0, %ymm\\i, %ymm15\n"
    "	vpmovmskb %ymm15, %eax\n"
    "	cmp $-1, %eax\n"
    "	jne load_bad\n"
    ".endr\n"
    "	jmp 2f\n"
    "1:\n"
    ".irp i, 0, " OTHER_VECTORS "\n"
    "	paddq vector_one(%rip), %xmm\\i\n"
    ".endr\n"
    ".irp i, " OTHER_VECTORS "\n"
    "	movdqa %xmm0, %xmm15\n"
    "	pcmpeqd %xmm\\i, %xmm15\n"
    "	pmovmskb %xmm15, %eax\n"
    "	cmp $0xffff, %eax\n"
    "	jne load_bad\n"
    ".endr\n"
    "2:	movq %xmm0, %rax\n"
    "	cmp %rbx, %rax\n"
    "	jne load_bad\n"

    "	cmpb $0, use_masks(%rip)\n"
    "	je 1f\n"
    ".irp i, 1, 2, 3, 4, 5, 6, 7\n"
    "	kaddw %k0, %k\\i, %k\\i\n"
    "	kmovw %k\\i, %eax\n"
    "	cmp %bx, %ax\n"
    "	jne load_bad\n"
    ".endr\n"

    "1:	test %bl, %bl\n"
    "	jnz 1f\n"
    "	mov $39, %eax\n"		/* getpid */
    "	syscall\n"
    "	mov %rbx, %rcx\n"
    "	mov %rbx, %r11\n"
    "1:	cmpb $0, load_stop(%rip)\n"
    "	je load_round\n"

    /* All of the x87 are the same, but are they those of this loop? */
    "	push %rax\n"
    "	fistpll (%rsp)\n"
    "	pop %rax\n"
    "	cmp %rbx, %rax\n"
    "	je 1f\n"
    "load_bad:\n"
    "	xor %eax, %eax\n"
    "1:	fninit\n"
    "	cmpb $0, use_avx2(%rip)\n"
    "	je 1f\n"
    "	vzeroupper\n"
    "1:	pop %r15\n	pop %r14\n	pop %r13\n"
    "	pop %r12\n	pop %rbp\n	pop %rbx\n"
    "	ret\n"
    ".popsection\n");

static void find_features(void)
{
	__builtin_cpu_init();
	use_avx2 = !!__builtin_cpu_supports("avx2");
	use_masks = __builtin_cpu_supports("avx512f") &&
		    __builtin_cpu_supports("avx512dq");
}

static volatile double handler_sum;
static void on_alarm(int sig)
{
	handler_sum = handler_sum * 0.5 + sig;
}

/* Some are interrupted all the time, so that there are frames of signals, too. */
static int worker(int nr)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } };
	uint64_t rounds;

	if (nr) {
		signal(SIGALRM, on_alarm);
		CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	}
	rounds = count_in_registers();
	CHECK(rounds > 0);
	return 0;
}

CKPT_BODY(workers)
{
	pid_t pid[WORKERS];
	int i;

	find_features();
	CHECK(mmap((void *)load_stop, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	for (i = 0; i < WORKERS; i++)
		SPAWN(pid[i], worker(i));
	ckpt_here();
	load_stop[0] = 1;
	for (i = 0; i < WORKERS; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

/* A timer may expire while it is saved; then it is done again. */
static int checkpoint_again(struct app *app)
{
	int ret, tries = 10;

	do {
		ret = app_checkpoint(app, 0);
	} while (ret == -EAGAIN && --tries);
	return ret;
}

static unsigned int cycles(void)
{
	const char *s = getenv("CKPT_TEST_CYCLES");

	return s && atoi(s) > 0 ? atoi(s) : 20;
}

CKPT_TEST_F(x86_load, counts_in_all_registers)
{
	struct app *app = &self->app;
	unsigned int i;

	ASSERT_EQ(0, app_start(app, "workers"));
	for (i = 0; i < cycles(); i++) {
		sleep_ms(rand() % 30);
		ASSERT_EQ(0, app_freeze(app));
		ASSERT_EQ(0, checkpoint_again(app)) {
			app_show(app);
		}
		ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
#endif
