// SPDX-License-Identifier: GPL-2.0
/*
 * Credentials: ids, groups, capabilities, securebits, for root and for others
 *
 * Most of it is in /proc/PID/status, where the oracle compares it. The bodies
 * check what follows from it, and that they have what they meant to have.
 */
#include "calls.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "forged.h"

CKPT_SUITE(creds);

#define BIT(cap)	(1ULL << (cap))

struct caps {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static int get_caps(struct caps *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	c->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	c->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	c->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ effective, permitted, inheritable },
		{ effective >> 32, permitted >> 32, inheritable >> 32 },
	};

	return syscall(SYS_capset, &head, data);
}

static int check_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct caps c;

	CHECK_OK(get_caps(&c));
	CHECK_EQ(effective, c.effective);
	CHECK_EQ(permitted, c.permitted);
	CHECK_EQ(inheritable, c.inheritable);
	return 0;
}

static int check_ids(uid_t ru, uid_t eu, uid_t su, gid_t rg, gid_t eg, gid_t sg)
{
	uid_t r, e, s;

	CHECK_OK(getresuid(&r, &e, &s));
	CHECK_EQ(ru, r);
	CHECK_EQ(eu, e);
	CHECK_EQ(su, s);
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK_EQ(rg, r);
	CHECK_EQ(eg, e);
	CHECK_EQ(sg, s);
	return 0;
}

/* The application's directory must be writable for whoever it becomes. */
static int open_directory(void)
{
	return chmod(".", 0777);
}

static int become(uid_t uid, gid_t gid)
{
	CHECK_OK(open_directory());
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(gid, gid, gid));
	CHECK_OK(setresuid(uid, uid, uid));
	return 0;
}

/* Who creates a file owns it: by the ids for file access. */
static int check_owner(uid_t uid, gid_t gid)
{
	struct stat st;
	int fd = open("mine", O_CREAT | O_EXCL | O_RDWR, 0600);

	CHECK_OK(fd);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(uid, st.st_uid);
	CHECK_EQ(gid, st.st_gid);
	return 0;
}

CKPT_TEST(creds, plain_user)
{
	CHECK(!become(1000, 100));
	ckpt_here();
	CHECK(!check_ids(1000, 1000, 1000, 100, 100, 100));
	CHECK(!check_caps(0, 0, 0));
	CHECK(!check_owner(1000, 100));
	CHECK(setresuid(0, 0, 0) < 0 && errno == EPERM);
	CHECK(setgroups(0, NULL) < 0 && errno == EPERM);
	return 0;
}

CKPT_TEST(creds, all_ids_differ)
{
	CHECK_OK(open_directory());
	CHECK_OK(setresgid(100, 101, 102));
	setfsgid(103);
	CHECK_OK(setresuid(1000, 0, 1002));
	setfsuid(1003);
	ckpt_here();
	CHECK(!check_ids(1000, 0, 1002, 100, 101, 102));
	CHECK_EQ(1003, setfsuid(-1));
	CHECK_EQ(103, setfsgid(-1));
	CHECK(!check_owner(1003, 103));
	CHECK_OK(setresuid(1002, 1000, 0));
	return 0;
}

/* A plain user with root's id in reserve. */
CKPT_TEST(creds, saved_id_of_root)
{
	CHECK_OK(open_directory());
	CHECK_OK(setresgid(100, 100, 0));
	CHECK_OK(setresuid(1000, 1000, 0));
	ckpt_here();
	CHECK(!check_ids(1000, 1000, 0, 100, 100, 0));
	CHECK_OK(seteuid(0));
	CHECK_OK(setegid(0));
	CHECK_OK(setgroups(0, NULL));
	return 0;
}

CKPT_TEST(creds, no_id_in_reserve)
{
	CHECK_OK(open_directory());
	CHECK_OK(setresgid(100, 100, 101));
	CHECK_OK(setresuid(1000, 1000, 1001));
	ckpt_here();
	CHECK(seteuid(0) < 0 && errno == EPERM);
	CHECK_OK(seteuid(1001));
	CHECK_OK(seteuid(1000));
	return 0;
}

