# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# ns_exec

ns_exec=$CHECK/ns_exec

status() { run 7 "$ns_exec" -c sh -c 'exit 7'; }
ok "ns_exec: exit status" status
signaled() { run 137 "$ns_exec" -c sh -c 'kill -9 $$'; }
ok "ns_exec: status of a killed command" signaled
not_found() { run 127 "$ns_exec" -c /no/such/command && err 'No such file'; }
ok "ns_exec: no such command" not_found
cannot_run() { run 126 "$ns_exec" -c /etc/passwd; }
ok "ns_exec: not a program" cannot_run
no_command() { run 2 "$ns_exec" -c && err 'no command'; }
ok "ns_exec: no command" no_command
dash_dash() { run 0 "$ns_exec" -c -- echo -p && out '^-p$'; }
ok "ns_exec: options of the command are its own" dash_dash

slides() {
	run 0 "$ns_exec" -cpuim sh -c 'echo "pid $$"; ls -d /proc/[0-9]* | wc -l' &&
		out '^pid 1$' && out '^[1-4]$'
}
hostname_stays() {
	before=$(uname -n)
	run 0 "$ns_exec" -cu sh -c 'echo inside >/proc/sys/kernel/hostname; uname -n' &&
		out '^inside$' && [ "$(uname -n)" = "$before" ]
}
mounts_stay() {
	run 0 "$ns_exec" -m sh -c "mount -t tmpfs none $TMP && mount | grep -c $TMP" &&
		not grep -q " $TMP " /proc/self/mountinfo
}
loopback() {
	run 0 "$ns_exec" -n sh -c 'cat /sys/class/net/lo/operstate /proc/net/dev' &&
		out 'lo:' && not out eth
}
user() { run 0 "$ns_exec" -U id -u && out '^0$'; }
pid_file() {
	run 0 "$ns_exec" -cp -P "$TMP/pid" sh -c 'sleep 0.1' &&
		grep -q '^[0-9][0-9]*$' "$TMP/pid"
}
pid_file_failing() {
	rm -f "$TMP/pid"
	for option in -c -m -cp; do
		run 127 "$ns_exec" $option -P "$TMP/pid" /no/such/command && [ -z "$(find "$TMP" -name "pid*")" ] || return
	done
	run 125 "$ns_exec" -c -P "$TMP/none/pid" true && err 'cannot write'
}
# The terminal's are the command's business, those of kill(1) are passed on.
interrupts() {
	env --default-signal=INT,QUIT "$ns_exec" -c sh -c "trap 'exit 9' INT; echo up >$TMP/up; while :; do sleep 0.05; done" &
	child=$!
	until_true test -s "$TMP/up"
	kill -INT $child
	wait $child
	[ $? -eq 9 ]
	result=$?
	rm -f "$TMP/up"
	return $result
}
detached() {
	run 0 "$ns_exec" -dp -P "$TMP/pid" sleep 60 || return 1
	pid=$(cat "$TMP/pid")
	[ "$(ps -o sid= -p "$pid" | tr -d ' ')" = "$pid" ] && kill -9 "$pid"
}
detached_failing() { run 127 "$ns_exec" -dp /no/such/command; }
forwards() {
	"$ns_exec" -c sh -c "trap 'exit 9' TERM; echo up >$TMP/up; while :; do sleep 0.05; done" &
	child=$!
	until_true test -s "$TMP/up"
	kill -TERM $child
	wait $child
	[ $? -eq 9 ]
}
ok "ns_exec: signals are passed on" forwards
rm -f "$TMP/up"
ok "ns_exec: SIGINT is passed on" interrupts
if "$ns_exec" -cpuim true 2>/dev/null; then
	ok "ns_exec: the slides' container" slides
	ok "ns_exec: the host name outside stays" hostname_stays
	ok "ns_exec: mounts stay inside" mounts_stay
	ok "ns_exec: --pidfile" pid_file
	ok "ns_exec: --pidfile, the command cannot run" pid_file_failing
	ok "ns_exec: --detach" detached
	ok "ns_exec: --detach of a command that is not there" detached_failing
else
	skip "ns_exec: containers" "no right to make them"
fi
if "$ns_exec" -n true 2>/dev/null; then
	ok "ns_exec: loopback" loopback
else
	skip "ns_exec: loopback" "no network namespaces"
fi
if "$ns_exec" -U true 2>/dev/null; then
	ok "ns_exec: user namespace" user
else
	skip "ns_exec: user namespace" "no user namespaces"
fi

in_cgroup() {
	run 0 "$ns_exec" -c -C ckpt-test --freezer="$1" cat /proc/self/cgroup &&
		out ':/ckpt-test$' &&
		[ -z "$(find /sys/fs/cgroup /cgroups -name ckpt-test 2>/dev/null)" ]
}
for version in v2 v1; do
	if "$ns_exec" -c -C ckpt-test --freezer=$version true 2>/dev/null; then
		ok "ns_exec: --cgroup with $version" in_cgroup $version
	else
		skip "ns_exec: --cgroup with $version" "not here, or no right to use it"
	fi
done
