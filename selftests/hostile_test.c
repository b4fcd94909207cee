// SPDX-License-Identifier: GPL-2.0
/*
 * Where an image could be used to take over a machine: one test for each way
 *
 * The order is that of likelihood. All checksums are right: it is the checks of
 * the content that are tested. What the tests of damaged images (image_test.c)
 * have already, like registers, is not repeated. Memory that goes where it must
 * not is in hostile_memory_test.c; what a plain user could gain, in
 * hostile_user_test.c.
 */
#include "calls.h"

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "who.h"

CKPT_SUITE(hostile);

/* ---- 1. The graph of objects ---- */

/* Every reference, to one object of every other type, and to none. */
CKPT_TEST_F(hostile, references_to_objects_of_another_type)
{
	struct app *app = &self->app;
	unsigned int i, k, tried = 0;
	struct ckpt_record *rec;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];
		uint64_t done = 0;

		if (f->kind != FIELD_ID || !image_record(&img, f->type, 0))
			continue;
		for (k = 0; k < img.nr; k++) {
			struct ckpt_record *other = (void *)(img.data + img.part[k].off);

			if (img.part[k].kind != PART_RECORD || !other->id ||
			    other->type == f->arg || other->type >= 64 ||
			    done & 1ULL << other->type)
				continue;
			done |= 1ULL << other->type;
			tried++;
			FORGED(MUST_REFUSE, ({
				rec = image_record(&bad, f->type, 0);
				field_set(rec, f, other->id);
			}), "%s is an object of type %u", f->name, other->type);
		}
	}
	EXPECT_LT(20, tried);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile, references_to_objects_that_come_later)
{
	struct app *app = &self->app;
	struct ckpt_record *rec, *later, *r;
	unsigned int i, n;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];

		if (f->kind != FIELD_ID)
			continue;
		rec = image_record(&img, f->type, 0);
		/* The last of the right type, if it is behind the first user. */
		for (n = 0, later = NULL; (r = image_record(&img, f->arg, n)); n++)
			later = r;
		if (!rec || !later || later <= rec)
			continue;
		FORGED(MUST_REFUSE, field_set(image_record(&bad, f->type, 0), f, later->id),
		       "%s refers forward to %u", f->name, later->id);
	}
	finish(_metadata, app);
}

CKPT_TEST_F(hostile, ids_that_are_used_twice)
{
	struct app *app = &self->app;
	unsigned int i, k;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < img.nr; i++) {
		struct ckpt_record *one = (void *)(img.data + img.part[i].off);

		if (img.part[i].kind != PART_RECORD || !one->id || one->type == CKPT_REC_TASK)
			continue;
		for (k = i + 1; k < img.nr; k++) {
			struct ckpt_record *two = (void *)(img.data + img.part[k].off);

			if (img.part[k].kind != PART_RECORD || !two->id)
				continue;
			FORGED(MUST_REFUSE, ({
				two = (void *)(bad.data + img.part[k].off);
				two->id = one->id;
			}), "id %u twice", one->id);
			break;
		}
	}
	finish(_metadata, app);
}

/* Records whose owner is no task, or another one than the first. */
CKPT_TEST_F(hostile, owners_that_are_none)
{
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < img.nr; i++) {
		struct ckpt_record *rec = (void *)(img.data + img.part[i].off);
		uint32_t no_task = 0, k;

		if (img.part[i].kind != PART_RECORD || !rec->owner ||
		    rec->type == CKPT_REC_VMA)
			continue;
		for (k = 0; k < img.nr && !no_task; k++) {
			struct ckpt_record *r = (void *)(img.data + img.part[k].off);

			if (img.part[k].kind == PART_RECORD && r->id && r->type != CKPT_REC_TASK)
				no_task = r->id;
		}
		FORGED(MUST_REFUSE, ({
			rec = (void *)(bad.data + img.part[i].off);
			rec->owner = no_task;
		}), "record of type %u is owned by object %u", rec->type, no_task);
	}
	finish(_metadata, app);
}

/* ---- 2. Counts and lengths ---- */