CKPT_TEST(creds, supplementary_groups)
{
	gid_t group[] = { 7, 20, 30, 4000000000U }, now[8];
	struct stat st;

	CHECK_OK(open_directory());
	CHECK_OK(setgroups(4, group));
	CHECK_OK(setresgid(100, 100, 100));
	CHECK_OK(setresuid(1000, 1000, 1000));
	ckpt_here();
	CHECK_EQ(4, getgroups(8, now));
	CHECK(!memcmp(group, now, sizeof(group)));
	/* Only members may give a file to a group. */
	CHECK(!check_owner(1000, 100));
	CHECK_OK(chown("mine", -1, 30));
	CHECK_OK(stat("mine", &st));
	CHECK_EQ(30, st.st_gid);
	CHECK(chown("mine", -1, 31) < 0 && errno == EPERM);
	return 0;
}

CKPT_TEST(creds, many_groups)
{
	static gid_t group[5000], now[5000];
	int i;

	for (i = 0; i < 5000; i++)
		group[i] = 3 * i + 1;
	CHECK_OK(setgroups(5000, group));
	ckpt_here();
	CHECK_EQ(5000, getgroups(5000, now));
	CHECK(!memcmp(group, now, sizeof(group)));
	return 0;
}

CKPT_TEST(creds, no_groups)
{
	CHECK_OK(setgroups(0, NULL));
	ckpt_here();
	CHECK_EQ(0, getgroups(0, NULL));
	return 0;
}

/* ---- Capabilities ---- */

#define SOME	(BIT(CAP_KILL) | BIT(CAP_NET_RAW) | BIT(CAP_SYS_NICE))

CKPT_TEST(creds, root_with_few_capabilities)
{
	uint64_t p = SOME | BIT(CAP_DAC_OVERRIDE);

	CHECK_OK(set_caps(BIT(CAP_KILL) | BIT(CAP_DAC_OVERRIDE), p, BIT(CAP_NET_RAW)));
	ckpt_here();
	CHECK(!check_caps(BIT(CAP_KILL) | BIT(CAP_DAC_OVERRIDE), p, BIT(CAP_NET_RAW)));
	CHECK(!check_ids(0, 0, 0, 0, 0, 0));
	CHECK(sethostname("x", 1) < 0 && errno == EPERM);
	CHECK_OK(set_caps(p, p, 0));
	CHECK(set_caps(p | BIT(CAP_SYS_ADMIN), p | BIT(CAP_SYS_ADMIN), 0) < 0);
	return 0;
}

CKPT_TEST(creds, plain_user_with_capabilities)
{
	CHECK_OK(open_directory());
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	CHECK_OK(setresgid(100, 100, 100));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(set_caps(BIT(CAP_SYS_NICE), SOME, BIT(CAP_KILL) | BIT(CAP_SYS_NICE)));
	ckpt_here();
	CHECK(!check_caps(BIT(CAP_SYS_NICE), SOME, BIT(CAP_KILL) | BIT(CAP_SYS_NICE)));
	CHECK(!check_ids(1000, 1000, 1000, 100, 100, 100));
	CHECK_EQ(1, prctl(PR_GET_KEEPCAPS));
	CHECK_OK(set_caps(SOME, SOME, 0));
	CHECK(set_caps(BIT(CAP_SYS_ADMIN), BIT(CAP_SYS_ADMIN), 0) < 0 && errno == EPERM);
	return 0;
}

CKPT_TEST(creds, ambient_capabilities)
{
	CHECK_OK(open_directory());
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	CHECK_OK(setresgid(100, 100, 100));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(set_caps(SOME, SOME, SOME));
	CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
	CHECK_EQ(1, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0));
	CHECK_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SYS_NICE, 0, 0));
	CHECK(!check_caps(SOME, SOME, SOME));
	return 0;
}

/* A capability that is in no bounding set cannot be got back. */
CKPT_TEST(creds, bounding_set)
{
	int cap, had[64];

	CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
	CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_MKNOD));
	for (cap = 0; cap < 64; cap++)
		had[cap] = prctl(PR_CAPBSET_READ, cap);
	CHECK(had[CAP_KILL] == 1 && !had[CAP_MKNOD] && !had[CAP_SYS_TIME]);
	ckpt_here();
	for (cap = 0; cap < 64; cap++)
		CHECK_EQ(had[cap], prctl(PR_CAPBSET_READ, cap));
	return 0;
}

