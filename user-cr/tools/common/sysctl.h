/* SPDX-License-Identifier: GPL-2.0-only */
/* The sysctls of a namespace, as the calling process sees them in /proc/sys */
#ifndef COMMON_SYSCTL_H
#define COMMON_SYSCTL_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct sysctl - one of them
 * @name: below /proc/sys
 * @value: what it is set to
 */
struct sysctl {
	char *name;
	char *value;
};

/**
 * struct sysctls - all that can be read and set, by name
 * @list: they
 * @nr: their number
 */
struct sysctls {
	struct sysctl *list;
	size_t nr;
};

/* Those of the process's own namespace of this kind, as in struct ckpt_sysctl */
void sysctls_read(struct sysctls *s, uint32_t kind);
void sysctls_free(struct sysctls *s);
/* What one is set to, or NULL */
const char *sysctls_find(const struct sysctls *s, const char *name);

/* 0, or -1 and errno */
int sysctl_set(const char *name, const char *value);

#endif /* COMMON_SYSCTL_H */
