// SPDX-License-Identifier: GPL-2.0-only
/* Where a file system comes from: from outside, or it is made anew */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/cgroup_options.h"
#include "../common/util.h"
#include "mounts.h"

/* By their type and options alone */
static bool is_made_anew(const char *type)
{
	static const char *const made_anew[] = { CKPT_FILESYSTEM_NEW_TYPES };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(made_anew); i++)
		if (!strcmp(type, made_anew[i]))
			return true;
	return false;
}

bool mounts_host_has(const struct mounts *m, const struct mnt *mnt)
{
	size_t i;

	for (i = 0; i < m->host.nr; i++)
		if (same_filesystem(&m->host.mnt[i], mnt))
			return true;
	return false;
}

/* Whether PATH leads to what is mounted as HOST, and not to something over it. */
static bool leads_to(const char *path, const struct mnt *host)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id;
	bool ok;

	if (fd < 0)
		return false;
	ok = !mount_id_of(fd, &id) && id == host->id;
	close(fd);
	return ok;
}

/*
 * Where outside one can see what is mounted as MNT. It may be hidden there, as
 * the proc of a machine is below that of a container; only where there is no
 * mount of it is there no path.
 */
static char *find_outside(const struct mounts *m, const struct mnt *mnt)
{
	const struct mnt *host;
	const char *below;
	char *path, *hidden = NULL;
	size_t i;

	for (i = 0; i < m->host.nr; i++) {
		host = &m->host.mnt[i];
		if (!same_filesystem(host, mnt) || !*host->point)
			continue;
		below = path_below(mnt->root, host->root);
		if (!below)
			continue;
		path = path_join(host->point, below);
		if (leads_to(path, host)) {
			free(hidden);
			return path;
		}
		if (hidden)
			free(path);
		else
			hidden = path;
	}
	return hidden;
}

/* A process can enter a pid namespace for its children only, and is their parent. */
static void check_namespace(struct mounts *m, const struct mount_ns *ns,
			    const struct mnt *mnt)
{
	if (!strncmp(mnt->root, "pid:", 4))
		mounts_refuse(m, ns, mnt, "holds the namespace %s: not supported",
			      mnt->root);
}

/*
 * No image may have control groups mounted with a program to run. Where the machine
 * itself has the hierarchy, that is the machine's, and left out.
 */
static void check_options(struct mounts *m, const struct mount_ns *ns,
			  const struct mnt *mnt)
{
	const char *option = mnt->options;
	const char *end = option + mnt->options_len;

	for (; option < end; option += strlen(option) + 1)
		if (!cgroup_option_is_harmless(mnt->type, option) &&
		    !mounts_host_has(m, mnt))
			mounts_refuse(m, ns, mnt, "its option %s may do harm to a machine: not supported",
				      option);
}

static uint32_t kind_of(struct mounts *m, const struct mnt *mnt)
{
	if (mnt->cgroup_ns)
		return CKPT_FILESYSTEM_NEW;
	if (mounts_host_has(m, mnt))
		return CKPT_FILESYSTEM_EXTERNAL;
	if (mount_of_namespace(mnt))
		return CKPT_FILESYSTEM_NAMESPACE;
	if (!strcmp(mnt->type, CKPT_FILESYSTEM_TMPFS))
		return CKPT_FILESYSTEM_CONTENT;
	if (is_made_anew(mnt->type))
		return CKPT_FILESYSTEM_NEW;
	return 0;
}

static size_t add(struct mounts *m, size_t n, const struct mnt *mnt)
{
	const struct mount_ns *ns = &m->ns[n];
	struct filesystem fs = {
		.kind = kind_of(m, mnt), .mnt = mnt, .ns = n, .dir = -1,
	};

	if (!fs.kind)
		mounts_refuse(m, ns, mnt, "%s is mounted only inside, and cannot be made anew: not supported",
			      mnt->source);
	if (fs.kind == CKPT_FILESYSTEM_NAMESPACE)
		check_namespace(m, ns, mnt);
	if (fs.kind == CKPT_FILESYSTEM_EXTERNAL) {
		fs.outside = find_outside(m, mnt);
		if (!fs.outside)
			mounts_refuse(m, ns, mnt, "no mount outside shows %s of %s: not supported",
				      mnt->root, mnt->source);
	}
	if (fs.kind == CKPT_FILESYSTEM_NEW)
		check_options(m, ns, mnt);
	if (fs.kind == CKPT_FILESYSTEM_NEW && !strcmp(mnt->type, "overlay"))
		fs.inside = overlay_check(m, ns, mnt);
	m->fs = xrealloc(m->fs, m->nr_fs + 1, sizeof(*m->fs));
	m->fs[m->nr_fs] = fs;
	return m->nr_fs++;
}

/* From outside, each directory that is mounted is found by itself. */
static bool is_the_one(const struct filesystem *fs, const struct mnt *mnt)
{
	if (!same_filesystem(fs->mnt, mnt) ||
	    fs->mnt->cgroup_ns != mnt->cgroup_ns)
		return false;
	return fs->kind != CKPT_FILESYSTEM_EXTERNAL ||
	       !strcmp(fs->mnt->root, mnt->root);
}

size_t filesystem_of(struct mounts *m, size_t ns, const struct mnt *mnt)
{
	struct filesystem *fs;
	size_t i;

	for (i = 0; i < m->nr_fs; i++)
		if (is_the_one(&m->fs[i], mnt))
			break;
	if (i == m->nr_fs)
		return add(m, ns, mnt);
	fs = &m->fs[i];
	if (path_below(mnt->root, fs->mnt->root))
		return i;
	if (!path_below(fs->mnt->root, mnt->root))
		mounts_refuse(m, &m->ns[ns], mnt, "no mount shows both %s and %s: not supported",
			      mnt->root, fs->mnt->root);
	fs->mnt = mnt;
	fs->ns = ns;
	return i;
}
