#!/usr/bin/env bash
# Builds one component for both platforms and pushes it:  ./build.sh one | two
set -euo pipefail

registry=registry.company.net
version="GIT_VERSION" # the pipeline writes the ref's name here

case "${1:-}" in
    one) component=cni ;;
    two) component=sdn ;;
    *)
        echo "usage: $0 one|two" >&2
        exit 2
        ;;
esac

image=$registry/devops/$component:$version
echo "building $image"
docker buildx build --progress plain --platform linux/amd64,linux/arm64 \
    --build-arg "COMPONENT=$component" --build-arg "VERSION=$version" \
    ${BASE_IMAGE:+--build-arg "BASE=$BASE_IMAGE"} --tag "$image" --push .
echo "pushed $image"
