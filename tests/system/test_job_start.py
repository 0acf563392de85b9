"""A job's environment is made while GitLab answers to the job's start; its script waits for the answer."""

import time

from tests.system.docker_harness import DockerCase

SECONDS = 3


class AnswerToTheStart(DockerCase):
    script = ["echo at $(cut -d' ' -f1 /proc/uptime)."]

    def test_the_environment_is_made_meanwhile(self):
        self.gitlab.fault("update", action="slow", seconds=SECONDS)
        self.start_docker()
        job = self.finish(self.add_job(self.script))
        self.assert_success(job)
        told = self.gitlab.requests("update", job)[0].started
        ready = float(self.daemons[0].wait_log(r"The job's environment is ready .*after_s=([0-9.]+)")[1])
        self.assertLess(ready, SECONDS)
        suspended = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        script = float(self.line_of(job).split()[1].rstrip(".")) - suspended
        self.assertGreaterEqual(script, told + SECONDS - 0.05)
        for patch in self.gitlab.requests("trace", job):
            self.assertGreaterEqual(patch.started, told + SECONDS - 0.05)

    def test_a_dropped_job_leaves_nothing(self):
        self.gitlab.fault("update", action="answer", status=403, headers={"Job-Status": "failed"})
        daemon = self.start_docker()
        job = self.add_job(self.script)
        daemon.wait_log("Stopping the job.*reason=aborted")
        daemon.stop()
        self.assertEqual(len(self.gitlab.requests("update", job)), 1)
        self.assertEqual(self.gitlab.requests("trace", job), [])
        self.assertEqual(self.containers(), [])

    def test_a_cancelled_job_runs_no_script(self):
        self.gitlab.fault("update", action="answer", headers={"Job-Status": "canceling"})
        daemon = self.start_docker()
        job = self.finish(self.add_job(self.script))
        self.assertIn("ERROR: Job failed: canceled", job.text)
        self.assertNotIn("\nat ", job.text)
        daemon.stop()
        self.assertEqual(self.containers(), [])

    def test_a_stop_does_not_wait_for_the_answer(self):
        self.gitlab.fault("update", action="stall", seconds=60, apply=True)
        daemon = self.start_docker(globals={"shutdown_timeout": 60})
        job = self.add_job(self.script)
        daemon.wait_log("The job's environment is ready")
        self.command("cancel", str(job.id))
        self.finish(job, 40)
        self.assert_failed(job, "runner_interrupted")
        self.assertNotIn("\nat ", job.text)

    def line_of(self, job):
        return next(line for line in job.text.split("\n") if line.startswith("at "))
