# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154	# $here is that of run.sh
# The manual pages know all options, and all flags of the calls.

man=$here/../man

# Each option of --help is explained, and there is no other one.
options_of() {
	"$CHECK/$1" --help | sed -nE 's/^  (-., |    )--([a-z-]+).*/\2/p' | sort >"$TMP/options"
	sed -nE '/^\.It Fl/{s/.*Fl -([a-z-]+).*/\1/p}' "$man/$1.1" | sort >"$TMP/out"
	diff "$TMP/options" "$TMP/out" >"$TMP/err"
}
flags_of() { # CALL PREFIX
	sed -nE "s/^#define ($2_[A-Z_]+)\t.*/\1/p" "$here/../include/linux/checkpoint.h" >"$TMP/flags"
	[ -s "$TMP/flags" ] || return
	while read -r flag; do
		grep -qx -e ".It Dv $flag" -e ".Dl .*$flag.*" "$man/$1.2" || { echo "$flag" >"$TMP/err"; return 1; }
	done <"$TMP/flags"
}
flags() { flags_of checkpoint CHECKPOINT && flags_of restart RESTART; }
# All parts of the tails that there are in JSON, by the tables of the library.
tails() {
	cat "$here/../lib/records.c" "$here/../lib/tools.c" | grep -oE '(REST|SOME|TAIL)(_OF)?\([A-Za-z0-9_]+, "[a-z]+"' |
		sed 's/.*"\(.*\)"/\1/' | sort -u | grep -vx -e padding -e archive >"$TMP/tails"
	[ "$(wc -l <"$TMP/tails")" -gt 20 ] || return
	while read -r tail; do
		sed -n '/^.Sh JSON/,/^.Sh EXIT/p' "$man/ckptinfo.1" | grep -qE "^\.Cm $tail( ,)?$" ||
			{ echo "ckptinfo.1 does not know the tail $tail" >"$TMP/err"; return 1; }
	done <"$TMP/tails"
}
ok "manual: all tails of records" tails
for tool in checkpoint restart ns_exec ckptinfo ckpt-convert; do
	ok "manual: all options of $tool" options_of $tool
done
ok "manual: all flags of the calls" flags
if command -v mandoc >/dev/null; then
	mandoc_lint() { mandoc -T lint -W warning "$man"/*.[1-9] >"$TMP/out"; }
	ok "manual: mandoc" mandoc_lint
fi
