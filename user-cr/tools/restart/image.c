// SPDX-License-Identifier: GPL-2.0-only
/* Opening the image, and what the tool wants to know of it */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include "../common/log.h"
#include "../common/record.h"
#include "../common/util.h"
#include "restart.h"

const char *image_advice(int error)
{
	if (error == E2BIG)
		return " (the image has more tasks, files or mappings than this kernel takes)";
	return write_advice(error);
}

static void explain_open(const struct restart *r, uint32_t version, int error)
{
	const char *advice = image_advice(error);
	char text[128];

	snprintf(text, sizeof(text),
		 " (the image has format version %u; this kernel reads %u: convert it with ckpt-convert)",
		 version, CKPT_FORMAT_VERSION);
	log_print(r->log);
	if (error == ENOSYS)
		advice = " (this kernel has no restart(): it needs CONFIG_CHECKPOINT)";
	else if (error == EPERM)
		advice = " (restart needs CAP_CHECKPOINT_RESTORE)";
	else if (error == EINVAL && version && version < CKPT_FORMAT_VERSION)
		advice = text;
	complain("cannot restart from %s: %s%s", input_name(r->o.input),
		 strerror(error), advice);
}

static bool inherits_stdin(const struct restart *r)
{
	int i;

	for (i = 0; i < r->o.nr_inherits; i++)
		if (r->o.inherit[i].fd == STDIN_FILENO)
			return true;
	return false;
}

int image_open(struct restart *r)
{
	bool from_stdin;
	uint32_t version;

	if (input_open(&r->input, r->o.input) < 0 || state_read(r) < 0)
		return -1;
	version = input_version(&r->input);
	from_stdin = input_name(r->o.input) != r->o.input;
	if (from_stdin && inherits_stdin(r)) {
		complain("--inherit-fd: descriptor 0 has the image: give the file another number, or name the image");
		return -1;
	}
	r->context = ckpt_restart(0, r->input.fd, RESTART_OPEN | RESTART_LOG |
				  (r->o.no_pids ? RESTART_ANY_PIDS : 0), r->log);
	if (r->context < 0) {
		explain_open(r, version, errno);
		return -1;
	}
	/* The context has the image now; it is nobody's standard input. */
	if (r->input.fd > STDIN_FILENO)
		close(r->input.fd);
	r->input.fd = -1;
	return from_stdin ? descriptors_replace_stdin() : 0;
}

void close_context(struct restart *r)
{
	if (r->context >= 0)
		close(r->context);
	r->context = -1;
}

void image_add_external(struct image *image, const struct external *e)
{
	image->external = xrealloc(image->external, image->nr_externals + 1,
				   sizeof(*image->external));
	image->external[image->nr_externals++] = *e;
}

static void take_file(struct image *image, const struct ckpt_record *record)
{
	struct ckpt_file file;

	ckpt_record_body(record, &file, sizeof(file));
	if (file.kind != CKPT_FILE_EXTERNAL && file.kind != CKPT_FILE_NS)
		return;
	image_add_external(image, &(struct external){
		.owner = record->owner, .slot = file.slot,
		.access = file.flags & O_ACCMODE,
		.key = file.kind == CKPT_FILE_NS ? NULL :
		       xstrdup(ckpt_record_tail(record)),
		.fd = -1, .ns_kind = file.rdev_minor, .ns_id = file.object_id,
	});
}

static void take_object(struct image *image, const struct ckpt_record *record)
{
	image->object = xgrow(image->object, image->nr_objects,
			      sizeof(*image->object));
	image->object[image->nr_objects++] = record_copy(record);
}

const struct ckpt_record *image_object(const struct image *image, uint32_t type,
				       uint32_t id)
{
	int i;

	for (i = 0; i < image->nr_objects; i++)
		if (image->object[i]->type == type && image->object[i]->id == id)
			return image->object[i];
	return NULL;
}

static void take_record(struct image *image, const struct ckpt_record *record)
{
	switch (record->type) {
	case CKPT_REC_TASK:
		tree_add(&image->tree, record);
		break;
	case CKPT_REC_TASK_STATE:
		tree_add_state(&image->tree, record);
		break;
	case CKPT_REC_EXIT:
		tree_add_exit(&image->tree, record);
		break;
	case CKPT_REC_NS:
	case CKPT_REC_CRED:
		take_object(image, record);
		break;
	case CKPT_REC_UTS:
		take_object(image, record);
		/* The state of the root task comes first, so does its own. */
		if (image->has_uts)
			break;
		ckpt_record_body(record, &image->uts, sizeof(image->uts));
		image->has_uts = true;
		break;
	case CKPT_REC_FILE:
		take_file(image, record);
		break;
	}
}

static int take_all(struct image *image, struct ckpt_reader *reader)
{
	struct ckpt_item item;
	int ret;

	while ((ret = ckpt_reader_next(reader, &item)) > 0) {
		if (item.type == CKPT_ITEM_HEADER)
			image->header = *item.header;
		else if (item.type == CKPT_ITEM_RECORD)
			take_record(image, item.record);
	}
	if (ret < 0) {
		complain("the kernel's description of the image: %s",
			 ckpt_reader_error(reader));
		return -1;
	}
	tree_link(&image->tree);
	namespaces_of_threads(image);
	if (!tree_share(&image->tree))
		return 0;
	complain_errno("no memory for %d tasks", image->tree.nr);
	return -1;
}

/* The reader has a record for each task: it must be gone when we fork. */
int image_read(struct image *image, int context)
{
	struct ckpt_reader *reader = ckpt_reader_new_context(context);
	int ret;

	if (!reader) {
		complain_errno("cannot read the image");
		return -1;
	}
	ret = take_all(image, reader);
	ckpt_reader_free(reader);
	return ret;
}

void image_free(struct image *image)
{
	int i;

	tree_free(&image->tree);
	for (i = 0; i < image->nr_externals; i++)
		free(image->external[i].key);
	free(image->external);
	for (i = 0; i < image->nr_objects; i++)
		free(image->object[i]);
	free(image->object);
}
