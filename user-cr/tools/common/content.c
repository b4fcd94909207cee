// SPDX-License-Identifier: GPL-2.0-only
/*
 * An archive in the pax format, by libarchive
 *
 * It is neither read nor written as a whole: what is in a file system may be as
 * large as the memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "content.h"
#include "util.h"

#define EXTRACT	(ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | \
		 ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL | \
		 ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_FFLAGS | \
		 ARCHIVE_EXTRACT_SPARSE | \
		 ARCHIVE_EXTRACT_SECURE_SYMLINKS | \
		 ARCHIVE_EXTRACT_SECURE_NODOTDOT | \
		 ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

static struct archive_calls la;

/**
 * struct saving - one direction
 * @c: what the caller wants
 * @disk: the directory
 * @to: the archive, or NULL
 * @links: knows the files with more than one name
 */
struct saving {
	struct content *c;
	struct archive *disk;
	struct archive *to;
	struct archive_entry_linkresolver *links;
};

static int fail(struct content *c, struct archive_entry *entry, const char *why)
{
	const char *name = entry ? la.archive_entry_pathname(entry) : NULL;

	if (!*c->error)
		snprintf(c->error, sizeof(c->error), "%.150s: %.100s",
			 name ? name : ".", why ? why : strerror(errno));
	return -1;
}

/* A warning means that something got lost. */
static int check(struct content *c, struct archive *a,
		 struct archive_entry *entry, int ret)
{
	if (ret == ARCHIVE_OK)
		return 0;
	return fail(c, entry, la.archive_error_string(a));
}

static la_ssize_t put(struct archive *a, void *arg, const void *bytes,
		      size_t len)
{
	struct content *c = arg;

	(void)a;
	return c->write(c->arg, bytes, len) < 0 ? -1 : (la_ssize_t)len;
}

static int fill(struct saving *s, struct archive_entry *entry, int64_t len)
{
	static const char zeros[65536];
	int64_t step;

	for (; len > 0; len -= step) {
		step = len < (int64_t)sizeof(zeros) ? len :
			(int64_t)sizeof(zeros);
		if (la.archive_write_data(s->to, zeros, step) < 0)
			return fail(s->c, entry, la.archive_error_string(s->to));
	}
	return 0;
}

/* Holes are named in the header; the archive drops what we write for them. */
static int copy_data(struct saving *s, struct archive_entry *entry)
{
	const void *bytes;
	int64_t at, done = 0;
	size_t len;
	int ret;

	while ((ret = la.archive_read_data_block(s->disk, &bytes, &len, &at)) ==
	       ARCHIVE_OK) {
		if (fill(s, entry, at - done) < 0)
			return -1;
		if (la.archive_write_data(s->to, bytes, len) < 0)
			return fail(s->c, entry, la.archive_error_string(s->to));
		done = at + len;
	}
	return ret == ARCHIVE_EOF ? 0 :
		fail(s->c, entry, la.archive_error_string(s->disk));
}

static int save_entry(struct saving *s, struct archive_entry *entry)
{
	struct archive_entry *wait = NULL;
	bool content;

	if (la.archive_entry_filetype(entry) == AE_IFSOCK)
		return fail(s->c, entry, "a socket: not supported");
	if (!s->to)
		return 0;
	/* With this format nothing has to wait. */
	la.archive_entry_linkify(s->links, &entry, &wait);
	if (check(s->c, s->to, entry, la.archive_write_header(s->to, entry)) < 0)
		return -1;
	content = la.archive_entry_filetype(entry) == AE_IFREG &&
		  !la.archive_entry_hardlink(entry) && la.archive_entry_size(entry);
	if (content && copy_data(s, entry) < 0)
		return -1;
	return check(s->c, s->to, entry, la.archive_write_finish_entry(s->to));
}

static int save_all(struct saving *s)
{
	struct archive_entry *entry = la.archive_entry_new();
	int ret, result = 0;

	while (!result) {
		la.archive_entry_clear(entry);
		ret = la.archive_read_next_header2(s->disk, entry);
		if (ret == ARCHIVE_EOF)
			break;
		result = check(s->c, s->disk, entry, ret);
		if (!result && la.archive_read_disk_can_descend(s->disk))
			la.archive_read_disk_descend(s->disk);
		if (!result)
			result = save_entry(s, entry);
	}
	la.archive_entry_free(entry);
	return result;
}

static int begin_archive(struct saving *s)
{
	struct content *c = s->c;

	s->to = la.archive_write_new();
	if (!s->to)
		return fail(c, NULL, "out of memory");
	/* Names are bytes, whatever the locale. */
	if (la.archive_write_set_format_pax(s->to) ||
	    la.archive_write_set_options(s->to, "hdrcharset=BINARY") ||
	    la.archive_write_set_bytes_in_last_block(s->to, 1) ||
	    la.archive_write_open(s->to, c, NULL, put, NULL))
		return fail(c, NULL, la.archive_error_string(s->to));
	la.archive_entry_linkresolver_set_strategy(s->links,
						la.archive_format(s->to));
	return 0;
}

