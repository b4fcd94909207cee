// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a PC in qemu.
 *
 * The host's root file system, the control directory and the shared one reach
 * the machine over 9p: qemu itself keeps the first read-only, whatever root in
 * the machine does, and its one process is all there is to end. The lines are
 * ports of a virtio console, which take blocks and never lose any, and a serial
 * line for the log, which works from the first message to the last. That loses
 * what is not taken at once: it is a pipe, where many single bytes find room.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "wire.h"

/* In what cpuid says. */
#define HAS_VMX		(1U << 5)
#define HAS_SVM		(1U << 2)

/*
 * There are hosts with /dev/kvm whose processor cannot run machines: their
 * kernel emulates one instruction after the other, and not all of them.
 */
static bool kvm_works(void)
{
	unsigned int a, b, c, d;
	bool can = false;

	if (__get_cpuid(1, &a, &b, &c, &d))
		can = c & HAS_VMX;
	if (!can && __get_cpuid(0x80000001, &a, &b, &c, &d))
		can = c & HAS_SVM;
	return can && !access("/dev/kvm", R_OK | W_OK);
}

struct instant {
	uint64_t tsc, ns;
};

/* Both clocks at the same time: again if anything came in between. */
static struct instant now(void)
{
	struct timespec t;
	uint64_t before;
	int tries = 1000;

	do {
		before = __builtin_ia32_rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	} while (__builtin_ia32_rdtsc() - before > 2000 && --tries);
	return (struct instant){
		before, t.tv_sec * 1000000000ULL + t.tv_nsec
	};
}

/* How fast our time stamp counter runs. */
static unsigned long tsc_khz(void)
{
	const struct timespec nap = { .tv_nsec = 20 * 1000 * 1000 };
	struct instant start = now(), end;

	nanosleep(&nap, NULL);
	end = now();
	return (end.tsc - start.tsc) * 1000000 / (end.ns - start.ns);
}

/* What qemu takes as one value must not end at a comma in it. */
static char *value(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1), *o = out;

	if (!out)
		_exit(EXIT_MACHINE);
	do {
		if (*s == ',')
			*o++ = ',';
		*o++ = *s;
	} while (*s++);
	return out;
}

static void __attribute__((noreturn))
run_qemu(const struct machine *m, const struct lines *lines)
{
	int null = open("/dev/null", O_RDONLY);
	int fds[] = { null, lines->log, lines->log, lines->log,
		      lines->ctl, lines->out, lines->err };
	const int count = sizeof(fds) / sizeof(*fds);
	struct rlimit files, none = { 0, 0 };
	char *argv[96], *a, *append = NULL;
	unsigned int threads;
	size_t len;
	FILE *f;
	int i, n = 0;

	setrlimit(RLIMIT_CORE, &none);
	/* 9p keeps a file of the host open for many an inode in use */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}

	f = open_memstream(&append, &len);
	if (!f)
		_exit(EXIT_MACHINE);
	/*
	 * After a panic it is to reboot, which qemu takes for the end. On a busy
	 * host the machine would measure its time stamp counter wrongly, or find
	 * that it cannot be trusted; it runs as fast as ours. Or it would panic as
	 * timer interrupts are late while it waits for some.
	 */
	fprintf(f, "console=ttyS0 panic=-1 no_timer_check tsc=reliable tsc_early_khz=%lu",
		tsc_khz());
	fputs(" root=" WIRE_TAG_CTL " rootfstype=9p rootflags=" WIRE_9P
	      " rw init=/init", f);
	/* One node of memory leaves no choice to what chooses nodes. */
	if (m->nodes)
		fprintf(f, " numa=fake=%u", m->nodes);
	if (m->debug)
		fputs(" " LEAK_ARGS, f);
	/* It would cost much; --append=mitigations=auto is behind it, and wins. */
	fprintf(f, " mitigations=off");
	for (i = 0; i < m->nappend; i++)
		fprintf(f, " %s", m->append[i]);
	fclose(f);

