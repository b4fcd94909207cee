// SPDX-License-Identifier: GPL-2.0
/*
 * Random changes of an image, made with a knowledge of its structure
 *
 * Each is refused with a reason, or it restarts; nothing is left behind. The
 * numbers that decide are made from a seed that is printed.
 *
 * CKPT_TEST_MUTATIONS=N	number of changes, 1000
 * CKPT_TEST_FIRST=N		the first of them, 1
 * CKPT_TEST_SEED=N		only this one, with a description of it
 */
#include "test.h"

#include <stddef.h>

#include "format.h"
#include "hostile.h"

CKPT_SUITE(mutations);

static uint64_t random_state;

static uint64_t rnd(uint64_t below)
{
	random_state += 0x9e3779b97f4a7c15ULL;

	uint64_t x = random_state;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return below ? x % below : x;
}

static uint64_t interesting(uint64_t old)
{
	static const uint64_t value[] = {
		0, 1, 2, 3, 7, 8, 15, 16, 24, 63, 64, 255, 256, 4095, 4096,
		0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7ffffffff000, 0x800000000000,
		0x7fffffffffffffff, 0x8000000000000000, ~0ULL, ~0xfffULL,
	};

	switch (rnd(6)) {
	case 0: return old + 1;
	case 1: return old - 1;
	case 2: return old ^ 1ULL << rnd(64);
	case 3: return rnd(0);
	case 4: return rnd(64);
	default: return value[rnd(ARRAY_SIZE(value))];
	}
}

static char story[256];

static void change32(struct image *img, size_t off, const char *what)
{
	uint32_t old, new;

	memcpy(&old, img->data + off, 4);
	new = interesting(old);
	memcpy(img->data + off, &new, 4);
	snprintf(story, sizeof(story), "%s: 32 bits at %#zx: %#x -> %#x", what,
		 off, old, new);
}

static void change64(struct image *img, size_t off, const char *what)
{
	uint64_t old, new;

	memcpy(&old, img->data + off, 8);
	new = interesting(old);
	memcpy(img->data + off, &new, 8);
	snprintf(story, sizeof(story), "%s: 64 bits at %#zx: %#llx -> %#llx",
		 what, off, (unsigned long long)old, (unsigned long long)new);
}

static void change(struct image *img, size_t off, size_t len, const char *what)
{
	if (len >= 8 && rnd(2))
		change64(img, off + rnd(len / 8) * 8, what);
	else
		change32(img, off + rnd(len / 4) * 4, what);
}

/* Some part of a kind; of records, each type as likely as every other. */
static struct part *pick(struct image *img, enum part_kind kind)
{
	uint32_t type[64];
	unsigned int i, n = 0, k;
	struct part *found = NULL;
	uint32_t want = 0;

	if (kind == PART_RECORD) {
		for (i = 0; i < img->nr; i++) {
			struct ckpt_record *r = (void *)(img->data + img->part[i].off);

			if (img->part[i].kind != kind)
				continue;
			for (k = 0; k < n && type[k] != r->type; k++)
				;
			if (k == n && n < 64)
				type[n++] = r->type;
		}
		want = type[rnd(n)];
	}
	for (i = 0, n = 0; i < img->nr; i++) {
		struct ckpt_record *r = (void *)(img->data + img->part[i].off);

		if (img->part[i].kind != kind ||
		    (kind == PART_RECORD && r->type != want))
			continue;
		if (!rnd(++n))
			found = &img->part[i];
	}
	return found;
}

/* Swaps two records, wherever they are. */
static void swap_records(struct image *img)
{
	struct part a = *pick(img, PART_RECORD), b = *pick(img, PART_RECORD), t;
	uint8_t *copy;
	size_t between;

	if (a.off > b.off) {
		t = a;
		a = b;
		b = t;
	}
	snprintf(story, sizeof(story), "records at %#zx and %#zx change places",
		 a.off, b.off);
	if (a.off == b.off)
		return;
	between = b.off - a.off - a.len;
	copy = malloc(a.len + between + b.len);
	memcpy(copy, img->data + b.off, b.len);
	memcpy(copy + b.len, img->data + a.off + a.len, between);
	memcpy(copy + b.len + between, img->data + a.off, a.len);
	memcpy(img->data + a.off, copy, a.len + between + b.len);
	free(copy);
}

