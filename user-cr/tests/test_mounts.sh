# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2016	# programs are expanded by another shell
# shellcheck disable=SC2086	# options may be several words, or none
# mount namespaces, saved and made again, with a fake kernel

checkpoint=$CHECK/fake-checkpoint
restart=$CHECK/fake-restart
export FAKE_DIR="$TMP/fake"
"$CHECK/mkimage" -c 1 >"$TMP/image"
export FAKE_IMAGE="$TMP/image"

# What a mount table tells; numbers are others each time, those of groups are
# counted anew. An overlay of what is inside is made when that is there.
normal_table='awk "{
	\$1 = \"\"; \$2 = \"\"; \$3 = \"\"
	for (i = 7; i <= 8; i++) if (split(\$i, a, \":\") == 2) {
		if (!n[a[2]]) n[a[2]] = ++groups
		\$i = a[1] \":\" n[a[2]]
	}
	if (/ - overlay /) late = late \$0 \"\\n\"; else print
} END { printf \"%s\", late }" /proc/self/mountinfo'
# What is in the file systems, with all that can be told of it; SIZE of a directory
# depends on its history.
normal_content='cd /t && find a b c o -printf "%p %y %m %U:%G %T@ %n %l\n" | grep -v ^o/work | sort;
	cat o/on/l o/on/u o/up/u;
	cat a/file a/hard b/file; stat -c "%t:%T" a/null; du -k a/sparse;
	head -n 1 onfile masked
	python3 -c "import os; print([(n, os.getxattr(\"a/file\", n)) for n in sorted(os.listxattr(\"a/file\"))])" 2>/dev/null; true'

# Everything that is carried, on a tree of its own in the copy of ours. a and b are
# peers, c is a slave of them, and something is mounted over a, so over b and c.
build='set -e
	mkdir -p /t; mount -t tmpfs -o size=8m,mode=750 top /t; cd /t; mkdir a b c d e
	mount -t tmpfs -o size=2m first a
	echo hello >a/file; ln a/file a/hard; ln -s file a/link; mkfifo a/fifo
	mknod a/null c 1 3; chmod 4751 a/null; chown 12:34 a/fifo
	python3 -c "import os; os.setxattr(\"a/file\", \"trusted.x\", b\"y\\0z\")" 2>/dev/null || true
	touch onfile masked; mount --bind /etc/passwd onfile; mount --bind a/file masked; mount -o remount,bind,ro masked
	truncate -s 1000000 a/sparse; echo end >>a/sparse
	mkdir a/dir; touch a/dir/in; touch -d @1234567.123456789 a/dir
	echo x >"a/$(printf "new\\nline\\377")"
	mount --make-shared a; mount --bind a b; mount --bind a c; mount --make-slave c
	mount --bind /etc d; mount -o remount,bind,ro,nosuid,nodev,noexec,noatime d
	mount -t proc -o hidepid=invisible proc e; mount --bind e/sys e; mount -o remount,bind,ro e
	mkdir -p o/low o/up o/work o/on; echo low >o/low/l; mkdir o/low/d
	mount -t overlay -o lowerdir=/t/o/low,upperdir=/t/o/up,workdir=/t/o/work inner o/on
	echo up >o/on/u; echo new >o/on/l; mount -t tmpfs onit o/on/d; mount --bind /etc/passwd o/on/l
	mkdir hidden; mount -t tmpfs hidden hidden; echo deep >hidden/deep
	mkdir hidden/sub; mount --bind hidden/sub hidden/sub; mount --make-unbindable hidden/sub
	mount -t tmpfs over hidden; echo over >hidden/over'
over='mkdir -p /t/a/m; mount -t tmpfs -o size=1m over /t/a/m; echo over >/t/a/m/over'

# start SCRIPT...: a process in a mount namespace of its own, in $tree
start() {
	rm -f "$TMP/up"
	"$CHECK/ns_exec" -m sh -c "$*; touch $TMP/up; sleep 1000; true" 2>"$TMP/inner" &
	child=$!
	tree=$child
	until_true test -e "$TMP/up" -o ! -e /proc/$child
	[ -e "$TMP/up" ]
}
stop() {
	# shellcheck disable=SC2046
	kill -9 $(ps -o pid= --ppid "$tree") "$tree"
	wait "$child" 2>/dev/null
	true
}
inside() { nsenter -m -t "$tree" sh -c "$*"; }
rerun() { rm -rf "$FAKE_DIR"; mkdir "$FAKE_DIR"; run "$@"; }

saved() { run 0 "$checkpoint" -p "$tree" "$@" -o "$TMP/mounts"; }
as_before() {
	inside "$normal_table" >"$TMP/table" && inside "$normal_content" >"$TMP/content" &&
		saved "$@" && FAKE_PROGRAM="$normal_table; echo; $normal_content" \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/mounts" &&
		{ cat "$TMP/table"; echo; cat "$TMP/content"; } >"$TMP/expected" &&
		grep -q "'trusted.x', b'y.x00z'" "$TMP/content" && grep -q "^root:" "$TMP/content" &&
		differences "$TMP/expected" "$TMP/out"
}
# But for the proc of the machine, which lies below that of a container.
differences() {
	grep -av ' - proc proc rw$' "$1" >"$TMP/a"
	grep -av ' - proc proc rw$' "$2" >"$TMP/b"
	diff "$TMP/a" "$TMP/b" >"$TMP/out"
}
shown() {
	run 0 "$CHECK/ckptinfo" --mounts "$TMP/mounts" && out '^  /t  *tmpfs  */  *content$' &&
		out '^  /t/d  *[a-z0-9]*  */.*etc  *outside:/etc ro,nosuid,nodev,noexec,noatime$' &&
		out '^  /t/e  *proc  */sys  *new ro$' && out ' unbindable$'
}
hidden() {
	FAKE_PROGRAM='umount /t/hidden && cat /t/hidden/deep && ls /t/hidden' \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/mounts" && [ "$(cat "$TMP/out")" = 'deep
deep
sub' ]
}
# What is mounted later appears in the peer and in the slave, and not elsewhere.
propagates() {
	FAKE_PROGRAM='mkdir /t/b/n; mount -t tmpfs n /t/b/n; touch /t/c/n/f /t/a/m/g; ls /t/a/n /t/b/m
			mkdir /t/c/o; mount -t tmpfs o /t/c/o; touch /t/c/o/f; ls /t/a/o' \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/mounts" && out '^f$' && out '^g$' &&
		[ "$(tail -1 "$TMP/out")" = over ]
}
piped() {
	rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR" &&
		"$checkpoint" -p "$tree" $1 | FAKE_PROGRAM="$normal_table" run 0 "$restart" -c -w --time=now &&
		differences "$TMP/table" "$TMP/out"
}
retried() {
	printf aaa >"$TMP/again"
	FAKE_AGAIN="$TMP/again" run 0 "$checkpoint" -p "$tree" --freeze $1 -o "$TMP/two" &&
		run 0 "$CHECK/ckptinfo" --mounts "$TMP/two" && out hidden
}
appended() {
	echo before >"$TMP/two"
	FAKE_ERROR=95 "$checkpoint" -p "$tree" >>"$TMP/two" 2>"$TMP/err"
	[ $? -eq 1 ] && [ "$(cat "$TMP/two")" = before ]
}
# The image of a subtree gets an init before it, which holds on to nothing.
with_init() {
	"$CHECK/mkimage" 30001 >"$TMP/sub" && FAKE_IMAGE="$TMP/sub" run 0 "$checkpoint" -p "$tree" -o "$TMP/two" &&
		FAKE_PROGRAM="$normal_table; ls /proc/1/fd >&2; umount /t/o/on/d && umount /t/o/on/l && umount /t/o/on && echo free >&2" \
		rerun 0 "$restart" -c -w --time=now -i "$TMP/two" && err '^free$' && not err '^[3-9]$' && differences "$TMP/table" "$TMP/out"
}
# The limit comes with a signal, which must not be the end.
file_limit() {
	rerun 125 sh -c "ulimit -f 8; exec $restart -c -i $TMP/mounts" &&
		err '^restart: cannot restore the content of tmpfs: .*File too large (see ulimit -f'
}
host_mounts() {
	FAKE_PROGRAM='[ ! -e /t/a ] && echo host' rerun 0 "$restart" -c -w --host-mounts -i "$TMP/mounts" && out host
}
own_root() {
	mkdir -p "$TMP/root" && mount --bind / "$TMP/root" && touch "$TMP/root/marker" 2>/dev/null
	FAKE_PROGRAM='readlink -f /t; awk "\$5 == \"/\" { print \"root\" }" /proc/self/mountinfo' \
		rerun 0 "$restart" -c -w --root "$TMP/root" -i "$TMP/mounts" && out '^/t$' && out '^root$'
	result=$?
	umount "$TMP/root"
	return $result
}

# refused REASON SCRIPT: a tree that is not saved, and why; a dry run tells, too
refused() {
	rm -f "$TMP/two"
	start "$2" || return
	run 1 "$checkpoint" -p "$tree" -o "$TMP/two" && err "^checkpoint: pid $tree (sh): mount $1" && [ ! -e "$TMP/two" ] &&
		run 1 "$checkpoint" -p "$tree" --dry-run && err "^checkpoint: pid $tree (sh): mount $1" && err 'cannot be saved'
	result=$?
	stop
	return $result
}
# A container that a user without privileges has made
other_user() {
	chmod 755 "$TMP" && mkdir -p "$TMP/place" && chmod 777 "$TMP/place" && rm -f "$TMP/place/up"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$CHECK/ns_exec" -Um sh -c "
		touch $TMP/place/up; mount -t tmpfs theirs $TMP/place; sleep 1000; true" 2>"$TMP/inner" &
	child=$!
	until_true test -e "$TMP/place/up" && tree=$(ps -o pid= --ppid $child | tr -d ' ') && [ -n "$tree" ] &&
		until_true grep -q ' - tmpfs theirs ' "/proc/$tree/mountinfo"
}
# It ends with a message for each mount, and others are told, too.
refused_of_other() { # COMMAND: REASON
	run 1 $1 -p "$tree" --subtree -n && err "mount $TMP/place (tmpfs): $2" && err 'cannot be saved: see above' &&
		FAKE_LOG='pid 7: no' run 1 $1 -p "$tree" --subtree -nJ &&
		json "d['error'] and ['$2' in b['reason'] for b in d['blockers']] == [True, False] and d['blockers'][1]['reason'] == 'pid 7: no'"
}
refused_outside() {
	mkdir -p "$TMP/shared" && mount -t tmpfs shared "$TMP/shared" && mount --make-shared "$TMP/shared" || return
	rm -f "$TMP/up"
	unshare -m --propagation unchanged sh -c "mount --make-$1 $TMP/shared; touch $TMP/up; sleep 1000; true" &
	tree=$!
	until_true test -e "$TMP/up"
	run 1 "$checkpoint" -p "$tree" -n && err "mount $TMP/shared (tmpfs): $2"
	result=$?
	child=$tree
	stop
	umount "$TMP/shared"
	return $result
}

# broken MESSAGE [OPTION...]: restart fails with that, and nothing is left
broken() {
	message=$1
	shift
	rerun 125 "$restart" -c -w -i "$TMP/two" "$@" && err "^restart: $message" && err 'nothing was restarted\|cannot restart'
}
not_outside() {
	mkdir -p "$TMP/gone" && mount -t tmpfs one "$TMP/gone" &&
		start "mkdir -p /t; mount -t tmpfs t /t; mkdir /t/g; mount --bind $TMP/gone /t/g" &&
		run 0 "$checkpoint" -p "$tree" -o "$TMP/two" && stop && umount "$TMP/gone" && rmdir "$TMP/gone" &&
		broken "mount $TMP/gone (tmpfs): $TMP/gone outside, which it showed: No such file"
}
other_outside() {
	mkdir -p "$TMP/gone" && mount -t tmpfs else "$TMP/gone" &&
		broken "mount $TMP/gone (tmpfs): $TMP/gone outside is on $TMP/gone, which shows / of else (tmpfs, rw), but it was / of one (tmpfs, rw)" &&
		mount -t tmpfs -o ro one "$TMP/gone" && broken "mount $TMP/gone (tmpfs): .*which shows / of one (tmpfs, ro), but it was / of one (tmpfs, rw)"
	result=$?
	umount "$TMP/gone"
	[ $result -ne 0 ] || umount "$TMP/gone"
	return $result
}
# Under something else, it is the same still.
covered_outside() {
	mount -t tmpfs one "$TMP/gone" && mount -t tmpfs else "$TMP/gone" &&
		FAKE_PROGRAM="cat /proc/self/mountinfo" rerun 0 "$restart" -c -w -i "$TMP/two" && out " $TMP/gone .* tmpfs one " && not out ' tmpfs else '
	result=$?
	umount "$TMP/gone"
	umount "$TMP/gone"
	return $result
}
# Whoever may write on the way to it cannot have something else shown instead.
led_astray() {
	mkdir -p "$TMP/alice/data" "$TMP/secret" && echo secret >"$TMP/secret/f" && echo mine >"$TMP/alice/data/f" &&
		start "mkdir -p /t; mount -t tmpfs t /t; mkdir /t/g; mount --bind $TMP/alice/data /t/g" &&
		run 0 "$checkpoint" -p "$tree" -o "$TMP/two" && stop &&
		FAKE_PROGRAM='cat /t/g/f' rerun 0 "$restart" -c -w -i "$TMP/two" && out '^mine$' &&
		mv "$TMP/alice/data" "$TMP/alice/old" && ln -s "../$1" "$TMP/alice/data" &&
		FAKE_PROGRAM='cat /t/g/f' broken "mount /t/g (.*): cannot open $TMP/alice/data outside (the path must not lead through symbolic links)" &&
		not out secret
	result=$?
	rm -rf "$TMP/alice" "$TMP/secret"
	return $result
}
# The mount on which it was is in sight; what lies on it hides the directory.
covered_below() {
	mkdir -p "$TMP/below/a/b" && mount -t tmpfs one "$TMP/below" && mkdir -p "$TMP/below/a/b" &&
		start "mkdir -p /t; mount -t tmpfs t /t; mkdir /t/g; mount --bind $TMP/below/a/b /t/g" &&
		run 0 "$checkpoint" -p "$tree" -o "$TMP/two" && stop &&
		mount -t tmpfs else "$TMP/below/a" && mkdir "$TMP/below/a/b" &&
		broken "mount /t/g (tmpfs): $TMP/below/a/b outside is on $TMP/below/a, which shows / of else"
	result=$?
	umount "$TMP/below/a"
	umount "$TMP/below"
	return $result
}
no_place() {
	sed 's,/t/g,/t/h,' "$TMP/two" | "$CHECK/mkimage" --repair >"$TMP/three" && mv "$TMP/three" "$TMP/two" &&
		mount -t tmpfs one "$TMP/gone" || return
	broken "mount /t/h (.*): there is no such place on the mount /t: No such file"
	result=$?
	umount "$TMP/gone"
	return $result
}
new_section() {
	printf '\000\020' | dd of="$TMP/two" bs=1 seek=4 conv=notrunc 2>/dev/null && broken 'cannot restart from .*: it has a section that these tools do not know'
}
damaged_content() {
	cp "$TMP/mounts" "$TMP/two" && printf x | dd of="$TMP/two" bs=1 seek=3000 conv=notrunc 2>/dev/null && broken 'cannot restart from .*damaged'
}

# A child in another namespace than the root, with a file system in both
two_namespaces() {
	start 'mkdir -p /t; mount -t tmpfs one /t; echo 1 >/t/f; unshare -m sh -c "mkdir /t/x; mount --bind /t/x /t/x; mount -t tmpfs two /t/x; \
		sleep 1000" & until grep -q " - tmpfs two " /proc/$!/mountinfo; do sleep 0.1; done' && saved && stop &&
		run 0 "$CHECK/ckptinfo" --mounts "$TMP/mounts" && [ "$(grep -c ^namespace "$TMP/out")" -eq 2 ] &&
		[ "$(grep -c ' /t/x ' "$TMP/out")" -eq 2 ] &&
		FAKE_PROGRAM='cat /t/f; grep -c " /t" /proc/self/mountinfo' rerun 0 "$restart" -c -w --time=now -i "$TMP/mounts" &&
		[ "$(cat "$TMP/out")" = '1
1' ]
}

# evil MESSAGE PYTHON: an archive that would leave its directory
evil() {
	python3 - "$TMP/evil.tar" <<-PYTHON || return
		import io, sys, tarfile
		t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
		def add(name, **kind):
		    m = tarfile.TarInfo(name)
		    for k, v in kind.items():
		        setattr(m, k, v)
		    data = b"evil" if m.isreg() else b""
		    m.size = len(data)
		    t.addfile(m, io.BytesIO(data))
		$2
		t.close()
	PYTHON
	mkdir -p "$TMP/out.side" && "$CHECK/mkimage" -T "$TMP/evil.tar" -c 1 >"$TMP/two" && rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR" &&
		run 125 "$restart" -c -w -i "$TMP/two" && err "^restart: cannot restore the content of tmpfs: $1" && [ -z "$(ls "$TMP/out.side")" ]
}
# No image has us mount a disk, or write to what an overlay lies on.
forbidden() { # TYPE SOURCE: as long as those that are there
	"$CHECK/mkimage" -t -c 1 | LC_ALL=C sed "s/tmpfs\x00none\x00/$1\x00$2\x00/" | "$CHECK/mkimage" --repair >"$TMP/two" &&
		rerun 125 "$restart" -c -w -i "$TMP/two" && err "FILESYSTEM: kind 3 does not go with the type '$1'" &&
		run 1 "$CHECK/ckptinfo" "$TMP/two" && err "does not go with the type '$1'"
}
# A release agent is a program that the kernel runs as root, outside.
agent() { # TYPE OPTION
	"$CHECK/mkimage" -t -c 1 | "$CHECK/mkimage" --strings 0x1001 2 "$1" none / '' "$2" >"$TMP/two" &&
		rerun 125 "$restart" -c -w -i "$TMP/two" && err "^restart: cannot restart from .*: it would mount $1 with the option $2, which may" &&
		[ ! -e "$FAKE_DIR/joined" ] && rerun 0 "$restart" -c -w --host-mounts --no-cgroups -i "$TMP/two"
}
hostile() {
	ok "mounts: control groups with a release agent" agent cgroup release_agent=/bin/sh
	ok "mounts: control groups with an option that nobody knows" agent cgroup2 unheard
	ok "mounts: ext4 with content" forbidden ext4 nonee
	ok "mounts: an overlay with content" forbidden overlay xx
	ok "mounts: an archive with an absolute path" evil '.*[Aa]bsolute' "add('$TMP/out.side/x')"
	ok "mounts: an archive with .. in a path" evil ".*'\.\.'" "add('../../../../../../../../..$TMP/out.side/x')"
	ok "mounts: an archive with a link that leads outside" evil '.*through symlink' \
		"add('link', type=tarfile.SYMTYPE, linkname='$TMP/out.side'); add('link/x')"
	ok "mounts: an archive with a hard link to the outside" evil '.*' "add('hard', type=tarfile.LNKTYPE, linkname='../../../../../../../etc/passwd')"
	head -c 700 /dev/urandom >"$TMP/evil.tar"
	ok "mounts: an archive that is none" no_archive
}
no_archive() {
	"$CHECK/mkimage" -T "$TMP/evil.tar" -c 1 >"$TMP/two" && run 125 "$restart" -c -w -i "$TMP/two" && err '^restart: cannot restore the content of tmpfs: '
}

all_kinds() {
	if ! start "$build; $over"; then
		ok "mounts: a tree of its own: $(cat "$TMP/inner")" false
		return
	fi
	ok "mounts: all as before" as_before
	ok "mounts: ckptinfo shows them" shown
	ok "mounts: what is hidden" hidden
	ok "mounts: what is mounted later propagates" propagates
	ok "mounts: through a pipe" piped ""
	for codec in zstd lz4; do
		ok "mounts: all as before, $codec" as_before -z $codec
		ok "mounts: through a pipe, $codec" piped "-z $codec"
		ok "mounts: again when the tree changed, $codec" retried "-z $codec"
	done
	ok "mounts: again when the tree changed" retried ""
	ok "mounts: what was appended to the output is taken back" appended
	ok "mounts: with an init before the first process" with_init
	ok "mounts: restart: ulimit -f" file_limit
	ok "mounts: restart --host-mounts" host_mounts
	saved
	ok "mounts: restart --root" own_root
	stop
	ok "mounts: a damaged archive" damaged_content
	ok "mounts: two namespaces" two_namespaces
}
refusals() {
	ok "mounts: refused: a file system that is only inside" refused '/r (ramfs): ramfs is mounted only inside' \
		'mkdir -p /r; mount -t ramfs ramfs /r'
	if unshare -m sh -c "mount -t cgroup -o none,name=ckpt-agent,release_agent=/x r /mnt" 2>/dev/null; then
		ok "mounts: refused: control groups with a release agent" refused '/r (cgroup): its option release_agent=/x may do harm' \
			'mkdir -p /r; mount -t cgroup -o none,name=ckpt-agent,release_agent=/x r /r'
	else
		skip "mounts: refused: control groups with a release agent" "no version 1 of these"
	fi
	ok "mounts: refused: a socket" refused '/r (tmpfs): ./dir/sock: a socket' \
		'mkdir -p /r; mount -t tmpfs r /r; mkdir /r/dir; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"/r/dir/sock\")"'
	ok "mounts: refused: a pid namespace" refused '/r.ns (nsfs): holds the namespace pid:' 'touch /r.ns; mount --bind /proc/self/ns/pid /r.ns'
	rm -f /r.ns
	ok "mounts: refused: a message queue" refused '/r (mqueue): message queue q' \
		'mkdir -p /r; exec unshare -i sh -c "mount -t mqueue r /r; touch /r/q $TMP/up; sleep 1000; true"'
	ok "mounts: refused: ... of another IPC namespace" refused '/r (mqueue): shows another IPC namespace' \
		'mkdir -p /r; unshare -i mount -t mqueue r /r'
	ok "mounts: refused: two parts of a file system" refused '/t/a (tmpfs): no mount shows both /x and /y' \
		'mkdir -p /t; mount -t tmpfs t /t; mkdir /t/a /t/b; mount -t tmpfs p /t/a; mkdir /t/a/x /t/a/y; mount --bind /t/a/y /t/b; mount --bind /t/a/x /t/a; mount --move /t/a /mnt; umount /t/a; mount --move /mnt /t/a'
	if other_user 2>/dev/null; then
		ok "mounts: refused: without privileges, a tmpfs" refused_of_other \
			"setpriv --reuid=65534 --regid=65534 --clear-groups $checkpoint" 'cannot look into it: Operation not permitted (it needs CAP_SYS_ADMIN'
		ok "mounts: refused: a tmpfs that only another user could restore" refused_of_other "$checkpoint" 'its content cannot be restored by uid 65534, '
		stop
	else
		skip "mounts: refused: a tmpfs of another user" "no setpriv(1), or no user namespaces for him"
	fi
	ok "mounts: refused: shared with the outside" refused_outside shared 'shares with a mount outside'
	ok "mounts: refused: a slave of the outside" refused_outside slave 'receives mounts from outside'
	ok "mounts: refused: an overlay of what is nowhere" refused '/t/o (overlay): its layer /t/x/low is not found outside, nor its layer /t/x/low inside' \
		'mkdir -p /t; mount -t tmpfs t /t; mkdir /t/o /t/x; mkdir /t/x/low; mount -t overlay -o lowerdir=/t/x/low:/etc o /t/o; rmdir /t/x/low'
}
failures() {
	ok "mounts: restart: what is not outside any more" not_outside
	ok "mounts: restart: what is another one outside" other_outside
	ok "mounts: restart: what is hidden outside" covered_outside
	ok "mounts: restart: a mount point that is not there" no_place
	ok "mounts: restart: a section of newer tools" new_section
	ok "mounts: restart: a link in the place of what was outside" led_astray secret
	ok "mounts: restart: a link to what was outside" led_astray alice/old
	ok "mounts: restart: what is hidden by something on the same mount" covered_below
}

if [ "${IN_CONTAINER:-no}" = yes ] && command -v python3 >/dev/null && start true && run 0 "$checkpoint" -p "$tree" -n; then
	stop
	all_kinds
	refusals
	failures
	hostile
else
	[ -z "${tree:-}" ] || stop
	skip "mounts" "no right to mount, or this kernel is too old"
fi
