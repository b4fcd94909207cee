// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two images compared, field by field
 *
 * Ids and the order of records mean nothing here: a record has a name, made of
 * its owner's pid and of what it is about, and is compared with the record of
 * the same name. An id is as good as the name of what it refers to.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "info.h"

/**
 * struct named - a record and its name
 * @name: unique in the image
 * @order: its place in the image
 * @record: it
 * @hash: of what is in a file system
 */
struct named {
	char *name;
	size_t order;
	const struct ckpt_record *record;
	uint64_t hash;
};

/**
 * struct side - one of the two images
 * @info: it
 * @all: its records by name, with those of the tools
 * @nr: their number
 * @by_id: names of those with an id that are not the tools'
 * @tool_by_id: names of the tools' records with an id
 */
struct side {
	const struct info *info;
	struct named *all;
	size_t nr;
	const char **by_id;
	const char **tool_by_id;
};

/**
 * struct diff - a comparison
 * @a: the first image
 * @b: the second
 * @what: name of the record that is compared
 * @found: differences so far
 */
struct diff {
	struct side a;
	struct side b;
	const char *what;
	size_t found;
};

__attribute__((format(printf, 3, 4)))
static void differ(struct diff *d, const char *field, const char *format, ...)
{
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_text(d->what);
	printf(": %s: ", field);
	print_text(text);
	putchar('\n');
	d->found++;
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->order < y->order ? -1 : 1;
}

/* The second record of a name becomes "NAME #2" and so on. */
static void number_equals(struct side *s)
{
	size_t first = 0, i;
	char *name;

	for (i = 1; i < s->nr; i++) {
		if (strcmp(s->all[i].name, s->all[first].name)) {
			first = i;
			continue;
		}
		name = xasprintf("%s #%zu", s->all[i].name, i - first + 1);
		free(s->all[i].name);
		s->all[i].name = name;
	}
}

static void name_records(struct side *s)
{
	const struct info *info = s->info;
	const struct ckpt_record *record;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		record = i < info->nr_tools ? info->tool[i].record :
			info->entry[i - info->nr_tools].record;
		s->all[i] = (struct named){
			.name = record_name(info, record), .order = i,
			.record = record,
			.hash = i < info->nr_tools ? info->tool[i].hash : 0,
		};
	}
}

static const char **names_by_id(const struct side *s,
				const struct ckpt_record *record)
{
	return record->type < CKPT_REC_MOUNT_NS ? s->by_id : s->tool_by_id;
}

static void make_side(struct side *s, const struct info *info)
{
	size_t nr = info->nr_tools + info->nr_entries, i;

	*s = (struct side){
		.info = info,
		.all = xcalloc(nr, sizeof(*s->all)),
		.nr = nr,
		.by_id = xcalloc((size_t)info->header->nr_objects + 1,
				 sizeof(*s->by_id)),
		.tool_by_id = xcalloc(info->nr_tool_objects + 1,
				      sizeof(*s->tool_by_id)),
	};
	name_records(s);
	qsort(s->all, nr, sizeof(*s->all), compare_named);
	number_equals(s);
	qsort(s->all, nr, sizeof(*s->all), compare_named);
	for (i = 0; i < nr; i++)
		names_by_id(s, s->all[i].record)[s->all[i].record->id] =
			s->all[i].name;
	s->by_id[0] = s->tool_by_id[0] = "nothing";
}

static void free_side(struct side *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		free(s->all[i].name);
	free(s->all);
	free(s->by_id);
	free(s->tool_by_id);
}

static const char *id_text(const struct side *s, uint64_t id)
{
	if (id > s->info->header->nr_objects || !s->by_id[id])
		return "?";
	return s->by_id[id];
}

static const char *tool_id_text(const struct side *s, uint64_t id)
{
	return id > s->info->nr_tool_objects ? "?" : s->tool_by_id[id];
}

static void compare_names(struct diff *d, const char *label, const char *a,
			  const char *b)
{
	if (strcmp(a, b))
		differ(d, label, "%s -> %s", a, b);
}

static void compare_values(struct diff *d, const char *label,
			   const struct ckpt_field *f, uint64_t x, uint64_t y)
{
	if (f->format == CKPT_FIELD_ID) {
		compare_names(d, label, id_text(&d->a, x), id_text(&d->b, y));
		return;
	}
	if (f->format == CKPT_FIELD_TOOL_ID) {
		compare_names(d, label, tool_id_text(&d->a, x),
			      tool_id_text(&d->b, y));
		return;
	}
	if (x == y)
		return;
	switch (f->format) {
	case CKPT_FIELD_SIGNED:
		differ(d, label, "%" PRId64 " -> %" PRId64, (int64_t)x,
		       (int64_t)y);
		break;
	case CKPT_FIELD_HEX:
		differ(d, label, "%#" PRIx64 " -> %#" PRIx64, x, y);
		break;
	case CKPT_FIELD_OCTAL:
		differ(d, label, "%#" PRIo64 " -> %#" PRIo64, x, y);
		break;
	default:
		differ(d, label, "%" PRIu64 " -> %" PRIu64, x, y);
		break;
	}
}

