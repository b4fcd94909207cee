#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A container with a mount tree of its own: its root is a tmpfs that it made and
# pivoted to, with what an image would have, below that the file systems that
# every container has, binds of the machine's, an overlay, mounts over mounts and
# groups that share. It is restarted with all of it, and works on.
#
#   mounts_test.sh --save=DIR       only saves it, in DIR
#   mounts_test.sh --restart=DIR    and that after a reboot
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=38

# The program counts, in a file that it has open on a tmpfs.
readonly PROGRAM='
open(my $out, ">", "/tmp/count") or die; open(my $in, "<", "/data/keep") or die;
for (my $i = 1; ; $i++) { syswrite($out, "$i\n"); select(undef, undef, undef, 0.03); }'

# Binaries come from the machine: the loader is called by its name, as there are
# no links in the new root.
readonly BUILD='
set -e
new=$1/root
mount -t tmpfs -o size=16m,mode=711 ctroot "$new"
cd "$new"
mkdir proc sys dev dev/pts dev/mqueue tmp peer slave usr data ov deep odd sealed part it old
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid sysfs sys
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
mount -t mqueue mqueue dev/mqueue
mknod -m 666 dev/null c 1 3
mount --bind /usr usr
mount -o remount,bind,ro,nodev usr
mount -t overlay -o "lowerdir=$1/low,upperdir=$1/up,workdir=$1/work" over ov
mount -t tmpfs -o size=4m,nosuid scratch tmp
mount --make-shared tmp
mount --bind tmp peer
mount --bind tmp slave
mount --make-slave slave
mkdir tmp/on
mount -t tmpfs on tmp/on
mount --bind proc/sys deep
mount -o remount,bind,ro deep
mount -t tmpfs -o size=1m,strictatime,nodiratime,nosymfollow odd odd
echo odd >odd/file
mount --make-unbindable odd
mount -t tmpfs -o size=1m sealed sealed
echo sealed >sealed/file
mount -o remount,ro sealed
mount -t tmpfs -o size=1m part part
mkdir -p part/in/it
echo part >part/in/it/file
mount --bind part/in/it it
umount part
mount -t tmpfs -o size=2m,noatime,sync,dirsync,lazytime hidden data
echo hidden >data/below
mount -t tmpfs -o size=2m data data
echo kept >data/keep
ln data/keep data/again
ln -s keep data/link
mkfifo -m 604 data/fifo
mknod -m 640 data/device b 7 3
mkdir -m 1751 data/dir
echo x >data/dir/file
chown 12:34 data/dir/file
chmod 4755 data/dir/file
truncate -s 3M data/sparse
echo end >>data/sparse
touch -d @1234567890.123456789 data/dir/file data/dir
pivot_root . old
loader=$(echo /usr/lib/*-linux-gnu*/ld-linux*.so.2)
run() { "$loader" --library-path "${loader%/*}" "$@"; }
run /usr/bin/umount -l /old
run /usr/bin/rmdir /old
exec "$loader" --library-path "${loader%/*}" /usr/bin/perl -e "$2" <dev/null >dev/null 2>&1'

inside() { printf '/proc/%d/root%s' "$pid" "$1"; }
last_count() { tail -n 1 "$(inside /peer/count)"; }
counts() {
	local now
	now=$(last_count) && [[ -n $now && $now != "$1" ]]
}

# Mounts in the order in which they were made, without what differs each time: ids,
# devices; groups by the order in which they appear.
table() {
	awk '{
		for (i = 7; $i != "-"; i++)
			if (split($i, a, ":") == 2) {
				if (!(a[2] in group))
					group[a[2]] = ++groups
				$i = a[1] ":" group[a[2]]
			}
		mounted[$1] = $5
		$2 = "on " ($2 in mounted ? mounted[$2] : "nothing")
		$1 = $3 = ""
		print
	}' "/proc/$pid/mountinfo"
}

