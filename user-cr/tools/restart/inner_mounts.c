// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces of user namespaces inside of the container
 *
 * What came into such a one from outside is locked there. The kernel locks when it
 * copies the mounts for a user namespace, and never lets go. So all that was locked is
 * made outside, where nothing is, and put in a namespace of its own; somebody enters
 * the user namespace, makes a copy of that, and takes out of the copy what has to be
 * locked, each tree of mounts by itself. That becomes the saved namespace, with the
 * mounts that were made inside on top.
 *
 * Two processes do this: a builder with our rights, and a copier that enters the user
 * namespace, and hands over what it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/container.h"
#include "../common/log.h"
#include "../common/pass_fd.h"
#include "../common/util.h"
#include "rebuild.h"

/* Each flag that can be locked, and what says that it is */
static const struct {
	uint32_t flag;
	uint32_t lock;
} locks[] = {
	{ CKPT_MOUNT_RDONLY, CKPT_MOUNT_LOCK_RDONLY },
	{ CKPT_MOUNT_NOSUID, CKPT_MOUNT_LOCK_NOSUID },
	{ CKPT_MOUNT_NODEV, CKPT_MOUNT_LOCK_NODEV },
	{ CKPT_MOUNT_NOEXEC, CKPT_MOUNT_LOCK_NOEXEC },
};

static int fail(const struct rebuild *b, const char *what)
{
	log_add(b->r->log, "mount namespace of a user namespace inside: %s: %s",
		what, strerror(errno));
	return -1;
}

static bool is_locked(const struct mount *m)
{
	return m->saved.flags & CKPT_MOUNT_LOCKED;
}

/* It is part of a tree that is locked, or the root of such a tree. */
static bool is_copied(const struct mount *m)
{
	return m->saved.flags & CKPT_MOUNT_LOCK_ATIME;
}

static bool is_new(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.kind == CKPT_FILESYSTEM_NEW;
}

static bool is_in_other(const struct rebuild *b, const struct mount *m)
{
	const struct state *state = &b->r->state;
	struct ckpt_mount other;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(state->record[i], &other, sizeof(other));
		if (other.filesystem_id == m->fs->id && other.ns_id != b->ns->id)
			return true;
	}
	return false;
}

/* The copier makes it, as it is nowhere else: so it has the rights that it gives there. */
static bool is_copiers(const struct rebuild *b, const struct mount *m)
{
	return is_new(m) && !is_copied(m) && !is_in_other(b, m);
}

/* Of a file system that the copier makes, its first mount has the base. */
static bool has_base(const struct rebuild *b, const struct mount *m)
{
	const struct mount *other;

	for (other = b->mount; other < m; other++)
		if (other->fs == m->fs)
			return false;
	return m->is_late;
}

/* All flags become locked that are set in front of the copier. */
static uint32_t early_flags(const struct mount *m)
{
	uint32_t flags = m->saved.flags;
	size_t i;

	for (i = 0; is_copied(m) && i < ARRAY_SIZE(locks); i++)
		if (!(flags & locks[i].lock))
			flags &= ~locks[i].flag;
	return flags;
}

static int prepare(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		errno = 0;
		if (m->saved.peer_group || m->saved.master ||
		    m->saved.flags & CKPT_MOUNT_UNBINDABLE)
			return rebuild_fail(b, m, "it shared with others, or was unbindable: not supported in a user namespace inside");
		if (is_locked(m) && (!is_copied(m) || !is_copied(mount_parent(b, m))))
			return rebuild_fail(b, m, "it is locked on a mount that is not");
		if (mount_is_inside(m) && !is_in_other(b, m))
			return rebuild_fail(b, m, "its layers are in a user namespace inside: not supported");
		m->is_late = is_copiers(b, m);
		m->put_late = !is_locked(m);
		m->flags = m->saved.flags;
		m->saved.flags = early_flags(m);
	}
	return 0;
}

/* A directory that the copier will find again, as it is the working directory */
static int enter_scratch(const struct rebuild *b)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC), fd = -1, ret = -1;

	if (context >= 0 && !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (fd >= 0 && !move_mount(fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH))
		ret = fchdir(fd);
	if (ret < 0)
		fail(b, "cannot have a directory for its mounts");
	if (context >= 0)
		close(context);
	if (fd >= 0)
		close(fd);
	return ret;
}

