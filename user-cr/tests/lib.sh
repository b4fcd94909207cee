# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# For the test scripts: each is sourced by run.sh and uses ok and skip.

PASSED=0
FAILED=0
SKIPPED=0

# ok NAME COMMAND...: passed if the command succeeds
ok() {
	name=$1
	shift
	if "$@"; then
		PASSED=$((PASSED + 1))
		echo "ok - $name"
	else
		FAILED=$((FAILED + 1))
		echo "not ok - $name"
		sed 's/^/#   /' "$TMP/out" "$TMP/err" 2>/dev/null
	fi
}

skip() {
	SKIPPED=$((SKIPPED + 1))
	echo "ok - $1 # SKIP $2"
}

# run STATUS COMMAND...: output to $TMP/out and $TMP/err, expects this status
run() {
	expected=$1
	shift
	status=0
	"$@" >"$TMP/out" 2>"$TMP/err" || status=$?
	[ "$status" -eq "$expected" ] && return
	echo "exit status $status instead of $expected" >>"$TMP/err"
	return 1
}

# out TEXT, err TEXT: the last run's output contains TEXT
out() { grep -q -e "$1" "$TMP/out"; }
err() { grep -q -e "$1" "$TMP/err"; }

# json EXPRESSION: it holds for the last run's output, as d
json() {
	python3 - "$1" "$TMP/out" <<-'PYTHON'
		import json, sys
		with open(sys.argv[2]) as f:
		    d = json.load(f)
		sys.exit(0 if eval(sys.argv[1]) else 1)
	PYTHON
}

# until COMMAND...: repeats it until it succeeds, for at most two minutes, as machines
# may be slow
until_true() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 2400 ] || return 1
		sleep 0.05
	done
}

not() { ! "$@"; }

# For Python: bpf() is the call, by the words of its attributes; load() makes a program
# that returns one result
export BPF='
import ctypes, os, platform, struct, sys, time
PROG_LOAD, PROG_ATTACH, LINK_CREATE = 5, 8, 28
nr = {"x86_64": 321, "aarch64": 280}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
def bpf(command, *words):
	attr = ctypes.create_string_buffer(struct.pack(*words).ljust(128, b"\0"), 128)
	fd = libc.syscall(nr, command, attr, 128)
	if fd < 0:
		sys.exit(os.strerror(ctypes.get_errno()))
	return fd
def load(kind, result, type=0):
	# r0 = result; exit
	code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, result, 0x95, 0, 0, 0))
	licence = ctypes.create_string_buffer(b"GPL")
	return bpf(PROG_LOAD, "<IIQQ44xI", kind, 2, ctypes.addressof(code), ctypes.addressof(licence), type)
'
