/* SPDX-License-Identifier: GPL-2.0-only */
/* checkpoint: what its parts share */
#ifndef CHECKPOINT_CHECKPOINT_TOOL_H
#define CHECKPOINT_CHECKPOINT_TOOL_H

#include <stdbool.h>
#include <sys/types.h>

#include "../common/cgroup.h"
#include "../common/codec.h"
#include "../common/output.h"

/**
 * struct options - from the command line
 * @pid: root of the tree
 * @output: file, NULL for the standard output
 * @codec: how to compress it
 * @freeze: freeze and thaw
 * @freezer: by which kind of cgroup
 * @freezer_given: the user said so
 * @timeout: seconds to wait for that
 * @kill: end the tree afterwards
 * @leave_running: do not, which is the default
 * @dry_run: write nothing, tell all that stands in the way
 * @json: tell it as JSON
 * @subtree: the root need not be that of a container
 * @thread_namespaces: threads may be in other ones than their process
 * @quiet: errors only
 * @verbose: tell what is done
 */
struct options {
	pid_t pid;
	const char *output;
	enum codec codec;
	bool freeze;
	enum cgroup_version freezer;
	bool freezer_given;
	int timeout;
	bool kill;
	bool leave_running;
	bool dry_run;
	bool json;
	bool subtree;
	bool thread_namespaces;
	bool quiet;
	bool verbose;
};

/* main.c: whether a signal wants us to end */
bool interrupted(void);

/* What to do if the tree has the file open that the image is written to */
#define OTHER_FILE	"have the image written to a file that none of the processes has open, by -o"

/* image_file.c: whether it has not: 0, or -1 after a complaint */
int image_file_check(const struct options *o, const struct output *out);

/* save.c: 0, or -1 after a report */
int save(const struct options *o, struct output *out);

/* blockers.c: as JSON on stdout what stands in the way, from a log or -1 */
void show_blockers(const struct options *o, int log, const char *error);

#endif /* CHECKPOINT_CHECKPOINT_TOOL_H */
