/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * System calls for checkpoint and restart of running applications
 *
 * The image that they write and read is described in checkpoint_image.h,
 * the use of all of it in Documentation/userspace-api/checkpoint.rst.
 */
#ifndef _UAPI_LINUX_CHECKPOINT_H
#define _UAPI_LINUX_CHECKPOINT_H

#include <linux/types.h>

/**
 * DOC: checkpoint() flags
 *
 * long checkpoint(pid_t pid, int fd, unsigned long flags, int logfd);
 *
 * Writes an image of the process tree below @pid to @fd, which may be a file,
 * a pipe or a socket.  @pid is a number in the caller's pid namespace. Every
 * task of the tree must be frozen by one of the cgroup freezers.  Returns 0
 * when the whole image was written. @logfd is read only with %CHECKPOINT_LOG.
 *
 * The tree may include the caller, and does if @pid is 0. Of that process the
 * other threads must be frozen, but not the caller. It returns twice, as fork()
 * does: a positive number when the image was written, and 0 in the process that
 * is restarted from it. There @fd and @logfd are not open.
 *
 * %CHECKPOINT_SUBTREE
 *	@pid need not be the init process of a container.  Nothing is said
 *	then of what the tree shares with processes outside of it.
 *
 * %CHECKPOINT_PIDFD
 *	@pid is a pidfd.
 *
 * %CHECKPOINT_LOG
 *	The fourth argument is a file descriptor. Each reason for a failure is
 *	written to it as one line of text.
 *
 * %CHECKPOINT_DRYRUN
 *	Collect the state, write no image (@fd is ignored), and report all
 *	that stands in the way instead of the first thing.
 *
 * %CHECKPOINT_THREAD_NS
 *	Threads may be in other namespaces than the first one of their process.
 *	What is set in a namespace is the caller's to save: who looks for that at
 *	processes only would miss theirs. Without this flag they are refused.
 */
#define CHECKPOINT_SUBTREE	(1UL << 0)
#define CHECKPOINT_PIDFD	(1UL << 1)
#define CHECKPOINT_LOG		(1UL << 2)
#define CHECKPOINT_DRYRUN	(1UL << 3)
#define CHECKPOINT_THREAD_NS	(1UL << 4)

/**
 * DOC: restart() flags
 *
 * long restart(pid_t pid, int fd, unsigned long flags, int logfd);
 *
 * Brings an image back to life, in three steps:
 *
 * restart(0, image_fd, RESTART_OPEN)
 *	Reads and verifies header and metadata, creates nothing. Returns a
 *	*context fd*, close-on-exec. read() on it yields struct
 *	ckpt_image_header and after it the records of the metadata section.
 *
 * restart(pid, context_fd, RESTART_JOIN)
 *	The caller takes the place of the saved task whose pid in the image
 *	is @pid; its own pid, in its own pid namespace, must be the same. The
 *	context fd is closed in the caller.  Returns only on error: otherwise
 *	the caller continues as the saved task, or is killed if the restart
 *	fails.
 *
 * restart(pid, context_fd, 0)
 *	Waits until all tasks have joined, restores them, and lets them go
 *	on. @pid is the root of the new tree as the caller sees it. Returns 0
 *	when all of them are complete.  On error none of them is left.
 *
 * restart(0, image_fd, 0)
 *	All of it in one call, for an image of one process, whose place the
 *	caller takes. Returns only on error.
 *
 * When the last reference to the context fd goes before the restart is
 * complete, all tasks that joined are killed.
 *
 * %RESTART_LOG
 *	The fourth argument is a file descriptor. Each reason for a failure is
 *	written to it as one line of text. Only with an image; given with
 *	%RESTART_OPEN, it also gets the messages of the later steps.
 * %RESTART_ANY_PIDS
 *	Given with %RESTART_OPEN: processes may join with other pids than those
 *	of the image. Programs that have remembered a pid then have a wrong one.
 */
#define RESTART_OPEN		(1UL << 0)
#define RESTART_JOIN		(1UL << 1)
#define RESTART_LOG		(1UL << 2)
#define RESTART_ANY_PIDS	(1UL << 3)

/**
 * struct clone_struct - arguments of clone2()
 * @clone_flags: CLONE_* flags as for clone3(); CSIGNAL bits must be zero
 * @exit_signal: signal for the parent when the child ends
 * @nr_pids: number of elements in the array of pids, at most the depth of the
 *	child's pid namespace
 * @child_stack: lowest address of the child's stack, or 0
 * @child_stack_size: its size in bytes, or 0
 * @parent_tid: where to store the child's tid in the parent, or 0
 * @child_tid: where to store the child's tid in the child, or 0
 * @tls: thread-local storage of the child, with CLONE_SETTLS
 * @reserved: must be zero
 *
 * long clone2(struct clone_struct *cs, pid_t *pids);
 *
 * Creates a process or thread like clone3() and chooses its pids. @pids holds
 * one id for each pid namespace, the outermost first and the one in which the
 * child lives last; when there are fewer than the child has levels, they count
 * from the innermost. 0 lets the kernel choose; it is allowed only for levels
 * outside of the last chosen one.
 */
struct clone_struct {
	__aligned_u64 clone_flags;
	__u32 exit_signal;
	__u32 nr_pids;
	__aligned_u64 child_stack;
	__aligned_u64 child_stack_size;
	__aligned_u64 parent_tid;
	__aligned_u64 child_tid;
	__aligned_u64 tls;
	__aligned_u64 reserved[2];
};

#endif /* _UAPI_LINUX_CHECKPOINT_H */
