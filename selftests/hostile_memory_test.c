// SPDX-License-Identifier: GPL-2.0
/*
 * Forged images whose memory goes where it must not, or comes from there
 *
 * As hostile_test.c, of which this is the third point.
 */
#include "calls.h"

#include "forged.h"

CKPT_SUITE(hostile_memory);

/* ---- Mappings ---- */

static struct ckpt_vma *find_vma(struct image *i, uint32_t kind, uint32_t with,
				 uint32_t without)
{
	struct ckpt_record *rec;
	struct ckpt_vma *vma;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_VMA, n)); n++) {
		vma = record_body(rec);
		if (vma->kind == kind && (vma->flags & with) == with &&
		    !(vma->flags & without))
			return vma;
	}
	return NULL;
}

CKPT_TEST_F(hostile_memory, runs_into_mappings_that_no_run_may_fill)
{
	static const uint32_t special[] = { CKPT_VMA_VDSO, CKPT_VMA_VVAR };
	struct app *app = &self->app;
	struct ckpt_vma *vma;
	struct ckpt_run *run;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < 2; i++) {
		if (!find_vma(&img, special[i], 0, 0))
			continue;
		FORGED(MUST_REFUSE, ({
			vma = find_vma(&bad, special[i], 0, 0);
			run = image_run(&bad, 0);
			run->source = vma->mm_id;
			run->offset = vma->start;
		}), "run into a mapping of kind %u", special[i]);
	}
	/* The mapping pretends to be a plain one. */
	for (i = 0; i < 2; i++) {
		if (!find_vma(&img, special[i], 0, 0))
			continue;
		FORGED(MAY_RESTART, ({
			vma = find_vma(&bad, special[i], 0, 0);
			vma->kind = CKPT_VMA_ANON;
		}), "mapping of kind %u is said to be plain", special[i]);
		FORGED(MUST_REFUSE, ({
			vma = find_vma(&bad, CKPT_VMA_ANON, CKPT_VMA_WRITE, 0);
			vma->kind = special[i];
		}), "plain mapping is said to be of kind %u", special[i]);
	}
	finish(_metadata, app);
}

/* A run may go on from one mapping into the next: here there is none. */
static struct ckpt_vma *find_lonely_vma(struct image *i)
{
	struct ckpt_record *rec;
	struct ckpt_vma *vma, *next;
	uint64_t end = 0;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_VMA, n)); n++) {
		vma = record_body(rec);
		rec = image_record(i, CKPT_REC_VMA, n + 1);
		next = rec ? record_body(rec) : NULL;
		if (vma->kind == CKPT_VMA_ANON && vma->flags & CKPT_VMA_WRITE &&
		    vma->start > end &&
		    (!next || next->mm_id != vma->mm_id || next->start > vma->end))
			return vma;
		end = vma->end;
	}
	return NULL;
}

CKPT_TEST_F(hostile_memory, runs_across_the_ends_of_mappings)
{
	struct app *app = &self->app;
	struct ckpt_vma *vma;
	struct ckpt_run *run;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, find_lonely_vma(&img));
	for (i = 0; (run = image_run(&img, i)); i++) {
		if (run->length < 8192)
			continue;
		FORGED(MUST_REFUSE, ({
			vma = find_lonely_vma(&bad);
			run = image_run(&bad, i);
			run->source = vma->mm_id;
			run->offset = vma->end - 4096;
		}), "%s", "run across the end of a mapping");
		FORGED(MUST_REFUSE, ({
			vma = find_lonely_vma(&bad);
			run = image_run(&bad, i);
			run->source = vma->mm_id;
			run->offset = vma->start - 4096;
		}), "%s", "run across the start of a mapping");
		break;
	}
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_memory, runs_that_overlap)
{
	struct app *app = &self->app;
	struct ckpt_run *a, *b;

	NOT_PLAIN();
	prepare(_metadata, app);
	FORGED(MUST_REFUSE, ({
		a = image_run(&bad, 0);
		b = image_run(&bad, 1);
		b->source = a->source;
		b->offset = a->offset;
	}), "%s", "two runs at one address");
	finish(_metadata, app);
}

