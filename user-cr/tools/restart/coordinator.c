// SPDX-License-Identifier: GPL-2.0-only
/* The coordinator: starts the processes, completes or aborts the restart */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/interrupt.h"
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "../common/waiting.h"
#include "restart.h"

#define ABORT_WAIT_MS	5000

static volatile sig_atomic_t caught;
static volatile pid_t victim;

/* Whatever we wait for, in the kernel or here, ends with our child. */
static void on_signal(int sig)
{
	int error = errno;

	caught = sig;
	if (victim)
		kill(victim, SIGKILL);
	errno = error;
}

/**
 * struct others - processes below us that are none of the restart's
 * @proc: they, and ourselves first
 * @nr: their number
 */
struct others {
	struct proc *proc;
	int nr;
};

static bool is_other(const struct others *o, pid_t pid)
{
	int i;

	for (i = 0; i < o->nr; i++)
		if (o->proc[i].pid == pid)
			return true;
	return false;
}

/* A shell that became us may have left helpers, and they make processes, too. */
static bool belongs_to_other(struct others *o, const struct proc *proc)
{
	if (is_other(o, proc->pid))
		return true;
	if (proc->ppid == getpid() || !is_other(o, proc->ppid))
		return false;
	o->proc = xrealloc(o->proc, o->nr + 1, sizeof(*o->proc));
	o->proc[o->nr++] = *proc;
	return true;
}

/* Kills our descendants that are no others; returns how many there were. */
static int kill_new(const struct restart *r, struct others *others)
{
	struct proc *list;
	int n = proc_tree(getpid(), &list);
	int i, killed = 0;

	/* Parents come first. */
	for (i = 0; i < n; i++) {
		if (belongs_to_other(others, &list[i]) ||
		    list[i].pid == r->guard.pid)
			continue;
		if (list[i].state == 'Z')
			waitpid(list[i].pid, NULL, WNOHANG | __WALL);
		else
			kill(list[i].pid, SIGKILL);
		killed++;
	}
	free(list);
	return killed;
}

/* Leaves nothing behind. Orphans come to us, because we are their reaper. */
static void abort_restart(struct restart *r, struct others *others)
{
	int waited;

	frozen_abort(r);
	close_context(r);
	close(r->alive[1]);
	if (r->child > 0)
		kill(r->child, SIGKILL);
	for (waited = 0; waited < ABORT_WAIT_MS; waited += 5) {
		if (!kill_new(r, others)) {
			frozen_end(r);
			cgroups_remove(r);
			guard_end(&r->guard);
			return;
		}
		usleep(5000);
	}
	complain("some of the new processes do not end: look for children of pid %d",
		 getpid());
}

/* Waits for more bytes of READY; false at its end or for another reason. */
static bool get_ready(const struct restart *r, int pidfd, int *ready)
{
	struct pollfd p[2] = {
		{ .fd = r->ready[0], .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char bytes[256];
	ssize_t got;

	if (poll(p, 2, -1) < 0)
		return errno == EINTR;
	if (!p[0].revents)	/* then our child has ended */
		return false;
	got = read(r->ready[0], bytes, sizeof(bytes));
	if (got > 0)
		*ready += got;
	return got > 0;
}

/* Until every process has told that it joins. */
static int wait_ready(struct restart *r)
{
	int pidfd = syscall(SYS_pidfd_open, r->child, 0);
	int wanted = r->image.tree.nr_processes;
	int ready = 0;

	close(r->ready[1]);
	while (ready < wanted && !caught && get_ready(r, pidfd, &ready))
		;
	close(pidfd);
	if (ready == wanted)
		return 0;
	if (!caught)
		log_add(r->log, "%d of %d processes ended before they could join",
			wanted - ready, wanted);
	return -1;
}

/* The root's pid in our namespace, if it is the child of the init. */
static int find_root(struct restart *r)
{
	struct proc *list;
	int n;

	r->root = r->child;
	if (!needs_init(r))
		return 0;
	n = proc_tree(r->child, &list);
	if (n > 1)
		r->root = list[1].pid;
	free(list);
	if (n > 1)
		return 0;
	log_add(r->log, "cannot find the root task below pid %d in /proc",
		r->child);
	return -1;
}

/* What the user may have forgotten, as the kernel knows files only */
static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
		return " (the files that were open must be there: see ckptinfo --fds)";
	case ESTALE:
		return " (the files must be as they were at the checkpoint: use checkpoint --kill, or keep copies of them)";
	}
	return image_advice(error);
}

