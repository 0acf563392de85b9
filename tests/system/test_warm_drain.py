"""Environments that wait go when the configuration changes and when their runner is paused, and come again."""

import signal
import unittest

from tests.system.docker_harness import image
from tests.system.harness import PATIENCE
from tests.system.test_warm import WarmCase


class Drained(WarmCase):
    images = ("nonroot",)
    script = ["echo word=$RUNNER_TEST_WORD"]
    #: Keys of [[runners]] and of its [docker] that are changed, one after another.
    changes = [({}, {"image": image("nonroot")}), ({}, {"memory": "512m"})]

    def run_one(self):
        job = self.run_job(self.script, timeout=120, patience=120)
        self.assert_success(job)
        return job

    def change(self, runner, docker):
        entry = {"token": self.registered.token, **self.runner_options, **runner,
                 "docker": self.docker_settings(warm="auto", **docker)}
        self.write_config([entry], listen_address="127.0.0.1:0")
        self.daemon.send(signal.SIGHUP)

    def begin(self):
        """Answers the container that waits."""
        self.start_warm()
        self.run_one()
        self.wait_ready()
        return self.pool()[0]["Id"]

    def wait_drained(self):
        """Nothing but the runner itself uses the engine."""
        self.gitlab.wait(lambda: not self.containers(), 10 * PATIENCE, "the end of the environments")
        self.assertEqual((self.warm()["environments"], self.networks()), ([], []))
        self.assertEqual([v["Name"] for v in self.volumes() if not self._is_kept(v)], [])

    def assert_next_is_warm(self):
        hits = self.counts()["hits"]
        job = self.run_one()
        self.assertEqual(self.counts()["hits"], hits + 1, self.counts())
        return job

    def test_a_change_of_the_configuration(self):
        self.begin()
        for runner, docker in self.changes:
            with self.subTest(runner=runner, docker=docker):
                self.change(runner, docker)
                self.wait_drained()
                hits = self.counts()["hits"]
                self.run_one()
                self.assertEqual(self.counts()["hits"], hits, "of the former configuration nothing is used")
                self.wait_ready()
                self.assert_next_is_warm()
                self.wait_ready()

    def test_a_variable_of_the_configuration(self):
        self.begin()
        self.change({"environment": ["RUNNER_TEST_WORD=changed"]}, {})
        self.daemon.wait_log(r"(?s)Configuration loaded.*Configuration loaded")
        for _ in range(2):
            self.assertIn("\nword=changed\n", self.run_one().text)
            self.wait_ready()
        self.assertGreater(self.counts()["hits"], 0)

    def test_a_pause(self):
        former = self.begin()
        done = self.command("pause")
        self.assertEqual(done.code, 0, done.text)
        self.wait_drained()
        done = self.command("resume")
        self.assertEqual(done.code, 0, done.text)
        self.wait_ready()  # without another job
        self.assertNotIn(former, [c["Id"] for c in self.pool()])
        self.assert_next_is_warm()


class DrainedEngine(Drained):
    """With an inner engine and kept data, which stay as they are."""

    image_name = "dind"
    privileged = True
    runner_options = {"dind": {"builder": False}}
    script = ["echo word=$RUNNER_TEST_WORD", "docker version --format 'server {{.Server.Version}}'"]
    changes = [({"dind": {"builder": False, "mtu": 1400}}, {})]
    test_a_variable_of_the_configuration = None  # as without an engine

    def test_a_variable_that_engines_read(self):
        """No job can use an engine that was started without it."""
        self.begin()
        self.change({"environment": ["RUNNER_TEST_WORD=changed"]}, {})
        self.wait_drained()


if __name__ == "__main__":
    unittest.main()
