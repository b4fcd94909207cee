// SPDX-License-Identifier: GPL-2.0
/*
 * Makes an image, and tries what a restart makes of a changed one
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "hostile.h"

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

static bool ends_within(pid_t pid, int *status, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds * ckpt_scale(); i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		sleep_ms(i < 50 ? 1 : 5);
	}
	return false;
}

/* Tries the first @len bytes of the image; the log is left in app->log. */
enum outcome hostile_try(struct app *app, const struct image *img,
			size_t len)
{
	int fd = image_fd(img, len), status;
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
	if (ends_within(pid, &status, 12000)) {
		ret = WIFEXITED(status) && WEXITSTATUS(status) < HANGS ?
		      WEXITSTATUS(status) : BROKEN;
	} else {
		/* Not even this may help; the next images can be tried all the same. */
		kill(pid, SIGKILL);
		ends_within(pid, &status, 4000);
	}
	n = pread(copy.stdio[2], app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
	close(copy.stdio[2]);
	close(fd);
	return ret;
}
