// SPDX-License-Identifier: GPL-2.0
/*
 * Images that lie about namespaces
 */
#include "calls.h"

#include <pthread.h>
#include <sys/prctl.h>

#include "forged.h"

CKPT_SUITE(hostile_ns);

static struct ckpt_task_state *state_of(unsigned int nr)
{
	return record_body(image_record(&bad, CKPT_REC_TASK_STATE, nr));
}

/* Of a task, its ids in nested pid namespaces */
static struct ckpt_pid *ids_of(unsigned int nr)
{
	return record_tail(image_record(&bad, CKPT_REC_TASK, nr));
}

/* Of task @nr, some more or less of them, by bytes */
static void resize_ids(unsigned int nr, int bytes)
{
	struct ckpt_image_header *hdr =
		(void *)(bad.data + bad.header + sizeof(struct ckpt_section));

	image_resize_tail(&bad, image_record(&bad, CKPT_REC_TASK, nr), bytes);
	hdr->tree_len += bytes;
}

static struct ckpt_record *ns_record(uint32_t kind)
{
	struct ckpt_record *rec;
	struct ckpt_ns *ns;
	unsigned int i;

	for (i = 0; (rec = image_record(&bad, CKPT_REC_NS, i)); i++) {
		ns = record_body(rec);
		if (ns->kind == kind)
			return rec;
	}
	return NULL;
}

static struct ckpt_ns *ns_of(uint32_t kind)
{
	return record_body(ns_record(kind));
}

static int wait_for_end(const char *flag)
{
	ckpt_announce(flag, "end");
	return 0;
}

static int open_ns_of(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return open(path, O_RDONLY);
}

static int init_of_another(void)
{
	pid_t pid;

	SPAWN(pid, wait_for_end("inner"));
	ckpt_wait_for("inner");
	ckpt_announce("init", "end");
	return ckpt_reap(pid);
}

/*
 * Tasks 0: the body; 1: a child in other namespaces; 2: the init of a pid
 * namespace; 3: a child of that
 */
CKPT_BODY(hostile_ns_many)
{
	pid_t apart, init;

	SPAWN(apart, unshare(CLONE_NEWIPC | CLONE_NEWNET) || wait_for_end("apart"));
	ckpt_wait_for("apart");
	init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(init);
	if (!init)
		_exit(init_of_another());
	ckpt_wait_for("init");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(apart) || ckpt_reap(init);
}

CKPT_TEST_F(hostile_ns, namespaces)
{
	static const char wrong[] = "a namespace is not of its kind";
	static const char invalid[] = "namespace: a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_many");

	REFUSED_WITH(wrong, state_of(1)->ipc_ns_id = state_of(1)->net_ns_id);
	REFUSED_WITH(wrong, state_of(1)->ipc_ns_id = state_of(1)->uts_id);
	REFUSED_WITH(wrong, state_of(1)->mnt_ns_id = 99999);
	REFUSED_WITH(wrong, state_of(1)->time_ns_for_children_id = 99999);
	REFUSED_WITH(wrong, state_of(1)->time_ns_for_children_id =
			    state_of(1)->net_ns_id);
	REFUSED_WITH(wrong, state_of(1)->pid_ns_for_children = 2);
	REFUSED_WITH(wrong, state_of(1)->pid_user_ns_id = 99999);

	REFUSED_WITH("none of kind", ns_of(CKPT_NS_IPC)->kind = CKPT_NS_USER + 1);
	REFUSED_WITH("none of kind", ns_of(CKPT_NS_IPC)->kind = 0);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_IPC)->flags = CKPT_NS_LO_UP);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->flags = CKPT_NS_NO_SETGROUPS);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->monotonic_ns = 1);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->boottime_ns = 1);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->owner_uid = 1);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->owner_gid = 1);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->nr_uids = 1);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_NET)->user_ns_id = 1);
	REFUSED_WITH(invalid, image_resize_tail(&bad, ns_record(CKPT_NS_NET), 12));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_ns, pid_namespaces)
{
	static const char wrong[] = "its pid namespaces do not fit the tree";
	static const char invalid[] = "a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_many");
	memcpy(&bad, &img, sizeof(bad));
	ASSERT_EQ(1, ids_of(2)->nr);
	ASSERT_EQ(1, ids_of(3)->ns);

	REFUSED_WITH(invalid, ids_of(2)->ns = 0);
	REFUSED_WITH(invalid, ids_of(2)->nr = 0);
	REFUSED_WITH(invalid, ids_of(3)->nr = 4194305);
	REFUSED_WITH(invalid, image_resize_tail(&bad, image_record(&bad, CKPT_REC_TASK, 2), -4));
	/* The second is there, the first is not. */
	REFUSED_WITH(wrong, ids_of(2)->ns = 2);
	/* The first one of a namespace is its init. */
	REFUSED_WITH(wrong, ids_of(2)->nr = 2);
	/* It leaves the namespace of its parent. */
	REFUSED_WITH(wrong, resize_ids(3, -8));
	REFUSED_WITH(wrong, ids_of(3)->ns = 2);
	/* Two levels at once */
	REFUSED_WITH(wrong, ({
		resize_ids(2, 8);
		ids_of(2)[1] = (struct ckpt_pid){ .ns = 2, .nr = 1 };
	}));
	/* The root task is where all begin. */
	REFUSED_WITH(wrong, ({
		resize_ids(0, 8);
		*ids_of(0) = (struct ckpt_pid){ .ns = 1, .nr = 1 };
	}));
	/* There are two of them with this id. */
	FORGED(MUST_REFUSE, ids_of(3)->nr = 1, "%s", "an id twice");
	finish(_metadata, app);
}

