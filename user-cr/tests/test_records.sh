# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154	# $CHECK, $TMP and $here are those of run.sh
# Records of the tools as an enemy would write them: restart refuses each with its
# reason, before there is anything.

restart=$CHECK/fake-restart
export FAKE_DIR="$TMP/fake"
"$CHECK/mkimage" -t -c 1 7:1 >"$TMP/tools"
"$CHECK/mkimage" -n -t -c 1 7:1 >"$TMP/with-namespaces"

# Types of records, as the library's header has them
mount_ns=0x1000 filesystem=0x1001 content=0x1002 mount=0x1003
cgroup=0x1010 setting=0x1011 members=0x1012 root=0x1013 file=0x1014 xattr=0x1015 sysctl=0x1020

# Neither a process, nor a message that does not say why
nothing_made() {
	rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR" && run 125 "$restart" -c -w -i "$TMP/bad" &&
		err "^restart: cannot restart from $TMP/bad: \(byte [0-9]*: \)\{0,1\}$1" && [ -z "$(ls "$FAKE_DIR")" ] &&
		run 1 "$CHECK/ckptinfo" -q "$TMP/bad" && err "$1"
}
# refused NAME REASON HOW TYPE NR ...: what mkimage changes, and what it is called
refused() {
	name=$1 reason=$2
	shift 2
	"$CHECK/mkimage" "$@" <"${image:-$TMP/tools}" >"$TMP/bad" || echo "mkimage $*" >"$TMP/bad"
	ok "records: refused: $name" nothing_made "$reason"
}
strings() { # NAME REASON TYPE NR STRING...
	name=$1 reason=$2
	shift 2
	refused "$name" "$reason" --strings "$@"
}
unended() { # NAME REASON TYPE NR STRING...
	name=$1 reason=$2
	shift 2
	refused "$name" "$reason" --unended "$@"
}

strings "a sysctl that is in no list" 'SYSCTL: kernel/core_pattern is none' $sysctl 0 kernel/core_pattern '|/bin/false'
strings "a sysctl of another kind of namespaces" 'SYSCTL: kernel/shmmax is none' $sysctl 0 kernel/shmmax 1
strings "a sysctl with .. in its name" 'SYSCTL: net/../kernel/core_pattern is none' $sysctl 0 net/../kernel/core_pattern '|/bin/false'
strings "a sysctl with .. at its end" 'SYSCTL: net/.. is none' $sysctl 0 net/.. 1
strings "a sysctl with an absolute name" 'SYSCTL: /etc/passwd is none' $sysctl 0 /etc/passwd x
strings "a sysctl with // in its name" 'SYSCTL: net//unix is none' $sysctl 0 net//unix 1
strings "a sysctl without a name" 'SYSCTL:  is none' $sysctl 0 '' 1
strings "a sysctl with a name that is too long" 'SYSCTL: net/' $sysctl 0 "net/$(printf '%0300d' 1)" 1
strings "a sysctl without a value" 'SYSCTL: no name and value' $sysctl 0 net/unix/max_dgram_qlen
strings "a sysctl with two values" 'SYSCTL: no name and value' $sysctl 0 net/unix/max_dgram_qlen 1 2
unended "a sysctl without an end" 'SYSCTL: no name and value' $sysctl 0 net/unix/max_dgram_qlen 1
refused "a sysctl of the mount namespace" 'SYSCTL: of a namespace of kind 2' --word $sysctl 0 0 2
refused "a sysctl with the pid of no process" 'SYSCTL: the impossible pid 4194305' --word $sysctl 1 4 4194305

for bad in . .. a/b /a ../a a/ ''; do
	strings "a control group called '$bad'" 'CGROUP: name or hierarchy' $cgroup 1 "$bad" ''
	strings "the file '$bad' of a control group" 'CGROUP_SETTING: no name of a file' $setting 0 "$bad" 42
	strings "an owner of the file '$bad'" 'CGROUP_FILE: no name of a file' $file 0 "$bad"
done
for bad in . .. a/b /etc/passwd; do
	strings "an attribute of the file '$bad'" 'CGROUP_XATTR: no name of a file' $xattr 0 "$bad" user.x y
done
strings "an attribute that is not of users" 'CGROUP_XATTR: trusted.x is none' $xattr 0 '' trusted.x y
unended "an attribute without an end of its name" 'CGROUP_XATTR: no name of a file or of an attribute' $xattr 0 '' user.x
unended "a control group without an end" 'CGROUP: name or hierarchy' $cgroup 1 inner ''
unended "a setting without an end" 'CGROUP_SETTING: a value is no string' $setting 0 pids.max 42
strings "a setting without a value" 'CGROUP_SETTING: no value' $setting 0 pids.max
unended "an owner without an end" 'CGROUP_FILE: no name of a file' $file 0 cgroup.procs
refused "a file with the mode of a device" 'CGROUP_FILE: mode 060666' --word $file 0 12 060666
refused "a control group in itself" 'CGROUP: in object 9' --word $cgroup 1 4 9
refused "a control group in a mount" 'CGROUP: in object 7' --word $cgroup 1 4 7
refused "a control group of another version than that around it" 'CGROUP: version 1 in one of version 2' --word $cgroup 1 0 1
refused "a member without a pid" 'CGROUP_MEMBERS: 5 bytes of pids' --unended $members 0 ab cd
for bad in a ../a /a/../b /a/ //a ''; do
	strings "a cgroup namespace with '$bad'" 'CGROUP_ROOT: the group has no path' $root 0 "$bad"
