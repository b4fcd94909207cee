// SPDX-License-Identifier: GPL-2.0
/*
 * What only 64-bit programs on x86 have: bases of fs and gs, and what they may
 * have of the 32-bit world, its system calls, code and descriptors
 */
#include "x86.h"

#ifndef __x86_64__
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for 64-bit programs only\n");
}
#else

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <elf.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/user.h>
#include <time.h>

#include "format.h"
#include "hostile.h"

#define PAGE	4096UL

CKPT_SUITE_X86(x86_64);
CKPT_SUITE_V1(x86_64);

#define NEVER_LOST(name)	CKPT_NEVER_LOST(x86_64, name)
#define REFUSED(name, pattern)	CKPT_REFUSED(x86_64, name, pattern)

/* Memory that 32-bit code and system calls can name */
static void *low_memory(int prot)
{
	void *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		       -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* ---- Bases of fs and gs ---- */

struct bases {
	unsigned long fs, gs;
};

static unsigned long own_fs __attribute__((used));

/* Sets both, waits, gets both; meanwhile there is no C library. */
void bases_by_call(const struct bases *set, struct bases *get);
void bases_by_instruction(const struct bases *set, struct bases *get);
asm(".pushsection .text\n"
    ".macro arch_prctl code, value\n"
    "	mov $158, %eax\n"
    "	mov $\\code, %edi\n"
    "	\\value, %rsi\n"
    "	syscall\n"
    ".endm\n"
    "bases_by_call:\n"
    "	push %rbx\n"
    "	push %rbp\n"
    "	push %rbp\n"
    "	mov %rdi, %rbx\n"
    "	mov %rsi, %rbp\n"
    "	arch_prctl 0x1003 \"lea own_fs(%rip)\"\n"
    "	arch_prctl 0x1001 \"mov 8(%rbx)\"\n"
    "	arch_prctl 0x1002 \"mov (%rbx)\"\n"
    "	call *point_wait(%rip)\n"
    "	arch_prctl 0x1003 \"mov %rbp\"\n"
    "	arch_prctl 0x1004 \"lea 8(%rbp)\"\n"
    "	arch_prctl 0x1002 \"mov own_fs(%rip)\"\n"
    "	pop %rbp\n"
    "	pop %rbp\n"
    "	pop %rbx\n"
    "	ret\n"
    "bases_by_instruction:\n"
    "	push %rbx\n"
    "	push %rbp\n"
    "	push %rbp\n"
    "	mov %rsi, %rbp\n"
    "	rdfsbase %rbx\n"
    "	mov (%rdi), %rax\n"
    "	wrfsbase %rax\n"
    "	mov 8(%rdi), %rax\n"
    "	wrgsbase %rax\n"
    "	call *point_wait(%rip)\n"
    "	rdfsbase %rax\n"
    "	mov %rax, (%rbp)\n"
    "	rdgsbase %rax\n"
    "	mov %rax, 8(%rbp)\n"
    "	wrfsbase %rbx\n"
    "	pop %rbp\n"
    "	pop %rbp\n"
    "	pop %rbx\n"
    "	ret\n"
    ".popsection\n");

/* The small ones would fit into a descriptor. */
static const struct bases some_bases[] = {
	{ 0x123456789000, 0x7654321fedc8 }, { 0x1000, 0xfffff000 },
};

static int keeps_bases(void (*fn)(const struct bases *, struct bases *),
		       const struct bases *set, enum point point)
{
	struct bases got = { 0 };

	CHECK(!point_prepare(point));
	fn(set, &got);
	CHECK_EQ(set->fs, got.fs);
	CHECK_EQ(set->gs, got.gs);
	return point_done();
}

#define HWCAP2_FSGSBASE	2

#define NEED_FSGSBASE()							\
do {									\
	if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))			\
		return ckpt_skip("wrfsbase is no instruction here");	\
} while (0)

CKPT_TEST(x86_64, bases_set_by_calls)
{
	return keeps_bases(bases_by_call, &some_bases[0], POINT_BETWEEN_CALLS);
}

