// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a network namespace has that a new one has not: addresses, routes, rules,
 * filters, neighbours, and what is set on lo. Other devices are the kernel's to
 * refuse.
 *
 * Not looked for: actions of traffic control that nothing refers to, address labels
 * of IPv6, ids of other network namespaces, limits of MPTCP, daemons and timeouts of
 * IPVS, what is set of SRv6, IOAM, ILA and L2TP, and BPF programs at hooks of netfilter
 * and of lo (tcx).
 */
#include <errno.h>
#include <netinet/in.h>	/* before linux/in.h, which asks for it */
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/mptcp.h>
#include <linux/neighbour.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/xfrm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

static bool never_usual(const struct nlmsghdr *msg)
{
	(void)msg;
	return false;
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

/* @body is what is asked with, if it is not all zero. */
static const struct dump {
	int protocol;
	int type;
	size_t body_len;
	const void *body;
	usual_fn usual;
	const char *text;
} dumps[] = {
	{ NETLINK_ROUTE, RTM_GETADDR, sizeof(struct ifaddrmsg), NULL, usual_address,
	  "addresses beside those of lo" },
	{ NETLINK_ROUTE, RTM_GETROUTE, sizeof(struct rtmsg), NULL, usual_route,
	  "routes" },
	{ NETLINK_ROUTE, RTM_GETRULE, sizeof(struct fib_rule_hdr), NULL, usual_rule,
	  "routing rules" },
	{ NETLINK_ROUTE, RTM_GETNEXTHOP, sizeof(struct nhmsg), NULL, never_usual,
	  "nexthop objects" },
	{ NETLINK_ROUTE, RTM_GETNEIGH, sizeof(struct ndmsg), NULL, usual_neighbour,
	  "permanent neighbours" },
	{ NETLINK_ROUTE, RTM_GETNEIGH, sizeof(struct ndmsg), &ask_proxies, never_usual,
	  "neighbours that it answers for" },
	{ NETLINK_ROUTE, RTM_GETQDISC, sizeof(struct tcmsg), NULL, usual_qdisc,
	  "traffic control" },
	{ NETLINK_XFRM, XFRM_MSG_GETSA, 0, NULL, never_usual, "IPsec states" },
	{ NETLINK_XFRM, XFRM_MSG_GETPOLICY, 0, NULL, never_usual, "IPsec policies" },
	{ NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
	  sizeof(struct nfgenmsg), NULL, never_usual, "tables of nftables" },
	{ NETLINK_NETFILTER, NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST,
	  sizeof(ask_sets), &ask_sets, never_usual, "sets of ipset" },
};

/* Of generic netlink, where the kernel says what the types of messages are */
static const struct {
	const char *name;
	struct genlmsghdr body;
	const char *text;
} families[] = {
	{ MPTCP_PM_NAME, { .cmd = MPTCP_PM_CMD_GET_ADDR, .version = MPTCP_PM_VER },
	  "endpoints of MPTCP" },
	{ FOU_GENL_NAME, { .cmd = FOU_CMD_GET, .version = FOU_GENL_VERSION },
	  "ports of FOU" },
};

static int netlink(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

/* 0, or a negative errno */
static int ask(int fd, int type, int flags, const void *body, size_t body_len)
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

/* 0 if all that is dumped is usual, 1 if not, or a negative errno */
static int read_dump(int fd, usual_fn usual)
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

/* What a kernel says that has no such thing; others may have been kept from us. */
static bool means_none(int error)
{
	return error == -EOPNOTSUPP || error == -EPROTONOSUPPORT ||
	       error == -EAFNOSUPPORT || error == -EINVAL;
}

static char *dump_extras(const struct dump *dump)
{
	int fd = netlink(dump->protocol), ret;

	if (fd < 0) {
		ret = -errno;
	} else {
		ret = ask(fd, dump->type, NLM_F_DUMP, dump->body, dump->body_len) ?:
		      read_dump(fd, dump->usual);
		close(fd);
	}
	if (!ret || means_none(ret))
		return NULL;
	if (ret < 0)
		return xasprintf("cannot tell whether it has %s (%s)", dump->text,
				 strerror(-ret));
	return xasprintf("it has %s", dump->text);
}

static const char *wanted_family;
static uint16_t family_type;

static bool take_family(const struct nlmsghdr *msg)
{
	const struct rtattr *attrs = (void *)((char *)NLMSG_DATA(msg) + GENL_HDRLEN);
	int len = NLMSG_PAYLOAD(msg, GENL_HDRLEN);
	const char *name = attribute(attrs, len, CTRL_ATTR_FAMILY_NAME);
	const uint16_t *type = attribute(attrs, len, CTRL_ATTR_FAMILY_ID);

	if (name && type && !strcmp(name, wanted_family))
		family_type = *type;
	return true;
}

/* From the list of all, as to ask for one loads its module. 0 if there is none */
static int find_family(const char *name)
{
	static const struct genlmsghdr body = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	int fd = netlink(NETLINK_GENERIC);

	wanted_family = name;
	family_type = 0;
	if (!ask(fd, GENL_ID_CTRL, NLM_F_DUMP, &body, sizeof(body)))
		read_dump(fd, take_family);
	close(fd);
	return family_type;
}

static char *family_extras(size_t i)
{
	const struct dump dump = {
		NETLINK_GENERIC, find_family(families[i].name), sizeof(families[i].body),
		&families[i].body, never_usual, families[i].text,
	};

	return dump.type ? dump_extras(&dump) : NULL;
}

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

	for (i = 0; !extras && i < ARRAY_SIZE(dumps); i++)
		extras = dump_extras(&dumps[i]);
	for (i = 0; !extras && i < ARRAY_SIZE(families); i++)
		extras = family_extras(i);
	for (i = 0; !extras && i < ARRAY_SIZE(lists); i++)
		if (has_lines(lists[i].file, lists[i].header))
			extras = xasprintf("it has %s (%s)", lists[i].text, lists[i].file);
	return extras;
}

/* lo, which is compared with that of a new namespace */

#define LO_INDEX	1
#define MAX_FEATURES	32	/* words of them */

struct lo {
	char answer[16384] __attribute__((aligned(8)));
	size_t len;
	char features[sizeof(struct ethtool_gfeatures) + MAX_FEATURES *
		      sizeof(struct ethtool_get_features_block)]
		__attribute__((aligned(8)));
};

/* Those that change by themselves, or when lo is up, or are compared otherwise */
static const unsigned short not_set[] = {
	IFLA_STATS, IFLA_STATS64, IFLA_OPERSTATE, IFLA_CARRIER, IFLA_CARRIER_CHANGES,
	IFLA_CARRIER_UP_COUNT, IFLA_CARRIER_DOWN_COUNT, IFLA_QDISC, IFLA_AF_SPEC,
};

static const struct {
	unsigned short type;
	const char *text;
} lo_texts[] = {
	{ IFLA_MTU, "MTU" },
	{ IFLA_TXQLEN, "length of the queue" },
	{ IFLA_ADDRESS, "hardware address" },
	{ IFLA_BROADCAST, "broadcast address" },
	{ IFLA_IFNAME, "name" },
	{ IFLA_IFALIAS, "alias" },
	{ IFLA_PROP_LIST, "second name" },
	{ IFLA_GROUP, "group" },
	{ IFLA_LINKMODE, "mode" },
	{ IFLA_XDP, "XDP program" },
};

static const struct ifinfomsg *lo_body(const struct lo *lo)
{
	return NLMSG_DATA((const struct nlmsghdr *)lo->answer);
}

static bool lo_read(int fd, struct lo *lo)
{
	const struct ethtool_gfeatures ask_for = {
		.cmd = ETHTOOL_GFEATURES, .size = MAX_FEATURES,
	};
	const struct ifinfomsg body = { .ifi_index = LO_INDEX };
	const struct nlmsghdr *msg = (void *)lo->answer;
	struct ifreq request = { .ifr_data = lo->features };
	const char *name;
	ssize_t n;

	*lo = (struct lo){ 0 };
	memcpy(lo->features, &ask_for, sizeof(ask_for));
	if (ask(fd, RTM_GETLINK, 0, &body, sizeof(body)) < 0)
		return false;
	n = recv(fd, lo->answer, sizeof(lo->answer), 0);
	if (n < 0 || !NLMSG_OK(msg, n) || msg->nlmsg_type != RTM_NEWLINK)
		return false;
	lo->len = IFLA_PAYLOAD(msg);
	name = attribute(IFLA_RTA(lo_body(lo)), lo->len, IFLA_IFNAME);
	if (!name)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return !ioctl(fd, SIOCETHTOOL, &request) || errno == EOPNOTSUPP;
}

static bool is_set(unsigned short type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_set); i++)
		if (not_set[i] == type)
			return false;
	return true;
}

