// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle's view of memory
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "recorder.h"

#define PM_THERE	(3ULL << 62)	/* present or swapped */
#define PM_GUARD	(1ULL << 58)

/* Where the task's struct rseq is, or 0. */
static unsigned long rseq_area(pid_t pid)
{
	static const char name[] = CKPT_RSEQ_VARIABLE "=";
	size_t len, off;
	unsigned long area = 0;
	char *text;

	text = slurp_pid(pid, "environ", &len);
	for (off = 0; text && off < len; off += strlen(text + off) + 1)
		if (!strncmp(text + off, name, strlen(name)))
			area = strtoul(text + off + strlen(name), NULL, 16);
	free(text);
	return area;
}

/*
 * On which processor the task is, is not a part of its state. A pointer to a
 * critical section that was left is cleared sometime.
 */
static void forget_processor(unsigned char *page, unsigned long addr,
			     unsigned long area)
{
	if (!area || area < addr || area - addr > 4096 - 32)
		return;
	memset(page + area - addr, 0, 16);	/* cpu_id_start, cpu_id, rseq_cs */
	memset(page + area - addr + 20, 0, 8);	/* node_id, mm_cid */
}

/*
 * Content of a mapping: a hash of its non-zero pages. Pages of anonymous
 * memory are only read where there are any, so that recording populates
 * nothing.
 */
static void record_content(struct recorder *r, pid_t ns, int mem, int pagemap,
			   unsigned long start, unsigned long end,
			   unsigned long rseq, bool file)
{
	static unsigned char page[4096];
	static const unsigned char zero[4096];
	unsigned long addr, pages = 0, base = 0, have = 0;
	static uint64_t pm[4096], entry;
	uint64_t hash = 0, guards = 0, *w;
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
		entry = pm[(addr - base) / 4096];
		if (entry & PM_GUARD) {
			guards = mix(guards, addr);
			continue;
		}
		if (!file && !(entry & PM_THERE))
			continue;
		if (pread(mem, page, 4096, addr) != 4096)
			continue;
		forget_processor(page, addr, rseq);
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
	if (!guards)
		return;
	snprintf(value, sizeof(value), "hash %016llx", (unsigned long long)guards);
	oracle_add(r->o, value, "%d/guards/%012lx", ns, start);
}

/*
 * Content of a shared mapping, by way of its file: a process that looked at
 * its pages would make some where there are holes.
 */
static void record_shared(struct recorder *r, pid_t pid, pid_t ns,
			  unsigned long start, unsigned long end, off_t offset)
{
	off_t last = offset + (end - start), pos = offset, hole;
	static unsigned char page[4096];
	unsigned long pages = 0;
	uint64_t hash = 0, *w;
	char text[96];
	unsigned int i;
	int fd;

	snprintf(text, sizeof(text), "/proc/%d/map_files/%lx-%lx", pid, start, end);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (pos < last && (pos = lseek(fd, pos, SEEK_DATA)) >= 0) {
		hole = lseek(fd, pos, SEEK_HOLE);
		for (pos &= ~4095L; pos < hole && pos < last; pos += 4096) {
			uint64_t any = 0, sum = 0;

			memset(page, 0, sizeof(page));
			if (pread(fd, page, 4096, pos) <= 0)
				break;
			for (i = 0, w = (uint64_t *)page; i < 512; i++) {
				any |= w[i];
				sum = mix(sum, w[i]);
			}
			if (!any)
				continue;
			pages++;
			hash = mix(mix(hash, pos), sum);
		}
		pos = hole;
	}
	close(fd);
	snprintf(text, sizeof(text), "%lu pages, hash %016llx", pages,
		 (unsigned long long)hash);
	oracle_add(r->o, text, "%d/memory/%012lx", ns, start);
}

struct mapping {
	unsigned long start;
	unsigned long end;
	unsigned long off;
	unsigned long ino;
	char perms[8];
	char rest[300];		/* device, inode and name */
	char flags[256];	/* with the protection key, if there are any */
};

/*
 * "gu" says that there may be guards; those that there are, are recorded. "sd"
 * is for who looks for changed pages: after a restart all are.
 */
static void drop_flag(char *flags, const char *flag)
{
	char *p = strstr(flags, flag);

	if (p)
		memmove(p, p + strlen(flag), strlen(p + strlen(flag)) + 1);
}

