/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libcheckpoint: what the tools put into an image, before the kernel's part
 */
#ifndef CHECKPOINT_TOOL_IMAGE_H
#define CHECKPOINT_TOOL_IMAGE_H

#include <linux/checkpoint_image.h>

/**
 * DOC: Sections of the tools
 *
 * What user space can read and set by itself stands before the kernel's header,
 * in sections of the type %CKPT_SECTION_TOOL_RECORDS. The kernel skips them. An
 * image without any is valid: then the processes had nothing of this kind.
 *
 * Such a section is a sequence of whole records under the rules of the
 * metadata: struct ckpt_record, body, tail, reserved fields and padding zero.
 * No section is longer than %CKPT_TOOL_SECTION_MAX, so that a reader can
 * verify it before it looks at it; there may be any number of them, and they
 * are one sequence of records. Without those of the type %CKPT_REC_CONTENT, these
 * are no longer than %CKPT_METADATA_MAX all together. %CKPT_REC_PAD records fill
 * the last one, so that the header begins at a multiple of %CKPT_BULK_ALIGN: the
 * kernel aligns its bulk section from there.
 *
 * Objects have ids of their own here: 1, 2, 3 and so on in the order of the
 * records, whatever their type. References go backwards. No record has an
 * owner. A reader that does not know a type refuses the image, as it would
 * lose what that describes.
 */
#define CKPT_SECTION_TOOL_RECORDS	(CKPT_SECTION_TOOL + 1)
#define CKPT_TOOL_SECTION_MAX		(2U << 20)
#define CKPT_TOOL_OBJECTS_MAX		(1U << 20)

/**
 * enum ckpt_tool_record_type - what a record of the tools describes
 * @CKPT_REC_MOUNT_NS: struct ckpt_mount_ns
 * @CKPT_REC_FILESYSTEM: struct ckpt_filesystem
 * @CKPT_REC_CONTENT: struct ckpt_content
 * @CKPT_REC_MOUNT: struct ckpt_mount
 * @CKPT_REC_CGROUP: struct ckpt_cgroup
 * @CKPT_REC_CGROUP_SETTING: struct ckpt_cgroup_setting
 * @CKPT_REC_CGROUP_MEMBERS: struct ckpt_cgroup_members
 * @CKPT_REC_CGROUP_ROOT: struct ckpt_cgroup_root
 * @CKPT_REC_CGROUP_FILE: struct ckpt_cgroup_file
 * @CKPT_REC_CGROUP_XATTR: struct ckpt_cgroup_xattr
 * @CKPT_REC_SYSCTL: struct ckpt_sysctl
 */
enum ckpt_tool_record_type {
	CKPT_REC_MOUNT_NS		= 0x1000,
	CKPT_REC_FILESYSTEM		= 0x1001,
	CKPT_REC_CONTENT		= 0x1002,
	CKPT_REC_MOUNT			= 0x1003,
	CKPT_REC_CGROUP			= 0x1010,
	CKPT_REC_CGROUP_SETTING		= 0x1011,
	CKPT_REC_CGROUP_MEMBERS		= 0x1012,
	CKPT_REC_CGROUP_ROOT		= 0x1013,
	CKPT_REC_CGROUP_FILE		= 0x1014,
	CKPT_REC_CGROUP_XATTR		= 0x1015,
	CKPT_REC_SYSCTL			= 0x1020,
};

/**
 * DOC: Flags of a mount namespace
 *
 * %CKPT_MOUNT_NS_ROOT
 *	The root task of the tree is in it.
 */
#define CKPT_MOUNT_NS_ROOT	(1U << 0)
#define CKPT_MOUNT_NS_FLAGS	CKPT_MOUNT_NS_ROOT

/**
 * struct ckpt_mount_ns - a mount namespace other than that of the checkpoint tool
 * @inode: inode number of its /proc/PID/ns/mnt, by which it is known
 * @pid: of the first task in it, or of one that holds it, as the tool saw it; for
 *	messages
 * @nr_mounts: number of its CKPT_REC_MOUNT records, at least 1
 * @flags: CKPT_MOUNT_NS_*
 * @reserved: zero
 *
 * An object. The tail is one string, the root directory of that first task, as a
 * path from the root of the namespace; "/" if no task is in it.
 */
