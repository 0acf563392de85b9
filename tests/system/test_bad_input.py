"""Every wrong input gets a message: what is wrong, where, what to do. Never a crash."""

import os
import time
import unittest

from tests.system.harness import SystemCase


class Urls(SystemCase):
    def register(self, url, token="glrt-t1_0000000000000000000000"):
        return self.command("register", "--non-interactive", "--executor", "shell", "--url", url,
                            "--token", token)

    def test_scheme(self):
        for url in ("ftp://gitlab.example.com", "gitlab.example.com", "://", ""):
            done = self.register(url)
            self.assertNotEqual(done.code, 0, url)
            self.assertRegex(done.text, "(?i)url")

    def test_name_that_does_not_resolve(self):
        done = self.register("http://no-such-host.invalid")
        self.assertEqual(done.code, 1)
        self.assertIn("no-such-host.invalid", done.text)
        self.assertRegex(done.text, "(?i)resolve|DNS|name")

    def test_nobody_listens(self):
        self.gitlab.stop_listening()
        done = self.register(self.gitlab.url)
        self.assertEqual(done.code, 1)
        self.assertRegex(done.text, "(?i)refused")
        self.assertIn(str(self.gitlab.port), done.text)

    def test_not_a_gitlab(self):
        self.gitlab.fault("*", status=200, headers={"Content-Type": "text/html"},
                          body="<html>hello</html>", times=-1)
        done = self.register(self.gitlab.url)
        self.assertEqual(done.code, 1)

    def test_http_spoken_to_an_https_port(self):
        with self.gitlab.__class__(tls=True) as other:
            done = self.register(other.url.replace("https", "http"))
            self.assertEqual(done.code, 1)

    def test_daemon_with_a_dead_name_goes_on_with_the_others(self):
        good = self.gitlab.add_runner()
        self.write_config([{"url": "http://no-such-host.invalid", "token": "glrt-x", "name": "bad"},
                           {"token": good.token, "name": "good"}])
        daemon = self.start()
        daemon.wait_log("no-such-host.invalid")
        self.assert_success(self.run_job("true"))


