"""Disks that are really full: what waits, what goes by itself, and that no job and no line of a log is lost."""

import errno
import json
import os
import re

from tests.system.harness import PATIENCE
from tests.system.small_disk import mount_small_disk
from tests.system.test_disk import DiskCase

# Sizes that count on the small disk only: the others have more than this.
MARKS = {"collect_below": "30MB", "collect_until": "40MB", "pause_below": "10MB",
         "collect_below_inodes": "400", "collect_until_inodes": "500", "pause_below_inodes": "200"}
#: The daemon measures every 15 s. What a job has just used is looked at again after a minute.
COLLECTION = 150


class FullBuildsDirectory(DiskCase):
    def begin(self, *options):
        self.disk = self.directory / "disk"
        mount_small_disk(self, self.directory / "disk.ext4", self.disk, 64, *options)
        self.write_config([{"name": "one", "token": self.gitlab.add_runner().token, "builds_dir": str(self.disk)}],
                          disk=MARKS)
        self.daemon = self.start(wait=False)

    def fill_and_go_on(self, script):
        """A job fills the disk; the next one waits until its directory has gone."""
        job = self.run_job([*script, "cd .. && echo the script goes on"])
        self.assert_success(job)
        self.assertIn(os.strerror(errno.ENOSPC), job.text)
        self.assertIn("\nthe script goes on\n", job.text)
        project = next(path for path in self.disk.rglob("filled") if path.is_file()).parent
        self.wait_until_no_job_runs()
        self.grow_old(project)
        self.daemon.wait_log("No jobs are taken: the disk is short.*place=builds directory", 40)
        other = self.add_job(["echo has room"], project=self.gitlab.add_project("group/other"))
        self.daemon.wait_log("Unused data was removed, because the disk is short", COLLECTION)
        self.daemon.wait_log("Jobs are taken again: the disk has room")
        self.assert_success(self.finish(other))
        self.assertFalse(project.exists())

    def test_bytes(self):
        self.begin()
        self.fill_and_go_on(["touch filled", "head -c 100M /dev/zero > large || true"])

    def test_inodes(self):
        self.begin("-N", "1024")
        self.fill_and_go_on(["touch filled", "i=0; while touch small-$i; do i=$((i + 1)); done || true"])


class FullStateDirectory(DiskCase):
    LINES = 60_000

    def setUp(self):
        super().setUp()
        self.state = self.config.parent / ".runner-state"
        mount_small_disk(self, self.directory / "disk.ext4", self.state, 8)

    def fill(self):
        self.filler = self.state / "filler"
        try:
            with self.filler.open("wb") as file:
                while True:
                    file.write(b"0" * 4096)
                    file.flush()
        except OSError as problem:
            self.assertEqual(problem.errno, errno.ENOSPC)

    def print_without_room(self, free, expected):
        """A job prints more than the disk takes; after a while there is room."""
        self.write_config([{"name": "one", "token": self.gitlab.add_runner().token}], disk={"pause_below": "0"})
        daemon = self.start(wait=False)
        job = self.gated_job(extra=[f"seq -f 'line %.0f' {self.LINES}", "echo the end"])
        self.fill()
        os.truncate(self.filler, self.filler.stat().st_size - free)
        self.go()
        daemon.wait_log(expected, 30)
        self.assertNotIn("the end\n", job.text.replace("echo the end", ""))
        self.filler.unlink()
        self.assert_success(self.finish(job))
        lines = [int(number) for number in re.findall(r"^line (\d+)$", job.text, re.M)]
        self.assertEqual(lines, list(range(1, self.LINES + 1)))
        self.assertIn("\nthe end\n", job.text)
        return daemon

    def test_a_script_waits_for_room_and_its_log_is_complete(self):
        daemon = self.print_without_room(0, "The journal cannot be written.*No space left on device")
        daemon.wait_log("The journal is written again")

    def test_a_log_waits_for_room_and_is_complete(self):
        # Enough for the output of the script, and not for the log with its time stamps.
        daemon = self.print_without_room(1_200_000, "The disk has no room for the job's log")
        daemon.wait_log("The job's log is stored again")

    def test_a_daemon_starts_and_takes_no_job_until_there_is_room(self):
        self.write_config([{"name": "one", "token": self.gitlab.add_runner().token}])
        self.fill()
        daemon = self.start(wait=False)
        daemon.wait_log("No jobs are taken: the disk is short.*place=state directory")
        job = self.add_job(["echo has room"])
        self.assertEqual(json.loads(self.ok("status", "--format", "json").stdout)["runners"][0]["why"]["kind"],
                         "disk_short")
        self.filler.unlink()
        daemon.wait_log("Jobs are taken again: the disk has room", 40 * PATIENCE)
        self.assert_success(self.finish(job))