struct ckpt_mount_ns {
	__u64 inode;
	__u32 pid;
	__u32 nr_mounts;
	__u32 flags;
	__u32 reserved;
};

/**
 * enum ckpt_filesystem_kind - where a file system comes from
 * @CKPT_FILESYSTEM_EXTERNAL: it is mounted outside, too, and found there again
 * @CKPT_FILESYSTEM_NEW: it is made anew by its type, one of
 *	CKPT_FILESYSTEM_NEW_TYPES, and options
 * @CKPT_FILESYSTEM_CONTENT: a tmpfs, which is made likewise, and filled with what
 *	CKPT_REC_CONTENT records hold, which follow at once
 * @CKPT_FILESYSTEM_NAMESPACE: the file of a namespace, which the kernel's part
 *	of the image describes, or which is that of the root task and of the caller
 */
enum ckpt_filesystem_kind {
	CKPT_FILESYSTEM_EXTERNAL	= 1,
	CKPT_FILESYSTEM_NEW		= 2,
	CKPT_FILESYSTEM_CONTENT		= 3,
	CKPT_FILESYSTEM_NAMESPACE	= 4,
};

/**
 * DOC: Flags of a file system
 *
 * Those of the file system itself; each of its mounts has others.
 *
 * %CKPT_FILESYSTEM_INSIDE
 *	The paths in its options, of the layers of an overlay, are those of the
 *	namespace in which its first mount is. Otherwise they lead outside.
 */
#define CKPT_FILESYSTEM_RDONLY		(1U << 0)
#define CKPT_FILESYSTEM_SYNCHRONOUS	(1U << 1)
#define CKPT_FILESYSTEM_DIRSYNC		(1U << 2)
#define CKPT_FILESYSTEM_LAZYTIME	(1U << 3)
#define CKPT_FILESYSTEM_INSIDE		(1U << 4)
#define CKPT_FILESYSTEM_FLAGS		0x1fU

/**
 * struct ckpt_filesystem - a mounted file system
 * @kind: enum ckpt_filesystem_kind
 * @flags: CKPT_FILESYSTEM_*
 * @dev_major: number of its device, for information: the next boot has others
 * @dev_minor: likewise
 * @cgroup_ns: of one of control groups, inode number of the cgroup namespace in which
 *	it is made, with its directory as that shows it; or 0
 *
 * An object, for all its mounts in all namespaces. The tail are strings: its
 * type; its source; the directory in it below which all its mounts are; the
 * path at which that directory is found outside, or "" unless it is external;
 * then its options, as "name" or "name=value", those of an external one only for
 * information.
 *
 * Each namespace counts as a file system of its own. Its directory is no path but
 * "TYPE:[INODE]", as a link in /proc/PID/ns has it, and so it is in its mounts.
 */
struct ckpt_filesystem {
	__u32 kind;
	__u32 flags;
	__u32 dev_major;
	__u32 dev_minor;
	__u64 cgroup_ns;
};

/* The type of those that are namespaces */
#define CKPT_FILESYSTEM_NSFS		"nsfs"
/* The only type with content: there is nothing behind it but memory. */
#define CKPT_FILESYSTEM_TMPFS		"tmpfs"
/* The types that may be made anew: their type and options say all of them. */
#define CKPT_FILESYSTEM_NEW_TYPES	"proc", "sysfs", "devpts", "mqueue", \
					"overlay", "cgroup", "cgroup2"

/* Strings before the options */
#define CKPT_FILESYSTEM_STRINGS		4

/**
 * struct ckpt_content - a piece of what is in a file system
 * @filesystem_id: the last object, of the kind CKPT_FILESYSTEM_CONTENT
 * @last: 1 in its last piece, otherwise 0
 *
 * The tails of all pieces together are an archive in the pax format, with paths
 * from the directory that the file system's record names.
 */
