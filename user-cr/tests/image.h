/* SPDX-License-Identifier: GPL-2.0-only */
/* Small images for tests, made from nothing */
#ifndef TESTS_IMAGE_H
#define TESTS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/checkpoint_image.h>

/**
 * struct process - a process of the image
 * @pid: its pid
 * @parent: pid of its parent, 0 for the root
 * @thread: pid of a second thread, or 0
 * @parent_tid: thread of the parent that made it, or 0
 * @flags: CKPT_TREE_*
 * @status: of a zombie, how it has ended
 * @stop: signal that has stopped it, or 0
 * @vfork: pid of whom it waits for in vfork(), or 0
 */
struct process {
	uint32_t pid;
	uint32_t parent;
	uint32_t thread;
	uint32_t parent_tid;
	uint32_t flags;
	uint32_t status;
	uint32_t stop;
	uint32_t vfork;
};

/**
 * struct kind - what kind of image
 * @container: sets CKPT_IMAGE_CONTAINER
 * @slot: of the external file that each process has
 * @version: of the format, 0 for the current one
 * @monotonic_ns: its monotonic clock, 0 for an ordinary one
 * @x86: of x86_64 instead of User-Mode Linux
 * @namespaces: all are in namespaces of their own, and the last process is the
 *	init of a pid namespace, with another IPC namespace; and with what else
 *	containers have more often than others
 * @apart: with @namespaces, the others are not in the user namespace of the last one
 * @holder: with @namespaces, pid of a process that has that pid namespace open, or 0
 * @entered: with @namespaces, pid of another process that is in it, or 0
 * @tools: with records of the tools before it
 * @content: of the tmpfs in these, NULL for zeros
 * @content_len: its length
 */
struct kind {
	bool container;
	uint32_t slot;
	uint32_t version;
	uint64_t monotonic_ns;
	bool x86;
	bool namespaces;
	bool apart;
	uint32_t holder;
	uint32_t entered;
	bool tools;
	const void *content;
	uint32_t content_len;
};

/**
 * struct image - an image in memory
 * @bytes: it
 * @len: its length
 * @tools: where the first record of the tools is, if there are any
 * @header: where the header is
 * @metadata: where the first record is
 * @bulk: where the first chunk is
 * @trailer: where the trailer is
 * @last: pid of the last process
 * @ns_id: of the first namespace, if there are any but UTS ones
 * @kind: what kind of image
 */
struct image {
	unsigned char *bytes;
	size_t len;
	size_t tools;
	size_t header;
	size_t metadata;
	size_t bulk;
	size_t trailer;
	uint32_t last;
	uint32_t ns_id;
	struct kind kind;
};

/* Builds an image of NR processes. */
void image_build(struct image *image, const struct process *processes, int nr,
		 const struct kind *kind);

/* The checksum that images use. */
uint64_t image_checksum(const void *bytes, size_t len);

/* Makes all checksums right again after a change of the content. */
void image_repair(struct image *image);

/* The same for any bytes; with TOTALS, the trailer becomes right, too. */
void repair_image(void *bytes, size_t len, bool totals);

#endif /* TESTS_IMAGE_H */