/* Takes a record out, or puts a second one behind it, padding at the end. */
static void resize(struct image *img, bool out)
{
	struct part p = *pick(img, PART_RECORD);
	struct ckpt_record *rec = (void *)(img->data + p.off);

	snprintf(story, sizeof(story), "record of type %u at %#zx %s", rec->type,
		 p.off, out ? "taken out" : "doubled");
	if (out)
		image_remove_record(img, rec);
	else
		image_repeat_record(img, rec);
}

/* A number that is an object's id becomes that of another object. */
static void cross_ids(struct image *img)
{
	struct part *p = pick(img, PART_RECORD);
	struct ckpt_record *other = (void *)(img->data + pick(img, PART_RECORD)->off);
	size_t n = p->len / 4, i, start = rnd(n);
	uint32_t v;

	for (i = 0; i < n; i++) {
		size_t off = p->off + (start + i) % n * 4;

		memcpy(&v, img->data + off, 4);
		if (!v || v > 64)
			continue;
		memcpy(img->data + off, &other->id, 4);
		snprintf(story, sizeof(story), "id at %#zx: %u -> %u", off, v,
			 other->id);
		return;
	}
}

/* ---- With a knowledge of what the fields mean ---- */

static struct ckpt_record *any_record(struct image *img, uint32_t type)
{
	unsigned int n = 0;

	while (image_record(img, type, n))
		n++;
	return n ? image_record(img, type, rnd(n)) : NULL;
}

static uint64_t any_address(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_VMA);
	struct ckpt_vma *vma = rec ? record_body(rec) : NULL;

	if (!vma || !rnd(4))
		return interesting(0x7fff00000000);
	return (rnd(2) ? vma->start : vma->end) + (rnd(3) - 1) * (rnd(2) ? 4096 : 8);
}

static uint32_t any_pid(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_TASK);

	return rec ? ((struct ckpt_task *)record_body(rec))->pid : 0;
}

static uint64_t forged_value(struct image *img, const struct field *f, uint64_t old)
{
	struct ckpt_record *other;

	switch (f->kind) {
	case FIELD_ID:
		other = rnd(2) ? any_record(img, f->arg) :
		    (void *)(img->data + pick(img, PART_RECORD)->off);
		return other ? other->id : 0;
	case FIELD_FLAGS:
		return old ^ 1ULL << rnd(f->size * 8);
	case FIELD_ENUM:
		return rnd(2) ? rnd(f->arg + 2) : interesting(old);
	case FIELD_ADDRESS:
		return any_address(img);
	case FIELD_PID:
		return rnd(4) ? any_pid(img) : interesting(old);
	case FIELD_RESERVED:
		return 1ULL << rnd(f->size * 8);
	default:
		return interesting(old);
	}
}

/* The tail grows or shrinks with the count, so that both agree. */
static void change_count(struct image *img, struct ckpt_record *rec,
			 const struct field *f)
{
	uint32_t type = rec->type, off = (uint8_t *)rec - img->data;
	int more = rnd(2) ? 1 : -1;
	uint64_t old = field_get(rec, f);

	if ((more < 0 && !old) || image_resize_tail(img, rec, more * (int)f->arg))
		return;
	rec = (void *)(img->data + off);
	if (rec->type != type)
		return;
	field_set(rec, f, old + more);
	/* What is new is not all zero. */
	if (more > 0 && rnd(2))
		memcpy((uint8_t *)record_tail(rec) + rec->tail_len - f->arg,
		       record_tail(rec), f->arg);
	snprintf(story, sizeof(story), "%s: %llu -> %llu, with its tail", f->name,
		 (unsigned long long)old, (unsigned long long)old + more);
}

static void change_field(struct image *img)
{
	const struct field *f = &fields[rnd(nr_fields)];
	struct ckpt_record *rec = any_record(img, f->type);
	uint64_t old, new;

	if (!rec)
		return;
	if (f->kind == FIELD_COUNT && f->arg && rnd(2)) {
		change_count(img, rec, f);
		return;
	}
	old = field_get(rec, f);
	new = forged_value(img, f, old);
	field_set(rec, f, new);
	snprintf(story, sizeof(story), "%s: %#llx -> %#llx", f->name,
		 (unsigned long long)old, (unsigned long long)new);
}

