/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_RESTART_H
#define FUZZ_RESTART_H

struct info;

/* Has restart make what an image wants; IMAGE is where that begins. */
void restart_image(const struct info *info, int image);

#endif /* FUZZ_RESTART_H */
