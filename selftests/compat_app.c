// SPDX-License-Identifier: GPL-2.0
/*
 * The applications of compat_test, 32-bit programs
 *
 * As far as it matters here, they make system calls themselves, by both ways
 * that there are: int $0x80, and the vDSO's entry, which takes the fastest one
 * of the processor.
 */
#include "interrupt.h"

#include <asm/ldt.h>
#include <elf.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define PAGE		4096UL

/* What the kernel calls them, in case that the library does not */
#define NR_RT_SIGACTION		174
#define NR_SIGACTION		67
#define NR_NANOSLEEP		162
#define NR_POLL			168
#define NR_SELECT		142
#define NR_FUTEX		240
#define NR_PAUSE		29
#define NR_SIGSUSPEND		72
#define NR_GETRLIMIT		76
#define NR_CLOCK_NANOSLEEP	407
#define NR_PSELECT6		413
#define NR_PPOLL		414
#define NR_FUTEX_TIME64		422

/* ---- System calls ---- */

typedef long (*call_fn)(long nr, long a, long b, long c, long d, long e, long f);

static long (*entry)(void) __attribute__((used));	/* the vDSO's */

long by_int80(long nr, long a, long b, long c, long d, long e, long f);
long by_vdso(long nr, long a, long b, long c, long d, long e, long f);
asm(".pushsection .text\n"
    ".macro load_arguments\n"
    "	push %ebx\n	push %esi\n	push %edi\n	push %ebp\n"
    "	mov 20(%esp), %eax\n"
    "	mov 24(%esp), %ebx\n"
    "	mov 28(%esp), %ecx\n"
    "	mov 32(%esp), %edx\n"
    "	mov 36(%esp), %esi\n"
    "	mov 40(%esp), %edi\n"
    "	mov 44(%esp), %ebp\n"
    ".endm\n"
    ".macro return_to_c\n"
    "	pop %ebp\n	pop %edi\n	pop %esi\n	pop %ebx\n"
    "	ret\n"
    ".endm\n"
    "by_int80:\n"
    "	load_arguments\n"
    "	int $0x80\n"
    "	return_to_c\n"
    "by_vdso:\n"
    "	load_arguments\n"
    "	call *entry\n"
    "	return_to_c\n"
    ".popsection\n");

#define NEED_ENTRY()							\
do {									\
	entry = (void *)getauxval(AT_SYSINFO);				\
	if (!entry)							\
		return ckpt_skip("the vDSO has no entry to the kernel"); \
} while (0)

/* ---- General registers ---- */

/*
 * All registers but the stack's, in a loop; eax is what counts. The handler of
 * SIGCHLD ends it.
 */
static volatile unsigned char loop_stop __attribute__((used));
static void stop_loop(int sig)
{
	loop_stop = 1;
}

struct registers {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax, esp_before, esp, flags;
};

void loop_with_registers(struct registers *out);
asm(".pushsection .text\n"
    "loop_with_registers:\n"
    "	push %ebx\n	push %esi\n	push %edi\n	push %ebp\n"
    "	mov 20(%esp), %eax\n"
    "	mov %esp, 28(%eax)\n"
    "	push %eax\n"
    "	mov $0x11111111, %ebx\n"
    "	mov $0x22222222, %ecx\n"
    "	mov $0x93333333, %edx\n"
    "	mov $0x44444444, %esi\n"
    "	mov $0x85555555, %edi\n"
    "	mov $0xf6666666, %ebp\n"
    "	xor %eax, %eax\n"
    "	std\n"
    "1:	inc %eax\n"
    "	cmpb $0, loop_stop\n"
    "	je 1b\n"
    "	pushf\n"
    "	push %eax\n"
    "	mov 8(%esp), %eax\n"
    "	mov %ebx, (%eax)\n"
    "	mov %ecx, 4(%eax)\n"
    "	mov %edx, 8(%eax)\n"
    "	mov %esi, 12(%eax)\n"
    "	mov %edi, 16(%eax)\n"
    "	mov %ebp, 20(%eax)\n"
    "	pop %ecx\n"
    "	mov %ecx, 24(%eax)\n"
    "	pop %ecx\n"
    "	mov %ecx, 36(%eax)\n"
    "	add $4, %esp\n"
    "	mov %esp, 32(%eax)\n"
    "	cld\n"
    "	pop %ebp\n	pop %edi\n	pop %esi\n	pop %ebx\n"
    "	ret\n"
    ".popsection\n");

#define DIRECTION_FLAG	0x400

