// SPDX-License-Identifier: GPL-2.0
/*
 * Mutation testing of what the tools put into an image: see mutate.sh. Called as
 * "restart", it hands the real one an image without the field that CKPT_TEST_DROP
 * names: as if that had not been saved. By its own name, it lists these fields.
 *
 * What is left is an image that the reader takes, or nothing would be tested. So
 * it is not about what ties records together: ids, inode numbers, counts, kinds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "drop.h"
#include "image.h"

#define END_OF_ARCHIVE	1024	/* bytes, all zero */

enum how {
	NUMBER,		/* becomes @arg */
	FLAG,		/* those in @arg, one at a time */
	STRING,		/* the one at @off becomes @text */
	STRINGS,	/* all from the one at @off on are gone */
	BYTES,		/* all behind @off strings are gone */
	RECORD,		/* with @arg in its first field, or any if that is 0, is gone */
	SETTING,	/* is gone: of controllers if @off is 1, or of anything else */
	ARCHIVE,	/* has nothing in it */
	ROOT,		/* of a mount becomes that of its file system */
};

static const struct tool_field {
	uint32_t type;
	enum how how;
	size_t off, size;
	uint64_t arg;
	const char *name, *text;
} fields[] = {
#define IN(rec, struct_, field, how, arg)				\
	{ CKPT_REC_##rec, how, offsetof(struct struct_, field),		\
	  sizeof(((struct struct_ *)0)->field), arg, #rec "." #field }
#define TAIL(rec, how, nr, name, text)					\
	{ CKPT_REC_##rec, how, nr, 0, 0, #rec "." name, text }
#define ALL(rec, kind, name)						\
	{ CKPT_REC_##rec, RECORD, 0, 0, kind, #rec "." name }
	IN(MOUNT_NS, ckpt_mount_ns, pid, NUMBER, 0),
	IN(MOUNT_NS, ckpt_mount_ns, flags, FLAG, CKPT_MOUNT_NS_FLAGS),
	TAIL(MOUNT_NS, STRING, 0, "root", "/"),
	IN(FILESYSTEM, ckpt_filesystem, flags, FLAG, CKPT_FILESYSTEM_FLAGS),
	IN(FILESYSTEM, ckpt_filesystem, dev_major, NUMBER, 0),
	IN(FILESYSTEM, ckpt_filesystem, dev_minor, NUMBER, 0),
	IN(FILESYSTEM, ckpt_filesystem, cgroup_ns, NUMBER, 0),
	TAIL(FILESYSTEM, STRING, 1, "source", ""),
	TAIL(FILESYSTEM, STRING, 2, "root", "/"),
	TAIL(FILESYSTEM, STRING, 3, "outside", "/"),
	TAIL(FILESYSTEM, STRINGS, CKPT_FILESYSTEM_STRINGS, "options", NULL),
	TAIL(CONTENT, ARCHIVE, 0, "archive", NULL),
	IN(MOUNT, ckpt_mount, flags, FLAG, CKPT_MOUNT_FLAGS),
	IN(MOUNT, ckpt_mount, peer_group, NUMBER, 0),
	IN(MOUNT, ckpt_mount, master, NUMBER, 0),
	TAIL(MOUNT, ROOT, 0, "root", NULL),
	IN(CGROUP, ckpt_cgroup, uid, NUMBER, 0),
	IN(CGROUP, ckpt_cgroup, gid, NUMBER, 0),
	IN(CGROUP, ckpt_cgroup, mode, NUMBER, S_IFDIR | 0755),
	TAIL(CGROUP, STRING, 0, "name", "other"),
	TAIL(CGROUP_SETTING, SETTING, 0, "setting", NULL),
	TAIL(CGROUP_SETTING, SETTING, 1, "controllers", NULL),
	TAIL(CGROUP_SETTING, STRINGS, 2, "more", NULL),
	ALL(CGROUP_MEMBERS, 0, "pids"),
	IN(CGROUP_FILE, ckpt_cgroup_file, uid, NUMBER, 0),
	IN(CGROUP_FILE, ckpt_cgroup_file, gid, NUMBER, 0),
	IN(CGROUP_FILE, ckpt_cgroup_file, mode, NUMBER, 0644),
	TAIL(CGROUP_XATTR, STRING, 0, "file", ""),
	TAIL(CGROUP_XATTR, STRING, 1, "name", CKPT_CGROUP_XATTRS "other"),
	TAIL(CGROUP_XATTR, BYTES, 2, "value", NULL),
	ALL(CGROUP_ROOT, 0, "namespace"),
	TAIL(CGROUP_ROOT, STRING, 0, "path", "/"),
	ALL(SYSCTL, CKPT_NS_NET, "net"),
	ALL(SYSCTL, CKPT_NS_IPC, "ipc"),
	ALL(SYSCTL, CKPT_NS_USER, "user"),
	ALL(SYSCTL, CKPT_SYSCTLS_PID, "pid"),
};

#define NR_FIELDS	(sizeof(fields) / sizeof(fields[0]))

/**
 * struct copy - the image that is made
 * @field: what is dropped from it, or NULL
 * @mask: of flags, those that are
 * @out: where it goes
 * @nr_objects: in the records so far
 * @fs_root: of each object that is a file system, its directory
 */
struct copy {
	const struct tool_field *field;
	uint64_t mask;
	FILE *out;
	unsigned int nr_objects;
	const char **fs_root;
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "forget: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t nr, size_t size)
{
	void *p = calloc(nr, size);

	if (!p)
		die("no memory");
	return p;
}

static void list_fields(void)
{
	const struct tool_field *f;
	unsigned int bit;

	for (f = fields; f < fields + NR_FIELDS; f++) {
		if (f->how != FLAG)
			puts(f->name);
		for (bit = 0; f->how == FLAG && bit < 64; bit++) {
			if (f->arg >> bit & 1)
				printf("%s:%u\n", f->name, bit);
		}
	}
}

static const struct tool_field *find_field(const char *name, uint64_t *mask)
{
	size_t len = strcspn(name, ":");
	const struct tool_field *f;

	*mask = name[len] ? 1ULL << strtoul(name + len + 1, NULL, 0) : ~0ULL;
	for (f = fields; f < fields + NR_FIELDS; f++) {
		if (strlen(f->name) == len && !strncmp(f->name, name, len))
			return f;
	}
	return NULL;
}

static char *tail_of(struct ckpt_record *rec)
{
	return (char *)(rec + 1) + rec->body_len;
}

/* Where the @nr-th string of a tail begins, or the tail ends */
static size_t string_at(struct ckpt_record *rec, size_t nr)
{
	size_t at = 0;

	while (nr-- && at < rec->tail_len)
		at += strlen(tail_of(rec) + at) + 1;
	return at;
}

static void set_tail_len(struct ckpt_record *rec, size_t len)
{
	rec->tail_len = len;
	rec->len = sizeof(*rec) + rec->body_len +
		   (len + CKPT_RECORD_ALIGN - 1) / CKPT_RECORD_ALIGN * CKPT_RECORD_ALIGN;
}

/* There is room for it, and zeros behind the record. */
static void cut_tail(struct ckpt_record *rec, size_t len)
{
	if (len >= rec->tail_len)
		return;
	memset(tail_of(rec) + len, 0, rec->tail_len - len);
	set_tail_len(rec, len);
}

static void set_string(struct ckpt_record *rec, size_t nr, const char *text)
{
	size_t at = string_at(rec, nr), end = string_at(rec, nr + 1);
	size_t left = rec->tail_len - end, len = strlen(text) + 1;
	char *tail = tail_of(rec), *rest;

	if (end == at)
		return;
	rest = allocate(left + 1, 1);
	memcpy(rest, tail + end, left);
	memset(tail + at, 0, rec->tail_len - at);
	memcpy(tail + at, text, len);
	memcpy(tail + at + len, rest, left);
	free(rest);
	set_tail_len(rec, at + len + left);
}

static void set_number(const struct copy *c, struct ckpt_record *rec)
{
	const struct tool_field *f = c->field;
	uint8_t *at = (uint8_t *)(rec + 1) + f->off;
	uint64_t value = f->arg;

	if (f->how == FLAG) {
		value = 0;
		memcpy(&value, at, f->size);
		value &= ~c->mask;
	}
	memcpy(at, &value, f->size);
}

static bool is_dropped(const struct copy *c, const struct ckpt_record *rec)
{
	uint32_t first;

	memcpy(&first, rec + 1, sizeof(first));
	return !c->field->arg || c->field->arg == first;
}

/* Without controllers most of what else is set has no file. */
static bool is_dropped_setting(const struct copy *c, struct ckpt_record *rec)
{
	return !strcmp(tail_of(rec), "cgroup.subtree_control") == (c->field->off == 1);
}

/* Its pieces before the last one are gone. */
static bool empty_archive(struct ckpt_record *rec)
{
	struct ckpt_content content;

	memcpy(&content, rec + 1, sizeof(content));
	if (!content.last)
		return true;
	memset(tail_of(rec), 0, rec->tail_len);
	set_tail_len(rec, END_OF_ARCHIVE);
	return false;
}

/* That of a namespace is no path. */
static void set_mount_root(const struct copy *c, struct ckpt_record *rec)
{
	struct ckpt_mount mount;
	const char *root;

	memcpy(&mount, rec + 1, sizeof(mount));
	root = mount.filesystem_id <= c->nr_objects ?
	       c->fs_root[mount.filesystem_id] : NULL;
	if (root && *root == '/')
		set_string(rec, 0, root);
}

/* Not all file systems have such a string. */
static bool has_other_tail(const struct copy *c, const struct ckpt_record *rec)
{
	const struct ckpt_filesystem *fs = (const void *)(rec + 1);

	if (rec->type != CKPT_REC_FILESYSTEM)
		return false;
	return fs->kind == CKPT_FILESYSTEM_NAMESPACE ||
	       (c->field->off == 3 && fs->kind != CKPT_FILESYSTEM_EXTERNAL);
}

/* Two groups cannot have the same name. */
static void set_text(const struct copy *c, struct ckpt_record *rec)
{
	char name[64];

	if (has_other_tail(c, rec))
		return;
	snprintf(name, sizeof(name), "%s", c->field->text);
	if (rec->type == CKPT_REC_CGROUP)
		snprintf(name, sizeof(name), "%s%u", c->field->text, rec->id);
	set_string(rec, c->field->off, name);
}

/* Whether the record is gone. */
static bool change(const struct copy *c, struct ckpt_record *rec)
{
	if (!c->field || c->field->type != rec->type)
		return false;
	switch (c->field->how) {
	case NUMBER:
	case FLAG:
		set_number(c, rec);
		return false;
	case STRING:
		set_text(c, rec);
		return false;
	case STRINGS:
	case BYTES:
		cut_tail(rec, string_at(rec, c->field->off));
		return false;
	case RECORD:
		return is_dropped(c, rec);
	case SETTING:
		return is_dropped_setting(c, rec);
	case ARCHIVE:
		return empty_archive(rec);
	case ROOT:
		set_mount_root(c, rec);
		return false;
	}
	return false;
}

static void note_object(struct copy *c, struct ckpt_record *rec)
{
	if (!rec->id)
		return;
	c->fs_root = reallocarray(c->fs_root, rec->id + 1, sizeof(*c->fs_root));
	if (!c->fs_root)
		die("no memory");
	c->nr_objects = rec->id;
	c->fs_root[rec->id] = rec->type == CKPT_REC_FILESYSTEM ?
			      tail_of(rec) + string_at(rec, 2) : NULL;
}

/* A copy with room for what it may become */
static struct ckpt_record *copy_of(const struct ckpt_record *rec)
{
	struct ckpt_record *copy = allocate(1, rec->len + END_OF_ARCHIVE + 64);

	memcpy(copy, rec, rec->len);
	return copy;
}

static size_t take_records(struct copy *c, const uint8_t *from, size_t len, uint8_t *to)
{
	struct ckpt_record *rec, *copy;
	size_t at = 0, filled = 0;

	while (at < len) {
		rec = (struct ckpt_record *)(from + at);
		at += rec->len;
		if (rec->type == CKPT_REC_PAD)
			continue;
		note_object(c, rec);
		copy = copy_of(rec);
		if (!change(c, copy)) {
			memcpy(to + filled, copy, copy->len);
			filled += copy->len;
		}
		free(copy);
	}
	return filled;
}

/* So that what follows begins where it may */
static size_t add_pad(const struct copy *c, uint8_t *to, size_t filled)
{
	struct ckpt_record rec = { .type = CKPT_REC_PAD };
	size_t end = ftell(c->out) + sizeof(struct ckpt_section) + filled + sizeof(rec);

	rec.tail_len = -end % CKPT_BULK_ALIGN;
	rec.len = sizeof(rec) + rec.tail_len;
	memcpy(to + filled, &rec, sizeof(rec));
	memset(to + filled + sizeof(rec), 0, rec.tail_len);
	return filled + rec.len;
}

static void copy_section(struct copy *c, const struct ckpt_section *old, bool last)
{
	struct ckpt_section new = *old;
	uint8_t *to = allocate(2, old->length + 2 * CKPT_BULK_ALIGN);

	new.length = take_records(c, (const uint8_t *)(old + 1), old->length, to);
	if (last)
		new.length = add_pad(c, to, new.length);
	new.checksum = xxh64(to, new.length);
	fwrite(&new, sizeof(new), 1, c->out);
	fwrite(to, new.length, 1, c->out);
	free(to);
}

static const struct ckpt_section *tool_section(const uint8_t *data, size_t len, size_t at)
{
	const struct ckpt_section *s = (const void *)(data + at);

	if (len - at < sizeof(*s) || s->magic != CKPT_SECTION_MAGIC ||
	    s->type != CKPT_SECTION_TOOL_RECORDS || s->length > len - at - sizeof(*s))
		return NULL;
	return s;
}

/* An image that is compressed, or of nothing but the kernel's, stays as it is. */
static void copy_image(struct copy *c, const uint8_t *data, size_t len)
{
	const struct ckpt_section *s;
	size_t at = 0;

	while ((s = tool_section(data, len, at))) {
		at += sizeof(*s) + s->length;
		copy_section(c, s, !tool_section(data, len, at));
	}
	fwrite(data + at, len - at, 1, c->out);
	if (fflush(c->out) || ferror(c->out))
		die("cannot write the image");
}

/* Its name, or NULL if there is no such file. */
static char *forget(const char *image)
{
	const char *name = getenv(DROP_VARIABLE);
	struct copy c = { 0 };
	struct stat st;
	uint8_t *data;
	char *path;
	int fd;

	fd = open(image, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		return NULL;
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED || asprintf(&path, "%s.without", image) < 0)
		die(image);
	c.field = name ? find_field(name, &c.mask) : NULL;
	c.out = fopen(path, "we");
	if (!c.out)
		die(path);
	copy_image(&c, data, st.st_size);
	fclose(c.out);
	close(fd);
	return path;
}

/* "-i IMAGE", which is how all tests call it. */
static void replace_image(char **argv)
{
	char *path;

	while (*argv && strcmp(*argv, "-i"))
		argv++;
	if (!*argv || !argv[1])
		return;
	path = forget(argv[1]);
	if (path)
		argv[1] = path;
}

static bool is_this_program(const char *path)
{
	struct stat st, self;

	return !stat(path, &st) && !stat("/proc/self/exe", &self) &&
	       st.st_dev == self.st_dev && st.st_ino == self.st_ino;
}

/* That in PATH which is not this program */
static void run_real_one(char **argv)
{
	char *path = strdup(getenv("PATH") ?: ""), *dir, *program;

	while ((dir = strsep(&path, ":"))) {
		if (asprintf(&program, "%s/%s", dir, argv[0]) < 0)
			die("no memory");
		if (!is_this_program(program))
			execv(program, argv);
	}
	die(argv[0]);
}

int main(int argc, char **argv)
{
	if (argc < 1 || strcmp(argv[0], "restart")) {
		list_fields();
		return 0;
	}
	replace_image(argv);
	run_real_one(argv);
}
