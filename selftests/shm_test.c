// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that processes share: anonymous, and that of files
 */
#include "test.h"

#include <linux/futex.h>
#include <stddef.h>

#include "proc.h"

CKPT_SUITE(shm);

#define PAGE	4096UL
#define MB	(1UL << 20)

static char *map_shared(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static char *map_file(const char *name, size_t len, int flags)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	char *p;

	if (fd < 0 || ftruncate(fd, len))
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Waits until another process has written @value; 0, or 1 when it is late. */
static int wait_value(volatile char *p, char value)
{
	double end = now_monotonic() + 60 * ckpt_scale();

	while (*p != value) {
		if (now_monotonic() > end) {
			ckpt_note("%d instead of %d", *p, value);
			return 1;
		}
		usleep(1000);
	}
	return 0;
}

/* A child that answers through the memory at @p. */
static int answers(char *p)
{
	ckpt_announce("child", "go.0");
	CHECK(!wait_value(p, 'a'));
	p[1] = 'b';
	return wait_value(p, 'c');
}

static int talk_to(pid_t pid, char *p)
{
	p[0] = 'a';
	CHECK(!wait_value(p + 1, 'b'));
	p[0] = 'c';
	return ckpt_reap(pid);
}

/* ---- Anonymous memory ---- */

CKPT_TEST(shm, anonymous_memory_keeps_its_content)
{
	char *p = map_shared(4 * MB);

	pattern_fill(p, 4 * MB, 1);
	ckpt_here();
	CHECK(!pattern_check(p, 4 * MB, 1));
	pattern_fill(p, 4 * MB, 2);
	CHECK(!pattern_check(p, 4 * MB, 2));
	return 0;
}

CKPT_TEST(shm, anonymous_memory_stays_shared)
{
	char *p = map_shared(16 * PAGE);
	pid_t pid;

	pattern_fill(p + PAGE, 15 * PAGE, 3);
	SPAWN(pid, answers(p));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p + PAGE, 15 * PAGE, 3));
	return talk_to(pid, p);
}

CKPT_TEST(shm, children_of_the_future_share_it)
{
	char *p = map_shared(PAGE);
	pid_t pid;

	*p = 1;
	ckpt_here();
	CHECK_EQ(1, *p);
	SPAWN(pid, (p[100] = 'x', 0));
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ('x', p[100]);
	return 0;
}

CKPT_TEST(shm, holes_stay_holes)
{
	char *p = map_shared(64 * MB);
	int i;

	for (i = 0; i < 64; i += 8)
		pattern_fill(p + i * MB, PAGE, i);
	CHECK_EQ(32, smaps_number(p, "Rss"));
	ckpt_here();
	/* Whoever touches it finds what was there, and nothing else. */
	for (i = 0; i < 64; i += 8)
		CHECK(!pattern_check(p + i * MB, PAGE, i));
	CHECK_EQ(32, smaps_number(p, "Rss"));
	CHECK_EQ(0, p[3 * MB]);
	return 0;
}

static long committed_kb(void)
{
	char text[4096], *p;

	if (read_file("/proc/meminfo", text, sizeof(text)) <= 0)
		return -1;
	p = strstr(text, "Committed_AS:");
	return p ? atol(p + strlen("Committed_AS:")) : -1;
}

