# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# hooks are expanded by another shell
# checkpoint: output, freezing and killing, with a fake kernel

export FAKE_IMAGE="$TMP/image"
"$CHECK/mkimage" 100 >"$TMP/image"
checkpoint=$CHECK/fake-checkpoint

# A tree of three processes, with its root in $tree.
start_tree() {
	sh -c 'sleep 100 & sh -c "sleep 101 & wait" & wait' &
	tree=$!
	sleep 0.1
}
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
interrupted() {
	before=$(cat "/proc/$tree/cgroup")
	FAKE_HOOK='kill -TERM $PPID; sleep 0.2' run 143 "$checkpoint" --freeze \
		--freezer="$1" -p "$tree" -o "$TMP/saved" && no_leftover &&
		err interrupted && [ "$before" = "$(cat "/proc/$tree/cgroup")" ]
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
test_freezer() {
	ok "checkpoint: --freeze with $1" "freeze_$1"
	ok "checkpoint: $1: all as before when it fails" freeze_failing "$1"
	ok "checkpoint: $1: all as before when it is interrupted" interrupted "$1"
	ok "checkpoint: $1: again when the tree changed" again "$1"
	ok "checkpoint: $1: --kill" killing "$1" true
	ok "checkpoint: $1: no cgroup is left" no_cgroups
}
for version in v2 v1; do
	if "$CHECK/ns_exec" -c -C ckpt-test --freezer=$version true 2>/dev/null; then
		test_freezer $version
	else
		skip "checkpoint: freezer $version" "not here, or no right to use it"
	fi
done

stop_tree