static bool has_same(const struct lo *lo, const struct rtattr *attr)
{
	const void *data = attribute(IFLA_RTA(lo_body(lo)), lo->len, attr->rta_type);

	return data && RTA_PAYLOAD((const struct rtattr *)data - 1) == RTA_PAYLOAD(attr) &&
	       !memcmp(data, RTA_DATA(attr), RTA_PAYLOAD(attr));
}

/* The first attribute that is set on one and not so on the other, or NULL */
static const struct rtattr *first_other(const struct lo *one, const struct lo *other)
{
	const struct rtattr *attr = IFLA_RTA(lo_body(one));
	int len = one->len;

	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (is_set(attr->rta_type & NLA_TYPE_MASK) &&
		    !has_same(other, attr))
			return attr;
	return NULL;
}

static char *attribute_text(unsigned short type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lo_texts); i++)
		if (lo_texts[i].type == type)
			return xasprintf("its lo has another %s than a new one",
					 lo_texts[i].text);
	return xasprintf("its lo differs from a new one (in attribute %d)", type);
}

/* Being up is what gives it one, if it has none. */
static bool lacks_address(int fd)
{
	const struct ifaddrmsg body = { .ifa_family = AF_INET };

	return !ask(fd, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body)) &&
	       !read_dump(fd, never_usual);
}

