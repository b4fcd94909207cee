// SPDX-License-Identifier: GPL-2.0-only
/* ckptinfo: verify an image and show what is in it */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/options.h"
#include "../common/util.h"
#include "info.h"

/**
 * struct options - from the command line
 * @views: bits of what to show
 * @quiet: show nothing
 */
struct options {
	unsigned long views;
	bool quiet;
};

/* Views, in the order in which they are shown. */
enum {
	VIEW_HEADER, VIEW_TREE, VIEW_FDS, VIEW_EXTERNALS, VIEW_MAPS, VIEW_SIZES,
	VIEW_RECORDS, NR_VIEWS,
};

static const struct view {
	const char *title;
	void (*show)(const struct info *info);
} views[NR_VIEWS] = {
	[VIEW_HEADER] = { "Header", show_header },
	[VIEW_TREE] = { "Tasks", show_tree },
	[VIEW_FDS] = { "File descriptors", show_fds },
	[VIEW_EXTERNALS] = { "External files", show_externals },
	[VIEW_MAPS] = { "Mappings", show_maps },
	[VIEW_SIZES] = { "Sizes", show_sizes },
	[VIEW_RECORDS] = { "Records", show_records },
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
	SHOW(0, "sizes", 1 << VIEW_SIZES, "what takes how much room"),
	SHOW(0, "records", 1 << VIEW_RECORDS, "all records"),
	SHOW('a', "all", (1 << NR_VIEWS) - 1, "all of these"),
	OPTION_SWITCH('q', "quiet", struct options, quiet,
		      "nothing, only verify"),
	OPTION_HEADING("Other"),
};

static const struct command command = {
	.name = "ckptinfo",
	.usage = "[OPTION]... [FILE]",
	.about =
"Verifies a checkpoint image and tells what is in it. The image is FILE or the\n"
"standard input, which may be a pipe. Without an option, a summary is shown.\n",
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.exit_status =
"0 the image is whole, 1 it is damaged or cannot be read, 2 wrong\n"
"usage.\n",
};

static void show(const struct info *info, unsigned long wanted)
{
	bool titles = wanted & (wanted - 1);
	const char *before = "";
	size_t i;

	for (i = 0; i < NR_VIEWS; i++) {
		if (!(wanted & 1UL << i))
			continue;
		if (titles)
			printf("%s%s:\n", before, views[i].title);
		before = "\n";
		views[i].show(info);
	}
	if (!wanted)
		show_summary(info);
}

static int open_image(const char *name)
{
	int fd;

	if (!strcmp(name, "-")) {
		if (!isatty(STDIN_FILENO))
			return STDIN_FILENO;
		usage_error("no image is given");
	}
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		complain_errno("cannot open %s", name);
	return fd;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const char *name;
	struct info info;
	int first, fd, ret;

	first = options_parse(&command, &o, argc, argv);
	if (first + 1 < argc)
		usage_error("'%s' is one argument too many", argv[first + 1]);
	name = first < argc ? argv[first] : "-";
	fd = open_image(name);
	if (fd < 0)
		return EXIT_FAILED;
	ret = info_collect(&info, fd, fd == STDIN_FILENO ? "standard input" :
			   name);
	if (!ret && !o.quiet)
		show(&info, o.views);
	info_free(&info);
	return finish_stdout(ret < 0 ? EXIT_FAILED : 0);
}
