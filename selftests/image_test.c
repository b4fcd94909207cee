// SPDX-License-Identifier: GPL-2.0
/*
 * Damaged, foreign and hostile images
 *
 * Each is refused with a reason, or it restarts; nothing is left behind. The
 * checksums are made right after each change, so that it is the checks of the
 * content that are tested, unless the test is about checksums.
 */
#include "calls.h"

#include <elf.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "format.h"
#include "hostile.h"

CKPT_SUITE(image);

CKPT_TEST_F(image, checksum_function_is_xxhash64)
{
	/* The algorithm's published test values for seed 0. */
	EXPECT_EQ(0xef46db3751d8e999ULL, xxh64("", 0));
	EXPECT_EQ(0xd24ec4f1a98c6e5bULL, xxh64("a", 1));
	EXPECT_EQ(0x44bc2cf5ad770999ULL, xxh64("abc", 3));
}

CKPT_TEST_F(image, unchanged_image_restarts)
{
	static struct image img, same;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(&self->app, &img));
	EXPECT_EQ(RESTARTED, hostile_try(&self->app, &img, img.len));
	EXPECT_STREQ("status 0\n", self->app.log);
	/* Our idea of the checksums is that of the kernel. */
	ASSERT_EQ(0, image_copy(&same, &img));
	image_fix(&same);
	EXPECT_EQ(0, memcmp(same.data, img.data, img.len));
}

/* ---- Images that end too early ---- */

#define MAX_CUTS	16384

struct cuts {
	size_t at[MAX_CUTS];
	unsigned int nr;
};

static void cut(struct cuts *c, size_t at)
{
	if (c->nr + 2 > MAX_CUTS)
		abort();
	c->at[c->nr++] = at;
	c->at[c->nr++] = at + 1;
}

static void cut_record(struct cuts *c, const struct image *img, size_t off)
{
	const struct ckpt_record *rec = (void *)(img->data + off);

	cut(c, off);
	off += sizeof(*rec);
	cut(c, off);
	off += rec->body_len;
	cut(c, off);
	cut(c, off + rec->tail_len);
}

/* The head, and where the data of each run ends. */
static void cut_chunk(struct cuts *c, const struct image *img, size_t off)
{
	const struct ckpt_chunk *chunk = (void *)(img->data + off);
	unsigned int i;

	cut(c, off);
	off += sizeof(*chunk);
	cut(c, off);
	for (i = 0; i < chunk->nr_runs; i++) {
		if (chunk->run[i].type != CKPT_RUN_DATA)
			continue;
		off += chunk->run[i].length;
		cut(c, off);
	}
}

static int longer_first(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x < y) - (x > y);
}

static void find_cuts(struct cuts *c, const struct image *img, bool runs)
{
	unsigned int i;

	c->nr = 0;
	for (i = 0; i < img->nr; i++) {
		const struct part *part = &img->part[i];

		if (part->kind == PART_RECORD)
			cut_record(c, img, part->off);
		else if (part->kind == PART_CHUNK && runs)
			cut_chunk(c, img, part->off);
		else
			cut(c, part->off);
	}
	c->at[c->nr++] = img->len - 1;
	qsort(c->at, c->nr, sizeof(c->at[0]), longer_first);
}

/*
 * Up to the end of the metadata the kernel must refuse when it opens the image;
 * behind it, tasks have already been made and must be gone.
 */
static void refuses_cuts(struct __test_metadata *_metadata, struct app *app,
			 const struct image *img, const struct cuts *c)
{
	const struct ckpt_section *s = (void *)(img->data + img->metadata);
	size_t opens = img->metadata + sizeof(*s) + s->length;
	int fd = image_fd(img, img->len), logfd = memfd_create("log", MFD_CLOEXEC);
	struct leftovers before;
	unsigned int i, verified = 0, restarted = 0;
	enum outcome ret;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, logfd);
	leftovers_get(&before);
	for (i = 0; i < c->nr; i++) {
		if (c->at[i] >= img->len || (i && c->at[i] == c->at[i - 1]))
			continue;
		ASSERT_EQ(0, ftruncate(fd, c->at[i]));
		if (c->at[i] < opens) {
			verified++;
			EXPECT_EQ(true, hostile_unopened(fd, logfd)) {
				TH_LOG("%zu of %zu bytes: opened, or no reason",
				       c->at[i], img->len);
			}
			continue;
		}
		restarted++;
		ret = hostile_try(app, img, c->at[i]);
		EXPECT_EQ(REFUSED, ret) {
			TH_LOG("%zu of %zu bytes: %s", c->at[i], img->len,
			       outcome_name[ret]);
		}
		EXPECT_EQ(NULL, leftovers_check(&before)) {
			TH_LOG("%zu of %zu bytes: %s", c->at[i], img->len,
			       leftovers_check(&before));
			leftovers_get(&before);
		}
	}
	ckpt_nothing_left(_metadata, &before);
	EXPECT_LT(0, verified);
	EXPECT_LT(0, restarted);
	TH_LOG("%u cuts refused by the verifier, %u later", verified, restarted);
	close(logfd);
	close(fd);
}

CKPT_TEST_F(image, truncation_at_every_boundary_is_refused)
{
	static struct image img;
	static struct cuts cuts;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(&self->app, &img));
	find_cuts(&cuts, &img, true);
	refuses_cuts(_metadata, &self->app, &img, &cuts);
}

