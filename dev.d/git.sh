# The portable git of job containers, made of Debian's packages (packaging/make-git says how).

git_packages=(git git-lfs openssh-client ca-certificates)

# git_apt <architecture> <apt-get arguments..>: apt-get for Debian 12 with its security updates, with lists of its own.
git_apt() {
    local arch=$1
    shift
    apt_of_suite bookworm "$arch" "$dev_cache/apt-git-$arch" "$@"
}

# Prints the file of the architecture, which is made when Debian has other packages than the last time.
portable_git() {
    local arch=$1 dir=$dev_cache/git-$1 recipe packages
    ensure_packages patchelf binutils >&2
    mkdir -p "$dir"
    packages=$(git_apt "$arch" install -y --no-install-recommends --print-uris "${git_packages[@]}" |
        awk '{ print $2 }' | sort)
    [ -n "$packages" ] || die "apt names no packages for git ($arch)"
    recipe=$( { echo "$packages"; cat packaging/make-git; } | sha256sum | cut -c 1-16)
    local file=$dir/$recipe/runner-git-$arch.tar.gz
    if [ ! -f "$file" ]; then
        say "making the portable git for $arch"
        rm -rf "$dir" && mkdir -p "$dir/packages/partial"
        git_apt "$arch" install -y --no-install-recommends --download-only \
            -o Dir::Cache::archives="$dir/packages" "${git_packages[@]}" >&2 ||
            die "the Debian packages of git cannot be downloaded"
        mkdir "$dir/$recipe"
        run_logged "the portable git" "$dev_cache/logs/git-$arch.log" \
            packaging/make-git "$arch" "$dir/packages" "$file"
        rm -rf "$dir/packages"
    fi
    echo "$file"
}

# place_git [preset]: puts the file beside the programs of a build, for the architecture of this machine.
place_git() {
    local preset=${1:-release} file
    file=$(portable_git "$(dpkg --print-architecture)")
    mkdir -p "build/$preset/bin"
    cp -u --preserve=timestamps "$file" "build/$preset/bin/"
}

# git [architecture]: prints the file.
command_git() {
    if [ $# -gt 0 ]; then
        exclusively portable_git "$1"
    else
        exclusively place_git release
        echo "build/release/bin/runner-git-$(dpkg --print-architecture).tar.gz"
    fi
}
