// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading of the tools' sections
 *
 * The reader takes no byte more than these, so that the kernel goes on where the
 * header begins. What is in a file system goes into a new one at once, before
 * anybody has verified the rest of the image: so it may only be a tmpfs, of which
 * the reader makes sure. That is nowhere to be seen, writes to nothing but memory,
 * and is gone when we end. All other file systems are made when the kernel has
 * taken the image.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/cgroup_options.h"
#include "../common/content.h"
#include "../common/util.h"
#include "restart.h"
#include "state.h"

/**
 * struct reading - a walk through the sections
 * @r: the restart
 * @reader: of its image
 * @inside: of a section
 * @record: the last record; it stays until the next is fetched
 * @mounts_left: of the last namespace
 */
struct reading {
	struct restart *r;
	struct ckpt_reader *reader;
	bool inside;
	const struct ckpt_record *record;
	uint32_t mounts_left;
};

static int bad_image(const struct reading *w, const char *why)
{
	complain("cannot restart from %s: %s", input_name(w->r->o.input), why);
	return -1;
}

/* 1 in a section that has records, 0 where the header begins, -1 complained. */
static int enter_section(struct reading *w)
{
	struct ckpt_section section;

	if (w->inside)
		return 1;
	if (!input_section(&w->r->input, &section) ||
	    section.magic != CKPT_SECTION_MAGIC ||
	    section.type < CKPT_SECTION_TOOL)
		return 0;
	if (section.type != CKPT_SECTION_TOOL_RECORDS)
		return bad_image(w, "it has a section that these tools do not know: use newer ones");
	w->inside = true;
	return 1;
}

/* 1: @w->record is the next one, 0: there are no more, -1: complained. */
static int next_record(struct reading *w)
{
	struct ckpt_item item;
	int ret;

	for (;;) {
		ret = enter_section(w);
		if (ret <= 0)
			return ret;
		if (ckpt_reader_next(w->reader, &item) < 0)
			return bad_image(w, ckpt_reader_error(w->reader));
		w->inside = item.type == CKPT_ITEM_TOOL_RECORD;
		if (w->inside && item.record->type != CKPT_REC_PAD)
			break;
	}
	w->record = item.record;
	return 1;
}

/* The reader has seen to it that ids are 1, 2, 3 and so on. */
static void keep(struct state *state, const struct ckpt_record *record)
{
	struct ckpt_record *copy = record_copy(record);

	state->record = xgrow(state->record, state->nr,
			      sizeof(*state->record));
	state->record[state->nr++] = copy;
	if (!record->id)
		return;
	state->object = xgrow(state->object, state->nr_objects,
			      sizeof(*state->object));
	state->object[state->nr_objects++] = copy;
}

const struct ckpt_record *state_object(const struct state *state, uint32_t id)
{
	return state->object[id - 1];
}

/**
 * struct pieces - the content of a file system, record by record
 * @w: where they come from
 * @last: the last one was there
 * @failed: they do not come, which was complained about
 */
struct pieces {
	struct reading *w;
	bool last;
	bool failed;
};

static ssize_t next_piece(void *arg, const void **bytes)
{
	struct pieces *p = arg;
	struct ckpt_content body;
	int ret;

	*bytes = NULL;
	if (p->last)
		return 0;
	ret = next_record(p->w);
	if (!ret)
		ret = bad_image(p->w, "the content of a file system is incomplete");
	p->failed = ret < 0;
	if (p->failed)
		return -1;
	/* The reader has none other pass. */
	ckpt_record_body(p->w->record, &body, sizeof(body));
	p->last = body.last;
	*bytes = ckpt_record_tail(p->w->record);
	return p->w->record->tail_len;
}

/* What follows the end of the archive counts for nothing. */
static int skip_pieces(struct pieces *p)
{
	const void *bytes;

	while (!p->last)
		if (next_piece(p, &bytes) < 0)
			return -1;
	return 0;
}

