"""Servers in front of a real Docker engine: one says that its machine has another architecture, one tells what is asked."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import urllib.parse
from pathlib import Path
from typing import Callable, Optional

from tests.system.docker_harness import PREFIX

NAMES = {"Architecture": "aarch64", "Arch": "arm64"}


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("engine")
        self._path = path

    def connect(self) -> None:
        self.sock = _connect(self._path)


class _Front:
    """Listens on the socket `path`. Use as a context manager."""

    def __init__(self, path: Path, engine: str) -> None:
        self.url = f"unix://{path}"
        self._engine = engine.removeprefix("unix://")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)

    def __enter__(self) -> "_Front":
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
            threading.Thread(target=self._serve_one, args=(client,), daemon=True).start()

    def _serve_one(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(65536)
                if not block:
                    return
                head += block
            line, rest = head.split(b"\r\n", 1)
            self._serve(client, line, rest)

    def _serve(self, client: socket.socket, line: bytes, rest: bytes) -> None:
        """`line` is the first one of a request, `rest` what has come behind it."""
        raise NotImplementedError


class Arm64Front(_Front):
    """Answers to /info and /version name arm64; all else is passed on as it is, each request over a connection of its
    own."""

    def _serve(self, client: socket.socket, line: bytes, rest: bytes) -> None:
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


class WatchingFront(_Front):
    """Passes everything on, each request over a connection of its own, and calls `observe(kind, answered)` before it
    passes on a request, and again before it passes on the answer. When that returns True, the connection ends there.

    A kind is a method and a path with roles in place of ids and names, such as "POST /containers/{pool}/start" and
    "POST /exec/{pool connect}/start".
    """

    def __init__(self, path: Path, engine: str, observe: Callable[[str, bool], bool]) -> None:
        super().__init__(path, engine)
        self._observe = observe
        self._roles: dict[str, str] = {}  # of the ids of containers and execs

    def _serve(self, client: socket.socket, line: bytes, rest: bytes) -> None:
        method, target = line.decode().split(" ")[:2]
        path = re.sub(r"^/v1\.\d+", "", target)
        makes = method == "POST" and re.fullmatch(r".*/create|.*/exec", path.partition("?")[0]) is not None
        body = None
        if makes:
            rest = _complete(client, rest)
            body = json.loads(rest.partition(b"\r\n\r\n")[2] or b"null")
        kind, role = self._kind(method, path, body)
        if self._observe(kind, False):
            return
        with _connect(self._engine) as engine:
            engine.sendall(line + b"\r\n" + _with_one_request(rest))
            copy = threading.Thread(target=_copy, args=(client, engine), daemon=True)
            copy.start()
            answer = _first_part(engine, makes)
            if makes:
                self._learn(answer, role)
            if self._observe(kind, True):
                return
            try:
                client.sendall(answer)
                _copy(engine, client)
            except OSError:
                return
            copy.join()

    def _kind(self, method: str, path: str, body: Optional[dict]) -> tuple[str, str]:
        """And the role of what the request makes."""
        path, _, query = path.partition("?")
        words = path.strip("/").split("/")
        role = ""
        if words[0] == "containers" and words[-1] == "json" and len(words) == 2:
            filters = json.loads(urllib.parse.parse_qs(query).get("filters", ["{}"])[0])
            path += " by " + ("volume" if "volume" in filters else "label")
        elif words[0] in ("containers", "volumes", "networks") and words[-1] == "create":
            role = ((body or {}).get("Labels") or {}).get(PREFIX + "type", "other")
            path += f" {role}"
        elif words[0] in ("containers", "exec") and len(words) > 1:
            role = self._roles.get(words[1], "other")
            path = "/".join(["", words[0], f"{{{role}}}", *words[2:]])
            if words[-1] == "exec":
                role += " " + _action((body or {}).get("Cmd") or [])
        elif words[0] in ("images", "volumes", "networks") and len(words) > 1 and words[1] != "get":
            path = f"/{words[0]}/{{name}}" + ("/json" if words[-1] == "json" else "")
        return f"{method} {path}", role

    def _learn(self, answer: bytes, role: str) -> None:
        made = re.search(rb'"Id":"([0-9a-f]+)"', answer)
        if made:
            self._roles[made.group(1).decode()] = role


def _action(command: list[str]) -> str:
    """The subcommand of runner-helper, else the program."""
    program = command[0].rsplit("/", 1)[-1] if command else ""
    return command[1] if program == "runner-helper" and len(command) > 1 else program


def _complete(client: socket.socket, rest: bytes) -> bytes:
    """With the whole body."""
    head, _, body = rest.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", b"\r\n" + head)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0:
        block = client.recv(missing)
        if not block:
            break
        rest += block
        missing -= len(block)
    return rest


def _first_part(engine: socket.socket, all_of_it: bool) -> bytes:
    answer = b""
    while block := engine.recv(65536):
        answer += block
        if not all_of_it:
            break
    return answer


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
