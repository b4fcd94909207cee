// SPDX-License-Identifier: GPL-2.0-only
/* ns_exec: run a command in namespaces of its own */
#include <sched.h>
#include <string.h>

#include "../common/options.h"
#include "../common/privilege.h"
#include "../common/util.h"
#include "spawn.h"

static void take_cgroup(void *options, const char *name)
{
	struct spawn *s = options;

	s->cgroup = name + strspn(name, "/");
	if (!*s->cgroup || strstr(s->cgroup, ".."))
		usage_error("'%s' is no name for a cgroup", name);
}

static void take_freezer(void *options, const char *version)
{
	((struct spawn *)options)->freezer = cgroup_parse_version(version);
}

#define NAMESPACE(l, n, bits, text) \
	OPTION_BITS(l, n, struct spawn, flags, bits, text)
#define SWITCH(l, n, member, text) \
	OPTION_SWITCH(l, n, struct spawn, member, text)

static const struct option_entry options[] = {
	OPTION_HEADING("Namespaces"),
	NAMESPACE('m', "mount", CLONE_NEWNS,
		  "mounts, without any influence in or out"),
	NAMESPACE('p', "pid", CLONE_NEWPID,
		  "process ids: COMMAND is pid 1; with -m, a new /proc"),
	NAMESPACE('u', "uts", CLONE_NEWUTS, "host name and domain name"),
	NAMESPACE('i', "ipc", CLONE_NEWIPC,
		  "System V IPC and POSIX message queues"),
	NAMESPACE('n', "net", CLONE_NEWNET,
		  "network, with the loopback device only"),
	NAMESPACE('U', "user", CLONE_NEWUSER, "user ids"),
	OPTION_HEADING("How to start COMMAND"),
	SWITCH('c', "clone", in_child,
	       "in a child process, and wait for it; -p, -U, -d do so\n"
	       "in any case"),
	SWITCH('s', "setsid", new_session, "in a session of its own"),
	SWITCH('d', "detach", detach,
	       "do not wait; implies -s, and /dev/null takes the place\n"
	       "of the terminal"),
	OPTION_TEXT('P', "pidfile", "FILE", struct spawn, pid_file,
		    "write its pid, as seen from here, to FILE"),
	OPTION_HEADING("Control group, by which it can be frozen"),
	OPTION_CALL('C', "cgroup", "NAME", take_cgroup,
		    "put it into the cgroup NAME, which is made if it is\n"
		    "not there, and then also removed at the end"),
	OPTION_CALL(0, "freezer", "auto|v1|v2", take_freezer,
		    "of this kind; auto (the default) is v2 if it is\n"
		    "mounted"),
	OPTION_HEADING("Other"),
};

static const struct command command = {
	.name = "ns_exec",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.about =
"Runs COMMAND in namespaces of its own, a container that can be saved by\n"
"checkpoint(1), as in: ns_exec -cpuim /bin/bash\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"that of COMMAND, 128+N if signal N ended it; 2 wrong usage, 125\n"
"no container, 126 COMMAND cannot be run, 127 COMMAND not found.\n",
	.failure = EXIT_SETUP,
	.stop_early = true,
};

int main(int argc, char **argv)
{
	struct spawn s = { 0 };

	s.argv = argv + options_parse(&command, &s, argc, argv);
	if (!*s.argv)
		usage_error("no command is given");
	refuse_borrowed_privileges(EXIT_SETUP);
	if (s.detach)
		s.new_session = true;
	if (s.in_child || s.detach || s.flags & (CLONE_NEWPID | CLONE_NEWUSER))
		return spawn_child(&s);
	return spawn_here(&s);
}
