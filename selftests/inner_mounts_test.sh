#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sandboxes in a container: processes in a user namespace inside of it, with a mount
# namespace that belongs to that. What they have got from the container is locked, and
# stays so; what they have mounted themselves they can change.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=26

# What all have: the container's own mounts
readonly CONTAINER='
mkdir -p /tmp/shut /tmp/base /tmp/mine /tmp/new /tmp/over || exit
mount -t tmpfs -o size=1m shut /tmp/shut && echo shut >/tmp/shut/file && mount -o remount,bind,ro /tmp/shut &&
	mount -t tmpfs -o nosuid,noatime base /tmp/base && mkdir /tmp/base/on /tmp/base/low /tmp/base/up /tmp/base/work && echo base >/tmp/base/file &&
	mount -t tmpfs -o nodev,noexec on /tmp/base/on && echo on >/tmp/base/on/file &&
	mount -t overlay -o lowerdir=/tmp/base/low,upperdir=/tmp/base/up,workdir=/tmp/base/work over /tmp/over &&
	echo over >/tmp/over/file || exit
sandbox() { exec unshare --user --map-root-user --mount "$@"; }
runs() { pgrep -f "^sleep $1\$" >/dev/null; }
'
# All files of a sandbox are opened in it.
readonly OWN='exec </dev/null >/dev/null 2>&1; '

# start SCRIPT ARGUMENT...: a container that runs it and then waits
start() {
	rm -f pid /tmp/ready
	ns_exec "-cpuim${user_ns:-}" -d -P pid -- sh -c "$CONTAINER$1
exec sleep 1000" sh "${@:2}" </dev/null >log 2>&1 ||
		{ cat log; return 1; }
	pid=$(<pid)
}

stop() {
	kill -KILL "$pid" && wait_until 10 gone "$pid"
}

child() { pgrep -f "^sleep $1\$"; }
runs() { child "$1" >/dev/null; }
all_run() {
	local nr
	for nr in 1000 "$@"; do
		wait_until 20 runs "$nr" || { cat log; return 1; }
	done
}
# As who is in the sandbox
within() { nsenter -U -m -p -r -w --preserve-credentials -t "$(child "$1")" "${@:2}"; }

save() {
	timeout $((300 * scale)) checkpoint -p "$pid" -o "$1" --freeze --kill && wait_until 10 gone "$pid"
}
go_on() {
	rm -f pid
	restart --container --detach -P pid -i "$1" </dev/null || return
	pid=$(<pid)
}

# The mounts of a process in no order, without what differs each time
table_of() {
	awk 'NR == FNR { mounted[$1] = $5; next } {
		$2 = "on " ($2 in mounted ? mounted[$2] : "nothing")
		$1 = $3 = ""
		print
	}' "/proc/$(child "$1")/mountinfo"{,} | sort
}
tables_of() {
	local nr
	for nr; do
		echo "of $nr:"
		table_of "$nr"
	done
}
# What is locked is seen by who saves it. Namespaces have other numbers each time.
locks_of() { ckptinfo --mounts "$1" | sed 's/^namespace.*root/namespace, root/' | LC_ALL=C sort; }

# as_before IMAGE NR...: of a container with these sandboxes
as_before() {
	local image=$1
	shift
	all_run "$@" || return
	tables_of 1000 "$@" >table.before && save "$image" && go_on "$image" && all_run "$@" &&
		tables_of 1000 "$@" >table.after && diff table.before table.after || return
	timeout $((300 * scale)) checkpoint -p "$pid" -o "$image.again" --freeze || return
	locks_of "$image" >locks.before && locks_of "$image.again" >locks.after && diff locks.before locks.after
}

# A copy of the container's mounts
copied() {
	start 'sandbox sh -c "$1 exec sleep 1001" &' "$OWN" && as_before copied 1001 &&
		grep -Eq '^  /tmp/base/on .* content nodev,noexec,locked,nodev-locked,noexec-locked,atime-locked$' locks.after &&
		[[ $(within 1001 cat /tmp/shut/file /tmp/base/file /tmp/base/on/file /tmp/over/file | xargs) == 'shut base on over' ]]
}

# denied NR COMMAND...: in a sandbox, and it can go on with other things
denied() {
	local nr=$1
	shift
	if within "$nr" "$@" 2>/dev/null; then
		echo "not denied: $*"
		return 1
	fi
	within "$nr" true
}

is_locked() { # NR
	denied "$1" umount -n -i /tmp/shut && denied "$1" umount -n -i -l /tmp/base && denied "$1" umount -n -i /tmp/base/on &&
		denied "$1" mount -i -o remount,bind,rw /tmp/shut && denied "$1" mount -i -o remount,bind,exec,nodev /tmp/base/on &&
		denied "$1" mount -i -o remount,bind,strictatime,nosuid /tmp/base && denied "$1" umount -n -i /proc
}

