# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# programs are expanded by another shell
# What a network namespace has that is refused, with a fake kernel: of what the selftests'
# machines hardly have

checkpoint=$CHECK/fake-checkpoint
export FAKE_IMAGE="$TMP/image"

# A set in which there can be others, as its tool asks for it
IPSET='
import socket, struct
def attr(kind, value):
	return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
body = struct.pack("=BBH", 0, 0, 0) + attr(1, b"\6") + attr(2, b"x\0") + attr(3, b"list:set\0") + attr(4, b"\0") + attr(5, b"\0")
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHII", 16 + len(body), 6 << 8 | 2, 0x605, 1, 0) + body)
raise SystemExit(struct.unpack_from("=i", s.recv(4096), 16)[0] != 0)'
# An id for the network namespace of another process
NSID='
import os, socket, struct, sys
body = bytes(4) + struct.pack("=HHiHHi", 8, 3, os.open("/proc/%s/ns/net" % sys.argv[1], os.O_RDONLY), 8, 1, 7)
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack("=IHHII", 16 + len(body), 88, 5, 1, 0) + body)
raise SystemExit(struct.unpack_from("=i", s.recv(4096), 16)[0] != 0)'
# Fails where the kernel does not list what is at hooks of netfilter
HOOKS='
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
body = struct.pack("=BBHHHI", 2, 0, 0, 8, 1, socket.htonl(3))
s.send(struct.pack("=IHHII", 16 + len(body), 12 << 8, 0x301, 1, 0) + body)
raise SystemExit(struct.unpack_from("=H", s.recv(65536), 4)[0] == 2)'
# A program that lets all pass, attached to the namespace, or to what else is said; KIND
# TYPE RESULT FILE [TARGET [WORD...]]. A link is one as long as somebody has it.
PROGRAM=$BPF'
kind, type, result = map(int, sys.argv[1:4])
target, *words = map(int, sys.argv[5:] or [os.open("/proc/self/ns/net", os.O_RDONLY)])
link = bpf(LINK_CREATE, "<%dI" % (4 + len(words)), load(kind, result, type), target, type, 0, *words)
open(sys.argv[4], "w").close()
time.sleep(10000)'

# in_net PROGRAM [ARGUMENT...]: a tree in a network namespace of its own, when it is set up
in_net() {
	rm -f "$TMP/ready" "$TMP/none"
	unshare -n sh -ec "$@" >"$TMP/err" 2>&1 &
	tree=$!
	"$CHECK/mkimage" $tree >"$TMP/image"
	until_true net_settled && [ -e "$TMP/ready" ]
}
net_settled() { [ -e "$TMP/ready" ] || ! kill -0 "$tree" 2>/dev/null; }
end_net() {
	kill -9 "$tree" 2>/dev/null
	wait "$tree" 2>/dev/null
}
refused_net() {
	run 1 "$checkpoint" -p "$tree" -o "$TMP/none" && [ ! -e "$TMP/none" ] &&
		err "^checkpoint: pid $tree (.*): its network namespace: $1: not supported"
}
saved_net() { run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && rm "$TMP/saved"; }
# refuses_net NAME WORDS PROGRAM [ARGUMENT...]
refuses_net() {
	name=$1 words=$2
	shift 2
	if in_net "$@"; then
		ok "network: $name" refused_net "$words"
	else
		skip "network: $name" "this kernel has no such thing, or there is no right to use it"
	fi
	end_net
}

# saves_net NAME PROGRAM [ARGUMENT...]
saves_net() {
	name=$1
	shift
	if in_net "$@"; then
		ok "network: $name" saved_net
	else
		skip "network: $name" "this kernel has no such thing"
	fi
	end_net
}

