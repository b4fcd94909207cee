// SPDX-License-Identifier: GPL-2.0-only
/* The image reader: good images, and what an enemy would make of them */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/image.h>
#include <checkpoint/tool_image.h>
#include "image.h"
#include "ok.h"

static const struct process tree[] = {
	{ .pid = 1 },
	{ .pid = 7, .parent = 1, .thread = 8 },
};

#define NR_PROCESSES	2

static const struct process jobs[] = {
	{ .pid = 1 },
	{ .pid = 7, .parent = 1, .thread = 8, .stop = 19 },
	{ .pid = 9, .parent = 7, .parent_tid = 8,
	  .flags = CKPT_TREE_ZOMBIE | CKPT_TREE_EXECED,
	  .status = 0x300 },
	{ .pid = 10, .parent = 1, .flags = CKPT_TREE_GHOST },
};

#define NR_JOBS		4
#define RANDOM_ROUNDS	5000

static void result(bool condition, const char *format, ...)
{
	char name[256];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	ok(name, condition);
}

static int memory_file(const void *bytes, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("image", 0);
	if (fd < 0 || ftruncate(fd, len) ||
	    pwrite(fd, bytes, len, 0) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET)) {
		perror("memfd");
		exit(1);
	}
	return fd;
}

/* Reads it all, and touches every byte that the reader hands out. */
static int walk(struct ckpt_reader *reader, int *records)
{
	volatile unsigned char sum = 0;
	struct ckpt_item item;
	uint64_t i;
	int ret;

	while ((ret = ckpt_reader_next(reader, &item)) > 0) {
		if (item.type == CKPT_ITEM_RECORD ||
		    item.type == CKPT_ITEM_TOOL_RECORD) {
			++*records;
			for (i = 0; i < item.record->len; i++)
				sum += ((unsigned char *)item.record)[i];
		} else if (item.type == CKPT_ITEM_CHUNK) {
			for (i = 0; i < item.chunk->length; i++)
				sum += ((unsigned char *)item.data)[i];
		}
	}
	return ret;
}

static char last_error[400];

/* 0: accepted; -1: refused */
static int read_image(const void *bytes, size_t len)
{
	int fd = memory_file(bytes, len);
	struct ckpt_reader *reader = ckpt_reader_new(fd);
	int records = 0;
	int ret = walk(reader, &records);

	snprintf(last_error, sizeof(last_error), "%s",
		 ckpt_reader_error(reader));
	if (ret < 0 && strncmp(last_error, "byte ", 5))
		result(false, "error without an offset: '%s'", last_error);
	if (ret < 0 && ckpt_reader_next(reader, &(struct ckpt_item){ 0 }) != -1)
		result(false, "the reader goes on after an error");
	ckpt_reader_free(reader);
	return ret;
}

static void test_good(const struct image *image)
{
	result(!read_image(image->bytes, image->len),
	       "a good image is accepted%s%s", *last_error ? ": " : "",
	       last_error);
}

