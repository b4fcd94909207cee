# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# ckptinfo: all views of a good image, and bad ones refused

"$CHECK/mkimage" -c 1 7.8:1 12:7 >"$TMP/image"

summary() {
	run 0 "$CHECK/ckptinfo" "$TMP/image" && out 'container' &&
		out '3 processes, 4 tasks' && out 'checksums  ok'
}
ok "ckptinfo: summary" summary

piped() {
	head -c 1000000 "$TMP/image" | run 0 "$CHECK/ckptinfo" - && out 'checksums  ok'
}
ok "ckptinfo: from a pipe" piped

views() {
	run 0 "$CHECK/ckptinfo" --all "$TMP/image" &&
		out '^      7       1 .*  test-7' && out '{test-8}' &&
		out '^      7  test-7  *3  rwanc  file  *10  /tmp/test-file$' &&
		out 'external .*pipe:\[1234\]' && out 'pipe .*/tmp/fifo$' && out 'r-xp' &&
		out '\[stack\]' && out 'RESTART_BLOCK'
}
ok "ckptinfo: all views" views

# Each of them alone is its part of all, without the title.
single() {
	"$CHECK/ckptinfo" --all "$TMP/image" >"$TMP/all" || return
	for view in header:Header tree:Tasks fds:File externals:External maps:Mappings namespaces:Namespaces \
		mounts:Mounts cgroups:Control sizes:Sizes records:Records; do
		run 0 "$CHECK/ckptinfo" "--${view%:*}" "$TMP/image" || return
		awk -v title="${view#*:}" '/^[A-Z][a-z ]*:$/ { on = $1 ~ "^" title; next } on' "$TMP/all" |
			sed '${/^$/d}' | cmp - "$TMP/out" || return
	done
}
ok "ckptinfo: single views" single

# A thread of another one, a child of that, one that is stopped, and the dead
jobs() {
	"$CHECK/mkimage" -c 1 7.8:1=t19 12:7.8 13:7=z0x300 14:7=z0x8b 15:1=g >"$TMP/jobs" &&
		run 0 "$CHECK/ckptinfo" --all "$TMP/jobs" &&
		out '^      7       1 .* T    test-7  stopped by signal 19$' &&
		out '^      8       1 .* -      {test-8}$' &&
		out '^     12       7 .* -      test-12  of thread 8$' &&
		out '^     13       7 .* Z      test-13  exit status 3$' &&
		out '^     14       7 .* Z      test-14  killed by signal 11, with a core$' &&
		out '^     15       1 .* G    no process, only its id$'
}
ok "ckptinfo: threads, stopped processes and dead ones" jobs

ended() {
	"$CHECK/mkimage" -c 1 7.8:1=e0x100 12:7.8 >"$TMP/ended" &&
		run 0 "$CHECK/ckptinfo" --all "$TMP/ended" &&
		out '^      7       1 .* Z    test-7  ended before its threads$' &&
		out '^      8       1 .* -      {test-8}$' &&
		run 0 "$CHECK/ckptinfo" --json "$TMP/ended" &&
		json '[r["fields"]["status"] for r in d["records"] if r["type"] == "EXIT"] == ["0x100"]'
}
ok "ckptinfo: a first thread that has ended" ended

vfork() {
	"$CHECK/mkimage" -c 1 7:1=v12 12:7 >"$TMP/vfork" &&
		run 0 "$CHECK/ckptinfo" --all "$TMP/vfork" &&
		out '^      7       1 .* -    test-7  waits in vfork for 12$' &&
		"$CHECK/mkimage" -c 1 7:1=v13 12:7 >"$TMP/vfork" &&
		run 1 "$CHECK/ckptinfo" --tree "$TMP/vfork" &&
		err 'waits for pid 13, which is none'
}
ok "ckptinfo: a wait in vfork" vfork

