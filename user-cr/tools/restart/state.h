/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools have saved in an image: read before the kernel gets the rest
 */
#ifndef RESTART_STATE_H
#define RESTART_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/record.h"

/**
 * struct layer - a file system whose content was in the image
 * @ns_id: the namespace that gets this mount of it
 * @filesystem_id: its record's
 * @fd: a mount that is nowhere yet
 */
struct layer {
	uint32_t ns_id;
	uint32_t filesystem_id;
	int fd;
};

/**
 * struct state - the records
 * @record: all but content and padding, in their order
 * @nr: their number
 * @object: those with an id, by that; ids are numbers in their order
 * @nr_objects: the last one
 * @layer: what the content became
 * @nr_layers: their number
 */
struct state {
	struct ckpt_record **record;
	size_t nr;
	struct ckpt_record **object;
	size_t nr_objects;
	struct layer *layer;
	size_t nr_layers;
};

struct restart;

/* Reads the tools' sections; 0, or -1 after a complaint. */
int state_read(struct restart *r);
void state_free(struct state *state);

/* The record with this id, of which the reader has seen to it that it exists. */
const struct ckpt_record *state_object(const struct state *state, uint32_t id);

/*
 * layers.c: a new file system of a record, as a mount that is nowhere, with the
 * directories down to that of the record. -1 and errno; *WHAT says where.
 */
int layer_create(const struct ckpt_record *record, const char **what);
/* Makes it read-only if the record wants that; 0, or -1 and errno. */
int layer_seal(const struct ckpt_record *record, int fd);
/* Opens the directory of the record; -1 and errno. */
int layer_directory(const struct ckpt_record *record, int fd);
/* Each namespace gets a mount of its own; 0, or -1 after a complaint. */
int layers_share(struct state *state);

#endif /* RESTART_STATE_H */