#define PAGES	300

/* Chunks that are full of runs, and chunks that are full of data. */
CKPT_BODY(many_chunks)
{
	char *p = mmap(NULL, 2 * PAGES * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q = mmap(NULL, 2 * CKPT_CHUNK_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(p != MAP_FAILED && q != MAP_FAILED);
	/* where there are huge pages, there would be no gaps */
	madvise(p, 2 * PAGES * 4096, MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i++)
		pattern_fill(p + 2 * i * 4096, 4096, i);
	pattern_fill(q, 2 * CKPT_CHUNK_MAX, PAGES);
	ckpt_here();
	for (i = 0; i < PAGES; i++)
		CHECK(!pattern_check(p + 2 * i * 4096, 4096, i));
	CHECK(!pattern_check(q, 2 * CKPT_CHUNK_MAX, PAGES));
	return 0;
}

CKPT_TEST_F(image, truncation_at_every_chunk_is_refused)
{
	static struct image img;
	static struct cuts cuts;
	unsigned int i, chunks = 0;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_capture(&self->app, &img, "many_chunks"));
	for (i = 0; i < img.nr; i++)
		chunks += img.part[i].kind == PART_CHUNK;
	EXPECT_LT(5, chunks);
	EXPECT_EQ(RESTARTED, hostile_try(&self->app, &img, img.len));
	EXPECT_STREQ("status 0\n", self->app.log);
	find_cuts(&cuts, &img, false);
	refuses_cuts(_metadata, &self->app, &img, &cuts);
}

/* ---- Single values that no reader may take ---- */

struct illegal {
	uint32_t type;		/* of record */
	size_t off;		/* in its body */
	size_t size;
	uint64_t value;
	const char *name;
};

#define FIELD(rec, struct_, field, value)				\
	{ CKPT_REC_##rec, offsetof(struct struct_, field),		\
	  sizeof(((struct struct_ *)0)->field), value,			\
	  #rec " " #field " = " #value }
#define RECORD(rec, field, value)					\
	{ CKPT_REC_##rec, offsetof(struct ckpt_record, field) -		\
	  sizeof(struct ckpt_record), 4, value,				\
	  #rec " record " #field " = " #value }

static const struct illegal illegal[] = {
	RECORD(TASK, type, 9999),
	RECORD(TASK, type, CKPT_REC_TASK_STATE),
	RECORD(TASK_STATE, type, CKPT_REC_TASK),
	RECORD(TASK_STATE, type, 0),
	RECORD(TASK, len, 0),
	RECORD(TASK, len, 24),
	RECORD(TASK, len, ~0U),
	RECORD(TASK, len, 0x7ffffff8),
	RECORD(TASK, body_len, 0x7ffffff8),
	RECORD(TASK, body_len, ~0U),
	RECORD(TASK, tail_len, 8),
	RECORD(TASK, tail_len, ~0U),
	RECORD(TASK, id, 0),
	RECORD(TASK, id, ~0U),
	RECORD(TASK, owner, ~0U),
	RECORD(FILE, id, 1),
	RECORD(FILE, id, 0),
	RECORD(FILE, owner, ~0U),
	RECORD(MM, id, 1),
	RECORD(FD_TABLE, tail_len, 1),
	RECORD(FD_TABLE, type, CKPT_REC_FS),
	RECORD(SIGHAND, tail_len, 8),
	RECORD(REGSET, tail_len, 0),

	FIELD(TASK, ckpt_task, pid, 0),
	FIELD(TASK, ckpt_task, pid, ~0U),
	FIELD(TASK, ckpt_task, tgid, 77),
	FIELD(TASK, ckpt_task, ppid, 77),
	FIELD(TASK, ckpt_task, pgid, ~0U),
	FIELD(TASK, ckpt_task, sid, ~0U),
	FIELD(TASK, ckpt_task, exit_signal, 65),
	FIELD(TASK, ckpt_task, exit_signal, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, uts_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, ns_slot, 1),
	FIELD(TASK, ckpt_task, flags, CKPT_TREE_SHARES_IO),

	FIELD(TASK_STATE, ckpt_task_state, mm_id, 0),
	FIELD(TASK_STATE, ckpt_task_state, mm_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, fd_table_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, fs_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, sighand_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, cred_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, cred_id, 0),
	FIELD(TASK_STATE, ckpt_task_state, flags, 1U << 31),
	FIELD(TASK_STATE, ckpt_task_state, altstack_flags, 0x1234),
	FIELD(TASK_STATE, ckpt_task_state, robust_list_len, 1),
	/* The last field of it: a nice value once, reserved today. */
	{ CKPT_REC_TASK_STATE, sizeof(struct ckpt_task_state) - 4, 4, 20,
	  "end of TASK_STATE = 20" },
	{ CKPT_REC_TASK_STATE, sizeof(struct ckpt_task_state) - 4, 4, -21,
	  "end of TASK_STATE = -21" },

	FIELD(CRED, ckpt_cred, nr_groups, ~0U),
	FIELD(CRED, ckpt_cred, nr_groups, 65537),
	FIELD(CRED, ckpt_cred, uid, ~0U),
	FIELD(CRED, ckpt_cred, fsgid, ~0U),
	FIELD(CRED, ckpt_cred, cap_permitted, 1ULL << 63),
	FIELD(CRED, ckpt_cred, cap_effective, ~0ULL),
	FIELD(CRED, ckpt_cred, cap_ambient, 1),
	FIELD(CRED, ckpt_cred, securebits, ~0U),

	FIELD(FILE, ckpt_file, kind, 0),
	FIELD(FILE, ckpt_file, kind, 99),
	FIELD(FILE, ckpt_file, kind, CKPT_FILE_DEVICE),
	FIELD(FILE, ckpt_file, flags, ~0U),
	FIELD(FILE, ckpt_file, flags, 1U << 26),
	FIELD(FILE, ckpt_file, flags, 3),
	FIELD(FILE, ckpt_file, mode, 0),
	FIELD(FILE, ckpt_file, mode, 0140644),
	FIELD(FILE, ckpt_file, pos, 1ULL << 63),
	FIELD(FILE, ckpt_file, pos, ~0ULL),
	FIELD(FILE, ckpt_file, size, 1ULL << 62),
	FIELD(FILE, ckpt_file, mtime_nsec, 1000000000),
	FIELD(FILE, ckpt_file, reserved, 1),

	FIELD(FD_TABLE, ckpt_fd_table, nr_fds, ~0U),
	FIELD(FD_TABLE, ckpt_fd_table, nr_fds, 1000),
	FIELD(FD_TABLE, ckpt_fd_table, reserved, 1),

	FIELD(FS, ckpt_fs, umask, 01000),
	FIELD(FS, ckpt_fs, umask, ~0U),
	FIELD(FS, ckpt_fs, root_len, 0),
	FIELD(FS, ckpt_fs, root_len, ~0U),
	FIELD(FS, ckpt_fs, cwd_len, ~0U),
	FIELD(FS, ckpt_fs, cwd_len, 0),
	FIELD(FS, ckpt_fs, reserved, 1),

	FIELD(MM, ckpt_mm, exe_id, ~0U),
	FIELD(MM, ckpt_mm, exe_id, 0),
	FIELD(MM, ckpt_mm, flags, ~0U),
	FIELD(MM, ckpt_mm, coredump_filter, ~0U),
	FIELD(MM, ckpt_mm, dumpable, 3),
	FIELD(MM, ckpt_mm, mmap_base, ~0ULL),
	FIELD(MM, ckpt_mm, start_code, ~0ULL),
	FIELD(MM, ckpt_mm, end_code, 0),
	FIELD(MM, ckpt_mm, brk, ~0ULL),
	FIELD(MM, ckpt_mm, brk, 0),
	FIELD(MM, ckpt_mm, start_stack, ~0ULL),
	FIELD(MM, ckpt_mm, arg_start, ~0ULL),
	FIELD(MM, ckpt_mm, env_end, ~0ULL),
	FIELD(MM, ckpt_mm, nr_vmas, 0),
	FIELD(MM, ckpt_mm, nr_vmas, ~0U),
	FIELD(MM, ckpt_mm, auxv_len, ~0U),
	FIELD(MM, ckpt_mm, auxv_len, 7),

	FIELD(VMA, ckpt_vma, mm_id, 0),
	FIELD(VMA, ckpt_vma, mm_id, ~0U),
	FIELD(VMA, ckpt_vma, kind, 0),
	FIELD(VMA, ckpt_vma, kind, 99),
	FIELD(VMA, ckpt_vma, start, 1),
	FIELD(VMA, ckpt_vma, start, ~0xfffULL),
	FIELD(VMA, ckpt_vma, end, 0),
	FIELD(VMA, ckpt_vma, end, ~0xfffULL),
	FIELD(VMA, ckpt_vma, end, ~0ULL),
	FIELD(VMA, ckpt_vma, flags, ~0U),
	FIELD(VMA, ckpt_vma, flags, CKPT_VMA_FLAGS + 1ULL),
	FIELD(VMA, ckpt_vma, file_id, ~0U),
	FIELD(VMA, ckpt_vma, file_id, 1),
	FIELD(VMA, ckpt_vma, offset, 1),

	FIELD(SIGHAND, ckpt_sighand, nr_actions, 0),
	FIELD(SIGHAND, ckpt_sighand, nr_actions, 65),
	FIELD(SIGHAND, ckpt_sighand, nr_actions, ~0U),
	FIELD(SIGHAND, ckpt_sighand, reserved, 1),

	FIELD(REGSET, ckpt_regset, note, 0),
	FIELD(REGSET, ckpt_regset, note, 0x7fffffff),
	FIELD(REGSET, ckpt_regset, size, 0),
	FIELD(REGSET, ckpt_regset, size, 8),
	FIELD(REGSET, ckpt_regset, size, ~0U),

	FIELD(RESTART_BLOCK, ckpt_restart_block, kind, 99),
	FIELD(RESTART_BLOCK, ckpt_restart_block, reserved, 1),
};

/*
 * Offset of the record of @type that the value is written to: the last one,
 * so that there are objects before it to refer to; of files the first, which
 * is the program, a regular file.
 */
static size_t find_record(const struct image *img, uint32_t type)
{
	struct ckpt_record *rec;
	size_t off = 0;
	unsigned int n;

	for (n = 0; (rec = image_record(img, type, n)); n++) {
		off = (uint8_t *)rec - img->data;
		if (type == CKPT_REC_FILE)
			break;
	}
	return off;
}

CKPT_TEST_F(image, illegal_values_are_refused)
{
	static struct image img, bad;
	struct app *app = &self->app;
	struct leftovers before;
	enum outcome ret;
	unsigned int i;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	leftovers_get(&before);
	for (i = 0; i < ARRAY_SIZE(illegal); i++) {
		const struct illegal *il = &illegal[i];

		ASSERT_EQ(0, image_copy(&bad, &img));
		off = find_record(&bad, il->type);
		ASSERT_NE(0, off) {
			TH_LOG("the image has no record for %s", il->name);
		}
		off += sizeof(struct ckpt_record) + il->off;
		memcpy(bad.data + off, &il->value, il->size);
		image_fix(&bad);
		ret = hostile_try(app, &bad, bad.len);
		EXPECT_EQ(REFUSED, ret) {
			TH_LOG("%s: %s", il->name, outcome_name[ret]);
		}
		free(bad.data);
	}
	ckpt_nothing_left(_metadata, &before);
}

/* ---- What the header says, of the image and of the machine that wrote it ---- */

#define ON_UM		(1U << CKPT_ARCH_UM_X86_64)
#define ON_X86		(1U << CKPT_ARCH_X86_64 | 1U << CKPT_ARCH_I386)
#define ANYWHERE	(ON_UM | ON_X86)

struct forged_header {
	size_t off;
	size_t size;
	uint64_t keep;		/* of the old value; the rest is from @value */
	uint64_t value;		/* of what is longer, each byte */
	unsigned int on;	/* the images of which architectures */
	const char *name;
	const char *says;	/* why it is refused, or NULL: it restarts */
};

#define SIZE_OF(field)	sizeof(((struct ckpt_image_header *)0)->field)
#define FORGED(field, keep, value, on, says)				\
	{ offsetof(struct ckpt_image_header, field), SIZE_OF(field),	\
	  keep, value, on, #field ": " #value, says }
/* Exactly the value, or the old one with a difference */
#define IS(field, value, on, says)	FORGED(field, 0, value, on, says)
#define XOR(field, value, on, says)	FORGED(field, ~0ULL, value, on, says)

/* Text without an end */
#define NO_END(field)							\
	IS(field, 'x', ANYWHERE, "a field of the header is not valid")

static const struct forged_header forged_header[] = {
	IS(version, 0, ANYWHERE, "format version 0;"),
	IS(version, CKPT_FORMAT_VERSION - 1, ANYWHERE, "format version"),
	IS(version, CKPT_FORMAT_VERSION + 1, ANYWHERE, "format version"),
	IS(version, ~0U, ANYWHERE, "format version 4294967295;"),
	IS(endian, 0x04030201, ANYWHERE, "another byte order"),
	IS(endian, 0, ANYWHERE, "another byte order"),
	IS(features, 1, ANYWHERE, "needs features 1 "),
	IS(features, 1ULL << 63, ANYWHERE, "needs features 8000000000000000 "),
	IS(flags, 2, ANYWHERE, "a field of the header is not valid"),
	IS(flags, 1U << 31, ANYWHERE, "a field of the header is not valid"),
	IS(reserved, 1, ANYWHERE, "a field of the header is not valid"),
	NO_END(sysname), NO_END(release), NO_END(kernel_version), NO_END(machine),
	IS(base_id, 1, ANYWHERE, "incremental"),
	IS(base_id[15], 1, ANYWHERE, "incremental"),
	IS(image_id, 0, ANYWHERE, "from another image"),
	XOR(image_id[15], 0x80, ANYWHERE, "from another image"),

	/* The machine */
	IS(arch, 0, ANYWHERE, "another architecture"),
	IS(arch, 99, ANYWHERE, "another architecture"),
	IS(arch, CKPT_ARCH_I386 + 1, ANYWHERE, "another architecture"),
	IS(arch, CKPT_ARCH_UM_X86_64, ON_X86, "another architecture"),
	IS(arch, CKPT_ARCH_X86_64, ON_UM, "another architecture"),
	IS(arch, CKPT_ARCH_X86_64, 1U << CKPT_ARCH_I386, "another architecture, by a 64-bit kernel"),
	IS(arch, CKPT_ARCH_I386, ON_UM, "another architecture"),
	IS(arch, CKPT_ARCH_I386, 1U << CKPT_ARCH_X86_64, "another architecture, by a 32-bit kernel"),
	IS(page_size, 0, ANYWHERE, "page size 0;"),
	IS(page_size, 65536, ANYWHERE, "page size 65536;"),
	XOR(page_size, 1, ANYWHERE, "page size 4097;"),
	IS(task_size, ~0ULL, ANYWHERE, "address space is larger"),
	XOR(task_size, 1ULL << 63, ANYWHERE, "address space is larger"),
	XOR(cpu_features[1], 1, ANYWHERE, "CPU features that are not known"),
	XOR(cpu_features[2], 1, ANYWHERE, "CPU features that are not known"),
	XOR(cpu_features[3], 1ULL << 63, ANYWHERE, "CPU features that are not known"),
	/* Here the whole state of the host's unit is carried, and its vDSO is used. */
	IS(cpu_features[0], 0, ON_UM, "another floating point unit"),
	XOR(cpu_features[0], 1ULL << 62, ON_UM, "another floating point unit"),
	IS(fpu_size, 0, ON_UM, "another floating point unit"),
	XOR(fpu_size, 8, ON_UM, "another floating point unit"),
	XOR(fpu_size, 1ULL << 63, ON_UM, "another floating point unit"),
	XOR(vdso_hash, 1, ON_UM, "another vDSO"),
	XOR(vdso_hash, 1ULL << 63, ON_UM, "another vDSO"),
	/* Here these tell a reader something: each task says what it has in use. */
	IS(cpu_features[0], 0, ON_X86, NULL),
	IS(cpu_features[0], ~0ULL, ON_X86, NULL),
	IS(fpu_size, 0, ON_X86, NULL),
	IS(fpu_size, ~0ULL, ON_X86, NULL),
	XOR(vdso_hash, 1, ON_X86, NULL),
	/* All that lies below the limit has a place on a machine with a higher one. */
	IS(task_size, 0, ANYWHERE, NULL),
	/* Times are in nanoseconds. */
	IS(hz, 0, ANYWHERE, NULL),
	IS(hz, ~0U, ANYWHERE, NULL),
	IS(realtime_ns, 0, ANYWHERE, NULL),
	IS(realtime_ns, ~0ULL, ANYWHERE, NULL),
	XOR(monotonic_ns, 1ULL << 40, ANYWHERE, NULL),
	XOR(boottime_ns, 1ULL << 40, ANYWHERE, NULL),
	IS(sysname, 0, ANYWHERE, NULL),
	IS(release, 0, ANYWHERE, NULL),
	IS(kernel_version, 0, ANYWHERE, NULL),
	IS(machine, 0, ANYWHERE, NULL),

	/* The records */
	IS(tree_len, 0, ANYWHERE, "in the wrong place"),
	IS(tree_len, 8, ANYWHERE, "in the wrong place"),
	IS(tree_len, ~0ULL, ANYWHERE, "longer than the metadata"),
	IS(nr_tasks, 0, ANYWHERE, "no tasks, or too many"),
	IS(nr_tasks, 1, ANYWHERE, "more tasks than its header says"),
	IS(nr_tasks, MODEL_TASKS + 1, ANYWHERE, "fewer tasks than its header says"),
	IS(nr_tasks, ~0U, ANYWHERE, "no tasks, or too many"),
	IS(nr_objects, 0, ANYWHERE, "no tasks, or too many"),
	IS(nr_objects, 1, ANYWHERE, "no tasks, or too many"),
	IS(nr_objects, MODEL_TASKS, ANYWHERE, "its id is not the next one"),
	IS(nr_objects, 0xffff, ANYWHERE, "more objects than records"),
	IS(nr_objects, ~0U, ANYWHERE, "no tasks, or too many"),
	IS(root_pid, 0, ANYWHERE, "another root"),
	IS(root_pid, 2, ANYWHERE, "another root"),
	IS(root_pid, ~0U, ANYWHERE, "another root"),
};

/* It is refused with words that tell why, or it is of no matter. */
static void forge_header(struct __test_metadata *_metadata, struct app *app,
			 const struct image *img, const struct forged_header *f)
{
	static struct image bad;
	struct ckpt_image_header *header;
	uint64_t value = 0;
	enum outcome ret;
	uint8_t *field;

	ASSERT_EQ(0, image_copy(&bad, img));
	header = (void *)(bad.data + bad.header + sizeof(struct ckpt_section));
	field = (uint8_t *)header + f->off;
	if (f->on & 1U << header->arch) {
		if (f->size > sizeof(value)) {
			memset(field, f->value, f->size);
		} else {
			memcpy(&value, field, f->size);
			value = (value & f->keep) ^ f->value;
			memcpy(field, &value, f->size);
		}
		image_fix(&bad);
		ret = hostile_try(app, &bad, bad.len);
		EXPECT_EQ(f->says ? REFUSED : RESTARTED, ret) {
			TH_LOG("%s: %s: %s", f->name, outcome_name[ret], app->log);
		}
		EXPECT_NE(NULL, strstr(app->log, f->says ?: "status 0\n")) {
			TH_LOG("%s: no \"%s\" in \"%s\"", f->name,
			       f->says ?: "status 0", app->log);
		}
	}
	free(bad.data);
}

CKPT_TEST_F(image, forged_headers_are_refused_by_name)
{
	static struct image img;
	struct leftovers before;
	unsigned int i;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(&self->app, &img));
	leftovers_get(&before);
	for (i = 0; i < ARRAY_SIZE(forged_header); i++)
		forge_header(_metadata, &self->app, &img, &forged_header[i]);
	ckpt_nothing_left(_metadata, &before);
}

/* ---- Memory goes only where the image may put it ---- */

static int is_memory(const struct image *img, uint32_t id)
{
	const struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_MM, n)); n++)
		if (rec->id == id)
			return 1;
	return 0;
}