CKPT_TEST(x86_64, bases_set_by_calls_in_user_mode)
{
	return keeps_bases(bases_by_call, &some_bases[0], POINT_IN_USER_MODE);
}

CKPT_TEST(x86_64, small_bases_set_by_calls)
{
	return keeps_bases(bases_by_call, &some_bases[1], POINT_IN_USER_MODE);
}

CKPT_TEST_IN_CALL(x86_64, bases_set_by_calls_in_a_call)
{
	return keeps_bases(bases_by_call, &some_bases[0], POINT_IN_A_CALL);
}

CKPT_TEST(x86_64, bases_set_by_instructions)
{
	NEED_FSGSBASE();
	return keeps_bases(bases_by_instruction, &some_bases[0], POINT_IN_USER_MODE);
}

CKPT_TEST(x86_64, small_bases_set_by_instructions)
{
	NEED_FSGSBASE();
	return keeps_bases(bases_by_instruction, &some_bases[1], POINT_IN_USER_MODE);
}

CKPT_TEST_IN_CALL(x86_64, bases_set_by_instructions_in_a_call)
{
	NEED_FSGSBASE();
	return keeps_bases(bases_by_instruction, &some_bases[0], POINT_IN_A_CALL);
}

/* ---- Selectors ---- */

/* Of each there are two: the number, and what the processor has cached. */
struct selectors {
	unsigned short ds, es, fs, gs;
	unsigned long fs_base, gs_base;
};

/* Loads the selectors, then the bases, in between of which is nothing of C. */
void selectors_through(const struct selectors *set, struct selectors *get);
asm(".pushsection .text\n"
    "selectors_through:\n"
    "	push %rbx\n"
    "	push %rbp\n"
    "	push %rbp\n"
    "	mov %rsi, %rbp\n"
    "	rdfsbase %rbx\n"
    "	mov (%rdi), %ds\n"
    "	mov 2(%rdi), %es\n"
    "	mov 4(%rdi), %fs\n"
    "	mov 6(%rdi), %gs\n"
    "	mov 8(%rdi), %rax\n"
    "	test %rax, %rax\n"
    "	jz 1f\n"
    "	wrfsbase %rax\n"
    "	mov 16(%rdi), %rax\n"
    "	wrgsbase %rax\n"
    "1:	call *point_wait(%rip)\n"
    "	mov %ds, (%rbp)\n"
    "	mov %es, 2(%rbp)\n"
    "	mov %fs, 4(%rbp)\n"
    "	mov %gs, 6(%rbp)\n"
    "	rdfsbase %rax\n"
    "	mov %rax, 8(%rbp)\n"
    "	rdgsbase %rax\n"
    "	mov %rax, 16(%rbp)\n"
    "	xor %eax, %eax\n"
    "	mov %eax, %ds\n"
    "	mov %eax, %es\n"
    "	mov %eax, %fs\n"
    "	mov %eax, %gs\n"
    "	wrfsbase %rbx\n"
    "	pop %rbp\n"
    "	pop %rbp\n"
    "	pop %rbx\n"
    "	ret\n"
    ".popsection\n");

#define USER_DATA	0x2b
#define FIRST_TLS	12
#define TLS_SELECTOR(nr)	(((nr) + FIRST_TLS) * 8 + 3)
#define LDT_SELECTOR(nr)	((nr) * 8 + 7)

static int same_selectors(const struct selectors *set, const struct selectors *got)
{
	CHECK_EQ(set->ds, got->ds);
	CHECK_EQ(set->es, got->es);
	CHECK_EQ(set->fs, got->fs);
	CHECK_EQ(set->gs, got->gs);
	CHECK_EQ(set->fs_base, got->fs_base);
	CHECK_EQ(set->gs_base, got->gs_base);
	return 0;
}

static int keeps_selectors(struct selectors *set, enum point point)
{
	struct selectors got = { 0 };

	CHECK(!point_prepare(point));
	selectors_through(set, &got);
	CHECK(!same_selectors(set, &got));
	return point_done();
}

