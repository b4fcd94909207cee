// SPDX-License-Identifier: GPL-2.0-only
/* Who was in which group, where an image cannot tell: its user has to know. */
#include <stdlib.h>
#include <string.h>

#include "../common/util.h"
#include "group_lost.h"

void group_lost_add(struct group_lost *lost, const char *name)
{
	size_t i;

	for (i = 0; i < lost->nr; i++)
		if (!strcmp(lost->name[i], name))
			return;
	lost->name = xgrow(lost->name, lost->nr, sizeof(*lost->name));
	lost->name[lost->nr++] = xstrdup(name);
}

/* A line for each: there may be many. */
void group_lost_tell(const struct group_lost *lost, pid_t root, const char *why)
{
	size_t i;

	if (lost->nr < 2)
		return;
	complain("pid %d: the image has none of these control groups, nor who is in which of them, because %s:",
		 root, why);
	for (i = 0; i < lost->nr; i++)
		complain("  %s", lost->name[i]);
}

void group_lost_free(struct group_lost *lost)
{
	while (lost->nr)
		free(lost->name[--lost->nr]);
	free(lost->name);
}
