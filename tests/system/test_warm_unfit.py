"""A waiting environment with an engine gives way to a job of its slot that it does not suit."""

import unittest

from tests.system.docker_harness import image
from tests.system.test_warm import WarmCase


class GivesWay(WarmCase):
    image_name = "dind"
    images = ("buildkit",)
    privileged = True
    daemon_config = "{}"

    def setUp(self):
        super().setUp()
        config = self.directory / "daemon.json"
        config.write_text(self.daemon_config, encoding="utf-8")
        self.runner_options = {"dind": {"builder_image": image("buildkit"), "daemon_config": str(config)}}

    def run_one(self, *script, **options):
        job = self.run_job([*script, "docker buildx inspect --bootstrap | grep ^Status:"], timeout=120, patience=120,
                           **options)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nStatus: +running\n")
        return job.text

    def test_the_job_finds_the_data_of_its_slot(self):
        self.start_warm()
        self.run_one("mkdir /b && tar -c -C /b . | docker import - kept")
        for number in range(2):
            self.wait_ready()
            waiting = self.pool()[0]["Id"]
            # Engines read the variable, so the waiting one is of no use.
            text = self.run_one("docker image inspect -f 'kept={{.Os}}' kept",
                                variables={"DOCKER_TEST": str(number)})
            self.assertIn("\nInner engine: warm, with the images and build caches that its slot has kept\n", text)
            self.assertIn("\nkept=linux\n", text)
            self.assertNotIn(waiting, [c["Id"] for c in self.containers()])
        self.assertEqual((self.counts()["misses"]["different"], self.counts()["hits"]), (2, 0))


class GivesWayInContainerd(GivesWay):
    """Only the engine can remove its containers there."""

    daemon_config = '{"features": {"containerd-snapshotter": true}}'


if __name__ == "__main__":
    unittest.main()
