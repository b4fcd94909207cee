// SPDX-License-Identifier: GPL-2.0
/*
 * What processors of x86 have beside the general registers: the components of
 * xsave, protection keys, segments and their bases, descriptor tables, debug
 * registers, ports, other ways into the kernel than the usual one
 *
 * regs_test has what every x86 has, User-Mode Linux as well. This is for
 * kernels that run on the processor themselves.
 */
#include "x86.h"

#if !defined(__x86_64__) && !defined(__i386__)
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for x86 only\n");
}
#else

#include "calls.h"
#include "format.h"
#include "hostile.h"
#include "proc.h"

#include <asm/ldt.h>
#include <cpuid.h>
#include <elf.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stddef.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define PAGE	4096UL

CKPT_SUITE_X86(x86);
CKPT_SUITE_V1(x86);

#define NEVER_LOST(name)	CKPT_NEVER_LOST(x86, name)
#define REFUSED(name, pattern)	CKPT_REFUSED(x86, name, pattern)

#ifdef __x86_64__
#define XSAVE		"xsave64"
#define FXSAVE		"fxsave64"
#define SSE_REGISTERS	16
#else
#define XSAVE		"xsave"
#define FXSAVE		"fxsave"
#define SSE_REGISTERS	8
#endif

/* ---- Components of xsave ---- */

enum component {
	X87, SSE, AVX, AVX512_MASKS = 5, AVX512_UPPER, AVX512_MORE, KEYS = 9,
};

#define AREA_SIZE	16384	/* more than what any processor has enabled */
#define HEADER		512	/* where xsave says what it has written */
#define MXCSR		24
#define MXCSR_END	32
#define X87_END		160
#define SSE_END		(160 + 16 * SSE_REGISTERS)

/* Written by assembly only, of which the compiler would see nothing */
unsigned char before[AREA_SIZE] __attribute__((aligned(64)));
unsigned char after[AREA_SIZE] __attribute__((aligned(64)));

static unsigned char has_xsave __attribute__((used));
static unsigned char has_avx __attribute__((used));
static uint64_t enabled;	/* components, as in XCR0 */

static const uint16_t x87_control __attribute__((used)) = 0x0c7f;
static const uint32_t mxcsr_loaded __attribute__((used)) = 0x7fa5;
static const uint32_t mxcsr_default __attribute__((used)) = 0x1f80;
static unsigned char vectors[32 * 64] __attribute__((used, aligned(64)));
static long double numbers[7] __attribute__((used));

static void find_components(void)
{
	unsigned int a, b, c, d, i;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return;
	has_xsave = 1;
	asm volatile("xgetbv" : "=a" (a), "=d" (d) : "c" (0));
	enabled = a | (uint64_t)d << 32;
	has_avx = !!(enabled & 1 << AVX);
	for (i = 0; i < sizeof(vectors); i++)
		vectors[i] = i * 37 + i / 64;
	for (i = 0; i < 7; i++)
		numbers[i] = 1.0L / (i + 3);
}

/*
 * All eight registers, one of them infinite, with the flag of the division by
 * zero, a result of a comparison, and a top that is not the first one.
 */
void load_x87(void);
asm(".pushsection .text\n"
    "load_x87:\n"
    "	fninit\n"
    "	fldcw " VAR(x87_control) "\n"
    "	fld1\n"
    "	fldz\n"
    "	fdivrp\n"
    ADDRESS(numbers, "ax")
#ifdef __x86_64__
    ".irp i, 0, 1, 2, 3, 4, 5, 6\n	fldt 16*\\i(%rax)\n.endr\n"
#else
    ".irp i, 0, 1, 2, 3, 4, 5, 6\n	fldt 12*\\i(%eax)\n.endr\n"
#endif
    "	fcom %st(1)\n"
    "	fincstp\n"
    "	fincstp\n"
    "	ret\n"
    ".popsection\n");

#ifdef __x86_64__
#define BASE	"(%rax)"
#define LOW_REGISTERS	"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"
#else
#define BASE	"(%eax)"
#define LOW_REGISTERS	"0, 1, 2, 3, 4, 5, 6, 7"
#endif

void load_sse(void);
asm(".pushsection .text\n"
    "load_sse:\n"
    "	ldmxcsr " VAR(mxcsr_loaded) "\n"
    ADDRESS(vectors, "ax")
    ".irp i, " LOW_REGISTERS "\n	movaps 64*\\i" BASE ", %xmm\\i\n.endr\n"
    "	ret\n"
    ".popsection\n");

void load_avx(void);
asm(".pushsection .text\n"
    "load_avx:\n"
    ADDRESS(vectors, "ax")
    ".irp i, " LOW_REGISTERS "\n	vmovaps 64*\\i" BASE ", %ymm\\i\n.endr\n"
    "	ret\n"
    ".popsection\n");

