"""Jobs in environments that were ready, beside the same jobs without: from the payload to the script."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from typing import Any, Callable

from tests.bench.deployment import Deployment, printed_time
from tests.bench.docker_jobs import FIRST, docker_runner
from tests.bench.engine import Engine
from tests.bench.figures import Figure, median, spread
from tests.system.docker_harness import bridge_address, docker, image


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


def _milliseconds(deployment: Deployment, script: list[str], repeat: int, between: Any, *marks: str,
                  variables: Callable[[int], dict[str, str]] = lambda number: {}) -> list[list[float]]:
    """From the payload to the times that the script prints, for each mark those of all jobs. `variables`: those of the
    n-th job."""
    jobs = []
    for number in range(repeat):
        between()
        job = deployment.run(script, variables=variables(number))
        jobs.append([1000 * (printed_time(job, mark) - job.picked) for mark in marks])
    return [list(times) for times in zip(*jobs)]


def _waiting_share(engine: Engine, container: str, seconds: float = 10) -> float:
    """Processors in use. The engine is asked: a question inside of the container would be its own work."""
    first, began = engine.cpu_seconds(container), time.monotonic()
    time.sleep(seconds)
    return (engine.cpu_seconds(container) - first) / (time.monotonic() - began)


def _exec_floor(engine: Engine, image_name: str, repeat: int) -> float:
    """The least by which an engine starts a program in a container that waits: an exec after a second without work,
    which is about what lies between the jobs. Milliseconds."""
    container = engine.create({"Image": image(image_name), "Entrypoint": ["sleep"], "Cmd": ["600"]})
    times = []
    try:
        engine.start(container)
        for _ in range(repeat):
            time.sleep(1)
            began = time.monotonic()
            engine.first_byte_of_exec(container, ["echo", "here"])
            times.append(1000 * (time.monotonic() - began))
    finally:
        engine.remove(container)
    return median(times)


def _unfit(deployment: WarmDeployment, repeat: int) -> list[float]:
    """The first bytes of jobs that the waiting environment does not suit: the engine reads the variable, which is
    another one in each job."""
    times, = _milliseconds(deployment, FIRST, repeat, deployment.wait_ready, "first",
                           variables=lambda number: {"DOCKER_BENCH": str(number)})
    if (seen := deployment.warm()["counts"][0]["misses"].get("different", 0)) < repeat:
        raise RuntimeError(f"only {seen} of {repeat} jobs had no use for the environment")
    return times


def _figures(what: str, image_name: str, script: list[str], repeat: int,
             dind: dict[str, Any] | None = None, **options: Any) -> list[Figure]:
    engine = Engine()
    cold_runs = max(3, repeat // 10)
    runner = {**docker_runner(image_name, **options), "dind": dind or {}}
    with Deployment(runner, host=bridge_address()) as deployment:
        deployment.run(FIRST)
        cold, = _milliseconds(deployment, FIRST, cold_runs, lambda: engine.wait_gone(deployment.short), "first")
    runner["docker"]["warm"] = "auto"
    with WarmDeployment(runner, host=bridge_address(), listen_address="127.0.0.1:0") as deployment:
        # The first job of a slot may have no builder until it asks for one.
        deployment.run(["docker buildx inspect --bootstrap"] if dind else FIRST)
        first, *usable = _milliseconds(deployment, script, repeat, deployment.wait_ready, "first",
                                       *(["builder"] if dind else []))
        waiting = deployment.wait_ready()
        used = _waiting_share(engine, waiting["container"])
        counts = deployment.warm()["counts"][0]
        late = _unfit(deployment, cold_runs) if dind else []
    if counts["hits"] < repeat:
        raise RuntimeError(f"not every job found an environment: {counts}")
    floor = _exec_floor(engine, image_name, max(5, repeat // 5))
    builder = [Figure(f"{what}, warm: payload → its builder's socket is there, p50", median(times), "ms", 100,
                      note=spread(times)) for times in usable]
    unfit = [Figure(f"{what}: a job to which the waiting environment has to give way, over a cold start",
                    median(late) - median(cold), "ms", 100, note=spread(late))] if late else []
    return [
        Figure(f"{what}, warm: payload → script's first byte, p50", median(first), "ms", 60,
               note=f"{spread(first)}; cold {median(cold):.0f} ms; a bare exec in a container that waits {floor:.0f} ms"),
        Figure(f"{what}, warm: the same, p99", _percentile(first, 0.99), "ms", 120),
        *builder,
        *unfit,
        Figure(f"{what}: memory of a waiting environment", waiting["memory_bytes"] / 2**20, "MiB"),
        Figure(f"{what}: processor of a waiting environment", 100 * used, "% of a core", 0.1),
    ]


def plain(repeat: int) -> list[Figure]:
    return _figures("plain image", "debian", FIRST, repeat)


def dind(repeat: int) -> list[Figure]:
    # The last command shows that the builder really works.
    script = [*FIRST, "until test -S /proc/$(pgrep -o buildkitd)/root/run/buildkit/buildkitd.sock; do sleep 0.01; done",
              'echo "builder=$(date +%s.%N)"', "docker version --format 'inner {{.Server.Version}}'",
              "docker buildx inspect --bootstrap"]
    return _figures("dind image", "dind", script, repeat, dind={"builder_image": image("buildkit")}, privileged=True)
