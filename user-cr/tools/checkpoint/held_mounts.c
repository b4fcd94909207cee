// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces that no task is in: open, or mounted in another one
 *
 * Their mounts can be seen by a process that is in them, so we put one there,
 * until all has been looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "mounts.h"
#include "namespaces.h"

static __attribute__((noreturn)) void stay_in(int ns, pid_t parent, int ready)
{
	int error = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	if (setns(ns, CLONE_NEWNS) < 0)
		error = errno;
	if (write(ready, &error, sizeof(error)) == sizeof(error) && !error)
		while (true)
			pause();
	_exit(EXIT_FAILED);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* A process that is in the namespace; or -1 and errno. */
static pid_t put_one_in(int ns)
{
	pid_t self = getpid(), pid;
	int ready[2], error = EIO;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (!pid)
		stay_in(ns, self, ready[1]);
	close(ready[1]);
	if (pid > 0 && read(ready[0], &error, sizeof(error)) != sizeof(error))
		error = EIO;
	close(ready[0]);
	if (pid < 0 || !error)
		return pid;
	end(pid);
	errno = error;
	return -1;
}

static int cannot_enter(struct mounts *m, const struct proc *proc)
{
	log_add(m->log, "pid %d (%s): cannot enter a mount namespace that it has: %s%s",
		proc->pid, proc->comm, strerror(errno),
		errno == EPERM ? " (it needs CAP_SYS_ADMIN)" : "");
	m->refused = true;
	return -1;
}

/* PROC has it open, or mounted. */
static int add(struct mounts *m, const struct proc *proc, int fd, uint64_t inode)
{
	pid_t pid = put_one_in(fd);

	if (pid < 0)
		return cannot_enter(m, proc);
	return mounts_add_namespace(m, proc, pid, inode);
}

static int add_open(struct mounts *m, const struct ns *ns)
{
	struct proc proc = { .pid = ns->pid };
	int fd, ret;

	if (mounts_know(m, ns->inode))
		return 0;
	memcpy(proc.comm, ns->comm, sizeof(proc.comm));
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_enter(m, &proc);
	ret = add(m, &proc, fd, ns->inode);
	close(fd);
	return ret;
}

/* One that cannot be reached is refused, but does not keep us from the others. */
static int add_mounted(struct mounts *m, size_t n, const struct mnt *mnt)
{
	struct proc proc = { .pid = m->ns[n].pid };
	uint64_t inode = mounted_ns_inode(mnt);
	int fd, ret;

	if (mounts_know(m, inode))
		return 0;
	fd = mounted_ns_open(m, &m->ns[n], mnt);
	if (fd < 0)
		return 0;
	memcpy(proc.comm, m->ns[n].comm, sizeof(proc.comm));
	ret = add(m, &proc, fd, inode);
	close(fd);
	return ret;
}

/* What is mounted outside, too, is taken from there. */
static bool holds_its_own(const struct mounts *m, const struct mnt *mnt)
{
	return mount_of_namespace(mnt) && !strncmp(mnt->root, "mnt:", 4) &&
	       !mounts_host_has(m, mnt);
}

static int add_all_mounted(struct mounts *m, size_t n)
{
	const struct mnt *mnt;
	size_t i;
	int ret = 0;

	for (i = 0; i < m->ns[n].table.nr && !ret; i++) {
		mnt = &m->ns[n].table.mnt[i];
		if (holds_its_own(m, mnt))
			ret = add_mounted(m, n, mnt);
	}
	return ret;
}

int held_mounts_find_open(struct mounts *m, const struct namespaces *open)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < open->nr && !ret; i++)
		if (open->ns[i].kind->flag == CLONE_NEWNS)
			ret = add_open(m, &open->ns[i]);
	return ret;
}

/* Those that this finds are looked through as well. */
int held_mounts_find_mounted(struct mounts *m)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < m->nr_ns && !ret; i++)
		ret = add_all_mounted(m, i);
	return ret;
}

void held_mounts_release(struct mounts *m)
{
	size_t i;

	for (i = 0; i < m->nr_ns; i++)
		if (m->ns[i].holder)
			end(m->ns[i].holder);
}
