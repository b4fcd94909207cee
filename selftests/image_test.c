// SPDX-License-Identifier: GPL-2.0
/*
 * Damaged, foreign and hostile images
 *
 * Each is refused with a reason, or it restarts; nothing is left behind. The
 * checksums are made right after each change, so that it is the checks of the
 * content that are tested, unless the test is about checksums.
 *
 * CKPT_TEST_MUTATIONS=N	number of random changes, 1000
 * CKPT_TEST_SEED=N		only this one, with a description of it
 */
#include "test.h"

#include <elf.h>
#include <stddef.h>
#include <time.h>

#include "image.h"

#define NOT_PLAIN()							\
	do {								\
		if (app_plain())					\
			SKIP(return, "needs the system calls");		\
	} while (0)

CKPT_SUITE(image);

/* A tree with a bit of everything that an image can hold. */
CKPT_BODY(model)
{
	struct timespec ts = { 3600, 0 };
	int fd, dir, null;
	char *p;
	pid_t pid;

	fd = open("data", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(4096, ftruncate(fd, 8192) ? -1 : lseek(fd, 4096, SEEK_SET));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(dir > 0 && null > 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	*p = 'x';
	signal(SIGUSR1, SIG_IGN);
	SPAWN(pid, (ckpt_set("child"), nanosleep(&ts, NULL)));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ('x', *p);
	CHECK_EQ(4096, lseek(fd, 0, SEEK_CUR));
	kill(pid, SIGKILL);
	return 0;
}

static int make_image(struct app *app, struct image *img)
{
	int ret;

	ret = app_capture(app, "model");
	if (ret)
		return ret;
	app_go(app);	/* who is restarted ends by himself */
	return image_load(img, app->image);
}

enum outcome {
	REFUSED,	/* with a reason */
	RESTARTED,
	NO_REASON,
	HANGS,
	BROKEN,
};

static const char *const outcome_name[] = {
	"refused", "restarted", "refused without a reason", "does not return",
	"broken off",
};

/* In a process of its own, which can be ended when the restart hangs. */
static int attempt(struct app *app, int fd)
{
	int ret, i;

	app->image = fd;
	ret = app_restart(app);
	if (ret) {
		dprintf(app->stdio[2], "%s%d\n", app->log, ret);
		return app->log[0] ? REFUSED : NO_REASON;
	}
	for (i = 0; i < 100 && app->pid; i++) {
		if (waitpid(app->pid, &app->status, WNOHANG) == app->pid)
			app->pid = 0;
		else
			sleep_ms(5);
	}
	if (app->pid) {
		kill(app->pid, SIGKILL);
		waitpid(app->pid, &app->status, 0);
		return RESTARTED;
	}
	dprintf(app->stdio[2], "status %#x\n", app->status);
	return RESTARTED;
}

/* Tries the first @len bytes of the image; the log is left in app->log. */
static enum outcome try_image(struct app *app, const struct image *img,
			      size_t len)
{
	int fd = image_fd(img, len), i, status;
	enum outcome ret = HANGS;
	struct app copy = *app;
	pid_t pid;
	ssize_t n;

	copy.stdio[2] = memfd_create("words", MFD_CLOEXEC);
	copy.pid = 0;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int words = dup(copy.stdio[2]);

		copy.stdio[2] = words;
		_exit(attempt(&copy, fd));
	}
	for (i = 0; i < 4000 * ckpt_scale(); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			ret = WIFEXITED(status) && WEXITSTATUS(status) < HANGS ?
			      WEXITSTATUS(status) : BROKEN;
			break;
		}
		sleep_ms(i < 50 ? 1 : 5);
	}
	if (ret == HANGS) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	n = pread(copy.stdio[2], app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
	close(copy.stdio[2]);
	close(fd);
	return ret;
}

static int copy_image(struct image *to, const struct image *from)
{
	*to = *from;
	to->data = malloc(from->len + 65536);
	if (!to->data)
		return -1;
	memcpy(to->data, from->data, from->len);
	return 0;
}

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
	ASSERT_EQ(0, make_image(&self->app, &img));
	EXPECT_EQ(RESTARTED, try_image(&self->app, &img, img.len));
	EXPECT_STREQ("status 0\n", self->app.log);
	/* Our idea of the checksums is that of the kernel. */
	ASSERT_EQ(0, copy_image(&same, &img));
	image_fix(&same);
	EXPECT_EQ(0, memcmp(same.data, img.data, img.len));
}

