// SPDX-License-Identifier: GPL-2.0-only
/* restart: bring saved processes back to life */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/util.h"
#include "restart.h"

static const char help[] =
"Usage: restart [OPTION]... [-i FILE]\n"
"Continues the processes of an image that checkpoint(1) has written, with the\n"
"same process ids. The image is read from the standard input, as in:\n"
"restart --container --wait < image\n"
"\n"
"Where from:\n"
"  -i, --input=FILE       read FILE\n"
"\n"
"Where to:\n"
"  -c, --container        into new namespaces: all of the following four\n"
"      --pidns            process ids; with --mntns, a new /proc\n"
"      --utsns            host name and domain name, which are restored\n"
"      --ipcns            System V IPC and POSIX message queues\n"
"      --mntns            mounts\n"
"  -d, --detach           into a session of their own, without a terminal\n"
"\n"
"Time:\n"
"      --time=continue    the monotonic and the boot clock go on from the\n"
"                         checkpoint, by a time namespace (the default)\n"
"      --time=now         they show this machine's time\n"
"\n"
"Afterwards:\n"
"  -w, --wait             wait for the first process, pass signals on to it, and\n"
"                         exit with its status\n"
"  -P, --pid-file=FILE    write its pid, as seen from here, to FILE\n"
"\n"
"Other:\n"
"  -q, --quiet            no messages but errors\n"
"  -v, --verbose          tell what is done\n"
"  -h, --help             this text\n"
"  -V, --version          version of the program\n"
"\n"
"Exit status: 0, or with --wait that of the first process (128+N if signal N\n"
"ended it); 2 wrong usage; 125 the restart failed and left nothing behind;\n"
"128+N the same, because of signal N.\n";

#define CONTAINER	(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS)

enum { OPT_PIDNS = 256, OPT_UTSNS, OPT_IPCNS, OPT_MNTNS, OPT_TIME };

static const struct option long_options[] = {
	{ "input", required_argument, NULL, 'i' },
	{ "container", no_argument, NULL, 'c' },
	{ "pidns", no_argument, NULL, OPT_PIDNS },
	{ "utsns", no_argument, NULL, OPT_UTSNS },
	{ "ipcns", no_argument, NULL, OPT_IPCNS },
	{ "mntns", no_argument, NULL, OPT_MNTNS },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "detach", no_argument, NULL, 'd' },
	{ "wait", no_argument, NULL, 'w' },
	{ "pid-file", required_argument, NULL, 'P' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static unsigned long namespace_flag(int c)
{
	switch (c) {
	case 'c':
		return CONTAINER;
	case OPT_PIDNS:
		return CLONE_NEWPID;
	case OPT_UTSNS:
		return CLONE_NEWUTS;
	case OPT_IPCNS:
		return CLONE_NEWIPC;
	case OPT_MNTNS:
		return CLONE_NEWNS;
	}
	return 0;
}

static bool parse_time(const char *text)
{
	if (!strcmp(text, "continue"))
		return true;
	if (!strcmp(text, "now"))
		return false;
	usage_error("'%s' is no policy for the time: continue or now", text);
}

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 'i':
		o->input = strcmp(optarg, "-") ? optarg : NULL;
		break;
	case OPT_TIME:
		o->continue_time = parse_time(optarg);
		break;
	case 'd':
		o->detach = true;
		break;
	case 'w':
		o->wait = true;
		break;
	case 'P':
		o->pid_file = optarg;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(finish_stdout(0));
	case 'V':
		print_version();
		exit(finish_stdout(0));
	default:
		if (namespace_flag(c)) {
			o->namespaces |= namespace_flag(c);
			break;
		}
		dprintf(STDERR_FILENO, "Try 'restart --help'.\n");
		exit(EXIT_USAGE);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .continue_time = true };
	while ((c = getopt_long(argc, argv, "i:cdwP:qvhV", long_options,
				NULL)) != -1)
		parse_option(o, c);
	if (optind < argc)
		usage_error("'%s' is one argument too many (an image file is given with -i)",
			    argv[optind]);
}

/* What can be known to fail before anything is made. */
static int check(const struct restart *r)
{
	const struct ckpt_image_header *header = r->image.header;

	if (r->o.namespaces & CLONE_NEWPID)
		return 0;
	if (header->flags & CKPT_IMAGE_CONTAINER || header->root_pid == 1) {
		complain("this is the image of a container: use --container");
		return -1;
	}
	return 0;
}

static int make_pipes(struct restart *r)
{
	if (!pipe2(r->ready, O_CLOEXEC) && !pipe2(r->alive, O_CLOEXEC))
		return 0;
	complain_errno("cannot make a pipe");
	return -1;
}

int main(int argc, char **argv)
{
	struct restart r = { .context = -1 };
	int status = EXIT_NO_RESTART;

	util_init("restart");
	parse_options(&r.o, argc, argv);
	r.log = log_open();
	if (r.log < 0)
		return EXIT_NO_RESTART;
	if (!image_open(&r) && !image_read(&r.image, r.context) && !check(&r) &&
	    !make_pipes(&r) && !descriptors_prepare(&r))
		status = coordinate(&r);
	image_free(&r.image);
	return status;
}
