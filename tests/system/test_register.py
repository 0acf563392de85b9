"""register: every kind of token, every server-side flag, terminal, environment, template."""

import os
import pty
import re
import select
import stat
import subprocess
import time
import unittest

from tests.system.harness import BIN, PATIENCE, SystemCase


class RegisterCase(SystemCase):
    def register(self, *arguments, env=None, interactive=False, **options):
        words = ["register"]
        if not interactive:
            words.append("--non-interactive")
        return self.command(*words, *arguments, env=env, **options)

    def only_entry(self):
        entries = self.read_config()["runners"]
        self.assertEqual(len(entries), 1)
        return entries[0]


class LegacyToken(RegisterCase):
    def test_tags_and_flags_reach_the_server(self):
        done = self.register(
            "--url", self.gitlab.url, "--registration-token", self.gitlab.registration_token,
            "--executor", "shell", "--description", "legacy", "--tag", "docker-test", "--tag",
            "linux", "--locked=false", "--access-level", "ref_protected", "--maximum-timeout",
            "900", "--maintenance-note", "note", "--paused")
        self.assertEqual(done.code, 0, done.text)
        body = self.gitlab.requests("register")[0].body
        self.assertEqual(body["description"], "legacy")
        self.assertEqual(body["tag_list"], "docker-test,linux")
        self.assertIs(body["run_untagged"], False)
        self.assertIs(body["locked"], False)
        self.assertIs(body["paused"], True)
        self.assertEqual(body["access_level"], "ref_protected")
        self.assertEqual(body["maximum_timeout"], 900)
        self.assertEqual(body["maintenance_note"], "note")
        entry = self.only_entry()
        self.assertEqual((entry["name"], entry["url"], entry["token"], entry["executor"]),
                         ("legacy", self.gitlab.url, self.gitlab.runners[0].token, "shell"))
        self.assertEqual(entry["id"], self.gitlab.runners[0].id)

    def test_short_flags_tag_list_and_defaults(self):
        done = self.register("-u", self.gitlab.url + "/", "-r", self.gitlab.registration_token,
                             "--executor", "shell", "--tag-list", "docker, aws",
                             '--run-untagged=true')
        self.assertEqual(done.code, 0, done.text)
        body = self.gitlab.requests("register")[0].body
        self.assertEqual(self.gitlab.runners[0].tags, ["docker", "aws"])
        self.assertIs(body["run_untagged"], True)
        self.assertIs(body["locked"], True)
        self.assertIs(body["paused"], False)
        self.assertEqual(body["description"], os.uname().nodename)

    def test_without_tags_untagged_jobs_are_taken(self):
        done = self.register("--url", self.gitlab.url, "--executor", "shell",
                             "--registration-token", self.gitlab.registration_token)
        self.assertEqual(done.code, 0, done.text)
        self.assertIs(self.gitlab.requests("register")[0].body["run_untagged"], True)

    def test_wrong_token(self):
        done = self.register("--url", self.gitlab.url, "--registration-token", "GR1348941wrong",
                             "--executor", "shell")
        self.assertEqual(done.code, 1)
        self.assertRegex(done.text, "(?i)forbidden|not valid|registration token")
        self.assertFalse(self.config.exists() and self.read_config().get("runners"))

    def test_registration_switched_off(self):
        self.gitlab.allow_registration = False
        done = self.register("--url", self.gitlab.url, "--executor", "shell",
                             "--registration-token", self.gitlab.registration_token)
        self.assertEqual(done.code, 1)
        self.assertIn("runner registration disallowed", done.text)

    def test_server_says_which_field_is_wrong(self):
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--maximum-timeout",
                             "10", "--registration-token", self.gitlab.registration_token)
        self.assertEqual(done.code, 1)
        self.assertIn("needs to be at least 10 minutes", done.text)

    def test_a_later_failure_unregisters_the_runner(self):
        arguments = ("--url", self.gitlab.url, "--registration-token",
                     self.gitlab.registration_token, "--executor", "no-such-executor")
        self.assertNotEqual(self.register(*arguments).code, 0)
        self.assertEqual(self.gitlab.runners, [])
        self.assertNotEqual(self.register(*arguments, "--leave-runner").code, 0)
        self.assertLessEqual(len(self.gitlab.runners), 1)

    def test_docker_entry(self):
        done = self.register(
            "--url", self.gitlab.url, "--registration-token", self.gitlab.registration_token,
            "--executor", "docker", "--docker-image", "alpine:3", "--docker-privileged",
            "--docker-volumes", "/certs/client", "--limit", "2", "--env", "A=B", "--env", "C=D",
            "--request-concurrency", "3", "--output-limit", "100")
        self.assertEqual(done.code, 0, done.text)
        entry = self.only_entry()
        self.assertEqual(entry["docker"]["image"], "alpine:3")
        self.assertIs(entry["docker"]["privileged"], True)
        self.assertEqual(entry["docker"]["volumes"], ["/certs/client", "/cache"])
        self.assertEqual((entry["limit"], entry["request_concurrency"], entry["output_limit"]),
                         (2, 3, 100))
        self.assertEqual(entry["environment"], ["A=B", "C=D"])

    def test_custom_entry(self):
        """What the executor needs is said, but not demanded: a template or a later edit may bring it."""
        words = ["--url", self.gitlab.url, "--registration-token", self.gitlab.registration_token,
                 "--executor", "custom", "--builds-dir", "/b"]
        done = self.register(*words)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("The entry is written without --custom-run-exec, --cache-dir: its jobs fail until", done.text)
        done = self.register(*words, "--cache-dir", "/c", "--custom-run-exec", "/run")
        self.assertNotIn("The entry is written without", done.text)


