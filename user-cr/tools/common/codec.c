// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"
#include "util.h"

#define COPY_STEP	(1 << 20)

static const struct {
	const char *name;
	unsigned char magic[CODEC_MAGIC_LEN];
	int (*compress)(struct transfer *t);
	int (*decompress)(struct transfer *t);
} codecs[] = {
	[CODEC_NONE] = { .name = "none" },
	[CODEC_ZSTD] = {
		"zstd", { 0x28, 0xb5, 0x2f, 0xfd }, zstd_compress,
		zstd_decompress,
	},
	[CODEC_LZ4] = {
		"lz4", { 0x04, 0x22, 0x4d, 0x18 }, lz4_compress,
		lz4_decompress,
	},
};

enum codec codec_parse(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(name, codecs[i].name))
			return i;
	usage_error("'%s' is no way to compress: zstd, lz4 or none", name);
}

enum codec codec_detect(const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = CODEC_NONE + 1; len && i < ARRAY_SIZE(codecs); i++)
		if (!memcmp(bytes, codecs[i].magic,
			    len < CODEC_MAGIC_LEN ? len : CODEC_MAGIC_LEN))
			return i;
	return CODEC_NONE;
}

void transfer_count(struct transfer *t, size_t len)
{
	t->bytes += len;
	if (t->step)
		t->step(t->arg, t->bytes);
}

long transfer_read(struct transfer *t, void *buf, size_t len)
{
	ssize_t got;

	do {
		got = read(t->from, buf, len);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		complain_errno("cannot read %s", t->from_name);
	return got;
}

static int write_failed(const struct transfer *t)
{
	if (t->to_name)
		complain("cannot write %s: %s%s", t->to_name, strerror(errno),
			 write_advice(errno));
	else if (errno != EPIPE)
		complain_errno("cannot pass %s on", t->from_name);
	return -1;
}

int transfer_write(struct transfer *t, const void *buf, size_t len)
{
	return write_all(t->to, buf, len) < 0 ? write_failed(t) : 0;
}

/*
 * Whether more is to be read, for which it waits. Whoever has the other end may keep
 * it open for long: once the reader of what we make has gone, we need not wait. But
 * what is there is taken, so that a writer is not told that nobody has read it.
 */
static bool wait_for_more(const struct transfer *t)
{
	struct pollfd p[2] = {
		{ .fd = t->from, .events = POLLIN }, { .fd = t->to },
	};

	if (t->to_name)
		return true;
	while (poll(p, ARRAY_SIZE(p), -1) < 0)
		if (errno != EINTR)
			return true;
	return p[0].revents || !p[1].revents;
}

/* To be called where it may end: not in the midst of a frame. */
static long read_more(struct transfer *t, void *buf, size_t len)
{
	return wait_for_more(t) ? transfer_read(t, buf, len) : 0;
}

int transfer_decode(struct transfer *t, void *buf, size_t size,
		    long (*decode)(struct transfer *t, void *state,
				   const void *bytes, size_t len),
		    void *state)
{
	long got, wanted = 0;

	while ((got = wanted ? transfer_read(t, buf, size) :
		      read_more(t, buf, size)) > 0) {
		wanted = decode(t, state, buf, got);
		if (wanted < 0)
			return -1;
	}
	if (got || !wanted)
		return got;
	complain("%s: the compressed image is incomplete", t->from_name);
	return -1;
}

static int copy(struct transfer *t)
{
	char *buf = xcalloc(1, COPY_STEP);
	long got;

	while ((got = read_more(t, buf, COPY_STEP)) > 0) {
		if (transfer_write(t, buf, got) < 0) {
			got = -1;
			break;
		}
		transfer_count(t, got);
	}
	free(buf);
	return got;
}

/* The pages of a pipe need not be copied to get into another one. */
static int move(struct transfer *t)
{
	ssize_t moved;

	do {
		if (!wait_for_more(t))
			return 0;
		moved = splice(t->from, NULL, t->to, NULL, COPY_STEP, 0);
		if (moved > 0)
			transfer_count(t, moved);
	} while (moved > 0 || (moved < 0 && errno == EINTR));
	if (moved < 0 && errno == EINVAL)	/* not between these two */
		return copy(t);
	return moved < 0 ? write_failed(t) : 0;
}

int codec_compress(enum codec codec, struct transfer *t)
{
	return codec == CODEC_NONE ? move(t) : codecs[codec].compress(t);
}

int codec_decompress(enum codec codec, struct transfer *t)
{
	return codec == CODEC_NONE ? move(t) : codecs[codec].decompress(t);
}
