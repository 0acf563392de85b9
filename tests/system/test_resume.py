"""The daemon ends and starts again: no job and no byte of a log is lost."""

import os
import re
import signal
import time
import unittest

from tests.system.harness import SystemCase, processes_of

COUNT = ["for i in $(seq 1 {n}); do echo line $i; sleep {pause}; done", "echo the end"]


def count(n, pause):
    return [line.format(n=n, pause=pause) for line in COUNT]


class Resume(SystemCase):
    def setUp(self):
        super().setUp()
        # A killed daemon may repeat bytes whose answer it never received: it gets a 416.
        self.allowed |= {"duplicate_bytes"}

    def assert_every_line_once(self, job, n):
        found = re.findall(r"(?m)^line (\d+)$", job.text)
        self.assertEqual(found, [str(i) for i in range(1, n + 1)])
        self.assertEqual(job.text.count("\nthe end\n"), 1)

    def test_killed_in_the_middle_of_a_script(self):
        daemon = self.start_with()
        job = self.add_job(count(60, 0.1) + ["echo pid $$"], after_script=["echo after"])
        self.wait_trace(job, "line 10\n")
        daemon.kill()
        size = job.trace_log.size
        time.sleep(1)  # the script runs on while no daemon reads: this is the subject of the test
        self.assertEqual(job.trace_log.size, size)
        self.start()
        self.assert_success(self.finish(job))
        self.assert_every_line_once(job, 60)
        self.assertIn("\nafter\n", job.text)
        self.assertEqual(len(re.findall(r"(?m)^Running with ", job.text)), 1)
        self.assertEqual(job.text.count('Executing "step_script" stage'), 1)

    def test_killed_again_and_again(self):
        daemon = self.start_with()
        job = self.add_job(count(80, 0.1))
        for line in (5, 20, 40):
            self.wait_trace(job, f"line {line}\n")
            daemon.kill()
            daemon = self.start()
        self.assert_success(self.finish(job))
        self.assert_every_line_once(job, 80)

    def test_the_job_ends_while_the_daemon_is_down(self):
        daemon = self.start_with()
        job = self.add_job(count(20, 0.1), after_script=["echo after"])
        self.wait_trace(job, "line 2\n")
        daemon.kill()
        time.sleep(4)  # the script needs two seconds; after it only the report is left
        self.start()
        self.assert_success(self.finish(job))
        self.assert_every_line_once(job, 20)
        self.assertIn("\nafter\n", job.text)

    def test_exit_code_survives(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 2", "exit 42"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        time.sleep(3)
        self.start()
        self.assert_failed(self.finish(job), "script_failure", 42)

    def test_deadline_goes_on_while_the_daemon_is_down(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 2; echo while it was down; sleep 300"], timeout=4)
        self.wait_trace(job, "started\n")
        daemon.kill()
        time.sleep(5)
        left = [p for p in processes_of(str(self.directory)) if "sleep 300" in p[1]]
        self.assertEqual(left, [], "the script outlived its deadline")
        self.start()
        self.assert_failed(self.finish(job), "job_execution_timeout")
        self.assertRegex(job.text, r"(?s)\nwhile it was down\n.*ERROR: Job failed: execution took longer")

    def test_heavy_output_is_complete_to_the_byte(self):
        daemon = self.start_with({"output_limit": 65536})
        job = self.add_job(["seq 1 400000", "sleep 1", "seq 400001 800000"])
        self.gitlab.wait(lambda: job.trace_log.size > 100_000, 30, "some log")
        daemon.kill()
        self.start()
        self.assert_success(self.finish(job, 120))
        numbers = re.findall(r"(?m)^(\d+)$", job.text)
        self.assertEqual(numbers, [str(i) for i in range(1, 800_001)])

    def test_killed_while_the_server_is_away(self):
        daemon = self.start_with()
        job = self.add_job(count(30, 0.1))
        self.wait_trace(job, "line 3\n")
        self.gitlab.stop_listening()
        daemon.kill()
        again = self.start(wait=False)
        time.sleep(4)
        again.kill()
        self.gitlab.listen_again()
        self.start()
        self.assert_success(self.finish(job))
        self.assert_every_line_once(job, 30)

    def test_killed_before_the_final_answer(self):
        daemon = self.start_with()
        self.gitlab.fault("update", "stall", seconds=60, skip=1, times=1)
        job = self.add_job("echo done")
        self.gitlab.wait(lambda: len(self.gitlab.requests("update", job)) == 2, 30, "final update")
        daemon.kill()
        self.start()
        self.assert_success(self.finish(job))

    def test_a_masked_value_stays_masked_across_the_kill(self):
        daemon = self.start_with()
        # One command, because the echo of a second one would stand between the two halves. When the word on
        # stderr is in the log, the checkpoint with the first half is written.
        job = self.add_job(["printf \"begin ${S%????????}\"; sleep 1; echo held >&2; sleep 3; "
                            "echo \"${S#???????} end\""],
                           variables={"S": {"value": "verysecretvalue", "masked": True}})
        self.wait_trace(job, "held\n")
        daemon.kill()
        time.sleep(1)
        self.start()
        self.assert_success(self.finish(job))
        self.assertNotIn("verysec", job.text)
        self.assertNotIn("retvalue", job.text)
        self.assertIn("\nbegin [MASKED] end\n", job.text)

    def test_cancel_while_the_daemon_is_down(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 300"], after_script=["echo after"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        self.gitlab.cancel(job)
        self.start()
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertIn("\nafter\n", job.text)

    def test_taken_away_while_the_daemon_is_down(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        self.gitlab.cancel(job, force=True)
        self.start()
        self.assert_success(self.run_job("true"))
        deadline = time.monotonic() + 10
        while (left := [p for p in processes_of(str(self.directory)) if "sleep 300" in p[1]]):
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.05)

    def test_new_jobs_beside_the_resumed_one(self):
        daemon = self.start_with()
        job = self.add_job(["echo started $CI_CONCURRENT_ID", "sleep 4", "echo finished"])
        self.wait_trace(job, "started 0\n")
        daemon.kill()
        self.start()
        other = self.run_job("echo id $CI_CONCURRENT_ID dir $CI_PROJECT_DIR")
        self.assertIn("\nid 1 dir ", other.text)
        self.assert_success(self.finish(job))

    def test_two_daemons_do_not_share_a_state_directory(self):
        self.start_with()
        second = self.start(wait=False)
        self.assertNotEqual(second.wait_exit(), 0)
        self.assertRegex(second.log, "(?i)another|already|in use|lock")

    def test_a_damaged_journal_is_said_and_does_not_stop_the_daemon(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 60"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        for pid, words in processes_of(str(self.directory)):
            os.kill(pid, signal.SIGKILL)
        state = self.config.parent / ".runner-state"
        files = list(state.rglob("checkpoint.json")) + list(state.rglob("payload.json"))
        self.assertNotEqual(files, [])
        for file in files:
            file.write_text("{broken")
        again = self.start()
        again.wait_log(f"(?i)(job.{{0,40}}{job.id}|{job.id})")
        self.assert_success(self.run_job("true"))

    def test_the_supervisor_was_killed_too(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 60"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        for pid, words in processes_of(str(self.directory)):
            os.kill(pid, signal.SIGKILL)
        self.start()
        self.finish(job)
        self.assertEqual((job.status, job.reported_reason), ("failed", "runner_system_failure"))


if __name__ == "__main__":
    unittest.main()
