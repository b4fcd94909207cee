/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that make the system calls themselves, as root and as nobody
 */
#ifndef CKPT_TEST_CALLS_H
#define CKPT_TEST_CALLS_H

#include "test.h"

#include <grp.h>

/* For tests that mean nothing without a checkpoint. */
#define NOT_PLAIN()							\
	do {								\
		if (app_plain())					\
			SKIP(return, "needs the system calls");		\
	} while (0)

static __maybe_unused int errno_of(int ret)
{
	return ret < 0 ? errno : 0;
}

#define NOBODY	65534

/* Runs @expr in a process of its own, as nobody, and yields its value. */
#define AS_NOBODY(expr) ({						\
	pid_t __pid = fork();						\
	int __st = -1;							\
									\
	if (__pid == 0) {						\
		if (setgroups(0, NULL) ||				\
		    setresgid(NOBODY, NOBODY, NOBODY) ||		\
		    setresuid(NOBODY, NOBODY, NOBODY))			\
			_exit(255);					\
		_exit(expr);						\
	}								\
	waitpid(__pid, &__st, 0);					\
	WIFEXITED(__st) ? WEXITSTATUS(__st) : -1;			\
})

#endif /* CKPT_TEST_CALLS_H */
