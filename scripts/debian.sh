# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of any Debian suite, with verified signatures, without a change to the
# system's apt: sourced by scripts that have sourced lib.sh, never run.

# Sets $keyring and $mirror, which the other functions need. $debian_else, if it
# is set, tells what else there is when no mirror is known.
debian_ready() {
	local tool
	for tool in apt-get apt-cache dpkg-deb; do
		if ! have "$tool"; then
			warn "no $tool on this machine: Debian packages cannot be fetched"
			return 1
		fi
	done
	if ! keyring=$(debian_keyring); then
		warn "no Debian archive keyring; install the package debian-archive-keyring"
		return 1
	fi
	mirror=$(debian_mirror)
}

debian_keyring() {
	local f
	for f in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		if [[ -r $f ]]; then
			printf '%s\n' "$f"
			return
		fi
	done
	return 1
}

# The mirror that the system itself uses for Debian, if it uses one.
debian_mirror() {
	local uri
	if [[ -n ${DEBIAN_MIRROR:-} ]]; then
		printf '%s\n' "$DEBIAN_MIRROR"
		return
	fi
	# shellcheck disable=SC2016	# apt's variables, not the shell's
	uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		awk -F'|' '$1 == "Debian" && $2 == "Debian" && !sure { sure = $3 }
			   $1 == "" && $3 ~ /\/debian\/?$/ && !guess { guess = $3 }
			   END { print sure ? sure : guess }')
	[[ -n $uri ]] ||
		die "apt names no Debian mirror here; name one with DEBIAN_MIRROR=URL${debian_else:+, or $debian_else}"
	printf '%s\n' "$uri"
}

# A private apt: its own lists, its own cache, nothing but the archive's key,
# none of the system's hooks and pins. Only how to reach the network (proxies
# and the like) is taken over.
apt_setup() {
	local dir=$1
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,log,dl}
	# apt fetches and verifies as a user of its own.
	chmod 755 "$dir"
	[[ $(id -u) != 0 ]] || chown -R _apt "$dir"/{state,cache,dl} 2>/dev/null || true
	: >"$dir/status"
	{
		# What weakens the checks of signatures is not taken over.
		apt-config dump | grep '^Acquire::' |
			grep -v -e '^Acquire::IndexTargets' -e '::Allow' -e 'Acquire::Languages' || true
		cat <<CONF
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Log "$dir/log";
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::SourceList "$dir/all.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Trusted "/dev/null";
Dir::Etc::TrustedParts "/dev/null";
Acquire::Languages "none";
APT::Get::List-Cleanup "false";
CONF
		[[ $mirror != *snapshot* ]] || echo 'Acquire::Check-Valid-Until "false";'
	} >"$dir/apt.conf"
	: >"$dir/all.list"
	export APT_CONFIG=$dir/apt.conf
}

# The name of the backports for RELEASE (stable, oldstable): they go by its code
# name, which the archive itself knows.
backports_of() {
	local dir=$1 release=$2 codename
	apt_update "$dir" "$release" || return 0
	# shellcheck disable=SC2016	# apt's variable, not the shell's
	codename=$(apt-get indextargets -o Dir::Etc::SourceList="$dir/one.list" \
		--format '$(CODENAME)' 'Created-By: Packages' | sort -u)
	printf '%s\n' "${codename:+$codename-backports}"
}

apt_update() {
	local dir=$1 suite=$2
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$dir/one.list"
	apt-get -q -o Dir::Etc::SourceList="$dir/one.list" \
		-o APT::Update::Error-Mode=any update >"$dir/log/update" 2>&1
}
