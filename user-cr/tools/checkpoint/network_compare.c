// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a network namespace has in another way than a new one with the same sysctls, lo
 * above all, which brings addresses and routes with it
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_addrlabel.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/container.h"
#include "../common/util.h"
#include "network.h"
#define MAX_FEATURES	32	/* words of them */
#define METRIC_OF_ADDRESSES	256

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

static bool is_up(int fd)
{
	static struct lo lo;

	return lo_read(fd, &lo) && lo_body(&lo)->ifi_flags & IFF_UP;
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
	return NULL;
}

/*
 * Lists, which each must be the same as in a new one. Whatever is not usual was refused
 * before.
 */

/* Makes a message like one that says the same; false if it says nothing. */
typedef bool (*trim_fn)(struct nlmsghdr *msg);

/*
 * Who has set it, when, and how long it is good for, makes no difference. But that it
 * came without a route can be seen.
 */
static bool trim_address(struct nlmsghdr *msg)
{
	struct ifaddrmsg *body = NLMSG_DATA(msg);
	const uint32_t *flags = attribute(IFA_RTA(body), IFA_PAYLOAD(msg), IFA_FLAGS);

	body->ifa_flags = flags && *flags & IFA_F_NOPREFIXROUTE;
	body->ifa_scope = 0;
	msg->nlmsg_len = NLMSG_LENGTH(sizeof(*body));
	return true;
}

/*
 * Whether a route is the one that ::1 brings with it only when it is set by hand; the
 * local one comes before it.
 */
static bool is_second(const struct nlmsghdr *msg)
{
	static const unsigned char last[16] = { [15] = 1 };
	const struct rtmsg *body = NLMSG_DATA(msg);
	const uint32_t *metric = attribute(RTM_RTA(body), RTM_PAYLOAD(msg), RTA_PRIORITY);
	const void *to = attribute(RTM_RTA(body), RTM_PAYLOAD(msg), RTA_DST);

	return body->rtm_family == AF_INET6 && body->rtm_type == RTN_UNICAST && metric &&
	       *metric == METRIC_OF_ADDRESSES && to && !memcmp(to, last, sizeof(last));
}

static bool trim_route(struct nlmsghdr *msg)
{
	const struct rtmsg *body = NLMSG_DATA(msg);

	return !(body->rtm_flags & RTM_F_CLONED) && !is_second(msg);
}

static bool trim_nothing(struct nlmsghdr *msg)
{
	(void)msg;
	return true;
}

/* How often they were changed is counted. */
static bool trim_label(struct nlmsghdr *msg)
{
	struct ifaddrlblmsg *body = NLMSG_DATA(msg);

	body->ifal_seq = 0;
	return true;
}

/* @when_up: only lo brings these with it */
static const struct {
	int type;
	unsigned char family;
	size_t body_len;
	trim_fn trim;
	bool when_up;
	const char *text;
} compared[] = {
	{ RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg), trim_address, true,
	  "its lo is up without an address that a new one has" },
	{ RTM_GETROUTE, AF_UNSPEC, sizeof(struct rtmsg), trim_route, true,
	  "it has other routes than a new one" },
	{ RTM_GETRULE, AF_UNSPEC, sizeof(struct fib_rule_hdr), trim_nothing, false,
	  "it has other routing rules than a new one" },
	{ RTM_GETADDRLABEL, AF_INET6, sizeof(struct ifaddrlblmsg), trim_label, false,
	  "it has other address labels than a new one" },
};

/**
 * struct list - what was listed
 * @trim: says what of it counts
 * @bytes: the messages
 * @len: their length
 */
struct list {
	trim_fn trim;
	char *bytes;
	size_t len;
};

static struct list *reading;

static bool take(const struct nlmsghdr *msg)
{
	size_t len = NLMSG_ALIGN(msg->nlmsg_len);
	struct nlmsghdr *copy;

	reading->bytes = xrealloc(reading->bytes, reading->len + len, 1);
	copy = memcpy(reading->bytes + reading->len, msg, msg->nlmsg_len);
	if (reading->trim(copy))
		reading->len += NLMSG_ALIGN(copy->nlmsg_len);
	return true;
}

/* Nothing, where the kernel has no such thing */
static struct list read_list(int fd, size_t i)
{
	const unsigned char body[32] = { compared[i].family };
	struct list list = { .trim = compared[i].trim };

	reading = &list;
	if (!ask(fd, compared[i].type, NLM_F_DUMP, body, compared[i].body_len))
		read_answer(fd, take);
	return list;
}

static const struct nlmsghdr *next(const struct list *list, const struct nlmsghdr *msg)
{
	const char *at = msg ? (const char *)msg + NLMSG_ALIGN(msg->nlmsg_len) :
			       list->bytes;

	return at && at < list->bytes + list->len ? (const void *)at : NULL;
}

static bool has(const struct list *list, const struct nlmsghdr *wanted)
{
	const struct nlmsghdr *msg;

	for (msg = next(list, NULL); msg; msg = next(list, msg))
		if (msg->nlmsg_len == wanted->nlmsg_len &&
		    !memcmp(NLMSG_DATA(msg), NLMSG_DATA(wanted), NLMSG_PAYLOAD(msg, 0)))
			return true;
	return false;
}

/* The order is not that in which they came about. */
static bool is_same(const struct list *one, const struct list *other)
{
	const struct nlmsghdr *msg;

	if (one->len != other->len)
		return false;
	for (msg = next(one, NULL); msg; msg = next(one, msg))
		if (!has(other, msg))
			return false;
	return true;
}

static bool list_differs(int fd, int new, size_t i)
{
	struct list there = read_list(fd, i), here = read_list(new, i);
	bool same = is_same(&there, &here);

	free(there.bytes);
	free(here.bytes);
	return !same;
}

static char *lists_differ(int fd, int new)
{
	bool up = is_up(fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(compared); i++)
		if ((up || !compared[i].when_up) && list_differs(fd, new, i))
			return xstrdup(compared[i].text);
	return NULL;
}

void network_open(struct network *net)
{
	net->route = netlink(NETLINK_ROUTE);
	net->generic = netlink(NETLINK_GENERIC);
}

int network_begin(const struct network *net)
{
	return is_up(net->route) ? container_loopback_up() : 0;
}

char *network_differs(const struct network *net)
{
	struct network new;
	char *text;

	network_open(&new);
	text = lists_differ(net->route, new.route);
	if (!text)
		text = generic_differs(net->generic, new.generic);
	if (!text)
		text = lo_differs(net->route, new.route);
	close(new.route);
	close(new.generic);
	return text;
}
