"""SIGQUIT, SIGTERM, SIGINT, SIGHUP, and a second signal."""

import signal
import time
import unittest

from tests.system.harness import SystemCase


class Signals(SystemCase):
    def running(self, script=("echo started", "sleep 3", "echo finished"), **spec):
        job = self.add_job(list(script), **spec)
        self.wait_trace(job, "started\n")
        return job

    def test_sigquit_waits_for_jobs_and_takes_no_new_ones(self):
        daemon = self.start_with()
        job = self.running()
        daemon.send(signal.SIGQUIT)
        daemon.wait_log("(?i)graceful|quit|waiting")
        late = self.add_job("true")
        self.assertEqual(daemon.wait_exit(), 0)
        self.assert_success(job)
        self.assertIn("\nfinished\n", job.text)
        self.assertEqual(late.status, "pending")

    def test_sigterm_and_sigint_stop_jobs_with_a_report(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.start_with()
            job = self.running(["echo started", "sleep 300"], after_script=["echo after-ran"])
            begun = time.monotonic()
            daemon.send(number)
            self.assertEqual(daemon.wait_exit(), 0)
            self.assertLess(time.monotonic() - begun, 30)
            self.assert_failed(job, "runner_interrupted")
            self.assertRegex(job.text, "(?i)aborted: (terminated|interrupt)")
            self.assertNotIn("\nafter-ran\n", job.text)

    def test_sigusr2_leaves_running_jobs_to_the_next_start(self):
        # The answer to a piece of the log may be on its way.
        self.allowed.add("duplicate_bytes")
        daemon = self.start_with()
        go = self.work / "go"
        job = self.running(["echo started", f"while [ ! -e {go} ]; do sleep 0.05; done", "echo finished"])
        daemon.send(signal.SIGUSR2)
        self.assertEqual(daemon.wait_exit(10), 0)
        self.assertEqual(job.status, "running")
        self.start()
        go.touch()
        self.assert_success(self.finish(job))
        self.assertEqual(job.text.count("\nstarted\n"), 1)
        self.assertIn("\nfinished\n", job.text)

    def test_sigusr2_ends_the_wait_of_sigquit(self):
        # The answer to a piece of the log may be on its way.
        self.allowed.add("duplicate_bytes")
        daemon = self.start_with()
        job = self.running(["echo started", "sleep 300"])
        daemon.send(signal.SIGQUIT)
        daemon.wait_log("Starting graceful shutdown")
        daemon.send(signal.SIGUSR2)
        self.assertEqual(daemon.wait_exit(10), 0)
        self.assertEqual(job.status, "running")
        self.start()
        self.gitlab.cancel(job)
        self.gitlab.wait_finished(job)

    def test_sigusr2_waits_for_a_job_that_the_server_is_assigning(self):
        self.gitlab.fault("request", "slow", times=1, seconds=1, size=4096)
        daemon = self.start_with()
        job = self.add_job(["echo started"])
        self.gitlab.wait(lambda: job.status == "running", 20, "the job to be assigned")
        daemon.send(signal.SIGUSR2)
        self.assertEqual(daemon.wait_exit(10), 0)
        self.start()
        self.assert_success(self.finish(job))

    def test_sigquit_after_sigterm_does_not_cut_the_reports(self):
        daemon = self.start_with()
        job = self.running(["echo started", "sleep 300"])
        daemon.send(signal.SIGTERM)
        daemon.wait_log("Starting forceful shutdown")
        daemon.send(signal.SIGQUIT)
        self.assertEqual(daemon.wait_exit(), 0)
        self.assert_failed(job, "runner_interrupted")

    def test_sigusr1_does_not_end_the_daemon(self):
        self.write_config()
        daemon = self.start("--log-level", "debug")
        job = self.running(["echo started", "while [ ! -e go ]; do sleep 0.1; done"])
        daemon.send(signal.SIGUSR1)
        daemon.wait_log(rf"Running job .*job={job.id} .*stage=step_script")
        self.gitlab.cancel(job)
        self.gitlab.wait_finished(job)
        self.assertEqual(daemon.stop(), 0)

    def test_sigterm_after_sigquit_stops(self):
        daemon = self.start_with()
        job = self.running(["echo started", "sleep 300"])
        daemon.send(signal.SIGQUIT)
        daemon.wait_log("(?i)graceful|quit|waiting")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait_exit(), 0)
        self.assert_failed(job, "runner_interrupted")

    def test_a_second_sigterm_leaves_at_once(self):
        # The answer to the first bytes may still be on its way when the second signal comes.
        self.allowed.add("duplicate_bytes")
        daemon = self.start_with()
        self.running(["trap '' TERM", "echo started", "while :; do sleep 1; done"])
        self.gitlab.fault("update", "stall", seconds=60, times=-1)
        daemon.send(signal.SIGTERM)
        daemon.wait_log("(?i)terminat|stopp|abort|shut")
        daemon.send(signal.SIGTERM)
        self.assertNotEqual(daemon.wait_exit(5), 0)
        # The next start finishes the job that was left.
        self.gitlab.faults.clear()
        self.start()
        job = self.gitlab.jobs[0]
        self.gitlab.wait(job.is_final, 30, "the job to be reported after all")

    def test_idle_daemon_stops_quickly(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            daemon = self.start_with()
            begun = time.monotonic()
            self.assertEqual(daemon.stop(number), 0)
            self.assertLess(time.monotonic() - begun, 3)

    def test_stop_during_a_long_poll(self):
        self.gitlab.long_poll = 50
        daemon = self.start_with()
        self.gitlab.wait(lambda: len(self.gitlab.requests("request")) >= 2, 20, "a held request")
        begun = time.monotonic()
        self.assertEqual(daemon.stop(signal.SIGQUIT), 0)
        self.assertLess(time.monotonic() - begun, 8, "it waited for the poll's end")

    def test_shutdown_timeout(self):
        daemon = self.start_with(shutdown_timeout=2)
        self.running(["echo started", "sleep 300"])
        self.gitlab.fault("update", "stall", seconds=60, times=-1)
        daemon.send(signal.SIGTERM)
        begun = time.monotonic()
        self.assertNotEqual(daemon.wait_exit(15), 0)
        self.assertLess(time.monotonic() - begun, 10)
        self.gitlab.faults.clear()
        self.start()
        self.gitlab.wait(self.gitlab.jobs[0].is_final, 30, "the report after all")


class Reload(SystemCase):
    def test_sighup_and_file_change(self):
        daemon = self.start_with()
        second = self.gitlab.add_runner(tags=["second"], run_untagged=False)
        first = self.read_config()["runners"][0]["token"]
        self.write_config([{"token": first}, {"token": second.token, "name": "second"}])
        daemon.send(signal.SIGHUP)
        self.assert_success(self.run_job("true", tags=["second"]))
        third = self.gitlab.add_runner(tags=["third"], run_untagged=False)
        self.write_config([{"token": first}, {"token": third.token, "name": "third"}])
        self.assert_success(self.run_job("true", tags=["third"]))  # without SIGHUP: the change of the file is enough
        late = self.add_job("true", tags=["second"])
        self.assert_success(self.run_job("true"))
        self.assertEqual(late.status, "pending")

    def test_a_change_behind_a_link(self):
        """Kubernetes mounts a configuration as a link into a directory that is itself a link, and replaces that link."""
        token = self.gitlab.add_runner().token
        versions = []
        for name in ("before", "after"):
            self.write_config([{"token": token, "name": name}])
            (self.directory / name).mkdir()
            versions.append(self.config.rename(self.directory / name / "config.toml").parent)
        data = self.config.parent / "data"
        data.symlink_to(versions[0])
        self.config.symlink_to(data / "config.toml")
        self.start()
        self.assertIn("  on before ", self.run_job("true").text)
        fresh = self.config.parent / "fresh"
        fresh.symlink_to(versions[1])
        fresh.rename(data)
        self.daemons[0].wait_log("(?s)Configuration loaded.*Configuration loaded")
        self.assertIn("  on after ", self.run_job("true").text)

    def test_a_broken_file_is_named_and_the_old_one_stays(self):
        daemon = self.start_with()
        self.write_config_text("concurrent = 4\n[[runners]\n")
        daemon.send(signal.SIGHUP)
        daemon.wait_log(r"config\.toml.*(2|line)")
        self.assert_success(self.run_job("true"))

    def test_running_jobs_keep_their_configuration(self):
        daemon = self.start_with({"name": "before"})
        job = self.add_job(["echo started", "sleep 3", "echo finished"])
        self.wait_trace(job, "started\n")
        token = self.read_config()["runners"][0]["token"]
        self.write_config([], concurrent=1)
        daemon.send(signal.SIGHUP)
        self.assert_success(self.finish(job))
        self.write_config([{"token": token, "name": "after"}])
        self.assertIn("  on after ", self.run_job("true").text)

    def test_a_file_that_comes_later(self):
        daemon = self.start(wait=False) if not self.config.exists() else None
        daemon.wait_log("(?i)config")
        self.write_config()
        self.assert_success(self.run_job("true"))


if __name__ == "__main__":
    unittest.main()
