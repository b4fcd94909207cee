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

readonly TESTS=52

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
save() { checkpoint -p "$pid" -o "$1" --freeze --kill "${@:2}" && wait_until 10 gone "$pid"; }
go_on() {
	rm -f pid
	restart --container --detach -P pid -i "$@" </dev/null && pid=$(<pid)
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

# Two user namespaces that nobody is in: a network namespace that is open belongs to the
# inner one. In the outer one there are more user namespaces than it may have by now.
readonly SET_HELD='
mount -t proc proc /proc
rm -f set
unshare -U -r sh -ec "unshare -U -r -n sh -ec \"echo 75 >/proc/sys/user/max_net_namespaces; echo 76 >/proc/sys/user/max_uts_namespaces
		echo \\\$\\\$ >set; exec sleep 1000\"" &
until [ -s set ]; do sleep 0.1; done
nsenter -U -t $! sh -c "echo 0 >/proc/sys/user/max_user_namespaces"
inner=$(cat set)
sleep 1000 <"/proc/$inner/ns/net" &
until [ "$(readlink "/proc/$!/exe")" != "$(readlink /proc/$$/exe)" ]; do sleep 0.1; done
kill -KILL "$inner"
wait %1 || true'
# Of the user namespaces around the network namespace that is standard input
readonly HELD='
import ctypes, fcntl, os
fd = 0
for name in ("max_net_namespaces", "max_uts_namespaces", "max_user_namespaces"):
	print(name, end=" ")
	for level in range(2):
		fd = fcntl.ioctl(fd, 0xb701)
		pid = os.fork()
		if not pid:
			if ctypes.CDLL(None).setns(fd, 0x10000000):
				os._exit(1)
			os.write(1, open("/proc/sys/user/" + name).read().strip().encode() + b" ")
			os._exit(0)
		os.wait()
	fd = 0
	print(flush=True)'
held() { python3 -u -c "$HELD" <"/proc/$(pgrep -P "$pid" | head -1)/fd/0" | xargs; }
readonly HELD_LIMITS='max_net_namespaces 75 2147483647 max_uts_namespaces 76 2147483647 max_user_namespaces 2147483647 0'

# limits_that_are_held RESTART-OPTIONS -- NS_EXEC-OPTIONS
limits_that_are_held() {
	local status options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	start "$SET_HELD" "${@:2}" || return
	[[ $(held) == "$HELD_LIMITS" ]] && save image8 && go_on image8 "${options[@]}" && [[ $(held) == "$HELD_LIMITS" ]]
	status=$?
	held
	stop
	return "$status"
}

# What cannot be made is told with its reason: here there may be one pid namespace, that
# of the container, and none in a user namespace inside of it.
# Those of earlier containers may not be gone yet: then there is none for this one.
pid_ns_too_many() {
	local status limit i
	limit=$(</proc/sys/user/max_pid_namespaces)
	start 'unshare --user --map-root-user --pid --fork sleep 1000 & until [ "$(pgrep -c -x sleep)" = 1 ]; do sleep 0.1; done' && save image9 || return
	echo 1 >/proc/sys/user/max_pid_namespaces
	for ((i = 0; i < 300; i++)); do
		restart --container -i image9 >words2 2>&1 </dev/null
		status=$?
		grep -q 'cannot create the process' words2 || break
		sleep 0.2
	done
	echo "$limit" >/proc/sys/user/max_pid_namespaces
	cat words2
	[[ $status == 125 ]] && grep -qx 'restart: cannot make a pid namespace in a user namespace: No space left on device' words2 &&
		! grep -q 'Bad file descriptor' words2
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

# And a file that was opened there
opened_where_it_is_mounted() {
	local status=0 child
	start 'mount -t proc proc /proc; mkdir -p /tmp/ns && mount -t tmpfs ns /tmp/ns && touch /tmp/ns/net && unshare --net=/tmp/ns/net true
		sleep 1000 7</tmp/ns/net & until [ "$(pgrep -c -x sleep)" = 1 ]; do sleep 0.1; done' -n || return
	save image11 && go_on image11 && child=$(pgrep -P "$pid") && [[ $(readlink "/proc/$child/fd/7") == /tmp/ns/net &&
		"/proc/$child/fd/7" -ef "/proc/$pid/root/tmp/ns/net" && ! "/proc/$child/ns/net" -ef "/proc/$pid/root/tmp/ns/net" ]] || status=1
	ls -l "/proc/$child/fd"
	stop
	return "$status"
}

# Outside of the tree, that goes on to be the old one.
opened_outside() {
	local status
	rm -f pid
	: >outside
	ns_exec -pn -d -P pid -- sh -c 'mount --bind /proc/self/ns/net outside && exec sleep 1000 7<outside' </dev/null >log 2>&1 || { cat log; return 1; }
	pid=$(<pid)
	wait_until 20 exists "/proc/$pid/fd/7" &&
		is_refused 'is a namespace that was opened where it is mounted outside of the tree: not supported'
	status=$?
	umount outside
	return "$status"
}

# A thread whose network is its own; it waits until another program comes.
readonly THREAD='
import ctypes, sys, threading, time
def apart():
	if ctypes.CDLL(None).unshare(0x40000000):
		raise OSError
	exec(sys.argv[1])
	done.set()
	time.sleep(1000)
done = threading.Event()
threading.Thread(target=apart, daemon=True).start()
done.wait()
open("ready", "w").write("\n")
time.sleep(1000)'
# start_thread PYTHON: a container of a process with such a thread, which runs that
start_thread() {
	rm -f pid ready
	ns_exec -cpuimn -d -P pid -- python3 -c "$THREAD" "$1" </dev/null >log 2>&1 || { cat log; return 1; }
	pid=$(<pid)
	wait_until 20 exists ready || { cat log; return 1; }
}
in_thread() { nsenter --net="$(find "/proc/$pid/task" -path '*/ns/net' | tail -1)" "$@"; }

of_a_thread() {
	local status=0
	start_thread 'open("/proc/sys/net/unix/max_dgram_qlen", "w").write("88")' || return
	save image10 --thread-namespaces && go_on image10 && [[ $(in_thread cat /proc/sys/net/unix/max_dgram_qlen) == 88 ]] &&
		[[ $(inside cat /proc/sys/net/unix/max_dgram_qlen) != 88 ]] || status=1
	stop
	return "$status"
}
refuses_of_a_thread() {
	start_thread 'import os; os.system("ip link set lo up && ip addr add 10.0.0.1/8 dev lo")' &&
		is_refused "its network namespace: $ADDRESSES: not supported" --thread-namespaces
}
# What would not be looked at is not lost.
refuses_unasked() { start_thread pass && is_refused 'is in other namespaces than the first thread of its process.*--thread-namespaces'; }

# is_refused WORDS OPTION...: the container, which ends
is_refused() {
	local status
	rm -f no
	checkpoint -p "$pid" -o no --freeze "${@:2}" >words2 2>&1
	status=$?
	cat words2
	stop
	[[ $status == 1 && ! -e no ]] && grep -q -- "$1" words2
}

readonly ADDRESSES='it has addresses beside those of lo, or these with another scope, label or lifetime'
# refuses WORDS SCRIPT
refuses() { start "$2" -n && is_refused "^checkpoint: pid $pid (.*): its network namespace: $1: not supported"; }

# A table of nftables for IP or IPv4, by the messages that its tool sends
readonly NFTABLES='
import socket, struct
def message(kind, flags, body):
	return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
limits = struct.pack("=BBH", 0, 0, socket.htons(10))
errors = []
for family in (1, 2):
	table = struct.pack("=BBHHH", family, 0, 0, 6, 1) + b"x\0\0\0"
	s.send(message(16, 1, limits) + message(10 << 8, 0x405, table) + message(17, 1, limits))
	errors.append(struct.unpack_from("=i", s.recv(4096), 16)[0])
raise SystemExit(0 not in errors)'
# Asked for it, the kernel makes the table.
readonly IPTABLES='
import ctypes, socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
info = ctypes.create_string_buffer(b"filter", 84)
size = ctypes.c_int(84)
raise SystemExit(ctypes.CDLL(None).getsockopt(s.fileno(), 0, 64, info, ctypes.byref(size)) != 0)'
# Features of a device, by the request that ethtool makes: no checksums
readonly FEATURES='
import array, fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
value = array.array("B", struct.pack("=II", 0x2c, 0))
fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", b"lo", value.buffer_info()[0]))'
# One that waits for its keys, as no cipher is needed for that
readonly STATE='ip xfrm state allocspi src 10.0.0.1 dst 10.0.0.2 proto esp mode transport min 7 max 7'

# may_refuse NAME WORDS SCRIPT: where the kernel has what the script sets
may_refuse() {
	if unshare -n sh -ec "$3" >/dev/null 2>&1; then
		ok "$1" refuses "$2" "$3"
		return
	fi
	number=$((number + 1))
	echo "ok $number $1 # SKIP this kernel has no such thing"
}

# Root who may not ask: that nothing is told does not mean that there is nothing.
refuses_if_untold() {
	local status
	start true -n || return
	setpriv --bounding-set=-net_admin checkpoint -p "$pid" -o no --freeze >words2 2>&1
	status=$?
	cat words2
	stop
	[[ $status == 1 && ! -e no ]] && grep -q 'cannot tell whether it has IPsec states (Operation not permitted)' words2
}

# Neighbours that were found, counters: those come by themselves.
lo_alone() {
	local status
	start 'ip link set lo up; ip neigh add 127.0.0.2 lladdr 00:00:00:00:00:01 nud stale dev lo' -n &&
		inside ip neigh show dev lo | grep -q STALE && save image7 && go_on image7 &&
		[[ $(inside ip -o -4 addr show dev lo up | awk '{ print $4 }') == 127.0.0.1/8 ]]
	status=$?
	stop
	return "$status"
}

# With IPv6: the addresses and routes of lo, and what is set. Some of it can be set only
# when something else is.
readonly SET6='
set -e
cd /proc/sys/net/ipv6
ip link set lo up
echo 1 >conf/all/forwarding
echo 0 >conf/lo/forwarding
echo 2 >conf/lo/accept_ra
echo 0 >conf/default/autoconf
echo 2 >conf/default/use_tempaddr
echo 2001:db8::7 >conf/lo/stable_secret
echo 77 >neigh/lo/retrans_time_ms
echo 9 >icmp/ratelimit'
readonly LOOK6='
cd /proc/sys/net/ipv6
cat conf/all/forwarding conf/lo/forwarding conf/lo/accept_ra conf/default/autoconf conf/default/use_tempaddr \
	conf/lo/stable_secret conf/lo/addr_gen_mode neigh/lo/retrans_time_ms icmp/ratelimit conf/lo/disable_ipv6
ip -6 addr show; ip -6 route show table all; ip -6 rule show; ip addrlabel show'
look6() { inside sh -c "$LOOK6" 2>&1; }

# goes_on_with_6 SCRIPT WORDS OPTION...: and these are what is looked at
goes_on_with_6() {
	local status
	start "$1" -n "${@:3}" || return
	look6 >before && grep -q -- "$2" before && save image6 && go_on image6 && look6 >after && diff before after
	status=$?
	cat before
	stop
	return "$status"
}
# if_6 NAME TEST...: where the kernel has IPv6
if_6() {
	if [[ -e /proc/sys/net/ipv6 ]]; then
		ok "$@"
		return
	fi
	number=$((number + 1))
	echo "ok $number $1 # SKIP this kernel has no IPv6"
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
	ok "limits of user namespaces that nobody is in" limits_that_are_held --
	ok "limits of user namespaces in one, without the pids" limits_that_are_held --no-pids -- -U
	ok "one pid namespace too many" pid_ns_too_many
	ok "of a namespace that only a mount holds" of_one_that_is_mounted
	ok "one that was opened where it is mounted" opened_where_it_is_mounted
	ok "one that was opened outside of the tree" opened_outside
	ok "of a thread" of_a_thread
	ok "another address of a thread" refuses_of_a_thread
	ok "a thread that is not looked at" refuses_unasked
	ok "another address" refuses "$ADDRESSES" 'ip addr add 10.0.0.1/32 dev lo'
	ok "a route" refuses 'it has routes' 'ip link set lo up; ip route add blackhole 10.1.0.0/16'
	may_refuse "a rule" 'it has routing rules' 'ip rule add from 10.2.0.0/16 table 7'
	may_refuse "a rule like those of the kernel" 'it has routing rules' 'ip rule add from all table main pref 7 proto kernel'
	may_refuse "a rule less" 'it has other routing rules than a new one' 'ip rule del pref 32767'
	ok "a route less" refuses 'it has other routes than a new one' \
		'ip link set lo up; ip route del broadcast 127.255.255.255 dev lo table local'
	ok "a nexthop" refuses 'it has nexthop objects' 'ip link set lo up; ip nexthop add id 7 blackhole'
	ok "a permanent neighbour" refuses 'it has permanent neighbours' \
		'ip link set lo up; ip neigh add 10.0.0.2 lladdr 00:00:00:00:00:01 nud permanent dev lo'
	ok "a neighbour that it answers for" refuses 'it has neighbours that it answers for' \
		'ip link set lo up; ip neigh add proxy 10.0.0.3 dev lo'
	may_refuse "a queue" 'it has traffic control' 'ip link set lo up; tc qdisc add dev lo root tbf rate 1mbit burst 4k limit 8k'
	may_refuse "an action on what comes in" 'it has traffic control' 'ip link set lo up; tc qdisc add dev lo ingress'
	may_refuse "an IPsec state" 'it has IPsec states' "$STATE"
	may_refuse "an IPsec policy" 'it has IPsec policies' 'ip xfrm policy add dir out src 10.0.0.1 dst 10.0.0.2 action block'
	may_refuse "nftables" 'it has tables of nftables' "exec python3 -c '$NFTABLES'"
	may_refuse "iptables" 'it has tables of iptables (ip_tables_names)' "exec python3 -c '$IPTABLES'"
	ok "the MTU of lo" refuses 'its lo has another MTU than a new one' 'ip link set lo mtu 9000'
	ok "the queue of lo" refuses 'its lo has another length of the queue than a new one' 'ip link set lo txqueuelen 7'
	ok "an alias of lo" refuses 'its lo has another alias than a new one' 'ip link set lo alias mine'
	ok "a second name of lo" refuses 'its lo has another second name than a new one' 'ip link property add dev lo altname mine'
	ok "the flags of lo" refuses 'its lo has other flags than a new one' 'ip link set lo multicast on'
	ok "the features of lo" refuses 'its lo has other features than a new one' "python3 -c '$FEATURES'"
	ok "lo without an address" refuses 'its lo is up without an address that a new one has' 'ip link set lo up; ip addr del 127.0.0.1/8 dev lo'
	if unshare -n sh -c "$STATE" >/dev/null 2>&1; then
		ok "what cannot be asked for" refuses_if_untold
	else
		number=$((number + 1))
		echo "ok $number what cannot be asked for # SKIP this kernel has no IPsec"
	fi
	ok "lo alone" lo_alone
	if_6 "IPv6 on lo, and settings" goes_on_with_6 "$SET6" '::1/128'
	if_6 "IPv6 in a user namespace" goes_on_with_6 "$SET6" '::1/128' -U
	if_6 "IPv6 switched off" goes_on_with_6 'ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6' '^1$'
	if_6 "IPv6: ::1 without a route" refuses 'its lo is up without an address that a new one has' \
		'ip link set lo up; ip -6 addr del ::1/128 dev lo; ip -6 addr add ::1/128 dev lo noprefixroute'
	if_6 "IPv6: another address" refuses "$ADDRESSES" 'ip -6 addr add fd00::1/128 dev lo'
	if_6 "IPv6: lo without an address" refuses 'its lo is up without an address that a new one has' \
		'ip link set lo up; ip -6 addr del ::1/128 dev lo'
	if_6 "IPv6: a route" refuses 'it has routes' 'ip link set lo up; ip -6 route add blackhole fd01::/64'
	if_6 "IPv6: a route less" refuses 'it has other routes than a new one' \
		'ip link set lo up; ip -6 route del local ::1 dev lo table local'
	may_refuse "IPv6: a rule" 'it has routing rules' 'ip -6 rule add from fd00::/64 table 7'
	if_6 "IPv6: a neighbour that it answers for" refuses 'it has neighbours that it answers for' \
		'ip link set lo up; ip -6 neigh add proxy fd00::3 dev lo'
	if_6 "IPv6: an address label" refuses 'it has other address labels than a new one' \
		'ip addrlabel add prefix fd00::/64 label 99'
	may_refuse "SRv6" 'it has a source address of SRv6' 'ip sr tunsrc set fd00::1'
	ok "a forged image" forged
}

tap_main settings ns_exec checkpoint restart ckptinfo nsenter setpriv python3 ip tc
