/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine that is not there, for what restart would do to a real one */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

/*
 * From here on the system calls of restart do nothing, and say that they have done
 * it; but for number FAIL_AT, counted from 1, which fails. Whoever hands one of them
 * a path that leads out by "..", or a sysctl of no namespace, is ended.
 */
void machine_begin(unsigned int fail_at);
void machine_end(void);

#endif /* FUZZ_MACHINE_H */
