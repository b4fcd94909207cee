// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls as far as the tools can tell, on any kernel
 *
 * Linked into the tools for their tests in the place of the real calls. No
 * process is saved or restored; checkpoint() delivers a test image, and a
 * restarted process runs a shell command. The environment says how:
 *
 *	FAKE_DIR	directory for files; needed by restart()
 *	FAKE_IMAGE	image that checkpoint() delivers
 *	FAKE_HOOK	shell command to run in checkpoint(), with the pid as $1
 *	FAKE_AGAIN	file: checkpoint() returns EAGAIN while it has lines
 *	FAKE_REFUSE_APPEND	checkpoint() wants no file that others append to, too
 *	FAKE_SLOW	checkpoint() takes a second
 *	FAKE_ERROR	checkpoint() fails with this errno ...
 *	FAKE_LOG	... and writes this line to the log
 *	FAKE_OPEN	restart() does not take an image, with this errno
 *	FAKE_NOJOIN	restart() does not let this pid join
 *	FAKE_STALL	the restart is never complete
 *	FAKE_COMPLETE	... or fails with this errno
 *	FAKE_PROGRAM	shell command that a restarted process runs
 *	FAKE_SYNC	shell command to run in fsync(), with the name of what is
 *			written to the disk as $1; fsync() fails if it does
 *	FAKE_NAMED	the file system cannot have files without a name
 *	FAKE_TEMP	shell command to run when a file with a temporary name was
 *			made, which is $1
 *	FAKE_OWNED	file: takes the open files of a process that holds a user
 *			namespace for somebody else, a line each
 *
 * The context is a file with header and metadata. Its lock is held as long as
 * a context descriptor is open anywhere, as the real context would live.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <checkpoint/checkpoint.h>
#include <checkpoint/image.h>

#define POLL_US	2000

static void path_of(char *path, size_t size, const char *name)
{
	const char *dir = getenv("FAKE_DIR");

	snprintf(path, size, "%s/%s", dir ? dir : "/nowhere", name);
}

