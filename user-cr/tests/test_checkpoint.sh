# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# hooks are expanded by another shell
# shellcheck disable=SC2086	# options may be several words, or none
# checkpoint: output, freezing and killing, with a fake kernel

export FAKE_IMAGE="$TMP/image"
"$CHECK/mkimage" 100 >"$TMP/image"
checkpoint=$CHECK/fake-checkpoint

# A tree of three processes, with its root in $tree.
start_tree() {
	sh -c 'sleep 10000 & sh -c "sleep 10001 & wait" & wait' &
	tree=$!
	until_true all_members
}
# With the shell at the root there are four.
all_members() { [ "$(members | wc -l)" -eq 4 ]; }
members() {
	ps -o pid= --ppid "$tree"
	for child in $(ps -o pid= --ppid "$tree"); do
		ps -o pid= --ppid "$child"
	done
	echo "$tree"
}
stop_tree() {
	# shellcheck disable=SC2046
	kill -9 $(members) 2>/dev/null
	wait "$tree" 2>/dev/null
}
same_image() { cmp -s "$TMP/image" "$1"; }
no_leftover() { [ -z "$(find "$TMP" -name 'saved*')" ]; }
freezer_of() { grep -e "$1" "/proc/$tree/cgroup"; }

start_tree

to_stdout() {
	"$checkpoint" -p "$tree" >"$TMP/saved" 2>"$TMP/err" && same_image "$TMP/saved" &&
		rm "$TMP/saved"
}
ok "checkpoint: to the standard output" to_stdout

to_pipe() { "$checkpoint" -p "$tree" | cmp -s - "$TMP/image"; }
ok "checkpoint: to a pipe" to_pipe

to_file() {
	run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && same_image "$TMP/saved" &&
		[ "$(find "$TMP" -name 'saved*' | wc -l)" -eq 1 ] && rm "$TMP/saved"
}
ok "checkpoint: to a file" to_file

# What is at the other end of a link gets the image, and the link stays.
to_link() {
	echo old >"$TMP/saved" && ln -s saved "$TMP/link" &&
		run 0 "$checkpoint" -p "$tree" -o "$TMP/link" && [ -L "$TMP/link" ] &&
		same_image "$TMP/saved" && rm "$TMP/saved" "$TMP/link"
}
ok "checkpoint: to a file behind a link" to_link

to_stdout_by_name() {
	ln -s /proc/self/fd/1 "$TMP/link" && echo before >"$TMP/saved" &&
		"$checkpoint" -p "$tree" -o "$TMP/link" >>"$TMP/saved" 2>"$TMP/err" &&
		[ -L "$TMP/link" ] && tail -c +8 "$TMP/saved" | cmp -s - "$TMP/image" &&
		[ "$(head -n 1 "$TMP/saved")" = before ] && rm "$TMP/saved" "$TMP/link"
}
ok "checkpoint: to the standard output by a name of it" to_stdout_by_name

# The kernel takes no file with O_APPEND that has something in it.
appended() {
	echo before >"$TMP/saved"
	FAKE_REFUSE_APPEND=1 "$checkpoint" -p "$tree" >>"$TMP/saved" 2>"$TMP/err" &&
		tail -c +8 "$TMP/saved" | cmp -s - "$TMP/image" && rm "$TMP/saved"
}
ok "checkpoint: behind what the standard output has" appended

# Nobody would ever see the image.
closed_stdout() {
	run 1 sh -c "exec >&-; $checkpoint -p $tree --subtree --kill" &&
		err '^checkpoint: the standard output is closed: use -o FILE$' && kill -0 "$tree" &&
		run 0 sh -c "exec >&-; $checkpoint -p $tree -o $TMP/saved" && same_image "$TMP/saved" &&
		run 1 sh -c "exec >&-; $CHECK/ckptinfo $TMP/saved" && err '^ckptinfo: the standard output is closed$' &&
		run 0 sh -c "exec >&-; $CHECK/ckptinfo -q $TMP/saved" &&
		run 1 sh -c "exec >&-; $CHECK/ckpt-convert $TMP/saved" && err '^ckpt-convert: the standard output is closed: use -o' &&
		run 1 sh -c "exec >&-; $checkpoint --help" && rm "$TMP/saved"
}
ok "checkpoint: the standard output is closed" closed_stdout

