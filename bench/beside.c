// SPDX-License-Identifier: GPL-2.0
/*
 * Our tools and CRIU on the same programs, in turn
 *
 * Runs in the machine, in a directory on tmpfs that holds the workload and the
 * tools. Prints one line of JSON for the machine and one for each sample, which
 * bench/report reads. It is small, because the peak memory of what it starts
 * begins with its own, and C, because it takes times.
 */
#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

#define MIB		(1UL << 20)
#define CRIU_IMAGES	"images"
#define PLAIN		"plain"
#define CRIU		"criu/root/ld.so", "--library-path", \
			"criu/root/usr/lib/x86_64-linux-gnu", \
			"criu/root/usr/sbin/criu"

static const struct workload workloads[] = {
	{ "memory-1", "memory", "1", 1, 1 },
	{ "memory-64", "memory", "64", 1, 64 },
	{ "memory-256", "memory", "256", 1, 256 },
	{ "memory-1024", "memory", "1024", 1, 1024 },
	{ "zero-1024", "zero", "1024", 1, 1024 },
	{ "tree-100", "tree", "100", 2, 0 },
	{ "files-1000", "files", "1000", 1, 0 },
	{ "threads-100", "threads", "100", 2, 0 },
};

/* Nothing is in any cache yet, so it does not count. */
static const struct workload warm_up = { "warm-up", "memory", "1", 1, 1 };

/* ---- the two tools ---- */

static bool criu_dump(const char *pid, struct run *r)
{
	return run((const char *[]){ CRIU, "dump", "--tree", pid,
				     "--images-dir", CRIU_IMAGES,
				     "--leave-running", NULL }, r);
}

static bool criu_restore(struct run *r)
{
	return run((const char *[]){ CRIU, "restore", "--images-dir",
				     CRIU_IMAGES, "--restore-detached", NULL },
		   r);
}

static const struct tool {
	const char *name;
	bool (*dump)(const char *pid, struct run *r);
	bool (*restore)(struct run *r);
} tools[] = {
	{ "ours", our_dump, our_restore },
	{ "criu", criu_dump, criu_restore },
};

#define NR_TOOLS (sizeof(tools) / sizeof(*tools))

/* Calls @each for all that the tool has written. */
static void each_image(const struct tool *tool, void (*each)(const char *path))
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	if (tool == tools) {
		each(IMAGE);
		return;
	}
	dir = opendir(CRIU_IMAGES);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), CRIU_IMAGES "/%s", e->d_name);
		if (e->d_name[0] != '.')
			each(path);
	}
	closedir(dir);
}

static long long image_bytes;

/* What CRIU notes about itself is none. */
static void add_bytes(const char *path)
{
	struct stat st;

	if (!strstr(path, "/stats-") && !stat(path, &st))
		image_bytes += st.st_size;
}

static void remove_image(const char *path)
{
	unlink(path);
}

static uint64_t varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t value = 0;
	int shift = 0;

	while (*p < end) {
		value |= (uint64_t)(**p & 0x7f) << shift;
		shift += 7;
		if (!(*(*p)++ & 0x80))
			break;
	}
	return value;
}

/*
 * How long CRIU thinks that the tasks were frozen: frozen_time, field 2 of
 * field 1, in microseconds. Two magic numbers and a length stand before it; all
 * fields are numbers.
 */
static double criu_frozen_ms(void)
{
	unsigned char buf[512];
	const unsigned char *p = buf + 12, *end;
	int fd = open(CRIU_IMAGES "/stats-dump", O_RDONLY);
	uint64_t key, value;

	end = buf + (fd < 0 ? 0 : read(fd, buf, sizeof(buf)));
	close(fd);
	if (varint(&p, end) != (1 << 3 | 2))
		return 0;
	varint(&p, end);
	while (p < end) {
		key = varint(&p, end);
		value = varint(&p, end);
		if (key == 2 << 3)
			return value / 1e3;
	}
	return 0;
}

/* ---- samples ---- */

static void begin_sample(const struct workload *w, const char *who, int round)
{
	printf("{\"workload\": \"%s\", \"tool\": \"%s\", \"round\": %d",
	       w->name, who, round);
}

static void end_sample(void)
{
	puts("}");
	fflush(stdout);
}

