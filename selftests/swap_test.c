// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is swapped out when it is saved, or while it is saved or restored
 *
 * The swap area is a loop device on memory of the test's own, which does not
 * belong to the control group that is told to give its memory back.
 */
#include "calls.h"

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/swap.h>

#include "proc.h"

#define PAGE		4096UL
#define MB		(1UL << 20)
#define SIZE		(4 * MB)
#define SWAP_SIZE	(64 * MB)

/* ---- The swap area ---- */

/* Its first page, as mkswap(8) writes it */
struct swap_head {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	char unused[PAGE - 1024 - 8 - 10];
	char magic[10];
} __attribute__((packed));

static int swap_file(void)
{
	static const struct swap_head head = {
		.version = 1,
		.last_page = SWAP_SIZE / PAGE - 1,
		.magic = "SWAPSPACE2",
	};
	int fd = memfd_create("swap", MFD_CLOEXEC);

	_Static_assert(sizeof(head) == PAGE, "one page");
	/* All of it now: later others would have to pay for it. */
	if (fd < 0 || fallocate(fd, 0, 0, SWAP_SIZE) ||
	    pwrite(fd, &head, sizeof(head), 0) != sizeof(head))
		return -1;
	return fd;
}

/* Puts its name into @dev, which is "" until there is one. NULL, or what it lacks */
static const char *swap_on(char *dev, size_t size)
{
	int ctl, nr, loop, file;
	const char *lack = NULL;
	char name[32];

	if (access("/proc/swaps", F_OK))
		return "this kernel has no CONFIG_SWAP";
	ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	nr = ctl < 0 ? -1 : ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	if (nr < 0)
		return "no loop device";
	snprintf(name, sizeof(name), "/dev/loop%d", nr);
	loop = open(name, O_RDWR | O_CLOEXEC);
	file = swap_file();
	if (loop < 0 || file < 0 || ioctl(loop, LOOP_SET_FD, file))
		lack = "no loop device with memory behind it";
	else
		snprintf(dev, size, "%s", name);
	if (!lack && swapon(name, 0))
		lack = "swapon() is refused";
	close(file);
	close(loop);
	return lack;
}

static int swap_off(const char *dev)
{
	int loop, ret;

	if (!dev[0])
		return 0;
	/* Waits for all that is in it, and does not end if more is counted. */
	ret = swapoff(dev);
	loop = open(dev, O_RDWR | O_CLOEXEC);
	ioctl(loop, LOOP_CLR_FD);
	close(loop);
	return ret;
}

FIXTURE(swap)
{
	struct app app;
	char dev[32];
};

FIXTURE_SETUP(swap)
{
	char path[300], *slash;
	const char *lack;

	NOT_PLAIN();
	if (!app_supported())
		SKIP(return, "this kernel has no checkpoint()");
	lack = swap_on(self->dev, sizeof(self->dev));
	ASSERT_EQ(0, app_init(&self->app, FREEZER_V2));
	snprintf(path, sizeof(path), "%s", self->app.cgroup);
	slash = strrchr(path, '/');
	strcpy(slash, "/cgroup.subtree_control");
	if (!lack && write_file(path, "+memory"))
		lack = "no memory controller in the v2 hierarchy";
	snprintf(path, sizeof(path), "%s/memory.reclaim", self->app.cgroup);
	if (!lack && access(path, W_OK))
		lack = "control groups have no memory.reclaim";
	if (lack)
		SKIP(return, "%s", lack);
}

FIXTURE_TEARDOWN(swap)
{
	if (self->app.dir[0])
		app_cleanup(&self->app);
	EXPECT_EQ(0, swap_off(self->dev)) {
		TH_LOG("%s: %s", self->dev, strerror(errno));
	}
}

/* ---- Inside ---- */

/* Where memory is that must be out when it is saved, for the test to look at */
struct area {
	int32_t pid;
	int32_t unused;
	uint64_t start;
	uint64_t len;
};

