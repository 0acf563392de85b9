"""The builder in a job whose inner engine has nothing yet: from the payload until BuildKit answers."""

from __future__ import annotations

import os
import time
from typing import Any

from tests.bench.deployment import Deployment, printed_time
from tests.bench.docker_jobs import docker_runner
from tests.bench.engine import Engine, dind_floor
from tests.bench.figures import Figure, median, spread
from tests.support.gitlab import Job
from tests.system.docker_harness import bridge_address, docker, image

TYPE = "com.gitlab.gitlab-runner.type=builder-image"
BOOT = ["docker buildx inspect --bootstrap", 'echo "boot_end=$(date +%s.%N)"']


class OwnImage:
    """An image of this run with BuildKit's layers, so that no volume of an earlier run has it."""

    def __enter__(self) -> str:
        name = f"runner-bench/buildkit:{os.getpid()}"
        container = docker("create", image("buildkit")).strip()
        docker("commit", "--change", f"LABEL runner-bench.run={time.time_ns()}", container, name)
        docker("rm", container)
        self.name = name
        return name

    def __exit__(self, *ignored: Any) -> None:
        volumes = volumes_of(self.name)
        if volumes:
            docker("volume", "rm", *volumes, check=False)
        docker("rmi", "-f", self.name, check=False)


def volumes_of(name: str) -> list[str]:
    return docker("volume", "ls", "-q", "--filter", f"label={TYPE}",
                  "--filter", f"label=com.gitlab.gitlab-runner.image={name}").split()


def booted(job: Job) -> float:
    return printed_time(job, "boot_end") - job.picked


def kind() -> str:
    label = docker("image", "inspect", "-f", '{{index .Config.Labels "runner-test.buildkit"}}',
                   image("buildkit")).strip()
    return "BuildKit itself" if label == "source" else "the stand-in for BuildKit"


def cold_builder(repeat: int) -> list[Figure]:
    engine = Engine()
    floors, boots = [], []
    with OwnImage() as name:
        runner = docker_runner("dind", privileged=True)
        runner["dind"] = {"builder_image": name}
        with Deployment(runner, host=bridge_address()) as deployment:
            copied = booted(deployment.run(BOOT, timeout=240))
            deployment.gitlab.wait(lambda: "is on a volume" in deployment.daemon.log, 240,
                                   "the volume with the builder's image")
            for _ in range(repeat):
                engine.wait_gone(deployment.short)
                floors.append(dind_floor(engine, image("dind")))
                # A project's first job finds no data of an earlier one.
                job = deployment.run(BOOT, timeout=240, project=deployment.gitlab.add_project(f"bench/{len(boots)}"))
                boots.append(booted(job))
        size = int(docker("image", "inspect", "-f", "{{.Size}}", name))
    return [
        Figure("cold dind job: payload → builder booted, over the engine's own start",
               median(boots) - median(floors), "s", 0.5, official="16 s in all (dind as a service)",
               note=f"{median(boots):.3f} s − {median(floors):.3f} s; {kind()}, {size / 1e6:.0f} MB; "
                    + spread(boots)),
        Figure("the same for the first such job of an engine, which is sent the image", copied, "s"),
    ]
