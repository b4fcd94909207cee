/* SPDX-License-Identifier: LGPL-2.1-only */
/* System call numbers, for C libraries whose kernel headers are older */
#ifndef LIB_SYSCALL_NR_H
#define LIB_SYSCALL_NR_H

#include <sys/syscall.h>

#ifdef __alpha__
#define CKPT_NR_OFFSET	110	/* alpha counts its own way */
#else
#define CKPT_NR_OFFSET	0
#endif

#ifndef __NR_checkpoint
#define __NR_checkpoint	(472 + CKPT_NR_OFFSET)
#endif
#ifndef __NR_restart
#define __NR_restart	(473 + CKPT_NR_OFFSET)
#endif
#ifndef __NR_clone2
#define __NR_clone2	(474 + CKPT_NR_OFFSET)
#endif

#endif /* LIB_SYSCALL_NR_H */
