"""The status endpoint with many runners, and the time that they take at the start."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time

from tests.bench.deployment import Deployment
from tests.bench.figures import Figure, median, spread
from tests.system.harness import BIN
from tests.system.test_status import free_port

RUNNERS_SCRAPED = 100
RUNNERS_STARTED = 50


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
    began = time.perf_counter()
    connection.request("GET", path)
    body = connection.getresponse().read()
    return time.perf_counter() - began, body


def metrics(repeat: int) -> list[Figure]:
    """A scrape with the series of every runner; the floor is the same request for a page of one word."""
    port = free_port()
    with Deployment({"executor": "shell"}, entries=RUNNERS_SCRAPED, long_poll=0, check_interval=1,
                    listen_address=f"127.0.0.1:{port}") as deployment:
        deployment.gitlab.wait(lambda: len(deployment.gitlab.requests("request")) > RUNNERS_SCRAPED, 60,
                               "a request of each runner")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        scrapes, floors = [], []
        for _ in range(repeat * 5):
            floors.append(_get(connection, "/health/live")[0])
            took, body = _get(connection, "/metrics")
            scrapes.append(took)
        connection.close()
        over = (median(scrapes) - median(floors)) * 1000
        return [Figure(f"/metrics with {RUNNERS_SCRAPED} runners, over /health/live", over, "ms", 10,
                       note=f"{len(body) // 1024} KiB, {spread([s * 1000 for s in scrapes])} ms")]


def _ready_seconds(deployment: Deployment) -> float:
    """From the start of a process until it says READY=1 to its service manager."""
    path = str(deployment.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        began = time.perf_counter()
        process = subprocess.Popen(deployment.command, env={**deployment.environment, "NOTIFY_SOCKET": path},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            return time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(30)
            os.unlink(path)


def start(repeat: int) -> list[Figure]:
    """The floor is the same program that only prints its version."""
    with Deployment({"executor": "docker", "docker": {"image": "debian"}}, entries=RUNNERS_STARTED,
                    long_poll=0, check_interval=3, listen_address="127.0.0.1:0") as deployment:
        deployment.daemon.stop()
        starts, floors = [], []
        for _ in range(repeat):
            began = time.perf_counter()
            subprocess.run([str(BIN), "--version"], stdout=subprocess.DEVNULL, check=True)
            floors.append(time.perf_counter() - began)
            starts.append(_ready_seconds(deployment))
        over = (median(starts) - median(floors)) * 1000
        return [Figure(f"start to ready with {RUNNERS_STARTED} runners, over --version", over, "ms", 100,
                       note=f"{spread([s * 1000 for s in starts])} ms")]


def status(repeat: int) -> list[Figure]:
    return metrics(repeat) + start(repeat)
