"""Jobs in environments that were ready, beside the same jobs without: from the payload to the script."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from typing import Any

from tests.bench.deployment import Deployment, printed_time
from tests.bench.docker_jobs import FIRST, docker_runner
from tests.bench.engine import Engine
from tests.bench.figures import Figure, median, spread
from tests.system.docker_harness import bridge_address, docker


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


class WarmDeployment(Deployment):
    """One whose daemon makes environments ahead."""

    def warm(self) -> dict[str, Any]:
        assert self.daemon is not None
        port = re.search(r'"?port"?[=:]\s*"?(\d+)', self.daemon.log)
        if port is None:
            raise RuntimeError("the daemon does not say where it listens")
        with urllib.request.urlopen(f"http://127.0.0.1:{port.group(1)}/status.json") as answer:
            return json.load(answer)["warm"]

    def wait_ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while not (waiting := self.warm()["environments"]):
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing became ready:\n{self.daemon.log[-2000:] if self.daemon else ''}")
            time.sleep(0.05)
        return waiting[0]


def _seconds(deployment: Deployment, script: list[str], repeat: int, between: Any) -> list[float]:
    seconds = []
    for _ in range(repeat):
        between()
        job = deployment.run(script)
        seconds.append(printed_time(job, "first") - job.picked)
    return seconds


def _cpu_seconds(container: str) -> float:
    # The second file is that of cgroup v1.
    text = docker("exec", container, "sh", "-c", "cat /sys/fs/cgroup/cpu.stat 2>/dev/null || "
                  "sed 's/^/usage_nsec /' /sys/fs/cgroup/cpuacct/cpuacct.usage")
    found = re.search(r"usage_(usec|nsec) (\d+)", text)
    if found is None:
        raise RuntimeError(f"the container's processor time is not known: {text}")
    return int(found.group(2)) / (1e6 if found.group(1) == "usec" else 1e9)


def _waiting_share(container: str, seconds: float = 10) -> float:
    """Processors in use, without what the question itself costs."""
    _cpu_seconds(container)  # the first exec costs more
    first = _cpu_seconds(container)
    second, began = _cpu_seconds(container), time.monotonic()
    time.sleep(seconds)
    used = _cpu_seconds(container) - second - (second - first)
    return max(used, 0.0) / (time.monotonic() - began)


def _figures(what: str, image_name: str, script: list[str], repeat: int, limits: tuple[float, float],
             **options: Any) -> list[Figure]:
    engine = Engine()
    cold_runs = max(3, repeat // 10)
    with Deployment(docker_runner(image_name, **options), host=bridge_address()) as deployment:
        deployment.run(script)
        cold = _seconds(deployment, script, cold_runs, lambda: engine.wait_gone(deployment.short))
    runner = docker_runner(image_name, warm="auto", **options)
    with WarmDeployment(runner, host=bridge_address(), listen_address="127.0.0.1:0") as deployment:
        deployment.run(script)
        warm = _seconds(deployment, script, repeat, deployment.wait_ready)
        waiting = deployment.wait_ready()
        used = _waiting_share(waiting["container"])
        counts = deployment.warm()["counts"][0]
    if counts["hits"] < repeat:
        raise RuntimeError(f"not every job found an environment: {counts}")
    milliseconds = [1000 * value for value in warm]
    return [
        Figure(f"{what}, warm: payload → script's first byte, p50", median(milliseconds), "ms", limits[0],
               note=f"cold {1000 * median(cold):.0f} ms ({cold_runs} runs); {spread(milliseconds)}"),
        Figure(f"{what}, warm: the same, p99", _percentile(milliseconds, 0.99), "ms", limits[1]),
        Figure(f"{what}: memory of a waiting environment", waiting["memory_bytes"] / 2**20, "MiB"),
        Figure(f"{what}: processor of a waiting environment", 100 * used, "% of a core", 0.1),
    ]


def plain(repeat: int) -> list[Figure]:
    return _figures("plain image", "debian", FIRST, repeat, (60, 120))


def dind(repeat: int) -> list[Figure]:
    script = [*FIRST, "docker version --format 'inner {{.Server.Version}}'"]
    return _figures("dind image", "dind", script, repeat, (60, 120), privileged=True)
