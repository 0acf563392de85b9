"""Pulls from real registries: refused and tried again, in the background, and through mirrors."""

import base64
import contextlib
import json
import socket
import unittest

from tests.system.docker_harness import DockerCase, Registry, docker, image
from tests.system.harness import PATIENCE
from tests.system.registry_front import RegistryFront
from tests.system.test_warm import WarmCase

# The host's engine takes plain HTTP from 127.0.0.1 only; jobs reach the bridge only.
HOME = "127.0.0.1"
ORIGINAL, HOST_MIRROR, JOB_MIRROR, BEHIND = 5120, 5121, 5122, 5123


class Mirrors(DockerCase):
    image_name = "dind"
    images = ("buildkit", "distroless")
    privileged = True
    name = f"{HOME}:{ORIGINAL}/team/small:host"
    mirrored = f"{HOME}:{HOST_MIRROR}/team/small:host"

    def registry(self, stack, name, port, address="", upstream=""):
        return stack.enter_context(Registry(str(self.directory / name), port, address, upstream))

    def push_images(self):
        for tag in ("host", "engine", "builder"):
            name = f"{HOME}:{ORIGINAL}/team/small:{tag}"
            docker("tag", image("distroless"), name)
            docker("push", "-q", name)
            docker("rmi", name)
        for name in (self.name, self.mirrored):
            self.addCleanup(docker, "rmi", name, check=False)

    def pull_by_host(self, expected):
        job = self.run_job(["echo done"], image={"name": self.name, "pull_policy": ["always"]})
        self.assert_success(job)
        self.assertIn(expected, job.text)
        return job.text

    def test_reach_the_hosts_engine_the_inner_engine_and_the_builder(self):
        with contextlib.ExitStack() as stack:
            self.registry(stack, "original", ORIGINAL, HOME)
            self.push_images()
            upstream = f"http://{HOME}:{ORIGINAL}"
            inner = self.registry(stack, "inner", JOB_MIRROR, upstream=upstream)
            self.start_docker(
                {"dind": {"builder_image": image("buildkit")},
                 "registry": [{"host": f"{HOME}:{HOST_MIRROR}", "mirror_of": f"{HOME}:{ORIGINAL}"},
                              {"host": f"{inner.address}:{JOB_MIRROR}", "http": True,
                               "mirror_of": "docker.io"}]},
                allowed_pull_policies=["always", "if-not-present"])
            with Registry(str(self.directory / "host"), HOST_MIRROR, HOME, upstream) as mirror:
                text = self.pull_by_host(f"Pulling docker image {self.name} ...")
                self.assertNotIn("WARNING", text)
                self.assertGreater(mirror.requests("/v2/team/small/manifests/host"), 0)
            self.pull_by_host(f"WARNING: The mirror {HOME}:{HOST_MIRROR} of {HOME}:{ORIGINAL} does not work (")
            text = self.pull_by_host("Using docker image sha256:")
            self.assertNotIn("WARNING", text, "the mirror is left out for a minute")

            job = self.run_job(["docker pull -q team/small:engine",
                                "printf 'FROM team/small:builder\\n' > Dockerfile",
                                "docker buildx build ."], timeout=120)
            self.assert_success(job)
            for tag in ("engine", "builder"):
                self.assertGreater(inner.requests(f"/v2/team/small/manifests/{tag}"), 0, tag)