static int open_in_dir(const char *name, int flags)
{
	char path[256];

	path_of(path, sizeof(path), name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int run_shell(const char *command, const char *arg)
{
	int status = 0;
	pid_t child;

	if (!command)
		return 0;
	child = fork();
	if (!child) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, "sh", arg, NULL);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void run_hook(pid_t pid)
{
	char number[20];

	snprintf(number, sizeof(number), "%d", pid);
	run_shell(getenv("FAKE_HOOK"), number);
}

/* These take the place of the C library's. */
int fsync(int fd)
{
	char path[40], name[4096] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (getenv("FAKE_SYNC") && readlink(path, name, sizeof(name) - 1) > 0 &&
	    run_shell(getenv("FAKE_SYNC"), name))
		return fail(EIO);
	return syscall(SYS_fsync, fd);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (getenv("FAKE_NAMED") && (flags & O_TMPFILE) == O_TMPFILE)
		return fail(EOPNOTSUPP);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int mkostemp(char *name, int flags)
{
	char number[20];
	int fd;

	snprintf(number, sizeof(number), "%06d", getpid() % 1000000);
	memcpy(name + strlen(name) - 6, number, 6);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
	if (fd >= 0)
		run_shell(getenv("FAKE_TEMP"), name);
	return fd;
}

static void list_open(const char *to)
{
	DIR *dir = opendir("/proc/self/fd");
	int fd = open(to, O_WRONLY | O_APPEND | O_CLOEXEC);
	char name[4096];
	struct dirent *d;
	ssize_t len;

	while (dir && fd >= 0 && (d = readdir(dir))) {
		len = readlinkat(dirfd(dir), d->d_name, name, sizeof(name));
		if (len > 0 && atoi(d->d_name) != fd &&
		    atoi(d->d_name) != dirfd(dir))
			dprintf(fd, "%s %.*s\n", d->d_name, (int)len, name);
	}
	if (dir)
		closedir(dir);
	if (fd >= 0)
		close(fd);
}

/* The last thing that one does who makes it. */
ssize_t readlink(const char *path, char *buf, size_t size)
{
	const char *to = getenv("FAKE_OWNED");

	if (to && !strcmp(path, "/proc/self"))
		list_open(to);
	return readlinkat(AT_FDCWD, path, buf, size);
}

static int again(void)
{
	const char *name = getenv("FAKE_AGAIN");
	struct stat st;

	if (!name || stat(name, &st) < 0 || !st.st_size)
		return 0;
	return !truncate(name, st.st_size - 1);
}

static int copy_image(int fd)
{
	const char *name = getenv("FAKE_IMAGE");
	int from = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	char bytes[4096];
	ssize_t got;

	if (from < 0)
		return fail(ENOENT);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(fd, bytes, got) != got) {
			got = -1;
			break;
		} else if (getenv("FAKE_SLOW")) {
			usleep(200000);
		}
	close(from);
	return got;
}

long ckpt_checkpoint(pid_t pid, int fd, unsigned long flags, int logfd)
{
	const char *error = getenv("FAKE_ERROR");
	const char *log = getenv("FAKE_LOG");

	run_hook(pid);
	if (again())
		return fail(EAGAIN);
	if (getenv("FAKE_REFUSE_APPEND") && fcntl(fd, F_GETFL) & O_APPEND)
		return fail(EINVAL);
	if (log && flags & CHECKPOINT_LOG)
		dprintf(logfd, "%s\n", log);
	if (error && !(flags & CHECKPOINT_DRYRUN) && write(fd, "part", 4) < 0)
		return -1;
	if (error)
		return fail(atoi(error));
	return flags & CHECKPOINT_DRYRUN ? 0 : copy_image(fd);
}

/* The library reads all versions, the kernel the current one. */
static bool version_fits(const struct ckpt_item *item, int logfd)
{
	if (item->type != CKPT_ITEM_HEADER ||
	    item->header->version == CKPT_FORMAT_VERSION)
		return true;
	dprintf(logfd, "image: format version %u; this kernel reads version %u: see ckpt-convert(1)\n",
		item->header->version, CKPT_FORMAT_VERSION);
	return false;
}

static int write_context(int fd, struct ckpt_reader *reader, int logfd)
{
	struct ckpt_item item;
	int ret;

	while ((ret = ckpt_reader_next(reader, &item)) > 0) {
		if (!version_fits(&item, logfd))
			return -1;
		if (item.type == CKPT_ITEM_HEADER &&
		    write(fd, item.header, sizeof(*item.header)) < 0)
			return -1;
		if (item.type == CKPT_ITEM_RECORD &&
		    write(fd, item.record, item.record->len) < 0)
			return -1;
	}
	return ret;
}

static long open_context(int fd, unsigned long flags, int logfd)
{
	struct ckpt_reader *reader = ckpt_reader_new(fd);
	int context = open_in_dir("context", O_RDWR | O_CREAT | O_TRUNC);

	if (context < 0 || flock(context, LOCK_EX | LOCK_NB) < 0)
		abort();
	if (write_context(context, reader, logfd) < 0) {
		if (*ckpt_reader_error(reader))
			dprintf(logfd, "%s\n", ckpt_reader_error(reader));
		ckpt_reader_free(reader);
		close(context);
		return fail(EINVAL);
	}
	ckpt_reader_free(reader);
	if (flags & RESTART_ANY_PIDS)
		close(open_in_dir("any-pids", O_WRONLY | O_CREAT));
	lseek(context, 0, SEEK_SET);
	return context;
}

static int exists(const char *name)
{
	int fd = open_in_dir(name, O_RDONLY);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

/* Parked: until the restart is complete, or the context is gone. */
static void park(int lock)
{
	while (!exists("go")) {
		if (!flock(lock, LOCK_EX | LOCK_NB) && !exists("go"))
			_exit(99);
		usleep(POLL_US);
	}
}

static long join(pid_t pid, int context)
{
	const char *nojoin = getenv("FAKE_NOJOIN");
	const char *program = getenv("FAKE_PROGRAM");
	int joined = open_in_dir("joined", O_WRONLY | O_APPEND | O_CREAT);
	int lock = open_in_dir("context", O_RDWR);

	/* Who cannot join, ends the restart for all. */
	if ((getpid() != pid && !exists("any-pids")) || (nojoin && atoi(nojoin) == pid)) {
		close(open_in_dir("failed", O_WRONLY | O_CREAT));
		return fail(EINVAL);
	}
	if (joined < 0 || lock < 0 || write(joined, "j", 1) != 1)
		return -1;
	close(joined);
	close(context);
	park(lock);
	execl("/bin/sh", "sh", "-c", program ? program : "true", NULL);
	_exit(127);
}

/* How many processes join: FAKE_TASKS, or as many as there are tasks */
static uint32_t wanted(int context)
{
	const char *tasks = getenv("FAKE_TASKS");
	struct ckpt_image_header header;

	if (tasks)
		return atoi(tasks);
	if (pread(context, &header, sizeof(header), 0) != sizeof(header))
		return 0;
	return header.nr_tasks;
}

static long complete(pid_t pid, int context)
{
	const char *error = getenv("FAKE_COMPLETE");
	struct stat st = { 0 };
	char path[256];

	path_of(path, sizeof(path), "joined");
	if (error)
		return fail(atoi(error));
	while (getenv("FAKE_STALL") || stat(path, &st) < 0 ||
	       st.st_size < (off_t)wanted(context)) {
		siginfo_t info = { 0 };

		if (exists("failed") ||
		    (!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		     info.si_pid))
			return fail(ECANCELED);
		if (usleep(POLL_US) < 0 && errno == EINTR)
			return -1;
	}
	close(open_in_dir("go", O_WRONLY | O_CREAT));
	return 0;
}

long ckpt_restart(pid_t pid, int fd, unsigned long flags, int logfd)
{
	if (flags & RESTART_OPEN && getenv("FAKE_OPEN"))
		return fail(atoi(getenv("FAKE_OPEN")));
	if (flags & RESTART_OPEN)
		return open_context(fd, flags, logfd);
	if (flags & RESTART_JOIN)
		return join(pid, fd);
	return complete(pid, fd);
}

pid_t ckpt_clone2(struct clone_struct *cs, pid_t *pids)
{
	pid_t reversed[32];
	struct clone_args args = {
		.flags = cs->clone_flags,
		.exit_signal = cs->exit_signal,
		.set_tid = cs->nr_pids ? (uintptr_t)reversed : 0,
		.set_tid_size = cs->nr_pids,
	};
	uint32_t i;

	for (i = 0; i < cs->nr_pids; i++)
		reversed[i] = pids[cs->nr_pids - 1 - i];
	return syscall(SYS_clone3, &args, sizeof(args));
}