CKPT_TEST(x86_64, selectors_of_the_usual_segment)
{
	struct selectors set = {
		USER_DATA, USER_DATA, USER_DATA, USER_DATA,
		0x123456789000, 0x7654321fedc8,
	};

	NEED_FSGSBASE();
	return keeps_selectors(&set, POINT_IN_USER_MODE);
}

CKPT_TEST_IN_CALL(x86_64, selectors_of_the_usual_segment_in_a_call)
{
	struct selectors set = {
		USER_DATA, 0, 0, USER_DATA, 0x123456789000, 0x7654321fedc8,
	};

	NEED_FSGSBASE();
	return keeps_selectors(&set, POINT_IN_A_CALL);
}

NEVER_LOST(selector_of_the_local_table)
{
	struct user_desc desc = {
		.entry_number = 1, .base_addr = 0x12340000, .limit = 0xfffff,
		.seg_32bit = 1, .limit_in_pages = 1, .useable = 1,
	};
	struct selectors set = {
		USER_DATA, LDT_SELECTOR(1), 0, LDT_SELECTOR(1),
	};
	struct selectors expected = set, got = { 0 };

	NEED_FSGSBASE();
	NEED((int)syscall(SYS_modify_ldt, 0x11, &desc, sizeof(desc)));
	expected.gs_base = desc.base_addr;
	CHECK(!point_prepare(POINT_IN_USER_MODE));
	selectors_through(&set, &got);
	expected.fs_base = got.fs_base;	/* the first processor that it was on */
	CHECK(!same_selectors(&expected, &got));
	return point_done();
}

/* ---- System calls of 32-bit programs ---- */

static long int80(long nr, long a, long b, long c, long d)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d)
		     : "r8", "r9", "r10", "r11", "memory");
	return ret;
}

#define NR32_READ		3
#define NR32_GETPID		20
#define NR32_NANOSLEEP		162
#define NR32_POLL		168
#define NR32_SET_THREAD_AREA	243
#define NR32_GET_THREAD_AREA	244
#define NR32_CLOCK_NANOSLEEP	407	/* with times of 64 bits */

#define NEED_INT80()							\
do {									\
	if (int80(NR32_GETPID, 0, 0, 0, 0) != getpid())			\
		return ckpt_skip("no system calls of 32-bit programs");	\
} while (0)

static double seconds(void)
{
	return 1.0 * ckpt_scale();
}

/* The time-out is over, and not long ago. */
static int check_end(double start)
{
	double t = now_monotonic() - start;

	if (t >= seconds() * 0.999 && t < seconds() * 3)
		return 0;
	ckpt_note("it took %.3f s instead of %.3f s", t, seconds());
	return t < seconds() ? 1 : CKPT_LATE;
}