void load_avx512(void);
asm(".pushsection .text\n"
    "load_avx512:\n"
    ADDRESS(vectors, "ax")
    ".irp i, " LOW_REGISTERS "\n	vmovaps 64*\\i" BASE ", %zmm\\i\n.endr\n"
#ifdef __x86_64__
    ".irp i, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	vmovaps 64*\\i" BASE ", %zmm\\i\n"
    ".endr\n"
#endif
    ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n	kmovw 2*\\i" BASE ", %k\\i\n.endr\n"
    "	ret\n"
    ".popsection\n");

/* Of all keys but the first, which everything else has, one right or both */
#define SOME_RIGHTS	"0xb6db6d90"

void load_keys(void);
asm(".pushsection .text\n"
    "load_keys:\n"
    "	mov $" SOME_RIGHTS ", %eax\n"
    "	xor %ecx, %ecx\n"
    "	xor %edx, %edx\n"
    "	.byte 0x0f, 0x01, 0xef\n"	/* wrpkru */
    "	ret\n"
    ".popsection\n");

/* through(): loads, saves to before[], waits, saves to after[] */
void through(void (*load)(void));
asm(".pushsection .text\n"
    "save_state:\n"
    "	cmpb $0, " VAR(has_xsave) "\n"
    "	je 1f\n"
    "	mov $-1, %eax\n"
    "	mov $-1, %edx\n"
#ifdef __x86_64__
    "	" XSAVE " (%rdi)\n"
    "	ret\n"
    "1:	" FXSAVE " (%rdi)\n"
#else
    "	" XSAVE " (%edi)\n"
    "	ret\n"
    "1:	" FXSAVE " (%edi)\n"
#endif
    "	ret\n"
    "through:\n"
#ifdef __x86_64__
    "	sub $8, %rsp\n"
    "	call *%rdi\n"
#else
    "	push %edi\n"
    "	call *8(%esp)\n"
#endif
    ADDRESS(before, "di")
    "	call save_state\n"
    "	call *" VAR(point_wait) "\n"
    ADDRESS(after, "di")
    "	call save_state\n"
    "	fninit\n"
    "	ldmxcsr " VAR(mxcsr_default) "\n"
    "	cmpb $0, " VAR(has_avx) "\n"
    "	je 2f\n"
    "	vzeroupper\n"
#ifdef __x86_64__
    "2:	add $8, %rsp\n"
#else
    "2:	pop %edi\n"
#endif
    "	ret\n"
    ".popsection\n");

static int same_bytes(const char *what, size_t start, size_t end)
{
	size_t i;

	for (i = start; i < end && i < AREA_SIZE; i++) {
		if (before[i] == after[i])
			continue;
		ckpt_note("%s: byte %zu of %zu to %zu: %#x before, %#x after",
			  what, i, start, end, before[i], after[i]);
		return 1;
	}
	return 0;
}

/* Of a component that both have been loaded with */
static int same_component(enum component nr)
{
	unsigned int a, b, c, d;
	uint64_t saved;

	if (nr == X87)
		return same_bytes("x87", 0, MXCSR) ||
		       same_bytes("x87", MXCSR_END, X87_END);
	if (nr == SSE)
		return same_bytes("MXCSR", MXCSR, MXCSR_END) ||
		       same_bytes("SSE", X87_END, SSE_END);
	memcpy(&saved, before + HEADER, sizeof(saved));
	CHECK(saved & 1U << nr);
	memcpy(&saved, after + HEADER, sizeof(saved));
	CHECK(saved & 1U << nr);
	__cpuid_count(0xd, nr, a, b, c, d);
	return same_bytes("xsave", b, b + a);
}

#define HAS(nr)	(enabled & 1U << (nr))
#define NEED_COMPONENT(nr, name)					\
do {									\
	find_components();						\
	if (!HAS(nr))							\
		return ckpt_skip("this machine has no " name);		\
} while (0)

static int keeps_x87(enum point point)
{
	find_components();
	CHECK(!point_prepare(point));
	through(load_x87);
	CHECK(!same_component(X87));
	CHECK_EQ(x87_control, *(uint16_t *)before);
	CHECK(before[2] & 4);	/* divided by zero */
	return point_done();
}

static int keeps_sse(enum point point)
{
	find_components();
	CHECK(!point_prepare(point));
	through(load_sse);
	CHECK(!same_component(SSE));
	CHECK_EQ(mxcsr_loaded, *(uint32_t *)(before + MXCSR));
	return point_done();
}

static int keeps_avx(enum point point)
{
	NEED_COMPONENT(AVX, "AVX");
	CHECK(!point_prepare(point));
	through(load_avx);
	CHECK(!same_component(SSE));
	CHECK(!same_component(AVX));
	return point_done();
}