static int must_be_out(const char *p, size_t len)
{
	struct area area = { .pid = getpid(), .start = (uintptr_t)p, .len = len };
	int fd = open("areas", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	CHECK_EQ(sizeof(area), write(fd, &area, sizeof(area)));
	close(fd);
	return 0;
}

static char *map(size_t len, int flags, int fd)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* ---- Outside ---- */

static long swapped_kb(struct app *app, const struct area *area)
{
	pid_t pid = area->pid == 1 ? app->pid : app_pid_of(app, area->pid);

	return smaps_number_of(pid, (void *)(uintptr_t)area->start, "Swap");
}

/* Whether all of it is out, but for the few pages that may always be in use */
static bool all_out(struct app *app)
{
	char path[APP_DIR_LEN + 16];
	struct area area;
	bool out = true;
	unsigned int n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/areas", app->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (; read(fd, &area, sizeof(area)) == sizeof(area); n++) {
		if (swapped_kb(app, &area) < (long)(area.len - area.len / 16) / 1024)
			out = false;
	}
	close(fd);
	return out && n;
}

static void reclaim(struct app *app)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/memory.reclaim", app->cgroup);
	/* Fails if it finds less: there is no more then. */
	write_file(path, "64M swappiness=200");
}

/* What is written, too, and in memory no more: it has to be read to be saved. */
static bool only_there(void)
{
	char text[8192], *p;

	if (read_file("/proc/meminfo", text, sizeof(text)) <= 0)
		return false;
	p = strstr(text, "SwapCached:");
	return p && strtol(p + 11, NULL, 10) < 128;
}

static void swap_out(struct __test_metadata *_metadata, struct app *app)
{
	double end = now_monotonic() + 20 * ckpt_scale();

	do {
		reclaim(app);
		if (all_out(app) && only_there())
			return;
		sleep_ms(5);
	} while (now_monotonic() < end);
	ASSERT_TRUE(all_out(app));
	ASSERT_TRUE(only_there());
}

/* Pages that were read from swap areas (or written, "pswpout") since the boot */
static long swapped_so_far(const char *which)
{
	char text[16384], *p;

	if (read_file("/proc/vmstat", text, sizeof(text)) <= 0)
		return -1;
	p = strstr(text, which);
	return p ? strtol(p + strlen(which), NULL, 10) : -1;
}

/* Signs of the first life, which must not be taken for those of the second */
static void forget(struct app *app)
{
	static const char *const flag[] = { "go.0", "checked", "end" };
	char path[APP_DIR_LEN + 16];
	unsigned int i;

	for (i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", app->dir, flag[i]);
		unlink(path);
	}
}

/* Its memory is out when it is saved. It goes on, and then is restarted. */
static void saved_from_swap(struct __test_metadata *_metadata, struct app *app,
			    const char *body)
{
	long in;

	ASSERT_EQ(0, app_start(app, body));
	ASSERT_EQ(0, app_freeze(app));
	swap_out(_metadata, app);
	in = swapped_so_far("pswpin ");
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	/* What the image has of it can only have come from there. */
	EXPECT_LT(SIZE / PAGE / 2, swapped_so_far("pswpin ") - in);
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
	forget(app);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	ASSERT_EQ(0, app_finish(app));
}

