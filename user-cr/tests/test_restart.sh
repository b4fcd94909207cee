# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# programs are expanded by another shell
# shellcheck disable=SC2086	# pids have no spaces
# restart: process trees, failures and signals, with a fake kernel

restart=$CHECK/fake-restart
export FAKE_DIR="$TMP/fake"
# None ends before all have come there: who waits for the first one only has what all say.
ALL_SAID='echo >>$FAKE_DIR/said; i=0
	until [ "$(wc -l <$FAKE_DIR/said)" -ge "$(wc -c <$FAKE_DIR/joined)" ] || [ $((i += 1)) -gt 2000 ]; do sleep 0.02; done'
export FAKE_PROGRAM='echo "$$ $PPID"; '"$ALL_SAID"

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
	FAKE_PROGRAM='echo up; sleep 3000' rerun 0 "$restart" -P "$TMP/pid" -i "$TMP/subtree" &&
		[ "$(cat "$TMP/pid")" = $a ] && kill -0 $a && kill -0 $d &&
		kill -9 $a $b $c $d && nobody
}
pid_file() {
	rerun 125 "$restart" -P "$TMP/none/pid" -i "$TMP/subtree" && err "cannot write $TMP/none/pid: No such file" &&
		[ ! -e "$FAKE_DIR/joined" ] && rm -f "$TMP/pid" &&
		FAKE_NOJOIN=$d rerun 125 "$restart" -P "$TMP/pid" -i "$TMP/subtree" && [ -z "$(find "$TMP" -name "pid*")" ] && nobody &&
		echo older >"$TMP/pid" && FAKE_NOJOIN=$d rerun 125 "$restart" -P "$TMP/pid" -i "$TMP/subtree" &&
		[ "$(cat "$TMP/pid")" = older ] && rerun 0 "$restart" -w -P "$TMP/pid" -i "$TMP/subtree" &&
		[ "$(cat "$TMP/pid")" = $a ]
}
pid_file_full() {
	FAKE_PROGRAM='sleep 3000' rerun 126 "$restart" -P /dev/full -i "$TMP/subtree" && err 'cannot write /dev/full: No space left' &&
		kill -0 $a && kill -9 $a $b $c $d && nobody &&
		rerun 126 "$restart" -w -P /dev/full -i "$TMP/subtree" && FAKE_PROGRAM='exit 5' rerun 5 "$restart" -w -P /dev/full -i "$TMP/subtree"
}
# Between success and waiting: the message, for which there is no room, takes long.
late_signal() {
	fresh
	rm -f "$TMP/up" "$TMP/slow"
	mkfifo "$TMP/slow"
	FAKE_PROGRAM="trap 'exit 9' TERM; echo >>$TMP/up; while :; do sleep 0.05; done" python3 - "$TMP/slow" "$TMP/up" \
		"$restart" -v -w -i "$TMP/subtree" <<-'PYTHON'
		import os, signal, subprocess, sys, time
		slow, up, command = sys.argv[1], sys.argv[2], sys.argv[3:]
		end = os.open(slow, os.O_RDWR | os.O_NONBLOCK)
		try:
		    while True:
		        os.write(end, b"x")
		except BlockingIOError:
		    pass
		p = subprocess.Popen(command, stderr=os.open(slow, os.O_WRONLY))
		while not os.path.exists(up):
		    time.sleep(0.05)
		# It is in the write then, which the file tells where there is one.
		def writes():
		    try:
		        with open("/proc/%d/syscall" % p.pid) as f:
		            return f.read().split()[1:2] == ["0x2"]
		    except OSError:
		        return True
		for i in range(200):
		    time.sleep(0.1)
		    if writes():
		        break
		time.sleep(0.3)
		p.send_signal(signal.SIGTERM)
		time.sleep(0.2)
		os.read(end, 1 << 20)
		try:
		    sys.exit(p.wait(120) != 9)
		except subprocess.TimeoutExpired:
		    p.kill()
		    sys.exit(2)
	PYTHON
	result=$?
	kill -9 $a $b $c $d 2>/dev/null
	rm "$TMP/slow" "$TMP/up"
	return $result
}
# What nohup(1), say, has ignored neither ends a restart nor is passed on.
ignored() {
	fresh
	FAKE_STALL=1 env --ignore-signal=HUP "$restart" -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_joined 4
	kill -HUP $child
	sleep 0.2
	kill -TERM $child
	wait $child 2>/dev/null
	[ $? -eq 143 ] && nobody
}
# Of the image's descriptors one may be above our limit.
limits() {
	"$CHECK/mkimage" -x 100 $a >"$TMP/high"
	FAKE_PROGRAM='readlink /proc/self/fd/100' rerun 0 sh -c "ulimit -S -n 64; exec $restart -w -i $TMP/high -I 'pipe:[1234]=5'" \
		5>"$TMP/five" && out "^$TMP/five$" &&
		rerun 125 sh -c "ulimit -n 64; exec $restart -w -i $TMP/high -I 'pipe:[1234]=5'" 5>"$TMP/five" &&
		err 'descriptor above 101, as the image needs it (raise ulimit -n)'
}
status() { FAKE_PROGRAM='exit 5' rerun 5 "$restart" -w -i "$TMP/subtree"; }
signaled() { FAKE_PROGRAM='kill -9 $$' rerun 137 "$restart" -w -i "$TMP/subtree"; }
# Each has set its traps.
all_up() { [ "$(wc -l <"$TMP/up")" -eq 4 ]; }
# Each signal that restart(1) names, then one more after which it ends; all go to
# the first process only.
forwards() {
	signals="HUP INT QUIT USR1 USR2 ALRM WINCH"
	fresh
	rm -f "$TMP/got"
	FAKE_PROGRAM="for s in $signals; do trap \"echo \$\$ \$s >>$TMP/got\" \$s; done
		trap 'exit 9' TERM; echo >>$TMP/up; while :; do sleep 0.05; done" \
		env --default-signal=INT,QUIT "$restart" -w -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_up
	sleep 0.3
	for s in $signals; do
		kill -"$s" $child
		until_true grep -qs " $s\$" "$TMP/got"
	done
	kill -TERM $child
	wait $child
	[ $? -eq 9 ] && [ "$(cat "$TMP/got")" = "$(printf "$a %s\n" $signals)" ]
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
# A shell that becomes restart may have left helpers, whose children live on.
spares_others() {
	fresh
	rm -f "$TMP/died"
	FAKE_STALL=1 sh -c '(while :; do sleep 0.1 || echo died >>"$1"; done) & echo $! >"$2"; exec "$3" -i "$4"' \
		sh "$TMP/died" "$TMP/helper" "$restart" "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_joined 4
	sleep 0.3
	kill -TERM $child
	wait $child 2>/dev/null
	[ $? -eq 143 ] && sleep 0.2 && [ ! -e "$TMP/died" ] && nobody
	result=$?
	kill "$(cat "$TMP/helper")"
	return $result
}
needs_container() { rerun 125 "$restart" -i "$TMP/container" && err -- --container; }
# One line, compressed or not: the kernel's words, and what to do.
old_image() {
	rerun 125 "$restart" -i "$1" && err 'image has format version 1; this kernel reads 2: convert it with ckpt-convert' &&
		nobody && [ ! -e "$FAKE_DIR/joined" ]
}
old_from_pipe() {
	fresh
	head -c 1000000 "$TMP/old" | run 125 "$restart" && err 'reads 2: convert it with ckpt-convert'
}
converted_image() {
	"$CHECK/ckpt-convert" -q "$TMP/old" >"$TMP/converted" && rerun 0 "$restart" -w -i "$TMP/converted" && out "^$d $c$"
}
bad_image() { rerun 125 "$restart" -i /etc/passwd && err 'not a checkpoint image'; }
all_joined() { [ "$(wc -c <"$FAKE_DIR/joined")" -eq "$1" ]; }
# "interrupted SIGNAL STATUS": while everything waits in the kernel
interrupted() {
	fresh
	FAKE_STALL=1 env --default-signal=INT,QUIT "$restart" -i "$TMP/subtree" 2>"$TMP/err" &
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
external_mode() {
	rerun 125 "$restart" -w -i "$TMP/one" -I 'pipe:[1234]=9' 9</dev/null &&
		err 'pipe:\[1234\] was open for writing, but descriptor 9' && nobody
}
external_missing() {
	"$CHECK/mkimage" -x 7 $a >"$TMP/seven"
	rerun 125 "$restart" -w -i "$TMP/seven" 7>/dev/null &&
		err "needs pipe:\[1234\] for its descriptor 7" && err -- "--inherit-fd 'pipe:\[1234\]=9'" &&
		nobody
}
external_given() {
	FAKE_PROGRAM='readlink /proc/self/fd/7; readlink /proc/self/fd/5 || echo closed' \
		rerun 0 "$restart" -w -i "$TMP/seven" --inherit-fd='pipe:[1234]=5' \
		5>"$TMP/five" && out "^$TMP/five$" && out closed
}
# Everyone gets his own, and the descriptors of ours are out of the way.
external_all() {
	for slot in 3 4 5 6 7 8 9 10 11 12; do
		"$CHECK/mkimage" -x $slot $a $b:$a >"$TMP/slot"
		FAKE_PROGRAM="readlink /proc/self/fd/$slot; $ALL_SAID" \
			rerun 0 "$restart" -w -i "$TMP/slot" -I 'pipe:[1234]=4' 4>"$TMP/five" || return
		[ "$(grep -c "^$TMP/five$" "$TMP/out")" -eq 2 ] || return
	done
}
# The processes close what they were given: then that has ended, though we, and the init
# of a container, are still there.
external_ends() { # SLOT OPTION...
	"$CHECK/mkimage" -x "$1" $a $b:$a >"$TMP/ends" && fresh || return
	program="echo >>$FAKE_DIR/there; exec sleep 3000 1>&- 2>&- $1>&-"
	rm -f "$TMP/given"
	mkfifo "$TMP/given"
	if [ "$1" = 1 ]; then
		FAKE_PROGRAM=$program "$restart" --time=now -w -i "$TMP/ends" $2 >"$TMP/given" 2>"$TMP/err" &
	else
		FAKE_PROGRAM=$program "$restart" --time=now -w -i "$TMP/ends" $2 -I 'pipe:[1234]=5' 5>"$TMP/given" >"$TMP/out" 2>"$TMP/err" &
	fi
	child=$!
	timeout 120 cat "$TMP/given" >"$TMP/out" && [ "$(wc -l <"$FAKE_DIR/there")" -eq 2 ] && kill -0 $child
	result=$?
	echo "status $result" >>"$TMP/err"
	kill -TERM $child
	wait $child
	kill -KILL $a $b 2>/dev/null
	rm "$TMP/given"
	return $result
}
external_unknown() {
	rerun 125 "$restart" -i "$TMP/one" -I '/dev/pts/3=1' && err 'no external file /dev/pts/3' &&
		run 2 "$restart" -I nonsense && run 2 "$restart" -I a=77 && err 'descriptor 77 is not open' &&
		run 2 "$restart" -I a=b
}
stdin_is_terminal() { script -qec "$restart" /dev/null >"$TMP/out" 2>&1; [ $? -eq 125 ] && out 'not come from a terminal'; }
compressed() {
	"$1" -c "$TMP/subtree" >"$TMP/compressed"
	rerun 0 "$restart" --time=now -w -i "$TMP/compressed" && out "^$d $c$" &&
		rerun 0 "$restart" --time=now -w <"$TMP/compressed" && out "^$d $c$" &&
		fresh && { head -c 1000000 "$TMP/compressed" | run 0 "$restart" -w; } && out "^$d $c$"
}
compressed_bad() {
	"$1" -c "$TMP/subtree" | head -c 500 >"$TMP/compressed"
	rerun 125 "$restart" -w -i "$TMP/compressed" && err 'compressed: the compressed image is incomplete' &&
		err 'the image ends here' && nobody
}
# Who writes the image has more to do than that. The pipe gets it in two parts, the end of
# the frame with its checksum SECONDS later, or never.
stays_open() { # CODEC SECONDS
	"$1" -c "$TMP/subtree" >"$TMP/compressed" && rm -f "$TMP/written" && mkfifo "$TMP/stream" && fresh || return
	sh -c 'head -c -4 "$1/compressed"; sleep "$2"; tail -c 4 "$1/compressed" && : >"$1/written"; exec sleep 3000' \
		sh "$TMP" "$2" >"$TMP/stream" 2>/dev/null &
	writer=$!
	run 0 timeout 120 "$restart" --time=now -w <"$TMP/stream" && out "^$d $c$" && not err . && kill -0 $writer &&
		{ [ "$2" = inf ] || [ -e "$TMP/written" ]; }
	result=$?
	# shellcheck disable=SC2046
	kill $writer $(ps -o pid= --ppid $writer) 2>/dev/null
	wait $writer 2>/dev/null
	rm -f "$TMP/stream" "$TMP/written"
	return $result
}
compressed_container() {
	"$1" -c "$TMP/container" >"$TMP/compressed"
	rerun 125 "$restart" -i "$TMP/compressed" && err -- --container
}
no_pids() {
	rerun 0 "$restart" --no-pids -w -i "$TMP/subtree" &&
		[ "$(grep -c '^[0-9]* [0-9]*$' "$TMP/out")" -eq 4 ] && not out "^$a "
}
no_pids_failing() {
	FAKE_NOJOIN=$d rerun 125 "$restart" --no-pids -i "$TMP/subtree" && not err no-pids && nobody &&
		run 2 "$restart" --pids --no-pids
}
# What to do about files, by the errno
files() {
	FAKE_COMPLETE=116 rerun 125 "$restart" -i "$TMP/subtree" && err 'Stale file handle (the files must be as they were' &&
		nobody && FAKE_COMPLETE=2 rerun 125 "$restart" -i "$TMP/subtree" && err 'that were open must be there' && nobody
}
# Without a word of the kernel's
too_big() {
	FAKE_COMPLETE=7 rerun 125 "$restart" -i "$TMP/subtree" && err 'Argument list too long (the image has more tasks' && nobody &&
		FAKE_COMPLETE=27 rerun 125 "$restart" -i "$TMP/subtree" && err 'File too large (see ulimit -f' && nobody &&
		FAKE_OPEN=7 rerun 125 "$restart" -i "$TMP/subtree" && err 'cannot restart from .*: Argument list too long (the image has more'
}
root() {
	# The fake kernel needs its files there, too.
	mkdir -p "$TMP/root/bin" "$TMP/root/proc" "$TMP/root/$FAKE_DIR" &&
		cp "$(command -v busybox)" "$TMP/root/bin/sh" &&
		ln -sf sh "$TMP/root/bin/sleep" &&
		cp "$TMP/container" "$TMP/root/only-here" && fresh &&
		mount --bind "$FAKE_DIR" "$TMP/root/$FAKE_DIR" || return
	FAKE_PROGRAM='[ -e /only-here ] && echo "inside $$"; sleep 0.2' run 0 "$restart" -c -w \
		--root="$TMP/root" -i "$TMP/container" && out '^inside 1' && out '^inside 12'
	result=$?
	umount "$TMP/root/$FAKE_DIR"
	return $result
}
root_missing() { rerun 125 "$restart" -c --root="$TMP/none" -i "$TMP/container" && err 'cannot make .*/none the root directory: No such file'; }
namespaces() {
	FAKE_PROGRAM='for n in pid uts ipc mnt net; do readlink /proc/self/ns/$n; done' \
		rerun 0 "$restart" --ns=pid,uts,net,mnt -w -i "$TMP/container" || return
	for n in pid uts mnt net; do
		not out "$(readlink /proc/self/ns/$n | sed 's/[][]/\\&/g')" || return
	done
	out "$(readlink /proc/self/ns/ipc | sed 's/[][]/\\&/g')"
}
# Whichever comes first, the container has them all.
namespaces_more() {
	for options in "-c --ns=net" "--ns=net -c" "--ns=net --ns=pid,mnt,uts,ipc"; do
		FAKE_PROGRAM='for n in pid uts ipc mnt net; do readlink /proc/self/ns/$n; done' \
			rerun 0 "$restart" $options -w -i "$TMP/container" || return
		for n in pid uts ipc mnt net; do
			not out "$(readlink /proc/self/ns/$n | sed 's/[][]/\\&/g')" || return
		done
	done
}
namespaces_bad() { run 2 "$restart" --ns=pid,time && err "'time' is no kind of namespace"; }
# They must not have begun when restart is done, and not before they are thawed.
frozen() {
	FAKE_PROGRAM="echo >>$TMP/begun" rerun 0 "$restart" --frozen -P "$TMP/pid" -i "$TMP/subtree" &&
		err 'pid 30001 is frozen; to have it go on: echo' || return
	sleep 0.2
	[ ! -e "$TMP/begun" ] && [ "$(cat "$TMP/pid")" = $a ] && kill -0 $a && kill -0 $d || return
	eval "$(sed -n 's/.*to have it go on: //p' "$TMP/err")"
	nobody && [ "$(wc -l <"$TMP/begun")" -eq 4 ] &&
		until_true rmdir "$(sed -n 's/.* >\(.*\)\/[a-z]*\.[a-z]*$/\1/p' "$TMP/err")"
}
frozen_failing() {
	FAKE_NOJOIN=$d rerun 125 "$restart" --frozen -i "$TMP/subtree" && nobody &&
		[ -z "$(find /sys/fs/cgroup -name 'restart.*' 2>/dev/null)" ]
}
frozen_interrupted() {
	fresh
	FAKE_STALL=1 "$restart" --frozen -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_joined 4
	sleep 0.2
	kill -TERM $child
	wait $child 2>/dev/null
	[ $? -eq 143 ] && nobody && [ -z "$(find /sys/fs/cgroup -name 'restart.*' 2>/dev/null)" ]
}

# The init of a namespace that another process waits for is never made: its pid is taken.
waits_in_vain() {
	"$CHECK/mkimage" -n "$@" >"$TMP/waits" && fresh || return
	python3 - $c <<-'PYTHON' &
		import ctypes, os, struct, sys, time
		pid = ctypes.c_int(int(sys.argv[1]))
		args = ctypes.create_string_buffer(struct.pack("<11Q", 0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(pid), 1, 0))
		if ctypes.CDLL(None).syscall(435, args, 88) == 0:
		    time.sleep(3000)
		os._exit(0)
	PYTHON
	until_true kill -0 $c
	FAKE_TASKS=3 run 125 timeout -k 1 120 "$restart" --time=now -i "$TMP/waits"
	result=$?
	kill -9 $c
	[ $result -eq 0 ] && err "pid $c .*: this pid is taken" && err 'the init of a pid namespace ended before' && nobody
}
opens_in_vain() { waits_in_vain -o $d $a $d:$a $b:$a $c:$b; }
# Its maker waits, while its own maker makes those that lead to the init.
enters_in_vain() { waits_in_vain -e $d $a $b:$a $d:$b 30005:$a $c:30005 && err "pid $b: cannot enter a pid namespace"; }
# Whoever owns a user namespace may look into the process that holds it for him.
held_namespace() {
	"$CHECK/mkimage" -n -u $a $b:$a $c:$b >"$TMP/owned" && chmod 755 "$TMP" && touch "$TMP/open" && chmod 666 "$TMP/open" || return
	# That one has the network namespace of the root open; its own pid is 1 there, with
	# which the fake kernel does not let it join.
	FAKE_OWNED=$TMP/open rerun 125 "$restart" --time=now -i "$TMP/owned" && err "pid $c: cannot join"
	result=$?
	cat "$TMP/open" >>"$TMP/err"
	[ $result -eq 0 ] && [ -s "$TMP/open" ] && ! grep -qv ' pipe:' "$TMP/open"
}

# They are made in their places, and join as the others do. Threads are not made.
dead() {
	"$CHECK/mkimage" $a $b:$a=z0x300 $c.30005:$a $d:$a=g >"$TMP/dead"
	FAKE_TASKS=4 rerun 0 "$restart" --time=now -w -i "$TMP/dead" &&
		out "^$b $a$" && out "^$c $a$" && out "^$d $a$" && not out '^30005'
}
container() {
	FAKE_PROGRAM='echo "$$ $PPID $(uname -n) $(ls -d /proc/[0-9]* | wc -l)"; '"$ALL_SAID" \
		rerun 0 "$restart" -c -w <"$TMP/container" && out '^1 0 testhost' &&
		out '^7 1 testhost' && out '^12 7 testhost'
}
with_init() {
	rerun 0 "$restart" -c -w -i "$TMP/subtree" && out "^$a 1$" && out "^$d $c$"
}
with_init_status() { FAKE_PROGRAM='exit 6' rerun 6 "$restart" -c -w -i "$TMP/subtree"; }
with_init_background() {
	FAKE_PROGRAM='sleep 3000' rerun 0 "$restart" -c -P "$TMP/pid" -i "$TMP/subtree" &&
		sleep 0.2 && kill -0 "$(cat "$TMP/pid")" && kill -9 "$(cat "$TMP/pid")"
}
container_no_join() {
	FAKE_NOJOIN=12 rerun 125 "$restart" -c -i "$TMP/container" &&
		err 'nothing was restarted'
}
uptime() { cut -d. -f1 /proc/uptime; }
# from BEGIN END: what was told is not before BEGIN, and not behind END
from() {
	[ -s "$TMP/out" ] && awk -v begin="$1" -v end="$2" '$1 < begin || $1 > end { bad = 1 } END { exit bad }' "$TMP/out"
}
clocks() {
	# The test image's clocks: 1 s and 2 s. They have gone on since.
	begin=$(uptime)
	FAKE_PROGRAM='cut -d. -f1 /proc/uptime' rerun 0 "$restart" -c -w -i "$TMP/container" &&
		from 2 $((3 + $(uptime) - begin))
}
clocks_now() {
	begin=$(uptime)
	FAKE_PROGRAM='cut -d. -f1 /proc/uptime' \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/container" && from "$begin" "$(uptime)"
}
# No clock can show that; the other one stays likewise.
clocks_impossible() {
	for ns in 0x7fffffffffffffff 0x8000000000000000 0xffffffffffffffff; do
		"$CHECK/mkimage" -m $ns -c 1 >"$TMP/clock" && FAKE_PROGRAM='cut -d. -f1 /proc/uptime' \
			rerun 0 "$restart" -c -w $1 -i "$TMP/clock" && err 'the clocks do not go on' && not out '^[23]$' || return
	done
}
# Where there can be no time namespace, the processes go on without, and it is told.
no_clocks() { # OPTION...
	rerun 0 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_time_namespaces && exec "$@"' sh "$restart" -c -w "$@" -i "$TMP/container" &&
		out '^12 7$'
}
clocks_none() {
	for option in "--ns=mnt" "--ns=user"; do
		no_clocks $option && err '^restart: the clocks do not go on from .*: No space left on device (see /proc/sys/user/max_time_namespaces)$' &&
			[ "$(wc -l <"$TMP/err")" -eq 1 ] && no_clocks $option -q && not err . && no_clocks $option --time=now && not err . || return
	done
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

frozen_killed() {
	fresh
	FAKE_STALL=1 "$restart" --frozen -i "$TMP/subtree" 2>"$TMP/err" &
	child=$!
	until_true all_joined 4
	sleep "$1"
	kill -KILL $child
	wait $child 2>/dev/null
	nobody && until_true no_restart_cgroup
}
no_restart_cgroup() { [ -z "$(find /sys/fs/cgroup -name 'restart.*' 2>/dev/null)" ]; }

# Installed with privileges that are not those of who runs it; without sanitizers, which
# do not take options from such a user
inheritable=
# installed HOW: a mode or capabilities; then nobody runs COMMAND...
installed() { # HOW STATUS TOOL OPTION...
	how=$1 expected=$2 tool=$3
	shift 3
	chmod 755 "$TMP" && rm -f "$TMP/tool" && cp "$BIN/$tool" "$TMP/tool" || return
	case $how in
	[0-9]*) chmod "$how" "$TMP/tool" || return ;;
	*) setcap "$how" "$TMP/tool" || return ;;
	esac
	run "$expected" setpriv --reuid=65534 --regid=65534 --clear-groups $inheritable "$TMP/tool" "$@"
}
borrowed() {
	for how in 4755 2755 cap_checkpoint_restore+ep cap_sys_admin+p; do
		installed $how 125 restart -i "$TMP/container" && err '^restart: it is installed setuid, setgid or with file capabilities' &&
			installed $how 1 checkpoint -p $$ -n && err '^checkpoint: it is installed' &&
			installed $how 125 ns_exec true && err '^ns_exec: it is installed' || return
	done
	# Before it opens any file that is named to it
	installed 4755 125 restart -P "$TMP/never" -i "$TMP/container" && [ ! -e "$TMP/never" ]
}
# He may have them, so it goes on, to where the image is read.
lent() {
	inheritable=--inh-caps=+net_bind_service
	installed cap_net_bind_service+ei 125 restart -i /etc/passwd && err 'cannot restart from /etc/passwd'
	result=$?
	inheritable='--inh-caps=+net_bind_service --ambient-caps=+net_bind_service'
	installed 755 125 restart -i /etc/passwd && err 'cannot restart from /etc/passwd' && [ $result -eq 0 ]
	result=$?
	inheritable=
	return $result
}

if [ "${IN_CONTAINER:-no}" = yes ]; then
	cp "$CHECK/mkimage" "$TMP/tool"
	if chmod 755 "$TMP" && setcap cap_net_bind_service+ei "$TMP/tool" 2>/dev/null && setpriv --reuid=65534 --clear-groups \
		--inh-caps=+net_bind_service --ambient-caps=+net_bind_service true 2>/dev/null; then
		ok "restart: with privileges that the user has not" borrowed
		ok "restart: with privileges that the user has" lent
	else
		skip "restart: with privileges that the user has not" "no setcap(8) or setpriv(1), or no right to"
	fi
	ok "restart: a subtree with its pids" subtree
	ok "restart: image from the standard input" from_stdin
	ok "restart: image from a pipe" from_pipe
	ok "restart: the image is not the program's input" stdin_replaced
	ok "restart: no descriptors of ours remain" descriptors
	ok "restart: without --wait" background
	ok "restart: --pidfile" pid_file
	ok "restart: --pidfile on a full disk" pid_file_full
	if command -v python3 >/dev/null; then
		ok "restart: --wait: a signal before the wait" late_signal
	else
		skip "restart: --wait: a signal before the wait" "no python3"
	fi
	ok "restart: ignored signals stay so" ignored
	ok "restart: descriptors above the limit" limits
	ok "restart: --wait: exit status" status
	ok "restart: --wait: signal" signaled
	ok "restart: --wait: signals are passed on" forwards
	ok "restart: --detach" session
	ok "restart: a pid is taken" taken
	ok "restart: zombies and ghosts" dead
	ok "restart: one process cannot join" no_join
	ok "restart: other descendants of ours are spared" spares_others
	ok "restart: a container needs --container" needs_container
	ok "restart: a bad image" bad_image
	"$CHECK/mkimage" -f 1 $a $b:$a $c:$a $d:$c >"$TMP/old"
	zstd -q -c "$TMP/old" >"$TMP/old.zst"
	ok "restart: an image of an older version" old_image "$TMP/old"
	ok "restart: an image of an older version, compressed" old_image "$TMP/old.zst"
	ok "restart: an image of an older version from a pipe" old_from_pipe
	ok "restart: an image of an older version, converted" converted_image
	ok "restart: SIGINT leaves nothing" interrupted INT 130
	ok "restart: SIGTERM leaves nothing" interrupted TERM 143
	ok "restart: SIGKILL leaves nothing" interrupted KILL 137
	ok "restart: external files" externals
	ok "restart: an external file of the wrong mode" external_mode
	ok "restart: an external file that nobody gave" external_missing
	ok "restart: --inherit-fd" external_given
	ok "restart: --inherit-fd, any slot" external_all
	ok "restart: an external file ends with the processes" external_ends 7
	ok "restart: ... of a container" external_ends 7 -c
	ok "restart: standard output, likewise" external_ends 1
	ok "restart: ... of a container" external_ends 1 -c
	ok "restart: --inherit-fd, wrong" external_unknown
	ok "restart: the image does not come from a terminal" stdin_is_terminal
	for codec in zstd lz4; do
		if command -v $codec >/dev/null; then
			ok "restart: $codec" compressed $codec
			ok "restart: $codec, incomplete" compressed_bad $codec
			ok "restart: $codec, whose writer stays" stays_open $codec 0
			ok "restart: $codec, whose writer is slow" stays_open $codec 1
			ok "restart: $codec, refused" compressed_container $codec
		else
			skip "restart: $codec" "no $codec(1)"
		fi
	done
	if command -v zstd >/dev/null; then
		ok "restart: a compressed image that does not end" stays_open zstd inf
	else
		skip "restart: a compressed image that does not end" "no zstd(1)"
	fi
	ok "restart: --no-pids" no_pids
	ok "restart: --no-pids, failing" no_pids_failing
	ok "restart: files that are gone, or others" files
	ok "restart: more than the kernel takes" too_big
	ok "restart: --ns" namespaces
	ok "restart: --ns and --container" namespaces_more
	ok "restart: --ns, unknown" namespaces_bad
	if command -v busybox >/dev/null; then
		ok "restart: --root" root
	else
		skip "restart: --root" "no busybox"
	fi
	ok "restart: --root, missing" root_missing
	if "$CHECK/ns_exec" -c -C ckpt-test true 2>/dev/null; then
		ok "restart: --frozen" frozen
		ok "restart: --frozen, failing" frozen_failing
		ok "restart: --frozen, interrupted" frozen_interrupted
		for delay in 0 0.01 0.1 0.3; do
			ok "restart: --frozen, killed after $delay s" frozen_killed $delay
		done
	else
		skip "restart: --frozen" "no cgroups, or no right to use them"
	fi
	ok "restart: the init of a pid namespace that another process opens is not made" opens_in_vain
	ok "restart: the init of a pid namespace that another process enters is not made" enters_in_vain
	ok "restart: who holds a user namespace has nothing of ours open" held_namespace
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
		ok "restart: clocks that no machine has" clocks_impossible ""
		ok "restart: ... in a user namespace" clocks_impossible --ns=user
		if unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_time_namespaces' 2>/dev/null; then
			ok "restart: no time namespace is allowed" clocks_none
		else
			skip "restart: no time namespace is allowed" "no right to limit them"
		fi
	else
		skip "restart: clocks" "no time namespaces"
	fi
else
	skip "restart" "no right to make containers and choose pids"
fi
# As the other scripts have it, where there may be no such directory
FAKE_PROGRAM='echo "$$ $PPID"; sleep 0.2'
