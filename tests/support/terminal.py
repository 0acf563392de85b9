"""A client of a job's session, as GitLab's workhorse is one: TLS with the announced certificate, WebSocket, HTTP."""

from __future__ import annotations

import base64
import os
import re
import socket
import ssl
import struct
from typing import Any, Optional
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMIT = 30.0


class Refused(Exception):
    """The answer to a handshake was not 101."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def connect(session: dict[str, str]) -> ssl.SSLSocket:
    """`session`: what the runner has announced."""
    address = urlsplit(session["url"])
    context = ssl.create_default_context(cadata=session["certificate"])
    raw = socket.create_connection((address.hostname, address.port), timeout=LIMIT)
    return context.wrap_socket(raw, server_hostname=address.hostname)


def request(session: dict[str, str], path: str, headers: Optional[dict[str, str]] = None,
            token: Optional[str] = None, body: bytes = b"", method: str = "GET") -> tuple[int, bytes]:
    """A plain request below the session's address: status and body."""
    with connect(session) as stream:
        stream.sendall(_head(session, path, token, {"Connection": "close", "Content-Length": str(len(body)),
                                                    **(headers or {})}, method) + body)
        answer = b""
        while block := stream.recv(65536):
            answer += block
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), content


def _head(session: dict[str, str], path: str, token: Optional[str], headers: dict[str, str],
          method: str = "GET") -> bytes:
    address = urlsplit(session["url"])
    lines = [f"{method} {address.path}{path} HTTP/1.1", f"Host: {address.netloc}",
             f"Authorization: {session['authorization'] if token is None else token}",
             *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Terminal:
    """A WebSocket to `path`; `text` is all output so far. Raises Refused."""

    def __init__(self, session: dict[str, str], path: str = "/exec", token: Optional[str] = None,
                 protocol: str = "terminal.gitlab.com") -> None:
        self.base64 = protocol.startswith("base64.")
        self.text, self.closed, self._unread = "", None, b""  # type: str, Optional[tuple[int, str]], bytes
        self.stream = connect(session)
        self.stream.sendall(_head(session, path, token, {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": protocol}))
        while b"\r\n\r\n" not in self._unread:
            self._fill()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if status != 101:
            length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))  # type: ignore[union-attr]
            while len(self._unread) < length:
                self._fill()
            self.stream.close()
            raise Refused(status, self._unread.decode())
        self.protocol = re.search(rb"(?i)sec-websocket-protocol: (\S+)", head)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *ignored: Any) -> None:
        self.stream.close()

    def _fill(self) -> None:
        block = self.stream.recv(65536)
        if not block:
            raise EOFError(f"the connection ended: {self.text}")
        self._unread += block

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._fill()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _send_frame(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.stream.sendall(bytes([0x80 | kind]) + size + mask + masked)

    def type(self, text: str) -> None:
        payload = text.encode()
        self._send_frame(TEXT if self.base64 else BINARY, base64.b64encode(payload) if self.base64 else payload)

    def read(self) -> bool:
        """One message; False when the server has closed: `closed` has the code and the reason."""
        first, second = self._take(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self._take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self._take(8))[0]
        payload, kind = self._take(length), first & 0x0F
        if kind == CLOSE:
            self.closed = (struct.unpack(">H", payload[:2])[0], payload[2:].decode())
            return False
        if kind == PING:
            self._send_frame(PONG, payload)
        elif kind in (TEXT, BINARY):
            self.text += (base64.b64decode(payload) if kind == TEXT else payload).decode("utf-8", "replace")
        return True

    def wait(self, pattern: str) -> "re.Match[str]":
        while not (match := re.search(pattern, self.text)):
            if not self.read():
                raise AssertionError(f"{pattern!r} did not come before the end {self.closed}: {self.text}")
        return match

    def wait_closed(self) -> tuple[int, str]:
        while self.read():
            pass
        assert self.closed is not None
        return self.closed
