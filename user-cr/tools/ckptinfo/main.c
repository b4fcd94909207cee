// SPDX-License-Identifier: GPL-2.0-only
/* ckptinfo: verify an image and show what is in it */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/util.h"
#include "info.h"

static const char help[] =
"Usage: ckptinfo [OPTION]... [FILE]\n"
"Verifies a checkpoint image and tells what is in it. The image is FILE or the\n"
"standard input, which may be a pipe. Without an option, a summary is shown.\n"
"\n"
"What to show:\n"
"      --header           header: machine, kernel, clocks\n"
"      --tree             tasks\n"
"      --fds              file descriptors\n"
"      --externals        files that lead out of the tree, which restart(1) needs\n"
"      --maps             mappings, and how much of each is in the image\n"
"      --sizes            what takes how much room\n"
"      --records          all records\n"
"  -a, --all              all of these\n"
"  -q, --quiet            nothing, only verify\n"
"\n"
"Other:\n"
"  -h, --help             this text\n"
"  -V, --version          version of the program\n"
"\n"
"Exit status: 0 the image is whole, 1 it is damaged or cannot be read, 2 wrong\n"
"usage.\n";

/* Views, in the order in which they are shown. */
static const struct view {
	const char *name;
	const char *title;
	void (*show)(const struct info *info);
} views[] = {
	{ "header", "Header", show_header },
	{ "tree", "Tasks", show_tree },
	{ "fds", "File descriptors", show_fds },
	{ "externals", "External files", show_externals },
	{ "maps", "Mappings", show_maps },
	{ "sizes", "Sizes", show_sizes },
	{ "records", "Records", show_records },
};

#define ALL_VIEWS	((1U << ARRAY_SIZE(views)) - 1)
#define OPT_VIEW	256

static const struct option other_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static struct option options[ARRAY_SIZE(views) + ARRAY_SIZE(other_options)];

static void make_options(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++)
		options[i] = (struct option){
			views[i].name, no_argument, NULL, OPT_VIEW + i
		};
	memcpy(options + i, other_options, sizeof(other_options));
}

static void show(const struct info *info, unsigned int wanted)
{
	bool titles = wanted & (wanted - 1);
	const char *before = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		if (!(wanted & 1U << i))
			continue;
		if (titles)
			printf("%s%s:\n", before, views[i].title);
		before = "\n";
		views[i].show(info);
	}
	if (!wanted)
		show_summary(info);
}

/* Returns the views that the option asks for. */
static unsigned int parse_option(int c, bool *quiet)
{
	switch (c) {
	case 'a':
		return ALL_VIEWS;
	case 'q':
		*quiet = true;
		return 0;
	case 'h':
		fputs(help, stdout);
		exit(finish_stdout(0));
	case 'V':
		print_version();
		exit(finish_stdout(0));
	default:
		if (c >= OPT_VIEW)
			return 1U << (c - OPT_VIEW);
		dprintf(STDERR_FILENO, "Try 'ckptinfo --help'.\n");
		exit(EXIT_USAGE);
	}
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
	unsigned int wanted = 0;
	bool quiet = false;
	const char *name;
	struct info info;
	int fd, c, ret;

	util_init("ckptinfo");
	make_options();
	while ((c = getopt_long(argc, argv, "aqhV", options, NULL)) != -1)
		wanted |= parse_option(c, &quiet);
	if (optind + 1 < argc)
		usage_error("'%s' is one argument too many", argv[optind + 1]);
	name = optind < argc ? argv[optind] : "-";
	fd = open_image(name);
	if (fd < 0)
		return EXIT_FAILED;
	ret = info_collect(&info, fd, fd == STDIN_FILENO ? "standard input" :
			   name);
	if (!ret && !quiet)
		show(&info, wanted);
	info_free(&info);
	return finish_stdout(ret < 0 ? EXIT_FAILED : 0);
}