/* ---- Pid namespaces that somebody has entered ---- */

static int stays_inside(void)
{
	CHECK_EQ(0, getppid());
	ckpt_announce("inside", "end");
	return 0;
}

static int enters(int fd)
{
	pid_t pid;

	CHECK_OK(setns(fd, CLONE_NEWPID));
	SPAWN(pid, stays_inside());
	ckpt_wait_for("inside");
	ckpt_announce("entered", "end");
	/* If it is restarted once more, all signs are there: the init may end before it. */
	CHECK_EQ(pid, waitpid(pid, NULL, 0));
	return 0;
}

/* Opens the namespace of another init below it for all. */
static int begins_lower(void)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	CHECK_OK(pid);
	if (pid)
		return ckpt_reap(pid);
	CHECK_OK(open("/proc/self/ns/pid", O_RDONLY));
	ckpt_announce("lower", "last");
	return 0;
}

/*
 * Tasks 0: the body; 1, 2: the inits of two namespaces, one below the other; 3: a child
 * of the body; 4: its child, in the lower one
 */
CKPT_BODY(hostile_ns_entered)
{
	int fd = open("/proc/self/ns/pid", O_RDONLY);
	pid_t init, pid;

	CHECK_OK(fd);
	init = syscall(SYS_clone, CLONE_NEWPID | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(init);
	if (!init)
		_exit(begins_lower());
	ckpt_wait_for("lower");
	SPAWN(pid, enters(fd + 1));
	ckpt_wait_for("entered");
	ckpt_here();
	ckpt_set("end");
	CHECK_EQ(0, ckpt_reap(pid));
	ckpt_set("last");
	return ckpt_reap(init);
}

CKPT_TEST_F(hostile_ns, entered_pid_namespaces)
{
	static const char wrong[] = "its pid namespaces do not fit the tree";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_entered");
	memcpy(&bad, &img, sizeof(bad));
	ASSERT_EQ(2, ids_of(2)[1].ns);
	ASSERT_EQ(2, ids_of(4)[1].ns);
	ASSERT_EQ(2, state_of(3)->pid_ns_for_children);

	/* One that it is not below, or that is not below */
	REFUSED_WITH(wrong, ids_of(4)[0].ns = 2);
	REFUSED_WITH(wrong, ids_of(4)[1].ns = 1);
	REFUSED_WITH(wrong, ({
		resize_ids(4, -8);
		ids_of(4)->ns = 2;
	}));
	/* One that has no init */
	REFUSED_WITH(wrong, ids_of(4)[1].ns = 3);
	REFUSED_WITH(wrong, ({
		ids_of(4)[1] = (struct ckpt_pid){ .ns = 3, .nr = 1 };
	}));
	/* Another init */
	REFUSED_WITH(wrong, ids_of(4)[1].nr = 1);
	/* Only at the first one's place in the order it may be unknown. */
	REFUSED_WITH(wrong, ids_of(1)->ns = 3);
	REFUSED_WITH("a namespace is not of its kind", state_of(3)->pid_ns_for_children = 3);
	/* Nobody can go up again. */
	FORGED(MUST_REFUSE, state_of(2)->pid_ns_for_children = 1, "%s", "up");
	/* It has entered another one than the image says: no harm. */
	FORGED(MAY_RESTART, state_of(3)->pid_ns_for_children = 1, "%s", "another");
	finish(_metadata, app);
}

/* ---- Files that are open on a namespace ---- */

CKPT_BODY(hostile_ns_open)
{
	int uts = open("/proc/self/ns/uts", O_RDONLY), net, pids;
	pid_t pid, init;

	CHECK_OK(uts);
	SPAWN(pid, unshare(CLONE_NEWNET) || wait_for_end("apart"));
	ckpt_wait_for("apart");
	net = open_ns_of(pid, "net");
	CHECK_OK(net);
	init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	CHECK_OK(init);
	if (!init)
		_exit(wait_for_end("init"));
	ckpt_wait_for("init");
	pids = open_ns_of(init, "pid");
	CHECK_OK(pids);
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid) || ckpt_reap(init);
}

