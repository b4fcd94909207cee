// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the layers of an overlay are
 *
 * Its options name them as whoever mounted it saw them: outside, or in the namespace.
 * A name may be in use in both, for other directories.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/util.h"
#include "mounts.h"

/**
 * struct layers - what is known of those of an overlay
 * @host: our mounts
 * @ns: the namespace
 * @mnt: a mount of it
 * @not_outside: the first layer that is not outside, or NULL
 * @not_inside: likewise
 * @differs: the first one that is another directory inside, or NULL
 */
struct layers {
	const struct mount_table *host;
	const struct mount_ns *ns;
	const struct mnt *mnt;
	char *not_outside;
	char *not_inside;
	char *differs;
};

static const struct mnt *find_mount(const struct mount_table *t, uint64_t id)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->mnt[i].id == id)
			return &t->mnt[i];
	return NULL;
}

/* The mount below the overlay that PATH is on, if nothing else is over that. */
static const struct mnt *mount_below(const struct layers *l, const char *path)
{
	const struct mnt *mnt = l->mnt;

	do
		mnt = find_mount(&l->ns->table, mnt->parent);
	while (mnt && !path_below(path, mnt->point));
	return mnt;
}

/* What of its file system PATH is, which is on a mount; NULL if that is not below. */
static char *place_of(const struct mnt *mnt, const char *path)
{
	const char *below = path_below(path, mnt->point);

	return below ? path_join(mnt->root, below) : NULL;
}

static bool same_place(const struct mnt *a, const struct mnt *b, const char *path)
{
	char *one = place_of(a, path), *other = place_of(b, path);
	bool same = one && other && same_filesystem(a, b) && !strcmp(one, other);

	free(one);
	free(other);
	return same;
}

static bool is_on(int fd, const struct mnt *mnt)
{
	uint64_t id;

	return !mount_id_of(fd, &id) && id == mnt->id;
}

/* The overlay lies on its own layer: only the mounts tell what that is. */
static bool same_below(const struct layers *l, int outside, const char *path)
{
	const struct mnt *below = mount_below(l, path), *host;
	uint64_t id;

	if (!below || mount_id_of(outside, &id) < 0)
		return false;
	host = find_mount(l->host, id);
	return host && same_place(host, below, path);
}

static bool is_same(const struct layers *l, int outside, int inside,
		    const char *path)
{
	struct stat one, other;

	if (is_on(inside, l->mnt))
		return same_below(l, outside, path);
	return !fstat(outside, &one) && !fstat(inside, &other) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void note(char **first, const char *path)
{
	if (!*first)
		*first = xstrdup(path);
}

static void take_layer(struct layers *l, const char *path)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int outside = open(path, flags);
	int inside = open_within(l->ns, path, O_DIRECTORY, 0);

	if (outside < 0)
		note(&l->not_outside, path);
	if (inside < 0)
		note(&l->not_inside, path);
	if (outside >= 0 && inside >= 0 && !is_same(l, outside, inside, path))
		note(&l->differs, path);
	if (outside >= 0)
		close(outside);
	if (inside >= 0)
		close(inside);
}

/* Several are separated by a colon; who knows where to one without a path led. */
static void take_layers(struct layers *l, const char *names)
{
	char *copy = xstrdup(names), *rest = copy, *path;

	while ((path = strsep(&rest, ":"))) {
		if (!*path)
			continue;
		if (*path == '/' && !strchr(path, '\\')) {
			take_layer(l, path);
			continue;
		}
		note(&l->not_outside, path);
		note(&l->not_inside, path);
	}
	free(copy);
}

/* The directories of an overlay, which only its options name. */
static const char *layer_of(const char *option)
{
	static const char *const names[] = {
		"lowerdir=", "lowerdir+=", "datadir+=", "upperdir=", "workdir=",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(option, names[i], strlen(names[i])))
			return option + strlen(names[i]);
	return NULL;
}

static void find_layers(struct layers *l)
{
	const char *option = l->mnt->options, *names;
	const char *end = option + l->mnt->options_len;

	for (; option < end; option += strlen(option) + 1) {
		names = layer_of(option);
		if (names)
			take_layers(l, names);
	}
}

bool overlay_check(struct mounts *m, const struct mount_ns *ns,
		   const struct mnt *mnt)
{
	struct layers l = { .host = &m->host, .ns = ns, .mnt = mnt };
	bool inside;

	find_layers(&l);
	/* Its paths are found from the root of the namespace. */
	if (l.not_outside && !l.not_inside && strcmp(ns->root, "/"))
		l.not_inside = xstrdup(l.not_outside);
	if (l.not_outside && l.not_inside)
		mounts_refuse(m, ns, mnt, "its layer %s is not found outside, nor its layer %s inside: not supported",
			      l.not_outside, l.not_inside);
	else if (!l.not_outside && !l.not_inside && l.differs)
		mounts_refuse(m, ns, mnt, "its layers are found outside and inside, but %s is not the same directory, so it cannot be told which are meant: not supported (give them a name that is not in use on the other side)",
			      l.differs);
	inside = l.not_outside;
	free(l.not_outside);
	free(l.not_inside);
	free(l.differs);
	return inside;
}