CKPT_BODY(registers_in_user_mode)
{
	struct registers r = { 0 };
	pid_t pid;

	signal(SIGCHLD, stop_loop);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), 0));
	loop_with_registers(&r);
	CHECK_EQ(0x11111111U, r.ebx);
	CHECK_EQ(0x22222222U, r.ecx);
	CHECK_EQ(0x93333333U, r.edx);
	CHECK_EQ(0x44444444U, r.esi);
	CHECK_EQ(0x85555555U, r.edi);
	CHECK_EQ(0xf6666666U, r.ebp);
	CHECK_EQ(r.esp_before, r.esp);
	CHECK(r.eax > 0);
	CHECK(r.flags & DIRECTION_FLAG);
	return ckpt_reap(pid);
}

/* A system call keeps all registers but eax; the last argument is in ebp. */
struct call_result {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp, flags;
};

static struct call_result result __attribute__((used));
static uint32_t call_arguments[7] __attribute__((used));

#define CALL_WITH_REGISTERS(name, instruction)				\
void name(void);							\
asm(".pushsection .text\n"						\
    #name ":\n"								\
    "	push %ebx\n	push %esi\n	push %edi\n	push %ebp\n"	\
    "	mov call_arguments, %eax\n"					\
    "	mov call_arguments+4, %ebx\n"					\
    "	mov call_arguments+8, %ecx\n"					\
    "	mov call_arguments+12, %edx\n"					\
    "	mov call_arguments+16, %esi\n"					\
    "	mov call_arguments+20, %edi\n"					\
    "	mov call_arguments+24, %ebp\n"					\
    "	std\n"								\
    "	" instruction "\n"						\
    "	mov %eax, result\n"						\
    "	mov %ebx, result+4\n"						\
    "	mov %ecx, result+8\n"						\
    "	mov %edx, result+12\n"						\
    "	mov %esi, result+16\n"						\
    "	mov %edi, result+20\n"						\
    "	mov %ebp, result+24\n"						\
    "	pushf\n	pop result+28\n"					\
    "	cld\n"								\
    "	pop %ebp\n	pop %edi\n	pop %esi\n	pop %ebx\n"	\
    "	ret\n"								\
    ".popsection\n")

CALL_WITH_REGISTERS(int80_with_registers, "int $0x80");
CALL_WITH_REGISTERS(vdso_with_registers, "call *entry");

/* read() from a pipe, whose other arguments mean nothing */
static int registers_in_a_call(void (*fn)(void))
{
	static char byte;
	uint32_t *arg = call_arguments;
	pid_t pid;
	int fd[2];

	CHECK_OK(pipe(fd));
	SPAWN(pid, (ckpt_wait_for("go.0"), usleep(10000), write(fd[1], "x", 1) != 1));
	arg[0] = SYS_read;
	arg[1] = fd[0];
	arg[2] = (uintptr_t)&byte;
	arg[3] = 1;
	arg[4] = 0x84444444;
	arg[5] = 0x55555555;
	arg[6] = 0xf6666666;
	ckpt_ready();
	fn();
	CHECK_EQ(1, result.eax);
	CHECK_EQ('x', byte);
	CHECK_EQ(arg[1], result.ebx);
	CHECK_EQ(arg[2], result.ecx);
	CHECK_EQ(arg[3], result.edx);
	CHECK_EQ(arg[4], result.esi);
	CHECK_EQ(arg[5], result.edi);
	CHECK_EQ(arg[6], result.ebp);
	CHECK(result.flags & DIRECTION_FLAG);
	return ckpt_reap(pid);
}

CKPT_BODY(registers_in_a_call_by_int80)
{
	return registers_in_a_call(int80_with_registers);
}

CKPT_BODY(registers_in_a_call_by_the_vdso)
{
	NEED_ENTRY();
	return registers_in_a_call(vdso_with_registers);
}

/* ---- Segments ---- */

static int selector_of(const char *reg)
{
	unsigned short sel;

	if (*reg == 'f')
		asm volatile("mov %%fs, %0" : "=r" (sel));
	else
		asm volatile("mov %%gs, %0" : "=r" (sel));
	return sel;
}

static long limit_of(unsigned long selector)
{
	unsigned long limit = 0;
	unsigned char valid;

	asm volatile("lsl %[selector], %[limit]\n setz %[valid]"
		     : [limit] "+r" (limit), [valid] "=q" (valid)
		     : [selector] "r" (selector)
		     : "cc");
	return valid ? (long)limit : -1;
}

static void load_fs(unsigned int selector)
{
	asm volatile("mov %0, %%fs" : : "r" (selector));
}

