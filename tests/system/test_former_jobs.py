"""What a former job of the same project leaves neither runs in the next job nor makes it fail."""

import unittest

from tests.support.gitlab.git_http import git
from tests.system.docker_harness import DockerCase, image
from tests.system.harness import SystemCase

# Plants a program in every place where git of the next job would look for one.
PLANT = """
cat > ../evil <<'END'
#!/bin/sh
echo "PLANTED $CI_JOB_TOKEN" >&2
END
chmod +x ../evil
evil=$PWD/../evil
git config core.fsmonitor "$evil"
mkdir -p .git/hooks "$CI_PROJECT_DIR.tmp/git-template/hooks"
for hook in post-checkout reference-transaction post-index-change; do
    cp ../evil .git/hooks/$hook
    cp ../evil "$CI_PROJECT_DIR.tmp/git-template/hooks/$hook"
done
touch .git/config.lock .git/index.lock
echo changed > file.txt
git update-index --skip-worktree file.txt 2> /dev/null || rm .git/index.lock
"""
USE = ["git status", "git checkout -q -B work", "cat file.txt"]


class WithSources:
    """A project with one commit."""

    def make_project(self):
        source = self.directory / "source"
        source.mkdir()
        git("init", "-q", "-b", "main", cwd=str(source))
        (source / "file.txt").write_text("first\n")
        git("add", ".", cwd=str(source))
        git("commit", "-q", "-m", "c", cwd=str(source))
        return self.gitlab.add_project("group/project", str(source))

    def assert_unharmed(self, **spec):
        self.assert_success(self.run_job(PLANT, project=self.project, **spec))
        job = self.run_job(USE, project=self.project, **spec)
        self.assert_success(job)
        self.assertNotIn("PLANTED", job.text)
        self.assertIn("\nfirst\n", job.text)


class OnDocker(WithSources, DockerCase):
    def setUp(self):
        super().setUp()
        self.project = self.make_project()
        self.start_docker()

    def test_planted_programs_do_not_run(self):
        self.assert_unharmed()

    def test_links_on_the_way_to_the_project_are_not_followed(self):
        self.assert_success(self.run_job(
            ["mkdir -p /cache/caught", "cd /", "rm -rf /builds/group",
             "ln -s /cache/caught /builds/group"], project=self.project))
        job = self.run_job(["ls -A /cache/caught | wc -l", "cat file.txt"], project=self.project)
        self.assert_success(job)
        self.assertIn("| wc -l\n0\n", job.text)
        self.assertIn("\nfirst\n", job.text)

    def test_a_job_that_is_not_root_follows_one_that_was(self):
        leave = ["umask 022", "mkdir -p out/in", "touch out/in/file", "git gc -q",
                 "mkdir -p $CI_PROJECT_DIR.tmp/x/y", "chmod 0555 out/in"]
        for _ in range(2):
            self.assert_success(self.run_job(leave, project=self.project))
            job = self.run_job(["id -u", "ls", "git status --porcelain"], project=self.project,
                               payload={"image": {"name": image("debian"), "executor_opts": {
                                   "docker": {"user": "4711"}}}})
            self.assert_success(job)
            self.assertIn("$ id -u\n4711\n$ ls\nfile.txt\n", job.text)
            self.assertNotIn("cannot be removed", job.text)


    def test_caches_and_artifacts_of_root_and_of_another_user(self):
        """What each job leaves in cache, project and artifacts, the next one of another user can change."""
        cache = [{"key": "k", "paths": ["kept/"], "policy": "pull-push", "when": "on_success"}]
        artifacts = [{"name": "a", "paths": ["kept/"], "when": "on_success", "artifact_type": "archive",
                      "artifact_format": "zip"}]
        script = ["umask 077", "mkdir -p kept", "id -u >> kept/users", "chmod 0600 kept/users", "cat kept/users"]
        for user, seen in (("", "0"), ("4711", "0\n4711"), ("", "0\n4711\n0"), ("4712", "0\n4711\n0\n4712")):
            payload = {"image": {"name": image("debian"), "executor_opts": {"docker": {"user": user}}},
                       "cache": cache, "artifacts": artifacts}
            job = self.run_job(script, project=self.project, payload=payload)
            self.assert_success(job)
            self.assertIn(f"$ cat kept/users\n{seen}\n", job.text)
            self.assertNotIn("Failed to create cache", job.text)
            self.assertEqual("Failed to extract cache" in job.text, seen == "0")  # the first job has none


class OnShell(WithSources, SystemCase):
    def test_planted_programs_do_not_run(self):
        self.project = self.make_project()
        self.start_with()
        self.assert_unharmed()


if __name__ == "__main__":
    unittest.main()
