// SPDX-License-Identifier: GPL-2.0-only
/* checkpoint: save a process tree to a file or stream */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/interrupt.h"
#include "../common/options.h"
#include "../common/privilege.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "checkpoint.h"
#include "guard.h"

#define DEATH_WAIT_MS	5000
#define TIMEOUT		10

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

bool interrupted(void)
{
	return caught;
}

/* The way out is the ordinary one. */
static void catch_signals(const struct options *o)
{
	interrupt_by(on_signal);
	/* If we were stopped, the processes would stay frozen. */
	if (o->freeze) {
		signal(SIGTSTP, SIG_IGN);
		signal(SIGTTOU, SIG_IGN);
	}
	ignore_write_signals();
}

static void take_pid(void *options, const char *arg)
{
	struct options *o = options;

	o->pid = parse_number(arg, 1, 4194304, "pid");
}

static void take_freezer(void *options, const char *arg)
{
	struct options *o = options;

	o->freezer = cgroup_parse_version(arg);
	o->freezer_given = true;
}

static void take_timeout(void *options, const char *arg)
{
	struct options *o = options;

	o->timeout = parse_number(arg, 1, 86400, "number of seconds");
}

static void take_codec(void *options, const char *arg)
{
	struct options *o = options;

	o->codec = codec_parse(arg);
}

#define SWITCH(l, n, member, text) \
	OPTION_SWITCH(l, n, struct options, member, text)

static const struct option_entry options[] = {
	OPTION_HEADING("What to save"),
	OPTION_CALL('p', "pid", "PID", take_pid,
		    "the first process of the tree"),
	SWITCH(0, "subtree", subtree,
	       "PID need not be the first process of a container"),
	SWITCH(0, "thread-namespaces", thread_namespaces,
	       "threads may be in others than their process"),
	SWITCH('n', "dry-run", dry_run,
	       "write nothing, tell all that stands in the way"),
	SWITCH('J', "json", json, "... as JSON on the standard output"),
	OPTION_HEADING("Where to"),
	OPTION_TEXT('o', "output", "FILE", struct options, output,
		    "write to FILE; it appears when it is complete"),
	OPTION_CALL('z', "compress", "zstd|lz4|none", take_codec,
		    "compress the image; restart(1) sees what it is"),
	OPTION_HEADING("The processes, which must be frozen by a cgroup"),
	SWITCH(0, "freeze", freeze,
	       "freeze them before and thaw them afterwards"),
	OPTION_CALL(0, "freezer", "auto|v1|v2", take_freezer,
		    "... with this kind of cgroup (auto)"),
	OPTION_CALL(0, "timeout", "SECONDS", take_timeout,
		    "... wait so long for it (10)"),
	SWITCH(0, "leave-running", leave_running,
	       "have them go on afterwards (the default)"),
	SWITCH(0, "kill", kill, "end them when the image is complete"),
	OPTION_HEADING("Other"),
	SWITCH('q', "quiet", quiet, "no messages but errors"),
	SWITCH('v', "verbose", verbose, "tell what is done"),
};

static const struct command command = {
	.name = "checkpoint",
	.usage = "-p PID [-o FILE] [OPTION]...",
	.about =
"Saves the processes of a container, or a subtree of processes, to an image\n"
"from which restart(1) continues them. The image goes to the standard output.\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"0 saved (or nothing stands in the way), 1 failed, 2 wrong usage,\n"
"128+N ended by signal N. If it is not 0, the processes are as before, unless\n"
"--kill could end only some of them, which a message tells.\n",
};

static void parse_options(struct options *o, int argc, char **argv)
{
	int first;

	*o = (struct options){ 0 };
	first = options_parse(&command, o, argc, argv);
	if (first < argc)
		usage_error("'%s' is one argument too many", argv[first]);
	if (!o->pid)
		usage_error("no process is given: use -p PID");
	if (o->dry_run && (o->kill || o->output || o->codec))
		usage_error("--dry-run writes nothing: it goes with neither --kill, --output nor --compress");
	if (!o->freeze && (o->freezer_given || o->timeout))
		usage_error("--freezer and --timeout are for --freeze");
	if (o->json && !o->dry_run)
		usage_error("--json is for --dry-run");
	if (o->kill && o->leave_running)
		usage_error("--kill or --leave-running?");
	if (!o->timeout)
		o->timeout = TIMEOUT;
	if (o->output && !strcmp(o->output, "-"))
		o->output = NULL;
}

