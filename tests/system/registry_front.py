"""A server before a real registry: it counts the requests, asks for a login, and fails as it is told to."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RegistryFront:
    """Use as a context manager. It listens on 127.0.0.1, which engines ask without TLS.

    `seen` has every request as (method, path, status, Authorization). `failures` are answered to the next pulls of a
    manifest, one each, as (status, headers): an engine asks by HEAD and then, after a failure, by GET. While `login`
    is True, requests without Authorization get 401; while `refuses` is True, those for manifests with one, too.
    While `open` is not set, nobody gets a blob.
    """

    def __init__(self, address: str, port: int) -> None:
        self._upstream = (address, port)
        self._lock = threading.Lock()
        self.seen: list[tuple[str, str, int, str]] = []
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.login = False
        self.refuses = False
        self.open = threading.Event()
        self.open.set()

    def __enter__(self) -> "RegistryFront":
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                front.answer(self)

            do_HEAD = do_GET

            def log_message(self, *ignored: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()

    def requests(self, part: str) -> list[tuple[str, str, int, str]]:
        """Those whose path has `part`."""
        with self._lock:
            return [seen for seen in self.seen if part in seen[1]]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if "/blobs/" in handler.path:
            self.open.wait()
        status, headers, body = self._decide(handler)
        with self._lock:
            self.seen.append((handler.command, handler.path, status,
                              handler.headers.get("Authorization", "")))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def _decide(self, handler: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        authorization = handler.headers.get("Authorization", "")
        manifest = "/manifests/" in handler.path
        if self.login and (not authorization or (self.refuses and manifest)):
            return 401, {"WWW-Authenticate": 'Basic realm="test"', "Content-Length": "0"}, b""
        with self._lock:
            failure = self.failures[0] if manifest and self.failures else None
            if failure and handler.command == "GET":
                self.failures.pop(0)
        if failure:
            return failure[0], {"Content-Length": "0", **failure[1]}, b""
        return self._ask(handler)

    def _ask(self, handler: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(*self._upstream, timeout=60)
        upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():  # a name may be there several times
            if name.lower() not in ("authorization", "connection"):
                upstream.putheader(name, value)
        upstream.endheaders()
        reply = upstream.getresponse()
        body = reply.read()
        headers = {name: value for name, value in reply.getheaders()
                   if name.lower() not in ("connection", "transfer-encoding", "content-length")}
        headers["Content-Length"] = reply.getheader("Content-Length") or str(len(body))
        upstream.close()
        return reply.status, headers, body