CKPT_TEST(creds, empty_bounding_set_of_a_plain_user)
{
	int cap;

	CHECK_OK(open_directory());
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		CHECK_OK(prctl(PR_CAPBSET_DROP, cap));
	CHECK(!become(1000, 100));
	ckpt_here();
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		CHECK_EQ(0, prctl(PR_CAPBSET_READ, cap));
	CHECK(cap > CAP_SYS_RESOURCE);
	return 0;
}

CKPT_TEST(creds, root_without_any_capability)
{
	CHECK_OK(set_caps(0, 0, 0));
	ckpt_here();
	CHECK(!check_caps(0, 0, 0));
	CHECK(!check_ids(0, 0, 0, 0, 0, 0));
	return 0;
}

/* ---- Bits ---- */

CKPT_TEST(creds, securebits)
{
	int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		   SECBIT_KEEP_CAPS_LOCKED;

	CHECK_OK(prctl(PR_SET_SECUREBITS, bits));
	ckpt_here();
	CHECK_EQ(bits, prctl(PR_GET_SECUREBITS));
	CHECK(prctl(PR_SET_SECUREBITS, 0) < 0 && errno == EPERM);
	/* Without the fix-up root's capabilities stay with the plain user. */
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(sethostname("x", 1));
	return 0;
}

CKPT_TEST(creds, all_securebits)
{
	/* Those for executables, too, which older headers do not have */
	int bits = 0xfff & ~SECBIT_KEEP_CAPS;

	CHECK_OK(prctl(PR_SET_SECUREBITS, bits));
	ckpt_here();
	CHECK_EQ(bits, prctl(PR_GET_SECUREBITS));
	return 0;
}

CKPT_TEST(creds, securebits_of_a_plain_user)
{
	int bits = SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	CHECK_OK(prctl(PR_SET_SECUREBITS, bits));
	CHECK(!become(1000, 100));
	ckpt_here();
	CHECK_EQ(bits, prctl(PR_GET_SECUREBITS));
	return 0;
}

CKPT_TEST(creds, keep_capabilities)
{
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_KEEPCAPS));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(set_caps(BIT(CAP_SYS_ADMIN), BIT(CAP_SYS_ADMIN), 0));
	CHECK_OK(sethostname("x", 1));
	return 0;
}

CKPT_TEST(creds, no_new_privileges)
{
	pid_t pid;

	SPAWN(pid, (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    (ckpt_announce("child", "go.0"), 0) ||
		    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
		    prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) != -1));
	ckpt_wait_for("child");
	ckpt_here();
	CHECK_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return ckpt_reap(pid);
}

CKPT_TEST(creds, dumpable)
{
	pid_t on, off;

	/* A change of ids has turned it off; one of them turns it on again. */
	SPAWN(on, (become(1000, 100) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) ||
		   (ckpt_announce("on", "go.0"), 0) ||
		   prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1));
	SPAWN(off, (become(1001, 100) || (ckpt_announce("off", "go.0"), 0) ||
		    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0));
	ckpt_wait_for("on");
	ckpt_wait_for("off");
	CHECK_EQ(1, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	ckpt_here();
	CHECK_EQ(1, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	return ckpt_reap(on) || ckpt_reap(off);
}

static int user(uid_t uid)
{
	char name[16];

	snprintf(name, sizeof(name), "u%d", uid);
	CHECK(!become(uid, uid + 1));
	ckpt_announce(name, "go.0");
	return check_ids(uid, uid, uid, uid + 1, uid + 1, uid + 1);
}

CKPT_TEST(creds, everybody_has_his_own)
{
	pid_t pid[4];
	char name[16];
	int i;

	for (i = 0; i < 4; i++)
		SPAWN(pid[i], user(1000 + 10 * i));
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "u%d", 1000 + 10 * i);
		ckpt_wait_for(name);
	}
	ckpt_here();
	CHECK(!check_ids(0, 0, 0, 0, 0, 0));
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, ckpt_reap(pid[i]));
	return 0;
}

