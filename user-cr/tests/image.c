// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <checkpoint/tool_image.h>
#include "image.h"

#define PAGE		4096
#define NR_ACTIONS	64
#define DATA_PAGES	2
#define STACK		0x7ffd00000000ULL
#define TEXT		0x555500000000ULL
#define SHARED		0x7ff000000000ULL
#define VDSO		0x7ffe00001000ULL
#define XSTATE_SIZE	640

uint64_t image_checksum(const void *bytes, size_t len)
{
	return XXH64(bytes, len, 0);
}

static void append(struct image *image, const void *bytes, size_t len)
{
	image->bytes = realloc(image->bytes, image->len + len);
	if (!image->bytes)
		abort();
	if (bytes)
		memcpy(image->bytes + image->len, bytes, len);
	else
		memset(image->bytes + image->len, 0, len);
	image->len += len;
}

static void section(struct image *image, uint32_t type, uint64_t length)
{
	struct ckpt_section s = {
		.magic = CKPT_SECTION_MAGIC, .type = type, .length = length,
	};

	append(image, &s, sizeof(s));
}

static void record(struct image *image, uint32_t type, uint32_t id,
		   uint32_t owner, const void *body, uint32_t body_len,
		   const void *tail, uint32_t tail_len)
{
	struct ckpt_record r = {
		.type = type, .body_len = body_len, .id = id, .owner = owner,
		.tail_len = tail_len,
	};

	r.len = sizeof(r) + body_len + (tail_len + 7) / 8 * 8;
	append(image, &r, sizeof(r));
	append(image, body, body_len);
	append(image, tail, tail_len);
	append(image, NULL, -tail_len % 8);
}

/* Version 1 has no record of it. */
static bool has_vdso(const struct image *image)
{
	return image->kind.x86 && image->kind.version > 1;
}

static bool has_policies(const struct image *image)
{
	return image->kind.x86 && image->kind.version > 1;
}

/* Of each process */
static uint32_t nr_objects(const struct image *image)
{
	return has_vdso(image) ? 11 : 10;
}

/* One of each kind, and a second one for IPC */
static uint32_t nr_namespaces(const struct image *image)
{
	return image->kind.namespaces ? 7 : 0;
}

/*
 * Ids: 1 is the UTS namespace, then come the tasks, then the objects, and the
 * other namespaces.
 */
static uint32_t leader_id(const struct process *all, int index)
{
	uint32_t id = 2;
	int i;

	for (i = 0; i < index; i++)
		id += all[i].thread ? 2 : 1;
	return id;
}

static void task(struct image *image, const struct process *p, uint32_t id,
		 uint32_t pid)
{
	struct ckpt_task t = {
		.pid = pid, .tgid = p->pid, .ppid = p->parent,
		.exit_signal = pid == p->pid ? 17 : 0,
		.parent_tid = p->parent_tid,
		.flags = pid == p->pid ? p->flags : 0,
	};
	struct ckpt_pid nested = { .ns = 1, .nr = pid == image->last ? 1 : 2 };
	bool inside = image->kind.namespaces &&
		      (p->pid == image->last || p->pid == image->kind.entered);

	if (p->flags & CKPT_TREE_GHOST)
		t.exit_signal = 0;
	else
		snprintf(t.comm, sizeof(t.comm), "test-%u", pid);
	record(image, CKPT_REC_TASK, id, id, &t, sizeof(t), &nested,
	       inside ? sizeof(nested) : 0);
}

/*
 * With namespaces, the last process has that of the network open instead of a pipe,
 * and another one may have that of its pids.
 */
static void outer_file(struct image *image, uint32_t task_id, uint32_t id,
		       uint32_t slot, uint32_t pid)
{
	static const char key[] = "pipe:[1234]";
	struct ckpt_file external = {
		.kind = CKPT_FILE_EXTERNAL, .flags = 1, .mode = S_IFIFO | 0600,
		.slot = slot,
	};
	struct ckpt_file net = {
		.kind = CKPT_FILE_NS, .mode = S_IFREG | 0444, .slot = slot,
		.rdev_minor = CKPT_NS_NET, .object_id = image->ns_id + 2,
	};
	struct ckpt_file pids = net;

	pids.rdev_minor = CKPT_NS_PID;
	pids.object_id = 1;
	if (image->kind.namespaces && pid == image->last)
		record(image, CKPT_REC_FILE, id, task_id, &net, sizeof(net),
		       NULL, 0);
	else if (image->kind.namespaces && pid == image->kind.holder)
		record(image, CKPT_REC_FILE, id, task_id, &pids, sizeof(pids),
		       NULL, 0);
	else
		record(image, CKPT_REC_FILE, id, task_id, &external,
		       sizeof(external), key, sizeof(key));
}

