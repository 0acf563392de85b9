"""CPU and memory of a running process, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads in microseconds (`stat` counts in steps of 10 ms)."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total / 1e9


def _status(pid: int, key: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(key)


def resident(pid: int) -> int:
    return _status(pid, "VmRSS")


def peak_resident(pid: int) -> int:
    return _status(pid, "VmHWM")


def resident_together(programs: set[Path]) -> int:
    """Of all processes that run one of the programs."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if Path(os.readlink(entry / "exe")) in programs:
                total += resident(int(entry.name))
        except (OSError, KeyError):
            continue  # it has ended meanwhile, or belongs to the kernel
    return total


def proportional(pid: int) -> int:
    """Proportional set size: its private memory and its share of shared memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0

