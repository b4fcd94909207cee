# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154	# $here is that of run.sh
# libcheckpoint as another program sees it

# The program in checkpoint_image(5), with an include path like the installed one.
example() {
	sed -n '/^#include/,/^\.Ed/{/^\.Ed/d;s/\\e/\\/;p}' "$here/../man/checkpoint_image.5" >"$TMP/example.c"
	cc -Wall -Werror -I"$here/../include" -o "$TMP/example" "$TMP/example.c" \
		-L"$LIB" -Wl,-rpath,"$LIB" -lcheckpoint && "$CHECK/mkimage" 1 >"$TMP/image" &&
		run 0 "$TMP/example" <"$TMP/image" && out '^TASK_STATE$' &&
		run 1 "$TMP/example" </dev/null && err 'byte 0'
}
# All that the headers declare is there, with its version, and nothing else.
symbols() {
	sed -n 's/^[a-z].*[ *]\(ckpt_[a-z0-9_]*\)(.*/\1/p' "$here"/../include/checkpoint/*.h | sort >"$TMP/declared"
	nm -D --with-symbol-versions "$LIB/libcheckpoint.so" |
		sed -n 's/.* T \(.*\)@@LIBCHECKPOINT_1\.0$/\1/p' | sort >"$TMP/out"
	cmp "$TMP/declared" "$TMP/out" && [ "$(nm -D "$LIB/libcheckpoint.so" | grep -c ' [BDRT] ')" -eq "$(($(wc -l <"$TMP/out")))" ]
}
# What can be written to would be shared by all threads of a program.
no_state() {
	size -A "$LIB/libcheckpoint.a" | awk '/^\.t?(data|bss) / { sum += $2 } END { exit sum != 0 }'
}
c_plus_plus() {
	printf '#include <checkpoint/%s.h>\n' checkpoint image tool_image >"$TMP/example.cc"
	c++ -I"$here/../include" -fsyntax-only "$TMP/example.cc" 2>"$TMP/err"
}
ok "library: the example of the manual page" example
ok "library: symbols" symbols
ok "library: no global state" no_state
if command -v c++ >/dev/null; then
	ok "library: headers in C++" c_plus_plus
else
	skip "library: headers in C++" "no c++"
fi
