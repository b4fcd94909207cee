// SPDX-License-Identifier: GPL-2.0
/*
 * Forged images of trees: threads, what has ended, and job control
 *
 * One forged image for each rule, and the words with which it is refused: no
 * other rule has the same ones. See hostile_test.c for all else.
 */
#include "calls.h"

#include "who.h"

CKPT_SUITE(hostile_tasks);

/* The order above is that of the image. */
CKPT_TEST_F(hostile_tasks, model_is_what_it_is_thought_to_be)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	EXPECT_EQ(NULL, image_record(&img, CKPT_REC_TASK, GHOST + 1));
	EXPECT_EQ(1, task(&img, ROOT)->pid);
	EXPECT_EQ(1, task(&img, OWN_THREAD)->tgid);
	EXPECT_EQ(1, task(&img, PLAIN_THREAD)->tgid);
	EXPECT_NE(task_record(&img, OWN_THREAD)->id,
		  task_record(&img, PLAIN_THREAD)->id);
	EXPECT_EQ(CKPT_TREE_ZOMBIE, task(&img, ENDED)->flags);
	EXPECT_NE(NULL, record_of(&img, STOPPED, CKPT_REC_STOP));
	EXPECT_NE(NULL, record_of(&img, ASLEEP, CKPT_REC_SECCOMP));
	EXPECT_EQ(task(&img, OWN_THREAD)->pid, task(&img, ENDED_OF_THREAD)->parent_tid);
	EXPECT_EQ(CKPT_TREE_GHOST, task(&img, GHOST)->flags);
	EXPECT_EQ(task(&img, GHOST)->pid, task(&img, STOPPED)->pgid);
	EXPECT_NE(NULL, record_of(&img, ROOT, CKPT_REC_TIMERS));
	EXPECT_NE(NULL, record_of(&img, OWN_THREAD, CKPT_REC_TIMERS));
	finish(_metadata, app);
}

/* What the tests below do to records is not what the images are refused for. */
CKPT_TEST_F(hostile_tasks, records_may_move)
{
	struct app *app = &self->app;
	struct ckpt_record *copy;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_EQ(0, image_copy(&bad, &img));
	ASSERT_EQ(0, image_add_padding(&bad, CKPT_BULK_ALIGN));
	copy = image_repeat_record(&bad, record_of(&bad, ASLEEP, CKPT_REC_SCHED));
	ASSERT_NE(NULL, copy);
	ASSERT_EQ(0, image_remove_record(&bad, copy));
	ASSERT_EQ(0, image_resize_tail(&bad, record_of(&bad, ROOT, CKPT_REC_TIMERS), 80));
	ASSERT_EQ(0, image_resize_tail(&bad, record_of(&bad, ROOT, CKPT_REC_TIMERS), -80));
	EXPECT_EQ(img.len + CKPT_BULK_ALIGN, bad.len);
	EXPECT_EQ(RESTARTED, attempt(app, &bad)) {
		TH_LOG("%s", app->log);
	}
	EXPECT_STREQ("status 0\n", app->log);
	free(bad.data);
	finish(_metadata, app);
}

/* Who dies of it does so when all go on, and the restart does not fail with him. */
CKPT_TEST_F(hostile_tasks, deadly_timer_that_fires_at_once)
{
	struct app *app = &self->app;
	struct ckpt_itimers *timers;
	int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_EQ(0, image_copy(&bad, &img));
	timers = body_of(&bad, ASLEEP, CKPT_REC_ITIMERS);
	ASSERT_EQ(0, timers->flags);
	timers->flags = CKPT_ITIMER_REAL;
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(RESTARTED, attempt(app, &bad)) {
			TH_LOG("%s", app->log);
		}
		EXPECT_STREQ("status 0\n", app->log);
	}
	free(bad.data);
	finish(_metadata, app);
}

/* ---- The tree ---- */

/* What has no records of its own becomes a thread, with all that goes with it. */
static void make_thread_of(struct image *i, enum who who, enum who leader)
{
	const struct ckpt_task *first = task(i, leader);
	struct ckpt_task *t = task(i, who);

	t->tgid = first->tgid;
	t->ppid = first->ppid;
	t->pgid = first->pgid;
	t->sid = first->sid;
	t->parent_tid = first->parent_tid;
	t->exit_signal = 0;
	t->flags = 0;
}

