# Images of tests and demo; the recipes are in tests/support/docker.

source "$root/tests/support/docker/images.sh"

make_images() {
    local name
    for name in "$@"; do make_image "$name"; done
}

command_images() {
    ensure_engine
    [ $# -gt 0 ] || set -- "${images_all[@]}"
    exclusively make_images "$@"
}

command_base() {
    ensure_engine
    push_base "$1"
}