/* Of any type, each as likely as every other */
static struct ckpt_run *any_run(struct image *img)
{
	uint32_t type = rnd(5) ? 1 + rnd(CKPT_RUN_ZERO) : 0;
	unsigned int n = 0;

	while (image_run_of(img, type, n))
		n++;
	return n ? image_run_of(img, type, rnd(n)) : NULL;
}

/* As the same that another run is of, or of what there may be nothing */
static void share_run(struct image *img, struct ckpt_run *run, const struct ckpt_vma *vma)
{
	const struct ckpt_run *other = any_run(img);

	if (other && rnd(2)) {
		run->from_source = other->source;
		run->from_offset = other->offset;
	} else {
		run->from_source = rnd(2) ? run->source : vma->mm_id;
		run->from_offset = vma->start + rnd(3) * 4096;
	}
}

/* What had data has none now, or the other way round: the image is as long as it says. */
static struct ckpt_run *change_run_type(struct image *img, struct ckpt_run *run)
{
	run = image_set_run_type(img, run, 1 + rnd(CKPT_RUN_ZERO));
	if (run && run->type != CKPT_RUN_SAME && rnd(4)) {
		run->from_source = 0;
		run->from_offset = 0;
	}
	return run;
}

/* A run of memory goes to another mapping, object or offset, or is shared. */
static void aim_run(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_VMA);
	struct ckpt_run *run = any_run(img);
	struct ckpt_vma vma;

	if (!run || !rec)
		return;
	vma = *(struct ckpt_vma *)record_body(rec);
	switch (rnd(6)) {
	case 0:
		run = image_set_run_type(img, run, CKPT_RUN_SAME);
		if (run)
			share_run(img, run, &vma);
		break;
	case 1:
		run = change_run_type(img, run);
		break;
	case 2:
		run->source = ((struct ckpt_record *)(img->data +
				pick(img, PART_RECORD)->off))->id;
		break;
	case 3:
		/* Else the data would be too many or too few. */
		if (run->type != CKPT_RUN_DATA)
			run->length = rnd(2) ? rnd(64) * 4096 : interesting(run->length);
		break;
	default:
		run->source = vma.mm_id;
		run->offset = vma.start + (rnd(4) - 1) * 4096;
		break;
	}
	if (run)
		snprintf(story, sizeof(story),
			 "run of type %u at %#llx of %u, as at %#llx of %u, mapping of kind %u",
			 run->type, (unsigned long long)run->offset, run->source,
			 (unsigned long long)run->from_offset, run->from_source, vma.kind);
}

static void forge_siginfo(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_PENDING);
	uint32_t *word;
	size_t n;

	if (!rec || rec->tail_len < CKPT_SIGINFO_SIZE)
		return;
	word = record_tail(rec);
	n = rnd(rnd(2) ? 4 : rec->tail_len / 4);
	snprintf(story, sizeof(story), "siginfo, word %zu: %#x", n, word[n]);
	word[n] = interesting(word[n]);
}

static void forge_credentials(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_CRED);
	struct ckpt_cred *cred;
	uint64_t caps = rnd(0) & 0x1ffffffffff;

	if (!rec)
		return;
	cred = record_body(rec);
	cred->euid = rnd(2) ? 0 : interesting(cred->euid);
	cred->fsuid = rnd(2) ? cred->euid : interesting(cred->fsuid);
	cred->cap_permitted = caps;
	cred->cap_effective = rnd(2) ? caps & rnd(0) : rnd(0);
	cred->cap_ambient = rnd(2) ? 0 : caps & rnd(0);
	cred->cap_inheritable = rnd(2) ? cred->cap_ambient : rnd(0);
	snprintf(story, sizeof(story), "credentials: euid %u, permitted %#llx",
		 cred->euid, (unsigned long long)caps);
}

