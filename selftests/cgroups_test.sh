#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Control groups of a container: membership, settings and owners are as before, in both
# versions; the tool makes them, below another group if it is told so.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=15 top=/sys/fs/cgroup v1=/cgroups

# Two processes that make a file each, again and again, and move where the first two
# arguments say before that. They never have it open: it is another one when the image
# is used again. A shell would be in the middle of vfork() now and then.
readonly PROGRAM='
my ($group, $other, $dir) = @ARGV;
my $name = "outer";
sub move { open(my $f, ">", "$_[0]/cgroup.procs") or exit 1; syswrite($f, "0") or exit 1; }
move($group);
if (!fork()) { move($other); $name = "inner"; }
for (;;) {
	link("$dir/something", "$dir/$name");
	select(undef, undef, undef, 0.03);
}'

frozen() { grep -qx 'frozen 1' "$1/cgroup.events"; }
remove() { # a group and those in it
	[[ ! -d $1 ]] || find "$1" -depth -type d -exec rmdir {} \;
}
removed() { remove "$1" 2>/dev/null; [[ ! -d $1 ]]; }

start() { # GROUP GROUP
	rm -f pid inner outer
	echo >something
	ns_exec -cpuim -d -P pid -- perl -e "$PROGRAM" "$1" "$2" "$PWD" </dev/null >/dev/null 2>&1 || return
	pid=$(<pid)
	wait_until 10 nonempty inner && wait_until 10 nonempty outer
}

stop() { kill -KILL "$pid" && wait_until 10 gone "$pid"; }

# All that can be set in a group and those in it
settings() {
	(cd "$1" && find . -type f -perm /200 ! -name '*.procs' ! -name '*.threads' ! -name '*.kill' ! -name '*.reclaim' \
		! -name '*.peak' ! -name '*.pressure' ! -name '*.freeze' ! -name 'freezer.state' ! -name tasks \
		! -name '*event_control' -exec grep -H . {} \; | sort)
}

# Whose the groups and their files are, and what is noted there
owners() {
	(cd "$1" && find . -printf '%p %U %G %m\n' | sort) && python3 - "$1" <<'PYTHON'
import os, sys
for dir, _, files in sorted(os.walk(sys.argv[1])):
    for path in [dir] + [os.path.join(dir, file) for file in sorted(files)]:
        for name in os.listxattr(path):
            print(path, name, os.getxattr(path, name))
PYTHON
}

# As for a user who is to divide the group further, and one who may only look
delegate() {
	chown 1000:1001 "$1" "$1"/cgroup.{procs,threads,subtree_control} && chmod 0775 "$1" && chmod 0664 "$1/cgroup.procs" &&
		chmod 0600 "$1/pids.max" && python3 -c '
import os, sys
os.setxattr(sys.argv[1], "user.delegate", b"1")
os.setxattr(sys.argv[1], "user.bytes", bytes(range(256)))
os.setxattr(sys.argv[1] + "/pids.max", "user.why", b"")' "$1"
}

members() { # where the two processes are
	sed -n 's/^0:://p' "/proc/$pid/cgroup" && sed -n 's/^0:://p' "/proc/$(pgrep -P "$pid" -f outer | head -1)/cgroup"
}

make_groups() {
	mkdir "$top/box" && echo '+memory +pids' >"$top/box/cgroup.subtree_control" || return
	mkdir "$top/box/a" "$top/box/b" "$top/box/empty" "$top/box/b/deep" || return
	echo 200M >"$top/box/memory.max" && echo 44 >"$top/box/pids.max" && echo 55 >"$top/box/cpu.weight" &&
		echo 7 >"$top/box/cgroup.max.depth" && echo 30M >"$top/box/b/memory.low" &&
		echo 150M >"$top/box/b/memory.high" && echo 5 >"$top/box/empty/pids.max" && echo 1 >"$top/box/a/memory.oom.group"
}

capture() {
	make_groups && delegate "$top/box/b" && start "$top/box/a" "$top/box/b" || return
	settings "$top/box" >settings.before && owners "$top/box" >owners.before && members >members.before || return
	cat members.before
	echo 1 >"$top/box/cgroup.freeze" && wait_until 10 frozen "$top/box" &&
		checkpoint -p "$pid" -o image --kill || return
	echo 0 >"$top/box/cgroup.freeze"
	wait_until 10 gone "$pid" && wait_until 10 removed "$top/box"
}

listed() {
	ckptinfo --cgroups image >groups && cat groups && grep -qx 'version 2 /box/b/deep' groups &&
		grep -Eqx '  pids.max +44' groups && [[ $(grep -c '^  processes ' groups) == 2 ]]
}

go_on() { # IMAGE OPTION...
	rm -f pid
	restart --container --detach -P pid -i "$@" </dev/null || return
	pid=$(<pid)
}

as_before() {
	go_on image && rm outer inner && settings "$top/box" >settings.after && members >members.after &&
		diff settings.before settings.after && diff members.before members.after &&
		wait_until 10 nonempty outer && wait_until 10 nonempty inner
}