# What is in the file systems, with all that can be told of it.
content() { content_of data ov sealed it odd; }
content_of() {
	(cd "$(inside /)" && find "$@" -printf '%p %y %m %U:%G %T@ %n %l\n' | grep -v '^ov d' | sort &&
		cat data/keep data/again {sealed,it,odd}/file ov/low ov/up && stat -c '%n %t:%T' data/device &&
		du -k data/sparse && md5sum data/sparse)
}

# start SCRIPT ARGUMENT...: a container that runs it; its pid is in $pid
start() {
	rm -f pid
	ns_exec "-cpuim${user_ns:-}" -d -P pid -- sh -c "$1" sh "${@:2}" </dev/null >log 2>&1 || { cat log; return 1; }
	pid=$(<pid)
}

# The same, for containers with a user namespace
in_a_user_ns() {
	local user_ns=U
	"$@"
}

stop() {
	kill -KILL "$pid" && wait_until 10 gone "$pid"
}

# One that does not end is a failure, too.
save() {
	timeout $((300 * scale)) checkpoint -p "$pid" -o "$1" --freeze --kill && wait_until 10 gone "$pid"
}

capture() {
	mkdir -p root low up work && echo low >low/low && echo up >up/up
	start "$BUILD" "$PWD" "$PROGRAM" || return
	wait_until 20 counts '' || { cat log; return 1; }
	table >table.before && content >content.before || return
	cat table.before
	save image || return
	# What it has made is on the machine's disks no more.
	[[ -z $(ls root) ]]
}

listed() {
	ckptinfo --mounts image >mounts && cat mounts &&
		grep -Eqx "namespace [0-9]+ of pid $pid, root /" mounts &&
		grep -Eq '^  / +tmpfs +/ +content$' mounts &&
		grep -Eq '^  /proc +proc +/ +new nosuid,nodev,noexec$' mounts &&
		grep -Eq '^  /usr +[a-z0-9]+ +[^ ]*/usr +outside:/usr ro,nodev$' mounts &&
		grep -Eq '^  /ov +overlay +/ +new$' mounts
}

go_on() { # IMAGE OPTION...
	rm -f pid
	restart --container --detach -P pid -i "$@" </dev/null || return
	pid=$(<pid)
}

as_before() {
	local old
	go_on image || return
	wait_until 10 counts '' || return
	old=$(last_count)
	table >table.after && content >content.after || return
	diff table.before table.after && diff content.before content.after &&
		wait_until 10 counts "$old"
}

# /proc is that of its own pid namespace.
proc_is_own() { [[ $(readlink "$(inside /proc/1/exe)") == */ld-linux* ]]; }

# A program of the machine's, in the container's mounts and pids
within() {
	local loader
	loader=$(echo /usr/lib/*-linux-gnu*/ld-linux*.so.2)
	nsenter -m -p -t "$pid" "$loader" --library-path "${loader%/*}" "$@"
}

propagates() {
	within /usr/bin/mount -t tmpfs late /peer/on || return
	[[ $(grep -c ' - tmpfs late ' "/proc/$pid/mountinfo") == 3 ]]
}

hidden_is_there() {
	within /usr/bin/umount -l /data || return
	[[ $(<"$(inside /data/below)") == hidden && ! -e $(inside /data/keep) ]]
}

read_only_is() {
	! echo x 2>/dev/null >"$(inside /usr/x)" && ! echo 1 2>/dev/null >"$(inside /deep/kernel/panic)"
}

again() {
	save image2 && go_on image2 && wait_until 10 counts ''
}

# A container in a copy of the machine's mounts has these again, and its own proc.
plain_copy() {
	start 'mkdir -p /tmp/own; mount -t tmpfs own /tmp/own; cd /tmp/own; exec perl -e "$1" </dev/null >/dev/null 2>&1' \
		'open(my $out, ">", "/tmp/own/count"); for (my $i = 1; ; $i++) { syswrite($out, "$i\n"); select(undef, undef, undef, 0.03); }'
	wait_until 20 test -s "$(inside /tmp/own/count)" || return
	table >table.before
	save image3 && go_on image3 && table >table.after && diff table.before table.after &&
		[[ -s $(inside /tmp/own/count) && ! -e /tmp/own/count ]]
}

