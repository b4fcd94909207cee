// SPDX-License-Identifier: GPL-2.0-only
/* What a network namespace has in another way than a new one, above all its lo */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/util.h"
#include "network.h"
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
	       !read_answer(fd, never_usual);
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
		read_answer(fd, count_rule);
	return nr_rules;
}

static char *lo_differs(int fd, int new)
{
	const unsigned int up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
	static struct lo there, here;
	const struct rtattr *attr;

	if (!lo_read(fd, &there) || !lo_read(new, &here))
		return xasprintf("cannot tell what is set on its lo (%s)",
				 strerror(errno));
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

void network_open(struct network *net)
{
	net->route = netlink(NETLINK_ROUTE);
	net->generic = netlink(NETLINK_GENERIC);
}

char *network_differs(const struct network *net)
{
	struct network new;
	char *text = NULL;

	network_open(&new);
	if (count_rules(net->route) != count_rules(new.route))
		text = xstrdup("it has fewer routing rules than a new one");
	if (!text)
		text = generic_differs(net->generic, new.generic);
	if (!text)
		text = lo_differs(net->route, new.route);
	close(new.route);
	close(new.generic);
	return text;
}
