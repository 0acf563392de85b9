# Debian's Prometheus for tests/system/test_monitoring.py. It is only unpacked: an installed package would
# start a service.

prometheus_prefix=$dev_prefix/prometheus

ensure_prometheus() {
    [ ! -x "$prometheus_prefix/usr/bin/promtool" ] || return 0
    say "unpacking Debian's Prometheus into $prometheus_prefix"
    local debs=$dev_cache/prometheus
    mkdir -p "$debs"
    (
        cd "$debs"
        rm -f -- *.deb
        bookworm_apt "$(dpkg --print-architecture)" download prometheus
    ) >&2 || die "cannot download the package prometheus"
    as_root mkdir -p "$prometheus_prefix"
    as_root dpkg -x "$debs"/prometheus_*.deb "$prometheus_prefix"
    rm -rf "$debs"
}
