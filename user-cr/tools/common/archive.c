// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <stddef.h>

#include "archive.h"
#include "util.h"

/* The version of its interface, which all of release 3 have */
#define LIBRARY	"libarchive.so.13"

#define ARCHIVE_NAME(name)	{ #name, offsetof(struct archive_calls, name) },

static const struct {
	const char *name;
	size_t at;
} functions[] = {
	ARCHIVE_CALLS(ARCHIVE_NAME)
};

int archive_load(struct archive_calls *calls, const char **why)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);
	void **to;
	size_t i;

	for (i = 0; library && i < ARRAY_SIZE(functions); i++) {
		to = (void **)((char *)calls + functions[i].at);
		*to = dlsym(library, functions[i].name);
		if (!*to)
			library = NULL;
	}
	if (library)
		return 0;
	*why = dlerror();
	*calls = (struct archive_calls){ 0 };
	return -1;
}
