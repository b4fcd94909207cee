// SPDX-License-Identifier: GPL-2.0
/*
 * What runs inside the container
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include "app.h"

#define EXIT_SKIP	4	/* KSFT_SKIP */

extern const struct ckpt_body *const __start_ckpt_bodies[] __attribute__((weak));
extern const struct ckpt_body *const __stop_ckpt_bodies[] __attribute__((weak));

static char dir[APP_DIR_LEN];

const char *ckpt_dir(void)
{
	return dir;
}

double ckpt_scale(void)
{
	const char *s = getenv("CKPT_TEST_SCALE");

	return s && atof(s) > 0 ? atof(s) : 1;
}

static void flag_path(char *path, const char *flag)
{
	int len;

	if (flag[0] == '/')
		len = snprintf(path, PATH_MAX, "%s", flag);
	else
		len = snprintf(path, PATH_MAX, "%s/%s", dir, flag);
	if (len >= PATH_MAX)
		abort();
}

void ckpt_set(const char *flag)
{
	char path[PATH_MAX];
	int saved = errno;

	flag_path(path, flag);
	/* Without a descriptor, which would be there for a moment. */
	mknod(path, S_IFREG | 0600, 0);
	errno = saved;
}

#ifdef __x86_64__
static inline long raw2(long nr, long a, long b)
{
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "a" (nr), "D" (a), "S" (b)
		     : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__i386__)
static inline long raw2(long nr, long a, long b)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b)
		     : "memory");
	return ret;
}
#else
#define raw2(nr, a, b) (syscall(nr, a, b))
#endif

static const struct timespec pause_time = { .tv_nsec = 2000000 };

#ifdef __i386__
/* With so few registers the compiler would keep something on the stack. */
static void wait_loop(const char *flag)
{
	asm volatile("1:	mov %[access], %%eax\n"
		     "	mov %%edi, %%ebx\n"
		     "	int $0x80\n"
		     "	test %%eax, %%eax\n"
		     "	jz 2f\n"
		     "	mov %[sleep], %%eax\n"
		     "	mov %[clock], %%ebx\n"
		     "	int $0x80\n"
		     "	jmp 1b\n"
		     "2:\n"
		     :
		     : [access] "i" (SYS_access), [clock] "i" (CLOCK_MONOTONIC),
		       [sleep] "i" (SYS_clock_nanosleep_time64),
		       "D" (flag), "c" (0), "d" (&pause_time), "S" (0)
		     : "eax", "ebx", "memory", "cc");
}
#else
static inline void wait_loop(const char *flag)
{
	while (raw2(SYS_access, (long)flag, F_OK))
		raw2(SYS_nanosleep, (long)&pause_time, 0);
}
#endif

/*
 * Makes @ready out of @made, if given, and waits for @flag. These are bare
 * system calls in one function: from the moment at which @ready is there, the
 * process changes no byte of its memory, so that it can be compared between
 * any two moments of the wait.
 */
static void wait_path(const char *flag, const char *made, const char *ready)
{
	if (made)
		raw2(SYS_rename, (long)made, (long)ready);
	wait_loop(flag);
}

void ckpt_wait_for(const char *flag)
{
	char path[PATH_MAX];

	flag_path(path, flag);
	wait_path(path, NULL, NULL);
}

void ckpt_announce(const char *ready, const char *flag)
{
	char made[PATH_MAX + 8], path[PATH_MAX], end[PATH_MAX];

	flag_path(path, ready);
	snprintf(made, sizeof(made), "%s.made", path);
	ckpt_set(made);
	flag_path(end, flag);
	wait_path(end, made, path);
}

void ckpt_point(int nr)
{
	char ready[32], go[32];

	snprintf(ready, sizeof(ready), "ready.%d", nr);
	snprintf(go, sizeof(go), "go.%d", nr);
	ckpt_announce(ready, go);
}

void ckpt_here(void)
{
	ckpt_point(0);
}

void ckpt_ready(void)
{
	ckpt_set("ready.0");
}

static void log_line(const char *fmt, va_list ap)
{
	char path[PATH_MAX], line[1024];
	int fd, len;

	snprintf(line, sizeof(line), "[%d] ", getpid());
	len = strlen(line);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	strcat(line, "\n");
	flag_path(path, "log");
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		abort();
	close(fd);
}

void ckpt_note(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
	errno = saved;
}

