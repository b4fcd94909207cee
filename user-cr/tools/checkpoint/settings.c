// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/sysctl.h"
#include "../common/util.h"
#include "inside.h"
#include "network.h"
#include "settings.h"

/* Setting one may change others: again, until all are right. */
#define ROUNDS	5

/* Kinds of namespaces in which something can be set */
#define WITH_SETTINGS	(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID)

static void refuse(struct settings *s, const struct ns *ns, const char *why)
{
	log_add(s->log, "pid %d (%s): its %s namespace: %s", ns->pid, ns->comm,
		ns->kind->text, why);
	s->refused = true;
}

/*
 * The rest is done in a process of its own, which is in the namespace, and then in
 * a new one. It tells what has to be set there, names and values.
 */

/* The first one that is not as it should be yet, or NULL */
static const struct sysctl *first_wrong(const struct sysctls *wanted,
					const struct sysctls *found, size_t from)
{
	const char *value;
	size_t i;

	for (i = from; i < wanted->nr; i++) {
		value = sysctls_find(found, wanted->list[i].name);
		if (!value || strcmp(value, wanted->list[i].value))
			return &wanted->list[i];
	}
	return NULL;
}

static __attribute__((noreturn))
void give_up_setting(const struct sysctl *s, int error)
{
	give_up("%s is %s, which cannot be set in a new one (%s): not supported", s->name,
		s->value, error ? strerror(error) : "it does not stay so");
}

/* How many were set. What cannot be, may be when others are: then that is another round. */
static size_t set_round(const struct sysctls *wanted, const struct sysctls *found)
{
	const struct sysctl *wrong, *failed = NULL;
	int error = 0;
	size_t nr = 0;

	for (wrong = first_wrong(wanted, found, 0); wrong;
	     wrong = first_wrong(wanted, found, wrong - wanted->list + 1)) {
		if (sysctl_set(wrong->name, wrong->value) < 0) {
			failed = failed ? failed : wrong;
			error = error ? error : errno;
			continue;
		}
		tell(wrong->name);
		tell(wrong->value);
		nr++;
	}
	if (failed && !nr)
		give_up_setting(failed, error);
	return nr;
}

static void set_all(const struct sysctls *wanted, uint32_t kind)
{
	const struct sysctl *wrong = NULL;
	struct sysctls found;
	size_t nr = 1;
	int round;

	for (round = 0; nr && round < ROUNDS; round++) {
		sysctls_read(&found, kind);
		wrong = first_wrong(wanted, &found, 0);
		nr = set_round(wanted, &found);
		sysctls_free(&found);
	}
	if (nr)
		give_up_setting(wrong, 0);
}

static void compare_with_new(int fd, const void *arg)
{
	const struct ns_kind *kind = ((const struct ns *)arg)->kind;
	struct sysctls wanted;
	struct network net;
	char *extras = NULL;

	/* Whoever has rights in its user namespace only must not ask for these. */
	if (kind->kind == CKPT_NS_NET)
		extras = network_outside(fd);
	if (extras)
		give_up("%s: not supported", extras);
	enter_owner(fd);
	if (setns(fd, kind->flag) < 0)
		give_up("cannot enter it: %s", strerror(errno));
	sysctls_read(&wanted, kind->kind);
	if (kind->kind == CKPT_NS_NET) {
		network_open(&net);
		extras = network_extras();
	}
	if (extras)
		give_up("%s: not supported", extras);
	if (unshare(kind->flag) < 0)
		give_up("cannot make one beside it to compare: %s", strerror(errno));
	if (kind->kind == CKPT_NS_NET && network_begin(&net) < 0)
		give_up("cannot bring up lo in a new one: %s", strerror(errno));
	set_all(&wanted, kind->kind);
	if (kind->kind == CKPT_NS_NET)
		extras = network_differs(&net);
	if (extras)
		give_up("%s: not supported", extras);
}

static void look_at(struct settings *s, const struct ns *ns)
{
	struct look look = { .run = compare_with_new, .arg = ns };
	struct answer answer;

	if (ns->kind->flag == CLONE_NEWUSER)
		look.run = tell_user_sysctls;
	if (ns->kind->flag == CLONE_NEWPID)
		look.run = tell_pid_sysctls;
	if (look_inside(&look, ns->path, &answer) < 0)
		refuse(s, ns, answer.why);
	free(answer.why);
	s->ns = xgrow(s->ns, s->nr, sizeof(*s->ns));
	s->ns[s->nr++] = (struct ns_settings){
		.kind = ns->kind->kind, .init = ns->init, .inode = ns->inode,
		.bytes = answer.bytes, .len = answer.len,
	};
}

int settings_collect(struct settings *s, const struct namespaces *n, int log)
{
	size_t i;

	*s = (struct settings){ .log = log };
	for (i = 0; i < n->nr; i++)
		if (n->ns[i].kind->flag & WITH_SETTINGS)
			look_at(s, &n->ns[i]);
	return s->refused ? -1 : 0;
}

bool settings_any(const struct settings *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->ns[i].len)
			return true;
	return false;
}

static void write_ns(const struct ns_settings *ns, struct sections *sections)
{
	struct ckpt_sysctl body = {
		.kind = ns->kind, .pid = ns->init, .inode = ns->inode,
	};
	size_t at = 0, len;

	/* Pairs: whoever gave them has come to its end. */
	while (at < ns->len) {
		len = strlen(ns->bytes + at) + 1;
		len += strlen(ns->bytes + at + len) + 1;
		sections_add(sections, CKPT_REC_SYSCTL, &body, sizeof(body),
			     ns->bytes + at, len);
		at += len;
	}
}

void settings_write(const struct settings *s, struct sections *sections)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		write_ns(&s->ns[i], sections);
}

void settings_free(struct settings *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		free(s->ns[i].bytes);
	free(s->ns);
}
