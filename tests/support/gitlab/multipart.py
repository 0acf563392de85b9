"""multipart/form-data from a file, without holding a part in memory."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from typing import Any, BinaryIO

BLOCK = 1024 * 1024


class MultipartError(Exception):
    pass


@dataclass
class Part:
    """A part's body lies in the file `path`, which the caller owns."""

    name: str
    filename: str
    content_type: str
    size: int
    path: str


def read_multipart(request: Any, directory: str) -> list[Part]:
    if request.content_type() != "multipart/form-data":
        raise MultipartError(f"content type {request.header('Content-Type')!r}")
    match = re.search(r'boundary="?([^";]+)"?', request.header("Content-Type") or "")
    if match is None:
        raise MultipartError("no boundary")
    request.body.seek(0)
    return _parts(request.body, b"--" + match[1].encode(), directory)


def _parts(body: BinaryIO, boundary: bytes, directory: str) -> list[Part]:
    line = body.readline(8192).rstrip(b"\r\n")
    if line != boundary:
        raise MultipartError("the body does not begin with the boundary")
    parts = []
    rest = b""
    reader = _Reader(body, rest)
    while True:
        headers = reader.headers()
        file, path = tempfile.mkstemp(dir=directory)
        with os.fdopen(file, "wb") as out:
            size = reader.copy_until(b"\r\n" + boundary, out)
        parts.append(_part(headers, size, path))
        tail = reader.take(2)
        if tail == b"--":
            return parts
        if tail != b"\r\n":
            raise MultipartError("garbage after a boundary")


def _part(headers: dict[str, str], size: int, path: str) -> Part:
    disposition = headers.get("content-disposition", "")
    name = re.search(r'(?<!file)name="([^"]*)"', disposition)
    filename = re.search(r'filename="([^"]*)"', disposition)
    return Part(name[1] if name else "", filename[1] if filename else "",
                headers.get("content-type", ""), size, path)


class _Reader:
    def __init__(self, body: BinaryIO, rest: bytes) -> None:
        self._body = body
        self._buffer = rest

    def _fill(self) -> bool:
        block = self._body.read(BLOCK)
        self._buffer += block
        return bool(block)

    def take(self, count: int) -> bytes:
        while len(self._buffer) < count and self._fill():
            pass
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def headers(self) -> dict[str, str]:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > 65536 or not self._fill():
                raise MultipartError("a part without headers")
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        found = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            key, _, value = line.partition(":")
            found[key.strip().lower()] = value.strip()
        return found

    def copy_until(self, mark: bytes, out: BinaryIO) -> int:
        size = 0
        while True:
            at = self._buffer.find(mark)
            if at >= 0:
                out.write(self._buffer[:at])
                self._buffer = self._buffer[at + len(mark):]
                return size + at
            keep = len(mark) - 1
            ready = self._buffer[:-keep] if len(self._buffer) > keep else b""
            out.write(ready)
            size += len(ready)
            self._buffer = self._buffer[len(ready):]
            if not self._fill():
                raise MultipartError("the body ends without the closing boundary")
