// SPDX-License-Identifier: LGPL-2.1-only
/* Records of files, descriptor tables and directories */
#include <string.h>
#include <sys/stat.h>

#include "reader.h"

#define MAX_FD	(1U << 30)	/* above what sysctl fs.nr_open can be */

static bool is_path(const char *s, size_t len)
{
	return is_string(s, len) && s[0] == '/';
}

/* The caller's has no record, but for its names. */
static bool is_namespace(struct ckpt_reader *r, const struct ckpt_file *f)
{
	if (f->rdev_minor == CKPT_NS_UTS)
		return is_object(r, f->object_id, CKPT_REC_UTS);
	if (f->rdev_minor == CKPT_NS_PID)
		return f->object_id <= r->header.nr_tasks;
	return !f->object_id || is_object(r, f->object_id, CKPT_REC_NS);
}

static int check_kind(struct ckpt_reader *r, const struct ckpt_file *f)
{
	bool fits;

	switch (f->kind) {
	case CKPT_FILE_REGULAR:
		fits = S_ISREG(f->mode);
		break;
	case CKPT_FILE_DIRECTORY:
		fits = S_ISDIR(f->mode);
		break;
	case CKPT_FILE_DEVICE:
		fits = S_ISCHR(f->mode);
		break;
	case CKPT_FILE_EXTERNAL:
		fits = f->slot <= MAX_FD;
		break;
	case CKPT_FILE_PIPE:
		fits = S_ISFIFO(f->mode) &&
		       is_object(r, f->object_id, CKPT_REC_PIPE);
		break;
	case CKPT_FILE_NS:
		fits = S_ISREG(f->mode) && f->slot <= MAX_FD &&
		       f->rdev_minor <= CKPT_NS_PID && is_namespace(r, f);
		break;
	case CKPT_FILE_NS_PATH:
		fits = S_ISREG(f->mode) && !f->slot &&
		       f->rdev_minor <= CKPT_NS_PID && is_namespace(r, f);
		break;
	default:
		return reader_fail(r, "FILE: unknown kind %u", f->kind);
	}
	if (!fits)
		return reader_fail(r, "FILE: kind %u does not go with mode %#o and slot %u",
				   f->kind, f->mode, f->slot);
	return 0;
}

static bool has_name(const struct ckpt_file *f, const struct ckpt_record *rec)
{
	const char *tail = ckpt_record_tail(rec);

	switch (f->kind) {
	case CKPT_FILE_EXTERNAL:
		return is_string(tail, rec->tail_len);
	case CKPT_FILE_PIPE:
	case CKPT_FILE_NS:
		return !rec->tail_len;
	default:
		return is_path(tail, rec->tail_len);
	}
}

static int check_owner(struct ckpt_reader *r, const struct ckpt_file_owner *o)
{
	if (o->type > CKPT_OWNER_GROUP || o->flags & ~CKPT_OWNER_FLAGS)
		return reader_fail(r, "FILE: SIGIO for an unknown type %u of owner, with flags %#x",
				   o->type, o->flags);
	if (o->pid > PID_LIMIT)
		return reader_fail(r, "FILE: SIGIO for the impossible pid %u",
				   o->pid);
	return 0;
}

int check_file(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_file f;

	ckpt_record_body(rec, &f, sizeof(f));
	if (check_kind(r, &f) < 0 || check_owner(r, &f.owner) < 0)
		return -1;
	if ((f.slot && f.kind != CKPT_FILE_EXTERNAL && f.kind != CKPT_FILE_NS) ||
	    (f.object_id && f.kind != CKPT_FILE_PIPE &&
	     f.kind != CKPT_FILE_NS && f.kind != CKPT_FILE_NS_PATH))
		return reader_fail(r, "FILE: kind %u does not go with slot %u and object %u",
				   f.kind, f.slot, f.object_id);
	if (f.cred_id && !is_object(r, f.cred_id, CKPT_REC_CRED))
		return reader_fail(r, "FILE: opened with object %u, which is no credentials before it",
				   f.cred_id);
	if (f.pos > INT64_MAX || f.size > INT64_MAX ||
	    f.mtime_nsec >= 1000000000)
		return reader_fail(r, "FILE: impossible position, size or time");
	if (f.advice & ~CKPT_FILE_ADVICE)
		return reader_fail(r, "FILE: unknown advice %#x", f.advice);
	if (!has_name(&f, rec))
		return reader_fail(r, "FILE: the name is not a path");
	return 0;
}

int check_pipe(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_pipe_buf *buf = ckpt_record_tail(rec);
	struct ckpt_pipe p;
	uint64_t bufs;
	uint32_t i;

	ckpt_record_body(rec, &p, sizeof(p));
	bufs = (uint64_t)p.nr_bufs * sizeof(*buf);
	if (bufs + p.path_len != rec->tail_len)
		return reader_fail(r, "PIPE: %u buffers and a path of %u bytes in %u bytes",
				   p.nr_bufs, p.path_len, rec->tail_len);
	if (p.path_len && !is_path((const char *)buf + bufs, p.path_len))
		return reader_fail(r, "PIPE: the name is not a path");
	for (i = 0; i < p.nr_bufs; i++)
		if (buf[i].len > r->header.page_size ||
		    buf[i].flags & ~CKPT_PIPE_BUF_FLAGS)
			return reader_fail(r, "PIPE: a buffer of %u bytes with flags %#x",
					   buf[i].len, buf[i].flags);
	if (p.cred_id && !is_object(r, p.cred_id, CKPT_REC_CRED))
		return reader_fail(r, "PIPE: object %u is no credentials before it",
				   p.cred_id);
	return 0;
}

static int check_fd(struct ckpt_reader *r, const struct ckpt_fd *fd)
{
	if (fd->fd > MAX_FD || fd->flags & ~CKPT_FD_CLOEXEC)
		return reader_fail(r, "FD_TABLE: impossible descriptor %u with flags %#x",
				   fd->fd, fd->flags);
	if (!is_object(r, fd->file_id, CKPT_REC_FILE))
		return reader_fail(r, "FD_TABLE: descriptor %u refers to object %u, which is no file before it",
				   fd->fd, fd->file_id);
	return 0;
}

int check_fd_table(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_fd *fds = ckpt_record_tail(rec);
	struct ckpt_fd_table t;
	uint32_t i;

	ckpt_record_body(rec, &t, sizeof(t));
	if ((uint64_t)t.nr_fds * sizeof(*fds) != rec->tail_len)
		return reader_fail(r, "FD_TABLE: %u descriptors in %u bytes",
				   t.nr_fds, rec->tail_len);
	for (i = 0; i < t.nr_fds; i++) {
		if (i && fds[i].fd <= fds[i - 1].fd)
			return reader_fail(r, "FD_TABLE: descriptor %u behind %u",
					   fds[i].fd, fds[i - 1].fd);
		if (check_fd(r, &fds[i]) < 0)
			return -1;
	}
	return 0;
}

int check_fs(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const char *tail = ckpt_record_tail(rec);
	struct ckpt_fs f;

	ckpt_record_body(rec, &f, sizeof(f));
	if (f.umask > 0777)
		return reader_fail(r, "FS: impossible umask %#o", f.umask);
	if ((uint64_t)f.root_len + f.cwd_len != rec->tail_len ||
	    !is_path(tail, f.root_len) ||
	    !is_path(tail + f.root_len, f.cwd_len))
		return reader_fail(r, "FS: root and working directory are not two paths");
	return 0;
}
