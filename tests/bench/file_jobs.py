"""The time that artifacts and caches add to a job."""

from __future__ import annotations

from typing import Any

from tests.bench.docker_jobs import docker_runner
from tests.bench.figures import Figure, median, spread
from tests.bench.process import MIB, peak_resident
from tests.bench.deployment import Deployment, printed_time
from tests.support.gitlab import Job
from tests.system.docker_harness import bridge_address

# Half of it cannot be compressed, half as build output can.
FILES = ("for i in 1 2 3 4 5; do head -c 50000000 /dev/urandom > r$i; "
         "head -c 17500000 /dev/urandom | od -An -x -v > t$i; truncate -s 50000000 t$i; done")
MANY = ("mkdir deps && cd deps && for d in $(seq 100); do mkdir $d; for f in $(seq 200); do "
        "echo \"module $d $f\" > $d/$f.js; done; done")
STAMP = 'echo "stamp=$(date +%s.%N)"'


def start_seconds(job: Job) -> float:
    return printed_time(job, "stamp") - job.picked


def report_seconds(deployment: Deployment, job: Job) -> float:
    return deployment.gitlab.requests("update", job)[-1].ended - printed_time(job, "stamp")


def files(repeat: int) -> list[Figure]:
    empty: dict[str, Any] = {"git_strategy": "empty"}
    cache = [{"key": "bench", "paths": ["deps"]}]
    uploads, downloads, saves, restores = [], [], [], []
    with Deployment(docker_runner("debian", volumes=["/cache"]), host=bridge_address()) as deployment:
        plain = deployment.run([STAMP], **empty)
        floor_start, floor_report = start_seconds(plain), report_seconds(deployment, plain)
        for number in range(repeat):
            made = deployment.run([FILES, STAMP], 600, artifacts={"paths": ["r*", "t*"]}, **empty)
            uploads.append(report_seconds(deployment, made) - floor_report)
            got = deployment.run([STAMP, "test -s t5"], 600, dependencies=[made], **empty)
            downloads.append(start_seconds(got) - floor_start)
            cache[0]["key"] = f"bench{number}"
            saved = deployment.run([MANY, STAMP], 600, cache=cache, **empty)
            saves.append(report_seconds(deployment, saved) - floor_report)
            restored = deployment.run([STAMP, "test -e deps/100/200.js"], 600, cache=cache, **empty)
            restores.append(start_seconds(restored) - floor_start)
        peak = peak_resident(deployment.pid) / MIB
        size = made.artifact("archive").size / 1e6
    return [
        Figure("500 MB of artifacts: pack and upload", median(uploads), "s", official="7.1 s",
               note=f"archive of {size:.0f} MB; {spread(uploads)}"),
        Figure("500 MB of artifacts: download and unpack", median(downloads), "s", official="1.8 s", note=spread(downloads)),
        Figure("cache of 20,000 small files: save", median(saves), "s", 1.0, official="5.9 s", note=spread(saves)),
        Figure("cache of 20,000 small files: restore", median(restores), "s", 1.0, official="11.1 s", note=spread(restores)),
        Figure("the daemon's peak memory meanwhile", peak, "MiB", 24),
    ]
