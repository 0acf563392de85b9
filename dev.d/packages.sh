# The list of the Debian packages that are needed.

packages=(
    # build
    g++ cmake ninja-build ccache pkg-config git clang-format
    libboost1.81-dev libssl-dev nlohmann-json3-dev libyaml-dev libfmt-dev
    libtomlplusplus-dev libarchive-dev zlib1g-dev libzstd-dev libdeflate-dev libre2-dev libsqlite3-dev
    prometheus-cpp-dev libhowardhinnant-date-dev tzdata libgtest-dev libgmock-dev libbenchmark-dev
    # tests, engine and images
    python3 python3-yaml python3-pytest python3-pytest-xdist python3-pytest-timeout
    ca-certificates curl openssl procps iproute2 iptables runc kmod dash busybox-static
    mmdebstrap debian-archive-keyring qemu-user-static systemd
    groff-base fish zsh openssh-server chromium chromium-driver python3-selenium python3-pip
    # packages
    dpkg-dev lintian rpm python3-venv patchelf binutils
)

missing_packages() {
    local name installed
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        awk '$1 == "installed" { print $2 }' || true)
    for name in "$@"; do
        grep -qxF "$name" <<<"$installed" || echo "$name"
    done
}

ensure_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]}. This script installs on Debian 12; elsewhere install them yourself"
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    # A third-party source that does not answer must not stop the installation.
    as_root apt-get -qq update || warn "apt-get update reported errors"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install "${missing[@]}" >&2 ||
        die "apt-get could not install: ${missing[*]}"
}

command_packages() { ensure_packages "${packages[@]}"; }

# The mirror from which the system gets its own Debian release.
debian_mirror() {
    local codename mirror
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    find_mirror() {
        # shellcheck disable=SC2016 # apt expands these names
        apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(LABEL)' 'Identifier: Packages' |
            awk -v code="$codename" '$2 == code && $3 == "Debian" { print $1; exit }'
    }
    mirror=$(find_mirror)
    if [ -z "$mirror" ]; then # a new machine has no lists yet
        as_root apt-get -qq update >&2 || true
        mirror=$(find_mirror)
    fi
    [ -n "$mirror" ] || die "no Debian archive for '$codename' in this system's apt sources"
    echo "${mirror%/}"
}

# debian_security_mirror <suite>: its mirror among the system's sources, nothing when it has none.
debian_security_mirror() {
    # shellcheck disable=SC2016 # apt expands these names
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Identifier: Packages' |
        awk -v code="$1" '$2 == code { sub("/$", "", $1); print $1; exit }'
}

# trixie_apt <architecture> <apt-get arguments..>: apt-get for trixie with separate lists and caches;
# the system's apt is not changed. The lists are updated when they are older than a day.
trixie_apt() {
    local arch=$1 dir=$dev_cache/apt-trixie-$1 suite=trixie
    shift
    apt_of_suite "$suite" "$arch" "$dir" "$@"
}

# The same for bookworm, also for other architectures.
bookworm_apt() {
    local arch=$1 dir=$dev_cache/apt-bookworm-$1
    shift
    apt_of_suite bookworm "$arch" "$dir" "$@"
}

apt_of_suite() {
    local suite=$1 arch=$2 dir=$3 mirror
    shift 3
    mkdir -p "$dir"/{lists/partial,archives/partial,parts}
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    local options=(
        -qq -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts="$dir/parts"
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$dir/parts"
        -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" -o Dir::State::status=/dev/null
        -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=
        -o APT::Default-Release= -o Acquire::Languages=none
    )
    if [ ! -e "$dir/updated" ] || [ -n "$(find "$dir/updated" -mmin +1440)" ]; then
        mirror=$(debian_mirror)
        echo "deb [signed-by=$keyring] $mirror $suite main" >"$dir/sources.list"
        mirror=$(debian_security_mirror "$suite-security")
        [ -z "$mirror" ] ||
            echo "deb [signed-by=$keyring] $mirror $suite-security main" >>"$dir/sources.list"
        apt-get "${options[@]}" update >&2 ||
            die "cannot read Debian $suite ($arch) from $mirror"
        touch "$dir/updated"
    fi
    apt-get "${options[@]}" "$@"
}
