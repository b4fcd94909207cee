#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The options of checkpoint and restart, with the kernel that they are for:
# user-cr/tests has only a fake one. The application is a subtree of two
# processes that count.
#
# shellcheck disable=SC2016,SC2317	# variables are the program's own, not ours;
# tests and conditions are called by name
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

readonly TESTS=22

# They open no file, as files must stay as they were for an image: each tells its
# count, parent and clock by a link that leads nowhere. The child ends when its
# parent has, which a pipe tells it, whatever pids they have.
readonly PROGRAM='
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
pipe(my $in, my $end) or die;
my ($go_on, $signals, $bits) = (1, 0, "");
my $who = fork() ? "parent" : "child";
if ($who eq "parent") {
	close($in);
	$SIG{TERM} = sub { $go_on = 0 };
	$SIG{USR1} = sub { $signals++ };
} else {
	close($end);
	vec($bits, fileno($in), 1) = 1;
}
for (my $i = 1; $go_on; $i++) {
	symlink(sprintf("%d %d %d %d", $i, getppid(), 1000 * clock_gettime(CLOCK_MONOTONIC), $signals), "new.$$");
	rename("new.$$", "$who.$$");
	$go_on = 0 if select(my $ready = $bits, undef, undef, 0.03) > 0;
}
close($end) if $end;
wait();
exit($who eq "parent" ? 9 : 0);'

# What process $2 has told as parent or child: word $3, or the count
told() { readlink "$1.$2" | cut -d ' ' -f "${3:-1}"; }
more_than() { (($(told "$1" "$2") > $3)); }
goes_on() {
	local before
	before=$(told "$1" "$2") && wait_until 10 more_than "$1" "$2" "$before"
}
# Whether $1 and its child count; the second argument is its pid as it knows it.
counts() {
	local child
	child=$(child_of "$1") && goes_on parent "${2:-$1}" && goes_on child "$(inner_pid "$child")"
}
inner_pid() { awk '$1 == "NSpid:" { print $NF }' "/proc/$1/status"; }
stands() {
	local before
	before=$(readlink "parent.$1")
	sleep 0.3
	[[ $before == "$(readlink "parent.$1")" ]]
}
child_of() { pgrep -P "$1"; }
groups_of() { cat "/proc/$1/cgroup" "/proc/$(child_of "$1")/cgroup"; }
session_of() { ps -o sid= -p "$1" | tr -d ' '; }
words() { grep -q -e "$1" err; }

# with STATUS COMMAND...: it ends so, with its words in "err".
with() {
	local expected=$1 status=0
	shift
	timeout $((300 * scale)) "$@" </dev/null >std 2>err || status=$?
	cat std err
	echo "status $status"
	((status == expected))
}
saves() { with 0 checkpoint --subtree -p "$pid" "$@"; }

starts() {
	perl -e "$PROGRAM" </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_until 20 child_of "$pid" >/dev/null && child=$(child_of "$pid") &&
		wait_until 20 told parent "$pid" && wait_until 20 told child "$child" && counts "$pid"
}

# Kills the tree of $1.
ends() {
	local child
	child=$(child_of "$1")
	kill -KILL "$1"
	wait_until 10 gone "$1" && wait_until 10 gone "$child"
}

# A unix socket is refused as descriptor 3.
tells_blockers() {
	local other status=0
	perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) or die; open(F, ">", "socket"); sleep 1000' \
		</dev/null >/dev/null 2>&1 &
	other=$!
	wait_until 20 exists socket || return
	with 1 checkpoint --subtree -p "$other" --freeze --dry-run &&
		words "^checkpoint: pid $other (perl) fd 3: AF_UNIX socket" &&
		with 1 checkpoint --subtree -p "$other" --freeze --dry-run --json &&
		python3 -c '
import json, sys
d = json.load(open("std"))
b = [b for b in d["blockers"] if b["fd"] == 3]
sys.exit(d["pid"] != int(sys.argv[1]) or b[0]["pid"] != d["pid"] or b[0]["comm"] != "perl" or "AF_UNIX" not in b[0]["reason"])' \
			"$other" && kill -0 "$other" || status=1
	kill -KILL "$other"
	return "$status"
}
finds_no_blocker() {
	saves --freeze --dry-run && [[ ! -s err && ! -s std ]] && counts "$pid"
}

