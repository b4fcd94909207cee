/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of the file systems of control groups, "cgroup" and "cgroup2" */
#ifndef COMMON_CGROUP_OPTIONS_H
#define COMMON_CGROUP_OPTIONS_H

#include <stdbool.h>

/*
 * Whether an image may have a file system of this type mounted with this option: of one
 * that is none of control groups, always.
 */
bool cgroup_option_is_harmless(const char *type, const char *option);

#endif /* COMMON_CGROUP_OPTIONS_H */
