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
converted() {
	run 0 "$convert" "$1.ckpt.zst" -o "$TMP/converted" && "$CHECK/ckptinfo" -q "$TMP/converted" &&
		run 0 "$CHECK/ckptinfo" --diff "$1.ckpt.zst" "$TMP/converted" && rm "$TMP/converted"
}
found=no
for fixture in "$here"/fixtures/*.ckpt.zst; do
	[ -e "$fixture" ] || continue
	found=yes
	version=$(basename "$fixture" .ckpt.zst)
	ok "fixtures: $version is still read" still_read "${fixture%.ckpt.zst}"
	ok "fixtures: $version is converted" converted "${fixture%.ckpt.zst}"
done
[ $found = yes ] || skip "fixtures" "there are none yet"

copied() {
	run 0 "$convert" "$TMP/image" -o "$TMP/converted" && cmp "$TMP/image" "$TMP/converted" &&
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
newer() {
	printf '\002' | dd of="$TMP/newer" bs=1 seek=32 conv=notrunc 2>/dev/null
	"$CHECK/mkimage" --repair <"$TMP/newer" >"$TMP/bad"
	nothing_left "$TMP/bad" "" 'format version 2; this program knows 1'
}
cp "$TMP/image" "$TMP/newer"
ok "ckpt-convert: a newer version" newer

full_disk() { run 1 "$convert" "$TMP/image" -o /dev/full && err 'No space left'; }
ok "ckpt-convert: the disk is full" full_disk
full_compressed() { run 1 "$convert" -z zstd "$TMP/image" -o /dev/full && err 'No space left'; }
ok "ckpt-convert: the disk is full, compressed" full_compressed
