#!/bin/sh
# Like the official docker CLI image's: derives DOCKER_HOST, starts no engine.
set -eu
if [ -n "${1:-}" ] && [ "${1#-}" != "$1" ]; then set -- docker "$@"; fi
if [ -z "${DOCKER_HOST:-}" ] && [ ! -S /var/run/docker.sock ]; then
    if [ -n "${DOCKER_TLS_VERIFY:-}" ] ||
        { [ -n "${DOCKER_TLS_CERTDIR:-}" ] && [ -s "$DOCKER_TLS_CERTDIR/client/ca.pem" ]; }; then
        export DOCKER_HOST=tcp://docker:2376
    else
        export DOCKER_HOST=tcp://docker:2375
    fi
fi
if [ "${DOCKER_HOST:+${DOCKER_HOST#tcp:}}" != "${DOCKER_HOST:-}" ] && [ -n "${DOCKER_TLS_CERTDIR:-}" ] &&
    [ -z "${DOCKER_CERT_PATH:-}" ] && [ -s "$DOCKER_TLS_CERTDIR/client/ca.pem" ]; then
    export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$DOCKER_TLS_CERTDIR/client"
fi
exec "$@"