# A process writes to memory that its child has, too: what the child has is the same.
compares_shared() {
	local other forked status=0
	perl -e '$x = "a" x 4000000; $SIG{USR1} = sub { $x =~ tr/a/b/; symlink("done", "written") };
		if (!fork()) { sleep 1000; exit } symlink("done", "forked"); sleep 1000 for 1 .. 9' \
		</dev/null >/dev/null 2>&1 &
	other=$!
	wait_until 20 told_link forked && forked=$(child_of "$other") &&
		with 0 checkpoint --subtree -p "$other" --freeze -o image.1 && kill -USR1 "$other" &&
		wait_until 20 told_link written &&
		with 0 checkpoint --subtree -p "$other" --freeze -o image.2 &&
		with 3 ckptinfo --diff image.1 image.2 && (($(differing "$other") >= 3900000)) &&
		(($(differing "$forked") < 100000)) || status=1
	kill -KILL "$forked" "$other"
	return "$status"
}
told_link() { [[ -L $1 ]]; }
# How many bytes of process $1 differ
differing() {
	local from to sum=0
	while IFS=' -' read -r from to; do
		((sum += to - from))
	done < <(sed -n "s/^content of pid $1 MM: \\(.*\\): differs/\\1/p" std)
	echo "$sum"
}

# All is as before afterwards, with each kind of freezer.
leaves_running() {
	local before
	before=$(groups_of "$pid")
	saves --freeze --freezer="$1" -o "image.$1" --leave-running && ckptinfo -q "image.$1" &&
		[[ $(groups_of "$pid") == "$before" ]] && counts "$pid"
}

# The group of a checkpoint that was killed: none is made in it, and nobody goes back
# there, as it is to be removed.
ignores_dead_group() {
	local home made
	home=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	home=${home%/}
	made=$home/checkpoint.$pid.0
	mkdir "$made" && echo "$pid" >"$made/cgroup.procs" || return
	saves --freeze --freezer=v2 -v -o image.beside && words "frozen by $home/checkpoint.$pid.1$" &&
		wait_until 10 rmdir "$made" && counts "$pid"
}

# Nobody writes to a frozen file system, nor can who tries be frozen.
gives_up() {
	local stuck before start
	echo now >"disk/file" &
	stuck=$!
	wait_until 20 grep -q '^State:.D' "/proc/$stuck/status" && before=$(cat "/proc/$stuck/cgroup") &&
		start=$SECONDS && with 1 checkpoint --subtree -p "$stuck" --freeze --timeout=2 -o image.stuck &&
		words 'is not frozen after 2 s: one of its tasks may be stuck' || return
	((SECONDS - start >= 2)) && [[ ! -e image.stuck && $(cat "/proc/$stuck/cgroup") == "$before" ]] || return
	fsfreeze -u disk && wait "$stuck" && [[ $(<disk/file) == now ]]
}
stuck() {
	local loop status=0
	mkdir -p disk && truncate -s 16M disk.image && mkfs.ext4 -q disk.image &&
		loop=$(losetup -f --show disk.image) && mount "$loop" disk && fsfreeze -f disk && gives_up || status=1
	fsfreeze -u disk 2>/dev/null
	umount disk && losetup -d "$loop" || status=1
	return "$status"
}

no_room() {
	local status=0
	mkdir -p small && mount -t tmpfs -o size=100k small small || return
	with 1 checkpoint --subtree -p "$pid" --freeze -o small/image && words 'No space left on device (make room' &&
		[[ -z $(ls small) ]] && counts "$pid" || status=1
	umount small
	return "$status"
}

compresses() {
	saves --freeze --compress="$1" -o "image.$1" && ckptinfo -q "image.$1" && "$1" -tq "image.$1" || return
	(($(stat -c %s "image.$1") < $(stat -c %s image.v2) / 2))
}

# They are dead; whoever has to takes note of it in his time.
both_gone() { wait_until 10 gone "$pid" && wait_until 10 gone "$child"; }

kills() {
	saves --freeze --kill -z "$1" -o image && both_gone &&
		ckptinfo --tree image >tree && cat tree && grep -q "^ *$pid " tree && grep -q "^ *$child  *$pid " tree
}

# Who is killed in a group of version 1 must be thawed to die.
kills_v1() {
	saves --freeze --freezer=v1 --kill -o image.killed && both_gone &&
		with 0 restart -i image.killed && counts "$pid"
}

# They count on from where they were, one the child of the other.
restarts() {
	local count
	count=$(told parent "$pid")
	with 0 restart -P again -i image && [[ $(<again) == "$pid" && $(child_of "$pid") == "$child" ]] &&
		counts "$pid" && more_than parent "$pid" "$count" && [[ $(told child "$child" 2) == "$pid" ]]
}
is_taken() {
	with 125 restart -i image && words "pid $pid (perl): this pid is taken by" && counts "$pid"
}

# Beside the first ones: each pair is on its own.
copies() {
	local copy inner
	with 0 restart --no-pids -P copy -i image && copy=$(<copy) && inner=$(child_of "$copy") || return
	[[ $copy != "$pid" && $inner != "$child" ]] && counts "$copy" && counts "$pid" &&
		[[ $(told child "$inner" 2) == "$copy" ]] || return
	kill -TERM "$copy" && wait_until 10 gone "$copy" && wait_until 10 gone "$inner" && counts "$pid"
}