static void files(struct image *image, uint32_t task_id, uint32_t id,
		  uint32_t slot, uint32_t pid)
{
	static const char path[] = "/tmp/test-file";
	struct ckpt_file regular = {
		.kind = CKPT_FILE_REGULAR, .mode = S_IFREG | 0644,
		.flags = O_RDWR | O_APPEND | O_NONBLOCK,
		.pos = 10, .size = 100, .ino = 4711,
	};
	static const struct {
		struct ckpt_pipe_buf buf[2];
		char path[10];
	} bufs = { { { 100, 0 }, { 1, CKPT_PIPE_PACKET } }, "/tmp/fifo" };
	struct ckpt_pipe pipe = {
		.capacity = 65536, .nr_bufs = 2, .path_len = sizeof(bufs.path),
	};
	struct ckpt_file end = {
		.kind = CKPT_FILE_PIPE, .mode = S_IFIFO | 0600,
		.object_id = id + 8, .owner = { .type = CKPT_OWNER_TASK },
	};
	struct ckpt_fd_table table = { .nr_fds = 3 };
	struct ckpt_fd fds[] = {
		{ .fd = 1, .file_id = id },
		{ .fd = 3, .file_id = id + 1, .flags = CKPT_FD_CLOEXEC },
		{ .fd = 4, .file_id = id + 9 },
	};

	outer_file(image, task_id, id, slot, pid);
	record(image, CKPT_REC_FILE, id + 1, task_id, &regular,
	       sizeof(regular), path, sizeof(path));
	record(image, CKPT_REC_PIPE, id + 8, task_id, &pipe, sizeof(pipe),
	       &bufs, sizeof(bufs.buf) + sizeof(bufs.path));
	record(image, CKPT_REC_FILE, id + 9, task_id, &end, sizeof(end), NULL,
	       0);
	record(image, CKPT_REC_FD_TABLE, id + 2, task_id, &table,
	       sizeof(table), fds, sizeof(fds));
}

static void directories(struct image *image, uint32_t task_id, uint32_t id)
{
	static const char paths[] = "/\0/tmp";
	struct ckpt_fs fs = { .umask = 022, .root_len = 2, .cwd_len = 5 };

	record(image, CKPT_REC_FS, id, task_id, &fs, sizeof(fs), paths,
	       sizeof(paths));
}

static void vdso(struct image *image, uint32_t task_id, uint32_t id)
{
	struct {
		struct ckpt_vdso_symbol symbol[2];
		unsigned char code[256];
		unsigned char data[16];
	} tail = {
		{ { 16, 20, "__vdso_time" }, { 64, 20, "__vdso_getcpu" } },
		"code", "data",
	};
	struct ckpt_vdso body = {
		.abi = 64, .nr_symbols = 2, .code_len = sizeof(tail.code),
		.hash = image_checksum(tail.code, sizeof(tail.code)),
		.data_len = sizeof(tail.data), .data_span = PAGE,
	};

	record(image, CKPT_REC_VDSO, id, task_id, &body, sizeof(body), &tail,
	       sizeof(tail));
}

static void arch_mm(struct image *image, uint32_t task_id, uint32_t id)
{
	struct ckpt_x86_segment segments[2] = {
		{ 0, 16, 4095, 0x51 }, { .number = 5 },
	};
	struct ckpt_x86_mm body = {
		.mm_id = id, .pkeys = 3, .exec_pkey = -1, .nr_segments = 2,
		.legacy_base = SHARED,
	};

	record(image, CKPT_REC_ARCH_MM, 0, task_id, &body, sizeof(body),
	       segments, sizeof(segments));
}

