# The images of the tests and the demo, made from Debian's packages and BuildKit's Go module (no registry is needed).
# Sourced by ./dev when the engine runs. Each image has its recipe's hash as a label and is made again when that differs.

images_dir=$root/tests/support/docker
builder_dir=$root/packaging/images/builder
images_all=(debian dash busybox busybox-arm64 distroless dind buildkit nonroot old-git entrypoint-exports entrypoint-stuck entrypoint-exits my-builder
    server-bookworm server-trixie server-noble builder)

image_recipe() {
    local files=() functions=()
    case "$1" in
        debian) functions=(bootstrap) ;;
        busybox | busybox-arm64) functions=(make_busybox busybox_rootfs) ;;
        distroless) functions=(make_distroless busybox_rootfs) ;;
        dind) functions=(bootstrap make_dind) files=("$images_dir"/dind/*) ;;
        server-bookworm) functions=(bootstrap make_server server_packages make_server_bookworm) ;;
        server-trixie) functions=(bootstrap make_server server_packages) ;;
        server-noble) functions=(bootstrap make_server server_packages make_server_noble ubuntu_source) ;;
        builder)
            printf %s- "$(image_recipe dind)"
            functions=(make_builder) files=("$builder_dir"/Dockerfile "$builder_dir"/install-tools "$builder_dir"/settings/*)
            ;;
        buildkit)
            if ensure_buildkit; then
                functions=(bootstrap make_buildkit) files=("$images_dir"/buildkit/*)
            else
                functions=(bootstrap make_buildkit_stand_in) files=("$images_dir"/buildkit-stand-in/*)
            fi
            ;;
        my-builder) printf %s- "$(image_recipe dind)" ;;
        *) printf %s- "$(image_recipe debian)" ;;
    esac
    [ -d "$images_dir/small/$1" ] && files+=("$images_dir/small/$1"/*)
    { [ ${#functions[@]} -eq 0 ] || declare -f "${functions[@]}"
      [ ${#files[@]} -eq 0 ] || cat "${files[@]}"; } | sha256sum | cut -c 1-16
}

image_is_current() {
    [ "$(docker image inspect --format '{{index .Config.Labels "runner-test.recipe"}}' \
        "runner-test/$1" 2>/dev/null)" = "$(image_recipe "$1")" ]
}

make_image() {
    image_is_current "$1" && return 0
    say "making image runner-test/$1"
    case "$1" in
        debian) bootstrap debian minbase bash,git,ca-certificates,debian-archive-keyring \
            --change 'CMD ["bash"]' ;;
        dind) make_dind ;;
        buildkit) if ensure_buildkit; then make_buildkit; else make_buildkit_stand_in; fi ;;
        busybox) make_busybox busybox "$(dpkg --print-architecture)" ;;
        busybox-arm64) make_busybox busybox-arm64 arm64 ;;
        distroless) make_distroless ;;
        server-bookworm) make_server_bookworm ;;
        server-trixie) make_server server-trixie "$(server_packages)" ;;
        server-noble) make_server_noble ;;
        builder) make_image dind && make_builder ;;
        my-builder)
            make_image dind
            derive "$1"
            ;;
        *)
            make_image debian
            derive "$1"
            ;;
    esac
}

# bootstrap <name> <variant> <packages> <docker import arguments..>; hooks may be set in bootstrap_hooks, another release
# in bootstrap_suite, another archive than Debian's in bootstrap_source (a line of apt's sources).
bootstrap_hooks=()
bootstrap_suite=trixie
bootstrap_source=
bootstrap() {
    local name=$1 variant=$2 include=$3 source=$bootstrap_source log=$dev_cache/logs/image-$1.log
    shift 3
    [ -n "$source" ] ||
        source="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $bootstrap_suite main"
    mkdir -p "$dev_cache/logs"
    local unwanted=() path
    for path in doc man info locale lintian linda bash-completion perl gtk-doc; do
        unwanted+=("--dpkgopt=path-exclude=/usr/share/$path/*")
    done
    unwanted+=('--dpkgopt=path-exclude=/usr/lib/*/perl/*' '--dpkgopt=path-exclude=/usr/lib/*/gconv/*')
    as_root mmdebstrap --mode=root --variant="$variant" --include="$include" "${unwanted[@]}" \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='force-unsafe-io' "${bootstrap_hooks[@]}" \
        "$bootstrap_suite" - "$source" 2>"$log" | docker import --change "LABEL runner-test.recipe=$(image_recipe "$name")" \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$@" - "runner-test/$name" >>"$log" || {
        tail -n 30 "$log" >&2
        # What has come until then was imported, too.
        docker rmi -f "runner-test/$name" >/dev/null
        die "cannot make the image runner-test/$name"
    }
}

make_dind() {
    bootstrap_hooks=(
        "--customize-hook=copy-in $images_dir/dind/dockerd-entrypoint.sh $images_dir/dind/dind $images_dir/dind/docker-entrypoint.sh /usr/local/bin"
        '--customize-hook=rm -f "$1"/usr/bin/ctr "$1"/usr/bin/containerd-shim "$1"/usr/bin/containerd-shim-runc-v1 "$1"/usr/bin/tini'
        '--customize-hook=mkdir -p "$1"/certs/client && chmod 1777 "$1"/certs "$1"/certs/client'
    )
    bootstrap dind minbase \
        docker.io,docker-cli,docker-buildx,tini,git,ca-certificates,iptables,iproute2,procps,openssh-client,openssl,bash,debian-archive-keyring \
        --change 'ENV DOCKER_TLS_CERTDIR=/certs' --change 'VOLUME /var/lib/docker' \
        --change 'EXPOSE 2375/tcp 2376/tcp' --change 'ENTRYPOINT ["dockerd-entrypoint.sh"]' --change 'CMD []'
    bootstrap_hooks=()
}

# Servers have systemd as PID 1, and what the package of this project depends on.
server_packages() {
    echo apt,systemd,systemd-sysv,dbus,ca-certificates,procps,tzdata,libdeflate0,libsqlite3-0,libssl3,libyaml-0-2
}

# make_server <name> <packages> <docker import arguments..>
make_server() {
    local name=$1 packages=$2
    shift 2
    # Packages that are installed later are complete. The kernel's modules are another system's.
    bootstrap_hooks+=('--customize-hook=rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap'
        '--customize-hook=ln -s /dev/null "$1"/etc/systemd/system/systemd-modules-load.service')
    bootstrap "$name" minbase "$packages" --change 'ENV container=docker' --change 'STOPSIGNAL SIGRTMIN+3' \
        --change 'CMD ["/sbin/init"]' "$@"
    bootstrap_hooks=()
}

# Debian 12 with its Docker engine.
make_server_bookworm() {
    bootstrap_suite=bookworm
    # A merged /usr from the beginning needs no Perl to merge it.
    bootstrap_hooks=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
    make_server server-bookworm "usr-is-merged,$(server_packages),docker.io,iptables,git" --change 'VOLUME /var/lib/docker'
    bootstrap_suite=trixie
}

make_server_noble() {
    bootstrap_suite=noble
    bootstrap_source=$(ubuntu_source) || exit 1
    make_server server-noble "$(server_packages)"
    bootstrap_suite=trixie
    bootstrap_source=
}

# Ubuntu 24.04 in a line of apt's sources. Its keys are in a package of Debian 13, and apt's own user must be able to read them.
ubuntu_source() {
    local arch debs=$dev_cache/ubuntu-keyring mirror=http://archive.ubuntu.com/ubuntu
    local keyring=$dev_prefix/ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg
    arch=$(dpkg --print-architecture)
    [ "$arch" = amd64 ] || mirror=http://ports.ubuntu.com/ubuntu-ports
    if [ ! -f "$keyring" ]; then
        mkdir -p "$debs"
        (cd "$debs" && trixie_apt "$arch" download ubuntu-keyring &&
            as_root dpkg -x ubuntu-keyring_*.deb "$dev_prefix/ubuntu-keyring") >&2 ||
            die "cannot download the keys of Ubuntu's archive"
    fi
    echo "deb [signed-by=$keyring] ${RUNNER_UBUNTU_MIRROR:-$mirror} noble main"
}

# The label runner-test.buildkit says which of the two recipes was used.
make_buildkit() {
    local programs
    programs=$(buildkit_programs)
    bootstrap_hooks=(
        "--customize-hook=copy-in $programs/buildkitd $programs/buildctl /usr/bin"
        '--customize-hook=ln -s ../sbin/runc "$1"/usr/bin/buildkit-runc'
    )
    bootstrap buildkit essential runc,ca-certificates \
        --change 'LABEL runner-test.buildkit=source' --change 'ENV BUILDKIT_SETUP_CGROUPV2_ROOT=1' \
        --change 'VOLUME /var/lib/buildkit' --change 'ENTRYPOINT ["buildkitd"]' --change 'CMD []'
    bootstrap_hooks=()
}

make_buildkit_stand_in() {
    local dir=$images_dir/buildkit-stand-in
    bootstrap_hooks=(
        "--customize-hook=copy-in $dir/buildkitd $dir/buildctl $dir/translate-config /usr/bin"
        '--customize-hook=rm -f "$1"/usr/bin/ctr "$1"/usr/bin/containerd-shim "$1"/usr/bin/containerd-shim-runc-v1 "$1"/usr/bin/tini "$1"/usr/sbin/docker-proxy'
    )
    bootstrap buildkit essential docker.io,iptables,iproute2,ca-certificates \
        --change 'LABEL runner-test.buildkit=stand-in' \
        --change 'VOLUME /var/lib/buildkit' --change 'ENTRYPOINT ["buildkitd"]' --change 'CMD []'
    bootstrap_hooks=()
}

# busybox_rootfs <architecture> <dir>: a root file system with Debian's static busybox and its links only.
busybox_rootfs() {
    local arch=$1 dir=$2 debs=$dev_cache/busybox-$1
    if ! ls "$debs"/busybox-static_*.deb >/dev/null 2>&1; then
        mkdir -p "$debs"
        (cd "$debs" && bookworm_apt "$arch" download busybox-static) >&2 ||
            die "cannot download busybox-static for $arch"
    fi
    local unpacked=$debs/unpacked
    rm -rf "$unpacked" && dpkg -x "$debs"/busybox-static_*.deb "$unpacked"
    mkdir -p "$dir"/{bin,sbin,usr/bin,usr/sbin,etc,root,tmp,proc,sys,dev,var,home}
    chmod 1777 "$dir/tmp"
    local program=$unpacked/bin/busybox
    [ -f "$program" ] || program=$unpacked/usr/bin/busybox
    cp "$program" "$dir/bin/busybox"
    local applet
    for applet in $(busybox --list-full); do
        [ "$applet" = bin/busybox ] || ln -sf /bin/busybox "$dir/$applet" 2>/dev/null || true
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
    echo 'root:x:0:' >"$dir/etc/group"
}

# make_busybox <name> <architecture>
make_busybox() {
    local dir
    dir=$(mktemp -d)
    busybox_rootfs "$2" "$dir"
    tar -C "$dir" --numeric-owner --owner=0 --group=0 -c . |
        docker import --platform "linux/$2" --change "LABEL runner-test.recipe=$(image_recipe "$1")" \
            --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
            --change 'CMD ["sh"]' - "runner-test/$1" >/dev/null
    rm -rf "$dir"
}

# A shell in a directory of its own and nothing else: neither /bin nor /lib, no users and no certificates.
make_distroless() {
    local dir
    dir=$(mktemp -d)
    busybox_rootfs "$(dpkg --print-architecture)" "$dir"
    mkdir "$dir/busybox"
    mv "$dir/bin/busybox" "$dir/busybox/busybox"
    local applet
    for applet in $("$dir/busybox/busybox" --list); do
        [ "$applet" = busybox ] || ln -s busybox "$dir/busybox/$applet"
    done
    rm -rf "$dir"/{bin,sbin,usr,etc}
    tar -C "$dir" --numeric-owner --owner=0 --group=0 -c . |
        docker import --change "LABEL runner-test.recipe=$(image_recipe distroless)" \
            --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/busybox' \
            --change 'CMD ["sh"]' - runner-test/distroless >/dev/null
    rm -rf "$dir"
}

# The image that the project offers to its users, on the image dind in place of docker:dind.
make_builder() {
    docker buildx build --builder default -q --label "runner-test.recipe=$(image_recipe builder)" \
        --build-arg BASE=runner-test/dind --build-arg PLAIN_REGISTRY=registry.company.net \
        -t runner-test/builder "$builder_dir" >/dev/null
}

derive() {
    BUILDX_BUILDER=default docker build -q --label "runner-test.recipe=$(image_recipe "$1")" \
        -t "runner-test/$1" "$images_dir/small/$1" >/dev/null
}

# Prints the image of the builder: moby/buildkit when it can be pulled, else BuildKit from source, else the stand-in.
choose_buildkit() {
    local real=moby/buildkit:buildx-stable-1
    if docker image inspect "$real" >/dev/null 2>&1 || timeout 60 docker pull -q "$real" >/dev/null 2>&1; then
        echo "$real"
    else
        make_image buildkit
        echo runner-test/buildkit
    fi
}

describe_buildkit() {
    case "$(docker image inspect --format '{{index .Config.Labels "runner-test.buildkit"}}' "$1")" in
        source) echo "moby/buildkit cannot be pulled here: $1 has BuildKit built from its Go module" ;;
        stand-in) echo "moby/buildkit cannot be pulled and Go is missing: the stand-in $1 has BuildKit's code from Debian's dockerd" ;;
        *) echo "the builder runs $1" ;;
    esac
}

# push_base <registry url>: base/busybox:latest for amd64 and arm64, which examples/multiarch builds on.
push_base() {
    local dir arch roots=()
    dir=$(mktemp -d)
    for arch in amd64 arm64; do
        busybox_rootfs "$arch" "$dir/$arch"
        roots+=("$arch=$dir/$arch")
    done
    python3 "$images_dir/push_image.py" "$1" base/busybox:latest "${roots[@]}"
    rm -rf "$dir"
}