/* Dead for a while, which is none for it; or refused. */
static void in_int80(struct __test_metadata *_metadata, struct app *app,
		     const char *body)
{
	unsigned int tries = 0;
	int ret;

again:
	ret = app_start(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	app->patience = 20 * seconds();
	ret = app_wait_blocked(app);
	/* The time-out may be over. */
	if (ret && app_age(app) > seconds() && ckpt_try_again(_metadata, app, &tries))
		goto again;
	ASSERT_EQ(0, ret);
	if (!app_plain()) {
		ASSERT_EQ(0, app_freeze(app));
		ret = app_checkpoint(app, 0);
		if (ret) {
			check_refusal(_metadata, app, ret, ".");
			ASSERT_EQ(0, app_thaw(app));
		} else {
			ASSERT_EQ(0, app_kill(app));
			ASSERT_EQ(0, app_restart(app)) {
				app_show(app);
			}
		}
	}
	ret = app_finish(app);
	if (ret && app_late(app) && ckpt_try_again(_metadata, app, &tries))
		goto again;
	ASSERT_EQ(0, ret);
}

#define IN_INT80(name)							\
	static int body_x86_64_##name(void);				\
	CKPT_TEST_F(x86_64, name)					\
	{								\
		in_int80(_metadata, &self->app, "x86_64_" #name);	\
	}								\
	CKPT_BODY(x86_64_##name)

IN_INT80(int80_read)
{
	char *byte = low_memory(PROT_READ | PROT_WRITE);
	pid_t pid;
	int fd[2];

	NEED_INT80();
	CHECK(byte);
	CHECK_OK(pipe(fd));
	SPAWN(pid, (ckpt_wait_for("go.0"), write(fd[1], "x", 1) != 1));
	ckpt_ready();
	CHECK_EQ(1, int80(NR32_READ, fd[0], (long)byte, 1, 0));
	CHECK_EQ('x', *byte);
	return ckpt_reap(pid);
}

IN_INT80(int80_clock_nanosleep)
{
	struct timespec *ts = low_memory(PROT_READ | PROT_WRITE);
	double start;

	NEED_INT80();
	CHECK(ts);
	ts->tv_sec = seconds();
	ts->tv_nsec = (seconds() - ts->tv_sec) * 1e9;
	start = now_monotonic();
	ckpt_ready();
	CHECK_EQ(0, int80(NR32_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, (long)ts, 0));
	return check_end(start);
}

IN_INT80(int80_nanosleep)
{
	int *ts = low_memory(PROT_READ | PROT_WRITE);
	double start;
	long ret;

	NEED_INT80();
	CHECK(ts);
	ret = int80(NR32_NANOSLEEP, 0, 0, 0, 0);
	if (ret == -ENOSYS)
		return ckpt_skip("no system calls with times of 32 bits");
	ts[0] = seconds();
	ts[1] = (seconds() - ts[0]) * 1e9;
	start = now_monotonic();
	ckpt_ready();
	CHECK_EQ(0, int80(NR32_NANOSLEEP, (long)ts, 0, 0, 0));
	return check_end(start);
}

IN_INT80(int80_poll)
{
	double start;

	NEED_INT80();
	start = now_monotonic();
	ckpt_ready();
	CHECK_EQ(0, int80(NR32_POLL, 0, 0, seconds() * 1000, 0));
	return check_end(start);
}

/* ---- Descriptors of 32-bit programs ---- */

static int same_descriptor(int nr, struct user_desc *expected)
{
	struct user_desc *got = low_memory(PROT_READ | PROT_WRITE);

	got->entry_number = nr;
	CHECK_EQ(0, int80(NR32_GET_THREAD_AREA, (long)got, 0, 0, 0));
	CHECK_EQ(expected->base_addr, got->base_addr);
	CHECK_EQ(expected->limit, got->limit);
	CHECK_EQ(0, memcmp(expected, got, 13));
	return 0;
}

/* For the thread: they are in the table of every processor that it runs on. */
NEVER_LOST(descriptors_of_a_thread)
{
	struct user_desc *desc = low_memory(PROT_READ | PROT_WRITE);
	unsigned int i;

	NEED_INT80();
	CHECK(desc);
	for (i = 0; i < 3; i++) {
		desc[i] = (struct user_desc) {
			.entry_number = FIRST_TLS + i, .base_addr = 0x1000 * i,
			.limit = 0x100 + i, .seg_32bit = 1, .useable = 1,
		};
		CHECK_EQ(0, int80(NR32_SET_THREAD_AREA, (long)&desc[i], 0, 0, 0));
		CHECK_EQ(0x100 + i, segment_limit(TLS_SELECTOR(i)));
	}
	ckpt_here();
	for (i = 0; i < 3; i++) {
		CHECK_EQ(0x100 + i, segment_limit(TLS_SELECTOR(i)));
		CHECK(!same_descriptor(FIRST_TLS + i, &desc[i]));
	}
	return 0;
}

/* ---- 32-bit code ---- */

/*
 * In memory that both kinds of code can name: where to go, as pointer and
 * segment; what ends the loop; where the stack was; and the code:
 *
 *	1: cmpb $0, stop; je 1b; ljmp $0x33, $2f
 *	2: mov stack, %rsp; ret
 */
struct low_page {
	uint32_t address;
	uint16_t segment;
	volatile char stop;
	char unused;
	uint64_t stack;
	unsigned char code[64];
};

void run_32bit_code(struct low_page *low);
asm(".pushsection .text\n"
    "run_32bit_code:\n"
    "	push %rbx\n	push %rbp\n	push %r12\n"
    "	push %r13\n	push %r14\n	push %r15\n"
    "	lea 1f(%rip), %rax\n"
    "	push %rax\n"
    "	mov %rsp, 8(%rdi)\n"
    "	ljmp *(%rdi)\n"
    "1:	pop %r15\n	pop %r14\n	pop %r13\n"
    "	pop %r12\n	pop %rbp\n	pop %rbx\n"
    "	ret\n"
    ".popsection\n");

static struct low_page *make_32bit_code(void)
{
	struct low_page *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				    MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned char code[] = {
		0x80, 0x3d, 0, 0, 0, 0, 0, 0x74, 0xf7,
		0xea, 0, 0, 0, 0, 0x33, 0,
		0x48, 0x8b, 0x24, 0x25, 0, 0, 0, 0, 0xc3,
	};
	uint32_t at;

	if (low == MAP_FAILED)
		return NULL;
	at = (uintptr_t)&low->stop;
	memcpy(code + 2, &at, 4);
	at = (uintptr_t)low->code + 16;
	memcpy(code + 10, &at, 4);
	at = (uintptr_t)&low->stack;
	memcpy(code + 20, &at, 4);
	memcpy(low->code, code, sizeof(code));
	low->address = (uintptr_t)low->code;
	low->segment = 0x23;
	return low;
}

REFUSED(program_that_is_in_32bit_code, "is a 64-bit program that runs 32-bit code")
{
	struct low_page *low = make_32bit_code();
	pid_t pid;

	NEED_INT80();
	CHECK(low);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), low->stop = 1, 0));
	run_32bit_code(low);
	return ckpt_reap(pid);
}

