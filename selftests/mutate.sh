#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mutation testing: each field of the image is dropped in turn, in all of its
# records, before the restart. A test that does not notice proves nothing, so
# for each field some test must fail. Runs in the machine of the tests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat <<TEXT
usage: mutate.sh [-p K/N] [FIELD ...]

Drops each FIELD ("TYPE.name", or "TYPE.name:BIT"; all that there are if none is
named), and runs tests until one fails. Prints a line for each field, with the
test that has noticed it, and a closing line "N killed, N survived".

  -p K/N   only the Kth of N parts

Exit status: 0 if none survived, 1 if one did.
TEXT
}

# Programs that look at what a record is about, most likely first.
tests_of() {
	case $1 in
	TASK.*)		echo "ids_test signal_test" ;;
	TASK_STATE.*)	echo "signal_test prctl_test ids_test syscall_test" ;;
	CRED.*)		echo "creds_test" ;;
	FILE.*)		echo "files_test fdshare_test pipe_test" ;;
	PIPE.*)		echo "pipe_test" ;;
	FD_TABLE.* | FS.*) echo "files_test fs_test ids_test" ;;
	MM.*)		echo "mm_test vma_test prctl_test ids_test" ;;
	VMA.*)		echo "vma_test mm_test cow_test" ;;
	SHMEM.*)	echo "shm_test" ;;
	SIGHAND.* | PENDING.*) echo "pending_test signal_test" ;;
	ITIMERS.* | TIMES.*) echo "timers_test" ;;
	SCHED.*)	echo "sched_test timers_test" ;;
	PRCTLS.*)	echo "prctl_test" ;;
	RLIMITS.*)	echo "ids_test sched_test" ;;
	REGSET.* | ARCH_TASK.*) echo "regs_test syscall_test" ;;
	RESTART_BLOCK.*) echo "syscall_test" ;;
	UTS.*)		echo "ids_test" ;;
	esac
}

# The test that notices that $1 is missing; nothing if none does.
noticed_by() {
	local field=$1 program name

	for program in $(tests_of "$field"); do
		# The first failure is enough, and what hangs has failed, too.
		name=$(CKPT_TEST_DROP=$field timeout 120 \
			"$here/$program" 2>/dev/null </dev/null |
			sed -n '/^not ok/{s/^not ok [0-9]* //p;q}') || true
		if [[ $name ]]; then
			echo "$program $name"
			return
		fi
	done
}

main() {
	local part=1 parts=1 n=0 field by killed=0 survived=0
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
		mapfile -t fields < <("$here/fields")
	fi
	for field in "${fields[@]}"; do
		if ((n++ % parts != part - 1)); then
			continue
		fi
		by=$(noticed_by "$field")
		if [[ $by ]]; then
			printf 'killed    %-36s %s\n' "$field" "$by"
			killed=$((killed + 1))
		else
			printf 'SURVIVED  %s\n' "$field"
			survived=$((survived + 1))
		fi
	done
	printf '%d killed, %d survived\n' "$killed" "$survived"
	((survived == 0))
}

main "$@"
