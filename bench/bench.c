// SPDX-License-Identifier: GPL-2.0
/*
 * How long an application stands still, and how fast its memory moves
 *
 * For each size: an application touches that much anonymous memory; it is
 * frozen, checkpointed to a file on tmpfs, thawed, killed, and restarted from
 * the file. Beside it, dd moves the same amount on the same tmpfs, so that the
 * result is a ratio, which means something on another machine, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app.h"

#define MIB		(1UL << 20)
#define IMAGE		"/dev/shm/bench.image"
#define PLAIN		"/dev/shm/bench.plain"
#define MAX_ROUNDS	32
#define MAX_SIZES	16

/* The aims: as fast as this part of dd, and so little for the smallest size */
#define AIM_RATIO	0.8
#define AIM_MS		5.0

/* In bytes; the application is a program of its own and is told by this. */
#define SIZE_VARIABLE	"CKPT_BENCH_SIZE"

static size_t size;

CKPT_BODY(touched_memory)
{
	const char *text = getenv(SIZE_VARIABLE);
	unsigned char *mem;

	CHECK(text);
	size = strtoul(text, NULL, 10);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mem != MAP_FAILED);
	pattern_fill(mem, size, 1);
	ckpt_here();
	CHECK_EQ(0, pattern_check(mem, size, 1));
	return 0;
}

/**
 * struct sample - seconds that one round took
 * @frozen: from the wish to freeze until it goes on
 * @save: checkpoint()
 * @restart: from opening the image until the application goes on
 * @write: dd to tmpfs
 * @read: dd from tmpfs
 */
