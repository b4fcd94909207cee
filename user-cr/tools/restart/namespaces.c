// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces that some tasks have and the root has not
 *
 * The coordinator has each of them made by a process of its own that ends again,
 * and keeps a descriptor, before there is any process of the tree. A process
 * enters what its parent is not in yet; those of the root are known by a pidfd
 * of it. A thread enters its own in the kernel, from descriptors as for open ones.
 * Mount namespaces are made by the first process, see mount_ns.c; pid
 * namespaces come about with theirs, see processes.c and pidns_files.c; and a time
 * namespace that a process has for its children can be made by nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/container.h"
#include "../common/log.h"
#include "../common/util.h"
#include "restart.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

/* <linux/pidfd.h> is not that new everywhere. */
#define GET_NS(nr)	_IO(0xff, nr)
#define AT(member)	offsetof(struct ckpt_task_state, member)

/**
 * struct ns_kind - a kind of namespaces
 * @name: of the kind
 * @kind: enum ckpt_ns_kind
 * @flag: CLONE_NEW*
 * @get: asks a pidfd for that of the children, PIDFD_GET_*_NAMESPACE
 * @at: of its id in struct ckpt_task_state
 */
static const struct ns_kind {
	const char *name;
	uint32_t kind;
	int flag;
	unsigned long get;
	size_t at;
} user_kind = {
	"user", CKPT_NS_USER, CLONE_NEWUSER, NS_OF_USER, AT(user_ns_id),
}, kinds[] = {
	/* Those that a thread may have by itself, in the order of their descriptors */
	{ "uts", CKPT_NS_UTS, CLONE_NEWUTS, GET_NS(10), AT(uts_id) },
	{ "ipc", CKPT_NS_IPC, CLONE_NEWIPC, GET_NS(2), AT(ipc_ns_id) },
	{ "net", CKPT_NS_NET, CLONE_NEWNET, GET_NS(4), AT(net_ns_id) },
	{ "cgroup", CKPT_NS_CGROUP, CLONE_NEWCGROUP, GET_NS(1), AT(cgroup_ns_id) },
	/* The others */
	{ "time", CKPT_NS_TIME, CLONE_NEWTIME, GET_NS(8), AT(time_ns_id) },
	/* The last one: with it, other files may be in sight. */
	{ "mnt", CKPT_NS_MNT, CLONE_NEWNS, GET_NS(3), AT(mnt_ns_id) },
};

#define NR_THREAD_KINDS	4
#define MOUNT_KIND	(&kinds[ARRAY_SIZE(kinds) - 1])

static const struct ns_kind *find_kind(uint32_t kind)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		if (kinds[k].kind == kind)
			return &kinds[k];
	return &user_kind;
}

static uint32_t id_of(const struct task *task, const struct ns_kind *kind)
{
	return *(const uint32_t *)((const char *)&task->state + kind->at);
}

static void add_of_thread(struct image *image, const struct task *thread,
			  const struct task *first)
{
	struct external e = { .owner = first->id, .fd = -1 };
	size_t k;

	for (k = 0; k < NR_THREAD_KINDS; k++) {
		e.slot = thread->state.ns_slot + k;
		e.ns_kind = kinds[k].kind;
		e.ns_id = id_of(thread, &kinds[k]);
		if (e.ns_id != id_of(first, &kinds[k]))
			image_add_external(image, &e);
	}
}

void namespaces_of_threads(struct image *image)
{
	const struct task *task = image->tree.task, *first = task;
	int i;

	for (i = 0; i < image->tree.nr; i++) {
		if (!task_is_thread(&task[i]))
			first = &task[i];
		else if (task[i].state.ns_slot)
			add_of_thread(image, &task[i], first);
	}
}

static struct namespace *find(const struct restart *r, int flag, uint32_t id)
{
	int i;

	for (i = 0; i < r->nr_namespaces; i++)
		if (r->namespace[i].flag == flag && r->namespace[i].id == id)
			return &r->namespace[i];
	return NULL;
}