static int keeps_avx512(enum point point)
{
	NEED_COMPONENT(AVX512_MASKS, "AVX-512");
	CHECK(!point_prepare(point));
	through(load_avx512);
	CHECK(!same_component(SSE));
	CHECK(!same_component(AVX));
	CHECK(!same_component(AVX512_MASKS));
	CHECK(!same_component(AVX512_UPPER));
#ifdef __x86_64__
	CHECK(!same_component(AVX512_MORE));
#endif
	return point_done();
}

static int keeps_rights(enum point point)
{
	NEED_COMPONENT(KEYS, "protection keys");
	CHECK(!point_prepare(point));
	through(load_keys);
	return same_component(KEYS) || point_done();
}

static void load_all(void)
{
	load_x87();
	load_sse();
	if (HAS(AVX))
		load_avx();
	if (HAS(AVX512_MASKS))
		load_avx512();
	if (HAS(KEYS))
		load_keys();
}

static int keeps_all(enum point point)
{
	unsigned int nr;

	find_components();
	CHECK(!point_prepare(point));
	through(load_all);
	CHECK(!same_component(X87));
	CHECK(!same_component(SSE));
	for (nr = AVX; nr <= KEYS; nr++) {
		if ((HAS(nr) & before[HEADER] && nr < 8) || (HAS(nr) && nr == KEYS))
			CHECK(!same_component(nr));
	}
	return point_done();
}

#define AT_EACH_POINT(what)						\
CKPT_TEST(x86, what##_between_calls)					\
{									\
	return keeps_##what(POINT_BETWEEN_CALLS);			\
}									\
CKPT_TEST(x86, what##_in_user_mode)					\
{									\
	return keeps_##what(POINT_IN_USER_MODE);			\
}									\
CKPT_TEST(x86, what##_in_a_handler)					\
{									\
	return keeps_##what(POINT_IN_A_HANDLER);			\
}									\
CKPT_TEST_IN_CALL(x86, what##_in_a_call)				\
{									\
	return keeps_##what(POINT_IN_A_CALL);				\
}

AT_EACH_POINT(x87)
AT_EACH_POINT(sse)
AT_EACH_POINT(avx)
AT_EACH_POINT(avx512)
AT_EACH_POINT(rights)
AT_EACH_POINT(all)

/* Nothing was used yet: it is all in its first state, and stays so. */
static void load_nothing(void)
{
	asm volatile("fninit\n ldmxcsr %0" : : "m" (mxcsr_default));
}

CKPT_TEST(x86, registers_that_are_not_in_use)
{
	find_components();
	CHECK(!point_prepare(POINT_IN_USER_MODE));
	through(load_nothing);
	CHECK(!same_component(X87));
	CHECK(!same_component(SSE));
	return point_done();
}

/* A division by zero is reported by the next instruction that looks. */
static volatile int reported;
static volatile int reported_code;
static void on_division(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	reported++;
	reported_code = si->si_code;
#ifdef __x86_64__
	uc->uc_mcontext.fpregs->swd = 0;
#else
	uc->uc_mcontext.fpregs->sw = 0;
#endif
}

static const uint16_t x87_trapping __attribute__((used)) = 0x037b;

void divide_and_wait(void);
asm(".pushsection .text\n"
    "divide_and_wait:\n"
#ifdef __x86_64__
    "	sub $8, %rsp\n"
#endif
    "	fninit\n"
    "	fldcw " VAR(x87_trapping) "\n"
    "	fld1\n"
    "	fldz\n"
    "	fdivrp\n"
    "	call *" VAR(point_wait) "\n"
    "	fwait\n"
    "	fninit\n"
#ifdef __x86_64__
    "	add $8, %rsp\n"
#endif
    "	ret\n"
    ".popsection\n");

CKPT_TEST(x86, x87_exception_that_is_pending)
{
	struct sigaction sa = {
		.sa_sigaction = on_division, .sa_flags = SA_SIGINFO,
	};

	CHECK_OK(sigaction(SIGFPE, &sa, NULL));
	CHECK(!point_prepare(POINT_IN_USER_MODE));
	divide_and_wait();
	CHECK_EQ(1, reported);
	CHECK_EQ(FPE_FLTDIV, reported_code);
	return point_done();
}

/* As the kernel describes where it is; what a core dump has is the same. */
struct component_place {
	uint32_t type, size, offset, flags;
};

/* The record with the floating point state of the first task */
static struct ckpt_record *state_record(struct image *img)
{
	struct ckpt_record *rec;
	struct ckpt_regset *set;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_REGSET, n)); n++) {
		set = record_body(rec);
		if (set->note == NT_X86_XSTATE)
			return rec;
	}
	return NULL;
}

/* The place of AVX in it; the places are behind the state. */
static struct component_place *place_of_avx(struct ckpt_record *rec)
{
	struct ckpt_regset *set = record_body(rec);
	struct component_place *place = (void *)((char *)(set + 1) + set->size);
	uint32_t i;

	for (i = 0; i < (rec->tail_len - set->size) / sizeof(*place); i++) {
		if (place[i].type == AVX)
			return &place[i];
	}
	return NULL;
}

/*
 * The place of AVX becomes that of a part of AVX-512, which this processor has
 * not: refused by name if one of
 * its registers is in use, else there is nothing to lose.
 */
static void other_state(struct __test_metadata *_metadata, struct app *app,
			enum component nr, const char *name)
{
	struct component_place *place;
	struct ckpt_record *rec;
	static struct image img;
	unsigned char *state;
	uint64_t saved;

	if (app_plain())
		SKIP(return, "needs the system calls");
	find_components();
	if (!HAS(AVX) || HAS(nr))
		SKIP(return, "this machine has AVX-512, or not even AVX");
	ASSERT_EQ(0, hostile_capture(app, &img, "x86_registers_that_are_not_in_use"));
	rec = state_record(&img);
	ASSERT_NE(NULL, rec);
	place = place_of_avx(rec);
	ASSERT_NE(NULL, place);
	state = (unsigned char *)record_body(rec) + sizeof(struct ckpt_regset);
	memcpy(&saved, state + HEADER, sizeof(saved));
	saved = (saved & (1U << X87 | 1U << SSE)) | 1U << nr;
	memcpy(state + HEADER, &saved, sizeof(saved));
	place->type = nr;
	memset(state + place->offset, 0, place->size);

	state[place->offset + place->size - 1] = 1;
	image_fix(&img);
	EXPECT_EQ(REFUSED, hostile_try(app, &img, img.len));
	EXPECT_NE(NULL, strstr(app->log, name)) {
		TH_LOG("no '%s' in: %s", name, app->log);
	}

	state[place->offset + place->size - 1] = 0;
	image_fix(&img);
	close(app->image);
	app->image = image_fd(&img, img.len);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_EQ(0, app_wait(app));
	image_free(&img);
}

CKPT_TEST_F(x86, masks_of_another_processor)
{
	other_state(_metadata, &self->app, AVX512_MASKS, "AVX-512 opmask");
}

CKPT_TEST_F(x86, upper_halves_of_another_processor)
{
	other_state(_metadata, &self->app, AVX512_UPPER, "AVX-512 Hi256");
}

CKPT_TEST_F(x86, more_registers_of_another_processor)
{
	other_state(_metadata, &self->app, AVX512_MORE, "AVX-512 ZMM_Hi256");
}

/* ---- Protection keys ---- */

#define NEED_KEYS()							\
do {									\
	find_components();						\
	if (!HAS(KEYS))							\
		return ckpt_skip("this machine has no protection keys"); \
} while (0)

static sigjmp_buf out_of_fault;
static volatile int fault_code;
static volatile int fault_key;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	fault_code = si->si_code;
	fault_key = si->si_pkey;
	siglongjmp(out_of_fault, 1);
}