static struct ckpt_file *open_on(uint32_t kind)
{
	struct ckpt_record *rec;
	struct ckpt_file *file;
	unsigned int i;

	for (i = 0; (rec = image_record(&bad, CKPT_REC_FILE, i)); i++) {
		file = record_body(rec);
		if (file->kind == CKPT_FILE_NS && file->rdev_minor == kind)
			return file;
	}
	return NULL;
}

static struct ckpt_file *file_of_kind(uint32_t kind)
{
	struct ckpt_record *rec;
	unsigned int i;

	for (i = 0; (rec = image_record(&bad, CKPT_REC_FILE, i)); i++)
		if (((struct ckpt_file *)record_body(rec))->kind == kind)
			return record_body(rec);
	return NULL;
}

/* The caller's network namespace is mounted where a path leads, it says. */
static void say_mounted(struct ckpt_file *file)
{
	file->kind = CKPT_FILE_NS_PATH;
	file->rdev_minor = CKPT_NS_NET;
}

CKPT_TEST_F(hostile_ns, open_namespaces)
{
	static const char wrong[] = "refers to something else than it says";
	static const char invalid[] = "a field is not valid";
	static const char another[] = "is another one than the image says";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_open");

	REFUSED_WITH(wrong, open_on(CKPT_NS_NET)->object_id = 99999);
	REFUSED_WITH(wrong, open_on(CKPT_NS_NET)->object_id = open_on(CKPT_NS_UTS)->object_id);
	REFUSED_WITH(wrong, open_on(CKPT_NS_UTS)->object_id = open_on(CKPT_NS_NET)->object_id);
	REFUSED_WITH(wrong, open_on(CKPT_NS_UTS)->object_id = 0);
	REFUSED_WITH(wrong, open_on(CKPT_NS_NET)->rdev_minor = CKPT_NS_IPC);
	REFUSED_WITH(wrong, open_on(CKPT_NS_NET)->rdev_minor = CKPT_NS_PID + 1);
	REFUSED_WITH(wrong, open_on(CKPT_NS_PID)->object_id = 99999);
	REFUSED_WITH("no init of a pid namespace", open_on(CKPT_NS_PID)->object_id = 2);
	REFUSED_WITH(invalid, open_on(CKPT_NS_NET)->mode = 0);
	REFUSED_WITH(invalid, open_on(CKPT_NS_NET)->slot = 1U << 31);
	REFUSED_WITH(invalid, open_on(CKPT_NS_NET)->kind = CKPT_FILE_NS_PATH);
	REFUSED_WITH(wrong, file_of_kind(CKPT_FILE_REGULAR)->kind = CKPT_FILE_NS_PATH);
	REFUSED_WITH("is not the namespace that was open",
		     say_mounted(file_of_kind(CKPT_FILE_REGULAR)));
	/* The tool does what the image says, the kernel looks at what it has got. */
	REFUSED_WITH(another, open_on(CKPT_NS_UTS)->slot = open_on(CKPT_NS_NET)->slot);
	REFUSED_WITH(another, open_on(CKPT_NS_PID)->slot = open_on(CKPT_NS_NET)->slot);
	finish(_metadata, app);
}

