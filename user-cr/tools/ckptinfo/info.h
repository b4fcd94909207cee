/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ckptinfo: an image taken apart, and the views of it
 *
 * collect.c reads the whole image into a struct info; a view prints one aspect
 * of that. views.c has the table of them.
 */
#ifndef CKPTINFO_INFO_H
#define CKPTINFO_INFO_H

#include "../common/record.h"
#include "../common/tree.h"

#define NR_RUN_TYPES	(CKPT_RUN_ZERO + 1)

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
 * struct tool_entry - a record of the tools
 * @offset: where it begins in the image
 * @record: a copy of it; of a CKPT_REC_CONTENT without the tail
 * @len: its length in the image
 * @hash: of that tail
 */
struct tool_entry {
	uint64_t offset;
	struct ckpt_record *record;
	uint32_t len;
	uint64_t hash;
};

/**
 * struct object - a record with an id
 * @record: it, or NULL
 * @index: of a task, in the tree
 * @space: of a bulk source, its number in info.space, counted from 1
 */
struct object {
	const struct ckpt_record *record;
	uint32_t index;
	uint32_t space;
};

/**
 * struct vma - a mapping
 * @saved: as in the image
 * @name: of anonymous memory, or ""
 * @bytes: of its content that are in the image
 */
struct vma {
	struct ckpt_vma saved;
	const char *name;
	uint64_t bytes;
};

/**
 * struct space - content of a bulk source, such as an address space
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
 * struct page - a page of a bulk source that is not all zero
 * @source: id of the source
 * @offset: where it is in the source
 * @hash: of its content
 * @from_source: source of which it has a page, or 0
 * @from_offset: where it is there
 */
struct page {
	uint32_t source;
	uint64_t offset;
	uint64_t hash;
	uint32_t from_source;
	uint64_t from_offset;
};

/* What of memory to keep beside sums. */
enum keep {
	KEEP_NOTHING,
	KEEP_RUNS,
	KEEP_PAGES,
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
 * @state: their CKPT_REC_TASK_STATE records, by index in the tree, or NULL
 * @exit: their CKPT_REC_EXIT records, likewise
 * @stop: their CKPT_REC_STOP records, likewise
 * @vfork: their CKPT_REC_VFORK records, likewise
 * @vma: all mappings, ordered by address space and address
 * @nr_vmas: their number
 * @space: all bulk sources with content
 * @nr_spaces: their number
 * @run: all runs, if they are wanted
 * @nr_runs: their number
 * @page: all pages with content, if they are wanted, by address space and
 *	address
 * @nr_pages: their number
 * @tool: all records of the tools in their order, without PAD
 * @nr_tools: their number
 * @tool_object: those with an id, by that, counted from 1; not owned
 * @nr_tool_objects: their number
 * @tool_bytes: of sections that belong to tools
 * @metadata_offset: where the first record is
 * @bulk_offset: where the first chunk is
 * @size: of the whole image
 * @keep: what to keep of memory
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
	const struct ckpt_record **exit;
	const struct ckpt_record **stop;
	const struct ckpt_record **vfork;
	struct vma *vma;
	size_t nr_vmas;
	struct space *space;
	size_t nr_spaces;
	struct ckpt_run *run;
	size_t nr_runs;
	struct page *page;
	size_t nr_pages;
	struct tool_entry *tool;
	size_t nr_tools;
	const struct ckpt_record **tool_object;
	size_t nr_tool_objects;
	uint64_t tool_bytes;
	uint64_t metadata_offset;
	uint64_t bulk_offset;
	uint64_t size;
	enum keep keep;
};

/* collect.c: 0, or -1 after a complaint that names the image NAME */
int info_collect(struct info *info, int fd, const char *name, enum keep keep);
void info_free(struct info *info);

/* The record of object ID if it is of TYPE, else NULL. */
const struct ckpt_record *info_object(const struct info *info, uint32_t id,
				      uint32_t type);

/* The pid of the task to which a record belongs. */
uint32_t info_owner_pid(const struct info *info,
			const struct ckpt_record *record);

/* The state of the task with this index; false if it has ended. */
bool info_state(const struct info *info, int task,
		struct ckpt_task_state *state);

/* The record of the tools with this id, of which the image has one. */
const struct ckpt_record *info_tool(const struct info *info, uint32_t id);

/* print.c: text from the image, with its control characters made harmless. */
void print_text(const char *text);
/* Ends the columns up to here with TEXT, or fills them. */
void print_column(const char *text, int width);
/* Name of a kind of file. */
const char *file_kind_name(uint32_t kind);

/* show_namespaces.c: "?" of a kind that is not known */
const char *ns_kind_name(uint32_t kind);

/*
 * names.c: by which it is compared with one of another image, to be freed. Records
 * that nothing tells apart have the same.
 */
char *record_name(const struct info *info, const struct ckpt_record *record);
/* The path of a file, or what else it is called. */
void print_file_name(const struct info *info, const struct ckpt_record *record);

/* show_json.c: element I of a field of the struct at BASE */
uint64_t field_value(const struct ckpt_field *f, const void *base, uint32_t i);
/* The body of a record with all fields that we know, to be freed. */
void *known_body(const struct ckpt_record *record,
		 const struct ckpt_layout *layout);

/* diff.c: what differs, on stdout; returns how much that is */
size_t show_differences(const struct info *a, const struct info *b);

/* Views, in the order in which they are shown */
enum {
	VIEW_HEADER, VIEW_TREE, VIEW_FDS, VIEW_EXTERNALS, VIEW_MAPS,
	VIEW_NAMESPACES, VIEW_MOUNTS, VIEW_CGROUPS, VIEW_SIZES, VIEW_RECORDS,
	NR_VIEWS,
};

/* views.c: those whose bits are set, the summary if none is */
void show_views(const struct info *info, unsigned long wanted);

void show_summary(const struct info *info);
void show_header(const struct info *info);
void show_tree(const struct info *info);
void show_fds(const struct info *info);
void show_externals(const struct info *info);
void show_maps(const struct info *info);
void show_namespaces(const struct info *info);
void show_mounts(const struct info *info);
void show_cgroups(const struct info *info);
void show_sizes(const struct info *info);
void show_records(const struct info *info);
void show_json(const struct info *info);

#endif /* CKPTINFO_INFO_H */