CKPT_TEST_F(hostile, counts_at_the_limits)
{
	static const uint64_t limit[] = {
		0x7fffffff, 0x80000000, 0xffffffff, 0x10000000, 0x15555556,
		0x1fffffff, 0x20000000, 0x40000000, 0xfffffff9,
	};
	struct app *app = &self->app;
	unsigned int i, k;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];
		struct ckpt_record *rec = image_record(&img, f->type, 0);
		uint64_t old;

		if (f->kind != FIELD_COUNT || !rec)
			continue;
		old = field_get(rec, f);
		for (k = 0; k < ARRAY_SIZE(limit); k++)
			FORGED(MUST_REFUSE,
			       field_set(image_record(&bad, f->type, 0), f, limit[k]),
			       "%s = %#llx", f->name, (unsigned long long)limit[k]);
		FORGED(MUST_REFUSE, field_set(image_record(&bad, f->type, 0), f, old + 1),
		       "%s is one more than there are", f->name);
		if (old)
			FORGED(MUST_REFUSE,
			       field_set(image_record(&bad, f->type, 0), f, old - 1),
			       "%s is one less than there are", f->name);
	}
	finish(_metadata, app);
}

/* The tail is larger, and the count says so: too many of everything. */
CKPT_TEST_F(hostile, tails_that_are_consistently_wrong)
{
	struct app *app = &self->app;
	struct ckpt_record *rec;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];

		if (f->kind != FIELD_COUNT || !f->arg || !image_record(&img, f->type, 0))
			continue;
		ASSERT_EQ(0, image_copy(&bad, &img));
		rec = image_record(&bad, f->type, 0);
		if (!image_resize_tail(&bad, rec, f->arg)) {
			rec = image_record(&bad, f->type, 0);
			field_set(rec, f, field_get(rec, f) + 1);
			/* One zero entry more: some may be good, none may hurt. */
			EXPECT_GT(NO_REASON, attempt(app, &bad)) {
				TH_LOG("%s one more", f->name);
			}
		}
		free(bad.data);
		ASSERT_EQ(0, image_copy(&bad, &img));
		rec = image_record(&bad, f->type, 0);
		if (field_get(rec, f) && !image_resize_tail(&bad, rec, -(int)f->arg)) {
			rec = image_record(&bad, f->type, 0);
			field_set(rec, f, field_get(rec, f) - 1);
			EXPECT_GT(NO_REASON, attempt(app, &bad)) {
				TH_LOG("%s one less", f->name);
			}
		}
		free(bad.data);
	}
	finish(_metadata, app);
}

CKPT_TEST_F(hostile, names_without_an_end_or_with_two)
{
	struct app *app = &self->app;
	struct ckpt_record *rec;
	char *path;

	NOT_PLAIN();
	prepare(_metadata, app);
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_FILE, 0);
		path = record_tail(rec);
		path[rec->tail_len - 1] = 'x';
	}), "%s", "path without NUL");
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_FILE, 0);
		path = record_tail(rec);
		path[rec->tail_len / 2] = '\0';
	}), "%s", "path with a NUL in the middle");
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_FILE, 0);
		*(char *)record_tail(rec) = 'x';
	}), "%s", "path that is not absolute");
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_FS, 0);
		path = record_tail(rec);
		path[rec->tail_len - 1] = 'x';
	}), "%s", "directory without NUL");
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_TASK, 0);
		memset(((struct ckpt_task *)record_body(rec))->comm, 'x', 16);
	}), "%s", "task name without NUL");
	FORGED(MUST_REFUSE, ({
		rec = image_record(&bad, CKPT_REC_UTS, 0);
		memset(((struct ckpt_uts *)record_body(rec))->nodename, 'x', CKPT_UTS_LEN);
	}), "%s", "host name without NUL");
	finish(_metadata, app);
}

/* ---- 5. Credentials and what comes with them ---- */

/* What the caller loses */
#define LOST	(1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP | \
		 1ULL << CAP_SYS_MODULE)

static const char not_his[] = "cannot be taken by the restarting process";

static int add_group(struct image *i, unsigned int nr)
{
	struct ckpt_cred *cred = record_body(image_record(i, CKPT_REC_CRED, nr));

	cred->nr_groups++;
	return image_resize_tail(i, image_record(i, CKPT_REC_CRED, nr), sizeof(uint32_t));
}