static uint32_t word_of_fs(unsigned int offset)
{
	uint32_t word;

	asm volatile("mov %%fs:(%1), %0" : "=r" (word) : "r" (offset));
	return word;
}

/* The C library has the first of three for gs; two are free. */
static int add_descriptor(struct user_desc *desc, void *base, unsigned int limit)
{
	*desc = (struct user_desc) {
		.entry_number = -1, .base_addr = (uintptr_t)base,
		.limit = limit, .seg_32bit = 1, .useable = 1,
	};
	return syscall(SYS_set_thread_area, desc);
}

static int same_descriptor(const struct user_desc *desc)
{
	struct user_desc now = { .entry_number = desc->entry_number };

	CHECK_OK(syscall(SYS_get_thread_area, &now));
	CHECK(!memcmp(desc, &now, sizeof(now)));
	CHECK_EQ(desc->limit, limit_of(desc->entry_number * 8 + 3));
	return 0;
}

CKPT_BODY(descriptors_of_a_thread)
{
	static uint32_t words[2] = { 0x12345678, 0x9abcdef0 };
	struct user_desc own, first, second;
	int gs = selector_of("gs");

	own.entry_number = gs / 8;
	CHECK_OK(syscall(SYS_get_thread_area, &own));
	CHECK_OK(add_descriptor(&first, words, 7));
	CHECK_OK(add_descriptor(&second, NULL, 0x12345));
	CHECK_EQ(own.entry_number + 2, second.entry_number);
	load_fs(first.entry_number * 8 + 3);
	CHECK_EQ(words[1], word_of_fs(4));
	ckpt_here();
	CHECK_EQ(first.entry_number * 8 + 3, selector_of("fs"));
	CHECK_EQ(words[1], word_of_fs(4));
	CHECK_EQ(gs, selector_of("gs"));
	CHECK(!same_descriptor(&first));
	CHECK(!same_descriptor(&second));
	CHECK_OK(syscall(SYS_get_thread_area, &own));
	CHECK_EQ((uintptr_t)__builtin_thread_pointer(), own.base_addr);
	/* There is no fourth. */
	CHECK_EQ(-1, add_descriptor(&own, NULL, 0));
	CHECK_EQ(ESRCH, errno);
	return 0;
}

static int descriptor_of_a_child(struct user_desc *desc, uint32_t *word)
{
	desc->base_addr = (uintptr_t)word;
	CHECK_OK(syscall(SYS_set_thread_area, desc));
	load_fs(desc->entry_number * 8 + 3);
	ckpt_announce("child", "go.0");
	CHECK_EQ(*word, word_of_fs(0));
	return same_descriptor(desc);
}

CKPT_BODY(descriptors_of_two_processes)
{
	static uint32_t words[2] = { 0x12345678, 0x9abcdef0 };
	struct user_desc desc;
	pid_t pid;

	CHECK_OK(add_descriptor(&desc, words, 7));
	load_fs(desc.entry_number * 8 + 3);
	SPAWN(pid, descriptor_of_a_child(&desc, &words[1]));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(words[0], word_of_fs(0));
	CHECK(!same_descriptor(&desc));
	return ckpt_reap(pid);
}

/* All of memory, growing down, read-only, of no use to the kernel, and empty */
CKPT_BODY(descriptors_of_every_kind)
{
	static const struct user_desc kind[] = {
		{ .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1 },
		{ .limit = 0x100, .contents = 1, .seg_32bit = 1, .useable = 1 },
		{ .limit = 0x200, .read_exec_only = 1, .seg_32bit = 1 },
		{ .base_addr = 0xfffff000, .limit = 0x300, .seg_32bit = 1 },
		{ .read_exec_only = 1, .seg_not_present = 1 },
	};
	struct user_desc desc, set[5], now;
	unsigned int i;

	CHECK_OK(add_descriptor(&desc, NULL, 0));
	for (i = 0; i < 5; i++) {
		set[i] = kind[i];
		set[i].entry_number = desc.entry_number;
		CHECK_OK(syscall(SYS_set_thread_area, &set[i]));
		CHECK_OK(syscall(SYS_get_thread_area, &set[i]));
		ckpt_point(i);
		now = (struct user_desc) { .entry_number = desc.entry_number };
		CHECK_OK(syscall(SYS_get_thread_area, &now));
		CHECK(!memcmp(&set[i], &now, sizeof(now)));
	}
	return 0;
}

