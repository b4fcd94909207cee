// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <checkpoint/tool_image.h>
#include "../../lib/sysctl_names.h"
#include "sysctl.h"
#include "util.h"

#define BASE	"/proc/sys/"

static void add(struct sysctls *s, const char *name)
{
	char *path = xasprintf(BASE "%s", name);
	char *value = NULL;
	struct stat st;
	size_t len;

	/* What triggers something cannot be read, what only tells not be set. */
	if (!stat(path, &st) && st.st_mode & 0222 && st.st_mode & 0444)
		value = read_small_file(path);
	free(path);
	if (!value)
		return;
	len = strlen(value);
	if (len && value[len - 1] == '\n')
		value[len - 1] = '\0';
	s->list = xgrow(s->list, s->nr, sizeof(*s->list));
	s->list[s->nr++] = (struct sysctl){ xstrdup(name), value };
}

static void read_dir(struct sysctls *s, uint32_t kind, const char *dir)
{
	char *path = xasprintf(BASE "%s", dir), *name;
	DIR *d = opendir(path);
	struct dirent *entry;

	free(path);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		name = xasprintf("%s/%s", dir, entry->d_name);
		if (entry->d_type == DT_DIR && kind == CKPT_NS_NET)
			read_dir(s, kind, name);
		else if (is_sysctl_of(kind, name))
			add(s, name);
		free(name);
	}
	if (d)
		closedir(d);
}

static int compare(const void *a, const void *b)
{
	const struct sysctl *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void sysctls_read(struct sysctls *s, uint32_t kind)
{
	static const struct {
		uint32_t kind;
		const char *dir;
	} dirs[] = {
		{ CKPT_NS_NET, "net" },
		{ CKPT_NS_IPC, "kernel" },
		{ CKPT_NS_IPC, "fs/mqueue" },
		{ CKPT_NS_USER, "user" },
		{ CKPT_SYSCTLS_PID, "kernel" },
		{ CKPT_SYSCTLS_PID, "vm" },
	};
	size_t i;

	*s = (struct sysctls){ 0 };
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i].kind == kind)
			read_dir(s, kind, dirs[i].dir);
	qsort(s->list, s->nr, sizeof(*s->list), compare);
}

void sysctls_free(struct sysctls *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		free(s->list[i].name);
		free(s->list[i].value);
	}
	free(s->list);
}

const char *sysctls_find(const struct sysctls *s, const char *name)
{
	struct sysctl key = { .name = (char *)name };
	const struct sysctl *found;

	found = s->nr ? bsearch(&key, s->list, s->nr, sizeof(key), compare) : NULL;
	return found ? found->value : NULL;
}

int sysctl_set(const char *name, const char *value)
{
	char *path = xasprintf(BASE "%s", name);
	int ret = write_small_file(path, value);

	free(path);
	return ret;
}