# Its first process has another root directory than the namespace: what is mounted
# beside that is there, too, with what is set in a network namespace.
readonly CHROOT='
mkdir -p /tmp/own && mount -t tmpfs own /tmp/own && mkdir /tmp/own/usr /tmp/own/dev &&
	mknod -m 666 /tmp/own/dev/null c 1 3 && mount --bind /usr /tmp/own/usr &&
	mkdir -p /tmp/beside && mount -t tmpfs beside /tmp/beside && touch /tmp/beside/net &&
	unshare --net=/tmp/beside/net sysctl -qw net.ipv4.ip_forward=1 || exit
loader=$(echo /usr/lib/*-linux-gnu*/ld-linux*.so.2)
cd /tmp/own && exec chroot . "$loader" --library-path "${loader%/*}" /usr/bin/perl -e "$1" <dev/null >dev/null 2>&1'
chrooted_as_before() {
	wait_until 20 test -s "$(inside /count)" && [[ $(readlink "/proc/$pid/root") == /tmp/own ]] &&
		nsenter -m -p -t "$pid" grep ' /tmp/beside .* beside ' /proc/self/mountinfo &&
		[[ $(nsenter -m -p -t "$pid" nsenter --net=/tmp/beside/net sysctl -n net.ipv4.ip_forward) == 1 ]]
}
other_root() {
	start "$CHROOT" 'open(my $out, ">", "/count"); for (my $i = 1; ; $i++) { syswrite($out, "$i\n"); select(undef, undef, undef, 0.03); }' &&
		chrooted_as_before && save image10 && go_on image10 && chrooted_as_before
}

child() { pgrep -P "$pid" -f "$1"; }
# The mounts of $1, in no order: those that come from outside are made first.
table_of() { pid=$1 table | sed 's/^ *//' | sort; }

# Another mount namespace in a container with a user namespace: both begin with a
# copy of the machine's mounts, of which nothing can be taken away.
in_user_namespace() {
	rm -f pid
	ns_exec -cpuimU -d -P pid -- sh -c '
		mkdir alone && mount -t proc alone alone && mount --make-unbindable alone
		unshare -m sh -c "
			mkdir inner && mount -t tmpfs -o size=1m inner inner && echo kept >inner/file
			mkdir -p apart && mount -t tmpfs -o size=1m apart apart && echo apart >apart/file
			mount --make-unbindable apart
			exec 3<inner/file; echo >ready; exec sleep 1000" &
		exec sleep 1001' </dev/null >log 2>&1 || return
	wait_until 20 nonempty ready && pid=$(<pid) || return
	table_of "$pid" >table.before && table_of "$(child 'sleep 1000')" >inner.before || return
	save image5 && go_on image5 && table_of "$pid" >table.after || return
	table_of "$(child 'sleep 1000')" >inner.after || return
	diff table.before table.after && diff inner.before inner.after || return
	[[ $(<"/proc/$(child 'sleep 1000')/root$PWD/inner/file") == kept ]] &&
		[[ $(<"/proc/$(child 'sleep 1000')/root$PWD/apart/file") == apart ]] && [[ ! -e $(inside "$PWD/inner/file") ]]
}

# A namespace in which nobody is lives by its mount. One is the container's own, one
# is mounted outside, too.
readonly HELD='
mkdir -p /tmp/ns && mount -t tmpfs ns /tmp/ns && cd /tmp/ns && touch uts ipc net lo user own &&
	unshare --uts=uts hostname held && unshare --ipc=ipc true && unshare --net=net true &&
	unshare --net=lo ip link set lo up || exit
unshare --map-root-user sh -c "echo >mapped; exec sleep 1000" &
until [ -s mapped ]; do sleep 0.1; done
mount --bind /proc/$!/ns/user user && kill $! && rm mapped &&
	mount --bind /proc/self/ns/ipc own && echo ready >ready'