CKPT_BODY(local_descriptor_that_is_in_use)
{
	static uint32_t words[2] = { 0x12345678, 0x9abcdef0 };
	struct user_desc desc = {
		.entry_number = 3, .base_addr = (uintptr_t)words, .limit = 7,
		.seg_32bit = 1, .useable = 1,
	};

	NEED(syscall(SYS_modify_ldt, 0x11, &desc, sizeof(desc)));
	load_fs(3 * 8 + 7);
	CHECK_EQ(words[1], word_of_fs(4));
	ckpt_here();
	CHECK_EQ(3 * 8 + 7, selector_of("fs"));
	CHECK_EQ(words[1], word_of_fs(4));
	return 0;
}

/*
 * Into the segment of 64-bit code and back, when the byte @stop is no longer
 * zero. The instructions in between are the same in both kinds of code.
 */
struct far_pointer {
	uint32_t address;
	uint16_t segment;
} __attribute__((packed));

#define CODE_OF_64_BITS	0x33

static struct far_pointer back __attribute__((used));
void run_64bit_code(volatile char *stop);
asm(".pushsection .text\n"
    "run_64bit_code:\n"
    "	mov 4(%esp), %edx\n"
    "	movl $3f, back\n"
    "	mov %cs, back+4\n"
    "	mov $back, %ecx\n"
    "	ljmp $0x33, $2f\n"
    "2:	cmpb $0, (%edx)\n"
    "	je 2b\n"
    "	ljmp *(%ecx)\n"
    "3:	ret\n"
    ".popsection\n");

CKPT_BODY(code_of_64_bits)
{
	volatile char *stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	/* On 32-bit kernels the C library has it for its own data. */
	if (selector_of("gs") == CODE_OF_64_BITS)
		return ckpt_skip("this kernel has no 64-bit code");
	CHECK(stop != MAP_FAILED);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), *stop = 1, 0));
	run_64bit_code(stop);
	return ckpt_reap(pid);
}

/* ---- Signals ---- */

/* As the kernel has them; without a restorer it is the vDSO that returns. */
struct old_action {
	void *handler;
	unsigned long mask, flags;
	void *restorer;
};

struct rt_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static volatile int handled;
static volatile uint32_t returns_to;
static volatile int handled_value;

static void old_handler(int sig)
{
	returns_to = (uintptr_t)__builtin_return_address(0);
	ckpt_here();
	handled = sig;
}

static void rt_handler(int sig, siginfo_t *si, void *context)
{
	returns_to = (uintptr_t)__builtin_return_address(0);
	handled_value = si->si_value.sival_int;
	ckpt_here();
	handled = sig;
	/* The frame is what the registers come from. */
	((ucontext_t *)context)->uc_mcontext.gregs[REG_ESI] += 1;
}

static bool in_vdso(uint32_t address)
{
	uint32_t start = getauxval(AT_SYSINFO_EHDR);

	return start && address > start && address < start + 2 * PAGE;
}

/* Sends itself a signal, by a system call with all registers in use. */
static int signal_with_registers(int sig, uint32_t esi_after)
{
	siginfo_t si = {
		.si_code = SI_QUEUE, .si_pid = getpid(),
		.si_value.sival_int = 0x12345678,
	};
	uint32_t esi = 0x11111111, edi = 0x92222222;
	double x = 1.5, y;
	int ret;

	asm volatile("fldl %[x]\n"
		     "int $0x80\n"
		     "fstpl %[y]\n"
		     : "=a" (ret), [y] "=m" (y), "+S" (esi), "+D" (edi)
		     : "a" (SYS_rt_sigqueueinfo), "b" (getpid()), "c" (sig),
		       "d" (&si), [x] "m" (x)
		     : "memory");
	CHECK_EQ(0, ret);
	CHECK_EQ(esi_after, esi);
	CHECK_EQ(0x92222222U, edi);
	CHECK(y == 1.5);
	CHECK_EQ(sig, handled);
	CHECK(in_vdso(returns_to));
	return 0;
}

CKPT_BODY(handler_with_an_old_frame)
{
	struct old_action sa = { .handler = old_handler };

	CHECK_EQ(0, by_int80(NR_SIGACTION, SIGUSR1, (long)&sa, 0, 0, 0, 0));
	return signal_with_registers(SIGUSR1, 0x11111111);
}

CKPT_BODY(handler_with_a_frame_of_realtime_signals)
{
	struct rt_action sa = { .handler = rt_handler, .flags = SA_SIGINFO };

	CHECK_EQ(0, by_int80(NR_RT_SIGACTION, SIGRTMIN, (long)&sa, 0, 8, 0, 0));
	CHECK(!signal_with_registers(SIGRTMIN, 0x11111112));
	CHECK_EQ(0x12345678, handled_value);
	return 0;
}

