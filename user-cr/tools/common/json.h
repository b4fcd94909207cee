/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing JSON to stdout */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_LINES	2	/* so deep, each value has a line of its own */

/**
 * struct json - where we are in a text
 * @depth: number of open objects and arrays
 * @behind: there is a value before this place, which wants a comma
 *
 * Begins as { 0 }. In the functions, KEY is NULL in an array.
 */
struct json {
	int depth;
	bool behind;
};

/* BRACKET is '{' or '['. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
/* As strings: JSON has no such numbers. */
void json_hex(struct json *j, const char *key, uint64_t value);
void json_octal(struct json *j, const char *key, uint64_t value);
void json_bytes(struct json *j, const char *key, const void *bytes, size_t len);
/* At most LEN bytes; what is no UTF-8 becomes U+FFFD. */
void json_text(struct json *j, const char *key, const char *text, size_t len);

#endif /* COMMON_JSON_H */