struct ckpt_content {
	__u32 filesystem_id;
	__u32 last;
};

/**
 * DOC: Flags of a mount
 *
 * Some are set only in a mount namespace that belongs to a user namespace inside of
 * that of the root task, as the kernel's record of it tells:
 *
 * %CKPT_MOUNT_LOCKED
 *	It cannot be taken away from what it is mounted on, as it came from outside of
 *	that user namespace together with that. Never set for the root.
 *
 * %CKPT_MOUNT_LOCK_RDONLY, %CKPT_MOUNT_LOCK_NOSUID, %CKPT_MOUNT_LOCK_NODEV,
 * %CKPT_MOUNT_LOCK_NOEXEC
 *	The flag of this name cannot be cleared. It is set.
 *
 * %CKPT_MOUNT_LOCK_ATIME
 *	What it does about access times cannot be changed.
 */
#define CKPT_MOUNT_RDONLY	(1U << 0)
#define CKPT_MOUNT_NOSUID	(1U << 1)
#define CKPT_MOUNT_NODEV	(1U << 2)
#define CKPT_MOUNT_NOEXEC	(1U << 3)
#define CKPT_MOUNT_NOATIME	(1U << 4)
#define CKPT_MOUNT_STRICTATIME	(1U << 5)
#define CKPT_MOUNT_NODIRATIME	(1U << 6)
#define CKPT_MOUNT_NOSYMFOLLOW	(1U << 7)
#define CKPT_MOUNT_UNBINDABLE	(1U << 8)
#define CKPT_MOUNT_LOCKED	(1U << 9)
#define CKPT_MOUNT_LOCK_RDONLY	(1U << 10)
#define CKPT_MOUNT_LOCK_NOSUID	(1U << 11)
#define CKPT_MOUNT_LOCK_NODEV	(1U << 12)
#define CKPT_MOUNT_LOCK_NOEXEC	(1U << 13)
#define CKPT_MOUNT_LOCK_ATIME	(1U << 14)
#define CKPT_MOUNT_LOCK_FLAGS	0x7e00U
#define CKPT_MOUNT_FLAGS	0x7fffU

/**
 * struct ckpt_mount - a mount
 * @ns_id: its CKPT_REC_MOUNT_NS, the last one
 * @parent_id: the CKPT_REC_MOUNT on which it is, in the same namespace; 0 for
 *	the root, which comes first
 * @filesystem_id: its CKPT_REC_FILESYSTEM
 * @flags: CKPT_MOUNT_*
 * @peer_group: number of the group with which it shares, or 0; all members are
 *	in the same namespace
 * @master: number of the group of which it is a slave, or 0; likewise
 * @reserved: zero
 *
 * An object. The tail are two strings: the file or directory in the file system
 * that is mounted, which is that of the file system's record or below; and the
 * path at which it is mounted, as a path from the root of the namespace.
 */
struct ckpt_mount {
	__u32 ns_id;
	__u32 parent_id;
	__u32 filesystem_id;
	__u32 flags;
	__u32 peer_group;
	__u32 master;
	__u64 reserved;
};

/*
 * So deep may control groups be in each other, with that of the container as the
 * first. Their paths are hardly longer: PATH_MAX ends them.
 */
#define CKPT_CGROUP_DEPTH_MAX	1000

/**
 * struct ckpt_cgroup - a control group
 * @version: 2, or 1 for one of another hierarchy; that of the group in which it is
 * @parent_id: the CKPT_REC_CGROUP in which it is; 0 for the container's own. No
 *	more than CKPT_CGROUP_DEPTH_MAX are in each other.
 * @uid: owner of its directory, as the tool saw it
 * @gid: likewise its group
 * @mode: mode of that, with its type; 0 in images that do not tell these three
 * @reserved: zero
 *
 * An object. The tail are two strings: its name; and of one without a parent
 * the hierarchy, as /proc/PID/cgroup lists its controllers, otherwise "".
 */
