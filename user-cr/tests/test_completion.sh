# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154	# $here is that of run.sh
# bash completion

# completed WORD...: what the last word becomes, in $TMP/out
completed() {
	# shellcheck disable=SC2016	# for bash
	run 0 bash -c '. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) &&
		_checkpoint "$1" && printf "%s\n" "${COMPREPLY[@]}"' \
		"$here/../completion/checkpoint.bash" "$@"
}
# Each option of --help is offered, and each has a value or takes none.
all_options() {
	for tool in checkpoint restart ns_exec ckptinfo ckpt-convert; do
		completed "$CHECK/$tool" -- || return
		[ "$(wc -l <"$TMP/out")" -eq "$("$CHECK/$tool" --help | grep -cE '^  (-., |    )--[a-z]')" ] || return
		out '^--help$' || return
	done
}
# takes_value TOOL OPTION
takes_value() {
	# shellcheck disable=SC2016	# for bash
	bash -c '. "$0" && _checkpoint_values "$1" "$2" "" >/dev/null' "$here/../completion/checkpoint.bash" "$1" "$2"
}
# Those of --help that take a value are known, and no others.
all_values() {
	for tool in checkpoint restart ns_exec ckptinfo ckpt-convert; do
		"$CHECK/$tool" --help | sed -nE 's/^  (-., |    )(--[a-z-]+)(=?).*/\1 \2 \3/p' | tr -d , >"$TMP/options"
		[ -s "$TMP/options" ] || return
		while read -r options; do
			for option in ${options%=}; do
				case $options in
				*=) takes_value $tool "$option" ;;
				*) ! takes_value $tool "$option" ;;
				esac || { echo "$tool $option" >"$TMP/err"; return 1; }
			done
		done <"$TMP/options"
	done
}
values() {
	completed "$CHECK/checkpoint" --compress = z && out '^zstd$' && not out lz4 &&
		completed "$CHECK/checkpoint" --compress = && out '^lz4$' &&
		completed "$CHECK/checkpoint" -p '' && out "^$$$" &&
		completed "$CHECK/restart" --ns = pid,u && out '^pid,uts$' &&
		completed "$CHECK/restart" -i "$here/lib" && out 'lib.sh$' && completed "$CHECK/restart" -cwi "$here/lib" && out 'lib.sh$' &&
		completed "$CHECK/ckpt-convert" -z "$here/lib" && not out .
}
# What follows is for the command; its words may look like options of ours.
command_of_ns_exec() {
	completed "$CHECK/ns_exec" -c -P "$TMP/pid" --freezer = v2 sh - && not out . &&
		completed "$CHECK/ns_exec" -c sh --pid && not out . && completed "$CHECK/ns_exec" -cp sh "$here/lib" && out 'lib.sh$' &&
		completed "$CHECK/ns_exec" -c -- tru && out '^true$' && completed "$CHECK/ns_exec" -P "$TMP/pid" --pid && out '^--pidfile=$' &&
		completed "$CHECK/ns_exec" --pidfile = "$TMP/pid" --pid && out '^--pid$'
}
# Names with spaces are quoted by bash where it knows that they are files.
filenames() {
	for option in --input --pidfile --root -i -P; do
		# shellcheck disable=SC2016	# for bash
		run 0 bash -c 'compopt() { echo "$@"; }; . "$0" && COMP_WORDS=(restart "$1" "") COMP_CWORD=2 && _checkpoint restart' \
			"$here/../completion/checkpoint.bash" $option && out '^-o filenames$' || return
	done
}
words() {
	completed "$CHECK/ckptinfo" "$here/lib" && out 'lib.sh$' &&
		completed "$CHECK/ns_exec" -c tru && out '^true$' && completed "$CHECK/ns_exec" -p '' && out '^true$' && not out "^$$\$" &&
		completed "$CHECK/checkpoint" xyz && not out .
}
if command -v bash >/dev/null; then
	ok "completion: all options" all_options
	ok "completion: all options that take values" all_values
	ok "completion: values" values
	ok "completion: words" words
	ok "completion: the command of ns_exec" command_of_ns_exec
	ok "completion: names of files" filenames
else
	skip "completion" "no bash"
fi
