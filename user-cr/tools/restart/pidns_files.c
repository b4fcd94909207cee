// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pid namespaces that processes have open
 *
 * There is none before its init, and whoever needs a descriptor of it may be
 * anywhere in the tree. So there is a mailbox for each, made before the tree: init
 * puts a descriptor into it, and the others look at that, which stays. Whoever can be
 * the init, or make it, can put something in; when there is nobody left, those who
 * wait are told so.
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

static bool is_init(const struct task *task)
{
	return task->nr_nested && task->nested[task->nr_nested - 1].nr == 1;
}

static bool has_init(const struct restart *r, uint32_t ns)
{
	const struct tree *tree = &r->image.tree;
	int i;

	for (i = 0; i < tree->nr; i++)
		if (task_pid_ns(&tree->task[i]) == ns && is_init(&tree->task[i]))
			return true;
	return false;
}

int pidns_files_need(struct restart *r, uint32_t ns)
{
	struct mailbox *box;
	int fd[2];

	if (!ns || find(r, ns))
		return 0;
	/* One would wait for it forever. */
	if (!has_init(r, ns)) {
		complain("the image has no init of a pid namespace that is open");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
		complain_errno("cannot have a socket");
		return -1;
	}
	r->mailbox = xrealloc(r->mailbox, r->nr_mailboxes + 1, sizeof(*box));
	box = &r->mailbox[r->nr_mailboxes++];
	box->ns = ns;
	box->in = descriptors_keep(r, fd[0]);
	box->out = descriptors_keep(r, fd[1]);
	return box->in < 0 || box->out < 0 ? -1 : 0;
}

int pidns_files_offer(const struct restart *r, int index)
{
	const struct task *task = &r->image.tree.task[index];
	const struct mailbox *box = find(r, task_pid_ns(task));
	int fd, ret;

	if (!box || !is_init(task))
		return 0;
	fd = namespaces_open(getpid(), NS_OF_PID);
	if (fd < 0)
		return -1;
	ret = pass_fd(box->in, fd);
	close(fd);
	return ret;
}

void pidns_files_end_offers(struct restart *r)
{
	int i;

	for (i = 0; i < r->nr_mailboxes; i++) {
		if (r->mailbox[i].in >= 0)
			close(r->mailbox[i].in);
		r->mailbox[i].in = -1;
	}
}

int pidns_files_open(const struct restart *r, uint32_t ns)
{
	const struct mailbox *box = find(r, ns);
	int fd;

	if (!box)
		return ioctl(r->root_pidfd, NS_OF_PID, 0);
	fd = take_fd(box->out, MSG_PEEK);
	if (fd < 0 && errno == ESRCH)
		log_add(r->log, "the init of a pid namespace that is open ended before it could offer that");
	return fd;
}

void pidns_files_close(struct restart *r)
{
	pidns_files_end_offers(r);
	while (r->nr_mailboxes)
		close(r->mailbox[--r->nr_mailboxes].out);
	free(r->mailbox);
	r->mailbox = NULL;
}
