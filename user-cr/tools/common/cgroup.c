// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "util.h"

enum cgroup_version cgroup_parse_version(const char *text)
{
	if (!strcmp(text, "auto"))
		return CGROUP_ANY;
	if (!strcmp(text, "v1"))
		return CGROUP_V1;
	if (!strcmp(text, "v2"))
		return CGROUP_V2;
	usage_error("'%s' is not a freezer: auto, v1 or v2", text);
}

static int set_path(struct cgroup *cg, const char *a, const char *b,
		    const char *c)
{
	int len = snprintf(cg->path, sizeof(cg->path), "%s%s%s", a, b, c);

	if (len < (int)sizeof(cg->path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *s;

	for (s = list; (s = strstr(s, word)); s += len)
		if ((s == list || s[-1] == ',') && (!s[len] || s[len] == ','))
			return true;
	return false;
}

/* Spaces and the like are written as \040 in mountinfo. */
static void unescape(char *s)
{
	char *to = s;
	unsigned int c;

	while (*s) {
		if (*s == '\\' && sscanf(s, "\\%3o", &c) == 1) {
			*to++ = c;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Takes a line of mountinfo apart if it is the hierarchy in question. */
static bool parse_mount(char *line, enum cgroup_version version, char **root,
			char **point)
{
	char *fields[5], *rest, *type, *options;
	int i;

	rest = strstr(line, " - ");
	if (!rest)
		return false;
	*rest = '\0';
	rest += 3;
	type = strsep(&rest, " ");
	strsep(&rest, " ");
	options = rest ? rest : "";
	for (i = 0; i < 5; i++)
		fields[i] = strsep(&line, " ");
	if (!fields[4] || strcmp(type, version == CGROUP_V2 ? "cgroup2" : "cgroup"))
		return false;
	if (version == CGROUP_V1 && !has_word(options, "freezer"))
		return false;
	*root = fields[3];
	*point = fields[4];
	unescape(*root);
	unescape(*point);
	return true;
}

/* A copy of it, or NULL. Mounts that are made while we run are no matter. */
static char *mountinfo(void)
{
	static char *cached;

	if (!cached)
		cached = read_small_file("/proc/self/mountinfo");
	return cached ? strdup(cached) : NULL;
}

/* The directory at which the cgroup PATH of a hierarchy can be seen. */
static int find_directory(enum cgroup_version version, const char *path,
			  struct cgroup *cg)
{
	char *info = mountinfo();
	char *rest = info, *line, *root, *point;
	size_t len;
	int ret = -1;

	if (!info)
		return -1;
	errno = ENOENT;
	while (ret < 0 && (line = strsep(&rest, "\n"))) {
		if (!parse_mount(line, version, &root, &point))
			continue;
		len = strcmp(root, "/") ? strlen(root) : 0;
		if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
			continue;
		ret = set_path(cg, point, strcmp(path + len, "/") ?
			       path + len : "", "");
	}
	cg->version = version;
	free(info);
	return ret;
}

/* The path in a line like "6:cpu,freezer:/path" or "0::/path". */
static char *match_line(char *line, enum cgroup_version version)
{
	char *controllers;

	strsep(&line, ":");
	controllers = strsep(&line, ":");
	if (!line)
		return NULL;
	if (version == CGROUP_V2)
		return *controllers ? NULL : line;
	return has_word(controllers, "freezer") ? line : NULL;
}

int cgroup_of(pid_t pid, enum cgroup_version version, struct cgroup *cg)
{
	char name[40];
	char *text, *rest, *line, *path = NULL;
	int ret = -1;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	text = read_small_file(name);
	if (!text)
		return -1;
	rest = text;
	while (!path && (line = strsep(&rest, "\n")))
		path = match_line(line, version);
	errno = ENOENT;
	if (path)
		ret = find_directory(version, path, cg);
	free(text);
	return ret;
}

int cgroup_top(enum cgroup_version version, struct cgroup *cg)
{
	return find_directory(version, "/", cg);
}

int cgroup_below(const struct cgroup *parent, const char *name,
		 struct cgroup *cg)
{
	cg->version = parent->version;
	return set_path(cg, parent->path, "/", name);
}

bool cgroup_contains(const struct cgroup *outer, const struct cgroup *inner)
{
	size_t len = strlen(outer->path);

	return outer->version == inner->version &&
	       !strncmp(outer->path, inner->path, len) &&
	       (!inner->path[len] || inner->path[len] == '/');
}

static int file_in(const struct cgroup *cg, const char *v1, const char *v2,
		   struct cgroup *file)
{
	return set_path(file, cg->path, "/", cg->version == CGROUP_V2 ? v2 : v1);
}

bool cgroup_can_freeze(const struct cgroup *cg)
{
	struct cgroup file;

	return !file_in(cg, "freezer.state", "cgroup.freeze", &file) &&
	       !access(file.path, W_OK);
}

int cgroup_freeze(const struct cgroup *cg, bool freeze)
{
	struct cgroup file;

	if (file_in(cg, "freezer.state", "cgroup.freeze", &file) < 0)
		return -1;
	if (cg->version == CGROUP_V2)
		return write_small_file(file.path, freeze ? "1" : "0");
	return write_small_file(file.path, freeze ? "FROZEN" : "THAWED");
}

int cgroup_is_frozen(const struct cgroup *cg)
{
	struct cgroup file;
	char *text;
	int ret;

	if (file_in(cg, "freezer.state", "cgroup.events", &file) < 0)
		return -1;
	text = read_small_file(file.path);
	if (!text)
		return -1;
	ret = strstr(text, cg->version == CGROUP_V2 ? "frozen 1" : "FROZEN") !=
	      NULL;
	free(text);
	return ret;
}

int cgroup_attach(const struct cgroup *cg, pid_t pid)
{
	struct cgroup file;
	char text[20];

	if (file_in(cg, "cgroup.procs", "cgroup.procs", &file) < 0)
		return -1;
	snprintf(text, sizeof(text), "%d", pid);
	return write_small_file(file.path, text);
}

int cgroup_procs(const struct cgroup *cg, pid_t **list)
{
	struct cgroup file;
	char *text, *rest, *line;
	int used = 0;

	*list = NULL;
	if (file_in(cg, "cgroup.procs", "cgroup.procs", &file) < 0)
		return -1;
	text = read_small_file(file.path);
	if (!text)
		return -1;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		*list = xrealloc(*list, used + 1, sizeof(**list));
		(*list)[used++] = atoi(line);
	}
	free(text);
	return used;
}

int cgroup_make(const struct cgroup *cg)
{
	return mkdir(cg->path, 0755);
}

int cgroup_remove(const struct cgroup *cg)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (!rmdir(cg->path) || errno != EBUSY)
			break;
		usleep(10000);
	}
	return access(cg->path, F_OK) < 0 ? 0 : -1;
}
