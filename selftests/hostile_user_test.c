// SPDX-License-Identifier: GPL-2.0
/*
 * Forged images in the hands of a plain user
 *
 * With kernel.checkpoint_unprivileged = 2 everybody may restart what he has an
 * image of. Nobody gets an id, a capability or another one's process by that: what
 * the image says is what the user could have made himself, or it is refused.
 */
#include "calls.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "forged.h"

#define USER		1000
#define SYSCTL		"/proc/sys/kernel/checkpoint_unprivileged"
#define ALL_CAPS	0x1ffffffffffULL

CKPT_SUITE(hostile_user);

/* As it is in /proc/PID/status: real, effective, saved and for files */
static const char plain_ids[] =
	"Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n";
static const char no_caps[] =
	"CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";

CKPT_BODY(of_a_user)
{
	ckpt_here();
	return 0;
}

#define SHARED	(8UL << 20)

CKPT_BODY(with_shared_memory)
{
	char *p = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, SHARED, 1);
	ckpt_here();
	CHECK(!pattern_check(p, SHARED, 1));
	return 0;
}

#define MUCH	(256UL << 20)

/* One page of it is there, and is zero. */
CKPT_BODY(with_room_for_much)
{
	volatile char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	*p = 0;
	ckpt_here();
	return 0;
}

static int become_user(void)
{
	return setgroups(0, NULL) ?: setresgid(USER, USER, USER) ?:
	       setresuid(USER, USER, USER);
}

/* ---- An image of a user's process, in no container ---- */

/* A copy of this program, which lies where the user can execute it */
static int copy_program(const struct app *app, char *path, size_t size)
{
	char command[300];

	snprintf(path, size, "%s/program", app->dir);
	snprintf(command, sizeof(command), "cp /proc/%d/exe %s && chmod 755 %s", getpid(),
		 path, path);
	return system(command);
}

static int open_procs(const struct app *app)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/cgroup.procs", app->cgroup);
	return open(path, O_WRONLY | O_CLOEXEC);
}

static int enter_cgroup(const struct app *app)
{
	int fd = open_procs(app), ret = write(fd, "0", 1) == 1 ? 0 : -1;

	close(fd);
	return ret;
}

/* Ids of a user in a namespace of his own: the same, or root's */
#define SAME_IDS	"1000 1000 1"
#define AS_ROOT		"0 1000 1"

/* Nobody else has any ids there. */
static int enter_user_ns(const char *map)
{
	prctl(PR_SET_DUMPABLE, 1);
	return unshare(CLONE_NEWUSER) ?: write_file("/proc/self/setgroups", "deny") ?:
	       write_file("/proc/self/uid_map", map) ?:
	       write_file("/proc/self/gid_map", map);
}

/* In a user namespace of its own, if there is a @map for one */
static void user_main(struct app *app, const char *body, const char *map)
{
	char exe[100];
	char *argv[] = { exe, (char *)"--body", (char *)body, app->dir, NULL };
	int null, i;

	setsid();
	if (copy_program(app, exe, sizeof(exe)) || enter_cgroup(app) ||
	    chdir(app->dir) || become_user() || (map && enter_user_ns(map)))
		_exit(101);
	/* All that is open is what the user has opened; so is the program. */
	null = open("/dev/null", O_RDWR);
	for (i = 0; i < 3; i++)
		dup2(null, i);
	close_range(3, ~0U, 0);
	execv(exe, argv);
	_exit(102);
}

static int capture(struct app *app, const char *body)
{
	fflush(NULL);
	app->pid = fork();
	if (!app->pid)
		user_main(app, body, NULL);
	return app->pid < 0 || chmod(app->dir, 0777) || app_wait_ready(app) ||
	       app_freeze(app) || app_checkpoint(app, CHECKPOINT_SUBTREE) || app_kill(app) ||
	       image_load(&img, app->image);
}

static char old_sysctl[16];

static void prepare_body_of_user(struct __test_metadata *_metadata, struct app *app,
				 const char *body)
{
	ASSERT_EQ(0, capture(app, body)) {
		app_show(app);
	}
	ASSERT_LT(0, read_file(SYSCTL, old_sysctl, sizeof(old_sysctl)));
	ASSERT_EQ(0, write_file(SYSCTL, "2"));
	leftovers_get(&before);
}