static void compare_field(struct diff *d, const char *before,
			  const struct ckpt_field *f, const char *a,
			  const char *b)
{
	char label[96];
	uint32_t i;

	snprintf(label, sizeof(label), "%s%s", before, f->name);
	if (f->format == CKPT_FIELD_TEXT || f->format == CKPT_FIELD_BYTES) {
		a += f->offset;
		b += f->offset;
		if (!memcmp(a, b, f->count))
			return;
		if (f->format == CKPT_FIELD_TEXT)
			differ(d, label, "%.*s -> %.*s", (int)f->count, a,
			       (int)f->count, b);
		else
			differ(d, label, "differs");
		return;
	}
	for (i = 0; i < f->count; i++) {
		if (f->count > 1)
			snprintf(label, sizeof(label), "%s%s[%u]", before,
				 f->name, i);
		compare_values(d, label, f, field_value(f, a, i),
			       field_value(f, b, i));
	}
}

static void compare_structs(struct diff *d, const char *before,
			    const struct ckpt_layout *layout, const void *a,
			    const void *b)
{
	size_t i;

	for (i = 0; i < layout->nr_fields; i++)
		compare_field(d, before, &layout->field[i], a, b);
}

/* Bytes, such as registers, as words: a byte alone says little. */
static void compare_words(struct diff *d, const char *name, uint32_t size,
			  const char *a, const char *b, uint32_t len)
{
	const struct ckpt_field word = {
		.size = size, .format = CKPT_FIELD_HEX,
	};
	char label[96];
	uint32_t i;

	for (i = 0; i < len / size; i++) {
		snprintf(label, sizeof(label), "%s[%u]", name, i);
		compare_values(d, label, &word, field_value(&word, a, i),
			       field_value(&word, b, i));
	}
	if (len % size && memcmp(a + len - len % size, b + len - len % size,
				 len % size))
		differ(d, name, "the last %u bytes differ", len % size);
}

static void compare_strings(struct diff *d, const char *name, const char *a,
			    uint32_t a_len, const char *b, uint32_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;
	size_t x, y;

	while (a < a_end || b < b_end) {
		x = strnlen(a, a_end - a);
		y = strnlen(b, b_end - b);
		if (x != y || memcmp(a, b, x))
			differ(d, name, "%.*s -> %.*s", (int)x, a, (int)y, b);
		a += a < a_end ? x + (x < (size_t)(a_end - a)) : 0;
		b += b < b_end ? y + (y < (size_t)(b_end - b)) : 0;
	}
}

static void compare_elements(struct diff *d, const struct ckpt_tail *part,
			     const char *a, uint32_t a_len, const char *b,
			     uint32_t b_len)
{
	uint32_t len = a_len < b_len ? a_len : b_len;
	size_t size = part->one->size;
	char before[64];
	uint32_t i;

	if (a_len != b_len)
		differ(d, part->name, "%zu -> %zu", a_len / size, b_len / size);
	for (i = 0; i < len / size; i++) {
		snprintf(before, sizeof(before), "%s[%u].", part->name, i);
		compare_structs(d, before, part->one, a + i * size,
				b + i * size);
	}
}

static void compare_part(struct diff *d, const struct ckpt_tail *part,
			 const char *a, uint32_t a_len, const char *b,
			 uint32_t b_len)
{
	switch (part->kind) {
	case CKPT_TAIL_STRINGS:
		compare_strings(d, part->name, a, a_len, b, b_len);
		return;
	case CKPT_TAIL_STRUCTS:
		compare_elements(d, part, a, a_len, b, b_len);
		return;
	default:
		break;
	}
	if (a_len != b_len)
		differ(d, part->name, "%u bytes -> %u bytes", a_len, b_len);
	compare_words(d, part->name, part->kind == CKPT_TAIL_WORDS32 ? 4 : 8, a,
		      b, a_len < b_len ? a_len : b_len);
}

/* Of code, that it is another one is all that there is to say. */
static bool is_code(const struct ckpt_record *x, const struct ckpt_tail *part)
{
	return x->type == CKPT_REC_VDSO && part->kind == CKPT_TAIL_BYTES;
}

