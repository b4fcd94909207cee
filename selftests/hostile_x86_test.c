// SPDX-License-Identifier: GPL-2.0
/*
 * What an image of x86 says of segments, protection keys, where mappings go, and
 * the vDSO: each of it forged, with the words that it must be refused with
 */
#include "x86.h"

#if !defined(__x86_64__) && !defined(__i386__)
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("written for x86 only\n");
}
#else

#include "calls.h"
#include "forged.h"

CKPT_SUITE_X86(hostile_x86);

/* The bits of struct user_desc, as they are in an image */
#define IS_32BIT	(1U << 0)
#define CONTENTS(n)	((n) << 1)	/* 0 data, 1 data down, 2 code, 3 conforming code */
#define NOT_PRESENT	(1U << 5)
#define USEABLE		(1U << 6)

#define GOOD		(IS_32BIT | USEABLE)

/* Restarted very often on machines that may be slow */
CKPT_BODY(small)
{
	ckpt_here();
	return 0;
}

static struct ckpt_x86_task *forged_task(void)
{
	return record_body(image_record(&bad, CKPT_REC_ARCH_TASK, 0));
}

static const struct ckpt_x86_task *unforged_task(void)
{
	return record_body(image_record(&img, CKPT_REC_ARCH_TASK, 0));
}

static struct ckpt_x86_mm *forged_mm(void)
{
	return record_body(image_record(&bad, CKPT_REC_ARCH_MM, 0));
}

/* ---- Segments of a task ---- */

static void add_tls(unsigned int nr, uint32_t flags)
{
	struct ckpt_x86_segment *s = &forged_task()->tls[nr];

	s->base = 0x1000;
	s->limit = 0xfff;
	s->flags = flags;
}

CKPT_TEST_F(hostile_x86, segments_of_a_task)
{
	static const char no_segment[] = "architecture state: a segment is not valid";
	static const char no_field[] = "architecture state: a field is not valid";
	struct app *app = &self->app;
	unsigned int nr;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	for (nr = 0; nr < CKPT_X86_NR_TLS; nr++) {
		/* A program with 32 bits has its thread pointer there, and needs it. */
		if (!unforged_task()->tls[nr].flags)
			MUST_RESTART(add_tls(nr, GOOD));
		REFUSED_WITH(no_segment, add_tls(nr, USEABLE));		/* of 16 bits */
		REFUSED_WITH(no_segment, add_tls(nr, GOOD | CONTENTS(2)));
		REFUSED_WITH(no_segment, add_tls(nr, GOOD | CONTENTS(3)));
		REFUSED_WITH(no_segment, add_tls(nr, GOOD | NOT_PRESENT));
		REFUSED_WITH(no_field, forged_task()->tls[nr].number++);
		REFUSED_WITH(no_field, forged_task()->tls[nr].number = 0);
		REFUSED_WITH(no_field, forged_task()->tls[nr].number = ~0U);
	}
	finish(_metadata, app);
}

/* ---- Those of an address space ---- */

/* One more, behind those that there are: none. */
static void add_local(uint32_t number, uint32_t flags)
{
	struct ckpt_x86_segment *s;

	image_resize_tail(&bad, image_record(&bad, CKPT_REC_ARCH_MM, 0), sizeof(*s));
	s = record_tail(image_record(&bad, CKPT_REC_ARCH_MM, 0));
	s += forged_mm()->nr_segments++;
	*s = (struct ckpt_x86_segment) { number, 0x1000, 0xfff, flags };
}

/* So many, none of which is wrong but the one that is too many */
static void add_locals(uint32_t nr)
{
	uint32_t len = nr * sizeof(struct ckpt_x86_segment), i;
	struct ckpt_x86_segment *s;

	image_add_padding(&bad, (len / CKPT_BULK_ALIGN + 1) * CKPT_BULK_ALIGN);
	image_resize_tail(&bad, image_record(&bad, CKPT_REC_ARCH_MM, 0), len);
	s = record_tail(image_record(&bad, CKPT_REC_ARCH_MM, 0));
	for (i = 0; i < nr; i++)
		s[i] = (struct ckpt_x86_segment) { i % 8192, 0x1000, 0xfff, GOOD };
	forged_mm()->nr_segments = nr;
}

