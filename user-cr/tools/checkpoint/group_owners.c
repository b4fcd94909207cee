// SPDX-License-Identifier: GPL-2.0-only
/*
 * To whom a control group is delegated: owners and modes of its directory and files,
 * and what users have noted there
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/cgroup_files.h"
#include "../common/log.h"
#include "../common/util.h"
#include "cgroups.h"

static void refuse(struct cgroups *c, const struct group *g, const char *file,
		   const char *why)
{
	log_add(c->log, "control group %s: %s: %s", g->cg.path, file, why);
	c->refused = true;
}

/* That of a new one, as the kernel makes it */
static bool is_default_mode(const struct group *g, const char *file, mode_t mode)
{
	int version = g->cg.version == CGROUP_V2 ? 2 : 1, rank;

	switch (cgroup_file_kind(version, file, &rank)) {
	case CGROUP_FILE_SETTING:
	case CGROUP_FILE_LINES:
	case CGROUP_FILE_ENABLED:
	case CGROUP_FILE_FLAG:
	case CGROUP_FILE_FREEZER:
		return mode == 0644;
	default:
		return mode == 0644 || mode == 0444 || mode == 0200 ||
		       mode == 0222;
	}
}

/* A new one belongs to whoever makes it. */
static void take_owner(struct group *g, const char *file, const struct stat *st)
{
	if (st->st_uid == geteuid() && st->st_gid == getegid() &&
	    is_default_mode(g, file, st->st_mode & 07777))
		return;
	g->owner = xgrow(g->owner, g->nr_owners, sizeof(*g->owner));
	g->owner[g->nr_owners++] = (struct file_owner){
		.file = xstrdup(file), .uid = st->st_uid, .gid = st->st_gid,
		.mode = st->st_mode & 07777,
	};
}

static void add_note(struct group *g, const char *file, const char *name,
		     const void *value, size_t len)
{
	struct strings note = { 0 };

	strings_add(&note, file);
	strings_add(&note, name);
	strings_add_all(&note, value, len);
	g->note = xgrow(g->note, g->nr_notes, sizeof(*g->note));
	g->note[g->nr_notes++] = note;
}

static void take_note(struct cgroups *c, struct group *g, const char *file,
		      const char *path, const char *name)
{
	char *value = xcalloc(1, XATTR_SIZE_MAX);
	ssize_t len = lgetxattr(path, name, value, XATTR_SIZE_MAX);

	if (len < 0)
		refuse(c, g, name, strerror(errno));
	else
		add_note(g, file, name, value, len);
	free(value);
}

/* Others are not those of users. */
static void take_notes(struct cgroups *c, struct group *g, const char *file)
{
	char *path = xasprintf("%s/%s", g->cg.path, file);
	char *names = xcalloc(1, XATTR_LIST_MAX), *name;
	ssize_t len = llistxattr(path, names, XATTR_LIST_MAX);

	if (len < 0 && errno != EOPNOTSUPP)
		refuse(c, g, file, strerror(errno));
	for (name = names; name < names + len; name += strlen(name) + 1)
		if (!strncmp(name, CKPT_CGROUP_XATTRS, strlen(CKPT_CGROUP_XATTRS)))
			take_note(c, g, file, path, name);
	free(names);
	free(path);
}

static void take_file(struct cgroups *c, struct group *g, int dir,
		      const char *file)
{
	struct stat st;

	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	take_owner(g, file, &st);
	take_notes(c, g, file);
}

void group_read_owners(struct cgroups *c, struct group *g)
{
	DIR *dir = opendir(g->cg.path);
	struct dirent *entry;
	struct stat st;

	if (!dir || fstat(dirfd(dir), &st) < 0) {
		refuse(c, g, ".", strerror(errno));
		return;
	}
	g->uid = st.st_uid;
	g->gid = st.st_gid;
	g->mode = st.st_mode;
	take_notes(c, g, "");
	while ((entry = readdir(dir)))
		take_file(c, g, dirfd(dir), entry->d_name);
	closedir(dir);
}

void group_write_owners(const struct group *g, uint32_t id, struct sections *s)
{
	struct ckpt_cgroup_xattr note = { .cgroup_id = id };
	struct ckpt_cgroup_file file = { .cgroup_id = id };
	size_t i;

	for (i = 0; i < g->nr_owners; i++) {
		file.uid = g->owner[i].uid;
		file.gid = g->owner[i].gid;
		file.mode = g->owner[i].mode;
		sections_add(s, CKPT_REC_CGROUP_FILE, &file, sizeof(file),
			     g->owner[i].file, strlen(g->owner[i].file) + 1);
	}
	for (i = 0; i < g->nr_notes; i++)
		sections_add(s, CKPT_REC_CGROUP_XATTR, &note, sizeof(note),
			     g->note[i].bytes, g->note[i].len);
}

void group_free_owners(struct group *g)
{
	size_t i;

	for (i = 0; i < g->nr_owners; i++)
		free(g->owner[i].file);
	for (i = 0; i < g->nr_notes; i++)
		free(g->note[i].bytes);
	free(g->owner);
	free(g->note);
}