class AuthenticationToken(RegisterCase):
    def test_verify_is_the_registration(self):
        runner = self.gitlab.add_runner(expires_in=86400)
        done = self.register("--url", self.gitlab.url, "--token", runner.token, "--executor",
                             "shell", "--name", "local name")
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual([e.route for e in self.gitlab.exchanges], ["verify"])
        seen = self.gitlab.exchanges[0]
        system_id = (self.config.parent / ".runner_system_id").read_text()
        self.assertRegex(system_id, r"^[sr]_[0-9a-zA-Z]{12}$")
        self.assertEqual(seen.body["system_id"], system_id)
        self.assertEqual(seen.body["info"]["name"], "gitlab-runner")
        self.assertEqual(seen.header("Runner-Token"), runner.token)
        self.assertRegex(seen.header("X-Request-Id"), r"^[0-9a-f]{32}$")
        self.assertRegex(seen.header("User-Agent"), r"^gitlab-runner 19\.\d+\.\d+ \(.*linux/.*\)$")
        entry = self.only_entry()
        self.assertEqual((entry["name"], entry["id"]), ("local name", runner.id))
        self.assertEqual(entry["token_expires_at"].timestamp(), int(runner.expires_at))
        self.assertLess(abs(entry["token_obtained_at"].timestamp() - time.time()), 30)
        self.assertIn(str(self.config), done.text)

    def test_file_modes(self):
        self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                      self.gitlab.add_runner().token)
        for path in (self.config, self.config.parent / ".runner_system_id"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_wrong_token(self):
        self.secrets.add("glrt-t1_wrongwrongwrongwrong")
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                             "glrt-t1_wrongwrongwrongwrong")
        self.assertEqual(done.code, 1)
        self.assertIn("is not valid", done.text)
        self.assertNotIn("glrt-t1_wrongwrongwrongwrong", done.text)

    def test_server_side_flags_are_fatal_with_it(self):
        runner = self.gitlab.add_runner()
        for flag in (["--tag-list", "a"], ["--tag", "a"], ["--run-untagged"], ["--locked=false"],
                     ["--paused"], ["--access-level", "ref_protected"],
                     ["--maximum-timeout", "900"], ["--maintenance-note", "x"]):
            done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                                 runner.token, *flag)
            self.assertNotEqual(done.code, 0, flag)
            self.assertRegex(done.text, flag[0].split("=")[0].lstrip("-"), flag)
        self.assertFalse(self.config.exists() and self.read_config().get("runners"))
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                             runner.token, "--locked")
        self.assertEqual(done.code, 0, done.text)

    def test_given_as_registration_token_the_flags_are_ignored(self):
        runner = self.gitlab.add_runner()
        done = self.register("--url", self.gitlab.url, "--executor", "shell",
                             "--registration-token", runner.token, "--tag-list", "a")
        self.assertEqual(done.code, 0, done.text)
        self.assertRegex(done.text, "WARNING")
        self.assertEqual([e.route for e in self.gitlab.exchanges], ["verify"])

    def test_old_authentication_token(self):
        runner = self.gitlab.add_runner(legacy=True)
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                             runner.token)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual([e.route for e in self.gitlab.exchanges], ["verify"])

    def test_access_token_creates_and_registers(self):
        self.secrets.add(self.gitlab.private_token)
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--access-token",
                             self.gitlab.private_token, "--tag", "docker-test", "--description",
                             "made")
        self.assertEqual(done.code, 0, done.text)
        runner = self.gitlab.runners[0]
        self.assertEqual((runner.tags, runner.description, runner.runner_type),
                         (["docker-test"], "made", "instance_type"))
        self.assertEqual(self.only_entry()["token"], runner.token)
        self.assertEqual([e.route for e in self.gitlab.exchanges], ["create_runner", "verify"])
        self.assertNotIn(self.gitlab.private_token, self.config.read_text() + done.text)

    def test_wrong_access_token(self):
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--access-token",
                             "glpat-wrong")
        self.assertEqual(done.code, 1)
        self.assertRegex(done.text, "(?i)401|unauthorized|access token")


