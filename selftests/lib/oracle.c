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

#include "recorder.h"

char *slurp(const char *path, size_t *len)
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

char *slurp_pid(pid_t pid, const char *name, size_t *len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp(path, len);
}

pid_t ns_pid(const struct recorder *r, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (r->task[i].pid == pid)
			return r->task[i].nspid;
	for (i = 0; i < r->nr_threads; i++)
		if (r->thread[i].pid == pid)
			return r->thread[i].nspid;
	return 0;	/* outside of the tree */
}

void squeeze(char *s)
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

/* What is behind so many words */
static char *skip_words(char *s, unsigned int nr)
{
	char *p = s;

	while (nr-- && p) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p ? p : s;
}

static unsigned int count_spaces(const char *s)
{
	unsigned int nr = 0;

	while ((s = strchr(s, ' '))) {
		s++;
		nr++;
	}
	return nr;
}

/* As it is called in the pid namespace of the root, which is the first one */
static pid_t own_number(struct recorder *r, pid_t pid)
{
	char *text = slurp_pid(pid, "status", NULL), *p;
	pid_t nr = pid;

	if (!text)
		return -1;
	p = strstr(text, "\nNSpid:");
	if (p) {
		p += strlen("\nNSpid:");
		p[strcspn(p, "\n")] = '\0';
		squeeze(p);
		if (!r->nr)
			r->depth = count_spaces(p);
		nr = atoi(skip_words(p, r->depth));
	}
	free(text);
	return nr;
}

static int collect_tree(struct recorder *r, pid_t pid);

static int collect_children(struct recorder *r, pid_t thread)
{
	char *text, *p, *save = NULL, name[64];
	int ret = 0;

	snprintf(name, sizeof(name), "task/%d/children", thread);
	text = slurp_pid(thread, name, NULL);
	if (!text)
		return -1;
	for (p = strtok_r(text, " \n", &save); p && !ret;
	     p = strtok_r(NULL, " \n", &save))
		ret = collect_tree(r, atoi(p));
	free(text);
	return ret;
}

