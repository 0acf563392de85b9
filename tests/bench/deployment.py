"""A test GitLab and one daemon, in a private directory."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Optional, Union

from tests.support.gitlab import GitLab, Job
from tests.system.docker_harness import PREFIX, docker
from tests.system.harness import BIN, Daemon, to_toml


class Deployment:
    """Use as a context manager. `runner` is the one [[runners]] entry, or several, `options` are global keys.
    `program` may be another runner, which is not judged by the server's complaints."""

    def __init__(self, runner: Union[dict[str, Any], list[dict[str, Any]]], host: str = "127.0.0.1", long_poll: float = 20,
                 update_interval: int = 1, program: Path = BIN, **options: Any) -> None:
        self.program = program
        self.directory = Path(tempfile.mkdtemp(prefix="runner-bench-"))
        self.gitlab = GitLab(host=host, long_poll=long_poll, update_interval=update_interval)
        self.options = options
        self.runners = runner if isinstance(runner, list) else [runner]
        self.daemon: Optional[Daemon] = None
        self.short = ""

    def __enter__(self) -> "Deployment":
        self.gitlab.start()
        tokens = [self.gitlab.add_runner().token for _ in self.runners]
        self.short = tokens[0].removeprefix("glrt-t1_")[:9]
        config = self.directory / "config.toml"
        entries = [{"name": "bench", "url": self.gitlab.url, "token": token, **runner}
                   for token, runner in zip(tokens, self.runners)]
        config.write_text(to_toml({"concurrent": 1, **self.options, "runners": entries}))
        config.chmod(0o600)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LANG": "C.UTF-8"}
        if "DOCKER_HOST" in os.environ:
            self.environment["DOCKER_HOST"] = os.environ["DOCKER_HOST"]
        work = self.directory / "work"
        work.mkdir()
        arguments = ["run", "--config", str(config), "--working-directory", str(work)]
        self.command = [str(self.program), *arguments]
        self.daemon = Daemon(arguments, self.environment, str(work), program=self.program)
        try:
            self.gitlab.wait(lambda: self.gitlab.requests("request") or not self.daemon.alive(),
                             30, "the daemon's first request")
            if not self.daemon.alive():
                raise RuntimeError(f"the daemon ended:\n{self.daemon.output.join()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *ignored: Any) -> None:
        if self.daemon is not None:
            self.daemon.stop()
        if any(runner.get("executor") == "docker" for runner in self.runners):
            for volume in self.objects("volume"):
                docker("volume", "rm", "-f", volume, check=False)
        self.gitlab.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def objects(self, kind: str) -> list[str]:
        """The names of what this runner has on the engine: "container", "volume" or "network"."""
        everything = ["-a"] if kind == "container" else []
        return docker(kind, "ls", *everything, "--format", "{{.Names}}" if kind == "container" else "{{.Name}}",
                       "--filter", f"label={PREFIX}managed=true", "--filter",
                       f"label={PREFIX}runner.id={self.short}").split()

    @property
    def pid(self) -> int:
        assert self.daemon is not None
        return self.daemon.pid

    def run(self, script: list[str], timeout: float = 120, **spec: Any) -> Job:
        job = self.gitlab.wait_finished(self.gitlab.add_job(script, **spec), timeout)
        return self.checked(job)

    def checked(self, job: Job) -> Job:
        """A figure counts only when the job succeeded and the server recorded no violation."""
        if job.status != "success":
            raise RuntimeError(f"{job} ended {job.status}:\n{job.text[-3000:]}\n"
                               f"{self.daemon.log[-2000:] if self.daemon else ''}")
        if self.gitlab.violations and self.program == BIN:
            raise RuntimeError("the server complains: " + "; ".join(map(str, self.gitlab.violations)))
        return job


def arrival(job: Job, needle: bytes) -> float:
    """The time at which the server received the first byte of `needle` (monotonic seconds)."""
    at = job.trace.find(needle)
    if at < 0:
        raise RuntimeError(f"{needle!r} is not in the log:\n{job.text[-3000:]}")
    for patch in job.patches:
        if patch.start <= at < patch.start + patch.size:
            return patch.time
    raise RuntimeError(f"no patch brought byte {at}")


def printed_time(job: Job, name: str) -> float:
    """A time that the script printed as a line `name=<seconds since 1970>`, as monotonic seconds."""
    for line in job.text.splitlines():
        if line.startswith(name + "="):
            return float(line.partition("=")[2]) - (time.time() - time.monotonic())
    raise RuntimeError(f"no line {name}= in the log:\n{job.text[-3000:]}")


def built() -> bool:
    return BIN.exists()
