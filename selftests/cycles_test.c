// SPDX-License-Identifier: GPL-2.0
/*
 * Many checkpoints and restarts of one program in a row, each from the last
 */
#include "test.h"

#define CYCLES	20

CKPT_SUITE(cycles);
CKPT_SUITE_V1(cycles);

/* A parent and a child that count together, and write down each number. */
static int count(const char *name, int point, char *memory, size_t len)
{
	char line[32], go[32];
	int fd = -1, i;

	fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0600);
	CHECK_OK(fd);
	for (i = 0; i < CYCLES; i++) {
		snprintf(line, sizeof(line), "%d\n", i);
		CHECK_EQ(strlen(line), write(fd, line, strlen(line)));
		pattern_fill(memory, len, i);
		if (point) {
			snprintf(line, sizeof(line), "child.%d", i);
			ckpt_wait_for(line);
			ckpt_point(i);
		} else {
			snprintf(line, sizeof(line), "child.%d", i);
			snprintf(go, sizeof(go), "go.%d", i);
			ckpt_announce(line, go);
		}
		CHECK(!pattern_check(memory, len, i));
	}
	return 0;
}

static int check_lines(const char *name)
{
	char text[4096], expected[4096] = "";
	int i;

	for (i = 0; i < CYCLES; i++)
		sprintf(expected + strlen(expected), "%d\n", i);
	CHECK(read_file(name, text, sizeof(text)) > 0);
	CHECK(!strcmp(text, expected));
	return 0;
}

CKPT_BODY(counters)
{
	static char memory[1 << 20];
	pid_t pid;

	SPAWN(pid, count("child", 0, memory, sizeof(memory)));
	CHECK(!count("parent", 1, memory, sizeof(memory)));
	CHECK_EQ(0, ckpt_reap(pid));
	CHECK(!check_lines("parent"));
	CHECK(!check_lines("child"));
	return 0;
}

CKPT_TEST_F(cycles, twenty_cycles_each_from_the_last_restart)
{
	ckpt_roundtrip(_metadata, &self->app, "counters", CYCLES);
}

/* Without running in between: image after image of the same moment. */
CKPT_BODY(still)
{
	static char memory[1 << 20];

	pattern_fill(memory, sizeof(memory), 1);
	ckpt_here();
	CHECK(!pattern_check(memory, sizeof(memory), 1));
	return 0;
}

CKPT_TEST_F(cycles, size_of_the_image_does_not_grow)
{
	struct app *app = &self->app;
	off_t size = 0, now;
	int i;

	if (app_plain())
		SKIP(return, "needs the system calls");
	ASSERT_EQ(0, app_start(app, "still"));
	for (i = 0; i < 10; i++) {
		ckpt_cycle(_metadata, app);
		now = lseek(app->image, 0, SEEK_END);
		if (i)
			EXPECT_EQ(size, now);
		size = now;
	}
	ASSERT_EQ(0, app_finish(app));
}

TEST_HARNESS_MAIN