/* ---- Pages that are shared ---- */

static const char no_place[] = ": cannot be restored, or is there twice";

/*
 * What fork() has left shared: a run of each child of the model is the same as one
 * of its parent. Here it is what it was; all that is wrong is what each case says.
 */
static struct ckpt_run *same_run(struct image *i)
{
	return image_run_of(i, CKPT_RUN_SAME, 0);
}

#define FORGED_SAME(words, ...)						\
	REFUSED_WITH(words, ({						\
		run = same_run(&bad);					\
		__VA_ARGS__;						\
	}))

/* Where such a run must neither come from nor go to */
struct places {
	struct ckpt_vma *shared;
	struct ckpt_vma *lonely;
	struct ckpt_record *shmem;
};

static void prepare_same(struct __test_metadata *_metadata, struct app *app,
			 struct places *there)
{
	prepare(_metadata, app);
	ASSERT_NE(NULL, same_run(&img));
	there->shared = find_vma(&img, CKPT_VMA_SHMEM, 0, 0);
	there->lonely = find_lonely_vma(&img);
	there->shmem = image_record(&img, CKPT_REC_SHMEM, 0);
	ASSERT_TRUE(there->shared && there->lonely && there->shmem);
}

/* Shared pages come from another address space, from where there is memory. */
CKPT_TEST_F(hostile_memory, runs_that_share_what_they_must_not)
{
	struct app *app = &self->app;
	struct places there;
	struct ckpt_run *run;

	NOT_PLAIN();
	prepare_same(_metadata, app, &there);
	FORGED_SAME("a run of unknown kind", run->from_source = 0);
	FORGED_SAME(no_place, run->from_source = ~0U);
	FORGED_SAME(no_place, run->from_source = img.nr);
	FORGED_SAME(no_place, run->from_source = 1);
	FORGED_SAME(no_place, run->from_source = there.shmem->id);
	FORGED_SAME(no_place, run->from_source = run->source);
	FORGED_SAME(no_place, run->from_offset += 1);
	FORGED_SAME(no_place, run->from_offset = 0);
	FORGED_SAME(no_place, run->from_offset = 1ULL << 62);
	FORGED_SAME("a run without bounds", run->from_offset = ~0xfffULL);
	FORGED_SAME(no_place, run->from_offset = there.lonely->end);
	FORGED_SAME(no_place, run->from_offset = there.shared->start);
	FORGED_SAME("a run without bounds", run->length = ~0xfffULL);
	FORGED_SAME(no_place, run->length = 1ULL << 46);
	FORGED_SAME(no_place, run->length += 1);
	finish(_metadata, app);
}

/* Nor do they go where no other run may go. */
CKPT_TEST_F(hostile_memory, shared_pages_where_they_must_not_be)
{
	struct app *app = &self->app;
	struct places there;
	struct ckpt_run *run;

	NOT_PLAIN();
	prepare_same(_metadata, app, &there);
	FORGED_SAME("a run of an object that has no content", run->source = 1);
	FORGED_SAME("shared anonymous memory: a run of unknown kind",
		    run->source = there.shmem->id);
	FORGED_SAME(no_place, run->offset += 1);
	FORGED_SAME(no_place, run->offset = 0);
	FORGED_SAME(no_place, run->offset = there.lonely->end);
	FORGED_SAME(no_place, run->offset = there.shared->start);
	/* Once more, where a page is already: that of another such run */
	FORGED_SAME(no_place, ({
		struct ckpt_run *other = image_run_of(&bad, CKPT_RUN_SAME, 1);

		other->source = run->source;
		other->offset = run->offset;
		other->from_source = run->from_source;
		other->from_offset = run->from_offset;
	}));
	finish(_metadata, app);
}