static void prepare_user(struct __test_metadata *_metadata, struct app *app)
{
	prepare_body_of_user(_metadata, app, "of_a_user");
}

static void finish_user(struct __test_metadata *_metadata, struct app *app)
{
	EXPECT_EQ(NULL, leftovers_check(&before)) {
		TH_LOG("%s", leftovers_check(&before));
	}
	EXPECT_EQ(0, write_file(SYSCTL, old_sysctl));
	image_free(&img);
}

/* ---- A restart by that user ---- */

/* How it is restarted: all zero is the right way. */
struct how {
	bool same_pids;		/* the pids must be those of the image */
	bool limited;		/* it is in the application's control group */
	bool own_ns;		/* the user has all capabilities in a user namespace */
	pid_t join_as;		/* the process joins as this one, */
	pid_t root;		/* and this is said to be the root */
};

/* What the user has become, of its status what tells of rights */
static void look_at(pid_t pid, int logfd)
{
	char path[64], text[4096], *line, *save = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) ||
		    !strncmp(line, "Cap", 3) || !strncmp(line, "Groups:", 7))
			dprintf(logfd, "%s\n", line);
	}
}

static int restart_here(int fd, int logfd, int procs, uint32_t saved_pid,
			const struct how *how)
{
	unsigned long flags = RESTART_OPEN | RESTART_LOG |
			      (how->same_pids ? 0 : RESTART_ANY_PIDS);
	int ctx = sys_restart(0, fd, flags, logfd), ret;
	pid_t pid;

	if (ctx < 0)
		return REFUSED;
	pid = fork();
	if (!pid) {
		if (how->limited && write(procs, "0", 1) != 1)
			_exit(110);
		sys_restart(how->join_as ?: saved_pid, ctx, RESTART_JOIN, -1);
		_exit(111);
	}
	ret = sys_restart(how->root ?: pid, ctx, 0, -1);
	if (!ret)
		look_at(pid, logfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret ? REFUSED : RESTARTED;
}

static struct ckpt_image_header *header_of(struct image *i)
{
	return (void *)(i->data + i->header + sizeof(struct ckpt_section));
}

/* The kernel's reasons, or what has come of it, are left in app->log. */
static enum outcome try_as_user(struct app *app, struct image *i, const struct how *how)
{
	uint32_t saved_pid = header_of(i)->root_pid;
	int fd, procs, logfd = memfd_create("log", MFD_CLOEXEC), status;
	enum outcome ret = BROKEN;
	ssize_t n;
	pid_t pid;

	image_fix(i);
	fd = image_fd(i, i->len);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* Who may put processes into the group is who has opened this. */
		procs = open_procs(app);
		_exit(become_user() || (how->own_ns && enter_user_ns(SAME_IDS)) ? BROKEN :
		      restart_here(fd, logfd, procs, saved_pid, how));
	}
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		ret = WEXITSTATUS(status);
	n = pread(logfd, app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
	close(logfd);
	close(fd);
	return ret == REFUSED && !app->log[0] ? NO_REASON : ret;
}

#define TRY(how, expected, words, change) do {				\
	enum outcome __o;						\
									\
	ASSERT_EQ(0, image_copy(&bad, &img));				\
	change;								\
	__o = try_as_user(app, &bad, how);				\
	EXPECT_TRUE(__o == (expected) && strstr(app->log, words)) {	\
		TH_LOG("%s: %s instead of \"%s\": %s", #change,		\
		       outcome_name[__o], words, app->log);		\
	}								\
	free(bad.data);							\
} while (0)

static const struct how right_way;

#define USER_REFUSED(words, change)	TRY(&right_way, REFUSED, words, change)
#define USER_RESTARTS(words, change)	TRY(&right_way, RESTARTED, words, change)

/* The image itself is one that the user may restart; and who he is then */
static void expect_plain(struct __test_metadata *_metadata, struct app *app)
{
	USER_RESTARTS(plain_ids, ({}));
	EXPECT_NE(NULL, strstr(app->log, no_caps));
}

/* ---- Ids and capabilities ---- */

static struct ckpt_cred *cred_nr(struct image *i, unsigned int nr)
{
	struct ckpt_record *rec = image_record(i, CKPT_REC_CRED, nr);

	return rec ? record_body(rec) : NULL;
}

