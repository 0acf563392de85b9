"""`runner lint` on a large configuration, compared with gitlab-ci-local on the same files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench import lint_files
from tests.bench.figures import Figure, median, spread
from tests.bench.process import MIB
from tests.system.harness import BIN

PEER = "gitlab-ci-local@4.65.1"  # the last version that supports Node 18 and 20

CACHE = Path(os.environ.get("RUNNER_DEV_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner-dev")


@dataclass
class Cost:
    seconds: float
    cpu: float
    peak: int
    output: str


# A process's peak memory begins with that of its parent, so a small process starts it.
LAUNCHER = """
import os, sys, time
began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print("\\n", time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, flush=True)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measure_cost(words: list[str], directory: Path) -> Cost:
    """Time and memory of one process."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", LAUNCHER, *words], cwd=directory,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-2000:]}")
    text, _, figures = done.stdout.rstrip("\n").rpartition("\n")
    seconds, cpu, peak = figures.split()
    return Cost(float(seconds), float(cpu), int(peak) * 1024, text)


def gitlab_ci_local() -> str:
    """The npm package, installed into the cache once."""
    prefix = CACHE / "gitlab-ci-local-4.65.1"
    program = prefix / "node_modules/.bin/gitlab-ci-local"
    if not program.exists():
        prefix.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund",
                        "--prefix", str(prefix), PEER], check=True)
    return str(program)


def project(directory: Path, jobs: int) -> tuple[Path, int]:
    """Makes a git checkout, which gitlab-ci-local requires."""
    lines = lint_files.write(directory, jobs)
    for words in (["init", "-q", "-b", "main"],
                  ["remote", "add", "origin", "https://gitlab.example/group/project.git"],
                  ["add", "."],
                  ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-q", "-m", "files"],
                  ["update-ref", "refs/remotes/origin/main", "HEAD"],
                  ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]):
        subprocess.run(["git", *words], cwd=directory, check=True)
    return directory, lines


def lint(repeat: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="runner-bench-lint-") as scratch:
        thousand, lines = project(Path(scratch) / "1000", 1000)
        ten, _ = project(Path(scratch) / "10000", 10_000)
        words = [str(BIN), "lint"]
        small = [_runner_cost(words, thousand, 1000) for _ in range(repeat)]
        large = [_runner_cost(words, ten, 10_000) for _ in range(max(3, repeat // 2))]
        figures = _runner_figures(lines, small, large)
        return figures + _compared(thousand, small, repeat)


def _runner_cost(words: list[str], directory: Path, jobs: int) -> Cost:
    cost = measure_cost(words, directory)
    # Hidden jobs are templates, not jobs.
    if f"valid, {jobs} jobs" not in cost.output:
        raise RuntimeError(f"runner lint says: {cost.output[-500:]}")
    return cost


def _runner_figures(lines: int, small: list[Cost], large: list[Cost]) -> list[Figure]:
    seconds = [cost.seconds for cost in small]
    growth = (median([c.cpu for c in large]) / median([c.cpu for c in small])) / 10
    return [
        Figure(f"lint of 1,000 jobs in {lines:,} lines", median(seconds) * 1000, "ms", 150,
               note=f"CPU {median([c.cpu for c in small]) * 1000:.0f} ms; {spread(seconds)} s"),
        Figure("lint of 1,000 jobs: peak memory", max(c.peak for c in small) / MIB, "MiB", 95.4,
               note="100 MB"),
        Figure("lint of 10,000 jobs", median([c.seconds for c in large]) * 1000, "ms",
               note=f"peak {max(c.peak for c in large) / MIB:.0f} MiB"),
        Figure("lint: CPU per job, 10,000 jobs against 1,000", growth, "×", 1.25,
               note="1 is linear growth"),
    ]


def _compared(directory: Path, small: list[Cost], repeat: int) -> list[Figure]:
    program = gitlab_ci_local()
    ours, theirs = [], []
    for _ in range(max(3, repeat // 2)):
        ours.append(_runner_cost([str(BIN), "lint"], directory, 1000).seconds)
        theirs.append(measure_cost([program, "--list"], directory).seconds)
    ours += [cost.seconds for cost in small]
    return [Figure("lint against gitlab-ci-local (npm, 4.x) on the same files",
                   median(theirs) / median(ours), "×", 20, at_least=True,
                   note=f"{median(theirs):.2f} s, `gitlab-ci-local --list`; {spread(theirs)} s")]
