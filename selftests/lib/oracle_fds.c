// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle's view of descriptors
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

#ifndef F_GET_RW_HINT
#define F_GET_RW_HINT	1035
#endif

static int kcmp(pid_t a, pid_t b, int type, unsigned long x, unsigned long y)
{
	return syscall(SYS_kcmp, a, b, type, x, y);
}

/* What only a holder of the description can ask for: so become one. */
static void record_description(struct recorder *r, pid_t pid, pid_t ns, int nr)
{
	struct f_owner_ex owner = { 0 };
	int pidfd, fd, bytes = 0;
	char text[64];
	uint64_t hint;
	struct stat st;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	fd = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, nr, 0);
	if (pidfd >= 0)
		close(pidfd);
	if (fd < 0)
		return;
	if (!fcntl(fd, F_GETOWN_EX, &owner) && owner.pid) {
		snprintf(text, sizeof(text), "type %d, %d", owner.type,
			 ns_pid(r, owner.pid));
		oracle_add(r->o, text, "%d/fd/%d/owner", ns, nr);
	}
	snprintf(text, sizeof(text), "%d", fcntl(fd, F_GETSIG));
	oracle_add(r->o, text, "%d/fd/%d/signal", ns, nr);
	snprintf(text, sizeof(text), "%d", fcntl(fd, F_GETLEASE));
	oracle_add(r->o, text, "%d/fd/%d/lease", ns, nr);
	if (!fcntl(fd, F_GET_RW_HINT, &hint)) {
		snprintf(text, sizeof(text), "%d", (int)hint);
		oracle_add(r->o, text, "%d/fd/%d/hint", ns, nr);
	}
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode)) {
		ioctl(fd, FIONREAD, &bytes);
		snprintf(text, sizeof(text), "%d of %d bytes", bytes,
			 fcntl(fd, F_GETPIPE_SZ));
		oracle_add(r->o, text, "%d/fd/%d/pipe", ns, nr);
	}
	if (S_ISREG(st.st_mode)) {
		snprintf(text, sizeof(text), "%#x", fcntl(fd, F_GET_SEALS));
		oracle_add(r->o, text, "%d/fd/%d/seals", ns, nr);
	}
	close(fd);
}

void record_fds(struct recorder *r, pid_t pid, pid_t ns)
{
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		char *text, *line, *v, *save = NULL;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "fd/%s", d->d_name);
		record_link(r, pid, ns, path, true);
		record_description(r, pid, ns, atoi(d->d_name));
		snprintf(path, sizeof(path), "fdinfo/%s", d->d_name);
		text = slurp_pid(pid, path, NULL);
		for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
		     line = strtok_r(NULL, "\n", &save)) {
			v = strchr(line, ':');
			if (!v)
				continue;
			*v++ = '\0';
			squeeze(v);
			/* Of sockets and pipes the number is their own. */
			if (!strcmp(line, "ino"))
				continue;
			oracle_add(r->o, v, "%d/%s/%s", ns, path, line);
		}
		free(text);
	}
	closedir(dir);
}

struct fd_ref {
	unsigned int task;
	int fd;
};

/* Which descriptors are one open file description. */
void record_descriptions(struct recorder *r)
{
	static struct fd_ref ref[4096];
	unsigned int nr = 0, i, k;
	char path[64], value[64];
	struct dirent *d;
	DIR *dir;

	for (i = 0; i < r->nr; i++) {
		int fds[512], n = 0, a, b, t;

		snprintf(path, sizeof(path), "/proc/%d/fd", r->task[i].pid);
		dir = opendir(path);
		if (!dir)
			continue;
		while ((d = readdir(dir)) && n < 512)
			if (isdigit((unsigned char)d->d_name[0]))
				fds[n++] = atoi(d->d_name);
		closedir(dir);
		for (a = 1; a < n; a++)
			for (b = a; b && fds[b - 1] > fds[b]; b--) {
				t = fds[b];
				fds[b] = fds[b - 1];
				fds[b - 1] = t;
			}
		for (a = 0; a < n && nr < 4096; a++) {
			ref[nr].task = i;
			ref[nr++].fd = fds[a];
		}
	}
	for (i = 0; i < nr; i++) {
		for (k = 0; k < i; k++)
			if (kcmp(r->task[ref[k].task].pid, r->task[ref[i].task].pid,
				 KCMP_FILE, ref[k].fd, ref[i].fd) == 0)
				break;
		snprintf(value, sizeof(value), "of %d/%d",
			 r->task[ref[k].task].nspid, ref[k].fd);
		oracle_add(r->o, value, "%d/kcmp/fd/%d", r->task[ref[i].task].nspid,
		    ref[i].fd);
	}
}
