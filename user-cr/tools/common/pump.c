// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress.h"
#include "pump.h"
#include "util.h"
#include "waiting.h"

#define WATCH_MS	100

/*
 * The terminal's signals are for the one who started us: he ends us, and his
 * end is ours.
 */
static void follow(pid_t parent)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	ignore_write_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(PUMP_FAILED);
}

static __attribute__((noreturn))
void run_pump(const struct pump *p, pid_t parent, int from)
{
	struct progress progress;
	struct transfer t = {
		.from = from, .from_name = "the image",
		.to = p->out->fd, .to_name = output_name(p->out),
	};
	int ret;

	follow(parent);
	progress_begin(&progress, p->total);
	if (p->progress) {
		t.step = progress_step;
		t.arg = &progress;
	}
	ret = codec_compress(p->codec, &t);
	progress_end(&progress);
	_exit(ret < 0 ? PUMP_FAILED : t.bytes ? PUMP_DONE : PUMP_NOTHING);
}

static __attribute__((noreturn))
void run_watch(const struct pump *p, pid_t parent, int end)
{
	struct pollfd poll_end = { .fd = end };
	struct progress progress;
	struct stat st;

	follow(parent);
	progress_begin(&progress, p->total);
	while (!poll(&poll_end, 1, WATCH_MS))
		if (!fstat(p->out->fd, &st))
			progress_step(&progress, st.st_size - p->out->start);
	progress_end(&progress);
	_exit(PUMP_DONE);
}

/* Whether the output can be written to without us: not all devices can. */
static bool direct(const struct pump *p)
{
	struct stat st;

	if (!fstat(p->out->fd, &st) && S_ISCHR(st.st_mode))
		return false;
	return p->codec == CODEC_NONE && (!p->progress || p->out->start >= 0);
}

int pump_start(struct pump *p)
{
	bool watch = direct(p);
	pid_t parent = getpid();
	int pipe[2];

	p->pid = 0;
	p->end = -1;
	p->fd = p->out->fd;
	if (watch && !p->progress)
		return 0;
	if (make_wide_pipe(pipe) < 0)
		return -1;
	p->pid = fork();
	if (!p->pid) {
		close(pipe[1]);
		if (watch)
			run_watch(p, parent, pipe[0]);
		run_pump(p, parent, pipe[0]);
	}
	close(pipe[0]);
	*(watch ? &p->end : &p->fd) = pipe[1];
	if (p->pid > 0)
		return 0;
	complain_errno("cannot create a process");
	close(pipe[1]);
	return -1;
}

enum pump_result pump_end(struct pump *p, bool give_up)
{
	int status;

	if (!p->pid)
		return PUMP_DONE;
	if (give_up)
		kill(p->pid, SIGKILL);
	close(p->end >= 0 ? p->end : p->fd);
	if (wait_child(p->pid, &status, 0) < 0 || give_up)
		return PUMP_FAILED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	complain("the process that writes the image was killed");
	return PUMP_FAILED;
}