CKPT_BODY(handler_on_a_stack_of_its_own)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct rt_action sa = {
		.handler = rt_handler, .flags = SA_SIGINFO | SA_ONSTACK,
	};
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, now;

	CHECK_OK(sigaltstack(&ss, NULL));
	CHECK_EQ(0, by_int80(NR_RT_SIGACTION, SIGRTMIN, (long)&sa, 0, 8, 0, 0));
	CHECK(!signal_with_registers(SIGRTMIN, 0x11111112));
	CHECK_OK(sigaltstack(NULL, &now));
	CHECK_EQ((uintptr_t)stack, (uintptr_t)now.ss_sp);
	CHECK_EQ(sizeof(stack), now.ss_size);
	CHECK_EQ(0, now.ss_flags);
	return 0;
}

/* Signals that wait, with what came with them in the layout of 32 bits */
CKPT_BODY(pending_signals_with_values)
{
	struct timespec now = { 0 };
	sigset_t set;
	siginfo_t si;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGCHLD);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	for (i = 0; i < 3; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval) { .sival_int = -i }));
	ckpt_here();
	for (i = 0; i < 3; i++) {
		CHECK_EQ(SIGRTMIN + 1, sigtimedwait(&set, &si, &now));
		CHECK_EQ(SI_QUEUE, si.si_code);
		CHECK_EQ(-i, si.si_value.sival_int);
		CHECK_EQ(getpid(), si.si_pid);
		CHECK_EQ(getuid(), si.si_uid);
	}
	return 0;
}

/* ---- The vDSO ---- */

CKPT_BODY(entry_of_the_vdso)
{
	NEED_ENTRY();
	CHECK_EQ(getpid(), by_vdso(SYS_getpid, 0, 0, 0, 0, 0, 0));
	ckpt_here();
	CHECK_EQ((uintptr_t)entry, getauxval(AT_SYSINFO));
	CHECK_EQ(getpid(), by_vdso(SYS_getpid, 0, 0, 0, 0, 0, 0));
	CHECK_EQ(getpid(), by_int80(SYS_getpid, 0, 0, 0, 0, 0, 0));
	return 0;
}

/* The checkpoint may come anywhere in it. */
CKPT_BODY(entry_of_the_vdso_all_the_time)
{
	volatile char *stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid, own = getpid();
	long got = own;

	NEED_ENTRY();
	CHECK(stop != MAP_FAILED);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), *stop = 1, 0));
	while (!*stop && got == own)
		got = by_vdso(SYS_getpid, 0, 0, 0, 0, 0, 0);
	CHECK_EQ(own, got);
	return ckpt_reap(pid);
}

CKPT_BODY(clocks_of_the_vdso)
{
	struct timespec a, b;

	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &a));
	ckpt_here();
	CHECK(!memcmp((void *)getauxval(AT_SYSINFO_EHDR), "\177ELF", 4));
	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &b));
	CHECK(b.tv_sec >= a.tv_sec && b.tv_sec - a.tv_sec < 60 * ckpt_scale());
	CHECK(time(NULL) > 1000000000);
	return 0;
}

/* ---- System calls in progress ---- */

struct old_timespec {
	int32_t sec, nsec;
};

struct new_timespec {
	int64_t sec, nsec;
};

static struct old_timespec to_old(double s)
{
	return (struct old_timespec) { s, (s - (int32_t)s) * 1e9 };
}

static struct new_timespec to_new(double s)
{
	return (struct new_timespec) { s, (s - (int32_t)s) * 1e9 };
}

/* Old calls are there if the kernel has been built with them. */
#define NEED_OLD_TIMES()						\
do {									\
	if (by_int80(NR_NANOSLEEP, 0, 0, 0, 0, 0, 0) == -ENOSYS)	\
		return ckpt_skip("no system calls with times of 32 bits"); \
} while (0)

static int sleep_of_32_bits(call_fn call)
{
	struct old_timespec ts = to_old(span());
	double start = now_monotonic();

	NEED_OLD_TIMES();
	ckpt_ready();
	CHECK_EQ(0, call(NR_NANOSLEEP, (long)&ts, 0, 0, 0, 0, 0));
	return check_span(start);
}

CKPT_BODY(nanosleep_of_32_bits)
{
	return sleep_of_32_bits(by_int80);
}

CKPT_BODY(nanosleep_of_32_bits_by_the_vdso)
{
	NEED_ENTRY();
	return sleep_of_32_bits(by_vdso);
}

static int sleep_of_64_bits(call_fn call)
{
	struct new_timespec ts = to_new(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, call(NR_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, (long)&ts, 0, 0, 0));
	return check_span(start);
}

