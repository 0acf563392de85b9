"""HTTP/1.1 over real sockets: one thread per connection, keep-alive, Expect, chunked bodies.

The layer above gets a `Request` and returns a `Response`. This layer owns the socket, so it also carries out
the faults of an answer (reset, stall, truncation, slow sending).
"""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Callable, Optional

SPOOL_LIMIT = 8 * 1024 * 1024
COPY_BLOCK = 256 * 1024


class BadRequest(Exception):
    """The request cannot be read as HTTP; the connection is closed after a 400."""


@dataclass
class Request:
    """One request, its body already received, in a seekable file. `path` is still percent-encoded."""

    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: BinaryIO
    body_size: int
    peer: tuple
    tls_peer: Optional[dict] = None
    started: float = field(default_factory=time.monotonic)

    def header(self, name: str) -> Optional[str]:
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    def read(self) -> bytes:
        self.body.seek(0)
        return self.body.read()

    def content_type(self) -> str:
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()


@dataclass
class Damage:
    """A fault of the answer on the wire. `kind`: reset, drop, stall, truncate, slow, garbage."""

    kind: str
    seconds: float = 0.0
    size: int = 0


@dataclass
class Response:
    """An answer. `body` is bytes or a binary file to be copied out and closed."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""
    reason: Optional[str] = None
    damage: Optional[Damage] = None
    close: bool = False

    @staticmethod
    def json(status: int, value: Any, headers: Optional[dict[str, str]] = None) -> "Response":
        merged = {"Content-Type": "application/json"}
        merged.update(headers or {})
        return Response(status, merged, json.dumps(value).encode())

    @staticmethod
    def text(status: int, text: str, headers: Optional[dict[str, str]] = None) -> "Response":
        merged = {"Content-Type": "text/plain"}
        merged.update(headers or {})
        return Response(status, merged, text.encode())


def reset(sock: socket.socket) -> None:
    """Ends the connection with RST, as a crashed peer or a firewall would."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # detach(), because close() waits for the files that were made from this socket.
    os.close(sock.detach())


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    rbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def setup(self) -> None:
        # The handshake belongs to this thread: a client that stalls in it must not stop accept().
        if self.server.tls is not None:
            self.request.settimeout(30)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self.request.settimeout(None)
        self.server.track(self.request, True)
        super().setup()

    def finish(self) -> None:
        self.server.track(self.request, False)
        try:
            super().finish()
        except (OSError, ValueError):
            pass
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ValueError, ssl.SSLError):
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        request = self._receive()
        if request is None:
            return
        try:
            response = self.server.dispatch(request)
        finally:
            request.body.close()
        self._send(request, response)

    def _receive(self) -> Optional[Request]:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        peer_cert = None
        if isinstance(self.connection, ssl.SSLSocket):
            peer_cert = self.connection.getpeercert() or None
        try:
            body, size = self._body()
        except BadRequest as error:
            self.close_connection = True
            self._send(None, Response.json(400, {"message": f"400 Bad request - {error}"}))
            return None
        return Request(self.command, url.path, query,
                       list(self.headers.items()), body, size, self.client_address, peer_cert)

    def _body(self) -> tuple[BinaryIO, int]:
        encoding = (self.headers.get("Transfer-Encoding") or "").lower()
        length = self.headers.get("Content-Length")
        if encoding and length is not None:
            raise BadRequest("both Content-Length and Transfer-Encoding")
        if encoding:
            if encoding != "chunked":
                raise BadRequest(f"transfer encoding {encoding}")
            return self._chunked_body()
        if length is None:
            return io.BytesIO(), 0
        if not re.fullmatch(r"\d+", length.strip()):
            raise BadRequest("Content-Length is not a number")
        return self._sized_body(int(length))

    def _sized_body(self, size: int) -> tuple[BinaryIO, int]:
        out: BinaryIO = io.BytesIO() if size <= SPOOL_LIMIT else tempfile.TemporaryFile()
        left = size
        while left > 0:
            block = self.rfile.read(min(left, COPY_BLOCK))
            if not block:
                raise OSError("peer closed in the middle of a body")
            out.write(block)
            left -= len(block)
        out.seek(0)
        return out, size

    def _chunked_body(self) -> tuple[BinaryIO, int]:
        out = tempfile.SpooledTemporaryFile(max_size=SPOOL_LIMIT)
        total = 0
        while True:
            line = self.rfile.readline(1024)
            if not line.endswith(b"\n"):
                raise OSError("peer closed in the middle of a chunk")
            try:
                size = int(line.split(b";")[0].strip(), 16)
            except ValueError:
                raise BadRequest("bad chunk size") from None
            if size == 0:
                break
            left = size
            while left > 0:
                block = self.rfile.read(min(left, COPY_BLOCK))
                if not block:
                    raise OSError("peer closed in the middle of a chunk")
                out.write(block)
                left -= len(block)
            total += size
            if self.rfile.read(2) != b"\r\n":
                raise BadRequest("chunk without its end")
        while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
            pass
        out.seek(0)
        return out, total  # type: ignore[return-value]

    def _send(self, request: Optional[Request], response: Response) -> None:
        damage = response.damage
        if damage is not None and damage.kind in ("stall", "slow") and damage.seconds:
            self.server.pause_for(damage.seconds)
        if damage is not None and damage.kind == "reset":
            self.close_connection = True
            reset(self.connection)
            return
        if damage is not None and damage.kind in ("drop", "stall"):
            self.close_connection = True
            return
        if damage is not None and damage.kind == "garbage":
            self.close_connection = True
            self.connection.sendall(b"\x00\x01 this is not HTTP\r\n\r\n")
            return
        self._write(request, response, damage)

    def _write(self, request: Optional[Request], response: Response,
               damage: Optional[Damage]) -> None:
        body = response.body
        size = len(body) if isinstance(body, bytes) else _file_size(body)
        bodyless = response.status in (204, 304) or response.status < 200
        head = [f"HTTP/1.1 {response.status} {response.reason or _reason(response.status)}"]
        head += [f"{key}: {value}" for key, value in response.headers.items()]
        names = {key.lower() for key in response.headers}
        if not bodyless and "content-length" not in names:
            head.append(f"Content-Length: {size}")
        if "date" not in names:
            head.append("Date: " + self.date_time_string())
        head.append("Server: nginx")
        if response.close:
            head.append("Connection: close")
            self.close_connection = True
        raw = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        if bodyless or (request is not None and request.method == "HEAD"):
            body = b""
        if damage is not None and damage.kind == "truncate":
            data = body if isinstance(body, bytes) else body.read()
            self.close_connection = True
            self.connection.sendall(raw + data[:damage.size])
            return
        if damage is not None and damage.kind == "slow" and damage.size:
            data = raw + (body if isinstance(body, bytes) else body.read())
            for start in range(0, len(data), damage.size):
                self.connection.sendall(data[start:start + damage.size])
                self.server.pause_for(0.05)
            return
        if isinstance(body, bytes):
            self.connection.sendall(raw + body)
            return
        self.connection.sendall(raw)
        with body:
            while block := body.read(COPY_BLOCK):
                self.connection.sendall(block)


def _file_size(file: BinaryIO) -> int:
    here = file.tell()
    size = file.seek(0, io.SEEK_END) - here
    file.seek(here)
    return size


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens and hands every request to `dispatch`, which runs in the connection's thread."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], dispatch: Callable[[Request], Response],
                 tls: Optional[ssl.SSLContext] = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.dispatch = dispatch
        self.tls = tls
        self.refused = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        super().__init__(address, _Handler)

    def track(self, connection: socket.socket, alive: bool) -> None:
        with self._lock:
            if alive:
                self._connections.add(connection)
            else:
                self._connections.discard(connection)

    def connection_count(self) -> int:
        with self._lock:
            return len(self._connections)

    def pause_for(self, seconds: float) -> None:
        """A delay that ends at once when the server is closed."""
        self._closing.wait(seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Failed TLS handshakes and peers that vanish come here: tests cause both on purpose.
        self.refused += 1

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True,
                         name="gitlab-accept").start()

    def stop(self) -> None:
        """Closes the listener and every connection with RST, as a killed server."""
        self._closing.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