/*
 * The caller has lost some rights; the image brings them back. All credentials
 * of the image are what the caller can give, those of tasks and those of files,
 * but for one thing.
 */
CKPT_TEST_F(hostile, credentials_that_the_caller_cannot_give)
{
	struct app *app = &self->app;
	struct ckpt_cred *cred;
	unsigned int nr;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, change_caps(LOST));
	MUST_RESTART(forge_caps(&bad, LOST));
#define FORGED_CRED(...)						\
	REFUSED_WITH(not_his, ({					\
		forge_caps(&bad, LOST);					\
		cred = record_body(image_record(&bad, CKPT_REC_CRED, nr)); \
		__VA_ARGS__;						\
	}))
	for (nr = 0; image_record(&img, CKPT_REC_CRED, nr); nr++) {
		FORGED_CRED(cred->uid = 1000);
		FORGED_CRED(cred->euid = 1000);
		FORGED_CRED(cred->suid = 1000);
		FORGED_CRED(cred->fsuid = 1000);
		FORGED_CRED(cred->gid = 1000);
		FORGED_CRED(cred->egid = 1000);
		FORGED_CRED(cred->sgid = 1000);
		FORGED_CRED(cred->fsgid = 1000);
		FORGED_CRED((void)cred, add_group(&bad, nr));
		FORGED_CRED(cred->cap_permitted |= 1ULL << CAP_SYS_MODULE);
		FORGED_CRED(cred->cap_effective |= 1ULL << CAP_SYS_MODULE);
		FORGED_CRED(cred->cap_inheritable |= 1ULL << CAP_SYS_MODULE);
		FORGED_CRED(cred->cap_ambient |= 1ULL << CAP_SYS_MODULE);
		FORGED_CRED(cred->cap_ambient |= 1ULL << CAP_KILL);
		FORGED_CRED(cred->cap_bset &= ~(1ULL << CAP_KILL));
		FORGED_CRED(cred->securebits = 1);
	}
	/* At least those of a task and of its program */
	EXPECT_LE(2, nr);
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

/* Who is told of a file's events is told so with somebody's rights. */
CKPT_TEST_F(hostile, owners_for_signals_that_the_caller_cannot_be)
{
	static const char refused[] = "SIGIO";
	const uint64_t setuid = 1ULL << CAP_SETUID;
	struct app *app = &self->app;
	struct ckpt_file *file = NULL;
	struct ckpt_record *rec;
	unsigned int n;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (n = 0; (rec = image_record(&img, CKPT_REC_FILE, n)); n++) {
		file = record_body(rec);
		if (file->owner.pid)
			break;
	}
	ASSERT_NE(NULL, rec);
	ASSERT_EQ(0, change_caps(setuid));
	MUST_RESTART(forge_caps(&bad, setuid));
#define FORGED_OWNER(...)						\
	REFUSED_WITH(refused, ({					\
		forge_caps(&bad, setuid);				\
		file = record_body(image_record(&bad, CKPT_REC_FILE, n)); \
		__VA_ARGS__;						\
	}))
	FORGED_OWNER(file->owner.uid = 1000);
	FORGED_OWNER(file->owner.euid = 1000);
	FORGED_OWNER(file->owner.uid = ~0U);
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

/* It ends with the number that says who may read its memory. */
CKPT_BODY(dumpable)
{
	ckpt_here();
	return prctl(PR_GET_DUMPABLE);
}

/* A core dump that only root may read is not for others to ask for. */
CKPT_TEST_F(hostile, memory_that_only_root_may_dump)
{
	const uint64_t ptrace = 1ULL << CAP_SYS_PTRACE;
	struct app *app = &self->app;
	struct ckpt_mm *mm;

	NOT_PLAIN();
	prepare_body(_metadata, app, "dumpable");
#define DUMPABLE(value, lost)	({					\
	mm = record_body(image_record(&bad, CKPT_REC_MM, 0));		\
	mm->dumpable = (value);						\
	forge_caps(&bad, lost);						\
})
	RESTARTS_WITH("status 0x100\n", DUMPABLE(1, 0));
	RESTARTS_WITH("status 0x200\n", DUMPABLE(2, 0));
	ASSERT_EQ(0, change_caps(ptrace));
	RESTARTS_WITH("status 0x100\n", DUMPABLE(1, ptrace));
	RESTARTS_WITH("status 0\n", DUMPABLE(2, ptrace));
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