static unsigned int rights_of_all_keys(void)
{
	unsigned int rights, zero;

	asm volatile(".byte 0x0f, 0x01, 0xee"	/* rdpkru */
		     : "=a" (rights), "=d" (zero) : "c" (0));
	return rights;
}

static void set_rights_of_all_keys(unsigned int rights)
{
	asm volatile(".byte 0x0f, 0x01, 0xef"	/* wrpkru */
		     : : "a" (rights), "c" (0), "d" (0) : "memory");
}

/* The key that forbids a byte to be read, or written; -1 if none does. */
static int forbidding_key(volatile char *p, bool write)
{
	struct sigaction sa = {
		.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO,
	};

	unsigned int rights = rights_of_all_keys();

	sigaction(SIGSEGV, &sa, NULL);
	fault_key = -1;
	fault_code = 0;
	if (!sigsetjmp(out_of_fault, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
		return -1;
	}
	/* Handlers begin with those of a new program, and a jump keeps them. */
	set_rights_of_all_keys(rights);
	return fault_code == SEGV_PKUERR ? fault_key : -2;
}

static char *map_with_key(int key)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, key))
		return NULL;
	*p = 1;
	return p;
}

static int rights_are_kept(int key, char *p, unsigned int rights)
{
	CHECK_EQ(rights, pkey_get(key));
	CHECK_EQ(key, smaps_number(p, "ProtectionKey"));
	CHECK_EQ(rights & PKEY_DISABLE_ACCESS ? key : -1, forbidding_key(p, false));
	CHECK_EQ(rights ? key : -1, forbidding_key(p, true));
	return 0;
}

