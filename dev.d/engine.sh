# A Docker engine that can run privileged containers.
#
# An engine that answers (DOCKER_HOST, or the default socket) is used. Otherwise the engine of Debian 13 (trixie) is
# unpacked into a directory of its own, not installed, and runs as a background process on the default socket. The
# engine of Debian 12 cannot start privileged containers on some machines (docker-in-docker.md §1).

engine_prefix=$dev_prefix/docker
engine_state=/run/runner-dev
engine_data=${RUNNER_DEV_DATA:-/var/lib/runner-dev/docker}
engine_log=/var/log/runner-dev/dockerd.log
engine_socket=/var/run/docker.sock
# Increase this number when install_engine changes.
engine_recipe=2

engine_path() { echo "$engine_prefix/usr/sbin:$engine_prefix/usr/bin"; }

engine_answers() {
    case "${DOCKER_HOST:-}" in
        "" | unix://*)
            local socket=${DOCKER_HOST:-unix://$engine_socket}
            [ "$(curl -s -m 5 --unix-socket "${socket#unix://}" http://engine/_ping)" = OK ]
            ;;
        *) docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ;;
    esac
}

install_engine() {
    [ "$(cat "$engine_prefix/.recipe" 2>/dev/null)" != "$engine_recipe" ] || return 0
    say "unpacking Debian's Docker engine into $engine_prefix"
    local debs=$dev_cache/debs
    mkdir -p "$debs"
    (
        cd "$debs"
        rm -f -- *.deb
        trixie_apt "$(dpkg --print-architecture)" download docker.io docker-cli containerd docker-buildx tini
        # The tests' registry goes to the same directory: an installed package would start a service.
        bookworm_apt "$(dpkg --print-architecture)" download docker-registry
    ) >&2 || die "cannot download Docker's packages"
    as_root rm -rf "$engine_prefix"
    as_root mkdir -p "$engine_prefix"
    local deb
    for deb in "$debs"/*.deb; do as_root dpkg -x "$deb" "$engine_prefix"; done
    # runc comes from Debian 12: trixie's needs a newer C library.
    as_root rm -f "$engine_prefix/usr/sbin/runc" "$engine_prefix/usr/bin/runc"
    echo "$engine_recipe" | as_root tee "$engine_prefix/.recipe" >/dev/null
    rm -rf "$debs"
}

# The client looks for plugins in the folders of the system and the user only.
link_buildx() {
    local plugin=$engine_prefix/usr/libexec/docker/cli-plugins/docker-buildx
    [ -x "$plugin" ] && ! docker buildx version >/dev/null 2>&1 || return 0
    as_root mkdir -p /usr/local/lib/docker/cli-plugins
    as_root ln -sf "$plugin" /usr/local/lib/docker/cli-plugins/docker-buildx
}

# The MTU of the interface with the default route: downloads hang when docker0 has a larger one.
outer_mtu() {
    local device
    device=$(ip route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    cat "/sys/class/net/$device/mtu" 2>/dev/null || echo 1500
}

start_engine() {
    say "starting dockerd (log: $engine_log)"
    as_root mkdir -p "$engine_state" "$engine_data" "$(dirname "$engine_log")"
    echo '{}' | as_root tee "$engine_state/daemon.json" >/dev/null
    prepare_kernel
    as_root env "PATH=$(engine_path):/usr/sbin:/usr/bin:/sbin:/bin" bash -c '
        log=$1; shift
        setsid nohup "$@" >"$log" 2>&1 </dev/null &' _ "$engine_log" \
        dockerd --config-file "$engine_state/daemon.json" --data-root "$engine_data" \
        --exec-root "$engine_state/exec" --pidfile "$engine_state/dockerd.pid" \
        --host "unix://$engine_socket" --group "$(id -gn)" --mtu "$(outer_mtu)"
    local deadline=$((SECONDS + 60))
    until engine_answers; do
        if [ $SECONDS -ge $deadline ]; then
            tail -n 20 "$engine_log" >&2 || true
            die "dockerd did not answer on $engine_socket within 60 s; its log is $engine_log"
        fi
        sleep 0.1 # there is no event to wait for until the socket exists
    done
}

# Needed on machines without an init system.
prepare_kernel() {
    echo 1 | as_root tee /proc/sys/net/ipv4/ip_forward >/dev/null || true
    if [ ! -d /sys/fs/cgroup ] || ! mountpoint -q /sys/fs/cgroup; then
        as_root mount -t cgroup2 none /sys/fs/cgroup || warn "no cgroups on this machine"
    fi
}

bring_up_engine() {
    PATH=$(engine_path):$PATH
    if engine_answers; then
        command -v docker >/dev/null || install_engine
        return 0
    fi
    [ -z "${DOCKER_HOST:-}" ] ||
        die "DOCKER_HOST=$DOCKER_HOST does not answer. Unset it to use an engine started here"
    install_engine
    start_engine
}

# After this, `docker` on PATH reaches an engine. The engine's programs come first in PATH, before another docker.
ensure_engine() {
    ensure_packages "${packages[@]}"
    exclusively bring_up_engine
    if [ -e "$engine_prefix/.recipe" ]; then PATH=$(engine_path):$PATH; fi
    export PATH
    link_buildx
}

command_engine() {
    ensure_engine
    echo "export PATH='$PATH'"
    echo "export DOCKER_HOST='${DOCKER_HOST:-unix://$engine_socket}'"
}

command_engine_stop() {
    local pid
    pid=$(cat "$engine_state/dockerd.pid" 2>/dev/null) || die "no engine was started here"
    as_root kill "$pid"
    while [ -d "/proc/$pid" ]; do sleep 0.1; done
    say "dockerd stopped"
}
