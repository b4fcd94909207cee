// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies: of threads, of mappings, and of shared memory
 *
 * Some need two NUMA nodes with memory, which vm/run makes of that of a PC.
 */
#include "threads.h"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "refusal.h"

CKPT_SUITE(numa);

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING	(1 << 13)
#endif
#define MPOL_WEIGHTED_INTERLEAVE	6	/* not in all headers, and no macro */

#define PAGE	4096UL
#define NR	16		/* pages of a mapping */

#define NODES(n)	((n) == 2 ? 3UL : 1UL)

static long set_policy(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, &nodes, 8 * sizeof(nodes) + 1);
}

static long bind(void *p, size_t pages, int mode, unsigned long nodes)
{
	return syscall(SYS_mbind, p, pages * PAGE, mode, &nodes,
		       8 * sizeof(nodes) + 1, 0);
}

static long set_home(void *p, size_t pages, unsigned long node)
{
	return syscall(450 /* set_mempolicy_home_node */, p, pages * PAGE, node, 0);
}

/* The policy of the thread, or with @p that of an address; @nodes is 0 if it has none. */
static int get_policy(void *p, unsigned long *nodes)
{
	unsigned long mask[16] = {};	/* as many as a kernel may have */
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, mask, 8 * sizeof(mask), p,
		    p ? MPOL_F_ADDR : 0))
		return -1;
	*nodes = mask[0];
	return mode;
}

/* The node of a page */
static int node_of(void *p)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, p, MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

/* Where an interleaved page would come from */
static int next_node(void)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, NULL, MPOL_F_NODE))
		return -1;
	return node;
}

static bool has_nodes(int nr)
{
	unsigned long mask[16] = {};

	if (syscall(SYS_get_mempolicy, NULL, mask, 8 * sizeof(mask), NULL,
		    MPOL_F_MEMS_ALLOWED))
		return false;
	return (mask[0] & NODES(nr)) == NODES(nr);
}

#define NEED_NODES(nr) do {						\
	if (!has_nodes(nr))						\
		return ckpt_skip("needs %d NUMA node%s", nr,		\
				 (nr) > 1 ? "s" : "");			\
} while (0)

#define CHECK_POLICY(mode, nodes, p) do {				\
	unsigned long __nodes;						\
									\
	CHECK_EQ(mode, get_policy(p, &__nodes));			\
	CHECK_EQ(nodes, __nodes);					\
} while (0)

static char *map(size_t pages, int flags)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* ---- Tasks ---- */

static int keep_policy(int mode, unsigned long nodes)
{
	CHECK_OK(set_policy(mode, nodes));
	ckpt_here();
	CHECK_POLICY(mode, nodes, NULL);
	return 0;
}

CKPT_TEST(numa, bound)
{
	NEED_NODES(1);
	return keep_policy(MPOL_BIND | MPOL_F_STATIC_NODES, 1);
}

CKPT_TEST(numa, local)
{
	NEED_NODES(1);
	return keep_policy(MPOL_LOCAL, 0);
}

CKPT_TEST(numa, balanced)
{
	NEED_NODES(1);
	NEED(set_policy(MPOL_PREFERRED_MANY | MPOL_F_NUMA_BALANCING, 1));
	ckpt_here();
	CHECK_POLICY(MPOL_PREFERRED_MANY | MPOL_F_NUMA_BALANCING, 1, NULL);
	return 0;
}

CKPT_TEST(numa, relative_to_what_is_allowed)
{
	NEED_NODES(1);
	/* One of these is not there, and need not be. */
	return keep_policy(MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, 6);
}

CKPT_TEST(numa, prefers_the_second_node)
{
	NEED_NODES(2);
	return keep_policy(MPOL_PREFERRED, 2);
}

/*
 * Whatever else the kernel allocates for a task in between moves it on. So many
 * are asked, and most of them must be where they were.
 */
#define NR_ASKED	8

static atomic_int same;

