# Images of tests and demo; the recipes are in tests/support/docker.

source "$root/tests/support/docker/images.sh"

make_images() {
    local name
    for name in "$@"; do
        case "$name" in
            # It comes from an archive that nothing else needs.
            server-noble) (make_image "$name") || warn "the package is not tested on Ubuntu: there is no image runner-test/$name" ;;
            *) make_image "$name" ;;
        esac
    done
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