#define ARG(...) do {						\
		if (asprintf(&a, __VA_ARGS__) < 0)		\
			_exit(EXIT_MACHINE);			\
		argv[n++] = a;					\
	} while (0)
#define SHARE(tag, path, more) do {				\
		ARG("-fsdev");					\
		ARG("local,id=%s,security_model=none,multidevs=remap,path=%s" more, \
		    tag, value(path));				\
		ARG("-device");					\
		ARG("virtio-9p-pci,fsdev=%s,mount_tag=%s", tag, tag); \
	} while (0)
#define PORT(name, line, fd) do {				\
		ARG("-chardev");				\
		ARG("socket,id=%s,fd=%d", name, fd);		\
		ARG("-device");					\
		ARG("virtserialport,chardev=%s,nr=%d", name, line); \
	} while (0)
	ARG(QEMU);
	ARG("-nodefaults");
	ARG("-no-user-config");
	ARG("-no-reboot");
	ARG("-display");
	ARG("none");
	ARG("-machine");
	ARG("pc,usb=off,vmport=off");
	if (m->accel) {
		ARG("-accel");
		ARG("%s", m->accel);
	} else if (kvm_works()) {
		ARG("-accel");
		ARG("kvm");
	}
	if (!m->accel) {
		ARG("-accel");
		ARG("tcg");
	}
	ARG("-cpu");
	ARG("%s", m->cpu);
	ARG("-m");
	ARG("%luM", m->mem);
	/* Two of a core each, if the number allows that: core scheduling is for such. */
	threads = m->cpus % 2 ? 1 : 2;
	ARG("-smp");
	ARG("%u,sockets=1,cores=%u,threads=%u", m->cpus, m->cpus / threads, threads);
	ARG("-chardev");
	ARG("file,id=log,path=/proc/self/fd/3");
	ARG("-serial");
	ARG("chardev:log");
	ARG("-device");
	ARG("virtio-serial-pci,max_ports=4");
	PORT("ctl", WIRE_LINE_CTL, 4);
	PORT("out", WIRE_LINE_OUT, 5);
	PORT("err", WIRE_LINE_ERR, 6);
	SHARE(WIRE_TAG_CTL, m->boot, "");
	SHARE(WIRE_TAG_ROOT, "/", ",readonly=on");
	if (m->over)
		SHARE(WIRE_TAG_OVER, m->over, ",readonly=on");
	if (m->state)
		SHARE(WIRE_TAG_STATE, m->state, "");
	for (i = 0; i < m->ndisks; i++) {
		ARG("-drive");
		ARG("if=none,id=disk%d,format=raw,cache=unsafe,file=%s", i,
		    value(m->disks[i].file));
		ARG("-device");
		ARG("virtio-blk-pci,drive=disk%d", i);
	}
	ARG("-kernel");
	ARG("%s", m->kernel);
	ARG("-append");
	argv[n++] = append;
	argv[n] = NULL;

	for (i = 0; i < count; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, count);
	for (i = 0; i < count; i++)
		if (dup2(fds[i], i) < 0)
			_exit(EXIT_MACHINE);
	closefrom(count);
	execvp(argv[0], argv);
	dprintf(1, "cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_MACHINE);
}

int qemu_start(struct machine *m, const struct lines *lines)
{
	const pid_t parent = getpid();
	sigset_t none;

	m->pid = fork();
	if (!m->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_MACHINE);
		/* a terminal's keys are for the machine, not for qemu */
		setsid();
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		run_qemu(m, lines);
	}
	return m->pid < 0 ? -1 : 0;
}

bool qemu_is_there(void)
{
	const char *path = getenv("PATH");
	char *dirs = strdup(path ? path : "/usr/bin:/bin"), *save, *dir, *file;
	bool found = false;

	for (dir = strtok_r(dirs, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		if (asprintf(&file, "%s/" QEMU, dir) < 0)
			break;
		found = !access(file, X_OK);
		free(file);
	}
	free(dirs);
	return found;
}
