/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vm/run (host) and the machine's init (guest) say to each other.
 *
 * Three lines lead out of the machine, each one end of a socket pair: the
 * control line, which carries the frames below both ways, and one line each for
 * the output of the command, which carries nothing but its bytes. In User-Mode
 * Linux they are serial lines, in a PC ports of a virtio console.
 *
 * A serial line of User-Mode Linux takes its input byte by byte and loses its
 * interrupt once it has been throttled. So the host never has more than one
 * small frame of input under way: it waits for WIRE_ACK before the next one,
 * and anything larger than WIRE_INLINE goes through a file in the control
 * directory, and the frame says that it is there.
 *
 * For the same reason no line ever ends while the machine runs: at an end of
 * file the driver frees its interrupt in interrupt context, which may sleep.
 *
 * A port of a virtio console cannot tell when the host has taken what was
 * written, and the end of qemu is the end of what it still holds. So a PC says
 * how much it has written, and goes on when the host has it all.
 */
#ifndef VM_WIRE_H
#define VM_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* /dev/ttyS<n> or /dev/vport0p<n> in the guest. */
#define WIRE_LINE_CTL	1
#define WIRE_LINE_OUT	2
#define WIRE_LINE_ERR	3

enum wire_type {
	/* guest to host */
	WIRE_READY	= 'r',	/* init listens, the command is about to start */
	WIRE_ACK	= 'a',	/* the last input has been handed to the command */
	WIRE_CLOSED	= 'c',	/* the command reads no more input */
	WIRE_WRITTEN	= 'o',	/* uint64_t[2]: all that there is of output */

	/* host to guest */
	WIRE_DATA	= 'd',	/* input: the payload */
	WIRE_FILE	= 'f',	/* input: the file "in", complete */
	WIRE_EOF	= 'e',	/* end of input */
	WIRE_WINSIZE	= 'w',	/* struct winsize of the caller's terminal */
	WIRE_STOP	= 's',	/* nobody reads output uint8_t any more */
	WIRE_QUIT	= 'q',	/* end the command, power off */
	WIRE_TAKEN	= 'k',	/* all of WIRE_WRITTEN is here */
	WIRE_DUMP	= 't',	/* log what every blocked task waits for */
};

/**
 * struct wire_head - in front of every frame
 * @type: enum wire_type
 * @len: bytes of payload that follow
 */
struct wire_head {
	uint8_t type;
	uint8_t pad;
	uint16_t len;
};

#define WIRE_INLINE	512	/* largest payload to the guest */
#define WIRE_REPLY	16	/* and from it */
#define WIRE_MAX	(sizeof(struct wire_head) + WIRE_INLINE)
#define WIRE_CHUNK	(512 * 1024)

/* What a PC mounts: tags of 9p, and the options they have in common. */
#define WIRE_TAG_CTL	"ctl"
#define WIRE_TAG_ROOT	"root"
#define WIRE_TAG_OVER	"over"
#define WIRE_TAG_STATE	"state"
#define WIRE_9P		"trans=virtio,version=9p2000.L,msize=262144"

/*
 * Files in the control directory, which is the root the machine boots from.
 * The job is a sequence of NUL-terminated records; the first byte says what
 * the rest is.
 */
#define CTL_JOB		"job"
#define CTL_IN		"in"
#define CTL_STATUS	"status"
#define CTL_KMEMLEAK	"kmemleak"

enum job_type {
	JOB_ARG		= 'A',	/* one argument of the command */
	JOB_ENV		= 'E',	/* one VAR=VALUE */
	JOB_CWD		= 'C',	/* working directory */
	JOB_KEEP	= 'K',	/* keep visible below the machine's own /tmp, /run */
	JOB_OVER	= 'O',	/* there is a root of 32-bit programs, over the host's */
	JOB_STATE	= 'S',	/* host directory for /state */
	JOB_DISK	= 'D',	/* file system of the next disk */
	JOB_TTY		= 'T',	/* give a terminal: "rows cols" */
	JOB_MERGE	= 'M',	/* stdout and stderr are the same pipe */
	JOB_SPLIT	= 'X',	/* terminal, but stderr apart */
	JOB_LEAKS	= 'L',	/* look for leaks at the end */
};

#endif
