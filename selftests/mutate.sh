#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mutation testing: each field of the image is dropped in turn, in all of its
# records, before the restart: those of the kernel by lib/drop.c, those of the tools
# by forget.c. A test that does not notice proves nothing, so
# for each field some test must fail. Runs in the machine of the tests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat <<TEXT
usage: mutate.sh [-p K/N] [FIELD ...]

Drops each FIELD ("TYPE.name", or "TYPE.name:BIT"; all that there are if none is
named), and runs tests until one fails: first the one that the file "noticed"
names, then all that are about the record. Prints a line for each field, with the
test that has noticed it or the reason why none can, and a closing line
"N killed, N survived".

  -p K/N   only the Kth of N parts

Exit status: 0 if none survived, 1 if one did.
TEXT
}

# Programs that look at what a record is about, most likely first.
tests_of() {
	case $1 in
	*.user_ns_id | *.pid_user_ns_id) echo "userns_test" ;;
	TASK.io_with | TASK.undo_with) echo "share_test" ;;
	TASK.pids.*)	echo "ns_test userns_test" ;;
	TASK.flags* | TASK.parent_tid) echo "threads_test jobs_test leader_test share_test prctl_test" ;;
	VFORK.*)	echo "vfork_test" ;;
	TASK.*)		echo "ids_test signal_test" ;;
	EXIT.* | STOP.*) echo "jobs_test threads_test leader_test" ;;
	NS.owner* | NS.nr_projids) echo "userns_test" ;;
	TASK_STATE.*_ns_* | TASK_STATE.ns_slot | NS.*) echo "ns_test userns_test" ;;
	TASK_STATE.*)	echo "signal_test prctl_test ids_test syscall_test" ;;
	CRED.*)		echo "creds_test" ;;
	FILE.slot | FILE.rdev_minor) echo "nsfile_test files_test fdshare_test" ;;
	FILE.*)		echo "files_test fdshare_test pipe_test" ;;
	PIPE.*)		echo "pipe_test" ;;
	FD_TABLE.* | FS.*) echo "files_test fs_test ids_test" ;;
	MM.auxv)	echo "ids_test" ;;
	MM.*)		echo "mm_test vma_test prctl_test ids_test share_test" ;;
	VMA.pkey)	echo "x86_test" ;;
	VMA.*)		echo "vma_test mm_test cow_test" ;;
	SHMEM.*)	echo "shm_test" ;;
	SIGHAND.* | PENDING.*) echo "pending_test signal_test" ;;
	ITIMERS.*)	echo "timers_test" ;;
	TIMES.*_bytes | TIMES.*_blocks | TIMES.threads*) echo "usage_test timers_test" ;;
	TIMES.*)	echo "timers_test usage_test" ;;
	SCHED.*)	echo "sched_test prctl_test timers_test" ;;
	PRCTLS.*)	echo "prctl_test" ;;
	RLIMITS.*)	echo "ids_test sched_test" ;;
	RSEQ.*)		echo "rseq_test" ;;
	DISPATCH.*)	echo "x86_test" ;;
	*_POLICY.*)	echo "numa_test" ;;
	SECCOMP*)	echo "seccomp_test" ;;
	TIMER*)		echo "posix_timers_test" ;;
	ARCH_TASK.syscall | REGSET.*) echo "regs_test syscall_test" ;;
	ARCH_TASK.cr2 | ARCH_TASK.trap_nr | ARCH_TASK.error_code) echo "regs_test" ;;
	ARCH_TASK.flags:[01] | ARCH_TASK.robust_list) echo "compat_test" ;;
	ARCH_TASK.tls*)	echo "x86_64_test compat_test" ;;
	ARCH_TASK.*)	echo "x86_test regs_test" ;;
	ARCH_MM.*base)	echo "x86_64_test mm_test compat_test vma_test" ;;
	ARCH_MM.*)	echo "x86_test" ;;
	VDSO.*)		echo "regs_test" ;;
	RESTART_BLOCK.*) echo "syscall_test" ;;
	UTS.*)		echo "ids_test" ;;
	# What the tools put into an image is for scripts.
	CGROUP_ROOT.* | FILESYSTEM.cgroup_ns) echo "cgroup_ns_test.sh" ;;
	CGROUP*)	echo "cgroups_test.sh cgroup_ns_test.sh" ;;
	SYSCTL.*)	echo "settings_test.sh" ;;
	MOUNT.flags:9 | MOUNT.flags:1[0-4]) echo "inner_mounts_test.sh" ;;
	MOUNT* | FILESYSTEM.* | CONTENT.*) echo "mounts_test.sh" ;;
	esac
}

# Runs all of script $2, by a "restart" that forgets field $1. Its tests need each
# other, clean up themselves, and take as long as those of several programs.
run_script() {
	CKPT_TEST_DROP=$1 PATH=$forgetful:$PATH timeout $((5 * limit)) "$here/$2" </dev/null 2>/dev/null
}

# The same with all fields, once
script_with_all() {
	local log=$forgetful/$1.log

	[[ -e $log ]] || run_script nothing "$1" >"$log" || true
	cat "$log"
}