# What was not locked can be set still.
is_free() { within 1001 mount -i -o remount,bind,ro,nosuid,noatime /tmp/base && denied 1001 touch /tmp/base/x; }

same_files() { # NR
	[[ $(stat -c %d "/proc/$(child "$1")/root/tmp/base/on") == "$(stat -c %d "/proc/$pid/root/tmp/base/on")" ]] &&
		echo "$1" >"/proc/$pid/root/tmp/base/on/file" && [[ $(within "$1" cat /tmp/base/on/file) == "$1" ]]
}

# With its own: content, binds of what was locked and was not, flags that it set itself
readonly MINE='
mount -t tmpfs -o size=2m,nosuid mine /tmp/mine && cd /tmp/mine && mkdir usr dir dir/in shut tree pts && echo kept >file &&
	chmod 2750 dir && mount --bind /usr usr && mount -o remount,bind,ro usr && mount --bind /tmp/shut shut &&
	mount --rbind /tmp/base tree && mount -t devpts -o newinstance,mode=620 pts pts && mount -o remount,bind,nodev /tmp/base && mount -o remount,bind,ro /proc &&
	mount -t tmpfs -o noexec,strictatime below dir/in && echo below >dir/in/file &&
	mount -t tmpfs apart /tmp/new && echo apart >/tmp/new/file && exec sleep 1002'
own() {
	start 'sandbox sh -c "$1$2" &' "$OWN" "$MINE" &&
		as_before own 1002 &&
		[[ $(within 1002 cat /tmp/mine/file /tmp/mine/dir/in/file /tmp/new/file | xargs) == 'kept below apart' ]] &&
		[[ ! -e /proc/$pid/root/tmp/mine/file && $(within 1002 stat -c %a /tmp/mine/dir) == 2750 ]]
}

own_is_free() {
	within 1002 mount -i -o remount,bind,rw /tmp/mine/usr && within 1002 mount -i -o remount,bind,exec,suid,relatime /tmp/mine &&
		within 1002 mount -i -o remount,bind,nosuid,noatime,dev /tmp/base && within 1002 mount -i -o remount,bind,nosuid,nodev,noexec,rw /proc && within 1002 umount -n -i /tmp/mine/dir/in &&
		within 1002 umount -n -i /tmp/mine/usr && within 1002 umount -n -i /tmp/new
}
own_is_locked() {
	is_locked 1002 && denied 1002 mount -i -o remount,bind,rw /tmp/mine/shut && denied 1002 umount -n -i /tmp/mine/tree/on &&
		denied 1002 umount -n -i /tmp/mine/tree && within 1002 umount -n -i -l /tmp/mine/tree &&
		within 1002 umount -n -i /tmp/mine/shut
}

# As bubblewrap does: a root of its own, with parts of the old one
readonly BUILT='
mount -t tmpfs -o nosuid,nodev,mode=755 new /tmp/new && cd /tmp/new && mkdir usr dev proc tmp old base && ln -s usr/lib lib &&
	ln -s usr/lib64 lib64 && ln -s usr/bin bin && mount --rbind /usr usr && mount -o remount,bind,ro,nosuid usr &&
	mount --rbind /tmp/base base && mount --rbind /proc proc && mount -t tmpfs -o mode=1777 tmp tmp && touch dev/null &&
	mount --bind /dev/null dev/null && echo built >tmp/file && pivot_root . old && cd / && umount -l old && rmdir old &&
	exec </dev/null >/dev/null 2>&1 && exec sleep 1003'
built() {
	start 'sandbox sh -c "$1$2" &' "$OWN" "$BUILT" && as_before built 1003 &&
		[[ $(within 1003 cat /tmp/file /base/on/file | xargs) == 'built on' && ! -e /proc/$(child 1003)/root/etc ]] &&
		within 1003 sh -c 'echo x >/dev/null' && denied 1003 touch /usr/x && within 1003 mount -i -o remount,bind,suid,nodev / &&
		denied 1003 umount -n -i /base/on && within 1003 umount -n -i -l /base && denied 1003 umount -n -i /base
}

# A sandbox in a sandbox, and two that have the same user namespace
nested() {
	start 'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine && echo outer >/tmp/mine/file && mount -o remount,bind,ro /tmp/mine
		unshare --mount sh -c \"mount -t tmpfs third /tmp/new; exec sleep 1006\" &
		unshare --user --map-root-user --mount sh -c \"\$1 mount -t tmpfs inner /tmp/new; echo inner >/tmp/new/file; exec sleep 1005\" sh \"\$1\" &
		exec sleep 1004" sh "$1" &' "$OWN" && as_before nested 1004 1005 1006 &&
		[[ $(within 1005 cat /tmp/mine/file /tmp/new/file | xargs) == 'outer inner' ]] &&
		denied 1005 mount -i -o remount,bind,rw /tmp/mine && denied 1005 umount -n -i /tmp/mine &&
		within 1004 mount -i -o remount,bind,rw /tmp/mine && within 1006 umount -n -i /tmp/mine && within 1004 umount -n -i /tmp/mine
}

