// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	    sscanf(close, ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d",
		   &proc->state, &proc->ppid, &proc->threads) == 3) {
		*close = '\0';
		snprintf(proc->comm, sizeof(proc->comm), "%s", open + 1);
		proc->pid = pid;
		proc->alive = pid;
		ret = 0;
	}
	free(text);
	return ret;
}

static pid_t another_thread(pid_t pid)
{
	char name[40];
	struct dirent *d;
	pid_t tid = 0;
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	dir = opendir(name);
	while (dir && (d = readdir(dir))) {
		tid = atoi(d->d_name);
		if (tid > 0 && tid != pid)
			break;
	}
	if (dir)
		closedir(dir);
	return tid > 0 ? tid : pid;
}

/* What the first thread shows when it has ended is not what the others have. */
static void find_living(struct proc *proc)
{
	if (proc->state == 'Z' && proc->threads > 1)
		proc->alive = another_thread(proc->pid);
}

pid_t proc_living_thread(pid_t pid)
{
	struct proc proc;

	if (proc_read(pid, &proc) < 0)
		return pid;
	find_living(&proc);
	return proc.alive;
}

/**
 * struct growing - a list of processes that grows
 * @proc: the processes
 * @used: how many there are
 * @room: for how many there is room
 */
struct growing {
	struct proc *proc;
	int used;
	int room;
};

static void add(struct growing *list, pid_t pid)
{
	if (list->used == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->proc = xrealloc(list->proc, list->room,
				      sizeof(*list->proc));
	}
	if (!proc_read(pid, list->proc + list->used))
		find_living(list->proc + list->used++);
}

static void add_all(struct growing *list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			add(list, atoi(entry->d_name));
	closedir(dir);
}

/* Moves the tree below the first process to the front; returns its size. */
static int sort_tree(struct growing *list)
{
	int found = 1, done, i;
	struct proc old;

	for (done = 0; done < found; done++) {
		for (i = found; i < list->used; i++) {
			if (list->proc[i].ppid != list->proc[done].pid)
				continue;
			old = list->proc[found];
			list->proc[found++] = list->proc[i];
			list->proc[i] = old;
		}
	}
	return found;
}

/* False where the kernel does not list the children of a thread. */
static bool add_children_of(struct growing *list, pid_t pid, pid_t thread)
{
	char *path = xasprintf("/proc/%d/task/%d/children", pid, thread);
	char *text = read_small_file(path);
	char *rest, *word;

	free(path);
	if (!text)
		return false;
	rest = text;
	while ((word = strsep(&rest, " \n")))
		if (*word)
			add(list, atoi(word));
	free(text);
	return true;
}

static bool add_children_of_all(struct growing *list, pid_t pid)
{
	struct dirent *entry;
	bool listed = false;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return true;	/* it has just ended */
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			listed |= add_children_of(list, pid,
						  atoi(entry->d_name));
	closedir(dir);
	return listed;
}

static bool add_children(struct growing *list, pid_t pid, int threads)
{
	bool listed = threads == 1 ? add_children_of(list, pid, pid) :
		add_children_of_all(list, pid);

	return listed || kill(pid, 0) < 0;
}

/* Without a look at the processes that do not belong to it, if possible. */
int proc_tree(pid_t root, struct proc **list)
{
	struct growing all = { 0 };
	int i;

	add(&all, root);
	for (i = 0; i < all.used; i++) {
		if (add_children(&all, all.proc[i].pid, all.proc[i].threads))
			continue;
		all.used = 1;
		add_all(&all);
		all.used = sort_tree(&all);
		break;
	}
	*list = all.proc;
	return all.used || !access("/proc/self", F_OK) ? all.used : -1;
}