class Inputs(RegisterCase):
    def test_environment(self):
        done = self.command("register", env={
            "CI_SERVER_URL": self.gitlab.url, "REGISTRATION_TOKEN": self.gitlab.registration_token,
            "RUNNER_NAME": "from env", "RUNNER_EXECUTOR": "shell", "RUNNER_TAG_LIST": "x,y",
            "REGISTER_NON_INTERACTIVE": "true", "REGISTER_RUN_UNTAGGED": "true"})
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.gitlab.runners[0].tags, ["x", "y"])
        self.assertTrue(self.gitlab.runners[0].run_untagged)
        self.assertEqual(self.only_entry()["name"], "from env")

    def test_a_flag_wins_over_environment(self):
        done = self.register("--name", "flag", "--token", self.gitlab.add_runner().token, env={
            "CI_SERVER_URL": self.gitlab.url, "RUNNER_NAME": "env", "RUNNER_EXECUTOR": "shell"})
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.only_entry()["name"], "flag")

    def test_config_file_by_environment(self):
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                             self.gitlab.add_runner().token, config=False,
                             env={"CONFIG_FILE": str(self.config)})
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(len(self.read_config()["runners"]), 1)

    def test_template(self):
        template = self.directory / "template.toml"
        template.write_text('[[runners]]\nname = "from template"\n[runners.docker]\n'
                            'image = "t:1"\nprivileged = true\n')
        done = self.register("--template-config", str(template), "--url", self.gitlab.url,
                             "--token", self.gitlab.add_runner().token, "--executor", "docker",
                             "--docker-image", "flag:1")
        self.assertEqual(done.code, 0, done.text)
        entry = self.only_entry()
        self.assertEqual((entry["docker"]["image"], entry["docker"]["privileged"]),
                         ("flag:1", True))

    def test_missing_value_is_named(self):
        for given, missing in ((["--executor", "shell", "--token", "x"], "url"),
                               (["--url", self.gitlab.url, "--executor", "shell"], "token")):
            done = self.register(*given)
            self.assertNotEqual(done.code, 0)
            self.assertRegex(done.text.lower(), missing)

    def test_everything_that_is_wrong_is_named_at_once(self):
        done = self.register("--url", "gitlab.example.com", "--executor", "dokcer", "--limit", "x",
                             "--token", "glrt-1", "--paused", "--tag-list", "a")
        self.assertEqual(done.code, 1)
        for word in ("--limit", "--tag-list, --paused"):
            self.assertIn(word, done.text)
        done = self.register("--url", "gitlab.example.com", "--executor", "dokcer")
        self.assertEqual(done.code, 1)
        for word in ("must begin with http", "token is missing", 'did you mean "docker"'):
            self.assertIn(word, done.text)
        self.assertEqual(self.gitlab.exchanges, [])

    def test_space_around_values_is_no_part_of_them(self):
        done = self.register("--url", f" {self.gitlab.url}\n", "--executor", "shell\n", "--token",
                             self.gitlab.add_runner().token + "\n")
        self.assertEqual(done.code, 0, done.text)
        entry = self.only_entry()
        self.assertEqual((entry["url"], entry["executor"]), (self.gitlab.url, "shell"))

    def test_comments_and_other_entries_stay(self):
        before = ('# kept above\nconcurrent = 7 # seven\n\n[[runners]] # first\n  name = "old"\n'
                  f'  url = "{self.gitlab.url}"\n  token = "glrt-t1_old"\n  executor = "shell"\n'
                  "# kept below\n")
        self.write_config_text(before)
        done = self.register("--url", self.gitlab.url, "--token", self.gitlab.add_runner().token,
                             "--executor", "shell", "--name", "new")
        self.assertEqual(done.code, 0, done.text)
        after = self.config.read_text()
        for line in ("# kept above", "concurrent = 7 # seven", "[[runners]] # first",
                     "# kept below"):
            self.assertIn(line, after)
        self.assertEqual([r["name"] for r in self.read_config()["runners"]], ["old", "new"])
        self.assertEqual(self.read_config()["concurrent"], 7)

    def test_a_broken_config_is_not_overwritten(self):
        self.write_config_text("concurrent = \n")
        done = self.register("--url", self.gitlab.url, "--executor", "shell", "--token",
                             self.gitlab.add_runner().token)
        self.assertNotEqual(done.code, 0)
        self.assertIn(str(self.config), done.text)
        self.assertEqual(self.config.read_text(), "concurrent = \n")


