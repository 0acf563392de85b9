"""Jobs in containers: the time from the payload to the script, and what the engine alone needs."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.engine import Engine, dind_floor, plain_floor
from tests.bench.figures import Figure, median, spread
from tests.bench.deployment import Deployment, arrival, printed_time
from tests.system.docker_harness import bridge_address, docker, image

FIRST = ['echo "first=$(date +%s.%N)"']


def docker_runner(image_name: str, **docker_options: Any) -> dict[str, Any]:
    return {"executor": "docker",
            "docker": {"image": image(image_name), "pull_policy": "if-not-present", "warm": 0,
                       **docker_options}}


def plain(repeat: int) -> list[Figure]:
    engine = Engine()
    floors, scripts, servers, whole = [], [], [], []
    with Deployment(docker_runner("debian"), host=bridge_address()) as deployment:
        deployment.run(FIRST)  # fills the helper's volume, once per engine
        for _ in range(repeat):
            engine.wait_gone(deployment.short)
            floors.append(plain_floor(engine, image("debian")))
            job = deployment.run(FIRST)
            scripts.append(printed_time(job, "first") - job.picked)
            servers.append(arrival(job, b"first=1") - job.picked)
            whole.append(deployment.gitlab.requests("update", job)[-1].ended - job.picked)
    over = median(servers) - median(floors)
    patch = median([server - script for server, script in zip(servers, scripts)])
    return [
        Figure("plain image: payload → script's first byte at the server, over the floor",
               over * 1000, "ms", 100, official="1.76 s in all, 1460 ms over",
               note=f"{median(servers):.3f} s − {median(floors):.3f} s (create + start + exec); "
                    + spread(servers)),
        Figure("plain image: payload → script's first byte written, over the floor",
               (median(scripts) - median(floors)) * 1000, "ms", note=spread(scripts)),
        Figure("plain image: payload → final report answered", median(whole), "s",
               official="1.76 s", note=spread(whole)),
        Figure("first bytes of a script: written → at the server", patch * 1000, "ms", 100,
               official="next update interval", note="interval of this server: 1 s"),
    ]


def dind(repeat: int) -> list[Figure]:
    engine = Engine()
    floors, scripts, servers = [], [], []
    runner = docker_runner("dind", privileged=True)
    script = [*FIRST, "docker version --format 'inner {{.Server.Version}}'"]
    with Deployment(runner, host=bridge_address()) as deployment:
        deployment.run(script)
        for _ in range(repeat):
            engine.wait_gone(deployment.short)
            floors.append(dind_floor(engine, image("dind")))
            job = deployment.run(script)
            if "\ninner " not in job.text:
                raise RuntimeError(f"the engine was not usable:\n{job.text}")
            scripts.append(printed_time(job, "first") - job.picked)
            servers.append(arrival(job, b"first=1") - job.picked)
    return [
        Figure("dind image: payload → script's first byte, engine usable, over the floor",
               (median(servers) - median(floors)) * 1000, "ms", 150,
               official="4.0–5.5 s in all (dind as a service)",
               note=f"{median(servers):.3f} s − {median(floors):.3f} s (create + start + inner "
                    f"/_ping); {spread(servers)}"),
        Figure("dind image: payload → script's first byte written, over the floor",
               (median(scripts) - median(floors)) * 1000, "ms", note=spread(scripts)),
    ]


def builder(repeat: int) -> list[Figure]:
    """The prepared builder against the same image started by hand, both on the inner engine."""
    name = image("buildkit")
    with tempfile.TemporaryDirectory(prefix="runner-bench-builder-") as directory:
        archive = Path(directory) / "image.tar"
        docker("save", "-o", str(archive), name)
        runner = docker_runner("dind", privileged=True, volumes=[f"{directory}:/bench:ro"])
        runner["dind"] = {"builder_image": name}
        script = [
            "docker load -q -i /bench/image.tar",
            f"docker create --privileged --network host --name floor {name}",
            'echo "floor_begin=$(date +%s.%N)"',
            "docker start floor",
            "until docker exec floor buildctl debug workers >/dev/null 2>&1; do :; done",
            'echo "floor_end=$(date +%s.%N)"',
            "docker rm -f floor",
            'echo "boot_begin=$(date +%s.%N)"',
            "docker buildx inspect --bootstrap",
            'echo "boot_end=$(date +%s.%N)"',
        ]
        floors, boots = [], []
        with Deployment(runner, host=bridge_address()) as deployment:
            for _ in range(repeat):
                job = deployment.run(script, timeout=240)
                floors.append(printed_time(job, "floor_end") - printed_time(job, "floor_begin"))
                boots.append(printed_time(job, "boot_end") - printed_time(job, "boot_begin"))
    return [
        Figure("builder booted (image on the inner engine), over the image's own start",
               median(boots) - median(floors), "s", 0.5, official="1.0 s",
               note=f"{median(boots):.3f} s − {median(floors):.3f} s; {spread(boots)}"),
    ]


def images_are_there() -> bool:
    try:
        return all(docker("images", "-q", image(name)).strip()
                   for name in ("debian", "dind", "buildkit"))
    except (OSError, AssertionError, subprocess.SubprocessError):
        return False
