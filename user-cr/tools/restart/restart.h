/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * restart: the processes of the tool and what they share
 *
 * The *coordinator* opens the image in the kernel and reads the task tree from
 * the context descriptor. It creates the root of the tree (with an init before
 * it, if the root needs one), each process creates its children, reports to the
 * coordinator that it is ready, and joins the restart in the kernel. When all
 * are ready the coordinator completes it.
 *
 * Whatever fails, nothing stays: until a process joins it dies with its parent;
 * from then on the kernel ends it when the last context descriptor is closed.
 */
#ifndef RESTART_RESTART_H
#define RESTART_RESTART_H

#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "../common/cgroup.h"
#include "../common/guard.h"
#include "../common/input.h"
#include "../common/pidfile.h"
#include "../common/tree.h"
#include "state.h"

#define EXIT_NO_RESTART	125
#define EXIT_INCOMPLETE	126	/* they run, but not all is as wanted */

/**
 * struct inherit - a descriptor for an external file
 * @key: of the file
 * @fd: ours
 * @used: there is such a file in the image
 */
struct inherit {
	char *key;
	int fd;
	bool used;
};

/**
 * struct options - from the command line
 * @input: image file, NULL for the standard input
 * @namespaces: CLONE_NEW* of the namespaces to make
 * @time_now: CLOCK_MONOTONIC shows this machine's time
 * @wait: wait for the root to end
 * @detach: in a session of its own
 * @pids: with the pids of the image, which is the default
 * @no_pids: with any pids
 * @frozen: leave the tree frozen
 * @root: root directory, or NULL
 * @host_mounts: the mounts of this machine instead of the image's
 * @cgroup: below which the saved control groups are made, NULL for ours
 * @no_cgroups: they are not
 * @inherit: descriptors for external files
 * @nr_inherits: their number
 * @pid_file: where to write the root's pid, or NULL
 * @quiet: errors only
 * @verbose: tell what is done
 */
struct options {
	const char *input;
	unsigned long namespaces;
	bool time_now;
	bool wait;
	bool detach;
	bool pids;
	bool no_pids;
	bool frozen;
	const char *root;
	bool host_mounts;
	const char *cgroup;
	bool no_cgroups;
	struct inherit *inherit;
	int nr_inherits;
	const char *pid_file;
	bool quiet;
	bool verbose;
};

/**
 * struct external - a file that leads out of the saved tree, or is a namespace
 * @owner: id of the task that takes it
 * @slot: its descriptor from which the kernel takes it
 * @access: O_RDONLY, O_WRONLY or O_RDWR
 * @key: what it was; NULL if it is a namespace
 * @fd: our descriptor for it; -1 if it is a namespace
 * @ns_kind: enum ckpt_ns_kind of a namespace
 * @ns_id: its id, or 0
 */
struct external {
	uint32_t owner;
	uint32_t slot;
	int access;
	char *key;
	int fd;
	uint32_t ns_kind;
	uint32_t ns_id;
};

/**
 * struct made_group - a control group of the image
 * @id: its record's
 * @cg: its directory
 * @controllers: of its hierarchy, "" in version 2
 * @outermost: it is the container's own
 * @top: index of that in which it is, or its own
 */
struct made_group {
	uint32_t id;
	struct cgroup cg;
	const char *controllers;
	bool outermost;
	size_t top;
};

/**
 * struct cgroup_root - where a cgroup namespace begins in a hierarchy
 * @inode: that it had
 * @cg: the group
 * @there: brings the process that writes to it there
 * @back: brings it back
 */
struct cgroup_root {
	uint64_t inode;
	struct cgroup cg;
	int there;
	int back;
};

/**
 * struct image - what the tool needs of an image
 * @header: its header
 * @tree: its tasks
 * @uts: host and domain name of the root task
 * @has_uts: they are there
 * @object: copies of the records of namespaces, CKPT_REC_UTS and CKPT_REC_NS, and of
 *	credentials
 * @nr_objects: their number
 * @external: files that we have to provide
 * @nr_externals: their number
 */
struct image {
	struct ckpt_image_header header;
	struct tree tree;
	struct ckpt_uts uts;
	bool has_uts;
	struct ckpt_record **object;
	int nr_objects;
	struct external *external;
	int nr_externals;
};

