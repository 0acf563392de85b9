"""`runner run --user`: the daemon is root, and shell jobs have the rights of another user."""

import os
import pwd
import subprocess
import unittest

from tests.system.harness import Daemon, SystemCase, need

USER = "nobody"


class AnotherUser(SystemCase):
    def setUp(self):
        super().setUp()
        need(os.geteuid() == 0, "root, to become another user")
        self.user = pwd.getpwnam(USER)
        # The way to the builds is open for everyone, as it is for the home of a user.
        self.directory.chmod(0o711)
        os.chown(self.work, self.user.pw_uid, self.user.pw_gid)

    def test_scripts_have_its_rights(self):
        secret = self.directory / "secret"
        secret.write_text("of root")
        secret.chmod(0o600)
        self.write_config()
        self.start("--user", USER, env={"AWS_SECRET_ACCESS_KEY": "key-of-root", "SSH_AUTH_SOCK": "/run/of-root",
                                        "LC_TIME": "C", "NO_PROXY": "kept.example.com"})
        job = self.run_job(["env", "id -un", "id -G", 'echo "home $HOME user $USER $LOGNAME"', f"cat {secret} || echo refused",
                            f"cat {self.config} || echo refused too"],
                           after_script=["echo after as $(id -un)"])
        self.assert_success(job)
        groups = " ".join(str(group) for group in os.getgrouplist(USER, self.user.pw_gid))
        self.assertIn(f"\n{USER}\n", job.text)
        self.assertIn(f"\n{groups}\n", job.text)
        self.assertIn(f"\nhome {self.user.pw_dir} user {USER} {USER}\n", job.text)
        self.assertIn("\nrefused\n", job.text)
        self.assertIn("\nrefused too\n", job.text)
        self.assertIn(f"\nafter as {USER}\n", job.text)
        self.assertNotIn("of root", job.text)
        self.assertNotIn("of-root", job.text)
        self.assertIn("\nNO_PROXY=kept.example.com\n", job.text)
        self.assertIn("\nLC_TIME=C\n", job.text)

    def test_sources_artifacts_and_caches(self):
        source = self.directory / "source"
        source.mkdir()
        (source / "file.txt").write_text("of the repository\n")
        for words in (["init", "-q", "-b", "main"], ["add", "."],
                      ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first"]):
            subprocess.run(["git", "-C", str(source), *words], check=True, capture_output=True)
        project = self.gitlab.add_project("group/demo", str(source))
        self.write_config()
        self.start("--user", USER)
        cache = [{"key": "k", "paths": ["kept"], "policy": "pull-push"}]
        first = self.run_job(["cat file.txt", "mkdir -p kept", "echo kept here > kept/file", "echo result > result"],
                             project=project, cache=cache,
                             artifacts={"paths": ["result"]})
        self.assert_success(first)
        self.assertIn("\nof the repository\n", first.text)
        second = self.run_job(["cat kept/file", "cat result", "stat -c %U . file.txt kept/file result"], project=project,
                              cache=cache, dependencies=[first])
        self.assert_success(second)
        self.assertIn("\nkept here\n", second.text)
        self.assertIn("\nresult\n", second.text)
        self.assertIn(f"\n{USER}\n{USER}\n{USER}\n{USER}\n", second.text)
        owners = {path.lstat().st_uid for path in self.work.rglob("*")}
        self.assertEqual(owners, {self.user.pw_uid})

    def test_a_job_keeps_its_user_over_a_restart(self):
        self.write_config()
        self.start("--user", USER)
        job = self.add_job(["echo begun", f"until [ -e {self.work}/go ]; do sleep 0.1; done"],
                           after_script=["echo after as $(id -un)"])
        self.wait_trace(job, "begun\n")
        self.daemons[0].kill()
        self.start()
        (self.work / "go").touch()
        self.finish(job)
        self.assert_success(job)
        self.assertIn(f"\nafter as {USER}\n", job.text)

    def test_a_user_that_cannot_be_is_refused(self):
        self.write_config()
        unknown = self.command("run", "--user", "no-such-user")
        self.assertEqual(unknown.code, 1)
        self.assertIn("--user no-such-user: there is no such user", unknown.stderr)
        for path in (self.config.parent, self.config):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        other = self.command("run", "--user", "root",
                             wrapper=["setpriv", f"--reuid={USER}", f"--regid={self.user.pw_gid}", "--clear-groups"])
        self.assertEqual(other.code, 1)
        self.assertIn(f"only root can run the shell jobs of {self.config} as another user, and this is {USER}", other.stderr)

    def test_a_new_working_directory_is_its_own(self):
        self.work = self.directory / "new"
        self.write_config()
        daemon = Daemon(["run", "--config", str(self.config), "--working-directory", str(self.work), "--user", USER],
                        self.environment(), str(self.directory))
        self.daemons.append(daemon)
        job = self.run_job("pwd")
        self.assert_success(job)
        self.assertIn(f"\n{self.work}/builds/", job.text)
        self.assertEqual(self.work.stat().st_uid, self.user.pw_uid)


if __name__ == "__main__":
    unittest.main()
