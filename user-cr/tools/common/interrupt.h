/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that want a tool to end */
#ifndef COMMON_INTERRUPT_H
#define COMMON_INTERRUPT_H

/*
 * Has SIGINT, SIGTERM, SIGHUP and SIGQUIT, unless they are ignored, handled by
 * HANDLER; system calls return early.
 */
void interrupt_by(void (*handler)(int sig));

#endif /* COMMON_INTERRUPT_H */
