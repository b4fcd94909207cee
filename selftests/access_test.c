// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a user may save is decided when that stands still: a program that is set-uid
 * may begin between the freezing and the checkpoint
 */
#include "calls.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#define PAGE	4096UL
#define USER	1000
#define NO_FAULTS	3

CKPT_SUITE(access);

static int become_user(void)
{
	return setgroups(0, NULL) ?: setresgid(USER, USER, USER) ?:
	       setresuid(USER, USER, USER) ?: prctl(PR_SET_DUMPABLE, 1);
}

/* A page that is missing until somebody gives it; the descriptor to do so */
static int missing_page(char **page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	*page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)*page;
	reg.range.len = PAGE;
	if (fd < 0 || *page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		return -1;
	return fd;
}

static void give_page(int fd, char *page)
{
	static char text[PAGE] __attribute__((aligned(4096))) = "1000";
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)text, .len = PAGE,
	};

	ioctl(fd, UFFDIO_COPY, &copy);
}

/* Pipes: the process is ready, it shall begin, it shall get the page. */
struct words {
	int ready[2];
	int go[2];
	int give[2];
};

static int heard(const int *word)
{
	char byte;

	return read(word[0], &byte, 1) == 1;
}

static int say(const int *word)
{
	return write(word[1], "", 1) == 1;
}

/* Waits in execve() for the page of its argument, which another process gives. */
static int wait_in_exec(const char *program, const struct words *words)
{
	char *page;
	int fd = missing_page(&page);
	pid_t helper;

	if (fd < 0)
		return NO_FAULTS;
	helper = fork();
	if (!helper) {
		/* A child that is not ours, so that it is not in the tree */
		if (!fork() && heard(words->give))
			give_page(fd, page);
		_exit(0);
	}
	waitpid(helper, NULL, 0);
	if (become_user() || !say(words->ready) || !heard(words->go))
		return 1;
	execl(program, "sleep", page, NULL);
	return 1;
}

/* What checkpoint() returns to the user */
static int save_as_user(pid_t pid)
{
	int fd = open("/dev/null", O_WRONLY);

	if (become_user())
		return 0;
	return sys_checkpoint(pid, fd, CHECKPOINT_SUBTREE | CHECKPOINT_LOG, 2) < 0 ? errno : 0;
}

static void put_number(const struct app *app, const char *file, int number)
{
	char command[400];

	snprintf(command, sizeof(command), "echo %d >%s/%s", number, app->cgroup, file);
	if (system(command))
		perror(command);
}

CKPT_TEST_F(access, of_a_program_that_becomes_root_meanwhile)
{
	struct app *app = &self->app;
	/* Not below /tmp, where programs are often not set-uid */
	char program[] = "/var/ckpt-set-uid.XXXXXX", command[400];
	struct words words;
	int status, left;
	pid_t pid, user;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_GE(close(mkstemp(program)), 0);
	snprintf(command, sizeof(command), "cp /bin/sleep %s && chmod 4755 %s",
		 program, program);
	ASSERT_EQ(0, system(command));
	ASSERT_EQ(0, pipe(words.ready) | pipe(words.go) | pipe(words.give));
	pid = fork();
	if (!pid)
		_exit(wait_in_exec(program, &words));
	close(words.ready[1]);
	if (!heard(words.ready)) {
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(NO_FAULTS, WEXITSTATUS(status));
		SKIP(return, "no userfaultfd here");
	}
	/* The child that gives the page stays outside. */
	put_number(app, "cgroup.procs", pid);
	ASSERT_TRUE(say(words.go));
	/* It has heard that, and waits for the page then. */
	while (!ioctl(words.go[0], FIONREAD, &left) && left)
		sleep_ms(1);
	ASSERT_EQ(true, waits(pid));
	put_number(app, "cgroup.freeze", 1);
	user = fork();
	if (!user)
		_exit(save_as_user(pid));
	sleep_ms(300);
	ASSERT_TRUE(say(words.give));
	ASSERT_EQ(user, waitpid(user, &status, 0));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
	unlink(program);
	put_number(app, "cgroup.kill", 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
}

TEST_HARNESS_MAIN
