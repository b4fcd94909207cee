// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that are saved and restarted, to compare tools: one process with
 * memory, a tree, one with pipes in it, open files, threads
 *
 * SIGTERM ends it, with 0 if it still has what it had at its start.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ticks.h"

#define MIB	(1UL << 20)
#define PAGE	4096UL
#define STACK	(64UL << 10)

static volatile sig_atomic_t over;
static int ticks_fd;
static unsigned long count;

static uint64_t *memory;
static bool half_zero;
static pid_t *children;
static int *fds;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *need(void *p)
{
	if (!p)
		die("memory");
	return p;
}

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static void write_gap(int ticker, int slot, struct gap gap)
{
	off_t at = offsetof(struct ticks, gap[ticker][slot]);

	if (pwrite(ticks_fd, &gap, sizeof(gap), at) != sizeof(gap))
		die("the file of ticks");
}

static void tick(int ticker)
{
	const struct timespec moment = { .tv_nsec = TICK_NS };
	struct gap gap = { now_ns(), 0 };
	int slot = 0;

	write_gap(ticker, slot, (struct gap){ gap.begin, gap.begin });
	while (!over) {
		nanosleep(&moment, NULL);
		gap.end = now_ns();
		if (gap.end - gap.begin > GAP_NS) {
			slot = slot % (MAX_GAPS - 1) + 1;
			write_gap(ticker, slot, gap);
		}
		gap.begin = gap.end;
	}
}

/* What word I of the memory holds: no two pages are the same, unless zero. */
static uint64_t pattern(size_t i)
{
	if (half_zero && i * sizeof(i) / PAGE % 2)
		return 0;
	return (i + 1) * 0x9e3779b97f4a7c15;
}

static void start_memory(void)
{
	size_t i;

	memory = mmap(NULL, count * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("memory");
	for (i = 0; i < count * MIB / sizeof(*memory); i++)
		memory[i] = pattern(i);
}

static void check_memory(void)
{
	size_t i;

	for (i = 0; i < count * MIB / sizeof(*memory); i++)
		if (memory[i] != pattern(i))
			die("the memory is another one");
}

static void start_zero(void)
{
	half_zero = true;
	start_memory();
}

static void start_tree(void)
{
	unsigned long i;

	children = need(calloc(count, sizeof(*children)));
	for (i = 1; i < count; i++) {
		children[i] = fork();
		if (children[i] < 0)
			die("fork");
		if (children[i])
			continue;
		signal(SIGTERM, SIG_DFL);
		if (i == count - 1)
			tick(1);
		for (;;)
			pause();
	}
}

static void check_tree(void)
{
	unsigned long i;
	int status;

	for (i = 1; i < count; i++)
		if (kill(children[i], SIGTERM) ||
		    waitpid(children[i], &status, 0) != children[i] ||
		    !WIFSIGNALED(status))
			die("a child is missing");
}

/**
 * struct branch - a child that was made with two pipes
 * @pid: its id
 * @down: what it reads from: never anything but the end
 * @up: what it has written to, and what nobody reads before the end: its number
 */
struct branch {
	pid_t pid;
	int down;
	int up;
};

static struct branch *branches;
static unsigned long nr_branches;

/* Ends the ones below us, and sees that they had what they should have. */
static void check_pipes(void)
{
	unsigned long number, i;
	int status;

	for (i = 0; i < nr_branches; i++) {
		struct branch *b = &branches[i];

		close(b->down);
		/* The last one of all does not read, but tick. */
		if (read(b->up, &number, sizeof(number)) != sizeof(number) ||
		    (number == count - 1 && kill(b->pid, SIGTERM)) ||
		    waitpid(b->pid, &status, 0) != b->pid || status)
			die("a child is missing, or what was in its pipe");
	}
}

static void __attribute__((noreturn))
grow_up(unsigned long number, int down, int up)
{
	char c;

	if (write(up, &number, sizeof(number)) != sizeof(number))
		die("a pipe");
	if (number == count - 1)
		tick(1);
	else if (read(down, &c, 1))
		die("a pipe that is not at its end");
	check_pipes();
	exit(0);
}

/* Forks number @number, with @below children of its own that follow it. */
static void branch(unsigned long number, unsigned long below)
{
	struct branch *b = &branches[nr_branches];
	int down[2], up[2];
	unsigned long i;

	if (pipe(down) || pipe(up))
		die("pipe");
	b->pid = fork();
	if (b->pid < 0)
		die("fork");
	if (b->pid) {
		close(down[0]);
		close(up[1]);
		b->down = down[1];
		b->up = up[0];
		nr_branches++;
		return;
	}
	/* Those of the elder ones are their parent's. */
	for (i = 0; i < nr_branches; i++) {
		close(branches[i].down);
		close(branches[i].up);
	}
	close(down[1]);
	close(up[0]);
	nr_branches = 0;
	for (i = 1; i <= below; i++)
		branch(number + i, 0);
	grow_up(number, down[0], up[1]);
}

/* Three levels: the first process has as many children as each of these has. */
static void start_pipes(void)
{
	unsigned long width = 1, number = 1, below;

	while (width * (width + 1) < count - 1)
		width++;
	branches = need(calloc(width, sizeof(*branches)));
	while (number < count) {
		below = count - 1 - number < width ? count - 1 - number : width;
		branch(number, below);
		number += 1 + below;
	}
}

/* Different ones, in a directory of their own. */
static void start_files(void)
{
	const struct rlimit limit = { count + 64, count + 64 };
	unsigned long i;
	char name[64];

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("RLIMIT_NOFILE");
	mkdir("files", 0700);
	fds = need(calloc(count, sizeof(*fds)));
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "files/%lu", i);
		fds[i] = open(name, O_RDWR | O_CREAT, 0600);
		if (fds[i] < 0 || ftruncate(fds[i], i) ||
		    lseek(fds[i], i, SEEK_SET) != (off_t)i)
			die(name);
	}
}

static void check_files(void)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		if (lseek(fds[i], 0, SEEK_CUR) != (off_t)i)
			die("a file is missing");
}

static void *thread(void *last)
{
	if (last)
		tick(1);
	for (;;)
		pause();
	return NULL;
}

/* The signal is for the first one. */
static void start_threads(void)
{
	pthread_attr_t attr;
	unsigned long i;
	pthread_t t;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 1; i < count; i++) {
		errno = pthread_create(&t, &attr, thread,
				       i == count - 1 ? &t : NULL);
		if (errno)
			die("a thread");
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void check_threads(void)
{
}

static const struct mode {
	const char *name;
	void (*start)(void);
	void (*check)(void);
} modes[] = {
	{ "memory", start_memory, check_memory },
	{ "zero", start_zero, check_memory },
	{ "tree", start_tree, check_tree },
	{ "pipes", start_pipes, check_pipes },
	{ "files", start_files, check_files },
	{ "threads", start_threads, check_threads },
};

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_term };
	size_t i;

	if (argc != 4) {
		fputs("usage: workload MODE COUNT TICKS\n", stderr);
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	ticks_fd = open(argv[3], O_RDWR);
	if (ticks_fd < 0)
		die(argv[3]);
	sigaction(SIGTERM, &action, NULL);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(modes[i].name, argv[1]))
			continue;
		modes[i].start();
		tick(0);
		modes[i].check();
		return 0;
	}
	fprintf(stderr, "workload: %s: no such mode\n", argv[1]);
	return 2;
}
