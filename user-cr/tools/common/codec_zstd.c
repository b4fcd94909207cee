// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "codec.h"
#include "util.h"

/* The application may be waiting for us: speed first. */
#define LEVEL	1

/* Buffers of the sizes that the library likes. */
struct buffers {
	void *in;
	size_t in_size;
	void *out;
	size_t out_size;
};

static void make_buffers(struct buffers *b, size_t in, size_t out)
{
	*b = (struct buffers){
		.in = xcalloc(1, in), .in_size = in,
		.out = xcalloc(1, out), .out_size = out,
	};
}

static void free_buffers(struct buffers *b)
{
	free(b->in);
	free(b->out);
}

static int failed(const struct transfer *t, size_t code)
{
	if (!ZSTD_isError(code))
		return 0;
	complain("%s: zstd: %s", t->from_name, ZSTD_getErrorName(code));
	return -1;
}

/* Gives LEN bytes to the encoder; with ZSTD_e_end, finishes. */
static int encode(struct transfer *t, ZSTD_CCtx *z, struct buffers *b,
		  size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { b->in, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { b->out, b->out_size, 0 };

		left = ZSTD_compressStream2(z, &out, &in, how);
		if (failed(t, left) || transfer_write(t, b->out, out.pos) < 0)
			return -1;
	} while (in.pos < in.size || (how == ZSTD_e_end && left));
	return 0;
}

static int compress(struct transfer *t, ZSTD_CCtx *z, struct buffers *b)
{
	long got;

	while ((got = transfer_read(t, b->in, b->in_size)) > 0) {
		if (encode(t, z, b, got, ZSTD_e_continue) < 0)
			return -1;
		transfer_count(t, got);
	}
	if (got < 0 || !t->bytes)
		return got;
	return encode(t, z, b, 0, ZSTD_e_end);
}

int zstd_compress(struct transfer *t)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	struct buffers b;
	int ret = -1;

	make_buffers(&b, ZSTD_CStreamInSize(), ZSTD_CStreamOutSize());
	if (!z)
		complain("out of memory");
	else if (!failed(t, ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel,
						   LEVEL)) &&
		 !failed(t, ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))
		ret = compress(t, z, &b);
	ZSTD_freeCCtx(z);
	free_buffers(&b);
	return ret;
}

/**
 * struct decoder - what decode() works with
 * @z: the library's state
 * @b: buffers
 */
struct decoder {
	ZSTD_DCtx *z;
	struct buffers b;
};

static long decode(struct transfer *t, void *state, const void *bytes,
		   size_t len)
{
	const struct decoder *d = state;
	ZSTD_inBuffer in = { bytes, len, 0 };
	bool full = false;
	size_t left = 0;

	/* What did not fit is still in the decoder. */
	while (in.pos < in.size || full) {
		ZSTD_outBuffer out = { d->b.out, d->b.out_size, 0 };

		left = ZSTD_decompressStream(d->z, &out, &in);
		if (failed(t, left) || transfer_write(t, d->b.out, out.pos) < 0)
			return -1;
		transfer_count(t, out.pos);
		full = left && out.pos == out.size;
	}
	return left != 0;
}

int zstd_decompress(struct transfer *t)
{
	struct decoder d = { .z = ZSTD_createDCtx() };
	int ret = -1;

	make_buffers(&d.b, ZSTD_DStreamInSize(), ZSTD_DStreamOutSize());
	if (!d.z)
		complain("out of memory");
	else
		ret = transfer_decode(t, d.b.in, d.b.in_size, decode, &d);
	ZSTD_freeDCtx(d.z);
	free_buffers(&d.b);
	return ret;
}
