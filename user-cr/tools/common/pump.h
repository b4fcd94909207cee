/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process beside the one that writes an image, if one is needed
 *
 * It compresses what is written, and tells on a terminal how far it is. Where a
 * file is written as it is, it only watches how the file grows.
 */
#ifndef COMMON_PUMP_H
#define COMMON_PUMP_H

#include "codec.h"
#include "output.h"

/**
 * struct pump - the process
 * @out: where the image goes in the end
 * @codec: how to compress it
 * @progress: tell how far it is
 * @total: expected bytes, for that
 * @fd: to write to
 * @pid: of the process, 0 if there is none
 * @end: its end is the end of the process, if that only watches; or -1
 */
struct pump {
	const struct output *out;
	enum codec codec;
	bool progress;
	uint64_t total;
	int fd;
	pid_t pid;
	int end;
};

/* What became of the image. */
enum pump_result {
	PUMP_DONE,
	PUMP_FAILED,		/* and complained */
	PUMP_NOTHING,		/* there was none, not a byte */
};

/* With @out, @codec, @progress and @total set. 0, or -1 after a complaint. */
int pump_start(struct pump *p);

/* No more bytes will come. If they are of no use, GIVE_UP at once. */
enum pump_result pump_end(struct pump *p, bool give_up);

#endif /* COMMON_PUMP_H */
