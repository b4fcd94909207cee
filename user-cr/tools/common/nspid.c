// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nspid.h"
#include "util.h"

/* The pids in the line "NSpid:", ours first; returns their number. */
static int read_pids(pid_t pid, pid_t *pids, int room)
{
	char path[40];
	char *text, *at, *end;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = read_small_file(path);
	if (!text)
		return 0;
	at = strstr(text, "\nNSpid:");
	for (at = at ? at + 7 : NULL; at && n < room; at = end) {
		pids[n] = strtol(at, &end, 10);
		if (end == at || pids[n] <= 0)
			break;
		n++;
		if (*end == '\n')
			break;
	}
	free(text);
	return n;
}

int pid_depth(pid_t pid)
{
	pid_t pids[32];

	return read_pids(pid, pids, ARRAY_SIZE(pids)) - 1;
}

bool pid_is_init(pid_t pid)
{
	pid_t pids[32];
	int n = read_pids(pid, pids, ARRAY_SIZE(pids));

	return n > 0 && pids[n - 1] == 1;
}

pid_t pid_at_depth(pid_t pid, int depth)
{
	pid_t pids[32];
	int n = read_pids(pid, pids, ARRAY_SIZE(pids));

	return depth >= 0 && depth < n ? pids[depth] : 0;
}