/* Of an address space: shared memory begins at 0, and may well go there. */
static struct ckpt_run *first_run(struct image *img)
{
	unsigned int i, k;

	for (i = 0; i < img->nr; i++) {
		struct ckpt_chunk *c = (void *)(img->data + img->part[i].off);

		if (img->part[i].kind != PART_CHUNK)
			continue;
		for (k = 0; k < c->nr_runs && k < CKPT_CHUNK_RUNS; k++)
			if (c->run[k].type == CKPT_RUN_DATA &&
			    is_memory(img, c->run[k].source))
				return &c->run[k];
	}
	return NULL;
}

/* Start of a mapping of @kind that lacks all @flags, or 0. */
static uint64_t find_vma(const struct image *img, uint32_t kind, uint32_t not)
{
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_VMA, n)); n++) {
		const struct ckpt_vma *vma = record_body(rec);

		if (vma->kind == kind && !(vma->flags & not))
			return vma->start;
	}
	return 0;
}

CKPT_TEST_F(image, memory_runs_stay_where_they_belong)
{
	static struct image img, bad;
	struct app *app = &self->app;
	struct ckpt_run *run;
	uint64_t to[5];
	unsigned int i;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	to[0] = 0;					/* below everything */
	to[1] = 0x7ffffffff000;				/* above everything */
	to[2] = ~0xfffULL;
	to[3] = find_vma(&img, CKPT_VMA_VVAR, 0);	/* the kernel's own */
	to[4] = find_vma(&img, CKPT_VMA_VDSO, 0);
	for (i = 0; i < 5; i++) {
		if (i > 2 && !to[i])
			continue;
		ASSERT_EQ(0, image_copy(&bad, &img));
		run = first_run(&bad);
		ASSERT_NE(NULL, run);
		run->offset = to[i];
		image_fix(&bad);
		EXPECT_EQ(REFUSED, hostile_try(app, &bad, bad.len)) {
			TH_LOG("run at %#llx", (unsigned long long)to[i]);
		}
		free(bad.data);
	}
}

