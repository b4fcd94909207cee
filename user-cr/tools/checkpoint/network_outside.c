// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only root outside may set in a network namespace, above all BPF programs that
 * are attached to it, which an image does not have
 *
 * What is attached to other devices than lo goes with these.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>

#include "../common/util.h"
#include "bpf.h"
#include "network.h"

/* Headers may be older than these. */
#define TCX_INGRESS	46	/* BPF_TCX_INGRESS */
#define TCX_EGRESS	47	/* BPF_TCX_EGRESS */

static const struct {
	uint32_t type;
	bool on_lo;
	const char *name;
} programs[] = {
	{ BPF_FLOW_DISSECTOR, false, "flow_dissector" },
	{ BPF_SK_LOOKUP, false, "sk_lookup" },
	{ TCX_INGRESS, true, "tcx/ingress" },
	{ TCX_EGRESS, true, "tcx/egress" },
};

/* To a namespace, or to its lo: then the calling process is in it. */
static char *attached(int ns, bool on_lo)
{
	size_t i;
	int nr;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		if (programs[i].on_lo != on_lo)
			continue;
		nr = bpf_count_programs(on_lo ? LO_INDEX : ns, programs[i].type);
		if (nr > 0)
			return xasprintf("a BPF program (%s) is attached to %s",
					 programs[i].name, on_lo ? "its lo" : "it");
		if (nr < 0)
			return xasprintf("cannot tell whether BPF programs (%s) are attached to it (%s)",
					 programs[i].name, strerror(errno));
	}
	return NULL;
}

char *network_outside(int ns)
{
	char *extras = attached(ns, false);

	/* Who must not go there has no rights outside, either. */
	if (extras || setns(ns, CLONE_NEWNET) < 0)
		return extras;
	extras = attached(ns, true);
	if (!extras)
		extras = hooks_extras();
	return extras ? extras : generic_extras(true);
}