static void name_of(const struct rebuild *b, const struct mount *m, char *name,
		    size_t size)
{
	snprintf(name, size, "%zu", (size_t)(m - b->mount));
}

static int show_to_copier(const struct rebuild *b, const struct mount *m)
{
	struct stat st;
	char name[24];
	int ret;

	name_of(b, m, name, sizeof(name));
	ret = fstat(m->fd, &st);
	if (!ret)
		ret = S_ISDIR(st.st_mode) ? mkdir(name, 0700) :
					    mknod(name, S_IFREG | 0600, 0);
	if (!ret)
		ret = move_mount(m->fd, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH);
	return ret < 0 ? rebuild_fail(b, m, "cannot prepare it") : 0;
}

/* The copier */

static int copy(const struct rebuild *b, const struct mount *m)
{
	char name[24];
	int fd;

	name_of(b, m, name, sizeof(name));
	fd = open_tree(AT_FDCWD, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
		       AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
	return fd < 0 ? rebuild_fail(b, m, "cannot take it out of a copy") : fd;
}

static int make_base(const struct rebuild *b, const struct mount *m)
{
	const char *what;
	int fd = layer_create(m->fs, &what);

	if (fd < 0 || layer_seal(m->fs, fd) < 0)
		return rebuild_fail(b, m, "cannot make it anew in its user namespace: %s",
				    what);
	return fd;
}

static __attribute__((noreturn))
void be_copier(const struct rebuild *b, int socket)
{
	const struct mount *m;
	int fd = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (namespaces_enter_user(b->r, mounts_owner(b->r, b->inode)) < 0 ||
	    unshare(CLONE_NEWNS) < 0) {
		fail(b, "cannot copy its mounts");
		_exit(EXIT_NO_RESTART);
	}
	/* It is forgotten by who gets into another user namespace. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (m = b->mount; m < b->mount + b->nr && fd >= 0; m++) {
		if (!has_base(b, m) && (is_locked(m) || !is_copied(m)))
			continue;
		fd = has_base(b, m) ? make_base(b, m) : copy(b, m);
		if (fd >= 0 && pass_fd(socket, fd) < 0)
			fd = rebuild_fail(b, m, "cannot hand it over");
	}
	_exit(fd < 0 ? EXIT_NO_RESTART : 0);
}

/* The builder */

/* In the order in which the copier sends them */
static int take_all(struct rebuild *b, int socket)
{
	struct mount *m;
	int fd;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (!has_base(b, m) && (is_locked(m) || !is_copied(m)))
			continue;
		fd = take_fd(socket, 0);
		/* Who has ended has logged why. */
		if (fd < 0)
			return errno == ESRCH ? -1 : rebuild_fail(b, m, "cannot take it over");
		if (has_base(b, m)) {
			m->base = fd;
			continue;
		}
		close(m->fd);
		m->fd = fd;
	}
	return 0;
}

static int have_copied(struct rebuild *b)
{
	int fd[2], ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return fail(b, "cannot have a socket");
	pid = fork();
	if (!pid) {
		close(fd[0]);
		be_copier(b, fd[1]);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return fail(b, "cannot create a process");
	}
	ret = take_all(b, fd[0]);
	close(fd[0]);
	return rebuild_wait(b->r, pid) ?: ret;
}

static int show_all(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++)
		if (is_copied(m) && !is_locked(m) && show_to_copier(b, m) < 0)
			return -1;
	return 0;
}

static int make_copiers(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++)
		if (m->is_late && mount_make(b, m, false) < 0)
			return -1;
	return 0;
}

static size_t depth_of(const struct rebuild *b, const struct mount *m)
{
	size_t depth = 0;

	for (; m->saved.parent_id; m = mount_parent(b, m))
		depth++;
	return depth;
}

