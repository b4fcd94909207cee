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

	text[0] = access == O_WRONLY ? '-' : 'r';
	text[1] = access == O_RDONLY ? '-' : 'w';
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

static void each_fd(const struct info *info, int task,
		    void (*show)(const struct info *info,
				 const struct ckpt_task *t,
				 const struct ckpt_fd *fd))
{
	const struct ckpt_record *record;
	struct ckpt_task_state state;
	struct ckpt_fd_table table;
	const struct ckpt_fd *fds;
	uint32_t i;

	info_state(info, task, &state);
	record = info_object(info, state.fd_table_id, CKPT_REC_FD_TABLE);
	ckpt_record_body(record, &table, sizeof(table));
	fds = ckpt_record_tail(record);
	for (i = 0; i < table.nr_fds; i++)
		show(info, &info->tree.task[task].saved, &fds[i]);
}

void show_fds(const struct info *info)
{
	int i;

	printf("%7s  %-15s %4s  %-5s  %-8s %10s  %s\n", "PID", "COMMAND", "FD",
	       "FLAGS", "KIND", "POSITION", "PATH");
	for (i = 0; i < info->tree.nr; i++)
		if (!task_is_thread(&info->tree.task[i]))
			each_fd(info, i, print_fd);
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
	int i;

	printf("%7s  %-5s  %7s  %-15s %4s  %s\n", "SLOT", "FLAGS", "PID",
	       "COMMAND", "FD", "WAS");
	for (i = 0; i < info->tree.nr; i++)
		if (!task_is_thread(&info->tree.task[i]))
			each_fd(info, i, print_external);
}