static void memory(struct image *image, uint32_t task_id, uint32_t id,
		   uint32_t file_id, uint32_t shmem_id, uint32_t vdso_id)
{
	uint64_t auxv[4] = { 6, PAGE };
	struct ckpt_mm mm = {
		.exe_id = file_id, .flags = CKPT_MM_TOPDOWN,
		.nr_vmas = image->kind.x86 ? 4 : 3,
		.auxv_len = sizeof(auxv), .start_stack = STACK + PAGE,
	};
	struct ckpt_vma text = {
		.mm_id = id, .kind = CKPT_VMA_FILE, .file_id = file_id,
		.start = TEXT, .end = TEXT + 4 * PAGE,
		.flags = CKPT_VMA_READ | CKPT_VMA_EXEC,
	};
	struct ckpt_vma stack = {
		.mm_id = id, .kind = CKPT_VMA_ANON, .start = STACK,
		.end = STACK + 2 * PAGE,
		.flags = CKPT_VMA_READ | CKPT_VMA_WRITE | CKPT_VMA_GROWSDOWN,
	};

	struct ckpt_shmem shmem = { .size = PAGE };
	struct ckpt_vma shared = {
		.mm_id = id, .kind = CKPT_VMA_SHMEM, .file_id = shmem_id,
		.start = SHARED, .end = SHARED + PAGE,
		.flags = CKPT_VMA_READ | CKPT_VMA_SHARED,
		.pkey = has_vdso(image) ? 1 : 0,
	};
	struct ckpt_vma code = {
		.mm_id = id, .kind = CKPT_VMA_VDSO,
		.file_id = has_vdso(image) ? vdso_id : 0,
		.start = VDSO, .end = VDSO + PAGE,
		.flags = CKPT_VMA_READ | CKPT_VMA_EXEC,
	};
	struct ckpt_range_policy policy = {
		.object_id = id, .mode = 2, .start = STACK, .end = STACK + PAGE,
		.home_node = 1,
	};
	static const char name[] = "a name";
	uint64_t nodes = 3;

	if (has_vdso(image))
		vdso(image, task_id, vdso_id);
	record(image, CKPT_REC_SHMEM, shmem_id, task_id, &shmem, sizeof(shmem),
	       NULL, 0);
	record(image, CKPT_REC_MM, id, task_id, &mm, sizeof(mm), auxv,
	       sizeof(auxv));
	if (has_vdso(image))
		arch_mm(image, task_id, id);
	record(image, CKPT_REC_VMA, 0, task_id, &text, sizeof(text), NULL, 0);
	record(image, CKPT_REC_VMA, 0, task_id, &shared, sizeof(shared), name,
	       sizeof(name));
	record(image, CKPT_REC_VMA, 0, task_id, &stack, sizeof(stack), NULL, 0);
	if (image->kind.x86)
		record(image, CKPT_REC_VMA, 0, task_id, &code, sizeof(code),
		       NULL, 0);
	if (!has_policies(image))
		return;
	record(image, CKPT_REC_VMA_POLICY, 0, task_id, &policy, sizeof(policy),
	       &nodes, sizeof(nodes));
	policy.object_id = shmem_id;
	record(image, CKPT_REC_SHMEM_POLICY, 0, task_id, &policy, sizeof(policy),
	       &nodes, sizeof(nodes));
}