static void compare_tails(struct diff *d,
			  const struct ckpt_record_layout *layout,
			  const struct ckpt_record *x,
			  const struct ckpt_record *y)
{
	const struct ckpt_tail *part = layout->tail;
	uint32_t a_len, b_len;
	const char *a, *b;
	unsigned int i;

	if (x->type == CKPT_REC_PAD)
		return;
	for (i = 0; part[i].kind != CKPT_TAIL_NONE; i++) {
		a = ckpt_record_part(x, layout, i, &a_len);
		b = ckpt_record_part(y, layout, i, &b_len);
		if (!is_code(x, &part[i]))
			compare_part(d, &part[i], a, a_len, b, b_len);
		else if (a_len != b_len || memcmp(a, b, a_len))
			differ(d, part[i].name, "differs");
	}
}

static void compare_records(struct diff *d, const struct named *x,
			    const struct named *y)
{
	const struct ckpt_record_layout *layout;
	void *a, *b;

	d->what = x->name;
	layout = ckpt_record_layout(x->record->type, d->a.info->header->arch);
	if (layout->body) {
		a = known_body(x->record, layout->body);
		b = known_body(y->record, layout->body);
		compare_structs(d, "", layout->body, a, b);
		free(a);
		free(b);
	}
	compare_tails(d, layout, x->record, y->record);
	if (x->hash != y->hash)
		differ(d, layout->tail[0].name, "differs");
}

static void only(struct diff *d, const char *which, const char *name)
{
	printf("only in the %s image: ", which);
	print_text(name);
	putchar('\n');
	d->found++;
}

static void compare_all(struct diff *d)
{
	size_t na = d->a.nr, nb = d->b.nr;
	size_t i = 0, k = 0;
	int order;

	while (i < na || k < nb) {
		order = i == na ? 1 : k == nb ? -1 :
			strcmp(d->a.all[i].name, d->b.all[k].name);
		if (order < 0)
			only(d, "first", d->a.all[i++].name);
		else if (order > 0)
			only(d, "second", d->b.all[k++].name);
		else
			compare_records(d, &d->a.all[i++], &d->b.all[k++]);
	}
}

/**
 * struct range - pages that differ, one behind the other
 * @name: name of the source
 * @start: of the first page
 * @end: of the last page
 */
struct range {
	const char *name;
	uint64_t start;
	uint64_t end;
};

static void print_range(struct diff *d, const struct range *r)
{
	if (!r->name)
		return;
	printf("content of ");
	print_text(r->name);
	printf(": %#" PRIx64 "-%#" PRIx64 ": differs\n", r->start, r->end);
	d->found++;
}

static void page_differs(struct diff *d, struct range *r, const char *name,
			 uint64_t offset)
{
	uint32_t size = d->a.info->header->page_size;

	if (r->name && !strcmp(r->name, name) && r->end == offset) {
		r->end += size;
		return;
	}
	print_range(d, r);
	*r = (struct range){ name, offset, offset + size };
}

static int compare_pages(const struct side *s, const struct page *x,
			 const struct side *t, const struct page *y)
{
	int order = strcmp(s->by_id[x->source], t->by_id[y->source]);

	if (order)
		return order;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static const struct side *sorted_side;

static int order_pages(const void *a, const void *b)
{
	return compare_pages(sorted_side, a, sorted_side, b);
}

static void sort_pages(const struct side *s)
{
	sorted_side = s;
	qsort(s->info->page, s->info->nr_pages, sizeof(*s->info->page),
	      order_pages);
}

static void compare_content(struct diff *d)
{
	const struct page *x = d->a.info->page, *y = d->b.info->page;
	const struct page *x_end = x + d->a.info->nr_pages;
	const struct page *y_end = y + d->b.info->nr_pages;
	struct range range = { 0 };
	int order;

	sort_pages(&d->a);
	sort_pages(&d->b);
	while (x < x_end || y < y_end) {
		order = x == x_end ? 1 : y == y_end ? -1 :
			compare_pages(&d->a, x, &d->b, y);
		if (order < 0)
			page_differs(d, &range, d->a.by_id[x->source],
				     x->offset);
		else if (order > 0)
			page_differs(d, &range, d->b.by_id[y->source],
				     y->offset);
		else if (x->hash != y->hash)
			page_differs(d, &range, d->a.by_id[x->source],
				     x->offset);
		x += order <= 0;
		y += order >= 0;
	}
	print_range(d, &range);
}

size_t show_differences(const struct info *a, const struct info *b)
{
	struct diff d = { .what = "header" };

	make_side(&d.a, a);
	make_side(&d.b, b);
	compare_structs(&d, "", ckpt_header_layout(), a->header, b->header);
	compare_all(&d);
	compare_content(&d);
	free_side(&d.a);
	free_side(&d.b);
	return d.found;
}