#define SWAP_TEST(name)							\
	static int body_swap_##name(void);				\
	CKPT_TEST_F(swap, name)						\
	{								\
		saved_from_swap(_metadata, &self->app, "swap_" #name);	\
	}								\
	CKPT_BODY(swap_##name)

/* Memory that is swapped out by the time it is saved, or NULL */
static char *map_and_push_out(void)
{
	char *p = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!p)
		return NULL;
	pattern_fill(p, SIZE, 1);
	return must_be_out(p, SIZE) ? NULL : p;
}

SWAP_TEST(private_memory)
{
	char *p = map_and_push_out();

	CHECK(p);
	ckpt_here();
	CHECK(!pattern_check(p, SIZE, 1));
	pattern_fill(p, SIZE, 2);
	CHECK(!pattern_check(p, SIZE, 2));
	return 0;
}

static int has_copy(const char *p, size_t len)
{
	CHECK(!must_be_out(p, len));
	ckpt_announce("child", "go.0");
	CHECK(!pattern_check(p, len, 1));
	ckpt_announce("checked", "end");
	CHECK(!pattern_check(p, len, 1));
	return 0;
}

/* When one of both writes, the other one keeps what it has. */
SWAP_TEST(memory_after_a_fork)
{
	char *p = map_and_push_out();
	pid_t pid;

	CHECK(p);
	SPAWN(pid, has_copy(p, SIZE));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("checked");
	CHECK(!pattern_check(p, SIZE, 1));
	pattern_fill(p, SIZE, 2);
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(!pattern_check(p, SIZE, 2));
	return 0;
}

SWAP_TEST(memory_written_in_part_after_a_fork)
{
	char *p = map_and_push_out();
	pid_t pid;

	CHECK(p);
	SPAWN(pid, (pattern_fill(p + SIZE * 3 / 4, SIZE / 4, 3),
		    has_copy(p, SIZE * 3 / 4) ||
		    pattern_check(p + SIZE * 3 / 4, SIZE / 4, 3)));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("checked");
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Nobody has written since the fork. */
SWAP_TEST(what_two_share_is_shared_again)
{
	char *p = map_and_push_out();
	pid_t pid;

	CHECK(p);
	SPAWN(pid, has_copy(p, SIZE));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("checked");
	CHECK_EQ(SIZE / PAGE, pages_shared(p, SIZE));
	ckpt_set("end");
	return ckpt_reap(pid);
}

static off_t image_size(struct __test_metadata *_metadata, struct app *app)
{
	struct stat st;

	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, fstat(app->image, &st));
	return st.st_size;
}

/* Whether it is out or not: less than half as much more for what stands around it */
CKPT_TEST_F(swap, an_image_is_as_large_as_one_of_memory_that_is_there)
{
	struct app *app = &self->app;
	off_t out, there;

	ASSERT_EQ(0, app_start(app, "swap_memory_after_a_fork"));
	ASSERT_EQ(0, app_freeze(app));
	swap_out(_metadata, app);
	out = image_size(_metadata, app);
	/* Saving has brought it in. */
	there = image_size(_metadata, app);
	EXPECT_LT(out, there + SIZE / 2) {
		TH_LOG("%ld bytes, and %ld if it is there", (long)out, (long)there);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

static int sees_and_writes(char *p)
{
	ckpt_announce("child", "go.0");
	CHECK(!pattern_check(p, SIZE, 1));
	p[0] = ~p[0];
	ckpt_announce("checked", "end");
	return 0;
}

/* It belongs to no process alone, and each of both sees what the other writes. */
SWAP_TEST(shared_memory)
{
	char *p = map(SIZE, MAP_SHARED | MAP_ANONYMOUS, -1), first;
	pid_t pid;

	CHECK(p);
	pattern_fill(p, SIZE, 1);
	first = p[0];
	CHECK(!must_be_out(p, SIZE));
	SPAWN(pid, sees_and_writes(p));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("checked");
	CHECK_EQ((char)~first, p[0]);
	p[0] = first;
	CHECK(!pattern_check(p, SIZE, 1));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* Of a file in memory: its pages stay where they are, with the file. */
SWAP_TEST(file_in_memory)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	char *shared, *private;

	CHECK_OK(ftruncate(fd, SIZE));
	shared = map(SIZE, MAP_SHARED, fd);
	private = map(SIZE, MAP_PRIVATE, fd);
	CHECK(shared && private);
	pattern_fill(shared, SIZE, 1);
	pattern_fill(private + SIZE / 4, SIZE * 3 / 4, 2);
	CHECK(!must_be_out(shared, SIZE));
	CHECK(!must_be_out(private + SIZE / 4, SIZE * 3 / 4));
	ckpt_here();
	CHECK(!pattern_check(private, SIZE / 4, 1));
	CHECK(!pattern_check(private + SIZE / 4, SIZE * 3 / 4, 2));
	CHECK(!pattern_check(shared, SIZE, 1));
	close(fd);
	return 0;
}

/* ---- In a control group that may have less than there is ---- */

#define MUCH		(48 * MB)
#define MUCH_MAX	(32 * MB)

static int set_memory_max(const struct app *app, const char *max)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/memory.max", app->cgroup);
	return write_file(path, max);
}

/* How many of the group have been killed as there was no memory left, or -1 */
static long oom_kills(const struct app *app)
{
	char path[300], text[512], *p;

	snprintf(path, sizeof(path), "%s/memory.events", app->cgroup);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	p = strstr(text, "oom_kill ");
	return p ? strtol(p + 9, NULL, 10) : -1;
}

CKPT_BODY(swap_much_after_a_fork)
{
	char *p = map(MUCH, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t pid;

	CHECK(p);
	pattern_fill(p, MUCH, 1);
	CHECK(!must_be_out(p, MUCH));
	SPAWN(pid, has_copy(p, MUCH));
	ckpt_wait_for("child");
	ckpt_here();
	ckpt_wait_for("checked");
	CHECK(!pattern_check(p, MUCH, 1));
	ckpt_set("end");
	return ckpt_reap(pid);
}

/* To save it, it is read. What has been saved must be able to go again. */
CKPT_TEST_F(swap, shared_memory_is_saved_that_is_more_than_the_group_may_have)
{
	struct app *app = &self->app;
	char text[32];

	ASSERT_EQ(0, app_start(app, "swap_much_after_a_fork"));
	ASSERT_EQ(0, app_freeze(app));
	swap_out(_metadata, app);
	snprintf(text, sizeof(text), "%lu", MUCH_MAX);
	ASSERT_EQ(0, set_memory_max(app, text));
	EXPECT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	EXPECT_STREQ("", app->log);
	EXPECT_EQ(0, oom_kills(app));
	/* While tasks run, nothing of theirs is taken away: see move_and_reclaim(). */
	ASSERT_EQ(0, set_memory_max(app, "max"));
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
	forget(app);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

/* ---- While it is saved, and restored ---- */

static int has_both(const char *shared, const char *copy)
{
	ckpt_announce("child", "go.0");
	CHECK(!pattern_check(shared, SIZE, 1));
	CHECK(!pattern_check(copy, SIZE, 2));
	return 0;
}

CKPT_BODY(swap_all_kinds)
{
	char *shared = map(SIZE, MAP_SHARED | MAP_ANONYMOUS, -1);
	char *copy = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *own = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t pid;

	CHECK(shared && copy && own);
	pattern_fill(shared, SIZE, 1);
	pattern_fill(copy, SIZE, 2);
	SPAWN(pid, has_both(shared, copy));
	pattern_fill(own, SIZE, 3);
	ckpt_wait_for("child");
	ckpt_here();
	CHECK(!pattern_check(shared, SIZE, 1));
	CHECK(!pattern_check(copy, SIZE, 2));
	CHECK(!pattern_check(own, SIZE, 3));
	return ckpt_reap(pid);
}

#define STEP	(1U << 20)	/* how much of an image goes before all is taken away */

/*
 * An image goes through a pipe to or from a process that takes the application's
 * memory away, again and again: only while no task of it runs, as User-Mode Linux
 * with several processors loses what a running one writes.
 */
static pid_t move_and_reclaim(struct app *app, int from, int to, int not_ours)
{
	static char buf[STEP];
	ssize_t n = 0, done;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	close(not_ours);
	for (;;) {
		/* What comes last is followed by nothing. */
		reclaim(app);
		n = read(from, buf, sizeof(buf));
		if (n <= 0)
			_exit(n < 0);
		for (done = 0; done < n;) {
			ssize_t ret = write(to, buf + done, n - done);

			if (ret <= 0)
				_exit(2);
			done += ret;
		}
	}
}

static void ends_well(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

static void make_pipe(struct __test_metadata *_metadata, int *fd)
{
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	ASSERT_LE(0, fcntl(fd[0], F_SETPIPE_SZ, STEP));
}

CKPT_TEST_F(swap, pages_come_and_go_while_they_are_saved)
{
	struct app *app = &self->app;
	int fd[2];
	pid_t pid;
	long in;

	ASSERT_EQ(0, app_start(app, "swap_all_kinds"));
	ASSERT_EQ(0, app_freeze(app));
	app->image = memfd_create("image", MFD_CLOEXEC);
	make_pipe(_metadata, fd);
	pid = move_and_reclaim(app, fd[0], app->image, fd[1]);
	in = swapped_so_far("pswpin ");
	EXPECT_EQ(0, errno_of(sys_checkpoint(app->pid, fd[1], 0, -1)));
	close(fd[1]);
	ends_well(_metadata, pid);
	close(fd[0]);
	EXPECT_LT(SIZE / PAGE / 4, swapped_so_far("pswpin ") - in);
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
	forget(app);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(swap, pages_go_while_they_are_restored)
{
	struct app *app = &self->app;
	int fd[2], image;
	pid_t pid;
	long out;

	ASSERT_EQ(0, app_capture(app, "swap_all_kinds"));
	image = app->image;
	ASSERT_EQ(0, lseek(image, 0, SEEK_SET));
	make_pipe(_metadata, fd);
	app->image = fd[0];
	pid = move_and_reclaim(app, image, fd[1], fd[0]);
	close(fd[1]);
	out = swapped_so_far("pswpout ");
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	EXPECT_LT(SIZE / PAGE / 4, swapped_so_far("pswpout ") - out);
	ends_well(_metadata, pid);
	close(image);
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
