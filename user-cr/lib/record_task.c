// SPDX-License-Identifier: LGPL-2.1-only
/* Records of tasks, and of what is theirs beside memory and files */
#include <stdlib.h>

#include "reader.h"

#define MAX_SIGNALS	128
#define MAX_GROUPS	65536
#define MAX_PID_NS_LEVEL 32

/* The process of a task, with PID_DEAD if that has ended; 0 for no task */
static uint32_t process_of(const struct ckpt_reader *r, uint32_t pid)
{
	const uint32_t *block;

	if (pid > PID_LIMIT)
		return 0;
	block = r->pids[pid / PID_BLOCK];
	return block ? block[pid % PID_BLOCK] : 0;
}

static int set_process(struct ckpt_reader *r, const struct ckpt_task *t)
{
	uint32_t **block = &r->pids[t->pid / PID_BLOCK];

	if (!*block)
		*block = calloc(PID_BLOCK, sizeof(**block));
	if (!*block)
		return reader_fail(r, "no memory for pids");
	(*block)[t->pid % PID_BLOCK] = t->tgid |
		(t->flags & CKPT_TREE_DEAD_FLAGS ? PID_DEAD : 0);
	return 0;
}

static int check_thread(struct ckpt_reader *r, const struct ckpt_task *t)
{
	const struct ckpt_task *p = &r->process;

	if (t->tgid != p->pid || process_of(r, t->tgid) != t->tgid)
		return reader_fail(r, "TASK: pid %u belongs to process %u, which is not before it, or has ended",
				   t->pid, t->tgid);
	if (t->ppid != p->ppid || t->parent_tid != p->parent_tid ||
	    t->pgid != p->pgid || t->sid != p->sid)
		return reader_fail(r, "TASK: pid %u has another parent, group or session than process %u",
				   t->pid, t->tgid);
	if (t->exit_signal)
		return reader_fail(r, "TASK: pid %u has an exit signal, but is a thread",
				   t->pid);
	return 0;
}

static int check_root(struct ckpt_reader *r, const struct ckpt_task *t)
{
	if (t->ppid || t->parent_tid)
		return reader_fail(r, "TASK: the root has a parent, pid %u",
				   t->ppid);
	if (t->flags & CKPT_TREE_DEAD_FLAGS)
		return reader_fail(r, "TASK: the root, pid %u, has ended",
				   t->pid);
	return 0;
}

static int check_parent(struct ckpt_reader *r, const struct ckpt_task *t)
{
	if (t->tgid == r->header.root_pid)
		return check_root(r, t);
	if (!t->ppid)
		return reader_fail(r, "TASK: pid %u has no parent", t->pid);
	if (process_of(r, t->ppid) != t->ppid)
		return reader_fail(r, "TASK: pid %u has the parent %u, which is not before it, or has ended",
				   t->pid, t->ppid);
	if (t->parent_tid && (t->parent_tid == t->ppid ||
			      process_of(r, t->parent_tid) != t->ppid))
		return reader_fail(r, "TASK: pid %u has the parent %u, which has no thread %u",
				   t->pid, t->ppid, t->parent_tid);
	return 0;
}

static int check_pids(struct ckpt_reader *r, const struct ckpt_task *t)
{
	if (!t->pid || t->pid > PID_LIMIT)
		return reader_fail(r, "TASK: the impossible pid %u", t->pid);
	if (process_of(r, t->pid))
		return reader_fail(r, "TASK: pid %u twice", t->pid);
	if (t->pgid > PID_LIMIT || t->sid > PID_LIMIT)
		return reader_fail(r, "TASK: pid %u has the impossible process group %u or session %u",
				   t->pid, t->pgid, t->sid);
	if (!r->nr_tasks && t->pid != r->header.root_pid)
		return reader_fail(r, "TASK: pid %u is first, but the root is %u",
				   t->pid, r->header.root_pid);
	return t->tgid != t->pid ? check_thread(r, t) : check_parent(r, t);
}

static int check_tree_flags(struct ckpt_reader *r, const struct ckpt_task *t)
{
	uint32_t known = t->pid == t->tgid ? CKPT_TREE_PROCESS_FLAGS :
					     CKPT_TREE_THREAD_FLAGS;

	uint32_t ended = t->flags & (CKPT_TREE_DEAD_FLAGS | CKPT_TREE_FIRST_ENDED);

	/* In one way only */
	if (t->flags & ~known || (t->pid == t->tgid && ended & (ended - 1)))
		return reader_fail(r, "TASK: pid %u has the impossible flags %#x",
				   t->pid, t->flags);
	return 0;
}

