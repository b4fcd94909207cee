// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/container.h"
#include "../common/log.h"
#include "../common/proctree.h"
#include "../common/sysctl.h"
#include "../common/util.h"
#include "checkpoint.h"
#include "settings.h"

/* Setting one may change others: again, until all are right. */
#define ROUNDS	5

static const struct ns_kind {
	uint32_t kind;
	int flag;
	const char *name;
	const char *text;
} kinds[] = {
	{ CKPT_NS_NET, CLONE_NEWNET, "net", "network" },
	{ CKPT_NS_IPC, CLONE_NEWIPC, "ipc", "IPC" },
};

static const struct ns_kind *find_kind(uint32_t kind)
{
	return &kinds[kind != kinds[0].kind];
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static uint64_t own_inode(const struct ns_kind *kind)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->name);
	return inode_of(path);
}

static void refuse(struct settings *s, const struct ns_settings *ns,
		   const char *why)
{
	log_add(s->log, "pid %d (%s): its %s namespace: %s", ns->pid, ns->comm,
		find_kind(ns->kind)->text, why);
	s->refused = true;
}

/*
 * The rest is done in a process of its own, which is in the namespace, and then in
 * a new one. It says on its standard output what has to be set there, or on its
 * standard error why that cannot be.
 */

static __attribute__((noreturn, format(printf, 1, 2)))
void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(2, format, args);
	va_end(args);
	_exit(EXIT_FAILED);
}

/* Capabilities there, and for a new one that is as this one. */
static void enter_owner(int fd)
{
	int owner = ioctl(fd, NS_GET_USERNS);
	struct stat st;

	if (owner < 0)
		give_up("cannot tell to whom it belongs: %s", strerror(errno));
	if (!fstat(owner, &st) && st.st_ino != inode_of("/proc/self/ns/user") &&
	    setns(owner, CLONE_NEWUSER) < 0)
		give_up("cannot enter the user namespace that it belongs to: %s",
			strerror(errno));
	close(owner);
}

static void tell(const char *name, const char *value)
{
	if (write_all(1, name, strlen(name) + 1) < 0 ||
	    write_all(1, value, strlen(value) + 1) < 0)
		_exit(EXIT_FAILED);
}

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

/* How many were set */
static size_t set_round(const struct sysctls *wanted, const struct sysctls *found)
{
	const struct sysctl *wrong;
	size_t nr = 0;

	for (wrong = first_wrong(wanted, found, 0); wrong;
	     wrong = first_wrong(wanted, found, wrong - wanted->list + 1)) {
		if (sysctl_set(wrong->name, wrong->value) < 0)
			give_up("%s is %s, which cannot be set in a new one (%s): not supported",
				wrong->name, wrong->value, strerror(errno));
		tell(wrong->name, wrong->value);
		nr++;
	}
	return nr;
}

static void set_all(const struct sysctls *wanted, uint32_t kind)
{
	struct sysctls found;
	size_t nr = 1;
	int round;

	for (round = 0; nr && round < ROUNDS; round++) {
		sysctls_read(&found, kind);
		nr = set_round(wanted, &found);
		sysctls_free(&found);
	}
	if (nr)
		give_up("its settings cannot be made in a new one: not supported");
}

static __attribute__((noreturn))
void look_inside(int fd, const struct ns_kind *kind)
{
	struct sysctls wanted;
	char *extras;

	enter_owner(fd);
	if (setns(fd, kind->flag) < 0)
		give_up("cannot enter it: %s", strerror(errno));
	sysctls_read(&wanted, kind->kind);
	extras = kind->kind == CKPT_NS_NET ? network_extras() : NULL;
	if (extras)
		give_up("%s: not supported", extras);
	if (unshare(kind->flag) < 0)
		give_up("cannot make one beside it to compare: %s", strerror(errno));
	set_all(&wanted, kind->kind);
	_exit(0);
}

