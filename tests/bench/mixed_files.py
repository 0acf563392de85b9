"""500 MB as builds leave them: programs, texts, and files that are compressed already."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

BYTES = 500_000_000
LARGEST_FILE = 40_000_000
# Of the machine itself, with the most bytes of each.
SOURCES = {"/usr/lib/x86_64-linux-gnu": 150_000_000, "/usr/lib/python3": 60_000_000, "/usr/include": 60_000_000,
           "/usr/share/doc": 20_000_000, "/usr/lib/gcc": 60_000_000}
COMPRESSED_SIZES = [20_000, 200_000, 2_000_000, 20_000_000]


def make_mixed_files(target: Path) -> None:
    total = sum(_copy_some(Path(source), target / source[1:], most) for source, most in SOURCES.items())
    numbers = random.Random(1)
    media = target / "media"
    media.mkdir(parents=True)
    for name in range(BYTES):
        if total >= BYTES:
            return
        size = min(BYTES - total, numbers.choice(COMPRESSED_SIZES))
        (media / f"{name}.bin").write_bytes(numbers.randbytes(size))
        total += size


def _copy_some(source: Path, target: Path, most: int) -> int:
    done = 0
    for directory, names, files in os.walk(source):
        names.sort()
        for name in sorted(files):
            file = Path(directory) / name
            if file.is_symlink() or not file.is_file():
                continue
            size = file.stat().st_size
            if size > LARGEST_FILE or done + size > most:
                continue
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
            done += size
    return done
