# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion for checkpoint, restart, ns_exec, ckptinfo and ckpt-convert
#
# The options are those that --help shows, so there is no second list of them.

_checkpoint_options() {
	"$1" --help 2>/dev/null | grep -oE -e '^ +(-[a-zA-Z], )?--[a-z-]+=?' |
		grep -oE -e '--[a-z-]+=?'
}

# What may follow the option $2 of the tool $1, with $3 of it there already. Returns
# 1 where that takes no value.
_checkpoint_values() {
	case ${1##*/}:$2 in
	ns_exec:-[pi] | ns_exec:--pid)
		return 1
		;;
	*:-p | *:--pid)
		compgen -W "$(cd /proc && echo [0-9]*)" -- "$3"
		;;
	*:-z | *:--compress)
		compgen -W 'zstd lz4 none' -- "$3"
		;;
	*:--freezer)
		compgen -W 'auto v1 v2' -- "$3"
		;;
	*:--time)
		compgen -W 'continue now' -- "$3"
		;;
	*:--ns)
		compgen -P "${3%"${3##*,}"}" -W 'pid uts ipc mnt net cgroup user' -- "${3##*,}"
		;;
	*:--root)
		compgen -d -- "$3"
		;;
	*:-[oiP] | *:--output | *:--input | *:--pidfile)
		compgen -f -- "$3"
		;;
	*:-[CI] | *:--cgroup | *:--inherit-fd | *:--timeout)
		;;
	*)
		return 1
		;;
	esac
	return 0
}

# Whether the words before the current one have begun a command for ns_exec.
_checkpoint_in_command() {
	local i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--pidfile | --cgroup | --freezer)
			[[ ${COMP_WORDS[i + 1]} != = ]] || i=$((i + 1))
			i=$((i + 1))
			;;
		--)
			return 0
			;;
		--*) ;;
		-*[PC])
			i=$((i + 1))
			;;
		-*) ;;
		*)
			return 0
			;;
		esac
	done
	return 1
}

_checkpoint() {
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local values

	# --option=value is three words to bash.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 2)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	# Of several letters, only the last one may take a value.
	[[ $prev != -[!-]?* ]] || prev=-${prev: -1}
	if [[ ${tool##*/} == ns_exec ]] && _checkpoint_in_command; then
		# Of its options we know nothing, and ours are none of them.
		[[ $prev == -- ]] && values=$(compgen -c -- "$cur") || values=$(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	elif values=$(_checkpoint_values "$tool" "$prev" "$cur"); then
		case $prev in
		--output | --input | --pidfile | --root | -[oiP])
			compopt -o filenames 2>/dev/null
			;;
		esac
	elif [[ $cur == -* ]]; then
		values=$(compgen -W "$(_checkpoint_options "$tool")" -- "$cur")
		[[ $values != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ ${tool##*/} == ns_exec ]]; then
		values=$(compgen -c -- "$cur")
	elif [[ ${tool##*/} == ckpt* ]]; then
		values=$(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	fi
	COMPREPLY=()
	[[ -z $values ]] || mapfile -t COMPREPLY <<<"$values"
}

complete -F _checkpoint checkpoint restart ns_exec ckptinfo ckpt-convert
