// SPDX-License-Identifier: GPL-2.0
/*
 * A part of a container: process groups and sessions, whose leaders may be dead,
 * have left, or be outside
 *
 * The body, a child of the container's init, is the root of the tree. It is
 * restarted as the child of another init.
 */
#include "refusal.h"

#include <sys/prctl.h>

#include "state.h"

CKPT_SUITE(subtree);

static pid_t parent_of(pid_t pid)
{
	char path[32], text[512], *end;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : -1;
}

/* The body only, not the init that it is a child of */
static int checkpoint_part(struct app *app, unsigned long flags)
{
	pid_t init = app->pid;
	int ret;

	app->pid = app_pid_of(app, 2);
	ret = app_checkpoint(app, CHECKPOINT_SUBTREE | flags);
	app->pid = init;
	return ret;
}

/* restart(1) makes an init for it, which passes its status on to us. */
static int restart_part(struct app *app)
{
	int ret = app_restart(app);

	if (!ret && !app_plain())
		app->pid = parent_of(app->pid);
	return ret;
}

static void part(struct __test_metadata *_metadata, struct app *app, const char *body)
{
	app->below_init = true;
	app->tool = true;
	ASSERT_EQ(0, app_start(app, body));
	app_wait_settled(app);
	ASSERT_EQ(0, app_freeze(app));
	ASSERT_EQ(0, checkpoint_part(app, 0)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_plain() ? app_thaw(app) : app_kill(app));
	ASSERT_EQ(0, restart_part(app)) {
		app_show(app);
	}
	ASSERT_EQ(0, app_finish(app));
}

/* It goes on, and whoever would lose something is told so. */
static void refuse_part(struct __test_metadata *_metadata, struct app *app,
			const char *body, const char *words)
{
	app->below_init = true;
	ASSERT_EQ(0, app_start(app, body));
	if (!app_plain()) {
		ASSERT_EQ(0, app_freeze(app));
		check_refusal(_metadata, app, checkpoint_part(app, 0), words);
		check_refusal(_metadata, app, checkpoint_part(app, CHECKPOINT_DRYRUN), words);
		ASSERT_EQ(0, app_thaw(app));
	}
	ASSERT_EQ(0, app_finish(app));
}

#define PART(name)							\
	static int body_##name(void);					\
	CKPT_TEST_F(subtree, name)					\
	{								\
		part(_metadata, &self->app, #name);			\
	}								\
	CKPT_BODY(name)

static int stay(const char *flag)
{
	ckpt_announce(flag, "go.0");
	return 0;
}

/* A child in the group of @leader, or in one of its own if that is 0 */
#define SPAWN_IN_GROUP(pid, leader, flag) do {				\
	SPAWN(pid, setpgid(0, leader) || stay(flag));			\
	ckpt_wait_for(flag);						\
} while (0)

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* The group of @leader has @member, which is waited for, and then nobody. */
static int has_but(pid_t leader, pid_t member)
{
	CHECK_OK(kill(-leader, 0));
	CHECK_EQ(leader, getpgid(member));
	CHECK_EQ(member, waitpid(-leader, NULL, 0));
	CHECK(is_gone(-leader));
	return 0;
}

/* ---- Groups of a session that is not in the tree ---- */

static int start_group(pid_t *leader, pid_t *member)
{
	SPAWN_IN_GROUP(*leader, 0, "leader");
	SPAWN_IN_GROUP(*member, *leader, "member");
	return 0;
}

static int start_group_without_leader(pid_t *leader, pid_t *member)
{
	CHECK(!start_group(leader, member));
	CHECK_OK(kill(*leader, SIGKILL));
	CHECK_EQ(*leader, waitpid(*leader, NULL, 0));
	return 0;
}

PART(group_of_a_living_leader)
{
	pid_t leader, member, own = getpgrp();

	CHECK(!start_group(&leader, &member));
	ckpt_here();
	CHECK_EQ(own, getpgrp());
	CHECK_EQ(leader, getpgid(leader));
	CHECK_EQ(0, ckpt_reap(leader));
	return has_but(leader, member);
}

