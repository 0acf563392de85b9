"""How a job can end: timeouts, graceful and forced cancel, aborts by the server."""

import subprocess
import time
import unittest

from tests.support.gitlab import sections
from tests.system.harness import SystemCase


class Timeouts(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def test_job_timeout(self):
        begun = time.monotonic()
        job = self.run_job(["echo started", "sleep 300"], timeout=2)
        self.assert_failed(job, "job_execution_timeout")
        self.assertIn("execution took longer than 2s seconds", job.text)
        self.assertLess(time.monotonic() - begun, 15)
        # The result stands after the section, where it is seen when the section is folded.
        self.assertIn("WARNING: step_script could not run to completion", job.text)
        self.assertNotIn("could not run", next(s.text for s in sections(job.trace) if s.name == "step_script"))

    def test_the_preparation_has_a_limit_of_its_own(self):
        """A login shell whose profile hangs stops a shell job at its first script."""
        self.daemons[0].stop()
        (self.directory / ".bash_profile").write_text("sleep 300\n")
        self.start_with({"prepare_timeout": "1s"})
        job = self.run_job("echo never", after_script=["echo neither"])
        self.assert_failed(job, "job_execution_timeout")
        self.assertIn("prepare timeout: exceeded timeout of 1s", job.text)
        self.assertNotIn("\nnever", job.text)
        self.assertNotIn("\nneither", job.text)

    def test_script_timeout_leaves_time_for_after_script(self):
        job = self.run_job(["echo started", "sleep 300"], variables={"RUNNER_SCRIPT_TIMEOUT": "1s"},
                           after_script=["echo status $CI_JOB_STATUS"])
        self.assert_failed(job, "job_execution_timeout")
        self.assertIn("status timedout\n", job.text)

    def test_after_script_timeout(self):
        job = self.run_job("true", after_script=["echo begun", "sleep 300"],
                           variables={"RUNNER_AFTER_SCRIPT_TIMEOUT": "1s"})
        self.assert_success(job)
        self.assertIn("\nbegun\n", job.text)

    def test_a_script_that_ignores_sigterm_is_killed(self):
        job = self.run_job(["trap '' TERM", "echo started", "while :; do sleep 1; done"],
                           timeout=2)
        self.assert_failed(job, "job_execution_timeout")

    def test_malformed_timeouts_are_named_and_ignored(self):
        job = self.run_job("true", variables={"RUNNER_SCRIPT_TIMEOUT": "soon"})
        self.assert_success(job)
        self.assertIn("RUNNER_SCRIPT_TIMEOUT", job.text)


def says_canceled(exchange):
    """The cancel may overtake a patch that the server has accepted but not answered yet."""
    return exchange.status == 403 or exchange.response_headers.get("Job-Status") == "canceled"


class Cancel(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def running(self, script=("echo started", "sleep 300"), **spec):
        job = self.add_job(list(script), **spec)
        self.wait_trace(job, "started\n")
        return job

    def test_graceful_runs_after_script(self):
        job = self.running(after_script=["echo status $CI_JOB_STATUS"])
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertIn("status canceled\n", job.text)
        self.assertEqual(job.updates[-1]["state"], "failed")
        self.assertIn(job.updates[-1]["failure_reason"], ("unknown_failure", "script_failure"))

    def test_graceful_when_the_script_is_silent(self):
        """A cancel must not wait for the 30 s heartbeat when there is no log traffic."""
        job = self.running()
        begun = time.monotonic()
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertLess(time.monotonic() - begun, 15)

    def test_forced_cancel_stops_at_once_and_sends_nothing_more(self):
        job = self.running(["echo started", "while :; do echo tick; sleep 0.1; done"],
                           after_script=["touch after-script-ran"])
        self.gitlab.cancel(job, force=True)
        self.gitlab.wait(lambda: any(map(says_canceled, self.gitlab.requests(job=job))), 20,
                         "the runner to learn of it")
        self.daemons[0].wait_log("(?i)cancel|abort")
        self.assert_no_processes_of_jobs()
        self.assertLessEqual(len(list(filter(says_canceled, self.gitlab.requests(job=job)))), 2)
        self.assertEqual([u["state"] for u in job.updates if u["state"] != "running"], [])

    def assert_no_processes_of_jobs(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = subprocess.run(["pgrep", "-f", f"{self.work}/builds"], capture_output=True)
            if found.returncode:
                return
            time.sleep(0.05)
        self.fail("processes of the job are left over")

    def test_cancel_during_after_script_ends_the_job(self):
        job = self.add_job("true", after_script=["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        self.gitlab.cancel(job, force=True)
        self.assert_no_processes_of_jobs()

    def test_cancel_before_the_script(self):
        self.gitlab.fault("git", "slow", seconds=5, times=1)
        source = self.directory / "source"
        source.mkdir()
        (source / "file").write_text("x")
        project = self.gitlab.add_project("g/p", str(source))
        job = self.add_job("echo script-ran", project=project)
        self.gitlab.wait_exchange("update", job=job)
        self.gitlab.wait(lambda: self.gitlab.requests("git"), 20, "git to begin")
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertNotIn("\nscript-ran", job.text)

    def test_stops_end_the_pause_before_a_retry(self):
        """The pauses grow to five minutes: a cancel, the job's limit and a stop of the daemon end them."""
        missing = {"git_strategy": "fetch", "variables": {"GET_SOURCES_ATTEMPTS": "5"}}
        job = self.add_job("true", **missing)
        self.wait_trace(job, "Retrying...")
        begun = time.monotonic()
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertLess(time.monotonic() - begun, 4)
        limited = self.run_job("true", timeout=2, patience=4, **missing)
        self.assert_failed(limited, "job_execution_timeout")
        stopped = self.add_job("true", **missing)
        self.wait_trace(stopped, "Retrying...")
        begun = time.monotonic()
        self.assertEqual(self.daemons[0].stop(), 0)
        self.assertLess(time.monotonic() - begun, 4)
        self.assert_failed(stopped, "runner_interrupted")

    def test_other_jobs_are_not_touched(self):
        victim = self.running()
        other = self.running(["echo started", "sleep 3", "echo finished"])
        self.gitlab.cancel(victim)
        self.finish(victim)
        self.assert_success(self.finish(other))
        self.assertIn("\nfinished\n", other.text)

    def test_deleted_job_is_an_abort(self):
        job = self.running()
        self.gitlab.fault("update", status=404, times=-1, job=job.id)
        self.gitlab.fault("trace", status=403, times=-1, job=job.id)
        self.gitlab.wait(lambda: any(e.status in (403, 404)
                                     for e in self.gitlab.requests(job=job)), 45, "the abort")
        self.assert_no_processes_of_jobs()
        self.gitlab.finish_job(job, "canceled", None)

    def test_cancel_seen_in_the_first_update(self):
        self.gitlab.fault("update", "answer", headers={"Job-Status": "canceled"})
        job = self.add_job("touch script-ran")
        self.gitlab.wait_exchange("update", job=job)
        again = self.run_job("true")
        self.assert_success(again)
        self.assertEqual(len(job.updates), 1)
        self.assertEqual(job.patches, [])
        self.allowed.add("silence")


if __name__ == "__main__":
    unittest.main()
