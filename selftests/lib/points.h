/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For bodies on x86: where a process is when it is frozen, for registers that
 * are to be live all the while
 */
#ifndef CKPT_TEST_POINTS_H
#define CKPT_TEST_POINTS_H

enum point {
	POINT_BETWEEN_CALLS,	/* in one short system call after the other */
	POINT_IN_USER_MODE,	/* in a loop */
	POINT_IN_A_CALL,	/* in one that is interrupted: CKPT_TEST_IN_CALL */
	POINT_IN_A_HANDLER,	/* of a signal that has interrupted the loop */
};

/* Makes what point_wait() needs; 0 on success. */
int point_prepare(enum point point);

/*
 * Waits to be checkpointed and to be told to go on. To be called by assembly:
 * no register is touched but the flags, rax, rcx, rdx, rsi, rdi and r11, of
 * 32-bit programs eax, ecx and edx.
 */
extern void (*point_wait)(void);

/* The end; 0 if the child, where there is one, is content. */
int point_done(void);

#endif /* CKPT_TEST_POINTS_H */