/* Refused for what is wrong with it, not for something that comes of that. */
#define BAD_RUN(words, change)	do {					\
	ASSERT_EQ(0, image_copy(&bad, &img));				\
	run = first_run(&bad);						\
	ASSERT_NE(NULL, run);						\
	change;								\
	image_fix(&bad);						\
	EXPECT_EQ(REFUSED, hostile_try(app, &bad, bad.len)) {		\
		TH_LOG("%s", #change);					\
	}								\
	EXPECT_NE(NULL, strstr(app->log, words)) {			\
		TH_LOG("%s: no \"%s\" in \"%s\"", #change, words, app->log); \
	}								\
	free(bad.data);							\
} while (0)

CKPT_TEST_F(image, illegal_runs_are_refused)
{
	static const char no_content[] = "a run of an object that has no content";
	static const char unknown[] = "a run of unknown kind";
	static const char no_bounds[] = "a run without bounds";
	static const char not_filled[] = "its runs do not fill it";
	static struct image img, bad;
	struct app *app = &self->app;
	struct ckpt_run *run;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	BAD_RUN(no_content, run->source = 0);
	BAD_RUN(no_content, run->source = ~0U);
	BAD_RUN(no_content, run->source = 1);
	BAD_RUN(unknown, run->type = 0);
	BAD_RUN(unknown, run->type = 99);
	BAD_RUN(unknown, run->type = CKPT_RUN_HOLE);
	BAD_RUN(unknown, run->type = CKPT_RUN_PARENT);
	BAD_RUN(not_filled, run->type = CKPT_RUN_MARKER);
	BAD_RUN(not_filled, run->type = CKPT_RUN_ZERO);
	BAD_RUN("out of range", run->offset += 1);
	BAD_RUN(not_filled, run->length += 1);
	BAD_RUN(no_bounds, run->length = 0);
	BAD_RUN(no_bounds, run->length = ~0xfffULL);
	BAD_RUN(no_bounds, run->length = 1ULL << 40);
	BAD_RUN(unknown, run->from_source = 1);
	BAD_RUN(unknown, run->reserved = 1);
	BAD_RUN(unknown, run->from_offset = 4096);
}

/* ---- What an interrupted system call would go on with ---- */

/* By the scheduler, of a process; the lowest bits would say a file */
#define CPU_CLOCK(pid)	(~(uint32_t)(pid) << 3 | 2)

#define NO_CALL(kind)	"interrupted system call: kind " #kind " "

static const struct forged_call {
	const char *says;	/* why it is refused, or NULL: it restarts */
	struct ckpt_restart_block block;
} forged_call[] = {
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, 1000, { 1, 1 } } },
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, 1000, { 7, 0 } } },
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, -1, { 1, 1, ~0ULL } } },
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, 1000, { 11, 1 } } },
	/* Of its own CPU time, which may end before the present */
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, 1, { CPU_CLOCK(0), 1 } } },
	{ NULL, { CKPT_RESTART_NANOSLEEP, 0, INT64_MAX, { CPU_CLOCK(0), 1 } } },
	{ "is that of nobody", { CKPT_RESTART_NANOSLEEP, 0, 1, { CPU_CLOCK(9999), 1 } } },
	/* No clock by which anybody sleeps for some time */
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 0, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 2, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 10, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 16, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 1ULL << 32 | 1, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { -6, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { CPU_CLOCK(0) | 3, 1 } } },
	/* What kind of a result */
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 1, 3 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 1, ~0ULL } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 0, 1000, { 1, 1, 0, 1 } } },

	{ NULL, { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, CKPT_FUTEX_TIMEOUT, 1 } } },
	{ NULL, { CKPT_RESTART_FUTEX, 0, 1000, { ~3ULL, 0, 7, ~0U } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, 8, 1 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, 1ULL << 31, 1 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, 1ULL << 63, 1 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, 4, 0 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 0, 4, 1ULL << 32 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 0, 1000, { 4096, 1ULL << 32, 4, 1 } } },

	{ NULL, { CKPT_RESTART_POLL, 0, 1000, { 4096, 1, 1 } } },
	{ NULL, { CKPT_RESTART_POLL, 0, -1, { ~7ULL, 0x7fffffff, 1 } } },
	{ NO_CALL(3), { CKPT_RESTART_POLL, 0, 1000, { 4096, 1U << 31, 1 } } },
	{ NO_CALL(3), { CKPT_RESTART_POLL, 0, 1000, { 4096, 1ULL << 32, 1 } } },
	{ NO_CALL(3), { CKPT_RESTART_POLL, 0, 1000, { 4096, 1, 2 } } },
	{ NO_CALL(3), { CKPT_RESTART_POLL, 0, 1000, { 4096, 1, 1, 1 } } },

	{ NO_CALL(0), { CKPT_RESTART_NONE } },
	{ NO_CALL(4), { CKPT_RESTART_POLL + 1, 0, 1000, { 4096, 1, 1 } } },
	{ NO_CALL(1), { CKPT_RESTART_NANOSLEEP, 1, 1000, { 1, 1 } } },
	{ NO_CALL(2), { CKPT_RESTART_FUTEX, 1, 1000, { 4096, 0, 4, 1 } } },
	{ NO_CALL(3), { CKPT_RESTART_POLL, 1, 1000, { 4096, 1, 1 } } },
};

