// SPDX-License-Identifier: GPL-2.0
/*
 * State of a process that only itself can see
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __x86_64__
#include <asm/prctl.h>
#elif defined(__i386__)
#include <asm/ldt.h>
#endif

#include "app.h"
#include "oracle.h"

struct out {
	char *text;
	size_t size;
	size_t len;
};

static void put(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->text + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n > 0 && o->len + n < o->size)
		o->len += n;
}

struct kernel_sigaction {
	unsigned long handler;
	unsigned long flags;
	unsigned long restorer;
	uint64_t mask;
};

static void put_signals(struct out *o)
{
	struct kernel_sigaction sa;
	uint64_t set = 0;
	stack_t ss;
	int i;

	for (i = 1; i <= 64; i++) {
		memset(&sa, 0, sizeof(sa));
		syscall(SYS_rt_sigaction, i, NULL, &sa, 8);
		put(o, "sigaction %d: %#lx %#lx %#lx %#llx\n", i, sa.handler,
		    sa.flags, sa.restorer, (unsigned long long)sa.mask);
	}
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &set, 8);
	put(o, "sigmask: %#llx\n", (unsigned long long)set);
	syscall(SYS_rt_sigpending, &set, 8);
	put(o, "sigpending: %#llx\n", (unsigned long long)set);
	sigaltstack(NULL, &ss);
	put(o, "altstack: %p %#x %zu\n", ss.ss_sp, ss.ss_flags, ss.ss_size);
}

static void put_prctl(struct out *o)
{
	static const int by_value[] = {
		PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_TIMING,
		PR_GET_SECUREBITS, PR_GET_TIMERSLACK, PR_GET_NO_NEW_PRIVS,
		PR_GET_THP_DISABLE, PR_GET_SECCOMP, PR_GET_IO_FLUSHER,
		PR_MCE_KILL_GET, 66 /* PR_GET_MDWE */,
		68 /* PR_GET_MEMORY_MERGE */,
	};
	static const int by_address[] = {
		PR_GET_PDEATHSIG, PR_GET_CHILD_SUBREAPER, PR_GET_TSC,
		PR_GET_UNALIGN, PR_GET_FPEMU,
	};
	unsigned long address = 0;
	char name[17] = "";
	unsigned int i;
	int value;

	for (i = 0; i < sizeof(by_value) / sizeof(*by_value); i++)
		put(o, "prctl %d: %d\n", by_value[i],
		    prctl(by_value[i], 0, 0, 0, 0));
	for (i = 0; i < sizeof(by_address) / sizeof(*by_address); i++) {
		value = -1;
		prctl(by_address[i], &value, 0, 0, 0);
		put(o, "prctl %d: %d\n", by_address[i], value);
	}
	prctl(PR_GET_NAME, name);
	put(o, "name: %s\n", name);
	prctl(PR_GET_TID_ADDRESS, &address);
	put(o, "tid address: %#lx\n", address);
	for (i = 0; i < 64; i++) {
		value = prctl(PR_CAPBSET_READ, i);
		if (value < 0)
			break;
		put(o, "capability %d: bounding %d, ambient %d\n", i, value,
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0));
	}
	put(o, "membarrier: %ld\n", syscall(SYS_membarrier, 1 << 9, 0, 0));
}

static void put_capabilities(struct out *o)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int i;

	syscall(SYS_capget, &head, data);
	for (i = 0; i < 2; i++)
		put(o, "capabilities %d: %#x %#x %#x\n", i, data[i].effective,
		    data[i].permitted, data[i].inheritable);
}