/* Sets that contradict each other would be refused by capset(), too. */
CKPT_TEST_F(hostile, credentials_that_nobody_can_have)
{
	struct app *app = &self->app;
	struct ckpt_cred *cred;

	NOT_PLAIN();
	prepare(_metadata, app);
#define IMPOSSIBLE(what)						\
	FORGED(MUST_REFUSE, ({						\
		cred = record_body(image_record(&bad, CKPT_REC_CRED, 0)); \
		what;							\
	}), "%s", #what)
	IMPOSSIBLE(cred->cap_permitted &= ~1ULL);
	IMPOSSIBLE(cred->cap_ambient = 1);
	IMPOSSIBLE(cred->cap_bset |= 1ULL << 63);
	IMPOSSIBLE(cred->cap_permitted |= 1ULL << 45);
	IMPOSSIBLE(cred->cap_inheritable = 1ULL << 60);
	IMPOSSIBLE(cred->uid = ~0U);
	IMPOSSIBLE(cred->egid = ~0U);
	IMPOSSIBLE(cred->securebits = 1U << 20);
	finish(_metadata, app);
}

/* Signals that no queue may hold, and information that is none. */
CKPT_TEST_F(hostile, forged_signals)
{
	struct app *app = &self->app;
	struct ckpt_record *rec;
	struct ckpt_pending *pending;
	siginfo_t *si;
	int code;

	NOT_PLAIN();
	prepare(_metadata, app);
	rec = image_record(&img, CKPT_REC_PENDING, 0);
	ASSERT_NE(NULL, rec);
	pending = record_body(rec);
	ASSERT_EQ(3, pending->nr_shared);
#define FORGED_INFO(expected, what)					\
	FORGED(expected, ({						\
		si = record_tail(image_record(&bad, CKPT_REC_PENDING, 0)); \
		what;							\
	}), "%s", #what)
	FORGED_INFO(MUST_REFUSE, si->si_signo = 0);
	FORGED_INFO(MUST_REFUSE, si->si_signo = 65);
	FORGED_INFO(MUST_REFUSE, si->si_signo = -1);
	FORGED_INFO(MUST_REFUSE, si->si_signo = 0x7fffffff);
	FORGED_INFO(MUST_REFUSE, si->si_signo = SIGKILL);
	FORGED_INFO(MAY_RESTART, si->si_signo = SIGSTOP);
	/* Timers own their signals, but what has no timer may have been sent like one. */
	MUST_RESTART(({
		si = record_tail(image_record(&bad, CKPT_REC_PENDING, 0));
		si->si_code = SI_TIMER;
		si->si_timerid = 77;
	}));
	for (code = -100; code <= 0x100; code++) {
		FORGED(MAY_RESTART, ({
			si = record_tail(image_record(&bad, CKPT_REC_PENDING, 0));
			si->si_code = code;
		}), "si_code %d", code);
		if (code == 20)
			code = 0x7e;
	}
	FORGED_INFO(MAY_RESTART, memset((char *)si + 12, 0xff, 116));
	finish(_metadata, app);
}

/* Calls of prctl() that an image may not make. */
CKPT_TEST_F(hostile, forged_prctls)
{
	static const struct ckpt_prctl call[] = {
		{ .option = 0 }, { .option = PR_SET_MM, .arg2 = PR_SET_MM_BRK, .arg3 = 4096 },
		{ .option = PR_SET_SECCOMP, .arg2 = 1 }, { .option = PR_SET_NAME, .arg2 = 8 },
		{ .option = PR_SET_PTRACER, .arg2 = -1ULL }, { .option = ~0U },
		{ .option = PR_SET_DUMPABLE, .arg2 = 2 },
		{ .option = PR_GET_NAME, .arg2 = 0x1000 },
		{ .option = PR_SET_CHILD_SUBREAPER, .arg2 = 1, .reserved = 1 },
		{ .option = PR_SET_PDEATHSIG, .arg2 = 65 },
		{ .option = PR_SET_SECUREBITS, .arg2 = 0xfff },
		{ .option = PR_CAPBSET_DROP, .arg2 = 1 },
		{ .option = PR_SET_VMA, .arg2 = 0, .arg3 = 4096 },
	};
	struct app *app = &self->app;
	struct ckpt_record *rec;
	struct ckpt_prctls *body;
	struct ckpt_prctl *at;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, image_record(&img, CKPT_REC_PRCTLS, 0));
	for (i = 0; i < ARRAY_SIZE(call); i++) {
		ASSERT_EQ(0, image_copy(&bad, &img));
		rec = image_record(&bad, CKPT_REC_PRCTLS, 0);
		ASSERT_EQ(0, image_resize_tail(&bad, rec, sizeof(*at)));
		rec = image_record(&bad, CKPT_REC_PRCTLS, 0);
		body = record_body(rec);
		at = record_tail(rec);
		at[body->nr++] = call[i];
		EXPECT_EQ(REFUSED, attempt(app, &bad)) {
			TH_LOG("prctl(%u, %#llx)", call[i].option,
			       (unsigned long long)call[i].arg2);
		}
		free(bad.data);
	}
	finish(_metadata, app);
}

#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS	77
#define PR_TIMER_CREATE_RESTORE_IDS_ON	1
#define PR_TIMER_CREATE_RESTORE_IDS_GET	2
#endif
#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH			78
#define PR_FUTEX_HASH_SET_SLOTS		1
#define PR_FUTEX_HASH_GET_SLOTS		2
#endif

/* The only calls of a task: one that sets something, and one that asks for it */
static void set_and_ask(struct image *i, const struct ckpt_prctl *calls)
{
	struct ckpt_record *rec = image_record(i, CKPT_REC_PRCTLS, 0);
	struct ckpt_prctls *body = record_body(rec);
	int more = (2 - (int)body->nr) * (int)sizeof(*calls);

	body->nr = 2;
	if (image_resize_tail(i, rec, more))
		return;
	rec = image_record(i, CKPT_REC_PRCTLS, 0);
	memcpy(record_tail(rec), calls, 2 * sizeof(*calls));
}

/* The answer is above zero: it is neither success nor what restart() returns. */
CKPT_TEST_F(hostile, prctls_that_ask)
{
	static const struct ckpt_prctl timers[] = {
		{ PR_TIMER_CREATE_RESTORE_IDS, .arg2 = PR_TIMER_CREATE_RESTORE_IDS_ON },
		{ PR_TIMER_CREATE_RESTORE_IDS, .arg2 = PR_TIMER_CREATE_RESTORE_IDS_GET },
	};
	static const struct ckpt_prctl futexes[] = {
		{ PR_FUTEX_HASH, .arg2 = PR_FUTEX_HASH_SET_SLOTS, .arg3 = 16 },
		{ PR_FUTEX_HASH, .arg2 = PR_FUTEX_HASH_GET_SLOTS },
	};
	static const struct ckpt_prctl neither[2] = {
		{ PR_SET_CHILD_SUBREAPER }, { PR_SET_CHILD_SUBREAPER },
	};
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	MUST_RESTART(set_and_ask(&bad, neither));
	REFUSED_WITH("prctl option 77 with 2: -EINVAL", set_and_ask(&bad, timers));
	/* Not every kernel has them. */
	if (prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_GET_SLOTS, 0, 0, 0) >= 0)
		REFUSED_WITH("prctl option 78 with 2: -EINVAL", set_and_ask(&bad, futexes));
	finish(_metadata, app);
}

