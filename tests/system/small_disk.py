"""Disks of a few megabytes that really run full: an ext4 on a loop device."""

from __future__ import annotations

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from tests.system.harness import need


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def loop_device(case: unittest.TestCase, file: Path, megabytes: int, *options: str) -> str:
    """A block device with an ext4, made with these options of mkfs.ext4; it goes with the test."""
    need(os.geteuid() == 0 and bool(shutil.which("losetup") and shutil.which("mkfs.ext4")), "root and loop devices")
    run("truncate", "-s", f"{megabytes}M", str(file))
    run("mkfs.ext4", "-q", "-m", "0", *options, str(file))
    device = run("losetup", "--find", "--show", str(file))
    case.addCleanup(run, "losetup", "-d", device)
    return device


def mount_small_disk(case: unittest.TestCase, file: Path, at: Path, megabytes: int, *options: str) -> None:
    """The same, mounted at a directory until the test ends."""
    device = loop_device(case, file, megabytes, *options)
    at.mkdir(parents=True, exist_ok=True)
    run("mount", device, str(at))
    case.addCleanup(run, "umount", "--lazy", str(at))
