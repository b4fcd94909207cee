// SPDX-License-Identifier: GPL-2.0
/*
 * Images that lie about what ties tasks together
 */
#include "calls.h"

#include <pthread.h>

#include "forged.h"
#include "state.h"

CKPT_SUITE(hostile_tree);

static struct ckpt_task *task_nr(unsigned int nr)
{
	return record_body(image_record(&bad, CKPT_REC_TASK, nr));
}

/* ---- First threads that have ended ---- */

static void *stay(void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		ckpt_announce("child", "go.0");
		_exit(0);
	}
	ckpt_announce("thread", "go.0");
	_exit(ckpt_reap(pid));
}

static int leave(void)
{
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, stay, NULL));
	syscall(SYS_exit, 1);
	return 1;
}

/* Tasks 0: the body; 1: the first thread of its child; 2: the other; 3: its child */
CKPT_BODY(hostile_tree_first_thread)
{
	pid_t pid;

	SPAWN(pid, leave());
	ckpt_wait_for("thread");
	ckpt_wait_for("child");
	CHECK_OK(wait_state(pid, 'Z'));
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_TEST_F(hostile_tree, first_threads_that_have_ended)
{
	struct app *app = &self->app;
	struct ckpt_exit *end;

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_tree_first_thread");
	memcpy(&bad, &img, sizeof(bad));
	ASSERT_EQ(CKPT_TREE_FIRST_ENDED, task_nr(1)->flags);
	ASSERT_EQ(task_nr(2)->pid, task_nr(3)->parent_tid);
	FORGED(MUST_REFUSE, task_nr(1)->flags = 0, "%s", "it has not ended");
	FORGED(MUST_REFUSE, task_nr(1)->flags |= CKPT_TREE_ZOMBIE,
	       "%s", "it is a zombie, too");
	FORGED(MUST_REFUSE, task_nr(1)->flags = CKPT_TREE_ZOMBIE,
	       "%s", "it is a zombie with a thread");
	FORGED(MUST_REFUSE, task_nr(0)->flags = CKPT_TREE_FIRST_ENDED,
	       "%s", "the root is without threads, and without an end");
	FORGED(MUST_REFUSE, task_nr(2)->flags |= CKPT_TREE_FIRST_ENDED,
	       "%s", "a thread that is not the first");
	FORGED(MUST_REFUSE, task_nr(3)->flags = CKPT_TREE_FIRST_ENDED,
	       "%s", "a process without threads");
	FORGED(MUST_REFUSE, task_nr(3)->parent_tid = 0,
	       "%s", "a child of the thread that has ended");
	FORGED(MUST_REFUSE, ({
		end = record_body(image_record(&bad, CKPT_REC_EXIT, 0));
		end->status = 0x10000;
	}), "%s", "an impossible status");
	FORGED(MUST_REFUSE,
	       image_record(&bad, CKPT_REC_EXIT, 0)->owner =
	       image_record(&bad, CKPT_REC_TASK, 2)->id,
	       "%s", "the end of another thread");
	/* The bits of signals that nobody takes any more say nothing. */
	FORGED(MAY_RESTART, ({
		end = record_body(image_record(&bad, CKPT_REC_EXIT, 0));
		end->pending_private = ~0ULL;
		end->pending_shared = ~0ULL;
	}), "%s", "all signals pending");
	finish(_metadata, app);
}

/* ---- Memory and dispositions that processes share ---- */

static char stacks[2][65536] __attribute__((aligned(16)));

static int wait_for_go(void *arg)
{
	ckpt_announce(arg, "go.0");
	return 0;
}

/*
 * Tasks 0: the body; 1: a child with memory of its own; 2: one with that of the
 * body; 3: one with its dispositions, too
 */
CKPT_BODY(hostile_tree_sharing)
{
	pid_t own, vm, all;

	SPAWN(own, wait_for_go("own"));
	ckpt_wait_for("own");
	vm = clone(wait_for_go, stacks[0] + sizeof(stacks[0]), CLONE_VM | SIGCHLD, "vm");
	CHECK_OK(vm);
	ckpt_wait_for("vm");
	all = clone(wait_for_go, stacks[1] + sizeof(stacks[1]),
		    CLONE_VM | CLONE_SIGHAND | SIGCHLD, "all");
	CHECK_OK(all);
	ckpt_wait_for("all");
	ckpt_here();
	return ckpt_reap(own) || ckpt_reap(vm) || ckpt_reap(all);
}

static struct ckpt_task_state *state_nr(unsigned int nr)
{
	return record_body(image_record(&bad, CKPT_REC_TASK_STATE, nr));
}

static uint32_t task_id(unsigned int nr)
{
	return image_record(&bad, CKPT_REC_TASK, nr)->id;
}

CKPT_TEST_F(hostile_tree, memory_that_is_shared)
{
	struct app *app = &self->app;
	uint32_t mm[2];

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_tree_sharing");
	memcpy(&bad, &img, sizeof(bad));
	mm[0] = state_nr(0)->mm_id;
	mm[1] = state_nr(1)->mm_id;
	ASSERT_EQ(mm[0], state_nr(2)->mm_id);
	ASSERT_EQ(mm[0], state_nr(3)->mm_id);
	ASSERT_EQ(state_nr(0)->sighand_id, state_nr(3)->sighand_id);
	ASSERT_NE(state_nr(0)->sighand_id, state_nr(2)->sighand_id);
	FORGED(MUST_REFUSE, state_nr(1)->mm_id = mm[0],
	       "%s", "who has memory of its own has that of another");
	FORGED(MUST_REFUSE, state_nr(0)->mm_id = mm[1],
	       "%s", "memory of who comes later");
	FORGED(MUST_REFUSE, image_record(&bad, CKPT_REC_MM, 0)->owner = task_id(2),
	       "%s", "memory that who comes later restores");
	FORGED(MUST_REFUSE, image_record(&bad, CKPT_REC_MM, 1)->owner = task_id(2),
	       "%s", "memory that somebody else restores");
	FORGED(MUST_REFUSE, state_nr(1)->sighand_id = state_nr(0)->sighand_id,
	       "%s", "who has dispositions of its own has those of another");
	FORGED(MUST_REFUSE, image_record(&bad, CKPT_REC_SIGHAND, 0)->owner = task_id(3),
	       "%s", "dispositions that who comes later restores");
	FORGED(MUST_REFUSE, state_nr(3)->mm_id = mm[1],
	       "%s", "dispositions of another address space");
	FORGED(MUST_REFUSE, state_nr(3)->sighand_id = state_nr(1)->sighand_id,
	       "%s", "dispositions of who has other memory");
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_tree, contexts_that_are_shared)
{
	struct app *app = &self->app;

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_tree_first_thread");
	FORGED(MUST_REFUSE, task_nr(0)->io_with = task_nr(0)->pid, "%s", "with oneself");
	FORGED(MUST_REFUSE, task_nr(0)->undo_with = task_nr(2)->pid, "%s", "with who comes later");
	FORGED(MUST_REFUSE, task_nr(3)->io_with = 77, "%s", "with nobody");
	FORGED(MUST_REFUSE, task_nr(3)->undo_with = task_nr(1)->pid,
	       "%s", "with a thread that has ended");
	FORGED(MUST_REFUSE, task_nr(1)->undo_with = task_nr(0)->pid,
	       "%s", "by a thread that has ended");
	FORGED(MAY_RESTART, task_nr(3)->io_with = task_nr(2)->pid, "%s", "with a thread");
	finish(_metadata, app);
}

/* ---- vfork ---- */

static int wait_in_vfork(void)
{
	pid_t pid = clone(wait_for_go, stacks[0] + sizeof(stacks[0]),
			  CLONE_VM | CLONE_VFORK | SIGCHLD, "child");

	return ckpt_reap(pid);
}

/*
 * Tasks 0: the body; 1: a child that is dead; 2: one that waits; 3: for this one;
 * 4: a child whose first thread this was
 */
CKPT_BODY(hostile_tree_vfork)
{
	pid_t dead, pid, led;
	siginfo_t info;
	int fds[2];

	SPAWN(dead, 0);
	CHECK_OK(waitid(P_PID, dead, &info, WEXITED | WNOWAIT));
	SPAWN(pid, wait_in_vfork());
	ckpt_wait_for("child");
	SPAWN(led, leave());
	ckpt_wait_for("thread");
	CHECK_OK(wait_state(led, 'Z'));
	CHECK_OK(pipe(fds));
	CHECK_EQ(3, write(fds[1], "abc", 3));
	ckpt_here();
	return ckpt_reap(dead) || ckpt_reap(pid) || ckpt_reap(led);
}

CKPT_TEST_F(hostile_tree, waits_in_vfork)
{
	struct app *app = &self->app;
	struct ckpt_record *rec;
	struct ckpt_vfork *vfork;

	NOT_PLAIN();
	prepare_body(_metadata, app, "hostile_tree_vfork");
	memcpy(&bad, &img, sizeof(bad));
	vfork = record_body(image_record(&bad, CKPT_REC_VFORK, 0));
	ASSERT_EQ(task_nr(3)->pid, vfork->child);
#define FORGED_CHILD(number, what)					\
	FORGED(MUST_REFUSE, ({						\
		vfork = record_body(image_record(&bad, CKPT_REC_VFORK, 0)); \
		vfork->child = number;					\
	}), "%s", what)
	FORGED_CHILD(0, "for nobody");
	FORGED_CHILD(77, "for who is not in the image");
	FORGED_CHILD(task_nr(1)->pid, "for one that is dead");
	FORGED_CHILD(task_nr(2)->pid, "for oneself");
	FORGED(MUST_REFUSE,
	       image_record(&bad, CKPT_REC_VFORK, 0)->owner = task_id(1),
	       "%s", "one that is dead waits");
	REFUSED_WITH("waits for nobody",
		     image_record(&bad, CKPT_REC_VFORK, 0)->owner = task_id(4));
	REFUSED_WITH("its task cannot have that",
		     image_record(&bad, CKPT_REC_PIPE, 0)->owner = task_id(1));
	/* Both can be killed. */
	FORGED(MAY_RESTART, ({
		rec = image_record(&bad, CKPT_REC_VFORK, 0);
		vfork = record_body(rec);
		vfork->child = task_nr(2)->pid;
		rec->owner = task_id(3);
	}), "%s", "the child waits for its parent");
	finish(_metadata, app);
}

TEST_HARNESS_MAIN