CKPT_TEST_F(hostile_tasks, threads_in_the_wrong_place)
{
	static const char place[] = "is not behind the other threads";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	/* Of no process, of one that comes later, of a thread, of who has ended */
	REFUSED_WITH(place, task(&bad, PLAIN_THREAD)->tgid = NOBODY_HAS);
	REFUSED_WITH(place, task(&bad, PLAIN_THREAD)->tgid = task(&bad, ASLEEP)->pid);
	REFUSED_WITH(place, task(&bad, PLAIN_THREAD)->tgid = task(&bad, OWN_THREAD)->pid);
	REFUSED_WITH(place, make_thread_of(&bad, GHOST, ENDED_OF_THREAD));
	/* Somewhere else */
	REFUSED_WITH(place, make_thread_of(&bad, GHOST, ROOT));
	finish(_metadata, app);
}

static struct ckpt_task_state *state(struct image *i, int task)
{
	return body_of(i, task, CKPT_REC_TASK_STATE);
}

CKPT_TEST_F(hostile_tasks, threads_that_differ_from_the_first_one)
{
	static const char of_another[] = "cannot have of another process";
	static const char other[] = "has another parent, group or session";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(other, task(&bad, OWN_THREAD)->ppid = task(&bad, ROOT)->pid);
	REFUSED_WITH(other, task(&bad, OWN_THREAD)->pgid = 0);
	REFUSED_WITH(other, task(&bad, OWN_THREAD)->sid = 0);
	REFUSED_WITH(other, task(&bad, OWN_THREAD)->parent_tid = task(&bad, PLAIN_THREAD)->pid);
	/* What is asked of the first one counts for all. */
	REFUSED_WITH(of_another, state(&bad, PLAIN_THREAD)->ipc_ns_id = 0);
	REFUSED_WITH(of_another, state(&bad, PLAIN_THREAD)->mnt_ns_id = 0);
	REFUSED_WITH(of_another, state(&bad, OWN_THREAD)->mnt_ns_id = 0);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, flags_of_another_kind_of_task)
{
	static const char invalid[] = ": a field is not valid";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(invalid, task(&bad, ASLEEP)->flags |= CKPT_TREE_OWN_SEM_UNDO);
	REFUSED_WITH(invalid, task(&bad, ASLEEP)->flags |= CKPT_TREE_SHARES_IO);
	REFUSED_WITH(invalid, task(&bad, PLAIN_THREAD)->flags |= CKPT_TREE_ZOMBIE);
	REFUSED_WITH(invalid, task(&bad, PLAIN_THREAD)->flags |= CKPT_TREE_GHOST);
	REFUSED_WITH(invalid, task(&bad, PLAIN_THREAD)->exit_signal = SIGCHLD);
	REFUSED_WITH(invalid, task(&bad, ASLEEP)->exit_signal = 65);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, processes_without_a_parent)
{
	static const char none[] = "has no parent";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(none, task(&bad, ROOT)->ppid = NOBODY_HAS);
	REFUSED_WITH(none, task(&bad, ROOT)->flags = CKPT_TREE_ZOMBIE);
	REFUSED_WITH(none, task(&bad, ROOT)->flags = CKPT_TREE_GHOST);
	REFUSED_WITH(none, task(&bad, ASLEEP)->ppid = 0);
	REFUSED_WITH(none, task(&bad, ASLEEP)->ppid = NOBODY_HAS);
	REFUSED_WITH(none, task(&bad, ASLEEP)->ppid = task(&bad, ASLEEP)->pid);
	REFUSED_WITH(none, task(&bad, ASLEEP)->ppid = task(&bad, PLAIN_THREAD)->pid);
	REFUSED_WITH(none, task(&bad, ASLEEP)->ppid = task(&bad, ENDED)->pid);
	REFUSED_WITH(none, task(&bad, STOPPED)->ppid = task(&bad, ASLEEP)->pid);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, children_of_threads_that_are_none)
{
	static const char none[] = "its parent has no thread";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(none, task(&bad, ROOT)->parent_tid = NOBODY_HAS);
	REFUSED_WITH(none, task(&bad, ENDED_OF_THREAD)->parent_tid = NOBODY_HAS);
	REFUSED_WITH(none, task(&bad, ENDED_OF_THREAD)->parent_tid = task(&bad, ROOT)->pid);
	/* It is a child of the one, and of a thread of the other. */
	REFUSED_WITH(none, task(&bad, ENDED_OF_THREAD)->ppid = task(&bad, ASLEEP)->pid);
	finish(_metadata, app);
}

