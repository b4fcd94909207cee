/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Format of a checkpoint image: the one definition that kernel and tools share
 */
#ifndef _UAPI_LINUX_CHECKPOINT_IMAGE_H
#define _UAPI_LINUX_CHECKPOINT_IMAGE_H

#include <linux/types.h>

/**
 * DOC: Layout
 *
 * An image is a stream of sections, each behind a struct ckpt_section::
 *
 *	(sections of the tools, if any)
 *	HEADER    struct ckpt_image_header
 *	METADATA  records: the task tree first, then objects and task state
 *	BULK      chunks: memory and whatever else is big
 *	TRAILER   struct ckpt_trailer; an image without it is incomplete
 *
 * Integers are in the byte order of the machine that wrote the image and are
 * naturally aligned.  Reserved fields and padding are zero, and a reader
 * refuses anything else. Checksums are xxHash64 with seed 0: they find
 * accidents, they are no signature.
 *
 * A record consists of struct ckpt_record, a body of @body_len bytes with the
 * fields listed here, and a tail of variable length. Later versions may add
 * fields at the end of a body: a reader takes those that it knows, reads
 * missing ones as zero, and refuses unknown ones that are not zero. What
 * older readers must not pass over gets a bit in @features.
 *
 * A shared object is one record with an id. Other records refer to it by that
 * id, always backwards.
 */

#define CKPT_SECTION_MAGIC	0x54504b43	/* "CKPT" on little endian */
#define CKPT_CHUNK_MAGIC	0x4b4e4843	/* "CHNK" on little endian */
#define CKPT_FORMAT_VERSION	2
#define CKPT_ENDIAN		0x01020304
#define CKPT_RECORD_ALIGN	8
#define CKPT_BULK_ALIGN		4096
#define CKPT_LENGTH_UNKNOWN	(~(__u64)0)

/**
 * enum ckpt_section_type - what a section holds
 * @CKPT_SECTION_HEADER: struct ckpt_image_header
 * @CKPT_SECTION_METADATA: records
 * @CKPT_SECTION_BULK: chunks, until one without runs
 * @CKPT_SECTION_TRAILER: struct ckpt_trailer
 * @CKPT_SECTION_TOOL: this and above belong to the tools; the kernel skips
 *	such sections if they precede the header
 */
enum ckpt_section_type {
	CKPT_SECTION_HEADER	= 1,
	CKPT_SECTION_METADATA	= 2,
	CKPT_SECTION_BULK	= 3,
	CKPT_SECTION_TRAILER	= 4,
	CKPT_SECTION_TOOL	= 0x1000,
};

/**
 * struct ckpt_section - what stands before every section
 * @magic: CKPT_SECTION_MAGIC
 * @type: enum ckpt_section_type
 * @length: bytes that follow, a multiple of 8; CKPT_LENGTH_UNKNOWN for bulk
 * @checksum: of these bytes; zero for bulk, where each chunk has its own
 * @reserved: zero
 */
struct ckpt_section {
	__u32 magic;
	__u32 type;
	__u64 length;
	__u64 checksum;
	__u64 reserved;
};

/**
 * enum ckpt_arch - architecture of the saved tasks
 * @CKPT_ARCH_UM_X86_64: User-Mode Linux on x86_64
 * @CKPT_ARCH_X86_64: x86_64, and 32-bit programs on it
 * @CKPT_ARCH_I386: x86 with a 32-bit kernel; its records are those of x86_64
 */
enum ckpt_arch {
	CKPT_ARCH_UM_X86_64	= 1,
	CKPT_ARCH_X86_64	= 2,
	CKPT_ARCH_I386		= 3,
};

/**
 * DOC: Image flags
 *
 * %CKPT_IMAGE_CONTAINER
 *	The image is that of a whole container. Otherwise it is a subtree.
 */
#define CKPT_IMAGE_CONTAINER	(1U << 0)
#define CKPT_IMAGE_FLAGS	CKPT_IMAGE_CONTAINER

#define CKPT_UTS_LEN		72

/**
 * struct ckpt_image_header - what must fit before anything else is looked at
 * @version: CKPT_FORMAT_VERSION
 * @endian: CKPT_ENDIAN in the byte order of the writer
 * @arch: enum ckpt_arch
 * @page_size: in bytes
 * @hz: timer ticks a second of the writing kernel
 * @flags: CKPT_IMAGE_*
 * @features: bits of features that a reader must know; none so far
 * @task_size: first address that a task cannot map
 * @cpu_features: features that the saved register state needs, by bits that
 *	the architecture defines
 * @fpu_size: bytes of floating point state as this machine saves it
 * @vdso_hash: xxHash64 of the vDSO's code
 * @image_id: random id of this image
 * @base_id: id of the image that "parent" runs refer to, or zero
 * @realtime_ns: CLOCK_REALTIME at the checkpoint, in nanoseconds
 * @monotonic_ns: CLOCK_MONOTONIC as the root task reads it
 * @boottime_ns: CLOCK_BOOTTIME as the root task reads it
 * @tree_len: length of the task records at the start of the metadata
 * @nr_tasks: number of these records
 * @nr_objects: highest object id
 * @root_pid: pid of the root task in its pid namespace
 * @reserved: zero
 * @sysname: of the writing kernel, as uname() tells it
 * @release: likewise
 * @kernel_version: likewise
 * @machine: likewise
 */
struct ckpt_image_header {
	__u32 version;
	__u32 endian;
	__u32 arch;
	__u32 page_size;
	__u32 hz;
	__u32 flags;
	__u64 features;
	__u64 task_size;
	__u64 cpu_features[4];
	__u64 fpu_size;
	__u64 vdso_hash;
	__u8 image_id[16];
	__u8 base_id[16];
	__u64 realtime_ns;
	__u64 monotonic_ns;
	__u64 boottime_ns;
	__u64 tree_len;
	__u32 nr_tasks;
	__u32 nr_objects;
	__u32 root_pid;
	__u32 reserved;
	char sysname[CKPT_UTS_LEN];
	char release[CKPT_UTS_LEN];
	char kernel_version[CKPT_UTS_LEN];
	char machine[CKPT_UTS_LEN];
};

/**
 * struct ckpt_record - what stands before every record
 * @type: enum ckpt_record_type
 * @len: bytes of the whole record with this header, a multiple of 8
 * @body_len: bytes of the body, a multiple of 8; the rest is the tail
 * @id: id of the object that the record describes, or 0
 * @owner: id of the task in which the record is restored; in a
 *	CKPT_REC_TASK, the same as @id; 0 where no task is meant. What threads
 *	share is restored in the first one.
 * @tail_len: bytes of the tail that count; padding to 8 bytes follows
 */
struct ckpt_record {
	__u32 type;
	__u32 len;
	__u32 body_len;
	__u32 id;
	__u32 owner;
	__u32 tail_len;
};