static void signals_and_times(struct image *image, uint32_t task_id)
{
	unsigned char siginfo[2 * CKPT_SIGINFO_SIZE] = { 10 };
	struct ckpt_pending pending = { .nr_private = 1, .nr_shared = 1 };
	struct ckpt_itimers timers = { .flags = CKPT_ITIMER_REAL, .real_ns = 5 };
	struct ckpt_times times = { .start_ns = 7, .task.nvcsw = 8 };
	struct ckpt_sched sched = { .flags = CKPT_SCHED_AFFINITY, .nice = -5 };
	struct ckpt_prctls prctls = { .nr = 1 };
	struct ckpt_prctl prctl = { .option = 36, .arg2 = 1 };
	struct ckpt_rseq rseq = {
		.addr = 0x7fff1000, .len = 32, .signature = 0x53053053,
	};
	struct ckpt_dispatch dispatch = {
		.mode = 1, .offset = TEXT, .len = PAGE, .selector = STACK,
	};
	struct ckpt_task_policy policy = { .mode = 6, .last_node = 1, .weight = 2 };
	struct ckpt_timers posix = { .nr = 1, .next_id = 4 };
	struct ckpt_timer timer = { .id = 3, .signal = 14, .expires_ns = 77 };
	struct ckpt_seccomp seccomp = { .mode = 1 };
	uint64_t cpus = 3;

	record(image, CKPT_REC_PENDING, 0, task_id, &pending, sizeof(pending),
	       siginfo, sizeof(siginfo));
	record(image, CKPT_REC_ITIMERS, 0, task_id, &timers, sizeof(timers),
	       NULL, 0);
	if (image->kind.namespaces) {
		record(image, CKPT_REC_TIMERS, 0, task_id, &posix,
		       sizeof(posix), &timer, sizeof(timer));
		record(image, CKPT_REC_SECCOMP, 0, task_id, &seccomp,
		       sizeof(seccomp), NULL, 0);
	}
	record(image, CKPT_REC_TIMES, 0, task_id, &times, sizeof(times), NULL,
	       0);
	record(image, CKPT_REC_SCHED, 0, task_id, &sched, sizeof(sched), &cpus,
	       sizeof(cpus));
	if (has_policies(image))
		record(image, CKPT_REC_TASK_POLICY, 0, task_id, &policy,
		       sizeof(policy), &cpus, sizeof(cpus));
	record(image, CKPT_REC_PRCTLS, 0, task_id, &prctls, sizeof(prctls),
	       &prctl, sizeof(prctl));
	record(image, CKPT_REC_RSEQ, 0, task_id, &rseq, sizeof(rseq), NULL, 0);
	if (image->kind.x86 && image->kind.version > 1)
		record(image, CKPT_REC_DISPATCH, 0, task_id, &dispatch,
		       sizeof(dispatch), NULL, 0);
}

static void arch_task(struct image *image, uint32_t task_id, uint32_t vdso_id)
{
	struct ckpt_um_task um = { .syscall = 230 };
	struct ckpt_x86_task x86 = {
		.flags = CKPT_X86_EFLAGS_ID, .vdso = VDSO, .vdso_id = vdso_id,
		.tls = {
			{ 12, 0x1000, 1, 0x51 },
			{ .number = 13 }, { .number = 14 },
		},
	};

	if (image->kind.x86)
		record(image, CKPT_REC_ARCH_TASK, 0, task_id, &x86,
		       has_vdso(image) ? sizeof(x86) : 0, NULL, 0);
	else
		record(image, CKPT_REC_ARCH_TASK, 0, task_id, &um, sizeof(um),
		       NULL, 0);
}

/* Of x86_64: the last of the registers, and behind them where they are. */
static void extended_state(struct image *image, uint32_t task_id)
{
	struct {
		unsigned char registers[XSTATE_SIZE];
		uint32_t layout[2][4];	/* type, size, offset, flags */
	} tail = { "xstate", { { 2, 32, 576, 0 }, { 9, 8, 608, 0 } } };
	struct ckpt_regset set = { .note = 0x202, .size = XSTATE_SIZE };

	record(image, CKPT_REC_REGSET, 0, task_id, &set, sizeof(set), &tail,
	       has_vdso(image) ? sizeof(tail) : set.size);
}

static void registers(struct image *image, uint32_t task_id)
{
	struct ckpt_regset set = { .note = 1, .size = 27 };

	record(image, CKPT_REC_REGSET, 0, task_id, &set, sizeof(set), NULL,
	       set.size);
	if (image->kind.x86)
		extended_state(image, task_id);
}

/* A thread of the last process is not in its IPC namespace. */
static void join_namespaces(const struct image *image,
			    struct ckpt_task_state *s, bool last)
{
	uint32_t id = image->ns_id;

	s->ipc_ns_id = last ? id + 6 : id;
	s->mnt_ns_id = id + 1;
	s->net_ns_id = id + 2;
	s->cgroup_ns_id = id + 3;
	s->time_ns_id = id + 4;
	s->user_ns_id = image->kind.apart && !last ? 0 : id + 5;
}

