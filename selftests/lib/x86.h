/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of what processors of x86 have; they include it instead of test.h
 */
#ifndef CKPT_TEST_X86_H
#define CKPT_TEST_X86_H

#include "refusal.h"

#if defined(__x86_64__) || defined(__i386__)

#include "points.h"

/* User-Mode Linux runs on a kernel that has the processor. */
static __maybe_unused bool on_um(void)
{
	char text[4096];

	return read_file("/proc/cpuinfo", text, sizeof(text)) > 0 &&
	       strstr(text, "User Mode Linux");
}

/* As CKPT_SUITE(), but only for kernels that run on the processor themselves */
#define CKPT_SUITE_X86(suite)						\
	FIXTURE(suite) { struct app app; };				\
	FIXTURE_VARIANT(suite) { enum ckpt_freezer freezer; };		\
	FIXTURE_VARIANT_ADD(suite, v2) { .freezer = FREEZER_V2 };	\
	FIXTURE_SETUP(suite)						\
	{								\
		if (on_um())						\
			SKIP(return, "User-Mode Linux has not the processor itself"); \
		if (!app_plain() && !app_supported())			\
			SKIP(return, "this kernel has no checkpoint()"); \
		ASSERT_EQ(0, app_init(&self->app, variant->freezer));	\
	}								\
	FIXTURE_TEARDOWN(suite)						\
	{								\
		app_cleanup(&self->app);				\
	}

/* How assembly names a variable, and gets the address of one */
#ifdef __x86_64__
#define VAR(name)		#name "(%rip)"
#define ADDRESS(name, reg)	"lea " #name "(%rip), %r" reg "\n"
#else
#define VAR(name)		#name
#define ADDRESS(name, reg)	"lea " #name ", %e" reg "\n"
#endif

/* The limit of a segment, or -1 if there is none */
static __maybe_unused long segment_limit(unsigned long selector)
{
	unsigned long limit = 0;
	unsigned char valid;

	asm volatile("lsl %[selector], %[limit]\n setz %[valid]"
		     : [limit] "+r" (limit), [valid] "=q" (valid)
		     : [selector] "r" (selector)
		     : "cc");
	return valid ? (long)limit : -1;
}

#endif /* x86 */
#endif /* CKPT_TEST_X86_H */