/* Pid namespaces are numbered as they appear, so there are no more than tasks. */
static int check_nested(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	const struct ckpt_pid *ids = ckpt_record_tail(rec);
	uint32_t i, nr = rec->tail_len / sizeof(*ids);

	if (rec->tail_len % sizeof(*ids) || nr > MAX_PID_NS_LEVEL)
		return reader_fail(r, "TASK: ids in pid namespaces in %u bytes",
				   rec->tail_len);
	for (i = 0; i < nr; i++)
		if (!ids[i].ns || ids[i].ns > r->header.nr_tasks ||
		    !ids[i].nr || ids[i].nr > PID_LIMIT)
			return reader_fail(r, "TASK: the impossible pid %u in pid namespace %u",
					   ids[i].nr, ids[i].ns);
	return 0;
}

/* Who shares an I/O context or semaphores with one of those before it */
static int check_shared(struct ckpt_reader *r, const struct ckpt_task *t)
{
	const uint32_t with[] = { t->io_with, t->undo_with };
	size_t i;

	for (i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		uint32_t process = process_of(r, with[i]);

		if (with[i] && (!process || process & PID_DEAD ||
				t->flags & CKPT_TREE_DEAD_FLAGS))
			return reader_fail(r, "TASK: pid %u shares something with pid %u, which is not before it, or has ended",
					   t->pid, with[i]);
	}
	return 0;
}

int check_task(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_task t;

	ckpt_record_body(rec, &t, sizeof(t));
	if (check_nested(r, rec) < 0)
		return -1;
	if (check_pids(r, &t) < 0)
		return -1;
	if (t.exit_signal > MAX_SIGNALS)
		return reader_fail(r, "TASK: pid %u has the impossible exit signal %u",
				   t.pid, t.exit_signal);
	if (!padded_string(t.comm, sizeof(t.comm)))
		return reader_fail(r, "TASK: the name of pid %u is not a string",
				   t.pid);
	if (check_tree_flags(r, &t) < 0 || check_shared(r, &t) < 0)
		return -1;
	r->objects[rec->id].tree_flags = t.flags;
	r->objects[rec->id].is_thread = t.pid != t.tgid;
	r->objects[rec->id].has_state = t.flags & CKPT_TREE_GHOST;
	r->nr_tasks++;
	if (t.pid == t.tgid)
		r->process = t;
	return set_process(r, &t);
}

static int check_namespaces(struct ckpt_reader *r,
			    const struct ckpt_task_state *s)
{
	const uint32_t ids[] = {
		s->ipc_ns_id, s->mnt_ns_id, s->net_ns_id, s->cgroup_ns_id,
		s->time_ns_id, s->time_ns_for_children_id, s->user_ns_id,
		s->pid_user_ns_id,
	};
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] && !is_object(r, ids[i], CKPT_REC_NS))
			return reader_fail(r, "TASK_STATE: refers to %u, which is no namespace before it",
					   ids[i]);
	if (s->pid_ns_for_children > r->header.nr_tasks)
		return reader_fail(r, "TASK_STATE: the impossible pid namespace %u",
				   s->pid_ns_for_children);
	return 0;
}

int check_task_state(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct object *task = &r->objects[rec->owner];
	struct ckpt_task_state s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (task->has_state)
		return reader_fail(r, "TASK_STATE: task %u has one already",
				   rec->owner);
	if (!is_object(r, s.mm_id, CKPT_REC_MM) ||
	    !is_object(r, s.fd_table_id, CKPT_REC_FD_TABLE) ||
	    !is_object(r, s.fs_id, CKPT_REC_FS) ||
	    !is_object(r, s.sighand_id, CKPT_REC_SIGHAND) ||
	    !is_object(r, s.cred_id, CKPT_REC_CRED) ||
	    !is_object(r, s.uts_id, CKPT_REC_UTS))
		return reader_fail(r, "TASK_STATE: refers to an object that is not before it");
	if (check_namespaces(r, &s) < 0)
		return -1;
	if (s.flags & ~CKPT_TASK_FLAGS)
		return reader_fail(r, "TASK_STATE: unknown flags %#x", s.flags);
	if (s.ns_slot && !task->is_thread)
		return reader_fail(r, "TASK_STATE: task %u has left itself",
				   rec->owner);
	task->has_state = true;
	return 0;
}

