// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "../common/nspid.h"
#include "../common/proctree.h"
#include "../common/util.h"
#include "pids.h"

static int compare(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->inside < y->inside ? -1 : x->inside > y->inside;
}

void pids_read(struct pids *p, const struct restart *r)
{
	int depth = pid_depth(r->root), i;
	struct proc *list;

	p->nr = proc_tree(r->root, &list);
	p->process = xcalloc(p->nr > 0 ? p->nr : 0, sizeof(*p->process));
	for (i = 0; i < p->nr; i++)
		p->process[i] = (struct process){
			.inside = pid_at_depth(list[i].pid, depth),
			.outside = list[i].pid,
		};
	if (p->nr > 0)
		qsort(p->process, p->nr, sizeof(*p->process), compare);
	free(list);
}

pid_t pids_find(const struct pids *p, pid_t inside)
{
	const struct process key = { .inside = inside }, *found = NULL;

	if (p->nr > 0)
		found = bsearch(&key, p->process, p->nr, sizeof(key), compare);
	return found ? found->outside : 0;
}

void pids_free(struct pids *p)
{
	free(p->process);
}