CKPT_TEST_F(hostile_x86, local_segments)
{
	static const char no_field[] = "architecture part of memory: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	ASSERT_NE(NULL, image_record(&img, CKPT_REC_ARCH_MM, 0));
	MUST_RESTART((add_local(5, GOOD), add_local(8191, GOOD)));
	MUST_RESTART(add_local(5, GOOD | CONTENTS(2)));
	MUST_RESTART(add_local(5, GOOD | CONTENTS(3) | NOT_PRESENT));
	REFUSED_WITH("local descriptor 8192: cannot be set", add_local(8192, GOOD));
	REFUSED_WITH("local descriptor 4294967295: cannot be set", add_local(~0U, GOOD));
	REFUSED_WITH("local descriptor 5: cannot be set", add_local(5, GOOD | CONTENTS(3)));
	REFUSED_WITH("local descriptor 6: cannot be set",
		     (add_local(5, GOOD), add_local(6, GOOD | CONTENTS(3))));
	REFUSED_WITH(no_field, forged_mm()->nr_segments = 1);
	REFUSED_WITH(no_field, forged_mm()->nr_segments = 1U << 28);
	REFUSED_WITH(no_field, (add_local(5, GOOD), forged_mm()->nr_segments = 0));
	MUST_RESTART(add_locals(100));
	REFUSED_WITH(no_field, add_locals(8193));
	finish(_metadata, app);
}

/* ---- Protection keys, and where mappings go ---- */

CKPT_TEST_F(hostile_x86, protection_keys)
{
	static const char no_keys[] = "this machine does not have them";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	REFUSED_WITH(no_keys, forged_mm()->pkeys &= ~1U);
	REFUSED_WITH(no_keys, forged_mm()->pkeys |= 1U << 16);
	REFUSED_WITH(no_keys, forged_mm()->pkeys |= 1U << 31);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = 0);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = 7);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = 16);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = 0x7fffffff);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = -2);
	REFUSED_WITH(no_keys, forged_mm()->exec_pkey = INT32_MIN);
	finish(_metadata, app);
}

CKPT_BODY(with_a_key)
{
	NEED(pkey_alloc(0, 0));
	ckpt_here();
	return 0;
}

/* One of those that are allocated, if there are keys at all */
CKPT_TEST_F(hostile_x86, key_of_mappings_that_are_only_executed)
{
	struct app *app = &self->app;
	int ret;

	NOT_PLAIN();
	ret = hostile_capture(app, &img, "with_a_key");
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	leftovers_get(&before);
	MUST_RESTART(forged_mm()->exec_pkey = 1);
	REFUSED_WITH("this machine does not have them", forged_mm()->exec_pkey = 2);
	REFUSED_WITH("this machine does not have them",
		     (forged_mm()->exec_pkey = 1, forged_mm()->pkeys = 1));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_x86, where_mappings_go)
{
	static const char no_field[] = "architecture part of memory: a field is not valid";
	static const uint64_t bad_base[] = {
		1, 0x7ffff7fff800, 1ULL << 56, 1ULL << 63, ~0xfffULL,
	};
	struct app *app = &self->app;
	unsigned int i;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	for (i = 0; i < ARRAY_SIZE(bad_base); i++) {
		REFUSED_WITH(no_field, forged_mm()->legacy_base = bad_base[i]);
		REFUSED_WITH(no_field, forged_mm()->compat_base = bad_base[i]);
		REFUSED_WITH(no_field, forged_mm()->compat_legacy_base = bad_base[i]);
	}
	REFUSED_WITH(no_field, forged_mm()->mm_id = 0);
	REFUSED_WITH(no_field, forged_mm()->mm_id = image_record(&bad, CKPT_REC_CRED, 0)->id);
	finish(_metadata, app);
}

/* ---- The vDSO ---- */

static struct ckpt_vdso *forged_vdso(void)
{
	return record_body(image_record(&bad, CKPT_REC_VDSO, 0));
}

