// SPDX-License-Identifier: GPL-2.0
/*
 * Records the observable state of a task tree
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oracle.h"

#define MAX_TASKS	1024

struct task_ref {
	pid_t pid;		/* as seen from here */
	pid_t nspid;		/* as seen in the tree */
};

struct recorder {
	struct oracle *o;
	struct task_ref task[MAX_TASKS];
	unsigned int nr;
	struct {		/* inode numbers that only need to be the same */
		char name[64];
	} inode[1024];
	unsigned int nr_inodes;
};

/* All of a /proc file. Embedded NULs stay; *len tells. */
static char *slurp(const char *path, size_t *len)
{
	size_t size = 0, room = 4096;
	char *buf = malloc(room);
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (buf && fd >= 0) {
		if (size + 1 == room) {
			room *= 2;
			buf = realloc(buf, room);
			if (!buf)
				abort();
		}
		n = read(fd, buf + size, room - size - 1);
		if (n <= 0)
			break;
		size += n;
	}
	if (fd >= 0)
		close(fd);
	if (fd < 0 || n < 0) {
		free(buf);
		return NULL;
	}
	buf[size] = '\0';
	if (len)
		*len = size;
	return buf;
}

static char *slurp_pid(pid_t pid, const char *name, size_t *len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp(path, len);
}

static pid_t ns_pid(const struct recorder *r, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (r->task[i].pid == pid)
			return r->task[i].nspid;
	return 0;	/* outside of the tree */
}

static void squeeze(char *s)
{
	char *d = s;

	while (isspace((unsigned char)*s))
		s++;
	while (*s) {
		if (isspace((unsigned char)*s)) {
			while (isspace((unsigned char)*s))
				s++;
			if (*s)
				*d++ = ' ';
			continue;
		}
		*d++ = *s++;
	}
	*d = '\0';
}

static const char *last_word(const char *s)
{
	const char *p = strrchr(s, ' ');

	return p ? p + 1 : s;
}

static int collect_tree(struct recorder *r, pid_t pid)
{
	char *text, *p, *save = NULL, name[64];
	unsigned int at = r->nr;

	if (r->nr == MAX_TASKS)
		return -1;
	text = slurp_pid(pid, "status", NULL);
	if (!text)
		return -1;
	p = strstr(text, "\nNSpid:");
	r->task[r->nr].pid = pid;
	r->task[r->nr].nspid = pid;
	r->nr++;
	if (p) {
		p += strlen("\nNSpid:");
		p[strcspn(p, "\n")] = '\0';
		squeeze(p);
		r->task[at].nspid = atoi(last_word(p));
	}
	free(text);
	snprintf(name, sizeof(name), "task/%d/children", pid);
	text = slurp_pid(pid, name, NULL);
	if (!text)
		return -1;
	for (p = strtok_r(text, " \n", &save); p;
	     p = strtok_r(NULL, " \n", &save)) {
		if (collect_tree(r, atoi(p))) {
			free(text);
			return -1;
		}
	}
	free(text);
	return 0;
}

static void record_status(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "status", NULL), *line, *save = NULL, *v;
	char number[32];

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		v = strchr(line, ':');
		if (!v)
			continue;
		*v++ = '\0';
		squeeze(v);
		if (!strcmp(line, "Tgid") || !strcmp(line, "Pid") ||
		    !strcmp(line, "PPid") || !strcmp(line, "TracerPid")) {
			snprintf(number, sizeof(number), "%d", ns_pid(r, atoi(v)));
			v = number;
		} else if (!strncmp(line, "NS", 2)) {
			v = (char *)last_word(v);
		}
		oracle_add(r->o, v, "%d/status/%s", ns, line);
	}
	free(text);
}