/* Here and back; a checkpoint sees nothing of it. */
CKPT_TEST(x86_64, program_that_was_in_32bit_code)
{
	struct low_page *low = make_32bit_code();

	NEED_INT80();
	CHECK(low);
	low->stop = 1;
	run_32bit_code(low);
	ckpt_here();
	run_32bit_code(low);
	return 0;
}

/* ---- Other ways into the kernel ---- */

typedef long (*time_fn)(long *);
#define VSYSCALL_TIME	((time_fn)0xffffffffff600400)

static bool has_vsyscall(void)
{
	char text[65536];

	return read_file("/proc/self/maps", text, sizeof(text)) > 0 &&
	       strstr(text, "[vsyscall]");
}

CKPT_TEST(x86_64, vsyscall_page)
{
	long t;

	if (!has_vsyscall())
		return ckpt_skip("this kernel has no vsyscall page");
	t = VSYSCALL_TIME(NULL);
	CHECK(t > 1000000000);
	ckpt_here();
	CHECK(has_vsyscall());
	CHECK(VSYSCALL_TIME(NULL) >= t);
	CHECK(labs(VSYSCALL_TIME(NULL) - time(NULL)) <= 1);
	return 0;
}

/* The checkpoint may come anywhere in it. */
CKPT_TEST(x86_64, vsyscall_page_all_the_time)
{
	volatile char *stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long t = 0, last = 0;
	pid_t pid;

	if (!has_vsyscall())
		return ckpt_skip("this kernel has no vsyscall page");
	CHECK(stop != MAP_FAILED);
	SPAWN(pid, ckpt_wait_spins(getppid()) ?: (ckpt_here(), *stop = 1, 0));
	while (!*stop) {
		last = t;
		t = VSYSCALL_TIME(NULL);
		if (t < last)
			break;
	}
	CHECK(t >= last);
	return ckpt_reap(pid);
}

#define VSYSCALL_PAGE	0xffffffffff600000UL