/* Signals between users go by the real and the saved id. */
CKPT_TEST(creds, users_cannot_signal_each_other)
{
	pid_t victim, other;

	SPAWN(victim, (become(1000, 100), ckpt_announce("victim", "end"), 0));
	ckpt_wait_for("victim");
	SPAWN(other, (become(1001, 100), ckpt_announce("other", "go.0"),
		      kill(victim, SIGKILL) != -1 || errno != EPERM));
	ckpt_wait_for("other");
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(other));
	ckpt_set("end");
	return ckpt_reap(victim);
}

/* ---- Nobody gets what the caller of restart() could not give ---- */

/* What credentials keep of what they were; the rest is the caller's. */
#define KEEP_UIDS	1
#define KEEP_GIDS	2
#define KEEP_GROUPS	4
#define KEEP_CAPS	8
#define KEEP_BITS	16

/* Of the @nr-th credentials of an image, for a caller who has no @cap */
static void mend(struct image *img, unsigned int nr, int cap, int keep)
{
	struct ckpt_record *rec = image_record(img, CKPT_REC_CRED, nr);
	struct ckpt_cred *cred = record_body(rec);

	if (!(keep & KEEP_UIDS))
		memset(&cred->uid, 0, 4 * sizeof(cred->uid));
	if (!(keep & KEEP_GIDS))
		memset(&cred->gid, 0, 4 * sizeof(cred->gid));
	if (!(keep & KEEP_BITS))
		cred->securebits = 0;
	if (!(keep & KEEP_CAPS)) {
		cred->cap_permitted &= ~BIT(cap);
		cred->cap_effective &= ~BIT(cap);
		cred->cap_inheritable &= ~BIT(cap);
	}
	if (!(keep & KEEP_GROUPS)) {
		cred->nr_groups = 0;
		image_resize_tail(img, rec, -(int)rec->tail_len);
	}
}

/* All of them; those of the task keep something. */
static void mend_all(struct image *img, int cap, int keep)
{
	struct ckpt_task_state *state =
		record_body(image_record(img, CKPT_REC_TASK_STATE, 0));
	uint32_t id = state->cred_id;
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(img, CKPT_REC_CRED, n)); n++)
		mend(img, n, cap, rec->id == id ? keep : 0);
}

/*
 * The image is one that the caller can restart without @cap, but for @keep, which
 * the task still has as it was saved.
 */
static void refused_without(struct __test_metadata *_metadata, struct app *app,
			    const char *body, int cap, int keep)
{
	int ret;

	NOT_PLAIN();
	ret = app_capture(app, body);
	if (ret == APP_SKIPPED)
		SKIP(return, "%s", app->reason);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, image_load(&img, app->image));
	leftovers_get(&before);
	/* For good: this is the last that the test does. */
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, set_caps(~BIT(cap) & 0x1ffffffffffULL,
			      ~BIT(cap) & 0x1ffffffffffULL, 0));
	ASSERT_EQ(0, image_copy(&bad, &img));
	mend_all(&bad, cap, 0);
	EXPECT_EQ(RESTARTED, attempt(app, &bad)) {
		app_show(app);
	}
	free(bad.data);
	REFUSED_WITH("cannot be taken by the restarting process",
		     mend_all(&bad, cap, keep));
	EXPECT_EQ(NULL, leftovers_check(&before));
	image_free(&img);
}

#define NEEDS(name, body, cap, keep)					\
	CKPT_TEST_F(creds, name)					\
	{								\
		refused_without(_metadata, &self->app, "creds_" #body, cap, keep); \
	}

NEEDS(other_users_need_cap_setuid, plain_user, CAP_SETUID, KEEP_UIDS)
NEEDS(other_groups_need_cap_setgid, plain_user, CAP_SETGID, KEEP_GIDS)
NEEDS(root_in_reserve_needs_cap_setuid, all_ids_differ, CAP_SETUID, KEEP_UIDS)
NEEDS(supplementary_groups_need_cap_setgid, many_groups, CAP_SETGID, KEEP_GROUPS)
NEEDS(capability_that_the_caller_lacks, keep_capabilities, CAP_SYS_MODULE, KEEP_CAPS)
NEEDS(securebits_need_cap_setpcap, securebits, CAP_SETPCAP, KEEP_BITS)

TEST_HARNESS_MAIN