static void test_pipe(const struct image *image)
{
	struct ckpt_reader *reader;
	int fds[2], records = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		exit(1);
	pid = fork();
	if (!pid) {
		size_t i;

		/* In small pieces. */
		for (i = 0; i < image->len; i += 100)
			if (write(fds[1], image->bytes + i, image->len - i < 100 ?
				  image->len - i : 100) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	reader = ckpt_reader_new(fds[0]);
	result(!walk(reader, &records), "a pipe in small pieces is read");
	ckpt_reader_free(reader);
	close(fds[0]);
}

/* What read() on a context descriptor gives. */
static void test_context(const struct image *image)
{
	size_t metadata = image->bulk - image->metadata -
			  sizeof(struct ckpt_section);
	size_t len = sizeof(struct ckpt_image_header) + metadata;
	unsigned char *bytes = malloc(len);
	struct ckpt_reader *reader;
	int fd, ret, records = 0;

	memcpy(bytes, image->bytes + image->header,
	       sizeof(struct ckpt_image_header));
	memcpy(bytes + sizeof(struct ckpt_image_header),
	       image->bytes + image->metadata, metadata);
	fd = memory_file(bytes, len);
	reader = ckpt_reader_new_context(fd);
	ret = walk(reader, &records);
	result(!ret && records > 30,
	       "a context descriptor gives %d records%s", records,
	       ckpt_reader_error(reader));
	ckpt_reader_free(reader);
	free(bytes);
}

static void test_tool_section(const struct image *image)
{
	struct ckpt_section section = {
		.magic = CKPT_SECTION_MAGIC, .type = CKPT_SECTION_TOOL + 5,
		.length = CKPT_BULK_ALIGN - sizeof(section),
	};
	size_t len = CKPT_BULK_ALIGN + image->len;
	unsigned char *bytes = calloc(1, len);

	memcpy(bytes, &section, sizeof(section));
	memcpy(bytes + CKPT_BULK_ALIGN, image->bytes, image->len);
	result(read_image(bytes, len) < 0 && strstr(last_error, "checksum"),
	       "a tool's section with a wrong checksum is refused");
	section.checksum = image_checksum(bytes + sizeof(section),
					  section.length);
	memcpy(bytes, &section, sizeof(section));
	result(!read_image(bytes, len), "a tool's section is skipped%s%s",
	       *last_error ? ": " : "", last_error);
	free(bytes);
}

static void test_truncation(const struct image *image)
{
	size_t len;
	int accepted = 0;

	for (len = 0; len < image->len; len += len < image->bulk ? 1 : 7)
		accepted += read_image(image->bytes, len) == 0;
	result(!accepted, "cut off at each byte of the metadata, and at many others: refused");
}

/* The type of a tool's section may be any: what is unknown is skipped. */
static bool is_tool_type(const struct image *image, size_t at)
{
	return image->tools && at / 4 == offsetof(struct ckpt_section, type) / 4;
}

/* One bit of each byte, in long stretches of zeros of some bytes. */
static void test_bit_flips(const struct image *image)
{
	size_t i, flips = 0, accepted = 0;

	for (i = 0; i < image->len; i++) {
		if (i % 16 && i > 8 && !memcmp(image->bytes + i - 8,
					       image->bytes + i - 7, 8))
			continue;
		if (is_tool_type(image, i))
			continue;
		flips++;
		image->bytes[i] ^= 1 << i % 8;
		accepted += read_image(image->bytes, image->len) == 0;
		image->bytes[i] ^= 1 << i % 8;
	}
	result(!accepted, "a bit flipped in %zu bytes: refused (%zu were not)",
	       flips, accepted);
}

/* The same with right checksums: refused or accepted, but harmless. */
static void test_repaired_flips(struct image *image)
{
	size_t end = image->bulk + sizeof(struct ckpt_chunk);
	size_t byte, accepted = 0, refused = 0;
	struct image bad = *image;
	int bit;

	bad.bytes = malloc(image->len);
	for (byte = 0; byte < end; byte++) {
		for (bit = byte % 3; bit < 8; bit += 4) {
			memcpy(bad.bytes, image->bytes, image->len);
			bad.bytes[byte] ^= 1 << bit;
			image_repair(&bad);
			if (read_image(bad.bytes, bad.len))
				refused++;
			else
				accepted++;
		}
	}
	free(bad.bytes);
	result(refused > 1000,
	       "bits flipped, checksums right: %zu refused, %zu accepted",
	       refused, accepted);
}

/* Whole words replaced by the numbers that break arithmetic. */
static void test_words(struct image *image)
{
	static const uint32_t words[] = {
		0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff,
		4096,
	};
	size_t end = image->bulk + 256, at, i, refused = 0, accepted = 0;
	struct image bad = *image;

	bad.bytes = malloc(image->len);
	for (at = image->tools ?: image->header; at < end; at += 4) {
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			memcpy(bad.bytes, image->bytes, image->len);
			memcpy(bad.bytes + at, &words[i], sizeof(words[i]));
			image_repair(&bad);
			if (read_image(bad.bytes, bad.len))
				refused++;
			else
				accepted++;
		}
	}
	free(bad.bytes);
	result(refused > 1000,
	       "words replaced, checksums right: %zu refused, %zu accepted",
	       refused, accepted);
}

static void test_random(struct image *image)
{
	size_t end = image->bulk + sizeof(struct ckpt_chunk);
	struct image bad = *image;
	int round, i, accepted = 0;

	srand(1);
	bad.bytes = malloc(image->len);
	for (round = 0; round < RANDOM_ROUNDS; round++) {
		memcpy(bad.bytes, image->bytes, image->len);
		for (i = rand() % 4; i >= 0; i--)
			bad.bytes[rand() % end] = rand();
		image_repair(&bad);
		accepted += read_image(bad.bytes, bad.len) == 0;
	}
	free(bad.bytes);
	result(true, "%d random changes: harmless, %d accepted", RANDOM_ROUNDS,
	       accepted);
}

/**
 * struct change - a change that must be refused, with right checksums
 * @what: for the test's name
 * @type: of the record
 * @at: byte in the record's body, or in the record's header if negative
 * @size: bytes to change
 * @value: the new value
 * @why: part of the message
 * @nr: which record of this type, counted from 0
 */
static const struct change {
	const char *what;
	uint32_t type;
	int at;
	int size;
	uint64_t value;
	const char *why;
	int nr;
} changes[] = {
#define NTH(nr, t, s, f, v, why) { #s "." #f, CKPT_REC_##t, \
	offsetof(struct ckpt_##s, f), sizeof(((struct ckpt_##s *)0)->f), v, why, nr }
#define BODY(t, s, f, v, why) NTH(0, t, s, f, v, why)
#define HEAD(t, f, v, why) { "record." #f, CKPT_REC_##t, \
	(int)offsetof(struct ckpt_record, f) - (int)sizeof(struct ckpt_record), \
	sizeof(((struct ckpt_record *)0)->f), v, why, 0 }
	HEAD(VMA, type, 4711, "unknown type"),
	HEAD(VMA, len, 0, "record of 0 bytes"),
	HEAD(VMA, len, 0xfffffff8, "record of"),
	HEAD(VMA, body_len, 0xfffffff8, "cannot have a body"),
	HEAD(VMA, tail_len, 16, "cannot have a body"),
	HEAD(VMA, id, 5, "id 5"),
	HEAD(VMA, owner, 1, "not a task"),
	HEAD(MM, id, 0, "id 0"),
	HEAD(MM, id, 1, "belongs to a UTS"),
	HEAD(MM, id, 0xffffffff, "above the highest"),
	HEAD(VMA, type, CKPT_REC_TASK, "behind the task tree"),
	BODY(TASK, task, pid, 2, "the root is 1"),
	BODY(TASK, task, pid, 0, "impossible pid"),
	BODY(TASK, task, ppid, 1, "root has a parent"),
	BODY(TASK, task, parent_tid, 1, "root has a parent"),
	BODY(TASK_STATE, task_state, uts_id, 9, "not before it"),
	BODY(TASK_STATE, task_state, ns_slot, 1, "has left itself"),
	BODY(TASK_STATE, task_state, mm_id, 1, "not before it"),
	BODY(TASK_STATE, task_state, flags, 2, "unknown flags"),
	BODY(SCHED, sched, nice, 20, "nice"),
	BODY(SCHED, sched, flags, 0, "CPU mask"),
	BODY(SCHED, sched, flags, 0x40, "unknown flags"),
	BODY(PRCTLS, prctls, nr, 0xaaaaaaac, "calls in"),
	BODY(PRCTLS, prctls, reserved, 1, "reserved"),
	BODY(RSEQ, rseq, flags, 2, "unknown flags"),
	BODY(RSEQ, rseq, reserved, 1, "reserved"),
	BODY(PENDING, pending, nr_shared, 0x02000001, "signals in"),
	BODY(PENDING, pending, nr_private, 2, "signals in"),
	BODY(ITIMERS, itimers, flags, 4, "unknown flags"),
	BODY(ITIMERS, itimers, reserved, 1, "reserved"),
	BODY(CRED, cred, nr_groups, 0x40000001, "groups"),
	BODY(SIGHAND, sighand, nr_actions, 0x08000002, "actions"),
	BODY(REGSET, regset, size, 28, "registers"),
	BODY(RESTART_BLOCK, restart_block, kind, 9, "unknown kind"),
	BODY(FILE, file, kind, 9, "unknown kind"),
	BODY(FILE, file, pos, 1ULL << 63, "impossible position"),
	BODY(FILE, file, cred_id, 1, "no credentials"),
	BODY(FILE, file, object_id, 1, "object 1"),
	BODY(FILE, file, advice, 32, "advice"),
	BODY(FILE, file, owner.type, 4, "owner"),
	BODY(FILE, file, owner.reserved, 1, "reserved"),
	BODY(PIPE, pipe, nr_bufs, 3, "buffers"),
	BODY(PIPE, pipe, nr_bufs, 0x20000002, "buffers"),
	BODY(PIPE, pipe, path_len, 9, "buffers"),
	BODY(FD_TABLE, fd_table, nr_fds, 0x10000003, "descriptors in"),
	BODY(FS, fs, root_len, 3, "two paths"),
	BODY(FS, fs, umask, 01000, "umask"),
	BODY(MM, mm, exe_id, 1, "executable"),
	BODY(MM, mm, nr_vmas, 4, "missing"),
	BODY(MM, mm, nr_vmas, 1, "more mappings"),
	BODY(MM, mm, auxv_len, 8, "auxiliary vector"),
	BODY(VMA, vma, start, 1, "no range"),
	BODY(VMA, vma, end, 0, "no range"),
	BODY(VMA, vma, end, 0x7ffffffff000 + 4096, "no range"),
	BODY(VMA, vma, kind, 0, "unknown kind"),
	BODY(VMA, vma, flags, 0x80000, "unknown flags"),
	BODY(VMA, vma, kind, 5, "with the file"),
	BODY(VMA, vma, family, 2, "family"),
	BODY(SHMEM, shmem, flags, 2, "unknown flags"),
	BODY(SHMEM, shmem, size, 1ULL << 63, "impossible size"),
	BODY(VMA, vma, file_id, 0, "with the file"),
	BODY(VMA, vma, pkey, 32, "protection key"),
	HEAD(PRCTLS, type, CKPT_REC_ARCH_TASK, "a tail"),
	HEAD(PRCTLS, type, CKPT_REC_VDSO, "unknown type 51"),
	HEAD(PRCTLS, type, CKPT_REC_ARCH_MM, "unknown type 99"),
};

/* In one with threads, a stopped process, a zombie and a ghost: see jobs[]. */
static const struct change jobs_changes[] = {
	BODY(TASK, task, flags, CKPT_TREE_ZOMBIE, "root, pid 1, has ended"),
	BODY(TASK, task, flags, CKPT_TREE_SHARES_IO, "impossible flags"),
	NTH(2, TASK, task, flags, CKPT_TREE_ZOMBIE, "impossible flags"),
	NTH(4, TASK, task, flags, 0x100, "impossible flags"),
	NTH(4, TASK, task, flags, CKPT_TREE_DEAD_FLAGS, "impossible flags"),
	NTH(2, TASK, task, flags, CKPT_TREE_FIRST_ENDED, "impossible flags"),
	BODY(TASK, task, flags, CKPT_TREE_FIRST_ENDED, "how it has ended is missing"),
	NTH(2, TASK, task, tgid, 1, "process 1, which is not before it"),
	NTH(1, TASK, task, flags, CKPT_TREE_ZOMBIE, "process 7, which is not before it, or has ended"),
	NTH(2, TASK, task, ppid, 7, "another parent, group or session"),
	NTH(2, TASK, task, pgid, 7, "another parent, group or session"),
	NTH(2, TASK, task, sid, 7, "another parent, group or session"),
	NTH(2, TASK, task, parent_tid, 7, "another parent, group or session"),
	NTH(2, TASK, task, exit_signal, 17, "exit signal, but is a thread"),
	NTH(3, TASK, task, parent_tid, 7, "no thread 7"),
	NTH(1, TASK, task, io_with, 8, "shares something with pid 8"),
	NTH(1, TASK, task, undo_with, 7, "shares something with pid 7"),
	NTH(3, TASK, task, undo_with, 7, "shares something with pid 7"),
	NTH(3, TASK, task, parent_tid, 1, "no thread 1"),
	NTH(3, TASK, task, parent_tid, 77, "no thread 77"),
	NTH(3, TASK, task, ppid, 8, "the parent 8, which is not before it"),
	NTH(4, TASK, task, ppid, 9, "the parent 9, which is not before it, or has ended"),
	NTH(3, TASK, task, flags, 0, "is no zombie"),
	NTH(4, TASK, task, flags, 0, "its state is missing"),
	NTH(4, TASK, task, flags, CKPT_TREE_ZOMBIE, "its state is missing"),
	BODY(EXIT, exit, status, 0x10000, "impossible status"),
	BODY(EXIT, exit, cred_id, 1, "credentials 1"),
	BODY(EXIT, exit, sighand_id, 1, "dispositions 1"),
	BODY(EXIT, exit, user_ns_id, 99, "user namespace 99"),
	BODY(UTS, uts, user_ns_id, 99, "refers to 99"),
	HEAD(EXIT, owner, 2, "is no zombie"),
	HEAD(EXIT, owner, 6, "task 6 has ended"),
	HEAD(STOP, owner, 5, "task 5 has ended"),
	HEAD(STOP, owner, 4, "is a thread"),
	BODY(STOP, stop, flags, 0x11, "flags 0x11"),
	BODY(STOP, stop, flags, CKPT_STOP_CONTINUED, "signal 19"),
	BODY(STOP, stop, signal, 0, "signal 0"),
	BODY(STOP, stop, status, 20, "status 0x14"),
	BODY(STOP, stop, reserved, 1, "reserved"),
};

/* In an image of x86_64. */
static const struct change x86_changes[] = {
	BODY(TASK_POLICY, task_policy, weight, 256, "weight"),
	BODY(TASK_POLICY, task_policy, reserved, 1, "reserved"),
	BODY(VMA_POLICY, range_policy, object_id, 1, "no memory"),
	BODY(VMA_POLICY, range_policy, end, 0, "no range"),
	BODY(VMA_POLICY, range_policy, reserved, 1, "reserved"),
	BODY(SHMEM_POLICY, range_policy, object_id, 1, "no memory"),
	BODY(ARCH_TASK, x86_task, flags, 1U << 31, "unknown flags"),
	BODY(ARCH_TASK, x86_task, vdso_id, 1, "no vDSO"),
	BODY(ARCH_TASK, x86_task, reserved, 1, "reserved"),
	HEAD(ARCH_TASK, body_len, 64, "cannot have a body"),
	BODY(ARCH_MM, x86_mm, mm_id, 1, "no address space"),
	BODY(ARCH_MM, x86_mm, pkeys, 0x10000, "protection keys"),
	BODY(ARCH_MM, x86_mm, exec_pkey, 0xfffffffe, "protection keys"),
	BODY(ARCH_MM, x86_mm, exec_pkey, 16, "protection keys"),
	BODY(ARCH_MM, x86_mm, nr_segments, 0x10000002, "segments in"),
	BODY(DISPATCH, dispatch, mode, 0, "unknown mode"),
	BODY(DISPATCH, dispatch, mode, 3, "unknown mode"),
	BODY(DISPATCH, dispatch, reserved, 1, "reserved"),
	BODY(VDSO, vdso, abi, 16, "16-bit"),
	BODY(VDSO, vdso, nr_symbols, 0x5555557, "functions"),
	BODY(VDSO, vdso, hash, 0, "wrong hash"),
	BODY(VDSO, vdso, code_len, 0xfffff000, "of code"),
	BODY(VDSO, vdso, data_len, 8, "of data"),
	BODY(VDSO, vdso, data_span, 8, "have room"),
	BODY(VDSO, vdso, reserved, 1, "reserved"),
#define SYMBOL(f, v, why) { "vdso_symbol." #f, CKPT_REC_VDSO, \
	sizeof(struct ckpt_vdso) + offsetof(struct ckpt_vdso_symbol, f), \
	4, v, why, 0 }
	SYMBOL(offset, 256, "a function of"),
	SYMBOL(size, 241, "a function of"),
	SYMBOL(name[36], 'x', "not a string"),
	BODY(REGSET, regset, size, 26, "registers"),
	HEAD(PRCTLS, type, CKPT_REC_ARCH_MM, "no address space"),
};

