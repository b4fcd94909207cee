// SPDX-License-Identifier: GPL-2.0-only
/* The process tree: each process creates its children, then joins */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/container.h"
#include "../common/interrupt.h"
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "restart.h"

static __attribute__((noreturn))
void become(struct restart *r, int index, pid_t parent);

bool needs_init(const struct restart *r)
{
	return (r->o.namespaces & CLONE_NEWPID) &&
	       r->image.header.root_pid != 1;
}

/* Ends us with a line in the log; the coordinator notices. */
__attribute__((noreturn, format(printf, 3, 4)))
static void fail(const struct restart *r, uint32_t pid, const char *format, ...)
{
	int error = errno;
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (error)
		log_add(r->log, "pid %u: %s: %s", pid, what, strerror(error));
	else
		log_add(r->log, "pid %u: %s", pid, what);
	_exit(EXIT_NO_RESTART);
}

static bool coordinator_lives(const struct restart *r)
{
	struct pollfd p = { .fd = r->alive[0] };

	return poll(&p, 1, 0) == 0;
}

/* In the first process: what only the coordinator has */
static void leave_coordinator(struct restart *r)
{
	close(r->alive[1]);
	close(r->ready[0]);
	if (r->guard.pid)
		close(r->guard.control);
	pid_file_close(&r->pid_file, true);
	interrupt_by(SIG_DFL);
}

/*
 * Nobody outlives the one who made him, until he has joined. PARENT is 0 if
 * it is not in our pid namespace.
 */
static void tie_to_parent(const struct restart *r, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before that. */
	if (getppid() != parent || !coordinator_lives(r))
		_exit(EXIT_NO_RESTART);
}

static void explain_clone(const struct restart *r, const struct ckpt_task *t)
{
	struct proc proc;
	int error = errno;

	if (error == EEXIST && !proc_read(t->pid, &proc))
		log_add(r->log, "pid %u (%s): this pid is taken by the process '%s': end that, or restart into a container of its own with --container",
			t->pid, t->comm, proc.comm);
	else if (error == EEXIST)
		log_add(r->log, "pid %u (%s): this pid is taken, maybe by a thread, a process group or a session: use --container",
			t->pid, t->comm);
	else if (error == EPERM)
		log_add(r->log, "pid %u (%s): cannot choose a pid: %s (it needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN)",
			t->pid, t->comm, strerror(error));
	else
		log_add(r->log, "pid %u (%s): cannot create the process: %s%s",
			t->pid, t->comm, strerror(error),
			error == EINVAL ? " (is the pid below kernel.pid_max?)" : "");
}

/* Creates the process of a task with its own pids; -1 and logged. */
static pid_t create(struct restart *r, int index, unsigned long namespaces)
{
	const struct task *task = &r->image.tree.task[index];
	struct clone_struct args = {
		.clone_flags = namespaces,
		.exit_signal = task->saved.exit_signal,
		.nr_pids = r->o.no_pids ? 0 : task->nr_nested + 1,
	};
	pid_t pids[task->nr_nested + 1], pid;
	int i;

	pids[0] = task->saved.pid;
	for (i = 0; i < task->nr_nested; i++)
		pids[i + 1] = task->nested[i].nr;
	pid = ckpt_clone2(&args, pids);
	if (pid < 0)
		explain_clone(r, &task->saved);
	return pid;
}

static void begin_time_ns(struct restart *r, int index)
{
	if (namespaces_begin_time(r, index) < 0)
		fail(r, r->image.tree.task[index].saved.pid,
		     "cannot make a time namespace for its children");
}

/* Whether it is in a time namespace that its parent is not in */
static bool needs_time_ns(const struct restart *r, int index, int child)
{
	const struct task *task = &r->image.tree.task[child];

	return !task_is_dead(task) && task->state.time_ns_id ==
	       r->image.tree.task[index].state.time_ns_for_children_id;
}

static void create_child(struct restart *r, int index, int child)
{
	const struct task *task = r->image.tree.task;
	bool in_ours = task_pid_ns(&task[child]) == task_pid_ns(&task[index]);
	pid_t self = in_ours ? getpid() : 0;
	pid_t pid;

	if (needs_time_ns(r, index, child))
		begin_time_ns(r, index);
	pid = create(r, child, 0);
	if (pid < 0)
		_exit(EXIT_NO_RESTART);
	pidns_files_forked(r, child, !pid);
	if (pid)
		return;
	if (namespaces_enter(r, child, index) < 0)
		fail(r, task[child].saved.pid, "cannot enter a namespace");
	r->has_begun_time = false;
	become(r, child, self);
}

/* The user namespace to which the pid namespace of a child belongs */
static uint32_t pid_owner(const struct restart *r, int index, uint32_t ns)
{
	const struct task *task = r->image.tree.task;
	int i;

	for (i = task[index].child; i != TREE_NONE; i = task[i].next)
		if (task_pid_ns(&task[i]) == ns && !task_is_dead(&task[i]) &&
		    task_is_init(&task[i]))
			return task[i].state.pid_user_ns_id;
	return task[0].state.user_ns_id;
}

