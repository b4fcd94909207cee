// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces become what they were
 *
 * A new namespace begins as a copy of this machine's. Each saved mount is made as
 * a mount that is nowhere, and put on the one on which it was, by descriptors
 * and not by paths: so it does not matter what is mounted over what. When the
 * tree is whole, its root becomes that of the namespace, and the copy goes. Only
 * then are overlays of directories that are inside made.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/container.h"
#include "../common/log.h"
#include "../common/mounttable.h"
#include "../common/util.h"
#include "rebuild.h"

#define ALL_ATTRIBUTES	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | \
			 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | ATTR_ATIME | \
			 MOUNT_ATTR_NODIRATIME | ATTR_NOSYMFOLLOW)

bool mounts_wanted(const struct restart *r)
{
	return r->o.namespaces & CLONE_NEWNS && !r->o.host_mounts;
}

/* Of the one with this inode number, or of the root task's for 0. */
static const struct ckpt_record *find_namespace(const struct state *state,
						uint64_t inode)
{
	struct ckpt_mount_ns body;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_MOUNT_NS)
			continue;
		ckpt_record_body(state->record[i], &body, sizeof(body));
		if (inode ? body.inode == inode :
		    body.flags & CKPT_MOUNT_NS_ROOT)
			return state->record[i];
	}
	return NULL;
}

bool mounts_are_saved(const struct restart *r, uint64_t ns_inode)
{
	return !r->o.host_mounts && find_namespace(&r->state, ns_inode);
}

/* Whether a mount is one of the mount namespace with this inode number. */
static bool is_mount_of(const struct restart *r, const struct ckpt_mount *mount,
			uint64_t held)
{
	const struct ckpt_record *record = state_object(&r->state,
							mount->filesystem_id);
	const char *root = record_string(record, 2);
	struct ckpt_filesystem fs;

	ckpt_record_body(record, &fs, sizeof(fs));
	return fs.kind == CKPT_FILESYSTEM_NAMESPACE &&
	       !strncmp(root, "mnt:[", 5) && strtoull(root + 5, NULL, 10) == held;
}

bool mounts_hold(const struct restart *r, uint64_t ns_inode, uint64_t held)
{
	const struct ckpt_record *ns = r->o.host_mounts ? NULL :
		find_namespace(&r->state, ns_inode);
	struct ckpt_mount mount;
	size_t i;

	for (i = 0; ns && i < r->state.nr; i++) {
		if (r->state.record[i]->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(r->state.record[i], &mount, sizeof(mount));
		if (mount.ns_id == ns->id && is_mount_of(r, &mount, held))
			return true;
	}
	return false;
}

uint64_t mounts_root_ns(const struct restart *r)
{
	const struct ckpt_record *ns = find_namespace(&r->state, 0);
	struct ckpt_mount_ns body;

	if (!ns || !mounts_wanted(r))
		return 0;
	ckpt_record_body(ns, &body, sizeof(body));
	return body.inode;
}

int rebuild_fail(const struct rebuild *b, const struct mount *m,
		 const char *format, ...)
{
	int error = errno;
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	log_add(b->r->log, "mount %s (%s): %s%s%s", m->point,
		record_string(m->fs, 0), what, error ? ": " : "",
		error ? strerror(error) : "");
	return -1;
}

static void take_mounts(struct rebuild *b)
{
	const struct state *state = &b->r->state;
	const struct ckpt_record *record;
	struct ckpt_mount saved;
	size_t i;

	b->mount = xcalloc(b->body.nr_mounts, sizeof(*b->mount));
	for (i = 0; i < state->nr; i++) {
		record = state->record[i];
		if (record->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(record, &saved, sizeof(saved));
		if (saved.ns_id != b->ns->id)
			continue;
		b->mount[b->nr++] = (struct mount){
			.saved = saved, .id = record->id,
			.root = record_string(record, 0),
			.point = record_string(record, 1),
			.fs = state_object(state, saved.filesystem_id),
			.fd = -1, .base = -1,
		};
	}
}

static bool is_inside(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.flags & CKPT_FILESYSTEM_INSIDE;
}

static struct mount *parent_of(const struct rebuild *b, const struct mount *m)
{
	size_t i = 0;

	while (b->mount[i].id != m->saved.parent_id)
		i++;
	return &b->mount[i];
}

/* A path from a directory, by neither links nor other mounts. */
static int open_below(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};

	return syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
}

static int clone_of(int dir, const char *path)
{
	int fd = open_below(dir, path), clone, error;

	if (fd < 0)
		return -1;
	clone = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE |
			  OPEN_TREE_CLOEXEC);
	error = errno;
	close(fd);
	errno = error;
	return clone;
}