static void become_root(struct ckpt_cred *cred)
{
	/* The four ids of a user, and the four of a group, are the first fields. */
	memset(cred, 0, offsetof(struct ckpt_cred, cap_inheritable));
	cred->cap_permitted = ALL_CAPS;
	cred->cap_effective = ALL_CAPS;
}

/* A user may be in no group that he is not in, not even in root's. */
static void add_group(struct image *i, unsigned int nr)
{
	cred_nr(i, nr)->nr_groups++;
	image_resize_tail(i, image_record(i, CKPT_REC_CRED, nr), sizeof(uint32_t));
}

CKPT_TEST_F(hostile_user, nobody_becomes_root)
{
	static const char not_his[] = "cannot be taken by the restarting process";
	struct app *app = &self->app;
	struct ckpt_cred *cred;
	unsigned int nr, n;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	expect_plain(_metadata, app);
#define USER_CRED(...)							\
	USER_REFUSED(not_his, ({					\
		cred = cred_nr(&bad, nr);				\
		__VA_ARGS__;						\
	}))
	for (nr = 0; cred_nr(&img, nr); nr++) {
		USER_CRED(become_root(cred));
		USER_CRED(cred->uid = 0);
		USER_CRED(cred->euid = 0);
		USER_CRED(cred->suid = 0);
		USER_CRED(cred->fsuid = 0);
		USER_CRED(cred->fsuid = USER + 1);
		USER_CRED(cred->gid = 0);
		USER_CRED(cred->egid = 0);
		USER_CRED(cred->sgid = 0);
		USER_CRED(cred->fsgid = 0);
		USER_CRED((void)cred, add_group(&bad, nr));
		USER_CRED(cred->cap_permitted = ALL_CAPS);
		USER_CRED((cred->cap_permitted = ALL_CAPS, cred->cap_effective = ALL_CAPS));
		USER_CRED(cred->cap_effective = 1);
		USER_CRED(cred->cap_inheritable = ALL_CAPS);
		USER_CRED((cred->cap_permitted = ALL_CAPS, cred->cap_inheritable = ALL_CAPS,
			   cred->cap_ambient = ALL_CAPS));
		USER_CRED(cred->cap_ambient = 1);
		USER_CRED(cred->securebits = 1);
	}
	EXPECT_LE(2, nr);
	/* All of them at once */
	USER_REFUSED(not_his, ({
		for (n = 0; n < nr; n++)
			become_root(cred_nr(&bad, n));
	}));
	finish_user(_metadata, app);
}

/* ---- A program that is set-uid ---- */

static struct ckpt_record *record_of_exe(struct image *i)
{
	struct ckpt_mm *mm = record_body(image_record(i, CKPT_REC_MM, 0));
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_FILE, n)); n++) {
		if (rec->id == mm->exe_id)
			return rec;
	}
	return NULL;
}

/* The same program by another name */
static void rename_exe(struct image *i, const char *path)
{
	struct ckpt_record *rec = record_of_exe(i);
	int more = (int)strlen(path) + 1 - (int)rec->tail_len;

	if (image_resize_tail(i, rec, more))
		return;
	strcpy(record_tail(record_of_exe(i)), path);
}

/* It once more, as old, with another mode, where programs may be set-uid */
static int repeat_program(const struct app *app, char *path, const char *mode)
{
	char command[500];
	int fd = mkstemp(path);

	if (fd < 0)
		return -1;
	close(fd);
	snprintf(command, sizeof(command),
		 "cp -p %s/program %s && chown 0:0 %s && chmod %s %s", app->dir, path,
		 path, mode, path);
	return system(command);
}

CKPT_TEST_F(hostile_user, set_uid_programs_give_no_id)
{
	char path[] = "/var/ckpt-set-uid.XXXXXX", secret[] = "/var/ckpt-secret.XXXXXX";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	ASSERT_EQ(0, repeat_program(app, path, "6755"));
	ASSERT_EQ(0, repeat_program(app, secret, "4711"));
	USER_RESTARTS(plain_ids, rename_exe(&bad, path));
	EXPECT_NE(NULL, strstr(app->log, no_caps));
	/* Nor does anybody read the memory of a program that he may only execute. */
	USER_REFUSED("cannot be opened", rename_exe(&bad, secret));
	unlink(path);
	unlink(secret);
	finish_user(_metadata, app);
}

