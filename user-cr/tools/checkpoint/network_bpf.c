// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs that are attached to a network namespace, which an image does not have */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "../common/util.h"
#include "bpf.h"
#include "settings.h"

static const struct {
	uint32_t type;
	const char *name;
} programs[] = {
	{ BPF_FLOW_DISSECTOR, "flow_dissector" },
	{ BPF_SK_LOOKUP, "sk_lookup" },
};

char *network_programs(int ns)
{
	size_t i;
	int nr;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		nr = bpf_count_programs(ns, programs[i].type);
		if (nr > 0)
			return xasprintf("a BPF program (%s) is attached to it",
					 programs[i].name);
		if (nr < 0)
			return xasprintf("cannot tell whether BPF programs (%s) are attached to it (%s)",
					 programs[i].name, strerror(errno));
	}
	return NULL;
}
