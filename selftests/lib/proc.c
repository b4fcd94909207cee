// SPDX-License-Identifier: GPL-2.0
/*
 * For bodies: what /proc says of oneself
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define PAGE		4096UL
#define PM_THERE	(3ULL << 62)	/* present or swapped */
#define PM_EXCLUSIVE	(1ULL << 56)
#define PM_FRAME	((1ULL << 55) - 1)
#define KPF_LOCKED	(1ULL << 33)	/* by mlock() */

static FILE *open_self(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	return fopen(path, "re");
}

static bool is_field(const char *line, const char *field)
{
	size_t len = strlen(field);

	return !strncmp(line, field, len) && line[len] == ':';
}

long long proc_number(const char *file, const char *field, int base)
{
	FILE *f = open_self(file);
	long long ret = -1;
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		if (!is_field(line, field))
			continue;
		ret = strtoull(line + strlen(field) + 1, NULL, base);
		break;
	}
	if (f)
		fclose(f);
	return ret;
}

long long proc_stat(int nr)
{
	FILE *f = open_self("stat");
	long long ret = -1;
	char line[2048], *p;
	size_t n;

	if (!f)
		return -1;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	p = strrchr(line, ')');	/* ends field 2 */
	for (; p && nr > 2; nr--)
		p = strchr(p + 1, ' ');
	if (p)
		ret = strtoll(p + 1, NULL, 10);
	return ret;
}

/* Calls @found with the lines of the mapping at @mem until it returns true. */
static void find_in_smaps(FILE *f, const void *mem,
			  bool (*found)(char *line, void *arg), void *arg)
{
	unsigned long start, end;
	bool inside = false;
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			if (inside)
				break;
			inside = (uintptr_t)mem >= start && (uintptr_t)mem < end;
		} else if (inside && found(line, arg)) {
			break;
		}
	}
	if (f)
		fclose(f);
}

struct wanted {
	const char *what;
	long value;
};

static bool is_number(char *line, void *arg)
{
	struct wanted *w = arg;

	if (!is_field(line, w->what))
		return false;
	w->value = strtol(line + strlen(w->what) + 1, NULL, 10);
	return true;
}

static bool has_flag(char *line, void *arg)
{
	struct wanted *w = arg;
	char flag[8];

	if (!is_field(line, "VmFlags"))
		return false;
	snprintf(flag, sizeof(flag), " %s", w->what);
	w->value = !!strstr(line, flag);
	return true;
}

long smaps_number(const void *mem, const char *field)
{
	struct wanted w = { field, -1 };

	find_in_smaps(open_self("smaps"), mem, is_number, &w);
	return w.value;
}

long smaps_number_of(pid_t pid, const void *mem, const char *field)
{
	struct wanted w = { field, -1 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	find_in_smaps(fopen(path, "re"), mem, is_number, &w);
	return w.value;
}

bool smaps_flag(const void *mem, const char *flag)
{
	struct wanted w = { flag, 0 };

	find_in_smaps(open_self("smaps"), mem, has_flag, &w);
	return w.value;
}

static long count_pages(const void *mem, size_t len, uint64_t mask, uint64_t not)
{
	uint64_t entry;
	size_t off;
	long n = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (off = 0; off < len; off += PAGE) {
		if (pread(fd, &entry, 8, ((uintptr_t)mem + off) / PAGE * 8) != 8)
			break;
		n += (entry & mask) && !(entry & not);
	}
	close(fd);
	return off < len ? -1 : n;
}

long pages_present(const void *mem, size_t len)
{
	return count_pages(mem, len, PM_THERE, 0);
}

long pages_shared(const void *mem, size_t len)
{
	return count_pages(mem, len, PM_THERE, PM_EXCLUSIVE);
}

static bool is_locked(int pagemap, int flags, uintptr_t addr)
{
	uint64_t entry, of_frame;

	return pread(pagemap, &entry, 8, addr / PAGE * 8) == 8 &&
	       entry & PM_THERE &&
	       pread(flags, &of_frame, 8, (entry & PM_FRAME) * 8) == 8 &&
	       of_frame & KPF_LOCKED;
}

long pages_locked(const void *mem, size_t len)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	size_t off;
	long n = 0;

	for (off = 0; off < len; off += PAGE)
		n += is_locked(pagemap, flags, (uintptr_t)mem + off);
	close(pagemap);
	close(flags);
	return n;
}
