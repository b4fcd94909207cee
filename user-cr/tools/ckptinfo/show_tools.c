// SPDX-License-Identifier: GPL-2.0-only
/* What the tools have saved: mounts and control groups */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "info.h"

static const struct {
	uint32_t flag;
	const char *name;
} mount_flags[] = {
	{ CKPT_MOUNT_RDONLY, "ro" },
	{ CKPT_MOUNT_NOSUID, "nosuid" },
	{ CKPT_MOUNT_NODEV, "nodev" },
	{ CKPT_MOUNT_NOEXEC, "noexec" },
	{ CKPT_MOUNT_NOATIME, "noatime" },
	{ CKPT_MOUNT_STRICTATIME, "strictatime" },
	{ CKPT_MOUNT_NODIRATIME, "nodiratime" },
	{ CKPT_MOUNT_NOSYMFOLLOW, "nosymfollow" },
	{ CKPT_MOUNT_UNBINDABLE, "unbindable" },
	{ CKPT_MOUNT_LOCKED, "locked" },
	{ CKPT_MOUNT_LOCK_RDONLY, "ro-locked" },
	{ CKPT_MOUNT_LOCK_NOSUID, "nosuid-locked" },
	{ CKPT_MOUNT_LOCK_NODEV, "nodev-locked" },
	{ CKPT_MOUNT_LOCK_NOEXEC, "noexec-locked" },
	{ CKPT_MOUNT_LOCK_ATIME, "atime-locked" },
};

static void print_mount_flags(const struct ckpt_mount *m)
{
	const char *separator = " ";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mount_flags); i++) {
		if (!(m->flags & mount_flags[i].flag))
			continue;
		printf("%s%s", separator, mount_flags[i].name);
		separator = ",";
	}
	if (m->peer_group)
		printf(" shared:%u", m->peer_group);
	if (m->master)
		printf(" master:%u", m->master);
}

/* Where a file system comes from: outside, or nowhere */
static void print_origin(const struct ckpt_record *fs_record)
{
	static const char *const kinds[] = {
		[CKPT_FILESYSTEM_NEW] = "new",
		[CKPT_FILESYSTEM_CONTENT] = "content",
		[CKPT_FILESYSTEM_NAMESPACE] = "namespace",
	};
	struct ckpt_filesystem fs;

	ckpt_record_body(fs_record, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_EXTERNAL) {
		printf(" outside:");
		print_text(record_string(fs_record, 3));
	} else {
		printf(" %s", kinds[fs.kind]);
	}
}

static void show_mount(const struct info *info, const struct ckpt_record *record)
{
	const struct ckpt_record *fs;
	struct ckpt_mount m;

	ckpt_record_body(record, &m, sizeof(m));
	fs = info_tool(info, m.filesystem_id);
	printf("  ");
	print_column(record_string(record, 1), 30);
	print_column(record_string(fs, 0), 8);
	print_column(record_string(record, 0), 12);
	print_origin(fs);
	print_mount_flags(&m);
	putchar('\n');
}

void show_mounts(const struct info *info)
{
	const struct ckpt_record *record;
	struct ckpt_mount_ns ns;
	size_t i;

	for (i = 0; i < info->nr_tools; i++) {
		record = info->tool[i].record;
		if (record->type == CKPT_REC_MOUNT)
			show_mount(info, record);
		if (record->type != CKPT_REC_MOUNT_NS)
			continue;
		ckpt_record_body(record, &ns, sizeof(ns));
		printf("namespace %" PRIu64 " of pid %u, root ",
		       (uint64_t)ns.inode, ns.pid);
		print_text(record_string(record, 0));
		putchar('\n');
	}
}

static void print_group(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_cgroup cg;

	ckpt_record_body(record, &cg, sizeof(cg));
	if (cg.parent_id)
		print_group(info, info_tool(info, cg.parent_id));
	putchar('/');
	print_text(record_string(record, 0));
}

static void print_owner(const char *of, uint32_t uid, uint32_t gid, uint32_t mode)
{
	printf("  ");
	print_column(of, 24);
	printf("of %u:%u, mode %04o\n", uid, gid, mode);
}

static void show_group(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_cgroup cg;

	ckpt_record_body(record, &cg, sizeof(cg));
	printf("version %u ", cg.version);
	if (*record_string(record, 1)) {
		print_text(record_string(record, 1));
		putchar(' ');
	}
	print_group(info, record);
	putchar('\n');
	if (cg.mode)
		print_owner("directory", cg.uid, cg.gid, cg.mode & 07777);
}

static void show_file(const struct ckpt_record *record)
{
	struct ckpt_cgroup_file file;

	ckpt_record_body(record, &file, sizeof(file));
	print_owner(record_string(record, 0), file.uid, file.gid, file.mode);
}

static void show_xattr(const struct ckpt_record *record)
{
	const char *file = record_string(record, 0);

	printf("  ");
	print_column(record_string(record, 1), 24);
	printf("attribute of ");
	print_text(*file ? file : "directory");
	putchar('\n');
}

static void show_setting(const struct ckpt_record *record)
{
	int i;

	for (i = 1; *record_string(record, i); i++) {
		printf("  ");
		print_column(record_string(record, 0), 24);
		print_text(record_string(record, i));
		putchar('\n');
	}
}

static void show_members(const struct ckpt_record *record)
{
	const uint32_t *pid = ckpt_record_tail(record);
	uint32_t i;

	printf("  %-24s", "processes");
	for (i = 0; i < record->tail_len / sizeof(*pid); i++)
		printf(" %u", pid[i]);
	putchar('\n');
}

static void show_root(const struct info *info, const struct ckpt_record *record)
{
	struct ckpt_cgroup_root root;

	ckpt_record_body(record, &root, sizeof(root));
	printf("namespace %" PRIu64 " has ", (uint64_t)root.inode);
	print_group(info, info_tool(info, root.cgroup_id));
	printf(" as ");
	print_text(record_string(record, 0));
	putchar('\n');
}

void show_cgroups(const struct info *info)
{
	const struct ckpt_record *record;
	size_t i;

	for (i = 0; i < info->nr_tools; i++) {
		record = info->tool[i].record;
		switch (record->type) {
		case CKPT_REC_CGROUP:
			show_group(info, record);
			break;
		case CKPT_REC_CGROUP_SETTING:
			show_setting(record);
			break;
		case CKPT_REC_CGROUP_FILE:
			show_file(record);
			break;
		case CKPT_REC_CGROUP_XATTR:
			show_xattr(record);
			break;
		case CKPT_REC_CGROUP_MEMBERS:
			show_members(record);
			break;
		case CKPT_REC_CGROUP_ROOT:
			show_root(info, record);
			break;
		}
	}
}
