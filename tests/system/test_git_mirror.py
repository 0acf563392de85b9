"""Mirrors of repositories on the engine, from which first clones take their objects."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

from tests.system.docker_harness import PREFIX, docker, image
from tests.system.harness import PATIENCE, need
from tests.system.test_docker_sources import SourcesCase

USED = "Using the git mirror of this runner: "
UNUSED = "The git mirror of this runner is not used: "
FILLED = "A git mirror is filled: first clones copy from it"
SHOW = ["cat file.txt", "ls -d /builds/.runner-git-mirror 2> /dev/null || echo no copy is left",
        "grep mirror /proc/self/mounts || echo no mirror is mounted"]


# Programs of an image that work wherever Docker and git let them: HEALTHCHECK, the shell, a library of each program.
TRACE = "for d in /.runner-mirror /.runner-builds; do [ ! -d $d ] || : > $d/"
PRELOAD = """
#include <fcntl.h>
__attribute__((constructor)) static void run(void) {
    open("/.runner-mirror/preload", O_CREAT | O_WRONLY, 0600);
    open("/.runner-builds/preload", O_CREAT | O_WRONLY, 0600);
}
"""
HOSTILE = """
FROM {base}
COPY sh /bin/sh
COPY mirror.gitconfig /etc/mirror.gitconfig
RUN mkdir /.runner-mirror && touch /.runner-mirror/of-the-image
RUN printf '[includeIf "gitdir:/.runner-mirror/"]\\n\\tpath = /etc/mirror.gitconfig\\n' >> /etc/gitconfig
COPY preload.so /preload.so
RUN echo /preload.so > /etc/ld.so.preload
HEALTHCHECK --interval=10ms CMD ["/bin/bash", "-c", "{trace}health; done"]
VOLUME /etc/ssl /some/volume
"""


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

    def run_until_filled(self, daemon, *script, **spec):
        """A first clone, and the filling that it leads to. The job's token counts while the job runs."""
        job = self.add_job([*script, "until [ -e /tmp/go ]; do sleep 0.05; done"],
                           **{"project": self.project, "git_strategy": "clone", **spec})
        daemon.wait_log(FILLED, 60 * PATIENCE)
        container = next(each["Id"] for each in self.containers() if each["Name"].endswith("-build"))
        docker("exec", container, "touch", "/tmp/go")
        self.assert_success(self.finish(job))
        return job

    def fill(self, daemon, **spec):
        """The first filling. Answers the name of the volume."""
        job = self.run_until_filled(daemon, **spec)
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

    def packs(self, volume):
        """Names and sizes of those that clones copy."""
        listed = self.in_mirror(volume, "cd /m/current/objects/pack && wc -c *.pack | grep -v total").split()
        return {name: int(size) for size, name in zip(listed[::2], listed[1::2])}

    def fill_again(self, objects):
        """A mirror is filled again when a clone has got more than 10 MB from the server; not twice within ten minutes by
        one daemon. Answers the volume and its packs before."""
        daemon = self.start_docker()
        volume = self.fill(daemon)
        packs = self.packs(volume)
        some = random.Random(2)
        (self.source / "larger").mkdir()
        for number in range(objects):
            (self.source / "larger" / str(number)).write_bytes(some.randbytes((11 << 20) // objects))
        self.record()
        daemon.stop(signal.SIGTERM)
        daemon = self.start_again()
        job = self.run_until_filled(daemon, "ls larger | wc -l")
        self.assertRegex(job.text, USED + r"3\.\d MiB copied")
        self.assertIn(f"\n{objects}\n", job.text)
        self.assertEqual(self.mirrors(), [volume])
        return volume, packs

    def test_a_later_filling_fetches_what_is_new_and_nothing_else(self):
        volume, first = self.fill_again(objects=200)
        second = self.packs(volume)
        self.assertLessEqual(first.items(), second.items(), "the packs of the first filling are used again")
        fetched = sum(second.values()) - sum(first.values())
        self.assertGreater(fetched, 10 << 20)
        self.assertLess(fetched, 12 << 20, "what the mirror had already was sent again")
        tip = self.commit({"file.txt": "first\n", "new.txt": "new\n"})
        job = self.clone(["cat .git/HEAD", "ls larger | wc -l", "cat new.txt"])
        self.assert_success(job)
        self.assertRegex(job.text, USED + r"1[34]\.\d MiB copied")
        self.assertIn(f"\n{tip}\n", job.text)
        self.assertIn("\n200\n", job.text)
        self.assertIn("\nnew\n", job.text)

    def test_few_objects_that_are_large_lead_to_a_filling_too(self):
        volume, _ = self.fill_again(objects=1)
        self.assertGreater(sum(self.packs(volume).values()), 13 << 20)

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

    def hostile_image(self):
        need(shutil.which("gcc") is not None, "gcc")
        place = self.directory / "hostile"
        place.mkdir()
        (place / "preload.c").write_text(PRELOAD)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", "preload.so", "preload.c"], cwd=place, check=True)
        (place / "sh").write_text(f'#!/bin/bash\n{TRACE}shell; done\nexec /bin/bash "$@"\n')
        (place / "sh").chmod(0o755)
        (place / "mirror.gitconfig").write_text('[url "http://127.0.0.1:9/"]\n\tinsteadOf = http://\n')
        (place / "Dockerfile").write_text(HOSTILE.format(base=image("debian"), trace=TRACE))
        name = image(f"hostile-{self.short.lower()}")
        self.addCleanup(docker, "rmi", "-f", name, check=False)
        docker("build", "-q", "-t", name, str(place))
        return name

    def test_nothing_of_a_jobs_image_works_in_its_containers(self):
        name = self.hostile_image()
        daemon = self.start_docker()
        volume = self.fill(daemon, image=name)
        job = self.clone([*SHOW, "ls -A /builds"], image=name)
        self.assert_used(job)
        for trace in ("health", "shell", "preload"):
            self.assertNotIn(f"\n{trace}\n", job.text)
        names = self.in_mirror(volume, "ls -A /m").split()
        left = [each for each in names if not each.startswith("g-")]
        self.assertEqual(left, ["current", "lock", "read-lock"])

    def test_names_of_extra_hosts_lead_to_the_server(self):
        address = self.gitlab.url.split("/")[2]
        host, port = address.split(":")
        daemon = self.start_docker({"clone_url": f"http://gitlab.mirror.test:{port}"},
                                   extra_hosts=[f"gitlab.mirror.test:{host}"])
        self.fill(daemon)
        self.assert_used(self.clone())

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
        self.gitlab.wait(lambda: not docker("ps", "-aq", "--filter", f"name={volume}-fill-1").strip(), 15 * PATIENCE,
                         "the end of the filling that the killed daemon has left")
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


class MirrorOverTls(MirrorCase):
    """A server whose authority the configuration names, and no image knows."""

    docker_options = {"git_mirror": "on"}
    gitlab_options = {"tls": True}

    def test_the_authority_of_the_configuration_is_trusted(self):
        daemon = self.start_docker({"tls-ca-file": self.gitlab.certificates.ca})
        self.fill(daemon)
        self.assert_used(self.clone())
