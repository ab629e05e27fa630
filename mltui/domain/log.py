"""The end of a log, as lines on a screen."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

#: Of lines that are very long fewer are held: they would take a gigabyte.
_MOST_CHARACTERS = 16 << 20


class LogLine(NamedTuple):
    """One finished line, clean of control sequences."""

    text: str
    stream: int = 1
    """1 stdout, 2 stderr."""
    time: float = 0.0
    """Seconds since 1970 at which its end was received."""


class LogBuffer:
    """The newest lines, bounded in number and in length; it counts what went before. ``version`` grows with every
    change.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self.limit = limit
        """Lines that are held at most."""
        self.lines: deque[LogLine] = deque()
        self._characters = 0
        self.pending: dict[int, str] = {}
        """The line each stream is drawing now: a progress bar, or a line without its end."""
        self.first = 0
        """Number of the oldest line held, counted from 0 at the start of what was read."""
        self.skipped_bytes = 0
        """Bytes of the log before what was read, which are in the file and not here."""
        self.version = 0

    def extend(self, lines: list[LogLine]) -> None:
        """Append finished lines."""
        if not lines:
            return
        self.lines.extend(lines)
        self._characters += sum(len(line.text) for line in lines)
        while len(self.lines) > self.limit or (self._characters > _MOST_CHARACTERS and len(self.lines) > 1):
            self._characters -= len(self.lines.popleft().text)
            self.first += 1
        self.version += 1

    def draw(self, stream: int, text: str) -> None:
        """Show ``text`` as the line that ``stream`` is drawing."""
        if self.pending.get(stream, "") != text:
            self.pending[stream] = text
            self.version += 1

    def clear(self, skipped_bytes: int = 0) -> None:
        """Begin anew, ``skipped_bytes`` into the file."""
        self.lines.clear()
        self._characters = 0
        self.pending.clear()
        self.first = 0
        self.skipped_bytes = skipped_bytes
        self.version += 1
