// SPDX-License-Identifier: GPL-2.0-only
/*
 * External files: what leads out of the saved tree, and what we have for it
 *
 * The kernel takes an external file from a descriptor of the process that
 * restores it, its slot. Ours get there when that process is about to join.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../common/util.h"
#include "restart.h"

static struct inherit *find_inherit(struct restart *r, const char *key)
{
	int i;

	for (i = 0; i < r->o.nr_inherits; i++)
		if (!strcmp(r->o.inherit[i].key, key))
			return &r->o.inherit[i];
	return NULL;
}

static bool allows(int fd, int access)
{
	int have = fcntl(fd, F_GETFL) & O_ACCMODE;

	return have == O_RDWR || have == access;
}

static int assign(struct restart *r, struct external *e)
{
	static const char *const modes[] = {
		"reading", "writing", "reading and writing", "anything",
	};
	struct inherit *inherit = find_inherit(r, e->key);

	if (inherit) {
		inherit->used = true;
		e->fd = inherit->fd;
	} else if (e->slot <= STDERR_FILENO) {
		e->fd = e->slot;
	} else {
		complain("the image needs %s for its descriptor %u: open it, or what shall take its place, and give it as in: restart --inherit-fd '%s=9' 9<>FILE",
			 e->key, e->slot, e->key);
		return -1;
	}
	if (allows(e->fd, e->access))
		return 0;
	complain("%s was open for %s, but descriptor %d, which shall take its place, is not: give another one with --inherit-fd '%s=FD'",
		 e->key, modes[e->access], e->fd, e->key);
	return -1;
}

int externals_assign(struct restart *r)
{
	struct image *image = &r->image;
	int i;

	for (i = 0; i < image->nr_externals; i++)
		if (image->external[i].key && assign(r, &image->external[i]) < 0)
			return -1;
	for (i = 0; i < r->o.nr_inherits; i++) {
		if (r->o.inherit[i].used)
			continue;
		complain("the image has no external file %s: see ckptinfo --externals",
			 r->o.inherit[i].key);
		return -1;
	}
	return 0;
}

static int place(const struct restart *r, const struct external *e)
{
	int fd = e->key ? e->fd : namespaces_of_file(r, e);

	return fd < 0 || (fd != (int)e->slot && dup2(fd, e->slot) < 0) ? -1 : 0;
}

int externals_place(const struct restart *r, uint32_t owner)
{
	const struct external *e = r->image.external;
	int i;

	for (i = 0; i < r->image.nr_externals; i++)
		if (e[i].owner == owner && place(r, &e[i]) < 0)
			return -1;
	return 0;
}