ns_of() { stat -L -c %i "$@"; }
held_as_before() {
	[[ $(nsenter --uts="$(inside /tmp/ns/uts)" hostname) == held ]] &&
		[[ $(nsenter --net="$(inside /tmp/ns/net)" ip -o link) == *' lo: <LOOPBACK> '* ]] &&
		[[ $(nsenter --net="$(inside /tmp/ns/lo)" ip -o link) == *' lo: <LOOPBACK,UP'* ]] &&
		[[ $(nsenter --user="$(inside /tmp/ns/user)" cat /proc/self/uid_map | xargs) == '0 0 1' ]] &&
		[[ $(ns_of "$(inside /tmp/ns/own)") == "$(ns_of "/proc/$pid/ns/ipc")" ]] &&
		[[ $(ns_of "$(inside "$PWD/outside")") == "$(ns_of "$PWD/outside")" ]] &&
		[[ $(ns_of "$(inside /tmp/ns/ipc)") != "$(ns_of "/proc/$pid/ns/ipc")" ]] &&
		(($(grep -c ' - nsfs ' "/proc/$pid/mountinfo") == $1))
}
held_namespaces() {
	local status=0
	# A new network namespace would not have the address, but this one is not made.
	touch outside && unshare --net=outside ip address add 10.9.8.7/32 dev lo && start "$HELD && exec sleep 1000" || return
	wait_until 20 nonempty "$(inside /tmp/ns/ready)" && held_as_before 7 && save image6 || status=1
	umount outside && ((!status)) && unshare --net=outside true || return
	go_on image6 && held_as_before 7 && ckptinfo --mounts image6 | grep -E '^  /tmp/ns/uts +nsfs +uts:\[[0-9]*\] +namespace' || status=1
	umount outside
	return "$status"
}

# What is mounted over such a namespace decides what its path leads to. So it must be
# known by something else.
readonly COVERED='mkdir -p /tmp/c && mount -t tmpfs c /tmp/c && mount --make-private /tmp/c &&
	touch /tmp/c/net /tmp/c/mnt || exit
cover() { mount -t tmpfs over /tmp/c && echo ready >/tmp/c/ready; }
'
covered_but_used() {
	start "$COVERED"'unshare --net=/tmp/c/net sh -c "sysctl -qw net.ipv4.ip_forward=1; echo >/tmp/c/in; exec sleep 1006" &
		until [ -s /tmp/c/in ]; do sleep 0.1; done
		cover && mkfifo /tmp/c/net; exec sleep 1000' || return
	wait_until 20 nonempty "$(inside /tmp/c/ready)" && save image11 && go_on image11 || return
	[[ $(nsenter --net -t "$(child 'sleep 1006')" sysctl -n net.ipv4.ip_forward) == 1 ]] &&
		nsenter -m -t "$pid" umount /tmp/c &&
		[[ $(ns_of "$(inside /tmp/c/net)") == "$(ns_of "/proc/$(child 'sleep 1006')/ns/net")" ]]
}

# Mount namespaces without a process: one is mounted, with another one in it that
# holds a network namespace, and one is open. A fourth has a process and is mounted.
readonly HELD_MOUNTS='
mkdir -p /tmp/h && mount -t tmpfs h /tmp/h && mount --make-private /tmp/h && cd /tmp/h &&
	mkdir in deep && touch outer lived || exit
unshare --mount=outer sh -c "
	mount -t tmpfs in /tmp/h/in && echo outer >in/file && touch in/inner && mount --make-private /tmp/h/in
	unshare --mount=/tmp/h/in/inner sh -c \"
		mount -t tmpfs deep /tmp/h/deep && echo deepest >/tmp/h/deep/file
		touch /tmp/h/deep/net && unshare --net=/tmp/h/deep/net ip link set lo up\"" || exit
