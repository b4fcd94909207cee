// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <checkpoint/tool_image.h>
#include "../common/input.h"
#include "../common/util.h"
#include "info.h"

const struct ckpt_record *info_object(const struct info *info, uint32_t id,
				      uint32_t type)
{
	const struct ckpt_record *record;

	if (!id || id > info->header->nr_objects)
		return NULL;
	record = info->object[id].record;
	return record && record->type == type ? record : NULL;
}

uint32_t info_owner_pid(const struct info *info,
			const struct ckpt_record *record)
{
	return info->tree.task[info->object[record->owner].index].saved.pid;
}

bool info_state(const struct info *info, int task,
		struct ckpt_task_state *state)
{
	if (task_is_dead(&info->tree.task[task]))
		return false;
	ckpt_record_body(info->state[task], state, sizeof(*state));
	return true;
}

static void take_header(struct info *info, const struct ckpt_item *item)
{
	info->header = item->header;
	info->object = xcalloc((size_t)item->header->nr_objects + 1,
			       sizeof(*info->object));
	info->state = xcalloc(item->header->nr_tasks, sizeof(*info->state));
	info->exit = xcalloc(item->header->nr_tasks, sizeof(*info->exit));
	info->vfork = xcalloc(item->header->nr_tasks, sizeof(*info->vfork));
	info->stop = xcalloc(item->header->nr_tasks, sizeof(*info->stop));
}

static void take_vma(struct info *info, const struct ckpt_record *record)
{
	struct vma *vma;

	info->vma = xgrow(info->vma, info->nr_vmas, sizeof(*vma));
	vma = &info->vma[info->nr_vmas++];
	ckpt_record_body(record, &vma->saved, sizeof(vma->saved));
	vma->name = record->tail_len ? ckpt_record_tail(record) : "";
	vma->bytes = 0;
}

/* The sums for a bulk source; an object gets them with its first run. */
static struct space *find_space(struct info *info, uint32_t id)
{
	struct object *object = &info->object[id];

	if (!object->space) {
		info->space = xgrow(info->space, info->nr_spaces,
				     sizeof(*info->space));
		info->space[info->nr_spaces] = (struct space){ .id = id };
		object->space = ++info->nr_spaces;
	}
	return &info->space[object->space - 1];
}

static void take_record(struct info *info, const struct ckpt_item *item)
{
	const struct ckpt_record *record = item->record;
	struct entry *entry;

	if (!info->nr_entries)
		info->metadata_offset = item->offset;
	info->entry = xgrow(info->entry, info->nr_entries, sizeof(*entry));
	entry = &info->entry[info->nr_entries++];
	*entry = (struct entry){ item->offset, record };
	if (record->id)
		info->object[record->id].record = record;
	switch (record->type) {
	case CKPT_REC_TASK:
		info->object[record->id].index = info->tree.nr;
		tree_add(&info->tree, record);
		break;
	case CKPT_REC_TASK_STATE:
		info->state[info->object[record->owner].index] = record;
		break;
	case CKPT_REC_EXIT:
		info->exit[info->object[record->owner].index] = record;
		break;
	case CKPT_REC_STOP:
		info->stop[info->object[record->owner].index] = record;
		break;
	case CKPT_REC_VFORK:
		info->vfork[info->object[record->owner].index] = record;
		break;
	case CKPT_REC_VMA:
		take_vma(info, record);
		break;
	}
}