#ifdef __x86_64__
static void put_registers(struct out *o)
{
	unsigned long fs = 0, gs = 0;
	unsigned short control, cs, ds, es, ss, fsel, gsel;
	unsigned int mxcsr;

	asm volatile("fnstcw %0\n stmxcsr %1" : "=m" (control), "=m" (mxcsr));
	asm volatile("mov %%cs, %0\n mov %%ds, %1\n mov %%es, %2\n mov %%ss, %3\n"
		     "mov %%fs, %4\n mov %%gs, %5"
		     : "=r" (cs), "=r" (ds), "=r" (es), "=r" (ss), "=r" (fsel), "=r" (gsel));
	syscall(SYS_arch_prctl, ARCH_GET_FS, &fs);
	syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
	put(o, "fpu: control %#x, mxcsr %#x\n", control, mxcsr & ~0x3fU);
	put(o, "segments: %#x %#x %#x %#x %#x %#x\n", cs, ds, es, ss, fsel, gsel);
	put(o, "bases: %#lx %#lx\n", fs, gs);
}
#elif defined(__i386__)
static void put_registers(struct out *o)
{
	unsigned short control, cs, ds, es, ss, fsel, gsel;
	struct user_desc desc;
	unsigned int mxcsr;
	int i;

	asm volatile("fnstcw %0\n stmxcsr %1" : "=m" (control), "=m" (mxcsr));
	asm volatile("mov %%cs, %0\n mov %%ds, %1\n mov %%es, %2\n mov %%ss, %3\n"
		     "mov %%fs, %4\n mov %%gs, %5"
		     : "=m" (cs), "=m" (ds), "=m" (es), "=m" (ss), "=m" (fsel), "=m" (gsel));
	put(o, "fpu: control %#x, mxcsr %#x\n", control, mxcsr & ~0x3fU);
	put(o, "segments: %#x %#x %#x %#x %#x %#x\n", cs, ds, es, ss, fsel, gsel);
	/* Three behind the first that it is, 6 or 12 */
	for (i = 0; i < 16; i++) {
		memset(&desc, 0, sizeof(desc));
		desc.entry_number = i;
		if (!syscall(SYS_get_thread_area, &desc))
			put(o, "descriptor %d: %#x %#x\n", i, desc.base_addr, desc.limit);
	}
}
#else
static void put_registers(struct out *o)
{
}
#endif

static void put_times(struct out *o)
{
	struct itimerval it;
	struct rlimit rl;
	int i;

	for (i = 0; i < 3; i++) {
		getitimer(i, &it);
		put(o, "itimer %d: %ld.%06ld every %ld.%06ld\n", i,
		    (long)it.it_value.tv_sec, (long)it.it_value.tv_usec,
		    (long)it.it_interval.tv_sec, (long)it.it_interval.tv_usec);
	}
	for (i = 0; i < RLIM_NLIMITS; i++) {
		getrlimit(i, &rl);
		put(o, "rlimit %d: %llu %llu\n", i,
		    (unsigned long long)rl.rlim_cur,
		    (unsigned long long)rl.rlim_max);
	}
}

static void put_ids(struct out *o)
{
	uid_t r, e, s;
	static gid_t group[65536];
	struct utsname uts;
	char cwd[4096];
	mode_t mask;
	int i, n;

	put(o, "pid %d, parent %d, group %d, session %d, thread %ld\n", getpid(),
	    getppid(), getpgid(0), getsid(0), syscall(SYS_gettid));
	getresuid(&r, &e, &s);
	put(o, "uids: %d %d %d\n", r, e, s);
	getresgid(&r, &e, &s);
	put(o, "gids: %d %d %d\n", r, e, s);
	put(o, "ids for files: %d %d\n", setfsuid(-1), setfsgid(-1));
	n = getgroups(65536, group);
	for (i = 0; i < n; i++)
		put(o, "group %d: %d\n", i, group[i]);
	uname(&uts);
	put(o, "host: %s %s\n", uts.nodename, uts.domainname);
	put(o, "cwd: %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	mask = umask(0);
	umask(mask);
	put(o, "umask: %o\n", mask);
	put(o, "personality: %#x\n", personality(0xffffffff));
	put(o, "nice: %d\n", getpriority(PRIO_PROCESS, 0));
	put(o, "policy: %d\n", sched_getscheduler(0));
	put(o, "io priority: %ld\n", syscall(SYS_ioprio_get, 1, 0));
	put(o, "brk: %p\n", sbrk(0));
}

void inside_record(char *text, size_t size)
{
	struct out o = { .text = text, .size = size };

	put_ids(&o);
	put_signals(&o);
	put_prctl(&o);
	put_capabilities(&o);
	put_registers(&o);
	put_times(&o);
}

unsigned int inside_diff(const char *before, const char *after)
{
	unsigned int n = 0;

	while (*before || *after) {
		size_t a = strcspn(before, "\n"), b = strcspn(after, "\n");

		if (a != b || memcmp(before, after, a)) {
			ckpt_note("inside: before \"%.*s\", after \"%.*s\"",
				  (int)a, before, (int)b, after);
			n++;
		}
		before += a + !!before[a];
		after += b + !!after[b];
	}
	return n;
}
