// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: the image reader, and all that ckptinfo and ckpt-convert make
 * of an image
 *
 * Checksums are made right first: they keep accidents out, not enemies, and a
 * fuzzer would hardly ever get past them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tools/ckpt-convert/convert.h"
#include "../../tools/ckptinfo/info.h"
#include "../image.h"

/* Of ten mutations, so many go into one piece of the image. */
#define PIECES	8

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static int image = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	image = memfd_create("image", MFD_CLOEXEC);
	if (image < 0 || !freopen("/dev/null", "w", stdout))
		abort();
	return 0;
}

static bool is_good(void)
{
	struct ckpt_reader *reader = ckpt_reader_new(image);
	struct ckpt_item item;
	int ret;

	while ((ret = ckpt_reader_next(reader, &item)) > 0)
		;
	if (!ret != !*ckpt_reader_error(reader))
		abort();
	ckpt_reader_free(reader);
	return !ret;
}

static void rewind_image(void)
{
	if (lseek(image, 0, SEEK_SET) < 0)
		abort();
}

static void show_all(const struct info *info)
{
	show_summary(info);
	show_header(info);
	show_tree(info);
	show_fds(info);
	show_externals(info);
	show_maps(info);
	show_mounts(info);
	show_cgroups(info);
	show_sizes(info);
	show_records(info);
	show_json(info);
}

/* Nothing is lost, and what is made has its length. */
static void convert(const struct info *info)
{
	struct records r = { 0 };
	size_t i;

	if (info->header->version != 1)
		return;
	for (i = 0; i < info->nr_entries; i++)
		records_add(&r, info->entry[i].record);
	v1_convert(&r, info->header);
	if (r.nr != info->nr_entries)
		abort();
	for (i = 0; i < r.nr_made; i++)
		if (r.made[i]->len != sizeof(*r.made[i]) + r.made[i]->body_len)
			abort();
	records_free(&r);
}

static void look_at_it(void)
{
	struct info info;

	rewind_image();
	if (!info_collect(&info, image, "image", KEEP_RUNS)) {
		show_all(&info);
		convert(&info);
	}
	info_free(&info);
	rewind_image();
	if (!info_collect(&info, image, "image", KEEP_PAGES) &&
	    show_differences(&info, &info))
		abort();
	info_free(&info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	repair_image(bytes, size, true);
	if (ftruncate(image, 0) < 0 ||
	    pwrite(image, bytes, size, 0) != (ssize_t)size)
		abort();
	free(bytes);
	rewind_image();
	if (is_good())
		look_at_it();
	return 0;
}

/**
 * struct piece - a part of an image that means something
 * @at: where it begins
 * @len: its length
 */
struct piece {
	size_t at;
	size_t len;
};

/* A record, by going through them; the last one if we get lost. */
static struct piece find_record(const uint8_t *data, size_t size, size_t at,
				unsigned int skip)
{
	struct piece piece = { at, sizeof(struct ckpt_record) };
	struct ckpt_record r;

	while (at + sizeof(r) <= size) {
		memcpy(&r, data + at, sizeof(r));
		if (r.len < sizeof(r) || r.len % 8 || r.len > size - at ||
		    r.type == CKPT_REC_PAD)
			break;
		piece = (struct piece){ at, r.len };
		if (!skip--)
			break;
		at += r.len;
	}
	return piece;
}

/* The length of the section at AT, with its head; 0 if that is not all there. */
static size_t section_at(const uint8_t *data, size_t size, size_t at,
			 uint32_t *type)
{
	struct ckpt_section s;

	if (at + sizeof(s) > size)
		return 0;
	memcpy(&s, data + at, sizeof(s));
	*type = s.type;
	return s.length <= size - at - sizeof(s) ? sizeof(s) + s.length : 0;
}

/* Records of the tools, then the header; the metadata follow, and the chunks. */
static struct piece choose(const uint8_t *data, size_t size)
{
	size_t section = sizeof(struct ckpt_section), at = 0, metadata;
	uint32_t type = 0;
	size_t len = section_at(data, size, at, &type);

	if (len && type >= CKPT_SECTION_TOOL) {
		if (rand() % 2)
			return find_record(data, size, section, rand() % 16);
		at += len;
	}
	metadata = at + 2 * section + sizeof(struct ckpt_image_header);
	if (metadata >= size || rand() % 8 == 0)
		return (struct piece){ at + section,
				       sizeof(struct ckpt_image_header) };
	if (rand() % 8)
		return find_record(data, size, metadata, rand() % 64);
	len = section_at(data, size, metadata - section, &type);
	if (!len)
		return (struct piece){ 0, section };
	return (struct piece){ metadata - section + len, 256 };
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct piece piece;

	srand(seed);
	if (rand() % 10 >= PIECES)
		return LLVMFuzzerMutate(data, size, max_size);
	piece = choose(data, size);
	if (piece.at >= size || piece.len > size - piece.at)
		return LLVMFuzzerMutate(data, size, max_size);
	LLVMFuzzerMutate(data + piece.at, piece.len, piece.len);
	return size;
}
