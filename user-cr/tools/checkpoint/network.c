// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a network namespace has that a new one has not: addresses, routes, rules,
 * filters, neighbours. Other devices are the kernel's to refuse.
 *
 * Not looked for: actions of traffic control that nothing refers to, and daemons and
 * timeouts of IPVS.
 */
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/nexthop.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../common/util.h"
#include "network.h"

static bool is_loopback(int family, const unsigned char *address)
{
	static const unsigned char last[16] = { [15] = 1 };

	return family == AF_INET ? address[0] == 127 : !memcmp(address, last, 16);
}

static bool is_for_ever(const struct ifa_cacheinfo *times)
{
	return times && times->ifa_prefered == UINT32_MAX && times->ifa_valid == UINT32_MAX;
}

/* As lo brings it with it; but who has set it, and when, makes no difference. */
static bool usual_address(const struct nlmsghdr *msg)
{
	const struct ifaddrmsg *body = NLMSG_DATA(msg);
	const struct rtattr *attrs = IFA_RTA(body);
	int len = IFA_PAYLOAD(msg);
	const unsigned char *address = attribute(attrs, len, IFA_ADDRESS);
	const unsigned char *local = attribute(attrs, len, IFA_LOCAL);
	const char *label = attribute(attrs, len, IFA_LABEL);

	if (!address || body->ifa_scope != RT_SCOPE_HOST ||
	    !is_for_ever(attribute(attrs, len, IFA_CACHEINFO)) ||
	    attribute(attrs, len, IFA_RT_PRIORITY) || attribute(attrs, len, IFA_BROADCAST))
		return false;
	if (body->ifa_family == AF_INET)
		return !memcmp(address, "\x7f\0\0\1", 4) && body->ifa_prefixlen == 8 &&
		       local && !memcmp(local, address, 4) && label && !strcmp(label, "lo");
	return body->ifa_family == AF_INET6 && is_loopback(AF_INET6, address) && !local;
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

static uint32_t number(const struct nlmsghdr *msg, int type)
{
	const uint32_t *value = attribute(RTM_RTA(NLMSG_DATA(msg)), RTM_PAYLOAD(msg), type);

	return value ? *value : 0;
}

/*
 * The three of IPv4, the two of IPv6, and one for each one's multicast routing: they
 * have no more than a table.
 */
static bool usual_rule(const struct nlmsghdr *msg)
{
	static const struct {
		uint32_t priority, table;
		int family;	/* 0 for any */
	} rules[] = {
		{ 0, RT_TABLE_LOCAL, 0 }, { 32766, RT_TABLE_MAIN, 0 },
		{ 32767, RT_TABLE_DEFAULT, 0 }, { 32767, RT_TABLE_MAIN, RTNL_FAMILY_IP6MR },
	};
	const struct fib_rule_hdr *body = NLMSG_DATA(msg);
	const uint8_t *from = attribute(RTM_RTA((void *)body), RTM_PAYLOAD(msg),
					FRA_PROTOCOL);
	size_t i;

	if (body->action != FR_ACT_TO_TBL || body->src_len || body->dst_len || body->tos ||
	    body->flags || !from || *from != RTPROT_KERNEL)
		return false;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].priority == number(msg, FRA_PRIORITY) &&
		    rules[i].table == number(msg, FRA_TABLE) &&
		    (!rules[i].family || rules[i].family == body->family))
			return true;
	return false;
}

/* Those that are found when packets go out go away again, too. */
static bool usual_neighbour(const struct nlmsghdr *msg)
{
	const struct ndmsg *body = NLMSG_DATA(msg);

	return !(body->ndm_state & NUD_PERMANENT) &&
	       !(body->ndm_flags & (NTF_PROXY | NTF_EXT_LEARNED));
}

