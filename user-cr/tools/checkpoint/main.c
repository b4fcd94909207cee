// SPDX-License-Identifier: GPL-2.0-only
/* checkpoint: save a process tree to a file or stream */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "freeze.h"
#include "output.h"

#define RETRIES		5
#define DEATH_WAIT_MS	5000

struct options {
	pid_t pid;
	const char *output;
	bool freeze;
	bool kill;
	bool dry_run;
	bool subtree;
	bool quiet;
	bool verbose;
	enum cgroup_version freezer;
	int timeout;
};

static const char help[] =
"Usage: checkpoint -p PID [-o FILE] [OPTION]...\n"
"Saves the processes of a container, or a subtree of processes, to an image\n"
"from which restart(1) continues them. The image goes to the standard output.\n"
"\n"
"What to save:\n"
"  -p, --pid=PID          the first process of the tree\n"
"      --subtree          PID need not be the first process of a container\n"
"  -n, --dry-run          write nothing, tell all that stands in the way\n"
"\n"
"Where to:\n"
"  -o, --output=FILE      write to FILE; it appears when it is complete\n"
"\n"
"The processes, which must be frozen by a cgroup:\n"
"      --freeze           freeze them before and thaw them afterwards\n"
"      --freezer=v1|v2    ... with this kind of cgroup\n"
"      --timeout=SECONDS  ... wait so long for it (10)\n"
"      --kill             end them when the image is complete\n"
"\n"
"Other:\n"
"  -q, --quiet            no messages but errors\n"
"  -v, --verbose          tell what is done\n"
"  -h, --help             this text\n"
"  -V, --version          version of the program\n"
"\n"
"Exit status: 0 saved (or nothing stands in the way), 1 failed, 2 wrong usage,\n"
"128+N ended by signal N; in the last three cases the processes are as before.\n";

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static bool interrupted(void)
{
	return caught;
}

/* System calls return early, and the way out is the ordinary one. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

enum { OPT_FREEZE = 256, OPT_FREEZER, OPT_TIMEOUT, OPT_KILL, OPT_SUBTREE };

static const struct option long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "output", required_argument, NULL, 'o' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "subtree", no_argument, NULL, OPT_SUBTREE },
	{ "freeze", no_argument, NULL, OPT_FREEZE },
	{ "freezer", required_argument, NULL, OPT_FREEZER },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "kill", no_argument, NULL, OPT_KILL },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 'p':
		o->pid = parse_number(optarg, 1, 4194304, "pid");
		break;
	case 'o':
		o->output = strcmp(optarg, "-") ? optarg : NULL;
		break;
	case 'n':
		o->dry_run = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case OPT_SUBTREE:
		o->subtree = true;
		break;
	case OPT_FREEZE:
		o->freeze = true;
		break;
	case OPT_FREEZER:
		o->freezer = cgroup_parse_version(optarg);
		break;
	case OPT_TIMEOUT:
		o->timeout = parse_number(optarg, 1, 86400, "number of seconds");
		break;
	case OPT_KILL:
		o->kill = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(finish_stdout(0));
	case 'V':
		print_version();
		exit(finish_stdout(0));
	default:
		dprintf(STDERR_FILENO, "Try 'checkpoint --help'.\n");
		exit(EXIT_USAGE);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .timeout = 10 };
	while ((c = getopt_long(argc, argv, "p:o:nqvhV", long_options,
				NULL)) != -1)
		parse_option(o, c);
	if (optind < argc)
		usage_error("'%s' is one argument too many", argv[optind]);
	if (!o->pid)
		usage_error("no process is given: use -p PID");
	if (o->dry_run && (o->kill || o->output))
		usage_error("--dry-run goes with neither --kill nor --output");
}

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
		return " (you need the right to trace each of the processes, and CAP_CHECKPOINT_RESTORE)";
	}
	return "";
}

static void wait_a_little(void)
{
	usleep(50000);
}

/* One line of the kernel's reasons, then one with the result. */
static void report(const struct options *o, int error, int log)
{
	int lines = log_print(log);

	if (caught)
		complain("interrupted: pid %d was not saved", o->pid);
	else if (o->dry_run)
		complain("pid %d cannot be saved: %s%s", o->pid,
			 lines ? "see above" : strerror(error),
			 lines ? "" : advice(o, error));
	else
		complain("pid %d was not saved: %s%s", o->pid, strerror(error),
			 advice(o, error));
}

static int save(const struct options *o, const struct output *out)
{
	unsigned long flags = CHECKPOINT_LOG;
	int log = log_open();
	long ret = -1;
	int tries;

	if (log < 0)
		return -1;
	if (o->subtree)
		flags |= CHECKPOINT_SUBTREE;
	if (o->dry_run)
		flags |= CHECKPOINT_DRYRUN;
	for (tries = 0; tries < RETRIES && !caught; tries++) {
		if (tries)
			wait_a_little();
		ret = ckpt_checkpoint(o->pid, out->fd, flags, log);
		if (ret >= 0 || errno != EAGAIN || !o->freeze ||
		    !output_untouched(out))
			break;
	}
	if (ret < 0)
		report(o, errno, log);
	else if (!o->quiet)
		log_print(log);
	close(log);
	return ret < 0 ? -1 : 0;
}

/* The root first: if it is the init of a container, all end with it. */
static int kill_tree(const struct options *o)
{
	struct proc *list;
	int n = proc_tree(o->pid, &list);
	int i;

	for (i = 0; i < n; i++)
		if (kill(list[i].pid, SIGKILL) < 0 && errno != ESRCH)
			complain_errno("cannot kill pid %d (%s)", list[i].pid,
				       list[i].comm);
	if (n < 0)
		complain_errno("cannot find the processes to kill in /proc");
	else if (o->verbose)
		complain("%d processes killed", n);
	free(list);
	return n < 0 ? -1 : 0;
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

static int freeze_and_save(const struct options *o, struct output *out)
{
	struct freeze freeze = { 0 };
	int pidfd = open_pidfd(o->pid);
	int ret;

	if (o->freeze && freeze_tree(&freeze, o->pid, o->freezer, o->timeout,
				     interrupted) < 0) {
		if (caught)
			complain("interrupted: pid %d was not saved", o->pid);
		close(pidfd);
		return -1;
	}
	if (o->verbose && freeze.active)
		complain("frozen by %s", freeze.cg.path);
	ret = save_frozen(o, out);
	/* A tree that was killed ends only now, if it is frozen by v1. */
	freeze_undo(&freeze);
	if (!ret && o->kill && o->freeze)
		wait_for_death(o, pidfd);
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

int main(int argc, char **argv)
{
	struct options o;
	struct output out = { .fd = -1, .start = -1 };
	int ret;

	util_init("checkpoint");
	parse_options(&o, argc, argv);
	catch_signals();
	if (kill(o.pid, 0) < 0 && errno == ESRCH) {
		complain("there is no process %d", o.pid);
		return EXIT_FAILED;
	}
	if (!o.dry_run && output_open(&out, o.output) < 0)
		return EXIT_FAILED;
	ret = freeze_and_save(&o, &out);
	if (ret < 0)
		output_discard(&out);
	else if (o.verbose)
		tell_success(&o, &out);
	if (ret < 0)
		return caught ? 128 + caught : EXIT_FAILED;
	return 0;
}
