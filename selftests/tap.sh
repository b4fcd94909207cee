# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317	# is read, set and called by those who take it in
#
# What tests that are shell scripts have in common. They run in a folder of their
# own, with set -uo pipefail.

number=0 failed=0
scale=${CKPT_TEST_SCALE:-1}

say() { printf '# %s\n' "$*"; }

# ok NAME TEST...
ok() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >words 2>&1; then
		printf 'ok %d %s\n' "$number" "$name"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d %s\n' "$number" "$name"
	sed 's/^/# /' words
}

# wait_until SECONDS CONDITION...: 0 when it came true. SECONDS are those of a machine
# at rest; one that others use, too, gets some times as many, for which nobody waits if
# all is well.
wait_until() {
	local tries=$(($1 * 20 * scale * 6))
	shift
	while ((tries-- > 0)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

# tap_main NAME TOOL...: what is left to do for a script with TESTS tests, which its
# run_all makes in a folder of their own. Does not return.
tap_main() {
	local name=$1 tool
	shift
	echo "TAP version 13"
	echo "1..$TESTS"
	if [[ -n ${CKPT_TEST_PLAIN:-} ]]; then
		for ((number = 1; number <= TESTS; number++)); do
			echo "ok $number # SKIP needs the system calls"
		done
		exit 0
	fi
	for tool; do
		if ! command -v "$tool" >/dev/null; then
			echo "Bail out! $tool is not installed"
			exit 1
		fi
	done
	work=$(mktemp -d "/tmp/$name.XXXXXX")
	trap 'cd /; rm -rf "$work"' EXIT
	cd "$work" || exit
	run_all
	exit $((failed > 0))
}

nonempty() { [[ -s $1 ]]; }
exists() { [[ -e $1 ]]; }
gone() { [[ ! -e /proc/$1 ]]; }