/* The task that sleeps goes on with something else; the root ends it by a signal. */
CKPT_TEST_F(image, forged_system_calls_are_refused_or_go_on)
{
	static struct image img, bad;
	struct app *app = &self->app;
	struct leftovers before;
	const char *says;
	enum outcome ret;
	unsigned int i;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	leftovers_get(&before);
	off = find_record(&img, CKPT_REC_RESTART_BLOCK);
	ASSERT_NE(0, off);
	off += sizeof(struct ckpt_record);
	for (i = 0; i < ARRAY_SIZE(forged_call); i++) {
		ASSERT_EQ(0, image_copy(&bad, &img));
		memcpy(bad.data + off, &forged_call[i].block, sizeof(forged_call[i].block));
		image_fix(&bad);
		ret = hostile_try(app, &bad, bad.len);
		says = forged_call[i].says ?: "status 0\n";
		EXPECT_TRUE(ret == (forged_call[i].says ? REFUSED : RESTARTED) &&
			    strstr(app->log, says)) {
			TH_LOG("call %u: %s instead of \"%s\": %s", i, outcome_name[ret],
			       says, app->log);
		}
		free(bad.data);
	}
	ckpt_nothing_left(_metadata, &before);
}

/* ---- What an attacker would write into registers and masks ---- */