/* Another place in the tree, or another kind of task */
static void forge_task(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_TASK);
	uint32_t *field[6], pid, *changed;
	struct ckpt_task *task;

	if (!rec)
		return;
	task = record_body(rec);
	pid = task->pid;
	field[0] = &task->tgid;
	field[1] = &task->ppid;
	field[2] = &task->pgid;
	field[3] = &task->sid;
	field[4] = &task->parent_tid;
	field[5] = &task->pid;
	changed = field[rnd(6)];
	if (rnd(4))
		*changed = any_pid(img);
	else
		task->flags ^= 1U << rnd(4);
	/* A process stays one, or it is one with another id. */
	if (changed == &task->tgid && rnd(2))
		task->exit_signal = 0;
	if (changed == &task->pid && rnd(2) && task->tgid == pid)
		task->tgid = task->pid;
	snprintf(story, sizeof(story),
		 "task %u: pid %u of %u, parent %u (%u), group %u, session %u, flags %#x",
		 pid, task->pid, task->tgid, task->ppid, task->parent_tid, task->pgid,
		 task->sid, task->flags);
}

static void forge_timer(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_TIMERS);
	struct ckpt_timer *timer;
	__u32 *half;
	__u64 *whole;
	unsigned int n;

	if (!rec || rec->tail_len < sizeof(*timer))
		return;
	n = rnd(rec->tail_len / sizeof(*timer));
	timer = (struct ckpt_timer *)record_tail(rec) + n;
	switch (rnd(4)) {
	case 0:
		timer->flags ^= 1U << rnd(4);
		break;
	case 1:
		timer->notify = rnd(8);
		break;
	case 2:
		half = &timer->id + rnd(6);
		*half = rnd(2) ? any_pid(img) : interesting(*half);
		break;
	default:
		whole = &timer->value + rnd(5);
		*whole = interesting(*whole);
		break;
	}
	snprintf(story, sizeof(story), "timer %u: id %u, clock %d, notify %u, signal %u, thread %u, flags %u",
		 n, timer->id, timer->clock, timer->notify, timer->signal, timer->tid,
		 timer->flags);
}

static void forge_filter(struct image *img)
{
	struct ckpt_record *rec = any_record(img, CKPT_REC_SECCOMP_FILTER);
	uint32_t *word;
	size_t n;

	if (!rec || !rec->tail_len)
		return;
	word = record_tail(rec);
	n = rnd(rec->tail_len / 4);
	snprintf(story, sizeof(story), "seccomp filter, word %zu: %#x", n, word[n]);
	word[n] = interesting(word[n]);
}

/* A record of one task becomes another one's. */
static void forge_owner(struct image *img)
{
	struct ckpt_record *rec = (void *)(img->data + pick(img, PART_RECORD)->off);
	struct ckpt_record *task = any_record(img, CKPT_REC_TASK);

	if (!task || !rec->owner)
		return;
	snprintf(story, sizeof(story), "record of type %u: owner %u -> %u",
		 rec->type, rec->owner, task->id);
	rec->owner = task->id;
}

static void forge(struct image *img)
{
	switch (rnd(14)) {
	case 0:
		forge_siginfo(img);
		break;
	case 1:
		forge_credentials(img);
		break;
	case 2:
	case 3:
		aim_run(img);
		break;
	case 4:
	case 5:
		forge_task(img);
		break;
	case 6:
	case 7:
		forge_timer(img);
		break;
	case 8:
		forge_filter(img);
		break;
	case 9:
		forge_owner(img);
		break;
	default:
		change_field(img);
		break;
	}
}

/* What it says of itself, or one of its runs */
static void change_chunk(struct image *img)
{
	struct part *p = pick(img, PART_CHUNK);
	struct ckpt_chunk *chunk = (void *)(img->data + p->off);
	size_t head = offsetof(struct ckpt_chunk, run);

	if (!chunk->nr_runs || !rnd(3))
		change(img, p->off, head, "chunk");
	else
		change(img, p->off + head + rnd(chunk->nr_runs) * sizeof(chunk->run[0]),
		       sizeof(chunk->run[0]), "run");
}

