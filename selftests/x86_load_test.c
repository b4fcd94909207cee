// SPDX-License-Identifier: GPL-2.0
/*
 * Registers under load: processes and threads that count in every register that
 * they have, compare all of them in each round, and are checkpointed at any moment
 *
 * The assembly below keeps the counts in registers only, for as long as the
 * thread lives. All functions are compiled with guards of the stack.
 */
#include "x86.h"

#if !defined(__x86_64__) && !defined(__i386__)
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for x86 only\n");
}
#else

#include <cpuid.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/time.h>

#define PAGE		4096UL
#define WORKERS		3
#define THREADS		4	/* of each of them, beside the first one */

CKPT_SUITE_X86(x86_load);
CKPT_SUITE_V1(x86_load);

/* Shared with all workers; the assembly finds it without a register. */
static volatile char load_stop[4096] __attribute__((used, aligned(4096)));

static const uint64_t vector_one[8] __attribute__((used, aligned(64))) = {
	1, 1, 1, 1, 1, 1, 1, 1,
};
static const float x87_one __attribute__((used)) = 1;
static const uint64_t x87_zero __attribute__((used));

static unsigned char use_avx2 __attribute__((used));
static unsigned char use_masks __attribute__((used));
static unsigned char use_keys __attribute__((used));
static unsigned char use_base __attribute__((used));
static unsigned char use_vsyscall __attribute__((used));

/*
 * How numbers are rounded, which is not as usual: whole ones stay what they are.
 * Rights of all keys but the first.
 */
#define X87_CONTROL	"0x0f7f"
#define MXCSR		"0x3fc0"
static const uint16_t x87_control __attribute__((used)) = 0x0f7f;
static const uint32_t mxcsr_loaded __attribute__((used)) = 0x3fc0;
static const uint32_t mxcsr_default __attribute__((used)) = 0x1f80;
#define RIGHTS		"0xb6db6d90"
#define RDPKRU		".byte 0x0f, 0x01, 0xee\n"
#define WRPKRU		".byte 0x0f, 0x01, 0xef\n"

/* A 32-bit program makes system calls through the vDSO, too. */
static long (*entry)(void) __attribute__((used));

#ifdef __x86_64__
#define COUNTER		"%rbx"
#define RESULT		"%rax"
#define OTHER_GENERAL	"rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15"
#define OTHER_VECTORS	"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14"
#define SPARE_VECTOR	"15"
#define SAVE		"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
#define RESTORE		"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
#define LOW_OF_VECTOR	"movq %xmm0, %rax\n"
#define POP_X87		"push %rax\n fistpll (%rsp)\n pop %rax\n"
/* getpid(); it leaves all as it is but rcx and r11. */
#define SYSTEM_CALL	"mov $39, %eax\n syscall\n mov %rbx, %rcx\n mov %rbx, %r11\n"
#define PUSH_RESULT	"push %rax\n"
#define POP_RESULT	"pop %rax\n"
#define TOP_OF_STACK	"(%rsp)"
#define CLEAR_CX_DX	"xor %ecx, %ecx\n xor %edx, %edx\n"
#define COUNT_CX_DX	"mov %rbx, %rcx\n mov %rbx, %rdx\n"
/* The base of gs is the count of the time before. */
#define CLEAR_BASE							\
    "	cmpb $0, " VAR(use_base) "\n"					\
    "	je 1f\n"							\
    "	wrgsbase %rbx\n"						\
    "1:\n"
#define CHECK_BASE							\
    "	cmpb $0, " VAR(use_base) "\n"					\
    "	je 1f\n"							\
    "	rdgsbase %rax\n"						\
    "	add $256, %rax\n"						\
    "	cmp %rbx, %rax\n"						\
    "	jne load_bad\n"						\
    "	wrgsbase %rbx\n"						\
    "1:\n"
/* time(NULL) of the vsyscall page */
#define CHECK_VSYSCALL							\
    "	cmpb $0, " VAR(use_vsyscall) "\n"				\
    "	je 1f\n"							\
    "	xor %edi, %edi\n"						\
    "	mov $0xffffffffff600400, %rax\n"				\
    "	call *%rax\n"							\
    "	mov %rbx, %rcx\n	mov %rbx, %r11\n	mov %rbx, %rdi\n"	\
    "	cmp $1000000000, %rax\n"					\
    "	jl load_bad\n"							\
    "1:\n"
