/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For bodies: what /proc says of oneself
 */
#ifndef CKPT_TEST_PROC_H
#define CKPT_TEST_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The number behind "@field:" in /proc/self/@file, or -1. */
long long proc_number(const char *file, const char *field, int base);

/* Field @nr of /proc/self/stat, as in proc_pid_stat(5), or -1. */
long long proc_stat(int nr);

/* The number behind "@field:" of the mapping at @mem in smaps, or -1. */
long smaps_number(const void *mem, const char *field);

/* The same of another process, for tests. */
long smaps_number_of(pid_t pid, const void *mem, const char *field);

/* Whether the mapping at @mem has the two-letter @flag in VmFlags. */
bool smaps_flag(const void *mem, const char *flag);

/* Number of pages of [mem, mem + len) that are there, or -1. */
long pages_present(const void *mem, size_t len);

/* Those of them that have other users, too; needs the right to see them. */
long pages_shared(const void *mem, size_t len);

/* Those of them that are locked, likewise. */
long pages_locked(const void *mem, size_t len);

#endif /* CKPT_TEST_PROC_H */