jobs_json() {
	run 0 "$CHECK/ckptinfo" --json "$TMP/jobs" &&
		json '[r["fields"]["status"] for r in d["records"] if r["type"] == "EXIT"] == ["0x300", "0x8b"]' &&
		json '[r["fields"]["signal"] for r in d["records"] if r["type"] == "STOP"] == [19]' &&
		json '[r["fields"]["parent_tid"] for r in d["records"] if r["type"] == "TASK"] == [0, 0, 0, 8, 0, 0, 0]'
}
jobs_diff() {
	"$CHECK/mkimage" -c 1 7.8:1 12:7.8 13:7=z0 14:7=z0x8b >"$TMP/other" &&
		run 3 "$CHECK/ckptinfo" --diff "$TMP/jobs" "$TMP/other" &&
		out '^pid 13 EXIT: status: 0x300 -> 0$' &&
		out '^only in the first image: pid 7 STOP$' && out '^only in the first image: pid 15 TASK$'
}
ok "ckptinfo: --diff: what has become of processes" jobs_diff

"$CHECK/mkimage" -n -c 1 7.8:1 12.13:7 >"$TMP/namespaces"
# namespace LINE TASKS...: it has a line so, and these tasks
namespace() {
	grep -A9 "^$1\$" "$TMP/out" >"$TMP/one" && shift &&
		grep '^  tasks' "$TMP/one" | head -n 1 | grep -qx "  tasks  *$*"
}
namespaces() {
	run 0 "$CHECK/ckptinfo" --namespaces "$TMP/namespaces" &&
		namespace 'uts host testhost, domain testdomain' 1 7 12 &&
		namespace 'ipc 4026532000' 1 7 13 && namespace 'mnt 4026532001' 1 7 12 &&
		namespace 'net 4026532002, loopback up' 1 7 12 && namespace 'cgroup 4026532003' 1 7 12 &&
		namespace 'time 4026532004, monotonic 1.000000123 s, boottime 2.000000456 s' 1 7 12 &&
		namespace 'user 4026532005, made by 1000:100, no setgroups' 1 7 12 &&
		out '^  user ids  *0, 100000 outside, 65536 of them$' &&
		out '^  group ids  *5000, 7000 outside, 1 of them$' &&
		namespace 'ipc 4026532006' 12 && namespace 'pid number 1' 12=1 &&
		[ "$(wc -l <"$TMP/out")" -eq 21 ]
}
ok "ckptinfo: namespaces" namespaces
no_namespaces() {
	run 0 "$CHECK/ckptinfo" --namespaces "$TMP/image" && [ "$(wc -l <"$TMP/out")" -eq 2 ] &&
		namespace 'uts host testhost, domain testdomain' 1 7 12
}
ok "ckptinfo: no namespaces but those of checkpoint" no_namespaces

