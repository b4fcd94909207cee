// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is asked for by generic netlink, where the kernel says what the types of
 * messages are. A family that the kernel has not, or whose module is not loaded, has
 * nothing set.
 */
#include <errno.h>
#include <netinet/in.h>	/* before linux/in.h, which asks for it */
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/ila.h>
#include <linux/ioam6_genl.h>
#include <linux/l2tp.h>
#include <linux/mptcp.h>
#include <linux/seg6_genl.h>
#include <string.h>
#include <sys/socket.h>

#include "../common/util.h"
#include "network.h"

/* Without one, there is that of the device. */
static bool usual_source(const struct nlmsghdr *msg)
{
	static const char none[16];
	const struct rtattr *attrs;
	const void *source;
	int len;

	attrs = generic_attributes(msg, &len);
	source = attribute(attrs, len, SEG6_ATTR_DST);
	return source && !memcmp(source, none, sizeof(none));
}

/* @outside: only root outside may set it, and ask for it */
static const struct {
	const char *name;
	struct genlmsghdr body;
	int flags;
	bool outside;
	usual_fn usual;
	const char *text;
} families[] = {
	{ MPTCP_PM_NAME, { .cmd = MPTCP_PM_CMD_GET_ADDR, .version = MPTCP_PM_VER },
	  NLM_F_DUMP, false, never_usual, "endpoints of MPTCP" },
	{ FOU_GENL_NAME, { .cmd = FOU_CMD_GET, .version = FOU_GENL_VERSION },
	  NLM_F_DUMP, false, never_usual, "ports of FOU" },
	{ L2TP_GENL_NAME, { .cmd = L2TP_CMD_TUNNEL_GET, .version = L2TP_GENL_VERSION },
	  NLM_F_DUMP, false, never_usual, "tunnels of L2TP" },
	{ ILA_GENL_NAME, { .cmd = ILA_CMD_GET, .version = ILA_GENL_VERSION },
	  NLM_F_DUMP, false, never_usual, "mappings of ILA" },
	{ SEG6_GENL_NAME, { .cmd = SEG6_CMD_DUMPHMAC, .version = SEG6_GENL_VERSION },
	  NLM_F_DUMP, true, never_usual, "keys of SRv6" },
	{ SEG6_GENL_NAME, { .cmd = SEG6_CMD_GET_TUNSRC, .version = SEG6_GENL_VERSION },
	  NLM_F_ACK, true, usual_source, "a source address of SRv6" },
	{ IOAM6_GENL_NAME,
	  { .cmd = IOAM6_CMD_DUMP_NAMESPACES, .version = IOAM6_GENL_VERSION },
	  NLM_F_DUMP, true, never_usual, "namespaces of IOAM" },
	{ IOAM6_GENL_NAME,
	  { .cmd = IOAM6_CMD_DUMP_SCHEMAS, .version = IOAM6_GENL_VERSION },
	  NLM_F_DUMP, true, never_usual, "schemas of IOAM" },
};

static char *family_extras(size_t i)
{
	const struct question q = {
		NETLINK_GENERIC, find_family(families[i].name), families[i].flags,
		sizeof(families[i].body), &families[i].body, families[i].usual,
		families[i].text,
	};
	int ret;

	if (!q.type)
		return NULL;
	ret = put_question(&q);
	/* Who must not ask could not set any. */
	if (ret == -EPERM && families[i].outside)
		return NULL;
	return tell_extras(ret, q.text);
}

char *generic_extras(bool outside)
{
	char *extras = NULL;
	size_t i;

	for (i = 0; !extras && i < ARRAY_SIZE(families); i++)
		if (families[i].outside == outside)
			extras = family_extras(i);
	return extras;
}

/* The only message of an answer, without what differs in each: its length, or -1 */
static ssize_t read_one(int fd, int type, const struct genlmsghdr *body, char *answer,
			size_t size)
{
	struct nlmsghdr *msg = (void *)answer;
	ssize_t n;

	if (ask(fd, type, 0, body, sizeof(*body)) < 0)
		return -1;
	n = recv(fd, answer, size, 0);
	if (n < 0 || !NLMSG_OK(msg, n) || msg->nlmsg_type != type)
		return -1;
	msg->nlmsg_pid = 0;
	return msg->nlmsg_len;
}

char *generic_differs(int fd, int new)
{
	static const struct genlmsghdr body = {
		.cmd = MPTCP_PM_CMD_GET_LIMITS, .version = MPTCP_PM_VER,
	};
	char there[4096] __attribute__((aligned(8)));
	char here[4096] __attribute__((aligned(8)));
	int type = find_family(MPTCP_PM_NAME);
	ssize_t len, usual;

	if (!type)
		return NULL;
	len = read_one(fd, type, &body, there, sizeof(there));
	usual = read_one(new, type, &body, here, sizeof(here));
	if (len < 0 || usual < 0)
		return xstrdup("cannot tell what its limits of MPTCP are");
	return len != usual || memcmp(there, here, len) ?
	       xstrdup("it has other limits of MPTCP than a new one") : NULL;
}