#ifdef __x86_64__
static size_t find_regset(const struct image *img, uint32_t note)
{
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_REGSET, n)); n++) {
		const struct ckpt_regset *set = record_body(rec);

		if (set->note == note)
			return (uint8_t *)record_tail(rec) - img->data;
	}
	return 0;
}

/* It does nothing but wait, for a sign that is not given. */
CKPT_BODY(waits)
{
	ckpt_here();
	return 0;
}

#define USER_MODE	3	/* in a selector: where it may be used */
#define IOPL		0x3000	/* in the flags: ports may be used */
#define VIRTUAL_8086	0x20000

/* Stops the process that was restarted: false if it has ended by itself. */
static bool stop_process(struct app *app)
{
	return !ptrace(PTRACE_ATTACH, app->pid, 0, 0) &&
	       waitpid(app->pid, &app->status, 0) == app->pid &&
	       WIFSTOPPED(app->status);
}

/* Whether the process has what no user may have. NT, which popf can set, is not that. */
static bool is_privileged(const struct user_regs_struct *regs)
{
	return regs->eflags & (IOPL | VIRTUAL_8086) ||
	       (regs->cs & USER_MODE) != USER_MODE ||
	       (regs->ss & USER_MODE) != USER_MODE;
}

enum registers_are { NOT_TAKEN, NOT_USED, USED, PRIVILEGED };