static int compare_vmas(const void *a, const void *b)
{
	const struct ckpt_vma *x = a, *y = b;	/* the first member */

	if (x->mm_id != y->mm_id)
		return x->mm_id < y->mm_id ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void all_records_are_there(struct info *info, uint64_t offset)
{
	if (info->bulk_offset)
		return;
	info->bulk_offset = offset;
	qsort(info->vma, info->nr_vmas, sizeof(*info->vma), compare_vmas);
	tree_link(&info->tree);
}

/* Index of the first mapping that ends behind ADDRESS. */
static size_t find_vma(const struct info *info, uint32_t mm_id, uint64_t address)
{
	size_t low = 0, high = info->nr_vmas, middle;
	const struct ckpt_vma *v;

	while (low < high) {
		middle = low + (high - low) / 2;
		v = &info->vma[middle].saved;
		if (v->mm_id < mm_id ||
		    (v->mm_id == mm_id && v->end <= address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void credit_vmas(struct info *info, const struct ckpt_run *run)
{
	uint64_t end = run->offset + run->length;
	size_t i = find_vma(info, run->source, run->offset);
	uint64_t from, to;
	const struct ckpt_vma *v;

	for (; i < info->nr_vmas; i++) {
		v = &info->vma[i].saved;
		if (v->mm_id != run->source || v->start >= end)
			break;
		from = v->start > run->offset ? v->start : run->offset;
		to = v->end < end ? v->end : end;
		info->vma[i].bytes += to - from;
	}
}

static void keep_page(struct info *info, const struct ckpt_run *run,
		      uint64_t at, const char *bytes, size_t len)
{
	struct page *page;

	/* Like a page that is not in the image. */
	if (!bytes[0] && !memcmp(bytes, bytes + 1, len - 1))
		return;
	info->page = xgrow(info->page, info->nr_pages, sizeof(*page));
	page = &info->page[info->nr_pages++];
	*page = (struct page){
		.source = run->source, .offset = run->offset + at,
		.hash = XXH64(bytes, len, 0),
	};
}

/* Returns the end of the run's data. */
static const char *keep_pages(struct info *info, const struct ckpt_run *run,
			      const char *data)
{
	uint32_t size = info->header->page_size;
	uint64_t at, len;

	for (at = 0; at < run->length; at += len) {
		len = run->length - at < size ? run->length - at : size;
		keep_page(info, run, at, data + at, len);
	}
	return data + run->length;
}

/* What is in it is known when all pages are. */
static void keep_shared(struct info *info, const struct ckpt_run *run)
{
	uint32_t size = info->header->page_size;
	uint64_t at;

	for (at = 0; at < run->length; at += size) {
		info->page = xgrow(info->page, info->nr_pages,
				   sizeof(*info->page));
		info->page[info->nr_pages++] = (struct page){
			.source = run->source, .offset = run->offset + at,
			.from_source = run->from_source,
			.from_offset = run->from_offset + at,
		};
	}
}

static int compare_pages(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Whose are not there, because they are all zero, goes as well. */
static void look_up_shared(struct info *info)
{
	const struct page *of;
	struct page *all, *page;
	size_t nr = 0, i;

	qsort(info->page, info->nr_pages, sizeof(*page), compare_pages);
	all = xcalloc(info->nr_pages, sizeof(*all));
	for (i = 0; i < info->nr_pages; i++) {
		page = &info->page[i];
		of = page;
		if (page->from_source)
			of = bsearch(&(struct page){
					.source = page->from_source,
					.offset = page->from_offset,
				     }, info->page, info->nr_pages,
				     sizeof(*page), compare_pages);
		if (!of)
			continue;
		all[nr] = *page;
		all[nr++].hash = of->hash;
	}
	free(info->page);
	info->page = all;
	info->nr_pages = nr;
}

static void keep_content(struct info *info, const struct ckpt_run *run,
			 const char **data)
{
	if (info->keep == KEEP_RUNS) {
		info->run = xgrow(info->run, info->nr_runs, sizeof(*run));
		info->run[info->nr_runs++] = *run;
	}
	if (info->keep != KEEP_PAGES)
		return;
	if (run->type == CKPT_RUN_DATA)
		*data = keep_pages(info, run, *data);
	else if (run->type == CKPT_RUN_SAME)
		keep_shared(info, run);
}

static void take_chunk(struct info *info, const struct ckpt_chunk *chunk,
		       const char *data)
{
	const struct ckpt_run *run;
	struct space *space;
	uint32_t i;

	for (i = 0; i < chunk->nr_runs; i++) {
		run = &chunk->run[i];
		space = find_space(info, run->source);
		space->runs[run->type]++;
		space->bytes[run->type] += run->length;
		if (run->type == CKPT_RUN_DATA || run->type == CKPT_RUN_ZERO)
			credit_vmas(info, run);
		keep_content(info, run, &data);
	}
}

/* The reader's does not stay; what is in a file system may be much. */
static void take_tool_record(struct info *info, const struct ckpt_item *item)
{
	const struct ckpt_record *record = item->record;
	uint32_t len = record->len;
	struct tool_entry *entry;

	if (record->type == CKPT_REC_PAD)
		return;
	if (record->type == CKPT_REC_CONTENT)
		len = sizeof(*record) + record->body_len;
	info->tool = xgrow(info->tool, info->nr_tools, sizeof(*entry));
	entry = &info->tool[info->nr_tools++];
	*entry = (struct tool_entry){
		.offset = item->offset, .record = xcalloc(1, len),
		.len = record->len,
	};
	memcpy(entry->record, record, len);
	if (record->id) {
		info->tool_object = xgrow(info->tool_object,
					   info->nr_tool_objects,
					   sizeof(*info->tool_object));
		info->tool_object[info->nr_tool_objects++] = entry->record;
	}
	if (record->type != CKPT_REC_CONTENT)
		return;
	entry->hash = XXH64(ckpt_record_tail(record), record->tail_len, 0);
	entry->record->len = len;
	entry->record->tail_len = 0;
}

/* The reader has seen to it that ids are 1, 2, 3 and so on. */
const struct ckpt_record *info_tool(const struct info *info, uint32_t id)
{
	return info->tool_object[id - 1];
}

static void take(struct info *info, const struct ckpt_item *item)
{
	switch (item->type) {
	case CKPT_ITEM_TOOL:
		info->tool_bytes += sizeof(*item->section) +
				    item->section->length;
		break;
	case CKPT_ITEM_TOOL_RECORD:
		take_tool_record(info, item);
		break;
	case CKPT_ITEM_HEADER:
		take_header(info, item);
		break;
	case CKPT_ITEM_RECORD:
		take_record(info, item);
		break;
	case CKPT_ITEM_CHUNK:
		all_records_are_there(info, item->offset);
		take_chunk(info, item->chunk, item->data);
		break;
	case CKPT_ITEM_TRAILER:
		all_records_are_there(info, item->offset);
		info->trailer = *item->trailer;
		break;
	}
}

int info_collect(struct info *info, int fd, const char *name, enum keep keep)
{
	struct ckpt_item item;
	int ret;

	*info = (struct info){ .reader = ckpt_reader_new(fd), .keep = keep };
	if (!info->reader) {
		complain_errno("cannot read %s", name);
		return -1;
	}
	while ((ret = ckpt_reader_next(info->reader, &item)) > 0)
		take(info, &item);
	info->size = ckpt_reader_offset(info->reader);
	if (ret < 0) {
		complain("%s: %s", name, ckpt_reader_error(info->reader));
		return -1;
	}
	if (info->nr_pages)
		look_up_shared(info);
	return input_ended(fd, name, info->size);
}

void info_free(struct info *info)
{
	size_t i;

	for (i = 0; i < info->nr_tools; i++)
		free(info->tool[i].record);
	free(info->tool);
	free(info->tool_object);
	free(info->entry);
	free(info->object);
	free(info->state);
	free(info->exit);
	free(info->vfork);
	free(info->stop);
	free(info->vma);
	free(info->space);
	free(info->run);
	free(info->page);
	tree_free(&info->tree);
	ckpt_reader_free(info->reader);
}
