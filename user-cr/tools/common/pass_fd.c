// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "pass_fd.h"

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

int pass_fd(int socket, int fd)
{
	struct letter letter;
	struct cmsghdr *head;

	letter_init(&letter);
	head = CMSG_FIRSTHDR(&letter.msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &letter.msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int take_fd(int socket, int flags)
{
	struct letter letter;
	struct cmsghdr *head;
	ssize_t got;
	int fd;

	do {
		letter_init(&letter);
		got = recvmsg(socket, &letter.msg, flags | MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got != 1) {
		if (!got)
			errno = ESRCH;
		return -1;
	}
	head = CMSG_FIRSTHDR(&letter.msg);
	if (!head || head->cmsg_type != SCM_RIGHTS) {
		errno = EMFILE;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}