/* The last line of what the tool said is the result of the sample. */
static void print_failure(const char *step)
{
	char line[512], last[512] = "";
	FILE *f = fopen(LOG, "r");
	char *c;

	while (f && fgets(line, sizeof(line), f)) {
		fprintf(stderr, "    %s", line);
		if (*line != '\n')
			strcpy(last, line);
	}
	if (f)
		fclose(f);
	for (c = last; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
			*c = ' ';
	printf(", \"failed\": \"%s\", \"error\": \"%s\"", step, last);
}

static bool dump(const struct workload *w, const struct tool *tool, pid_t pid)
{
	struct run r;
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (!tool->dump(text, &r)) {
		print_failure("dump");
		return false;
	}
	usleep(100000);
	image_bytes = 0;
	each_image(tool, add_bytes);
	printf(", \"dump_ms\": %.2f, \"frozen_ms\": %.2f, \"image_bytes\": %lld, \"dump_rss_kib\": %ld",
	       ms(r.end - r.begin), frozen_ms(w, &r), image_bytes, r.rss_kib);
	if (tool != tools)
		printf(", \"frozen_by_own_stats_ms\": %.2f", criu_frozen_ms());
	return true;
}

static void restore(const struct workload *w, const struct tool *tool,
		    pid_t pid)
{
	int64_t first, last;
	struct run r;

	/* How long it was away is found beginning with its death. */
	forget_gaps();
	if (!tool->restore(&r)) {
		print_failure("restore");
		return;
	}
	if (!went_on(w, &r, &first, &last)) {
		printf(", \"failed\": \"restore\", \"error\": \"it does not go on\"");
		stop(pid, SIGKILL);
		return;
	}
	if (!stop(pid, SIGTERM)) {
		printf(", \"failed\": \"restore\", \"error\": \"it is not what it was\"");
		return;
	}
	printf(", \"restore_first_ms\": %.2f, \"restore_ms\": %.2f, \"restore_rss_kib\": %ld",
	       ms(first - r.begin), ms(last - r.begin), r.rss_kib);
}

static void sample(const struct workload *w, const struct tool *tool, int round)
{
	pid_t pid = start(w);
	bool ok;

	begin_sample(w, tool->name, round);
	ok = dump(w, tool, pid);
	stop(pid, SIGKILL);
	if (ok)
		restore(w, tool, pid);
	each_image(tool, remove_image);
	end_sample();
}

/* ---- what the machine can do at best ---- */

/* By dd's own clock: without starting it. */
static double dd_ms(const char *from, const char *to, unsigned int mib)
{
	char command[256], text[256];
	double seconds = 0;
	const char *at;
	FILE *f;

	snprintf(command, sizeof(command),
		 "LC_ALL=C dd if=%s of=%s bs=1M count=%u 2>&1", from, to, mib);
	f = popen(command, "r");
	while (f && fgets(text, sizeof(text), f)) {
		at = strstr(text, "copied, ");
		if (at)
			seconds = atof(at + strlen("copied, "));
	}
	if (!f || pclose(f))
		die("dd");
	return seconds * 1e3;
}

/* In a process of its own: our memory is where that of the tools begins. */
static double memcpy_ms(unsigned int mib)
{
	size_t size = mib * MIB;
	int64_t *mem, begin;

	mem = mmap(NULL, 2 * size + MIB, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		die("memory");
	if (!fork()) {
		memset(mem, 1, 2 * size + MIB);
		begin = now_ns();
		memcpy((char *)mem + MIB, (char *)mem + MIB + size, size);
		*mem = now_ns() - begin;
		_exit(0);
	}
	wait(NULL);
	begin = *mem;
	munmap(mem, 2 * size + MIB);
	return ms(begin);
}

static void limits(const struct workload *w, int round)
{
	double write, read;

	if (!w->mib)
		return;
	write = dd_ms("/dev/zero", PLAIN, w->mib);
	read = dd_ms(PLAIN, "/dev/null", w->mib);
	unlink(PLAIN);
	begin_sample(w, "limits", round);
	printf(", \"dd_write_ms\": %.2f, \"dd_read_ms\": %.2f, \"memcpy_ms\": %.2f",
	       write, read, memcpy_ms(w->mib));
	end_sample();
}

/* ---- the whole ---- */

/* As cpuid tells: KVMKVMKVM, TCGTCGTCGTCG, or nothing on a real machine. */
static void hypervisor(char *name)
{
	unsigned int a, r[4] = { 0 };

	__cpuid(1, a, r[0], r[1], r[2]);
	if (r[1] >> 31)
		__cpuid(0x40000000, a, r[0], r[1], r[2]);
	else
		memset(r, 0, sizeof(r));
	memcpy(name, r, sizeof(r));
}

static void print_machine(void)
{
	char name[sizeof(int) * 4], line[256] = "", version[64] = "";
	struct utsname u;
	struct run r;
	FILE *f;

	uname(&u);
	hypervisor(name);
	if (!run((const char *[]){ CRIU, "--version", NULL }, &r))
		die("criu");
	f = fopen(LOG, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Version: %63s", version);
	printf("{\"kernel\": \"%s\", \"criu\": \"%s\", \"hypervisor\": \"%s\", \"cpus\": %ld, \"memory_mib\": %ld}\n",
	       u.release, version, name, sysconf(_SC_NPROCESSORS_ONLN),
	       sysconf(_SC_PHYS_PAGES) / (long)(MIB / sysconf(_SC_PAGESIZE)));
	fflush(stdout);
}

/* CRIU keeps what it finds out about the kernel. */
static void prepare(void)
{
	struct run r;

	setenv("LD_PRELOAD", "./no-nftables.so", 1);
	if (!run((const char *[]){ CRIU, "check", NULL }, &r)) {
		print_failure("check");
		exit(1);
	}
	unsetenv("LD_PRELOAD");

	sample_init();
	mkdir(CRIU_IMAGES, 0700);
}

/* The host gives the machine its memory at the first touch: whose would it be? */
static void touch_memory(void)
{
	struct sysinfo info;
	size_t size;
	void *mem;

	sysinfo(&info);
	size = info.freeram / 10 * 9;
	if (!fork()) {
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem != MAP_FAILED)
			memset(mem, 1, size);
		_exit(0);
	}
	wait(NULL);
}

static bool selected(const struct workload *w, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++)
		if (!strcmp(argv[i], w->name))
			return true;
	return argc <= 2;
}

/* Each is the first one every other time. */
static void measure(const struct workload *w, int rounds)
{
	int round;
	size_t i;

	for (round = 0; round < rounds; round++) {
		fprintf(stderr, "%s %d\n", w->name, round + 1);
		for (i = 0; i < NR_TOOLS; i++)
			sample(w, &tools[(i + round) % NR_TOOLS], round);
		limits(w, round);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	size_t i;

	prepare();
	print_machine();
	touch_memory();
	measure(&warm_up, NR_TOOLS);
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		if (selected(&workloads[i], argc, argv))
			measure(&workloads[i], rounds);
	return 0;
}
