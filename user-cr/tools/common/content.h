/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in a directory, as an archive */
#ifndef COMMON_CONTENT_H
#define COMMON_CONTENT_H

#include <stddef.h>
#include <sys/types.h>

#define CONTENT_ERROR	256

/**
 * struct content - a directory on its way into an archive, or out of it
 * @dir: descriptor of the directory
 * @write: takes bytes of the archive; 0, or -1 and the end; NULL to only look
 *	whether all can be saved
 * @read: gives the next bytes of the archive: their number, 0 behind the last,
 *	-1 at an error
 * @arg: for both
 * @error: what went wrong, with the name of the file
 */
struct content {
	int dir;
	int (*write)(void *arg, const void *bytes, size_t len);
	ssize_t (*read)(void *arg, const void **bytes);
	void *arg;
	char error[CONTENT_ERROR];
};

/*
 * All below the directory, and itself: files of each kind but sockets, with
 * owners, modes, times, attributes, links and holes. 0, or -1 and @error.
 */
int content_save(struct content *c);
int content_restore(struct content *c);

#endif /* COMMON_CONTENT_H */
