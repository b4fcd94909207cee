// SPDX-License-Identifier: GPL-2.0
/*
 * Forged images of timers, seccomp filters, syscall user dispatch and memory
 * policies
 *
 * As hostile_tasks_test.c: a forged image for each rule, and the words with which
 * it is refused.
 */
#include "calls.h"

#include <linux/filter.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <time.h>

#include "who.h"

CKPT_SUITE(hostile_policy);

#define OTHER_SIGNAL	SIGUSR2

/* ---- Timers ---- */

static struct ckpt_timer *timer(struct image *i, unsigned int nr)
{
	return (struct ckpt_timer *)record_tail(record_of(i, ROOT, CKPT_REC_TIMERS)) + nr;
}

/* The first timer of the model that has, or has not, all that is wanted */
static struct ckpt_timer *timer_with(struct image *i, uint32_t notify, uint32_t flags)
{
	struct ckpt_timers *timers = body_of(i, ROOT, CKPT_REC_TIMERS);
	unsigned int nr;

	for (nr = 0; nr < timers->nr; nr++) {
		if (timer(i, nr)->notify == notify && timer(i, nr)->flags == flags)
			return timer(i, nr);
	}
	return NULL;
}

CKPT_TEST_F(hostile_policy, timers_that_are_refused_when_an_image_is_read)
{
	static const char invalid[] = ": a field is not valid";
	struct app *app = &self->app;
	struct ckpt_timers *timers;

	NOT_PLAIN();
	prepare(_metadata, app);
#define TIMERS() (timers = body_of(&bad, ROOT, CKPT_REC_TIMERS))
	REFUSED_WITH("timers: wrong number", TIMERS()->next_id = 0x80000000);
	REFUSED_WITH("timers: wrong number", TIMERS()->nr++);
	REFUSED_WITH("timers: wrong number", TIMERS()->nr += 1U << 26);
	REFUSED_WITH(invalid, timer(&bad, 0)->id = 0x80000000);
	REFUSED_WITH(invalid, timer(&bad, 0)->notify |= 8);
	REFUSED_WITH(invalid, timer(&bad, 0)->flags |= 8);
	REFUSED_WITH(invalid, timer(&bad, 0)->signal = 65);
	REFUSED_WITH(invalid, timer(&bad, 0)->expires_ns = 1ULL << 63);
	REFUSED_WITH(invalid, timer(&bad, 0)->interval_ns = 1ULL << 63);
	REFUSED_WITH(invalid, timer(&bad, 0)->overrun = -2);
	REFUSED_WITH(invalid, timer(&bad, 0)->overrun_last = -2);
	REFUSED_WITH(invalid, timer(&bad, 0)->tid = task(&bad, PLAIN_THREAD)->pid);
	REFUSED_WITH(invalid, timer_with(&bad, SIGEV_THREAD_ID, 0)->tid = 0);
	finish(_metadata, app);
}

#define CPU_CLOCK(pid, which)	(~(pid) << 3 | (which))

CKPT_TEST_F(hostile_policy, timers_that_cannot_be_made)
{
	static const char none[] = ": cannot be made: -";
	static const int clock[] = { CLOCK_MONOTONIC_RAW, 12, 1000, 0x7fffffff, -1, -5 };
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, timer_with(&img, SIGEV_THREAD_ID, 0));
	for (i = 0; i < ARRAY_SIZE(clock); i++)
		REFUSED_WITH(none, timer(&bad, 0)->clock = clock[i]);
	REFUSED_WITH(none, timer(&bad, 1)->id = timer(&bad, 0)->id);
	REFUSED_WITH(none, timer(&bad, 0)->signal = 0);
	REFUSED_WITH(none, ({
		timer(&bad, 0)->notify = SIGEV_NONE | SIGEV_THREAD;
		timer(&bad, 0)->flags = 0;
	}));
	REFUSED_WITH(none, ({
		timer_with(&bad, SIGEV_THREAD_ID, 0)->notify = SIGEV_NONE | SIGEV_THREAD_ID;
	}));
	/* For a thread of another process, or none */
	REFUSED_WITH(none, ({
		timer_with(&bad, SIGEV_THREAD_ID, 0)->tid = task(&bad, ASLEEP)->pid;
	}));
	REFUSED_WITH(none, ({
		timer_with(&bad, SIGEV_THREAD_ID, 0)->tid = task(&bad, ENDED)->pid;
	}));
	REFUSED_WITH(none, timer_with(&bad, SIGEV_THREAD_ID, 0)->tid = NOBODY_HAS);
	REFUSED_WITH(none, ({
		timer(&bad, 0)->clock = CPU_CLOCK(task(&bad, ASLEEP)->pid, 6);
	}));
	finish(_metadata, app);
}