# They get the exit statuses of their children whatever we ignore.
sigchld_ignored() {
	run 0 env --ignore-signal=CHLD "$checkpoint" -p "$tree" -z zstd -o "$TMP/saved" &&
		run 0 env --ignore-signal=CHLD "$CHECK/ckpt-convert" -q -z zstd -o "$TMP/saved.2" "$TMP/saved" &&
		cmp "$TMP/saved" "$TMP/saved.2" && run 7 env --ignore-signal=CHLD "$CHECK/ns_exec" -c sh -c 'exit 7'
	result=$?
	rm -f "$TMP/saved" "$TMP/saved.2"
	return $result
}
ok "checkpoint: SIGCHLD is ignored" sigchld_ignored

failing() {
	FAKE_ERROR=95 FAKE_LOG='pid 7 (x) fd 3: not supported' \
		run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" && no_leftover &&
		err '^checkpoint: pid 7 (x) fd 3: not supported$' &&
		err 'not saved: Operation not supported'
}
ok "checkpoint: reasons are printed, the file is removed" failing

failing_stdout() {
	echo before >"$TMP/saved"
	FAKE_ERROR=95 "$checkpoint" -p "$tree" >>"$TMP/saved" 2>"$TMP/err"
	[ $? -eq 1 ] && [ "$(cat "$TMP/saved")" = before ] && rm "$TMP/saved"
}
ok "checkpoint: what was appended to the output is taken back" failing_stdout

dry() { run 0 "$checkpoint" -p "$tree" --dry-run && not out .; }
ok "checkpoint: --dry-run" dry

dry_failing() {
	FAKE_ERROR=95 FAKE_LOG='pid 7: no' run 1 "$checkpoint" -p "$tree" -n &&
		err 'pid 7: no' && err 'cannot be saved'
}
ok "checkpoint: --dry-run with blockers" dry_failing

dry_json() {
	FAKE_ERROR=95 FAKE_LOG='pid 7 (a) fd 1: b) fd 3: pipe [x]: not supported' \
		run 1 "$checkpoint" -p "$tree" -n --json &&
		json "d == {'pid': $tree, 'error': 'Operation not supported', 'blockers': [
			{'pid': 7, 'comm': 'a) fd 1: b', 'fd': 3,
			 'reason': 'pipe [x]: not supported'}]}" &&
		FAKE_ERROR=95 FAKE_LOG='image: too large' run 1 "$checkpoint" -p "$tree" -nJ &&
		json "d['blockers'] == [{'reason': 'image: too large'}]" &&
		run 0 "$checkpoint" -p "$tree" -n --json && json "d['blockers'] == []" &&
		run 1 "$checkpoint" -p 4194304 -n --json &&
		json "d == {'pid': 4194304, 'error': 'No such process', 'blockers': []}" &&
		run 1 sh -c "$checkpoint --freeze -nJ -p \$\$; exit \$?" && err 'belongs to it' &&
		json "d['error'] == 'the processes cannot be frozen'" &&
		FAKE_HOOK='kill -TERM $PPID; sleep 0.2' run 143 "$checkpoint" -p "$tree" -nJ && json "d['error']"
}
if command -v python3 >/dev/null; then
	ok "checkpoint: --dry-run --json" dry_json
else
	skip "checkpoint: --dry-run --json" "no python3"
fi