CKPT_BODY(nanosleep_of_64_bits)
{
	return sleep_of_64_bits(by_int80);
}

CKPT_BODY(nanosleep_of_64_bits_by_the_vdso)
{
	NEED_ENTRY();
	return sleep_of_64_bits(by_vdso);
}

static volatile int alarms;
static void on_signal(int sig)
{
	alarms++;
}

/* Sends a signal when the parent is in its call again. */
static int interrupt_parent(pid_t parent)
{
	struct new_timespec ts = to_new(0.2 * ckpt_scale());

	ckpt_wait_for("go.0");
	by_int80(NR_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, (long)&ts, 0, 0, 0);
	return kill(parent, SIGUSR1);
}

static int check_left(double start, double left)
{
	double t = now_monotonic() - start + left;

	if (t >= 999.9 && t <= 1000 + 0.4 * ckpt_scale())
		return 0;
	ckpt_note("%.3f s slept and left, %.3f s of it left", t, left);
	return t < 1000 ? 1 : CKPT_LATE;
}

CKPT_BODY(time_that_is_left_of_32_bits)
{
	struct old_timespec ts = to_old(1000), left[2] = { { 0 }, { 7, 7 } };
	double start = now_monotonic();
	pid_t parent = getpid(), pid;

	NEED_OLD_TIMES();
	signal(SIGUSR1, on_signal);
	SPAWN(pid, interrupt_parent(parent));
	ckpt_ready();
	CHECK_EQ(-EINTR, by_int80(NR_NANOSLEEP, (long)&ts, (long)left, 0, 0, 0, 0));
	CHECK_EQ(7, left[1].sec);
	return check_left(start, left->sec + left->nsec / 1e9) ?: ckpt_reap(pid);
}

CKPT_BODY(time_that_is_left_of_64_bits)
{
	struct new_timespec ts = to_new(1000), left = { 0 };
	double start = now_monotonic();
	pid_t parent = getpid(), pid;

	signal(SIGUSR1, on_signal);
	SPAWN(pid, interrupt_parent(parent));
	ckpt_ready();
	CHECK_EQ(-EINTR, by_int80(NR_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, (long)&ts,
				  (long)&left, 0, 0));
	return check_left(start, left.sec + left.nsec / 1e9) ?: ckpt_reap(pid);
}

static int poll_by(call_fn call)
{
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, call(NR_POLL, 0, 0, span() * 1000, 0, 0, 0));
	return check_span(start);
}

CKPT_BODY(poll_times_out)
{
	return poll_by(by_int80);
}

CKPT_BODY(poll_times_out_by_the_vdso)
{
	NEED_ENTRY();
	return poll_by(by_vdso);
}

static uint32_t futex_word = 5;

CKPT_BODY(futex_times_out_after_32_bits)
{
	struct old_timespec ts = to_old(span());
	double start = now_monotonic();

	NEED_OLD_TIMES();
	ckpt_ready();
	CHECK_EQ(-ETIMEDOUT, by_int80(NR_FUTEX, (long)&futex_word, FUTEX_WAIT_PRIVATE,
				      5, (long)&ts, 0, 0));
	return check_span(start);
}