static void task_state(struct image *image, uint32_t task_id, uint32_t id,
		       bool last)
{
	struct ckpt_task_state state = {
		.fd_table_id = id + 2, .fs_id = id + 3, .mm_id = id + 4,
		.sighand_id = id + 5, .cred_id = id + 6, .uts_id = 1,
	};
	struct ckpt_restart_block block = {
		.kind = CKPT_RESTART_NANOSLEEP, .expires_ns = 1000,
	};

	if (image->kind.namespaces)
		join_namespaces(image, &state, last);
	record(image, CKPT_REC_TASK_STATE, 0, task_id, &state, sizeof(state),
	       NULL, 0);
	signals_and_times(image, task_id);
	if (image->kind.version > 1)
		arch_task(image, task_id, id + 10);
	registers(image, task_id);
	if (image->kind.version == 1)
		arch_task(image, task_id, 0);
	record(image, CKPT_REC_RESTART_BLOCK, 0, task_id, &block,
	       sizeof(block), NULL, 0);
}

static void what_the_dead_have(struct image *image, uint32_t task_id,
			       uint32_t id)
{
	struct ckpt_sigaction actions[NR_ACTIONS] = { { .handler = 1 } };
	struct ckpt_sighand sighand = { .nr_actions = NR_ACTIONS };
	struct ckpt_cred cred = { .nr_groups = 3 };
	struct ckpt_rlimits limits = { .cur = { 1 } };
	uint32_t groups[3] = { 4, 20, 24 };

	record(image, CKPT_REC_SIGHAND, id + 5, task_id, &sighand,
	       sizeof(sighand), actions, sizeof(actions));
	record(image, CKPT_REC_CRED, id + 6, task_id, &cred, sizeof(cred),
	       groups, sizeof(groups));
	record(image, CKPT_REC_RLIMITS, 0, task_id, &limits, sizeof(limits),
	       NULL, 0);
}

static void end(struct image *image, const struct process *p, uint32_t task_id,
		uint32_t id)
{
	struct ckpt_exit body = {
		.status = p->status, .cred_id = id + 6, .sighand_id = id + 5,
	};

	record(image, CKPT_REC_EXIT, 0, task_id, &body, sizeof(body), NULL, 0);
}

static void state(struct image *image, const struct process *p,
		  uint32_t task_id, uint32_t id, uint32_t slot)
{
	struct ckpt_stop stop = {
		.flags = CKPT_STOP_STOPPED, .signal = p->stop,
	};
	struct ckpt_vfork vfork = { .child = p->vfork };

	if (p->flags & CKPT_TREE_GHOST)
		return;
	if (p->flags & CKPT_TREE_ZOMBIE) {
		what_the_dead_have(image, task_id, id);
		end(image, p, task_id, id);
		return;
	}
	files(image, task_id, id, slot, p->pid);
	directories(image, task_id, id + 3);
	memory(image, task_id, id + 4, id + 1, id + 7, id + 10);
	what_the_dead_have(image, task_id, id);
	task_state(image, task_id, id, p->pid == image->last);
	if (p->flags & CKPT_TREE_FIRST_ENDED)
		end(image, p, task_id, id);
	if (p->stop)
		record(image, CKPT_REC_STOP, 0, task_id, &stop, sizeof(stop),
		       NULL, 0);
	if (p->vfork)
		record(image, CKPT_REC_VFORK, 0, task_id, &vfork,
		       sizeof(vfork), NULL, 0);
	if (p->thread)
		task_state(image, task_id + 1, id, false);
}