static bool is_same_place(int a, int b)
{
	struct stat one, other;

	return !fstat(a, &one) && !fstat(b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* What is locked came with the tree that it is in: there it is found by its path. */
static int find_copy(const struct rebuild *b, struct mount *m)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	struct mount *parent;
	const char *below;
	int fd = -1;

	if (!is_locked(m) || m->found)
		return 0;
	/* Of those that lie on each other, the path leads to the uppermost one. */
	parent = mount_parent(b, m);
	while (is_locked(parent) && !strcmp(parent->point, m->point))
		parent = mount_parent(b, parent);
	if (find_copy(b, parent) < 0)
		return -1;
	below = path_below(m->point, parent->point);
	errno = ENOENT;
	if (below && *below)
		fd = syscall(SYS_openat2, parent->fd, below, &how, sizeof(how));
	if (fd < 0 || !is_same_place(fd, m->fd))
		return rebuild_fail(b, m, "cannot find it in a copy");
	close(m->fd);
	m->fd = fd;
	m->found = true;
	return 0;
}

/* Those that are as far from the root; of these, the deeper ones are not in the way. */
static int put_level(struct rebuild *b, size_t depth, size_t length)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (is_locked(m) || strlen(m->point) != length || depth_of(b, m) != depth)
			continue;
		if (find_copy(b, mount_parent(b, m)) < 0 || mount_put(b, m) < 0)
			return -1;
	}
	return 0;
}

static int put_others(struct rebuild *b)
{
	size_t depth, length, longest = 0, i;

	for (i = 0; i < b->nr; i++)
		if (strlen(b->mount[i].point) > longest)
			longest = strlen(b->mount[i].point);
	for (depth = 1; depth < b->nr; depth++)
		for (length = longest; length > 0; length--)
			if (put_level(b, depth, length) < 0)
				return -1;
	return 0;
}

/* What is not locked but set */
static int finish(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (m->flags == m->saved.flags)
			continue;
		if (find_copy(b, m) < 0)
			return -1;
		m->saved.flags = m->flags;
		if (mount_set_attributes(b, m) < 0)
			return -1;
	}
	return 0;
}

/* In a copy of this machine's mounts that is nobody else's */
static int make_all(struct rebuild *b)
{
	if (rebuild_take(b) < 0 || prepare(b) < 0 || mounts_make(b, true) < 0 ||
	    mounts_make(b, false) < 0 || rebuild_put(b) < 0 || enter_scratch(b) < 0)
		return -1;
	return show_all(b) < 0 || have_copied(b) < 0 ? -1 : make_copiers(b);
}

static int build(struct rebuild *b, int machine)
{
	if (setns(machine, CLONE_NEWNS) < 0 || unshare(CLONE_NEWNS) < 0)
		return fail(b, "cannot have a copy of this machine's mounts");
	if (make_all(b) < 0)
		return -1;
	if (setns(b->fd, CLONE_NEWNS) < 0)
		return fail(b, "cannot enter it");
	b->adopted = 0;
	if (rebuild_change_root(b) < 0 || put_others(b) < 0)
		return -1;
	return finish(b);
}

int inner_mounts_rebuild(struct rebuild *b, int machine)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(build(b, machine) < 0 ? EXIT_NO_RESTART : 0);
	}
	if (pid < 0)
		return fail(b, "cannot create a process");
	return rebuild_wait(b->r, pid);
}

static __attribute__((noreturn)) void hold_machine(const struct restart *r, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS) < 0 || container_private_mounts() < 0)
		log_add(r->log, "cannot copy this machine's mounts: %s", strerror(errno));
	else if (write(ready, "r", 1) == 1)
		pause();
	_exit(EXIT_NO_RESTART);
}

int inner_mounts_machine(const struct restart *r)
{
	int ready[2], fd = -1;
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0) {
		log_add(r->log, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid)
		hold_machine(r, ready[1]);
	close(ready[1]);
	/* It logs why it cannot. */
	errno = pid < 0 ? errno : 0;
	if (pid > 0 && read(ready[0], &byte, 1) == 1)
		fd = namespaces_open(pid, NS_OF_MOUNTS);
	close(ready[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (fd < 0)
		log_add(r->log, "cannot keep a copy of this machine's mounts%s%s",
			errno ? ": " : "", errno ? strerror(errno) : "");
	return fd;
}
