// SPDX-License-Identifier: GPL-2.0-only
/* What is set in namespaces is set again. */
#include <errno.h>
#include <string.h>

#include <checkpoint/tool_image.h>
#include "../common/log.h"
#include "../common/sysctl.h"
#include "restart.h"

/* Any pids may be the next ones to new pids. */
static bool is_wanted(const struct restart *r, const char *name)
{
	return !r->o.no_pids || strcmp(name, CKPT_SYSCTL_LAST_PID);
}

int settings_make(const struct restart *r, uint32_t kind, uint64_t inode)
{
	const struct ckpt_record *record;
	struct ckpt_sysctl saved;
	size_t i;

	for (i = 0; i < r->state.nr; i++) {
		record = r->state.record[i];
		if (record->type != CKPT_REC_SYSCTL)
			continue;
		ckpt_record_body(record, &saved, sizeof(saved));
		if (saved.kind != kind || saved.inode != inode ||
		    !is_wanted(r, record_string(record, 0)) ||
		    !sysctl_set(record_string(record, 0), record_string(record, 1)))
			continue;
		log_add(r->log, "cannot set %s to %s in a namespace: %s",
			record_string(record, 0), record_string(record, 1),
			strerror(errno));
		return -1;
	}
	return 0;
}