unshare --mount=lived sh -c "mount -t tmpfs lived deep && echo lived >/tmp/h/deep/file; exec sleep 1002" &
unshare --mount sh -c "mount -t tmpfs open deep && echo open >/tmp/h/deep/file; echo >opened; exec sleep 1003" &
until [ -s opened ]; do sleep 0.1; done
exec 5</proc/$!/ns/mnt; kill $!; wait $!
until nsenter --mount=lived [ -s /tmp/h/deep/file ]; do sleep 0.1; done
echo ready >ready'
in_outer() { nsenter --mount="$(inside /tmp/h/outer)" "$@"; }
held_mounts_as_before() {
	[[ $(in_outer cat /tmp/h/in/file) == outer ]] &&
		[[ $(in_outer nsenter --mount=/tmp/h/in/inner cat /tmp/h/deep/file) == deepest ]] &&
		[[ $(in_outer nsenter --mount=/tmp/h/in/inner nsenter --net=/tmp/h/deep/net ip -o link) == *' lo: <LOOPBACK,UP'* ]] &&
		[[ $(nsenter --mount="/proc/$pid/fd/5" cat /tmp/h/deep/file) == open ]] &&
		[[ $(nsenter --mount="$(inside /tmp/h/lived)" cat /tmp/h/deep/file) == lived ]] &&
		[[ $(ns_of "$(inside /tmp/h/lived)") == "$(ns_of "/proc/$(child 'sleep 1002')/ns/mnt")" ]] &&
		[[ ! -e $(inside /tmp/h/deep/file) ]] && (($(grep -c ' - nsfs ' "/proc/$pid/mountinfo") == 2))
}
held_mounts() {
	start "$HELD_MOUNTS && exec sleep 1000" || return
	wait_until 20 nonempty "$(inside /tmp/h/ready)" && held_mounts_as_before || return
	save image7 && go_on image7 && held_mounts_as_before || return
	# And from that once more
	save image8 && go_on image8 && held_mounts_as_before
}

# Three mount namespaces with the same file systems: what is mounted in one appears
# in the second, and in the third, which passes nothing back.
readonly SHARING='
mkdir -p /tmp/s && mount -t tmpfs s /tmp/s && mount --make-shared /tmp/s && cd /tmp/s &&
	mkdir here peer slave pts ov low up work && mount -t devpts -o newinstance pts pts &&
	mount -t overlay -o "lowerdir=/tmp/s/low,upperdir=/tmp/s/up,workdir=/tmp/s/work" over ov || exit
unshare --mount --propagation unchanged sh -c "echo >/tmp/s/1; exec sleep 1004" &
unshare --mount --propagation slave sh -c "echo >/tmp/s/2; exec sleep 1005" &
until [ -e 1 ] && [ -e 2 ]; do sleep 0.1; done
echo ready >ready'
in_one() { nsenter -m -t "$(child "sleep $1")" "${@:2}"; }
has_mount() { grep -q " $2 .* - tmpfs $3 " "/proc/$1/mountinfo"; }
shares() {
	local peer slave
	peer=$(child 'sleep 1004') && slave=$(child 'sleep 1005') || return
	nsenter -m -t "$pid" mount -t tmpfs "root$1" /tmp/s/here &&
		in_one 1004 mount -t tmpfs "peer$1" /tmp/s/peer &&
		in_one 1005 mount -t tmpfs "slave$1" /tmp/s/slave || return
	has_mount "$peer" /tmp/s/here "root$1" && has_mount "$slave" /tmp/s/here "root$1" &&
		has_mount "$pid" /tmp/s/peer "peer$1" && has_mount "$slave" /tmp/s/peer "peer$1" &&
		! has_mount "$pid" /tmp/s/slave "slave$1" && ! has_mount "$peer" /tmp/s/slave "slave$1"
}
same_filesystems() {
	local dir one
	for dir in pts ov .; do
		for one in 1004 1005; do
			[[ $(stat -c %d "$(inside /tmp/s)/$dir") == $(in_one "$one" stat -c %d "/tmp/s/$dir") ]] || return
		done
	done
	echo "$1" >"$(inside /tmp/s/ov/file)" && [[ $(in_one 1005 cat /tmp/s/ov/file) == "$1" ]]
}
sharing_namespaces() {
	start "$SHARING && exec sleep 1000" || return
	wait_until 20 nonempty "$(inside /tmp/s/ready)" && shares 1 && same_filesystems 1 || return
	save image9 && go_on image9 && same_filesystems 2 || return
	has_mount "$pid" /tmp/s/peer peer1 && shares 2
}

