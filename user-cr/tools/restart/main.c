// SPDX-License-Identifier: GPL-2.0-only
/* restart: bring saved processes back to life */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/options.h"
#include "../common/privilege.h"
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

static const struct {
	const char *name;
	unsigned long flag;
} namespace_names[] = {
	{ "pid", CLONE_NEWPID }, { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC }, { "mnt", CLONE_NEWNS },
	{ "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP },
	{ "user", CLONE_NEWUSER },
};

static unsigned long parse_namespace(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namespace_names); i++)
		if (!strcmp(name, namespace_names[i].name))
			return namespace_names[i].flag;
	usage_error("'%s' is no kind of namespace: pid, uts, ipc, mnt, net, cgroup, user",
		    name);
}

static void take_namespaces(void *options, const char *list)
{
	struct options *o = options;
	char *copy = xstrdup(list), *rest = copy, *name;

	while ((name = strsep(&rest, ",")))
		o->namespaces |= parse_namespace(name);
	free(copy);
}

/* A key may hold any characters, the descriptor has only digits. */
static void take_inherit(void *options, const char *arg)
{
	struct options *o = options;
	const char *number = strrchr(arg, '=');
	struct inherit *i;

	if (!number || number == arg)
		usage_error("'%s' is not KEY=FD, with a key that ckptinfo --externals shows",
			    arg);
	o->inherit = xrealloc(o->inherit, o->nr_inherits + 1,
			      sizeof(*o->inherit));
	i = &o->inherit[o->nr_inherits++];
	*i = (struct inherit){
		.key = xasprintf("%.*s", (int)(number - arg), arg),
		.fd = parse_number(number + 1, 0, INT_MAX, "descriptor"),
	};
	if (fcntl(i->fd, F_GETFD) < 0)
		usage_error("'%s': descriptor %d is not open", arg, i->fd);
}

#define SWITCH(l, n, member, text) \
	OPTION_SWITCH(l, n, struct options, member, text)

static const struct option_entry options[] = {
	OPTION_HEADING("Where from"),
	OPTION_TEXT('i', "input", "FILE", struct options, input, "read FILE"),
	OPTION_HEADING("Where to"),
	OPTION_BITS('c', "container", struct options, namespaces, CONTAINER,
		    "into new namespaces: pid, uts, ipc, mnt; and net, cgroup\n"
		    "and user if the first process had its own"),
	OPTION_CALL(0, "ns", "LIST", take_namespaces,
		    "into these new namespaces, with commas between them:\n"
		    "pid, uts, ipc, mnt, net, cgroup, user; with -c, into\n"
		    "those, too"),
	OPTION_TEXT(0, "root", "DIR", struct options, root,
		    "DIR is the root directory for the processes; with mounts\n"
		    "in the image, it takes the place of their root"),
	SWITCH(0, "host-mounts", host_mounts,
	       "they see this machine's mounts, whatever the image has"),
	OPTION_TEXT(0, "cgroup", "PATH", struct options, cgroup,
		    "make the saved control groups below PATH, as in\n"
		    "/proc/PID/cgroup (default: below our own)"),
	SWITCH(0, "no-cgroups", no_cgroups, "... or not at all"),
	SWITCH(0, "pids", pids,
	       "with the process ids of the image (the default)"),
	SWITCH(0, "no-pids", no_pids, "with any process ids"),
	OPTION_CALL('I', "inherit-fd", "KEY=FD", take_inherit,
		    "our descriptor FD for the external file KEY, one of\n"
		    "those that ckptinfo --externals shows"),
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
	SWITCH(0, "frozen", frozen,
	       "leave them frozen, in a cgroup of their own"),
	OPTION_TEXT('P', "pidfile", "FILE", struct options, pid_file,
		    "write the pid of the first process, as seen from here,\n"
		    "to FILE"),
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
	.failure = EXIT_NO_RESTART,
	.exit_status =
"0, or with --wait that of the first process (128+N if signal N\n"
"ended it); 2 wrong usage; 125 the restart failed and left nothing behind;\n"
"128+N the same, because of signal N; 126 the processes go on, but --pidfile\n"
"could not be written, or --frozen has not frozen them.\n",
};

static void parse_options(struct options *o, int argc, char **argv)
{
	int first = options_parse(&command, o, argc, argv);

	if (first < argc)
		usage_error("'%s' is one argument too many (an image file is given with -i)",
			    argv[first]);
	if (o->cgroup && o->no_cgroups)
		usage_error("--cgroup or --no-cgroups?");
	if (o->cgroup && *o->cgroup != '/')
		usage_error("--cgroup=%s: a path from the top of the hierarchy begins with /", o->cgroup);
	if (o->pids && o->no_pids)
		usage_error("--pids or --no-pids?");
}

/* A whole container has those of its own that it had. */
static void add_namespaces(struct restart *r)
{
	const struct ckpt_task_state *root = &r->image.tree.task[0].state;

	if ((r->o.namespaces & CONTAINER) != CONTAINER)
		return;
	if (root->net_ns_id)
		r->o.namespaces |= CLONE_NEWNET;
	if (root->cgroup_ns_id)
		r->o.namespaces |= CLONE_NEWCGROUP;
	if (root->user_ns_id)
		r->o.namespaces |= CLONE_NEWUSER;
}

/* What can be known to fail before anything is made. */
static int check(struct restart *r)
{
	const struct ckpt_image_header *header = &r->image.header;

	add_namespaces(r);
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
	struct restart r = {
		.context = -1, .input.fd = -1,
		.root_pidfd = -1, .mapped = { -1, -1 }, .pid_file.fd = -1,
	};
	int status = EXIT_NO_RESTART;

	parse_options(&r.o, argc, argv);
	refuse_borrowed_privileges(EXIT_NO_RESTART);
	ignore_write_signals();
	r.log = log_open();
	if (r.log < 0)
		return EXIT_NO_RESTART;
	if (!image_open(&r) && !image_read(&r.image, r.context) && !check(&r) &&
	    !externals_assign(&r) && !make_pipes(&r) &&
	    !descriptors_prepare(&r))
		status = coordinate(&r);
	pid_file_close(&r.pid_file, false);
	image_free(&r.image);
	state_free(&r.state);
	/* Who decompresses writes to it. */
	close_context(&r);
	namespaces_close(&r);
	if (status == EXIT_NO_RESTART)
		input_abandon(&r.input);
	else if (input_finish(&r.input) < 0 && !status)
		complain("the image is damaged behind what was needed of it");
	return status;
}
