#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A user without any privilege makes a container with a user namespace, saves it
# and brings it back, where kernel.checkpoint_unprivileged lets him: by the same
# tools, with the same ids, and with nothing that he could not have had before.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly sysctl=/proc/sys/kernel/checkpoint_unprivileged
# With a thread, if there is something that makes one: its id is chosen, too.
readonly THREAD='import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()'
readonly PROGRAM='i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done'
cgroup=

frozen() { grep -qx 'frozen 1' "$cgroup/cgroup.events"; }
beyond() { (($(tail -n 1 out 2>/dev/null || echo 0) > $1)); }

# One of his groups has no name in the container.
as_user() { setpriv --reuid 1000 --regid 1000 --groups 1000,2000 "$@"; }

# With one capability, and no other
as_capable() { as_user --inh-caps +checkpoint_restore --ambient-caps +checkpoint_restore "$@"; }

# The tree below pid $1, itself first
tree() {
	local child

	echo "$1"
	for child in $(pgrep -P "$1"); do
		tree "$child"
	done
}

# What a user can see of his container
look_of() {
	cat "/proc/$1/uid_map" "/proc/$1/gid_map" "/proc/$1/setgroups"
	grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' "/proc/$1/status"
}

# The largest number of threads that a process of the tree has
threads_are() {
	local pid most=1 nr

	for pid in $(tree "$1"); do
		nr=$(awk '/^Threads/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
		((${nr:-0} <= most)) || most=$nr
	done
	((most == $2))
}

# A delegated control group is how users get to freeze things.
freeze() {
	local pid

	cgroup=$(findmnt -rnt cgroup2 -o TARGET | head -n 1)/rootless
	mkdir -p "$cgroup" || return
	# The second time also who was born outside while its parent was about to move
	for pid in $(tree "$1") $(tree "$1"); do
		# Its children come and go.
		echo "$pid" >"$cgroup/cgroup.procs" || wait_until 10 gone "$pid" || return
	done
	chown -R 1000:1000 "$cgroup"
	as_user sh -c "echo 1 >$cgroup/cgroup.freeze" && wait_until 10 frozen
}

starts() {
	as_user ns_exec -cpuimnU -d -P pid -- \
		sh -c "exec >out 2>&1 </dev/null; python3 -c '$THREAD' 2>/dev/null & $PROGRAM" || return
	wait_until 20 nonempty pid && wait_until 20 beyond 2 &&
		wait_until 20 threads_are "$(<pid)" "$(type -P python3 >/dev/null && echo 2 || echo 1)"
}

# $1 is the sysctl, $2 the program that must not be usable with that
needs_privilege() {
	local status=0

	echo "$1" >$sysctl
	case $2 in
	checkpoint) as_user checkpoint -p "$(<pid)" -o never || status=$? ;;
	restart) as_user restart --container -i image || status=$? ;;
	esac
	((status != 0)) && grep -q 'permitted\|CAP_CHECKPOINT_RESTORE' words && [[ ! -e never ]]
}

# The capability is enough, whatever the sysctl says.
saves_with_capability() {
	echo 0 >$sysctl
	as_capable checkpoint -p "$(<pid)" -o image0 && ckptinfo -q image0
}

saves() {
	local pid

	pid=$(<pid)
	echo 1 >$sysctl
	look_of "$pid" >before
	threads_are "$pid" 2 && touch had_thread
	as_user checkpoint -p "$pid" -o image || return
	kill -KILL "$pid"
	as_user sh -c "echo 0 >$cgroup/cgroup.freeze"
	wait_until 10 gone "$pid"
}

# $1 is the sysctl, $2 who does it, $3 the image
restarts() {
	local last

	last=$(tail -n 1 out)
	echo "$1" >$sysctl
	# Into a group that is his a user may move nothing from outside.
	"$2" restart --container --no-cgroups -i "$3" -P again || return
	wait_until 20 beyond $((last + 2)) || return
	look_of "$(<again)" | diff before - || return
	[[ ! -e had_thread ]] || threads_are "$(<again)" 2 || return
	[[ $(ps -o uid= -p "$(<again)" | tr -d ' ') == 1000 ]]
}

# The file that it writes to is put back afterwards, as it was.
restarts_with_capability() {
	local status=0

	cp -p out out.before
	restarts 1 as_capable image || status=1
	kill -KILL "$(<again)" && wait_until 10 gone "$(<again)" || status=1
	cp -p out.before out && rm -f again || status=1
	return "$status"
}

# Its user namespace belongs to him, not to root.
belongs_to_him() {
	local status=0

	restart --container -i image || status=$?
	((status == 125)) && grep -q 'belongs to uid 1000' words
}

if [[ ! -w $sysctl || -n ${CKPT_TEST_PLAIN:-} ]]; then
	echo '1..0 # SKIP this kernel has no checkpoint()'
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
chown 1000:1000 .

echo 'TAP version 13'
old=$(<$sysctl)
ok starts starts
ok freezes freeze "$(cat pid 2>/dev/null)"
ok privileged_checkpoint needs_privilege 0 checkpoint
ok saves_with_capability saves_with_capability
ok saves saves
ok privileged_restart needs_privilege 1 restart
ok belongs_to_its_owner belongs_to_him
ok restarts_with_capability restarts_with_capability
ok restarts restarts 2 as_user image
echo "$old" >$sysctl
kill -KILL "$(cat again 2>/dev/null)" 2>/dev/null
wait_until 10 rmdir "$cgroup" 2>/dev/null
echo "1..$number"
((failed == 0))