waits() {
	local waiter
	ends "$pid"
	restart --wait -i image </dev/null >/dev/null 2>err &
	waiter=$!
	wait_until 20 child_of "$pid" && counts "$pid" && kill -USR1 "$waiter" || return
	wait_until 10 got_signal && kill -TERM "$waiter" || return
	wait "$waiter"
	[[ $? == 9 ]] && wait_until 10 gone "$pid" || return
	restart --wait -i image </dev/null >/dev/null 2>err &
	waiter=$!
	wait_until 20 child_of "$pid" && counts "$pid" && kill -KILL "$pid"
	wait "$waiter"
	[[ $? == 137 ]] && wait_until 10 gone "$child"
}
got_signal() { (($(told parent "$pid" 4) == 1)); }

# Without the option it belongs to our session.
detaches() {
	with 0 restart -i image && [[ $(session_of "$pid") == "$(session_of $$)" ]] && ends "$pid" &&
		with 0 restart --detach -i image && [[ $(session_of "$pid") == "$pid" ]] &&
		[[ $(session_of "$child") == "$pid" ]] && counts "$pid" && ends "$pid"
}

stays_frozen() {
	local command
	with 0 restart --frozen -P again -i image && [[ $(<again) == "$pid" ]] && stands "$pid" && stands "$pid" || return
	command=$(sed -n 's/.*to have it go on: //p' err)
	[[ -n $command ]] && eval "$command" && counts "$pid" && ends "$pid" &&
		command=${command##*>} && wait_until 10 rmdir "${command%/*}"
}

same_ns() { [[ $(readlink "/proc/$1/ns/$2") == "$(readlink "/proc/self/ns/$2")" ]]; }
namespaces() {
	local again
	with 0 restart --ns=pid,uts -P again -i image && again=$(<again) || return
	! same_ns "$again" pid && ! same_ns "$again" uts && same_ns "$again" net && same_ns "$again" mnt &&
		[[ $(inner_pid "$again") == "$pid" ]] && counts "$again" "$pid" && ends "$again"
}

# The same paths, in another place
root() {
	local again name count status=0
	mkdir -p new/usr new/proc new/dev "new$work" && mount --bind /usr new/usr && mount --bind /dev new/dev || return
	for name in /bin /lib /lib64 /sbin; do
		[[ ! -L $name ]] || cp -P "$name" new/
	done
	count=$(readlink "parent.$pid") &&
		with 0 restart --container --root=new -P again -i image && again=$(<again) &&
		(cd "new$work" && wait_until 10 told parent "$pid" && counts "$again" "$pid") &&
		[[ $(readlink "parent.$pid") == "$count" ]] && ends "$again" || status=1
	umount new/usr new/dev
	return "$status"
}

# By how much the clock has jumped in between, in milliseconds
jump() {
	local before count
	before=$(told parent "$pid" 3) count=$(told parent "$pid")
	with 0 restart "$@" -i image >words2 && wait_until 10 more_than parent "$pid" "$count" || return
	echo $(($(told parent "$pid" 3) - before))
	ends "$pid"
}
milliseconds() { date +%s%3N; }
clocks() {
	local continued now begun elapsed
	begun=$(milliseconds)
	# It tells the time once more after that.
	goes_on parent "$pid" && saves --freeze --kill -o image || return
	sleep 4
	continued=$(jump) || return
	elapsed=$(($(milliseconds) - begun))
	now=$(jump --time=now) || return
	echo "$continued ms, $now ms, of $elapsed ms"
	# All but the four seconds, however long the rest has taken
	((continued >= 0 && continued <= elapsed - 4000 + 100 && now >= 4000))
}

run_all() {
	ok "an application starts" starts
	if ((failed)); then
		echo "Bail out! nothing to save"
		return
	fi
	ok "--dry-run: nothing stands in the way" finds_no_blocker
	ok "--dry-run --json: what stands in the way" tells_blockers
	ok "--freeze, version 2: it goes on as before" leaves_running v2
	ok "--freeze, version 1: it goes on as before" leaves_running v1
	ok "ckptinfo --diff: memory that processes share" compares_shared
	ok "--freeze beside the group of one that was killed" ignores_dead_group
	ok "--timeout: who cannot be frozen goes on" stuck
	ok "a full disk: no image, and it goes on" no_room
	ok "--compress=lz4" compresses lz4
	ok "--compress=zstd" compresses zstd
	ok "--kill with a freezer of version 1" kills_v1
	ok "--kill ends all of it" kills zstd
	ok "it is restarted from a compressed image" restarts
	ok "once more: its pids are taken" is_taken
	ok "--no-pids: a copy beside it" copies
	ok "--wait: exit status and signals" waits
	ok "--detach: a session of its own" detaches
	ok "--frozen: until it is thawed" stays_frozen
	ok "--ns: these and no others" namespaces
	ok "--root: paths begin there" root
	with 0 restart -i image >words2 2>&1
	ok "--time: clocks go on, or are the present ones" clocks
}

tap_main tools checkpoint restart ckptinfo perl python3 zstd lz4
