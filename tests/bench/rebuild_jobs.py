"""A build of both platforms that a former job has made already, beside the same build on a builder that still runs."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

from tests.bench.cold_builder import kind
from tests.bench.deployment import Deployment, printed_time
from tests.bench.docker_jobs import docker_runner
from tests.bench.engine import Engine
from tests.bench.figures import Figure, median, spread
from tests.bench.warm_jobs import WarmDeployment
from tests.support.gitlab import Job
from tests.system.docker_harness import ENGINE_PATH, Registry, bridge_address, docker, image

FOLDERS, FILES, SIZE = 100, 40, 12_000
CHANGED = "part-7/file-7"
# The first stage runs once, on the machine's own platform, as cross compilers do.
DOCKERFILE = """FROM --platform=$BUILDPLATFORM {base} AS made
COPY . /source
RUN ["busybox", "sh", "-c", "cat /source/part-7/* | busybox sha256sum > /digest"]
FROM {base}
COPY --from=made /digest /digest
COPY . /source
"""


def make_tree(directory: Path, base: str) -> None:
    numbers = random.Random(7)
    for folder in range(FOLDERS):
        (directory / f"part-{folder}").mkdir(parents=True)
        for file in range(FILES):
            (directory / f"part-{folder}/file-{file}").write_bytes(numbers.randbytes(SIZE))
    (directory / "Dockerfile").write_text(DOCKERFILE.format(base=base))
    (directory / ".dockerignore").write_text(".git\n")


def build_words(name: str) -> list[str]:
    return ["docker", "buildx", "build", "--progress", "plain", "--platform", "linux/amd64,linux/arm64",
            "-t", name, "--push", "."]


class LocalBuilder:
    """A builder on this machine's engine that stays, with a tree of its own. Use as a context manager."""

    def __init__(self, directory: Path, tree: Path, registry: Registry) -> None:
        self.name = f"runner-bench-{os.getpid()}"
        self.directory = directory
        self.tree = directory / "tree"
        shutil.copytree(tree, self.tree)
        self.host = f"{registry.address}:{registry.port}"
        self.environment = {**os.environ, "PATH": f"{ENGINE_PATH}:{os.environ['PATH']}",
                            "DOCKER_CONFIG": str(directory / "client")}

    def __enter__(self) -> "LocalBuilder":
        config = self.directory / "buildkitd.toml"
        config.write_text(f'[registry."{self.host}"]\n  http = true\n')
        self._run(["docker", "buildx", "create", "--name", self.name, "--driver", "docker-container",
                   "--driver-opt", "network=host", "--driver-opt", f"image={image('buildkit')}",
                   "--config", str(config), "--use", "--bootstrap"])
        return self

    def __exit__(self, *ignored: Any) -> None:
        self._run(["docker", "buildx", "rm", "-f", self.name])

    def build(self, tag: str) -> float:
        began = time.monotonic()
        self._run(build_words(f"{self.host}/local/{tag}"))
        return time.monotonic() - began

    def _run(self, words: list[str]) -> None:
        done = subprocess.run(words, capture_output=True, text=True, cwd=self.tree, env=self.environment,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}:\n{done.stderr[-3000:]}")


def took(job: Job) -> float:
    return printed_time(job, "build_end") - printed_time(job, "build_begin")


def check(job: Job, most_bytes: float) -> None:
    """A figure counts only when the builder had the files and the steps of the former job."""
    if "\nInner engine: warm" not in job.text:
        raise RuntimeError(f"the engine was not warm:\n{job.text[-3000:]}")
    found = re.findall(r"transferring context: ([\d.]+)(k|M|G)?B", job.text)
    sent = max((float(number) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[unit] for number, unit in found), default=0)
    if sent > most_bytes:
        raise RuntimeError(f"the builder was sent {sent / 1e6:.1f} MB:\n{job.text[-3000:]}")


def script(name: str, change: bool) -> list[str]:
    changing = [f"echo $CI_JOB_ID > {CHANGED}"] if change else []
    return [*changing, 'echo "build_begin=$(date +%s.%N)"', " ".join(build_words(name)),
            'echo "build_end=$(date +%s.%N)"']


def ratio(what: str, jobs: list[float], local: list[float], limit: float | None) -> Figure:
    return Figure(f"build of both platforms in a later job, {what}: times the same on a builder that runs",
                  median(jobs) / median(local), "", limit,
                  note=f"{median(jobs):.2f} s / {median(local):.2f} s; {kind()}, {FOLDERS * FILES} files, "
                       f"{FOLDERS * FILES * SIZE / 1e6:.0f} MB; {spread(jobs)}")


class Builds:
    """The jobs of one deployment and the builds beside them, in turn. `ready`: called before each job."""

    def __init__(self, deployment: Deployment, host: str, tree: Path, local: LocalBuilder,
                 ready: Callable[[], Any]) -> None:
        self.deployment, self.host, self.local, self.ready = deployment, host, local, ready
        self.project = deployment.gitlab.add_project("bench/rebuild", str(tree))

    def job(self, change: bool) -> Job:
        return self.deployment.run(script(f"{self.host}/job/app:1", change), timeout=240, project=self.project,
                                   variables={"GIT_STRATEGY": "fetch", "GIT_DEPTH": "1"})

    def figure(self, what: str, change: bool, limit: float | None, repeat: int) -> Figure:
        jobs, locals_ = [], []
        for number in range(repeat + 1):
            if change:
                (self.local.tree / CHANGED).write_text(f"{number}\n")
            self.ready()
            seconds, job = self.local.build("app:1"), self.job(change)
            check(job, 1e6)
            if number == 0:
                continue  # a file that was changed is not the former one
            locals_.append(seconds)
            jobs.append(took(job))
        return ratio(what, jobs, locals_, limit)


def _runner(host: str, **docker_options: Any) -> dict[str, Any]:
    runner = docker_runner("dind", privileged=True, **docker_options)
    runner["dind"] = {"builder_image": image("buildkit"), "persist": "project"}
    runner["registry"] = [{"host": host, "http": True}]
    return runner


def rebuild(repeat: int, port: int = 5118) -> list[Figure]:
    engine = Engine()
    with tempfile.TemporaryDirectory(prefix="runner-bench-rebuild-") as name:
        directory = Path(name)
        with Registry(str(directory / "registry"), port) as registry:
            registry.push_base()
            host = f"{registry.address}:{registry.port}"
            tree = directory / "source"
            make_tree(tree, f"{host}/base/busybox:latest")
            with LocalBuilder(directory, tree, registry) as local:
                with WarmDeployment(_runner(host, warm="auto"), host=bridge_address(),
                                    listen_address="127.0.0.1:0") as deployment:
                    builds = Builds(deployment, host, tree, local, deployment.wait_ready)
                    first, local_first = took(builds.job(False)), local.build("app:1")
                    figures = [builds.figure("nothing changed", False, 1.2, repeat),
                               builds.figure("one file changed", True, 1.3, repeat)]
                with Deployment(_runner(host), host=bridge_address()) as deployment:
                    builds = Builds(deployment, host, tree, local, lambda: engine.wait_gone(deployment.short))
                    builds.job(False)
                    figures.append(builds.figure("nothing changed, no environment waits", False, None, repeat))
    return [*figures,
            Figure("the same in the first job of a slot", first, "s", note=f"a new builder here: {local_first:.1f} s")]
