# Variables and functions that all parts use.

dev_cache=${RUNNER_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/runner-dev}
dev_prefix=${RUNNER_DEV_PREFIX:-/opt/runner-dev}

# To stderr, because the output of some commands is for eval.
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

# run_logged <title> <log> <command..>: prints nothing on success, the end of the log on failure.
run_logged() {
    local title=$1 log=$2
    shift 2
    mkdir -p "$(dirname "$log")"
    if "$@" >"$log" 2>&1; then return 0; fi
    tail -n 40 "$log" >&2
    die "$title failed; the whole output is in $log"
}

# exclusively <command..>: only one of these runs at a time on this machine.
exclusively() {
    mkdir -p "$dev_cache"
    (
        flock 9
        "$@" 9>&-
    ) 9>"$dev_cache/lock"
}
