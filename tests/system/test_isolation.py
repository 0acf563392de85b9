"""What a job can reach, and what it cannot: the statements of docs/security.md."""

import unittest

from tests.system.docker_harness import DockerCase
from tests.system.harness import SystemCase


class Unprivileged(DockerCase):
    def test_the_host_and_the_daemon_are_out_of_reach(self):
        """The daemon's tokens, engine and devices, and the program that supervises the job."""
        self.start_docker()
        job = self.run_job([
            "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c glrt- || echo no runner token",
            "test -e /etc/gitlab-runner || echo no configuration",
            "test -e /var/run/docker.sock || echo no engine",
            "ls -d /dev/sd* /dev/vd* /dev/nvme* /dev/loop* 2>/dev/null || echo no disk",
            "mount -t tmpfs none /mnt 2>/dev/null || echo no mount",
            "touch /.runner/bin/mine 2>/dev/null || echo no change of the helper"])
        self.assert_success(job)
        for line in ("no runner token", "no configuration", "no engine", "no disk", "no mount",
                     "no change of the helper"):
            self.assertIn(f"\n{line}\n", job.text)

    def test_a_protected_ref_shares_no_volume_with_others(self):
        self.start_docker()
        self.assert_success(self.run_job("echo planted > /cache/file"))
        job = self.run_job("cat /cache/file || echo none", protected=True)
        self.assertIn("\nnone\n", job.text)
        self.assertIn("\nplanted\n", self.run_job("cat /cache/file").text)

    def test_projects_share_no_volume(self):
        self.start_docker()
        self.assert_success(self.run_job("echo planted > /cache/file"))
        job = self.run_job("cat /cache/file || echo none", project_id=43)
        self.assertIn("\nnone\n", job.text)


class Privileged(DockerCase):
    image_name = "dind"
    privileged = True

    def test_the_login_of_a_registry_is_known_to_the_job(self):
        """The docker client of the script needs it, so the script can read it."""
        password = self.directory / "password"
        password.write_text("registry-password-1\n")
        self.start_docker(runner={
            "dind": {"builder": False},
            "registry": [{"host": "registry.example:5000", "username": "ci", "password_file": str(password)}]})
        job = self.run_job(["grep -c registry.example ~/.docker/config.json",
                            "grep -c registry.gitlab.example ~/.docker/config.json"],
                           credentials=[{"type": "registry", "url": "registry.gitlab.example",
                                         "username": "gitlab-ci-token", "password": "password-of-job-1"}])
        self.assert_success(job)
        self.assertEqual(job.text.count("\n1\n"), 2)

    def test_a_job_can_do_everything_on_the_host(self):
        self.start_docker(runner={"dind": {"builder": False}})
        job = self.run_job(["mount -t tmpfs none /mnt && echo mounted",
                            "ls -d /dev/kmsg"])
        self.assert_success(job)
        self.assertIn("\nmounted\n", job.text)
        self.assertIn("\n/dev/kmsg\n", job.text)


class Shell(SystemCase):
    def test_a_job_has_the_rights_of_the_daemon(self):
        self.write_config([{}])
        self.start(env={"FROM_THE_DAEMON": "inherited"})
        job = self.run_job(["echo $FROM_THE_DAEMON", f"grep -c 'token = ' {self.config}"])
        self.assert_success(job)
        self.assertIn("\ninherited\n", job.text)
        self.assertIn("\n1\n", job.text)


if __name__ == "__main__":
    unittest.main()
