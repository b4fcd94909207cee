// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is lost in silence
 *
 * Either checkpoint() refuses by task, object and reason, and the application
 * goes on unharmed; or the state is there after a restart; or the image has it
 * and restart() refuses, as for credentials that the caller cannot give. These
 * are kinds of state for which it does not matter here which of these it is.
 */
#include "refusal.h"

#include <grp.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#define PAGE	4096UL

CKPT_SUITE(never_lost);

#define NEVER_LOST(name)	CKPT_NEVER_LOST(never_lost, name)

/* ---- Files ---- */

NEVER_LOST(flock)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600), other;

	CHECK_OK(flock(fd, LOCK_EX));
	ckpt_here();
	other = open("f", O_RDWR);
	CHECK(flock(other, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	return 0;
}

static int record_lock(int cmd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 5 };
	int fd = open("f", O_RDWR | O_CREAT, 0600), other;

	CHECK_OK(fcntl(fd, cmd, &lock));
	ckpt_here();
	other = open("f", O_RDWR);
	lock.l_pid = 0;
	CHECK_OK(fcntl(other, F_OFD_GETLK, &lock));
	CHECK_EQ(F_WRLCK, lock.l_type);
	CHECK_EQ(10, lock.l_start);
	CHECK_EQ(5, lock.l_len);
	return 0;
}

NEVER_LOST(posix_lock)
{
	return record_lock(F_SETLK);
}

NEVER_LOST(open_file_description_lock)
{
	return record_lock(F_OFD_SETLK);
}

NEVER_LOST(lease)
{
	int fd = open("f", O_RDONLY | O_CREAT, 0600);

	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		return ckpt_skip("F_SETLEASE: %s", strerror(errno));
	ckpt_here();
	CHECK_EQ(F_RDLCK, fcntl(fd, F_GETLEASE));
	return 0;
}

NEVER_LOST(owner_of_a_file)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd, F_SETSIG, SIGRTMIN));
	ckpt_here();
	CHECK_EQ(getpid(), fcntl(fd, F_GETOWN));
	CHECK_EQ(SIGRTMIN, fcntl(fd, F_GETSIG));
	return 0;
}

NEVER_LOST(write_life_hint)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	uint64_t hint = 2;

	CHECK_OK(fcntl(fd, 1036 /* F_SET_RW_HINT */, &hint));
	ckpt_here();
	CHECK_OK(fcntl(fd, 1035 /* F_GET_RW_HINT */, &hint));
	CHECK_EQ(2, hint);
	return 0;
}

NEVER_LOST(read_ahead_advice)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	ckpt_here();
	CHECK_OK(fcntl(fd, F_GETFD));
	return 0;
}

/* ---- Memory ---- */

NEVER_LOST(shared_mapping_that_may_become_writable)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	char *p;

	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	ckpt_here();
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	*p = 'x';
	CHECK_EQ(1, pread(fd, p + 1, 1, 0));
	CHECK_EQ('x', p[1]);
	return 0;
}

NEVER_LOST(private_mapping_of_dev_zero)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	close(fd);
	pattern_fill(p + PAGE, PAGE, 8);
	ckpt_here();
	CHECK(!pattern_check(p + PAGE, PAGE, 8));
	CHECK_EQ(0, p[2 * PAGE]);
	return 0;
}

static int advised(int advice)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 4 * PAGE);
	if (madvise(p, 4 * PAGE, advice))
		return ckpt_skip("madvise(%d): %s", advice, strerror(errno));
	ckpt_here();
	return 0;
}

NEVER_LOST(advice_dontfork)	{ return advised(MADV_DONTFORK); }
NEVER_LOST(advice_wipeonfork)	{ return advised(MADV_WIPEONFORK); }
NEVER_LOST(advice_dontdump)	{ return advised(MADV_DONTDUMP); }
NEVER_LOST(advice_mergeable)	{ return advised(MADV_MERGEABLE); }
NEVER_LOST(advice_hugepage)	{ return advised(MADV_HUGEPAGE); }
NEVER_LOST(advice_nohugepage)	{ return advised(MADV_NOHUGEPAGE); }
NEVER_LOST(advice_random)	{ return advised(MADV_RANDOM); }
NEVER_LOST(advice_sequential)	{ return advised(MADV_SEQUENTIAL); }

NEVER_LOST(guard_pages)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 4 * PAGE);
	NEED(madvise(p + PAGE, PAGE, 102 /* MADV_GUARD_INSTALL */));
	ckpt_here();
	CHECK(access(p + PAGE, F_OK) < 0 && errno == EFAULT);
	CHECK(access(p, F_OK) < 0 && errno != EFAULT);
	return 0;
}

NEVER_LOST(sealed_mapping)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(syscall(462 /* mseal */, p, PAGE, 0));
	ckpt_here();
	CHECK(munmap(p, PAGE) < 0 && errno == EPERM);
	return 0;
}

NEVER_LOST(droppable_mapping)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       0x08 /* MAP_DROPPABLE */ | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return ckpt_skip("MAP_DROPPABLE: %s", strerror(errno));
	*p = 1;
	ckpt_here();
	return 0;
}