/* Fields of /proc/PID/stat that status does not have; proc_pid_stat(5). */
static void record_stat(struct recorder *r, pid_t pid, pid_t ns)
{
	static const struct {
		int field;
		const char *name;
		bool is_pid;
	} field[] = {
		{ 5, "pgrp", true }, { 6, "session", true }, { 7, "tty_nr" },
		{ 8, "tpgid" }, { 18, "priority" }, { 19, "nice" },
		{ 20, "num_threads" }, { 23, "vsize" }, { 25, "rsslim" },
		{ 26, "startcode" }, { 27, "endcode" }, { 28, "startstack" },
		{ 38, "exit_signal" }, { 40, "rt_priority" }, { 41, "policy" },
		{ 45, "start_data" }, { 46, "end_data" }, { 47, "start_brk" },
		{ 48, "arg_start" }, { 49, "arg_end" }, { 50, "env_start" },
		{ 51, "env_end" }, { 52, "exit_code" },
	};
	char *text = slurp_pid(pid, "stat", NULL), *p, *save = NULL;
	char number[32];
	unsigned int f = 0;
	int i = 3;

	if (!text)
		return;
	p = strrchr(text, ')');
	for (p = strtok_r(p + 1, " \n", &save); p && f < sizeof(field) / sizeof(*field);
	     p = strtok_r(NULL, " \n", &save), i++) {
		if (i != field[f].field)
			continue;
		if (field[f].is_pid) {
			snprintf(number, sizeof(number), "%d", ns_pid(r, atoi(p)));
			p = number;
		}
		oracle_add(r->o, p, "%d/stat/%s", ns, field[f].name);
		f++;
	}
	free(text);
}

static void record_text(struct recorder *r, pid_t pid, pid_t ns,
			const char *name)
{
	char *text = slurp_pid(pid, name, NULL);

	oracle_add(r->o, text ? text : "(unreadable)", "%d/%s", ns, name);
	free(text);
}

/* For cmdline, environ and the like: NULs become newlines. */
static void record_strings(struct recorder *r, pid_t pid, pid_t ns,
			   const char *name)
{
	size_t len = 0, i;
	char *text = slurp_pid(pid, name, &len);

	for (i = 0; text && i < len; i++)
		if (!text[i])
			text[i] = '\n';
	oracle_add(r->o, text ? text : "(unreadable)", "%d/%s", ns, name);
	free(text);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static void record_auxv(struct recorder *r, pid_t pid, pid_t ns)
{
	size_t len = 0, i;
	char *text = slurp_pid(pid, "auxv", &len), value[32];
	unsigned long *aux = (unsigned long *)text;

	for (i = 0; text && (i + 2) * sizeof(*aux) <= len; i += 2) {
		snprintf(value, sizeof(value), "%#lx", aux[i + 1]);
		oracle_add(r->o, value, "%d/auxv/%lu", ns, aux[i]);
		if (!aux[i])
			break;
	}
	free(text);
}

static void record_lines(struct recorder *r, pid_t pid, pid_t ns,
			 const char *name)
{
	char *text = slurp_pid(pid, name, NULL), *line, *save = NULL;
	unsigned int n = 0;

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		squeeze(line);
		oracle_add(r->o, line, "%d/%s/%03u", ns, name, n++);
	}
	free(text);
}

/* "pipe:[1234]" becomes "pipe:#2", the second such object that was seen. */
static void name_object(struct recorder *r, char *target, size_t size)
{
	char *p = strstr(target, ":[");
	unsigned int i;

	if (!p || target[0] == '/')
		return;
	for (i = 0; i < r->nr_inodes; i++)
		if (!strcmp(r->inode[i].name, target))
			break;
	if (i == r->nr_inodes) {
		if (i == sizeof(r->inode) / sizeof(*r->inode))
			return;
		snprintf(r->inode[i].name, sizeof(r->inode[i].name), "%.63s", target);
		r->nr_inodes++;
	}
	snprintf(p, size - (p - target), ":#%u", i);
}

static void record_link(struct recorder *r, pid_t pid, pid_t ns,
			const char *name, bool objects)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		strcpy(target, "(unreadable)");
	else
		target[n] = '\0';
	if (objects)
		name_object(r, target, sizeof(target));
	oracle_add(r->o, target, "%d/%s", ns, name);
}

static void record_fds(struct recorder *r, pid_t pid, pid_t ns)
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

/*
 * Content of a mapping: a hash of its non-zero pages. Pages of anonymous
 * memory are only read where there are any, so that recording populates
 * nothing.
 */
