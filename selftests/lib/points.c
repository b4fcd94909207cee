// SPDX-License-Identifier: GPL-2.0
/*
 * Loops in assembly in which a process waits for its checkpoint
 */
#if defined(__x86_64__) || defined(__i386__)

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "app.h"
#include "points.h"

void (*point_wait)(void);

static char point_path[PATH_MAX] __attribute__((used));
static char point_made[PATH_MAX] __attribute__((used));
static char point_ready[PATH_MAX] __attribute__((used));
static int64_t point_pause[2] __attribute__((used)) = { 0, 2000000 };
static int point_fd __attribute__((used));
static volatile char point_stop[4096] __attribute__((used, aligned(4096)));
static volatile double handler_result;
static pid_t child;

void point_wait_between_calls(void);
void point_wait_in_user_mode(void);
void point_wait_in_a_call(void);

#ifdef __x86_64__
/*
 * rename() says that it is ready, from when on no memory changes; access() and
 * nanosleep() in turn; read() of a byte into point_stop
 */
asm(".pushsection .text\n"
    "point_wait_between_calls:\n"
    "	mov $82, %eax\n"
    "	lea point_made(%rip), %rdi\n"
    "	lea point_ready(%rip), %rsi\n"
    "	syscall\n"
    "1:	mov $21, %eax\n"
    "	lea point_path(%rip), %rdi\n"
    "	xor %esi, %esi\n"
    "	syscall\n"
    "	test %rax, %rax\n"
    "	jz 2f\n"
    "	mov $35, %eax\n"
    "	lea point_pause(%rip), %rdi\n"
    "	xor %esi, %esi\n"
    "	syscall\n"
    "	jmp 1b\n"
    "2:	ret\n"
    "point_wait_in_user_mode:\n"
    "1:	cmpb $0, point_stop(%rip)\n"
    "	je 1b\n"
    "	ret\n"
    "point_wait_in_a_call:\n"
    "	xor %eax, %eax\n"
    "	mov point_fd(%rip), %edi\n"
    "	lea point_stop(%rip), %rsi\n"
    "	mov $1, %edx\n"
    "	syscall\n"
    "	ret\n"
    ".popsection\n");
#else
asm(".pushsection .text\n"
    "point_wait_between_calls:\n"
    "	push %ebx\n"
    "	push %esi\n"
    "	mov $38, %eax\n"
    "	mov $point_made, %ebx\n"
    "	mov $point_ready, %ecx\n"
    "	int $0x80\n"
    "1:	mov $33, %eax\n"
    "	mov $point_path, %ebx\n"
    "	xor %ecx, %ecx\n"
    "	int $0x80\n"
    "	test %eax, %eax\n"
    "	jz 2f\n"
    "	mov $407, %eax\n"	/* clock_nanosleep_time64 */
    "	mov $1, %ebx\n"
    "	xor %ecx, %ecx\n"
    "	mov $point_pause, %edx\n"
    "	xor %esi, %esi\n"
    "	int $0x80\n"
    "	jmp 1b\n"
    "2:	pop %esi\n"
    "	pop %ebx\n"
    "	ret\n"
    "point_wait_in_user_mode:\n"
    "1:	cmpb $0, point_stop\n"
    "	je 1b\n"
    "	ret\n"
    "point_wait_in_a_call:\n"
    "	push %ebx\n"
    "	mov $3, %eax\n"
    "	mov point_fd, %ebx\n"
    "	mov $point_stop, %ecx\n"
    "	mov $1, %edx\n"
    "	int $0x80\n"
    "	pop %ebx\n"
    "	ret\n"
    ".popsection\n");
#endif

/* Leaves nothing in the registers of what the interrupted code had there. */
static void on_alarm(int sig)
{
	handler_result = sig * 1.5 + handler_result / 3;
	ckpt_here();
	handler_result = handler_result * sig;
	point_stop[0] = 1;
}

/* Says that the parent waits, and ends its wait when told to. */
static int end_the_wait(int fd)
{
	CHECK(!(fd >= 0 ? ckpt_wait_sleeps(getppid()) : ckpt_wait_spins(getppid())));
	ckpt_here();
	if (fd >= 0)
		return write(fd, "x", 1) != 1;
	point_stop[0] = 1;
	return 0;
}

int point_prepare(enum point point)
{
	/* It must have come to the loop by then. */
	long soon = 50000 * ckpt_scale();
	struct itimerval it = {
		.it_value = { soon / 1000000, soon % 1000000 },
	};
	int fd[2] = { -1, -1 };

	/* Shared with the child, where the assembly finds it without a register */
	CHECK(mmap((void *)point_stop, sizeof(point_stop), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	switch (point) {
	case POINT_BETWEEN_CALLS:
		snprintf(point_path, sizeof(point_path), "%s/go.0", ckpt_dir());
		snprintf(point_ready, sizeof(point_ready), "%s/ready.0", ckpt_dir());
		snprintf(point_made, sizeof(point_made), "%s/made", ckpt_dir());
		ckpt_set("made");
		point_wait = point_wait_between_calls;
		return 0;
	case POINT_IN_A_HANDLER:
		point_wait = point_wait_in_user_mode;
		signal(SIGALRM, on_alarm);
		CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
		return 0;
	case POINT_IN_A_CALL:
		point_wait = point_wait_in_a_call;
		CHECK_OK(pipe(fd));
		point_fd = fd[0];
		break;
	case POINT_IN_USER_MODE:
		point_wait = point_wait_in_user_mode;
		break;
	}
	SPAWN(child, end_the_wait(fd[1]));
	return 0;
}

int point_done(void)
{
	return child ? ckpt_reap(child) : 0;
}

#endif /* x86 */
