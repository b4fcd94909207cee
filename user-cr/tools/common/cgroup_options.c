// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hierarchy of version 1 may have a release agent, which the kernel runs with all
 * rights, outside of any container. So only what is known here is let through.
 */
#include <stddef.h>
#include <string.h>

#include "cgroup_options.h"
#include "util.h"

/* With the controllers; a "=" at the end stands for any value. */
static const char *const version_1[] = {
	"blkio", "cpu", "cpuacct", "cpuset", "debug", "devices", "dmem",
	"freezer", "hugetlb", "memory", "misc", "net_cls", "net_prio",
	"perf_event", "pids", "rdma",
	"all", "clone_children", "cpuset_v2_mode", "favordynmods", "name=",
	"nofavordynmods", "none", "noprefix", "xattr",
};

static const char *const version_2[] = {
	"favordynmods", "memory_hugetlb_accounting", "memory_localevents",
	"memory_recursiveprot", "nsdelegate", "pids_localevents",
};

static bool is_in(const char *const *list, size_t nr, const char *option)
{
	size_t len = strcspn(option, "="), i;

	len += option[len] == '=';
	for (i = 0; i < nr; i++)
		if (strlen(list[i]) == len && !strncmp(list[i], option, len))
			return true;
	return false;
}

bool cgroup_option_is_harmless(const char *type, const char *option)
{
	if (!strcmp(type, "cgroup"))
		return is_in(version_1, ARRAY_SIZE(version_1), option);
	if (!strcmp(type, "cgroup2"))
		return is_in(version_2, ARRAY_SIZE(version_2), option);
	return true;
}
