"""Jobs of the shell executor: what a long login profile costs a job, and how many jobs run in a minute."""

from __future__ import annotations

import subprocess
import time

from tests.bench.deployment import Deployment, arrival
from tests.bench.figures import Figure, median, spread

PROFILE = "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done\n"
SHELL = {"executor": "shell"}


def shell(repeat: int, count: int = 200) -> list[Figure]:
    return [*_long_profile(repeat), _trivial_jobs(count)]


def _first_bytes(deployment: Deployment, repeat: int) -> list[float]:
    deployment.run(["true"])
    jobs = [deployment.run(["echo first=$((1))"]) for _ in range(repeat)]
    return [arrival(job, b"first=1") - job.picked for job in jobs]


def _login(home: str) -> float:
    began = time.monotonic()
    subprocess.run(["bash", "--login", "-c", "true"], env={"HOME": home, "PATH": "/usr/bin:/bin"}, check=True)
    return time.monotonic() - began


def _long_profile(repeat: int) -> list[Figure]:
    """The same job with and without a profile that computes for a while, the scripts' shell being bash."""
    with Deployment(SHELL) as deployment:
        plain_login = median([_login(str(deployment.directory)) for _ in range(repeat)])
        plain = _first_bytes(deployment, repeat)
        (deployment.directory / ".bash_profile").write_text(PROFILE)
        profile = median([_login(str(deployment.directory)) for _ in range(repeat)]) - plain_login
        slow = _first_bytes(deployment, repeat)
    return [
        Figure("shell job: payload → script's first byte at the server, over a login shell",
               (median(plain) - plain_login) * 1000, "ms", 60,
               note=f"{median(plain):.3f} s − {plain_login:.3f} s (bash --login); {spread(plain)}"),
        Figure("shell job: times that the login profile is paid for until then",
               (median(slow) - median(plain)) / profile, "×", 1.5,
               note=f"a profile of {profile * 1000:.0f} ms makes it {median(slow) - median(plain):.3f} s "
                    "later; official: 2 shells or more"),
    ]


def _trivial_jobs(count: int) -> Figure:
    with Deployment({**SHELL, "request_concurrency": 20}, concurrent=20, check_interval=1) as deployment:
        deployment.run(["true"])
        began = time.monotonic()
        jobs = [deployment.gitlab.add_job(["true"]) for _ in range(count)]
        for job in jobs:
            deployment.checked(deployment.gitlab.wait_finished(job, 300))
        minutes = (time.monotonic() - began) / 60
    return Figure(f"{count} trivial shell jobs, twenty at once", count / minutes, "a minute", official="1,146",
                  note="with a server that holds requests")
