"""Many dind jobs of many projects, four at once: jobs per minute, memory, disk, and what is left on the engine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from tests.bench.deployment import Deployment
from tests.bench.docker_jobs import docker_runner
from tests.bench.figures import Figure
from tests.bench.peer_files import official_runner
from tests.bench.process import MIB, resident
from tests.support.gitlab import Job
from tests.system.docker_harness import bridge_address, docker, image
from tests.system.harness import BIN

PROJECTS, AT_ONCE = 20, 4
# What the inner engine keeps of a project's builds: the records of its last 50. Later jobs are to keep no more.
KEPT = ["for i in $(seq 55); do docker build -q -t app . > /dev/null; done"]
BUILD = ["docker build -q -t app .", "docker image inspect -f '{{.Os}}' app"]
WAIT = "for i in $(seq 300); do docker version > /dev/null 2>&1 && break; sleep 0.1; done"


@dataclass
class Seen:
    """What is there while and after the jobs run."""

    seconds: float = 0
    memory: list[int] = field(default_factory=list)  # of the daemon, after each tenth of the jobs
    disk: list[int] = field(default_factory=list)  # of the engine's volumes
    left: list[str] = field(default_factory=list)


def many(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="runner-bench-many-") as name:
        Path(name, "Dockerfile").write_text("FROM scratch\nCOPY . /app\n")
        Path(name, ".dockerignore").write_text(".git\n")
        Path(name, "source").write_bytes(bytes(1000))
        runner = docker_runner("dind", privileged=True, warm="auto")
        ours = measure(runner, count, name, KEPT, BUILD)
        theirs = official(count // 5, name)
    rate = 60 * count / ours.seconds
    figures = [
        Figure(f"{count} dind jobs of {PROJECTS} projects, {AT_ONCE} at once", rate, "jobs/min",
               note="each builds an image with the inner engine"),
        Figure("the same: the daemon's memory after all over that after half", ratio(ours.memory), "", 1.1,
               note=f"{ours.memory[-1] / MIB:.1f} MiB"),
        Figure("the same: disk of the volumes after all over that after half", ratio(ours.disk), "", 1.1,
               note=f"{ours.disk[-1] / 1e6:.0f} MB"),
        Figure("the same: containers and networks that are left", len(ours.left), "", 0,
               note=", ".join(ours.left[:3])),
    ]
    if theirs is not None:
        official_rate = 60 * (count // 5) / theirs.seconds
        figures.append(Figure("the same against the official runner with dind as a service", rate / official_rate,
                              "times as many", official=f"{official_rate:.0f} jobs/min"))
    return figures


def ratio(values: list[int]) -> float:
    return values[-1] / values[len(values) // 2 - 1]


def official(count: int, repository: str) -> Optional[Seen]:
    program, helper = official_runner(), os.environ.get("OFFICIAL_HELPER_IMAGE")
    if program is None or helper is None:
        print("    no comparison with the official runner: OFFICIAL_RUNNER names its program, OFFICIAL_HELPER_IMAGE "
              "its helper image", file=sys.stderr)
        return None
    return measure(docker_runner("dind", privileged=True, helper_image=helper), count, repository, [WAIT, *BUILD],
                   [WAIT, *BUILD], program, image={"name": image("dind"), "entrypoint": [""]},
                   services=[{"name": image("dind"), "alias": "docker"}],
                   variables={"DOCKER_HOST": "tcp://docker:2375", "DOCKER_TLS_CERTDIR": ""})


def measure(runner: dict[str, Any], count: int, repository: str, first: list[str], script: list[str],
            program: Path = BIN, **spec: Any) -> Seen:
    """`first` is the script of each project's first job, which does not count."""
    seen = Seen()
    with Deployment(runner, host=bridge_address(), concurrent=AT_ONCE, program=program) as deployment:
        projects = [deployment.gitlab.add_project(f"bench/project-{n}", repository) for n in range(PROJECTS)]
        for job in [deployment.gitlab.add_job(first, project=project, **spec) for project in projects]:
            deployment.checked(deployment.gitlab.wait_finished(job, 600))
        began = time.monotonic()
        jobs = [deployment.gitlab.add_job(script, project=projects[n % PROJECTS], **spec) for n in range(count)]
        for part in range(10):
            last: list[Job] = jobs[count * part // 10:count * (part + 1) // 10]
            for job in last:
                deployment.checked(deployment.gitlab.wait_finished(job, 600))
            seen.memory.append(resident(deployment.pid))
            seen.disk.append(volume_bytes(deployment))
        seen.seconds = time.monotonic() - began
        assert deployment.daemon is not None
        deployment.daemon.stop()
        seen.left = [*deployment.objects("container"), *deployment.objects("network")]
    return seen


def volume_bytes(deployment: Deployment) -> int:
    """What `du` counts; its exit code tells of files that a running job has removed meanwhile."""
    places = [docker("volume", "inspect", "-f", "{{.Mountpoint}}", name).strip() for name in deployment.objects("volume")]
    counted = subprocess.run(["du", "-csxB1", *places], capture_output=True, text=True, check=False)
    return int(counted.stdout.split()[-2])
