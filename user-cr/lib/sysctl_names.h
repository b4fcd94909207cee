/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which sysctls an image may have of a namespace: those that checkpoint saves and
 * the library lets pass are the same.
 */
#ifndef SYSCTL_NAMES_H
#define SYSCTL_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <checkpoint/tool_image.h>

/* What their names begin with; NULL for a kind of namespaces that has none */
static inline const char *const *sysctls_of(uint32_t kind)
{
	static const char *const of_net[] = { CKPT_SYSCTLS_OF_NET, NULL };
	static const char *const of_ipc[] = { CKPT_SYSCTLS_OF_IPC, NULL };
	static const char *const of_user[] = { CKPT_SYSCTLS_OF_USER, NULL };
	static const char *const of_pid[] = { CKPT_SYSCTLS_OF_PID, NULL };

	switch (kind) {
	case CKPT_NS_NET:
		return of_net;
	case CKPT_NS_IPC:
		return of_ipc;
	case CKPT_NS_USER:
		return of_user;
	case CKPT_SYSCTLS_PID:
		return of_pid;
	default:
		return NULL;
	}
}

static inline bool is_sysctl_of(uint32_t kind, const char *name)
{
	const char *const *start = sysctls_of(kind);

	while (*start && strncmp(name, *start, strlen(*start)))
		start++;
	return *start;
}

#endif /* SYSCTL_NAMES_H */
