"""Pulls through real pull-through registries: by the host's engine, the inner engine and the builder."""

import contextlib
import unittest

from tests.system.docker_harness import DockerCase, Registry, docker, image

# The host's engine takes plain HTTP from 127.0.0.1 only; jobs reach the bridge only.
HOME = "127.0.0.1"
ORIGINAL, HOST_MIRROR, JOB_MIRROR = 5120, 5121, 5122


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


if __name__ == "__main__":
    unittest.main()