/**
 * enum ckpt_record_type - what a record describes
 * @CKPT_REC_PAD: nothing; aligns the bulk section
 * @CKPT_REC_TASK: struct ckpt_task
 * @CKPT_REC_TASK_STATE: struct ckpt_task_state
 * @CKPT_REC_EXIT: struct ckpt_exit
 * @CKPT_REC_STOP: struct ckpt_stop
 * @CKPT_REC_VFORK: struct ckpt_vfork; stands behind the registers of the task
 * @CKPT_REC_UTS: struct ckpt_uts
 * @CKPT_REC_NS: struct ckpt_ns
 * @CKPT_REC_CRED: struct ckpt_cred
 * @CKPT_REC_FILE: struct ckpt_file
 * @CKPT_REC_FD_TABLE: struct ckpt_fd_table
 * @CKPT_REC_FS: struct ckpt_fs
 * @CKPT_REC_PIPE: struct ckpt_pipe
 * @CKPT_REC_MM: struct ckpt_mm
 * @CKPT_REC_VMA: struct ckpt_vma
 * @CKPT_REC_SHMEM: struct ckpt_shmem
 * @CKPT_REC_VDSO: struct ckpt_vdso
 * @CKPT_REC_VMA_POLICY: struct ckpt_range_policy, of an address space; stands
 *	behind its mappings
 * @CKPT_REC_SHMEM_POLICY: struct ckpt_range_policy, of shared anonymous memory
 * @CKPT_REC_SIGHAND: struct ckpt_sighand
 * @CKPT_REC_PENDING: struct ckpt_pending
 * @CKPT_REC_ITIMERS: struct ckpt_itimers
 * @CKPT_REC_TIMERS: struct ckpt_timers
 * @CKPT_REC_SCHED: struct ckpt_sched
 * @CKPT_REC_PRCTLS: struct ckpt_prctls
 * @CKPT_REC_RSEQ: struct ckpt_rseq
 * @CKPT_REC_DISPATCH: struct ckpt_dispatch
 * @CKPT_REC_TASK_POLICY: struct ckpt_task_policy
 * @CKPT_REC_SECCOMP_FILTER: struct ckpt_seccomp_filter
 * @CKPT_REC_SECCOMP: struct ckpt_seccomp
 * @CKPT_REC_RLIMITS: struct ckpt_rlimits
 * @CKPT_REC_TIMES: struct ckpt_times
 * @CKPT_REC_REGSET: struct ckpt_regset
 * @CKPT_REC_RESTART_BLOCK: struct ckpt_restart_block
 * @CKPT_REC_ARCH_TASK: a struct of the architecture, for a task; stands before its
 *	CKPT_REC_REGSETs
 * @CKPT_REC_ARCH_MM: a struct of the architecture, for an address space; stands
 *	between its CKPT_REC_MM and the mappings
 */
enum ckpt_record_type {
	CKPT_REC_PAD		= 1,
	CKPT_REC_TASK		= 2,
	CKPT_REC_TASK_STATE	= 3,
	CKPT_REC_EXIT		= 4,
	CKPT_REC_STOP		= 5,
	CKPT_REC_VFORK		= 6,
	CKPT_REC_UTS		= 16,
	CKPT_REC_NS		= 17,
	CKPT_REC_CRED		= 24,
	CKPT_REC_FILE		= 32,
	CKPT_REC_FD_TABLE	= 33,
	CKPT_REC_FS		= 34,
	CKPT_REC_PIPE		= 35,
	CKPT_REC_MM		= 48,
	CKPT_REC_VMA		= 49,
	CKPT_REC_SHMEM		= 50,
	CKPT_REC_VDSO		= 51,
	CKPT_REC_VMA_POLICY	= 52,
	CKPT_REC_SHMEM_POLICY	= 53,
	CKPT_REC_SIGHAND	= 64,
	CKPT_REC_PENDING	= 65,
	CKPT_REC_ITIMERS	= 66,
	CKPT_REC_TIMERS		= 67,
	CKPT_REC_RLIMITS	= 80,
	CKPT_REC_TIMES		= 81,
	CKPT_REC_SCHED		= 82,
	CKPT_REC_PRCTLS		= 83,
	CKPT_REC_RSEQ		= 84,
	CKPT_REC_DISPATCH	= 85,
	CKPT_REC_SECCOMP_FILTER	= 86,
	CKPT_REC_SECCOMP	= 87,
	CKPT_REC_TASK_POLICY	= 88,
	CKPT_REC_REGSET		= 96,
	CKPT_REC_RESTART_BLOCK	= 97,
	CKPT_REC_ARCH_TASK	= 98,
	CKPT_REC_ARCH_MM	= 99,
};

/**
 * DOC: Flags in the tree
 *
 * %CKPT_TREE_OWN_SEM_UNDO
 *	A thread whose operations on System V semaphores are undone when it ends,
 *	not when its process does.
 * %CKPT_TREE_SHARES_IO
 *	A thread with the I/O context of the first one.
 * %CKPT_TREE_ZOMBIE
 *	A process that has ended, and that its parent has not waited for. It has
 *	a CKPT_REC_EXIT instead of a CKPT_REC_TASK_STATE.
 * %CKPT_TREE_GHOST
 *	No process any more, but its id is that of a process group or session.
 *	There is no other record of it.
 * %CKPT_TREE_FIRST_ENDED
 *	The first thread of a process has ended, and others have not. It has a
 *	CKPT_REC_EXIT besides what all processes have.
 * %CKPT_TREE_PARENT_EXECED
 *	A process whose parent has executed another program since, which gets a
 *	SIGCHLD when it ends, whatever its exit signal.
 * %CKPT_TREE_EXECED
 *	A process that has executed a program: setpgid() by its parent fails.
 * %CKPT_TREE_NOT_RANDOMIZED
 *	Where its mappings go is not random: ``personality()`` said so when its
 *	program began, or ``kernel.randomize_va_space``.
 */
#define CKPT_TREE_OWN_SEM_UNDO	(1U << 0)
#define CKPT_TREE_SHARES_IO	(1U << 1)
#define CKPT_TREE_ZOMBIE	(1U << 2)
#define CKPT_TREE_GHOST		(1U << 3)
#define CKPT_TREE_FIRST_ENDED	(1U << 4)
#define CKPT_TREE_PARENT_EXECED	(1U << 5)
#define CKPT_TREE_EXECED	(1U << 6)
#define CKPT_TREE_NOT_RANDOMIZED	(1U << 7)
#define CKPT_TREE_THREAD_FLAGS	(CKPT_TREE_OWN_SEM_UNDO | CKPT_TREE_SHARES_IO | \
				 CKPT_TREE_NOT_RANDOMIZED)
#define CKPT_TREE_DEAD_FLAGS	(CKPT_TREE_ZOMBIE | CKPT_TREE_GHOST)
#define CKPT_TREE_PROCESS_FLAGS	(CKPT_TREE_DEAD_FLAGS | CKPT_TREE_FIRST_ENDED | \
				 CKPT_TREE_PARENT_EXECED | CKPT_TREE_EXECED | \
				 CKPT_TREE_NOT_RANDOMIZED)

/**
 * struct ckpt_task - a task in the tree
 * @pid: its id in the pid namespace of the root task
 * @tgid: id of its process, which is that of the first thread
 * @ppid: id of its parent process; 0 for the root process
 * @pgid: id of its process group; 0 if that lies outside of the tree
 * @sid: id of its session; 0 if that lies outside of the tree
 * @exit_signal: signal that its parent gets when it ends; 0 for a thread that is
 *	not the first one of its process
 * @parent_tid: the thread of @ppid that made it, or 0 if that is the first one
 * @flags: CKPT_TREE_*
 * @comm: its name, NUL-terminated and NUL-padded
 * @io_with: the first task that has its I/O context, unless @flags say that it
 *	is that of the first thread; 0 for none
 * @undo_with: likewise, that has its list of semaphore operations to undo
 *
 * The threads of a process follow its first one, and have the same parent,
 * group and session. Parents come before their children, and the first process of
 * a pid namespace before all others in that.
 *
 * The tail is a struct ckpt_pid for each pid namespace below that of the root
 * task that it has an id in, the outermost first.
 */
struct ckpt_task {
	__u32 pid;
	__u32 tgid;
	__u32 ppid;
	__u32 pgid;
	__u32 sid;
	__u32 exit_signal;
	__u32 parent_tid;
	__u32 flags;
	char comm[16];
	__u32 io_with;
	__u32 undo_with;
};

/**
 * struct ckpt_pid - an id in a pid namespace below that of the root task
 * @ns: number of the namespace: 1 for the first one that appears in the tree,
 *	and so on. The first process of each is its init.
 * @nr: the id
 */
struct ckpt_pid {
	__u32 ns;
	__u32 nr;
};

/**
 * DOC: Task flags
 *
 * %CKPT_TASK_RESTORE_SIGMASK
 *	The task was in a system call with a temporary signal mask:
 *	@saved_sigmask is put back when it returns.
 */
#define CKPT_TASK_RESTORE_SIGMASK	(1U << 0)
#define CKPT_TASK_FLAGS			CKPT_TASK_RESTORE_SIGMASK