/* ---- Files and directories of others ---- */

CKPT_BODY(with_a_file)
{
	CHECK_OK(open("mine", O_RDONLY | O_CREAT, 0600));
	ckpt_here();
	return 0;
}

static struct ckpt_record *record_of_mine(struct image *i)
{
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_FILE, n)); n++) {
		const char *path = record_tail(rec);
		size_t len = rec->tail_len;

		if (len > 6 && !strcmp(path + len - 6, "/mine"))
			return rec;
	}
	return NULL;
}

static void set_path(struct image *i, const char *path)
{
	struct ckpt_record *rec = record_of_mine(i);
	size_t at = (uint8_t *)rec - i->data;
	int more = (int)strlen(path) + 1 - (int)rec->tail_len;

	if (!image_resize_tail(i, rec, more))
		strcpy(record_tail((void *)(i->data + at)), path);
}

/* It is said to be open on @path, which is described as it is. */
static void open_another(struct image *i, const char *path, uint32_t flags)
{
	struct ckpt_file *file = record_body(record_of_mine(i));
	struct stat st = {};

	stat(path, &st);
	file->flags = flags;
	file->mode = st.st_mode;
	file->size = st.st_size;
	file->mtime_sec = st.st_mtim.tv_sec;
	file->mtime_nsec = st.st_mtim.tv_nsec;
	file->ino = st.st_ino;
	set_path(i, path);
}

static void take_all_caps(struct image *i)
{
	struct ckpt_cred *cred;
	unsigned int n;

	for (n = 0; (cred = cred_nr(i, n)); n++) {
		cred->cap_permitted = ALL_CAPS;
		cred->cap_effective = ALL_CAPS;
	}
}

/* A file of root's, with something in it */
static int make_file(char *path, mode_t mode)
{
	int fd = mkstemp(path);
	bool ok = fd >= 0 && write(fd, "secret", 6) == 6 && !fchmod(fd, mode);

	close(fd);
	return ok ? 0 : -1;
}

static const struct how as_root_of_his_own = { .own_ns = true };

CKPT_TEST_F(hostile_user, files_of_others_are_not_opened)
{
	char secret[] = "/var/ckpt-secret.XXXXXX", open_to_all[] = "/var/ckpt-open.XXXXXX";
	static const char words[] = "cannot be opened";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body_of_user(_metadata, app, "with_a_file");
	ASSERT_EQ(0, make_file(secret, 0600));
	ASSERT_EQ(0, make_file(open_to_all, 0644));
	expect_plain(_metadata, app);
	/* So it is the right that he lacks, and nothing else. */
	USER_RESTARTS(plain_ids, open_another(&bad, open_to_all, O_RDONLY));
	USER_REFUSED(words, open_another(&bad, secret, O_RDONLY));
	USER_REFUSED(words, open_another(&bad, secret, O_RDWR));
	USER_REFUSED(words, open_another(&bad, secret, O_WRONLY | O_APPEND));
	USER_REFUSED(words, open_another(&bad, open_to_all, O_RDWR));
	USER_REFUSED(words, open_another(&bad, open_to_all, O_WRONLY));
	/* With all capabilities, where they are worth nothing */
	TRY(&as_root_of_his_own, RESTARTED, plain_ids, take_all_caps(&bad));
	EXPECT_EQ(NULL, strstr(app->log, no_caps));
	TRY(&as_root_of_his_own, REFUSED, words, ({
		take_all_caps(&bad);
		open_another(&bad, secret, O_RDONLY);
	}));
	TRY(&as_root_of_his_own, REFUSED, words, ({
		take_all_caps(&bad);
		open_another(&bad, open_to_all, O_RDWR);
	}));
	unlink(secret);
	unlink(open_to_all);
	finish_user(_metadata, app);
}

/* Both paths of the only such record */
static void set_fs(struct image *i, const char *root, const char *cwd)
{
	struct ckpt_record *rec = image_record(i, CKPT_REC_FS, 0);
	struct ckpt_fs *fs = record_body(rec);
	int more = (int)strlen(root) + (int)strlen(cwd) + 2 - (int)rec->tail_len;

	fs->root_len = strlen(root) + 1;
	fs->cwd_len = strlen(cwd) + 1;
	if (image_resize_tail(i, rec, more))
		return;
	rec = image_record(i, CKPT_REC_FS, 0);
	strcpy(record_tail(rec), root);
	strcpy((char *)record_tail(rec) + strlen(root) + 1, cwd);
}