static void set_pid(struct image *i, enum who who, uint32_t pid)
{
	task(i, who)->pid = pid;
	task(i, who)->tgid = pid;
}

CKPT_TEST_F(hostile_tasks, ids_that_are_none_or_taken)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH("out of range", set_pid(&bad, ASLEEP, 0));
	REFUSED_WITH("out of range", set_pid(&bad, ASLEEP, (4 << 20) + 1));
	REFUSED_WITH("out of range", task(&bad, PLAIN_THREAD)->pid = ~0U);
	REFUSED_WITH(": twice", set_pid(&bad, ASLEEP, task(&bad, ENDED)->pid));
	REFUSED_WITH(": twice", set_pid(&bad, GHOST, task(&bad, PLAIN_THREAD)->pid));
	REFUSED_WITH(": twice", ({
		task(&bad, PLAIN_THREAD)->pid = task(&bad, OWN_THREAD)->pid;
	}));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, process_groups_that_are_none)
{
	static const char none[] = "its process group";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(none, task(&bad, ASLEEP)->pgid = NOBODY_HAS);
	REFUSED_WITH(none, task(&bad, ASLEEP)->pgid = task(&bad, PLAIN_THREAD)->pid);
	/* Its leader is in another session. */
	REFUSED_WITH(none, task(&bad, GHOST)->sid = task(&bad, GHOST)->pid);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, sessions_that_are_none)
{
	static const char none[] = "its session";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
#define IN_SESSION(of) ({						\
	task(&bad, ASLEEP)->pgid = task(&bad, ASLEEP)->pid;		\
	task(&bad, ASLEEP)->sid = of;					\
})
	REFUSED_WITH("has a session and no process group", ({
		IN_SESSION(task(&bad, ROOT)->pid);
		task(&bad, ASLEEP)->pgid = 0;
	}));
	REFUSED_WITH(none, IN_SESSION(NOBODY_HAS));
	REFUSED_WITH(none, IN_SESSION(task(&bad, PLAIN_THREAD)->pid));
	/* Its leader is in another session, or in another group. */
	REFUSED_WITH(none, IN_SESSION(task(&bad, GHOST)->pid));
	REFUSED_WITH(none, ({
		task(&bad, GHOST)->sid = task(&bad, GHOST)->pid;
		task(&bad, GHOST)->pgid = task(&bad, ROOT)->pid;
		task(&bad, STOPPED)->pgid = task(&bad, STOPPED)->pid;
		IN_SESSION(task(&bad, GHOST)->pid);
	}));
	finish(_metadata, app);
}

/* ---- Who joins ---- */

/*
 * What a process gets that joins as @pid, with whatever pid it has; 0 if it is let
 * in. What the kernel says is left in app->log.
 */
static int join_as(struct app *app, uint32_t pid)
{
	int fd = image_fd(&img, img.len), logfd = memfd_create("log", MFD_CLOEXEC);
	unsigned int i, rounds = 200 * ckpt_scale();
	int ctx, status = 0;
	pid_t child;
	ssize_t n;

	ctx = sys_restart(0, fd, RESTART_OPEN | RESTART_LOG | RESTART_ANY_PIDS, logfd);
	fflush(NULL);
	child = fork();
	if (!child) {
		sys_restart(pid, ctx, RESTART_JOIN, -1);
		_exit(errno);
	}
	/* It may take its time to get there. */
	waits(child);
	for (i = 0; i < rounds && !waitpid(child, &status, WNOHANG); i++)
		sleep_ms(5);
	if (i == rounds) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	} else {
		/* It fails, as one could not join, and says why. */
		sys_restart(getpid(), ctx, 0, -1);
	}
	close(ctx);
	n = pread(logfd, app->log, sizeof(app->log) - 1, 0);
	app->log[n > 0 ? n : 0] = '\0';
	close(logfd);
	close(fd);
	return WEXITSTATUS(status);
}

