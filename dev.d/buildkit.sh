# BuildKit's daemon and client, built from its Go module: the image moby/buildkit is in a registry only.

buildkit_module=$root/tests/support/docker/buildkit/go.mod
# Where its programs are, or will be.
buildkit_programs() { echo "$dev_cache/buildkit-$(sha256sum "$buildkit_module" | cut -c 1-16)"; }

find_go() { PATH=$PATH:/usr/local/go/bin command -v go; }

compile_buildkit() {
    local go=$1 target=$2 work=$2.work
    rm -rf "$work" && mkdir -p "$work"
    cp "$buildkit_module" "$work"
    (
        cd "$work"
        # The module names BuildKit only; -mod=mod lets go add what BuildKit needs.
        CGO_ENABLED=0 "$go" build -mod=mod -trimpath -ldflags '-s -w' -o "$work/bin/" \
            github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/cmd/buildctl
    ) && rm -rf "$target" && mv "$work/bin" "$target" && rm -rf "$work"
}

# ensure_buildkit: whether buildkitd and buildctl are there; builds them once, two minutes of CPU.
ensure_buildkit() {
    local go log=$dev_cache/logs/buildkit.log programs
    programs=$(buildkit_programs)
    [ ! -x "$programs/buildkitd" ] || return 0
    go=$(find_go) || return 1
    say "building BuildKit from its Go module"
    mkdir -p "$dev_cache/logs"
    compile_buildkit "$go" "$programs" >"$log" 2>&1 || {
        warn "BuildKit cannot be built (Go 1.24 or newer and a module proxy are needed): $log"
        return 1
    }
}