NEVER_LOST(named_mapping)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, PAGE, "a name"));
	ckpt_here();
	return 0;
}

/* ---- Timers ---- */

NEVER_LOST(alarm_clock)
{
	alarm(1000);
	ckpt_here();
	CHECK(alarm(0) > 900);
	return 0;
}

NEVER_LOST(limit_of_processor_time)
{
	struct rlimit rl = { 1000, 2000 };

	CHECK_OK(setrlimit(RLIMIT_CPU, &rl));
	ckpt_here();
	CHECK_OK(getrlimit(RLIMIT_CPU, &rl));
	CHECK_EQ(1000, rl.rlim_cur);
	return 0;
}

/* ---- Attributes of the process ---- */

NEVER_LOST(no_new_privs)
{
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

NEVER_LOST(parent_death_signal)
{
	int sig = 0, ret;
	pid_t pid;

	SPAWN(pid, (ret = prctl(PR_SET_PDEATHSIG, SIGUSR1), ckpt_announce("child", "go.0"), prctl(PR_GET_PDEATHSIG, &sig),
		    ret || sig != SIGUSR1));
	ckpt_wait_for("child");
	ckpt_here();
	return ckpt_reap(pid);
}

NEVER_LOST(child_subreaper)
{
	int value = 0;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	ckpt_here();
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
	CHECK_EQ(1, value);
	return 0;
}

NEVER_LOST(keep_capabilities)
{
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_KEEPCAPS));
	return 0;
}

NEVER_LOST(timer_slack)
{
	CHECK_OK(prctl(PR_SET_TIMERSLACK, 123456));
	ckpt_here();
	CHECK_EQ(123456, prctl(PR_GET_TIMERSLACK));
	return 0;
}

NEVER_LOST(no_huge_pages)
{
	NEED(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	return 0;
}

NEVER_LOST(memory_deny_write_execute)
{
	NEED(prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0));
	return 0;
}

NEVER_LOST(io_flusher)
{
	NEED(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	return 0;
}

NEVER_LOST(ksm_for_all_memory)
{
	NEED(prctl(67 /* PR_SET_MEMORY_MERGE */, 1, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(68 /* PR_GET_MEMORY_MERGE */, 0, 0, 0, 0));
	return 0;
}

NEVER_LOST(capability_bounding_set)
{
	CHECK_OK(prctl(PR_CAPBSET_DROP, 25 /* CAP_SYS_TIME */));
	ckpt_here();
	CHECK_EQ(0, prctl(PR_CAPBSET_READ, 25));
	CHECK_EQ(1, prctl(PR_CAPBSET_READ, 21));
	return 0;
}

NEVER_LOST(secure_bits)
{
	CHECK_OK(prctl(PR_SET_SECUREBITS, 1 /* SECBIT_NOROOT */));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_SECUREBITS));
	return 0;
}

NEVER_LOST(user_and_group_ids)
{
	gid_t group[3] = { 20, 30, 40 }, now[8];
	uid_t r, e, s;

	CHECK_OK(setgroups(3, group));
	CHECK_OK(setresgid(100, 101, 102));
	CHECK_OK(setresuid(1000, 0, 1002));
	ckpt_here();
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == 1000 && e == 0 && s == 1002);
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK(r == 100 && e == 101 && s == 102);
	CHECK_EQ(3, getgroups(8, now));
	CHECK(now[0] == 20 && now[1] == 30 && now[2] == 40);
	return 0;
}

NEVER_LOST(scheduling_policy)
{
	struct sched_param param = { 0 };

	CHECK_OK(sched_setscheduler(0, SCHED_BATCH, &param));
	ckpt_here();
	CHECK_EQ(SCHED_BATCH, sched_getscheduler(0));
	return 0;
}

NEVER_LOST(realtime_priority)
{
	struct sched_param param = { 5 };

	NEED(sched_setscheduler(0, SCHED_FIFO, &param));
	ckpt_here();
	CHECK_EQ(SCHED_FIFO, sched_getscheduler(0));
	CHECK_OK(sched_getparam(0, &param));
	CHECK_EQ(5, param.sched_priority);
	return 0;
}

NEVER_LOST(nice_value)
{
	CHECK_OK(setpriority(PRIO_PROCESS, 0, -5));
	ckpt_here();
	CHECK_EQ(-5, getpriority(PRIO_PROCESS, 0));
	return 0;
}

NEVER_LOST(io_priority)
{
	NEED(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
	ckpt_here();
	CHECK_EQ(2 << 13 | 6, syscall(SYS_ioprio_get, 1, 0));
	return 0;
}

NEVER_LOST(processor_affinity)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	ckpt_here();
	CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
	CHECK_EQ(1, CPU_COUNT(&set));
	return 0;
}

NEVER_LOST(oom_score)
{
	char text[16];

	CHECK_EQ(0, write_file("/proc/self/oom_score_adj", "321"));
	ckpt_here();
	CHECK(read_file("/proc/self/oom_score_adj", text, sizeof(text)) > 0);
	CHECK_EQ(321, atoi(text));
	return 0;
}

