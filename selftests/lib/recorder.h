/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the recording parts of the oracle share
 */
#ifndef CKPT_TEST_RECORDER_H
#define CKPT_TEST_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oracle.h"

#define MAX_TASKS	1024
#define MAX_THREADS	4096
#define MAX_OBJECTS	1024

struct task_ref {
	pid_t pid;		/* as seen from here */
	pid_t nspid;		/* as seen in the tree */
	unsigned int process;	/* of a thread: index of its process */
};

struct recorder {
	struct oracle *o;
	struct task_ref task[MAX_TASKS];	/* processes */
	unsigned int nr;
	struct task_ref thread[MAX_THREADS];	/* but the first ones */
	unsigned int nr_threads;
	unsigned int depth;	/* pid namespaces from ours to the root's */
	struct {		/* inode numbers that only need to be the same */
		char name[64];
	} inode[MAX_OBJECTS];
	unsigned int nr_inodes;
};

/* All of a /proc file, or NULL. Embedded NULs stay; *len tells. */
char *slurp(const char *path, size_t *len);
char *slurp_pid(pid_t pid, const char *name, size_t *len);

/* Number of a task in the tree, 0 outside of it. */
pid_t ns_pid(const struct recorder *r, pid_t pid);

void squeeze(char *s);

/* "pipe:[1234]" becomes "pipe:#2", the second such object that was seen. */
void name_object(struct recorder *r, char *target, size_t size);
void record_link(struct recorder *r, pid_t pid, pid_t ns, const char *name,
		 bool objects);

static inline uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

/* oracle_fds.c */
void record_fds(struct recorder *r, pid_t pid, pid_t ns);
void record_descriptions(struct recorder *r);

/* oracle_mem.c */
void record_maps(struct recorder *r, pid_t pid, pid_t ns);

/* oracle_ns.c */
void record_namespaces(struct recorder *r, pid_t pid, pid_t ns);
/* Those that are not the same as of the process */
void record_namespaces_of_thread(struct recorder *r, pid_t pid, pid_t ns,
				 pid_t process);
void record_mounts(struct recorder *r, pid_t pid, pid_t ns);
void record_net(struct recorder *r, pid_t pid);
void record_sysv(struct recorder *r, pid_t pid);

#endif /* CKPT_TEST_RECORDER_H */
