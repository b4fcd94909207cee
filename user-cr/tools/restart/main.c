// SPDX-License-Identifier: GPL-2.0-only
/* restart: bring saved processes back to life */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/options.h"
#include "../common/util.h"
#include "restart.h"

#define CONTAINER	(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS)

static void take_time(void *options, const char *policy)
{
	struct options *o = options;

	o->time_now = !strcmp(policy, "now");
	if (!o->time_now && strcmp(policy, "continue"))
		usage_error("'%s' is no policy for the time: continue or now",
			    policy);
}

#define SWITCH(l, n, member, text) \
	OPTION_SWITCH(l, n, struct options, member, text)
#define NAMESPACE(l, n, bits, text) \
	OPTION_BITS(l, n, struct options, namespaces, bits, text)

static const struct option_entry options[] = {
	OPTION_HEADING("Where from"),
	OPTION_TEXT('i', "input", "FILE", struct options, input, "read FILE"),
	OPTION_HEADING("Where to"),
	NAMESPACE('c', "container", CONTAINER,
		  "into new namespaces: all of the following four"),
	NAMESPACE(0, "pidns", CLONE_NEWPID,
		  "process ids; with --mntns, a new /proc"),
	NAMESPACE(0, "utsns", CLONE_NEWUTS,
		  "host name and domain name, which are restored"),
	NAMESPACE(0, "ipcns", CLONE_NEWIPC,
		  "System V IPC and POSIX message queues"),
	NAMESPACE(0, "mntns", CLONE_NEWNS, "mounts"),
	SWITCH('d', "detach", detach,
	       "into a session of their own, without a terminal"),
	OPTION_HEADING("Time"),
	OPTION_CALL(0, "time", "POLICY", take_time,
		    "continue (the default): the monotonic and the boot clock\n"
		    "go on from the checkpoint, by a time namespace;\n"
		    "now: they show this machine's time"),
	OPTION_HEADING("Afterwards"),
	SWITCH('w', "wait", wait,
	       "wait for the first process, pass signals on to it, and\n"
	       "exit with its status"),
	OPTION_TEXT('P', "pid-file", "FILE", struct options, pid_file,
		    "write its pid, as seen from here, to FILE"),
	OPTION_HEADING("Other"),
	SWITCH('q', "quiet", quiet, "no messages but errors"),
	SWITCH('v', "verbose", verbose, "tell what is done"),
};

static const struct command command = {
	.name = "restart",
	.usage = "[OPTION]... [-i FILE]",
	.about =
"Continues the processes of an image that checkpoint(1) has written, with the\n"
"same process ids. The image is read from the standard input, as in:\n"
"restart --container --wait < image\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"0, or with --wait that of the first process (128+N if signal N\n"
"ended it); 2 wrong usage; 125 the restart failed and left nothing behind;\n"
"128+N the same, because of signal N.\n",
};

static void parse_options(struct options *o, int argc, char **argv)
{
	int first = options_parse(&command, o, argc, argv);

	if (first < argc)
		usage_error("'%s' is one argument too many (an image file is given with -i)",
			    argv[first]);
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
	struct restart r = { .context = -1, .input.fd = -1 };
	int status = EXIT_NO_RESTART;

	parse_options(&r.o, argc, argv);
	r.log = log_open();
	if (r.log < 0)
		return EXIT_NO_RESTART;
	if (!image_open(&r) && !image_read(&r.image, r.context) && !check(&r) &&
	    !make_pipes(&r) && !descriptors_prepare(&r))
		status = coordinate(&r);
	image_free(&r.image);
	/* Who decompresses writes to it. */
	close_context(&r);
	if (input_close(&r.input) < 0 && !status)
		complain("the image is damaged behind what was needed of it");
	return status;
}