static int ask_threads(void *(*fn)(void *))
{
	pthread_t thread[NR_ASKED];
	int i;

	for (i = 0; i < NR_ASKED; i++)
		CHECK_EQ(0, start(&thread[i], fn, NULL));
	wait_ready(NR_ASKED);
	ckpt_here();
	release();
	for (i = 0; i < NR_ASKED; i++)
		CHECK_EQ(0, join(thread[i]));
	ckpt_note("%d of %d are where they were", same, NR_ASKED);
	CHECK(same > NR_ASKED / 2);
	return 0;
}

/* Pages of mappings come from nodes by their place, those of pipes one by one. */
static int take_page(int end)
{
	static const char page[PAGE];

	return write(end, page, PAGE) == PAGE ? 0 : -1;
}

CKPT_THREAD(interleaves)
{
	int i, ends[2];

	CHECK_OK(pipe(ends));
	CHECK_OK(set_policy(MPOL_INTERLEAVE, 3));
	/* So that the last one was not the first one */
	for (i = 0; i < 8 && (!i || next_node()); i++)
		CHECK_OK(take_page(ends[1]));
	wait_in_thread();
	same += next_node() == 0;
	CHECK_POLICY(MPOL_INTERLEAVE, 3, NULL);
	return 0;
}

CKPT_TEST(numa, interleaving_goes_on_where_it_was)
{
	NEED_NODES(2);
	return ask_threads(interleaves);
}

#define WEIGHTS	"/sys/kernel/mm/mempolicy/weighted_interleave/"

/* Many pages from one node, then many from the other one */
CKPT_THREAD(interleaves_by_weight)
{
	int ends[2];

	CHECK_OK(pipe(ends));
	CHECK_OK(set_policy(MPOL_WEIGHTED_INTERLEAVE, 3));
	CHECK_OK(take_page(ends[1]));
	wait_in_thread();
	same += next_node() == 0;
	CHECK_POLICY(MPOL_WEIGHTED_INTERLEAVE, 3, NULL);
	return 0;
}

CKPT_TEST(numa, weights_go_on_where_they_were)
{
	NEED_NODES(2);
	NEED(write_file(WEIGHTS "node0", "200"));
	NEED(write_file(WEIGHTS "node1", "200"));
	return ask_threads(interleaves_by_weight);
}

CKPT_THREAD(with_another_policy)
{
	CHECK_OK(set_policy(MPOL_BIND, 1));
	wait_in_thread();
	CHECK_POLICY(MPOL_BIND, 1, NULL);
	return 0;
}

CKPT_TEST(numa, thread_with_another_policy)
{
	pthread_t thread;

	NEED_NODES(1);
	CHECK_OK(set_policy(MPOL_LOCAL, 0));
	CHECK_EQ(0, start(&thread, with_another_policy, NULL));
	wait_ready(1);
	ckpt_here();
	CHECK_POLICY(MPOL_LOCAL, 0, NULL);
	release();
	return join(thread);
}

/* ---- Mappings ---- */

CKPT_TEST(numa, parts_of_a_mapping)
{
	char *p = map(NR, MAP_PRIVATE);

	NEED_NODES(1);
	CHECK(p);
	CHECK_OK(bind(p + 2 * PAGE, 3, MPOL_BIND, 1));
	CHECK_OK(bind(p + 5 * PAGE, 2, MPOL_PREFERRED | MPOL_F_STATIC_NODES, 1));
	CHECK_OK(bind(p + 9 * PAGE, 1, MPOL_LOCAL, 0));
	ckpt_here();
	CHECK_POLICY(MPOL_DEFAULT, 0, p);
	CHECK_POLICY(MPOL_BIND, 1, p + 2 * PAGE);
	CHECK_POLICY(MPOL_BIND, 1, p + 4 * PAGE);
	CHECK_POLICY(MPOL_PREFERRED | MPOL_F_STATIC_NODES, 1, p + 5 * PAGE);
	CHECK_POLICY(MPOL_PREFERRED | MPOL_F_STATIC_NODES, 1, p + 6 * PAGE);
	CHECK_POLICY(MPOL_DEFAULT, 0, p + 7 * PAGE);
	CHECK_POLICY(MPOL_LOCAL, 0, p + 9 * PAGE);
	CHECK_POLICY(MPOL_DEFAULT, 0, p + 10 * PAGE);
	return 0;
}