# Exit status: whether test $3 of script $2 passes
script_passes() {
	local log

	if [[ $1 == nothing ]]; then
		log=$(script_with_all "$2")
	else
		log=$(run_script "$1" "$2") || true
	fi
	sed -n 's/^ok [0-9]* //p' <<<"$log" | grep -xF -- "$3" >/dev/null
}

# Runs test $3 of program $2 alone without field $1. If that is "nothing", the image
# goes the same way, but is as it was.
run_alone() {
	if [[ $2 == *.sh ]]; then
		script_passes "$@"
		return
	fi
	CKPT_TEST_DROP=$1 timeout "$limit" "$here/$2" -t "$3" </dev/null 2>/dev/null
}

# Why it is skipped, if it is.
why_skipped() { run_alone nothing "$@" | sed -n 's/^ok.*# SKIP //p'; }

user_mode_linux() { grep -q "User Mode Linux" /proc/cpuinfo; }

# Why nobody can tell on this machine whether $1 is there; nothing if one can.
reason_of() {
	case $1 in
	VMA.flags:14 | VMA.flags:15)
		[[ -d /sys/kernel/mm/transparent_hugepage ]] ||
			echo "no transparent huge pages here: no advice about them"
		;;
	*_POLICY.*)
		[[ -d /sys/devices/system/node ]] || echo "this kernel has no CONFIG_NUMA"
		;;
	SCHED.flags:[34] | SCHED.util_*)
		[[ -e /proc/sys/kernel/sched_util_clamp_min ]] ||
			echo "this kernel has no CONFIG_UCLAMP_TASK"
		;;
	NS.inode | UTS.inode)
		echo "only the tools' own records refer to it: see mounts_test.sh"
		;;
	MOUNT_NS.pid)
		echo "it is for people: ckptinfo shows it, see mounts_test.sh"
		;;
	FILESYSTEM.dev_major | FILESYSTEM.dev_minor)
		echo "who shares mounts has one file system: the kernel allows no other"
		;;
	SECCOMP_FILTER.flags:1)
		echo "it is of use to filters with a listener only, which are refused"
		;;
	REGSET.xstate.x87.opcode | REGSET.xstate.x87.instruction | REGSET.xstate.x87.operand)
		why_skipped regs_test x87_instruction_that_failed
		;;
	TIMERS.timers.flags:1)
		echo "a timer that is set counts the same while its signal is pending"
		;;
	NS.owner_gid)
		echo "nobody can ask the kernel for it"
		;;
	PRCTLS.speculation_ctrl)
		why_skipped prctl_test store_bypass_disabled
		;;
	PRCTLS.tsc)
		why_skipped prctl_test time_stamp_counter_that_faults
		;;
	RSEQ.flags:0)
		why_skipped rseq_test extensions_of_the_time_slice
		;;
	REGSET.general.orig_rax)
		user_mode_linux && echo "ARCH_TASK.syscall has it here"
		;;
	ARCH_TASK.syscall)
		user_mode_linux || echo "the registers have it here"
		;;
	ARCH_TASK.cr2 | ARCH_TASK.trap_nr | ARCH_TASK.error_code) ;;
	ARCH_TASK.* | ARCH_MM.* | VDSO.* | VMA.pkey | DISPATCH.*)
		if user_mode_linux; then
			echo "only kernels on the processor itself have it"
		elif [[ $1 == ARCH_TASK.tls*.number ]]; then
			echo "its place says which entry it is"
		elif [[ $1 == ARCH_TASK.vdso || $1 == ARCH_TASK.flags:3 ]]; then
			echo "it is of use on a kernel with another vDSO only: see scripts/check-vdso"
		fi
		;;
	MM.flags:0)
		user_mode_linux &&
			echo "all address spaces are filled from below here"
		;;
	TIMES.task.utime_ns | TIMES.threads.utime_ns | TIMES.children.utime_ns)
		user_mode_linux && echo "all time is counted as the system's here"
		;;
	EXIT.pending_private)
		echo "who ends has none any more, and gets none: see exit_signals()"
		;;
	TIMES.task.shown_* | TIMES.threads.shown_*)
		user_mode_linux &&
			echo "the ticks are the clock here: what is shown is what they count"
		;;
	esac
}

# What a test that hangs has left, so that it is not in the way of the next one.
kill_leftovers() {
	local kill

	for kill in "$cgroups"/mutate/cgroup.kill "$cgroups"/ckpt.*/cgroup.kill; do
		[[ ! -e $kill ]] || echo 1 >"$kill"
	done
}

# Runs program $2 without field $1; its output goes to a file, because what is
# left of a program that was killed may keep a pipe open.
run_without() {
	if [[ $2 == *.sh ]]; then
		run_script "$1" "$2" >"$output"
		return
	fi
	(
		echo 0 >"$cgroups/mutate/cgroup.procs"
		CKPT_TEST_DROP=$1 exec timeout "$limit" "$here/$2" </dev/null
	) >"$output" 2>/dev/null
}

# What test $2 of program $1 is called if it runs alone
alone() {
	if [[ $1 == *.sh ]]; then
		echo "$2"
	else
		echo "${2##*.}"
	fi
}

