// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pid namespaces that processes have open, or have entered
 *
 * There is none before its init, and whoever needs a descriptor of it may be
 * anywhere in the tree. So there is a mailbox for each, made before the tree: init
 * puts a descriptor into it, and the others look at that, which stays. Only the one
 * process that is the init, or of whose tree it will be, can put something in; when
 * that has ended, those who wait are told so.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/pass_fd.h"
#include "../common/util.h"
#include "restart.h"

static struct mailbox *find(const struct restart *r, uint32_t ns)
{
	int i;

	for (i = 0; i < r->nr_mailboxes; i++)
		if (r->mailbox[i].ns == ns)
			return &r->mailbox[i];
	return NULL;
}

static int find_init(const struct restart *r, uint32_t ns)
{
	const struct tree *tree = &r->image.tree;
	int i;

	for (i = 0; i < tree->nr; i++)
		if (task_pid_ns(&tree->task[i]) == ns && task_is_init(&tree->task[i]))
			return i;
	return TREE_NONE;
}

int pidns_files_need(struct restart *r, uint32_t ns)
{
	struct mailbox *box;
	int fd[2], init;

	if (!ns || find(r, ns))
		return 0;
	init = find_init(r, ns);
	if (init == TREE_NONE) {
		complain("the image has no init of a pid namespace that is open, or that a process has entered");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
		complain_errno("cannot have a socket");
		return -1;
	}
	r->mailbox = xrealloc(r->mailbox, r->nr_mailboxes + 1, sizeof(*box));
	box = &r->mailbox[r->nr_mailboxes++];
	box->ns = ns;
	box->init = init;
	box->in = descriptors_keep(r, fd[0]);
	box->out = descriptors_keep(r, fd[1]);
	return box->in < 0 || box->out < 0 ? -1 : 0;
}

int pidns_files_need_entered(struct restart *r)
{
	const struct task *task = r->image.tree.task;
	int i, parent;

	for (i = 0; i < r->image.tree.nr; i++) {
		if (pidns_files_need(r, task[i].state.pid_ns_for_children) < 0)
			return -1;
		parent = task[i].parent;
		if (parent != TREE_NONE && task_is_entered(&task[i], &task[parent]) &&
		    pidns_files_need(r, task_pid_ns(&task[i])) < 0)
			return -1;
	}
	return 0;
}

static void close_in(struct mailbox *box)
{
	if (box->in >= 0)
		close(box->in);
	box->in = -1;
}

int pidns_files_offer(struct restart *r, int index)
{
	struct mailbox *box = find(r, task_pid_ns(&r->image.tree.task[index]));
	int fd, ret;

	if (!box || box->init != index)
		return 0;
	fd = namespaces_open(getpid(), NS_OF_PID);
	if (fd < 0)
		return -1;
	ret = pass_fd(box->in, fd);
	close(fd);
	close_in(box);
	return ret;
}

static bool is_above(const struct tree *tree, int index, int task)
{
	while (task > index)
		task = tree->task[task].parent;
	return task == index;
}

void pidns_files_forked(struct restart *r, int child, bool in_child)
{
	int i;

	for (i = 0; i < r->nr_mailboxes; i++)
		if (is_above(&r->image.tree, child, r->mailbox[i].init) != in_child)
			close_in(&r->mailbox[i]);
}

int pidns_files_open(const struct restart *r, uint32_t ns)
{
	const struct mailbox *box = find(r, ns);
	int fd;

	if (!box)
		return ioctl(r->root_pidfd, NS_OF_PID, 0);
	fd = take_fd(box->out, MSG_PEEK);
	if (fd < 0 && errno == ESRCH)
		log_add(r->log, "the init of a pid namespace ended before others could open that");
	return fd;
}

void pidns_files_close(struct restart *r)
{
	while (r->nr_mailboxes) {
		close_in(&r->mailbox[--r->nr_mailboxes]);
		close(r->mailbox[r->nr_mailboxes].out);
	}
	free(r->mailbox);
	r->mailbox = NULL;
}