/* All that comes from a pipe; to be freed. */
static char *read_all(int fd, size_t *len)
{
	char *bytes = NULL;
	size_t room = 0;
	ssize_t n;

	*len = 0;
	do {
		if (*len + 1 >= room) {
			room = 2 * room + 4096;
			bytes = xrealloc(bytes, room, 1);
		}
		n = read(fd, bytes + *len, room - *len - 1);
		*len += n > 0 ? n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	bytes[*len] = '\0';
	return bytes;
}

static void take_answer(struct settings *s, struct ns_settings *ns, pid_t pid,
			const int *out, const int *err)
{
	size_t len;
	char *why;
	int status;

	ns->bytes = read_all(out[0], &ns->len);
	why = read_all(err[0], &len);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		refuse(s, ns, len ? why : "cannot look at it");
	free(why);
}

static void look_at(struct settings *s, struct ns_settings *ns, int fd)
{
	int out[2], err[2];
	pid_t pid = -1;

	if (!pipe2(out, O_CLOEXEC)) {
		if (!pipe2(err, O_CLOEXEC)) {
			pid = fork();
			if (!pid) {
				dup2(out[1], 1);
				dup2(err[1], 2);
				look_inside(fd, find_kind(ns->kind));
			}
			close(err[1]);
		}
		close(out[1]);
	}
	if (pid < 0) {
		refuse(s, ns, strerror(errno));
		return;
	}
	take_answer(s, ns, pid, out, err);
	close(out[0]);
	close(err[0]);
}

/* A file of a namespace, unless that is ours, or known */
static void add(struct settings *s, const struct ns_kind *kind,
		const struct proc *proc, const char *path)
{
	uint64_t inode = inode_of(path);
	struct ns_settings *ns;
	size_t i;
	int fd;

	if (!inode || inode == s->own[kind - kinds])
		return;
	for (i = 0; i < s->nr; i++)
		if (s->ns[i].inode == inode)
			return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	s->ns = xgrow(s->ns, s->nr, sizeof(*s->ns));
	ns = &s->ns[s->nr++];
	*ns = (struct ns_settings){
		.kind = kind->kind, .inode = inode, .pid = proc->pid,
	};
	snprintf(ns->comm, sizeof(ns->comm), "%s", proc->comm);
	if (fd < 0) {
		refuse(s, ns, strerror(errno));
		return;
	}
	look_at(s, ns, fd);
	close(fd);
}

static const struct ns_kind *kind_of_link(const char *target)
{
	size_t len = strcspn(target, ":"), k;

	for (k = 0; k < ARRAY_SIZE(kinds) && target[len]; k++)
		if (!strncmp(kinds[k].name, target, len) && !kinds[k].name[len])
			return &kinds[k];
	return NULL;
}

/* Those that it has open */
static void add_open(struct settings *s, const struct proc *proc)
{
	char path[300], target[64];
	const struct ns_kind *kind;
	struct dirent *entry;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", proc->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", proc->pid,
			 entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		kind = kind_of_link(target);
		if (kind)
			add(s, kind, proc, path);
	}
	if (dir)
		closedir(dir);
}

/* Those that are mounted in a mount namespace of the tree */
static void add_mounted(struct settings *s, const struct mount_ns *ns)
{
	struct proc proc = { .pid = ns->pid };
	const struct ns_kind *kind;
	const struct mnt *mnt;
	size_t i;
	char *path;

	memcpy(proc.comm, ns->comm, sizeof(proc.comm));
	for (i = 0; i < ns->table.nr; i++) {
		mnt = &ns->table.mnt[i];
		kind = mount_of_namespace(mnt) ? kind_of_link(mnt->root) : NULL;
		if (!kind)
			continue;
		path = xasprintf("/proc/%d/root%s", ns->pid, mnt->point);
		add(s, kind, &proc, path);
		free(path);
	}
}

/* Who is in a pid namespace below ours may be in a container. */
static bool may_be_inside(pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return inode_of(path) != inode_of("/proc/self/ns/pid");
}

int settings_collect(struct settings *s, const struct mounts *m, pid_t root,
		     int log)
{
	bool container = may_be_inside(root);
	struct proc *list;
	char path[40];
	size_t k;
	int n, i;

	*s = (struct settings){ .log = log };
	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		s->own[k] = own_inode(&kinds[k]);
	n = proc_tree(root, &list);
	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			snprintf(path, sizeof(path), "/proc/%d/ns/%s", list[i].pid,
				 kinds[k].name);
			add(s, &kinds[k], &list[i], path);
		}
		/* Only a container may have those that no process is in. */
		if (container)
			add_open(s, &list[i]);
	}
	free(list);
	for (k = 0; container && k < m->nr_ns; k++)
		add_mounted(s, &m->ns[k]);
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
	struct ckpt_sysctl body = { .kind = ns->kind, .inode = ns->inode };
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