owned_as_before() {
	owners "$top/box" >owners.after && diff owners.before owners.after &&
		grep -qx './b/cgroup.procs 1000 1001 664' owners.after && grep -q 'box/b user.delegate' owners.after
}

# Whoever may not give groups away does not make them without that.
not_given() {
	local status
	setpriv --bounding-set=-chown --inh-caps=-chown restart --container -i image >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 && ! -d $top/box ]] && grep -q "control group $top/box/b: cannot give it to uid 1000 and gid 1001" words2
}

# A limit is one: the group has no room for more.
limits() {
	local i status=1
	for ((i = 0; i < 12; i++)); do
		# shellcheck disable=SC2016
		sh -c 'echo $$ >"$1/cgroup.procs"; sleep 1000 & wait' sh "$top/box/empty" 2>>limits &
	done
	wait_until 5 grep -q . limits && status=0
	# Those that were too many end by themselves; one may come there late.
	until [[ -z $(jobs -r) ]]; do
		echo 1 >"$top/box/empty/cgroup.kill"
		sleep 0.1
	done
	wait
	grep -q '^max [1-9]' "$top/box/empty/pids.events" || status=1
	return "$status"
}

in_use() {
	local first=$pid
	go_on image 2>words2 && grep -q 'box is there already: box.1 takes its place' words2 &&
		[[ $(members | head -1) == /box.1/a ]]
	local status=$?
	cat words2
	stop
	pid=$first
	wait_until 10 removed "$top/box.1" || return
	return "$status"
}

# One that nobody is in may be somebody's all the same: it stays as it is.
left_behind() {
	stop || return
	echo 3 >"$top/box/empty/pids.max" && settings "$top/box" >settings.left && owners "$top/box" >owners.left || return
	not_taken fails_beside && not_taken beside
	local status=$?
	wait_until 10 removed "$top/box" || return
	return "$status"
}
not_taken() { # TEST
	"$1" && [[ ! -d $top/box.1 ]] && settings "$top/box" | diff settings.left - && owners "$top/box" | diff owners.left -
}
beside() {
	go_on image 2>words2 && grep -q 'box is there already: box.1 takes its place' words2 &&
		[[ $(members | head -1) == /box.1/a ]] && settings "$top/box.1" | diff settings.before -
	local status=$?
	stop
	wait_until 10 removed "$top/box.1" || return
	return "$status"
}
# A group cannot be given away.
fails_beside() {
	local status
	setpriv --bounding-set=-chown --inh-caps=-chown restart --container -i image >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 ]] && grep -q "control group $top/box.1/b: cannot give it" words2
}

elsewhere() {
	mkdir "$top/other" && go_on image --cgroup=/other && [[ $(members | head -1) == /other/box/a ]] &&
		settings "$top/other/box" >settings.after && diff settings.before settings.after
	local status=$?
	stop
	wait_until 10 removed "$top/other" || return
	return "$status"
}

frozen_there() {
	go_on image --frozen && frozen "$top/box" && [[ $(members | head -1) == /box/a ]]
	local status=$?
	stop
	wait_until 10 removed "$top/box" || return
	return "$status"
}

# fails MESSAGE OPTION...: and leaves nothing
fails() {
	local message=$1 status
	shift
	restart --container -i image "$@" >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 ]] && grep -q -- "$message" words2 && [[ ! -d $top/box ]]
}

failures() {
	fails 'control group .*/none' --cgroup=/none || return
	# What is in the image is more than this group allows to be made in it.
	mkdir "$top/flat" && echo 2 >"$top/flat/cgroup.max.descendants" &&
		fails "control group $top/flat/box/.*: cannot make it" --cgroup=/flat && [[ ! -d $top/flat/box ]]
	local status=$?
	wait_until 10 removed "$top/flat" || return
	return "$status"
}

not_wanted() {
	go_on image --no-cgroups && [[ $(members | head -1) == / && ! -d $top/box ]]
	local status=$?
	stop
	return "$status"
}

# As services have it: nobody is in the group itself, and the tool finds it.
beside_each_other() {
	mkdir -p "$top/box/init.scope" "$top/box/system.slice/x.service" && echo 44 >"$top/box/pids.max" &&
		start "$top/box/init.scope" "$top/box/system.slice/x.service" || return
	checkpoint -p "$pid" -o image2 --freeze --kill -v && wait_until 10 gone "$pid" && wait_until 10 removed "$top/box" &&
		go_on image2 && [[ $(members | xargs) == '/box/init.scope /box/system.slice/x.service' && $(<"$top/box/pids.max") == 44 ]]
	local status=$?
	stop
	wait_until 10 removed "$top/box" || return
	return "$status"
}