class Config(SystemCase):
    def refuse(self, text, *words):
        self.write_config_text(text)
        daemon = self.start(wait=False)
        for word in words:
            daemon.wait_log(word)
        return daemon

    def entry(self, extra=""):
        return (f'[[runners]]\nname = "a"\nurl = "{self.gitlab.url}"\n'
                f'token = "{self.gitlab.add_runner().token}"\nexecutor = "shell"\n{extra}')

    def test_unknown_key_is_named_with_line_and_suggestion(self):
        daemon = self.refuse("concurent = 4\n" + self.entry(), "concurent", r"(?i)line 1\b|:1\b",
                             r"\bconcurrent\b")
        self.gitlab.wait(lambda: self.gitlab.requests("request"), 20, "polls all the same")
        self.assertTrue(daemon.alive())

    def test_unknown_key_deep_inside(self):
        self.refuse(self.entry("[runners.docker]\nimage = 'x'\npriviledged = true\n"),
                    "priviledged", "privileged", r"(?i)line 8\b|:8\b")

    def test_wrong_types(self):
        for text, words in (('concurrent = "four"\n', ("concurrent", "(?i)integer|number")),
                            ("check_interval = true\n", ("check_interval",)),
                            ('log_level = "loud"\n', ("log_level|loud",))):
            daemon = self.refuse(text + self.entry(), *words)
            if daemon.alive():
                daemon.stop()

    def test_syntax_error_has_a_place(self):
        daemon = self.refuse("concurrent = 1\n[[runners]\n", r"config\.toml", r"(?i)line 2|:2")
        if daemon.alive():
            daemon.stop()

    def test_unreadable_and_directory(self):
        self.config.mkdir()
        daemon = self.start(wait=False)
        daemon.wait_log(r"config\.toml")
        daemon.stop()

    def test_unknown_executor(self):
        text = self.entry().replace('"shell"', '"shall"')
        daemon = self.refuse(text, "shall")
        self.assertTrue(daemon.alive())

    def test_an_executor_that_is_not_here_takes_no_jobs(self):
        """Jobs are left to a runner that has the executor; the other entries of the file work."""
        other = self.gitlab.add_runner(tags=["k8s"])
        self.write_config([{"name": "k", "token": other.token, "executor": "kubernetes"}, {"name": "s"}],
                          check_interval=1)
        self.start(wait=False).wait_log("kubernetes")
        waiting = self.add_job("true", tags=["k8s"])
        self.assert_success(self.run_job("true"))
        self.assert_success(self.run_job("true"))
        self.assertEqual([r for r in self.gitlab.requests("request") if r.body["token"] == other.token], [])
        self.assertEqual(waiting.status, "pending")

    def test_an_entry_with_an_error_is_out(self):
        """The others take jobs; the reason is in the log, in the list and on the status page."""
        other = self.gitlab.add_runner(tags=["other"])
        bad = (f'[[runners]]\nname = "bad"\nurl = "{self.gitlab.url}"\ntoken = "{other.token}"\n'
               'executor = "shell"\nlimit = "many"\n')
        daemon = self.refuse("concurrent = 2\ncheck_interval = 1\n" + self.entry() + bad, "takes no jobs until")
        where = r"config\.toml:\d+:\d+: runners\.limit: expected an integer"
        daemon.wait_log(where)
        waiting = self.add_job("true", tags=["other"])
        self.assert_success(self.run_job("true"))
        self.assertEqual(waiting.status, "pending")
        self.assertRegex(self.command("list", "--format", "json").stdout, where)
        self.assertRegex(self.command("status").text, where)
        self.assertEqual(self.command("config", "lint").code, 1)
        self.config.write_text(self.config.read_text().replace('"many"', "1"))
        self.assert_success(self.finish(waiting))

    def test_an_entry_that_gets_an_error_ends_its_jobs_normally(self):
        self.write_config_text("check_interval = 1\n" + self.entry())
        daemon = self.start()
        go = self.directory / "go"
        job = self.add_job(["echo begun", f"while ! [ -e {go} ]; do sleep 0.1; done"])
        self.wait_trace(job, "begun\n")
        self.config.write_text(self.config.read_text() + "limit = true\n")
        daemon.wait_log("takes no jobs until")
        go.touch()
        self.assert_success(self.finish(job))

    def test_blank_token_and_blank_url_are_skipped(self):
        text = self.entry() + '[[runners]]\nname = "b"\nurl = ""\ntoken = ""\nexecutor = "shell"\n'
        self.refuse(text, r"(?i)token|\bb\b")
        self.assert_success(self.run_job("true"))

    def test_binary_rubbish_and_a_huge_file(self):
        for data in (os.urandom(10_000), b"a = [" * 100_000, b"# x\n" * 1_000_000, b"\0" * 100):
            self.config.write_bytes(data)
            daemon = self.start(wait=False)
            time.sleep(0.5)
            if daemon.alive():
                self.assertEqual(daemon.stop(), 0)
            self.assertIn(daemon.wait_exit(), (0, 1))
            self.assertEqual(self.command("list").code, 0 if data.startswith(b"#") else 1)

    def test_state_directory_that_cannot_be_written(self):
        blocked = self.directory / "file"
        blocked.write_text("")
        self.write_config()
        daemon = self.start(env={"STATE_DIRECTORY": str(blocked / "state")}, wait=False)
        self.assertNotEqual(daemon.wait_exit(), 0)
        self.assertIn(str(blocked), daemon.log)

    def test_builds_dir_that_cannot_be_made(self):
        blocked = self.directory / "file"
        blocked.write_text("")
        self.start_with({"builds_dir": str(blocked / "builds")})
        job = self.run_job("true", patience=90)
        self.assertEqual(job.status, "failed")
        self.assertIn(str(blocked), job.text)

    def test_unknown_shell(self):
        self.start_with({"shell": "nosuchshell"})
        job = self.run_job("true", patience=90)
        self.assertEqual(job.status, "failed")
        self.assertIn("nosuchshell", job.text)

    def test_a_token_in_an_error_is_hidden(self):
        token = "glrt-t1_" + "q" * 20
        self.secrets.add(token)
        self.write_config([{"token": token}])
        daemon = self.start()
        daemon.wait_log("(?i)forbidden")


class Docker(SystemCase):
    """Messages of the docker executor when there is no engine."""

    executor = "docker"

    def test_no_engine(self):
        self.start_with({"docker": {"host": "unix:///nonexistent/docker.sock", "image": "x"}})
        job = self.run_job("true")
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("/nonexistent/docker.sock", job.text)

    def test_a_server_that_is_no_docker_engine(self):
        self.start_with({"docker": {"host": f"tcp://127.0.0.1:{self.gitlab.port}", "image": "x"}})
        self.allowed |= {"unknown_route", "user_agent"}
        job = self.run_job("true")
        self.assertEqual(job.status, "failed")
        self.assertIn(str(self.gitlab.port), job.text)


if __name__ == "__main__":
    unittest.main()