/**
 * struct ckpt_task_state - what is a task's own
 * @mm_id: id of its address space, as all of these its own or that of a task
 *	before it
 * @fd_table_id: id of its descriptor table
 * @fs_id: id of root, working directory and umask
 * @sighand_id: id of its signal dispositions
 * @cred_id: id of its credentials
 * @uts_id: id of its UTS namespace
 * @flags: CKPT_TASK_*
 * @ns_slot: of a thread that has left the namespaces of the first one of its
 *	process: descriptors of that one from which those of its own are taken, this
 *	one of the UTS namespace, the next ones of the IPC, network and cgroup
 *	namespace, of those that are not the first thread's; else 0
 * @sigmask: blocked signals, signal n in bit n - 1
 * @saved_sigmask: mask to return to, with CKPT_TASK_RESTORE_SIGMASK
 * @altstack_sp: alternate signal stack, as given to sigaltstack()
 * @altstack_size: its size in bytes
 * @altstack_flags: its SS_* flags
 * @personality: as personality() returns it
 * @clear_child_tid: address given to set_tid_address()
 * @robust_list: address given to set_robust_list()
 * @robust_list_len: length given to it
 * @time_ns_for_children_id: id of the time namespace that its children begin in, or 0
 *	if that is its own
 * @ipc_ns_id: id of its IPC namespace; 0 if that was, at the checkpoint, the
 *	caller's, this and all below
 * @mnt_ns_id: id of its mount namespace
 * @net_ns_id: id of its network namespace
 * @cgroup_ns_id: id of its cgroup namespace
 * @time_ns_id: id of its time namespace
 * @pid_ns_for_children: number of the pid namespace that its children begin in,
 *	as in struct ckpt_pid, or 0 if that is its own
 * @user_ns_id: id of its user namespace
 * @pid_user_ns_id: of the first task of a pid namespace below the root task's, id
 *	of the user namespace that this belongs to; else 0
 */
struct ckpt_task_state {
	__u32 mm_id;
	__u32 fd_table_id;
	__u32 fs_id;
	__u32 sighand_id;
	__u32 cred_id;
	__u32 uts_id;
	__u32 flags;
	__u32 ns_slot;
	__u64 sigmask;
	__u64 saved_sigmask;
	__u64 altstack_sp;
	__u64 altstack_size;
	__u32 altstack_flags;
	__u32 personality;
	__u64 clear_child_tid;
	__u64 robust_list;
	__u32 robust_list_len;
	__u32 time_ns_for_children_id;
	__u32 ipc_ns_id;
	__u32 mnt_ns_id;
	__u32 net_ns_id;
	__u32 cgroup_ns_id;
	__u32 time_ns_id;
	__u32 pid_ns_for_children;
	__u32 user_ns_id;
	__u32 pid_user_ns_id;
};

/**
 * struct ckpt_exit - how a process, or the first thread of one, has ended
 * @status: what wait() will tell its parent; of a thread, what it has returned
 * @cred_id: id of the credentials that it had
 * @sighand_id: id of the signal dispositions that it had
 * @user_ns_id: id of its user namespace, as in struct ckpt_task_state
 * @sigmask: signals that it had blocked, signal n in bit n - 1
 * @pending_private: signals that it did not take any more, sent to the task
 * @pending_shared: likewise, sent to the process; 0 for a thread
 */
struct ckpt_exit {
	__u32 status;
	__u32 cred_id;
	__u32 sighand_id;
	__u32 user_ns_id;
	__u64 sigmask;
	__u64 pending_private;
	__u64 pending_shared;
};

/**
 * DOC: Job control flags
 *
 * %CKPT_STOP_STOPPED
 *	The process is stopped.
 * %CKPT_STOP_CONTINUED
 *	It was continued, and its parent may wait for that.
 * %CKPT_STOP_TELL_STOPPED, %CKPT_STOP_TELL_CONTINUED
 *	Its parent has not got the SIGCHLD for that yet.
 */
#define CKPT_STOP_STOPPED		(1U << 0)
#define CKPT_STOP_CONTINUED		(1U << 1)
#define CKPT_STOP_TELL_STOPPED		(1U << 2)
#define CKPT_STOP_TELL_CONTINUED	(1U << 3)
#define CKPT_STOP_FLAGS			0xfU

/**
 * struct ckpt_stop - job control of a process
 * @flags: CKPT_STOP_*
 * @signal: that has stopped it, or 0
 * @status: the same if its parent has not waited for that yet, or 0
 * @reserved: zero
 */
struct ckpt_stop {
	__u32 flags;
	__u32 signal;
	__u32 status;
	__u32 reserved;
};

/**
 * struct ckpt_vfork - a task that waits in vfork()
 * @child: id of the task that it waits for, until that ends or runs another
 *	program; its system call returns it then
 * @reserved: zero
 */
struct ckpt_vfork {
	__u32 child;
	__u32 reserved;
};

/**
 * struct ckpt_uts - a UTS namespace
 * @nodename: host name, NUL-terminated and NUL-padded
 * @domainname: NIS domain name, likewise
 * @user_ns_id: id of the user namespace that it belongs to; 0 if that is the
 *	caller's, or one around that of the root task
 * @inode: inode number of its file, by which the tools' records refer to it
 */
struct ckpt_uts {
	char nodename[CKPT_UTS_LEN];
	char domainname[CKPT_UTS_LEN];
	__u32 user_ns_id;
	__u32 inode;
};

/**
 * enum ckpt_ns_kind - kind of a namespace
 * @CKPT_NS_UTS: names; it has a record of its own, CKPT_REC_UTS
 * @CKPT_NS_IPC: System V IPC and POSIX message queues
 * @CKPT_NS_MNT: mounts
 * @CKPT_NS_NET: network
 * @CKPT_NS_CGROUP: root of control groups
 * @CKPT_NS_TIME: clocks
 * @CKPT_NS_USER: user and group ids, and capabilities; that of a container, which
 *	all of its tasks are in
 * @CKPT_NS_PID: pids; it has no record, see struct ckpt_pid
 */
enum ckpt_ns_kind {
	CKPT_NS_UTS	= 0,
	CKPT_NS_IPC	= 1,
	CKPT_NS_MNT	= 2,
	CKPT_NS_NET	= 3,
	CKPT_NS_CGROUP	= 4,
	CKPT_NS_TIME	= 5,
	CKPT_NS_USER	= 6,
	CKPT_NS_PID	= 7,
};

/**
 * DOC: Namespace flags
 *
 * %CKPT_NS_LO_UP
 *	Of a network namespace: its loopback device is up.
 * %CKPT_NS_NO_SETGROUPS
 *	Of a user namespace: setgroups() is denied in it.
 */
#define CKPT_NS_LO_UP		(1U << 0)
#define CKPT_NS_NO_SETGROUPS	(1U << 1)
#define CKPT_NS_FLAGS		0x3U

/**
 * struct ckpt_id_extent - ids of a user namespace
 * @first: the first one
 * @outer_first: what that is in the user namespace around it
 * @count: how many follow one another
 */
struct ckpt_id_extent {
	__u32 first;
	__u32 outer_first;
	__u32 count;
};

/**
 * struct ckpt_ns - a namespace that is not the caller's of checkpoint()
 * @kind: enum ckpt_ns_kind
 * @flags: CKPT_NS_*
 * @inode: inode number by which it was known in /proc/PID/ns
 * @monotonic_ns: of a time namespace, what CLOCK_MONOTONIC shows there, else 0
 * @boottime_ns: likewise CLOCK_BOOTTIME
 * @owner_uid: of a user namespace, user id of who has made it, in the one around
 *	it; this and all below is zero for others
 * @owner_gid: likewise the group id
 * @nr_uids: number of struct ckpt_id_extent for user ids in the tail
 * @nr_gids: likewise for group ids, behind them
 * @nr_projids: likewise for project ids, behind them
 * @user_ns_id: id of the user namespace that it belongs to, of a user namespace
 *	of the one around it; 0 if that is the caller's
 *
 * The tools make it, before they make the tasks that are in it.
 */