/* Has the next children begin in a new pid namespace, number NS of the image. */
static void begin_pid_ns(struct restart *r, int index, uint32_t ns)
{
	uint32_t owner = pid_owner(r, index, ns);
	int ret;

	ret = owner == r->image.tree.task[0].state.user_ns_id ?
	      unshare(CLONE_NEWPID) : pidns_enter_new(r, index, owner);
	if (ret < 0)
		fail(r, r->image.tree.task[index].saved.pid,
		     "cannot make a pid namespace");
}

/* Likewise in one that there is, as soon as it has its init, or in its own again */
static void enter_pid_ns(struct restart *r, int index, uint32_t ns)
{
	bool own = ns == task_pid_ns(&r->image.tree.task[index]);

	if (own ? pidns_leave() < 0 : pidns_enter(r, ns) < 0)
		fail(r, r->image.tree.task[index].saved.pid,
		     "cannot %s a pid namespace", own ? "return to" : "enter");
}

/*
 * In the order of the image, where each init is before who has entered its namespace:
 * so nobody waits for one that waits for him. No step is made in vain, as not everybody
 * may return.
 */
static void create_children(struct restart *r, int index)
{
	const struct task *task = r->image.tree.task;
	uint32_t own = task_pid_ns(&task[index]), now = own, ns;
	int i;

	for (i = task[index].child; i != TREE_NONE; i = task[i].next) {
		ns = task_pid_ns(&task[i]);
		if (ns != now && ns != own && task_is_init(&task[i])) {
			if (now != own)
				enter_pid_ns(r, index, own);
			begin_pid_ns(r, index, ns);
		} else if (ns != now) {
			enter_pid_ns(r, index, ns);
		}
		now = ns;
		create_child(r, index, i);
	}
	ns = task[index].state.pid_ns_for_children;
	if (now != (ns ? ns : own))
		enter_pid_ns(r, index, ns ? ns : own);
}

/* Tells the coordinator, and waits in the kernel to be somebody else. */
static __attribute__((noreturn))
void join(struct restart *r, int index)
{
	const struct task *task = &r->image.tree.task[index];
	uint32_t pid = task->saved.pid;

	/* In a user namespace we have no right to those of the root any more. */
	if (externals_place(r, task->id) < 0)
		fail(r, pid, "cannot put external files in their place");
	if (userns_enter_own(r, index) < 0)
		fail(r, pid, "cannot enter a user namespace");
	if (descriptors_close_others(r, task->id) < 0)
		fail(r, pid, "cannot close descriptors");
	if (write(r->ready[1], "j", 1) != 1)
		fail(r, pid, "cannot reach the coordinator");
	close(r->ready[1]);
	/* From here on the context takes care of us. */
	prctl(PR_SET_PDEATHSIG, 0);
	ckpt_restart(pid, r->context, RESTART_JOIN, -1);
	fail(r, pid, "cannot join the restart");
}

static void become(struct restart *r, int index, pid_t parent)
{
	tie_to_parent(r, parent);
	if (pidns_files_offer(r, index) < 0)
		fail(r, r->image.tree.task[index].saved.pid,
		     "cannot pass on its pid namespace");
	create_children(r, index);
	begin_time_ns(r, index);
	join(r, index);
}

static void set_names(const struct restart *r, uint32_t pid)
{
	const struct ckpt_uts *uts = &r->image.uts;

	if (!(r->o.namespaces & CLONE_NEWUTS) || !r->image.has_uts)
		return;
	if (sethostname(uts->nodename, strlen(uts->nodename)) < 0)
		fail(r, pid, "cannot set the host name");
	if (setdomainname(uts->domainname, strlen(uts->domainname)) < 0)
		fail(r, pid, "cannot set the domain name");
}

/* In a network namespace that the user wants it is of more use than not. */
static bool wants_loopback(const struct restart *r)
{
	uint32_t id = r->image.tree.task[0].state.net_ns_id;
	struct ckpt_ns ns;

	if (!id)
		return true;
	ckpt_record_body(image_object(&r->image, CKPT_REC_NS, id), &ns, sizeof(ns));
	return ns.flags & CKPT_NS_LO_UP;
}

/* By which the tools' records know a namespace; 0 if it was the caller's */
static uint64_t inode_of(const struct restart *r, uint32_t id)
{
	struct ckpt_ns ns;

	if (!id)
		return 0;
	ckpt_record_body(image_object(&r->image, CKPT_REC_NS, id), &ns, sizeof(ns));
	return ns.inode;
}

