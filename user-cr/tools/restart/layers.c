// SPDX-License-Identifier: GPL-2.0-only
/* New file systems, as mounts that are nowhere yet */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../common/util.h"
#include "state.h"

static const struct {
	uint32_t flag;
	const char *name;
} flag_names[] = {
	{ CKPT_FILESYSTEM_SYNCHRONOUS, "sync" },
	{ CKPT_FILESYSTEM_DIRSYNC, "dirsync" },
	{ CKPT_FILESYSTEM_LAZYTIME, "lazytime" },
};

static int set_option(int fd, const char *option)
{
	char *name = xstrdup(option);
	char *value = strchr(name, '=');
	int ret;

	if (value)
		*value++ = '\0';
	ret = fsconfig(fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
		       name, value, 0);
	free(name);
	return ret;
}

/* Nothing is called "none" where there are controllers: then it need not be. */
static int set_source(int fd, const char *source)
{
	return *source ? fsconfig(fd, FSCONFIG_SET_STRING, "source", source, 0) :
		0;
}

static int configure(const struct ckpt_record *record, int fd,
		     const char **what)
{
	struct ckpt_filesystem fs;
	size_t i;
	int n;

	ckpt_record_body(record, &fs, sizeof(fs));
	*what = record_string(record, 1);
	if (set_source(fd, *what) < 0)
		return -1;
	for (n = CKPT_FILESYSTEM_STRINGS; *record_string(record, n); n++) {
		*what = record_string(record, n);
		if (set_option(fd, *what) < 0)
			return -1;
	}
	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		*what = flag_names[i].name;
		if (fs.flags & flag_names[i].flag &&
		    fsconfig(fd, FSCONFIG_SET_FLAG, *what, NULL, 0) < 0)
			return -1;
	}
	*what = "create";
	return fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* Each name of the path, below the directory that AT is. */
static int make_directories(int at, const char *path)
{
	char *copy = xstrdup(path), *end;
	int ret = 0;

	for (end = strchr(copy + 1, '/'); !ret && end;
	     end = strchr(end + 1, '/')) {
		*end = '\0';
		ret = mkdirat(at, copy + 1, 0755);
		*end = '/';
	}
	if (!ret && copy[1])
		ret = mkdirat(at, copy + 1, 0755);
	free(copy);
	return ret;
}

int layer_create(const struct ckpt_record *record, const char **what)
{
	int context, fd = -1;
	struct ckpt_filesystem fs;

	ckpt_record_body(record, &fs, sizeof(fs));
	*what = "open";
	context = fsopen(record_string(record, 0), FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	if (!configure(record, context, what)) {
		*what = "mount";
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	}
	close(context);
	if (fd < 0 || fs.kind != CKPT_FILESYSTEM_CONTENT)
		return fd;
	*what = "directories";
	if (!make_directories(fd, record_string(record, 2)))
		return fd;
	close(fd);
	return -1;
}

int layer_seal(const struct ckpt_record *record, int fd)
{
	struct ckpt_filesystem fs;
	int context, ret;

	ckpt_record_body(record, &fs, sizeof(fs));
	if (!(fs.flags & CKPT_FILESYSTEM_RDONLY))
		return 0;
	context = fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	if (context < 0)
		return -1;
	ret = fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	if (!ret)
		ret = fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	close(context);
	return ret;
}

int layer_directory(const struct ckpt_record *record, int fd)
{
	const char *path = record_string(record, 2) + 1;

	return openat(fd, *path ? path : ".", O_RDONLY | O_DIRECTORY |
		      O_NOFOLLOW | O_CLOEXEC);
}

static struct layer *find(struct state *state, uint32_t filesystem, uint32_t ns)
{
	size_t i;

	for (i = 0; i < state->nr_layers; i++)
		if (state->layer[i].filesystem_id == filesystem &&
		    state->layer[i].ns_id == ns)
			return &state->layer[i];
	return NULL;
}

/* The first one to want it gets what is there, others a mount like that. */
static int share(struct state *state, const struct ckpt_mount *m)
{
	struct layer *layer = find(state, m->filesystem_id, 0);
	struct layer copy;
	size_t i;

	if (find(state, m->filesystem_id, m->ns_id))
		return 0;
	if (layer) {
		layer->ns_id = m->ns_id;
		return 0;
	}
	for (i = 0; i < state->nr_layers; i++)
		if (state->layer[i].filesystem_id == m->filesystem_id)
			break;
	if (i == state->nr_layers)
		return 0;
	copy = state->layer[i];
	copy.ns_id = m->ns_id;
	copy.fd = open_tree(copy.fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE |
			    OPEN_TREE_CLOEXEC);
	if (copy.fd < 0)
		return -1;
	state->layer = xrealloc(state->layer, state->nr_layers + 1,
				sizeof(copy));
	state->layer[state->nr_layers++] = copy;
	return 0;
}

int layers_share(struct state *state)
{
	struct ckpt_mount m;
	size_t i;

	for (i = 0; state->nr_layers && i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_MOUNT)
			continue;
		ckpt_record_body(state->record[i], &m, sizeof(m));
		if (share(state, &m) < 0) {
			complain_errno("cannot mount a file system once more");
			return -1;
		}
	}
	return 0;
}
