/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Restarts of images that somebody changed
 */
#ifndef CKPT_TEST_HOSTILE_H
#define CKPT_TEST_HOSTILE_H

#include "app.h"
#include "image.h"

enum outcome {
	REFUSED,	/* with a reason */
	RESTARTED,
	NO_REASON,
	HANGS,
	BROKEN,
};

extern const char *const outcome_name[];

/* With those that have ended */
#define MODEL_TASKS	8

/* Captures lib/model.c; whoever is restarted from it ends by himself. */
int hostile_make(struct app *app, struct image *img);

/* The same with another body, which must end by itself, too. */
int hostile_capture(struct app *app, struct image *img, const char *body);

/* Whether the kernel refuses the bytes in @fd when it verifies them. */
bool hostile_unopened(int fd, int logfd);

/*
 * Tries the first @len bytes of an image. What the kernel said, or the status
 * of the application that was restarted, is in app->log.
 */
enum outcome hostile_try(struct app *app, const struct image *img, size_t len);

#endif /* CKPT_TEST_HOSTILE_H */
