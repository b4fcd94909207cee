// SPDX-License-Identifier: GPL-2.0
/*
 * A small coordinator: makes the processes of an image and has them join
 *
 * It knows as much as the tests need: no ids of dead processes (ghosts), no
 * UTS namespace that is not inherited from the parent. The restart
 * tool of user-cr is the complete one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "app.h"

int app_enter(const struct app *app);

struct saved_task {
	struct ckpt_record rec;
	struct ckpt_task task;
};

struct coordinator {
	struct app *app;
	int ctx;
	int logfd;
	struct ckpt_image_header header;
	struct saved_task *task;
	unsigned int nr;
	struct ckpt_uts uts;
};

static void say(struct coordinator *c, const struct saved_task *t,
		const char *what)
{
	dprintf(c->logfd, "coordinator: pid %u: %s: %s\n", t->task.pid, what,
		strerror(errno));
}

static ssize_t read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, (char *)buf + done, len - done);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		done += n;
	}
	return done;
}

/* What stands first behind the tree is the root's host name. */
static int read_host_name(struct coordinator *c)
{
	struct ckpt_record rec;
	int ret = read_all(c->ctx, &rec, sizeof(rec));

	if (ret < 0)
		return ret;
	if (rec.type != CKPT_REC_UTS || rec.body_len != sizeof(c->uts))
		return -EBADMSG;
	ret = read_all(c->ctx, &c->uts, sizeof(c->uts));
	return ret < 0 ? ret : 0;
}

static int read_tree(struct coordinator *c)
{
	size_t off = 0;
	ssize_t ret;
	char *buf;

	ret = read_all(c->ctx, &c->header, sizeof(c->header));
	if (ret < 0)
		return ret;
	if (c->header.tree_len > 1 << 24 || !c->header.nr_tasks)
		return -EBADMSG;
	buf = malloc(c->header.tree_len);
	c->task = calloc(c->header.nr_tasks, sizeof(*c->task));
	if (!buf || !c->task) {
		free(buf);
		return -ENOMEM;
	}
	ret = read_all(c->ctx, buf, c->header.tree_len);
	while (ret >= 0 && off + sizeof(struct ckpt_record) <= c->header.tree_len) {
		struct ckpt_record rec;

		memcpy(&rec, buf + off, sizeof(rec));
		if (rec.len < sizeof(rec) || rec.len > c->header.tree_len - off)
			break;
		if (rec.type == CKPT_REC_TASK && c->nr < c->header.nr_tasks) {
			struct saved_task *t = &c->task[c->nr++];
			size_t len = rec.body_len;

			if (len > sizeof(t->task))
				len = sizeof(t->task);
			t->rec = rec;
			memcpy(&t->task, buf + off + sizeof(rec), len);
		}
		off += rec.len;
	}
	free(buf);
	if (ret < 0)
		return ret;
	return c->nr == c->header.nr_tasks ? read_host_name(c) : -EBADMSG;
}

static long make(unsigned long long flags, unsigned int exit_signal, pid_t pid)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = exit_signal,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = pid ? 1 : 0,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static int name_host(struct coordinator *c)
{
	const struct ckpt_uts *uts = &c->uts;

	return sethostname(uts->nodename, strnlen(uts->nodename, 64)) ||
	       setdomainname(uts->domainname, strnlen(uts->domainname, 64));
}

static void task_main(struct coordinator *c, struct saved_task *t);

static int make_children(struct coordinator *c, struct saved_task *t)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		struct saved_task *child = &c->task[i];
		long pid;

		/* The kernel makes the threads. */
		if (child->task.ppid != t->task.pid || child == t ||
		    child->task.tgid != child->task.pid)
			continue;
		pid = make(0, child->task.exit_signal, child->task.pid);
		if (pid < 0) {
			say(c, child, "clone3");
			return -1;
		}
		if (pid == 0)
			task_main(c, child);
	}
	return 0;
}

