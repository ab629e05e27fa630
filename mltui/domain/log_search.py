"""Which lines of a log have a text in them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence

from mltui.domain.log import LogLine


class LogSearch:
    """Looks for ``text``, upper and lower case alike. Without a text nothing is looked for."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._pattern = re.compile(re.escape(text), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.text)

    def within(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in ``text``: start and end of each place."""
        return [match.span() for match in self._pattern.finditer(text)] if self.text else []

    def fits(self, line: LogLine) -> bool:
        """Whether ``line`` has it."""
        return self._pattern.search(line.text) is not None

    def hits(self, lines: Iterable[LogLine]) -> list[int]:
        """The indices of the lines that have it."""
        return [i for i, line in enumerate(lines) if self.fits(line)]


class FittingLines:
    """Of a log that grows, the lines that have what is searched, as many as the log itself keeps."""

    def __init__(self, search: LogSearch, limit: int | None) -> None:
        self.lines: deque[LogLine] = deque(maxlen=limit)
        self._search = search
        self._last: LogLine | None = None
        """The newest line that was looked at."""

    def take(self, lines: Sequence[LogLine]) -> None:
        """Look at what is new in ``lines``: all of it, where the newest line seen before is no longer there."""
        new: list[LogLine] = []
        for line in reversed(lines):
            if line is self._last:
                break
            new.append(line)
        else:
            self.lines.clear()
        self.lines.extend(line for line in reversed(new) if self._search.fits(line))
        self._last = lines[-1] if lines else None