CKPT_BODY(futex_times_out_after_64_bits)
{
	struct new_timespec ts = to_new(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(-ETIMEDOUT, by_int80(NR_FUTEX_TIME64, (long)&futex_word,
				      FUTEX_WAIT_PRIVATE, 5, (long)&ts, 0, 0));
	return check_span(start);
}

CKPT_BODY(futex_times_out_at_64_bits)
{
	double start = now_monotonic();
	struct new_timespec ts = to_new(start + span());

	ckpt_ready();
	CHECK_EQ(-ETIMEDOUT, by_int80(NR_FUTEX_TIME64, (long)&futex_word,
				      FUTEX_WAIT_BITSET_PRIVATE, 5, (long)&ts, 0, 1));
	return check_span(start);
}

/* These have a mask while they wait; the one of before comes back. */
static int has_mask(int sig, bool blocked)
{
	sigset_t set;

	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK_EQ(blocked, sigismember(&set, sig));
	return 0;
}

static int block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static int waits_with_mask(long (*wait)(const uint64_t *mask))
{
	static const uint64_t other = 1ULL << (SIGUSR2 - 1) | 1ULL << (60 - 1);
	pid_t parent = getpid(), pid;

	signal(SIGUSR1, on_signal);
	CHECK_OK(block(SIGUSR1));
	SPAWN(pid, interrupt_parent(parent));
	ckpt_ready();
	CHECK_EQ(-EINTR, wait(&other));
	CHECK_EQ(1, alarms);
	CHECK(!has_mask(SIGUSR1, true));
	CHECK(!has_mask(SIGUSR2, false));
	CHECK(!has_mask(60, false));
	return ckpt_reap(pid);
}

static long ppoll_with_mask(const uint64_t *mask)
{
	struct new_timespec ts = to_new(1000);

	return by_int80(NR_PPOLL, 0, 0, (long)&ts, (long)mask, 8, 0);
}

CKPT_BODY(ppoll_with_a_mask)
{
	return waits_with_mask(ppoll_with_mask);
}

static long pselect_with_mask(const uint64_t *mask)
{
	struct new_timespec ts = to_new(1000);
	uint32_t set[2] = { (uintptr_t)mask, 8 };

	return by_int80(NR_PSELECT6, 0, 0, 0, 0, (long)&ts, (long)set);
}

CKPT_BODY(pselect_with_a_mask)
{
	return waits_with_mask(pselect_with_mask);
}

static long old_sigsuspend(const uint64_t *mask)
{
	/* This one only has 32 signals. */
	return by_int80(NR_SIGSUSPEND, 0, 0, (uint32_t)*mask, 0, 0, 0);
}

CKPT_BODY(old_sigsuspend_with_a_mask)
{
	return waits_with_mask(old_sigsuspend);
}

CKPT_BODY(ppoll_times_out)
{
	struct new_timespec ts = to_new(span());
	double start = now_monotonic();

	ckpt_ready();
	CHECK_EQ(0, by_int80(NR_PPOLL, 0, 0, (long)&ts, 0, 8, 0));
	return check_span(start);
}

CKPT_BODY(select_of_32_bits_times_out)
{
	struct old_timespec tv = { span(), (span() - (int)span()) * 1e6 };
	double start = now_monotonic();

	NEED_OLD_TIMES();
	ckpt_ready();
	CHECK_EQ(0, by_int80(NR_SELECT, 0, 0, 0, 0, (long)&tv, 0));
	return check_span(start);
}

static int pause_by(call_fn call)
{
	pid_t parent = getpid(), pid;

	signal(SIGUSR1, on_signal);
	SPAWN(pid, interrupt_parent(parent));
	ckpt_ready();
	CHECK_EQ(-EINTR, call(NR_PAUSE, 0, 0, 0, 0, 0, 0));
	CHECK_EQ(1, alarms);
	return ckpt_reap(pid);
}

CKPT_BODY(pause_goes_on)
{
	return pause_by(by_int80);
}

CKPT_BODY(pause_goes_on_by_the_vdso)
{
	NEED_ENTRY();
	return pause_by(by_vdso);
}

/* ---- Address space ---- */

#define HIGH	0xe0000000UL

/* Where the next mapping without an address would be */
static uintptr_t next_place(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, PAGE);
	return (uintptr_t)p;
}

