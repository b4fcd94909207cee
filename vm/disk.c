// SPDX-License-Identifier: GPL-2.0
/*
 * The disks of a machine: sparse files, each with a file system of its own.
 *
 * They lie in the shared directory, where they stay and are used again, or else
 * in the machine's own and go with it. The control directory has a name for each
 * that a kernel's command line can carry.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

/* XFS takes no less than 300 MiB. */
#define DISK_SIZE	(512L << 20)

/* What can be made, and how; all but the file */
static const char *const mkfs[][3] = {
	{ "mkfs.ext4", "-q" },
	{ "mkfs.btrfs", "-q" },
	{ "mkfs.xfs", "-q" },
};

static const char *const *find_mkfs(const char *fs)
{
	size_t i;

	for (i = 0; i < sizeof(mkfs) / sizeof(*mkfs); i++)
		if (!strcmp(mkfs[i][0] + strlen("mkfs."), fs))
			return mkfs[i];
	return NULL;
}

void add_disk(struct machine *m, const char *fs)
{
	int i;

	if (!find_mkfs(fs))
		fail("disk: neither ext4 nor btrfs nor xfs: %s", fs);
	for (i = 0; i < m->ndisks; i++)
		if (!strcmp(m->disks[i].fs, fs))
			fail("disk: %s more than once", fs);
	m->disks[m->ndisks++].fs = fs;
}

/* An ordinary user's PATH may lack where it is. */
static void __attribute__((noreturn))
run_mkfs(const char *const *command, const char *file, const char *output)
{
	int fd = open(output, O_RDWR | O_CREAT | O_TRUNC, 0600);
	const char *path = getenv("PATH");
	char *more, *argv[4];
	sigset_t none;
	int i;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    asprintf(&more, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") < 0 ||
	    setenv("PATH", more, 1))
		_exit(EXIT_MACHINE);
	for (i = 0; command[i]; i++)
		argv[i] = (char *)command[i];
	argv[i++] = (char *)file;
	argv[i] = NULL;
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static void make_fs(const struct machine *m, const char *fs, const char *file)
{
	const char *const *command = find_mkfs(fs);
	char *output = format("%s/mkfs", m->dir);
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		run_mkfs(command, file, output);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("cannot start a process: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		fail("there is no %s; install it: scripts/deps disks", command[0]);
	if (status) {
		print_tail(output, 10, stderr);
		fail("%s failed", command[0]);
	}
	free(output);
}

/* A file has its last name when there is a file system in it. */
static void make_disk(const struct machine *m, const char *fs, const char *file)
{
	char *new = format("%s.new", file);
	int fd;

	fd = open(new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, DISK_SIZE) || close(fd))
		fail("cannot make %s: %s", new, strerror(errno));
	make_fs(m, fs, new);
	if (rename(new, file))
		fail("cannot make %s: %s", file, strerror(errno));
	free(new);
}

/* Until we end: two kernels with one file system would destroy it. */
static void lock_disk(const char *file)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("cannot use %s: %s", file, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB))
		fail("%s: in use by another machine", file);
}

void make_disks(struct machine *m)
{
	char *file;
	int i;

	for (i = 0; i < m->ndisks; i++) {
		const char *fs = m->disks[i].fs;

		file = format("%s/%s.disk", m->state ?: m->dir, fs);
		if (access(file, F_OK))
			make_disk(m, fs, file);
		lock_disk(file);
		m->disks[i].file = format("%s/disk%d", m->dir, i);
		if (symlink(file, m->disks[i].file))
			fail("cannot make %s: %s", m->disks[i].file,
			     strerror(errno));
		free(file);
	}
}
