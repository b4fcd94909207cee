// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "util.h"

#define HELP_COLUMN	25
#define LONG_ONLY	256	/* and above: options without a letter */

static const struct option_entry last_options[] = {
	{ .letter = 'h', .name = "help", .help = "this text" },
	{ .letter = 'V', .name = "version", .help = "version of the program" },
};

static void print_option(const struct option_entry *o)
{
	const char *line = o->help, *end;
	int width;

	if (!o->name) {
		printf("\n%s:\n", o->help);
		return;
	}
	width = o->letter ? printf("  -%c, --%s", o->letter, o->name) :
		printf("      --%s", o->name);
	if (o->arg)
		width += printf("=%s", o->arg);
	if (width >= HELP_COLUMN) {
		putchar('\n');
		width = 0;
	}
	while (line) {
		end = strchrnul(line, '\n');
		printf("%*s%.*s\n", HELP_COLUMN - width, "",
		       (int)(end - line), line);
		line = *end ? end + 1 : NULL;
		width = 0;
	}
}

static void print_help(const struct command *c)
{
	size_t i;

	printf("Usage: %s %s\n%s", c->name, c->usage, c->about);
	for (i = 0; i < c->nr_options; i++)
		print_option(&c->options[i]);
	for (i = 0; i < ARRAY_SIZE(last_options); i++)
		print_option(&last_options[i]);
	printf("\nExit status: %s", c->exit_status);
}

static void take(const struct option_entry *o, void *options)
{
	char *at = (char *)options + o->at;

	if (o->take)
		o->take(options, optarg);
	else if (o->arg)
		*(const char **)at = optarg;
	else if (o->bits)
		*(unsigned long *)at |= o->bits;
	else
		*(bool *)at = true;
}

static void add(const struct option_entry *o, int code, struct option *to,
		char *letters)
{
	*to = (struct option){
		o->name, o->arg ? required_argument : no_argument, NULL, code
	};
	if (!o->letter)
		return;
	letters += strlen(letters);
	*letters++ = o->letter;
	if (o->arg)
		*letters = ':';
}

static const struct option_entry *find(const struct command *c, int code)
{
	size_t i;

	if (code >= LONG_ONLY)
		return &c->options[code - LONG_ONLY];
	for (i = 0; i < c->nr_options; i++)
		if (c->options[i].letter == code)
			return &c->options[i];
	return NULL;
}

static void understand(const struct command *c, int code, void *options)
{
	const struct option_entry *o = find(c, code);

	if (o) {
		take(o, options);
		return;
	}
	switch (code) {
	case 'h':
		print_help(c);
		exit(finish_stdout(0));
	case 'V':
		print_version();
		exit(finish_stdout(0));
	default:	/* getopt_long() has complained */
		dprintf(STDERR_FILENO, "Try '%s --help'.\n", c->name);
		exit(EXIT_USAGE);
	}
}

int options_parse(const struct command *c, void *options, int argc,
		  char **argv)
{
	size_t room = c->nr_options + ARRAY_SIZE(last_options) + 1;
	struct option *all;
	char *letters;
	size_t i, nr = 0;
	int code;

	util_init(c->name);
	if (c->failure)
		util_set_failure(c->failure);
	all = xcalloc(room, sizeof(*all));
	letters = xcalloc(room + 1, 2);
	if (c->stop_early)
		strcpy(letters, "+");
	for (i = 0; i < c->nr_options; i++) {
		const struct option_entry *o = &c->options[i];

		if (o->name)
			add(o, o->letter ? o->letter : LONG_ONLY + (int)i,
			    &all[nr++], letters);
	}
	for (i = 0; i < ARRAY_SIZE(last_options); i++)
		add(&last_options[i], last_options[i].letter, &all[nr++],
		    letters);
	while ((code = getopt_long(argc, argv, letters, all, NULL)) != -1)
		understand(c, code, options);
	free(all);
	free(letters);
	return optind;
}
