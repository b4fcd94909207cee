# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# programs are expanded by another shell
# shellcheck disable=SC2086	# pids have no spaces
# restart: process trees, failures and signals, with a fake kernel

restart=$CHECK/fake-restart
export FAKE_DIR="$TMP/fake"
export FAKE_PROGRAM='echo "$$ $PPID"; sleep 0.2'

fresh() { nobody && rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR"; }
rerun() { fresh && run "$@"; }

# Pids that nobody has here, in a pid namespace of our own.
a=30001 b=30002 c=30003 d=30004
"$CHECK/mkimage" $a $b:$a $c:$a $d:$c >"$TMP/subtree"
"$CHECK/mkimage" -c 1 7:1 12:7 >"$TMP/container"
all_gone() {
	for pid in $a $b $c $d; do
		! kill -0 $pid 2>/dev/null || return 1
	done
}
nobody() { until_true all_gone; }

subtree() {
	rerun 0 "$restart" --time=now -w -i "$TMP/subtree" && out "^$a " &&
		out "^$b $a$" && out "^$c $a$" && out "^$d $c$"
}
from_stdin() { rerun 0 "$restart" --time=now -w <"$TMP/subtree" && out "^$d $c$"; }
from_pipe() {
	fresh
	head -c 1000000 "$TMP/subtree" | run 0 "$restart" --time=now --wait &&
		out "^$d $c$"
}
stdin_replaced() {
	FAKE_PROGRAM='readlink /proc/self/fd/0' rerun 0 "$restart" -w <"$TMP/subtree" &&
		out '^/dev/null$'
}
descriptors() {
	FAKE_PROGRAM='for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
			[ ! -e /proc/$$/fd/$n ] || echo "$n is open"; done; echo end' \
		rerun 0 "$restart" -w -i "$TMP/subtree" 9</dev/null &&
		out end && not out open
}
background() {
	FAKE_PROGRAM='echo up; sleep 30' rerun 0 "$restart" -P "$TMP/pid" -i "$TMP/subtree" &&
		[ "$(cat "$TMP/pid")" = $a ] && kill -0 $a && kill -0 $d &&
		kill -9 $a $b $c $d && nobody
}
status() { FAKE_PROGRAM='exit 5' rerun 5 "$restart" -w -i "$TMP/subtree"; }
signaled() { FAKE_PROGRAM='kill -9 $$' rerun 137 "$restart" -w -i "$TMP/subtree"; }
forwards() {
	fresh
	FAKE_PROGRAM="trap 'exit 9' TERM; echo >>$TMP/up; while :; do sleep 0.05; done" \
		"$restart" -w -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true test -s "$TMP/up"
	sleep 0.3
	kill -TERM $child
	wait $child
	[ $? -eq 9 ]
	result=$?
	kill -9 $b $c $d
	rm "$TMP/up"
	return $result
}
session() {
	FAKE_PROGRAM='ps -o sid= -p $$' rerun 0 "$restart" -d -w -i "$TMP/subtree" &&
		[ "$(sort -u "$TMP/out" | tr -d ' ')" = $a ]
}
taken() {
	"$CHECK/mkimage" $a $$:$a >"$TMP/taken"
	rerun 125 "$restart" -i "$TMP/taken" && err "pid $$ .*taken by" && nobody
}
no_join() { FAKE_NOJOIN=$d rerun 125 "$restart" -i "$TMP/subtree" && err 'nothing was restarted' && nobody; }
needs_container() { rerun 125 "$restart" -i "$TMP/container" && err -- --container; }
bad_image() { rerun 125 "$restart" -i /etc/passwd && err 'not a checkpoint image'; }
all_joined() { [ "$(wc -c <"$FAKE_DIR/joined")" -eq "$1" ]; }
# "interrupted SIGNAL STATUS": while everything waits in the kernel
interrupted() {
	fresh
	FAKE_STALL=1 "$restart" -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_joined 4
	kill -"$1" $child
	wait $child 2>/dev/null
	[ $? -eq "$2" ] && nobody
}
externals() {
	"$CHECK/mkimage" $a >"$TMP/one"
	rerun 0 "$restart" -w -i "$TMP/one"
}

container() {
	FAKE_PROGRAM='echo "$$ $PPID $(uname -n) $(ls -d /proc/[0-9]* | wc -l)"; sleep 0.2' \
		rerun 0 "$restart" -c -w <"$TMP/container" && out '^1 0 testhost' &&
		out '^7 1 testhost' && out '^12 7 testhost'
}
with_init() {
	rerun 0 "$restart" -c -w -i "$TMP/subtree" && out "^$a 1$" && out "^$d $c$"
}
with_init_status() { FAKE_PROGRAM='exit 6' rerun 6 "$restart" -c -w -i "$TMP/subtree"; }
with_init_background() {
	FAKE_PROGRAM='sleep 30' rerun 0 "$restart" -c -P "$TMP/pid" -i "$TMP/subtree" &&
		sleep 0.2 && kill -0 "$(cat "$TMP/pid")" && kill -9 "$(cat "$TMP/pid")"
}
container_no_join() {
	FAKE_NOJOIN=12 rerun 125 "$restart" -c -i "$TMP/container" &&
		err 'nothing was restarted'
}
clocks() {
	# The test image's clocks: 1 s and 2 s.
	FAKE_PROGRAM='cut -d. -f1 /proc/uptime' rerun 0 "$restart" -c -w -i "$TMP/container" &&
		out '^[23]$'
}
clocks_now() {
	FAKE_PROGRAM='cut -d. -f1 /proc/uptime' \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/container" && not out '^[23]$'
}
container_interrupted() {
	fresh
	FAKE_STALL=1 "$restart" -c -i "$1" 2>"$TMP/err" &
	child=$!
	until_true all_joined "$3"
	kill -"$2" $child
	wait $child 2>/dev/null
	until_true not pgrep -f "^$restart -c -i $1" || return 1
}

if [ "${IN_CONTAINER:-no}" = yes ]; then
	ok "restart: a subtree with its pids" subtree
	ok "restart: image from the standard input" from_stdin
	ok "restart: image from a pipe" from_pipe
	ok "restart: the image is not the program's input" stdin_replaced
	ok "restart: no descriptors of ours remain" descriptors
	ok "restart: without --wait" background
	ok "restart: --wait: exit status" status
	ok "restart: --wait: signal" signaled
	ok "restart: --wait: signals are passed on" forwards
	ok "restart: --detach" session
	ok "restart: a pid is taken" taken
	ok "restart: one process cannot join" no_join
	ok "restart: a container needs --container" needs_container
	ok "restart: a bad image" bad_image
	ok "restart: SIGINT leaves nothing" interrupted INT 130
	ok "restart: SIGTERM leaves nothing" interrupted TERM 143
	ok "restart: SIGKILL leaves nothing" interrupted KILL 137
	ok "restart: external files" externals
	ok "restart: a container" container
	ok "restart: a subtree in a container" with_init
	ok "restart: a subtree in a container: exit status" with_init_status
	ok "restart: a subtree in a container, without --wait" with_init_background
	ok "restart: one process of a container cannot join" container_no_join
	ok "restart: SIGTERM leaves no container" container_interrupted "$TMP/container" TERM 3
	ok "restart: SIGKILL leaves no container" container_interrupted "$TMP/container" KILL 3
	ok "restart: SIGKILL leaves no init" container_interrupted "$TMP/subtree" KILL 4
	if unshare -T true 2>/dev/null; then
		ok "restart: the clocks go on" clocks
		ok "restart: --time=now" clocks_now
	else
		skip "restart: clocks" "no time namespaces"
	fi
else
	skip "restart" "no right to make containers and choose pids"
fi
