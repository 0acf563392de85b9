#!/bin/sh
# Behaves like the entrypoint of the official docker:dind image, but is written independently: without arguments, or
# with flags, it starts dockerd; `dockerd …` is started as it is; anything else is only executed.
set -eu

make_certificates() {
    dir=$1
    [ ! -s "$dir/server/cert.pem" ] || return 0
    mkdir -p "$dir/ca" "$dir/server" "$dir/client"
    openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj '/CN=docker:dind CA' \
        -keyout "$dir/ca/key.pem" -out "$dir/ca/cert.pem" 2>/dev/null
    names="DNS:docker,DNS:localhost,DNS:$(hostname),IP:127.0.0.1"
    for ip in $(hostname -i); do names="$names,IP:$ip"; done
    [ -z "${DOCKER_TLS_SAN:-}" ] || names="$names,$DOCKER_TLS_SAN"
    for who in server client; do
        openssl req -newkey rsa:2048 -nodes -subj "/CN=docker:dind $who" \
            -keyout "$dir/$who/key.pem" -out "$dir/$who/csr.pem" 2>/dev/null
        printf 'subjectAltName=%s\nextendedKeyUsage=%sAuth\n' "$names" "$who" >"$dir/$who/ext"
        openssl x509 -req -days 825 -in "$dir/$who/csr.pem" -CA "$dir/ca/cert.pem" \
            -CAkey "$dir/ca/key.pem" -CAcreateserial -extfile "$dir/$who/ext" \
            -out "$dir/$who/cert.pem" 2>/dev/null
        cp "$dir/ca/cert.pem" "$dir/$who/ca.pem"
        rm "$dir/$who/csr.pem" "$dir/$who/ext"
    done
}

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
    if [ -n "${DOCKER_TLS_CERTDIR:-}" ]; then
        make_certificates "$DOCKER_TLS_CERTDIR"
        server=$DOCKER_TLS_CERTDIR/server
        set -- dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2376 --tlsverify \
            --tlscacert "$server/ca.pem" --tlscert "$server/cert.pem" --tlskey "$server/key.pem" "$@"
    else
        set -- dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2375 "$@"
    fi
fi

if [ "$1" = dockerd ]; then
    find /run /var/run -iname 'docker*.pid' -delete 2>/dev/null || :
    exec dind docker-init -- "$@"
fi
exec docker-entrypoint.sh "$@"
