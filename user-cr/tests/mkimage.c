// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a test image to the standard output:
 *
 *	mkimage [-c] [-n] [-t] [-T FILE] [-x SLOT] [-f VERSION] [-m NS] [-a] [-u] [-o PID] [-e PID] PROCESS...
 *	mkimage --repair
 *	mkimage --word TYPE NR OFFSET VALUE
 *	mkimage --strings TYPE NR STRING...
 *	mkimage --unended TYPE NR STRING...
 *	mkimage --last TYPE NR
 *
 * A process is PID[.THREAD][:PARENT[.THREAD]][=STATE], where STATE is zSTATUS
 * for a zombie with this status of wait(), eSTATUS for one whose first thread has
 * ended with it, tSIGNAL for one that a signal has stopped, vPID for one that
 * waits for this process in vfork(), and g for a ghost.
 *
 * -c makes it the image of a container, -n one with namespaces of all kinds, -t
 * one with records of the tools, and -T one with FILE as the archive in these. The
 * external files, the descriptors 1, are taken from SLOT. With -f it is one of an older version of the format, with
 * -a one of x86_64 instead of User-Mode Linux. -m sets its monotonic clock. With -n, -u
 * leaves all but the last process outside of the user namespace, -o has PID hold
 * the pid namespace of the last one, and -e has PID be in it, as its parent has entered
 * that. The root comes first.
 *
 * The others change an image from the standard input, and make its checksums right.
 * They are about record NR, counted from 0, of those of the tools of this TYPE:
 * --word sets 32 bits of its body, --strings all of its tail; with --unended, the
 * last string of that has no end. With --last, no other record follows.
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

static unsigned char bytes[ROOM] __attribute__((aligned(8)));
static size_t len;

static void read_stdin(void)
{
	len = fread(bytes, 1, sizeof(bytes), stdin);
}

static int write_repaired(void)
{
	repair_image(bytes, len, false);
	return write_out(bytes, len);
}

/* The first section is that of the tools. */
static unsigned char *find_record(uint32_t type, int nr)
{
	unsigned char *at = bytes + sizeof(struct ckpt_section);
	struct ckpt_record *record = (void *)at;

	for (; record->type != type || nr--; record = (void *)at) {
		at += record->len;
		if (!record->len || at + sizeof(*record) > bytes + len)
			exit(2);
	}
	return at;
}

static void set_word(char **arg)
{
	unsigned char *at = find_record(strtoul(arg[0], NULL, 0), atoi(arg[1]));
	uint32_t word = strtoul(arg[3], NULL, 0);

	memcpy(at + sizeof(struct ckpt_record) + strtoul(arg[2], NULL, 0), &word,
	       sizeof(word));
}

/* Gives a record a tail with room for so many bytes, which are zeros. */
static unsigned char *new_tail(unsigned char *at, uint32_t tail_len)
{
	struct ckpt_section *section = (void *)bytes;
	struct ckpt_record *record = (void *)at;
	unsigned char *end = at + record->len;
	int32_t more;

	record->tail_len = tail_len;
	more = sizeof(*record) + record->body_len + (tail_len + 7) / 8 * 8 -
	       record->len;
	if (len + more > sizeof(bytes))
		exit(2);
	record->len += more;
	section->length += more;
	memmove(at + record->len, end, bytes + len - end);
	len += more;
	at += sizeof(*record) + record->body_len;
	memset(at, 0, (tail_len + 7) / 8 * 8);
	return at;
}

/* The header behind them stays aligned when records are by so much shorter. */
static void pad_records(uint32_t shorter)
{
	unsigned char *pad = find_record(CKPT_REC_PAD, 0);
	uint32_t old = ((struct ckpt_record *)pad)->tail_len;

	new_tail(pad, (old + shorter) % CKPT_BULK_ALIGN);
}

static void set_tail(unsigned char *at, const char *tail, uint32_t tail_len)
{
	uint32_t old = ((struct ckpt_record *)at)->len;

	memcpy(new_tail(at, tail_len), tail, tail_len);
	pad_records(old - ((struct ckpt_record *)at)->len);
}

static void make_last(char **arg)
{
	unsigned char *at = find_record(strtoul(arg[0], NULL, 0), atoi(arg[1]));
	unsigned char *end = at + ((struct ckpt_record *)at)->len;
	unsigned char *pad = find_record(CKPT_REC_PAD, 0);
	size_t gone = pad - end;

	memmove(end, pad, bytes + len - pad);
	len -= gone;
	((struct ckpt_section *)bytes)->length -= gone;
	pad_records(gone);
}

static void set_strings(char **arg, int nr, bool unended)
{
	static char tail[ROOM];
	size_t used = 0;
	int i;

	for (i = 2; i < nr; i++) {
		if (strlen(arg[i]) >= sizeof(tail) - used)
			exit(2);
		strcpy(tail + used, arg[i]);
		used += strlen(arg[i]) + 1;
	}
	set_tail(find_record(strtoul(arg[0], NULL, 0), atoi(arg[1])), tail,
		 used - unended);
}

static int usage(void)
{
	fprintf(stderr,
		"Usage: mkimage [-c] [-n] [-t] [-T FILE] [-x SLOT] [-f VERSION] [-m NS] [-a] [-u] [-o PID] [-e PID] PROCESS...\n"
		"       mkimage --repair | --word TYPE NR OFFSET VALUE |\n"
		"               --strings TYPE NR STRING... | --unended TYPE NR STRING... |\n"
		"               --last TYPE NR\n");
	return 2;
}

/* Whether it was one of these. */
static bool change(int argc, char **argv)
{
	bool unended = argc > 4 && !strcmp(argv[1], "--unended");

	if (argc < 2 || strncmp(argv[1], "--", 2))
		return false;
	read_stdin();
	if (argc == 6 && !strcmp(argv[1], "--word"))
		set_word(argv + 2);
	else if (unended || (argc > 4 && !strcmp(argv[1], "--strings")))
		set_strings(argv + 2, argc - 2, unended);
	else if (argc == 4 && !strcmp(argv[1], "--last"))
		make_last(argv + 2);
	else if (argc != 2 || strcmp(argv[1], "--repair"))
		exit(usage());
	return true;
}

static const void *read_file(const char *name, uint32_t *size)
{
	static unsigned char content[ROOM];
	FILE *file = fopen(name, "r");

	if (!file)
		exit(2);
	*size = fread(content, 1, sizeof(content), file);
	fclose(file);
	return content;
}

int main(int argc, char **argv)
{
	struct process processes[MAX];
	struct kind kind = { .slot = 1 };
	struct image image;
	int nr = 0, ret;

	if (change(argc, argv))
		return write_repaired();
	while ((ret = getopt(argc, argv, "ace:f:m:no:tT:ux:")) != -1) {
		switch (ret) {
		case 'a':
			kind.x86 = true;
			break;
		case 'c':
			kind.container = true;
			break;
		case 'e':
			kind.entered = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			kind.version = atoi(optarg);
			break;
		case 'm':
			kind.monotonic_ns = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			kind.namespaces = true;
			break;
		case 'o':
			kind.holder = strtoul(optarg, NULL, 10);
			break;
		case 'T':
			kind.content = read_file(optarg, &kind.content_len);
			/* fall through */
		case 't':
			kind.tools = true;
			break;
		case 'u':
			kind.apart = true;
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