static struct ckpt_pending *add_info(struct image *i, int timer_id)
{
	struct ckpt_pending *pending;
	struct ckpt_record *rec;
	siginfo_t *info;

	if (image_add_padding(i, SOME_ROOM) ||
	    image_resize_tail(i, record_of(i, ROOT, CKPT_REC_PENDING), CKPT_SIGINFO_SIZE))
		return NULL;
	rec = record_of(i, ROOT, CKPT_REC_PENDING);
	pending = record_body(rec);
	info = (siginfo_t *)((char *)record_tail(rec) + rec->tail_len - CKPT_SIGINFO_SIZE);
	info->si_signo = OTHER_SIGNAL;
	info->si_code = SI_TIMER;
	info->si_timerid = timer_id;
	pending->nr_shared++;
	return pending;
}

/* Timers that have sent what they cannot send, or twice */
CKPT_TEST_F(hostile_policy, timers_that_fire_oddly)
{
	struct app *app = &self->app;
	struct ckpt_timer *t;
	unsigned int i, nr;
	uint32_t flags;

	NOT_PLAIN();
	prepare(_metadata, app);
	nr = ((struct ckpt_timers *)body_of(&img, ROOT, CKPT_REC_TIMERS))->nr;
	for (i = 0; i < nr; i++) {
		for (flags = 0; flags <= CKPT_TIMER_FLAGS; flags++)
			FORGED(MAY_RESTART, timer(&bad, i)->flags = flags,
			       "timer %u with flags %#x", i, flags);
		FORGED(MAY_RESTART, ASSERT_NE(NULL, add_info(&bad, timer(&bad, i)->id)),
		       "signal of timer %u", i);
		FORGED(MAY_RESTART, ({
			ASSERT_NE(NULL, add_info(&bad, timer(&bad, i)->id));
			ASSERT_NE(NULL, add_info(&bad, timer(&bad, i)->id));
		}), "signal of timer %u twice", i);
		FORGED(MAY_RESTART, ({
			timer(&bad, i)->overrun = ~0ULL >> 1;
			timer(&bad, i)->overrun_last = ~0ULL >> 1;
			timer(&bad, i)->interval_ns = 1;
			timer(&bad, i)->expires_ns = 1;
		}), "timer %u very often", i);
	}
	/* One that sends no signal has no signal to send. */
	FORGED(MAY_RESTART, ({
		t = timer_with(&bad, SIGEV_NONE, 0);
		t->signal = 0;
		t->flags = CKPT_TIMER_IGNORED;
	}), "%s", "no signal, ignored");
	FORGED(MAY_RESTART, ({
		t = timer_with(&bad, SIGEV_NONE, 0);
		t->signal = 0;
		ASSERT_NE(NULL, add_info(&bad, t->id));
	}), "%s", "no signal, pending");
	finish(_metadata, app);
}

CKPT_BODY(timer_without_signal)
{
	struct itimerspec spec = { .it_value = { 1000, 0 } };
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &spec, NULL));
	ckpt_here();
	sleep_ms(100);
	return 0;
}

/* There is no signal 0: whoever gets it must not be killed by another one. */
CKPT_TEST_F(hostile_policy, timer_that_sends_no_signal_and_has_sent_it)
{
	struct app *app = &self->app;
	struct ckpt_timer *t;

	NOT_PLAIN();
	app->below_init = true;
	ASSERT_EQ(0, hostile_capture(app, &img, "timer_without_signal"));
	EXPECT_EQ(RESTARTED, hostile_try(app, &img, img.len));
	EXPECT_STREQ("status 0\n", app->log);
	t = record_tail(image_record(&img, CKPT_REC_TIMERS, 0));
	ASSERT_EQ(SIGEV_NONE, t->notify);
	t->flags = CKPT_TIMER_IGNORED;
	EXPECT_TRUE(attempt(app, &img) == REFUSED || !strcmp(app->log, "status 0\n")) {
		TH_LOG("%s", app->log);
	}
	image_free(&img);
}

