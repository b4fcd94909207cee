/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libcheckpoint: reading checkpoint images
 */
#ifndef CHECKPOINT_IMAGE_H
#define CHECKPOINT_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/checkpoint_image.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Reading an image
 *
 * A reader walks through an image once, from front to back, and verifies all
 * that it passes: framing, checksums, records and the references between
 * them, totals. It never seeks, so pipes and sockets will do. Nothing in an
 * image is trusted; the memory it can make a reader take is bounded by twice
 * %CKPT_METADATA_MAX and a few megabytes, and so are the records of the tools that
 * a caller may keep. Readers share nothing: each may be
 * used by another thread::
 *
 *	struct ckpt_reader *reader = ckpt_reader_new(fd);
 *	struct ckpt_item item;
 *	int ret;
 *
 *	while ((ret = ckpt_reader_next(reader, &item)) > 0)
 *		if (item.type == CKPT_ITEM_RECORD)
 *			look_at(item.record);
 *	if (ret < 0)
 *		puts(ckpt_reader_error(reader));
 *	ckpt_reader_free(reader);
 */

/* An image with more metadata than this is refused. */
#define CKPT_METADATA_MAX	(256U << 20)

/* The oldest version of the format that can be read, as all up to ours. */
#define CKPT_FORMAT_OLDEST	1

struct ckpt_reader;

/**
 * enum ckpt_item_type - what ckpt_reader_next() found
 * @CKPT_ITEM_TOOL: a section of the tools, which is behind us: its records have
 *	been seen, or it was skipped
 * @CKPT_ITEM_HEADER: the header
 * @CKPT_ITEM_RECORD: a record of the metadata
 * @CKPT_ITEM_CHUNK: a chunk of bulk data, never the empty one at the end
 * @CKPT_ITEM_TRAILER: the trailer
 * @CKPT_ITEM_TOOL_RECORD: a record of the tools, see <checkpoint/tool_image.h>
 */
enum ckpt_item_type {
	CKPT_ITEM_TOOL,
	CKPT_ITEM_HEADER,
	CKPT_ITEM_RECORD,
	CKPT_ITEM_CHUNK,
	CKPT_ITEM_TRAILER,
	CKPT_ITEM_TOOL_RECORD,
};

/**
 * struct ckpt_item - a piece of an image
 * @type: which of the members are set
 * @offset: where it begins, from the start of the image
 * @section: %CKPT_ITEM_TOOL: its header
 * @header: %CKPT_ITEM_HEADER
 * @record: %CKPT_ITEM_RECORD or %CKPT_ITEM_TOOL_RECORD
 * @chunk: %CKPT_ITEM_CHUNK
 * @data: %CKPT_ITEM_CHUNK: its @chunk->length bytes
 * @trailer: %CKPT_ITEM_TRAILER
 *
 * Header and records of the kernel stay valid until ckpt_reader_free(), all else
 * until the next ckpt_reader_next().
 */
struct ckpt_item {
	enum ckpt_item_type type;
	uint64_t offset;
	const struct ckpt_section *section;
	const struct ckpt_image_header *header;
	const struct ckpt_record *record;
	const struct ckpt_chunk *chunk;
	const void *data;
	const struct ckpt_trailer *trailer;
};

/**
 * ckpt_reader_new - make a reader of an image
 * @fd: the image begins at its position. It stays the caller's and must be
 *	open as long as the reader is used.
 *
 * Return: the reader; or NULL and errno when memory is short.
 */
struct ckpt_reader *ckpt_reader_new(int fd);

/**
 * ckpt_reader_new_context - make a reader of a restart's context descriptor
 * @fd: what restart() with %RESTART_OPEN returned
 *
 * It yields header and records alone.
 *
 * Return: the reader; or NULL and errno when memory is short.
 */
struct ckpt_reader *ckpt_reader_new_context(int fd);

/**
 * ckpt_reader_free - free a reader and all that it gave out
 * @reader: the reader, or NULL
 */
void ckpt_reader_free(struct ckpt_reader *reader);

/**
 * ckpt_reader_set_tap - have a function see all bytes that are read
 * @reader: the reader, from which nothing was read so far
 * @tap: gets the bytes of the image, in order and complete if the image is
 * @arg: passed to @tap
 *
 * Bytes are seen before they are verified.
 */
void ckpt_reader_set_tap(struct ckpt_reader *reader,
			 void (*tap)(void *arg, const void *bytes, size_t len),
			 void *arg);

/**
 * ckpt_reader_next - fetch the next piece
 * @reader: the reader
 * @item: the piece
 *
 * Return: 1; 0 after the last one; -1 when the image is damaged or cannot be
 * read, and then again and again.
 */
int ckpt_reader_next(struct ckpt_reader *reader, struct ckpt_item *item);

/**
 * ckpt_reader_error - say what is wrong
 * @reader: the reader
 *
 * Return: one line with the offset in the image, or "". It stays the reader's.
 */
const char *ckpt_reader_error(const struct ckpt_reader *reader);

/**
 * ckpt_reader_offset - count the bytes
 * @reader: the reader
 *
 * Return: the number of bytes read so far.
 */
uint64_t ckpt_reader_offset(const struct ckpt_reader *reader);

/**
 * ckpt_record_body - copy the body of a record
 * @record: the record
 * @body: the struct for it
 * @size: size of the struct; fields that an older writer did not know become
 *	zero
 */
void ckpt_record_body(const struct ckpt_record *record, void *body,
		      size_t size);

/**
 * ckpt_record_tail - find the tail of a record
 * @record: the record
 *
 * Return: its @record->tail_len bytes.
 */
const void *ckpt_record_tail(const struct ckpt_record *record);

