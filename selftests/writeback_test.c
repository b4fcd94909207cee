// SPDX-License-Identifier: GPL-2.0
/*
 * What a task has stored into a file that it has mapped: an image does not hold
 * it, so it must be on the disk when the image is complete
 *
 * Each test has a disk of its own, a file on a tmpfs, which can be full.
 */
#include "calls.h"

#include <sys/mount.h>

#include "proc.h"

CKPT_SUITE(writeback);

#define LEN	(64 * 1024)

/*
 * What is dirty stays so until somebody asks for it: the kernel would write it back
 * by itself when it is half a minute old, which a slow machine may take to save it.
 * Bodies are gone before these come.
 */
#define WRITES_BACK	"/proc/sys/vm/dirty_writeback_centisecs"

static char writes_back[16];

static __attribute__((constructor)) void leave_dirty(void)
{
	if (read_file(WRITES_BACK, writes_back, sizeof(writes_back)) > 0)
		write_file(WRITES_BACK, "0");
}

static __attribute__((destructor)) void write_back_again(void)
{
	if (writes_back[0])
		write_file(WRITES_BACK, writes_back);
}

static int in_dir(const struct app *app, const char *command)
{
	char text[400];

	snprintf(text, sizeof(text), "cd %s && { %s; } >/dev/null 2>&1", app->dir, command);
	return system(text);
}

/* It goes when it is not mounted any more. */
#define MOUNT	"dev=$(losetup -f --show backing/disk) && mount $dev m && losetup -d $dev"

/* On "m" in the application's directory; it goes with the test. False if it is skipped. */
static bool mount_disk(struct __test_metadata *_metadata, const struct app *app)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (in_dir(app, "command -v mkfs.ext4"))
		SKIP(return false, "there is no mkfs.ext4");
	ASSERT_EQ(0, in_dir(app, "mkdir m backing && "
			    "mount -t tmpfs -o size=16M none backing && "
			    "truncate -s 64M backing/disk && "
			    "mkfs.ext4 -O ^has_journal backing/disk && " MOUNT));
	return true;
}

static void fill_disk(struct __test_metadata *_metadata, const struct app *app)
{
	struct stat st;
	char path[APP_DIR_LEN + 32];

	/* What the file system has of its own to write, it has written. */
	sync();
	in_dir(app, "dd if=/dev/zero of=backing/full bs=64k");
	snprintf(path, sizeof(path), "%s/backing/full", app->dir);
	ASSERT_EQ(0, stat(path, &st));
	ASSERT_LT(LEN, st.st_size);
}

/* Where the mapping is, for whoever looks at it from outside */
#define ADDRESS		((char *)0x20000000)

/* A file of the disk, with all its space */
static int open_file(int *fd)
{
	*fd = open("m/f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(*fd);
	CHECK_OK(fallocate(*fd, 0, 0, LEN));
	return fsync(*fd);
}

/* The same, and it is mapped there */
static int map_file(int *fd)
{
	CHECK_EQ(0, open_file(fd));
	CHECK(mmap(ADDRESS, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
		   *fd, 0) == ADDRESS);
	return 0;
}

static long dirty_kb(const struct app *app)
{
	return smaps_number_of(app->pid, ADDRESS, "Private_Dirty") +
	       smaps_number_of(app->pid, ADDRESS, "Shared_Dirty");
}

/* It stores into the mapping when the disk has got full, or not. */
CKPT_BODY(store)
{
	char *p = ADDRESS;
	int fd;

	CHECK_EQ(0, map_file(&fd));
	CHECK_OK(close(fd));
	ckpt_point(0);
	pattern_fill(p, LEN, 1);
	ckpt_point(1);
	CHECK(!pattern_check(p, LEN, 1));
	/* There is room again; what could not be written before is told once. */
	pattern_fill(p, LEN, 2);
	CHECK(!msync(p, LEN, MS_SYNC) || errno == ENOSPC || errno == EIO);
	CHECK_OK(msync(p, LEN, MS_SYNC));
	return 0;
}

static void let_it_store(struct __test_metadata *_metadata, struct app *app)
{
	app_go(app);
	app->point++;
	ASSERT_EQ(0, app_wait_ready(app));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(LEN / 1024, dirty_kb(app));
}

/* With its disk full, @body has no image; it is frozen still. False if it is skipped. */
static bool refused_by_full_disk(struct __test_metadata *_metadata, struct app *app,
				 const char *body)
{
	if (!mount_disk(_metadata, app))
		return false;
	ASSERT_EQ(0, app_start(app, body));
	fill_disk(_metadata, app);
	let_it_store(_metadata, app);
	EXPECT_GT(0, app_checkpoint(app, 0));
	return true;
}

/* What is only in memory goes. */
static void restart_with_disk(struct __test_metadata *_metadata, struct app *app)
{
	ASSERT_EQ(0, app_kill(app));
	ASSERT_EQ(0, in_dir(app, "umount m && " MOUNT));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
}

CKPT_TEST_F(writeback, stores_are_on_the_disk_with_the_image)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	if (!mount_disk(_metadata, app))
		return;
	ASSERT_EQ(0, app_start(app, "store"));
	let_it_store(_metadata, app);
	/* Nobody else has written it back meanwhile. */
	ASSERT_EQ(0, app_checkpoint(app, CHECKPOINT_DRYRUN));
	ASSERT_EQ(LEN / 1024, dirty_kb(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	EXPECT_EQ(0, dirty_kb(app));
	restart_with_disk(_metadata, app);
	ASSERT_EQ(0, app_finish(app));
}

/* ---- A file that is mapped in many pieces: it is written back once ---- */

#define PAGE		4096UL
#define PIECES		2000
#define PIECES_LEN	(PIECES * PAGE)

/* What is dirty in all the mappings there */
static long pieces_dirty_kb(const struct app *app)
{
	unsigned long start, at = 0, base = (unsigned long)ADDRESS;
	char path[32], line[512], dash;
	long kb, sum = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", app->pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx%c", &start, &dash) == 2 && dash == '-')
			at = start;
		if (at >= base && at < base + PIECES_LEN &&
		    (sscanf(line, "Private_Dirty: %ld", &kb) == 1 ||
		     sscanf(line, "Shared_Dirty: %ld", &kb) == 1))
			sum += kb;
	}
	fclose(f);
	return sum;
}