static struct user_regs_struct *general_registers(struct image *img)
{
	struct ckpt_record *rec;
	struct ckpt_regset *set;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_REGSET, n)); n++) {
		set = record_body(rec);
		if (set->note == NT_PRSTATUS)
			return (void *)(set + 1);
	}
	return NULL;
}

/* Where the call comes back to, by the stack that the image has been given */
void after_vsyscall(void);
asm(".pushsection .text\n"
    "after_vsyscall:\n"
    "	mov %rax, %rdi\n"
    "	jmp end_with_time\n"
    ".popsection\n");

static __attribute__((used)) void end_with_time(long t)
{
	_exit(labs(t - time(NULL)) <= 1 ? 0 : 9);
}

/* Says where that stack is; and goes on from elsewhere. */
CKPT_BODY(x86_64_may_return_from_a_vsyscall)
{
	static uintptr_t stack[1024] __attribute__((aligned(16)));
	int fd = open("stack", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CHECK_OK(fd);
	stack[512] = (uintptr_t)after_vsyscall;
	dprintf(fd, "%lx", (long)&stack[512]);
	CHECK_OK(close(fd));
	ckpt_here();
	return 1;
}

static unsigned long stack_of(const struct app *app)
{
	char path[APP_DIR_LEN + 8], text[32];

	snprintf(path, sizeof(path), "%s/stack", app->dir);
	return read_file(path, text, sizeof(text)) > 0 ? strtoul(text, NULL, 16) : 0;
}

/*
 * Between the call and the fault by which it is emulated. That moment is hard to
 * meet, so an image is made to be of it.
 */
CKPT_TEST_F(x86_64, frozen_at_a_vsyscall)
{
	struct app *app = &self->app;
	static struct image img;
	struct user_regs_struct *regs;
	int fd, logfd;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, hostile_capture(app, &img, "x86_64_may_return_from_a_vsyscall"));
	logfd = memfd_create("log", MFD_CLOEXEC);
	regs = general_registers(&img);
	ASSERT_NE(NULL, regs);
	regs->rip = VSYSCALL_PAGE + 0x400;
	regs->orig_rax = -1;
	regs->rsp = stack_of(app);
	ASSERT_NE(0, regs->rsp);
	regs->rdi = 0;
	image_fix(&img);
	fd = image_fd(&img, img.len);
	EXPECT_FALSE(hostile_unopened(fd, logfd));
	if (has_vsyscall()) {
		ASSERT_EQ(app->image, dup2(fd, app->image));
		ASSERT_EQ(0, app_restart(app)) {
			app_show(app);
		}
		EXPECT_EQ(0, app_wait(app));
	}
	close(fd);
	/* Elsewhere in the kernel's half nobody is. */
	regs->rip = VSYSCALL_PAGE - 0x400;
	image_fix(&img);
	fd = image_fd(&img, img.len);
	EXPECT_TRUE(hostile_unopened(fd, logfd));
	close(fd);
	image_free(&img);
}

#define X32_BIT	0x40000000

NEVER_LOST(calls_of_the_x32_kind)
{
	NEED((int)syscall(X32_BIT | SYS_getpid));
	ckpt_here();
	CHECK_EQ(getpid(), syscall(X32_BIT | SYS_getpid));
	return 0;
}

/* In a child: becomes the program beside this one, which may not have been built. */
static int run_x32_program(int in, int out)
{
	char path[PATH_MAX];
	char *argv[] = { path, NULL };
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);

	CHECK_OK(len);
	path[len] = '\0';
	strcpy(strrchr(path, '/'), "/x32_app");
	CHECK_OK(dup2(in, 0));
	CHECK_OK(dup2(out, 1));
	execv(path, argv);
	return errno == ENOENT ? 2 : 3;
}