#else
#define COUNTER		"%ebx"
#define RESULT		"%eax"
#define OTHER_GENERAL	"ecx, edx, esi, edi, ebp"
#define OTHER_VECTORS	"1, 2, 3, 4, 5, 6"
#define SPARE_VECTOR	"7"
#define SAVE		"push %ebx\n push %ebp\n push %esi\n push %edi\n"
#define RESTORE		"pop %edi\n pop %esi\n pop %ebp\n pop %ebx\n"
#define LOW_OF_VECTOR	"movd %xmm0, %eax\n"
#define POP_X87		"push %eax\n push %eax\n fistpll (%esp)\n pop %eax\n pop %ecx\n"
#define SYSTEM_CALL	"mov $20, %eax\n call *entry\n mov $20, %eax\n int $0x80\n"
#define PUSH_RESULT	"push %eax\n"
#define POP_RESULT	"pop %eax\n"
#define TOP_OF_STACK	"(%esp)"
#define CLEAR_CX_DX	"xor %ecx, %ecx\n xor %edx, %edx\n"
#define COUNT_CX_DX	"mov %ebx, %ecx\n mov %ebx, %edx\n"
#define CLEAR_BASE	""
#define CHECK_BASE	""
#define CHECK_VSYSCALL	""
#endif

#define CHECK_CONTROL							\
    PUSH_RESULT								\
    "	fnstcw " TOP_OF_STACK "\n"					\
    POP_RESULT								\
    "	cmp $" X87_CONTROL ", %ax\n"					\
    "	jne load_bad\n"						\
    PUSH_RESULT								\
    "	stmxcsr " TOP_OF_STACK "\n"					\
    POP_RESULT								\
    "	cmp $" MXCSR ", %eax\n"					\
    "	jne load_bad\n"

/* The instruction has fixed registers, which hold the count otherwise. */
#define CHECK_KEYS							\
    "	cmpb $0, " VAR(use_keys) "\n"					\
    "	je 1f\n"							\
    CLEAR_CX_DX								\
    RDPKRU								\
    COUNT_CX_DX								\
    "	cmp $" RIGHTS ", %eax\n"					\
    "	jne load_bad\n"						\
    "1:\n"

/*
 * Counts in all general registers but the stack's and one, in the eight of the
 * x87, in vectors and masks, from 0, until load_stop is set. Returns the number
 * of rounds, or 0 if two registers have not been the same after one. Each 256th
 * round there is a system call, and what is no count is looked at: how numbers are
 * rounded, the rights of protection keys, the base of gs.
 */
unsigned long count_in_registers(void);

asm(".pushsection .text\n"
    "count_in_registers:\n"
    SAVE
    "	xor " COUNTER ", " COUNTER "\n"
    ".irp r, " OTHER_GENERAL "\n	xor %\\r, %\\r\n.endr\n"
    "	cmpb $0, " VAR(use_masks) "\n"
    "	je 1f\n"
    ".irp i, 1, 2, 3, 4, 5, 6, 7\n	kxorw %k\\i, %k\\i, %k\\i\n.endr\n"
    "	mov $1, %eax\n"
    "	kmovw %eax, %k0\n"
    "1:	cmpb $0, " VAR(use_avx2) "\n"
    "	je 1f\n"
    ".irp i, 0, " OTHER_VECTORS "\n	vpxor %ymm\\i, %ymm\\i, %ymm\\i\n.endr\n"
    "	jmp 2f\n"
    "1:\n"
    ".irp i, 0, " OTHER_VECTORS "\n	pxor %xmm\\i, %xmm\\i\n.endr\n"
    "2:	fninit\n"
    "	fldcw " VAR(x87_control) "\n"
    "	ldmxcsr " VAR(mxcsr_loaded) "\n"
    "	cmpb $0, " VAR(use_keys) "\n"
    "	je 1f\n"
    "	mov $" RIGHTS ", %eax\n"
    "	" WRPKRU
    "1:\n"
    CLEAR_BASE
    "	fildll " VAR(x87_zero) "\n"
    ".rept 7\n	fld %st(0)\n.endr\n"

    "load_round:\n"
    "	inc " COUNTER "\n"
    ".irp r, " OTHER_GENERAL "\n	inc %\\r\n.endr\n"
    ".irp r, " OTHER_GENERAL "\n	cmp " COUNTER ", %\\r\n	jne load_bad\n.endr\n"

    ".rept 8\n	fadds " VAR(x87_one) "\n	fincstp\n.endr\n"
    ".rept 8\n	fucomi %st(1)\n	jne load_bad\n	jp load_bad\n	fincstp\n.endr\n"

    "	cmpb $0, " VAR(use_avx2) "\n"
    "	je 1f\n"
    ".irp i, 0, " OTHER_VECTORS "\n"
    "	vpaddq " VAR(vector_one) ", %ymm\\i, %ymm\\i\n"
    ".endr\n"
    ".irp i, " OTHER_VECTORS "\n"
    "	vpcmpeqq %ymm0, %ymm\\i, %ymm" SPARE_VECTOR "\n"
    "	vpmovmskb %ymm" SPARE_VECTOR ", %eax\n"
    "	cmp $-1, %eax\n"
    "	jne load_bad\n"
    ".endr\n"
    "	jmp 2f\n"
    "1:\n"
    ".irp i, 0, " OTHER_VECTORS "\n"
    "	paddq " VAR(vector_one) ", %xmm\\i\n"
    ".endr\n"
    ".irp i, " OTHER_VECTORS "\n"
    "	movdqa %xmm0, %xmm" SPARE_VECTOR "\n"
    "	pcmpeqd %xmm\\i, %xmm" SPARE_VECTOR "\n"
    "	pmovmskb %xmm" SPARE_VECTOR ", %eax\n"
    "	cmp $0xffff, %eax\n"
    "	jne load_bad\n"
    ".endr\n"
    "2:	" LOW_OF_VECTOR
    "	cmp " COUNTER ", " RESULT "\n"
    "	jne load_bad\n"

    "	cmpb $0, " VAR(use_masks) "\n"
    "	je 1f\n"
    ".irp i, 1, 2, 3, 4, 5, 6, 7\n"
    "	kaddw %k0, %k\\i, %k\\i\n"
    "	kmovw %k\\i, %eax\n"
    "	cmp %bx, %ax\n"
    "	jne load_bad\n"
    ".endr\n"

    "1:	test %bl, %bl\n"
    "	jnz 3f\n"
    SYSTEM_CALL
    CHECK_CONTROL
    CHECK_KEYS
    CHECK_BASE
    CHECK_VSYSCALL
    "3:	cmpb $0, " VAR(load_stop) "\n"
    "	je load_round\n"

    /* All of the x87 are the same, but are they those of this loop? */
    POP_X87
    "	cmp " COUNTER ", " RESULT "\n"
    "	je 1f\n"
    "load_bad:\n"
    "	xor %eax, %eax\n"
    "1:	fninit\n"
    "	ldmxcsr " VAR(mxcsr_default) "\n"
    "	cmpb $0, " VAR(use_avx2) "\n"
    "	je 1f\n"
    "	vzeroupper\n"
    "1:\n"
    RESTORE
    "	ret\n"
    ".popsection\n");

