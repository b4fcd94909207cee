/* SPDX-License-Identifier: GPL-2.0-only */
/* For the test programs, each of which is one file: what run.sh counts */
#ifndef TESTS_OK_H
#define TESTS_OK_H

#include <stdbool.h>
#include <stdio.h>

static int passed, failed;

static void ok(const char *name, bool condition)
{
	printf("%sok - %s\n", condition ? "" : "not ", name);
	fflush(stdout);
	if (condition)
		passed++;
	else
		failed++;
}

/* The last line, without which the program has crashed; an exit status */
static int summary(void)
{
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}

#endif /* TESTS_OK_H */
