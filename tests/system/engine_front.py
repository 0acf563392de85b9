"""A Docker engine that says that its machine has another architecture, in front of the real one."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from pathlib import Path

NAMES = {"Architecture": "aarch64", "Arch": "arm64"}


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("engine")
        self._path = path

    def connect(self) -> None:
        self.sock = _connect(self._path)


class Arm64Front:
    """Listens on the socket `path`. Answers to /info and /version name arm64; all else is passed on as it is, each
    request over a connection of its own. Use as a context manager."""

    def __init__(self, path: Path, engine: str) -> None:
        self.url = f"unix://{path}"
        self._engine = engine.removeprefix("unix://")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)

    def __enter__(self) -> "Arm64Front":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(65536)
                if not block:
                    return
                head += block
            line, rest = head.split(b"\r\n", 1)
            target = line.split(b" ")[1].decode()
            if target.rsplit("/", 1)[-1] in ("info", "version"):
                client.sendall(self._answer(target))
                return
            with _connect(self._engine) as engine:
                engine.sendall(line + b"\r\n" + _with_one_request(rest))
                copy = threading.Thread(target=_copy, args=(client, engine), daemon=True)
                copy.start()
                _copy(engine, client)
                copy.join()

    def _answer(self, target: str) -> bytes:
        connection = _Connection(self._engine)
        connection.request("GET", target)
        answer = connection.getresponse()
        described = json.loads(answer.read())
        connection.close()
        described.update({name: value for name, value in NAMES.items() if name in described})
        body = json.dumps(described).encode()
        return (f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body


def _connect(path: str) -> socket.socket:
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(path)
    return engine


def _with_one_request(head: bytes) -> bytes:
    """A connection that becomes a stream (Upgrade) stays as it is: it has one request anyhow."""
    lines = head.split(b"\r\n")
    names = [line.split(b":")[0].lower() for line in lines[:lines.index(b"")]]
    if b"upgrade" in names:
        return head
    kept = [line for line, name in zip(lines, names) if name != b"connection"]
    return b"\r\n".join([b"Connection: close", *kept, *lines[len(names):]])


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
