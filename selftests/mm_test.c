// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: private anonymous, stack, heap, private and read-only shared files
 */
#include "test.h"

#include <fcntl.h>
#include <setjmp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>

#include "proc.h"

CKPT_SUITE(mm);

#define PAGE	4096UL
#define MB	(1UL << 20)

static void *map_anon(size_t len, int prot)
{
	return mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static sigjmp_buf after_fault;
static void on_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

/* Whether a byte can be read. */
static int readable(const void *mem)
{
	volatile int ret = 0;

	signal(SIGSEGV, on_fault);
	if (!sigsetjmp(after_fault, 1)) {
		(void)*(volatile const char *)mem;
		ret = 1;
	}
	signal(SIGSEGV, SIG_DFL);
	return ret;
}

CKPT_TEST(mm, anonymous_memory_keeps_its_content)
{
	char *p = map_anon(4 * MB, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 4 * MB, 1);
	ckpt_here();
	CHECK(!pattern_check(p, 4 * MB, 1));
	pattern_fill(p, 4 * MB, 2);
	CHECK(!pattern_check(p, 4 * MB, 2));
	return 0;
}

CKPT_TEST(mm, large_memory_keeps_its_content)
{
	char *p = map_anon(64 * MB, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 64 * MB, 3);
	ckpt_here();
	CHECK(!pattern_check(p, 64 * MB, 3));
	return 0;
}

CKPT_TEST(mm, holes_stay_holes)
{
	char *p = map_anon(64 * MB, PROT_READ | PROT_WRITE);
	unsigned int i;

	CHECK(p != MAP_FAILED);
	for (i = 0; i < 64; i += 4)
		pattern_fill(p + i * MB + PAGE, PAGE, i);
	if (pages_present(p, 64 * MB) > 16)
		return ckpt_skip("transparent huge pages leave no holes");
	ckpt_here();
	CHECK_EQ(16, pages_present(p, 64 * MB));
	for (i = 0; i < 64; i += 4) {
		CHECK(!pattern_check(p + i * MB + PAGE, PAGE, i));
		CHECK_EQ(0, p[i * MB]);
		CHECK_EQ(0, p[i * MB + 2 * PAGE]);
	}
	return 0;
}

/* They are there, and take no room in the image. */
#define ZEROS	(16 * MB)

static bool all_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

CKPT_BODY(mm_zeros)
{
	char *p = map_anon(ZEROS, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	memset(p, 0, ZEROS);
	CHECK_EQ(ZEROS / PAGE, pages_present(p, ZEROS));
	ckpt_here();
	CHECK_EQ(ZEROS / PAGE, pages_present(p, ZEROS));
	CHECK(all_zero(p, ZEROS));
	pattern_fill(p, ZEROS, 1);
	CHECK(!pattern_check(p, ZEROS, 1));
	return 0;
}

CKPT_TEST_F(mm, pages_of_zeros)
{
	ckpt_roundtrip(_metadata, &self->app, "mm_zeros", 1);
}

CKPT_TEST_F(mm, pages_of_zeros_take_no_room)
{
	struct stat st;

	if (app_plain())
		SKIP(return, "there is no image");
	ASSERT_EQ(0, app_capture(&self->app, "mm_zeros"));
	ASSERT_EQ(0, fstat(self->app.image, &st));
	EXPECT_LT(st.st_size, ZEROS / 4);
}

/* Few in a row, many, and in turn with others; some are not zero at the end. */
CKPT_TEST(mm, zeros_among_other_pages)
{
	const size_t nr = 3000;
	char *p = map_anon(nr * PAGE, PROT_READ | PROT_WRITE);
	size_t i;

	CHECK(p != MAP_FAILED);
	memset(p, 0, nr * PAGE);
	for (i = 0; i < nr; i++) {
		if (i % 3 == 0 && i / 500 % 2)
			pattern_fill(p + i * PAGE, PAGE, i + 1);
		else if (i % 7 == 0)
			p[i * PAGE + PAGE - 1] = 1;
	}
	ckpt_here();
	CHECK_EQ(nr, pages_present(p, nr * PAGE));
	for (i = 0; i < nr; i++) {
		char *page = p + i * PAGE;

		if (i % 3 == 0 && i / 500 % 2)
			CHECK(!pattern_check(page, PAGE, i + 1));
		else
			CHECK(all_zero(page, PAGE - 1) &&
			      page[PAGE - 1] == (i % 7 == 0));
	}
	return 0;
}

/* Of a file, where without them there would be the file's own */
CKPT_TEST(mm, zeros_over_a_private_file_mapping)
{
	int fd = open("zeros", O_RDWR | O_CREAT, 0600);
	char page[PAGE], *p;

	memset(page, 'x', PAGE);
	CHECK_EQ(PAGE, write(fd, page, PAGE));
	CHECK_EQ(PAGE, write(fd, page, PAGE));
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	memset(p, 0, PAGE);
	CHECK_OK(mprotect(p, PAGE, PROT_READ));
	ckpt_here();
	CHECK(all_zero(p, PAGE));
	CHECK(!memcmp(p + PAGE, page, PAGE));
	return 0;
}

/* Room that was there once, and memory that was in it */
CKPT_TEST(mm, high_water_marks)
{
	long long vm, rss;
	char *p = map_anon(64 * MB, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	memset(p, 1, 16 * MB);
	CHECK_OK(munmap(p, 64 * MB));
	vm = proc_number("status", "VmPeak", 10);
	rss = proc_number("status", "VmHWM", 10);
	CHECK(vm >= proc_number("status", "VmSize", 10) + 63 * 1024);
	CHECK(rss >= proc_number("status", "VmRSS", 10) + 12 * 1024);
	ckpt_here();
	CHECK_EQ(vm, proc_number("status", "VmPeak", 10));
	CHECK(proc_number("status", "VmHWM", 10) >= rss);
	CHECK(proc_number("status", "VmHWM", 10) <= rss + 1024);
	return 0;
}

CKPT_TEST(mm, untouched_mapping_can_be_used_afterwards)
{
	char *p = map_anon(MB, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	ckpt_here();
	CHECK_EQ(0, p[MB / 2]);
	pattern_fill(p, MB, 4);
	CHECK(!pattern_check(p, MB, 4));
	return 0;
}

CKPT_TEST(mm, heap_grows_on)
{
	char *start = sbrk(0), *more;

	CHECK(sbrk(MB) == start);
	pattern_fill(start, MB, 5);
	ckpt_here();
	CHECK(!pattern_check(start, MB, 5));
	CHECK(sbrk(0) == start + MB);
	more = sbrk(MB);
	CHECK(more == start + MB);
	pattern_fill(more, MB, 6);
	CHECK(!pattern_check(start, MB, 5));
	CHECK(sbrk(-2 * (long)MB) == start + 2 * MB);
	CHECK(sbrk(0) == start);
	return 0;
}

static int use_stack(unsigned int depth, int (*bottom)(void))
{
	volatile char frame[8000];
	int ret;

	pattern_fill((void *)frame, sizeof(frame), depth);
	ret = depth ? use_stack(depth - 1, bottom) : bottom();
	if (!ret)
		ret = pattern_check((void *)frame, sizeof(frame), depth);
	return ret;
}

static int stop_here(void)
{
	ckpt_here();
	return 0;
}

static int nothing(void)
{
	return 0;
}

CKPT_TEST(mm, deep_stack_keeps_its_content)
{
	CHECK_EQ(0, use_stack(100, stop_here));
	return 0;
}

CKPT_TEST(mm, stack_grows_on)
{
	ckpt_here();
	CHECK_EQ(0, use_stack(500, nothing));
	return 0;
}

CKPT_TEST(mm, private_file_mapping_keeps_written_pages)
{
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0600);
	static char page[PAGE];
	unsigned int i;
	char *p;

	CHECK_OK(fd);
	for (i = 0; i < 16; i++) {
		pattern_fill(page, PAGE, 100 + i);
		CHECK_EQ(PAGE, write(fd, page, PAGE));
	}
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	for (i = 0; i < 16; i += 3)
		pattern_fill(p + i * PAGE, PAGE, 200 + i);
	ckpt_here();
	for (i = 0; i < 16; i++)
		CHECK(!pattern_check(p + i * PAGE, PAGE,
				     i % 3 ? 100 + i : 200 + i));
	/* Nothing of it reached the file. */
	fd = open("data", O_RDONLY);
	for (i = 0; i < 16; i++) {
		CHECK_EQ(PAGE, read(fd, page, PAGE));
		CHECK(!pattern_check(page, PAGE, 100 + i));
	}
	return 0;
}

CKPT_TEST(mm, private_file_mapping_at_an_offset)
{
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0600);
	static char page[PAGE];
	unsigned int i;
	char *p;

	CHECK_OK(fd);
	for (i = 0; i < 8; i++) {
		pattern_fill(page, PAGE, i);
		CHECK_EQ(PAGE, write(fd, page, PAGE));
	}
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 5 * PAGE);
	CHECK(p != MAP_FAILED);
	close(fd);
	ckpt_here();
	CHECK(!pattern_check(p, PAGE, 5));
	CHECK(!pattern_check(p + PAGE, PAGE, 6));
	return 0;
}

CKPT_TEST(mm, pages_written_before_mprotect_are_kept)
{
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0600);
	char *p;

	CHECK_OK(fd);
	CHECK_OK(ftruncate(fd, 4 * PAGE));
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	pattern_fill(p, 4 * PAGE, 7);
	CHECK_OK(mprotect(p, 4 * PAGE, PROT_READ));
	ckpt_here();
	CHECK(!pattern_check(p, 4 * PAGE, 7));
	return 0;
}

