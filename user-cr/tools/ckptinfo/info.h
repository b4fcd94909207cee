/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ckptinfo: an image taken apart, and the views of it
 *
 * collect.c reads the whole image into a struct info; a view prints one aspect
 * of that. main.c has the table of views.
 */
#ifndef CKPTINFO_INFO_H
#define CKPTINFO_INFO_H

#include "../common/tree.h"

#define NR_RUN_TYPES	(CKPT_RUN_PARENT + 1)

/**
 * struct entry - a record and its place
 * @offset: where it begins in the image
 * @record: it
 */
struct entry {
	uint64_t offset;
	const struct ckpt_record *record;
};

/**
 * struct object - a record with an id
 * @record: it, or NULL
 * @index: of a task, in the tree; of an address space, in info.space
 */
struct object {
	const struct ckpt_record *record;
	uint32_t index;
};

/**
 * struct vma - a mapping
 * @saved: as in the image
 * @bytes: of its content that are in the image
 */
struct vma {
	struct ckpt_vma saved;
	uint64_t bytes;
};

/**
 * struct space - content of an address space
 * @id: its object id
 * @runs: number of runs, by type
 * @bytes: covered by them
 */
struct space {
	uint32_t id;
	uint64_t runs[NR_RUN_TYPES];
	uint64_t bytes[NR_RUN_TYPES];
};

/**
 * struct info - all that an image tells, but for the content of memory
 * @reader: owns the records
 * @header: the image's header
 * @trailer: its trailer
 * @entry: all records in their order
 * @nr_entries: their number
 * @object: by id, header->nr_objects + 1
 * @tree: the tasks
 * @state: their CKPT_REC_TASK_STATE records, by index in the tree
 * @vma: all mappings, ordered by address space and address
 * @nr_vmas: their number
 * @space: all address spaces
 * @nr_spaces: their number
 * @tool_bytes: of sections that belong to tools
 * @metadata_offset: where the first record is
 * @bulk_offset: where the first chunk is
 * @size: of the whole image
 */
struct info {
	struct ckpt_reader *reader;
	const struct ckpt_image_header *header;
	struct ckpt_trailer trailer;
	struct entry *entry;
	size_t nr_entries;
	struct object *object;
	struct tree tree;
	const struct ckpt_record **state;
	struct vma *vma;
	size_t nr_vmas;
	struct space *space;
	size_t nr_spaces;
	uint64_t tool_bytes;
	uint64_t metadata_offset;
	uint64_t bulk_offset;
	uint64_t size;
};

/* collect.c: 0, or -1 after a complaint that names the image NAME */
int info_collect(struct info *info, int fd, const char *name);
void info_free(struct info *info);

/* The record of object ID if it is of TYPE, else NULL. */
const struct ckpt_record *info_object(const struct info *info, uint32_t id,
				      uint32_t type);

/* The state of the task with this index. */
void info_state(const struct info *info, int task,
		struct ckpt_task_state *state);

/* print.c: a size for people, in a buffer that lasts for a few calls */
const char *size_text(uint64_t bytes);
/* Text from the image, with its control characters made harmless. */
void print_text(const char *text);
/* Ends the columns up to here with TEXT, or fills them. */
void print_column(const char *text, int width);
/* Name of a kind of file. */
const char *file_kind_name(uint32_t kind);

/* The views */
void show_summary(const struct info *info);
void show_header(const struct info *info);
void show_tree(const struct info *info);
void show_fds(const struct info *info);
void show_externals(const struct info *info);
void show_maps(const struct info *info);
void show_sizes(const struct info *info);
void show_records(const struct info *info);

#endif /* CKPTINFO_INFO_H */