/* What came with version 2 is refused in version 1. */
static const struct change v1_changes[] = {
	BODY(VMA, vma, pkey, 1, "reserved"),
	HEAD(PRCTLS, type, CKPT_REC_VDSO, "unknown type 51"),
	HEAD(PRCTLS, type, CKPT_REC_ARCH_MM, "unknown type 99"),
	HEAD(PRCTLS, type, CKPT_REC_DISPATCH, "unknown type 85"),
	BODY(REGSET, regset, size, 26, "registers"),
	HEAD(ARCH_TASK, body_len, 8, "cannot have a body"),
};

/* Tails are from the body's size on: see mounts() and cgroups() in image.c. */
static const struct change tools_changes[] = {
#define TAIL(nr, t, s, i, v, why) { #s "'s tail[" #i "]", CKPT_REC_##t, \
	sizeof(struct ckpt_##s) + (i), 1, v, why, nr }
	HEAD(MOUNT_NS, type, 0x1004, "unknown type 0x1004"),
	HEAD(MOUNT_NS, type, 0x2000, "unknown type 0x2000"),
	HEAD(MOUNT_NS, type, CKPT_REC_TASK, "unknown type 0x2"),
	HEAD(MOUNT_NS, type, CKPT_REC_PAD, "id 4"),
	HEAD(MOUNT_NS, id, 5, "id 5 and owner 0 instead of 4"),
	HEAD(MOUNT_NS, owner, 1, "owner 1"),
	HEAD(CONTENT, id, 3, "id 3 and owner 0 instead of 0"),
	HEAD(MOUNT, len, 0, "record of 0 bytes"),
	HEAD(MOUNT, body_len, 0xfffffff8, "cannot have a body"),
	BODY(MOUNT_NS, mount_ns, inode, 0, "number 0"),
	BODY(MOUNT_NS, mount_ns, nr_mounts, 0, "with 0 mounts"),
	BODY(MOUNT_NS, mount_ns, nr_mounts, 2, "of namespace 4, which is not the last one, or complete"),
	BODY(MOUNT_NS, mount_ns, nr_mounts, 4, "1 mounts of a namespace are missing"),
	BODY(MOUNT_NS, mount_ns, nr_mounts, 0xffffffff, "mounts"),
	BODY(MOUNT_NS, mount_ns, flags, 2, "unknown flags 0x2"),
	BODY(MOUNT_NS, mount_ns, reserved, 1, "reserved"),
	TAIL(0, MOUNT_NS, mount_ns, 0, 'x', "root directory is no path"),
	TAIL(0, MOUNT_NS, mount_ns, 1, 'x', "root directory is no path"),
	BODY(FILESYSTEM, filesystem, kind, 0, "unknown kind 0"),
	BODY(FILESYSTEM, filesystem, kind, 5, "unknown kind 5"),
	BODY(FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_NEW, "found outside"),
	BODY(FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_CONTENT, "found outside"),
	NTH(1, FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_NEW, "does not go with the type 'tmpfs'"),
	NTH(1, FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_EXTERNAL, "found outside"),
	NTH(2, FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_CONTENT, "does not go with the type 'proc'"),
	NTH(2, FILESYSTEM, filesystem, kind, CKPT_FILESYSTEM_NAMESPACE, "does not go with the type 'proc'"),
	BODY(FILESYSTEM, filesystem, flags, 32, "flags 0x20"),
	BODY(FILESYSTEM, filesystem, flags, 16, "has no layers"),
	TAIL(0, FILESYSTEM, filesystem, 0, '/', "type, source or directory"),
	TAIL(0, FILESYSTEM, filesystem, 0, 0, "type, source or directory"),
	TAIL(1, FILESYSTEM, filesystem, 0, 'x', "kind 3 does not go with the type 'xmpfs'"),
	TAIL(2, FILESYSTEM, filesystem, 0, 'x', "kind 2 does not go with the type 'xroc'"),
	TAIL(0, FILESYSTEM, filesystem, 12, 'x', "type, source or directory"),
	TAIL(0, FILESYSTEM, filesystem, 14, 'x', "found outside"),
	TAIL(0, FILESYSTEM, filesystem, 15, '/', "found outside"),
	TAIL(0, FILESYSTEM, filesystem, 22, '=', "an option"),
	TAIL(0, FILESYSTEM, filesystem, 24, 'x', "an option"),
	BODY(CONTENT, content, filesystem_id, 1, "of object 1, which is not the last"),
	BODY(CONTENT, content, last, 0, "inside of the content"),
	BODY(CONTENT, content, last, 2, "not the last one"),
	BODY(MOUNT, mount, ns_id, 1, "of namespace 1, which is not the last"),
	BODY(MOUNT, mount, parent_id, 5, "on object 5"),
	NTH(1, MOUNT, mount, parent_id, 0, "on object 0"),
	NTH(1, MOUNT, mount, parent_id, 4, "on object 4"),
	NTH(1, MOUNT, mount, parent_id, 6, "on object 6"),
	BODY(MOUNT, mount, filesystem_id, 4, "of object 4, which is no file system"),
	BODY(MOUNT, mount, filesystem_id, 0xffffffff, "which is no file system"),
	BODY(MOUNT, mount, flags, 0x8000, "unknown flags 0x8000"),
	BODY(MOUNT, mount, flags, CKPT_MOUNT_LOCKED, "the root is locked"),
	BODY(MOUNT, mount, reserved, 1, "reserved"),
	NTH(2, MOUNT, mount, peer_group, 3, "shared and unbindable"),
	TAIL(1, MOUNT, mount, 0, 'x', "is no path"),
	TAIL(1, MOUNT, mount, 4, '/', "is no path"),
	TAIL(1, MOUNT, mount, 9, 'x', "is no path"),
	BODY(CGROUP, cgroup, version, 3, "version 3"),
	BODY(CGROUP, cgroup, version, 1, "does not go with version 1"),
	BODY(CGROUP, cgroup, parent_id, 7, "in object 7"),
	NTH(1, CGROUP, cgroup, parent_id, 9, "in object 9"),
	TAIL(0, CGROUP, cgroup, 0, '/', "name or hierarchy"),
	TAIL(0, CGROUP, cgroup, 0, 0, "name or hierarchy"),
	TAIL(0, CGROUP, cgroup, 4, 'x', "name or hierarchy"),
	BODY(CGROUP, cgroup, mode, 0100775, "mode 0100775 is that of no directory"),
	BODY(CGROUP, cgroup, reserved, 1, "reserved"),
	BODY(CGROUP_FILE, cgroup_file, cgroup_id, 7, "of object 7"),
	BODY(CGROUP_FILE, cgroup_file, mode, 040775, "mode 040775"),
	TAIL(0, CGROUP_FILE, cgroup_file, 6, '/', "no name of a file"),
	TAIL(0, CGROUP_FILE, cgroup_file, 12, 'x', "no name of a file"),
	BODY(CGROUP_XATTR, cgroup_xattr, cgroup_id, 7, "of object 7"),
	BODY(CGROUP_XATTR, cgroup_xattr, reserved, 1, "reserved"),
	TAIL(0, CGROUP_XATTR, cgroup_xattr, 0, '/', "no name of a file or of an attribute"),
	TAIL(0, CGROUP_XATTR, cgroup_xattr, 1, 'x', "xser.note is none"),
	BODY(CGROUP_ROOT, cgroup_root, cgroup_id, 7, "in object 7"),
	BODY(CGROUP_ROOT, cgroup_root, cgroup_id, 9, "object 9 cannot be at /a/box"),
	BODY(CGROUP_ROOT, cgroup_root, inode, 0, "of namespace 0"),
	BODY(CGROUP_ROOT, cgroup_root, reserved, 1, "reserved"),
	TAIL(0, CGROUP_ROOT, cgroup_root, 0, 'x', "has no path"),
	TAIL(0, CGROUP_ROOT, cgroup_root, 1, '/', "has no path"),
	TAIL(0, CGROUP_ROOT, cgroup_root, 6, 'x', "has no path"),
	BODY(CGROUP_SETTING, cgroup_setting, cgroup_id, 7, "of object 7"),
	BODY(CGROUP_SETTING, cgroup_setting, reserved, 1, "reserved"),
	TAIL(0, CGROUP_SETTING, cgroup_setting, 0, '/', "no name of a file"),
	TAIL(0, CGROUP_SETTING, cgroup_setting, 8, 'x', "no value"),
	TAIL(0, CGROUP_SETTING, cgroup_setting, 11, 'x', "a value is no string"),
	BODY(CGROUP_MEMBERS, cgroup_members, cgroup_id, 8, "of object 8"),
	TAIL(0, CGROUP_MEMBERS, cgroup_members, 0, 0, "impossible pid 0"),
	TAIL(0, CGROUP_MEMBERS, cgroup_members, 3, 0xff, "impossible pid"),
	BODY(SYSCTL, sysctl, kind, CKPT_NS_UTS, "of a namespace of kind"),
	BODY(SYSCTL, sysctl, kind, CKPT_NS_IPC, "net/unix/max_dgram_qlen is none"),
	BODY(SYSCTL, sysctl, pid, 1, "impossible pid 1 for kind 3"),
	NTH(1, SYSCTL, sysctl, pid, 0, "impossible pid 0"),
	NTH(1, SYSCTL, sysctl, pid, 0xffffffff, "impossible pid"),
	NTH(1, SYSCTL, sysctl, kind, CKPT_NS_USER, "impossible pid 1"),
	TAIL(0, SYSCTL, sysctl, 0, 'x', "xet/unix/max_dgram_qlen is none"),
	TAIL(0, SYSCTL, sysctl, 4, '/', "is none"),
	TAIL(0, SYSCTL, sysctl, 23, 'x', "no name and value"),
#undef TAIL
#undef SYMBOL
#undef BODY
#undef NTH
#undef HEAD
};

static unsigned char *find_record(struct image *image, uint32_t type, int nr)
{
	unsigned char *at = image->bytes + (type < CKPT_REC_MOUNT_NS ?
					    image->metadata : image->tools);
	struct ckpt_record *record = (void *)at;

	for (; record->type != type || nr--; record = (void *)at)
		at += record->len;
	return at;
}

static void test_change(const struct image *image, const struct change *change)
{
	struct image bad = *image;
	unsigned char *at;
	int ret;

	bad.bytes = malloc(image->len);
	memcpy(bad.bytes, image->bytes, image->len);
	at = find_record(&bad, change->type, change->nr) + sizeof(struct ckpt_record) +
	     change->at;
	memcpy(at, &change->value, change->size);
	image_repair(&bad);
	ret = read_image(bad.bytes, bad.len);
	result(ret < 0 && strstr(last_error, change->why),
	       "%s = %#llx: %s", change->what,
	       (unsigned long long)change->value, last_error);
	free(bad.bytes);
}

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static void test_changes(const struct image *image, const struct change *change,
			 size_t nr)
{
	while (nr--)
		test_change(image, change++);
}

static void test_version(const struct image *image, uint32_t version,
			 const char *why)
{
	struct image bad = *image;
	struct ckpt_image_header *h;
	int ret;

	bad.bytes = malloc(image->len);
	memcpy(bad.bytes, image->bytes, image->len);
	h = (void *)(bad.bytes + bad.header);
	h->version = version;
	image_repair(&bad);
	ret = read_image(bad.bytes, bad.len);
	result(ret < 0 && strstr(last_error, why),
	       "version %u is said to be %u: %s", image->kind.version, version,
	       last_error);
	free(bad.bytes);
}

/* The place of what the architecture has: before the mappings, and once. */
static void test_arch_mm_place(const struct image *image)
{
	struct image bad = *image;
	struct ckpt_record *mm;
	unsigned char *at;
	uint32_t len;
	char first[256];

	bad.bytes = malloc(image->len);
	memcpy(bad.bytes, image->bytes, image->len);
	at = find_record(&bad, CKPT_REC_ARCH_MM, 0);
	len = ((struct ckpt_record *)at)->len;
	mm = (void *)(at + len);
	memcpy(first, at, len);
	memmove(at, mm, mm->len);
	memcpy(at + mm->len, first, len);
	image_repair(&bad);
	result(read_image(bad.bytes, bad.len) < 0 &&
	       strstr(last_error, "behind mappings"),
	       "ARCH_MM behind a mapping: %s", last_error);
	free(bad.bytes);
}

/* Kernels of other widths write the same records. */
static void test_arch(const struct image *image, uint32_t arch)
{
	struct image other = *image;
	struct ckpt_image_header *h;

	other.bytes = malloc(image->len);
	memcpy(other.bytes, image->bytes, image->len);
	h = (void *)(other.bytes + other.header);
	h->arch = arch;
	image_repair(&other);
	test_good(&other);
	test_arch_mm_place(&other);
	free(other.bytes);
}

/* Each version and architecture that there are. */
static void test_kinds(void)
{
	struct image v1, v1_x86, x86;

	image_build(&v1, tree, NR_PROCESSES, &(struct kind){ .version = 1 });
	image_build(&v1_x86, tree, NR_PROCESSES,
		    &(struct kind){ .version = 1, .x86 = true });
	image_build(&x86, tree, NR_PROCESSES, &(struct kind){ .x86 = true });
	test_good(&v1);
	test_good(&v1_x86);
	test_good(&x86);
	test_version(&v1, 0, "format version 0; this program knows 1 to 2");
	test_version(&v1, 2, "behind the registers");
	test_version(&v1_x86, 2, "behind the registers");
	test_version(&x86, 1, "unknown type 51");
	test_version(&x86, 3, "format version 3; this program knows 1 to 2");
	test_changes(&v1_x86, v1_changes, NR(v1_changes));
	test_changes(&x86, x86_changes, NR(x86_changes));
	test_arch_mm_place(&x86);
	test_arch(&x86, CKPT_ARCH_I386);
	test_repaired_flips(&x86);
	test_words(&x86);
	test_random(&x86);
	free(v1.bytes);
	free(v1_x86.bytes);
	free(x86.bytes);
}

static void test_jobs(void)
{
	struct image image;

	image_build(&image, jobs, NR_JOBS, &(struct kind){ .container = true });
	test_good(&image);
	test_changes(&image, jobs_changes, NR(jobs_changes));
	test_random(&image);
	free(image.bytes);
}

/* A section that is too long is not even read. */
static void test_long_tools(const struct image *image)
{
	struct image bad = *image;
	struct ckpt_section *s;

	bad.bytes = malloc(image->len);
	memcpy(bad.bytes, image->bytes, image->len);
	s = (void *)(bad.bytes + image->tools - sizeof(*s));
	s->length = CKPT_TOOL_SECTION_MAX + 8;
	result(read_image(bad.bytes, bad.len) && strstr(last_error, "more than"),
	       "a section of the tools that is too long: %s", last_error);
	free(bad.bytes);
}

static void write_section(int fd, const void *bytes, size_t len)
{
	struct ckpt_section section = {
		.magic = CKPT_SECTION_MAGIC, .type = CKPT_SECTION_TOOL_RECORDS,
		.length = len, .checksum = image_checksum(bytes, len),
	};

	if (write(fd, &section, sizeof(section)) < 0 || write(fd, bytes, len) < 0)
		_exit(1);
}

/* A control group with settings that are as long as they may be, forever. */
static void write_settings(int fd)
{
	struct {
		struct ckpt_record head;
		struct ckpt_cgroup body;
		char tail[8];
	} group = {
		{ .type = CKPT_REC_CGROUP, .id = 1,
		  .body_len = sizeof(struct ckpt_cgroup), .tail_len = 3,
		  .len = sizeof(group) }, { .version = 2 }, "g",
	};
	struct {
		struct ckpt_record head;
		struct ckpt_cgroup_setting body;
		char tail[];
	} *setting = calloc(1, CKPT_TOOL_SECTION_MAX);

	write_section(fd, &group, sizeof(group));
	setting->head = (struct ckpt_record){
		.type = CKPT_REC_CGROUP_SETTING, .body_len = 8,
		.tail_len = CKPT_TOOL_SECTION_MAX - sizeof(*setting),
		.len = CKPT_TOOL_SECTION_MAX,
	};
	setting->body.cgroup_id = 1;
	memset(setting->tail, 'x', setting->head.tail_len - 1);
	setting->tail[3] = '\0';
	for (;;)
		write_section(fd, setting, CKPT_TOOL_SECTION_MAX);
}

/* NR control groups, each in the one before; 0, or -1 and last_error. */
static int read_nested(uint32_t nr)
{
	struct {
		struct ckpt_section section;
		struct {
			struct ckpt_record head;
			struct ckpt_cgroup body;
			char tail[8];
		} group[];
	} *all;
	size_t len = sizeof(*all) + nr * sizeof(all->group[0]);
	uint32_t i;
	int ret;

	all = calloc(1, len);
	for (i = 0; i < nr; i++) {
		all->group[i].head = (struct ckpt_record){
			.type = CKPT_REC_CGROUP, .id = i + 1,
			.body_len = sizeof(struct ckpt_cgroup),
			.tail_len = 3, .len = sizeof(all->group[0]),
		};
		all->group[i].body = (struct ckpt_cgroup){ .version = 2, .parent_id = i };
		all->group[i].tail[0] = 'g';
	}
	all->section = (struct ckpt_section){
		.magic = CKPT_SECTION_MAGIC, .type = CKPT_SECTION_TOOL_RECORDS,
		.length = len - sizeof(*all),
		.checksum = image_checksum(all->group, len - sizeof(*all)),
	};
	ret = read_image(all, len);
	free(all);
	return ret;
}

static void test_nested(void)
{
	result(read_nested(CKPT_CGROUP_DEPTH_MAX + 1) < 0 &&
	       strstr(last_error, "in each other are not accepted"),
	       "control groups that are too deep: %s", last_error);
	result(read_nested(CKPT_CGROUP_DEPTH_MAX) < 0 &&
	       strstr(last_error, "ends here, incomplete"),
	       "control groups that are as deep as they may be: %s", last_error);
}

/* Each section is fine, but a tool would keep all of them. */
static void test_many_tools(void)
{
	struct ckpt_reader *reader;
	int fds[2], records = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		exit(1);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		write_settings(fds[1]);
	}
	close(fds[1]);
	reader = ckpt_reader_new(fds[0]);
	result(walk(reader, &records) < 0 &&
	       strstr(ckpt_reader_error(reader), "records of the tools are not accepted"),
	       "too many sections of the tools: %s", ckpt_reader_error(reader));
	ckpt_reader_free(reader);
	close(fds[0]);
	waitpid(pid, NULL, 0);
}

