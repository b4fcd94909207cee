// SPDX-License-Identifier: GPL-2.0-only
/* Control groups are delegated as they were, when they are set up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/util.h"
#include "restart.h"

static const char *advice(int error)
{
	if (error == EACCES || error == EPERM || error == EROFS)
		return " (restart it as root, or use --no-cgroups)";
	return "";
}

static int fail(const struct restart *r, const char *path, const char *what)
{
	int error = errno;

	log_add(r->log, "control group %s: %s: %s%s", path, what,
		strerror(error), advice(error));
	return -1;
}

static int set_owner(const struct restart *r, const char *path, uint32_t uid,
		     uint32_t gid, uint32_t mode)
{
	struct stat st;
	char *what;

	/* Another kernel may have fewer files; then there is nothing to delegate. */
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : fail(r, path, "cannot look at it");
	if ((st.st_uid != uid || st.st_gid != gid) && lchown(path, uid, gid) < 0) {
		what = xasprintf("cannot give it to uid %u and gid %u", uid, gid);
		fail(r, path, what);
		free(what);
		return -1;
	}
	if ((st.st_mode & 07777) != mode && chmod(path, mode) < 0)
		return fail(r, path, "cannot set its mode");
	return 0;
}

static int set_owner_of_group(const struct restart *r, const struct cgroup *cg,
			      const struct ckpt_record *record)
{
	struct ckpt_cgroup saved;

	ckpt_record_body(record, &saved, sizeof(saved));
	/* Older images do not tell. */
	if (!saved.mode)
		return 0;
	return set_owner(r, cg->path, saved.uid, saved.gid, saved.mode & 07777);
}

static int set_owner_of_file(const struct restart *r, const struct cgroup *cg,
			     const struct ckpt_record *record)
{
	char *path = xasprintf("%s/%s", cg->path, record_string(record, 0));
	struct ckpt_cgroup_file saved;
	int ret;

	ckpt_record_body(record, &saved, sizeof(saved));
	ret = set_owner(r, path, saved.uid, saved.gid, saved.mode);
	free(path);
	return ret;
}

/* The tail is the file, the name of the attribute, and its value. */
static int set_xattr(const struct restart *r, const struct cgroup *cg,
		     const struct ckpt_record *record)
{
	const char *file = ckpt_record_tail(record);
	const char *name = file + strlen(file) + 1;
	const char *value = name + strlen(name) + 1;
	char *path = xasprintf("%s/%s", cg->path, file);
	int ret;

	ret = lsetxattr(path, name, value, file + record->tail_len - value, 0);
	if (ret < 0)
		fail(r, path, name);
	free(path);
	return ret;
}

int cgroup_owners_set(const struct restart *r, const struct cgroup *cg,
		      const struct ckpt_record *record)
{
	switch (record->type) {
	case CKPT_REC_CGROUP:
		return set_owner_of_group(r, cg, record);
	case CKPT_REC_CGROUP_FILE:
		return set_owner_of_file(r, cg, record);
	case CKPT_REC_CGROUP_XATTR:
		return set_xattr(r, cg, record);
	default:
		return 0;
	}
}