static int layer_of(const struct rebuild *b, const struct mount *m)
{
	const struct state *state = &b->r->state;
	size_t i;

	for (i = 0; i < state->nr_layers; i++)
		if (state->layer[i].ns_id == b->ns->id &&
		    state->layer[i].filesystem_id == m->fs->id)
			return state->layer[i].fd;
	errno = ENOENT;
	return -1;
}

/* A mount from elsewhere can be copied only when it is in our namespace. */
static int adopt_layer(struct rebuild *b, const struct mount *m)
{
	int fd = layer_of(b, m);

	if (fd < 0 || move_mount(fd, "", AT_FDCWD, "/",
				 MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return rebuild_fail(b, m, "cannot take its content");
	b->adopted++;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int new_base(struct rebuild *b, const struct mount *m)
{
	struct ckpt_filesystem fs;
	const char *what;
	int fd;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_CONTENT)
		return adopt_layer(b, m);
	/* What there is outside was looked at before: it looks otherwise from there. */
	if (fs.cgroup_ns && cgroup_roots_unshare(b->r, fs.cgroup_ns) < 0)
		return -1;
	fd = layer_create(m->fs, &what);
	if (fd >= 0 && !layer_seal(m->fs, fd))
		return fd;
	rebuild_fail(b, m, "cannot make it anew: %s", what);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Of the same namespace, or of one that was made before */
static int find_base(const struct rebuild *b, const struct mount *m)
{
	const struct rebuild *other;
	struct ckpt_filesystem fs;
	size_t i;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	for (other = b->first; other <= b; other++)
		for (i = 0; i < other->nr; i++)
			if (other->mount[i].fs == m->fs &&
			    other->mount[i].base >= 0 &&
			    (other == b || fs.kind == CKPT_FILESYSTEM_NEW))
				return other->mount[i].base;
	return -1;
}

/* Of all mounts of a file system, the first one makes it. */
static int clone_new(struct rebuild *b, struct mount *m)
{
	int base = find_base(b, m), fd;

	if (base < 0)
		base = m->base = new_base(b, m);
	if (base < 0)
		return -1;
	fd = clone_of(base, m->root + 1);
	return fd < 0 ? rebuild_fail(b, m, "cannot mount %s of it", m->root) : fd;
}

static int clone_namespace(const struct rebuild *b, const struct mount *m)
{
	int fd = namespaces_of_mount(b->r, m->root);
	int clone = fd < 0 ? -1 : open_tree(fd, "", AT_EMPTY_PATH |
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return clone < 0 ?
		rebuild_fail(b, m, "cannot mount the namespace %s", m->root) :
		clone;
}

static int set_attributes(const struct rebuild *b, const struct mount *m)
{
	static const struct {
		uint32_t flag;
		uint64_t attr;
	} attributes[] = {
		{ CKPT_MOUNT_RDONLY, MOUNT_ATTR_RDONLY },
		{ CKPT_MOUNT_NOSUID, MOUNT_ATTR_NOSUID },
		{ CKPT_MOUNT_NODEV, MOUNT_ATTR_NODEV },
		{ CKPT_MOUNT_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ CKPT_MOUNT_NOATIME, MOUNT_ATTR_NOATIME },
		{ CKPT_MOUNT_STRICTATIME, MOUNT_ATTR_STRICTATIME },
		{ CKPT_MOUNT_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ CKPT_MOUNT_NOSYMFOLLOW, ATTR_NOSYMFOLLOW },
	};
	struct mount_attr attr = { .attr_clr = ALL_ATTRIBUTES };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		if (m->saved.flags & attributes[i].flag)
			attr.attr_set |= attributes[i].attr;
	if (!mount_setattr(m->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return rebuild_fail(b, m, "cannot set its flags");
}

static int make_mount(struct rebuild *b, struct mount *m, bool may_wait)
{
	struct ckpt_filesystem fs;
	int ret = 0;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_EXTERNAL)
		ret = outside_clone(b, m, may_wait);
	else if (fs.kind == CKPT_FILESYSTEM_NAMESPACE)
		m->fd = clone_namespace(b, m);
	else
		m->fd = clone_new(b, m);
	if (ret > 0)
		return 0;
	return ret < 0 || m->fd < 0 ? -1 : set_attributes(b, m);
}

static int make_mounts(struct rebuild *b, bool may_wait)
{
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->mount[i].fd < 0 && !b->mount[i].is_late &&
		    make_mount(b, &b->mount[i], may_wait) < 0)
			return -1;
	return 0;
}

static int put_on_parent(const struct rebuild *b, const struct mount *m)
{
	const struct mount *parent = parent_of(b, m);
	const char *below = path_below(m->point, parent->point);
	int point, ret;

	errno = 0;
	if (!below)
		return rebuild_fail(b, m, "is not below %s, on which it should be",
			    parent->point);
	point = open_below(parent->fd, below);
	if (point < 0)
		return rebuild_fail(b, m, "there is no such place on the mount %s",
			    parent->point);
	ret = move_mount(m->fd, "", point, "", MOVE_MOUNT_F_EMPTY_PATH |
			 MOVE_MOUNT_T_EMPTY_PATH);
	if (ret < 0)
		rebuild_fail(b, m, "cannot put it there");
	close(point);
	return ret;
}

static int compare_depth(const void *a, const void *b)
{
	const struct mount *x = *(struct mount *const *)a;
	const struct mount *y = *(struct mount *const *)b;
	size_t i = strlen(x->point), k = strlen(y->point);

	return i < k ? 1 : i > k ? -1 : 0;
}

/* The deeper ones first: so no mount is in the way of another one. */
static int put_all(const struct rebuild *b)
{
	struct mount **order = xcalloc(b->nr, sizeof(*order));
	size_t i;
	int ret = 0;

	for (i = 0; i < b->nr; i++)
		order[i] = &b->mount[i];
	qsort(order, b->nr, sizeof(*order), compare_depth);
	for (i = 0; i < b->nr && !ret; i++)
		if (order[i]->saved.parent_id && !order[i]->put_late)
			ret = put_on_parent(b, order[i]);
	free(order);
	return ret;
}

/* What is on one that is late, is late, too. */
static void find_late(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		m->is_late = is_inside(m);
		m->put_late = m->is_late || (m->saved.parent_id &&
					     parent_of(b, m)->put_late);
	}
}

static int make_late(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (m->is_late && make_mount(b, m, false) < 0)
			return -1;
		if (m->put_late && put_on_parent(b, m) < 0)
			return -1;
	}
	return 0;
}

/* Takes away what adopt_layer() has put on the root, at PATH. */
static int drop_layers(const struct rebuild *b, const char *path)
{
	size_t i;

	for (i = 0; i < b->adopted; i++)
		if (umount2(path, MNT_DETACH) < 0)
			return -1;
	return 0;
}

/* The old root is our directory: first goes what lies on it, then itself. */
static int leave_old_root(const struct rebuild *b)
{
	if (drop_layers(b, ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

/* The old root lies on the new one for a moment. */
static int change_root(const struct rebuild *b)
{
	const struct mount *root = b->mount;
	int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), ret = -1;

	if (old < 0 || move_mount(root->fd, "", AT_FDCWD, "/",
				  MOVE_MOUNT_F_EMPTY_PATH) < 0)
		rebuild_fail(b, root, "cannot mount it");
	else if (fchdir(root->fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		rebuild_fail(b, root, "cannot make it the root (is our own root a mount?)");
	else if (fchdir(old) < 0 || leave_old_root(b) < 0)
		rebuild_fail(b, root, "cannot take away the mounts of this machine");
	else
		ret = 0;
	if (old >= 0)
		close(old);
	return ret;
}

int rebuild_enter_root(const struct rebuild *b)
{
	const char *root = record_string(b->ns, 0);

	if (!strcmp(root, "/") || (!chroot(root) && !chdir("/")))
		return 0;
	log_add(b->r->log, "cannot make %s the root directory: %s", root,
		strerror(errno));
	return -1;
}

static int check_root(const struct rebuild *b)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(b->mount->fs, &fs, sizeof(fs));
	errno = 0;
	if (is_inside(b->mount))
		return rebuild_fail(b, b->mount, "the root cannot be made of what is inside");
	if (!b->r->o.root || !(b->body.flags & CKPT_MOUNT_NS_ROOT) ||
	    fs.kind == CKPT_FILESYSTEM_EXTERNAL)
		return 0;
	return rebuild_fail(b, b->mount, "it is in the image: --root cannot replace it");
}

static bool is_external(const struct mount *m)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(m->fs, &fs, sizeof(fs));
	return fs.kind == CKPT_FILESYSTEM_EXTERNAL;
}

/* The copy was made private, with all that this took from it. */
static int keep_unbindable(const struct rebuild *b, const struct mount *m)
{
	struct mount_attr attr = { .propagation = MS_UNBINDABLE };

	if (m->fd < 0 || !(m->saved.flags & CKPT_MOUNT_UNBINDABLE) ||
	    !mount_setattr(m->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return rebuild_fail(b, m, "cannot make it unbindable");
}

/* It has to be where it is outside, and gets its attributes there. */
static int keep_mount(const struct rebuild *b, struct mount *m)
{
	const struct mnt *here = NULL;
	size_t i;

	for (i = 0; i < b->here.nr && !here; i++)
		if (outside_is_like(&b->here.mnt[i], m) &&
		    !strcmp(b->here.mnt[i].point, m->point))
			here = &b->here.mnt[i];
	errno = 0;
	if (!here)
		return rebuild_fail(b, m, "it is not there outside, and cannot be put there in a user namespace");
	if (!mount_is_seen(here))
		return 0;
	m->fd = open(m->point, O_PATH | O_CLOEXEC);
	return m->fd < 0 ? rebuild_fail(b, m, "cannot open it") : set_attributes(b, m);
}

static int add_mount(struct rebuild *b, struct mount *m)
{
	if (make_mount(b, m, false) < 0)
		return -1;
	if (move_mount(m->fd, "", AT_FDCWD, m->point, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return rebuild_fail(b, m, "cannot put it there");
	return 0;
}

/*
 * What a user namespace has got from outside stays together: nothing of it can be
 * taken away or put elsewhere. So the copy is kept, and the rest comes on top.
 */
static int rebuild_on_copy(struct rebuild *b)
{
	size_t i, external = 0;

	for (i = 0; i < b->nr; i++) {
		if (!is_external(&b->mount[i]))
			continue;
		external++;
		if (keep_mount(b, &b->mount[i]) < 0)
			return -1;
	}
	errno = 0;
	if (external != b->here.nr)
		return rebuild_fail(b, b->mount, "this machine has %zu mounts, of which there were %zu in the user namespace, and none can be taken away",
			    b->here.nr, external);
	for (i = 0; i < b->nr; i++) {
		if (b->mount[i].saved.peer_group || b->mount[i].saved.master)
			return rebuild_fail(b, &b->mount[i], "it shared with others: not supported in a user namespace");
		if (!is_external(&b->mount[i]) && add_mount(b, &b->mount[i]) < 0)
			return -1;
		if (keep_unbindable(b, &b->mount[i]) < 0)
			return -1;
	}
	/* They would be the root of who enters by setns(). */
	if (drop_layers(b, "/") < 0)
		return rebuild_fail(b, b->mount, "cannot take away what lies on it");
	return 0;
}

static int rebuild(struct rebuild *b)
{
	if (check_root(b) < 0)
		return -1;
	if (mount_table_read(&b->here, 0) < 0) {
		log_add(b->r->log, "cannot read this machine's mounts: %s",
			strerror(errno));
		return -1;
	}
	if (userns_wanted(b->r))
		return rebuild_on_copy(b);
	find_late(b);
	if (make_mounts(b, true) < 0 || make_mounts(b, false) < 0)
		return -1;
	return put_all(b) < 0 || change_root(b) < 0 ? -1 : make_late(b);
}

int rebuild_begin(struct rebuild *b)
{
	b->ns = find_namespace(&b->r->state, b->inode);
	ckpt_record_body(b->ns, &b->body, sizeof(b->body));
	if (container_private_mounts() < 0) {
		log_add(b->r->log, "cannot make the mounts private: %s",
			strerror(errno));
		return -1;
	}
	take_mounts(b);
	return rebuild(b);
}

void rebuild_end(struct rebuild *b)
{
	size_t i;

	for (i = 0; i < b->nr; i++) {
		if (b->mount[i].fd >= 0)
			close(b->mount[i].fd);
		if (b->mount[i].base >= 0)
			close(b->mount[i].base);
	}
	free(b->mount);
	mount_table_free(&b->here);
}

bool mounts_have_proc(const struct restart *r)
{
	const struct state *state = &r->state;
	struct ckpt_filesystem fs;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_FILESYSTEM)
			continue;
		ckpt_record_body(state->record[i], &fs, sizeof(fs));
		if (fs.kind == CKPT_FILESYSTEM_NEW &&
		    !strcmp(record_string(state->record[i], 0), "proc"))
			return true;
	}
	return false;
}

void mounts_close(struct restart *r)
{
	size_t i;

	for (i = 0; i < r->state.nr_layers; i++)
		close(r->state.layer[i].fd);
	r->state.nr_layers = 0;
}