# What the tools have saved themselves
"$CHECK/mkimage" -t -c 1 7:1 >"$TMP/tools"
tools() {
	run 0 "$CHECK/ckptinfo" --mounts "$TMP/tools" && out '^namespace 77 of pid 1, root /$' &&
		out '^  /  *ext4  */  *outside:/srv/ct$' && out '^  /mnt  *tmpfs  */sub  *content shared:1$' &&
		out '^  /proc  *proc  */  *new nosuid,unbindable,locked,nosuid-locked,atime-locked master:1$' &&
		run 0 "$CHECK/ckptinfo" --cgroups "$TMP/tools" && out '^version 2 /box/inner$' &&
		out '^  pids.max  *42$' && out '^  processes  *1 7$' && out '^  directory  *of 1000:100, mode 0775$' &&
		out '^  cgroup.procs  *of 1000:100, mode 0664$' && out '^  user.note  *attribute of directory$' &&
		out '^namespace 4712 has /box as /a/box$' &&
		run 0 "$CHECK/ckptinfo" --sizes "$TMP/tools" && out '^CONTENT  *1  *1032$' && out '^sections of tools  *4096 ' &&
		run 0 "$CHECK/ckptinfo" --records "$TMP/tools" && out ' CONTENT  *0  *0  *1032  *8  *0$'
}
ok "ckptinfo: records of the tools" tools
tools_json() {
	run 0 "$CHECK/ckptinfo" --json "$TMP/tools" &&
		json '[r["type"] for r in d["tools"]] == ["FILESYSTEM"] * 2 + ["CONTENT", "FILESYSTEM", "MOUNT_NS"] + ["MOUNT"] * 3 + ["CGROUP", "CGROUP_SETTING", "CGROUP_FILE", "CGROUP_XATTR", "CGROUP", "CGROUP_MEMBERS", "CGROUP_ROOT"] + ["SYSCTL"] * 2' &&
		json '[r["paths"] for r in d["tools"] if r["type"] == "MOUNT"] == [["/", "/"], ["/sub", "/mnt"], ["/", "/proc"]]' &&
		json 'd["tools"][0]["strings"] == ["ext4", "/dev/x", "/", "/srv/ct", "rw"] and d["tools"][-4]["pids"] == [1, 7] and d["tools"][-2]["setting"] == ["net/unix/max_dgram_qlen", "77"]'
}
tools_diff() {
	sed 's,/sub,/bus,; s,42,43,' "$TMP/tools" | "$CHECK/mkimage" --repair >"$TMP/bad" &&
		run 3 "$CHECK/ckptinfo" --diff "$TMP/tools" "$TMP/bad" && out '^MOUNT /mnt: paths: /sub -> /bus$' &&
		out '^CGROUP_SETTING pids.max of box: setting: 42 -> 43$' && [ "$(wc -l <"$TMP/out")" -eq 2 ] &&
		"$CHECK/mkimage" -c 1 7:1 >"$TMP/other" && run 3 "$CHECK/ckptinfo" --diff "$TMP/tools" "$TMP/other" &&
		out '^only in the first image: MOUNT /proc$'
}
ok "ckptinfo: --diff: records of the tools" tools_diff
tools_converted() {
	"$CHECK/mkimage" -t -f 1 -c 1 7:1 >"$TMP/other" &&
		"$CHECK/ckpt-convert" -q "$TMP/other" >"$TMP/bad" && run 0 "$CHECK/ckptinfo" --mounts "$TMP/bad" && out /srv/ct &&
		"$CHECK/ckpt-convert" -q "$TMP/tools" | cmp - "$TMP/tools"
}
ok "ckpt-convert: records of the tools go through" tools_converted

quiet() { run 0 "$CHECK/ckptinfo" -q "$TMP/image" && not out .; }
ok "ckptinfo: --quiet says nothing" quiet

cut_short() {
	head -c 5000 "$TMP/image" >"$TMP/bad" &&
		run 1 "$CHECK/ckptinfo" "$TMP/bad" && not out . &&
		err 'bad: byte 5000: the image ends here'
}
ok "ckptinfo: a truncated image" cut_short

longer() {
	{ cat "$TMP/image"; echo more; } >"$TMP/bad" &&
		run 1 "$CHECK/ckptinfo" "$TMP/bad" && err 'more follows'
}
ok "ckptinfo: an image with something behind it" longer

damaged() {
	cp "$TMP/image" "$TMP/bad" &&
		printf x | dd of="$TMP/bad" bs=1 seek=20480 conv=notrunc 2>/dev/null &&
		run 1 "$CHECK/ckptinfo" "$TMP/bad" && err 'byte [0-9]*: .*damaged'
}
ok "ckptinfo: a damaged page" damaged

nothing() { run 1 "$CHECK/ckptinfo" /dev/null && err 'byte 0'; }
ok "ckptinfo: an empty image" nothing

missing() { run 1 "$CHECK/ckptinfo" "$TMP/none" && err 'cannot open'; }
ok "ckptinfo: no such file" missing

usage() { run 2 "$CHECK/ckptinfo" --nonsense && err -- --help; }
ok "ckptinfo: wrong option" usage

full() { "$CHECK/ckptinfo" --all "$TMP/image" 2>"$TMP/err" >/dev/full; [ $? -eq 1 ]; }
ok "ckptinfo: output to a full disk" full

