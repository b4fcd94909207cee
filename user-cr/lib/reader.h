/* SPDX-License-Identifier: LGPL-2.1-only */
/* Inside of the image reader */
#ifndef LIB_READER_H
#define LIB_READER_H

#include <stdbool.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <checkpoint/image.h>

/*
 * Highest pid that any Linux gives out; what is known of pids is in blocks: the
 * process that a task belongs to, and whether that has ended.
 */
#define PID_LIMIT	4194304
#define PID_BLOCK	1024
#define PID_BLOCKS	(PID_LIMIT / PID_BLOCK + 1)

/* What the next call of ckpt_reader_next() has to read. */
enum reader_state {
	READ_HEADER,
	READ_TOOLS,
	READ_METADATA,
	READ_RECORDS,
	READ_BULK,
	READ_CHUNKS,
	READ_TRAILER,
	READ_END,
	READ_FAILED,
};

#define PID_DEAD	(1U << 31)

/**
 * struct object - what is known of an object id while the records pass
 * @type: type of its record, 0 before it was seen
 * @tree_flags: of a task: CKPT_TREE_*
 * @is_thread: of a task: it is not the first one of its process
 * @has_state: of a task: its CKPT_REC_TASK_STATE was there, or that is a
 *	CKPT_REC_EXIT; or it is a ghost, which has none
 * @has_exit: of a first thread that has ended: its CKPT_REC_EXIT was there
 * @has_regs: of a task: a CKPT_REC_REGSET was there
 * @has_arch: of a task or address space: what the architecture has of it was
 * @vmas_left: of an address space: mappings still to come
 * @vma_end: of an address space: where its last mapping ended
 */
struct object {
	uint8_t type;
	uint8_t tree_flags;
	bool is_thread;
	bool has_state;
	bool has_exit;
	bool has_regs;
	bool has_arch;
	uint32_t vmas_left;
	uint64_t vma_end;
};

/**
 * struct tool_object - an object of the tools
 * @type: of its record, without the 0x1000, counted from 1
 * @version: of a control group; 0 for other objects
 * @depth: of a control group: how many it is in, and itself
 * @is_ns: of a file system: it is the file of a namespace
 */
struct tool_object {
	uint8_t type;
	uint8_t version;
	uint16_t depth;
	bool is_ns;
};

/**
 * struct tools - what is known while the records of the tools pass
 * @bytes: the section that is read, or NULL
 * @len: its length
 * @pos: how much of it has been handed out
 * @offset: where it begins in the image
 * @object: all objects, by id
 * @nr: number of objects
 * @room: room for so many
 * @ns_id: the last mount namespace
 * @mounts_left: of it, mounts still to come
 * @no_root: of it, there was no mount so far
 * @filling: the last object wants more pieces of its content
 * @kept: bytes of the records that a tool keeps: all but content and padding
 */
struct tools {
	unsigned char *bytes;
	size_t len;
	size_t pos;
	uint64_t offset;
	struct tool_object *object;
	uint32_t nr;
	uint32_t room;
	uint32_t ns_id;
	uint32_t mounts_left;
	bool no_root;
	bool filling;
	uint64_t kept;
};

/**
 * struct ckpt_reader - a walk through an image
 * @fd: where it comes from
 * @context: it is a context descriptor, without sections
 * @state: what comes next
 * @tap: sees all bytes, or NULL
 * @tap_arg: passed to it
 * @offset: bytes read so far
 * @at: offset of the piece that is being verified, for messages
 * @section: the last section
 * @tools: records of the tools
 * @header: the image's header
 * @meta: the metadata section
 * @meta_len: its length
 * @meta_pos: how much of it has been handed out
 * @meta_offset: where it began in the image
 * @nr_tasks: task records so far
 * @objects: by id, header.nr_objects + 1 of them
 * @pids: by pid, in blocks that may be missing: the id of its process, maybe
 *	with PID_DEAD, or 0
 * @process: the last process of the tree, whose threads may follow
 * @chunk: the last chunk
 * @data: its data
 * @data_room: room for so much of it
 * @heads: checksum over the chunks' own
 * @totals: counted like the trailer's
 * @trailer: the trailer
 * @error: text for ckpt_reader_error()
 */