NEVER_LOST(mappings_with_keys)
{
	static const unsigned int rights[] = {
		0, PKEY_DISABLE_WRITE, PKEY_DISABLE_ACCESS,
	};
	int key[3], i;
	char *p[3];

	NEED_KEYS();
	for (i = 0; i < 3; i++) {
		key[i] = pkey_alloc(0, 0);
		NEED(key[i]);
		p[i] = map_with_key(key[i]);
		CHECK(p[i]);
		CHECK_OK(pkey_set(key[i], rights[i]));
		CHECK(!rights_are_kept(key[i], p[i], rights[i]));
	}
	ckpt_here();
	for (i = 0; i < 3; i++)
		CHECK(!rights_are_kept(key[i], p[i], rights[i]));
	return 0;
}

/* The kernel knows which keys are in use: with, and without a mapping. */
NEVER_LOST(keys_that_are_in_use)
{
	int used[3], i;

	NEED_KEYS();
	for (i = 0; i < 3; i++) {
		used[i] = pkey_alloc(0, 0);
		NEED(used[i]);
	}
	CHECK_OK(pkey_free(used[1]));
	ckpt_here();
	CHECK_EQ(used[1], pkey_alloc(0, 0));
	i = pkey_alloc(0, 0);
	CHECK_OK(i);
	CHECK(i != used[0] && i != used[1] && i != used[2]);
	CHECK_OK(pkey_free(used[0]));
	CHECK_OK(pkey_free(used[2]));
	CHECK_EQ(-1, pkey_free(used[2]));
	CHECK_EQ(EINVAL, errno);
	return 0;
}

NEVER_LOST(all_keys_are_in_use)
{
	NEED_KEYS();
	while (pkey_alloc(0, 0) >= 0)
		;
	CHECK_EQ(ENOSPC, errno);
	ckpt_here();
	CHECK_EQ(-1, pkey_alloc(0, 0));
	CHECK_EQ(ENOSPC, errno);
	return 0;
}

/* A key of the kernel's own, which is not to be read through */
static char *map_code(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	*p = (char)0xc3;	/* ret */
	return mprotect(p, PAGE, PROT_EXEC) ? NULL : p;
}

NEVER_LOST(mapping_that_may_only_be_executed)
{
	char *p, *more;
	int key;

	NEED_KEYS();
	p = map_code();
	CHECK(p);
	key = forbidding_key(p, false);
	if (key < 0)
		return ckpt_skip("it can be read as well");
	ckpt_here();
	((void (*)(void))p)();
	CHECK_EQ(key, forbidding_key(p, false));
	CHECK_EQ(key, smaps_number(p, "ProtectionKey"));
	/* It serves for the next one. */
	more = map_code();
	CHECK(more);
	CHECK_EQ(key, smaps_number(more, "ProtectionKey"));
	CHECK_EQ(-1, pkey_mprotect(p, PAGE, PROT_READ, key));
	return 0;
}

NEVER_LOST(each_process_has_its_own_rights)
{
	pid_t pid;
	char *p;
	int key;

	NEED_KEYS();
	key = pkey_alloc(0, PKEY_DISABLE_WRITE);
	NEED(key);
	CHECK_OK(pkey_set(key, 0));
	p = map_with_key(key);
	CHECK(p);
	CHECK_OK(pkey_set(key, PKEY_DISABLE_WRITE));
	SPAWN(pid, (pkey_set(key, PKEY_DISABLE_ACCESS),
		    ckpt_announce("child", "go.0"),
		    rights_are_kept(key, p, PKEY_DISABLE_ACCESS)));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!rights_are_kept(key, p, PKEY_DISABLE_WRITE));
	return ckpt_reap(pid);
}

/* Whoever allocates a key next may get that one, and its rights. */
static int map_with_freed_key(char **p)
{
	int key = pkey_alloc(0, 0);

	if (key < 0)
		return -1;
	*p = map_with_key(key);
	return *p && !pkey_free(key) ? key : -1;
}

REFUSED(mapping_with_a_freed_key, "its protection key has been freed")
{
	char *p;
	int key;

	NEED_KEYS();
	key = map_with_freed_key(&p);
	CHECK_OK(key);
	ckpt_here();
	CHECK_EQ(key, smaps_number(p, "ProtectionKey"));
	CHECK_EQ(key, pkey_alloc(0, 0));
	return rights_are_kept(key, p, 0);
}

/* Nobody can touch it anyway, but its key would be somebody's again. */
REFUSED(reserved_memory_with_a_freed_key, "its protection key has been freed")
{
	char *p;
	int key;

	NEED_KEYS();
	key = pkey_alloc(0, 0);
	NEED(key);
	p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_OK(pkey_mprotect(p, PAGE, PROT_NONE, key));
	CHECK_OK(pkey_free(key));
	ckpt_here();
	CHECK_EQ(key, smaps_number(p, "ProtectionKey"));
	return 0;
}

