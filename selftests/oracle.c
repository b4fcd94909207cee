// SPDX-License-Identifier: GPL-2.0
/*
 * oracle: records the observable state of a task tree, compares recordings
 */
#include <stdlib.h>
#include <string.h>

#include "lib/oracle.h"

static void usage(FILE *f)
{
	fprintf(f,
		"usage: oracle record PID       write the state of the tree below PID as JSON\n"
		"       oracle diff BEFORE AFTER  print what differs and may not\n"
		"       oracle allowed          list what may differ, and why\n"
		"\n"
		"Freeze the tree before recording it. Exit status: 0 same, 1 different, 2 trouble.\n");
}

static int load(struct oracle *o, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f || oracle_read(o, f)) {
		fprintf(stderr, "oracle: %s: no recording\n", path);
		return -1;
	}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct oracle a, b;

	if (argc == 3 && !strcmp(argv[1], "record")) {
		if (oracle_record(&a, atoi(argv[2])))
			return 2;
		return oracle_write(&a, stdout) ? 2 : 0;
	}
	if (argc == 4 && !strcmp(argv[1], "diff")) {
		if (load(&a, argv[2]) || load(&b, argv[3]))
			return 2;
		return oracle_diff(&a, &b, stdout) ? 1 : 0;
	}
	if (argc == 2 && !strcmp(argv[1], "allowed")) {
		oracle_allowed(stdout);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	usage(stderr);
	return 2;
}
