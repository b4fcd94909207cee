// SPDX-License-Identifier: GPL-2.0-only
/* ckpt-convert: write an image in the current version of the format */
#include <signal.h>
#include <string.h>

#include "../common/input.h"
#include "../common/interrupt.h"
#include "../common/options.h"
#include "../common/output.h"
#include "../common/pump.h"
#include "../common/util.h"
#include "convert.h"

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

static int convert_to(const struct options *o, const char *name,
		      const struct output *to)
{
	struct pump pump = { .out = to, .codec = o->codec };
	struct input in;
	int ret;

	if (input_open(&in, name) < 0)
		return -1;
	ret = pump_start(&pump);
	if (!ret) {
		ret = convert_image(input_name(name), in.fd, pump.fd, o->quiet);
		if (pump_end(&pump, ret < 0) != PUMP_DONE)
			ret = -1;
	}
	if (input_close(&in) < 0)
		ret = -1;
	return ret;
}

static struct output out = { .fd = -1, .start = -1 };

/* Whoever waits for the end of the image gets no answer. */
static void on_signal(int sig)
{
	output_abandon(&out);
	signal(sig, SIG_DFL);
	raise(sig);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int first = options_parse(&command, &o, argc, argv);

	if (first + 1 < argc)
		usage_error("'%s' is one argument too many", argv[first + 1]);
	if (o.output && !strcmp(o.output, "-"))
		o.output = NULL;
	ignore_write_signals();
	interrupt_by(on_signal);
	if (output_open(&out, o.output) < 0)
		return EXIT_FAILED;
	if (convert_to(&o, argv[first], &out) < 0 || output_commit(&out) < 0) {
		output_discard(&out);
		return EXIT_FAILED;
	}
	return 0;
}
