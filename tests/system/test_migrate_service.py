"""`runner migrate --switch` and `--back` on a server with systemd.

The official runner's unit runs this program here, under the official name: what counts is how the services are
stopped and started."""

from tests.system.machine import LONG, MachineCase, make_package

OFFICIAL = """[Unit]
Description=GitLab Runner
[Service]
ExecStart=/usr/bin/gitlab-runner run --config /etc/gitlab-runner/config.toml --working-directory /home/gitlab-runner \
--service gitlab-runner --user gitlab-runner
Restart=always
RestartSec=120
[Install]
WantedBy=multi-user.target
"""


class Switch(MachineCase):
    def setUp(self):
        super().setUp()
        machine = self.machine
        self.install(make_package("DEB"))
        machine.run("systemctl disable --now runner")
        machine.write("/etc/systemd/system/gitlab-runner.service", OFFICIAL)
        self.register_shell()
        machine.run("systemctl daemon-reload && systemctl enable --now gitlab-runner")

    def states(self):
        return {name: self.machine.try_run(f"systemctl is-active {name}; systemctl is-enabled {name}")[1].split()
                for name in ("runner", "gitlab-runner")}

    def test_a_switch_waits_for_the_jobs_and_the_way_back_is_one_command(self):
        machine = self.machine
        job = self.add_job(LONG)
        self.wait_lines(job)
        machine.run("systemd-run --unit=migration --remain-after-exit runner migrate --switch")
        machine.until(lambda: "deactivating" in self.states()["gitlab-runner"], "the stop")
        self.wait_lines(job)
        machine.run("touch /var/tmp/go")
        self.assert_counted(self.finish(job))
        machine.until(lambda: machine.property("SubState", "migration") == "exited", "the end of the migration")
        told = machine.run("journalctl -u migration --no-pager -o cat")
        self.assertIn("runner runs in the place of gitlab-runner", told)
        self.assertIn("shell jobs run as gitlab-runner here, too", told)
        self.assertIn("set builds_dir = \"/home/gitlab-runner/builds\"", told)
        self.assertEqual(self.states(), {"runner": ["active", "enabled"], "gitlab-runner": ["inactive", "disabled"]})
        self.assert_success(self.run_job("true"))
        self.assertIn("gitlab-runner runs in the place of runner", machine.run("runner migrate --back"))
        self.assertEqual(self.states(), {"runner": ["inactive", "disabled"], "gitlab-runner": ["active", "enabled"]})
        self.assertEqual(machine.run("ls /run/systemd/system"), "")

    def test_shell_jobs_of_another_user_stop_the_move(self):
        machine = self.machine
        machine.write("/etc/systemd/system/gitlab-runner.service", OFFICIAL.replace("--user gitlab-runner", "--user daemon"))
        machine.run("systemctl daemon-reload")
        code, told = machine.try_run("runner migrate --switch")
        self.assertEqual(code, 1, told)
        self.assertIn("STOPS: shell jobs run as daemon there and as gitlab-runner here", told)
        self.assertEqual(self.states()["gitlab-runner"], ["active", "enabled"])

    def test_the_official_service_goes_on_when_the_other_one_does_not_start(self):
        machine = self.machine
        machine.write("/etc/systemd/system/runner.service.d/broken.conf", "[Service]\nExecStart=\nExecStart=/bin/false --user gitlab-runner\n")
        machine.run("systemctl daemon-reload")
        code, told = machine.try_run("runner migrate --switch")
        self.assertEqual(code, 1, told)
        self.assertIn("runner does not start: starting gitlab-runner again", told)
        self.assertEqual(self.states(), {"runner": ["inactive", "disabled"], "gitlab-runner": ["active", "enabled"]})
        self.assert_success(self.run_job("true"))
