// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that cleans up if the coordinator is killed
 *
 * The kernel ends the processes then, but nobody removes their control groups; and
 * what the freezer of version 1 has frozen does not end before it is thawed. It is
 * told of each group before that is made: a digit for the version and the path,
 * or nothing where the last one is not ours, each with a NUL behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/util.h"
#include "restart.h"

/**
 * struct list - what it takes care of
 * @cg: groups, those that are in others behind these
 * @nr: their number
 */
struct list {
	struct cgroup *cg;
	size_t nr;
};

static void take(struct list *list, const char *message)
{
	struct cgroup *cg;

	if (!*message) {
		list->nr -= list->nr > 0;
		return;
	}
	list->cg = xrealloc(list->cg, list->nr + 1, sizeof(*cg));
	cg = &list->cg[list->nr++];
	cg->version = *message - '0';
	snprintf(cg->path, sizeof(cg->path), "%s", message + 1);
}

static void clean_up(struct list *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		cgroup_freeze(&list->cg[i], false);
	while (list->nr)
		cgroup_remove(&list->cg[--list->nr]);
}

static __attribute__((noreturn))
void run(int control)
{
	struct list list = { 0 };
	char *message = NULL;
	size_t room = 0;
	FILE *pipe;

	/* The context must be able to end, in particular. */
	dup2(control, STDERR_FILENO + 1);
	syscall(SYS_close_range, STDERR_FILENO + 2, ~0U, 0);
	pipe = fdopen(STDERR_FILENO + 1, "r");
	while (pipe && getdelim(&message, &room, '\0', pipe) > 0) {
		if (*message == GUARD_END)
			_exit(0);
		take(&list, message);
	}
	clean_up(&list);
	_exit(0);
}

int guard_start(struct restart *r)
{
	int control;
	pid_t pid = guard_fork(&r->guard, &control);

	if (!pid)
		run(control);
	if (pid < 0)
		return -1;
	r->guard.control = descriptors_keep(r, r->guard.control);
	return 0;
}

static void tell(const struct restart *r, const char *message)
{
	if (r->guard.pid &&
	    write_all(r->guard.control, message, strlen(message) + 1) < 0)
		complain_errno("cannot reach a process of ours");
}

void guard_takes(const struct restart *r, const struct cgroup *cg)
{
	char *message = xasprintf("%d%s", cg->version, cg->path);

	tell(r, message);
	free(message);
}

void guard_forgets(const struct restart *r)
{
	int error = errno;

	tell(r, "");
	errno = error;
}