/* Special mappings: the kernel's own */
CKPT_TEST_F(hostile_memory, shared_pages_of_the_kernel)
{
	static const uint32_t special[] = { CKPT_VMA_VDSO, CKPT_VMA_VVAR };
	struct app *app = &self->app;
	struct ckpt_vma *vma;
	struct ckpt_run *run;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, same_run(&img));
	for (i = 0; i < ARRAY_SIZE(special); i++) {
		vma = find_vma(&img, special[i], 0, 0);
		if (!vma)
			continue;
		FORGED_SAME(no_place, run->from_offset = vma->start);
		FORGED_SAME(no_place, run->offset = vma->start);
	}
	finish(_metadata, app);
}

#define FILE_PAGES	8	/* of a file, that are mapped */
#define BEYOND		2	/* pages behind its end, that are mapped, too */
#define PAGE		4096UL

/*
 * A file of which one page has been written to, and is shared with a child. The
 * others are the file's, and those behind its end nobody's. It is the program:
 * what is at its end nobody reads, and it is on the disk of the machine.
 */
CKPT_BODY(file_family)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t end;
	char *p, *q;
	pid_t pid;

	CHECK_OK(fd);
	CHECK_OK(fstat(fd, &st));
	end = (st.st_size + PAGE - 1) / PAGE * PAGE;
	CHECK(end > FILE_PAGES * PAGE);
	p = mmap(NULL, (FILE_PAGES + BEYOND) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		 fd, end - FILE_PAGES * PAGE);
	CHECK(p != MAP_FAILED);
	close(fd);
	*p = 'w';
	/* Of its own memory it has the first page; no other mapping is like this one. */
	q = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED);
	*q = 'q';
	SPAWN(pid, (ckpt_announce("child", "go.0"), *p != 'w'));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ('w', *p);
	return ckpt_reap(pid);
}

/* The mapping above, in the address space @mm_id */
static struct ckpt_vma *file_vma(struct image *i, uint32_t mm_id)
{
	struct ckpt_record *rec;
	struct ckpt_vma *vma;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_VMA, n)); n++) {
		vma = record_body(rec);
		if (vma->kind == CKPT_VMA_FILE && vma->mm_id == mm_id &&
		    vma->flags & CKPT_VMA_WRITE &&
		    vma->end - vma->start == (FILE_PAGES + BEYOND) * PAGE)
			return vma;
	}
	return NULL;
}

static struct ckpt_vma *first_file_vma(struct image *i)
{
	struct ckpt_record *mm = image_record(i, CKPT_REC_MM, 0);

	return mm ? file_vma(i, mm->id) : NULL;
}

static struct ckpt_vma *half_used_vma(struct image *i)
{
	return find_vma(i, CKPT_VMA_ANON, CKPT_VMA_WRITE | CKPT_VMA_EXEC, 0);
}

/* The run of the page that is shared, in the address space of the child */
static struct ckpt_run *file_run(struct image *i)
{
	struct ckpt_record *mm = image_record(i, CKPT_REC_MM, 1);

	return image_run_at(i, CKPT_RUN_SAME, mm->id, first_file_vma(i)->start);
}

/* What nobody has mapped must be read from the disk again. */
static void forget_file_pages(void)
{
	sync();
	write_file("/proc/sys/vm/drop_caches", "1");
}

/* Page @from of the file for page @to of the mapping */
#define FORGED_FILE_PAGE(from, to)					\
	FORGED(MUST_REFUSE, ({						\
		forget_file_pages();					\
		run = file_run(&bad);					\
		run->from_offset += (from) * PAGE;			\
		run->offset += (to) * PAGE;				\
	}), "page %lu for page %lu of a file", (unsigned long)(from), \
	    (unsigned long)(to))

/*
 * Such pages are the file's: the kernel reads none for somebody who asks by an
 * image, while it holds locks. At the same address they would be shared, at
 * another one copied.
 */