CKPT_TEST_F(hostile_user, directories_of_others_are_not_entered)
{
	char secret[] = "/var/ckpt-secret.XXXXXX", inner[64];
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	ASSERT_NE(NULL, mkdtemp(secret));
	snprintf(inner, sizeof(inner), "%s/inner", secret);
	ASSERT_EQ(0, mkdir(inner, 0777));
	USER_RESTARTS(plain_ids, set_fs(&bad, "/", "/var"));
	USER_REFUSED("cannot be entered: -EACCES", set_fs(&bad, "/", secret));
	USER_REFUSED("cannot be entered: -EACCES", set_fs(&bad, "/", inner));
	USER_REFUSED("needs CAP_SYS_CHROOT", set_fs(&bad, secret, "/"));
	USER_REFUSED("needs CAP_SYS_CHROOT", set_fs(&bad, "/var", "/var"));
	TRY(&as_root_of_his_own, REFUSED, "cannot be entered: -EACCES", ({
		take_all_caps(&bad);
		set_fs(&bad, "/", inner);
	}));
	TRY(&as_root_of_his_own, REFUSED, "-EACCES", ({
		take_all_caps(&bad);
		set_fs(&bad, inner, "/");
	}));
	rmdir(inner);
	rmdir(secret);
	finish_user(_metadata, app);
}

/* ---- Processes of others ---- */

/* When the process was started, and by whom: it is still the same. */
static int describe(pid_t pid, char *text, size_t size)
{
	char path[64], status[4096];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, status, sizeof(status)) <= 0)
		return -1;
	/* Behind it are the times that it has used. */
	status[strcspn(status, ")") + 4] = '\0';
	snprintf(text, size, "%s", status);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_file(path, status, sizeof(status)) <= 0)
		return -1;
	snprintf(text + strlen(text), size - strlen(text), "%s",
		 strstr(status, "Uid:") ?: "");
	text[strcspn(text, "V")] = '\0';	/* from here on, memory */
	return 0;
}

/* All that an image says of the ids of its one process */
static void rename_process(struct image *i, uint32_t pid)
{
	struct ckpt_task *task = record_body(image_record(i, CKPT_REC_TASK, 0));

	header_of(i)->root_pid = pid;
	task->pid = pid;
	task->tgid = pid;
	task->pgid = pid;
	task->sid = pid;
}

CKPT_TEST_F(hostile_user, processes_of_others_are_left_alone)
{
	char was[4200], is[4200];
	struct app *app = &self->app;
	struct how how = { 0 };
	struct ckpt_task *task;
	pid_t victim;

	NOT_PLAIN();
	victim = fork();
	if (!victim) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	prepare_user(_metadata, app);
	expect_plain(_metadata, app);
	ASSERT_EQ(0, describe(victim, was, sizeof(was)));
	how.root = victim;
	TRY(&how, REFUSED, "the root task has pid", ({}));
	TRY(&how, REFUSED, "the root task has pid", rename_process(&bad, victim));
	how = (struct how){ .join_as = victim };
	TRY(&how, REFUSED, "no process with pid", ({}));
	/* It has another pid than the image says. */
	how = (struct how){ .same_pids = true };
	TRY(&how, REFUSED, "the process that joins as pid", rename_process(&bad, victim));
	/* That pid is a name within the image, and nothing else. */
	USER_RESTARTS(plain_ids, rename_process(&bad, victim));
	/* Groups and sessions are of the tree, too. */
	task = record_body(image_record(&img, CKPT_REC_TASK, 0));
	ASSERT_NE((uint32_t)victim, task->pid);
#define TASK()	((struct ckpt_task *)record_body(image_record(&bad, CKPT_REC_TASK, 0)))
	USER_REFUSED("pid", TASK()->pgid = victim);
	USER_REFUSED("pid", TASK()->sid = victim);
	USER_REFUSED("pid", TASK()->ppid = victim);
	USER_REFUSED("a field is not valid", TASK()->tgid = victim);
	ASSERT_EQ(0, describe(victim, is, sizeof(is)));
	EXPECT_STREQ(was, is);
	finish_user(_metadata, app);
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
}

