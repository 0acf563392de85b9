"""./dev bench [--only PART …] [--repeat N] [--jobs N] [--idle SECONDS] [--json FILE]

Measures the figures of docs/benchmarks.md, prints the table, writes the numbers as JSON. Exit code 1 when a
limit is missed, 2 when something could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import (cold_builder, daemon_cost, docker_jobs, file_jobs, lint_cost, log_path,  # noqa: E402
                         many_jobs, mirror_jobs, peer_files, rebuild_jobs, shell_jobs, start_cost, status_cost, warm_jobs)
from tests.bench.figures import Figure, machine, table, write_json  # noqa: E402
from tests.bench.deployment import built  # noqa: E402

Part = Callable[[argparse.Namespace], list[Figure]]
PARTS: dict[str, Part] = {
    "plain": lambda given: docker_jobs.plain(given.repeat),
    "dind": lambda given: docker_jobs.dind(given.repeat),
    "warm": lambda given: warm_jobs.plain(given.warm_jobs) + warm_jobs.dind(given.warm_jobs),
    "builder": lambda given: docker_jobs.builder(max(1, given.repeat // 2)),
    "cold-builder": lambda given: cold_builder.cold_builder(max(1, given.repeat // 2)),
    "rebuild": lambda given: rebuild_jobs.rebuild(max(1, given.repeat // 2)),
    "many": lambda given: many_jobs.many(given.jobs),
    "mirror": lambda given: mirror_jobs.mirror(max(1, given.repeat // 2)),
    "shell": lambda given: shell_jobs.shell(given.repeat),
    "idle": lambda given: daemon_cost.idle(given.idle),
    "jobs": lambda given: daemon_cost.hundred_jobs(),
    "start": lambda given: start_cost.start(given.repeat),
    "log": lambda given: daemon_cost.log(max(1, given.repeat // 2)),
    "files": lambda given: file_jobs.files(max(1, given.repeat // 3)),
    "peer": lambda given: peer_files.peer_files(max(1, given.repeat // 3)),
    "status": lambda given: status_cost.status(),
    "lint": lambda given: lint_cost.lint(given.repeat),
    "log-path": lambda given: log_path.measure(),
}
# Load of a machine that does little else.
BUSY = 1.0
NEEDS_ENGINE = {"plain", "dind", "warm", "builder", "cold-builder", "rebuild", "many", "mirror", "files"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.partition("\n")[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART",
                        help="some parts: " + ", ".join(PARTS))
    parser.add_argument("--repeat", type=int, default=7, help="repetitions behind each median")
    parser.add_argument("--warm-jobs", type=int, default=20, help="jobs behind the figures of warm starts")
    parser.add_argument("--jobs", type=int, default=100, help="dind jobs of the part 'many'")
    parser.add_argument("--idle", type=float, default=60, help="seconds to watch an idle daemon")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench/figures.json",
                        help="where the numbers go (default: %(default)s)")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if not built():
        print("there is no build/release/bin/runner: ./dev build", file=sys.stderr)
        return 2
    names = given.only or list(PARTS)
    if NEEDS_ENGINE & set(names) and not docker_jobs.images_are_there():
        print("no engine with the images of the tests: ./dev images", file=sys.stderr)
        return 2
    before = machine()
    figures: list[Figure] = []
    broken = []
    for name in names:
        print(f"==> {name}", file=sys.stderr, flush=True)
        try:
            made = PARTS[name](given)
        except Exception:  # the other parts are measured although this one failed
            traceback.print_exc()
            broken.append(name)
            continue
        print(table(made), file=sys.stderr, flush=True)
        figures += made
    write_json(given.json, figures, before)
    print(f"\nOn {before['cpu']}, {before['cores']} cores, load {before['load']} at the start\n")
    if before["load"] > BUSY:
        print("Something else ran on this machine: the figures are those of a busy one.\n")
    print(table(figures))
    missed = [figure.name for figure in figures if figure.reached() is False]
    if missed:
        print(f"\n{len(missed)} missed: " + "; ".join(missed))
    if broken:
        print("\nnot measured: " + ", ".join(broken))
    return 2 if broken else 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
