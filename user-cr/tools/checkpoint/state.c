// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/pump.h"
#include "../common/util.h"
#include "state.h"

int state_collect(struct state *state, const struct options *o, int log)
{
	struct proc_list *tree = &state->tree;
	struct namespaces namespaces;
	int mounts, cgroups, roots, settings;

	tree->nr = proc_tree(o->pid, &tree->proc);
	namespaces_collect(&namespaces, tree, o->pid, o->thread_namespaces);
	mounts = mounts_collect(&state->mounts, tree, &namespaces, o->pid, log);
	cgroups = cgroups_collect(&state->cgroups, tree, o->pid, o->quiet, log);
	if (namespaces_add_mounted(&namespaces, &state->mounts) < 0)
		mounts = -1;
	roots = cgroups_collect_roots(&state->cgroups, &namespaces);
	settings = settings_collect(&state->settings, &namespaces, log);
	namespaces_free(&namespaces);
	held_mounts_release(&state->mounts);
	return mounts < 0 || cgroups < 0 || roots < 0 || settings < 0 ? -1 : 0;
}

static int write_sections(struct state *state, int fd, int log)
{
	struct sections s = { .fd = fd };
	int ret = mounts_write(&state->mounts, &s);

	cgroups_write(&state->cgroups, &s);
	settings_write(&state->settings, &s);
	if (!sections_end(&s))
		return ret;
	if (s.why)
		log_add(log, "%s", s.why);
	else
		complain("cannot write the image: %s%s", strerror(errno),
			 write_advice(errno));
	free(s.why);
	return -1;
}

int state_has_room(struct state *state, int log)
{
	return write_sections(state, -1, log);
}

/* If it is compressed, it is a frame of its own. */
int state_write(struct state *state, const struct options *o,
		struct output *out, int log)
{
	struct pump pump = { .out = out, .codec = o->codec };
	int ret;

	if (!state->mounts.nr_ns && !state->cgroups.nr &&
	    !settings_any(&state->settings))
		return 0;
	if (pump_start(&pump) < 0)
		return -1;
	ret = write_sections(state, pump.fd, log);
	if (pump_end(&pump, interrupted()) != PUMP_DONE)
		ret = -1;
	output_note(out);
	return ret;
}

void state_free(struct state *state)
{
	mounts_free(&state->mounts);
	cgroups_free(&state->cgroups);
	settings_free(&state->settings);
	free(state->tree.proc);
}