struct ckpt_ns {
	__u32 kind;
	__u32 flags;
	__u64 inode;
	__u64 monotonic_ns;
	__u64 boottime_ns;
	__u32 owner_uid;
	__u32 owner_gid;
	__u32 nr_uids;
	__u32 nr_gids;
	__u32 nr_projids;
	__u32 user_ns_id;
};

/**
 * struct ckpt_cred - credentials
 * @uid: real user id, in the user namespace of the task
 * @euid: effective user id
 * @suid: saved user id
 * @fsuid: user id for file access
 * @gid: real group id
 * @egid: effective group id
 * @sgid: saved group id
 * @fsgid: group id for file access
 * @cap_inheritable: capability set, capability n in bit n
 * @cap_permitted: likewise
 * @cap_effective: likewise
 * @cap_bset: likewise
 * @cap_ambient: likewise
 * @securebits: as PR_GET_SECUREBITS returns them
 * @nr_groups: number of supplementary groups, __u32 each in the tail, in the user
 *	namespace of the root task
 */
struct ckpt_cred {
	__u32 uid;
	__u32 euid;
	__u32 suid;
	__u32 fsuid;
	__u32 gid;
	__u32 egid;
	__u32 sgid;
	__u32 fsgid;
	__u64 cap_inheritable;
	__u64 cap_permitted;
	__u64 cap_effective;
	__u64 cap_bset;
	__u64 cap_ambient;
	__u32 securebits;
	__u32 nr_groups;
};

/**
 * enum ckpt_file_kind - how a file comes back
 * @CKPT_FILE_REGULAR: by its path; a regular file
 * @CKPT_FILE_DIRECTORY: by its path; a directory
 * @CKPT_FILE_DEVICE: by its path; a character device that a handler knows
 * @CKPT_FILE_EXTERNAL: it leads out of the tree; taken from the restarting
 *	task's descriptor @slot; the tail is the key that names it to a user
 * @CKPT_FILE_PIPE: one end, or both, of the pipe or FIFO @object_id; no tail
 * @CKPT_FILE_NS: the namespace @object_id, of the kind @rdev_minor; checked and
 *	opened again by the restarting task's descriptor @slot; no tail
 * @CKPT_FILE_NS_PATH: likewise, but by its path: where it is mounted
 */
enum ckpt_file_kind {
	CKPT_FILE_REGULAR	= 1,
	CKPT_FILE_DIRECTORY	= 2,
	CKPT_FILE_DEVICE	= 3,
	CKPT_FILE_EXTERNAL	= 4,
	CKPT_FILE_PIPE		= 5,
	CKPT_FILE_NS		= 6,
	CKPT_FILE_NS_PATH	= 7,
};

/**
 * DOC: File advice
 *
 * %CKPT_FILE_RANDOM, %CKPT_FILE_SEQUENTIAL, %CKPT_FILE_NOREUSE
 *	As the POSIX_FADV_* of these names.
 * %CKPT_FILE_NO_WRITER_YET
 *	A FIFO that is open for reading, and was not for writing since.
 * %CKPT_FILE_CREATED
 *	It was created by being opened, as fcntl(F_CREATED_QUERY) tells.
 */
#define CKPT_FILE_RANDOM	(1U << 0)
#define CKPT_FILE_SEQUENTIAL	(1U << 1)
#define CKPT_FILE_NOREUSE	(1U << 2)
#define CKPT_FILE_NO_WRITER_YET	(1U << 3)
#define CKPT_FILE_CREATED	(1U << 4)
#define CKPT_FILE_ADVICE	0x1fU

/**
 * enum ckpt_owner_type - who gets SIGIO
 * @CKPT_OWNER_NONE: nobody
 * @CKPT_OWNER_TASK: a task
 * @CKPT_OWNER_PROCESS: a process
 * @CKPT_OWNER_GROUP: a process group
 */
enum ckpt_owner_type {
	CKPT_OWNER_NONE		= 0,
	CKPT_OWNER_TASK		= 1,
	CKPT_OWNER_PROCESS	= 2,
	CKPT_OWNER_GROUP	= 3,
};

#define CKPT_OWNER_ASYNC	(1U << 0)
#define CKPT_OWNER_FLAGS	CKPT_OWNER_ASYNC

/**
 * struct ckpt_file_owner - who gets SIGIO from an open file
 * @type: enum ckpt_owner_type
 * @pid: id of the task, process or group, or 0
 * @uid: real user id of who has set it
 * @euid: effective user id of who has set it
 * @signum: signal, as F_GETSIG returns it
 * @flags: CKPT_OWNER_ASYNC if O_ASYNC is set
 * @async_fd: the lowest descriptor for it in the process that has it first,
 *	which the signal's siginfo names after a restart
 * @reserved: zero
 */
struct ckpt_file_owner {
	__u32 type;
	__u32 pid;
	__u32 uid;
	__u32 euid;
	__u32 signum;
	__u32 flags;
	__u32 async_fd;
	__u32 reserved;
};

/**
 * struct ckpt_file - an open file description
 * @kind: enum ckpt_file_kind
 * @flags: O_* access mode and status flags, as fcntl(F_GETFL) returns them;
 *	for an external file only the access mode
 * @mode: type and permission bits, as stat() returns them
 * @slot: descriptor from which an external file or a namespace is taken, else 0
 * @pos: file position
 * @size: of a regular file, in bytes
 * @mtime_sec: modification time of a regular file
 * @mtime_nsec: its nanoseconds
 * @rdev_major: of a device
 * @rdev_minor: of a device; of a namespace enum ckpt_ns_kind
 * @reserved: zero
 * @dev: device number of the file system, for information
 * @ino: inode number, for information
 * @cred_id: id of the credentials that it was opened with; 0 if external
 * @object_id: id of what it is open on, by @kind, or 0; of a namespace 0 if it is
 *	the one of the caller, and of the root task; of a pid namespace its number
 *	in struct ckpt_pid, 0 for that of the root task
 * @advice: CKPT_FILE_*
 * @reserved2: zero
 * @owner: who gets SIGIO
 *
 * The tail is the path, or the key of an external file, NUL-terminated. Paths
 * are counted from the root directory of the root task; those of tasks in other
 * mount namespaces from the root of these.
 */
struct ckpt_file {
	__u32 kind;
	__u32 flags;
	__u32 mode;
	__u32 slot;
	__u64 pos;
	__u64 size;
	__s64 mtime_sec;
	__u32 mtime_nsec;
	__u32 rdev_major;
	__u32 rdev_minor;
	__u32 reserved;
	__u64 dev;
	__u64 ino;
	__u32 cred_id;
	__u32 object_id;
	__u32 advice;
	__u32 reserved2;
	struct ckpt_file_owner owner;
};

#define CKPT_PIPE_PACKET	(1U << 0)
#define CKPT_PIPE_CAN_MERGE	(1U << 1)
#define CKPT_PIPE_BUF_FLAGS	0x3U

/**
 * struct ckpt_pipe_buf - one of the buffers of a pipe
 * @len: bytes in it, at most a page
 * @flags: CKPT_PIPE_PACKET if it is a packet, CKPT_PIPE_CAN_MERGE if the next
 *	write may go on in it
 */
struct ckpt_pipe_buf {
	__u32 len;
	__u32 flags;
};

/**
 * struct ckpt_pipe - a pipe or FIFO
 * @capacity: in bytes, as F_GETPIPE_SZ returns it
 * @nr_bufs: number of struct ckpt_pipe_buf at the start of the tail
 * @path_len: bytes of the path of a FIFO with its NUL, behind them, or 0
 * @cred_id: id of the credentials that count for its memory
 *
 * The content is in bulk runs, one buffer behind the other.
 */
struct ckpt_pipe {
	__u32 capacity;
	__u32 nr_bufs;
	__u32 path_len;
	__u32 cred_id;
};

/**
 * struct ckpt_fd_table - a table of file descriptors
 * @nr_fds: number of struct ckpt_fd in the tail, in ascending order
 * @reserved: zero
 */
struct ckpt_fd_table {
	__u32 nr_fds;
	__u32 reserved;
};

