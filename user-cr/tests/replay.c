// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzer looks for, in small, without it:
 *
 *	replay ROUNDS FILE...
 *
 * Each file goes through the fuzz target as it is, and changed in so many rounds, which
 * are the same ones each time. It ends well, or by a signal, or by a sanitizer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM	65536

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static const uint32_t words[] = {
	0, 1, 2, 7, 8, 0x1000, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff,
};

static const char *const strings[] = {
	"..", "/..", "../", "/", "a/b", "nsfs", "overlay", "net:[1]", "user.",
	"kernel/shmmax", "user/max_", "cgroup.subtree_control", "+memory -cpu",
};

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

/* In the place of libFuzzer's: a byte, a word or a string that has a meaning */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	const char *string = strings[rand() % NR(strings)];
	uint32_t word = words[rand() % NR(words)];
	const void *from = &word;
	size_t len = sizeof(word);

	(void)max_size;
	if (!size)
		return size;
	switch (rand() % 3) {
	case 0:
		data[rand() % size] ^= 1 << rand() % 8;
		return size;
	case 1:
		from = string;
		len = strlen(string) + rand() % 2;
	}
	if (size >= len)
		memcpy(data + rand() % ((size - len) / 4 + 1) * 4, from, len);
	return size;
}

static void replay(const char *name, unsigned int rounds)
{
	static uint8_t saved[ROOM], data[ROOM];
	FILE *file = fopen(name, "r");
	unsigned int i, k;
	size_t size;

	if (!file) {
		perror(name);
		exit(1);
	}
	size = fread(saved, 1, sizeof(saved), file);
	fclose(file);
	LLVMFuzzerTestOneInput(saved, size);
	for (i = 0; i < rounds; i++) {
		memcpy(data, saved, size);
		for (k = 0; k <= i % 3; k++)
			LLVMFuzzerCustomMutator(data, size, size, 3 * i + k);
		LLVMFuzzerTestOneInput(data, size);
	}
}

int main(int argc, char **argv)
{
	int i;

	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 2; i < argc; i++)
		replay(argv[i], atoi(argv[1]));
	return 0;
}
