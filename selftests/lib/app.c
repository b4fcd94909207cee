// SPDX-License-Identifier: GPL-2.0
/*
 * Starts, freezes, checkpoints, kills and restarts an application
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/sched.h>
#include <mntent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "drop.h"
#include "app.h"

/* Of a busy machine: what comes, comes much earlier, and then nobody waits. */
#define WAIT_SECONDS	60

static void complain(const char *what, int err)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(err));
}

int write_file(const char *path, const char *text)
{
	ssize_t n;
	int fd;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

ssize_t read_file(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(fd);
	buf[len] = '\0';
	return len;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

bool app_plain(void)
{
	return getenv("CKPT_TEST_PLAIN");
}

bool app_narrow(void)
{
	return sizeof(long) == 4 || getenv("CKPT_TEST_APPS");
}

bool app_supported(void)
{
	return sys_checkpoint(-1, -1, ~0UL, -1) < 0 && errno != ENOSYS;
}

static int cgroup_root(enum ckpt_freezer freezer, char *path, size_t size)
{
	struct mntent *m;
	int ret = -ENOENT;
	FILE *f;

	f = setmntent("/proc/self/mounts", "r");
	if (!f)
		return -errno;
	while ((m = getmntent(f))) {
		if (freezer == FREEZER_V2 ? strcmp(m->mnt_type, "cgroup2") :
		    strcmp(m->mnt_type, "cgroup") || !hasmntopt(m, "freezer"))
			continue;
		snprintf(path, size, "%s", m->mnt_dir);
		ret = 0;
		break;
	}
	endmntent(f);
	return ret;
}

int app_init(struct app *app, enum ckpt_freezer freezer)
{
	char root[200];
	int ret;

	memset(app, 0, sizeof(*app));
	app->freezer = freezer;
	app->image = -1;
	app->stdio[0] = -1;
	app->stdio[1] = -1;
	app->stdio[2] = -1;
	strcpy(app->dir, "/tmp/ckpt.XXXXXX");
	if (!mkdtemp(app->dir) || chmod(app->dir, 0755))
		return -errno;
	if (app_plain() && strcmp(getenv("CKPT_TEST_PLAIN"), "freeze"))
		return 0;
	ret = cgroup_root(freezer, root, sizeof(root));
	if (ret) {
		fprintf(stderr, "# the %s freezer is not mounted\n",
			freezer == FREEZER_V2 ? "v2" : "v1");
		return ret;
	}
	snprintf(app->cgroup, sizeof(app->cgroup), "%s/%s", root,
		 strrchr(app->dir, '/') + 1);
	if (mkdir(app->cgroup, 0755))
		return -errno;
	return 0;
}

static int join_cgroup(const struct app *app)
{
	char path[300];

	if (!app->cgroup[0])
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", app->cgroup);
	return write_file(path, "0");
}

/* First steps in the container: also used by restart.c. */
int app_enter(const struct app *app);
int app_enter(const struct app *app)
{
	int ret, i, fd;

	ret = join_cgroup(app);
	if (ret)
		return ret;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return -errno;
	for (i = 0; i < 3; i++) {
		fd = app->stdio[i];
		if (fd < 0) {
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (fd < 0)
				return -errno;
		}
		if (dup2(fd, i) < 0)
			return -errno;
	}
	return 0;
}

/*
 * The program that has the body: the test itself, or another one beside it, or
 * one of the same name in the directory CKPT_TEST_APPS, built in another way.
 */
static int find_exe(const struct app *app, char *exe, size_t size)
{
	const char *apps = getenv("CKPT_TEST_APPS");
	char self[PATH_MAX], *name;
	ssize_t len;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return -errno;
	self[len] = '\0';
	name = strrchr(self, '/');
	*name++ = '\0';
	if (app->exe)
		len = snprintf(exe, size, "%s/%s", self, app->exe);
	else
		len = snprintf(exe, size, "%s/%s", apps ? apps : self, name);
	return len < size ? 0 : -ENAMETOOLONG;
}

static void child_main(const struct app *app, const char *body)
{
	char exe[PATH_MAX];
	char *argv[] = { exe, NULL, NULL, NULL, NULL };
	int ret;

	if (find_exe(app, exe, sizeof(exe)))
		_exit(101);
	setsid();
	ret = app_enter(app);
	if (ret) {
		complain("entering the container", -ret);
		_exit(102);
	}
	if (chdir(app->dir))
		_exit(103);
	close_range(3, ~0U, 0);
	setenv(CKPT_RSEQ_VARIABLE, "0000000000000000", 1);
	argv[1] = (char *)(app->below_init ? "--init" : "--body");
	argv[2] = (char *)body;
	argv[3] = (char *)app->dir;
	execv(exe, argv);
	_exit(104);
}

static bool dead(struct app *app)
{
	return waitpid(app->pid, &app->status, WNOHANG) == app->pid;
}

static int wait_flag(struct app *app, const char *name)
{
	double end = now_monotonic() + WAIT_SECONDS * ckpt_scale();
	char path[APP_DIR_LEN + 32];

	snprintf(path, sizeof(path), "%s/%s", app->dir, name);
	while (access(path, F_OK)) {
		if (dead(app)) {
			app->pid = 0;
			return -ECHILD;
		}
		if (now_monotonic() > end) {
			fprintf(stderr, "# no sign \"%s\" from the application\n",
				name);
			return -ETIMEDOUT;
		}
		sleep_ms(2);
	}
	return 0;
}

int app_wait_ready(struct app *app)
{
	char name[32];

	snprintf(name, sizeof(name), "ready.%d", app->point);
	return wait_flag(app, name);
}

static void first_log_line(struct app *app)
{
	char path[APP_DIR_LEN + 8], text[256];
	const char *p;

	snprintf(path, sizeof(path), "%s/log", app->dir);
	if (read_file(path, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	p = strchr(text, ' ');
	snprintf(app->reason, sizeof(app->reason), "%s", p ? p + 1 : text);
}

static int map_ids(const struct app *app, pid_t pid)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	ret = app->no_setgroups ? write_file(path, "deny") : 0;
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	ret = write_file(path, APP_UID_MAP);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	return ret ?: write_file(path, APP_GID_MAP);
}

int app_start(struct app *app, const char *body)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC,
		.exit_signal = SIGCHLD,
	};
	int ret = 0, mapped[2];
	char byte;
	long pid;

	if (app->net)
		args.flags |= CLONE_NEWNET;
	if (app->user)
		args.flags |= CLONE_NEWUSER;
	if (pipe2(mapped, O_CLOEXEC))
		return -errno;
	app->started = now_monotonic();
	fflush(NULL);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(mapped[1]);
		if (read(mapped[0], &byte, 1))
			_exit(105);
		child_main(app, body);
	}
	app->pid = pid;
	if (app->user)
		ret = map_ids(app, pid);
	close(mapped[0]);
	close(mapped[1]);
	ret = ret ?: app_wait_ready(app);
	if (ret == -ECHILD && WIFEXITED(app->status) &&
	    WEXITSTATUS(app->status) == 4) {
		first_log_line(app);
		return APP_SKIPPED;
	}
	if (ret) {
		if (!app->pid)
			fprintf(stderr, "# the application ended early, status %#x\n",
				app->status);
		app_show(app);
	}
	return ret;
}

