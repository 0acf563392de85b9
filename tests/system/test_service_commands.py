"""run-single, health-check, and the commands that go through systemctl."""

import json
import os
import shutil
import socket
import subprocess
import unittest

from tests.system.harness import Daemon, SystemCase, need
from tests.system.test_control import Started

# Stands for systemd: the calls are written down, and the state of the service is a file.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$TEST_DIRECTORY/calls"
for word; do case $word in
    show) cat "$TEST_DIRECTORY/state"; exit 0;;
    start) if [ -e "$TEST_DIRECTORY/broken" ]; then echo "Job for $3 failed." >&2; exit 1; fi;;
esac; done
"""
ABSENT = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nFragmentPath=\n"
ACTIVE = "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nFragmentPath=/x/runner.service\n"
FAILED = "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nFragmentPath=/x/runner.service\n"


class Service(SystemCase):
    def setUp(self):
        super().setUp()
        self.place = self.directory / "systemd"
        self.units = self.place / "units"
        self.units.mkdir(parents=True)
        program = self.place / "systemctl"
        program.write_text(SYSTEMCTL)
        program.chmod(0o755)
        self.set_state(ABSENT)

    def set_state(self, text):
        (self.place / "state").write_text(text)

    def calls(self):
        lines = (self.place / "calls").read_text().splitlines()
        return [line.removeprefix("--no-pager --no-ask-password ") for line in lines if " show " not in line]

    def run_with_systemd(self, *arguments, config=False):
        return self.command(*arguments, config=config,
                            env={"PATH": f"{self.place}:{os.environ['PATH']}", "TEST_DIRECTORY": str(self.place),
                                 "SYSTEMD_UNIT_PATH": str(self.units)})

    def test_start_stop_restart(self):
        self.assertEqual(self.run_with_systemd("start").code, 0)
        self.assertEqual(self.run_with_systemd("stop", "-n", "second").code, 0)
        self.assertEqual(self.run_with_systemd("restart", "--user-service").code, 0)
        self.assertEqual(self.calls(), ["start runner.service", "stop second.service", "--user restart runner.service"])
        (self.place / "broken").touch()
        done = self.run_with_systemd("start")
        self.assertEqual(done.code, 1)
        self.assertIn("systemctl: Job for", done.stderr)

    def test_without_systemd(self):
        done = self.command("start", config=False, env={"PATH": str(self.units)})
        self.assertEqual(done.code, 1)
        self.assertIn("start the daemon with `runner run`", done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "only root can install services of the system")
    def test_install_and_uninstall(self):
        arguments = ["--service", "second", "--config", str(self.config), "--working-directory", str(self.work)]
        done = self.run_with_systemd("install", *arguments)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("next: runner start --service second", done.stdout)
        unit = self.units / "second.service"
        self.assertIn(f'run --config "{self.config}" --working-directory "{self.work}" --service "second"', unit.read_text())
        self.assertEqual(self.config.read_text(), "")
        self.assertEqual(self.calls(), ["daemon-reload", "enable second.service"])
        need(bool(shutil.which("systemd-analyze")), "systemd-analyze")
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True,
                                 check=False)
        self.assertEqual((checked.returncode, [line for line in checked.stderr.splitlines() if "second" in line]), (0, []))
        self.assertEqual(self.run_with_systemd("uninstall", "-n", "second").code, 0)
        self.assertFalse(unit.exists())
        self.assertEqual(self.calls()[2:], ["stop second.service", "disable second.service", "daemon-reload"])

    @unittest.skipIf(os.geteuid() != 0, "only root can install services of the system")
    def test_units_of_others_stay(self):
        self.set_state(ACTIVE)
        done = self.run_with_systemd("install", config=True)
        self.assertEqual(done.code, 1)
        self.assertIn("the service runner exists already (/x/runner.service)", done.stderr)
        done = self.run_with_systemd("uninstall")
        self.assertEqual(done.code, 1)
        self.assertIn("did not make /x/runner.service", done.stderr)

    def test_status_says_whether_the_service_runs(self):
        self.write_config()
        done = self.run_with_systemd("status", config=True)
        self.assertEqual((done.code, done.stdout), (1, ""))
        self.assertIn("runner: Service is not installed", done.stderr)
        self.set_state(FAILED)
        done = self.run_with_systemd("status", config=True)
        self.assertEqual((done.code, done.stdout), (1, ""))
        self.assertIn("runner: Service is not running: failed (exit-code)", done.stderr)
        # Active, but the daemon is not reached: scripts need the exit code of the service.
        self.set_state(ACTIVE)
        done = self.run_with_systemd("status", config=True)
        self.assertEqual((done.code, done.stdout), (0, "runner: Service is running\n"))
        self.start()
        done = self.run_with_systemd("status", config=True)
        self.assertEqual(done.code, 0)
        self.assertRegex(done.stdout, r"runner: Service is running\nrunner \S+ \(.*\) is running for")
        page = json.loads(self.run_with_systemd("status", "--format", "json", config=True).stdout)
        self.assertEqual(page["state"], "running")


class HealthCheck(SystemCase):
    def test_waits_for_the_port(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            waiting = Started(self, "health-check", env={"DB_TCP_ADDR": "127.0.0.1", "DB_TCP_PORT": str(port)}, config=False)
            waiting.wait(f"waiting for TCP connection to 127.0.0.1 on {port}")
            held.listen()
            self.assertEqual(waiting.end()[0], 0)

    def test_nothing_to_wait_for(self):
        done = self.command("health-check", config=False)
        self.assertEqual(done.code, 1)
        self.assertIn("Give --port", done.stderr)


class RunSingle(SystemCase):
    def start_single(self, *arguments):
        token = self.directory / "token"
        token.write_text(self.gitlab.add_runner().token + "\n")
        words = ["run-single", "--config", str(self.config), "--url", self.gitlab.url, "--token-file", str(token),
                 "--executor", "shell", "--builds-dir", str(self.work / "builds"), *arguments]
        daemon = Daemon(words, self.environment(), str(self.work))
        self.daemons.append(daemon)
        return daemon

    def test_leaves_after_so_many_jobs(self):
        jobs = [self.add_job([f"echo job {i}"]) for i in range(3)]
        daemon = self.start_single("--max-builds", "2", "--env", "FROM_FLAG=yes")
        self.assertEqual(daemon.wait_exit(), 0, daemon.log)
        self.assertEqual([job.status for job in jobs], ["success", "success", "pending"])
        self.assertFalse(self.config.exists())

    def test_leaves_when_no_job_comes(self):
        daemon = self.start_single("--wait-timeout", "1")
        self.assertEqual(daemon.wait_exit(), 0, daemon.log)
        self.assertIn("No job came for too long", daemon.log)

    def test_beside_the_daemon_with_an_entry_of_its_file(self):
        self.write_config([{"name": "one", "environment": ["WHO=file"]}, {"name": "two", "executor": "docker"}])
        runner = self.gitlab.runners[0]
        self.start("--listen-address", "")
        self.command("pause")
        job = self.add_job(["echo who=$WHO"])
        single = Daemon(["run-single", "--config", str(self.config), "--runner", "one", "--max-builds", "1"],
                        self.environment(), str(self.work))
        self.daemons.append(single)
        self.assertEqual(single.wait_exit(), 0, single.log)
        self.assert_success(job)
        self.assertIn("who=file", job.text)
        self.assertEqual(job.runner.id, runner.id)

    def test_what_is_missing_is_said(self):
        for arguments, words in ((["--url", "http://x", "--executor", "shell"], "--token or --token-file is missing"),
                                 (["--token", "t", "--executor", "shell"], "--url is missing"),
                                 (["--token", "t", "--executor", "shell", "--url", "nonsense"], "--url: "),
                                 (["--url", "http://x", "--token", "t"], "--executor must be"),
                                 (["--runner", "nobody"], "config.toml"),
                                 (["--max-builds", "-1"], "--max-builds must be a whole number")):
            done = self.command("run-single", *arguments)
            self.assertEqual(done.code, 1, arguments)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
