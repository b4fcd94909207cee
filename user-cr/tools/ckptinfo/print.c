// SPDX-License-Identifier: GPL-2.0-only
/* What the views have in common */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "info.h"

const char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	static char text[8][24];
	static unsigned int next;
	char *to = text[next++ % 8];
	double size = bytes;
	int unit = -1;

	while (size >= 1024 && unit < 4) {
		size /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(to, sizeof(text[0]), "%u B", (unsigned int)bytes);
	else
		snprintf(to, sizeof(text[0]), "%.1f %s", size, units[unit]);
	return to;
}

void print_text(const char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			printf("\\%03o", (unsigned char)*text);
		else
			putchar(*text);
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
	}
	return "?";
}