/* It says a byte, and waits for one. */
REFUSED(x32_program, "is an x32 program")
{
	int to[2], from[2], status;
	char byte = 0;
	pid_t pid;

	CHECK_OK(pipe2(to, O_CLOEXEC));
	CHECK_OK(pipe2(from, O_CLOEXEC));
	SPAWN(pid, run_x32_program(to[0], from[1]));
	CHECK_OK(close(from[1]));
	if (read(from[0], &byte, 1) != 1) {
		CHECK_EQ(pid, waitpid(pid, &status, 0));
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) > 1);
		return ckpt_skip(WEXITSTATUS(status) == 2 ?
				 "there is no compiler for x32 programs" :
				 "this kernel runs no x32 programs");
	}
	CHECK_EQ('x', byte);
	ckpt_here();
	CHECK_EQ(1, write(to[1], &byte, 1));
	return ckpt_reap(pid);
}

/* ---- Address space ---- */

#ifndef ARCH_GET_UNTAG_MASK
#define ARCH_GET_UNTAG_MASK	0x4001
#define ARCH_ENABLE_TAGGED_ADDR	0x4002
#endif
#ifndef ARCH_GET_XCOMP_PERM
#define ARCH_GET_XCOMP_PERM	0x1022
#define ARCH_REQ_XCOMP_PERM	0x1023
#endif
#define XCOMP_TILES	18

NEVER_LOST(tagged_addresses)
{
	unsigned long before = 0, after = 0;

	NEED((int)syscall(SYS_arch_prctl, ARCH_ENABLE_TAGGED_ADDR, 6));
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_UNTAG_MASK, &before));
	ckpt_here();
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_UNTAG_MASK, &after));
	CHECK_EQ(before, after);
	return 0;
}

NEVER_LOST(permission_for_tiles)
{
	unsigned long before = 0, after = 0;

	NEED((int)syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XCOMP_TILES));
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_XCOMP_PERM, &before));
	ckpt_here();
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_XCOMP_PERM, &after));
	CHECK_EQ(before, after);
	return 0;
}

#ifndef ARCH_SHSTK_LOCK
#define ARCH_SHSTK_ENABLE	0x5001
#define ARCH_SHSTK_DISABLE	0x5002
#define ARCH_SHSTK_LOCK		0x5003
#define ARCH_SHSTK_SHSTK	1
#endif

/* A function that has come back with another shadow stack would be a mistake. */
static inline __attribute__((always_inline)) long arch_prctl_here(long code, long value)
{
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "a" (SYS_arch_prctl), "D" (code), "S" (value)
		     : "rcx", "r11", "memory");
	return ret;
}

CKPT_BODY(x86_64_shadow_stack)
{
	long ret = arch_prctl_here(ARCH_SHSTK_ENABLE, ARCH_SHSTK_SHSTK);

	if (ret)
		return ckpt_skip("no shadow stacks: %s", strerror(-ret));
	ckpt_here();
	ret = arch_prctl_here(ARCH_SHSTK_DISABLE, ARCH_SHSTK_SHSTK);
	CHECK_EQ(0, ret);
	return 0;
}

/* Its memory has a flag of its own: only a dry run comes to it itself. */
CKPT_TEST_F(x86_64, shadow_stack)
{
	refused_and_dry(_metadata, &self->app, "x86_64_shadow_stack",
			"mapping|has a shadow stack", "has a shadow stack");
}

/* No processor need have them for that. */
REFUSED(locked_choice_of_shadow_stacks, "shadow stacks")
{
	NEED((int)syscall(SYS_arch_prctl, ARCH_SHSTK_LOCK, ARCH_SHSTK_SHSTK));
	ckpt_here();
	CHECK_EQ(-1, syscall(SYS_arch_prctl, ARCH_SHSTK_ENABLE, ARCH_SHSTK_SHSTK));
	CHECK_EQ(EPERM, errno);
	return 0;
}

/* Mappings without an address stay below what 32-bit programs can name. */
NEVER_LOST(addresses_below_3_gigabytes)
{
	CHECK_OK(personality(ADDR_LIMIT_3GB));
	ckpt_here();
	CHECK_EQ(ADDR_LIMIT_3GB, personality(0xffffffff));
	return 0;
}

TEST_HARNESS_MAIN
#endif