/* Who joins from the wrong ones is found out before anything is done to him. */
CKPT_TEST_F(hostile_ns, joined_from_the_wrong_namespace)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_ns_many");
	memcpy(&bad, &img, sizeof(bad));
	/* The tests' own coordinator makes one set of namespaces for all. */
	EXPECT_EQ(REFUSED, attempt(app, &bad));
	EXPECT_NE(NULL, strstr(app->log, "has pid")) {
		TH_LOG("%s", app->log);
	}
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

static int unshared(int flags)
{
	CHECK_OK(unshare(flags));
	return wait_for_end("apart");
}

CKPT_BODY(hostile_ns_ipc)
{
	pid_t pid;

	SPAWN(pid, unshared(CLONE_NEWIPC));
	ckpt_wait_for("apart");
	ckpt_here();
	ckpt_set("end");
	return ckpt_reap(pid);
}

CKPT_TEST_F(hostile_ns, joined_from_a_shared_namespace)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_ns_ipc");
	memcpy(&bad, &img, sizeof(bad));
	EXPECT_EQ(REFUSED, attempt(app, &bad));
	EXPECT_NE(NULL, strstr(app->log, "is in another IPC namespace than the image says")) {
		TH_LOG("%s", app->log);
	}
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

/* ---- Threads that have left the namespaces of their process ---- */

static void *leave_process(void *flag)
{
	if (unshare((intptr_t)flag) < 0)
		return "fails";
	ckpt_set((intptr_t)flag == CLONE_NEWNET ? "net" : "uts");
	ckpt_wait_for("end");
	return NULL;
}

/* Tasks 0: the first thread; 1: one with another network; 2: with another UTS namespace */
CKPT_BODY(hostile_ns_threads)
{
	pthread_t net, uts;

	CHECK_EQ(0, pthread_create(&net, NULL, leave_process, (void *)CLONE_NEWNET));
	ckpt_wait_for("net");
	CHECK_EQ(0, pthread_create(&uts, NULL, leave_process, (void *)CLONE_NEWUTS));
	ckpt_wait_for("uts");
	ckpt_here();
	ckpt_set("end");
	return pthread_join(net, NULL) || pthread_join(uts, NULL);
}

CKPT_TEST_F(hostile_ns, threads)
{
	static const char wrong[] = "refers to what it cannot have of another process";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_threads");

	REFUSED_WITH(wrong, state_of(0)->ns_slot = 100);
	REFUSED_WITH(wrong, state_of(1)->ns_slot = 0);
	REFUSED_WITH(wrong, state_of(1)->ns_slot = 0x7fffffff);
	REFUSED_WITH(wrong, state_of(1)->net_ns_id = state_of(0)->net_ns_id);
	REFUSED_WITH("a namespace is not of its kind",
		     state_of(1)->net_ns_id = 99999);
	/* One descriptor for two namespaces */
	REFUSED_WITH("is in another network namespace than the image says",
		     state_of(2)->ns_slot = state_of(1)->ns_slot + 2);
	/* None that a process may have */
	FORGED(MUST_REFUSE, state_of(1)->ns_slot = 0x7ffffff0, "%s", "a high slot");
	finish(_metadata, app);
}

/* ---- A user namespace ---- */

CKPT_BODY(hostile_ns_user)
{
	ckpt_here();
	return 0;
}

CKPT_TEST_F(hostile_ns, user_namespace)
{
	static const char invalid[] = "namespace: a field is not valid";
	struct app *app = &self->app;
	struct ckpt_id_extent *extent;

	NOT_PLAIN();
	app->user = true;
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_user");
	REFUSED_WITH(invalid, ns_of(CKPT_NS_USER)->nr_uids++);
	REFUSED_WITH(invalid, ns_of(CKPT_NS_USER)->nr_gids--);
	REFUSED_WITH(invalid, ({
		ns_of(CKPT_NS_USER)->nr_uids = 0x80000000;
		ns_of(CKPT_NS_USER)->nr_gids = 0x80000003;
	}));
	REFUSED_WITH(invalid, ns_of(CKPT_NS_USER)->flags = CKPT_NS_LO_UP);
	FORGED(MUST_REFUSE, ns_of(CKPT_NS_USER)->owner_uid = 1, "%s", "another owner");
	FORGED(MUST_REFUSE, ns_of(CKPT_NS_USER)->owner_gid = 1, "%s", "another group");
	FORGED(MUST_REFUSE, ({
		extent = record_tail(ns_record(CKPT_NS_USER));
		extent->count = 0;
	}), "%s", "a range without ids");
	FORGED(MUST_REFUSE, ({
		extent = record_tail(ns_record(CKPT_NS_USER));
		extent->count = ~0U;
	}), "%s", "a range beyond all ids");
	finish(_metadata, app);
}