CKPT_TEST_F(image, truncation_at_every_boundary_is_refused)
{
	static struct image img;
	struct app *app = &self->app;
	struct leftovers before;
	unsigned int i, k;
	enum outcome ret;

	NOT_PLAIN();
	ASSERT_EQ(0, make_image(app, &img));
	leftovers_get(&before);
	for (i = 0; i < img.nr; i++) {
		const size_t cut[] = { img.part[i].off, img.part[i].off + 1 };

		for (k = 0; k < 2; k++) {
			ret = try_image(app, &img, cut[k]);
			EXPECT_EQ(REFUSED, ret) {
				TH_LOG("%zu of %zu bytes: %s", cut[k], img.len,
				       outcome_name[ret]);
			}
		}
	}
	EXPECT_EQ(REFUSED, try_image(app, &img, img.len - 1));
	EXPECT_EQ(NULL, leftovers_check(&before)) {
		TH_LOG("%s", leftovers_check(&before));
	}
}

/* ---- Single values that no reader may take ---- */

struct illegal {
	uint32_t type;		/* of record; 0 is the header */
	size_t off;		/* in its body */
	size_t size;
	uint64_t value;
	const char *name;
};

#define HEADER(field, value)						\
	{ 0, offsetof(struct ckpt_image_header, field),			\
	  sizeof(((struct ckpt_image_header *)0)->field) > 8 ? 8 :	\
	  sizeof(((struct ckpt_image_header *)0)->field), value,	\
	  "header " #field " = " #value }
#define FIELD(rec, struct_, field, value)				\
	{ CKPT_REC_##rec, offsetof(struct struct_, field),		\
	  sizeof(((struct struct_ *)0)->field), value,			\
	  #rec " " #field " = " #value }
#define RECORD(rec, field, value)					\
	{ CKPT_REC_##rec, offsetof(struct ckpt_record, field) -		\
	  sizeof(struct ckpt_record), 4, value,				\
	  #rec " record " #field " = " #value }

static const struct illegal illegal[] = {
	HEADER(version, 0),
	HEADER(version, 2),
	HEADER(version, ~0U),
	HEADER(endian, 0x04030201),
	HEADER(arch, 0),
	HEADER(arch, 99),
	HEADER(arch, CKPT_ARCH_UM_X86_64 + CKPT_ARCH_X86_64),
	HEADER(page_size, 0),
	HEADER(page_size, 65536),
	HEADER(flags, 2),
	HEADER(flags, 1U << 31),
	HEADER(features, 1),
	HEADER(features, 1ULL << 63),
	HEADER(task_size, ~0ULL),
	HEADER(cpu_features, ~0ULL),
	HEADER(fpu_size, 1),
	HEADER(fpu_size, 1ULL << 40),
	HEADER(vdso_hash, 12345),
	HEADER(base_id, 1),
	HEADER(tree_len, 0),
	HEADER(tree_len, 8),
	HEADER(tree_len, ~0ULL),
	HEADER(nr_tasks, 0),
	HEADER(nr_tasks, 1),
	HEADER(nr_tasks, ~0U),
	HEADER(nr_objects, 0),
	HEADER(nr_objects, 1),
	HEADER(nr_objects, ~0U),
	HEADER(root_pid, 0),
	HEADER(root_pid, 2),
	HEADER(root_pid, ~0U),
	HEADER(reserved, 1),

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
	FIELD(TASK, ckpt_task, ppid, 1),
	FIELD(TASK, ckpt_task, pgid, ~0U),
	FIELD(TASK, ckpt_task, sid, ~0U),
	FIELD(TASK, ckpt_task, exit_signal, 65),
	FIELD(TASK, ckpt_task, exit_signal, ~0U),
	FIELD(TASK, ckpt_task, uts_id, ~0U),
	FIELD(TASK, ckpt_task, reserved, 1),

	FIELD(TASK_STATE, ckpt_task_state, mm_id, 0),
	FIELD(TASK_STATE, ckpt_task_state, mm_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, fd_table_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, fs_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, sighand_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, cred_id, ~0U),
	FIELD(TASK_STATE, ckpt_task_state, cred_id, 0),
	FIELD(TASK_STATE, ckpt_task_state, flags, 1U << 31),
	FIELD(TASK_STATE, ckpt_task_state, altstack_flags, 0x1234),
	FIELD(TASK_STATE, ckpt_task_state, altstack_size, 1),
	FIELD(TASK_STATE, ckpt_task_state, robust_list_len, 1),
	FIELD(TASK_STATE, ckpt_task_state, nice, 20),
	FIELD(TASK_STATE, ckpt_task_state, nice, -21),

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
	FIELD(VMA, ckpt_vma, flags, 1U << 7),
	FIELD(VMA, ckpt_vma, file_id, ~0U),
	FIELD(VMA, ckpt_vma, file_id, 1),
	FIELD(VMA, ckpt_vma, offset, 1),
	FIELD(VMA, ckpt_vma, offset, ~0xfffULL),

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
 * so that there are objects before it to refer to.
 */
static size_t find_record(const struct image *img, uint32_t type)
{
	size_t off = 0;
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		const struct ckpt_record *rec;

		if (img->part[i].kind != PART_RECORD)
			continue;
		rec = (void *)(img->data + img->part[i].off);
		if (rec->type == type)
			off = img->part[i].off;
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
	ASSERT_EQ(0, make_image(app, &img));
	leftovers_get(&before);
	for (i = 0; i < ARRAY_SIZE(illegal); i++) {
		const struct illegal *il = &illegal[i];

		ASSERT_EQ(0, copy_image(&bad, &img));
		if (il->type) {
			off = find_record(&bad, il->type);
			ASSERT_NE(0, off) {
				TH_LOG("the image has no record for %s", il->name);
			}
			off += sizeof(struct ckpt_record) + il->off;
		} else {
			off = bad.header + sizeof(struct ckpt_section) + il->off;
		}
		memcpy(bad.data + off, &il->value, il->size);
		image_fix(&bad);
		ret = try_image(app, &bad, bad.len);
		EXPECT_EQ(REFUSED, ret) {
			TH_LOG("%s: %s", il->name, outcome_name[ret]);
		}
		free(bad.data);
	}
	EXPECT_EQ(NULL, leftovers_check(&before)) {
		TH_LOG("%s", leftovers_check(&before));
	}
}

/* ---- Memory goes only where the image may put it ---- */

static struct ckpt_run *first_run(struct image *img)
{
	unsigned int i, k;

	for (i = 0; i < img->nr; i++) {
		struct ckpt_chunk *c = (void *)(img->data + img->part[i].off);

		if (img->part[i].kind != PART_CHUNK)
			continue;
		for (k = 0; k < c->nr_runs && k < CKPT_CHUNK_RUNS; k++)
			if (c->run[k].type == CKPT_RUN_DATA)
				return &c->run[k];
	}
	return NULL;
}

/* Start of a mapping of @kind that lacks all @flags, or 0. */
static uint64_t find_vma(const struct image *img, uint32_t kind, uint32_t not)
{
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		const struct ckpt_record *rec = (void *)(img->data + img->part[i].off);
		const struct ckpt_vma *vma = (void *)(rec + 1);

		if (img->part[i].kind == PART_RECORD && rec->type == CKPT_REC_VMA &&
		    vma->kind == kind && !(vma->flags & not))
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
	ASSERT_EQ(0, make_image(app, &img));
	to[0] = 0;					/* below everything */
	to[1] = 0x7ffffffff000;				/* above everything */
	to[2] = ~0xfffULL;
	to[3] = find_vma(&img, CKPT_VMA_VVAR, 0);	/* the kernel's own */
	to[4] = find_vma(&img, CKPT_VMA_VDSO, 0);
	for (i = 0; i < 5; i++) {
		if (i > 2 && !to[i])
			continue;
		ASSERT_EQ(0, copy_image(&bad, &img));
		run = first_run(&bad);
		ASSERT_NE(NULL, run);
		run->offset = to[i];
		image_fix(&bad);
		EXPECT_EQ(REFUSED, try_image(app, &bad, bad.len)) {
			TH_LOG("run at %#llx", (unsigned long long)to[i]);
		}
		free(bad.data);
	}
}

#define BAD_RUN(change)	do {						\
	ASSERT_EQ(0, copy_image(&bad, &img));				\
	run = first_run(&bad);						\
	ASSERT_NE(NULL, run);						\
	change;								\
	image_fix(&bad);						\
	EXPECT_EQ(REFUSED, try_image(app, &bad, bad.len)) {		\
		TH_LOG("%s", #change);					\
	}								\
	free(bad.data);							\
} while (0)

CKPT_TEST_F(image, illegal_runs_are_refused)
{
	static struct image img, bad;
	struct app *app = &self->app;
	struct ckpt_run *run;

	NOT_PLAIN();
	ASSERT_EQ(0, make_image(app, &img));
	BAD_RUN(run->source = 0);
	BAD_RUN(run->source = ~0U);
	BAD_RUN(run->source = 1);
	BAD_RUN(run->type = 0);
	BAD_RUN(run->type = 99);
	BAD_RUN(run->type = CKPT_RUN_PARENT);
	BAD_RUN(run->type = CKPT_RUN_MARKER);
	BAD_RUN(run->offset += 1);
	BAD_RUN(run->length += 1);
	BAD_RUN(run->length = 0);
	BAD_RUN(run->length = ~0xfffULL);
	BAD_RUN(run->length = 1ULL << 40);
	BAD_RUN(run->from_source = 1);
	BAD_RUN(run->reserved = 1);
	BAD_RUN(run->from_offset = 4096);
}

/* ---- What an attacker would write into registers and masks ---- */

static size_t find_regset(const struct image *img, uint32_t note)
{
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		const struct ckpt_record *rec = (void *)(img->data + img->part[i].off);
		const struct ckpt_regset *set = (void *)(rec + 1);

		if (img->part[i].kind == PART_RECORD &&
		    rec->type == CKPT_REC_REGSET && set->note == note)
			return img->part[i].off + sizeof(*rec) + rec->body_len;
	}
	return 0;
}

#ifdef __x86_64__
CKPT_TEST_F(image, privileged_registers_are_refused_or_harmless)
{
	/* Indexes in struct user_regs_struct */
	static const struct { int index; uint64_t value; } reg[] = {
		{ 17 /* cs */, 0x10 }, { 17, 0 }, { 17, 0xffff },
		{ 20 /* ss */, 0x18 }, { 20, 0 }, { 20, 0xffff },
		{ 18 /* eflags */, ~0ULL }, { 18, 0x3000 }, { 18, 0x24100 },
		{ 16 /* rip */, 0xffffffff81000000 }, { 16, 1ULL << 63 },
		{ 16, 0x0000800000000000 }, { 19 /* rsp */, 1ULL << 63 },
		{ 21 /* fs_base */, 0xffff888000000000 },
		{ 22 /* gs_base */, 0xffff888000000000 },
		{ 15 /* orig_rax */, ~0ULL }, { 10 /* rax */, -516 },
		{ 10, -512 },
	};
	static struct image img, bad;
	struct app *app = &self->app;
	enum outcome ret;
	unsigned int i;
	size_t off;

	NOT_PLAIN();
	ASSERT_EQ(0, make_image(app, &img));
	off = find_regset(&img, NT_PRSTATUS);
	ASSERT_NE(0, off);
	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		ASSERT_EQ(0, copy_image(&bad, &img));
		memcpy(bad.data + off + 8 * reg[i].index, &reg[i].value, 8);
		image_fix(&bad);
		ret = try_image(app, &bad, bad.len);
		EXPECT_TRUE(ret == REFUSED || ret == RESTARTED) {
			TH_LOG("register %d = %#llx: %s", reg[i].index,
			       (unsigned long long)reg[i].value, outcome_name[ret]);
		}
		free(bad.data);
	}
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
	ASSERT_EQ(0, make_image(app, &img));
	ASSERT_TRUE(find_regset(&img, note[0]) || find_regset(&img, note[1]));
	for (k = 0; k < 2; k++) {
		off = find_regset(&img, note[k]);
		for (i = 0; off && i < ARRAY_SIZE(field); i++) {
			if (k && field[i].off >= 512)
				continue;
			ASSERT_EQ(0, copy_image(&bad, &img));
			memcpy(bad.data + off + field[i].off, &field[i].value, 8);
			image_fix(&bad);
			ret = try_image(app, &bad, bad.len);
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
	ASSERT_EQ(0, make_image(app, &img));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, copy_image(&bad, &img));
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
		ret = try_image(app, &bad, bad.len);
		EXPECT_TRUE(ret == REFUSED ||
			    (ret == RESTARTED && !strcmp(app->log, "status 0\n"))) {
			TH_LOG("%s: %s", outcome_name[ret], app->log);
		}
		free(bad.data);
	}
}

/* ---- Random changes ---- */

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
	struct part p = *pick(img, PART_RECORD), *pad = NULL;
	struct ckpt_section *s = (void *)(img->data + img->metadata);
	size_t end = img->metadata + sizeof(*s) + s->length;
	struct ckpt_record *rec;
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		rec = (void *)(img->data + img->part[i].off);
		if (img->part[i].kind == PART_RECORD && rec->type == CKPT_REC_PAD)
			pad = &img->part[i];
	}
	snprintf(story, sizeof(story), "record at %#zx %s", p.off,
		 out ? "taken out" : "doubled");
	if (!pad || p.off == pad->off)
		return;
	rec = (void *)(img->data + pad->off);
	if (out) {
		memmove(img->data + p.off, img->data + p.off + p.len,
			pad->off - p.off - p.len);
		memset(img->data + pad->off - p.len, 0, p.len + pad->len);
		rec = (void *)(img->data + pad->off - p.len);
		rec->type = CKPT_REC_PAD;
		rec->len = pad->len + p.len;
	} else {
		if (pad->len < p.len + sizeof(*rec))
			return;
		memmove(img->data + p.off + p.len, img->data + p.off,
			pad->off - p.off);
		memset(img->data + pad->off + p.len, 0, pad->len - p.len);
		rec = (void *)(img->data + pad->off + p.len);
		rec->type = CKPT_REC_PAD;
		rec->len = pad->len - p.len;
	}
	(void)end;
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

/* Returns true if the change must be noticed. */
static bool mutate(struct image *img)
{
	struct ckpt_record *rec, *other;
	struct part *p;

	strcpy(story, "nothing");
	switch (rnd(16)) {
	case 0:
	case 1: {	/* any byte, checksums as they were */
		size_t off = rnd(img->len);

		snprintf(story, sizeof(story), "byte at %#zx, wrong checksum", off);
		img->data[off] ^= 1 << rnd(8);
		return true;
	}
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
		change(img, p->off + sizeof(*rec), p->len - sizeof(*rec) >= 8 ?
		       p->len - sizeof(*rec) : 8, "record");
		break;
	case 7:
		p = pick(img, PART_RECORD);
		change32(img, p->off + rnd(6) * 4, "record head");
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
		p = pick(img, PART_CHUNK);
		change(img, p->off, 32 + 3 * sizeof(struct ckpt_run), "chunk");
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

CKPT_TEST_F(image, random_changes_are_refused_or_restart)
{
	static struct image img, bad;
	struct app *app = &self->app;
	unsigned int count = number("CKPT_TEST_MUTATIONS", 1000);
	unsigned int only = number("CKPT_TEST_SEED", 0), seed, sum[5] = { 0 };
	struct leftovers before;
	const char *left;
	enum outcome ret;
	bool visible;

	NOT_PLAIN();
	ASSERT_EQ(0, make_image(app, &img));
	leftovers_get(&before);
	for (seed = 1; seed <= count; seed++) {
		if (only && seed != only)
			continue;
		random_state = seed * 1000003ULL;
		ASSERT_EQ(0, copy_image(&bad, &img));
		visible = mutate(&bad);
		ret = try_image(app, &bad, bad.len);
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
	EXPECT_EQ(RESTARTED, try_image(app, &img, img.len));
	EXPECT_STREQ("status 0\n", app->log);
	EXPECT_LT(0, only || sum[REFUSED]);
}

TEST_HARNESS_MAIN
