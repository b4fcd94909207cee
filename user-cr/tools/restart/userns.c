// SPDX-License-Identifier: GPL-2.0-only
/*
 * User namespaces
 *
 * That of a container comes about with the first process, and owns all other
 * namespaces of the container, or is around their owners; so those are made inside
 * of it, too, by that process. The coordinator, which is outside, writes what is
 * mapped to what.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/container.h"
#include "../common/log.h"
#include "../common/pass_fd.h"
#include "../common/util.h"
#include "restart.h"

bool userns_wanted(const struct restart *r)
{
	return r->o.namespaces & CLONE_NEWUSER;
}

int userns_prepare(struct restart *r)
{
	int fd[2], i;

	if (!userns_wanted(r))
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0) {
		log_add(r->log, "cannot have a socket: %s", strerror(errno));
		return -1;
	}
	for (i = 0; i < 2; i++)
		r->mapped[i] = descriptors_keep(r, fd[i]);
	return r->mapped[0] < 0 || r->mapped[1] < 0 ? -1 : 0;
}

static int write_map(pid_t pid, const char *name,
		     const struct ckpt_id_extent *extents, uint32_t nr)
{
	char *text = xstrdup(""), *longer;
	uint32_t i;
	int ret;

	for (i = 0; i < nr; i++) {
		longer = xasprintf("%s%u %u %u\n", text, extents[i].first,
				   extents[i].outer_first, extents[i].count);
		free(text);
		text = longer;
	}
	ret = nr ? write_proc_file(pid, name, text) : 0;
	free(text);
	return ret;
}

static int write_maps(pid_t pid, const struct ckpt_record *record)
{
	const struct ckpt_id_extent *extents = ckpt_record_tail(record);
	struct ckpt_ns ns;

	ckpt_record_body(record, &ns, sizeof(ns));
	if (ns.flags & CKPT_NS_NO_SETGROUPS &&
	    write_proc_file(pid, "setgroups", "deny") < 0)
		return -1;
	if (write_map(pid, "uid_map", extents, ns.nr_uids) < 0)
		return -1;
	extents += ns.nr_uids;
	if (write_map(pid, "gid_map", extents, ns.nr_gids) < 0)
		return -1;
	extents += ns.nr_gids;
	return write_map(pid, "projid_map", extents, ns.nr_projids);
}

/* It belongs to whoever makes it. */
static int check_owner(const struct restart *r, const struct ckpt_record *record)
{
	struct ckpt_ns ns;

	ckpt_record_body(record, &ns, sizeof(ns));
	if (ns.owner_uid == geteuid() && ns.owner_gid == getegid())
		return 0;
	log_add(r->log, "the user namespace of the container belongs to uid %u and gid %u: restart it as that user",
		ns.owner_uid, ns.owner_gid);
	return -1;
}

int userns_map(struct restart *r, pid_t pid)
{
	uint32_t id = r->image.tree.task[0].state.user_ns_id;
	const struct ckpt_record *record = image_object(&r->image, CKPT_REC_NS, id);
	int ret;

	if (record && check_owner(r, record) < 0)
		return -1;
	ret = record ? write_maps(pid, record) : container_map_user(pid);
	if (!ret && write(r->mapped[1], "m", 1) == 1)
		return 0;
	log_add(r->log, "cannot map user and group ids into the container: %s",
		strerror(errno));
	return -1;
}

int userns_enter(struct restart *r)
{
	char byte;

	close(r->mapped[1]);
	/* Who maps ids logs why he cannot. */
	errno = 0;
	if (read(r->mapped[0], &byte, 1) != 1)
		return -1;
	/* There may be no root in it; then we have its rights all the same. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		errno = 0;
	/* So that our files in /proc stay ours */
	return prctl(PR_SET_DUMPABLE, 1);
}

int userns_pass_on(struct restart *r)
{
	const struct namespace *ns;
	int i;

	for (i = 0; i < r->nr_namespaces; i++) {
		ns = &r->namespace[i];
		if (ns->flag != CLONE_NEWUSER)
			continue;
		if (write(r->mapped[0], &ns->id, sizeof(ns->id)) < 0 ||
		    pass_fd(r->mapped[0], ns->fd) < 0)
			return -1;
	}
	close(r->mapped[0]);
	return 0;
}