static int make_file(const char *name, size_t len)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	CHECK_OK(fd);
	CHECK_OK(fallocate(fd, 0, 0, len));
	CHECK_OK(fsync(fd));
	return fd;
}

/* The kernel joins none of them: each has another protection than the next one. */
CKPT_BODY(one_file_in_pieces)
{
	int fd = make_file("m/f", PIECES_LEN), i;
	char *p;

	CHECK_OK(fd);
	p = mmap(ADDRESS, PIECES_LEN, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	CHECK(p == ADDRESS);
	CHECK_OK(close(fd));
	pattern_fill(p, PIECES_LEN, 1);
	for (i = 0; i < PIECES; i += 2)
		CHECK_OK(mprotect(p + i * PAGE, PAGE, PROT_READ));
	ckpt_here();
	CHECK(!pattern_check(p, PIECES_LEN, 1));
	return 0;
}

/* A page of the one, then a page of the other */
CKPT_BODY(two_files_in_pieces)
{
	int fd[2], i;
	char *p;

	fd[0] = make_file("m/f", PIECES_LEN / 2);
	fd[1] = make_file("m/g", PIECES_LEN / 2);
	CHECK(fd[0] >= 0 && fd[1] >= 0);
	for (i = 0; i < PIECES; i++) {
		p = mmap(ADDRESS + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, fd[i % 2], i / 2 * PAGE);
		CHECK(p == ADDRESS + i * PAGE);
	}
	CHECK(!close(fd[0]) && !close(fd[1]));
	pattern_fill(ADDRESS, PIECES_LEN, 1);
	ckpt_here();
	CHECK(!pattern_check(ADDRESS, PIECES_LEN, 1));
	return 0;
}

static void pieces_are_on_the_disk(struct __test_metadata *_metadata, struct app *app,
				   const char *body)
{
	NOT_PLAIN();
	mount_disk(_metadata, app);
	ASSERT_EQ(0, app_start(app, body));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(PIECES_LEN / 1024, pieces_dirty_kb(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	EXPECT_EQ(0, pieces_dirty_kb(app));
	ASSERT_EQ(0, app_kill(app));
	ASSERT_EQ(0, in_dir(app, "umount m && " MOUNT));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

CKPT_TEST_F(writeback, file_that_is_mapped_in_pieces)
{
	pieces_are_on_the_disk(_metadata, &self->app, "one_file_in_pieces");
}

CKPT_TEST_F(writeback, files_that_are_mapped_in_alternation)
{
	pieces_are_on_the_disk(_metadata, &self->app, "two_files_in_pieces");
}

CKPT_TEST_F(writeback, disk_that_is_full_has_no_image)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	if (!refused_by_full_disk(_metadata, app, "store"))
		return;
	EXPECT_NE(NULL, strstr(app->log, " /f: is mapped, and cannot be written back")) {
		TH_LOG("%s", app->log);
	}
	ASSERT_EQ(0, in_dir(app, "rm backing/full"));
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

/* That data is lost */
static int is_told_once(int fd)
{
	CHECK(fsync(fd) < 0 && (errno == ENOSPC || errno == EIO));
	CHECK_OK(fsync(fd));
	return 0;
}

/* What would have told the application that its data is lost, still does. */
CKPT_BODY(told)
{
	char *p = ADDRESS;
	int fd;

	CHECK_EQ(0, map_file(&fd));
	ckpt_point(0);
	pattern_fill(p, LEN, 1);
	ckpt_point(1);
	return is_told_once(fd);
}

CKPT_TEST_F(writeback, application_is_told_of_the_error_all_the_same)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	if (!refused_by_full_disk(_metadata, app, "told"))
		return;
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

/* Not mapped: what it has written is in the page cache, until all is written back. */
CKPT_BODY(told_of_what_is_written)
{
	char text[LEN] = "written";
	int fd;

	CHECK_EQ(0, open_file(&fd));
	ckpt_point(0);
	CHECK_EQ(LEN, pwrite(fd, text, LEN, 0));
	ckpt_point(1);
	return is_told_once(fd);
}

CKPT_TEST_F(writeback, error_that_only_fsync_tells)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	if (!mount_disk(_metadata, app))
		return;
	ASSERT_EQ(0, app_start(app, "told_of_what_is_written"));
	fill_disk(_metadata, app);
	app_go(app);
	app->point++;
	ASSERT_EQ(0, app_wait_ready(app));
	sync();
	ASSERT_EQ(0, app_freeze(app));
	EXPECT_GT(0, app_checkpoint(app, 0));
	EXPECT_NE(NULL, strstr(app->log, " /f: could not be written back")) {
		TH_LOG("%s", app->log);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

/* What could not be written back is not on the disk: no image may say that it is. */
CKPT_TEST_F(writeback, disk_that_was_full_has_no_image_later)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	if (!refused_by_full_disk(_metadata, app, "store"))
		return;
	ASSERT_EQ(0, in_dir(app, "rm backing/full"));
	if (!app_checkpoint(app, 0))
		restart_with_disk(_metadata, app);
	else
		ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
