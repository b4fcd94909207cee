// SPDX-License-Identifier: LGPL-2.1-only
/* The image header */
#include <string.h>

#include "reader.h"

bool all_zero(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len--)
		if (*p++)
			return false;
	return true;
}

bool padded_string(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	return len < size && all_zero(s + len, size - len);
}

bool is_string(const char *s, size_t len)
{
	return len && strnlen(s, len) == len - 1;
}

static int verify_names(struct ckpt_reader *r)
{
	const struct ckpt_image_header *h = &r->header;

	if (!padded_string(h->sysname, sizeof(h->sysname)) ||
	    !padded_string(h->release, sizeof(h->release)) ||
	    !padded_string(h->kernel_version, sizeof(h->kernel_version)) ||
	    !padded_string(h->machine, sizeof(h->machine)))
		return reader_fail(r, "a name of the writing kernel is not a string");
	return 0;
}

static int verify_tree(struct ckpt_reader *r)
{
	const struct ckpt_image_header *h = &r->header;

	if (!h->nr_tasks)
		return reader_fail(r, "an image without tasks");
	if (!h->root_pid || h->root_pid > PID_LIMIT)
		return reader_fail(r, "the root task has the impossible pid %u",
				   h->root_pid);
	if (h->nr_objects > CKPT_METADATA_MAX / sizeof(struct ckpt_record) ||
	    h->nr_objects < h->nr_tasks)
		return reader_fail(r, "%u tasks and %u objects are not possible",
				   h->nr_tasks, h->nr_objects);
	return 0;
}

int header_verify(struct ckpt_reader *r)
{
	const struct ckpt_image_header *h = &r->header;

	if (h->version < CKPT_FORMAT_OLDEST || h->version > CKPT_FORMAT_VERSION)
		return reader_fail(r, "format version %u; this program knows %u to %u",
				   h->version, CKPT_FORMAT_OLDEST,
				   CKPT_FORMAT_VERSION);
	if (h->endian != CKPT_ENDIAN)
		return reader_fail(r, "written by a machine of the other byte order");
	if (h->features)
		return reader_fail(r, "features %#llx that this program does not know",
				   (unsigned long long)h->features);
	if (h->flags & ~CKPT_IMAGE_FLAGS)
		return reader_fail(r, "flags %#x that this program does not know",
				   h->flags & ~CKPT_IMAGE_FLAGS);
	if (h->page_size < 4096 || h->page_size & (h->page_size - 1))
		return reader_fail(r, "%u is no page size", h->page_size);
	if (h->reserved)
		return reader_fail(r, "a reserved field of the header is not zero");
	if (verify_tree(r) < 0)
		return -1;
	return verify_names(r);
}
