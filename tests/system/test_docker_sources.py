"""Sources of jobs whose image has no git, or none that can be used: the same result as with git, by the runner's git."""

import re
import shutil
import unittest

from tests.support.gitlab import git_lfs, sections
from tests.support.gitlab.git_http import git
from tests.system.docker_harness import DockerCase, bridge_address, image
from tests.system.harness import BIN

# Prints what a job finds, in a form that is the same in every image.
LIST = "find . -name .git -prune -o ! -type d -print | sort"


class SourcesCase(DockerCase):
    """A project with two files."""

    image_name = "busybox"

    def setUp(self):
        super().setUp()
        self.project = None
        self.source = self.directory / "source"
        self.source.mkdir()
        git("init", "-q", "-b", "main", cwd=str(self.source))
        self.commit({"file.txt": "first\n", "old.txt": "old\n"})
        self.project = self.gitlab.add_project("group/project", str(self.source))

    def commit(self, files, remove=()):
        for name, text in files.items():
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            (self.source / name).write_text(text)
        for name in remove:
            git("rm", "-q", name, cwd=str(self.source))
        return self.record()

    def record(self):
        at = str(self.source)
        git("add", "--", *sorted(path.name for path in self.source.iterdir() if path.name != ".git"),
            cwd=at)
        git("commit", "-q", "-m", "c", cwd=at)
        if self.project is not None:
            git("push", "-q", "-f", self.project.repository, "main", cwd=at)
        return git("rev-parse", "HEAD", cwd=at).strip()

    def link_submodule(self, name, sha, url):
        with open(self.source / ".gitmodules", "a", encoding="utf-8") as file:
            file.write(f'[submodule "{name}"]\n\tpath = {name}\n\turl = {url}\n')
        git("update-index", "--add", "--cacheinfo", f"160000,{sha},{name}", cwd=str(self.source))

    def run_here(self, script, **spec):
        return self.run_job(script, **{"project": self.project, **spec})

    def files_of(self, job):
        return re.findall(r"(?m)^\./(\S+)$", job.text)