/* The kernel makes the threads, in the process that they are of. */
CKPT_TEST_F(hostile_tasks, joining_as_a_thread)
{
	static const enum who thread[] = { OWN_THREAD, PLAIN_THREAD };
	struct app *app = &self->app;
	unsigned int i;
	char words[64];

	NOT_PLAIN();
	prepare(_metadata, app);
	/* As a process anybody may. */
	EXPECT_EQ(0, join_as(app, task(&img, ASLEEP)->pid));
	for (i = 0; i < ARRAY_SIZE(thread); i++) {
		EXPECT_EQ(ESRCH, join_as(app, task(&img, thread[i])->pid));
		snprintf(words, sizeof(words), "no process with pid %u",
			 task(&img, thread[i])->pid);
		EXPECT_NE(NULL, strstr(app->log, words)) {
			TH_LOG("%s", app->log);
		}
	}
	finish(_metadata, app);
}

/* ---- What a task has ---- */

#define INCOMPLETE	"parts of its state are missing"
#define CANNOT_HAVE	"its task cannot have that"

CKPT_TEST_F(hostile_tasks, parts_that_are_missing)
{
	static const uint32_t of_task[] = { CKPT_REC_TASK_STATE, CKPT_REC_ARCH_TASK };
	static const enum who living[] = { ROOT, OWN_THREAD, PLAIN_THREAD, STOPPED, ASLEEP };
	struct app *app = &self->app;
	struct ckpt_record *rec;
	unsigned int i, k;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < ARRAY_SIZE(living); i++) {
		for (k = 0; k < ARRAY_SIZE(of_task); k++) {
			/* Register sets are not without that. */
			REFUSED_WITH(of_task[k] == CKPT_REC_ARCH_TASK ?
				     "before the architecture's part" : INCOMPLETE, ({
				rec = record_of(&bad, living[i], of_task[k]);
				ASSERT_EQ(0, image_remove_record(&bad, rec));
			}));
		}
	}
	REFUSED_WITH(INCOMPLETE, ({
		rec = record_of(&bad, ASLEEP, CKPT_REC_RLIMITS);
		ASSERT_EQ(0, image_remove_record(&bad, rec));
	}));
	REFUSED_WITH(INCOMPLETE, ({
		rec = record_of(&bad, ENDED, CKPT_REC_EXIT);
		ASSERT_EQ(0, image_remove_record(&bad, rec));
	}));
	/* It is a zombie without an end, and what was one. */
	REFUSED_WITH(INCOMPLETE, task(&bad, GHOST)->flags = CKPT_TREE_ZOMBIE);
	REFUSED_WITH(CANNOT_HAVE, task(&bad, ENDED)->flags = 0);
	REFUSED_WITH(CANNOT_HAVE, task(&bad, ENDED)->flags = CKPT_TREE_GHOST);
	REFUSED_WITH(CANNOT_HAVE, task(&bad, ASLEEP)->flags = CKPT_TREE_ZOMBIE);
	REFUSED_WITH(CANNOT_HAVE, task(&bad, ASLEEP)->flags = CKPT_TREE_GHOST);
	finish(_metadata, app);
}

/* One more of @rec, which is of @who. */
static struct ckpt_record *give(struct image *i, struct ckpt_record *rec, enum who who)
{
	uint32_t owner = task_record(i, who)->id;
	size_t at = (uint8_t *)rec - i->data;
	struct ckpt_record *copy;

	if (image_add_padding(i, SOME_ROOM))
		return NULL;
	copy = image_repeat_record(i, (void *)(i->data + at));
	if (copy)
		copy->owner = owner;
	return copy;
}