/* Sessions and process groups are put in order by the kernel. */
static void task_main(struct coordinator *c, struct saved_task *t)
{
	if (make_children(c, t))
		_exit(110);
	if (c->app->fail_join &&
	    (!c->app->fail_pid || c->app->fail_pid == t->task.pid))
		fail_nth(c->app->fail_join);
	if (c->app->joining)
		c->app->joining();
	sys_restart(t->task.pid, c->ctx, RESTART_JOIN, -1);
	say(c, t, "restart(RESTART_JOIN)");
	_exit(111);
}

/* CLOCK_MONOTONIC and CLOCK_BOOTTIME go on from where they were. */
static int continue_clocks(const struct ckpt_image_header *h)
{
	struct timespec mono, boot;
	long long m, b;
	char text[200];

	if (unshare(CLONE_NEWTIME))
		return errno == EINVAL || errno == ENOSYS ? 0 : -errno;
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	m = h->monotonic_ns - (mono.tv_sec * 1000000000LL + mono.tv_nsec);
	b = h->boottime_ns - (boot.tv_sec * 1000000000LL + boot.tv_nsec);
	/* The clocks of our own name space may have an offset, too. */
	snprintf(text, sizeof(text), "monotonic %lld %lld\nboottime %lld %lld\n",
		 m / 1000000000 - (m % 1000000000 < 0),
		 (m % 1000000000 + 1000000000) % 1000000000,
		 b / 1000000000 - (b % 1000000000 < 0),
		 (b % 1000000000 + 1000000000) % 1000000000);
	return write_file("/proc/self/timens_offsets", text);
}

static long make_root(struct coordinator *c)
{
	unsigned long long flags = 0;
	struct saved_task *root = &c->task[0];
	pid_t nr = root->task.pid;
	long pid;

	if (c->header.flags & CKPT_IMAGE_CONTAINER) {
		flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
		if (c->app->net)
			flags |= CLONE_NEWNET;
	}
	pid = make(flags, SIGCHLD, nr);
	if (pid)
		return pid;
	if (c->header.flags & CKPT_IMAGE_CONTAINER) {
		int ret = app_enter(c->app);

		if (ret) {
			errno = -ret;
			say(c, root, "entering the container");
			_exit(114);
		}
		if (name_host(c)) {
			say(c, root, "host name");
			_exit(115);
		}
	}
	task_main(c, root);
	return 0;
}

int fail_nth(unsigned int nr)
{
	char text[32];
	int ret = 0;

	if (!nr && read_file("/proc/thread-self/fail-nth", text, sizeof(text)) > 0)
		ret = atoi(text);
	snprintf(text, sizeof(text), "%u", nr);
	return write_file("/proc/thread-self/fail-nth", text) ?: ret;
}

int restart_image(struct app *app, int image, int logfd)
{
	struct coordinator c = { .app = app, .logfd = logfd };
	int ret, status;
	long pid;

	if (lseek(image, 0, SEEK_SET) < 0 && errno != ESPIPE)
		return -errno;
	if (app->fail_open)
		fail_nth(app->fail_open);
	c.ctx = sys_restart(0, image, RESTART_OPEN | RESTART_LOG, logfd);
	ret = c.ctx < 0 ? -errno : 0;
	if (app->fail_open)
		app->fail_open = fail_nth(0);
	if (ret)
		return ret;
	ret = read_tree(&c);
	if (ret)
		goto out;
	ret = continue_clocks(&c.header);
	if (ret) {
		errno = -ret;
		say(&c, &c.task[0], "time namespace");
		goto out;
	}
	fflush(NULL);
	pid = make_root(&c);
	if (pid < 0) {
		ret = -errno;
		say(&c, &c.task[0], "clone3");
		goto out;
	}
	if (app->fail_rest)
		fail_nth(app->fail_rest);
	ret = sys_restart(pid, c.ctx, 0, -1);
	ret = ret < 0 ? -errno : 0;
	if (app->fail_rest)
		app->fail_rest = fail_nth(0);
	if (ret < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else {
		app->pid = pid;
	}
out:
	close(c.ctx);
	free(c.task);
	return ret;
}
