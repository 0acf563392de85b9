# What engines of another architecture than this machine's get: `./dev deb arm64`.

# The compiler is Debian's cross compiler. Libraries and headers are those of the other architecture's packages, unpacked
# into a directory of their own: the system's dpkg knows this machine's architecture only.
cross_compiler=g++-aarch64-linux-gnu
sysroot_packages=(libc6-dev linux-libc-dev libcrypt-dev libarchive-dev nettle-dev liblzma-dev libzstd-dev libbz2-dev
    zlib1g-dev libdeflate-dev nlohmann-json3-dev)

# Prints the directory of libraries and headers, which is made when Debian has other packages than the last time.
sysroot() {
    local arch=$1 dir=$dev_cache/sysroot-$1 packages recipe package
    packages=$(bookworm_apt "$arch" download --print-uris "${sysroot_packages[@]}" | awk '{ print $2 }' | sort)
    [ -n "$packages" ] || die "apt names no libraries for $arch"
    recipe=$(sha256sum <<<"$packages" | cut -c 1-16)
    if [ ! -f "$dir/$recipe/packages" ]; then
        say "unpacking Debian's libraries for $arch"
        rm -rf "$dir" && mkdir -p "$dir/debs" "$dir/$recipe"
        (cd "$dir/debs" && bookworm_apt "$arch" download "${sysroot_packages[@]}") >&2 ||
            die "the Debian packages of the libraries for $arch cannot be downloaded"
        for package in "$dir"/debs/*.deb; do
            dpkg-deb -x "$package" "$dir/$recipe"
            # The bill of materials needs to know whose file each is.
            # shellcheck disable=SC2016 # dpkg-deb expands these names
            dpkg-deb --show --showformat='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Homepage}\n' "$package"
            dpkg-deb --fsys-tarfile "$package" | tar -t | sed -n 's,^\./\(.*[^/]\)$,\t\1,p'
        done >"$dir/$recipe.packages"
        rm -rf "$dir/debs"
        mv "$dir/$recipe.packages" "$dir/$recipe/packages"
    fi
    realpath "$dir/$recipe"
}

# make_engine_package <architecture>: prints the package, which is made anew when something in it has changed.
make_engine_package() (
    local arch=$1 log=$dev_cache/logs/package-engine-$1.log git package
    [ "$arch" = arm64 ] || die "no package for engines on '$arch': arm64"
    [ "$(dpkg --print-architecture)" != "$arch" ] ||
        die "this machine is $arch: its engines use the helper of the package that './dev deb' makes"
    ensure_packages "${packages[@]}" "$cross_compiler"
    mkdir -p "$dev_cache/logs" "build/$arch/bin"
    RUNNER_SYSROOT=$(exclusively sysroot "$arch") || exit 1
    export RUNNER_SYSROOT
    git=$(exclusively portable_git "$arch") || exit 1
    cp -u --preserve=timestamps "$git" "build/$arch/bin/"
    # What CMake has found in a former directory is not there any more.
    grep -qs "^CMAKE_SYSROOT:.*=$RUNNER_SYSROOT\$" "build/$arch/CMakeCache.txt" || rm -f "build/$arch/CMakeCache.txt"
    build_preset "$arch" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "the helper for $arch cannot be built: $log"
    }
    package=$(find "build/$arch/packages" -name '*.deb' 2>/dev/null) || true
    if [ -z "$package" ] || [ -n "$(find "build/$arch/bin" packaging CMakeLists.txt -type f -newer "$package")" ]; then
        rm -rf "build/$arch/packages"
        package=$(packaging/make-package DEB "build/$arch" "build/$arch/packages" 2>"$log") ||
            die "the package cannot be made: $log"
    fi
    realpath "$package"
)

# The kernel starts programs of other architectures by QEMU, in containers, too.
register_interpreters() { as_root build/release/bin/runner-helper platforms --register; }
