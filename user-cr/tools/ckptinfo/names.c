// SPDX-License-Identifier: GPL-2.0-only
/* By what name a record is compared with one of another image */
#include <inttypes.h>
#include <stdlib.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "info.h"

/* The control group that a record without an id is about: first in its body */
static const char *group_of(const struct info *info,
			    const struct ckpt_record *record)
{
	struct ckpt_cgroup_members about;

	ckpt_record_body(record, &about, sizeof(about));
	return record_string(info_tool(info, about.cgroup_id), 0);
}

/* How many mount namespaces there are up to that of a mount */
static unsigned int place_of_ns(const struct info *info, uint32_t id)
{
	unsigned int nr = 0;
	uint32_t i;

	for (i = 1; i <= id; i++)
		nr += info_tool(info, i)->type == CKPT_REC_MOUNT_NS;
	return nr;
}

static char *name_of_mount(const struct info *info,
			   const struct ckpt_record *record)
{
	const char *path = record_string(record, 1);
	struct ckpt_mount mount;
	unsigned int nr;

	ckpt_record_body(record, &mount, sizeof(mount));
	nr = place_of_ns(info, mount.ns_id);
	return nr == 1 ? xasprintf(" %s", path) :
	       xasprintf(" %s in mount namespace %u", path, nr);
}

/* By its first mount */
static char *name_of_filesystem(const struct info *info, uint32_t id)
{
	const char *type = record_string(info_tool(info, id), 0);
	struct ckpt_mount mount;
	char *at, *name;
	size_t i;

	for (i = 0; i < info->nr_tools; i++) {
		if (info->tool[i].record->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(info->tool[i].record, &mount, sizeof(mount));
		if (mount.filesystem_id != id)
			continue;
		at = name_of_mount(info, info->tool[i].record);
		name = xasprintf(" %s at%s", type, at);
		free(at);
		return name;
	}
	return xasprintf(" %s", type);
}

static char *name_of_content(const struct info *info,
			     const struct ckpt_record *record)
{
	struct ckpt_content content;

	ckpt_record_body(record, &content, sizeof(content));
	return name_of_filesystem(info, content.filesystem_id);
}

static char *name_of_sysctl(const struct ckpt_record *record)
{
	struct ckpt_sysctl sysctl;

	ckpt_record_body(record, &sysctl, sizeof(sysctl));
	return xasprintf(" %s of a %s namespace", record_string(record, 0),
			 ns_kind_name(sysctl.kind));
}

/* What tells a record from others of its type and owner. */
static char *subject(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_regset regset;
	struct ckpt_vdso vdso;
	struct ckpt_vma vma;

	switch (record->type) {
	case CKPT_REC_FILE:
		return xasprintf(" %.*s", (int)record->tail_len,
				 (const char *)ckpt_record_tail(record));
	case CKPT_REC_VMA:
		ckpt_record_body(record, &vma, sizeof(vma));
		return xasprintf(" at %#" PRIx64, (uint64_t)vma.start);
	case CKPT_REC_REGSET:
		ckpt_record_body(record, &regset, sizeof(regset));
		return xasprintf(" %#x", regset.note);
	case CKPT_REC_VDSO:
		ckpt_record_body(record, &vdso, sizeof(vdso));
		return xasprintf(" of %u-bit programs", vdso.abi);
	case CKPT_REC_MOUNT:
		return name_of_mount(info, record);
	case CKPT_REC_FILESYSTEM:
		return name_of_filesystem(info, record->id);
	case CKPT_REC_CONTENT:
		return name_of_content(info, record);
	case CKPT_REC_CGROUP:
		return xasprintf(" %s", record_string(record, 0));
	case CKPT_REC_CGROUP_MEMBERS:
	case CKPT_REC_CGROUP_ROOT:
		return xasprintf(" %s", group_of(info, record));
	case CKPT_REC_CGROUP_SETTING:
	case CKPT_REC_CGROUP_FILE:
		return xasprintf(" %s of %s", record_string(record, 0),
				 group_of(info, record));
	case CKPT_REC_CGROUP_XATTR:
		return xasprintf(" %s %s of %s", record_string(record, 0),
				 record_string(record, 1),
				 group_of(info, record));
	case CKPT_REC_SYSCTL:
		return name_of_sysctl(record);
	}
	return xstrdup("");
}

char *record_name(const struct info *info, const struct ckpt_record *record)
{
	const char *type = ckpt_record_name(record->type);
	char *about = subject(info, record);
	char *name;

	if (record->owner)
		name = xasprintf("pid %u %s%s", info_owner_pid(info, record),
				 type, about);
	else
		name = xasprintf("%s%s", type, about);
	free(about);
	return name;
}