/* Types of the records that @who has, and that are no objects */
static unsigned int types_of(struct image *i, enum who who, uint32_t *type)
{
	uint32_t owner = task_record(i, who)->id;
	unsigned int n, k, nr = 0;

	for (n = 0; n < i->nr; n++) {
		const struct ckpt_record *rec = (void *)(i->data + i->part[n].off);

		if (i->part[n].kind != PART_RECORD || rec->id || rec->owner != owner)
			continue;
		for (k = 0; k < nr && type[k] != rec->type; k++)
			;
		if (k == nr)
			type[nr++] = rec->type;
	}
	return nr;
}

static bool is_of_memory(uint32_t type)
{
	return type == CKPT_REC_VMA || type == CKPT_REC_ARCH_MM ||
	       type == CKPT_REC_VMA_POLICY || type == CKPT_REC_SHMEM_POLICY;
}

static bool is_left_of_zombies(uint32_t type)
{
	return type == CKPT_REC_SCHED || type == CKPT_REC_TIMES ||
	       type == CKPT_REC_RLIMITS || type == CKPT_REC_EXIT;
}

CKPT_TEST_F(hostile_tasks, parts_that_only_the_living_have)
{
	struct app *app = &self->app;
	unsigned int i, nr;
	uint32_t type[64];

	NOT_PLAIN();
	prepare(_metadata, app);
	nr = types_of(&img, ASLEEP, type);
	EXPECT_LT(8, nr);
	for (i = 0; i < nr; i++) {
		if (is_of_memory(type[i]))
			continue;
		REFUSED_WITH(is_left_of_zombies(type[i]) ? "twice for one task" : CANNOT_HAVE,
			     ASSERT_NE(NULL, give(&bad, record_of(&bad, ASLEEP, type[i]), ENDED)));
		REFUSED_WITH(CANNOT_HAVE,
			     ASSERT_NE(NULL, give(&bad, record_of(&bad, ASLEEP, type[i]), GHOST)));
	}
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, parts_that_only_the_dead_have)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(CANNOT_HAVE,
		     ASSERT_NE(NULL, give(&bad, record_of(&bad, ENDED, CKPT_REC_EXIT), ASLEEP)));
	REFUSED_WITH(CANNOT_HAVE,
		     ASSERT_NE(NULL, give(&bad, record_of(&bad, ENDED, CKPT_REC_EXIT), GHOST)));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, parts_that_a_task_has_twice)
{
	static const enum who all[] = { ROOT, OWN_THREAD, ENDED, STOPPED };
	struct app *app = &self->app;
	unsigned int i, k, nr;
	uint32_t type[64];

	NOT_PLAIN();
	prepare(_metadata, app);
	for (k = 0; k < ARRAY_SIZE(all); k++) {
		nr = types_of(&img, all[k], type);
		for (i = 0; i < nr; i++) {
			if (type[i] == CKPT_REC_VMA)
				continue;
			REFUSED_WITH("twice for one task",
				     ASSERT_NE(NULL, give(&bad, record_of(&bad, all[k], type[i]),
							  all[k])));
		}
	}
	finish(_metadata, app);
}

