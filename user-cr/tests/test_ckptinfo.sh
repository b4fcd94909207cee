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
		out 'external .*pipe:\[1234\]' && out 'r-xp' &&
		out '\[stack\]' && out 'RESTART_BLOCK'
}
ok "ckptinfo: all views" views

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
