/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the host side of vm/run. */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* What vm/run itself exits with; everything else is the command's. */
#define EXIT_TIMEOUT	124
#define EXIT_MACHINE	125

/* Without qemu a PC cannot be had; everything else needs it not. */
#define QEMU		"qemu-system-x86_64"

/* All that qemu has; five levels of page tables only make emulation slower. */
#define DEFAULT_CPU	"max,la57=off"

/*
 * For the kernel's command line if kmemleak is to look at the end. A slab cache
 * that is not debugged has sheaves, which keep the address of every object that
 * went through them: its leaks are hidden from kmemleak. F alone is enough.
 */
#define LEAK_ARGS	"slab_debug=F"

/* One of each file system that there are disks with */
#define MAX_DISKS	3

/**
 * struct disk - a disk of a machine
 * @fs: the file system on it
 * @file: the file that it is, a name in the control directory
 */
struct disk {
	const char *fs;
	char *file;
};

/**
 * struct machine - one virtual machine
 * @kernel: the User-Mode Linux binary, or the vmlinux of a PC
 * @dir: control directory, private to this machine
 * @boot: root the kernel boots from, in @dir
 * @over: directory laid over the host's root, or NULL
 * @state: directory shared with the machine, or NULL
 * @mem: memory in MiB
 * @cpus: virtual processors
 * @nodes: NUMA nodes that the memory is split into, or 0 if there are none
 * @disks: its disks, @ndisks of them
 * @append: more arguments for the kernel's command line, @nappend of them
 * @pc: a PC in qemu, else User-Mode Linux
 * @accel: kvm or tcg, the way qemu runs it, or NULL for the better one
 * @cpu: model of the processors of a PC, as qemu takes it
 * @debug: the kernel has the checkers of configs/debug.config
 * @contained: the kernel runs in mount and pid namespaces of its own
 * @pid: process to kill so that nothing of the machine stays
 */
struct machine {
	const char *kernel, *accel, *cpu;
	char *dir, *boot, *over, *state;
	struct disk disks[MAX_DISKS];
	int ndisks;
	char **append;
	int nappend;
	unsigned long mem;
	unsigned int cpus, nodes;
	bool pc, debug, contained;
	pid_t pid;
};

/* The machine's ends of the socket pairs. */
struct lines {
	int log, ctl, out, err;
};

void fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void add_disk(struct machine *m, const char *fs);
void make_disks(struct machine *m);
int um_start(struct machine *m, const struct lines *lines);
int qemu_start(struct machine *m, const struct lines *lines);
bool qemu_is_there(void);
unsigned long host_memory(const char *field);
void raise_map_count(unsigned long mem);

bool report_splats(const char *log, FILE *to);
void print_tail(const char *log, int lines, FILE *to);

#endif