static int freezer_write(struct app *app, bool freeze)
{
	char path[300];

	if (!app->cgroup[0])
		return 0;
	if (app->freezer == FREEZER_V2) {
		snprintf(path, sizeof(path), "%s/cgroup.freeze", app->cgroup);
		return write_file(path, freeze ? "1" : "0");
	}
	snprintf(path, sizeof(path), "%s/freezer.state", app->cgroup);
	return write_file(path, freeze ? "FROZEN" : "THAWED");
}

static int freezer_done(struct app *app)
{
	char path[300], text[100];
	ssize_t n;

	if (app->freezer == FREEZER_V2) {
		snprintf(path, sizeof(path), "%s/cgroup.events", app->cgroup);
		n = read_file(path, text, sizeof(text));
		return n < 0 ? (int)n : !!strstr(text, "frozen 1");
	}
	snprintf(path, sizeof(path), "%s/freezer.state", app->cgroup);
	n = read_file(path, text, sizeof(text));
	return n < 0 ? (int)n : !strcmp(text, "FROZEN\n");
}

/* Ticks of a task that will never sleep: on the way there none takes that long. */
#define NEVER_SLEEPS	30

/* By its id, whether a task has been seen to sleep; none of what bodies have */
#define HAS_SLEPT_SIZE	((4 << 20) / 8)
static unsigned char *has_slept;

enum { ASLEEP, AWAKE_AGAIN, NOT_YET_ASLEEP };