CKPT_TEST(numa, mapping_of_a_file)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	NEED_NODES(1);
	CHECK(p != MAP_FAILED);
	CHECK_OK(bind(p, 1, MPOL_BIND, 1));
	ckpt_here();
	CHECK_POLICY(MPOL_BIND, 1, p);
	return 0;
}

/* Four pages of a mapping from each of two nodes */
static int pages_of_two_nodes(int flags)
{
	char *p = map(NR, flags);
	int i;

	NEED_NODES(2);
	CHECK(p);
	CHECK_OK(bind(p, 4, MPOL_BIND, 1));
	CHECK_OK(bind(p + 4 * PAGE, 4, MPOL_BIND, 2));
	memset(p, 1, 8 * PAGE);
	ckpt_here();
	for (i = 0; i < 8; i++)
		CHECK_EQ(i / 4, node_of(p + i * PAGE));
	return 0;
}

CKPT_TEST(numa, pages_come_from_where_they_shall)
{
	return pages_of_two_nodes(MAP_PRIVATE);
}

CKPT_TEST(numa, node_at_home)
{
	char *p = map(NR, MAP_PRIVATE);
	int i;

	NEED_NODES(2);
	CHECK(p);
	CHECK_OK(bind(p, NR, MPOL_BIND, 3));
	CHECK_OK(set_home(p, NR / 2, 0));
	CHECK_OK(set_home(p + NR / 2 * PAGE, NR / 2, 1));
	ckpt_here();
	for (i = 0; i < NR; i++) {
		p[i * PAGE] = 1;
		CHECK_EQ(i / (NR / 2), node_of(p + i * PAGE));
	}
	return 0;
}

/* ---- Shared memory ---- */

CKPT_TEST(numa, shared_memory)
{
	char *p = map(NR, MAP_SHARED);
	pid_t pid;

	NEED_NODES(1);
	CHECK(p);
	CHECK_OK(bind(p + PAGE, 2, MPOL_BIND, 1));
	CHECK_OK(bind(p + 3 * PAGE, 2, MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1));
	SPAWN(pid, ({
		ckpt_announce("child", "go.0");
		CHECK_POLICY(MPOL_BIND, 1, p + 2 * PAGE);
		0;
	}));
	ckpt_wait_for("child");
	/* The memory has it, whoever has set it. */
	CHECK_OK(bind(p + 2 * PAGE, 1, MPOL_BIND, 1));
	ckpt_here();
	CHECK_POLICY(MPOL_DEFAULT, 0, p);
	CHECK_POLICY(MPOL_BIND, 1, p + PAGE);
	CHECK_POLICY(MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1, p + 4 * PAGE);
	CHECK_POLICY(MPOL_DEFAULT, 0, p + 5 * PAGE);
	return ckpt_reap(pid);
}

/* That of a mapping of the memory, and that of the memory, which came later */
CKPT_TEST(numa, shared_memory_with_a_policy_of_another_process)
{
	char *p = map(NR, MAP_SHARED);
	pid_t pid;

	NEED_NODES(1);
	CHECK(p);
	CHECK_OK(bind(p, NR, MPOL_BIND, 1));
	SPAWN(pid, ({
		CHECK_OK(bind(p, NR, MPOL_PREFERRED, 1));
		ckpt_announce("child", "go.0");
		CHECK_POLICY(MPOL_PREFERRED, 1, p);
		0;
	}));
	ckpt_wait_for("child");
	CHECK_POLICY(MPOL_PREFERRED, 1, p);
	ckpt_here();
	CHECK_POLICY(MPOL_PREFERRED, 1, p);
	return ckpt_reap(pid);
}

CKPT_TEST(numa, pages_of_shared_memory_come_from_where_they_shall)
{
	return pages_of_two_nodes(MAP_SHARED);
}

CKPT_REFUSED(numa, file_on_tmpfs, "a file on tmpfs with a memory policy")
{
	char *p;
	int fd;

	NEED_NODES(1);
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mount("none", "d", "tmpfs", 0, NULL));
	fd = open("d/file", O_RDWR | O_CREAT, 0600);
	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_OK(bind(p, 1, MPOL_BIND, 1));
	ckpt_here();
	return 0;
}

TEST_HARNESS_MAIN
