// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sysctls of user and pid namespaces: limits, and which pid comes next
 *
 * They are set when all processes and namespaces are there, which may be more than
 * they allow. A process of ours goes into each for that, also where nobody else is. It
 * has a pid in there until it has ended.
 */
#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/util.h"
#include "pids.h"

static bool is_ours(int fd, const char *path)
{
	struct stat st, own;

	return !fstat(fd, &st) && !stat(path, &own) && st.st_ino == own.st_ino;
}

static int enter_user_ns(int fd)
{
	if (fd >= 0 && is_ours(fd, "/proc/self/ns/user"))
		return 0;
	return fd < 0 ? -1 : setns(fd, CLONE_NEWUSER);
}

/* A pid namespace for the next child */
static int enter(const struct ckpt_sysctl *ns, int fd)
{
	if (ns->kind == CKPT_NS_USER)
		return setns(fd, CLONE_NEWUSER);
	if (enter_user_ns(ioctl(fd, NS_GET_USERNS)) < 0)
		return -1;
	return setns(fd, CLONE_NEWPID);
}

/* It has logged why it failed, unless it was killed. */
static int wait_for(const struct restart *r, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		log_add(r->log, "cannot wait for a process: %s", strerror(errno));
		return -1;
	}
	if (WIFSIGNALED(status))
		log_add(r->log, "a process that sets what was set in a namespace was ended by signal %d",
			WTERMSIG(status));
	return status ? -1 : 0;
}

static __attribute__((noreturn))
void give_up(const struct restart *r, const struct ckpt_sysctl *ns,
	     const char *why)
{
	log_add(r->log, "cannot enter a %s namespace to set what was set in it: %s",
		ns->kind == CKPT_NS_USER ? "user" : "pid", why);
	_exit(EXIT_FAILED);
}

static __attribute__((noreturn))
void set_inside(const struct restart *r, const struct ckpt_sysctl *ns, int fd)
{
	bool user = ns->kind == CKPT_NS_USER;
	pid_t child = 0;

	/* The image may claim that a process of ours began with it. */
	if (fd >= 0 && is_ours(fd, user ? "/proc/self/ns/user" : "/proc/self/ns/pid"))
		give_up(r, ns, "it is ours, and not a new one");
	if (fd < 0 || enter(ns, fd) < 0)
		give_up(r, ns, strerror(errno));
	if (!user)
		child = fork();
	if (child < 0)
		give_up(r, ns, strerror(errno));
	if (child)
		_exit(wait_for(r, child) < 0 ? EXIT_FAILED : 0);
	_exit(settings_make(r, ns->kind, ns->inode) < 0 ? EXIT_FAILED : 0);
}

static int make(const struct restart *r, const struct ckpt_sysctl *ns, int fd)
{
	pid_t child = fork();

	if (!child)
		set_inside(r, ns, fd);
	if (child > 0)
		return wait_for(r, child);
	log_add(r->log, "cannot create a process: %s", strerror(errno));
	return -1;
}

/*
 * The process that a pid namespace begins with, as we see it, or 0 if that is not made.
 * Without the pids of the image, only the root can be told from others.
 */
static pid_t find_init(const struct restart *r, const struct pids *p,
		       const struct ckpt_sysctl *ns)
{
	if (ns->pid == r->image.tree.task[0].saved.pid)
		return r->o.namespaces & CLONE_NEWPID ? r->root : 0;
	return r->o.no_pids ? 0 : pids_find(p, ns->pid);
}

/* A descriptor; or -1 and errno, ENOENT if it was not made */
static int open_ns(const struct restart *r, const struct pids *p,
		   const struct ckpt_sysctl *ns)
{
	pid_t init;

	if (ns->kind == CKPT_NS_USER)
		return namespaces_user(r, ns->inode);
	init = find_init(r, p, ns);
	if (init)
		return namespaces_open(init, NS_OF_PID);
	errno = ENOENT;
	return -1;
}

static int make_there(const struct restart *r, const struct pids *p,
		      const struct ckpt_sysctl *ns)
{
	int fd = open_ns(r, p, ns), ret;

	if (fd < 0 && errno == ENOENT)
		return 0;
	ret = make(r, ns, fd);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* In how many pid namespaces below that of the root it is */
static int depth_of(const struct restart *r, const struct ckpt_sysctl *ns)
{
	const struct tree *tree = &r->image.tree;
	int i;

	for (i = 0; ns->kind == CKPT_SYSCTLS_PID && i < tree->nr; i++)
		if (tree->task[i].saved.pid == ns->pid)
			return tree->task[i].nr_nested;
	return 0;
}

/* Those of a namespace follow one another, and those of the root come first. */
static int make_at_depth(const struct restart *r, const struct pids *pids, int depth)
{
	struct ckpt_sysctl ns, last = { 0 };
	size_t i = r->state.nr;
	int ret = 0;

	while (i-- && !ret) {
		if (r->state.record[i]->type != CKPT_REC_SYSCTL)
			continue;
		ckpt_record_body(r->state.record[i], &ns, sizeof(ns));
		if ((ns.kind != CKPT_NS_USER && ns.kind != CKPT_SYSCTLS_PID) ||
		    !memcmp(&ns, &last, sizeof(ns)))
			continue;
		last = ns;
		if (depth_of(r, &ns) == depth)
			ret = make_there(r, pids, &ns);
	}
	return ret;
}

/* From the deepest, as whoever goes there has a pid in all that are around it */
int settings_of_ids(const struct restart *r)
{
	struct pids pids;
	int ret = 0, depth;

	pids_read(&pids, r);
	for (depth = tree_depth(&r->image.tree); depth >= 0 && !ret; depth--)
		ret = make_at_depth(r, &pids, depth);
	pids_free(&pids);
	return ret;
}