static void namespaces(struct image *image, uint32_t owner)
{
	struct ckpt_id_extent ids[] = {
		{ 0, 100000, 65536 }, { 0, 200000, 1000 }, { 5000, 7000, 1 },
	};
	uint32_t i;

	for (i = 0; i < nr_namespaces(image); i++) {
		struct ckpt_ns ns = {
			.kind = i < CKPT_NS_USER ? i + 1 : CKPT_NS_IPC,
			.inode = 4026532000 + i,
		};
		uint32_t len = 0;

		if (ns.kind == CKPT_NS_NET)
			ns.flags = CKPT_NS_LO_UP;
		if (ns.kind == CKPT_NS_TIME) {
			ns.monotonic_ns = 1000000123;
			ns.boottime_ns = 2000000456;
		}
		if (ns.kind == CKPT_NS_USER) {
			ns.flags = CKPT_NS_NO_SETGROUPS;
			ns.owner_uid = 1000;
			ns.owner_gid = 100;
			ns.nr_uids = 1;
			ns.nr_gids = 2;
			len = sizeof(ids);
		}
		record(image, CKPT_REC_NS, image->ns_id + i, owner, &ns,
		       sizeof(ns), ids, len);
	}
}

static void tool_object(struct image *image, uint32_t type, uint32_t id,
			const void *body, uint32_t body_len, const char *strings,
			uint32_t len)
{
	record(image, type, id, 0, body, body_len, strings, len);
}

/* A constant string with NULs in it, and the one at its end */
#define OBJECT(image, type, id, body, strings) \
	tool_object(image, type, id, &(body), sizeof(body), strings, \
		    sizeof(strings))

/* With namespaces, that of the network is mounted, and an overlay of what is inside. */
static uint32_t nr_filesystems(const struct image *image)
{
	return image->kind.namespaces ? 5 : 3;
}

static void filesystems(struct image *image)
{
	struct ckpt_filesystem root = { .kind = CKPT_FILESYSTEM_EXTERNAL };
	struct ckpt_filesystem tmpfs = { .kind = CKPT_FILESYSTEM_CONTENT };
	struct ckpt_filesystem proc = { .kind = CKPT_FILESYSTEM_NEW };
	struct ckpt_filesystem net = { .kind = CKPT_FILESYSTEM_NAMESPACE };
	struct ckpt_filesystem overlay = {
		.kind = CKPT_FILESYSTEM_NEW, .flags = CKPT_FILESYSTEM_INSIDE,
	};
	struct ckpt_content piece = { .filesystem_id = 2, .last = 1 };

	OBJECT(image, CKPT_REC_FILESYSTEM, 1, root, "ext4\0/dev/x\0/\0/srv/ct\0rw");
	OBJECT(image, CKPT_REC_FILESYSTEM, 2, tmpfs, "tmpfs\0none\0/\0\0size=1m");
	record(image, CKPT_REC_CONTENT, 0, 0, &piece, sizeof(piece),
	       image->kind.content, image->kind.content_len ?: 999);
	OBJECT(image, CKPT_REC_FILESYSTEM, 3, proc, "proc\0proc\0/\0");
	if (!image->kind.namespaces)
		return;
	OBJECT(image, CKPT_REC_FILESYSTEM, 4, net, "nsfs\0nsfs\0net:[4026532002]\0");
	OBJECT(image, CKPT_REC_FILESYSTEM, 5, overlay,
	       "overlay\0none\0/\0\0lowerdir=/mnt/low\0upperdir=/mnt/up\0workdir=/mnt/work");
}

static void mounts(struct image *image)
{
	uint32_t first = nr_filesystems(image) + 2;
	struct ckpt_mount_ns ns = {
		.inode = 77, .pid = 1, .nr_mounts = nr_filesystems(image),
		.flags = CKPT_MOUNT_NS_ROOT,
	};
	struct ckpt_mount m = { .ns_id = first - 1, .filesystem_id = 1 };

	filesystems(image);
	OBJECT(image, CKPT_REC_MOUNT_NS, first - 1, ns, "/");
	OBJECT(image, CKPT_REC_MOUNT, first, m, "/\0/");
	m.parent_id = first;
	m.filesystem_id = 2;
	m.peer_group = 1;
	OBJECT(image, CKPT_REC_MOUNT, first + 1, m, "/sub\0/mnt");
	m.filesystem_id = 3;
	m.peer_group = 0;
	m.master = 1;
	m.flags = CKPT_MOUNT_NOSUID | CKPT_MOUNT_UNBINDABLE | CKPT_MOUNT_LOCKED |
		  CKPT_MOUNT_LOCK_NOSUID | CKPT_MOUNT_LOCK_ATIME;
	OBJECT(image, CKPT_REC_MOUNT, first + 2, m, "/\0/proc");
	if (!image->kind.namespaces)
		return;
	m.filesystem_id = 4;
	m.master = 0;
	m.flags = 0;
	OBJECT(image, CKPT_REC_MOUNT, first + 3, m, "net:[4026532002]\0/run/net");
	m.filesystem_id = 5;
	OBJECT(image, CKPT_REC_MOUNT, first + 4, m, "/\0/overlay");
}

