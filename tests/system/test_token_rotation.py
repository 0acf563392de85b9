"""Authentication tokens that expire are replaced in time, and the file keeps what a person wrote."""

import datetime
import os
import unittest

from tests.system.harness import SystemCase


def date(seconds):
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class TokenRotation(SystemCase):
    def write(self, runner, lived=3600.0, left=600.0, more="", entries=1):
        """A token of this age that expires after this time."""
        runner.expires_at = self.now() + left
        self.secrets.add(runner.token)
        text = "# by hand\nconcurrent = 2\ncheck_interval = 1\n"
        for number in range(entries):
            text += (f'\n[[runners]]\n  name = "entry-{number}" # kept\n  url = "{self.gitlab.url}"\n'
                     f'  id = {runner.id}\n  token = "{runner.token}"\n'
                     f"  token_obtained_at = {date(self.now() - lived)}\n"
                     f"  token_expires_at = {date(runner.expires_at)}\n"
                     f'  executor = "shell"\n{more}')
        self.write_config_text(text)

    @staticmethod
    def now():
        return datetime.datetime.now(datetime.timezone.utc).timestamp()

    def wait_resets(self, count):
        self.gitlab.wait(lambda: len(self.gitlab.requests("reset_token")) >= count, 20,
                         f"{count} reset requests")

    def test_the_new_token_is_written_and_used(self):
        runner = self.gitlab.add_runner()
        old = runner.token
        self.write(runner)
        daemon = self.start()
        self.wait_resets(1)
        daemon.wait_log("token was replaced")
        self.assertNotEqual(runner.token, old)
        entry = self.read_config()["runners"][0]
        self.assertEqual(entry["token"], runner.token)
        self.assertEqual(entry["token_expires_at"].timestamp(), int(runner.expires_at))
        self.assertLess(abs(entry["token_obtained_at"].timestamp() - self.now()), 30)
        self.assertIn("# by hand\n", self.config.read_text())
        self.assertIn("# kept\n", self.config.read_text())
        self.assertEqual(os.stat(self.config).st_mode & 0o777, 0o600)
        self.assert_success(self.run_job("true"))
        self.assertEqual(len(self.gitlab.requests("reset_token")), 1)

    def test_jobs_survive_the_rotation_and_a_restart(self):
        runner = self.gitlab.add_runner()
        self.write(runner, lived=0, left=3600)
        daemon = self.start()
        go = self.work / "go"
        job = self.add_job(["echo started", f"while [ ! -e {go} ]; do sleep 0.05; done"])
        self.wait_trace(job, "started\n")
        self.write(runner)  # now the rotation is due
        daemon.wait_log("token was replaced")
        self.allowed.add("duplicate_bytes")  # the bytes that were sent right before the kill are sent again
        daemon.kill()
        self.start()
        go.touch()
        self.assert_success(self.finish(job))

    def test_entries_that_share_a_token_get_the_new_one_together(self):
        runner = self.gitlab.add_runner()
        self.write(runner, entries=2)
        daemon = self.start()
        daemon.wait_log("token was replaced")
        tokens = [entry["token"] for entry in self.read_config()["runners"]]
        self.assertEqual(tokens, [runner.token, runner.token])

    def test_not_before_its_time(self):
        runner = self.gitlab.add_runner()
        self.write(runner, lived=100, left=1000)
        self.start()
        self.assert_success(self.run_job("true"))
        self.assertEqual(self.gitlab.requests("reset_token"), [])

    def test_switched_off_it_is_a_warning(self):
        runner = self.gitlab.add_runner()
        self.write(runner, more="  [runners.feature_flags]\n"
                                "    FF_DISABLE_AUTOMATIC_TOKEN_ROTATION = true\n")
        daemon = self.start()
        daemon.wait_log("token expires soon and is not replaced")
        self.assert_success(self.run_job("true"))
        self.assertEqual(self.gitlab.requests("reset_token"), [])

    def test_a_refusal_is_said_once_with_the_remedy(self):
        runner = self.gitlab.add_runner()
        self.gitlab.fault("reset_token", "status", status=403, times=-1)
        self.write(runner)
        daemon = self.start()
        daemon.wait_log("refuses to replace the runner's token.*--pat-file")
        self.assert_success(self.run_job("true"))
        self.assertEqual(len(self.gitlab.requests("reset_token")), 1)

    def test_a_server_in_trouble_is_asked_again_later(self):
        runner = self.gitlab.add_runner()
        self.gitlab.fault("reset_token", "drop", times=-1)
        self.write(runner)
        daemon = self.start()
        daemon.wait_log("could not be replaced; this is tried again.*next_try_s=30", timeout=60)
        self.assert_success(self.run_job("true"))


if __name__ == "__main__":
    unittest.main()