PART(group_of_a_dead_leader)
{
	pid_t leader, member, own = getpgrp();

	CHECK(!start_group_without_leader(&leader, &member));
	ckpt_here();
	CHECK_EQ(own, getpgrp());
	CHECK(is_gone(leader));
	return has_but(leader, member);
}

PART(group_of_a_zombie)
{
	pid_t leader, member;
	siginfo_t info;

	CHECK(!start_group(&leader, &member));
	CHECK_OK(kill(leader, SIGKILL));
	CHECK_OK(waitid(P_PID, leader, &info, WEXITED | WNOWAIT));
	ckpt_here();
	CHECK_EQ(leader, getpgid(leader));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	return has_but(leader, member);
}

PART(group_that_its_leader_has_left)
{
	pid_t leader, member;

	CHECK(!start_group(&leader, &member));
	CHECK_OK(setpgid(leader, getpgrp()));
	ckpt_here();
	CHECK_EQ(getpgrp(), getpgid(leader));
	CHECK_EQ(0, ckpt_reap(leader));
	return has_but(leader, member);
}

/* It has gone to another one whose leader is dead. */
PART(groups_without_their_leaders)
{
	pid_t leader[2], member[2];

	CHECK(!start_group_without_leader(&leader[0], &member[0]));
	SPAWN_IN_GROUP(leader[1], 0, "leader.1");
	SPAWN_IN_GROUP(member[1], leader[1], "member.1");
	CHECK_OK(setpgid(leader[1], leader[0]));
	ckpt_here();
	CHECK_EQ(leader[0], getpgid(leader[1]));
	CHECK_EQ(0, ckpt_reap(leader[1]));
	return has_but(leader[0], member[0]) || has_but(leader[1], member[1]);
}

/* ---- Sessions of the tree ---- */

static int session(int (*start)(pid_t *leader, pid_t *member))
{
	pid_t leader, member;

	CHECK_OK(setsid());
	CHECK(!start(&leader, &member));
	ckpt_announce("session", "go.0");
	CHECK_EQ(getpid(), getsid(0));
	CHECK_EQ(getpid(), getpgrp());
	CHECK_EQ(getpid(), getsid(member));
	if (!is_gone(leader)) {
		CHECK_EQ(getpgrp(), getpgid(leader));
		CHECK_EQ(0, ckpt_reap(leader));
	}
	return has_but(leader, member);
}

static int start_group_and_take_leader(pid_t *leader, pid_t *member)
{
	CHECK(!start_group(leader, member));
	CHECK_OK(setpgid(*leader, getpgrp()));
	return 0;
}

static int session_with(int (*start)(pid_t *leader, pid_t *member))
{
	pid_t pid;

	SPAWN(pid, session(start));
	ckpt_wait_for("session");
	ckpt_here();
	return ckpt_reap(pid);
}

PART(group_of_a_dead_leader_in_its_own_session)
{
	return session_with(start_group_without_leader);
}

PART(group_that_its_leader_has_left_in_its_own_session)
{
	return session_with(start_group_and_take_leader);
}

static int leave_session(void)
{
	pid_t member;

	CHECK_OK(setsid());
	SPAWN(member, stay("member"));
	ckpt_wait_for("member");
	return 0;
}

PART(session_of_a_dead_leader)
{
	siginfo_t info = {};
	pid_t leader;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SPAWN(leader, leave_session());
	CHECK_EQ(0, ckpt_reap(leader));
	ckpt_here();
	CHECK(is_gone(leader));
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
	CHECK_EQ(leader, getsid(info.si_pid));
	return has_but(leader, info.si_pid);
}

/* ---- Groups that go on outside ---- */

/* A process that is left to the container's init */
static int leave_outside(pid_t leader)
{
	pid_t pid;

	SPAWN(pid, setpgid(0, leader) || stay("outside"));
	ckpt_wait_for("outside");
	return 0;
}

#define SPAWN_OUTSIDE(leader) do {					\
	pid_t __pid;							\
									\
	SPAWN(__pid, leave_outside(leader));				\
	CHECK_EQ(0, ckpt_reap(__pid));					\
} while (0)

