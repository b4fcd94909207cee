// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

static void new_line(const struct json *j)
{
	printf("\n%*s", 2 * j->depth, "");
}

/* Length of the UTF-8 sequence at S, or 0 if that is none. */
static size_t sequence(const unsigned char *s, size_t left)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 :
		s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
	uint32_t c = len > 1 ? s[0] & (0xff >> (len + 1)) : s[0];
	size_t i;

	if (!len || len > left)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < lowest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

static void quote(const char *text, size_t len)
{
	const unsigned char *s = (const void *)text;
	size_t step;

	putchar('"');
	for (; len; s += step, len -= step) {
		step = sequence(s, len);
		if (!step) {
			printf("\\ufffd");
			step = 1;
		} else if (*s < 0x20 || *s == 0x7f) {
			printf("\\u%04x", *s);
		} else {
			if (*s == '"' || *s == '\\')
				putchar('\\');
			fwrite(s, step, 1, stdout);
		}
	}
	putchar('"');
}

static void begin(struct json *j, const char *key)
{
	if (j->behind)
		putchar(',');
	if (j->depth && j->depth <= JSON_LINES)
		new_line(j);
	else if (j->behind)
		putchar(' ');
	if (key) {
		quote(key, strlen(key));
		printf(": ");
	}
	j->behind = true;
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putchar(bracket);
	j->depth++;
	j->behind = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->behind && j->depth < JSON_LINES)
		new_line(j);
	putchar(bracket == '{' ? '}' : ']');
	if (!j->depth)
		putchar('\n');
	j->behind = true;
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	printf("%" PRIu64, value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	printf("%" PRId64, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	printf("\"0x%" PRIx64 "\"", value);
}

void json_octal(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	printf("\"0%" PRIo64 "\"", value);
}

void json_bytes(struct json *j, const char *key, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;

	begin(j, key);
	putchar('"');
	while (len--)
		printf("%02x", *b++);
	putchar('"');
}

void json_text(struct json *j, const char *key, const char *text, size_t len)
{
	begin(j, key);
	quote(text, strnlen(text, len));
}