/* ---- What is for the privileged only ---- */

CKPT_TEST_F(hostile_user, nobody_gets_ahead_of_others)
{
	static const char policy[] = "scheduling policy";
	struct app *app = &self->app;
	struct ckpt_sched *sched;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	expect_plain(_metadata, app);
#define USER_SCHED(words, ...)						\
	USER_REFUSED(words, ({						\
		sched = record_body(image_record(&bad, CKPT_REC_SCHED, 0)); \
		__VA_ARGS__;						\
	}))
	USER_SCHED(policy, sched->nice = -20);
	USER_SCHED(policy, sched->nice = -1);
	USER_SCHED(policy, (sched->policy = SCHED_FIFO, sched->priority = 1));
	USER_SCHED("I/O priority", sched->ioprio = 1 << 13);
	USER_SCHED("oom_score_adj -1000: not permitted", sched->oom_score_adj = -1000);
	finish_user(_metadata, app);
}

static void limit(int resource, rlim_t limit)
{
	struct rlimit rlim = { limit, limit };

	setrlimit(resource, &rlim);
}

/* Who is real-time has no use for it, but goes on with it when he is so no more. */
CKPT_TEST_F(hostile_user, nice_values_behind_a_real_time_policy)
{
	static const uint32_t policy[] = { SCHED_FIFO, SCHED_RR };
	struct app *app = &self->app;
	struct ckpt_sched *sched;
	unsigned int i;

	NOT_PLAIN();
	limit(RLIMIT_RTPRIO, 10);
	limit(RLIMIT_NICE, 0);
	prepare_user(_metadata, app);
#define REAL_TIME(value) ({						\
	sched = record_body(image_record(&bad, CKPT_REC_SCHED, 0));	\
	sched->policy = policy[i];					\
	sched->priority = 1;						\
	sched->nice = value;						\
})
	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		USER_RESTARTS(plain_ids, REAL_TIME(0));
		USER_RESTARTS(plain_ids, REAL_TIME(19));
		USER_REFUSED("nice value -20: cannot be set", REAL_TIME(-20));
		USER_REFUSED("nice value -1: cannot be set", REAL_TIME(-1));
		limit(RLIMIT_NICE, 21);
		USER_RESTARTS(plain_ids, REAL_TIME(-1));
		USER_REFUSED("nice value -2: cannot be set", REAL_TIME(-2));
		limit(RLIMIT_NICE, 0);
	}
	finish_user(_metadata, app);
}

/* ---- Memory of a process that restarts itself ---- */

/* Has memory counted for the application's control group. */
static int count_memory(const struct app *app)
{
	char path[300], *end;

	snprintf(path, sizeof(path), "%s", app->cgroup);
	end = strrchr(path, '/');
	strcpy(end, "/cgroup.subtree_control");
	return write_file(path, "+memory");
}

/* How much shared memory it is counted for, in bytes */
static unsigned long shared_memory_of(const struct app *app)
{
	char path[300], text[8192], *p;

	snprintf(path, sizeof(path), "%s/memory.stat", app->cgroup);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	p = strstr(text, "\nshmem ");
	return p ? strtoul(p + 7, NULL, 10) : 0;
}

/* Whether so much comes to be counted: what a kernel adds up from time to time */
static bool is_counted(const struct app *app, unsigned long bytes)
{
	unsigned int i;

	for (i = 0; i < 12000 * ckpt_scale(); i++) {
		if (shared_memory_of(app) >= bytes)
			return true;
		sleep_ms(5);
	}
	return false;
}

static void use_memory(const struct app *app)
{
	char *p = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED || enter_cgroup(app))
		_exit(105);
	memset(p, 1, SHARED);
	pause();
	_exit(0);
}

/* Without an image it is. */
static bool counts_memory(const struct app *app)
{
	pid_t pid;
	bool ret;

	fflush(NULL);
	pid = fork();
	if (!pid)
		use_memory(app);
	ret = is_counted(app, SHARED);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static void become_image(struct app *app, int logfd)
{
	int fd;

	if (enter_cgroup(app) || image_copy(&bad, &img))
		_exit(103);
	/* A process that restarts itself keeps its pid. */
	rename_process(&bad, getpid());
	image_fix(&bad);
	fd = image_fd(&bad, bad.len);
	if (!become_user())
		sys_restart(0, fd, RESTART_LOG, logfd);
	_exit(104);
}

/* Whether the process runs the program of the image */
static bool is_restarted(const struct app *app, pid_t pid)
{
	char path[64], exe[200] = "";

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, exe, sizeof(exe) - 1) > 0 &&
	       !strncmp(exe, app->dir, strlen(app->dir));
}

