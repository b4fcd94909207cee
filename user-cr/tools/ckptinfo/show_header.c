// SPDX-License-Identifier: GPL-2.0-only
/* The summary and the header */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/util.h"
#include "info.h"

static void print_id(const uint8_t *id)
{
	int i;

	for (i = 0; i < 16; i++)
		printf("%02x", id[i]);
	putchar('\n');
}

static const char *date_text(uint64_t ns)
{
	static char text[40];
	time_t seconds = ns / 1000000000;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "?";
	return text;
}

static const char *arch_text(uint32_t arch)
{
	static char text[24];

	if (ckpt_arch_name(arch))
		return ckpt_arch_name(arch);
	snprintf(text, sizeof(text), "architecture %u", arch);
	return text;
}

static const char *kind_text(const struct ckpt_image_header *h)
{
	return h->flags & CKPT_IMAGE_CONTAINER ? "container" : "subtree";
}

static uint64_t mapped_bytes(const struct info *info)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < info->nr_vmas; i++)
		sum += info->vma[i].saved.end - info->vma[i].saved.start;
	return sum;
}

static void print_root(const struct info *info)
{
	const struct ckpt_task *root = &info->tree.task[0].saved;

	printf("root       pid %u (", root->pid);
	print_text(root->comm);
	printf("), %d processes, %d tasks\n", info->tree.nr_processes,
	       info->tree.nr);
}

void show_summary(const struct info *info)
{
	const struct ckpt_image_header *h = info->header;

	printf("image      %s, format %u, ", kind_text(h), h->version);
	print_id(h->image_id);
	printf("written    %s on %s by ", date_text(h->realtime_ns),
	       arch_text(h->arch));
	print_text(h->sysname);
	putchar(' ');
	print_text(h->release);
	putchar('\n');
	print_root(info);
	printf("memory     %s saved of %s mapped\n",
	       size_text(info->trailer.nr_bytes),
	       size_text(mapped_bytes(info)));
	printf("size       %s, of which %s metadata in %zu records\n",
	       size_text(info->size),
	       size_text(info->bulk_offset - info->metadata_offset),
	       info->nr_entries);
	printf("checksums  ok\n");
}

static void print_seconds(const char *name, uint64_t ns)
{
	printf("%-15s %" PRIu64 ".%09" PRIu64 " s\n", name, ns / 1000000000,
	       ns % 1000000000);
}

static void print_name(const char *name, const char *text)
{
	printf("%-15s ", name);
	print_text(text);
	putchar('\n');
}

static void show_machine(const struct ckpt_image_header *h)
{
	print_name("system", h->sysname);
	print_name("release", h->release);
	print_name("kernel version", h->kernel_version);
	print_name("machine", h->machine);
	printf("architecture    %s\n", arch_text(h->arch));
	printf("page size       %u\n", h->page_size);
	printf("timer ticks     %u Hz\n", h->hz);
	printf("task size       %#" PRIx64 "\n", (uint64_t)h->task_size);
	printf("CPU features    %016" PRIx64 " %016" PRIx64 " %016" PRIx64
	       " %016" PRIx64 "\n",
	       (uint64_t)h->cpu_features[0], (uint64_t)h->cpu_features[1],
	       (uint64_t)h->cpu_features[2], (uint64_t)h->cpu_features[3]);
	printf("FPU state       %" PRIu64 " bytes\n", (uint64_t)h->fpu_size);
	printf("vDSO hash       %016" PRIx64 "\n", (uint64_t)h->vdso_hash);
}

void show_header(const struct info *info)
{
	const struct ckpt_image_header *h = info->header;

	printf("format          %u, features %#" PRIx64 "\n", h->version,
	       (uint64_t)h->features);
	printf("kind            %s\n", kind_text(h));
	printf("image id        ");
	print_id(h->image_id);
	printf("base id         ");
	print_id(h->base_id);
	show_machine(h);
	printf("%-15s %s\n", "real time", date_text(h->realtime_ns));
	print_seconds("monotonic", h->monotonic_ns);
	print_seconds("boot time", h->boottime_ns);
	printf("root pid        %u\n", h->root_pid);
	printf("tasks           %u\n", h->nr_tasks);
	printf("objects         %u\n", h->nr_objects);
}