static void parse_mapping(struct mapping *m, char *line)
{
	unsigned long start, end, off, ino;
	char perms[8], dev[16], *v = strchr(line, ' ');
	int rest;

	if (!strncmp(line, "VmFlags: ", 9) || !strncmp(line, "ProtectionKey: ", 15)) {
		strncat(m->flags, v + 1, sizeof(m->flags) - strlen(m->flags) - 1);
		drop_flag(m->flags, " gu");
		drop_flag(m->flags, " sd");
	} else if (sscanf(line, "%lx-%lx %7s %lx %n%15s %lu", &start, &end, perms,
			  &off, &rest, dev, &ino) == 6) {
		memset(m, 0, sizeof(*m));
		m->start = start;
		m->end = end;
		m->off = off;
		m->ino = ino;
		strcpy(m->perms, perms);
		snprintf(m->rest, sizeof(m->rest), "%s", line + rest);
	}
}

static bool is_mapping(const char *line)
{
	unsigned long start, end;

	return sscanf(line, "%lx-%lx ", &start, &end) == 2;
}

/* Neighbours that differ in nothing: whether they are two is nobody's business. */
static bool continues(const struct mapping *a, const struct mapping *b)
{
	return a->end == b->start && !strcmp(a->perms, b->perms) &&
	       !strcmp(a->rest, b->rest) && !strcmp(a->flags, b->flags) &&
	       (!a->ino || a->off + (a->end - a->start) == b->off);
}

static void record_mapping(struct recorder *r, pid_t pid, pid_t ns,
			   const struct mapping *m, unsigned long rseq,
			   int mem, int pagemap)
{
	const char *name = strchr(m->rest, '/');
	char value[400], object[64];
	bool file;

	snprintf(value, sizeof(value), "%lx-%lx %s %lx %s", m->start, m->end,
		 m->perms, m->off, m->rest);
	/* Memory without a file system: which object it is, not its number. */
	if (!strncmp(m->rest, "00:01 ", 6) && name) {
		snprintf(object, sizeof(object), "shmem:[%lu]", m->ino);
		name_object(r, object, sizeof(object));
		snprintf(value, sizeof(value), "%lx-%lx %s %lx %s %s", m->start,
			 m->end, m->perms, m->off, object, name);
	}
	oracle_add(r->o, value, "%d/maps/%012lx", ns, m->start);
	oracle_add(r->o, m->flags, "%d/maps/%012lx/flags", ns, m->start);
	/* The vDSO is there for whoever touches it, like a file. */
	file = m->ino != 0 || strstr(m->rest, "[vdso]");
	/* vvar shows clocks; the text of files is the file's. */
	if (strstr(m->rest, "[vvar") || strstr(m->rest, "[vsyscall") ||
	    strstr(m->flags, "dp") ||	/* the kernel may drop it any time */
	    (m->ino && m->perms[1] != 'w'))
		return;
	if (m->perms[3] == 's')
		record_shared(r, pid, ns, m->start, m->end, m->off);
	else if (mem >= 0 && pagemap >= 0)
		record_content(r, ns, mem, pagemap, m->start, m->end, rseq,
			       file);
}

/* maps, what smaps says beside numbers of pages, and what is in the memory. */
void record_maps(struct recorder *r, pid_t pid, pid_t ns)
{
	char *text = slurp_pid(pid, "smaps", NULL), *line, *save = NULL, path[64];
	struct mapping now = { 0 }, next = { 0 };
	unsigned long rseq = rseq_area(pid);
	int mem, pagemap;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	for (line = text ? strtok_r(text, "\n", &save) : NULL;;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line)
			squeeze(line);
		if (line && !is_mapping(line)) {
			parse_mapping(&next, line);
			continue;
		}
		/* @next is complete. */
		if (now.end && continues(&now, &next)) {
			now.end = next.end;
		} else {
			if (now.end)
				record_mapping(r, pid, ns, &now, rseq, mem, pagemap);
			now = next;
		}
		if (!line)
			break;
		parse_mapping(&next, line);
	}
	if (now.end)
		record_mapping(r, pid, ns, &now, rseq, mem, pagemap);
	free(text);
	if (mem >= 0)
		close(mem);
	if (pagemap >= 0)
		close(pagemap);
}
