// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounttable.h"
#include "util.h"

#ifndef SYS_statmount
#define SYS_statmount	457
#define SYS_listmount	458
#endif

#define GET_MNTNS_ID		_IOR(0xb7, 5, uint64_t)
#define LIST_ROOT		(~(uint64_t)0)
#define UNIQUE_MOUNT_ID		0x4000	/* for statx() */
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT	0x2000
#endif

/* What statmount() is asked for */
#define WANT_SB			0x0001
#define WANT_MOUNT		0x0002
#define WANT_ROOT		0x0008
#define WANT_POINT		0x0010
#define WANT_TYPE		0x0020
#define WANT_SOURCE		0x0200
#define WANT_OPTIONS		0x0400
#define WANT_SECURITY		0x0800
#define WANT_ALL		(WANT_SB | WANT_MOUNT | WANT_ROOT | WANT_POINT | \
				 WANT_TYPE | WANT_SOURCE | WANT_OPTIONS | \
				 WANT_SECURITY)

#define LIST_STEP		256
#define ANSWER_MAX		(4U << 20)

/* Question and answer of these calls; C libraries do not have them yet. */
struct question {
	uint32_t size;
	uint32_t fd;
	uint64_t mount;
	uint64_t param;
	uint64_t ns;
};

struct answer {
	uint32_t size;
	uint32_t options_text;
	uint64_t mask;
	uint32_t major;
	uint32_t minor;
	uint64_t magic;
	uint32_t sb_flags;
	uint32_t type;
	uint64_t id;
	uint64_t parent;
	uint32_t old_id;
	uint32_t old_parent;
	uint64_t attr;
	uint64_t propagation;
	uint64_t peer_group;
	uint64_t master;
	uint64_t propagate_from;
	uint32_t root;
	uint32_t point;
	uint64_t ns;
	uint32_t subtype;
	uint32_t source;
	uint32_t nr_options;
	uint32_t options;
	uint32_t nr_security;
	uint32_t security;
	uint64_t spare[46];
	char text[];
};

_Static_assert(sizeof(struct answer) == 512, "as the kernel has it");

uint64_t mount_ns_inode(pid_t pid)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int get_ns_id(pid_t pid, uint64_t *id)
{
	char path[40];
	int fd, ret, error;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, GET_MNTNS_ID, id);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

/* All that the kernel tells, to be freed; NULL and errno. */
static struct answer *ask(uint64_t ns, uint64_t id)
{
	struct question q = {
		.size = sizeof(q), .mount = id, .param = WANT_ALL, .ns = ns,
	};
	struct answer *a = NULL;
	size_t size;

	for (size = 8192; size <= ANSWER_MAX; size *= 2) {
		a = xrealloc(a, size, 1);
		memset(a, 0, sizeof(*a));
		if (!syscall(SYS_statmount, &q, a, size, 0))
			return a;
		if (errno != EOVERFLOW)
			break;
	}
	free(a);
	return NULL;
}

static char *text_of(const struct answer *a, uint64_t what, uint32_t at)
{
	return xstrdup(a->mask & what ? a->text + at : "");
}

static void copy_options(struct mnt *m, const struct answer *a)
{
	const char *from = a->text + a->options;
	uint32_t i, nr = a->mask & WANT_OPTIONS ? a->nr_options : 0;

	for (i = 0; i < nr; i++)
		m->options_len += strlen(from + m->options_len) + 1;
	m->options = xcalloc(m->options_len, 1);
	if (m->options_len)
		memcpy(m->options, from, m->options_len);
}

/* That a module labels files is no option of the mount. */
static bool has_security(const struct answer *a)
{
	const char *option = a->text + a->security;

	if (!(a->mask & WANT_SECURITY) || !a->nr_security)
		return false;
	return a->nr_security > 1 || strcmp(option, "seclabel");
}

static int read_mount(uint64_t ns, uint64_t id, struct mnt *m)
{
	struct answer *a = ask(ns, id);

	if (!a)
		return -1;
	*m = (struct mnt){
		.id = a->id, .parent = a->parent,
		.major = a->major, .minor = a->minor,
		.sb_flags = a->sb_flags, .attr = a->attr,
		.propagation = a->propagation,
		.peer_group = a->peer_group, .master = a->master,
		.type = text_of(a, WANT_TYPE, a->type),
		.source = text_of(a, WANT_SOURCE, a->source),
		.root = text_of(a, WANT_ROOT, a->root),
		.point = text_of(a, WANT_POINT, a->point),
		.secured = has_security(a),
	};
	copy_options(m, a);
	free(a);
	return 0;
}

int mount_read(uint64_t id, struct mnt *m)
{
	return read_mount(0, id, m);
}

void mount_free(struct mnt *m)
{
	free(m->type);
	free(m->source);
	free(m->root);
	free(m->point);
	free(m->options);
}