/*
 * What one gets by an image counts as what one has got oneself: else a user could
 * have more memory than he may. Somebody else coordinates this restart.
 */
CKPT_TEST_F(hostile_user, own_memory_is_counted)
{
	int logfd = memfd_create("log", MFD_CLOEXEC), status, i;
	struct app *app = &self->app;
	pid_t pid;

	NOT_PLAIN();
	if (count_memory(app) || !counts_memory(app))
		SKIP(return, "no memory controller here");
	prepare_body_of_user(_metadata, app, "with_shared_memory");
	fflush(NULL);
	pid = fork();
	if (!pid)
		become_image(app, logfd);
	for (i = 0; i < 12000 * ckpt_scale() && !is_restarted(app, pid); i++)
		sleep_ms(5);
	ASSERT_EQ(true, is_restarted(app, pid));
	EXPECT_EQ(true, is_counted(app, SHARED)) {
		TH_LOG("%lu of %lu bytes are counted", shared_memory_of(app), SHARED);
	}
	app_go(app);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(logfd);
	finish_user(_metadata, app);
}

/* ---- An image of more memory than the user may have ---- */

#define LIMIT	(32UL << 20)

static int limit_memory(const struct app *app)
{
	char path[300], text[32];

	snprintf(path, sizeof(path), "%s/memory.max", app->cgroup);
	snprintf(text, sizeof(text), "%lu", LIMIT);
	return count_memory(app) ?: write_file(path, text);
}

/* How much anonymous memory the whole machine has in use, in bytes */
static unsigned long memory_in_use(void)
{
	char text[4096], *p;

	if (read_file("/proc/meminfo", text, sizeof(text)) <= 0)
		return 0;
	p = strstr(text, "AnonPages:");
	return p ? strtoul(p + 10, NULL, 10) << 10 : 0;
}

/* The most that there was; and the process that is restarted is killed at @enough. */
static pid_t watch_memory(const struct app *app, unsigned long *most, unsigned long enough)
{
	unsigned long now;
	char path[300];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/cgroup.kill", app->cgroup);
	fflush(NULL);
	pid = fork();
	for (; !pid; sleep_ms(1)) {
		now = memory_in_use();
		if (*most < now)
			*most = now;
		if (now > enough)
			write_file(path, "1");
	}
	return pid;
}

/* All of the mapping is there, not only one page of it. */
static bool give_all_zeros(struct image *i)
{
	struct ckpt_record *rec;
	struct ckpt_vma *vma;
	struct ckpt_run *run;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_VMA, n)); n++) {
		vma = record_body(rec);
		if (vma->end - vma->start != MUCH)
			continue;
		run = image_run_at(i, CKPT_RUN_ZERO, vma->mm_id, vma->start);
		if (run)
			run->length = MUCH;
		return run;
	}
	return false;
}

/* An image of nothing but zeros: how much memory there is of them at most */
static unsigned long try_zeros(struct __test_metadata *_metadata, struct app *app,
			       unsigned long enough)
{
	static const struct how how = { .limited = true };
	unsigned long was = memory_in_use(), *most, ret;
	enum outcome outcome;
	int tries = 0;
	pid_t watcher;

	ASSERT_EQ(0, image_copy(&bad, &img));
	ASSERT_EQ(true, give_all_zeros(&bad));
	most = mmap(NULL, sizeof(*most), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, most);
	/* It is over before whoever watches has got a processor: that was no try. */
	do {
		*most = was;
		watcher = watch_memory(app, most, was + enough);
		outcome = try_as_user(app, &bad, &how);
		kill(watcher, SIGKILL);
		waitpid(watcher, NULL, 0);
	} while (outcome == RESTARTED && ++tries < 5);
	EXPECT_EQ(REFUSED, outcome);
	EXPECT_NE(NULL, strstr(app->log, "killed before the restart was complete"));
	ret = *most - was;
	munmap(most, sizeof(*most));
	free(bad.data);
	return ret;
}