/* What is reserved counts as committed, whether there is something in it or not. */
static int is_reserved(int flags, bool reserved)
{
	char *p = mmap(NULL, 128 * MB, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
	long kb;

	CHECK(p != MAP_FAILED);
	*p = 1;
	ckpt_here();
	CHECK_EQ(1, *p);
	kb = committed_kb();
	CHECK(kb > 0);
	munmap(p, 128 * MB);
	CHECK_EQ(reserved, kb - committed_kb() > 64 << 10);
	return 0;
}

CKPT_TEST(shm, memory_with_a_reservation)	{ return is_reserved(0, true); }
CKPT_TEST(shm, memory_without_a_reservation)	{ return is_reserved(MAP_NORESERVE, false); }

/* Two objects are not one, whatever is in them. */
CKPT_TEST(shm, two_objects_stay_two)
{
	char *a = map_shared(PAGE), *b = map_shared(PAGE);
	pid_t pid;

	SPAWN(pid, (ckpt_announce("child", "go.0"), a[0] = 'a', b[1] = 'b', 0));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(a[0] == 'a' && !a[1]);
	CHECK(!b[0] && b[1] == 'b');
	return 0;
}

/* The object is larger than what anybody maps of it. */
CKPT_TEST(shm, parts_that_nobody_maps)
{
	char *p = map_shared(16 * PAGE), *q;

	pattern_fill(p, 16 * PAGE, 4);
	CHECK_OK(munmap(p + 4 * PAGE, 4 * PAGE));
	CHECK_OK(munmap(p + 12 * PAGE, 4 * PAGE));
	ckpt_here();
	CHECK(!pattern_check(p, 4 * PAGE, 4));
	/* A mapping that grows shows the rest. */
	q = mremap(p + 8 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	memcpy(p, q + 4 * PAGE, 4 * PAGE);
	munmap(q, 8 * PAGE);
	q = map_shared(16 * PAGE);
	pattern_fill(q, 16 * PAGE, 4);
	CHECK(!memcmp(p, q + 12 * PAGE, 4 * PAGE));
	return 0;
}

/* A second mapping of the same pages, by mremap() with an old size of 0. */
CKPT_TEST(shm, two_mappings_of_one_object)
{
	char *p = map_shared(4 * PAGE), *q;

	q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q != p);
	p[10] = 1;
	CHECK_EQ(1, q[10]);
	ckpt_here();
	CHECK_EQ(1, q[10]);
	q[PAGE] = 2;
	CHECK_EQ(2, p[PAGE]);
	p[11] = 3;
	CHECK_EQ(3, q[11]);
	return 0;
}

CKPT_TEST(shm, mappings_at_other_addresses_and_offsets)
{
	char *p = map_shared(8 * PAGE);
	pid_t pid;

	SPAWN(pid, ({
		char *q = mremap(p + 4 * PAGE, 4 * PAGE, 4 * PAGE,
				 MREMAP_MAYMOVE | MREMAP_FIXED,
				 map_shared(16 * PAGE) + 8 * PAGE);

		munmap(p, 4 * PAGE);
		ckpt_announce("child", "go.0");
		q[5] = 'q';
		0;
	}));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ('q', p[4 * PAGE + 5]);
	CHECK_EQ(0, p[5]);
	return 0;
}

static int only_read(const char *p)
{
	ckpt_announce("child", "go.0");
	CHECK(!wait_value((char *)p, 'w'));
	CHECK(mprotect((void *)p, PAGE, PROT_READ | PROT_WRITE) == 0);
	return 0;
}

CKPT_TEST(shm, protection_of_each_mapping)
{
	char *p = map_shared(PAGE);
	pid_t pid;

	SPAWN(pid, (mprotect(p, PAGE, PROT_READ), only_read(p)));
	ckpt_wait_for("child");
	ckpt_here();
	*p = 'w';
	return ckpt_reap(pid);
}

/* Only children have it: the object's pages have no mapping in the parent. */
CKPT_TEST(shm, shared_by_children_only)
{
	char *p = map_shared(PAGE);
	pid_t a, b;

	SPAWN(a, (ckpt_announce("a", "go.0"), p[0] = 'a', wait_value(p + 1, 'b')));
	SPAWN(b, (ckpt_announce("b", "go.0"), p[1] = 'b', wait_value(p, 'a')));
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	munmap(p, PAGE);
	ckpt_here();
	return ckpt_reap(a) || ckpt_reap(b);
}

CKPT_TEST(shm, shared_mapping_of_dev_zero)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t pid;

	CHECK(p != MAP_FAILED);
	close(fd);
	pattern_fill(p + PAGE, 3 * PAGE, 5);
	SPAWN(pid, answers(p));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(p + PAGE, 3 * PAGE, 5));
	return talk_to(pid, p);
}

#define BIG	(12 * MB)