/* ---- Seccomp ---- */

static bool no_filters(void)
{
	return !record_of(&img, ROOT, CKPT_REC_SECCOMP);
}

static struct ckpt_record *filter(struct image *i, unsigned int nr)
{
	return image_record(i, CKPT_REC_SECCOMP_FILTER, nr);
}

#define FILTER(nr)	((struct ckpt_seccomp_filter *)record_body(filter(&bad, nr)))
#define SECCOMP(who)	((struct ckpt_seccomp *)body_of(&bad, who, CKPT_REC_SECCOMP))

/* Its program becomes @nr instructions long: the last one with all that follow. */
static int lengthen(struct image *i, unsigned int which, unsigned int nr)
{
	struct ckpt_seccomp_filter *f = record_body(filter(i, which));
	int more = nr - f->nr_insns;
	struct sock_filter *insn;

	if (image_resize_tail(i, filter(i, which), more * (int)sizeof(*insn)))
		return -1;
	f = record_body(filter(i, which));
	insn = record_tail(filter(i, which));
	for (; f->nr_insns < nr; f->nr_insns++)
		insn[f->nr_insns] = insn[f->nr_insns - 1];
	f->nr_insns = nr;
	return 0;
}

CKPT_TEST_F(hostile_policy, seccomp_filters_that_are_not_valid)
{
	static const char invalid[] = "seccomp filter: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (no_filters())
		SKIP(return, "no seccomp filters here");
	REFUSED_WITH(invalid, FILTER(0)->reserved = 1);
	REFUSED_WITH(invalid, FILTER(0)->flags = 4);
	REFUSED_WITH(invalid, FILTER(0)->nr_insns++);
	REFUSED_WITH(invalid, FILTER(1)->prev_id = STATE(ROOT)->mm_id);
	REFUSED_WITH(invalid, FILTER(1)->prev_id = filter(&bad, 1)->id);
	REFUSED_WITH(invalid, ASSERT_EQ(0, lengthen(&bad, 0, 0)));
	REFUSED_WITH(invalid, ({
		ASSERT_EQ(0, image_add_padding(&bad, SOME_ROOM));
		ASSERT_EQ(0, lengthen(&bad, 0, BPF_MAXINSNS + 1));
	}));
	FORGED(MAY_RESTART, ({
		ASSERT_EQ(0, image_add_padding(&bad, SOME_ROOM));
		ASSERT_EQ(0, lengthen(&bad, 0, BPF_MAXINSNS));
	}), "%s", "a long filter");
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_policy, seccomp_programs_that_the_kernel_must_not_run)
{
	static const char none[] = "seccomp filter: cannot be made: -";
	static const struct sock_filter first[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ~3U),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 0),
		BPF_STMT(BPF_ST, BPF_MEMWORDS),
		BPF_STMT(BPF_LDX | BPF_MEM, ~0U),
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32),
		BPF_STMT(BPF_JMP | BPF_JA, ~0U),
		BPF_STMT(BPF_JMP | BPF_JA, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255),
		BPF_STMT(0xffff, 0),
	};
	struct sock_filter *insn;
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (no_filters())
		SKIP(return, "no seccomp filters here");
	for (i = 0; i < ARRAY_SIZE(first); i++) {
		REFUSED_WITH(none, ({
			insn = record_tail(filter(&bad, 0));
			insn[0] = first[i];
		}));
	}
	/* It comes to no end. */
	REFUSED_WITH(none, ({
		insn = record_tail(filter(&bad, 0));
		insn[FILTER(0)->nr_insns - 1] = insn[0];
	}));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_policy, seccomp_modes_that_are_not_valid)
{
	static const char invalid[] = "seccomp: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (no_filters())
		SKIP(return, "no seccomp filters here");
	REFUSED_WITH(invalid, SECCOMP(ROOT)->mode = SECCOMP_MODE_DISABLED);
	REFUSED_WITH(invalid, SECCOMP(ROOT)->mode = SECCOMP_MODE_FILTER + 1);
	REFUSED_WITH(invalid, SECCOMP(ROOT)->mode = SECCOMP_MODE_STRICT);
	REFUSED_WITH(invalid, SECCOMP(ROOT)->filter_id = 0);
	REFUSED_WITH(invalid, SECCOMP(ROOT)->filter_id = STATE(ROOT)->mm_id);
	REFUSED_WITH(invalid, ({
		image_resize_tail(&bad, record_of(&bad, ROOT, CKPT_REC_SECCOMP), 8);
	}));
	finish(_metadata, app);
}

