"""The measured figures with their limits, as a table and as JSON."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional


@dataclass
class Figure:
    """One row. `limit` bounds `value` from above, or from below when `at_least`."""

    name: str
    value: float
    unit: str
    limit: Optional[float] = None
    at_least: bool = False
    official: str = ""
    note: str = ""

    def reached(self) -> Optional[bool]:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def median(values: list[float]) -> float:
    return statistics.median(values)


def spread(values: list[float]) -> str:
    """The spread of the repetitions; figures move with the machine."""
    return f"{len(values)} runs, {min(values):.3g} to {max(values):.3g}"


def number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: list[Figure]) -> str:
    rows = [("Figure", "Value", "Limit", "", "Official runner", "How")]
    for figure in figures:
        bound = ""
        if figure.limit is not None:
            bound = f"{'≥' if figure.at_least else '≤'} {number(figure.limit)} {figure.unit}"
        mark = {True: "ok", False: "MISSED", None: ""}[figure.reached()]
        rows.append((figure.name, f"{number(figure.value)} {figure.unit}", bound, mark,
                     figure.official, figure.note))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "load": round(os.getloadavg()[0], 1)}


def write_json(path: Path, figures: list[Figure], before: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(figure), "reached": figure.reached()} for figure in figures]
    document = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                "machine": before, "figures": rows}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
