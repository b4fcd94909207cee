# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2086	# options may be several words, or none
# shellcheck disable=SC2154	# $here is that of run.sh
# images of older versions, see fixtures/README; and ckpt-convert

convert=$CHECK/ckpt-convert
"$CHECK/mkimage" -c 1 7.8:1 12:7 >"$TMP/image"

# All that was known of the image then is known, and the same, now.
still_read() {
	run 0 "$CHECK/ckptinfo" --json "$1.ckpt.zst" && python3 - "$1.json" "$TMP/out" <<-'PYTHON'
		import json, sys
		def same(old, new):
		    if isinstance(old, dict):
		        return all(k in new and same(v, new[k]) for k, v in old.items())
		    if isinstance(old, list):
		        return len(old) == len(new) and all(map(same, old, new))
		    return old == new
		old, new = [json.load(open(name)) for name in sys.argv[1:]]
		sys.exit(not same(old, new))
	PYTHON
}

# What is in $1 is in $2, but for what version 2 has of its own; $2 is of that.
same_but_version() {
	run 0 "$CHECK/ckptinfo" "$2" && out ', format 2, ' || return
	"$CHECK/ckptinfo" --diff "$1" "$2" >"$TMP/out" 2>"$TMP/err"
	[ $? -ne 1 ] && not grep -v -e '^header: version: 1 -> 2$' \
		-e '^pid [0-9]* ARCH_TASK: tls\[0].number: 0 -> 12$' \
		-e '^pid [0-9]* ARCH_TASK: tls\[1].number: 0 -> 13$' \
		-e '^pid [0-9]* ARCH_TASK: tls\[2].number: 0 -> 14$' "$TMP/out"
}

