// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pid namespaces that processes have open
 *
 * There is none before its init, and whoever needs a descriptor of it may be
 * anywhere in the tree. So there is a mailbox for each, made before the tree: init
 * puts a descriptor into it, and the others look at that, which stays.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/util.h"
#include "restart.h"

/* A message with one descriptor, and its buffers */
struct letter {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

static void letter_init(struct letter *letter)
{
	memset(letter, 0, sizeof(*letter));
	letter->iov.iov_base = &letter->byte;
	letter->iov.iov_len = 1;
	letter->msg.msg_iov = &letter->iov;
	letter->msg.msg_iovlen = 1;
	letter->msg.msg_control = &letter->control;
	letter->msg.msg_controllen = sizeof(letter->control);
}

static int post(int box, int fd)
{
	struct letter letter;
	struct cmsghdr *head;

	letter_init(&letter);
	head = CMSG_FIRSTHDR(&letter.msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(box, &letter.msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* Waits until there is one; -1 and errno. */
static int look(int box)
{
	struct letter letter;
	struct cmsghdr *head;
	int fd;

	letter_init(&letter);
	if (recvmsg(box, &letter.msg, MSG_PEEK | MSG_CMSG_CLOEXEC) != 1)
		return -1;
	head = CMSG_FIRSTHDR(&letter.msg);
	if (!head || head->cmsg_type != SCM_RIGHTS) {
		errno = EMFILE;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

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
	ret = post(box->in, fd);
	close(fd);
	return ret;
}

int pidns_files_open(const struct restart *r, uint32_t ns)
{
	const struct mailbox *box = find(r, ns);

	return box ? look(box->out) : ioctl(r->root_pidfd, NS_OF_PID, 0);
}

void pidns_files_close(struct restart *r)
{
	while (r->nr_mailboxes) {
		struct mailbox *box = &r->mailbox[--r->nr_mailboxes];

		close(box->in);
		close(box->out);
	}
	free(r->mailbox);
	r->mailbox = NULL;
}
