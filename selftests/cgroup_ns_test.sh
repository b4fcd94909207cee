#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Cgroup namespaces of a container begin where they did: at one of its groups, or
# further out. What is mounted in them shows that.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=9 top=/sys/fs/cgroup v1=/cgroups

# BEGIN V1: the first process begins a namespace in these groups and moves into one
# below; its child begins one where it is, and has mounts of its own.
readonly PROGRAM='
set -e
begin=$1 v1=$2 box=$3
enter() { for group; do echo 0 >"$group/cgroup.procs"; done; }
enter "$begin" "$v1"
exec unshare -C sh -ec '\''
enter() { for group; do echo 0 >"$group/cgroup.procs"; done; }
v1=$1 box=$2
mount -t cgroup2 cg mnt
enter "$box/b" "$v1"
unshare -C -m sh -ec "mount -t cgroup2 cg mnt2; exec sleep 1000" &
enter "$box/a" "$v1/in"
until [ -e "/proc/$!/root$PWD/mnt2/cgroup.procs" ]; do sleep 0.1; done
echo >ready
exec sleep 1000'\'' sh "$v1" "$box"'

frozen() { grep -qx 'frozen 1' "$1/cgroup.events"; }
remove() { [[ ! -d $1 ]] || find "$1" -depth -type d -exec rmdir {} \; ; }
removed() { remove "$1" 2>/dev/null; [[ ! -d $1 ]]; }
all_removed() {
	local group
	for group in "$top"/{box,box.1,wide,other} "$v1"/{nsbox,nsbox.1,wide,other}; do
		removed "$group" || return
	done
}
# One in each hierarchy, for --cgroup
make_home() { mkdir "$top/$1" "$v1/$1"; }
child() { pgrep -P "$pid"; }

# start BEGIN BOX OPTION...
start() {
	rm -f pid ready
	mkdir -p mnt mnt2 "$2/a" "$2/b/deep" "$2/empty" "$v1/nsbox/in" || return
	ns_exec -cpuim "${@:3}" -d -P pid -- sh -c "$PROGRAM" sh "$1" "$v1/nsbox" "$2" </dev/null >log 2>&1 ||
		{ cat log; return 1; }
	pid=$(<pid)
	wait_until 20 exists ready || { cat log; return 1; }
	# Now nobody can be in these any more.
	echo '+memory +pids' >"${2%/*}/cgroup.subtree_control" && echo '+memory +pids' >"$2/cgroup.subtree_control"
}

stop() {
	kill -KILL "$pid"
	wait_until 10 gone "$pid" && wait_until 10 all_removed
}

# What a process sees of the groups: where it is, and what its mount shows
seen_by() { # PID MOUNT
	nsenter -C -t "$1" grep -E '^0:|freezer' "/proc/$1/cgroup" &&
		(cd "/proc/$1/root$PWD/$2" && find . -maxdepth 1 -type d | sort)
}
seen() { seen_by "$pid" mnt && seen_by "$(child)" mnt2; }

# save IMAGE BOX
save() {
	echo 1 >"$2/cgroup.freeze" && wait_until 10 frozen "$2" &&
		checkpoint -p "$pid" -o "$1" --kill || return
	echo 0 >"$2/cgroup.freeze"
	wait_until 10 gone "$pid" && wait_until 10 all_removed
}

go_on() { # IMAGE OPTION...
	rm -f pid
	restart --container --detach -P pid -i "$@" </dev/null || return
	pid=$(<pid)
}

# begin_again IMAGE BEGIN BOX OPTION...
begin_again() {
	local status
	start "$2" "$3" "${@:4}" && seen >before && cat before && save "$1" "$3" || return
	[[ $3 == "$top/box" ]] || make_home wide || return
	go_on "$1" --cgroup="$(dirname "${3#"$top"}")" && seen >after && diff before after
	status=$?
	stop || return
	return "$status"
}

at_its_group() {
	begin_again image "$top/box" "$top/box" && grep -qx '0::/a' before && grep -qx '0::/' before &&
		grep -Eq ':freezer:/in$' before && [[ $(grep -cx './a' before) == 1 ]]
}
listed() {
	ckptinfo --cgroups image >groups && cat groups && grep -Eqx 'namespace [0-9]+ has /box as /' groups &&
		grep -Eqx 'namespace [0-9]+ has /box/b as /' groups && grep -Eqx 'namespace [0-9]+ has /nsbox as /' groups
}

elsewhere() {
	local status
	make_home other && go_on image --cgroup=/other && grep -qx '0::/other/box/a' "/proc/$pid/cgroup" &&
		seen >after && diff before after
	status=$?
	stop || return
	return "$status"
}

# A group that was left has the name.
left_behind() {
	local status
	go_on image && kill -KILL "$pid" && wait_until 10 gone "$pid" && go_on image && seen >after && diff before after &&
		grep -qx '0::/box.1/a' "/proc/$pid/cgroup"
	status=$?
	stop || return
	return "$status"
}

in_user_namespace() { begin_again image2 "$top/box" "$top/box" -U && grep -qx '0::/a' before; }

around_it() {
	mkdir "$top/wide" && begin_again image3 "$top/wide" "$top/wide/box" && grep -qx '0::/box/a' before
}

# fails MESSAGE OPTION...: and leaves nothing
fails() {
	local message=$1 status
	shift
	restart --container "$@" >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 ]] && grep -q -- "$message" words2 && [[ ! -d $top/box && ! -d $v1/nsbox ]]
}

# At the top of all groups: those between have the names that the namespace shows.
far_out() {
	begin_again image4 "$top" "$top/wide/box" && grep -qx '0::/wide/box/a' before &&
		fails 'has it at /wide/box in a cgroup namespace, which cannot be made so' -i image4
}

# Whoever gives controllers away can have nobody in it.
taken_up() {
	local status
	make_home other && echo +memory >"$top/other/cgroup.subtree_control" || return
	fails "control group $top/other: cannot begin a cgroup namespace there: it gives controllers" -i image3 --cgroup=/other
	status=$?
	wait_until 10 all_removed || return
	return "$status"
}

where_nobody_is() {
	local status
	start "$top/box/empty" "$top/box" && echo 1 >"$top/box/cgroup.freeze" && wait_until 10 frozen "$top/box" &&
		{ checkpoint -p "$pid" -o no >words2 2>&1; [[ $? == 1 && ! -e no ]]; } &&
		grep -q 'its cgroup namespace: it begins at a control group of version 2 where none of the processes is' words2
	status=$?
	cat words2
	echo 0 >"$top/box/cgroup.freeze"
	stop || return
	return "$status"
}

tries_all() {
	ok "at a group of the container" at_its_group
	if ((failed)); then
		echo "Bail out! nothing to restart"
		return
	fi
	ok "ckptinfo tells where" listed
	ok "below another group" elsewhere
	ok "beside a group that was left" left_behind
	ok "in a user namespace" in_user_namespace
	ok "at the group around the container's" around_it
	ok "further out" far_out
	ok "where nobody can be" taken_up
	ok "where nobody is" where_nobody_is
}

# With controllers that the root may not have for its children
run_all() {
	local controller enabled
	enabled=$(<"$top/cgroup.subtree_control")
	echo '+memory +pids' >"$top/cgroup.subtree_control" || return
	tries_all
	for controller in memory pids; do
		[[ " $enabled " == *" $controller "* ]] || echo "-$controller" >"$top/cgroup.subtree_control"
	done
}

tap_main cgroup_ns ns_exec checkpoint restart ckptinfo nsenter unshare pgrep