CKPT_TEST_F(hostile_memory, shared_pages_of_files)
{
	struct app *app = &self->app;
	struct ckpt_run *run;

	NOT_PLAIN();
	prepare_body(_metadata, app, "file_family");
	ASSERT_NE(NULL, first_file_vma(&img));
	ASSERT_TRUE(file_run(&img) && half_used_vma(&img));
	FORGED_FILE_PAGE(1, 0);
	FORGED_FILE_PAGE(FILE_PAGES - 1, 0);
	FORGED_FILE_PAGE(1, 1);
	FORGED_FILE_PAGE(2, 1);
	/* Behind the end of the file */
	FORGED_FILE_PAGE(FILE_PAGES, 0);
	FORGED_FILE_PAGE(0, FILE_PAGES);
	FORGED_FILE_PAGE(FILE_PAGES, FILE_PAGES);
	FORGED_FILE_PAGE(FILE_PAGES + BEYOND - 1, 0);
	/* Memory that was never touched is nobody's. */
	FORGED(MUST_REFUSE, file_run(&bad)->from_offset = half_used_vma(&bad)->start + PAGE,
	       "%s", "a page that is not there");
	FORGED(MAY_RESTART, file_run(&bad)->from_offset = half_used_vma(&bad)->start,
	       "%s", "a page of something else");
	/* From the good page on */
	FORGED(MUST_REFUSE, ({
		forget_file_pages();
		file_run(&bad)->length = 2 * PAGE;
	}), "%s", "a run that begins well");
	finish(_metadata, app);
}

/* ---- Pages with data ---- */

/* The data of the page above, in the address space of the parent */
static struct ckpt_run *file_data(struct image *i)
{
	struct ckpt_record *mm = image_record(i, CKPT_REC_MM, 0);

	return image_run_at(i, CKPT_RUN_DATA, mm->id, first_file_vma(i)->start);
}

static struct ckpt_vma *find_code(struct image *i)
{
	return find_vma(i, CKPT_VMA_FILE, CKPT_VMA_EXEC, 0);
}

CKPT_TEST_F(hostile_memory, data_for_mappings_of_files)
{
	static const char refused[] = "there is no mapping that could take it";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "file_family");
	ASSERT_TRUE(first_file_vma(&img) && file_data(&img) && find_code(&img));
	ASSERT_EQ(PAGE, file_data(&img)->length);
	REFUSED_WITH(refused, file_data(&bad)->offset += FILE_PAGES * PAGE);
	REFUSED_WITH(refused, file_data(&bad)->offset += (FILE_PAGES + BEYOND - 1) * PAGE);
	/* What lies behind the mapping may take it. */
	FORGED(MAY_RESTART, file_data(&bad)->offset += (FILE_PAGES + BEYOND) * PAGE,
	       "%s", "behind the mapping");
	/* Nor does it go on from a page of the file to one behind its end. */
	REFUSED_WITH(refused, ({
		struct ckpt_run *run = image_set_run_type(&bad, file_data(&bad),
							  CKPT_RUN_ZERO);

		run->length = 2 * PAGE;
		run->offset += (FILE_PAGES - 1) * PAGE;
		image_set_run_type(&bad, run, CKPT_RUN_DATA);
	}));
	REFUSED_WITH(no_place, ({
		struct ckpt_run *run = image_set_run_type(&bad, file_data(&bad),
							  CKPT_RUN_ZERO);

		run->offset += FILE_PAGES * PAGE;
	}));
	/* As after a write by a debugger: a security module may be against it. */
	FORGED(MAY_RESTART, file_data(&bad)->offset = find_code(&bad)->start,
	       "%s", "data for code");
	finish(_metadata, app);
}

/* ---- Shared memory ---- */

