/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs that are attached to something, which an image does not have */
#ifndef CHECKPOINT_BPF_H
#define CHECKPOINT_BPF_H

#include <stdint.h>

/*
 * How many programs of this type are attached to what the descriptor TARGET stands
 * for, or to the device with this index; -1 and errno.
 *
 * There are none where the kernel has no such call, or does not know the type. Who
 * must not ask could not attach any: they are of somebody else then, to whom the
 * limits around the container belong, too.
 */
int bpf_count_programs(int target, uint32_t type);
/* Whether the machine has links of this type, likewise. */
int bpf_has_links(uint32_t type);

#endif /* CHECKPOINT_BPF_H */