/* Allocated again, it is the mapping's as before. */
CKPT_TEST(x86, mapping_with_a_key_that_was_freed_and_allocated_again)
{
	char *p;
	int key;

	NEED_KEYS();
	key = map_with_freed_key(&p);
	CHECK_OK(key);
	CHECK_EQ(key, pkey_alloc(0, PKEY_DISABLE_WRITE));
	ckpt_here();
	CHECK(pkey_alloc(0, 0) != key);
	return rights_are_kept(key, p, PKEY_DISABLE_WRITE);
}

/*
 * What may only be executed has a key of the kernel's own as a rule, which nobody
 * allocates. This one has another, which was freed.
 */
NEVER_LOST(code_with_a_freed_key)
{
	int key[2];
	char *p;

	NEED_KEYS();
	key[0] = pkey_alloc(0, 0);
	key[1] = pkey_alloc(0, 0);
	CHECK(key[0] > 0 && key[1] > 0);
	p = map_code();
	CHECK(p);
	CHECK_OK(pkey_mprotect(p, PAGE, PROT_EXEC, key[1]));
	CHECK_OK(pkey_free(key[0]));
	CHECK_OK(pkey_free(key[1]));
	CHECK_EQ(key[1], smaps_number(p, "ProtectionKey"));
	ckpt_here();
	((void (*)(void))p)();
	CHECK_EQ(key[1], smaps_number(p, "ProtectionKey"));
	CHECK_EQ(-1, forbidding_key(p, false));
	return 0;
}

/* ---- Ports, breakpoints and what else is refused ---- */

static int out_to_a_port(void)
{
	outb(0, 0x80);
	return 0;
}

REFUSED(some_ports, "I/O permissions")
{
	NEED(ioperm(0x80, 1, 1));
	ckpt_here();
	return out_to_a_port();
}

REFUSED(all_ports, "I/O permissions")
{
	NEED(iopl(3));
	ckpt_here();
	return out_to_a_port();
}

CKPT_BODY(x86_no_ports)
{
	ckpt_here();
	return 0;
}

/* Who joins keeps what no image has. */
CKPT_TEST_F(x86, ports_of_who_joins)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "x86_no_ports"));
	if (ioperm(0x80, 1, 1))
		SKIP(return, "no ioperm()");
	ASSERT_NE(0, app_restart(app));
	EXPECT_NE(NULL, strstr(app->log, "has I/O permissions")) {
		TH_LOG("%s", app->log);
	}
	ASSERT_EQ(0, ioperm(0x80, 1, 0));
	ASSERT_EQ(0, app_restart(app));
	ASSERT_EQ(0, app_finish(app));
}

NEVER_LOST(ports_that_were_given_back)
{
	NEED(ioperm(0x80, 1, 1));
	CHECK_OK(ioperm(0x80, 1, 0));
	ckpt_here();
	return 0;
}

static int set_debug_register(pid_t pid, int nr, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid,
		      offsetof(struct user, u_debugreg) + nr * sizeof(long),
		      value);
}

static char watched[8] __attribute__((aligned(8)));

/* A tracer has set it and gone. */
CKPT_BODY(x86_hardware_breakpoint)
{
	int status;
	pid_t pid;

	SPAWN(pid, (ckpt_wait_for("go.0"), 0));
	CHECK_OK(ptrace(PTRACE_ATTACH, pid, 0, 0));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_OK(set_debug_register(pid, 0, (unsigned long)watched));
	NEED(set_debug_register(pid, 7, 0x10001));	/* for writing */
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
	ckpt_here();
	return ckpt_reap(pid);
}

/* The kernel has it as an event of perf, too: only a dry run comes to it itself. */
CKPT_TEST_F(x86, hardware_breakpoint)
{
	refused_and_dry(_metadata, &self->app, "x86_hardware_breakpoint",
			"hardware breakpoints|perf events", "has hardware breakpoints");
}

/* The same, of one's own accord */
REFUSED(watched_memory, "perf events")
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W, .bp_addr = (unsigned long)watched,
		.bp_len = HW_BREAKPOINT_LEN_4, .exclude_kernel = 1,
	};
	uint64_t count = 0;
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	NEED(fd);
	ckpt_here();
	*(volatile int *)watched = 1;
	CHECK_EQ(8, read(fd, &count, sizeof(count)));
	CHECK_EQ(1, count);
	return 0;
}

#ifndef ARCH_CPUID
#define ARCH_CPUID	0x1012
#endif

REFUSED(faulting_cpuid, "CPUID")
{
	NEED(syscall(SYS_arch_prctl, ARCH_CPUID, 0));
	ckpt_here();
	CHECK_EQ(0, syscall(SYS_arch_prctl, ARCH_CPUID - 1, 0));
	return 0;
}