CKPT_TEST(mm, private_mapping_of_a_read_only_descriptor)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char before[64];
	char *p;

	CHECK_OK(fd);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	memcpy(before, p, sizeof(before));
	p[100] = 'x';
	ckpt_here();
	CHECK(!memcmp(before, p, sizeof(before)));
	CHECK_EQ('x', p[100]);
	return 0;
}

CKPT_TEST(mm, shared_read_only_file_mapping)
{
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0600);
	static char page[PAGE];
	char *p;

	CHECK_OK(fd);
	pattern_fill(page, PAGE, 8);
	CHECK_EQ(PAGE, write(fd, page, PAGE));
	close(fd);
	fd = open("data", O_RDONLY);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	ckpt_here();
	CHECK(!pattern_check(p, PAGE, 8));
	/* It still is the file's memory. */
	fd = open("data", O_RDWR);
	pattern_fill(page, PAGE, 9);
	CHECK_EQ(PAGE, pwrite(fd, page, PAGE, 0));
	CHECK(!pattern_check(p, PAGE, 9));
	/* And may not be written to, as the descriptor was read-only. */
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) < 0 && errno == EACCES);
	return 0;
}

CKPT_TEST(mm, protected_memory_keeps_its_content)
{
	char *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 4 * PAGE, 10);
	CHECK_OK(mprotect(p, 2 * PAGE, PROT_NONE));
	CHECK_OK(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ));
	ckpt_here();
	CHECK(!readable(p));
	CHECK(readable(p + 2 * PAGE));
	CHECK_OK(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE));
	CHECK(!pattern_check(p, 4 * PAGE, 10));
	return 0;
}

