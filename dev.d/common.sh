# Words that every part uses.

dev_cache=${RUNNER_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/runner-dev}
dev_prefix=${RUNNER_DEV_PREFIX:-/opt/runner-dev}

# To stderr: the output of some commands is meant for eval.
say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -E "$@"
    else
        die "'$1' needs root: run as root, or install sudo"
    fi
}

# run_logged <title> <log> <command..>: quiet when it works, the log's end when it does not.
run_logged() {
    local title=$1 log=$2
    shift 2
    mkdir -p "$(dirname "$log")"
    if "$@" >"$log" 2>&1; then return 0; fi
    tail -n 40 "$log" >&2
    die "$title failed; the whole output is in $log"
}

# exclusively <command..>: one at a time on this machine, because several may start at once.
exclusively() {
    mkdir -p "$dev_cache"
    (
        flock 9
        "$@" 9>&-
    ) 9>"$dev_cache/lock"
}
