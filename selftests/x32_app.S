/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program with the system calls and pointers of x32: x86_64_test has it
 * refused. Writes a byte to its output, reads one from its input, and exits
 * with 0 if that is the same.
 */
#define X32_BIT		0x40000000
#define NR_READ		(X32_BIT + 0)
#define NR_WRITE	(X32_BIT + 1)
#define NR_EXIT		(X32_BIT + 60)

	.bss
got:	.skip	1

	.section .rodata
said:	.byte	'x'

	.text
	.globl	_start
_start:
	mov	$NR_WRITE, %eax
	mov	$1, %edi
	mov	$said, %esi
	mov	$1, %edx
	syscall
	mov	$NR_READ, %eax
	xor	%edi, %edi
	mov	$got, %esi
	mov	$1, %edx
	syscall
	xor	%edi, %edi
	cmpb	$'x', got
	setne	%dil
	mov	$NR_EXIT, %eax
	syscall

	.section .note.GNU-stack, "", @progbits
