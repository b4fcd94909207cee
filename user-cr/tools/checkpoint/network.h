/* SPDX-License-Identifier: GPL-2.0-only */
/* What a network namespace has that a new one has not, but sysctls */
#ifndef CHECKPOINT_NETWORK_H
#define CHECKPOINT_NETWORK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of lo, in each network namespace */
#define LO_INDEX	1

/* Of a message, whether a new namespace with lo has it, too */
typedef bool (*usual_fn)(const struct nlmsghdr *msg);

/**
 * struct question - what is asked for, of which a new namespace has nothing unusual
 * @protocol: NETLINK_*
 * @type: of the message
 * @flags: NLM_F_DUMP for all there are, or NLM_F_ACK for the only one
 * @body_len: what follows the header
 * @body: that, if it is not all zero
 * @usual: of what comes back
 * @text: for messages
 */
struct question {
	int protocol;
	int type;
	int flags;
	size_t body_len;
	const void *body;
	usual_fn usual;
	const char *text;
};

/**
 * struct network - a network namespace, also when the process is not in it any more
 * @route: a socket, NETLINK_ROUTE
 * @generic: likewise, NETLINK_GENERIC
 */
struct network {
	int route;
	int generic;
};

/* All that return a string: NULL if there is nothing, or to be freed. */

/* network.c: what the network namespace of the calling process has */
char *network_extras(void);

/*
 * network_outside.c: what only root outside may have set in the network namespace NS, a
 * descriptor; not more than the calling process may see. It stays in there.
 */
char *network_outside(int ns);

/* network_compare.c: that of the calling process */
void network_open(struct network *net);
/* In a new one: lo is up if it is there; 0, or -1 and errno. */
int network_begin(const struct network *net);
/* In what it differs from that of the calling process, which is new. */
char *network_differs(const struct network *net);

/* network_generic.c: of families of generic netlink; those of root outside, or others */
char *generic_extras(bool outside);
/* What there is one of, and may be another one than in a new namespace */
char *generic_differs(int fd, int new);

/* network_hooks.c: programs that are attached to hooks of netfilter */
char *hooks_extras(void);
/* Whether there is none in a message, see usual_fn. */
bool usual_hook(const struct nlmsghdr *msg);

/* network_netlink.c: a socket, or -1 */
int netlink(int protocol);
/* An attribute of a message, or NULL */
const void *attribute(const struct rtattr *attr, int len, int type);
bool never_usual(const struct nlmsghdr *msg);
/* 0, or a negative errno */
int ask(int fd, int type, int flags, const void *body, size_t body_len);
/* 0 if all that comes is usual, 1 if not, or a negative errno */
int read_answer(int fd, usual_fn usual);
/* Both, by a socket of its own */
int put_question(const struct question *q);
/* What a kernel says that has no such thing; others may have been kept from us. */
bool means_none(int error);
/* Tells of what put_question() has returned. */
char *tell_extras(int ret, const char *text);
/* The type of messages of a family of generic netlink, or 0 if there is none */
int find_family(const char *name);
/* Of such a message: its attributes, and their length */
const struct rtattr *generic_attributes(const struct nlmsghdr *msg, int *len);

#endif /* CHECKPOINT_NETWORK_H */