# An overlay that lies on its own layer, which is outside
overlay_on_layer() {
	mkdir -p self/in own/up own/work && echo low >self/in/low || return
	start 'mount -t overlay -o "lowerdir=$1/self,upperdir=$1/own/up,workdir=$1/own/work" over "$1/self" &&
		echo up >"$1/self/in/up" && exec sleep 1000' "$PWD" || return
	wait_until 20 nonempty "$(inside "$PWD/self/in/up")" && save image12 && go_on image12 || return
	[[ $(cat "$(inside "$PWD/self/in")"/{low,up} | xargs) == 'low up' && ! -e self/in/up && -s own/up/in/up ]]
}

# Layers inside: of one there is another directory outside, but not of all.
overlay_inside() {
	mkdir -p both/low && echo outside >both/low/file || return
	start 'mount -t tmpfs both "$1/both" && cd "$1/both" && mkdir low up work on && echo inside >low/file &&
		mount -t overlay -o "lowerdir=$1/both/low,upperdir=$1/both/up,workdir=$1/both/work" over on &&
		echo up >on/up && exec sleep 1000' "$PWD" || return
	wait_until 20 nonempty "$(inside "$PWD/both/on/up")" && save image13 && go_on image13 || return
	[[ $(cat "$(inside "$PWD/both/on")"/{file,up} | xargs) == 'inside up' && ! -e both/up ]]
}

# Something of a tmpfs is mounted over it: by its device it is the same.
covered_by_itself() {
	[[ $(<"$(inside /tmp/it/file)") == part ]] &&
		nsenter -m -t "$pid" sh -c 'umount /tmp/it && cat /tmp/it/file /tmp/it/sub/file' | xargs | grep -qx 'whole part' &&
		nsenter -m -t "$pid" mount --bind /tmp/it/sub /tmp/it
}
tmpfs_over_itself() {
	start 'mkdir -p /tmp/it && mount -t tmpfs it /tmp/it && mkdir /tmp/it/sub && echo whole >/tmp/it/file &&
		echo part >/tmp/it/sub/file && mount --bind /tmp/it/sub /tmp/it && exec sleep 1000' || return
	wait_until 20 sleeps && covered_by_itself && save image14 && go_on image14 && covered_by_itself
}

# Where its mount was, there is a directory of it, on another mount.
under_itself() {
	[[ $(<"$(inside /tmp/at/sub/file)") == part ]] &&
		nsenter -m -t "$pid" sh -c 'umount /tmp/at && cat /tmp/at/sub/file /tmp/at/sub/sub/file' | xargs | grep -qx 'whole part' &&
		nsenter -m -t "$pid" mount --bind /tmp/at/sub /tmp/at
}
tmpfs_under_itself() {
	start 'mkdir -p /tmp/at && mount -t tmpfs at /tmp/at && mkdir /tmp/at/sub && mount -t tmpfs sub /tmp/at/sub &&
		mkdir /tmp/at/sub/sub && echo whole >/tmp/at/sub/file && echo part >/tmp/at/sub/sub/file &&
		mount --bind /tmp/at/sub /tmp/at && exec sleep 1000' || return
	wait_until 20 sleeps && under_itself && save image15 && go_on image15 && under_itself
}

# A sysfs of its own network namespace, by the path of which something else is seen
own_sysfs() {
	start 'mkdir -p /tmp/sys && mount -t sysfs sys /tmp/sys && mount -t tmpfs over /tmp/sys && exec sleep 1000' || return
	wait_until 20 sleeps && save image16 && go_on image16 && nsenter -m -t "$pid" umount /tmp/sys &&
		[[ $(nsenter -m -t "$pid" ls /tmp/sys/class/net) == "$(nsenter -n -t "$pid" sed -n 's/^ *\(.*\):.*/\1/p' /proc/net/dev)" ]]
}

host_mounts() {
	restart --container --host-mounts -i image3 >words2 2>&1
	[[ $? == 125 ]] && cat words2 && grep -q 'nothing was restarted' words2
}

