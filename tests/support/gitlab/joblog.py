"""Reads a job log as GitLab's viewer does: timestamps, continuation lines, sections, colours."""

from __future__ import annotations

import re
from dataclasses import dataclass

STAMP = re.compile(
    rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f]{2})([OE])([ +])")
SECTION = re.compile(r"section_(start|end):(\d+):([A-Za-z0-9_.\-]+)(\[[^\]]*\])?\r(?:\x1b\[0K)?")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class LogLine:
    """A logical line: `+` pieces are joined. Without timestamps `stream` is -1 and `kind` empty."""

    stream: int
    kind: str
    stamp: str
    text: str


@dataclass
class Section:
    name: str
    start: int
    end: int
    text: str


def parse_log(raw: bytes) -> list[LogLine]:
    lines: list[LogLine] = []
    latest: dict[tuple[int, str], LogLine] = {}
    pieces = raw.split(b"\n")
    if pieces and pieces[-1] == b"":
        pieces.pop()
    for piece in pieces:
        match = STAMP.match(piece)
        if match is None:
            lines.append(LogLine(-1, "", "", piece.decode("utf-8", "replace")))
            continue
        stream, kind = int(match[2], 16), match[3].decode()
        text = piece[match.end():].decode("utf-8", "replace")
        before = latest.get((stream, kind))
        if match[4] == b"+" and before is not None:
            before.text += text
            continue
        line = LogLine(stream, kind, match[1].decode(), text)
        latest[(stream, kind)] = line
        lines.append(line)
    return lines


def plain_text(raw: bytes) -> str:
    joined = "\n".join(line.text for line in parse_log(raw))
    without_sections = SECTION.sub("", joined)
    return ANSI.sub("", without_sections) + ("\n" if joined else "")


def sections(raw: bytes) -> list[Section]:
    """The sections in order of their start; `end` is -1 for one that was never closed."""
    joined = "\n".join(line.text for line in parse_log(raw))
    found: list[Section] = []
    open_at: dict[str, tuple[Section, int]] = {}
    for match in SECTION.finditer(joined):
        if match[1] == "start":
            section = Section(match[3], int(match[2]), -1, "")
            found.append(section)
            open_at[match[3]] = (section, match.end())
        elif match[3] in open_at:
            section, begin = open_at.pop(match[3])
            section.end = int(match[2])
            section.text = ANSI.sub("", SECTION.sub("", joined[begin:match.start()]))
    return found


def bad_stamps(raw: bytes) -> list[bytes]:
    """Physical lines without the 32 byte header (for jobs with timestamps on)."""
    pieces = raw.split(b"\n")
    if pieces and pieces[-1] == b"":
        pieces.pop()
    return [piece for piece in pieces if STAMP.match(piece) is None]
