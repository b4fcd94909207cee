// SPDX-License-Identifier: GPL-2.0
/*
 * Images with ids that the user namespace of the application does not have, and
 * with signals that nobody has sent
 */
#include "calls.h"

#include "forged.h"

CKPT_SUITE(hostile_ids);

/* ---- Ids: APP_UID_MAP and APP_GID_MAP do not have all of them ---- */

#define UNMAPPED	4500
#define GROUP		1500

static const char not_his[] = "cannot be taken by the restarting process";

/* With a supplementary group, and a file that has an owner */
CKPT_BODY(has_ids)
{
	gid_t group = GROUP;
	int fd[2];

	CHECK_OK(setgroups(1, &group));
	CHECK_OK(pipe(fd));
	CHECK_OK(fcntl(fd[0], F_SETOWN, getpid()));
	ckpt_here();
	return 0;
}

static struct ckpt_cred *forged_cred(unsigned int nr)
{
	return record_body(image_record(&bad, CKPT_REC_CRED, nr));
}

static uint32_t *forged_group(unsigned int nr)
{
	return record_tail(image_record(&bad, CKPT_REC_CRED, nr));
}

/* Of the first file that has one */
static struct ckpt_file_owner *forged_owner(void)
{
	struct ckpt_record *rec;
	struct ckpt_file *file;
	unsigned int n;

	for (n = 0; (rec = image_record(&bad, CKPT_REC_FILE, n)); n++) {
		file = record_body(rec);
		if (file->owner.pid)
			return &file->owner;
	}
	return NULL;
}

CKPT_TEST_F(hostile_ids, ids_that_are_in_no_map)
{
	struct app *app = &self->app;
	struct ckpt_cred *cred;
	unsigned int nr, groups = 0;

	NOT_PLAIN();
	app->user = true;
	app->tool = true;
	prepare_body(_metadata, app, "has_ids");
	for (nr = 0; image_record(&img, CKPT_REC_CRED, nr); nr++) {
		MUST_RESTART(forged_cred(nr)->suid = 5005);
		REFUSED_WITH(not_his, forged_cred(nr)->uid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->euid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->suid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->suid = 1000);	/* the first */
		REFUSED_WITH(not_his, forged_cred(nr)->suid = 5010);
		REFUSED_WITH(not_his, forged_cred(nr)->fsuid = UNMAPPED);
		MUST_RESTART(forged_cred(nr)->sgid = 1999);
		REFUSED_WITH(not_his, forged_cred(nr)->gid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->egid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->sgid = UNMAPPED);
		REFUSED_WITH(not_his, forged_cred(nr)->sgid = 2000);
		REFUSED_WITH(not_his, forged_cred(nr)->fsgid = UNMAPPED);
		cred = record_body(image_record(&img, CKPT_REC_CRED, nr));
		if (!cred->nr_groups)
			continue;
		groups++;
		MUST_RESTART(*forged_group(nr) = GROUP + 1);
		REFUSED_WITH(not_his, *forged_group(nr) = UNMAPPED);
		REFUSED_WITH(not_his, *forged_group(nr) = ~0U);
	}
	EXPECT_LE(1, nr);
	EXPECT_LE(1, groups);
	finish(_metadata, app);
}

CKPT_TEST_F(hostile_ids, owners_of_files_that_are_in_no_map)
{
	static const char no_owner[] = "cannot be made its owner for SIGIO";
	struct app *app = &self->app;

	NOT_PLAIN();
	app->user = true;
	app->tool = true;
	prepare_body(_metadata, app, "has_ids");
	MUST_RESTART((forged_owner()->uid = 5005, forged_owner()->euid = 5009));
	REFUSED_WITH(no_owner, forged_owner()->uid = UNMAPPED);
	REFUSED_WITH(no_owner, forged_owner()->euid = UNMAPPED);
	REFUSED_WITH(no_owner, forged_owner()->uid = ~0U);
	REFUSED_WITH(no_owner, forged_owner()->euid = ~0U);
	finish(_metadata, app);
}

/* ---- Signals: nothing comes but what everybody can send to himself ---- */

#define SIG		(SIGRTMIN + 2)

enum {
	SAME = 40,		/* how the body ends */
	DIFFERENT,		/* from what it has sent to itself */
	CHANGED,		/* from what the image has, which it knows by the value */
	MISSING,
};

static int receive(const sigset_t *set, siginfo_t *info)
{
	struct timespec now = { 0 };

	memset(info, 0xee, sizeof(*info));
	return syscall(SYS_rt_sigtimedwait, set, info, &now, 8);
}

static int receives_what_it_could_send(const sigset_t *set)
{
	siginfo_t came, again;

	if (receive(set, &came) <= 0)
		return MISSING;
	if (came.si_code != came.si_value.sival_int)
		return CHANGED;
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), came.si_signo, &came));
	CHECK_EQ(came.si_signo, receive(set, &again));
	return memcmp(&came, &again, sizeof(came)) ? DIFFERENT : SAME;
}

static int has_a_signal(uid_t uid)
{
	union sigval value = { .sival_int = -1 };
	sigset_t set;

	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(syscall(SYS_setresuid, uid, uid, uid));
	CHECK_OK(sigqueue(getpid(), SIG, value));
	ckpt_here();
	return receives_what_it_could_send(&set);
}

CKPT_BODY(has_a_signal_of_root)
{
	return has_a_signal(0);
}

CKPT_BODY(has_a_signal_of_a_user)
{
	return has_a_signal(1000);
}

static void forge_signal(int sig, int code)
{
	siginfo_t *info = record_tail(image_record(&bad, CKPT_REC_PENDING, 0));

	info->si_signo = sig;
	info->si_code = code;
	info->si_value.sival_int = code;
}

static void forged_signals(struct __test_metadata *_metadata, struct app *app,
			   const char *body)
{
	/* Those with a meaning of their own for some codes, and one without */
	static const int sigs[] = {
		SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGCHLD, SIGIO, SIGSYS, SIGUSR1,
	};
	unsigned int i;
	char words[32];
	int code;

	/* A user writes there, too. */
	ASSERT_EQ(0, chmod(app->dir, 0777));
	prepare_body(_metadata, app, body);
	snprintf(words, sizeof(words), "status %#x\n", SAME << 8);
	RESTARTS_WITH(words, ({}));
	for (code = -70; code <= 0x82; code++) {
		/* A timer owns its signals: it is none that somebody sends. */
		if (code == SI_TIMER)
			continue;
		RESTARTS_WITH(words, forge_signal(SIG, code));
		for (i = code > -8 && code < 8 ? 0 : ARRAY_SIZE(sigs); i < ARRAY_SIZE(sigs); i++)
			RESTARTS_WITH(words, forge_signal(sigs[i], code));
		if (code == -62)
			code = -10;
		if (code == 10)
			code = 0x7e;
	}
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

CKPT_TEST_F(hostile_ids, signals_of_root)
{
	NOT_PLAIN();
	forged_signals(_metadata, &self->app, "has_a_signal_of_root");
}

CKPT_TEST_F(hostile_ids, signals_of_a_user)
{
	NOT_PLAIN();
	forged_signals(_metadata, &self->app, "has_a_signal_of_a_user");
}

TEST_HARNESS_MAIN