class Terminal(RegisterCase):
    def talk(self, answers, *arguments):
        """Answers questions on a pseudo terminal: pairs of a pattern and the text that is typed after it."""
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [str(BIN), "register", "--config", str(self.config), *arguments], stdin=child,
            stdout=child, stderr=child, env=self.environment(TERM="dumb"), close_fds=True)
        os.close(child)
        text, deadline = "", time.monotonic() + 30 * PATIENCE
        seen = 0
        while time.monotonic() < deadline:
            if not select.select([parent], [], [], 0.2)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                block = os.read(parent, 65536)
            except OSError:
                break
            if not block:
                break
            text += block.decode("utf-8", "replace")
            if answers and (match := re.search(answers[0][0], text[seen:], re.I)):
                seen += match.end()
                os.write(parent, (answers.pop(0)[1] + "\n").encode())
        os.close(parent)
        code = process.wait(10)
        self.assertEqual(answers, [], f"not asked for:\n{text}")
        return code, text

    def test_legacy_questions_in_order(self):
        code, text = self.talk([
            ("url", self.gitlab.url), ("registration token", self.gitlab.registration_token),
            ("description", "by hand"), ("tags", "a,b"), ("maintenance note", ""),
            ("executor", "nonsense"), ("executor", "docker"), ("docker image", "alpine:3")])
        self.assertEqual(code, 0, text)
        entry = self.only_entry()
        self.assertEqual((entry["name"], entry["executor"], entry["docker"]["image"]),
                         ("by hand", "docker", "alpine:3"))
        self.assertEqual(self.gitlab.runners[0].tags, ["a", "b"])

    def test_authentication_token_asks_for_a_name_only(self):
        runner = self.gitlab.add_runner()
        code, text = self.talk([("url", ""), ("name", "mine"), ("executor", "shell")],
                               "--url", self.gitlab.url, "--token", runner.token)
        self.assertEqual(code, 0, text)
        self.assertEqual(self.only_entry()["name"], "mine")
        self.assertNotIn("description for", text.lower())

    def test_what_does_not_work_is_asked_for_again(self):
        wrong = "glrt-t1_wrongwrongwrongwrong"
        self.secrets.add(wrong)
        url, token = r"instance URL.*\s+\[.*\]: ", r"Enter the registration token.*\s+\[.*\]: "
        code, text = self.talk([
            (url, "gitlab.example.com"), (url, "http://127.0.0.1:1"), (token, wrong), (url, self.gitlab.url),
            (url, ""), (token, self.gitlab.add_runner().token), ("name for the runner", "mine"),
            ("an executor", "shell")])
        self.assertEqual(code, 0, text)
        for words in ('the URL must begin with http', "127.0.0.1:1", "is not valid",
                      "Once more, or Ctrl-C to give up."):
            self.assertIn(words, text)
        self.assertNotIn(wrong, text)
        self.assertEqual(self.only_entry()["url"], self.gitlab.url)

    def test_ends_with_what_gitlab_accepted_and_the_next_command(self):
        runner = self.gitlab.add_runner()
        answers = [("url", ""), ("name", "mine"), ("executor", "shell")]
        code, text = self.talk(list(answers), "--url", self.gitlab.url, "--token", runner.token)
        self.assertEqual(code, 0, text)
        self.assertIn(f'Runner "mine" is registered at {self.gitlab.url}', text)
        self.assertIn("are not told to a runner", text)
        self.assertIn(f"{self.gitlab.url}/admin/runners/{runner.id}", text)
        self.assertIn(f"No daemon runs yet.\r\nNext: runner run --config '{self.config}'", text)
        self.start()
        second = self.gitlab.add_runner()
        code, text = self.talk(list(answers), "--url", self.gitlab.url, "--token", second.token)
        self.assertEqual(code, 0, text)
        self.assertIn("takes the runner up by itself within seconds.", text)
        self.assertIn(f"Next: runner status --config '{self.config}'", text)
        code, text = self.talk([("url", ""), ("description", "legacy"), ("tags", "a,b"), ("maintenance note", ""),
                                ("executor", "shell")],
                               "--url", self.gitlab.url, "--registration-token", self.gitlab.registration_token,
                               "--paused")
        self.assertEqual(code, 0, text)
        self.assertIn("jobs with tags among a,b; no untagged jobs", text)
        self.assertIn("at GitLab: it gets no jobs until somebody resumes it there", text)

    def test_end_of_input_suggests_non_interactive(self):
        done = self.register(interactive=True, input="")
        self.assertNotEqual(done.code, 0)
        self.assertIn("non-interactive", done.text)


if __name__ == "__main__":
    unittest.main()