int userns_take(struct restart *r)
{
	uint32_t id;
	int fd;

	/* It ends when nobody has the other one. */
	close(r->mapped[0]);
	while (read(r->mapped[1], &id, sizeof(id)) == sizeof(id)) {
		fd = take_fd(r->mapped[1], 0);
		if (fd < 0)
			log_add(r->log, "cannot take over a user namespace: %s",
				strerror(errno));
		if (fd < 0 || namespaces_keep(r, CLONE_NEWUSER, id, fd) < 0)
			return -1;
	}
	close(r->mapped[1]);
	return 0;
}

/**
 * struct made_userns - what a process tells that has made a user namespace
 * @error: an errno, or 0
 * @self: its pid, as the /proc shows it that we see
 */
struct made_userns {
	int error;
	char self[16];
};

/* /proc may be that of a pid namespace around ours. */
static int make_own(const struct ckpt_ns *ns, bool in_sight, char *self,
		    size_t size)
{
	if (setresgid(ns->owner_gid, ns->owner_gid, ns->owner_gid) < 0 ||
	    setresuid(ns->owner_uid, ns->owner_uid, ns->owner_uid) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return -1;
	if (in_sight)
		prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return readlink("/proc/self", self, size) > 0 ? 0 : -1;
}

/*
 * In a process that becomes the owner's: who may look into it then, and open what it
 * has open. So it has nothing but the pipe, not even our standard files.
 */
static __attribute__((noreturn))
void own(const struct ckpt_ns *ns, bool in_sight, int tell)
{
	struct made_userns made = { 0 };

	if (dup2(tell, STDIN_FILENO) < 0 ||
	    syscall(SYS_close_range, STDIN_FILENO + 1, ~0U, 0) < 0)
		_exit(EXIT_NO_RESTART);
	if (make_own(ns, in_sight, made.self, sizeof(made.self) - 1) < 0)
		made.error = errno;
	if (write(STDIN_FILENO, &made, sizeof(made)) == sizeof(made) &&
	    !made.error)
		pause();
	_exit(EXIT_NO_RESTART);
}

/*
 * Whether its files in /proc must be the owner's, so that we may write its maps. A
 * container's root needs that. Root outside does not, and then the owner need not see
 * what is in the memory of the tool.
 */
static bool must_be_in_sight(const struct restart *r, const struct ckpt_ns *ns)
{
	return userns_wanted(r) || ns->owner_uid == geteuid();
}

/* 0, or -1 and logged. */
static int wait_made(const struct restart *r, const struct ckpt_ns *ns, int told,
		     struct made_userns *made)
{
	made->error = 0;
	if (read(told, made, sizeof(*made)) == sizeof(*made) && !made->error)
		return 0;
	log_add(r->log, "cannot make a user namespace as uid %u and gid %u%s%s",
		ns->owner_uid, ns->owner_gid, made->error ? ": " : "",
		made->error ? strerror(made->error) : "");
	return -1;
}

void userns_hold(const struct restart *r, const struct ckpt_record *record,
		 int ready)
{
	struct made_userns made;
	struct ckpt_ns ns;
	int fd[2];
	pid_t pid;

	ckpt_record_body(record, &ns, sizeof(ns));
	pid = pipe2(fd, O_CLOEXEC) < 0 ? -1 : fork();
	if (!pid)
		own(&ns, must_be_in_sight(r, &ns), fd[1]);
	if (pid < 0) {
		log_add(r->log, "cannot create a process in a user namespace: %s",
			strerror(errno));
		_exit(EXIT_NO_RESTART);
	}
	close(fd[1]);
	if (wait_made(r, &ns, fd[0], &made) < 0)
		_exit(EXIT_NO_RESTART);
	if (write_maps(atoi(made.self), record) < 0)
		log_add(r->log, "cannot map user and group ids into a user namespace: %s",
			strerror(errno));
	else if (write(ready, &pid, sizeof(pid)) == sizeof(pid))
		waitpid(pid, NULL, 0);
	_exit(EXIT_NO_RESTART);
}

static int set_groups(const struct restart *r, uint32_t cred_id)
{
	const struct ckpt_record *record =
		image_object(&r->image, CKPT_REC_CRED, cred_id);

	return record ? setgroups(record->tail_len / sizeof(gid_t),
				  ckpt_record_tail(record)) : 0;
}

int userns_enter_own(const struct restart *r, int index)
{
	const struct ckpt_task_state *state = &r->image.tree.task[index].state;

	if (state->user_ns_id == r->image.tree.task[0].state.user_ns_id)
		return 0;
	if (set_groups(r, state->cred_id) < 0)
		return -1;
	return namespaces_enter_user(r, state->user_ns_id);
}
