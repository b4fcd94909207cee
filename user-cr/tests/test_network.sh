# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Network namespaces with a fake kernel, for what the selftests' machines hardly have

checkpoint=$CHECK/fake-checkpoint
export FAKE_IMAGE="$TMP/image"

# in_net PROGRAM [ARGUMENT...]: a tree in a network namespace of its own, when it is set up
in_net() {
	rm -f "$TMP/ready"
	unshare -n sh -ec "$@" >"$TMP/err" 2>&1 &
	tree=$!
	"$CHECK/mkimage" $tree >"$TMP/image"
	until_true net_settled && [ -e "$TMP/ready" ]
}
net_settled() { [ -e "$TMP/ready" ] || ! kill -0 "$tree" 2>/dev/null; }
end_net() {
	kill -9 "$tree" 2>/dev/null
	wait "$tree" 2>/dev/null
}
saved_net() { run 0 "$checkpoint" -p "$tree" -o "$TMP/saved" && rm "$TMP/saved"; }
READY="echo >$TMP/ready; exec sleep 100"
if [ "${IN_CONTAINER:-no}" = yes ] && in_net "$READY"; then
	ok "network: a new one is saved" saved_net
	end_net
else
	skip "network" "no network namespaces"
fi
