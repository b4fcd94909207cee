#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The examples of the library, which save themselves, do what they say they do:
# from the image they come to the same end, as often as it is restarted.
#
# shellcheck disable=SC2317	# tests are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=8
examples=

# A pipe that leads out: what it was is not known to the image.
starts() { # PROGRAM
	local status

	"$examples/$1" image </dev/null 2>words.err | cat >first
	status=${PIPESTATUS[0]}
	cat words.err first
	[[ $status == 0 && $(head -n 1 first) == saved* && $(tail -n 1 first) == sum* ]]
}

goes_on() {
	restart --wait -i image </dev/null 2>words.err | cat >again
	cat words.err again
	[[ $(head -n 1 again) == restarted* && $(sed -n '$=' again) == 2 ]] || return
	cmp <(tail -n 1 first) <(tail -n 1 again)
}

twice() { goes_on && goes_on; }

# On a terminal standard input, output and error are one file. The shell stays,
# as the leader of a session with a terminal is refused.
on_a_terminal() { # PROGRAM
	script -qec "$examples/$1 image; exit \$?" /dev/null </dev/null >first || return
	script -qec "restart --wait -i image; exit \$?" /dev/null </dev/null >again
	cat first again
	[[ $(head -n 1 again) == restarted* ]] && cmp <(tail -n 1 first) <(tail -n 1 again)
}

no_group_stays() {
	! find /sys/fs/cgroup -name 'self_threads.*' | grep .
}

# It is in a control group below which none can be made.
tells_why_not() {
	local group status

	group=$(findmnt -rnt cgroup2 -o TARGET | head -n 1)/full
	mkdir -p "$group" || return
	echo 0 >"$group/cgroup.max.descendants" || return
	bash -c 'echo $$ >"$1/cgroup.procs" && exec "$2" image' bash "$group" "$examples/self_threads" \
		</dev/null >none 2>words.err
	status=$?
	wait_until 10 rmdir "$group"
	cat words.err
	[[ $status == 1 && ! -s none ]] && grep -q 'self_threads\.[0-9]*: Resource temporarily unavailable' words.err
}

run_all() {
	local tool
	tool=$(command -v checkpoint)
	examples=${tool%/*/*}/examples
	ok "self saves itself" starts self
	ok "self goes on from its image" twice
	ok "self goes on on another terminal" on_a_terminal self
	ok "self_threads saves itself, with threads" starts self_threads
	ok "self_threads goes on from its image" twice
	ok "self_threads goes on on another terminal" on_a_terminal self_threads
	ok "self_threads leaves no control group behind" no_group_stays
	ok "self_threads tells why it cannot stop its threads" tells_why_not
}

tap_main examples checkpoint