int check_exit(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct object *task = &r->objects[rec->owner];
	struct ckpt_exit e;
	bool *done;

	ckpt_record_body(rec, &e, sizeof(e));
	if (!(task->tree_flags & (CKPT_TREE_ZOMBIE | CKPT_TREE_FIRST_ENDED)))
		return reader_fail(r, "EXIT: task %u is no zombie, and has not ended before its threads",
				   rec->owner);
	done = task->tree_flags & CKPT_TREE_ZOMBIE ? &task->has_state :
						     &task->has_exit;
	if (*done)
		return reader_fail(r, "EXIT: task %u has one already",
				   rec->owner);
	if (e.status > 0xffff || !is_object(r, e.cred_id, CKPT_REC_CRED) ||
	    !is_object(r, e.sighand_id, CKPT_REC_SIGHAND) ||
	    (e.user_ns_id && !is_object(r, e.user_ns_id, CKPT_REC_NS)))
		return reader_fail(r, "EXIT: the impossible status %#x, credentials %u, dispositions %u or user namespace %u",
				   e.status, e.cred_id, e.sighand_id,
				   e.user_ns_id);
	*done = true;
	return 0;
}

int check_stop(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_stop s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (r->objects[rec->owner].is_thread)
		return reader_fail(r, "STOP: task %u is a thread", rec->owner);
	if (s.flags & ~CKPT_STOP_FLAGS || s.signal > MAX_SIGNALS ||
	    !s.signal != !(s.flags & CKPT_STOP_STOPPED) ||
	    (s.status && s.status != s.signal))
		return reader_fail(r, "STOP: flags %#x, signal %u, status %#x",
				   s.flags, s.signal, s.status);
	return 0;
}

int check_vfork(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	uint32_t process;
	struct ckpt_vfork v;

	ckpt_record_body(rec, &v, sizeof(v));
	process = process_of(r, v.child);
	if (!process || process & PID_DEAD)
		return reader_fail(r, "VFORK: task %u waits for pid %u, which is none, or has ended",
				   rec->owner, v.child);
	return 0;
}

int check_uts(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_uts u;

	ckpt_record_body(rec, &u, sizeof(u));
	if (u.user_ns_id && !is_object(r, u.user_ns_id, CKPT_REC_NS))
		return reader_fail(r, "UTS: refers to %u, which is no namespace before it",
				   u.user_ns_id);
	if (!padded_string(u.nodename, sizeof(u.nodename)) ||
	    !padded_string(u.domainname, sizeof(u.domainname)))
		return reader_fail(r, "UTS: a name is not a string");
	return 0;
}

int check_ns(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_ns n;

	ckpt_record_body(rec, &n, sizeof(n));
	if (n.kind < CKPT_NS_IPC || n.kind > CKPT_NS_USER)
		return reader_fail(r, "NS: unknown kind %u", n.kind);
	if (n.user_ns_id && !is_object(r, n.user_ns_id, CKPT_REC_NS))
		return reader_fail(r, "NS: refers to %u, which is no namespace before it",
				   n.user_ns_id);
	if (n.flags & ~CKPT_NS_FLAGS)
		return reader_fail(r, "NS: unknown flags %#x", n.flags);
	if (rec->tail_len != ((uint64_t)n.nr_uids + n.nr_gids + n.nr_projids) *
			     sizeof(struct ckpt_id_extent))
		return reader_fail(r, "NS: %u, %u and %u ranges of ids in %u bytes",
				   n.nr_uids, n.nr_gids, n.nr_projids,
				   rec->tail_len);
	return 0;
}

int check_cred(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_cred c;

	ckpt_record_body(rec, &c, sizeof(c));
	if (c.nr_groups > MAX_GROUPS || rec->tail_len != c.nr_groups * 4)
		return reader_fail(r, "CRED: %u groups in %u bytes",
				   c.nr_groups, rec->tail_len);
	return 0;
}

int check_sighand(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_sighand s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (s.nr_actions > MAX_SIGNALS ||
	    rec->tail_len != s.nr_actions * sizeof(struct ckpt_sigaction))
		return reader_fail(r, "SIGHAND: %u actions in %u bytes",
				   s.nr_actions, rec->tail_len);
	return 0;
}