static void record_content(struct recorder *r, pid_t ns, int mem, int pagemap,
			   unsigned long start, unsigned long end, bool file)
{
	static unsigned char page[4096];
	static const unsigned char zero[4096];
	unsigned long addr, pages = 0, base = 0, have = 0;
	static uint64_t pm[4096];
	uint64_t hash = 0, *w;
	char value[64];
	unsigned int i;
	ssize_t n;

	for (addr = start; addr < end; addr += 4096) {
		if (addr >= base + have * 4096) {
			n = (end - addr) / 4096;
			if (n > 4096)
				n = 4096;
			n = pread(pagemap, pm, n * 8, addr / 4096 * 8);
			if (n < 8)
				return;
			base = addr;
			have = n / 8;
		}
		if (!file && !(pm[(addr - base) / 4096] & (3ULL << 62)))
			continue;
		if (pread(mem, page, 4096, addr) != 4096)
			continue;
		if (!memcmp(page, zero, 4096))
			continue;
		pages++;
		hash = mix(hash, addr);
		for (i = 0, w = (uint64_t *)page; i < 512; i++)
			hash = mix(hash, w[i]);
	}
	snprintf(value, sizeof(value), "%lu pages, hash %016llx", pages,
		 (unsigned long long)hash);
	oracle_add(r->o, value, "%d/memory/%012lx", ns, start);
}

/* maps, the flags of smaps, and what is in the memory. */
static void record_maps(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "smaps", NULL), *line, *save = NULL;
	unsigned long start = 0, end = 0;
	char path[64];
	int mem, pagemap;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long off, ino;
		char perms[8], dev[16];
		bool file;

		squeeze(line);
		if (!strncmp(line, "VmFlags: ", 9) ||
		    !strncmp(line, "ProtectionKey: ", 15)) {
			oracle_add(r->o, strchr(line, ' ') + 1, "%d/maps/%012lx/%.*s",
			    ns, start, (int)strcspn(line, ":"), line);
			continue;
		}
		if (sscanf(line, "%lx-%lx %7s %lx %15s %lu", &start, &end,
			   perms, &off, dev, &ino) != 6)
			continue;
		oracle_add(r->o, line, "%d/maps/%012lx", ns, start);
		/* The vDSO is there for whoever touches it, like a file. */
		file = ino != 0 || strstr(line, "[vdso]");
		/* vvar shows clocks; the text of files is the file's. */
		if (strstr(line, "[vvar") || strstr(line, "[vsyscall") ||
		    (ino && perms[1] != 'w'))
			continue;
		if (mem >= 0 && pagemap >= 0)
			record_content(r, ns, mem, pagemap, start, end, file);
	}
	free(text);
	if (mem >= 0)
		close(mem);
	if (pagemap >= 0)
		close(pagemap);
}

static void record_namespaces(struct recorder *r, pid_t pid, pid_t ns)
{
	static const char *const name[] = {
		"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children",
		"time", "time_for_children", "user", "uts",
	};
	char path[64], theirs[64], ours[64];
	unsigned int i, k;
	ssize_t n;

	for (i = 0; i < sizeof(name) / sizeof(*name); i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name[i]);
		n = readlink(path, theirs, sizeof(theirs) - 1);
		if (n < 0)
			continue;
		theirs[n] = '\0';
		snprintf(path, sizeof(path), "/proc/self/ns/%s", name[i]);
		n = readlink(path, ours, sizeof(ours) - 1);
		if (n < 0)
			continue;
		ours[n] = '\0';
		if (!strcmp(theirs, ours)) {
			oracle_add(r->o, "that of the recorder", "%d/ns/%s", ns, name[i]);
			continue;
		}
		/* The first task of the tree that is in it stands for it. */
		for (k = 0; k < r->nr; k++) {
			snprintf(path, sizeof(path), "/proc/%d/ns/%s",
				 r->task[k].pid, name[i]);
			n = readlink(path, ours, sizeof(ours) - 1);
			if (n < 0)
				continue;
			ours[n] = '\0';
			if (!strcmp(theirs, ours))
				break;
		}
		snprintf(path, sizeof(path), "that of %d", r->task[k].nspid);
		oracle_add(r->o, path, "%d/ns/%s", ns, name[i]);
	}
}

static int kcmp(pid_t a, pid_t b, int type, unsigned long x, unsigned long y)
{
	return syscall(SYS_kcmp, a, b, type, x, y);
}

