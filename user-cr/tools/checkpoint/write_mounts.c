// SPDX-License-Identifier: GPL-2.0-only
/* The records of mounts and file systems */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <checkpoint/tool_image.h>
#include "../common/cgroup_options.h"
#include "../common/content.h"
#include "../common/util.h"
#include "checkpoint.h"
#include "mounts.h"

#define PIECE	(256U << 10)

static uint32_t filesystem_flags(const struct mnt *mnt)
{
	uint32_t flags = 0;

	if (mnt->sb_flags & MS_RDONLY)
		flags |= CKPT_FILESYSTEM_RDONLY;
	if (mnt->sb_flags & MS_SYNCHRONOUS)
		flags |= CKPT_FILESYSTEM_SYNCHRONOUS;
	if (mnt->sb_flags & MS_DIRSYNC)
		flags |= CKPT_FILESYSTEM_DIRSYNC;
	if (mnt->sb_flags & MS_LAZYTIME)
		flags |= CKPT_FILESYSTEM_LAZYTIME;
	return flags;
}

/**
 * struct pieces - content that becomes records
 * @s: where these go
 * @id: of the file system
 * @bytes: of the next piece
 * @len: their number
 */
struct pieces {
	struct sections *s;
	uint32_t id;
	char *bytes;
	size_t len;
};

static void put_piece(struct pieces *p, bool last)
{
	struct ckpt_content content = { .filesystem_id = p->id, .last = last };

	sections_add(p->s, CKPT_REC_CONTENT, &content, sizeof(content),
		     p->bytes, p->len);
	p->len = 0;
}

static int take_content(void *arg, const void *bytes, size_t len)
{
	struct pieces *p = arg;
	const char *from = bytes;
	size_t step;

	for (; len; len -= step, from += step) {
		step = PIECE - p->len < len ? PIECE - p->len : len;
		memcpy(p->bytes + p->len, from, step);
		p->len += step;
		if (p->len == PIECE)
			put_piece(p, false);
	}
	return p->s->error || interrupted() ? -1 : 0;
}

static int write_content(struct mounts *m, const struct filesystem *fs,
			 struct sections *s)
{
	struct pieces p = { .s = s, .id = fs->id, .bytes = xcalloc(1, PIECE) };
	struct content content = {
		.dir = fs->dir, .write = take_content, .arg = &p,
	};
	int ret = content_save(&content);

	put_piece(&p, true);
	free(p.bytes);
	if (ret < 0 && !s->error && !interrupted())
		mounts_refuse(m, &m->ns[fs->ns], fs->mnt, "%s", content.error);
	return ret;
}

static void add_options(struct strings *tail, const struct filesystem *fs)
{
	const struct mnt *mnt = fs->mnt;
	const char *option = mnt->options;
	const char *end = option + mnt->options_len;

	for (; option < end; option += strlen(option) + 1)
		if (fs->kind != CKPT_FILESYSTEM_NEW ||
		    cgroup_option_is_harmless(mnt->type, option))
			strings_add(tail, option);
}

static int write_filesystem(struct mounts *m, struct filesystem *fs,
			    struct sections *s)
{
	const struct mnt *mnt = fs->mnt;
	struct ckpt_filesystem body = {
		.kind = fs->kind,
		.flags = filesystem_flags(mnt) |
			 (fs->inside ? CKPT_FILESYSTEM_INSIDE : 0),
		.dev_major = mnt->major, .dev_minor = mnt->minor,
		.cgroup_ns = mnt->cgroup_ns,
	};
	struct strings tail = { 0 };

	strings_add(&tail, mnt->type);
	strings_add(&tail, mnt->source);
	strings_add(&tail, mnt->root);
	strings_add(&tail, fs->outside ? fs->outside : "");
	add_options(&tail, fs);
	fs->id = sections_add_object(s, CKPT_REC_FILESYSTEM, &body,
				     sizeof(body), &tail);
	return fs->kind == CKPT_FILESYSTEM_CONTENT && s->fd >= 0 ?
		write_content(m, fs, s) : 0;
}

/* Groups are numbered by the kernel; which number it is, means nothing. */
static void write_mount(const struct mounts *m, const struct mount_ns *ns,
			size_t i, const uint32_t *ids, struct sections *s,
			uint32_t *id)
{
	const struct mnt *mnt = &ns->table.mnt[i];
	size_t parent = mount_index(&ns->table, mnt->parent);
	struct ckpt_mount body = {
		.ns_id = ns->id, .filesystem_id = m->fs[ns->fs[i]].id,
		.parent_id = parent < ns->table.nr ? ids[parent] : 0,
		.peer_group = mnt->peer_group, .master = mnt->master,
	};
	struct strings tail = { 0 };

	mount_flags(mnt, &body.flags);
	if (ns->locks)
		body.flags |= ns->locks[i];
	strings_add(&tail, mnt->root);
	strings_add(&tail, mnt->point);
	*id = sections_add_object(s, CKPT_REC_MOUNT, &body, sizeof(body),
				  &tail);
}

static void write_namespace(struct mounts *m, struct mount_ns *ns,
			    struct sections *s)
{
	struct ckpt_mount_ns body = {
		.inode = ns->inode, .pid = ns->pid, .nr_mounts = ns->table.nr,
		.flags = ns->of_root ? CKPT_MOUNT_NS_ROOT : 0,
	};
	uint32_t *ids = xcalloc(ns->table.nr, sizeof(*ids));
	struct strings tail = { 0 };
	size_t i;

	strings_add(&tail, ns->root);
	ns->id = sections_add_object(s, CKPT_REC_MOUNT_NS, &body, sizeof(body),
				     &tail);
	for (i = 0; i < ns->table.nr; i++)
		write_mount(m, ns, ns->order[i], ids, s, &ids[ns->order[i]]);
	free(ids);
}

int mounts_write(struct mounts *m, struct sections *s)
{
	size_t i;

	for (i = 0; i < m->nr_fs; i++)
		if (write_filesystem(m, &m->fs[i], s) < 0)
			return -1;
	for (i = 0; i < m->nr_ns; i++)
		write_namespace(m, &m->ns[i], s);
	return 0;
}
