// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sysctls of user and pid namespaces
 *
 * What a new one has is known: there are no limits but those around it. A look at
 * one must not change which pid comes next in it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include <checkpoint/tool_image.h>
#include "../common/nspid.h"
#include "../common/sysctl.h"
#include "../common/util.h"
#include "inside.h"
#include "settings.h"

/* What they are in a new namespace */
#define USER_LIMIT	"2147483647"
#define PID_MAX		"4194304"

/* The first pids of a container mostly are in use, but not all of these. */
#define PID_TRIES	4096

static void tell_unless(const struct sysctls *s, const char *name,
			const char *usual)
{
	const char *value = sysctls_find(s, name);

	if (!value || (usual && !strcmp(value, usual)))
		return;
	tell(name);
	tell(value);
}

void tell_user_sysctls(int fd, const void *arg)
{
	const struct ns *ns = arg;
	struct sysctls s;
	size_t i;

	if (setns(fd, CLONE_NEWUSER) < 0)
		give_up("cannot enter it: %s", strerror(errno));
	sysctls_read(&s, ns->kind->kind);
	for (i = 0; i < s.nr; i++)
		tell_unless(&s, s.list[i].name, USER_LIMIT);
}

/* With a chosen pid in so many namespaces */
static pid_t fork_by_choice(int levels)
{
	struct clone_struct args = { .exit_signal = SIGCHLD, .nr_pids = levels };
	pid_t wanted, pids[levels], pid = -1;
	int i;

	for (wanted = 2; wanted < PID_TRIES; wanted++) {
		for (i = 0; i < levels; i++)
			pids[i] = wanted;
		pid = ckpt_clone2(&args, pids);
		if (pid >= 0 || errno != EEXIST)
			break;
	}
	return pid;
}

/*
 * A pid that is chosen is not what the next one is counted from, neither there nor in
 * the namespaces around it, as far as we may choose.
 */
static pid_t fork_unnoticed(const struct ns *ns)
{
	int levels = pid_depth(ns->pid);
	pid_t pid = -1;

	/* It is below ours, or gone. */
	if (levels < 1)
		return -1;
	do
		pid = fork_by_choice(levels);
	while (pid < 0 && errno == EPERM && --levels > 0);
	return pid;
}

static void end_as(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		_exit(EXIT_FAILED);
}

void tell_pid_sysctls(int fd, const void *arg)
{
	const struct ns *ns = arg;
	struct sysctls ours, its;
	pid_t pid;

	sysctls_read(&ours, ns->kind->kind);
	/* Only there are we its owner, but not that of those around it. */
	if (setns(fd, CLONE_NEWPID) < 0) {
		enter_owner(fd);
		if (setns(fd, CLONE_NEWPID) < 0)
			give_up("cannot enter it: %s", strerror(errno));
	}
	pid = fork_unnoticed(ns);
	if (pid < 0)
		give_up("cannot have a process in it: %s", strerror(errno));
	if (pid) {
		end_as(pid);
		return;
	}
	sysctls_read(&its, ns->kind->kind);
	/* First, as it may be beyond a limit that came later */
	tell_unless(&its, CKPT_SYSCTL_LAST_PID, NULL);
	tell_unless(&its, "kernel/pid_max", PID_MAX);
	tell_unless(&its, "vm/memfd_noexec", sysctls_find(&ours, "vm/memfd_noexec"));
}