struct ckpt_cgroup {
	__u32 version;
	__u32 parent_id;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 reserved;
};

/**
 * struct ckpt_cgroup_setting - what a file of a control group holds
 * @cgroup_id: its CKPT_REC_CGROUP, the last object
 * @reserved: zero
 *
 * The tail are two or more strings: the name of the file, then what has to be
 * written to it, in this order, with one write each.
 */
struct ckpt_cgroup_setting {
	__u32 cgroup_id;
	__u32 reserved;
};

/**
 * struct ckpt_cgroup_members - the processes in a control group
 * @cgroup_id: its CKPT_REC_CGROUP, the last object
 * @reserved: zero
 *
 * The tail are their pids as the root task sees them, a __u32 each.
 */
struct ckpt_cgroup_members {
	__u32 cgroup_id;
	__u32 reserved;
};

/**
 * struct ckpt_cgroup_file - to whom a file of a control group belongs
 * @cgroup_id: its CKPT_REC_CGROUP, the last object
 * @uid: its owner, as the tool saw it
 * @gid: likewise its group
 * @mode: its mode, without the type
 *
 * The tail is one string, its name. Files without such a record are as those of a
 * new group.
 */
struct ckpt_cgroup_file {
	__u32 cgroup_id;
	__u32 uid;
	__u32 gid;
	__u32 mode;
};

/* What the names of extended attributes begin with that are carried */
#define CKPT_CGROUP_XATTRS	"user."

/**
 * struct ckpt_cgroup_xattr - an extended attribute of a control group
 * @cgroup_id: its CKPT_REC_CGROUP, the last object
 * @reserved: zero
 *
 * The tail are two strings and bytes: the name of the file that has it, "" for the
 * directory; its own name; and its value.
 */
struct ckpt_cgroup_xattr {
	__u32 cgroup_id;
	__u32 reserved;
};

/**
 * struct ckpt_cgroup_root - where a cgroup namespace begins in a hierarchy
 * @cgroup_id: the CKPT_REC_CGROUP that is its root; or the container's own, if the
 *	root is further out
 * @reserved: zero
 * @inode: inode number of the namespace, by which the kernel's record has it
 *
 * The tail is one string, the path of that group in the namespace: "/" if it is
 * the root; otherwise the names of the groups from there on, itself the last.
 */
struct ckpt_cgroup_root {
	__u32 cgroup_id;
	__u32 reserved;
	__u64 inode;
};

/* The kind of a pid namespace, of which the kernel's part has no record */
#define CKPT_SYSCTLS_PID	0x1000

/**
 * struct ckpt_sysctl - what has to be set in a new namespace
 * @kind: enum ckpt_ns_kind: CKPT_NS_NET, CKPT_NS_IPC or CKPT_NS_USER; or
 *	CKPT_SYSCTLS_PID
 * @pid: of a pid namespace, its first process, as the root task sees it; else 0
 * @inode: inode number of the namespace, by which the kernel's record has it
 *
 * The tail are two strings: its name below /proc/sys, which begins as such names
 * do, and the value. Those of one namespace are set in their order; one may be
 * there more than once, as some change others.
 */
struct ckpt_sysctl {
	__u32 kind;
	__u32 pid;
	__u64 inode;
};

/* What the names of sysctls of network, IPC, user and pid namespaces begin with */
#define CKPT_SYSCTLS_OF_NET	"net/"
#define CKPT_SYSCTLS_OF_IPC	"fs/mqueue/", "kernel/auto_msgmni", "kernel/msg", \
				"kernel/sem", "kernel/shm"
#define CKPT_SYSCTLS_OF_USER	"user/max_"
#define CKPT_SYSCTLS_OF_PID	"kernel/pid_max", "vm/memfd_noexec", \
				CKPT_SYSCTL_LAST_PID

/* After which pid the next one is looked for */
#define CKPT_SYSCTL_LAST_PID	"kernel/ns_last_pid"

#endif /* CHECKPOINT_TOOL_IMAGE_H */