CKPT_TEST_F(hostile_memory, runs_outside_of_shared_memory)
{
	static const char refused[] = "shared anonymous memory at ";
	struct app *app = &self->app;
	struct ckpt_record *rec;
	struct ckpt_shmem *shmem;
	uint64_t size;
	unsigned int n;

	NOT_PLAIN();
	prepare(_metadata, app);
	/* The second page of one of two has been written to. */
	for (n = 0; (rec = image_record(&img, CKPT_REC_SHMEM, n)); n++) {
		shmem = record_body(rec);
		if (image_run_at(&img, CKPT_RUN_DATA, rec->id, PAGE))
			break;
	}
	ASSERT_NE(NULL, rec);
	size = shmem->size;
#define SHMEM_RUN(i)	image_run_at(i, CKPT_RUN_DATA, rec->id, PAGE)
	ASSERT_EQ(PAGE, SHMEM_RUN(&img)->length);
	REFUSED_WITH(refused, SHMEM_RUN(&bad)->offset = size);
	REFUSED_WITH(refused, SHMEM_RUN(&bad)->offset = size + 1024 * PAGE);
	REFUSED_WITH(refused, SHMEM_RUN(&bad)->offset = size - PAGE + 1);
	REFUSED_WITH(refused, SHMEM_RUN(&bad)->offset = 1ULL << 62);
	/* The object is smaller, and nobody maps more of it. */
	REFUSED_WITH(refused, ({
		shmem = record_body(image_record(&bad, CKPT_REC_SHMEM, n));
		shmem->size = PAGE;
	}));
	finish(_metadata, app);
}

/* ---- Guard regions ---- */

static struct ckpt_run *marker_run(struct image *i)
{
	return image_run_of(i, CKPT_RUN_MARKER, 0);
}

#define FORGED_MARKER(words, ...)					\
	REFUSED_WITH(words, ({						\
		run = marker_run(&bad);					\
		__VA_ARGS__;						\
	}))

CKPT_TEST_F(hostile_memory, guard_regions_where_they_must_not_be)
{
	static const uint32_t special[] = { CKPT_VMA_VDSO, CKPT_VMA_VVAR };
	struct ckpt_record *shmem;
	struct app *app = &self->app;
	struct ckpt_vma *vma;
	struct ckpt_run *run;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, marker_run(&img));
	vma = find_lonely_vma(&img);
	shmem = image_record(&img, CKPT_REC_SHMEM, 0);
	ASSERT_TRUE(vma && shmem);
	FORGED_MARKER("a run of an object that has no content", run->source = 1);
	FORGED_MARKER("shared anonymous memory: a run of unknown kind",
		      run->source = shmem->id);
	FORGED_MARKER("a run of unknown kind", run->from_source = run->source);
	FORGED_MARKER("a run of unknown kind", run->from_offset = PAGE);
	FORGED_MARKER(no_place, run->offset += 1);
	FORGED_MARKER(no_place, run->length += 1);
	FORGED_MARKER(no_place, run->offset = 0);
	FORGED_MARKER(no_place, (run->source = vma->mm_id, run->offset = vma->end));
	FORGED_MARKER(no_place, run->length = 1ULL << 46);
	FORGED_MARKER("a run without bounds", run->length = ~0xfffULL);
	for (i = 0; i < ARRAY_SIZE(special); i++) {
		vma = find_vma(&img, special[i], 0, 0);
		if (vma)
			FORGED_MARKER(no_place, (run->source = vma->mm_id,
						 run->offset = vma->start));
	}
	/* Locked memory may not have them: as with madvise(). */
	FORGED(MAY_RESTART, marker_run(&bad)->offset = image_run(&bad, 0)->offset,
	       "%s", "where a page is already");
	/* What had data is a guard region now, for whoever touches it. */
	FORGED(MAY_RESTART, image_set_run_type(&bad, image_run(&bad, 0), CKPT_RUN_MARKER),
	       "%s", "instead of data");
	finish(_metadata, app);
}

/* ---- Zeros ---- */