static int collect_thread(struct recorder *r, unsigned int process, pid_t pid)
{
	struct task_ref *t = &r->thread[r->nr_threads];

	if (r->nr_threads == MAX_THREADS)
		return -1;
	r->nr_threads++;
	t->pid = pid;
	t->process = process;
	t->nspid = own_number(r, pid);
	return t->nspid < 0 ? -1 : 0;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* The ids of all threads of a process in their order, to be freed; their number */
static int list_threads(pid_t pid, pid_t **list)
{
	char path[64];
	struct dirent *d;
	int nr = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	*list = calloc(MAX_THREADS, sizeof(**list));
	while (*list && (d = readdir(dir)) && nr < MAX_THREADS) {
		if (isdigit((unsigned char)d->d_name[0]))
			(*list)[nr++] = atoi(d->d_name);
	}
	closedir(dir);
	if (*list)
		qsort(*list, nr, sizeof(**list), compare_numbers);
	return nr;
}

static int collect_tree(struct recorder *r, pid_t pid)
{
	unsigned int at = r->nr;
	pid_t *thread = NULL;
	int nr, i, ret = 0;

	if (r->nr == MAX_TASKS)
		return -1;
	r->task[at].pid = pid;
	r->task[at].nspid = own_number(r, pid);
	if (r->task[at].nspid < 0)
		return -1;
	r->nr++;
	nr = list_threads(pid, &thread);
	if (nr < 1)
		ret = -1;
	for (i = 0; i < nr && !ret; i++)
		if (thread[i] != pid)
			ret = collect_thread(r, at, thread[i]);
	for (i = 0; i < nr && !ret; i++)
		ret = collect_children(r, thread[i]);
	free(thread);
	return ret;
}

/* Lines of status about memory and what else all threads of a process share */
static bool is_shared(const char *line)
{
	static const char *const prefix[] = {
		"Vm", "Rss", "Hugetlb", "SigQ", "ShdPnd", "SigIgn", "SigCgt",
		"CoreDumping", "THP", "untag",
	};
	unsigned int i;

	for (i = 0; i < sizeof(prefix) / sizeof(*prefix); i++)
		if (!strncmp(line, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

static void record_status(struct recorder *r, pid_t pid, pid_t ns, bool thread)
{
	char *text = slurp_pid(pid, "status", NULL), *line, *save = NULL, *v;
	char number[32];

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		v = strchr(line, ':');
		if (!v || (thread && is_shared(line)))
			continue;
		*v++ = '\0';
		squeeze(v);
		if (!strcmp(line, "Tgid") || !strcmp(line, "Pid") ||
		    !strcmp(line, "PPid") || !strcmp(line, "TracerPid")) {
			snprintf(number, sizeof(number), "%d", ns_pid(r, atoi(v)));
			v = number;
		} else if (!strncmp(line, "NS", 2)) {
			v = skip_words(v, r->depth);
		}
		oracle_add(r->o, v, "%d/status/%s", ns, line);
	}
	free(text);
}

/*
 * A boot time in ticks, as seen from here, on the clock of the tree: all of it
 * is in one time namespace. A zombie is in none any more.
 */
static long long own_ticks(const struct recorder *r, long long ticks)
{
	char *text = slurp_pid(r->task[0].pid, "timens_offsets", NULL), *p;
	long long sec = 0, nsec = 0, hz = sysconf(_SC_CLK_TCK);

	/* A first thread that has ended is in none, either; the others are. */
	if (text && !*text && r->nr_threads && !r->thread[0].process) {
		free(text);
		text = slurp_pid(r->thread[0].pid, "timens_offsets", NULL);
	}
	p = text ? strstr(text, "boottime") : NULL;
	if (p)
		sscanf(p, "boottime %lld %lld", &sec, &nsec);
	free(text);
	return ticks + sec * hz + nsec * hz / 1000000000;
}

/* As in include/linux/sched.h */
#define PF_FORKNOEXEC	0x40

/*
 * Fields of /proc/PID/stat that status does not have; proc_pid_stat(5). With
 * @own, times and faults are those of the one thread.
 */
static void record_stat(struct recorder *r, pid_t pid, pid_t ns, bool own)
{
	enum { STAT_AS_IT_IS, STAT_PID, STAT_BOOTTIME, STAT_FLAGS };
	static const struct {
		int field;
		const char *name;
		int kind;
	} field[] = {
		{ 5, "pgrp", STAT_PID }, { 6, "session", STAT_PID }, { 7, "tty_nr" },
		{ 8, "tpgid" }, { 9, "flags", STAT_FLAGS }, { 10, "minflt" }, { 11, "cminflt" },
		{ 12, "majflt" }, { 13, "cmajflt" }, { 14, "utime" },
		{ 15, "stime" }, { 16, "cutime" }, { 17, "cstime" },
		{ 18, "priority" }, { 19, "nice" },
		{ 20, "num_threads" }, { 22, "starttime", STAT_BOOTTIME },
		{ 23, "vsize" }, { 25, "rsslim" },
		{ 26, "startcode" }, { 27, "endcode" }, { 28, "startstack" },
		{ 38, "exit_signal" }, { 40, "rt_priority" }, { 41, "policy" },
		{ 45, "start_data" }, { 46, "end_data" }, { 47, "start_brk" },
		{ 48, "arg_start" }, { 49, "arg_end" }, { 50, "env_start" },
		{ 51, "env_end" }, { 52, "exit_code" },
	};
	char name[64], number[32], *text, *p, *save = NULL;
	unsigned int f = 0;
	int i = 3;

	snprintf(name, sizeof(name), own ? "task/%d/stat" : "stat", pid);
	text = slurp_pid(pid, name, NULL);
	if (!text)
		return;
	p = strrchr(text, ')');
	for (p = strtok_r(p + 1, " \n", &save); p && f < sizeof(field) / sizeof(*field);
	     p = strtok_r(NULL, " \n", &save), i++) {
		if (i != field[f].field)
			continue;
		if (field[f].kind == STAT_PID) {
			snprintf(number, sizeof(number), "%d", ns_pid(r, atoi(p)));
			p = number;
		} else if (field[f].kind == STAT_BOOTTIME) {
			snprintf(number, sizeof(number), "%lld", own_ticks(r, atoll(p)));
			p = number;
		} else if (field[f].kind == STAT_FLAGS) {
			/* The others say what the kernel does just now. */
			p = strtoul(p, NULL, 10) & PF_FORKNOEXEC ? "forked" : "executed";
		}
		oracle_add(r->o, p, "%d/%sstat/%s", ns, own ? "own/" : "", field[f].name);
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

static void record_auxv(struct recorder *r, pid_t pid, pid_t ns)
{
	size_t len = 0, i;
	char *text = slurp_pid(pid, "auxv", &len), value[32];
	/* Of 32-bit programs key and value fit into one number of 64 bits. */
	bool narrow = text && len >= 8 && *(uint64_t *)text >> 32;
	size_t size = narrow ? 4 : 8;
	uint64_t key, aux;

	for (i = 0; text && (i + 2) * size <= len; i += 2) {
		key = narrow ? ((uint32_t *)text)[i] : ((uint64_t *)text)[i];
		aux = narrow ? ((uint32_t *)text)[i + 1] : ((uint64_t *)text)[i + 1];
		snprintf(value, sizeof(value), "%#llx", (unsigned long long)aux);
		oracle_add(r->o, value, "%d/auxv/%llu", ns, (unsigned long long)key);
		if (!key)
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

/* POSIX timers; "signal/pid.1234" names a task as we see it. */
static void record_timers(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "timers", NULL), *line, *dot, *save = NULL;
	unsigned int n = 0;

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		dot = strncmp(line, "notify:", 7) ? NULL : strchr(line, '.');
		if (dot) {
			*dot = '\0';
			oracle_add(r->o, line, "%d/timers/%03u/way", ns, n);
			sprintf(dot + 1, "%d", ns_pid(r, atoi(dot + 1)));
			line = dot + 1;
		}
		oracle_add(r->o, line, "%d/timers/%03u", ns, n++);
	}
	free(text);
}

/* "pipe:[1234]" becomes "pipe:#2", the second such object that was seen. */
void name_object(struct recorder *r, char *target, size_t size)
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

void record_link(struct recorder *r, pid_t pid, pid_t ns, const char *name,
		 bool objects)
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

/* In the order in which wait() comes upon them */
static void record_children(struct recorder *r, pid_t pid, pid_t ns)
{
	char name[64], *text, *p, *save = NULL, value[8 * MAX_TASKS] = "";
	size_t len = 0;

	snprintf(name, sizeof(name), "task/%d/children", pid);
	text = slurp_pid(pid, name, NULL);
	for (p = text ? strtok_r(text, " \n", &save) : NULL; p;
	     p = strtok_r(NULL, " \n", &save))
		len += snprintf(value + len, sizeof(value) - len, "%d ",
				ns_pid(r, atoi(p)));
	oracle_add(r->o, value, "%d/children", ns);
	free(text);
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

/* What a thread does not share with the first one, of all that it might */
static void record_thread_sharing(struct recorder *r, const struct task_ref *t)
{
	static const struct {
		int type;
		const char *name;
	} what[] = {
		{ KCMP_FILES, "files" }, { KCMP_FS, "fs" },
		{ KCMP_SYSVSEM, "sysvsem" }, { KCMP_IO, "io" },
	};
	pid_t leader = r->task[t->process].pid;
	unsigned int i, k;
	char value[32];

	for (i = 0; i < sizeof(what) / sizeof(*what); i++) {
		if (kcmp(leader, t->pid, what[i].type, 0, 0) == 0)
			continue;
		for (k = 0; &r->thread[k] < t; k++)
			if (kcmp(r->thread[k].pid, t->pid, what[i].type, 0, 0) == 0)
				break;
		snprintf(value, sizeof(value), "of %d", r->thread[k].nspid);
		oracle_add(r->o, value, "%d/kcmp/%s", t->nspid, what[i].name);
	}
	if (kcmp(leader, t->pid, KCMP_FILES, 0, 0))
		record_fds(r, t->pid, t->nspid);
}

/* Two-word lines, "name: value": a key for each. */
static void record_pairs(struct recorder *r, pid_t pid, pid_t ns,
			 const char *name, const char *as)
{
	char *text = slurp_pid(pid, name, NULL), *line, *save = NULL, *v;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		v = strchr(line, ':');
		if (!v)
			continue;
		*v++ = '\0';
		squeeze(v);
		oracle_add(r->o, v, "%d/%s/%s", ns, as, line);
	}
	free(text);
}

/* <linux/sched/types.h> cannot be had together with <sched.h>. */
struct sched_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

static void record_sched(struct recorder *r, pid_t pid, pid_t ns)
{
	struct sched_attributes a = { 0 };
	char value[200];

	if (syscall(SYS_sched_getattr, pid, &a, sizeof(a), 0))
		return;
	snprintf(value, sizeof(value),
		 "policy %u, flags %#llx, nice %d, priority %u, %llu of %llu within %llu, use %u to %u",
		 a.policy, (unsigned long long)a.flags, a.nice, a.priority,
		 (unsigned long long)a.runtime, (unsigned long long)a.period,
		 (unsigned long long)a.deadline, a.util_min, a.util_max);
	oracle_add(r->o, value, "%d/sched/attributes", ns);
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
	/* Of other policies it depends on what else there is to run. */
	if (sched_getscheduler(pid) == SCHED_RR && !sched_rr_get_interval(pid, &ts)) {
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

/* Of a thread that is not the first one of its process: what it may have alone */
static void record_thread(struct recorder *r, const struct task_ref *t)
{
	static const char *const text[] = { "comm", "personality", "timerslack_ns" };
	pid_t pid = t->pid, ns = t->nspid;
	unsigned int k;
	char name[64];

	record_status(r, pid, ns, true);
	record_stat(r, pid, ns, true);
	for (k = 0; k < sizeof(text) / sizeof(*text); k++)
		record_text(r, pid, ns, text[k]);
	record_link(r, pid, ns, "cwd", false);
	record_link(r, pid, ns, "root", false);
	record_namespaces_of_thread(r, pid, ns, r->task[t->process].pid);
	record_thread_sharing(r, t);
	record_calls(r, pid, ns);
	record_sched(r, pid, ns);
	record_children(r, pid, ns);
	snprintf(name, sizeof(name), "task/%d/io", pid);
	record_pairs(r, pid, ns, name, "io");
}

static bool has_threads(const struct recorder *r, unsigned int process)
{
	unsigned int i;

	for (i = 0; i < r->nr_threads; i++)
		if (r->thread[i].process == process)
			return true;
	return false;
}

int oracle_record(struct oracle *o, pid_t root)
{
	static const char *const text[] = {
		"comm", "limits", "oom_score_adj", "personality", "loginuid",
		"sessionid", "coredump_filter", "timerslack_ns", "uid_map",
		"gid_map", "setgroups", "attr/current", "autogroup",
		"cgroup", "projid_map",
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

		record_status(&r, pid, ns, false);
		record_stat(&r, pid, ns, false);
		if (has_threads(&r, i))
			record_stat(&r, pid, ns, true);
		record_children(&r, pid, ns);
		for (k = 0; k < sizeof(text) / sizeof(*text); k++)
			record_text(&r, pid, ns, text[k]);
		record_strings(&r, pid, ns, "cmdline");
		record_strings(&r, pid, ns, "environ");
		record_auxv(&r, pid, ns);
		record_lines(&r, pid, ns, "timens_offsets");
		record_timers(&r, pid, ns);
		record_link(&r, pid, ns, "cwd", false);
		record_link(&r, pid, ns, "root", false);
		record_link(&r, pid, ns, "exe", false);
		record_fds(&r, pid, ns);
		record_maps(&r, pid, ns);
		record_namespaces(&r, pid, ns);
		record_sharing(&r, i);
		record_calls(&r, pid, ns);
		record_sched(&r, pid, ns);
		record_pairs(&r, pid, ns, "io", "io");
		record_mounts(&r, pid, ns);
	}
	for (i = 0; i < r.nr_threads; i++)
		record_thread(&r, &r.thread[i]);
	record_descriptions(&r);
	record_net(&r, root);
	record_sysv(&r, root);
	oracle_sort(o);
	return 0;
}
