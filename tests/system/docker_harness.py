"""Base of the docker tests: a real engine, images made by tests/support/docker, the check for leftovers."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from typing import Any, Optional

from tests.system.harness import PATIENCE, ROOT, SystemCase, need

PREFIX = "com.gitlab.gitlab-runner."
ENGINE_PATH = "/opt/runner-dev/docker/usr/bin"


def docker(*words: str, check: bool = True, input: Optional[bytes] = None) -> str:
    environment = {**os.environ, "PATH": f"{ENGINE_PATH}:{os.environ['PATH']}"}
    done = subprocess.run(["docker", *words], capture_output=True, env=environment, input=input,
                          check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout.decode()


def engine_answers() -> bool:
    try:
        return bool(docker("version", "--format", "{{.Server.Version}}", check=False).strip())
    except OSError:
        return False


def bridge_address() -> str:
    text = docker("network", "inspect", "bridge", "-f",
                  "{{range .IPAM.Config}}{{.Gateway}} {{end}}")
    return next(word for word in text.split() if "." in word)


def image(name: str) -> str:
    return f"runner-test/{name}"


class DockerCase(SystemCase):
    """GitLab listens on the engine's bridge, so that containers reach it under the same address."""

    executor = "docker"
    image_name = "debian"
    privileged = False
    images: tuple[str, ...] = ()
    runner_options: dict[str, Any] = {}
    docker_options: dict[str, Any] = {}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        need(engine_answers(), "a Docker engine")
        for name in {cls.image_name, *cls.images}:
            need(bool(docker("images", "-q", image(name)).strip()), f"the image {image(name)}")
        cls.gitlab_options = {**cls.gitlab_options, "host": bridge_address()}

    def setUp(self) -> None:
        super().setUp()
        self.registered = self.gitlab.add_runner()
        self.short = self.registered.token.removeprefix("glrt-t1_")[:9]
        self.addCleanup(self._remove_engine_objects)

    def docker_settings(self, **more: Any) -> dict[str, Any]:
        """Without environments that wait, so that the engine has what the jobs need and nothing else."""
        given = {"image": image(self.image_name), "privileged": self.privileged, "warm": 0,
                 "pull_policy": "if-not-present", "volumes": ["/cache"], **self.docker_options,
                 **more}
        return {key: value for key, value in given.items() if value is not None}

    def start_docker(self, runner: Optional[dict[str, Any]] = None, globals: Any = None,
                     **settings: Any) -> Any:
        entry = {"token": self.registered.token, "docker": self.docker_settings(**settings),
                 **self.runner_options, **(runner or {})}
        self.write_config([entry], **(globals or {}))
        return self.start()

    def start_again(self) -> Any:
        """A new daemon with the configuration as it is."""
        return self.start()

    # --- what these tests leave on the engine ------------------------------------------------------------

    def containers(self, all: bool = True) -> list[dict[str, Any]]:
        ids = docker("ps", "-q", "--no-trunc", *(["-a"] if all else []), "--filter",
                     f"label={PREFIX}managed=true").split()
        found = json.loads(docker("inspect", *ids, check=False) or "[]") if ids else []
        return [c for c in found if self._is_mine(c["Name"], c["Config"]["Labels"])]

    def networks(self) -> list[str]:
        return self._named("network", "Name")

    def volumes(self) -> list[dict[str, Any]]:
        names = docker("volume", "ls", "-q", "--filter", f"label={PREFIX}managed=true").split()
        found = json.loads(docker("volume", "inspect", *names, check=False) or "[]") if names else []
        return [v for v in found if self._is_mine(v["Name"], v.get("Labels") or {})]

    def _named(self, kind: str, key: str) -> list[str]:
        ids = docker(kind, "ls", "-q", "--filter", f"label={PREFIX}managed=true").split()
        found = json.loads(docker(kind, "inspect", *ids, check=False) or "[]") if ids else []
        return [f[key] for f in found if self._is_mine(f[key], f.get("Labels") or {})]

    def _is_mine(self, name: str, labels: dict[str, str]) -> bool:
        text = (name + json.dumps(labels)).lower()
        return self.short.lower() in text

    def _is_kept(self, volume: dict[str, Any]) -> bool:
        """Removes cache volumes, which outlive their jobs by design."""
        labels = volume.get("Labels") or {}
        return (labels.get(PREFIX + "type") in ("cache", "helper")
                or labels.get(PREFIX + "reusable") == "true" or "cache" in volume["Name"])

    def assert_engine_clean(self, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            left = ([c["Name"] for c in self.containers()] + self.networks()
                    + [v["Name"] for v in self.volumes() if not self._is_kept(v)])
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.assertEqual(left, [], "left over on the engine")

    def tearDown(self) -> None:
        super().tearDown()
        self.assert_engine_clean()

    def _remove_engine_objects(self) -> None:
        for container in self.containers():
            docker("rm", "-f", "-v", container["Id"], check=False)
        for volume in self.volumes():
            docker("volume", "rm", "-f", volume["Name"], check=False)
        for network in self.networks():
            docker("network", "rm", network, check=False)


class Registry:
    """Debian's docker-registry on the bridge, plain HTTP. Use as a context manager."""

    script = str(ROOT / "tests/support/docker/registry.sh")

    def __init__(self, directory: str, port: int, address: str = "", upstream: str = "") -> None:
        """`address` instead of the bridge's; with `upstream`, a URL, it is a pull-through registry of that one."""
        self.directory, self.port, self.address, self.upstream = directory, port, address, upstream

    def __enter__(self) -> "Registry":
        words = ["start", self.directory, str(self.port), self.address, self.upstream]
        done = subprocess.run([self.script, *words],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": f"{ENGINE_PATH}:{os.environ['PATH']}"})
        need(done.returncode == 0, f"a registry on port {self.port} ({done.stderr.strip()})")
        self.address = done.stdout.strip()
        return self

    def __exit__(self, *ignored: Any) -> None:
        subprocess.run([self.script, "stop", self.directory], check=False)

    def requests(self, path: str) -> int:
        """How many requests for a path that begins so were answered with success."""
        with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as log:
            lines = [line for line in log if f" {path}" in line]
        return sum('" 200 ' in line or "http.response.status=200" in line for line in lines)

    def platforms(self, repository: str, tag: str) -> set[str]:
        """The platforms of a pushed manifest list."""
        accept = ("application/vnd.oci.image.index.v1+json,"
                  "application/vnd.docker.distribution.manifest.list.v2+json")
        request = urllib.request.Request(
            f"http://{self.address}:{self.port}/v2/{repository}/manifests/{tag}",
            headers={"Accept": accept})
        with urllib.request.urlopen(request) as answer:
            entries = json.load(answer)["manifests"]
        return {f"{e['platform']['os']}/{e['platform']['architecture']}" for e in entries
                if e["platform"]["os"] != "unknown"}  # unknown: attestations

    def push_base(self) -> None:
        """Pushes base/busybox:latest for both platforms, which examples/multiarch builds on."""
        subprocess.run([str(ROOT / "dev"), "base", f"http://{self.address}:{self.port}"],
                       check=True, capture_output=True)
