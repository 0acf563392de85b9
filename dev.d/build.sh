# build, format.

# Debian's Python: another one may come first in PATH, without Debian's modules.
python=/usr/bin/python3
jobs=$(nproc)

# What one clone has compiled, another one finds.
export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

build_preset() {
    local preset=$1
    [ "$preset" != clang ] || ensure_packages clang-16
    cmake --preset "$preset" >"$dev_cache/logs/configure-$preset.log" 2>&1 || {
        cat "$dev_cache/logs/configure-$preset.log" >&2
        return 1
    }
    cmake --build --preset "$preset" -j "$jobs" -- -k 0
}

command_build() {
    local preset=${1:-release} began=$SECONDS
    case "$preset" in
        release | debug | tsan | clang | bench) ;;
        *) die "no preset '$preset': release, debug, tsan, clang" ;;
    esac
    ensure_packages "${packages[@]}"
    mkdir -p "$dev_cache/logs"
    build_preset "$preset" || die "the build of preset '$preset' failed"
    if [ "$preset" = release ]; then
        (exclusively place_git) ||
            warn "without the portable git, jobs whose image has no git fail; './dev git' makes it"
    fi
    say "built preset '$preset' in $((SECONDS - began)) s: build/$preset/bin"
}

make_package() {
    local kind=$1 log=$dev_cache/logs/package-$1.log
    command_build release
    exclusively place_git
    packaging/make-package "$kind" build/release build/release/packages 2>"$log" ||
        die "the package cannot be made: $log"
}

# deb [architecture]: with an architecture, the package with what its engines get.
command_deb() {
    if [ $# -gt 0 ]; then
        make_engine_package "$1"
    else
        make_package DEB
    fi
}

command_rpm() { make_package RPM; }

command_format() {
    ensure_packages clang-format
    local flags=(-i)
    [ "${1:-}" != --check ] || flags=(--dry-run --Werror)
    git ls-files --cached --others --exclude-standard --deduplicate '*.cpp' '*.hpp' |
        xargs -r -d '\n' -n 40 -P "$jobs" clang-format "${flags[@]}"
}

command_bench() {
    [ -f tests/bench/run.py ] || die "there is no tests/bench/run.py"
    command_build release
    cmake --preset bench >"$dev_cache/logs/configure-bench.log" 2>&1 ||
        die "cannot configure preset 'bench': $dev_cache/logs/configure-bench.log"
    cmake --build --preset bench -j "$jobs" --target log_path_bench || die "log_path_bench cannot be built"
    ensure_engine
    exclusively make_images "${images_all[@]}"
    "$python" tests/bench/run.py "$@"
}

command_demo() {
    command_build release
    ensure_engine
    exclusively make_images builder
    local builder
    say "looking for a BuildKit image"
    builder=$(choose_buildkit)
    say "$(describe_buildkit "$builder")"
    exec "$python" -m tests.support.demo --builder-image "$builder" "$@"
}

# picture: the status page of a daemon at work, for README.md and docs/status.md.
command_picture() {
    [ -x build/release/bin/runner ] || die "there is no build/release/bin/runner: ./dev build"
    "$python" -m tests.support.status_picture docs/images/status.png
}