class FrontCase(DockerCase):
    """A registry behind one that counts, and an image in it whose upper layer the engine does not have."""

    image_name = "busybox"

    def setUp(self):
        super().setUp()
        self.behind = Registry(str(self.directory / "behind"), BEHIND, HOME)
        self.behind.__enter__()
        self.addCleanup(self.behind.__exit__)
        self.front = RegistryFront(HOME, BEHIND)
        self.front.__enter__()
        self.addCleanup(self.front.__exit__)
        self.name = f"{self.front.host}/team/app:1"
        self.addCleanup(docker, "rmi", "-f", self.name, check=False)

    def tearDown(self):
        self.behind.__exit__()
        super().tearDown()

    def push_new(self):
        """Another image each time. Answers its id; the engine has it no more."""
        pushed = f"{HOME}:{BEHIND}/team/app:1"
        container = f"runner-pulls-{self.short.lower()}"
        self.addCleanup(docker, "rm", "-f", container, check=False)
        docker("run", "--name", container, image("busybox"), "sh", "-c", "head -c 300000 /dev/urandom > /unique")
        docker("commit", container, pushed)
        docker("rm", container)
        self.addCleanup(docker, "rmi", "-f", pushed, check=False)
        docker("push", "-q", pushed)
        id = docker("image", "inspect", "-f", "{{.Id}}", pushed).strip()
        docker("rmi", pushed)
        return id

    def add(self, login="", name="", script="echo done"):
        variables = {}
        host = (name or self.name).partition("/")[0]
        if login:
            auth = base64.b64encode(f"{login}:secret".encode()).decode()
            variables["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {host: {"auth": auth}}})
        return self.add_job(script, image={"name": name or self.name}, variables=variables)

    def logins(self):
        """That have asked for the manifest."""
        asked = {authorization for _, _, status, authorization in self.front.requests("/manifests/") if status == 200}
        return {base64.b64decode(text.removeprefix("Basic ")).decode().split(":")[0] for text in asked}


class Shown(DockerCase):
    image_name = "busybox"

    def test_a_pull_is_in_the_log_while_it_goes_on(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            name = f"127.0.0.1:{silent.getsockname()[1]}/team/app:1"
            self.start_docker(pull_policy="always")
            job = self.add_job("echo done", image={"name": name})
            self.wait_trace(job, f"Pulling docker image {name} ...")
            self.assertNotIn("failed", job.text)
        self.assertIn("ERROR: Job failed: failed to pull image", self.finish(job).text)


class Failed(FrontCase):
    def test_a_registry_that_is_busy_is_asked_again(self):
        self.push_new()
        self.front.failures = [(503, {}), (429, {"Retry-After": "1"})]
        self.start_docker(pull_policy="always")
        job = self.finish(self.add())
        self.assert_success(job)
        self.assertEqual(job.text.count("retrying in"), 2, job.text)
        statuses = [status for method, _, status, _ in self.front.requests("/manifests/") if method == "GET"]
        self.assertEqual(statuses, [503, 429, 200])

    def test_a_refusal_holds_for_its_login_only(self):
        self.push_new()
        self.front.login = self.front.refuses = True
        self.start_docker(pull_policy="always")
        first = self.finish(self.add("ann"))
        self.assertEqual(first.status, "failed")
        asked = len(self.front.requests("/v2/"))
        second = self.finish(self.add("ann"))
        self.assertEqual(second.status, "failed")
        self.assertIn(f"Not pulling {self.name}: the registry refused it ", second.text)
        self.assertIn(f" s ago, with the same login, for job {first.id}\n", second.text)
        self.assertEqual(len(self.front.requests("/v2/")), asked)
        self.front.refuses = False
        self.assert_success(self.finish(self.add("bob")))
        self.assertEqual(self.logins(), {"bob"})

    def test_a_registry_that_cannot_be_reached_is_tried_by_one_job_for_all(self):
        name = f"{HOME}:1/team/app:1"
        self.start_docker(pull_policy="always")
        first = self.finish(self.add("ann", name=name))
        self.assertIn("connection refused", first.text)
        second = self.finish(self.add(name=name))
        self.assertEqual(second.status, "failed")
        self.assertIn("the engine could not connect to its registry ", second.text)
        self.assertNotIn("retrying in", second.text)
        self.assertIn(f"the engine cannot connect to the registry {HOME}:1", second.text)


class Shared(FrontCase):
    def gets(self):
        return [path for method, path, status, _ in self.front.requests("/team/app/") if (method, status) == ("GET", 200)]

    def test_two_jobs_that_need_an_image_at_once_pull_it_once(self):
        self.push_new()
        self.start_docker()
        self.front.open.clear()
        first = self.add()
        self.wait_trace(first, f"Pulling docker image {self.name} ...")
        second = self.add()
        self.wait_trace(second, f"Waiting for the pull of {self.name} by job {first.id} ...")
        self.front.open.set()
        for job in (first, second):
            self.assert_success(self.finish(job))
        self.assertNotIn("Pulling docker image", second.text)
        self.assertNotIn("Waiting for the pull", first.text)
        gets = self.gets()
        self.assertEqual(len(gets), len(set(gets)), gets)
        # Its configuration and the layer that the engine does not have.
        self.assertEqual(len([path for path in gets if "/blobs/" in path]), 2, gets)


class Refreshed(FrontCase, WarmCase):
    def used_record(self, id):
        return list((self.config.parent / ".runner-state" / "used").glob(f"*/images/*{id.removeprefix('sha256:')}"))

    def test_an_image_that_jobs_use_often(self):
        former = self.push_new()
        self.start_warm(image=self.name, pull_policy="if-not-present", runner={"images": {"refresh_after": "1s"}})
        self.assert_success(self.finish(self.add()))
        new = self.push_new()
        self.assertNotEqual(new, former)
        self.wait_ready()
        waiting = self.pool()[0]
        self.assertEqual(waiting["Image"], former)
        for script in ("sleep 2", "echo second", "echo third"):
            self.assert_success(self.finish(self.add(script=script)))
        self.daemon.wait_log("Refreshed an image that jobs use often.*yes")
        self.assertEqual(docker("image", "inspect", "-f", "{{.Id}}", self.name).strip(), new)
        self.assertTrue(self.used_record(new), "the image can be removed when nobody uses it any more")
        # Without another job.
        self.gitlab.wait(lambda: [c["Image"] for c in self.pool()] == [new], 30 * PATIENCE,
                         "an environment with the new image")
        self.wait_ready()
        hits = self.counts()["hits"]
        job = self.finish(self.add())
        self.assert_success(job)
        self.assertIn(f"Using docker image {new} for", job.text)
        self.assertEqual(self.counts()["hits"], hits + 1, self.counts())


if __name__ == "__main__":
    unittest.main()
