"""list, verify, unregister, reset-token, --version, --help."""

import os
import subprocess
import time
import unittest

from tests.system.harness import BIN, SystemCase


class CommandCase(SystemCase):
    def setUp(self):
        super().setUp()
        self.new = self.gitlab.add_runner()
        self.old = self.gitlab.add_runner(legacy=True)
        self.write_config([{"name": "new", "token": self.new.token, "id": self.new.id},
                           {"name": "old", "token": self.old.token, "id": self.old.id}])
        self.config.write_text("# a comment\n" + self.config.read_text())

    def names(self):
        self.assertIn("# a comment", self.config.read_text())
        return [entry["name"] for entry in self.read_config().get("runners", [])]


class List(CommandCase):
    def test_each_entry(self):
        done = self.command("list")
        self.assertEqual(done.code, 0)
        for runner, name in ((self.new, "new"), (self.old, "old")):
            self.assertRegex(done.text, rf"(?m)^{name}\s+Executor=shell Token={runner.token} "
                                        rf"URL={self.gitlab.url}")

    def test_no_file_is_no_error(self):
        self.config.unlink()
        self.assertEqual(self.command("list").code, 0)
        self.assertEqual(self.command("list", "--format", "json").stdout, "[]\n")

    def test_a_file_that_cannot_be_read_is_no_empty_list(self):
        self.config.write_text("[[runners]\n")
        listed = self.command("list", "--format", "json")
        self.assertEqual((listed.code, listed.stdout), (1, ""))
        self.assertIn("config.toml:1:", listed.stderr)
        self.assertEqual(self.command("list").code, 1)


class Verify(CommandCase):
    def test_all_are_alive(self):
        done = self.command("verify")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("is valid", done.text)
        self.assertEqual(len(self.gitlab.requests("verify")), 2)

    def test_a_removed_runner(self):
        self.gitlab.remove_runner(self.old)
        done = self.command("verify")
        self.assertEqual(done.code, 1)
        self.assertEqual(self.names(), ["new", "old"])
        self.assertEqual(self.command("verify", "--delete").code, 0)
        self.assertEqual(self.names(), ["new"])

    def test_only_403_is_a_removal(self):
        for status in (500, 404, 422):
            self.gitlab.fault("verify", status=status, times=-1)
            done = self.command("verify", "--delete", timeout=60)
            self.assertEqual(done.code, 1, done.text)
            self.assertIn("2 of 2 runners could not be verified", done.stderr)
            self.assertEqual(self.names(), ["new", "old"], status)
            self.gitlab.faults.clear()

    def test_dead_server_removes_nothing(self):
        self.gitlab.stop_listening()
        done = self.command("verify", "--delete")
        self.assertIn("connect", done.text.lower())
        self.assertEqual(done.code, 1)
        self.assertEqual(self.names(), ["new", "old"])

    def test_selectors(self):
        self.assertEqual(self.command("verify", "--name", "new").code, 0)
        self.assertEqual(self.gitlab.requests("verify")[-1].body["token"], self.new.token)
        self.assertEqual(self.command("verify", "-u", self.gitlab.url, "-t",
                                      self.old.token).code, 0)
        self.assertEqual(len(self.gitlab.requests("verify")), 2)
        self.assertEqual(self.command("verify", "--name", "nobody").code, 1)

    def test_selectors_are_not_read_from_the_environment(self):
        self.assertEqual(self.command("verify", env={"CI_SERVER_URL": "http://x",
                                                     "CI_SERVER_TOKEN": "x"}).code, 0)
        self.assertEqual(len(self.gitlab.requests("verify")), 2)

    def test_plain_text_answer_of_old_servers(self):
        self.gitlab.verify_answers_text = True
        self.allowed.add("accept")  # asked again, this time without expecting JSON
        done = self.command("verify", "--delete")
        self.assertEqual((done.code, self.names()), (0, ["new", "old"]), done.text)