/* Those of a chain are made one after the other. */
CKPT_TEST_F(hostile_policy, seccomp_chains_that_cannot_be)
{
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (no_filters())
		SKIP(return, "no seccomp filters here");
	ASSERT_NE(NULL, filter(&img, ODD_FILTERS - 1));
	REFUSED_WITH("another task makes the one before it later", ({
		filter(&bad, 1)->owner = task_record(&bad, STOPPED)->id;
		filter(&bad, 0)->owner = task_record(&bad, ASLEEP)->id;
	}));
	/* One by one they are not too long. */
	REFUSED_WITH("the filters cannot be installed: -ENOMEM", ({
		ASSERT_EQ(0, image_add_padding(&bad, ODD_FILTERS * SOME_ROOM));
		for (i = 0; i < ODD_FILTERS; i++)
			ASSERT_EQ(0, lengthen(&bad, i, BPF_MAXINSNS));
	}));
	finish(_metadata, app);
}

static void lose_admin(void)
{
	change_caps(1ULL << CAP_SYS_ADMIN);
}

/* Without it nobody may filter a program that could gain privileges. */
CKPT_TEST_F(hostile_policy, seccomp_filters_without_the_right_to_them)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (no_filters())
		SKIP(return, "no seccomp filters here");
	app->joining = lose_admin;
	REFUSED_WITH("a filter without no_new_privs needs CAP_SYS_ADMIN",
		     forge_caps(&bad, 1ULL << CAP_SYS_ADMIN));
	app->joining = NULL;
	finish(_metadata, app);
}

/* ---- Syscall user dispatch ---- */

#define DISPATCH()	((struct ckpt_dispatch *)body_of(&bad, ASLEEP, CKPT_REC_DISPATCH))

CKPT_TEST_F(hostile_policy, dispatches_of_system_calls_that_are_not_valid)
{
	static const char invalid[] = "syscall user dispatch: a field is not valid";
	static const char none[] = "syscall user dispatch: range";
	/* They do not fit into the fields of a 32-bit kernel. */
	static const char too_high[] = "syscall user dispatch: ";
	struct app *app = &self->app;
	struct ckpt_dispatch *d;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (!record_of(&img, ASLEEP, CKPT_REC_DISPATCH))
		SKIP(return, "no syscall user dispatch here");
	REFUSED_WITH(invalid, DISPATCH()->mode = 0);
	REFUSED_WITH(invalid, DISPATCH()->mode = 3);
	REFUSED_WITH(invalid, DISPATCH()->reserved = 1);
	REFUSED_WITH(invalid, ({
		image_resize_tail(&bad, record_of(&bad, ASLEEP, CKPT_REC_DISPATCH), 8);
	}));
#define RANGE(m, from, length) ({					\
	d = DISPATCH();							\
	d->mode = m;							\
	d->offset = from;						\
	d->len = length;						\
})
	REFUSED_WITH(none, RANGE(1, 4096, 0));
	REFUSED_WITH(too_high, RANGE(1, 4096, -4096ULL));
	REFUSED_WITH(none, RANGE(2, 4096, 0));
	REFUSED_WITH(too_high, RANGE(2, 4096, -4096ULL));
	REFUSED_WITH(too_high, DISPATCH()->selector = 1ULL << 63);
	REFUSED_WITH(too_high, DISPATCH()->selector = ~0ULL);
	finish(_metadata, app);
}

/* ---- Memory policies ---- */

#define TASK_POLICY() \
	((struct ckpt_task_policy *)body_of(&bad, ASLEEP, CKPT_REC_TASK_POLICY))