/* Which objects tasks share: each names the first other task that has it. */
static void record_sharing(struct recorder *r, unsigned int me)
{
	static const struct {
		int type;
		const char *name;
	} what[] = {
		{ KCMP_VM, "vm" }, { KCMP_FILES, "files" }, { KCMP_FS, "fs" },
		{ KCMP_SIGHAND, "sighand" }, { KCMP_SYSVSEM, "sysvsem" },
		{ KCMP_IO, "io" },
	};
	unsigned int i, k;
	char value[32];

	for (i = 0; i < sizeof(what) / sizeof(*what); i++) {
		for (k = 0; k < me; k++)
			if (kcmp(r->task[k].pid, r->task[me].pid, what[i].type, 0, 0) == 0)
				break;
		snprintf(value, sizeof(value), "of %d", r->task[k].nspid);
		oracle_add(r->o, value, "%d/kcmp/%s", r->task[me].nspid, what[i].name);
	}
}

struct fd_ref {
	unsigned int task;
	int fd;
};

/* Which descriptors are one open file description. */
static void record_descriptions(struct recorder *r)
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

static void record_calls(struct recorder *r, pid_t pid, pid_t ns)
{
	unsigned char mask[128] = { 0 };
	struct sched_param param;
	struct timespec ts;
	char value[300];
	void *head = NULL;
	size_t len = 0;
	int i, n;

	snprintf(value, sizeof(value), "%d", sched_getscheduler(pid));
	oracle_add(r->o, value, "%d/sched/policy", ns);
	if (!sched_getparam(pid, &param)) {
		snprintf(value, sizeof(value), "%d", param.sched_priority);
		oracle_add(r->o, value, "%d/sched/priority", ns);
	}
	if (!sched_rr_get_interval(pid, &ts)) {
		snprintf(value, sizeof(value), "%ld.%09ld", (long)ts.tv_sec, ts.tv_nsec);
		oracle_add(r->o, value, "%d/sched/interval", ns);
	}
	n = syscall(SYS_sched_getaffinity, pid, sizeof(mask), mask);
	for (i = 0; i < n && i < 128; i++)
		sprintf(value + 2 * i, "%02x", mask[i]);
	oracle_add(r->o, n > 0 ? value : "?", "%d/sched/affinity", ns);
	snprintf(value, sizeof(value), "%ld", syscall(SYS_ioprio_get, 1, pid));
	oracle_add(r->o, value, "%d/ioprio", ns);
	if (!syscall(SYS_get_robust_list, pid, &head, &len)) {
		snprintf(value, sizeof(value), "%p %zu", head, len);
		oracle_add(r->o, value, "%d/robust_list", ns);
	}
}

/* Numbers of mounts and their propagation groups are taken out. */
static void record_mounts(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "mountinfo", NULL), *line, *save = NULL;
	unsigned int n = 0;
	int off;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*d %*d %*s %n", &off) < 0)
			continue;
		oracle_add(r->o, line + off, "%d/mountinfo/%03u", ns, n++);
	}
	free(text);
}

int oracle_record(struct oracle *o, pid_t root)
{
	static const char *const text[] = {
		"comm", "limits", "oom_score_adj", "personality", "loginuid",
		"sessionid", "coredump_filter", "timerslack_ns", "uid_map",
		"gid_map", "setgroups", "timers", "attr/current", "autogroup",
	};
	static struct recorder r;
	unsigned int i, k;

	memset(o, 0, sizeof(*o));
	memset(&r, 0, sizeof(r));
	r.o = o;
	if (collect_tree(&r, root)) {
		fprintf(stderr, "# cannot record the tree below %d\n", root);
		return -1;
	}
	for (i = 0; i < r.nr; i++) {
		pid_t pid = r.task[i].pid, ns = r.task[i].nspid;

		record_status(&r, pid, ns);
		record_stat(&r, pid, ns);
		for (k = 0; k < sizeof(text) / sizeof(*text); k++)
			record_text(&r, pid, ns, text[k]);
		record_strings(&r, pid, ns, "cmdline");
		record_strings(&r, pid, ns, "environ");
		record_auxv(&r, pid, ns);
		record_lines(&r, pid, ns, "timens_offsets");
		record_link(&r, pid, ns, "cwd", false);
		record_link(&r, pid, ns, "root", false);
		record_link(&r, pid, ns, "exe", false);
		record_fds(&r, pid, ns);
		record_maps(&r, pid, ns);
		record_namespaces(&r, pid, ns);
		record_sharing(&r, i);
		record_calls(&r, pid, ns);
		record_mounts(&r, pid, ns);
	}
	record_descriptions(&r);
	oracle_sort(o);
	return 0;
}
