/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libarchive, loaded when it is needed
 *
 * It brings a dozen libraries with it, and loading these takes longer than the
 * checkpoint of a small program.
 */
#ifndef COMMON_ARCHIVE_H
#define COMMON_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#define ARCHIVE_CALLS(F) \
	F(archive_entry_atime) \
	F(archive_entry_atime_nsec) \
	F(archive_entry_clear) \
	F(archive_entry_filetype) \
	F(archive_entry_free) \
	F(archive_entry_hardlink) \
	F(archive_entry_linkify) \
	F(archive_entry_linkresolver_free) \
	F(archive_entry_linkresolver_new) \
	F(archive_entry_linkresolver_set_strategy) \
	F(archive_entry_mtime) \
	F(archive_entry_mtime_nsec) \
	F(archive_entry_new) \
	F(archive_entry_pathname) \
	F(archive_entry_size) \
	F(archive_errno) \
	F(archive_error_string) \
	F(archive_format) \
	F(archive_read_data_block) \
	F(archive_read_disk_can_descend) \
	F(archive_read_disk_descend) \
	F(archive_read_disk_new) \
	F(archive_read_disk_open) \
	F(archive_read_disk_set_symlink_physical) \
	F(archive_read_free) \
	F(archive_read_new) \
	F(archive_read_next_header) \
	F(archive_read_next_header2) \
	F(archive_read_open) \
	F(archive_read_support_format_tar) \
	F(archive_set_error) \
	F(archive_write_close) \
	F(archive_write_data) \
	F(archive_write_data_block) \
	F(archive_write_disk_new) \
	F(archive_write_disk_set_options) \
	F(archive_write_finish_entry) \
	F(archive_write_free) \
	F(archive_write_header) \
	F(archive_write_new) \
	F(archive_write_open) \
	F(archive_write_set_bytes_in_last_block) \
	F(archive_write_set_format_pax) \
	F(archive_write_set_options)

#define ARCHIVE_MEMBER(name)	__typeof__(&name) name;

struct archive_calls {
	ARCHIVE_CALLS(ARCHIVE_MEMBER)
};

/* The library's functions. 0, or -1 and *WHY. */
int archive_load(struct archive_calls *calls, const char **why);

#endif /* COMMON_ARCHIVE_H */
