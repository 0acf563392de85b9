"""Mirrors of repositories on the engine, from which first clones take their objects."""

import json
import os
import random
import signal
import time

from tests.system.docker_harness import PREFIX, docker, image
from tests.system.harness import PATIENCE
from tests.system.test_docker_sources import SourcesCase

USED = "Using the git mirror of this runner: "
UNUSED = "The git mirror of this runner is not used: "
FILLED = "A git mirror is filled: first clones copy from it"
SHOW = ["cat file.txt", "ls -d /builds/.runner-git-mirror 2> /dev/null || echo no copy is left",
        "grep mirror /proc/self/mounts || echo no mirror is mounted"]


class MirrorCase(SourcesCase):
    """A new slot is here a job with GIT_STRATEGY=clone: its builds volume is its own."""

    images = ("debian",)

    def setUp(self):
        super().setUp()
        (self.source / "large").write_bytes(random.Random(1).randbytes(3 << 20))
        self.record()

    def clone(self, script=None, **spec):
        return self.run_here(script or SHOW, **{"git_strategy": "clone", **spec})

    def mirrors(self):
        return [v["Name"] for v in self.volumes() if v["Labels"].get(PREFIX + "type") == "git-mirror"]

    def fill(self, daemon):
        """A first clone, and the mirror that it leads to. The job's token counts while the job runs."""
        job = self.add_job(["until [ -e /tmp/go ]; do sleep 0.05; done"], project=self.project, git_strategy="clone")
        daemon.wait_log(FILLED, 60 * PATIENCE)
        container = next(each["Id"] for each in self.containers() if each["Name"].endswith("-build"))
        docker("exec", container, "touch", "/tmp/go")
        self.assert_success(self.finish(job))
        self.assertNotIn("git mirror", job.text)
        self.assertEqual(len(self.mirrors()), 1)
        return self.mirrors()[0]

    def in_mirror(self, volume, command):
        return docker("run", "--rm", "-v", f"{volume}:/m", image("busybox"), "sh", "-c", command)

    def assert_used(self, job):
        self.assert_success(job)
        self.assertRegex(job.text, USED + r"3\.\d MiB copied in \d+\.\d s\n")
        self.assertIn("\nfirst\n", job.text)
        self.assertIn("no copy is left\n", job.text)
        self.assertIn("no mirror is mounted\n", job.text)


class GitMirror(MirrorCase):
    docker_options = {"git_mirror": "on"}

    def test_a_first_clone_takes_its_objects_from_it(self):
        daemon = self.start_docker()
        self.fill(daemon)
        for name in ("busybox", "debian"):
            self.assert_used(self.clone(image=image(name)))
        self.assert_used(self.clone(git_depth=0))

    def test_it_gives_what_is_old_and_the_server_what_is_new(self):
        daemon = self.start_docker()
        self.fill(daemon)
        self.commit({"file.txt": "first\n", "new.txt": "new\n"})
        job = self.clone(["cat new.txt", *SHOW])
        self.assert_used(job)
        self.assertIn("\nnew\n", job.text)

    def test_a_slot_that_has_the_repository_needs_none(self):
        daemon = self.start_docker()
        self.fill(daemon)
        self.assert_used(self.clone(git_strategy="fetch"))
        job = self.clone(git_strategy="fetch")
        self.assert_success(job)
        self.assertNotIn("git mirror", job.text)

    def test_a_token_that_the_server_refuses_gets_nothing(self):
        daemon = self.start_docker()
        self.fill(daemon)
        url = f"{self.gitlab.url}/group/project.git".replace("://", "://gitlab-ci-token:wrong@")
        job = self.clone(payload={"git_info": {"repo_url": url}}, after_script=["ls -a /builds"])
        self.assertIn(UNUSED + "the server does not give the repository: ", job.text)
        self.assertNotIn(USED, job.text)
        self.assertNotIn("\nfirst\n", job.text)
        self.assertIn("Authentication failed", job.text)
        self.assertEqual((job.status, job.exit_code), ("failed", 128), job.text)

    def test_a_damaged_one_costs_the_job_nothing(self):
        daemon = self.start_docker()
        volume = self.fill(daemon)
        self.in_mirror(volume, "cd /m/current/objects/pack && for f in *.pack; do head -c 5000 $f > /x; "
                               "chmod u+w $f; cat /x > $f; done")
        for depth in (0, 20):
            job = self.clone(git_depth=depth)
            self.assert_success(job)
            self.assertIn(UNUSED, job.text)
            self.assertNotIn("packfile", job.text)
            self.assertIn("\nfirst\n", job.text)

    def test_a_daemon_that_is_killed_while_it_fills_leaves_no_half_of_it(self):
        daemon = self.start_docker()
        job = self.add_job(SHOW, project=self.project, git_strategy="clone")
        self.gitlab.wait(self.mirrors, 60 * PATIENCE, "the volume of a mirror")
        volume = self.mirrors()[0]
        daemon.kill()
        self.addCleanup(docker, "rm", "-f", f"{volume}-fill-1", check=False)
        daemon = self.start_again()
        self.assert_success(self.finish(job))
        job = self.clone()
        self.assert_success(job)
        self.assertIn("\nfirst\n", job.text)
        self.assertNotIn("cannot be used", job.text)
        docker("rm", "-f", f"{volume}-fill-1", check=False)
        listed = self.in_mirror(volume, "ls /m; cat /m/current/packed-refs 2> /dev/null || true")
        self.assertEqual("current" in listed, "refs/heads/main" in listed, listed)

    def test_it_is_collected_like_other_volumes(self):
        daemon = self.start_docker()
        volume = self.fill(daemon)
        daemon.stop(signal.SIGTERM)
        then = time.time() - 2 * 24 * 3600
        for file in (self.config.parent / ".runner-state" / "used").rglob("*"):
            os.utime(file, (then, then))
        done = self.command("gc", "--all", "--format", "json")
        self.assertEqual(done.code, 0, done.text)
        items = [item for place in json.loads(done.stdout)["places"] for item in place["items"]]
        mine = next(item for item in items if item["name"] == volume)
        self.assertEqual(mine["action"], "removed")
        self.assertEqual(self.mirrors(), [])


class WithoutMirror(MirrorCase):
    def test_a_small_repository_gets_none(self):
        self.start_docker(git_mirror="auto")
        for _ in range(2):
            job = self.clone()
            self.assert_success(job)
            self.assertNotIn("git mirror", job.text)
        self.assertEqual(self.mirrors(), [])

    def test_off_makes_none_and_uses_none(self):
        daemon = self.start_docker(git_mirror="on")
        self.fill(daemon)
        daemon.stop(signal.SIGTERM)
        self.start_docker(git_mirror="off")
        job = self.clone()
        self.assert_success(job)
        self.assertNotIn("git mirror", job.text)
