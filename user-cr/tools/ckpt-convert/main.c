// SPDX-License-Identifier: GPL-2.0-only
/*
 * ckpt-convert: write an image in the current version of the format
 *
 * There is one version so far, so nothing is converted: the image is verified
 * and written again, as it is, compressed or not. When there is a version 2,
 * a function that makes it of version 1 goes into the table of versions; it
 * gets the pieces of the image from the reader, which then must know both, in
 * the place of the copy.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <checkpoint/image.h>
#include "../common/input.h"
#include "../common/options.h"
#include "../common/output.h"
#include "../common/pump.h"
#include "../common/util.h"

/**
 * struct options - from the command line
 * @output: file, NULL for the standard output
 * @codec: how to compress it
 * @quiet: errors only
 */
struct options {
	const char *output;
	enum codec codec;
	bool quiet;
};

/**
 * struct convert - a conversion
 * @reader: of the old image
 * @fd: where the new one goes
 * @error: errno of a write that failed, else 0
 */
struct convert {
	struct ckpt_reader *reader;
	int fd;
	int error;
};

/* What to do with the pieces of an image of each version that can be read. */
static const struct version {
	uint32_t number;
	int (*convert)(struct convert *c, const struct ckpt_item *item);
} versions[] = {
	{ .number = CKPT_FORMAT_VERSION },	/* copied by the tap */
};

static void take_codec(void *options, const char *arg)
{
	((struct options *)options)->codec = codec_parse(arg);
}

static const struct option_entry options[] = {
	OPTION_HEADING("Where to"),
	OPTION_TEXT('o', "output", "FILE", struct options, output,
		    "write to FILE; it appears when it is complete"),
	OPTION_CALL('z', "compress", "zstd|lz4|none", take_codec,
		    "compress the new image"),
	OPTION_HEADING("Other"),
	OPTION_SWITCH('q', "quiet", struct options, quiet,
		      "no messages but errors"),
};

static const struct command command = {
	.name = "ckpt-convert",
	.usage = "[OPTION]... [FILE]",
	.about =
"Writes a checkpoint image in the current version of the format. The image is\n"
"FILE or the standard input, and goes to the standard output.\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"0 it is written, 1 the image is damaged, or something cannot be\n"
"read or written, 2 wrong usage.\n",
};

static void copy(void *arg, const void *bytes, size_t len)
{
	struct convert *c = arg;

	if (!c->error && write_all(c->fd, bytes, len) < 0)
		c->error = errno;
}

static const struct version *find_version(uint32_t number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].number == number)
			return &versions[i];
	return NULL;
}

/* Returns like ckpt_reader_next(). */
static int convert_all(struct convert *c)
{
	const struct version *version = NULL;
	struct ckpt_item item;
	int ret;

	while ((ret = ckpt_reader_next(c->reader, &item)) > 0 && !c->error) {
		if (item.type == CKPT_ITEM_HEADER)
			version = find_version(item.header->version);
		if (version && version->convert &&
		    version->convert(c, &item) < 0)
			return -1;
	}
	return ret;
}

static int convert(const char *name, int from, int to)
{
	struct convert c = { .reader = ckpt_reader_new(from), .fd = to };
	int ret = -1;

	if (!c.reader) {
		complain_errno("cannot read %s", name);
		return -1;
	}
	ckpt_reader_set_tap(c.reader, copy, &c);
	ret = convert_all(&c);
	if (ret < 0)
		complain("%s: %s", name, ckpt_reader_error(c.reader));
	else if (c.error)
		complain("cannot write the new image: %s", strerror(c.error));
	ckpt_reader_free(c.reader);
	return ret < 0 || c.error ? -1 : 0;
}

static int convert_to(const struct options *o, const char *name,
		      struct output *out)
{
	struct pump pump = { .out = out, .codec = o->codec };
	struct input in;
	int ret;

	if (input_open(&in, name) < 0)
		return -1;
	ret = pump_start(&pump);
	if (!ret) {
		ret = convert(input_name(name), in.fd, pump.fd);
		if (pump_end(&pump, ret < 0) != PUMP_DONE)
			ret = -1;
	}
	if (input_close(&in) < 0)
		ret = -1;
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int first = options_parse(&command, &o, argc, argv);
	struct output out;

	if (first + 1 < argc)
		usage_error("'%s' is one argument too many", argv[first + 1]);
	if (o.output && !strcmp(o.output, "-"))
		o.output = NULL;
	signal(SIGPIPE, SIG_IGN);
	if (output_open(&out, o.output) < 0)
		return EXIT_FAILED;
	if (convert_to(&o, argv[first], &out) < 0 || output_commit(&out) < 0) {
		output_discard(&out);
		return EXIT_FAILED;
	}
	return 0;
}