#define HWCAP2_FSGSBASE	2
#define HAS_KEYS	(1U << 4)	/* and the kernel uses it */

static bool has_keys(void)
{
	unsigned int a, b, c = 0, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && c & HAS_KEYS;
}

static bool has_vsyscall(void)
{
	char text[65536];

	return read_file("/proc/self/maps", text, sizeof(text)) > 0 &&
	       strstr(text, "[vsyscall]");
}

static void find_features(void)
{
	use_keys = has_keys();
	use_vsyscall = has_vsyscall();
	use_base = !!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE);
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
static int be_interrupted(int nr)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } };

	if (!nr)
		return 0;
	signal(SIGALRM, on_alarm);
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	return 0;
}

static int worker(int nr)
{
	unsigned long rounds;

	CHECK_EQ(0, be_interrupted(nr));
	rounds = count_in_registers();
	CHECK(rounds > 0);
	return 0;
}

static void *count_in_thread(void *arg)
{
	return (void *)count_in_registers();
}

/* Its signals go to any of its threads. */
static int worker_with_threads(int nr)
{
	pthread_t thread[THREADS];
	unsigned long rounds;
	void *of_thread;
	int i;

	for (i = 0; i < THREADS; i++)
		CHECK_EQ(0, pthread_create(&thread[i], NULL, count_in_thread, NULL));
	CHECK_EQ(0, be_interrupted(nr));
	rounds = count_in_registers();
	CHECK(rounds > 0);
	for (i = 0; i < THREADS; i++) {
		CHECK_EQ(0, pthread_join(thread[i], &of_thread));
		CHECK(of_thread);
	}
	return 0;
}

static int have_counted(int (*by)(int nr), int workers)
{
	pid_t pid[WORKERS];
	int i;

	find_features();
#ifdef __i386__
	entry = (void *)getauxval(AT_SYSINFO);
	if (!entry)
		return ckpt_skip("the vDSO has no entry to the kernel");
#endif
	CHECK(mmap((void *)load_stop, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	for (i = 0; i < workers; i++)
		SPAWN(pid[i], by(i));
	ckpt_here();
	load_stop[0] = 1;
	for (i = 0; i < workers; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

CKPT_BODY(workers)		{ return have_counted(worker, WORKERS); }
CKPT_BODY(workers_with_threads)	{ return have_counted(worker_with_threads, 2); }

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

static void saved_while_counting(struct __test_metadata *_metadata,
				 struct app *app, const char *body)
{
	unsigned int i;
	int ret;

	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	for (i = 0; i < cycles(); i++) {
		sleep_ms(rand() % 30);
		ASSERT_EQ(0, app_freeze(app));
		ASSERT_EQ(0, checkpoint_again(app)) {
			app_show(app);
		}
		ckpt_replace(_metadata, app);
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(x86_load, counts_in_all_registers)
{
	saved_while_counting(_metadata, &self->app, "workers");
}

CKPT_TEST_F(x86_load, counts_in_all_registers_of_threads)
{
	saved_while_counting(_metadata, &self->app, "workers_with_threads");
}

TEST_HARNESS_MAIN
#endif