/* The root first: if it is the init of a container, all end with it. */
static int kill_tree(const struct options *o)
{
	struct proc *list;
	int n = proc_tree(o->pid, &list);
	int i, killed = 0;

	for (i = 0; i < n; i++)
		if (!kill(list[i].pid, SIGKILL) || errno == ESRCH)
			killed++;
		else
			complain_errno("the image is complete, but pid %d (%s) cannot be killed",
				       list[i].pid, list[i].comm);
	if (n < 0)
		complain_errno("the image is complete, but the processes to kill cannot be found in /proc");
	else if (o->verbose)
		complain("%d processes killed", killed);
	free(list);
	return killed == n ? 0 : -1;
}

static int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* So that the pids are free again when we return. */
static void wait_for_death(const struct options *o, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0 && poll(&p, 1, DEATH_WAIT_MS) != 1 && !caught)
		complain("pid %d was killed, but has not ended yet", o->pid);
}

static int save_frozen(const struct options *o, struct output *out)
{
	if (save(o, out) < 0)
		return -1;
	if (o->dry_run)
		return 0;
	if (caught) {
		complain("interrupted: pid %d was not saved", o->pid);
		return -1;
	}
	if (output_commit(out) < 0)
		return -1;
	return o->kill ? kill_tree(o) : 0;
}

/* Before anybody has looked for blockers: what there is to say is on stderr. */
static void fail_early(const struct options *o, const char *error)
{
	if (o->json)
		show_blockers(o, -1, error);
}

static int freeze(const struct options *o, struct output *out,
		  struct guard *guard)
{
	const struct freezing how = {
		.root = o->pid, .version = o->freezer, .seconds = o->timeout,
		.quiet = o->quiet, .verbose = o->verbose,
	};

	if (!o->freeze || !guard_start(guard, &how, out, interrupted))
		return 0;
	if (caught)
		complain("interrupted: pid %d was not saved", o->pid);
	fail_early(o, caught ? "interrupted" : "the processes cannot be frozen");
	return -1;
}

static int freeze_and_save(const struct options *o, struct output *out)
{
	struct guard guard = { 0 };
	int pidfd = open_pidfd(o->pid);
	int ret = -1;

	if (!freeze(o, out, &guard)) {
		ret = save_frozen(o, out);
		/* What was killed ends only now, if it is frozen by v1. */
		guard_end(&guard);
		if (!ret && o->kill && o->freeze)
			wait_for_death(o, pidfd);
	}
	if (pidfd >= 0)
		close(pidfd);
	return ret;
}

static void tell_success(const struct options *o, const struct output *out)
{
	if (o->dry_run)
		complain("pid %d can be saved", o->pid);
	else
		complain("pid %d is saved%s%s", o->pid, out->path ? " in " : "",
			 out->path ? out->path : "");
}

static int run(const struct options *o)
{
	struct output out = { .fd = -1, .start = -1 };
	int ret;

	if (kill(o->pid, 0) < 0 && errno == ESRCH) {
		complain("there is no process %d", o->pid);
		fail_early(o, strerror(ESRCH));
		return EXIT_FAILED;
	}
	if (!o->dry_run && output_open(&out, o->output) < 0)
		return EXIT_FAILED;
	ret = o->dry_run ? 0 : image_file_check(o, &out);
	if (!ret)
		ret = freeze_and_save(o, &out);
	if (ret < 0)
		output_discard(&out);
	else if (o->verbose)
		tell_success(o, &out);
	if (ret < 0)
		ret = caught ? 128 + caught : EXIT_FAILED;
	return ret;
}

int main(int argc, char **argv)
{
	struct options o;
	int ret;

	parse_options(&o, argc, argv);
	refuse_borrowed_privileges(EXIT_FAILED);
	catch_signals(&o);
	ret = run(&o);
	return o.json ? finish_stdout(ret) : ret;
}
