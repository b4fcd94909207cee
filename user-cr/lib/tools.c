// SPDX-License-Identifier: LGPL-2.1-only
/* Sections of the tools: their records, and how these refer to each other */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <checkpoint/tool_image.h>
#include "layout.h"
#include "reader.h"
#include "sysctl_names.h"

#define FIRST_TYPE	CKPT_REC_MOUNT_NS

/**
 * struct tool_type - what is known of a type
 * @layout: its name, fields and tail
 * @object: its records have an id
 * @check: verifies the content
 */
struct tool_type {
	struct ckpt_record_layout layout;
	bool object;
	int (*check)(struct ckpt_reader *r, const struct ckpt_record *rec);
};

/**
 * struct strings - the strings of a tail, one after the other
 * @at: the next one
 * @left: bytes from there to the end
 */
struct strings {
	const char *at;
	size_t left;
};

static struct strings strings_of(const struct ckpt_record *rec)
{
	return (struct strings){ ckpt_record_tail(rec), rec->tail_len };
}

/* NULL behind the last one, or where it is not terminated. */
static const char *next_string(struct strings *s)
{
	const char *string = s->at;
	size_t len = strnlen(string, s->left);

	if (len == s->left)
		return NULL;
	s->at += len + 1;
	s->left -= len + 1;
	return string;
}

/* The name of a file in a directory */
static bool is_name(const char *s, size_t len)
{
	if (!len || memchr(s, '/', len))
		return false;
	return !(len == 1 && s[0] == '.') &&
	       !(len == 2 && s[0] == '.' && s[1] == '.');
}

/* From the root, and by nothing but names. */
static bool is_clean_path(const char *s)
{
	size_t len;

	if (!s || *s != '/')
		return false;
	if (!s[1])
		return true;
	for (; *s; s += len) {
		len = strcspn(++s, "/");
		if (!is_name(s, len))
			return false;
	}
	return true;
}

/* "net:[4026531840]" */
static bool is_ns_file(const char *s)
{
	size_t type = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz") : 0;
	size_t digits;

	if (!type || strncmp(s + type, ":[", 2))
		return false;
	digits = strspn(s + type + 2, "0123456789");
	return digits && digits <= 10 && !strcmp(s + type + 2 + digits, "]");
}

static uint8_t type_of(const struct ckpt_reader *r, uint32_t id)
{
	return id && id <= r->tools.nr ? r->tools.object[id].type : 0;
}

static bool is_tool_object(const struct ckpt_reader *r, uint32_t id,
			   uint32_t type)
{
	return type_of(r, id) == type - FIRST_TYPE + 1;
}

static int check_mount_ns(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	struct ckpt_mount_ns ns;

	ckpt_record_body(rec, &ns, sizeof(ns));
	if (!ns.inode || !ns.nr_mounts || ns.nr_mounts > CKPT_TOOL_OBJECTS_MAX)
		return reader_fail(r, "MOUNT_NS: number %llu with %u mounts",
				   (unsigned long long)ns.inode, ns.nr_mounts);
	if (ns.flags & ~CKPT_MOUNT_NS_FLAGS)
		return reader_fail(r, "MOUNT_NS: unknown flags %#x", ns.flags);
	if (!is_clean_path(next_string(&s)) || s.left)
		return reader_fail(r, "MOUNT_NS: the root directory is no path");
	if (r->tools.mounts_left)
		return reader_fail(r, "MOUNT_NS: %u mounts of the last one are missing",
				   r->tools.mounts_left);
	r->tools.ns_id = rec->id;
	r->tools.mounts_left = ns.nr_mounts;
	r->tools.no_root = true;
	return 0;
}

static bool is_type(const char *s)
{
	return s && *s && !strpbrk(s, "/ \n");
}

static bool is_option(const char *s)
{
	return s && *s && *s != '=';
}

