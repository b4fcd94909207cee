// SPDX-License-Identifier: GPL-2.0-only
#include <lz4frame.h>
#include <stdlib.h>

#include "codec.h"
#include "util.h"

#define IN_SIZE		(256 << 10)

static const LZ4F_preferences_t preferences = {
	.frameInfo = {
		.blockSizeID = LZ4F_max256KB,
		.contentChecksumFlag = LZ4F_contentChecksumEnabled,
	},
};

static int failed(const struct transfer *t, size_t code)
{
	if (!LZ4F_isError(code))
		return 0;
	complain("%s: lz4: %s", t->from_name, LZ4F_getErrorName(code));
	return -1;
}

/* Writes the LEN bytes that the library has put into OUT, unless it failed. */
static int put(struct transfer *t, const void *out, size_t len)
{
	return failed(t, len) ? -1 : transfer_write(t, out, len);
}

static int compress(struct transfer *t, LZ4F_cctx *z, void *in, void *out,
		    size_t room)
{
	long got;

	while ((got = transfer_read(t, in, IN_SIZE)) > 0) {
		if (!t->bytes &&
		    put(t, out, LZ4F_compressBegin(z, out, room,
						   &preferences)) < 0)
			return -1;
		if (put(t, out, LZ4F_compressUpdate(z, out, room, in, got,
						    NULL)) < 0)
			return -1;
		transfer_count(t, got);
	}
	if (got < 0 || !t->bytes)
		return got;
	return put(t, out, LZ4F_compressEnd(z, out, room, NULL));
}

int lz4_compress(struct transfer *t)
{
	size_t room = LZ4F_compressBound(IN_SIZE, &preferences) +
		      LZ4F_HEADER_SIZE_MAX;
	void *in = xcalloc(1, IN_SIZE), *out = xcalloc(1, room);
	LZ4F_cctx *z = NULL;
	int ret = -1;

	if (!failed(t, LZ4F_createCompressionContext(&z, LZ4F_VERSION)))
		ret = compress(t, z, in, out, room);
	LZ4F_freeCompressionContext(z);
	free(in);
	free(out);
	return ret;
}

/**
 * struct decoder - what decode() works with
 * @z: the library's state
 * @out: IN_SIZE bytes for what it makes
 */
struct decoder {
	LZ4F_dctx *z;
	void *out;
};

static long decode(struct transfer *t, void *state, const void *bytes,
		   size_t len)
{
	const struct decoder *d = state;
	const char *in = bytes;
	size_t wanted = 0, made = 0;

	/* What did not fit is still in the decoder. */
	while (len || made == IN_SIZE) {
		size_t used = len;

		made = IN_SIZE;
		wanted = LZ4F_decompress(d->z, d->out, &made, in, &used, NULL);
		if (failed(t, wanted) || transfer_write(t, d->out, made) < 0)
			return -1;
		transfer_count(t, made);
		in += used;
		len -= used;
	}
	return wanted != 0;
}

int lz4_decompress(struct transfer *t)
{
	struct decoder d = { .out = xcalloc(1, IN_SIZE) };
	void *in = xcalloc(1, IN_SIZE);
	int ret = -1;

	if (!failed(t, LZ4F_createDecompressionContext(&d.z, LZ4F_VERSION)))
		ret = transfer_decode(t, in, IN_SIZE, decode, &d);
	LZ4F_freeDecompressionContext(d.z);
	free(in);
	free(d.out);
	return ret;
}