# Before the registers of its task stands what the architecture has of it.
in_order() {
	run 0 "$CHECK/ckptinfo" --records "$1" && awk '
		$2 == "REGSET" && !seen[$4] { bad = 1 }
		$2 == "ARCH_TASK" { seen[$4] = 1; n++ }
		END { exit bad || !n }' "$TMP/out"
}
converted() {
	run 0 "$convert" "$1" -o "$TMP/converted" && same_but_version "$1" "$TMP/converted" &&
		in_order "$TMP/converted" && "$convert" -q "$TMP/converted" >"$TMP/two" &&
		cmp "$TMP/converted" "$TMP/two" && rm "$TMP/converted"
}
found=no
for fixture in "$here"/fixtures/*.ckpt.zst; do
	[ -e "$fixture" ] || continue
	found=yes
	version=$(basename "$fixture" .ckpt.zst)
	ok "fixtures: $version is still read" still_read "${fixture%.ckpt.zst}"
	ok "fixtures: $version is converted" converted "$fixture"
done
[ $found = yes ] || skip "fixtures" "there are none yet"

# Where a file must have a name, it goes with us.
begun() { [ -n "$(find "$TMP" -name 'converted.??????')" ]; }
gone() { [ -z "$(find "$TMP" -name 'converted*')" ]; }
interrupted() {
	mkfifo "$TMP/slow"
	for signal in INT TERM HUP KILL; do
		FAKE_NAMED=1 env --default-signal=INT "$CHECK/fake-ckpt-convert" -q -o "$TMP/converted" <"$TMP/slow" &
		child=$!
		exec 9>"$TMP/slow"
		head -c 1000 "$TMP/image" >&9
		until_true begun
		kill -$signal $child
		wait $child 2>/dev/null
		[ $? -gt 128 ] || return
		# Of SIGKILL another process hears.
		if [ $signal = KILL ]; then
			until_true gone
		else
			gone
		fi || return
		exec 9>&-
	done
	rm "$TMP/slow"
}
ok "ckpt-convert: a signal leaves nothing" interrupted
longer() {
	{ cat "$TMP/image"; echo more; } >"$TMP/long" && zstd -q -c "$TMP/long" >"$TMP/long.zst" || return
	for file in long long.zst; do
		run 1 "$convert" "$TMP/$file" -o "$TMP/converted" && err "$file: .*the image ends here, but more follows" &&
			[ ! -e "$TMP/converted" ] || return
	done
}
if command -v zstd >/dev/null; then
	ok "ckpt-convert: an image with something behind it" longer
else
	skip "ckpt-convert: an image with something behind it" "no zstd(1)"
fi
copied() {
	run 0 "$convert" "$TMP/image" -o "$TMP/converted" && err 'format version 2 already: copied' && cmp "$TMP/image" "$TMP/converted" &&
		"$convert" <"$TMP/image" >"$TMP/two" && cmp "$TMP/two" "$TMP/image" && rm "$TMP/converted"
}
ok "ckpt-convert: the current version is copied" copied

recompressed() {
	run 0 "$convert" -z lz4 "$TMP/image" -o "$TMP/one" && run 0 "$convert" -z zstd "$TMP/one" -o "$TMP/two" &&
		run 0 "$convert" "$TMP/two" -o "$TMP/three" && cmp "$TMP/image" "$TMP/three" &&
		not cmp -s "$TMP/image" "$TMP/one" && rm "$TMP/one" "$TMP/two" "$TMP/three"
}
ok "ckpt-convert: --compress" recompressed

nothing_left() {
	run 1 "$convert" $2 "$1" -o "$TMP/converted" && err "$3" && [ -z "$(find "$TMP" -name 'converted*')" ]
}
head -c 9000 "$TMP/image" >"$TMP/bad"
ok "ckpt-convert: a damaged image" nothing_left "$TMP/bad" "" 'bad: byte 9000: the image ends here'
ok "ckpt-convert: a damaged image, compressed" nothing_left "$TMP/bad" "-z zstd" 'bad: byte 9000'
ok "ckpt-convert: no image" nothing_left "$TMP/none" "" 'cannot open .*none'

# The version is the first field of the header, behind its section.
of_version() {
	cp "$TMP/image" "$TMP/other"
	printf '%b' "\\00$1" | dd of="$TMP/other" bs=1 seek=32 conv=notrunc 2>/dev/null
	"$CHECK/mkimage" --repair <"$TMP/other" >"$TMP/bad"
	nothing_left "$TMP/bad" "" "format version $1; this program knows 1 to 2"
}
ok "ckpt-convert: a newer version" of_version 3
ok "ckpt-convert: no version" of_version 0

# Processes with and without threads, of both architectures.
"$CHECK/mkimage" -f 1 -c 1 7.8:1 12:7 >"$TMP/v1"
"$CHECK/mkimage" -f 1 -a -c 1 7.8:1 12:7 >"$TMP/v1-x86"
ok "ckpt-convert: version 1" converted "$TMP/v1"
ok "ckpt-convert: version 1 of x86_64" converted "$TMP/v1-x86"

# All that is converted is there, as if it had been written like that.
as_written() {
	"$CHECK/mkimage" -c 1 7.8:1 12:7 >"$TMP/two" && "$convert" -q "$TMP/v1" >"$TMP/converted" &&
		cmp "$TMP/two" "$TMP/converted" && rm "$TMP/converted"
}
ok "ckpt-convert: what becomes of version 1 is like an image of version 2" as_written
from_pipe() {
	head -c 1000000 "$TMP/v1" | "$convert" 2>"$TMP/err" >"$TMP/one" && err 'the standard input: converted from format version 1 to 2' &&
		"$convert" -q "$TMP/v1" 2>"$TMP/err" >"$TMP/two" && not err . && cmp "$TMP/one" "$TMP/two"
}
ok "ckpt-convert: version 1 from a pipe" from_pipe
compressed() {
	run 0 "$convert" -z zstd "$TMP/v1" -o "$TMP/converted" && same_but_version "$TMP/v1" "$TMP/converted" &&
		rm "$TMP/converted"
}
ok "ckpt-convert: version 1, compressed" compressed
cut_off() {
	head -c "$1" "$TMP/v1" >"$TMP/bad" && nothing_left "$TMP/bad" "$2" "byte $1: the image ends here"
}
ok "ckpt-convert: version 1 without its chunks" cut_off 9000 ""
ok "ckpt-convert: version 1 without its end" cut_off 32000 ""
ok "ckpt-convert: version 1 without its end, compressed" cut_off 32000 "-z lz4"

# A section of a tool before it: short, as long as the header's, and long.
tool_section() {
	python3 - "$1" "$TMP/v1" >"$TMP/tool" <<-'PYTHON' || return
		import struct, sys
		length = int(sys.argv[1])
		sys.stdout.buffer.write(struct.pack("<IIQQQ", 0x54504b43, 0x1005, length, 0, 0) + b"t" * length)
		sys.stdout.buffer.write(open(sys.argv[2], "rb").read())
	PYTHON
	"$CHECK/mkimage" --repair <"$TMP/tool" >"$TMP/bad" && run 0 "$convert" "$TMP/bad" -o "$TMP/converted" &&
		cmp -n $(($1 + 32)) "$TMP/bad" "$TMP/converted" && "$CHECK/ckptinfo" -q "$TMP/converted" &&
		run 0 "$CHECK/ckptinfo" --json "$TMP/converted" && rm "$TMP/converted" &&
		json 'd["header"]["version"] == 2 and d["size"] % 4096 == (4096 + 32 + 48) % 4096'
}

full_disk() { run 1 "$convert" "$TMP/image" -o /dev/full && err 'No space left'; }
ok "ckpt-convert: the disk is full" full_disk
full_compressed() { run 1 "$convert" -z zstd "$TMP/image" -o /dev/full && err 'No space left'; }
ok "ckpt-convert: the disk is full, compressed" full_compressed
if command -v python3 >/dev/null; then
	# The old one must be aligned, too.
	ok "ckpt-convert: version 1 behind a section of a tool" tool_section 4064
	ok "ckpt-convert: version 1 behind a long section of a tool" tool_section 102368
else
	skip "ckpt-convert: version 1 behind a section of a tool" "no python3"
fi
full_converted() { run 1 "$convert" "$TMP/v1" -o /dev/full && err 'No space left'; }
ok "ckpt-convert: the disk is full, version 1" full_converted