int ckpt_fail(const char *file, int line, const char *what)
{
	ckpt_note("%s:%d: not true: %s (errno %d: %s)", file, line, what,
		  errno, strerror(errno));
	return -1;
}

int ckpt_fail_eq(const char *file, int line, const char *what,
		 long long expected, long long seen)
{
	ckpt_note("%s:%d: %s: %lld (%#llx) expected, %lld (%#llx) found (errno %d: %s)",
		  file, line, what, expected, expected, seen, seen, errno,
		  strerror(errno));
	return -1;
}

int ckpt_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
	return EXIT_SKIP;
}

int ckpt_reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid) {
		ckpt_note("waitpid(%d): %s", pid, strerror(errno));
		return 1;
	}
	if (status) {
		ckpt_note("child %d ended with status %#x", pid, status);
		return 1;
	}
	return 0;
}

double now_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

double ckpt_restart_took(void)
{
	char path[PATH_MAX], text[32];

	flag_path(path, CKPT_TOOK);
	return read_file(path, text, sizeof(text)) > 0 ? atof(text) : 0;
}

/* Its state, and the ticks that it has used; or -1. */
static int look_at(pid_t pid, char *state, long *ticks)
{
	char path[64], text[512], *p;
	long user, system;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
			 state, &user, &system) != 3)
		return -1;
	*ticks = user + system;
	return 0;
}

int ckpt_wait_spins(pid_t pid)
{
	long last, ticks;
	int more = 0;
	char state;

	CHECK_EQ(0, look_at(pid, &state, &last));
	/* Several times, as one stop of the machine is counted as many ticks. */
	while (more < 5) {
		sleep_ms(5);
		CHECK_EQ(0, look_at(pid, &state, &ticks));
		more += ticks > last;
		last = ticks;
	}
	return 0;
}

int ckpt_wait_sleeps(pid_t pid)
{
	int seen = 0;
	char state;
	long ticks;

	while (seen < 5) {
		CHECK_EQ(0, look_at(pid, &state, &ticks));
		seen = state == 'S' ? seen + 1 : 0;
		sleep_ms(2);
	}
	return 0;
}

static uint64_t pattern(uint64_t seed, uint64_t i)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + i;

	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

void pattern_fill(void *mem, size_t len, uint64_t seed)
{
	uint64_t *p = mem;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		p[i] = pattern(seed, i);
}

int pattern_check(const void *mem, size_t len, uint64_t seed)
{
	const uint64_t *p = mem;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++) {
		if (p[i] == pattern(seed, i))
			continue;
		ckpt_note("offset %#zx of %p: %#llx instead of %#llx",
			  i * sizeof(*p), mem, (unsigned long long)p[i],
			  (unsigned long long)pattern(seed, i));
		return -1;
	}
	return 0;
}

/* Over what is there, so that it is seen from outside, in /proc/PID/environ. */
void ckpt_rseq_area(const void *area)
{
	char *text = getenv(CKPT_RSEQ_VARIABLE);

	if (text)
		snprintf(text, strlen(text) + 1, "%016lx", (unsigned long)area);
}

static void show_library_rseq(void)
{
#if __has_include(<sys/rseq.h>)
	if (__rseq_size)
		ckpt_rseq_area((char *)__builtin_thread_pointer() + __rseq_offset);
#endif
}

static int run_body(const char *name)
{
	const struct ckpt_body *const *b;

	for (b = __start_ckpt_bodies; b < __stop_ckpt_bodies; b++) {
		if (!strcmp((*b)->name, name))
			return (*b)->fn();
	}
	ckpt_note("no body \"%s\"", name);
	return 1;
}

/* A container's init: one child, whose exit status it passes on. */
static int run_init(char **argv)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		argv[1] = (char *)"--body";
		execv(argv[0], argv);
		_exit(1);
	}
	for (;;) {
		if (wait(&status) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
}

/*
 * Runs before the test harness' own constructors, because these map shared
 * memory, and a body must have no more than it makes itself.
 */
__attribute__((constructor(1000)))
static void become_body(int argc, char **argv)
{
	if (argc != 4)
		return;
	if (strcmp(argv[1], "--body") && strcmp(argv[1], "--init"))
		return;
	snprintf(dir, sizeof(dir), "%s", argv[3]);
	show_library_rseq();
	if (!strcmp(argv[1], "--body"))
		_exit(run_body(argv[2]));
	_exit(run_init(argv));
}