/* Pipes that hold more, or other pieces, than a pipe can. */
CKPT_TEST_F(hostile, forged_pipes)
{
	struct app *app = &self->app;
	struct ckpt_pipe_buf *buf;
	struct ckpt_pipe *pipe;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, image_record(&img, CKPT_REC_PIPE, 0));
#define FORGED_PIPE(expected, what)					\
	FORGED(expected, ({						\
		pipe = record_body(image_record(&bad, CKPT_REC_PIPE, 0)); \
		buf = record_tail(image_record(&bad, CKPT_REC_PIPE, 0)); \
		(void)pipe;						\
		(void)buf;						\
		what;							\
	}), "%s", #what)
	FORGED_PIPE(MUST_REFUSE, buf[0].len = 0);
	FORGED_PIPE(MUST_REFUSE, buf[0].len = 4097);
	FORGED_PIPE(MUST_REFUSE, buf[0].len = ~0U);
	FORGED_PIPE(MUST_REFUSE, buf[0].len++);
	FORGED_PIPE(MUST_REFUSE, buf[1].len--);
	FORGED_PIPE(MUST_REFUSE, buf[0].flags = 4);
	FORGED_PIPE(MUST_REFUSE, buf[0].flags = ~0U);
	FORGED_PIPE(MUST_REFUSE, pipe->capacity = 0);
	FORGED_PIPE(MUST_REFUSE, pipe->capacity = ~0U);
	FORGED_PIPE(MUST_REFUSE, pipe->capacity = 4097);
	finish(_metadata, app);
}

