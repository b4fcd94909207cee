// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: the image reader, and all that ckptinfo, ckpt-convert and
 * restart make of an image; and what decompresses one
 *
 * Checksums are made right first: they keep accidents out, not enemies, and a
 * fuzzer would hardly ever get past them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tools/ckpt-convert/convert.h"
#include "../../tools/ckptinfo/info.h"
#include "../../tools/common/codec.h"
#include "../image.h"
#include "fuzz_restart.h"
#include "machine.h"

/* Of ten mutations, so many go into one piece of the image. */
#define PIECES	8

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static int image = -1, converted = -1, other = -1, nowhere = -1;

/* With all that mkimage knows, to compare images with */
static void make_other(void)
{
	static const struct process tree[] = {
		{ .pid = 1 },
		{ .pid = 7, .parent = 1, .thread = 8, .stop = 19 },
		{ .pid = 9, .parent = 7, .flags = CKPT_TREE_ZOMBIE },
		{ .pid = 12, .parent = 7 },
	};
	static const struct kind kind = {
		.container = true, .slot = 1, .namespaces = true, .tools = true,
	};
	struct image built;

	image_build(&built, tree, 4, &kind);
	if (pwrite(other, built.bytes, built.len, 0) != (ssize_t)built.len)
		abort();
	free(built.bytes);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	image = memfd_create("image", MFD_CLOEXEC);
	converted = memfd_create("converted", MFD_CLOEXEC);
	other = memfd_create("other", MFD_CLOEXEC);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (image < 0 || converted < 0 || other < 0 || nowhere < 0 ||
	    !freopen("/dev/null", "w", stdout))
		abort();
	make_other();
	return 0;
}

static void go_to_start(int fd)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		abort();
}

static bool is_good(int fd, uint32_t *version)
{
	struct ckpt_reader *reader;
	struct ckpt_item item;
	int ret;

	go_to_start(fd);
	reader = ckpt_reader_new(fd);
	while ((ret = ckpt_reader_next(reader, &item)) > 0)
		if (item.type == CKPT_ITEM_HEADER)
			*version = item.header->version;
	if (!ret != !*ckpt_reader_error(reader))
		abort();
	ckpt_reader_free(reader);
	return !ret;
}

/* What is behind the end of an image is none of it. */
static bool collect(struct info *info, int fd, enum keep keep)
{
	bool good;

	go_to_start(fd);
	machine_begin(0);
	good = !info_collect(info, fd, "image", keep);
	machine_end();
	return good;
}

static void show_it(void)
{
	struct info info;

	if (collect(&info, image, KEEP_RUNS)) {
		show_views(&info, (1UL << NR_VIEWS) - 1);
		show_views(&info, 0);
		show_json(&info);
		go_to_start(image);
		restart_image(&info, image);
	}
	info_free(&info);
}

static void compare_it(void)
{
	struct info info, with;

	if (collect(&info, image, KEEP_PAGES)) {
		if (show_differences(&info, &info) ||
		    !collect(&with, other, KEEP_PAGES))
			abort();
		show_differences(&info, &with);
		show_differences(&with, &info);
		info_free(&with);
	}
	info_free(&info);
}

/* What becomes of a good image is one, of the current version. */
static void convert_it(void)
{
	uint32_t version = 0;
	int ret;

	go_to_start(image);
	go_to_start(converted);
	if (ftruncate(converted, 0) < 0)
		abort();
	machine_begin(0);
	ret = convert_image("image", image, converted, true);
	machine_end();
	if (!ret && (!is_good(converted, &version) ||
		     version != CKPT_FORMAT_VERSION))
		abort();
}

static void decompress_it(enum codec codec)
{
	struct transfer t = { .from = image, .from_name = "", .to = nowhere };

	go_to_start(image);
	machine_begin(0);
	codec_decompress(codec, &t);
	machine_end();
}

static void look_at_it(const uint8_t *data, size_t size)
{
	enum codec codec = codec_detect(data, size);
	uint32_t version;

	if (codec != CODEC_NONE) {
		decompress_it(codec);
	} else if (is_good(image, &version)) {
		show_it();
		compare_it();
		convert_it();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	repair_image(bytes, size, true);
	go_to_start(image);
	if (ftruncate(image, 0) < 0 ||
	    pwrite(image, bytes, size, 0) != (ssize_t)size)
		abort();
	look_at_it(bytes, size);
	free(bytes);
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

/* Half of the time without its head, of which hardly any change is a good one */
static struct piece choose_record(const uint8_t *data, size_t size, size_t at,
				  unsigned int among)
{
	struct piece piece = find_record(data, size, at, rand() % among);
	size_t head = rand() % 2 ? sizeof(struct ckpt_record) : 0;

	if (piece.len <= head)
		return piece;
	return (struct piece){ piece.at + head, piece.len - head };
}

/* Records of the tools, then the header; the metadata follow, and the chunks. */
static struct piece choose(const uint8_t *data, size_t size)
{
	size_t section = sizeof(struct ckpt_section), at = 0, metadata;
	uint32_t type = 0;
	size_t len = section_at(data, size, at, &type);

	if (len && type >= CKPT_SECTION_TOOL) {
		if (rand() % 2)
			return choose_record(data, size, section, 24);
		at += len;
	}
	metadata = at + 2 * section + sizeof(struct ckpt_image_header);
	if (metadata >= size || rand() % 8 == 0)
		return (struct piece){ at + section,
				       sizeof(struct ckpt_image_header) };
	if (rand() % 8)
		return choose_record(data, size, metadata, 128);
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
	if (piece.len >= 8 && rand() % 3 == 0)
		piece = (struct piece){ piece.at + rand() % (piece.len / 8) * 8, 8 };
	LLVMFuzzerMutate(data + piece.at, piece.len, piece.len);
	return size;
}
