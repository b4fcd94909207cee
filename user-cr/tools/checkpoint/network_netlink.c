// SPDX-License-Identifier: GPL-2.0-only
/* Questions to the kernel about a network namespace, by netlink */
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/util.h"
#include "network.h"

/* What only the kernel calls so: of a thing that it was built without */
#define ENOTSUPP	524

const void *attribute(const struct rtattr *attr, int len, int type)
{
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if ((attr->rta_type & NLA_TYPE_MASK) == (type & NLA_TYPE_MASK))
			return RTA_DATA(attr);
	return NULL;
}

bool never_usual(const struct nlmsghdr *msg)
{
	(void)msg;
	return false;
}

int netlink(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

int ask(int fd, int type, int flags, const void *body, size_t body_len)
{
	struct {
		struct nlmsghdr header;
		char body[32];
	} request = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(body_len),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
	};

	if (body)
		memcpy(request.body, body, body_len);
	return send(fd, &request, request.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Of the last message of an answer: 0, or a negative errno */
static int end_of(const struct nlmsghdr *msg)
{
	const int *error = NLMSG_DATA(msg);

	return msg->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) ? *error : 0;
}

int read_answer(int fd, usual_fn usual)
{
	char buffer[32768] __attribute__((aligned(8)));
	const struct nlmsghdr *msg;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		for (msg = (void *)buffer; NLMSG_OK(msg, n);
		     msg = NLMSG_NEXT(msg, n)) {
			if (msg->nlmsg_type == NLMSG_DONE ||
			    msg->nlmsg_type == NLMSG_ERROR)
				return end_of(msg);
			if (!usual(msg))
				return 1;
		}
	}
	return n < 0 ? -errno : 0;
}

bool means_none(int error)
{
	return error == -EOPNOTSUPP || error == -EPROTONOSUPPORT ||
	       error == -EAFNOSUPPORT || error == -EINVAL || error == -ENOTSUPP;
}

int put_question(const struct question *q)
{
	int fd = netlink(q->protocol), ret;

	if (fd < 0)
		return -errno;
	ret = ask(fd, q->type, q->flags, q->body, q->body_len) ?:
	      read_answer(fd, q->usual);
	close(fd);
	return ret;
}

char *tell_extras(int ret, const char *text)
{
	if (!ret || means_none(ret))
		return NULL;
	if (ret < 0)
		return xasprintf("cannot tell whether it has %s (%s)", text,
				 strerror(-ret));
	return xasprintf("it has %s", text);
}

const struct rtattr *generic_attributes(const struct nlmsghdr *msg, int *len)
{
	*len = NLMSG_PAYLOAD(msg, GENL_HDRLEN);
	return (const void *)((const char *)NLMSG_DATA(msg) + GENL_HDRLEN);
}

static const char *wanted_family;
static uint16_t family_type;

static bool take_family(const struct nlmsghdr *msg)
{
	const struct rtattr *attrs;
	const uint16_t *type;
	const char *name;
	int len;

	attrs = generic_attributes(msg, &len);
	name = attribute(attrs, len, CTRL_ATTR_FAMILY_NAME);
	type = attribute(attrs, len, CTRL_ATTR_FAMILY_ID);

	if (name && type && !strcmp(name, wanted_family))
		family_type = *type;
	return true;
}

/* From the list of all, as to ask for one loads its module */
int find_family(const char *name)
{
	static const struct genlmsghdr body = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	int fd = netlink(NETLINK_GENERIC);

	wanted_family = name;
	family_type = 0;
	if (!ask(fd, GENL_ID_CTRL, NLM_F_DUMP, &body, sizeof(body)))
		read_answer(fd, take_family);
	close(fd);
	return family_type;
}
