// SPDX-License-Identifier: GPL-2.0-only
/* A look into a namespace, and what ends it */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/checkpoint/checkpoint.h"
#include "../tools/checkpoint/inside.h"
#include "../tools/common/interrupt.h"
#include "ok.h"

#define TRIES		1200	/* of 0.1 s */
#define NAMESPACE	"/proc/self/ns/net"

static volatile sig_atomic_t caught;

bool interrupted(void)
{
	return caught;
}

static void on_signal(int sig)
{
	caught = sig;
}

static void say(int ns, const void *arg)
{
	(void)ns;
	tell(arg);
}

static void give_up_with(int ns, const void *arg)
{
	(void)ns;
	give_up("%s", (const char *)arg);
}

/* As one that waits for a process which is frozen: it has our handlers, too. */
static void be_stuck(int ns, const void *arg)
{
	pid_t self = getpid();

	(void)ns;
	if (write(*(const int *)arg, &self, sizeof(self)) == sizeof(self))
		while (true)
			pause();
}

static void be_ended(int ns, const void *arg)
{
	(void)ns;
	(void)arg;
	raise(SIGKILL);
}

static void answers(void)
{
	struct look look = { .run = say, .arg = "hello" };
	struct answer answer;
	int ret = look_inside(&look, NAMESPACE, &answer);

	ok("what it tells", !ret && answer.len == 6 && !strcmp(answer.bytes, "hello"));
	free(answer.bytes);
	free(answer.why);
	look.run = give_up_with;
	ret = look_inside(&look, NAMESPACE, &answer);
	ok("why it cannot", ret < 0 && answer.why && !strcmp(answer.why, "hello"));
	free(answer.bytes);
	free(answer.why);
	look.run = be_ended;
	ret = look_inside(&look, NAMESPACE, &answer);
	ok("what has ended it", ret < 0 && answer.why && strstr(answer.why, " by signal 9"));
	free(answer.bytes);
	free(answer.why);
}

static __attribute__((noreturn)) void look_until_interrupted(int ready)
{
	const struct look look = { .run = be_stuck, .arg = &ready };
	struct answer answer;
	bool first, second;

	/* What runs in the background of a shell ignores SIGINT, as we do then. */
	signal(SIGINT, SIG_DFL);
	interrupt_by(on_signal);
	first = look_inside(&look, NAMESPACE, &answer) < 0;
	/* There is no other signal for the next one. */
	second = look_inside(&look, NAMESPACE, &answer) < 0;
	_exit(first && second ? 0 : 1);
}

/* Whether it ends in time; 0, or its status, or -1 */
static int end_of(pid_t pid)
{
	int status, i;

	for (i = 0; i < TRIES; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(100000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* Nobody has the other end any more. */
static bool all_have_ended(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, TRIES * 100) == 1 && p.revents & POLLHUP;
}

static void interrupts(int sig, const char *name)
{
	pid_t pid, stuck = 0;
	int ready[2];

	if (pipe(ready) < 0)
		return ok(name, false);
	pid = fork();
	if (!pid)
		look_until_interrupted(ready[1]);
	close(ready[1]);
	if (read(ready[0], &stuck, sizeof(stuck)) != sizeof(stuck))
		return ok(name, false);
	/* It reads by then. */
	usleep(300000);
	kill(pid, sig);
	ok(name, !end_of(pid) && all_have_ended(ready[0]));
	kill(stuck, SIGKILL);
	close(ready[0]);
}

int main(void)
{
	answers();
	interrupts(SIGINT, "SIGINT ends a look that is stuck");
	interrupts(SIGTERM, "SIGTERM ends a look that is stuck");
	return summary();
}