/* The last address space, which all files of the first process come before */
static struct ckpt_mm *last_mm(struct image *i)
{
	struct ckpt_mm *mm = NULL;
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_MM, n)); n++)
		mm = record_body(rec);
	return mm;
}

/* What is in /proc/PID/exe must be executable for the caller. */
CKPT_TEST_F(hostile, program_that_cannot_be_executed)
{
	struct app *app = &self->app;
	unsigned int n, tried = 0;
	struct ckpt_record *rec;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (n = 0; (rec = image_record(&img, CKPT_REC_FILE, n)); n++) {
		struct ckpt_file *file = record_body(rec);

		if (file->kind == CKPT_FILE_REGULAR && file->mode & 0111)
			continue;
		tried++;
		REFUSED_WITH("cannot be executed", last_mm(&bad)->exe_id = rec->id);
	}
	EXPECT_LE(4, tried);
	finish(_metadata, app);
}

/* One of its descriptors is for a program on a file system of its own. */
CKPT_BODY(with_a_program)
{
	pid_t pid;

	CHECK_OK(open("m/program", O_RDONLY));
	SPAWN(pid, (ckpt_announce("child", "go.0"), 0));
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

/* Mounts a file system with a program in it. */
static int mount_program(const struct app *app, char *dir, size_t size)
{
	char command[200];

	snprintf(dir, size, "%s/m", app->dir);
	snprintf(command, sizeof(command), "cp /bin/true %s/program", dir);
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mkdir(dir, 0755) || mount("none", dir, "tmpfs", 0, NULL) || system(command);
}

static struct ckpt_record *record_of_program(struct image *i)
{
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_FILE, n)); n++) {
		if (strstr(record_tail(rec), "/m/program"))
			return rec;
	}
	return NULL;
}

static void exchange_program(struct image *i)
{
	last_mm(i)->exe_id = record_of_program(i)->id;
}

/* Nor on a file system where nothing may be. */
CKPT_TEST_F(hostile, program_where_nothing_may_be_executed)
{
	struct app *app = &self->app;
	char dir[100];

	NOT_PLAIN();
	ASSERT_EQ(0, mount_program(app, dir, sizeof(dir)));
	prepare_body(_metadata, app, "with_a_program");
	ASSERT_NE(NULL, record_of_program(&img));
	MUST_RESTART(exchange_program(&bad));
	ASSERT_EQ(0, mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	REFUSED_WITH("cannot be executed", exchange_program(&bad));
	/* As a file it can be opened. */
	finish(_metadata, app);
}

/* ---- 6. Words of flags ---- */

CKPT_TEST_F(hostile, unknown_flags)
{
	struct app *app = &self->app;
	unsigned int i, bit, tried = 0;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];
		struct ckpt_record *rec = image_record(&img, f->type, 0);

		if ((f->kind != FIELD_FLAGS && f->kind != FIELD_RESERVED) || !rec)
			continue;
		for (bit = 0; bit < f->size * 8; bit++) {
			if (f->arg & 1ULL << bit)
				continue;
			tried++;
			FORGED(MUST_REFUSE, ({
				rec = image_record(&bad, f->type, 0);
				field_set(rec, f, field_get(rec, f) | 1ULL << bit);
			}), "%s with bit %u", f->name, bit);
		}
	}
	EXPECT_LT(100, tried);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile, values_beyond_an_enumeration)
{
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];

		/* Kinds are added at the end: take one that is far from it. */
		if (f->kind != FIELD_ENUM || !image_record(&img, f->type, 0))
			continue;
		FORGED(MUST_REFUSE,
		       field_set(image_record(&bad, f->type, 0), f, f->arg + 100),
		       "%s far beyond the last", f->name);
		FORGED(MUST_REFUSE,
		       field_set(image_record(&bad, f->type, 0), f, 0xffffffff),
		       "%s = -1", f->name);
	}
	finish(_metadata, app);
}