/**
 * ckpt_record_name - name a type of records
 * @type: enum ckpt_record_type
 *
 * Return: a name such as "VMA", or NULL.
 */
const char *ckpt_record_name(uint32_t type);

/**
 * ckpt_arch_name - name an architecture
 * @arch: enum ckpt_arch
 *
 * Return: its name as uname -m has it, or NULL.
 */
const char *ckpt_arch_name(uint32_t arch);

/**
 * DOC: Fields
 *
 * Tables tell of the fields of all structs of the format, so that a program
 * can show, compare or convert them without knowing each.
 */

/**
 * enum ckpt_field_format - how a field is best shown
 * @CKPT_FIELD_NUMBER: as an unsigned number
 * @CKPT_FIELD_SIGNED: as a signed number
 * @CKPT_FIELD_HEX: in hexadecimal: addresses, masks, flags, checksums
 * @CKPT_FIELD_OCTAL: in octal: modes
 * @CKPT_FIELD_ID: as the id of the object that it refers to, 0 for none
 * @CKPT_FIELD_BYTES: as one string of hexadecimal digits
 * @CKPT_FIELD_TEXT: as text, which is padded with NULs
 * @CKPT_FIELD_RESERVED: not at all; it is zero
 * @CKPT_FIELD_TOOL_ID: as the id of the object of the tools that it refers to, 0 for
 *	none
 */
enum ckpt_field_format {
	CKPT_FIELD_NUMBER,
	CKPT_FIELD_SIGNED,
	CKPT_FIELD_HEX,
	CKPT_FIELD_OCTAL,
	CKPT_FIELD_ID,
	CKPT_FIELD_BYTES,
	CKPT_FIELD_TEXT,
	CKPT_FIELD_RESERVED,
	CKPT_FIELD_TOOL_ID,
};

/**
 * struct ckpt_field - a field of a struct
 * @name: as in <linux/checkpoint_image.h>
 * @offset: in the struct, in bytes
 * @size: of the field, or of an element if it is an array, in bytes
 * @count: number of elements
 * @format: how to show it
 */
struct ckpt_field {
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t count;
	enum ckpt_field_format format;
};

/**
 * struct ckpt_layout - a struct of the format
 * @name: as in <linux/checkpoint_image.h>, or <asm/elf.h>
 * @size: in bytes
 * @field: its fields, all of them
 * @nr_fields: their number
 */
struct ckpt_layout {
	const char *name;
	size_t size;
	const struct ckpt_field *field;
	size_t nr_fields;
};

/**
 * enum ckpt_tail_kind - what a part of the tail of a record consists of
 * @CKPT_TAIL_NONE: nothing
 * @CKPT_TAIL_BYTES: bytes
 * @CKPT_TAIL_WORDS32: __u32
 * @CKPT_TAIL_WORDS64: __u64
 * @CKPT_TAIL_STRINGS: strings, each with its NUL
 * @CKPT_TAIL_STRUCTS: structs of one kind
 */
enum ckpt_tail_kind {
	CKPT_TAIL_NONE,
	CKPT_TAIL_BYTES,
	CKPT_TAIL_WORDS32,
	CKPT_TAIL_WORDS64,
	CKPT_TAIL_STRINGS,
	CKPT_TAIL_STRUCTS,
};

/**
 * struct ckpt_tail - a part of the tail of a record
 * @kind: what it consists of
 * @name: what it holds
 * @one: with %CKPT_TAIL_STRUCTS, one of them
 * @nr: offset in the body of the __u32 that counts its structs, or its bytes;
 *	or %CKPT_TAIL_REST: it goes to the end
 */
struct ckpt_tail {
	enum ckpt_tail_kind kind;
	const char *name;
	const struct ckpt_layout *one;
	size_t nr;
};

#define CKPT_TAIL_REST	((size_t)-1)
#define CKPT_TAIL_PARTS	3

/**
 * struct ckpt_record_layout - a type of records
 * @name: as ckpt_record_name() returns it
 * @body: its body, or NULL if nothing is known of that
 * @tail: the parts of its tail, up to one of the kind %CKPT_TAIL_NONE
 */
struct ckpt_record_layout {
	const char *name;
	const struct ckpt_layout *body;
	struct ckpt_tail tail[CKPT_TAIL_PARTS + 1];
};

/**
 * ckpt_record_part - find a part of the tail of a record
 * @record: the record
 * @layout: its description
 * @part: index in @layout->tail
 * @len: set to its length in bytes; of structs, those of all that are whole
 *
 * Return: where it begins; never beyond the end of the tail, whatever the
 * record says.
 */
const void *ckpt_record_part(const struct ckpt_record *record,
			     const struct ckpt_record_layout *layout,
			     unsigned int part, uint32_t *len);

/**
 * ckpt_record_layout - find what is known of a type of records
 * @type: enum ckpt_record_type
 * @arch: enum ckpt_arch, from the header
 *
 * Return: its description, or NULL.
 */
const struct ckpt_record_layout *ckpt_record_layout(uint32_t type,
						    uint32_t arch);

/**
 * ckpt_header_layout - describe struct ckpt_image_header
 *
 * Return: the description.
 */
const struct ckpt_layout *ckpt_header_layout(void);

/**
 * ckpt_run_layout - describe struct ckpt_run
 *
 * Return: the description.
 */
const struct ckpt_layout *ckpt_run_layout(void);

/**
 * ckpt_trailer_layout - describe struct ckpt_trailer
 *
 * Return: the description.
 */
const struct ckpt_layout *ckpt_trailer_layout(void);

#ifdef __cplusplus
}
#endif

#endif /* CHECKPOINT_IMAGE_H */