static struct ckpt_run *zero_run(struct image *i)
{
	return image_run_of(i, CKPT_RUN_ZERO, 0);
}

/* They have no bytes, so that nothing else says how many there are. */
CKPT_TEST_F(hostile_memory, zeros_where_they_must_not_be)
{
	struct app *app = &self->app;
	struct ckpt_record *rec;
	struct ckpt_run *run;
	struct ckpt_vma *vma;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_NE(NULL, zero_run(&img));
#define FORGED_ZERO(...)						\
	FORGED(MUST_REFUSE, ({						\
		run = zero_run(&bad);					\
		vma = find_vma(&bad, CKPT_VMA_ANON, CKPT_VMA_WRITE, 0);	\
		(void)vma;						\
		__VA_ARGS__;						\
	}), "%s", #__VA_ARGS__)
	FORGED_ZERO(run->length = ~0xfffULL);
	FORGED_ZERO(run->length = 1ULL << 46);
	FORGED_ZERO(run->length += 1);
	FORGED_ZERO(run->offset += 1);
	FORGED_ZERO(run->offset = 0);
	FORGED_ZERO(run->offset = ~0xfffULL);
	FORGED_ZERO(run->from_source = run->source);
	FORGED_ZERO(run->from_offset = run->offset);
	FORGED_ZERO(({
		run->source = vma->mm_id;
		run->offset = vma->start;
		run->length = vma->end - vma->start + 4096;
	}));
	/* Once more, where a page is already. */
	FORGED_ZERO(*run = (struct ckpt_run){
		.source = image_run(&bad, 0)->source, .type = CKPT_RUN_ZERO,
		.offset = image_run(&bad, 0)->offset, .length = 4096,
	});
	rec = image_record(&img, CKPT_REC_SHMEM, 0);
	ASSERT_NE(NULL, rec);
	FORGED_ZERO(run->source = rec->id);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_memory, runs_of_objects_without_memory)
{
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < img.nr; i++) {
		struct ckpt_record *rec = (void *)(img.data + img.part[i].off);

		if (img.part[i].kind != PART_RECORD || !rec->id || rec->type == CKPT_REC_MM ||
		    rec->type == CKPT_REC_SHMEM || rec->type == CKPT_REC_PIPE)
			continue;
		FORGED(MUST_REFUSE, image_run(&bad, 0)->source = rec->id,
		       "run of an object of type %u", rec->type);
	}
	finish(_metadata, app);
}

/* More of the file is mapped than it has; and a file that is no file. */
CKPT_TEST_F(hostile_memory, mappings_of_what_cannot_be_mapped)
{
	struct app *app = &self->app;
	struct ckpt_vma *vma;
	unsigned int n;
	struct ckpt_record *rec;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (n = 0; (rec = image_record(&img, CKPT_REC_FILE, n)); n++) {
		struct ckpt_file *file = record_body(rec);

		if (file->kind == CKPT_FILE_REGULAR)
			continue;
		FORGED(MUST_REFUSE, ({
			vma = find_vma(&bad, CKPT_VMA_FILE, 0, 0);
			vma->file_id = rec->id;
		}), "mapping of a file of kind %u", file->kind);
	}
	/* As with mmap(): whoever touches it gets SIGBUS. */
	FORGED(MAY_RESTART, ({
		vma = find_vma(&bad, CKPT_VMA_FILE, 0, 0);
		vma->offset = 1ULL << 62;
	}), "%s", "offset beyond every file");
	FORGED(MUST_REFUSE, ({
		vma = find_vma(&bad, CKPT_VMA_FILE, 0, 0);
		vma->offset = ~0xfffULL;
	}), "%s", "offset that overflows");
	FORGED(MUST_REFUSE, ({
		vma = find_vma(&bad, CKPT_VMA_ANON, 0, 0);
		vma->start = 0;
		vma->end = 4096;
	}), "%s", "mapping at address 0");
	finish(_metadata, app);
}

TEST_HARNESS_MAIN
