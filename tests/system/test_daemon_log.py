"""The daemon's own log: its formats, the fields of lines about jobs, systemd's journal."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from tests.system.harness import PATIENCE, SystemCase, need

JOB_FIELDS = {"job", "project", "runner", "runner_name", "correlation_id"}
JOURNALD = "/lib/systemd/systemd-journald"


class Journal:
    """A real systemd-journald of its own, in a mount namespace where /run and /var/log are empty."""

    def __init__(self):
        script = ("mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && "
                  f"mkdir -p /run/systemd/journal /run/log && exec {JOURNALD}")
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], cwd="/",
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        socket = Path(f"/proc/{self.process.pid}/root/run/systemd/journal/socket")
        deadline = time.monotonic() + 20 * PATIENCE
        while not socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("systemd-journald did not start")
            time.sleep(0.05)
        # What systemd does for a service, and the program then, in the same process.
        service = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"'
        self.wrapper = ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "sh", "-c", service,
                        "sh"]

    def close(self):
        self.process.terminate()
        self.process.wait(20)

    def entries(self, *matches):
        done = subprocess.run(["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "journalctl",
                               "--directory", "/run/log/journal", "-o", "json", "--all", *matches],
                              capture_output=True, text=True, check=False, cwd="/")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait(self, *matches):
        """Entries become readable a moment after they were sent, without an event."""
        deadline = time.monotonic() + 20 * PATIENCE
        while not (found := self.entries(*matches)):
            if time.monotonic() > deadline:
                everything = "\n".join(e.get("MESSAGE") or "" for e in self.entries())
                raise AssertionError(f"no entry with {matches}:\n{everything}")
            time.sleep(0.1)
        return found


class InTheJournal(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(os.path.exists(JOURNALD) and shutil.which("nsenter") is not None, "systemd-journald")
        need(os.geteuid() == 0, "root, for a mount namespace")

    def setUp(self):
        super().setUp()
        self.journal = Journal()
        self.addCleanup(self.journal.close)

    def test_entries_have_fields_of_their_own(self):
        self.write_config([{"name": "journal"}])
        daemon = self.start("--log-level", "debug", wrapper=self.journal.wrapper)
        good = self.run_job("echo done")
        bad = self.run_job("exit 3")
        end = self.journal.wait(f"JOB={bad.id}", "FAILURE_REASON=script_failure")[0]
        self.assertEqual(end["PRIORITY"], "6", "a script's failure is nothing that an admin has to do")
        self.assertEqual((end["JOB_STATUS"], end["EXIT_CODE"]), ("failed", "3"))
        self.assertTrue(end["MESSAGE"].startswith("Job failed job="), end["MESSAGE"])
        self.assertEqual(end["SYSLOG_IDENTIFIER"], "runner")
        self.assertEqual(end["_COMM"], "runner")
        for entry in self.journal.wait(f"JOB={good.id}"):
            for name in JOB_FIELDS:
                self.assertIn(name.upper(), entry, entry["MESSAGE"])
            self.assertEqual(entry["RUNNER_NAME"], "journal")
        received = [e["MESSAGE"].split("...")[0] for e in self.journal.entries(f"JOB={good.id}")]
        self.assertEqual(received[0], "Checking for jobs")
        everything = json.dumps(self.journal.entries())
        for token in (self.gitlab.runners[0].token, good.token, bad.token):
            self.assertNotIn(token, everything)
        self.assertEqual(daemon.stop(signal.SIGQUIT), 0)
        self.assertEqual(daemon.log, "", "the journal has the log, and nothing is there twice")

    def test_a_format_that_is_asked_for_wins(self):
        self.write_config(log_format="json")
        daemon = self.start(wrapper=self.journal.wrapper)
        daemon.wait_log('"msg":"Runner is ready"')
        self.assertEqual(self.journal.entries("SYSLOG_IDENTIFIER=runner", "MESSAGE=Runner is ready"), [])

    def test_a_standard_error_that_is_not_the_journals_gets_text(self):
        self.write_config()
        daemon = self.start(wrapper=["env", "JOURNAL_STREAM=1:2"])
        daemon.wait_log("Runner is ready +config=")


class Lines(SystemCase):
    def lines(self, daemon):
        return [json.loads(line) for line in daemon.log.splitlines() if line.startswith("{")]

    def test_lines_about_a_job_have_the_same_fields(self):
        self.write_config(log_format="json", log_level="debug")
        daemon = self.start()
        jobs = {"success": self.run_job("echo done"), "failed": self.run_job("exit 1")}
        jobs["canceled"] = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(jobs["canceled"], "started\n")
        self.gitlab.cancel(jobs["canceled"])
        self.finish(jobs["canceled"])
        self.assertEqual(daemon.stop(signal.SIGQUIT), 0)
        for line in self.lines(daemon):
            if "job" in line:
                self.assertLessEqual(JOB_FIELDS, set(line), line)
        for status, job in jobs.items():
            messages = [line["msg"] for line in self.lines(daemon) if line.get("job") == job.id]
            self.assertEqual(messages[0], "Checking for jobs... received")
            self.assertEqual(messages.count("The job's environment is ready"), 1)
            self.assertEqual(messages.count("Submitting job to coordinator...ok"), 1)
            self.assertEqual(messages.count("Stopping the job"), int(status == "canceled"))
            self.assertEqual(messages[-1], "Job succeeded" if status == "success" else "Job failed")
        ends = {line["job"]: line for line in self.lines(daemon) if "job_status" in line}
        self.assertEqual(ends[jobs["success"].id]["job_status"], "success")
        self.assertGreater(ends[jobs["success"].id]["duration_s"], 0)
        self.assertEqual(ends[jobs["failed"].id]["failure_reason"], "script_failure")
        self.assertEqual({line["level"] for line in ends.values()}, {"info"})

    def test_no_format_has_a_token(self):
        """The end of every test looks for the tokens of runners and jobs, and for `secrets`."""
        self.secrets = {"a-masked-value-4711", "pass-of-a-registry"}
        self.write_config([{"name": "secret", "registry": [
            {"host": "registry.example.com", "username": "u", "password_file": str(self.password())}]}])
        for log_format, line in (("runner", r"Job failed +job="), ("text", r'msg="Job failed" job='),
                                 ("json", r'"msg":"Job failed"')):
            daemon = self.start("--log-format", log_format, "--log-level", "debug")
            self.run_job(["echo $S", "exit 1"], artifacts=[{"paths": ["missing"]}],
                         variables={"S": {"value": "a-masked-value-4711", "masked": True}})
            daemon.wait_log(line)
            daemon.stop(signal.SIGQUIT)

    def password(self):
        path = self.directory / "password"
        path.write_text("pass-of-a-registry\n")
        return path

    def test_a_failure_of_the_runner_is_an_error(self):
        self.write_config(log_format="json")
        daemon = self.start(env={"RUNNER_HELPER": "/nonexistent"})
        job = self.run_job("true")
        daemon.stop(signal.SIGQUIT)
        ends = [line for line in self.lines(daemon) if "job_status" in line]
        self.assertEqual([(e["job"], e["level"], e["failure_reason"]) for e in ends],
                         [(job.id, "error", "runner_system_failure")])

    def test_a_changed_level_is_in_effect_after_sighup(self):
        self.write_config()
        daemon = self.start()
        self.run_job("true")
        self.assertNotIn("Appending trace to coordinator...ok", daemon.log)
        token = self.read_config()["runners"][0]["token"]
        self.write_config([{"token": token}], log_level="debug")
        daemon.send(signal.SIGHUP)
        self.gitlab.wait(lambda: daemon.log.count("Configuration loaded") >= 2, 20, "the reload")
        self.run_job("true")
        daemon.wait_log(r"Appending trace to coordinator\.\.\.ok +job=")


if __name__ == "__main__":
    unittest.main()
