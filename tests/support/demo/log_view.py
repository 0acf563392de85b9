"""Shows a job log in a terminal as GitLab's log page shows it: without section marks and timestamps."""

from __future__ import annotations

import re

SECTION = re.compile(rb"section_(?:start|end):\d+:[^\r\n]*\r\x1b\[0K")
# 2026-01-02T03:04:05.123456Z 00O text; a + after the stream continues the line above.
STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z [0-9a-f]{2}[OE]([ +])")


class LogView:
    """Takes the log in pieces and returns the lines that are complete, ready to be shown."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> str:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return "".join(self._shown(line + b"\n") for line in lines)

    def end(self) -> str:
        rest, self._rest = self._rest, b""
        return self._shown(rest) if rest else ""

    def _shown(self, line: bytes) -> str:
        line = STAMP.sub(b"", line, count=1)
        had_section = SECTION.search(line) is not None
        line = SECTION.sub(b"", line)
        if had_section and not line.replace(b"\x1b[0K", b"").strip():
            return ""
        return line.decode(errors="replace")