class Unregister(CommandCase):
    def contact(self):
        """The server knows a manager from the manager's first call on."""
        self.assertEqual(self.command("verify").code, 0)

    def test_by_name_removes_the_manager_only(self):
        self.contact()
        done = self.command("unregister", "--name", "new")
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.names(), ["old"])
        self.assertIn(self.new, self.gitlab.runners)
        self.assertEqual(self.new.managers, {})
        self.assertEqual(len(self.gitlab.requests("unregister_manager")), 1)

    def test_by_token_removes_a_legacy_runner(self):
        done = self.command("unregister", "--url", self.gitlab.url, "--token", self.old.token)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.names(), ["new"])
        self.assertNotIn(self.old, self.gitlab.runners)

    def test_all_keeps_those_that_failed(self):
        self.contact()
        self.gitlab.fault("unregister", status=403, times=-1)
        self.command("unregister", "--all-runners")
        self.assertEqual(self.names(), ["old"])

    def test_failures(self):
        self.assertEqual(self.command("unregister").code, 1)
        self.assertEqual(self.command("unregister", "--name", "nobody").code, 1)
        self.gitlab.fault("unregister", status=403, times=-1)
        self.assertEqual(self.command("unregister", "--name", "old").code, 1)
        self.assertEqual(self.names(), ["new", "old"])


class ResetToken(CommandCase):
    def entry(self, name):
        return next(e for e in self.read_config()["runners"] if e["name"] == name)

    def test_by_name(self):
        before = self.new.token
        self.new.expires_at = time.time() + 1000
        done = self.command("reset-token", "--name", "new")
        self.assertEqual(done.code, 0, done.text)
        self.assertNotEqual(self.new.token, before)
        self.assertEqual(self.entry("new")["token"], self.new.token)
        self.assertEqual(self.entry("old")["token"], self.old.token)
        self.assertLess(abs(self.entry("new")["token_obtained_at"].timestamp() - time.time()), 30)
        self.assertEqual(self.entry("new")["token_expires_at"].timestamp(),
                         int(self.new.expires_at))
        self.names()

    def test_all(self):
        self.assertEqual(self.command("reset-token", "--all-runners").code, 0)
        self.assertEqual([e["token"] for e in self.read_config()["runners"]],
                         [self.new.token, self.old.token])

    def test_by_id_with_an_access_token(self):
        done = self.command("reset-token", "--url", self.gitlab.url, "--id", str(self.old.id),
                            "--pat", self.gitlab.private_token)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.entry("old")["token"], self.old.token)
        seen = self.gitlab.requests("reset_token_by_id")[0]
        self.assertEqual(seen.header("PRIVATE-TOKEN"), self.gitlab.private_token)

    def test_refused(self):
        self.gitlab.remove_runner(self.new)
        done = self.command("reset-token", "--name", "new")
        self.assertEqual(done.code, 1)
        self.assertRegex(done.text, "(?i)403|forbidden")
        self.assertEqual(self.entry("new")["token"], self.new.token)
        self.assertEqual(self.command("reset-token", "--name", "nobody").code, 1)


class Help(SystemCase):
    def test_version(self):
        done = self.command("--version", config=False)
        self.assertEqual(done.code, 0)
        for word in ("Version:", "Git revision:", "OS/Arch:"):
            self.assertIn(word, done.text)

    def test_help_names_the_commands(self):
        done = self.command("--help", config=False)
        self.assertEqual(done.code, 0)
        for word in ("register", "run", "list", "verify", "unregister", "reset-token", "status"):
            self.assertIn(word, done.text)

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.write_config()
        for arguments in (["--help"], ["completion", "bash"], ["list", "--format", "json", "--config", str(self.config)]):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([str(BIN), *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                      env=self.environment(), check=False)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn("standard output", done.stderr)

    def test_a_reader_that_has_enough_is_no_failure(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([str(BIN), "--help"], stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_unknown_command_and_flag(self):
        for words in (["regster"], ["register", "--no-such-flag"]):
            done = self.command(*words, config=False)
            self.assertNotEqual(done.code, 0)
            self.assertIn(words[-1].lstrip("-"), done.text)


if __name__ == "__main__":
    unittest.main()