static volatile char dispatch __attribute__((aligned(8)));
static volatile int dispatched;
static void on_dispatch(int sig)
{
	dispatch = 0;
	dispatched++;
}

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH	59
#endif

NEVER_LOST(system_calls_dispatched_to_oneself)
{
	signal(SIGSYS, on_dispatch);
	NEED(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &dispatch));
	dispatch = 1;
	getppid();
	CHECK_EQ(1, dispatched);
	ckpt_here();
	dispatch = 1;
	getppid();
	CHECK_EQ(2, dispatched);
	return 0;
}

/* A system call whose place is known */
long call_of_ours(void);
extern char end_of_ours[] __attribute__((visibility("hidden")));
asm(".pushsection .text\n"
    ".globl call_of_ours, end_of_ours\n"
    ".hidden call_of_ours, end_of_ours\n"
    "call_of_ours:\n"
#ifdef __x86_64__
    "	mov $39, %eax\n"	/* getpid */
    "	syscall\n"
#else
    "	mov $20, %eax\n"
    "	int $0x80\n"
#endif
    "	ret\n"
    "end_of_ours:\n"
    "	nop\n"
    ".popsection\n");

static int dispatch_at(unsigned long mode, volatile char *selector)
{
	unsigned long start = (unsigned long)call_of_ours;

	signal(SIGSYS, on_dispatch);
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, start,
		     (unsigned long)end_of_ours - start, selector);
}

/* All of them but our own */
static int others_are_dispatched(void)
{
	int n = dispatched, pid = getpid(), ret;

	dispatch = 1;
	ret = call_of_ours();
	CHECK_EQ(n, dispatched);
	CHECK_EQ(pid, ret);
	getppid();
	CHECK_EQ(n + 1, dispatched);
	return 0;
}

CKPT_TEST(x86, system_calls_dispatched_but_for_a_range)
{
	NEED(dispatch_at(1, &dispatch));
	CHECK(!others_are_dispatched());
	ckpt_here();
	return others_are_dispatched();
}

static int ours_is_dispatched(void)
{
	int n = dispatched;

	call_of_ours();
	CHECK_EQ(n + 1, dispatched);
	getppid();
	CHECK_EQ(n + 1, dispatched);
	return 0;
}

CKPT_TEST(x86, system_calls_dispatched_in_a_range)
{
	NEED(dispatch_at(2, NULL));
	CHECK(!ours_is_dispatched());
	ckpt_here();
	return ours_is_dispatched();
}

/* ---- Segments ---- */

static int modify_ldt(int func, void *desc, unsigned long len)
{
	/* Its result is an int, whatever the register says. */
	return (int)syscall(SYS_modify_ldt, func, desc, len);
}

static const struct user_desc ldt_entry = {
	.entry_number = 2, .base_addr = 0x12345678, .limit = 0x123,
	.seg_32bit = 1, .useable = 1,
};

#define LDT_SELECTOR(nr)	((nr) * 8 + 7)

static int read_ldt(char *table, size_t size)
{
	memset(table, 0, size);
	return modify_ldt(0, table, size);
}

CKPT_TEST(x86, local_descriptor_table)
{
	char table[2][4096];

	NEED(modify_ldt(0x11, (void *)&ldt_entry, sizeof(ldt_entry)));
	CHECK_EQ(0x123, segment_limit(LDT_SELECTOR(2)));
	CHECK_OK(read_ldt(table[0], sizeof(table[0])));
	ckpt_here();
	CHECK_EQ(0x123, segment_limit(LDT_SELECTOR(2)));
	CHECK_EQ(-1, segment_limit(LDT_SELECTOR(1)));
	CHECK_OK(read_ldt(table[1], sizeof(table[1])));
	CHECK(!memcmp(table[0], table[1], sizeof(table[0])));
	return 0;
}

NEVER_LOST(local_descriptor_tables_of_two_processes)
{
	struct user_desc other = ldt_entry;
	pid_t pid;

	NEED(modify_ldt(0x11, (void *)&ldt_entry, sizeof(ldt_entry)));
	other.limit = 0x456;
	SPAWN(pid, (modify_ldt(0x11, &other, sizeof(other)),
		    ckpt_announce("child", "go.0"),
		    segment_limit(LDT_SELECTOR(2)) != 0x456));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0x123, segment_limit(LDT_SELECTOR(2)));
	return ckpt_reap(pid);
}