/* ---- What only tasks in the same namespaces share ---- */

static int enter_user_ns(void)
{
	CHECK_OK(unshare(CLONE_NEWUSER));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	return write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", "0 0 1") ||
	       write_file("/proc/self/gid_map", "0 0 1");
}

static int nested(const char *flag)
{
	return enter_user_ns() || wait_for_end(flag);
}

/*
 * Tasks 0: the body; 1: a child in the same namespaces; 2: one in another mount
 * namespace; 3: one in another user namespace; 4: one in another IPC namespace
 */
CKPT_BODY(hostile_ns_apart)
{
	static const char *const flag[] = { "same", "mounts", "user", "ipc" };
	pid_t pid[4];
	int i;

	SPAWN(pid[0], wait_for_end(flag[0]));
	ckpt_wait_for(flag[0]);
	SPAWN(pid[1], unshare(CLONE_NEWNS) || wait_for_end(flag[1]));
	ckpt_wait_for(flag[1]);
	SPAWN(pid[2], nested(flag[2]));
	ckpt_wait_for(flag[2]);
	SPAWN(pid[3], unshare(CLONE_NEWIPC) || wait_for_end(flag[3]));
	ckpt_wait_for(flag[3]);
	ckpt_here();
	ckpt_set("end");
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

static void share_fs(unsigned int nr)
{
	state_of(nr)->fs_id = state_of(0)->fs_id;
}

static void share_undo(unsigned int nr)
{
	struct ckpt_task *task = record_body(image_record(&bad, CKPT_REC_TASK, nr));

	task->undo_with = 1;
}

CKPT_TEST_F(hostile_ns, shared_from_other_namespaces)
{
	static const char words[] = "shares its root directory or what is to be undone";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_apart");
	MUST_RESTART(share_fs(1));
	MUST_RESTART(share_undo(1));
	MUST_RESTART(share_undo(2));
	REFUSED_WITH(words, share_fs(2));
	REFUSED_WITH(words, share_fs(3));
	REFUSED_WITH(words, share_undo(4));
	finish(_metadata, app);
}

/* ---- User namespaces one in the other ---- */

#define NESTED	40
#define LEVELS	33	/* of which no more are made, see create_user_ns() */

/* Each child is in one of its own. */
CKPT_BODY(hostile_ns_many_users)
{
	pid_t pid[NESTED];
	char flag[16];
	int i;

	for (i = 0; i < NESTED; i++) {
		snprintf(flag, sizeof(flag), "user%d", i);
		SPAWN(pid[i], nested(flag));
		ckpt_wait_for(flag);
	}
	ckpt_here();
	ckpt_set("end");
	for (i = 0; i < NESTED; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

static struct ckpt_ns *user_ns_of(unsigned int nr)
{
	uint32_t id = state_of(nr)->user_ns_id;
	struct ckpt_record *rec;
	unsigned int i;

	for (i = 0; (rec = image_record(&bad, CKPT_REC_NS, i)); i++) {
		if (rec->id == id)
			return record_body(rec);
	}
	return NULL;
}

/* Those of the first @nr children, each in that of the one before */
static void nest(unsigned int nr)
{
	unsigned int i;

	for (i = 2; i <= nr; i++)
		user_ns_of(i)->user_ns_id = state_of(i - 1)->user_ns_id;
}

/* Whether the kernel lets it be opened */
static bool opens(struct app *app)
{
	int fd, logfd = memfd_create("log", MFD_CLOEXEC);
	bool ret;

	image_fix(&bad);
	fd = image_fd(&bad, bad.len);
	ret = !hostile_unopened(fd, logfd);
	close(fd);
	close(logfd);
	return ret;
}

CKPT_TEST_F(hostile_ns, user_namespaces_too_deep)
{
	static const char words[] = "its user namespace is none that its task is in";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->tool = true;
	prepare_body(_metadata, app, "hostile_ns_many_users");
	ASSERT_EQ(0, image_copy(&bad, &img));
	nest(LEVELS);
	EXPECT_EQ(true, opens(app));
	free(bad.data);
	REFUSED_WITH(words, nest(LEVELS + 1));
	REFUSED_WITH(words, nest(NESTED));
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

TEST_HARNESS_MAIN