#define CKPT_FD_CLOEXEC		(1U << 0)

/**
 * struct ckpt_fd - one file descriptor
 * @fd: its number
 * @file_id: id of the open file description
 * @flags: CKPT_FD_CLOEXEC or 0
 * @reserved: zero
 */
struct ckpt_fd {
	__u32 fd;
	__u32 file_id;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct ckpt_fs - root, working directory and umask
 * @umask: file mode creation mask
 * @root_len: bytes of the root's path with its NUL
 * @cwd_len: bytes of the working directory's path with its NUL
 * @reserved: zero
 *
 * The tail is both paths, counted like those of files.
 */
struct ckpt_fs {
	__u32 umask;
	__u32 root_len;
	__u32 cwd_len;
	__u32 reserved;
};

/**
 * DOC: Address space flags
 *
 * %CKPT_MM_TOPDOWN
 *	New mappings are placed from @mmap_base downwards.
 * %CKPT_MM_LOCK_FUTURE
 *	New mappings are locked: mlockall(MCL_FUTURE).
 * %CKPT_MM_LOCK_FUTURE_ONFAULT
 *	They are so when they are faulted in: MCL_ONFAULT.
 * %CKPT_MM_MULTIPROCESS
 *	Processes have shared it that were not made by vfork(): what one of them
 *	sets for the OOM killer is set for all.
 */
#define CKPT_MM_TOPDOWN			(1U << 0)
#define CKPT_MM_LOCK_FUTURE		(1U << 1)
#define CKPT_MM_LOCK_FUTURE_ONFAULT	(1U << 2)
#define CKPT_MM_MULTIPROCESS		(1U << 3)
#define CKPT_MM_FLAGS			0xfU

/**
 * struct ckpt_mm - an address space
 * @exe_id: id of the file in /proc/PID/exe
 * @flags: CKPT_MM_*
 * @coredump_filter: as in /proc/PID/coredump_filter
 * @dumpable: as PR_GET_DUMPABLE returns it
 * @mmap_base: where the search for room for new mappings begins
 * @start_code: as in struct prctl_mm_map, this and all below
 * @end_code: "
 * @start_data: "
 * @end_data: "
 * @start_brk: "
 * @brk: "
 * @start_stack: "
 * @arg_start: "
 * @arg_end: "
 * @env_start: "
 * @env_end: "
 * @nr_vmas: number of CKPT_REC_VMA records for it
 * @auxv_len: bytes of the auxiliary vector in the tail
 * @peak_rss: most resident memory that it ever had, in bytes
 * @peak_vm: most virtual memory that it ever had, in bytes
 * @membarrier: MEMBARRIER_CMD_REGISTER_* bits
 * @user_ns_id: id of the user namespace whose root may trace it, that of its task
 *	or one around that; 0 if that is the caller's, or one around that
 */
struct ckpt_mm {
	__u32 exe_id;
	__u32 flags;
	__u32 coredump_filter;
	__u32 dumpable;
	__u64 mmap_base;
	__u64 start_code;
	__u64 end_code;
	__u64 start_data;
	__u64 end_data;
	__u64 start_brk;
	__u64 brk;
	__u64 start_stack;
	__u64 arg_start;
	__u64 arg_end;
	__u64 env_start;
	__u64 env_end;
	__u32 nr_vmas;
	__u32 auxv_len;
	__u64 peak_rss;
	__u64 peak_vm;
	__u32 membarrier;
	__u32 user_ns_id;
};

/**
 * enum ckpt_vma_kind - what backs a mapping
 * @CKPT_VMA_ANON: nothing; private
 * @CKPT_VMA_FILE: a file
 * @CKPT_VMA_VDSO: the vDSO's code
 * @CKPT_VMA_VVAR: the vDSO's data
 * @CKPT_VMA_SHMEM: shared anonymous memory
 */
enum ckpt_vma_kind {
	CKPT_VMA_ANON	= 1,
	CKPT_VMA_FILE	= 2,
	CKPT_VMA_VDSO	= 3,
	CKPT_VMA_VVAR	= 4,
	CKPT_VMA_SHMEM	= 5,
};

/**
 * DOC: Mapping flags
 *
 * %CKPT_VMA_READ, %CKPT_VMA_WRITE, %CKPT_VMA_EXEC
 *	Access, as in mprotect().
 * %CKPT_VMA_SHARED
 *	MAP_SHARED; otherwise MAP_PRIVATE.
 * %CKPT_VMA_GROWSDOWN
 *	MAP_GROWSDOWN.
 * %CKPT_VMA_NORESERVE
 *	MAP_NORESERVE.
 * %CKPT_VMA_ACCOUNT
 *	Counts as committed memory: it is, or once was, private and writable.
 * %CKPT_VMA_LOCKED, %CKPT_VMA_LOCKONFAULT
 *	mlock(), and with MLOCK_ONFAULT.
 * %CKPT_VMA_SEQUENTIAL, %CKPT_VMA_RANDOM, %CKPT_VMA_DONTFORK,
 * %CKPT_VMA_WIPEONFORK, %CKPT_VMA_DONTDUMP, %CKPT_VMA_HUGEPAGE,
 * %CKPT_VMA_NOHUGEPAGE, %CKPT_VMA_MERGEABLE
 *	As the MADV_* of these names.
 * %CKPT_VMA_SEALED
 *	mseal().
 * %CKPT_VMA_DROPPABLE
 *	MAP_DROPPABLE: its content is not saved.
 */
#define CKPT_VMA_READ		(1U << 0)
#define CKPT_VMA_WRITE		(1U << 1)
#define CKPT_VMA_EXEC		(1U << 2)
#define CKPT_VMA_SHARED		(1U << 3)
#define CKPT_VMA_GROWSDOWN	(1U << 4)
#define CKPT_VMA_NORESERVE	(1U << 5)
#define CKPT_VMA_ACCOUNT	(1U << 6)
#define CKPT_VMA_LOCKED		(1U << 7)
#define CKPT_VMA_LOCKONFAULT	(1U << 8)
#define CKPT_VMA_SEQUENTIAL	(1U << 9)
#define CKPT_VMA_RANDOM		(1U << 10)
#define CKPT_VMA_DONTFORK	(1U << 11)
#define CKPT_VMA_WIPEONFORK	(1U << 12)
#define CKPT_VMA_DONTDUMP	(1U << 13)
#define CKPT_VMA_HUGEPAGE	(1U << 14)
#define CKPT_VMA_NOHUGEPAGE	(1U << 15)
#define CKPT_VMA_MERGEABLE	(1U << 16)
#define CKPT_VMA_SEALED		(1U << 17)
#define CKPT_VMA_DROPPABLE	(1U << 18)
#define CKPT_VMA_FLAGS		0x7ffffU

#define CKPT_VMA_NAME_LEN	80

/**
 * struct ckpt_vma - a mapping
 * @mm_id: id of its address space
 * @kind: enum ckpt_vma_kind
 * @start: first address
 * @end: first address behind it
 * @flags: CKPT_VMA_*
 * @file_id: id of the mapped file, of the shared anonymous memory, or of the
 *	vDSO; or 0
 * @offset: in the file, in bytes; for anonymous memory, what the kernel
 *	numbers its pages by
 * @family: id of another address space, saved before, with which it may share
 *	pages copy-on-write, or 0
 * @pkey: protection key, or 0
 *
 * The tail is the name of anonymous memory (PR_SET_VMA_ANON_NAME),
 * NUL-terminated, or empty.
 *
 * The content of private memory is in bulk runs with the source @mm_id and
 * the address as offset. What no run covers is as in the file, or zero. Markers
 * are guard regions.
 */
struct ckpt_vma {
	__u32 mm_id;
	__u32 kind;
	__u64 start;
	__u64 end;
	__u32 flags;
	__u32 file_id;
	__u64 offset;
	__u32 family;
	__u32 pkey;
};

/**
 * DOC: Shared memory flags
 *
 * %CKPT_SHMEM_NORESERVE
 *	MAP_NORESERVE.
 */
#define CKPT_SHMEM_NORESERVE	(1U << 0)
#define CKPT_SHMEM_FLAGS	CKPT_SHMEM_NORESERVE

/**
 * struct ckpt_shmem - shared anonymous memory
 * @size: in bytes
 * @flags: CKPT_SHMEM_*
 * @reserved: zero
 *
 * The content is in bulk runs. What no run covers is zero.
 */
struct ckpt_shmem {
	__u64 size;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct ckpt_range_policy - where memory of a range is allocated
 * @object_id: id of the CKPT_REC_MM or CKPT_REC_SHMEM
 * @mode: MPOL_*, with MPOL_F_STATIC_NODES and the like
 * @start: first address, or offset in bytes
 * @end: behind the last one
 * @home_node: as set_mempolicy_home_node() has set it, or all ones
 * @reserved: zero
 *
 * The tail is a bit mask of nodes, node n in bit n % 64 of the __u64 number
 * n / 64.
 */
struct ckpt_range_policy {
	__u32 object_id;
	__u32 mode;
	__u64 start;
	__u64 end;
	__u32 home_node;
	__u32 reserved;
};

/**
 * struct ckpt_sighand - signal dispositions
 * @nr_actions: number of struct ckpt_sigaction in the tail, signal 1 first
 * @reserved: zero
 */
struct ckpt_sighand {
	__u32 nr_actions;
	__u32 reserved;
};

#define CKPT_SA_IA32		(1ULL << 32)

/**
 * struct ckpt_sigaction - one disposition, as given to rt_sigaction()
 * @handler: address, or 0 for the default, 1 to ignore
 * @flags: SA_* flags, and CKPT_SA_IA32 if a 32-bit system call has set it on a
 *	64-bit kernel of x86
 * @restorer: address
 * @mask: signals blocked in the handler, signal n in bit n - 1
 */
struct ckpt_sigaction {
	__u64 handler;
	__u64 flags;
	__u64 restorer;
	__u64 mask;
};

#define CKPT_SIGINFO_SIZE	128

/**
 * struct ckpt_pending - pending signals
 * @nr_private: those sent to the task
 * @nr_shared: those sent to its process
 *
 * The tail is a siginfo_t of CKPT_SIGINFO_SIZE bytes for each, those of the task
 * first, in the order in which they were sent. Of the signal of a timer only
 * si_signo, si_code and the id of the timer count.
 */
struct ckpt_pending {
	__u32 nr_private;
	__u32 nr_shared;
};

/**
 * DOC: Interval timer flags
 *
 * %CKPT_ITIMER_REAL
 *	ITIMER_REAL is set.
 * %CKPT_ITIMER_REAL_EXPIRED
 *	It has expired and starts again when its SIGALRM is delivered.
 */
#define CKPT_ITIMER_REAL		(1U << 0)
#define CKPT_ITIMER_REAL_EXPIRED	(1U << 1)
#define CKPT_ITIMER_FLAGS		0x3U

/**
 * struct ckpt_itimers - the interval timers of a process, in nanoseconds
 * @flags: CKPT_ITIMER_*
 * @reserved: zero
 * @real_ns: when ITIMER_REAL expires, or has expired, after the checkpoint's
 *	instant
 * @real_interval_ns: its interval, or 0
 * @virtual_ns: user time until ITIMER_VIRTUAL expires, 0 if it is not set
 * @virtual_interval_ns: its interval, or 0
 * @prof_ns: CPU time until ITIMER_PROF expires, 0 if it is not set
 * @prof_interval_ns: its interval, or 0
 */
struct ckpt_itimers {
	__u32 flags;
	__u32 reserved;
	__s64 real_ns;
	__u64 real_interval_ns;
	__u64 virtual_ns;
	__u64 virtual_interval_ns;
	__u64 prof_ns;
	__u64 prof_interval_ns;
};

/**
 * DOC: Timer flags
 *
 * %CKPT_TIMER_ABSOLUTE
 *	@expires_ns is a time of the timer's clock.
 * %CKPT_TIMER_FIRED
 *	Its signal is pending: it is one of those in CKPT_REC_PENDING.
 * %CKPT_TIMER_IGNORED
 *	Its signal was ignored, and comes when it is not any more.
 */
#define CKPT_TIMER_ABSOLUTE	(1U << 0)
#define CKPT_TIMER_FIRED	(1U << 1)
#define CKPT_TIMER_IGNORED	(1U << 2)
#define CKPT_TIMER_FLAGS	0x7U

/**
 * struct ckpt_timer - a timer of timer_create()
 * @id: its id
 * @clock: CLOCK_*; of CPU clocks as clock_getcpuclockid() encodes them
 * @notify: SIGEV_*
 * @signal: signal that it sends
 * @tid: with SIGEV_THREAD_ID, the thread that gets it; else 0
 * @flags: CKPT_TIMER_*
 * @value: value that the signal has
 * @expires_ns: time until it expires; 0 if it is not set
 * @interval_ns: its interval, or 0
 * @overrun: how often it has expired more since its last signal, less 1
 * @overrun_last: what timer_getoverrun() returns
 */
struct ckpt_timer {
	__u32 id;
	__s32 clock;
	__u32 notify;
	__u32 signal;
	__u32 tid;
	__u32 flags;
	__u64 value;
	__u64 expires_ns;
	__u64 interval_ns;
	__s64 overrun;
	__s64 overrun_last;
};

/**
 * struct ckpt_timers - timers of a process; those of the CPU clock of a thread
 * are with that thread
 * @nr: number of struct ckpt_timer in the tail
 * @next_id: id that the next timer gets, in the record of a process
 */
struct ckpt_timers {
	__u32 nr;
	__u32 next_id;
};

/**
 * struct ckpt_usage - used resources, as getrusage() counts them
 * @utime_ns: CPU time in user mode, as counted
 * @stime_ns: CPU time in system mode, as counted
 * @gtime_ns: CPU time of guests
 * @runtime_ns: CPU time by the scheduler's clock
 * @shown_utime_ns: the user time that was last shown: it never goes back
 * @shown_stime_ns: the system time that was last shown
 * @nvcsw: voluntary context switches
 * @nivcsw: involuntary context switches
 * @min_flt: minor page faults
 * @maj_flt: major page faults
 * @in_blocks: blocks of 512 bytes that were read
 * @out_blocks: blocks of 512 bytes that were written
 * @maxrss: peak resident memory of ended programs, in pages
 */
struct ckpt_usage {
	__u64 utime_ns;
	__u64 stime_ns;
	__u64 gtime_ns;
	__u64 runtime_ns;
	__u64 shown_utime_ns;
	__u64 shown_stime_ns;
	__u64 nvcsw;
	__u64 nivcsw;
	__u64 min_flt;
	__u64 maj_flt;
	__u64 in_blocks;
	__u64 out_blocks;
	__u64 maxrss;
};

/**
 * struct ckpt_io - what /proc/PID/io counts
 * @rchar: bytes asked for by read()
 * @wchar: bytes given to write()
 * @syscr: calls of read()
 * @syscw: calls of write()
 * @read_bytes: from storage
 * @write_bytes: to storage
 * @cancelled_write_bytes: of these, that need not be written any more
 */
struct ckpt_io {
	__u64 rchar;
	__u64 wchar;
	__u64 syscr;
	__u64 syscw;
	__u64 read_bytes;
	__u64 write_bytes;
	__u64 cancelled_write_bytes;
};

/**
 * struct ckpt_times - when a task began, and what it has used since
 * @start_ns: start on CLOCK_BOOTTIME, as the root task reads it
 * @age_ns: time since then without suspends
 * @task: used by the task; @in_blocks, @out_blocks and @maxrss are zero
 * @threads: used by threads of its process that have ended; @shown_utime_ns
 *	and @shown_stime_ns are of the whole process
 * @children: used by children that were waited for, and theirs; @runtime_ns,
 *	@shown_utime_ns and @shown_stime_ns are zero
 * @io: input and output of the task
 * @threads_io: input and output of threads and children that have ended
 */
struct ckpt_times {
	__u64 start_ns;
	__u64 age_ns;
	struct ckpt_usage task;
	struct ckpt_usage threads;
	struct ckpt_usage children;
	struct ckpt_io io;
	struct ckpt_io threads_io;
};

/**
 * DOC: Scheduling flags
 *
 * %CKPT_SCHED_RESET_ON_FORK, %CKPT_SCHED_RECLAIM, %CKPT_SCHED_DL_OVERRUN
 *	As the SCHED_FLAG_* of struct sched_attr.
 * %CKPT_SCHED_UTIL_MIN, %CKPT_SCHED_UTIL_MAX
 *	@util_min and @util_max were set.
 * %CKPT_SCHED_AFFINITY
 *	A CPU affinity was set; it is in the tail.
 */
#define CKPT_SCHED_RESET_ON_FORK	(1U << 0)
#define CKPT_SCHED_RECLAIM		(1U << 1)
#define CKPT_SCHED_DL_OVERRUN		(1U << 2)
#define CKPT_SCHED_UTIL_MIN		(1U << 3)
#define CKPT_SCHED_UTIL_MAX		(1U << 4)
#define CKPT_SCHED_AFFINITY		(1U << 5)
#define CKPT_SCHED_FLAGS		0x3fU

/**
 * struct ckpt_sched - how the kernel schedules a task, and for whom it kills it
 * @policy: SCHED_*
 * @flags: CKPT_SCHED_*
 * @nice: nice value, -20 to 19
 * @priority: real-time priority
 * @runtime_ns: with SCHED_DEADLINE; otherwise the slice that was asked for, or
 *	0
 * @deadline_ns: with SCHED_DEADLINE
 * @period_ns: with SCHED_DEADLINE
 * @util_min: utilization clamp
 * @util_max: likewise
 * @ioprio: as ioprio_get() returns it, or 0
 * @oom_score_adj: as in /proc/PID/oom_score_adj
 * @oom_score_adj_min: lowest value that an unprivileged process may set
 * @timer_slack_ns: as PR_GET_TIMERSLACK returns it
 * @default_timer_slack_ns: what PR_SET_TIMERSLACK with 0 sets
 *
 * The tail is a bit mask of CPUs, CPU n in bit n % 64 of the __u64 number
 * n / 64.
 */
struct ckpt_sched {
	__u32 policy;
	__u32 flags;
	__s32 nice;
	__u32 priority;
	__u64 runtime_ns;
	__u64 deadline_ns;
	__u64 period_ns;
	__u32 util_min;
	__u32 util_max;
	__u32 ioprio;
	__s16 oom_score_adj;
	__s16 oom_score_adj_min;
	__u64 timer_slack_ns;
	__u64 default_timer_slack_ns;
};

/**
 * struct ckpt_task_policy - where memory of a task is allocated
 * @mode: MPOL_*, with MPOL_F_STATIC_NODES and the like
 * @last_node: the node of the last page with MPOL_INTERLEAVE and
 *	MPOL_WEIGHTED_INTERLEAVE
 * @weight: how many more pages come from there
 * @reserved: zero
 *
 * The tail is a bit mask of nodes, node n in bit n % 64 of the __u64 number
 * n / 64.
 */
struct ckpt_task_policy {
	__u32 mode;
	__u32 last_node;
	__u32 weight;
	__u32 reserved;
};

/**
 * struct ckpt_prctls - what a task has set by prctl()
 * @nr: number of struct ckpt_prctl in the tail
 * @reserved: zero
 */
struct ckpt_prctls {
	__u32 nr;
	__u32 reserved;
};

/**
 * struct ckpt_prctl - a call of prctl() that is made again
 * @option: PR_*
 * @reserved: zero
 * @arg2: second argument
 * @arg3: third argument
 */
struct ckpt_prctl {
	__u32 option;
	__u32 reserved;
	__u64 arg2;
	__u64 arg3;
};

/**
 * struct ckpt_dispatch - syscall user dispatch
 * @mode: PR_SYS_DISPATCH_EXCLUSIVE_ON or PR_SYS_DISPATCH_INCLUSIVE_ON
 * @reserved: zero
 * @offset: first address of the range
 * @len: bytes of it
 * @selector: address of the byte that switches it, or 0
 */
struct ckpt_dispatch {
	__u32 mode;
	__u32 reserved;
	__u64 offset;
	__u64 len;
	__u64 selector;
};

/**
 * DOC: Seccomp flags
 *
 * %CKPT_SECCOMP_LOG, %CKPT_SECCOMP_WAIT_KILLABLE
 *	As the SECCOMP_FILTER_FLAG_* of these names.
 */
#define CKPT_SECCOMP_LOG		(1U << 0)
#define CKPT_SECCOMP_WAIT_KILLABLE	(1U << 1)
#define CKPT_SECCOMP_FLAGS		0x3U

/**
 * struct ckpt_seccomp_filter - a filter of system calls
 * @prev_id: id of the one that was installed before, or 0
 * @nr_insns: number of struct sock_filter in the tail
 * @flags: CKPT_SECCOMP_*
 * @reserved: zero
 */
struct ckpt_seccomp_filter {
	__u32 prev_id;
	__u32 nr_insns;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct ckpt_seccomp - what system calls a task may make
 * @mode: SECCOMP_MODE_STRICT or SECCOMP_MODE_FILTER
 * @filter_id: id of the filter that was installed last, or 0
 */
struct ckpt_seccomp {
	__u32 mode;
	__u32 filter_id;
};

/* ckpt_rseq.flags */
#define CKPT_RSEQ_SLICE		0x1	/* extensions of the time slice are on */
#define CKPT_RSEQ_FLAGS		0x1

/**
 * struct ckpt_rseq - what a task has registered by rseq()
 * @addr: address of its struct rseq
 * @len: length of that in bytes
 * @signature: signature that precedes its abort handlers
 * @flags: CKPT_RSEQ_*
 * @reserved: zero
 */
struct ckpt_rseq {
	__u64 addr;
	__u32 len;
	__u32 signature;
	__u32 flags;
	__u32 reserved;
};

#define CKPT_NR_RLIMITS		16

/**
 * struct ckpt_rlimits - resource limits, by RLIMIT_* number
 * @cur: soft limits; ~0 is infinity
 * @max: hard limits; ~0 is infinity
 */
struct ckpt_rlimits {
	__u64 cur[CKPT_NR_RLIMITS];
	__u64 max[CKPT_NR_RLIMITS];
};

/**
 * struct ckpt_regset - a register set, as PTRACE_GETREGSET returns it
 * @note: its NT_* type
 * @size: bytes of it in the tail
 *
 * Behind an NT_X86_XSTATE the tail has where it has which feature, as
 * NT_X86_XSAVE_LAYOUT in a core dump.
 */
struct ckpt_regset {
	__u32 note;
	__u32 size;
};

/**
 * enum ckpt_restart_kind - what a restarted system call goes on with
 * @CKPT_RESTART_NONE: nothing
 * @CKPT_RESTART_NANOSLEEP: nanosleep() and clock_nanosleep(). @arg: clock id in
 *	32 bits, that of a CPU clock with the id of its process or thread in the
 *	image; kind of the result (0 none, 1 native, 2 of 32 bits), its address
 * @CKPT_RESTART_FUTEX: futex wait. @arg: address, value, CKPT_FUTEX_* flags,
 *	bitset
 * @CKPT_RESTART_POLL: poll(). @arg: address and number of struct pollfd,
 *	1 if there is a time-out
 */
enum ckpt_restart_kind {
	CKPT_RESTART_NONE	= 0,
	CKPT_RESTART_NANOSLEEP	= 1,
	CKPT_RESTART_FUTEX	= 2,
	CKPT_RESTART_POLL	= 3,
};

#define CKPT_FUTEX_SHARED	(1U << 0)
#define CKPT_FUTEX_REALTIME	(1U << 1)
#define CKPT_FUTEX_TIMEOUT	(1U << 2)

/**
 * struct ckpt_restart_block - an interrupted system call with a time-out
 * @kind: enum ckpt_restart_kind
 * @reserved: zero
 * @expires_ns: when the time-out ends: nanoseconds from the checkpoint's
 *	instant; for a futex by CLOCK_REALTIME, and a sleep by a CPU clock, absolute
 * @arg: arguments, by @kind
 */
struct ckpt_restart_block {
	__u32 kind;
	__u32 reserved;
	__s64 expires_ns;
	__u64 arg[4];
};

/**
 * DOC: Flags of a task on x86
 *
 * %CKPT_X86_IA32
 *	A 32-bit program on a 64-bit kernel.
 * %CKPT_X86_COMPAT_SYSCALL
 *	The last system call was one of the 32-bit kind.
 * %CKPT_X86_EFLAGS_ID
 *	The flag by which programs tell whether there is a CPUID instruction,
 *	which is in no register set.
 * %CKPT_X86_IN_VDSO
 *	It is in the middle of a function of the vDSO.
 */
#define CKPT_X86_IA32		(1U << 0)
#define CKPT_X86_COMPAT_SYSCALL	(1U << 1)
#define CKPT_X86_EFLAGS_ID	(1U << 2)
#define CKPT_X86_IN_VDSO	(1U << 3)
#define CKPT_X86_TASK_FLAGS	0xfU

#define CKPT_X86_NR_TLS		3
#define CKPT_X86_SEGMENT_FLAGS	0x7fU

/**
 * struct ckpt_x86_segment - a descriptor of a segment
 * @number: of its entry
 * @base: first address
 * @limit: last offset, in bytes or pages, of 20 bits
 * @flags: the bits of struct user_desc, in its order, in CKPT_X86_SEGMENT_FLAGS
 */
struct ckpt_x86_segment {
	__u32 number;
	__u32 base;
	__u32 limit;
	__u32 flags;
};

/**
 * struct ckpt_x86_task - architecture part of a task, x86
 * @flags: CKPT_X86_*
 * @robust_list: address of the list that a 32-bit program has registered on a
 *	64-bit kernel, or 0
 * @vdso: address of the vDSO's code
 * @vdso_id: id of the vDSO, or 0 if the task has none
 * @reserved: zero
 * @tls: segments of set_thread_area(); what is zero but for its number is not
 *	in use
 * @cr2: address of the last fault that led to a signal, as signal frames have it
 * @trap_nr: number of the last trap that did, likewise
 * @error_code: error code of it, likewise
 */
struct ckpt_x86_task {
	__u32 flags;
	__u32 robust_list;
	__u64 vdso;
	__u32 vdso_id;
	__u32 reserved;
	struct ckpt_x86_segment tls[CKPT_X86_NR_TLS];
	__u64 cr2;
	__u32 trap_nr;
	__u32 error_code;
};

/**
 * struct ckpt_x86_mm - architecture part of an address space, x86
 * @mm_id: id of the address space
 * @pkeys: bits of the protection keys that are allocated
 * @exec_pkey: protection key of mappings that can only be executed, or -1
 * @nr_segments: number of segments of modify_ldt()
 * @legacy_base: where mappings go, from the lowest address on
 * @compat_base: where those of a 32-bit system call go
 * @compat_legacy_base: likewise, from the lowest address on
 *
 * The tail is an array of struct ckpt_x86_segment.
 */
struct ckpt_x86_mm {
	__u32 mm_id;
	__u32 pkeys;
	__s32 exec_pkey;
	__u32 nr_segments;
	__u64 legacy_base;
	__u64 compat_base;
	__u64 compat_legacy_base;
};

#define CKPT_VDSO_NAME_LEN	40

/**
 * struct ckpt_vdso_symbol - a function of the vDSO
 * @offset: from the start of the code
 * @size: bytes of it
 * @name: NUL-terminated and NUL-padded
 */
struct ckpt_vdso_symbol {
	__u32 offset;
	__u32 size;
	char name[CKPT_VDSO_NAME_LEN];
};

/**
 * struct ckpt_vdso - the vDSO of the kernel that wrote the image
 * @abi: for which programs it is: 64, or 32
 * @nr_symbols: number of functions
 * @hash: xxHash64 of the code
 * @code_len: bytes of the code
 * @data_len: bytes of the data, which is mapped at the start of
 * @data_span: bytes before the code
 * @reserved: zero
 *
 * The tail has the functions, the code and the data. The data is such that code
 * that is in the middle of reading a clock starts again, and comes to make a
 * system call, or to the time of the checkpoint.
 */
struct ckpt_vdso {
	__u32 abi;
	__u32 nr_symbols;
	__u64 hash;
	__u32 code_len;
	__u32 data_len;
	__u32 data_span;
	__u32 reserved;
};

/**
 * struct ckpt_um_task - architecture part of a task, User-Mode Linux
 * @syscall: number of the system call in progress, or -1
 * @cr2: address of the last fault that led to a signal, as signal frames have it
 * @trap_nr: number of the last trap that did, likewise
 * @error_code: error code of it, likewise
 */
struct ckpt_um_task {
	__s64 syscall;
	__u64 cr2;
	__u32 trap_nr;
	__u32 error_code;
};

/**
 * enum ckpt_run_type - what a run says about a range of a bulk source
 * @CKPT_RUN_DATA: its bytes are in this chunk
 * @CKPT_RUN_HOLE: it is empty
 * @CKPT_RUN_MARKER: of memory: a guard region
 * @CKPT_RUN_SAME: it is, and stays shared with, a range of another source
 * @CKPT_RUN_PARENT: unchanged since the base image
 * @CKPT_RUN_ZERO: it is there, and all of its bytes are zero
 */
enum ckpt_run_type {
	CKPT_RUN_DATA	= 1,
	CKPT_RUN_HOLE	= 2,
	CKPT_RUN_MARKER	= 3,
	CKPT_RUN_SAME	= 4,
	CKPT_RUN_PARENT	= 5,
	CKPT_RUN_ZERO	= 6,
};

/**
 * struct ckpt_run - a range of a bulk source
 * @source: id of the object whose content this is
 * @type: enum ckpt_run_type
 * @offset: in the source, in bytes
 * @length: in bytes
 * @from_source: with CKPT_RUN_SAME, the other source; else 0
 * @reserved: zero
 * @from_offset: with CKPT_RUN_SAME, the offset there; else 0
 */
struct ckpt_run {
	__u32 source;
	__u32 type;
	__u64 offset;
	__u64 length;
	__u32 from_source;
	__u32 reserved;
	__u64 from_offset;
};

#define CKPT_CHUNK_RUNS		101
#define CKPT_CHUNK_MAX		(4U << 20)

/**
 * struct ckpt_chunk - a batch of runs
 * @magic: CKPT_CHUNK_MAGIC
 * @nr_runs: number of runs in use; 0 in the last chunk
 * @length: bytes of data that follow, the data runs one after the other; at
 *	most CKPT_CHUNK_MAX; padded with zeros to CKPT_BULK_ALIGN
 * @data_checksum: of these bytes, without the padding
 * @head_checksum: of this struct with this field zero
 * @run: the runs
 * @reserved: zero
 *
 * Chunks begin at multiples of CKPT_BULK_ALIGN from the start of the image,
 * so data of whole pages are aligned in a file.
 */
struct ckpt_chunk {
	__u32 magic;
	__u32 nr_runs;
	__u64 length;
	__u64 data_checksum;
	__u64 head_checksum;
	struct ckpt_run run[CKPT_CHUNK_RUNS];
	__u8 reserved[24];
};

/**
 * struct ckpt_trailer - end of an image
 * @nr_chunks: number of chunks, with the last and empty one
 * @nr_runs: number of runs in all
 * @nr_bytes: bytes of data in all, without padding
 * @chunks_checksum: over the head_checksum of every chunk, in order
 * @image_id: as in the header
 */
struct ckpt_trailer {
	__u64 nr_chunks;
	__u64 nr_runs;
	__u64 nr_bytes;
	__u64 chunks_checksum;
	__u8 image_id[16];
};

#endif /* _UAPI_LINUX_CHECKPOINT_IMAGE_H */