/* What threads share belongs to the first one. */
CKPT_TEST_F(hostile_tasks, threads_with_what_is_their_process)
{
	static const uint32_t type[] = {
		CKPT_REC_ITIMERS, CKPT_REC_RLIMITS, CKPT_REC_SIGHAND, CKPT_REC_MM,
		CKPT_REC_SECCOMP_FILTER,
	};
	static const char threads[] = "it belongs to a thread";
	struct app *app = &self->app;
	unsigned int i;
	uint32_t id;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (i = 0; i < ARRAY_SIZE(type); i++) {
		if (!record_of(&img, ROOT, type[i]))
			continue;
		REFUSED_WITH(threads, ({
			id = task_record(&bad, PLAIN_THREAD)->id;
			record_of(&bad, ROOT, type[i])->owner = id;
		}));
	}
	REFUSED_WITH(threads, ({
		id = task_record(&bad, PLAIN_THREAD)->id;
		record_of(&bad, STOPPED, CKPT_REC_STOP)->owner = id;
	}));
	REFUSED_WITH(threads, ({
		id = task_record(&bad, PLAIN_THREAD)->id;
		record_of(&bad, ENDED, CKPT_REC_EXIT)->owner = id;
	}));
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tasks, parts_of_another_process)
{
	static const char another[] = "refers to what it cannot have of another process";
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(another, STATE(ASLEEP)->mm_id = STATE(ROOT)->mm_id);
	REFUSED_WITH(another, STATE(ASLEEP)->sighand_id = STATE(ROOT)->sighand_id);
	/* Tables that a thread has made may be shared, but not before they are there. */
	REFUSED_WITH("another task restores it later", ({
		record_of(&bad, OWN_THREAD, CKPT_REC_FD_TABLE)->owner =
			task_record(&bad, PLAIN_THREAD)->id;
	}));
	REFUSED_WITH("another task restores it later", ({
		record_of(&bad, OWN_THREAD, CKPT_REC_FS)->owner =
			task_record(&bad, PLAIN_THREAD)->id;
	}));
	FORGED(MAY_RESTART, ({
		STATE(PLAIN_THREAD)->fd_table_id = STATE(OWN_THREAD)->fd_table_id;
		STATE(PLAIN_THREAD)->fs_id = STATE(OWN_THREAD)->fs_id;
	}), "%s", "tables of another thread");
	finish(_metadata, app);
}

/* ---- Rights ---- */

#define SOME_CAPS	(1ULL << CAP_SETUID | 1ULL << CAP_SETGID | \
			 1ULL << CAP_SETPCAP | 1ULL << CAP_SYS_MODULE)

static struct ckpt_cred *cred_of(struct image *i, uint32_t id)
{
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_CRED, n)); n++) {
		if (rec->id == id)
			return record_body(rec);
	}
	return NULL;
}