struct sample {
	double frozen;
	double save;
	double restart;
	double write;
	double read;
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void freeze(const struct app *app, const char *value)
{
	char path[512], text[256];

	snprintf(path, sizeof(path), "%s/cgroup.freeze", app->cgroup);
	if (write_file(path, value))
		die(path);
	snprintf(path, sizeof(path), "%s/cgroup.events", app->cgroup);
	do {
		if (read_file(path, text, sizeof(text)) < 0)
			die(path);
	} while (!strstr(text, *value == '1' ? "frozen 1" : "frozen 0"));
}

static void save(struct app *app, struct sample *s)
{
	double start, frozen = now();
	int fd;

	fd = open(IMAGE, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		die(IMAGE);
	freeze(app, "1");
	start = now();
	if (sys_checkpoint(app->pid, fd, CHECKPOINT_LOG, STDERR_FILENO))
		die("checkpoint");
	s->save = now() - start;
	freeze(app, "0");
	s->frozen = now() - frozen;
	close(fd);
}

static void restart(struct app *app, struct sample *s)
{
	double start = now();
	int fd = open(IMAGE, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		die(IMAGE);
	ret = restart_image(app, fd, STDERR_FILENO);
	s->restart = now() - start;
	close(fd);
	if (ret) {
		errno = -ret;
		die("restart");
	}
	if (app_finish(app)) {
		app_show(app);
		errno = EIO;
		die("the restarted application");
	}
}

/* The time by its own clock: without starting it. */
static double dd(const char *from, const char *to)
{
	char command[256], text[256];
	double seconds = 0;
	const char *at;
	FILE *f;

	snprintf(command, sizeof(command),
		 "LC_ALL=C dd if=%s of=%s bs=1M count=%zu 2>&1", from, to,
		 size / MIB);
	f = popen(command, "r");
	if (!f)
		die("dd");
	while (fgets(text, sizeof(text), f)) {
		at = strstr(text, "copied, ");
		if (at)
			seconds = atof(at + strlen("copied, "));
	}
	if (pclose(f)) {
		errno = EIO;
		die("dd");
	}
	return seconds;
}

static void run_round(struct sample *s)
{
	char text[32];
	struct app app;

	snprintf(text, sizeof(text), "%zu", size);
	setenv(SIZE_VARIABLE, text, 1);
	if (app_init(&app, FREEZER_V2) || app_start(&app, "touched_memory"))
		die("the application");
	save(&app, s);
	if (app_kill(&app))
		die("kill");
	restart(&app, s);
	app_cleanup(&app);
	unlink(IMAGE);

	s->write = dd("/dev/zero", PLAIN);
	s->read = dd(PLAIN, "/dev/null");
	unlink(PLAIN);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of what is at @offset in each of the samples. */
static double median(const struct sample *samples, unsigned int rounds,
		     size_t offset)
{
	double value[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < rounds; i++)
		value[i] = *(const double *)((const char *)&samples[i] + offset);
	qsort(value, rounds, sizeof(*value), compare);
	return value[rounds / 2];
}

static char aims[MAX_SIZES * 3][96];
static unsigned int nr_aims;

static void note_aim(const char *what, double value, const char *unit, bool met)
{
	if (nr_aims < sizeof(aims) / sizeof(*aims))
		snprintf(aims[nr_aims++], sizeof(*aims), "%zu MiB: %s %.2f%s: %s",
			 size / MIB, what, value, unit, met ? "met" : "MISSED");
}

/* For little memory, dd tells nothing: there it is the time that counts. */
static void note_aims(double frozen, double saved, double back,
		      double save_ratio, double restart_ratio)
{
	if (size > MIB) {
		note_aim("checkpoint", save_ratio, " of dd", save_ratio >= AIM_RATIO);
		note_aim("restart", restart_ratio, " of dd", restart_ratio >= AIM_RATIO);
		return;
	}
	note_aim("frozen", frozen * 1e3, " ms", frozen * 1e3 <= AIM_MS);
	note_aim("checkpoint", saved * 1e3, " ms", saved * 1e3 <= AIM_MS);
	note_aim("restart", back * 1e3, " ms", back * 1e3 <= AIM_MS);
}

static void print_aims(void)
{
	unsigned int i;

	printf("\nAims: %.1f of dd, %.0f ms for 1 MiB\n", AIM_RATIO, AIM_MS);
	for (i = 0; i < nr_aims; i++)
		puts(aims[i]);
}

static void report(const struct sample *samples, unsigned int rounds)
{
	double frozen = median(samples, rounds, offsetof(struct sample, frozen));
	double saved = median(samples, rounds, offsetof(struct sample, save));
	double back = median(samples, rounds, offsetof(struct sample, restart));
	double written = median(samples, rounds, offsetof(struct sample, write));
	double was_read = median(samples, rounds, offsetof(struct sample, read));

	printf("%8zu %10.2f %12.2f %12.2f %8.2f %12.2f %8.2f\n", size / MIB,
	       frozen * 1e3, saved * 1e3, back * 1e3, written / saved,
	       was_read * 1e3, was_read / back);
	fflush(stdout);
	note_aims(frozen, saved, back, written / saved, was_read / back);
}

int main(int argc, char **argv)
{
	struct sample samples[MAX_ROUNDS];
	unsigned int rounds = 5, i;
	int arg;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		puts("usage: bench [ROUNDS [MIB ...]]\n\n"
		     "Medians of ROUNDS (5) for 1, 64 and 512 MiB. Ratios are to dd, which writes or\n"
		     "reads the same amount on the same tmpfs: 1 is as fast, more is faster. At the\n"
		     "end it says which aims are met.");
		return 0;
	}
	if (argc > 1)
		rounds = atoi(argv[1]);
	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "bench: rounds: 1 to %d\n", MAX_ROUNDS);
		return 2;
	}
	printf("%8s %10s %12s %12s %8s %12s %8s\n", "MiB", "frozen ms",
	       "checkpoint", "restart ms", "ratio", "dd read ms", "ratio");
	for (arg = 2; arg < argc || arg < 5; arg++) {
		static const char *const usual[] = { "1", "64", "512" };

		if (argc > 2 && arg >= argc)
			break;
		size = strtoul(argc > 2 ? argv[arg] : usual[arg - 2], NULL, 10) * MIB;
		for (i = 0; i < rounds; i++)
			run_round(&samples[i]);
		report(samples, rounds);
	}
	print_aims();
	return 0;
}