int check_pending(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_pending p;

	ckpt_record_body(rec, &p, sizeof(p));
	if (((uint64_t)p.nr_private + p.nr_shared) * CKPT_SIGINFO_SIZE !=
	    rec->tail_len)
		return reader_fail(r, "PENDING: %u and %u signals in %u bytes",
				   p.nr_private, p.nr_shared, rec->tail_len);
	return 0;
}

int check_seccomp_filter(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_seccomp_filter f;

	ckpt_record_body(rec, &f, sizeof(f));
	if (!f.nr_insns || rec->tail_len != (uint64_t)f.nr_insns * 8 ||
	    (f.prev_id && !is_object(r, f.prev_id, CKPT_REC_SECCOMP_FILTER)))
		return reader_fail(r, "SECCOMP_FILTER: %u instructions in %u bytes, behind %u",
				   f.nr_insns, rec->tail_len, f.prev_id);
	return 0;
}

int check_seccomp(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_seccomp s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (s.filter_id && !is_object(r, s.filter_id, CKPT_REC_SECCOMP_FILTER))
		return reader_fail(r, "SECCOMP: refers to %u, which is no filter before it",
				   s.filter_id);
	return 0;
}

int check_timers(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_timers t;

	ckpt_record_body(rec, &t, sizeof(t));
	if (rec->tail_len != (uint64_t)t.nr * sizeof(struct ckpt_timer))
		return reader_fail(r, "TIMERS: %u timers in %u bytes", t.nr,
				   rec->tail_len);
	return 0;
}

int check_itimers(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_itimers t;

	ckpt_record_body(rec, &t, sizeof(t));
	if (t.flags & ~CKPT_ITIMER_FLAGS)
		return reader_fail(r, "ITIMERS: unknown flags %#x", t.flags);
	return 0;
}

int check_sched(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_sched s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (s.flags & ~CKPT_SCHED_FLAGS)
		return reader_fail(r, "SCHED: unknown flags %#x", s.flags);
	if (s.nice < -20 || s.nice > 19)
		return reader_fail(r, "SCHED: the impossible nice value %d",
				   s.nice);
	if (rec->tail_len % 8 ||
	    !rec->tail_len != !(s.flags & CKPT_SCHED_AFFINITY))
		return reader_fail(r, "SCHED: a CPU mask of %u bytes with flags %#x",
				   rec->tail_len, s.flags);
	return 0;
}

int check_task_policy(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_task_policy p;

	ckpt_record_body(rec, &p, sizeof(p));
	if (p.weight > UINT8_MAX)
		return reader_fail(r, "TASK_POLICY: the impossible weight %u",
				   p.weight);
	if (rec->tail_len % 8)
		return reader_fail(r, "TASK_POLICY: a node mask of %u bytes",
				   rec->tail_len);
	return 0;
}

int check_prctls(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_prctls p;

	ckpt_record_body(rec, &p, sizeof(p));
	if ((uint64_t)p.nr * sizeof(struct ckpt_prctl) != rec->tail_len)
		return reader_fail(r, "PRCTLS: %u calls in %u bytes", p.nr,
				   rec->tail_len);
	return 0;
}

int check_rseq(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_rseq s;

	ckpt_record_body(rec, &s, sizeof(s));
	if (s.flags & ~CKPT_RSEQ_FLAGS)
		return reader_fail(r, "RSEQ: unknown flags %#x", s.flags);
	return 0;
}

int check_dispatch(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_dispatch d;

	ckpt_record_body(rec, &d, sizeof(d));
	if (d.mode < 1 || d.mode > 2)
		return reader_fail(r, "DISPATCH: unknown mode %u", d.mode);
	return 0;
}

int check_regset(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_regset s;

	ckpt_record_body(rec, &s, sizeof(s));
	r->objects[rec->owner].has_regs = true;
	if (s.size > rec->tail_len)
		return reader_fail(r, "REGSET: %u bytes of registers in %u bytes",
				   s.size, rec->tail_len);
	return s.size < rec->tail_len ? check_regset_rest(r, rec) : 0;
}

int check_restart_block(struct ckpt_reader *r, const struct ckpt_record *rec)
{
	struct ckpt_restart_block b;

	ckpt_record_body(rec, &b, sizeof(b));
	if (b.kind > CKPT_RESTART_POLL)
		return reader_fail(r, "RESTART_BLOCK: unknown kind %u", b.kind);
	return 0;
}
