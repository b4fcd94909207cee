// SPDX-License-Identifier: GPL-2.0-only
/* ns_exec: run a command in namespaces of its own */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/util.h"
#include "spawn.h"

static const char help[] =
"Usage: ns_exec [OPTION]... [--] COMMAND [ARGUMENT]...\n"
"Runs COMMAND in namespaces of its own, a container that can be saved by\n"
"checkpoint(1), as in: ns_exec -cpuim /bin/bash\n"
"\n"
"Namespaces:\n"
"  -m, --mount            mounts, without any influence in or out\n"
"  -p, --pid              process ids: COMMAND is pid 1; with -m, a new /proc\n"
"  -u, --uts              host name and domain name\n"
"  -i, --ipc              System V IPC and POSIX message queues\n"
"  -n, --net              network, with the loopback device only\n"
"  -U, --user             user ids\n"
"\n"
"How to start COMMAND:\n"
"  -c, --clone            in a child process, and wait for it; -p, -U, -d do so\n"
"                         in any case\n"
"  -s, --setsid           in a session of its own\n"
"  -d, --detach           do not wait; implies -s, and /dev/null takes the place\n"
"                         of the terminal\n"
"  -P, --pid-file=FILE    write its pid, as seen from here, to FILE\n"
"\n"
"Control group, by which it can be frozen:\n"
"  -C, --cgroup=NAME      put it into the cgroup NAME, which is made if it is\n"
"                         not there, and then also removed at the end\n"
"      --freezer=v1|v2    of this kind; otherwise v2 if it is mounted\n"
"\n"
"Other:\n"
"  -h, --help             this text\n"
"  -V, --version          version of the program\n"
"\n"
"Exit status: that of COMMAND, 128+N if signal N ended it; 2 wrong usage, 125\n"
"no container, 126 COMMAND cannot be run, 127 COMMAND not found.\n";

enum { OPT_FREEZER = 256 };

static const struct option long_options[] = {
	{ "mount", no_argument, NULL, 'm' },
	{ "pid", no_argument, NULL, 'p' },
	{ "uts", no_argument, NULL, 'u' },
	{ "ipc", no_argument, NULL, 'i' },
	{ "net", no_argument, NULL, 'n' },
	{ "user", no_argument, NULL, 'U' },
	{ "clone", no_argument, NULL, 'c' },
	{ "setsid", no_argument, NULL, 's' },
	{ "detach", no_argument, NULL, 'd' },
	{ "pid-file", required_argument, NULL, 'P' },
	{ "cgroup", required_argument, NULL, 'C' },
	{ "freezer", required_argument, NULL, OPT_FREEZER },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static unsigned long namespace_flag(int c)
{
	switch (c) {
	case 'm':
		return CLONE_NEWNS;
	case 'p':
		return CLONE_NEWPID;
	case 'u':
		return CLONE_NEWUTS;
	case 'i':
		return CLONE_NEWIPC;
	case 'n':
		return CLONE_NEWNET;
	case 'U':
		return CLONE_NEWUSER;
	}
	return 0;
}

static const char *cgroup_name(const char *name)
{
	while (*name == '/')
		name++;
	if (!*name || strstr(name, ".."))
		usage_error("'%s' is no name for a cgroup", optarg);
	return name;
}

/* Returns whether a child process is needed. */
static bool parse_option(struct spawn *s, int c)
{
	unsigned long flag = namespace_flag(c);

	s->flags |= flag;
	if (flag)
		return flag == CLONE_NEWPID || flag == CLONE_NEWUSER;
	switch (c) {
	case 'c':
		return true;
	case 's':
		s->new_session = true;
		return false;
	case 'd':
		s->new_session = s->detach = true;
		return true;
	case 'P':
		s->pid_file = optarg;
		return false;
	case 'C':
		s->cgroup = cgroup_name(optarg);
		return false;
	case OPT_FREEZER:
		s->freezer = cgroup_parse_version(optarg);
		return false;
	case 'h':
		fputs(help, stdout);
		exit(finish_stdout(0));
	case 'V':
		print_version();
		exit(finish_stdout(0));
	}
	dprintf(STDERR_FILENO, "Try 'ns_exec --help'.\n");
	exit(EXIT_USAGE);
}

int main(int argc, char **argv)
{
	struct spawn s = { 0 };
	bool in_child = false;
	int c;

	util_init("ns_exec");
	while ((c = getopt_long(argc, argv, "+mpuinUcsdP:C:hV", long_options,
				NULL)) != -1)
		in_child |= parse_option(&s, c);
	s.argv = argv + optind;
	if (!*s.argv)
		usage_error("no command is given");
	return in_child ? spawn_child(&s) : spawn_here(&s);
}
