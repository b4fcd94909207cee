// SPDX-License-Identifier: GPL-2.0-only
/* What netlink tells of a network namespace, where no kernel at hand may tell it */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <string.h>

#include "../tools/checkpoint/network.h"
#include "ok.h"

/**
 * struct message - one that is put together
 * @header: its beginning
 * @bytes: the rest
 */
struct message {
	struct nlmsghdr header;
	char bytes[256];
};

static struct message begin(size_t body)
{
	return (struct message){ .header.nlmsg_len = NLMSG_LENGTH(body) };
}

/* Where it is, to be made longer by what is put into it */
static struct nlattr *put(struct message *msg, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr =
		(void *)((char *)msg + NLMSG_ALIGN(msg->header.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy(attr + 1, data, len);
	msg->header.nlmsg_len = NLMSG_ALIGN(msg->header.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

/* A hook of this type, as the kernel tells it, what follows it too */
static struct message hook_of(uint32_t type)
{
	struct message msg = begin(sizeof(struct nfgenmsg));
	uint32_t hook = htonl(3), id = htonl(17);
	struct nlattr *info, *desc;

	type = htonl(type);
	put(&msg, NFNLA_HOOK_FUNCTION_NAME, "nf_hook_run_bpf", 16);
	put(&msg, NFNLA_HOOK_HOOKNUM, &hook, sizeof(hook));
	put(&msg, NFNLA_HOOK_PRIORITY, &hook, sizeof(hook));
	info = put(&msg, NFNLA_HOOK_CHAIN_INFO | NLA_F_NESTED, "", 0);
	put(&msg, NFNLA_HOOK_INFO_TYPE, &type, sizeof(type));
	desc = put(&msg, NFNLA_HOOK_INFO_DESC | NLA_F_NESTED, "", 0);
	put(&msg, 1, &id, sizeof(id));
	desc->nla_len = (char *)&msg + msg.header.nlmsg_len - (char *)desc;
	info->nla_len = (char *)&msg + msg.header.nlmsg_len - (char *)info;
	return msg;
}

static void hooks(void)
{
	struct message msg = begin(sizeof(struct nfgenmsg));
	struct nlattr *info;

	ok("a hook without a message's rest", usual_hook(&msg.header));
	put(&msg, NFNLA_HOOK_FUNCTION_NAME, "ipv4_conntrack_in", 18);
	ok("a hook of the kernel itself", usual_hook(&msg.header));
	info = put(&msg, NFNLA_HOOK_CHAIN_INFO | NLA_F_NESTED, "", 0);
	ok("a hook of no type", usual_hook(&msg.header));
	info->nla_len = 200;
	ok("a hook that is longer than its message", usual_hook(&msg.header));
	msg = hook_of(NFNL_HOOK_TYPE_NFTABLES);
	ok("a hook of nftables", usual_hook(&msg.header));
	msg = hook_of(2);
	ok("a hook that is a BPF program", !usual_hook(&msg.header));
	msg = hook_of(3);
	ok("a hook of a flow table", usual_hook(&msg.header));
}

/* Both ways to say what is nested or not */
static void attributes(void)
{
	struct message msg = begin(4);
	const struct rtattr *attrs;
	const void *found;
	uint32_t seven = 7;
	int len;

	put(&msg, 1, "x", 2);
	put(&msg, 2 | NLA_F_NESTED, &seven, sizeof(seven));
	attrs = generic_attributes(&msg.header, &len);
	ok("what follows the header of generic netlink", len == 8 + 8);
	found = attribute(attrs, len, 2);
	ok("an attribute that is nested", found && !memcmp(found, &seven, sizeof(seven)));
	found = attribute(attrs, len, 1);
	ok("one that is not", found && !strcmp(found, "x"));
	ok("one that is not there", !attribute(attrs, len, 3));
	ok("one behind the end", !attribute(attrs, 8, 2));
}

int main(void)
{
	hooks();
	attributes();
	return summary();
}
