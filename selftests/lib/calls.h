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

/*
 * Whether it comes to wait in the kernel, in a call that only SIGKILL may end, say:
 * such a process shows as D. False if it has ended.
 */
static __maybe_unused bool waits(pid_t pid)
{
	double end = now_monotonic() + 60 * ckpt_scale();
	char path[32], text[4096], last[4096] = "", *p;
	int seen = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	while (seen < 10 && now_monotonic() < end) {
		p = read_file(path, text, sizeof(text)) > 0 ? strstr(text, "State:\t") : NULL;
		if (!p || strchr("ZX", p[7]))
			return false;
		/* All that it tells is as before: how often it has slept, too. */
		seen = strchr("SD", p[7]) && !strcmp(text, last) ? seen + 1 : 0;
		strcpy(last, text);
		sleep_ms(5);
	}
	return seen == 10;
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