static const struct ckpt_record *record_of(const struct restart *r,
					   const struct ns_kind *kind, uint32_t id)
{
	return image_object(&r->image, kind->flag == CLONE_NEWUTS ?
			    CKPT_REC_UTS : CKPT_REC_NS, id);
}

/* The user namespace to which one belongs, or that is around it; 0 if outside */
static uint32_t owner_of(const struct ckpt_record *record)
{
	struct ckpt_uts uts;
	struct ckpt_ns ns;

	if (record->type == CKPT_REC_UTS) {
		ckpt_record_body(record, &uts, sizeof(uts));
		return uts.user_ns_id;
	}
	ckpt_record_body(record, &ns, sizeof(ns));
	return ns.user_ns_id;
}

int namespaces_enter_user(const struct restart *r, uint32_t id)
{
	const struct namespace *ns;

	if (!id || id == r->image.tree.task[0].state.user_ns_id)
		return 0;
	ns = find(r, CLONE_NEWUSER, id);
	errno = ENOENT;
	return ns ? setns(ns->fd, CLONE_NEWUSER) : -1;
}

static int set_names(const struct ckpt_record *record)
{
	struct ckpt_uts uts;

	ckpt_record_body(record, &uts, sizeof(uts));
	return sethostname(uts.nodename, strlen(uts.nodename)) ?:
	       setdomainname(uts.domainname, strlen(uts.domainname));
}

/* Enters a new one. */
static int begin(const struct restart *r, const struct ns_kind *kind,
		 const struct ckpt_record *record)
{
	struct ckpt_ns ns;

	if (kind->flag != CLONE_NEWCGROUP)
		return unshare(kind->flag);
	ckpt_record_body(record, &ns, sizeof(ns));
	return cgroup_roots_unshare(r, ns.inode);
}

/* In the new namespace, or in front of it. */
static int set_up(const struct restart *r, const struct ns_kind *kind,
		  const struct ckpt_record *record)
{
	struct ckpt_ns ns;

	if (kind->flag == CLONE_NEWUTS)
		return set_names(record);
	ckpt_record_body(record, &ns, sizeof(ns));
	switch (kind->flag) {
	case CLONE_NEWIPC:
		return settings_make(r, CKPT_NS_IPC, ns.inode);
	case CLONE_NEWNET:
		if (ns.flags & CKPT_NS_LO_UP && container_loopback_up() < 0)
			return -1;
		return settings_make(r, CKPT_NS_NET, ns.inode);
	case CLONE_NEWTIME:
		return timens_set(r, record->id,
				  r->image.tree.task[0].state.time_ns_id);
	case CLONE_NEWNS:
		return container_private_mounts();
	}
	return 0;
}

/* Says who is in the namespace when it is there, and waits to be killed. */
static __attribute__((noreturn))
void hold(const struct restart *r, const struct ns_kind *kind,
	  const struct ckpt_record *record, int ready)
{
	pid_t self = getpid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (namespaces_enter_user(r, owner_of(record)) < 0) {
		log_add(r->log, "cannot enter a user namespace: %s",
			strerror(errno));
		_exit(EXIT_NO_RESTART);
	}
	/* It is forgotten by who gets into another user namespace. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (kind == &user_kind)
		userns_hold(r, record, ready);
	else if (begin(r, kind, record) < 0 || set_up(r, kind, record) < 0)
		log_add(r->log, "cannot make a namespace (%s): %s", kind->name,
			strerror(errno));
	else if (write(ready, &self, sizeof(self)) == sizeof(self))
		pause();
	_exit(EXIT_NO_RESTART);
}

/* No /proc is needed for that, which may be that of another pid namespace. */
int namespaces_open(pid_t pid, unsigned long get)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int fd;

	if (pidfd < 0)
		return -1;
	fd = ioctl(pidfd, get, 0);
	close(pidfd);
	return fd;
}

