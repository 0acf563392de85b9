#!/bin/sh
echo "entrypoint: LICENSE_KEY is not set" >&2
exit 3