/* Of a task that runs, or waits for a processor: what it has used itself, in ticks */
static long ticks_of(const char *tid)
{
	char path[300], text[512], *state;
	long user, system;

	/* There it is that of the one thread. */
	snprintf(path, sizeof(path), "/proc/%s/task/%s/stat", tid, tid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	state = strrchr(text, ')');
	if (!state || sscanf(state, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
			     &user, &system) != 2)
		return 0;
	return user + system;
}

/*
 * What all tasks do: that of them which is the furthest from sleep. With @notes what
 * was seen of each is noted, for the next time.
 */
static int least_asleep(struct app *app, bool notes)
{
	char path[300], pids[65536], text[512], *p, *state, *save = NULL;
	int ret = ASLEEP;
	unsigned int tid;

	snprintf(path, sizeof(path), "%s/%s", app->cgroup,
		 app->freezer == FREEZER_V2 ? "cgroup.threads" : "tasks");
	if (read_file(path, pids, sizeof(pids)) < 0)
		return ASLEEP;
	for (p = strtok_r(pids, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
		snprintf(path, sizeof(path), "/proc/%s/stat", p);
		if (read_file(path, text, sizeof(text)) <= 0)
			continue;
		state = strrchr(text, ')');
		tid = atoi(p) % (8 * HAS_SLEPT_SIZE);
		if (!state)
			continue;
		if (state[2] != 'R') {
			if (notes)
				has_slept[tid / 8] |= 1 << tid % 8;
		} else if (!notes) {
			return AWAKE_AGAIN;
		} else if (has_slept[tid / 8] & 1 << tid % 8 || ticks_of(p) >= NEVER_SLEEPS) {
			ret = ret == ASLEEP ? AWAKE_AGAIN : ret;
		} else {
			ret = NOT_YET_ASLEEP;
		}
	}
	return ret;
}

/*
 * A task counts as frozen a moment before it stops. In that moment it still
 * shows as running, and the oracle would report it.
 */
static bool all_stopped(struct app *app)
{
	return least_asleep(app, false) == ASLEEP;
}

int app_freeze(struct app *app)
{
	double end = now_monotonic() + WAIT_SECONDS * ckpt_scale();
	int ret;

	if (!app->cgroup[0])
		return 0;
	ret = freezer_write(app, true);
	if (ret)
		return ret;
	for (;;) {
		ret = freezer_done(app);
		if (ret < 0)
			return ret;
		if (ret && all_stopped(app))
			return 0;
		if (now_monotonic() > end) {
			fprintf(stderr, "# the application does not freeze\n");
			return -ETIMEDOUT;
		}
		sleep_ms(1);
		/* The v1 freezer has passed over who was about to stop. */
		ret = freezer_write(app, true);
		if (ret)
			return ret;
	}
}

int app_thaw(struct app *app)
{
	return freezer_write(app, false);
}

static void take_log(struct app *app, int logfd)
{
	ssize_t n;

	n = pread(logfd, app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
}

static int save_by_call(struct app *app, unsigned long flags, int logfd)
{
	int ret = sys_checkpoint(app->pid, app->image,
				 flags | CHECKPOINT_LOG | CHECKPOINT_THREAD_NS,
				 logfd);

	return ret < 0 ? -errno : ret;
}

/* It is frozen. What it says goes to the log. */
static int save_by_tool(struct app *app, int logfd)
{
	char number[16];
	int status;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", app->pid);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (dup2(app->image, 1) < 0 || dup2(logfd, 2) < 0)
			_exit(101);
		execlp("checkpoint", "checkpoint", "-p", number, NULL);
		_exit(102);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? -EINVAL : 0;
}

int app_checkpoint(struct app *app, unsigned long flags)
{
	int logfd, ret;

	app->log[0] = '\0';
	if (app_plain())
		return 0;
	if (app->image >= 0)
		close(app->image);
	app->image = memfd_create("image", MFD_CLOEXEC);
	logfd = memfd_create("log", MFD_CLOEXEC);
	if (app->image < 0 || logfd < 0)
		return -errno;
	ret = app->saving_tool ? save_by_tool(app, logfd) :
				 save_by_call(app, flags, logfd);
	take_log(app, logfd);
	close(logfd);
	return ret;
}

int app_kill(struct app *app)
{
	int ret;

	if (app_plain())
		return 0;
	if (kill(app->pid, SIGKILL))
		return -errno;
	ret = app_thaw(app);
	if (ret)
		return ret;
	if (waitpid(app->pid, &app->status, 0) != app->pid)
		return -errno;
	app->pid = 0;
	return 0;
}

/* What it says goes to the log; what it has restarted is our child. */
static int restart_by_tool(struct app *app, int image, int logfd)
{
	char path[APP_DIR_LEN + 8], number[16];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/pid", app->dir);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		lseek(image, 0, SEEK_SET);
		if (join_cgroup(app) || dup2(image, 0) < 0 || dup2(logfd, 2) < 0)
			_exit(101);
		/* We are in its control group ourselves. */
		execlp("restart", "restart", "--container", "--no-cgroups",
		       "--pidfile", path, app->time_now ? "--time=now" : NULL, NULL);
		_exit(102);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (status || read_file(path, number, sizeof(number)) <= 0)
		return -EINVAL;
	app->pid = atoi(number);
	return 0;
}

/*
 * For ckpt_restart_took(): the clocks of the tree are on from the beginning of its
 * restart, what it waits for is only so from the end.
 */
static void tell_duration(const struct app *app, double seconds)
{
	char path[APP_DIR_LEN + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/" CKPT_TOOK, app->dir);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	dprintf(fd, "%.3f\n", seconds);
	close(fd);
}

int app_restart(struct app *app)
{
	double begun = now_monotonic();
	int logfd, image, ret;

	app->log[0] = '\0';
	if (app_plain())
		return 0;
	logfd = memfd_create("log", MFD_CLOEXEC);
	if (logfd < 0)
		return -errno;
	image = getenv(DROP_VARIABLE) ? drop_field(app->image) : dup(app->image);
	if (image < 0)
		return -EINVAL;
	ret = app->tool ? restart_by_tool(app, image, logfd) :
			  restart_image(app, image, logfd);
	close(image);
	take_log(app, logfd);
	close(logfd);
	if (!ret)
		tell_duration(app, now_monotonic() - begun);
	return ret;
}

void app_go(struct app *app)
{
	char path[APP_DIR_LEN + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/go.%d", app->dir, app->point);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

int app_wait(struct app *app)
{
	double end = now_monotonic() + WAIT_SECONDS * ckpt_scale();

	while (!dead(app)) {
		if (now_monotonic() > end) {
			fprintf(stderr, "# the application does not come to an end\n");
			app_show(app);
			return -ETIMEDOUT;
		}
		sleep_ms(2);
	}
	app->pid = 0;
	if (!app->status)
		return 0;
	fprintf(stderr, "# the application ended with status %#x\n", app->status);
	app_show(app);
	return -EINVAL;
}

int app_finish(struct app *app)
{
	app_go(app);
	return app_wait(app);
}

static void show_text(const char *who, char *text)
{
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "# %s: %s\n", who, line);
}

void app_show(struct app *app)
{
	char path[APP_DIR_LEN + 8], text[4096];

	snprintf(path, sizeof(path), "%s/log", app->dir);
	if (read_file(path, text, sizeof(text)) > 0)
		show_text("application", text);
	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, app->log);
	show_text("kernel", text);
}

static void remove_tree(const char *path)
{
	struct dirent *d;
	DIR *dir;

	if (!unlink(path) || !rmdir(path))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		char sub[PATH_MAX];

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		remove_tree(sub);
	}
	closedir(dir);
	rmdir(path);
}

void app_cleanup(struct app *app)
{
	int i;

	if (app->pid > 0) {
		kill(app->pid, SIGKILL);
		app_thaw(app);
		waitpid(app->pid, NULL, 0);
		app->pid = 0;
	}
	if (app->image >= 0)
		close(app->image);
	app->image = -1;
	/* The last task of a control group leaves it a moment after its death. */
	for (i = 0; app->cgroup[0] && i < 5000; i++) {
		if (!rmdir(app->cgroup) || errno == ENOENT)
			break;
		sleep_ms(2);
	}
	remove_tree(app->dir);
}

bool app_late(const struct app *app)
{
	return WIFEXITED(app->status) && WEXITSTATUS(app->status) == CKPT_LATE;
}

double app_age(const struct app *app)
{
	return now_monotonic() - app->started;
}

int app_again(struct app *app, double times)
{
	struct app was = *app;
	char scale[32];
	int ret;

	app_cleanup(app);
	ret = app_init(app, was.freezer);
	if (ret)
		return ret;
	app->below_init = was.below_init;
	app->net = was.net;
	app->user = was.user;
	app->no_setgroups = was.no_setgroups;
	app->tool = was.tool;
	app->saving_tool = was.saving_tool;
	app->time_now = was.time_now;
	app->in_call = was.in_call;
	app->in_vdso = was.in_vdso;
	app->still_for = was.still_for * times;
	app->exe = was.exe;
	memcpy(app->stdio, was.stdio, sizeof(app->stdio));
	/* Each test is a process of its own: this is for it, and for what it starts. */
	snprintf(scale, sizeof(scale), "%f", ckpt_scale() * times);
	return setenv("CKPT_TEST_SCALE", scale, 1) ? -errno : 0;
}

int app_capture(struct app *app, const char *body)
{
	int ret;

	ret = app_start(app, body);
	if (ret)
		return ret;
	ret = app_freeze(app);
	if (ret)
		return ret;
	ret = app_checkpoint(app, 0);
	if (ret) {
		app_show(app);
		return ret;
	}
	return app_kill(app);
}

static long last_number(const char *text, const char *field)
{
	const char *p = strstr(text, field), *end;

	if (!p)
		return -1;
	end = p + strcspn(p, "\n");
	while (end > p && isdigit((unsigned char)end[-1]))
		end--;
	return strtol(end, NULL, 10);
}

static pid_t find_below(pid_t top, pid_t nr);

static pid_t find_below_thread(pid_t pid, const char *tid, pid_t nr)
{
	char path[300], text[4096], *p, *save = NULL;
	pid_t found;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", pid, tid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	for (p = strtok_r(text, " \n", &save); p;
	     p = strtok_r(NULL, " \n", &save)) {
		found = find_below(atoi(p), nr);
		if (found > 0)
			return found;
	}
	return -1;
}

static pid_t find_below(pid_t top, pid_t nr)
{
	char path[64], text[4096];
	pid_t found = -1;
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/status", top);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	if (last_number(text, "NSpid:") == nr)
		return top;
	snprintf(path, sizeof(path), "/proc/%d/task", top);
	dir = opendir(path);
	while (dir && found <= 0 && (d = readdir(dir)))
		found = find_below_thread(top, d->d_name, nr);
	if (dir)
		closedir(dir);
	return found;
}

pid_t app_pid_of(struct app *app, pid_t nr)
{
	return find_below(app->pid, nr);
}

/* How often a task has given up its processor by itself, if it sleeps; or -1. */
static long sleeps_of(pid_t pid)
{
	char path[64], text[4096], *state;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -ESRCH;
	state = strstr(text, "State:\t");
	if (!state || state[7] != 'S')
		return -1;
	return last_number(text, "voluntary_ctxt_switches:");
}

static int wait_asleep(struct app *app, bool one_call)
{
	pid_t pid = app->below_init ? app_pid_of(app, 2) : app->pid;
	double end = now_monotonic() + (app->patience ?: WAIT_SECONDS * ckpt_scale());
	long sleeps, last = -1;
	int seen = 0;

	while (now_monotonic() < end) {
		sleeps = sleeps_of(pid);
		if (sleeps == -ESRCH)
			return sleeps;
		if (sleeps < 0 || (one_call && sleeps != last))
			seen = 0;
		else
			seen++;
		last = sleeps;
		if (seen == 5)
			return 0;
		sleep_ms(2);
	}
	return -ETIMEDOUT;
}

/* Waits until the body sleeps in a system call: one and the same, for a while. */
int app_wait_blocked(struct app *app)
{
	return wait_asleep(app, true);
}

/* Waits until the body sleeps, though it wakes up now and then to poll. */
int app_wait_asleep(struct app *app)
{
	return wait_asleep(app, false);
}

/*
 * On a busy machine some of it may still be on the way to sleep, and not have got a
 * processor for a long time. Others never do, or wake up now and then.
 */
void app_wait_settled(struct app *app)
{
	double end = now_monotonic() + 15 * ckpt_scale();
	int i, now, seen = 0;

	free(has_slept);
	has_slept = calloc(1, HAS_SLEPT_SIZE);
	if (!has_slept)
		abort();
	for (i = 0; seen < 3 && now_monotonic() < end; i++) {
		now = least_asleep(app, true);
		if (i >= 100 && now != NOT_YET_ASLEEP)
			break;
		seen = now == ASLEEP ? seen + 1 : 0;
		sleep_ms(2);
	}
}

static unsigned int count_lines(const char *path)
{
	unsigned int n = 0;
	int c;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return 0;
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static bool kernel_thread(const char *pid)
{
	char path[64], text[512], *p;
	unsigned long flags;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return true;
	p = strrchr(text, ')');
	return !p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1 ||
	       flags & 0x00200000 /* PF_KTHREAD */;
}

static unsigned int count_entries(const char *path, bool tasks)
{
	struct dirent *d;
	unsigned int n = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return 0;
	while ((d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		if (tasks && kernel_thread(d->d_name))
			continue;
		n++;
	}
	closedir(dir);
	return n;
}

static unsigned int count_groups_below(const char *path)
{
	unsigned int n = 0;
	struct dirent *d;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return 0;
	while ((d = readdir(dir))) {
		char sub[PATH_MAX];

		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") ||
		    !strcmp(d->d_name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		n += 1 + count_groups_below(sub);
	}
	closedir(dir);
	return n;
}

static unsigned int count_groups(void)
{
	unsigned int n = 0;
	struct mntent *m;
	FILE *f;

	f = setmntent("/proc/self/mounts", "re");
	if (!f)
		return 0;
	while ((m = getmntent(f))) {
		if (!strcmp(m->mnt_type, "cgroup") || !strcmp(m->mnt_type, "cgroup2"))
			n += count_groups_below(m->mnt_dir);
	}
	endmntent(f);
	return n;
}

void leftovers_get(struct leftovers *l)
{
	l->tasks = count_entries("/proc", true);
	l->mounts = count_lines("/proc/self/mountinfo");
	l->ipc = count_lines("/proc/sysvipc/shm") +
		 count_lines("/proc/sysvipc/sem") +
		 count_lines("/proc/sysvipc/msg");
	l->fds = count_entries("/proc/self/fd", false);
	l->cgroups = count_groups();
}

/* Where a task is in the kernel, in one line; "" if the kernel does not tell. */
static void where_is(const char *dir, char *where, size_t size)
{
	char path[300], text[4096], *line, *save = NULL;
	size_t len = 0;

	where[0] = '\0';
	snprintf(path, sizeof(path), "%s/stack", dir);
	if (read_file(path, text, sizeof(text)) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line && len < size;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strcspn(line, "]");
		len += snprintf(where + len, size - len, "%.*s",
				(int)strcspn(line, "+"), line + !!*line);
	}
}

static void show_task(const char *dir)
{
	char path[300], line[512], where[1024], status[4096], *own, *shared;

	snprintf(path, sizeof(path), "%s/stat", dir);
	if (read_file(path, line, sizeof(line)) <= 0)
		return;
	line[strcspn(line, ")") + 8] = '\0';
	snprintf(path, sizeof(path), "%s/status", dir);
	if (read_file(path, status, sizeof(status)) < 0)
		return;
	own = strstr(status, "SigPnd:");
	shared = strstr(status, "ShdPnd:");
	where_is(dir, where, sizeof(where));
	fprintf(stderr, "# task %s, signals %.16s %.16s, in%s\n", line,
		own ? own + 8 : "", shared ? shared + 8 : "", where);
}

/* All tasks that there are, with what they do and whether they must end. */
static void show_tasks(void)
{
	glob_t found;
	size_t i;

	if (glob("/proc/[0-9]*/task/*", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		if (!kernel_thread(strrchr(found.gl_pathv[i], '/') + 1))
			show_task(found.gl_pathv[i]);
	}
	globfree(&found);
}

const char *leftovers_check(const struct leftovers *before)
{
	double end = now_monotonic() + WAIT_SECONDS * ckpt_scale();
	static char text[200];
	struct leftovers l;

	do {
		leftovers_get(&l);
		if (l.tasks <= before->tasks && l.mounts <= before->mounts &&
		    l.ipc <= before->ipc && l.fds <= before->fds &&
		    l.cgroups <= before->cgroups)
			return NULL;
		sleep_ms(5);
	} while (now_monotonic() < end);
	if (l.tasks > before->tasks)
		show_tasks();
	snprintf(text, sizeof(text),
		 "left behind: %d tasks, %d mounts, %d IPC objects, %d descriptors, %d control groups",
		 (int)(l.tasks - before->tasks), (int)(l.mounts - before->mounts),
		 (int)(l.ipc - before->ipc), (int)(l.fds - before->fds),
		 (int)(l.cgroups - before->cgroups));
	return text;
}
