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
values() {
	completed "$CHECK/checkpoint" --compress = z && out '^zstd$' && not out lz4 &&
		completed "$CHECK/checkpoint" --compress = && out '^lz4$' &&
		completed "$CHECK/checkpoint" -p '' && out "^$$$" &&
		completed "$CHECK/restart" --ns = pid,u && out '^pid,uts$' &&
		completed "$CHECK/restart" -i "$here/lib" && out 'lib.sh$'
}
words() {
	completed "$CHECK/ckptinfo" "$here/lib" && out 'lib.sh$' &&
		completed "$CHECK/ns_exec" -c tru && out '^true$' &&
		completed "$CHECK/checkpoint" xyz && not out .
}
if command -v bash >/dev/null; then
	ok "completion: all options" all_options
	ok "completion: values" values
	ok "completion: words" words
else
	skip "completion" "no bash"
fi