static void cgroups(struct image *image)
{
	uint32_t first = 2 * nr_filesystems(image) + 2;
	struct ckpt_cgroup group = {
		.version = 2, .uid = 1000, .gid = 100, .mode = 040775,
	};
	struct ckpt_cgroup_setting setting = { .cgroup_id = first };
	struct ckpt_cgroup_file file = {
		.cgroup_id = first, .uid = 1000, .gid = 100, .mode = 0664,
	};
	struct ckpt_cgroup_xattr xattr = { .cgroup_id = first };
	struct ckpt_cgroup_members members = { .cgroup_id = first + 1 };
	struct ckpt_cgroup_root root = { .cgroup_id = first, .inode = 4712 };
	uint32_t pids[] = { 1, 7 };

	OBJECT(image, CKPT_REC_CGROUP, first, group, "box\0");
	OBJECT(image, CKPT_REC_CGROUP_SETTING, 0, setting, "pids.max\00042");
	OBJECT(image, CKPT_REC_CGROUP_FILE, 0, file, "cgroup.procs");
	OBJECT(image, CKPT_REC_CGROUP_XATTR, 0, xattr, "\0user.note\0x");
	group.parent_id = first;
	OBJECT(image, CKPT_REC_CGROUP, first + 1, group, "inner\0");
	record(image, CKPT_REC_CGROUP_MEMBERS, 0, 0, &members, sizeof(members),
	       pids, sizeof(pids));
	OBJECT(image, CKPT_REC_CGROUP_ROOT, 0, root, "/a/box");
}

static void settings(struct image *image)
{
	static const char setting[] = "net/unix/max_dgram_qlen\00077";
	static const char last[] = "kernel/ns_last_pid\00099";
	struct ckpt_sysctl sysctl = { .kind = CKPT_NS_NET, .inode = 4711 };
	struct ckpt_sysctl pids = {
		.kind = CKPT_SYSCTLS_PID, .pid = 1, .inode = 4713,
	};

	record(image, CKPT_REC_SYSCTL, 0, 0, &sysctl, sizeof(sysctl), setting,
	       sizeof(setting));
	record(image, CKPT_REC_SYSCTL, 0, 0, &pids, sizeof(pids), last, sizeof(last));
}

/* The header behind them is aligned. */
static void tools(struct image *image)
{
	struct ckpt_section *s;
	size_t len;

	section(image, CKPT_SECTION_TOOL_RECORDS, 0);
	image->tools = image->len;
	mounts(image);
	cgroups(image);
	settings(image);
	len = image->len + sizeof(struct ckpt_record);
	record(image, CKPT_REC_PAD, 0, 0, NULL, 0, NULL, -len % CKPT_BULK_ALIGN);
	s = (void *)(image->bytes + image->tools - sizeof(*s));
	s->length = image->len - image->tools;
}

static void header(struct image *image, const struct process *all, int nr)
{
	struct ckpt_image_header h = {
		.version = image->kind.version, .endian = CKPT_ENDIAN,
		.arch = image->kind.x86 ? CKPT_ARCH_X86_64 : CKPT_ARCH_UM_X86_64,
		.page_size = PAGE, .hz = 100,
		.flags = image->kind.container ? CKPT_IMAGE_CONTAINER : 0,
		.task_size = 0x7ffffffff000, .image_id = { 1, 2, 3 },
		.realtime_ns = 1700000000000000000,
		.monotonic_ns = image->kind.monotonic_ns ?: 1000000123,
		.boottime_ns = 2000000456, .root_pid = all[0].pid,
		.nr_tasks = leader_id(all, nr) - 2,
		.sysname = "Linux", .release = "7.2.0-test",
		.kernel_version = "#1", .machine = "x86_64",
	};

	image->ns_id = 2 + h.nr_tasks + nr_objects(image) * nr;
	h.nr_objects = image->ns_id - 1 + nr_namespaces(image);
	section(image, CKPT_SECTION_HEADER, sizeof(h));
	image->header = image->len;
	append(image, &h, sizeof(h));
}

