// SPDX-License-Identifier: GPL-2.0-only
/* What the views have in common */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "info.h"

/* No commands to the terminal: those above 127 are two bytes in UTF-8. */
void print_text(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	for (; *c; c++) {
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) {
			printf("\\%03o\\%03o", c[0], c[1]);
			c++;
		} else if (iscntrl(*c)) {
			printf("\\%03o", *c);
		} else {
			putchar(*c);
		}
	}
}

void print_column(const char *text, int width)
{
	int len = strlen(text);

	print_text(text);
	printf("%*s", len < width ? width - len + 1 : 1, "");
}

const char *file_kind_name(uint32_t kind)
{
	switch (kind) {
	case CKPT_FILE_REGULAR:
		return "file";
	case CKPT_FILE_DIRECTORY:
		return "dir";
	case CKPT_FILE_DEVICE:
		return "device";
	case CKPT_FILE_EXTERNAL:
		return "external";
	case CKPT_FILE_PIPE:
		return "pipe";
	case CKPT_FILE_NS:
	case CKPT_FILE_NS_PATH:
		return "namespace";
	}
	return "?";
}

void print_file_name(const struct info *info, const struct ckpt_record *record)
{
	const struct ckpt_record *pipe;
	struct ckpt_pipe body;
	struct ckpt_file file;

	ckpt_record_body(record, &file, sizeof(file));
	if (record->tail_len) {
		print_text(ckpt_record_tail(record));
		return;
	}
	pipe = info_object(info, file.object_id, CKPT_REC_PIPE);
	if (!pipe)
		return;
	ckpt_record_body(pipe, &body, sizeof(body));
	if (body.path_len)
		print_text((const char *)ckpt_record_tail(pipe) +
			   pipe->tail_len - body.path_len);
	else
		printf("pipe:[%u]", pipe->id);
}
