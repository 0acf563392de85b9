"""A server with systemd as PID 1, in a privileged container (images `server-…` of tests/support/docker)."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
import unittest
from pathlib import Path
from typing import Any

from tests.system.docker_harness import bridge_address, docker, engine_answers, image
from tests.system.harness import BIN, PATIENCE, ROOT, SystemCase, need


# A job that goes on until /var/tmp/go is there, where it runs. Its numbers show a line that is lost or comes twice.
LONG = ["echo started", "i=0; while [ ! -e /var/tmp/go ]; do i=$((i + 1)); echo line $i; sleep 0.1; done",
        "echo finished"]


@functools.cache
def make_package(kind: str, *arguments: str) -> Path:
    """The package of the build that is tested, made once in a run of the tests, also when several processes share the
    run. `arguments` are for cpack."""
    build = BIN.parent.parent
    need((build / "CPackConfig.cmake").exists(), f"the build tree {build}")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    home = build / "packages-of-tests"
    home.mkdir(exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for former in home.iterdir():
            if former.is_dir() and former.name != run:
                shutil.rmtree(former)
        output = home / run / hashlib.sha256(repr((kind, arguments)).encode()).hexdigest()[:16]
        made = [*output.glob(f"*.{kind.lower()}")]
        return made[0] if made else _make_package(build, kind, output, arguments)


def _make_package(build: Path, kind: str, output: Path, arguments: tuple[str, ...]) -> Path:
    done = subprocess.run([str(ROOT / "packaging/make-package"), kind, str(build), str(output), *arguments],
                          capture_output=True, text=True, check=False, timeout=120 * PATIENCE)
    if done.returncode != 0 or not done.stdout.strip():
        raise AssertionError(f"packaging/make-package {kind}: {done.stderr}")
    return Path(done.stdout.split()[-1])


def engine_package() -> Path:
    """The package with what engines on arm64 get."""
    if platform.machine() == "aarch64":
        raise unittest.SkipTest("this machine is arm64: the package is for others")
    made = [*(ROOT / "build/arm64/packages").glob("runner-engine-arm64_*_all.deb")]
    need(len(made) == 1, "the package runner-engine-arm64 (./dev deb arm64)")
    return made[0]


class Machine:
    """Runs from start() to stop(). Its commands run as root."""

    def __init__(self, server: str) -> None:
        self.id, self.image = "", image(server)

    def start(self) -> None:
        self.id = docker("run", "-d", "--privileged", "--cgroupns=private", "--tmpfs", "/run:exec", "--tmpfs", "/run/lock",
                         "--label", "runner-test.machine=1", self.image).strip()
        # PID 1 needs a moment until it answers; from then on --wait returns at the end of the boot.
        self.until(lambda: self.try_run("systemctl is-system-running --wait")[1].strip() == "running", "the boot")
        # As on a server: a service's credentials are mounts that its manager makes in another namespace.
        self.run("mount --make-rshared /")

    def stop(self) -> None:
        docker("rm", "-f", "-v", self.id, check=False)

    def try_run(self, command: str, input: str = "") -> tuple[int, str]:
        done = subprocess.run(["docker", "exec", "-i", self.id, "sh", "-c", command], input=input, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120 * PATIENCE)
        return done.returncode, done.stdout

    def run(self, command: str, input: str = "") -> str:
        code, text = self.try_run(command, input)
        if code != 0:
            raise AssertionError(f"`{command}` ended with {code}:\n{text}\n{self.journal()}")
        return text

    def journal(self) -> str:
        return self.try_run("journalctl -u runner --no-pager -o cat | tail -n 60")[1]

    def put(self, file: Path, place: str) -> None:
        docker("cp", str(file), f"{self.id}:{place}")

    def write(self, place: str, text: str) -> None:
        self.run(f"mkdir -p $(dirname {place}) && cat >{place}", text)

    def load_image(self, name: str) -> None:
        """Copies an image of this engine into the machine's."""
        subprocess.run(f"docker save {image(name)} | docker exec -i {self.id} docker load", shell=True, check=True,
                       capture_output=True, timeout=120 * PATIENCE)

    def files(self) -> set[str]:
        """What is on the disk, without what changes by itself and what a package manager keeps about packages."""
        unimportant = ("/var/log", "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/lib/docker", "/var/lib/containerd",
                       "/var/lib/systemd", "/root", "/tmp", "/var/tmp", "/etc/ld.so.cache")
        prune = " -o ".join(f"-path {path}" for path in unimportant)
        return set(self.run(f"find / -xdev \\( {prune} \\) -prune -o -print").splitlines())

    def users(self) -> str:
        return self.run("cat /etc/passwd /etc/group")

    def property(self, name: str, unit: str = "runner") -> str:
        return self.run(f"systemctl show -P {name} {unit}").strip()

    def until(self, condition: Any, what: str, seconds: float = 30) -> None:
        """For what happens in the machine without an event that reaches this process."""
        deadline = time.monotonic() + seconds * PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come; the journal:\n{self.journal()}")
            time.sleep(0.1)


class MachineCase(SystemCase):
    """A machine and a GitLab that it reaches. The package is made once for all tests of a class."""

    server = "server-bookworm"
    packages: Path
    package: Path

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        need(engine_answers(), "a Docker engine")
        need(bool(docker("images", "-q", image(cls.server)).strip()), f"the image {image(cls.server)}")
        cls.gitlab_options = {**cls.gitlab_options, "host": bridge_address()}

    def setUp(self) -> None:
        super().setUp()
        # The answer to a piece of the log may be on its way when a daemon ends before its jobs.
        self.allowed.add("duplicate_bytes")
        self.machine = Machine(self.server)
        self.addCleanup(self.machine.stop)
        self.machine.start()

    def tearDown(self) -> None:
        journal = self.machine.try_run("journalctl --no-pager -o cat")[1]
        for token in {runner.token for runner in self.gitlab.runners} | {job.token for job in self.gitlab.jobs}:
            self.assertNotIn(token, journal, "a token is in the machine's journal")
        super().tearDown()

    def install(self, package: Path) -> str:
        self.machine.put(package, "/root/package.deb")
        return self.machine.run("apt-get install -y --no-install-recommends /root/package.deb </dev/null")

    def register(self, *flags: str, program: str = "runner") -> Any:
        """Answers the runner at GitLab, for `runner=` of add_job()."""
        runner = self.gitlab.add_runner()
        self.machine.write("/root/token", runner.token)
        self.machine.run(f"{program} register --non-interactive --url {self.gitlab.url} --token-file /root/token "
                         + " ".join(flags))
        self.machine.run("rm /root/token")
        return runner

    def wait_lines(self, job: Any, more: int = 3) -> None:
        """Waits until the server has some more lines of a LONG job."""
        self.wait_trace(job, f"line {job.text.count(chr(10) + 'line ') + more}\n")

    def assert_counted(self, job: Any) -> None:
        """A LONG job has ended well, and its log has each line once."""
        self.assert_success(job)
        numbers = [int(number) for number in re.findall(r"^line (\d+)$", job.text, re.M)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertIn("\nfinished\n", job.text)

    def register_shell(self) -> Any:
        return self.register("--executor shell")

    def register_docker(self) -> Any:
        self.machine.load_image("busybox")
        return self.register("--executor docker", f"--docker-image {image('busybox')}", "--docker-pull-policy never")
