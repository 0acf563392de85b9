"""The container images of packaging/images, made from the images of the tests in place of a registry's."""

import http.server
import io
import shutil
import tarfile
import threading
import unittest

from tests.system.docker_harness import DockerCase, bridge_address, docker, image
from tests.system.harness import ROOT, SystemCase
from tests.system.machine import make_package

IMAGES = ROOT / "packaging/images"


def architecture():
    return docker("version", "--format", "{{.Server.Arch}}").strip()


def build(test, name, directory, **arguments):
    """Builds an image with the engine's own builder; it is removed at the end of the test."""
    words = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    docker("buildx", "build", "--builder", "default", "-q", "-t", name, *words, str(directory))
    test.addCleanup(docker, "rmi", "-f", name, check=False)


class Tools(http.server.BaseHTTPRequestHandler):
    """Archives like those of Go's and Helm's sites, each with a program that prints its name."""

    def do_GET(self):
        members = {f"/go9.9.9.linux-{architecture()}.tar.gz": "go/bin/go",
                   f"/helm-v8.8.8-linux-{architecture()}.tar.gz": f"linux-{architecture()}/helm"}
        if self.path not in members:
            return self.send_error(404)
        program = f"#!/bin/sh\necho program {self.path} \"$@\"\n".encode()
        entry = tarfile.TarInfo(members[self.path])
        entry.size, entry.mode = len(program), 0o755
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(entry, io.BytesIO(program))
        self.send_response(200)
        self.end_headers()
        return self.wfile.write(packed.getvalue())

    def log_message(self, *_):
        pass


class Builder(DockerCase):
    image_name = "dind"
    privileged = True

    def test_a_job_has_engine_builder_and_tools(self):
        server = http.server.ThreadingHTTPServer((bridge_address(), 0), Tools)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        site = f"http://{bridge_address()}:{server.server_port}"
        build(self, "runner-test/builder-with-tools", IMAGES / "builder", BASE=image("dind"), GO_VERSION="9.9.9",
              GO_SITE=site, HELM_VERSION="8.8.8", HELM_SITE=site, PLAIN_REGISTRY="registry.company.net")
        self.start_docker(image="runner-test/builder-with-tools")
        job = self.run_job(["go version && helm version && git --version",
                            "docker info --format '{{.RegistryConfig.IndexConfigs}}'",
                            "cat /etc/buildkit/buildkitd.toml /root/.docker/config.json",
                            "docker buildx inspect | grep -i driver"], patience=120)
        self.assert_success(job)
        for text in (f"program /go9.9.9.linux-{architecture()}.tar.gz version", "program /helm-v8.8.8", "git version",
                     "registry.company.net", "network=\"host\""):
            self.assertIn(text, job.text)


class Runner(SystemCase):
    """The daemon in a container, with the engine of this machine."""

    executor = "docker"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gitlab_options = {"host": bridge_address()}

    def setUp(self):
        super().setUp()
        self.context = self.directory / "image"
        shutil.copytree(IMAGES / "runner", self.context)
        shutil.copy(make_package("DEB"), self.context)
        build(self, "runner-test/runner", self.context, BASE=image("server-bookworm"))
        self.config.touch(0o600)
        self.token = self.gitlab.add_runner(expires_in=3600).token
        self.short = self.token.removeprefix("glrt-t1_")[:9]
        self.addCleanup(self.remove_engine_objects)
        self.state = f"runner-test-state-{self.directory.name}"
        self.addCleanup(docker, "volume", "rm", "-f", self.state, check=False)
        # The file alone, so it cannot be replaced by a rename.
        self.options = ["-v", f"{self.config}:/etc/gitlab-runner/config.toml", "-v", f"{self.state}:/var/lib/runner",
                        "-v", "/var/run/docker.sock:/var/run/docker.sock"]

    def remove_engine_objects(self):
        for container in self.engine_objects("ps", "-a"):
            docker("rm", "-f", "-v", container, check=False)
        for volume in self.engine_objects("volume", "ls"):
            docker("volume", "rm", "-f", volume, check=False)

    def engine_objects(self, *words):
        """Names of what this test's runner has in the engine."""
        name = "{{.Names}}" if words[0] == "ps" else "{{.Name}}"
        lines = docker(*words, "--format", name + " {{.Labels}}").splitlines()
        return [line.split()[0] for line in lines if self.short.lower() in line.lower()]

    def start_container(self):
        made = docker("run", "-d", *self.options, "runner-test/runner").strip()
        self.addCleanup(docker, "rm", "-f", "-v", made, check=False)
        return made

    def test_register_run_and_replace_the_token_in_a_file_that_is_mounted_alone(self):
        number = self.config.stat().st_ino
        (self.directory / "token").write_text(self.token)
        docker("run", "--rm", *self.options, "-v", f"{self.directory}/token:/token:ro", "runner-test/runner", "register",
               "--non-interactive", "--url", self.gitlab.url, "--token-file", "/token", "--executor", "docker",
               "--docker-image", image("busybox"), "--docker-pull-policy", "never")
        self.assertIn(self.token, self.config.read_text())
        first = self.start_container()
        self.assert_success(self.run_job(["echo hello"]))
        # The answer to a piece of the log may be on its way when the daemon is killed.
        self.allowed.add("duplicate_bytes")
        # A job goes on while the container is replaced.
        job = self.add_job(["echo started", "while [ ! -e /tmp/go ]; do sleep 0.1; done", "echo finished"])
        self.wait_trace(job, "started\n")
        docker("kill", first)
        second = self.start_container()
        [container] = self.engine_objects("ps")
        docker("exec", container, "touch", "/tmp/go")
        self.assert_success(self.finish(job))
        self.assertEqual(job.text.count("\nstarted\n"), 1)
        self.config.write_text(self.config.read_text().replace(
            next(line for line in self.config.read_text().splitlines() if "token_expires_at" in line),
            "  token_expires_at = 2020-01-01T00:00:00Z"))
        self.gitlab.wait_exchange("reset_token", 1)
        self.gitlab.wait(lambda: self.token not in self.config.read_text(), 20, "the new token in the file")
        self.assertEqual(self.config.stat().st_ino, number)
        self.assertEqual(self.zombies(second), [])
        docker("stop", "-t", "30", second)
        self.assertEqual(docker("inspect", "-f", "{{.State.ExitCode}}", second).strip(), "0")

    def zombies(self, container):
        rows = docker("top", container, "-eo", "pid,stat,args").splitlines()
        return [row for row in rows if row.split()[1].startswith("Z")]


if __name__ == "__main__":
    unittest.main()