static void test_tools(void)
{
	struct image image;

	image_build(&image, tree, NR_PROCESSES, &(struct kind){ .tools = true });
	test_good(&image);
	test_pipe(&image);
	test_changes(&image, tools_changes, NR(tools_changes));
	test_long_tools(&image);
	test_many_tools();
	test_nested();
	test_truncation(&image);
	test_bit_flips(&image);
	test_words(&image);
	test_random(&image);
	free(image.bytes);
}

/* A body that is longer, or shorter, than this version's. */
static void test_other_versions(void)
{
	struct { struct ckpt_record r; uint32_t body[2]; } record = {
		{ .body_len = 8 }, { 3, 4 },
	};
	struct ckpt_uts uts;

	memset(&uts, 0xff, sizeof(uts));
	ckpt_record_body(&record.r, &uts, sizeof(uts));
	result(uts.nodename[0] == 3 && !uts.nodename[8] &&
	       !uts.domainname[CKPT_UTS_LEN - 1],
	       "fields that an older writer did not know read as zero");
}

int main(void)
{
	struct image image;

	image_build(&image, tree, NR_PROCESSES,
		    &(struct kind){ .container = true, .slot = 1 });
	test_good(&image);
	test_pipe(&image);
	test_context(&image);
	test_tool_section(&image);
	test_other_versions();
	test_changes(&image, changes, NR(changes));
	test_truncation(&image);
	test_bit_flips(&image);
	test_repaired_flips(&image);
	test_words(&image);
	test_random(&image);
	test_kinds();
	test_jobs();
	test_tools();
	free(image.bytes);
	return summary();
}
