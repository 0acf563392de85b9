"""Pushes root file systems, one per platform, into a registry as one multi-platform image.

    push_image.py http://ADDRESS[:PORT] NAME:TAG amd64=ROOTFS_DIR arm64=ROOTFS_DIR

Uses the registry's API directly, so that no engine needs the registry in its configuration.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from urllib.parse import urljoin

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


def send(method, url, data=None, content_type=None):
    request = urllib.request.Request(url, data=data, method=method)
    if content_type:
        request.add_header("Content-Type", content_type)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return reply.headers


def push_blob(base, name, data):
    headers = send("POST", f"{base}/v2/{name}/blobs/uploads/", b"")
    location = urljoin(base + "/", headers["Location"])
    joint = "&" if "?" in location else "?"
    send("PUT", f"{location}{joint}digest={digest_of(data)}", data, "application/octet-stream")


def push_manifest(base, name, reference, media_type, document):
    data = json.dumps(document).encode()
    send("PUT", f"{base}/v2/{name}/manifests/{reference}", data, media_type)
    return data


def tar_of(directory):
    def owned_by_root(entry):
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(directory, arcname=".", filter=owned_by_root)
    return buffer.getvalue()


def push_platform(base, name, arch, directory):
    tar = tar_of(directory)
    layer = gzip.compress(tar, mtime=0)
    config = json.dumps({
        "architecture": arch,
        "os": "linux",
        "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
    }).encode()
    push_blob(base, name, layer)
    push_blob(base, name, config)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, layer)],
    }
    data = json.dumps(document).encode()
    push_manifest(base, name, digest_of(data), MANIFEST, document)
    return descriptor(MANIFEST, data, platform={"os": "linux", "architecture": arch})


def main(base, image, *roots):
    name, tag = image.rsplit(":", 1)
    manifests = [push_platform(base, name, *root.split("=", 1)) for root in roots]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    push_manifest(base, name, tag, INDEX, index)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
