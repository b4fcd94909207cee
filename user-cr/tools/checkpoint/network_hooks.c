// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs at hooks of netfilter, which are there for IPv4 and IPv6 only
 *
 * Their links do not tell their network namespace, but netfilter lists what is at its
 * hooks, if it is built or has a module for that. Where it does not list them, and there
 * is such a program anywhere on the machine, it cannot be told whose that is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <string.h>
#include <sys/socket.h>

#include "../common/util.h"
#include "bpf.h"
#include "network.h"

/* Headers may be older than these. */
#define HOOK_IS_BPF		2	/* NFNL_HOOK_TYPE_BPF */
#define LINK_OF_NETFILTER	10	/* BPF_LINK_TYPE_NETFILTER */

/* What is known of a hook is told only of some types of them. */
bool usual_hook(const struct nlmsghdr *msg)
{
	const struct rtattr *attrs =
		(const void *)((const char *)NLMSG_DATA(msg) +
			       NLMSG_ALIGN(sizeof(struct nfgenmsg)));
	const struct rtattr *info =
		attribute(attrs, NLMSG_PAYLOAD(msg, sizeof(struct nfgenmsg)),
			  NFNLA_HOOK_CHAIN_INFO);
	const uint32_t *type;

	if (!info)
		return true;
	type = attribute(info, RTA_PAYLOAD(info - 1), NFNLA_HOOK_INFO_TYPE);
	return !type || ntohl(*type) != HOOK_IS_BPF;
}

static int ask_hook(uint8_t family, uint32_t hook)
{
	const struct {
		struct nfgenmsg header;
		struct nlattr attr;
		uint32_t hook;
	} body = {
		.header.nfgen_family = family,
		.attr = {
			.nla_len = NLA_HDRLEN + sizeof(body.hook),
			.nla_type = NFNLA_HOOK_HOOKNUM,
		},
		.hook = htonl(hook),
	};
	const struct question q = {
		NETLINK_NETFILTER, NFNL_SUBSYS_HOOK << 8 | NFNL_MSG_HOOK_GET, NLM_F_DUMP,
		sizeof(body), &body, usual_hook, NULL,
	};

	return put_question(&q);
}

static int ask_hooks(void)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	uint32_t hook;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < ARRAY_SIZE(families); i++)
		for (hook = 0; !ret && hook < NF_INET_NUMHOOKS; hook++)
			ret = ask_hook(families[i], hook);
	return ret;
}

char *hooks_extras(void)
{
	static const char text[] = "BPF programs at hooks of netfilter";
	int ret = bpf_has_links(LINK_OF_NETFILTER);

	if (!ret)
		return NULL;
	if (ret > 0)
		ret = ask_hooks();
	else
		ret = -errno;
	if (!means_none(ret))
		return tell_extras(ret, text);
	return xasprintf("cannot tell whether it has %s, which are there (the kernel needs CONFIG_NETFILTER_NETLINK_HOOK to list them)",
			 text);
}