CKPT_BODY(memory_above_three_gigabytes)
{
	char *p = mmap((void *)HIGH, 4 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		return ckpt_skip("no memory at %#lx: %s", HIGH, strerror(errno));
	pattern_fill(p, 4 * PAGE, 1);
	ckpt_here();
	CHECK(!pattern_check(p, 4 * PAGE, 1));
	CHECK_OK(munmap(p, PAGE));
	CHECK_EQ((uintptr_t)p, (uintptr_t)mmap(p, PAGE, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	return 0;
}

CKPT_BODY(places_of_new_mappings)
{
	uintptr_t place = next_place();
	char *end = sbrk(PAGE);

	ckpt_here();
	CHECK_EQ(place, next_place());
	CHECK_EQ((uintptr_t)end + PAGE, (uintptr_t)sbrk(0));
	CHECK(sbrk(PAGE) != (void *)-1);
	end[2 * PAGE - 1] = 1;
	/* What does not fit below is not put above. */
	CHECK(mmap(NULL, 0xf0000000UL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		   MAP_NORESERVE, -1, 0) == MAP_FAILED);
	CHECK_EQ(ENOMEM, errno);
	return 0;
}

/* Of a program that was started with @persona; it takes effect at an exec. */
static int with_personality(unsigned long persona, const char *body)
{
	char dir[APP_DIR_LEN], exe[PATH_MAX];
	char *argv[] = { exe, (char *)"--body", (char *)body, dir, NULL };
	ssize_t len;

	if (((unsigned int)personality(0xffffffff) & persona) == persona)
		return 0;
	CHECK_OK(personality(persona));
	snprintf(dir, sizeof(dir), "%s", ckpt_dir());
	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	CHECK_OK(len);
	exe[len] = '\0';
	execv(exe, argv);
	return ckpt_fail(__FILE__, __LINE__, "execv");
}

CKPT_BODY(limit_of_three_gigabytes)
{
	uintptr_t place, stack = (uintptr_t)&place;

	CHECK(!with_personality(ADDR_LIMIT_3GB, "limit_of_three_gigabytes"));
	CHECK(stack < 0xc0000000UL);
	place = next_place();
	ckpt_here();
	CHECK_EQ(ADDR_LIMIT_3GB, personality(0xffffffff));
	CHECK_EQ(place, next_place());
	CHECK(mmap((void *)HIGH, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		   MAP_FIXED, -1, 0) == MAP_FAILED);
	return 0;
}

CKPT_BODY(layout_from_the_bottom)
{
	uintptr_t place;

	CHECK(!with_personality(ADDR_COMPAT_LAYOUT, "layout_from_the_bottom"));
	place = next_place();
	ckpt_here();
	CHECK_EQ(place, next_place());
	return 0;
}

/* ---- What the kernel keeps in the layout of 32 bits ---- */

struct mutex {
	struct robust_list list;
	uint32_t word;
};

static int dies_with_a_mutex(struct mutex *m)
{
	struct robust_list_head head = {
		.list.next = &m->list,
		.futex_offset = offsetof(struct mutex, word),
	}, *got;
	size_t len;

	m->list.next = &head.list;
	CHECK_OK(syscall(SYS_set_robust_list, &head, sizeof(head)));
	m->word = getpid();
	ckpt_announce("child", "go.0");
	CHECK_OK(syscall(SYS_get_robust_list, 0, &got, &len));
	CHECK_EQ((uintptr_t)&head, (uintptr_t)got);
	CHECK_EQ(sizeof(head), len);
	/* Not by way of the library, which might take the list back */
	syscall(SYS_exit_group, 0);
	return 1;
}

CKPT_BODY(robust_list)
{
	struct mutex *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(m != MAP_FAILED);
	SPAWN(pid, dies_with_a_mutex(m));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!ckpt_reap(pid));
	CHECK_EQ(FUTEX_OWNER_DIED, m->word & ~FUTEX_WAITERS & ~pid);
	return 0;
}

CKPT_BODY(limits_above_four_gigabytes)
{
	struct rlimit64 rl = { 6ULL << 30, 20ULL << 30 }, now;
	struct { uint32_t cur, max; } old;

	CHECK_OK(prlimit64(0, RLIMIT_FSIZE, &rl, NULL));
	CHECK_OK(prlimit64(0, RLIMIT_FSIZE, NULL, &now));
	if (now.rlim_cur == RLIM64_INFINITY)
		return ckpt_skip("a 32-bit kernel takes such limits for none");
	ckpt_here();
	CHECK_OK(prlimit64(0, RLIMIT_FSIZE, NULL, &now));
	CHECK_EQ(rl.rlim_cur, now.rlim_cur);
	CHECK_EQ(rl.rlim_max, now.rlim_max);
	CHECK_EQ(0, by_int80(NR_GETRLIMIT, RLIMIT_FSIZE, (long)&old, 0, 0, 0, 0));
	CHECK_EQ(0x7fffffff, old.cur);
	return 0;
}

CKPT_BODY(machine_of_32_bits)
{
	CHECK_OK(personality(PER_LINUX32));
	ckpt_here();
	CHECK_EQ(PER_LINUX32, personality(0xffffffff));
	return 0;
}

static void dump_core(void)
{
	struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &much);
	signal(SIGABRT, SIG_DFL);
	abort();
}

CKPT_BODY(core_of_32_bits)
{
	char pattern[128] = "";
	int status, fd;
	Elf32_Ehdr ehdr;
	pid_t pid;

	read_file("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern));
	if (strcmp(pattern, "core\n"))
		return ckpt_skip("the dump does not go to a file core");
	ckpt_here();
	SPAWN(pid, (dump_core(), 1));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WCOREDUMP(status));
	fd = open("core", O_RDONLY);
	CHECK_EQ(sizeof(ehdr), read(fd, &ehdr, sizeof(ehdr)));
	close(fd);
	unlink("core");
	CHECK_EQ(ELFCLASS32, ehdr.e_ident[EI_CLASS]);
	CHECK_EQ(EM_386, ehdr.e_machine);
	return 0;
}

/* ---- Trees of 32-bit and 64-bit programs ---- */

#define OTHER_PROGRAM	"../compat_test"
#include "mixed.h"

/* Called without a body it tells that 32-bit programs run. */
int main(void)
{
	return 0;
}
