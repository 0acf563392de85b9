"""Jobs of a Docker engine on arm64. Its containers are those of the engine here, in arm64 images whose programs QEMU runs."""

import io
import os
import subprocess
import unittest
import zipfile

from tests.system.engine_front import Arm64Front
from tests.system.harness import BIN, need
from tests.system.machine import engine_package
from tests.system.test_docker_sources import SourcesCase

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
# e_machine of an ELF file: b7 is AArch64.
MACHINE = "od -An -tx1 -j18 -N2"


class EngineOnArm64(SourcesCase):
    image_name = "busybox-arm64"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.package = engine_package()
        need(ENGINE.startswith("unix://"), "an engine on a unix socket")
        platforms = subprocess.run([BIN.parent / "runner-helper", "platforms"], check=True, capture_output=True,
                                   text=True).stdout.split()
        need("linux/arm64" in platforms, "programs of arm64 (runner-helper platforms --register, with qemu-user-static)")

    def setUp(self):
        super().setUp()
        self.front = self.enterContext(Arm64Front(self.directory / "engine.sock", ENGINE))
        self.installed = self.directory / "usr/lib/runner"

    def start_installed(self, *packages, **settings):
        """The daemon with its own helper and git, and beside them what is in the packages."""
        for package in packages:
            subprocess.run(["dpkg-deb", "-x", str(package), str(self.directory)], check=True)
        self.installed.mkdir(parents=True, exist_ok=True)
        for file in (BIN.parent / "runner-helper", *BIN.parent.glob("runner-git-*.tar.gz")):
            (self.installed / file.name).symlink_to(file)
        self.write_config([{"token": self.registered.token,
                            "docker": self.docker_settings(host=self.front.url, **settings)}])
        return self.start(env={"RUNNER_HELPER": str(self.installed / "runner-helper")})

    def test_a_job_has_the_helper_and_the_git_of_its_engine(self):
        self.start_installed(self.package)
        cache = [{"key": "k", "paths": ["kept"], "policy": "pull-push"}]
        job = self.run_here(["uname -m", "cat file.txt", f"{MACHINE} /.runner/bin/runner-helper",
                             f"{MACHINE} /.runner/git/core/git", "test ! -e kept && echo kept > kept",
                             "mkdir out && seq 100000 > out/numbers"],
                            cache=cache, artifacts=[{"paths": ["out"]}], after_script=["echo after"], patience=120)
        self.assert_success(job)
        self.assertIn("\naarch64\n", job.text)
        self.assertIn("\nfirst\n", job.text)
        self.assertEqual(job.text.count("\n b7 00\n"), 2, job.text)
        self.assertIn("Using the runner's git: the image has no git", job.text)
        self.assertIn("\nafter\n", job.text)
        numbers = "".join(f"{i}\n" for i in range(1, 100001)).encode()
        with zipfile.ZipFile(io.BytesIO(job.artifact().read())) as archive:
            self.assertEqual(archive.read("out/numbers"), numbers)
        again = self.run_here(["cat kept", "exit 42"], cache=cache, patience=120)
        self.assert_failed(again, "script_failure", 42)
        self.assertIn("\nkept\n", again.text)

    def test_a_script_that_ignores_its_end_is_stopped(self):
        self.start_installed(self.package)
        job = self.run_here(["trap '' TERM", "echo started", "(sleep 600 &) ; sleep 600"],
                            variables={"RUNNER_SCRIPT_TIMEOUT": "5s"}, patience=120)
        self.assert_failed(job, "job_execution_timeout")
        self.assertIn("\nstarted\n", job.text)

    def test_a_runner_without_the_package_says_what_is_missing(self):
        self.start_installed()
        job = self.run_here("echo never")
        self.assert_failed(job, "runner_configuration_error")
        self.assertIn("the Docker engine is arm64, and this installation of runner has no runner-helper for it", job.text)
        self.assertIn("install the package runner-engine-arm64", job.text)


if __name__ == "__main__":
    unittest.main()
