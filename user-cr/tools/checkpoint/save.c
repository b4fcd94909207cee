// SPDX-License-Identifier: GPL-2.0-only
/* The system call, and what its errors mean */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/log.h"
#include "../common/progress.h"
#include "../common/pump.h"
#include "../common/util.h"
#include "checkpoint.h"
#include "state.h"

#define RETRIES		5

/* An errno of ours: the pump has failed, and said why. */
#define EPUMP		(-1)

static const char *advice(const struct options *o, int error)
{
	switch (error) {
	case ENOSYS:
		return " (this kernel has no checkpoint(): it needs CONFIG_CHECKPOINT)";
	case EAGAIN:
		return o->freeze ? " (the processes did not stand still)" :
			" (the processes do not stand still: use --freeze)";
	case EBUSY:
		return o->freeze ? "" :
			" (if the processes are not frozen: use --freeze)";
	case EPERM:
	case EACCES:
		return " (you need the right to trace each of the processes, and CAP_CHECKPOINT_RESTORE where kernel.checkpoint_unprivileged is 0)";
	case EINVAL:
		return o->subtree ? "" :
			" (if it is not the first process of a container: use --subtree)";
	case ENOSPC:
	case EDQUOT:
		return " (make room, or use --compress)";
	case EPIPE:
		return " (the program that should read the image has ended)";
	case EDEADLK:
		return " (" OTHER_FILE ")";
	case E2BIG:
		return " (it has more tasks, files or mappings than an image has room for: end what is not needed, or save a part of it by --subtree)";
	}
	return write_advice(error);
}

/* One line of the kernel's reasons, then one with the result. */
static void report(const struct options *o, int error, int log)
{
	const char *text = error == EPUMP ? "see above" : strerror(error);
	int lines = log_print(log);

	if (interrupted())
		complain("interrupted: pid %d was not saved", o->pid);
	else if (o->dry_run)
		complain("pid %d cannot be saved: %s%s", o->pid,
			 lines ? "see above" : text,
			 lines ? "" : advice(o, error));
	else
		complain("pid %d was not saved: %s%s", o->pid, text,
			 advice(o, error));
}

static unsigned long call_flags(const struct options *o)
{
	unsigned long flags = CHECKPOINT_LOG;

	if (o->subtree)
		flags |= CHECKPOINT_SUBTREE;
	if (o->thread_namespaces)
		flags |= CHECKPOINT_THREAD_NS;
	if (o->dry_run)
		flags |= CHECKPOINT_DRYRUN;
	return flags;
}

static struct pump make_pump(const struct options *o, const struct output *out)
{
	struct pump p = { .out = out, .codec = o->codec };

	p.progress = !o->quiet && !o->dry_run && isatty(STDERR_FILENO);
	if (p.progress)
		p.total = progress_estimate(o->pid);
	return p;
}

/* Returns 0 or an errno, and in *AGAIN whether it is worth another try. */
static int try(const struct options *o, const struct output *out, int log,
	       bool *again)
{
	struct pump pump = make_pump(o, out);
	enum pump_result result;
	int error = 0;

	if (pump_start(&pump) < 0)
		return EPUMP;
	if (ckpt_checkpoint(o->pid, pump.fd, call_flags(o), log) < 0)
		error = errno;
	result = pump_end(&pump, interrupted());
	if (result == PUMP_FAILED && !interrupted())
		error = EPUMP;
	*again = error == EAGAIN && o->freeze && result != PUMP_FAILED &&
		 output_untouched(out) &&
		 (pump.fd == out->fd || result == PUMP_NOTHING);
	return error;
}

static void wait_a_little(void)
{
	usleep(50000);
}

/* Returns 0 or an errno. */
static int save_by_kernel(const struct options *o, const struct output *out,
			  int log)
{
	bool again = true;
	int tries, error = 0;

	for (tries = 0; tries < RETRIES && again && !interrupted(); tries++) {
		if (tries)
			wait_a_little();
		error = try(o, out, log, &again);
	}
	return error;
}

/*
 * What stands in our way is as good a reason as the kernel's. A dry run tells all
 * of them. Returns 0 or an errno.
 */
static int save_all(const struct options *o, struct output *out, int log,
		    struct state *state)
{
	int ret = state_collect(state, o, log);
	int error;

	if (o->dry_run) {
		if (!ret)
			ret = state_has_room(state, log);
		error = save_by_kernel(o, out, log);
		return ret < 0 && !error ? EOPNOTSUPP : error;
	}
	if (ret < 0)
		return EOPNOTSUPP;
	if (state_write(state, o, out, log) < 0)
		return EPUMP;
	return save_by_kernel(o, out, log);
}

int save(const struct options *o, struct output *out)
{
	struct state state = { 0 };
	int log = log_open();
	int error;

	if (log < 0) {
		if (o->json)
			show_blockers(o, -1, "no memory for a log");
		return -1;
	}
	error = save_all(o, out, log, &state);
	if (!error && interrupted())
		error = EINTR;
	state_free(&state);
	if (o->json)
		show_blockers(o, log, error ? strerror(error) : NULL);
	else if (error)
		report(o, error, log);
	else if (!o->quiet)
		log_print(log);
	close(log);
	return error ? -1 : 0;
}