/* Another group: the one of whoever restarts, here that of the new init. */
PART(group_that_goes_on_outside)
{
	pid_t leader, member, init = getppid();

	SPAWN_IN_GROUP(leader, 0, "leader");
	SPAWN_IN_GROUP(member, leader, "member");
	SPAWN_OUTSIDE(leader);
	CHECK_OK(kill(leader, SIGKILL));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	ckpt_here();
	if (app_plain())
		return ckpt_reap(member);
	CHECK(is_gone(-leader));
	CHECK_EQ(init, getppid());
	CHECK_EQ(getpgid(init), getpgid(member));
	CHECK_EQ(getpid(), getpgrp());
	return ckpt_reap(member);
}

static int session_that_goes_on_outside(void)
{
	pid_t leader, member;

	CHECK_OK(setsid());
	SPAWN_IN_GROUP(leader, 0, "leader");
	SPAWN_OUTSIDE(leader);
	SPAWN_IN_GROUP(member, leader, "member");
	CHECK_OK(kill(leader, SIGKILL));
	CHECK_EQ(leader, waitpid(leader, NULL, 0));
	ckpt_announce("session", "go.0");
	return ckpt_reap(member);
}

CKPT_BODY(session_with_group_outside)
{
	pid_t pid;

	SPAWN(pid, session_that_goes_on_outside());
	ckpt_wait_for("session");
	ckpt_here();
	return ckpt_reap(pid);
}

/* The session comes back, the group cannot: it must be of the same session. */
CKPT_TEST_F(subtree, group_that_goes_on_outside_in_a_session_of_the_tree)
{
	refuse_part(_metadata, &self->app, "session_with_group_outside",
		    "in a process group with processes outside of the tree");
}

/* ---- A pid namespace that begins outside ---- */

static int in_pid_ns(const char *flag)
{
	ckpt_announce(flag, "go.0");
	CHECK_EQ(0, getppid());
	return 0;
}

/* Its init is left to that of the container. */
static int begins_outside(pid_t *init)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	CHECK_OK(pid);
	/* The tree shares nothing else with it. */
	if (!pid)
		_exit(munmap(init, sizeof(*init)) || in_pid_ns("init"));
	*init = pid;
	ckpt_wait_for("init");
	return 0;
}

static int enter_pid_ns_of(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	CHECK_OK(fd);
	CHECK_OK(setns(fd, CLONE_NEWPID));
	close(fd);
	return 0;
}

static int enters(pid_t init)
{
	pid_t pid;

	CHECK_EQ(0, enter_pid_ns_of(init));
	SPAWN(pid, in_pid_ns("inside"));
	ckpt_wait_for("inside");
	ckpt_announce("entered", "go.0");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

static int enters_for_zombie(pid_t init)
{
	siginfo_t info;
	pid_t pid;

	CHECK_EQ(0, enter_pid_ns_of(init));
	SPAWN(pid, 0);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(0, enter_pid_ns_of(getpid()));
	ckpt_announce("entered", "go.0");
	return ckpt_reap(pid);
}

static int has_entered(int (*enter)(pid_t init))
{
	pid_t *init = mmap(NULL, sizeof(*init), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(init != MAP_FAILED);
	SPAWN(pid, begins_outside(init));
	CHECK_EQ(0, ckpt_reap(pid));
	SPAWN(pid, enter(*init));
	ckpt_wait_for("entered");
	ckpt_here();
	return ckpt_reap(pid);
}

CKPT_BODY(enters_for_children)
{
	return has_entered(enters);
}

CKPT_BODY(enters_for_one)
{
	return has_entered(enters_for_zombie);
}

CKPT_TEST_F(subtree, pid_namespace_that_begins_outside)
{
	refuse_part(_metadata, &self->app, "enters_for_children",
		    "has a pid namespace for its children whose init is not in the tree");
}

CKPT_TEST_F(subtree, zombie_in_a_pid_namespace_that_begins_outside)
{
	refuse_part(_metadata, &self->app, "enters_for_one",
		    "is in a pid namespace whose init is not in the tree");
}

TEST_HARNESS_MAIN
