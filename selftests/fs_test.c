// SPDX-License-Identifier: GPL-2.0
/*
 * Working directory, root directory, umask
 */
#include "test.h"

#include <sys/mount.h>

CKPT_SUITE(fs);

CKPT_TEST(fs, working_directory)
{
	char before[4096], after[4096];

	CHECK_OK(mkdir("sub", 0755));
	CHECK_OK(chdir("sub"));
	CHECK(getcwd(before, sizeof(before)));
	ckpt_here();
	CHECK(getcwd(after, sizeof(after)));
	CHECK(!strcmp(before, after));
	CHECK_OK(access("../sub", F_OK));
	return 0;
}

CKPT_TEST(fs, working_directory_on_another_file_system)
{
	char cwd[64];

	CHECK_OK(chdir("/dev/shm"));
	ckpt_here();
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd, "/dev/shm"));
	return 0;
}

/* Together the two have every bit. */
CKPT_TEST(fs, umask_is_kept)
{
	struct stat st;
	pid_t pid;

	SPAWN(pid, (umask(0260), ckpt_announce("child", "go.0"), umask(0) != 0260));
	ckpt_wait_for("child");
	umask(0537);
	ckpt_here();
	CHECK_OK(open("f", O_CREAT | O_WRONLY, 0777));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(0240, st.st_mode & 0777);
	CHECK_EQ(0537, umask(0));
	return ckpt_reap(pid);
}

/* The child's only way to hear of the restart is a file below its root. */
static int in_chroot(void)
{
	char cwd[64];

	CHECK_OK(chroot("jail"));
	CHECK_OK(chdir("/in"));
	ckpt_announce("/ready", "/go");
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd, "/in"));
	CHECK(access("/bin", F_OK) < 0);
	CHECK_OK(access("/in/../ready", F_OK));
	CHECK_OK(access("/../../ready", F_OK));
	return 0;
}

CKPT_TEST(fs, root_directory_of_one_process)
{
	pid_t pid;

	CHECK_OK(mkdir("jail", 0755));
	CHECK_OK(mkdir("jail/in", 0755));
	SPAWN(pid, in_chroot());
	ckpt_wait_for("jail/ready");
	ckpt_here();
	/* Its word on a failure would go to a file that it cannot see. */
	ckpt_set("jail/go");
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK_OK(access("/bin", F_OK));
	return 0;
}

CKPT_TEST(fs, processes_have_directories_of_their_own)
{
	char cwd[4096];
	pid_t pid;

	CHECK_OK(mkdir("sub", 0755));
	SPAWN(pid, (chdir("sub") || umask(077) == 077 || (ckpt_announce("child", "go.0"), 0) || access("../sub", F_OK) ||
		    umask(0) != 077));
	ckpt_wait_for("child");
	umask(022);
	ckpt_here();
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd, ckpt_dir()));
	CHECK_EQ(022, umask(0));
	return 0;
}

/* ---- Directories that are gone ---- */

CKPT_BODY(sit_in_a_directory)
{
	CHECK_OK(mkdir("sub", 0755));
	CHECK_OK(chdir("sub"));
	ckpt_here();
	return 0;
}

CKPT_TEST_F(fs, missing_working_directory_is_refused)
{
	struct app *app = &self->app;
	char path[128];

	if (app_plain())
		SKIP(return, "nothing to see without a checkpoint");
	ASSERT_EQ(0, app_capture(app, "sit_in_a_directory"));
	snprintf(path, sizeof(path), "%s/sub", app->dir);
	ASSERT_EQ(0, rmdir(path));
	ASSERT_GT(0, app_restart(app));
	ASSERT_NE(NULL, strstr(app->log, "/sub")) {
		TH_LOG("the log does not name the directory: \"%s\"", app->log);
	}
}

TEST_HARNESS_MAIN
