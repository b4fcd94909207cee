/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an image comes from: it may be compressed */
#ifndef COMMON_INPUT_H
#define COMMON_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/checkpoint_image.h>

/**
 * struct input - an image that can be read
 * @fd: to read the plain image from
 * @pid: our child that decompresses, or 0
 */
struct input {
	int fd;
	pid_t pid;
};

/*
 * Opens the file NAME, or the standard input for "-" and NULL, and has it
 * decompressed if it is compressed. 0, or -1 after a complaint.
 */
int input_open(struct input *in, const char *name);

/*
 * The version of the format, as the image's first bytes tell, which stay there;
 * 0 where that cannot be told.
 */
uint32_t input_version(const struct input *in);

/* The next section's head, which stays there; false if there is none. */
bool input_section(const struct input *in, struct ckpt_section *section);

/*
 * To be called when all of an image of SIZE bytes was read from FD: 0, or -1 after
 * a complaint if there is more.
 */
int input_ended(int fd, const char *name, uint64_t size);

/* What to call the image in messages. */
const char *input_name(const char *name);

/*
 * Closes @fd, unless it is the standard input, and waits for the child. 0, or
 * -1 if that has complained.
 */
int input_close(struct input *in);

/*
 * The same when all of the image was read. Its writer may not have ended: he is given
 * time to end a compressed frame, but need not close what he writes to.
 */
int input_finish(struct input *in);

/* The same when nothing of it is wanted any more. */
void input_abandon(struct input *in);

#endif /* COMMON_INPUT_H */