static int make(const struct restart *r, const struct ns_kind *kind,
		const struct ckpt_record *record)
{
	int ready[2], fd = -1;
	pid_t pid, in_it;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		hold(r, kind, record, ready[1]);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &in_it, sizeof(in_it)) == sizeof(in_it)) {
		fd = namespaces_open(in_it, kind->get);
		kill(in_it, SIGKILL);
	}
	close(ready[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return fd;
}

int namespaces_keep(struct restart *r, int flag, uint32_t id, int fd)
{
	struct namespace *ns;

	r->namespace = xrealloc(r->namespace, r->nr_namespaces + 1, sizeof(*ns));
	ns = &r->namespace[r->nr_namespaces++];
	*ns = (struct namespace){
		.flag = flag, .id = id, .fd = descriptors_keep(r, fd),
	};
	return ns->fd < 0 ? -1 : 0;
}

/* What was the caller's at the checkpoint is ours now. */
static int add(struct restart *r, const struct ns_kind *kind, uint32_t id)
{
	const struct ckpt_record *record = record_of(r, kind, id);
	int fd;

	/* Who makes it logs why it cannot. */
	errno = 0;
	fd = record ? make(r, kind, record) : namespaces_open(getpid(), kind->get);
	if (fd < 0) {
		log_add(r->log, "cannot have a namespace (%s) that the image needs%s%s",
			kind->name, errno ? ": " : "", errno ? strerror(errno) : "");
		return -1;
	}
	return namespaces_keep(r, kind->flag, id, fd);
}

/* Those around it come first. */
static int add_user(struct restart *r, uint32_t id)
{
	const struct ckpt_record *record = record_of(r, &user_kind, id);

	if (!record || id == r->image.tree.task[0].state.user_ns_id ||
	    find(r, CLONE_NEWUSER, id))
		return 0;
	return add_user(r, owner_of(record)) ?: add(r, &user_kind, id);
}

static int add_owner(struct restart *r, const struct ns_kind *kind, uint32_t id)
{
	const struct ckpt_record *record = record_of(r, kind, id);

	return record ? add_user(r, owner_of(record)) : 0;
}

/* Whether a process has it for its children, or, if @id is 0, any has one */
static bool is_for_children(const struct restart *r, uint32_t id)
{
	const struct tree *tree = &r->image.tree;
	uint32_t other;
	int i;

	for (i = 0; i < tree->nr; i++) {
		other = tree->task[i].state.time_ns_for_children_id;
		if (other && (!id || other == id))
			return true;
	}
	return false;
}

/* One that the root is not in, unless it is there already */
static int need(struct restart *r, const struct ns_kind *kind, uint32_t id)
{
	if (kind == &user_kind)
		return add_user(r, id);
	/* The others are made by the first process, but not who owns them. */
	if (kind == MOUNT_KIND && id)
		return add_owner(r, kind, id);
	if (id == id_of(&r->image.tree.task[0], kind) || find(r, kind->flag, id))
		return 0;
	if (kind->flag == CLONE_NEWTIME && id && is_for_children(r, id))
		return 0;
	return add_owner(r, kind, id) ?: add(r, kind, id);
}

int namespaces_add_mount(struct restart *r, uint32_t id)
{
	return add_owner(r, MOUNT_KIND, id) ?: add(r, MOUNT_KIND, id);
}

int namespaces_mount(const struct restart *r, uint32_t id)
{
	const struct namespace *ns = find(r, CLONE_NEWNS, id);

	return ns ? ns->fd : -1;
}

static int make_open_one(struct restart *r, const struct external *e)
{
	if (e->ns_kind == CKPT_NS_PID)
		return pidns_files_need(r, e->ns_id);
	return need(r, find_kind(e->ns_kind), e->ns_id);
}

/* Those that no task may be in, but only an open file */
static int make_open_ones(struct restart *r)
{
	const struct external *e = r->image.external;
	int i;

	for (i = 0; i < r->image.nr_externals; i++)
		if (!e[i].key && make_open_one(r, &e[i]) < 0)
			return -1;
	return 0;
}

static const struct ns_kind *kind_of_mount(const char *name)
{
	size_t len = strcspn(name, ":"), k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		if (strlen(kinds[k].name) == len &&
		    !strncmp(kinds[k].name, name, len))
			return &kinds[k];
	return strncmp(name, "user:", 5) ? NULL : &user_kind;
}

static bool is_record_of(const struct ckpt_record *record, uint32_t kind,
			 uint64_t inode)
{
	struct ckpt_uts uts;
	struct ckpt_ns ns;

	switch (record->type) {
	case CKPT_REC_UTS:
		ckpt_record_body(record, &uts, sizeof(uts));
		return kind == CKPT_NS_UTS && uts.inode == inode;
	case CKPT_REC_NS:
		ckpt_record_body(record, &ns, sizeof(ns));
		return kind == ns.kind && ns.inode == inode;
	default:
		return false;
	}
}

/* NULL if it was the caller's */
static const struct ckpt_record *record_by_inode(const struct restart *r,
						 uint32_t kind, uint64_t inode)
{
	int i;

	for (i = 0; i < r->image.nr_objects; i++)
		if (is_record_of(r->image.object[i], kind, inode))
			return r->image.object[i];
	return NULL;
}

static const struct ckpt_record *record_of_mount(const struct restart *r,
						 uint32_t kind, const char *name)
{
	name += strcspn(name, "0123456789");
	return record_by_inode(r, kind, strtoull(name, NULL, 10));
}

static int need_mounted(struct restart *r, const char *name)
{
	const struct ns_kind *kind = kind_of_mount(name);
	const struct ckpt_record *record = kind ?
		record_of_mount(r, kind->kind, name) : NULL;

	return record ? need(r, kind, record->id) : 0;
}

/* Those that no task may be in, but a mount */
static int make_mounted_ones(struct restart *r)
{
	const struct ckpt_record *record;
	struct ckpt_filesystem fs;
	size_t i;

	for (i = 0; i < r->state.nr && !r->o.host_mounts; i++) {
		record = r->state.record[i];
		if (record->type != CKPT_REC_FILESYSTEM)
			continue;
		ckpt_record_body(record, &fs, sizeof(fs));
		if (fs.kind == CKPT_FILESYSTEM_NAMESPACE &&
		    need_mounted(r, record_string(record, 2)) < 0)
			return -1;
	}
	return 0;
}

int namespaces_make(struct restart *r)
{
	const struct tree *tree = &r->image.tree;
	size_t k;
	int i;

	if (make_mounted_ones(r) < 0)
		return -1;
	for (i = 0; i < tree->nr; i++) {
		const struct task *task = &tree->task[i];

		if (add_user(r, task->state.user_ns_id) < 0 ||
		    add_user(r, task->state.pid_user_ns_id) < 0)
			return -1;
		if (task_is_dead(task) || task_is_thread(task))
			continue;
		for (k = 0; k < ARRAY_SIZE(kinds); k++)
			if (need(r, &kinds[k], id_of(task, &kinds[k])) < 0)
				return -1;
	}
	return pidns_files_need_entered(r) < 0 ? -1 : make_open_ones(r);
}

static bool has_open_ones(const struct restart *r)
{
	int i;

	for (i = 0; i < r->image.nr_externals; i++)
		if (!r->image.external[i].key)
			return true;
	return false;
}

int namespaces_of_file(const struct restart *r, const struct external *e)
{
	const struct ns_kind *kind = find_kind(e->ns_kind);
	const struct namespace *ns;

	if (e->ns_kind == CKPT_NS_PID)
		return pidns_files_open(r, e->ns_id);
	if (!e->ns_id || e->ns_id == id_of(&r->image.tree.task[0], kind))
		return ioctl(r->root_pidfd, kind->get, 0);
	ns = find(r, kind->flag, e->ns_id);
	errno = ENOENT;
	return ns ? ns->fd : -1;
}

int namespaces_user(const struct restart *r, uint64_t inode)
{
	const struct ckpt_record *record = record_by_inode(r, CKPT_NS_USER, inode);
	uint32_t root = r->image.tree.task[0].state.user_ns_id;
	const struct namespace *ns;

	if (record && record->id == root && userns_wanted(r))
		return namespaces_open(r->root, NS_OF_USER);
	ns = record ? find(r, CLONE_NEWUSER, record->id) : NULL;
	if (ns)
		return fcntl(ns->fd, F_DUPFD_CLOEXEC, 0);
	errno = ENOENT;
	return -1;
}

int namespaces_of_mount(const struct restart *r, const char *name)
{
	const struct ns_kind *kind = kind_of_mount(name);
	const struct ckpt_record *record = kind ?
		record_of_mount(r, kind->kind, name) : NULL;
	const struct namespace *ns;

	if (kind &&
	    (!record || record->id == id_of(&r->image.tree.task[0], kind)))
		return namespaces_open(getpid(), kind->get);
	ns = record ? find(r, kind->flag, record->id) : NULL;
	if (ns)
		return fcntl(ns->fd, F_DUPFD_CLOEXEC, 0);
	errno = ENOENT;
	return -1;
}

int namespaces_of_root(struct restart *r)
{
	int fd;

	if (!r->nr_namespaces && !has_open_ones(r) && !is_for_children(r, 0))
		return 0;
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	if (fd < 0)
		return -1;
	r->root_pidfd = descriptors_keep(r, fd);
	return r->root_pidfd < 0 ? -1 : 0;
}

int namespaces_begin_time(struct restart *r, int index)
{
	const struct ckpt_task_state *state = &r->image.tree.task[index].state;
	uint32_t id = state->time_ns_for_children_id;

	if (!id || r->has_begun_time)
		return 0;
	r->own_time = descriptors_keep(r, namespaces_open(getpid(), NS_OF_TIME));
	if (r->own_time < 0 || unshare(CLONE_NEWTIME) < 0 ||
	    timens_set(r, id, state->time_ns_id) < 0)
		return -1;
	r->has_begun_time = true;
	return 0;
}

/* In which one a child of a process begins */
static uint32_t id_at_birth(const struct restart *r, const struct task *parent,
			    const struct ns_kind *kind)
{
	return kind->flag == CLONE_NEWTIME && r->has_begun_time ?
	       parent->state.time_ns_for_children_id : id_of(parent, kind);
}

/* How a child gets into one that it does not begin in; -1 and errno */
static int way_into(const struct restart *r, const struct task *parent,
		    const struct ns_kind *kind, uint32_t id)
{
	const struct namespace *ns;

	if (id == id_of(&r->image.tree.task[0], kind))
		return r->root_pidfd;
	if (kind->flag == CLONE_NEWTIME && id == id_of(parent, kind))
		return r->own_time;
	ns = find(r, kind->flag, id);
	errno = ENOENT;
	return ns ? ns->fd : -1;
}

int namespaces_enter(const struct restart *r, int index, int parent)
{
	const struct task *task = &r->image.tree.task[index];
	const struct task *from = &r->image.tree.task[parent];
	int fd;
	size_t k;

	/* What has ended is in none any more. */
	if (task_is_dead(task))
		return 0;
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		uint32_t id = id_of(task, &kinds[k]);

		if (id == id_at_birth(r, from, &kinds[k]))
			continue;
		fd = way_into(r, from, &kinds[k], id);
		if (fd < 0 || setns(fd, kinds[k].flag) < 0)
			return -1;
	}
	return 0;
}

void namespaces_close(struct restart *r)
{
	while (r->nr_namespaces)
		close(r->namespace[--r->nr_namespaces].fd);
	free(r->namespace);
	r->namespace = NULL;
	pidns_files_close(r);
	if (r->root_pidfd >= 0)
		close(r->root_pidfd);
	r->root_pidfd = -1;
}
