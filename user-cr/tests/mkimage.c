// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a test image to the standard output:
 *
 *	mkimage [-c] [-x SLOT] PID[.THREAD][:PARENT]...
 *	mkimage --repair
 *
 * -c makes it the image of a container. The external files, the descriptors 1,
 * are taken from SLOT. The root comes first. --repair makes the checksums of an
 * image from the standard input right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define MAX	64
#define ROOM	(1 << 20)

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

static int write_out(const void *bytes, size_t len)
{
	return fwrite(bytes, len, 1, stdout) != 1 || fflush(stdout);
}

static int repair(void)
{
	static unsigned char bytes[ROOM] __attribute__((aligned(8)));
	size_t len = fread(bytes, 1, sizeof(bytes), stdin);

	repair_image(bytes, len, false);
	return write_out(bytes, len);
}

int main(int argc, char **argv)
{
	struct process processes[MAX];
	struct kind kind = { .slot = 1 };
	struct image image;
	int nr = 0, i = 1;

	if (argc == 2 && !strcmp(argv[1], "--repair"))
		return repair();
	if (argc > i && !strcmp(argv[i], "-c")) {
		kind.container = true;
		i++;
	}
	if (argc > i + 1 && !strcmp(argv[i], "-x")) {
		kind.slot = atoi(argv[i + 1]);
		i += 2;
	}
	for (; i < argc && nr < MAX; i++)
		processes[nr++] = parse(argv[i]);
	if (!nr) {
		fprintf(stderr, "Usage: mkimage [-c] [-x SLOT] PID[.THREAD][:PARENT]...\n");
		return 2;
	}
	image_build(&image, processes, nr, &kind);
	i = write_out(image.bytes, image.len);
	free(image.bytes);
	return i;
}
