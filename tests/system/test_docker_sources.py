"""Sources of jobs whose image has no git: the same result as with git, fetched by the daemon."""

import re
import unittest

from tests.support.gitlab import sections
from tests.support.gitlab.git_http import git
from tests.system.docker_harness import DockerCase, bridge_address, image

# Prints what a job finds, in a form that is the same in every image.
LIST = "find . -name .git -prune -o ! -type d -print | sort"


class WithoutGit(DockerCase):
    image_name = "busybox"
    images = ("debian",)

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
        self.assertNotIn(str(self.work), job.text)

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

    def test_submodules_cannot_read_files_of_the_host(self):
        mark = self.directory / "mark"
        self.start_docker()
        for url in (f"ext::touch {mark}", f"file://{self.source}", str(self.source),
                    "ssh://git@127.0.0.1/x.git"):
            (self.source / ".gitmodules").unlink(missing_ok=True)
            self.link_submodule("in", git("rev-parse", "HEAD", cwd=str(self.source)).strip(), url)
            self.record()
            job = self.run_here("ls in", variables={"GIT_SUBMODULE_STRATEGY": "normal"})
            self.assertEqual((job.status, job.reported_reason), ("failed", "script_failure"), url)
            self.assertRegex(job.text, "transport '.*' not allowed")
        self.assertFalse(mark.exists())
        job = self.run_here("true", variables={
            "GIT_SUBMODULE_STRATEGY": "normal",
            "GIT_SUBMODULE_UPDATE_FLAGS": f"--reference {self.source}"})
        self.assertEqual(job.status, "failed")
        self.assertIn("GIT_SUBMODULE_UPDATE_FLAGS", job.text)

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
        for times in (1, 2):
            self.gitlab.fault("git", status=500, times=times)
            job = self.run_here("cat file.txt", variables={"GET_SOURCES_ATTEMPTS": "3"})
            self.assert_success(job)
            self.assertIn("\nfirst\n", job.text)
            found = [s.name for s in sections(job.trace)]
            self.assertEqual(found[2:4 + 2 * times],
                             ["get_sources"] + ["clear_worktree", "get_sources"] * times
                             + ["step_script"], job.text)
            self.assertEqual(job.text.count("WARNING: Retrying...\n"), times)

    def test_the_limit_of_get_sources_holds_on_the_host(self):
        self.start_docker({"get_sources_timeout": "2s"})
        self.gitlab.fault("git", action="stall", seconds=20)
        job = self.run_here("echo never")
        self.assert_failed(job, "job_execution_timeout")

    def test_sources_are_fetched_again_after_a_restart(self):
        self.start_docker()
        fault = self.gitlab.fault("git", action="stall", seconds=20)
        job = self.add_job("cat file.txt .git/HEAD", project=self.project)
        self.gitlab.wait(lambda: fault.hits, 20, "git to ask")
        self.daemons[0].kill()
        self.start()
        self.finish(job)
        self.assert_success(job)
        self.assertRegex(job.text, "\nfirst\n[0-9a-f]{40}\n")
        self.assertEqual([p for p in self.work.rglob("sources")], [])

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
                ("-ffdx --exclude=/nm/", {"nm/a/kept"}),
                ("-ffdxe sub/nm", {"sub/nm/kept"}),
                ("none", {"nm/a/kept", "sub/nm/kept", "x/gone", "gone.o", "kept.log"}),
                ("", set())):
            lists = []
            for name in ("debian", "busybox"):
                self.run_here(make, image=image(name))
                job = self.run_here([LIST, "ls -d */ || :"], image=image(name),
                                    variables={"GIT_CLEAN_FLAGS": flags})
                self.assert_success(job)
                lists.append(self.files_of(job))
                self.assertEqual("\nx/\n" in job.text, flags == "none", job.text)
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

    def test_the_job_has_a_git_repository(self):
        sha = self.make_nested("../project.git")
        self.start_docker({"clean_git_config": False})
        job = self.run_here(
            ["cat .git/HEAD in/.git", "test ! -e .git/info/attributes",
             "cat \"$(sed -n 's/.*path = //p' .git/config | tr -d '\"')\" | grep -c helper"],
            variables={"GIT_SUBMODULE_STRATEGY": "recursive"})
        self.assert_success(job)
        self.assertIn(f"\n{sha}\ngitdir: ../.git/modules/in\n", job.text)
        self.assertNotIn(str(self.work), job.text)
        # git accepts it as a repository that git made.
        job = self.run_here(
            ["git rev-parse HEAD", "git status --porcelain", "git submodule foreach --recursive "
             "'git status --porcelain'", "git submodule status --recursive", "git config remote.origin.url"],
            image=image("debian"), variables={"GIT_CHECKOUT": "false"})
        self.assert_success(job)
        self.assertIn(f"\n{sha}\n$ git status --porcelain\n$ git submodule foreach", job.text)
        self.assertIn("Entering 'in'\nEntering 'in/deep'\n$ git submodule status", job.text)
        self.assertRegex(job.text, r"\n [0-9a-f]{40} in \S+\n [0-9a-f]{40} in/deep \S+\n")
        self.assertRegex(job.text, r"\nhttp://[^@\n]+/group/project.git\n")

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

    def test_log_names_lfs_files_that_stay_pointers(self):
        words = "\nFiles of Git LFS stay pointers"
        self.start_docker()
        self.assertNotIn(words, self.run_here("true").text)
        self.commit({".gitattributes": "*.bin filter=lfs -text\n", "in/a.bin": "a pointer\n"})
        for name in ("debian", "busybox"):
            self.assertIn(words, self.run_here("cat in/a.bin", image=image(name)).text)
        skipping = self.run_here("true", variables={"GIT_LFS_SKIP_SMUDGE": "true"})
        self.assertNotIn(words, skipping.text)

    # --- the host's own settings ---------------------------------------------------------------

    def test_nothing_of_the_daemons_environment_or_home_reaches_git(self):
        home = self.directory / "home"
        home.mkdir()
        (home / ".gitconfig").write_text('[url "http://127.0.0.1:1/"]\n\tinsteadOf = http://\n')
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings()}])
        trace = self.directory / "trace"
        self.start(env={"GIT_TRACE": str(trace), "GIT_DIR": "/nowhere", "HOME": str(home),
                        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy",
                        "GIT_CONFIG_VALUE_0": "http://127.0.0.1:1", "GIT_SSL_CAINFO": "/nowhere"})
        job = self.run_here("cat file.txt")
        self.assert_success(job)
        self.assertIn("\nfirst\n", job.text)
        self.assertFalse(trace.exists())

    def test_no_sources_are_left_on_the_host(self):
        self.start_docker()
        job = self.run_here("cat file.txt")
        self.assert_success(job)
        self.assertEqual([p for p in self.work.rglob("sources")], [])


class OverTls(DockerCase):
    image_name = "busybox"
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
