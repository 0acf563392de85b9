"""The installed unit under a real systemd: restarts, credentials, restrictions."""

import re
import subprocess
import unittest

from tests.system.harness import ROOT
from tests.system.machine import LONG, MachineCase, make_package

DROP_IN = "/etc/systemd/system/runner.service.d/"
RESTRICTIONS = ROOT / "systemd/runner.service.d/docker-only.conf"


class Service(MachineCase):
    def setUp(self):
        super().setUp()
        self.install(make_package("DEB"))

    def drop_in(self, name, text):
        self.machine.write(DROP_IN + name, text)
        self.machine.run("systemctl daemon-reload")

    def test_a_job_outlives_restart_crash_and_hang_and_a_stop_waits_for_it(self):
        machine = self.machine
        self.drop_in("watchdog.conf", "[Service]\nWatchdogSec=2\n")
        machine.run("systemctl restart runner")
        self.register_shell()
        job = self.add_job(LONG)
        self.wait_lines(job)
        machine.run("systemctl restart runner")
        self.assertEqual(machine.property("NRestarts"), "0")
        self.wait_lines(job)
        machine.run("systemctl kill --kill-whom=main --signal=KILL runner")
        self.wait_lines(job)
        self.assertEqual(machine.property("NRestarts"), "1")
        machine.run("systemctl kill --kill-whom=main --signal=STOP runner")
        machine.until(lambda: machine.property("NRestarts") == "2", "the restart of the daemon that hangs")
        self.assertIn("Watchdog timeout", machine.journal())
        self.wait_lines(job)
        machine.run("systemctl stop --no-block runner")
        machine.until(lambda: "Starting graceful shutdown" in machine.journal(), "the stop")
        self.wait_lines(job)
        late = self.add_job("true")
        machine.run("touch /var/tmp/go")
        self.assert_counted(self.finish(job))
        machine.until(lambda: machine.property("ActiveState") == "inactive", "the end of the service")
        self.assertEqual(late.status, "pending")

    def test_start_stop_restart_and_status(self):
        machine = self.machine
        self.assertRegex(machine.run("runner status"), r"^runner: Service is running\nrunner \S+ ")
        machine.run("runner stop")
        self.assertEqual(machine.property("ActiveState"), "inactive")
        code, told = machine.try_run("runner status")
        self.assertEqual(code, 1, told)
        self.assertIn("runner: Service is not running: inactive (dead)", told)
        machine.run("runner start")
        self.assertEqual(machine.property("ActiveState"), "active")
        before = machine.property("MainPID")
        machine.run("runner restart")
        self.assertEqual(machine.property("ActiveState"), "active")
        self.assertNotEqual(machine.property("MainPID"), before)
        code, told = machine.try_run("runner uninstall")
        self.assertEqual(code, 1, "the unit belongs to the package\n" + told)
        self.assertEqual(machine.property("ActiveState"), "active")
        machine.write(DROP_IN + "broken.conf", "[Service]\nExecStart=\nExecStart=/bin/false\n")
        machine.run("systemctl daemon-reload && runner stop")
        code, told = machine.try_run("runner start")
        self.assertEqual(code, 1, told)
        self.assertIn("systemctl: Job for runner.service failed", told)

    def test_a_second_service_from_install_to_uninstall(self):
        machine = self.machine
        places = "--config /etc/second/config.toml --working-directory /var/lib/second"
        machine.run(f"runner install --service second {places} --user gitlab-runner")
        self.assertEqual(machine.run("systemctl is-enabled second").strip(), "enabled")
        machine.run("runner start --service second")
        self.assertEqual(machine.property("ActiveState", "second"), "active")
        self.assertIn("second: Service is running",
                      machine.run("runner status --service second --config /etc/second/config.toml"))
        runner = self.register("--executor shell", "--config /etc/second/config.toml")
        job = self.run_job(["echo as $(id -un) in $(pwd)"], runner=runner)
        self.assert_success(job)
        self.assertRegex(job.text, "\nas gitlab-runner in /var/lib/second/builds/")
        machine.run("runner uninstall --service second")
        self.assertEqual(machine.property("LoadState", "second"), "not-found")
        self.assertEqual(machine.property("ActiveState", "second"), "inactive")
        self.assertEqual(machine.property("ActiveState"), "active")

    def test_a_daemon_that_cannot_start_is_tried_until_its_configuration_is_mended(self):
        machine = self.machine
        self.drop_in("soon.conf", "[Service]\nRestartSec=100ms\n")
        machine.write("/etc/gitlab-runner/config.toml", "concurrent = [\n")
        machine.run("systemctl restart runner || true")
        machine.until(lambda: int(machine.property("NRestarts")) > 5, "many restarts")
        machine.write("/etc/gitlab-runner/config.toml", "concurrent = 1\n")
        machine.until(lambda: machine.property("ActiveState") == "active", "the service")

    def test_the_token_as_a_credential(self):
        machine, token = self.machine, self.gitlab.add_runner().token
        machine.write("/etc/gitlab-runner/token", token + "\n")
        machine.write("/etc/gitlab-runner/config.toml",
                      f'[[runners]]\nname = "a"\nurl = "{self.gitlab.url}"\nexecutor = "shell"\n'
                      'token_file = "$CREDENTIALS_DIRECTORY/token"\n')
        self.drop_in("credentials.conf", (ROOT / "systemd/runner.service.d/credentials.conf").read_text())
        machine.run("systemctl restart runner")
        job = self.run_job(["echo the variable is ${CREDENTIALS_DIRECTORY:-hidden}"])
        self.assert_success(job)
        self.assertIn("\nthe variable is hidden\n", job.text)
        # The other line of the drop-in: encrypted with the machine's key, and no plain token is left.
        machine.run("cd /etc/gitlab-runner && systemd-creds encrypt --with-key=host --name=token token token.cred && rm token")
        self.assertNotIn(token, machine.run("cat /etc/gitlab-runner/token.cred"))
        lines = (ROOT / "systemd/runner.service.d/credentials.conf").read_text()
        self.drop_in("credentials.conf", re.sub(r"(?m)^LoadCredential=.*$", "", lines)
                     .replace("#LoadCredentialEncrypted=", "LoadCredentialEncrypted="))
        machine.run("systemctl restart runner")
        self.assert_success(self.run_job(["true"]))

    def test_the_restrictions_for_docker_jobs(self):
        machine = self.machine
        self.drop_in("docker-only.conf", RESTRICTIONS.read_text())
        machine.run("systemctl restart runner")
        self.register_docker()
        job = self.add_job(LONG)
        self.wait_lines(job)
        machine.run("systemctl restart runner")
        self.wait_lines(job)
        machine.run("docker exec $(docker ps -q) mkdir -p /var/tmp/go")
        self.assert_counted(self.finish(job))
        # The daemon itself writes its configuration when a token expires.
        before = machine.run("cat /etc/gitlab-runner/config.toml")
        machine.run("sed -i 's/token_expires_at = .*/token_expires_at = 2020-01-01T00:00:00Z/' /etc/gitlab-runner/config.toml")
        self.gitlab.wait_exchange("reset_token", 1)
        machine.until(lambda: "The runner's token was replaced" in machine.journal(), "the new token")
        self.assertNotEqual(machine.run("grep 'token = ' /etc/gitlab-runner/config.toml"),
                            re.search(r"token = .*", before)[0])


if __name__ == "__main__":
    unittest.main()