static const char *const registers_name[] = {
	"refused", "its end", "used", "privileged",
};

/* What comes of registers that are forged, in @regs if somebody has them */
static enum registers_are try_registers(struct app *app, const struct image *img,
					struct user_regs_struct *regs)
{
	enum registers_are ret = NOT_USED;
	struct app copy = *app;

	copy.image = image_fd(img, img->len);
	copy.pid = 0;
	if (app_restart(&copy)) {
		close(copy.image);
		return NOT_TAKEN;
	}
	if (stop_process(&copy) && !ptrace(PTRACE_GETREGS, copy.pid, 0, regs))
		ret = is_privileged(regs) ? PRIVILEGED : USED;
	kill(copy.pid, SIGKILL);
	while (waitpid(copy.pid, &copy.status, 0) == copy.pid && WIFSTOPPED(copy.status))
		;
	close(copy.image);
	return ret;
}

CKPT_TEST_F(image, privileged_registers_are_refused_or_harmless)
{
	/* Indexes in struct user_regs_struct */
	static const struct { int index; uint64_t value; } reg[] = {
		{ 17 /* cs */, 0x10 }, { 17, 0 }, { 17, 0xffff },
		{ 20 /* ss */, 0x18 }, { 20, 0 }, { 20, 0xffff },
		{ 18 /* eflags */, ~0ULL }, { 18, 0x3000 }, { 18, 0x24100 },
		{ 18, 0x4202 }, { 18, 0x7202 },
		{ 16 /* rip */, 0xffffffff81000000 }, { 16, 1ULL << 63 },
		{ 16, 0x0000800000000000 }, { 19 /* rsp */, 1ULL << 63 },
		{ 21 /* fs_base */, 0xffff888000000000 },
		{ 22 /* gs_base */, 0xffff888000000000 },
		{ 15 /* orig_rax */, ~0ULL }, { 10 /* rax */, -516 },
		{ 10, -512 },
	};
	static struct image img, bad;
	struct app *app = &self->app;
	struct user_regs_struct regs;
	enum registers_are ret;
	struct leftovers before;
	unsigned int i;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "waits"));
	ASSERT_EQ(0, image_load(&img, app->image));
	leftovers_get(&before);
	off = find_regset(&img, NT_PRSTATUS);
	ASSERT_NE(0, off);
	EXPECT_EQ(USED, try_registers(app, &img, &regs));
	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		ASSERT_EQ(0, image_copy(&bad, &img));
		memcpy(bad.data + off + 8 * reg[i].index, &reg[i].value, 8);
		image_fix(&bad);
		ret = try_registers(app, &bad, &regs);
		EXPECT_NE(PRIVILEGED, ret) {
			TH_LOG("register %d = %#llx: %s: flags %#llx, cs %#llx, ss %#llx",
			       reg[i].index, (unsigned long long)reg[i].value,
			       registers_name[ret], (unsigned long long)regs.eflags,
			       (unsigned long long)regs.cs, (unsigned long long)regs.ss);
		}
		free(bad.data);
	}
	ckpt_nothing_left(_metadata, &before);
}

