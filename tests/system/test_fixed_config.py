"""A config.toml that no rename can replace: mounted by itself, immutable, read-only. No token gets lost."""

import datetime
import hashlib
import os
import subprocess
import threading
import unittest

from tests.system.harness import SystemCase, need


def date(seconds):
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now():
    return datetime.datetime.now(datetime.timezone.utc).timestamp()


class FixedConfig(SystemCase):
    def setUp(self):
        need(os.geteuid() == 0, "root")
        super().setUp()
        self.runner = self.gitlab.add_runner()
        self.secrets.add(self.runner.token)
        self.addCleanup(self.set_attribute, "-i")

    def write(self, left=600.0):
        """A token that is old enough to be replaced."""
        self.runner.expires_at = now() + left
        self.write_config_text(
            f'concurrent = 2\ncheck_interval = 1\n[[runners]]\n  name = "test"\n'
            f'  url = "{self.gitlab.url}"\n  id = {self.runner.id}\n'
            f'  token = "{self.runner.token}"\n  token_obtained_at = {date(now() - 3600)}\n'
            f"  token_expires_at = {date(self.runner.expires_at)}\n"
            '  executor = "shell"\n')

    def set_attribute(self, change):
        subprocess.run(["chattr", change, str(self.config)], check=False, capture_output=True)

    def make_immutable(self):
        self.set_attribute("+i")
        try:
            self.config.open("a").close()
        except PermissionError:
            return
        need(False, "a file system with immutable files")

    def mounted(self, options="bind"):
        """Runs a command where the file is a mount of its own."""
        return ["unshare", "--mount", "sh", "-c",
                f'mount --bind "$0" "$0" && mount -o remount,{options} "$0" && exec "$@"',
                str(self.config)]

    def token(self):
        return self.read_config()["runners"][0]["token"]

    def make_immutable_during_reset(self):
        """The server has replaced the token, and its answer comes after the file has become immutable."""
        old = self.runner.token
        self.gitlab.fault("reset_token", "slow", seconds=3)

        def act():
            self.gitlab.wait(lambda: self.runner.token != old, 30, "the new token")
            self.make_immutable()

        thread = threading.Thread(target=act)
        thread.start()
        self.addCleanup(thread.join)


class Rotation(FixedConfig):
    def test_a_change_that_was_interrupted_is_undone_at_the_next_start(self):
        self.write(left=86400)
        whole = self.config.read_text()
        former, wanted = whole.encode(), b"concurrent = 7\n" + whole.encode()
        mark = (f"\n# runner: a change of this file has not ended; its former text follows: {len(former)} "
                f"{hashlib.sha256(former).hexdigest()} {len(wanted)} {hashlib.sha256(wanted).hexdigest()}\n")
        copy = "# " + whole.replace("\n", "\n# ") + "\n"
        torn = wanted[:40] + b"\n" * (len(wanted) - 40)
        self.config.write_bytes(torn + mark.encode() + copy.encode())
        daemon = self.start(wrapper=self.mounted())
        daemon.wait_log("A change of the configuration was interrupted: its former text is put back")
        self.assertEqual(self.config.read_text(), whole)
        self.assert_success(self.run_job("true"))

    def test_a_file_that_is_mounted_by_itself_is_written_in_place(self):
        self.write()
        inode = os.stat(self.config).st_ino
        daemon = self.start(wrapper=self.mounted())
        daemon.wait_log("token was replaced")
        self.assertEqual(self.token(), self.runner.token)
        self.assertEqual(os.stat(self.config).st_ino, inode)
        self.assert_success(self.run_job("true"))
        self.assertEqual(len(self.gitlab.requests("reset_token")), 1)

    def test_the_server_is_not_asked_when_the_file_cannot_be_written(self):
        self.write()
        self.make_immutable()
        daemon = self.start()
        daemon.wait_log("is not replaced, because the new one could not be saved.*chattr -i")
        self.assert_success(self.run_job("true"))
        self.assertEqual(self.gitlab.requests("reset_token"), [])

    def test_a_token_that_cannot_be_written_is_used_kept_and_written_later(self):
        self.write()
        self.make_immutable_during_reset()
        daemon = self.start()
        daemon.wait_log("the new one cannot be written into the configuration: it is used.*kept_in")
        self.assertNotEqual(self.token(), self.runner.token)
        self.assert_success(self.run_job("true"))
        daemon.stop()
        daemon = self.start()
        self.assert_success(self.run_job("true"))
        self.set_attribute("-i")
        daemon.wait_log("The configuration has the new tokens", timeout=60)
        self.assertEqual(self.token(), self.runner.token)
        self.assertEqual(list(self.directory.rglob("new-tokens.json")), [])
        self.assertEqual(len(self.gitlab.requests("reset_token")), 1)


class Commands(FixedConfig):
    def test_nothing_is_asked_of_the_server_when_the_file_cannot_be_written(self):
        self.write()
        self.make_immutable()
        before = self.config.read_text()
        for words in (["reset-token", "--name", "test"], ["unregister", "--name", "test"],
                      ["register", "--non-interactive", "--url", self.gitlab.url, "--executor",
                       "shell", "--registration-token", self.gitlab.registration_token]):
            done = self.command(*words)
            self.assertEqual(done.code, 1, words)
            self.assertIn("chattr -i", done.text, words)
            done = self.command(*words, wrapper=self.mounted("ro,bind"))
            self.assertEqual(done.code, 1, words)
        self.assertEqual(self.gitlab.exchanges, [])
        self.assertEqual(self.config.read_text(), before)

    def test_a_file_that_is_mounted_by_itself(self):
        self.write()
        self.assertEqual(self.command("reset-token", "--name", "test",
                                      wrapper=self.mounted()).code, 0)
        self.assertEqual(self.token(), self.runner.token)
        done = self.command("register", "--non-interactive", "--url", self.gitlab.url,
                            "--executor", "shell", "--name", "second", "--token",
                            self.gitlab.add_runner().token, wrapper=self.mounted())
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual([e["name"] for e in self.read_config()["runners"]], ["test", "second"])
        done = self.command("unregister", "--name", "second", wrapper=self.mounted())
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual([e["name"] for e in self.read_config()["runners"]], ["test"])

    def test_reset_token_keeps_what_it_cannot_write(self):
        self.write(left=86400)
        self.make_immutable_during_reset()
        done = self.command("reset-token", "--name", "test")
        self.assertEqual(done.code, 1)
        self.assertRegex(done.text, "kept in .*new-tokens.json")
        self.assertNotIn(self.runner.token, done.text)
        self.start()
        self.assert_success(self.run_job("true"))
        self.set_attribute("-i")
        self.assertEqual(self.command("reset-token", "--name", "test").code, 0)
        self.assertEqual(self.token(), self.runner.token)


if __name__ == "__main__":
    unittest.main()
