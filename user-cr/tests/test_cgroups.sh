# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# programs are expanded by another shell
# control groups, saved and made again, with a fake kernel: version 1 and BPF programs,
# which the selftests' machines hardly have

checkpoint=$CHECK/fake-checkpoint
restart=$CHECK/fake-restart
export FAKE_DIR="$TMP/fake" FAKE_IMAGE="$TMP/image"
"$CHECK/mkimage" 30001 30002:30001 >"$TMP/image"
box=ckpt-$(basename "$TMP")

# The hierarchies of version 1 with one of these controllers, by their directory
hierarchies=$(awk '/ - cgroup [^ ]* [^ ]*[,]*(cpu|memory|pids|cpuset|devices)(,|$)/ { print $5 }' /proc/self/mountinfo)
of() { # CONTROLLER: the directory of our group there
	awk -v want="$1" '$(NF - 2) == "cgroup" && $NF ~ "(^|,)" want "(,|$)" { print $5 "/'"$box"'"; exit }' /proc/self/mountinfo
}
remove_groups() {
	for dir in $hierarchies; do
		[ ! -d "$dir/$box" ] || find "$dir/$box" -depth -type d -exec rmdir {} \; || return
	done 2>/dev/null
}
put() { # FILE VALUE
	echo "$2" >"$1" 2>/dev/null
}

make_groups() {
	for dir in $hierarchies; do
		mkdir "$dir/$box" || return
		# A cpuset has to have something before anybody can be in it.
		for file in cpus mems; do
			[ ! -e "$dir/$box/cpuset.$file" ] || cat "$dir/cpuset.$file" >"$dir/$box/cpuset.$file" || return
		done
		mkdir "$dir/$box/in" || return
		[ ! -e "$dir/$box/in/cpuset.cpus" ] || { echo 0 >"$dir/$box/in/cpuset.cpus" && echo 0 >"$dir/$box/in/cpuset.mems"; } || return
	done
	put "$(of cpu)/in/cpu.shares" 333
	put "$(of cpu)/in/cpu.cfs_quota_us" 50000
	put "$(of memory)/memory.limit_in_bytes" 209715200
	put "$(of memory)/in/memory.limit_in_bytes" 104857600
	put "$(of memory)/in/memory.swappiness" 17
	put "$(of pids)/pids.max" 99
	put "$(of devices)/in/devices.deny" a
	put "$(of devices)/in/devices.allow" 'c 1:3 rwm'
	true
}
settings() {
	for dir in $hierarchies; do
		(cd "$dir/$box" 2>/dev/null && grep -r . --include='*.shares' --include='*_us' --include='*limit_in_bytes' \
			--include='*.swappiness' --include=pids.max --include=devices.list --include=memory.oom_control --include=cpuset.cpus --include=cpuset.mems . | sort)
	done
}