static struct ckpt_vdso_symbol *function(unsigned int nr)
{
	return (struct ckpt_vdso_symbol *)record_tail(image_record(&bad, CKPT_REC_VDSO, 0)) + nr;
}

CKPT_TEST_F(hostile_x86, functions_of_the_vdso)
{
	struct app *app = &self->app;
	unsigned int nr, last;
	char words[60];

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	ASSERT_NE(NULL, image_record(&img, CKPT_REC_VDSO, 0));
	last = ((struct ckpt_vdso *)record_body(image_record(&img, CKPT_REC_VDSO, 0)))->nr_symbols;
	ASSERT_LT(1, last--);
	for (nr = 0; nr <= last; nr += last) {
		snprintf(words, sizeof(words), "vDSO: function %u is not valid", nr);
		REFUSED_WITH(words, function(nr)->offset = forged_vdso()->code_len);
		REFUSED_WITH(words, function(nr)->offset = forged_vdso()->code_len - 1);
		REFUSED_WITH(words, function(nr)->offset = ~0U);
		REFUSED_WITH(words, function(nr)->size = 0);
		REFUSED_WITH(words, function(nr)->size = 4);	/* no room for a jump */
		REFUSED_WITH(words, function(nr)->size = forged_vdso()->code_len -
			     function(nr)->offset + 1);
		REFUSED_WITH(words, function(nr)->size = ~0U);
		REFUSED_WITH(words, memset(function(nr)->name, 'x', CKPT_VDSO_NAME_LEN));
	}
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_x86, lengths_of_the_vdso)
{
	static const char no_field[] = "vDSO: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	REFUSED_WITH(no_field, forged_vdso()->hash ^= 1);
	REFUSED_WITH(no_field, forged_vdso()->code_len = 0);
	REFUSED_WITH(no_field, forged_vdso()->code_len -= 4096);
	REFUSED_WITH(no_field, forged_vdso()->code_len += 4096);
	REFUSED_WITH(no_field, forged_vdso()->code_len = ~0xfffU);
	REFUSED_WITH(no_field, (forged_vdso()->code_len -= 4096,
				forged_vdso()->data_len += 4096));
	REFUSED_WITH(no_field, forged_vdso()->data_len = 0);
	REFUSED_WITH(no_field, forged_vdso()->data_len += 1);
	REFUSED_WITH(no_field, forged_vdso()->data_span = 4096);
	REFUSED_WITH(no_field, forged_vdso()->data_span = 17 * 4096);
	REFUSED_WITH(no_field, forged_vdso()->data_span++);
	REFUSED_WITH(no_field, forged_vdso()->nr_symbols++);
	REFUSED_WITH(no_field, forged_vdso()->nr_symbols = ~0U);
	REFUSED_WITH("for 16-bit programs", forged_vdso()->abi = 16);
	REFUSED_WITH("for 0-bit programs", forged_vdso()->abi = 0);
	REFUSED_WITH(no_field, forged_vdso()->reserved = 1);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_x86, vdso_of_a_task)
{
	static const char no_field[] = "architecture state: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	REFUSED_WITH(no_field, forged_task()->flags |= 1U << 4);
	REFUSED_WITH(no_field, forged_task()->reserved = 1);
	REFUSED_WITH(no_field, forged_task()->vdso_id = ~0U);
	REFUSED_WITH(no_field, forged_task()->vdso_id = image_record(&bad, CKPT_REC_CRED, 0)->id);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_x86, unknown_bits_of_segments)
{
	struct app *app = &self->app;
	unsigned int bit;

	NOT_PLAIN();
	prepare_body(_metadata, app, "small");
	for (bit = 7; bit < 32; bit += 8) {
		FORGED(MUST_REFUSE, add_tls(0, GOOD | 1U << bit), "TLS flags with bit %u", bit);
		FORGED(MUST_REFUSE, add_local(5, GOOD | 1U << bit), "LDT flags with bit %u", bit);
	}
	FORGED(MUST_REFUSE, (add_tls(0, GOOD), forged_task()->tls[0].limit = 1U << 20),
	       "%s", "TLS limit of 21 bits");
	finish(_metadata, app);
}

TEST_HARNESS_MAIN

#endif /* x86 */