class WithoutGit(SourcesCase):
    images = ("debian", "distroless")

    # --- submodules ----------------------------------------------------------------------------

    def make_nested(self, url):
        """The project is its own submodule, two levels deep, because a job's token opens no other project."""
        (self.source / "link").symlink_to("file.txt")
        (self.source / ".gitattributes").write_text("old.txt export-ignore\n")
        leaf = self.record()
        self.link_submodule("deep", leaf, url)
        middle = self.record()
        self.link_submodule("in", middle, url)
        return self.record()

    def test_submodules(self):
        self.make_nested("../project.git")
        self.start_docker()
        wanted = {
            "normal": {"in/file.txt", "in/link", "in/old.txt", "deep/link"},
            "recursive": {"in/file.txt", "in/deep/link", "in/deep/old.txt", "deep/file.txt"},
            "none": {"file.txt", "old.txt", "link"},
        }
        for mode, expected in wanted.items():
            lists = []
            for name in ("debian", "busybox"):
                job = self.run_here([LIST, "cat link"], image=image(name), git_strategy="clone",
                                    variables={"GIT_SUBMODULE_STRATEGY": mode})
                self.assert_success(job)
                self.assertIn("\nfirst\n", job.text)
                lists.append(self.files_of(job))
                self.assertLessEqual(expected, set(lists[-1]), job.text)
                self.assertEqual("Updated submodules\n" in job.text, mode != "none")
            self.assertEqual(lists[0], lists[1], mode)

    def test_submodule_settings(self):
        self.make_nested(f"git@{bridge_address()}:group/project.git")
        self.start_docker()
        job = self.run_here(LIST, variables={
            "GIT_SUBMODULE_STRATEGY": "normal", "GIT_SUBMODULE_FORCE_HTTPS": "true",
            "GIT_SUBMODULE_PATHS": "in", "GIT_SUBMODULE_DEPTH": "1"})
        self.assert_success(job)
        self.assertIn("Updating/initializing submodules with git depth set to 1...\n", job.text)
        self.assertIn("in/file.txt", self.files_of(job))
        self.assertNotIn("deep/file.txt", self.files_of(job))

    # --- failures ------------------------------------------------------------------------------

    def test_failures_are_those_of_git(self):
        self.start_docker()
        for spec in ({"sha": "1" * 40}, {"payload": {"git_info": {"refspecs": ["+refs/heads/no:refs/x"]}}}):
            ends = []
            for name in ("debian", "busybox"):
                job = self.run_here("echo never", image=image(name), after_script=["echo neither"],
                                    **spec)
                self.assertNotIn("\nnever", job.text)
                self.assertNotIn("\nneither", job.text)
                self.assertIn(f"ERROR: Job failed: exit code {job.exit_code}\n", job.text)
                ends.append((job.status, job.reported_reason, job.exit_code))
            self.assertEqual(ends, [("failed", "script_failure", 128)] * 2, job.text)

    def test_attempts(self):
        self.start_docker()
        self.gitlab.fault("git", status=500, times=2)
        job = self.run_here("cat file.txt", variables={"GET_SOURCES_ATTEMPTS": "3"})
        self.assert_success(job)
        self.assertIn("\nfirst\n", job.text)
        found = [s.name for s in sections(job.trace)]
        begin = found.index("get_sources")
        self.assertEqual(found[begin:begin + 6], ["get_sources"] + ["clear_worktree", "get_sources"] * 2 + ["step_script"], job.text)
        self.assertEqual(job.text.count("WARNING: Retrying...\n"), 2)

    def test_the_limit_of_get_sources_holds(self):
        self.start_docker({"get_sources_timeout": "2s"})
        self.gitlab.fault("git", action="stall", seconds=20)
        job = self.run_here("echo never")
        self.assert_failed(job, "job_execution_timeout")

    # --- hooks, checkout, cleaning -------------------------------------------------------------

    def test_hooks(self):
        self.start_docker({"pre_get_sources_script": "echo admin-before",
                           "post_get_sources_script": "echo admin-behind"})
        hooks = {"pre_get_sources_script": ["echo job-before; test ! -e file.txt"],
                 "post_get_sources_script": ["echo job-behind; cat file.txt"]}
        job = self.run_here("true", hooks=hooks)
        self.assert_success(job)
        order = ["\nadmin-before\n", "\njob-before\n", "Fetching changes", "Checking out",
                 "Skipping Git submodules setup", "\njob-behind\nfirst\n", "\nadmin-behind\n"]
        places = [job.text.index(text) for text in order]
        self.assertEqual(places, sorted(places), job.text)
        before = len(self.gitlab.requests("git"))
        job = self.run_here("true", hooks={"pre_get_sources_script": ["exit 7"]})
        self.assert_failed(job, "script_failure", 7)
        self.assertEqual(len(self.gitlab.requests("git")), before)

    def test_no_checkout(self):
        self.start_docker()
        asked = {"GIT_CHECKOUT": "false"}
        job = self.run_here(LIST, variables=asked)
        self.assert_success(job)
        self.assertIn("Skipping Git checkout\n", job.text)
        self.assertNotIn("Checking out", job.text)
        self.assertEqual(self.files_of(job), [])
        self.run_here("echo made > made.txt")
        job = self.run_here(LIST, variables=asked)
        self.assertEqual(self.files_of(job), ["file.txt", "made.txt", "old.txt"])

    def test_cleaning(self):
        self.start_docker()
        make = "mkdir -p nm/a sub/nm x; touch nm/a/kept sub/nm/kept x/gone gone.o kept.log; " + LIST
        for flags, left in (
                ("-ffdx -e nm/ -e *.log", {"nm/a/kept", "sub/nm/kept", "kept.log"}),
                ("", set())):
            lists = []
            for name in ("debian", "busybox"):
                self.run_here(make, image=image(name))
                job = self.run_here([LIST, "ls -d */ || :"], image=image(name),
                                    variables={"GIT_CLEAN_FLAGS": flags})
                self.assert_success(job)
                lists.append(self.files_of(job))
                self.assertNotIn("\nx/\n", job.text)
            self.assertEqual(lists[0], lists[1], flags)
            self.assertEqual(set(lists[1]), left | {"file.txt", "old.txt"}, flags)

    def test_files_that_the_new_commit_removed_are_gone(self):
        self.start_docker()
        self.run_here("touch mine")
        self.commit({"file.txt": "second\n"}, remove=["old.txt"])
        job = self.run_here([LIST, "cat file.txt"], variables={"GIT_CLEAN_FLAGS": "none"})
        self.assertIn("\nsecond\n", job.text)
        self.assertEqual(self.files_of(job), ["file.txt", "mine"])

    # --- the repository ------------------------------------------------------------------------

    def test_jobs_with_and_without_git_share_a_directory(self):
        self.start_docker()
        self.run_here("echo mine > mine", image=image("debian"))
        sha = self.commit({"file.txt": "second\n"}, remove=["old.txt"])
        job = self.run_here(["cat .git/HEAD file.txt", LIST])
        self.assertIn(f"\n{sha}\nsecond\n", job.text)
        self.assertEqual(self.files_of(job), ["file.txt"])
        sha = self.commit({"file.txt": "third\n"})
        job = self.run_here(["git rev-parse HEAD", "cat file.txt", "git status --porcelain"],
                            image=image("debian"))
        self.assert_success(job)
        self.assertIn(f"\n{sha}\n$ cat file.txt\nthird\n", job.text)
        self.assertRegex(job.text, r"git status --porcelain\n(?! ?[AMD?])")

    # --- the job's settings reach git ------------------------------------------------------------

    def test_settings_of_the_job_reach_git(self):
        self.start_docker()
        nowhere = {"http_proxy": {"http_proxy": "http://127.0.0.1:1"},
                   "http.proxy": {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy",
                                  "GIT_CONFIG_VALUE_0": "http://127.0.0.1:1"}}
        for name, variables in nowhere.items():
            job = self.run_here("echo never", variables=variables)
            self.assert_failed(job, "script_failure", 128)
            self.assertIn("Failed to connect to 127.0.0.1 port 1", job.text, name)
        self.make_nested("git@nowhere.example:group/project.git")
        job = self.run_here(LIST, variables={
            "GIT_SUBMODULE_STRATEGY": "normal", "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.gitlab.url}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "git@nowhere.example:"})
        self.assert_success(job)
        self.assertIn("in/file.txt", self.files_of(job))

    def test_hooks_and_artifacts_use_git(self):
        self.start_docker({"pre_get_sources_script": "git --version"})
        job = self.run_here(["touch made", "command -v git || echo none"], image=image("distroless"),
                            hooks={"post_get_sources_script": ["git log -1 --format=subject:%s"]},
                            artifacts=[{"name": "a", "untracked": True, "artifact_type": "archive"}])
        self.assert_success(job)
        self.assertRegex(job.text, r"\ngit version 2\.\d+")
        self.assertIn("\nsubject:c\n", job.text)
        self.assertIn("untracked: found 1 files", job.text)
        self.assertIn("\nnone\n", job.text, "scripts see what the image has")

    def test_files_of_lfs(self):
        content = b"large\n" * 1000
        self.project.large_files.append(content)
        self.commit({".gitattributes": "*.bin filter=lfs -text\n", "in/a.bin": git_lfs.pointer(content)})
        self.start_docker()
        for name in ("busybox", "distroless"):
            job = self.run_here("wc -c in/a.bin", image=image(name))
            self.assert_success(job)
            self.assertIn("\n6000 in/a.bin\n", job.text)
        # The image's git has no git-lfs.
        job = self.run_here(["wc -c in/a.bin", "git lfs version || echo none in $(command -v git)"],
                            image=image("debian"))
        self.assert_success(job)
        self.assertIn("\n6000 in/a.bin\n", job.text)
        self.assertIn("\nnone in /usr/bin/git\n", job.text)
        skipping = self.run_here("cat in/a.bin", git_strategy="clone",
                                 variables={"GIT_LFS_SKIP_SMUDGE": "true"})
        self.assertIn("git-lfs.github.com/spec", skipping.text)
        self.assertNotIn("Files of Git LFS stay pointers", skipping.text)

    def test_submodules_of_a_second_job(self):
        self.make_nested("../project.git")
        self.start_docker()
        for number in range(2):
            job = self.run_here([LIST, "echo changed > in/file.txt"], image=image("distroless"),
                                variables={"GIT_SUBMODULE_STRATEGY": "recursive"})
            self.assert_success(job)
            self.assertIn("in/deep/link", self.files_of(job))
            self.assertEqual("Reinitialized existing" in job.text, number == 1, job.text)


class WhichGit(SourcesCase):
    image_name = "old-git"
    images = ("debian", "busybox")

    def test_the_image_s_git_is_used_where_it_is_new_enough(self):
        self.start_docker()
        self.assertNotIn("Using the runner's git", self.run_here("cat file.txt", image=image("debian")).text)
        job = self.run_here("cat file.txt")
        self.assert_success(job)
        self.assertIn("Using the runner's git: the image's git 2.20.1 is too old\n", job.text)

    def test_the_configuration_decides(self):
        self.start_docker(git="image")
        job = self.run_here("echo never", image=image("busybox"))
        self.assert_failed(job, "script_failure", 1)
        self.assertIn("\nThere is no git here", job.text)

    def test_libraries_of_the_image_do_not_reach_the_runner_s_git(self):
        self.start_docker(git="runner")
        job = self.run_here(["cat file.txt", "git --version"], image=image("debian"),
                            variables={"LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu", "LD_PRELOAD": "libm.so.6"},
                            hooks={"post_get_sources_script": ["git --version"]})
        self.assert_success(job)
        self.assertIn("\nUsing the runner's git: [runners.docker] git\n", job.text)
        versions = re.findall(r"(?m)^git version (\S+)", job.text)
        self.assertEqual((len(versions), len(set(versions))), (2, 2), job.text)

    def test_an_installation_without_git(self):
        helper = self.directory / "runner-helper"
        shutil.copy2(BIN.parent / "runner-helper", helper)
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings()}])
        self.start(env={"RUNNER_HELPER": str(helper)})
        job = self.run_here("echo never", image=image("busybox"))
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("the image has no git: this installation of runner has no git for jobs: ", job.text)
        self.assertIn("install the whole package", job.text)
        self.assert_success(self.run_here("cat file.txt", image=image("debian")))
        self.assert_success(self.run_here("true", image=image("busybox"), git_strategy="none"))


class OverTls(DockerCase):
    image_name = "distroless"
    gitlab_options = {"tls": True, "client_cert": True}

    def test_git_uses_the_runners_certificates(self):
        source = self.directory / "source"
        source.mkdir()
        (source / "file.txt").write_text("content\n")
        project = self.gitlab.add_project("group/project", str(source))
        made = self.gitlab.certificates
        self.start_docker({"tls-ca-file": made.ca, "tls-cert-file": made.client_cert,
                           "tls-key-file": made.client_key})
        job = self.run_job("cat file.txt", project=project)
        self.assert_success(job)
        self.assertIn("\ncontent\n", job.text)


if __name__ == "__main__":
    unittest.main()
