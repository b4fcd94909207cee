// SPDX-License-Identifier: GPL-2.0
/*
 * Makes an image, and tries what a restart makes of a changed one
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "hostile.h"

static int queue_value(int sig, int value)
{
	union sigval v = { .sival_int = value };

	return sigqueue(getpid(), sig, v);
}

/* A tree with a bit of everything that an image can hold. */
CKPT_BODY(model)
{
	struct itimerval it = { .it_value = { 1000, 0 }, .it_interval = { 5, 0 } };
	struct timespec ts = { 3600, 0 };
	int fd, dir, null, ends[2];
	char *p, *shared, *q, buf[8];
	siginfo_t si;
	sigset_t set;
	pid_t pid;

	fd = open("data", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(4096, ftruncate(fd, 8192) ? -1 : lseek(fd, 4096, SEEK_SET));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(dir > 0 && null > 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	*p = 'x';
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	shared[4096] = 's';
	q = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED);
	memset(q, 'q', 16384);
	madvise(q + 4096, 4096, 102 /* MADV_GUARD_INSTALL */);
	madvise(q, 16384, MADV_DONTDUMP);
	CHECK_OK(pipe2(ends, O_DIRECT));
	CHECK_EQ(2, write(ends[1], "ab", 2));
	CHECK_EQ(3, write(ends[1], "cde", 3));
	CHECK_OK(fcntl(ends[0], F_SETOWN, getpid()));
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(queue_value(SIGRTMIN, 1));
	CHECK_OK(queue_value(SIGRTMIN, 2));
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	SPAWN(pid, (ckpt_set("child"), nanosleep(&ts, NULL)));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ('x', *p);
	CHECK_EQ('s', shared[4096]);
	CHECK_EQ('q', q[16383]);
	CHECK_EQ(4096, lseek(fd, 0, SEEK_CUR));
	CHECK_EQ(2, read(ends[0], buf, sizeof(buf)));
	CHECK_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
	CHECK_EQ(1, si.si_value.sival_int);
	kill(pid, SIGKILL);
	return 0;
}

int hostile_capture(struct app *app, struct image *img, const char *body)
{
	int ret;

	ret = app_capture(app, body);
	if (ret)
		return ret;
	app_go(app);	/* who is restarted ends by himself */
	return image_load(img, app->image);
}

int hostile_make(struct app *app, struct image *img)
{
	return hostile_capture(app, img, "model");
}

bool hostile_unopened(int fd, int logfd)
{
	off_t said = lseek(logfd, 0, SEEK_END);
	int ctx;

	lseek(fd, 0, SEEK_SET);
	ctx = sys_restart(0, fd, RESTART_OPEN | RESTART_LOG, logfd);
	if (ctx >= 0) {
		close(ctx);
		return false;
	}
	return lseek(logfd, 0, SEEK_END) > said;
}

const char *const outcome_name[] = {
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
enum outcome hostile_try(struct app *app, const struct image *img,
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