/*
 * Zeros take no room in an image, but they are somebody's memory. When he has too
 * much he is killed, and nobody else goes on with it.
 */
CKPT_TEST_F(hostile_user, zeros_beyond_the_limit)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body_of_user(_metadata, app, "with_room_for_much");
	if (limit_memory(app))
		SKIP(return, "no memory controller here");
	EXPECT_GT(3 * LIMIT, try_zeros(_metadata, app, MUCH));
	finish_user(_metadata, app);
}

/*
 * Likewise, when he is killed by somebody before that: whose it would be then knows
 * nobody, and no limit holds for it.
 */
CKPT_TEST_F(hostile_user, zeros_for_nobody)
{
	struct app *app = &self->app;
	unsigned long most;

	NOT_PLAIN();
	prepare_body_of_user(_metadata, app, "with_room_for_much");
	/* It must be over by itself, too, where there are no limits. */
	limit_memory(app);
	most = try_zeros(_metadata, app, LIMIT / 2);
	EXPECT_GT(3 * LIMIT, most) {
		TH_LOG("killed with %lu MiB, of %lu that are allowed; there came to be %lu",
		       LIMIT / 2 >> 20, LIMIT >> 20, most >> 20);
	}
	finish_user(_metadata, app);
}

/* ---- Who may use the calls at all ---- */

CKPT_TEST_F(hostile_user, calls_that_are_for_others)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	ASSERT_EQ(0, write_file(SYSCTL, "1"));
	ASSERT_EQ(0, image_copy(&bad, &img));
	/* Without the privilege nobody is even told why. */
	EXPECT_EQ(NO_REASON, try_as_user(app, &bad, &right_way));
	free(bad.data);
	ASSERT_EQ(0, write_file(SYSCTL, "2"));
	expect_plain(_metadata, app);
	finish_user(_metadata, app);
}

/* Its status is what it gets, 0 if it is saved. */
CKPT_BODY(saving_itself)
{
	int fd = open("itself", O_RDWR | O_CREAT | O_TRUNC, 0600);

	_exit(sys_checkpoint(0, fd, CHECKPOINT_SUBTREE, -1) < 0 ? errno : 0);
}

static int open_image(int fd)
{
	return sys_restart(0, fd, RESTART_OPEN | RESTART_ANY_PIDS, -1);
}

static int restart_oneself(int fd)
{
	return sys_restart(0, fd, 0, -1);
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the root of a user namespace of his own gets; 0 if the call does it for him */
static int restart_in_own_ns(int (*call)(int fd), int fd)
{
	pid_t pid;

	lseek(fd, 0, SEEK_SET);
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(become_user() || enter_user_ns(AS_ROOT) ? 255 : call(fd) < 0 ? errno : 0);
	return status_of(pid);
}

static int save_in_own_ns(struct app *app)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		user_main(app, "saving_itself", AS_ROOT);
	return status_of(pid);
}

/* The capability is one only where everybody cannot have it. */
CKPT_TEST_F(hostile_user, capabilities_of_ones_own_namespace)
{
	struct app *app = &self->app;
	int fd;

	NOT_PLAIN();
	prepare_user(_metadata, app);
	fd = image_fd(&img, img.len);
	TRY(&as_root_of_his_own, RESTARTED, plain_ids, take_all_caps(&bad));
	EXPECT_EQ(0, restart_in_own_ns(open_image, fd));
	EXPECT_EQ(0, save_in_own_ns(app));
	ASSERT_EQ(0, write_file(SYSCTL, "1"));
	EXPECT_EQ(0, save_in_own_ns(app));
	EXPECT_EQ(EPERM, restart_in_own_ns(open_image, fd));
	EXPECT_EQ(EPERM, restart_in_own_ns(restart_oneself, fd));
	ASSERT_EQ(0, write_file(SYSCTL, "0"));
	EXPECT_EQ(EPERM, save_in_own_ns(app));
	EXPECT_EQ(EPERM, restart_in_own_ns(open_image, fd));
	EXPECT_EQ(EPERM, restart_in_own_ns(restart_oneself, fd));
	close(fd);
	finish_user(_metadata, app);
}

TEST_HARNESS_MAIN
