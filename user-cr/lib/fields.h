/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The fields of each struct of the format, a line each
 *
 * F(s, name, FORMAT) is a field, A(s, name, FORMAT) an array; the fields of a
 * struct in a struct are listed like its own. fields.c makes tables of these
 * lists and fails to compile when one does not cover its struct.
 */
#ifndef LIB_FIELDS_H
#define LIB_FIELDS_H

#define FIELDS_OF_ckpt_image_header(F, A, s) \
	F(s, version, NUMBER) \
	F(s, endian, HEX) \
	F(s, arch, NUMBER) \
	F(s, page_size, NUMBER) \
	F(s, hz, NUMBER) \
	F(s, flags, HEX) \
	F(s, features, HEX) \
	F(s, task_size, HEX) \
	A(s, cpu_features, HEX) \
	F(s, fpu_size, NUMBER) \
	F(s, vdso_hash, HEX) \
	A(s, image_id, BYTES) \
	A(s, base_id, BYTES) \
	F(s, realtime_ns, NUMBER) \
	F(s, monotonic_ns, NUMBER) \
	F(s, boottime_ns, NUMBER) \
	F(s, tree_len, NUMBER) \
	F(s, nr_tasks, NUMBER) \
	F(s, nr_objects, NUMBER) \
	F(s, root_pid, NUMBER) \
	F(s, reserved, RESERVED) \
	A(s, sysname, TEXT) \
	A(s, release, TEXT) \
	A(s, kernel_version, TEXT) \
	A(s, machine, TEXT)

#define FIELDS_OF_ckpt_task(F, A, s) \
	F(s, pid, NUMBER) \
	F(s, tgid, NUMBER) \
	F(s, ppid, NUMBER) \
	F(s, pgid, NUMBER) \
	F(s, sid, NUMBER) \
	F(s, exit_signal, NUMBER) \
	F(s, parent_tid, NUMBER) \
	F(s, flags, HEX) \
	A(s, comm, TEXT) \
	F(s, io_with, NUMBER) \
	F(s, undo_with, NUMBER)

#define FIELDS_OF_ckpt_task_state(F, A, s) \
	F(s, mm_id, ID) \
	F(s, fd_table_id, ID) \
	F(s, fs_id, ID) \
	F(s, sighand_id, ID) \
	F(s, cred_id, ID) \
	F(s, uts_id, ID) \
	F(s, flags, HEX) \
	F(s, ns_slot, NUMBER) \
	F(s, sigmask, HEX) \
	F(s, saved_sigmask, HEX) \
	F(s, altstack_sp, HEX) \
	F(s, altstack_size, NUMBER) \
	F(s, altstack_flags, HEX) \
	F(s, personality, HEX) \
	F(s, clear_child_tid, HEX) \
	F(s, robust_list, HEX) \
	F(s, robust_list_len, NUMBER) \
	F(s, time_ns_for_children_id, ID) \
	F(s, ipc_ns_id, ID) \
	F(s, mnt_ns_id, ID) \
	F(s, net_ns_id, ID) \
	F(s, cgroup_ns_id, ID) \
	F(s, time_ns_id, ID) \
	F(s, pid_ns_for_children, NUMBER) \
	F(s, user_ns_id, ID) \
	F(s, pid_user_ns_id, ID)

#define FIELDS_OF_ckpt_pid(F, A, s) \
	F(s, ns, NUMBER) \
	F(s, nr, NUMBER)

#define FIELDS_OF_ckpt_ns(F, A, s) \
	F(s, kind, NUMBER) \
	F(s, flags, HEX) \
	F(s, inode, NUMBER) \
	F(s, monotonic_ns, NUMBER) \
	F(s, boottime_ns, NUMBER) \
	F(s, owner_uid, NUMBER) \
	F(s, owner_gid, NUMBER) \
	F(s, nr_uids, NUMBER) \
	F(s, nr_gids, NUMBER) \
	F(s, nr_projids, NUMBER) \
	F(s, user_ns_id, ID)

