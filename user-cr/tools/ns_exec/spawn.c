// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/container.h"
#include "../common/pidfile.h"
#include "../common/util.h"
#include "../common/waiting.h"
#include "spawn.h"

/**
 * struct pipes - between us and the child
 * @go: a byte for the child: all is prepared
 * @failed: the child's exit status, if it does not get to its command
 */
struct pipes {
	int go[2];
	int failed[2];
};

static int setup_mounts(const struct spawn *s)
{
	if (!(s->flags & CLONE_NEWNS))
		return 0;
	if (container_private_mounts() < 0) {
		complain_errno("cannot make the mounts private");
		return -1;
	}
	if (s->flags & CLONE_NEWPID && container_mount_proc() < 0) {
		complain_errno("cannot mount a new /proc");
		return -1;
	}
	return 0;
}

/* Instead of the terminal, as far as it is one. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			dup2(null, fd);
	if (null > 2)
		close(null);
}

static int setup(const struct spawn *s)
{
	if (setup_mounts(s) < 0)
		return -1;
	if (s->flags & CLONE_NEWNET && container_loopback_up() < 0) {
		complain_errno("cannot bring up the loopback device");
		return -1;
	}
	/* Fails only for the leader of a session. */
	if (s->new_session)
		setsid();
	if (s->detach)
		leave_terminal();
	return 0;
}

static int exec_command(const struct spawn *s)
{
	execvp(s->argv[0], s->argv);
	complain_errno("cannot run %s", s->argv[0]);
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}

static __attribute__((noreturn))
void child(const struct spawn *s, struct pipes *p)
{
	unsigned char status = EXIT_SETUP;
	char go;

	close(p->go[1]);
	close(p->failed[0]);
	/* If our parent ends or gives up, so do we. */
	if (read(p->go[0], &go, 1) == 1 && !setup(s))
		status = exec_command(s);
	if (write(p->failed[1], &status, 1) < 0)
		_exit(EXIT_SETUP);
	_exit(status);
}

static pid_t clone_child(unsigned long flags)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static int find_cgroup(const struct spawn *s, struct cgroup *cg)
{
	struct cgroup top;

	if ((s->freezer == CGROUP_V1 || cgroup_top(CGROUP_V2, &top) < 0) &&
	    (s->freezer == CGROUP_V2 || cgroup_top(CGROUP_V1, &top) < 0))
		return -1;
	return cgroup_below(&top, s->cgroup, cg);
}

/* Returns 1 if it was made, 0 if it was there, -1 after a complaint. */
static int enter_cgroup(const struct spawn *s, pid_t pid, struct cgroup *cg)
{
	int made;

	if (find_cgroup(s, cg) < 0) {
		complain_errno("cannot find a mounted cgroup hierarchy with a freezer");
		return -1;
	}
	made = !cgroup_make(cg);
	if (!made && errno != EEXIST) {
		complain_errno("cannot make %s", cg->path);
		return -1;
	}
	if (!cgroup_attach(cg, pid))
		return made;
	complain_errno("cannot move pid %d into %s", pid, cg->path);
	if (made)
		cgroup_remove(cg);
	return -1;
}

static int prepare(const struct spawn *s, pid_t pid, struct pid_file *file)
{
	if (s->flags & CLONE_NEWUSER && container_map_user(pid) < 0) {
		complain_errno("cannot set up the user namespace");
		return -1;
	}
	return pid_file_write(file, pid);
}

/* Lets the child go. Returns 0 when the command runs, or an exit status. */
static int release(struct pipes *p)
{
	unsigned char status;

	if (write(p->go[1], "g", 1) == 1 &&
	    read(p->failed[0], &status, 1) == 1)
		return status;
	return 0;
}

/*
 * Our standard descriptors are the child's, too. With a file that would be a
 * position that both of us have, and no checkpoint of the container alone.
 */
static void let_go_of_files(void)
{
	struct stat st;
	int fd, own;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		/* What we still have to say goes to its end. */
		own = fd == STDERR_FILENO ?
		      open("/proc/self/fd/2", O_WRONLY | O_APPEND) : -1;
		if (own < 0)
			own = open("/dev/null", O_RDWR);
		if (own >= 0) {
			dup2(own, fd);
			close(own);
		}
	}
}

/* Until the child's end, or, detached, until its command runs. */
static int attend(const struct spawn *s, pid_t pid, struct pipes *p,
		  struct pid_file *file)
{
	int status;

	/* Signals are the child's business. */
	forward_block();
	status = prepare(s, pid, file) < 0 ? EXIT_SETUP : release(p);
	close(p->go[1]);
	pid_file_close(file, !status);
	if (status) {
		wait_child(pid, &(int){ 0 }, 0);
		return status;
	}
	if (s->detach)
		return 0;
	let_go_of_files();
	status = wait_and_forward(pid, pid);
	return status < 0 ? EXIT_SETUP : status;
}

static int parent(const struct spawn *s, pid_t pid, struct pipes *p,
		  struct pid_file *file)
{
	struct cgroup cg;
	int made = 0;
	int status = EXIT_SETUP;

	close(p->go[0]);
	close(p->failed[1]);
	if (s->cgroup)
		made = enter_cgroup(s, pid, &cg);
	if (made >= 0)
		status = attend(s, pid, p, file);
	else
		close(p->go[1]);
	if (made > 0 && !(s->detach && !status) && cgroup_remove(&cg) < 0)
		complain_errno("cannot remove %s", cg.path);
	return status;
}

static int spawn(const struct spawn *s, struct pid_file *file)
{
	struct pipes p;
	pid_t pid;

	if (pipe2(p.go, O_CLOEXEC) < 0 || pipe2(p.failed, O_CLOEXEC) < 0) {
		complain_errno("cannot make a pipe");
		return EXIT_SETUP;
	}
	pid = clone_child(s->flags);
	if (pid < 0) {
		complain_errno("cannot create a process in new namespaces");
		return EXIT_SETUP;
	}
	if (!pid)
		child(s, &p);
	return parent(s, pid, &p, file);
}

int spawn_child(const struct spawn *s)
{
	struct pid_file file;
	int status;

	if (pid_file_open(&file, s->pid_file) < 0)
		return EXIT_SETUP;
	status = spawn(s, &file);
	pid_file_close(&file, false);
	return status;
}

static int become(const struct spawn *s, struct pid_file *file)
{
	struct cgroup cg;

	if (unshare(s->flags) < 0) {
		complain_errno("cannot make new namespaces");
		return EXIT_SETUP;
	}
	if (s->cgroup && enter_cgroup(s, getpid(), &cg) < 0)
		return EXIT_SETUP;
	if (pid_file_write(file, getpid()) < 0 || setup(s) < 0)
		return EXIT_SETUP;
	return exec_command(s);
}

int spawn_here(const struct spawn *s)
{
	struct pid_file file;
	int status;

	if (pid_file_open(&file, s->pid_file) < 0)
		return EXIT_SETUP;
	status = become(s, &file);
	pid_file_close(&file, false);
	return status;
}