# Its script has come to its end.
sleeps() { [[ $(<"/proc/$pid/comm") == sleep ]]; }

# refuses REASON SCRIPT
refuses() {
	local status
	start "$2; exec sleep 1000" "$PWD" || return
	wait_until 20 sleeps || return
	rm -f no
	timeout $((300 * scale)) checkpoint -p "$pid" -o no --freeze >words2 2>&1
	status=$?
	cat words2
	stop
	[[ $status == 1 && ! -e no ]] && grep -qF -- "$1" words2
}

changed_outside() {
	local status
	mkdir -p bound && mount -t tmpfs bound bound || return
	start 'mkdir /tmp/b; mount --bind "$1/bound" /tmp/b; exec sleep 1000' "$PWD"
	wait_until 20 sleeps || return
	save image4 && umount bound || return
	restart --container -i image4 >words2 2>&1 </dev/null
	status=$?
	cat words2
	[[ $status == 125 ]] && grep -q "^restart: mount $PWD/bound (tmpfs): $PWD/bound outside is on " words2
}

run_all() {
	ok "a container with a mount tree of its own" capture
	if ((failed)); then
		echo "Bail out! nothing to restart"
		return
	fi
	ok "ckptinfo lists it" listed
	ok "all mounts and their content are as before, and it works on" as_before
	ok "its proc is that of its own pids" proc_is_own
	ok "what is read-only is so" read_only_is
	ok "what is mounted on one of a group appears in the others" propagates
	ok "once more, with that" again
	ok "what is hidden is there" hidden_is_there
	stop
	ok "a container in a copy of the machine's mounts" plain_copy
	stop
	ok "a first process with a root directory of its own" other_root
	stop
	ok "two mount namespaces in a user namespace" in_user_namespace
	stop
	ok "... a tmpfs there that is covered is refused" in_a_user_ns refuses '(what is mounted over it cannot be' \
		'mkdir -p /tmp/r; mount -t tmpfs r /tmp/r; mount -t tmpfs over /tmp/r'
	ok "... and one that is unbindable, with something in it" in_a_user_ns refuses 'and it is unbindable: use' \
		'mkdir -p /tmp/r; mount -t tmpfs r /tmp/r; mkdir /tmp/r/in; mount -t tmpfs in /tmp/r/in; mount --make-unbindable /tmp/r'
	ok "namespaces that only a mount holds" held_namespaces
	stop
	ok "one that is mounted under something, with a process in it" covered_but_used
	stop
	ok "one that only a covered mount holds is refused: a FIFO has its path" \
		refuses 'mount /tmp/c/net (nsfs): something is mounted over the namespace net:[' \
		"$COVERED"'unshare --net=/tmp/c/net true; cover; mkfifo /tmp/c/net'
	ok "... a symbolic link to a namespace of the machine" \
		refuses 'mount /tmp/c/net (nsfs): something is mounted over the namespace net:[' \
		"$COVERED"'unshare --net=/tmp/c/net true; cover; ln -s /proc/1/ns/net /tmp/c/net'
	ok "... a mount namespace" refuses 'mount /tmp/c/mnt (nsfs): something is mounted over the namespace mnt:[' \
		"$COVERED"'unshare --mount=/tmp/c/mnt true; cover; mkfifo /tmp/c/mnt'
	ok "mount namespaces that only a mount or a descriptor holds" held_mounts
	stop
	ok "mount namespaces that share mounts and file systems" sharing_namespaces
	stop
	ok "a tmpfs under a directory of its own" tmpfs_over_itself
	stop
	ok "a tmpfs whose path leads to a directory of its own" tmpfs_under_itself
	stop
	ok "an overlay that lies on its own layer" overlay_on_layer
	stop
	ok "an overlay with layers inside, of which one is outside, too" overlay_inside
	stop
	mkdir -p both/{low,up,work}
	ok "... if all are, and are others there, it is refused" \
		refuses "its layers are found outside and inside, but $PWD/both/low is not the same directory" \
		'mount -t tmpfs both "$1/both" && cd "$1/both" && mkdir low up work on &&
			mount -t overlay -o "lowerdir=$1/both/low,upperdir=$1/both/up,workdir=$1/both/work" over on'
	ok "a pid namespace that a mount holds is refused" refuses 'mount /tmp/p (nsfs): holds the namespace pid:[' \
		'touch /tmp/p; mount --bind /proc/self/ns/pid /tmp/p'
	user_ns=n
	ok "a sysfs of its own network namespace" own_sysfs
	stop
	unset user_ns
	ok "one of another network namespace is refused" refuses 'mount /tmp/r (sysfs): shows another network namespace' \
		'mkdir -p /tmp/r; unshare --net mount -t sysfs sys /tmp/r'
	ok "... also in a user namespace" in_a_user_ns refuses 'mount /tmp/r (sysfs): shows another network namespace' \
		'mkdir -p /tmp/r; unshare --net mount -t sysfs sys /tmp/r'
	ok "a mqueue of another IPC namespace is refused" refuses 'mount /tmp/r (mqueue): shows another IPC namespace' \
		'mkdir -p /tmp/r; unshare --ipc mount -t mqueue queues /tmp/r; mount -t tmpfs over /tmp/r'
	ok "a covered proc of another pid namespace is refused" refuses 'mount /tmp/r (proc): shows another pid namespace' \
		'mkdir -p /tmp/r; unshare --pid --fork sh -c "mount -t proc proc /tmp/r; exec sleep 1000" & until [ -e /tmp/r/self ] || [ -e /tmp/r/1 ]; do sleep 0.1; done; mount -t tmpfs over /tmp/r'
	ok "... also in a user namespace" in_a_user_ns refuses 'mount /tmp/r (proc): shows another pid namespace' \
		'mkdir -p /tmp/r; unshare --pid --fork sh -c "mount -t proc proc /tmp/r; exec sleep 1000" & until [ -e /tmp/r/self ] || [ -e /tmp/r/1 ]; do sleep 0.1; done; mount -t tmpfs over /tmp/r'
	ok "one of a pid namespace that has ended is refused" refuses 'cannot tell which pid namespace it shows (it shows no process 1' \
		'mkdir -p /tmp/r; unshare --pid --fork mount -t proc proc /tmp/r'
	ok "one of which there is only a part is refused" refuses 'cannot tell which pid namespace it shows (only a part of it is mounted)' \
		'mkdir -p /tmp/r /tmp/s; mount -t proc proc /tmp/r; mount --bind /tmp/r/sys /tmp/s; umount /tmp/r'
	ok "--host-mounts: without them its files are not found" host_mounts
	ok "a file system that cannot be made anew is refused" refuses 'mount /tmp/r (ramfs): ' 'mkdir /tmp/r; mount -t ramfs ramfs /tmp/r'
	ok "a socket in a tmpfs is refused" refuses 'mount /tmp/r (tmpfs): ./s: a socket' \
		'mkdir /tmp/r; mount -t tmpfs r /tmp/r; perl -MSocket -e "socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(q(/tmp/r/s)))"'
	ok "what is another one outside is named" changed_outside
}

# Half of the test, with the rest of it in another boot
half() {
	local dir=$2
	work=/tmp/mounts.reboot
	mkdir -p "$work" && cd "$work" || exit
	echo "TAP version 13"
	echo "1..1"
	case $1 in
	save)
		ok "a container is saved" capture
		cp image table.before content.before "$dir" || exit
		;;
	restart)
		# The layers of the overlay are the machine's: here, new ones.
		mkdir -p root low up work && echo low >low/low && echo up >up/up
		cp "$dir"/{image,table.before,content.before} . || exit
		sed -i '/^ov\//d' content.before
		content() { content_of data sealed it odd; }
		ok "all is as before in another boot" as_before
		;;
	esac
	exit $((failed > 0))
}

if [[ ${1:-} =~ ^--(save|restart)=(.+)$ ]]; then
	half "${BASH_REMATCH[1]}" "$(realpath "${BASH_REMATCH[2]}")"
fi
tap_main mounts ns_exec checkpoint restart ckptinfo perl nsenter
