// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <elf.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdio.h>

#include <sys/prctl.h>

#include "drop.h"
#include "format.h"

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE			0x202
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE			65
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE		67
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS	77
#endif

#define NAMED(rec, struct_, field, name)				\
	{ CKPT_REC_##rec, FIELD_NUMBER, offsetof(struct struct_, field), \
	  sizeof(((struct struct_ *)0)->field), 0, #rec "." name }
#define MORE(rec, struct_, field)	NAMED(rec, struct_, field, #field)
/* Of text, the start */
#define TEXT(rec, struct_, field)					\
	{ CKPT_REC_##rec, FIELD_NUMBER, offsetof(struct struct_, field), \
	  sizeof(uint64_t), 0, #rec "." #field }

#define USAGE(of)							\
	MORE(TIMES, ckpt_times, of.nvcsw),				\
	MORE(TIMES, ckpt_times, of.nivcsw),				\
	MORE(TIMES, ckpt_times, of.min_flt),				\
	MORE(TIMES, ckpt_times, of.maj_flt)

#define IO(of)								\
	MORE(TIMES, ckpt_times, of.rchar),				\
	MORE(TIMES, ckpt_times, of.wchar),				\
	MORE(TIMES, ckpt_times, of.syscr),				\
	MORE(TIMES, ckpt_times, of.syscw),				\
	MORE(TIMES, ckpt_times, of.read_bytes),				\
	MORE(TIMES, ckpt_times, of.write_bytes),			\
	MORE(TIMES, ckpt_times, of.cancelled_write_bytes)

#define LIMIT(nr)							\
	MORE(RLIMITS, ckpt_rlimits, cur[nr]),				\
	MORE(RLIMITS, ckpt_rlimits, max[nr])

/*
 * What is of no use for forging, because any value is as good as any other. CPU
 * time of guests (gtime_ns) is missing: no machine of the tests has guests.
 */
static const struct field more[] = {
	TEXT(TASK, ckpt_task, comm),
	TEXT(UTS, ckpt_uts, nodename),
	TEXT(UTS, ckpt_uts, domainname),
	MORE(MM, ckpt_mm, dumpable),
	MORE(MM, ckpt_mm, membarrier),
	MORE(FILE, ckpt_file, mtime_sec),
	MORE(FILE, ckpt_file, mtime_nsec),
	MORE(SHMEM, ckpt_shmem, size),
	MORE(SHMEM, ckpt_shmem, flags),
	USAGE(task),
	USAGE(threads),
	USAGE(children),
	MORE(TIMES, ckpt_times, task.shown_utime_ns),
	MORE(TIMES, ckpt_times, task.shown_stime_ns),
	MORE(TIMES, ckpt_times, threads.utime_ns),
	MORE(TIMES, ckpt_times, threads.stime_ns),
	MORE(TIMES, ckpt_times, threads.runtime_ns),
	MORE(TIMES, ckpt_times, threads.shown_stime_ns),
	MORE(TIMES, ckpt_times, threads.in_blocks),
	MORE(TIMES, ckpt_times, threads.out_blocks),
	MORE(TIMES, ckpt_times, threads.maxrss),
	MORE(TIMES, ckpt_times, children.utime_ns),
	MORE(TIMES, ckpt_times, children.stime_ns),
	MORE(TIMES, ckpt_times, children.in_blocks),
	MORE(TIMES, ckpt_times, children.out_blocks),
	IO(io),
	IO(threads_io),
	MORE(SCHED, ckpt_sched, util_min),
	MORE(SCHED, ckpt_sched, util_max),
	MORE(SCHED, ckpt_sched, deadline_ns),
	MORE(SCHED, ckpt_sched, period_ns),
	MORE(SCHED, ckpt_sched, default_timer_slack_ns),
	LIMIT(0), LIMIT(1), LIMIT(2), LIMIT(3), LIMIT(4), LIMIT(5), LIMIT(6),
	LIMIT(7), LIMIT(8), LIMIT(9), LIMIT(10), LIMIT(11), LIMIT(12),
	LIMIT(13), LIMIT(14), LIMIT(15),
};

#define NR_MORE		(sizeof(more) / sizeof(more[0]))

/* What becomes of what is in tails: some of it cannot be nothing. */
enum how {
	ZERO,		/* of flags, one bit */
	IN_ORDER,	/* what new ones would get: 0, 1, 2 */
	OTHER,		/* more by @arg, but for 0 and 1 */
	FIRST_ONLY,	/* of a mask that is not empty, the first node or processor */
	NEIGHBOUR,	/* each two have changed places */
};

/* What is in each element of an array behind a body, or once if there is no stride */
static const struct element {
	uint32_t type;
	size_t stride;
	size_t off;
	size_t size;
	const char *name;
	enum how how;
	uint64_t arg;		/* of ZERO, its flags, or 0 if they are not dropped singly */
	uint32_t note;		/* of which set of registers, or 0 */
} elements[] = {
#define ELEMENT_HOW(rec, struct_, field, name, how, arg)		\
	{ rec, sizeof(struct struct_), offsetof(struct struct_, field),	\
	  sizeof(((struct struct_ *)0)->field), name, how, arg }
#define ELEMENT(rec, struct_, field, name)				\
	ELEMENT_HOW(CKPT_REC_##rec, struct_, field, #rec "." name, ZERO, 0)
#define FLAGS(rec, struct_, field, name, flags)				\
	ELEMENT_HOW(CKPT_REC_##rec, struct_, field, #rec "." name, ZERO, flags)
#define SEGMENT(field, how)						\
	ELEMENT_HOW(TYPE_OF_ARCH(CKPT_REC_ARCH_MM, CKPT_ARCH_X86_64),	\
		    ckpt_x86_segment, field, "ARCH_MM.segments." #field, how, 0)
/* Of nodes or processors, in words of 64 bits */
#define MASK(rec, name)							\
	{ CKPT_REC_##rec, 0, 0, 0, #rec "." name, FIRST_ONLY }
/* A siginfo_t: its macros hide where things are. */
#define INFO(off, size, name, how, arg)					\
	{ CKPT_REC_PENDING, CKPT_SIGINFO_SIZE, off, size, "PENDING.infos." name, \
	  how, arg }
/* Registers of programs with 64 bits, as in struct user_regs_struct */
#define GENERAL(nr, name)						\
	{ CKPT_REC_REGSET, 0, 8 * (nr), 8, "REGSET.general." name, ZERO, 0, NT_PRSTATUS }
#define XSTATE(off, size, name)						\
	{ CKPT_REC_REGSET, 0, off, size, "REGSET.xstate." name, ZERO, 0, NT_X86_XSTATE }
	ELEMENT_HOW(CKPT_REC_TASK, ckpt_pid, nr, "TASK.pids.nr", OTHER, 100),
	ELEMENT(FD_TABLE, ckpt_fd, flags, "fds.flags"),
	ELEMENT(SIGHAND, ckpt_sigaction, handler, "actions.handler"),
	ELEMENT(SIGHAND, ckpt_sigaction, flags, "actions.flags"),
	ELEMENT(SIGHAND, ckpt_sigaction, restorer, "actions.restorer"),
	ELEMENT(SIGHAND, ckpt_sigaction, mask, "actions.mask"),
	ELEMENT_HOW(CKPT_REC_TIMERS, ckpt_timer, id, "TIMERS.timers.id", IN_ORDER, 0),
	ELEMENT(TIMERS, ckpt_timer, clock, "timers.clock"),
	ELEMENT(TIMERS, ckpt_timer, notify, "timers.notify"),
	ELEMENT_HOW(CKPT_REC_TIMERS, ckpt_timer, signal, "TIMERS.timers.signal", OTHER, 1),
	ELEMENT(TIMERS, ckpt_timer, tid, "timers.tid"),
	FLAGS(TIMERS, ckpt_timer, flags, "timers.flags", CKPT_TIMER_FLAGS),
	ELEMENT(TIMERS, ckpt_timer, value, "timers.value"),
	ELEMENT(TIMERS, ckpt_timer, expires_ns, "timers.expires_ns"),
	ELEMENT(TIMERS, ckpt_timer, interval_ns, "timers.interval_ns"),
	ELEMENT(TIMERS, ckpt_timer, overrun, "timers.overrun"),
	ELEMENT(TIMERS, ckpt_timer, overrun_last, "timers.overrun_last"),
	ELEMENT_HOW(CKPT_REC_PIPE, ckpt_pipe_buf, len, "PIPE.bufs.len", NEIGHBOUR, 0),
	FLAGS(PIPE, ckpt_pipe_buf, flags, "bufs.flags",
	      CKPT_PIPE_PACKET | CKPT_PIPE_CAN_MERGE),
	INFO(0, 4, "si_signo", OTHER, 1),
	INFO(4, 4, "si_errno", ZERO, 0),
	INFO(8, 4, "si_code", ZERO, 0),
	INFO(16, CKPT_SIGINFO_SIZE - 16, "fields", ZERO, 0),
	ELEMENT(SECCOMP_FILTER, sock_filter, jt, "insns.jt"),
	ELEMENT(SECCOMP_FILTER, sock_filter, jf, "insns.jf"),
	ELEMENT(SECCOMP_FILTER, sock_filter, k, "insns.k"),
	MASK(SCHED, "affinity"),
	MASK(TASK_POLICY, "nodes"),
	MASK(VMA_POLICY, "nodes"),
	MASK(SHMEM_POLICY, "nodes"),
	SEGMENT(number, IN_ORDER),
	SEGMENT(base, ZERO),
	SEGMENT(limit, ZERO),
	SEGMENT(flags, ZERO),
	GENERAL(0, "r15"), GENERAL(1, "r14"), GENERAL(2, "r13"), GENERAL(3, "r12"),
	GENERAL(4, "rbp"), GENERAL(5, "rbx"), GENERAL(6, "r11"), GENERAL(7, "r10"),
	GENERAL(8, "r9"), GENERAL(9, "r8"), GENERAL(10, "rax"), GENERAL(11, "rcx"),
	GENERAL(12, "rdx"), GENERAL(13, "rsi"), GENERAL(14, "rdi"),
	GENERAL(15, "orig_rax"), GENERAL(16, "rip"), GENERAL(18, "eflags"),
	GENERAL(19, "rsp"), GENERAL(21, "fs_base"), GENERAL(22, "gs_base"),
	XSTATE(0, 2, "x87.control"),
	XSTATE(2, 2, "x87.status"),
	XSTATE(4, 1, "x87.tags"),
	XSTATE(6, 2, "x87.opcode"),
	XSTATE(8, 8, "x87.instruction"),
	XSTATE(16, 8, "x87.operand"),
	XSTATE(24, 4, "mxcsr"),
	XSTATE(32, 128, "x87.stack"),
	XSTATE(160, 256, "xmm"),
	XSTATE(576, 256, "ymm"),
	{ CKPT_REC_CRED, sizeof(uint32_t), 0, sizeof(uint32_t), "CRED.groups" },
	{ CKPT_REC_MM, sizeof(uint64_t), 0, sizeof(uint64_t), "MM.auxv" },
};

#define NR_ELEMENTS	(sizeof(elements) / sizeof(elements[0]))

/* Calls that a restart makes: without one of them nothing is zero, it is not there. */
static const struct call {
	uint32_t option;
	const char *name;
} calls[] = {
	{ PR_SET_PDEATHSIG, "PRCTLS.pdeathsig" },
	{ PR_SET_CHILD_SUBREAPER, "PRCTLS.child_subreaper" },
	{ PR_SET_NO_NEW_PRIVS, "PRCTLS.no_new_privs" },
	{ PR_SET_THP_DISABLE, "PRCTLS.thp_disable" },
	{ PR_MCE_KILL, "PRCTLS.mce_kill" },
	{ PR_SET_IO_FLUSHER, "PRCTLS.io_flusher" },
	{ PR_SET_MDWE, "PRCTLS.mdwe" },
	{ PR_SET_MEMORY_MERGE, "PRCTLS.memory_merge" },
	{ PR_TIMER_CREATE_RESTORE_IDS, "PRCTLS.timer_create_restore_ids" },
	{ PR_SET_SPECULATION_CTRL, "PRCTLS.speculation_ctrl" },
	{ PR_SET_TSC, "PRCTLS.tsc" },
};

#define NR_CALLS	(sizeof(calls) / sizeof(calls[0]))

/* All of them, or NULL behind the last */
static const struct field *nth_field(unsigned int nr)
{
	if (nr < nr_fields)
		return &fields[nr];
	return nr - nr_fields < NR_MORE ? &more[nr - nr_fields] : NULL;
}

/* The field of that name, and with a ":BIT" behind it what of it is dropped. */
static const struct field *find_field(const char *name, uint64_t *mask)
{
	size_t len = strcspn(name, ":");
	const struct field *field;
	unsigned int i;

	*mask = name[len] ? 1ULL << strtoul(name + len + 1, NULL, 0) : ~0ULL;
	for (i = 0; (field = nth_field(i)); i++) {
		if (strlen(field->name) == len &&
		    !strncmp(field->name, name, len))
			break;
	}
	return field;
}

/*
 * Of the stack's flags, the kernel never has any other one there. Advice not to
 * keep pages has effects that nobody can ask for.
 */
static bool is_never_seen(const struct field *field, unsigned int bit)
{
	return (!strcmp(field->name, "TASK_STATE.altstack_flags") && bit < 31) ||
	       (!strcmp(field->name, "FILE.advice") &&
		1U << bit == CKPT_FILE_NOREUSE);
}

static void print_bits(const struct field *field)
{
	unsigned int bit;

	for (bit = 0; bit < 8 * field->size; bit++) {
		if (field->arg >> bit & 1 && !is_never_seen(field, bit))
			printf("%s:%u\n", field->name, bit);
	}
}

static void print_element(const struct element *e)
{
	unsigned int bit;

	if (e->how != ZERO || !e->arg)
		puts(e->name);
	for (bit = 0; e->how == ZERO && bit < 8 * e->size && bit < 64; bit++) {
		if (e->arg >> bit & 1)
			printf("%s:%u\n", e->name, bit);
	}
}

void print_fields_to_drop(void)
{
	const struct field *field;
	unsigned int i;

	for (i = 0; (field = nth_field(i)); i++) {
		switch (field->kind) {
		case FIELD_FLAGS:
			print_bits(field);
			break;
		case FIELD_ENUM:
		case FIELD_ADDRESS:
		case FIELD_PID:
		case FIELD_NUMBER:
			puts(field->name);
			break;
		default:
			break;
		}
	}
	for (i = 0; i < NR_ELEMENTS; i++)
		print_element(&elements[i]);
	for (i = 0; i < NR_CALLS; i++)
		puts(calls[i].name);
}

static void drop_from_all(struct image *img, const struct field *field,
			  uint64_t mask)
{
	struct ckpt_record *rec;
	unsigned int nr = 0;

	while ((rec = image_record(img, field->type, nr++)))
		field_set(rec, field, field_get(rec, field) & ~mask);
	image_fix(img);
}

static uint8_t *tail_of(struct ckpt_record *rec)
{
	return (uint8_t *)(rec + 1) + rec->body_len;
}

/* Bytes of the array that a tail begins with */
static size_t array_len(const struct ckpt_record *rec)
{
	const struct ckpt_pipe *pipe = (const void *)(rec + 1);

	if (rec->type == CKPT_REC_PIPE)
		return pipe->nr_bufs * sizeof(struct ckpt_pipe_buf);
	return rec->tail_len;
}

/* All of it is where programs with 64 bits have it. */
static bool is_for_64_bits(const struct ckpt_regset *regs)
{
	return regs->note != NT_PRSTATUS || regs->size == 27 * sizeof(uint64_t);
}

/* The affinity and policies that there are have one processor or node at least. */
static void keep_first(uint8_t *tail, size_t len)
{
	bool any = false;
	size_t i;

	for (i = 0; i < len; i++)
		any |= tail[i];
	memset(tail, 0, len);
	if (len)
		tail[0] = any;
}

static void change_number(uint8_t *at, const struct element *e, unsigned int nr)
{
	uint64_t value = 0;

	memcpy(&value, at, e->size);
	if (e->how == IN_ORDER)
		value = nr;
	else if (value > 1)
		value += e->arg;
	memcpy(at, &value, e->size);
}

static void swap_with_next(uint8_t *at, const struct element *e)
{
	uint8_t other[8];

	memcpy(other, at + e->stride, e->size);
	memcpy(at + e->stride, at, e->size);
	memcpy(at, other, e->size);
}

static void drop_bits(uint8_t *at, size_t size, uint64_t mask)
{
	uint64_t value = 0;

	if (mask == ~0ULL) {
		memset(at, 0, size);
		return;
	}
	memcpy(&value, at, size);
	value &= ~mask;
	memcpy(at, &value, size);
}

static void change_element(const struct element *e, uint8_t *at, unsigned int nr,
			   unsigned int all, uint64_t mask)
{
	switch (e->how) {
	case ZERO:
		drop_bits(at, e->size, mask);
		break;
	case IN_ORDER:
	case OTHER:
		change_number(at, e, nr);
		break;
	case NEIGHBOUR:
		if (nr % 2 == 0 && nr + 1 < all)
			swap_with_next(at, e);
		break;
	case FIRST_ONLY:
		break;
	}
}

static void drop_from_record(const struct element *e, struct ckpt_record *rec,
			     uint64_t mask)
{
	const struct ckpt_regset *regs = (const void *)(rec + 1);
	size_t len = array_len(rec);
	unsigned int nr, all;

	if (e->how == FIRST_ONLY) {
		keep_first(tail_of(rec), len);
		return;
	}
	if (e->note && (e->note != regs->note || !is_for_64_bits(regs)))
		return;
	if (!e->stride) {
		if (e->off + e->size <= len)
			change_element(e, tail_of(rec) + e->off, 0, 1, mask);
		return;
	}
	all = len / e->stride;
	for (nr = 0; nr < all; nr++)
		change_element(e, tail_of(rec) + nr * e->stride + e->off, nr, all, mask);
}

static void drop_from_elements(struct image *img, const struct element *e,
			       uint64_t mask)
{
	struct ckpt_record *rec;
	unsigned int nr = 0;

	while ((rec = image_record(img, e->type, nr++)))
		drop_from_record(e, rec, mask);
}

/* What is left of the record's room becomes a record of nothing. */
static void cut_call(struct ckpt_record *rec, unsigned int nr)
{
	struct ckpt_prctls *body = (struct ckpt_prctls *)(rec + 1);
	struct ckpt_prctl *call = (struct ckpt_prctl *)tail_of(rec);

	_Static_assert(sizeof(*call) == sizeof(*rec), "it takes the room of a call");
	memmove(call + nr, call + nr + 1, (body->nr - nr - 1) * sizeof(*call));
	body->nr--;
	rec->tail_len -= sizeof(*call);
	rec->len -= sizeof(*call);
	rec = (struct ckpt_record *)((uint8_t *)rec + rec->len);
	*rec = (struct ckpt_record){ .type = CKPT_REC_PAD, .len = sizeof(*rec) };
}

static void drop_call(struct image *img, uint32_t option)
{
	struct ckpt_record *rec;
	unsigned int nr = 0, i;

	while ((rec = image_record(img, CKPT_REC_PRCTLS, nr++))) {
		const struct ckpt_prctls *body = (void *)(rec + 1);
		const struct ckpt_prctl *call = (void *)tail_of(rec);

		/* There may be several, which differ in their arguments. */
		for (i = body->nr; i-- > 0;) {
			if (call[i].option == option)
				cut_call(rec, i);
		}
	}
}

/* Of what has no place in a body; whether there is such a thing */
static bool drop_from_tails(struct image *img, const char *name, uint64_t mask)
{
	size_t len = strcspn(name, ":");
	unsigned int i;

	for (i = 0; i < NR_ELEMENTS; i++) {
		if (strlen(elements[i].name) == len &&
		    !strncmp(elements[i].name, name, len)) {
			drop_from_elements(img, &elements[i], mask);
			return true;
		}
	}
	for (i = 0; i < NR_CALLS; i++) {
		if (!strcmp(calls[i].name, name)) {
			drop_call(img, calls[i].option);
			return true;
		}
	}
	return false;
}

int drop_field(int image)
{
	const char *name = getenv(DROP_VARIABLE);
	const struct field *field;
	struct image *img;
	uint64_t mask = 0;
	int fd;

	img = calloc(1, sizeof(*img));
	if (!img)
		return -ENOMEM;
	if (image_load(img, image)) {
		free(img);
		return -EINVAL;
	}
	field = name ? find_field(name, &mask) : NULL;
	if (field)
		drop_from_all(img, field, mask);
	else if (name && drop_from_tails(img, name, mask))
		image_fix(img);
	fd = image_fd(img, img->len);
	image_free(img);
	free(img);
	return fd;
}