CKPT_TEST(mm, reserved_address_space)
{
	char *p = mmap(NULL, 1UL << 30, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	CHECK_OK(mprotect(p + MB, PAGE, PROT_READ | PROT_WRITE));
	pattern_fill(p + MB, PAGE, 11);
	ckpt_here();
	CHECK(!pattern_check(p + MB, PAGE, 11));
	CHECK(!readable(p));
	CHECK(!readable(p + MB + PAGE));
	return 0;
}

CKPT_TEST(mm, growsdown_mapping)
{
	/* Room for the gap that the kernel keeps below a stack. */
	char *p = map_anon(8 * MB, PROT_READ | PROT_WRITE), *g;

	CHECK(p != MAP_FAILED);
	munmap(p, 8 * MB);
	g = mmap(p + 8 * MB - PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(g != MAP_FAILED);
	pattern_fill(g, PAGE, 12);
	ckpt_here();
	CHECK(!pattern_check(g, PAGE, 12));
	/* As a stack it still grows. */
#ifdef __x86_64__
	asm volatile("mov %%rsp, %%rbx\n mov %0, %%rsp\n push $77\n mov %%rbx, %%rsp"
		     : : "r" (g) : "rbx", "memory");
#else
	asm volatile("mov %%esp, %%ebx\n mov %0, %%esp\n push $77\n mov %%ebx, %%esp"
		     : : "r" (g) : "ebx", "memory");
#endif
	CHECK_EQ(77, *(long *)(g - sizeof(long)));
	return 0;
}

CKPT_TEST(mm, executable_memory_runs)
{
	static const unsigned char code[] = {
		0xb8, 0x2a, 0x00, 0x00, 0x00, 0xc3	/* mov $42, %eax; ret */
	};
	unsigned char *p = map_anon(PAGE, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	memcpy(p, code, sizeof(code));
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CHECK_EQ(42, ((int (*)(void))p)());
	ckpt_here();
	CHECK_EQ(42, ((int (*)(void))p)());
	return 0;
}

CKPT_TEST(mm, many_mappings)
{
	char *p = map_anon(2000 * PAGE, PROT_READ | PROT_WRITE);
	unsigned int i;

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 2000 * PAGE, 13);
	for (i = 0; i < 2000; i += 2)
		CHECK_OK(mprotect(p + i * PAGE, PAGE, PROT_READ));
	ckpt_here();
	CHECK(!pattern_check(p, 2000 * PAGE, 13));
	return 0;
}

CKPT_TEST(mm, moved_mapping_keeps_its_content)
{
	char *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE), *q;
	char *to = map_anon(4 * PAGE, PROT_NONE);

	CHECK(p != MAP_FAILED && to != MAP_FAILED);
	pattern_fill(p, 4 * PAGE, 14);
	q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	CHECK(q == to);
	ckpt_here();
	CHECK(!pattern_check(q, 4 * PAGE, 14));
	q = mremap(q, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	CHECK(!pattern_check(q, 4 * PAGE, 14));
	return 0;
}

CKPT_TEST(mm, memory_after_fork_is_private_to_each)
{
	char *p = map_anon(MB, PROT_READ | PROT_WRITE);
	pid_t pid;

	CHECK(p != MAP_FAILED);
	pattern_fill(p, MB, 15);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		pattern_fill(p, 16 * PAGE, 16);
		ckpt_announce("child", "go.0");
		_exit(!!pattern_check(p, 16 * PAGE, 16));
	}
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p, MB, 15));
	CHECK_EQ(0, ckpt_reap(pid));
	return 0;
}

CKPT_TEST(mm, new_mappings_are_placed_as_before)
{
	char *a = map_anon(PAGE, PROT_READ), *b, *c;

	CHECK(a != MAP_FAILED);
	b = map_anon(PAGE, PROT_READ);
	munmap(b, PAGE);
	ckpt_here();
	c = map_anon(PAGE, PROT_READ);
	CHECK(c == b);
	return 0;
}

CKPT_TEST(mm, limits_of_memory_hold)
{
	struct rlimit rl = { 64 * MB, 128 * MB };

	CHECK_OK(setrlimit(RLIMIT_DATA, &rl));
	ckpt_here();
	CHECK_OK(getrlimit(RLIMIT_DATA, &rl));
	CHECK_EQ(64 * MB, rl.rlim_cur);
	CHECK_EQ(128 * MB, rl.rlim_max);
	CHECK(map_anon(100 * MB, PROT_READ | PROT_WRITE) == MAP_FAILED);
	CHECK_EQ(ENOMEM, errno);
	return 0;
}

TEST_HARNESS_MAIN
