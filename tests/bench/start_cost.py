"""The time from the daemon's start until it is ready."""

from __future__ import annotations

import os
import socket
import subprocess
import time

from tests.bench.deployment import Deployment
from tests.bench.figures import Figure, median, spread
from tests.system.harness import BIN

RUNNERS = 50


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
    runners = [{"executor": "docker", "docker": {"image": "debian"}}] * RUNNERS
    with Deployment(runners, long_poll=0, check_interval=3, listen_address="127.0.0.1:0") as deployment:
        deployment.daemon.stop()
        starts, floors = [], []
        for _ in range(repeat):
            began = time.perf_counter()
            subprocess.run([str(BIN), "--version"], stdout=subprocess.DEVNULL, check=True)
            floors.append(time.perf_counter() - began)
            starts.append(_ready_seconds(deployment))
        over = (median(starts) - median(floors)) * 1000
        return [Figure(f"start to ready with {RUNNERS} runners, over --version", over, "ms", 100,
                       note=f"{spread([s * 1000 for s in starts])} ms")]