version_1() {
	mkdir -p "$v1/old/in" && start "$v1/old" "$v1/old/in" || return
	checkpoint -p "$pid" -o image1 --freeze --freezer=v1 --kill && wait_until 10 gone "$pid" &&
		wait_until 10 removed "$v1/old" || return 1
	ckptinfo --cgroups image1 | grep -x 'version 1 /old/in' || return
	go_on image1 && grep -qx '[0-9]*:freezer:/old' "/proc/$pid/cgroup" &&
		grep -qx '[0-9]*:freezer:/old/in' "/proc/$(pgrep -P "$pid" -f outer | head -1)/cgroup"
	local status=$?
	stop
	wait_until 10 removed "$v1/old" || return
	return "$status"
}

# hostile STRING... <IMAGE: the first setting of a control group in it becomes another one
hostile() {
	python3 -c '
import struct, sys
M = (1 << 64) - 1
P = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)
def rotate(x, n):
    return (x << n | x >> (64 - n)) & M
def step(a, x):
    return rotate((a + x * P[1]) & M, 31) * P[0] & M
def xxh64(b):
    # of so many bytes as is a multiple of 8, and at least 32
    a = [(P[0] + P[1]) & M, P[1], 0, -P[0] & M]
    words = struct.unpack("<%dQ" % (len(b) // 8), b)
    full = len(words) // 4 * 4
    for i in range(full):
        a[i % 4] = step(a[i % 4], words[i])
    h = sum(rotate(x, n) for x, n in zip(a, (1, 7, 12, 18))) & M
    for x in a:
        h = ((h ^ step(0, x)) * P[0] + P[3]) & M
    h = (h + len(b)) & M
    for x in words[full:]:
        h = (rotate(h ^ step(0, x), 27) * P[0] + P[3]) & M
    h = (h ^ h >> 33) * P[1] & M
    h = (h ^ h >> 29) * P[2] & M
    return h ^ h >> 32

PAD, SETTING = 1, 0x1011
image = sys.stdin.buffer.read()
magic, type, length, checksum, reserved = struct.unpack_from("<IIQQQ", image)
old, rest, new, at = image[32:32 + length], image[32 + length:], b"", 0
if xxh64(old) != checksum:
    sys.exit("the checksum is another one")
tail, found = b"".join(s.encode() + b"\0" for s in sys.argv[1:]), False
while at < len(old):
    type, size, body, id, owner, tail_len = struct.unpack_from("<6I", old, at)
    record = old[at:at + size]
    at += size
    if type == SETTING and not found:
        found = True
        padded = tail + bytes(-len(tail) % 8)
        record = struct.pack("<6I", type, 24 + body + len(padded), body, id, owner, len(tail)) + record[24:24 + body] + padded
    if type == PAD:
        fill = -(len(new) + 32 + 24) % 4096
        record = struct.pack("<6I", PAD, 24 + fill, 0, 0, 0, fill) + bytes(fill)
    new += record
if not found:
    sys.exit("no setting")
sys.stdout.buffer.write(struct.pack("<IIQQQ", magic, 0x1001, len(new), xxh64(new), 0) + new + rest)' "$@"
}

# A setting whose controller is not there has that enabled in the group above, which is
# not the image'"'"'s: it must not lose any of those that it has.
loses_nothing() { # STRING...
	local status enabled
	enabled=$(<"$top/cgroup.subtree_control")
	hostile "$@" <image >image3 && ckptinfo -q image3 || return
	restart --container -i image3 >words3 2>&1 </dev/null
	status=$?
	cat words3
	[[ $(<"$top/cgroup.subtree_control") == "$enabled" && $status == 125 && ! -d $top/box ]]
}
above_is_spared() {
	[[ " $(<"$top/cgroup.subtree_control") " == *" cpu "* ]] && loses_nothing 'memory -cpu.max' 1 &&
		echo -pids >"$top/cgroup.subtree_control" || return
	loses_nothing cgroup.subtree_control '+pids -cpu'
	local status=$?
	echo +pids >"$top/cgroup.subtree_control"
	return "$status"
}

tries_all() {
	ok "a container with control groups of its own" capture
	if ((failed)); then
		echo "Bail out! nothing to restart"
		return
	fi
	ok "ckptinfo lists them" listed
	ok "settings and members are as before" as_before
	ok "owners, modes and attributes are as before" owned_as_before
	ok "a limit is one" limits
	ok "another one has the name" in_use
	ok "one that was left is not touched" left_behind
	ok "below another group" elsewhere
	ok "--frozen: there" frozen_there
	ok "what fails leaves nothing" failures
	ok "a group that cannot be given away" not_given
	ok "settings of an enemy take nothing from the group above" above_is_spared
	ok "--no-cgroups" not_wanted
	ok "the first process beside the others" beside_each_other
	ok "version 1" version_1
}

# With controllers that the root may not have for its children
run_all() {
	local controller enabled
	enabled=$(<"$top/cgroup.subtree_control")
	echo '+cpu +memory +pids' >"$top/cgroup.subtree_control" || return
	tries_all
	for controller in cpu memory pids; do
		[[ " $enabled " == *" $controller "* ]] || echo "-$controller" >"$top/cgroup.subtree_control"
	done
}

tap_main cgroups ns_exec checkpoint restart ckptinfo perl python3 setpriv
