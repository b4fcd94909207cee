// SPDX-License-Identifier: GPL-2.0-only
/* The whole image as JSON, by the library's tables; ckptinfo(1) has the schema */
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/json.h"
#include "../common/util.h"
#include "info.h"

#define SCHEMA_VERSION	1

uint64_t field_value(const struct ckpt_field *f, const void *base, uint32_t i)
{
	const char *at = (const char *)base + f->offset + (size_t)i * f->size;
	uint64_t value = 0;
	unsigned int shift = 64 - 8 * f->size;

	/* The reader takes only images in our byte order. */
	switch (f->size) {
	case 1:
		value = *(const uint8_t *)at;
		break;
	case 2:
		value = *(const uint16_t *)at;
		break;
	case 4:
		value = *(const uint32_t *)at;
		break;
	case 8:
		value = *(const uint64_t *)at;
		break;
	}
	if (f->format == CKPT_FIELD_SIGNED)
		value = (int64_t)(value << shift) >> shift;
	return value;
}

static void put_value(struct json *j, const char *key,
		      const struct ckpt_field *f, uint64_t value)
{
	switch (f->format) {
	case CKPT_FIELD_SIGNED:
		json_signed(j, key, value);
		break;
	case CKPT_FIELD_HEX:
		json_hex(j, key, value);
		break;
	case CKPT_FIELD_OCTAL:
		json_octal(j, key, value);
		break;
	default:
		json_number(j, key, value);
		break;
	}
}

static void put_field(struct json *j, const struct ckpt_field *f,
		      const void *base)
{
	const char *at = (const char *)base + f->offset;
	uint32_t i;

	if (f->format == CKPT_FIELD_RESERVED)
		return;
	if (f->format == CKPT_FIELD_TEXT) {
		json_text(j, f->name, at, f->count);
	} else if (f->format == CKPT_FIELD_BYTES) {
		json_bytes(j, f->name, at, f->count);
	} else if (f->count == 1) {
		put_value(j, f->name, f, field_value(f, base, 0));
	} else {
		json_open(j, f->name, '[');
		for (i = 0; i < f->count; i++)
			put_value(j, NULL, f, field_value(f, base, i));
		json_close(j, '[');
	}
}

static void put_struct(struct json *j, const char *key,
		       const struct ckpt_layout *layout, const void *base)
{
	size_t i;

	json_open(j, key, '{');
	for (i = 0; i < layout->nr_fields; i++)
		put_field(j, &layout->field[i], base);
	json_close(j, '{');
}

static void put_words(struct json *j, const char *tail, uint32_t len,
		      uint32_t size)
{
	const struct ckpt_field word = {
		.size = size, .count = len / size,
		.format = size == 8 ? CKPT_FIELD_HEX : CKPT_FIELD_NUMBER,
	};
	uint32_t i;

	for (i = 0; i < word.count; i++)
		put_value(j, NULL, &word, field_value(&word, tail, i));
}

static void put_strings(struct json *j, const char *tail, uint32_t len)
{
	const char *end = tail + len;

	for (; tail < end; tail += strnlen(tail, end - tail) + 1)
		json_text(j, NULL, tail, end - tail);
}

static void put_part(struct json *j, const struct ckpt_tail *part,
		     const char *bytes, uint32_t len)
{
	uint32_t at;

	if (part->kind == CKPT_TAIL_BYTES) {
		json_bytes(j, part->name, bytes, len);
		return;
	}
	json_open(j, part->name, '[');
	if (part->kind == CKPT_TAIL_STRUCTS) {
		for (at = 0; at < len; at += part->one->size)
			put_struct(j, NULL, part->one, bytes + at);
	} else if (part->kind == CKPT_TAIL_STRINGS) {
		put_strings(j, bytes, len);
	} else {
		put_words(j, bytes, len,
			  part->kind == CKPT_TAIL_WORDS64 ? 8 : 4);
	}
	json_close(j, '[');
}

static void put_tail(struct json *j, const struct ckpt_record_layout *layout,
		     const struct ckpt_record *record)
{
	const void *bytes;
	unsigned int i;
	uint32_t len;

	/* An archive is as long as the files that are in it. */
	if (record->type == CKPT_REC_PAD || record->type == CKPT_REC_CONTENT)
		return;
	for (i = 0; layout->tail[i].kind != CKPT_TAIL_NONE; i++) {
		bytes = ckpt_record_part(record, layout, i, &len);
		put_part(j, &layout->tail[i], bytes, len);
	}
}

void *known_body(const struct ckpt_record *record,
		 const struct ckpt_layout *layout)
{
	void *body = xcalloc(1, layout->size);

	ckpt_record_body(record, body, layout->size);
	return body;
}

static void put_record(struct json *j, const struct info *info,
		       uint64_t offset, const struct ckpt_record *r)
{
	const struct ckpt_record_layout *layout;
	void *body;

	layout = ckpt_record_layout(r->type, info->header->arch);
	json_open(j, NULL, '{');
	json_text(j, "type", layout->name, SIZE_MAX);
	json_number(j, "offset", offset);
	json_number(j, "id", r->id);
	json_number(j, "owner", r->owner);
	if (layout->body) {
		body = known_body(r, layout->body);
		put_struct(j, "fields", layout->body, body);
		free(body);
	} else {
		json_open(j, "fields", '{');
		json_close(j, '{');
		if (r->body_len)
			json_bytes(j, "body", r + 1, r->body_len);
	}
	put_tail(j, layout, r);
	json_close(j, '{');
}

void show_json(const struct info *info)
{
	struct json j = { 0 };
	size_t i;

	json_open(&j, NULL, '{');
	json_number(&j, "schema", SCHEMA_VERSION);
	json_number(&j, "size", info->size);
	put_struct(&j, "header", ckpt_header_layout(), info->header);
	json_open(&j, "tools", '[');
	for (i = 0; i < info->nr_tools; i++)
		put_record(&j, info, info->tool[i].offset,
			   info->tool[i].record);
	json_close(&j, '[');
	json_open(&j, "records", '[');
	for (i = 0; i < info->nr_entries; i++)
		put_record(&j, info, info->entry[i].offset,
			   info->entry[i].record);
	json_close(&j, '[');
	json_open(&j, "runs", '[');
	for (i = 0; i < info->nr_runs; i++)
		put_struct(&j, NULL, ckpt_run_layout(), &info->run[i]);
	json_close(&j, '[');
	put_struct(&j, "trailer", ckpt_trailer_layout(), &info->trailer);
	json_close(&j, '{');
}