static bool is_made_anew(const char *type)
{
	static const char *const types[] = { CKPT_FILESYSTEM_NEW_TYPES };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/* An image must not choose a driver that writes to a disk or to the network. */
static bool type_fits(uint32_t kind, const char *type)
{
	switch (kind) {
	case CKPT_FILESYSTEM_NEW:
		return is_made_anew(type);
	case CKPT_FILESYSTEM_CONTENT:
		return !strcmp(type, CKPT_FILESYSTEM_TMPFS);
	case CKPT_FILESYSTEM_NAMESPACE:
		return !strcmp(type, CKPT_FILESYSTEM_NSFS);
	default:
		return is_type(type);
	}
}

static int check_filesystem(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	struct ckpt_filesystem fs;
	const char *type, *source, *root, *outside;
	bool external, is_ns;

	ckpt_record_body(rec, &fs, sizeof(fs));
	type = next_string(&s);
	source = next_string(&s);
	root = next_string(&s);
	outside = next_string(&s);
	external = fs.kind == CKPT_FILESYSTEM_EXTERNAL;
	is_ns = type && !strcmp(type, CKPT_FILESYSTEM_NSFS);
	if (fs.kind < CKPT_FILESYSTEM_EXTERNAL ||
	    fs.kind > CKPT_FILESYSTEM_NAMESPACE ||
	    fs.flags & ~CKPT_FILESYSTEM_FLAGS)
		return reader_fail(r, "FILESYSTEM: unknown kind %u or flags %#x",
				   fs.kind, fs.flags);
	if (fs.flags & CKPT_FILESYSTEM_INSIDE && fs.kind != CKPT_FILESYSTEM_NEW)
		return reader_fail(r, "FILESYSTEM: kind %u has no layers",
				   fs.kind);
	if (!is_type(type) || !source || !outside ||
	    !(is_ns ? is_ns_file(root) : is_clean_path(root)))
		return reader_fail(r, "FILESYSTEM: type, source or directory is not valid");
	if (external ? !is_clean_path(outside) : *outside)
		return reader_fail(r, "FILESYSTEM: where it is found outside is not valid");
	if (!type_fits(fs.kind, type))
		return reader_fail(r, "FILESYSTEM: kind %u does not go with the type '%.40s'",
				   fs.kind, type);
	while (s.left)
		if (!is_option(next_string(&s)))
			return reader_fail(r, "FILESYSTEM: an option is no string");
	r->tools.filling = fs.kind == CKPT_FILESYSTEM_CONTENT;
	return 0;
}

static int check_content(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_content content;

	ckpt_record_body(rec, &content, sizeof(content));
	if (!r->tools.filling || content.filesystem_id != r->tools.nr)
		return reader_fail(r, "CONTENT: of object %u, which is not the last one, or complete",
				   content.filesystem_id);
	if (content.last > 1 || (!content.last && !rec->tail_len))
		return reader_fail(r, "CONTENT: an empty piece that is not the last one");
	r->tools.filling = !content.last;
	return 0;
}

static int check_mount_ids(struct ckpt_reader *r, const struct ckpt_mount *m)
{
	const struct tools *t = &r->tools;

	if (!t->mounts_left || m->ns_id != t->ns_id)
		return reader_fail(r, "MOUNT: of namespace %u, which is not the last one, or complete",
				   m->ns_id);
	if (!is_tool_object(r, m->filesystem_id, CKPT_REC_FILESYSTEM))
		return reader_fail(r, "MOUNT: of object %u, which is no file system",
				   m->filesystem_id);
	if (t->no_root ? m->parent_id != 0 :
	    (m->parent_id <= t->ns_id ||
	     !is_tool_object(r, m->parent_id, CKPT_REC_MOUNT)))
		return reader_fail(r, "MOUNT: on object %u, which is no mount of the same namespace",
				   m->parent_id);
	return 0;
}

static int check_mount(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	const char *root, *point;
	struct ckpt_mount m;
	bool is_ns;

	ckpt_record_body(rec, &m, sizeof(m));
	if (check_mount_ids(r, &m) < 0)
		return -1;
	if (m.flags & ~CKPT_MOUNT_FLAGS)
		return reader_fail(r, "MOUNT: unknown flags %#x", m.flags);
	root = next_string(&s);
	point = next_string(&s);
	is_ns = r->tools.object[m.filesystem_id].is_ns;
	if (!(is_ns ? is_ns_file(root) : is_clean_path(root)) ||
	    !is_clean_path(point) || s.left)
		return reader_fail(r, "MOUNT: where it is, or what is there, is no path");
	if (!m.parent_id && m.flags & CKPT_MOUNT_LOCKED)
		return reader_fail(r, "MOUNT: the root is locked");
	if (m.peer_group && m.flags & CKPT_MOUNT_UNBINDABLE)
		return reader_fail(r, "MOUNT: shared and unbindable");
	r->tools.no_root = false;
	r->tools.mounts_left--;
	return 0;
}

/* How many control groups one is in that is in PARENT, with itself */
static uint32_t cgroup_depth(const struct ckpt_reader *r, uint32_t parent)
{
	return parent ? r->tools.object[parent].depth + 1 : 1;
}

static int check_cgroup(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	const char *name = next_string(&s);
	const char *hierarchy = next_string(&s);
	struct ckpt_cgroup cg;

	ckpt_record_body(rec, &cg, sizeof(cg));
	if (cg.version != 1 && cg.version != 2)
		return reader_fail(r, "CGROUP: version %u", cg.version);
	if (cg.parent_id && !is_tool_object(r, cg.parent_id, CKPT_REC_CGROUP))
		return reader_fail(r, "CGROUP: in object %u, which is none",
				   cg.parent_id);
	if (cg.parent_id && cg.version != r->tools.object[cg.parent_id].version)
		return reader_fail(r, "CGROUP: version %u in one of version %u",
				   cg.version,
				   r->tools.object[cg.parent_id].version);
	if (cgroup_depth(r, cg.parent_id) > CKPT_CGROUP_DEPTH_MAX)
		return reader_fail(r, "CGROUP: more than %u of them in each other are not accepted",
				   CKPT_CGROUP_DEPTH_MAX);
	if (cg.mode && !S_ISDIR(cg.mode))
		return reader_fail(r, "CGROUP: mode %#o is that of no directory",
				   cg.mode);
	if (!name || !hierarchy || s.left || !is_name(name, strlen(name)))
		return reader_fail(r, "CGROUP: name or hierarchy is not valid");
	if (*hierarchy ? cg.parent_id || cg.version != 1 :
	    !cg.parent_id && cg.version != 2)
		return reader_fail(r, "CGROUP: hierarchy '%.40s' does not go with version %u",
				   hierarchy, cg.version);
	return 0;
}

/* What tells of a control group stands behind it. */
static int check_of_cgroup(struct ckpt_reader *r, const char *name, uint32_t id)
{
	if (id == r->tools.nr && is_tool_object(r, id, CKPT_REC_CGROUP))
		return 0;
	return reader_fail(r, "%s: of object %u, which is not the last one, or no control group",
			   name, id);
}

static int check_cgroup_setting(struct ckpt_reader *r,
				const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	struct ckpt_cgroup_setting setting;
	const char *file = next_string(&s);
	int values = 0;

	ckpt_record_body(rec, &setting, sizeof(setting));
	if (check_of_cgroup(r, "CGROUP_SETTING", setting.cgroup_id) < 0)
		return -1;
	if (!file || !is_name(file, strlen(file)))
		return reader_fail(r, "CGROUP_SETTING: no name of a file");
	for (; s.left; values++)
		if (!next_string(&s))
			return reader_fail(r, "CGROUP_SETTING: a value is no string");
	return values ? 0 : reader_fail(r, "CGROUP_SETTING: no value");
}

static int check_sysctl(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	const char *name = next_string(&s), *value = next_string(&s);
	struct ckpt_sysctl sysctl;
	char path[256];

	ckpt_record_body(rec, &sysctl, sizeof(sysctl));
	if (!sysctls_of(sysctl.kind))
		return reader_fail(r, "SYSCTL: of a namespace of kind %u",
				   sysctl.kind);
	if (sysctl.pid > PID_LIMIT ||
	    !sysctl.pid != (sysctl.kind != CKPT_SYSCTLS_PID))
		return reader_fail(r, "SYSCTL: the impossible pid %u for kind %u",
				   sysctl.pid, sysctl.kind);
	if (!name || !value || s.left)
		return reader_fail(r, "SYSCTL: no name and value");
	snprintf(path, sizeof(path), "/%s", name);
	if (strlen(name) + 1 >= sizeof(path) || !is_clean_path(path) ||
	    !is_sysctl_of(sysctl.kind, name))
		return reader_fail(r, "SYSCTL: %.100s is none of a namespace of kind %u",
				   name, sysctl.kind);
	return 0;
}

static int check_cgroup_members(struct ckpt_reader *r,
				const struct ckpt_record *rec)
{
	struct ckpt_cgroup_members members;
	const uint32_t *pid = ckpt_record_tail(rec);
	uint32_t i;

	ckpt_record_body(rec, &members, sizeof(members));
	if (check_of_cgroup(r, "CGROUP_MEMBERS", members.cgroup_id) < 0)
		return -1;
	if (rec->tail_len % sizeof(*pid))
		return reader_fail(r, "CGROUP_MEMBERS: %u bytes of pids",
				   rec->tail_len);
	for (i = 0; i < rec->tail_len / sizeof(*pid); i++)
		if (!pid[i] || pid[i] > PID_LIMIT)
			return reader_fail(r, "CGROUP_MEMBERS: the impossible pid %u",
					   pid[i]);
	return 0;
}

static int check_cgroup_file(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	struct ckpt_cgroup_file file;
	const char *name = next_string(&s);

	ckpt_record_body(rec, &file, sizeof(file));
	if (check_of_cgroup(r, "CGROUP_FILE", file.cgroup_id) < 0)
		return -1;
	if (file.mode & ~07777)
		return reader_fail(r, "CGROUP_FILE: mode %#o", file.mode);
	if (!name || !is_name(name, strlen(name)) || s.left)
		return reader_fail(r, "CGROUP_FILE: no name of a file");
	return 0;
}

static int check_cgroup_xattr(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	const char *file = next_string(&s), *name = file ? next_string(&s) : NULL;
	struct ckpt_cgroup_xattr xattr;

	ckpt_record_body(rec, &xattr, sizeof(xattr));
	if (check_of_cgroup(r, "CGROUP_XATTR", xattr.cgroup_id) < 0)
		return -1;
	if (!name || (*file && !is_name(file, strlen(file))))
		return reader_fail(r, "CGROUP_XATTR: no name of a file or of an attribute");
	if (strncmp(name, CKPT_CGROUP_XATTRS, strlen(CKPT_CGROUP_XATTRS)))
		return reader_fail(r, "CGROUP_XATTR: %.100s is none that is carried",
				   name);
	return 0;
}

/* Only groups around the container's own are without a record. */
static int check_cgroup_root(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct strings s = strings_of(rec);
	const char *path = next_string(&s);
	struct ckpt_cgroup_root root;

	ckpt_record_body(rec, &root, sizeof(root));
	if (!root.inode || !is_tool_object(r, root.cgroup_id, CKPT_REC_CGROUP))
		return reader_fail(r, "CGROUP_ROOT: of namespace %llu in object %u",
				   (unsigned long long)root.inode, root.cgroup_id);
	if (!is_clean_path(path) || s.left)
		return reader_fail(r, "CGROUP_ROOT: the group has no path");
	if (path[1] && r->tools.object[root.cgroup_id].depth != 1)
		return reader_fail(r, "CGROUP_ROOT: object %u cannot be at %.100s, as it is in another group",
				   root.cgroup_id, path);
	return 0;
}

#define LAYOUT(n, s)	.layout.name = n, .layout.body = &layout_of_ckpt_##s
#define TAIL(k, n)	.layout.tail = { { CKPT_TAIL_##k, n, NULL, CKPT_TAIL_REST } }

static const struct tool_type types[] = {
	[CKPT_REC_MOUNT_NS - FIRST_TYPE] = {
		LAYOUT("MOUNT_NS", mount_ns), TAIL(STRINGS, "root"),
		.object = true, .check = check_mount_ns,
	},
	[CKPT_REC_FILESYSTEM - FIRST_TYPE] = {
		LAYOUT("FILESYSTEM", filesystem), TAIL(STRINGS, "strings"),
		.object = true, .check = check_filesystem,
	},
	[CKPT_REC_CONTENT - FIRST_TYPE] = {
		LAYOUT("CONTENT", content), TAIL(BYTES, "archive"),
		.check = check_content,
	},
	[CKPT_REC_MOUNT - FIRST_TYPE] = {
		LAYOUT("MOUNT", mount), TAIL(STRINGS, "paths"),
		.object = true, .check = check_mount,
	},
	[CKPT_REC_CGROUP - FIRST_TYPE] = {
		LAYOUT("CGROUP", cgroup), TAIL(STRINGS, "names"),
		.object = true, .check = check_cgroup,
	},
	[CKPT_REC_CGROUP_SETTING - FIRST_TYPE] = {
		LAYOUT("CGROUP_SETTING", cgroup_setting),
		TAIL(STRINGS, "setting"), .check = check_cgroup_setting,
	},
	[CKPT_REC_CGROUP_MEMBERS - FIRST_TYPE] = {
		LAYOUT("CGROUP_MEMBERS", cgroup_members),
		TAIL(WORDS32, "pids"), .check = check_cgroup_members,
	},
	[CKPT_REC_CGROUP_FILE - FIRST_TYPE] = {
		LAYOUT("CGROUP_FILE", cgroup_file), TAIL(STRINGS, "names"),
		.check = check_cgroup_file,
	},
	[CKPT_REC_CGROUP_XATTR - FIRST_TYPE] = {
		LAYOUT("CGROUP_XATTR", cgroup_xattr), TAIL(BYTES, "attribute"),
		.check = check_cgroup_xattr,
	},
	[CKPT_REC_CGROUP_ROOT - FIRST_TYPE] = {
		LAYOUT("CGROUP_ROOT", cgroup_root), TAIL(STRINGS, "paths"),
		.check = check_cgroup_root,
	},
	[CKPT_REC_SYSCTL - FIRST_TYPE] = {
		LAYOUT("SYSCTL", sysctl), TAIL(STRINGS, "setting"),
		.check = check_sysctl,
	},
};

static const struct tool_type *find_type(uint32_t type)
{
	type -= FIRST_TYPE;
	if (type >= sizeof(types) / sizeof(types[0]) || !types[type].check)
		return NULL;
	return &types[type];
}

const struct ckpt_record_layout *tool_layout(uint32_t type)
{
	const struct tool_type *known = find_type(type);

	return known ? &known->layout : NULL;
}

int tools_begin(struct ckpt_reader *r)
{
	struct tools *t = &r->tools;
	size_t len = r->section.length;

	free(t->bytes);
	t->bytes = NULL;
	if (len > CKPT_TOOL_SECTION_MAX)
		return reader_fail(r, "a section of the tools with %llu bytes: more than %u are not accepted",
				   (unsigned long long)r->section.length,
				   CKPT_TOOL_SECTION_MAX);
	t->bytes = malloc(len ? len : 1);
	if (!t->bytes)
		return reader_fail(r, "no memory for a section of the tools");
	t->len = len;
	t->pos = 0;
	t->offset = r->offset;
	if (stream_read(r, t->bytes, len) < 0)
		return -1;
	if (XXH64(t->bytes, len, 0) != r->section.checksum)
		return reader_fail(r, "wrong checksum of section %#x: the image is damaged",
				   r->section.type);
	return 0;
}

static int grow_objects(struct tools *t)
{
	uint32_t room = t->room ? 2 * t->room : 64;
	void *more = realloc(t->object, room * sizeof(*t->object));

	if (!more)
		return -1;
	t->object = more;
	t->room = room;
	return 0;
}

static bool is_nsfs(const struct ckpt_record *rec)
{
	return !strcmp(ckpt_record_tail(rec), CKPT_FILESYSTEM_NSFS);
}

static int add_object(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct tools *t = &r->tools;
	struct tool_object *object;
	struct ckpt_cgroup cg;

	if (t->nr + 1 >= t->room && grow_objects(t) < 0)
		return reader_fail(r, "no memory for objects of the tools");
	object = &t->object[++t->nr];
	*object = (struct tool_object){ .type = rec->type - FIRST_TYPE + 1 };
	if (rec->type == CKPT_REC_FILESYSTEM)
		object->is_ns = is_nsfs(rec);
	if (rec->type == CKPT_REC_CGROUP) {
		ckpt_record_body(rec, &cg, sizeof(cg));
		object->version = cg.version;
		object->depth = cgroup_depth(r, cg.parent_id);
	}
	return 0;
}

static int check_id(struct ckpt_reader *r, const struct ckpt_record *rec,
		    const struct tool_type *known)
{
	uint32_t expected = known->object ? r->tools.nr + 1 : 0;

	if (rec->id != expected || rec->owner)
		return reader_fail(r, "%s: id %u and owner %u instead of %u and 0",
				   known->layout.name, rec->id, rec->owner,
				   expected);
	if (rec->id > CKPT_TOOL_OBJECTS_MAX)
		return reader_fail(r, "more than %u objects of the tools are not accepted",
				   CKPT_TOOL_OBJECTS_MAX);
	if (r->tools.filling && rec->type != CKPT_REC_CONTENT)
		return reader_fail(r, "%s: inside of the content of a file system",
				   known->layout.name);
	return 0;
}

/* There may be any number of sections. */
static int count_kept(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	if (rec->type != CKPT_REC_CONTENT)
		r->tools.kept += rec->len;
	if (r->tools.kept <= CKPT_METADATA_MAX)
		return 0;
	return reader_fail(r, "more than %u bytes of records of the tools are not accepted",
			   CKPT_METADATA_MAX);
}

static int check_record(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct tool_type *known = find_type(rec->type);

	if (!known)
		return reader_fail(r, "a record of the tools of the unknown type %#x",
				   rec->type);
	if (record_form(r, rec, &known->layout) < 0 ||
	    check_id(r, rec, known) < 0 ||
	    record_reserved(r, rec, &known->layout) < 0 ||
	    count_kept(r, rec) < 0 ||
	    known->check(r, rec) < 0)
		return -1;
	return known->object ? add_object(r, rec) : 0;
}

static int check_pad(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	if (rec->id || rec->owner)
		return reader_fail(r, "PAD: id %u and owner %u", rec->id,
				   rec->owner);
	return record_form(r, rec, ckpt_record_layout(CKPT_REC_PAD, 0));
}

int tools_next(struct ckpt_reader *r, const struct ckpt_record **record)
{
	struct tools *t = &r->tools;
	const struct ckpt_record *rec = (void *)(t->bytes + t->pos);
	int ret;

	r->at = t->offset + t->pos;
	if (t->pos == t->len)
		return 0;
	if (record_frame(r, rec, t->len - t->pos) < 0)
		return -1;
	ret = rec->type == CKPT_REC_PAD ? check_pad(r, rec) :
		check_record(r, rec);
	if (ret < 0)
		return -1;
	t->pos += rec->len;
	*record = rec;
	return 1;
}

/* When the header begins: nothing is left open. */
int tools_end(struct ckpt_reader *r)
{
	if (r->tools.mounts_left)
		return reader_fail(r, "%u mounts of a namespace are missing",
				   r->tools.mounts_left);
	if (r->tools.filling)
		return reader_fail(r, "the content of a file system is incomplete");
	return 0;
}

void tools_free(struct ckpt_reader *r)
{
	free(r->tools.bytes);
	free(r->tools.object);
}
