// SPDX-License-Identifier: GPL-2.0-only
/* ckptinfo: verify an image and show what is in it */
#include <stdio.h>

#include "../common/input.h"
#include "../common/options.h"
#include "../common/util.h"
#include "info.h"

#define EXIT_DIFFERENT	3

/**
 * struct options - from the command line
 * @views: bits of what to show
 * @quiet: show nothing
 * @json: show all, as JSON
 * @diff: show how two images differ
 */
struct options {
	unsigned long views;
	bool quiet;
	bool json;
	bool diff;
};

#define SHOW(l, n, bits, text) \
	OPTION_BITS(l, n, struct options, views, bits, text)

static const struct option_entry options[] = {
	OPTION_HEADING("What to show"),
	SHOW(0, "header", 1 << VIEW_HEADER, "header: machine, kernel, clocks"),
	SHOW(0, "tree", 1 << VIEW_TREE, "tasks"),
	SHOW(0, "fds", 1 << VIEW_FDS, "file descriptors"),
	SHOW(0, "externals", 1 << VIEW_EXTERNALS,
	     "files that lead out of the tree, which restart(1) needs"),
	SHOW(0, "maps", 1 << VIEW_MAPS,
	     "mappings, and how much of each is in the image"),
	SHOW(0, "namespaces", 1 << VIEW_NAMESPACES,
	     "namespaces, and the tasks in each"),
	SHOW(0, "mounts", 1 << VIEW_MOUNTS,
	     "mount namespaces, and where their file systems come from"),
	SHOW(0, "cgroups", 1 << VIEW_CGROUPS,
	     "control groups, their settings and processes"),
	SHOW(0, "sizes", 1 << VIEW_SIZES, "what takes how much room"),
	SHOW(0, "records", 1 << VIEW_RECORDS, "all records"),
	SHOW('a', "all", (1 << NR_VIEWS) - 1, "all of these"),
	OPTION_SWITCH('J', "json", struct options, json,
		      "all fields of all records, as JSON"),
	OPTION_SWITCH('d', "diff", struct options, diff,
		      "in what two images differ, field by field"),
	OPTION_SWITCH('q', "quiet", struct options, quiet,
		      "nothing, only verify"),
	OPTION_HEADING("Other"),
};

static const struct command command = {
	.name = "ckptinfo",
	.usage = "[OPTION]... [FILE]\n"
		 "       ckptinfo --diff FILE FILE",
	.about =
"Verifies a checkpoint image and tells what is in it. The image is FILE or the\n"
"standard input, which may be a pipe. Without an option, a summary is shown.\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"0 the image is whole, 1 it is damaged or cannot be read, 2 wrong\n"
"usage, 3 the two images differ.\n",
};

static int collect(struct info *info, const char *name, enum keep keep)
{
	struct input in;
	int ret;

	if (input_open(&in, name) < 0)
		return -1;
	ret = info_collect(info, in.fd, input_name(name), keep);
	return input_close(&in) < 0 ? -1 : ret;
}

static int show_image(const struct options *o, const char *name)
{
	struct info info = { 0 };
	int ret = collect(&info, name, o->json ? KEEP_RUNS : KEEP_NOTHING);

	if (!ret && o->json)
		show_json(&info);
	else if (!ret && !o->quiet)
		show_views(&info, o->views);
	info_free(&info);
	return ret < 0 ? EXIT_FAILED : 0;
}

static int compare_images(const char *first, const char *second)
{
	struct info a = { 0 }, b = { 0 };
	int status = EXIT_FAILED;

	if (!collect(&a, first, KEEP_PAGES) && !collect(&b, second, KEEP_PAGES))
		status = show_differences(&a, &b) ? EXIT_DIFFERENT : 0;
	info_free(&a);
	info_free(&b);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int first = options_parse(&command, &o, argc, argv);
	int nr = argc - first;
	int most = o.diff ? 2 : 1;

	if (nr > most)
		usage_error("'%s' is one argument too many", argv[first + most]);
	if (o.diff && nr < 2)
		usage_error("--diff takes two images");
	if (o.diff && (o.json || o.quiet || o.views))
		usage_error("--diff goes with nothing else");
	if (o.json && (o.quiet || o.views))
		usage_error("--json shows all, it goes with no other view");
	if (o.diff)
		return finish_stdout(compare_images(argv[first],
						    argv[first + 1]));
	if (o.quiet)
		return show_image(&o, nr ? argv[first] : "-");
	return finish_stdout(show_image(&o, nr ? argv[first] : "-"));
}