/* Returns true if the change must be noticed. */
static bool mutate(struct image *img)
{
	struct ckpt_record *rec, *other;
	struct part *p;
	uint32_t type;
	size_t len;
	char what[64];
	int i;

	strcpy(story, "nothing");
	switch (rnd(32)) {
	case 0:
	case 1: {	/* any byte, checksums as they were */
		size_t off = rnd(img->len);

		snprintf(story, sizeof(story), "byte at %#zx, wrong checksum", off);
		img->data[off] ^= 1 << rnd(8);
		return true;
	}
	case 16 ... 31:	/* one thing, seldom several that may go together */
		for (i = rnd(4) ? 1 : 3; i; i--)
			forge(img);
		break;
	case 2:
		p = pick(img, PART_HEADER);
		change(img, p->off, p->len, "header");
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		p = pick(img, PART_RECORD);
		rec = (void *)(img->data + p->off);
		snprintf(what, sizeof(what), "record of type %u at %#zx",
			 rec->type, p->off);
		change(img, p->off + sizeof(*rec), p->len - sizeof(*rec) >= 8 ?
		       p->len - sizeof(*rec) : 8, what);
		break;
	case 7:
		p = pick(img, PART_RECORD);
		rec = (void *)(img->data + p->off);
		type = rec->type;
		change32(img, p->off + rnd(6) * 4, "record head");
		len = strlen(story);
		snprintf(story + len, sizeof(story) - len, ", type %u", type);
		break;
	case 8:
		p = pick(img, PART_RECORD);
		rec = (void *)(img->data + p->off);
		other = (void *)(img->data + pick(img, PART_RECORD)->off);
		snprintf(story, sizeof(story), "record at %#zx: type %u -> %u",
			 p->off, rec->type, other->type);
		rec->type = other->type;
		break;
	case 9:
		cross_ids(img);
		break;
	case 10:
		swap_records(img);
		break;
	case 11:
		resize(img, true);
		break;
	case 12:
		resize(img, false);
		break;
	case 13:
		change_chunk(img);
		break;
	case 14:
		p = pick(img, PART_SECTION);
		change(img, p->off, p->len, "section");
		break;
	default:
		p = pick(img, PART_TRAILER);
		change(img, p->off, p->len, "trailer");
		break;
	}
	image_fix(img);
	return false;
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

/* Each try has a limit of its own, and there may be any number of them. */
#define MUTATIONS_TIMEOUT	(24 * 3600)

TEST_F_TIMEOUT(mutations, random_changes_are_refused_or_restart, MUTATIONS_TIMEOUT)
{
	static struct image img, bad;
	struct app *app = &self->app;
	unsigned int count = number("CKPT_TEST_MUTATIONS", 1000);
	unsigned int only = number("CKPT_TEST_SEED", 0), sum[5] = { 0 };
	unsigned int first = only ?: number("CKPT_TEST_FIRST", 1), seed;
	struct leftovers before;
	const char *left;
	enum outcome ret;
	bool visible;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, hostile_make(app, &img));
	leftovers_get(&before);
	if (only)
		count = 1;
	for (seed = first; seed < first + count; seed++) {
		random_state = seed * 1000003ULL;
		ASSERT_EQ(0, image_copy(&bad, &img));
		visible = mutate(&bad);
		ret = hostile_try(app, &bad, bad.len);
		sum[ret]++;
		EXPECT_TRUE(ret == REFUSED || (ret == RESTARTED && !visible)) {
			TH_LOG("seed %u: %s: %s", seed, story, outcome_name[ret]);
		}
		if (only)
			TH_LOG("seed %u: %s: %s: %s", seed, story,
			       outcome_name[ret], app->log);
		free(bad.data);
		if (seed % 50)
			continue;
		left = leftovers_check(&before);
		EXPECT_EQ(NULL, left) {
			TH_LOG("before seed %u: %s", seed, left);
			leftovers_get(&before);
		}
	}
	TH_LOG("%u refused, %u restarted", sum[REFUSED], sum[RESTARTED]);
	/* The model itself is as good as before. */
	EXPECT_EQ(RESTARTED, hostile_try(app, &img, img.len));
	EXPECT_STREQ("status 0\n", app->log);
	EXPECT_LT(0, only || sum[REFUSED]);
}

TEST_HARNESS_MAIN