# refused_file REASON OPTION...: with standard output as it is, before they are saved
refused_file() {
	reason=$1
	shift
	rm -f "$TMP/begun"
	"$checkpoint" -p "$holder" "$@" 2>"$TMP/err"
	[ $? -eq 1 ] && err "^checkpoint: pid $holder (sleep) fd 7: is the $reason" && [ ! -e "$TMP/begun" ] &&
		err "^checkpoint: pid $holder was not saved (have the image written to a file that none"
}
# The messages of a process, say; what it takes to see the progress makes no difference.
image_is_open() {
	echo before >"$TMP/saved"
	sleep 10000 7>>"$TMP/saved" &
	holder=$!
	until_true grep -qs '^sleep$' "/proc/$holder/comm"
	export FAKE_HOOK=": >$TMP/begun"
	changes='file that the image is written to: it would change behind its back'
	refused_file "$changes" >"$TMP/saved" && echo before >"$TMP/saved" && refused_file "$changes" >>"$TMP/saved" &&
		refused_file "$changes" -z lz4 >>"$TMP/saved" && refused_file "$changes" -o /dev/stdout 1<>"$TMP/saved" &&
		refused_file 'file whose place the image takes: it would be missing at restart' -o "$TMP/saved" &&
		FAKE_NAMED=1 refused_file 'file whose place' --compress=zstd -o "$TMP/saved" &&
		ln -s saved "$TMP/link" && refused_file 'file whose place' -o "$TMP/link" && [ "$(cat "$TMP/saved")" = before ] &&
		cp "$TMP/saved" "$TMP/saved.2" && run 0 "$checkpoint" -p "$holder" -o "$TMP/saved.2" && [ "$(find "$TMP" -name 'saved*' | wc -l)" -eq 2 ]
	result=$?
	unset FAKE_HOOK
	kill $holder
	wait $holder 2>/dev/null
	rm -f "$TMP/saved" "$TMP/saved.2" "$TMP/link" "$TMP/begun"
	return $result
}
# It would wait for its own reader, and for longer if that has much to read at once.
pipe_is_open() {
	mkfifo "$TMP/fifo" && { sleep 10000 7<>"$TMP/fifo" & } || return
	holder=$!
	until_true grep -qs '^sleep$' "/proc/$holder/comm"
	refused_file 'pipe or socket that the image is written to' -z zstd -o "$TMP/fifo" &&
		refused_file 'pipe or socket' -z lz4 1<>"$TMP/fifo" && refused_file 'pipe or socket' 1<>"$TMP/fifo"
	result=$?
	kill $holder
	wait $holder 2>/dev/null
	rm -f "$TMP/fifo"
	return $result
}
# A thread may have others than the first one, and everybody may have /dev/null.
thread_has_it_open() {
	echo before >"$TMP/saved"
	python3 -c 'import ctypes, sys, threading, time
def run():
	ctypes.CDLL(None).unshare(0x400)
	f = open(sys.argv[1])
	print(f.fileno(), flush=True)
	time.sleep(10000)
threading.Thread(target=run).start()' "$TMP/saved" >"$TMP/number" 7>/dev/null &
	holder=$!
	until_true test -s "$TMP/number"
	run 0 "$checkpoint" -p $holder -o /dev/null && run 1 "$checkpoint" -p $holder -o "$TMP/saved" &&
		err "^checkpoint: pid $holder (python3) fd $(cat "$TMP/number"): is the file whose place"
	result=$?
	kill -9 $holder
	wait $holder 2>/dev/null
	rm -f "$TMP/saved" "$TMP/number"
	return $result
}
ok "checkpoint: the image's file is open in the tree" image_is_open
ok "checkpoint: the image's pipe is open in the tree" pipe_is_open
if command -v python3 >/dev/null; then
	ok "checkpoint: the image's file is open in a thread" thread_has_it_open
else
	skip "checkpoint: the image's file is open in a thread" "no python3"
fi
kernel_finds_open() {
	FAKE_ERROR=35 FAKE_LOG='pid 7 (x): fd 3: is the file that the image is written to' run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" &&
		err '^checkpoint: pid 7 (x): fd 3: is the file' && err 'avoided (have the image written to a file that none'
}
ok "checkpoint: the image's file is open, as the kernel says" kernel_finds_open

# Compressed by us, and seen to be so by the programs of that name.
compress() {
	run 0 "$checkpoint" -p "$tree" --compress="$1" -o "$TMP/saved" &&
		"$1" -dc <"$TMP/saved" | cmp -s - "$TMP/image" &&
		"$checkpoint" -p "$tree" -z "$1" | "$1" -dc | cmp -s - "$TMP/image" &&
		"$CHECK/ckptinfo" -q "$TMP/saved" && "$CHECK/ckptinfo" -q <"$TMP/saved" &&
		head -c 1000000 "$TMP/saved" | "$CHECK/ckptinfo" -q && rm "$TMP/saved"
}
compressed_bad() {
	"$checkpoint" -p "$tree" -z "$1" -o "$TMP/saved" && head -c 150 "$TMP/saved" >"$TMP/bad" &&
		run 1 "$CHECK/ckptinfo" -q "$TMP/bad" && err 'bad: .*incomplete' && rm "$TMP/saved"
}
for codec in zstd lz4; do
	if command -v $codec >/dev/null; then
		ok "checkpoint: --compress=$codec" compress $codec
		ok "ckptinfo: an incomplete $codec frame" compressed_bad $codec
	else
		skip "checkpoint: --compress=$codec" "no $codec(1)"
	fi
done
no_codec() { run 2 "$checkpoint" -p "$tree" -z rar && err 'zstd, lz4 or none'; }
ok "checkpoint: --compress: unknown" no_codec
compress_failing() {
	FAKE_ERROR=95 FAKE_LOG='pid 7: no' run 1 "$checkpoint" -p "$tree" -z zstd -o "$TMP/saved" &&
		no_leftover && err 'pid 7: no' && err 'Operation not supported'
}
ok "checkpoint: --compress: nothing is left of a failure" compress_failing

