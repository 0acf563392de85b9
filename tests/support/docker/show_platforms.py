"""Prints the platforms of an image in a registry, one per line; fails when it is not a multi-platform image.

    show_platforms.py http://ADDRESS[:PORT] NAME:TAG
"""

import json
import sys
import urllib.request

ACCEPT = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
])


def platforms(base, image):
    name, tag = image.rsplit(":", 1)
    request = urllib.request.Request(f"{base}/v2/{name}/manifests/{tag}", headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=30) as reply:
        index = json.load(reply)
    rows = []
    for manifest in index.get("manifests", []):
        platform = manifest.get("platform", {})
        if platform.get("os") != "unknown":  # attestations
            rows.append((f"{platform['os']}/{platform['architecture']}", manifest["digest"]))
    return rows


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = platforms(sys.argv[1], sys.argv[2])
    for platform, digest in found:
        print(f"{platform:15} {digest}")
    sys.exit(0 if found else 1)
