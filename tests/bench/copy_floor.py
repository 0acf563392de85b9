"""python3 copy_floor.py BYTES DIRECTORY: CPU seconds of the log's way without any processing of its bytes.

The least that the daemon must do: read from a unix socket, append to a file (a third more, for the
timestamps), send that over TCP. Two other processes write and read; only the process between them is measured.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from typing import Callable

PIECE = 128 * 1024
PATCH = 1024 * 1024


def feed(size: int, target: socket.socket) -> None:
    block = bytes(PIECE)
    for _ in range(size // PIECE):
        target.sendall(block)


def drain(listener: socket.socket) -> None:
    source, _ = listener.accept()
    buffer = bytearray(PATCH)
    while source.recv_into(buffer):
        pass


def in_child(work: Callable[..., None], *arguments: object) -> None:
    if os.fork() == 0:
        work(*arguments)
        os._exit(0)


def carry(size: int, directory: str) -> float:
    source, feeding = socket.socketpair()
    listener = socket.create_server(("127.0.0.1", 0))
    in_child(feed, size, feeding)
    feeding.close()
    in_child(drain, listener)
    target = socket.create_connection(listener.getsockname())
    piece = bytearray(PIECE)
    framed = bytes(PIECE // 3)
    began = time.process_time()
    with tempfile.TemporaryFile(dir=directory, buffering=0) as spool:
        written = sent = 0
        while got := source.recv_into(piece):
            written += os.writev(spool.fileno(), [memoryview(piece)[:got], framed[:got // 3]])
            while written - sent >= PATCH:
                sent += os.sendfile(target.fileno(), spool.fileno(), sent, PATCH)
    spent = time.process_time() - began
    target.close()
    for _ in range(2):
        os.wait()
    return spent


if __name__ == "__main__":
    print(carry(int(sys.argv[1]), sys.argv[2]))
