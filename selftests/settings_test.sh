#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is set in the network, IPC, user and pid namespaces of a container is set after
# a restart; what else a network namespace may have is refused.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=12

# One of them changes others, which are set back.
readonly SET='
set -e
cd /proc/sys
echo 0 >net/ipv4/ip_unprivileged_port_start
echo "10 20" >net/ipv4/ping_group_range
echo 1 >net/ipv4/ip_forward
echo 0 >net/ipv4/conf/lo/forwarding
echo 7 >net/ipv4/conf/default/log_martians
echo 77 >net/unix/max_dgram_qlen
echo "250 32000 100 77" >kernel/sem
echo 12345 >kernel/msgmax
echo 17 >fs/mqueue/queues_max'
readonly NAMES=(net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range net/ipv4/ip_forward
net/ipv4/conf/lo/forwarding net/ipv4/conf/all/forwarding net/ipv4/conf/default/log_martians
net/unix/max_dgram_qlen kernel/sem kernel/msgmax fs/mqueue/queues_max)

# start SCRIPT OPTION...: a container that runs it, and says "ready"
start() {
	rm -f pid ready
	ns_exec -cpuim "${@:2}" -d -P pid -- sh -c 'sh -ec "$1" && echo >ready; exec sleep 1000' sh "$1" </dev/null >log 2>&1 || { cat log; return 1; }
	pid=$(<pid)
	wait_until 20 exists ready || { cat log; return 1; }
}
stop() { kill -KILL "$pid" && wait_until 10 gone "$pid"; }
save() { checkpoint -p "$pid" -o "$1" --freeze --kill && wait_until 10 gone "$pid"; }
go_on() {
	rm -f pid
	restart --container --detach -P pid -i "$1" </dev/null && pid=$(<pid)
}
inside() {
	local user=()
	[[ /proc/$pid/ns/user -ef /proc/self/ns/user ]] || user=(-U --preserve-credentials)
	nsenter "${user[@]}" -n -i -t "$pid" "$@"
}
all_settings() { inside sh -c 'cd /proc/sys; for name; do echo "$name: $(cat "$name")"; done' sh "${NAMES[@]}"; }

are_set_again() {
	start "$SET" "$@" || return
	all_settings >before && grep -qx 'net/ipv4/conf/lo/forwarding: 0' before || return
	save image && go_on image && all_settings >after && diff before after || return
	grep -qx 'net/ipv4/conf/all/forwarding: 1' after && [[ $(cat /proc/sys/kernel/msgmax) != 12345 ]]
	local status=$?
	stop
	return "$status"
}
are_told() {
	ckptinfo --json image | python3 -c '
import json, sys
set = [r["setting"] for r in json.load(sys.stdin)["tools"] if r["type"] == "SYSCTL"]
print(set)
sys.exit(["kernel/msgmax", "12345"] not in set or len(set) > 31)'
}

# Pids begin at a number that nothing here gets to by itself. In the inner namespace
# there are fewer than are in use.
readonly SET_PIDS='
set -e
mount -t proc proc /proc
cd /proc/sys
unshare --pid --fork sh -ec "echo 700 >/proc/sys/kernel/ns_last_pid; sleep 1000 & sleep 1000 & sleep 1000 &
	[ ! -e /proc/sys/vm/memfd_noexec ] || echo 1 >/proc/sys/vm/memfd_noexec
	echo 600 >/proc/sys/kernel/pid_max; exec sleep 1000" &
until [ "$(pgrep -c -x sleep)" = 4 ]; do sleep 0.1; done
echo 20000 >kernel/pid_max
echo 7000 >kernel/ns_last_pid
sleep 0'
# What has to be run in a pid namespace; the last one is the next pid
readonly PIDS='cat /proc/sys/kernel/pid_max /proc/sys/vm/memfd_noexec 2>/dev/null; echo $$'
in_pids() { nsenter -p -t "$1" sh -c "$PIDS"; }
inner() { pgrep -P "$(pgrep -P "$pid")" | head -1; }

