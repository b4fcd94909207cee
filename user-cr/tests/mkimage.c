// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a test image to the standard output:
 *
 *	mkimage [-c] PID[.THREAD][:PARENT]...
 *
 * -c makes it the image of a container. The root comes first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define MAX	64

static struct process parse(const char *arg)
{
	struct process p = { 0 };
	char *end;

	p.pid = strtoul(arg, &end, 10);
	if (*end == '.')
		p.thread = strtoul(end + 1, &end, 10);
	if (*end == ':')
		p.parent = strtoul(end + 1, &end, 10);
	return p;
}

int main(int argc, char **argv)
{
	struct process processes[MAX];
	bool container = argc > 1 && !strcmp(argv[1], "-c");
	struct image image;
	int nr = 0, i;

	for (i = container ? 2 : 1; i < argc && nr < MAX; i++)
		processes[nr++] = parse(argv[i]);
	if (!nr) {
		fprintf(stderr, "Usage: mkimage [-c] PID[.THREAD][:PARENT]...\n");
		return 2;
	}
	image_build(&image, processes, nr, container);
	i = fwrite(image.bytes, image.len, 1, stdout) != 1 || fflush(stdout);
	free(image.bytes);
	return i;
}