# Whether test $3 of program $2 fails for want of field $1: on a busy machine some
# fail by themselves.
notices() {
	run_alone nothing "$2" "$3" >/dev/null && ! run_alone "$1" "$2" "$3" >/dev/null
}

# Of the tests of program $2 that have failed for want of field $1, the first one
# that does so again. The first $3 of them were tried before.
first_to_notice() {
	local name tried=0

	while read -r name; do
		if ((tried++ >= $3)) && notices "$1" "$2" "$(alone "$2" "$name")"; then
			echo "$name"
			return
		fi
	done < <(sed -n 's/^not ok [0-9]* //p' "$output")
}

# Prints the test of program $2 that notices that field $1 is missing, if any; the
# program is not waited for once there is one. Exit status: that of the program.
search() {
	local pid failed tried=0 name='' status=0 ended=

	if [[ $2 == *.sh ]]; then
		search_script "$@"
		return
	fi
	: >"$output"
	run_without "$1" "$2" &
	pid=$!
	while [[ ! $name && ! $ended ]]; do
		sleep 0.1
		kill -0 "$pid" 2>/dev/null || ended=1
		failed=$(grep -c '^not ok ' "$output" || true)
		if ((failed > tried)); then
			name=$(first_to_notice "$1" "$2" "$tried")
			tried=$failed
		fi
	done
	[[ $ended ]] || kill_leftovers
	{ wait "$pid" || status=$?; } 2>/dev/null
	echo "$name"
	return "$status"
}

# The same for a script, which comes to its end before another one begins
search_script() {
	local status=0

	run_without "$1" "$2" || status=$?
	first_to_notice "$1" "$2" 0
	return "$status"
}

# A program that hangs does so for want of the field only if it does not hang with
# all of them. Its output goes elsewhere.
hangs_with_all() {
	local output status=0

	output=$(mktemp)
	run_without nothing "$1" || status=$?
	rm -f "$output"
	((status != 124)) || kill_leftovers
	((status == 124))
}

# The program and the test that have noticed field $1 before, if they still do
noticed_before() {
	local field program name

	while read -r field program name; do
		if [[ $field == "$1" ]] && notices "$1" "$program" "$(alone "$program" "$name")"; then
			echo "$program $name"
			return
		fi
	done <"$here/noticed"
}

# "killed" and the test that notices that $1 is missing, "unseen" and a reason,
# or "survived".
verdict() {
	local field=$1 program='' name status reason ran=0

	reason=$(reason_of "$field") || true
	if [[ $reason ]]; then
		echo "unseen $reason"
		return
	fi
	name=$(noticed_before "$field")
	if [[ $name ]]; then
		echo "killed $name"
		return
	fi
	for program in $(tests_of "$field"); do
		status=0
		name=$(search "$field" "$program") || status=$?
		if ((status == 124)); then
			kill_leftovers
			if [[ ! $name ]] && ! hangs_with_all "$program"; then
				name="hangs after $(grep -c '^ok' "$output" || true) tests"
			fi
		fi
		if [[ $name ]]; then
			echo "killed $program $name"
			return
		fi
		ran=$((ran + $(grep '^ok' "$output" | grep -vc '# SKIP' || true)))
		reason=$(sed -n '/^ok.*# SKIP /{s/.*# SKIP //p;q}' "$output")
	done
	if ((ran)) || [[ ! $program ]]; then
		echo "survived"
	else
		echo "unseen all tests are skipped: $reason"
	fi
}

main() {
	local part=1 parts=1 n=0 field how by killed=0 survived=0 unseen=0
	local -a fields

	while getopts p:h opt; do
		case $opt in
		p) part=${OPTARG%/*} parts=${OPTARG#*/} ;;
		h) usage; exit 0 ;;
		*) usage >&2; exit 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	if (($#)); then
		fields=("$@")
	else
		mapfile -t fields < <("$here/fields"; "$here/forget")
	fi
	# On a slow machine, a test that is not ready is none that hangs.
	limit=$(awk -v s="${CKPT_TEST_SCALE:-1}" 'BEGIN { print int(120 * (s > 1 ? s : 1)) }')
	cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	mkdir -p "$cgroups/mutate"
	output=$(mktemp)
	forgetful=$(mktemp -d)
	trap 'rm -rf "$output" "$forgetful"' EXIT
	ln -s "$here/forget" "$forgetful/restart"
	for field in "${fields[@]}"; do
		if ((n++ % parts != part - 1)); then
			continue
		fi
		read -r how by < <(verdict "$field")
		case $how in
		killed)
			printf 'killed    %-36s %s\n' "$field" "$by"
			killed=$((killed + 1))
			;;
		unseen)
			printf 'not seen  %-36s %s\n' "$field" "$by"
			unseen=$((unseen + 1))
			;;
		*)
			printf 'SURVIVED  %s\n' "$field"
			survived=$((survived + 1))
			;;
		esac
	done
	printf '%d not seen here\n' "$unseen"
	printf '%d killed, %d survived\n' "$killed" "$survived"
	((survived == 0))
}

main "$@"
