// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The same with other threads, which have to stand still for it
 *
 *	cc -pthread -o self_threads self_threads.c \
 *		$(pkg-config --cflags --libs libcheckpoint)
 *	./self_threads sum.image
 *	restart --wait -i sum.image
 *
 * A control group freezes them: one of version 2, which is threaded, below the one
 * that the process is in. So the process needs the right to make that, and its
 * own group must pass no controllers on that know only whole processes. With
 * version 1 a group of the freezer does the same, and threads are moved by the
 * file "tasks".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>

#define MOUNTED		"/sys/fs/cgroup"
#define THREADS		4
#define STEPS		100000000UL

static atomic_ulong next, sum;

/* Our group, and the one below it for the others */
static char own[512], below[600];

static void die(const char *what)
{
	fprintf(stderr, "self_threads: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put(const char *group, const char *name, const char *text)
{
	char path[700];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* No such process: a thread that has ended meanwhile. */
	if (fd < 0 || (write(fd, text, strlen(text)) < 0 && errno != ESRCH))
		die(path);
	close(fd);
}

static int is_frozen(void)
{
	char path[700], text[256];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", below);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, text, sizeof(text) - 1);
	if (got < 0)
		die(path);
	close(fd);
	text[got] = '\0';
	return strstr(text, "frozen 1") != NULL;
}

static void find_own_group(void)
{
	char line[400], path[400];
	FILE *f = fopen("/proc/self/cgroup", "re");

	if (!f)
		die("/proc/self/cgroup");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "0::%399[^\n]", path) == 1)
			snprintf(own, sizeof(own), MOUNTED "%s", path);
	fclose(f);
	snprintf(below, sizeof(below), "%s/self_threads.%d", own, getpid());
}

/* All but the calling one; nobody makes new ones in between. */
static void move_threads(const char *group)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;

	if (!dir)
		die("/proc/self/task");
	while ((e = readdir(dir)))
		if (*e->d_name != '.' && atoi(e->d_name) != gettid())
			put(group, "cgroup.threads", e->d_name);
	closedir(dir);
}

/*
 * From here on any of them may stand still with a lock in its hands, that of
 * malloc() or of a stream, too: we must not wait for one until they go on.
 */
static void stop_threads(void)
{
	if (mkdir(below, 0755) < 0)
		die(below);
	put(below, "cgroup.type", "threaded");
	move_threads(below);
	put(below, "cgroup.freeze", "1");
	while (!is_frozen())
		usleep(1000);
}

static void let_them_go(void)
{
	put(below, "cgroup.freeze", "0");
	move_threads(own);
	if (rmdir(below) < 0)
		die(below);
}

/* Why there is no image */
static void show(int log)
{
	off_t start = 0;

	while (sendfile(STDERR_FILENO, log, &start, 4096) > 0)
		;
}

/* True in the process that goes on from the image, with all of its threads. */
static int save(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int log = memfd_create("log", MFD_CLOEXEC), error;
	long ret;

	if (fd < 0 || log < 0)
		die(path);
	fflush(NULL);
	find_own_group();
	stop_threads();
	ret = ckpt_checkpoint(0, fd, CHECKPOINT_SUBTREE | CHECKPOINT_LOG, log);
	error = errno;
	/* There they are in no such group, and not frozen. */
	if (!ret)
		return 1;
	let_them_go();
	show(log);
	errno = error;
	if (ret < 0)
		die("checkpoint");
	if (fsync(fd) < 0)
		die(path);
	close(fd);
	close(log);
	return 0;
}

static void *work(void *unused)
{
	unsigned long i;

	while ((i = atomic_fetch_add(&next, 1)) < STEPS)
		atomic_fetch_add(&sum, i * i % 1000);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	unsigned long at;
	int i;

	if (argc != 2) {
		fprintf(stderr, "usage: self_threads IMAGE\n");
		return 2;
	}
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			die("a thread");
	while ((at = atomic_load(&next)) < STEPS / 10)
		usleep(1000);
	if (save(argv[1]))
		printf("restarted in the middle\n");
	else
		printf("saved in the middle\n");
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("sum %lu\n", atomic_load(&sum));
	return 0;
}