# Nobody is in it any more, but its namespace is open.
only_open() {
	start 'sandbox sh -c "mount -t tmpfs open /tmp/mine; echo open >/tmp/mine/file; echo >/tmp/base/ready; exec sleep 1007" &
		until [ -s /tmp/base/ready ]; do sleep 0.1; done
		exec 5</proc/$!/ns/mnt 6</proc/$!/ns/user; kill $!; wait $!' && all_run && save open && go_on open && all_run &&
		nsenter --user="/proc/$pid/fd/6" --mount="/proc/$pid/fd/5" cat /tmp/mine/file | grep -qx open &&
		! nsenter --user="/proc/$pid/fd/6" --mount="/proc/$pid/fd/5" umount -n -i /tmp/shut
}

# The limit that a sandbox has set, of the user namespace to which a mount namespace belongs
limit_of() {
	perl -e 'open(my $mounts, "<", $ARGV[0]) or die; my $owner = int(ioctl($mounts, 0xb701, 0) or die);
		exit(system("nsenter", "--preserve-credentials", "--user=/proc/$$/fd/$owner", "cat", "/proc/sys/user/max_ipc_namespaces") > 0)' "$1"
}
readonly LIMITED='rm -f /tmp/ready
	sandbox sh -c "echo $2 >/proc/sys/user/max_ipc_namespaces; echo >/tmp/ready; exec sleep 1007" &
	until [ -s /tmp/ready ]; do sleep 0.1; done
'
limit_of_open() {
	start "$LIMITED"'exec 5</proc/$!/ns/mnt; kill $!; wait $!' "$OWN" 77 && all_run && [[ $(limit_of "/proc/$pid/fd/5") == 77 ]] &&
		save limit1 && go_on limit1 && all_run && [[ $(limit_of "/proc/$pid/fd/5") == 77 ]]
}
limit_of_entered() {
	start "$LIMITED"'first=$!; nsenter --mount=/proc/$first/ns/mnt sh -c "$1 exec sleep 1009" sh "$1" &
		until runs 1009; do sleep 0.1; done; kill $first; wait $first' "$OWN" 78 &&
		all_run 1009 && [[ $(limit_of "/proc/$(child 1009)/ns/mnt") == 78 ]] && ! runs 1007 &&
		save limit2 && go_on limit2 && all_run 1009 && [[ $(limit_of "/proc/$(child 1009)/ns/mnt") == 78 ]]
}

# What a sandbox has mounted over what it got from the one around it
covered_copy() {
	start 'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine && echo outer >/tmp/mine/file
		unshare --user --map-root-user --mount sh -c \"\$1 mount -t tmpfs over /tmp/mine; exec sleep 1005\" sh \"\$1\" &
		exec sleep 1004" sh "$1" &' "$OWN" && as_before covered 1004 1005 &&
		within 1005 umount -n -i /tmp/mine && [[ $(within 1005 cat /tmp/mine/file) == outer ]] &&
		denied 1005 umount -n -i /tmp/mine && within 1004 umount -n -i /tmp/mine
}

# Serves a file system by its descriptor 9, in which each name is that of a directory:
# INIT, LOOKUP and GETATTR, and what needs no answer
readonly SERVER='
open(my $kernel, "+<&=", 9) or die;
my $dir = pack("Q6L10", 1, (0) x 8, 040755, 2, 0, 0, 0, 4096, 0);
my %answers = (26 => pack("L4S2L2S2L8", 7, 31, 4096, (0) x 3, 4096, 1, (0) x 10),
	1 => pack("Q4L2", 2, (0) x 5) . $dir, 3 => pack("QL2", (0) x 3) . $dir);
while (sysread($kernel, my $request, 1 << 16)) {
	my ($length, $kind, $number) = unpack("L2Q", $request);
	next if $kind == 2 || $kind == 36 || $kind == 42;
	my $answer = $answers{$kind} // "";
	syswrite($kernel, pack("LlQ", 16 + length($answer), $answer eq "" ? -38 : 0, $number) . $answer);
}'

# refuses REASON SCRIPT: it says so, and does not wait for somebody who is frozen.
refuses() {
	local status
	start "$2" "$OWN" && all_run 1008 || return
	rm -f no
	timeout -k 5 $((300 * scale)) checkpoint -p "$pid" -o no --freeze >words2 2>&1
	status=$?
	cat words2
	stop
	[[ $status == 1 && ! -e no ]] && grep -qF -- "$1" words2
}
in_a_user_ns() {
	local user_ns=U
	"$@"
}

