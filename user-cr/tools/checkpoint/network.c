// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a network namespace has that a new one has not: addresses, routes, rules,
 * filters. Devices are the kernel's to refuse.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/util.h"
#include "settings.h"

/* Of a message, whether a new namespace with lo has it, too */
typedef bool (*usual_fn)(const struct nlmsghdr *msg);

static const void *attribute(const struct rtattr *attr, int len, int type)
{
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (attr->rta_type == type)
			return RTA_DATA(attr);
	return NULL;
}

static bool is_loopback(int family, const unsigned char *address)
{
	static const unsigned char last[16] = { [15] = 1 };

	return family == AF_INET ? address[0] == 127 : !memcmp(address, last, 16);
}

static bool usual_address(const struct nlmsghdr *msg)
{
	const struct ifaddrmsg *body = NLMSG_DATA(msg);
	const unsigned char *address = attribute(IFA_RTA(body), IFA_PAYLOAD(msg),
						 IFA_ADDRESS);

	if (!address)
		return false;
	if (body->ifa_family == AF_INET)
		return !memcmp(address, "\x7f\0\0\1", 4) && body->ifa_prefixlen == 8;
	return body->ifa_family == AF_INET6 && is_loopback(AF_INET6, address);
}

/* Those that come with the usual addresses */
static bool usual_route(const struct nlmsghdr *msg)
{
	const struct rtmsg *body = NLMSG_DATA(msg);
	const unsigned char *to = attribute(RTM_RTA(body), RTM_PAYLOAD(msg), RTA_DST);

	if (body->rtm_protocol == RTPROT_KERNEL && to)
		return is_loopback(body->rtm_family, to) ||
		       body->rtm_type == RTN_MULTICAST;
	return body->rtm_protocol == RTPROT_KERNEL && body->rtm_flags & RTM_F_CLONED;
}

/* The three of IPv4, the two of IPv6: they have no more than a table. */
static bool usual_rule(const struct nlmsghdr *msg)
{
	const struct rtmsg *body = NLMSG_DATA(msg);

	return body->rtm_type == RTN_UNICAST && !body->rtm_src_len &&
	       !body->rtm_dst_len && body->rtm_protocol == RTPROT_KERNEL;
}

static bool never_usual(const struct nlmsghdr *msg)
{
	(void)msg;
	return false;
}

static const struct dump {
	int protocol;
	int type;
	size_t body_len;
	usual_fn usual;
	const char *text;
} dumps[] = {
	{ NETLINK_ROUTE, RTM_GETADDR, sizeof(struct ifaddrmsg), usual_address,
	  "it has addresses beside those of lo" },
	{ NETLINK_ROUTE, RTM_GETROUTE, sizeof(struct rtmsg), usual_route,
	  "it has routes" },
	{ NETLINK_ROUTE, RTM_GETRULE, sizeof(struct rtmsg), usual_rule,
	  "it has routing rules" },
	{ NETLINK_XFRM, XFRM_MSG_GETSA, 0, never_usual, "it has IPsec states" },
	{ NETLINK_XFRM, XFRM_MSG_GETPOLICY, 0, never_usual, "it has IPsec policies" },
	{ NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
	  sizeof(struct nfgenmsg), never_usual, "it has tables of nftables" },
};

static bool ask(int fd, int type, size_t body_len)
{
	struct {
		struct nlmsghdr header;
		char body[32];
	} request = {
		.header = {
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};

	request.header.nlmsg_len = NLMSG_LENGTH(body_len);
	return send(fd, &request, request.header.nlmsg_len, 0) > 0;
}

/* Whether all that is dumped is usual; also if the kernel has no such thing. */
static bool all_usual(int fd, const struct dump *dump)
{
	char buffer[32768] __attribute__((aligned(8)));
	const struct nlmsghdr *msg;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		for (msg = (void *)buffer; NLMSG_OK(msg, n);
		     msg = NLMSG_NEXT(msg, n)) {
			if (msg->nlmsg_type == NLMSG_DONE ||
			    msg->nlmsg_type == NLMSG_ERROR)
				return true;
			if (!dump->usual(msg))
				return false;
		}
	}
	return n == 0;
}

static bool is_usual(const struct dump *dump)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, dump->protocol);
	bool usual;

	if (fd < 0)
		return errno == EPROTONOSUPPORT;
	usual = ask(fd, dump->type, dump->body_len) && all_usual(fd, dump);
	close(fd);
	return usual;
}

/* Those of the old kind, which were made when they were first asked for */
static const char *const old_tables[] = {
	"ip_tables_names", "ip6_tables_names", "arp_tables_names",
};

static bool has_old_tables(const char *file)
{
	char *path = xasprintf("/proc/self/net/%s", file);
	char *text = read_small_file(path);
	bool has = text && *text;

	free(text);
	free(path);
	return has;
}

char *network_extras(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dumps); i++)
		if (!is_usual(&dumps[i]))
			return xstrdup(dumps[i].text);
	for (i = 0; i < ARRAY_SIZE(old_tables); i++)
		if (has_old_tables(old_tables[i]))
			return xasprintf("it has tables of iptables (%s)", old_tables[i]);
	return NULL;
}
