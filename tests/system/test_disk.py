"""Disks that run full: jobs wait, and what the runner kept for later jobs goes."""

import json
import os
import signal
import time

from tests.system.docker_harness import PREFIX, DockerCase, docker
from tests.system.harness import PATIENCE
from tests.system.test_control import ControlCase

SIZE = 5 * 1024 * 1024
FULL = {"pause_below": "100%", "collect_below": "100%", "collect_until": "100%"}


class DiskCase(ControlCase):
    def wait_until_no_job_runs(self):
        def none_runs():
            return not json.loads(self.ok("jobs", "--format", "json").stdout)["running"]

        self.gitlab.wait(none_runs, 20 * PATIENCE, "the end of the cleanup")

    def grow_old(self, project):
        then = time.time() - 3600
        for path in (project, project / ".git", project.with_name(project.name + ".tmp")):
            if path.exists():
                os.utime(path, (then, then))


class Pause(ControlCase):
    def test_jobs_wait_while_the_disk_is_short_and_go_on_by_themselves(self):
        runner = {"name": "one", "token": self.gitlab.add_runner().token}
        self.write_config([runner], disk=FULL)
        daemon = self.start(wait=False)
        daemon.wait_log("No jobs are taken: the disk is short.*place=state directory")
        job = self.add_job(["true"])
        page = json.loads(self.ok("status", "--format", "json").stdout)
        self.assertEqual(page["runners"][0]["why"]["kind"], "disk_short")
        text = self.ok("status").stdout
        self.assertRegex(text, r"no new jobs are taken: The disk of the state directory \S+ is short: .* are free; jobs are taken again from")
        self.assertIn("disk short", text)
        self.assertEqual(job.status, "pending")
        self.write_config([runner])
        daemon.send(signal.SIGHUP)
        daemon.wait_log("Jobs are taken again: the disk has room")
        self.assert_success(self.finish(job))


class CachesOfShellJobs(ControlCase):
    def test_a_cache_that_no_job_uses_goes(self):
        self.write_config([{"name": "one", "token": self.gitlab.add_runner().token}])
        self.start(wait=False)
        cache = [{"key": "libraries", "paths": ["lib/"], "policy": "pull-push", "when": "on_success"}]
        job = self.add_job(["mkdir -p lib && echo kept > lib/file"], payload={"cache": cache})
        self.assert_success(self.finish(job))
        archives = [file for file in self.work.rglob("cache.zip") if file.is_file()]
        self.assertEqual(len(archives), 1, archives)
        row = self.row_of(archives[0], "--dry-run", "--all")
        self.assertEqual((row["action"], row["reason"]), ("keep", "just used"))
        then = time.time() - 3600
        os.utime(archives[0], (then, then))
        row = self.row_of(archives[0], "--all")
        self.assertEqual((row["action"], row["kind"]), ("removed", "folder"))
        self.assertFalse(archives[0].parent.exists())

    def row_of(self, archive, *arguments):
        places = json.loads(self.ok("gc", "--format", "json", *arguments).stdout)["places"]
        rows = [item for place in places for item in place["items"] if item["name"] == str(archive.parent)]
        self.assertEqual(len(rows), 1, places)
        return rows[0]


class CheckoutsOfShellJobs(DiskCase):
    def test_a_checkout_that_no_job_uses_goes_and_is_made_anew(self):
        self.write_config([{"name": "one", "token": self.gitlab.add_runner().token}])
        self.start(wait=False)
        job = self.add_job([f"head -c {SIZE} /dev/urandom > large"])
        self.assert_success(self.finish(job))
        files = [file for file in self.work.rglob("large") if file.is_file()]
        self.assertEqual(len(files), 1, files)
        project = files[0].parent
        self.wait_until_no_job_runs()
        row = self.row_of(project, "--dry-run", "--all")
        self.assertEqual((row["action"], row["reason"]), ("keep", "just used"))
        self.assertTrue(SIZE <= row["bytes"] < 2 * SIZE, row)
        self.grow_old(project)
        row = self.row_of(project, "--dry-run", "--all")
        self.assertEqual((row["action"], row["reason"]), ("remove", "unused for the longest time"))
        running = self.gated_job()
        self.grow_old(project)
        row = self.row_of(project, "--all")
        self.assertEqual((row["action"], row["reason"]), ("keep", "a running job uses it"))
        self.go()
        self.assert_success(self.finish(running))
        self.wait_until_no_job_runs()
        self.grow_old(project)
        self.assertEqual(self.row_of(project, "--all")["action"], "removed")
        self.assertFalse(project.exists())
        self.assertEqual(list(project.parent.glob("*~left-*")), [])
        self.assert_success(self.finish(self.add_job(["true"])))
        self.assertTrue(project.exists())

    def row_of(self, project, *arguments):
        places = json.loads(self.ok("gc", "--format", "json", *arguments).stdout)["places"]
        rows = [item for place in places for item in place["items"] if item["name"] == str(project)]
        self.assertEqual(len(rows), 1, places)
        return rows[0]


class Collection(DockerCase):
    def plan(self, *arguments):
        done = self.command("gc", "--format", "json", *arguments)
        self.assertEqual(done.code, 0, done.text)
        engine = next(place for place in json.loads(done.stdout)["places"] if "state directory" not in place["place"])
        return {item["name"]: item for item in engine["items"]}

    def running_jobs(self):
        return json.loads(self.command("jobs", "--format", "json").stdout)["running"]

    def grow_old(self):
        """What was used now was used two days ago."""
        then = time.time() - 2 * 24 * 3600
        for file in (self.config.parent / ".runner-state" / "used").rglob("*"):
            os.utime(file, (then, then))

    def test_what_no_job_uses_goes_and_what_is_not_ours_stays(self):
        self.start_docker()
        self.assert_success(self.run_job(f"head -c {SIZE} /dev/urandom > /cache/file"))
        kept = {volume["Name"] for volume in self.volumes() if volume["Labels"][PREFIX + "reusable"] == "true"}
        foreign = next(iter(kept)) + "-of-another"
        labels = {**self.volumes()[0]["Labels"], PREFIX + "runner.id": "another", PREFIX + "reusable": "true"}
        docker("volume", "create", *(f"--label={name}={value}" for name, value in labels.items()), foreign)
        self.addCleanup(docker, "volume", "rm", "-f", foreign, check=False)
        # The end of the cleanup, which follows the report, is a use.
        self.gitlab.wait(lambda: not self.running_jobs(), 20 * PATIENCE, "the end of the cleanup")
        mine = self.plan("--dry-run", "--all")
        self.assertEqual({mine[name]["reason"] for name in kept}, {"just used"})
        self.assertNotIn(foreign, mine)
        caches = [item for item in mine.values() if item["title"].endswith("(/cache)")]
        self.assertEqual(len(caches), 1, mine)
        self.assertTrue(SIZE <= caches[0]["bytes"] < SIZE + 1024 * 1024, caches)
        shown = self.command("gc", "--dry-run", "--all").stdout
        self.assertRegex(shown, rf"keep +volume +.*\(/cache\) +5\.\d MiB .*just used +{caches[0]['name']}\n")
        self.grow_old()
        done = self.plan("--all")
        self.assertEqual({done[name]["action"] for name in kept}, {"removed"})
        self.assertEqual(self.volumes(), [])
        docker("volume", "inspect", foreign)