run_all() {
	ok "a copy of the container's mounts" copied
	if ((failed)); then
		stop
		echo "Bail out! nothing to restart"
		return
	fi
	ok "... is locked" is_locked 1001
	ok "... has the files of the container" same_files 1001
	ok "... and what is not locked can be set" is_free
	stop
	ok "mounts of its own on that" own
	ok "... are locked where they came from outside" own_is_locked
	ok "... and otherwise not" own_is_free
	stop
	ok "a root of its own" built
	stop
	ok "a sandbox in a sandbox" nested
	stop
	ok "one that is only open" only_open
	stop
	ok "limits of the owner of one that is only open" limit_of_open
	stop
	ok "limits of the owner of one that a process has entered" limit_of_entered
	stop
	ok "what is covered in a sandbox in a sandbox" covered_copy
	stop
	ok "... but not in the one around it" refuses 'mount /tmp/mine (tmpfs): something is mounted over it' \
		'sandbox sh -c "$1 mount --bind /tmp/shut /tmp/mine; unshare --user --map-root-user --mount sh -c \"\$1 exec sleep 1008\" sh \"\$1\" &
			until pgrep -f \"^sleep 1008\\$\"; do sleep 0.1; done; mount -t tmpfs over /tmp/mine; exec sleep 1010" sh "$1" & until runs 1010; do sleep 0.1; done'
	ok "a devpts of one that is gone is refused" refuses 'mount /tmp/mine (devpts): was mounted in a mount namespace around this one that is gone' \
		'sandbox sh -c "$1 mount -t devpts pts /tmp/mine; unshare --user --map-root-user --mount sh -c \"\$1 exec sleep 1008\" sh \"\$1\" & exec sleep 1007" sh "$1" &
			until runs 1007 && runs 1008; do sleep 0.1; done; kill $!; wait $!'
	ok "the root task in one is refused" refuses 'not supported for the root task (have it leave that)' \
		'sandbox sh -c "$1 exec sleep 1008" sh "$1" & until runs 1008; do sleep 0.1; done; exec nsenter --mount=/proc/$!/ns/mnt sleep 1000'
	ok "a file system that a frozen process serves is refused" refuses 'mount /tmp/new (fuse): served is mounted only inside' \
		"exec 9<>/dev/fuse && mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 served /tmp/new && perl -e '$SERVER' &"'
			until mount -t tmpfs below /tmp/new/dir; do sleep 0.1; done; sandbox sh -c "$1 exec sleep 1008" sh "$1" &'
	ok "an overlay in one is refused" refuses 'mount /tmp/new (overlay): was mounted in a user namespace inside' \
		'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine && cd /tmp/mine && mkdir low up work &&
			mount -t overlay -o userxattr,lowerdir=/tmp/mine/low,upperdir=/tmp/mine/up,workdir=/tmp/mine/work over /tmp/new && exec sleep 1008" &'
	ok "what is covered and only there is refused" refuses 'mount /tmp/mine (tmpfs): something is mounted over it' \
		'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine; mount -t tmpfs over /tmp/mine; exec sleep 1008" &'
	ok "what shares with others is refused" refuses 'mount /tmp/mine (tmpfs): shares with others' \
		'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine; mount --make-shared /tmp/mine; exec sleep 1008" &'
	ok "what is unbindable is refused" refuses 'mount /tmp/mine (tmpfs): is unbindable' \
		'sandbox sh -c "$1 mount -t tmpfs mine /tmp/mine; mount --make-unbindable /tmp/mine; exec sleep 1008" &'
	ok "a proc of another pid namespace is refused" refuses 'mount /tmp/new (proc): shows another pid namespace' \
		'sandbox --pid --fork sh -c "$1 mount -t proc proc /tmp/new; exec sleep 1008" &'
	ok "... and so it is outside of a sandbox" refuses 'mount /proc (proc): shows another pid namespace' \
		'unshare --mount --pid --fork --mount-proc sh -c "$1 exec sleep 1008" &'
	ok "a mqueue of its own is refused" refuses 'mount /tmp/new (mqueue): was mounted in a user namespace inside' \
		'sandbox --ipc sh -c "$1 mount -t mqueue mq /tmp/new; exec sleep 1008" &'
	ok "one that is mounted outside of itself is refused" refuses 'holds the mount namespace mnt:[' \
		'touch /tmp/base/ns; mount --make-private /tmp/base; sandbox sh -c "$1 exec sleep 1008" & until runs 1008; do sleep 0.1; done; mount --bind /proc/$!/ns/mnt /tmp/base/ns'
	ok "one in a container with a user namespace is refused" in_a_user_ns refuses 'not supported in a container that is in a user namespace, too' \
		'sandbox sh -c "$1 exec sleep 1008" &'
}

tap_main inner_mounts ns_exec checkpoint restart ckptinfo nsenter unshare pgrep perl