/* Threads and those that have ended get no more than others. */
CKPT_TEST_F(hostile_tasks, credentials_that_the_caller_cannot_give)
{
	struct app *app = &self->app;
	struct ckpt_cred *cred;
	struct ckpt_exit *exit;

	NOT_PLAIN();
	prepare(_metadata, app);
	ASSERT_EQ(0, change_caps(SOME_CAPS));
	FORGED(MAY_RESTART, forge_caps(&bad, SOME_CAPS), "%s", "what the caller has");
#define NOT_TO_GIVE(id, what)						\
	FORGED(MUST_REFUSE, ({						\
		forge_caps(&bad, SOME_CAPS);				\
		cred = cred_of(&bad, id);				\
		ASSERT_NE(NULL, cred);					\
		what;							\
	}), "%s of %s", #what, #id)
	NOT_TO_GIVE(STATE(OWN_THREAD)->cred_id, cred->uid = 1000);
	NOT_TO_GIVE(STATE(OWN_THREAD)->cred_id, cred->suid = 1000);
	NOT_TO_GIVE(STATE(OWN_THREAD)->cred_id, cred->cap_permitted |= 1ULL << CAP_SYS_MODULE);
	exit = body_of(&img, ENDED_OF_THREAD, CKPT_REC_EXIT);
	NOT_TO_GIVE(exit->cred_id, cred->uid = 1000);
	NOT_TO_GIVE(exit->cred_id, cred->cap_permitted |= 1ULL << CAP_SYS_MODULE);
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

/* ---- What has ended ---- */

#define EXIT(who)	((struct ckpt_exit *)body_of(&bad, who, CKPT_REC_EXIT))

CKPT_TEST_F(hostile_tasks, ends_that_no_process_has)
{
	static const char invalid[] = "end of a process: a field is not valid";
	struct app *app = &self->app;
	static const uint32_t status[] = { 0, 0x7f, 0x80, 0xff, 0x137f, 0xff00, 0xffff };
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(invalid, EXIT(ENDED)->status = 0x10000);
	REFUSED_WITH(invalid, EXIT(ENDED)->status = ~0U);
	REFUSED_WITH(invalid, EXIT(ENDED)->user_ns_id = 1);
	REFUSED_WITH(invalid, EXIT(ENDED)->cred_id = 0);
	REFUSED_WITH(invalid, EXIT(ENDED)->cred_id = EXIT(ENDED)->sighand_id);
	REFUSED_WITH(invalid, EXIT(ENDED)->sighand_id = 0);
	REFUSED_WITH(invalid, EXIT(ENDED)->sighand_id = EXIT(ENDED)->cred_id);
	REFUSED_WITH(invalid, ({
		image_resize_tail(&bad, record_of(&bad, ENDED, CKPT_REC_EXIT), 8);
	}));
	for (i = 0; i < ARRAY_SIZE(status); i++)
		FORGED(MAY_RESTART, EXIT(ENDED)->status = status[i], "status %#x", status[i]);
	/* Whatever was pending and blocked, it ends. */
	FORGED(MAY_RESTART, ({
		EXIT(ENDED)->sigmask = ~0ULL;
		EXIT(ENDED)->pending_private = ~0ULL;
		EXIT(ENDED)->pending_shared = ~0ULL;
	}), "%s", "all signals");
	finish(_metadata, app);
}

/* ---- Job control ---- */

#define STOP(who)	((struct ckpt_stop *)body_of(&bad, who, CKPT_REC_STOP))

CKPT_TEST_F(hostile_tasks, stops_that_are_none)
{
	static const char invalid[] = "job control: a field is not valid";
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	struct app *app = &self->app;
	struct ckpt_stop *stop;
	unsigned int i;

	NOT_PLAIN();
	prepare(_metadata, app);
	REFUSED_WITH(invalid, STOP(STOPPED)->flags |= 16);
	REFUSED_WITH(invalid, STOP(STOPPED)->reserved = 1);
	REFUSED_WITH(invalid, ({
		image_resize_tail(&bad, record_of(&bad, STOPPED, CKPT_REC_STOP), 8);
	}));
	/* By no signal, by one that stops nobody, by none that there is */
#define STOPPED_BY(sig, told) ({					\
	stop = STOP(STOPPED);						\
	stop->flags = CKPT_STOP_STOPPED;				\
	stop->signal = sig;						\
	stop->status = told;						\
})
	REFUSED_WITH(invalid, STOPPED_BY(0, 0));
	REFUSED_WITH(invalid, STOPPED_BY(SIGKILL, 0));
	REFUSED_WITH(invalid, STOPPED_BY(SIGTERM, 0));
	REFUSED_WITH(invalid, STOPPED_BY(SIGSTOP + 64, 0));
	REFUSED_WITH(invalid, STOPPED_BY(~0U, 0));
	REFUSED_WITH(invalid, STOPPED_BY(SIGSTOP, SIGTSTP));
	REFUSED_WITH(invalid, STOPPED_BY(SIGSTOP, 0x80));
	for (i = 0; i < ARRAY_SIZE(stops); i++)
		FORGED(MAY_RESTART, STOPPED_BY(stops[i], stops[i]), "signal %d", stops[i]);
	/* Who is not stopped */
	REFUSED_WITH(invalid, ({
		STOP(STOPPED)->flags = CKPT_STOP_CONTINUED;
		STOP(STOPPED)->status = 0;
	}));
	REFUSED_WITH(invalid, ({
		STOP(STOPPED)->flags = CKPT_STOP_CONTINUED;
		STOP(STOPPED)->signal = 0;
	}));
	finish(_metadata, app);
}

/* All flags at once, and an init that is stopped: odd, but it hurts nobody else. */
CKPT_TEST_F(hostile_tasks, odd_stops)
{
	struct app *app = &self->app;
	struct ckpt_stop *stop;
	unsigned int flags;
	uint32_t owner;

	NOT_PLAIN();
	prepare(_metadata, app);
	for (flags = 0; flags <= CKPT_STOP_FLAGS; flags++) {
		FORGED(MAY_RESTART, ({
			stop = STOP(STOPPED);
			stop->flags = flags;
			if (!(flags & CKPT_STOP_STOPPED)) {
				stop->signal = 0;
				stop->status = 0;
			}
		}), "flags %#x", flags);
	}
	FORGED(MAY_RESTART, ({
		owner = task_record(&bad, ROOT)->id;
		record_of(&bad, STOPPED, CKPT_REC_STOP)->owner = owner;
	}), "%s", "an init that is stopped");
	finish(_metadata, app);
}

TEST_HARNESS_MAIN
