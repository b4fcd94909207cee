// SPDX-License-Identifier: GPL-2.0-only
/* Which views there are */
#include <stdio.h>

#include "info.h"

static const struct view {
	const char *title;
	void (*show)(const struct info *info);
} views[NR_VIEWS] = {
	[VIEW_HEADER] = { "Header", show_header },
	[VIEW_TREE] = { "Tasks", show_tree },
	[VIEW_FDS] = { "File descriptors", show_fds },
	[VIEW_EXTERNALS] = { "External files", show_externals },
	[VIEW_MAPS] = { "Mappings", show_maps },
	[VIEW_NAMESPACES] = { "Namespaces", show_namespaces },
	[VIEW_MOUNTS] = { "Mounts", show_mounts },
	[VIEW_CGROUPS] = { "Control groups", show_cgroups },
	[VIEW_SIZES] = { "Sizes", show_sizes },
	[VIEW_RECORDS] = { "Records", show_records },
};

void show_views(const struct info *info, unsigned long wanted)
{
	bool titles = wanted & (wanted - 1);
	const char *before = "";
	size_t i;

	for (i = 0; i < NR_VIEWS; i++) {
		if (!(wanted & 1UL << i))
			continue;
		if (titles)
			printf("%s%s:\n", before, views[i].title);
		before = "\n";
		views[i].show(info);
	}
	if (!wanted)
		show_summary(info);
}
