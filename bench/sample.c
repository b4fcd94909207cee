// SPDX-License-Identifier: GPL-2.0
/*
 * Starts a workload, runs tools on it, and reads off how long it stood still
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

#define TICKS		"ticks"
#define PATIENCE_NS	60000000000LL

/* Mapped from the file that the workload writes to. */
static struct ticks *ticks;

void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		strerror(errno));
	exit(1);
}

double ms(int64_t ns)
{
	return ns / 1e6;
}

static void nap(void)
{
	const struct timespec t = { .tv_nsec = 20000000 };

	nanosleep(&t, NULL);
}

void sample_init(void)
{
	int fd = open(TICKS, O_RDWR | O_CREAT, 0600);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (fd < 0 || ftruncate(fd, sizeof(*ticks)))
		die(TICKS);
	ticks = mmap(NULL, sizeof(*ticks), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (ticks == MAP_FAILED)
		die(TICKS);
	close(fd);
}

static void __attribute__((noreturn))
execute(const char *const *argv, const char *output)
{
	int null = open("/dev/null", O_RDONLY);
	int log = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	closefrom(STDERR_FILENO + 1);
	execvp(argv[0], (char *const *)argv);
	perror(argv[0]);
	_exit(127);
}

bool run(const char *const *argv, struct run *r)
{
	struct rusage usage;
	int status;
	pid_t pid;

	r->begin = now_ns();
	pid = fork();
	if (!pid)
		execute(argv, LOG);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		die("run a tool");
	r->end = now_ns();
	r->rss_kib = usage.ru_maxrss;
	return !status;
}

bool our_dump(const char *pid, struct run *r)
{
	return run((const char *[]){ "./checkpoint", "-p", pid, "--subtree",
				     "--freeze", "-o", IMAGE, NULL }, r);
}

bool our_restore(struct run *r)
{
	return run((const char *[]){ "./restart", "--detach", "-i", IMAGE,
				     NULL }, r);
}

void forget_gaps(void)
{
	memset(ticks, 0, sizeof(*ticks));
}

pid_t start(const struct workload *w)
{
	pid_t pid;
	unsigned int i;

	forget_gaps();
	pid = fork();
	if (!pid) {
		setsid();
		execute((const char *[]){ "./workload", w->mode, w->count,
					  TICKS, NULL }, "/dev/null");
	}
	for (i = 0; i < w->tickers; i++)
		while (!ticks->gap[i][0].end) {
			if (waitpid(pid, NULL, WNOHANG) == pid) {
				errno = ECHILD;
				die("the workload");
			}
			nap();
		}
	/* Let it come to rest. */
	usleep(200000);
	return pid;
}

int64_t started(const struct workload *w)
{
	return ticks->gap[w->tickers - 1][0].begin;
}

/* Orphans come to us. */
bool stop(pid_t pid, int sig)
{
	int status;
	bool ok;

	kill(pid, sig);
	ok = waitpid(pid, &status, 0) == pid && !status;
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	return ok;
}

/* The longest gap of a ticker that touches the time of the run. */
static struct gap longest(unsigned int ticker, const struct run *r)
{
	struct gap best = { 0 };
	unsigned int i;

	for (i = 1; i < MAX_GAPS; i++) {
		struct gap g = ticks->gap[ticker][i];

		if (g.end > r->begin && g.begin < r->end &&
		    g.end - g.begin > best.end - best.begin)
			best = g;
	}
	return best;
}

double frozen_ms(const struct workload *w, const struct run *r)
{
	struct gap all = { INT64_MAX, 0 };
	unsigned int i;

	for (i = 0; i < w->tickers; i++) {
		struct gap g = longest(i, r);

		if (!g.end)
			continue;
		if (g.begin < all.begin)
			all.begin = g.begin;
		if (g.end > all.end)
			all.end = g.end;
	}
	return all.end ? ms(all.end - all.begin) : 0;
}

bool went_on(const struct workload *w, const struct run *r, int64_t *first,
	     int64_t *last)
{
	unsigned int i;

	*first = INT64_MAX;
	*last = r->end;
	for (i = 0; i < w->tickers; i++) {
		struct gap g;

		while (!(g = longest(i, r)).end) {
			if (now_ns() > r->end + PATIENCE_NS)
				return false;
			nap();
		}
		if (g.end < *first)
			*first = g.end;
		if (g.end > *last)
			*last = g.end;
	}
	return true;
}