has_inner() { [ -n "$(ps -o pid= --ppid $tree)" ]; }
start_tree() {
	sh -c 'sleep 1000 & wait' &
	tree=$!
	until_true has_inner
	inner=$(ps -o pid= --ppid $tree | tr -d ' ')
	for dir in $hierarchies; do
		echo $tree >"$dir/$box/cgroup.procs" && echo "$inner" >"$dir/$box/in/cgroup.procs" || return
	done
}
stop_tree() {
	kill -9 $tree "$inner"
	wait $tree 2>/dev/null
	until_true remove_groups
}
# The processes of the image are those of the tree, by their pids.
saved() {
	"$CHECK/mkimage" "$tree" "$inner:$tree" >"$TMP/image"
	settings >"$TMP/before"
	run 0 "$checkpoint" -p "$tree" -o "$TMP/groups"
}
shown() {
	run 0 "$CHECK/ckptinfo" --cgroups "$TMP/groups" && out "^version 1 [a-z,]* /$box$" && out "^version 1 /$box/in$" &&
		out "^  processes  *$inner$" && out '^  pids.max  *99$' && out '^  memory.swappiness  *17$'
}
rerun() { rm -rf "$FAKE_DIR"; mkdir "$FAKE_DIR"; run "$@"; }
again() {
	FAKE_PROGRAM='echo $$; cat /proc/self/cgroup; sleep 0.3' rerun 0 "$restart" --time=now -d -i "$TMP/groups" &&
		until_true both && settings | diff "$TMP/before" - >"$TMP/err" && cp "$TMP/out" "$TMP/where"
}
both() { grep -q ":/$box\$" "$TMP/out" && grep -q ":/$box/in\$" "$TMP/out"; }
where() {
	for dir in $hierarchies; do
		grep -q ":/$box\$" "$TMP/where" && grep -q ":/$box/in\$" "$TMP/where" || return
	done
}
none_left() { ! kill -0 "$tree" 2>/dev/null && ! kill -0 "$inner" 2>/dev/null && remove_groups; }
waits() {
	until_true none_left && FAKE_PROGRAM='sleep 0.1' rerun 0 "$restart" --time=now -w -i "$TMP/groups" &&
		for dir in $hierarchies; do
			[ ! -e "$dir/$box" ] || return
		done
}
# Nobody is left to remove them but the guard.
killed() {
	rm -rf "$FAKE_DIR"
	mkdir "$FAKE_DIR"
	FAKE_STALL=1 "$restart" --time=now -i "$TMP/groups" 2>"$TMP/err" &
	child=$!
	until_true test -d "$(of memory)/in"
	sleep "$1"
	kill -KILL $child
	wait $child 2>/dev/null
	until_true no_groups
}
no_groups() {
	for dir in $hierarchies; do
		[ ! -e "$dir/$box" ] || return
	done
}
not_there() {
	sed "s,memory.swappiness,memory.swoppiness," "$TMP/groups" | "$CHECK/mkimage" --repair >"$TMP/bad" &&
		rerun 125 "$restart" --time=now -i "$TMP/bad" && err "^restart: control group .*/$box: cannot write '[0-9]*' to memory.swoppiness" &&
		[ ! -e "$(of memory)" ] || return
	sed "s,memory.swappiness,memory/swappiness," "$TMP/groups" | "$CHECK/mkimage" --repair >"$TMP/bad" &&
		rerun 125 "$restart" --time=now -i "$TMP/bad" && err "CGROUP_SETTING: no name of a file" &&
		[ ! -e "$(of memory)" ]
}
no_process() {
	"$CHECK/mkimage" 30001 >"$TMP/image" && FAKE_IMAGE="$TMP/image" && head -c $(($(wc -c <"$TMP/groups") - $(wc -c <"$TMP/tree"))) "$TMP/groups" |
		cat - "$TMP/image" >"$TMP/bad" && rerun 125 "$restart" --time=now -i "$TMP/bad" &&
		err "^restart: control group .*/$box: pid [0-9]*, which was in it, is not in the image" && [ ! -e "$(of memory)" ]
}
no_pids() {
	rerun 125 "$restart" --time=now --no-pids -i "$TMP/groups" && err 'which process belongs to which' && [ ! -e "$(of memory)" ]
}
unknown_parent() {
	rerun 125 "$restart" --cgroup=/no/such -i "$TMP/groups" && err 'cannot find the control group /no/such' &&
		run 2 "$restart" --cgroup=here -i "$TMP/groups" && run 2 "$restart" --cgroup=/a --no-cgroups -i "$TMP/groups"
}
foreign() {
	for dir in $hierarchies; do
		echo $$ >"$dir/$box/in/cgroup.procs" || return
	done
	run 0 "$checkpoint" -p "$tree" -o "$TMP/none"
	result=$?
	for dir in $hierarchies; do
		echo $$ >"$dir/cgroup.procs"
	done
	[ $result -eq 0 ] && run 0 "$CHECK/ckptinfo" --cgroups "$TMP/none" && not out "$box"
}

# attach GROUP: a BPF program that lets all pass
attach() {
	python3 -c "$BPF"'
CGROUP_SKB, INET_EGRESS = 8, 1
bpf(PROG_ATTACH, "<IIII", os.open(sys.argv[1], os.O_RDONLY), load(CGROUP_SKB, 1), INET_EGRESS, 0)' "$1"
}
bpf_program() {
	run 1 "$checkpoint" -p "$tree" -o "$TMP/none" && [ ! -e "$TMP/none" ] &&
		err "^checkpoint: control group .*/$box/in: a BPF program (cgroup_inet_egress) is attached to it: not supported"
}
# A process in a group of version 2, in which another one has such a program
with_program() {
	mkdir -p "$TMP/cg" && mount -t cgroup2 none "$TMP/cg" 2>/dev/null || return
	if ! mkdir "$TMP/cg/$box" "$TMP/cg/$box/in" || ! attach "$TMP/cg/$box/in" >"$TMP/err" 2>&1; then
		end_program
		return 1
	fi
	sleep 1000 &
	tree=$!
	echo $tree >"$TMP/cg/$box/cgroup.procs"
	"$CHECK/mkimage" $tree >"$TMP/image"
}
end_program() {
	[ -z "$tree" ] || { kill -9 "$tree" && wait "$tree"; } 2>/dev/null
	rmdir "$TMP/cg/$box/in" "$TMP/cg/$box"
	umount "$TMP/cg"
}

tree=
if [ "${IN_CONTAINER:-no}" = yes ] && with_program; then
	ok "cgroups: a BPF program is refused" bpf_program
	end_program
else
	skip "cgroups: a BPF program is refused" "not here, or no right to use it"
fi

if [ "${IN_CONTAINER:-no}" = yes ] && [ -n "$(of memory)" ] && [ -n "$(of pids)" ] && [ -n "$(of cpu)" ] &&
	make_groups 2>/dev/null; then
	start_tree
	ok "cgroups: version 1 is saved" saved
	cp "$TMP/image" "$TMP/tree"
	ok "cgroups: ckptinfo shows them" shown
	ok "cgroups: a group with somebody else in it is not ours" foreign
	stop_tree
	ok "cgroups: settings are as before" again
	ok "cgroups: members are as before" where
	ok "cgroups: removed when the first process has ended" waits
	for delay in 0 0.3; do
		ok "cgroups: removed when restart is killed after $delay s" killed $delay
	done
	ok "cgroups: a file that is no setting" not_there
	ok "cgroups: a member that is not in the image" no_process
	ok "cgroups: --no-pids: nobody knows who is who" no_pids
	ok "cgroups: --cgroup that is not there" unknown_parent
	remove_groups
else
	remove_groups
	skip "cgroups: version 1" "not here, or no right to use it"
fi
