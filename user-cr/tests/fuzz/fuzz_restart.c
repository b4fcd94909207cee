// SPDX-License-Identifier: GPL-2.0-only
/*
 * What restart makes of an image that the kernel has taken, on a machine that is not
 * there. No process is made.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <checkpoint/tool_image.h>
#include "../../tools/ckptinfo/info.h"
#include "../../tools/common/util.h"
#include "../../tools/restart/restart.h"
#include "fuzz_restart.h"
#include "machine.h"

#define NAMESPACES	(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | \
			 CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWCGROUP)

/* Each costs a walk through all. */
#define SYSCTLS_MAX	64

/* One that no call of the machine has made, and none of them can fail to make */
static int new_null(void)
{
	static int null = -1;
	int fd;

	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	fd = fcntl(null, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		abort();
	return fd;
}

/* The kernel goes on from there. */
static void header_is_next(int image)
{
	struct ckpt_section section;

	if (pread(image, &section, sizeof(section),
		  lseek(image, 0, SEEK_CUR)) != sizeof(section) ||
	    section.type != CKPT_SECTION_HEADER)
		abort();
}

/* What a context descriptor tells of the image */
static int make_context(const struct info *info)
{
	int fd = memfd_create("context", MFD_CLOEXEC);
	size_t i;

	if (fd < 0 || write(fd, info->header, sizeof(*info->header)) < 0)
		abort();
	for (i = 0; i < info->nr_entries; i++)
		if (write(fd, info->entry[i].record,
			  info->entry[i].record->len) < 0)
			abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void add_layer(struct state *state, uint32_t filesystem)
{
	state->layer = xrealloc(state->layer, state->nr_layers + 1,
				sizeof(*state->layer));
	state->layer[state->nr_layers++] = (struct layer){
		.filesystem_id = filesystem, .fd = new_null(),
	};
}

/* As if their content were there */
static void add_layers(struct state *state)
{
	struct ckpt_filesystem fs;
	size_t i;

	for (i = 0; i < state->nr; i++) {
		if (state->record[i]->type != CKPT_REC_FILESYSTEM)
			continue;
		ckpt_record_body(state->record[i], &fs, sizeof(fs));
		if (fs.kind == CKPT_FILESYSTEM_CONTENT)
			add_layer(state, state->record[i]->id);
	}
}

static void make_mounts(struct restart *r)
{
	add_layers(&r->state);
	if (layers_share(&r->state) < 0 || mount_ns_make(r) < 0)
		return;
	mounts_rebuild(r);
	r->o.namespaces |= CLONE_NEWUSER;
	mounts_rebuild(r);
	r->o.namespaces = NAMESPACES;
}

static void make_cgroups(struct restart *r)
{
	struct ckpt_cgroup_root root;
	struct cgroup freezer;
	size_t i;

	if (!cgroups_make(r)) {
		for (i = 0; i < r->state.nr; i++) {
			if (r->state.record[i]->type != CKPT_REC_CGROUP_ROOT)
				continue;
			ckpt_record_body(r->state.record[i], &root, sizeof(root));
			cgroup_roots_unshare(r, root.inode);
		}
		cgroups_set(r);
		cgroups_place(r);
		r->o.no_pids = true;
		cgroups_place(r);
		cgroups_freezer(r, &freezer);
	}
	cgroup_roots_close(r);
	cgroups_remove(r);
}

static void make_settings(struct restart *r)
{
	struct ckpt_sysctl sysctl;
	size_t i, n = 0;

	for (i = 0; i < r->state.nr && n < SYSCTLS_MAX; i++) {
		if (r->state.record[i]->type != CKPT_REC_SYSCTL)
			continue;
		ckpt_record_body(r->state.record[i], &sysctl, sizeof(sysctl));
		settings_make(r, sysctl.kind, sysctl.inode);
		n++;
	}
}

static void make_namespaces(struct restart *r)
{
	struct ckpt_ns ns;
	int i;

	namespaces_make(r);
	r->mapped[1] = new_null();
	userns_map(r, 1);
	close(r->mapped[1]);
	for (i = 0; i < r->image.nr_objects; i++) {
		if (r->image.object[i]->type != CKPT_REC_NS)
			continue;
		ckpt_record_body(r->image.object[i], &ns, sizeof(ns));
		r->clocks_go_on = ns.kind == CKPT_NS_TIME;
		timens_set(r, r->image.object[i]->id, 0);
		timens_set(r, r->image.object[i]->id, r->image.object[i]->id);
	}
	for (i = 0; i < r->image.tree.nr; i++)
		namespaces_begin_time(r, i);
}

static void make_all(struct restart *r)
{
	r->o.namespaces = NAMESPACES;
	externals_assign(r);
	make_namespaces(r);
	make_mounts(r);
	make_cgroups(r);
	make_settings(r);
}

void restart_image(const struct info *info, int image)
{
	struct restart r = {
		.context = -1, .input.fd = image, .log = new_null(),
		.root_pidfd = -1, .pid_file.fd = -1, .o.quiet = true,
	};
	int context = make_context(info);

	/* What shall fail is told by bytes that mean nothing else. */
	machine_begin(info->header->image_id[0] |
		      info->header->image_id[1] << 8);
	/* Sections of tools to come are refused here, and passed over elsewhere. */
	if (!state_read(&r)) {
		header_is_next(image);
		if (image_read(&r.image, context) < 0)
			abort();
		make_all(&r);
		image_free(&r.image);
	}
	mounts_close(&r);
	state_free(&r.state);
	namespaces_close(&r);
	machine_end();
	close(context);
	close(r.log);
}
