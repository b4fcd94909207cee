// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <stddef.h>
#include <stdio.h>

#include <sys/prctl.h>

#include "drop.h"
#include "format.h"

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

/* What is in each element of an array behind a body */
static const struct element {
	uint32_t type;
	size_t stride;
	size_t off;
	size_t size;
	const char *name;
} elements[] = {
#define ELEMENT(rec, struct_, field, name)				\
	{ CKPT_REC_##rec, sizeof(struct struct_), offsetof(struct struct_, field), \
	  sizeof(((struct struct_ *)0)->field), #rec "." name }
/* A siginfo_t: its macros hide where things are. */
#define INFO(off, size, name)						\
	{ CKPT_REC_PENDING, CKPT_SIGINFO_SIZE, off, size, "PENDING.infos." name }
	ELEMENT(FD_TABLE, ckpt_fd, flags, "fds.flags"),
	ELEMENT(SIGHAND, ckpt_sigaction, handler, "actions.handler"),
	ELEMENT(SIGHAND, ckpt_sigaction, flags, "actions.flags"),
	ELEMENT(SIGHAND, ckpt_sigaction, restorer, "actions.restorer"),
	ELEMENT(SIGHAND, ckpt_sigaction, mask, "actions.mask"),
	ELEMENT(TIMERS, ckpt_timer, value, "timers.value"),
	ELEMENT(TIMERS, ckpt_timer, expires_ns, "timers.expires_ns"),
	ELEMENT(TIMERS, ckpt_timer, interval_ns, "timers.interval_ns"),
	ELEMENT(TIMERS, ckpt_timer, overrun, "timers.overrun"),
	ELEMENT(TIMERS, ckpt_timer, overrun_last, "timers.overrun_last"),
	ELEMENT(PIPE, ckpt_pipe_buf, flags, "bufs.flags"),
	INFO(4, 4, "si_errno"),
	INFO(8, 4, "si_code"),
	INFO(16, CKPT_SIGINFO_SIZE - 16, "fields"),
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
		puts(elements[i].name);
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

static void drop_from_elements(struct image *img, const struct element *e)
{
	struct ckpt_record *rec;
	unsigned int nr = 0;
	size_t off;

	while ((rec = image_record(img, e->type, nr++))) {
		for (off = 0; off + e->stride <= array_len(rec); off += e->stride)
			memset(tail_of(rec) + off + e->off, 0, e->size);
	}
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
static bool drop_from_tails(struct image *img, const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_ELEMENTS; i++) {
		if (!strcmp(elements[i].name, name)) {
			drop_from_elements(img, &elements[i]);
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
	else if (name && drop_from_tails(img, name))
		image_fix(img);
	fd = image_fd(img, img->len);
	image_free(img);
	free(img);
	return fd;
}
