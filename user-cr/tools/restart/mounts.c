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

struct mount *mount_parent(const struct rebuild *b, const struct mount *m)
{
	size_t i = 0;

	while (b->mount[i].id != m->saved.parent_id)
		i++;
	return &b->mount[i];
}

int mount_put(const struct rebuild *b, const struct mount *m)
{
	const struct mount *parent = mount_parent(b, m);
	const char *below = path_below(m->point, parent->point);
	int point, ret;

	errno = 0;
	if (!below)
		return rebuild_fail(b, m, "is not below %s, on which it should be",
			    parent->point);
	point = mount_open_below(parent->fd, below);
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

int rebuild_put(const struct rebuild *b)
{
	struct mount **order = xcalloc(b->nr, sizeof(*order));
	size_t i;
	int ret = 0;

	for (i = 0; i < b->nr; i++)
		order[i] = &b->mount[i];
	qsort(order, b->nr, sizeof(*order), compare_depth);
	for (i = 0; i < b->nr && !ret; i++)
		if (order[i]->saved.parent_id && !order[i]->put_late)
			ret = mount_put(b, order[i]);
	free(order);
	return ret;
}

/* What is on one that is late, is late, too. */
static void find_late(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		m->is_late = mount_is_inside(m);
		m->put_late = m->is_late || (m->saved.parent_id &&
					     mount_parent(b, m)->put_late);
	}
}

static int make_late(struct rebuild *b)
{
	struct mount *m;

	for (m = b->mount; m < b->mount + b->nr; m++) {
		if (m->is_late && mount_make(b, m, false) < 0)
			return -1;
		if (m->put_late && mount_put(b, m) < 0)
			return -1;
	}
	return 0;
}

int rebuild_drop_layers(const struct rebuild *b, const char *path)
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
	if (rebuild_drop_layers(b, ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

int rebuild_change_root(const struct rebuild *b)
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
	if (mount_is_inside(b->mount))
		return rebuild_fail(b, b->mount, "the root cannot be made of what is inside");
	if (!b->r->o.root || !(b->body.flags & CKPT_MOUNT_NS_ROOT) ||
	    fs.kind == CKPT_FILESYSTEM_EXTERNAL)
		return 0;
	return rebuild_fail(b, b->mount, "it is in the image: --root cannot replace it");
}

static int rebuild(struct rebuild *b)
{
	if (check_root(b) < 0)
		return -1;
	if (userns_wanted(b->r))
		return rebuild_on_copy(b);
	find_late(b);
	if (mounts_make(b, true) < 0 || mounts_make(b, false) < 0)
		return -1;
	return rebuild_put(b) < 0 || rebuild_change_root(b) < 0 ? -1 : make_late(b);
}

int rebuild_take(struct rebuild *b)
{
	b->ns = mounts_record(&b->r->state, b->inode);
	ckpt_record_body(b->ns, &b->body, sizeof(b->body));
	if (container_private_mounts() < 0) {
		log_add(b->r->log, "cannot make the mounts private: %s",
			strerror(errno));
		return -1;
	}
	take_mounts(b);
	if (!mount_table_read(&b->here, 0))
		return 0;
	log_add(b->r->log, "cannot read this machine's mounts: %s",
		strerror(errno));
	return -1;
}

int rebuild_begin(struct rebuild *b)
{
	return rebuild_take(b) < 0 ? -1 : rebuild(b);
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
