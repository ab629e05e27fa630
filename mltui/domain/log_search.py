"""Which lines of a log have a text in them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from time import perf_counter

from mltui.domain.log import LogLine

#: So many characters of a line are searched: a whole log is looked through with each letter that is typed.
REACH = 4000
#: More new lines than this are looked at in steps.
_MANY = 200


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

    def narrows(self, other: LogSearch) -> bool:
        """Whether each line that has it has what ``other`` looks for, too."""
        return other._lower in self._lower


class Finding:
    """Looks a log through for what is searched, in steps: from one line on upwards first, then what is below it."""

    def __init__(
        self,
        search: LogSearch,
        lines: Sequence[LogLine],
        below: int,
        among: Sequence[int] | None = None,
        known: Sequence[int] = (),
    ) -> None:
        """``below``: the first line that is looked at last; ``among``: indices of the lines that are looked at, or all;
        ``known``: those of lines in front of them that have it."""
        self.lines = lines
        self.done = False
        self._search = search
        wanted = range(len(lines)) if among is None else among
        split = bisect_left(wanted, below)
        self._above, self._below = iter(reversed(wanted[:split])), iter(wanted[split:])
        self._known = known
        self._found: tuple[list[int], list[int]] = ([], [])

    @property
    def hits(self) -> list[int]:
        """The indices of the lines that have it, as far as it has come."""
        above, below = self._found
        return [*self._known, *reversed(above), *below]

    @property
    def nearest(self) -> int:
        """Which of ``hits`` is the nearest above; the first below where there is none; 0 while there is no hit."""
        return max(0, len(self._known) + len(self._found[0]) - 1)

    def step(self, seconds: float) -> None:
        """Look on for so long."""
        end = perf_counter() + seconds
        for indices, found in zip((self._above, self._below), self._found, strict=True):
            for index in indices:
                if self._search.fits(self.lines[index]):
                    found.append(index)
                if perf_counter() > end:
                    return
        self.done = True


class FittingLines:
    """Of a log that grows, the lines that have what is searched, as many as the log itself keeps.

    Of a log that is long already they are found in steps, the newest first.
    """

    def __init__(self, search: LogSearch, limit: int | None) -> None:
        self.lines: deque[LogLine] = deque(maxlen=limit)
        self._search = search
        self._last: LogLine | None = None
        """The newest line that was looked at, or is to be."""
        self._rest: list[LogLine] = []
        """Older ones that have not been looked at yet, the newest last."""

    @property
    def done(self) -> bool:
        """All lines have been looked at."""
        return not self._rest

    def take(self, lines: Sequence[LogLine]) -> None:
        """Look at what is new in ``lines``. All of it is where the newest line seen before is no longer there; that,
        and much at once, is left to ``step``."""
        new: list[LogLine] = []
        for line in reversed(lines):
            if line is self._last or len(new) > _MANY:
                break
            new.append(line)
        if lines and len(new) < len(lines) and len(new) <= _MANY:
            self.lines.extend(line for line in reversed(new) if self._search.fits(line))
        else:
            self.lines.clear()
            self._rest = list(lines)
        self._last = lines[-1] if lines else None

    def step(self, seconds: float) -> int:
        """Look on for so long; how many lines have come in front of the others."""
        end, before = perf_counter() + seconds, len(self.lines)
        while self._rest:
            line = self._rest.pop()
            if self._search.fits(line):
                self.lines.appendleft(line)
                if len(self.lines) == self.lines.maxlen:
                    self._rest.clear()
            if perf_counter() > end:
                break
        return len(self.lines) - before