struct ckpt_reader {
	int fd;
	bool context;
	enum reader_state state;
	void (*tap)(void *arg, const void *bytes, size_t len);
	void *tap_arg;
	uint64_t offset;
	uint64_t at;
	struct ckpt_section section;
	struct tools tools;
	struct ckpt_image_header header;
	unsigned char *meta;
	size_t meta_len;
	size_t meta_pos;
	uint64_t meta_offset;
	uint32_t nr_tasks;
	struct object *objects;
	uint32_t *pids[PID_BLOCKS];
	struct ckpt_task process;
	struct ckpt_chunk chunk;
	unsigned char *data;
	size_t data_room;
	XXH64_state_t *heads;
	struct ckpt_trailer totals;
	struct ckpt_trailer trailer;
	char error[320];
};

/* Notes an error at @r->at and returns -1. */
__attribute__((format(printf, 2, 3)))
int reader_fail(struct ckpt_reader *r, const char *format, ...);

/* stream.c */
int stream_read(struct ckpt_reader *r, void *buf, size_t len);
int stream_skip(struct ckpt_reader *r, uint64_t len, uint64_t *checksum);
int stream_section(struct ckpt_reader *r);
int stream_metadata(struct ckpt_reader *r, uint64_t len);
int stream_rest(struct ckpt_reader *r);

/* header.c */
int header_verify(struct ckpt_reader *r);

/* tools.c */
int tools_begin(struct ckpt_reader *r);
int tools_next(struct ckpt_reader *r, const struct ckpt_record **record);
int tools_end(struct ckpt_reader *r);
void tools_free(struct ckpt_reader *r);
const struct ckpt_record_layout *tool_layout(uint32_t type);

/* records.c */
/* Lengths: after this, body and tail are known to be in the LEFT bytes. */
int record_frame(struct ckpt_reader *r, const struct ckpt_record *rec,
		 size_t left);
/* What is unknown or padding must be zero, and then what is reserved. */
int record_form(struct ckpt_reader *r, const struct ckpt_record *rec,
		const struct ckpt_record_layout *layout);
int record_reserved(struct ckpt_reader *r, const struct ckpt_record *rec,
		    const struct ckpt_record_layout *layout);
int records_begin(struct ckpt_reader *r);
int records_next(struct ckpt_reader *r, const struct ckpt_record **record);
int records_end(struct ckpt_reader *r);

/*
 * record_task.c, record_file.c, record_mm.c, record_arch.c: the contents of
 * each type
 */
int check_task(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_task_state(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_exit(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_stop(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_vfork(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_uts(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_ns(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_cred(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_sighand(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_pending(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_seccomp_filter(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_seccomp(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_timers(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_itimers(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_sched(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_task_policy(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_prctls(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_rseq(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_dispatch(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_regset(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_restart_block(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_file(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_pipe(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_fd_table(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_fs(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_mm(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_vma(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_shmem(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_range_policy(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_arch_task(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_arch_mm(struct ckpt_reader *r, const struct ckpt_record *rec);
int check_vdso(struct ckpt_reader *r, const struct ckpt_record *rec);
/* What stands behind the registers of a set. */
int check_regset_rest(struct ckpt_reader *r, const struct ckpt_record *rec);

/* Helpers for these: true if it is as it must be. */
bool is_x86(uint32_t arch);
bool all_zero(const void *bytes, size_t len);
bool padded_string(const char *s, size_t size);
bool is_string(const char *s, size_t len);
bool is_object(const struct ckpt_reader *r, uint32_t id, uint32_t type);

/* chunks.c */
int chunks_begin(struct ckpt_reader *r);
int chunks_next(struct ckpt_reader *r);
int chunks_trailer(struct ckpt_reader *r);

#endif /* LIB_READER_H */
