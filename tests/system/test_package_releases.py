"""The Debian package on other releases than the one on which it is built."""

import unittest

from tests.system.docker_harness import docker, engine_answers, image
from tests.system.machine import MachineCase, make_package

ZONE = """[[runners]]
  name = "a"
  url = "https://gitlab.example.com"
  token = "glrt-t1_abcdefghijklmnopqrst"
  executor = "shell"
  [[runners.monitoring.job_queuing_durations]]
    periods = ["* * * * *"]
    timezone = "Europe/Berlin"
    threshold = "1m"
"""


class Release:
    """From nothing to a job, and back to nothing. The server has what the package depends on, and no engine."""

    release: str

    def test_install_run_a_job_and_purge(self):
        machine = self.machine
        users, files = machine.users(), machine.files()
        self.install(make_package("DEB"))
        self.assertEqual(machine.property("ActiveState"), "active")
        self.assertEqual(machine.run("systemctl is-enabled runner").strip(), "enabled")
        self.register("--executor shell")
        job = self.run_job([". /etc/os-release", "echo on $ID $VERSION_ID as $(id -un)"])
        self.assert_success(job)
        self.assertIn(f"\non {self.release} as gitlab-runner\n", job.text)
        # Its library reads the time zones of this release.
        machine.write("/root/zone.toml", ZONE)
        self.assertIn("nothing wrong", machine.run("runner config lint --config /root/zone.toml"))
        machine.run("apt-get remove -y runner </dev/null")
        self.assertEqual(machine.property("ActiveState"), "inactive")
        machine.run("apt-get purge -y runner </dev/null")
        self.assertEqual(machine.files() - files, set())
        self.assertEqual(machine.users(), users)
        self.assertEqual(machine.property("LoadState"), "not-found")

    def test_reload_waits_with_the_drop_in_for_it(self):
        machine = self.machine
        self.install(make_package("DEB"))
        machine.run("install -D -t /etc/systemd/system/runner.service.d /usr/share/doc/runner/systemd/notify-reload.conf &&"
                    " systemctl daemon-reload && systemctl restart runner")
        self.assertEqual(machine.property("Type"), "notify-reload")
        machine.run("echo 'concurrent = [' >/etc/gitlab-runner/config.toml && systemctl reload runner")
        self.assertIn("The former configuration stays in use", machine.property("StatusText"))


class Trixie(Release, MachineCase):
    server = "server-trixie"
    release = "debian 13"


class Noble(Release, MachineCase):
    server = "server-noble"
    release = "ubuntu 24.04"

    @classmethod
    def setUpClass(cls):
        # Nothing else needs Ubuntu's archive, and not every machine reaches it.
        if engine_answers() and not docker("images", "-q", image(cls.server)).strip():
            raise unittest.SkipTest("Ubuntu's archive could not be reached when images were made")
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
