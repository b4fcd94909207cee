// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors, and the files that lead out of the tree */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "info.h"

/* Like "rw", and a for append, n for nonblocking, c for close-on-exec. */
static const char *flags_text(uint32_t flags, uint32_t fd_flags)
{
	static char text[8];
	uint32_t access = flags & O_ACCMODE;

	/* There is a fourth one, for neither. */
	text[0] = access == O_RDONLY || access == O_RDWR ? 'r' : '-';
	text[1] = access == O_WRONLY || access == O_RDWR ? 'w' : '-';
	text[2] = flags & O_APPEND ? 'a' : '-';
	text[3] = flags & O_NONBLOCK ? 'n' : '-';
	text[4] = fd_flags & CKPT_FD_CLOEXEC ? 'c' : '-';
	return text;
}

static void print_fd(const struct info *info, const struct ckpt_task *t,
		     const struct ckpt_fd *fd)
{
	const struct ckpt_record *record;
	struct ckpt_file file;

	record = info_object(info, fd->file_id, CKPT_REC_FILE);
	ckpt_record_body(record, &file, sizeof(file));
	printf("%7u  ", t->pid);
	print_column(t->comm, 15);
	printf("%4u  %s  %-8s %10" PRIu64 "  ", fd->fd,
	       flags_text(file.flags, fd->flags), file_kind_name(file.kind),
	       (uint64_t)file.pos);
	print_file_name(info, record);
	putchar('\n');
}

typedef void show_fd(const struct info *info, const struct ckpt_task *t,
		     const struct ckpt_fd *fd);

static void each_fd(const struct info *info, int task, uint32_t table_id,
		    show_fd *show)
{
	const struct ckpt_record *record;
	struct ckpt_fd_table table;
	const struct ckpt_fd *fds;
	uint32_t i;

	record = info_object(info, table_id, CKPT_REC_FD_TABLE);
	ckpt_record_body(record, &table, sizeof(table));
	fds = ckpt_record_tail(record);
	for (i = 0; i < table.nr_fds; i++)
		show(info, &info->tree.task[task].saved, &fds[i]);
}

/* Of each process, and of threads that do not share those of their process */
static void all_fds(const struct info *info, show_fd *show)
{
	struct ckpt_task_state state;
	uint32_t table_id = 0;
	int i;

	for (i = 0; i < info->tree.nr; i++) {
		if (!info_state(info, i, &state))
			continue;
		if (!task_is_thread(&info->tree.task[i]))
			table_id = state.fd_table_id;
		else if (state.fd_table_id == table_id)
			continue;
		each_fd(info, i, state.fd_table_id, show);
	}
}

void show_fds(const struct info *info)
{
	printf("%7s  %-15s %4s  %-5s  %-8s %10s  %s\n", "PID", "COMMAND", "FD",
	       "FLAGS", "KIND", "POSITION", "PATH");
	all_fds(info, print_fd);
}

static void print_external(const struct info *info, const struct ckpt_task *t,
			   const struct ckpt_fd *fd)
{
	const struct ckpt_record *record;
	struct ckpt_file file;

	record = info_object(info, fd->file_id, CKPT_REC_FILE);
	ckpt_record_body(record, &file, sizeof(file));
	if (file.kind != CKPT_FILE_EXTERNAL)
		return;
	printf("%7u  %s  %7u  ", file.slot, flags_text(file.flags, 0), t->pid);
	print_column(t->comm, 15);
	printf("%4u  ", fd->fd);
	print_file_name(info, record);
	putchar('\n');
}

void show_externals(const struct info *info)
{
	printf("%7s  %-5s  %7s  %-15s %4s  %s\n", "SLOT", "FLAGS", "PID",
	       "COMMAND", "FD", "WAS");
	all_fds(info, print_external);
}