static int share_big(int children)
{
	char *p = map_shared(BIG), name[8];
	pid_t pid[3];
	int i;

	pattern_fill(p, BIG, 6);
	for (i = 0; i < children; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		SPAWN(pid[i], (ckpt_announce(name, "go.0"), !!pattern_check(p, BIG, 6)));
		ckpt_wait_for(name);
	}
	ckpt_here();
	for (i = 0; i < children; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

CKPT_BODY(shm_single)	{ return share_big(0); }
CKPT_BODY(shm_family)	{ return share_big(3); }

static off_t image_size(struct __test_metadata *_metadata, const char *body)
{
	struct stat st = { 0 };
	struct app app;

	ASSERT_EQ(0, app_init(&app, FREEZER_V2));
	ASSERT_EQ(0, app_capture(&app, body));
	ASSERT_EQ(0, fstat(app.image, &st));
	app_cleanup(&app);
	return st.st_size;
}

CKPT_TEST_F(shm, object_is_saved_once)
{
	off_t single, family;

	if (app_plain())
		SKIP(return, "there is no image");
	single = image_size(_metadata, "shm_single");
	family = image_size(_metadata, "shm_family");
	EXPECT_LT(BIG, single);
	EXPECT_LT(family, single + BIG) {
		TH_LOG("%ld bytes for one, %ld for four", (long)single, (long)family);
	}
}

CKPT_TEST(shm, four_share_one_object)
{
	return share_big(3);
}

/* ---- Futexes in it ---- */

static long futex(uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

CKPT_TEST(shm, waiter_on_a_shared_futex)
{
	uint32_t *word = (void *)map_shared(PAGE);
	double end;
	pid_t pid;

	SPAWN(pid, ({
		ckpt_set("child");
		while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
			futex(word, FUTEX_WAIT, 0);
		0;
	}));
	ckpt_wait_for("child");
	usleep(20000 * ckpt_scale());
	ckpt_here();
	/* It waits for the very word that is woken here. */
	end = now_monotonic() + 60 * ckpt_scale();
	while (futex(word, FUTEX_WAKE, 1) != 1) {
		CHECK(now_monotonic() < end);
		usleep(1000);
	}
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	while (futex(word, FUTEX_WAKE, 1) < 0)
		usleep(1000);
	return ckpt_reap(pid);
}

struct robust_lock {
	struct robust_lock *next;	/* struct robust_list */
	uint32_t word;
};

static int dies_with_a_lock(struct robust_lock *lock)
{
	static struct {
		struct robust_lock *first;
		long off;
		void *pending;
	} head;

	head.first = lock;
	head.off = offsetof(struct robust_lock, word);
	lock->next = (void *)&head;
	CHECK_OK(syscall(SYS_set_robust_list, &head, sizeof(head)));
	lock->word = getpid();
	ckpt_announce("child", "go.0");
	return 0;
}

/* Who dies with a lock after the restart is found out, as before. */
CKPT_TEST(shm, robust_futex_of_the_dead)
{
	struct robust_lock *lock = (void *)map_shared(PAGE);
	pid_t pid;

	SPAWN(pid, dies_with_a_lock(lock));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(FUTEX_OWNER_DIED, lock->word & FUTEX_OWNER_DIED);
	return 0;
}

/* The kernel clears the word and wakes who waits when the thread ends. */
CKPT_TEST(shm, child_tid_is_cleared_at_the_end)
{
	uint32_t *word = (void *)map_shared(PAGE);
	pid_t pid;

	*word = 77;
	/* Of these two arguments one is for TLS; which one differs. */
	pid = syscall(SYS_clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
		      0, 0, word, word);
	CHECK_OK(pid);
	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(0);
	}
	ckpt_wait_for("child");
	CHECK_EQ(pid, *word);
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	/* Of a process with memory of its own nothing is cleared. */
	CHECK_EQ(pid, *word);
	return 0;
}

/* ---- Files ---- */

CKPT_TEST(shm, written_file_mapping)
{
	char *p = map_file("data", 16 * PAGE, MAP_SHARED), buf[PAGE];
	int fd;

	pattern_fill(p, 16 * PAGE, 7);
	ckpt_here();
	CHECK(!pattern_check(p, 16 * PAGE, 7));
	/* It is the file's memory, in both directions. */
	fd = open("data", O_RDWR);
	CHECK_EQ(PAGE, pread(fd, buf, PAGE, 3 * PAGE));
	CHECK(!memcmp(buf, p + 3 * PAGE, PAGE));
	p[5] = 'p';
	CHECK_EQ(1, pread(fd, buf, 1, 5));
	CHECK_EQ('p', buf[0]);
	CHECK_EQ(1, pwrite(fd, "w", 1, 6));
	CHECK_EQ('w', p[6]);
	return 0;
}

CKPT_TEST(shm, file_mapping_shared_by_two)
{
	char *p = map_file("data", PAGE, MAP_SHARED);
	pid_t pid;

	SPAWN(pid, answers(p));
	ckpt_wait_for("child");
	ckpt_here();
	return talk_to(pid, p);
}

CKPT_TEST(shm, file_mapping_that_may_become_writable)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	char *p, c;

	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	ckpt_here();
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	*p = 'x';
	CHECK_EQ(1, pread(fd, &c, 1, 0));
	CHECK_EQ('x', c);
	return 0;
}

CKPT_TEST(shm, file_mapping_at_an_offset)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	char *p, c;

	CHECK_OK(ftruncate(fd, 8 * PAGE));
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 5 * PAGE);
	CHECK(p != MAP_FAILED);
	p[1] = '5';
	p[PAGE] = '6';
	ckpt_here();
	CHECK(p[1] == '5' && p[PAGE] == '6');
	CHECK_EQ(1, pread(fd, &c, 1, 6 * PAGE));
	CHECK_EQ('6', c);
	p[2] = '7';
	CHECK_EQ(1, pread(fd, &c, 1, 5 * PAGE + 2));
	CHECK_EQ('7', c);
	return 0;
}

/* A private mapping beside a shared one of the same file. */
CKPT_TEST(shm, private_mapping_beside_a_shared_one)
{
	char *s = map_file("data", 2 * PAGE, MAP_SHARED);
	char *p = map_file("data", 2 * PAGE, MAP_PRIVATE);

	s[0] = 's';
	p[1] = 'p';
	s[PAGE] = 'S';
	ckpt_here();
	CHECK(s[0] == 's' && !s[1]);
	CHECK(p[1] == 'p' && p[0] == 's');
	CHECK_EQ('S', p[PAGE]);
	s[PAGE + 1] = 'T';
	CHECK_EQ('T', p[PAGE + 1]);
	s[2] = 'U';
	CHECK_EQ(0, p[2]);
	return 0;
}

TEST_HARNESS_MAIN
