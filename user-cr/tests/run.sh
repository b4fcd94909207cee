#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs all tests; CHECK is the directory with what was built for them, LIB that
# of the library, BIN that of the tools as they are installed.

here=$(dirname "$0")
CHECK=$(realpath "${CHECK:-$here/../build/check}")
LIB=$(realpath "${LIB:-$here/../build/lib}")
TMP=$(mktemp -d)
trap 'cd / && rm -rf "$TMP"' EXIT
BIN=$(realpath "${BIN:-$here/../build/bin}")
export CHECK LIB BIN TMP

# The pids that restart needs are free in a pid namespace of our own, and what
# is killed there is ours.
if [ "${IN_CONTAINER:-no}" = no ] && "$CHECK/ns_exec" -cpm true 2>/dev/null; then
	IN_CONTAINER=yes "$CHECK/ns_exec" -cpm "$0" "$@"
	exit
fi
export ASAN_OPTIONS=detect_leaks=0

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"

for program in reader messages inside sections; do
	"$CHECK/test_$program" >"$TMP/program"
	cat "$TMP/program"
	PASSED=$((PASSED + $(grep -c '^ok ' "$TMP/program")))
	FAILED=$((FAILED + $(grep -c '^not ok ' "$TMP/program")))
	# It crashed if it did not come to the end.
	grep -q ' passed, ' "$TMP/program" || FAILED=$((FAILED + 1))
done

for script in library ckptinfo fixtures ns_exec checkpoint restart records mounts cgroups network completion manual; do
	# shellcheck source-path=SCRIPTDIR source=lib.sh
	. "$here/test_$script.sh"
done

echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$FAILED" -eq 0 ]