/**
 * struct namespace - one that the root of the tree is not in
 * @flag: CLONE_NEW* of its kind
 * @id: in the image, of its kind; 0 for ours
 * @fd: our descriptor for it
 */
struct namespace {
	int flag;
	uint32_t id;
	int fd;
};

/**
 * struct mailbox - through which processes get a descriptor of a pid namespace
 * @ns: its number in the image
 * @init: index of its first task
 * @in: for that, in the last process made of those that lead to it; -1 in others
 * @out: for the others
 */
struct mailbox {
	uint32_t ns;
	int init;
	int in;
	int out;
};

/**
 * struct restart - a restart
 * @o: how
 * @image: what
 * @input: where the image comes from
 * @state: what the tools have saved in it
 * @context: context descriptor
 * @log: of the kernel and of all our processes, see common/log.h
 * @ready: pipe from the processes: a byte each, when it is about to join
 * @alive: pipe from the coordinator: its end is the coordinator's end, a byte
 *	in it is success
 * @group: the saved control groups
 * @nr_groups: their number
 * @cgroup_root: where cgroup namespaces begin
 * @nr_cgroup_roots: their number
 * @cgroup: in which the tree is frozen, if its path is not empty
 * @namespace: those that the root is not in
 * @nr_namespaces: their number
 * @mailbox: one for each pid namespace that is open, or that a process has entered
 * @nr_mailboxes: their number
 * @root_pidfd: the root, for those that it is in, if there are others
 * @clocks_go_on: those of the root show what they would if it had not been away
 * @has_begun_time: children of this process begin in another time namespace than its own
 * @own_time: that, then
 * @mapped: socket pair of the first process of a user namespace, whose end comes first,
 *	and the coordinator: a byte when its ids are mapped; and back come those that it
 *	has made
 * @cgroup_saved: that is one of the saved ones
 * @guard: process that thaws it and removes all groups if the coordinator dies
 * @pid_file: where the root's pid goes
 * @child: the coordinator's child: the root, or the init before it
 * @root: the root as the coordinator sees it
 */
struct restart {
	struct options o;
	struct image image;
	struct input input;
	struct state state;
	int context;
	int log;
	int ready[2];
	int alive[2];
	struct made_group *group;
	size_t nr_groups;
	struct cgroup_root *cgroup_root;
	size_t nr_cgroup_roots;
	struct cgroup cgroup;
	struct namespace *namespace;
	int nr_namespaces;
	struct mailbox *mailbox;
	int nr_mailboxes;
	int root_pidfd;
	int mapped[2];
	bool cgroup_saved;
	bool clocks_go_on;
	bool has_begun_time;
	int own_time;
	struct guard guard;
	struct pid_file pid_file;
	pid_t child;
	pid_t root;
};

/* image.c: what may be done about an errno of the kernel, wherever it comes from; or "" */
const char *image_advice(int error);
/* 0, or -1 after a complaint */
int image_open(struct restart *r);
int image_read(struct image *image, int context);
/* One more file that we have to provide, which it copies. */
void image_add_external(struct image *image, const struct external *e);
/* The record of a namespace or of credentials, or NULL */
const struct ckpt_record *image_object(const struct image *image, uint32_t type,
				       uint32_t id);
void image_free(struct image *image);
void close_context(struct restart *r);

/* externals.c: 0, or -1 after a complaint */
int externals_assign(struct restart *r);
/* In the process of the task with this id: 0, or -1 and errno. */
int externals_place(const struct restart *r, uint32_t owner);

/* guard.c: starts it; 0, or -1 after a complaint. */
int guard_start(struct restart *r);
/* Tells it of a group that is made now, or to forget the last one; errno stays. */
void guard_takes(const struct restart *r, const struct cgroup *cg);
void guard_forgets(const struct restart *r);

/*
 * cgroups.c: makes the saved groups, which cgroup namespaces may begin at; 0, or -1
 * and logged.
 */
int cgroups_make(struct restart *r);
/* Whether there are any, and they are wanted. */
bool cgroups_wanted(const struct restart *r);
/* When all are about to join: sets them up, then each into its group. Likewise. */
int cgroups_set(const struct restart *r);
int cgroups_place(const struct restart *r);
/* The one that can freeze the tree; false if there is none. */
bool cgroups_freezer(const struct restart *r, struct cgroup *cg);
/* When nobody is left in them. */
void cgroups_remove(struct restart *r);