pids_go_on() {
	local status
	start "$SET_PIDS" && save image4 && ckptinfo --json image4 | python3 -c '
import json, sys
set = [(r["fields"]["pid"], r["setting"]) for r in json.load(sys.stdin)["tools"] if r["type"] == "SYSCTL"]
print(set)
sys.exit((1, ["kernel/ns_last_pid", "7001"]) not in set or (1, ["kernel/pid_max", "20000"]) not in set)' || return
	go_on image4 && [[ $(in_pids "$pid" | sed -n '1p;$p' | xargs) == '20000 7002' ]] &&
		[[ $(in_pids "$(inner)" | sed -n '1p;$p' | xargs) =~ ^600\ [0-9]+$ ]] &&
		[[ ! -e /proc/sys/vm/memfd_noexec || $(in_pids "$(inner)" | sed -n 2p) == 1 ]]
	status=$?
	in_pids "$pid"
	in_pids "$(inner)"
	stop
	return "$status"
}

# A look at it is no new pid.
again_and_again() {
	local status
	start "$SET_PIDS" && checkpoint -p "$pid" -o no5 --freeze && checkpoint -p "$pid" -n --freeze && save image5 &&
		go_on image5 && [[ $(in_pids "$pid" | tail -1) == 7002 ]]
	status=$?
	stop
	return "$status"
}

# No more namespaces than there are: so they are made before that is set.
limits_of_users() {
	local status
	start 'cd /proc/sys/user; echo 0 >max_user_namespaces; echo 0 >max_pid_namespaces; echo 0 >max_mnt_namespaces
		echo 77 >max_net_namespaces' -n -U && save image6 && go_on image6 &&
		[[ $(inside sh -c 'cd /proc/sys/user; cat max_user_namespaces max_pid_namespaces max_mnt_namespaces max_net_namespaces max_uts_namespaces' | xargs) == '0 0 0 77 2147483647' ]]
	status=$?
	stop
	return "$status"
}

# One that no process is in, but a mount
of_one_that_is_mounted() {
	local status=0
	start 'mkdir -p /tmp/ns && mount -t tmpfs ns /tmp/ns && touch /tmp/ns/net && unshare --net=/tmp/ns/net \
		sh -c "echo 99 >/proc/sys/net/unix/max_dgram_qlen"' -n || return
	save image2 && go_on image2 &&
		[[ $(nsenter --net="/proc/$pid/root/tmp/ns/net" cat /proc/sys/net/unix/max_dgram_qlen) == 99 ]] || status=1
	stop
	return "$status"
}

# refuses WORDS SCRIPT
refuses() {
	local status
	start "$2" -n || return
	checkpoint -p "$pid" -o no --freeze >words2 2>&1
	status=$?
	cat words2
	stop
	[[ $status == 1 && ! -e no ]] && grep -q -- "^checkpoint: pid $pid (.*): its network namespace: $1: not supported" words2
}

# What a forged image wants to have set is no sysctl of a namespace.
forged() {
	local status
	python3 - image forged <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(data.replace(b"kernel/msgmax\0", b"kernel/domain\0"))
PYTHON
	restart --container -i forged >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 ]]
}

run_all() {
	ok "they are set again" are_set_again -n
	if ((failed)); then
		echo "Bail out! nothing to look at"
		return
	fi
	ok "ckptinfo tells them" are_told
	ok "in a user namespace" are_set_again -n -U
	ok "limits and next pids of pid namespaces" pids_go_on
	ok "a checkpoint takes no pid" again_and_again
	ok "limits of a user namespace" limits_of_users
	ok "of a namespace that only a mount holds" of_one_that_is_mounted
	ok "another address" refuses 'it has addresses beside those of lo' 'ip addr add 10.0.0.1/32 dev lo'
	ok "a route" refuses 'it has routes' 'ip link set lo up; ip route add blackhole 10.1.0.0/16'
	if unshare -n ip rule add from 10.2.0.0/16 table 7 2>/dev/null; then
		ok "a rule" refuses 'it has routing rules' 'ip rule add from 10.2.0.0/16 table 7'
	else
		number=$((number + 1))
		echo "ok $number a rule # SKIP this kernel has no rules for routing"
	fi
	ok "lo alone" start 'ip link set lo up' -n
	stop
	ok "a forged image" forged
}

tap_main settings ns_exec checkpoint restart ckptinfo nsenter python3 ip
