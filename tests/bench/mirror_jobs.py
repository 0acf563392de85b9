"""The first clone of a large repository in a new slot: from the server, and from the git mirror on the engine."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.deployment import Deployment, printed_time
from tests.bench.docker_jobs import docker_runner
from tests.bench.engine import Engine
from tests.bench.figures import Figure, median, spread
from tests.bench.file_jobs import STAMP, start_seconds
from tests.support.gitlab import Job, Project
from tests.system.docker_harness import bridge_address, docker

FOLDERS, FILES, SIZE = 50, 48, 125_000
# Later commits, beyond the depth of a job, which change as many files each.
COMMITS, CHANGES = 40, 40
USED = "Using the git mirror of this runner: "
# The least that a clone from this engine needs: the objects copied, and the files written. In the job's own volume, with
# nothing to be written from before, and with the same directories and processes as the runner's check-out.
COPY = ['copy="$(dirname "$PWD")/copy"', 'mkdir "$copy"', '/.runner/bin/runner-helper sources spread --project "$copy"', "sync",
        'echo "copy_begin=$(date +%s.%N)"',
        'cp -r .git "$copy/.git" && git -C "$copy" -c checkout.workers=4 reset -q --hard',
        'echo "copy_end=$(date +%s.%N)"']
# The server accepts a job's token, with which the mirror is filled, only while the job runs.
WAIT = ["until [ -e /tmp/go ]; do sleep 0.1; done"]


def make_repository(directory: Path) -> None:
    """300 MB of files, and 200 MB that were there before."""
    numbers = random.Random(11)
    for folder in range(FOLDERS):
        (directory / f"part-{folder}").mkdir(parents=True)
    names = [directory / f"part-{n % FOLDERS}/file-{n // FOLDERS}" for n in range(FOLDERS * FILES)]
    git(directory, "init", "-q", "-b", "main")
    for commit in range(COMMITS + 1):
        for name in names if commit == 0 else numbers.sample(names, CHANGES):
            name.write_bytes(numbers.randbytes(SIZE))
        git(directory, "add", ".")
        git(directory, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", f"{commit}")


def git(directory: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(directory), *words], check=True)


def add_project(deployment: Deployment, tree: str) -> Project:
    """Packed, as a server has its repositories."""
    project = deployment.gitlab.add_project("bench/large", tree)
    git(Path(str(project.repository)), "repack", "-a", "-d", "-q", "--window=0")
    return project


def fill(deployment: Deployment, **spec: Any) -> None:
    """A job that waits until its mirror is filled."""
    job = deployment.gitlab.add_job(WAIT, **spec)
    assert deployment.daemon is not None
    deployment.daemon.wait_log("A git mirror is filled", 240)
    container = docker("ps", "-q", "--filter", f"name={deployment.short.lower()}-.*-build$").split()[0]
    docker("exec", container, "touch", "/tmp/go")
    deployment.checked(deployment.gitlab.wait_finished(job, 240))


def clones(deployment: Deployment, script: list[str], repeat: int, **spec: Any) -> list[Job]:
    jobs = []
    for _ in range(repeat):
        Engine().wait_gone(deployment.short)
        os.sync()  # what the job before has left to write is not part of this one
        jobs.append(deployment.run(script, 300, **spec))
    return jobs


def mirror(repeat: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="runner-bench-mirror-") as name:
        make_repository(Path(name))
        with Deployment(docker_runner("debian"), host=bridge_address()) as deployment:
            spec: dict[str, Any] = {"project": add_project(deployment, name),
                                    "git_strategy": "clone"}
            plain = start_seconds(clones(deployment, [STAMP], 2, git_strategy="empty")[1])
            server = [start_seconds(job) - plain for job in clones(deployment, [STAMP], repeat, **spec)]
        with Deployment(docker_runner("debian", git_mirror="on"), host=bridge_address()) as deployment:
            spec["project"] = add_project(deployment, name)
            fill(deployment, **spec)
            jobs = clones(deployment, [STAMP, *COPY], repeat, **spec)
            for job in jobs:
                if USED not in job.text:
                    raise RuntimeError(f"the mirror was not used:\n{job.text[-3000:]}")
            mirrored = [start_seconds(job) - plain for job in jobs]
            copies = [printed_time(job, "copy_end") - printed_time(job, "copy_begin") for job in jobs]
    return [
        Figure("first clone of 500 MB in a new slot, with a git mirror: times a copy of the objects and a check-out",
               median(mirrored) / median(copies), "", 1.5,
               note=f"{median(mirrored):.2f} s / {median(copies):.2f} s; {spread(mirrored)}"),
        Figure("the same from a server on this machine", median(server), "s", note=spread(server)),
    ]