#define RANGE_POLICY(of) \
	((struct ckpt_range_policy *)body_of(&bad, ASLEEP, CKPT_REC_##of##_POLICY))

/* Of one word, or none */
#define NODES(of, nodes) ({						\
	struct ckpt_record *__rec = record_of(&bad, ASLEEP, CKPT_REC_##of##_POLICY); \
	*(uint64_t *)record_tail(__rec) = nodes;			\
})
#define NO_NODES(of) \
	image_resize_tail(&bad, record_of(&bad, ASLEEP, CKPT_REC_##of##_POLICY), -8)

CKPT_TEST_F(hostile_policy, memory_policies_that_are_not_valid)
{
	static const char invalid[] = "memory policy: a field is not valid";
	static const char no_node[] = "is not there, or has no memory";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	if (!record_of(&img, ASLEEP, CKPT_REC_TASK_POLICY))
		SKIP(return, "no memory policies here");
	REFUSED_WITH(invalid, TASK_POLICY()->mode = MPOL_DEFAULT);
	REFUSED_WITH(invalid, TASK_POLICY()->mode = MPOL_LOCAL);
	REFUSED_WITH(invalid, TASK_POLICY()->mode = 7);
	REFUSED_WITH(invalid, TASK_POLICY()->mode = ~0U);
	REFUSED_WITH(invalid, TASK_POLICY()->mode |= 1 << 16);
	REFUSED_WITH(invalid, TASK_POLICY()->mode |= 1 << 13);
	REFUSED_WITH(invalid, TASK_POLICY()->mode |= MPOL_F_STATIC_NODES |
						     MPOL_F_RELATIVE_NODES);
	REFUSED_WITH(invalid, TASK_POLICY()->last_node = 1 << 15);
	REFUSED_WITH(invalid, TASK_POLICY()->weight = 256);
	REFUSED_WITH(invalid, TASK_POLICY()->reserved = 1);
	REFUSED_WITH(invalid, NO_NODES(TASK));
	REFUSED_WITH(invalid, image_resize_tail(&bad,
						record_of(&bad, ASLEEP, CKPT_REC_TASK_POLICY), 4));
	REFUSED_WITH(no_node, NODES(TASK, 1ULL << 63));
	REFUSED_WITH(no_node, NODES(TASK, ~0ULL));
	REFUSED_WITH(no_node, NODES(TASK, 0));
	REFUSED_WITH(no_node, image_resize_tail(&bad,
						record_of(&bad, ASLEEP, CKPT_REC_TASK_POLICY), 8));

	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->object_id = 0);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->object_id =
			      record_of(&bad, ROOT, CKPT_REC_MM)->id);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->start++);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->end++);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->end = RANGE_POLICY(VMA)->start);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->end = -4096ULL);
	REFUSED_WITH(invalid, RANGE_POLICY(VMA)->reserved = 1);
	REFUSED_WITH(invalid, NO_NODES(VMA));
	REFUSED_WITH(no_node, NODES(VMA, 1ULL << 63));
	REFUSED_WITH(no_node, RANGE_POLICY(VMA)->home_node = 1 << 20);
	REFUSED_WITH(no_node, RANGE_POLICY(VMA)->home_node = 0x80000000);
	REFUSED_WITH(invalid, ({
		RANGE_POLICY(VMA)->mode = MPOL_PREFERRED;
		RANGE_POLICY(VMA)->home_node = 0;
	}));
	/* It is where nothing is mapped. */
	REFUSED_WITH("cannot be set", ({
		RANGE_POLICY(VMA)->start = 4096;
		RANGE_POLICY(VMA)->end = 8192;
	}));

	REFUSED_WITH(invalid, RANGE_POLICY(SHMEM)->object_id = 0);
	REFUSED_WITH(invalid, RANGE_POLICY(SHMEM)->object_id =
			      RANGE_POLICY(VMA)->object_id);
	REFUSED_WITH(invalid, RANGE_POLICY(SHMEM)->start = 1);
	REFUSED_WITH(invalid, RANGE_POLICY(SHMEM)->end = 1ULL << 63);
	REFUSED_WITH(no_node, NODES(SHMEM, 1ULL << 63));
	finish(_metadata, app);
}

TEST_HARNESS_MAIN
