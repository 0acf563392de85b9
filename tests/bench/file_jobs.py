"""The time that artifacts and caches add to a job."""

from __future__ import annotations

from typing import Any

from tests.bench.docker_jobs import docker_runner
from tests.bench.figures import Figure
from tests.bench.process import MIB, peak_resident
from tests.bench.scene import Scene, said
from tests.support.gitlab import Job
from tests.system.docker_harness import bridge_address

# Half of it cannot be compressed, half as build output can.
FILES = ("for i in 1 2 3 4 5; do head -c 50000000 /dev/urandom > r$i; "
         "head -c 17500000 /dev/urandom | od -An -x -v > t$i; truncate -s 50000000 t$i; done")
MANY = ("mkdir deps && cd deps && for d in $(seq 100); do mkdir $d; for f in $(seq 200); do "
        "echo \"module $d $f\" > $d/$f.js; done; done")
STAMP = 'echo "stamp=$(date +%s.%N)"'


def before_script(job: Job) -> float:
    return said(job, "stamp") - job.picked


def behind_script(scene: Scene, job: Job) -> float:
    return scene.gitlab.requests("update", job)[-1].ended - said(job, "stamp")


def files(repeat: int) -> list[Figure]:
    empty: dict[str, Any] = {"git_strategy": "empty"}
    cache = [{"key": "bench", "paths": ["deps"]}]
    uploads, downloads, saves, restores = [], [], [], []
    with Scene(docker_runner("debian", volumes=["/cache"]), host=bridge_address()) as scene:
        plain = scene.run([STAMP], **empty)
        floor_before, floor_behind = before_script(plain), behind_script(scene, plain)
        for number in range(repeat):
            made = scene.run([FILES, STAMP], 600, artifacts={"paths": ["r*", "t*"]}, **empty)
            uploads.append(behind_script(scene, made) - floor_behind)
            got = scene.run([STAMP, "test -s t5"], 600, dependencies=[made], **empty)
            downloads.append(before_script(got) - floor_before)
            cache[0]["key"] = f"bench{number}"
            saved = scene.run([MANY, STAMP], 600, cache=cache, **empty)
            saves.append(behind_script(scene, saved) - floor_behind)
            restored = scene.run([STAMP, "test -e deps/100/200.js"], 600, cache=cache, **empty)
            restores.append(before_script(restored) - floor_before)
        peak = peak_resident(scene.pid) / MIB
        size = made.artifact("archive").size / 1e6
    return [
        Figure("500 MB of artifacts: pack and upload", min(uploads), "s", official="7.1 s",
               note=f"archive of {size:.0f} MB; fastest of {repeat}"),
        Figure("500 MB of artifacts: download and unpack", min(downloads), "s", official="1.8 s"),
        Figure("cache of 20,000 small files: save", min(saves), "s", official="5.9 s"),
        Figure("cache of 20,000 small files: restore", min(restores), "s", official="11.1 s"),
        Figure("the daemon's peak memory meanwhile", peak, "MiB", 24),
    ]