/* cgroup_owners.c: does what a record tells of the owner of a group; likewise. */
int cgroup_owners_set(const struct restart *r, const struct cgroup *cg,
		      const struct ckpt_record *record);

/* cgroup_roots.c: takes the root of a namespace; 0, or -1 and logged. */
int cgroup_roots_open(struct restart *r, const struct ckpt_record *record,
		      const struct made_group *g);
/*
 * Has the calling process begin a cgroup namespace, as that with this inode number
 * did: likewise.
 */
int cgroup_roots_unshare(const struct restart *r, uint64_t inode);
/* When all namespaces are made, in each process that had them. */
void cgroup_roots_close(struct restart *r);

/* frozen.c: 0, or -1 and logged. To be called when all are about to join. */
int frozen_begin(struct restart *r);
/* When they are restored: 0, or -1 after a complaint. */
int frozen_wait(struct restart *r);
/* After a failure: lets them go, to be killed; and then, removes the cgroup. */
void frozen_abort(struct restart *r);
void frozen_end(struct restart *r);

/* descriptors.c: 0, or -1 after a complaint */
int descriptors_prepare(struct restart *r);
int descriptors_replace_stdin(void);
int descriptors_close_others(const struct restart *r, uint32_t owner);
/*
 * In who stays when the processes go on, so that the files that they were given, and
 * standard output, end when they close them: closes all but this one, the standard ones
 * too; or, in the coordinator, all that it needs no more.
 */
void descriptors_close_all_but(int fd);
void descriptors_let_go(void);
/* FD, moved out of the way: its new number, or -1. */
int descriptors_keep(const struct restart *r, int fd);

/*
 * mounts_all.c: in the first process, which is in the root's mount namespace, a copy
 * of ours or ours itself: makes that and all others what they were. 0, or -1 and
 * logged.
 */
int mounts_rebuild(const struct restart *r);
/* mounts_saved.c: the root task's inode number, 0 if that is not in the image or not wanted. */
uint64_t mounts_root_ns(const struct restart *r);
/* Whether a namespace is in the image, and wanted. */
bool mounts_are_saved(const struct restart *r, uint64_t ns_inode);
/* Whether one of them, by their inode numbers, is mounted in the other. */
bool mounts_hold(const struct restart *r, uint64_t ns_inode, uint64_t held);
/*
 * The user namespace to which one belongs, by its inode number, if that is inside of
 * the root task's; or 0.
 */
uint32_t mounts_owner(const struct restart *r, uint64_t ns_inode);
/* Whether the saved mounts are to be made at all. */
bool mounts_wanted(const struct restart *r);
/* When all namespaces are made. */
void mounts_close(struct restart *r);

/*
 * timens.c: for the children that the coordinator makes from now on; if there can be no
 * time namespace, a message says so
 */
void timens_continue(struct restart *r);
/*
 * The same in the calling process, for itself, too: 0, or -1 and errno if it is in
 * another one than its children will be.
 */
int timens_continue_here(struct restart *r);
/*
 * In a new time namespace that nobody is in yet, number ID of the image, made by who
 * is in FROM: 0, or -1 and errno.
 */
int timens_set(const struct restart *r, uint32_t id, uint32_t from);

/* userns.c: 0, or -1 and logged */
bool userns_wanted(const struct restart *r);
int userns_prepare(struct restart *r);
int userns_map(struct restart *r, pid_t pid);
/* In the first process, which waits for userns_map(): 0, or -1 and errno. */
int userns_enter(struct restart *r);
/*
 * In the first process: passes the user namespaces that it has made on to the
 * coordinator, which takes them. Likewise.
 */
int userns_pass_on(struct restart *r);
int userns_take(struct restart *r);
/*
 * In a child, in the user namespace around it: makes the one of this record, and
 * writes to READY the pid of a process that is in it, until that is killed.
 */
void userns_hold(const struct restart *r, const struct ckpt_record *record,
		 int ready) __attribute__((noreturn));
/*
 * The last thing that a process does: enters the user namespace of its task, with
 * the groups that it will not be able to choose in there. 0, or -1 and errno.
 */
int userns_enter_own(const struct restart *r, int index);

/*
 * mount_ns.c: in the first process, in a mount namespace of its own or ours, with
 * our mounts: 0, or -1 and logged
 */
