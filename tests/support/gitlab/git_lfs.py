"""The download half of Git LFS: the batch API and the objects."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .transport import Request, Response

MEDIA = {"Content-Type": "application/vnd.git-lfs+json"}


def pointer(content: bytes) -> str:
    """The file that a repository has in the place of `content`."""
    return (f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\n"
            f"size {len(content)}\n")


def serve(request: Request, project: Any, rest: str, base_url: str) -> Response:
    known = {hashlib.sha256(content).hexdigest(): content for content in project.large_files}
    if rest != "info/lfs/objects/batch":
        content = known.get(rest.rsplit("/", 1)[-1])
        return Response(200, {}, content) if content is not None else Response.text(404, "Not found\n")
    request.body.seek(0)
    asked = json.loads(request.body.read())
    objects = []
    for entry in asked["objects"]:
        if asked["operation"] == "download" and entry["oid"] in known:
            link = f"{base_url}/{project.path}.git/info/lfs/objects/{entry['oid']}"
            headers = {"Authorization": request.header("Authorization")}
            entry = {**entry, "authenticated": True, "actions": {"download": {"href": link, "header": headers}}}
        else:
            entry = {**entry, "error": {"code": 404, "message": "Object does not exist"}}
        objects.append(entry)
    return Response(200, MEDIA, json.dumps({"transfer": "basic", "objects": objects}).encode())
