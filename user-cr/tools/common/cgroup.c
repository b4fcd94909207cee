// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

static bool has_word(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n == len && !strncmp(list, word, len))
			return true;
	}
	return false;
}

/* Whether all of WORDS are in LIST. */
static bool has_words(const char *list, const char *words)
{
	size_t n;

	for (; *words; words += n + (words[n] == ',')) {
		n = strcspn(words, ",");
		if (!has_word(list, words, n))
			return false;
	}
	return true;
}

/* What of a hierarchy's controllers tells it from others; "" for version 2 */
static const char *controllers_of(enum cgroup_version version)
{
	return version == CGROUP_V2 ? "" : "freezer";
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
static bool parse_mount(char *line, const char *controllers, char **root,
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
	if (!fields[4] || strcmp(type, *controllers ? "cgroup" : "cgroup2") ||
	    !has_words(options, controllers))
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

int cgroup_find(const char *controllers, const char *path, struct cgroup *cg)
{
	char *info = mountinfo();
	char *rest = info, *line, *root, *point;
	size_t len;
	int ret = -1;

	if (!info)
		return -1;
	errno = ENOENT;
	while (ret < 0 && (line = strsep(&rest, "\n"))) {
		if (!parse_mount(line, controllers, &root, &point))
			continue;
		len = strcmp(root, "/") ? strlen(root) : 0;
		if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
			continue;
		ret = set_path(cg, point, strcmp(path + len, "/") ?
			       path + len : "", "");
	}
	cg->version = *controllers ? CGROUP_V1 : CGROUP_V2;
	free(info);
	return ret;
}

/* The path in a line like "6:cpu,freezer:/path" or "0::/path". */
static char *match_line(char *line, const char *controllers)
{
	char *list;

	strsep(&line, ":");
	list = strsep(&line, ":");
	if (!line || !*list != !*controllers || !has_words(list, controllers))
		return NULL;
	return line;
}

char *cgroup_text_of(pid_t thread)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/%d/cgroup", thread);
	return read_small_file(name);
}

char *cgroup_path_in(const char *text, const char *controllers)
{
	char *copy = xstrdup(text), *rest = copy, *line, *path = NULL;

	while (!path && (line = strsep(&rest, "\n")))
		path = match_line(line, controllers);
	if (path)
		path = xstrdup(path);
	free(copy);
	errno = ENOENT;
	return path;
}

char *cgroup_path_of(pid_t thread, const char *controllers)
{
	char *text = cgroup_text_of(thread);
	char *path = text ? cgroup_path_in(text, controllers) : NULL;
	int error = errno;

	free(text);
	errno = error;
	return path;
}

bool cgroup_is_inside(const char *path)
{
	return *path == '/' && strcmp(path, "/..") && strncmp(path, "/../", 4);
}

int cgroup_of_any(pid_t thread, const char *controllers, struct cgroup *cg)
{
	char *path = cgroup_path_of(thread, controllers);
	int ret = path ? cgroup_find(controllers, path, cg) : -1;
	int error = errno;

	free(path);
	errno = error;
	return ret;
}

int cgroup_of(pid_t thread, enum cgroup_version version, struct cgroup *cg)
{
	return cgroup_of_any(thread, controllers_of(version), cg);
}

int cgroup_top(enum cgroup_version version, struct cgroup *cg)
{
	return cgroup_find(controllers_of(version), "/", cg);
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

char *cgroup_read(const struct cgroup *cg, const char *name)
{
	struct cgroup file;

	if (set_path(&file, cg->path, "/", name) < 0)
		return NULL;
	return read_small_file(file.path);
}

bool cgroup_is_populated(const struct cgroup *cg)
{
	bool v2 = cg->version == CGROUP_V2;
	char *text = cgroup_read(cg, v2 ? "cgroup.events" : "tasks");
	bool ret = !text || (v2 ? strstr(text, "populated 1") != NULL : *text);

	free(text);
	return ret;
}

int cgroup_write(const struct cgroup *cg, const char *name, const char *value)
{
	struct cgroup file;

	if (set_path(&file, cg->path, "/", name) < 0)
		return -1;
	return write_small_file(file.path, value);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cgroup_children(const struct cgroup *cg, char ***names)
{
	DIR *dir = opendir(cg->path);
	struct dirent *entry;
	struct stat st;
	int n = 0;

	*names = NULL;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		*names = xrealloc(*names, n + 1, sizeof(**names));
		(*names)[n++] = xstrdup(entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(*names, n, sizeof(**names), compare_names);
	return n;
}

int cgroup_make(const struct cgroup *cg)
{
	return mkdir(cg->path, 0755);
}

const char *cgroup_advice(int error)
{
	return error == ENOENT ? "mount cgroup2, or cgroup with -o freezer" :
	       "have a cgroup that you may write to (as systemd-run with Delegate=yes makes it)";
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
