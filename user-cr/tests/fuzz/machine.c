// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls take the place of the C library's, so that none of them gets lost; they
 * go through to it when no image is being restarted.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "machine.h"

#define NR_STATMOUNT	457
#define NR_LISTMOUNT	458
#define UNIQUE_MOUNT_ID	0x4000	/* for statx() */

static bool faking;
static unsigned int calls_left;

void machine_begin(unsigned int fail_at)
{
	calls_left = fail_at;
	faking = true;
}

void machine_end(void)
{
	faking = false;
}

static long real(long nr, long a, long b, long c, long d, long e, long f)
{
	static long (*call)(long nr, ...);

	if (!call)
		call = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return call(nr, a, b, c, d, e, f);
}

/* 0, or -1 and errno where this call is the one to fail. */
static int step(void)
{
	if (!calls_left || --calls_left)
		return 0;
	errno = EPERM;
	return -1;
}

/* By names only: no image decides how far up a path goes. */
static void check_path(const char *path)
{
	size_t len = strlen(path);

	if (strstr(path, "/../") || !strncmp(path, "../", 3) ||
	    (len >= 3 && !strcmp(path + len - 3, "/..")))
		abort();
}

/* Written down here once more, on purpose. */
static void check_sysctl(const char *name)
{
	static const char *const allowed[] = {
		"net/", "fs/mqueue/", "user/max_", "kernel/auto_msgmni",
		"kernel/msg", "kernel/sem", "kernel/shm", "kernel/pid_max",
		"kernel/ns_last_pid", "vm/memfd_noexec",
	};
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!strncmp(name, allowed[i], strlen(allowed[i])))
			return;
	abort();
}

static int null_fd(void)
{
	return real(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDWR | O_CLOEXEC,
		    0, 0, 0);
}

static int text_fd(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		abort();
	return fd;
}

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	return len >= n && !strcmp(path + len - n, end);
}

/* What there is to read of it: hierarchies, and where we are in them */
static int open_file(const char *path)
{
	check_path(path);
	if (!strncmp(path, "/proc/sys/", 10))
		check_sysctl(path + 10);
	if (!strcmp(path, "/proc/self/mountinfo"))
		return text_fd("1 0 0:1 / /cg rw - cgroup2 none rw\n"
			       "2 0 0:2 / /cg1 rw - cgroup none rw,pids\n");
	if (!strncmp(path, "/proc/", 6) && ends_with(path, "/cgroup"))
		return text_fd("1:pids:/\n0::/a\n");
	if (ends_with(path, "/timens_offsets"))
		return text_fd("monotonic 1 2\nboottime 3 4\n");
	return null_fd();
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (!faking)
		return real(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
	return step() < 0 ? -1 : open_file(path);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (!faking)
		return real(SYS_openat, dir, (long)path, flags, mode, 0, 0);
	return step() < 0 ? -1 : open_file(path);
}

/* Of which the answer is not much */
#define PATH_CALL(name, params, path, nr, ...) \
	int name params \
	{ \
		if (!faking) \
			return real(nr, __VA_ARGS__, 0, 0); \
		check_path(path); \
		return step(); \
	}
PATH_CALL(mkdir, (const char *path, mode_t mode), path,
	  SYS_mkdir, (long)path, mode, 0, 0)
PATH_CALL(mkdirat, (int dir, const char *path, mode_t mode), path,
	  SYS_mkdirat, dir, (long)path, mode, 0)
PATH_CALL(rmdir, (const char *path), path, SYS_rmdir, (long)path, 0, 0, 0)
PATH_CALL(access, (const char *path, int mode), path,
	  SYS_access, (long)path, mode, 0, 0)
PATH_CALL(chmod, (const char *path, mode_t mode), path,
	  SYS_chmod, (long)path, mode, 0, 0)
PATH_CALL(lchown, (const char *path, uid_t uid, gid_t gid), path,
	  SYS_lchown, (long)path, uid, gid, 0)
PATH_CALL(chroot, (const char *path), path, SYS_chroot, (long)path, 0, 0, 0)
PATH_CALL(chdir, (const char *path), path, SYS_chdir, (long)path, 0, 0, 0)
PATH_CALL(umount2, (const char *path, int flags), path,
	  SYS_umount2, (long)path, flags, 0, 0)

int lstat(const char *path, struct stat *st)
{
	if (!faking)
		return real(SYS_lstat, (long)path, (long)st, 0, 0, 0, 0);
	check_path(path);
	*st = (struct stat){ .st_mode = S_IFREG | 0644 };
	return step();
}

int lsetxattr(const char *path, const char *name, const void *value, size_t len,
	      int flags)
{
	unsigned char sum = 0;
	size_t i;

	if (!faking)
		return real(SYS_lsetxattr, (long)path, (long)name, (long)value,
			    len, flags, 0);
	check_path(path);
	if (strncmp(name, "user.", 5))
		abort();
	/* It is all there. */
	for (i = 0; i < len; i++)
		sum += ((const unsigned char *)value)[i];
	errno = sum;
	return step();
}

int statx(int dir, const char *restrict path, int flags, unsigned int mask,
	  struct statx *restrict st)
{
	if (!faking)
		return real(SYS_statx, dir, (long)path, flags, mask, (long)st, 0);
	memset(st, 0, sizeof(*st));
	st->stx_mask = UNIQUE_MOUNT_ID;
	st->stx_mnt_id = 1;
	return step();
}

DIR *opendir(const char *path)
{
	static DIR *(*call)(const char *path);

	if (!call)
		call = (DIR *(*)(const char *))dlsym(RTLD_NEXT, "opendir");
	if (!faking)
		return call(path);
	check_path(path);
	errno = ENOENT;
	return NULL;
}

/* These are restart's alone. */
int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data)
{
	(void)source, (void)type, (void)flags, (void)data;
	check_path(target);
	return step();
}

