// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A computation that saves itself on the way
 *
 *	cc -o self self.c $(pkg-config --cflags --libs libcheckpoint)
 *	./self sum.image
 *	restart --wait -i sum.image
 *
 * The first command does all the work; the last one does what is left of it at
 * the image, as often as it is called, after a reboot, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>

#define STEPS		300
#define SAVE_EVERY	100

static void die(const char *what)
{
	fprintf(stderr, "self: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Why there is no image */
static void show(int log)
{
	off_t start = 0;

	while (sendfile(STDERR_FILENO, log, &start, 4096) > 0)
		;
}

/*
 * True in the process that goes on from the image. Who needs the last image until
 * the next one is whole writes that to another file, and renames it.
 */
static int save(const char *path)
{
	/* Neither file is open afterwards: standard error may be standard output, too. */
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int log = memfd_create("log", MFD_CLOEXEC), error;
	long ret;

	if (fd < 0 || log < 0)
		die(path);
	/* What stands in a buffer now, both processes would write. */
	fflush(NULL);
	ret = ckpt_checkpoint(0, fd, CHECKPOINT_SUBTREE | CHECKPOINT_LOG, log);
	error = errno;
	if (!ret)
		return 1;
	show(log);
	errno = error;
	if (ret < 0)
		die("checkpoint");
	if (fsync(fd) < 0)
		die(path);
	close(fd);
	close(log);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long sum = 0;
	int i;

	if (argc != 2) {
		fprintf(stderr, "usage: self IMAGE\n");
		return 2;
	}
	for (i = 1; i <= STEPS; i++) {
		sum = sum * 31 + i;
		if (i % SAVE_EVERY || i == STEPS)
			continue;
		if (save(argv[1]))
			printf("restarted after step %d\n", i);
		else
			printf("saved after step %d\n", i);
	}
	printf("sum %lu\n", sum);
	return 0;
}