/* By this machine's /proc, of which nothing may be left in the container */
static int set_namespaces_up(const struct restart *r)
{
	const struct ckpt_task_state *state = &r->image.tree.task[0].state;
	unsigned long namespaces = r->o.namespaces;

	if (namespaces & CLONE_NEWNET && wants_loopback(r) &&
	    container_loopback_up() < 0) {
		log_add(r->log, "cannot bring up the loopback device: %s",
			strerror(errno));
		return -1;
	}
	if (namespaces & CLONE_NEWNET && state->net_ns_id &&
	    settings_make(r, CKPT_NS_NET, inode_of(r, state->net_ns_id)) < 0)
		return -1;
	if (namespaces & CLONE_NEWIPC && state->ipc_ns_id)
		return settings_make(r, CKPT_NS_IPC, inode_of(r, state->ipc_ns_id));
	return 0;
}

/* In the first process, before anything else. */
static void enter_user_ns(struct restart *r, uint32_t pid)
{
	if (!userns_wanted(r))
		return;
	if (userns_enter(r) < 0)
		fail(r, pid, "cannot enter the user namespace");
	if (!r->o.time_now && timens_continue_here(r) < 0)
		fail(r, pid, "cannot enter a time namespace (with --time=now, none is needed)");
	if (namespaces_make(r) < 0)
		_exit(EXIT_NO_RESTART);
	if (userns_pass_on(r) < 0)
		fail(r, pid, "cannot pass on a user namespace");
}

/* This machine's mounts, private. */
static void keep_mounts(const struct restart *r, uint32_t pid)
{
	if (r->o.namespaces & CLONE_NEWNS && container_private_mounts() < 0)
		fail(r, pid, "cannot make the mounts private");
	if (r->o.root && (chroot(r->o.root) < 0 || chdir("/") < 0))
		fail(r, pid, "cannot make %s the root directory", r->o.root);
}

/* Mounts may be made in others. */
static void enter_cgroup_ns(struct restart *r)
{
	uint32_t id = r->image.tree.task[0].state.cgroup_ns_id;

	if (r->o.namespaces & CLONE_NEWCGROUP &&
	    cgroup_roots_unshare(r, inode_of(r, id)) < 0)
		_exit(EXIT_NO_RESTART);
	cgroup_roots_close(r);
}

/* In the first process of the new namespaces. */
static void enter_container(struct restart *r, uint32_t pid)
{
	unsigned long namespaces = r->o.namespaces;
	uint64_t mounts = mounts_root_ns(r);

	set_names(r, pid);
	if (set_namespaces_up(r) < 0)
		_exit(EXIT_NO_RESTART);
	if (mount_ns_make(r) < 0 || mounts_rebuild(r) < 0)
		_exit(EXIT_NO_RESTART);
	if (!mounts)
		keep_mounts(r, pid);
	enter_cgroup_ns(r);
	if (!mounts && namespaces & CLONE_NEWNS && namespaces & CLONE_NEWPID &&
	    container_mount_proc() < 0)
		fail(r, pid, "cannot mount a new /proc%s%s",
		     r->o.root ? " below " : "", r->o.root ? r->o.root : "");
	if (namespaces_of_root(r) < 0)
		fail(r, pid, "cannot have a descriptor of the root");
	if (r->o.detach && setsid() < 0)
		fail(r, pid, "cannot begin a session");
}

static __attribute__((noreturn))
void become_root(struct restart *r, pid_t parent)
{
	leave_coordinator(r);
	enter_user_ns(r, r->image.header.root_pid);
	tie_to_parent(r, parent);
	enter_container(r, r->image.header.root_pid);
	become(r, 0, parent);
}

/* The init of the new pid namespace, with the root as its child. */
static __attribute__((noreturn))
void become_init(struct restart *r)
{
	pid_t root;

	leave_coordinator(r);
	enter_user_ns(r, 1);
	enter_container(r, 1);
	root = create(r, 0, 0);
	if (root < 0)
		_exit(EXIT_NO_RESTART);
	pidns_files_forked(r, 0, !root);
	if (!root)
		become(r, 0, getppid());
	init_run(r, root);
}

/* A cgroup namespace begins where the process that makes it is by itself. */
static unsigned long first_namespaces(const struct restart *r)
{
	return r->o.namespaces & ~CLONE_NEWCGROUP;
}

static pid_t create_init(struct restart *r)
{
	struct clone_struct args = {
		.clone_flags = first_namespaces(r),
		.exit_signal = SIGCHLD,
	};
	pid_t pid = ckpt_clone2(&args, NULL);

	if (pid < 0)
		log_add(r->log, "cannot create a container: %s%s",
			strerror(errno),
			errno == EPERM ? " (it needs CAP_SYS_ADMIN)" : "");
	return pid;
}

pid_t processes_start(struct restart *r)
{
	bool init = needs_init(r);
	pid_t self = r->o.namespaces & CLONE_NEWPID ? 0 : getpid();
	pid_t pid;

	if (init)
		pid = create_init(r);
	else
		pid = create(r, 0, first_namespaces(r));
	if (pid)
		return pid;
	if (init)
		become_init(r);
	become_root(r, self);
}
