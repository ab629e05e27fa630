"""Which lines of a log have a text in them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence

from mltui.domain.log import LogLine

#: So many characters of a line are searched: a whole log is looked through with each letter that is typed.
REACH = 4000


class LogSearch:
    """Looks for ``text``, upper and lower case alike. Without a text nothing is looked for."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        # For whole lines: ten times as fast as the expression, which knows the places.
        self._lower = text.lower()
        self._pattern = re.compile(re.escape(text), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.text)

    def within(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in ``text``: start and end of each place."""
        return [match.span() for match in self._pattern.finditer(text)] if self.text else []

    def fits(self, line: LogLine) -> bool:
        """Whether ``line`` has it in its first ``REACH`` characters."""
        return self._lower in line.text[:REACH].lower()

    def hits(self, lines: Sequence[LogLine], among: Iterable[int] | None = None) -> list[int]:
        """The indices of the lines that have it, ``among`` some of them or all."""
        return [i for i in (range(len(lines)) if among is None else among) if self.fits(lines[i])]

    def narrows(self, other: LogSearch) -> bool:
        """Whether each line that has it has what ``other`` looks for, too."""
        return other._lower in self._lower


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
