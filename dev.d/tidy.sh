# tidy: clang-tidy with the checks of .clang-tidy, over what changed.

tidy=clang-tidy-16

# The commit that changes are counted from: what CI says, else where this branch left the main one, else the last one.
tidy_base() {
    local branch
    if [ -n "${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}" ]; then
        echo "$CI_MERGE_REQUEST_DIFF_BASE_SHA"
        return
    fi
    for branch in origin/HEAD origin/main origin/master main master; do
        [ "$(git rev-parse -q --verify "$branch^{commit}")" != "$(git rev-parse HEAD)" ] || continue
        git merge-base "$branch" HEAD 2>/dev/null && return
    done
    git rev-parse -q --verify HEAD~1
}

# tidy_sources <file..>: what is given to clang-tidy for them. A header is seen through the source of its name.
tidy_sources() {
    local file
    for file in "$@"; do
        case "$file" in
            *.cpp) echo "$file" ;;
            *.hpp) if [ -f "${file%.hpp}.cpp" ]; then echo "${file%.hpp}.cpp"; else echo "$file"; fi ;;
        esac
    done | sort -u
}

# tidy_changed <base>: C++ files that differ from it, and those that git does not know yet.
tidy_changed() {
    {
        git diff --name-only --diff-filter=d "$1" -- '*.cpp' '*.hpp'
        git ls-files --others --exclude-standard -- '*.cpp' '*.hpp'
    } | sort -u
}

# tidy_known <file..>: without sources that the preset does not compile (benchmarks).
tidy_known() {
    local file
    for file in "$@"; do
        case "$file" in
            *.cpp) ! grep -qF "\"$root/$file\"" build/clang/compile_commands.json || echo "$file" ;;
            *) echo "$file" ;;
        esac
    done
}

# tidy [--all | --base REVISION | file..]. With RUNNER_TIDY_MOST, a change of more files than that is left to
# a run over everything at night. In a shell of its own: a failure must not end ./dev test.
command_tidy() (
    local files=() base
    case "${1:-}" in
        --all) mapfile -t files < <(git ls-files '*.cpp') ;;
        "" | --base)
            base=${2:-$(tidy_base)} || base=
            git rev-parse -q --verify "$base^{commit}" >/dev/null ||
                die "there is no commit '$base' to compare with: ./dev tidy --base REVISION"
            mapfile -t files < <(tidy_changed "$base")
            mapfile -t files < <(tidy_sources "${files[@]}")
            ;;
        *) mapfile -t files < <(tidy_sources "$@") ;;
    esac
    if [ ${#files[@]} = 0 ]; then
        say "no C++ file changed"
        return 0
    fi
    if [ ${#files[@]} -gt "${RUNNER_TIDY_MOST:-${#files[@]}}" ]; then
        say "${#files[@]} files changed: too many for this run, use ./dev tidy --all"
        return 0
    fi
    ensure_packages "${packages[@]}" clang-16 "$tidy"
    mkdir -p "$dev_cache/logs"
    run_logged "the configuration of preset 'clang'" "$dev_cache/logs/configure-clang.log" cmake --preset clang
    mapfile -t files < <(tidy_known "${files[@]}")
    say "$tidy over ${#files[@]} files"
    printf '%s\n' "${files[@]}" | xargs -r -d '\n' -n 4 -P "$jobs" "$tidy" -p build/clang --quiet 2>&1 |
        sed '/^[0-9]* warnings generated\.$/d'
)
