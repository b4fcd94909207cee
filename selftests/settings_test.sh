#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is set in the network and IPC namespaces of a container is set after a
# restart; what else a network namespace may have is refused.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=9

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
sys.exit(["kernel/msgmax", "12345"] not in set or len(set) > 30)'
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