json_view() {
	run 0 "$CHECK/ckptinfo" --json "$TMP/image" &&
		json 'd["schema"] == 1 and d["header"]["root_pid"] == 1' &&
		json '[r["fields"]["pid"] for r in d["records"] if r["type"] == "TASK"] == [1, 7, 8, 12]' &&
		json '["/tmp/test-file"] in [r.get("name") for r in d["records"]]' &&
		json '[(len(r["bufs"]), r["path"]) for r in d["records"] if r["type"] == "PIPE"] == [(2, ["/tmp/fifo"])] * 3' &&
		json '[len(r["actions"]) for r in d["records"] if r["type"] == "SIGHAND"] == [64] * 3' &&
		json 'sum(r["length"] for r in d["runs"] if r["type"] == 1) == d["trailer"]["nr_bytes"]' &&
		json 'not [f for r in d["records"] for f in r["fields"] if f == "reserved"]'
}
json_strange() {
	# A name with a quote, a control character and no UTF-8 in it.
	sed 's,/tmp/test-file,/t"p\x01test\xff\\ile,' "$TMP/image" >"$TMP/strange" &&
		"$CHECK/mkimage" --repair <"$TMP/strange" >"$TMP/bad" &&
		run 0 "$CHECK/ckptinfo" --json "$TMP/bad" &&
		json '["/t\"p\x01test\ufffd\\ile"] in [r.get("name") for r in d["records"]]'
}
if command -v python3 >/dev/null; then
	ok "ckptinfo: --json: all fields" json_view
	ok "ckptinfo: --json: names of any bytes" json_strange
	ok "ckptinfo: --json: records of the tools" tools_json
	ok "ckptinfo: --json: threads, stopped processes and dead ones" jobs_json
else
	skip "ckptinfo: --json" "no python3"
fi

same() { run 0 "$CHECK/ckptinfo" --diff "$TMP/image" "$TMP/image" && not out .; }
ok "ckptinfo: --diff: no differences" same

different() {
	"$CHECK/mkimage" -c 1 7:1 12:7 >"$TMP/bad" &&
		run 3 "$CHECK/ckptinfo" --diff "$TMP/image" "$TMP/bad" &&
		out '^header: nr_tasks: 4 -> 3$' &&
		out '^only in the first image: pid 8 TASK_STATE$' &&
		not out 'content of'
}
ok "ckptinfo: --diff: a thread less" different

# Ids differ in all records, but not what they refer to.
moved() {
	"$CHECK/mkimage" 7 12:7 >"$TMP/bad" && "$CHECK/mkimage" 7 11:7 12:7 >"$TMP/other" &&
		run 3 "$CHECK/ckptinfo" --diff "$TMP/bad" "$TMP/other" &&
		out 'only in the second image: pid 11 TASK' &&
		not out '^pid [0-9]* [A-Z_]*:.*_id:'
}
ok "ckptinfo: --diff: ids mean nothing" moved

changed_page() {
	"$CHECK/mkimage" 7 12:7 >"$TMP/other" &&
		LC_ALL=C sed 's/\x02\x02\x02\x02/\x02\x03\x02\x02/' "$TMP/other" |
		"$CHECK/mkimage" --repair >"$TMP/bad" &&
		run 3 "$CHECK/ckptinfo" --diff "$TMP/other" "$TMP/bad" &&
		[ "$(cat "$TMP/out")" = 'content of pid 12 MM: 0x7ffd00000000-0x7ffd00001000: differs' ]
}
ok "ckptinfo: --diff: a page" changed_page

diff_bad() { run 1 "$CHECK/ckptinfo" --diff "$TMP/image" /dev/null && err '/dev/null: byte 0'; }
ok "ckptinfo: --diff: a bad image" diff_bad

diff_usage() {
	run 2 "$CHECK/ckptinfo" --diff "$TMP/image" && run 2 "$CHECK/ckptinfo" --json --tree "$TMP/image"
}
ok "ckptinfo: views that do not go together" diff_usage

# What an image says reaches no terminal as a command to it.
defused() {
	"$CHECK/mkimage" -t 1 | LC_ALL=C sed 's/proc\x00/p\x1b[8\x00/' | "$CHECK/mkimage" --repair >"$TMP/bad" &&
		run 1 "$CHECK/ckptinfo" "$TMP/bad" && err "does not go with the type 'p?\[8'" &&
		not grep -q "$(printf '\033')" "$TMP/err"
}
ok "ckptinfo: control characters of an image" defused