CKPT_TEST_F(image, bad_floating_point_state_is_refused_or_harmless)
{
	/* Offsets in the XSAVE area */
	static const struct { int off; uint64_t value; } field[] = {
		{ 24 /* mxcsr */, ~0ULL }, { 512 /* xstate_bv */, ~0ULL },
		{ 520 /* xcomp_bv */, ~0ULL }, { 528 /* reserved */, 1 },
		{ 568 /* reserved */, 1 }, { 464 /* sw_reserved */, ~0ULL },
		{ 472, ~0ULL }, { 480, ~0ULL },
	};
	static const uint32_t note[] = { NT_X86_XSTATE, NT_PRFPREG };
	static struct image img, bad;
	struct app *app = &self->app;
	enum outcome ret;
	unsigned int i, k;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	ASSERT_TRUE(find_regset(&img, note[0]) || find_regset(&img, note[1]));
	for (k = 0; k < 2; k++) {
		off = find_regset(&img, note[k]);
		for (i = 0; off && i < ARRAY_SIZE(field); i++) {
			if (k && field[i].off >= 512)
				continue;
			ASSERT_EQ(0, image_copy(&bad, &img));
			memcpy(bad.data + off + field[i].off, &field[i].value, 8);
			image_fix(&bad);
			ret = hostile_try(app, &bad, bad.len);
			EXPECT_TRUE(ret == REFUSED || ret == RESTARTED) {
				TH_LOG("offset %d: %s", field[i].off,
				       outcome_name[ret]);
			}
			free(bad.data);
		}
	}
}
#endif

/* SIGKILL cannot be caught, ignored or blocked, image or not. */
CKPT_TEST_F(image, sigkill_always_kills)
{
	static struct image img, bad;
	struct app *app = &self->app;
	struct ckpt_sigaction *sa;
	struct ckpt_task_state *ts;
	enum outcome ret;
	unsigned int i;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, hostile_make(app, &img));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, image_copy(&bad, &img));
		if (i == 0) {
			off = find_record(&bad, CKPT_REC_SIGHAND);
			ASSERT_NE(0, off);
			sa = (void *)(bad.data + off + sizeof(struct ckpt_record) +
				      sizeof(struct ckpt_sighand));
			sa[SIGKILL - 1].handler = 1;
		} else {
			off = find_record(&bad, CKPT_REC_TASK_STATE);
			ASSERT_NE(0, off);
			ts = (void *)(bad.data + off + sizeof(struct ckpt_record));
			ts->sigmask = ~0ULL;
			ts->saved_sigmask = ~0ULL;
		}
		image_fix(&bad);
		/* The model kills its child with SIGKILL and ends. */
		ret = hostile_try(app, &bad, bad.len);
		EXPECT_TRUE(ret == REFUSED ||
			    (ret == RESTARTED && !strcmp(app->log, "status 0\n"))) {
			TH_LOG("%s: %s", outcome_name[ret], app->log);
		}
		free(bad.data);
	}
}

TEST_HARNESS_MAIN
