// SPDX-License-Identifier: GPL-2.0
/*
 * ckpt-convert makes images of an older version of the format ones that the kernel
 * restarts
 *
 * The kernel writes one of its own version, which is made one of version 1 here:
 * there the architecture's part of a task was behind its registers, and x86_64 had
 * less to tell.
 */
#include "calls.h"

#include "format.h"
#include "hostile.h"

CKPT_SUITE(convert);

#define MB	(1UL << 20)

/* A program with a child, and some of everything that version 1 knew */
CKPT_BODY(work)
{
	char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("f", O_RDWR | O_CREAT, 0600), ends[2];
	char text[8] = "";
	pid_t pid;

	CHECK(p != MAP_FAILED && fd >= 0);
	pattern_fill(p, MB, 1);
	CHECK_EQ(4, write(fd, "data", 4));
	CHECK_OK(pipe(ends));
	CHECK_EQ(3, write(ends[1], "abc", 3));
	SPAWN(pid, (ckpt_announce("child", "go.0"), !!pattern_check(p, MB, 1)));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p, MB, 1));
	CHECK_EQ(4, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(3, read(ends[0], text, sizeof(text)));
	CHECK(!strcmp(text, "abc"));
	return ckpt_reap(pid);
}

static struct ckpt_image_header *header_of(struct image *i)
{
	return (void *)(i->data + i->header + sizeof(struct ckpt_section));
}

static struct ckpt_record *next_record(struct ckpt_record *rec)
{
	return (void *)((char *)rec + rec->len);
}

/* Behind the register sets of the same task. Returns their number. */
static unsigned int move_behind_registers(struct ckpt_record *rec)
{
	struct ckpt_record *copy = malloc(rec->len), *next = next_record(rec);
	uint32_t len = rec->len, sets = 0;
	unsigned int n = 0;

	memcpy(copy, rec, len);
	while (next->type == CKPT_REC_REGSET && next->owner == copy->owner) {
		sets += next->len;
		next = next_record(next);
		n++;
	}
	memmove(rec, (char *)rec + len, sets);
	memcpy((char *)rec + sets, copy, len);
	free(copy);
	return n;
}

/* As there must be an object for each number, another one takes the vDSO's. */
static void replace_vdso(struct image *i)
{
	struct ckpt_record *rec = image_record(i, CKPT_REC_VDSO, 0);
	uint32_t len = image_record(i, CKPT_REC_CRED, 0)->len, id = rec->id;

	image_resize_tail(i, rec, (int)(len - sizeof(*rec) - rec->body_len - rec->tail_len));
	rec = image_record(i, CKPT_REC_VDSO, 0);
	memcpy(rec, image_record(i, CKPT_REC_CRED, 0), len);
	rec->id = id;
	image_parse(i);
}

/* What x86_64 did not save */
static void remove_x86(struct image *i)
{
	struct ckpt_record *rec, empty;
	struct ckpt_regset *set;
	struct ckpt_vma *vma;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_ARCH_TASK, n)); n++) {
		/* A record without a body in its place, and the rest of it goes. */
		empty = *rec;
		empty.len = sizeof(empty);
		empty.body_len = 0;
		*(struct ckpt_record *)((char *)rec + sizeof(empty)) = (struct ckpt_record) {
			.type = CKPT_REC_ARCH_TASK, .len = rec->len - sizeof(empty),
		};
		*rec = empty;
		image_parse(i);
		image_remove_record(i, image_record(i, CKPT_REC_ARCH_TASK, n + 1));
	}
	for (n = 0; (rec = image_record(i, CKPT_REC_VMA, n)); n++) {
		vma = record_body(rec);
		if (vma->kind == CKPT_VMA_VDSO)
			vma->file_id = 0;
	}
	/* Behind the registers, what is where in them */
	for (n = 0; (rec = image_record(i, CKPT_REC_REGSET, n)); n++) {
		set = record_body(rec);
		image_resize_tail(i, rec, (int)(set->size - rec->tail_len));
	}
	replace_vdso(i);
	while ((rec = image_record(i, CKPT_REC_ARCH_MM, 0)) && !image_remove_record(i, rec))
		;
}

static void make_version_1(struct __test_metadata *_metadata, struct image *i)
{
	struct ckpt_record *rec;
	unsigned int n;

	header_of(i)->version = 1;
	if (header_of(i)->arch == CKPT_ARCH_X86_64)
		remove_x86(i);
	for (n = 0; (rec = image_record(i, CKPT_REC_ARCH_TASK, n)); n++) {
		ASSERT_LT(0, move_behind_registers(rec));
		ASSERT_EQ(0, image_parse(i));
	}
	ASSERT_EQ(2, n);
	image_fix(i);
}

/* Runs the tool on @fd; a memfd with what it makes, or -1. */
static int converted(int fd)
{
	int out = memfd_create("converted", MFD_CLOEXEC), status = -1;
	pid_t pid = fork();

	if (!pid) {
		lseek(fd, 0, SEEK_SET);
		if (dup2(fd, 0) < 0 || dup2(out, 1) < 0)
			_exit(101);
		execlp("ckpt-convert", "ckpt-convert", "-q", NULL);
		_exit(102);
	}
	waitpid(pid, &status, 0);
	if (!status)
		return out;
	close(out);
	return -1;
}

CKPT_TEST_F(convert, image_of_version_1_goes_on)
{
	struct app *app = &self->app;
	struct leftovers before;
	struct image img;
	int old;

	NOT_PLAIN();
	if (system("ckpt-convert --version >/dev/null 2>&1"))
		SKIP(return, "ckpt-convert is not in PATH");
	ASSERT_EQ(0, hostile_capture(app, &img, "work"));
	if (header_of(&img)->arch == CKPT_ARCH_I386)
		SKIP(return, "there was no version 1 of this architecture");
	make_version_1(_metadata, &img);
	old = image_fd(&img, img.len);
	image_free(&img);
	close(app->image);
	app->image = old;
	leftovers_get(&before);
	EXPECT_GT(0, app_restart(app));
	EXPECT_NE(NULL, strstr(app->log, "version 1")) {
		TH_LOG("%s", app->log);
	}
	EXPECT_EQ(NULL, leftovers_check(&before));

	app->image = converted(old);
	ASSERT_LE(0, app->image);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	ASSERT_EQ(0, app_finish(app));
	close(old);
}

TEST_HARNESS_MAIN
