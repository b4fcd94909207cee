// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a test image to the standard output:
 *
 *	mkimage [-c] [-n] [-t] [-T FILE] [-x SLOT] [-f VERSION] [-a] PROCESS...
 *	mkimage --repair
 *
 * A process is PID[.THREAD][:PARENT[.THREAD]][=STATE], where STATE is zSTATUS
 * for a zombie with this status of wait(), eSTATUS for one whose first thread has
 * ended with it, tSIGNAL for one that a signal has stopped, vPID for one that
 * waits for this process in vfork(), and g for a ghost.
 *
 * -c makes it the image of a container, -n one with namespaces of all kinds, -t
 * one with records of the tools, and -T one with FILE as the archive in these. The
 * external files, the descriptors 1,
 * are taken from SLOT. With -f it is one of an older version of the format, with
 * -a one of x86_64 instead of User-Mode Linux. The root comes first. --repair
 * makes the checksums of an image from the standard input right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

#define MAX	64
#define ROOM	(1 << 20)

static void parse_state(struct process *p, const char *state)
{
	uint32_t number = strtoul(state + 1, NULL, 0);

	switch (*state) {
	case 'z':
		p->flags = CKPT_TREE_ZOMBIE;
		p->status = number;
		break;
	case 'e':
		p->flags = CKPT_TREE_FIRST_ENDED;
		p->status = number;
		break;
	case 't':
		p->stop = number;
		break;
	case 'v':
		p->vfork = number;
		break;
	case 'g':
		p->flags = CKPT_TREE_GHOST;
		break;
	}
}

static struct process parse(const char *arg)
{
	struct process p = { 0 };
	char *end;

	p.pid = strtoul(arg, &end, 10);
	if (*end == '.')
		p.thread = strtoul(end + 1, &end, 10);
	if (*end == ':') {
		p.parent = strtoul(end + 1, &end, 10);
		if (*end == '.')
			p.parent_tid = strtoul(end + 1, &end, 10);
	}
	if (*end == '=')
		parse_state(&p, end + 1);
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

static const void *read_file(const char *name, uint32_t *len)
{
	static unsigned char bytes[ROOM];
	FILE *file = fopen(name, "r");

	if (!file)
		exit(2);
	*len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return bytes;
}

static int usage(void)
{
	fprintf(stderr, "Usage: mkimage [-c] [-n] [-t] [-T FILE] [-x SLOT] [-f VERSION] [-a] PROCESS...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct process processes[MAX];
	struct kind kind = { .slot = 1 };
	struct image image;
	int nr = 0, ret;

	if (argc == 2 && !strcmp(argv[1], "--repair"))
		return repair();
	while ((ret = getopt(argc, argv, "acf:ntT:x:")) != -1) {
		switch (ret) {
		case 'a':
			kind.x86 = true;
			break;
		case 'c':
			kind.container = true;
			break;
		case 'f':
			kind.version = atoi(optarg);
			break;
		case 'n':
			kind.namespaces = true;
			break;
		case 'T':
			kind.content = read_file(optarg, &kind.content_len);
			/* fall through */
		case 't':
			kind.tools = true;
			break;
		case 'x':
			kind.slot = atoi(optarg);
			break;
		default:
			return usage();
		}
	}
	for (; optind < argc && nr < MAX; optind++)
		processes[nr++] = parse(argv[optind]);
	if (!nr)
		return usage();
	image_build(&image, processes, nr, &kind);
	ret = write_out(image.bytes, image.len);
	free(image.bytes);
	return ret;
}