int fsopen(const char *type, unsigned int flags)
{
	(void)type, (void)flags;
	return step() < 0 ? -1 : null_fd();
}

int fsconfig(int fd, unsigned int command, const char *key, const void *value,
	     int aux)
{
	(void)fd, (void)command, (void)key, (void)value, (void)aux;
	return step();
}

int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	(void)fd, (void)flags, (void)attributes;
	return step() < 0 ? -1 : null_fd();
}

int fspick(int dir, const char *path, unsigned int flags)
{
	(void)dir, (void)path, (void)flags;
	return step() < 0 ? -1 : null_fd();
}

int open_tree(int dir, const char *path, unsigned int flags)
{
	(void)dir, (void)flags;
	check_path(path);
	return step() < 0 ? -1 : null_fd();
}

int move_mount(int from, const char *from_path, int to, const char *to_path,
	       unsigned int flags)
{
	(void)from, (void)from_path, (void)to, (void)flags;
	check_path(to_path);
	return step();
}

int mount_setattr(int dir, const char *path, unsigned int flags,
		  struct mount_attr *attr, size_t size)
{
	(void)dir, (void)path, (void)flags, (void)attr, (void)size;
	return step();
}

int fchdir(int fd)
{
	return faking ? step() : real(SYS_fchdir, fd, 0, 0, 0, 0, 0);
}

int unshare(int flags)
{
	(void)flags;
	return step();
}

int setns(int fd, int flags)
{
	(void)fd, (void)flags;
	return step();
}

pid_t fork(void)
{
	errno = EAGAIN;
	return -1;
}

/* Whose container mkimage saves */
uid_t geteuid(void)
{
	return faking ? 1000 : real(SYS_geteuid, 0, 0, 0, 0, 0, 0);
}

gid_t getegid(void)
{
	return faking ? 100 : real(SYS_getegid, 0, 0, 0, 0, 0, 0);
}

/* Messages: nobody reads as many. */
int dprintf(int fd, const char *format, ...)
{
	va_list args;
	int ret;

	if (faking)
		return 0;
	va_start(args, format);
	ret = vdprintf(fd, format, args);
	va_end(args);
	return ret;
}

/* The answer to statmount(): the disk that the images of mkimage have outside */
static long answer_mount(unsigned char *answer, size_t size)
{
	static const struct {
		uint32_t sizes[2];
		uint64_t mask;
		uint32_t device[2];
		uint64_t magic;
		uint32_t sb_flags;
		uint32_t type;
		uint64_t id;
		uint64_t parent_and_more[7];
		uint32_t root;
		uint32_t point;
		uint64_t ns;
		uint32_t subtype;
		uint32_t source;
	} head = {
		.mask = 0x23b, .id = 1, .type = 0, .root = 5, .point = 7,
		.source = 15,
	};
	static const char text[] = "ext4\0/\0/srv/ct\0/dev/x";

	_Static_assert(offsetof(__typeof__(head), root) == 104,
		       "as the kernel has it");
	if (size < 512 + sizeof(text))
		return -1;
	memset(answer, 0, 512);
	memcpy(answer, &head, sizeof(head));
	memcpy(answer + 512, text, sizeof(text));
	return 0;
}

/* With all that there may be: who calls it tells how many arguments there are. */
long any_syscall(long nr, long a, long b, long c, long d, long e, long f)
	__asm__("syscall");
long any_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (!faking)
		return real(nr, a, b, c, d, e, f);
	if (step() < 0)
		return -1;
	switch (nr) {
	case NR_STATMOUNT:
		return answer_mount((unsigned char *)b, c);
	case NR_LISTMOUNT:
		*(uint64_t *)b = 1;
		return 1;
	case SYS_openat2:
		check_path((const char *)b);
		return null_fd();
	case SYS_pidfd_open:
		return null_fd();
	case SYS_pivot_root:
		return 0;
	default:
		errno = ENOSYS;
		return -1;
	}
}