static int save_directory(struct saving *s)
{
	struct content *c = s->c;

	if (!s->disk || !s->links)
		return fail(c, NULL, "out of memory");
	if (c->write && begin_archive(s) < 0)
		return -1;
	la.archive_read_disk_set_symlink_physical(s->disk);
	if (check(c, s->disk, NULL, la.archive_read_disk_open(s->disk, ".")) < 0 ||
	    save_all(s) < 0)
		return -1;
	return s->to ? check(c, s->to, NULL, la.archive_write_close(s->to)) : 0;
}

/* The library starts from where we are. */
static int in_directory(struct content *c, int (*run)(struct content *c))
{
	int back = open(".", O_PATH | O_CLOEXEC);
	const char *why;
	int ret = -1;

	*c->error = '\0';
	if (!la.archive_read_new && archive_load(&la, &why) < 0)
		fail(c, NULL, why);
	else if (back < 0 || fchdir(c->dir) < 0)
		fail(c, NULL, NULL);
	else
		ret = run(c);
	if (back >= 0 && fchdir(back) < 0)
		ret = fail(c, NULL, NULL);
	if (back >= 0)
		close(back);
	return ret;
}

static int save(struct content *c)
{
	struct saving s = {
		.c = c, .disk = la.archive_read_disk_new(),
		.links = la.archive_entry_linkresolver_new(),
	};
	int ret = save_directory(&s);

	la.archive_entry_linkresolver_free(s.links);
	if (s.to)
		la.archive_write_free(s.to);
	la.archive_read_free(s.disk);
	return ret;
}

int content_save(struct content *c)
{
	return in_directory(c, save);
}

static la_ssize_t get(struct archive *a, void *arg, const void **bytes)
{
	struct content *c = arg;
	ssize_t got = c->read(c->arg, bytes);

	if (got < 0)
		la.archive_set_error(a, EIO, "the archive is incomplete");
	return got;
}

/* The library says no more than that it failed. */
static int cannot_write(struct content *c, struct archive *disk,
			struct archive_entry *entry)
{
	int error = la.archive_errno(disk);
	char why[100];

	snprintf(why, sizeof(why), "%s%s", strerror(error), write_advice(error));
	return fail(c, entry, error > 0 ? why : la.archive_error_string(disk));
}

static int restore_data(struct content *c, struct archive *from,
			struct archive *disk, struct archive_entry *entry)
{
	const void *bytes;
	int64_t at;
	size_t len;
	int ret;

	while ((ret = la.archive_read_data_block(from, &bytes, &len, &at)) ==
	       ARCHIVE_OK)
		if (la.archive_write_data_block(disk, bytes, len, at) < 0)
			return cannot_write(c, disk, entry);
	return ret == ARCHIVE_EOF ? 0 :
		fail(c, entry, la.archive_error_string(from));
}

/*
 * The directory itself is there already. The library does not wait with its times
 * until all is in it.
 */
static bool is_itself(struct archive_entry *entry)
{
	const char *name = la.archive_entry_pathname(entry);

	return name && (!strcmp(name, ".") || !strcmp(name, "./"));
}

static void take_times(struct archive_entry *entry, struct timespec *times)
{
	times[0].tv_sec = la.archive_entry_atime(entry);
	times[0].tv_nsec = la.archive_entry_atime_nsec(entry);
	times[1].tv_sec = la.archive_entry_mtime(entry);
	times[1].tv_nsec = la.archive_entry_mtime_nsec(entry);
}

static int restore_all(struct content *c, struct archive *from,
		       struct archive *disk)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT },
	};
	struct archive_entry *entry;
	int ret;

	while ((ret = la.archive_read_next_header(from, &entry)) != ARCHIVE_EOF) {
		if (check(c, from, entry, ret) < 0 ||
		    check(c, disk, entry, la.archive_write_header(disk, entry)) < 0)
			return -1;
		if (la.archive_entry_size(entry) > 0 &&
		    restore_data(c, from, disk, entry) < 0)
			return -1;
		if (is_itself(entry))
			take_times(entry, times);
		if (check(c, disk, entry, la.archive_write_finish_entry(disk)) < 0)
			return -1;
	}
	/* Now that all is in them, directories get their times. */
	if (check(c, disk, NULL, la.archive_write_close(disk)) < 0)
		return -1;
	return futimens(c->dir, times) < 0 ? fail(c, NULL, NULL) : 0;
}

static int restore(struct content *c)
{
	struct archive *from = la.archive_read_new();
	struct archive *disk = la.archive_write_disk_new();
	mode_t mask = umask(0);
	int ret;

	if (!from || !disk)
		ret = fail(c, NULL, "out of memory");
	else if (la.archive_read_support_format_tar(from) ||
		 la.archive_write_disk_set_options(disk, EXTRACT) ||
		 la.archive_read_open(from, c, NULL, get, NULL))
		ret = fail(c, NULL, la.archive_error_string(from));
	else
		ret = restore_all(c, from, disk);
	la.archive_read_free(from);
	la.archive_write_free(disk);
	umask(mask);
	return ret;
}

int content_restore(struct content *c)
{
	return in_directory(c, restore);
}
