// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drop.h"
#include "format.h"

/* The field of that name, and with a ":BIT" behind it what of it is dropped. */
static const struct field *find_field(const char *name, uint64_t *mask)
{
	size_t len = strcspn(name, ":");
	unsigned int i;

	*mask = name[len] ? 1ULL << strtoul(name + len + 1, NULL, 0) : ~0ULL;
	for (i = 0; i < nr_fields; i++) {
		if (strlen(fields[i].name) == len &&
		    !strncmp(fields[i].name, name, len))
			return &fields[i];
	}
	return NULL;
}

static void drop_from_all(struct image *img, const struct field *field,
			  uint64_t mask)
{
	struct ckpt_record *rec;
	unsigned int nr = 0;

	while ((rec = image_record(img, field->type, nr++)))
		field_set(rec, field, field_get(rec, field) & ~mask);
	image_fix(img);
}

int drop_field(int image)
{
	const char *name = getenv(DROP_VARIABLE);
	const struct field *field;
	struct image *img;
	uint64_t mask;
	int fd;

	img = calloc(1, sizeof(*img));
	if (!img)
		return -ENOMEM;
	if (image_load(img, image)) {
		free(img);
		return -EINVAL;
	}
	field = name ? find_field(name, &mask) : NULL;
	if (field)
		drop_from_all(img, field, mask);
	fd = image_fd(img, img->len);
	image_free(img);
	free(img);
	return fd;
}
