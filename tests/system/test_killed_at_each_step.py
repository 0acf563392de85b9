"""A daemon that is killed at requests by which jobs with an inner engine and kept data change the engine.

It is killed when the engine has answered and the daemon does not know it. A step stands for those that leave the same
kind of thing; each request of a preparation is one in docker_executor_faults_test.cpp, with an engine in memory.
"""

import os
import signal
import threading
import time
import unittest

from tests.system.docker_harness import PREFIX
from tests.system.engine_front import WatchingFront
from tests.system.harness import PATIENCE, need
from tests.system.test_kept_data_faults import BUILD, FIRST, USE, WARM, Slot

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")

# A job is about to take the environment that waits for it: what follows goes over a connection that is there already.
TAKEN = "GET /containers/{pool}/json"
PREPARATION = ["POST /volumes/create data", "POST /containers/create build", "POST /containers/{build}/start"]
BEGIN = ["POST /exec/{build connect}/start"]
END = ["POST /exec/{build tidy-data}/start", "DELETE /containers/{build}", "POST /containers/create pool", TAKEN]

# The last request of a start; before, jobs do without environments that are made ahead.
STARTED = "GET /volumes"
# An environment's container runs, and its engine is starting.
ENGINE_STARTS = "POST /exec/{pool connect}/start"
# The last request for such an environment.
READY = "GET /containers/{pool}/stats"


class KilledAtEachStep(Slot):
    docker_options = {"warm": "auto"}

    def setUp(self):
        super().setUp()
        need(ENGINE.startswith("unix://"), "an engine on a unix socket")
        self.lock = threading.Lock()
        self.answered = []
        self.fatal = None
        front = self.enterContext(WatchingFront(self.directory / "engine.sock", ENGINE, self.observe))
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings(host=front.url),
                            **self.runner_options}])

    def observe(self, kind, answered):
        if not answered:
            return False
        with self.lock:
            self.answered.append(kind)
            hit = self.fatal == kind
            if hit:
                self.fatal = None
                self.daemons[-1].kill()
        self.gitlab.notify()
        return hit

    def wait(self, daemon, condition):
        """Or until the daemon is killed."""
        try:
            self.gitlab.wait(lambda: condition() or not daemon.alive(), 60 * PATIENCE)
        except TimeoutError:
            logs = "\n".join([*(job.text for job in self.gitlab.jobs[-2:]), daemon.log])
            raise AssertionError(f"it did not come, after {self.answered}\n{logs}") from None

    def live(self, fatal=None):
        """The life of a daemon: a job, a second one in the environment that was made after it, and the end by SIGTERM,
        unless a request kills it before. Answers the jobs."""
        self.answered = []
        daemon = self.start(wait=False)
        jobs = []
        try:
            self.wait(daemon, lambda: STARTED in self.answered)
            self.answered, self.fatal = [], fatal
            while daemon.alive() and len(jobs) < 2:
                jobs.append(self.add_job([*BUILD, *USE], timeout=120))
                self.wait(daemon, lambda: jobs[-1].is_final() and self.answered.count(READY) >= len(jobs))
        finally:
            daemon.stop(signal.SIGTERM)
        self.assertIsNone(self.fatal, "the request did not come")
        return jobs

    def finish_with_another_daemon(self, jobs, *expected):
        daemon = self.start()
        try:
            for job in jobs:
                self.assert_success(self.finish(job, 30))
                self.assertIn(self.line(job), expected)
                self.assertEqual(job.text.count("\nbuilt-and-usable\n"), 1, job.text)
            self.assert_nothing_left()
        finally:
            daemon.stop(signal.SIGTERM)

    def assert_nothing_left(self):
        """Of jobs that have ended, while their daemon goes on."""
        deadline = time.monotonic() + 10 * PATIENCE
        while left := [c["Name"] for c in self.containers() if c["Config"]["Labels"].get(PREFIX + "type") != "pool"]:
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.1)

    def check(self, steps):
        """Each job is the next one of its slot after a kill, and is killed itself."""
        expected = (FIRST, WARM)
        for step in steps:
            with self.subTest(step=step):
                self.finish_with_another_daemon(self.live(step), *expected)
            expected = (WARM,)
        self.finish_with_another_daemon([self.add_job([*BUILD, *USE], timeout=120)], WARM)

    def test_in_the_preparation(self):
        self.check(PREPARATION)

    def test_after_an_environment_whose_making_was_interrupted(self):
        """Two starts without an answer make the next job cold. One that a daemon ends by itself does not count."""
        daemon = self.start()
        try:
            self.assert_success(self.run_job([*BUILD, *USE], timeout=120, patience=120))
            self.wait(daemon, lambda: ENGINE_STARTS in self.answered)
        finally:
            daemon.stop(signal.SIGTERM)
        self.finish_with_another_daemon(self.live("POST /containers/{build}/start"), WARM)

    def test_before_the_first_stage(self):
        self.check(BEGIN)

    def test_at_the_end_and_while_the_next_environment_is_made_and_used(self):
        self.check(END)


if __name__ == "__main__":
    unittest.main()