/* A device without a queue has this one, if it is up and nobody gives it another. */
static bool usual_qdisc(const struct nlmsghdr *msg)
{
	const struct tcmsg *body = NLMSG_DATA(msg);
	const char *kind = attribute(TCA_RTA(body), TCA_PAYLOAD(msg), TCA_KIND);

	return kind && !strcmp(kind, "noqueue") && !body->tcm_handle;
}

static const struct ndmsg ask_proxies = { .ndm_flags = NTF_PROXY };

/* The oldest version of its messages that there is */
static const struct {
	struct nfgenmsg header;
	struct nlattr attr;
	uint8_t protocol;
} ask_sets = {
	.attr = {
		.nla_len = NLA_HDRLEN + sizeof(ask_sets.protocol),
		.nla_type = IPSET_ATTR_PROTOCOL,
	},
	.protocol = IPSET_PROTOCOL_MIN,
};

static const struct question questions[] = {
	{ NETLINK_ROUTE, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg), NULL,
	  usual_address, "addresses beside those of lo, or these with another scope, label or lifetime" },
	{ NETLINK_ROUTE, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg), NULL,
	  usual_route, "routes" },
	{ NETLINK_ROUTE, RTM_GETRULE, NLM_F_DUMP, sizeof(struct fib_rule_hdr), NULL,
	  usual_rule, "routing rules" },
	{ NETLINK_ROUTE, RTM_GETNEXTHOP, NLM_F_DUMP, sizeof(struct nhmsg), NULL,
	  never_usual, "nexthop objects" },
	{ NETLINK_ROUTE, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg), NULL,
	  usual_neighbour, "permanent neighbours" },
	{ NETLINK_ROUTE, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg), &ask_proxies,
	  never_usual, "neighbours that it answers for" },
	{ NETLINK_ROUTE, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg), NULL,
	  usual_qdisc, "traffic control" },
	{ NETLINK_ROUTE, RTM_GETNSID, NLM_F_DUMP, sizeof(struct rtgenmsg), NULL,
	  never_usual, "ids of other network namespaces" },
	{ NETLINK_XFRM, XFRM_MSG_GETSA, NLM_F_DUMP, 0, NULL, never_usual, "IPsec states" },
	{ NETLINK_XFRM, XFRM_MSG_GETPOLICY, NLM_F_DUMP, 0, NULL, never_usual, "IPsec policies" },
	{ NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
	  NLM_F_DUMP, sizeof(struct nfgenmsg), NULL, never_usual, "tables of nftables" },
	{ NETLINK_NETFILTER, NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST,
	  NLM_F_DUMP, sizeof(ask_sets), &ask_sets, never_usual, "sets of ipset" },
};

/*
 * What files of /proc list, below so many lines. Tables of the old kind were made when
 * they were first asked for; who asks for IPVS by netlink has to be root outside.
 */
static const struct {
	const char *file;
	int header;
	const char *text;
} lists[] = {
	{ "ip_tables_names", 0, "tables of iptables" },
	{ "ip6_tables_names", 0, "tables of iptables" },
	{ "arp_tables_names", 0, "tables of iptables" },
	{ "ip_vs", 3, "services of IPVS" },
};

static bool has_lines(const char *file, int header)
{
	char *path = xasprintf("/proc/self/net/%s", file);
	char *text = read_small_file(path), *rest = text;
	bool has;

	while (rest && header-- > 0)
		strsep(&rest, "\n");
	has = rest && *rest;
	free(text);
	free(path);
	return has;
}

char *network_extras(void)
{
	char *extras = NULL;
	size_t i;

	for (i = 0; !extras && i < ARRAY_SIZE(questions); i++)
		extras = tell_extras(put_question(&questions[i]), questions[i].text);
	if (!extras)
		extras = generic_extras(false);
	for (i = 0; !extras && i < ARRAY_SIZE(lists); i++)
		if (has_lines(lists[i].file, lists[i].header))
			extras = xasprintf("it has %s (%s)", lists[i].text, lists[i].file);
	return extras;
}
