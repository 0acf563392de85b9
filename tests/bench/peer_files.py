"""Artifacts of mixed files, in turn with the official runner where it is installed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from tests.bench.deployment import Deployment
from tests.bench.figures import Figure, spread
from tests.bench.file_jobs import STAMP, report_seconds, start_seconds
from tests.bench.mixed_files import make_mixed_files
from tests.bench.process import MIB, resident_together
from tests.system.harness import BIN

SHELL = {"executor": "shell"}
SAMPLE_SECONDS = 0.05


@dataclass
class Measured:
    uploads: list[float] = field(default_factory=list)
    downloads: list[float] = field(default_factory=list)
    archive: int = 0
    peak: int = 0  # bytes of all its processes at once


def official_runner() -> Optional[Path]:
    """OFFICIAL_RUNNER, else gitlab-runner in the PATH."""
    found = os.environ.get("OFFICIAL_RUNNER") or shutil.which("gitlab-runner")
    return Path(found) if found else None


class Memory:
    """The most memory that the processes of a program had at once, while it is a context."""

    def __init__(self, programs: set[Path]) -> None:
        self.programs = programs
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, resident_together(self.programs))


def peer_files(repeat: int) -> list[Figure]:
    official = official_runner()
    if official is None:
        print("    no comparison with the official runner: it is not installed here (OFFICIAL_RUNNER names its "
              "program)", file=sys.stderr)
    ours, theirs = Measured(), Measured()
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as directory:
        source = Path(directory) / "mixed"
        make_mixed_files(source)
        for _ in range(repeat):
            _measure(BIN, source, ours)
            if official is not None:
                _measure(official, source, theirs)
    return [*_own_figures(ours), *(_ratios(ours, theirs) if official is not None else [])]


def _measure(program: Path, source: Path, into: Measured) -> None:
    programs = {program, program.parent / "runner-helper"} if program == BIN else {program}
    with Deployment(SHELL, program=program) as deployment, Memory(programs) as memory:
        plain = deployment.run([STAMP], git_strategy="empty")
        made = deployment.run([f"cp -r '{source}' mixed", STAMP], 600, artifacts={"paths": ["mixed"]},
                              git_strategy="empty")
        into.uploads.append(report_seconds(deployment, made) - report_seconds(deployment, plain))
        # Not where the runner would have to remove as many files first.
        elsewhere = deployment.gitlab.add_project("bench/elsewhere")
        got = deployment.run([STAMP, "test -d mixed/media"], 600, dependencies=[made], git_strategy="empty",
                             project=elsewhere)
        into.downloads.append(start_seconds(got) - start_seconds(plain))
        into.archive = made.artifact("archive").size
    into.peak = max(into.peak, memory.peak)


def _own_figures(ours: Measured) -> list[Figure]:
    return [
        Figure("500 MB of mixed files: pack and upload", min(ours.uploads), "s",
               note=f"archive of {ours.archive / 1e6:.1f} MB, shell executor; {spread(ours.uploads)}"),
        Figure("500 MB of mixed files: download and unpack", min(ours.downloads), "s", note=spread(ours.downloads)),
        Figure("500 MB of mixed files: memory of all processes", ours.peak / MIB, "MiB", 64,
               note=f"the most at once, seen every {SAMPLE_SECONDS * 1000:.0f} ms"),
    ]


def _ratios(ours: Measured, theirs: Measured) -> list[Figure]:
    return [
        Figure("500 MB of mixed files: upload against the official runner", min(theirs.uploads) / min(ours.uploads),
               "times as fast", 4, at_least=True, official=f"{min(theirs.uploads):.2f} s"),
        Figure("500 MB of mixed files: download against the official runner",
               min(theirs.downloads) / min(ours.downloads), "times as fast", 3, at_least=True,
               official=f"{min(theirs.downloads):.2f} s"),
        Figure("500 MB of mixed files: archive over the official one", (ours.archive / theirs.archive - 1) * 100, "%",
               3, official=f"{theirs.archive / 1e6:.1f} MB"),
        Figure("500 MB of mixed files: memory, share of the official runner's", ours.peak / theirs.peak * 100, "%",
               official=f"{theirs.peak / MIB:.0f} MiB"),
    ]