static int explain_content(const struct pieces *p, const char *where,
			   const char *why)
{
	if (!p->failed)
		complain("cannot restore the content of %s: %s", where, why);
	return -1;
}

static int fill(struct pieces *p, const struct ckpt_record *record, int fd)
{
	struct content content = { .read = next_piece, .arg = p };
	const char *type = record_string(record, 0);
	int ret;

	content.dir = layer_directory(record, fd);
	if (content.dir < 0)
		return explain_content(p, type, strerror(errno));
	ret = content_restore(&content);
	close(content.dir);
	if (ret < 0)
		return explain_content(p, type, content.error);
	if (skip_pieces(p) < 0)
		return -1;
	if (layer_seal(record, fd) < 0)
		return explain_content(p, type, strerror(errno));
	return 0;
}

static int take_content(struct reading *w)
{
	struct state *state = &w->r->state;
	const struct ckpt_record *record = state->record[state->nr - 1];
	struct pieces pieces = { .w = w };
	const char *what;
	struct layer *layer;

	if (!mounts_wanted(w->r))
		return skip_pieces(&pieces);
	state->layer = xrealloc(state->layer, state->nr_layers + 1,
				sizeof(*state->layer));
	layer = &state->layer[state->nr_layers];
	*layer = (struct layer){ .filesystem_id = record->id };
	layer->fd = layer_create(record, &what);
	if (layer->fd < 0) {
		complain_errno("cannot make a file system like %s: %s",
			       record_string(record, 0), what);
		return -1;
	}
	state->nr_layers++;
	return fill(&pieces, record, layer->fd);
}

/* What is made anew is what the image says, and not only in memory. */
static int check_options(const struct reading *w, const struct ckpt_record *record)
{
	const char *type = record_string(record, 0), *option;
	int n;

	if (w->r->o.host_mounts)
		return 0;
	for (n = CKPT_FILESYSTEM_STRINGS; *(option = record_string(record, n)); n++) {
		if (cgroup_option_is_harmless(type, option))
			continue;
		complain("cannot restart from %s: it would mount %s with the option %s, which may do harm to this machine (use --host-mounts)",
			 input_name(w->r->o.input), type, option);
		return -1;
	}
	return 0;
}

static int take_filesystem(struct reading *w)
{
	struct ckpt_filesystem fs;

	ckpt_record_body(w->record, &fs, sizeof(fs));
	if (fs.kind == CKPT_FILESYSTEM_NEW)
		return check_options(w, w->record);
	return fs.kind == CKPT_FILESYSTEM_CONTENT ? take_content(w) : 0;
}

static int take_record(struct reading *w)
{
	struct ckpt_mount_ns ns;

	keep(&w->r->state, w->record);
	switch (w->record->type) {
	case CKPT_REC_FILESYSTEM:
		return take_filesystem(w);
	case CKPT_REC_MOUNT_NS:
		ckpt_record_body(w->record, &ns, sizeof(ns));
		w->mounts_left = ns.nr_mounts;
		break;
	case CKPT_REC_MOUNT:
		w->mounts_left--;
		break;
	}
	return 0;
}

static int read_all(struct reading *w)
{
	int ret;

	while ((ret = next_record(w)) > 0)
		if (take_record(w) < 0)
			return -1;
	if (!ret && w->mounts_left)
		return bad_image(w, "mounts of a namespace are missing");
	return ret;
}

int state_read(struct restart *r)
{
	struct reading w = { .r = r, .reader = ckpt_reader_new(r->input.fd) };
	int ret;

	if (!w.reader) {
		complain_errno("cannot read the image");
		return -1;
	}
	ret = read_all(&w);
	ckpt_reader_free(w.reader);
	return ret < 0 ? -1 : layers_share(&r->state);
}

void state_free(struct state *state)
{
	size_t i;

	for (i = 0; i < state->nr; i++)
		free(state->record[i]);
	free(state->record);
	free(state->object);
	free(state->layer);
	*state = (struct state){ 0 };
}
