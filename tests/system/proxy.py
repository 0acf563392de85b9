"""A forward HTTP proxy that records absolute-form requests and CONNECT tunnels."""

from __future__ import annotations

import socket
import threading
import urllib.parse


def _connect(host: str, port: int) -> socket.socket:
    """Resolves names below .invalid, which nothing else does: a request for one can only come through this proxy."""
    return socket.create_connection(("127.0.0.1" if host.endswith(".invalid") else host, port))


class Proxy:
    """Use as a context manager. `seen` has the request lines."""

    def __enter__(self) -> "Proxy":
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            block = client.recv(65536)
            if not block:
                client.close()
                return
            head += block
        line, rest = head.split(b"\r\n", 1)
        method, target, version = line.decode().split(" ")
        self.seen.append(f"{method} {target}")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            upstream = _connect(host.strip("[]"), int(port))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            url = urllib.parse.urlsplit(target)
            upstream = _connect(url.hostname or "", url.port or 80)
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            # One request per connection keeps this proxy simple: it need not parse bodies.
            kept = [h for h in rest.split(b"\r\n") if not h.lower().startswith(b"connection:")]
            upstream.sendall(f"{method} {path} {version}\r\nConnection: close\r\n".encode()
                             + b"\r\n".join(kept))
        threading.Thread(target=_copy, args=(client, upstream), daemon=True).start()
        _copy(upstream, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