/* The kernel adds CPU times up, and divides by the sum. */
CKPT_TEST_F(hostile, cpu_times_whose_sum_overflows)
{
	struct app *app = &self->app;
	struct ckpt_times *times;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, image_record(&img, CKPT_REC_TIMES, 0));
	FORGED(MUST_REFUSE, ({
		times = record_body(image_record(&bad, CKPT_REC_TIMES, 0));
		times->task.utime_ns = 1ULL << 63;
		times->task.stime_ns = 1ULL << 63;
	}), "%s", "times of the task");
	FORGED(MUST_REFUSE, ({
		times = record_body(image_record(&bad, CKPT_REC_TIMES, 0));
		times->threads.stime_ns = -1ULL;
	}), "%s", "times of ended threads");
	FORGED(MUST_REFUSE, ({
		times = record_body(image_record(&bad, CKPT_REC_TIMES, 0));
		times->task.runtime_ns = -1ULL;
	}), "%s", "the time of the scheduler");
	finish(_metadata, app);
}

/* ---- 7. Images that change while they are read ---- */

static uint8_t *scribbled;

/* Whoever joins has opened it. */
static void scribble(void)
{
	memset(scribbled, 0xff, img.bulk);
}

/* The metadata was read once: what the file holds later means nothing. */
CKPT_TEST_F(hostile, metadata_that_change_after_they_were_verified)
{
	struct app *app = &self->app;
	struct ckpt_image_header h;
	int fd, ctx;

	NOT_PLAIN();
	prepare(_metadata, app);
	fd = image_fd(&img, img.len);
	scribbled = mmap(NULL, img.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, scribbled);
	ctx = sys_restart(0, fd, RESTART_OPEN, -1);
	ASSERT_LE(0, ctx);
	scribble();
	ASSERT_EQ(sizeof(h), read(ctx, &h, sizeof(h)));
	EXPECT_EQ(CKPT_FORMAT_VERSION, h.version);
	EXPECT_EQ(MODEL_TASKS, h.nr_tasks);
	close(ctx);

	memcpy(scribbled, img.data, img.bulk);
	close(app->image);
	app->image = fd;
	app->joining = scribble;
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_wait(app));
	/* It has happened. */
	EXPECT_EQ(0xff, scribbled[img.header]);
	EXPECT_EQ(0xff, scribbled[img.bulk - 1]);
	app->joining = NULL;
	munmap(scribbled, img.len);
	finish(_metadata, app);
}

