// SPDX-License-Identifier: GPL-2.0
/*
 * 32-bit programs on 64-bit kernels, and on kernels of their own
 *
 * The applications are in compat_app, which is a 32-bit program in any case. A
 * 64-bit program here checkpoints and restarts them, and the same built as a
 * 32-bit program, with compat system calls. All the other tests that are built
 * as 32-bit programs are for what does not differ: what is here does, or is
 * what 64-bit programs have not.
 */
#include "interrupt.h"
#include "refusal.h"

#include <limits.h>

#if defined(__x86_64__)
#define COMPAT_APP	"32/compat_app"
#elif defined(__i386__)
#define COMPAT_APP	"compat_app"
#else
#define COMPAT_APP	NULL
#endif

/* Whether there is such a program, and the kernel runs it */
static bool has_compat_app(void)
{
	char path[PATH_MAX], *end;
	ssize_t len;
	int status = -1;
	pid_t pid;

	len = readlink("/proc/self/exe", path, sizeof(path) - 32);
	if (!COMPAT_APP || len < 0)
		return false;
	path[len] = '\0';
	end = strrchr(path, '/');
	strcpy(end + 1, COMPAT_APP);
	pid = fork();
	if (pid == 0) {
		execl(path, path, NULL);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

FIXTURE(compat) { struct app app; };
FIXTURE_VARIANT(compat) { enum ckpt_freezer freezer; };
FIXTURE_VARIANT_ADD(compat, v2) { .freezer = FREEZER_V2 };
CKPT_SUITE_V1(compat);
FIXTURE_SETUP(compat)
{
	if (!has_compat_app())
		SKIP(return, "no 32-bit programs: not built, or the kernel has no place for them");
	if (!app_plain() && !app_supported())
		SKIP(return, "this kernel has no checkpoint()");
	ASSERT_EQ(0, app_init(&self->app, variant->freezer));
	self->app.exe = COMPAT_APP;
}
FIXTURE_TEARDOWN(compat)
{
	app_cleanup(&self->app);
}

#define COMPAT_POINTS(name, points)					\
	CKPT_TEST_F(compat, name)					\
	{								\
		ckpt_roundtrip(_metadata, &self->app, #name, points);	\
	}
#define COMPAT(name)	COMPAT_POINTS(name, 1)
#define COMPAT_IN_CALL(name)						\
	CKPT_TEST_F(compat, name)					\
	{								\
		ckpt_in_call(_metadata, &self->app, #name);		\
	}
#define COMPAT_REFUSED(name, pattern)					\
	CKPT_TEST_F(compat, name)					\
	{								\
		refused(_metadata, &self->app, #name, pattern);		\
	}
#define COMPAT_INTERRUPTED(name, compare)				\
	CKPT_TEST_F(compat, name)					\
	{								\
		interrupt(_metadata, &self->app, #name, compare);	\
	}

/* ---- Registers and segments ---- */

COMPAT(registers_in_user_mode)
COMPAT_IN_CALL(registers_in_a_call_by_int80)
COMPAT_IN_CALL(registers_in_a_call_by_the_vdso)
COMPAT(descriptors_of_a_thread)
COMPAT(descriptors_of_two_processes)
COMPAT_POINTS(descriptors_of_every_kind, 5)
COMPAT(local_descriptor_that_is_in_use)
COMPAT_REFUSED(code_of_64_bits, "is a 32-bit program that runs 64-bit code")

/* ---- Signals ---- */

COMPAT(handler_with_an_old_frame)
COMPAT(handler_with_a_frame_of_realtime_signals)
COMPAT(handler_on_a_stack_of_its_own)
COMPAT(pending_signals_with_values)

/* ---- The vDSO ---- */

COMPAT(entry_of_the_vdso)
/* In the middle of it, it goes on with a copy, beside the kernel's. */
CKPT_TEST_F(compat, entry_of_the_vdso_all_the_time)
{
	self->app.in_vdso = true;
	ckpt_roundtrip(_metadata, &self->app, "entry_of_the_vdso_all_the_time", 1);
}
COMPAT(clocks_of_the_vdso)

/* ---- System calls in progress ---- */

COMPAT_INTERRUPTED(nanosleep_of_32_bits, true)
COMPAT_INTERRUPTED(nanosleep_of_32_bits_by_the_vdso, true)
COMPAT_INTERRUPTED(nanosleep_of_64_bits, true)
COMPAT_INTERRUPTED(nanosleep_of_64_bits_by_the_vdso, true)
COMPAT_INTERRUPTED(poll_times_out, true)
COMPAT_INTERRUPTED(poll_times_out_by_the_vdso, true)
COMPAT_INTERRUPTED(futex_times_out_after_32_bits, true)
COMPAT_INTERRUPTED(futex_times_out_after_64_bits, true)
COMPAT_INTERRUPTED(futex_times_out_at_64_bits, true)
COMPAT_INTERRUPTED(pause_goes_on, true)
COMPAT_INTERRUPTED(pause_goes_on_by_the_vdso, true)
COMPAT_INTERRUPTED(old_sigsuspend_with_a_mask, true)
/* The kernel writes the time that is left to memory at every interruption. */
COMPAT_INTERRUPTED(time_that_is_left_of_32_bits, false)
COMPAT_INTERRUPTED(time_that_is_left_of_64_bits, false)
COMPAT_INTERRUPTED(ppoll_times_out, false)
COMPAT_INTERRUPTED(ppoll_with_a_mask, false)
COMPAT_INTERRUPTED(pselect_with_a_mask, false)
COMPAT_INTERRUPTED(select_of_32_bits_times_out, false)

/* ---- Address space ---- */

COMPAT(memory_above_three_gigabytes)
COMPAT(places_of_new_mappings)
COMPAT(limit_of_three_gigabytes)
COMPAT(layout_from_the_bottom)

/* ---- What the kernel keeps in the layout of 32 bits ---- */

COMPAT(robust_list)
COMPAT(limits_above_four_gigabytes)
COMPAT(machine_of_32_bits)
COMPAT(core_of_32_bits)

/* ---- Trees of both kinds ---- */

/* A 32-bit oracle has no numbers for 64-bit addresses. */
#ifdef __x86_64__

#define OTHER_PROGRAM	COMPAT_APP
#include "mixed.h"

#define MIXED_POINTS(name, points)					\
	CKPT_TEST_F(compat, mixed_##name##_below_64_bits)		\
	{								\
		self->app.exe = NULL;					\
		ckpt_roundtrip(_metadata, &self->app, "mixed_" #name, points); \
	}								\
	CKPT_TEST_F(compat, mixed_##name##_below_32_bits)		\
	{								\
		ckpt_roundtrip(_metadata, &self->app, "mixed_" #name, points); \
	}
#define MIXED(name)	MIXED_POINTS(name, 1)

MIXED(generations)
MIXED(pipe)
MIXED(futex)
MIXED(signals)
MIXED_POINTS(cycles, 5)

#endif /* __x86_64__ */

TEST_HARNESS_MAIN