int mount_ns_make(struct restart *r);
/*
 * One that is made: its descriptor, and the inode number that it had; -1 behind the
 * last. AT begins with 0.
 */
int mount_ns_next(const struct restart *r, int *at, uint64_t *inode);

/* namespaces.c: adds to what is open those that threads have, and their processes not. */
void namespaces_of_threads(struct image *image);
/* 0, or -1 and logged */
int namespaces_make(struct restart *r);
/* Has the descriptor of one that is made; likewise. */
int namespaces_keep(struct restart *r, int flag, uint32_t id, int fd);
/* Makes a mount namespace, a copy of that of the calling process; likewise. */
int namespaces_add_mount(struct restart *r, uint32_t id);
/* The descriptor of one that is made; or -1. */
int namespaces_mount(const struct restart *r, uint32_t id);
/* In the first process of the container: 0, or -1 and errno. */
int namespaces_of_root(struct restart *r);
/* In the process of task INDEX, while it is in its parent's: likewise. */
int namespaces_enter(const struct restart *r, int index, int parent);
/*
 * Makes the time namespace that task INDEX, whose process calls, has for its children
 * only, if there is one and it is not there yet: likewise.
 */
int namespaces_begin_time(struct restart *r, int index);
/* Enters the user namespace ID from that of the root: likewise. */
int namespaces_enter_user(const struct restart *r, uint32_t id);
/* In a process: a descriptor of an open namespace of the image; or -1 and errno. */
int namespaces_of_file(const struct restart *r, const struct external *e);
/*
 * In the coordinator, when all are there: the user namespace that had this inode number:
 * a descriptor, to be closed; or -1 and errno, ENOENT if it was not made.
 */
int namespaces_user(const struct restart *r, uint64_t inode);
/*
 * The namespace of a mounted file, "net:[4026531840]": a descriptor, to be closed;
 * or -1 and errno. In a process that is in those of the root.
 */
int namespaces_of_mount(const struct restart *r, const char *name);
/*
 * settings.c: in a process that is in a new namespace of this kind: sets what was
 * set in the saved one with this inode number. 0, or -1 and logged.
 */
int settings_make(const struct restart *r, uint32_t kind, uint64_t inode);
/*
 * settings_ids.c: when all are about to join: the same for the user and pid namespaces
 * of the tree. Likewise.
 */
int settings_of_ids(const struct restart *r);
/* One of the namespaces of a process, PIDFD_GET_*: a descriptor, or -1. */
int namespaces_open(pid_t pid, unsigned long get);
#define NS_OF_MOUNTS		_IO(0xff, 3)
#define NS_OF_PID		_IO(0xff, 5)
#define NS_OF_PID_FOR_CHILDREN	_IO(0xff, 6)
#define NS_OF_TIME		_IO(0xff, 7)
#define NS_OF_USER		_IO(0xff, 9)
void namespaces_close(struct restart *r);

/*
 * pidns.c: in the process of task INDEX, has its next child begin in a new pid
 * namespace that belongs to the user namespace OWNER: 0, or -1 and errno.
 */
int pidns_enter_new(const struct restart *r, int index, uint32_t owner);
/* Has the next ones begin in one that has an init, or will have one: likewise. */
int pidns_enter(const struct restart *r, uint32_t ns);
/* Has the next ones begin in its own again: likewise. */
int pidns_leave(void);

/* pidns_files.c: before the tree: an open one will be needed; 0, or -1 and logged. */
int pidns_files_need(struct restart *r, uint32_t ns);
/* Likewise of those that processes have entered */
int pidns_files_need_entered(struct restart *r);
/* In the process of task INDEX, which may be an init: 0, or -1 and errno. */
int pidns_files_offer(struct restart *r, int index);
/* When the process of task CHILD has been made: in it, and in who has made it */
void pidns_files_forked(struct restart *r, int child, bool in_child);
/* A descriptor, when there is one; or -1 and errno. */
int pidns_files_open(const struct restart *r, uint32_t ns);
void pidns_files_close(struct restart *r);

/* processes.c: the root's pid or that of the init before it; -1 and logged */
pid_t processes_start(struct restart *r);
bool needs_init(const struct restart *r);

/* init.c: never returns */
void init_run(struct restart *r, pid_t root) __attribute__((noreturn));

/* coordinator.c: an exit status */
int coordinate(struct restart *r);

#endif /* RESTART_RESTART_H */
