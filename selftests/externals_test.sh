#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Descriptors that lead out of the tree: listed by ckptinfo, and given to
# restart by --inherit-fd. What is missing, or wrong, is refused by name.
#
# A program writes to pipes whose other ends are ours, and reads from one. It is
# checkpointed in the middle and killed.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=11

# So many letters it gets before it is saved: however late that is, it is not at its end.
readonly STEPS=60 GIVEN=40 alphabet=abcdefghijklmnopqrstuvwxyz
readers=()

# Writes numbers to descriptors 7 and 8, with the letter that comes next from
# descriptor 9; 8 gets the negative ones. Descriptor 6 is 7 once more.
readonly PROGRAM='
open(my $seven, ">&=", 7) or die; open(my $eight, ">&=", 8) or die;
open(my $six, ">&=", 6) or die; open(my $nine, "<&=", 9) or die;
for my $i (1 .. $ENV{STEPS}) {
	sysread($nine, my $letter, 1) == 1 or die;
	syswrite($i % 2 ? $seven : $six, "$i$letter\n");
	syswrite($eight, "-$i$letter\n");
	if ($i == $ENV{STEPS} / 3) { open(my $f, ">", "third"); close($f); }
	select(undef, undef, undef, 0.03);
}'

letters() { # FROM TO: a letter for each step
	local i
	for ((i = $1; i <= $2; i++)); do
		printf '%s' "${alphabet:i % 26:1}"
	done
}

# What the program writes to descriptor 7 in the steps FROM to TO; SIGN is "-"
# for descriptor 8.
lines() { # FROM TO SIGN
	local i
	for ((i = $1; i <= $2; i++)); do
		printf '%s%d%s\n' "$3" "$i" "${alphabet:i % 26:1}"
	done
}

# Descriptor $1 becomes a pipe; what comes out of it goes to file $2.
pipe_to() {
	eval "exec $1> >(exec cat >$2)"
	readers+=($!)
}

# All that was in the pipes is in the files.
wait_for_readers() {
	local reader

	for reader in "${readers[@]}"; do
		wait_until 10 gone "$reader" || return
	done
	readers=()
}

capture() {
	local pid

	mkfifo source
	exec 12<>source
	exec 9<source
	rm source
	letters 1 "$GIVEN" >&12
	pipe_to 7 seven
	pipe_to 8 eight
	ns_exec -cpuim -d -P pid -- env STEPS="$STEPS" perl -e "$PROGRAM" \
		6>&7 12>&- </dev/null >/dev/null 2>&1 || return
	exec 7>&- 8>&-
	wait_until 20 nonempty pid && pid=$(<pid) || return
	wait_until 60 exists third || return
	checkpoint -p "$pid" -o image --freeze --kill || return
	wait_until 10 gone "$pid" || return
	wait_for_readers || return
	# A step may have been taken by half.
	exec 12>&-
	to_nine=$((GIVEN - $(wc -c <&9))) to_seven=$(wc -l <seven) to_eight=$(wc -l <eight)
	exec 9<&-
	echo "$to_nine, $to_seven, $to_eight steps until the checkpoint"
	((to_eight >= STEPS / 3 && to_nine < STEPS)) || return
	lines 1 "$to_seven" "" | cmp - seven && lines 1 "$to_eight" - | cmp - eight || return
	ckptinfo --externals image >externals || return
	seven=$(key_of 6) && eight=$(key_of 8) && nine=$(key_of 9)
}

# The last column, WAS, of the one with that SLOT; there may be blanks in it.
key_of() {
	awk -v slot="$1" '
	NR == 1 { was = index($0, "WAS") }
	$1 == slot { print substr($0, was); found = 1; exit }
	END { exit !found }' externals
}

listed() {
	cat externals
	# Descriptors 6 and 7 are the same, and need only one.
	[[ $(awk -v ORS=" " 'NR > 1 { print $1 ":" $5 }' externals) == "6:6 6:7 8:8 9:9 " ]] &&
		[[ $seven == pipe:* && $eight == pipe:* && $seven != "$eight" ]] &&
		[[ $nine == "$work/source"* ]]
}

listed_as_json() {
	ckptinfo --json image >json || return
	python3 -c '
import json, sys
records = json.load(open("json"))["records"]
slots = sorted(r["fields"]["slot"] for r in records
               if r["type"] == "FILE" and r["fields"]["kind"] == 4)
print(slots)
sys.exit(slots != [6, 8, 9])'
}

# restarts STATUS OPTION...: restart ends with STATUS, its words in "err".
restarts() {
	local expected=$1 status
	shift
	timeout $((300 * scale)) restart --container --wait -i image "$@" \
		</dev/null >/dev/null 2>err
	status=$?
	cat err
	echo "status $status"
	((status == expected))
}

none_runs() { ! pgrep -f "syswrite.*eight, " >/dev/null; }
nothing_left() { wait_until 10 none_runs; }
err() { grep -qF -- "$1" err; }

missing_all() {
	restarts 125 && err "for its descriptor" && err -- --inherit-fd &&
		nothing_left
}

missing_one() {
	restarts 125 -I "$seven=20" -I "$nine=22" 20>given 22</dev/null &&
		err "needs $eight for its descriptor 8" && nothing_left
}

wrong_key() {
	restarts 125 -I "$seven=20" -I "$eight=20" -I "$nine=22" -I "pipe:[1]=20" \
		20>given 22</dev/null && err "no external file pipe:[1]" && nothing_left
}

closed_descriptor() {
	restarts 2 -I "$seven=77" && err "descriptor 77 is not open"
}

no_key() {
	restarts 2 -I "$seven" && err "not KEY=FD"
}

wrong_mode() {
	restarts 125 -I "$seven=20" -I "$eight=20" -I "$nine=22" 20</dev/null 22</dev/null &&
		err "$seven was open for writing, but descriptor 20" &&
		nothing_left
}

# It goes on where it was: with a file for one, a pipe for the other, and what
# was not read yet.
goes_on() { # SEVEN EIGHT: our descriptors for them
	local status=0

	rm -f rest.seven rest.eight
	letters $((to_nine + 1)) "$STEPS" >unread
	pipe_to "$2" rest.eight
	eval "exec $1>rest.seven"
	restarts 0 -I "$seven=$1" --inherit-fd="$eight=$2" -I "$nine=22" 22<unread ||
		status=1
	eval "exec $1>&- $2>&-"
	wait_for_readers || return
	((status == 0)) &&
		lines $((to_seven + 1)) "$STEPS" "" | cmp - rest.seven &&
		lines $((to_eight + 1)) "$STEPS" - | cmp - rest.eight
}

run_all() {
	ok "a program with descriptors that lead outside" capture
	if ((failed)); then
		echo "Bail out! nothing to restart"
		return
	fi
	ok "ckptinfo lists them" listed
	ok "ckptinfo lists them as JSON" listed_as_json
	ok "none is given" missing_all
	ok "one is missing" missing_one
	ok "a key that the image does not have" wrong_key
	ok "a descriptor of ours that is closed" closed_descriptor
	ok "an argument without a key" no_key
	ok "a descriptor that is not open for it" wrong_mode
	ok "it goes on with other files" goes_on 30 31
	# Each is where the other one has to go.
	ok "it goes on with descriptors that are in the way" goes_on 8 7
}

tap_main externals ns_exec checkpoint restart ckptinfo perl python3