NEVER_LOST(core_dump_filter)
{
	char text[16];

	CHECK_EQ(0, write_file("/proc/self/coredump_filter", "0x21"));
	ckpt_here();
	CHECK(read_file("/proc/self/coredump_filter", text, sizeof(text)) > 0);
	CHECK_EQ(0x21, strtol(text, NULL, 16));
	return 0;
}

NEVER_LOST(login_uid)
{
	char text[16];

	if (write_file("/proc/self/loginuid", "77"))
		return ckpt_skip("no loginuid");
	ckpt_here();
	CHECK(read_file("/proc/self/loginuid", text, sizeof(text)) > 0);
	CHECK_EQ(77, atoi(text));
	return 0;
}

NEVER_LOST(personality_flags)
{
	CHECK_OK(personality(ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS));
	ckpt_here();
	CHECK_EQ(ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS, personality(0xffffffff));
	return 0;
}

NEVER_LOST(session_keyring)
{
	long id;

	id = syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, "ckpt");
	NEED(id);
	ckpt_here();
	CHECK_EQ(id, syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3, 0));
	return 0;
}

NEVER_LOST(keyring_for_requested_keys)
{
	NEED(syscall(SYS_keyctl, 14 /* SET_REQKEY_KEYRING */, 4 /* the user's */));
	ckpt_here();
	CHECK_EQ(4, syscall(SYS_keyctl, 14, -1 /* no change */));
	return 0;
}

NEVER_LOST(robust_list)
{
	static struct { void *next; long off; void *pending; } head;
	struct { void *next; long off; void *pending; } *now;
	size_t len;

	head.next = &head;
	CHECK_OK(syscall(SYS_set_robust_list, &head, sizeof(head)));
	ckpt_here();
	CHECK_OK(syscall(SYS_get_robust_list, 0, &now, &len));
	CHECK((void *)now == (void *)&head);
	CHECK_EQ(sizeof(head), len);
	return 0;
}

NEVER_LOST(clear_child_tid)
{
	static int tid;
	int *now = NULL;

	syscall(SYS_set_tid_address, &tid);
	ckpt_here();
	CHECK_OK(prctl(PR_GET_TID_ADDRESS, &now));
	CHECK(now == &tid);
	return 0;
}

/* ---- What processes share without being threads ---- */

static char share_stack[65536] __attribute__((aligned(16)));
static volatile int shared_value;

static int sharing_child(void *arg)
{
	int flags = (long)arg;

	if (flags & CLONE_FILES)
		dup2(0, 50);
	if (flags & CLONE_FS)
		umask(0123);
	ckpt_announce("child", "go.0");
	if (flags & CLONE_VM)
		shared_value = 9;
	if (flags & CLONE_FILES)
		close(50);
	if (flags & CLONE_FS)
		umask(0321);
	if (flags & CLONE_SIGHAND)
		signal(SIGUSR1, SIG_IGN);
	return 0;
}

static int sharing(int flags)
{
	struct sigaction sa;
	pid_t pid;

	umask(022);
	pid = clone(sharing_child, share_stack + sizeof(share_stack),
		    flags | SIGCHLD, (void *)(long)flags);
	CHECK_OK(pid);
	ckpt_wait_for("child");
	CHECK_EQ(!!(flags & CLONE_FILES), fcntl(50, F_GETFD) >= 0);
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_EQ(flags & CLONE_VM ? 9 : 0, shared_value);
	CHECK(fcntl(50, F_GETFD) < 0);
	CHECK_EQ(flags & CLONE_FS ? 0321 : 022, umask(0));
	CHECK_OK(sigaction(SIGUSR1, NULL, &sa));
	CHECK(sa.sa_handler == (flags & CLONE_SIGHAND ? SIG_IGN : SIG_DFL));
	return 0;
}

NEVER_LOST(shared_descriptor_table)	{ return sharing(CLONE_FILES); }
NEVER_LOST(shared_directories)		{ return sharing(CLONE_FS); }
NEVER_LOST(shared_address_space)	{ return sharing(CLONE_VM); }
NEVER_LOST(shared_signal_handlers)	{ return sharing(CLONE_VM | CLONE_SIGHAND); }
NEVER_LOST(shared_io_context)		{ return sharing(CLONE_IO); }

NEVER_LOST(child_without_a_signal)
{
	pid_t pid = syscall(SYS_clone, SIGUSR2, 0, 0, 0, 0);
	int status;

	CHECK_OK(pid);
	if (pid == 0) {
		ckpt_announce("child", "go.0");
		_exit(7);
	}
	signal(SIGUSR2, SIG_IGN);
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(waitpid(pid, &status, 0) < 0 && errno == ECHILD);
	CHECK_EQ(pid, waitpid(pid, &status, __WCLONE));
	CHECK_EQ(7 << 8, status);
	return 0;
}

/* ---- Mounts made by the container after it was started ---- */

NEVER_LOST(mount_in_the_container)
{
	int fd;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount("none", "m", "tmpfs", 0, NULL));
	fd = open("m/f", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(4, write(fd, "data", 4));
	ckpt_here();
	CHECK_OK(access("m/f", F_OK));
	return 0;
}

TEST_HARNESS_MAIN
