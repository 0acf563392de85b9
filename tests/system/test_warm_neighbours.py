"""Two daemons with jobs of one project on one engine: kept data and environments that wait are each one's own."""

import unittest

from tests.system.docker_harness import PREFIX, image
from tests.system.test_kept_data_faults import BUILD, FIRST, USE, WARM
from tests.system.test_warm import WarmCase


class Neighbours(WarmCase):
    image_name = "dind"
    images = ("busybox",)
    privileged = True
    runner_options = {"dind": {"builder": False, "preload_images": [image("busybox")]}}

    def neighbour(self):
        """Another daemon with another runner of the same GitLab."""
        other = Neighbours(self._testMethodName)
        other.setUp()
        self.addCleanup(other.doCleanups)
        other.gitlab.close()
        other.gitlab = self.gitlab
        other.registered = self.gitlab.add_runner()
        other.short = other.registered.token.removeprefix("glrt-t1_")[:9]
        return other

    def begin(self):
        return self.add_job([*BUILD, *USE], runner=self.registered, timeout=120)

    def assert_engine_job(self, job, data, hits):
        self.finish(job, 120)
        self.assert_success(job)
        self.assertIn(f"\n{data}\n", job.text)
        self.assertIn("\nbuilt-and-usable\n", job.text)
        self.assertEqual("CACHED" in job.text, data == WARM, job.text)
        self.assertEqual(self.counts()["hits"], hits, self.counts())

    def data(self):
        """Names and times of making: a volume that was removed and made again is another one."""
        return {(v["Name"], v["CreatedAt"]) for v in self.volumes() if v["Labels"].get(PREFIX + "type") == "data"}

    def waiting(self):
        return [c["Id"] for c in self.pool() if c["State"]["Running"]]

    def test_each_has_its_own_and_one_goes_on_when_the_other_is_stopped(self):
        other = self.neighbour()
        both = (self, other)
        for daemon in both:
            daemon.start_warm()
        for data, hits in ((FIRST, 0), (WARM, 1)):
            jobs = [daemon.begin() for daemon in both]
            for daemon, job in zip(both, jobs):
                daemon.assert_engine_job(job, data, hits)
            for daemon in both:
                daemon.wait_ready()
        kept, others = self.data(), other.data()
        self.assertEqual((len(kept), len(others)), (1, 1))
        self.assertTrue(kept.isdisjoint(others))
        waiting = self.waiting()
        self.assertEqual((len(waiting), len(other.waiting())), (1, 1))

        self.assertEqual(other.daemon.stop(), 0)
        self.assertEqual(other.containers(), [])
        self.assertEqual(other.data(), others)
        self.assertEqual(self.waiting(), waiting)
        self.assert_engine_job(self.begin(), WARM, 2)
        self.wait_ready()
        waiting = self.waiting()

        other.start_warm()
        self.assertEqual(self.waiting(), waiting, "a start removes only what is its own")
        other.assert_engine_job(other.begin(), WARM, 0)
        self.assertEqual(self.waiting(), waiting)
        self.assertEqual((self.data(), other.data()), (kept, others))
        other.tearDown()


if __name__ == "__main__":
    unittest.main()