static void metadata(struct image *image, const struct process *all, int nr)
{
	struct ckpt_uts uts = { .nodename = "testhost", .domainname = "testdomain" };
	uint32_t id = leader_id(all, nr);
	struct ckpt_image_header *h;
	size_t padding;
	int i;

	section(image, CKPT_SECTION_METADATA, 0);
	image->metadata = image->len;
	for (i = 0; i < nr; i++) {
		task(image, &all[i], leader_id(all, i), all[i].pid);
		if (all[i].thread)
			task(image, &all[i], leader_id(all, i) + 1,
			     all[i].thread);
	}
	h = (void *)(image->bytes + image->header);
	h->tree_len = image->len - image->metadata;
	record(image, CKPT_REC_UTS, 1, 0, &uts, sizeof(uts), NULL, 0);
	namespaces(image, leader_id(all, 0));
	for (i = 0; i < nr; i++)
		state(image, &all[i], leader_id(all, i),
		      id + nr_objects(image) * i, image->kind.slot);
	/* The first chunk begins behind a PAD record and a section. */
	padding = sizeof(struct ckpt_record) + sizeof(struct ckpt_section);
	padding = -(image->len + padding) % CKPT_BULK_ALIGN;
	record(image, CKPT_REC_PAD, 0, 0, NULL, 0, NULL, padding);
	((struct ckpt_section *)(image->bytes + image->metadata))[-1].length =
		image->len - image->metadata;
}

static void bulk(struct image *image, const struct process *all, int nr)
{
	uint32_t first = leader_id(all, nr) + 4;
	struct ckpt_chunk chunk = { .magic = CKPT_CHUNK_MAGIC, .nr_runs = 2 };
	struct ckpt_chunk last = { .magic = CKPT_CHUNK_MAGIC };
	unsigned char page[PAGE];
	int i;

	section(image, CKPT_SECTION_BULK, CKPT_LENGTH_UNKNOWN);
	image->bulk = image->len;
	for (i = 0; i < nr; i++) {
		if (all[i].flags)
			continue;
		memset(page, i + 1, sizeof(page));
		chunk.length = PAGE;
		chunk.run[0] = (struct ckpt_run){
			.source = first + nr_objects(image) * i, .offset = STACK,
			.type = CKPT_RUN_DATA, .length = PAGE,
		};
		chunk.run[1] = chunk.run[0];
		chunk.run[1].type = CKPT_RUN_HOLE;
		chunk.run[1].offset += PAGE;
		append(image, &chunk, sizeof(chunk));
		append(image, page, sizeof(page));
	}
	append(image, &last, sizeof(last));
}

static int count_living(const struct process *all, int nr)
{
	int i, living = 0;

	for (i = 0; i < nr; i++)
		living += !all[i].flags;
	return living;
}

static void trailer(struct image *image, int nr)
{
	struct ckpt_trailer t = {
		.nr_chunks = nr + 1, .nr_runs = 2 * nr, .nr_bytes = PAGE * nr,
		.image_id = { 1, 2, 3 },
	};

	section(image, CKPT_SECTION_TRAILER, sizeof(t));
	image->trailer = image->len;
	append(image, &t, sizeof(t));
}

void image_repair(struct image *image)
{
	repair_image(image->bytes, image->len, false);
}

void image_build(struct image *image, const struct process *processes, int nr,
		 const struct kind *kind)
{
	*image = (struct image){
		.last = processes[nr - 1].pid, .kind = *kind,
	};
	if (!image->kind.version)
		image->kind.version = CKPT_FORMAT_VERSION;
	if (kind->tools)
		tools(image);
	header(image, processes, nr);
	metadata(image, processes, nr);
	bulk(image, processes, nr);
	trailer(image, count_living(processes, nr));
	image_repair(image);
}
