/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines: one table of a tool's options for parsing and for --help */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct option_entry - an option, or a heading between options
 * @letter: its short form, or 0
 * @name: its long form; NULL for a heading
 * @arg: what its argument is called in the help; NULL if it takes none
 * @help: lines of text; the heading itself
 * @at: where the tool's struct has the member for it: a const char * if there
 *	is an argument, an unsigned long if there are @bits, otherwise a bool
 * @bits: to be added to the unsigned long
 * @take: instead of all that: does what the argument says
 */
struct option_entry {
	char letter;
	const char *name;
	const char *arg;
	const char *help;
	size_t at;
	unsigned long bits;
	void (*take)(void *options, const char *arg);
};

#define OPTION_HEADING(text)	{ .help = text }
#define OPTION_SWITCH(l, n, type, member, text) \
	{ .letter = l, .name = n, .help = text, .at = offsetof(type, member) }
#define OPTION_BITS(l, n, type, member, b, text) \
	{ .letter = l, .name = n, .help = text, .at = offsetof(type, member), \
	  .bits = b }
#define OPTION_TEXT(l, n, a, type, member, text) \
	{ .letter = l, .name = n, .arg = a, .help = text, \
	  .at = offsetof(type, member) }
#define OPTION_CALL(l, n, a, function, text) \
	{ .letter = l, .name = n, .arg = a, .help = text, .take = function }

/**
 * struct command - a tool's command line
 * @name: of the tool
 * @usage: what follows the name in the help
 * @about: what it does, some lines
 * @options: the last ones, --help and --version, are added
 * @nr_options: their number
 * @exit_status: the end of the help, some lines
 * @failure: exit status when there is no memory, 0 for EXIT_FAILED
 * @stop_early: the first word that is no option ends the options
 */
struct command {
	const char *name;
	const char *usage;
	const char *about;
	const struct option_entry *options;
	size_t nr_options;
	const char *exit_status;
	int failure;
	bool stop_early;
};

/*
 * Calls util_init(), fills in the tool's struct at OPTIONS, and ends the
 * program for --help, --version and what it does not understand. Returns the
 * index of the first word that is no option.
 */
int options_parse(const struct command *command, void *options, int argc,
		  char **argv);

#endif /* COMMON_OPTIONS_H */
