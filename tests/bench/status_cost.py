"""What the status endpoint costs: answers under load, and what the load does to the log of a job."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from typing import Any, Callable

from tests.bench.deployment import Deployment
from tests.bench.figures import Figure, median, spread

JOBS = 20
RATE = 200
RUNNERS = 100
LINES = 50


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Reader:
    """One keep-alive connection to the endpoint."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return body

    def times(self, path: str, count: int, rate: float) -> list[float]:
        """Milliseconds of each answer, from the moment at which its request was due."""
        begun = time.monotonic()
        taken = []
        for number in range(count):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            self.get(path)
            taken.append((time.monotonic() - due) * 1000)
        return taken


def _load(port: int, seconds: float) -> Callable[[], list[float]]:
    """A process of its own that asks for /status.json. Returns what waits for its times."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w", encoding="ascii") as out:
            json.dump(Reader(port).times("/status.json", int(seconds * RATE), RATE), out)
        os._exit(0)
    os.close(write)

    def wait() -> list[float]:
        with os.fdopen(read, encoding="ascii") as text:
            times = json.load(text)
        os.waitpid(child, 0)
        return times
    return wait


class Follower:
    """Reads a job's log, and tells how long a line takes from the script to here."""

    def __init__(self, port: int, job: int, gate: int) -> None:
        self.gate = gate
        self.number = 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", f"/jobs/{job}/log")
        self.answer = self.connection.getresponse()
        self._until(b"begun")

    def _until(self, wanted: bytes) -> None:
        while wanted not in self.answer.readline():
            pass

    def times(self, count: int) -> list[float]:
        taken = []
        for _ in range(count):
            self.number += 1
            begun = time.monotonic()
            os.write(self.gate, b"%d\n" % self.number)
            self._until(b"got %d\\n" % self.number)
            taken.append((time.monotonic() - begun) * 1000)
        return taken


def status() -> list[Figure]:
    return [*under_load(), metrics()]


def under_load() -> list[Figure]:
    port = free_port()
    with Deployment({"executor": "shell"}, concurrent=JOBS, check_interval=1,
                    listen_address=f"127.0.0.1:{port}") as deployment:
        gates, jobs = [], []
        for number in range(JOBS):
            path = deployment.directory / f"gate{number}"
            os.mkfifo(path)
            gates.append(os.open(path, os.O_RDWR))
            script = f"echo begun; while read line < {path} && [ $line != end ]; do echo got $line; done"
            jobs.append(deployment.gitlab.add_job([script]))
        for job in jobs:
            deployment.gitlab.wait_trace(job, "begun\n", 120)
        follower = Follower(port, jobs[0].id, gates[0])
        follower.times(5)
        alone = follower.times(LINES)
        wait = _load(port, 5)
        under = follower.times(LINES)
        answers = sorted(wait())
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(1000)]
        beside = follower.times(LINES)
        floor = sorted(Reader(port).times("/health/live", 2 * RATE, RATE))
        for peer in idle:
            peer.close()
        for gate, job in zip(gates, jobs):
            os.write(gate, b"end\n")
            deployment.checked(deployment.gitlab.wait_finished(job, 120))
            os.close(gate)
    p99 = answers[int(len(answers) * 0.99)]
    return [
        Figure(f"status: /status.json, {JOBS} jobs, {RATE} requests/s, 99 of 100 within", p99, "ms", 20,
               note=f"median {median(answers):.2f} ms; /health/live 99 of 100 within "
                    f"{floor[int(len(floor) * 0.99)]:.2f} ms"),
        Figure("status: line of a job's log → reader, more under that load", median(under) - median(alone),
               "ms", 5, note=f"alone {median(alone):.2f} ms ({spread(alone)})"),
        Figure("status: the same, more with 1,000 idle connections", median(beside) - median(alone), "ms", 5),
    ]


def metrics() -> Figure:
    port = free_port()
    entries: list[dict[str, Any]] = [{"name": f"runner-{number}", "executor": "shell"} for number in range(RUNNERS)]
    with Deployment(entries, listen_address=f"127.0.0.1:{port}") as deployment:
        deployment.gitlab.wait_exchange("request", 1)
        reader = Reader(port)
        size = len(reader.get("/metrics"))
        times = reader.times("/metrics", 100, 50)
    return Figure(f"status: /metrics with {RUNNERS} runners", median(times), "ms", 10,
                  note=f"{size / 1024:.0f} KiB, {spread(times)}")
