#!/usr/bin/env bash
# A private registry over plain HTTP: Debian's docker-registry on the address of the engine's bridge, which every
# container on this machine reaches, nested ones included.
#
#   registry.sh start <state dir> [port] [address] [upstream]
#                                           prints the address; port 80 is what a name without a port means. With
#                                           an upstream (a URL), it gives what that one has (pull-through)
#   registry.sh stop <state dir>
set -euo pipefail

prefix=${RUNNER_DEV_PREFIX:-/opt/runner-dev}/docker
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

bridge_address() {
    local address
    address=$(docker network inspect bridge --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}' |
        tr ' ' '\n' | grep -m 1 '\.' || true)
    if [ -z "$address" ]; then # an engine that has not set the address yet
        address=$(ip -4 -o addr show docker0 2>/dev/null | awk '{ sub("/.*", "", $4); print $4; exit }')
    fi
    [ -n "$address" ] || { echo "registry.sh: the engine has no bridge on this machine" >&2; exit 1; }
    echo "$address"
}

start() {
    local dir=$1 port=${2:-80} address program
    address=${3:-$(bridge_address)}
    program=$(PATH=$prefix/usr/bin:$PATH command -v docker-registry) ||
        { echo "registry.sh: docker-registry is missing; ./dev engine brings it" >&2; exit 1; }
    mkdir -p "$dir/data"
    cat >"$dir/config.yml" <<YAML
version: 0.1
log: {level: info, accesslog: {disabled: false}}
storage: {filesystem: {rootdirectory: $dir/data}, delete: {enabled: true}}
http: {addr: "$address:$port", relativeurls: true}
YAML
    [ -z "${4:-}" ] || echo "proxy: {remoteurl: \"$4\"}" >>"$dir/config.yml"
    # Root is needed for the privileged port. sh writes its process id, then becomes the registry. The outputs are
    # redirected first: otherwise a caller that reads the address from a pipe would wait for the end of the registry.
    (
        exec >"$dir/log" 2>&1 </dev/null
        as_root sh -c 'echo $$ >"$1/pid"; exec setsid "$2" serve "$1/config.yml"' _ "$dir" "$program"
    ) &
    local deadline=$((SECONDS + 20))
    until curl -s -o /dev/null -m 2 "http://$address:$port/v2/"; do
        if [ $SECONDS -ge $deadline ] || ! kill -0 $! 2>/dev/null; then
            cat "$dir/log" >&2
            echo "registry.sh: the registry does not answer on $address:$port" >&2
            exit 1
        fi
        sleep 0.05
    done
    echo "$address"
}

stop() {
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) || return 0
    as_root kill "$pid" 2>/dev/null || true
    rm -f "$1/pid"
}

case "${1:-}" in
    start) start "${@:2}" ;;
    stop) stop "$2" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