/* Somebody writes into the bulk section all the time. */
CKPT_TEST_F(hostile, bulk_that_changes_while_it_is_read)
{
	struct app *app = &self->app;
	unsigned int i, outcome[5] = { 0 };
	uint8_t *map;
	pid_t pid;
	int fd;

	NOT_PLAIN();
	prepare(_metadata, app);
	fd = image_fd(&img, img.len);
	map = mmap(NULL, img.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	pid = fork();
	if (!pid) {
		uint64_t x = 1;

		for (;;) {
			struct ckpt_chunk *c = (void *)(map + img.bulk +
							sizeof(struct ckpt_section));

			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			c->run[x >> 60].offset ^= x >> 20 & 0xfffff000;
			c->nr_runs ^= x >> 62;
			c->length ^= (x >> 40 & 3) << 12;
		}
	}
	for (i = 0; i < 20; i++) {
		struct app copy = *app;
		int ret;

		copy.image = dup(fd);
		ret = app_restart(&copy);
		if (!ret) {
			kill(copy.pid, SIGKILL);
			waitpid(copy.pid, NULL, 0);
		}
		outcome[ret ? REFUSED : RESTARTED]++;
		EXPECT_TRUE(!ret || copy.log[0]);
		close(copy.image);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TH_LOG("%u refused, %u restarted", outcome[REFUSED], outcome[RESTARTED]);
	munmap(map, img.len);
	close(fd);
	finish(_metadata, app);
}

/* ---- 8. Images that are there to use up the machine ---- */

CKPT_TEST_F(hostile, metadata_of_a_terabyte)
{
	static const uint64_t length[] = {
		1ULL << 29, 1ULL << 31, 1ULL << 32, 1ULL << 40, 1ULL << 62,
		~7ULL, 1ULL << 63,
	};
	struct app *app = &self->app;
	struct ckpt_section *s;
	unsigned int i;
	double start;
	int fd, logfd = memfd_create("log", MFD_CLOEXEC);

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < ARRAY_SIZE(length); i++) {
		ASSERT_EQ(0, image_copy(&bad, &img));
		s = (void *)(bad.data + bad.metadata);
		s->length = length[i];
		fd = image_fd(&bad, bad.len);
		/* There is that much, and all of it is nothing. */
		if (length[i] <= 1ULL << 40)
			ASSERT_EQ(0, ftruncate(fd, length[i] + (1 << 20)));
		start = now_monotonic();
		EXPECT_EQ(true, hostile_unopened(fd, logfd)) {
			TH_LOG("%#llx bytes", (unsigned long long)length[i]);
		}
		EXPECT_GT(60 * ckpt_scale(), now_monotonic() - start);
		close(fd);
		free(bad.data);
	}
	close(logfd);
	finish(_metadata, app);
}

/* Of register sets the last one, and what is said of memory is said again. */
static bool last_one_counts(uint32_t type)
{
	return type == CKPT_REC_REGSET || type == CKPT_REC_VMA_POLICY ||
	       type == CKPT_REC_SHMEM_POLICY;
}

/* A thousand copies of a record of each type, with ids of their own. */
CKPT_TEST_F(hostile, a_thousand_records_of_one_kind)
{
	struct app *app = &self->app;
	struct ckpt_record *rec, *pad, *copy;
	struct ckpt_section *s;
	uint64_t done[4] = { 0 };
	unsigned int i, n, types = 0;
	size_t at, more;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < img.nr; i++) {
		rec = (void *)(img.data + img.part[i].off);
		if (img.part[i].kind != PART_RECORD || rec->type == CKPT_REC_PAD ||
		    rec->type >= 256 || done[rec->type / 64] & 1ULL << rec->type % 64)
			continue;
		done[rec->type / 64] |= 1ULL << rec->type % 64;
		types++;
		more = 1000 * rec->len;
		ASSERT_EQ(0, image_copy(&bad, &img));
		bad.data = realloc(bad.data, img.len + more);
		ASSERT_NE(NULL, bad.data);
		pad = image_record(&bad, CKPT_REC_PAD, 0);
		ASSERT_NE(NULL, pad);
		at = (uint8_t *)pad - bad.data;
		memmove(bad.data + at + more, bad.data + at, img.len - at);
		bad.len = img.len + more;
		s = (void *)(bad.data + bad.metadata);
		s->length += more;
		for (n = 0; n < 1000; n++) {
			copy = (void *)(bad.data + at + n * rec->len);
			memcpy(copy, rec, rec->len);
			if (copy->id)
				copy->id = 1000 + n;
		}
		ASSERT_EQ(0, image_parse(&bad));
		EXPECT_GE(last_one_counts(rec->type) ? RESTARTED : REFUSED,
			  attempt(app, &bad)) {
			TH_LOG("%u records of type %u", n, rec->type);
		}
		free(bad.data);
	}
	EXPECT_LT(10, types);
	finish(_metadata, app);
}

/* A reader that waits for the rest of an image can be ended. */
CKPT_TEST_F(hostile, image_that_never_ends)
{
	struct app *app = &self->app;
	int fd[2], status;
	pid_t pid;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	ASSERT_EQ(1000, write(fd[1], img.data, 1000));
	pid = fork();
	if (!pid)
		_exit(errno_of(sys_restart(0, fd[0], RESTART_OPEN, -1)));
	sleep_ms(50);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, status);
	close(fd[0]);
	close(fd[1]);
	finish(_metadata, app);
}

TEST_HARNESS_MAIN
