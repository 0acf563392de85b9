# An S3 server that checks signatures, for tests/system/test_cache_storage.py, built from its Go module.

versitygw_module=$root/tests/support/object_storage/versitygw/go.mod

compile_versitygw() {
    local go=$1 target=$2 work=$2.work
    rm -rf "$work" && mkdir -p "$work"
    cp "$versitygw_module" "$work"
    (
        cd "$work"
        # The module names the server only; -mod=mod lets go add what it needs.
        CGO_ENABLED=0 "$go" build -mod=mod -trimpath -ldflags '-s -w' -o "$work/bin/" \
            github.com/versity/versitygw/cmd/versitygw
    ) && rm -rf "$target" && mv "$work/bin" "$target" && cp "$versitygw_module" "$target" && rm -rf "$work"
}

# ensure_versitygw: builds it once, a minute of CPU. Its test says when it is missing.
ensure_versitygw() {
    local go log=$dev_cache/logs/versitygw.log target=$dev_cache/versitygw
    ! cmp -s "$versitygw_module" "$target/go.mod" || return 0
    go=$(find_go) || { warn "there is no Go, so the S3 server of the tests cannot be built"; return 0; }
    say "building versitygw from its Go module"
    mkdir -p "$dev_cache/logs"
    compile_versitygw "$go" "$target" >"$log" 2>&1 ||
        warn "versitygw cannot be built (Go 1.25 or newer and a module proxy are needed): $log"
}
