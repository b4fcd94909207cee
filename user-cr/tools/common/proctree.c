// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proctree.h"
#include "util.h"

int proc_read(pid_t pid, struct proc *proc)
{
	char path[40];
	char *text, *open, *close;
	int ret = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = read_small_file(path);
	if (!text)
		return -1;
	open = strchr(text, '(');
	close = strrchr(text, ')');	/* the name may contain some, too */
	if (open && close && open < close &&
	    sscanf(close, ") %c %d", &proc->state, &proc->ppid) == 2) {
		*close = '\0';
		snprintf(proc->comm, sizeof(proc->comm), "%s", open + 1);
		proc->pid = pid;
		ret = 0;
	}
	free(text);
	return ret;
}

static int read_all_procs(struct proc **list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int used = 0, room = 0;

	*list = NULL;
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (used == room) {
			room = room ? room * 2 : 64;
			*list = xrealloc(*list, room, sizeof(**list));
		}
		if (!proc_read(atoi(entry->d_name), *list + used))
			used++;
	}
	closedir(dir);
	return used;
}

static void swap(struct proc *a, struct proc *b)
{
	struct proc old = *a;

	*a = *b;
	*b = old;
}

int proc_tree(pid_t root, struct proc **list)
{
	int all = read_all_procs(list);
	int found = 0, done, i;

	for (i = 0; i < all && !found; i++)
		if ((*list)[i].pid == root)
			swap(*list + found++, *list + i);
	/* The front of the list is the tree so far. */
	for (done = 0; done < found; done++)
		for (i = found; i < all; i++)
			if ((*list)[i].ppid == (*list)[done].pid)
				swap(*list + found++, *list + i);
	return all < 0 ? -1 : found;
}
