/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of a control group, and what a restart does with each */
#ifndef COMMON_CGROUP_FILES_H
#define COMMON_CGROUP_FILES_H

#include <stdbool.h>

enum cgroup_file_kind {
	CGROUP_FILE_UNKNOWN,	/* of a kernel that has more; a line of it is a setting */
	CGROUP_FILE_SETTING,	/* one value, written as it is read */
	CGROUP_FILE_LINES,	/* a value for each device or the like: its lines */
	CGROUP_FILE_ENABLED,	/* names, each written with a + before it */
	CGROUP_FILE_FLAG,	/* "name number" is its first line: the number */
	CGROUP_FILE_DEVICES,	/* written only, and read from devices.list */
	CGROUP_FILE_FREEZER,	/* whether it is frozen */
	CGROUP_FILE_PASSING,	/* a command, or what is only measured */
};

/*
 * What NAME is, in version 1 or 2; for a setting, in *RANK its place among the
 * settings of a group: some want others before them.
 */
enum cgroup_file_kind cgroup_file_kind(int version, const char *name, int *rank);

#endif /* COMMON_CGROUP_FILES_H */
