# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Common to the scripts of this folder: sourced, never run.

shopt -s inherit_errexit

# shellcheck disable=SC2034	# used by the scripts that source this file
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
KERNEL_TREE=${KERNEL_TREE:-$TOP/kernel-tree}
CACHE=${CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/linux-cr}
JOBS=${JOBS:-$(nproc)}
RESULTS=$BUILD/results

ME=${0##*/}

say() { printf '%s: %s\n' "$ME" "$*"; }
warn() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { warn "$*"; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# Reads NAME from the pin file.
base_value() {
	local value
	value=$(sed -n "s/^$1=//p" "$TOP/BASE")
	[[ -n $value ]] || die "BASE does not define $1"
	printf '%s\n' "$value"
}

# git without the settings of the user and the machine, for everything whose
# output must be the same everywhere.
plain_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
		git -c safe.directory='*' -c core.autocrlf=false "$@"
}

# The same, in kernel-tree/.
kgit() { plain_git -C "$KERNEL_TREE" "$@"; }

# Ends the script unless kernel-tree/ is there in the form that
# scripts/kernel-tree gives it.
need_kernel_tree() {
	[[ -e $KERNEL_TREE/.git ]] ||
		die "no kernel tree at $KERNEL_TREE; run 'make kernel-tree'"
	kgit rev-parse -q --verify 'base^{commit}' >/dev/null ||
		die "$KERNEL_TREE has no tag 'base': it was not made by 'make kernel-tree'"
	kgit rev-parse -q --verify 'refs/heads/checkpoint^{commit}' >/dev/null ||
		die "$KERNEL_TREE has no branch 'checkpoint'; 'git -C kernel-tree branch checkpoint <commit>' names one"
}

# Version of a kernel source tree, from its Makefile on stdin. Reads all of it:
# whoever writes into a pipe must not be left alone.
kernel_version() {
	awk 'FNR > 10				{ next }
	     $2 == "=" && $1 == "VERSION"	{ v = $3 }
	     $2 == "=" && $1 == "PATCHLEVEL"	{ p = $3 }
	     $2 == "=" && $1 == "SUBLEVEL"	{ s = $3 }
	     $1 == "EXTRAVERSION" && NF > 2	{ e = $3 }
	     END { if (v != "") printf "%s.%s.%s%s\n", v, p, s, e }'
}

# A patch without what depends on the rest of the tree it was made in: blob
# ids, line numbers, and the function that git names after them.
essence() { sed -E -e '/^index [0-9a-f]+\.\./d' -e 's/^@@ -[0-9,]+ \+[0-9,]+ @@.*/@@/' "$1"; }

same_essence() { cmp -s <(essence "$1") <(essence "$2"); }

# result PART PASSED FAILED SKIPPED: what .ci/run adds up at the end.
result() {
	mkdir -p "$RESULTS"
	printf '%s %s %s\n' "$2" "$3" "$4" >"$RESULTS/$1"
}

# side_tree DIR REV: a work tree of its own at REV, which borrows the objects of
# kernel-tree/ and leaves its branches and files alone.
side_tree() {
	local dir=$1 rev
	rev=$(kgit rev-parse "$2^{commit}")
	if ! plain_git -C "$dir" rev-parse -q --git-dir >/dev/null 2>&1; then
		mkdir -p "${dir%/*}"
		rm -rf "$dir"
		plain_git clone -q --shared --no-checkout "$KERNEL_TREE" "$dir"
	fi
	plain_git -C "$dir" checkout -q -f --detach "$rev"
	plain_git -C "$dir" clean -q -fdx
}

# series_objects ARCH [REV]: the objects for ARCH of all C files that the
# series adds or touches up to REV, one a line.
#
# As goals of make they need company: kbuild's pattern check%, meant for
# checkstack and the like, takes checkpoint/ in as well, and a command line of
# nothing else is built without a configuration.
# shellcheck disable=SC2034	# used by the scripts that source this file
unrelated_object=init/main.o
series_objects() {
	local arch=$1 rev=${2:-checkpoint} file
	kgit diff --name-only --no-renames --diff-filter=d "base..$rev" -- '*.c' |
		while IFS= read -r file; do
			case $arch:$file in
			um:arch/um/* | um:arch/x86/um/*) ;;
			# It has neither huge pages nor rseq nor the generic entry.
			um:mm/checkpoint_huge.c | um:checkpoint/rseq.c | um:kernel/rseq.c | \
				um:checkpoint/dispatch.c) continue ;;
			# Neither of them has NUMA.
			um:mm/*policy.c | i386:mm/*policy.c) continue ;;
			x86_64:arch/x86/um/* | x86_64:fs/hostfs/*) continue ;;
			i386:arch/x86/um/* | i386:fs/hostfs/* | i386:*_64.c) continue ;;
			x86_64:arch/x86/* | i386:arch/x86/*) ;;
			*:arch/* | *:tools/* | *:scripts/* | *:samples/* | *:Documentation/*) continue ;;
			esac
			printf '%s\n' "${file%.c}.o"
		done
}

# After `make -k OBJECT...`: true if all that failed is that a folder is not
# part of the configuration, so that there is no rule for its objects.
built_all_it_could() {
	grep -q 'No rule to make target' "$1" &&
		! grep -qE ': \*\*\* \[[^]]*\.[a-z]+\] Error' "$1"
}