OTHER_ADDRESSES='it has addresses beside those of lo, or these with another scope, label or lifetime'
READY="echo >$TMP/ready; exec sleep 10000"
if [ "${IN_CONTAINER:-no}" = yes ] && in_net "$READY"; then
	ok "network: a new one is saved" saved_net
	end_net
	saves_net "lo with what comes with it" "ip link set lo up; $READY"
	saves_net "a setting that another one needs" "echo fd00::7 >/proc/sys/net/ipv6/conf/lo/stable_secret; $READY"
	saves_net "IPv6 switched off" "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up; $READY"
	saves_net "an address set again" \
		"ip link set lo up; ip -6 addr del ::1/128 dev lo; ip -6 addr add ::1/128 dev lo; $READY"
	saves_net "an address of IPv4 set again" \
		"ip link set lo up; ip addr del 127.0.0.1/8 dev lo; ip addr add 127.0.0.1/8 dev lo; $READY"
	refuses_net "another scope" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip addr del 127.0.0.1/8 dev lo; ip addr add 127.0.0.1/8 scope global dev lo; $READY"
	refuses_net "another label" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip addr del 127.0.0.1/8 dev lo; ip addr add 127.0.0.1/8 label lo:x dev lo; $READY"
	refuses_net "an address that will go away" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip addr change 127.0.0.1/8 valid_lft 5000 preferred_lft 4000 dev lo; $READY"
	refuses_net "an address of IPv6 that will go away" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip -6 addr change ::1/128 valid_lft 5000 preferred_lft 4000 dev lo; $READY"
	refuses_net "an address that is not preferred" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip -6 addr change ::1/128 preferred_lft 0 dev lo; $READY"
	refuses_net "... of a lo that is down" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip addr change 127.0.0.1/8 valid_lft 5000 preferred_lft 4000 dev lo; ip link set lo down; $READY"
	refuses_net "an address with a peer" "$OTHER_ADDRESSES" \
		"ip link set lo up; ip -6 addr del ::1/128 dev lo; ip -6 addr add fd00::1 peer ::1/128 dev lo; $READY"
	refuses_net "lo without an address of IPv6" 'its lo is up without an address that a new one has' \
		"ip link set lo up; ip -6 addr del ::1/128 dev lo; $READY"
	refuses_net "a route of IPv6 less" 'it has other routes than a new one' \
		"ip link set lo up; ip -6 route del local ::1 dev lo table local; $READY"
	refuses_net "another address label" 'it has other address labels than a new one' \
		"ip addrlabel add prefix fd00::/64 label 99; $READY"
	refuses_net "an address label less" 'it has other address labels than a new one' \
		"ip addrlabel del prefix ::/96 label 3; $READY"
	refuses_net "sets of ipset" 'it has sets of ipset' "python3 -c '$IPSET'; $READY"
	refuses_net "endpoints of MPTCP" 'it has endpoints of MPTCP' "ip mptcp endpoint add 10.0.0.1 signal; $READY"
	refuses_net "limits of MPTCP" 'it has other limits of MPTCP than a new one' \
		"ip mptcp limits set subflows 5 add_addr_accepted 3; $READY"
	refuses_net "a source address of SRv6" 'it has a source address of SRv6' "ip sr tunsrc set fc00::1; $READY"
	refuses_net "namespaces of IOAM" 'it has namespaces of IOAM' "ip ioam namespace add 7; $READY"
	refuses_net "schemas of IOAM" 'it has schemas of IOAM' "ip ioam schema add 7 some; $READY"
	refuses_net "tunnels of L2TP" 'it has tunnels of L2TP' \
		"ip link set lo up; ip l2tp add tunnel tunnel_id 7 peer_tunnel_id 8 encap udp local 127.0.0.1 remote 127.0.0.2 udp_sport 5000 udp_dport 6000; $READY"
	refuses_net "mappings of ILA" 'it has mappings of ILA' \
		"ip ila add loc_match 1:2:3:4 loc 5:6:7:8 csum-mode no-action ident-type luid; $READY"
	refuses_net "ids of others" 'it has ids of other network namespaces' "python3 -c '$NSID' $$; $READY"
	refuses_net "services of IPVS" 'it has services of IPVS (ip_vs)' "ipvsadm -A -t 10.0.0.1:80 -s rr; $READY"
	refuses_net "ports of FOU" 'it has ports of FOU' "ip fou add port 5555 ipproto 4; $READY"
	refuses_net "a program that dissects" 'a BPF program (flow_dissector) is attached to it' \
		'exec python3 -c "$@"' sh "$PROGRAM" 22 17 0 "$TMP/ready"
	refuses_net "a program that looks sockets up" 'a BPF program (sk_lookup) is attached to it' \
		'exec python3 -c "$@"' sh "$PROGRAM" 30 36 1 "$TMP/ready"
	refuses_net "a program on what comes in by lo" 'a BPF program (tcx/ingress) is attached to its lo' \
		'exec python3 -c "$@"' sh "$PROGRAM" 3 46 0 "$TMP/ready" 1
	refuses_net "a program on what goes out by lo" 'a BPF program (tcx/egress) is attached to its lo' \
		'exec python3 -c "$@"' sh "$PROGRAM" 3 47 0 "$TMP/ready" 1
	# IPv4, NF_INET_LOCAL_OUT; the kernel may not tell whose it is.
	words='it has BPF programs at hooks of netfilter'
	python3 -c "$HOOKS" 2>/dev/null ||
		words="cannot tell whether $words, which are there (the kernel needs CONFIG_NETFILTER_NETLINK_HOOK to list them)"
	refuses_net "a program of netfilter" "$words" \
		'exec python3 -c "$@"' sh "$PROGRAM" 32 45 1 "$TMP/ready" 0 2 3 7 0
else
	skip "network" "no network namespaces"
fi