/* To set all would take long: each time the table is made anew. */
NEVER_LOST(largest_local_descriptor_table)
{
	struct user_desc desc = ldt_entry;
	int i;

	for (i = LDT_ENTRIES - 1; i >= 0; i -= 91) {
		desc.entry_number = i;
		desc.limit = i;
		NEED(modify_ldt(0x11, &desc, sizeof(desc)));
	}
	ckpt_here();
	for (i = LDT_ENTRIES - 1; i >= 0; i--)
		CHECK_EQ((LDT_ENTRIES - 1 - i) % 91 ? -1 : i,
			 segment_limit(LDT_SELECTOR(i)));
	return 0;
}

/* Set and taken back: the table is there, but says nothing. */
NEVER_LOST(empty_local_descriptor_table)
{
	struct user_desc none = { .entry_number = 2 };

	NEED(modify_ldt(0x11, (void *)&ldt_entry, sizeof(ldt_entry)));
	CHECK_OK(modify_ldt(1, &none, sizeof(none)));
	CHECK_EQ(-1, segment_limit(LDT_SELECTOR(2)));
	ckpt_here();
	CHECK_EQ(-1, segment_limit(LDT_SELECTOR(2)));
	return 0;
}

/* ---- Flags ---- */

/* Each instruction of a program that traces itself is a signal. */
static volatile unsigned long steps;
static void on_step(int sig)
{
	steps++;
}

void set_flags(unsigned long flags);
unsigned long get_flags(void);
asm(".pushsection .text\n"
#ifdef __x86_64__
    "set_flags:	push %rdi\n	popfq\n	ret\n"
    "get_flags:	pushfq\n	pop %rax\n	ret\n"
#else
    "set_flags:	push 4(%esp)\n	popf\n	ret\n"
    "get_flags:	pushf\n	pop %eax\n	ret\n"
#endif
    ".popsection\n");

#define TRAP_FLAG	0x100UL
#define ALIGNMENT_FLAG	0x40000UL
#define ID_FLAG		0x200000UL

CKPT_BODY(steps)
{
	unsigned long seen;

	signal(SIGTRAP, on_step);
	set_flags(get_flags() | TRAP_FLAG);
	ckpt_here();
	seen = steps;
	(void)*(volatile char *)&steps;
	CHECK(steps > seen);
	set_flags(get_flags() & ~TRAP_FLAG);
	seen = steps;
	(void)*(volatile char *)&steps;
	CHECK_EQ(seen, steps);
	return 0;
}

/* Each step changes memory, so the oracle has nothing to compare. */
CKPT_TEST_F(x86, program_that_steps_through_itself)
{
	struct app *app = &self->app;

	ASSERT_EQ(0, app_capture(app, "steps"));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	if (app_plain())
		app_thaw(app);
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST(x86, flags_that_any_program_may_set)
{
	unsigned long flags = get_flags(), got;

	set_flags(flags | ID_FLAG);
	CHECK(get_flags() & ID_FLAG);
	ckpt_here();
	got = get_flags();
	set_flags(flags);
	CHECK(got & ID_FLAG);
	return 0;
}

static sigjmp_buf out_of_access;
static void on_access(int sig)
{
	/* Handlers have it, too. */
	set_flags(get_flags() & ~ALIGNMENT_FLAG);
	siglongjmp(out_of_access, 1);
}

static void no_wait(void)
{
}

/* Only in assembly: the C library has accesses that are not aligned. */
void wait_aligned(void *p);
asm(".pushsection .text\n"
    "wait_aligned:\n"
#ifdef __x86_64__
    "	push %rbx\n"
    "	mov %rdi, %rbx\n"
    "	pushfq\n	orq $0x40000, (%rsp)\n	popfq\n"
    "	call *" VAR(point_wait) "\n"
    "	movl 1(%rbx), %eax\n"
    "	pushfq\n	andq $~0x40000, (%rsp)\n	popfq\n"
    "	pop %rbx\n"
#else
    "	push %ebx\n"
    "	mov 8(%esp), %ebx\n"
    "	pushf\n	orl $0x40000, (%esp)\n	popf\n"
    "	call *" VAR(point_wait) "\n"
    "	movl 1(%ebx), %eax\n"
    "	pushf\n	andl $~0x40000, (%esp)\n	popf\n"
    "	pop %ebx\n"
#endif
    "	ret\n"
    ".popsection\n");

CKPT_TEST(x86, accesses_that_must_be_aligned)
{
	static uint64_t words[2];

	signal(SIGBUS, on_access);
	point_wait = no_wait;
	if (!sigsetjmp(out_of_access, 1)) {
		wait_aligned(words);
		return ckpt_skip("this machine does not check");
	}
	CHECK(!point_prepare(POINT_IN_USER_MODE));
	if (!sigsetjmp(out_of_access, 1)) {
		wait_aligned(words);
		CHECK(!"it was not checked");
	}
	CHECK(!(get_flags() & ALIGNMENT_FLAG));
	return point_done();
}

TEST_HARNESS_MAIN
#endif