static size_t nr_rules;

static bool count_rule(const struct nlmsghdr *msg)
{
	(void)msg;
	nr_rules++;
	return true;
}

/* How many there are, all of them usual; 0 if the kernel has none, too */
static size_t count_rules(int fd)
{
	static const struct fib_rule_hdr body;

	nr_rules = 0;
	if (!ask(fd, RTM_GETRULE, NLM_F_DUMP, &body, sizeof(body)))
		read_dump(fd, count_rule);
	return nr_rules;
}

int network_open(void)
{
	return netlink(NETLINK_ROUTE);
}

char *network_differs(int fd)
{
	const unsigned int up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
	int new = netlink(NETLINK_ROUTE);
	const struct rtattr *attr;
	static struct lo there, here;
	bool lacks_rule;

	if (!lo_read(fd, &there) || !lo_read(new, &here))
		return xasprintf("cannot tell what is set on its lo (%s)",
				 strerror(errno));
	lacks_rule = count_rules(fd) != count_rules(new);
	close(new);
	if (lacks_rule)
		return xstrdup("it has fewer routing rules than a new one");
	attr = first_other(&there, &here) ?: first_other(&here, &there);
	if (attr)
		return attribute_text(attr->rta_type & NLA_TYPE_MASK);
	if ((lo_body(&there)->ifi_flags ^ lo_body(&here)->ifi_flags) & ~up)
		return xstrdup("its lo has other flags than a new one");
	if (memcmp(there.features, here.features, sizeof(here.features)))
		return xstrdup("its lo has other features than a new one");
	if (lo_body(&there)->ifi_flags & IFF_UP && lacks_address(fd))
		return xstrdup("its lo is up without an address");
	return NULL;
}
