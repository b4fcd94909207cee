// SPDX-License-Identifier: GPL-2.0-only
/* What can be set of a control group, as it is set */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/cgroup_files.h"
#include "../common/log.h"
#include "../common/util.h"
#include "cgroups.h"

static void refuse(struct cgroups *c, const struct group *g, const char *file,
		   const char *why)
{
	log_add(c->log, "control group %s: %s: %s", g->cg.path, file, why);
	c->refused = true;
}

static struct strings *add_setting(struct group *g, int rank, const char *file)
{
	struct setting *setting;

	g->setting = xrealloc(g->setting, g->nr_settings + 1,
			      sizeof(*g->setting));
	setting = &g->setting[g->nr_settings++];
	*setting = (struct setting){ .rank = rank };
	strings_add(&setting->strings, file);
	return &setting->strings;
}

/* What cannot be written as it is read, because it is so of itself */
static bool is_default(const char *file, const char *value)
{
	if (!strcmp(file, "cgroup.type"))
		return strcmp(value, "threaded");
	if (!strcmp(file, "cpu.weight"))	/* then it is idle */
		return !strcmp(value, "0");
	return !*value;
}

static void take_setting(struct group *g, int rank, const char *file,
			 char *value)
{
	value[strcspn(value, "\n")] = '\0';
	if (!is_default(file, value))
		strings_add(add_setting(g, rank, file), value);
}

static void take_parts(struct group *g, int rank, const char *file, char *text,
		       const char *separators, const char *before)
{
	struct strings *strings = NULL;
	char *rest = text, *part, *value;

	while ((part = strsep(&rest, separators))) {
		if (!*part)
			continue;
		if (!strings)
			strings = add_setting(g, rank, file);
		value = xasprintf("%s%s", before, part);
		strings_add(strings, value);
		free(value);
	}
}

/* We have frozen the outermost one; another one it was itself. */
static void check_freezer(struct cgroups *c, const struct group *g,
			  const char *file)
{
	const char *own = g->cg.version == CGROUP_V2 ? file :
		"freezer.self_freezing";
	char *text = g->parent < 0 ? NULL : cgroup_read(&g->cg, own);

	if (text && *text == '1')
		refuse(c, g, file, "it is frozen by itself: not supported");
	free(text);
}

static void take_text(struct cgroups *c, struct group *g, const char *file,
		      enum cgroup_file_kind kind, int rank)
{
	char *text = cgroup_read(&g->cg, file);

	if (!text) {
		/* Not for this group, whatever the file's mode is. */
		if (errno != EOPNOTSUPP && errno != ENODEV)
			refuse(c, g, file, strerror(errno));
		return;
	}
	if (kind == CGROUP_FILE_UNKNOWN && text[strcspn(text, "\n")] &&
	    text[strcspn(text, "\n") + 1])
		refuse(c, g, file, "not known, and more than one line: not supported");
	else if (kind == CGROUP_FILE_SETTING || kind == CGROUP_FILE_UNKNOWN)
		take_setting(g, rank, file, text);
	else if (kind == CGROUP_FILE_FLAG)
		take_setting(g, rank, file, text + strcspn(text, " \n") + 1);
	else
		take_parts(g, rank, file, text,
			   kind == CGROUP_FILE_ENABLED ? " \n" : "\n",
			   kind == CGROUP_FILE_ENABLED ? "+" : "");
	free(text);
}

/* Nothing is allowed, then what is in the list; all is, if it says so. */
static void take_devices(struct group *g, const char *file, int rank)
{
	char *text = cgroup_read(&g->cg, "devices.list");

	if (text && !strcmp(file, "devices.deny") && *text != 'a')
		strings_add(add_setting(g, rank, file), "a");
	if (text && !strcmp(file, "devices.allow") && *text != 'a')
		take_parts(g, rank, file, text, "\n", "");
	free(text);
}

static void take_file(struct cgroups *c, struct group *g, const char *file)
{
	int version = g->cg.version == CGROUP_V2 ? 2 : 1, rank;
	enum cgroup_file_kind kind = cgroup_file_kind(version, file, &rank);

	switch (kind) {
	case CGROUP_FILE_PASSING:
		break;
	case CGROUP_FILE_FREEZER:
		check_freezer(c, g, file);
		break;
	case CGROUP_FILE_DEVICES:
		take_devices(g, file, rank);
		break;
	default:
		take_text(c, g, file, kind, rank);
		break;
	}
}

static int compare_ranks(const void *a, const void *b)
{
	const struct setting *x = a, *y = b;

	return x->rank - y->rank;
}

void group_read_files(struct cgroups *c, struct group *g)
{
	DIR *dir = opendir(g->cg.path);
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		refuse(c, g, ".", strerror(errno));
		return;
	}
	while ((entry = readdir(dir)))
		if (!fstatat(dirfd(dir), entry->d_name, &st, 0) &&
		    S_ISREG(st.st_mode) && st.st_mode & 0222)
			take_file(c, g, entry->d_name);
	closedir(dir);
	qsort(g->setting, g->nr_settings, sizeof(*g->setting), compare_ranks);
}