done
refused "a cgroup namespace of what is no group" 'CGROUP_ROOT: of namespace .* in object 7' --word $root 0 0 7

for bad in mnt ../mnt /a/../../etc /mnt/.. /./mnt /mnt/ //mnt ''; do
	strings "a mount at '$bad'" 'MOUNT: where it is, or what is there, is no path' $mount 1 / "$bad"
	strings "a mount of '$bad'" 'MOUNT: where it is, or what is there, is no path' $mount 1 "$bad" /mnt
	strings "a root directory '$bad'" 'MOUNT_NS: the root directory is no path' $mount_ns 0 "$bad"
	strings "the directory '$bad' of a file system" 'FILESYSTEM: type, source or directory' $filesystem 1 tmpfs none "$bad" ''
	strings "what is outside at '$bad'" 'FILESYSTEM: where it is found outside' $filesystem 0 ext4 /dev/x / "$bad"
done
strings "a mount of a namespace on a disk" 'MOUNT: where it is, or what is there, is no path' $mount 1 'net:[1]' /mnt
unended "a mount without an end" 'MOUNT: where it is, or what is there, is no path' $mount 1 / /mnt
unended "a root directory without an end" 'MOUNT_NS: the root directory is no path' $mount_ns 0 /
unended "a file system without an end" 'FILESYSTEM: type, source or directory' $filesystem 1 tmpfs none / ''
unended "an option without an end" 'FILESYSTEM: an option is no string' $filesystem 1 tmpfs none / '' size=1m
strings "an option without a name" 'FILESYSTEM: an option' $filesystem 1 tmpfs none / '' =1m
for bad in ext4 nfs fuse ramfs fuse.sshfs; do
	strings "$bad, made anew" "FILESYSTEM: kind 2 does not go with the type '$bad'" $filesystem 2 $bad none / ''
done
strings "a new file system that is outside, too" 'FILESYSTEM: where it is found outside' $filesystem 2 proc proc / /proc
refused "no mounts of a namespace" 'MOUNT_NS: number 77 with 0 mounts' --word $mount_ns 0 12 0
refused "more mounts than there may be" 'MOUNT_NS: number 77 with 1048577 mounts' --word $mount_ns 0 12 1048577
refused "as many mounts as there may be, and fewer are there" '.*mounts of a namespace are missing' --word $mount_ns 0 12 1048576
refused "a mount on a later one" 'MOUNT: on object 7' --word $mount 1 4 7
refused "content of what has none" 'CONTENT: of object 1' --word $content 0 0 1
image=$TMP/with-namespaces
for bad in / net net: 'net:[]' 'net:[x]' 'net:[4026532002' 'net:[4026532002]/' '../net:[1]' 'net:[12345678901]'; do
	strings "the namespace '$bad'" 'FILESYSTEM: type, source or directory' $filesystem 3 nsfs nsfs "$bad" ''
done
strings "a mount of a directory of a namespace" 'MOUNT: where it is, or what is there, is no path' $mount 3 / /run/net
image=

# The header comes where more of the content should.
no_content() { # OPTION...
	"$CHECK/mkimage" --word $content 0 4 0 <"$TMP/tools" | "$CHECK/mkimage" --last $content 0 >"$TMP/bad" &&
		rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR" && run 125 "$restart" -c "$@" -i "$TMP/bad" &&
		err 'cannot restart from .*: the content of a file system is incomplete' && [ -z "$(ls "$FAKE_DIR")" ] &&
		run 1 "$CHECK/ckptinfo" -q "$TMP/bad" && err 'the content of a file system is incomplete'
}
# What an image calls something is no message of ours.
newline() {
	"$CHECK/mkimage" --strings $filesystem 0 ext4 /dev/x / "$(printf '/srv\nrestart: all is well')" <"$TMP/tools" >"$TMP/bad" &&
		rm -rf "$FAKE_DIR" && mkdir "$FAKE_DIR" && run 125 "$restart" -c --no-cgroups -i "$TMP/bad" &&
		err '^restart: mount / (ext4): /srv?restart: all is well outside' && not err '^restart: all is well'
}
ok "records: refused: content that does not end" no_content --host-mounts
if [ "${IN_CONTAINER:-no}" = yes ]; then
	ok "records: refused: content that does not end, on its way" no_content
	ok "records: a name with more than one line" newline
else
	skip "records: refused: content that does not end, on its way" "no right to mount"
fi

# What nobody has thought of: the same changes each time
replayed() { run 0 "$CHECK/replay" 200 "$here"/fuzz/corpus/*; }
ok "records: changed at random: harmless" replayed
