"""The Docker Engine API without a runner: the floors with which a job's time is compared."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import tempfile
import time
from typing import Any, Optional


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("engine")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Engine:
    """Keeps one connection; an exec's stream gets another one."""

    def __init__(self) -> None:
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not host.startswith("unix://"):
            raise RuntimeError(f"the floors need an engine on this machine, and DOCKER_HOST is {host}")
        self.socket = host.removeprefix("unix://")
        self._kept = UnixConnection(self.socket)

    def call(self, method: str, path: str, body: Optional[dict[str, Any]] = None) -> Any:
        payload = json.dumps(body) if body is not None else None
        self._kept.request(method, "/v1.41" + path, payload, {"Content-Type": "application/json"})
        answer = self._kept.getresponse()
        data = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {data.decode()}")
        return json.loads(data) if data.strip() else None

    def create(self, body: dict[str, Any]) -> str:
        return self.call("POST", "/containers/create", body)["Id"]

    def start(self, container: str) -> None:
        self.call("POST", f"/containers/{container}/start")

    def remove(self, container: str) -> None:
        self.call("DELETE", f"/containers/{container}?force=1&v=1")

    def first_byte_of_exec(self, container: str, command: list[str]) -> None:
        made = self.call("POST", f"/containers/{container}/exec",
                         {"Cmd": command, "AttachStdout": True, "AttachStderr": True})
        stream = UnixConnection(self.socket)
        stream.request("POST", f"/v1.41/exec/{made['Id']}/start",
                       json.dumps({"Detach": False, "Tty": False}),
                       {"Content-Type": "application/json"})
        answer = stream.getresponse()
        if not answer.read(1):
            raise RuntimeError(f"{command} said nothing")
        stream.close()

    def cpu_seconds(self, container: str) -> float:
        """The processor time that the container has used."""
        stats = self.call("GET", f"/containers/{container}/stats?stream=false&one-shot=true")
        return stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9

    def wait_gone(self, name_part: str, limit: float = 30) -> None:
        """Waits until no container has this in its name, so that the next measurement begins on an idle engine."""
        deadline = time.monotonic() + limit
        query = json.dumps({"name": [name_part]}).replace('"', "%22").replace(" ", "")
        while self.call("GET", f"/containers/json?all=1&filters={query}"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"containers named *{name_part}* are still there")
            time.sleep(0.01)  # the API has no event for this


def plain_floor(engine: Engine, image: str) -> float:
    """create + start + exec, until the exec's first byte arrives."""
    began = time.monotonic()
    container = engine.create({"Image": image, "Entrypoint": ["sleep"], "Cmd": ["60"]})
    try:
        engine.start(container)
        engine.first_byte_of_exec(container, ["echo", "here"])
        return time.monotonic() - began
    finally:
        engine.remove(container)


def dind_floor(engine: Engine, image: str) -> float:
    """create + start of the image as its author meant it, until the inner /_ping is answered.

    The inner socket lies in a directory of this machine, so that no exec is part of the floor.
    """
    directory = tempfile.mkdtemp(prefix="runner-bench-dind-")
    inner = f"{directory}/docker.sock"
    began = time.monotonic()
    container = engine.create({"Image": image, "Env": ["DOCKER_TLS_CERTDIR="],
                               "Cmd": ["dockerd", "--host=unix:///bench/docker.sock"],
                               "HostConfig": {"Privileged": True, "Binds": [f"{directory}:/bench"]}})
    try:
        engine.start(container)
        while not _pings(inner):
            if time.monotonic() - began > 60:
                raise RuntimeError("the inner engine does not answer")
            time.sleep(0.002)  # there is no event for the moment at which a socket begins to answer
        return time.monotonic() - began
    finally:
        engine.remove(container)
        shutil.rmtree(directory, ignore_errors=True)


def _pings(path: str) -> bool:
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