static int complete(struct restart *r)
{
	if (ckpt_restart(r->root, r->context, 0, -1) >= 0)
		return 0;
	if (!caught)
		log_add(r->log, "cannot complete the restart: %s%s",
			strerror(errno), advice(errno));
	return -1;
}

static int run(struct restart *r)
{
	if ((r->o.frozen || cgroups_wanted(r)) && guard_start(r) < 0)
		return -1;
	if (cgroups_make(r) < 0)
		return -1;
	/* With a user namespace, all others are made in it. */
	if (!userns_wanted(r)) {
		if (!r->o.time_now)
			timens_continue(r);
		if (namespaces_make(r) < 0)
			return -1;
	}
	if (userns_prepare(r) < 0)
		return -1;
	r->child = processes_start(r);
	cgroup_roots_close(r);
	pidns_files_forked(r, 0, false);
	if (r->child < 0)
		return -1;
	victim = r->child;
	close(r->alive[0]);
	if (userns_wanted(r) && (userns_map(r, r->child) < 0 || userns_take(r) < 0))
		return -1;
	if (caught || wait_ready(r) < 0 || find_root(r) < 0)
		return -1;
	mounts_close(r);
	if (cgroups_set(r) < 0 || cgroups_place(r) < 0 || settings_of_ids(r) < 0)
		return -1;
	if (r->o.frozen && frozen_begin(r) < 0)
		return -1;
	return complete(r);
}

/* It runs; what comes after may fail. An exit status. */
static int follow_up(struct restart *r)
{
	bool written;
	int status = 0;

	if (r->o.frozen && frozen_wait(r) < 0)
		status = EXIT_INCOMPLETE;
	written = !pid_file_write(&r->pid_file, r->root);
	pid_file_close(&r->pid_file, written);
	return written ? status : EXIT_INCOMPLETE;
}

static int wait_for_end(struct restart *r)
{
	int status;

	/* It came too late to interrupt us. */
	if (caught)
		kill(r->root, caught);
	namespaces_close(r);
	descriptors_let_go();
	status = wait_and_forward(r->child, r->root);
	cgroups_remove(r);
	return status < 0 ? EXIT_NO_RESTART : status;
}

/* Lets it go. */
static int succeed(struct restart *r)
{
	int status;

	victim = 0;
	if (r->o.wait)
		forward_block();
	guard_end(&r->guard);
	if (write(r->alive[1], "s", 1) < 0 && needs_init(r))
		complain_errno("cannot tell the init of the container");
	close(r->alive[1]);
	close_context(r);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	status = follow_up(r);
	if (r->o.verbose && !r->o.frozen)
		complain("pid %d goes on", r->root);
	if (!r->o.wait)
		return status;
	return wait_for_end(r) ?: status;
}

int coordinate(struct restart *r)
{
	struct others others;
	int status;

	others.nr = proc_tree(getpid(), &others.proc);
	if (others.nr < 0) {
		complain_errno("cannot read /proc");
		return EXIT_NO_RESTART;
	}
	interrupt_by(on_signal);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Now that it is removed again, whatever comes. */
	if (!pid_file_open(&r->pid_file, r->o.pid_file) && !run(r)) {
		status = succeed(r);
	} else {
		abort_restart(r, &others);
		log_print(r->log);
		complain("%s: nothing was restarted", caught ? "interrupted" :
			 "failed");
		status = caught ? 128 + caught : EXIT_NO_RESTART;
	}
	free(others.proc);
	return status;
}