#define FIELDS_OF_ckpt_id_extent(F, A, s) \
	F(s, first, NUMBER) \
	F(s, outer_first, NUMBER) \
	F(s, count, NUMBER)

#define FIELDS_OF_ckpt_exit(F, A, s) \
	F(s, status, HEX) \
	F(s, cred_id, ID) \
	F(s, sighand_id, ID) \
	F(s, user_ns_id, ID) \
	F(s, sigmask, HEX) \
	F(s, pending_private, HEX) \
	F(s, pending_shared, HEX)

#define FIELDS_OF_ckpt_stop(F, A, s) \
	F(s, flags, HEX) \
	F(s, signal, NUMBER) \
	F(s, status, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_vfork(F, A, s) \
	F(s, child, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_timer(F, A, s) \
	F(s, id, NUMBER) \
	F(s, clock, SIGNED) \
	F(s, notify, NUMBER) \
	F(s, signal, NUMBER) \
	F(s, tid, NUMBER) \
	F(s, flags, HEX) \
	F(s, value, HEX) \
	F(s, expires_ns, NUMBER) \
	F(s, interval_ns, NUMBER) \
	F(s, overrun, SIGNED) \
	F(s, overrun_last, SIGNED)

#define FIELDS_OF_ckpt_timers(F, A, s) \
	F(s, nr, NUMBER) \
	F(s, next_id, NUMBER)

#define FIELDS_OF_ckpt_seccomp_filter(F, A, s) \
	F(s, prev_id, ID) \
	F(s, nr_insns, NUMBER) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_seccomp(F, A, s) \
	F(s, mode, NUMBER) \
	F(s, filter_id, ID)

#define FIELDS_OF_ckpt_uts(F, A, s) \
	A(s, nodename, TEXT) \
	A(s, domainname, TEXT) \
	F(s, user_ns_id, ID) \
	F(s, inode, NUMBER)

#define FIELDS_OF_ckpt_cred(F, A, s) \
	F(s, uid, NUMBER) \
	F(s, euid, NUMBER) \
	F(s, suid, NUMBER) \
	F(s, fsuid, NUMBER) \
	F(s, gid, NUMBER) \
	F(s, egid, NUMBER) \
	F(s, sgid, NUMBER) \
	F(s, fsgid, NUMBER) \
	F(s, cap_inheritable, HEX) \
	F(s, cap_permitted, HEX) \
	F(s, cap_effective, HEX) \
	F(s, cap_bset, HEX) \
	F(s, cap_ambient, HEX) \
	F(s, securebits, HEX) \
	F(s, nr_groups, NUMBER)

#define FIELDS_OF_ckpt_file(F, A, s) \
	F(s, kind, NUMBER) \
	F(s, flags, OCTAL) \
	F(s, mode, OCTAL) \
	F(s, slot, NUMBER) \
	F(s, pos, NUMBER) \
	F(s, size, NUMBER) \
	F(s, mtime_sec, SIGNED) \
	F(s, mtime_nsec, NUMBER) \
	F(s, rdev_major, NUMBER) \
	F(s, rdev_minor, NUMBER) \
	F(s, reserved, RESERVED) \
	F(s, dev, NUMBER) \
	F(s, ino, NUMBER) \
	F(s, cred_id, ID) \
	F(s, object_id, ID) \
	F(s, advice, HEX) \
	F(s, reserved2, RESERVED) \
	F(s, owner.type, NUMBER) \
	F(s, owner.pid, NUMBER) \
	F(s, owner.uid, NUMBER) \
	F(s, owner.euid, NUMBER) \
	F(s, owner.signum, NUMBER) \
	F(s, owner.flags, HEX) \
	F(s, owner.async_fd, NUMBER) \
	F(s, owner.reserved, RESERVED)

#define FIELDS_OF_ckpt_pipe(F, A, s) \
	F(s, capacity, NUMBER) \
	F(s, nr_bufs, NUMBER) \
	F(s, path_len, NUMBER) \
	F(s, cred_id, ID)

#define FIELDS_OF_ckpt_pipe_buf(F, A, s) \
	F(s, len, NUMBER) \
	F(s, flags, HEX)

#define FIELDS_OF_ckpt_fd_table(F, A, s) \
	F(s, nr_fds, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_fd(F, A, s) \
	F(s, fd, NUMBER) \
	F(s, file_id, ID) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_fs(F, A, s) \
	F(s, umask, OCTAL) \
	F(s, root_len, NUMBER) \
	F(s, cwd_len, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_mm(F, A, s) \
	F(s, exe_id, ID) \
	F(s, flags, HEX) \
	F(s, coredump_filter, HEX) \
	F(s, dumpable, NUMBER) \
	F(s, mmap_base, HEX) \
	F(s, start_code, HEX) \
	F(s, end_code, HEX) \
	F(s, start_data, HEX) \
	F(s, end_data, HEX) \
	F(s, start_brk, HEX) \
	F(s, brk, HEX) \
	F(s, start_stack, HEX) \
	F(s, arg_start, HEX) \
	F(s, arg_end, HEX) \
	F(s, env_start, HEX) \
	F(s, env_end, HEX) \
	F(s, nr_vmas, NUMBER) \
	F(s, auxv_len, NUMBER) \
	F(s, peak_rss, NUMBER) \
	F(s, peak_vm, NUMBER) \
	F(s, membarrier, HEX) \
	F(s, user_ns_id, ID)

#define FIELDS_OF_ckpt_vma(F, A, s) \
	F(s, mm_id, ID) \
	F(s, kind, NUMBER) \
	F(s, start, HEX) \
	F(s, end, HEX) \
	F(s, flags, HEX) \
	F(s, file_id, ID) \
	F(s, offset, HEX) \
	F(s, family, ID) \
	F(s, pkey, NUMBER)

#define FIELDS_OF_ckpt_shmem(F, A, s) \
	F(s, size, NUMBER) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_range_policy(F, A, s) \
	F(s, object_id, ID) \
	F(s, mode, HEX) \
	F(s, start, HEX) \
	F(s, end, HEX) \
	F(s, home_node, SIGNED) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_sighand(F, A, s) \
	F(s, nr_actions, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_sigaction(F, A, s) \
	F(s, handler, HEX) \
	F(s, flags, HEX) \
	F(s, restorer, HEX) \
	F(s, mask, HEX)

#define FIELDS_OF_ckpt_pending(F, A, s) \
	F(s, nr_private, NUMBER) \
	F(s, nr_shared, NUMBER)

#define FIELDS_OF_ckpt_itimers(F, A, s) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED) \
	F(s, real_ns, SIGNED) \
	F(s, real_interval_ns, NUMBER) \
	F(s, virtual_ns, NUMBER) \
	F(s, virtual_interval_ns, NUMBER) \
	F(s, prof_ns, NUMBER) \
	F(s, prof_interval_ns, NUMBER)

#define FIELDS_OF_USAGE(F, s, m) \
	F(s, m.utime_ns, NUMBER) \
	F(s, m.stime_ns, NUMBER) \
	F(s, m.gtime_ns, NUMBER) \
	F(s, m.runtime_ns, NUMBER) \
	F(s, m.shown_utime_ns, NUMBER) \
	F(s, m.shown_stime_ns, NUMBER) \
	F(s, m.nvcsw, NUMBER) \
	F(s, m.nivcsw, NUMBER) \
	F(s, m.min_flt, NUMBER) \
	F(s, m.maj_flt, NUMBER) \
	F(s, m.in_blocks, NUMBER) \
	F(s, m.out_blocks, NUMBER) \
	F(s, m.maxrss, NUMBER)

#define FIELDS_OF_IO(F, s, m) \
	F(s, m.rchar, NUMBER) \
	F(s, m.wchar, NUMBER) \
	F(s, m.syscr, NUMBER) \
	F(s, m.syscw, NUMBER) \
	F(s, m.read_bytes, NUMBER) \
	F(s, m.write_bytes, NUMBER) \
	F(s, m.cancelled_write_bytes, NUMBER)

#define FIELDS_OF_ckpt_times(F, A, s) \
	F(s, start_ns, NUMBER) \
	F(s, age_ns, NUMBER) \
	FIELDS_OF_USAGE(F, s, task) \
	FIELDS_OF_USAGE(F, s, threads) \
	FIELDS_OF_USAGE(F, s, children) \
	FIELDS_OF_IO(F, s, io) \
	FIELDS_OF_IO(F, s, threads_io)

#define FIELDS_OF_ckpt_sched(F, A, s) \
	F(s, policy, NUMBER) \
	F(s, flags, HEX) \
	F(s, nice, SIGNED) \
	F(s, priority, NUMBER) \
	F(s, runtime_ns, NUMBER) \
	F(s, deadline_ns, NUMBER) \
	F(s, period_ns, NUMBER) \
	F(s, util_min, NUMBER) \
	F(s, util_max, NUMBER) \
	F(s, ioprio, HEX) \
	F(s, oom_score_adj, SIGNED) \
	F(s, oom_score_adj_min, SIGNED) \
	F(s, timer_slack_ns, NUMBER) \
	F(s, default_timer_slack_ns, NUMBER)

#define FIELDS_OF_ckpt_task_policy(F, A, s) \
	F(s, mode, HEX) \
	F(s, last_node, NUMBER) \
	F(s, weight, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_prctls(F, A, s) \
	F(s, nr, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_prctl(F, A, s) \
	F(s, option, NUMBER) \
	F(s, reserved, RESERVED) \
	F(s, arg2, HEX) \
	F(s, arg3, HEX)

#define FIELDS_OF_ckpt_rseq(F, A, s) \
	F(s, addr, HEX) \
	F(s, len, NUMBER) \
	F(s, signature, HEX) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_dispatch(F, A, s) \
	F(s, mode, NUMBER) \
	F(s, reserved, RESERVED) \
	F(s, offset, HEX) \
	F(s, len, HEX) \
	F(s, selector, HEX)

#define FIELDS_OF_ckpt_rlimits(F, A, s) \
	A(s, cur, HEX) \
	A(s, max, HEX)

#define FIELDS_OF_ckpt_regset(F, A, s) \
	F(s, note, HEX) \
	F(s, size, NUMBER)

#define FIELDS_OF_ckpt_restart_block(F, A, s) \
	F(s, kind, NUMBER) \
	F(s, reserved, RESERVED) \
	F(s, expires_ns, SIGNED) \
	A(s, arg, HEX)

#define FIELDS_OF_ckpt_um_task(F, A, s) \
	F(s, syscall, SIGNED) \
	F(s, cr2, HEX) \
	F(s, trap_nr, NUMBER) \
	F(s, error_code, HEX)

#define FIELDS_OF_SEGMENT(F, s, m) \
	F(s, m.number, NUMBER) \
	F(s, m.base, HEX) \
	F(s, m.limit, HEX) \
	F(s, m.flags, HEX)

#define FIELDS_OF_ckpt_x86_segment(F, A, s) \
	F(s, number, NUMBER) \
	F(s, base, HEX) \
	F(s, limit, HEX) \
	F(s, flags, HEX)

#define FIELDS_OF_ckpt_x86_task(F, A, s) \
	F(s, flags, HEX) \
	F(s, robust_list, HEX) \
	F(s, vdso, HEX) \
	F(s, vdso_id, ID) \
	F(s, reserved, RESERVED) \
	FIELDS_OF_SEGMENT(F, s, tls[0]) \
	FIELDS_OF_SEGMENT(F, s, tls[1]) \
	FIELDS_OF_SEGMENT(F, s, tls[2]) \
	F(s, cr2, HEX) \
	F(s, trap_nr, NUMBER) \
	F(s, error_code, HEX)

#define FIELDS_OF_ckpt_x86_mm(F, A, s) \
	F(s, mm_id, ID) \
	F(s, pkeys, HEX) \
	F(s, exec_pkey, SIGNED) \
	F(s, nr_segments, NUMBER) \
	F(s, legacy_base, HEX) \
	F(s, compat_base, HEX) \
	F(s, compat_legacy_base, HEX)

#define FIELDS_OF_ckpt_vdso(F, A, s) \
	F(s, abi, NUMBER) \
	F(s, nr_symbols, NUMBER) \
	F(s, hash, HEX) \
	F(s, code_len, NUMBER) \
	F(s, data_len, NUMBER) \
	F(s, data_span, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_vdso_symbol(F, A, s) \
	F(s, offset, HEX) \
	F(s, size, NUMBER) \
	A(s, name, TEXT)

#define FIELDS_OF_x86_xfeat_component(F, A, s) \
	F(s, type, NUMBER) \
	F(s, size, NUMBER) \
	F(s, offset, NUMBER) \
	F(s, flags, HEX)

#define FIELDS_OF_ckpt_run(F, A, s) \
	F(s, source, ID) \
	F(s, type, NUMBER) \
	F(s, offset, HEX) \
	F(s, length, NUMBER) \
	F(s, from_source, ID) \
	F(s, reserved, RESERVED) \
	F(s, from_offset, HEX)

#define FIELDS_OF_ckpt_trailer(F, A, s) \
	F(s, nr_chunks, NUMBER) \
	F(s, nr_runs, NUMBER) \
	F(s, nr_bytes, NUMBER) \
	F(s, chunks_checksum, HEX) \
	A(s, image_id, BYTES)

/* Records of the tools */
#define FIELDS_OF_ckpt_mount_ns(F, A, s) \
	F(s, inode, NUMBER) \
	F(s, pid, NUMBER) \
	F(s, nr_mounts, NUMBER) \
	F(s, flags, HEX) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_filesystem(F, A, s) \
	F(s, kind, NUMBER) \
	F(s, flags, HEX) \
	F(s, dev_major, NUMBER) \
	F(s, dev_minor, NUMBER) \
	F(s, cgroup_ns, NUMBER)

#define FIELDS_OF_ckpt_content(F, A, s) \
	F(s, filesystem_id, TOOL_ID) \
	F(s, last, NUMBER)

#define FIELDS_OF_ckpt_mount(F, A, s) \
	F(s, ns_id, TOOL_ID) \
	F(s, parent_id, TOOL_ID) \
	F(s, filesystem_id, TOOL_ID) \
	F(s, flags, HEX) \
	F(s, peer_group, NUMBER) \
	F(s, master, NUMBER) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_cgroup(F, A, s) \
	F(s, version, NUMBER) \
	F(s, parent_id, TOOL_ID) \
	F(s, uid, NUMBER) \
	F(s, gid, NUMBER) \
	F(s, mode, OCTAL) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_cgroup_setting(F, A, s) \
	F(s, cgroup_id, TOOL_ID) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_sysctl(F, A, s) \
	F(s, kind, NUMBER) \
	F(s, pid, NUMBER) \
	F(s, inode, NUMBER)

#define FIELDS_OF_ckpt_cgroup_members(F, A, s) \
	F(s, cgroup_id, TOOL_ID) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_cgroup_file(F, A, s) \
	F(s, cgroup_id, TOOL_ID) \
	F(s, uid, NUMBER) \
	F(s, gid, NUMBER) \
	F(s, mode, OCTAL)

#define FIELDS_OF_ckpt_cgroup_xattr(F, A, s) \
	F(s, cgroup_id, TOOL_ID) \
	F(s, reserved, RESERVED)

#define FIELDS_OF_ckpt_cgroup_root(F, A, s) \
	F(s, cgroup_id, TOOL_ID) \
	F(s, reserved, RESERVED) \
	F(s, inode, NUMBER)

#endif /* LIB_FIELDS_H */
