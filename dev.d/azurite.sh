# Microsoft's emulator of Azure Blob Storage for tests/system/test_cache_azurite.py. It is a package of npm.

azurite_package=azurite@3.35.0

# ensure_azurite: installs it once into $dev_cache/azurite. Its test says when it is missing.
ensure_azurite() {
    local home=$dev_cache/azurite log=$dev_cache/logs/azurite.log
    [ "$(cat "$home/.package" 2>/dev/null)" != "$azurite_package" ] || return 0
    command -v npm >/dev/null || { warn "there is no npm, so the Azure emulator of the tests cannot be installed"; return 0; }
    say "installing $azurite_package"
    mkdir -p "$dev_cache/logs"
    rm -rf "$home" && mkdir -p "$home"
    if npm install --prefix "$home" --no-audit --no-fund --omit=optional "$azurite_package" >"$log" 2>&1; then
        echo "$azurite_package" >"$home/.package"
    else
        warn "$azurite_package cannot be installed: $log"
    fi
}
