"""The log path without daemon and server: Google Benchmark over its parts (log_path_bench.cpp)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.bench.figures import Figure

PROGRAM = Path(__file__).resolve().parents[2] / "build/bench/bin/log_path_bench"


def measure() -> list[Figure]:
    if not PROGRAM.exists():
        raise RuntimeError(f"there is no {PROGRAM}: ./dev build bench")
    done = subprocess.run([str(PROGRAM), "--benchmark_format=json", "--benchmark_filter=text:0"],
                          stdout=subprocess.PIPE, check=True)
    return [Figure(f"log path alone, {row['name']}", row["bytes_per_second"] / 1e6, "MB/s")
            for row in json.loads(done.stdout)["benchmarks"]]
