// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle's view of namespaces and of what is in them
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder.h"

static const char *const namespaces[] = {
	"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time",
	"time_for_children", "user", "uts",
};

#define MAX_MOUNTS	128
#define POINT_LEN	256

#define NR_NAMESPACES	(sizeof(namespaces) / sizeof(*namespaces))

static bool read_namespace(const char *pid, const char *name, char text[64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, name);
	n = readlink(path, text, 63);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool namespace_of(pid_t pid, const char *name, char text[64])
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	return read_namespace(number, name, text);
}

static void record_namespace(struct recorder *r, pid_t pid, pid_t ns,
			     const char *name)
{
	char theirs[64], ours[64];
	unsigned int k;

	if (!namespace_of(pid, name, theirs) ||
	    !read_namespace("self", name, ours))
		return;
	if (!strcmp(theirs, ours)) {
		oracle_add(r->o, "that of the recorder", "%d/ns/%s", ns, name);
		return;
	}
	/* The first task of the tree that is in it stands for it. */
	for (k = 0; k < r->nr; k++) {
		if (namespace_of(r->task[k].pid, name, ours) &&
		    !strcmp(theirs, ours))
			break;
	}
	snprintf(ours, sizeof(ours), "that of %d",
		 k < r->nr ? r->task[k].nspid : ns);
	oracle_add(r->o, ours, "%d/ns/%s", ns, name);
}

void record_namespaces(struct recorder *r, pid_t pid, pid_t ns)
{
	unsigned int i;

	for (i = 0; i < NR_NAMESPACES; i++)
		record_namespace(r, pid, ns, namespaces[i]);
}

void record_namespaces_of_thread(struct recorder *r, pid_t pid, pid_t ns,
				 pid_t process)
{
	char own[64], shared[64];
	unsigned int i;

	for (i = 0; i < NR_NAMESPACES; i++) {
		if (namespace_of(pid, namespaces[i], own) &&
		    namespace_of(process, namespaces[i], shared) &&
		    strcmp(own, shared))
			record_namespace(r, pid, ns, namespaces[i]);
	}
}

/*
 * Numbers of mounts and their propagation groups are taken out, and so is the
 * order, except of those that are mounted over each other.
 */
void record_mounts(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "mountinfo", NULL), *line, *save = NULL;
	char point[MAX_MOUNTS][POINT_LEN];
	unsigned int n = 0, below, i;
	int off;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && n < MAX_MOUNTS;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*d %*d %*s %n%*s %255s", &off, point[n]) != 1)
			continue;
		for (below = i = 0; i < n; i++)
			below += !strcmp(point[i], point[n]);
		oracle_add(r->o, line + off, "%d/mountinfo/%u%s", ns, below,
			   point[n]);
		n++;
	}
	if (line)
		oracle_add(r->o, "more than are looked at", "%d/mountinfo", ns);
	free(text);
}

/* Lines of a table with the columns taken out that are addresses or inodes. */
static void record_table(struct recorder *r, char *text, const char *name,
			 const char *drop)
{
	char *line, *word, *save = NULL, *inner, out[1024];
	unsigned int n = 0, column;
	size_t len;

	strtok_r(text, "\n", &save);	/* the heading */
	while ((line = strtok_r(NULL, "\n", &save))) {
		len = 0;
		out[0] = '\0';
		column = 0;
		for (word = strtok_r(line, " \t", &inner); word;
		     word = strtok_r(NULL, " \t", &inner), column++) {
			if (column < strlen(drop) && drop[column] == 'x')
				continue;
			len += snprintf(out + len, sizeof(out) - len, "%s ", word);
			if (len >= sizeof(out))
				break;
		}
		oracle_add(r->o, out, "%s/%03u", name, n++);
	}
}

static bool same_namespace(pid_t pid, const char *name)
{
	char path[64], theirs[64], ours[64];
	ssize_t n, m;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	n = readlink(path, theirs, sizeof(theirs));
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	m = readlink(path, ours, sizeof(ours));
	return n <= 0 || (n == m && !memcmp(ours, theirs, n));
}

/* Sockets and interfaces of the tree's network, if it has one of its own. */
void record_net(struct recorder *r, pid_t pid)
{
	static const struct {
		const char *name;
		const char *drop;	/* columns, by an x */
	} table[] = {
		{ "unix", "x.....x" },
		{ "tcp", ".....xx.xxxx" }, { "tcp6", ".....xx.xxxx" },
		{ "udp", ".........xxx" }, { "udp6", ".........xxx" },
		{ "raw", ".........xxx" }, { "packet", "x.......x" },
		{ "netlink", "x........x" }, { "route", "" }, { "if_inet6", "" },
	};
	char path[64], *text;
	unsigned int i;

	if (same_namespace(pid, "net"))
		return;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		snprintf(path, sizeof(path), "net/%s", table[i].name);
		text = slurp_pid(pid, path, NULL);
		if (text)
			record_table(r, text, path, table[i].drop);
		free(text);
	}
}

/*
 * System V objects of the tree's namespace. One must be in it to see them, so
 * a child goes there and sends what it reads.
 */
void record_sysv(struct recorder *r, pid_t pid)
{
	static const char *const name[] = { "shm", "sem", "msg" };
	/* Which column is a pid or a time: seen from another namespace. */
	static const char *const drop[] = { ".....xx", "", "......xx" };
	int fd[2], pidfd;
	char path[64], *text;
	unsigned int i;
	size_t len;
	ssize_t n;
	pid_t child;

	if (same_namespace(pid, "ipc"))
		return;
	for (i = 0; i < 3; i++) {
		if (pipe(fd))
			return;
		child = fork();
		if (child == 0) {
			pidfd = syscall(SYS_pidfd_open, pid, 0);
			if (setns(pidfd, CLONE_NEWIPC))
				_exit(1);
			snprintf(path, sizeof(path), "/proc/sysvipc/%s", name[i]);
			text = slurp(path, &len);
			_exit(!text || write(fd[1], text, len) != (ssize_t)len);
		}
		close(fd[1]);
		text = malloc(65536);
		len = 0;
		while ((n = read(fd[0], text + len, 65535 - len)) > 0)
			len += n;
		text[len] = '\0';
		close(fd[0]);
		if (child > 0)
			waitpid(child, NULL, 0);
		snprintf(path, sizeof(path), "sysvipc/%s", name[i]);
		record_table(r, text, path, drop[i]);
		free(text);
	}
}