# The output fails: the application must not notice, the user must.
disk_full() { run 1 "$checkpoint" -p "$tree" $1 -o /dev/full && err 'No space left' && err 'was not saved'; }
ok "checkpoint: the disk is full" disk_full ""
ok "checkpoint: the disk is full, compressed" disk_full "-z lz4"
small_disk() {
	mkdir -p "$TMP/small" && mount -t tmpfs -o size=8k none "$TMP/small" || return
	run 1 "$checkpoint" -p "$tree" -o "$TMP/small/saved" && err 'No space left on device (make room' &&
		[ -z "$(ls "$TMP/small")" ] && run 0 "$checkpoint" -p "$tree" -z zstd -o "$TMP/small/saved"
	result=$?
	umount "$TMP/small"
	return $result
}
if [ "${IN_CONTAINER:-no}" = yes ]; then
	ok "checkpoint: a small disk" small_disk
else
	skip "checkpoint: a small disk" "no right to mount"
fi
# The limit comes with a signal, which must not be the end.
file_limit() {
	run 1 sh -c "ulimit -f 8; exec $checkpoint -p $tree -o $TMP/saved" && err 'File too large (see ulimit -f' && no_leftover &&
		run 1 sh -c "ulimit -f 8; exec $CHECK/ckpt-convert -o $TMP/saved $TMP/image" && err 'File too large (see ulimit -f' && no_leftover
}
ok "checkpoint: ulimit -f" file_limit
file_limit_compressed() {
	run 1 sh -c "ulimit -f 2; exec $checkpoint -p $tree -z lz4 -o $TMP/saved" && err "cannot write $TMP/saved: File too large (see ulimit -f" && no_leftover
}
ok "checkpoint: ulimit -f, compressed" file_limit_compressed
# Without a word of the kernel's
too_many() { FAKE_ERROR=7 run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" && err 'Argument list too long (it has more tasks, files or mappings than'; }
ok "checkpoint: more than an image has room for" too_many
closed_pipe() {
	mkfifo "$TMP/fifo"
	FAKE_HOOK="until [ -e $TMP/gone ]; do sleep 0.01; done" "$checkpoint" -p "$tree" $1 \
		>"$TMP/fifo" 2>"$TMP/err" &
	child=$!
	true <"$TMP/fifo"
	touch "$TMP/gone"
	wait $child
	[ $? -eq 1 ] && err 'Broken pipe' && err 'was not saved' && kill -0 "$tree"
	result=$?
	rm "$TMP/fifo" "$TMP/gone"
	return $result
}
ok "checkpoint: the reader of the pipe ends" closed_pipe ""
ok "checkpoint: the reader of the pipe ends, compressed" closed_pipe "-z zstd"

together() {
	run 2 "$checkpoint" -p "$tree" --kill --leave-running && run 2 "$checkpoint" -p "$tree" --json &&
		run 2 "$checkpoint" -p "$tree" --freezer=v2 && run 2 "$checkpoint" -p "$tree" --timeout=5 && err 'are for --freeze' &&
		run 2 "$checkpoint" -p "$tree" -n -z zstd && run 0 "$checkpoint" -p "$tree" --leave-running -o "$TMP/saved" &&
		rm "$TMP/saved"
}
ok "checkpoint: options that do not go together" together

replaced() {
	echo old >"$TMP/saved" && FAKE_ERROR=95 run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" &&
		[ "$(cat "$TMP/saved")" = old ] && run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" &&
		same_image "$TMP/saved" && [ "$(stat -c %a "$TMP/saved")" = 600 ] && rm "$TMP/saved"
}
ok "checkpoint: an older file is replaced by a complete one only" replaced
no_folder() { run 1 "$checkpoint" -p "$tree" -o "$TMP/none/saved" && err 'cannot create .*No such file'; }
ok "checkpoint: a folder that is not there" no_folder

# It is on the disk before it has its name, and then the name is.
synced() {
	FAKE_SYNC='[ -e "'"$TMP"'/saved" ] && echo "named: $1" || echo "not named: $1"' \
		run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && same_image "$TMP/saved" &&
		[ "$(cut -d: -f1 "$TMP/err" | xargs)" = "not named named" ] &&
		err "^named: $TMP$" && rm "$TMP/saved"
}
ok "checkpoint: a file is on the disk before it appears" synced
# The disk fails: no image, and nobody is killed for it.
sync_failing() {
	FAKE_SYNC='exit 1' run 1 "$checkpoint" -p "$tree" --kill -o "$TMP/saved" && no_leftover &&
		err 'cannot write .*saved: Input/output error' && kill -0 "$tree"
}
ok "checkpoint: the disk fails" sync_failing
# There is an image, but who knows for how long: nobody is killed for it.
directory_failing() {
	FAKE_SYNC='[ ! -d "$1" ]' run 1 "$checkpoint" -p "$tree" --subtree --kill -o "$TMP/saved" &&
		err 'saved is complete, but it cannot be made sure that it is on the disk: Input/output error' &&
		kill -0 "$tree" && same_image "$TMP/saved"
	result=$?
	rm -f "$TMP/saved"
	return $result
}
ok "checkpoint: the disk fails with the directory" directory_failing

# One who may save, but not kill
cannot_kill() {
	chmod 755 "$TMP" && mkdir -m 777 "$TMP/nobody" &&
		run 1 setpriv --reuid=65534 --clear-groups "$checkpoint" -p "$tree" --subtree --kill -o "$TMP/nobody/saved" &&
		err "^checkpoint: the image is complete, but pid $tree (sh) cannot be killed: Operation not permitted" &&
		same_image "$TMP/nobody/saved"
	result=$?
	rm -rf "$TMP/nobody"
	return $result
}
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --clear-groups "$checkpoint" --version >"$TMP/out" 2>/dev/null; then
	ok "checkpoint: --kill without the right to" cannot_kill
else
	skip "checkpoint: --kill without the right to" "no other user, or no setpriv(1)"
fi

# A file system where all files have names
named() {
	echo old >"$TMP/saved"
	FAKE_NAMED=1 FAKE_HOOK="cat $TMP/saved; ls -d $TMP/saved.??????" \
		run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && err '^old$' && err "^$TMP/saved\.......$" &&
		same_image "$TMP/saved" && rm "$TMP/saved" && no_leftover &&
		FAKE_NAMED=1 FAKE_ERROR=95 run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" && no_leftover
}
ok "checkpoint: a temporary name where there must be one" named
# Somebody else has a file by that name, before we write to it.
named_exchanged() {
	echo old >"$TMP/victim" && echo older >"$TMP/saved" &&
		FAKE_NAMED=1 FAKE_TEMP='mv "$1" "$1.away" && ln -s victim "$1"' run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" &&
		[ "$(cat "$TMP/victim" "$TMP/saved")" = "old
older" ] && err "^checkpoint: $TMP/saved\..* is not the file that it was"
	result=$?
	rm -f "$TMP/victim" "$TMP/saved"*
	return $result
}
ok "checkpoint: a temporary name that leads elsewhere meanwhile" named_exchanged
begun() { ls "$TMP"/saved.?????? >/dev/null 2>&1; }
named_killed() {
	FAKE_NAMED=1 FAKE_SLOW=1 "$checkpoint" -p "$tree" -o "$TMP/saved" 2>/dev/null &
	child=$!
	until_true begun
	kill -KILL $child
	wait $child 2>/dev/null
	[ $? -eq 137 ] && until_true no_leftover
}
ok "checkpoint: SIGKILL leaves no temporary name" named_killed

progress() {
	FAKE_SLOW=1 script -qec "$checkpoint -p $tree $1" /dev/null >"$TMP/out" 2>&1 &&
		out "checkpoint: [0-9.]* .iB of about [0-9.]* .iB ([0-9]*%), [0-9.]* .iB/s, [0-9]*:[0-9][0-9] left" &&
		rm -f "$TMP/saved"
}
quiet() {
	FAKE_SLOW=1 script -qec "$checkpoint -q -p $tree -o $TMP/saved" /dev/null >"$TMP/out" 2>&1 &&
		not out iB/s && rm "$TMP/saved"
}
no_progress() {
	FAKE_SLOW=1 run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && not err . && rm "$TMP/saved"
}
if command -v script >/dev/null; then
	ok "checkpoint: progress on a terminal" progress "-o $TMP/saved"
	ok "checkpoint: progress, compressed" progress "-z zstd -o $TMP/saved"
	ok "checkpoint: progress, to a pipe" progress "| cat >/dev/null"
	ok "checkpoint: --quiet: no progress" quiet
else
	skip "checkpoint: progress" "no script(1)"
fi
ok "checkpoint: no progress elsewhere" no_progress

again() {
	printf aaa >"$TMP/again"
	FAKE_AGAIN="$TMP/again" run 0 "$checkpoint" --freeze --freezer="$1" \
		-p "$tree" -o "$TMP/saved" && same_image "$TMP/saved" && rm "$TMP/saved"
}

in_terminal() {
	script -qec "$checkpoint -p $tree" /dev/null >"$TMP/out" 2>&1
	[ $? -eq 1 ] && out 'not for a terminal'
}
if command -v script >/dev/null; then
	ok "checkpoint: not to a terminal" in_terminal
else
	skip "checkpoint: not to a terminal" "no script(1)"
fi

inside() {
	run 1 sh -c "$checkpoint --freeze -p \$\$ -o $TMP/saved; exit \$?" &&
		err 'belongs to it' && no_leftover
}
ok "checkpoint: --freeze from inside the tree" inside
subtree_advice() { FAKE_ERROR=22 run 1 "$checkpoint" -p "$tree" -o "$TMP/saved" && err 'use --subtree'; }
ok "checkpoint: part of a container" subtree_advice
no_pid() { run 2 "$checkpoint" && err 'use -p PID'; }
ok "checkpoint: no pid" no_pid
bad_pid() { run 2 "$checkpoint" -p 12x && err "'12x' is not a pid"; }
ok "checkpoint: a bad pid" bad_pid
dead_pid() { run 1 "$checkpoint" -p 4194304 -o "$TMP/saved" && no_leftover; }
ok "checkpoint: a process that is not there" dead_pid

# The hook sees the tree while it is frozen, and all of it in one cgroup.
hook_v2='dir=$(awk "/ - cgroup2 / { print \$5; exit }" /proc/self/mountinfo)
	dir=$dir$(sed -n s/^0:://p /proc/$1/cgroup)
	cat $dir/cgroup.events; wc -l <$dir/cgroup.procs'
hook_v1='dir=$(awk "/ - cgroup .*freezer/ { print \$5; exit }" /proc/self/mountinfo)
	dir=$dir$(sed -n "s/^[0-9]*:freezer://p" /proc/$1/cgroup)
	cat $dir/freezer.state; wc -l <$dir/cgroup.procs'

freeze_v2() {
	before=$(freezer_of '^0::')
	FAKE_HOOK=$hook_v2 run 0 "$checkpoint" --freeze --freezer=v2 -p "$tree" \
		-o "$TMP/saved" && err 'frozen 1' && err '^4$' &&
		[ "$before" = "$(freezer_of '^0::')" ] && rm "$TMP/saved"
}
freeze_v1() {
	before=$(freezer_of ':freezer:')
	FAKE_HOOK=$hook_v1 run 0 "$checkpoint" --freeze --freezer=v1 -p "$tree" \
		-o "$TMP/saved" && err 'FROZEN' && err '^4$' &&
		[ "$before" = "$(freezer_of ':freezer:')" ] && rm "$TMP/saved"
}
freeze_failing() {
	before=$(cat "/proc/$tree/cgroup")
	FAKE_ERROR=95 run 1 "$checkpoint" --freeze --freezer="$1" -p "$tree" \
		-o "$TMP/saved" && no_leftover &&
		[ "$before" = "$(cat "/proc/$tree/cgroup")" ]
}
# The group of the tree, VERSION; and whether the group DIR stands still.
group_of() {
	case $1 in
	v2) awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo
		sed -n s/^0:://p "/proc/$tree/cgroup" ;;
	v1) awk '/ - cgroup .*freezer/ { print $5; exit }' /proc/self/mountinfo
		sed -n 's/^[0-9]*:freezer://p' "/proc/$tree/cgroup" ;;
	esac | tr -d '\n'
}
stands() { grep -qs -e '^frozen 1$' -e FROZEN "$1/cgroup.events" "$1/freezer.state"; }
set_frozen() { # DIR 0|1
	if [ -e "$1/cgroup.freeze" ]; then
		echo "$2" >"$1/cgroup.freeze"
	elif [ "$2" = 1 ]; then
		echo FROZEN >"$1/freezer.state"
	else
		echo THAWED >"$1/freezer.state"
	fi
}
# One that has its own is frozen with that, which thaws again unless it stood
# still before.
own_group() {
	home=$(group_of "$1") own=$home/ckpt-own
	mkdir "$own" || return
	for pid in $(members); do
		echo "$pid" >"$own/cgroup.procs"
	done
	FAKE_HOOK="$2"'; cat /proc/$1/cgroup' run 0 "$checkpoint" --freeze --freezer="$1" -p "$tree" -o "$TMP/saved" &&
		err '^frozen 1$\|FROZEN' && err '/ckpt-own$' && err '^4$' && not stands "$own" &&
		set_frozen "$own" 1 && until_true stands "$own" &&
		run 0 "$checkpoint" --freeze --freezer="$1" -p "$tree" -o "$TMP/saved" &&
		stands "$own" && "$CHECK/ckptinfo" -q "$TMP/saved"
	result=$?
	rm -f "$TMP/saved"
	set_frozen "$own" 0
	for pid in $(members); do
		echo "$pid" >"$home/cgroup.procs"
	done
	until_true rmdir "$own"
	return $result
}
# As services have it: the first process in a group beside theirs, all in another one
make_box() {
	home=$(group_of "$1")
	home=${home%/} stranger=
	box=$home/ckpt-box
	service=$(ps -o pid= --ppid "$tree" | head -1 | tr -d ' ')
	mkdir "$box" "$box/init" "$box/in" || return
	for pid in $(members); do
		echo "$pid" >"$box/init/cgroup.procs" || return
	done
	echo "$service" >"$box/in/cgroup.procs"
}
box_removed() { rmdir "$box/init" "$box/in" "$box" 2>/dev/null || [ ! -e "$box" ]; }
drop_box() {
	rm -f "$TMP/saved"
	for pid in $(members); do
		echo "$pid" >"$home/cgroup.procs"
	done
	[ -z "$stranger" ] || { kill -9 "$stranger" && wait "$stranger" 2>/dev/null; }
	until_true box_removed
}
add_stranger() {
	sleep 10000 &
	stranger=$!
	echo $stranger >"$box/in/cgroup.procs"
}
in_box() { grep -q "/ckpt-box/$2\$" "/proc/$1/cgroup"; }
as_in_box() { in_box "$tree" init && in_box "$service" in && not stands "$box" && no_cgroups; }
saves_box() { # VERSION WORDS
	FAKE_HOOK='cat /proc/$1/cgroup' run 0 "$checkpoint" --freeze --freezer="$1" -v -p "$tree" -o "$TMP/saved" &&
		err '/ckpt-box/init$' && err "frozen by $box\$" && not err 'control groups' && as_in_box &&
		run 0 "$CHECK/ckptinfo" --cgroups "$TMP/saved" && out '/ckpt-box/init$' && out '/ckpt-box/in$'
}
group_around() {
	make_box "$1" && saves_box "$1"
	result=$?
	drop_box
	return $result
}
has_zombie() { [ "$(ps -o stat= --ppid "$tree" | cut -c 1)" = Z ] && grep -qs '^sleep$' "/proc/$tree/comm"; }
# Where a zombie is, nobody has to know.
zombie_around() {
	stop_tree
	sh -c 'sleep 0 & exec sleep 10000' &
	tree=$!
	until_true has_zombie
	make_box "$1" && run 0 "$checkpoint" --freeze --freezer="$1" -v -p "$tree" -o "$TMP/saved" &&
		err "frozen by $box/init\$"
	result=$?
	drop_box
	stop_tree
	start_tree
	return $result
}
names_box() { err "^checkpoint: pid $tree: the image has none of these control groups" && err "^checkpoint:   $box/init\$" && err "^checkpoint:   $box/in\$"; }
# One more in it is not frozen, and the groups are not saved: that is told.
group_shared() {
	make_box "$1" && add_stranger &&
		FAKE_HOOK='cat /proc/$1/cgroup' run 0 "$checkpoint" --freeze --freezer="$1" -p "$tree" -o "$TMP/saved" &&
		err '/checkpoint\.[0-9.]*$' && names_box && as_in_box &&
		run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && names_box &&
		run 0 "$checkpoint" -q -p "$tree" -o "$TMP/saved" && not err . &&
		run 0 "$checkpoint" --freeze -q --freezer="$1" -p "$tree" -o "$TMP/saved" && not err .
	result=$?
	drop_box
	return $result
}
# A child forks when it is in the group that is made, for which it has time while others
# are moved, too; and again when that was frozen.
FORKS='
import os, sys, time
flag, early, late = sys.argv[1:]
def place():
	return open("/proc/self/cgroup").read()
def fork(path):
	if os.fork():
		return
	here = place()
	with open(path + ".new", "w") as f:
		f.write("%d\n%s" % (os.getpid(), here))
	os.rename(path + ".new", path)
	time.sleep(10000)
if os.fork():
	for i in range(40):
		if not os.fork():
			break
	else:
		open(flag + ".ready", "w").close()
	time.sleep(10000)
os.nice(-20)
while "/checkpoint." not in place():
	pass
fork(early)
while not os.path.exists(flag):
	pass
fork(late)
time.sleep(10000)'
start_forks() {
	rm -f "$TMP/flag" "$TMP/flag.ready" "$TMP/early" "$TMP/late"
	python3 -c "$FORKS" "$TMP/flag" "$TMP/early" "$TMP/late" &
	tree=$!
	until_true test -e "$TMP/flag.ready"
}
born_at_home() {
	until_true test -e "$TMP/late" && grep /checkpoint. "$TMP/early" >"$TMP/err" && in_box "$(head -1 "$TMP/early")" in &&
		in_box "$(head -1 "$TMP/late")" in
}
newborn() {
	stop_tree
	start_forks
	make_box "$1" && add_stranger && FAKE_HOOK=": >$TMP/flag" run 0 "$checkpoint" --freeze --freezer="$1" -p "$tree" -o "$TMP/saved" &&
		born_at_home && as_in_box
	result=$?
	# shellcheck disable=SC2046
	kill -9 $(head -qn 1 "$TMP/early" "$TMP/late") 2>/dev/null
	drop_box
	stop_tree
	start_tree
	return $result
}
# SIGKILL, at any moment: thawed, back in its cgroup, and no file.
# What it leaves behind is cleaned up by another process, which takes its time.
cleaned_up() {
	no_cgroups && [ "$1" = "$(cat "/proc/$tree/cgroup")" ] && no_leftover
}
killed() {
	before=$(cat "/proc/$tree/cgroup")
	for delay in 0.00 0.01 0.02 0.03 0.05 0.08 0.1 0.2; do
		FAKE_HOOK='sleep 0.3' "$checkpoint" --freeze --freezer="$1" -p "$tree" \
			-o "$TMP/saved" 2>/dev/null &
		child=$!
		sleep $delay
		kill -KILL $child
		wait $child 2>/dev/null
		until_true not pgrep -f "^$checkpoint --freeze --freezer=$1" || return
		until_true cleaned_up "$before" || return
	done
}
interrupted() {
	before=$(cat "/proc/$tree/cgroup")
	FAKE_HOOK='kill -TERM $PPID; sleep 0.2' run 143 "$checkpoint" --freeze \
		--freezer="$1" -p "$tree" -o "$TMP/saved" && no_leftover &&
		err interrupted && [ "$before" = "$(cat "/proc/$tree/cgroup")" ]
}
# Stopped, it would thaw nothing; it is the terminal's wish, not that of kill(1).
not_stopped() {
	FAKE_HOOK='grep SigIgn /proc/$PPID/status' run 0 "$checkpoint" --freeze --freezer="$1" -p "$tree" -o "$TMP/saved" &&
		rm "$TMP/saved" && mask=$(sed -n 's/^SigIgn:[[:space:]]*//p' "$TMP/err") && [ $((0x$mask >> 19 & 1)) -eq 1 ]
}
killing() {
	FAKE_HOOK=$2 run 0 "$checkpoint" --freeze --freezer="$1" --kill -p "$tree" \
		-o "$TMP/saved" && same_image "$TMP/saved" && rm "$TMP/saved" &&
		not kill -0 "$(members | head -1)" 2>/dev/null
	result=$?
	wait "$tree" 2>/dev/null
	start_tree
	return $result
}
no_cgroups() {
	[ -z "$(find /sys/fs/cgroup /cgroups -name 'checkpoint.[0-9]*' 2>/dev/null)" ]
}
again_compressed() {
	printf aaa >"$TMP/again"
	FAKE_AGAIN="$TMP/again" run 0 "$checkpoint" --freeze --freezer="$1" -z lz4 \
		-p "$tree" -o "$TMP/saved" && "$CHECK/ckptinfo" -q "$TMP/saved" && rm "$TMP/saved"
}
test_freezer() {
	ok "checkpoint: --freeze with $1" "freeze_$1"
	ok "checkpoint: $1: a group of its own" own_group "$1" "$2"
	ok "checkpoint: $1: a group around those of its processes" group_around "$1"
	ok "checkpoint: $1: a zombie in a group of its own" zombie_around "$1"
	ok "checkpoint: $1: a group around them that others are in" group_shared "$1"
	ok "checkpoint: $1: children that are born meanwhile" newborn "$1"
	ok "checkpoint: $1: all as before when it fails" freeze_failing "$1"
	ok "checkpoint: $1: all as before when it is interrupted" interrupted "$1"
	ok "checkpoint: $1: all as before when it is killed" killed "$1"
	ok "checkpoint: $1: again when the tree changed" again "$1"
	ok "checkpoint: $1: again, compressed" again_compressed "$1"
	ok "checkpoint: $1: Ctrl-Z does not stop it" not_stopped "$1"
	ok "checkpoint: $1: --kill" killing "$1" true
	ok "checkpoint: $1: no cgroup is left" no_cgroups
}
for version in v2 v1; do
	if "$CHECK/ns_exec" -c -C ckpt-test --freezer=$version true 2>/dev/null; then
		[ $version = v1 ] && hook=$hook_v1 || hook=$hook_v2
		test_freezer $version "$hook"
	else
		skip "checkpoint: freezer $version" "not here, or no right to use it"
	fi
done

stop_tree