/* One that goes while we look is none of the tree's, which is frozen. */
static int add_mounts(struct mount_table *t, uint64_t ns, const uint64_t *ids,
		      size_t nr)
{
	size_t i;

	t->mnt = xrealloc(t->mnt, t->nr + nr, sizeof(*t->mnt));
	for (i = 0; i < nr; i++) {
		if (!read_mount(ns, ids[i], &t->mnt[t->nr]))
			t->nr++;
		else if (errno != ENOENT)
			return -1;
	}
	return 0;
}

int mount_table_read(struct mount_table *t, pid_t pid)
{
	struct question q = { .size = sizeof(q), .mount = LIST_ROOT };
	uint64_t ids[LIST_STEP];
	long got;

	*t = (struct mount_table){ 0 };
	if (pid && get_ns_id(pid, &q.ns) < 0)
		return -1;
	do {
		got = syscall(SYS_listmount, &q, ids, LIST_STEP, 0);
		if (got < 0 || add_mounts(t, q.ns, ids, got) < 0) {
			mount_table_free(t);
			return -1;
		}
		if (got)
			q.param = ids[got - 1];
	} while (got == LIST_STEP);
	return 0;
}

void mount_table_free(struct mount_table *t)
{
	int error = errno;
	size_t i;

	for (i = 0; i < t->nr; i++)
		mount_free(&t->mnt[i]);
	free(t->mnt);
	*t = (struct mount_table){ 0 };
	errno = error;
}

static int statx_mount(int fd, struct statx *stx)
{
	if (statx(fd, "", AT_EMPTY_PATH, UNIQUE_MOUNT_ID, stx) < 0)
		return -1;
	if (stx->stx_mask & UNIQUE_MOUNT_ID)
		return 0;
	errno = ENOSYS;
	return -1;
}

int mount_id_of(int fd, uint64_t *id)
{
	struct statx stx;

	if (statx_mount(fd, &stx) < 0)
		return -1;
	*id = stx.stx_mnt_id;
	return 0;
}

const char *path_below(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") ? strlen(dir) : 0;

	if (strncmp(path, dir, len) || (path[len] && path[len] != '/'))
		return NULL;
	path += len;
	return *path == '/' ? path + 1 : path;
}

char *path_join(const char *dir, const char *name)
{
	if (!*name)
		return xstrdup(dir);
	return xasprintf("%s/%s", strcmp(dir, "/") ? dir : "", name);
}

/* The root of such a mount is told from where the cgroup namespace begins. */
static bool is_of_cgroups(const struct mnt *mnt)
{
	return !strcmp(mnt->type, "cgroup") || !strcmp(mnt->type, "cgroup2");
}

/*
 * Whether one is the other, or that in a copy of its namespace. The device is that of
 * the mount: files on btrfs have one for each subvolume.
 */
static bool is_like(const struct mnt *here, const struct mnt *mnt)
{
	return same_filesystem(here, mnt) &&
	       (is_of_cgroups(mnt) || !strcmp(here->root, mnt->root));
}

/* PATH leads to somewhere on a mount, or to its root if that is what is WANTED. */
static bool shows(const char *path, const struct mnt *mnt, uint64_t wanted)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool same = false;
	struct statx stx;
	struct mnt here;

	if (fd < 0)
		return false;
	if (!statx_mount(fd, &stx) && !mount_read(stx.stx_mnt_id, &here)) {
		same = is_like(&here, mnt) &&
		       (stx.stx_attributes & wanted) == wanted;
		mount_free(&here);
	}
	close(fd);
	return same;
}

bool mount_is_seen(const struct mnt *mnt)
{
	return shows(mnt->point, mnt, STATX_ATTR_MOUNT_ROOT);
}

/* On the way to a mount: the last one that it is on and that PATH leads to. */
static const struct mnt *way_to(const struct mount_table *t,
				const struct mnt *mnt, const char *path)
{
	size_t i;

	while (!path_below(path, mnt->point)) {
		for (i = 0; i < t->nr && t->mnt[i].id != mnt->parent; i++)
			;
		if (i == t->nr)
			return NULL;
		mnt = &t->mnt[i];
	}
	return mnt;
}

/* Takes one mount away that hides MNT; false if there is none. */
static bool uncover(const struct mount_table *t, const struct mnt *mnt)
{
	char *path = xstrdup(mnt->point), *end = path;
	const struct mnt *way;
	bool found = false;

	while (end && !found) {
		end = strchr(end + 1, '/');
		if (end)
			*end = '\0';
		way = way_to(t, mnt, path);
		found = way && !shows(path, way, 0);
		if (!found && end)
			*end = '/';
	}
	if (found)
		found = !umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	free(path);
	return found;
}

bool mount_uncover(const struct mount_table *t, const struct mnt *mnt)
{
	size_t i;

	for (i = 0; i < t->nr && !mount_is_seen(mnt); i++)
		if (!uncover(t, mnt))
			break;
	return mount_is_seen(mnt);
}
