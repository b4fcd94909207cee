// SPDX-License-Identifier: GPL-2.0
/*
 * What goes wrong around a checkpoint or a restart: full disks, closed pipes,
 * tools and targets that are killed, memory that is short, pids that are taken
 *
 * After a failed checkpoint the application goes on unharmed. After a failed
 * restart nothing is left.
 *
 * CKPT_TEST_KILLS=N	how often a tool is killed, 40
 * CKPT_TEST_FAULTS=N	how many allocations fail in each test, one by one, before
 *			some are left out: 20, and 0 with the larger tree
 */
#include "calls.h"

#include <dirent.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "image.h"

CKPT_SUITE(failure);

#define MB	(1UL << 20)

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

static uint64_t random_state = 88172645463325252ULL;

static unsigned int rnd(unsigned int below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return below ? random_state % below : 0;
}

/* A tree with memory whose content shows whether it was harmed. */
CKPT_BODY(tree_with_memory)
{
	char *p = mmap(NULL, 2 * MB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	pid_t a, b;

	pattern_fill(p, 2 * MB, 1);
	CHECK_EQ(4, write(fd, "data", 4));
	SPAWN(a, (ckpt_announce("a", "go.0"), !!pattern_check(p, 2 * MB, 1)));
	SPAWN(b, (ckpt_announce("b", "go.0"), lseek(fd, 0, SEEK_CUR) != 4));
	ckpt_wait_for("a");
	ckpt_wait_for("b");
	ckpt_here();
	CHECK(!pattern_check(p, 2 * MB, 1));
	return ckpt_reap(a) || ckpt_reap(b);
}

/* It still can be saved as a whole, and restarted, and finds all as it was. */
static void unharmed(struct __test_metadata *_metadata, struct app *app)
{
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_thaw(app));
	ASSERT_EQ(0, app_finish(app));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

static void start_frozen(struct __test_metadata *_metadata, struct app *app)
{
	ASSERT_EQ(0, app_start(app, "tree_with_memory"));
	ASSERT_EQ(0, app_freeze(app));
}

/* ---- The image cannot be written ---- */

CKPT_TEST_F(failure, disk_full_at_any_point)
{
	struct app *app = &self->app;
	char dir[APP_DIR_LEN + 16], path[APP_DIR_LEN + 32], size[32];
	unsigned int kb, full = 0;
	int fd, err;

	NOT_PLAIN();
	snprintf(dir, sizeof(dir), "%s/small", app->dir);
	snprintf(path, sizeof(path), "%s/image", dir);
	ASSERT_EQ(0, mkdir(dir, 0700));
	start_frozen(_metadata, app);
	for (kb = 4; kb < 8192; kb += 4 + kb / 3) {
		snprintf(size, sizeof(size), "size=%uk", kb);
		ASSERT_EQ(0, mount("none", dir, "tmpfs", 0, size));
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ASSERT_LE(0, fd);
		err = errno_of(sys_checkpoint(app->pid, fd, 0, -1));
		EXPECT_TRUE(err == 0 || err == ENOSPC) {
			TH_LOG("%u kB: errno %d", kb, err);
		}
		full += err == ENOSPC;
		close(fd);
		ASSERT_EQ(0, umount2(dir, 0));
		if (!err)
			break;
	}
	EXPECT_LT(3, full);
	unharmed(_metadata, app);
}

CKPT_TEST_F(failure, limit_of_file_size_at_any_point)
{
	struct app *app = &self->app;
	struct rlimit rl = { 0, RLIM_INFINITY };
	unsigned int short_of = 0;
	int fd, err;

	NOT_PLAIN();
	signal(SIGXFSZ, SIG_IGN);
	start_frozen(_metadata, app);
	for (rl.rlim_cur = 0; rl.rlim_cur < 16 * MB;
	     rl.rlim_cur += 1000 + rl.rlim_cur / 3) {
		fd = memfd_create("image", MFD_CLOEXEC);
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
		err = errno_of(sys_checkpoint(app->pid, fd, 0, -1));
		close(fd);
		EXPECT_TRUE(err == 0 || err == EFBIG) {
			TH_LOG("%lu bytes: errno %d", (unsigned long)rl.rlim_cur, err);
		}
		short_of += err == EFBIG;
		if (!err)
			break;
	}
	rl.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
	EXPECT_LT(3, short_of);
	unharmed(_metadata, app);
}

/* The reader reads so much and closes the pipe. */
CKPT_TEST_F(failure, pipe_closed_at_any_point)
{
	struct app *app = &self->app;
	unsigned int bytes, broken = 0;
	int fd[2], err, status;
	pid_t reader;

	NOT_PLAIN();
	signal(SIGPIPE, SIG_IGN);
	start_frozen(_metadata, app);
	for (bytes = 1; bytes < 16 * MB; bytes += 1000 + bytes / 3) {
		ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
		reader = fork();
		if (!reader) {
			static char buf[4096];
			unsigned int left = bytes;
			ssize_t n;

			close(fd[1]);
			while (left) {
				n = read(fd[0], buf, left < 4096 ? left : 4096);
				if (n <= 0)
					_exit(1);
				left -= n;
			}
			_exit(0);
		}
		close(fd[0]);
		err = errno_of(sys_checkpoint(app->pid, fd[1], 0, -1));
		close(fd[1]);
		waitpid(reader, &status, 0);
		EXPECT_TRUE(err == 0 || err == EPIPE) {
			TH_LOG("%u bytes: errno %d", bytes, err);
		}
		broken += err == EPIPE;
		if (!err)
			break;
	}
	EXPECT_LT(3, broken);
	unharmed(_metadata, app);
}

/* ---- Tools that are killed ---- */

static pid_t run(char *const *argv)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close_range(3, ~0U, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Runs it once, undisturbed; microseconds, or -1 with its status in *status. */
static long measure(char *const *argv, int *status)
{
	double start = now_monotonic();

	waitpid(run(argv), status, 0);
	return *status ? -1 : (now_monotonic() - start) * 1e6;
}

/*
 * Kills it at a random moment of the first *within microseconds. It may have taken
 * long when it was measured, or takes long now: when it is too late for most, or
 * too early, that follows.
 */
static int run_and_kill(char *const *argv, long *within)
{
	pid_t pid = run(argv);
	int status;

	usleep(rnd(*within));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	*within += WIFSIGNALED(status) ? *within / 32 : -(*within / 8);
	return status;
}

static bool have_tools(void)
{
	return !system("checkpoint --version >/dev/null 2>&1 && restart --version >/dev/null 2>&1");
}

#define NEED_TOOLS()							\
	do {								\
		NOT_PLAIN();						\
		if (!have_tools())					\
			SKIP(return, "checkpoint and restart are not in PATH"); \
	} while (0)

CKPT_TEST_F(failure, checkpoint_tool_killed_at_random_moments)
{
	struct app *app = &self->app;
	char pid[16], path[APP_DIR_LEN + 16];
	char *argv[] = { "checkpoint", "-q", "-p", pid, "-o", path, NULL };
	unsigned int i, n = number("CKPT_TEST_KILLS", 40), killed = 0;
	struct leftovers before;
	int status;
	long us;

	NEED_TOOLS();
	snprintf(path, sizeof(path), "%s/image", app->dir);
	start_frozen(_metadata, app);
	snprintf(pid, sizeof(pid), "%d", app->pid);
	us = measure(argv, &status);
	ASSERT_LT(0, us) {
		TH_LOG("status %#x", status);
	}
	leftovers_get(&before);
	for (i = 0; i < n; i++) {
		unlink(path);
		status = run_and_kill(argv, &us);
		killed += WIFSIGNALED(status);
		/* An image appears when it is complete, or not at all. */
		if (!access(path, F_OK)) {
			struct image img;
			int fd = open(path, O_RDONLY | O_CLOEXEC);

			EXPECT_EQ(0, image_load(&img, fd)) {
				TH_LOG("round %u: half an image", i);
			}
			image_free(&img);
			close(fd);
		}
	}
	EXPECT_LT(n / 4, killed);
	EXPECT_EQ(NULL, leftovers_check(&before)) {
		TH_LOG("%s", leftovers_check(&before));
	}
	unharmed(_metadata, app);
}

/* A sign of life that changes as long as it runs. */
CKPT_BODY(beats)
{
	int fd = open("beat", O_RDWR | O_CREAT, 0600);
	char end[APP_DIR_LEN + 16];
	int64_t n = 0;

	snprintf(end, sizeof(end), "%s/go.0", ckpt_dir());
	ckpt_ready();
	while (access(end, F_OK)) {
		n++;
		CHECK_EQ(sizeof(n), pwrite(fd, &n, sizeof(n), 0));
		usleep(1000);
	}
	return 0;
}

static int64_t beat(struct app *app)
{
	char path[APP_DIR_LEN + 16];
	int64_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/beat", app->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read(fd, &n, sizeof(n)) != sizeof(n))
		n = -1;
	close(fd);
	return n;
}

static bool lives(struct app *app)
{
	int64_t n = beat(app);
	int i;

	for (i = 0; i < 30000 * ckpt_scale(); i++) {
		sleep_ms(2);
		if (beat(app) > n)
			return true;
	}
	return false;
}

/*
 * It has frozen the application itself. A process of its own outlives it, which
 * thaws what it froze and removes what it made, as its manual says. Each second
 * time the next one comes before that is done.
 */
static void killed_while_freezing(struct __test_metadata *_metadata,
				  struct app *app, unsigned int *made)
{
	char pid[16], path[APP_DIR_LEN + 16];
	char *argv[] = { "checkpoint", "-q", "--freeze", "-p", pid, "-o", path, NULL };
	unsigned int i, n = number("CKPT_TEST_KILLS", 40), killed = 0;
	struct leftovers before, now;
	const char *left;
	int status;
	long us;

	snprintf(path, sizeof(path), "%s/image", app->dir);
	snprintf(pid, sizeof(pid), "%d", app->pid);
	leftovers_get(&before);
	us = measure(argv, &status);
	ASSERT_LT(0, us) {
		TH_LOG("status %#x", status);
	}
	ASSERT_TRUE(lives(app));
	for (i = 0; i < n; i++) {
		status = run_and_kill(argv, &us);
		killed += WIFSIGNALED(status);
		leftovers_get(&now);
		*made += now.cgroups > before.cgroups;
		left = i % 2 ? leftovers_check(&before) : NULL;
		ASSERT_EQ(NULL, left) {
			TH_LOG("round %u: %s", i, left);
		}
		ASSERT_TRUE(lives(app)) {
			TH_LOG("round %u: it does not go on", i);
		}
	}
	EXPECT_LT(n / 4, killed);
	left = leftovers_check(&before);
	EXPECT_EQ(NULL, left) {
		TH_LOG("%s", left);
	}
	/* Whoever comes next finds nothing in the way. */
	EXPECT_LT(0, measure(argv, &status)) {
		TH_LOG("status %#x", status);
	}
	EXPECT_EQ(NULL, leftovers_check(&before));
	ASSERT_TRUE(lives(app));
}

/* In a control group of its own, which is frozen as it is */
CKPT_TEST_F(failure, freezing_checkpoint_tool_killed_at_random_moments)
{
	unsigned int made = 0;

	NEED_TOOLS();
	ASSERT_EQ(0, app_start(&self->app, "beats"));
	killed_while_freezing(_metadata, &self->app, &made);
	EXPECT_EQ(0, made);
	ASSERT_EQ(0, app_finish(&self->app));
}

/* In one with others, so that one is made for it, which nobody needs any more */
CKPT_TEST_F(failure, freezing_checkpoint_tool_that_made_a_group_killed)
{
	struct app *app = &self->app;
	unsigned int made = 0;
	char path[300], pid[16];

	NEED_TOOLS();
	ASSERT_EQ(0, app_start(app, "beats"));
	snprintf(path, sizeof(path), "%s", app->cgroup);
	strcpy(strrchr(path, '/'), "/cgroup.procs");
	snprintf(pid, sizeof(pid), "%d", app->pid);
	ASSERT_EQ(0, write_file(path, pid));
	killed_while_freezing(_metadata, app, &made);
	/* Some had made one when they were killed. */
	EXPECT_LT(0, made);
	ASSERT_EQ(0, app_finish(app));
}

static void save_image(struct __test_metadata *_metadata, struct app *app,
		       const char *path)
{
	struct image img;
	int fd;

	ASSERT_EQ(0, image_load(&img, app->image));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(img.len, write(fd, img.data, img.len));
	close(fd);
	image_free(&img);
}

CKPT_TEST_F(failure, restart_tool_killed_at_random_moments)
{
	struct app *app = &self->app;
	char path[APP_DIR_LEN + 16];
	char *argv[] = { "restart", "-q", "--container", "--wait", "-i", path, NULL };
	unsigned int i, n = number("CKPT_TEST_KILLS", 40), killed = 0;
	struct leftovers before;
	const char *left;
	int status;
	long us;

	NEED_TOOLS();
	ASSERT_EQ(0, app_capture(app, "tree_with_memory"));
	snprintf(path, sizeof(path), "%s/image", app->dir);
	save_image(_metadata, app, path);
	app_go(app);	/* whoever is restarted ends by himself */
	leftovers_get(&before);
	us = measure(argv, &status);
	ASSERT_LT(0, us) {
		TH_LOG("status %#x", status);
	}
	for (i = 0; i < n; i++) {
		status = run_and_kill(argv, &us);
		killed += WIFSIGNALED(status);
		left = leftovers_check(&before);
		EXPECT_EQ(NULL, left) {
			TH_LOG("round %u: %s", i, left);
			leftovers_get(&before);
		}
	}
	EXPECT_LT(n / 4, killed);
	/* And it still can be restarted. */
	EXPECT_LT(0, measure(argv, &status));
	EXPECT_EQ(NULL, leftovers_check(&before));
}

/* ---- Targets that are killed or thawed meanwhile ---- */

static void checkpoint_under(struct __test_metadata *_metadata, struct app *app,
			     void (*disturb)(struct app *app), const int *may)
{
	int fd = memfd_create("image", MFD_CLOEXEC), status, i;
	double start = now_monotonic();
	long us;
	pid_t pid;

	ASSERT_EQ(0, errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	us = (now_monotonic() - start) * 1e6;
	pid = fork();
	if (!pid)
		_exit(errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
	usleep(rnd(us + us / 5));
	disturb(app);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	for (i = 0; may[i] && may[i] != WEXITSTATUS(status); i++)
		;
	EXPECT_EQ(may[i], WEXITSTATUS(status));
	close(fd);
}

static void kill_root(struct app *app)
{
	kill(app->pid, SIGKILL);
}

static void kill_child(struct app *app)
{
	pid_t pid = app_pid_of(app, 2);

	/* -1 would be all that there are. */
	if (pid > 0)
		kill(pid, SIGKILL);
}

CKPT_TEST_F(failure, target_killed_while_it_is_saved)
{
	static const int may[] = { EAGAIN, ESRCH, EBUSY, EOPNOTSUPP, 0 };
	unsigned int i, n = number("CKPT_TEST_KILLS", 40) / 2;
	struct leftovers before;
	struct app app;

	NOT_PLAIN();
	leftovers_get(&before);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, app_init(&app, FREEZER_V2));
		ASSERT_EQ(0, app_start(&app, "tree_with_memory"));
		ASSERT_EQ(0, app_freeze(&app));
		checkpoint_under(_metadata, &app, i % 2 ? kill_root : kill_child, may);
		app_cleanup(&app);
		ASSERT_EQ(NULL, leftovers_check(&before)) {
			TH_LOG("round %u: %s", i, leftovers_check(&before));
		}
	}
}

static void thaw(struct app *app)
{
	app_thaw(app);
}

CKPT_TEST_F(failure, target_thawed_while_it_is_saved)
{
	static const int may[] = { EAGAIN, EBUSY, 0 };
	unsigned int i, n = number("CKPT_TEST_KILLS", 40);
	struct app *app = &self->app;

	NOT_PLAIN();
	start_frozen(_metadata, app);
	for (i = 0; i < n; i++) {
		checkpoint_under(_metadata, app, thaw, may);
		ASSERT_EQ(0, app_freeze(app));
	}
	unharmed(_metadata, app);
}

/* ---- Memory that is short ---- */

struct memcg {
	char path[300];
};

static int memcg_make(struct memcg *m, const struct app *app)
{
	char path[340], *slash;

	snprintf(m->path, sizeof(m->path), "%s", app->cgroup);
	slash = strrchr(m->path, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", m->path);
	if (write_file(path, "+memory"))
		return -ENOENT;
	snprintf(slash, sizeof(m->path) - (slash - m->path), "/mem.%d", getpid());
	return mkdir(m->path, 0755) ? -errno : 0;
}

static int memcg_limit(const struct memcg *m, uint64_t bytes)
{
	char path[340], text[32];

	snprintf(path, sizeof(path), "%s/memory.max", m->path);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return write_file(path, text);
}

static int memcg_join(const struct memcg *m)
{
	char path[340];

	snprintf(path, sizeof(path), "%s/cgroup.procs", m->path);
	return write_file(path, "0");
}

static void memcg_remove(const struct memcg *m)
{
	int i;

	for (i = 0; i < 5000 && rmdir(m->path) && errno == EBUSY; i++)
		sleep_ms(2);
}

/* Much to tell about: every other page is another mapping. */
CKPT_BODY(many_mappings)
{
	const int nr = 10000;
	char *p = mmap(NULL, nr * 4096UL, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(p != MAP_FAILED);
	for (i = 0; i < nr; i += 2)
		CHECK_OK(mprotect(p + i * 4096UL, 4096, PROT_READ));
	p[4096] = 77;
	ckpt_here();
	CHECK_EQ(77, p[4096]);
	return 0;
}

CKPT_TEST_F(failure, checkpoint_in_a_small_memory_cgroup)
{
	struct app *app = &self->app;
	unsigned int failed = 0;
	unsigned long kb;
	struct memcg m;
	int fd, status;
	pid_t pid;

	NOT_PLAIN();
	if (memcg_make(&m, app))
		SKIP(return, "no memory controller in the v2 hierarchy");
	ASSERT_EQ(0, app_start(app, "many_mappings"));
	ASSERT_EQ(0, app_freeze(app));
	/* Takes all, needs no memory, and is no file that the tree has. */
	fd = open("/dev/zero", O_WRONLY | O_CLOEXEC);
	for (kb = 64; kb < 65536; kb += kb / 2) {
		fflush(NULL);
		pid = fork();
		if (!pid) {
			if (memcg_join(&m) || memcg_limit(&m, kb << 10))
				_exit(99);
			_exit(errno_of(sys_checkpoint(app->pid, fd, 0, -1)));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, memcg_limit(&m, 1ULL << 40));
		EXPECT_TRUE(status == 0 || status == SIGKILL || status == ENOMEM << 8) {
			TH_LOG("%lu kB: status %#x", kb, status);
		}
		if (!status)
			break;
		failed++;
	}
	EXPECT_LT(1, failed);
	memcg_remove(&m);
	unharmed(_metadata, app);
}

CKPT_TEST_F(failure, restart_in_a_small_memory_cgroup)
{
	struct app *app = &self->app;
	struct leftovers before;
	unsigned int failed = 0;
	unsigned long kb;
	struct memcg m;
	int status;
	pid_t pid;

	NOT_PLAIN();
	if (memcg_make(&m, app))
		SKIP(return, "no memory controller in the v2 hierarchy");
	ASSERT_EQ(0, app_capture(app, "tree_with_memory"));
	app_go(app);
	leftovers_get(&before);
	for (kb = 128; kb < 262144; kb += kb / 2) {
		fflush(NULL);
		pid = fork();
		if (!pid) {
			if (memcg_join(&m) || memcg_limit(&m, kb << 10))
				_exit(99);
			/* They stay where they are made. */
			app->cgroup[0] = '\0';
			_exit(app_restart(app) ? 98 : app_wait(app) ? 97 : 0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, memcg_limit(&m, 1ULL << 40));
		EXPECT_TRUE(status == 0 || status == SIGKILL || status == 98 << 8) {
			TH_LOG("%lu kB: status %#x", kb, status);
		}
		EXPECT_EQ(NULL, leftovers_check(&before)) {
			TH_LOG("%lu kB: %s", kb, leftovers_check(&before));
			leftovers_get(&before);
		}
		if (!status)
			break;
		failed++;
	}
	EXPECT_LT(1, failed);
	memcg_remove(&m);
}

/* ---- Allocations, and functions, that fail ---- */

#define FAIL_FUNCTION	"/sys/kernel/debug/fail_function/"

/* Those of checkpoint and restart: how many may be made to fail, and how many are */
static unsigned int ours_injectable, ours_injected;

/* Functions of the kernel that may be made to fail: as if memory were short, too */
static void inject_functions(void)
{
	char line[256], path[512], *end;
	FILE *list = fopen(FAIL_FUNCTION "injectable", "r");
	bool ours;

	ours_injectable = 0;
	ours_injected = 0;

	while (list && fgets(line, sizeof(line), list)) {
		end = strchr(line, '\t');
		/* System calls are those of others, and the rest fails by itself. */
		if (!end || strncmp(end + 1, "ERRNO", 5) || strstr(line, "_sys_") ||
		    !strncmp(line, "should_fail", 11))
			continue;
		*end = '\0';
		ours = !strncmp(line, "ckpt_", 5);
		ours_injectable += ours;
		snprintf(path, sizeof(path), FAIL_FUNCTION "%s/retval", line);
		/* Or an earlier test has */
		if (access(path, F_OK) &&
		    (write_file(FAIL_FUNCTION "inject", line) ||
		     write_file(path, "0xfffffffffffffff4")))
			printf("# %s cannot be made to fail\n", line);
		else
			ours_injected += ours;
	}
	if (list)
		fclose(list);
}

/* All sites count, also those that may sleep or want a single page. */
static bool fault_injection(void)
{
	static const char *const setting[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
		{ "fail_function/verbose", "0" },
	};
	char path[96];
	unsigned int i;

	if (access("/proc/self/fail-nth", F_OK))
		return false;
	if (access("/sys/kernel/debug/failslab", F_OK))
		mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(setting); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", setting[i][0]);
		write_file(path, setting[i][1]);
	}
	inject_functions();
	return !access("/sys/kernel/debug/failslab", F_OK);
}

#define NEED_FAULTS()							\
	do {								\
		NOT_PLAIN();						\
		if (!fault_injection())					\
			SKIP(return, "needs CONFIG_FAILSLAB and its debugfs"); \
		/* Without them the tests would pass and say little. */	\
		EXPECT_TRUE(ours_injected || !ours_injectable);		\
	} while (0)

#define FAULTS_TIMEOUT	(24 * 3600)

/* A small tree, in which a point is tried soon, and lib/rich.c */
#define SMALL		"tree_with_memory"
#define RICH		"rich_tree"

/*
 * Its processes have been made one after the other, and have the first ids. The
 * leader of a group that is dead is left out, and threads, which do not join: a
 * test of their own has these.
 */
static const pid_t rich_pids[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16 };
#define RICH_PIDS	(sizeof(rich_pids) / sizeof(rich_pids[0]))

static unsigned int nr_faults(const char *body)
{
	return number("CKPT_TEST_FAULTS", strcmp(body, RICH) ? 20 : 0);
}

/* Every point of the first @all ones, then with growing steps. */
static unsigned int next_point(unsigned int nr, unsigned int all)
{
	return nr < all ? nr + 1 : nr + 1 + nr / 5 + rnd(nr / 5);
}

static void failing_checkpoint(struct __test_metadata *_metadata,
			       struct app *app, const char *body)
{
	unsigned int nr, all = nr_faults(body), failed = 0, bore = 0;
	struct leftovers before;
	int ret, left;

	ASSERT_EQ(0, app_start(app, body));
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	leftovers_get(&before);
	for (nr = 1;; nr = next_point(nr, all)) {
		int fd = memfd_create("image", MFD_CLOEXEC);
		int logfd = memfd_create("log", MFD_CLOEXEC);
		char text[512] = "";

		fail_nth(nr);
		ret = errno_of(sys_checkpoint(app->pid, fd, CHECKPOINT_LOG, logfd));
		left = fail_nth(0);
		if (pread(logfd, text, sizeof(text) - 1, 0) < 0)
			text[0] = '\0';
		close(logfd);
		if (!ret) {
			struct image img;

			EXPECT_EQ(0, image_load(&img, fd));
			image_free(&img);
		}
		close(fd);
		EXPECT_TRUE(!ret || ret == ENOMEM || ret == EFAULT || ret == ENOSPC) {
			TH_LOG("allocation %u: errno %d: %s", nr, ret, text);
		}
		if (left > 0)
			break;
		failed += !!ret;
		bore += !ret;
	}
	TH_LOG("%u of about %u: %u failed, %u were borne", failed + bore, nr - left,
	       failed, bore);
	EXPECT_EQ(0, ret);
	EXPECT_LT(3, failed);
	EXPECT_EQ(NULL, leftovers_check(&before));
	unharmed(_metadata, app);
}

TEST_F_TIMEOUT(failure, allocations_of_a_checkpoint, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_checkpoint(_metadata, &self->app, SMALL);
}

TEST_F_TIMEOUT(failure, allocations_of_a_rich_checkpoint, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_checkpoint(_metadata, &self->app, RICH);
}

enum whose { OPEN, JOIN, REST };

/* How many were to come still in the task whose turn it is. */
static int left_to_join(struct app *app)
{
	pid_t pid = app->fail_pid ? app_pid_of(app, app->fail_pid) : app->pid;
	char path[64], text[16];
	int left;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	left = atoi(text);
	write_file(path, "0");
	return left;
}

/* Of an application that was captured; returns how many were tried. */
static unsigned int failing_restart(struct __test_metadata *_metadata,
				    struct app *app, enum whose whose,
				    unsigned int all)
{
	unsigned int nr, failed = 0, bore = 0;
	struct leftovers before;
	int ret, left;

	leftovers_get(&before);
	for (nr = 1;; nr = next_point(nr, all)) {
		app->fail_open = whose == OPEN ? nr : 0;
		app->fail_join = whose == JOIN ? nr : 0;
		app->fail_rest = whose == REST ? nr : 0;
		ret = app_restart(app);
		left = whose == OPEN ? app->fail_open : app->fail_rest;
		EXPECT_TRUE(ret || app->pid > 0);
		if (ret) {
			failed++;
			ASSERT_EQ(0, app->pid);
			/* Only a task that joined can have more to come. */
			if (whose != JOIN)
				EXPECT_EQ(0, left);
		} else {
			if (whose == JOIN) {
				left = left_to_join(app);
				ASSERT_LE(0, left);
			}
			bore += left == 0;
			kill(app->pid, SIGKILL);
			waitpid(app->pid, NULL, 0);
			app->pid = 0;
		}
		ASSERT_EQ(NULL, leftovers_check(&before)) {
			TH_LOG("allocation %u: %s", nr, leftovers_check(&before));
		}
		if (!ret && left > 0)
			break;
		ASSERT_LT(nr, 1 << 20);
	}
	TH_LOG("up to %u: %u failed, %u were borne", nr, failed, bore);
	EXPECT_LT(whose == OPEN && all ? 3 : 0, failed);
	app->fail_open = 0;
	app->fail_join = 0;
	app->fail_rest = 0;
	return failed + bore;
}

static void failing_restarts(struct __test_metadata *_metadata,
			     struct app *app, const char *body, enum whose whose)
{
	ASSERT_EQ(0, app_capture(app, body));
	failing_restart(_metadata, app, whose, nr_faults(body));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_F_TIMEOUT(failure, allocations_when_an_image_is_opened, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_restarts(_metadata, &self->app, SMALL, OPEN);
}

TEST_F_TIMEOUT(failure, allocations_of_the_tasks_that_join, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_restarts(_metadata, &self->app, SMALL, JOIN);
}

TEST_F_TIMEOUT(failure, allocations_when_a_restart_is_completed, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_restarts(_metadata, &self->app, SMALL, REST);
}

TEST_F_TIMEOUT(failure, allocations_when_a_rich_image_is_opened, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_restarts(_metadata, &self->app, RICH, OPEN);
}

/* Every task has something that no other one has: each in its turn. */
TEST_F_TIMEOUT(failure, allocations_of_each_task_of_a_rich_tree, FAULTS_TIMEOUT)
{
	struct app *app = &self->app;
	unsigned int sum = 0, all = nr_faults(RICH) / RICH_PIDS, nr;

	NEED_FAULTS();
	ASSERT_EQ(0, app_capture(app, RICH));
	for (nr = 0; nr < RICH_PIDS; nr += all ? 1 : RICH_PIDS - 1) {
		app->fail_pid = rich_pids[nr];
		sum += failing_restart(_metadata, app, JOIN, all);
	}
	TH_LOG("%u in all", sum);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_F_TIMEOUT(failure, allocations_when_a_rich_restart_is_completed, FAULTS_TIMEOUT)
{
	NEED_FAULTS();
	failing_restarts(_metadata, &self->app, RICH, REST);
}

/*
 * A thread is made in the middle of a restart, with nothing that fails. But while
 * the coordinator waits for the rest of memory it is parked, and has most of its
 * steps before it: the image comes through a pipe that stops for so long.
 */

/* The @nr-th that is not the first one of its process, or 0 */
static pid_t thread_of(const struct app *app, unsigned int nr)
{
	char path[300], procs[4096], threads[4096], line[16], *p, *save = NULL;

	snprintf(path, sizeof(path), "%s/cgroup.procs", app->cgroup);
	procs[0] = '\n';
	if (read_file(path, procs + 1, sizeof(procs) - 1) < 0)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.threads", app->cgroup);
	if (read_file(path, threads, sizeof(threads)) < 0)
		return 0;
	for (p = strtok_r(threads, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
		snprintf(line, sizeof(line), "\n%s\n", p);
		if (!strstr(procs, line) && !nr--)
			return atoi(p);
	}
	return 0;
}

/* Into the data of the chunk that has the most */
static size_t middle_of_memory(const struct image *img)
{
	size_t most = 0, at = 0;
	unsigned int i;

	for (i = 0; i < img->nr; i++) {
		if (img->part[i].kind != PART_DATA || img->part[i].len <= most)
			continue;
		most = img->part[i].len;
		at = img->part[i].off + most / 2;
	}
	return at;
}

static bool put(int fd, const uint8_t *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = write(fd, data, len);
		if (n <= 0)
			return false;
	}
	return true;
}

/* Writes the image; in the middle the @nth allocation to come of a thread fails. */
static pid_t feed(const struct app *app, const struct image *img, const int *fd,
		  unsigned int thread, unsigned int nth)
{
	size_t first = middle_of_memory(img);
	char path[64], text[16];
	pid_t pid = fork();
	int left = 1;

	if (pid)
		return pid;
	close(fd[0]);
	if (!put(fd[1], img->data, first))
		_exit(1);
	while (!ioctl(fd[1], FIONREAD, &left) && left)
		sleep_ms(1);
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", thread_of(app, thread));
	snprintf(text, sizeof(text), "%u", nth);
	_exit(write_file(path, text) || !put(fd[1], img->data + first, img->len - first));
}

static int left_to_thread(const struct app *app, unsigned int thread)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", thread_of(app, thread));
	return read_file(path, text, sizeof(text)) > 0 ? atoi(text) : -1;
}

/* Whether the restart failed; @left as left_to_thread(). */
static bool restart_fed(struct __test_metadata *_metadata, struct app *app,
			const struct image *img, unsigned int thread, unsigned int nth,
			int *left)
{
	int fd[2], ret, status;
	pid_t writer;

	*left = -1;
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	writer = feed(app, img, fd, thread, nth);
	close(fd[1]);
	app->image = fd[0];
	ret = app_restart(app);
	close(fd[0]);
	app->image = -1;
	/* Or it may wait for one that is no more. */
	if (ret)
		kill(writer, SIGKILL);
	ASSERT_EQ(writer, waitpid(writer, &status, 0));
	if (ret)
		return true;
	EXPECT_EQ(0, status);
	*left = left_to_thread(app, thread);
	kill(app->pid, SIGKILL);
	waitpid(app->pid, NULL, 0);
	app->pid = 0;
	return false;
}

static unsigned int failing_thread(struct __test_metadata *_metadata, struct app *app,
				   const struct image *img, unsigned int thread)
{
	unsigned int nr, all = nr_faults(RICH), failed = 0, bore = 0;
	struct leftovers before;
	int left;

	leftovers_get(&before);
	for (nr = 1;; nr = next_point(nr, all)) {
		if (restart_fed(_metadata, app, img, thread, nr, &left)) {
			failed++;
		} else {
			ASSERT_LE(0, left);
			bore += left == 0;
		}
		ASSERT_EQ(NULL, leftovers_check(&before)) {
			TH_LOG("allocation %u: %s", nr, leftovers_check(&before));
		}
		if (left > 0)
			break;
		ASSERT_LT(nr, 1 << 20);
	}
	TH_LOG("thread %u, up to %u: %u failed, %u were borne", thread, nr, failed, bore);
	return failed;
}

TEST_F_TIMEOUT(failure, allocations_of_threads_of_a_rich_tree, FAULTS_TIMEOUT)
{
	struct app *app = &self->app;
	unsigned int thread, threads = 0, failed = 0;
	struct image img;

	NEED_FAULTS();
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, app_start(app, RICH));
	while (thread_of(app, threads))
		threads++;
	ASSERT_LT(0, threads);
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, app_checkpoint(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_kill(app));
	ASSERT_EQ(0, image_load(&img, app->image));
	close(app->image);
	for (thread = 0; thread < threads; thread++)
		failed += failing_thread(_metadata, app, &img, thread);
	EXPECT_LT(0, failed);
	app->image = image_fd(&img, img.len);
	image_free(&img);
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

/* ---- A process that restarts itself and is killed before it is complete ---- */

CKPT_BODY(alone_with_memory)
{
	char *p = mmap(NULL, 2 * MB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pattern_fill(p, 2 * MB, 1);
	ckpt_here();
	CHECK(!pattern_check(p, 2 * MB, 1));
	return 0;
}

/* In a container, as the image's first process. It has no descriptor @not_its. */
static pid_t restart_itself(int image, int logfd, int not_its)
{
	pid_t pid;

	fflush(NULL);
	pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
		      CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	if (pid)
		return pid;
	close(not_its);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		_exit(99);
	sys_restart(0, image, logfd < 0 ? 0 : RESTART_LOG, logfd);
	_exit(errno ?: 98);
}

/* Whether it comes to that within some seconds */
static bool end_of_pipe(int fd, short what)
{
	struct pollfd p = { .fd = fd };

	/* Both are told of without being asked for. */
	return poll(&p, 1, 60000 * ckpt_scale()) == 1 && p.revents & what;
}

/* Kernel threads that complete such restarts */
static unsigned int restarting_threads(void)
{
	char path[300], comm[32];
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		/* Only kernel threads and those that end have no program. */
		if (!atoi(entry->d_name) || readlink(path, comm, sizeof(comm)) >= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (read_file(path, comm, sizeof(comm)) > 0)
			nr += !strcmp(comm, "restart\n");
	}
	if (dir)
		closedir(dir);
	return nr;
}

/* Whoever it completes may be gone before; nobody waits for such a thread. */
static bool no_restarting_threads(void)
{
	double end = now_monotonic() + 60 * ckpt_scale();

	while (restarting_threads()) {
		if (now_monotonic() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

static void capture_alone(struct __test_metadata *_metadata, struct app *app,
			  struct image *img)
{
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, app_capture(app, "alone_with_memory"));
	ASSERT_EQ(0, image_load(img, app->image));
}

static void nothing_is_left(struct __test_metadata *_metadata, struct app *app,
			    const struct leftovers *before)
{
	EXPECT_TRUE(no_restarting_threads());
	EXPECT_EQ(NULL, leftovers_check(before));
	ASSERT_EQ(0, app_restart(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_freeze(app));
	unharmed(_metadata, app);
}

/* Whoever would read the rest of the image goes with it. */
CKPT_TEST_F(failure, killed_while_it_waits_for_the_rest_of_its_own_image)
{
	struct app *app = &self->app;
	struct leftovers before;
	struct image img;
	int fd[2], log, status, left = 1;
	char words[512] = "";
	pid_t pid;

	NOT_PLAIN();
	capture_alone(_metadata, app, &img);
	log = memfd_create("log", MFD_CLOEXEC);
	leftovers_get(&before);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	pid = restart_itself(fd[0], log, fd[1]);
	ASSERT_LT(0, pid);
	close(fd[0]);
	ASSERT_TRUE(put(fd[1], img.data, middle_of_memory(&img)));
	while (!ioctl(fd[1], FIONREAD, &left) && left)
		sleep_ms(1);
	ASSERT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, status);
	EXPECT_TRUE(end_of_pipe(fd[1], POLLERR)) {
		TH_LOG("somebody still reads");
	}
	EXPECT_TRUE(no_restarting_threads());
	EXPECT_LT(0, pread(log, words, sizeof(words) - 1, 0));
	EXPECT_NE(NULL, strstr(words, "killed before the restart was complete")) {
		TH_LOG("%s", words);
	}
	close(log);
	close(fd[1]);
	image_free(&img);
	nothing_is_left(_metadata, app, &before);
}

static void become_with_child(int image, int log)
{
	pid_t pid;
	int err;

	pid = fork();
	if (!pid)
		_exit(pause());
	sys_restart(0, image, RESTART_LOG, log);
	err = errno;
	kill(pid, SIGKILL);
	_exit(err);
}

/* It would be the child of a process that knows nothing of it. */
CKPT_TEST_F(failure, becoming_an_image_with_a_child)
{
	struct app *app = &self->app;
	struct leftovers before;
	int log, status;
	char words[512] = "";
	pid_t pid;

	NOT_PLAIN();
	ASSERT_EQ(0, app_capture(app, "alone_with_memory"));
	log = memfd_create("log", MFD_CLOEXEC);
	leftovers_get(&before);
	lseek(app->image, 0, SEEK_SET);
	fflush(NULL);
	pid = fork();
	if (!pid)
		become_with_child(app->image, log);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EINVAL << 8, status);
	EXPECT_LT(0, pread(log, words, sizeof(words) - 1, 0));
	EXPECT_NE(NULL, strstr(words, "the caller has children")) {
		TH_LOG("%s", words);
	}
	close(log);
	nothing_is_left(_metadata, app, &before);
}

static int damaged_image(struct image *img)
{
	int fd;

	img->data[middle_of_memory(img)] ^= 1;
	fd = image_fd(img, img->len);
	image_free(img);
	return fd;
}

CKPT_TEST_F(failure, own_image_is_damaged)
{
	struct app *app = &self->app;
	struct leftovers before;
	struct image img;
	int image, log, status;
	char words[512] = "";
	pid_t pid;

	NOT_PLAIN();
	capture_alone(_metadata, app, &img);
	image = damaged_image(&img);
	log = memfd_create("log", MFD_CLOEXEC);
	leftovers_get(&before);
	pid = restart_itself(image, log, -1);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, status);
	EXPECT_TRUE(no_restarting_threads());
	EXPECT_LT(0, pread(log, words, sizeof(words) - 1, 0));
	EXPECT_NE(NULL, strstr(words, "image: ")) {
		TH_LOG("%s", words);
	}
	close(log);
	close(image);
	nothing_is_left(_metadata, app, &before);
}

/* What remains to be said cannot be, and nobody waits for that. */
CKPT_TEST_F(failure, own_image_is_damaged_and_its_log_is_full)
{
	static const char page[4096];
	struct app *app = &self->app;
	struct leftovers before;
	struct image img;
	int fd[2], image, status;
	pid_t pid;

	NOT_PLAIN();
	capture_alone(_metadata, app, &img);
	image = damaged_image(&img);
	leftovers_get(&before);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	ASSERT_EQ(sizeof(page), fcntl(fd[1], F_SETPIPE_SZ, sizeof(page)));
	ASSERT_EQ(sizeof(page), write(fd[1], page, sizeof(page)));
	pid = restart_itself(image, fd[1], fd[0]);
	ASSERT_LT(0, pid);
	close(fd[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, status);
	EXPECT_TRUE(end_of_pipe(fd[0], POLLHUP)) {
		TH_LOG("somebody still writes");
	}
	close(fd[0]);
	close(image);
	nothing_is_left(_metadata, app, &before);
}

/* ---- Pids that are taken ---- */

/* Of a subtree, which goes where the coordinator is: number 2 is taken. */
CKPT_TEST_F(failure, pid_of_the_root_is_taken)
{
	struct app *app = &self->app;
	struct leftovers before;

	NOT_PLAIN();
	app->below_init = true;
	start_frozen(_metadata, app);
	app->image = memfd_create("image", MFD_CLOEXEC);
	ASSERT_EQ(0, errno_of(sys_checkpoint(app_pid_of(app, 2), app->image,
					     CHECKPOINT_SUBTREE, -1)));
	ASSERT_EQ(0, app_kill(app));
	leftovers_get(&before);
	EXPECT_EQ(-EEXIST, app_restart(app));
	EXPECT_NE(NULL, strstr(app->log, "pid 2")) {
		TH_LOG("%s", app->log);
	}
	EXPECT_EQ(0, app->pid);
	EXPECT_EQ(NULL, leftovers_check(&before));
}

TEST_HARNESS_MAIN
